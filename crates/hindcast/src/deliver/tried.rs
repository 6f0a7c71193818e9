//! What became of a try.

use std::time::Duration;

/// No more is kept of what the other side said.
const TEXT_CHARS_MAX: usize = 500;

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// All of it was taken.
    Delivered(Said),
    /// Taken but for these, which will never be: places in the batch, and why.
    But(Vec<(usize, String)>, Said),
    /// The first `taken` are there; again from there on, not before `after`. Those of `dead` (places in the batch below
    /// `taken`) will never be.
    Again { taken: usize, dead: Vec<(usize, String)>, after: Option<Duration>, said: Said },
    /// Too large, or one of several is not wanted and nobody says which: halve it. A single entry is a dead letter.
    Split(Said),
    /// The other side refuses us (401, 403): pause, and tell people.
    Pause(Said),
    /// Nobody wants it any more (410): switch it off.
    Gone(Said),
}

impl Tried {
    /// Nothing was taken; try again.
    pub fn again(said: Said) -> Self {
        Self::again_after(None, said)
    }

    /// Nothing was taken; try again, not before a while.
    pub fn again_after(after: Option<Duration>, said: Said) -> Self {
        Self::Again { taken: 0, dead: Vec::new(), after, said }
    }

    /// What the other side said.
    pub fn said(&self) -> &Said {
        match self {
            Self::Delivered(said)
            | Self::But(_, said)
            | Self::Again { said, .. }
            | Self::Split(said)
            | Self::Pause(said)
            | Self::Gone(said) => said,
        }
    }
}

/// What the other side said, as the delivery log shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The status of HTTP, if it came so far.
    pub status: Option<u16>,
    /// What it said, or why it said nothing; cut.
    pub text: String,
}

impl Said {
    /// A status and what came with it.
    pub fn new(status: impl Into<Option<u16>>, text: &str) -> Self {
        // Others write this, and people read it in a table.
        let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        Self { status: status.into(), text: plain.take(TEXT_CHARS_MAX).collect::<String>().trim().to_owned() }
    }

    /// The status and the text as one, for people.
    pub fn told(&self) -> String {
        match self.status {
            Some(status) => format!("{status} {}", self.text).trim().to_owned(),
            None => self.text.clone(),
        }
    }

    /// Why nothing was said.
    pub fn nothing(why: &str) -> Self {
        Self::new(None, why)
    }
}
