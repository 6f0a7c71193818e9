//! The certificate: a signed note that says what was erased, and when, without saying what it was.

use crate::app::App;
use crate::catalog::Erasure;
use hindcast_event::Timestamp;
use hindcast_ledger::{ReadError, WorkspaceId};

/// What the certificate of an erasure says, signed with the key of the log. Its first line is not the log's origin, so it
/// cannot be taken for a checkpoint. See `docs/formats/erasure.md`.
pub(super) fn certificate(
    app: &App,
    workspace: &WorkspaceId,
    erasure: &Erasure,
    notice: u64,
    finished_at: Timestamp,
) -> Result<String, ReadError> {
    let origin = app.ledger.head(workspace)?.origin;
    let text = format!(
        "hindcast-erasure/1\norigin {origin}\nerasure {}\nnotice {notice}\nentries {}\nsections {}\nmanifest {}\nfinished {finished_at}\n",
        erasure.id, erasure.entries, erasure.sections, erasure.manifest,
    );
    Ok(app.ledger.sign_text(workspace, text)?.to_string())
}
