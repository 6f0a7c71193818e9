//! What a policy says, at a glance: what it does, to whom, to which activities, and who is asked.

use crate::app::App;
use crate::gate::approvers::{Approver, any_of};
use crate::pages::rows::actor_type;
use crate::pages::safe::{short, visible_lines};
use crate::pages::shell::role_name;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use hindcast_event::Registry;
use hindcast_rules::policy::{PolicyInfo, PolicyText, Scope, Vocabulary, check};

/// Activities that are named in a list; the rest is a number.
const ACTIONS_SHOWN: usize = 3;

/// One of the policies of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Says {
    /// Its id.
    pub id: String,
    /// What it does.
    pub effect: String,
    /// To whom.
    pub applies: String,
    /// To which activities.
    pub activities: String,
    /// Who is asked; empty when nobody is.
    pub approvers: String,
    /// Why, for people.
    pub reason: String,
}

/// The policies of a text, as far as it can be read.
pub(super) fn says(
    app: &App,
    visitor: &Visitor,
    name: &str,
    text: &str,
    vocabulary: &Vocabulary,
) -> Vec<Says> {
    let t = visitor.guest.text;
    let Ok(set) = check(&[PolicyText { name, text }], vocabulary) else { return Vec::new() };
    let teams = app.catalog.teams(&visitor.membership.workspace).unwrap_or_default();
    let team = |id: &str| {
        let known = teams.iter().find(|team| team.id == id);
        short(known.map_or(id, |team| &team.name))
    };
    set.scopes().map(|(info, scope)| one(t, info, &scope, &team)).collect()
}

fn one(t: Text, info: &PolicyInfo, scope: &Scope, team: &dyn Fn(&str) -> String) -> Says {
    let effect = match (info.forbids, info.asks_approval) {
        (false, _) => t.effect_permit(),
        (true, true) => t.effect_approval(),
        (true, false) => t.effect_forbid(),
    };
    let asked = match info.approvers.as_deref() {
        _ if !info.asks_approval => String::new(),
        None => t.approvers_all().into_owned(),
        Some(text) => approvers(t, text, team),
    };
    Says {
        id: short(&info.id),
        effect: effect.into_owned(),
        applies: scope.principal.as_deref().map_or_else(|| t.applies_all().into_owned(), |who| actor(t, who)),
        activities: activities(t, &scope.actions),
        approvers: asked,
        reason: info.reason.as_deref().map(visible_lines).unwrap_or_default(),
    }
}

/// Who may answer, as people read it: `team:billing` is the team's name.
pub fn approvers(t: Text, text: &str, team: &dyn Fn(&str) -> String) -> String {
    let Some(all) = any_of(text) else { return short(text) };
    let told = all.iter().map(|approver| match approver {
        Approver::Team(id) => t.approver_team(team(id)).into_owned(),
        Approver::Role(role) => role_name(t, *role),
        Approver::Person(email) => short(email),
    });
    crate::pages::format::list(&told.collect::<Vec<_>>(), t.language)
}

/// `Agent` and the like have names; one in particular is shown as it is written.
fn actor(t: Text, kind: &str) -> String {
    let word = match kind {
        "User" => "user",
        "Agent" => "agent",
        "Automation" => "automation",
        "ApiKey" => "api_key",
        "App" => "app",
        "System" => "system",
        "Anonymous" => "anonymous",
        other => return short(other),
    };
    actor_type(t, word)
}

fn activities(t: Text, actions: &[String]) -> String {
    if actions.is_empty() {
        return t.activities_all().into_owned();
    }
    let name = |action: &String| {
        let known = Registry::builtin().get(action);
        known.map_or_else(|| short(action), |activity| activity.label_in(t.language).to_owned())
    };
    let mut named: Vec<_> = actions.iter().take(ACTIONS_SHOWN).map(name).collect();
    let more = actions.len().saturating_sub(ACTIONS_SHOWN);
    if more > 0 {
        named.push(t.activities_more(more).into_owned());
    }
    crate::pages::format::list(&named, t.language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_does_is_said_in_words() {
        let text = r#"
            @id("cap") @reason("why") @approvers("team:billing, role:owner")
            forbid(principal is Agent, action in Action::"bot", resource)
            unless { context has approval && context.approval.granted };
            permit(principal, action, resource);"#;
        let vocabulary = Vocabulary::new(&[], &[]).expect("a vocabulary");
        let set = check(&[PolicyText { name: "own", text }], &vocabulary).expect("good");
        let team = |id: &str| id.to_uppercase();
        let told: Vec<_> =
            set.scopes().map(|(info, scope)| one(Text::default(), info, &scope, &team)).collect();
        assert_eq!(
            told[0],
            Says {
                id: "cap".into(),
                effect: "Asks for approval".into(),
                applies: "AI agent".into(),
                activities: "bot".into(),
                approvers: "Team BILLING, Owner".into(),
                reason: "why".into(),
            }
        );
        assert_eq!((told[1].applies.as_str(), told[1].activities.as_str()), ("Everybody", "All"));
        let many: Vec<String> = (0..5).map(|n| format!("own.{n}")).collect();
        assert_eq!(activities(Text::default(), &many), "own.0, own.1, own.2, and 2 more");
    }
}
