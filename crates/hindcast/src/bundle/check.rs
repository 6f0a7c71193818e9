//! Reading a bundle, and what it shows.

use super::members::{Member, Members};
use super::{About, FORMAT, Mode, Record, Sides};
use crate::hex::unhex;
use hindcast_ledger::{
    Checkpoint, Commitment, Disclosure, Hash, Note, Opening, Published, RangeFold, RangeProof, VerifierKey,
    verify_inclusion,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use tar::Archive;

/// Hashes of one path.
const PATH_MAX: usize = 63;

/// What whoever verifies brings along.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'g> {
    /// The key of the log, from elsewhere than the bundle.
    pub key: Option<&'g VerifierKey>,
    /// The keys of witnesses.
    pub witnesses: &'g [VerifierKey],
}

/// What a bundle shows.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it says of itself, which is true as far as it can be shown.
    pub about: About,
    /// The checkpoint everything leads to, and the witnesses that saw it.
    pub published: Published,
    /// Whether the key was given from elsewhere.
    pub is_pinned: bool,
    /// Indexes that are missing, or whose sections are closed, and no notice says why.
    pub gaps: Vec<u64>,
    /// Indexes that notices explain.
    pub explained: u64,
    /// Anchors that came along; what they are worth is for others to say.
    pub anchors: u64,
}

/// Why a bundle shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not what was signed.
    #[error("{0}")]
    Invalid(String),
    /// It is no bundle.
    #[error("this is no bundle: {0}")]
    Unreadable(String),
}

pub(super) fn invalid<T>(told: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Invalid(told.into()))
}

/// So many gaps are named.
const GAPS_MAX: usize = 100;

/// Reads a bundle from its first byte to its last; takes little memory, however large it is.
pub fn check(file: impl Read, given: Given<'_>) -> Result<Checked, Refused> {
    let mut archive = Archive::new(file);
    let mut members = Members::of(&mut archive)?;
    let mut head = Head::default();
    while let Some(mut member) = members.next()? {
        match member.name {
            "bundle.json" => head.about = Some(about(&member.text()?)?),
            "checkpoint" => head.note = Some(member.text()?),
            "vkey" => head.key = Some(member.text()?),
            "proof.json" => head.sides = Some(sides(&member.text()?)?),
            "anchors/" => head.anchors += 1,
            "notices.jsonl" => {
                let (about, published) = head.opened(given)?;
                head.notices = notices(&mut member, about, &published)?;
            }
            "records.jsonl" => {
                let checked = records(&mut member, &head, given)?;
                return match members.next()? {
                    None => Ok(checked),
                    Some(_) => invalid("something stands behind the records"),
                };
            }
            _ => drop(member.text()?),
        }
    }
    match head.about {
        None => Err(Refused::Unreadable("it has no bundle.json".to_owned())),
        Some(_) => invalid("it has no records.jsonl"),
    }
}

/// What stands before the records.
#[derive(Default)]
struct Head {
    about: Option<About>,
    note: Option<String>,
    key: Option<String>,
    sides: Option<RangeProof>,
    notices: Vec<Range<u64>>,
    anchors: u64,
}

impl Head {
    /// What the bundle says of itself, and the checkpoint it came with.
    fn opened(&self, given: Given<'_>) -> Result<(&About, Published), Refused> {
        let missing = |name: &str| Refused::Invalid(format!("it has no {name}"));
        let about = self.about.as_ref().ok_or_else(|| missing("bundle.json"))?;
        let note: Note = parsed("checkpoint", self.note.as_deref().ok_or_else(|| missing("checkpoint"))?)?;
        let own: VerifierKey = parsed("vkey", self.key.as_deref().ok_or_else(|| missing("vkey"))?.trim_end())?;
        let key = given.key.unwrap_or(&own);
        let published = Checkpoint::open(&note, key, given.witnesses);
        let published = published.map_err(|error| Refused::Invalid(format!("checkpoint: {error}")))?;
        let checkpoint = &published.checkpoint;
        if (checkpoint.origin(), checkpoint.size()) != (about.origin.as_str(), about.size) {
            return invalid("bundle.json speaks of another log or size than the checkpoint");
        }
        Ok((about, published))
    }
}

