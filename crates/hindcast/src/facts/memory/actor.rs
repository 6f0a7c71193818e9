//! What is remembered of one actor. Small, bounded, and of hashes.
//!
//! Where, with what and when somebody usually is, is learned from what worked: whoever only tried to sign in as another must
//! not make his own address look like theirs.

use super::super::travel::Spot;
use std::collections::VecDeque;

/// Entries of the last hour that are counted one by one; there may be more, and then these are the newest.
pub const RECENT_MAX: usize = 1000;
/// Addresses that are remembered of one actor.
pub const ADDRESSES_MAX: usize = 256;
/// Browsers that are remembered of one actor.
pub const AGENTS_MAX: usize = 32;
/// Countries that are remembered of one actor.
pub const COUNTRIES_MAX: usize = 32;
/// Actions whose days are counted for one actor.
pub const ACTIONS_MAX: usize = 32;
/// Fewer entries than this are no habit that anything could be new to.
pub const HABIT_ENTRIES_MIN: u32 = 3;
/// Fewer entries in 30 days than this say nothing about hours.
const HOURS_ENTRIES_MIN: u32 = 20;
/// Fewer days than this have no deviation worth the name.
const DAYS_KNOWN_MIN: u16 = 7;

const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;
/// What was not seen for so long is new again.
const BASELINE_DAYS: u16 = 90;
/// Counts by hour and day reach back so far.
pub const SHORT_DAYS: u16 = 30;
const DAYS_KEPT: usize = SHORT_DAYS as usize + 1;
/// An impersonation that nobody ended is over after so long.
const IMPERSONATION_SECONDS_MAX: u32 = 12 * HOUR;

/// What one event is to the memory.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Who, as a hash; 0 when nothing is remembered of them.
    pub actor: u64,
    /// When, in seconds since 1970.
    pub at: u32,
    /// The hour by the workspace's clock, counted from 1970.
    pub local_hour: u32,
    /// What, as a hash.
    pub action: u32,
    /// To what, as a hash; 0 when to nothing.
    pub target: u32,
    /// From where, with what and from which country, as hashes; 0 where it is not known.
    pub address: u32,
    pub agent: u32,
    pub country: u32,
    /// Whether it worked, and so says something about habits.
    pub is_success: bool,
    /// Whether and where they signed in.
    pub sign_in: Option<Spot>,
    /// Whether an impersonation began or ended.
    pub impersonation: Option<bool>,
    /// The host of a webhook, as a hash.
    pub host: u64,
}

/// What is remembered of one actor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actor {
    pub(super) first: u32,
    /// The newest entry of any kind, and the newest that worked.
    pub(super) newest: u32,
    pub(super) newest_good: u32,
    /// How many worked.
    pub(super) good: u32,
    pub(super) recent: VecDeque<Recent>,
    pub(super) addresses: Vec<Met>,
    pub(super) agents: Vec<Met>,
    pub(super) countries: Vec<Met>,
    /// Ascending hours, and how many entries each had.
    pub(super) hours: VecDeque<(u32, u32)>,
    pub(super) days: Vec<Days>,
    pub(super) signed_in: Option<Spot>,
    /// Since when they act as another; 0 when they do not.
    pub(super) impersonates: u32,
}

/// An entry of the last hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Recent {
    pub at: u32,
    pub action: u32,
    /// 0 when a later entry has the same one, so that each counts once.
    pub target: u32,
}

/// Something met before, and on which day last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Met {
    pub hash: u32,
    pub day: u16,
}

/// How often something was done on each of the last days.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Days {
    pub action: u32,
    pub last: u16,
    /// That of day `last` stands first.
    pub counts: [u16; DAYS_KEPT],
}

/// What the memory says of an event before it is part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    pub age_days: Option<u32>,
    pub dormant_days: Option<u32>,
    pub is_address_new: Option<bool>,
    pub is_agent_new: Option<bool>,
    pub is_country_new: Option<bool>,
    /// In thousandths.
    pub hour_share: Option<u32>,
    pub after_impersonation: bool,
}

