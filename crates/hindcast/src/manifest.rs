//! Changing which segments of a workspace count: in the journal first, and then in the room, as the journal has it.
//!
//! Other servers change manifests too. So nothing is taken from memory: a segment gives way by its name, the journal refuses
//! whoever is too late, and what a room has afterwards is what the journal says.

use crate::app::App;
use crate::rooms::Room;
use hindcast_ledger::journal::Sealed;
use hindcast_ledger::{AppendError, SealError};
use hindcast_segments::SegmentMeta;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It counts.
    Done,
    /// Somebody else was faster, and what was written for it is gone: look again.
    Meanwhile,
}

impl App {
    /// Lets new segments count in the place of those named. With `sealed`, entries below it leave the journal.
    pub(crate) fn change_segments(
        &self,
        room: &Room,
        sealed: Option<u64>,
        remove: &[String],
        add: &[SegmentMeta],
    ) -> anyhow::Result<Changed> {
        let _one_at_a_time = room.changing();
        let sealed = match sealed {
            Some(sealed) => sealed,
            None => self.ledger.head(&room.id)?.sealed,
        };
        let named = add.iter().map(|meta| Sealed {
            first: meta.first_index,
            name: meta.id.clone(),
            meta: meta.to_json(),
        });
        match self.ledger.seal(&room.id, sealed, remove.to_vec(), named.collect()) {
            Ok(()) => {
                self.rooms.refresh(room)?;
                Ok(Changed::Done)
            }
            Err(SealError::Append(AppendError::Stale(_))) => {
                add.iter().for_each(|meta| room.store.discard(meta));
                self.rooms.refresh(room)?;
                Ok(Changed::Meanwhile)
            }
            // When nobody knows whether it was refused, it stays until somebody does.
            Err(error) => {
                if !matches!(error, SealError::Append(AppendError::Stopped(_) | AppendError::InDoubt(_))) {
                    add.iter().for_each(|meta| room.store.discard(meta));
                }
                Err(error.into())
            }
        }
    }
}
