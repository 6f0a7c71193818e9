//! A destination: how far it is, what became of every try, what will never arrive, and whether the days add up.

use super::destination_form::format_name;
use super::destinations::HERE;
use super::{Place, places};
use crate::api::Problem;
use crate::app::App;
use crate::catalog::{DeadLetter, DeliveryAttempt, DeliveryDay, Destination, DestinationState};
use crate::deliver::format::Format;
use crate::deliver::kind;
use crate::followers::lag;
use crate::pages::fields::Fields;
use crate::pages::format::{ago, list, number};
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible};
use crate::pages::shell::{Section, Shell, field_name};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use askama::Template;
use hindcast_event::Timestamp;

/// Rows of each table.
const ROWS: usize = 50;
const DAYS: usize = 31;
const DAY_MICROS: i64 = 86_400_000_000;

#[derive(Template)]
#[template(path = "settings_destination.html")]
pub(super) struct ShownPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    pub saved: Option<(String, Option<String>)>,
    form: Fields,
    one: Listed,
    /// A secret that was just made, shown once.
    pub secret: Option<String>,
    /// Whether a test arrived, and what is said of it.
    pub tested: Option<(bool, String)>,
    is_active: bool,
    can_resume: bool,
    next_at: Option<Moment>,
    replaying: Option<String>,
    facts: Vec<(String, String)>,
    attempts: Vec<AttemptRow>,
    dead: Vec<DeadRow>,
    days: Vec<DayRow>,
}

/// A destination, in the list.
pub(super) struct Listed {
    pub id: String,
    pub name: String,
    pub kind: String,
    /// The class of a badge, its icon and its text.
    pub state: (&'static str, &'static str, String),
    pub lag: String,
    pub reason: String,
}

struct AttemptRow {
    at: Moment,
    entries: String,
    purpose: String,
    badge: &'static str,
    outcome: String,
    took: String,
    said: String,
    /// From, before, and what a button that sends them again is called.
    range: Option<(u64, u64, String)>,
}

struct DeadRow {
    at: Moment,
    entries: String,
    reason: String,
    range: (u64, u64, String),
}

struct DayRow {
    day: String,
    owed: String,
    delivered: String,
    dead: String,
    missing: String,
    is_whole: bool,
}

/// A destination as the list shows it.
pub(super) fn listed(app: &App, visitor: &Visitor, one: &Destination) -> Listed {
    let t = visitor.guest.text;
    let lag = lag(app, one, visitor.now);
    let oldest =
        Timestamp::from_micros(visitor.now.micros() - i64::try_from(lag.seconds).unwrap_or(0) * 1_000_000);
    let lag = match lag.entries {
        0 => t.destination_lag_none(),
        count => t.destination_lag_some(count, ago(t, oldest, visitor.now)),
    };
    let (class, icon, state) = match one.state {
        DestinationState::Active if one.failures > 0 => ("failure", "failed", t.destination_failing()),
        DestinationState::Active => ("success", "success", t.destination_active()),
        DestinationState::Paused => ("unknown", "pending", t.destination_paused()),
        DestinationState::Refused => ("denied", "denied", t.destination_refused()),
        DestinationState::Gone => ("denied", "denied", t.destination_gone()),
        DestinationState::GivenUp => ("failure", "failed", t.destination_given_up()),
    };
    Listed {
        id: one.id.clone(),
        name: short(&one.chosen.name),
        kind: kind::find(&one.kind).map_or_else(|| one.kind.clone(), |kind| kind.name.to_owned()),
        state: (class, icon, state.into_owned()),
        lag: lag.into_owned(),
        reason: visible(&one.reason).into_owned(),
    }
}

/// The page of a destination.
pub(super) fn shown_page(
    app: &App,
    visitor: &Visitor,
    one: &Destination,
    form: Fields,
) -> Result<ShownPage, Problem> {
    let t = visitor.guest.text;
    let attempts = app.catalog.delivery_attempts(&one.id, None, ROWS)?;
    let dead = app.catalog.dead_letters(&one.id, None, ROWS)?;
    let days = app.catalog.delivery_days(&one.id, DAYS)?;
    let is_active = one.state == DestinationState::Active;
    let replaying = one.replay.as_ref().map(|replay| {
        t.destination_replaying(replay.start.to_string(), (replay.end - 1).to_string()).into_owned()
    });
    Ok(ShownPage {
        shell: Shell::of(visitor, app, Section::Settings, visible(&one.chosen.name).into_owned()),
        t,
        places: places(visitor, HERE),
        saved: None,
        form,
        secret: None,
        tested: None,
        is_active,
        can_resume: !is_active || one.failures > 0,
        next_at: one.next_at.filter(|_| is_active).map(|at| Moment::of(visitor, at)),
        replaying,
        facts: facts(visitor, one),
        attempts: attempts.iter().map(|attempt| attempt_row(visitor, attempt)).collect(),
        dead: dead.iter().map(|letter| dead_row(visitor, letter)).collect(),
        days: days.iter().map(|day| day_row(t, day)).collect(),
        one: listed(app, visitor, one),
    })
}

