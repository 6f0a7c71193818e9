//! Entries on their way out, and whose they are.

use crate::deliver::guard::Guard;
use crate::deliver::smtp::Ours;
use hindcast_event::{Language, Timestamp};
use hindcast_ledger::{Clock, WorkspaceId};
use serde_json::{Map, Value};
use std::sync::Arc;

/// An entry on its way: as the API shows it, behind the sight of its destination.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// Its place in the log.
    pub index: u64,
    /// What receivers know it by; the same however often it comes.
    pub id: String,
    /// The caller's claim.
    pub occurred_at: Timestamp,
    /// Our clock.
    pub received_at: Timestamp,
    /// What happened.
    pub json: Map<String, Value>,
    /// The same as an item of Intercom's activity log; empty unless that is its format.
    pub activity_log: Map<String, Value>,
    /// The length of its JSON.
    pub bytes: usize,
    /// Which attempt at it this is, from 1.
    pub attempt: u32,
    /// It happened nowhere; somebody wants to see whether it arrives.
    pub is_test: bool,
}

impl Outgoing {
    /// The text at a dotted path, such as `actor.id`.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The value at a dotted path.
    pub fn at(&self, path: &str) -> Option<&Value> {
        let mut names = path.split('.');
        let first = self.json.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }
}

/// Whose entries go out, and what a kind of destination needs of the house.
#[derive(Clone)]
pub(crate) struct Sender {
    /// Whose log it is.
    pub workspace: WorkspaceId,
    /// What this installation is called: `ledger.name`.
    pub host: String,
    /// The id of the destination.
    pub destination: String,
    /// Our clock.
    pub clock: Clock,
    /// Says which addresses may be spoken to.
    pub guard: Arc<Guard>,
    /// Signs for the log of the workspace.
    pub notary: Arc<dyn Notary>,
    /// What messages to its people need.
    pub people: Arc<People>,
}

/// What messages to the people of a workspace need.
#[derive(Clone, Default)]
pub(crate) struct People {
    /// What the workspace is called.
    pub workspace: String,
    /// The language of those who chose none.
    pub language: Language,
    /// The time zone of those who chose none.
    pub zone: String,
    /// The address people reach us at; empty when it is not known.
    pub public_url: String,
    /// The mail server of this installation.
    pub mail: Option<Arc<Ours>>,
}

/// Signs for the log of a workspace, and knows how far it is.
pub(crate) trait Notary: Send + Sync {
    /// The newest signed checkpoint; nothing while there is none.
    fn checkpoint(&self) -> Option<String>;

    /// A signed note of a text, which ends in a line break and is no checkpoint.
    fn sign(&self, text: String) -> anyhow::Result<String>;
}
