//! How much a workspace may append: for all of them, and for some their own.

use super::Config;
use anyhow::bail;
use hindcast_ledger::WorkspaceId;
use serde::Deserialize;
use std::collections::BTreeSet;

/// How many entries a workspace may append in a second, a day and a month of UTC; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "see Config")]
pub struct Quota {
    pub entries_per_second: u64,
    pub entries_per_day: u64,
    pub entries_per_month: u64,
}

/// The quota of one workspace; what it does not say is as for all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct QuotaOf {
    pub workspace: String,
    pub entries_per_second: Option<u64>,
    pub entries_per_day: Option<u64>,
    pub entries_per_month: Option<u64>,
}

impl Quota {
    /// Whether there is no limit at all.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Config {
    /// What a workspace may append.
    pub fn quota_of(&self, workspace: &WorkspaceId) -> Quota {
        let own = self.quota.iter().find(|own| own.workspace == workspace.as_str());
        let (limits, own) = (&self.limits, own.cloned().unwrap_or_default());
        Quota {
            entries_per_second: own.entries_per_second.unwrap_or(limits.workspace_entries_per_second),
            entries_per_day: own.entries_per_day.unwrap_or(limits.workspace_entries_per_day),
            entries_per_month: own.entries_per_month.unwrap_or(limits.workspace_entries_per_month),
        }
    }
}

pub(super) fn check(quotas: &[QuotaOf]) -> anyhow::Result<()> {
    let mut named = BTreeSet::new();
    for quota in quotas {
        let workspace = &quota.workspace;
        if workspace.parse::<WorkspaceId>().is_err() {
            bail!("quota.workspace must be the id of a workspace, not {workspace:?}");
        }
        if !named.insert(workspace) {
            bail!("[[quota]] names the workspace {workspace} twice");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_has_its_own_quota_or_that_of_all() {
        let mut config = Config::load(None).expect("the defaults");
        let (ana, bob) = ("ana".parse().expect("an id"), "bob".parse().expect("an id"));
        assert!(config.quota_of(&ana).is_none());
        config.limits.workspace_entries_per_day = 7;
        config.quota =
            vec![QuotaOf { workspace: "ana".to_owned(), entries_per_day: Some(0), ..QuotaOf::default() }];
        assert_eq!(config.quota_of(&bob).entries_per_day, 7);
        assert!(config.quota_of(&ana).is_none());
    }
}
