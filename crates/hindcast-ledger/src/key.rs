//! The keys that sign notes, and the keys that check them.
//!
//! A log signs with a [`Signer`], a witness with a [`Cosigner`]; both are Ed25519, yet a key made
//! for one is never good for the other, because its kind is part of its identity. Seeds come in by
//! reference, are wiped when dropped and are never shown. Where they are kept is the caller's care.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::note::NoteSignature;
use crate::tree::Hash;

/// Signs the checkpoints of a log.
pub struct Signer {
    seed: SigningKey,
    verifier: VerifierKey,
}

/// Signs, as a witness, that it saw a checkpoint at a certain time.
pub struct Cosigner {
    seed: SigningKey,
    verifier: VerifierKey,
}

/// The public half of a key, with the name it goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    id: u32,
    key: VerifyingKey,
}

/// What a key signs, and how; the numbers are those of the signed-note specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519 over the text of a note.
    Ed25519 = 0x01,
    /// Ed25519 over a time and the text of a note, as witnesses do.
    CosignatureV1 = 0x04,
}

/// A signature found good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attestation<'k> {
    /// The key it was checked with.
    pub key: &'k VerifierKey,
    /// For a cosignature, the seconds since 1970 it vouches for.
    pub time: Option<u64>,
}

/// Why something is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Choose a name that is not empty and has no white space, control characters or "+".
    #[error("{0:?} cannot be the name of a key")]
    Name(String),
    /// Copy the key again: it is written as name, id and key with "+" between them.
    #[error("a verifier key must be written as name+id+key")]
    Format,
    /// Copy the key again: name and key do not make the id that is given.
    #[error("the id of verifier key {0} does not match its name and key")]
    Id(String),
    /// Use a key of a kind we know.
    #[error("verifier key {name} is of kind {kind:#04x}, which is not known here")]
    Kind {
        /// The name of the key.
        name: String,
        /// Its kind.
        kind: u8,
    },
    /// Use another key: this one verifies signatures nobody made, or none at all.
    #[error("verifier key {0} is not a sound Ed25519 key")]
    Unsound(String),
}

impl Signer {
    /// Makes a signer from its name, which should be the origin of its log, and its seed.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let (seed, verifier) = key_pair(name, KeyKind::Ed25519, seed)?;
        Ok(Self { seed, verifier })
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.verifier.name
    }

    /// The key others check our signatures with.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs the text of a note.
    pub fn sign(&self, text: &str) -> NoteSignature {
        let signature = self.seed.sign(text.as_bytes()).to_bytes();
        self.verifier.signature(signature.to_vec())
    }
}

impl Cosigner {
    /// Makes a cosigner from the name of the witness and its seed.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let (seed, verifier) = key_pair(name, KeyKind::CosignatureV1, seed)?;
        Ok(Self { seed, verifier })
    }

    /// The name of the witness.
    pub fn name(&self) -> &str {
        &self.verifier.name
    }

    /// The key others check our cosignatures with.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs that the text of a note was seen at `time`, in seconds since 1970.
    pub fn cosign(&self, text: &str, time: u64) -> NoteSignature {
        let signature = self.seed.sign(cosigned(text, time).as_bytes()).to_bytes();
        self.verifier.signature([time.to_be_bytes().as_slice(), &signature].concat())
    }
}

impl VerifierKey {
    /// Makes a verifier key from its parts.
    pub fn new(name: &str, kind: KeyKind, key: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name(name.to_owned()));
        }
        let unsound = || KeyError::Unsound(name.to_owned());
        if !is_reduced(key) {
            return Err(unsound());
        }
        let key = VerifyingKey::from_bytes(key).map_err(|_| unsound())?;
        if key.is_weak() {
            return Err(unsound());
        }
        let id = key_id(name, &[&[kind as u8], key.as_bytes().as_slice()].concat());
        Ok(Self { name: name.to_owned(), kind, id, key })
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs, and how.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The short number signatures name the key by.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Checks a signature over the text of a note; strictly, so that one message has one signature
    /// and every verifier agrees about it.
    pub fn verify(&self, text: &str, signature: &[u8]) -> Option<Attestation<'_>> {
        let strict = |message: &str, signature: &[u8]| {
            let signature = Signature::from_slice(signature).ok()?;
            self.key.verify_strict(message.as_bytes(), &signature).ok()
        };
        let time = match self.kind {
            KeyKind::Ed25519 => {
                strict(text, signature)?;
                None
            }
            KeyKind::CosignatureV1 => {
                let (time, signature) = signature.split_first_chunk()?;
                let time = u64::from_be_bytes(*time);
                strict(&cosigned(text, time), signature)?;
                Some(time)
            }
        };
        Some(Attestation { key: self, time })
    }

    fn signature(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature { name: self.name.clone(), id: self.id, bytes }
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Format);
        };
        if !is_name(name) {
            return Err(KeyError::Name(name.to_owned()));
        }
        let key = STANDARD.decode(key).map_err(|_| KeyError::Format)?;
        if id != format!("{:08x}", key_id(name, &key)) {
            return Err(KeyError::Id(name.to_owned()));
        }
        let (kind, key) = key.split_first().ok_or(KeyError::Format)?;
        let kind = match kind {
            0x01 => KeyKind::Ed25519,
            0x04 => KeyKind::CosignatureV1,
            &kind => return Err(KeyError::Kind { name: name.to_owned(), kind }),
        };
        Self::new(name, kind, key.try_into().map_err(|_| KeyError::Format)?)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind as u8], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier)
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.verifier)
    }
}

