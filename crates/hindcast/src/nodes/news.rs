//! What other nodes changed, and the command line beside a server: whatever is kept in memory of it is let go of.
//!
//! Changes are counted in the transaction that makes them, by the database itself. A node that hears that something was counted
//! looks at the counts; it looks every two seconds without being told, too. What it cannot look at for longer is asked for anew
//! by whoever needs it, as everything here that decides anything is good for some seconds only.

use super::Nodes;
use crate::app::App;
use crate::catalog::CatalogError;
use crate::facts::geo::shared;
use crate::sql::Ear;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The counts are looked at so often, whatever was heard.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How soon it notices that the server ends.
const WAKE_EVERY: Duration = Duration::from_millis(50);
/// After this the connection that broke is made anew.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Something that no table says: the retention is wanted now.
pub(crate) const KEEP_NOW: &str = "keep now";
/// Something that no table says: somebody resolved alerts.
pub(crate) const ALERTS_CLOSED: &str = "alerts closed";

/// Something that no table says: values of a workspace, whose id follows, are gone.
const ERASED: &str = "erased ";

/// What is known of the changes so far.
pub(crate) struct News {
    counts: BTreeMap<String, i64>,
    ear: Option<Ear>,
    ear_at: Instant,
}

impl News {
    /// From now on; to be made before anything is kept in memory.
    pub fn begin(app: &App) -> Result<Self, CatalogError> {
        let ear = app.catalog.listen()?;
        Ok(Self { counts: app.catalog.changes()?, ear, ear_at: Instant::now() })
    }

    /// Waits until something may have changed; whether it was told that something has.
    fn wait(&mut self, most: Duration) -> bool {
        match self.ear.as_ref().map(|ear| ear.wait(most)) {
            Some(Some(is_told)) => return is_told,
            Some(None) => (self.ear, self.ear_at) = (None, Instant::now()),
            None => {}
        }
        std::thread::sleep(most.min(WAKE_EVERY));
        false
    }

    /// Listens again after the connection broke. What was not heard meanwhile is seen.
    fn listen(&mut self, app: &App) {
        if self.ear.is_none() && app.nodes.is_shared() && self.ear_at.elapsed() >= LISTEN_AGAIN_AFTER {
            self.ear_at = Instant::now();
            match app.catalog.listen() {
                Ok(ear) => self.ear = ear,
                Err(error) => tracing::debug!(%error, "changes of other servers are not heard, but seen"),
            }
        }
    }

    /// What changed since it was looked at last.
    fn look(&mut self, app: &App) -> Result<Vec<String>, CatalogError> {
        let now = app.catalog.changes()?;
        let is_new = |(topic, nth): &(&String, &i64)| self.counts.get(*topic) != Some(*nth);
        let changed = now.iter().filter(is_new).map(|(topic, _)| topic.clone()).collect();
        self.counts = now;
        Ok(changed)
    }
}

/// Follows until the server ends.
pub(crate) fn follow(app: &App, mut news: News) {
    let (mut looked_at, mut is_blind) = (Instant::now(), false);
    while !*app.ending.borrow() {
        let is_told = news.wait(WAKE_EVERY);
        if !is_told && looked_at.elapsed() < LOOK_EVERY {
            continue;
        }
        looked_at = Instant::now();
        news.listen(app);
        let seen = look_at_nodes(app).and_then(|()| Ok(news.look(app)?));
        let was_blind = std::mem::replace(&mut is_blind, seen.is_err());
        match seen {
            Ok(changed) => {
                app.outage.is_over();
                changed.iter().for_each(|topic| let_go(app, topic));
            }
            Err(error) if !app.outage.explains(error.as_ref()) && !was_blind => {
                tracing::warn!(error = format!("{error:#}"), "it is not known what other servers change")
            }
            Err(_) => {}
        }
    }
}

fn look_at_nodes(app: &App) -> anyhow::Result<()> {
    Nodes::look(&app.nodes, &app.catalog)?;
    app.jobs.look(app)?;
    if !app.nodes.is_shared() {
        return Ok(());
    }
    app.look_at_quarantined()?;
    shared::follow(app);
    Ok(app.anchors.look(&app.catalog)?)
}

/// Lets go of what is kept in memory of something that changed.
fn let_go(app: &App, topic: &str) {
    match topic {
        "policy" => app.gate.note_changes(),
        "tool" => {
            app.gate.note_changes();
            app.workflows.note_changes();
        }
        "setting" => {
            app.gate.note_changes();
            app.facts.all_settings_changed();
            app.alerts.note_change();
        }
        "workflow" => app.workflows.note_changes(),
        "connector" => app.workflows.note_connected_elsewhere(),
        "rule" | "rule_list" => app.alerts.note_change(),
        ALERTS_CLOSED => app.alerts.note_closed_elsewhere(),
        "approval" => app.gate.note_answer(),
        "destination" => app.deliver.note_change(),
        shared::CHANGED => {
            app.facts.note_shelf_changed();
            shared::follow(app);
        }
        KEEP_NOW => app.keep_now.store(true, std::sync::atomic::Ordering::Relaxed),
        // Looked at each time.
        "node" | "job" => {}
        "workspace" => app.meet_workspaces(),
        other => match other.strip_prefix(ERASED).and_then(|workspace| workspace.parse().ok()) {
            Some(workspace) => forget_erased(app, &workspace),
            None => tracing::debug!(topic = other, "another version counts this"),
        },
    }
}

/// Tells all nodes that values of a workspace are gone.
pub(crate) fn tell_erased(app: &App, workspace: &WorkspaceId) -> Result<(), CatalogError> {
    match app.nodes.is_shared() {
        true => app.catalog.tell(&format!("{ERASED}{workspace}")),
        false => Ok(()),
    }
}

/// Forgets what was learned of values that are gone, and what was read to be sent.
fn forget_erased(app: &App, workspace: &WorkspaceId) {
    app.deliver.note_erasure();
    if let Err(error) = app.facts.forget(workspace) {
        tracing::error!(%workspace, error = format!("{error:#}"), "what is remembered of values that are gone could not be forgotten");
    }
}
