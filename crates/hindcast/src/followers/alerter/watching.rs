//! One workspace in the alerter: its watch, how far it has judged, and what of that is kept.

use crate::alerts::{Desk, Heartbeat, Moves, Rulebook, Watch, kept};
use crate::app::App;
use crate::facts::CLOCK_MARK;
use crate::followers::is_ending;
use crate::rooms::Room;
use anyhow::ensure;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Entries that are judged before what came of them is kept.
const AT_ONCE: u64 = 5_000;
/// A workspace keeps the alerter from the others for so many entries at most.
const TURN: u64 = 20 * AT_ONCE;
/// Without what rules remember they begin with so many entries, the newest.
const LEARNED_MAX: u64 = 1_000_000;
/// What rules remember is kept so often, if it changed.
const KEEP_EVERY: Duration = Duration::from_secs(60);
/// How far was judged is kept so often, if nothing came of it.
const NOTE_EVERY: Duration = Duration::from_secs(5);
/// Sources are asked for so often, and not before they had time to come back after a start of the server.
const LISTEN_EVERY: Duration = Duration::from_secs(30);
const LISTEN_AFTER: Duration = Duration::from_secs(600);
/// Alerts may grow when they were heard of in this time; no rule is quiet for longer.
const RECENT_SECONDS: i64 = 31 * 86_400;
const RECENT_MAX: usize = 20_000;

/// See the module.
#[derive(Default)]
pub(super) struct Watching {
    watch: Option<Watch>,
    /// What it goes by, as [`crate::alerts::Alerts::changes`] counts.
    changes: u64,
    /// Entries below this were judged and what came of it is kept, or will be with the next alert.
    next: u64,
    /// How far was judged as the catalog has it: another node that has judged meanwhile is seen by that.
    noted: u64,
    closed_elsewhere: u64,
    noted_at: Option<Instant>,
    kept: u64,
    kept_at: Option<Instant>,
    listened_at: Option<Instant>,
}

impl Watching {
    /// The first entry that was not judged.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Keeps everything, so that nothing is judged twice.
    pub fn end(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        if self.noted != self.next {
            self.note(app, room, Moves::default(), &[], (app.clock)())?;
        }
        self.keep(app)
    }

    /// Judges what is new, at most one turn of it.
    pub fn follow(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        let size = *room.size.borrow();
        let changes = app.alerts.changes();
        if self.watch.is_none() {
            if size == 0 {
                return Ok(());
            }
            self.changes = changes;
            self.begin(app, room)?;
        } else if self.changes != changes {
            self.changes = changes;
            self.turn_to(app, room)?;
        }
        // Asked for after the size: what came after an alert was resolved is not put to it.
        self.close_elsewhere(app, room)?;
        for id in app.alerts.take_closed(&room.id) {
            self.watch.iter_mut().for_each(|watch| watch.desk.close(&id));
        }
        let until = size.min(self.next + TURN);
        while self.next < until && !is_ending(app) {
            let chunk = until.min(self.next + AT_ONCE);
            self.judge(app, room, chunk)?;
        }
        self.listen(app, room)?;
        if self.noted != self.next && self.noted_at.is_none_or(|at| at.elapsed() > NOTE_EVERY) {
            self.note(app, room, Moves::default(), &[], (app.clock)())?;
        }
        if self.kept_at.is_none_or(|at| at.elapsed() > KEEP_EVERY) {
            self.keep(app)?;
        }
        Ok(())
    }

    /// Alerts that people resolved at other nodes.
    fn close_elsewhere(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        let now = app.alerts.closed_elsewhere();
        let Some(watch) = self.watch.as_mut().filter(|_| self.closed_elsewhere != now) else { return Ok(()) };
        self.closed_elsewhere = now;
        let recent = app.catalog.recent_alerts(&room.id, past((app.clock)()), RECENT_MAX)?;
        recent.iter().filter(|(_, is_closed)| *is_closed).for_each(|(alert, _)| watch.desk.close(&alert.id));
        Ok(())
    }

