//! One shift: a thread speaks to one destination until there is nothing to do, it fails, somebody changes it, or others
//! should have their turn.

use super::{is_ending, retry, room_of};
use crate::app::App;
use crate::catalog::{DeadLetter, DeliveryAttempt, Destination, DestinationState, Progress};
use crate::deliver::{BatchLimits, Open, Outgoing, Said, Tried};
use crate::rooms::Room;
use anyhow::ensure;
use hindcast_event::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// After this time others have their turn.
const SHIFT: Duration = Duration::from_secs(10);
/// What was acknowledged is written down after so many entries or so much time: what comes again after a crash.
const WRITE_ENTRIES: u64 = 1_000;
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// What is left over of a stretch is read again when it is larger.
const AHEAD_BYTES_MAX: usize = 16 << 20;
/// Nobody is left alone for less, whatever they say.
const AFTER_MIN: Duration = Duration::from_secs(1);
/// People get a message at once, and what comes within this time after it as one: a storm becomes few messages. Whoever has
/// more to tell than one message holds goes on.
const PEOPLE_REST: Duration = Duration::from_secs(10);
/// So long is read on for one message.
const GATHERING_MAX: Duration = Duration::from_secs(2);
const DAY_MICROS: i64 = 86_400_000_000;

/// A destination and what is needed to speak to it.
pub(super) struct Runner {
    pub destination: Destination,
    open: Open,
    limits: BatchLimits,
    /// Smaller than the limit after something was too large.
    entries_max: usize,
    /// Since when there is something to do.
    waiting: Option<Instant>,
    /// People are written to again from then on.
    rests_until: Option<Instant>,
}

/// What is handed over: what is owed, or something once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Live,
    Replay,
}

/// What was read and not yet handed over.
#[derive(Default)]
struct Ahead {
    entries: VecDeque<Outgoing>,
    end: u64,
    expired: u64,
}

impl Runner {
    pub fn new(destination: Destination, open: Open) -> Self {
        let limits = open.sink.batch();
        Self { destination, open, limits, entries_max: limits.entries_max, waiting: None, rests_until: None }
    }

    /// Since when there is something to do, if there is and now is the time.
    pub fn due(&mut self, app: &App, now: Timestamp) -> Option<Instant> {
        let destination = &self.destination;
        let is_open =
            destination.state == DestinationState::Active && destination.next_at.is_none_or(|at| at <= now);
        let size = room_of(app, destination).filter(|_| is_open).map_or(0, |room| *room.size.borrow());
        let behind = size.saturating_sub(destination.cursor);
        if !is_open || behind == 0 && destination.replay.is_none() {
            self.waiting = None;
            return None;
        }
        let since = *self.waiting.get_or_insert_with(Instant::now);
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let is_full = behind >= self.limits.entries_max as u64 || destination.replay.is_some();
        (is_full || since.elapsed() >= self.limits.wait).then_some(since)
    }

    /// Works until there is nothing to do for now. What was acknowledged is written down by then.
    pub fn work(&mut self, app: &App) -> anyhow::Result<()> {
        let Some(room) = room_of(app, &self.destination) else { return Ok(()) };
        let (begun, changes) = (Instant::now(), app.deliver.changes());
        self.waiting = None;
        let mut lane = if self.destination.replay.is_some() { Lane::Replay } else { Lane::Live };
        let mut shift = Shift::new(app);
        let mut go_on = true;
        while go_on && !is_ending(app) && app.deliver.changes() == changes && begun.elapsed() < SHIFT {
            go_on = self.step(app, &room, lane, &mut shift)?;
            if !go_on && lane == Lane::Replay && self.destination.failures == 0 {
                shift.write(app, &mut self.destination)?;
                (lane, go_on) = (Lane::Live, self.destination.state == DestinationState::Active);
                shift.ahead = Ahead::default();
            }
            shift.write_now_and_then(app, &mut self.destination)?;
        }
        shift.write(app, &mut self.destination)
    }

