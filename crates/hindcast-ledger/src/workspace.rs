//! Whose past a ledger is.

use std::fmt;
use std::str::FromStr;

/// The id of a workspace: 1 to 32 characters of `a-z`, `0-9` and `-`, so that it can stand in an address, a folder
/// name and the origin of a log as it is. Never the name of a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceId(String);

/// The text is not the id of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a workspace id has 1 to 32 characters of a-z, 0-9 and -")]
pub struct WorkspaceIdError;

impl WorkspaceId {
    /// The log of the server itself, kept like any other workspace.
    pub const INSTANCE: &str = "instance";

    /// The id of the instance log.
    pub fn instance() -> Self {
        Self(Self::INSTANCE.to_owned())
    }

    /// A new id from randomness, in the 32 letters and digits that cannot be mistaken for each other.
    pub fn from_random(random: [u8; 16]) -> Self {
        let letter = |byte: &u8| char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[usize::from(byte % 32)]);
        Self(random.iter().map(letter).collect())
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkspaceId {
    type Err = WorkspaceIdError;

    fn from_str(text: &str) -> Result<Self, WorkspaceIdError> {
        let plain = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if plain && (1..=32).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(WorkspaceIdError)
        }
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
