//! What is wrong with a workflow, and where.

use super::limits::FLAWS_MAX;
use crate::detection::Place;
use serde::Serialize;
use std::fmt;

/// Something wrong at a place of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Flaw {
    /// Where.
    pub place: Place,
    /// What, lowercase and without a dot at its end.
    pub message: String,
    /// The word that was probably meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}

/// As JSON: `{"line": 3, "column": 9, "message": "…", "suggestion": "…"}`.
impl Serialize for Flaw {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut told = to.serialize_struct("Flaw", 4)?;
        told.serialize_field("line", &self.place.line)?;
        told.serialize_field("column", &self.place.column)?;
        told.serialize_field("message", &self.message)?;
        told.serialize_field("suggestion", &self.suggestion)?;
        told.end()
    }
}

/// What was found so far, in the order of the text once done.
#[derive(Debug, Default)]
pub(crate) struct Flaws(Vec<Flaw>);

impl Flaws {
    pub fn add(&mut self, place: Place, message: impl Into<String>) {
        self.suggest(place, message, None);
    }

    pub fn suggest(&mut self, place: Place, message: impl Into<String>, suggestion: Option<String>) {
        if self.0.len() < FLAWS_MAX {
            self.0.push(Flaw { place, message: message.into(), suggestion });
        }
    }

    /// A limit of `limits.rs` that is exceeded.
    pub fn too_many(&mut self, place: Place, what: &str, max: usize, found: usize) {
        self.add(place, format!("{what}: at most {max}, there are {found}"));
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn done(mut self) -> Vec<Flaw> {
        self.0.sort_by_key(|flaw| flaw.place);
        self.0
    }
}
