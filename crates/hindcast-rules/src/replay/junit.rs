//! A report as JUnit XML, which every CI reads: a test case for each difference.

use super::report::{Difference, Report};
use std::fmt::Write;

/// Changed answers fail, unknown ones are skipped, and what stayed the same is one case that passes.
pub fn write_junit(report: &Report, name: &str) -> String {
    let tally = &report.summary.tally;
    let certain = report.differences.iter().filter(|difference| difference.change.is_certain()).count();
    let skipped = report.differences.len() - certain;
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let tests = report.differences.len() + 1;
    let _ = writeln!(
        out,
        "<testsuites>\n  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{certain}\" skipped=\"{skipped}\">",
        escaped(name)
    );
    let _ = writeln!(
        out,
        "    <testcase classname=\"replay\" name=\"{} of {} entries unchanged\"/>",
        tally.unchanged, tally.evaluated
    );
    for difference in &report.differences {
        write_case(difference, &mut out);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn write_case(difference: &Difference, out: &mut String) {
    let tuple = &difference.tuple;
    let name = format!("{} {} {} {}", tuple.actor_type, tuple.actor_id, tuple.action, tuple.target_type);
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\">",
        difference.change.as_str(),
        escaped(&name)
    );
    let message = format!(
        "{} -> {} in {} entries",
        difference.baseline.as_str(),
        difference.candidate.as_str(),
        difference.count
    );
    let examples: Vec<_> = difference.examples.iter().map(u64::to_string).collect();
    let policies = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    let text = format!(
        "policies before: {}\npolicies now: {}\nfirst seen {}, last seen {}\nentries {}",
        policies(&difference.baseline_policies),
        policies(&difference.candidate_policies),
        difference.first_seen,
        difference.last_seen,
        examples.join(", ")
    );
    let _ = match difference.change.is_certain() {
        true => {
            writeln!(out, "      <failure message=\"{}\">{}</failure>", escaped(&message), escaped(&text))
        }
        false => writeln!(out, "      <skipped message=\"{}\"/>", escaped(&message)),
    };
    out.push_str("    </testcase>\n");
}

/// For texts and attributes; what XML cannot hold at all becomes a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('?'),
            letter => out.push(letter),
        }
    }
    out
}
