//! The hashes of sealed entries in the bucket, so that a server can take over a log whose entries it never saw.
//!
//! They lie in chunks of as many leaves each, 32 bytes a leaf. The last one grows: every state of it is a file of its own,
//! called after how many leaves it has, as C2SP tlog-tiles calls its partial tiles. The sweeper takes away states that a
//! later one has made useless.

use super::bucket::Bucket;
use bytes::{Bytes, BytesMut};
use hindcast_ledger::{Hash, Leaves, WorkspaceId};
use std::io;
use std::ops::Range;

/// Leaves in a full chunk: 2 MB.
const CHUNK: u64 = 65_536;
const HASH_BYTES: usize = 32;

/// The folder of all leaves.
pub(crate) const FOLDER: &str = "leaves";

impl Leaves for Bucket {
    fn keep(&self, workspace: &WorkspaceId, first: u64, leaves: &[Hash]) -> io::Result<()> {
        let mut rest = leaves;
        let mut at = first;
        while !rest.is_empty() {
            let (number, before) = (at / CHUNK, at % CHUNK);
            let taken = rest.len().min((CHUNK - before) as usize);
            let mut bytes = BytesMut::with_capacity((before as usize + taken) * HASH_BYTES);
            if before > 0 {
                bytes.extend_from_slice(&self.chunk(workspace, number, before)?);
            }
            rest[..taken].iter().for_each(|leaf| bytes.extend_from_slice(leaf.as_bytes()));
            self.put(&name(workspace, number, before + taken as u64), bytes.freeze())?;
            rest = &rest[taken..];
            at += taken as u64;
        }
        Ok(())
    }

    fn fetch(&self, workspace: &WorkspaceId, range: Range<u64>) -> io::Result<Vec<Hash>> {
        let mut leaves = Vec::with_capacity((range.end - range.start) as usize);
        let mut at = range.start;
        while at < range.end {
            let (number, begin) = (at / CHUNK, at / CHUNK * CHUNK);
            let end = range.end.min(begin + CHUNK);
            let chunk = self.chunk(workspace, number, end - begin)?;
            let wanted = &chunk[(at - begin) as usize * HASH_BYTES..];
            leaves.extend(wanted.as_chunks::<HASH_BYTES>().0.iter().map(|hash| Hash::from_bytes(*hash)));
            at = end;
        }
        Ok(leaves)
    }
}

impl Bucket {
    /// The first so many leaves of a chunk, which may have grown since.
    fn chunk(&self, workspace: &WorkspaceId, number: u64, count: u64) -> io::Result<Bytes> {
        let bytes = count as usize * HASH_BYTES;
        let found = match self.read(&name(workspace, number, count), None) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && count < CHUNK => {
                self.read(&self.grown(workspace, number, count)?.ok_or(error)?, None)?
            }
            read => read?,
        };
        match found.len() >= bytes {
            true => Ok(found.slice(..bytes)),
            false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a chunk of leaves is too short")),
        }
    }

    /// A later state of a chunk.
    fn grown(&self, workspace: &WorkspaceId, number: u64, count: u64) -> io::Result<Option<String>> {
        let states = self.list(&format!("{FOLDER}/{workspace}"))?;
        let state =
            |name: &str| State::of(name).filter(|state| state.number == number && state.count >= count);
        let mut later: Vec<_> =
            states.into_iter().filter_map(|found| Some((state(&found.name)?.count, found.name))).collect();
        later.sort();
        Ok(later.into_iter().next().map(|(_, name)| name))
    }
}

/// A state of a chunk, as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Which chunk.
    pub number: u64,
    /// How many leaves it has.
    pub count: u64,
}

impl State {
    pub fn of(name: &str) -> Option<Self> {
        let (number, count) = name
            .rsplit_once('/')?
            .1
            .split_once('.')
            .map_or_else(|| (name.rsplit('/').next(), None), |(number, count)| (Some(number), Some(count)));
        let count = count.map_or(Some(CHUNK), |count| count.parse().ok())?;
        Some(Self { number: number?.parse().ok()?, count })
    }
}

fn name(workspace: &WorkspaceId, number: u64, count: u64) -> String {
    match count == CHUNK {
        true => format!("{FOLDER}/{workspace}/{number:08}"),
        false => format!("{FOLDER}/{workspace}/{number:08}.{count}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Storage;

    fn leaf(index: u64) -> Hash {
        let mut bytes = [0; HASH_BYTES];
        bytes[..8].copy_from_slice(&index.to_le_bytes());
        Hash::from_bytes(bytes)
    }

    #[test]
    fn leaves_are_found_however_they_came_and_whatever_was_swept() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = Bucket::open(&Storage::in_folder(folder.path())).unwrap();
        let ana: WorkspaceId = "ana".parse().unwrap();
        let ends = [1, 700, CHUNK - 1, CHUNK, CHUNK + 5, 3 * CHUNK + 10, 3 * CHUNK + 12];
        let mut first = 0;
        for end in ends {
            let leaves: Vec<Hash> = (first..end).map(leaf).collect();
            bucket.keep(&ana, first, &leaves).unwrap();
            bucket.keep(&ana, first, &leaves).expect("the same once more");
            first = end;
        }
        let all: Vec<Hash> = (0..first).map(leaf).collect();
        let fetched = |from: u64, to: u64| bucket.fetch(&ana, from..to);
        for (from, to) in
            [(0, 1), (0, 700), (3, 700), (700, CHUNK), (0, CHUNK + 5), (CHUNK + 5, first), (0, first)]
        {
            assert!(fetched(from, to).unwrap() == all[from as usize..to as usize], "{from} to {to}");
        }
        for useless in ["00000000.1", "00000000.700", "00000001.5", "00000003.10"] {
            bucket.remove(&format!("leaves/ana/{useless}")).unwrap();
        }
        assert!(fetched(0, 700).unwrap() == all[..700], "from what it has grown to");
        assert!(fetched(0, CHUNK + 5).unwrap() == all[..CHUNK as usize + 5]);
        assert!(fetched(0, first).unwrap() == all);
        assert_eq!(fetched(first, first + 1).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(fetched(0, 4 * CHUNK).unwrap_err().kind(), io::ErrorKind::NotFound);
        let other = bucket.keep(&ana, 3 * CHUNK + 10, &[leaf(1), leaf(2)]).unwrap_err();
        assert_eq!(other.kind(), io::ErrorKind::AlreadyExists, "a leaf is what it is");
    }
}
