//! The words that some texts have and others have not: what a kind of question is called.

use crate::limits::SHOWN_WORDS_MAX;
use crate::reading::Reading;
use std::collections::BTreeMap;

/// A word must be this many times as frequent as elsewhere to be characteristic.
const LIFT_MIN: f64 = 1.5;
/// It must be in this share of the texts.
const SHARE_MIN: f64 = 0.05;

impl Reading {
    /// The words of `some` texts that set them apart from `others`, which may contain them, most telling first.
    ///
    /// Class-based TF-IDF over the texts that have a word rather than over its repetitions: the share of `some` that have it, times
    /// the logarithm of how much more frequent that is than among all.
    pub(crate) fn characteristic(&self, some: &[usize], others: &[usize]) -> Vec<String> {
        let weighed = self.weighed_words(some, &self.texts_with(others), others.len());
        let mut shown = Vec::new();
        for (word, _) in weighed {
            let spelled = &*self.vocabulary.spelled[word as usize];
            // A number or a single letter names nothing; nor does what was put in the place of an address.
            let names = spelled.chars().any(char::is_alphabetic) && (!spelled.is_ascii() || spelled.len() > 1);
            if names && !["url", "email"].contains(&spelled) {
                shown.push(spelled.to_owned());
            }
            if shown.len() == SHOWN_WORDS_MAX {
                break;
            }
        }
        shown
    }

    /// In how many of `texts` each word is.
    pub(crate) fn texts_with(&self, texts: &[usize]) -> BTreeMap<u32, u32> {
        let mut with = BTreeMap::new();
        for text in texts {
            self.each_word_once(*text, |word| *with.entry(word).or_default() += 1);
        }
        with
    }

    fn each_word_once(&self, text: usize, f: impl FnMut(u32)) {
        let mut words = self.words_of(text).to_vec();
        words.sort_unstable();
        words.dedup();
        words.into_iter().for_each(f);
    }

    /// The characteristic words of `some` with their weights, heaviest first.
    pub(crate) fn weighed_words(&self, some: &[usize], with: &BTreeMap<u32, u32>, all: usize) -> Vec<(u32, f64)> {
        let mut weighed: Vec<(u32, f64)> = self
            .texts_with(some)
            .into_iter()
            .filter_map(|(word, count)| {
                let share = f64::from(count) / some.len() as f64;
                let elsewhere = f64::from(with.get(&word).copied().unwrap_or(0)) / all.max(1) as f64;
                let lift = share / elsewhere.max(f64::from(count) / all.max(1) as f64).max(f64::MIN_POSITIVE);
                let enough = lift >= LIFT_MIN && share >= SHARE_MIN && (count > 1 || some.len() == 1);
                enough.then(|| (word, share * (1.0 + lift).ln()))
            })
            .collect();
        weighed.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        weighed
    }
}
