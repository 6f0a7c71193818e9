//! What the tree holds of an entry: 42 bytes that fix its content without telling it.
//!
//! Each section is hashed with a salt of its own, so that a value can be erased and the hash that
//! stays behind cannot be tested against guesses. The sections themselves are opaque here: a name
//! and some text, hashed byte for byte as they are kept. `opening.rs` handles entries whose
//! sections are no longer all there. A commitment never changes once its leaf is in the tree.

use sha2::{Digest as _, Sha256};

use crate::opening::Opening;
use crate::tree::{Hash, leaf_hash};
use hindcast_event::{Entry, Key, Salts};

/// Bytes in a commitment.
pub const COMMITMENT_BYTES: usize = 42;

/// The version of the format written here.
pub const VERSION: u8 = 1;

/// The most sections an entry may have.
pub const SECTIONS_MAX: usize = 1024;

/// The longest section name, in bytes.
pub const NAME_BYTES_MAX: usize = 256;

/// The secret of a section; whoever erases the section destroys it.
pub type Salt = [u8; 16];

/// An entry as the tree knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment {
    /// The version of the format.
    pub version: u8,
    /// What kind of entry it is; any number is carried, so that old verifiers accept new kinds.
    pub kind: u8,
    /// When it was received, in microseconds since 1970.
    pub time_us: u64,
    /// The hash over its sections.
    pub body: Hash,
}

/// Why sections or bytes make no commitment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitmentError {
    /// Split the event into fewer sections, or give it one.
    #[error("an entry needs 1 to {SECTIONS_MAX} sections, not {0}")]
    Sections(usize),
    /// Shorten the name.
    #[error("a section name needs 1 to {NAME_BYTES_MAX} bytes, not {0}")]
    Name(usize),
    /// Sort the sections by the bytes of their names.
    #[error("section {0:?} does not come after the one before it")]
    Order(String),
    /// Look for the right bytes.
    #[error("a commitment has {COMMITMENT_BYTES} bytes, not {0}")]
    Length(usize),
    /// Use a newer verifier.
    #[error("commitment version {0} is not known here")]
    Version(u8),
}

/// Hashes the sections of an entry into its body; names must strictly ascend by their bytes.
pub fn commit<'a, T: AsRef<[u8]> + ?Sized + 'a>(
    key: &Key,
    sections: impl IntoIterator<Item = (&'a T, &'a T)>,
) -> Result<Hash, CommitmentError> {
    let mut digests = Digests::default();
    let mut previous: &[u8] = b"";
    for (name, value) in sections {
        let name = name.as_ref();
        check_name(name, previous)?;
        let salt = salt(key, digests.next_index()?);
        digests.push(digest(&salt, name, value));
        previous = name;
    }
    digests.body()
}

/// The commitment of an entry, from its sections and what is left of those that are erased.
pub fn commitment_of(entry: &Entry<'_>) -> Result<Commitment, CommitmentError> {
    let time = u64::try_from(entry.received_at.micros()).unwrap_or(0);
    let body = match &entry.salts {
        Salts::Key(key) => commit(key, entry.event.raw_sections())?,
        Salts::Left(_) => Opening::of(entry)?.body()?,
    };
    Ok(Commitment::new(entry.kind as u8, time, body))
}

/// The leaf of an entry, from its sections.
pub fn leaf_of(entry: &Entry<'_>) -> Result<Hash, CommitmentError> {
    Ok(commitment_of(entry)?.leaf())
}

/// Derives the salt of the section at `index` from the key of its entry.
pub fn salt(key: &Key, index: u16) -> Salt {
    let hash = Hash::of(&[&[0x10], key, &index.to_be_bytes()]);
    let mut salt = Salt::default();
    salt.copy_from_slice(&hash.as_bytes()[..16]);
    salt
}

/// Hashes one section; this digest stays when the section is erased.
///
/// A name longer than [`NAME_BYTES_MAX`] is refused before it comes here.
pub fn digest(salt: &Salt, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Hash {
    let (name, value) = (name.as_ref(), value.as_ref());
    Hash::of(&[&[0x11], salt, &(name.len() as u16).to_be_bytes(), name, value])
}

/// Hashes the digests of all sections, in their order, into the body of the entry.
pub fn body(digests: &[Hash]) -> Result<Hash, CommitmentError> {
    body_of(digests.len(), digests.iter().map(AsRef::as_ref))
}

impl Commitment {
    /// A commitment of the version written here.
    pub fn new(kind: u8, time_us: u64, body: Hash) -> Self {
        Self { version: VERSION, kind, time_us, body }
    }

    /// The leaf of the tree.
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }

    /// The bytes that are hashed into the leaf and kept in entry bundles.
    pub fn to_bytes(&self) -> [u8; COMMITMENT_BYTES] {
        let mut bytes = [0; COMMITMENT_BYTES];
        bytes[0] = self.version;
        bytes[1] = self.kind;
        bytes[2..10].copy_from_slice(&self.time_us.to_be_bytes());
        bytes[10..].copy_from_slice(self.body.as_bytes());
        bytes
    }

    /// Reads a commitment back.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CommitmentError> {
        let wrong_length = || CommitmentError::Length(bytes.len());
        let bytes: &[u8; COMMITMENT_BYTES] = bytes.try_into().map_err(|_| wrong_length())?;
        let [version, kind, rest @ ..] = bytes;
        if *version != VERSION {
            return Err(CommitmentError::Version(*version));
        }
        let (time, body) = rest.split_first_chunk().ok_or_else(wrong_length)?;
        let body = Hash::try_from(body).map_err(|_| wrong_length())?;
        Ok(Self { version: *version, kind: *kind, time_us: u64::from_be_bytes(*time), body })
    }
}

