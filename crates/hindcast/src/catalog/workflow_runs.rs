//! What workflows said when something set them off, and what became of each of their intents.
//!
//! A run, its intents, the entry about it and how far its trigger was read are kept in one transaction, under ids that the
//! same trigger always comes to: however often the server stops, a workflow is set off once by what happened once.

use super::{Catalog, CatalogError, outbox};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::Value;

/// Triggers of a workspace that wait to be asked about.
pub const TRIGGERS_WAITING_MAX: u64 = 10_000;
/// Runs of a workspace that are kept,
const RUNS_KEPT_MAX: i64 = 20_000;
/// and for how long, with their intents.
const RUNS_KEPT_MICROS: i64 = 31 * 86_400 * 1_000_000;
/// The states in which something is still to be done about an intent.
const OPEN: &str = "('pending', 'waiting', 'allowed', 'performing')";
/// Whom an intent calls: at a product there is nobody but the product, over HTTP a tool or an address.
const CALLS: &str = "CASE WHEN product != 'http' THEN ''
    WHEN json_extract(intent, '$.action') = 'webhook.call' THEN json_extract(intent, '$.arguments.url')
    ELSE json_extract(intent, '$.action') END";
/// How an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// The gate was not asked yet.
    Pending,
    /// People are asked.
    Waiting,
    /// It may be done.
    Allowed,
    /// It is being done; found so after a crash, nobody knows whether it was.
    Performing,
    /// It was done.
    Done,
    /// The gate or a person said no.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// The product refused, or could not be reached for too long.
    Failed,
    /// It was sent, and nobody knows whether it was done; it is not sent again.
    Ambiguous,
    /// The workflow was changed or turned off, or the conversation was erased, before it was done.
    Void,
}

impl IntentState {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Waiting,
        Self::Allowed,
        Self::Performing,
        Self::Done,
        Self::Denied,
        Self::Expired,
        Self::Failed,
        Self::Ambiguous,
        Self::Void,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Allowed => "allowed",
            Self::Performing => "performing",
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Ambiguous => "ambiguous",
            Self::Void => "void",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A workflow that was set off.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// The same whenever the same sets the same workflow off.
    pub id: String,
    /// Which workflow.
    pub workflow: String,
    /// Which of its versions.
    pub number: i64,
    /// `shadow` or `enforce`.
    pub mode: &'static str,
    /// What set it off.
    pub trigger: &'static str,
    /// About which conversation; empty for none.
    pub ticket: String,
    /// `true`, `false` or `unknown`.
    pub matched: String,
    /// Why nothing of what it proposed is done; empty otherwise.
    pub held: String,
    /// Trace, intents and what was withheld.
    pub body: Value,
    /// The entry about it, if it is worth one.
    pub entry: Option<Value>,
    /// What goes to the gate.
    pub intents: Vec<NewIntent>,
}

/// An action that is to be weighed and done.
#[derive(Clone, Debug, PartialEq)]
pub struct NewIntent {
    /// Its own for ever: what receivers know repeats by.
    pub id: String,
    /// The connector it is for: a kind, or empty.
    pub product: String,
    /// The action: `path`, `action`, `arguments`, `tool`, `approval`.
    pub intent: Value,
    /// The chain of causes that ends with its workflow.
    pub causes: Value,
}

/// A run as it is kept.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "see NewRun")]
pub struct RunRow {
    pub nr: i64,
    pub id: String,
    pub workflow: String,
    pub number: i64,
    pub mode: String,
    pub trigger: String,
    pub ticket: String,
    pub matched: String,
    pub held: String,
    pub body: Value,
    /// When.
    pub at: Timestamp,
}

/// An intent as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentRow {
    /// Its place among all.
    pub nr: i64,
    /// See [`NewIntent::id`].
    pub id: String,
    /// The run it comes from.
    pub run: String,
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// Of which workflow.
    pub workflow: String,
    /// And which of its versions.
    pub number: i64,
    /// About which conversation.
    pub ticket: String,
    /// See [`NewIntent::product`].
    pub product: String,
    /// See [`NewIntent::intent`].
    pub intent: Value,
    /// See [`NewIntent::causes`].
    pub causes: Value,
    /// How it stands.
    pub state: IntentState,
    /// The approval it waits for, or used.
    pub approval: Option<String>,
    /// The id of the decision about it.
    pub decision: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is looked at next.
    pub next_at: Timestamp,
    /// What was said of it last.
    pub said: String,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was tried last.
    pub acted_at: Option<Timestamp>,
}

