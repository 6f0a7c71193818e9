//! Differences as CSV, a row each.

use super::report::Report;

const OF_WORKFLOWS: &str = "change,workflow,trigger,baseline,candidate,baseline_stopped_by,candidate_stopped_by,baseline_actions,candidate_actions,count,after_divergence,first_seen,last_seen,examples\r\n";
const COLUMNS: &str = "change,actor_type,actor_id,action,target_type,context,baseline,candidate,baseline_policies,candidate_policies,count,after_divergence,first_seen,last_seen,examples\r\n";

/// The differences of a report as CSV (RFC 4180), the most frequent first. Texts that a spreadsheet would take for a formula begin
/// with an apostrophe.
pub fn write_csv(report: &Report) -> String {
    let is_of_workflows = report.workflows.is_some();
    let mut out = if is_of_workflows { OF_WORKFLOWS } else { COLUMNS }.to_owned();
    for difference in &report.differences {
        let tuple = &difference.tuple;
        let examples: Vec<_> = difference.examples.iter().map(u64::to_string).collect();
        let happenings =
            difference.happenings.iter().map(|one| format!("{} {}", one.conversation, one.happened));
        let context = tuple.context.join(" ");
        let about = match is_of_workflows {
            true => vec![tuple.actor_id.as_str(), tuple.action.as_str()],
            false => [&tuple.actor_type, &tuple.actor_id, &tuple.action, &tuple.target_type, &context]
                .map(String::as_str)
                .into(),
        };
        let policies =
            [&difference.baseline_policies, &difference.candidate_policies].map(|ids| ids.join(" "));
        let actions = [&difference.baseline_actions, &difference.candidate_actions].map(|all| all.join("; "));
        let counts = [difference.count, difference.after_divergence].map(|count| count.to_string());
        let seen = [difference.first_seen.as_str(), &difference.last_seen];
        let examples =
            if is_of_workflows { happenings.collect::<Vec<_>>().join("; ") } else { examples.join(" ") };
        let answers = [difference.baseline.as_str(), difference.candidate.as_str()];
        let fields = [difference.change.as_str()].into_iter().chain(about).chain(answers);
        let fields = fields.chain(policies.iter().map(String::as_str));
        let fields = fields.chain(actions.iter().filter(|_| is_of_workflows).map(String::as_str));
        let fields = fields.chain(counts.iter().map(String::as_str)).chain(seen).chain([examples.as_str()]);
        for (at, field) in fields.enumerate() {
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
