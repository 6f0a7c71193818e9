//! Replays that people ask for: the past of a workspace under other policies, worked out in the background and kept.
//!
//! Each server runs [`RUNNING_MAX`] at once and each workspace one; the others wait for their turn. What was found so far can be
//! read while a run is under way, anybody may break it off, and the same question is answered from what is kept. A run that was
//! under way when the server ended has failed: it can be asked for again.

mod past;

use crate::app::App;
use crate::catalog::{CatalogError, Found, KeptReplay, NewReplay, PolicyVersion};
use crate::gate::{NoBook, texts, versions, vocabulary};
use crate::rooms::Room;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::policy::{Flaw, Judge, check};
use hindcast_rules::replay::{Options, Question, Replay, Report};
use hindcast_segments::query::{Query, TimeRange};
use hindcast_segments::{Budget, Snapshot};
use past::{NoPast, in_order, places};
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
/// Entries that are read together.
const BLOCK: usize = 32_768;
/// How often what was found so far is kept.
const NOTED_EVERY: Duration = Duration::from_millis(1_500);
/// How much a replay gives way to others; 19 is most.
const NICENESS: i32 = 10;
/// Why a run has failed that nobody runs any more.
pub(crate) const SERVER_ENDED: &str = "the server ended while it was under way: ask for it again";

/// What is tried, or compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// What is enforced now.
    Enforced,
    /// What is enforced now, but for one policy.
    One(Given),
    /// These and no others; the base that comes with hindcast too where none is called like it.
    All(Vec<Given>),
}

/// A policy that is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// What it is called.
    pub name: String,
    /// Which of its texts.
    pub what: What,
}

/// Which text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A saved version, by number.
    Version(i64),
    /// One that need not be saved.
    Text(String),
}