/// The newest intent that a connector had done, or had not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastAct {
    /// The connector: a kind.
    pub product: String,
    /// Whether it was done.
    pub is_done: bool,
    /// Of which run.
    pub run: String,
    /// What was said of it.
    pub said: String,
    /// When it was tried.
    pub at: Timestamp,
}

/// What becomes of an intent, with the entry about it and what follows from it.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// The entry, if there is one.
    pub entry: Option<Value>,
    /// What is to be done besides.
    pub follows: Vec<NewIntent>,
}

/// Intents that are taken up one after the other: those of a workspace that the gate is asked about, or those that one product, tool or
/// address is to do. What one lane waits for holds up no other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// Of which workspace.
    pub workspace: WorkspaceId,
    /// Whether they are to be done; otherwise the gate is asked, or people have answered.
    pub does: bool,
    /// See [`NewIntent::product`].
    pub product: String,
    /// Over HTTP, the tool or address that is called.
    pub calls: String,
}

/// What was read to its end with the runs that are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadUntil {
    /// A mark of the workspace.
    Mark(&'static str, String),
    /// A trigger that waited.
    Trigger(i64),
    /// Nothing: somebody waits for the answer.
    Nothing,
}

impl Catalog {
    /// Keeps runs that are not known yet, all of them or none; the ids of those that were new.
    pub fn keep_runs(
        &self,
        workspace: &WorkspaceId,
        runs: &[NewRun],
        read: &ReadUntil,
        now: Timestamp,
    ) -> Result<Vec<String>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let mut new = Vec::new();
        for run in runs {
            let inserted = transaction.execute(
                "INSERT INTO workflow_run (id, workspace, workflow, number, mode, set_off, ticket, matched, held, body, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
                params![
                    run.id,
                    workspace.as_str(),
                    run.workflow,
                    run.number,
                    run.mode,
                    run.trigger,
                    run.ticket,
                    run.matched,
                    run.held,
                    run.body.to_string(),
                    now.micros()
                ],
            )?;
            if inserted == 0 {
                continue;
            }
            new.push(run.id.clone());
            let of = (run.id.as_str(), run.workflow.as_str(), run.number, run.ticket.as_str());
            put_intents(&transaction, workspace, of, &run.intents, now)?;
            if let Some(entry) = &run.entry {
                outbox::put(&transaction, workspace, entry)?;
            }
        }
        match read {
            ReadUntil::Mark(name, value) => {
                transaction.execute(super::marks::PUT, params![workspace.as_str(), name, value])?;
            }
            ReadUntil::Trigger(nr) => {
                transaction.execute("DELETE FROM workflow_trigger WHERE nr = ?1", [nr])?;
            }
            ReadUntil::Nothing => {}
        }
        transaction.commit()?;
        Ok(new)
    }

    /// Whether a run is known.
    pub fn has_run(&self, id: &str) -> Result<bool, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT 1 FROM workflow_run WHERE id = ?1")?;
        Ok(statement.exists([id])?)
    }

    /// Runs of a workspace, the newest first, below a number.
    pub fn runs(
        &self,
        workspace: &WorkspaceId,
        workflow: Option<&str>,
        below: Option<i64>,
        limit: usize,
    ) -> Result<Vec<RunRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT * FROM workflow_run WHERE workspace = ?1 AND (workflow = ?2 OR ?2 IS NULL) AND (nr < ?3 OR ?3 IS NULL)
             ORDER BY nr DESC LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![workspace.as_str(), workflow, below, limit], read_run)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them.
    pub fn run(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<RunRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM workflow_run WHERE workspace = ?1 AND id = ?2")?;
        Ok(statement.query_row([workspace.as_str(), id], read_run).optional()?)
    }

    /// How many intents of a workflow are still to be weighed or done.
    pub fn open_intents(&self, workspace: &WorkspaceId, workflow: &str) -> Result<u64, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT count(*) FROM workflow_intent WHERE workspace = ?1 AND workflow = ?2 AND state IN {OPEN}"
        ))?;
        Ok(statement.query_row([workspace.as_str(), workflow], |row| row.get(0))?)
    }

    /// What each connector did last: the newest intent that it had done, and the newest that it had not, by kind.
    pub fn last_acts(&self, workspace: &WorkspaceId) -> Result<Vec<LastAct>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT * FROM (
                 SELECT product, state = 'done' AS is_done, run, said, acted_at AS at,
                    row_number() OVER (PARTITION BY product, state = 'done' ORDER BY acted_at DESC, nr DESC) AS place
                 FROM workflow_intent
                 WHERE workspace = ?1 AND acted_at IS NOT NULL AND state IN ('done', 'failed', 'ambiguous')
             ) AS acts WHERE place = 1 ORDER BY product, is_done",
        )?;
        let rows = statement.query_map([workspace.as_str()], |row| {
            Ok(LastAct {
                product: row.get("product")?,
                is_done: row.get("is_done")?,
                run: row.get("run")?,
                said: row.get("said")?,
                at: Timestamp::from_micros(row.get("at")?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The intents of a run, in their order.
    pub fn intents_of(&self, run: &str) -> Result<Vec<IntentRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM workflow_intent WHERE run = ?1 ORDER BY nr")?;
        let rows = statement.query_map([run], read_intent)?;
        rows.map(|row| row?).collect()
    }

    /// The lanes in which something can be done now: about intents that are due, and about those whose approval was decided.
    pub fn due_lanes(&self, now: Timestamp) -> Result<Vec<Lane>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT DISTINCT workspace, 0 AS does, '' AS product, '' AS calls FROM workflow_intent
                 WHERE state = 'pending' AND next_at <= ?1
             UNION SELECT DISTINCT i.workspace, 0, '', '' FROM workflow_intent i JOIN approval a ON a.id = i.approval
                 WHERE i.state = 'waiting' AND a.state != 'pending' AND i.next_at <= ?1
             UNION SELECT DISTINCT workspace, 1, product, {CALLS} FROM workflow_intent
                 WHERE state = 'allowed' AND next_at <= ?1"
        ))?;
        let rows = statement.query_map([now.micros()], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, Option<String>>(3)?))
        })?;
        let lane = |row: crate::sql::Result<(String, bool, String, Option<String>)>| {
            let (workspace, does, product, calls) = row?;
            let workspace = workspace
                .parse()
                .map_err(|_| CatalogError::Damaged(format!("an intent has the workspace {workspace:?}")))?;
            Ok(Lane { workspace, does, product, calls: calls.unwrap_or_default() })
        };
        rows.map(lane).collect()
    }

    /// The intents of a lane about which something can be done now, the oldest first.
    pub fn due_intents(
        &self,
        lane: &Lane,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<IntentRow>, CatalogError> {
        let sql = self.sql();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        if lane.does {
            let mut statement = sql.prepare(&format!(
                "SELECT * FROM workflow_intent WHERE state = 'allowed' AND next_at <= ?1 AND {} ORDER BY nr LIMIT ?5",
                in_lane()
            ))?;
            let of = params![now.micros(), lane.workspace.as_str(), lane.product, lane.calls, limit];
            return statement.query_map(of, read_intent)?.map(|row| row?).collect();
        }
        let mut statement = sql.prepare(
            "SELECT i.* FROM workflow_intent i WHERE i.state = 'pending' AND i.next_at <= ?1 AND i.workspace = ?2
             UNION ALL
             SELECT i.* FROM workflow_intent i JOIN approval a ON a.id = i.approval
                 WHERE i.state = 'waiting' AND a.state != 'pending' AND i.next_at <= ?1 AND i.workspace = ?2
             ORDER BY 1 LIMIT ?3",
        )?;
        let rows = statement.query_map(params![now.micros(), lane.workspace.as_str(), limit], read_intent)?;
        rows.map(|row| row?).collect()
    }

    /// Has all that is due in a lane wait until a time, and says why.
    pub fn hold_lane(
        &self,
        lane: &Lane,
        said: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), CatalogError> {
        self.sql().execute(
            &format!(
                "UPDATE workflow_intent SET next_at = ?5, said = ?6
                 WHERE state = 'allowed' AND next_at <= ?1 AND {}",
                in_lane()
            ),
            params![now.micros(), lane.workspace.as_str(), lane.product, lane.calls, until.micros(), said],
        )?;
        Ok(())
    }

    /// Intents that were being done when the server stopped.
    pub fn broken_off_intents(&self) -> Result<Vec<IntentRow>, CatalogError> {
        let sql = self.sql();
        let mut statement =
            sql.prepare("SELECT * FROM workflow_intent WHERE state = 'performing' ORDER BY nr")?;
        let rows = statement.query_map([], read_intent)?;
        rows.map(|row| row?).collect()
    }

    /// Keeps what became of an intent that was in the state `from`; whether it still was.
    pub fn move_intent(
        &self,
        from: IntentState,
        intent: &IntentRow,
        moved: &Moved,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let changed = transaction.execute(
            "UPDATE workflow_intent SET state = ?3, approval = ?4, decision = ?5, attempts = ?6, next_at = ?7, said = ?8,
                 acted_at = ?9, product = ?10 WHERE id = ?1 AND state = ?2",
            params![
                intent.id,
                from.as_str(),
                intent.state.as_str(),
                intent.approval,
                intent.decision,
                intent.attempts,
                intent.next_at.micros(),
                intent.said,
                intent.acted_at.map(Timestamp::micros),
                intent.product
            ],
        )?;
        if changed == 0 {
            return Ok(false);
        }
        let of = (intent.run.as_str(), intent.workflow.as_str(), intent.number, intent.ticket.as_str());
        put_intents(&transaction, &intent.workspace, of, &moved.follows, now)?;
        if let Some(entry) = &moved.entry {
            outbox::put(&transaction, &intent.workspace, entry)?;
        }
        transaction.commit()?;
        Ok(true)
    }

    /// How many intents each run since a time let loose on which ticket, for the guard to remember.
    pub fn intents_since(
        &self,
        workspace: &WorkspaceId,
        since: Timestamp,
    ) -> Result<Vec<(String, Timestamp, usize)>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT ticket, min(created_at), count(*) FROM workflow_intent WHERE workspace = ?1 AND created_at > ?2
             GROUP BY run, ticket ORDER BY min(created_at)",
        )?;
        let rows = statement.query_map(params![workspace.as_str(), since.micros()], |row| {
            Ok((row.get(0)?, Timestamp::from_micros(row.get(1)?), row.get::<_, i64>(2)?))
        })?;
        rows.map(|row| {
            let (ticket, at, count) = row?;
            Ok((ticket, at, usize::try_from(count).unwrap_or_default()))
        })
        .collect()
    }

    /// The causes of what was done to a ticket since a time, the oldest first: what its product tells of it now may be an echo.
    pub fn causes_since(
        &self,
        workspace: &WorkspaceId,
        ticket: &str,
        since: Timestamp,
    ) -> Result<Vec<Value>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT causes FROM workflow_intent WHERE workspace = ?1 AND ticket = ?2 AND acted_at > ?3 ORDER BY acted_at",
        )?;
        let rows = statement
            .query_map(params![workspace.as_str(), ticket, since.micros()], |row| row.get::<_, String>(0))?;
        rows.map(|row| Ok(json_of(&row?))).collect()
    }

    /// Has a trigger wait until workflows are asked; false when too many wait.
    pub fn put_trigger(
        &self,
        workspace: &WorkspaceId,
        happened: &Value,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let sql = self.sql();
        let count = "SELECT count(*) FROM workflow_trigger WHERE workspace = ?1";
        let waiting: u64 = sql.query_row(count, [workspace.as_str()], |row| row.get(0))?;
        if waiting >= TRIGGERS_WAITING_MAX {
            return Ok(false);
        }
        sql.execute(
            "INSERT INTO workflow_trigger (workspace, happened, at) VALUES (?1, ?2, ?3)",
            params![workspace.as_str(), happened.to_string(), now.micros()],
        )?;
        Ok(true)
    }

    /// Triggers that wait, the oldest first.
    pub fn triggers(
        &self,
        workspace: &WorkspaceId,
        limit: usize,
    ) -> Result<Vec<(i64, Value, Timestamp)>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, happened, at FROM workflow_trigger WHERE workspace = ?1 ORDER BY nr LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![workspace.as_str(), limit], |row| {
            Ok((row.get(0)?, json_of(&row.get::<_, String>(1)?), Timestamp::from_micros(row.get(2)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Lets go of runs that are old or too many, with their intents that are over.
    pub fn prune_runs(&self, workspace: &WorkspaceId, now: Timestamp) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let oldest = now.micros() - RUNS_KEPT_MICROS;
        transaction.execute(
            "DELETE FROM workflow_run WHERE workspace = ?1 AND (at < ?2 OR nr <= (
                 SELECT nr FROM workflow_run WHERE workspace = ?1 ORDER BY nr DESC LIMIT 1 OFFSET ?3))",
            params![workspace.as_str(), oldest, RUNS_KEPT_MAX],
        )?;
        transaction.execute(
            &format!(
                "DELETE FROM workflow_intent WHERE workspace = ?1 AND created_at < ?2 AND state NOT IN {OPEN}"
            ),
            params![workspace.as_str(), oldest],
        )?;
        Ok(transaction.commit()?)
    }

    /// Forgets what workflows saw and proposed: of one conversation, or of all. What was still to be done is not done.
    pub fn forget_runs(&self, workspace: &WorkspaceId, ticket: Option<&str>) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "UPDATE workflow_run SET body = '{}', ticket = CASE WHEN ?2 IS NULL THEN ticket ELSE '' END
             WHERE workspace = ?1 AND (ticket = ?2 OR ?2 IS NULL)",
            params![workspace.as_str(), ticket],
        )?;
        transaction.execute(
            &format!(
                "UPDATE workflow_intent SET intent = json_remove(intent, '$.arguments'),
                     state = CASE WHEN state IN {OPEN} THEN 'void' ELSE state END, said = ''
                 WHERE workspace = ?1 AND (ticket = ?2 OR ?2 IS NULL)"
            ),
            params![workspace.as_str(), ticket],
        )?;
        transaction.execute(
            "DELETE FROM workflow_trigger WHERE workspace = ?1 AND (json_extract(happened, '$.ticket') = ?2 OR ?2 IS NULL)",
            params![workspace.as_str(), ticket],
        )?;
        Ok(transaction.commit()?)
    }
}

