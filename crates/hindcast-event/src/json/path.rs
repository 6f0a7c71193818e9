//! Where in a document something stands.

use std::fmt;

/// A place in a document, written as people write it: `actor.ai.model`, `targets[2]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// A member of the document.
    pub fn of(name: &str) -> Self {
        Self::root().within_member(name)
    }

    /// This path, found inside the member `name` of something larger.
    #[must_use]
    pub fn within_member(self, name: &str) -> Self {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-/".contains(c));
        let name = if plain { name.to_owned() } else { format!("{name:?}") };
        match self.0.as_str() {
            "" => Self(name),
            rest if rest.starts_with('[') => Self(name + rest),
            rest => Self(format!("{name}.{rest}")),
        }
    }

    /// This path, found inside item `at` of a list.
    #[must_use]
    pub fn within_item(self, at: usize) -> Self {
        match self.0.as_str() {
            "" => Self(format!("[{at}]")),
            rest if rest.starts_with('[') => Self(format!("[{at}]{rest}")),
            rest => Self(format!("[{at}].{rest}")),
        }
    }

    /// The text of the path; empty for the whole document.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "the document" } else { &self.0 })
    }
}
