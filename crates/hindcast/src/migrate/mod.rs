//! Moving: everything from the files of one machine to PostgreSQL and a bucket, or back, or from one of them to another.
//!
//! First everything is read and verified where it lies; then it is copied; then it is verified again where it went, and the
//! two are compared: every checkpoint, every run, every row, every file, and proofs. Nothing is changed in the source but
//! that it is marked as moved, last of all. What breaks off is gone on with: the target is marked as unfinished until then,
//! no server starts on it, and what is there already is not copied again.

mod files;
mod journal;
mod keys;
mod marks;
mod reading;
mod rows;
mod side;
mod still;
mod work;

pub(crate) use marks::refuse;
pub use work::{Moved, Wanted, migrate};

/// What is being done, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The source is read through.
    VerifySource,
    /// Files are copied.
    Files,
    /// Entries that are in no segment yet are copied, with checkpoints.
    Journal,
    /// Rows are copied.
    Rows,
    /// The target is read through and compared.
    VerifyTarget,
}

impl Step {
    /// As it is told.
    pub fn word(self) -> &'static str {
        match self {
            Self::VerifySource => "verifying the source",
            Self::Files => "copying files",
            Self::Journal => "copying the journal",
            Self::Rows => "copying rows",
            Self::VerifyTarget => "verifying the target",
        }
    }
}

/// Hears how far a step has come: so much more of so much.
pub type Progress<'p> = &'p mut dyn FnMut(Step, u64, u64);
