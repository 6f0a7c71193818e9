//! Why a file shows nothing.

use std::io;

/// Why a file shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not what was signed.
    #[error("{0}")]
    Invalid(String),
    /// Nothing can be said, because it cannot be read, or what was given beside it does not go with it.
    #[error("{0}")]
    Unreadable(String),
}

pub(super) fn invalid<T>(told: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Invalid(told.into()))
}

/// Whatever fails in reading `what`.
pub(super) fn of<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> Refused {
    move |error| Refused::Invalid(format!("{what}: {error}"))
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}
