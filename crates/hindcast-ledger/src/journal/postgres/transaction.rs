//! What is written together, or not at all.

use super::line::Line;
use super::{Columns, HEAD, read_head, read_remembered, signed};
use crate::WorkspaceId;
use crate::journal::{Head, JournalError, Remembered, Run, Sealed, Transaction, follows};
use hindcast_event::Timestamp;
use postgres::types::ToSql;
use std::ops::Range;
use std::sync::MutexGuard;

/// Deleting more at once would make an append wait.
const FORGOTTEN_AT_ONCE: i64 = 1000;

const NAMED: &str = "SELECT first FROM segment WHERE workspace = $1 AND name = ANY($2)";

/// A transaction of this process.
pub(super) struct PostgresTransaction<'j> {
    place: &'j str,
    line: MutexGuard<'j, Line>,
    open: bool,
}

impl<'j> PostgresTransaction<'j> {
    pub(super) fn begin(place: &'j str, mut line: MutexGuard<'j, Line>) -> Result<Self, JournalError> {
        line.begin()?;
        Ok(Self { place, line, open: true })
    }

    /// A change that must hit the one row it names.
    fn execute_one(
        &mut self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
        workspace: &WorkspaceId,
    ) -> Result<(), JournalError> {
        match self.line.execute(sql, params)? {
            1 => Ok(()),
            rows => {
                let what = format!("{rows} rows instead of one for workspace {workspace}");
                Err(JournalError::Damaged { place: self.place.to_owned(), what })
            }
        }
    }
}

