//! Corrections: a person took one tag off and gave another within days. Read from what became of the tags of one conversation,
//! as its history and the log tell it.

use std::collections::{BTreeMap, BTreeSet};

/// A tag that was given so long before or after another was taken off has to do with it.
const WITHIN_MICROS: i64 = 7 * 86_400_000_000;

/// A tag was added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TagEvent {
    pub at: i64,
    pub tag: String,
    pub is_added: bool,
    pub is_by_person: bool,
    /// Who did it.
    pub by: Option<String>,
    pub version: Option<String>,
}

/// A tag that a person replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Corrected {
    pub removed: String,
    pub added: String,
    /// Who had given the removed tag.
    pub assigner: Option<String>,
    pub version: Option<String>,
}

/// The corrections of one conversation. The events need no order; the same may be told twice, by the history and by the log.
pub(super) fn corrections(events: &[TagEvent]) -> Vec<Corrected> {
    let mut in_order: Vec<&TagEvent> = events.iter().collect();
    in_order.sort_by_key(|event| event.at);
    let mut has: BTreeMap<&str, &TagEvent> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut removals: Vec<(&TagEvent, Option<&TagEvent>)> = Vec::new();
    for event in &in_order {
        let tag = event.tag.as_str();
        if event.is_added {
            has.entry(tag).or_insert(event);
            seen.insert(tag);
            continue;
        }
        let given = has.remove(tag);
        // What is told twice has been taken off already.
        if event.is_by_person && (given.is_some() || seen.insert(tag)) {
            removals.push((event, given));
        }
    }
    let given_by_people: Vec<&TagEvent> =
        in_order.iter().copied().filter(|event| event.is_added && event.is_by_person).collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (removal, given) in removals {
        let apart = |added: &&&TagEvent| added.at.saturating_sub(removal.at).saturating_abs();
        let instead = given_by_people.iter().filter(|added| added.tag != removal.tag);
        let instead = instead.filter(|added| apart(added) <= WITHIN_MICROS).min_by_key(apart);
        if let Some(added) = instead
            && told.insert((removal.tag.as_str(), added.tag.as_str()))
        {
            found.push(Corrected {
                removed: removal.tag.clone(),
                added: added.tag.clone(),
                assigner: given.and_then(|given| given.by.clone()),
                version: given.and_then(|given| given.version.clone()),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Such as `1 bot@14 +fee` and `3 ana -fee`: a day, who, what; people have no `@`.
    fn events(told: &str) -> Vec<TagEvent> {
        let event = |line: &str| {
            let mut words = line.split_whitespace();
            let day: i64 = words.next().expect("a day").parse().expect("a number");
            let who = words.next().expect("who");
            let (by, version) = who.split_once('@').map_or((who, None), |(by, version)| (by, Some(version)));
            let (sign, tag) = words.next().expect("what").split_at(1);
            TagEvent {
                at: day * 86_400_000_000,
                tag: tag.to_owned(),
                is_added: sign == "+",
                is_by_person: version.is_none(),
                by: Some(by.to_owned()),
                version: version.map(str::to_owned),
            }
        };
        told.lines().map(str::trim).filter(|line| !line.is_empty()).map(event).collect()
    }

    fn told(events_told: &str) -> Vec<String> {
        let told = |one: Corrected| {
            let by = one.assigner.unwrap_or_else(|| "nobody known".to_owned());
            format!("{} -> {} of {by} {}", one.removed, one.added, one.version.unwrap_or_default())
        };
        corrections(&events(events_told)).into_iter().map(told).collect()
    }

    #[test]
    fn a_person_who_replaces_a_tag_within_a_week_corrects_whoever_gave_it() {
        assert_eq!(told("1 bot@14 +fee\n 3 ana -fee\n 3 ana +cash"), ["fee -> cash of bot 14"]);
        assert_eq!(
            told("3 ana +cash\n 1 bot@14 +fee\n 5 bob -fee"),
            ["fee -> cash of bot 14"],
            "in any order"
        );
        assert!(told("1 bot@14 +fee\n 3 ana -fee\n 11 ana +cash").is_empty(), "eight days are no correction");
        assert!(told("1 bot@14 +fee\n 3 bot@15 -fee\n 3 bot@15 +cash").is_empty(), "a bot corrects nobody");
        assert!(told("1 bot@14 +fee\n 3 ana -fee").is_empty(), "nothing came instead");
        assert!(told("1 ana +fee\n 2 ana -fee\n 3 ana +fee").is_empty(), "the same tag again");
    }

    #[test]
    fn what_the_history_and_the_log_both_tell_counts_once() {
        let twice = "1 bot@14 +fee\n 1 bot@ +fee\n 3 ana -fee\n 3 ana -fee\n 3 ana +cash\n 3 ana +cash";
        assert_eq!(told(twice), ["fee -> cash of bot 14"]);
        assert_eq!(
            told("3 ana -fee\n 3 ana +cash"),
            ["fee -> cash of nobody known "],
            "the log may know no more"
        );
    }

    #[test]
    fn the_nearest_of_several_is_what_came_instead() {
        assert_eq!(told("1 bot@1 +a\n 2 ana +b\n 4 ana -a\n 5 ana +c"), ["a -> c of bot 1"]);
    }
}
