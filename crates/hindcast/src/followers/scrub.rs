//! Reads and checks everything stored, slowly and again and again, so that damage is found before it is needed.

use super::{is_ending, is_quarantined, pause};
use crate::app::App;
use crate::rooms::Room;
use crate::verify::{last_verified, note_verified, verify_room};
use hindcast_ledger::{HashesError, ReadError};
use hindcast_segments::{SearchError, SegmentError};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_secs(60);
const DAY_SECONDS: i64 = 86_400;
/// The share of time spent reading, so that people do not notice.
const REST_FOR_EACH_WORK: u32 = 4;

pub(super) fn follow(app: &App) {
    app.rooms.all().iter().filter(|room| is_quarantined(app, room)).for_each(|room| recheck(app, room));
    while pause(app, LOOK_EVERY) {
        for room in app.rooms.all() {
            if is_ending(app) || is_quarantined(app, &room) || !is_due(app, &room) {
                continue;
            }
            let Some(_lead) = app.nodes.lead_workspace(&room.id) else { continue };
            // What others merged meanwhile is gone from the bucket after a while: twice in a row it is damage.
            let scrubbed = match scrub(app, &room) {
                Err(error) if app.bucket.is_some() && is_damage(&error) => scrub(app, &room),
                scrubbed => scrubbed,
            };
            match scrubbed {
                Ok(()) => {}
                Err(_) if is_ending(app) => return,
                Err(error) if is_damage(&error) => found(app, &room, &format!("{error:#}")),
                // A full disk or a busy catalog says nothing about what is stored.
                Err(error) => {
                    if !app.outage.explains(error.as_ref()) {
                        tracing::warn!(workspace = %room.id, error = format!("{error:#}"), "not verified");
                    }
                }
            }
        }
    }
}

/// A workspace that was out of service when the server ended may have been restored since.
fn recheck(app: &App, room: &Room) {
    match recheck_room(app, room) {
        Ok(true) => {
            tracing::info!(workspace = %room.id, "it was read again and is what was signed: in service")
        }
        Ok(false) => tracing::error!(workspace = %room.id, "it is still not what was signed: out of service"),
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(workspace = %room.id, error, "it is still not what was signed: out of service");
        }
    }
}

fn recheck_room(app: &App, room: &Room) -> anyhow::Result<bool> {
    let restored = app.is_restored(&room.id, &verify_room(app, room, |_, _| {})?)?;
    if restored {
        app.release(&room.id)?;
        let workspace = room.id.as_str();
        app.record_own("log.verified", serde_json::json!({ "workspace": workspace, "intact": true }));
    }
    Ok(restored)
}

/// Whether an error tells of stored bytes that are not those that were written.
fn is_damage(error: &anyhow::Error) -> bool {
    let is_lost = |kind: ErrorKind| matches!(kind, ErrorKind::NotFound | ErrorKind::UnexpectedEof);
    error.chain().any(|cause| {
        // A file that is gone, or shorter than it was.
        matches!(cause.downcast_ref(), Some(SegmentError::Io { source, .. }) if is_lost(source.kind()))
            || matches!(cause.downcast_ref(), Some(SearchError::Segment(SegmentError::Io { source, .. })) if is_lost(source.kind()))
            || matches!(cause.downcast_ref(), Some(ReadError::Hashes(HashesError::Short { .. })))
            || matches!(cause.downcast_ref(), Some(SearchError::Segment(SegmentError::Damaged { .. })))
            || matches!(cause.downcast_ref(), Some(SegmentError::Damaged { .. }))
            || matches!(cause.downcast_ref(), Some(ReadError::Damaged { .. }))
    })
}

fn is_due(app: &App, room: &Room) -> bool {
    let period =
        i64::try_from(app.config.segments.scrub_days).unwrap_or(i64::MAX).saturating_mul(DAY_SECONDS);
    let last = last_verified(app, &room.id).ok().flatten();
    last.is_none_or(|at| (app.clock)().seconds().saturating_sub(at.seconds()) >= period)
}

fn scrub(app: &App, room: &Room) -> anyhow::Result<()> {
    let mut worked = Instant::now();
    let report = verify_room(app, room, |_, _| {
        // Entries are read in pieces, and after each we rest longer than it took.
        pause(app, worked.elapsed() * REST_FOR_EACH_WORK);
        worked = Instant::now();
    })?;
    if report.is_intact() {
        note_verified(app, &room.id)?;
    } else {
        found(app, room, &report.problems.join("; "));
    }
    Ok(())
}

fn found(app: &App, room: &Room, problem: &str) {
    app.metrics.problems.add(1);
    tracing::error!(workspace = %room.id, problem, "the stored entries are not what was signed");
    if let Err(error) = app.quarantine(&room.id, problem) {
        tracing::error!(workspace = %room.id, error = format!("{error:#}"), "this will not be known after a restart");
    }
    let workspace = room.id.as_str();
    app.record_own(
        "log.verified",
        serde_json::json!({ "workspace": workspace, "intact": false, "problem": problem }),
    );
}
