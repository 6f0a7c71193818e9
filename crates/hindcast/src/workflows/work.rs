//! What becomes of an intent: the gate is asked, people answer where it wants them, and a connector does it.
//!
//! Each step is kept before the next is taken. That an intent is being done is kept before anything is sent; what is found so
//! after a crash was perhaps done, is told as ambiguous and not sent again.

use super::calls::{Call, acted, actor, new_intent, singled};
use super::connect::{self, Performed, Unopened};
use super::edit::terms_of;
use crate::app::App;
use crate::catalog::{
    By, CatalogError, ConnectorRow, IntentRow, IntentState, KeptApproval, Moved, NewIntent, OnTimeout,
};
use crate::gate::{Decided, NoBook, NotDecided, Request, decided_of, weigh_wanting};
use hindcast_event::Timestamp;
use hindcast_rules::approval::State;
use hindcast_rules::policy::Decision;
use hindcast_rules::workflow::{Approval, Intent, OnTimeout as Said};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// An intent that could not be sent is tried so often,
const ATTEMPTS_MAX: u32 = 10;
/// first after so long, and each time twice as late,
const AGAIN_AFTER: Duration = Duration::from_secs(2);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(900);
/// and not when it is older than this: a day later nobody expects it any more,
const LATE_AFTER_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// or a day after the longest time that people can have to agree.
const LATE_AFTER_APPROVAL_MICROS: i64 = 8 * LATE_AFTER_MICROS;
/// A connector that was paused, or a book that cannot be read, is looked at again so soon.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// What is said of an intent is kept up to this length.
const SAID_CHARS_MAX: usize = 500;

/// Takes the next step with an intent.
pub(crate) fn step(app: &App, row: IntentRow) -> anyhow::Result<()> {
    let now = (app.clock)();
    let Some(call) = Call::of(&row) else {
        return end(app, row, IntentState::Void, "its arguments were erased", now);
    };
    if let Some(why) = outdated(app, &row)? {
        return end(app, row, IntentState::Void, why, now);
    }
    match row.state {
        IntentState::Pending => ask(app, row, &call, None, now),
        IntentState::Waiting => answered(app, row, &call, now),
        IntentState::Allowed => perform(app, row, &call, now),
        _ => Ok(()),
    }
}

/// Tells of intents that were being done when the server stopped: nobody knows whether they were.
pub(crate) fn break_off(app: &App) -> anyhow::Result<()> {
    for row in app.catalog.broken_off_intents()? {
        let said = "the server stopped while it was being done; look whether it was";
        end(app, row, IntentState::Ambiguous, said, (app.clock)())?;
    }
    Ok(())
}

/// Why an intent is not done any more, whatever people say.
fn outdated(app: &App, row: &IntentRow) -> Result<Option<&'static str>, CatalogError> {
    let workflow = app.catalog.workflow(&row.workspace, &row.workflow)?;
    Ok(match workflow.map(|workflow| workflow.standing.enforced) {
        Some(Some(number)) if number == row.number => None,
        Some(Some(_)) => Some("the workflow was changed meanwhile"),
        _ => Some("the workflow was turned off meanwhile"),
    })
}

/// Asks the gate, naming the approval that was given, if there is one.
fn ask(
    app: &App,
    mut row: IntentRow,
    call: &Call,
    approval: Option<&KeptApproval>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let decided = match decide(app, &row, call, approval) {
        Ok(decided) => decided,
        // It is no event, and never will be.
        Err(Undecided::Never(why)) => return end(app, row, IntentState::Failed, &why, now),
        Err(Undecided::Later(why)) => {
            tracing::warn!(intent = row.id, why, "the gate cannot be asked about an intent yet");
            let from = row.state;
            row.next_at = after(now, LOOK_AGAIN);
            app.catalog.move_intent(from, &row, &Moved::default(), now)?;
            return Ok(());
        }
    };
    let (from, weighed) = (row.state, &decided.weighed);
    row.decision = Some(decided.id.clone());
    row.approval = decided.approval_id.clone().or(row.approval);
    row.said = cut(&said_of(&decided));
    let mut moved = Moved::default();
    row.state = match weighed.decision {
        _ if weighed.allowed => IntentState::Allowed,
        Decision::NeedsApproval => IntentState::Waiting,
        _ if weighed.escalate && approval.is_some() => {
            moved.follows = escalation(&row, call);
            IntentState::Expired
        }
        _ => IntentState::Denied,
    };
    app.catalog.move_intent(from, &row, &moved, now)?;
    Ok(())
}

