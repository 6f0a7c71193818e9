//! What notices explain: an erasure or an expiry that the log itself announced.

use super::record::{Hashed, Reader};
use super::refused::{Refused, invalid};
use super::tape::Tape;
use hindcast_event::{Indexes, Kind};
use hindcast_ledger::{Checkpoint, Hash, Notice};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::ops::Range;

/// All notices take at most so many bytes.
pub(super) const NOTICES_BYTES_MAX: u64 = 64 << 20;

/// What the notices of a bundle explain.
#[derive(Debug, Default)]
pub(super) struct Explained {
    erased: Indexes,
    expired: Indexes,
    lasts: BTreeMap<u64, Hash>,
}

impl Explained {
    /// Reads the notices.
    pub fn read<R: BufRead>(tape: &mut Tape<R>, head: &Checkpoint) -> Result<Self, Refused> {
        let (mut explained, mut reader) = (Self::default(), Reader::default());
        let (mut erased, mut expired) = (Vec::new(), Vec::new());
        tape.lines("notices.jsonl", NOTICES_BYTES_MAX, |line| {
            let notice = explained.take(&reader.read(line)?, head)?;
            let ranges = if notice.kind == Kind::ErasureNotice { &mut erased } else { &mut expired };
            ranges.extend_from_slice(notice.covers.ranges());
            Ok(())
        })?;
        (explained.erased, explained.expired) = (sorted(erased), sorted(expired));
        Ok(explained)
    }

    /// Whether values of an entry may be gone.
    pub fn is_erased(&self, index: u64) -> bool {
        self.erased.contains(index)
    }

    /// Whether all of an entry may be gone.
    pub fn is_gone(&self, index: u64) -> bool {
        self.is_erased(index) || self.expired.contains(index)
    }

    /// The leaf that an entry has, as far as a notice of expiry calls it the last.
    pub fn last(&self, index: u64) -> Option<&Hash> {
        self.lasts.get(&index)
    }

    fn take(&mut self, notice: &Hashed, head: &Checkpoint) -> Result<Notice, Refused> {
        let what = format!("notice {}", notice.index);
        let opening = notice.prove(head.size(), &head.root())?;
        let kind = notice.kind.and_then(Kind::from_byte);
        let Some(said) = kind.and_then(|kind| Notice::read(notice.index, kind, opening.sections())) else {
            return invalid(format!("{what} is no notice, or cannot cover what it says"));
        };
        if let (Some(last), Some(cutoff_us), Some(at)) = (&said.last, said.cutoff_us, said.covers.last()) {
            let leaf = last.leaf();
            // Times never decrease, so nothing that is gone is younger than the last of it.
            if last.time_us > cutoff_us || *self.lasts.entry(at).or_insert(leaf) != leaf {
                return invalid(format!(
                    "{what}: what it calls its last is younger than it says, or another"
                ));
            }
        }
        Ok(said)
    }
}

/// Many notices may cover indexes in any order; a set takes them quickly when they ascend.
fn sorted(mut ranges: Vec<Range<u64>>) -> Indexes {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.into_iter().collect()
}
