//! Hands entries to destinations until each says yes.
//!
//! Every destination is one ordered stream with a cursor that moves only after the other side acknowledged. One that has
//! something to do gets a thread for a while, so a slow one holds up nobody, and an append waits for none. Nothing is queued:
//! what is owed is the log itself behind the cursor, so a destination that is down for days takes no memory. After a crash
//! the last entries may come again, under the same ids; and where another server takes over, too.

mod reconcile;
mod retry;
mod shift;

use super::{is_ending, is_quarantined, pause};
use crate::app::App;
use crate::catalog::{Destination, DestinationState};
use crate::deliver::Open;
use crate::nodes::Lead;
use crate::rooms::Room;
use hindcast_event::Timestamp;
use hindcast_segments::{Budget, SearchError, Snapshot};
use shift::Runner;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Destinations that are being spoken to at once; others wait for their turn.
const SENDING_MAX: usize = 64;
/// The catalog is read again after this time, whatever we were told.
const READ_EVERY: Duration = Duration::from_secs(30);
const RECONCILE_EVERY: Duration = Duration::from_secs(60);
/// What cannot be opened, or broke, is tried again after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// At the end, those who speak are waited for so long.
const ENDING_MAX: Duration = Duration::from_secs(3);

pub(super) fn follow(app: &Arc<App>) {
    let (send, receive) = channel();
    let mut dispatcher = Dispatcher { app: app.clone(), places: BTreeMap::new(), send, receive };
    let (mut known, mut read_at, mut reconciled_at) = (None, Instant::now(), Instant::now());
    while pause(app, LOOK_EVERY) {
        dispatcher.take_back();
        let changes = app.deliver.changes();
        if known != Some(changes) || read_at.elapsed() > READ_EVERY {
            dispatcher.told(Dispatcher::read);
            (known, read_at) = (Some(changes), Instant::now());
        }
        dispatcher.start();
        if reconciled_at.elapsed() > RECONCILE_EVERY {
            dispatcher.told(|dispatcher| reconcile::reconcile(&dispatcher.app));
            reconciled_at = Instant::now();
        }
    }
    let until = Instant::now() + ENDING_MAX;
    while dispatcher.sending() > 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
        dispatcher.take_back();
    }
}

struct Dispatcher {
    app: Arc<App>,
    places: BTreeMap<String, Place>,
    send: Sender<(String, Option<Place>)>,
    receive: Receiver<(String, Option<Place>)>,
}

/// A destination in the dispatcher: here, or with the thread that speaks to it.
enum Place {
    Here(Box<Runner>),
    /// It cannot be opened; not before then.
    Broken {
        destination: Box<Destination>,
        until: Instant,
    },
    Away,
}

impl Place {
    fn destination(&self) -> Option<&Destination> {
        match self {
            Self::Here(runner) => Some(&runner.destination),
            Self::Broken { destination, .. } => Some(destination),
            Self::Away => None,
        }
    }
}

impl Dispatcher {
    fn told(&mut self, act: impl FnOnce(&mut Self) -> anyhow::Result<()>) {
        if let Err(error) = act(self) {
            self.app.metrics.problems.add(1);
            if !self.app.outage.explains(error.as_ref()) {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the dispatcher could not do its work, it tries again"
                );
            }
        }
    }

    fn sending(&self) -> usize {
        self.places.values().filter(|place| matches!(place, Place::Away)).count()
    }

    /// Takes back those whose threads ended.
    fn take_back(&mut self) {
        while let Ok((id, place)) = self.receive.try_recv() {
            match place {
                Some(place) => drop(self.places.insert(id, place)),
                None => drop(self.places.remove(&id)),
            }
        }
    }

    /// Learns what people changed. Those who are being spoken to come back first.
    fn read(&mut self) -> anyhow::Result<()> {
        let mut known: BTreeMap<_, _> =
            self.app.catalog.destinations(None)?.into_iter().map(|one| (one.id.clone(), one)).collect();
        self.places.retain(|id, place| matches!(place, Place::Away) || known.contains_key(id));
        for (id, place) in &mut self.places {
            let (Some(now), Some(before)) = (known.remove(id), place.destination()) else { continue };
            if now.version != before.version || now.state != before.state {
                *place = opened(&self.app, now);
            }
        }
        for (id, destination) in known {
            self.places.entry(id).or_insert_with(|| opened(&self.app, destination));
        }
        Ok(())
    }

    /// Gives a thread to whoever has something to do and waited longest.
    fn start(&mut self) {
        let now = (self.app.clock)();
        let mut due: Vec<_> = self
            .places
            .iter_mut()
            .filter(|(_, place)| {
                let workspace = place.destination().map(|destination| &destination.workspace);
                workspace.is_some_and(|workspace| self.app.nodes.lead_workspace(workspace).is_some())
            })
            .filter_map(|(id, place)| match place {
                Place::Here(runner) => runner.due(&self.app, now).map(|since| (since, id.clone())),
                Place::Broken { destination, until } if *until < Instant::now() => {
                    *place = opened(&self.app, (**destination).clone());
                    None
                }
                _ => None,
            })
            .collect();
        due.sort_unstable();
        let room = SENDING_MAX.saturating_sub(self.sending());
        for (_, id) in due.into_iter().take(room) {
            let Some(place) = self.places.get_mut(&id) else { continue };
            let workspace = place.destination().map(|destination| destination.workspace.clone());
            let lead = workspace.and_then(|workspace| self.app.nodes.lead_workspace(&workspace));
            if let Some(lead) = lead
                && let Place::Here(runner) = std::mem::replace(place, Place::Away)
            {
                self.speak(*runner, lead);
            }
        }
    }

    fn speak(&self, runner: Runner, lead: Lead) {
        let (app, send, id) = (self.app.clone(), self.send.clone(), runner.destination.id.clone());
        let runner_id = id.clone();
        let thread = std::thread::Builder::new().name("delivery".to_owned());
        let spoken = thread.spawn(move || {
            let _lead = lead;
            let destination = runner.destination.clone();
            // Whatever is wrong with one of them is no reason to end the others.
            let place = match catch_unwind(AssertUnwindSafe(|| speak(&app, runner))) {
                Ok(place) => place,
                Err(_) => Some(broken(&app, destination, "a thread panicked, which is a bug of hindcast")),
            };
            let _nobody_waits_at_the_end = send.send((id, place));
        });
        if let Err(error) = spoken {
            // It is read anew from the catalog.
            self.app.deliver.note_change();
            self.send.send((runner_id, None)).unwrap_or_default();
            tracing::error!(%error, "there is no thread for a destination");
        }
    }
}

