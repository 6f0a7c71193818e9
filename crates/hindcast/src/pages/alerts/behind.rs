//! What is behind an alert: the entries that made it, what is usual, and what became of it.

use crate::alerts::Alert;
use crate::api::Problem;
use crate::pages::asked::Asked;
use crate::pages::histogram::{Histogram, histogram};
use crate::pages::rows::{Row, condition, row};
use crate::pages::safe::visible_lines;
use crate::pages::visitor::Visitor;
use hindcast_event::{Entry, Timestamp, View};
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, Snapshot};
use serde_json::Value;

/// Entries behind an alert that are shown at once.
const SHOWN_ROWS: usize = 10;
/// Entries of the history that are shown.
const HISTORY_ROWS: usize = 100;
const DAY_MICROS: i64 = 86_400_000_000;
/// What is usual is shown for so long.
const USUAL_DAYS: i64 = 30;

/// The entries that made an alert, as far as a visitor sees them.
#[derive(Default)]
pub(super) struct Evidence {
    /// Newest first.
    pub rows: Vec<Row>,
    /// How many expired.
    pub gone: usize,
    /// How many their role does not see.
    pub unseen: usize,
}

impl Evidence {
    /// Those that are shown at once.
    pub fn newest(&self) -> &[Row] {
        &self.rows[..self.rows.len().min(SHOWN_ROWS)]
    }

    /// Those that are shown on request.
    pub fn older(&self) -> &[Row] {
        &self.rows[self.newest().len()..]
    }
}

/// Something that was done about it.
pub(super) struct Step {
    pub row: Row,
    pub note: String,
}

/// Reads the entries behind an alert; `whole` is the log as nobody hides anything of it.
pub(super) fn evidence(
    visitor: &Visitor,
    alert: &Alert,
    seen: &Snapshot,
    whole: &Snapshot,
    budget: &Budget,
) -> Result<Evidence, Problem> {
    let mut evidence = Evidence::default();
    for index in alert.evidence.iter().rev() {
        let found = seen.get(*index, budget)?;
        match found.get(0) {
            Some(entry) => evidence.rows.extend(of_entry(visitor, &entry).map(|(row, _)| row)),
            None if whole.get(*index, budget)?.is_empty() => evidence.gone += 1,
            None => evidence.unseen += 1,
        }
    }
    Ok(evidence)
}

/// How often what its rule is about happened in the month up to it; nothing where there is nothing to count.
pub(super) fn usual(
    visitor: &Visitor,
    actions: &[String],
    alert: &Alert,
    seen: &Snapshot,
    budget: &Budget,
) -> Result<Option<Histogram>, Problem> {
    if actions.is_empty() {
        return Ok(None);
    }
    let until = visitor.now.micros().min(alert.last_at.micros().saturating_add(DAY_MICROS));
    let at = |micros: i64| Timestamp::from_micros(micros).to_string();
    let asked = Asked {
        q: query_of(actions),
        from: at(until - USUAL_DAYS * DAY_MICROS),
        to: at(until),
        ..Asked::default()
    };
    // A rule may be about more than a question can name.
    let Ok(Ok(question)) = asked.question(visitor.now, &visitor.clock) else { return Ok(None) };
    Ok(Some(histogram(visitor, &asked, &question, seen, budget)?))
}

/// The query that finds some actions.
pub(super) fn query_of(actions: &[String]) -> String {
    actions.iter().map(|action| condition("action", action)).collect::<Vec<_>>().join(" ")
}

/// What the log says of an alert, newest first.
pub(super) fn history(
    visitor: &Visitor,
    id: &str,
    seen: &Snapshot,
    budget: &Budget,
) -> Result<Vec<Step>, Problem> {
    let asked = condition("target", &format!("alert/{id}"));
    let query = Query::parse(&asked, &ParseContext::default()).unwrap_or_default();
    let found = seen.slice(&query, 0, HISTORY_ROWS, budget)?;
    let mut steps = Vec::new();
    for entry in found.iter() {
        let Some((row, view)) = of_entry(visitor, &entry) else { continue };
        let note = view.metadata.iter().find(|(name, _)| *name == "note");
        let note: Value = note.and_then(|(_, json)| serde_json::from_str(json).ok()).unwrap_or_default();
        steps.push(Step { row, note: visible_lines(note.as_str().unwrap_or_default()) });
    }
    Ok(steps)
}

fn of_entry<'e>(visitor: &Visitor, entry: &Entry<'e>) -> Option<(Row, View<'e>)> {
    let view = entry.event.view().ok()?;
    Some((row(visitor, &Asked::default(), &Query::default(), entry, &view), view))
}
