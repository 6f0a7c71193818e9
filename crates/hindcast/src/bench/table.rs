//! The figures as a table with ratios to the best peer.

use super::Figure;
use std::fmt::Write as _;

/// A line of the table: what was measured, with us and with the peers, our goal, whether more is better.
struct Line {
    metric: &'static str,
    peers: &'static str,
    goal: &'static str,
    more_is_better: bool,
}

const fn more(metric: &'static str, goal: &'static str) -> Line {
    Line { metric, peers: metric, goal, more_is_better: true }
}

const fn less(metric: &'static str, goal: &'static str) -> Line {
    Line { metric, peers: metric, goal, more_is_better: false }
}

/// Peers index while they ingest, so this is what theirs is compared with.
const INDEXED: Line = Line { peers: "ingest", ..more("ingest indexed", "≥ 60000") };

const LINES: [Line; 55] = [
    less("stage parse", ""),
    less("stage facts", ""),
    less("stage encode", ""),
    less("stage hash", ""),
    less("stage pack", ""),
    Line { peers: "", ..more("ingest", "≥ 200000") },
    Line { peers: "", ..less("ingest cpu", "") },
    more("ingest beside packing", ""),
    more("ingest http", "≥ 120000"),
    INDEXED,
    less("merge cpu", ""),
    more("single http", "≥ 30000"),
    less("single http p99", "≤ 10"),
    less("found p99", "≤ 1000"),
    less("Q1 newest, tail", "≤ 2"),
    less("Q1 newest", "≤ 5"),
    less("Q7 deep page", "≤ 5"),
    less("Q2 rare action", "≤ 10"),
    less("Q3 actor failed", "≤ 10"),
    less("Q4 one target", "≤ 10"),
    less("Q5 rare word", "≤ 10"),
    less("Q5b common word", "≤ 10"),
    less("Q6 facets", "≤ 15"),
    less("log page, a day", "≤ 150"),
    less("log page, all time", "≤ 150"),
    less("log page, failures", "≤ 150"),
    less("log page, a word", "≤ 150"),
    less("log page, filters", ""),
    less("log page, histogram", ""),
    less("log page, bytes", "≤ 60000"),
    more("Q8 export", "≥ 400000"),
    more("verify", "≥ 400000"),
    less("bytes per event", "≤ 200"),
    less("memory idle", "≤ 300"),
    less("memory load", "≤ 800"),
    less("memory", ""),
    less("expire a month", "≤ 1"),
    less("detection", "≤ 5"),
    less("detection, from segments", ""),
    less("alerted p99", "≤ 2000"),
    less("decide p99", "≤ 1"),
    more("replay, 12 policies", "≥ 20000"),
    more("judged one by one", ""),
    less("replay, asked again", ""),
    less("format native", ""),
    less("format ocsf", ""),
    less("format ocsf-1-8", ""),
    less("format ecs", ""),
    less("format cloudevents", ""),
    less("format gelf", ""),
    less("format cef", ""),
    less("format leef", ""),
    less("format syslog with cef", ""),
    less("format otlp protobuf", ""),
    less("format otlp json", ""),
];
const ENGINES: [&str; 4] = ["hindcast", "sqlite", "postgres", "duckdb"];

pub(super) fn table(figures: &[Figure], events: u64) -> String {
    let mut out = format!("\n{events} events\n\n| what | unit | goal |");
    ENGINES.iter().for_each(|engine| out.push_str(&format!(" {engine} |")));
    out.push_str(" to the best peer |\n| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |\n");
    for line in LINES {
        let values = ENGINES.map(|engine| {
            number(figures, engine, if engine == ENGINES[0] { line.metric } else { line.peers })
        });
        if values.iter().all(Option::is_none) {
            continue;
        }
        let unit =
            figures.iter().find(|figure| figure.metric == line.metric).map_or("", |figure| &figure.unit);
        let _ = write!(out, "| {} | {unit} | {} |", line.metric, line.goal);
        values.iter().for_each(|value| out.push_str(&format!(" {} |", value.map_or("–".to_owned(), shown))));
        let _ = writeln!(
            out,
            " {} |",
            ratio(&line, &values).map_or("–".to_owned(), |ratio| format!("{ratio:.2} ×"))
        );
    }
    out.push_str("\nA ratio above 1 means we do more, or take more. SQLite and PostgreSQL find a warm page of a B-tree faster.\n");
    for figure in figures.iter().filter(|figure| figure.note.starts_with("skipped")) {
        let _ = writeln!(out, "{}: {}", figure.engine, figure.note);
    }
    out
}

fn ratio(line: &Line, values: &[Option<f64>; 4]) -> Option<f64> {
    let peers = values[1..].iter().flatten().copied();
    let best = if line.more_is_better { peers.reduce(f64::max) } else { peers.reduce(f64::min) };
    Some(values[0]? / best?)
}

fn number(figures: &[Figure], engine: &str, metric: &str) -> Option<f64> {
    figures.iter().find(|figure| figure.engine == engine && figure.metric == metric)?.value.as_f64()
}

fn shown(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_figure_is_set_against_the_best_peer() {
        let mut figures = vec![
            Figure::ours("ingest indexed", 200_000.0, "events/s", ""),
            Figure::ours("Q1 newest", 1.0, "ms", ""),
        ];
        for (engine, ingest, newest) in [("sqlite", 10_000.0, 0.25), ("duckdb", 50_000.0, 5.0)] {
            let of =
                |metric, value| Figure { engine: engine.to_owned(), ..Figure::ours(metric, value, "", "") };
            figures.extend([of("ingest", ingest), of("Q1 newest", newest)]);
        }
        let table = table(&figures, 7);
        assert!(
            table.contains("| ingest indexed | events/s | ≥ 60000 | 200000 | 10000 | – | 50000 | 4.00 × |"),
            "{table}"
        );
        assert!(table.contains("| Q1 newest | ms | ≤ 5 | 1.00 | 0.25 | – | 5.00 | 4.00 × |"), "{table}");
    }
}
