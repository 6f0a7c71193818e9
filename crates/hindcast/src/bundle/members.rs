//! The members of a bundle, in the order in which they must stand, read one after the other.

use super::check::{Refused, invalid};
use std::io::{BufRead as _, BufReader, Read};
use tar::{Archive, Entries, EntryType};

/// Members that are read whole are at most this large.
const WHOLE_BYTES_MAX: u64 = 16 << 20;
/// A line is at most this long.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Anchors a bundle may have.
const ANCHORS_MAX: usize = 1000;

/// The members in their order; anchors stand where their folder does.
const ORDER: [&str; 9] = [
    "README.txt",
    "verify.py",
    "bundle.json",
    "checkpoint",
    "vkey",
    "anchors/",
    "proof.json",
    "notices.jsonl",
    "records.jsonl",
];

/// The members of a bundle.
pub(super) struct Members<'r, R: Read> {
    entries: Entries<'r, R>,
    next: usize,
    anchors: usize,
}

/// A member.
pub(super) struct Member<'r, R: Read> {
    /// Its name in [`ORDER`].
    pub name: &'static str,
    entry: tar::Entry<'r, R>,
}

impl<'r, R: Read> Members<'r, R> {
    pub fn of(archive: &'r mut Archive<R>) -> Result<Self, Refused> {
        let entries = archive.entries().map_err(|error| Refused::Unreadable(error.to_string()))?;
        Ok(Self { entries, next: 0, anchors: 0 })
    }

    /// The next member, which must come after the one before.
    pub fn next(&mut self) -> Result<Option<Member<'r, R>>, Refused> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        let is_first = self.next == 0;
        let refuse = |told: String| if is_first { Refused::Unreadable(told) } else { Refused::Invalid(told) };
        let entry = entry.map_err(|error| refuse(format!("no tar can be read: {error}")))?;
        let path = entry.path_bytes().into_owned();
        let path = String::from_utf8(path).map_err(|_| refuse("a member has no name".to_owned()))?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(refuse(format!("{path:?} is no plain file")));
        }
        let known = ORDER.iter().skip(self.next).position(|name| match name.strip_suffix('/') {
            Some(_) => is_anchor(&path),
            None => *name == path,
        });
        let Some(at) = known.map(|at| at + self.next) else {
            return Err(refuse(format!("{path:?} is no member of a bundle, or not in its place")));
        };
        if ORDER[at].ends_with('/') {
            self.anchors += 1;
            if self.anchors > ANCHORS_MAX {
                return invalid("there are too many anchors");
            }
            self.next = at;
        } else {
            self.next = at + 1;
        }
        Ok(Some(Member { name: ORDER[at], entry }))
    }
}

/// Whether a name is one plain name in the folder of anchors.
fn is_anchor(path: &str) -> bool {
    path.strip_prefix("anchors/").is_some_and(|name| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    })
}

impl<R: Read> Member<'_, R> {
    /// All of it, as text.
    pub fn text(&mut self) -> Result<String, Refused> {
        if self.entry.size() > WHOLE_BYTES_MAX {
            return invalid(format!("{} is too large", self.name));
        }
        let mut text = String::new();
        let read = self.entry.read_to_string(&mut text);
        read.map_err(|error| Refused::Invalid(format!("{}: {error}", self.name)))?;
        if text.len() as u64 != self.entry.size() {
            return invalid(format!("{} is cut off", self.name));
        }
        Ok(text)
    }

    /// Hands on each line without its end.
    pub fn each_line(&mut self, mut take: impl FnMut(&str) -> Result<(), Refused>) -> Result<(), Refused> {
        let (name, size) = (self.name, self.entry.size());
        let wrong = |told: String| Refused::Invalid(format!("{name}: {told}"));
        let mut reader = BufReader::with_capacity(1 << 16, &mut self.entry);
        let (mut line, mut read) = (Vec::new(), 0_u64);
        loop {
            line.clear();
            let got = (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
            let got = got.map_err(|error| wrong(error.to_string()))? as u64;
            read += got;
            if got == 0 {
                return if read == size { Ok(()) } else { Err(wrong("it is cut off".to_owned())) };
            }
            if line.pop() != Some(b'\n') {
                return Err(wrong("a line is cut off or too long".to_owned()));
            }
            let text = std::str::from_utf8(&line).map_err(|_| wrong("a line is no UTF-8".to_owned()))?;
            take(text)?;
        }
    }
}
