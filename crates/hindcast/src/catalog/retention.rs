//! How long the entries of a workspace are kept.

use super::{By, Catalog, CatalogError, outbox, settings};
use crate::keeping::{COOL_OFF_MICROS, Retention, Unfit};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

const NAME: &str = "retention";

impl Catalog {
    /// How long the entries of a workspace are kept.
    pub fn retention(&self, workspace: &WorkspaceId) -> Result<Retention, CatalogError> {
        read(self.setting(workspace, NAME)?)
    }

    /// Changes it, unless the policy makes no sense or a lock forbids it. Says from when it counts: what lets entries go
    /// sooner than before waits a day.
    pub fn change_retention(
        &self,
        workspace: &WorkspaceId,
        mut policy: Retention,
        now: Timestamp,
        by: &By,
    ) -> Result<Result<Retention, Unfit>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let before = read(settings::find(&transaction, workspace, NAME)?)?;
        if let Err(unfit) = policy.check(&before) {
            return Ok(Err(unfit));
        }
        // A change that waits goes on waiting when another follows that is not sooner.
        policy.from =
            if policy.is_sooner_than(&before) { now.micros() + COOL_OFF_MICROS } else { before.from };
        let (old, new) = (told(&before), told(&policy));
        let changes: Vec<_> = old
            .iter()
            .zip(&new)
            .filter(|(old, new)| old != new)
            .map(|((path, old), (_, new))| (*path, old.clone(), new.clone()))
            .collect();
        if changes.is_empty() {
            return Ok(Ok(before));
        }
        settings::put(&transaction, workspace, NAME, &json!(policy).to_string())?;
        outbox::put(&transaction, workspace, &by.change("retention.updated", target(workspace), &changes))?;
        transaction.commit()?;
        Ok(Ok(policy))
    }

    /// Lets a policy count at once that waits.
    pub fn hasten_retention(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
        by: &By,
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let mut policy = read(settings::find(&transaction, workspace, NAME)?)?;
        let waited_for = std::mem::replace(&mut policy.from, now.micros());
        if waited_for <= now.micros() {
            return Ok(());
        }
        settings::put(&transaction, workspace, NAME, &json!(policy).to_string())?;
        let time = |micros| json!(Timestamp::from_micros(micros).to_string());
        let change = [("/from", time(waited_for), time(policy.from))];
        outbox::put(&transaction, workspace, &by.change("retention.updated", target(workspace), &change))?;
        Ok(transaction.commit()?)
    }
}

/// A policy that cannot be read must not let anything go, and must not be taken for none either.
fn read(text: Option<String>) -> Result<Retention, CatalogError> {
    text.map_or(Ok(Retention::default()), |text| {
        serde_json::from_str(&text).map_err(|error| CatalogError::Damaged(format!("the retention: {error}")))
    })
}

fn target(workspace: &WorkspaceId) -> Value {
    json!([{ "type": "workspace", "id": workspace.as_str() }])
}

/// The policy as an entry tells it.
fn told(policy: &Retention) -> [(&'static str, Value); 4] {
    [
        ("/days", json!(policy.days)),
        ("/categories", json!(policy.categories)),
        ("/archive_days", json!(policy.archive_days)),
        ("/locked_days", json!(policy.locked_days)),
    ]
}
