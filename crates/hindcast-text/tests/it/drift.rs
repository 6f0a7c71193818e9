//! What is asked now and was not asked before.

use crate::questions::{BOAT, CARD, FEE, PASSWORD, reading};

const HOUR: i64 = 3_600_000_000;

#[test]
fn a_new_kind_of_question_is_told_and_the_old_ones_are_not() {
    let old = [&CARD, &FEE, &PASSWORD];
    let mut texts: Vec<_> = (0..150).map(|at| old[at % 3].ask(at / 3)).collect();
    let with_boats = [&CARD, &FEE, &PASSWORD, &BOAT];
    texts.extend((0..120).map(|at| with_boats[at % 4].ask(at / 4 + 60)));
    let drift = reading(&texts).drift(150 * HOUR, &mut |_, _| true).expect("drift");
    assert!(!drift.new.is_empty());
    for kind in &drift.new {
        let boats = kind.topic.texts.iter().filter(|text| **text >= 150 && (*text - 150) % 4 == 3).count();
        assert!(boats * 10 >= kind.topic.texts.len() * 9, "{kind:?}");
        assert!(kind.nearest.is_some_and(|(text, cosine)| text < 150 && cosine < 0.6), "{kind:?}");
    }
    assert_eq!((drift.texts_before, drift.texts), (150, 120));
    assert!(drift.kinds > drift.new.len() && drift.kinds_before > 0);
}

#[test]
fn where_nothing_was_asked_before_nothing_is_new() {
    let texts: Vec<_> = (0..60).map(|at| CARD.ask(at)).collect();
    let drift = reading(&texts).drift(0, &mut |_, _| true).expect("drift");
    assert_eq!((drift.new.len(), drift.texts_before), (0, 0));
    assert!(drift.kinds > 0);
}