/// What somebody wants to know.
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
    /// There is no such version of a policy.
    #[error("{field}: there is no version {number} of {name}")]
    NoVersion {
        /// `candidate` or `baseline`.
        field: &'static str,
        /// The policy.
        name: String,
        /// The version.
        number: i64,
    },
    /// These policies cannot be judged by; where and why.
    #[error("the policies cannot be used")]
    Wrong(&'static str, Vec<Flaw>),
    /// The window ends before it begins, or nothing of the filter lies in it.
    #[error("until: expected a time after from, and after what the filter asks for")]
    Backwards,
    /// Enough wait.
    #[error("a workspace has at most {0} replays that wait or are under way")]
    TooMany(u64),
    #[error(transparent)]
    Book(#[from] NoBook),
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
    /// Entries looked at so far.
    pub done: AtomicU64,
    /// Entries to look at; 0 until it is known.
    pub total: AtomicU64,
    /// Ends it soon.
    cancelled: Arc<AtomicBool>,
}

struct Run {
    underway: Arc<Underway>,
    room: Arc<Room>,
    baseline: Option<Arc<Judge>>,
    candidate: Arc<Judge>,
    window: (Option<Timestamp>, Option<Timestamp>),
    query: Query,
    /// The size of the log that is asked about.
    size: u64,
    budget: Budget,
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
    let question = question.key();
    if !wanted.anew
        && let Some(known) = app.catalog.replay_of_question(&room.id, &question)?
    {
        return Ok(Begun::Served(known));
    }
    let new = NewReplay {
        name: wanted.name,
        kind: "policy",
        question,
        candidate: candidate_told,
        baseline: baseline_told.unwrap_or_default(),
        window: wanted.window,
        filter,
        started_by: wanted.started_by,
    };
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
    let query = Query { occurred, ..wanted.filter };
    let run =
        Run { underway, room: room.clone(), baseline, candidate, window: wanted.window, query, size, budget };
    app.replays.lock().waiting.push_back(run);
    start(app);
    Ok(Begun::New(kept))
}

/// Breaks a replay off; whether it still waited or was under way. What was found so far is kept.
pub(crate) fn cancel(app: &App, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
    let cancelled = app.catalog.cancel_replay(workspace, id, (app.clock)())?;
    if cancelled {
        let mut queue = app.replays.lock();
        queue.waiting.retain(|run| run.underway.id != id);
        let underway = queue.underway.iter().find(|underway| underway.id == id);
        if let Some(underway) = underway {
            underway.cancelled.store(true, Ordering::Relaxed);
        }
    }
    Ok(cancelled)
}

/// Breaks a replay off and forgets it; whether it was there.
pub(crate) fn delete(app: &App, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
    cancel(app, workspace, id)?;
    app.catalog.delete_replay(workspace, id)
}

/// The version of the policies that are enforced now.
pub(crate) fn enforced(app: &App, workspace: &WorkspaceId) -> Result<String, NotBegun> {
    Ok(judge(app, workspace, "baseline", &Tried::Enforced)?.0.version().to_owned())
}

/// The policies that are meant, ready to judge, and what is kept of them.
fn judge(
    app: &App,
    workspace: &WorkspaceId,
    field: &'static str,
    tried: &Tried,
) -> Result<(Arc<Judge>, Value), NotBegun> {
    let versions = meant(app, workspace, field, tried)?;
    let vocabulary = vocabulary(app, workspace)?;
    let set = check(&texts(&versions), &vocabulary).map_err(|flaws| NotBegun::Wrong(field, flaws))?;
    let judge = Judge::new(&set, &vocabulary).map_err(|error| NoBook::Unusable(error.to_string()))?;
    let changed = match tried {
        Tried::Enforced => Vec::new(),
        Tried::One(given) => vec![given.name.as_str()],
        Tried::All(all) => all.iter().map(|given| given.name.as_str()).collect(),
    };
    let policies = versions.iter().map(|version| match version.number {
        0 => json!({ "name": version.name, "text": version.text }),
        number => json!({ "name": version.name, "number": number }),
    });
    let told = json!({
        "changed": changed, "policies": policies.collect::<Vec<_>>(), "version": judge.version(),
    });
    Ok((Arc::new(judge), told))
}

/// The texts that are meant, by name; one that is not saved has the number 0.
fn meant(
    app: &App,
    workspace: &WorkspaceId,
    field: &'static str,
    tried: &Tried,
) -> Result<Vec<PolicyVersion>, NotBegun> {
    let enforced = || {
        let policies = app.catalog.policies(workspace)?;
        let used = policies.iter().filter_map(|row| Some((row.name.as_str(), row.standing.enforced?)));
        versions(app, workspace, &used.collect::<Vec<_>>())
    };
    let (mut all, given) = match tried {
        Tried::Enforced => (enforced()?, &[][..]),
        Tried::One(given) => (enforced()?, std::slice::from_ref(given)),
        Tried::All(given) => (Vec::new(), given.as_slice()),
    };
    for given in given {
        let version = match &given.what {
            What::Text(text) => unsaved(&given.name, text),
            &What::Version(number) => {
                let version = app.catalog.policy_version(workspace, &given.name, number)?;
                version.ok_or_else(|| NotBegun::NoVersion { field, name: given.name.clone(), number })?
            }
        };
        all.retain(|known| known.name != given.name);
        all.push(version);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn unsaved(name: &str, text: &str) -> PolicyVersion {
    PolicyVersion {
        name: name.to_owned(),
        number: 0,
        text: text.to_owned(),
        made_by: String::new(),
        made_at: Timestamp::default(),
    }
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
        _ => "the log could not be read; the diagnostics of the server say why".to_owned(),
    }
}

/// Nobody waits for it any more, or the server ends.
#[derive(Debug, thiserror::Error)]
#[error("nobody waits for it any more")]
struct Ended;

fn replay(app: &App, run: &Run) -> anyhow::Result<()> {
    let underway = &run.underway;
    let goes_on = || match underway.cancelled.load(Ordering::Relaxed) || *app.ending.borrow() {
        true => Err(Ended),
        false => Ok(()),
    };
    if !app.catalog.claim_replay(&underway.id, 0)? {
        return Err(Ended.into());
    }
    let snapshot = run.room.store.snapshot();
    let places = places(&snapshot, &run.query, run.size, ENTRIES_MAX, &run.budget)?;
    underway.total.store(places.len() as u64, Ordering::Relaxed);
    let noted = Noted { app, underway, at: Instant::now() };
    let scores = scores(app, &run.room.id, &goes_on)?;
    let report = judged(run, &snapshot, &places, scores, goes_on, noted)?;
    let summary = brief(&report);
    let text = serde_json::to_string(&report)?;
    let total = places.len() as u64;
    let found = Found { done: total, total, summary: &summary, report: Some(&text) };
    app.catalog.finish_replay(&underway.id, &found, (app.clock)())?;
    Ok(())
}

/// How conversations of the history went, from 0 to 1: by their own score, or else by what the customer thought.
fn scores(
    app: &App,
    workspace: &WorkspaceId,
    goes_on: &impl Fn() -> Result<(), Ended>,
) -> anyhow::Result<BTreeMap<String, f64>> {
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

/// Judges entries in the order in which they happened. `conversation_scores` says how conversations went.
fn judged(
    run: &Run,
    snapshot: &Snapshot,
    places: &[u64],
    conversation_scores: BTreeMap<String, f64>,
    goes_on: impl Fn() -> Result<(), Ended>,
    mut noted: Noted<'_>,
) -> anyhow::Result<Report> {
    let (from, until) = run.window;
    let options = Options { from, until, conversation_scores };
    let mut replay = Replay::new(run.baseline.clone(), run.candidate.clone(), options);
    for block in places.chunks(BLOCK) {
        goes_on()?;
        in_order(snapshot, block, |entry| replay.take(entry))?;
        run.underway.done.fetch_add(block.len() as u64, Ordering::Relaxed);
        noted.note(&mut replay)?;
    }
    goes_on()?;
    Ok(replay.report())
}

/// Keeps what was found so far, now and then.
struct Noted<'n> {
    app: &'n App,
    underway: &'n Underway,
    at: Instant,
}

impl Noted<'_> {
    fn note(&mut self, replay: &mut Replay) -> anyhow::Result<()> {
        if self.at.elapsed() < NOTED_EVERY {
            return Ok(());
        }
        let report = replay.report();
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
    brief
}