/// Why there is no decision.
enum Undecided {
    Never(String),
    Later(String),
}

/// The decision, once it is in the log; asked again it is the same one.
fn decide(
    app: &App,
    row: &IntentRow,
    call: &Call,
    approval: Option<&KeptApproval>,
) -> Result<Decided, Undecided> {
    let later = |error: &dyn std::fmt::Display| Undecided::Later(error.to_string());
    let text = call.asked(row).to_string();
    let approval = approval.map(|kept| kept.id.as_str());
    let request = Request {
        text: &text,
        approval,
        key: Some(format!("workflow:{}:{}", row.id, approval.unwrap_or("-"))),
        token: format!("workflow:{}", row.workflow),
        person: None,
        by: By { actor: actor(&row.workflow), context: json!({ "source": "workflow" }) },
    };
    let wants = approval_of(&row.intent).as_ref().and_then(terms_of);
    let unwritten =
        weigh_wanting(app, &row.workspace, &request, wants.as_ref()).map_err(|why| match why {
            NotDecided::Catalog(_) | NotDecided::Random(_) | NotDecided::Book(NoBook::Catalog(_)) => {
                later(&why)
            }
            NotDecided::Book(NoBook::Unusable(_)) => later(&why),
            why => Undecided::Never(format!("the gate cannot be asked: {why}")),
        })?;
    // Whoever reads of the decision finds the approval it asked for or used.
    app.post();
    let (batch, settling, at) = unwritten.take();
    let appended = app.ledger.append(&row.workspace, batch).map_err(|error| later(&error))?;
    if appended.first_time.is_some() {
        if let Some(settling) = settling {
            settling.settle(appended.first);
        }
        return Ok(at(appended.first));
    }
    earlier(app, row, appended.first).map_err(|error| later(&error))
}

/// The decision that was made before a crash.
fn earlier(app: &App, row: &IntentRow, index: u64) -> anyhow::Result<Decided> {
    let room = app.rooms.get(&row.workspace).ok_or_else(|| anyhow::anyhow!("a workspace has no room"))?;
    for entries in room.store.snapshot().scan(index..index + 1) {
        if let Some(decided) = entries?.iter().find_map(|entry| decided_of(&entry)) {
            return Ok(decided);
        }
    }
    anyhow::bail!("the decision that was made then has expired or was erased")
}

fn said_of(decided: &Decided) -> String {
    let weighed = &decided.weighed;
    let reasons = weighed.determining.iter().filter_map(|one| {
        let reason = one["reason"].as_str().filter(|reason| !reason.is_empty());
        reason.or(one["policy"].as_str()).map(str::to_owned)
    });
    let reasons: Vec<_> = weighed.refusal.iter().cloned().chain(reasons).collect();
    match weighed.decision {
        _ if weighed.allowed => String::new(),
        Decision::Unknown if reasons.is_empty() => format!("not recorded: {}", weighed.missing.join(", ")),
        Decision::Deny if reasons.is_empty() => "no policy permits it".to_owned(),
        _ => reasons.join("; "),
    }
}