/// What the memory says of an event once it is part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub actions: u32,
    pub same_action: u32,
    pub targets: u32,
    /// In hundredths.
    pub z: Option<i32>,
}

impl Actor {
    /// Somebody who is met for the first time.
    pub fn met(at: u32) -> Self {
        Self { first: at, newest: at, ..Self::default() }
    }

    /// The newest entry there is of them.
    pub fn newest(&self) -> u32 {
        self.newest
    }

    /// Whether something lies more than a day before their newest entry.
    pub fn is_before(&self, at: u32) -> bool {
        at.saturating_add(DAY) < self.newest
    }

    /// Where they signed in last.
    pub fn signed_in(&self) -> Option<Spot> {
        self.signed_in
    }

    /// What is usual for them, before an event is taken in.
    pub fn habits(&self, seen: &Seen) -> Habits {
        let has_habits = self.good >= HABIT_ENTRIES_MIN;
        let is_new =
            |met: &[Met], hash: u32| (has_habits && hash != 0).then(|| !knows(met, hash, day_of(seen.at)));
        let impersonated = self.impersonates..self.impersonates.saturating_add(IMPERSONATION_SECONDS_MAX);
        Habits {
            age_days: Some(seen.at.saturating_sub(self.first) / DAY),
            dormant_days: (self.newest_good > 0).then(|| seen.at.saturating_sub(self.newest_good) / DAY),
            is_address_new: is_new(&self.addresses, seen.address),
            is_agent_new: is_new(&self.agents, seen.agent),
            is_country_new: is_new(&self.countries, seen.country),
            hour_share: self.hour_share(seen.local_hour),
            after_impersonation: self.impersonates > 0 && impersonated.contains(&seen.at),
        }
    }

    fn hour_share(&self, hour: u32) -> Option<u32> {
        let from = hour.saturating_sub(24 * u32::from(SHORT_DAYS));
        let (mut all, mut same) = (0_u32, 0_u32);
        for &(known, count) in self.hours.iter().filter(|(known, _)| (from..=hour).contains(known)) {
            all += count;
            same += if known % 24 == hour % 24 { count } else { 0 };
        }
        (all >= HOURS_ENTRIES_MIN).then(|| (u64::from(same) * 1000 / u64::from(all)) as u32)
    }

    /// Takes an event in.
    pub fn take(&mut self, seen: &Seen) {
        self.first = self.first.min(seen.at);
        self.newest = self.newest.max(seen.at);
        self.take_recent(seen);
        self.take_day(seen);
        if seen.is_success {
            let day = day_of(seen.at);
            self.good = self.good.saturating_add(1);
            self.newest_good = self.newest_good.max(seen.at);
            meet(&mut self.addresses, seen.address, day, ADDRESSES_MAX);
            meet(&mut self.agents, seen.agent, day, AGENTS_MAX);
            meet(&mut self.countries, seen.country, day, COUNTRIES_MAX);
            self.take_hour(seen.local_hour);
        }
        if let Some(spot) = seen.sign_in.filter(|spot| self.signed_in.is_none_or(|last| spot.at >= last.at)) {
            self.signed_in = Some(spot);
        }
        match seen.impersonation {
            // One that was over before this one began.
            Some(_) if seen.at < self.impersonates => {}
            Some(true) => self.impersonates = seen.at.max(1),
            Some(false) => self.impersonates = 0,
            None => {}
        }
    }

    fn take_recent(&mut self, seen: &Seen) {
        let newest = self.newest;
        while self.recent.front().is_some_and(|first| first.at.saturating_add(HOUR) <= newest) {
            self.recent.pop_front();
        }
        if seen.target != 0
            && let Some(earlier) = self.recent.iter_mut().rev().find(|recent| recent.target == seen.target)
        {
            earlier.target = 0;
        }
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(Recent { at: seen.at, action: seen.action, target: seen.target });
    }

