//! Yes, no, or unknown: what was not recorded is never taken for either.

use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::Not;

/// The outcome of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It does not hold.
    No,
    /// Something it asks for was not recorded.
    Unknown,
    /// It holds.
    Yes,
}

impl Truth {
    /// Whether all hold: no as soon as one does not, unknown if one is.
    pub fn all(outcomes: impl IntoIterator<Item = Self>) -> Self {
        outcomes.into_iter().min().unwrap_or(Self::Yes)
    }

    /// Whether one holds: yes as soon as one does, unknown if one is.
    pub fn any(outcomes: impl IntoIterator<Item = Self>) -> Self {
        outcomes.into_iter().max().unwrap_or(Self::No)
    }

    /// `true`, `false` or `unknown`, as tests in files spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "false",
            Self::Unknown => "unknown",
            Self::Yes => "true",
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As JSON: `true`, `false` or `"unknown"`.
impl Serialize for Truth {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::No => to.serialize_bool(false),
            Self::Unknown => to.serialize_str("unknown"),
            Self::Yes => to.serialize_bool(true),
        }
    }
}