/// What people answered.
fn answered(app: &App, row: IntentRow, call: &Call, now: Timestamp) -> anyhow::Result<()> {
    let id = row.approval.clone().unwrap_or_default();
    let Some(kept) = app.catalog.approval(&row.workspace, &id)? else {
        return end(app, row, IntentState::Denied, "the approval is gone", now);
    };
    match kept.approval.state {
        State::Pending => Ok(()),
        // Used by a try of ours that a crash cut short: the gate knows what it answered.
        State::Approved | State::Used => ask(app, row, call, Some(&kept), now),
        State::Denied => end(app, row, IntentState::Denied, &said_no(&kept), now),
        State::Cancelled => end(app, row, IntentState::Denied, "the request was taken back", now),
        State::Expired => {
            let follows = match kept.new.on_timeout {
                OnTimeout::Escalate => escalation(&row, call),
                OnTimeout::Deny => Vec::new(),
            };
            end_with(app, row, IntentState::Expired, "nobody answered in time", follows, now)
        }
    }
}

fn said_no(kept: &KeptApproval) -> String {
    let said = kept.said.last().map(|said| format!("{} said no: {}", said.name, said.comment));
    said.unwrap_or_else(|| "a person said no".to_owned())
}

fn approval_of(intent: &Value) -> Option<Approval> {
    let approval = intent.get("approval").filter(|approval| approval.is_object())?;
    let approvers = approval["approvers"].as_array().into_iter().flatten();
    Some(Approval {
        approvers: approvers.filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        required: approval["required"].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        timeout_seconds: approval["timeout_seconds"].as_u64().unwrap_or(1_800),
        on_timeout: if approval["on_timeout"] == "deny" { Said::Deny } else { Said::Escalate },
    })
}

/// What is done when nobody answered: people of the ticket are told.
fn escalation(row: &IntentRow, call: &Call) -> Vec<NewIntent> {
    if row.ticket.is_empty() {
        return Vec::new();
    }
    let why = format!(
        "Nobody answered in time whether {} may be done, as the workflow {} wants it.",
        call.action, row.workflow
    );
    let intent = Intent {
        path: format!("{}.on_timeout", call.path),
        action: "escalate".to_owned(),
        arguments: json!({ "reason": why }).as_object().cloned().unwrap_or_default(),
        tool: false,
        approval: None,
    };
    // One product has the ticket, whatever did the call itself.
    let product = if row.product == "http" { "" } else { row.product.as_str() };
    let singled = singled(&[intent], &row.workflow);
    let numbered = singled.iter().enumerate();
    numbered.map(|(nr, intent)| new_intent(&row.id, nr, intent, product, &row.causes)).collect()
}

/// Has a connector do it.
fn perform(app: &App, mut row: IntentRow, call: &Call, now: Timestamp) -> anyhow::Result<()> {
    let late = if row.approval.is_some() { LATE_AFTER_APPROVAL_MICROS } else { LATE_AFTER_MICROS };
    if now.micros() - row.created_at.micros() > late {
        let said = format!("it could not be done in time: {}", row.said);
        return end(app, row, IntentState::Failed, &said, now);
    }
    let connector = match connector_of(app, &row)? {
        Ok(connector) => connector,
        Err(why) => return end(app, row, IntentState::Failed, &why, now),
    };
    if connector.paused_at.is_some() {
        let said = format!("{} is paused: {}", connector.kind, connector.problem);
        return again(app, row, &said, LOOK_AGAIN, now);
    }
    if let Some(left) = resting(app, &connector.id) {
        let said = row.said.clone();
        return again(app, row, &said, left, now);
    }
    let mut opened = match connect::open(app, &connector) {
        Ok(opened) => opened,
        Err(Unopened(why)) => return end(app, row, IntentState::Failed, &why, now),
    };
    row.state = IntentState::Performing;
    row.attempts += 1;
    row.acted_at = Some(now);
    row.product = connector.kind.clone();
    if !app.catalog.move_intent(IntentState::Allowed, &row, &Moved::default(), now)? {
        return Ok(());
    }
    // What a stranger answers must not end the server, not even where a library of ours did not expect it.
    let performed = catch_unwind(AssertUnwindSafe(|| opened.perform(&row, call)));
    let performed = performed.unwrap_or_else(|_| {
        Performed::Ambiguous("this failed in a way that is a bug of hindcast".to_owned())
    });
    performed_as(app, row, &connector, performed)
}

