//! Reads DER (X.690) from the outside in: each element must be of the kind that is expected, and inside its parent.

use anyhow::{Context as _, ensure};

/// The first byte of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(u8);

impl Tag {
    pub const BOOLEAN: Self = Self(0x01);
    pub const INTEGER: Self = Self(0x02);
    pub const OCTETS: Self = Self(0x04);
    pub const OBJECT: Self = Self(0x06);
    pub const TIME: Self = Self(0x18);
    pub const SEQUENCE: Self = Self(0x30);
    pub const SET: Self = Self(0x31);
    pub const CONTEXT_0: Self = Self(0xa0);
}

/// What is left of the inside of an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'d>(&'d [u8]);

impl<'d> Reader<'d> {
    pub fn new(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    /// The inside of the next element.
    pub fn take(&mut self, tag: Tag) -> anyhow::Result<Self> {
        self.bytes(tag).map(Self)
    }

    /// The inside of the only element.
    pub fn only(mut self, tag: Tag) -> anyhow::Result<Self> {
        let inside = self.take(tag)?;
        ensure!(self.0.is_empty(), "something follows it");
        Ok(inside)
    }

    /// The bytes of the next element.
    pub fn bytes(&mut self, tag: Tag) -> anyhow::Result<&'d [u8]> {
        let cut = "it is cut off";
        let (&found, rest) = self.0.split_first().context(cut)?;
        ensure!(found == tag.0, "an element has tag {found:#04x} and not {:#04x}", tag.0);
        let (&first, rest) = rest.split_first().context(cut)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (length, rest) = rest.split_at_checked(usize::from(first - 0x80)).context(cut)?;
                (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => anyhow::bail!("an element has no length of DER"),
        };
        let (inside, rest) = rest.split_at_checked(length).context(cut)?;
        self.0 = rest;
        Ok(inside)
    }

    /// Passes over the next element if it is of this kind.
    pub fn skip_if(&mut self, tag: Tag) -> anyhow::Result<()> {
        if self.0.first() == Some(&tag.0) {
            self.bytes(tag)?;
        }
        Ok(())
    }
}
