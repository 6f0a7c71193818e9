//! A year of one invented workspace, to look around in: Harbour & Pine, outdoor gear, sixty teammates, one AI agent.
//!
//! The same `now` gives the same events, byte for byte, in the order they happened. They are what a source would
//! submit; storing them is the ordinary append path's work. Nobody and nothing in here is real: addresses come from
//! the ranges for documentation, domains end in `.example`.

mod calendar;
mod conversations;
mod dice;
mod guide;
mod incident;
mod line;
mod mishaps;
mod office;
mod people;
#[cfg(test)]
mod tests;

pub(crate) use dice::Dice;
pub use guide::{Guide, Search};

use calendar::{DAY, HOUR, is_weekend};
use conversations::Conversation;
use hindcast_event::Timestamp;
use incident::Incident;
use line::{Line, Place};
use mishaps::Mishaps;
use std::collections::BTreeMap;

/// What the workspace is called.
pub const WORKSPACE_NAME: &str = "Harbour & Pine Support";
/// Roughly how many events a whole year has.
pub const EVENTS: usize = 230_000;
/// Fewer are not worth looking at; the stories alone are a few hundred.
pub const EVENTS_MIN: usize = 2_000;
/// More belong into the benchmark.
pub const EVENTS_MAX: usize = 5_000_000;

const DAYS: i64 = 365;
/// Conversations on a working day of a whole year.
const CONVERSATIONS: f64 = 51.0;
/// How many customers write in each hour of the day in UTC, against each other: Asia, Europe, America.
const HOURS: [i64; 24] = [6, 7, 6, 5, 4, 4, 5, 7, 10, 12, 12, 11, 10, 11, 12, 12, 10, 9, 8, 7, 6, 5, 4, 5];

/// Somebody who works there, as far as others need to know.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// The id that events know them by.
    pub id: String,
    /// Their name.
    pub name: &'static str,
    /// Their address.
    pub email: String,
    /// Their team; empty when they have none.
    pub team: String,
}

/// Everybody who works there.
pub fn colleagues() -> impl Iterator<Item = Colleague> {
    people::PEOPLE.iter().map(|person| Colleague {
        id: person.id.clone(),
        name: person.name,
        email: person.email(),
        team: person.team.to_owned(),
    })
}

/// The teams.
pub fn teams() -> [&'static str; 6] {
    people::TEAMS
}

/// The ids of a team's members.
pub fn team_members(team: &str) -> impl Iterator<Item = String> {
    people::PEOPLE.iter().filter(move |person| person.team == team).map(|person| person.id.clone())
}

/// The events of the year that ends at `now`, as JSON, in the order they happened.
pub fn events(now: Timestamp) -> impl Iterator<Item = Vec<u8>> {
    events_about(now, EVENTS)
}

/// The same year with about so many events, between [`EVENTS_MIN`] and [`EVENTS_MAX`]; the stories are always whole.
pub fn events_about(now: Timestamp, count: usize) -> impl Iterator<Item = Vec<u8>> {
    let count = count.clamp(EVENTS_MIN, EVENTS_MAX);
    let now = now.micros();
    let today = now.div_euclid(DAY);
    let mut year = Year {
        now,
        often: count as f64 / EVENTS as f64,
        next_day: today - DAYS,
        today,
        settled: i64::MIN,
        told: 0,
        conversations: 0,
        mishaps: Mishaps::of(now),
        lines: BTreeMap::new(),
        ids: Dice::named("ids"),
        ended: false,
    };
    let stories: Vec<Line> = Incident::of(now).lines().into_iter().chain(year.mishaps.lines()).collect();
    year.keep(stories);
    year
}

struct Year {
    now: i64,
    often: f64,
    next_day: i64,
    today: i64,
    /// Nothing will be told any more that is earlier.
    settled: i64,
    told: u64,
    conversations: u64,
    mishaps: Mishaps,
    lines: BTreeMap<(i64, u64), Line>,
    ids: Dice,
    ended: bool,
}

impl Year {
    fn keep(&mut self, lines: Vec<Line>) {
        let year = self.now - DAYS * DAY..self.now;
        for line in lines.into_iter().filter(|line| year.contains(&line.at())) {
            self.lines.insert((line.at(), self.told), line);
            self.told += 1;
        }
    }

    /// Days of offices east of Greenwich begin on the evening before, hence `settled`.
    fn tell_day(&mut self, day: i64) {
        let mut lines = Vec::new();
        let thinner = self.often.min(1.0);
        office::sign_ins(day, self.now, thinner, &mut lines);
        office::chores(day, self.now, thinner, &mut lines);
        office::rounds(day, self.often, &mut lines);
        office::comings_and_goings(day, self.now, &mut lines);
        let mut dice = Dice::of(&[30, day.unsigned_abs()]);
        let grows = 0.9 + 0.2 * (DAYS - (self.today - day)) as f64 / DAYS as f64;
        let month = calendar::date(day * DAY).1;
        let season = if matches!(month, 11 | 12) { 1.2 } else { 1.0 };
        let week = if is_weekend(day) { 0.45 } else { 1.0 };
        for _ in 0..dice.about(CONVERSATIONS * self.often * grows * season * week) {
            let at = day * DAY + hour(&mut dice) * HOUR + dice.within(0, HOUR);
            Conversation::tell(self.conversations, at, self.now, &self.mishaps, &mut lines);
            self.conversations += 1;
        }
        self.keep(lines);
        self.settled = (day + 1) * DAY - 14 * HOUR;
    }

    /// The last event says honestly where all the others come from.
    fn import_notice(&self) -> Line {
        let loader = r#"{"type":"system","id":"hindcast_demo","name":"hindcast demo"}"#;
        let said = "The history of this workspace is invented. It was imported: occurred_at is when it would have \
                    happened, received_at is when it was loaded.";
        Line::new(self.now, loader, "data.imported")
            .meta("count", self.told)
            .meta("source", "hindcast demo")
            .meta("format", "ndjson")
            .described(said)
            .from(&Place::within("import"))
    }
}

impl Iterator for Year {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(first) = self.lines.first_entry()
                && (first.key().0 < self.settled || self.next_day > self.today)
            {
                return Some(first.remove().finish(&mut self.ids));
            }
            if self.next_day > self.today {
                let last = !std::mem::replace(&mut self.ended, true);
                return last.then(|| self.import_notice().finish(&mut self.ids));
            }
            self.tell_day(self.next_day);
            self.next_day += 1;
        }
    }
}

fn hour(dice: &mut Dice) -> i64 {
    let mut drawn = dice.within(0, HOURS.iter().sum());
    let found = (0..).zip(HOURS).find(|(_, weight)| {
        drawn -= weight;
        drawn < 0
    });
    found.map_or(12, |(hour, _)| hour)
}
