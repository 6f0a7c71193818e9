//! Evidence bundles: entries with everything that convinces a stranger that they are what was logged, and whether any is
//! missing. The format is described in `docs/formats/bundle.md`.

mod check;
mod members;

pub use check::{Checked, Given, Refused, check};

use crate::hex::{hex, unhex};
use anyhow::bail;
use hindcast_ledger::{Disclosure, Hash};
use serde::{Deserialize, Serialize};

/// What `format` says.
pub const FORMAT: &str = "hindcast-bundle/1";

/// What a bundle says of itself: `bundle.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// [`FORMAT`].
    pub format: String,
    /// Which entries are in it.
    pub mode: Mode,
    /// The log.
    pub origin: String,
    /// How many entries the checkpoint signs.
    pub size: u64,
    /// The first index of the range.
    pub from: u64,
    /// The index after its last.
    pub until: u64,
    /// Open records.
    pub count: u64,
    /// Withheld ones.
    pub withheld: u64,
    /// What was asked for, in the search grammar.
    pub query: String,
    /// Fields that were hidden from whoever took it.
    pub closed: Vec<String>,
    /// When it was made, in RFC 3339.
    pub made_at: String,
}

/// Which entries a bundle has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Every entry between two indexes.
    Range,
    /// Those that a query found.
    Filtered,
}

/// A line of `records.jsonl` or `notices.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its place in the log.
    pub index: u64,
    /// What it is for.
    pub kind: u8,
    /// When it was received, in microseconds since 1970.
    pub received_at_us: u64,
    /// Its sections, if it is open.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sections: Option<Vec<Section>>,
    /// The hash over them in hexadecimal, if it is withheld.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<String>,
    /// The hashes of its inclusion proof in base64, where it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<Vec<String>>,
}

/// A section: open, with salt, name and value, or closed, with its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its name; absent when it is closed along with the value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Its JSON text, exactly as it is hashed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// The 16 bytes it is salted with, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub salt: Option<String>,
    /// Of a closed section: the hash that remains, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub digest: Option<String>,
}

/// What joins a range to the root: `proof.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides {
    /// The subtrees before it, from left to right, in base64.
    pub left: Vec<String>,
    /// Those after it.
    pub right: Vec<String>,
}

impl From<&Disclosure> for Section {
    fn from(disclosure: &Disclosure) -> Self {
        let name = disclosure.name().map(str::to_owned);
        match disclosure {
            Disclosure::Open { salt, value, .. } => {
                Self { name, value: Some(value.clone()), salt: Some(hex(salt)), digest: None }
            }
            Disclosure::Erased { digest, .. } => Self { name, digest: Some(digest.to_hex()), ..Self::default() },
        }
    }
}

impl TryFrom<Section> for Disclosure {
    type Error = anyhow::Error;

    fn try_from(section: Section) -> anyhow::Result<Self> {
        match section {
            Section { name: Some(name), value: Some(value), salt: Some(salt), digest: None } => {
                Ok(Self::Open { salt: unhex(&salt)?, name, value })
            }
            Section { name, value: None, salt: None, digest: Some(digest) } => {
                Ok(Self::Erased { digest: Hash::from_bytes(unhex(&digest)?), name })
            }
            _ => bail!("a section is neither open nor closed"),
        }
    }
}
