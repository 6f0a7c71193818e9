//! What a verification came to: one word, alike for a bundle, a proof file and a data folder, on the command line and on
//! the pages. It is never a bare "OK".

/// A verdict, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Intact, under a key that was known before.
    Verified,
    /// Intact, under the key that came with it.
    Unpinned,
    /// Something is missing that nothing explains.
    Gap,
    /// Two signed heads of one log that cannot both be true.
    Diverged,
    /// Not what was signed.
    Invalid,
    /// Nothing can be said.
    Unreadable,
}

impl Verdict {
    /// The word for it, in every language.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Unpinned => "UNPINNED",
            Self::Gap => "GAP",
            Self::Diverged => "DIVERGED",
            Self::Invalid => "INVALID",
            Self::Unreadable => "UNREADABLE",
        }
    }

    /// The exit code of a command that says it.
    pub fn code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Unpinned => 10,
            Self::Gap => 20,
            Self::Diverged => 30,
            Self::Invalid => 40,
            Self::Unreadable => 50,
        }
    }
}
