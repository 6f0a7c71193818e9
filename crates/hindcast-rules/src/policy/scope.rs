//! Whom a policy speaks of and which actions, as its scope says it: what a list of policies shows at a glance.

use super::set::{PolicyInfo, PolicySet};
use cedar_policy::{ActionConstraint, Policy, PrincipalConstraint};

/// The scope of a policy; what its conditions take away again is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Whom it speaks of: `Agent`, or one of them such as `User::"u_7"`; nothing when it is everybody.
    pub principal: Option<String>,
    /// The actions and groups of actions it names; none when it is all of them.
    pub actions: Vec<String>,
}

impl PolicySet {
    /// The policies with their scopes, in the order of their texts.
    pub fn scopes(&self) -> impl Iterator<Item = (&PolicyInfo, Scope)> {
        self.rules.iter().map(|rule| (rule.info.as_ref(), Scope::of(&rule.cedar)))
    }
}

impl Scope {
    fn of(policy: &Policy) -> Self {
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Any => None,
            PrincipalConstraint::In(one) | PrincipalConstraint::Eq(one) => Some(one.to_string()),
            PrincipalConstraint::Is(kind) => Some(kind.to_string()),
            PrincipalConstraint::IsIn(_, one) => Some(one.to_string()),
        };
        let actions = match policy.action_constraint() {
            ActionConstraint::Any => Vec::new(),
            ActionConstraint::In(actions) => actions,
            ActionConstraint::Eq(action) => vec![action],
        };
        Self { principal, actions: actions.iter().map(|action| action.id().unescaped().to_owned()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PolicyText, Vocabulary, check};

    #[test]
    fn a_scope_says_who_and_what() {
        let text = r#"
            permit(principal, action, resource);
            forbid(principal is Agent, action == Action::"user.signed_in", resource) when { context.simulated };
            forbid(principal == User::"u_7", action in [Action::"tool", Action::"bot"], resource);
        "#;
        let vocabulary = Vocabulary::new(&[], &[]).expect("a vocabulary");
        let set = check(&[PolicyText { name: "own", text }], &vocabulary).expect("good policies");
        let told: Vec<_> =
            set.scopes().map(|(_, scope)| (scope.principal, scope.actions.join(" "))).collect();
        assert_eq!(
            told,
            [
                (None, String::new()),
                (Some("Agent".to_owned()), "user.signed_in".to_owned()),
                (Some("User::\"u_7\"".to_owned()), "tool bot".to_owned()),
            ]
        );
    }
}
