//! Evidence that leaves the server: bundles of entries, and proofs of one, with everything that convinces a stranger that
//! they are what was logged, and whether any is missing.
//!
//! The formats are described in `docs/formats/bundle.md` and `log.md`. [`verify`] is the one place that judges them, for
//! the command line and for the pages; `verify/verify.py` does the same in Python, and tests hold both to one verdict.

mod check;
mod head;
mod notices;
mod readme;
mod record;
mod refused;
mod single;
mod tape;
mod write;

pub use head::{Compared, Consistency};
pub use refused::Refused;
pub use single::{OpenedEntry, Proven};
pub use write::{BundleError, Prepared, Wanted, opened_for};

use crate::hex::{hex, unhex};
use crate::verdict::Verdict;
use anyhow::bail;
use head::open_head;
use hindcast_ledger::{Disclosure, Hash, Published, VerifierKey};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read};
use utoipa::ToSchema;

/// What `format` says.
pub const FORMAT: &str = "hindcast-bundle/1";
/// The verifier in Python, which is shipped in every bundle.
pub const VERIFY_PY: &str = include_str!("../../../../verify/verify.py");

/// So many gaps are named.
const GAPS_MAX: usize = 100;

/// What whoever verifies brings along.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'g> {
    /// The key of the log, from elsewhere than the file.
    pub key: Option<&'g VerifierKey>,
    /// Without that: keys of logs that are known here. A file of one of these logs must be signed by it.
    pub known: &'g [VerifierKey],
    /// The keys of witnesses.
    pub witnesses: &'g [VerifierKey],
    /// A checkpoint of the log that was kept, as a note.
    pub saved: Option<&'g [u8]>,
    /// A proof that joins the two, as `GET /v1/consistency` answers it.
    pub consistency: Option<&'g Consistency>,
}

impl<'g> Given<'g> {
    /// The key that a file of this log must be signed with.
    fn key_of(&self, origin: &str) -> Option<&'g VerifierKey> {
        self.key.or_else(|| self.known.iter().find(|key| key.name() == origin))
    }
}

/// What a file shows: it is what was signed, as far as the verdict goes.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What is in it.
    pub subject: Subject,
    /// The checkpoint everything leads to, and the witnesses that saw it.
    pub published: Published,
    /// Whether the key was given from elsewhere.
    pub is_pinned: bool,
    /// How the checkpoint goes with the one that was kept.
    pub compared: Compared,
    /// What is missing, and no notice says why.
    pub gaps: Gaps,
}

/// What a file is about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Many entries.
    Bundle(About),
    /// One.
    Entry(Proven),
}

/// What is missing without a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// How many entries lack something.
    pub count: u64,
    /// The first of them.
    pub told: Vec<String>,
}

impl Gaps {
    fn note(&mut self, told: String) {
        self.count += 1;
        if self.told.len() < GAPS_MAX {
            self.told.push(told);
        }
    }
}

impl Checked {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match () {
            () if matches!(self.compared, Compared::Diverged { .. }) => Verdict::Diverged,
            () if self.gaps.count > 0 => Verdict::Gap,
            () if self.is_pinned => Verdict::Verified,
            () => Verdict::Unpinned,
        }
    }
}

impl Refused {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Invalid(_) => Verdict::Invalid,
            Self::Unreadable(_) => Verdict::Unreadable,
        }
    }
}

/// Reads a bundle or a proof file, whichever it is by its first bytes, and says what it shows.
pub fn verify(file: impl Read, given: &Given<'_>) -> Result<Checked, Refused> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    let start = first(&mut file)?;
    match &start {
        b"c2sp.org/tlog-proof@" => single::check(start.chain(file), given),
        b"README.txt\0\0\0\0\0\0\0\0\0\0" => check::check(start.chain(file), given),
        _ => Err(Refused::Unreadable("it is neither a bundle nor the proof of an entry".to_owned())),
    }
}

/// The bytes that tell what a file is; zeros where there are none.
fn first(file: &mut impl BufRead) -> Result<[u8; 20], Refused> {
    let mut start = Vec::new();
    file.take(20).read_to_end(&mut start)?;
    start.resize(20, b'?');
    Ok(start.try_into().unwrap_or_default())
}

fn text(what: &str, bytes: Vec<u8>) -> Result<String, Refused> {
    String::from_utf8(bytes).map_err(|_| Refused::Invalid(format!("{what} is not in UTF-8")))
}

/// Whether a name is one plain name in the folder of anchors.
fn is_anchor(path: &str) -> bool {
    path.strip_prefix("anchors/").is_some_and(|name| {
        (1..=80).contains(&name.len())
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    })
}

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
    /// Those of which only the leaf is left.
    pub gone: u64,
    /// What was asked for, in the search grammar.
    pub query: String,
    /// When it was made, in RFC 3339.
    pub made_at: String,
    /// Fields that were hidden from whoever took it.
    pub closed: Vec<String>,
    /// The members with evidence from elsewhere.
    pub anchors: Vec<String>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its place in the log.
    pub index: u64,
    /// What it is for; absent when it is gone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<u8>,
    /// When it was received, in microseconds since 1970; absent when it is gone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub received_at_us: Option<u64>,
    /// Its sections, if it is open.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sections: Option<Vec<Section>>,
    /// The hash over them in hexadecimal, if it is withheld.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<String>,
    /// Its leaf in hexadecimal, if it is gone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leaf: Option<String>,
    /// The hashes of its inclusion proof in base64, where it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<Vec<String>>,
}

/// A section: open, with salt, name and value, or closed, with its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SectionBody)]
pub struct Section {
    /// Its name; absent when it was closed along with the value.
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
            Disclosure::Erased { digest, .. } => {
                Self { name, digest: Some(digest.to_hex()), ..Self::default() }
            }
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
