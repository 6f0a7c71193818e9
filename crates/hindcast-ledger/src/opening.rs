//! An entry of which some sections are gone, and which still opens its commitment.
//!
//! The key of an entry would give away the salt of an erased section, and with it the means to
//! guess its value. So here the key is replaced by the salts of the sections that remain. The same
//! form shows a stranger some sections and not others. Who may erase what, and which notice must
//! say so, is decided elsewhere.

use std::fmt;

use crate::commitment::{CommitmentError, Key, SECTIONS_MAX, Salt, body, check_name, digest, salt};
use crate::tree::Hash;
use hindcast_event::Entry;

/// What is left of the sections of an entry; however many are erased, the body stays the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening(Vec<Disclosure>);

/// What is left of one section.
#[derive(Clone, PartialEq, Eq)]
pub enum Disclosure {
    /// The section can be read and checked.
    Open {
        /// The secret it was hashed with.
        salt: Salt,
        /// Its name.
        name: String,
        /// Its JSON text.
        value: String,
    },
    /// Only the digest remains.
    Erased {
        /// The digest the section had.
        digest: Hash,
        /// Its name, kept only if a name by itself gives nobody away.
        name: Option<String>,
    },
}

impl Opening {
    /// Opens every section of an entry.
    pub fn full<'a>(
        key: &Key,
        sections: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, CommitmentError> {
        let mut disclosures = Vec::new();
        for (index, (name, value)) in (0_u16..).zip(sections.into_iter().take(SECTIONS_MAX + 1)) {
            let (name, value) = (name.to_owned(), value.to_owned());
            disclosures.push(Disclosure::Open { salt: salt(key, index), name, value });
        }
        Self::new(disclosures)
    }

    /// What there is of an entry: all of it, as long as none of its sections was erased.
    pub fn of(entry: &Entry<'_>) -> Result<Self, CommitmentError> {
        Self::full(&entry.key, entry.event.sections())
    }

    /// Takes the sections in their original order, erased ones in their places.
    pub fn new(disclosures: Vec<Disclosure>) -> Result<Self, CommitmentError> {
        if !(1..=SECTIONS_MAX).contains(&disclosures.len()) {
            return Err(CommitmentError::Sections(disclosures.len()));
        }
        let mut previous: &[u8] = b"";
        for name in disclosures.iter().filter_map(Disclosure::name) {
            check_name(name.as_bytes(), previous)?;
            previous = name.as_bytes();
        }
        Ok(Self(disclosures))
    }

    /// Derives the body, to be compared with the one in the commitment.
    pub fn body(&self) -> Result<Hash, CommitmentError> {
        let digests: Vec<Hash> = self.0.iter().map(Disclosure::digest).collect();
        body(&digests)
    }

    /// Erases the open section of this name, and the name too unless it may stay; answers whether
    /// there was such a section.
    pub fn erase(&mut self, name: &str, keep_name: bool) -> bool {
        let open = |section: &&mut Disclosure| {
            matches!(section, Disclosure::Open { .. }) && section.name() == Some(name)
        };
        let Some(section) = self.0.iter_mut().find(open) else { return false };
        let name = keep_name.then(|| name.to_owned());
        *section = Disclosure::Erased { digest: section.digest(), name };
        true
    }

    /// What is left of each section, in order.
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.0
    }

    /// The sections that can still be read.
    pub fn sections(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|section| match section {
            Disclosure::Open { name, value, .. } => Some((name.as_str(), value.as_str())),
            Disclosure::Erased { .. } => None,
        })
    }
}

impl Disclosure {
    /// The digest of the section, derived if it is open.
    pub fn digest(&self) -> Hash {
        match self {
            Self::Open { salt, name, value } => digest(salt, name, value),
            Self::Erased { digest, .. } => *digest,
        }
    }

    /// The name of the section, if it is still known.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Open { name, .. } => Some(name),
            Self::Erased { name, .. } => name.as_deref(),
        }
    }
}

impl fmt::Debug for Disclosure {
    /// Leaves salts and values out, so that neither ends up in diagnostics.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { name, .. } => f.debug_struct("Open").field("name", name).finish(),
            Self::Erased { digest, name } => {
                f.debug_struct("Erased").field("digest", digest).field("name", name).finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::commit;

    const KEY: Key = *b"a key for a test";
    const SECTIONS: [(&str, &str); 3] =
        [("actor", r#"{"id":"ana"}"#), ("core", "{}"), ("meta:plan", r#""gold""#)];

    #[test]
    fn erasing_any_sections_leaves_the_body_as_it_was() {
        let committed = commit(&KEY, SECTIONS).unwrap();
        for erased in 0..8 {
            let mut opening = Opening::full(&KEY, SECTIONS).unwrap();
            for (bit, (name, _)) in SECTIONS.iter().enumerate() {
                if erased >> bit & 1 == 1 {
                    assert!(opening.erase(name, bit == 0));
                }
            }
            assert_eq!(opening.sections().count(), 3 - (erased as u32).count_ones() as usize);
            assert_eq!(opening.body().unwrap(), committed);
            let again = Opening::new(opening.disclosures().to_vec()).unwrap();
            assert_eq!(again, opening);
        }
    }

    #[test]
    fn a_section_is_erased_once_and_takes_its_name_along() {
        let mut opening = Opening::full(&KEY, SECTIONS).unwrap();
        assert!(opening.erase("meta:plan", false));
        assert_eq!(opening.disclosures()[2].name(), None);
        assert!(opening.erase("actor", true));
        assert_eq!(opening.disclosures()[0].name(), Some("actor"));
        assert!(!opening.erase("actor", true));
        assert!(!opening.erase("nobody", true));
    }

    #[test]
    fn a_changed_value_opens_nothing() {
        let mut sections = SECTIONS;
        sections[1].1 = "{ }";
        let opening = Opening::full(&KEY, sections).unwrap();
        assert_ne!(opening.body(), commit(&KEY, SECTIONS));
    }

    #[test]
    fn sections_out_of_order_are_refused_even_around_a_nameless_one() {
        let mut sections = Opening::full(&KEY, SECTIONS).unwrap();
        sections.erase("core", false);
        let mut disclosures = sections.disclosures().to_vec();
        disclosures.swap(0, 2);
        assert_eq!(Opening::new(disclosures), Err(CommitmentError::Order("actor".to_owned())));
        assert_eq!(Opening::new(Vec::new()), Err(CommitmentError::Sections(0)));
    }

    #[test]
    fn diagnostics_show_no_value_and_no_salt() {
        let opening = Opening::full(&KEY, SECTIONS).unwrap();
        let shown = format!("{opening:?}");
        assert!(shown.contains("actor") && !shown.contains("ana"), "{shown}");
    }
}
