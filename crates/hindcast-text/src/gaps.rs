//! What customers ask and nobody has answered well: kinds of questions that stay unresolved, and why.

use crate::TextError;
use crate::articles::{Articles, Nearest};
use crate::limits::SHOWN_WORDS_MAX;
use crate::measure::Interval;
use crate::reading::Reading;
use crate::spread::Spread;
use crate::topics::Topics;
use std::collections::BTreeMap;

/// An article at least this near to a kind of question is about it.
const ABOUT: f64 = 0.35;

/// What became of one conversation.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The number of its text.
    pub text: usize,
    /// Whether the customer was left without an answer at first: escalated, reopened, "that did not help", unresolved in a simulation.
    pub unresolved: bool,
    /// The number of the article that was shown, the first if there were several.
    pub cited: Option<usize>,
    /// Whether a policy kept the answer back.
    pub blocked: bool,
}

/// Why a question stays unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Nobody has written about it: write an article.
    NoArticle,
    /// There is an article and it was not shown: make it easier to find.
    NotCited,
    /// An article was shown and did not help: it is wrong, or not enough.
    CitedInVain,
    /// The answer was there and a policy kept it back: look at the policy.
    Blocked,
}

/// A kind of question that stays unresolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Which of the topics it is.
    pub topic: usize,
    /// How many conversations of this kind have an outcome.
    pub volume: usize,
    /// How many of them are unresolved.
    pub unresolved: usize,
    /// Their share, and how sure that is.
    pub share: Interval,
    /// The article nearest to it.
    pub nearest: Option<Nearest>,
    /// Volume × share unresolved × (1 − similarity of the nearest article): what closing it may be worth, in conversations.
    pub score: f64,
    /// The most frequent cause.
    pub cause: Cause,
    /// Each cause that there is, and of how many.
    pub causes: BTreeMap<Cause, usize>,
    /// The article that was shown most often in vain.
    pub shown_in_vain: Option<usize>,
    /// When the unresolved ones came; the trend is that of their share among all of the topic.
    pub spread: Spread,
    /// The unresolved ones, by number; those that are among the topic's examples first.
    pub texts: Vec<usize>,
}

impl Reading {
    /// Finds the gaps among `topics`, which must be of this reading; the greatest score first. Topics without an unresolved
    /// conversation are none. Of several outcomes of one text the last counts.
    ///
    /// # Errors
    ///
    /// Where an outcome names a text that is not there.
    pub fn gaps(
        &self,
        topics: &Topics,
        outcomes: &[Outcome],
        articles: &Articles,
    ) -> Result<Vec<Gap>, TextError> {
        let mut of_texts: BTreeMap<usize, &Outcome> = BTreeMap::new();
        for outcome in outcomes {
            self.check("outcome.text", outcome.text)?;
            of_texts.insert(outcome.text, outcome);
        }
        let every: Vec<usize> = (0..self.len()).collect();
        let with = self.texts_with(&every);
        let mut gaps = Vec::new();
        for (number, topic) in topics.topics.iter().enumerate() {
            let told: Vec<&Outcome> =
                topic.texts.iter().filter_map(|text| of_texts.get(text).copied()).collect();
            let unresolved: Vec<&Outcome> =
                told.iter().copied().filter(|outcome| outcome.unresolved).collect();
            if unresolved.is_empty() {
                continue;
            }
            let words = self.weighed_words(&topic.texts, &with, self.len()).into_iter().take(SHOWN_WORDS_MAX);
            let words = words.map(|(word, weight)| (&*self.vocabulary.spelled[word as usize], weight));
            let nearest = articles.nearest_to(words);
            gaps.push(self.gap(number, &topic.examples, &told, &unresolved, nearest));
        }
        gaps.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.topic.cmp(&b.topic)));
        Ok(gaps)
    }

    fn gap(
        &self,
        topic: usize,
        nearest_texts: &[usize],
        told: &[&Outcome],
        unresolved: &[&Outcome],
        nearest: Option<Nearest>,
    ) -> Gap {
        let mut causes: BTreeMap<Cause, usize> = BTreeMap::new();
        unresolved.iter().for_each(|outcome| *causes.entry(cause(outcome, nearest)).or_default() += 1);
        let most = causes.iter().max_by_key(|(cause, count)| (**count, std::cmp::Reverse(**cause)));
        let texts: Vec<usize> = unresolved.iter().map(|outcome| outcome.text).collect();
        let near = nearest_texts.iter().filter(|text| texts.contains(text));
        let others = texts.iter().filter(|text| !nearest_texts.contains(text));
        let similarity = nearest.map_or(0.0, |nearest| nearest.similarity);
        Gap {
            topic,
            volume: told.len(),
            unresolved: texts.len(),
            share: Interval::wilson(texts.len() as u64, told.len() as u64),
            nearest,
            // Volume times the share unresolved is how many are.
            score: texts.len() as f64 * (1.0 - similarity),
            cause: most.map_or(Cause::NoArticle, |(cause, _)| *cause),
            shown_in_vain: in_vain(unresolved),
            spread: Spread::of(self, &texts, told.iter().map(|outcome| outcome.text)),
            texts: near.chain(others).copied().collect(),
            causes,
        }
    }
}

fn cause(outcome: &Outcome, nearest: Option<Nearest>) -> Cause {
    if outcome.blocked {
        Cause::Blocked
    } else if outcome.cited.is_some() {
        Cause::CitedInVain
    } else if nearest.is_some_and(|nearest| nearest.similarity >= ABOUT) {
        Cause::NotCited
    } else {
        Cause::NoArticle
    }
}

fn in_vain(unresolved: &[&Outcome]) -> Option<usize> {
    let mut shown: BTreeMap<usize, usize> = BTreeMap::new();
    let cited = unresolved.iter().filter(|outcome| !outcome.blocked).filter_map(|outcome| outcome.cited);
    cited.for_each(|article| *shown.entry(article).or_default() += 1);
    shown
        .into_iter()
        .max_by_key(|(article, count)| (*count, std::cmp::Reverse(*article)))
        .map(|(article, _)| article)
}
