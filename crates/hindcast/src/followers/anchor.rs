//! Writes the checkpoints of all changed workspaces into the instance log, so that one checkpoint covers them all, and a
//! heartbeat when there was nothing to write for long, so that silence can be proved.

use super::pause;
use crate::app::App;
use hindcast_event::Kind;
use hindcast_ledger::WorkspaceId;
use std::time::Duration;

/// The mark of a workspace with the size of the checkpoint that was written last.
const ANCHORED: &str = "anchored";

pub(super) fn follow(app: &App) {
    let mut go_on = true;
    let mut was_overdue = false;
    while go_on {
        // Once more at the end, so that the newest checkpoint of this run is covered too.
        go_on = pause(app, Duration::from_secs(app.config.ledger.anchor_seconds));
        let lead = app.nodes.lead("anchors");
        if let Err(error) = lead.as_ref().map_or(Ok(()), |_| anchor(app).and_then(|()| heartbeat(app))) {
            app.metrics.problems.add(1);
            if !app.outage.explains(error.as_ref()) {
                tracing::error!(
                    error = format!("{error:#}"),
                    "checkpoints could not be anchored in the instance log"
                );
            }
        }
        let now = (app.clock)();
        let is_overdue = app.anchors.is_overdue(now);
        if is_overdue && !was_overdue {
            app.metrics.problems.add(1);
            let minutes = app.anchors.age(now).map_or(0, |age| age.as_secs() / 60);
            tracing::error!(
                minutes,
                "no checkpoint has left this machine for longer than ledger.unanchored_minutes"
            );
        }
        was_overdue = is_overdue;
    }
}

/// One entry for each workspace whose checkpoint grew.
fn anchor(app: &App) -> anyhow::Result<()> {
    for workspace in app.ledger.workspaces() {
        let Some((size, note)) = app.ledger.published(&workspace)? else { continue };
        let anchored = app.catalog.mark(workspace.as_str(), ANCHORED)?;
        let is_known = anchored.and_then(|known| known.parse().ok()) == Some(size);
        if is_known || size == 0 || workspace.as_str() == WorkspaceId::INSTANCE {
            continue;
        }
        let checkpoint = app.ledger.open_note(&workspace, &note)??;
        let draft = serde_json::json!({
            "action": "log.checkpoint",
            "actor": { "type": "system", "id": "hindcast", "name": "hindcast" },
            "targets": [{ "type": "workspace", "id": workspace.as_str() }],
            "metadata": {
                "origin": checkpoint.origin(),
                "size": checkpoint.size(),
                "root": checkpoint.root().to_string(),
                "note": note.as_ref(),
            },
        });
        // Under one key, whichever server writes it and however often.
        let key = format!("checkpoint-{workspace}-{size}");
        app.record_once(&WorkspaceId::instance(), Kind::Checkpoint, &draft, &key)?;
        app.catalog.set_mark(workspace.as_str(), ANCHORED, &size.to_string())?;
    }
    Ok(())
}

/// One entry when the log was silent for so long.
fn heartbeat(app: &App) -> anyhow::Result<()> {
    let instance = WorkspaceId::instance();
    let silent = (app.clock)().seconds() - app.ledger.head(&instance)?.last_time.seconds();
    if u64::try_from(silent).is_ok_and(|silent| silent >= app.config.ledger.heartbeat_seconds) {
        let draft = serde_json::json!({
            "action": "log.heartbeat",
            "actor": { "type": "system", "id": "hindcast", "name": "hindcast" },
        });
        app.record(&instance, Kind::Heartbeat, &draft)?;
    }
    Ok(())
}
