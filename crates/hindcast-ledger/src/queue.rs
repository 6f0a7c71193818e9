//! What waits to be written: a line for each workspace, and a share of the room for whoever comes.
//!
//! Workspaces are served in turns, each by the same number of bytes, so whoever asks for little is part of the next
//! transaction however much others want. Nobody may take more room than is still free: one workspace alone gets half of
//! it, two get a third each, and there is always some left for the next one. Within a workspace the order stays.

use crate::WorkspaceId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Requests that may wait for the sequencer.
pub const WAITING_MAX: usize = 16_384;
/// Bytes of records that may wait for the sequencer.
pub const WAITING_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Kept for whoever has nothing waiting yet and wants little.
const RESERVED: usize = WAITING_MAX / 4;
const RESERVED_BYTES: usize = WAITING_BYTES_MAX / 4;
/// Requests in one transaction.
const REQUESTS_AT_ONCE: usize = 4096;
/// Bytes of records in one transaction. Whoever comes while it is written waits for all of it.
const BYTES_AT_ONCE: usize = 16 * 1024 * 1024;
/// What a workspace may have written in each turn, in bytes.
const TURN_BYTES: usize = 64 * 1024;
/// What a request costs besides its bytes.
const REQUEST_BYTES: usize = 256;

/// What waits; see the module.
pub(crate) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    arrived: Condvar,
}

/// Why something may not wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused<T> {
    /// Others wait already; so many of the same workspace, or of all when there is no room at all.
    Full(T, usize),
    /// Nobody will take it any more.
    Closed(T),
}

struct Waiting<T> {
    lines: BTreeMap<WorkspaceId, Line<T>>,
    /// Whose turn it is, and who comes after.
    turns: VecDeque<WorkspaceId>,
    /// What comes before everybody's: it is little, and asked for by the house itself.
    first: VecDeque<Item<T>>,
    count: usize,
    bytes: usize,
    closed: bool,
}

/// What waits of one workspace.
struct Line<T> {
    items: VecDeque<Item<T>>,
    bytes: usize,
    /// What it may have written before its turn ends.
    credit: usize,
}

struct Item<T> {
    workspace: WorkspaceId,
    bytes: usize,
    what: T,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        let (lines, turns, first) = Default::default();
        let waiting = Waiting { lines, turns, first, count: 0, bytes: 0, closed: false };
        Self { waiting: Mutex::new(waiting), arrived: Condvar::new() }
    }

    /// Puts something at the end of a workspace's line.
    pub(crate) fn push(&self, workspace: &WorkspaceId, bytes: usize, what: T) -> Result<(), Refused<T>> {
        let mut waiting = self.lock();
        match waiting.may_wait(workspace, bytes) {
            Ok(()) => {}
            Err(Some(others)) => return Err(Refused::Full(what, others)),
            Err(None) => return Err(Refused::Closed(what)),
        }
        let item = Item { workspace: workspace.clone(), bytes, what };
        let line = waiting.lines.entry(workspace.clone()).or_insert_with(Line::new);
        let is_new = line.items.is_empty();
        line.bytes += bytes;
        line.items.push_back(item);
        if is_new {
            waiting.turns.push_back(workspace.clone());
        }
        waiting.count += 1;
        waiting.bytes += bytes;
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Puts something before what workspaces want, while there is any room.
    pub(crate) fn push_first(&self, workspace: &WorkspaceId, what: T) -> Result<(), Refused<T>> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Refused::Closed(what));
        }
        if waiting.count >= WAITING_MAX {
            return Err(Refused::Full(what, waiting.count));
        }
        waiting.first.push_back(Item { workspace: workspace.clone(), bytes: 0, what });
        waiting.count += 1;
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes what is to be written together, sorted by workspace: whoever locks them in this order waits for others and
    /// never crosswise. Empty when nothing came in time.
    pub(crate) fn take(&self, within: Duration) -> Vec<T> {
        let waiting = self.lock();
        let (mut waiting, _) = self
            .arrived
            .wait_timeout_while(waiting, within, |waiting| waiting.count == 0)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    /// Refuses everything from now on, and gives back what still waits.
    pub(crate) fn close(&self) -> Vec<T> {
        let mut waiting = self.lock();
        waiting.closed = true;
        let mut left = Vec::new();
        while waiting.count > 0 {
            left.extend(waiting.take());
        }
        left
    }

    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        self.lock().count
    }

    /// How many bytes of records wait.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Line<T> {
    fn new() -> Self {
        Self { items: VecDeque::new(), bytes: 0, credit: 0 }
    }
}

impl<T> Waiting<T> {
    /// Whether one more of a workspace may wait; if not, how many do, or nothing when all is over.
    fn may_wait(&self, workspace: &WorkspaceId, bytes: usize) -> Result<(), Option<usize>> {
        if self.closed {
            return Err(None);
        }
        let all_bytes = self.bytes.saturating_add(bytes);
        let Some(line) = self.lines.get(workspace) else {
            // A little of somebody who has nothing here yet is taken beyond the limits, but not without end.
            let (more, more_bytes) = if bytes <= TURN_BYTES { (RESERVED, RESERVED_BYTES) } else { (0, 0) };
            let is_full = self.count >= WAITING_MAX + more || all_bytes > WAITING_BYTES_MAX + more_bytes;
            return if is_full && self.count > 0 { Err(Some(self.count)) } else { Ok(()) };
        };
        let is_much = line.items.len() >= WAITING_MAX.saturating_sub(self.count)
            || line.bytes.saturating_add(bytes) > WAITING_BYTES_MAX.saturating_sub(self.bytes);
        if is_much { Err(Some(line.items.len())) } else { Ok(()) }
    }

