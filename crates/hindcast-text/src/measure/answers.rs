//! How far two answers agree in their words.

use crate::limits::COMPARED_WORDS_MAX;
use crate::reading::Reading;
use crate::text::cleaned;
use crate::words::Cutter;
use std::collections::BTreeMap;

/// Agreement of two answers, each number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Of the words of both, how many they share, whatever the order (F1).
    pub token_f1: f64,
    /// How long the longest sequence of words is that both have in order (ROUGE-L, F1).
    pub rouge_l: f64,
    /// How alike they are where rare words count more than common ones; only a reading knows what is rare.
    pub cosine: Option<f64>,
}

/// Compares two answers; two empty ones agree, an empty one agrees with nothing else.
///
/// `reading` says which words are rare. At most [`COMPARED_WORDS_MAX`] words of each are compared.
pub fn agreement(a: &str, b: &str, reading: Option<&Reading>) -> Agreement {
    let cosine = reading.map(|reading| {
        let (a, b) = (reading.vector(a), reading.vector(b));
        f64::from(if a == b { 1.0 } else { reading.cosine(&a, &b) })
    });
    let mut numbers = BTreeMap::new();
    let cutter = Cutter::new();
    let mut words = |text: &str| {
        let mut words = Vec::new();
        cutter.each_up_to(&cleaned(text), COMPARED_WORDS_MAX, |word| {
            let next = numbers.len() as u32;
            words.push(*numbers.entry(word.to_owned()).or_insert(next));
        });
        words
    };
    let (a, b) = (words(a), words(b));
    Agreement {
        token_f1: f1(shared(&a, &b), a.len(), b.len()),
        rouge_l: f1(in_order(&a, &b), a.len(), b.len()),
        cosine,
    }
}

fn f1(shared: usize, a: usize, b: usize) -> f64 {
    if a + b == 0 { 1.0 } else { 2.0 * shared as f64 / (a + b) as f64 }
}

/// How many words both have, one that comes twice in both counted twice.
fn shared(a: &[u32], b: &[u32]) -> usize {
    let mut left = BTreeMap::new();
    a.iter().for_each(|word| *left.entry(word).or_insert(0_usize) += 1);
    b.iter()
        .filter(|word| match left.get_mut(word) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        })
        .count()
}

/// The length of the longest sequence that both have in order.
fn in_order(a: &[u32], b: &[u32]) -> usize {
    let mut lengths = vec![0_usize; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (at, other) in b.iter().enumerate() {
            let above = lengths[at + 1];
            lengths[at + 1] = if word == other { diagonal + 1 } else { above.max(lengths[at]) };
            diagonal = above;
        }
    }
    lengths[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_words_matters_to_one_and_not_to_the_other() {
        let said = agreement("we sent the card", "the card we sent", None);
        assert_eq!((said.token_f1, said.rouge_l, said.cosine), (1.0, 0.5, None));
    }

    #[test]
    fn the_same_agrees_whatever_its_case_and_nothing_agrees_with_nothing_only() {
        assert_eq!(agreement("Sure, done!", "sure done", None).rouge_l, 1.0);
        assert_eq!(agreement("", " ", None).token_f1, 1.0);
        assert_eq!(agreement("", "done", None).token_f1, 0.0);
    }

    #[test]
    fn a_word_said_once_is_not_shared_twice() {
        assert!((agreement("no", "no no no", None).token_f1 - 0.5).abs() < 1e-9);
    }
}
