//! Making likelihoods mean what they say: of the texts that are told a tag with 0.8, some eight of ten should have it.
//!
//! One number, the temperature, divides all scores. It changes how sure a model is and never which tag is likeliest.

const COLDEST: f32 = 0.2;
const HOTTEST: f32 = 10.0;

/// Turns scores into likelihoods that add up to one.
pub(super) fn soften(scores: &mut [f32], temperature: f32) {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = ((*score - most) / temperature).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}

/// The temperature that finds the true tags of texts likeliest, given each text's scores and its tag.
///
/// None of the texts may have been learned. Without any, scores are taken as they are.
pub(super) fn fitted(held: impl Iterator<Item = (Vec<f32>, usize)>) -> f32 {
    let held: Vec<_> = held.collect();
    if held.is_empty() {
        return 1.0;
    }
    let surprise = |temperature: f32| -> f64 {
        held.iter().map(|(scores, tag)| f64::from(surprise(scores, *tag, temperature))).sum()
    };
    // It has one valley, so a search by golden section, in the logarithm, cannot miss it.
    const GOLDEN: f32 = 0.618_034;
    const ROUNDS: usize = 25;
    let (mut low, mut high) = (COLDEST.ln(), HOTTEST.ln());
    for _ in 0..ROUNDS {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if surprise(left.exp()) < surprise(right.exp()) {
            high = right;
        } else {
            low = left;
        }
    }
    ((low + high) / 2.0).exp()
}

/// The negative logarithm of the likelihood of a tag.
fn surprise(scores: &[f32], tag: usize, temperature: f32) -> f32 {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = scores.iter().map(|score| ((score - most) / temperature).exp()).sum();
    sum.ln() - (scores[tag] - most) / temperature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_right_half_of_the_time_becomes_half_sure() {
        // Scores that say nine to one, and are right five times of ten.
        let held = (0..100).map(|at| (vec![9_f32.ln(), 0.0], usize::from(at % 2 == 0)));
        let temperature = fitted(held);
        let mut scores = [9_f32.ln(), 0.0];
        soften(&mut scores, temperature);
        assert!((scores[0] - 0.5).abs() < 0.07, "{scores:?} at {temperature}");
    }

    #[test]
    fn great_scores_give_no_nonsense() {
        let mut scores = [1e30, -1e30, 0.0];
        soften(&mut scores, 1.0);
        assert_eq!(scores, [1.0, 0.0, 0.0]);
        assert!(fitted(std::iter::empty()) == 1.0);
    }
}
