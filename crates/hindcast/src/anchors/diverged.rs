//! When somebody holds a checkpoint that we signed and that our history contradicts: an older copy of the data was put
//! back, or two installations write with one key.

use crate::app::App;
use hindcast_event::Timestamp;
use hindcast_ledger::{Checkpoint, Note, VerifierKey, WorkspaceId};

/// The other side of a divergence.
pub(super) struct Theirs<'t> {
    pub witness: &'t str,
    pub key: &'t VerifierKey,
    pub note: &'t Note,
    pub how: &'t str,
}

/// How a checkpoint of the instance log, which we signed, contradicts the log as it is; nothing if it does not.
pub(super) fn how(app: &App, theirs: &Checkpoint) -> anyhow::Result<Option<String>> {
    let instance = WorkspaceId::instance();
    // Asked after the checkpoint was shown: meanwhile we can only have grown.
    let size = app.ledger.head(&instance)?.frontier.size();
    if theirs.size() > size {
        return Ok(Some(format!("it has {} entries, our log only {size}", theirs.size())));
    }
    let is_ours = app.ledger.root(&instance, theirs.size())? == theirs.root();
    Ok((!is_ours).then(|| format!("its first {} entries are not those of our log", theirs.size())))
}

/// The evidence, for people first.
pub(super) fn told(theirs: &Theirs<'_>, ours: Option<&Note>, now: Timestamp) -> String {
    let Theirs { witness, key, note, how } = theirs;
    let submitted = ours.map_or(String::new(), |note| format!("\n--- what we submitted ---\n{note}"));
    format!(
        "hindcast: HISTORY DIVERGED\n\n\
         At {now} the witness {witness} showed a checkpoint that this installation signed and that does not\n\
         go with its log: {how}.\n\
         Either an older copy of the data was put back, or two installations write with the same key.\n\n\
         Nothing is signed while this file is here. Put the newer data back and the file `signed` that belongs to it,\n\
         keep this file elsewhere as evidence, and then remove it from here. docs/witness.md says more.\n\n\
         witness {key}\n\n--- what the witness holds ---\n{note}{submitted}"
    )
}
