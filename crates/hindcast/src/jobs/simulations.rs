//! Simulations that people asked for: begun, watched, cancelled, ended, and gone on with.
//!
//! What is planned and what came of each case lie in the catalog, so a run that was broken off goes on with what is left. A
//! workspace has one under way at a time, and the server a few.

use crate::app::App;
use crate::catalog::{
    By, CatalogError, EndedSimulation, LookedAt, REPLY_BYTES_MAX, Simulation, SimulationCase, SimulationState,
};
use crate::gate::NoBook;
use crate::nodes::Job;
use crate::simulate::{
    Agent, AgentWanted, Door, ENGINE, Looked, NoDoor, Results, Spent, Stand, Unfit, Wanted,
};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::simulation::answer::{Answer, Failed};
use hindcast_rules::simulation::case::{Case, Stratum};
use hindcast_rules::simulation::forecast::forecast;
use hindcast_rules::simulation::outcome::{Failure, Outcome};
use hindcast_rules::simulation::report::{Report, Setup};
use hindcast_rules::simulation::sample::plan;
use hindcast_rules::simulation::score::{Scored, Standard};
use hindcast_rules::simulation::share::Weight;
use hindcast_rules::simulation::tags::classes;
use hindcast_rules::simulation::volume::Days;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Simulations under way at once on this server.
const RUNNING_MAX: usize = 4;
/// What cases came to is written when there are so many, or after so long.
const KEPT_AT_ONCE: usize = 100;
const KEPT_EVERY: Duration = Duration::from_secs(1);
/// Cases are read from the catalog so many at once.
const CASES_AT_ONCE: usize = 1_000;

/// The simulations that are under way, by id.
#[derive(Default)]
pub(crate) struct Simulations(Mutex<BTreeMap<String, Arc<Running>>>);

/// A simulation under way.
pub(crate) struct Running {
    workspace: WorkspaceId,
    done: AtomicU64,
    cancelled: AtomicBool,
}

