//! What the log can be asked for as evidence: each topic is a query with a name.

use crate::pages::Text;

/// A sort of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Who signed in.
    SignIns,
    /// Who tried in vain.
    FailedSignIns,
    /// Who joined and left.
    Teammates,
    /// Roles, permissions and teams that changed.
    Roles,
    /// Keys and tokens of programs.
    Tokens,
    /// What people with powerful roles did.
    Privileged,
    /// People acting as others.
    Impersonation,
    /// How people sign in and what protects that.
    SignInSettings,
    /// How the workspace is set up.
    Settings,
    /// What was taken out.
    Exports,
    /// What was deleted, and erased.
    Deletions,
    /// Who read the log.
    LogAccess,
    /// Verifications, checkpoints and witnesses.
    Integrity,
    /// How long entries are kept, and holds.
    Retention,
    /// When the server ran.
    Server,
    /// Silence of sources and what could not be written or delivered.
    Gaps,
    /// What was restored.
    Recovery,
    /// Alerts and what became of them.
    Alerts,
    /// Rules, policies and approvals.
    Policies,
    /// Looking at it regularly.
    Reviews,
    /// Checks of the clock, as operators send them.
    Clocks,
    /// What AI agents did.
    AiAgents,
    /// What AI agents were kept from.
    AiRefused,
    /// How AI agents are set up.
    AiSettings,
}

impl Topic {
    /// The query that finds it, in the grammar of searches.
    pub fn query(self) -> &'static str {
        match self {
            Self::SignIns => "action:user.signed_in action:sso.signed_in action:admin_login_success",
            Self::FailedSignIns => {
                "action:user.sign_in_failed action:user.sign_in_method_refused action:user.locked_out \
                 action:mfa.challenge_failed action:admin_login_failure action:admin_unauthorized_sign_in_method"
            }
            Self::Teammates => {
                "action:agent.invited action:agent.invite_revoked action:agent.joined action:agent.removed \
                 action:agent.suspended action:agent.reactivated action:agent.provisioned \
                 action:agent.deprovisioned action:admin_invite_* action:admin_deletion action:admin_provisioned \
                 action:admin_deprovisioned action:app_admin_join"
            }
            Self::Roles => {
                "action:agent.permissions_changed action:agent.role_* action:role.* action:role_* action:team.* \
                 action:app_team_* action:admin_permission_change"
            }
            Self::Tokens => {
                "action:token.* action:oauth.* action:oauth_token_revocation action:integration.token_regenerated \
                 action:app_package_token_regeneration action:custom_authentication_token_creation \
                 action:messenger_api_secret_*"
            }
            Self::Privileged => "role:owner role:admin role:security_admin",
            Self::Impersonation => "action:impersonation.* action:admin_impersonation_*",
            Self::SignInSettings => {
                "action:sso.configured action:sso.updated action:sso.removed action:mfa.enabled \
                 action:mfa.disabled action:ip_allowlist.updated action:security_settings* \
                 action:app_authentication_method_change action:admin_two_factor_auth_change"
            }
            Self::Settings => "category:settings",
            Self::Exports => {
                "action:app_data_export action:bulk_export action:contacts.exported action:conversation.exported \
                 action:conversation_pdf_export action:data_export.* action:macro_usage_export action:log.exported \
                 action:log.export_downloaded action:report.exported action:report.shared \
                 action:personal_data.revealed action:pii_data_revealed"
            }
            Self::Deletions => {
                "action:app_data_deletion action:bulk_delete action:contact.deleted \
                 action:contacts.deleted_in_bulk action:erasure.* action:log.erased \
                 action:workspace_deletion_request"
            }
            Self::LogAccess => {
                "action:log.viewed action:log.searched action:log.exported action:log.export_downloaded \
                 action:report.created"
            }
            Self::Integrity => {
                "action:log.verified action:log.checkpoint action:log.checkpoint_witnessed action:log.key_changed"
            }
            Self::Retention => {
                "action:retention.updated action:hold.* action:log.retention_applied action:log.archived \
                 action:redaction.updated"
            }
            Self::Server => "action:server.*",
            Self::Gaps => {
                "action:log.gap_reported action:log.unwritten action:source.disconnected action:destination.failed"
            }
            Self::Recovery => "action:log.restored action:backup.*",
            Self::Alerts => "action:alert.*",
            Self::Policies => "action:policy.* action:rule.* action:approval.* action:gate.decided",
            Self::Reviews => "action:report.reviewed action:control.checked action:alert.acknowledged",
            Self::Clocks => "action:control.checked target:control/clock",
            Self::AiAgents => "actor_type:agent",
            Self::AiRefused => {
                "action:ai_agent.tool_denied action:ai_agent.guardrail_blocked action:ai_agent.approval_requested"
            }
            Self::AiSettings => {
                "action:ai_agent.created action:ai_agent.updated action:ai_agent.enabled action:ai_agent.disabled \
                 action:ai_agent.deleted action:prompt.updated action:guardrail.updated action:knowledge.source_*"
            }
        }
    }

    /// What it is called.
    pub fn title(self, t: Text) -> String {
        let title = match self {
            Self::SignIns => t.topic_sign_ins(),
            Self::FailedSignIns => t.topic_failed_sign_ins(),
            Self::Teammates => t.topic_teammates(),
            Self::Roles => t.topic_roles(),
            Self::Tokens => t.topic_tokens(),
            Self::Privileged => t.topic_privileged(),
            Self::Impersonation => t.topic_impersonation(),
            Self::SignInSettings => t.topic_sign_in_settings(),
            Self::Settings => t.topic_settings(),
            Self::Exports => t.topic_exports(),
            Self::Deletions => t.topic_deletions(),
            Self::LogAccess => t.topic_log_access(),
            Self::Integrity => t.topic_integrity(),
            Self::Retention => t.topic_retention(),
            Self::Server => t.topic_server(),
            Self::Gaps => t.topic_gaps(),
            Self::Recovery => t.topic_recovery(),
            Self::Alerts => t.topic_alerts(),
            Self::Policies => t.topic_policies(),
            Self::Reviews => t.topic_reviews(),
            Self::Clocks => t.topic_clocks(),
            Self::AiAgents => t.topic_ai_agents(),
            Self::AiRefused => t.topic_ai_refused(),
            Self::AiSettings => t.topic_ai_settings(),
        };
        title.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::Template;
    use hindcast_segments::query::{ParseContext, Query};

    #[test]
    fn every_topic_is_a_query() {
        for topic in Template::ALL.into_iter().flat_map(Template::topics) {
            let query = Query::parse(topic.query(), &ParseContext::default());
            assert!(query.is_ok_and(|query| !query.is_empty()), "{topic:?}");
        }
    }
}
