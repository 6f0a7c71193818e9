//! The directions in which a symmetric matrix stretches most, by Jacobi's rotations: slow for large ones, exact for small ones.

/// Rotations end when what is left off the diagonal is this small beside it.
const ENOUGH: f64 = 1e-22;
const SWEEPS_MAX: usize = 40;

/// Values, largest first, and for each its direction of length one, of a symmetric `size` by `size` matrix.
pub(super) fn eigen(mut matrix: Vec<f64>, size: usize) -> Vec<(f64, Vec<f64>)> {
    let mut directions = vec![0.0; size * size];
    (0..size).for_each(|at| directions[at * size + at] = 1.0);
    let whole: f64 = matrix.iter().map(|value| value * value).sum();
    for _ in 0..SWEEPS_MAX {
        let off: f64 = (0..size)
            .flat_map(|row| (0..row).map(move |column| (row, column)))
            .map(|(row, column)| matrix[row * size + column].powi(2))
            .sum();
        if off <= ENOUGH * whole {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut matrix, &mut directions, size, p, q);
            }
        }
    }
    let mut found: Vec<_> =
        (0..size).map(|at| (matrix[at * size + at], directions[at * size..][..size].to_vec())).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found
}

/// Turns the plane of two axes so that nothing is left between them.
fn rotate(matrix: &mut [f64], directions: &mut [f64], size: usize, p: usize, q: usize) {
    let between = matrix[p * size + q];
    if between == 0.0 {
        return;
    }
    let theta = (matrix[q * size + q] - matrix[p * size + p]) / (2.0 * between);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for at in 0..size {
        let (a, b) = (matrix[at * size + p], matrix[at * size + q]);
        matrix[at * size + p] = cosine * a - sine * b;
        matrix[at * size + q] = sine * a + cosine * b;
    }
    for at in 0..size {
        let (a, b) = (matrix[p * size + at], matrix[q * size + at]);
        matrix[p * size + at] = cosine * a - sine * b;
        matrix[q * size + at] = sine * a + cosine * b;
        let (a, b) = (directions[p * size + at], directions[q * size + at]);
        directions[p * size + at] = cosine * a - sine * b;
        directions[q * size + at] = sine * a + cosine * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_by_two_is_as_by_hand() {
        let found = eigen(vec![2.0, 1.0, 1.0, 2.0], 2);
        assert!((found[0].0 - 3.0).abs() < 1e-9 && (found[1].0 - 1.0).abs() < 1e-9);
        assert!((found[0].1[0] - found[0].1[1]).abs() < 1e-9);
    }

    #[test]
    fn what_it_finds_puts_the_matrix_together_again() {
        let size = 12;
        let half: Vec<f64> = (0..size * size).map(|at| ((at * 37 % 23) as f64 - 11.0) / 7.0).collect();
        let at = |matrix: &[f64], row: usize, column: usize| matrix[row * size + column];
        let whole: Vec<f64> = (0..size * size)
            .map(|i| (0..size).map(|k| at(&half, i / size, k) * at(&half, i % size, k)).sum())
            .collect();
        let found = eigen(whole.clone(), size);
        for row in 0..size {
            for column in 0..size {
                let again: f64 = found.iter().map(|(value, one)| value * one[row] * one[column]).sum();
                assert!((again - at(&whole, row, column)).abs() < 1e-6);
            }
        }
        assert!(eigen(Vec::new(), 0).is_empty());
    }
}