/// What is in the lane of ?2, ?3 and ?4.
fn in_lane() -> String {
    format!("workspace = ?2 AND product = ?3 AND coalesce({CALLS}, '') = ?4")
}

fn put_intents(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    (run, workflow, number, ticket): (&str, &str, i64, &str),
    intents: &[NewIntent],
    now: Timestamp,
) -> Result<(), CatalogError> {
    for intent in intents {
        transaction.execute(
            "INSERT INTO workflow_intent (id, run, workspace, workflow, number, ticket, product, intent, causes, state,
                 next_at, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'pending', ?10, ?10) ON CONFLICT DO NOTHING",
            params![
                intent.id,
                run,
                workspace.as_str(),
                workflow,
                number,
                ticket,
                intent.product,
                intent.intent.to_string(),
                intent.causes.to_string(),
                now.micros()
            ],
        )?;
    }
    Ok(())
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn read_run(row: &Row<'_>) -> crate::sql::Result<RunRow> {
    Ok(RunRow {
        nr: row.get("nr")?,
        id: row.get("id")?,
        workflow: row.get("workflow")?,
        number: row.get("number")?,
        mode: row.get("mode")?,
        trigger: row.get("set_off")?,
        ticket: row.get("ticket")?,
        matched: row.get("matched")?,
        held: row.get("held")?,
        body: json_of(&row.get::<_, String>("body")?),
        at: Timestamp::from_micros(row.get("at")?),
    })
}

fn read_intent(row: &Row<'_>) -> crate::sql::Result<Result<IntentRow, CatalogError>> {
    let (workspace, state): (String, String) = (row.get("workspace")?, row.get("state")?);
    let (Ok(workspace), Some(state)) = (workspace.parse(), IntentState::parse(&state)) else {
        return Ok(Err(CatalogError::Damaged("an intent has no workspace or state".to_owned())));
    };
    Ok(Ok(IntentRow {
        nr: row.get("nr")?,
        id: row.get("id")?,
        run: row.get("run")?,
        workspace,
        workflow: row.get("workflow")?,
        number: row.get("number")?,
        ticket: row.get("ticket")?,
        product: row.get("product")?,
        intent: json_of(&row.get::<_, String>("intent")?),
        causes: json_of(&row.get::<_, String>("causes")?),
        state,
        approval: row.get("approval")?,
        decision: row.get("decision")?,
        attempts: row.get("attempts")?,
        next_at: Timestamp::from_micros(row.get("next_at")?),
        said: row.get("said")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        acted_at: row.get::<_, Option<i64>>("acted_at")?.map(Timestamp::from_micros),
    }))
}
