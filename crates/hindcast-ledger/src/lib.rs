//! The truth of hindcast: an append-only, tamper-evident, durable log for each workspace.
//!
//! [`Ledger`] is the door. Behind it the sequencer gives entries their index and makes them durable in a
//! [`journal::Journal`], and the publisher signs checkpoints over what is durable. The modules around them are pure: they
//! hash, prove and read the text formats of transparency logs, open no file, ask no clock and never panic on what
//! a stranger sends. What is accepted from outside is accepted in exactly one spelling.

mod batch;
pub mod checkpoint;
pub mod commitment;
mod error;
mod evidence;
mod following;
mod hashes;
pub mod journal;
pub mod key;
mod ledger;
pub mod note;
pub mod notice;
pub mod opening;
pub mod proof;
mod publisher;
mod queue;
mod recover;
pub mod seed;
mod sequencer;
mod sha256;
mod shared;
mod silence;
mod staged;
pub mod tile;
pub mod tlog_proof;
pub mod tree;
mod verify;
pub mod witness;
mod workspace;

pub use batch::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Batch, BatchError, IdempotencyKey};
pub use checkpoint::{Checkpoint, CheckpointError, Published, open_note};
pub use commitment::{Commitment, CommitmentError, commit, commitment_of, leaf_of};
pub use error::{AppendError, CosignError, OpenError, ReadError, SealError};
pub use evidence::{Evidence, highest_signed};
pub use following::Leaves;
pub use hashes::HashesError;
pub use key::{Cosigner, KeyError, Signer, VerifierKey};
pub use ledger::{Appended, Clock, Commit, Config, Ledger, Observer, Reply};
pub use note::{Note, NoteError, NoteSignature};
pub use notice::{COVERS_MAX, Notice};
pub use opening::{Disclosure, Opening};
pub use proof::{
    ProofError, ProveError, RangeFold, RangeProof, fold_range, prove_consistency, prove_inclusion,
    prove_range, verify_consistency, verify_inclusion,
};
pub use publisher::SIGNING;
pub use queue::{WAITING_BYTES_MAX, WAITING_MAX};
pub use shared::next_epoch;
pub use silence::Silence;
pub use tile::{Tile, TileError};
pub use tlog_proof::{TlogProof, TlogProofError};
pub use tree::{Frontier, Hash, HashSource, empty_root, leaf_hash, node_hash};
pub use verify::{Verified, Verifier};
pub use workspace::{WorkspaceId, WorkspaceIdError};
