//! How well it reads real questions: `cargo run --release -p hindcast-text --example banking77`.
//!
//! Times are what one thread computed. The 13,083 questions of banking77 lie in `shared/data/banking77` and are no part of the project; `HINDCAST_SHARED` says where
//! `shared` is if not beside the checkout.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    reason = "it reads files and measures with a clock; the crate does neither"
)]

#[path = "../tests/it/banking.rs"]
mod banking;

use banking::{Banking, plant};
use hindcast_text::Text;
use hindcast_text::measure::{Judged, scores};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// What this thread has computed, so that others on the machine do not count; the clock where Linux does not tell.
fn cpu_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told: Option<f64> = told.and_then(|text| text.split(' ').next()?.parse().ok());
    told.map_or_else(clock_seconds, |nanos| nanos / 1e9)
}

fn clock_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |now| now.as_secs_f64())
}

fn main() {
    let Some(Banking { train, test }) = Banking::read() else { return };
    let (began, clock) = (cpu_seconds(), clock_seconds());
    let reading = banking::reading(&train);
    println!("read {} questions: {:.2} s", train.len(), (cpu_seconds() - began));

    let now = cpu_seconds();
    let tags: Vec<&str> = train.iter().map(|(_, tag)| tag.as_str()).collect();
    let model = reading.learn(&banking::taggings(&tags), &mut |_, _| true).expect("learned");
    println!("learned {} tags: {:.2} s", model.tags().len(), (cpu_seconds() - now));
    let now = cpu_seconds();
    let told: Vec<_> = test.iter().map(|(text, _)| model.tell(&reading.vector(text), 1)[0]).collect();
    let judged: Vec<_> = test
        .iter()
        .zip(&told)
        .map(|((_, tag), (given, _))| Judged { expected: [&**tag].into(), given: [*given].into() })
        .collect();
    let scores = scores(&judged);
    let each = (cpu_seconds() - now) * 1e6 / test.len() as f64;
    println!(
        "test split: accuracy {:.4} ({:.3} to {:.3}), macro F1 {:.4}, {each:.0} µs a question",
        scores.exact.share, scores.exact.low, scores.exact.high, scores.macro_f1
    );
    calibration(&told, &test);

    let now = cpu_seconds();
    let found: Vec<_> = (0..5).map(|seed| planted(&reading, &tags, seed)).collect();
    let each = (cpu_seconds() - now) / 5.0;
    let among: Vec<usize> = found.iter().map(|(found, ..)| *found).collect();
    println!("planted mis-tags among the top 12, five seeds: {among:?} of 8, {each:.2} s each");
    let sum = |of: fn(&(usize, Caught)) -> usize| found.iter().map(of).sum::<usize>() as f64;
    println!(
        "  of the texts of these 12 pairs {:.2} had a wrong tag; of texts that were systematically wrong {:.2} are among them",
        sum(|(_, caught)| caught.suspect_and_wrong) / sum(|(_, caught)| caught.suspect),
        sum(|(_, caught)| caught.suspect_and_systematic) / sum(|(_, caught)| caught.systematic)
    );
    topics(&reading, &tags, &train);
    println!("all of it: {:.1} s, or {:.1} s by the clock", cpu_seconds() - began, clock_seconds() - clock);
    many(&train);
}

/// How likely a tag was called, and how often it was right.
fn calibration(told: &[(&str, f32)], test: &[(String, String)]) {
    for tenths in [5..7, 7..9, 9..11] {
        let within: Vec<_> = told
            .iter()
            .zip(test)
            .filter(|((_, share), _)| tenths.contains(&((share * 10.0) as i32)))
            .collect();
        let right = within.iter().filter(|((given, _), (_, tag))| given == tag).count();
        let said: f32 = within.iter().map(|((_, share), _)| share).sum::<f32>() / within.len() as f32;
        println!(
            "  told with {said:.2}: right {:.2} ({} questions)",
            right as f64 / within.len() as f64,
            within.len()
        );
    }
}

/// How many of the texts that were tagged wrongly are told, and of those that are told, how many were.
struct Caught {
    suspect: usize,
    suspect_and_wrong: usize,
    systematic: usize,
    suspect_and_systematic: usize,
}

fn planted(reading: &hindcast_text::Reading, tags: &[&str], seed: u64) -> (usize, Caught) {
    let (given, planted) = plant(tags, seed);
    let mistags = reading.mistags(&banking::taggings(&given), &[], &mut |_, _| true).expect("mis-tags");
    let wrong = |text: usize| given[text] != tags[text];
    let systematic = |text: usize| planted.contains(&(given[text], tags[text]));
    let named: Vec<usize> =
        mistags.pairs.iter().take(12).flat_map(|pair| pair.texts.iter().copied()).collect();
    let caught = Caught {
        suspect: named.len(),
        suspect_and_wrong: named.iter().filter(|text| wrong(**text)).count(),
        systematic: (0..tags.len()).filter(|text| systematic(*text)).count(),
        suspect_and_systematic: named.iter().filter(|text| systematic(**text)).count(),
    };
    (banking::found(&mistags, &planted), caught)
}

/// How well the topics that nobody named fit the labels that people gave.
fn topics(reading: &hindcast_text::Reading, tags: &[&str], train: &[(String, String)]) {
    let now = cpu_seconds();
    let topics = reading.topics(&mut |_, _| true).expect("topics");
    let took = cpu_seconds() - now;
    let mut pure = 0;
    for topic in &topics.topics {
        let mut labels = BTreeMap::<&str, usize>::new();
        topic.texts.iter().for_each(|text| *labels.entry(tags[*text]).or_default() += 1);
        pure += labels.into_values().max().unwrap_or_default();
    }
    let placed = tags.len() - topics.unplaced;
    println!(
        "topics: {} kinds, {:.2} of texts placed, of those {:.2} with the label of most, mutual information {:.3}, {took:.2} s",
        topics.topics.len(),
        placed as f64 / tags.len() as f64,
        pure as f64 / placed as f64,
        banking::mutual(&topics, tags)
    );
    for topic in topics.topics.iter().take(6) {
        println!(
            "  {} texts: {} — \"{}\"",
            topic.texts.len(),
            topic.words.join(", "),
            train[topic.medoid].0.trim()
        );
    }
}

/// What fifty thousand texts take: the questions five times over, with words of their own so that no two are the same.
fn many(train: &[(String, String)]) {
    let texts: Vec<_> =
        (0..50_000).map(|at| format!("{} case{}", train[at % train.len()].0, at * 7919 % 5003)).collect();
    let tags: Vec<&str> = (0..50_000).map(|at| train[at % train.len()].1.as_str()).collect();
    let now = cpu_seconds();
    let texts = texts.iter().enumerate().map(|(at, text)| Text { text, at_micros: at as i64 });
    let reading = hindcast_text::Reading::of(texts).expect("read");
    println!("50,000 texts read: {:.1} s", (cpu_seconds() - now));
    let now = cpu_seconds();
    reading.mistags(&banking::taggings(&tags), &[], &mut |_, _| true).expect("mis-tags");
    println!("  mis-tags: {:.1} s", (cpu_seconds() - now));
    let now = cpu_seconds();
    let topics = reading.topics(&mut |_, _| true).expect("topics");
    println!("  {} topics: {:.1} s", topics.topics.len(), (cpu_seconds() - now));
}
