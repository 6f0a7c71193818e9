//! Replays of workflows: what happened in the conversations of the history, asked of workflows again with what was known then.
//!
//! Facts are made by the code that makes them live; the history tells when most of a conversation became so (`history/known.rs`).
//! What is proposed is asked about at the policies that are enforced now, and nothing is done.

use super::conversations::Past;
use super::policies::judge;
use super::{Begun, Goes, NotBegun, Noted, Run, Tried, What, Window, queue, scores};
use crate::app::App;
use crate::catalog::{ConversationsWanted, KeptReplay, NewReplay, WorkflowVersion};
use crate::history::{Change, Conversation, Known, TOLD};
use crate::rooms::Room;
use crate::workflows::calls::{Call, singled};
use crate::workflows::{Happened, calendar, catalog, edit, facts};
use hindcast_event::{Arrival, Draft, Event, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::policy::{Asked, Decision, Judge};
use hindcast_rules::replay::{AskGate, Became, Happening, Question, Report, WorkflowOptions, WorkflowReplay};
use hindcast_rules::workflow::{
    Calendar, Catalog, Cause, Facts, Intent, Mode, Trigger, Workflow as Read, WorkflowSet,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A replay looks at most at so many conversations.
const CONVERSATIONS_MAX: u64 = 1_000_000;
/// What of this code can change an answer.
const ENGINE: &str = "workflows 1";
/// The hour before the window fills the guard; a day, as not everything that has a time counts as something that happened last.
const BEFORE_MICROS: i64 = 86_400 * 1_000_000;
/// A calendar is good for so long on both sides of the moment it was made for.
const CALENDAR_MICROS: i64 = 180 * 86_400 * 1_000_000;

/// A workflow that is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workflow {
    /// What it is called; a text says so itself.
    pub name: Option<String>,
    /// Which of its texts.
    pub what: What,
}

/// What a workflow is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Versus {
    /// What acts now.
    Enforced,
    /// The same without it.
    Nothing,
    /// The same with another version of it.
    Version(Workflow),
}

/// What somebody wants to know of a workflow.
#[derive(Clone, Debug)]
pub(crate) struct WorkflowsWanted {
    /// What people call it; may be empty.
    pub name: String,
    /// What is tried, in the place of what acts now.
    pub candidate: Workflow,
    /// What it is compared with.
    pub baseline: Versus,
    /// From when, and until before when things happened.
    pub window: Window,
    /// Which conversations, as [`ConversationsWanted::parse`] reads it.
    pub filter: String,
    /// Work it out even if the answer is kept.
    pub anew: bool,
    /// What whoever asks is called.
    pub started_by: String,
}

/// What a replay of workflows is begun with.
pub(super) struct Work {
    baseline: WorkflowSet,
    candidate: WorkflowSet,
    which: ConversationsWanted,
    gate: Arc<Judge>,
    /// How many conversations there were when it was asked for.
    conversations: u64,
}

/// A workflow that was read, and what is kept of it.
type Given = (Read, Value);

