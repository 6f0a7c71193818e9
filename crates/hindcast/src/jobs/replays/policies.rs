//! Replays of policies: entries of the log, judged again in the order in which they happened.

use super::past::{in_order, places};
use super::{Goes, NotBegun, Noted, Run, scores};
use crate::app::App;
use crate::catalog::PolicyVersion;
use crate::gate::{NoBook, texts, versions, vocabulary};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::policy::{Judge, check};
use hindcast_rules::replay::{Options, Replay, Report};
use hindcast_segments::query::Query;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Entries that are read together.
const BLOCK: usize = 32_768;

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

/// What a replay of policies is begun with.
pub(super) struct Work {
    pub baseline: Option<Arc<Judge>>,
    pub candidate: Arc<Judge>,
    pub query: Query,
    /// The size of the log that is asked about.
    pub size: u64,
}

/// The version of the policies that are enforced now.
pub(crate) fn enforced(app: &App, workspace: &WorkspaceId) -> Result<String, NotBegun> {
    Ok(judge(app, workspace, "baseline", &Tried::Enforced)?.0.version().to_owned())
}

/// The policies that are meant, ready to judge, and what is kept of them.
pub(super) fn judge(
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

/// Judges entries in the order in which they happened.
pub(super) fn replayed(
    app: &App,
    run: &Run,
    work: &Work,
    goes_on: &Goes<'_>,
    mut noted: Noted<'_>,
) -> anyhow::Result<Report> {
    let snapshot = run.room.store.snapshot();
    let places = places(&snapshot, &work.query, work.size, super::ENTRIES_MAX, &run.budget)?;
    run.underway.total.store(places.len() as u64, Ordering::Relaxed);
    let (from, until) = run.window;
    let options = Options { from, until, conversation_scores: scores(app, &run.room.id, goes_on)? };
    let mut replay = Replay::new(work.baseline.clone(), work.candidate.clone(), options);
    for block in places.chunks(BLOCK) {
        goes_on()?;
        in_order(&snapshot, block, |entry| replay.take(entry))?;
        run.underway.done.fetch_add(block.len() as u64, Ordering::Relaxed);
        noted.note(|| replay.report())?;
    }
    goes_on()?;
    Ok(replay.report())
}