fn about(text: &str) -> Result<About, Refused> {
    let about: About =
        serde_json::from_str(text).map_err(|error| Refused::Invalid(format!("bundle.json: {error}")))?;
    if about.format != FORMAT {
        return invalid(format!("the format {:?} is not known here", about.format));
    }
    if about.from > about.until || about.until > about.size {
        return invalid("bundle.json: from, until and size are no range of the log");
    }
    if about.mode == Mode::Filtered && about.withheld > 0 {
        return invalid("bundle.json: nothing is withheld in a filtered bundle");
    }
    Ok(about)
}

fn sides(text: &str) -> Result<RangeProof, Refused> {
    let sides: Sides =
        serde_json::from_str(text).map_err(|error| Refused::Invalid(format!("proof.json: {error}")))?;
    let hashes = |side: Vec<String>| -> Result<Vec<Hash>, Refused> {
        if side.len() > PATH_MAX {
            return invalid("proof.json has too many hashes");
        }
        side.iter().map(|hash| parsed("proof.json", hash)).collect()
    };
    Ok(RangeProof { left: hashes(sides.left)?, right: hashes(sides.right)? })
}

fn parsed<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, Refused>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| Refused::Invalid(format!("{what}: {error}")))
}

/// A record as it was hashed.
struct Hashed {
    record: Record,
    opening: Option<Opening>,
    leaf: Hash,
}

fn hashed(line: &str) -> Result<Hashed, Refused> {
    let mut record: Record =
        serde_json::from_str(line).map_err(|error| Refused::Invalid(format!("a record: {error}")))?;
    let told = |index: u64, error: &dyn std::fmt::Display| Refused::Invalid(format!("entry {index}: {error}"));
    let index = record.index;
    let (opening, body) = match (record.sections.take(), &record.body) {
        (Some(sections), None) => {
            let disclosures = sections.into_iter().map(Disclosure::try_from).collect::<anyhow::Result<_>>();
            let opening = disclosures.map_err(|error| told(index, &error))?;
            let opening = Opening::new(opening).map_err(|error| told(index, &error))?;
            let body = opening.body().map_err(|error| told(index, &error))?;
            (Some(opening), body)
        }
        (None, Some(body)) => (None, Hash::from_bytes(unhex(body).map_err(|error| told(index, &error))?)),
        _ => return invalid(format!("entry {index} is neither open nor withheld")),
    };
    let leaf = Commitment::new(record.kind, record.received_at_us, body).leaf();
    Ok(Hashed { record, opening, leaf })
}

impl Hashed {
    /// Whether the record leads to the root by its own path.
    fn prove(&self, about: &About, root: &Hash) -> Result<(), Refused> {
        let index = self.record.index;
        let Some(path) = &self.record.path else { return invalid(format!("entry {index} has no path")) };
        if path.len() > PATH_MAX {
            return invalid(format!("entry {index}: the path is too long"));
        }
        let path = path.iter().map(|hash| parsed("path", hash)).collect::<Result<Vec<Hash>, _>>()?;
        verify_inclusion(&self.leaf, index, about.size, &path, root)
            .map_err(|error| Refused::Invalid(format!("entry {index}: {error}")))
    }

    /// Whether a section is closed without the bundle saying why.
    fn lacks(&self, about: &About) -> bool {
        let is_closed = |section: &Disclosure| matches!(section, Disclosure::Erased { .. });
        let opening = self.opening.as_ref();
        about.closed.is_empty() && opening.is_some_and(|opening| opening.disclosures().iter().any(is_closed))
    }
}

/// What notices say they cover.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Covers {
    from: u64,
    until: u64,
}

