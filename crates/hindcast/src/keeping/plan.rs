//! The plan: which entries a policy lets go now.

use super::policy::Retention;
use crate::app::App;
use crate::catalog::Hold;
use crate::rooms::Room;
use anyhow::Context as _;
use hindcast_event::{Category, Indexes, Kind, Timestamp};
use hindcast_segments::query::{Clause, Key, ParseContext, Query, Term, TimeRange};
use hindcast_segments::{Budget, Snapshot};

/// What no policy lets go: without it nobody could say what is gone, or whose log it is.
const KEPT_FOR_EVER: [Kind; 5] =
    [Kind::ErasureNotice, Kind::RetentionNotice, Kind::Hold, Kind::Genesis, Kind::KeyChange];

/// What goes now.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The entries.
    pub gone: Indexes,
    /// Nothing received after this is among them.
    pub cutoff: Timestamp,
    /// Entries that would go, but for a legal hold.
    pub held: Indexes,
}

/// What a policy lets go of a workspace's sealed entries, as things are now.
pub fn plan(app: &App, room: &Room, policy: &Retention, now: Timestamp) -> anyhow::Result<Plan> {
    let Some(least) = policy.least() else { return Ok(Plan::default()) };
    let snapshot = room.store.snapshot();
    let cutoff = Retention::cutoff(now, least);
    let gone = expired(room, &snapshot, policy, now)?;
    let mut plan = Plan { cutoff, ..Plan::default() };
    if gone.is_empty() {
        return Ok(plan);
    }
    let gone = gone.without(&of_kinds(&snapshot, &KEPT_FOR_EVER)?);
    let held = held(&snapshot, &app.catalog.holds(&room.id)?)?;
    plan.gone = gone.without(&held);
    plan.held = gone.without(&plan.gone);
    Ok(plan)
}

impl Plan {
    /// How many of each category go, the largest first. Reads more than planning does.
    pub fn categories(&self, room: &Room) -> anyhow::Result<Vec<(Category, u64)>> {
        let snapshot = room.store.snapshot();
        let received = TimeRange { from: None, until: Some(self.cutoff.micros() + 1) };
        let mut counts = Vec::new();
        for category in Category::ALL {
            let all = of_category(&snapshot, category, received)?;
            let count = all.ranges().iter().map(|range| self.gone.count_within(range.clone())).sum::<u64>();
            counts.extend((count > 0).then_some((category, count)));
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(counts)
    }
}

/// Entries older than their category is kept.
fn expired(room: &Room, snapshot: &Snapshot, policy: &Retention, now: Timestamp) -> anyhow::Result<Indexes> {
    let mut gone = Indexes::default();
    if let Some(days) = policy.days {
        let end = room.store.end_of(Retention::cutoff(now, days))?;
        gone = room.store.present(0..end)?;
        for category in categories_with(policy, |kept| kept.is_none_or(|kept| kept > days)) {
            gone = gone.without(&of_category(snapshot, category, TimeRange::default())?);
        }
    }
    for category in categories_with(policy, |kept| kept.is_some()) {
        let Some(days) = policy.days_of(category) else { continue };
        let until = Some(Retention::cutoff(now, days).micros() + 1);
        gone.extend(&of_category(snapshot, category, TimeRange { from: None, until })?);
    }
    // What is not sealed yet waits.
    let sealed = room.store.metas().last().map_or(0, |meta| meta.end_index);
    Ok(gone.within(0..sealed).collect())
}

fn categories_with(
    policy: &Retention,
    is_meant: impl Fn(Option<u32>) -> bool,
) -> impl Iterator<Item = Category> {
    let own = Category::ALL.into_iter().filter(|category| policy.categories.contains_key(category.code()));
    own.filter(move |category| is_meant(policy.days_of(*category)))
}

fn of_category(snapshot: &Snapshot, category: Category, received: TimeRange) -> anyhow::Result<Indexes> {
    let clause = Clause { key: Key::Category, any: vec![Term::Is(category.code().to_owned())], not: false };
    let query = Query { clauses: vec![clause], received, archive: true, ..Query::default() };
    Ok(snapshot.indexes(&query, &Budget::unlimited())?)
}

fn of_kinds(snapshot: &Snapshot, kinds: &[Kind]) -> anyhow::Result<Indexes> {
    let any = kinds.iter().map(|kind| Term::Is(kind.as_str().to_owned())).collect();
    let clauses = vec![Clause { key: Key::Kind, any, not: false }];
    let query = Query { clauses, archive: true, ..Query::default() };
    Ok(snapshot.indexes(&query, &Budget::unlimited())?)
}

/// The entries that legal holds keep.
pub fn held(snapshot: &Snapshot, holds: &[Hold]) -> anyhow::Result<Indexes> {
    let mut held = Indexes::default();
    for hold in holds.iter().filter(|hold| hold.released_at.is_none()) {
        held.extend(&held_by(snapshot, hold)?);
    }
    Ok(held)
}

/// The entries that one of them keeps, as long as it is not released.
pub(super) fn held_by(snapshot: &Snapshot, hold: &Hold) -> anyhow::Result<Indexes> {
    let query = Query::parse(&hold.query, &ParseContext::default());
    let query = query.with_context(|| format!("the hold {:?} cannot be read", hold.name))?;
    // A hold is on what is archived too.
    Ok(snapshot.indexes(&Query { archive: true, ..query }, &Budget::unlimited())?)
}
