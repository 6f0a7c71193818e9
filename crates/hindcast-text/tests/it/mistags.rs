//! A bot's new version tags questions wrongly, and people correct some of it.

use crate::questions::{CARD, FEE, Kind, PASSWORD, reading};
use hindcast_text::{Correction, Mistags, Reading, Tagging, Trend};

const KINDS: [&Kind; 3] = [&CARD, &FEE, &PASSWORD];
const TEXTS: usize = 300;
/// From this text on the bot runs version 15.
const RELEASE: usize = 200;

fn texts() -> Reading {
    reading(&(0..TEXTS).map(|at| KINDS[at % 3].ask(at / 3)).collect::<Vec<_>>())
}

/// Version 14 tags well; version 15 calls every second question about fees one about cards.
fn tagged(at: usize) -> Tagging<'static> {
    let is_wrong = at >= RELEASE && at % 6 == 1;
    let tag = if is_wrong { CARD.name } else { KINDS[at % 3].name };
    let version = if at < RELEASE { "14" } else { "15" };
    Tagging { text: at, tag, assigner: Some("triage bot"), version: Some(version) }
}

fn mistags(corrections: &[Correction<'_>]) -> Mistags {
    let taggings: Vec<_> = (0..TEXTS).map(tagged).collect();
    texts().mistags(&taggings, corrections, &mut |_, _| true).expect("mis-tags")
}

#[test]
fn which_questions_are_tagged_wrongly_by_whom_and_since_when() {
    let found = mistags(&[]);
    let first = &found.pairs[0];
    let wrong: Vec<usize> = (0..TEXTS).filter(|at| *at >= RELEASE && at % 6 == 1).collect();
    assert_eq!((&*first.assigned, &*first.expected), (CARD.name, FEE.name));
    // It names those it is surest of, and hardly another.
    let right = first.texts.iter().filter(|text| wrong.contains(text)).count();
    assert!(first.suspects * 5 >= wrong.len() * 2 && first.suspects <= wrong.len(), "{first:?}");
    assert!(right + 1 >= first.texts.len(), "{first:?}");
    let assigner = &first.assigners[0];
    assert_eq!((assigner.name.as_deref(), assigner.version.as_deref()), (Some("triage bot"), Some("15")));
    assert!(assigner.texts + 1 >= first.suspects && assigner.of > assigner.texts);
    assert_eq!(first.spread.trend, Trend::Rising);
    assert!(first.spread.first_at_micros >= RELEASE as i64 * 3_600_000_000, "{first:?}");
    assert!(first.words.iter().any(|word| word == "fee"), "{:?}", first.words);
    assert!(found.pairs[1..].iter().all(|pair| pair.suspects * 2 < first.suspects), "{found:?}");
    assert_eq!((found.looked_at, found.left_out.len()), (TEXTS, 0));
}

#[test]
fn what_people_corrected_stands_first_however_many_others_are_suspect() {
    let corrections: Vec<_> = [2, 5]
        .into_iter()
        .map(|text| Correction {
            text,
            removed: "spam",
            added: PASSWORD.name,
            assigner: Some("filter"),
            version: None,
        })
        .collect();
    let found = mistags(&corrections);
    let first = &found.pairs[0];
    assert_eq!((&*first.assigned, &*first.expected), ("spam", PASSWORD.name));
    assert_eq!((first.corrected, first.suspects, &first.texts[..]), (2, 0, &[2, 5][..]));
    assert_eq!(first.share_of_assigned, 1.0, "nothing else was tagged so");
    assert_eq!(first.assigners[0].name.as_deref(), Some("filter"));
    assert_eq!(&*found.pairs[1].assigned, CARD.name);
}

#[test]
fn a_corrected_text_counts_once() {
    let wrong = RELEASE + 1 - RELEASE % 6 + 6;
    assert_eq!((tagged(wrong).tag, KINDS[wrong % 3].name), (CARD.name, FEE.name));
    let correction =
        Correction { text: wrong, removed: CARD.name, added: FEE.name, assigner: None, version: None };
    let (without, with) = (mistags(&[]), mistags(&[correction]));
    assert_eq!(with.pairs[0].corrected, 1);
    assert_eq!(with.pairs[0].texts.len(), without.pairs[0].texts.len());
    assert_eq!(with.pairs[0].texts[0], wrong, "the evidence comes first");
}

#[test]
fn tags_with_too_few_texts_are_named() {
    let mut taggings: Vec<_> = (0..TEXTS).map(tagged).collect();
    taggings.push(Tagging { text: 0, tag: "rare", assigner: None, version: None });
    let found = texts().mistags(&taggings, &[], &mut |_, _| true).expect("mis-tags");
    assert_eq!(found.left_out, ["rare"]);
}

#[test]
fn a_text_with_both_tags_is_not_suspect() {
    let both = (0..TEXTS).flat_map(|at| {
        let tagging = tagged(at);
        let right =
            (tagging.tag != KINDS[at % 3].name).then(|| Tagging { tag: KINDS[at % 3].name, ..tagging });
        std::iter::once(tagging).chain(right)
    });
    let found = texts().mistags(&both.collect::<Vec<_>>(), &[], &mut |_, _| true).expect("mis-tags");
    let pair = found.pairs.iter().find(|pair| pair.assigned == CARD.name && pair.expected == FEE.name);
    assert!(pair.is_none_or(|pair| pair.suspects < 3), "{pair:?}");
}
