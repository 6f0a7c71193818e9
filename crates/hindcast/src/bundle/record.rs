//! The records of a bundle: from what one shows up to its leaf.

use super::refused::{Refused, invalid, of};
use super::{Record, Section};
use crate::hex::unhex;
use hindcast_ledger::tree::SIZE_MAX;
use hindcast_ledger::{Commitment, Disclosure, Hash, Opening, verify_inclusion};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a record shows.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    /// Its sections, as far as they are open.
    Open(Opening),
    /// That it is there.
    Withheld,
    /// That it was there.
    Gone,
}

/// A record, and the leaf it leads to.
#[derive(Clone, Debug)]
pub(super) struct Hashed {
    pub index: u64,
    pub kind: Option<u8>,
    pub shown: Shown,
    pub leaf: Hash,
    path: Option<Vec<Hash>>,
}

/// Reads JSON in its one spelling, which is how we write it: no white space, members in their order, the fewest escapes.
pub(super) fn parse<T: DeserializeOwned + Serialize>(what: &str, json: &[u8]) -> Result<T, Refused> {
    let value: T = serde_json::from_slice(json).map_err(of(what))?;
    if serde_json::to_vec(&value).map_err(of(what))? != json {
        return invalid(format!("{what} is not in its one spelling"));
    }
    Ok(value)
}

/// The same for a member that is one line.
pub(super) fn parse_line<T: DeserializeOwned + Serialize>(what: &str, text: &[u8]) -> Result<T, Refused> {
    match text.strip_suffix(b"\n") {
        Some(line) => parse(what, line),
        None => invalid(format!("{what} does not end its line")),
    }
}

/// The body of an entry that shows these sections.
pub(super) fn opening(sections: Vec<Section>) -> anyhow::Result<Opening> {
    let disclosures = sections.into_iter().map(Disclosure::try_from).collect::<anyhow::Result<_>>()?;
    Ok(Opening::new(disclosures)?)
}

/// The leaf of an open entry.
pub(super) fn leaf(kind: u8, received_at_us: u64, opening: &Opening) -> anyhow::Result<Hash> {
    anyhow::ensure!(received_at_us <= SIZE_MAX, "its time is too far ahead");
    Ok(Commitment::new(kind, received_at_us, opening.body()?).leaf())
}

/// Reads records one at a time; indexes and times strictly ascend.
#[derive(Debug, Default)]
pub(super) struct Reader {
    before: Option<(u64, Option<u64>)>,
}

impl Reader {
    /// The record in a line.
    pub fn read(&mut self, line: &[u8]) -> Result<Hashed, Refused> {
        let record: Record = parse("a record", line)?;
        let (index, time) = (record.index, record.received_at_us);
        if let Some((before, earlier)) = self.before {
            let is_later = time.is_none_or(|time| earlier.is_none_or(|earlier| time > earlier));
            if index <= before || !is_later {
                return invalid(format!("entry {index} does not come after the one before it"));
            }
        }
        self.before = Some((index, time.or(self.before.and_then(|(_, earlier)| earlier))));
        hashed(record).map_err(of(&format!("entry {index}")))
    }
}

fn hashed(record: Record) -> anyhow::Result<Hashed> {
    let Record { index, kind, received_at_us, sections, body, leaf: gone, path } = record;
    let (shown, leaf) = match (kind, received_at_us, sections, body, gone) {
        (Some(kind), Some(time), Some(sections), None, None) => {
            let opening = opening(sections)?;
            let leaf = leaf(kind, time, &opening)?;
            (Shown::Open(opening), leaf)
        }
        (Some(kind), Some(time), None, Some(body), None) => {
            anyhow::ensure!(time <= SIZE_MAX, "its time is too far ahead");
            let body = Hash::from_bytes(unhex(&body)?);
            (Shown::Withheld, Commitment::new(kind, time, body).leaf())
        }
        (None, None, None, None, Some(leaf)) => (Shown::Gone, Hash::from_bytes(unhex(&leaf)?)),
        _ => anyhow::bail!("it is neither open nor withheld nor gone"),
    };
    let path = path.map(|path| path.iter().map(|hash| hash.parse()).collect::<Result<_, _>>()).transpose()?;
    Ok(Hashed { index, kind, shown, leaf, path })
}

impl Hashed {
    /// Whether an open record leads to the root by its own path.
    pub fn prove(&self, size: u64, root: &Hash) -> Result<&Opening, Refused> {
        let (Shown::Open(opening), Some(path)) = (&self.shown, &self.path) else {
            return invalid(format!("entry {} is not open, or has no path of its own", self.index));
        };
        verify_inclusion(&self.leaf, self.index, size, path, root)
            .map_err(of(&format!("entry {}", self.index)))?;
        Ok(opening)
    }

    /// Whether it has a path of its own.
    pub fn has_path(&self) -> bool {
        self.path.is_some()
    }

    /// How many of its sections are closed that no hidden field explains; those of hidden fields must be closed, in every
    /// entry alike. One without a name may be any hidden one that fits between its neighbours, because names ascend.
    pub fn lacks(&self, hidden: &[&str]) -> Result<usize, Refused> {
        let Shown::Open(opening) = &self.shown else { return Ok(0) };
        let sections = opening.disclosures();
        let (mut lacking, mut before) = (0, "");
        for (place, section) in sections.iter().enumerate() {
            let is_open = matches!(section, Disclosure::Open { .. });
            let Some(name) = section.name() else {
                let after = sections[place..].iter().find_map(Disclosure::name);
                let fits = hidden.iter().find(|low| {
                    let is_before_next = after.is_none_or(|after| **low < after);
                    is_before_next && (before < **low || low.ends_with(':') && before.starts_with(**low))
                });
                match fits {
                    Some(low) => before = before.max(low),
                    None => lacking += 1,
                }
                continue;
            };
            let is_hidden =
                hidden.iter().any(|low| name == *low || low.ends_with(':') && name.starts_with(*low));
            if is_hidden && is_open {
                return invalid(format!("entry {} shows {name}, which is said to be hidden", self.index));
            }
            lacking += usize::from(!is_open && !is_hidden);
            before = name;
        }
        Ok(lacking)
    }
}
