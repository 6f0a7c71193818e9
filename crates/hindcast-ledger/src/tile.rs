//! Tiles: how a log is cut into files that never change, as tlog-tiles defines it.
//!
//! A tile holds up to 256 hashes of one level of the tree, or 256 entries. Here are their names,
//! which of them a tree of some size has, and the bytes of an entry bundle. Serving and keeping
//! them is for others. A tile has exactly one name, and only that one is understood.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::decimal;

/// How many hashes or entries a full tile holds.
pub const TILE_WIDTH: u16 = 256;

/// The highest level a tile can be named for.
pub const LEVEL_MAX: u8 = 63;

/// The name of a tile; it is full or holds the first few of its hashes or entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// Roots of complete subtrees of `256^level` leaves; leaf hashes at level 0.
    Hashes(u8),
    /// Entries, each after its length.
    Entries,
}

/// Why something is no tile or bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Ask for another path: this one names no tile.
    #[error("{0:?} is not the path of a tile")]
    Path(String),
    /// Fetch the bundle again.
    #[error("the entry bundle breaks off or has more than {TILE_WIDTH} entries")]
    Bundle,
    /// Keep entries small.
    #[error("an entry of {0} bytes does not fit a bundle")]
    EntryTooLong(usize),
}

impl Tile {
    /// The tile at `index` as a tree of `size` leaves has it; `None` if it has nothing there.
    pub fn of_tree(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let first = index.checked_mul(TILE_WIDTH.into())?;
        let filled = kind.count(size).checked_sub(first)?.min(TILE_WIDTH.into());
        let width = u16::try_from(filled).ok().filter(|&width| width > 0)?;
        (kind.level() <= LEVEL_MAX).then_some(Self { kind, index, width })
    }

    /// Every tile of hashes that a tree of `new` leaves has and a tree of `old` leaves has not;
    /// with an `old` of 0, all of them.
    pub fn hashes_since(old: u64, new: u64) -> impl Iterator<Item = Self> {
        // Above level 7 not even the largest tree has a hash.
        (0..8).flat_map(move |level| since(TileKind::Hashes(level), old, new))
    }

    /// Every entry bundle that a tree of `new` leaves has and a tree of `old` leaves has not.
    pub fn entries_since(old: u64, new: u64) -> impl Iterator<Item = Self> {
        since(TileKind::Entries, old, new)
    }

    /// Whether a tree of `size` leaves fills the tile as far as its name says, so that its content
    /// is settled for ever.
    pub fn is_filled_by(&self, size: u64) -> bool {
        Self::of_tree(self.kind, self.index, size).is_some_and(|tile| tile.width >= self.width)
    }

    /// What the tile holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// The place of the tile on its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds: [`TILE_WIDTH`] if it is full.
    pub fn width(&self) -> u16 {
        self.width
    }
}

impl TileKind {
    fn level(self) -> u8 {
        match self {
            Self::Hashes(level) => level,
            Self::Entries => 0,
        }
    }

    /// How many hashes or entries of this kind a tree of `size` leaves has.
    fn count(self, size: u64) -> u64 {
        size.checked_shr(8 * u32::from(self.level())).unwrap_or(0)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (left, group) in groups.iter().enumerate().rev() {
            match left {
                0 => write!(f, "{group:03}")?,
                _ => write!(f, "x{group:03}/")?,
            }
        }
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for Tile {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        parse(path).ok_or_else(|| TileError::Path(path.to_owned()))
    }
}

fn parse(path: &str) -> Option<Tile> {
    let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes(decimal(level)?.try_into().ok().filter(|&l| l <= LEVEL_MAX)?),
    };
    let (place, width) = match place.split_once(".p/") {
        Some((place, width)) => (place, decimal(width)?.try_into().ok()?),
        None => (place, TILE_WIDTH),
    };
    let (high, low) = match place.rsplit_once('/') {
        Some((high, low)) => (Some(high), low),
        None => (None, place),
    };
    let mut index = 0_u64;
    let groups = high.into_iter().flat_map(|high| high.split('/')).map(|g| g.strip_prefix('x'));
    for group in groups.chain([Some(low)]) {
        let group = group.filter(|g| g.len() == 3 && g.bytes().all(|b| b.is_ascii_digit()))?;
        index = index.checked_mul(1000)?.checked_add(group.parse().ok()?)?;
    }
    let tile = Tile { kind, index, width };
    // Leading groups of zeros, widths of 0 and full tiles named as partial ones all differ here.
    let one_name = (1..=TILE_WIDTH).contains(&width) && tile.to_string() == path;
    one_name.then_some(tile)
}

fn since(kind: TileKind, old: u64, new: u64) -> impl Iterator<Item = Tile> {
    let (before, after) = (kind.count(old), kind.count(new));
    let width = u64::from(TILE_WIDTH);
    let end = if before < after { after.div_ceil(width) } else { 0 };
    (before / width..end).filter_map(move |index| Tile::of_tree(kind, index, new))
}

