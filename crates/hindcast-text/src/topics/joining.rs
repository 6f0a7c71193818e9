//! Joining texts that lie together, from the nearest on, until no two groups are near enough.
//!
//! Two groups are as near as their texts are on average (average link). Comparing each with each is only for so many texts; the others
//! join the group whose middle they are nearest to, and what joins none is compared again, so that a rare kind is not lost.

use super::space::{Space, add, dot, evenly, unit};
use crate::limits::{COMPARED_TEXTS_MAX, ROUNDS_MAX};
use crate::{Progress, TextError};

/// Groups join while their texts' mean cosine is at least this.
const NEAR: f32 = 0.40;
/// A text joins a group if its cosine to the middle is at least this.
const JOINS: f32 = 0.50;
/// Fewer texts than this are no kind of question.
const TEXTS_MIN: usize = 4;
/// How often texts may change to a nearer group once all groups are known.
const TIDIED: usize = 3;

/// Texts that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub texts: Vec<usize>,
    /// Of length one.
    pub middle: Vec<f32>,
}

/// The groups among `texts`.
pub(super) fn groups(
    space: &Space,
    texts: &[usize],
    progress: Progress<'_>,
) -> Result<Vec<Group>, TextError> {
    let texts: Vec<usize> = texts.iter().copied().filter(|text| space.is_placed(*text)).collect();
    let steps = ROUNDS_MAX + TIDIED;
    let mut tell = |step: usize, done: usize, of: usize| progress(step * of + done, steps * of);
    let mut middles: Vec<Vec<f32>> = Vec::new();
    let mut left = texts.clone();
    for round in 0..ROUNDS_MAX {
        let compared = evenly(&left, COMPARED_TEXTS_MAX);
        let found = joined(space, &compared, &mut |done, of| tell(round, done, of))?;
        let found: Vec<_> = found.into_iter().filter(|group| group.len() >= TEXTS_MIN).collect();
        if found.is_empty() {
            break;
        }
        middles.extend(found.iter().map(|group| middle(space, group)));
        left.retain(|text| nearest(space, *text, &middles).is_none());
    }
    let mut groups = Vec::new();
    for step in 0..TIDIED {
        if !tell(ROUNDS_MAX + step, 0, 1) {
            return Err(TextError::Cancelled);
        }
        groups = assigned(space, &texts, &middles);
        middles = groups.iter().map(|group: &Group| group.middle.clone()).collect();
    }
    Ok(groups)
}

/// Every text in the group it is nearest to, groups with too few left out.
fn assigned(space: &Space, texts: &[usize], middles: &[Vec<f32>]) -> Vec<Group> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); middles.len()];
    for text in texts {
        if let Some(at) = nearest(space, *text, middles) {
            members[at].push(*text);
        }
    }
    members.retain(|texts| texts.len() >= TEXTS_MIN);
    members.into_iter().map(|texts| Group { middle: middle(space, &texts), texts }).collect()
}

fn nearest(space: &Space, text: usize, middles: &[Vec<f32>]) -> Option<usize> {
    let near = middles.iter().enumerate().map(|(at, middle)| (at, space.cosine(text, middle)));
    let nearest = near.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    nearest.filter(|(_, cosine)| *cosine >= JOINS).map(|(at, _)| at)
}

fn middle(space: &Space, texts: &[usize]) -> Vec<f32> {
    let mut middle = vec![0.0; space.dimensions];
    texts.iter().for_each(|text| add(&mut middle, space.place(*text), 1.0));
    unit(&mut middle);
    middle
}

/// Joins texts by average link along chains of nearest neighbours.
///
/// The mean cosine of two groups is the product of their sums over the product of their sizes, so nothing is kept but the sums. A group
/// that has no neighbour near enough never gets one, for a mean is never more than its largest part; it is done.
fn joined(space: &Space, texts: &[usize], progress: Progress<'_>) -> Result<Vec<Vec<usize>>, TextError> {
    const BETWEEN_CALLS: usize = 64;
    let mut open: Vec<Open> =
        texts.iter().map(|text| Open { texts: vec![*text], sum: space.place(*text).to_vec() }).collect();
    let mut done = Vec::new();
    // Places in `open` of a chain in which each is the nearest neighbour of the one before.
    let mut chain: Vec<usize> = Vec::new();
    let mut steps = 0;
    while !open.is_empty() {
        if steps % BETWEEN_CALLS == 0 && !progress(texts.len() - open.len(), texts.len()) {
            return Err(TextError::Cancelled);
        }
        steps += 1;
        let end = *chain.last().unwrap_or(&(open.len() - 1));
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        if chain.is_empty() {
            chain.push(end);
        }
        match neighbour(&open, end, before) {
            None => {
                done.push(open.swap_remove(end).texts);
                // The chain rises, so only its first can be without a neighbour.
                chain.clear();
            }
            Some(next) if Some(next) == before => {
                chain.truncate(chain.len() - 2);
                join(&mut open, &mut chain, end, next);
            }
            Some(next) => chain.push(next),
        }
    }
    Ok(done)
}

struct Open {
    texts: Vec<usize>,
    sum: Vec<f32>,
}

impl Open {
    fn cosine(&self, other: &Self) -> f32 {
        dot(&self.sum, &other.sum) / (self.texts.len() * other.texts.len()) as f32
    }
}

/// The nearest of the others that is near enough; `before` wins a tie, so that a chain ends.
fn neighbour(open: &[Open], of: usize, before: Option<usize>) -> Option<usize> {
    let mut nearest = before.map(|before| (before, open[of].cosine(&open[before])));
    for (at, other) in open.iter().enumerate().filter(|(at, _)| *at != of) {
        let cosine = open[of].cosine(other);
        if cosine >= NEAR && nearest.is_none_or(|(_, most)| cosine > most) {
            nearest = Some((at, cosine));
        }
    }
    nearest.map(|(at, _)| at)
}

/// Joins two groups; the last of `open` takes the place of one of them, in the chain as well.
fn join(open: &mut Vec<Open>, chain: &mut [usize], a: usize, b: usize) {
    let (kept, gone) = (a.min(b), a.max(b));
    let last = open.len() - 1;
    let taken = open.swap_remove(gone);
    open[kept].texts.extend(taken.texts);
    add(&mut open[kept].sum, &taken.sum, 1.0);
    chain.iter_mut().filter(|at| **at == last).for_each(|at| *at = gone);
}