fn notices<R: Read>(
    member: &mut Member<'_, R>,
    about: &About,
    published: &Published,
) -> Result<Vec<Range<u64>>, Refused> {
    let (mut covered, mut order) = (Vec::new(), Order::default());
    member.each_line(|line| {
        let notice = hashed(line)?;
        order.take(&notice.record)?;
        notice.prove(about, &published.checkpoint.root())?;
        covered.extend(covers(&notice));
        Ok(())
    })?;
    Ok(covered)
}

/// The indexes that a notice of erasure or retention explains.
fn covers(notice: &Hashed) -> Option<Range<u64>> {
    if !matches!(notice.record.kind, 2 | 3) {
        return None;
    }
    let sections: BTreeMap<_, _> = notice.opening.as_ref()?.sections().collect();
    let covers: Covers = serde_json::from_str(sections.get("meta:covers")?).ok()?;
    // A notice speaks of what was there before it.
    (covers.from < covers.until && covers.until <= notice.record.index).then_some(covers.from..covers.until)
}

/// Indexes and times ascend.
#[derive(Default)]
struct Order(Option<(u64, u64)>);

impl Order {
    fn take(&mut self, record: &Record) -> Result<(), Refused> {
        let (index, time) = (record.index, record.received_at_us);
        if self.0.is_some_and(|(before, earlier)| index <= before || time <= earlier) {
            return invalid(format!("entry {index} does not come after the one before it"));
        }
        self.0 = Some((index, time));
        Ok(())
    }
}

fn records<R: Read>(
    member: &mut Member<'_, R>,
    head: &Head,
    given: Given<'_>,
) -> Result<Checked, Refused> {
    let (about, published) = head.opened(given)?;
    let root = published.checkpoint.root();
    let mut fold = match (about.mode, &head.sides) {
        (Mode::Filtered, None) => None,
        (Mode::Filtered, Some(_)) => return invalid("a filtered bundle has no proof.json"),
        (Mode::Range, None) => return invalid("it has no proof.json"),
        (Mode::Range, Some(sides)) => {
            let fold = RangeFold::new(about.from, about.size, sides);
            Some(fold.map_err(|error| Refused::Invalid(error.to_string()))?)
        }
    };
    let is_explained = |index: u64| head.notices.iter().any(|covered| covered.contains(&index));
    let (mut order, mut open, mut withheld) = (Order::default(), 0, 0);
    let (mut gaps, mut explained) = (Vec::new(), 0);
    member.each_line(|line| {
        let found = hashed(line)?;
        let index = found.record.index;
        order.take(&found.record)?;
        match &mut fold {
            Some(_) if found.record.path.is_some() => return invalid(format!("entry {index} has a path in a range")),
            Some(fold) => {
                if index != fold.next() {
                    return invalid(format!("entry {index} stands where {} was expected", fold.next()));
                }
                fold.push(found.leaf).map_err(|error| Refused::Invalid(error.to_string()))?;
            }
            None if found.opening.is_none() => return invalid(format!("entry {index} is withheld in a filtered bundle")),
            None => found.prove(about, &root)?,
        }
        if found.opening.is_some() { open += 1 } else { withheld += 1 }
        match found.lacks(about) {
            true if is_explained(index) => explained += 1,
            true if gaps.len() < GAPS_MAX => gaps.push(index),
            _ => {}
        }
        Ok(())
    })?;
    if (open, withheld) != (about.count, about.withheld) {
        return invalid(format!(
            "it has {open} open and {withheld} withheld entries, and says {} and {}",
            about.count, about.withheld
        ));
    }
    if let (Some(fold), Some(sides)) = (fold, &head.sides) {
        if fold.next() != about.until {
            return invalid(format!("the range ends before {}, not {}", fold.next(), about.until));
        }
        let found = fold.finish(sides).map_err(|error| Refused::Invalid(error.to_string()))?;
        if found != root {
            return invalid("the entries do not lead to the root of the checkpoint");
        }
    }
    Ok(Checked {
        about: about.clone(),
        published: published.clone(),
        is_pinned: given.key.is_some(),
        gaps,
        explained,
        anchors: head.anchors,
    })
}
