//! Fetches other products' logs, each as often as its workspace wants, and remembers how far it came.
//!
//! A piece is in the log before its cursor is kept; after a crash it is fetched again and found there. A long history is
//! fetched in turns, so that no source waits for another's.

use super::{is_ending, is_quarantined, pause};
use crate::app::App;
use crate::catalog::FetchedSource;
use crate::rooms::Room;
use crate::sources::{
    Connection, Cursor, Hosts, Kind, Limits, Pace, Piece, Progress, Store, Trouble, Web, run,
};
use hindcast_event::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Pieces that a source fetches before others have their turn.
const TURN: Limits = Limits { tries: 1, pieces: 20 };
/// Entries appended at once.
const BATCH_DRAFTS: usize = 1_000;
/// After a failure it is tried again so soon, and each time twice as late.
const AGAIN_AFTER_MIN_MICROS: i64 = 5_000_000;
const AGAIN_AFTER_MAX_MICROS: i64 = 3_600_000_000;
const MINUTE_MICROS: i64 = 60_000_000;
/// What went wrong is kept up to this length.
const PROBLEM_CHARS_MAX: usize = 500;

pub(super) fn follow(app: &App) {
    while pause(app, LOOK_EVERY) {
        let due = app.catalog.due_sources((app.clock)()).unwrap_or_else(|error| {
            if !app.outage.explains(&error) {
                tracing::error!(%error, "it is not known what is to be fetched");
            }
            Vec::new()
        });
        for source in due {
            let Some(claim) = Claim::take(app, &source.id) else { continue };
            let Some(_lead) = app.nodes.lead(&format!("source {}", source.id)) else { continue };
            let Some(room) = app.rooms.get(&source.workspace) else { continue };
            if is_ending(app) || is_quarantined(app, &room) {
                continue;
            }
            // Another thread may have fetched it between our look and our claim.
            let Ok(Some(source)) = app.catalog.source(&source.id) else { continue };
            if source.paused_at.is_none() && source.next_at <= (app.clock)() {
                fetch(app, room, &source);
            }
            drop(claim);
        }
    }
}

/// A source that nobody else fetches.
struct Claim<'a> {
    app: &'a App,
    id: String,
}

