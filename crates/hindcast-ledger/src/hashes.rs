//! The hashes of the tree: sealed ones in files, recent ones in memory.
//!
//! A file holds the hashes of one tile level as C2SP tlog-tiles numbers them, 32 bytes each, one after the other:
//! file 0 the leaves, file 1 the roots of 256 leaves, and so on; a full tile is 8,192 bytes of a file. The files hold
//! exactly what is sealed. What came later is derived from the journal when we start.

use crate::tree::HASH_BYTES;
use crate::{Frontier, Hash, HashSource, node_hash};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Levels of the tree in one level of tiles.
const TILE_LEVELS: u8 = 8;
/// 256^8 leaves are more than there can be.
const FILES_MAX: u8 = 8;

/// Why a hash cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HashesError {
    /// Ask for what is in the tree.
    #[error("the tree does not hold subtree {index} of level {level} yet")]
    Missing {
        /// The height of the subtree.
        level: u8,
        /// Its place among the subtrees of that height.
        index: u64,
    },
    /// Quarantine the workspace: hashes are missing that were there.
    #[error("{} is damaged: it holds {found} hashes, {expected} were sealed", file.display())]
    Short {
        /// The file.
        file: PathBuf,
        /// How many hashes were sealed into it.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The disk refused.
    #[error("{} cannot be used", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// How it refused.
        source: io::Error,
    },
}

/// The sealed hashes of one workspace, in files.
#[derive(Debug)]
pub struct HashFiles {
    folder: PathBuf,
}

impl HashFiles {
    /// Opens the hashes of a ledger of which `sealed` entries are sealed. What a crash left beyond that is cut off.
    pub fn open(folder: &Path, sealed: u64) -> Result<Self, HashesError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| HashesError::Io { file: folder.to_owned(), source })?;
        let files = Self { folder: folder.to_owned() };
        for tile_level in 0..FILES_MAX {
            files.cut(tile_level, expected(tile_level, sealed))?;
        }
        Ok(files)
    }

    /// How many leaves a folder holds with all roots of their tiles; a crash may have left more leaves than roots.
    pub(crate) fn kept(folder: &Path) -> u64 {
        let held = |tile_level: u8| {
            let file = folder.join(tile_level.to_string());
            file.metadata().map_or(0, |file| file.len() / HASH_BYTES as u64)
        };
        let rooted = (1..FILES_MAX).map(|level| ((held(level) + 1) << (TILE_LEVELS * level)) - 1);
        rooted.fold(held(0), u64::min)
    }

    /// The hashes of a workspace that is quarantined already; reading them may fail.
    pub(crate) fn unchecked(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn cut(&self, tile_level: u8, expected: u64) -> Result<(), HashesError> {
        let path = self.path(tile_level);
        if expected == 0 && !path.exists() {
            return Ok(());
        }
        self.with_file(tile_level, |file| {
            let found = file.metadata()?.len() / HASH_BYTES as u64;
            if found > expected {
                file.set_len(expected * HASH_BYTES as u64)?;
            }
            Ok(found)
        })
        .and_then(|found| {
            if found < expected { Err(HashesError::Short { file: path, expected, found }) } else { Ok(()) }
        })
    }

    /// Writes the leaves from index `first` on, with the roots of the tiles they complete, and syncs.
    pub fn append(&self, first: u64, leaves: &[Hash]) -> Result<(), HashesError> {
        let mut first = first;
        let mut hashes = leaves.to_vec();
        for tile_level in 0..FILES_MAX {
            if hashes.is_empty() {
                break;
            }
            let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
            self.with_file(tile_level, |file| {
                file.write_all_at(&bytes, first * HASH_BYTES as u64)?;
                file.sync_data()
            })?;
            let (from, to) = (first >> TILE_LEVELS, (first + hashes.len() as u64) >> TILE_LEVELS);
            hashes = (from..to)
                .map(|tile| self.fold(tile_level, tile << TILE_LEVELS, TILE_LEVELS))
                .collect::<Result<_, _>>()?;
            first = from;
        }
        self.sync_folder()
    }

    /// `count` neighbouring hashes of one tile level.
    pub fn read(&self, tile_level: u8, first: u64, count: usize) -> Result<Vec<Hash>, HashesError> {
        let mut bytes = vec![0; count * HASH_BYTES];
        self.with_file(tile_level, |file| file.read_exact_at(&mut bytes, first * HASH_BYTES as u64))?;
        Ok(bytes.as_chunks::<HASH_BYTES>().0.iter().map(|chunk| Hash::from_bytes(*chunk)).collect())
    }

    fn fold(&self, tile_level: u8, first: u64, levels: u8) -> Result<Hash, HashesError> {
        let mut hashes = self.read(tile_level, first, 1 << levels)?;
        while let [left, right, ..] = hashes[..] {
            hashes = match hashes.len() {
                2 => vec![node_hash(&left, &right)],
                _ => hashes.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect(),
            };
        }
        Ok(hashes[0])
    }

    fn path(&self, tile_level: u8) -> PathBuf {
        self.folder.join(tile_level.to_string())
    }

    fn with_file<T>(
        &self,
        tile_level: u8,
        act: impl FnOnce(&File) -> io::Result<T>,
    ) -> Result<T, HashesError> {
        let path = self.path(tile_level);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        opened.and_then(|file| act(&file)).map_err(|source| HashesError::Io { file: path, source })
    }

    fn sync_folder(&self) -> Result<(), HashesError> {
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| HashesError::Io { file: self.folder.clone(), source })
    }
}

