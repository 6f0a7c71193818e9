//! Simulations and their cases: what was asked, how far it came, and what came of it.
//!
//! All cases of a run are planned in one transaction with the run itself, and filled in as they are looked at, so a run that was
//! broken off goes on with exactly those that are left. Of answers the beginning is kept, without what tools said.

use super::{By, Catalog, CatalogError, outbox};
use crate::sql::{OptionalExtension as _, Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

/// A workspace keeps at most so many simulations; the oldest that have ended go.
pub const SIMULATIONS_MAX: u64 = 200;
/// So much of a reply is kept with its case.
pub const REPLY_BYTES_MAX: usize = 4 * 1024;

/// How a simulation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimulationState {
    /// It is under way.
    Running,
    /// Every case was looked at that the budget allowed.
    Done,
    /// Somebody cancelled it.
    Cancelled,
    /// It broke off.
    Failed,
}

impl SimulationState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Self {
        let all = [Self::Running, Self::Done, Self::Cancelled];
        all.into_iter().find(|state| state.as_str() == word).unwrap_or(Self::Failed)
    }
}

/// A simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// Its id.
    pub id: String,
    /// Of whose conversations.
    pub workspace: WorkspaceId,
    /// How it is.
    pub state: SimulationState,
    /// What was wanted, as JSON, without the credential.
    pub wanted: String,
    /// The agent's credential, sealed.
    pub credential: Option<Vec<u8>>,
    /// The setup of its report, as JSON.
    pub setup: String,
    /// Cases that are planned.
    pub planned: u64,
    /// Cases that were looked at.
    pub done: u64,
    /// The report, as JSON, once it has ended.
    pub report: Option<String>,
    /// The forecast, as JSON, if one was wanted.
    pub forecast: Option<String>,
    /// The simulation that answered the same question before.
    pub same_as: Option<String>,
    /// Why it did not do all it planned.
    pub reason: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A case of a simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulationCase {
    /// Its place among the cases.
    pub nr: i64,
    /// The id of the conversation.
    pub conversation: String,
    /// The kind of conversations it is drawn from, as JSON.
    pub stratum: String,
    /// How many conversations it stands for, in thousandths.
    pub weight: u64,
    /// What it came to, if it was looked at.
    pub looked: Option<LookedAt>,
}

/// What a case came to.
#[derive(Clone, Debug, PartialEq)]
pub struct LookedAt {
    /// The kind of outcome.
    pub outcome: String,
    /// The case without what people did, as JSON.
    pub case: String,
    /// The score, as JSON.
    pub scored: String,
    /// The answer, or why there is none, as JSON; gone once somebody was erased.
    pub answer: Option<String>,
}

/// How a simulation ended.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "see Simulation")]
pub struct EndedSimulation {
    pub state: SimulationState,
    pub reason: String,
    pub report: Option<String>,
    pub forecast: Option<String>,
    pub planned: u64,
    /// The question it answers completely, if it does.
    pub question: Option<String>,
    pub at: Timestamp,
}

const COLUMNS: &str = "id, workspace, state, wanted, credential, setup, planned, done, report, forecast, same_as, reason, created_at, ended_at";

