//! Replays that people ask for: the past of a workspace under other policies, workflows or detection rules, worked out in the background and
//! kept.
//!
//! Each server runs [`RUNNING_MAX`] at once and each workspace one; the others wait for their turn. What was found so far can be
//! read while a run is under way, anybody may break it off, and the same question is answered from what is kept. A run that was
//! under way when the server ended has failed: it can be asked for again.

mod conversations;
mod past;
mod policies;
mod rules;
mod traces;
mod workflows;

pub(crate) use policies::{Given, Tried, What, enforced};
pub(crate) use rules::{Against, RuleTried, RulesWanted, begin_rules, entries_asked_about, rule_now};
pub(crate) use traces::{NotTraced, Said, traces};
pub(crate) use workflows::{
    Versus, Workflow, WorkflowsWanted, baseline_now, begin_workflows, conversations_asked_about,
};

use crate::app::App;
use crate::catalog::{CatalogError, Found, KeptReplay, NewReplay};
use crate::gate::NoBook;
use crate::nodes::Job;
use crate::rooms::Room;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::policy::{Flaw, Judge};
use hindcast_rules::replay::{Question, Report, RuleRow};
use hindcast_segments::Budget;
use hindcast_segments::query::{Query, TimeRange};
use past::NoPast;
use policies::judge;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Replays that run at once on a server.
pub(crate) const RUNNING_MAX: usize = 2;
/// A replay looks at most at so many entries.
pub(crate) const ENTRIES_MAX: usize = 20_000_000;
/// Of so many conversations of the history it is told how they went.
const SCORES_MAX: usize = 1_000_000;
/// How often what was found so far is kept.
const NOTED_EVERY: Duration = Duration::from_millis(1_500);
/// How much a replay gives way to others; 19 is most.
const NICENESS: i32 = 10;
/// Why a run has failed that nobody runs any more.
pub(crate) const SERVER_ENDED: &str = "the server ended while it was under way: ask for it again";

/// What somebody wants to know of policies.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// What people call it; may be empty.
    pub name: String,
    /// What is tried.
    pub candidate: Tried,
    /// What it is compared with; nothing for what happened.
    pub baseline: Option<Tried>,
    /// From when, and until before when; both by `occurred_at`.
    pub window: (Option<Timestamp>, Option<Timestamp>),
    /// Which entries.
    pub filter: Query,
    /// Work it out even if the answer is kept.
    pub anew: bool,
    /// What whoever asks is called.
    pub started_by: String,
}

/// A replay that was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Begun {
    /// It waits or runs now.
    New(KeptReplay),
    /// Somebody asked the same before.
    Served(KeptReplay),
}

