//! Before anything is signed after a start, the witnesses are asked how far they have seen us come. An older copy of the
//! data that was put back is noticed then, and not one signature of a second history is made.

use super::diverged::{Theirs, told};
use super::witness::Witness;
use crate::config::{Config, WitnessOf};
use hindcast_event::Timestamp;
use hindcast_ledger::journal::Journal;
use hindcast_ledger::{Signer, Silence, VerifierKey, WorkspaceId, highest_signed};

/// A start waits no longer for a witness, which is asked again soon enough.
const TIMEOUT_SECONDS_MAX: u64 = 3;

/// Asks every witness, and begins the silence if one shows a checkpoint that we signed and that is beyond our data.
pub(crate) fn ask_first(
    config: &Config,
    journal: &dyn Journal,
    seed: &[u8; 32],
    now: Timestamp,
) -> anyhow::Result<()> {
    let heads = journal.heads()?;
    let head = heads.iter().find(|head| head.workspace.as_str() == WorkspaceId::INSTANCE);
    let size = head.map_or(0, |head| head.frontier.size());
    let first_epoch = format!("{}/w/{}/0", config.ledger.name, WorkspaceId::INSTANCE);
    let signer = Signer::new(head.map_or(&first_epoch, |head| &head.origin), seed)?;
    let log = signer.verifier_key();
    let record = config.data.keys.join("signed");
    if highest_signed(&record, log.name())?.is_some_and(|signed| signed > size) {
        // The start is refused anyway, and nothing has diverged yet.
        return Ok(());
    }
    let evidence = std::thread::scope(|scope| {
        let ask = |of| scope.spawn(move || beyond(of, log, size, now));
        let asked: Vec<_> = config.witness.iter().map(ask).collect();
        asked.into_iter().find_map(|thread| thread.join().ok().flatten())
    });
    if let Some(evidence) = evidence {
        let file = Silence::open(&record)?.begin(&evidence)?.to_owned();
        tracing::error!(file = %file.display(), "HISTORY DIVERGED");
    }
    Ok(())
}

/// The evidence that a witness has seen more of our log than there is.
fn beyond(of: &WitnessOf, log: &VerifierKey, size: u64, now: Timestamp) -> Option<String> {
    let soon = WitnessOf { timeout_seconds: of.timeout_seconds.min(TIMEOUT_SECONDS_MAX), ..of.clone() };
    let shown = Witness::new(&soon).and_then(|witness| witness.shown(log));
    let (note, checkpoint) = match shown {
        Ok(shown) => shown,
        Err(error) => {
            tracing::info!(
                witness = of.name,
                error = format!("{error:#}"),
                "the witness shows nothing of our log yet"
            );
            return None;
        }
    };
    let how = format!("it has {} entries, our log only {size}", checkpoint.size());
    let theirs = Theirs { witness: &of.name, key: &of.key.0, note: &note, how: &how };
    (checkpoint.size() > size).then(|| told(&theirs, None, now))
}
