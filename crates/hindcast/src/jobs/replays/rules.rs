//! Replays of detection rules: the log, judged by a rule as it is set and by the same rule as somebody tries it.
//!
//! Both sides are a [`Watch`], as live alerting and backtests are, fed in the order of the log: that is what live sees, and alerts
//! depend on it. Nobody is told of anything, and nothing is written but the report.

use super::past::NoPast;
use super::{Begun, ENTRIES_MAX, Goes, NotBegun, Noted, Run, Window, queue};
use crate::alerts::edit::{QUIET_MAX, QUIET_MIN, checked};
use crate::alerts::{Moves, Rule, RuleSet, Rulebook, Watch, id_of_key, lists, rules, tuned};
use crate::app::App;
use crate::catalog::{KeptReplay, NewReplay};
use crate::deliver::index_at;
use crate::facts::CLOCK_MARK;
use crate::rooms::Room;
use hindcast_event::{Entry, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::detection::JudgeError;
use hindcast_rules::detection::limits::TIMESPAN_SECONDS_MAX;
use hindcast_rules::replay::{Question, Raised, Report, RuleOptions, RuleReplay};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Entries that are judged between two looks at whether anybody still waits.
const AT_ONCE: u64 = 5_000;
/// What of this code can change an answer.
const ENGINE: &str = "rules 1";

/// A rule that is given. What is not named is as it is set now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RuleTried {
    /// Its Sigma YAML, which need not be saved.
    pub text: Option<String>,
    /// All tuned values, in the place of those that are set.
    pub tuned: Option<BTreeMap<String, Value>>,
    /// After how many seconds without it a thing is a new alert.
    pub quiet_seconds: Option<u64>,
    /// Whether it is asked.
    pub is_on: Option<bool>,
}

/// What a rule is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Against {
    /// The rule as it is set now; nothing where there is no such rule yet.
    AsSet,
    /// No such rule.
    Nothing,
    /// The rule as it would be with this.
    Other(RuleTried),
}

/// What somebody wants to know of a rule.
#[derive(Clone, Debug)]
pub(crate) struct RulesWanted {
    /// What people call it; may be empty.
    pub name: String,
    /// The key of the rule; without it, the one that has the id of the candidate's text.
    pub rule: Option<String>,
    /// What is tried.
    pub candidate: RuleTried,
    /// What it is compared with.
    pub baseline: Against,
    /// From when, and until before when; by the times that rules go by.
    pub window: Window,
    /// Work it out even if the answer is kept.
    pub anew: bool,
    /// What whoever asks is called.
    pub started_by: String,
}

/// What a replay of rules is begun with.
pub(super) struct Work {
    baseline: Rulebook,
    candidate: Rulebook,
    /// Entries before are too old for rules to look back to.
    before: u64,
    /// The size of the log that is asked about.
    size: u64,
    /// See [`Watch::is_claimed`].
    is_claimed: bool,
}

/// One side: what is judged with, what is kept of it, and its version.
struct Side {
    book: Rulebook,
    told: Value,
    version: Option<String>,
}

/// Begins a replay of a rule, or finds the one that answered the same question.
pub(crate) fn begin_rules(app: &Arc<App>, room: &Arc<Room>, wanted: RulesWanted) -> Result<Begun, NotBegun> {
    let (from, until) = wanted.window;
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        return Err(NotBegun::Backwards);
    }
    let set = as_set(app, &room.id, &wanted)?;
    let tried = tried(app, &room.id, "candidate", set.as_ref(), &wanted.candidate)?;
    let (versus, compared) = match &wanted.baseline {
        Against::AsSet if set.is_some() => ("set", set.clone()),
        Against::AsSet | Against::Nothing => ("nothing", None),
        Against::Other(other) => {
            let base = set.as_ref().or(wanted.candidate.text.as_ref().map(|_| &tried));
            ("other", Some(self::tried(app, &room.id, "baseline", base, other)?))
        }
    };
    let mut baseline = side(app, &room.id, compared.as_ref())?;
    baseline.told["as"] = versus.into();
    let candidate = side(app, &room.id, Some(&tried))?;
    if [&baseline, &candidate].iter().all(|side| side.book.detector.rules().next().is_none()) {
        return Err(NotBegun::Field("candidate", "a rule that is on, or a baseline that is".to_owned()));
    }
    let snapshot = room.store.snapshot();
    let size = snapshot.end_index();
    let read = |error: anyhow::Error| NotBegun::Unread(error.to_string());
    let before = from.map_or(Ok(0), |from| index_at(&snapshot, since(from)).map_err(read))?;
    let (is_off, none) = ("off".to_owned(), "none".to_owned());
    let question = Question {
        candidate: candidate.version.as_ref().unwrap_or(&is_off),
        baseline: Some(baseline.version.as_ref().unwrap_or(&none)),
        window: (from, until, size),
        filter: ENGINE,
    };
    let new = NewReplay {
        name: wanted.name,
        kind: "rule",
        question: question.key(),
        candidate: candidate.told,
        baseline: baseline.told,
        window: wanted.window,
        filter: String::new(),
        started_by: wanted.started_by,
    };
    let is_claimed = app.catalog.mark(room.id.as_str(), CLOCK_MARK)?.is_some();
    let work = Work { baseline: baseline.book, candidate: candidate.book, before, size, is_claimed };
    queue(app, room, new, wanted.anew, super::Work::Rules(Box::new(work)))
}

