//! Asking the workflows of a workspace about something that happened, and keeping what they said.

use super::book::{Book, NoBook, remembered};
use super::calls::{actor, new_intent, singled};
use super::happened::Happened;
use crate::app::App;
use crate::catalog::{CatalogError, NewRun, ReadUntil, WorkingDays};
use crate::facts::Calendar as Clocks;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::workflow::{Calendar, Cause, Guard, Intent, Mode, Ran, Truth};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::PoisonError;

/// What a product says of a conversation so soon after a workflow acted on it is taken for an echo.
const ECHO_MICROS: i64 = 120 * 1_000_000;
/// Office hours are looked up for so many days around now.
const CALENDAR_DAYS: i64 = 370;

/// What workflows said to something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fired {
    /// Each that was asked, in their order.
    pub asked: Vec<Asked>,
    /// Facts that do not fit their fields.
    pub misfits: Vec<String>,
}

/// A workflow that was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// What is kept of it.
    pub run: NewRun,
    /// Whether that is worth keeping: it matched, or might have, or did something else.
    pub is_kept: bool,
    /// Whether it was kept just now; not when it was known already.
    pub is_new: bool,
}

/// Why workflows were not asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotFired {
    #[error(transparent)]
    Book(#[from] NoBook),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Asks, keeps what was said and what is to be done, and says how far was read; all in one transaction.
pub(crate) fn fire(
    app: &App,
    workspace: &WorkspaceId,
    happened: &Happened,
    read: &ReadUntil,
) -> Result<Fired, NotFired> {
    let now = (app.clock)();
    let held = app.workflows.guard(workspace);
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    remembered(app, workspace, &mut held, now)?;
    let causes = causes(app, workspace, happened, now)?;
    let book = app.workflows.book(app, workspace)?;
    let mut fired = ask(app, workspace, &book, happened, &causes, now)?;
    let Some(guard) = held.as_mut() else { return Ok(fired) };
    let mut kept = Vec::new();
    for asked in fired.asked.iter_mut().filter(|asked| asked.is_kept) {
        // Told twice, it counts once.
        if !app.catalog.has_run(&asked.run.id)? {
            admit(guard, &mut asked.run, happened, &causes, now);
            kept.push(asked.run.clone());
        }
    }
    if kept.is_empty() && *read == ReadUntil::Nothing {
        return Ok(fired);
    }
    let new = app.catalog.keep_runs(workspace, &kept, read, now).inspect_err(|_| {
        // What was counted was not kept; the guard remembers anew what was.
        *held = None;
    })?;
    for asked in &mut fired.asked {
        asked.is_new = new.contains(&asked.run.id);
    }
    if !new.is_empty() {
        app.post();
    }
    Ok(fired)
}

/// Only asks.
pub(crate) fn look(app: &App, workspace: &WorkspaceId, happened: &Happened) -> Result<Fired, NotFired> {
    let now = (app.clock)();
    let causes = causes(app, workspace, happened, now)?;
    let book = app.workflows.book(app, workspace)?;
    ask(app, workspace, &book, happened, &causes, now)
}

/// What led to it: what it says of itself, and what workflows just did to the conversation that a product tells about.
fn causes(
    app: &App,
    workspace: &WorkspaceId,
    happened: &Happened,
    now: Timestamp,
) -> Result<Vec<Cause>, CatalogError> {
    let mut causes = happened.causes.clone();
    if happened.may_be_echo() && !happened.ticket.is_empty() {
        let since = Timestamp::from_micros(now.micros() - ECHO_MICROS);
        for chain in app.catalog.causes_since(workspace, &happened.ticket, since)? {
            let chain: Vec<Cause> = serde_json::from_value(chain).unwrap_or_default();
            for cause in chain {
                if !causes.contains(&cause) {
                    causes.push(cause);
                }
            }
        }
    }
    Ok(causes)
}

fn ask(
    app: &App,
    workspace: &WorkspaceId,
    book: &Book,
    happened: &Happened,
    causes: &[Cause],
    now: Timestamp,
) -> Result<Fired, NotFired> {
    if !book.hears(happened.trigger) {
        return Ok(Fired { asked: Vec::new(), misfits: Vec::new() });
    }
    let (mut facts, misfits) = happened.known(&book.catalog);
    facts.at(now);
    facts.with_calendar(calendar(app, workspace, now)?);
    let (live, tried) = (
        book.live.evaluate(happened.trigger, &facts),
        if book.both.is_empty() { Vec::new() } else { book.tried.evaluate(happened.trigger, &facts) },
    );
    let tried = tried.into_iter().filter(|ran| book.both.contains(ran.workflow.name()));
    let each = live.into_iter().map(|ran| (0, ran)).chain(tried.map(|ran| (1, ran)));
    let asked = each.map(|(set, ran)| {
        let number = book.numbers[set].get(ran.workflow.name()).copied().unwrap_or_default();
        kept(workspace, number, &ran, happened, causes)
    });
    Ok(Fired { asked: asked.collect(), misfits })
}

/// What is kept of a workflow that was asked.
fn kept(workspace: &WorkspaceId, number: i64, ran: &Ran<'_>, happened: &Happened, causes: &[Cause]) -> Asked {
    let (workflow, evaluation) = (ran.workflow, &ran.evaluation);
    let (name, mode) = (workflow.name(), workflow.mode().as_str());
    let is_unknown = evaluation.matched == Truth::Unknown;
    // What goes on may be known later, and has to be another run then.
    let what =
        if happened.is_standing && is_unknown { format!("{} ?", happened.id) } else { happened.id.clone() };
    let of = [workspace.as_str(), happened.trigger.as_str(), &happened.ticket, &what, name, mode];
    let id = crate::hex::hex(&Sha256::digest(of.join("\n"))[..16]);
    let then = json!(Cause::then(causes, &happened.ticket, name));
    let proposed = singled(ran.proposed(), name);
    let intents = proposed.iter().enumerate();
    let intents = intents.map(|(nr, intent)| new_intent(&id, nr, intent, &happened.product, &then)).collect();
    let body = json!({
        "trace": evaluation.trace,
        "intents": evaluation.intents,
        "withheld": evaluation.withheld,
        "unknown": evaluation.unknown_fields(),
        "stopped_by": ran.stopped_by,
        "perhaps_stopped_by": ran.perhaps_stopped_by,
        "causes": causes,
    });
    let has_intents = !evaluation.intents.is_empty() && !happened.is_standing;
    let is_told = evaluation.matched == Truth::Yes || has_intents;
    let run = NewRun {
        workflow: name.to_owned(),
        number,
        mode,
        trigger: happened.trigger.as_str(),
        ticket: happened.ticket.clone(),
        matched: evaluation.matched.to_string(),
        held: String::new(),
        entry: is_told.then(|| entry(&id, number, ran, happened, causes)),
        id,
        body,
        intents,
    };
    Asked { run, is_kept: is_told || is_unknown, is_new: false }
}

/// Lets what is proposed through the guard, or says why not.
fn admit(guard: &mut Guard, run: &mut NewRun, happened: &Happened, causes: &[Cause], now: Timestamp) {
    if run.mode != Mode::Enforce.as_str() {
        return;
    }
    // What is about no conversation is counted by what happened.
    let ticket = if happened.ticket.is_empty() { &happened.id } else { &happened.ticket };
    if let Err(held) = guard.admit(ticket, &run.workflow, causes, run.intents.len(), now) {
        run.held = held.to_string();
        run.intents.clear();
        if let Some(entry) = &mut run.entry {
            entry["metadata"]["held"] = run.held.as_str().into();
            entry["outcome"] = json!({ "result": "denied", "reason": run.held });
        }
    }
}

/// The entry about a workflow that was set off. Values it saw are no part of it.
fn entry(id: &str, number: i64, ran: &Ran<'_>, happened: &Happened, causes: &[Cause]) -> Value {
    let name = ran.workflow.name();
    let actions: Vec<_> = ran.evaluation.intents.iter().map(|Intent { action, .. }| action).collect();
    let mut targets = vec![json!({ "type": "workflow", "id": name })];
    let mut metadata = json!({
        "actions": actions,
        "causes": causes,
        "matched": ran.evaluation.matched.to_string(),
        "mode": ran.workflow.mode().as_str(),
        "run": id,
        "trigger": happened.trigger.as_str(),
        "version": number.to_string(),
    });
    if !happened.ticket.is_empty() {
        targets.push(json!({ "type": "conversation", "id": happened.ticket }));
        metadata["conversation"] = happened.ticket.as_str().into();
    }
    if let Some(by) = ran.stopped_by {
        metadata["stopped_by"] = by.into();
    }
    json!({
        "action": "workflow.run",
        "actor": actor(name),
        "targets": targets,
        "metadata": metadata,
        "context": { "source": "workflow" },
    })
}

/// The calendar of the workspace around now, as the judge reads it.
pub(crate) fn calendar(app: &App, workspace: &WorkspaceId, now: Timestamp) -> Result<Calendar, CatalogError> {
    let settings = app.catalog.settings(workspace)?;
    let clocks = Clocks::of(&settings);
    let (from, until) = settings.office_hours;
    let open = (u16::from(from) * 60, u16::from(until) * 60);
    let WorkingDays(days) = settings.working_days;
    let week = std::array::from_fn(|day| if days[day] { vec![open] } else { Vec::new() });
    Ok(Calendar { offsets: clocks.offsets(now.seconds(), CALENDAR_DAYS), week, closed: clocks.closed() })
}
