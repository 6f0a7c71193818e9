//! A report as JUnit XML, which every CI reads: a test case for each difference.

use super::report::{Difference, Report};
use crate::junit::{Case, Suite, write};

/// Changed answers fail, unknown ones are skipped, and what stayed the same is one case that passes.
pub fn write_junit(report: &Report, name: &str) -> String {
    let tally = &report.summary.tally;
    let same = format!("{} of {} entries unchanged", tally.unchanged, tally.evaluated);
    let cases = [Case { name: same, ..Case::default() }].into_iter();
    let cases = cases.chain(report.differences.iter().map(case)).collect();
    write(&[Suite { name: name.to_owned(), cases }])
}

fn case(difference: &Difference) -> Case {
    let tuple = &difference.tuple;
    let message = format!(
        "{} -> {} in {} entries",
        difference.baseline.as_str(),
        difference.candidate.as_str(),
        difference.count
    );
    let examples: Vec<_> = difference.examples.iter().map(u64::to_string).collect();
    let policies = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    let told = format!(
        "{message}\npolicies before: {}\npolicies now: {}\nfirst seen {}, last seen {}\nentries {}",
        policies(&difference.baseline_policies),
        policies(&difference.candidate_policies),
        difference.first_seen,
        difference.last_seen,
        examples.join(", ")
    );
    let (failure, skipped) =
        if difference.change.is_certain() { (Some(told), None) } else { (None, Some(message)) };
    let name = format!("{} {} {} {}", tuple.actor_type, tuple.actor_id, tuple.action, tuple.target_type);
    Case { name: format!("{name}: {}", difference.change.as_str()), failure, skipped, ..Case::default() }
}
