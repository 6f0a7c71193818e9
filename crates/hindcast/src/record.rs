//! What the server writes about itself: into the log of whom it concerns, or into its own.

use crate::app::App;
use hindcast_event::{Arrival, Draft, Entries, Kind};
use hindcast_ledger::{Appended, Batch, WorkspaceId};

impl App {
    /// Appends an event of our own, told as the JSON of a draft.
    pub fn record(
        &self,
        workspace: &WorkspaceId,
        kind: Kind,
        draft: &serde_json::Value,
    ) -> anyhow::Result<Appended> {
        let text = draft.to_string();
        let draft = Draft::parse(&text)?;
        let mut random = [0; 26];
        getrandom::fill(&mut random)?;
        let (mut id, mut key) = ([0; 10], [0; 16]);
        id.copy_from_slice(&random[..10]);
        key.copy_from_slice(&random[10..]);
        let arrival = Arrival { now: (self.clock)(), random: id };
        let mut entries = Entries::default();
        entries.push_new(kind, &key, |out| draft.encode(&arrival, out))?;
        Ok(self.ledger.append(workspace, Batch::new(entries, None)?)?)
    }

    /// Appends something the server did to its own log. When that fails, the ledger has already said why.
    pub fn record_own(&self, action: &str, metadata: serde_json::Value) {
        let draft = serde_json::json!({
            "action": action,
            "actor": { "type": "system", "id": "hindcast", "name": "hindcast" },
            "metadata": metadata,
        });
        if let Err(error) = self.record(&WorkspaceId::instance(), Kind::System, &draft) {
            tracing::warn!(action, %error, "the server could not write its own log");
        }
    }
}