    fn take(&mut self) -> Vec<T> {
        let first = self.first.len().min(REQUESTS_AT_ONCE);
        let mut taken: Vec<_> = self.first.drain(..first).collect();
        let mut bytes = 0;
        while taken.len() < REQUESTS_AT_ONCE && bytes < BYTES_AT_ONCE {
            let Some(workspace) = self.turns.pop_front() else { break };
            let Some(line) = self.lines.get_mut(&workspace) else { continue };
            line.credit += TURN_BYTES;
            while taken.len() < REQUESTS_AT_ONCE
                && bytes < BYTES_AT_ONCE
                && let Some(item) = line.items.pop_front_if(|item| item.bytes + REQUEST_BYTES <= line.credit)
            {
                line.credit -= item.bytes + REQUEST_BYTES;
                line.bytes -= item.bytes;
                bytes += item.bytes;
                taken.push(item);
            }
            // Whoever wants nothing saves nothing up.
            if line.items.is_empty() {
                self.lines.remove(&workspace);
            } else {
                self.turns.push_back(workspace);
            }
        }
        self.count -= taken.len();
        self.bytes -= bytes;
        taken.sort_by(|one, other| one.workspace.cmp(&other.workspace));
        taken.into_iter().map(|item| item.what).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: usize = 1024 * 1024;

    fn workspace(name: impl std::fmt::Display) -> WorkspaceId {
        name.to_string().parse().expect("an id")
    }

    /// Pushes until it is refused; says how often it was not.
    fn flood(queue: &Queue<&'static str>, name: &str, bytes: usize) -> usize {
        (0..).take_while(|_| queue.push(&workspace(name), bytes, "flood").is_ok()).count()
    }

    #[test]
    fn whoever_asks_for_little_is_in_the_next_transaction_however_much_others_want() {
        let queue = Queue::new();
        for nth in 0..20 {
            flood(&queue, &format!("flood-{nth}"), MIB / 8);
        }
        assert!(queue.bytes() > WAITING_BYTES_MAX - MIB, "nothing large fits any more");
        queue.push(&workspace("calm"), 500, "calm").expect("there is room");
        assert!(queue.take(Duration::ZERO).contains(&"calm"));
    }

    #[test]
    fn a_flood_leaves_room_for_whoever_comes_later() {
        let queue = Queue::new();
        assert_eq!(flood(&queue, "ana", 100), WAITING_MAX / 2);
        assert_eq!(flood(&queue, "bob", 100), WAITING_MAX / 4, "what is left is shared with the third");
        assert!(queue.push(&workspace("eve"), 100, "eve").is_ok());
        for nth in 0..30 {
            assert!(flood(&queue, &format!("more-{nth}"), 100) > 0, "the {nth}th");
        }
        let large = Queue::new();
        assert_eq!(flood(&large, "ana", 16 * MIB), 8);
        assert!(large.push(&workspace("eve"), 16 * MIB, "eve").is_ok());
    }

    #[test]
    fn workspaces_take_turns_by_bytes_not_by_requests() {
        let queue = Queue::new();
        for _ in 0..400 {
            queue.push(&workspace("large"), MIB / 4, "large").expect("room");
            queue.push(&workspace("small"), MIB / 256, "small").expect("room");
        }
        let taken = queue.take(Duration::ZERO);
        let of = |name: &str| taken.iter().filter(|what| **what == name).count();
        assert_eq!(of("small"), 400, "all of it is no more than its share");
        assert!(of("large") * MIB / 4 > BYTES_AT_ONCE / 2, "the rest is the other's: {}", of("large"));
    }

    #[test]
    fn what_the_house_asks_for_comes_before_what_workspaces_want() {
        let queue = Queue::new();
        flood(&queue, "ana", MIB);
        queue.push_first(&workspace("ana"), "checkpoint").expect("room");
        assert_eq!(queue.take(Duration::ZERO)[0], "checkpoint");
    }

    #[test]
    fn after_the_end_nothing_waits_and_nothing_is_lost() {
        let queue = Queue::new();
        let pushed = flood(&queue, "ana", MIB);
        assert_eq!(queue.close().len(), pushed);
        assert_eq!(queue.push(&workspace("ana"), 1, "late"), Err(Refused::Closed("late")));
        assert_eq!(queue.push_first(&workspace("ana"), "late"), Err(Refused::Closed("late")));
        assert_eq!((queue.count(), queue.bytes()), (0, 0));
    }

    proptest! {
        #[test]
        fn everything_is_taken_once_and_in_the_order_of_its_workspace(
            pushes in proptest::collection::vec((0_u8..6, 0..3 * MIB, any::<bool>()), 1..200),
        ) {
            let queue = Queue::new();
            let mut told: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
            let mut heard: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
            let mut hear = |taken: Vec<(u8, usize)>| {
                let bytes: usize = taken.iter().map(|(_, nth)| pushes[*nth].1).sum();
                assert!(taken.is_sorted_by_key(|(who, _)| *who), "sorted by workspace");
                assert!(bytes < BYTES_AT_ONCE + 3 * MIB, "a transaction is bounded");
                taken.into_iter().for_each(|(who, nth)| heard.entry(who).or_default().push(nth));
            };
            for (nth, (who, bytes, takes)) in pushes.iter().enumerate() {
                if queue.push(&workspace(who), *bytes, (*who, nth)).is_ok() {
                    told.entry(*who).or_default().push(nth);
                }
                if *takes {
                    hear(queue.take(Duration::ZERO));
                }
            }
            while queue.count() > 0 {
                hear(queue.take(Duration::ZERO));
            }
            prop_assert_eq!(told, heard);
            prop_assert_eq!(queue.bytes(), 0);
        }
    }
}
