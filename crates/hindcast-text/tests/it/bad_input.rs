//! Texts that are empty, equal, enormous or nonsense give little, and never a panic or a number that is none.

use hindcast_text::measure::agreement;
use hindcast_text::{Article, Articles, Outcome, Reading, Tagging, Text, TextError, cleaned, script};
use proptest::prelude::*;

fn reading(texts: &[&str]) -> Reading {
    Reading::of(texts.iter().map(|text| Text { text, at_micros: 0 })).expect("read")
}

fn tagging(text: usize, tag: &str) -> Tagging<'_> {
    Tagging { text, tag, assigner: None, version: None }
}

#[test]
fn of_nothing_there_is_nothing_to_say() {
    let none = reading(&[]);
    assert!(none.is_empty());
    assert_eq!(none.topics(&mut |_, _| true).expect("topics").topics, []);
    assert_eq!(none.drift(0, &mut |_, _| true).expect("drift").kinds, 0);
    assert!(matches!(none.learn(&[], &mut |_, _| true), Err(TextError::TooFewTags { found: 0, .. })));
    let empty = reading(&["", " ", "…", ""]);
    let topics = empty.topics(&mut |_, _| true).expect("topics");
    assert_eq!((topics.topics.len(), topics.unplaced), (0, 4));
}

#[test]
fn texts_that_are_all_equal_are_one_topic_and_tags_on_them_say_nothing() {
    let equal = reading(&["where is my card"; 40]);
    let topics = equal.topics(&mut |_, _| true).expect("topics");
    assert_eq!((topics.topics.len(), topics.topics[0].texts.len(), topics.unplaced), (1, 40, 0));
    let tags: Vec<_> = (0..40).map(|text| tagging(text, if text % 2 == 0 { "a" } else { "b" })).collect();
    let told = equal.learn(&tags, &mut |_, _| true).expect("learned");
    let told = told.tell(&equal.vector("where is my card"), 2);
    assert!(told.iter().all(|(_, share)| (0.2..0.8).contains(share)), "{told:?}");
    assert!(equal.mistags(&tags, &[], &mut |_, _| true).is_ok());
}

#[test]
fn a_megabyte_without_a_space_is_read_like_any_text() {
    let long = ["x".repeat(1_000_000), "ไ".repeat(400_000), "<a ".repeat(300_000), "> ".repeat(500_000)];
    let mut texts: Vec<&str> = long.iter().map(String::as_str).collect();
    texts.extend(["where is my card"; 12]);
    let topics = reading(&texts).topics(&mut |_, _| true).expect("topics");
    assert_eq!(topics.topics[0].texts.len(), 12);
}

#[test]
fn times_at_both_ends_of_all_time_are_no_trouble() {
    let at = [i64::MIN, i64::MAX, 0, -1, 1, 2];
    let reading =
        Reading::of(at.map(|at_micros| Text { text: "where is my card", at_micros })).expect("read");
    let topics = reading.topics(&mut |_, _| true).expect("topics");
    let spread = &topics.topics[0].spread;
    assert_eq!((spread.first_at_micros, spread.last_at_micros), (i64::MIN, i64::MAX));
    assert_eq!(spread.periods.iter().sum::<u32>(), 6);
}

#[test]
fn everything_that_takes_long_can_be_cancelled() {
    let reading = reading(&["where is my card", "what is this fee"].repeat(20));
    let tags: Vec<_> =
        (0..40).map(|text| tagging(text, if text % 2 == 0 { "card" } else { "fee" })).collect();
    let mut stop = |_, _| false;
    assert_eq!(reading.topics(&mut stop), Err(TextError::Cancelled));
    assert_eq!(reading.drift(0, &mut stop), Err(TextError::Cancelled));
    assert_eq!(reading.mistags(&tags, &[], &mut stop), Err(TextError::Cancelled));
}

