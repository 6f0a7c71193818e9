//! What people want of a destination: checked, kept, and told to the dispatcher. The API and the pages say it in their own
//! ways; what is good is decided here alone.

use super::format::Format;
use super::{Invalid, KindOf, Open, Settings, Tried, check, index_at, kind, test_entry};
use crate::app::App;
use crate::catalog::{By, Chosen, DESTINATIONS_MAX, DeliveryAttempt, Destination, NewDestination, Progress};
use crate::rooms::Room;
use anyhow::anyhow;
use hindcast_event::{Hidden, Timestamp};
use hindcast_segments::Sight;
use hindcast_segments::query::{ParseContext, Query, QueryErrors};
use serde_json::{Map, Value};
use std::ops::Range;
use std::time::Instant;

/// What a destination is to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// What people call it.
    pub name: String,
    /// The fields of its kind.
    pub settings: Map<String, Value>,
    /// How entries are spelled; the first format of its kind when absent.
    pub format: Option<String>,
    /// Which entries, in the query grammar.
    pub query: String,
    /// What is hidden from it, besides what is hidden from whoever asks.
    pub hidden: Hidden,
}

/// Where a destination begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Since {
    /// With the next entry.
    #[default]
    Now,
    /// With the first entry there is.
    Start,
    /// With the first entry that was received then or later.
    Time(Timestamp),
    /// With the entry at an index.
    Index(u64),
}

impl Since {
    /// `now`, `start`, a time, or an index.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "" | "now" => Some(Self::Now),
            "start" => Some(Self::Start),
            text => match text.parse() {
                Ok(index) => Some(Self::Index(index)),
                Err(_) => Timestamp::parse(text).map(Self::Time),
            },
        }
    }

    /// The index it stands for, and none beyond the end.
    pub fn index(self, room: &Room) -> anyhow::Result<u64> {
        let size = *room.size.borrow();
        Ok(match self {
            Self::Now => size,
            Self::Start => 0,
            Self::Index(index) => index.min(size),
            Self::Time(time) => index_at(&room.store.snapshot(), time)?,
        })
    }
}

/// Why it cannot be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwanted {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The filter cannot be read.
    #[error(transparent)]
    Query(#[from] QueryErrors),
    /// There are too many.
    #[error("a workspace has at most {DESTINATIONS_MAX} destinations")]
    Full,
    /// Something of ours failed.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// A destination that was just made.
pub(crate) struct Made {
    pub destination: Destination,
    /// What the receiver needs to verify with, told this once.
    pub told: Option<String>,
}

/// Makes a destination. Whatever is hidden from whoever asks (`unseen`) is hidden from it too.
pub(crate) fn create(
    app: &App,
    room: &Room,
    kind: &KindOf,
    mut wanted: Wanted,
    since: Since,
    unseen: Hidden,
    by: &By,
) -> Result<Made, Unwanted> {
    let format = format_of(kind, &wanted)?;
    let told = (kind.complete)(&mut wanted.settings, format);
    let (chosen, secrets) = chosen(app, room, kind, wanted, &Settings::default(), unseen)?;
    let since = since.index(room)?;
    let new = NewDestination { workspace: room.id.clone(), kind: kind.word, chosen, secrets, since };
    let now = (app.clock)();
    let made = app.catalog.create_destination(&new, &app.seal, now, by).map_err(anyhow::Error::from)?;
    let destination = made.ok_or(Unwanted::Full)?;
    app.deliver.note_change();
    Ok(Made { destination, told })
}

/// Changes a destination; secrets that are not given stay. Whether there was anything to change.
pub(crate) fn change(
    app: &App,
    room: &Room,
    before: &Destination,
    wanted: Wanted,
    unseen: Hidden,
    by: &By,
) -> Result<bool, Unwanted> {
    let kind = kind_of(before)?;
    let secrets = app.catalog.destination_secrets(&before.id, &app.seal).map_err(anyhow::Error::from)?;
    let known = Settings::of(Map::new(), secrets);
    // Whoever does not see a field cannot open it for a destination, but what others opened stays.
    let unseen = unseen.fields().filter(|field| before.chosen.hidden.has(*field)).collect();
    let (chosen, secrets) = chosen(app, room, kind, wanted, &known, unseen)?;
    let changed = app.catalog.change_destination(before, &chosen, &secrets, &app.seal, by);
    app.deliver.note_change();
    Ok(changed.map_err(anyhow::Error::from)?)
}

/// The kind of a destination that is kept.
pub(crate) fn kind_of(destination: &Destination) -> anyhow::Result<&'static KindOf> {
    kind::find(&destination.kind)
        .ok_or_else(|| anyhow!("there are no destinations of kind {}", destination.kind))
}

