//! Our own figures, on the same code that serves.

use super::generate::{Generator, Hits, Params, WORKSPACES};
use super::machine::{Stopwatch, anonymous_mb, folder_bytes};
use super::{Figure, detection, expire, http, ingest, replays};
use crate::app::App;
use crate::catalog::By;
use crate::config::Config;
use crate::rooms::Room;
use crate::verify::verify_room;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::{Entries, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, CsvStyle, Cursor, FacetKind, Format};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const RUNS: usize = 25;

pub(super) fn measure(generator: &Generator, params: &Params, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let _earlier = std::fs::remove_dir_all(folder);
    let config = config(folder)?;
    let app = Arc::new(App::open(config.clone())?);
    let workspaces: Vec<WorkspaceId> = (0..WORKSPACES)
        .map(|number| Ok(app.create_workspace(&format!("Workspace {number}"), &By::server())?.id))
        .collect::<anyhow::Result<_>>()?;
    let asked = workspaces.get(params.workspace as usize).context("the workspace that is asked")?.clone();
    let room = app.rooms.get(&asked).context("its room")?;

    let mut figures = ingest::measure(&app, generator, &workspaces, &folder.join("batches"))?;
    eprintln!("asking …");
    figures.extend(queries(&room, params)?);
    figures.push(export(&room, params)?);
    eprintln!("verifying …");
    figures.push(verify(&app, &workspaces)?);
    figures.push(bytes_per_event(folder, generator.total())?);
    eprintln!("judging …");
    figures.extend(detection::measure(&app, &workspaces)?);
    eprintln!("replaying …");
    figures.extend(replays::measure(&app, &workspaces)?);
    app.close();
    drop((room, app));

    let app = Arc::new(App::open(config.clone())?);
    std::thread::sleep(Duration::from_secs(2));
    figures.push(Figure::ours("memory idle", anonymous_mb(), "MB", "anonymous, after a restart"));
    figures.extend(http::measure(app, generator, &asked, Timestamp::from_micros(params.end_us))?);
    figures.push(expire::measure(config)?);
    Ok(figures)
}

fn config(folder: &Path) -> anyhow::Result<Config> {
    let mut config = Config::load(None)?;
    config.data.folder = folder.join("data");
    config.data.keys = folder.join("keys");
    config.limits.requests_per_10s = u32::MAX;
    config.limits.person_requests_per_10s = u32::MAX;
    Ok(config)
}

fn queries(room: &Room, params: &Params) -> anyhow::Result<Vec<Figure>> {
    let snapshot = room.store.snapshot();
    let mut figures = Vec::new();
    for (metric, name) in LISTS {
        let questions = params.questions.get(name).context(name)?;
        // A question that does not vary is asked again and again.
        let runs = if questions.len() > 1 { questions.len() } else { RUNS };
        let mut times = Vec::with_capacity(runs);
        for question in questions.iter().cycle().take(runs) {
            let (query, after) = query_of(name, &question.values)?;
            let begun = Instant::now();
            let found = snapshot.search(&query, after.as_ref(), params.page, &Budget::default())?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            compare(metric, &found.entries, &question.expected)?;
        }
        let note = format!("in segments; first {:.2} ms, median of {} after it", times[0], runs - 1);
        figures.push(Figure::ours(metric, median_of(times.split_off(1)), "ms", note));
    }
    figures.push(facets(room, params)?);
    Ok(figures)
}

/// What is listed: the name of the figure, and of the question.
const LISTS: [(&str, &str); 7] = [
    ("Q1 newest", "newest"),
    ("Q7 deep page", "deep_page"),
    ("Q2 rare action", "rare_action"),
    ("Q3 actor failed", "actor_failure"),
    ("Q4 one target", "target"),
    ("Q5 rare word", "rare_word"),
    ("Q5b common word", "common_word"),
];

/// A question as our users would write it.
fn query_of(name: &str, values: &[serde_json::Value]) -> anyhow::Result<(Query, Option<Cursor>)> {
    let text = |at: usize| values.get(at).and_then(|value| value.as_str()).context("a text");
    let time = |at: usize| {
        let micros = values.get(at).and_then(|value| value.as_i64()).context("a time")?;
        anyhow::Ok(hindcast_event::Timestamp::from_micros(micros))
    };
    let query = match name {
        "deep_page" => return Ok((Query::default(), Some(Cursor::after(time(0)?, 0, &Query::default())))),
        "rare_action" => format!("action:{} occurred:>={}", text(0)?, time(1)?),
        "actor_failure" => format!("actor:{} outcome:failure", text(0)?),
        "target" => format!("target:{}/{}", text(1)?, text(0)?),
        "rare_word" | "common_word" => text(0)?.to_owned(),
        _ => String::new(),
    };
    Ok((parsed(&query)?, None))
}