/// Why a replay was not begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotBegun {
    /// There is no such version of a policy or workflow.
    #[error("{field}: there is no version {number} of {name}")]
    NoVersion {
        /// `candidate` or `baseline`.
        field: &'static str,
        /// The policy or workflow.
        name: String,
        /// The version.
        number: i64,
    },
    /// These policies cannot be judged by; where and why.
    #[error("the policies cannot be used")]
    Wrong(&'static str, Vec<Flaw>),
    /// This workflow cannot be asked; where and why.
    #[error("the workflow cannot be used")]
    WrongWorkflow(&'static str, Vec<hindcast_rules::workflow::Flaw>),
    /// This rule cannot run; which it was to be, where and why.
    #[error("the rule cannot run")]
    WrongRule(&'static str, Box<crate::alerts::Rule>, Vec<hindcast_rules::detection::Problem>),
    /// The log could not be read.
    #[error("the log could not be read: {0}")]
    Unread(String),
    /// A field does not fit the others: which, and what was expected.
    #[error("{0}: expected {1}")]
    Field(&'static str, String),
    /// More than one replay looks at.
    #[error("until: more than {0} conversations are asked for: name a shorter window, or a narrower filter")]
    TooLong(u64),
    /// The window ends before it begins, or nothing of the filter lies in it.
    #[error("until: expected a time after from, and after what the filter asks for")]
    Backwards,
    /// Enough wait.
    #[error("a workspace has at most {0} replays that wait or are under way")]
    TooMany(u64),
    #[error(transparent)]
    Book(#[from] NoBook),
    #[error(transparent)]
    Workflows(#[from] crate::workflows::NoBook),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// The replays that wait or are under way.
#[derive(Default)]
pub(crate) struct Replays(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Run>,
    underway: Vec<Arc<Underway>>,
}

/// A replay that waits or is under way.
pub(crate) struct Underway {
    /// Its id.
    pub id: String,
    workspace: WorkspaceId,
    /// Entries or conversations looked at so far.
    pub done: AtomicU64,
    /// Entries or conversations to look at; 0 until it is known.
    pub total: AtomicU64,
    /// Ends it soon.
    cancelled: Arc<AtomicBool>,
}

struct Run {
    underway: Arc<Underway>,
    room: Arc<Room>,
    window: Window,
    budget: Budget,
    work: Work,
}

/// From when, and until before when.
type Window = (Option<Timestamp>, Option<Timestamp>);

/// What is to be done.
enum Work {
    Policies(policies::Work),
    Workflows(Box<workflows::Work>),
    Rules(Box<rules::Work>),
}

impl Replays {
    /// A replay that is under way.
    pub fn underway(&self, id: &str) -> Option<Arc<Underway>> {
        self.lock().underway.iter().find(|underway| underway.id == id).cloned()
    }

    /// The next one that may run.
    fn next(&self) -> Option<Run> {
        let mut queue = self.lock();
        if queue.underway.len() >= RUNNING_MAX {
            return None;
        }
        let is_free = |run: &Run| queue.underway.iter().all(|other| other.workspace != run.room.id);
        let at = queue.waiting.iter().position(is_free)?;
        let run = queue.waiting.remove(at)?;
        queue.underway.push(run.underway.clone());
        Some(run)
    }

    fn end(&self, id: &str) {
        self.lock().underway.retain(|underway| underway.id != id);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins a replay, or finds the one that answered the same question.
pub(crate) fn begin(app: &Arc<App>, room: &Arc<Room>, wanted: Wanted) -> Result<Begun, NotBegun> {
    let (candidate, candidate_told) = judge(app, &room.id, "candidate", &wanted.candidate)?;
    let baseline =
        wanted.baseline.as_ref().map(|tried| judge(app, &room.id, "baseline", tried)).transpose()?;
    let (baseline, baseline_told) = baseline.unzip();
    let (from, until) = wanted.window;
    let [from_us, until_us] = [from, until].map(|time| time.map(Timestamp::micros));
    let within = TimeRange { from: from_us, until: until_us };
    if from_us.zip(until_us).is_some_and(|(from, until)| from >= until) {
        return Err(NotBegun::Backwards);
    }
    let occurred = wanted.filter.occurred.intersection(&within).ok_or(NotBegun::Backwards)?;
    let filter = wanted.filter.to_string();
    let size = room.store.snapshot().end_index();
    let question = Question {
        candidate: candidate.version(),
        baseline: baseline.as_deref().map(Judge::version),
        window: (from, until, size),
        filter: &filter,
    };
    let new = NewReplay {
        name: wanted.name,
        kind: "policy",
        question: question.key(),
        candidate: candidate_told,
        baseline: baseline_told.unwrap_or_default(),
        window: wanted.window,
        filter,
        started_by: wanted.started_by,
    };
    let query = Query { occurred, ..wanted.filter };
    queue(app, room, new, wanted.anew, Work::Policies(policies::Work { baseline, candidate, query, size }))
}

/// Keeps what is asked and lets it wait for its turn, or finds what answered the same question.
fn queue(
    app: &Arc<App>,
    room: &Arc<Room>,
    new: NewReplay,
    anew: bool,
    work: Work,
) -> Result<Begun, NotBegun> {
    if !anew && let Some(known) = app.catalog.replay_of_question(&room.id, &new.question)? {
        return Ok(Begun::Served(known));
    }
    let kept = app.catalog.add_replay(&room.id, &new, (app.clock)())?;
    let kept = kept.ok_or(NotBegun::TooMany(crate::catalog::REPLAYS_WAITING_MAX))?;
    let budget = Budget::unlimited();
    let underway = Arc::new(Underway {
        id: kept.id.clone(),
        workspace: room.id.clone(),
        done: AtomicU64::new(0),
        total: AtomicU64::new(0),
        cancelled: budget.cancel_flag(),
    });
    let flag = underway.cancelled.clone();
    app.jobs.begin(app, Job::Replay, &room.id, &kept.id, move || flag.store(true, Ordering::Relaxed))?;
    let run = Run { underway, room: room.clone(), window: new.window, budget, work };
    app.replays.lock().waiting.push_back(run);
    start(app);
    Ok(Begun::New(kept))
}

/// Breaks a replay off; whether it still waited or was under way. What was found so far is kept.
pub(crate) fn cancel(app: &App, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
    let cancelled = app.catalog.cancel_replay(workspace, id, (app.clock)())?;
    if cancelled {
        app.jobs.cancel(app, workspace, id)?;
        let mut queue = app.replays.lock();
        let before = queue.waiting.len();
        queue.waiting.retain(|run| run.underway.id != id);
        if queue.waiting.len() < before {
            app.jobs.end(app, id);
        }
    }
    Ok(cancelled)
}

/// Breaks a replay off and forgets it; whether it was there.
pub(crate) fn delete(app: &App, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
    cancel(app, workspace, id)?;
    app.catalog.delete_replay(workspace, id)
}

/// Lets whatever may run begin.
fn start(app: &Arc<App>) {
    while let Some(run) = app.replays.next() {
        let held = Held { app: app.clone(), id: run.underway.id.clone() };
        let house = app.clone();
        let thread = std::thread::Builder::new().name("replay".to_owned()).spawn(move || {
            // On Linux this counts for the calling thread alone.
            if let Err(error) = rustix::process::nice(NICENESS) {
                tracing::warn!(%error, "a replay runs as if it were urgent");
            }
            work(&house, &run, held);
        });
        if let Err(error) = thread {
            tracing::error!(%error, "a replay could not be begun");
        }
    }
}

/// Held by whoever runs a replay: whatever becomes of them, it ends and the next one has its turn.
struct Held {
    app: Arc<App>,
    id: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        let ended = self.app.catalog.fail_replay(&self.id, "it broke off", (self.app.clock)());
        if let Err(error) = ended {
            tracing::error!(%error, "the end of a replay could not be kept");
        }
        self.app.replays.end(&self.id);
        self.app.jobs.end(&self.app, &self.id);
        start(&self.app);
    }
}

fn work(app: &App, run: &Run, held: Held) {
    let ended = replay(app, run);
    let is_ending = *app.ending.borrow();
    let kept = match ended {
        Ok(()) => Ok(true),
        // Whoever broke it off has kept that.
        Err(_) if run.underway.cancelled.load(Ordering::Relaxed) && !is_ending => Ok(true),
        Err(_) if is_ending => app.catalog.fail_replay(&held.id, SERVER_ENDED, (app.clock)()),
        Err(error) => {
            tracing::warn!(replay = held.id, error = format!("{error:#}"), "a replay failed");
            app.catalog.fail_replay(&held.id, &told(&error), (app.clock)())
        }
    };
    if let Err(error) = kept {
        tracing::error!(%error, "the end of a replay could not be kept");
    }
}

/// What people are told; the rest may name files of the server.
fn told(error: &anyhow::Error) -> String {
    match error.downcast_ref() {
        Some(why @ NoPast::TooMany(_)) => why.to_string(),
        _ => "the past could not be read; the diagnostics of the server say why".to_owned(),
    }
}

/// Nobody waits for it any more, or the server ends.
#[derive(Debug, thiserror::Error)]
#[error("nobody waits for it any more")]
struct Ended;

/// Whether a replay goes on.
type Goes<'g> = dyn Fn() -> Result<(), Ended> + 'g;

fn replay(app: &App, run: &Run) -> anyhow::Result<()> {
    let underway = &run.underway;
    let goes_on = || match underway.cancelled.load(Ordering::Relaxed) || *app.ending.borrow() {
        true => Err(Ended),
        false => Ok(()),
    };
    if !app.catalog.claim_replay(&underway.id, 0)? {
        return Err(Ended.into());
    }
    let noted = Noted { app, underway, at: Instant::now() };
    let report = match &run.work {
        Work::Policies(work) => policies::replayed(app, run, work, &goes_on, noted)?,
        Work::Workflows(work) => workflows::replayed(app, run, work, &goes_on, noted)?,
        Work::Rules(work) => rules::replayed(run, work, &goes_on, noted)?,
    };
    let summary = brief(&report);
    let text = serde_json::to_string(&report)?;
    let [done, total] = [&underway.done, &underway.total].map(|count| count.load(Ordering::Relaxed));
    let found = Found { done, total, summary: &summary, report: Some(&text) };
    app.catalog.finish_replay(&underway.id, &found, (app.clock)())?;
    Ok(())
}

/// How conversations of the history went, from 0 to 1: by their own score, or else by what the customer thought.
fn scores(app: &App, workspace: &WorkspaceId, goes_on: &Goes<'_>) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut scores = BTreeMap::new();
    app.history.each(workspace, |row| {
        goes_on()?;
        let conversation = row.conversation;
        let rated =
            || conversation.rating.as_ref().map(|rating| f64::from(rating.score.saturating_sub(1)) / 4.0);
        if let Some(score) = conversation.score.or_else(rated).filter(|_| scores.len() < SCORES_MAX) {
            scores.insert(conversation.id, score);
        }
        Ok(())
    })?;
    Ok(scores)
}

/// Keeps what was found so far, now and then.
struct Noted<'n> {
    app: &'n App,
    underway: &'n Underway,
    at: Instant,
}

impl Noted<'_> {
    fn note(&mut self, report: impl FnOnce() -> Report) -> anyhow::Result<()> {
        if self.at.elapsed() < NOTED_EVERY {
            return Ok(());
        }
        let report = report();
        let (summary, text) = (brief(&report), serde_json::to_string(&report)?);
        let [done, total] =
            [&self.underway.done, &self.underway.total].map(|one| one.load(Ordering::Relaxed));
        let found = Found { done, total, summary: &summary, report: Some(&text) };
        self.app.catalog.note_replay(&self.underway.id, &found)?;
        self.at = Instant::now();
        Ok(())
    }
}

/// The numbers of a report without its lists.
pub(crate) fn brief(report: &Report) -> Value {
    let summary = &report.summary;
    let mut brief = json!(summary.tally);
    for (name, value) in [
        ("decided_before", json!(summary.decided_before)),
        ("not_asked", json!(summary.not_asked)),
        ("oldest", json!(summary.oldest)),
        ("newest", json!(summary.newest)),
        ("conversations_touched", json!(report.conversations.touched)),
        ("conversations_flagged", json!(report.conversations.flagged)),
        ("conversations_diverged", json!(report.conversations.diverged)),
    ] {
        brief[name] = value;
    }
    if let Some(part) = &report.workflows {
        brief["happenings"] = part.happenings.into();
    }
    if let Some(part) = &report.rules {
        let sum = |of: fn(&RuleRow) -> u64| part.by_rule.iter().map(of).sum::<u64>();
        for (name, count) in [
            ("baseline_alerts", sum(|row| row.baseline_alerts)),
            ("candidate_alerts", sum(|row| row.candidate_alerts)),
            ("added_alerts", sum(|row| row.added)),
            ("removed_alerts", sum(|row| row.removed)),
        ] {
            brief[name] = count.into();
        }
    }
    brief
}
