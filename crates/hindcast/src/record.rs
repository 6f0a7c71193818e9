//! What the server writes about itself: into the log of whom it concerns, or into its own.

use crate::app::App;
use crate::catalog::{By, Outgoing};
use crate::facts::{Settling, Working};
use hindcast_event::json::Json;
use hindcast_event::{Arrival, Draft, Entries, Invalid, Kind, TooLarge};
use hindcast_ledger::{AppendError, Appended, Batch, IdempotencyKey, WorkspaceId};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::PoisonError;

impl App {
    /// Appends an event of our own, told as the JSON of a draft.
    pub fn record(
        &self,
        workspace: &WorkspaceId,
        kind: Kind,
        draft: &serde_json::Value,
    ) -> anyhow::Result<Appended> {
        self.append_own(workspace, kind, &draft.to_string(), None)
    }

    /// The same, once for each key, however often it is asked for. The draft has to be the same each time.
    pub fn record_once(
        &self,
        workspace: &WorkspaceId,
        kind: Kind,
        draft: &serde_json::Value,
        key: &str,
    ) -> anyhow::Result<Appended> {
        let draft = draft.to_string();
        let once = IdempotencyKey { key: key.to_owned(), fingerprint: Sha256::digest(&draft).into() };
        self.append_own(workspace, kind, &draft, Some(once))
    }

    fn append_own(
        &self,
        workspace: &WorkspaceId,
        kind: Kind,
        draft: &str,
        once: Option<IdempotencyKey>,
    ) -> anyhow::Result<Appended> {
        let (batch, settling) = self.batch(workspace, kind, draft, once)?;
        let appended = self.ledger.append(workspace, batch)?;
        if let Some(settling) = settling.filter(|_| appended.first_time.is_some()) {
            settling.settle(appended.first);
        }
        Ok(appended)
    }

    fn batch(
        &self,
        workspace: &WorkspaceId,
        kind: Kind,
        draft: &str,
        once: Option<IdempotencyKey>,
    ) -> anyhow::Result<(Batch, Option<Settling>)> {
        let draft = Draft::parse(draft)?;
        let mut random = [0; 26];
        getrandom::fill(&mut random)?;
        let (mut id, mut key) = ([0; 10], [0; 16]);
        id.copy_from_slice(&random[..10]);
        key.copy_from_slice(&random[10..]);
        let arrival = Arrival { now: (self.clock)(), random: id };
        let mut entries = Entries::default();
        let mut working = has_facts(kind, &draft).then(|| self.facts.begin(self, workspace, arrival.now));
        let facts = working.as_mut().map_or("", |working| working.facts(&draft));
        entries.push_new(kind, &key, |out| draft.encode_with(&arrival, facts, out))?;
        Ok((Batch::new(entries, once)?, working.as_mut().map(Working::settling)))
    }

    /// Writes the entries that the catalog keeps, and says where they are. What cannot be written now stays there.
    pub fn post(&self) -> Vec<(WorkspaceId, u64)> {
        let _one_at_a_time = self.posting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written = Vec::new();
        let posted = self.post_all(&mut written).and_then(|()| self.post_history(&mut written));
        if let Err(error) = posted {
            self.metrics.problems.add(1);
            if !self.outage.explains(error.as_ref()) {
                tracing::error!(
                    error = format!("{error:#}"),
                    "a change could not be written into its log yet"
                );
            }
        }
        written
    }

    fn post_all(&self, written: &mut Vec<(WorkspaceId, u64)>) -> anyhow::Result<()> {
        loop {
            let mut failed = BTreeMap::new();
            let mut any = false;
            for outgoing in self.catalog.outbox()? {
                // A log that takes nothing does not hold up the others, but what is for it stays in order.
                if failed.contains_key(&outgoing.workspace) {
                    continue;
                }
                match self.write(&outgoing) {
                    Ok(place) => {
                        self.catalog.written(&outgoing)?;
                        written.push(place);
                        any = true;
                    }
                    Err(error) => drop(failed.insert(outgoing.workspace, error)),
                }
            }
            if !any {
                return failed.into_values().next().map_or(Ok(()), Err);
            }
        }
    }

    /// The entries that the history keeps: in its own file, since the change they tell of is in it.
    fn post_history(&self, written: &mut Vec<(WorkspaceId, u64)>) -> anyhow::Result<()> {
        loop {
            let waiting = self.history.outbox()?;
            if waiting.is_empty() {
                return Ok(());
            }
            for outgoing in waiting {
                // A log that takes nothing holds up these; no change waits for them.
                let place = self.write(&outgoing)?;
                self.history.written(&outgoing)?;
                written.push(place);
            }
        }
    }

    fn write(&self, outgoing: &Outgoing) -> anyhow::Result<(WorkspaceId, u64)> {
        let fingerprint = Sha256::digest(&outgoing.draft).into();
        let append_to = |workspace: &WorkspaceId| {
            let once = IdempotencyKey { key: outgoing.key.clone(), fingerprint };
            self.append_own(workspace, outgoing.kind, &outgoing.draft, Some(once))
        };
        match append_to(&outgoing.workspace) {
            Err(error) if error.is::<Invalid>() || error.is::<TooLarge>() => {
                // It will never be an event, so that it is gone is told instead.
                let about = serde_json::json!({ "nr": outgoing.nr, "error": format!("{error:#}") });
                let draft = By::server().event("log.unwritten", serde_json::json!([]), about);
                let appended = self.record(&WorkspaceId::instance(), Kind::System, &draft)?;
                Ok((WorkspaceId::instance(), appended.first))
            }
            // A workspace out of service cannot take it; then the server's own log has the record.
            Err(error) if is_out_of_service(&error) => {
                Ok((WorkspaceId::instance(), append_to(&WorkspaceId::instance())?.first))
            }
            appended => Ok((outgoing.workspace.clone(), appended?.first)),
        }
    }

    /// Appends something the server did to its own log. When that fails, the ledger has already said why.
    pub fn record_own(&self, action: &str, metadata: serde_json::Value) {
        let draft = By::server().event(action, serde_json::json!([]), metadata);
        if let Err(error) = self.record(&WorkspaceId::instance(), Kind::System, &draft) {
            tracing::warn!(action, %error, "the server could not write its own log");
        }
    }
}

fn is_out_of_service(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(AppendError::Quarantined { .. } | AppendError::Unknown(_)))
}

/// Whether somebody did it: notices, checkpoints and what the server does by itself have no habits.
fn has_facts(kind: Kind, draft: &Draft<'_>) -> bool {
    let is_server = draft.actor.get("type").and_then(Json::as_str) == Some("system");
    matches!(kind, Kind::Event | Kind::System) && !is_server
}