/// Whether the y of a point is below 2^255 - 19, so that the point has no other spelling; not all libraries ask.
fn is_reduced(point: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = point;
    *first < 0xed || middle.iter().any(|byte| *byte != 0xff) || last & 0x7f != 0x7f
}

/// Whether a text can name a key, and so a log.
pub(crate) fn is_name(text: &str) -> bool {
    let barred = |c: char| c.is_whitespace() || c < ' ' || c == '+';
    !text.is_empty() && !text.contains(barred)
}

fn key_pair(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<(SigningKey, VerifierKey), KeyError> {
    let seed = SigningKey::from_bytes(seed);
    let verifier = VerifierKey::new(name, kind, seed.verifying_key().as_bytes())?;
    Ok((seed, verifier))
}

fn key_id(name: &str, kind_and_key: &[u8]) -> u32 {
    let hash = Hash::of(&[name.as_bytes(), b"\n", kind_and_key]);
    let [a, b, c, d, ..] = *hash.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new("audit.example.com/w/acme", &[0x42; 32]).unwrap()
    }

    #[test]
    fn a_verifier_key_survives_being_written_down() {
        let cosigner = Cosigner::new("witness.example.net/w1", &[0x43; 32]).unwrap();
        for key in [signer().verifier_key(), cosigner.verifier_key()] {
            assert_eq!(key.to_string().parse().as_ref(), Ok(key));
        }
    }

    #[test]
    fn a_miscopied_verifier_key_is_refused() {
        let text = signer().verifier_key().to_string();
        let name = "audit.example.com/w/acme".to_owned();
        for (bad, why) in [
            (text.replace("acme", "acne"), KeyError::Id(name.replace("acme", "acne"))),
            (text.replace("7dea", "7DEA"), KeyError::Id(name.clone())),
            (text.replace("ASFS", "ASFT"), KeyError::Id(name.clone())),
            (text.replace("gdsS", "gds"), KeyError::Format),
            (text.replacen("audit", "an audit", 1), KeyError::Name(format!("an {name}"))),
            ("audit".to_owned(), KeyError::Format),
            ("+7dea5347+".to_owned(), KeyError::Name(String::new())),
        ] {
            assert_eq!(bad.parse::<VerifierKey>(), Err(why), "{bad}");
        }
    }

    #[test]
    fn keys_of_unknown_kind_and_weak_keys_are_refused() {
        let written = |kind_and_key: &[u8]| {
            let id = key_id("log", kind_and_key);
            format!("log+{id:08x}+{}", STANDARD.encode(kind_and_key))
        };
        assert_eq!(
            written(&[6; 33]).parse::<VerifierKey>(),
            Err(KeyError::Kind { name: "log".to_owned(), kind: 6 })
        );
        assert_eq!(written(&[1; 32]).parse::<VerifierKey>(), Err(KeyError::Format));
        assert_eq!(written(&[]).parse::<VerifierKey>(), Err(KeyError::Format));
        // The identity point: with it, a signature of zeros and the identity fits any message.
        let mut identity = [0; 33];
        identity[..2].copy_from_slice(&[1, 1]);
        assert_eq!(written(&identity).parse::<VerifierKey>(), Err(KeyError::Unsound("log".to_owned())));
        // A point that has two spellings, y = 3 and y = p + 3, in the one that is not reduced.
        for (first, last) in [(0xf0, 0x7f), (0xf0, 0xff), (0xec, 0xff)] {
            let mut twice = [0xff; 33];
            (twice[0], twice[1], twice[32]) = (1, first, last);
            assert!(written(&twice).parse::<VerifierKey>().is_err());
        }
    }

    #[test]
    fn a_seed_is_never_shown() {
        let shown = format!("{:?}", Signer::new("log", &[0x42; 32]).unwrap());
        assert!(shown.starts_with("Signer(log+") && !shown.contains("66, 66"), "{shown}");
    }

    #[test]
    fn a_key_is_good_for_its_own_kind_only() {
        let (log, witness) = (signer(), Cosigner::new(signer().name(), &[0x42; 32]).unwrap());
        assert_ne!(log.verifier_key().id(), witness.verifier_key().id());
        let signature = log.sign("text\n");
        assert!(log.verifier_key().verify("text\n", &signature.bytes).is_some());
        assert!(witness.verifier_key().verify("text\n", &signature.bytes).is_none());
        let cosignature = witness.cosign("text\n", 7);
        let seen = witness.verifier_key().verify("text\n", &cosignature.bytes);
        assert_eq!(seen.and_then(|seen| seen.time), Some(7));
        assert!(log.verifier_key().verify("text\n", &cosignature.bytes).is_none());
    }
}
