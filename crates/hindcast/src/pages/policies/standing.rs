//! What the gate goes by: off, on trial for nobody or for some, or enforced; in a badge and in a sentence.

use crate::catalog::{PolicyRow, Standing};
use crate::pages::text::Text;

/// How a policy stands: the class of a badge, its icon and a word.
#[derive(Clone, Debug)]
pub(super) struct Mode {
    pub class: &'static str,
    pub icon: &'static str,
    pub word: String,
    /// What that means for the next question.
    pub told: String,
    /// Whether the gate does not know it.
    pub is_off: bool,
}

/// A way to let the gate go by a policy.
pub(super) struct Choice {
    pub word: &'static str,
    pub label: String,
    pub told: String,
    pub is_chosen: bool,
}

impl Mode {
    pub fn of(t: Text, row: &PolicyRow) -> Self {
        let standing = row.standing;
        let (class, icon, word) = match standing.mode() {
            "off" => ("unknown", "denied", t.mode_off()),
            "shadow" => ("unknown", "pending", t.mode_shadow()),
            "canary" => ("denied", "pending", t.mode_canary_of(standing.share)),
            _ => ("success", "success", t.mode_enforce()),
        };
        let is_off = standing.mode() == "off";
        Self { class, icon, word: word.into_owned(), told: told(t, &standing), is_off }
    }
}

/// What the gate does with a policy, in a sentence.
pub(super) fn told(t: Text, standing: &Standing) -> String {
    match *standing {
        Standing { enforced: None, trial: None, .. } => t.standing_off(),
        Standing { enforced: Some(enforced), trial: None, .. } => t.standing_enforce(enforced),
        Standing { enforced: None, trial: Some(trial), share: 0 } => t.standing_shadow(trial),
        Standing { enforced: Some(enforced), trial: Some(trial), share: 0 } => {
            t.standing_shadow_over(enforced, trial)
        }
        Standing { enforced: None, trial: Some(trial), share } => t.standing_canary(trial, share),
        Standing { enforced: Some(enforced), trial: Some(trial), share } => {
            t.standing_canary_over(trial, share, enforced)
        }
    }
    .into_owned()
}

/// The choices, with the one that was made.
pub(super) fn choices(t: Text, chosen: &str) -> Vec<Choice> {
    let choice = |word, label: std::borrow::Cow<'static, str>, told: std::borrow::Cow<'static, str>| Choice {
        word,
        label: label.into_owned(),
        told: told.into_owned(),
        is_chosen: word == chosen,
    };
    vec![
        choice("off", t.mode_off(), t.choose_off()),
        choice("shadow", t.mode_shadow(), t.choose_shadow()),
        choice("canary", t.mode_canary(), t.choose_canary()),
        choice("enforce", t.mode_enforce(), t.choose_enforce()),
    ]
}
