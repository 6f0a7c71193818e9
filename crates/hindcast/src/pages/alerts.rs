//! Alerts: what waits for somebody, one of them with what is behind it, and the rules that raise them.

mod act;
mod behind;
mod compared;
mod inbox;
pub(super) mod problems;
mod rule;
mod rule_form;
mod rules;
mod shown;
mod tested;
mod told;

pub use act::{act, act_on_many, undo};
pub use compared::{compare, compare_blank};
pub use inbox::list;
pub use rule::{blank, change, create, remove, show as show_rule};
pub use rules::{fill, list as list_rules, switch};
pub use shown::show;
pub use tested::{cancel, show as show_test, test, test_blank};
pub use told::{Mark, marks};

use super::text::Text;
use crate::catalog::{AlertState, Disposition};

/// What a state of alerts is called.
fn state_name(t: Text, state: AlertState) -> String {
    match state {
        AlertState::Open => t.alerts_open(),
        AlertState::Acknowledged => t.alerts_acknowledged(),
        AlertState::Resolved => t.alerts_resolved(),
        AlertState::Muted => t.alerts_muted(),
    }
    .into_owned()
}

/// What a decision is called.
fn disposition_name(t: Text, disposition: Disposition) -> String {
    match disposition {
        Disposition::TruePositive => t.disposition_true_positive(),
        Disposition::Benign => t.disposition_benign(),
        Disposition::FalsePositive => t.disposition_false_positive(),
        Disposition::Past => t.disposition_past(),
    }
    .into_owned()
}
