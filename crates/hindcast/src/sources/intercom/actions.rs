//! Which of our actions an activity of Intercom's is.
//!
//! The registry's table says which of ours are what to Intercom. Where several are, what else was told decides, or the type
//! stays as it is; either way [`Registry::to_intercom`] leads back to it.

use hindcast_event::Registry;
use hindcast_event::json::Json;

/// The action for an activity type and what was told with it.
pub(super) fn action<'a>(activity_type: &'a str, metadata: &Json<'_>) -> &'a str {
    let registry = Registry::builtin();
    match activity_type {
        "admin_login_success" => match metadata.get("sign_in_method").and_then(Json::as_str) {
            Some(method) if is_single_sign_on(method) => "sso.signed_in",
            _ => "user.signed_in",
        },
        "admin_two_factor_auth_change" => {
            either(metadata.get("enabled"), "mfa.enabled", "mfa.disabled").unwrap_or(activity_type)
        }
        "ruleset_activation_title_preview" => {
            either(metadata.get("after"), "automation_rule.enabled", "automation_rule.disabled")
                .unwrap_or(activity_type)
        }
        _ => registry.from_intercom(activity_type),
    }
}

fn is_single_sign_on(method: &str) -> bool {
    ["saml", "sso", "google", "okta", "oidc"].iter().any(|word| method.to_ascii_lowercase().contains(word))
}

fn either<'a>(value: Option<&Json<'_>>, on: &'a str, off: &'a str) -> Option<&'a str> {
    match value? {
        Json::Bool(true) => Some(on),
        Json::Bool(false) => Some(off),
        Json::String(word) => match word.to_ascii_lowercase().as_str() {
            "live" | "on" | "true" | "enabled" | "active" => Some(on),
            "paused" | "off" | "false" | "disabled" | "inactive" | "draft" => Some(off),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_with_it_decides_between_ours() {
        let is = |kind, metadata: &'static str| {
            let metadata = hindcast_event::json::parse(metadata).expect("JSON");
            let action = action(kind, &metadata).to_owned();
            assert_eq!(Registry::builtin().to_intercom(&action), kind, "it leads back");
            action
        };
        assert_eq!(is("admin_login_success", r#"{"sign_in_method":"email_password"}"#), "user.signed_in");
        assert_eq!(is("admin_login_success", r#"{"sign_in_method":"SAML"}"#), "sso.signed_in");
        assert_eq!(is("admin_login_failure", "{}"), "user.sign_in_failed");
        assert_eq!(is("admin_two_factor_auth_change", r#"{"enabled":false}"#), "mfa.disabled");
        assert_eq!(is("admin_two_factor_auth_change", "null"), "admin_two_factor_auth_change");
        assert_eq!(is("ruleset_activation_title_preview", r#"{"after":"live"}"#), "automation_rule.enabled");
        assert_eq!(
            is("ruleset_activation_title_preview", r#"{"after":"odd"}"#),
            "ruleset_activation_title_preview"
        );
        assert_eq!(is("app_team_membership_modification", "{}"), "app_team_membership_modification");
        assert_eq!(is("wholly_new", "{}"), "wholly_new");
    }

    #[test]
    fn every_type_leads_back_to_itself() {
        for activity in Registry::builtin().all() {
            if let Some(kind) = activity.intercom {
                assert_eq!(Registry::builtin().to_intercom(action(kind, &Json::Null)), kind);
            }
        }
    }
}
