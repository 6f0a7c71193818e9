//! A bundle, read from its first byte to its last, and what it shows. Takes little memory, however large it is.

use super::notices::{Explained, NOTICES_BYTES_MAX};
use super::record::{Hashed, Reader, Shown, parse_line};
use super::refused::{Refused, invalid, of};
use super::tape::{MEMBER_BYTES_MAX, Tape};
use super::{About, Checked, FORMAT, Gaps, Given, Mode, Sides, Subject, is_anchor, open_head, text};
use hindcast_event::{Field, Hidden};
use hindcast_ledger::key::KeyKind;
use hindcast_ledger::tree::SIZE_MAX;
use hindcast_ledger::{Checkpoint, Hash, RangeFold, RangeProof, VerifierKey};
use std::io::BufRead;

/// Hashes on one side of a range.
const SIDE_MAX: usize = 63;
const _: () = assert!(NOTICES_BYTES_MAX < MEMBER_BYTES_MAX);

/// Checks a bundle.
pub(super) fn check(file: impl BufRead, given: &Given<'_>) -> Result<Checked, Refused> {
    let mut tape = Tape::new(file);
    tape.text("README.txt")?;
    tape.text("verify.py")?;
    let about = about(&tape.text("bundle.json")?)?;
    let note = text("checkpoint", tape.text("checkpoint")?)?;
    let own = own_key(&text("vkey", tape.text("vkey")?)?)?;
    let pinned = given.key_of(&about.origin);
    let head = open_head(&note, pinned.unwrap_or(&own), pinned.is_some(), given)?;
    let signed = &head.published.checkpoint;
    if (signed.origin(), signed.size()) != (about.origin.as_str(), about.size) {
        return invalid("bundle.json and the checkpoint disagree about origin or size");
    }
    for anchor in &about.anchors {
        tape.text(anchor)?;
    }
    let sides = match about.mode {
        Mode::Range => Some(sides(&tape.text("proof.json")?)?),
        Mode::Filtered => None,
    };
    let explained = Explained::read(&mut tape, signed)?;
    let watched = head.saved.as_ref().map(Checkpoint::size);
    let mut records = Records::new(&about, signed, explained, sides.as_ref(), watched)?;
    let mut reader = Reader::default();
    tape.lines("records.jsonl", MEMBER_BYTES_MAX, |line| records.take(&reader.read(line)?))?;
    tape.end()?;
    let (gaps, root_then) = records.finish(sides.as_ref())?;
    head.judged(Subject::Bundle(about), gaps, root_then, given)
}

/// What a bundle says of itself, as far as that can be true.
fn about(json: &[u8]) -> Result<About, Refused> {
    let about: About = parse_line("bundle.json", json)?;
    if about.format != FORMAT {
        return invalid(format!("the format {:?} is not known here", about.format));
    }
    if about.from > about.until || about.until > about.size || about.size > SIZE_MAX {
        return invalid("bundle.json: from, until and size are out of order");
    }
    let hidden = about.hidden();
    if !hidden.fields().map(Field::as_str).eq(about.closed.iter().map(String::as_str)) {
        return invalid("bundle.json: closed names no fields, or not in their order");
    }
    let ascend = about.anchors.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascend || !about.anchors.iter().all(|name| is_anchor(name)) {
        return invalid("bundle.json: anchors have other names, or not in their order");
    }
    Ok(about)
}

impl About {
    /// The fields that were hidden from whoever took the bundle.
    pub fn hidden(&self) -> Hidden {
        self.closed.iter().filter_map(|word| Field::parse(word)).collect()
    }
}

/// The key a bundle came with.
fn own_key(line: &str) -> Result<VerifierKey, Refused> {
    let key = line.strip_suffix('\n').unwrap_or_default().parse::<VerifierKey>().map_err(of("vkey"))?;
    if key.kind() == KeyKind::Ed25519 { Ok(key) } else { invalid("vkey is not the key of a log") }
}

fn sides(json: &[u8]) -> Result<RangeProof, Refused> {
    let Sides { left, right } = parse_line("proof.json", json)?;
    let hashes = |side: Vec<String>| {
        if side.len() > SIDE_MAX {
            return invalid("proof.json has too many hashes");
        }
        side.iter().map(|hash| hash.parse::<Hash>().map_err(of("proof.json"))).collect()
    };
    Ok(RangeProof { left: hashes(left)?, right: hashes(right)? })
}

/// The records as they are read.
struct Records<'a> {
    about: &'a About,
    signed: &'a Checkpoint,
    hidden: Vec<&'static str>,
    explained: Explained,
    /// In a range, the tree as far as it was read.
    fold: Option<RangeFold>,
    open: u64,
    withheld: u64,
    gone: u64,
    gaps: Gaps,
}

impl<'a> Records<'a> {
    fn new(
        about: &'a About,
        signed: &'a Checkpoint,
        explained: Explained,
        sides: Option<&RangeProof>,
        watched: Option<u64>,
    ) -> Result<Self, Refused> {
        let fold = sides.map(|sides| RangeFold::watching(about.from, about.size, sides, watched));
        let fold = fold.transpose().map_err(of("proof.json"))?;
        let hidden = about.hidden().sections();
        let (open, withheld, gone, gaps) = Default::default();
        Ok(Self { about, signed, hidden, explained, fold, open, withheld, gone, gaps })
    }

    fn take(&mut self, record: &Hashed) -> Result<(), Refused> {
        let index = record.index;
        if !(self.about.from..self.about.until).contains(&index) {
            return invalid(format!("entry {index} is not within what bundle.json says"));
        }
        if self.explained.last(index).is_some_and(|last| *last != record.leaf) {
            return invalid(format!("entry {index} is not what a notice says it was"));
        }
        match &mut self.fold {
            Some(_) if record.has_path() => return invalid(format!("entry {index} has a path in a range")),
            Some(fold) if fold.next() != index => {
                return invalid(format!("entry {index} stands where {} was expected", fold.next()));
            }
            Some(fold) => fold.push(record.leaf).map_err(of("the range"))?,
            None => drop(record.prove(self.about.size, &self.signed.root())?),
        }
        match &record.shown {
            Shown::Open(_) => {
                self.open += 1;
                if record.lacks(&self.hidden)? > 0 && !self.explained.is_erased(index) {
                    self.gaps.note(format!("entry {index}: values are gone, and no notice says why"));
                }
            }
            Shown::Withheld => self.withheld += 1,
            Shown::Gone => {
                self.gone += 1;
                if !self.explained.is_gone(index) {
                    self.gaps.note(format!("entry {index}: it is gone, and no notice says why"));
                }
            }
        }
        Ok(())
    }

    /// The gaps, and the root of the size that was watched for.
    fn finish(self, sides: Option<&RangeProof>) -> Result<(Gaps, Option<Hash>), Refused> {
        let (about, counted) = (self.about, (self.open, self.withheld, self.gone));
        if counted != (about.count, about.withheld, about.gone) {
            return invalid(format!(
                "bundle.json counts otherwise than we do: open, withheld, gone {counted:?}"
            ));
        }
        let (Some(fold), Some(sides)) = (self.fold, sides) else { return Ok((self.gaps, None)) };
        if fold.next() != about.until {
            return invalid(format!("the range ends before {}, not {}", fold.next(), about.until));
        }
        let (root, root_then) = fold.finish_watched(sides).map_err(of("proof.json"))?;
        if root != self.signed.root() {
            return invalid("the entries do not lead to the root that was signed");
        }
        Ok((self.gaps, root_then))
    }
}
