//! `rule replay`: what a rule that is set in another way, or another text of it, would have said of the past, beside what it says now.

use super::{read, tuned};
use crate::cli::client::Server;
use crate::cli::replay::told::Told;
use crate::cli::replay::{found, moment};
use hindcast_event::Timestamp;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Both sides judge the log by the code that alerts live; nobody is told of anything. What is not named is as the rule is set now.
Needs a token with the scope policies. Exit codes: 0 done, 1 failed, a rule that cannot run, or more than --max-added-alerts,
--max-removed-alerts, --max-changed or --max-unknown, 2 wrong usage.")]
pub(super) struct Replay {
    #[command(flatten)]
    server: Server,
    /// A file of Sigma YAML, whose id says which rule it is, or the key of a rule such as A1.
    #[arg(value_name = "FILE|KEY")]
    what: String,
    /// With a key: another text of it, which need not be saved.
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// A value in the place of those that are set.
    #[arg(long = "tune", value_name = "NAME=VALUE", value_parser = tuned)]
    tuned: Vec<(String, Value)>,
    /// A thing of which nothing was heard for so many seconds is a new alert when it comes again.
    #[arg(long, value_name = "SECONDS")]
    quiet: Option<u64>,
    /// As if it were asked, where it is off.
    #[arg(long)]
    on: bool,
    /// As if it were not asked.
    #[arg(long, conflicts_with = "on")]
    off: bool,
    /// What to compare with: `enforced`, the rule as it is set now; `nothing`, no such rule; or a file of Sigma YAML.
    #[arg(long, value_name = "WHAT", default_value = "enforced")]
    baseline: String,
    /// Only what happened since then: 30d, 2026-10-01 or 2026-10-01T12:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    from: Option<Timestamp>,
    /// Only what happened before then.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Timestamp>,
    /// What to call it.
    #[arg(long, default_value = "")]
    name: String,
    /// Work it out even if the same was asked before.
    #[arg(long)]
    anew: bool,
    /// Print its id and do not wait for it.
    #[arg(long, conflicts_with_all = ["json", "csv", "junit", "max_changed", "max_unknown", "max_added_alerts", "max_removed_alerts"])]
    detach: bool,
    /// Fail when there would have been more alerts that there are not now.
    #[arg(long, value_name = "N")]
    max_added_alerts: Option<u64>,
    /// Fail when more alerts that there are now would not have been.
    #[arg(long, value_name = "N")]
    max_removed_alerts: Option<u64>,
    #[command(flatten)]
    told: Told,
}

pub(super) fn replay(asked: &Replay) -> anyhow::Result<ExitCode> {
    let found = found(&asked.server.client()?, &asked.wanted()?, asked.detach)?;
    let Some((name, report)) = found else { return Ok(ExitCode::SUCCESS) };
    let within = asked.told.tell(&name, &report)?;
    let rows = report.rules.iter().flat_map(|part| &part.by_rule);
    let (added, removed) = rows.fold((0, 0), |sum, row| (sum.0 + row.added, sum.1 + row.removed));
    let mut is_within = true;
    for (what, count, max) in
        [("added", added, asked.max_added_alerts), ("removed", removed, asked.max_removed_alerts)]
    {
        if let Some(max) = max.filter(|max| count > *max) {
            eprintln!("{count} alerts {what}, at most {max} may");
            is_within = false;
        }
    }
    Ok(if is_within { within } else { ExitCode::FAILURE })
}

impl Replay {
    fn wanted(&self) -> anyhow::Result<Value> {
        let mut candidate = Map::new();
        let mut put = |name: &str, value: Value| candidate.insert(name.to_owned(), value);
        let rule = if is_file(&self.what) {
            put("text", read(Path::new(&self.what))?.into());
            None
        } else {
            Some(&self.what)
        };
        if let Some(file) = &self.text {
            put("text", read(file)?.into());
        }
        if !self.tuned.is_empty() {
            put("tuned", Value::Object(self.tuned.iter().cloned().collect()));
        }
        if let Some(quiet) = self.quiet {
            put("quiet_seconds", quiet.into());
        }
        if self.on || self.off {
            put("on", self.on.into());
        }
        let baseline = match self.baseline.as_str() {
            word @ ("enforced" | "nothing") => json!(word),
            file => json!({ "text": read(Path::new(file))? }),
        };
        let [from, until] = [self.from, self.until].map(|time| time.map(|time| time.to_string()));
        Ok(json!({
            "kind": "rule", "name": self.name, "rule": rule, "candidate": candidate, "baseline": baseline,
            "from": from, "until": until, "anew": self.anew,
        }))
    }
}

/// Whether a file is meant and not a key: keys have neither a dot nor a slash, and a name without them may still be that of a file.
fn is_file(text: &str) -> bool {
    text.contains(['.', '/', '\\']) || Path::new(text).is_file()
}

#[cfg(test)]
mod tests {
    use super::is_file;

    #[test]
    fn a_file_is_told_from_a_key() {
        assert!(is_file("bursts.yml") && is_file("./bursts"));
        assert!(!is_file("A1") && !is_file("0d9a7b5e-7d1f-4c3a-9c64-0f6b7c1d2e3f"));
    }
}
