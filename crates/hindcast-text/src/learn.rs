//! Learning which texts have which tag, and how sure one may be of it.

mod descent;
mod folds;
mod temperature;

use crate::limits::{TAG_TEXTS_MIN, TAGGINGS_MAX, TAGS_MAX};
use crate::numbers::mixed;
use crate::reading::{Reading, Vector};
use crate::{Progress, TextError};
use descent::Weights;
use std::collections::BTreeMap;

pub(crate) use folds::{Likely, out_of_fold};

/// A tag that a text has. A text may have several tags, and each may have its own assigner.
#[derive(Clone, Copy, Debug)]
pub struct Tagging<'a> {
    /// The number of the text.
    pub text: usize,
    /// The tag.
    pub tag: &'a str,
    /// Who or what assigned it, where that is known: the name of an automation, an agent or a person.
    pub assigner: Option<&'a str>,
    /// The version of the assigner at that time.
    pub version: Option<&'a str>,
}

/// What was learned: tells the tag of a text it has not seen.
#[derive(Debug)]
pub struct Model {
    tags: Vec<String>,
    weights: Weights,
    temperature: f32,
}

impl Model {
    /// The tags it knows, in the order of names.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The likeliest tags of a text and how likely each is, at most `most` of them; all tags together make 1.
    ///
    /// The vector must be of the reading that the model was learned from. A text that shares nothing with it gets the tags as likely
    /// as they were when nothing else was known.
    pub fn tell(&self, vector: &Vector, most: usize) -> Vec<(&str, f32)> {
        let mut likely = self.weights.scores(vector.row());
        temperature::soften(&mut likely, self.temperature);
        let mut told: Vec<_> = self.tags.iter().map(String::as_str).zip(likely).collect();
        told.sort_by(|a, b| b.1.total_cmp(&a.1));
        told.truncate(most);
        told
    }
}

impl Reading {
    /// Learns the tags of this reading's texts.
    ///
    /// # Errors
    ///
    /// Where fewer than two tags have [`TAG_TEXTS_MIN`] texts, where there are more than [`TAGGINGS_MAX`], where a text is named that
    /// is not there, or when cancelled.
    pub fn learn(&self, taggings: &[Tagging<'_>], progress: Progress<'_>) -> Result<Model, TextError> {
        let lessons = Lessons::of(self, taggings)?;
        let all = &lessons.all;
        // How sure it may be is measured on texts it has not learned; only then does it learn those too.
        let (held, taught): (Vec<Lesson>, Vec<Lesson>) = all.iter().partition(|lesson| lesson.fold(10) == 0);
        let mut first = |done: usize, of: usize| progress(done, 2 * of);
        let temperature = {
            let trial = descent::train(&self.vectors, &taught, lessons.tags.len(), &mut first)?;
            let scores = |lesson: &Lesson| trial.scores(self.vectors.row(lesson.text as usize));
            temperature::fitted(held.iter().map(|lesson| (scores(lesson), lesson.tag as usize)))
        };
        let mut second = |done: usize, of: usize| progress(of + done, 2 * of);
        let weights = descent::train(&self.vectors, all, lessons.tags.len(), &mut second)?;
        Ok(Model { tags: lessons.tags.iter().map(|tag| (*tag).to_owned()).collect(), weights, temperature })
    }
}

/// A text and a tag that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lesson {
    pub text: u32,
    /// Which of the tags.
    pub tag: u32,
}

impl Lesson {
    /// Which of `folds` parts its text is in; all lessons of a text are in one.
    pub fn fold(&self, folds: u64) -> u64 {
        mixed(u64::from(self.text) + 1) % folds
    }
}

/// What can be learned of some taggings.
#[derive(Debug)]
pub(crate) struct Lessons<'a> {
    /// The tags that have texts enough, in the order of names.
    pub tags: Vec<&'a str>,
    /// Each once, by text; texts without features teach nothing and are left out.
    pub all: Vec<Lesson>,
    /// Tags that have too few texts, or came after the most frequent [`TAGS_MAX`].
    pub left_out: Vec<&'a str>,
}

