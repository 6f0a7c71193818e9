//! The book of a workspace: its policies as the gate goes by them, made ready once and used until somebody changes them.

use super::publish::Publish;
use crate::app::App;
use crate::catalog::{CatalogError, PolicyRow, PolicyVersion};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::policy::{self, Judge, PolicyText, Tool, Vocabulary, check};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The name of the policy that stands in the place of those that come with hindcast.
pub(crate) const BASE: &str = policy::BASE.name;
/// What another process changed holds after so long, even if nobody hears of it; and without the catalog nothing is decided for longer
/// by what was read before.
const FRESH_FOR: Duration = Duration::from_secs(5);
/// Under which name the catalog keeps [`GateSettings`].
pub(crate) const SETTING: &str = "gate";

/// What a workspace decided about its gate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GateSettings {
    /// Actions that are let through when nobody can say whether they may be.
    pub fail_open: BTreeSet<String>,
    /// What is asked for before other versions of a policy decide.
    pub publish: Publish,
}

/// A book, and when it was last found to be what the catalog says, where others may change that.
type Dated = (Option<Instant>, Arc<Book>);

/// The books of all workspaces, and the ear of those who wait for an approval.
#[derive(Default)]
pub(crate) struct Gate {
    books: RwLock<BTreeMap<WorkspaceId, Dated>>,
    /// Held while a book is made, which takes longer than reading from it.
    making: Mutex<()>,
    /// Counts what became of approvals; whoever waits for one looks again when it moves.
    pub answered: watch::Sender<u64>,
}

/// See the module.
pub(crate) struct Book {
    /// The sets that decide, each for the conversations whose number is below; the last one for all others.
    sets: Vec<(u8, Arc<Judge>)>,
    /// Everything that is enforced or on trial, if something is on trial.
    trial: Option<Arc<Judge>>,
    fail_open: BTreeSet<String>,
    /// What it was made from.
    made_from: [u8; 32],
}

/// The book could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoBook {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// What is kept cannot be judged by: a later version of hindcast kept it, or an earlier one.
    #[error("the policies of the workspace cannot be used: {0}")]
    Unusable(String),
}

impl Book {
    /// The policies that decide about a conversation, by its number from 0 to 99.
    pub fn judge(&self, number: u8) -> &Arc<Judge> {
        let found = self.sets.iter().find(|(below, _)| number < *below);
        let (_, judge) = found.unwrap_or(&self.sets[self.sets.len() - 1]);
        judge
    }

    /// All sets that decide about some conversation.
    pub fn judges(&self) -> impl Iterator<Item = &Arc<Judge>> {
        self.sets.iter().map(|(_, judge)| judge)
    }

    /// Everything that is enforced or on trial; nothing when nothing is on trial.
    pub fn trial(&self) -> Option<&Arc<Judge>> {
        self.trial.as_ref()
    }

    /// Whether an action is let through when nobody can say whether it may be.
    pub fn fails_open(&self, action: &str) -> bool {
        self.fail_open.contains(action)
    }
}