    /// Hands one batch over; whether to go on.
    fn step(&mut self, app: &App, room: &Room, lane: Lane, shift: &mut Shift<'_>) -> anyhow::Result<bool> {
        if shift.erasures != app.deliver.erasures() {
            shift.ahead = Ahead::default();
            shift.erasures = app.deliver.erasures();
        }
        if shift.ahead.entries.is_empty() {
            let Some(range) = self.range(room, lane) else { return Ok(false) };
            let stretch = self.open.owed.read(&room.store.snapshot(), range)?;
            shift.ahead =
                Ahead { entries: stretch.entries.into(), end: stretch.end, expired: stretch.expired };
            if self.open.kind.is_for_people {
                self.gather(room, lane, shift)?;
            }
        }
        if shift.ahead.entries.is_empty() {
            // Nothing of it is owed.
            self.move_to(lane, shift.ahead.end, shift, app);
            return Ok(true);
        }
        let mut batch = self.take(&mut shift.ahead);
        let attempt = self.destination.failures + 1;
        batch.iter_mut().for_each(|entry| entry.attempt = attempt);
        let begun = Instant::now();
        let tried = self.open.sink.send(&batch);
        let took = begun.elapsed();
        let settled = settle(tried, &batch);
        app.metrics.delivery_time.observe(took);
        shift.note(lane, &batch, &settled, took);
        let (taken, batch_len) = (settled.taken, batch.len());
        for entry in batch.drain(taken..).rev() {
            shift.ahead.entries.push_front(entry);
        }
        let next = shift.ahead.entries.front().map_or(shift.ahead.end, |entry| entry.index);
        if taken > 0 || shift.ahead.entries.is_empty() {
            self.move_to(lane, next, shift, app);
        }
        let is_whole = batch_len >= self.limits.entries_max || !shift.ahead.entries.is_empty();
        let mut go_on = self.judge(app, settled, shift)?;
        if self.open.kind.is_for_people && go_on && !is_whole {
            self.rests_until = Some(Instant::now() + PEOPLE_REST);
            go_on = false;
        }
        let left: usize = shift.ahead.entries.iter().map(|entry| entry.bytes).sum();
        if !go_on || left > AHEAD_BYTES_MAX {
            shift.ahead.entries.clear();
            shift.ahead.expired = 0;
        }
        Ok(go_on)
    }

    /// Reads on until there is a whole message.
    fn gather(&self, room: &Room, lane: Lane, shift: &mut Shift<'_>) -> anyhow::Result<()> {
        let Some(range) = self.range(room, lane) else { return Ok(()) };
        let (ahead, begun) = (&mut shift.ahead, Instant::now());
        let bytes = |ahead: &Ahead| ahead.entries.iter().map(|entry| entry.bytes).sum::<usize>();
        while ahead.end < range.end
            && begun.elapsed() < GATHERING_MAX
            && ahead.entries.len() < self.entries_max
            && bytes(ahead) < self.limits.bytes_max
        {
            let stretch = self.open.owed.read(&room.store.snapshot(), ahead.end..range.end)?;
            ahead.entries.extend(stretch.entries);
            (ahead.end, ahead.expired) = (stretch.end, ahead.expired + stretch.expired);
        }
        Ok(())
    }

    fn range(&self, room: &Room, lane: Lane) -> Option<std::ops::Range<u64>> {
        let size = *room.size.borrow();
        let range = match lane {
            Lane::Live => self.destination.cursor..size,
            Lane::Replay => {
                let replay = self.destination.replay.clone()?;
                replay.start..replay.end.min(size)
            }
        };
        (range.start < range.end).then_some(range)
    }

    /// The next batch: as many entries as it takes, and at least one.
    fn take(&self, ahead: &mut Ahead) -> Vec<Outgoing> {
        let mut bytes = 0;
        let fits = ahead.entries.iter().take(self.entries_max).take_while(|entry| {
            bytes += entry.bytes;
            bytes <= self.limits.bytes_max
        });
        let count = fits.count().max(1);
        ahead.entries.drain(..count).collect()
    }

    /// Notes how far it has come.
    fn move_to(&mut self, lane: Lane, next: u64, shift: &mut Shift<'_>, app: &App) {
        match lane {
            Lane::Live => {
                shift.progress.from.get_or_insert(self.destination.cursor);
                self.destination.cursor = next;
                shift.progress.cursor = Some(next);
                if shift.ahead.entries.is_empty() {
                    shift.progress.totals.2 += std::mem::take(&mut shift.ahead.expired);
                }
            }
            Lane::Replay => {
                let size = app.rooms.get(&self.destination.workspace).map_or(0, |room| *room.size.borrow());
                let end = self.destination.replay.as_ref().map_or(0, |replay| replay.end.min(size));
                self.destination.replay = (next < end).then_some(next..end);
                shift.progress.replay = Some((next < end).then_some(next));
            }
        }
    }