impl<'a> Claim<'a> {
    fn take(app: &'a App, id: &str) -> Option<Self> {
        let mut fetching = app.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        fetching.insert(id.to_owned()).then(|| Self { app, id: id.to_owned() })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.app.fetching.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// One turn of a source.
fn fetch(app: &App, room: Arc<Room>, source: &FetchedSource) {
    // What a stranger answers must not end the server, not even where a library of ours did not expect it.
    let fetched = catch_unwind(AssertUnwindSafe(|| turn(app, &room, source)));
    let fetched =
        fetched.unwrap_or_else(|_| Err(Trouble::later("this failed in a way that is a bug of hindcast")));
    let now = (app.clock)();
    let after = |micros: i64| Timestamp::from_micros(now.micros() + micros);
    let every = i64::from(source.every_minutes) * MINUTE_MICROS;
    let noted = match &fetched {
        Err(Trouble::Ending) => return,
        Ok(progress) => {
            if source.failures > 0 {
                tracing::info!(source = source.id, "the source can be fetched again");
            }
            let next = if progress.is_done { after(every) } else { now };
            app.catalog.note_fetch(&source.id, now, next, None)
        }
        Err(trouble) => {
            let doubled = AGAIN_AFTER_MIN_MICROS << source.failures.min(20);
            let asked = match trouble {
                Trouble::Later { after: Some(after), .. } => {
                    i64::try_from(after.as_micros()).unwrap_or(i64::MAX)
                }
                _ => 0,
            };
            let next = after(doubled.max(asked).min(AGAIN_AFTER_MAX_MICROS));
            let problem: String = trouble.to_string().chars().take(PROBLEM_CHARS_MAX).collect();
            // The first of a row; the others are counted, and told where sources are listed.
            if source.failures == 0 {
                tracing::warn!(
                    source = source.id,
                    problem,
                    "a source could not be fetched; it is tried again"
                );
            }
            app.catalog.note_fetch(&source.id, now, next, Some(&problem))
        }
    };
    if let Err(error) = noted {
        tracing::warn!(source = source.id, %error, "how a fetch went cannot be noted");
    }
}

fn turn(app: &App, room: &Room, source: &FetchedSource) -> Result<Progress, Trouble> {
    let broken =
        |error: &dyn std::fmt::Display| Trouble::Refused(format!("the source cannot be opened: {error}"));
    let kind = Kind::parse(&source.kind).ok_or_else(|| broken(&"its kind is not known"))?;
    let connection: Connection = serde_json::from_str(&source.connection).map_err(|error| broken(&error))?;
    let credential = app
        .seal
        .unseal(&credential_purpose(&source.id), &source.credential)
        .map_err(|error| broken(&error))?;
    let credential = String::from_utf8(credential).map_err(|error| broken(&error))?;
    let ca = &app.config.sources.ca;
    let ca: Option<&Path> = (!ca.as_os_str().is_empty()).then_some(ca);
    let web = Web::new(app.deliver.guard(), ca).map_err(|error| broken(&format!("{error:#}")))?;
    let mut opened = connection
        .open(kind, &credential, &hosts(app), Box::new(web), None)
        .map_err(|unfit| broken(&unfit))?;
    let mut store = Log { app, room, id: &source.id, cursor: source.cursor.clone(), stored: 0 };
    let cursor = Cursor(source.cursor.clone());
    run(opened.as_mut(), cursor, &mut store, &mut Clocked(app), TURN, |_| ())
}

/// Where the operator says that products are.
fn hosts(app: &App) -> Hosts {
    let said = |url: &String| Some(url.clone()).filter(|url| !url.is_empty());
    let sources = &app.config.sources;
    Hosts { intercom: said(&sources.intercom_url), zendesk: said(&sources.zendesk_url) }
}

/// What the credential of a source is sealed for.
pub(crate) fn credential_purpose(id: &str) -> String {
    format!("credential of source {id}")
}

/// What the secret of a source's posts is sealed for.
pub(crate) fn hook_purpose(id: &str) -> String {
    format!("hook secret of source {id}")
}

/// The log, as a source fills it.
struct Log<'a> {
    app: &'a App,
    room: &'a Room,
    id: &'a str,
    /// How far it came, as it is kept.
    cursor: String,
    stored: u64,
}

impl Store for Log<'_> {
    fn store(&mut self, piece: &Piece) -> Result<u64, Trouble> {
        self.stored = 0;
        for drafts in piece.drafts.chunks(BATCH_DRAFTS) {
            while !self.app.has_room() {
                Clocked(self.app).wait(LOOK_EVERY)?;
            }
            if is_ending(self.app) {
                return Err(Trouble::Ending);
            }
            let once = self.app.append_drafts_once(&self.room.id, drafts);
            let once = once.map_err(|error| Trouble::later(format!("it could not be stored: {error}")))?;
            self.stored += once.appended.map_or(0, |appended| appended.count);
        }
        Ok(self.stored)
    }

    fn keep(&mut self, piece: &Piece) -> Result<(), Trouble> {
        let cursor = Some((self.cursor.as_str(), piece.cursor.0.as_str()));
        let kept = self.app.catalog.keep_cursor(self.id, cursor, piece.reached, self.stored);
        if !kept.map_err(|error| Trouble::later(format!("how far it came cannot be noted: {error}")))? {
            // Another server has fetched it meanwhile.
            return Err(Trouble::Ending);
        }
        self.cursor.clone_from(&piece.cursor.0);
        // Somebody may have paused it, or taken it away.
        let is_wanted =
            self.app.catalog.source(self.id).ok().flatten().is_some_and(|source| source.paused_at.is_none());
        if is_wanted { Ok(()) } else { Err(Trouble::Ending) }
    }
}

/// The server's clock, and waits that notice its end.
struct Clocked<'a>(&'a App);

impl Pace for Clocked<'_> {
    fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    fn wait(&mut self, time: Duration) -> Result<(), Trouble> {
        if pause(self.0, time) { Ok(()) } else { Err(Trouble::Ending) }
    }
}
