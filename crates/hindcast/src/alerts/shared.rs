//! What alerting shares with those who change what it goes by.

use super::Rule;
use crate::app::App;
use crate::kept::Kept;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::Detector;
use hindcast_rules::detection::{Lists, Refused};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Rules that were compiled while somebody goes by them, and those that cannot run.
type Compiled = (Weak<Detector>, Arc<Vec<Refused>>);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    changes: AtomicU64,
    told: Mutex<Told>,
    /// How often people resolved alerts at other nodes.
    closed_elsewhere: AtomicU64,
    /// Alerts that take no more, by workspace.
    closed: Mutex<BTreeMap<WorkspaceId, Vec<String>>>,
    /// Held while entries of any workspace are judged.
    judging: Mutex<()>,
    /// Most workspaces have the same rules, so they share what was compiled.
    compiled: Mutex<BTreeMap<[u8; 32], Compiled>>,
}

/// What the alerter was told and did not hear yet.
#[derive(Debug, Default)]
struct Told {
    /// Workspaces of which what rules remember is to be worked out anew.
    forgotten: BTreeSet<WorkspaceId>,
    /// Workspaces that are not judged now.
    paused: BTreeSet<WorkspaceId>,
}

/// While it is held, a workspace is not judged; after it, what rules remember is worked out anew.
pub(crate) struct Paused<'a>(&'a Alerts, WorkspaceId);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.told().paused.remove(&self.1);
    }
}

impl Alerts {
    /// Says that people changed a rule, a list or a setting that rules go by.
    pub fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// How often [`Self::note_change`] was called.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Says that somebody resolved an alert: what comes after is another one.
    pub fn note_closed(&self, workspace: &WorkspaceId, id: &str) {
        self.closed().entry(workspace.clone()).or_default().push(id.to_owned());
    }

    /// Says that somebody resolved alerts at another node: the catalog knows which.
    pub fn note_closed_elsewhere(&self) {
        self.closed_elsewhere.fetch_add(1, Ordering::Release);
    }

    /// How often [`Self::note_closed_elsewhere`] was called.
    pub fn closed_elsewhere(&self) -> u64 {
        self.closed_elsewhere.load(Ordering::Acquire)
    }

    /// Takes the alerts of a workspace that were resolved.
    pub fn take_closed(&self, workspace: &WorkspaceId) -> Vec<String> {
        self.closed().remove(workspace).unwrap_or_default()
    }

    /// Leaves a workspace alone while values of its log go, and forgets what rules remember of them.
    pub fn pause(&self, app: &App, workspace: &WorkspaceId) -> std::io::Result<Paused<'_>> {
        let mut told = self.told();
        told.paused.insert(workspace.clone());
        told.forgotten.insert(workspace.clone());
        drop(told);
        let paused = Paused(self, workspace.clone());
        // Whoever judges it just now has ended then.
        let _judging = self.judging();
        kept(app, workspace).forget()?;
        Ok(paused)
    }

    /// Whether what rules remember of a workspace is to be worked out anew, told once. Asked while it is the workspace's
    /// [`Self::turn`], so that nothing is judged or kept by what should be forgotten.
    pub fn take_forgotten(&self, workspace: &WorkspaceId) -> bool {
        self.told().forgotten.remove(workspace)
    }

    /// Held while a workspace is judged, unless it is paused.
    pub fn turn(&self, workspace: &WorkspaceId) -> Option<MutexGuard<'_, ()>> {
        let turn = self.judging();
        (!self.told().paused.contains(workspace)).then_some(turn)
    }

    fn judging(&self) -> MutexGuard<'_, ()> {
        self.judging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn closed(&self) -> MutexGuard<'_, BTreeMap<WorkspaceId, Vec<String>>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compiles rules, or finds them compiled.
    pub(super) fn compiled(&self, rules: &[Rule], lists: &Lists) -> (Arc<Detector>, Arc<Vec<Refused>>) {
        let texts: Vec<_> = rules.iter().map(Rule::text).collect();
        let key: [u8; 32] = Sha256::digest(format!("{texts:?}{lists:?}")).into();
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((detector, refused)) = compiled.get(&key)
            && let Some(detector) = detector.upgrade()
        {
            return (detector, refused.clone());
        }
        compiled.retain(|_, (detector, _)| detector.strong_count() > 0);
        let (detector, refused) = Detector::compile(&texts, lists);
        let (detector, refused) = (Arc::new(detector), Arc::new(refused));
        compiled.insert(key, (Arc::downgrade(&detector), refused.clone()));
        (detector, refused)
    }
}

/// Where what rules remember of a workspace is kept.
pub(crate) fn kept(app: &App, workspace: &WorkspaceId) -> Kept {
    let file = app.config.data.folder.join("alerting").join(workspace.as_str());
    Kept { workspace: workspace.clone(), what: "what rules remember", file }
}
