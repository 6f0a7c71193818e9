//! Differences as CSV, a row each.

use super::report::Report;

const COLUMNS: &str = "change,actor_type,actor_id,action,target_type,context,baseline,candidate,baseline_policies,candidate_policies,count,after_divergence,first_seen,last_seen,examples\r\n";

/// The differences of a report as CSV (RFC 4180), the most frequent first. Texts that a spreadsheet would take for a formula begin
/// with an apostrophe.
pub fn write_csv(report: &Report) -> String {
    let mut out = COLUMNS.to_owned();
    for difference in &report.differences {
        let tuple = &difference.tuple;
        let examples: Vec<_> = difference.examples.iter().map(u64::to_string).collect();
        let fields = [
            difference.change.as_str(),
            &tuple.actor_type,
            &tuple.actor_id,
            &tuple.action,
            &tuple.target_type,
            &tuple.context.join(" "),
            difference.baseline.as_str(),
            difference.candidate.as_str(),
            &difference.baseline_policies.join(" "),
            &difference.candidate_policies.join(" "),
            &difference.count.to_string(),
            &difference.after_divergence.to_string(),
            &difference.first_seen,
            &difference.last_seen,
            &examples.join(" "),
        ];
        for (at, field) in fields.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push(field, &mut out);
        }
        out.push_str("\r\n");
    }
    out
}

fn push(field: &str, out: &mut String) {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !is_formula && !field.contains(['"', ',', '\n', '\r']) {
        return out.push_str(field);
    }
    out.push('"');
    if is_formula {
        out.push('\'');
    }
    out.push_str(&field.replace('"', "\"\""));
    out.push('"');
}