/// Why a simulation was not begun, or does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotBegun {
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error(transparent)]
    Door(NoDoor),
    /// One at a time.
    #[error("a simulation of this workspace is under way")]
    Busy,
    /// The machine has enough to do.
    #[error("the server runs as many simulations as it may at once")]
    Full,
    /// What it was about is not the same any more.
    #[error("{0}")]
    Changed(&'static str),
    #[error("there is no such simulation")]
    Unknown,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<NoDoor> for NotBegun {
    fn from(why: NoDoor) -> Self {
        match why {
            NoDoor::Book(NoBook::Catalog(error)) => Self::Catalog(error),
            why => Self::Door(why),
        }
    }
}

impl Simulations {
    /// How many cases of a simulation were looked at, if it is under way.
    pub fn done(&self, id: &str) -> Option<u64> {
        self.lock().get(id).map(|running| running.done.load(Ordering::Relaxed))
    }

    fn enter(
        &self,
        app: &App,
        workspace: &WorkspaceId,
        id: &str,
        done: u64,
    ) -> Result<Arc<Running>, NotBegun> {
        let mut all = self.lock();
        if app.jobs.is_busy_elsewhere(app, Job::Simulation, workspace)? {
            return Err(NotBegun::Busy);
        }
        if all.values().any(|running| running.workspace == *workspace) {
            return Err(NotBegun::Busy);
        }
        if all.len() >= RUNNING_MAX {
            return Err(NotBegun::Full);
        }
        let running = Arc::new(Running {
            workspace: workspace.clone(),
            done: AtomicU64::new(done),
            cancelled: AtomicBool::new(false),
        });
        all.insert(id.to_owned(), running.clone());
        Ok(running)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Running>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a simulation of a workspace soon, whichever node works on it; says whether it was under way.
pub(crate) fn cancel(app: &App, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
    app.jobs.cancel(app, workspace, id)
}

/// Begins a simulation: draws its cases, keeps them, and looks at them on a thread of its own.
pub(crate) fn begin(
    app: &Arc<App>,
    workspace: &WorkspaceId,
    mut wanted: Wanted,
    by: &By,
) -> Result<Simulation, NotBegun> {
    wanted.check()?;
    let needs_address = matches!(&wanted.agent, AgentWanted::Mcp { server: None, .. });
    if needs_address && app.config.server.public_url.is_empty() {
        let expected = "the address at which the agent reaches this server, as server.public_url is not set";
        return Err(Unfit::new("agent.server", expected).into());
    }
    if let Some(baseline) = &wanted.baseline {
        let found = app.catalog.simulation(workspace, baseline)?;
        if !found.is_some_and(|found| found.state == SimulationState::Done) {
            return Err(Unfit::new("baseline", "the id of a simulation that is done").into());
        }
    }
    let door = Door::open(app, workspace, &wanted)?;
    let credential = wanted.agent.take_credential();
    let id = random_id()?;
    let (mut setup, cases) = drawn(app, workspace, &wanted)?;
    setup.run.clone_from(&id);
    setup.candidate = candidate(&wanted, &door);
    let running = app.simulations.enter(app, workspace, &id, 0)?;
    let held = Held { app: app.clone(), id: id.clone(), running };
    let sealed =
        credential.as_deref().map(|secret| app.seal.seal(&purpose(&id), secret.as_bytes())).transpose()?;
    let simulation = Simulation {
        id,
        workspace: workspace.clone(),
        state: SimulationState::Running,
        wanted: spelled(&wanted)?,
        credential: sealed,
        setup: spelled(&setup)?,
        planned: setup.planned,
        done: 0,
        report: None,
        forecast: None,
        same_as: None,
        reason: String::new(),
        created_at: (app.clock)(),
        ended_at: None,
    };
    app.catalog.add_simulation(&simulation, &wanted.name, &cases, by)?;
    app.post();
    held.own()?;
    spawn(held, Run { wanted, setup, door, credential, is_new: true })?;
    Ok(simulation)
}

/// Lets a simulation that broke off go on with the cases that are left.
pub(crate) fn go_on(app: &Arc<App>, workspace: &WorkspaceId, id: &str, by: &By) -> Result<(), NotBegun> {
    let kept = app.catalog.simulation(workspace, id)?.ok_or(NotBegun::Unknown)?;
    let wanted: Wanted = serde_json::from_str(&kept.wanted).map_err(anyhow::Error::from)?;
    let setup: Setup = serde_json::from_str(&kept.setup).map_err(anyhow::Error::from)?;
    let door = Door::open(app, workspace, &wanted)?;
    if candidate(&wanted, &door) != setup.candidate {
        return Err(NotBegun::Changed("the policies or tools have changed since; run it anew"));
    }
    let opened =
        kept.credential.as_deref().map(|sealed| app.seal.unseal(&purpose(id), sealed)).transpose()?;
    let credential = opened.and_then(|bytes| String::from_utf8(bytes).ok());
    let running = app.simulations.enter(app, workspace, id, kept.done)?;
    let held = Held { app: app.clone(), id: id.to_owned(), running };
    if !app.catalog.continue_simulation(workspace, id, by)? {
        return Err(NotBegun::Changed("there is nothing left of it to do"));
    }
    app.post();
    held.own()?;
    spawn(held, Run { wanted, setup, door, credential, is_new: false })
}

/// What a simulation would be drawn from and how large it would be, without anything being begun.
pub(crate) fn estimated(app: &App, workspace: &WorkspaceId, wanted: &Wanted) -> Result<Setup, NotBegun> {
    wanted.check()?;
    Door::open(app, workspace, wanted)?;
    Ok(drawn(app, workspace, wanted)?.0)
}

/// Whether the policies or tools are others now than when a simulation was begun.
pub(crate) fn has_changed(app: &App, kept: &Simulation) -> Result<bool, NotBegun> {
    let wanted: Wanted = serde_json::from_str(&kept.wanted).map_err(anyhow::Error::from)?;
    let setup: Setup = serde_json::from_str(&kept.setup).map_err(anyhow::Error::from)?;
    Ok(candidate(&wanted, &Door::open(app, &kept.workspace, &wanted)?) != setup.candidate)
}

/// What is simulated, so that reports of the same can be told from others.
fn candidate(wanted: &Wanted, door: &Door) -> String {
    let agent = serde_json::to_string(&wanted.agent).unwrap_or_default();
    let tools = serde_json::to_string(&door.tools()).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [ENGINE, &agent, door.version(), &tools] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    crate::hex::hex(&digest.finalize())
}

/// Draws the cases.
fn drawn(
    app: &App,
    workspace: &WorkspaceId,
    wanted: &Wanted,
) -> Result<(Setup, Vec<SimulationCase>), NotBegun> {
    let which = wanted.which()?;
    let mut strata: BTreeMap<Stratum, Vec<String>> = BTreeMap::new();
    for one in app.history.sampled_from(workspace, &which)? {
        let [month, channel, language, tag] = one.stratum;
        strata.entry(Stratum { month, channel, language, tag }).or_default().push(one.id);
    }
    if strata.is_empty() {
        return Err(Unfit::new("conversations", "some that there are").into());
    }
    strata.values_mut().for_each(|ids| ids.sort_unstable());
    let counts = strata.iter().map(|(stratum, ids)| (stratum.clone(), ids.len() as u64)).collect();
    let sample = plan(&counts, wanted.size, wanted.at_least, wanted.seed)
        .map_err(|flaw| Unfit { field: flaw.path, expected: flaw.expected })?;
    let mut cases = Vec::new();
    for portion in &sample.portions {
        let ids = strata.get(&portion.stratum).map(Vec::as_slice).unwrap_or_default();
        let stratum = spelled(&portion.stratum)?;
        for pick in sample.picks(portion) {
            let Some(id) = usize::try_from(pick).ok().and_then(|pick| ids.get(pick)) else { continue };
            cases.push(SimulationCase {
                nr: cases.len() as i64 + 1,
                conversation: id.clone(),
                stratum: stratum.clone(),
                weight: portion.weight.thousandths(),
                looked: None,
            });
        }
    }
    let days = app.history.by_day(workspace, &which)?;
    let span = days.keys().next_back().zip(days.keys().next()).map_or(0, |(last, first)| last - first + 1);
    let setup = Setup {
        engine: ENGINE.to_owned(),
        baseline: wanted.baseline.clone(),
        seed: wanted.seed,
        size: wanted.size,
        population: sample.population,
        planned: cases.len() as u64,
        unseen: sample.unseen,
        days: u32::try_from(span).unwrap_or(u32::MAX),
        cut: wanted.cut,
        ..Setup::default()
    };
    Ok((setup, cases))
}

/// Everything a run is begun with.
struct Run {
    wanted: Wanted,
    setup: Setup,
    door: Door,
    credential: Option<String>,
    is_new: bool,
}

/// Held by the thread; whatever becomes of it, its place is free again and nobody waits for ever.
struct Held {
    app: Arc<App>,
    id: String,
    running: Arc<Running>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut all = self.app.simulations.lock();
        // Where it was ended already, somebody may have gone on with it since.
        if !all.get(&self.id).is_some_and(|running| Arc::ptr_eq(running, &self.running)) {
            return;
        }
        let ended = EndedSimulation {
            state: SimulationState::Failed,
            reason: "it broke off".to_owned(),
            report: None,
            forecast: None,
            planned: 0,
            question: None,
            at: (self.app.clock)(),
        };
        if let Err(error) = self.app.catalog.end_simulation(&self.running.workspace, &self.id, &ended) {
            tracing::error!(%error, "the end of a simulation could not be kept");
        }
        all.remove(&self.id);
        self.app.jobs.end(&self.app, &self.id);
    }
}

impl Held {
    /// From now on any node can end it.
    fn own(&self) -> Result<(), CatalogError> {
        let running = self.running.clone();
        let end = move || running.cancelled.store(true, Ordering::Relaxed);
        self.app.jobs.begin(&self.app, Job::Simulation, &self.running.workspace, &self.id, end)
    }

    fn is_stopped(&self) -> bool {
        self.running.cancelled.load(Ordering::Relaxed) || *self.app.ending.borrow()
    }

    /// The cases of the run, in their order.
    fn each_case(&self, mut take: impl FnMut(SimulationCase) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut after = 0;
        loop {
            let page = self.app.catalog.simulation_cases(&self.id, None, after, CASES_AT_ONCE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.nr;
            page.into_iter().try_for_each(&mut take)?;
        }
    }

    /// Whoever sees that it has ended may begin the next one at once.
    fn end(&self, ended: &EndedSimulation) -> anyhow::Result<()> {
        let mut all = self.app.simulations.lock();
        self.app.catalog.end_simulation(&self.running.workspace, &self.id, ended)?;
        all.remove(&self.id);
        self.app.jobs.end(&self.app, &self.id);
        drop(all);
        self.app.post();
        Ok(())
    }
}

fn spawn(held: Held, run: Run) -> Result<(), NotBegun> {
    let work = move || {
        let planned = run.setup.planned;
        if let Err(error) = work(&held, run) {
            tracing::error!(error = format!("{error:#}"), simulation = held.id, "a simulation broke off");
            let ended = EndedSimulation {
                state: SimulationState::Failed,
                reason: "something went wrong here; the diagnostics of the server name this simulation"
                    .to_owned(),
                report: None,
                forecast: None,
                planned,
                question: None,
                at: (held.app.clock)(),
            };
            if let Err(error) = held.end(&ended) {
                tracing::error!(error = format!("{error:#}"), "the end of a simulation could not be kept");
            }
        }
    };
    std::thread::Builder::new().name("simulation".to_owned()).spawn(work).map_err(anyhow::Error::from)?;
    Ok(())
}

/// What is known once all conversations of a run were read.
struct Prepared {
    results: Arc<Results>,
    standard: Standard,
    classes: Vec<String>,
    question: String,
    left: Vec<SimulationCase>,
    kept: Vec<SimulationCase>,
}

fn prepare(held: &Held, run: &Run) -> anyhow::Result<Option<Prepared>> {
    let (app, workspace) = (&held.app, &held.running.workspace);
    let mut results = Results::new(&run.wanted.fixtures);
    let mut known = run.door.known();
    let mut digest = Sha256::new();
    // What is only about how it is run or read makes no other question.
    let mut asked = run.wanted.clone();
    (asked.name, asked.concurrency, asked.fresh) = (String::new(), 1, false);
    (asked.forecast, asked.required) = (None, None);
    digest.update(spelled(&asked)?);
    digest.update(&run.setup.candidate);
    let (mut left, mut kept, mut tags) = (Vec::new(), Vec::new(), BTreeMap::<String, u64>::new());
    let mut is_stopped = false;
    held.each_case(|case| {
        is_stopped = is_stopped || held.is_stopped();
        if let Some(conversation) = app.history.get(workspace, &case.conversation)?.filter(|_| !is_stopped) {
            digest.update(Sha256::digest(serde_json::to_vec(&conversation)?));
            digest.update(case.weight.to_be_bytes());
            results.record(&conversation);
            for call in conversation.messages.iter().flat_map(|message| &message.calls) {
                if known.len() < hindcast_rules::policy::limits::TOOLS_MAX && !known.contains(&call.tool) {
                    known.insert(call.tool.clone());
                }
            }
            for tag in conversation.current_tags() {
                *tags.entry(tag.to_owned()).or_default() += 1;
            }
        }
        if case.looked.is_some() {
            kept.push(case)
        } else {
            left.push(case)
        }
        Ok(())
    })?;
    if is_stopped {
        return Ok(None);
    }
    known.extend(run.wanted.fixtures.iter().map(|fixture| fixture.tool.clone()));
    known.extend(run.wanted.reads.iter().cloned());
    let mut reads = run.door.reads();
    reads.extend(run.wanted.reads.iter().cloned());
    let standard = Standard {
        agreement_min: run.wanted.agreement_min,
        confidence_min: run.wanted.confidence_min,
        reads,
        tools: known,
    };
    let question = crate::hex::hex(&digest.finalize());
    Ok(Some(Prepared { results: Arc::new(results), standard, classes: classes(&tags), question, left, kept }))
}

fn work(held: &Held, run: Run) -> anyhow::Result<()> {
    let app = &held.app;
    let Some(prepared) = prepare(held, &run)? else { return stop(held, None, run.setup.planned) };
    if run.is_new && !run.wanted.fresh {
        let same = app.catalog.answered_simulation(&held.running.workspace, &prepared.question)?;
        if let Some(report) = same.as_ref().and_then(|same| same.report.as_deref()) {
            return serve_again(held, &run, same.as_ref().map_or("", |same| &same.id), report);
        }
    }
    let setup =
        Setup { standard: prepared.standard.clone(), classes: prepared.classes.clone(), ..run.setup.clone() };
    let before = baseline(held, &run.wanted)?;
    let mut report = Report::new(setup);
    for case in &prepared.kept {
        let Some(looked) = &case.looked else { continue };
        let (kept, scored): (Case, Scored) =
            (serde_json::from_str(&looked.case)?, serde_json::from_str(&looked.scored)?);
        report.count(&kept, Weight::from_thousandths(case.weight), &scored, before.get(&case.conversation));
    }
    let agent = Agent::new(&run.wanted.agent, run.credential.as_deref(), app.deliver.guard());
    let tools = Arc::new(run.door.tools());
    let stand = Stand {
        run: &held.id,
        wanted: &run.wanted,
        agent: &agent,
        door: &run.door,
        tools: &tools,
        results: &prepared.results,
        visits: &app.visits,
        server: &app.config.server.public_url,
        standard: &prepared.standard,
        spent: &Spent::new(run.wanted.budget),
    };
    let counted = Mutex::new(Counted { report, unkept: Vec::new(), kept_at: Instant::now(), gone: 0 });
    let desk = Desk {
        held,
        stand: &stand,
        left: &prepared.left,
        next: AtomicUsize::new(0),
        counted: &counted,
        before: &before,
    };
    let workers = usize::try_from(run.wanted.concurrency).unwrap_or(1).max(1);
    let broken = std::thread::scope(|scope| {
        let all: Vec<_> = (0..workers).map(|_| scope.spawn(|| desk.work())).collect();
        let ended = all
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked"))));
        ended.filter_map(Result::err).reduce(|first, _| first)
    });
    let mut counted = counted.into_inner().unwrap_or_else(PoisonError::into_inner);
    counted.keep(held)?;
    if let Some(error) = broken {
        return Err(error);
    }
    let mut report = counted.report;
    // Who was erased meanwhile cannot be looked at, and is not waited for.
    report.setup.planned = report.setup.planned.saturating_sub(counted.gone);
    if held.is_stopped() && !report.is_complete() {
        return stop(held, Some(&report), report.setup.planned);
    }
    let left_out = report.failures.get(&Failure::Budget).copied().unwrap_or(0);
    let reason = if left_out > 0 {
        format!("the budget was used up; {left_out} cases were left out")
    } else {
        String::new()
    };
    held.end(&EndedSimulation {
        state: SimulationState::Done,
        reason,
        report: Some(spelled(&report.shown())?),
        forecast: forecast_of(held, &run.wanted, &report)?,
        planned: report.setup.planned,
        question: report.is_complete().then_some(prepared.question),
        at: (app.clock)(),
    })
}

/// The same question was answered before: its answer is this one's too.
fn serve_again(held: &Held, run: &Run, same: &str, report: &str) -> anyhow::Result<()> {
    let mut report: Report = serde_json::from_str(report)?;
    held.id.clone_into(&mut report.setup.run);
    held.app.catalog.copy_simulation(&held.id, same, &spelled(&report.shown())?)?;
    held.end(&EndedSimulation {
        state: SimulationState::Done,
        reason: String::new(),
        report: None,
        forecast: forecast_of(held, &run.wanted, &report)?,
        planned: report.setup.planned,
        question: None,
        at: (held.app.clock)(),
    })
}

fn stop(held: &Held, report: Option<&Report>, planned: u64) -> anyhow::Result<()> {
    let is_cancelled = held.running.cancelled.load(Ordering::Relaxed);
    let (state, reason) = match is_cancelled {
        true => (SimulationState::Cancelled, ""),
        false => (SimulationState::Failed, "the server ended"),
    };
    held.end(&EndedSimulation {
        state,
        reason: reason.to_owned(),
        report: report.map(|report| spelled(&report.shown())).transpose()?,
        forecast: None,
        planned,
        question: None,
        at: (held.app.clock)(),
    })
}

fn baseline(held: &Held, wanted: &Wanted) -> anyhow::Result<HashMap<String, Scored>> {
    let mut all = HashMap::new();
    let Some(id) = &wanted.baseline else { return Ok(all) };
    let mut after = 0;
    loop {
        let page = held.app.catalog.simulation_cases(id, None, after, CASES_AT_ONCE)?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.nr;
        for case in page {
            if let Some(looked) = &case.looked {
                all.insert(case.conversation, serde_json::from_str(&looked.scored)?);
            }
        }
    }
}

fn forecast_of(held: &Held, wanted: &Wanted, report: &Report) -> anyhow::Result<Option<String>> {
    let Some(question) = &wanted.forecast else { return Ok(None) };
    let days = held.app.history.by_day(&held.running.workspace, &wanted.which()?)?;
    let Some((first, last)) = days.keys().next().zip(days.keys().next_back()) else { return Ok(None) };
    let first = *first.max(&(last - hindcast_rules::simulation::limits::DAYS_MAX as i64 + 1));
    // A question that cannot be answered is no reason to lose the report.
    let told = Days::of(first, *last, &days).and_then(|days| forecast(report, &days, question));
    match told {
        Ok(forecast) => forecast.map(|forecast| spelled(&forecast)).transpose(),
        Err(flaw) => Ok(Some(json!({ "problem": flaw.to_string() }).to_string())),
    }
}

/// What workers share.
struct Desk<'d> {
    held: &'d Held,
    stand: &'d Stand<'d>,
    left: &'d [SimulationCase],
    next: AtomicUsize,
    counted: &'d Mutex<Counted>,
    before: &'d HashMap<String, Scored>,
}

struct Counted {
    report: Report,
    unkept: Vec<(i64, LookedAt)>,
    kept_at: Instant,
    gone: u64,
}

impl Desk<'_> {
    fn work(&self) -> anyhow::Result<()> {
        while let Some(case) = self.left.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if self.held.is_stopped() {
                return Ok(());
            }
            let worked = self.look(case);
            if worked.is_err() {
                // The others have nothing to go on for.
                self.next.store(self.left.len(), Ordering::Relaxed);
            }
            worked?;
        }
        Ok(())
    }

    fn look(&self, case: &SimulationCase) -> anyhow::Result<()> {
        let app = &self.held.app;
        let Some(conversation) = app.history.get(&self.held.running.workspace, &case.conversation)? else {
            self.lock().gone += 1;
            return Ok(());
        };
        let looked = self.stand.look(conversation, serde_json::from_str(&case.stratum)?);
        let mut counted = self.lock();
        let before = self.before.get(&case.conversation);
        counted.report.count(&looked.case, Weight::from_thousandths(case.weight), &looked.scored, before);
        // What the budget left out is left for whoever goes on with it.
        if looked.scored.outcome != (Outcome::Failed { failure: Failure::Budget }) {
            counted.unkept.push((case.nr, kept(looked)?));
            self.held.running.done.fetch_add(1, Ordering::Relaxed);
        }
        if counted.unkept.len() >= KEPT_AT_ONCE || counted.kept_at.elapsed() >= KEPT_EVERY {
            counted.keep(self.held)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn keep(&mut self, held: &Held) -> anyhow::Result<()> {
        if !self.unkept.is_empty() {
            held.app.catalog.keep_cases(&held.id, &self.unkept)?;
            self.unkept.clear();
        }
        self.kept_at = Instant::now();
        Ok(())
    }
}

/// A case as it is kept: without what people did and without what tools said.
fn kept(looked: Looked) -> anyhow::Result<LookedAt> {
    let Looked { mut case, scored, answer } = looked;
    case.historic.actions.clear();
    Ok(LookedAt {
        outcome: scored.outcome.kind().to_owned(),
        case: spelled(&case)?,
        scored: spelled(&scored)?,
        answer: Some(told(answer)),
    })
}

fn told(answer: Result<Answer, Failed>) -> String {
    let Answer { reply, confidence, resolved, escalate, actions, citations, .. } = match answer {
        Ok(answer) => answer,
        Err(failed) => return json!({ "failed": failed, "why": failed.to_string() }).to_string(),
    };
    let mut reply = reply;
    if let Some(reply) = &mut reply {
        let end =
            (0..=reply.len().min(REPLY_BYTES_MAX)).rev().find(|at| reply.is_char_boundary(*at)).unwrap_or(0);
        reply.truncate(end);
    }
    let tools: Vec<&str> = actions.iter().map(|action| action.tool.as_str()).collect();
    json!({
        "reply": reply, "confidence": confidence, "resolved": resolved, "escalate": escalate, "tools": tools,
        "citations": citations,
    })
    .to_string()
}

fn spelled(what: &impl serde::Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string(what)?)
}

fn purpose(id: &str) -> String {
    format!("simulation-credential {id}")
}

fn random_id() -> anyhow::Result<String> {
    let mut id = [0; 8];
    getrandom::fill(&mut id)?;
    Ok(crate::hex::hex(&id))
}

/// When a run ended, for whoever asks how old it is.
pub(crate) fn ended_at(simulation: &Simulation) -> Timestamp {
    simulation.ended_at.unwrap_or(simulation.created_at)
}