fn performed_as(
    app: &App,
    mut row: IntentRow,
    connector: &ConnectorRow,
    performed: Performed,
) -> anyhow::Result<()> {
    let now = (app.clock)();
    let (state, said, before, after) = match performed {
        Performed::Done { change, said } => {
            let (before, after) = *change;
            (IntentState::Done, said, before, after)
        }
        Performed::Failed(why) => (IntentState::Failed, why, Value::Null, Value::Null),
        Performed::Ambiguous(why) => (IntentState::Ambiguous, why, Value::Null, Value::Null),
        Performed::Refused(why) => {
            app.catalog.pause_connector(&connector.id, &cut(&why), now)?;
            tracing::warn!(
                connector = connector.kind,
                why,
                "a connector is paused until it is connected anew"
            );
            row.attempts -= 1;
            return later(app, row, &why, LOOK_AGAIN, now);
        }
        Performed::Later { why, .. } if row.attempts >= ATTEMPTS_MAX => (
            IntentState::Failed,
            format!("it was tried {ATTEMPTS_MAX} times: {why}"),
            Value::Null,
            Value::Null,
        ),
        Performed::Later { after, why } => {
            if let Some(after) = after {
                let mut resting = app.workflows.resting.lock().unwrap_or_else(PoisonError::into_inner);
                resting.insert(connector.id.clone(), Instant::now() + after);
            }
            let doubled = AGAIN_AFTER.saturating_mul(1 << row.attempts.saturating_sub(1).min(12));
            let pause = after.unwrap_or_default().max(doubled.min(AGAIN_AFTER_MAX));
            return later(app, row, &why, pause, now);
        }
    };
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

/// The connector that an intent is for: the named one, or the only one that has tickets.
fn connector_of(app: &App, row: &IntentRow) -> Result<Result<ConnectorRow, String>, CatalogError> {
    if !row.product.is_empty() {
        let found = app.catalog.connector_of(&row.workspace, &row.product)?;
        return Ok(found.ok_or_else(|| format!("{} is not connected", row.product)));
    }
    if row.ticket.is_empty() {
        return Ok(Err("it is about no conversation".to_owned()));
    }
    let mut all = app.catalog.connectors(&row.workspace)?;
    all.retain(|connector| connector.kind != "http");
    Ok(match all.len() {
        1 => Ok(all.remove(0)),
        0 => Err("no product is connected that has the conversation".to_owned()),
        _ => Err("several products are connected, and nobody said which has the conversation".to_owned()),
    })
}

fn resting(app: &App, id: &str) -> Option<Duration> {
    let mut resting = app.workflows.resting.lock().unwrap_or_else(PoisonError::into_inner);
    let left = resting.get(id)?.saturating_duration_since(Instant::now());
    if left.is_zero() {
        resting.remove(id);
        return None;
    }
    Some(left)
}

/// It is allowed and was not sent yet: it is looked at again.
fn again(app: &App, mut row: IntentRow, said: &str, pause: Duration, now: Timestamp) -> anyhow::Result<()> {
    row.said = cut(said);
    row.next_at = after(now, pause);
    app.catalog.move_intent(IntentState::Allowed, &row, &Moved::default(), now)?;
    Ok(())
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

fn end(app: &App, row: IntentRow, state: IntentState, said: &str, now: Timestamp) -> anyhow::Result<()> {
    end_with(app, row, state, said, Vec::new(), now)
}

/// The end of an intent, with an entry where the gate has not told of it already.
fn end_with(
    app: &App,
    mut row: IntentRow,
    state: IntentState,
    said: &str,
    follows: Vec<NewIntent>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let from = row.state;
    row.state = state;
    row.said = cut(said);
    let result = match state {
        IntentState::Denied | IntentState::Expired => None,
        IntentState::Ambiguous => Some("unknown"),
        _ => Some("failure"),
    };
    let entry = result.map(|result| acted(&row, result, &Value::Null, &Value::Null));
    app.catalog.move_intent(from, &row, &Moved { entry, follows }, now)?;
    app.post();
    Ok(())
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    let micros = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_add(micros))
}

fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID_CHARS_MAX).collect()
}