    /// Takes up the work where it was left.
    fn begin(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        let book = Arc::new(Rulebook::of(&app.alerts, &app.catalog, &room.id)?);
        tell_refused(&book, room);
        let size = *room.size.borrow();
        // A catalog of another copy may know more than there is.
        let known = app.catalog.judged(&room.id)?;
        let judged = known.unwrap_or(0).min(size);
        self.closed_elsewhere = app.alerts.closed_elsewhere();
        let mut watch = Watch::begin(book.clone(), room.id.as_str());
        watch.is_claimed = app.catalog.mark(room.id.as_str(), CLOCK_MARK)?.is_some();
        let state = kept(app, &room.id).read(app).filter(|(next, _)| *next <= judged);
        if let Some((_, bytes)) = &state {
            match book.detector.restore(room.id.as_str(), bytes) {
                Ok(state) => watch.state = state,
                Err(error) => tracing::warn!(workspace = %room.id, %error, "rules begin anew"),
            }
        }
        self.kept = watch.state.next();
        // Judged again for the memory; what comes of it is known.
        let from = watch.state.next().max(judged.saturating_sub(LEARNED_MAX));
        let snapshot = room.store.snapshot();
        let mut from = from;
        while from < judged && !is_ending(app) {
            let chunk = judged.min(from + AT_ONCE);
            for entries in snapshot.scan(from..chunk) {
                watch.judge(entries?.iter(), &mut Moves::default())?;
            }
            from = chunk;
        }
        let now = (app.clock)();
        watch.desk = Desk::new(room.id.as_str());
        for (alert, is_closed) in app.catalog.recent_alerts(&room.id, past(now), RECENT_MAX)? {
            watch.desk.restore(alert, is_closed);
        }
        // A log that nobody ever judged is not told of from its beginning.
        self.next = judged.max(size.saturating_sub(LEARNED_MAX));
        (self.noted, self.watch) = (known.unwrap_or(0), Some(watch));
        Ok(())
    }

    /// Goes on by the rules as they are now; those that did not change remember what they knew.
    fn turn_to(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        let book = Arc::new(Rulebook::of(&app.alerts, &app.catalog, &room.id)?);
        let Some(watch) = &mut self.watch else { return Ok(()) };
        if !Arc::ptr_eq(&watch.book.detector, &book.detector) {
            tell_refused(&book, room);
            let bytes = watch.book.detector.export(&watch.state)?;
            watch.state = book.detector.restore(room.id.as_str(), &bytes)?;
        }
        watch.book = book;
        Ok(())
    }

    fn judge(&mut self, app: &App, room: &Room, until: u64) -> anyhow::Result<()> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let snapshot = room.store.snapshot();
        let (mut moves, mut gaps) = (Moves::default(), Vec::new());
        for entries in snapshot.scan(self.next..until) {
            let entries = entries?;
            watch.judge(entries.iter(), &mut moves)?;
            for heartbeat in entries.iter().filter_map(|entry| Heartbeat::of(&entry)) {
                gaps.extend(heartbeat.gap(&snapshot)?);
            }
        }
        self.next = until;
        if moves.is_empty() && gaps.is_empty() {
            return Ok(());
        }
        self.note(app, room, moves, &gaps, (app.clock)())
    }

    /// Asks for sources that are silent.
    fn listen(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let is_due =
            self.listened_at.map_or(app.started.elapsed() > LISTEN_AFTER, |at| at.elapsed() > LISTEN_EVERY);
        if !is_due || self.next < *room.size.borrow() {
            return Ok(());
        }
        self.listened_at = Some(Instant::now());
        let (now, mut moves) = ((app.clock)(), Moves::default());
        watch.listen(now, &mut moves)?;
        if moves.is_empty() { Ok(()) } else { self.note(app, room, moves, &[], now) }
    }

    /// Keeps alerts and how far was judged, and posts the entries that tell of them.
    fn note(
        &mut self,
        app: &App,
        room: &Room,
        moves: Moves,
        gaps: &[Value],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let Some(watch) = &self.watch else { return Ok(()) };
        let moved = moves.into_list();
        let judged = self.noted..self.next;
        ensure!(
            app.catalog.keep_alerts(&room.id, judged, &moved, gaps, &watch.book, now)?,
            "another server has judged meanwhile"
        );
        app.metrics.alerts.add(moved.iter().filter(|moved| moved.is_new).count() as u64);
        (self.noted, self.noted_at) = (self.next, Some(Instant::now()));
        if !(moved.is_empty() && gaps.is_empty()) {
            app.post();
        }
        Ok(())
    }

    /// Keeps what rules remember, if that is more than is kept; never more than the alerts know of.
    pub fn keep(&mut self, app: &App) -> anyhow::Result<()> {
        let Some(watch) = &self.watch else { return Ok(()) };
        let next = watch.state.next();
        if next > self.noted || next <= self.kept {
            return Ok(());
        }
        let workspace: WorkspaceId = watch.state.workspace().parse()?;
        let bytes = watch.book.detector.export(&watch.state)?;
        kept(app, &workspace).write(app, next, &bytes)?;
        (self.kept, self.kept_at) = (next, Some(Instant::now()));
        Ok(())
    }
}

fn past(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros() - RECENT_SECONDS * 1_000_000)
}

fn tell_refused(book: &Rulebook, room: &Room) {
    for refused in book.refused.iter() {
        let errors: Vec<_> = refused.errors.iter().map(ToString::to_string).collect();
        tracing::warn!(workspace = %room.id, rule = refused.key, ?errors, "a rule cannot run");
    }
}
