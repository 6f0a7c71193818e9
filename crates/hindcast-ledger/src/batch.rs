//! A batch: drafts made ready to be appended, so that the one writer has as little to do as possible.
//!
//! Hashing and packing need neither an index nor a time, so callers do them on their own threads. Packed records
//! are `u8 codec` and then the records as they are (0) or as a zstd frame with its checksum (1).

use crate::{CommitmentError, Hash, commitment_of};
use hindcast_event::{Damaged, Entries, Timestamp};
use std::cell::RefCell;
use zstd::bulk::{Compressor, decompress};

/// A batch holds at most this many entries.
pub const BATCH_ENTRIES_MAX: usize = 10_000;
/// The records of a batch take at most this many bytes.
pub const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;

const CODEC_RAW: u8 = 0;
const CODEC_ZSTD: u8 = 1;
/// Below this, packing costs more than it saves.
const PACKED_FROM_BYTES: usize = 2048;
const ZSTD_LEVEL: i32 = 1;
/// A larger buffer is given back after use.
const KEPT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Drafts made ready to be appended together: all of them, next to each other, or none.
#[derive(Debug)]
pub struct Batch {
    pub(crate) entries: Entries,
    pub(crate) bodies: Vec<Hash>,
    pub(crate) packed: Vec<u8>,
    pub(crate) key: Option<IdempotencyKey>,
}

/// The caller's promise that two batches under one key are one and the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// A hash of what was submitted, to notice a key that is used for something else.
    pub fingerprint: [u8; 32],
}

/// Why drafts make no batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Submit at least one event.
    #[error("a batch needs at least one event")]
    Empty,
    /// Submit fewer at once.
    #[error(
        "a batch holds at most {BATCH_ENTRIES_MAX} events and {BATCH_BYTES_MAX} bytes, not {entries} and {bytes}"
    )]
    TooLarge {
        /// How many events there are.
        entries: usize,
        /// How many bytes their records take.
        bytes: usize,
    },
    /// The records cannot be committed to.
    #[error(transparent)]
    Commitment(#[from] CommitmentError),
}

impl Batch {
    /// How many entries it has.
    pub fn count(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Hashes and packs the entries; their indexes and times are given by the sequencer.
    pub fn new(mut entries: Entries, key: Option<IdempotencyKey>) -> Result<Self, BatchError> {
        let bytes = entries.records().len();
        if entries.is_empty() {
            return Err(BatchError::Empty);
        }
        if entries.len() > BATCH_ENTRIES_MAX || bytes > BATCH_BYTES_MAX {
            return Err(BatchError::TooLarge { entries: entries.len(), bytes });
        }
        let bodies = entries
            .iter()
            .map(|entry| commitment_of(&entry).map(|commitment| commitment.body))
            .collect::<Result<_, _>>()?;
        let packed = pack(entries.records());
        // They stay in memory until they are in a segment.
        entries.trim();
        Ok(Self { entries, bodies, packed, key })
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Never: a batch holds at least one entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn pack(records: &[u8]) -> Vec<u8> {
    let packed = if records.len() < PACKED_FROM_BYTES { None } else { zstd_packed(records).ok() };
    packed.filter(|packed| packed.len() <= records.len()).unwrap_or_else(|| raw(records))
}

/// Records as they are.
pub(crate) fn raw(records: &[u8]) -> Vec<u8> {
    [&[CODEC_RAW], records].concat()
}

/// Whether packed records are as they were, so that others can be appended to them.
pub(crate) fn is_raw(packed: &[u8]) -> bool {
    packed.first() == Some(&CODEC_RAW)
}

thread_local! {
    /// What packing needs is made once for each thread: making it anew takes longer than packing a small batch.
    static PACKING: RefCell<Option<(Compressor<'static>, Vec<u8>)>> = const { RefCell::new(None) };
}

fn zstd_packed(records: &[u8]) -> std::io::Result<Vec<u8>> {
    PACKING.with_borrow_mut(|packing| {
        let (compressor, frame) = match packing {
            Some(made) => made,
            none => {
                let mut compressor = Compressor::new(ZSTD_LEVEL)?;
                compressor.include_checksum(true)?;
                none.insert((compressor, Vec::new()))
            }
        };
        frame.clear();
        frame.reserve(zstd::zstd_safe::compress_bound(records.len()));
        compressor.compress_to_buffer(records, frame)?;
        let packed = [&[CODEC_ZSTD], frame.as_slice()].concat();
        if frame.capacity() > KEPT_BYTES_MAX {
            *frame = Vec::new();
        }
        Ok(packed)
    })
}

/// Unpacks a run of the journal.
pub fn unpack(first: u64, first_time: Timestamp, packed: &[u8]) -> Result<Entries, Damaged> {
    let records = match packed.split_first() {
        Some((&CODEC_RAW, records)) => records.to_vec(),
        Some((&CODEC_ZSTD, frame)) => {
            decompress(frame, BATCH_BYTES_MAX).map_err(|error| Damaged(error.to_string().into()))?
        }
        Some((codec, _)) => return Err(Damaged(format!("its codec {codec} is unknown").into())),
        None => return Err(Damaged("it is empty".into())),
    };
    Entries::from_run(first, first_time, records)
}
