//! Searching the articles that answer questions: BM25, told as a share of what a fitting article would have.

use crate::TextError;
use crate::limits::{ARTICLE_WORDS_MAX, ARTICLES_MAX};
use crate::text::cleaned;
use crate::words::Cutter;
use std::collections::BTreeMap;
use std::ops::Bound;

/// How soon a word's repetitions add nothing (BM25's k1).
const REPETITION: f64 = 1.2;
/// How much a long article must repeat a word to be as much about it (BM25's b).
const LENGTH: f64 = 0.75;
/// A word of the title is as much as this many in the text.
const TITLE: f64 = 3.0;
/// Words of at least this many characters may have an ending more, or less.
const STEM_CHARS_MIN: usize = 4;
/// An ending has at most this many characters.
const ENDING_CHARS_MAX: usize = 2;

/// One article.
#[derive(Clone, Copy, Debug)]
pub struct Article<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its text; markup is taken off.
    pub body: &'a str,
}

/// Articles that can be searched. They are named by their number, in the order they were taken, from 0.
#[derive(Debug)]
pub struct Articles {
    cutter: Cutter,
    /// The articles that have a word, and how often.
    with: BTreeMap<Box<str>, BTreeMap<u32, f64>>,
    lengths: Vec<f64>,
}

/// The article nearest to a question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// The number of the article.
    pub article: usize,
    /// From 0, no word of the question, to 1, all its words as an article about it has them; rare words count most.
    pub similarity: f64,
}

impl Articles {
    /// Takes in articles.
    ///
    /// # Errors
    ///
    /// Where there are more than [`ARTICLES_MAX`].
    pub fn of<'a>(articles: impl IntoIterator<Item = Article<'a>>) -> Result<Self, TextError> {
        let mut all = Self { cutter: Cutter::new(), with: BTreeMap::new(), lengths: Vec::new() };
        for article in articles {
            let number = all.lengths.len();
            if number >= ARTICLES_MAX {
                return Err(TextError::TooMany { what: "articles", max: ARTICLES_MAX });
            }
            let mut length = 0.0;
            for (text, times) in [(article.title, TITLE), (article.body, 1.0)] {
                all.cutter.each_up_to(&crate::text::plain(text), ARTICLE_WORDS_MAX, |word| {
                    *all.with.entry(word.into()).or_default().entry(number as u32).or_default() += times;
                    length += times;
                });
            }
            all.lengths.push(length);
        }
        Ok(all)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The article nearest to a question, or nothing where none has a word of it.
    pub fn nearest(&self, question: &str) -> Option<Nearest> {
        let mut words = BTreeMap::new();
        self.cutter.each(&cleaned(question), |word| {
            words.insert(word.to_owned(), 1.0);
        });
        self.nearest_to(words.iter().map(|(word, weight)| (word.as_str(), *weight)))
    }

    /// The article nearest to words that count as much as their weights.
    pub(crate) fn nearest_to<'w>(&self, words: impl Iterator<Item = (&'w str, f64)>) -> Option<Nearest> {
        let count = self.len() as f64;
        let mean = (self.lengths.iter().sum::<f64>() / count).max(1.0);
        let mut scores: BTreeMap<u32, f64> = BTreeMap::new();
        let mut whole = 0.0;
        for (word, weight) in words {
            let found = self.with_endings(word);
            // A word that no article has is as rare as one that a single article has, not rarer.
            let having = found.len().max(1) as f64;
            let rarity = (1.0 + (count - having + 0.5) / (having + 0.5)).ln();
            whole += weight * rarity;
            for (article, times) in found {
                let long = 1.0 - LENGTH + LENGTH * self.lengths[article as usize] / mean;
                let fits = (times * (REPETITION + 1.0) / (times + REPETITION * long)).min(1.0);
                *scores.entry(article).or_default() += weight * rarity * fits;
            }
        }
        let (article, score) = scores.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        Some(Nearest { article: article as usize, similarity: (score / whole).clamp(0.0, 1.0) })
    }

    /// How often each article has a word, or the word with another short ending: `card` and `cards`.
    fn with_endings(&self, word: &str) -> BTreeMap<u32, f64> {
        let mut found: BTreeMap<u32, f64> = BTreeMap::new();
        let mut take = |articles: &BTreeMap<u32, f64>| {
            articles.iter().for_each(|(article, times)| *found.entry(*article).or_default() += times);
        };
        let chars = word.chars().count();
        if chars < STEM_CHARS_MIN {
            self.with.get(word).into_iter().for_each(take);
            return found;
        }
        let longer = self
            .with
            .range::<str, _>((Bound::Included(word), Bound::Unbounded))
            .take_while(|(other, _)| other.starts_with(word));
        let longer = longer.filter(|(other, _)| other.chars().count() <= chars + ENDING_CHARS_MAX);
        longer.for_each(|(_, articles)| take(articles));
        let ends = word
            .char_indices()
            .map(|(at, _)| at)
            .skip(STEM_CHARS_MIN.max(chars.saturating_sub(ENDING_CHARS_MAX)));
        ends.filter_map(|end| self.with.get(&word[..end])).for_each(take);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn articles() -> Articles {
        Articles::of([
            Article { title: "Withdrawing cash", body: "<p>Cash machines abroad may charge a fee.</p>" },
            Article {
                title: "Resetting your password",
                body: "Open the app and choose: forgotten password.",
            },
            Article {
                title: "パスワードのリセット", body: "パスワードをリセットするには、設定を開きます。"
            },
        ])
        .expect("articles")
    }

    #[test]
    fn the_article_about_it_is_found_in_any_script_and_with_other_endings() {
        let near = |question: &str| articles().nearest(question).expect("an article");
        assert_eq!(near("I forgot my passwords").article, 1);
        assert_eq!(near("why was I charged fees by a cash machine").article, 0);
        assert_eq!(near("パスワードをリセットできません").article, 2);
    }

    #[test]
    fn nearness_is_a_share_and_what_nobody_wrote_about_is_far() {
        let near = articles().nearest("resetting your password").expect("an article");
        assert!(near.similarity > 0.9, "{near:?}");
        assert_eq!(articles().nearest("exchange rates in Thailand"), None);
        let some = articles().nearest("the exchange rate of cash").expect("an article");
        assert!(some.similarity < 0.5, "{some:?}");
        assert_eq!(articles().nearest(""), None);
    }

    #[test]
    fn without_articles_nothing_is_near() {
        let none = Articles::of([]).expect("none");
        assert!(none.is_empty() && none.nearest("anything").is_none());
        let empty = Articles::of([Article { title: "", body: "" }]).expect("empty");
        assert_eq!(empty.nearest("anything"), None);
    }
}
