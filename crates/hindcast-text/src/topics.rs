//! What kinds of questions there are, without anybody having named them.
//!
//! Texts are seen in some hundred dimensions of meaning (`space.rs`), those that lie together are joined (`joining.rs`), and each kind
//! is called by its characteristic words and by the question nearest to its middle. Languages do not mix, for they share few words.

mod eigen;
mod joining;
mod space;

pub(crate) use space::{Space, dot};

use crate::limits::{EXAMPLES_MAX, TOPICS_MAX};
use crate::reading::Reading;
use crate::spread::Spread;
use crate::{Progress, TextError};
use std::cmp::Reverse;

/// The kinds of questions among some texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Topics {
    /// Each kind, the largest first.
    pub topics: Vec<Topic>,
    /// Texts that are of no kind: too few are like them, or they are empty.
    pub unplaced: usize,
}

/// One kind of question.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// Its characteristic words, most telling first.
    pub words: Vec<String>,
    /// The text nearest to its middle: the question itself, in a customer's words.
    pub medoid: usize,
    /// The texts nearest to its middle, the medoid first.
    pub examples: Vec<usize>,
    /// All its texts, by number, rising.
    pub texts: Vec<usize>,
    /// How near they lie to its middle: the mean cosine, 0 to 1. Below some 0.5 it may be several kinds.
    pub tightness: f32,
    /// When; the trend is that of its share among all texts.
    pub spread: Spread,
    /// Its middle, of length one.
    pub(crate) middle: Vec<f32>,
}

impl Reading {
    /// Finds the kinds of questions.
    ///
    /// # Errors
    ///
    /// Only when cancelled; of few or of equal texts there are few kinds or none.
    pub fn topics(&self, progress: Progress<'_>) -> Result<Topics, TextError> {
        let all: Vec<usize> = (0..self.len()).collect();
        let mut first = |done: usize, of: usize| progress(done, 2 * of);
        let space = Space::of(&self.vectors, &mut first)?;
        let mut second = |done: usize, of: usize| progress(of + done, 2 * of);
        self.topics_of(&space, &all, &mut second)
    }

    /// Finds the kinds of questions among `texts`.
    pub(crate) fn topics_of(
        &self,
        space: &Space,
        texts: &[usize],
        progress: Progress<'_>,
    ) -> Result<Topics, TextError> {
        let mut groups = joining::groups(space, texts, progress)?;
        groups.sort_by_key(|group| (Reverse(group.texts.len()), group.texts.first().copied()));
        groups.truncate(TOPICS_MAX);
        let with = self.texts_with(texts);
        let topics: Vec<_> = groups.into_iter().map(|group| self.topic(space, group, texts, &with)).collect();
        let placed: usize = topics.iter().map(|topic| topic.texts.len()).sum();
        Ok(Topics { unplaced: texts.len() - placed, topics })
    }

    fn topic(&self, space: &Space, group: joining::Group, all: &[usize], with: &[u32]) -> Topic {
        let joining::Group { texts, middle } = group;
        let mut near: Vec<_> = texts.iter().map(|text| (*text, space.cosine(*text, &middle))).collect();
        let tightness = near.iter().map(|(_, near)| near).sum::<f32>() / near.len().max(1) as f32;
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let examples: Vec<usize> = near.into_iter().take(EXAMPLES_MAX).map(|(text, _)| text).collect();
        Topic {
            words: self.characteristic(&texts, with, all.len()),
            medoid: examples.first().copied().unwrap_or_default(),
            examples,
            tightness: tightness.clamp(0.0, 1.0),
            spread: Spread::of(self, &texts, all.iter().copied()),
            texts,
            middle,
        }
    }
}
