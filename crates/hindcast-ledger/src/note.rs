//! Signed notes: a text with signatures below it, as C2SP defines them.
//!
//! What a text says is not for this module. Nobody gets to see the text of a note before a key
//! they trust has signed it; signatures of strangers are ignored, but one bad signature of a known
//! key spoils the note.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::key::{Attestation, Cosigner, Signer, VerifierKey, is_name};

/// The longest note we read or write, in bytes.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;

/// The most signatures a note may carry.
pub const SIGNATURES_MAX: usize = 100;

/// A text and the signatures below it, none of them checked yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One line below a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    pub(crate) name: String,
    pub(crate) id: u32,
    pub(crate) bytes: Vec<u8>,
}

/// The text of a note, and whom we trust of those who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote<'n, 'k> {
    /// What was signed.
    pub text: &'n str,
    /// The good signatures, at least one, and one for each key.
    pub attestations: Vec<Attestation<'k>>,
}

/// Why a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Fetch it again, or ask whoever wrote it.
    #[error("the note is malformed: {0}")]
    Malformed(&'static str),
    /// Shorten it.
    #[error("the note is longer than {NOTE_BYTES_MAX} bytes")]
    TooLong,
    /// Leave some signatures out.
    #[error("the note has more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// Keep it as evidence: somebody changed the text or forged the signature.
    #[error("the signature of {name}+{id:08x} does not fit the note")]
    BadSignature {
        /// The name of the known key.
        name: String,
        /// Its id.
        id: u32,
    },
    /// Find out which key to trust; this note is signed by none of ours.
    #[error("the note is not signed by any known key")]
    Unknown,
}