impl Catalog {
    /// Keeps a simulation with all its cases, and the entry about it.
    pub fn add_simulation(
        &self,
        new: &Simulation,
        name: &str,
        cases: &[SimulationCase],
        by: &By,
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "INSERT INTO simulation (id, workspace, state, wanted, credential, setup, planned, done, reason, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, '', ?8)",
            params![
                new.id,
                new.workspace.as_str(),
                new.state.as_str(),
                new.wanted,
                new.credential,
                new.setup,
                number(new.planned),
                new.created_at.micros(),
            ],
        )?;
        {
            let mut insert = transaction.prepare(
                "INSERT INTO simulation_case (simulation, nr, conversation, stratum, weight) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for case in cases {
                insert.execute(params![
                    new.id,
                    case.nr,
                    case.conversation,
                    case.stratum,
                    number(case.weight)
                ])?;
            }
        }
        transaction.execute(
            "DELETE FROM simulation WHERE workspace = ?1 AND state <> 'running' AND id NOT IN
                (SELECT id FROM simulation WHERE workspace = ?1 ORDER BY created_at DESC, id LIMIT ?2)",
            params![new.workspace.as_str(), number(SIMULATIONS_MAX)],
        )?;
        let about = json!({ "name": name, "cases": new.planned });
        outbox::put(&transaction, &new.workspace, &by.event("simulation.started", target(&new.id), about))?;
        Ok(transaction.commit()?)
    }

    /// The simulations of a workspace, the newest first, from the one after `after`; nothing when that is none of them.
    pub fn simulations(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<Vec<Simulation>>, CatalogError> {
        let sql = self.sql();
        let (mut at, mut id) = (i64::MAX, String::new());
        if let Some(after) = after {
            let found: Option<i64> = sql
                .prepare("SELECT created_at FROM simulation WHERE workspace = ?1 AND id = ?2")?
                .query_row([workspace.as_str(), after], |row| row.get(0))
                .optional()?;
            let Some(found) = found else { return Ok(None) };
            (at, id) = (found, after.to_owned());
        }
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM simulation WHERE workspace = ?1 AND (created_at < ?2 OR created_at = ?2 AND id > ?3)
             ORDER BY created_at DESC, id LIMIT ?4"
        ))?;
        let rows = statement.query_map(params![workspace.as_str(), at, id, number(limit as u64)], read)?;
        Ok(Some(rows.collect::<Result<_, _>>()?))
    }

    /// One of the simulations of a workspace.
    pub fn simulation(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<Simulation>, CatalogError> {
        let sql = self.sql();
        let mut statement =
            sql.prepare(&format!("SELECT {COLUMNS} FROM simulation WHERE workspace = ?1 AND id = ?2"))?;
        Ok(statement.query_row([workspace.as_str(), id], read).optional()?)
    }

    /// The simulation of a workspace that answered a question completely, if there is one.
    pub fn answered_simulation(
        &self,
        workspace: &WorkspaceId,
        question: &str,
    ) -> Result<Option<Simulation>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM simulation WHERE workspace = ?1 AND question = ?2 AND state = 'done' AND same_as IS NULL
             ORDER BY created_at DESC LIMIT 1"
        ))?;
        Ok(statement.query_row([workspace.as_str(), question], read).optional()?)
    }

    /// Cases of a simulation in their order, from the one after `after`; of one outcome, or of all. Whoever reads says of whose
    /// simulation by finding it first.
    pub fn simulation_cases(
        &self,
        id: &str,
        outcome: Option<&str>,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SimulationCase>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, conversation, stratum, weight, outcome, kept, scored, answer FROM simulation_case
             WHERE simulation = ?1 AND nr > ?2 AND (outcome = ?3 OR ?3 IS NULL) ORDER BY nr LIMIT ?4",
        )?;
        let rows = statement.query_map(params![id, after, outcome, number(limit as u64)], case)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps what cases came to.
    pub fn keep_cases(&self, id: &str, cases: &[(i64, LookedAt)]) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let mut kept = 0;
        {
            let mut update = transaction.prepare(
                "UPDATE simulation_case SET outcome = ?3, kept = ?4, scored = ?5, answer = ?6
                 WHERE simulation = ?1 AND nr = ?2 AND outcome IS NULL",
            )?;
            for (nr, looked) in cases {
                kept += update.execute(params![
                    id,
                    nr,
                    looked.outcome,
                    looked.case,
                    looked.scored,
                    looked.answer
                ])?;
            }
        }
        transaction.execute(
            "UPDATE simulation SET done = done + ?2 WHERE id = ?1",
            params![id, number(kept as u64)],
        )?;
        Ok(transaction.commit()?)
    }

    /// Gives a simulation the cases and the report of the one that answered its question before.
    pub fn copy_simulation(&self, id: &str, from: &str, report: &str) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute("DELETE FROM simulation_case WHERE simulation = ?1", [id])?;
        transaction.execute(
            "INSERT INTO simulation_case (simulation, nr, conversation, stratum, weight, outcome, kept, scored, answer)
             SELECT ?1, nr, conversation, stratum, weight, outcome, kept, scored, answer FROM simulation_case WHERE simulation = ?2",
            [id, from],
        )?;
        transaction.execute(
            "UPDATE simulation SET same_as = ?2, report = ?3,
                done = (SELECT done FROM simulation WHERE id = ?2), planned = (SELECT planned FROM simulation WHERE id = ?2)
             WHERE id = ?1",
            [id, from, report],
        )?;
        Ok(transaction.commit()?)
    }

    /// Ends a simulation that is under way, with the entry about it.
    pub fn end_simulation(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        ended: &EndedSimulation,
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let changed = transaction.execute(
            "UPDATE simulation SET state = ?3, reason = ?4, report = coalesce(?5, report), forecast = ?6, planned = CASE ?7 WHEN 0 THEN planned ELSE ?7 END,
                question = ?8, ended_at = ?9
             WHERE workspace = ?1 AND id = ?2 AND state = 'running'",
            params![
                workspace.as_str(),
                id,
                ended.state.as_str(),
                ended.reason,
                ended.report,
                ended.forecast,
                number(ended.planned),
                ended.question,
                ended.at.micros(),
            ],
        )?;
        if changed > 0 {
            let done: i64 =
                transaction.query_row("SELECT done FROM simulation WHERE id = ?1", [id], |row| row.get(0))?;
            let about = json!({ "state": ended.state.as_str(), "cases": done, "reason": ended.reason });
            outbox::put(&transaction, workspace, &By::server().event("simulation.ended", target(id), about))?;
        }
        Ok(transaction.commit()?)
    }

    /// Lets a simulation that broke off go on, with the entry about it; says whether it was one.
    pub fn continue_simulation(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let changed = transaction.execute(
            "UPDATE simulation SET state = 'running', reason = '', ended_at = NULL, report = NULL, forecast = NULL
             WHERE workspace = ?1 AND id = ?2 AND state <> 'running' AND same_as IS NULL",
            [workspace.as_str(), id],
        )?;
        if changed > 0 {
            outbox::put(&transaction, workspace, &by.event("simulation.continued", target(id), json!({})))?;
        }
        transaction.commit()?;
        Ok(changed > 0)
    }

    /// Says of all simulations that were under way when the server ended that they broke off, or of one.
    pub fn break_off_simulations(&self, only: Option<&str>, now: Timestamp) -> Result<(), CatalogError> {
        let running: Vec<(String, String, i64)> = {
            let sql = self.sql();
            let mut statement = sql.prepare(
                "SELECT workspace, id, planned FROM simulation WHERE state = 'running' AND (id = ?1 OR ?1 IS NULL)",
            )?;
            let rows = statement.query_map([only], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        for (workspace, id, planned) in running {
            let workspace: WorkspaceId = workspace
                .parse()
                .map_err(|_| CatalogError::Damaged(format!("a simulation of {workspace}")))?;
            let ended = EndedSimulation {
                state: SimulationState::Failed,
                reason: "the server ended".to_owned(),
                report: None,
                forecast: None,
                planned: planned.max(0).unsigned_abs(),
                question: None,
                at: now,
            };
            self.end_simulation(&workspace, &id, &ended)?;
        }
        Ok(())
    }

    /// Deletes a simulation that is not under way, with the entry about it; says whether there was one.
    pub fn delete_simulation(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let deleted = transaction.execute(
            "DELETE FROM simulation WHERE workspace = ?1 AND id = ?2 AND state <> 'running'",
            [workspace.as_str(), id],
        )?;
        if deleted > 0 {
            outbox::put(&transaction, workspace, &by.event("simulation.deleted", target(id), json!({})))?;
        }
        transaction.commit()?;
        Ok(deleted > 0)
    }

    /// Forgets what agents answered about a conversation, or about all of a workspace: they may name whoever is gone.
    pub fn forget_answers(
        &self,
        workspace: &WorkspaceId,
        conversation: Option<&str>,
    ) -> Result<(), CatalogError> {
        self.sql().execute(
            "UPDATE simulation_case SET answer = NULL WHERE (conversation = ?2 OR ?2 IS NULL)
                AND simulation IN (SELECT id FROM simulation WHERE workspace = ?1)",
            params![workspace.as_str(), conversation],
        )?;
        Ok(())
    }
}

fn target(id: &str) -> Value {
    json!([{ "type": "simulation", "id": id }])
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn case(row: &Row<'_>) -> crate::sql::Result<SimulationCase> {
    let outcome: Option<String> = row.get(4)?;
    let looked = match outcome {
        Some(outcome) => {
            Some(LookedAt { outcome, case: row.get(5)?, scored: row.get(6)?, answer: row.get(7)? })
        }
        None => None,
    };
    let weight: i64 = row.get(3)?;
    Ok(SimulationCase {
        nr: row.get(0)?,
        conversation: row.get(1)?,
        stratum: row.get(2)?,
        weight: weight.max(0).unsigned_abs(),
        looked,
    })
}

fn read(row: &Row<'_>) -> crate::sql::Result<Simulation> {
    let workspace: String = row.get(1)?;
    let workspace = workspace.parse().map_err(crate::sql::Error::unread)?;
    let count = |at: usize| row.get::<_, i64>(at).map(|count| count.max(0).unsigned_abs());
    Ok(Simulation {
        id: row.get(0)?,
        workspace,
        state: SimulationState::parse(&row.get::<_, String>(2)?),
        wanted: row.get(3)?,
        credential: row.get(4)?,
        setup: row.get(5)?,
        planned: count(6)?,
        done: count(7)?,
        report: row.get(8)?,
        forecast: row.get(9)?,
        same_as: row.get(10)?,
        reason: row.get(11)?,
        created_at: Timestamp::from_micros(row.get(12)?),
        ended_at: row.get::<_, Option<i64>>(13)?.map(Timestamp::from_micros),
    })
}
