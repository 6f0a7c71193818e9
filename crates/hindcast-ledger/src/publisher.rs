//! The publisher: the one thread that signs.
//!
//! It looks at what is durable, signs a checkpoint for it, and has the sequencer keep the note; only then is the
//! note shown to anybody. So no crash can lead to a different tree of a size that was once signed.

use crate::Checkpoint;
use crate::evidence::Evidence;
use crate::sequencer::Request;
use crate::shared::{Live, Shared};
use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// What the one process claims that signs for all.
pub const SIGNING: &str = "publisher";
/// How often the record of what was signed is written.
const EVIDENCE_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Publisher {
    shared: Arc<Shared>,
    evidence: Evidence,
    evidence_at: Instant,
}

impl Publisher {
    pub(crate) fn start(shared: Arc<Shared>, evidence: Evidence) -> io::Result<JoinHandle<()>> {
        let mut publisher = Self { shared, evidence, evidence_at: Instant::now() };
        Builder::new().name("publisher".into()).spawn(move || {
            while publisher.shared.stopped.get().is_none() {
                publisher.publish_all();
                if publisher.evidence_at.elapsed() >= EVIDENCE_EVERY {
                    publisher.write_evidence();
                }
                if let Err(error) = publisher.shared.journal.tidy()
                    && publisher.shared.survive(error).is_break()
                {
                    return;
                }
                std::thread::park_timeout(publisher.shared.config.checkpoint_every);
            }
            publisher.publish_all();
            publisher.write_evidence();
            publisher.shared.journal.release();
        })
    }

    fn publish_all(&mut self) {
        let shared = self.shared.clone();
        // One process signs for all; another takes over when it is gone.
        if shared.silence.why().is_some() || !shared.journal.claim(SIGNING).unwrap_or(false) {
            return;
        }
        let (done, answers) = mpsc::channel();
        let mut asked = 0;
        for (workspace, live) in shared.lives() {
            if let Some((checkpoint, note)) = signed(&live) {
                let done = done.clone();
                let size = checkpoint.size();
                let reply =
                    Box::new(move |kept: Result<(), _>| drop(done.send(kept.ok().map(|()| checkpoint))));
                shared.submit(Request::Publish { workspace, size, note, reply });
                asked += 1;
            }
        }
        // Each is answered: kept, refused, or dropped with the sequencer.
        drop(done);
        for checkpoint in answers.iter().take(asked).flatten() {
            self.evidence.note(checkpoint.origin(), checkpoint.size(), checkpoint.root());
        }
    }

    fn write_evidence(&mut self) {
        // A record that cannot be written is tried again in a second; appends do not wait for it.
        if let Err(error) = self.evidence.write() {
            self.shared.observer.unguarded(&error);
        }
        self.evidence_at = Instant::now();
    }
}

/// A checkpoint over everything durable, if the last one does not cover it.
fn signed(live: &Live) -> Option<(Checkpoint, String)> {
    let state = live.read();
    let frontier = &state.head.frontier;
    let covered = state.published.as_ref().is_some_and(|(size, _)| *size >= frontier.size());
    if covered || state.quarantined.is_some() {
        return None;
    }
    let checkpoint = Checkpoint::new(&state.head.origin, frontier.size(), frontier.root()).ok()?;
    let note = checkpoint.sign(&live.signer).ok()?;
    Some((checkpoint, note.to_string()))
}
