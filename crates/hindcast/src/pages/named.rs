//! Questions that have a name here, so that views and dashboards ask the same ones.
//!
//! What one of them finds is listed under one key, for different keys must hold at once.

/// Sign-ins that went well.
pub const SIGN_INS: &str = "action:user.signed_in action:sso.signed_in action:admin_login_success";

/// Sign-ins that did not.
pub const FAILED_SIGN_INS: &str = "action:user.sign_in_failed action:user.sign_in_method_refused \
     action:user.locked_out action:mfa.challenge_failed action:admin_login_failure \
     action:admin_unauthorized_sign_in_method";

/// Who may do what.
pub const PERMISSIONS: &str = "action:agent.permissions_changed action:agent.role_* action:role.* action:role_* \
     action:agent.invited action:agent.removed action:agent.suspended action:admin_permission_change \
     action:admin_invite_creation action:admin_invite_change action:admin_deletion";

/// Data that left, and personal data that was looked at.
pub const EXPORTS: &str = "action:data_export.created action:data_export.run action:data_export.downloaded \
     action:contacts.exported action:conversation.exported action:report.exported action:report.shared \
     action:log.exported action:attachment.downloaded action:invoice.downloaded action:contact.viewed \
     action:personal_data.revealed action:pii_data_revealed action:app_data_export action:bulk_export \
     action:conversation_pdf_export action:macro_usage_export";

/// Tokens and secrets by which programs come in.
pub const TOKENS: &str = "action:token.* action:oauth.* action:oauth_token_revocation \
     action:integration.token_regenerated action:app_package_token_regeneration \
     action:custom_authentication_token_creation action:messenger_api_secret_*";

/// How the workspace is set up.
pub const SETTINGS: &str = "category:settings";

/// Rules, workflows and macros.
pub const AUTOMATION: &str = "category:automation_macros";

/// Whatever is set up: the workspace, its automation and its AI agents.
pub const SET_UP: &str = "category:settings category:automation_macros category:ai_agents";

/// What went wrong or was not allowed.
pub const FAILURES: &str = "outcome:failure outcome:denied";

/// What was not allowed.
pub const DENIED: &str = "outcome:denied";

/// What AI agents did.
pub const BY_AGENTS: &str = "actor_type:agent";

/// What people did who are no customers, who act too.
pub const TEAMMATES: &str = "actor_type:user -role:contact";

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::{Activity, Registry};
    use hindcast_segments::query::{Key, ParseContext, Query, Term};

    /// The class and the activity in it that exports have in OCSF.
    const OCSF_EXPORT: (u32, u8) = (6001, 7);

    fn asked(q: &str) -> Query {
        Query::parse(q, &ParseContext::default()).unwrap_or_else(|errors| panic!("{q}: {errors}"))
    }

    fn finds(q: &Query, activity: &Activity) -> bool {
        let value = |key| match key {
            Key::Action => activity.code,
            Key::Category => activity.category.code(),
            key => panic!("activities have no {key}"),
        };
        q.clauses.iter().all(|clause| {
            let value = value(clause.key);
            clause.any.iter().any(|term| match term {
                Term::Is(wanted) => value == wanted,
                Term::Prefix(begin) => value.starts_with(begin.as_str()),
                _ => false,
            }) != clause.not
        })
    }

    #[test]
    fn every_value_of_a_question_finds_some_activity() {
        for q in [SIGN_INS, FAILED_SIGN_INS, PERMISSIONS, EXPORTS, TOKENS, SETTINGS, AUTOMATION, SET_UP] {
            let whole = asked(q);
            assert_eq!(whole.clauses.len(), 1, "{q}: different keys must hold at once");
            for one in q.split_whitespace().map(asked) {
                let all = Registry::builtin().all();
                assert!(all.iter().any(|activity| finds(&one, activity) && finds(&whole, activity)), "{one}");
            }
        }
        for q in [FAILURES, DENIED, BY_AGENTS, TEAMMATES] {
            assert!(!asked(q).is_empty());
        }
    }

    #[test]
    fn whatever_exports_is_an_export() {
        let exports = asked(EXPORTS);
        for activity in Registry::builtin().all() {
            let says_so = (activity.ocsf_class, activity.ocsf_activity) == OCSF_EXPORT
                || ["export", ".exported", ".downloaded"].iter().any(|end| activity.code.ends_with(end));
            assert!(!says_so || finds(&exports, activity), "{}", activity.code);
        }
        let tokens = asked(TOKENS);
        for activity in Registry::builtin().all() {
            let says_so = activity.code.contains("token") || activity.code.contains("api_secret");
            assert!(!says_so || finds(&tokens, activity), "{}", activity.code);
        }
    }
}
