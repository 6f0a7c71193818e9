//! What is written together, or not at all.

use super::{HEAD, JournalError, explain, read_head};
use crate::WorkspaceId;
use crate::journal::{Head, Remembered, Run, Sealed, Transaction, follows};
use hindcast_event::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::ops::Range;
use std::path::Path;
use std::sync::MutexGuard;

/// Deleting more at once would make an append wait.
const FORGOTTEN_AT_ONCE: usize = 1000;
const NAMED: &str =
    "SELECT first FROM segment JOIN workspace ON number = workspace WHERE id = ?1 AND name = ?2";
const SEALED: &str = "SELECT sealed FROM workspace WHERE id = ?1";
const BURIED: &str = "SELECT 1 FROM buried JOIN workspace ON number = workspace WHERE id = ?1 AND name = ?2";

/// A transaction of the one writer.
pub(super) struct SqliteTransaction<'j> {
    file: &'j Path,
    writer: MutexGuard<'j, Connection>,
    open: bool,
}

impl<'j> SqliteTransaction<'j> {
    pub(super) fn begin(file: &'j Path, writer: MutexGuard<'j, Connection>) -> Result<Self, JournalError> {
        writer.execute_batch("BEGIN IMMEDIATE").map_err(|error| explain(file, error))?;
        Ok(Self { file, writer, open: true })
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, JournalError> {
        let done = self.writer.prepare_cached(sql).and_then(|mut statement| statement.execute(params));
        done.map_err(|error| explain(self.file, error))
    }

    /// A number, where there is a row.
    fn number(&self, sql: &str, params: impl rusqlite::Params) -> Result<Option<u64>, JournalError> {
        let found = self.writer.prepare_cached(sql);
        let found = found.and_then(|mut statement| statement.query_row(params, |row| row.get(0)).optional());
        found.map_err(|error| explain(self.file, error))
    }

    /// A change that must hit the one row it names.
    fn execute_one(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        workspace: &WorkspaceId,
    ) -> Result<(), JournalError> {
        match self.execute(sql, params)? {
            1 => Ok(()),
            rows => {
                let what = format!("{rows} rows instead of one for workspace {workspace}");
                Err(JournalError::Damaged { place: self.file.display().to_string(), what })
            }
        }
    }
}

impl Transaction for SqliteTransaction<'_> {
    fn create(&mut self, workspace: &WorkspaceId, origin: &str) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO workspace (id, origin, size, peaks, last_time, sealed) VALUES (?1, ?2, 0, x'', 0, 0)",
            params![workspace.as_str(), origin],
            workspace,
        )
    }

    fn rename(&mut self, workspace: &WorkspaceId, origin: &str) -> Result<(), JournalError> {
        self.execute_one(
            "UPDATE workspace SET origin = ?2 WHERE id = ?1",
            params![workspace.as_str(), origin],
            workspace,
        )
    }

    fn head(&mut self, workspace: &WorkspaceId) -> Result<Option<Head>, JournalError> {
        let mut statement = self
            .writer
            .prepare_cached(&format!("{HEAD} WHERE id = ?1"))
            .map_err(|error| explain(self.file, error))?;
        statement
            .query_row([workspace.as_str()], read_head)
            .optional()
            .map_err(|error| explain(self.file, error))
    }

    fn append(&mut self, workspace: &WorkspaceId, run: &Run) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO run (workspace, first, count, first_time, packed)
             SELECT number, ?2, ?3, ?4, ?5 FROM workspace WHERE id = ?1",
            params![workspace.as_str(), run.first, run.count, run.first_time.micros(), run.packed],
            workspace,
        )
    }

    fn advance(&mut self, head: &Head) -> Result<(), JournalError> {
        let peaks: Vec<u8> = head.frontier.peaks().iter().flat_map(|hash| *hash.as_bytes()).collect();
        self.execute_one(
            "UPDATE workspace SET size = ?2, peaks = ?3, last_time = ?4 WHERE id = ?1",
            params![head.workspace.as_str(), head.frontier.size(), peaks, head.last_time.micros()],
            &head.workspace,
        )
    }

    fn recall(
        &mut self,
        workspace: &WorkspaceId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Remembered>, JournalError> {
        let explain = |error| explain(self.file, error);
        let mut statement = self
            .writer
            .prepare_cached(
                "SELECT fingerprint, first, count, expires_at FROM remembered
                 WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND key = ?2 AND expires_at > ?3",
            )
            .map_err(explain)?;
        let found = statement.query_row(params![workspace.as_str(), key, now.micros()], |row| {
            Ok(Remembered {
                fingerprint: row.get(0)?,
                first: row.get(1)?,
                count: row.get(2)?,
                expires_at: Timestamp::from_micros(row.get(3)?),
            })
        });
        found.optional().map_err(explain)
    }

    fn remember(
        &mut self,
        workspace: &WorkspaceId,
        key: &str,
        what: &Remembered,
    ) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT OR REPLACE INTO remembered (workspace, key, fingerprint, first, count, expires_at)
             SELECT number, ?2, ?3, ?4, ?5, ?6 FROM workspace WHERE id = ?1",
            params![
                workspace.as_str(),
                key,
                what.fingerprint,
                what.first,
                what.count,
                what.expires_at.micros()
            ],
            workspace,
        )
    }

    fn forget(&mut self, now: Timestamp) -> Result<bool, JournalError> {
        let forgotten = self.execute(
            "DELETE FROM remembered WHERE (workspace, key) IN
                (SELECT workspace, key FROM remembered WHERE expires_at <= ?1 LIMIT ?2)",
            params![now.micros(), FORGOTTEN_AT_ONCE],
        )?;
        Ok(forgotten >= FORGOTTEN_AT_ONCE)
    }

    fn forget_of(&mut self, workspace: &WorkspaceId, entries: &Range<u64>) -> Result<(), JournalError> {
        self.execute(
            "DELETE FROM remembered WHERE workspace = (SELECT number FROM workspace WHERE id = ?1)
                AND first < ?3 AND first + count > ?2",
            params![workspace.as_str(), entries.start, entries.end],
        )?;
        Ok(())
    }

    fn publish(&mut self, workspace: &WorkspaceId, size: u64, note: &str) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO checkpoint (workspace, size, note) SELECT number, ?2, ?3 FROM workspace WHERE id = ?1",
            params![workspace.as_str(), size, note],
            workspace,
        )
    }

    fn cosign(&mut self, workspace: &WorkspaceId, size: u64, note: &str) -> Result<(), JournalError> {
        self.execute_one(
            "UPDATE checkpoint SET note = ?3
             WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND size = ?2",
            params![workspace.as_str(), size, note],
            workspace,
        )
    }

    fn seal(
        &mut self,
        workspace: &WorkspaceId,
        sealed: u64,
        remove: &[String],
        add: &[Sealed],
    ) -> Result<(), JournalError> {
        let removed: Vec<u64> = remove
            .iter()
            .filter_map(|name| self.number(NAMED, [workspace.as_str(), name]).transpose())
            .collect::<Result<_, _>>()?;
        let buried = add
            .iter()
            .filter_map(|segment| self.number(BURIED, [workspace.as_str(), &segment.name]).transpose());
        let buried = buried.collect::<Result<Vec<_>, _>>()?;
        let from = self.number(SEALED, [workspace.as_str()])?;
        let follows = from.is_some_and(|from| follows(from, sealed, &removed, add));
        if !follows || removed.len() != remove.len() || !buried.is_empty() {
            return Err(JournalError::Stale { workspace: workspace.clone() });
        }
        for name in remove {
            self.execute_one(
                "DELETE FROM segment WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND name = ?2",
                params![workspace.as_str(), name],
                workspace,
            )?;
        }
        for segment in add {
            self.execute_one(
                "INSERT INTO segment (workspace, first, name, meta) SELECT number, ?2, ?3, ?4 FROM workspace WHERE id = ?1",
                params![workspace.as_str(), segment.first, segment.name, segment.meta],
                workspace,
            )?;
        }
        self.execute_one(
            "UPDATE workspace SET sealed = ?2 WHERE id = ?1",
            params![workspace.as_str(), sealed],
            workspace,
        )?;
        self.execute(
            "DELETE FROM run WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND first + count <= ?2
                AND first < ?2",
            params![workspace.as_str(), sealed],
        )?;
        Ok(())
    }

    fn bury(&mut self, workspace: &WorkspaceId, names: &[String]) -> Result<(), JournalError> {
        for name in names {
            if self.number(NAMED, [workspace.as_str(), name])?.is_some() {
                return Err(JournalError::Stale { workspace: workspace.clone() });
            }
            self.execute(
                "INSERT INTO buried (workspace, name) SELECT number, ?2 FROM workspace WHERE id = ?1 ON CONFLICT DO NOTHING",
                params![workspace.as_str(), name],
            )?;
        }
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<(), JournalError> {
        let committed = self.writer.execute_batch("COMMIT").map_err(|error| explain(self.file, error));
        self.open = committed.is_err();
        committed
    }
}

impl Drop for SqliteTransaction<'_> {
    fn drop(&mut self) {
        // SQLite has already rolled back by itself after some errors; then there is nothing to do.
        if self.open && !self.writer.is_autocommit() {
            let _rolled_back = self.writer.execute_batch("ROLLBACK");
        }
    }
}
