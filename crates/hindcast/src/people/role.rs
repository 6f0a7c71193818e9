//! Roles: what somebody may do in a workspace, and how far they see.

use hindcast_event::{Field, Hidden};

/// What somebody is in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything, the other owners included.
    Owner,
    /// Everything but the owners.
    SecurityAdmin,
    /// Reads what concerns their teams.
    SupportOpsManager,
    /// Reads everything, changes nothing.
    Auditor,
    /// Reads their own activity, and what is opened to viewers.
    Viewer,
}

/// Something that not every role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Search and open entries, as far as the role sees.
    ReadLog,
    /// Take entries out as files.
    ExportLog,
    /// Open reports of whoever sees the same, and verify them.
    ReadReports,
    /// Have reports made, and sign off that they were looked at.
    CreateReports,
    /// Share saved views with others.
    ShareViews,
    /// See alerts, and the rules that raise them.
    ReadAlerts,
    /// Decide about alerts, and change rules.
    ManageAlerts,
    /// See policies, tools and approvals.
    ReadPolicies,
    /// Change policies and tools.
    ManagePolicies,
    /// Answer when an approval is asked for.
    Approve,
    /// Change how the workspace is called and its calendar.
    SettingsGeneral,
    /// Invite people, change roles, teams and what they hide.
    SettingsPeople,
    /// Change how people sign in.
    SettingsSignIn,
    /// Make and revoke tokens.
    SettingsTokens,
    /// Connect, pause and remove sources.
    SettingsSources,
    /// See how the server is.
    SettingsSystem,
    /// Decide how long entries are kept, and place legal holds.
    SettingsRetention,
    /// Decide where entries are sent.
    SettingsDestinations,
    /// Ask for erasures, and agree to those of others.
    Erase,
    /// Read conversations of the past.
    ReadConversations,
    /// See simulations and their cases.
    ReadSimulations,
    /// Begin, cancel and delete simulations.
    RunSimulations,
}

/// How far a role sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every entry.
    Everything,
    /// Entries of and about their teams, and their own.
    OwnTeams,
    /// Their own entries, and what is opened to viewers.
    Own,
}

impl Role {
    /// All roles, the most powerful first.
    pub const ALL: [Self; 5] =
        [Self::Owner, Self::SecurityAdmin, Self::SupportOpsManager, Self::Auditor, Self::Viewer];

    /// The word for it in the catalog, in entries and in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::SecurityAdmin => "security_admin",
            Self::SupportOpsManager => "support_ops_manager",
            Self::Auditor => "auditor",
            Self::Viewer => "viewer",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether the role may do this.
    pub fn may(self, permission: Permission) -> bool {
        use Permission::{
            Approve, CreateReports, ExportLog, ReadAlerts, ReadConversations, ReadLog, ReadPolicies,
            ReadReports, ReadSimulations, ShareViews,
        };
        match self {
            Self::Owner | Self::SecurityAdmin => true,
            Self::SupportOpsManager => {
                matches!(
                    permission,
                    ReadLog | ExportLog | ReadReports | CreateReports | ShareViews | ReadPolicies | Approve
                )
            }
            Self::Auditor => {
                matches!(
                    permission,
                    ReadLog
                        | ExportLog
                        | ReadReports
                        | CreateReports
                        | ReadAlerts
                        | ReadPolicies
                        | ReadConversations
                        | ReadSimulations
                )
            }
            Self::Viewer => permission == ReadLog,
        }
    }

    /// Whether somebody with this role may give the other, or take it away.
    pub fn may_give(self, other: Self) -> bool {
        self == Self::Owner || self.may(Permission::SettingsPeople) && other != Self::Owner
    }

    /// How far it sees.
    pub fn reach(self) -> Reach {
        match self {
            Self::Owner | Self::SecurityAdmin | Self::Auditor => Reach::Everything,
            Self::SupportOpsManager => Reach::OwnTeams,
            Self::Viewer => Reach::Own,
        }
    }

    /// What is hidden from it until a workspace decides otherwise.
    pub fn hidden_by_default(self) -> Hidden {
        match self {
            Self::SupportOpsManager => {
                [Field::Address, Field::UserAgent, Field::Session].into_iter().collect()
            }
            _ => Hidden::default(),
        }
    }
}

impl Permission {
    /// All permissions.
    pub const ALL: [Self; 22] = [
        Self::ReadLog,
        Self::ExportLog,
        Self::ReadReports,
        Self::CreateReports,
        Self::ShareViews,
        Self::ReadAlerts,
        Self::ManageAlerts,
        Self::ReadPolicies,
        Self::ManagePolicies,
        Self::Approve,
        Self::SettingsGeneral,
        Self::SettingsPeople,
        Self::SettingsSignIn,
        Self::SettingsTokens,
        Self::SettingsSources,
        Self::SettingsSystem,
        Self::SettingsRetention,
        Self::SettingsDestinations,
        Self::Erase,
        Self::ReadConversations,
        Self::ReadSimulations,
        Self::RunSimulations,
    ];

    /// Its name, as people who ask for it are told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadLog => "log.read",
            Self::ExportLog => "log.export",
            Self::ReadReports => "report.read",
            Self::CreateReports => "report.create",
            Self::ShareViews => "view.share",
            Self::ReadAlerts => "alert.read",
            Self::ManageAlerts => "alert.manage",
            Self::ReadPolicies => "policy.read",
            Self::ManagePolicies => "policy.manage",
            Self::Approve => "approval.answer",
            Self::SettingsGeneral => "settings.general",
            Self::SettingsPeople => "settings.people",
            Self::SettingsSignIn => "settings.sign_in",
            Self::SettingsTokens => "settings.tokens",
            Self::SettingsSources => "settings.sources",
            Self::SettingsSystem => "settings.system",
            Self::SettingsRetention => "settings.retention",
            Self::SettingsDestinations => "settings.destinations",
            Self::Erase => "log.erase",
            Self::ReadConversations => "conversation.read",
            Self::ReadSimulations => "simulation.read",
            Self::RunSimulations => "simulation.run",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_make_and_unmake_owners() {
        for role in Role::ALL {
            assert_eq!(role.may_give(Role::Owner), role == Role::Owner, "{role:?}");
            assert_eq!(role.may_give(Role::Viewer), role.may(Permission::SettingsPeople), "{role:?}");
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
    }

    #[test]
    fn everybody_reads_and_an_auditor_changes_nothing() {
        assert!(Role::ALL.into_iter().all(|role| role.may(Permission::ReadLog)));
        let may: Vec<_> = Permission::ALL.into_iter().filter(|p| Role::Auditor.may(*p)).collect();
        use Permission::{
            CreateReports, ExportLog, ReadAlerts, ReadConversations, ReadLog, ReadPolicies, ReadReports,
            ReadSimulations,
        };
        assert_eq!(
            may,
            [
                ReadLog,
                ExportLog,
                ReadReports,
                CreateReports,
                ReadAlerts,
                ReadPolicies,
                ReadConversations,
                ReadSimulations
            ]
        );
    }
}