fn format_of(kind: &KindOf, wanted: &Wanted) -> Result<Format, Invalid> {
    let word = wanted.format.as_deref().map(str::trim).filter(|word| !word.is_empty());
    let known = || kind.formats.iter().map(|format| format.as_str()).collect::<Vec<_>>().join(", ");
    let format = match word {
        None => kind.formats.first().copied(),
        Some(word) => Format::parse(word).filter(|format| kind.formats.contains(format)),
    };
    format.ok_or_else(|| Invalid::new("format", format!("must be one of {}", known())))
}

fn chosen(
    app: &App,
    room: &Room,
    kind: &KindOf,
    wanted: Wanted,
    before: &Settings,
    unseen: Hidden,
) -> Result<(Chosen, Map<String, Value>), Unwanted> {
    let name = wanted.name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(
            Invalid::new("name", "must have 1 to 200 characters, none of them a control character").into()
        );
    }
    let format = format_of(kind, &wanted)?;
    let settings = Settings::checked(kind.fields, &wanted.settings, before)?;
    check(app, kind, &settings, format, &room.id)?;
    let hidden: Hidden = wanted.hidden.fields().chain(unseen.fields()).collect();
    // Kept as it is read back: without words that depend on the day.
    let now_us = (app.clock)().micros();
    let query = Query::parse(&wanted.query, &ParseContext { now_us, ..ParseContext::default() })?;
    let sight = Sight { scope: None, hidden };
    sight.allow(&query).map_err(|error| Invalid::new("query", error.to_string()))?;
    let (settings, secrets) = settings.split(kind.fields);
    let format = format.as_str().to_owned();
    Ok((Chosen { name: name.to_owned(), settings, format, query: query.to_string(), hidden }, secrets))
}

/// Pauses a destination; whether it was not paused already.
pub(crate) fn pause(app: &App, destination: &Destination, by: &By) -> anyhow::Result<bool> {
    let paused = app.catalog.pause_destination(destination, by)?;
    app.deliver.note_change();
    Ok(paused)
}

/// Lets a destination go on from where it was; whether it was not going on already.
pub(crate) fn resume(app: &App, destination: &Destination, by: &By) -> anyhow::Result<bool> {
    let resumed = app.catalog.resume_destination(destination, by)?;
    app.deliver.note_change();
    Ok(resumed)
}

/// Removes a destination; whether it was there.
pub(crate) fn delete(app: &App, destination: &Destination, by: &By) -> anyhow::Result<bool> {
    let deleted = app.catalog.delete_destination(destination, by)?;
    app.deliver.note_change();
    Ok(deleted)
}

/// Hands entries over once more: from an index on, and before another one or the end of what it has.
pub(crate) fn replay(
    app: &App,
    destination: &Destination,
    range: Range<u64>,
    by: &By,
) -> Result<(), Unwanted> {
    let range = range.start..range.end.min(destination.cursor);
    if range.is_empty() {
        let problem = format!("must lie before {}, the next entry it gets anyway", destination.cursor);
        return Err(Invalid::new("from", problem).into());
    }
    app.catalog.replay_destination(destination, range, by).map_err(anyhow::Error::from)?;
    app.deliver.note_change();
    Ok(())
}

/// Sends an entry that happened nowhere, and says what became of it.
pub(crate) fn test(app: &App, destination: &Destination) -> anyhow::Result<DeliveryAttempt> {
    let mut open = Open::new(app, destination)?;
    let entry = test_entry(app, open.owed.format)?;
    let begun = Instant::now();
    let tried = open.sink.test(&entry);
    let outcome = match &tried {
        Tried::Delivered(_) => "delivered",
        Tried::But(..) | Tried::Split(_) => "split",
        Tried::Again { .. } => "again",
        Tried::Pause(_) => "refused",
        Tried::Gone(_) => "gone",
    };
    let said = tried.said();
    let attempt = DeliveryAttempt {
        nr: 0,
        at: (app.clock)(),
        entries: (0, 0),
        count: 1,
        taken: u64::from(matches!(tried, Tried::Delivered(_))),
        purpose: "test".to_owned(),
        outcome: outcome.to_owned(),
        status: said.status,
        said: said.text.clone(),
        millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let progress = Progress { attempts: vec![attempt.clone()], ..Progress::default() };
    app.catalog.progress(&destination.id, destination.version, &progress)?;
    Ok(attempt)
}