impl Note {
    /// Signs a text, which must end in a newline.
    pub fn sign(text: String, signer: &Signer) -> Result<Self, NoteError> {
        check_characters(&text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::Malformed("the text does not end in a newline"));
        }
        let signatures = vec![signer.sign(&text)];
        let note = Self { text, signatures };
        note.check_length()?;
        Ok(note)
    }

    /// Makes the signature of a witness that saw this note at `time`, in seconds since 1970.
    ///
    /// Whether the note deserves it is to be found out before.
    pub fn cosign(&self, cosigner: &Cosigner, time: u64) -> NoteSignature {
        cosigner.cosign(&self.text, time)
    }

    /// Adds a signature, in place of an earlier one of the same key.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        let mut changed = self.clone();
        changed.signatures.retain(|old| (&old.name, old.id) != (&signature.name, signature.id));
        changed.signatures.push(signature);
        if changed.signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        changed.check_length()?;
        *self = changed;
        Ok(())
    }

    /// Checks the signatures of the keys we know and hands out the text.
    pub fn verify<'k>(
        &self,
        known: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<VerifiedNote<'_, 'k>, NoteError> {
        let known: Vec<&VerifierKey> = known.into_iter().collect();
        let mut attestations: Vec<Attestation<'k>> = Vec::new();
        for NoteSignature { name, id, bytes } in &self.signatures {
            let mut keys = known.iter().filter(|key| key.name() == name && key.id() == *id);
            let Some(first) = keys.next() else { continue };
            let attestation = std::iter::once(first)
                .chain(keys)
                .find_map(|key| key.verify(&self.text, bytes))
                .ok_or_else(|| NoteError::BadSignature { name: name.clone(), id: *id })?;
            if attestations.iter().all(|seen| seen.key != attestation.key) {
                attestations.push(attestation);
            }
        }
        if attestations.is_empty() {
            return Err(NoteError::Unknown);
        }
        Ok(VerifiedNote { text: &self.text, attestations })
    }

    /// The first line of the text, unverified: good for finding out which key should have signed it, and nothing else.
    pub fn claimed_origin(&self) -> &str {
        self.text.split('\n').next().unwrap_or_default()
    }

    /// The same text with only the signatures that bear the name and id of one of these keys.
    pub fn signed_by<'k>(&self, keys: impl IntoIterator<Item = &'k VerifierKey>) -> Self {
        let keys: Vec<&VerifierKey> = keys.into_iter().collect();
        let is_of = |signature: &&NoteSignature| {
            keys.iter().any(|key| key.name() == signature.name && key.id() == signature.id)
        };
        let signatures = self.signatures.iter().filter(is_of).cloned().collect();
        Self { text: self.text.clone(), signatures }
    }

    /// The signatures as they stand, good or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    fn check_length(&self) -> Result<(), NoteError> {
        if self.to_string().len() > NOTE_BYTES_MAX { Err(NoteError::TooLong) } else { Ok(()) }
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong);
        }
        check_characters(note)?;
        // The text may have empty lines of its own; the last one of the note begins the signatures.
        let (text, below) = note
            .rfind("\n\n")
            .and_then(|end| note.split_at_checked(end + 1))
            .ok_or(NoteError::Malformed("there is no empty line before the signatures"))?;
        let lines = below
            .strip_prefix('\n')
            .and_then(|below| below.strip_suffix('\n'))
            .ok_or(NoteError::Malformed("it does not end in a newline"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(line.parse()?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl fmt::Debug for Note {
    /// Leaves the text out, which is nobody's word until it is verified.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note").field("signatures", &self.signatures).finish_non_exhaustive()
    }
}

impl NoteSignature {
    /// The name of the key that is said to have made it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of that key.
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        let (name, base64) = line
            .strip_prefix("— ")
            .and_then(|line| line.split_once(' '))
            .filter(|(name, _)| is_name(name))
            .ok_or(NoteError::Malformed("a line below the text is not a signature"))?;
        let bytes = STANDARD
            .decode(base64)
            .map_err(|_| NoteError::Malformed("a signature is not in strict base64"))?;
        match bytes.split_first_chunk() {
            Some((id, bytes)) if !bytes.is_empty() => {
                let (name, id) = (name.to_owned(), u32::from_be_bytes(*id));
                Ok(Self { name, id, bytes: bytes.to_vec() })
            }
            _ => Err(NoteError::Malformed("a signature is too short")),
        }
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.to_be_bytes().as_slice(), &self.bytes].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(NoteError::Malformed("it has control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(name: &str) -> Signer {
        Signer::new(name, &[0x42; 32]).unwrap()
    }

    fn note(text: &str) -> Note {
        Note::sign(text.to_owned(), &signer("log")).unwrap()
    }

    #[test]
    fn a_note_is_split_at_its_last_empty_line() {
        let note = note("one\n\ntwo\n");
        let again: Note = note.to_string().parse().unwrap();
        assert_eq!(again, note);
        let log = signer("log");
        assert_eq!(again.verify([log.verifier_key()]).unwrap().text, "one\n\ntwo\n");
    }

    #[test]
    fn strangers_are_ignored_and_their_kind_does_not_matter() {
        let mut note = note("text\n");
        // An unknown key of an unknown kind, and the name of a known key with another id.
        note.add("— stranger AAAAAP8=".parse().unwrap()).unwrap();
        note.add("— log AAAAAP8=".parse().unwrap()).unwrap();
        note.add(signer("other").sign("some other text\n")).unwrap();
        let log = signer("log");
        let verified = note.verify([log.verifier_key()]).unwrap();
        assert_eq!(verified.attestations.len(), 1);
        assert_eq!(note.to_string().parse(), Ok(note));
    }

    #[test]
    fn one_bad_signature_of_a_known_key_spoils_the_note() {
        let (log, other) = (signer("log"), signer("other"));
        let mut note = note("text\n");
        note.add(other.sign("some other text\n")).unwrap();
        let refused = note.verify([log.verifier_key(), other.verifier_key()]);
        let id = other.verifier_key().id();
        assert_eq!(refused, Err(NoteError::BadSignature { name: "other".to_owned(), id }));
        // Also when the same key has a good signature further up.
        let good = Note::sign("text\n".to_owned(), &log).unwrap().to_string();
        let doubled: Note = format!("{good}{}\n", log.sign("changed\n")).parse().unwrap();
        assert!(matches!(doubled.verify([log.verifier_key()]), Err(NoteError::BadSignature { .. })));
    }

    #[test]
    fn a_note_without_a_known_signature_tells_nothing() {
        let other = signer("other");
        assert_eq!(note("text\n").verify([other.verifier_key()]), Err(NoteError::Unknown));
        assert_eq!(note("text\n").verify([]), Err(NoteError::Unknown));
        assert!(!format!("{:?}", note("telling\n")).contains("telling"));
    }

    #[test]
    fn a_signature_repeated_counts_once() {
        let log = signer("log");
        let good = note("text\n").to_string();
        let line = good.lines().last().unwrap();
        let doubled: Note = format!("{good}{line}\n").parse().unwrap();
        assert_eq!(doubled.verify([log.verifier_key()]).unwrap().attestations.len(), 1);
    }

    #[test]
    fn signing_again_replaces_the_signature() {
        let mut note = note("text\n");
        note.add(signer("log").sign("text\n")).unwrap();
        assert_eq!(note.signatures().len(), 1);
    }

    #[test]
    fn malformed_notes_are_refused() {
        for bad in [
            "",
            "\n",
            "\n\n",
            "text\n",
            "text\n\n",
            "text\n\n\n",
            "text\n— log AAAAAP8=\n",
            "text\n\n— log AAAAAP8=",
            "text\n\n— log AAAAAP8=\n\n",
            "text\n\n— log AAAAAP8=\nx\n",
            "text\n\n- log AAAAAP8=\n",
            "text\n\n— log  AAAAAP8=\n",
            "text\n\n— lo+g AAAAAP8=\n",
            "text\n\n— lo\u{2003}g AAAAAP8=\n",
            "text\n\n—  AAAAAP8=\n",
            "text\n\n— log AAAAAP8\n",
            "text\n\n— log AAAAAP9=\n", // stray bits
            "text\n\n— log AAAAAA==\n", // an id and nothing else
            "text\n\n— log \n",
            "te\txt\n\n— log AAAAAP8=\n",
            "text\r\n\r\n— log AAAAAP8=\r\n",
        ] {
            assert!(matches!(bad.parse::<Note>(), Err(NoteError::Malformed(_))), "{bad:?}");
        }
    }

    #[test]
    fn notes_have_limits() {
        let many = "— log AAAAAP8=\n".repeat(SIGNATURES_MAX);
        let mut note: Note = format!("text\n\n{many}").parse().unwrap();
        assert_eq!(
            format!("text\n\n{many}— log AAAAAP8=\n").parse::<Note>(),
            Err(NoteError::TooManySignatures)
        );
        assert_eq!(note.add(signer("other").sign("text\n")), Err(NoteError::TooManySignatures));
        let long = format!("{}\n", "x".repeat(NOTE_BYTES_MAX - 20));
        assert_eq!(Note::sign(long.clone(), &signer("log")), Err(NoteError::TooLong));
        assert!(format!("{long}\n— l AAAAAP8=\n").len() <= NOTE_BYTES_MAX);
        assert!(format!("{long}\n— l AAAAAP8=\n").parse::<Note>().is_ok());
        assert_eq!(
            format!("{long}\n— log AAAAAP8=\n— log AAAAAP8=\n").parse::<Note>(),
            Err(NoteError::TooLong)
        );
    }
}
