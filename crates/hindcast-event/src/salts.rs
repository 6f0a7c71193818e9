//! What salts the commitment of an entry, whole or partly erased.
//!
//! The key of an entry would give away the salt of an erased section, and with it the means to guess what stood there. So
//! an entry of which something was erased has no key: what is left is the salt of each section that is still there, and
//! the digest of each that is not.

use crate::event::{Damaged, Event};
use std::fmt;

/// The random bytes from which the salts of an entry's sections are derived.
pub type Key = [u8; 16];

/// What salts the commitment of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Salts<'a> {
    /// Every section is there, and their salts are derived from this.
    Key(Key),
    /// Some sections are erased.
    Left(Left<'a>),
}

/// What erasing left of an entry, checked against its sections: a run of `0, 16 bytes salt` for a section that is there,
/// `1, 32 bytes digest` for one that is not, and `2, 32 bytes digest, u8 length, name` for one whose name may stay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Left<'a>(&'a [u8]);

/// What is left of one section.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Remnant<'a> {
    /// The section is there; this is its salt.
    Salt([u8; 16]),
    /// The section is erased.
    Digest {
        /// The digest it had.
        digest: [u8; 32],
        /// Its name, where every entry may have such a section.
        name: Option<&'a str>,
    },
}

const SALT: u8 = 0;
const NAMELESS: u8 = 1;
const NAMED: u8 = 2;

impl<'a> Left<'a> {
    /// Reads what [`Remnant::write`] wrote, and checks that it has a salt for each section of the event and no more.
    pub fn of(event: Event<'_>, bytes: &'a [u8]) -> Result<Self, Damaged> {
        let mut rest = bytes;
        let mut salts = 0;
        while !rest.is_empty() {
            let (remnant, after) = split(rest).ok_or(Damaged("what erasing left is cut short".into()))?;
            salts += usize::from(matches!(remnant, Remnant::Salt(_)));
            rest = after;
        }
        if salts != event.raw_sections().count() {
            return Err(Damaged("what erasing left does not fit the sections".into()));
        }
        Ok(Self(bytes))
    }

    /// Bytes that [`Self::of`] has accepted before.
    pub(crate) fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes of it.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// What is left of each section, in the order they had.
    pub fn remnants(self) -> impl Iterator<Item = Remnant<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (remnant, after) = split(rest)?;
            rest = after;
            Some(remnant)
        })
    }

    /// How many sections are erased.
    pub fn erased(self) -> usize {
        self.remnants().filter(|remnant| matches!(remnant, Remnant::Digest { .. })).count()
    }
}

impl Remnant<'_> {
    /// Appends what [`Left::of`] reads.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Salt(salt) => {
                out.push(SALT);
                out.extend_from_slice(salt);
            }
            Self::Digest { digest, name } => {
                // No name that may stay is as long as 255 bytes.
                let name = name.and_then(|name| Some((u8::try_from(name.len()).ok()?, name)));
                out.push(if name.is_some() { NAMED } else { NAMELESS });
                out.extend_from_slice(digest);
                if let Some((length, name)) = name {
                    out.push(length);
                    out.extend_from_slice(name.as_bytes());
                }
            }
        }
    }
}

fn split(bytes: &[u8]) -> Option<(Remnant<'_>, &[u8])> {
    let (form, rest) = bytes.split_first()?;
    if *form == SALT {
        let (salt, rest) = rest.split_first_chunk()?;
        return Some((Remnant::Salt(*salt), rest));
    }
    let (digest, rest) = rest.split_first_chunk()?;
    match *form {
        NAMELESS => Some((Remnant::Digest { digest: *digest, name: None }, rest)),
        NAMED => {
            let (length, rest) = rest.split_first()?;
            let (name, rest) = rest.split_at_checked(usize::from(*length))?;
            Some((Remnant::Digest { digest: *digest, name: Some(str::from_utf8(name).ok()?) }, rest))
        }
        _ => None,
    }
}

impl fmt::Debug for Left<'_> {
    /// Leaves the salts out, so that they do not end up in diagnostics.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Left").field("erased", &self.erased()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push_section;

    #[test]
    fn what_is_left_is_read_back_and_has_to_fit_the_sections() {
        let mut sections = Vec::new();
        push_section("", "core", "{}", &mut sections);
        let event = Event::from_bytes(&sections).expect("whole");
        let remnants = [
            Remnant::Digest { digest: [1; 32], name: Some("actor") },
            Remnant::Salt([2; 16]),
            Remnant::Digest { digest: [3; 32], name: None },
        ];
        let mut bytes = Vec::new();
        remnants.iter().for_each(|remnant| remnant.write(&mut bytes));
        let left = Left::of(event, &bytes).expect("whole");
        assert!(left.remnants().eq(remnants));
        assert_eq!(left.erased(), 2);
        assert!(Left::of(event, &bytes[..bytes.len() - 1]).is_err(), "cut short");
        assert!(Left::of(event, &[&bytes[..], &[SALT; 17]].concat()).is_err(), "a salt without a section");
        assert!(Left::of(event, &[9]).is_err(), "an unknown form");
        assert!(!format!("{left:?}").contains("2, 2"));
    }
}
