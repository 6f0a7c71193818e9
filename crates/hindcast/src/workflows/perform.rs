//! Having intents done: which connector is to do one, whether it may be called now, and what its answer comes to.
//!
//! That an intent is being done is kept before anything is sent; what is found so after a crash was perhaps done, is told as
//! ambiguous and not sent again. A product that does not answer is left alone for longer and longer, and its lane waits; no
//! other lane does.

use super::book::Rest;
use super::calls::acted;
use super::connect::{self, Kind, Performed, Unopened};
use super::work::{after, cut, end, of_use};
use crate::app::App;
use crate::catalog::{CatalogError, ConnectorRow, IntentRow, IntentState, Lane, Moved};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::Duration;

/// What could not be sent is tried again after so long, and each time twice as late,
const AGAIN_AFTER: Duration = Duration::from_secs(2);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(900);
/// until it is older than this: a day later nobody expects it any more,
const LATE_AFTER_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// or a day after the longest time that people can have to agree.
const LATE_AFTER_APPROVAL_MICROS: i64 = 8 * LATE_AFTER_MICROS;
/// A connector that was paused is looked at again so soon.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Has an intent done that may be; whether its lane can go on.
pub(crate) fn perform(app: &App, lane: &Lane, row: IntentRow) -> anyhow::Result<bool> {
    let now = (app.clock)();
    let Some((mut row, call)) = of_use(app, row, now)? else { return Ok(true) };
    let late = if row.approval.is_some() { LATE_AFTER_APPROVAL_MICROS } else { LATE_AFTER_MICROS };
    if now.micros() - row.created_at.micros() > late {
        let said = format!("it could not be done in time: {}", row.said);
        return end(app, row, IntentState::Failed, &said, now).map(|()| true);
    }
    let connector = match connector_of(app, &row)? {
        Ok(connector) => connector,
        Err(why) => return end(app, row, IntentState::Failed, &why, now).map(|()| true),
    };
    if connector.paused_at.is_some() {
        let said = format!("{} is paused: {}", connector.kind, connector.problem);
        app.catalog.hold_lane(lane, &cut(&said), now, after(now, LOOK_AGAIN))?;
        return Ok(false);
    }
    if let Some(rest) = resting(app, lane, now) {
        app.catalog.hold_lane(lane, &cut(&rest.why), now, rest.until)?;
        return Ok(false);
    }
    let mut opened = match connect::open(app, &connector) {
        Ok(opened) => opened,
        Err(Unopened(why)) => return end(app, row, IntentState::Failed, &why, now).map(|()| true),
    };
    row.state = IntentState::Performing;
    row.attempts += 1;
    row.acted_at = Some(now);
    row.product = connector.kind.clone();
    if !app.catalog.move_intent(IntentState::Allowed, &row, &Moved::default(), now)? {
        return Ok(true);
    }
    // What a stranger answers must not end the server, not even where a library of ours did not expect it.
    let performed = catch_unwind(AssertUnwindSafe(|| opened.perform(&row, &call)));
    let performed = performed.unwrap_or_else(|_| {
        Performed::Ambiguous("this failed in a way that is a bug of hindcast".to_owned())
    });
    performed_as(app, lane, row, &connector, performed)?;
    Ok(resting(app, lane, (app.clock)()).is_none())
}

/// Tells of intents that were being done when the server stopped that did them, of one workspace or of all: nobody knows whether they were.
pub(crate) fn break_off(app: &App, workspace: Option<&WorkspaceId>) -> anyhow::Result<()> {
    let is_meant = |row: &IntentRow| workspace.is_none_or(|workspace| row.workspace == *workspace);
    for row in app.catalog.broken_off_intents()?.into_iter().filter(is_meant) {
        let said = "the server stopped while it was being done; look whether it was";
        end(app, row, IntentState::Ambiguous, said, (app.clock)())?;
    }
    Ok(())
}

