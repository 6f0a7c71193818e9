//! Thirteen thousand real questions of bank customers, and what is said of them.

use crate::banking::{Banking, found, mutual, plant, reading, taggings};

#[test]
fn nine_of_ten_unseen_questions_get_the_tag_that_people_gave() {
    let Some(Banking { train, test }) = Banking::read() else { return };
    let reading = reading(&train);
    let tags: Vec<&str> = train.iter().map(|(_, tag)| tag.as_str()).collect();
    let model = reading.learn(&taggings(&tags), &mut |_, _| true).expect("learned");
    assert_eq!((model.tags().len(), test.len()), (77, 3_080));
    let (mut right, mut sure, mut sure_and_right) = (0, 0, 0);
    for (text, tag) in &test {
        let (told, share) = model.tell(&reading.vector(text), 1)[0];
        right += usize::from(told == tag);
        sure += usize::from(share >= 0.9);
        sure_and_right += usize::from(share >= 0.9 && told == tag);
    }
    assert!(right as f64 >= 0.90 * test.len() as f64, "{right} of {}", test.len());
    assert!(
        sure > test.len() / 2 && sure_and_right as f64 > 0.95 * sure as f64,
        "{sure_and_right} of {sure} sure ones"
    );
}

#[test]
fn seven_of_eight_planted_mistakes_are_among_the_first_twelve() {
    let Some(Banking { train, .. }) = Banking::read() else { return };
    let reading = reading(&train);
    let tags: Vec<&str> = train.iter().map(|(_, tag)| tag.as_str()).collect();
    for seed in 0..2 {
        let (given, planted) = plant(&tags, seed);
        let mistags = reading.mistags(&taggings(&given), &[], &mut |_, _| true).expect("mis-tags");
        let found = found(&mistags, &planted);
        assert!(found >= 7, "{found} of 8 with seed {seed}: {planted:?}");
    }
}

#[test]
fn topics_that_nobody_named_are_much_like_the_labels() {
    let Some(Banking { train, .. }) = Banking::read() else { return };
    let tags: Vec<&str> = train.iter().map(|(_, tag)| tag.as_str()).collect();
    let topics = reading(&train).topics(&mut |_, _| true).expect("topics");
    let alike = mutual(&topics, &tags);
    assert!(alike > 0.6 && topics.unplaced < train.len() / 20, "{alike:.3}, {} of no kind", topics.unplaced);
}