/// Checks a section name by itself and against the known name before it.
pub(crate) fn check_name(name: &[u8], previous: &[u8]) -> Result<(), CommitmentError> {
    if !(1..=NAME_BYTES_MAX).contains(&name.len()) {
        return Err(CommitmentError::Name(name.len()));
    }
    if name <= previous {
        return Err(CommitmentError::Order(String::from_utf8_lossy(name).into_owned()));
    }
    Ok(())
}

/// Digests gathered before their number is known; only unusual entries need the heap for them.
#[derive(Default)]
struct Digests {
    count: usize,
    first: [[u8; 32]; 16],
    rest: Vec<[u8; 32]>,
}

impl Digests {
    fn next_index(&self) -> Result<u16, CommitmentError> {
        if self.count == SECTIONS_MAX {
            return Err(CommitmentError::Sections(self.count + 1));
        }
        Ok(self.count as u16)
    }

    fn push(&mut self, digest: Hash) {
        match self.first.get_mut(self.count) {
            Some(slot) => *slot = *digest.as_bytes(),
            None => self.rest.push(*digest.as_bytes()),
        }
        self.count += 1;
    }

    fn body(&self) -> Result<Hash, CommitmentError> {
        let first = self.first.get(..self.count).unwrap_or(&self.first);
        body_of(self.count, [first.as_flattened(), self.rest.as_flattened()])
    }
}

fn body_of<'a>(count: usize, digests: impl IntoIterator<Item = &'a [u8]>) -> Result<Hash, CommitmentError> {
    if !(1..=SECTIONS_MAX).contains(&count) {
        return Err(CommitmentError::Sections(count));
    }
    let mut hasher = Sha256::new_with_prefix([0x12]);
    hasher.update((count as u16).to_be_bytes());
    for bytes in digests {
        hasher.update(bytes);
    }
    Ok(Hash::from_bytes(hasher.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_survives_its_bytes() {
        let commitment = Commitment::new(200, u64::MAX, Hash::from_bytes([7; 32]));
        assert_eq!(Commitment::from_bytes(&commitment.to_bytes()), Ok(commitment));
    }

    #[test]
    fn other_lengths_and_versions_are_refused() {
        let bytes = Commitment::new(0, 1, Hash::from_bytes([7; 32])).to_bytes();
        for length in (0..COMMITMENT_BYTES).chain([COMMITMENT_BYTES + 1]) {
            let mut other = bytes.to_vec();
            other.resize(length, 0);
            assert_eq!(Commitment::from_bytes(&other), Err(CommitmentError::Length(length)));
        }
        let mut newer = bytes;
        newer[0] = 2;
        assert_eq!(Commitment::from_bytes(&newer), Err(CommitmentError::Version(2)));
    }

    #[test]
    fn sections_must_be_named_and_strictly_ascending() {
        let key = [0; 16];
        let long = "n".repeat(NAME_BYTES_MAX + 1);
        assert_eq!(commit::<str>(&key, []), Err(CommitmentError::Sections(0)));
        assert_eq!(commit(&key, [("", "1")]), Err(CommitmentError::Name(0)));
        assert_eq!(commit(&key, [(&*long, "1")]), Err(CommitmentError::Name(257)));
        assert!(commit(&key, [(&long[1..], "1")]).is_ok());
        for (first, second) in [("b", "a"), ("a", "a")] {
            let refused = commit(&key, [(first, "1"), (second, "2")]);
            assert_eq!(refused, Err(CommitmentError::Order(second.to_owned())));
        }
    }

    #[test]
    fn any_number_of_sections_up_to_the_limit_gives_the_body_of_their_digests() {
        let key = *b"0123456789abcdef";
        let names: Vec<String> = (0..=SECTIONS_MAX).map(|n| format!("{n:04}")).collect();
        for count in [1, 15, 16, 17, 40, SECTIONS_MAX] {
            let digests: Vec<Hash> = (0_u16..)
                .zip(&names[..count])
                .map(|(index, name)| digest(&salt(&key, index), name, "{}"))
                .collect();
            let sections = names[..count].iter().map(|name| (name.as_str(), "{}"));
            assert_eq!(commit(&key, sections), body(&digests), "{count} sections");
        }
        let too_many = names.iter().map(|name| (name.as_str(), "{}"));
        assert_eq!(commit(&key, too_many), Err(CommitmentError::Sections(1025)));
    }

    #[test]
    fn a_name_cannot_borrow_from_its_value() {
        let key = [1; 16];
        assert_ne!(commit(&key, [("ab", "c")]), commit(&key, [("a", "bc")]));
    }
}
