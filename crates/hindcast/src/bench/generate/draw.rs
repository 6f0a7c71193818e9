//! The dice: what each event is, before it is spelled out as JSON.
//!
//! Drawing takes a fraction of the time that writing does, so whoever only counts should stop here.

use super::vocabulary::{ACTIONS, TARGET_TYPES};
use std::ops::Range;

/// How many workspaces share the log; number 0 is the largest.
pub const WORKSPACES: u32 = 40;
/// 2026-05-25T00:00:00Z: the past is fixed, so that a run can be repeated on any day.
pub(super) const START_US: i64 = 1_779_667_200_000_000;
/// One day.
pub(super) const DAY_US: i64 = 86_400_000_000;
/// How long the past is.
pub(super) const SPAN_US: i64 = 180 * DAY_US;
/// An event happened up to two seconds before or after its turn.
const JITTER_US: i64 = 4_000_000;
const ACTORS_PER_WORKSPACE: u32 = 500;
const TARGETS: u32 = 1_000_000;
const ADDRESSES: u64 = 5_000;
/// The rare word stands in one event of so many, always in the largest workspace: 29 times in 10 million.
const RARE_WORD_EVERY: u64 = 344_827;
const RARE_WORD_FIRST: u64 = 60_000;

/// One event, all but its wording.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    pub workspace: u32,
    /// A place in [`ACTIONS`].
    pub action: usize,
    /// From 0, the busiest, within the workspace.
    pub actor: u32,
    /// Numbered through all workspaces.
    pub target: u32,
    /// An IPv4 address.
    pub address: [u8; 4],
    pub failed: bool,
    pub word: Word,
    /// Microseconds since 1970.
    pub occurred_at: i64,
    /// A version 7 UUID of the time it happened.
    pub id: u128,
    /// For the wording.
    pub random: Random,
}

/// A word to be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    None,
    Common,
    Rare,
}

/// Everything that is the same for all events of a past.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    seed: u64,
    total: u64,
    workspaces: Skew,
    /// Which targets belong to which workspace: the larger it is, the more.
    targets: Vec<Range<u32>>,
    actors: Skew,
    /// Of all actions but the rare one, which is the last of them.
    actions: Skew,
}

impl Draws {
    pub(super) fn new(seed: u64, total: u64) -> Self {
        let workspaces = Skew::new(WORKSPACES as usize, 1.0);
        let targets = (0..WORKSPACES as usize).map(|w| workspaces.share(w, TARGETS)).collect();
        Self {
            seed,
            total,
            workspaces,
            targets,
            actors: Skew::new(ACTORS_PER_WORKSPACE as usize, 1.0),
            actions: Skew::new(ACTIONS.len() - 1, 1.2),
        }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn workspace(&self, i: u64) -> u32 {
        self.start(i).0
    }

    pub(super) fn draw(&self, i: u64) -> Draw {
        let (workspace, mut random) = self.start(i);
        let action = if random.one_in(10_000) { ACTIONS.len() - 1 } else { self.actions.pick(&mut random) };
        let actor = self.actors.pick(&mut random) as u32;
        let targets = &self.targets[workspace as usize];
        let target = targets.start + random.below(targets.len() as u64) as u32;
        let address = address(random.below(ADDRESSES) as u32);
        let failed = random.below(100) < 3;
        let word = match (is_rare(i), random.one_in(100)) {
            (true, _) => Word::Rare,
            (false, true) => Word::Common,
            (false, false) => Word::None,
        };
        // Room for the jitter is left at the end, so that no event is outside the span.
        let turn = (u128::from(i) * (SPAN_US - JITTER_US) as u128 / u128::from(self.total.max(1))) as i64;
        let occurred_at = START_US + turn + random.below(JITTER_US as u64) as i64;
        let id = uuid(occurred_at, &mut random);
        Draw { workspace, action, actor, target, address, failed, word, occurred_at, id, random }
    }

    fn start(&self, i: u64) -> (u32, Random) {
        let mut random = Random::of(self.seed, i);
        let workspace = self.workspaces.pick(&mut random) as u32;
        (if is_rare(i) { 0 } else { workspace }, random)
    }
}

pub(super) fn is_rare(i: u64) -> bool {
    i % RARE_WORD_EVERY == RARE_WORD_FIRST
}

/// One of 5,000 addresses in the range that is set aside for benchmarks.
fn address(number: u32) -> [u8; 4] {
    let [_, _, high, low] = number.to_be_bytes();
    [198, 18, high, low]
}

/// A version 7 UUID whose random bits come from the event's own stream.
fn uuid(at_us: i64, random: &mut Random) -> u128 {
    let time = (at_us / 1000) as u128;
    let (high, low) = (random.next(), random.next());
    time << 80 | 7 << 76 | u128::from(high >> 52) << 64 | 2 << 62 | u128::from(low >> 2)
}

/// What an actor is known by.
pub(super) fn actor_id(workspace: u32, actor: u32) -> String {
    format!("u_{workspace}_{actor}")
}

/// What a target is known by, in all workspaces together.
pub(super) fn target_id(target: u32) -> String {
    format!("{}_{target}", target_type(target))
}

/// What the target of this number is: the same one is always the same kind of thing.
pub(super) fn target_type(target: u32) -> &'static str {
    TARGET_TYPES[target as usize % TARGET_TYPES.len()]
}

/// Zipf's law: the item of rank `r` comes up in proportion to `1 / r^exponent`.
#[derive(Clone, Debug)]
struct Skew {
    /// Item `i` is drawn by the numbers below `ends[i]` and not below the one before.
    ends: Vec<u32>,
}

impl Skew {
    fn new(items: usize, exponent: f64) -> Self {
        let weights = (1..=items).map(|rank| (rank as f64).powf(-exponent));
        let sum: f64 = weights.clone().sum();
        let mut below = 0.0;
        let mut ends: Vec<u32> = weights
            .map(|weight| {
                below += weight;
                (below / sum * f64::from(u32::MAX)) as u32
            })
            .collect();
        // Rounding must not leave numbers that belong to nobody.
        if let Some(last) = ends.last_mut() {
            *last = u32::MAX;
        }
        Self { ends }
    }

    fn pick(&self, random: &mut Random) -> usize {
        let number = random.below(u32::MAX.into()) as u32;
        self.ends.partition_point(|&end| end <= number)
    }

    /// The part of `whole` things that falls to an item.
    fn share(&self, item: usize, whole: u32) -> Range<u32> {
        let at = |end: u32| (u64::from(end) * u64::from(whole) / u64::from(u32::MAX)) as u32;
        let start = item.checked_sub(1).map_or(0, |before| at(self.ends[before]));
        start..at(self.ends[item])
    }
}

/// `SplitMix64`: small, quick, and good enough to make up events with.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The stream of event `i`. Neighbours start far apart.
    pub(super) fn of(seed: u64, i: u64) -> Self {
        let start = Self(seed ^ Self(i).next()).next();
        Self(start)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STEP);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(super) fn of_list<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}
