//! The past in the order in which it happened: entries lie in the order in which they came, which is nearly the same, but not for
//! what was imported or sent late.

use hindcast_event::{Entries, Entry};
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, ExportError, SearchError, Snapshot};

/// Entries between two that are wanted are read too if they are fewer than this.
const GAP_MIN: u64 = 1_024;
/// A block of entries is read in at most about so many stretches.
const STRETCHES: u64 = 32;

/// Why there is no past to replay.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPast {
    #[error("more than {0} entries are asked for: name a shorter window, or a narrower filter")]
    TooMany(usize),
    #[error(transparent)]
    Unread(#[from] ExportError),
}

/// The indexes of the entries that answer a query, in the order in which they happened; of a log that had `size` entries.
pub(super) fn places(
    snapshot: &Snapshot,
    query: &Query,
    size: u64,
    most: usize,
    budget: &Budget,
) -> Result<Vec<u64>, NoPast> {
    let (mut places, mut is_too_much) = (Vec::new(), false);
    let cancelled = budget.cancel_flag();
    let read = snapshot.each_place(query, budget, |place| {
        if place.index >= size {
            return;
        }
        if places.len() >= most {
            is_too_much = true;
            return cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        places.push(place.index);
    });
    if is_too_much {
        cancelled.store(false, std::sync::atomic::Ordering::Relaxed);
        return Err(NoPast::TooMany(most));
    }
    read?;
    // The newest come first.
    places.reverse();
    Ok(places)
}

/// Hands the entries at some indexes to `take`, in the order they are named in. What has gone meanwhile is passed over.
pub(super) fn in_order(
    snapshot: &Snapshot,
    places: &[u64],
    mut take: impl FnMut(&Entry<'_>),
) -> Result<(), SearchError> {
    let mut wanted: Vec<(u64, usize)> = places.iter().copied().zip(0..).collect();
    wanted.sort_unstable();
    let (Some(&(first, _)), Some(&(last, _))) = (wanted.first(), wanted.last()) else { return Ok(()) };
    let gap = GAP_MIN.max((last - first) / STRETCHES);
    let (mut kept, mut turns) = (Entries::default(), vec![usize::MAX; places.len()]);
    let mut rest = wanted.as_slice();
    while let Some(&(start, _)) = rest.first() {
        let near = rest.windows(2).take_while(|pair| pair[1].0 - pair[0].0 <= gap).count();
        let (mut stretch, others) = rest.split_at(near + 1);
        let end = stretch.last().map_or(start, |(index, _)| *index);
        for piece in snapshot.scan(start..end + 1) {
            for entry in piece?.iter() {
                while stretch.first().is_some_and(|(index, _)| *index < entry.index) {
                    stretch = &stretch[1..];
                }
                if let Some(&(_, turn)) = stretch.first().filter(|(index, _)| *index == entry.index) {
                    turns[turn] = kept.len();
                    kept.push(entry);
                }
            }
        }
        rest = others;
    }
    turns.iter().filter_map(|at| kept.get(*at)).for_each(|entry| take(&entry));
    Ok(())
}
