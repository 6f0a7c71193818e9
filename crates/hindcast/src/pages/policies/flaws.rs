//! What is wrong with a text of policies, each flaw beside the line it is in. What Cedar has to say comes in English.

use crate::pages::safe::{short, visible};
use crate::pages::text::Text;
use hindcast_rules::policy::Flaw;

/// A flaw at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Where it is and what was expected.
    pub told: String,
    /// The number of the line; empty when the flaw is in another policy.
    pub line: String,
    /// The line.
    pub code: String,
}

/// The flaws of the policy `name`, whose text is `text`, in the order of the text.
pub(super) fn told(t: Text, name: &str, text: &str, flaws: &[Flaw]) -> Vec<Told> {
    let one = |flaw: &Flaw| {
        let hint = flaw.suggestion.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let said = visible(&format!("{}{hint}", flaw.message)).into_owned();
        if !is_of(flaw, name) {
            let said = t.flaw_elsewhere(short(&flaw.policy), flaw.line.to_string(), said);
            return Told { told: said.into_owned(), line: String::new(), code: String::new() };
        }
        let code = text.lines().nth(flaw.line.saturating_sub(1)).unwrap_or_default();
        Told {
            told: t.flaw_at(flaw.line.to_string(), flaw.column.to_string(), said).into_owned(),
            line: flaw.line.to_string(),
            code: short(code),
        }
    };
    flaws.iter().map(one).collect()
}

/// Those among flaws of many policies that are of one.
pub(super) fn of(flaws: &[Flaw], name: &str) -> Vec<Flaw> {
    flaws.iter().filter(|flaw| is_of(flaw, name)).cloned().collect()
}

/// Flaws name the text, and behind a colon the policy in it.
fn is_of(flaw: &Flaw, name: &str) -> bool {
    flaw.policy.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_stands_beside_its_line() {
        let flaw = |policy: &str, suggestion: Option<&str>| Flaw {
            policy: policy.to_owned(),
            line: 2,
            column: 6,
            message: "unrecognized action".to_owned(),
            suggestion: suggestion.map(str::to_owned),
        };
        let flaws = [flaw("refunds: cap", Some("did you mean `x`?")), flaw("refunds-2", None)];
        let told = told(Text::default(), "refunds", "// a\nwhen { y }\n", &flaws);
        assert_eq!(told[0].told, "Line 2, column 6: unrecognized action; did you mean `x`?");
        assert_eq!((told[0].line.as_str(), told[0].code.as_str()), ("2", "when { y }"));
        assert!(told[1].told.contains("refunds-2") && told[1].code.is_empty());
        assert_eq!(of(&flaws, "refunds").len(), 1);
    }
}