fn parsed(text: &str) -> anyhow::Result<Query> {
    let context = ParseContext::default();
    Query::parse(text, &context).map_err(|errors| anyhow::anyhow!("{errors}"))
}

/// The same rows as everybody else's, told by their ids.
fn compare(metric: &str, entries: &Entries, expected: &Hits) -> anyhow::Result<()> {
    let mut combined = 0;
    for entry in entries.iter() {
        let id = entry.event.view()?.id.replace('-', "");
        combined ^= u64::from_str_radix(&id[id.len() - 16..], 16)?;
    }
    let fingerprint = format!("{combined:016x}");
    if (entries.len(), fingerprint.as_str()) != (expected.rows, expected.fingerprint.as_str()) {
        bail!(
            "{metric}: {} rows {fingerprint} instead of {} rows {}",
            entries.len(),
            expected.rows,
            expected.fingerprint
        );
    }
    Ok(())
}

fn facets(room: &Room, params: &Params) -> anyhow::Result<Figure> {
    const DAY_US: i64 = 86_400_000_000;
    let snapshot = room.store.snapshot();
    let edges: Vec<i64> = (params.recent_since_us..=params.end_us).step_by(DAY_US as usize).collect();
    let count = || snapshot.histogram(&Query::default(), &edges, FacetKind::Action, 1000, &Budget::default());
    let counted = count()?;
    let groups = counted.values.iter().flat_map(|(_, days)| days).filter(|count| **count > 0).count() as u64;
    let events: u64 = counted.totals.iter().sum();
    ensure!(
        (groups, events) == (params.expected.facet_groups, params.expected.facet_events),
        "Q6: {groups} groups of {events} events instead of {} of {}",
        params.expected.facet_groups,
        params.expected.facet_events
    );
    let time = median(|| Ok(count()?.totals.len()))?;
    Ok(Figure::ours("Q6 facets", time, "ms", "by action and day, 90 days"))
}

fn export(room: &Room, params: &Params) -> anyhow::Result<Figure> {
    let since = hindcast_event::Timestamp::from_micros(params.recent_since_us);
    let query = parsed(&format!("occurred:>={since}"))?;
    let watch = Stopwatch::start();
    let file = tempfile::tempfile()?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    let rows =
        room.store.snapshot().export(&query, Format::Csv(CsvStyle::Raw), &mut out, &Budget::unlimited())?;
    std::io::Write::flush(&mut out)?;
    ensure!(
        rows == params.expected.export_rows,
        "Q8: {rows} rows instead of {}",
        params.expected.export_rows
    );
    let per_core = rows as f64 / watch.cpu_seconds().max(watch.seconds() / 2.0);
    let note = format!(
        "{:.0} rows/s on the clock; rows for each second of processor time",
        rows as f64 / watch.seconds()
    );
    Ok(Figure::ours("Q8 export", per_core, "rows/s", note))
}

fn verify(app: &App, workspaces: &[WorkspaceId]) -> anyhow::Result<Figure> {
    let watch = Stopwatch::start();
    let entries = AtomicU64::new(0);
    for workspace in workspaces {
        let room = app.rooms.get(workspace).context("its room")?;
        let report = verify_room(app, &room, |_, _| {})?;
        ensure!(report.is_intact(), "workspace {workspace}: {:?}", report.problems);
        entries.fetch_add(report.entries, Ordering::Relaxed);
    }
    let per_core = entries.into_inner() as f64 / watch.cpu_seconds().max(0.01);
    Ok(Figure::ours(
        "verify",
        per_core,
        "entries/s",
        "every section, leaf, tile and checkpoint; for each second of processor time",
    ))
}

fn bytes_per_event(folder: &Path, events: u64) -> anyhow::Result<Figure> {
    let bytes = folder_bytes(&folder.join("data/segments"))? + folder_bytes(&folder.join("data/hashes"))?;
    let journal = folder_bytes(&folder.join("data"))? - bytes;
    let note = format!("columns, indexes and hashes; the empty journal takes {} MB more", journal >> 20);
    Ok(Figure::ours("bytes per event", bytes as f64 / events as f64, "", note))
}

/// The median of the runs in milliseconds, after one that is not counted.
pub(super) fn median(mut run: impl FnMut() -> anyhow::Result<usize>) -> anyhow::Result<f64> {
    run()?;
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        std::hint::black_box(run()?);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median_of(times))
}

fn median_of(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
