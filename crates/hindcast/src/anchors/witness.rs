//! The log's side of witnessing: submits checkpoints, proves what is asked for, and keeps the cosignatures.

use super::diverged::{self, Theirs};
use super::web::{Answer, Web};
use super::{Head, Untold};
use crate::app::App;
use crate::config::WitnessOf;
use crate::witness::origin_hash;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::Timestamp;
use hindcast_ledger::witness::{SIZE_MEDIA_TYPE, Submission, cosignature};
use hindcast_ledger::{Checkpoint, Note, NoteSignature, VerifierKey, WorkspaceId};

/// The time of a cosignature may differ so much from our clock. It is what tells a new one from one that was recorded.
const CLOCKS_DIFFER_SECONDS_MAX: i64 = 600;
/// A witness may say once that it holds something else than we thought; another installation with our key may be ahead
/// of us a second time.
const TRIES: usize = 3;

/// A witness as a log sees it.
pub(super) struct Witness {
    url: String,
    key: VerifierKey,
    web: Web,
}

/// What a submission came to.
enum Said {
    Cosigned(NoteSignature, u64),
    /// It holds another size than we thought.
    Holds(u64),
    /// It says that the proof is wrong.
    Inconsistent,
}

impl Witness {
    pub fn new(of: &WitnessOf) -> anyhow::Result<Self> {
        let url = of.url.trim_end_matches('/').to_owned();
        Ok(Self { url, key: of.key.0.clone(), web: Web::new(of.timeout_seconds, of.ca.as_deref())? })
    }

    /// Has the witness cosign a checkpoint. `held` is the size that it cosigned last, as far as we know.
    pub fn submit(&self, app: &App, name: &str, head: &Head, held: u64) -> Result<String, Untold> {
        let size = head.checkpoint.size();
        let mut held = held.min(size);
        for _ in 0..TRIES {
            match self.submit_from(app, head, held)? {
                Said::Cosigned(cosignature, time) => {
                    let kept = app.ledger.cosign(&WorkspaceId::instance(), size, cosignature);
                    kept.context("the cosignature cannot be kept")?;
                    return Ok(seconds(time).to_string());
                }
                Said::Holds(other) if other <= size && other != held => held = other,
                Said::Holds(_) | Said::Inconsistent => return Err(self.find_out(app, name, head)?),
            }
        }
        Err(anyhow::anyhow!("it says another size each time").into())
    }

    fn submit_from(&self, app: &App, head: &Head, old: u64) -> anyhow::Result<Said> {
        let proof = app.ledger.prove_consistency(&WorkspaceId::instance(), old, head.checkpoint.size())?;
        let body = Submission { old, proof, note: head.note.clone() }.to_string();
        let url = format!("{}/add-checkpoint", self.url);
        let asked_at = (app.clock)();
        let answer = self.web.post(&url, &[("content-type", "text/plain; charset=utf-8")], body.into())?;
        match answer.status {
            200 => {
                let (cosignature, time) = cosignature(answer.text()?, &head.note, &self.key)?;
                check_time(seconds(time), asked_at, (app.clock)())?;
                Ok(Said::Cosigned(cosignature, time))
            }
            409 => Ok(Said::Holds(size_in(&answer)?)),
            422 => Ok(Said::Inconsistent),
            _ => Err(answer.unexpected()),
        }
    }

    /// A witness that will not go on has seen another history of ours, or it is mistaken, or it lies. Only a note that we
    /// signed tells which: nobody else could have made it.
    fn find_out(&self, app: &App, name: &str, head: &Head) -> anyhow::Result<Untold> {
        let refuses = "it refuses what continues our log, and shows no checkpoint of ours that would say why";
        let log = app.ledger.verifier_key(&WorkspaceId::instance())?;
        let (note, checkpoint) = self.shown(&log).context(refuses)?;
        let Some(how) = diverged::how(app, &checkpoint)? else {
            bail!("it refuses what continues our log, though the checkpoint it shows is part of it");
        };
        let theirs = Theirs { witness: name, key: &self.key, note: &note, how: &how };
        Ok(Untold::Diverged(diverged::told(&theirs, Some(&head.note), (app.clock)())))
    }

    /// The newest checkpoint that the witness shows of a log of ours, which must be signed with its key.
    pub fn shown(&self, log: &VerifierKey) -> anyhow::Result<(Note, Checkpoint)> {
        let answer = self.web.get(&format!("{}/{}/checkpoint", self.url, origin_hash(log.name())))?;
        if answer.status != 200 {
            return Err(answer.unexpected());
        }
        let note: Note = answer.text()?.parse()?;
        let checkpoint = Checkpoint::open(&note, log, [])?.checkpoint;
        Ok((note, checkpoint))
    }
}

fn size_in(answer: &Answer) -> anyhow::Result<u64> {
    let is_size = answer.media_type == SIZE_MEDIA_TYPE;
    let size = answer.text()?.strip_suffix('\n').and_then(|size| size.parse().ok()).filter(|_| is_size);
    size.context("it says that it holds another size, and not which")
}

fn seconds(time: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(time).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}

fn check_time(time: Timestamp, asked_at: Timestamp, now: Timestamp) -> anyhow::Result<()> {
    let early = asked_at.seconds() - CLOCKS_DIFFER_SECONDS_MAX;
    let late = now.seconds() + CLOCKS_DIFFER_SECONDS_MAX;
    ensure!(
        (early..=late).contains(&time.seconds()),
        "its cosignature is of {time}: it was made before we asked, or one of our clocks is wrong"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosignature_of_another_time_is_refused() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        for (time, is_good) in [(1000, true), (401, true), (399, false), (1609, true), (1611, false)] {
            assert_eq!(check_time(at(time), at(1000), at(1010)).is_ok(), is_good, "{time}");
        }
        assert!(check_time(seconds(u64::MAX), at(1000), at(1010)).is_err());
    }
}
