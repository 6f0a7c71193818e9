//! A report as JUnit XML, which every CI reads: a test case for each difference.

use super::report::{Difference, Report};
use crate::junit::{Case, Suite, write};

/// Changed answers fail, unknown ones are skipped, and what stayed the same is one case that passes.
pub fn write_junit(report: &Report, name: &str) -> String {
    let tally = &report.summary.tally;
    let what = if report.workflows.is_some() || report.rules.is_some() { "answers" } else { "entries" };
    let same = format!("{} of {} {what} unchanged", tally.unchanged, tally.evaluated);
    let cases = [Case { name: same, ..Case::default() }].into_iter();
    let cases = cases.chain(report.differences.iter().map(|one| case(one, report.rules.is_some()))).collect();
    write(&[Suite { name: name.to_owned(), cases }])
}

fn case(difference: &Difference, is_of_rule: bool) -> Case {
    let tuple = &difference.tuple;
    let is_of_workflow = !difference.happenings.is_empty();
    let (behind, where_) = match is_of_workflow {
        true => ("actions", "happenings"),
        false if is_of_rule => ("rules", "entries"),
        false => ("policies", "entries"),
    };
    let message = format!(
        "{} -> {} in {} {where_}",
        difference.baseline.as_str(),
        difference.candidate.as_str(),
        difference.count
    );
    let entries = difference.examples.iter().map(u64::to_string);
    let happenings =
        difference.happenings.iter().map(|one| format!("conversation {} {}", one.conversation, one.happened));
    let examples: Vec<_> = entries.chain(happenings).collect();
    let [before, now] = match is_of_workflow {
        true => [&difference.baseline_actions, &difference.candidate_actions],
        false => [&difference.baseline_policies, &difference.candidate_policies],
    };
    let listed = |all: &[String]| if all.is_empty() { "none".to_owned() } else { all.join(", ") };
    let told = format!(
        "{message}\n{behind} before: {}\n{behind} now: {}\nfirst seen {}, last seen {}\n{where_} {}",
        listed(before),
        listed(now),
        difference.first_seen,
        difference.last_seen,
        examples.join(", ")
    );
    let (failure, skipped) =
        if difference.change.is_certain() { (Some(told), None) } else { (None, Some(message)) };
    let name = format!("{} {} {} {}", tuple.actor_type, tuple.actor_id, tuple.action, tuple.target_type);
    Case { name: format!("{name}: {}", difference.change.as_str()), failure, skipped, ..Case::default() }
}
