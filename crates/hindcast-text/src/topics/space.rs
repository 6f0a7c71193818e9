//! Texts in few dimensions: latent semantic analysis, by a singular value decomposition that starts from fixed random directions.
//!
//! Words that come in the same texts end in the same dimensions, so two questions can be near each other without sharing a word.

use super::eigen::eigen;
use crate::limits::{DIMENSION_TEXTS_MAX, DIMENSIONS_MAX};
use crate::numbers::Numbers;
use crate::sparse::Matrix;
use crate::{Progress, TextError};

/// More directions than are kept make those that are kept better.
const SPARE: usize = 8;
/// How often the directions are turned towards what the texts have most of.
const TURNS: usize = 3;
/// A direction this small beside the largest is rounding.
const ROUNDING: f64 = 1e-7;
const SEED: u64 = 0x6869_6e64;

/// Where each text of a reading lies.
#[derive(Debug)]
pub(crate) struct Space {
    pub dimensions: usize,
    /// For each text its place, of length one; all zeros where a text has no features.
    places: Vec<f32>,
}

impl Space {
    pub fn of(vectors: &Matrix, progress: Progress<'_>) -> Result<Self, TextError> {
        let all: Vec<usize> = (0..vectors.rows()).collect();
        let filled: Vec<usize> = all.iter().copied().filter(|row| !vectors.row(*row).is_empty()).collect();
        let learned = evenly(&filled, DIMENSION_TEXTS_MAX);
        let mut wide = (DIMENSIONS_MAX + SPARE).min(learned.len()).min(vectors.width);
        let mut numbers = Numbers::from_seed(SEED);
        let mut directions: Vec<f32> = (0..vectors.width * wide).map(|_| numbers.signed_unit()).collect();
        let mut tell =
            |step: usize| if progress(step, TURNS + 2) { Ok(()) } else { Err(TextError::Cancelled) };
        for turn in 0..TURNS {
            tell(turn)?;
            let seen = seen(vectors, &learned, &directions, wide);
            directions.fill(0.0);
            for (row, seen) in learned.iter().zip(seen.chunks_exact(wide.max(1))) {
                for (column, value) in vectors.row(*row).iter() {
                    add(&mut directions[column * wide..][..wide], seen, value);
                }
            }
            directions = upright(&directions, wide);
            wide = directions.len() / vectors.width.max(1);
        }
        tell(TURNS)?;
        // Turned once more, the directions are the axes along which texts differ most.
        let seen_by = seen(vectors, &learned, &directions, wide);
        let axes: Vec<Vec<f64>> = eigen(products(&seen_by, wide), wide)
            .into_iter()
            .filter(|(value, _)| *value > ROUNDING)
            .take(DIMENSIONS_MAX)
            .map(|(_, axis)| axis)
            .collect();
        let dimensions = axes.len();
        let turned = turned(&directions, wide, &axes);
        tell(TURNS + 1)?;
        let mut places = seen(vectors, &all, &turned, dimensions);
        places.chunks_exact_mut(dimensions.max(1)).for_each(unit);
        Ok(Self { dimensions, places })
    }

    /// The place of a text.
    pub fn place(&self, text: usize) -> &[f32] {
        &self.places[text * self.dimensions..][..self.dimensions]
    }

    pub fn is_placed(&self, text: usize) -> bool {
        self.place(text).iter().any(|value| *value != 0.0)
    }

    /// How near a text is to a middle of length one.
    pub fn cosine(&self, text: usize, middle: &[f32]) -> f32 {
        dot(self.place(text), middle)
    }
}

/// At most `most` of `all`, evenly taken, in order.
pub(super) fn evenly(all: &[usize], most: usize) -> Vec<usize> {
    let taken = all.len().min(most);
    (0..taken).map(|at| all[at * all.len() / taken]).collect()
}

pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums side by side, which the processor adds at once.
    let mut sums = [0.0_f32; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        (0..8).for_each(|at| sums[at] += a[at] * b[at]);
    }
    sums.iter().sum::<f32>() + rest
}

pub(super) fn add(to: &mut [f32], what: &[f32], times: f32) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}

/// Gives a vector the length one, if it has any.
pub(super) fn unit(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
}

/// `rows` as seen along `wide` directions.
fn seen(vectors: &Matrix, rows: &[usize], directions: &[f32], wide: usize) -> Vec<f32> {
    let mut seen = vec![0.0; rows.len() * wide];
    for (row, seen) in rows.iter().zip(seen.chunks_exact_mut(wide.max(1))) {
        for (column, value) in vectors.row(*row).iter() {
            add(seen, &directions[column * wide..][..wide], value);
        }
    }
    seen
}

/// The products of every two columns of a matrix of `wide` columns.
fn products(matrix: &[f32], wide: usize) -> Vec<f64> {
    let mut products = vec![0.0; wide * wide];
    // Single precision within a block, double between blocks: fast, and nothing is lost over many rows.
    const BLOCK: usize = 64;
    let mut block = vec![0.0_f32; wide * wide];
    for rows in matrix.chunks(BLOCK * wide.max(1)) {
        block.fill(0.0);
        for row in rows.chunks_exact(wide.max(1)) {
            for (value, sums) in row.iter().zip(block.chunks_exact_mut(wide)) {
                add(sums, row, *value);
            }
        }
        products.iter_mut().zip(&block).for_each(|(sum, part)| *sum += f64::from(*part));
    }
    products
}

/// Directions of length one at right angles to each other that span the same; those that are rounding are left out.
fn upright(directions: &[f32], wide: usize) -> Vec<f32> {
    let found = eigen(products(directions, wide), wide);
    let largest = found.first().map_or(0.0, |(value, _)| *value);
    let axes: Vec<Vec<f64>> = found
        .into_iter()
        .filter(|(value, _)| *value > largest * ROUNDING && *value > 0.0)
        .map(|(value, axis)| axis.into_iter().map(|part| part / value.sqrt()).collect())
        .collect();
    turned(directions, wide, &axes)
}

/// Each row of `matrix` along `axes`.
fn turned(matrix: &[f32], wide: usize, axes: &[Vec<f64>]) -> Vec<f32> {
    let thin = axes.len();
    // By the row's own dimensions, so that the innermost loop runs along memory.
    let by_dimension: Vec<f32> =
        (0..wide).flat_map(|at| axes.iter().map(move |axis| axis[at] as f32)).collect();
    let rows = matrix.len() / wide.max(1);
    let mut turned = vec![0.0; rows * thin];
    for (row, turned) in matrix.chunks_exact(wide.max(1)).zip(turned.chunks_exact_mut(thin.max(1))) {
        for (value, axes) in row.iter().zip(by_dimension.chunks_exact(thin.max(1))) {
            add(turned, axes, *value);
        }
    }
    turned
}
