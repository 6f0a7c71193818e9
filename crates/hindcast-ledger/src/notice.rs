//! Notices: entries that say what is no longer there, and why that is no gap.
//!
//! A notice speaks of entries before it. It says which in its section `meta:covers`, a JSON array of `[from, until]`, and
//! one of retention shows by `meta:last` that nothing younger than `meta:cutoff_us` went: the 42 bytes of the youngest entry
//! it covers hash to the leaf that is still in the tree, and times only ascend. See `docs/formats/bundle.md`.

use crate::commitment::{COMMITMENT_BYTES, Commitment};
use crate::tree::SIZE_MAX;
use hindcast_event::json::{Json, parse};
use hindcast_event::{Indexes, Kind};
use std::ops::Range;

/// The ranges one notice may name; more need more notices.
pub const COVERS_MAX: usize = 500;

/// The section in which a notice says which indexes it covers, as pairs of the first and the one after the last.
pub const COVERS: &str = "meta:covers";
/// Of a notice of retention: the commitment of the last entry it covers, in hexadecimal.
pub const LAST: &str = "meta:last";
/// And the time after which nothing went, in microseconds since 1970.
pub const CUTOFF: &str = "meta:cutoff_us";

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// [`Kind::ErasureNotice`] explains values that are erased and entries that are gone, [`Kind::RetentionNotice`] only
    /// the latter.
    pub kind: Kind,
    /// The entries it speaks of.
    pub covers: Indexes,
    /// The youngest of them, as it was committed to.
    pub last: Option<Commitment>,
    /// Nothing received after this went, in microseconds since 1970.
    pub cutoff_us: Option<u64>,
}

impl Notice {
    /// What the entry at `index` says, if it is a notice; one that cannot be read, or is spelled otherwise than we do,
    /// explains nothing.
    pub fn read<'a>(
        index: u64,
        kind: Kind,
        sections: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Option<Self> {
        if !matches!(kind, Kind::ErasureNotice | Kind::RetentionNotice) {
            return None;
        }
        let mut notice = Self { kind, covers: Indexes::default(), last: None, cutoff_us: None };
        for (name, value) in sections {
            match (name, kind) {
                (COVERS, _) => notice.covers = read_covers(value, index)?,
                (LAST, Kind::RetentionNotice) => notice.last = Some(read_last(value)?),
                (CUTOFF, Kind::RetentionNotice) => notice.cutoff_us = Some(read_cutoff(value)?),
                _ => {}
            }
        }
        let is_whole = kind == Kind::ErasureNotice || notice.last.is_some() && notice.cutoff_us.is_some();
        (is_whole && !notice.covers.is_empty()).then_some(notice)
    }

    /// `meta:covers` of some ranges.
    pub fn write_covers(covers: &[Range<u64>]) -> String {
        let pairs: Vec<String> =
            covers.iter().map(|range| format!("[{},{}]", range.start, range.end)).collect();
        format!("[{}]", pairs.join(","))
    }

    /// `meta:last` of the youngest entry, as text.
    pub fn write_last(last: &Commitment) -> String {
        last.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn read_covers(value: &str, index: u64) -> Option<Indexes> {
    let Ok(Json::Array(pairs)) = parse(value) else { return None };
    let mut covers: Vec<Range<u64>> = Vec::with_capacity(pairs.len());
    for pair in &pairs {
        let Json::Array(pair) = pair else { return None };
        let [Json::Number(from), Json::Number(until)] = pair.as_slice() else { return None };
        let (from, until) = (from.parse::<u64>().ok()?, until.parse::<u64>().ok()?);
        // Ascending, and of what was there before.
        if from < covers.last().map_or(0, |last| last.end) || until <= from || until > index {
            return None;
        }
        covers.push(from..until);
    }
    (Notice::write_covers(&covers) == value).then(|| covers.into_iter().collect())
}

fn read_last(value: &str) -> Option<Commitment> {
    let digits = value.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    if digits.len() != 2 * COMMITMENT_BYTES || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let bytes =
        digits.as_chunks::<2>().0.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
    Commitment::from_bytes(&bytes.collect::<Option<Vec<u8>>>()?).ok()
}

fn read_cutoff(value: &str) -> Option<u64> {
    value.parse().ok().filter(|cutoff: &u64| *cutoff <= SIZE_MAX && cutoff.to_string() == value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hash;

    fn read(covers: &str) -> Option<Notice> {
        Notice::read(20, Kind::ErasureNotice, [("core", "{}"), ("meta:covers", covers)])
    }

    #[test]
    fn a_notice_names_what_was_before_it_in_one_spelling() {
        let notice = read("[[3,5],[7,20]]").expect("good");
        assert_eq!(notice.covers.ranges(), [3..5, 7..20]);
        assert_eq!(Notice::write_covers(notice.covers.ranges()), "[[3,5],[7,20]]");
        for wrong in [
            "[[3,21]]",
            "[[7,9],[3,5]]",
            "[[5,5]]",
            "[[3,5,6]]",
            "[]",
            "{}",
            "[[-1,5]]",
            "[[3,5.0]]",
            "[[3,\"5\"]]",
            "[[3, 5]]",
            "[[3,5]] ",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(Notice::read(20, Kind::System, [("meta:covers", "[[3,5]]")]), None, "no notice");
    }

    #[test]
    fn one_of_retention_shows_its_youngest_entry() {
        let last = Commitment::new(0, 17, Hash::of(&[b"body"]));
        let text = format!("\"{}\"", Notice::write_last(&last));
        let sections = [("meta:covers", "[[0,5]]"), ("meta:cutoff_us", "18"), ("meta:last", text.as_str())];
        let notice = Notice::read(20, Kind::RetentionNotice, sections).expect("good");
        assert_eq!((notice.last, notice.cutoff_us), (Some(last), Some(18)));
        assert_eq!(Notice::read(20, Kind::RetentionNotice, [sections[0]]), None, "without the proof");
        let shouted = text.to_uppercase();
        assert_eq!(
            Notice::read(20, Kind::RetentionNotice, [sections[0], sections[1], (LAST, &shouted)]),
            None
        );
        for cutoff in ["+18", "018", "18 ", "18.0", "9223372036854775808", ""] {
            let other = [sections[0], (CUTOFF, cutoff), sections[2]];
            assert_eq!(Notice::read(20, Kind::RetentionNotice, other), None, "{cutoff}");
        }
        let erased = [sections[0], (LAST, "1"), (CUTOFF, "x")];
        assert!(Notice::read(20, Kind::ErasureNotice, erased).is_some(), "one of erasure needs neither");
    }
}