    /// Decides what follows from a try; whether to go on at once.
    fn judge(&mut self, app: &App, settled: Settled, shift: &mut Shift<'_>) -> anyhow::Result<bool> {
        let (now, said) = ((app.clock)(), settled.said);
        if settled.taken > 0 {
            app.metrics.delivered.add((settled.taken - settled.dead.len()) as u64);
            app.metrics.undeliverable.add(settled.dead.len() as u64);
            if self.destination.failures > 0 {
                (self.destination.failures, self.destination.failing_since) = (0, None);
                self.destination.next_at = None;
                shift.health(&self.destination, "");
            }
        }
        match settled.then {
            Then::GoOn => {
                self.entries_max = (self.entries_max * 2).min(self.limits.entries_max);
                Ok(true)
            }
            Then::Smaller(count) => {
                self.entries_max = (count / 2).max(1);
                Ok(true)
            }
            Then::Again(after) => self.again(app, after, &said, now, shift),
            Then::Stop(state) => self.stop(app, state, &said.told(), shift),
        }
    }

    fn again(
        &mut self,
        app: &App,
        after: Option<Duration>,
        said: &Said,
        now: Timestamp,
        shift: &mut Shift<'_>,
    ) -> anyhow::Result<bool> {
        app.metrics.undelivered.add(1);
        let destination = &mut self.destination;
        // Whoever says when to come back is not counted as failing ever more.
        let failures = if after.is_some() { destination.failures.max(1) } else { destination.failures + 1 };
        let dice = retry::dice();
        let wait = match after {
            Some(after) => Some(after.max(AFTER_MIN)),
            None => retry::wait(self.open.kind.retry, failures, dice),
        };
        destination.failures = failures;
        destination.failing_since.get_or_insert(now);
        let Some(wait) = wait else {
            return self.stop(app, DestinationState::GivenUp, &said.told(), shift);
        };
        let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        self.destination.next_at = Some(Timestamp::from_micros(now.micros().saturating_add(micros)));
        shift.health(&self.destination, &said.told());
        Ok(false)
    }

    fn stop(
        &mut self,
        app: &App,
        state: DestinationState,
        reason: &str,
        shift: &mut Shift<'_>,
    ) -> anyhow::Result<bool> {
        app.metrics.undelivered.add(1);
        shift.write(app, &mut self.destination)?;
        let attempts = self.destination.failures.max(1);
        if app.catalog.stop_destination(&self.destination, state, reason, attempts)? {
            let (id, state) = (&self.destination.id, state.as_str());
            tracing::warn!(destination = id, state, reason, "a destination was switched off");
            app.post();
        }
        self.destination.state = state;
        Ok(false)
    }
}

/// What follows from a try.
enum Then {
    GoOn,
    Smaller(usize),
    Again(Option<Duration>),
    Stop(DestinationState),
}

/// A try, in terms of the batch.
struct Settled {
    /// So many of the first entries need not come again.
    taken: usize,
    /// Those of them that will never be, and why.
    dead: BTreeMap<usize, String>,
    outcome: &'static str,
    then: Then,
    said: Said,
}

fn settle(tried: Tried, batch: &[Outgoing]) -> Settled {
    let all = batch.len();
    let settled = |taken: usize, dead: Vec<(usize, String)>, outcome, then, said| {
        let dead = dead.into_iter().filter(|(place, _)| *place < taken).collect();
        Settled { taken, dead, outcome, then, said }
    };
    match tried {
        Tried::Delivered(said) => settled(all, Vec::new(), "delivered", Then::GoOn, said),
        Tried::But(dead, said) => settled(all, dead, "partly", Then::GoOn, said),
        Tried::Again { taken, dead, after, said } => {
            // Something has to be left, or there would be nothing to try again.
            settled(taken.min(all.saturating_sub(1)), dead, "again", Then::Again(after), said)
        }
        Tried::Split(said) if all > 1 => settled(0, Vec::new(), "split", Then::Smaller(all), said),
        Tried::Split(said) => {
            let reason = said.told();
            settled(1, vec![(0, reason)], "partly", Then::GoOn, said)
        }
        Tried::Pause(said) => settled(0, Vec::new(), "refused", Then::Stop(DestinationState::Refused), said),
        Tried::Gone(said) => settled(0, Vec::new(), "gone", Then::Stop(DestinationState::Gone), said),
    }
}

