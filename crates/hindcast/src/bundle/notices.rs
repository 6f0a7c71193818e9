//! What notices explain: an erasure or an expiry that the log itself announced.

use super::record::{Hashed, Reader, parse};
use super::refused::{Refused, invalid, of};
use super::tape::Tape;
use crate::hex::unhex;
use hindcast_event::Kind;
use hindcast_ledger::commitment::{COMMITMENT_BYTES, Commitment};
use hindcast_ledger::tree::SIZE_MAX;
use hindcast_ledger::{Checkpoint, Hash};
use std::collections::BTreeMap;
use std::io::BufRead;

/// All notices take at most so many bytes.
pub(super) const NOTICES_BYTES_MAX: u64 = 64 << 20;
/// The section in which a notice says which indexes it covers, as pairs of the first and the one after the last.
pub(super) const COVERS: &str = "meta:covers";
/// Of a notice of expiry: the commitment of the last entry it covers, in hexadecimal.
pub(super) const LAST: &str = "meta:last";
/// And the time after which nothing expired, in microseconds.
pub(super) const CUTOFF: &str = "meta:cutoff_us";

/// What the notices of a bundle explain.
#[derive(Debug, Default)]
pub(super) struct Explained {
    erased: Vec<(u64, u64)>,
    expired: Vec<(u64, u64)>,
    lasts: BTreeMap<u64, Hash>,
}

impl Explained {
    /// Reads the notices.
    pub fn read<R: BufRead>(tape: &mut Tape<R>, head: &Checkpoint) -> Result<Self, Refused> {
        let (mut explained, mut reader) = (Self::default(), Reader::default());
        tape.lines("notices.jsonl", NOTICES_BYTES_MAX, |line| explained.take(&reader.read(line)?, head))?;
        for pairs in [&mut explained.erased, &mut explained.expired] {
            pairs.sort_unstable();
            pairs.dedup_by(|next, kept| {
                let meets = next.0 <= kept.1;
                kept.1 = if meets { kept.1.max(next.1) } else { kept.1 };
                meets
            });
        }
        Ok(explained)
    }

    /// Whether values of an entry may be gone.
    pub fn is_erased(&self, index: u64) -> bool {
        is_within(&self.erased, index)
    }

    /// Whether all of an entry may be gone.
    pub fn is_gone(&self, index: u64) -> bool {
        self.is_erased(index) || is_within(&self.expired, index)
    }

    /// The leaf that an entry has, as far as a notice of expiry calls it the last.
    pub fn last(&self, index: u64) -> Option<&Hash> {
        self.lasts.get(&index)
    }

    fn take(&mut self, notice: &Hashed, head: &Checkpoint) -> Result<(), Refused> {
        let what = format!("notice {}", notice.index);
        let sections: BTreeMap<_, _> = notice.prove(head.size(), &head.root())?.sections().collect();
        let said = |name| sections.get(name).copied().unwrap_or_default().as_bytes();
        let covers: Vec<(u64, u64)> = parse(&what, said(COVERS))?;
        let ascend = covers.iter().all(|(from, until)| from < until)
            && covers.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        // A notice speaks of what was there before it.
        let end = covers.last().map(|(_, until)| *until).filter(|until| *until <= notice.index);
        let (true, Some(end)) = (ascend, end) else {
            return invalid(format!("{what} cannot cover what it says"));
        };
        match notice.kind.and_then(Kind::from_byte) {
            Some(Kind::ErasureNotice) => self.erased.extend(covers),
            Some(Kind::RetentionNotice) => {
                let last: String = parse(&what, said(LAST))?;
                let last: [u8; COMMITMENT_BYTES] = unhex(&last).map_err(of(&what))?;
                let last = Commitment::from_bytes(&last).map_err(of(&what))?;
                let cutoff: u64 = parse(&what, said(CUTOFF))?;
                let leaf = last.leaf();
                // Times never decrease, so nothing that is gone is younger than the last of it.
                let is_in_time = cutoff <= SIZE_MAX && last.time_us <= cutoff;
                if !is_in_time || *self.lasts.entry(end - 1).or_insert(leaf) != leaf {
                    return invalid(format!(
                        "{what}: what it calls its last is younger than it says, or another"
                    ));
                }
                self.expired.extend(covers);
            }
            _ => return invalid(format!("{what} is no notice")),
        }
        Ok(())
    }
}

fn is_within(pairs: &[(u64, u64)], index: u64) -> bool {
    let after = pairs.partition_point(|(from, _)| *from <= index);
    after.checked_sub(1).is_some_and(|at| index < pairs[at].1)
}