/// How many entries would be looked at.
pub(crate) fn entries_asked_about(app: &App, room: &Room, wanted: &RulesWanted) -> Result<u64, NotBegun> {
    let (from, until) = wanted.window;
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        return Err(NotBegun::Backwards);
    }
    let set = as_set(app, &room.id, wanted)?;
    tried(app, &room.id, "candidate", set.as_ref(), &wanted.candidate)?;
    let snapshot = room.store.snapshot();
    let read = |error: anyhow::Error| NotBegun::Unread(error.to_string());
    let before = from.map_or(Ok(0), |from| index_at(&snapshot, since(from)).map_err(read))?;
    Ok(snapshot.end_index().saturating_sub(before))
}

/// As far as rules look back. What happened since then was received since then.
fn since(from: Timestamp) -> Timestamp {
    let micros = i64::try_from(TIMESPAN_SECONDS_MAX).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    Timestamp::from_micros(from.micros().saturating_sub(micros))
}

/// The rule as it is set now, if there is one.
fn as_set(app: &App, workspace: &WorkspaceId, wanted: &RulesWanted) -> Result<Option<Rule>, NotBegun> {
    let text = wanted.candidate.text.as_ref();
    let known = rules(&app.catalog, workspace)?;
    let Some(key) = &wanted.rule else {
        let Some(text) = text else {
            return Err(NotBegun::Field("rule", "the key of a rule, or candidate.text".to_owned()));
        };
        let own = Rule::own("new", text.clone(), RuleSet::default());
        let ids: Vec<String> = checked(app, workspace, &own)?.rules.into_iter().map(|info| info.id).collect();
        return Ok(known.into_iter().find(|rule| ids.contains(&id_of_key(&rule.key))));
    };
    let rule = known.into_iter().find(|rule| rule.key == *key);
    if rule.is_none() && text.is_none() {
        return Err(NotBegun::Field(
            "rule",
            "the key of a rule of the workspace, or candidate.text".to_owned(),
        ));
    }
    Ok(rule)
}

/// The rule as it would be, if it can run.
fn tried(
    app: &App,
    workspace: &WorkspaceId,
    field: &'static str,
    base: Option<&Rule>,
    wanted: &RuleTried,
) -> Result<Rule, NotBegun> {
    let new = || Rule::own("new", String::new(), RuleSet::default());
    let mut rule = base.cloned().unwrap_or_else(new);
    if let Some(text) = &wanted.text {
        rule.yaml = Cow::Owned(text.clone());
    }
    if let Some(tuned) = &wanted.tuned {
        rule.set.tuned = not_usual(app, workspace, &rule, tuned)?;
    }
    rule.set.quiet_seconds = wanted.quiet_seconds.unwrap_or(rule.set.quiet_seconds);
    rule.set.is_on = wanted.is_on.unwrap_or(rule.set.is_on);
    if !(QUIET_MIN..=QUIET_MAX).contains(&rule.set.quiet_seconds) {
        let field = if field == "baseline" { "baseline.quiet_seconds" } else { "candidate.quiet_seconds" };
        return Err(NotBegun::Field(field, format!("a number of seconds from {QUIET_MIN} to {QUIET_MAX}")));
    }
    let problems = checked(app, workspace, &rule)?.errors;
    match problems.is_empty() {
        true => Ok(rule),
        false => Err(NotBegun::WrongRule(field, Box::new(rule), problems)),
    }
}