#[test]
fn progress_rises_to_no_more_than_all() {
    let reading = reading(&["where is my card", "what is this fee"].repeat(20));
    let tags: Vec<_> =
        (0..40).map(|text| tagging(text, if text % 2 == 0 { "card" } else { "fee" })).collect();
    let mut last = 0.0;
    let mut rises = |done: usize, of: usize| {
        let now = done as f64 / of as f64;
        assert!(done <= of && now >= last, "{done} of {of} after {last}");
        last = now;
        true
    };
    reading.mistags(&tags, &[], &mut rises).expect("mis-tags");
    last = 0.0;
    let mut rises = |done: usize, of: usize| {
        let now = done as f64 / of as f64;
        assert!(done <= of && now >= last, "{done} of {of} after {last}");
        last = now;
        true
    };
    reading.topics(&mut rises).expect("topics");
}

/// Texts as people and machines write them: words, markup, quotes, other scripts, noise.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("card ".to_owned()),
        Just("fee ".to_owned()),
        Just("パスワード".to_owned()),
        Just("\n> quoted\n".to_owned()),
        Just("<p>".to_owned()),
        Just("</blockquote>".to_owned()),
        Just("On Monday Ana wrote:\n".to_owned()),
        Just("https://x.example ".to_owned()),
        Just("a\u{301}\u{0e33}".to_owned()),
        any::<char>().prop_map(String::from),
        "[a-z]{1,8} ",
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_everything_answers_with_numbers(
        texts in prop::collection::vec((text(), any::<i64>(), 0..3_usize), 0..40),
        since: i64,
    ) {
        let reading = Reading::of(texts.iter().map(|(text, at, _)| Text { text, at_micros: *at })).expect("read");
        let topics = reading.topics(&mut |_, _| true).expect("topics");
        for topic in &topics.topics {
            prop_assert!((0.0..=1.0).contains(&topic.tightness));
            prop_assert!(topic.texts.iter().all(|text| *text < texts.len()));
        }
        reading.drift(since, &mut |_, _| true).expect("drift");
        let tags: Vec<_> = texts.iter().enumerate().map(|(at, (_, _, tag))| tagging(at, ["a", "b", "c"][*tag])).collect();
        if let Ok(model) = reading.learn(&tags, &mut |_, _| true) {
            for (text, _, _) in &texts {
                let told = model.tell(&reading.vector(text), 3);
                let sum: f32 = told.iter().map(|(_, share)| share).sum();
                prop_assert!((sum - 1.0).abs() < 1e-3, "{:?}", told);
            }
            for pair in reading.mistags(&tags, &[], &mut |_, _| true).expect("mis-tags").pairs {
                prop_assert!((0.0..=1.0).contains(&pair.share_of_assigned) && (0.0..=1.0).contains(&pair.margin));
                prop_assert!((0.0..=1.0).contains(&pair.share_of_expected));
            }
        }
        let articles = Articles::of(texts.iter().take(3).map(|(text, _, _)| Article { title: text, body: text })).expect("articles");
        let outcomes: Vec<_> = (0..texts.len()).map(|text| Outcome { text, unresolved: true, cited: None, blocked: false }).collect();
        for gap in reading.gaps(&topics, &outcomes, &articles).expect("gaps") {
            prop_assert!(gap.score >= 0.0 && gap.score <= gap.volume as f64);
        }
    }

    #[test]
    fn a_text_is_as_like_itself_as_can_be(a in text(), b in text()) {
        let reading = reading(&[&a, &b]);
        let agreed = agreement(&a, &a, Some(&reading));
        prop_assert_eq!((agreed.token_f1, agreed.rouge_l, agreed.cosine), (1.0, 1.0, Some(1.0)));
        let (one, other) = (agreement(&a, &b, Some(&reading)), agreement(&b, &a, Some(&reading)));
        prop_assert!((one.token_f1 - other.token_f1).abs() < 1e-9 && (one.rouge_l - other.rouge_l).abs() < 1e-9);
        prop_assert!(one.rouge_l <= one.token_f1 + 1e-9, "what is in order is shared");
        prop_assert!((0.0..=1.0).contains(&one.cosine.expect("a cosine")));
    }

    #[test]
    fn cleaning_is_bounded_and_never_invents(text in text()) {
        let clean = cleaned(&text);
        prop_assert!(clean.len() <= hindcast_text::limits::TEXT_BYTES_MAX);
        prop_assert!(!clean.contains('\n') && !clean.contains("  "));
        script(&clean);
    }
}
