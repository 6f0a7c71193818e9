//! What is remembered of actors, told as tables.

use super::actor::{
    ACTIONS_MAX, ADDRESSES_MAX, AGENTS_MAX, COUNTRIES_MAX, Counts, HABIT_ENTRIES_MIN, Habits, RECENT_MAX,
};
use super::*;
use crate::facts::geo::Country;
use crate::facts::travel::Spot;
use proptest::prelude::*;

const NOON: u32 = 1_795_348_800;
const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;

fn seen(at: u32) -> Seen {
    Seen {
        actor: 7,
        at,
        local_hour: at / HOUR,
        action: 1,
        target: 0,
        address: 10,
        agent: 20,
        country: 30,
        is_success: true,
        ..Seen::default()
    }
}

/// An actor after these, the last one judged before and after it is taken in.
fn judged(all: &[Seen]) -> (Habits, Counts) {
    let mut actor = Actor::met(all[0].at);
    let (last, before) = all.split_last().expect("one at least");
    before.iter().for_each(|seen| actor.take(seen));
    let habits = actor.habits(last);
    actor.take(last);
    (habits, actor.counts(last))
}

#[test]
fn nothing_is_new_to_who_has_no_habits_yet() {
    for before in 0..5 {
        let mut all: Vec<Seen> = (0..before).map(|nth| seen(NOON + nth)).collect();
        all.push(Seen { address: 11, agent: 21, country: 31, ..seen(NOON + 60) });
        let (habits, _) = judged(&all);
        let expected = (before >= HABIT_ENTRIES_MIN).then_some(true);
        let told = [habits.is_address_new, habits.is_agent_new, habits.is_country_new];
        assert_eq!(told, [expected; 3], "after {before}");
    }
    let all = [seen(NOON), seen(NOON), seen(NOON), seen(NOON + 1)];
    assert_eq!(judged(&all).0.is_address_new, Some(false));
    let unknown = Seen { address: 0, ..seen(NOON + 1) };
    assert_eq!(judged(&[seen(NOON), seen(NOON), seen(NOON), unknown]).0.is_address_new, None);
}

#[test]
fn what_did_not_work_teaches_no_habits() {
    let tried = Seen { address: 99, country: 98, agent: 97, is_success: false, ..seen(NOON + 10) };
    let mut all = vec![seen(NOON); 4];
    all.extend([tried; 5]);
    all.push(Seen { is_success: true, at: NOON + 40 * DAY, ..tried });
    let (habits, _) = judged(&all);
    assert_eq!(
        (habits.is_address_new, habits.is_country_new, habits.is_agent_new),
        (Some(true), Some(true), Some(true))
    );
    assert_eq!(habits.dormant_days, Some(40), "failures are no signs of life");
}

#[test]
fn after_ninety_days_something_is_new_again() {
    for (days, new) in [(89, false), (90, false), (91, true)] {
        let all = [seen(NOON), seen(NOON), seen(NOON), seen(NOON + days * DAY)];
        let (habits, _) = judged(&all);
        assert_eq!((habits.is_address_new, habits.dormant_days), (Some(new), Some(days)));
        assert_eq!(habits.age_days, Some(days));
    }
}

#[test]
fn the_last_hour_is_counted_with_what_comes_late_at_its_own_time() {
    let other = |at, action, target| Seen { action, target, ..seen(at) };
    let all = [
        other(NOON - HOUR, 1, 5),
        other(NOON - HOUR + 1, 1, 5),
        other(NOON - 600, 2, 6),
        other(NOON - 500, 1, 5),
        other(NOON, 1, 0),
    ];
    let (_, counts) = judged(&all);
    assert_eq!(
        (counts.actions, counts.same_action, counts.targets),
        (4, 3, 2),
        "an hour ago to the second is out"
    );
    let late = [other(NOON, 1, 0), other(NOON + 10, 1, 0), other(NOON - 1800, 1, 0)];
    assert_eq!(judged(&late).1.actions, 1);
}

#[test]
fn hours_and_days_have_a_usual() {
    // Thirty days, each with one entry at noon, then one at three in the night, then one more at noon.
    let mut all: Vec<Seen> = (0..30).map(|day| seen(NOON + day * DAY)).collect();
    all.push(seen(NOON + 29 * DAY + 15 * HOUR));
    assert_eq!(judged(&all).0.hour_share, Some(0));
    all.pop();
    all.push(seen(NOON + 30 * DAY));
    assert_eq!(judged(&all).0.hour_share, Some(1000));
    assert_eq!(judged(&all[..10]).0.hour_share, None, "too few to say");
    assert_eq!(judged(&all).1.z, Some(0));
    all.extend((1..6).map(|nth| seen(NOON + 30 * DAY + nth)));
    assert_eq!(judged(&all).1.z, Some(500), "six on a day where there always was one");
    assert_eq!(judged(&all[..5]).1.z, None);
}