fn performed_as(
    app: &App,
    lane: &Lane,
    mut row: IntentRow,
    connector: &ConnectorRow,
    performed: Performed,
) -> anyhow::Result<()> {
    let now = (app.clock)();
    let doubled =
        AGAIN_AFTER.saturating_mul(1 << row.attempts.saturating_sub(1).min(12)).min(AGAIN_AFTER_MAX);
    let (state, said, before, after) = match performed {
        Performed::Done { change, said } => {
            let (before, after) = *change;
            (IntentState::Done, said, before, after)
        }
        Performed::Failed(why) => (IntentState::Failed, why, Value::Null, Value::Null),
        Performed::Ambiguous(why) => (IntentState::Ambiguous, why, Value::Null, Value::Null),
        Performed::Refused(why) => {
            // Somebody may have connected it anew while this was asked with what it had before.
            if app.catalog.pause_connector(connector, &cut(&why), now)? {
                let kind = &connector.kind;
                tracing::warn!(connector = kind, why, "a connector is paused until it is connected anew");
            }
            row.attempts -= 1;
            return later(app, row, &why, Duration::ZERO, now);
        }
        Performed::Later(why) => return later(app, row, &why, doubled, now),
        Performed::Away { after, why } => {
            rest(app, lane, after, &why, now);
            return later(app, row, &why, after.unwrap_or_default().max(doubled), now);
        }
    };
    match state {
        IntentState::Ambiguous => rest(app, lane, None, &said, now),
        _ => drop(app.workflows.resting.lock().unwrap_or_else(PoisonError::into_inner).remove(lane)),
    }
    row.state = state;
    row.said = cut(&said);
    let result = match state {
        IntentState::Done => "success",
        IntentState::Ambiguous => "unknown",
        _ => "failure",
    };
    let moved = Moved { entry: Some(acted(&row, result, &before, &after)), follows: Vec::new() };
    app.catalog.move_intent(IntentState::Performing, &row, &moved, now)?;
    app.post();
    Ok(())
}

/// The connector that an intent is for, or why there is none.
fn connector_of(app: &App, row: &IntentRow) -> Result<Result<ConnectorRow, String>, CatalogError> {
    if !row.product.is_empty() {
        let found = app.catalog.connector_of(&row.workspace, &row.product)?;
        return Ok(found.ok_or_else(|| format!("{} is not connected", row.product)));
    }
    let all = app.catalog.connectors(&row.workspace)?;
    let has_tickets = all.iter().any(|connector| connector.kind != Kind::Http.as_str());
    Ok(Err(match (row.ticket.is_empty(), has_tickets) {
        (true, _) => "it is about no conversation",
        (_, true) => "several products are connected, and nobody said which has the conversation",
        (_, false) => "no product is connected that has the conversation",
    }
    .to_owned()))
}

/// Leaves a lane alone: for as long as it was asked for, or else for longer and longer while nothing good comes of it.
fn rest(app: &App, lane: &Lane, asked: Option<Duration>, why: &str, now: Timestamp) {
    let mut resting = app.workflows.resting.lock().unwrap_or_else(PoisonError::into_inner);
    let strikes = resting.get(lane).map_or(0, |rest| rest.strikes) + 1;
    let doubled = AGAIN_AFTER.saturating_mul(1 << (strikes - 1).min(12)).min(AGAIN_AFTER_MAX);
    let until = after(now, asked.unwrap_or(doubled));
    // Nobody may ever call there again.
    resting.retain(|_, rest| now.micros() - rest.until.micros() < LATE_AFTER_MICROS);
    resting.insert(lane.clone(), Rest { until, strikes, why: why.to_owned() });
}

/// Whether a lane is to be left alone now.
fn resting(app: &App, lane: &Lane, now: Timestamp) -> Option<Rest> {
    let resting = app.workflows.resting.lock().unwrap_or_else(PoisonError::into_inner);
    resting.get(lane).filter(|rest| rest.until > now).cloned()
}

/// Whether nothing good came of the last call in a lane.
pub(crate) fn is_ailing(app: &App, lane: &Lane) -> bool {
    app.workflows.resting.lock().unwrap_or_else(PoisonError::into_inner).contains_key(lane)
}

/// It was not done, and may be tried again.
fn later(app: &App, mut row: IntentRow, said: &str, pause: Duration, now: Timestamp) -> anyhow::Result<()> {
    row.said = cut(said);
    row.next_at = after(now, pause);
    row.state = IntentState::Allowed;
    // Nothing came of it, so nothing that happens now is its echo.
    row.acted_at = None;
    app.catalog.move_intent(IntentState::Performing, &row, &Moved::default(), now)?;
    Ok(())
}
