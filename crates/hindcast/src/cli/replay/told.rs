//! What a replay found, as it is told on a terminal and to continuous integration.

use crate::cli::terminal::{escape, escape_json, say};
use anyhow::Context as _;
use hindcast_rules::replay::{
    AlertRow, Answer, ByAnswer, Change, Difference, Report, RulePart, WorkflowPart, write_csv, write_junit,
};
use std::path::PathBuf;
use std::process::ExitCode;

/// So many differences are shown; files have all.
const SHOWN: usize = 20;

/// How to tell what was found, and what fails.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Told {
    /// Print the whole report as JSON.
    #[arg(long)]
    json: bool,
    /// Write the differences into a file, a row each.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the differences into a file as JUnit, which every CI reads.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Fail when more answers changed.
    #[arg(long, value_name = "N")]
    max_changed: Option<u64>,
    /// Fail when more answers are not known.
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
    let counts =
        format!("{} unchanged, {} changed, {} unknown", tally.unchanged, tally.changed, tally.unknown);
    let what = if report.workflows.is_some() || report.rules.is_some() { "answers" } else { "entries" };
    let mut lines = vec![match &report.workflows {
        None if report.rules.is_some() => format!("{} answers: {counts}", tally.evaluated),
        None => format!("{} calls: {counts} ({} could not be evaluated)", tally.evaluated, tally.failed),
        Some(part) => format!("{} answers to {} happenings: {counts}", tally.evaluated, part.happenings),
    }];
    let kinds = Change::ALL.into_iter().filter(|change| *change != Change::Unchanged);
    let kinds = kinds.map(|change| (change, tally.of(change))).filter(|(_, count)| *count > 0);
    lines.extend(kinds.map(|(change, count)| format!("  {count}\t{}", kind(change))));
    lines.extend(report.workflows.iter().flat_map(of_workflows));
    lines.extend(report.rules.iter().flat_map(of_rules));
    let not_asked = if report.rules.is_some() { "entries" } else { what };
    let more = [
        (tally.after_divergence, "follow a change in their conversation and might not have happened"),
        (summary.decided_before, "were judged where the gate was asked about them"),
        (summary.not_asked, "ask nothing"),
    ];
    let more = more.iter().filter(|(count, _)| *count > 0);
    lines.extend(more.map(|(count, told)| format!("{count} {not_asked} {told}")));
    let missing = summary.missing.iter().take(SHOWN);
    let gone = if report.rules.is_some() { "erased" } else { "not recorded" };
    lines.extend(missing.map(|row| format!("{gone}: {} ({} {what})", escape(&row.name), row.count)));
    lines.extend(summary.errors.iter().map(|error| format!("could not be evaluated: {}", escape(error))));
    let conversations = &report.conversations;
    if conversations.touched > 0 {
        let (flagged, touched) = (conversations.flagged, conversations.touched);
        let how = if report.workflows.is_some() { "changed" } else { "got stricter" };
        lines.push(format!("{flagged} of {touched} conversations have an answer that {how}"));
    }
    lines.extend(report.differences.iter().take(SHOWN).map(difference));
    if report.differences.len() > SHOWN {
        lines.push(format!("and {} more differences: see --csv", report.differences.len() - SHOWN));
    }
    lines
}

fn kind(change: Change) -> &'static str {
    match change {
        Change::Unchanged => "unchanged",
        Change::NewlyDenied => "newly denied",
        Change::NewlyNeedsApproval => "newly in need of an approval",
        Change::NewlyAllowed => "newly allowed",
        Change::MaybeDenied => "maybe denied",
        Change::MaybeNeedsApproval => "maybe in need of an approval",
        Change::MaybeAllowed => "maybe allowed",
        Change::Undecided => "unknown before and now",
        Change::NewlyMatched => "newly matched",
        Change::NoLongerMatched => "no longer matched",
        Change::OtherActions => "other actions",
        Change::MaybeMatched => "maybe newly matched",
        Change::MaybeNotMatched => "maybe no longer matched",
        Change::MaybeOtherActions => "maybe other actions",
        Change::Graver => "graver",
        Change::Milder => "less grave",
    }
}

