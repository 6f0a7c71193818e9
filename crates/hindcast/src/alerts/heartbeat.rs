//! Heartbeats: a source says now and then how many entries it has sent since it last said so. What was sent and is not here is
//! told by an entry, for which a rule alerts.
//!
//! A heartbeat is an entry like any other, so what a source claimed and what was counted can be looked up and proven.

use crate::catalog::By;
use hindcast_event::{Entry, Timestamp};
use hindcast_segments::query::{ParseContext, Query, TimeRange};
use hindcast_segments::{Budget, Snapshot};
use memchr::memmem;
use serde_json::{Value, json};

const ACTION: &str = "source.heartbeat";

/// What a source said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heartbeat {
    source: String,
    /// Entries it sent since it last said so.
    sent: u64,
    received_at: Timestamp,
}

impl Heartbeat {
    /// Reads an entry, if it is one and says how many.
    pub fn of(entry: &Entry<'_>) -> Option<Self> {
        // Nearly none is, and this is quick.
        memmem::find(entry.event.as_bytes(), ACTION.as_bytes())?;
        let mut text = Vec::new();
        entry.write_json(&mut text).ok()?;
        let json: Value = serde_json::from_slice(&text).ok()?;
        if json["action"] != ACTION {
            return None;
        }
        Some(Self {
            source: json["context"]["source"].as_str()?.to_owned(),
            sent: json["metadata"]["sent"].as_u64()?,
            received_at: entry.received_at,
        })
    }

    /// Counts what came since the heartbeat before it: the draft of an entry, if that is less than was sent.
    pub fn gap(&self, snapshot: &Snapshot) -> anyhow::Result<Option<Value>> {
        let source = format!("source:{}", json!(self.source));
        let query = |text: String, received| -> anyhow::Result<Query> {
            let parsed = Query::parse(&text, &ParseContext::default())
                .map_err(|errors| anyhow::anyhow!("{errors}"))?;
            Ok(Query { received, archive: true, ..parsed })
        };
        let until = Some(self.received_at.micros());
        let before = query(format!("{source} action:{ACTION}"), TimeRange { from: None, until })?;
        let found = snapshot.search(&before, None, 1, &Budget::default())?.entries;
        // Nobody knows since when the first one counts.
        let Some(last) = found.get(0).map(|entry| entry.received_at) else { return Ok(None) };
        let between = TimeRange { from: Some(last.micros() + 1), until };
        let counted = query(format!("{source} -action:{ACTION}"), between)?;
        let received = snapshot.count(&counted, &Budget::default())?;
        let told = |missing| {
            let (from, until) = (last.to_string(), self.received_at.to_string());
            let metadata = json!({
                "source": self.source, "from": from, "until": until,
                "expected": self.sent, "received": received, "missing": missing,
            });
            let target = json!([{ "type": "source", "id": self.source }]);
            By::server().event("log.gap_reported", target, metadata)
        };
        Ok(self.sent.checked_sub(received).filter(|missing| *missing > 0).map(told))
    }
}
