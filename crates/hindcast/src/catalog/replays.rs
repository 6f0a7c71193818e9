//! Replays that people asked for, and what was found: each row one run, its report compressed beside it.

use super::{Catalog, CatalogError, random_id};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::Value;

/// Of a workspace so many are kept; when there are more, the oldest that are over go.
pub const REPLAYS_KEPT_MAX: u64 = 200;
/// Replays of a workspace that wait or are under way.
pub const REPLAYS_WAITING_MAX: u64 = 10;
/// A report takes at most so many bytes as JSON.
pub const REPORT_BYTES_MAX: usize = 32 << 20;
/// How hard reports are compressed: they are written often and read rarely.
const LEVEL: i32 = 3;

/// How far a replay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayState {
    /// It waits for others.
    Pending,
    /// It is under way.
    Running,
    /// It is done.
    Succeeded,
    /// It could not be finished; why is said.
    Failed,
    /// Somebody broke it off.
    Cancelled,
}

impl ReplayState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether nothing more comes of it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// What is asked of the past.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReplay {
    /// What people call it; may be empty.
    pub name: String,
    /// What is tried: `policy`, `workflow` or `rule`.
    pub kind: &'static str,
    /// What the run is told apart by: the same question has the same answer. Empty where nothing is to be served from it.
    pub question: String,
    /// What is tried: `version` and `policies`, each with `name` and either the `number` of a saved version or a `text`; `changed`
    /// names those that are not as in use. For workflows: `version`, `workflows` in place of `policies`, and `changed`. For a detection rule
    /// `rules`, each with `name`, `key`, `id`, `title`, `text` (none where it comes with hindcast), `tuned`, `quiet_seconds` and `on`.
    pub candidate: Value,
    /// What it is compared with: the same as `candidate`, for workflows with `as`: `enforced`, `nothing` or `version`, for a rule
    /// `set`, `nothing` or `other`; or null for what happened.
    pub baseline: Value,
    /// From when, and until before when; both by `occurred_at`.
    pub window: (Option<Timestamp>, Option<Timestamp>),
    /// The query that chose the entries, with absolute times; may be empty.
    pub filter: String,
    /// What whoever asked is called.
    pub started_by: String,
}

/// A replay as we keep it. Its report is read by [`Catalog::replay_report`].
#[derive(Clone, Debug, PartialEq)]
pub struct KeptReplay {
    /// Its id.
    pub id: String,
    /// Of whose log.
    pub workspace: WorkspaceId,
    /// What was asked.
    pub new: NewReplay,
    /// How far it has come.
    pub state: ReplayState,
    /// Entries of the log looked at so far.
    pub done: u64,
    /// Entries of the log to look at; 0 until it begins.
    pub total: u64,
    /// Why it failed; empty otherwise.
    pub problem: String,
    /// The numbers of the report without its lists (`docs/formats/replay.md`), whole or so far; null before the first.
    pub summary: Value,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

/// What was found so far, or in the end.
#[derive(Clone, Debug)]
pub struct Found<'f> {
    /// Entries looked at.
    pub done: u64,
    /// Entries to look at.
    pub total: u64,
    /// The numbers of the report.
    pub summary: &'f Value,
    /// The report as JSON; nothing to keep the one before.
    pub report: Option<&'f str>,
}