#[test]
fn an_impersonation_lasts_until_it_ends_or_half_a_day() {
    let begun = Seen { impersonation: Some(true), ..seen(NOON) };
    let ended = Seen { impersonation: Some(false), ..seen(NOON + HOUR) };
    for (all, within) in [
        (vec![begun, seen(NOON + HOUR)], true),
        (vec![begun, ended, seen(NOON + HOUR + 1)], false),
        (vec![begun, seen(NOON + 13 * HOUR)], false),
        (vec![seen(NOON), seen(NOON + 1)], false),
        // One that was before it began and comes later.
        (vec![begun, seen(NOON - 1)], false),
    ] {
        assert_eq!(judged(&all).0.after_impersonation, within);
    }
}

#[test]
fn everything_has_its_limit() {
    let mut actor = Actor::met(NOON);
    for nth in 0..3 * RECENT_MAX as u32 {
        actor.take(&Seen {
            action: nth + 1,
            target: nth + 1,
            address: nth + 1,
            agent: nth + 1,
            country: nth + 1,
            ..seen(NOON + nth)
        });
    }
    assert_eq!(actor.recent.len(), RECENT_MAX);
    let lengths = (actor.addresses.len(), actor.agents.len(), actor.countries.len(), actor.days.len());
    assert_eq!(lengths, (ADDRESSES_MAX, AGENTS_MAX, COUNTRIES_MAX, ACTIONS_MAX));
    (0..2000).for_each(|hour| actor.take(&seen(NOON + hour * HOUR)));
    assert!(actor.hours.len() <= 30 * 24 + 1, "{}", actor.hours.len());

    let mut memory = Memory::default();
    let all: Vec<Seen> = (1..=ACTORS_MAX as u64 + 10)
        .map(|actor| Seen { actor, host: actor, ..seen(NOON + actor as u32) })
        .collect();
    assert!(memory.take(0, &all));
    assert!(memory.actors.len() <= ACTORS_MAX && memory.hosts.len() == HOSTS_MAX);
    assert!(memory.actor(1).is_none() && memory.actor(ACTORS_MAX as u64).is_some(), "those seen last stay");
    assert_eq!((memory.is_host_new(1), memory.is_host_new(u64::MAX)), (Some(false), None));
}

#[test]
fn entries_are_taken_in_once_and_without_a_gap() {
    let mut memory = Memory::default();
    assert!(memory.take(0, &[seen(NOON), seen(NOON)]));
    assert!(memory.take(1, &[seen(NOON), seen(NOON)]), "the first of them is in it already");
    assert!(memory.take(0, &[seen(NOON)]));
    assert!(!memory.take(5, &[seen(NOON)]));
    memory.take_at(4, &seen(NOON));
    memory.take_at(2, &seen(NOON));
    assert_eq!((memory.next, memory.actor(7).map(|actor| actor.good)), (5, Some(4)));
}

#[test]
fn a_memory_is_read_back_as_it_was_and_nothing_else_is_one() {
    let mut memory = Memory::default();
    let spot = Spot { country: Country(*b"JP"), point: Some((35.5, 139.75)), at: NOON };
    let all: Vec<Seen> = (0..200)
        .map(|nth| Seen {
            actor: u64::from(nth % 7) + 1,
            host: 3,
            sign_in: (nth % 3 == 0).then_some(spot),
            impersonation: (nth == 9).then_some(true),
            target: nth % 5,
            ..seen(NOON + nth * 977)
        })
        .collect();
    assert!(memory.take(0, &all));
    let bytes = memory.to_bytes();
    assert_eq!(Memory::from_bytes(&bytes).as_ref(), Some(&memory));
    for cut in (0..bytes.len()).step_by(97) {
        assert_eq!(Memory::from_bytes(&bytes[..cut]), None, "{cut}");
    }
    assert_eq!(Memory::from_bytes(&[bytes, vec![0]].concat()), None);
}

proptest! {
    #[test]
    fn clocks_that_step_anywhere_are_borne(times in prop::collection::vec(any::<u32>(), 1..60)) {
        let mut actor = Actor::met(times[0]);
        for at in times {
            let seen = seen(at);
            let habits = actor.habits(&seen);
            actor.take(&seen);
            let counts = actor.counts(&seen);
            prop_assert!(counts.actions >= counts.same_action && counts.actions <= RECENT_MAX as u32);
            prop_assert!(habits.hour_share.is_none_or(|share| share <= 1000));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [b"HCM1".to_vec(), bytes].concat();
        let _nothing = Memory::from_bytes(&bytes);
    }
}
