//! The words that some texts have and others have not: what a kind of question is called.

use crate::limits::SHOWN_WORDS_MAX;
use crate::reading::Reading;
use std::collections::BTreeMap;

/// A word must be this many times as frequent as among all to be characteristic.
const LIFT_MIN: f64 = 2.0;
/// It must be in this share of the texts.
const SHARE_MIN: f64 = 0.05;

impl Reading {
    /// The words of `some` texts that set them apart, most telling first; `with` says in how many of `all` texts each word is.
    ///
    /// Class-based TF-IDF over the texts that have a word rather than over its repetitions: the share of `some` that have it, times
    /// the logarithm of how much more frequent that is than among all.
    pub(crate) fn characteristic(&self, some: &[usize], with: &[u32], all: usize) -> Vec<String> {
        let weighed = self.weighed_words(some, with, all).into_iter();
        let spelled = weighed.map(|(word, _)| &*self.vocabulary.spelled[word as usize]);
        spelled.filter(|word| names_something(word)).take(SHOWN_WORDS_MAX).map(str::to_owned).collect()
    }

    /// The characteristic words of `some` with their weights, heaviest first.
    pub(crate) fn weighed_words(&self, some: &[usize], with: &[u32], all: usize) -> Vec<(u32, f64)> {
        let mut found: BTreeMap<u32, u32> = BTreeMap::new();
        some.iter().for_each(|text| self.each_word_once(*text, |word| *found.entry(word).or_default() += 1));
        let mut weighed: Vec<(u32, f64)> = found
            .into_iter()
            .filter_map(|(word, count)| {
                let share = f64::from(count) / some.len() as f64;
                let among_all = f64::from(with[word as usize].max(count)) / all.max(some.len()) as f64;
                let lift = share / among_all;
                let is_usual = share >= SHARE_MIN && (count > 1 || some.len() < 3);
                (is_usual && lift >= LIFT_MIN).then(|| (word, share * lift.ln()))
            })
            .collect();
        weighed.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        weighed
    }

    /// In how many of `texts` each word is, by its number.
    pub(crate) fn texts_with(&self, texts: &[usize]) -> Vec<u32> {
        let mut with = vec![0; self.vocabulary.spelled.len()];
        texts.iter().for_each(|text| self.each_word_once(*text, |word| with[word as usize] += 1));
        with
    }

    fn each_word_once(&self, text: usize, f: impl FnMut(u32)) {
        let mut words = self.words_of(text).to_vec();
        words.sort_unstable();
        words.dedup();
        words.into_iter().for_each(f);
    }
}

/// A number or a single letter names nothing; nor does what stands in the place of an address.
fn names_something(word: &str) -> bool {
    word.chars().any(char::is_alphabetic)
        && !(word.is_ascii() && word.len() == 1)
        && !["url", "email"].contains(&word)
}