/// Begins a replay of a workflow, or finds the one that answered the same question.
pub(crate) fn begin_workflows(
    app: &Arc<App>,
    room: &Arc<Room>,
    wanted: WorkflowsWanted,
) -> Result<Begun, NotBegun> {
    let workspace = &room.id;
    let (from, until) = wanted.window;
    let which = which(&wanted)?;
    let tried = given(app, workspace, "candidate", &wanted.candidate)?;
    let name = tried.0.name().to_owned();
    let (versus, compared) = match &wanted.baseline {
        Versus::Enforced => ("enforced", in_force(app, workspace, &name)?),
        Versus::Nothing => ("nothing", None),
        Versus::Version(other) => {
            let other = given(app, workspace, "baseline", other)?;
            if other.0.name() != name {
                return Err(NotBegun::Field("baseline", format!("another version of {name}")));
            }
            ("version", Some(other))
        }
    };
    let others = others(app, workspace, &name)?;
    let (candidate, mut candidate_told) = whole(&others, Some(&tried))?;
    let (baseline, mut baseline_told) = whole(&others, compared.as_ref())?;
    baseline_told["as"] = versus.into();
    [&mut candidate_told, &mut baseline_told].into_iter().for_each(|told| told["changed"] = json!([name]));
    let (gate, policies) = judge(app, workspace, "baseline", &Tried::Enforced)?;
    let (count, digest) = app.history.past_digest(workspace, &which, since(from))?;
    if count > CONVERSATIONS_MAX {
        return Err(NotBegun::TooLong(CONVERSATIONS_MAX));
    }
    let own = app.catalog.settings(workspace)?;
    let clocks = format!("{:?}", (own.zone, own.office_hours, own.working_days, own.holidays));
    let about = [ENGINE, &wanted.filter, &digest, &policies["version"].to_string(), &clocks];
    let (candidate_version, baseline_version) = (candidate.version(), baseline.version());
    let question = Question {
        candidate: &candidate_version,
        baseline: Some(&baseline_version),
        window: (from, until, count),
        filter: &about.join("\n"),
    };
    let new = NewReplay {
        name: wanted.name,
        kind: "workflow",
        question: question.key(),
        candidate: candidate_told,
        baseline: baseline_told,
        window: wanted.window,
        filter: wanted.filter,
        started_by: wanted.started_by,
    };
    let work = Work { baseline, candidate, which, gate, conversations: count };
    queue(app, room, new, wanted.anew, super::Work::Workflows(Box::new(work)))
}

/// How many conversations would be looked at.
pub(crate) fn conversations_asked_about(
    app: &App,
    workspace: &WorkspaceId,
    wanted: &WorkflowsWanted,
) -> Result<u64, NotBegun> {
    given(app, workspace, "candidate", &wanted.candidate)?;
    Ok(app.history.past_digest(workspace, &which(wanted)?, since(wanted.window.0))?.0)
}

/// Which conversations are asked about.
fn which(wanted: &WorkflowsWanted) -> Result<ConversationsWanted, NotBegun> {
    let (from, until) = wanted.window;
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        return Err(NotBegun::Backwards);
    }
    let which = ConversationsWanted::parse(&wanted.filter);
    let which = which.map_err(|expected| NotBegun::Field("filter", expected))?;
    Ok(ConversationsWanted { until, ..which })
}

/// From when on conversations are looked at.
fn since(from: Option<Timestamp>) -> Option<Timestamp> {
    from.map(|from| Timestamp::from_micros(from.micros().saturating_sub(BEFORE_MICROS)))
}

/// Reads a workflow that is given.
fn given(
    app: &App,
    workspace: &WorkspaceId,
    field: &'static str,
    wanted: &Workflow,
) -> Result<Given, NotBegun> {
    let (text, number) = match &wanted.what {
        What::Text(text) => (text.clone(), None),
        &What::Version(number) => {
            let name = wanted.name.clone().unwrap_or_default();
            let version = app.catalog.workflow_version(workspace, &name, number)?;
            let version = version.ok_or(NotBegun::NoVersion { field, name, number })?;
            (version.text, Some(number))
        }
    };
    let checked = edit::checked(app, workspace, &text)?;
    let Some(read) = checked.workflow else { return Err(NotBegun::WrongWorkflow(field, checked.errors)) };
    if let Some(name) = wanted.name.as_ref().filter(|name| *name != read.name()) {
        let expected = format!("a text that is called {name:?}, this one is called {:?}", read.name());
        return Err(NotBegun::Field(field, expected));
    }
    Ok(as_acting(read, number, &text))
}

/// A workflow as if it acted, and what is kept of it.
fn as_acting(read: Read, number: Option<i64>, text: &str) -> Given {
    let told = match number {
        Some(number) => json!({ "name": read.name(), "number": number }),
        None => json!({ "name": read.name(), "text": text }),
    };
    (read.with_mode(Mode::Enforce), told)
}

/// The version of what a kept replay was compared with, as it would be now; nothing where that was a version of its own.
pub(crate) fn baseline_now(app: &App, kept: &KeptReplay) -> Result<Option<String>, NotBegun> {
    let told = &kept.new.baseline;
    let but = match told["as"].as_str() {
        Some("enforced") => "",
        Some("nothing") => told["changed"][0].as_str().unwrap_or_default(),
        _ => return Ok(None),
    };
    Ok(Some(whole(&others(app, &kept.workspace, but)?, None)?.0.version()))
}

