//! How likely each tag is of each text, told by a model that has not learned that text.

use super::{Lessons, descent, temperature};
use crate::reading::Reading;
use crate::{Progress, TextError};

const FOLDS: usize = 3;
/// Of each text, this many tags are kept, the likeliest; what is less likely is nobody's expectation.
const KEPT: usize = 8;

/// What a model that has not seen a text says of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Likely {
    /// The likeliest tags, likeliest first.
    pub tags: Vec<(u32, f32)>,
    /// How likely the tags are that it has, in their order.
    pub own: Vec<(u32, f32)>,
}

/// Gives for each text that has lessons what is likely, and nothing for the others.
pub(crate) fn out_of_fold(
    reading: &Reading,
    lessons: &Lessons<'_>,
    progress: Progress<'_>,
) -> Result<Vec<Likely>, TextError> {
    let mut told = vec![Likely::default(); reading.len()];
    let mut heat = None;
    for fold in 0..FOLDS {
        let others: Vec<_> =
            lessons.all.iter().filter(|lesson| lesson.fold(FOLDS as u64) != fold as u64).copied().collect();
        let mut part = |done: usize, of: usize| progress(fold * of + done, FOLDS * of);
        let weights = descent::train(&reading.vectors, &others, lessons.tags.len(), &mut part)?;
        let held = lessons.all.iter().filter(|lesson| lesson.fold(FOLDS as u64) == fold as u64);
        // One number from the first fold's texts serves all folds, which learned equally much.
        let temperature = *heat.get_or_insert_with(|| {
            const ENOUGH: usize = 3_000;
            temperature::fitted(held.clone().take(ENOUGH).map(|lesson| {
                (weights.scores(reading.vectors.row(lesson.text as usize)), lesson.tag as usize)
            }))
        });
        let held: Vec<_> = held.copied().collect();
        for of_text in held.chunk_by(|a, b| a.text == b.text) {
            let text = of_text[0].text as usize;
            let mut likely = weights.scores(reading.vectors.row(text));
            temperature::soften(&mut likely, temperature);
            let own = of_text.iter().map(|lesson| (lesson.tag, likely[lesson.tag as usize])).collect();
            let mut tags: Vec<_> = (0..).zip(likely).collect();
            tags.sort_by(|a, b| b.1.total_cmp(&a.1));
            tags.truncate(KEPT);
            told[text] = Likely { tags, own };
        }
    }
    Ok(told)
}