/// Speaks to a destination for a while, and gives it back as the catalog has it by then; nothing when it is deleted.
fn speak(app: &Arc<App>, mut runner: Runner) -> Option<Place> {
    let id = runner.destination.id.clone();
    if app.nodes.is_shared() {
        // Another server may have delivered since this was read.
        match app.catalog.destination(&id) {
            Ok(Some(now)) if now.version == runner.destination.version => runner.destination = now,
            Ok(Some(now)) => return Some(opened(app, now)),
            Ok(None) => return None,
            Err(error) => return Some(broken(app, runner.destination, &error.to_string())),
        }
    }
    if let Err(error) = runner.work(app)
        && !is_ending(app)
    {
        return Some(broken(app, runner.destination, &format!("{error:#}")));
    }
    Some(match app.catalog.destination(&id) {
        Ok(Some(now)) if now.version == runner.destination.version => {
            runner.destination = now;
            Place::Here(Box::new(runner))
        }
        Ok(Some(now)) => opened(app, now),
        Ok(None) => return None,
        Err(error) => broken(app, runner.destination, &error.to_string()),
    })
}

fn opened(app: &App, destination: Destination) -> Place {
    match Open::new(app, &destination) {
        Ok(open) => Place::Here(Box::new(Runner::new(destination, open))),
        Err(error) => broken(app, destination, &format!("{error:#}")),
    }
}

fn broken(app: &App, destination: Destination, error: &str) -> Place {
    app.metrics.problems.add(1);
    tracing::error!(destination = destination.id, error, "a destination cannot be served, it is tried again");
    Place::Broken { destination: Box::new(destination), until: Instant::now() + AGAIN_AFTER }
}

/// The room of a destination, while it is in service.
fn room_of(app: &App, destination: &Destination) -> Option<Arc<Room>> {
    app.rooms.get(&destination.workspace).filter(|room| !is_quarantined(app, room))
}

/// How far a destination is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lag {
    /// Entries that were not looked at yet; with a filter, not all of them are owed.
    pub entries: u64,
    /// How long ago the first of them was received.
    pub seconds: u64,
}

/// How far a destination is behind now.
pub(crate) fn lag(app: &App, destination: &Destination, now: Timestamp) -> Lag {
    let Some(room) = app.rooms.get(&destination.workspace) else { return Lag::default() };
    let snapshot = room.store.snapshot();
    let entries = snapshot.end_index().saturating_sub(destination.cursor);
    if entries == 0 || destination.state == DestinationState::Gone {
        return Lag { entries, seconds: 0 };
    }
    let received = received_at(&snapshot, destination.cursor).ok().flatten();
    let seconds = received.map_or(0, |at| now.seconds().saturating_sub(at.seconds()));
    Lag { entries, seconds: u64::try_from(seconds).unwrap_or(0) }
}

/// When the first entry from an index on was received that is there.
fn received_at(snapshot: &Snapshot, from: u64) -> Result<Option<Timestamp>, SearchError> {
    let found = match snapshot.get(from, &Budget::unlimited())? {
        found if found.is_empty() => snapshot.scan(from..snapshot.end_index()).next().transpose()?,
        found => Some(found),
    };
    Ok(found.and_then(|found| found.get(0).map(|entry| entry.received_at)))
}
