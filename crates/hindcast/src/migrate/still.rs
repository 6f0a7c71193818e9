//! A journal that is read and never written: nothing is signed in it, tidied or claimed, so that a log can be opened and
//! verified without changing anything of it.

use hindcast_ledger::WorkspaceId;
use hindcast_ledger::journal::{Head, Journal, JournalError, News, Remembered, Run, Sealed, Transaction};
use std::sync::Arc;
use std::time::Duration;

/// See the module.
pub(super) struct Still {
    journal: Arc<dyn Journal>,
    /// Whether hashes of sealed entries come from where all servers find them, as those of a log that others write.
    is_shared: bool,
}

impl Still {
    pub fn new(journal: Arc<dyn Journal>, is_shared: bool) -> Self {
        Self { journal, is_shared }
    }
}

/// Nobody else writes.
struct Silent;

impl News for Silent {
    fn wait(&mut self, most: Duration) -> Result<Vec<WorkspaceId>, JournalError> {
        std::thread::sleep(most);
        Ok(Vec::new())
    }
}

impl Journal for Still {
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, JournalError> {
        Err(JournalError::Away { place: "the journal".to_owned(), why: "it is only read".to_owned() })
    }

    fn head(&self, workspace: &WorkspaceId) -> Result<Option<Head>, JournalError> {
        self.journal.head(workspace)
    }

    fn heads(&self) -> Result<Vec<Head>, JournalError> {
        self.journal.heads()
    }

    fn runs(&self, workspace: &WorkspaceId, from: u64, bytes_max: usize) -> Result<Vec<Run>, JournalError> {
        self.journal.runs(workspace, from, bytes_max)
    }

    fn checkpoints(
        &self,
        workspace: &WorkspaceId,
        size: u64,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.journal.checkpoints(workspace, size, count_max)
    }

    fn newest_checkpoints(
        &self,
        workspace: &WorkspaceId,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.journal.newest_checkpoints(workspace, count_max)
    }

    fn manifest(&self, workspace: &WorkspaceId) -> Result<Vec<Sealed>, JournalError> {
        self.journal.manifest(workspace)
    }

    fn remembered(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Remembered)>, JournalError> {
        self.journal.remembered(workspace, after, count_max)
    }

    fn buried(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.journal.buried(workspace, after, count_max)
    }

    fn news(&self) -> Result<Option<Box<dyn News>>, JournalError> {
        Ok(self.is_shared.then(|| Box::new(Silent) as Box<dyn News>))
    }

    /// So the publisher never signs.
    fn claim(&self, _: &str) -> Result<bool, JournalError> {
        Ok(false)
    }

    fn leave(&self, _: &str) -> Result<(), JournalError> {
        Ok(())
    }

    fn claimed_by_others(&self, whats: &[String]) -> Result<Vec<bool>, JournalError> {
        self.journal.claimed_by_others(whats)
    }

    fn release(&self) {}

    fn check(&self) -> Result<Vec<String>, JournalError> {
        self.journal.check()
    }

    fn scrub(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn tidy(&self) -> Result<(), JournalError> {
        Ok(())
    }
}
