//! Files that are read only where they are still what was written.
//!
//! A file is cut into blocks; the checksum of each is kept beside it, in a file whose own digest stands in the
//! manifest. Every read checks the blocks it touches, so damage is an error and never data. Catching bits that
//! flipped is the aim here; whoever changes files on purpose is caught by the ledger's hashes.

use crate::error::SegmentError;
use crate::vault::Shelf;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A checksum covers this many bytes.
pub const BLOCK_BYTES: u64 = 16 * 1024;

/// Blocks that are missing are brought together with their neighbours.
const BROUGHT_BYTES: u64 = 1024 * 1024;

/// A file with a checksum for each of its blocks.
#[derive(Debug)]
pub(crate) struct CheckedFile {
    file: File,
    bytes: u64,
    sums: Vec<u32>,
    segment: String,
    name: String,
    /// Where blocks are brought from that are not here.
    shelf: Option<Shelf>,
}

impl CheckedFile {
    /// Opens a file that must be `bytes` long; `sums` are the checksums of its blocks, big-endian.
    pub(crate) fn open(
        folder: &Path,
        segment: &str,
        name: &str,
        bytes: u64,
        sums: &[u8],
        shelf: Option<&Shelf>,
    ) -> Result<Self, SegmentError> {
        let path = folder.join(name);
        let file = match shelf {
            None => File::open(&path),
            // What is not here yet is a hole, whose bytes are not those that were written.
            Some(_) => {
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).and_then(
                    |file| {
                        file.set_len(bytes)?;
                        Ok(file)
                    },
                )
            }
        };
        let file = file.map_err(SegmentError::io(&path))?;
        let found = file.metadata().map_err(SegmentError::io(&path))?.len();
        let sums: Vec<u32> = sums.as_chunks::<4>().0.iter().map(|sum| u32::from_be_bytes(*sum)).collect();
        let shelf = shelf.cloned();
        let opened = Self { file, bytes, sums, segment: segment.to_owned(), name: name.to_owned(), shelf };
        if found != bytes || opened.sums.len() as u64 != bytes.div_ceil(BLOCK_BYTES) {
            return Err(opened.damaged(found.min(bytes) / BLOCK_BYTES));
        }
        Ok(opened)
    }

    /// How long it is.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads `from..upto` into `buffer`, together with what is left of the blocks at both ends; answers where
    /// in the buffer the wanted bytes begin.
    pub(crate) fn read(&self, from: u64, upto: u64, buffer: &mut Vec<u8>) -> Result<usize, SegmentError> {
        if from > upto || upto > self.bytes {
            return Err(SegmentError::internal(
                &self.segment,
                format!("{}: {from}..{upto} is outside", self.name),
            ));
        }
        let first = from / BLOCK_BYTES;
        let end = (upto.div_ceil(BLOCK_BYTES) * BLOCK_BYTES).min(self.bytes);
        let start = first * BLOCK_BYTES;
        buffer.resize((end.max(start) - start) as usize, 0);
        self.file.read_exact_at(buffer, start).map_err(SegmentError::io(Path::new(&self.name)))?;
        let Some(bad) = self.first_bad(first, buffer) else { return Ok((from - start) as usize) };
        let lacks = bad * BLOCK_BYTES;
        self.bring(lacks..end, &mut buffer[(lacks - start) as usize..])?;
        Ok((from - start) as usize)
    }

    /// The first of these blocks that is not what was written.
    fn first_bad(&self, first: u64, blocks: &[u8]) -> Option<u64> {
        let mut numbered = (first..).zip(blocks.chunks(BLOCK_BYTES as usize));
        let is_good =
            |(number, block): &(u64, &[u8])| self.sums.get(*number as usize) == Some(&crc32c::crc32c(block));
        numbered.find(|block| !is_good(block)).map(|(number, _)| number)
    }

    /// Brings a range that is not here, into `place` and with its neighbourhood into the file.
    fn bring(&self, range: Range<u64>, place: &mut [u8]) -> Result<(), SegmentError> {
        let Some(shelf) = &self.shelf else { return Err(self.damaged(range.start / BLOCK_BYTES)) };
        let start = range.start / BROUGHT_BYTES * BROUGHT_BYTES;
        let end = (range.end.div_ceil(BROUGHT_BYTES) * BROUGHT_BYTES).min(self.bytes);
        let brought = shelf.read(&self.segment, &self.name, start..end);
        let brought = brought.map_err(SegmentError::io(Path::new(&self.name)))?;
        if let Some(bad) = self.first_bad(start / BLOCK_BYTES, &brought) {
            return Err(self.damaged(bad));
        }
        place.copy_from_slice(&brought[(range.start - start) as usize..(range.end - start) as usize]);
        // Where there is no space for a copy, it is brought again the next time.
        let _kept = self.file.write_all_at(&brought, start);
        Ok(())
    }

    fn damaged(&self, block: u64) -> SegmentError {
        SegmentError::Damaged { segment: self.segment.clone(), file: self.name.clone(), block }
    }
}

/// Writes through, and works out the checksums and the digest of what went by.
pub(crate) struct Summing<W> {
    inner: W,
    digest: Sha256,
    bytes: u64,
    block_sum: u32,
    block_bytes: u64,
    sums: Vec<u8>,
}

/// What a file was when it was written.
pub(crate) struct Sums {
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
    /// The checksums of its blocks, big-endian.
    pub(crate) blocks: Vec<u8>,
}

impl<W: Write> Summing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, digest: Sha256::new(), bytes: 0, block_sum: 0, block_bytes: 0, sums: Vec::new() }
    }

    pub(crate) fn finish(mut self) -> (W, Sums) {
        if self.block_bytes > 0 {
            self.sums.extend_from_slice(&self.block_sum.to_be_bytes());
        }
        (self.inner, Sums { bytes: self.bytes, sha256: self.digest.finalize().into(), blocks: self.sums })
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        let mut rest = &bytes[..written];
        self.digest.update(rest);
        self.bytes += written as u64;
        while !rest.is_empty() {
            let room = (BLOCK_BYTES - self.block_bytes) as usize;
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.block_sum = crc32c::crc32c_append(self.block_sum, now);
            self.block_bytes += now.len() as u64;
            if self.block_bytes == BLOCK_BYTES {
                self.sums.extend_from_slice(&self.block_sum.to_be_bytes());
                self.block_sum = 0;
                self.block_bytes = 0;
            }
            rest = later;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The length and digest of a whole file.
pub(crate) fn digest_of(path: &Path) -> Result<(u64, [u8; 32]), SegmentError> {
    let mut file = File::open(path).map_err(SegmentError::io(path))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).map_err(SegmentError::io(path))?;
        if read == 0 {
            return Ok((bytes, digest.finalize().into()));
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
}
