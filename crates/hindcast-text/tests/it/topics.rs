//! Kinds of questions that nobody has named.

use crate::questions::{BOAT, CARD, FEE, KARTE, Kind, PASSWORD, reading};

const KINDS: [&Kind; 4] = [&CARD, &FEE, &PASSWORD, &KARTE];

#[test]
fn questions_of_a_kind_come_together_and_are_called_by_their_words() {
    let texts: Vec<_> = (0..200).map(|at| KINDS[at % 4].ask(at / 4)).collect();
    let topics = reading(&texts).topics(&mut |_, _| true).expect("topics");
    for topic in &topics.topics {
        let kind = topic.medoid % 4;
        let alike = topic.texts.iter().filter(|text| *text % 4 == kind).count();
        assert!(alike * 10 >= topic.texts.len() * 9, "{alike} of {topic:?}");
        assert!(topic.tightness > 0.5 && topic.examples[0] == topic.medoid);
    }
    let called = |word: &str| topics.topics.iter().any(|topic| topic.words.iter().any(|one| one == word));
    assert!(called("fee") && called("password") && called("card") && called("karte"), "{topics:?}");
    assert!(topics.unplaced < 20, "{} are of no kind", topics.unplaced);
    assert!(topics.topics.windows(2).all(|two| two[0].texts.len() >= two[1].texts.len()));
}

#[test]
fn texts_are_in_one_topic_or_in_none() {
    let mut texts: Vec<_> = (0..120).map(|at| KINDS[at % 4].ask(at / 4)).collect();
    texts.extend(["", "zzz", "entirely unlike everything"].map(str::to_owned));
    let topics = reading(&texts).topics(&mut |_, _| true).expect("topics");
    let mut placed: Vec<_> = topics.topics.iter().flat_map(|topic| topic.texts.iter().copied()).collect();
    let count = placed.len();
    placed.sort_unstable();
    placed.dedup();
    assert_eq!((placed.len(), count + topics.unplaced), (count, texts.len()));
    assert!(!placed.contains(&120), "an empty text is of no kind");
}

#[test]
fn a_rare_kind_among_thousands_is_not_lost() {
    let mut texts: Vec<_> = (0..4_500).map(|at| KINDS[at % 3].ask(at / 3)).collect();
    texts.extend((0..12).map(|at| BOAT.ask(at)));
    let topics = reading(&texts).topics(&mut |_, _| true).expect("topics");
    let boats = topics.topics.iter().find(|topic| topic.texts.contains(&4_500)).expect("boats are a kind");
    assert!(boats.texts.iter().all(|text| *text > 4_499), "{boats:?}");
    assert!(boats.texts.len() >= 8, "{boats:?}");
}

#[test]
fn asking_twice_gives_the_same() {
    let texts: Vec<_> = (0..200).map(|at| KINDS[at % 4].ask(at / 4)).collect();
    let told = || reading(&texts).topics(&mut |_, _| true).expect("topics");
    assert_eq!(told(), told());
}
