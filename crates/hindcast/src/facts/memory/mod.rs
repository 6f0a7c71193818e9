//! The memory of one workspace: what was usual of late, as far as the facts of the next event need it.
//!
//! It is a follower's knowledge, a function of the log: whatever is lost of it is read again from the log, and entries that
//! were never written leave nothing in it. What it knows people and things by are keyed hashes; see `key`.

mod actor;
mod kept;

pub use actor::{Actor, Seen};

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Actors that are remembered; beyond it those who were not seen for longest are forgotten.
pub const ACTORS_MAX: usize = 20_000;
/// So many are forgotten at once.
const FORGOTTEN_AT_ONCE: usize = ACTORS_MAX / 20;
/// Hosts of webhooks that are remembered; when there are more, none is new any more.
pub const HOSTS_MAX: usize = 10_000;

/// The memory of one workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Everything before this index is in it.
    pub next: u64,
    actors: HashMap<u64, Arc<Actor>>,
    hosts: HashSet<u64>,
}

impl Memory {
    /// What is remembered of an actor.
    pub fn actor(&self, actor: u64) -> Option<Arc<Actor>> {
        self.actors.get(&actor).cloned()
    }

    /// Whether a host was never seen; nothing when there are too many to tell.
    pub fn is_host_new(&self, host: u64) -> Option<bool> {
        match self.hosts.contains(&host) {
            true => Some(false),
            false => (self.hosts.len() < HOSTS_MAX).then_some(true),
        }
    }

    /// Takes in the entries from an index on. Those that are in it already are left out; says whether there is no gap.
    pub fn take(&mut self, first: u64, seen: &[Seen]) -> bool {
        if first > self.next {
            return false;
        }
        let known = usize::try_from(self.next - first).unwrap_or(usize::MAX);
        for seen in seen.iter().skip(known) {
            self.take_one(seen);
            self.next += 1;
        }
        true
    }

    /// Takes in one entry that is read again; entries between that are gone are no gap.
    pub fn take_at(&mut self, index: u64, seen: &Seen) {
        if index >= self.next {
            self.take_one(seen);
            self.next = index + 1;
        }
    }

    fn take_one(&mut self, seen: &Seen) {
        if seen.host != 0 && self.hosts.len() < HOSTS_MAX {
            self.hosts.insert(seen.host);
        }
        if seen.actor == 0 {
            return;
        }
        if self.actors.len() >= ACTORS_MAX && !self.actors.contains_key(&seen.actor) {
            self.forget_some();
        }
        let actor = self.actors.entry(seen.actor).or_insert_with(|| Arc::new(Actor::met(seen.at)));
        Arc::make_mut(actor).take(seen);
    }

    fn forget_some(&mut self) {
        let mut newest: Vec<u32> = self.actors.values().map(|actor| actor.newest()).collect();
        let at = FORGOTTEN_AT_ONCE.min(newest.len().saturating_sub(1));
        let (_, limit, _) = newest.select_nth_unstable(at);
        let limit = *limit;
        let mut left = FORGOTTEN_AT_ONCE;
        self.actors.retain(|_, actor| {
            let goes = left > 0 && actor.newest() <= limit;
            left -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests;