impl<'a> Lessons<'a> {
    pub fn of(reading: &Reading, taggings: &[Tagging<'a>]) -> Result<Self, TextError> {
        if taggings.len() > TAGGINGS_MAX {
            return Err(TextError::TooMany { what: "taggings", max: TAGGINGS_MAX });
        }
        let mut texts: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for tagging in taggings {
            reading.check("tagging.text", tagging.text)?;
            let of_tag = texts.entry(tagging.tag).or_default();
            if !reading.vectors.row(tagging.text).is_empty() {
                of_tag.push(tagging.text as u32);
            }
        }
        for of_tag in texts.values_mut() {
            of_tag.sort_unstable();
            of_tag.dedup();
        }
        let (mut kept, left_out) =
            texts.into_iter().partition::<Vec<_>, _>(|(_, texts)| texts.len() >= TAG_TEXTS_MIN);
        let mut left_out: Vec<_> = left_out.into_iter().map(|(tag, _)| tag).collect();
        if kept.len() < 2 {
            return Err(TextError::TooFewTags { min: TAG_TEXTS_MIN, found: kept.len() });
        }
        kept.sort_by_key(|(tag, texts)| (std::cmp::Reverse(texts.len()), *tag));
        left_out.extend(kept.drain(kept.len().min(TAGS_MAX)..).map(|(tag, _)| tag));
        kept.sort_by_key(|(tag, _)| *tag);
        left_out.sort_unstable();
        let mut all: Vec<Lesson> = Vec::new();
        for (tag, (_, texts)) in kept.iter().enumerate() {
            all.extend(texts.iter().map(|text| Lesson { text: *text, tag: tag as u32 }));
        }
        all.sort_unstable();
        Ok(Self { tags: kept.into_iter().map(|(tag, _)| tag).collect(), all, left_out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;

    const QUESTIONS: [(&str, &str); 3] =
        [("where is my card", "card"), ("refund the double fee", "fee"), ("reset my password", "password")];

    fn reading(rounds: usize) -> Reading {
        let texts: Vec<_> =
            (0..rounds * 3).map(|at| format!("{} please {}", QUESTIONS[at % 3].0, at % 7)).collect();
        Reading::of(texts.iter().map(|text| Text { text, at_micros: 0 })).expect("read")
    }

    fn taggings(reading: &Reading) -> Vec<Tagging<'static>> {
        let tag = |at: usize| QUESTIONS[at % 3].1;
        (0..reading.len())
            .map(|text| Tagging { text, tag: tag(text), assigner: None, version: None })
            .collect()
    }

    #[test]
    fn it_tells_the_tag_of_a_text_it_has_not_seen_and_shares_add_up() {
        let reading = reading(20);
        let model = reading.learn(&taggings(&reading), &mut |_, _| true).expect("learned");
        let told = model.tell(&reading.vector("my card has not come, where is it"), 9);
        assert_eq!((told[0].0, told.len()), ("card", 3));
        assert!((told.iter().map(|(_, share)| share).sum::<f32>() - 1.0).abs() < 1e-4);
        assert!(told[0].1 > 0.5, "{told:?}");
    }

    #[test]
    fn learning_twice_is_learning_the_same() {
        let reading = reading(12);
        let told = || {
            let model = reading.learn(&taggings(&reading), &mut |_, _| true).expect("learned");
            format!("{:?}", model.tell(&reading.vector("refund of a password card"), 3))
        };
        assert_eq!(told(), told());
    }

    #[test]
    fn one_tag_is_none_to_tell_apart() {
        let reading = reading(10);
        let one: Vec<_> = taggings(&reading).into_iter().filter(|tagging| tagging.tag == "fee").collect();
        let error = reading.learn(&one, &mut |_, _| true).expect_err("one tag");
        assert_eq!(error.to_string(), "there must be at least 2 tags of 6 texts each, and there are 1");
    }

    #[test]
    fn it_can_be_cancelled_and_says_which_text_is_not_there() {
        let reading = reading(10);
        assert_eq!(
            reading.learn(&taggings(&reading), &mut |_, _| false).expect_err("cancelled"),
            TextError::Cancelled
        );
        let wrong = Tagging { text: 99, tag: "fee", assigner: None, version: None };
        let error = reading.learn(&[wrong], &mut |_, _| true).expect_err("no such text");
        assert_eq!(error.to_string(), "`tagging.text` is 99, and there are 30 texts, counted from 0");
    }
}