/// The tuned values that are not what the text says anyway: who names them asks the same question.
fn not_usual(
    app: &App,
    workspace: &WorkspaceId,
    rule: &Rule,
    wanted: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, NotBegun> {
    let plain = Rule { set: RuleSet::default(), ..rule.clone() };
    let infos = checked(app, workspace, &plain)?.rules;
    let usual = |name: &str, value: &Value| {
        let mut tunables = infos.iter().flat_map(|info| &info.tunables);
        tunables.any(|tunable| tunable.name == name && tuned(value).as_ref() == Some(&tunable.default))
    };
    let all = wanted.iter().filter(|(name, value)| !usual(name, value));
    Ok(all.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A rule that is ready to judge, or none, and what is kept of it.
fn side(app: &App, workspace: &WorkspaceId, rule: Option<&Rule>) -> Result<Side, NotBegun> {
    let book =
        Rulebook::new(&app.alerts, rule.cloned().into_iter().collect(), &lists(&app.catalog, workspace)?);
    let versions: Vec<&str> = book.detector.rules().map(|info| info.version.as_str()).collect();
    let Some(rule) = rule else {
        return Ok(Side {
            book,
            told: json!({ "version": null, "rules": [], "changed": [] }),
            version: None,
        });
    };
    let quiet = rule.set.quiet_seconds;
    let version = (!versions.is_empty()).then(|| format!("{}-{quiet}", versions.join("+")));
    let infos = checked(app, workspace, rule)?.rules;
    let info = infos.first();
    let name = info.and_then(|info| info.code.clone()).unwrap_or_else(|| rule.key.clone());
    let told = json!({
        "version": version,
        "changed": [name],
        "rules": [{
            "name": name,
            "key": rule.key,
            "id": info.map(|info| &info.id),
            "title": info.map(|info| &info.title),
            // What comes with hindcast can be looked up.
            "text": matches!(rule.yaml, Cow::Owned(_)).then_some(&rule.yaml),
            "tuned": rule.set.tuned,
            "quiet_seconds": quiet,
            "on": rule.set.is_on,
        }],
    });
    Ok(Side { book, told, version })
}

/// The version of what a kept replay was compared with, as it would be now; nothing where that was not what is set.
pub(crate) fn rule_now(app: &App, kept: &KeptReplay) -> Result<Option<String>, NotBegun> {
    let told = &kept.new.baseline;
    if told["as"] != "set" {
        return Ok(None);
    }
    let key = told["rules"][0]["key"].as_str().unwrap_or_default();
    let rule = rules(&app.catalog, &kept.workspace)?.into_iter().find(|rule| rule.key == key);
    Ok(Some(side(app, &kept.workspace, rule.as_ref())?.version.unwrap_or_default()))
}

/// Judges the log with both sides, entry by entry.
pub(super) fn replayed(
    run: &Run,
    work: &Work,
    goes_on: &Goes<'_>,
    mut noted: Noted<'_>,
) -> anyhow::Result<Report> {
    let (underway, snapshot) = (&run.underway, run.room.store.snapshot());
    let total = work.size.saturating_sub(work.before);
    if total > ENTRIES_MAX as u64 {
        return Err(NoPast::TooMany(ENTRIES_MAX).into());
    }
    underway.total.store(total, Ordering::Relaxed);
    let (from, until) = run.window;
    let mut sides = Sides::new(work, run.room.id.as_str(), RuleOptions { from, until });
    let mut next = work.before;
    while next < work.size {
        goes_on()?;
        let end = work.size.min(next + AT_ONCE);
        for entries in snapshot.scan(next..end) {
            for entry in entries?.iter() {
                sides.hear(entry)?;
            }
        }
        sides.tell();
        underway.done.fetch_add(end - next, Ordering::Relaxed);
        next = end;
        noted.note(|| sides.replay.report())?;
    }
    goes_on()?;
    Ok(sides.replay.report())
}

/// Both sides at work.
struct Sides {
    watches: [Watch; 2],
    moves: [Moves; 2],
    replay: RuleReplay,
}

impl Sides {
    fn new(work: &Work, workspace: &str, options: RuleOptions) -> Self {
        let watches = [&work.baseline, &work.candidate].map(|book| {
            let mut watch = Watch::begin(Arc::new(book.clone()), workspace);
            watch.is_claimed = work.is_claimed;
            watch
        });
        let [baseline, candidate] = watches.each_ref().map(|watch| watch.book.detector.clone());
        let replay = RuleReplay::new(baseline, candidate, options);
        Self { watches, moves: Default::default(), replay }
    }

    /// Lets both sides judge an entry.
    fn hear(&mut self, entry: Entry<'_>) -> Result<(), JudgeError> {
        let mut verdicts = [Vec::new(), Vec::new()];
        let mut judged = None;
        for ((watch, moves), verdicts) in self.watches.iter_mut().zip(&mut self.moves).zip(&mut verdicts) {
            judged = watch.judge_one(entry, verdicts, moves)?;
        }
        let [before, after] = &verdicts;
        match judged {
            Some(judged) => self.replay.take(&judged, [before, after]),
            None => self.replay.pass(entry.received_at),
        }
        Ok(())
    }

    /// Hands on what became of alerts.
    fn tell(&mut self) {
        let [before, after] = self.moves.each_mut().map(|moves| std::mem::take(moves).into_list());
        for (is_candidate, moved) in [(false, before), (true, after)] {
            for moved in moved {
                let alert = &moved.alert;
                let raised = Raised {
                    id: &alert.id,
                    rule: &alert.rule,
                    about: &alert.group,
                    severity: alert.severity,
                    first_at: alert.first_at,
                    last_at: alert.last_at,
                    count: alert.count,
                    evidence: &alert.evidence,
                    is_storm: alert.is_storm,
                    is_new: moved.is_new,
                };
                match is_candidate {
                    true => self.replay.candidate_alert(&raised),
                    false => self.replay.baseline_alert(&raised),
                }
            }
        }
    }
}