/// The version of a workflow that acts now; nothing when none does, or it cannot be asked any more.
fn in_force(app: &App, workspace: &WorkspaceId, name: &str) -> Result<Option<Given>, NotBegun> {
    let row = app.catalog.workflow(workspace, name)?;
    let Some(number) = row.and_then(|row| row.standing.enforced) else { return Ok(None) };
    let version = app.catalog.workflow_version(workspace, name, number)?;
    version.map_or(Ok(None), |version| kept(app, workspace, &version))
}

fn kept(app: &App, workspace: &WorkspaceId, version: &WorkflowVersion) -> Result<Option<Given>, NotBegun> {
    let checked = edit::checked(app, workspace, &version.text)?;
    if checked.workflow.is_none() {
        // It does not act either: the book leaves it out too.
        tracing::warn!(%workspace, workflow = version.name, number = version.number, "a workflow cannot be replayed");
    }
    Ok(checked.workflow.map(|read| as_acting(read, Some(version.number), &version.text)))
}

/// All that acts now, but for one.
fn others(app: &App, workspace: &WorkspaceId, but: &str) -> Result<Vec<Given>, NotBegun> {
    let mut all = Vec::new();
    for row in app.catalog.workflows(workspace)?.into_iter().filter(|row| row.name != but) {
        all.extend(in_force(app, workspace, &row.name)?);
    }
    Ok(all)
}

/// A whole set, and what is kept of it.
fn whole(others: &[Given], one: Option<&Given>) -> Result<(WorkflowSet, Value), NotBegun> {
    let all = || others.iter().chain(one);
    let set = WorkflowSet::new(all().map(|(read, _)| read.clone()).collect());
    let set = set.map_err(|error| NotBegun::Field("candidate", format!("a set of workflows: {error}")))?;
    let told: Vec<&Value> = all().map(|(_, told)| told).collect();
    let told = json!({ "version": set.version(), "workflows": told });
    Ok((set, told))
}

/// The set that is kept with a replay; or what of it is gone.
pub(super) fn set_of(
    app: &App,
    workspace: &WorkspaceId,
    told: &Value,
) -> Result<Result<WorkflowSet, String>, NotBegun> {
    let mut all = Vec::new();
    for one in told["workflows"].as_array().into_iter().flatten() {
        let name = one["name"].as_str().unwrap_or_default();
        let text = match (one["text"].as_str(), one["number"].as_i64()) {
            (Some(text), _) => Some(text.to_owned()),
            (None, Some(number)) => {
                app.catalog.workflow_version(workspace, name, number)?.map(|one| one.text)
            }
            _ => None,
        };
        let read = text.map(|text| edit::checked(app, workspace, &text)).transpose()?;
        match read.and_then(|checked| checked.workflow) {
            Some(read) => all.push(read.with_mode(Mode::Enforce)),
            None => return Ok(Err(name.to_owned())),
        }
    }
    Ok(WorkflowSet::new(all).map_err(|error| error.to_string()))
}

/// What was known when something happened, as workflows ask for it.
pub(super) fn facts_then(
    conversation: &Conversation,
    at: Timestamp,
    change: &Change,
    catalog: &Catalog,
    calendar: Calendar,
) -> Facts {
    let before = match change.trigger {
        Trigger::TicketCreated => Map::new(),
        _ => facts::before(&Known::before(conversation, at)),
    };
    let happened = Happened {
        trigger: change.trigger,
        id: change.id.clone(),
        ticket: conversation.id.clone(),
        product: String::new(),
        facts: facts::of_known(&Known::at(conversation, at), catalog),
        before,
        is_echo_prone: false,
        causes: Vec::new(),
    };
    let (mut known, _) = happened.known(catalog);
    known.at(at);
    known.with_calendar(calendar);
    known
}

/// The calendar of a workspace around what happens.
struct Clock<'c> {
    app: &'c App,
    workspace: &'c WorkspaceId,
    made: Option<(Timestamp, Calendar)>,
}

