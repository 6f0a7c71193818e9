//! What a replay found, as it is told on a terminal and to continuous integration.

use crate::cli::terminal::{escape, escape_json, say};
use anyhow::Context as _;
use hindcast_rules::replay::{Difference, Report, write_csv, write_junit};
use std::path::PathBuf;
use std::process::ExitCode;

/// So many differences are shown; files have all.
const SHOWN: usize = 20;

/// How to tell what was found, and what fails.
#[derive(Debug, clap::Args)]
pub(super) struct Told {
    /// Print the whole report as JSON.
    #[arg(long)]
    json: bool,
    /// Write the differences into a file, a row each.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the differences into a file as JUnit, which every CI reads.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Fail when the answer to more entries changed.
    #[arg(long, value_name = "N")]
    max_changed: Option<u64>,
    /// Fail when the answer to more entries is not known.
    #[arg(long, value_name = "N")]
    max_unknown: Option<u64>,
}

impl Told {
    /// Tells it, and whether it is within the bounds.
    pub fn tell(&self, name: &str, report: &Report) -> anyhow::Result<ExitCode> {
        for (file, text) in [
            (&self.csv, &(|| write_csv(report)) as &dyn Fn() -> String),
            (&self.junit, &|| write_junit(report, name)),
        ] {
            if let Some(file) = file {
                std::fs::write(file, text()).with_context(|| format!("cannot write {}", file.display()))?;
            }
        }
        if self.json {
            say(&escape_json(&serde_json::to_string(report)?))?;
        } else {
            lines(report).iter().try_for_each(|line| say(line))?;
        }
        let tally = &report.summary.tally;
        let mut is_within = true;
        for (what, count, max) in
            [("changed", tally.changed, self.max_changed), ("are unknown", tally.unknown, self.max_unknown)]
        {
            if let Some(max) = max.filter(|max| count > *max) {
                eprintln!("{count} answers {what}, at most {max} may");
                is_within = false;
            }
        }
        Ok(if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn lines(report: &Report) -> Vec<String> {
    let (summary, tally) = (&report.summary, &report.summary.tally);
    let mut lines = vec![format!(
        "{} calls: {} unchanged, {} changed, {} unknown ({} could not be evaluated)",
        tally.evaluated, tally.unchanged, tally.changed, tally.unknown, tally.failed
    )];
    let by = &tally.by_change;
    let kinds = [
        ("newly denied", by.newly_denied),
        ("newly in need of an approval", by.newly_needs_approval),
        ("newly allowed", by.newly_allowed),
        ("maybe denied", by.maybe_denied),
        ("maybe in need of an approval", by.maybe_needs_approval),
        ("maybe allowed", by.maybe_allowed),
        ("unknown before and now", by.undecided),
    ];
    let kinds = kinds.iter().filter(|(_, count)| *count > 0);
    lines.extend(kinds.map(|(kind, count)| format!("  {count}\t{kind}")));
    let more = [
        (tally.after_divergence, "follow a change in their conversation and might not have happened"),
        (summary.decided_before, "were judged where the gate was asked about them"),
        (summary.not_asked, "ask nothing"),
    ];
    let more = more.iter().filter(|(count, _)| *count > 0);
    lines.extend(more.map(|(count, what)| format!("{count} entries {what}")));
    let missing = summary.missing.iter().take(SHOWN);
    lines.extend(missing.map(|row| format!("not recorded: {} ({} entries)", escape(&row.name), row.count)));
    lines.extend(summary.errors.iter().map(|error| format!("could not be evaluated: {}", escape(error))));
    let conversations = &report.conversations;
    if conversations.touched > 0 {
        let (flagged, touched) = (conversations.flagged, conversations.touched);
        lines.push(format!("{flagged} of {touched} conversations have an answer that got stricter"));
    }
    lines.extend(report.differences.iter().take(SHOWN).map(difference));
    if report.differences.len() > SHOWN {
        lines.push(format!("and {} more differences: see --csv", report.differences.len() - SHOWN));
    }
    lines
}

fn difference(difference: &Difference) -> String {
    let tuple = &difference.tuple;
    let words = [&tuple.actor_type, &tuple.actor_id, &tuple.action, &tuple.target_type];
    let words: Vec<_> = words.iter().map(|word| escape(word)).collect();
    let policies = [&difference.baseline_policies, &difference.candidate_policies]
        .map(|ids| if ids.is_empty() { "-".to_owned() } else { escape(&ids.join(", ")).into_owned() });
    format!(
        "{}×\t{} ({}) -> {} ({})\t{}\tentry {}",
        difference.count,
        difference.baseline.as_str(),
        policies[0],
        difference.candidate.as_str(),
        policies[1],
        words.join(" "),
        difference.examples.first().map_or("-".to_owned(), u64::to_string)
    )
}