    fn take_hour(&mut self, hour: u32) {
        match self.hours.iter_mut().rev().find(|(known, _)| *known <= hour) {
            Some((known, count)) if *known == hour => *count = count.saturating_add(1),
            _ => {
                let at = self.hours.partition_point(|(known, _)| *known < hour);
                self.hours.insert(at, (hour, 1));
            }
        }
        let from = self.hours.back().map_or(0, |(last, _)| last.saturating_sub(24 * u32::from(SHORT_DAYS)));
        while self.hours.front().is_some_and(|(first, _)| *first < from) {
            self.hours.pop_front();
        }
    }

    fn take_day(&mut self, seen: &Seen) {
        let day = day_of(seen.at);
        let at = match self.days.iter().position(|days| days.action == seen.action) {
            Some(at) => at,
            None => {
                if self.days.len() >= ACTIONS_MAX
                    && let Some((oldest, _)) = self.days.iter().enumerate().min_by_key(|(_, days)| days.last)
                {
                    self.days.swap_remove(oldest);
                }
                self.days.push(Days { action: seen.action, last: day, counts: [0; DAYS_KEPT] });
                self.days.len() - 1
            }
        };
        self.days[at].count(day);
    }

    /// How often things happen, with an event that was just taken in.
    pub fn counts(&self, seen: &Seen) -> Counts {
        let since = seen.at.saturating_sub(HOUR);
        let mut counts = Counts { z: self.z(seen), ..Counts::default() };
        for recent in &self.recent {
            // One that is late is judged by what was before it.
            let is_within = u32::from(recent.at > since && recent.at <= seen.at);
            counts.actions += is_within;
            counts.same_action += is_within * u32::from(recent.action == seen.action);
            counts.targets += is_within * u32::from(recent.target != 0);
        }
        counts
    }

    /// How many deviations today is above the days before: `(today - mean) / max(deviation, 1)`.
    fn z(&self, seen: &Seen) -> Option<i32> {
        let day = day_of(seen.at);
        let known = day.saturating_sub(day_of(self.first)).min(SHORT_DAYS);
        let days = self.days.iter().find(|days| days.action == seen.action && days.last == day)?;
        if known < DAYS_KNOWN_MIN {
            return None;
        }
        let before = &days.counts[1..=usize::from(known)];
        let count = f64::from(known);
        let mean = before.iter().map(|count| f64::from(*count)).sum::<f64>() / count;
        let variance = before.iter().map(|count| (f64::from(*count) - mean).powi(2)).sum::<f64>() / count;
        let z = (f64::from(days.counts[0]) - mean) / variance.sqrt().max(1.0);
        Some((z * 100.0).round() as i32)
    }
}

impl Days {
    fn count(&mut self, day: u16) {
        if day > self.last {
            let by = usize::from(day - self.last);
            if by >= DAYS_KEPT {
                self.counts = [0; DAYS_KEPT];
            } else {
                self.counts.copy_within(..DAYS_KEPT - by, by);
                self.counts[..by].fill(0);
            }
            self.last = day;
        }
        if let Some(count) = self.counts.get_mut(usize::from(self.last - day)) {
            *count = count.saturating_add(1);
        }
    }
}

fn day_of(at: u32) -> u16 {
    // u32 seconds are fewer days than u16 can count.
    (at / DAY) as u16
}

fn knows(met: &[Met], hash: u32, day: u16) -> bool {
    met.iter().any(|met| met.hash == hash && met.day.saturating_add(BASELINE_DAYS) >= day)
}

fn meet(met: &mut Vec<Met>, hash: u32, day: u16, max: usize) {
    if hash == 0 {
        return;
    }
    if let Some(known) = met.iter_mut().find(|met| met.hash == hash) {
        known.day = known.day.max(day);
        return;
    }
    if met.len() >= max
        && let Some((oldest, _)) = met.iter().enumerate().min_by_key(|(_, met)| met.day)
    {
        met.swap_remove(oldest);
    }
    met.push(Met { hash, day });
}