impl Transaction for PostgresTransaction<'_> {
    fn create(&mut self, workspace: &WorkspaceId, origin: &str) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO head (workspace, origin, size, peaks, last_time, sealed) VALUES ($1, $2, 0, '', 0, 0)",
            &[&workspace.as_str(), &origin],
            workspace,
        )?;
        self.line.tell(workspace)
    }

    fn rename(&mut self, workspace: &WorkspaceId, origin: &str) -> Result<(), JournalError> {
        let sql = "UPDATE head SET origin = $2 WHERE workspace = $1";
        self.execute_one(sql, &[&workspace.as_str(), &origin], workspace)
    }

    fn head(&mut self, workspace: &WorkspaceId) -> Result<Option<Head>, JournalError> {
        let rows =
            self.line.query(&format!("{HEAD} WHERE workspace = $1 FOR UPDATE"), &[&workspace.as_str()])?;
        rows.first().map(|row| read_head(row, self.place)).transpose()
    }

    fn append(&mut self, workspace: &WorkspaceId, run: &Run) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO run (workspace, first, count, first_time, packed) VALUES ($1, $2, $3, $4, $5)",
            &[
                &workspace.as_str(),
                &signed(run.first),
                &signed(run.count),
                &run.first_time.micros(),
                &run.packed,
            ],
            workspace,
        )
    }

    fn advance(&mut self, head: &Head) -> Result<(), JournalError> {
        let peaks: Vec<u8> = head.frontier.peaks().iter().flat_map(|hash| *hash.as_bytes()).collect();
        self.execute_one(
            "UPDATE head SET size = $2, peaks = $3, last_time = $4 WHERE workspace = $1",
            &[&head.workspace.as_str(), &signed(head.frontier.size()), &peaks, &head.last_time.micros()],
            &head.workspace,
        )?;
        self.line.tell(&head.workspace)
    }

    fn recall(
        &mut self,
        workspace: &WorkspaceId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Remembered>, JournalError> {
        let rows = self.line.query(
            "SELECT fingerprint, first, count, expires_at FROM remembered
             WHERE workspace = $1 AND key = $2 AND expires_at > $3",
            &[&workspace.as_str(), &key, &now.micros()],
        )?;
        rows.first().map(|row| read_remembered(row, 0, self.place)).transpose()
    }

    fn remember(
        &mut self,
        workspace: &WorkspaceId,
        key: &str,
        what: &Remembered,
    ) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO remembered (workspace, key, fingerprint, first, count, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (workspace, key) DO UPDATE SET fingerprint = excluded.fingerprint, first = excluded.first,
                 count = excluded.count, expires_at = excluded.expires_at",
            &[
                &workspace.as_str(),
                &key,
                &what.fingerprint.as_slice(),
                &signed(what.first),
                &signed(what.count),
                &what.expires_at.micros(),
            ],
            workspace,
        )
    }

    fn forget(&mut self, now: Timestamp) -> Result<bool, JournalError> {
        // Whoever else is at it takes others.
        let forgotten = self.line.execute(
            "DELETE FROM remembered WHERE (workspace, key) IN
                (SELECT workspace, key FROM remembered WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
            &[&now.micros(), &FORGOTTEN_AT_ONCE],
        )?;
        Ok(forgotten >= FORGOTTEN_AT_ONCE as u64)
    }

    fn forget_of(&mut self, workspace: &WorkspaceId, entries: &Range<u64>) -> Result<(), JournalError> {
        let sql = "DELETE FROM remembered WHERE workspace = $1 AND first < $3 AND first + count > $2";
        let params: [&(dyn ToSql + Sync); 3] =
            [&workspace.as_str(), &signed(entries.start), &signed(entries.end)];
        self.line.execute(sql, &params).map(drop)
    }

    fn publish(&mut self, workspace: &WorkspaceId, size: u64, note: &str) -> Result<(), JournalError> {
        // Two that sign the same sign it alike.
        let sql = "INSERT INTO checkpoint (workspace, size, note) VALUES ($1, $2, $3)
             ON CONFLICT (workspace, size) DO UPDATE SET size = excluded.size WHERE checkpoint.note = excluded.note";
        self.execute_one(sql, &[&workspace.as_str(), &signed(size), &note], workspace)?;
        self.line.tell(workspace)
    }

    fn cosign(&mut self, workspace: &WorkspaceId, size: u64, note: &str) -> Result<(), JournalError> {
        let sql = "UPDATE checkpoint SET note = $3 WHERE workspace = $1 AND size = $2";
        self.execute_one(sql, &[&workspace.as_str(), &signed(size), &note], workspace)
    }

    fn seal(
        &mut self,
        workspace: &WorkspaceId,
        sealed: u64,
        remove: &[String],
        add: &[Sealed],
    ) -> Result<(), JournalError> {
        // The row of the head comes first: who holds it goes on, all others wait for it.
        let held = self.head(workspace)?;
        let there = self.line.query(NAMED, &[&workspace.as_str(), &remove])?;
        let removed =
            there.iter().map(|row| Columns(row, self.place).number(0)).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<&str> = add.iter().map(|segment| segment.name.as_str()).collect();
        let buried = self.line.query(
            "SELECT FROM buried WHERE workspace = $1 AND name = ANY($2)",
            &[&workspace.as_str(), &names],
        )?;
        let follows = held.is_some_and(|head| follows(head.sealed, sealed, &removed, add));
        if !follows || removed.len() != remove.len() || !buried.is_empty() {
            return Err(JournalError::Stale { workspace: workspace.clone() });
        }
        self.execute_one(
            "UPDATE head SET sealed = $2 WHERE workspace = $1",
            &[&workspace.as_str(), &signed(sealed)],
            workspace,
        )?;
        for name in remove {
            self.execute_one(
                "DELETE FROM segment WHERE workspace = $1 AND name = $2",
                &[&workspace.as_str(), &name.as_str()],
                workspace,
            )?;
        }
        for segment in add {
            self.execute_one(
                "INSERT INTO segment (workspace, first, name, meta) VALUES ($1, $2, $3, $4)",
                &[&workspace.as_str(), &signed(segment.first), &segment.name, &segment.meta],
                workspace,
            )?;
        }
        let sql = "DELETE FROM run WHERE workspace = $1 AND first + count <= $2 AND first < $2";
        self.line.execute(sql, &[&workspace.as_str(), &signed(sealed)])?;
        self.line.tell(workspace)
    }

    fn bury(&mut self, workspace: &WorkspaceId, names: &[String]) -> Result<(), JournalError> {
        // Whoever seals holds the head, too: one of the two comes first.
        self.head(workspace)?;
        if !self.line.query(NAMED, &[&workspace.as_str(), &names])?.is_empty() {
            return Err(JournalError::Stale { workspace: workspace.clone() });
        }
        let sql = "INSERT INTO buried (workspace, name) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING";
        self.line.execute(sql, &[&workspace.as_str(), &names]).map(drop)
    }

    fn commit(mut self: Box<Self>) -> Result<(), JournalError> {
        self.open = false;
        let committed = self.line.commit();
        if committed.is_err() {
            self.line.rollback();
        }
        committed
    }
}

impl Drop for PostgresTransaction<'_> {
    fn drop(&mut self) {
        if self.open {
            self.line.rollback();
        }
    }
}
