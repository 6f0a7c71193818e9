//! What becomes of an intent: the gate is asked, people answer where it wants them, and then it is performed ([`super::perform`]).
//!
//! Each step is kept before the next is taken, and an intent that is of no use any more is given up before any.

use super::calls::{Call, acted, actor, new_intent, singled};
use super::connect::Kind;
use super::edit::terms_of;
use crate::app::App;
use crate::catalog::{By, CatalogError, IntentRow, IntentState, KeptApproval, Moved, NewIntent, OnTimeout};
use crate::gate::{Decided, NoBook, NotDecided, Request, decided_of, weigh_wanting};
use hindcast_event::Timestamp;
use hindcast_rules::approval::State;
use hindcast_rules::policy::Decision;
use hindcast_rules::workflow::{Approval, Intent, OnTimeout as Said};
use serde_json::{Value, json};
use std::time::Duration;

/// A book that cannot be read is looked at again so soon.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// What is said of an intent is kept up to this length.
const SAID_CHARS_MAX: usize = 500;

/// Takes the next step with an intent that waits for the gate or for people.
pub(crate) fn step(app: &App, row: IntentRow) -> anyhow::Result<()> {
    let now = (app.clock)();
    let Some((row, call)) = of_use(app, row, now)? else { return Ok(()) };
    match row.state {
        IntentState::Pending => ask(app, row, &call, None, now),
        IntentState::Waiting => answered(app, row, &call, now),
        _ => Ok(()),
    }
}

/// An intent and its call; nothing when it is given up, as nobody wants it any more.
pub(super) fn of_use(app: &App, row: IntentRow, now: Timestamp) -> anyhow::Result<Option<(IntentRow, Call)>> {
    let Some(call) = Call::of(&row) else {
        end(app, row, IntentState::Void, "its arguments were erased", now)?;
        return Ok(None);
    };
    if let Some(why) = outdated(app, &row)? {
        end(app, row, IntentState::Void, why, now)?;
        return Ok(None);
    }
    Ok(Some((row, call)))
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
        _ if weighed.allowed => {
            row.product = product_of(app, &row)?;
            IntentState::Allowed
        }
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

/// The product that an intent goes to: the named one, or the only one that has tickets. Empty when nobody knows.
fn product_of(app: &App, row: &IntentRow) -> Result<String, CatalogError> {
    if !row.product.is_empty() || row.ticket.is_empty() {
        return Ok(row.product.clone());
    }
    let mut all = app.catalog.connectors(&row.workspace)?;
    all.retain(|connector| connector.kind != Kind::Http.as_str());
    Ok(if all.len() == 1 { all.remove(0).kind } else { String::new() })
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

/// The end of an intent, for a reason.
pub(super) fn end(
    app: &App,
    row: IntentRow,
    state: IntentState,
    said: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
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

pub(crate) fn after(now: Timestamp, pause: Duration) -> Timestamp {
    let micros = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_add(micros))
}

pub(super) fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID_CHARS_MAX).collect()
}