impl Catalog {
    /// Keeps a replay that waits for its turn; nothing when [`REPLAYS_WAITING_MAX`] do already. The oldest beyond
    /// [`REPLAYS_KEPT_MAX`] that are over go.
    pub fn add_replay(
        &self,
        workspace: &WorkspaceId,
        new: &NewReplay,
        now: Timestamp,
    ) -> Result<Option<KeptReplay>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let waiting: u64 = transaction.query_row(
            "SELECT count(*) FROM replay WHERE workspace = ?1 AND state IN ('pending', 'running')",
            [workspace.as_str()],
            |row| row.get(0),
        )?;
        if waiting >= REPLAYS_WAITING_MAX {
            return Ok(None);
        }
        let kept = KeptReplay {
            id: random_id()?,
            workspace: workspace.clone(),
            new: new.clone(),
            state: ReplayState::Pending,
            done: 0,
            total: 0,
            problem: String::new(),
            summary: Value::Null,
            created_at: now,
            finished_at: None,
        };
        insert(&transaction, &kept)?;
        transaction.execute(
            "DELETE FROM replay WHERE nr IN (
                 SELECT nr FROM replay WHERE workspace = ?1 AND state NOT IN ('pending', 'running')
                 ORDER BY nr DESC LIMIT 1000000 OFFSET ?2)",
            params![workspace.as_str(), (REPLAYS_KEPT_MAX - waiting - 1).cast_signed()],
        )?;
        transaction.commit()?;
        Ok(Some(kept))
    }

    /// One of the replays of a workspace.
    pub fn replay(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<KeptReplay>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&select("workspace = ?1 AND id = ?2"))?;
        Ok(statement.query_row([workspace.as_str(), id], read).optional()?)
    }

    /// Replays of a workspace, the newest first, from the one after another.
    pub fn replays(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<KeptReplay>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&select(
            "workspace = ?1 AND (nr < (SELECT nr FROM replay WHERE workspace = ?1 AND id = ?2) OR ?2 IS NULL)
             ORDER BY nr DESC LIMIT ?3",
        ))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![workspace.as_str(), after, limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest replay that answered a question, or is about to.
    pub fn replay_of_question(
        &self,
        workspace: &WorkspaceId,
        question: &str,
    ) -> Result<Option<KeptReplay>, CatalogError> {
        if question.is_empty() {
            return Ok(None);
        }
        let sql = self.sql();
        let mut statement = sql.prepare(&select(
            "workspace = ?1 AND question = ?2 AND state IN ('pending', 'running', 'succeeded')
             ORDER BY state = 'succeeded' DESC, nr DESC LIMIT 1",
        ))?;
        Ok(statement.query_row([workspace.as_str(), question], read).optional()?)
    }

    /// The report of a replay as JSON, whole or so far; nothing before the first.
    pub fn replay_report(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT report FROM replay WHERE workspace = ?1 AND id = ?2")?;
        let packed: Option<Option<Vec<u8>>> =
            statement.query_row([workspace.as_str(), id], |row| row.get(0)).optional()?;
        packed.flatten().map(|packed| unpacked(&packed)).transpose()
    }

    /// Begins one that waits; whether it still did.
    pub fn claim_replay(&self, id: &str, total: u64) -> Result<bool, CatalogError> {
        let changed = self.sql().execute(
            "UPDATE replay SET state = 'running', total = ?2 WHERE id = ?1 AND state = 'pending'",
            params![id, number(total)],
        )?;
        Ok(changed == 1)
    }

    /// Keeps how far one under way has come; whether it still is.
    pub fn note_replay(&self, id: &str, found: &Found<'_>) -> Result<bool, CatalogError> {
        let packed = found.report.map(packed).transpose()?;
        let changed = self.sql().execute(
            "UPDATE replay SET done = ?2, total = ?3, summary = ?4, report = coalesce(?5, report)
             WHERE id = ?1 AND state = 'running'",
            params![id, number(found.done), number(found.total), found.summary.to_string(), packed],
        )?;
        Ok(changed == 1)
    }

    /// Ends one under way with its whole report; whether it still was.
    pub fn finish_replay(&self, id: &str, found: &Found<'_>, now: Timestamp) -> Result<bool, CatalogError> {
        let packed = found.report.map(packed).transpose()?;
        let changed = self.sql().execute(
            "UPDATE replay SET state = 'succeeded', done = ?2, total = ?3, summary = ?4, report = ?5, finished_at = ?6
             WHERE id = ?1 AND state = 'running'",
            params![
                id,
                number(found.done),
                number(found.total),
                found.summary.to_string(),
                packed,
                now.micros()
            ],
        )?;
        Ok(changed == 1)
    }

    /// Ends one that waits or is under way because it could not be done; whether it still did.
    pub fn fail_replay(&self, id: &str, problem: &str, now: Timestamp) -> Result<bool, CatalogError> {
        let changed = self.sql().execute(
            "UPDATE replay SET state = 'failed', problem = ?2, finished_at = ?3
             WHERE id = ?1 AND state IN ('pending', 'running')",
            params![id, problem, now.micros()],
        )?;
        Ok(changed == 1)
    }

    /// Breaks one off that waits or is under way; whether it still did.
    pub fn cancel_replay(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let changed = self.sql().execute(
            "UPDATE replay SET state = 'cancelled', finished_at = ?3
             WHERE workspace = ?1 AND id = ?2 AND state IN ('pending', 'running')",
            params![workspace.as_str(), id, now.micros()],
        )?;
        Ok(changed == 1)
    }

    /// Ends all that wait or are under way, of every workspace: whoever ran them is gone. How many.
    pub fn fail_unfinished_replays(&self, problem: &str, now: Timestamp) -> Result<usize, CatalogError> {
        Ok(self.sql().execute(
            "UPDATE replay SET state = 'failed', problem = ?1, finished_at = ?2 WHERE state IN ('pending', 'running')",
            params![problem, now.micros()],
        )?)
    }

    /// Forgets the replays that name a text anywhere; they can be asked for again.
    pub(super) fn forget_replays(
        transaction: &Transaction<'_>,
        workspace: &WorkspaceId,
        text: &str,
    ) -> Result<(), CatalogError> {
        let mut statement = transaction.prepare(
            "SELECT nr, name, candidate, baseline, filter, report FROM replay WHERE workspace = ?1 ORDER BY nr",
        )?;
        let rows = statement.query_map([workspace.as_str()], |row| {
            let told = [row.get::<_, String>(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            Ok((row.get::<_, i64>(0)?, told, row.get::<_, Option<Vec<u8>>>(5)?))
        })?;
        let mut naming = Vec::new();
        for row in rows {
            let (nr, told, report) = row?;
            let report = report.map(|packed| unpacked(&packed)).transpose()?.unwrap_or_default();
            if told.iter().chain([&report]).any(|json| names(json, text)) {
                naming.push(nr);
            }
        }
        for nr in naming {
            transaction.execute("DELETE FROM replay WHERE nr = ?1", [nr])?;
        }
        Ok(())
    }

    /// Forgets a replay and its report; whether it was there.
    pub fn delete_replay(&self, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
        let deleted = self
            .sql()
            .execute("DELETE FROM replay WHERE workspace = ?1 AND id = ?2", [workspace.as_str(), id])?;
        Ok(deleted == 1)
    }
}

/// All but the report.
fn select(which: &str) -> String {
    format!(
        "SELECT id, workspace, name, kind, question, candidate, baseline, from_us, until_us, filter, started_by, state, done,
             total, problem, summary, created_at, finished_at FROM replay WHERE {which}"
    )
}

fn insert(transaction: &Transaction<'_>, kept: &KeptReplay) -> Result<(), CatalogError> {
    let new = &kept.new;
    transaction.execute(
        "INSERT INTO replay (id, workspace, name, kind, question, candidate, baseline, from_us, until_us, filter,
             started_by, state, done, total, problem, summary, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 0, '', 'null', ?13)",
        params![
            kept.id,
            kept.workspace.as_str(),
            new.name,
            new.kind,
            new.question,
            new.candidate.to_string(),
            new.baseline.to_string(),
            new.window.0.map(Timestamp::micros),
            new.window.1.map(Timestamp::micros),
            new.filter,
            new.started_by,
            kept.state.as_str(),
            kept.created_at.micros(),
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> crate::sql::Result<KeptReplay> {
    let damaged = |what: &str| {
        let error = CatalogError::Damaged(format!("a replay has no {what}"));
        crate::sql::Error::unread(error)
    };
    let text = |name: &str| row.get::<_, String>(name);
    let json =
        |name: &str| Ok::<Value, crate::sql::Error>(serde_json::from_str(&text(name)?).unwrap_or_default());
    let time =
        |name: &str| Ok::<_, crate::sql::Error>(row.get::<_, Option<i64>>(name)?.map(Timestamp::from_micros));
    let kind = text("kind")?;
    Ok(KeptReplay {
        id: text("id")?,
        workspace: text("workspace")?.parse().map_err(|_| damaged("workspace"))?,
        new: NewReplay {
            name: text("name")?,
            kind: KINDS.into_iter().find(|known| *known == kind).ok_or_else(|| damaged("kind"))?,
            question: text("question")?,
            candidate: json("candidate")?,
            baseline: json("baseline")?,
            window: (time("from_us")?, time("until_us")?),
            filter: text("filter")?,
            started_by: text("started_by")?,
        },
        state: ReplayState::parse(&text("state")?).ok_or_else(|| damaged("state"))?,
        done: row.get("done")?,
        total: row.get("total")?,
        problem: text("problem")?,
        summary: json("summary")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        finished_at: time("finished_at")?,
    })
}

/// What can be tried.
const KINDS: [&str; 3] = ["policy", "workflow", "rule"];

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether a text stands in some words or JSON, in any case of letters.
fn names(json: &str, text: &str) -> bool {
    let escaped = Value::from(text).to_string();
    let json = json.to_lowercase();
    json.contains(text) || json.contains(escaped.trim_matches('"'))
}

fn packed(report: &str) -> Result<Vec<u8>, CatalogError> {
    if report.len() > REPORT_BYTES_MAX {
        return Err(CatalogError::Damaged(format!("a report takes more than {REPORT_BYTES_MAX} bytes")));
    }
    zstd::bulk::compress(report.as_bytes(), LEVEL).map_err(|error| CatalogError::Damaged(error.to_string()))
}

fn unpacked(packed: &[u8]) -> Result<String, CatalogError> {
    let damaged = |error: String| CatalogError::Damaged(format!("a report of a replay: {error}"));
    let bytes =
        zstd::bulk::decompress(packed, REPORT_BYTES_MAX).map_err(|error| damaged(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{By, Workspace};
    use serde_json::json;

    fn catalog() -> (tempfile::TempDir, Catalog, WorkspaceId) {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = Catalog::open(&folder.path().join("catalog.db")).expect("opens");
        let workspace: WorkspaceId = "acme".parse().expect("an id");
        let acme = Workspace { id: workspace.clone(), name: "Acme".to_owned(), created_at: at(0) };
        catalog.add_workspace(&acme, &By::server()).expect("added");
        (folder, catalog, workspace)
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn new(question: &str) -> NewReplay {
        NewReplay {
            name: "a stricter cap".to_owned(),
            kind: "policy",
            question: question.to_owned(),
            candidate: json!({ "version": "c" }),
            baseline: Value::Null,
            window: (Some(at(1)), None),
            filter: String::new(),
            started_by: "Ana".to_owned(),
        }
    }

    #[test]
    fn a_replay_that_names_whoever_is_forgotten_goes() {
        let (_folder, catalog, workspace) = catalog();
        let mut ids = Vec::new();
        for (question, report) in [("a", r#"{"group": "Ana \"A\" <ana@x>"}"#), ("b", r#"{"group": "bob"}"#)] {
            let kept = catalog.add_replay(&workspace, &new(question), at(2)).expect("kept").expect("room");
            assert!(catalog.claim_replay(&kept.id, 1).expect("claimed"));
            let summary = json!({});
            let found = Found { done: 1, total: 1, summary: &summary, report: Some(report) };
            assert!(catalog.finish_replay(&kept.id, &found, at(3)).expect("kept"));
            ids.push(kept.id);
        }
        catalog.forget_texts(&workspace, ["ANA \"a\" <ana@x>".to_owned()].iter()).expect("forgotten");
        assert!(catalog.replay(&workspace, &ids[0]).expect("read").is_none());
        assert!(catalog.replay(&workspace, &ids[1]).expect("read").is_some());
    }

    #[test]
    fn a_replay_waits_runs_and_is_done_with_its_report() {
        let (_folder, catalog, workspace) = catalog();
        let kept = catalog.add_replay(&workspace, &new("q"), at(5)).expect("kept").expect("not too many");
        assert!(catalog.claim_replay(&kept.id, 10).expect("claimed"));
        assert!(!catalog.claim_replay(&kept.id, 10).expect("asked"), "once");
        let summary = json!({ "evaluated": 4 });
        let found = Found { done: 4, total: 10, summary: &summary, report: Some("{\"so\":\"far\"}") };
        assert!(catalog.note_replay(&kept.id, &found).expect("noted"));
        assert_eq!(
            catalog.replay_report(&workspace, &kept.id).expect("read").as_deref(),
            Some("{\"so\":\"far\"}")
        );
        let found = Found { done: 10, report: Some("{}"), ..found };
        assert!(catalog.finish_replay(&kept.id, &found, at(9)).expect("finished"));
        assert!(!catalog.note_replay(&kept.id, &found).expect("asked"), "it is over");
        assert!(!catalog.cancel_replay(&workspace, &kept.id, at(10)).expect("asked"));
        let read = catalog.replay(&workspace, &kept.id).expect("read").expect("there");
        assert_eq!((read.state, read.done, read.summary), (ReplayState::Succeeded, 10, summary));
        assert_eq!((read.new, read.finished_at), (new("q"), Some(at(9))));
        let of =
            |question| catalog.replay_of_question(&workspace, question).expect("read").map(|kept| kept.id);
        assert_eq!((of("q"), of("other"), of("")), (Some(kept.id.clone()), None, None));
        let elsewhere: WorkspaceId = "other".parse().expect("an id");
        assert_eq!(catalog.replay(&elsewhere, &kept.id).expect("read"), None);
        assert_eq!(catalog.replay_report(&elsewhere, &kept.id).expect("read"), None);
        assert!(!catalog.delete_replay(&elsewhere, &kept.id).expect("asked"));
        assert!(catalog.delete_replay(&workspace, &kept.id).expect("deleted"));
    }

    #[test]
    fn the_oldest_that_are_over_go_and_not_too_many_wait() {
        let (_folder, catalog, workspace) = catalog();
        let add = |at_: i64| catalog.add_replay(&workspace, &new(""), at(at_)).expect("asked");
        let mut ids = Vec::new();
        for turn in 0..REPLAYS_KEPT_MAX + 5 {
            let kept = add(turn.cast_signed()).expect("none waits");
            assert!(catalog.cancel_replay(&workspace, &kept.id, at(0)).expect("cancelled"));
            ids.push(kept.id);
        }
        let listed = catalog.replays(&workspace, None, 1_000).expect("listed");
        assert_eq!(listed.len() as u64, REPLAYS_KEPT_MAX);
        assert_eq!(listed.first().map(|kept| &kept.id), ids.last());
        let next = catalog.replays(&workspace, Some(&listed[9].id), 2).expect("listed");
        assert_eq!(next, listed[10..12]);
        for _ in 0..REPLAYS_WAITING_MAX {
            assert!(add(0).is_some());
        }
        assert_eq!(add(0), None);
        assert_eq!(catalog.fail_unfinished_replays("the server ended", at(3)).expect("failed"), 10);
        assert!(add(0).is_some());
    }
}
