//! Multinomial logistic regression by stochastic gradient descent.
//!
//! Each pass goes through the lessons in an order of its own, which a fixed seed gives, and each step is a little shorter than the
//! one before. The weights of one feature for all tags lie side by side, so a step runs through memory in few long strides.

use super::Lesson;
use super::temperature::soften;
use crate::numbers::Numbers;
use crate::sparse::{Matrix, Row};
use crate::{Progress, TextError};

const PASSES: usize = 10;
/// The length of the first step; the last one is nearly none.
const FIRST_STEP: f32 = 4.0;
/// A tag whose likelihood is this near to what it should be learns nothing from a text.
const NEGLIGIBLE: f32 = 0.001;
/// How many lessons lie between two calls of progress.
const LESSONS_BETWEEN_CALLS: usize = 500;

/// For each feature, a weight for each tag.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    tags: usize,
    bias: Vec<f32>,
    of_features: Vec<f32>,
}

impl Weights {
    /// How much speaks for each tag.
    pub fn scores(&self, row: Row<'_>) -> Vec<f32> {
        let mut scores = vec![0.0; self.tags];
        self.score(row, &mut scores);
        scores
    }

    pub fn score(&self, row: Row<'_>, scores: &mut [f32]) {
        scores.copy_from_slice(&self.bias);
        for (column, value) in row.iter() {
            let weights = &self.of_features[column * self.tags..][..self.tags];
            scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += value * weight);
        }
    }

    fn step(&mut self, row: Row<'_>, wrong: &[(u32, f32)], length: f32) {
        // The bias is felt by every text, so it moves in smaller steps.
        const BIAS_SHARE: f32 = 0.01;
        wrong.iter().for_each(|(tag, by)| self.bias[*tag as usize] -= BIAS_SHARE * length * by);
        for (column, value) in row.iter() {
            let weights = &mut self.of_features[column * self.tags..][..self.tags];
            wrong.iter().for_each(|(tag, by)| weights[*tag as usize] -= length * value * by);
        }
    }
}

/// Learns `lessons` about as many tags as there are.
pub(crate) fn train(
    vectors: &Matrix,
    lessons: &[Lesson],
    tags: usize,
    progress: Progress<'_>,
) -> Result<Weights, TextError> {
    let mut weights = Weights { tags, bias: vec![0.0; tags], of_features: vec![0.0; vectors.width * tags] };
    let steps = PASSES * lessons.len();
    let mut order: Vec<Lesson> = lessons.to_vec();
    let mut likely = vec![0.0; tags];
    let mut wrong = Vec::with_capacity(tags);
    let mut done = 0;
    for pass in 0..PASSES {
        Numbers::from_seed(pass as u64).shuffle(&mut order);
        for lesson in &order {
            if done % LESSONS_BETWEEN_CALLS == 0 && !progress(done, steps) {
                return Err(TextError::Cancelled);
            }
            let row = vectors.row(lesson.text as usize);
            weights.score(row, &mut likely);
            soften(&mut likely, 1.0);
            likely[lesson.tag as usize] -= 1.0;
            wrong.clear();
            let far = likely.iter().enumerate().filter(|(_, by)| by.abs() > NEGLIGIBLE);
            wrong.extend(far.map(|(tag, by)| (tag as u32, *by)));
            weights.step(row, &wrong, FIRST_STEP * (1.0 - done as f32 / steps as f32));
            done += 1;
        }
    }
    Ok(weights)
}
