//! What is wrong with a policy, and where.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Something wrong with a text of policies, or a place where it means less than it seems to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    /// The name of the text, and the id of the policy where there is one: `refunds.cedar` or `refunds.cedar: refund-cap`.
    pub policy: String,
    /// From 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be told.
    pub suggestion: Option<String>,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.policy, self.line, self.column, self.message)?;
        self.suggestion.as_ref().map_or(Ok(()), |suggestion| write!(f, "; {suggestion}"))
    }
}

/// Line and character of a byte of a text, both from 1.
pub(crate) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// The name that was probably meant: the one with the fewest edits, if they are few.
pub(crate) fn nearest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    const BYTES_MAX: usize = 64;
    if given.is_empty() || given.len() > BYTES_MAX {
        return None;
    }
    let bound = 1 + given.len() / 5;
    let close = names.into_iter().filter(|name| name.len().abs_diff(given.len()) <= bound);
    let near = close.map(|name| (distance(name, given), name)).min()?;
    (near.0 <= bound).then_some(near.1)
}

/// Edits between two short words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (corner + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            corner = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_characters() {
        assert_eq!(place("a\né: x", 6), (2, 4));
        assert_eq!(place("", 9), (1, 1));
    }

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["context.confidence", "context.source", "facts"];
        assert_eq!(nearest("context.confidnce", names), Some("context.confidence"));
        assert_eq!(nearest("something.else", names), None);
    }
}
