//! Makes the reports that are due: each over the week or the month before, with what its reader sees by then.

use super::reports::{Order, make_now};
use crate::app::App;
use crate::catalog::{By, Schedule};
use crate::people::{Permission, sight};
use crate::reports::Template;
use anyhow::{Context as _, ensure};
use hindcast_event::Timestamp;
use hindcast_segments::query::{ParseContext, Query};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use std::sync::Arc;

/// Schedules of a workspace.
pub const SCHEDULES_MAX: u64 = 20;

/// How often a report is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// On Mondays, over the week before.
    Week,
    /// On the first of each month, over the month before.
    Month,
}

impl Every {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Week, Self::Month].into_iter().find(|every| every.as_str() == word)
    }

    /// The beginning of the first week or month after a moment, in UTC.
    pub fn next(self, after: Timestamp) -> Timestamp {
        let first = self.first(day(after));
        let next = match self {
            Self::Week => first.saturating_add(1.week()),
            Self::Month => first.saturating_add(1.month()),
        };
        midnight(next)
    }

    /// The week or the month before the one that a moment is in.
    fn before(self, at: Timestamp) -> (Timestamp, Timestamp) {
        let until = self.first(day(at));
        let from = match self {
            Self::Week => until.saturating_sub(1.week()),
            Self::Month => until.saturating_sub(1.month()),
        };
        (midnight(from), midnight(until))
    }

    /// The first day of the week or the month that a day is in.
    fn first(self, day: Date) -> Date {
        match self {
            Self::Week => day.saturating_sub(i32::from(day.weekday().to_monday_zero_offset()).days()),
            Self::Month => day.first_of_month(),
        }
    }
}

fn day(at: Timestamp) -> Date {
    let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::MAX);
    at.to_zoned(TimeZone::UTC).date()
}

fn midnight(day: Date) -> Timestamp {
    let at = day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_microsecond());
    at.map_or(Timestamp::MAX, Timestamp::from_micros)
}

/// Makes what is due. One that cannot be made is not tried again before it is due the next time.
pub fn work(app: &App) -> anyhow::Result<()> {
    let now = (app.clock)();
    for schedule in app.catalog.due_schedules(now)? {
        let every = Every::parse(&schedule.every).context("a schedule of an unknown kind")?;
        if !app.catalog.move_schedule(&schedule.id, schedule.next_at, every.next(now))? {
            // Another server makes it.
            continue;
        }
        if let Err(error) = make(app, &schedule, every) {
            tracing::warn!(schedule = schedule.id, error = format!("{error:#}"), "a report was not made");
        }
    }
    Ok(())
}

fn make(app: &App, schedule: &Schedule, every: Every) -> anyhow::Result<()> {
    let (workspace, person) = (&schedule.workspace, &schedule.person);
    let membership = app.catalog.membership(workspace, person)?;
    let membership = membership.context("whoever scheduled it is no longer in the workspace")?;
    let person = app.catalog.person(person)?.context("whoever scheduled it is gone")?;
    let may = membership.role.may(Permission::CreateReports) && person.deactivated_at.is_none();
    ensure!(may, "whoever scheduled it may not have reports made any more");
    let hidden = app.catalog.settings(workspace)?.hidden(membership.role);
    let sight = Arc::new(sight(&app.catalog, &person.id, &membership, hidden)?);
    let actor = json!({
        "type": "user", "id": person.id.0, "name": person.name, "email": person.email,
        "role": membership.role.as_str(),
    });
    let order = Order {
        room: app.rooms.get(workspace).context("the workspace is gone")?,
        template: Template::parse(&schedule.template).context("the template is not known")?,
        time: every.before(schedule.next_at),
        narrowed: Query::parse(&schedule.query, &ParseContext::default())?,
        language: schedule.language,
        sight,
        by: By { actor, context: json!({ "source": "schedule" }) },
        mail_to: schedule.mail_to.clone(),
    };
    make_now(app, &order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_due_when_its_week_or_month_is_over() {
        let at = |text: &str| Timestamp::parse(text).expect("a time");
        let sunday = at("2026-11-22T12:00:00Z");
        assert_eq!(Every::Week.next(sunday), at("2026-11-23T00:00:00Z"));
        assert_eq!(Every::Week.next(at("2026-11-23T00:00:00Z")), at("2026-11-30T00:00:00Z"));
        assert_eq!(Every::Month.next(sunday), at("2026-12-01T00:00:00Z"));
        assert_eq!(Every::Month.next(at("2026-12-31T23:59:59Z")), at("2027-01-01T00:00:00Z"));
        assert_eq!(
            Every::Week.before(at("2026-11-23T00:00:00Z")),
            (at("2026-11-16T00:00:00Z"), at("2026-11-23T00:00:00Z"))
        );
        assert_eq!(
            Every::Month.before(at("2026-03-01T00:00:00Z")),
            (at("2026-02-01T00:00:00Z"), at("2026-03-01T00:00:00Z"))
        );
    }
}
