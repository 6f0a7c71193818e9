//! Exports that outlive the request they were asked for by.

use super::{Catalog, CatalogError, PersonId, outbox, random_id};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::{Language, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde_json::Value;

/// Exports of one of the people that wait or are being written.
pub const WAITING_OF_PERSON_MAX: u64 = 5;
/// Those of a workspace.
pub const WAITING_OF_WORKSPACE_MAX: u64 = 20;

/// How far an export has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportState {
    /// It waits for others.
    Queued,
    /// It is being written.
    Running,
    /// It can be downloaded.
    Ready,
    /// It failed.
    Failed,
    /// Somebody broke it off.
    Cancelled,
}

impl ExportState {
    const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Ready, Self::Failed, Self::Cancelled];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why an export failed, as far as people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportProblem {
    /// There was no room for the file.
    Space,
    /// It took too long.
    Time,
    /// Something of ours, which our own log names.
    Other,
}

impl ExportProblem {
    fn as_str(self) -> &'static str {
        match self {
            Self::Space => "space",
            Self::Time => "time",
            Self::Other => "other",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "" => None,
            "space" => Some(Self::Space),
            "time" => Some(Self::Time),
            _ => Some(Self::Other),
        }
    }
}

/// An export as we keep it.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its id.
    pub id: String,
    /// Of whose log.
    pub workspace: WorkspaceId,
    /// For whom; it holds what they may see.
    pub person: PersonId,
    /// Of what, with absolute times.
    pub query: String,
    /// The name of its layout.
    pub format: String,
    /// The language of whatever in it is written for people.
    pub language: Language,
    /// How far it has come.
    pub state: ExportState,
    /// How many entries it was to have, and has when it is ready.
    pub rows: u64,
    /// How large it is.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// What its reader was allowed to see when it was written, in a few digits.
    pub sight: String,
    /// Why it failed.
    pub problem: Option<ExportProblem>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewExport<'a> {
    /// Of whose log.
    pub workspace: &'a WorkspaceId,
    /// For whom.
    pub person: &'a PersonId,
    /// Of what, with absolute times.
    pub query: &'a str,
    /// The name of its layout.
    pub format: &'a str,
    /// The language of whatever in it is written for people.
    pub language: Language,
    /// How many entries it will have.
    pub rows: u64,
}

/// What became of a wish for an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It waits, under this id.
    Waiting(String),
    /// Whoever asks has [`WAITING_OF_PERSON_MAX`] waiting.
    EnoughOfPerson,
    /// Their workspace has [`WAITING_OF_WORKSPACE_MAX`].
    EnoughOfWorkspace,
}

/// What the job is called that writes an export.
const EXPORT_JOB: &str = "export";

const COLUMNS: &str = "id, workspace, person, query, format, language, state, rows, bytes, sha256, sight, problem, created_at, \
     finished_at";

impl Catalog {
    /// Puts an export into the queue, with the entry about it, unless there is enough in it.
    pub fn queue_export(
        &self,
        new: &NewExport<'_>,
        event: &Value,
        now: Timestamp,
    ) -> Result<Queued, CatalogError> {
        let id = random_id()?;
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        if waiting(&transaction, "person", &new.person.0)? >= WAITING_OF_PERSON_MAX {
            return Ok(Queued::EnoughOfPerson);
        }
        if waiting(&transaction, "workspace", new.workspace.as_str())? >= WAITING_OF_WORKSPACE_MAX {
            return Ok(Queued::EnoughOfWorkspace);
        }
        transaction.execute(
            "INSERT INTO export (id, workspace, person, query, format, language, state, rows, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8)",
            params![
                id,
                new.workspace.as_str(),
                new.person.0,
                new.query,
                new.format,
                new.language.code(),
                i64::try_from(new.rows).unwrap_or(i64::MAX),
                now.micros()
            ],
        )?;
        outbox::put(&transaction, new.workspace, event)?;
        transaction.commit()?;
        Ok(Queued::Waiting(id))
    }

