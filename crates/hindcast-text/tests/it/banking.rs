//! Real questions with human labels (banking77, CC BY 4.0), and mistakes planted among the labels.
//!
//! They lie in `shared/data/banking77` and are no part of the project; without them whoever needs them says so.

use hindcast_text::{Mistags, Reading, Tagging, Text, Topics};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Questions and their labels.
pub struct Banking {
    pub train: Vec<(String, String)>,
    pub test: Vec<(String, String)>,
}

impl Banking {
    pub fn read() -> Option<Self> {
        // Tests run in the folder of the crate, examples in that of the caller.
        let shared = std::env::var_os("HINDCAST_SHARED").map(PathBuf::from);
        let places =
            shared.map_or_else(|| vec!["../../../shared".into(), "../shared".into()], |shared| vec![shared]);
        let folders = places.into_iter().map(|place: PathBuf| place.join("data/banking77"));
        let Some(folder) = folders.into_iter().find(|folder| folder.is_dir()) else {
            eprintln!("skipped: there is no data/banking77; set HINDCAST_SHARED to its folder");
            return None;
        };
        let read = |name| {
            let mut file = csv::Reader::from_path(folder.join(name)).expect("the file");
            file.deserialize().map(|row| row.expect("a question and its label")).collect()
        };
        Some(Self { train: read("train.csv"), test: read("test.csv") })
    }
}

/// Reads questions, a second apart.
pub fn reading(questions: &[(String, String)]) -> Reading {
    let texts = questions.iter().enumerate();
    Reading::of(texts.map(|(at, (text, _))| Text { text, at_micros: at as i64 * 1_000_000 })).expect("read")
}

pub fn taggings<'a>(tags: &[&'a str]) -> Vec<Tagging<'a>> {
    let tags = tags.iter().enumerate();
    tags.map(|(text, tag)| Tagging { text, tag, assigner: None, version: None }).collect()
}

/// Sends 30 of 100 questions of eight labels to one other label each, and 3 of 100 of all to any label.
pub fn plant<'a>(tags: &[&'a str], seed: u64) -> (Vec<&'a str>, BTreeSet<(&'a str, &'a str)>) {
    let names: Vec<&str> = tags.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut state = seed.wrapping_mul(0x9e37_79b9).wrapping_add(12_345);
    let mut below = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % end
    };
    let mut planted: BTreeSet<(&str, &str)> = BTreeSet::new();
    while planted.len() < 8 {
        let (expected, assigned) = (names[below(names.len())], names[below(names.len())]);
        let taken = planted.iter().any(|(_, other)| *other == expected);
        if expected != assigned && !taken {
            planted.insert((assigned, expected));
        }
    }
    let given = tags.iter().map(|tag| {
        let wrong = planted.iter().find(|(_, expected)| expected == tag);
        match wrong {
            _ if below(100) < 3 => names[below(names.len())],
            Some((assigned, _)) if below(100) < 30 => assigned,
            _ => tag,
        }
    });
    (given.collect(), planted)
}

/// How many of what was planted is among the first twelve.
pub fn found(mistags: &Mistags, planted: &BTreeSet<(&str, &str)>) -> usize {
    let told = mistags.pairs.iter().take(12);
    told.filter(|pair| planted.contains(&(&*pair.assigned, &*pair.expected))).count()
}

/// Normalised mutual information of topics and labels, over the texts that are of a topic: 0 for chance, 1 for the same division.
pub fn mutual(topics: &Topics, tags: &[&str]) -> f64 {
    let mut cells: BTreeMap<(usize, &str), f64> = BTreeMap::new();
    let (mut of_topics, mut of_tags) = (BTreeMap::new(), BTreeMap::new());
    let mut all = 0.0;
    for (number, topic) in topics.topics.iter().enumerate() {
        for text in &topic.texts {
            *cells.entry((number, tags[*text])).or_default() += 1.0;
            *of_topics.entry(number).or_insert(0.0) += 1.0;
            *of_tags.entry(tags[*text]).or_insert(0.0) += 1.0;
            all += 1.0;
        }
    }
    let entropy =
        |counts: Vec<f64>| counts.iter().map(|count| -count / all * (count / all).ln()).sum::<f64>();
    let shared: f64 = cells
        .iter()
        .map(|((topic, tag), count)| count / all * (count * all / of_topics[topic] / of_tags[tag]).ln())
        .sum();
    let halves = entropy(of_topics.into_values().collect()) + entropy(of_tags.into_values().collect());
    2.0 * shared / halves
}