/// How many hashes the file of a tile level holds when so many leaves are sealed.
fn expected(tile_level: u8, sealed: u64) -> u64 {
    sealed >> (TILE_LEVELS * tile_level)
}

impl HashSource for HashFiles {
    type Error = HashesError;

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, HashesError> {
        let levels = level % TILE_LEVELS;
        self.fold(level / TILE_LEVELS, index << levels, levels)
    }
}

/// Every subtree that ends after what is sealed.
#[derive(Clone, Debug, Default)]
pub struct RecentHashes {
    levels: Vec<RecentLevel>,
}

#[derive(Clone, Debug, Default)]
struct RecentLevel {
    first: u64,
    hashes: VecDeque<Hash>,
}

impl RecentHashes {
    /// Takes in a subtree that was just completed; those of one level come in order.
    pub fn put(&mut self, level: u8, index: u64, hash: Hash) {
        while self.levels.len() <= usize::from(level) {
            self.levels.push(RecentLevel::default());
        }
        let level = &mut self.levels[usize::from(level)];
        if level.hashes.is_empty() {
            level.first = index;
        }
        debug_assert_eq!(level.first + level.hashes.len() as u64, index);
        level.hashes.push_back(hash);
    }

    /// Drops the subtrees that end at or before `sealed`.
    pub fn seal(&mut self, sealed: u64) {
        for (height, level) in self.levels.iter_mut().enumerate() {
            while !level.hashes.is_empty() && (level.first + 1) << height <= sealed {
                level.hashes.pop_front();
                level.first += 1;
            }
        }
    }

    /// The root of a subtree, if it is recent.
    pub fn get(&self, level: u8, index: u64) -> Option<Hash> {
        let level = self.levels.get(usize::from(level))?;
        level.hashes.get(usize::try_from(index.checked_sub(level.first)?).ok()?).copied()
    }

    /// Leaves from index `first` on.
    pub fn leaves(&self, first: u64, count: usize) -> Option<Vec<Hash>> {
        (0..count as u64).map(|at| self.get(0, first + at)).collect()
    }
}

/// All hashes of a tree at one moment.
#[derive(Debug)]
pub struct Hashes<'l> {
    /// The sealed ones.
    pub files: &'l HashFiles,
    /// How many leaves are sealed.
    pub sealed: u64,
    /// The later ones.
    pub recent: &'l RecentHashes,
}