    /// The next export in the queue, which runs from now on: the oldest of the workspace that comes after the last one.
    /// What ran when the server ended begins anew.
    ///
    /// It is that server's job from then on. What another one works on is left to it.
    pub fn begin_export(
        &self,
        last: Option<&WorkspaceId>,
        node: &str,
        now: Timestamp,
    ) -> Result<Option<Export>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let mut statement = transaction.prepare(&format!(
            "UPDATE export SET state = 'running' WHERE id = (
                 SELECT id FROM export WHERE state = 'queued'
                     OR state = 'running' AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = export.id AND job.node <> ?2)
                 ORDER BY workspace <= ?1, workspace, created_at, id LIMIT 1
             ) RETURNING {COLUMNS}"
        ))?;
        let last = last.map_or("", WorkspaceId::as_str);
        let export = statement.query_row([last, node], read).optional()?.transpose()?;
        drop(statement);
        if let Some(export) = &export {
            transaction.execute(
                "INSERT INTO job (id, workspace, kind, node, began_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                params![export.id, export.workspace.as_str(), EXPORT_JOB, node, now.micros()],
            )?;
        }
        transaction.commit()?;
        Ok(export)
    }

    /// Notes how an export ended; whether it is still known.
    /// One that another server has begun anew meanwhile is that one's.
    pub fn end_export(&self, export: &Export, node: &str) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let changed = transaction.execute(
            "UPDATE export SET state = ?2, rows = ?3, bytes = ?4, sha256 = ?5, sight = ?6, problem = ?7,
                 finished_at = ?8
             WHERE id = ?1 AND EXISTS (SELECT 1 FROM job WHERE job.id = export.id AND job.node = ?9)",
            params![
                export.id,
                export.state.as_str(),
                i64::try_from(export.rows).unwrap_or(i64::MAX),
                i64::try_from(export.bytes).unwrap_or(i64::MAX),
                export.sha256,
                export.sight,
                export.problem.map_or("", ExportProblem::as_str),
                export.finished_at.map(Timestamp::micros),
                node,
            ],
        )?;
        transaction.execute("DELETE FROM job WHERE id = ?1 AND node = ?2", [export.id.as_str(), node])?;
        transaction.commit()?;
        Ok(changed == 1)
    }

    /// The bytes of all files that are kept, and those of a workspace.
    pub fn export_bytes(&self, workspace: &WorkspaceId) -> Result<(u64, u64), CatalogError> {
        let sum = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT), CAST(coalesce(sum(bytes) FILTER (WHERE workspace = ?1), 0) AS BIGINT)
             FROM export WHERE state = 'ready'";
        Ok(self.sql().query_row(sum, [workspace.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The ids of all exports that have a file.
    pub fn ready_exports(&self) -> Result<Vec<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT id FROM export WHERE state = 'ready'")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Somebody's export.
    pub fn export(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        id: &str,
    ) -> Result<Option<Export>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM export WHERE workspace = ?1 AND person = ?2 AND id = ?3"
        ))?;
        statement.query_row([workspace.as_str(), &person.0, id], read).optional()?.transpose()
    }

    /// Somebody's exports, the newest first.
    pub fn exports(&self, workspace: &WorkspaceId, person: &PersonId) -> Result<Vec<Export>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM export WHERE workspace = ?1 AND person = ?2 ORDER BY created_at DESC, id"
        ))?;
        let rows = statement.query_map([workspace.as_str(), &person.0], read)?;
        rows.map(|row| row?).collect()
    }

    /// The exports of a workspace, whoever asked for them.
    pub fn exports_of(&self, workspace: &WorkspaceId) -> Result<Vec<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT id FROM export WHERE workspace = ?1")?;
        let rows = statement.query_map([workspace.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets an export; whether it was there.
    pub fn forget_export(&self, id: &str) -> Result<bool, CatalogError> {
        Ok(self.sql().execute("DELETE FROM export WHERE id = ?1", [id])? == 1)
    }

    /// The ids of exports that were done before a moment.
    pub fn old_exports(&self, before: Timestamp) -> Result<Vec<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT id FROM export WHERE finished_at < ?1")?;
        let rows = statement.query_map([before.micros()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// How many exports of a person or a workspace are not done.
fn waiting(sql: &Transaction<'_>, column: &str, whose: &str) -> crate::sql::Result<u64> {
    let count = format!("SELECT count(*) FROM export WHERE state IN ('queued', 'running') AND {column} = ?1");
    sql.query_row(&count, [whose], |row| row.get(0))
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Export, CatalogError>> {
    let (workspace, state): (String, String) = (row.get("workspace")?, row.get("state")?);
    let known = ExportState::ALL.into_iter().find(|known| known.as_str() == state);
    let (Ok(workspace), Some(state)) = (workspace.parse(), known) else {
        return Ok(Err(CatalogError::Damaged(format!("an export of {workspace:?} is {state:?}"))));
    };
    Ok(Ok(Export {
        id: row.get("id")?,
        workspace,
        person: PersonId(row.get("person")?),
        query: row.get("query")?,
        format: row.get("format")?,
        language: Language::parse(&row.get::<_, String>("language")?).unwrap_or_default(),
        state,
        rows: row.get("rows")?,
        bytes: row.get("bytes")?,
        sha256: row.get("sha256")?,
        sight: row.get("sight")?,
        problem: ExportProblem::parse(&row.get::<_, String>("problem")?),
        created_at: Timestamp::from_micros(row.get("created_at")?),
        finished_at: row.get::<_, Option<i64>>("finished_at")?.map(Timestamp::from_micros),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::{By, NewPerson, Preferences, Workspace};
    use super::*;
    use serde_json::json;

    fn now() -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000)
    }

    fn workspace(catalog: &Catalog, name: &str) -> WorkspaceId {
        let id: WorkspaceId = name.parse().expect("an id");
        let workspace = Workspace { id: id.clone(), name: name.to_owned(), created_at: now() };
        catalog.add_workspace(&workspace, &By::server()).expect("added");
        id
    }

    fn person(catalog: &Catalog, name: &str) -> PersonId {
        let new = NewPerson {
            email: format!("{name}@northwind.example"),
            name: name.to_owned(),
            password: None,
            preferences: Preferences::default(),
        };
        catalog.add_person(&new, &[], "agent.joined", |_| By::server(), now()).expect("kept").expect("new")
    }

    fn queue(catalog: &Catalog, workspace: &WorkspaceId, person: &PersonId) -> Queued {
        let new =
            NewExport { workspace, person, query: "", format: "csv", language: Language::English, rows: 1 };
        let event = By::server().event("log.exported", json!([]), json!({}));
        catalog.queue_export(&new, &event, now()).expect("asked")
    }

    #[test]
    fn workspaces_take_turns_and_nobody_fills_the_queue() {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = Catalog::open(&folder.path().join("catalog.db")).expect("opens");
        let (busy, calm) = (workspace(&catalog, "busy"), workspace(&catalog, "calm"));
        let people: Vec<_> = (0..5).map(|nth| person(&catalog, &format!("p{nth}"))).collect();
        for _ in 0..WAITING_OF_PERSON_MAX {
            assert!(matches!(queue(&catalog, &busy, &people[0]), Queued::Waiting(_)));
        }
        assert_eq!(queue(&catalog, &busy, &people[0]), Queued::EnoughOfPerson);
        assert_eq!(queue(&catalog, &calm, &people[0]), Queued::EnoughOfPerson, "wherever they ask");
        for person in &people[1..4] {
            (0..WAITING_OF_PERSON_MAX).for_each(|_| drop(queue(&catalog, &busy, person)));
        }
        assert_eq!(queue(&catalog, &busy, &people[4]), Queued::EnoughOfWorkspace);
        assert!(matches!(queue(&catalog, &calm, &people[4]), Queued::Waiting(_)));
        let mut last = None;
        let mut turns = Vec::new();
        for _ in 0..3 {
            let mut export =
                catalog.begin_export(last.as_ref(), "here", now()).expect("asked").expect("one waits");
            turns.push(export.workspace.to_string());
            last = Some(export.workspace.clone());
            (export.state, export.bytes) = (ExportState::Ready, 10);
            assert!(catalog.end_export(&export, "here").expect("noted"));
            catalog.forget_export(&export.id).expect("forgotten");
            assert!(!catalog.end_export(&export, "here").expect("asked"), "nobody knows it any more");
        }
        assert_eq!(turns, ["busy", "calm", "busy"]);
    }
}
