//! A watch: the rules at work on one workspace. Live alerting, backtests and replays judge entries by nothing else.

use super::desk::{Desk, Taken};
use super::{Alert, Rulebook};
use crate::facts::Import;
use crate::sources::IMPORTED_FROM;
use hindcast_event::{Entry, Timestamp};
use hindcast_rules::detection::JudgeError;
use hindcast_rules::{State, Verdict};
use memchr::memmem;
use std::collections::BTreeMap;
use std::sync::Arc;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub book: Arc<Rulebook>,
    pub state: State,
    pub desk: Desk,
    /// Whether entries are judged by the times that they claim: a year of the demo arrives in a minute.
    pub is_claimed: bool,
}

/// What became of an alert while some entries were judged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moved {
    /// As it is now.
    pub alert: Alert,
    /// It was not there before.
    pub is_new: bool,
    /// It is graver than before.
    pub is_graver: bool,
}

/// Alerts that moved, in the order in which they first did.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    order: Vec<String>,
    moved: BTreeMap<String, Moved>,
}

impl Moves {
    fn take(&mut self, alert: &Alert, taken: Taken) {
        let moved = self.moved.entry(alert.id.clone()).or_insert_with(|| {
            self.order.push(alert.id.clone());
            Moved { alert: alert.clone(), is_new: false, is_graver: false }
        });
        moved.alert.clone_from(alert);
        moved.is_new |= taken == Taken::Raised;
        moved.is_graver |= taken == Taken::Graver;
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn into_list(mut self) -> Vec<Moved> {
        self.order.iter().filter_map(|id| self.moved.remove(id)).collect()
    }
}

impl Watch {
    /// A watch that knows nothing of the workspace yet.
    pub fn begin(book: Arc<Rulebook>, workspace: &str) -> Self {
        let state = book.detector.state(workspace);
        Self { book, state, desk: Desk::new(workspace), is_claimed: false }
    }

    /// Judges entries in the order of their indexes; one that cannot be read is told of and passed over, and so is one of which
    /// nobody knows when it happened.
    pub fn judge<'e>(
        &mut self,
        entries: impl Iterator<Item = Entry<'e>>,
        moves: &mut Moves,
    ) -> Result<(), JudgeError> {
        let mut verdicts = Vec::new();
        for entry in entries {
            self.judge_one(entry, &mut verdicts, moves)?;
        }
        Ok(())
    }

    /// Judges one entry, and hands it back with the time at which it counts as received; nothing for one that was passed over.
    /// What the rules say of it takes the place of what is in `verdicts`.
    pub fn judge_one<'e>(
        &mut self,
        mut entry: Entry<'e>,
        verdicts: &mut Vec<Verdict>,
        moves: &mut Moves,
    ) -> Result<Option<Entry<'e>>, JudgeError> {
        verdicts.clear();
        let Some(received) = self.received(&entry) else { return Ok(None) };
        entry.received_at = received;
        match self.book.detector.judge(&mut self.state, &entry, verdicts) {
            Err(JudgeError::Damaged(error)) => {
                tracing::warn!(index = entry.index, %error, "an entry cannot be judged");
                return Ok(None);
            }
            other => other?,
        }
        self.take(verdicts, moves);
        Ok(Some(entry))
    }

    /// When an entry counts as received: what is imported, such as a year in a minute, when it happened.
    fn received(&self, entry: &Entry<'_>) -> Option<Timestamp> {
        let may_be_imported = memmem::find(entry.event.as_bytes(), IMPORTED_FROM.as_bytes()).is_some();
        if !(self.is_claimed || may_be_imported) {
            return Some(entry.received_at);
        }
        let Ok(view) = entry.event.view() else { return Some(entry.received_at) };
        match Import::of_view(&view) {
            _ if self.is_claimed => Some(view.occurred_at),
            Some(Import::Timed) => Some(view.occurred_at.min(entry.received_at)),
            Some(Import::Timeless) => None,
            None => Some(entry.received_at),
        }
    }

    /// Asks which sources are silent at a time.
    pub fn listen(&mut self, now: Timestamp, moves: &mut Moves) -> Result<(), JudgeError> {
        let verdicts = self.book.detector.silences(&self.state, now)?;
        self.take(&verdicts, moves);
        Ok(())
    }

    fn take(&mut self, verdicts: &[Verdict], moves: &mut Moves) {
        for verdict in verdicts {
            let (alert, taken) = self.desk.take(verdict, self.book.quiet_seconds(&verdict.rule));
            moves.take(alert, taken);
        }
    }
}
