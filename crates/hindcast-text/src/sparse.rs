//! Rows of few numbers among many columns, which is what texts are.

/// One row: columns in rising order, and a value for each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub columns: &'a [u32],
    pub values: &'a [f32],
}

impl Row<'_> {
    pub fn iter(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.columns.iter().zip(self.values).map(|(column, value)| (*column as usize, *value))
    }

    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The cosine of two rows of length one.
    pub fn dot(&self, other: Row<'_>) -> f32 {
        let (mut a, mut b, mut sum) = (0, 0, 0.0);
        while a < self.columns.len() && b < other.columns.len() {
            match self.columns[a].cmp(&other.columns[b]) {
                std::cmp::Ordering::Less => a += 1,
                std::cmp::Ordering::Greater => b += 1,
                std::cmp::Ordering::Equal => {
                    sum += self.values[a] * other.values[b];
                    a += 1;
                    b += 1;
                }
            }
        }
        sum
    }
}

/// Rows one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matrix {
    ends: Vec<usize>,
    pub(crate) columns: Vec<u32>,
    pub(crate) values: Vec<f32>,
    pub(crate) width: usize,
}

impl Matrix {
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    pub fn row(&self, at: usize) -> Row<'_> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        Row { columns: &self.columns[start..self.ends[at]], values: &self.values[start..self.ends[at]] }
    }

    /// Adds a row, whose columns must rise.
    pub fn push(&mut self, row: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in row {
            self.columns.push(column);
            self.values.push(value);
        }
        self.ends.push(self.columns.len());
    }

    /// Gives every entry anew or lets it go; a row as a whole may be looked at once its entries are new.
    pub fn rewrite(
        &mut self,
        mut entry: impl FnMut(u32, f32) -> Option<(u32, f32)>,
        mut whole: impl FnMut(&[u32], &mut [f32]),
    ) {
        let (mut read, mut written) = (0, 0);
        for end in &mut self.ends {
            let start = written;
            while read < *end {
                if let Some((column, value)) = entry(self.columns[read], self.values[read]) {
                    self.columns[written] = column;
                    self.values[written] = value;
                    written += 1;
                }
                read += 1;
            }
            *end = written;
            whole(&self.columns[start..written], &mut self.values[start..written]);
        }
        self.columns.truncate(written);
        self.values.truncate(written);
    }
}