/// Writes entries one after the other, each behind its length in two bytes.
pub fn encode_bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, TileError> {
    let mut bytes = Vec::new();
    for (count, entry) in entries.into_iter().enumerate() {
        if count == usize::from(TILE_WIDTH) {
            return Err(TileError::Bundle);
        }
        let length: u16 = entry.len().try_into().map_err(|_| TileError::EntryTooLong(entry.len()))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Takes an entry bundle apart.
pub fn decode_bundle(mut bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk().ok_or(TileError::Bundle)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest.split_at_checked(length).ok_or(TileError::Bundle)?;
        if entries.len() == usize::from(TILE_WIDTH) {
            return Err(TileError::Bundle);
        }
        entries.push(entry);
        bytes = rest;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_indices_are_written_in_groups_of_three_digits() {
        for (path, index) in [
            ("tile/0/000", 0),
            ("tile/0/999", 999),
            ("tile/0/x001/000", 1000),
            ("tile/0/x001/x234/067", 1_234_067),
            ("tile/0/x018/x446/x744/x073/x709/x551/615", u64::MAX),
        ] {
            let tile: Tile = path.parse().unwrap();
            assert_eq!((tile.index(), tile.to_string().as_str()), (index, path));
        }
    }

    #[test]
    fn a_tree_of_seventy_thousand_has_the_tiles_the_specification_lists() {
        let level = |level| -> Vec<Tile> {
            Tile::hashes_since(0, 70_000).filter(|tile| tile.kind() == TileKind::Hashes(level)).collect()
        };
        let widths = |level_tiles: Vec<Tile>| -> Vec<u16> {
            level_tiles.iter().map(Tile::width).filter(|&width| width < TILE_WIDTH).collect()
        };
        assert_eq!([level(0).len(), level(1).len(), level(2).len(), level(3).len()], [274, 2, 1, 0]);
        assert_eq!(level(0).last().unwrap().to_string(), "tile/0/273.p/112");
        assert_eq!([widths(level(0)), widths(level(1)), widths(level(2))], [[112], [17], [1]]);
        assert_eq!(Tile::entries_since(0, 70_000).count(), 274);
    }

    #[test]
    fn a_growing_tree_adds_just_the_tiles_that_changed() {
        let paths =
            |old, new| -> Vec<String> { Tile::hashes_since(old, new).map(|tile| tile.to_string()).collect() };
        assert_eq!(paths(255, 257), ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
        assert_eq!(paths(256, 256), [""; 0]);
        assert_eq!(paths(300, 200), [""; 0]);
        assert_eq!(Tile::entries_since(256, 300).next().unwrap().to_string(), "tile/entries/001.p/44");
    }

    #[test]
    fn a_tile_is_settled_once_the_tree_fills_it() {
        let filled = |path: &str, size| path.parse::<Tile>().unwrap().is_filled_by(size);
        assert!(filled("tile/0/000.p/5", 5) && filled("tile/0/000.p/5", 300));
        assert!(!filled("tile/0/000.p/5", 4) && !filled("tile/0/000", 255));
        assert!(filled("tile/1/000.p/1", 256) && !filled("tile/1/000.p/1", 255));
        assert!(filled("tile/entries/001", 512) && !filled("tile/entries/001", 511));
        assert!(!filled("tile/63/000", u64::MAX) && !filled("tile/8/000.p/1", u64::MAX));
    }

    #[test]
    fn other_spellings_of_a_path_are_refused() {
        for bad in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "/tile/0/000",
            "tile/0/000/",
            "tile//000",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/+1/000",
            "tile/data/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000",
            "tile/0/x000/000",
            "tile/0/001/000",
            "tile/0/x01/000",
            "tile/0/xx01/000",
            "tile/0/x001/x000",
            "tile/0/x1000/000",
            "tile/0/0x0",
            "tile/0/٠٠٠",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p/1.p/1",
            "tile/0/000.p/1/2",
            "tile/0/000.p/65792",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/entries/0",
            "tile/0/../000",
        ] {
            assert_eq!(bad.parse::<Tile>(), Err(TileError::Path(bad.to_owned())));
        }
    }

    #[test]
    fn a_bundle_gives_its_entries_back() {
        let entries: Vec<Vec<u8>> = (0_u8..=255).map(|n| vec![n; 42]).collect();
        let bytes = encode_bundle(entries.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(bytes.len(), 11_264);
        assert_eq!(&bytes[..3], [0, 42, 0]);
        assert_eq!(decode_bundle(&bytes).unwrap(), entries);
        for cut in 1..44 {
            assert_eq!(decode_bundle(&bytes[..bytes.len() - cut]), Err(TileError::Bundle));
        }
        assert_eq!(decode_bundle(&[bytes.as_slice(), &[0, 0]].concat()), Err(TileError::Bundle));
        assert_eq!(decode_bundle(&[]), Ok(Vec::new()));
    }

    #[test]
    fn what_does_not_fit_a_bundle_is_refused() {
        let long = vec![0; 65_536];
        assert_eq!(encode_bundle([long.as_slice()]), Err(TileError::EntryTooLong(65_536)));
        assert!(encode_bundle([&long[1..]]).is_ok());
        assert_eq!(encode_bundle([[].as_slice(); 257]), Err(TileError::Bundle));
    }
}