impl Gate {
    /// The book of a workspace, as it was a moment ago.
    pub fn book(&self, app: &App, workspace: &WorkspaceId) -> Result<Arc<Book>, NoBook> {
        if let Some(book) = self.fresh(workspace) {
            return Ok(book);
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(book) = self.fresh(workspace) {
            return Ok(book);
        }
        let known = self.known(workspace).map(|(_, book)| book);
        let book = read(app, workspace, known)?;
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        books.insert(workspace.clone(), (Some(Instant::now()), book.clone()));
        Ok(book)
    }

    /// Lets what was changed hold from the next question on.
    pub fn note_change(&self, workspace: &WorkspaceId) {
        // One that is being made may have read what was there before.
        let _nobody_makes_one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        self.books.write().unwrap_or_else(PoisonError::into_inner).remove(workspace);
    }

    /// The same for what another node changed, of whichever workspace.
    pub fn note_changes(&self) {
        let _nobody_makes_one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        books.values_mut().for_each(|(at, _)| *at = None);
    }

    /// Wakes whoever waits for an approval.
    pub fn note_answer(&self) {
        self.answered.send_modify(|count| *count += 1);
    }

    fn known(&self, workspace: &WorkspaceId) -> Option<(Option<Instant>, Arc<Book>)> {
        self.books.read().unwrap_or_else(PoisonError::into_inner).get(workspace).cloned()
    }

    fn fresh(&self, workspace: &WorkspaceId) -> Option<Arc<Book>> {
        self.known(workspace)
            .filter(|(at, _)| at.is_some_and(|at| at.elapsed() < FRESH_FOR))
            .map(|(_, book)| book)
    }
}

/// What a workspace can name in its policies.
pub(crate) fn vocabulary(app: &App, workspace: &WorkspaceId) -> Result<Vocabulary, NoBook> {
    let declared = app.catalog.tools(workspace)?;
    let texts: Vec<_> = declared.iter().map(|row| row.declaration.as_str()).collect();
    let tools = Tool::parse_all(&format!("[{}]", texts.join(",")));
    let tools = tools.map_err(|flaws| unusable(flaws.first()))?;
    Vocabulary::new(&tools, &[]).map_err(|error| NoBook::Unusable(error.to_string()))
}

/// What a workspace decided about its gate.
pub(crate) fn settings(app: &App, workspace: &WorkspaceId) -> Result<GateSettings, CatalogError> {
    let kept = app.catalog.setting(workspace, SETTING)?;
    Ok(kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Reads what is kept; if that is what the known book was made from, the known one.
fn read(app: &App, workspace: &WorkspaceId, known: Option<Arc<Book>>) -> Result<Arc<Book>, NoBook> {
    let policies = app.catalog.policies(workspace)?;
    let settings = settings(app, workspace)?;
    let tools = app.catalog.tools(workspace)?;
    let made_from = Sha256::digest(format!("{policies:?}{settings:?}{tools:?}")).into();
    if let Some(known) = known.filter(|known| known.made_from == made_from) {
        return Ok(known);
    }
    let vocabulary = Arc::new(vocabulary(app, workspace)?);
    let judge = |number: u8| judge_of(app, workspace, &policies, &vocabulary, number);
    // Between two shares every number has the same set.
    let on_trial = || policies.iter().filter(|policy| policy.standing.trial.is_some());
    let mut shares: BTreeSet<u8> = on_trial().map(|policy| policy.standing.share).collect();
    shares.retain(|share| (1..100).contains(share));
    shares.insert(100);
    let sets = shares.iter().map(|below| Ok((*below, judge(below - 1)?))).collect::<Result<_, NoBook>>()?;
    let trial =
        on_trial().next().map(|_| judge_of_all(app, workspace, &policies, &vocabulary)).transpose()?;
    Ok(Arc::new(Book { sets, trial, fail_open: settings.fail_open, made_from }))
}

/// The set for a number: of each policy the version on trial if the number is within its share, or else the enforced one.
fn judge_of(
    app: &App,
    workspace: &WorkspaceId,
    policies: &[PolicyRow],
    vocabulary: &Arc<Vocabulary>,
    number: u8,
) -> Result<Arc<Judge>, NoBook> {
    made(app, workspace, policies, vocabulary, |policy| {
        let standing = policy.standing;
        standing.trial.filter(|_| number < standing.share).or(standing.enforced)
    })
}

fn judge_of_all(
    app: &App,
    workspace: &WorkspaceId,
    policies: &[PolicyRow],
    vocabulary: &Arc<Vocabulary>,
) -> Result<Arc<Judge>, NoBook> {
    made(app, workspace, policies, vocabulary, |policy| policy.standing.trial.or(policy.standing.enforced))
}

fn made(
    app: &App,
    workspace: &WorkspaceId,
    policies: &[PolicyRow],
    vocabulary: &Arc<Vocabulary>,
    version: impl Fn(&PolicyRow) -> Option<i64>,
) -> Result<Arc<Judge>, NoBook> {
    let chosen = policies.iter().filter_map(|policy| Some((policy.name.as_str(), version(policy)?)));
    let chosen: Vec<_> = chosen.collect();
    let versions = versions(app, workspace, &chosen)?;
    let set = check(&texts(&versions), vocabulary).map_err(|flaws| unusable(flaws.first()))?;
    Judge::new(&set, vocabulary).map(Arc::new).map_err(|error| NoBook::Unusable(error.to_string()))
}

/// Versions of policies, by name and number.
pub(crate) fn versions(
    app: &App,
    workspace: &WorkspaceId,
    chosen: &[(&str, i64)],
) -> Result<Vec<PolicyVersion>, NoBook> {
    let find = |(name, number): &(&str, i64)| {
        let version = app.catalog.policy_version(workspace, name, *number)?;
        version.ok_or_else(|| NoBook::Unusable(format!("version {number} of {name} is gone")))
    };
    chosen.iter().map(find).collect()
}

/// The version of the policies that would be enforced with this version of one of them.
pub(super) fn enforced_with(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    number: i64,
) -> Result<String, NoBook> {
    let policies = app.catalog.policies(workspace)?;
    let chosen = policies.iter().filter_map(|policy| {
        let number = if policy.name == name { Some(number) } else { policy.standing.enforced };
        Some((policy.name.as_str(), number?))
    });
    let versions = versions(app, workspace, &chosen.collect::<Vec<_>>())?;
    let set = check(&texts(&versions), &vocabulary(app, workspace)?);
    set.map(|set| set.version().to_owned()).map_err(|flaws| unusable(flaws.first()))
}

/// Their texts, and the base that comes with hindcast where the workspace has none of its own.
pub(crate) fn texts(versions: &[PolicyVersion]) -> Vec<PolicyText<'_>> {
    let base = (!versions.iter().any(|version| version.name == BASE)).then_some(policy::BASE);
    let own = versions.iter().map(|version| PolicyText { name: &version.name, text: &version.text });
    base.into_iter().chain(own).collect()
}

fn unusable(flaw: Option<&impl ToString>) -> NoBook {
    NoBook::Unusable(flaw.map(ToString::to_string).unwrap_or_default())
}