impl HashSource for Hashes<'_> {
    type Error = HashesError;

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, HashesError> {
        if let Some(hash) = self.recent.get(level, index) {
            return Ok(hash);
        }
        sealed_subtree(self.files, self.sealed, level, index)
    }
}

/// The root of a subtree that ends within the first `sealed` leaves.
pub(crate) fn sealed_subtree(
    files: &HashFiles,
    sealed: u64,
    level: u8,
    index: u64,
) -> Result<Hash, HashesError> {
    let end = index.checked_add(1).and_then(|end| end.checked_mul(1 << level));
    if end.is_some_and(|end| end <= sealed) {
        files.subtree(level, index)
    } else {
        Err(HashesError::Missing { level, index })
    }
}

/// The right edge of the first `size` leaves, read from their hashes.
pub fn frontier_at<S: HashSource>(hashes: &S, size: u64) -> Result<Frontier, S::Error> {
    let mut peaks = Vec::new();
    for level in (0..63).rev() {
        if size >> level & 1 == 1 {
            peaks.push(hashes.subtree(level, (size >> level) - 1)?);
        }
    }
    // One peak for each set bit of the size, so this cannot fail for a size that was read from a tree.
    Ok(Frontier::from_peaks(size, peaks).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    #[test]
    fn sealed_and_recent_hashes_make_one_tree_wherever_the_seam_is() {
        for sealed in [0, 1, 2, 255, 256, 257, 700, 66_000] {
            let folder = tempfile::tempdir().expect("a folder");
            let files = HashFiles::open(folder.path(), 0).expect("empty");
            let leaves: Vec<Hash> = (0..sealed + 300).map(|n: u64| leaf_hash(&n.to_be_bytes())).collect();
            let (old, new) = leaves.split_at(sealed as usize);
            // Sealed in two steps, the second from the middle of a tile.
            let half = old.len() / 3;
            files.append(0, &old[..half]).expect("written");
            files.append(half as u64, &old[half..]).expect("written");

            let mut frontier = frontier_at(&files, sealed).expect("sealed");
            let mut recent = RecentHashes::default();
            for leaf in new {
                frontier.push_with(*leaf, |level, index, hash| recent.put(level, index, hash));
            }
            let mut whole = Frontier::new();
            leaves.iter().for_each(|leaf| whole.push(*leaf));
            assert_eq!(frontier, whole);
            let hashes = Hashes { files: &files, sealed, recent: &recent };
            for size in [1, sealed / 2, sealed, sealed + 1, sealed + 300] {
                let mut at = Frontier::new();
                leaves[..size as usize].iter().for_each(|leaf| at.push(*leaf));
                assert_eq!(frontier_at(&hashes, size).expect("there"), at, "{sealed} sealed, size {size}");
            }
            assert!(matches!(hashes.subtree(0, sealed + 300), Err(HashesError::Missing { .. })));
        }
    }

    #[test]
    fn what_a_crash_left_is_cut_off_and_what_is_missing_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let leaves: Vec<Hash> = (0..600_u64).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        HashFiles::open(folder.path(), 0).expect("empty").append(0, &leaves).expect("written");
        let files = HashFiles::open(folder.path(), 300).expect("longer");
        assert!(files.read(0, 300, 1).is_err() && files.read(1, 1, 1).is_err());
        files.append(300, &leaves[300..]).expect("again");
        assert_eq!(files.read(1, 0, 2).expect("two").len(), 2);
        assert!(matches!(HashFiles::open(folder.path(), 601), Err(HashesError::Short { .. })));
        assert_eq!(HashFiles::kept(folder.path()), 600);
        let roots = OpenOptions::new().write(true).open(folder.path().join("1")).expect("there");
        roots.set_len(HASH_BYTES as u64).expect("cut");
        assert_eq!(HashFiles::kept(folder.path()), 511, "up to the tile whose root is missing");
        assert_eq!(HashFiles::kept(&folder.path().join("nowhere")), 0);
    }
}
