//! Logs of other products as entries, the way a source would map them.

use crate::story::Told;
use hindcast_event::Kind;
use std::collections::BTreeMap;
use yaml_serde::Value;

/// 1 June 2026; the examples are judged one by one, so their own times do not matter.
const AT: i64 = 1_780_272_000_000_000;

/// An entry for a line of a log; nothing if a source would leave the line out.
pub fn told(family: &str, log: &Value) -> Option<Told> {
    let (actor, action, fields) = match family {
        "zendesk" => zendesk(log)?,
        "slack" => slack(log)?,
        "okta" => okta(log)?,
        "github" => github(log)?,
        _ => return None,
    };
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>();
    Some(Told { at: AT, received: AT, actor, action: action.to_owned(), kind: Kind::Event, fields })
}

type Mapped = (String, &'static str, Vec<(&'static str, String)>);

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn yes() -> String {
    "true".to_owned()
}

fn zendesk(log: &Value) -> Option<Mapped> {
    let what = (log["source_type"].as_str()?, log["action"].as_str()?);
    let change = log["change_description"].as_str().unwrap_or_default();
    let label = log["source_label"].as_str().unwrap_or_default();
    let action = match what {
        ("api_token", "create") => "token.created",
        ("account_setting", _) if label.contains("Redaction") => "content_redaction_rule_update",
        ("account_setting", _) => "security_settings.updated",
        ("user", _) | ("account", _) if change.contains("changed from") => "agent.role_assigned",
        ("user_setting", _) if change == "Suspended" => "agent.suspended",
        ("user_setting", _) => "agent.reactivated",
        _ => "settings.updated",
    };
    Some((
        text(&log["actor_id"])?,
        action,
        vec![("target.id", text(&log["source_id"])?), ("target.name", label.to_owned())],
    ))
}

fn slack(log: &Value) -> Option<Mapped> {
    let widens = vec![("facts.change_widens", yes())];
    let (action, facts) = match log["action"].as_str()? {
        "app_scopes_expanded" => {
            let scopes = |name: &str| log["details"][name].as_sequence().cloned().unwrap_or_default();
            let (new, previous) = (scopes("new_scopes"), scopes("previous_scopes"));
            let widens = new.iter().any(|scope| !previous.contains(scope));
            ("integration.updated", vec![("facts.change_widens", widens.to_string())])
        }
        "app_resources_added" | "app_resources_granted" | "bot_token_upgraded" => {
            ("integration.updated", widens)
        }
        "app_installed" | "app_approved" | "org_app_workspace_added" => ("integration.installed", Vec::new()),
        "app_uninstalled" | "app_restricted" | "org_app_workspace_removed" => {
            ("integration.uninstalled", Vec::new())
        }
        "native_dlp_rule_deactivated"
        | "native_dlp_violation_deleted"
        | "barrier_deleted"
        | "barrier_updated"
        | "ekm_logging_config_set"
        | "ekm_unenrolled"
        | "ekm_slackbot_unenroll_notification_sent"
        | "intune_disabled" => ("security_settings.updated", Vec::new()),
        "idp_configuration_added" => ("sso.configured", Vec::new()),
        "idp_configuration_deleted" => ("sso.removed", Vec::new()),
        "idp_prod_configuration_updated" | "pref.sso_setting_changed" => ("sso.updated", Vec::new()),
        "pref.two_factor_auth_changed" => ("app_authentication_method_change", Vec::new()),
        "organization_created" => ("workspace.created", Vec::new()),
        "organization_deleted" => ("workspace.deleted", Vec::new()),
        "role_change_to_admin"
        | "role_change_to_owner"
        | "owner_transferred"
        | "service_owner_transferred"
        | "permissions_assigned" => ("agent.role_assigned", Vec::new()),
        "user_logout" => ("user.signed_out", Vec::new()),
        _ => return None,
    };
    Some((text(&log["actor"]["user"]["id"])?, action, facts))
}

/// Okta's logs come with names in either case, as different collectors write them.
fn either<'v>(log: &'v Value, name: &str) -> &'v Value {
    log.get(name).unwrap_or_else(|| &log[name.to_ascii_lowercase().as_str()])
}

fn okta(log: &Value) -> Option<Mapped> {
    let target = log["target"].as_sequence().and_then(|targets| targets.first());
    let name = target.and_then(|target| target["displayName"].as_str()).unwrap_or_default();
    let federation = name.contains("Org2Org");
    let widens = vec![("facts.change_widens", yes())];
    let (action, facts) = match either(log, "eventType").as_str()? {
        "system.mfa.factor.deactivate" => ("app_authentication_method_change", Vec::new()),
        "system.api_token.create" => ("token.created", Vec::new()),
        "system.idp.lifecycle.create" => ("sso.configured", Vec::new()),
        "system.idp.lifecycle.update" => ("sso.updated", Vec::new()),
        "application.lifecycle.create" if federation => ("sso.configured", Vec::new()),
        "application.lifecycle.update" if federation => ("sso.updated", Vec::new()),
        "application.lifecycle.create" => ("integration.installed", Vec::new()),
        "application.lifecycle.update" => ("integration.updated", Vec::new()),
        "user.account.privilege.grant" => ("agent.role_assigned", Vec::new()),
        "group.privilege.grant" => ("role.updated", widens),
        "user.mfa.factor.deactivate" | "user.mfa.factor.reset_all" => ("mfa.disabled", Vec::new()),
        "user.session.start" => ("sso.signed_in", Vec::new()),
        "user.authentication.auth_via_mfa" => ("mfa.challenged", Vec::new()),
        _ => return None,
    };
    Some((text(&log["actor"]["id"])?, action, facts))
}

fn github(log: &Value) -> Option<Mapped> {
    let action = match log["action"].as_str()? {
        "org.saml_enabled" => "sso.configured",
        "org.saml_disabled" => "sso.removed",
        "org.update_saml_provider_settings" => "sso.updated",
        "org.enable_two_factor_requirement" | "org.disable_two_factor_requirement" => {
            "app_authentication_method_change"
        }
        "org.enable_oauth_app_restrictions" | "org.disable_oauth_app_restrictions" => {
            "security_settings.updated"
        }
        "ip_allow_list_entry.create" | "ip_allow_list.disable" | "ip_allow_list.enable" => {
            "ip_allowlist.updated"
        }
        "organization_moderators.add_user" | "org.update_member" => "agent.role_assigned",
        "organization_moderators.remove_user" => "agent.role_removed",
        "integration_installation.create" => "integration.installed",
        "public_key.create" => "token.created",
        "public_key.delete" => "token.revoked",
        "org.invite_member" | "org.invite_user" | "invite_member" => "agent.invited",
        _ => return None,
    };
    let user = text(&log["user"]).map(|user| ("target.id", user));
    Some((text(&log["actor"])?, action, user.into_iter().collect()))
}