impl Clock<'_> {
    fn at(&mut self, at: Timestamp) -> anyhow::Result<Calendar> {
        let is_near = |made: &Timestamp| (made.micros() - at.micros()).abs() < CALENDAR_MICROS;
        if let Some((_, calendar)) = self.made.as_ref().filter(|(made, _)| is_near(made)) {
            return Ok(calendar.clone());
        }
        let made = calendar(self.app, self.workspace, at)?;
        self.made = Some((at, made.clone()));
        Ok(made)
    }
}

/// Asks both sets about all that happened, in the order of time.
pub(super) fn replayed(
    app: &App,
    run: &Run,
    work: &Work,
    goes_on: &Goes<'_>,
    mut noted: Noted<'_>,
) -> anyhow::Result<Report> {
    let (workspace, underway) = (&run.room.id, &run.underway);
    underway.total.store(work.conversations, Ordering::Relaxed);
    let (from, until) = run.window;
    let options = WorkflowOptions {
        from,
        until,
        conversation_scores: scores(app, workspace, goes_on)?,
        told: TOLD.into(),
        singled,
        gate: Some(gate(work.gate.clone())),
    };
    let mut replay = WorkflowReplay::new(work.baseline.clone(), work.candidate.clone(), options);
    let each = work.baseline.workflows().iter().chain(work.candidate.workflows());
    let heard: BTreeSet<Trigger> = each.flat_map(|workflow| workflow.triggers().iter().copied()).collect();
    let catalog = catalog(app, workspace)?;
    let mut clock = Clock { app, workspace, made: None };
    let is_early = |at: Timestamp| since(from).is_some_and(|since| at < since);
    Past::new(&app.history, workspace, &work.which, since(from)).each(
        |conversation, at, change, is_last| {
            goes_on()?;
            let known = match heard.contains(&change.trigger) && !is_early(at) {
                true => facts_then(conversation, at, change, &catalog, clock.at(at)?),
                // Nobody asks.
                false => Facts::default(),
            };
            let causes: Vec<Cause> = change
                .workflow
                .iter()
                .map(|workflow| Cause { ticket: conversation.id.clone(), workflow: workflow.clone() })
                .collect();
            replay.take(&Happening {
                trigger: change.trigger,
                id: &change.id,
                conversation: &conversation.id,
                at,
                facts: &known,
                causes: &causes,
            });
            if is_last {
                replay.end(&conversation.id, &became(conversation));
                underway.done.fetch_add(1, Ordering::Relaxed);
                noted.note(|| replay.report())?;
            }
            Ok(())
        },
    )?;
    goes_on()?;
    underway.total.store(underway.done.load(Ordering::Relaxed), Ordering::Relaxed);
    Ok(replay.report())
}

/// What became of a conversation, whoever did it.
fn became(conversation: &Conversation) -> Became {
    let tags = conversation.current_tags().into_iter().map(str::to_owned).collect();
    Became { tags, escalated: !conversation.escalations.is_empty() }
}

/// Asks the policies about a call that a workflow would have made. What a block wants people to agree to waits for them.
fn gate(judge: Arc<Judge>) -> AskGate {
    Box::new(move |happening, workflow, intent| {
        match asked(&judge, happening, workflow, intent).unwrap_or(Decision::Unknown) {
            Decision::Allow if intent.approval.is_some() => Decision::NeedsApproval,
            decision => decision,
        }
    })
}

fn asked(judge: &Judge, happening: &Happening<'_>, workflow: &str, intent: &Intent) -> Option<Decision> {
    let call = Call {
        action: intent.action.clone(),
        arguments: intent.arguments.clone(),
        is_tool: intent.tool,
        path: intent.path.clone(),
    };
    let mut event = call.event(workflow, happening.conversation);
    event["occurred_at"] = happening.at.to_string().into();
    let text = event.to_string();
    let draft = Draft::parse(&text).ok()?;
    let mut sections = Vec::new();
    draft.encode(&Arrival { now: happening.at, random: [0; 10] }, &mut sections).ok()?;
    let asked = Asked::of(Event::from_bytes(&sections).ok()?).ok()?;
    Some(judge.judge(&asked.simulated()).decision)
}
