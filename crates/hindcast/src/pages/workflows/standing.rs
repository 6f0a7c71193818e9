//! What is in force of a workflow: nothing, a version that is only asked, a version that acts; in a badge and in a sentence.

use crate::catalog::{WorkflowRow, WorkflowStanding};
use crate::pages::fields::Fields;
use crate::pages::text::Text;

/// How a workflow stands: the class of a badge, its icon and a word.
#[derive(Clone, Debug)]
pub(super) struct Mode {
    pub class: &'static str,
    pub icon: &'static str,
    pub word: String,
    /// What that means for what happens next.
    pub told: String,
    /// Whether nothing sets it off.
    pub is_off: bool,
}

/// A way to put a workflow in force.
pub(super) struct Choice {
    pub word: &'static str,
    pub label: String,
    pub told: String,
    pub is_chosen: bool,
}

impl Mode {
    pub fn of(t: Text, row: &WorkflowRow) -> Self {
        let (class, icon, word) = match row.standing.mode() {
            "off" => ("unknown", "denied", t.wf_mode_off()),
            "shadow" => ("unknown", "pending", t.wf_mode_shadow()),
            _ => ("success", "success", t.wf_mode_enforce()),
        };
        let is_off = row.standing == WorkflowStanding::default();
        Self { class, icon, word: word.into_owned(), told: told(t, row.standing), is_off }
    }
}

/// What is in force, in a sentence.
pub(super) fn told(t: Text, standing: WorkflowStanding) -> String {
    match standing {
        WorkflowStanding { enforced: None, shadow: None } => t.wf_standing_off(),
        WorkflowStanding { enforced: Some(acts), shadow: None } => t.wf_standing_enforce(acts.to_string()),
        WorkflowStanding { enforced: None, shadow: Some(asked) } => t.wf_standing_shadow(asked.to_string()),
        WorkflowStanding { enforced: Some(acts), shadow: Some(asked) } => {
            t.wf_standing_both(acts.to_string(), asked.to_string())
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
        choice("off", t.wf_mode_off(), t.wf_choose_off()),
        choice("shadow", t.wf_mode_shadow(), t.wf_choose_shadow()),
        choice("enforce", t.wf_mode_enforce(), t.wf_choose_enforce()),
    ]
}

/// What a form wants to be in force; nothing when something in it is wrong, which the form then says.
pub(super) fn wanted(t: Text, now: WorkflowStanding, form: &mut Fields) -> Option<WorkflowStanding> {
    let number: Option<i64> = form.value("number").parse().ok();
    let standing = match form.value("mode") {
        "off" => WorkflowStanding::default(),
        // A version that acts and is to be only asked does not act any more; another one that acts goes on.
        "shadow" => {
            WorkflowStanding { enforced: now.enforced.filter(|acts| Some(*acts) != number), shadow: number }
        }
        "enforce" => WorkflowStanding { enforced: number, shadow: None },
        _ => {
            form.fail("mode", t.wf_expected_mode());
            return None;
        }
    };
    if number.is_none() && form.value("mode") != "off" {
        form.fail("number", t.policy_expected_number());
    }
    // What acts changes tickets by itself; that another version or none acts is meant as well.
    if standing.enforced != now.enforced && !form.has("sure") {
        form.fail("sure", t.wf_expected_sure());
    }
    form.is_good().then_some(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_goes_on_beside_another_version_in_shadow_and_is_changed_only_by_whoever_is_sure() {
        let stands = |enforced, shadow| WorkflowStanding { enforced, shadow };
        let asked = |now, mode: &str, number: &str, is_sure: bool| {
            let mut form = Fields::filled([("mode", mode.to_owned()), ("number", number.to_owned())]);
            if is_sure {
                form = form.over(Fields::filled([("sure", "on".to_owned())]));
            }
            let standing = wanted(Text::default(), now, &mut form);
            standing.ok_or_else(|| form.errors().iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(asked(stands(None, None), "shadow", "2", false), Ok(stands(None, Some(2))));
        assert_eq!(asked(stands(Some(1), None), "shadow", "2", false), Ok(stands(Some(1), Some(2))));
        assert_eq!(asked(stands(Some(2), None), "shadow", "2", false), Err(vec!["sure".to_owned()]));
        assert_eq!(asked(stands(Some(2), None), "shadow", "2", true), Ok(stands(None, Some(2))));
        assert_eq!(asked(stands(Some(1), Some(2)), "enforce", "2", true), Ok(stands(Some(2), None)));
        assert_eq!(asked(stands(None, None), "enforce", "2", false), Err(vec!["sure".to_owned()]));
        assert_eq!(asked(stands(None, Some(2)), "off", "", false), Ok(stands(None, None)));
        assert_eq!(asked(stands(Some(2), None), "off", "", false), Err(vec!["sure".to_owned()]));
        assert_eq!(asked(stands(None, None), "on", "1", true), Err(vec!["mode".to_owned()]));
        assert_eq!(asked(stands(None, None), "shadow", "x", true), Err(vec!["number".to_owned()]));
    }
}
