//! What is wrong with a rule, and where.

use std::fmt;

/// A place in the text of a rule, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Place {
    /// Where a text begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A flaw at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub flaw: Flaw,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.flaw)
    }
}

/// What can be wrong with a rule. As an error it keeps the rule from running; as a warning it says that the rule means less than
/// it seems to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The text is not YAML.
    #[error("not YAML: {0}")]
    Yaml(String),
    /// The parser of Sigma refused it.
    #[error("not Sigma: {0}")]
    Sigma(String),
    /// Sigma has it, we do not.
    #[error("{feature} is not supported{}", hint.map(|hint| format!("; {hint}")).unwrap_or_default())]
    Unsupported {
        /// What was used.
        feature: String,
        /// What to do instead.
        hint: Option<&'static str>,
    },
    /// No entry has such a field.
    #[error("no entry has the field `{field}`{}", suggested(suggestion))]
    UnknownField {
        /// As it was written.
        field: String,
        /// The field that was probably meant.
        suggestion: Option<String>,
    },
    /// An action the registry does not know; custom actions are good actions, so this is only a warning.
    #[error("the action `{action}` is not one we know{}", suggested(suggestion))]
    UnknownAction {
        /// As it was written.
        action: String,
        /// The action that was probably meant.
        suggestion: Option<String>,
    },
    /// A reference leads nowhere.
    #[error("`{name}` is not a rule of this file")]
    UnknownRule {
        /// As it was written.
        name: String,
    },
    /// Something is required and absent.
    #[error("`{attribute}` is missing: {expected}")]
    Missing {
        /// What is absent.
        attribute: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// Something is there and wrong.
    #[error("`{attribute}`: expected {expected}")]
    Invalid {
        /// What is wrong.
        attribute: String,
        /// What should stand there.
        expected: String,
    },
    /// A limit of `limits.rs` is exceeded.
    #[error("{what}: at most {max}, there are {found}")]
    TooMuch {
        /// What is limited.
        what: String,
        /// The limit.
        max: u64,
        /// What was found.
        found: u64,
    },
    /// The rule works, but means less than it seems to.
    #[error("{0}")]
    Weakened(String),
}

fn suggested(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default()
}

/// Where a word first stands on its own in a text: as a key, an item or a value.
pub(crate) fn locate(text: &str, word: &str) -> Option<Place> {
    if word.is_empty() {
        return None;
    }
    let stands_alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
        !before.is_some_and(inside) && !after.is_some_and(inside)
    };
    let at = text.match_indices(word).map(|(at, _)| at).find(|&at| stands_alone(at))?;
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    Some(Place {
        line: text[..at].matches('\n').count() + 1,
        column: text[line_start..at].chars().count() + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_where_it_stands_alone() {
        let text = "detection:\n  s:\n    actor.idx: 1\n    é: [actor.id]\n";
        assert_eq!(locate(text, "actor.id"), Some(Place { line: 4, column: 9 }));
        assert_eq!(locate(text, "actor"), None);
        assert_eq!(locate(text, ""), None);
    }
}