/// What a shift has to write down.
struct Shift<'a> {
    app: &'a App,
    ahead: Ahead,
    /// What was erased when `ahead` was read.
    erasures: u64,
    progress: Progress,
    written_at: Instant,
    unwritten: u64,
}

impl<'a> Shift<'a> {
    fn new(app: &'a App) -> Self {
        let erasures = app.deliver.erasures();
        let (ahead, progress) = Default::default();
        Self { app, ahead, erasures, progress, written_at: Instant::now(), unwritten: 0 }
    }

    /// Notes a try.
    fn note(&mut self, lane: Lane, batch: &[Outgoing], settled: &Settled, took: Duration) {
        let at = (self.app.clock)();
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return };
        self.progress.attempts.push(DeliveryAttempt {
            nr: 0,
            at,
            entries: (first.index, last.index),
            count: batch.len() as u64,
            taken: settled.taken as u64,
            purpose: if lane == Lane::Live { "live" } else { "replay" }.to_owned(),
            outcome: settled.outcome.to_owned(),
            status: settled.said.status,
            said: settled.said.text.clone(),
            millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        self.unwritten += settled.taken as u64;
        if settled.taken > settled.dead.len() {
            self.progress.delivered_at = Some(at);
        }
        if lane == Lane::Replay {
            if settled.taken == batch.len() && settled.dead.is_empty() {
                self.progress.revived.push(first.index..last.index + 1);
            }
            return;
        }
        self.progress.totals.0 += (settled.taken - settled.dead.len()) as u64;
        self.progress.totals.1 += settled.dead.len() as u64;
        for (place, entry) in batch[..settled.taken].iter().enumerate() {
            let day = entry.received_at.micros().div_euclid(DAY_MICROS);
            let is_dead = settled.dead.contains_key(&place);
            let (delivered, dead) = (u64::from(!is_dead), u64::from(is_dead));
            match self.progress.days.last_mut().filter(|(last, ..)| *last == day) {
                Some(last) => (last.1, last.2) = (last.1 + delivered, last.2 + dead),
                None => self.progress.days.push((day, delivered, dead)),
            }
        }
        self.bury(batch, settled, at);
    }

    /// Neighbours that are dead for one reason are one run.
    fn bury(&mut self, batch: &[Outgoing], settled: &Settled, at: Timestamp) {
        let mut before = None;
        for (place, reason) in &settled.dead {
            let index = batch[*place].index;
            let run = self.progress.dead.last_mut();
            match run.filter(|run| before.is_some_and(|before| before + 1 == *place) && run.reason == *reason)
            {
                Some(run) => (run.entries.1, run.count) = (index, run.count + 1),
                None => self.progress.dead.push(DeadLetter {
                    nr: 0,
                    entries: (index, index),
                    count: 1,
                    reason: reason.clone(),
                    at,
                }),
            }
            before = Some(*place);
        }
    }

    fn health(&mut self, destination: &Destination, reason: &str) {
        let Destination { failures, failing_since, next_at, .. } = destination;
        self.progress.health = Some((*failures, *failing_since, *next_at));
        self.progress.reason = reason.to_owned();
    }

    fn write_now_and_then(&mut self, app: &App, destination: &mut Destination) -> anyhow::Result<()> {
        if self.unwritten >= WRITE_ENTRIES || self.written_at.elapsed() >= WRITE_EVERY {
            self.write(app, destination)?;
        }
        Ok(())
    }

    fn write(&mut self, app: &App, destination: &mut Destination) -> anyhow::Result<()> {
        if !self.progress.is_empty() {
            let is_kept = app.catalog.progress(&destination.id, destination.version, &self.progress)?;
            ensure!(is_kept, "another server has delivered meanwhile");
        }
        self.progress = Progress::default();
        (self.written_at, self.unwritten) = (Instant::now(), 0);
        Ok(())
    }
}