fn figure(t: Text, count: u64) -> String {
    number(i64::try_from(count).unwrap_or(i64::MAX), t.language)
}

fn facts(visitor: &Visitor, one: &Destination) -> Vec<(String, String)> {
    let (t, chosen) = (visitor.guest.text, &one.chosen);
    let hidden: Vec<_> = chosen.hidden.fields().map(|field| field_name(t, field)).collect();
    let url = chosen.settings.get("url").and_then(|url| url.as_str()).unwrap_or_default();
    let query = if chosen.query.is_empty() { "*" } else { &chosen.query };
    let format = Format::parse(&chosen.format).map_or(String::new(), |format| format_name(t, format));
    let last = one.delivered_at.map_or_else(|| t.never().into_owned(), |at| Moment::of(visitor, at).shown);
    let facts = [
        (t.destination_field_url(), visible(url).into_owned()),
        (t.destination_query(), visible(query).into_owned()),
        (t.destination_format(), format),
        (t.destination_hidden(), list(&hidden, t.language)),
        (t.destination_last(), last),
        (t.destination_delivered(), figure(t, one.delivered)),
        (t.destination_dead(), figure(t, one.dead)),
        (t.destination_expired(), figure(t, one.expired)),
    ];
    let told = facts.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(name, value)| (name.into_owned(), value)).collect()
}

fn entries(t: Text, (first, last): (u64, u64), count: u64) -> String {
    match first == last {
        true => format!("#{first}"),
        false => format!("#{first}–#{last} ({})", figure(t, count)),
    }
}

fn attempt_row(visitor: &Visitor, attempt: &DeliveryAttempt) -> AttemptRow {
    let t = visitor.guest.text;
    let (first, last) = attempt.entries;
    let is_test = attempt.purpose == "test";
    let (badge, outcome) = match attempt.outcome.as_str() {
        "delivered" => ("success", t.destination_was_delivered()),
        "partly" => ("denied", t.destination_was_partly()),
        "split" => ("unknown", t.destination_was_split()),
        "refused" => ("denied", t.destination_was_refused()),
        "gone" => ("denied", t.destination_was_gone()),
        _ => ("failure", t.destination_was_again()),
    };
    let purpose = match attempt.purpose.as_str() {
        "live" => t.destination_live(),
        "replay" => t.destination_again(),
        _ => t.destination_probe(),
    };
    let status = attempt.status.map(|status| format!("{status} ")).unwrap_or_default();
    AttemptRow {
        at: Moment::of(visitor, attempt.at),
        entries: if is_test { String::new() } else { entries(t, attempt.entries, attempt.count) },
        purpose: purpose.into_owned(),
        badge,
        outcome: outcome.into_owned(),
        took: t.destination_milliseconds(attempt.millis).into_owned(),
        said: short(&format!("{status}{}", attempt.said)),
        range: (!is_test && attempt.taken > 0).then(|| (first, last + 1, again(t, attempt.entries))),
    }
}

fn again(t: Text, (first, last): (u64, u64)) -> String {
    t.destination_replay_of(first.to_string(), last.to_string()).into_owned()
}

fn dead_row(visitor: &Visitor, letter: &DeadLetter) -> DeadRow {
    let t = visitor.guest.text;
    DeadRow {
        at: Moment::of(visitor, letter.at),
        entries: entries(t, letter.entries, letter.count),
        reason: short(&letter.reason),
        range: (letter.entries.0, letter.entries.1 + 1, again(t, letter.entries)),
    }
}

fn day_row(t: Text, day: &DeliveryDay) -> DayRow {
    let midnight = Timestamp::from_micros(day.day * DAY_MICROS).to_string();
    DayRow {
        day: midnight.chars().take(10).collect(),
        owed: day.matched.map_or_else(|| "–".to_owned(), |matched| figure(t, matched)),
        delivered: figure(t, day.delivered),
        dead: figure(t, day.dead),
        missing: day.matched.map_or_else(|| "–".to_owned(), |_| figure(t, day.missing())),
        is_whole: day.missing() == 0,
    }
}
