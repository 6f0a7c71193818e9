//! What is wrong with a rule, in the reader's language: where, and what was expected.

use crate::pages::histogram::count;
use crate::pages::safe::isolated;
use crate::pages::text::Text;
use hindcast_rules::detection::{Flaw, Problem};

/// A flaw at its place.
pub(in crate::pages) struct Told {
    pub line: String,
    pub column: String,
    pub told: String,
}

/// What is wrong, in the order of the text.
pub(in crate::pages) fn told(t: Text, problems: &[Problem]) -> Vec<Told> {
    let mut sorted: Vec<_> = problems.iter().collect();
    sorted.sort_by_key(|problem| problem.place);
    let one = |problem: &Problem| Told {
        line: problem.place.line.to_string(),
        column: problem.place.column.to_string(),
        told: flaw(t, &problem.flaw),
    };
    sorted.into_iter().map(one).collect()
}

/// What a flaw is. What Sigma's own parser has to say comes in English.
pub(super) fn flaw(t: Text, flaw: &Flaw) -> String {
    let told = match flaw {
        Flaw::Yaml(told) => t.flaw_yaml(isolated(told)),
        Flaw::Sigma(told) => t.flaw_sigma(isolated(told)),
        Flaw::Unsupported { feature, hint: None } => t.flaw_unsupported(isolated(feature)),
        Flaw::Unsupported { feature, hint: Some(hint) } => t.flaw_unsupported_hint(isolated(feature), *hint),
        Flaw::UnknownField { field, suggestion: None } => t.flaw_field(isolated(field)),
        Flaw::UnknownField { field, suggestion: Some(meant) } => {
            t.flaw_field_meant(isolated(field), isolated(meant))
        }
        Flaw::UnknownAction { action, suggestion: None } => t.flaw_action(isolated(action)),
        Flaw::UnknownAction { action, suggestion: Some(meant) } => {
            t.flaw_action_meant(isolated(action), isolated(meant))
        }
        Flaw::UnknownRule { name } => t.flaw_rule(isolated(name)),
        Flaw::Missing { attribute, expected } => t.flaw_missing(isolated(attribute), *expected),
        Flaw::Invalid { attribute, expected } => t.flaw_invalid(isolated(attribute), isolated(expected)),
        Flaw::TooMuch { what, max, found } => t.flaw_too_much(isolated(what), count(*max), count(*found)),
        Flaw::Weakened(told) => t.flaw_weakened(isolated(told)),
    };
    told.into_owned()
}
