//! The tables. The workspace stands in every key, so that they can be spread by it (Citus).

use super::line::Line;
use crate::journal::JournalError;

/// Each migration is run once and never edited; what it does must suit the version before, which may still be running.
const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE head (
        workspace text PRIMARY KEY,
        origin    text NOT NULL,
        size      bigint NOT NULL,
        peaks     bytea NOT NULL,
        last_time bigint NOT NULL,
        sealed    bigint NOT NULL
    ) WITH (fillfactor = 50);
    CREATE TABLE run (
        workspace  text NOT NULL,
        first      bigint NOT NULL,
        count      bigint NOT NULL,
        first_time bigint NOT NULL,
        packed     bytea NOT NULL,
        PRIMARY KEY (workspace, first)
    );
    ALTER TABLE run ALTER COLUMN packed SET STORAGE EXTERNAL;
    CREATE TABLE remembered (
        workspace   text NOT NULL,
        key         text NOT NULL,
        fingerprint bytea NOT NULL,
        first       bigint NOT NULL,
        count       bigint NOT NULL,
        expires_at  bigint NOT NULL,
        PRIMARY KEY (workspace, key)
    );
    CREATE INDEX remembered_until ON remembered (expires_at);
    CREATE TABLE checkpoint (
        workspace text NOT NULL,
        size      bigint NOT NULL,
        note      text NOT NULL,
        PRIMARY KEY (workspace, size)
    );
    CREATE TABLE segment (
        workspace text NOT NULL,
        first     bigint NOT NULL,
        meta      text NOT NULL,
        PRIMARY KEY (workspace, first)
    );
    CREATE TABLE writer (
        node   text PRIMARY KEY,
        number bigint NOT NULL,
        at     timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 50);
",
    // Until then the name stood in the description alone.
    "
    ALTER TABLE segment ADD COLUMN name text NOT NULL DEFAULT '';
    UPDATE segment SET name = meta::json ->> 'id' WHERE meta LIKE '{%' AND meta::json ->> 'id' IS NOT NULL;
    CREATE TABLE buried (
        workspace text NOT NULL,
        name      text NOT NULL,
        PRIMARY KEY (workspace, name)
    );
",
];

/// Several that start at once make the tables one after the other.
const LOCK: i64 = 0x6869_6e64_6a6c;

/// Makes the schema and the tables that are not there yet.
pub(super) fn migrate(line: &mut Line, schema: &str, place: &str) -> Result<(), JournalError> {
    line.batch(&format!(
        "BEGIN; SELECT pg_advisory_xact_lock({LOCK}); CREATE SCHEMA IF NOT EXISTS \"{schema}\";
         CREATE TABLE IF NOT EXISTS journal_version (number bigint NOT NULL)"
    ))?;
    let rows = line.query("SELECT coalesce(max(number), 0) FROM journal_version", &[])?;
    let found: i64 = rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(0);
    let known = MIGRATIONS.len() as i64;
    if found > known {
        line.batch("ROLLBACK")?;
        return Err(JournalError::TooNew { place: place.to_owned(), found, known });
    }
    for migration in &MIGRATIONS[usize::try_from(found).unwrap_or(0)..] {
        line.batch(migration)?;
    }
    line.batch(&format!("DELETE FROM journal_version; INSERT INTO journal_version VALUES ({known}); COMMIT"))
}
