//! What a policy would let go now, told in ways that people can judge: by category, by month, and what holds keep.

use super::plan::{Plan, held_by, plan};
use super::policy::Retention;
use crate::app::App;
use crate::rooms::Room;
use hindcast_event::{Category, Indexes, Timestamp};

/// What a policy would let go.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// The entries.
    pub plan: Plan,
    /// How many of each category, the largest first.
    pub categories: Vec<(Category, u64)>,
    /// How many were received in each month of UTC, such as `2026-11`, the oldest first; months of which none go are left out.
    pub months: Vec<(String, u64)>,
    /// How many of those that would go each hold keeps: its id, its name and the number.
    pub holds: Vec<(String, String, u64)>,
}

/// What a policy would let go now, whether or not it counts yet.
pub fn preview(app: &App, room: &Room, policy: &Retention, now: Timestamp) -> anyhow::Result<Preview> {
    let plan = plan(app, room, policy, now)?;
    let (categories, months) = (plan.categories(room)?, months(room, &plan)?);
    let mut holds = Vec::new();
    if !plan.held.is_empty() {
        let snapshot = room.store.snapshot();
        for hold in app.catalog.holds(&room.id)?.into_iter().filter(|hold| hold.released_at.is_none()) {
            let count = in_both(&held_by(&snapshot, &hold)?, &plan.held);
            holds.push((hold.id, hold.name, count));
        }
    }
    Ok(Preview { plan, categories, months, holds })
}

fn in_both(one: &Indexes, other: &Indexes) -> u64 {
    one.ranges().iter().map(|range| other.count_within(range.clone())).sum()
}

/// From the youngest to the oldest, and then turned around: times ascend with the indexes.
fn months(room: &Room, plan: &Plan) -> anyhow::Result<Vec<(String, u64)>> {
    let mut counts = Vec::new();
    let (mut end, mut month) = (u64::MAX, Month::of(plan.cutoff));
    while plan.gone.within(0..end).next().is_some() {
        let start = room.store.end_of(month.eve())?;
        let count = plan.gone.count_within(start..end);
        if count > 0 {
            counts.push((month.text(), count));
        }
        (end, month) = (start, month.before());
    }
    counts.reverse();
    Ok(counts)
}

/// A month of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Month {
    year: u32,
    /// From 1.
    month: u32,
}

impl Month {
    fn of(time: Timestamp) -> Self {
        let text = time.to_string();
        let number =
            |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse().ok()).unwrap_or(1);
        Self { year: number(0, 4), month: number(5, 7) }
    }

    fn before(self) -> Self {
        match self.month {
            1 => Self { year: self.year.saturating_sub(1), month: 12 },
            month => Self { month: month - 1, ..self },
        }
    }

    /// As people write it, such as `2026-11`.
    fn text(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    /// The last moment before it; the first there is when it is older than the calendar.
    fn eve(self) -> Timestamp {
        let start = Timestamp::parse(&format!("{}-01T00:00:00.000000Z", self.text()));
        start.map_or(Timestamp::MIN, |start| Timestamp::from_micros(start.micros() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_go_back_across_years_and_begin_where_the_one_before_ends() {
        let month = Month::of(Timestamp::parse("2026-01-31T23:59:59Z").expect("a time"));
        assert_eq!((month.text(), month.before().text()), ("2026-01".to_owned(), "2025-12".to_owned()));
        assert_eq!(month.eve().to_string(), "2025-12-31T23:59:59.999999Z");
        assert_eq!(Month { year: 0, month: 12 }.eve(), Timestamp::MIN);
    }
}
