//! What is wrong with a query, where, and what to write instead.

use super::Key;
use std::{fmt, ops::Range};

/// One thing wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What sort of mistake it is.
    pub kind: QueryErrorKind,
    /// The key it is about, where one is known.
    pub key: Option<Key>,
    /// The bytes of the query it is about.
    pub span: Range<usize>,
    /// A sentence for the person who typed it.
    pub message: String,
    /// Text which, put in the place of the span, mends this mistake.
    pub suggestion: Option<String>,
}

/// The sorts of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueryErrorKind {
    /// There is no such key.
    UnknownKey,
    /// The key does not take this value.
    BadValue,
    /// The key has no value, or a text no words.
    EmptyValue,
    /// A quote is not closed, or stands where none can.
    UnbalancedQuote,
    /// A `*` stands where none can.
    BadWildcard,
    /// A random identifier was searched as text.
    RandomId,
    /// The query has too many characters.
    TooLong,
    /// The query has too many terms.
    TooManyTerms,
}

/// Everything wrong with a query, in the order of its text; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryErrors(pub Vec<QueryError>);

impl fmt::Display for QueryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, error) in self.0.iter().enumerate() {
            let separator = if nth == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for QueryErrors {}
