//! The witness: watches logs of others and cosigns their checkpoints as long as each continues the one before
//! (C2SP tlog-witness).
//!
//! It is a small server beside the house, with a folder, a key and an address of its own; `docs/witness.md` tells how to
//! run one and what its word is worth. What is decided is pure and lives in [`hindcast_ledger::witness`]; here is what it
//! needs of the world. Always: what was decided is on disk before anybody hears of it, and of each log one checkpoint is
//! looked at at a time.

mod http;
mod shelf;

pub(crate) use http::embedded;
pub use http::serve;

use crate::config::{Key, WitnessServer};
use crate::hex::hex;
use anyhow::{Context as _, bail, ensure};
use hindcast_ledger::witness::{Held, Refusal, Refused, SIZE_MEDIA_TYPE, Submission, decide};
use hindcast_ledger::{Clock, Cosigner, VerifierKey, key::KeyKind, seed};
use sha2::{Digest as _, Sha256};
use shelf::Shelf;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Logs that one witness watches.
pub const LOGS_MAX: usize = 1000;
const TEXT: &str = "text/plain; charset=utf-8";

/// What a witness is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its own folder; nothing else is kept there.
    pub folder: PathBuf,
    /// Its name, such as `witness.example.net`.
    pub name: String,
    /// The logs it watches, by their keys; the name of a key is the origin of its log.
    pub logs: Vec<VerifierKey>,
}

impl From<&WitnessServer> for Config {
    fn from(config: &WitnessServer) -> Self {
        let WitnessServer { folder, name, logs, .. } = config.clone();
        Self { folder, name, logs: logs.into_iter().map(|Key(key)| key).collect() }
    }
}

/// Watches logs; see the module.
pub struct Witness {
    cosigner: Cosigner,
    clock: Clock,
    /// By origin.
    watched: BTreeMap<String, Watched>,
    _lock: File,
}

struct Watched {
    key: VerifierKey,
    shelf: Shelf,
    /// One checkpoint at a time: comparing and keeping must not be interleaved.
    held: Mutex<Option<Held>>,
}

/// What a log hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// Lines of text.
    pub body: String,
}

impl Witness {
    /// Opens the folder, and makes it and its key where there are none. A checkpoint held there that cannot be read
    /// stops the start: whoever forgot what it has seen would cosign a second history.
    pub fn open(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let Config { folder, name, logs } = config;
        ensure!(logs.len() <= LOGS_MAX, "a witness watches at most {LOGS_MAX} logs");
        let cosigner = cosigner(&folder, &name)?;
        let lock = crate::app::lock(&folder)?;
        let mut watched = BTreeMap::new();
        for key in logs {
            let origin = key.name().to_owned();
            if key.kind() != KeyKind::Ed25519 {
                bail!("{origin} is not the key of a log but that of a witness");
            }
            let shelf = Shelf::open(folder.join("logs").join(origin_hash(&origin)))?;
            let held = Mutex::new(shelf.held(&key, cosigner.verifier_key())?);
            if watched.insert(origin.clone(), Watched { key, shelf, held }).is_some() {
                bail!("the log {origin} is listed twice");
            }
        }
        Ok(Self { cosigner, clock, watched, _lock: lock })
    }

    /// The key that verifies its cosignatures.
    pub fn verifier_key(&self) -> &VerifierKey {
        self.cosigner.verifier_key()
    }

    /// The origins of the logs it watches.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.watched.keys().map(String::as_str)
    }

    /// `add-checkpoint`: cosigns a checkpoint that continues the one held, after keeping it in its place.
    pub fn add_checkpoint(&self, body: &str) -> Answer {
        match self.added(body) {
            Ok(cosignature) => Answer { status: 200, media_type: TEXT, body: cosignature },
            Err(Failure::Refused(why)) => {
                let media_type = if matches!(why, Refusal::Conflict { .. }) { SIZE_MEDIA_TYPE } else { TEXT };
                let told = match &why {
                    Refusal::Conflict { size } => size.to_string(),
                    why => why.to_string(),
                };
                Answer { status: why.status(), media_type, body: format!("{told}\n") }
            }
            Err(Failure::Unkept(error)) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "a checkpoint could not be kept, so it was not cosigned"
                );
                Answer {
                    status: 500,
                    media_type: TEXT,
                    body: "the checkpoint could not be kept\n".to_owned(),
                }
            }
        }
    }

    fn added(&self, body: &str) -> Result<String, Failure> {
        let submission: Submission = body.parse()?;
        let watched = self.watched.get(submission.note.claimed_origin()).ok_or(Refusal::UnknownLog)?;
        let mut held = watched.held.lock().unwrap_or_else(PoisonError::into_inner);
        let continued = match decide(&watched.key, held.as_ref(), &submission) {
            Ok(continued) => continued,
            Err(refused) => {
                self.keep_evidence(watched, held.as_ref(), &submission, &refused);
                return Err(refused.why.into());
            }
        };
        let now = u64::try_from((self.clock)().seconds()).unwrap_or(0);
        let cosigned = continued.cosign(&self.cosigner, now);
        let (next, cosignature) = cosigned.map_err(|error| Refusal::Malformed(error.to_string()))?;
        watched.shelf.keep(&next).map_err(Failure::Unkept)?;
        *held = Some(next);
        Ok(format!("{cosignature}\n"))
    }

    fn keep_evidence(
        &self,
        watched: &Watched,
        held: Option<&Held>,
        submission: &Submission,
        refused: &Refused,
    ) {
        let (Some(held), Some(contradiction)) = (held, refused.contradiction) else { return };
        let origin = watched.key.name();
        let evidence = shelf::Evidence {
            contradiction,
            held,
            submission,
            log: &watched.key,
            witness: self.verifier_key(),
            at: (self.clock)(),
        };
        match watched.shelf.keep_evidence(&evidence) {
            Ok(Some(file)) => tracing::error!(
                origin, file = %file.display(),
                "a signed checkpoint contradicts the one that was cosigned; both are kept as evidence"
            ),
            Ok(None) => {
                tracing::warn!(origin, "a contradiction was submitted that is kept already, or too many are")
            }
            Err(error) => tracing::error!(origin, error = format!("{error:#}"), "evidence could not be kept"),
        }
    }

    /// The newest checkpoint it cosigned for the log whose origin has this SHA-256, in hexadecimal.
    pub fn checkpoint(&self, hash: &str) -> Option<String> {
        let watched = self.watched.iter().find(|(origin, _)| origin_hash(origin) == hash)?.1;
        let held = watched.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| held.note().to_string())
    }
}

/// The key of the witness in a folder; made where there is none and nothing was cosigned yet.
pub fn cosigner(folder: &std::path::Path, name: &str) -> anyhow::Result<Cosigner> {
    crate::app::private_folder(folder)?;
    let file = folder.join("witness-seed");
    if folder.join("logs").exists() && !file.exists() {
        bail!("{} holds checkpoints, but there is no seed at {}", folder.display(), file.display());
    }
    let seed = seed::read_or_create(&file).context("the seed of the witness")?;
    Ok(Cosigner::new(name, &seed)?)
}

/// By what the monitors of C2SP ask for a log: the SHA-256 of its origin, in hexadecimal.
pub fn origin_hash(origin: &str) -> String {
    hex(&Sha256::digest(origin.as_bytes()))
}

/// Why there is no cosignature.
enum Failure {
    Refused(Refusal),
    Unkept(anyhow::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[cfg(test)]
mod tests;
