//! Cases of a simulation, counted and found one by one, for whoever reads its report. Whose simulation it is, the caller has made sure.

use super::simulations::case;
use super::{Catalog, CatalogError, SimulationCase};
use crate::sql::{OptionalExtension as _, params};
use std::collections::HashMap;

/// Topics that are told apart; the most frequent come first.
const TOPICS_MAX: i64 = 50;

/// What cases looked at so far came to.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeCount {
    /// The kind of outcome.
    pub outcome: String,
    /// How many.
    pub n: u64,
    /// How many conversations they stand for, in thousandths.
    pub weight: u64,
    /// The sum of the squares of those weights.
    pub weight_squares: u64,
}

/// Conversations that were not resolved for the same reason, of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTopic {
    /// The tag they were drawn by; empty for none.
    pub tag: String,
    /// How many.
    pub n: u64,
}

impl Catalog {
    /// What the cases looked at so far came to.
    pub fn simulation_outcomes(&self, id: &str) -> Result<Vec<OutcomeCount>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT outcome, count(*), CAST(sum(weight) AS BIGINT),
                CAST(sum(1.0 * weight * weight) AS DOUBLE PRECISION) FROM simulation_case
             WHERE simulation = ?1 AND outcome IS NOT NULL GROUP BY 1 ORDER BY 1",
        )?;
        let rows = statement.query_map([id], |row| {
            let whole = |at: usize| row.get::<_, i64>(at).map(|count| count.max(0).unsigned_abs());
            Ok(OutcomeCount {
                outcome: row.get(0)?,
                n: whole(1)?,
                weight: whole(2)?,
                weight_squares: row.get::<_, f64>(3)? as u64,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How cases really ended, what they came to, and how many.
    pub fn simulation_endings(&self, id: &str) -> Result<Vec<(String, String, u64)>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT coalesce(json_extract(kept, '$.historic.resolution'), 'none'), outcome, count(*) FROM simulation_case
             WHERE simulation = ?1 AND outcome IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
        )?;
        let rows = statement.query_map([id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.max(0).unsigned_abs()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Topics of cases in which the agent knew no answer, the most frequent first.
    pub fn simulation_gaps(&self, id: &str) -> Result<Vec<OpenTopic>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT coalesce(json_extract(stratum, '$.tag'), ''), count(*) n FROM simulation_case
             WHERE simulation = ?1 AND outcome = 'escalated' AND json_extract(scored, '$.reason') = 'no_knowledge'
             GROUP BY 1 ORDER BY n DESC, 1 LIMIT ?2",
        )?;
        let rows = statement.query_map(params![id, TOPICS_MAX], |row| {
            Ok(OpenTopic { tag: row.get(0)?, n: row.get::<_, i64>(1)?.max(0).unsigned_abs() })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What each conversation that was looked at came to.
    pub fn simulation_outcome_of_each(&self, id: &str) -> Result<HashMap<String, String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT conversation, outcome FROM simulation_case WHERE simulation = ?1 AND outcome IS NOT NULL",
        )?;
        let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One case, by its place.
    pub fn simulation_case(&self, id: &str, nr: i64) -> Result<Option<SimulationCase>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, conversation, stratum, weight, outcome, kept, scored, answer FROM simulation_case
             WHERE simulation = ?1 AND nr = ?2",
        )?;
        Ok(statement.query_row(params![id, nr], case).optional()?)
    }

    /// One case, by its conversation.
    pub fn simulation_case_of(
        &self,
        id: &str,
        conversation: &str,
    ) -> Result<Option<SimulationCase>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, conversation, stratum, weight, outcome, kept, scored, answer FROM simulation_case
             WHERE simulation = ?1 AND conversation = ?2",
        )?;
        Ok(statement.query_row([id, conversation], case).optional()?)
    }
}
