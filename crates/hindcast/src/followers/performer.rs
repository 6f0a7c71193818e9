//! Has intents of workflows weighed by the gate and done by connectors.
//!
//! Intents go in **lanes**: those of a workspace that the gate is asked about, and those that one product, tool or address is to do. A lane
//! is worked on by one thread at a time, and gives way after a turn. So what is slow in one lane holds up no other, and products
//! that are slow together never hold up the gate, which has threads of its own.

use super::{is_ending, is_quarantined, pause};
use crate::app::App;
use crate::catalog::Lane;
use crate::nodes::Lead;
use crate::workflows::{perform, work};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// It is looked so often whether a server is gone that had something done.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(2);
/// Threads that ask the gate,
const ASKERS: usize = 2;
/// and threads that wait for products,
const DOERS: usize = 8;
/// of which so many wait for those that did not answer the last time.
const AILING_MAX: usize = DOERS / 2;
/// Intents of a lane, before others have their turn.
const TURN: usize = 20;
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What the threads share.
#[derive(Default)]
struct Lanes {
    /// Those that somebody works on.
    taken: BTreeSet<Lane>,
    /// Workspaces of which nobody but these threads has anything done.
    settled: BTreeSet<WorkspaceId>,
    /// Those in which something of ours failed, until they are looked at again.
    failed: BTreeMap<Lane, Timestamp>,
}

pub(super) fn follow(app: &App) {
    let lanes = Mutex::<Lanes>::default();
    std::thread::scope(|scope| {
        let crew = |threads: usize| {
            let (hand, handed) = sync_channel(threads);
            let handed = Arc::new(Mutex::new(handed));
            for _ in 0..threads {
                let (handed, lanes) = (handed.clone(), &lanes);
                scope.spawn(move || work_on(app, &handed, lanes));
            }
            hand
        };
        let (askers, doers) = (crew(ASKERS), crew(DOERS));
        let mut taken_over_at = Instant::now();
        while pause(app, LOOK_EVERY) {
            let is_due = app.nodes.is_shared() && taken_over_at.elapsed() >= TAKE_OVER_EVERY;
            if is_due {
                taken_over_at = Instant::now();
            }
            let handed = if is_due { take_over(app, &lanes) } else { Ok(()) };
            if let Err(error) = handed.and_then(|()| hand_out(app, &lanes, &askers, &doers)) {
                if !app.outage.explains(error.as_ref()) {
                    tracing::error!(%error, "it is not known what workflows want done");
                }
                pause(app, TRY_AGAIN_AFTER);
            }
        }
    });
}

/// Hands on each lane in which something is due and that nobody works on.
fn hand_out(
    app: &App,
    lanes: &Mutex<Lanes>,
    askers: &SyncSender<(Lane, Lead)>,
    doers: &SyncSender<(Lane, Lead)>,
) -> anyhow::Result<()> {
    let now = (app.clock)();
    for lane in app.catalog.due_lanes(now)? {
        if app.rooms.get(&lane.workspace).is_none_or(|room| is_quarantined(app, &room)) {
            continue;
        }
        let mut held = lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lead) = led(app, &mut held, &lane.workspace)? else { continue };
        held.failed.retain(|_, until| *until > now);
        let ailing = |lane: &Lane| perform::is_ailing(app, lane);
        let is_one_too_many =
            ailing(&lane) && held.taken.iter().filter(|lane| ailing(lane)).count() >= AILING_MAX;
        if is_one_too_many || held.failed.contains_key(&lane) || !held.taken.insert(lane.clone()) {
            continue;
        }
        let crew = if lane.does { doers } else { askers };
        if crew.try_send((lane.clone(), lead)).is_err() {
            held.taken.remove(&lane);
        }
    }
    Ok(())
}

/// Whether this node has done what workflows of a workspace want done. What the node before it was just doing was perhaps done.
fn led(app: &App, lanes: &mut Lanes, workspace: &WorkspaceId) -> anyhow::Result<Option<Lead>> {
    let Some(lead) = app.nodes.lead(&format!("performs {workspace}")) else {
        lanes.settled.remove(workspace);
        return Ok(None);
    };
    // Nobody else has been here while there is one server.
    if app.nodes.is_shared() && !lanes.settled.contains(workspace) {
        perform::break_off(app, Some(workspace))?;
        lanes.settled.insert(workspace.clone());
    }
    Ok(Some(lead))
}

/// Takes over from nodes that are gone, also where nothing is due.
fn take_over(app: &App, lanes: &Mutex<Lanes>) -> anyhow::Result<()> {
    let performing = app.catalog.broken_off_intents()?;
    let workspaces: BTreeSet<_> = performing.into_iter().map(|row| row.workspace).collect();
    let mut held = lanes.lock().unwrap_or_else(PoisonError::into_inner);
    workspaces.iter().try_for_each(|workspace| led(app, &mut held, workspace).map(drop))
}

fn work_on(app: &App, handed: &Mutex<Receiver<(Lane, Lead)>>, lanes: &Mutex<Lanes>) {
    loop {
        let next = handed.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((lane, _lead)) = next else { return };
        let turned = turn(app, &lane);
        let mut held = lanes.lock().unwrap_or_else(PoisonError::into_inner);
        held.taken.remove(&lane);
        if let Err(error) = turned {
            app.metrics.problems.add(1);
            let workspace = &lane.workspace;
            if !app.outage.explains(error.as_ref()) {
                tracing::error!(%workspace, error = format!("{error:#}"), "an intent could not be dealt with, it will be");
            }
            held.failed.insert(lane, work::after((app.clock)(), TRY_AGAIN_AFTER));
        }
    }
}

/// A turn in a lane: what is due there, one after the other.
fn turn(app: &App, lane: &Lane) -> anyhow::Result<()> {
    for row in app.catalog.due_intents(lane, (app.clock)(), TURN)? {
        if is_ending(app) {
            return Ok(());
        }
        if !lane.does {
            work::step(app, row)?;
        } else if !perform::perform(app, lane, row)? {
            return Ok(());
        }
    }
    Ok(())
}
