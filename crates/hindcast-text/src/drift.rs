//! New kinds of questions: what customers ask now and did not ask before.

use crate::reading::Reading;
use crate::topics::{Space, Topic};
use crate::{Progress, TextError};

/// A kind whose middle is nearer than this to one from before is not new.
const SAME: f32 = 0.6;

/// What is new since some time.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// New kinds, the largest first.
    pub new: Vec<NewKind>,
    /// How many kinds there are now, new or not.
    pub kinds: usize,
    /// How many kinds there were before.
    pub kinds_before: usize,
    /// How many texts there are now.
    pub texts: usize,
    /// How many there were before; without any, nothing can be called new.
    pub texts_before: usize,
}

/// A kind of question that has no counterpart before.
#[derive(Clone, Debug, PartialEq)]
pub struct NewKind {
    /// The kind.
    pub topic: Topic,
    /// What came nearest to it before: the text in its middle, and how near the middles are.
    pub nearest: Option<(usize, f32)>,
}

impl Reading {
    /// Compares what was asked since a time, in microseconds since 1970, with what was asked before it. Both windows are of this reading,
    /// so that both are seen in the same dimensions; texts from before the earlier window should not be in it.
    ///
    /// # Errors
    ///
    /// Only when cancelled.
    pub fn drift(&self, since_micros: i64, progress: Progress<'_>) -> Result<Drift, TextError> {
        let (now, before): (Vec<usize>, Vec<usize>) =
            (0..self.len()).partition(|text| self.at_micros[*text] >= since_micros);
        let mut step = |step: usize, done: usize, of: usize| progress(step * of + done, 3 * of);
        let space = Space::of(&self.vectors, &mut |done, of| step(0, done, of))?;
        let earlier = self.topics_of(&space, &before, &mut |done, of| step(1, done, of))?.topics;
        let current = self.topics_of(&space, &now, &mut |done, of| step(2, done, of))?.topics;
        let kinds = current.len();
        let nearest = |topic: &Topic| {
            let near =
                earlier.iter().map(|other| (other.medoid, crate::topics::dot(&topic.middle, &other.middle)));
            near.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        };
        let new = current.into_iter().map(|topic| NewKind { nearest: nearest(&topic), topic });
        let new =
            new.filter(|kind| !before.is_empty() && kind.nearest.is_none_or(|(_, cosine)| cosine < SAME));
        Ok(Drift {
            new: new.collect(),
            kinds,
            kinds_before: earlier.len(),
            texts: now.len(),
            texts_before: before.len(),
        })
    }
}