/// What only a replay of workflows tells.
fn of_workflows(part: &WorkflowPart) -> Vec<String> {
    let matched = |by: &ByAnswer| by.matched + by.stopped + by.held;
    let mut lines: Vec<String> = part
        .by_workflow
        .iter()
        .filter(|row| row.changed + row.unknown > 0 || row.baseline_version != row.candidate_version)
        .take(SHOWN)
        .map(|row| {
            let untold = match row.untold.is_empty() {
                true => String::new(),
                false => format!("; the past does not tell of {}", escape(&row.untold.join(", "))),
            };
            format!(
                "{} would have matched {} of {}, before {} of {}{untold}",
                escape(&row.workflow),
                matched(&row.candidate),
                row.candidate_asked,
                matched(&row.baseline),
                row.baseline_asked
            )
        })
        .collect();
    lines.extend(part.by_proposed.iter().take(SHOWN).map(|row| {
        let name = escape(&row.action);
        format!(
            "  {name}\t{} -> {} (+{} -{} ~{})",
            row.baseline, row.candidate, row.added, row.removed, row.changed
        )
    }));
    lines.extend(part.became.iter().take(SHOWN).map(|row| {
        let what =
            if row.what == "tag" { format!("tag {}", escape(&row.tag)) } else { "handed over".to_owned() };
        format!(
            "  {what}\tproposed for {} conversations, {} of which really; of all really {}",
            row.candidate, row.candidate_and_happened, row.happened
        )
    }));
    lines
}

/// What only a replay of detection rules tells.
fn of_rules(part: &RulePart) -> Vec<String> {
    let rows = part.by_rule.iter().take(SHOWN).map(|row| {
        let listens = if row.listens { "; silences are not part of it" } else { "" };
        format!(
            "{}: {} alerts, before {}: {} the same, {} added, {} removed, {} graver, {} less grave{listens}",
            escape(&row.rule),
            row.candidate_alerts,
            row.baseline_alerts,
            row.same,
            row.added,
            row.removed,
            row.graver,
            row.milder
        )
    });
    let added = part.added.iter().take(SHOWN).map(|row| alert("+", row));
    rows.chain(added).chain(part.removed.iter().take(SHOWN).map(|row| alert("-", row))).collect()
}

fn alert(sign: &str, row: &AlertRow) -> String {
    let about: Vec<_> = row.about.iter().map(|(field, value)| format!("{field}={value}")).collect();
    format!(
        "  {sign} {}\t{}\t{}\t{}\t{}×\tentry {}",
        escape(&row.first_at),
        row.severity.as_str(),
        escape(&row.rule),
        escape(&about.join(" ")),
        row.count,
        row.evidence.last().map_or("-".to_owned(), u64::to_string)
    )
}

fn difference(difference: &Difference) -> String {
    let tuple = &difference.tuple;
    if let Some(first) = difference.happenings.first() {
        let told = |answer: Answer, behind: &[String], actions: &[String]| {
            let behind = if behind.is_empty() { String::new() } else { format!(" by {}", behind.join(", ")) };
            let actions = if actions.is_empty() { "-".to_owned() } else { actions.join("; ") };
            escape(&format!("{}{behind} ({actions})", answer.as_str())).into_owned()
        };
        return format!(
            "{}×\t{} -> {}\t{} on {}\tconversation {}",
            difference.count,
            told(difference.baseline, &difference.baseline_policies, &difference.baseline_actions),
            told(difference.candidate, &difference.candidate_policies, &difference.candidate_actions),
            escape(&tuple.actor_id),
            escape(&tuple.action),
            escape(&first.conversation)
        );
    }
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
