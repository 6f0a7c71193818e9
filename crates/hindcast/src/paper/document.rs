//! What is printed, before anybody thinks of pages.

use super::figure::Figure;
use hindcast_event::{Language, Timestamp};
use serde::{Deserialize, Serialize};

/// A document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    /// The language it is written in.
    #[serde(with = "language")]
    pub language: Language,
    /// What it is called.
    pub title: String,
    /// When it was made; the file says so too.
    #[serde(with = "time")]
    pub made_at: Timestamp,
    /// What every page says at its foot, before its number.
    pub foot: String,
    /// The words for a page and how many there are, with `{page}` and `{pages}` in it.
    pub page_of: String,
    /// Where addresses that begin with a slash lead; nowhere when it is empty.
    pub base: String,
    /// Which way the paper lies.
    pub format: Format,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// Which way the paper (A4) lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// For text.
    Portrait,
    /// For wide tables.
    Landscape,
}

/// A part of a document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Block {
    /// A heading, from level 1 on; the title of the document stands above all of them.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// What nobody should overlook, in a frame.
    Note(Vec<Span>),
    /// Names and what belongs to them.
    Facts(Vec<(String, Vec<Span>)>),
    /// A table.
    Table(Table),
    /// A drawing.
    Figure(Figure),
    /// What follows begins a new page.
    NewPage,
}

/// A piece of text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// What it says.
    pub text: String,
    /// Whether it is emphasised.
    #[serde(default, skip_serializing_if = "is_not")]
    pub strong: bool,
    /// Whether all letters are as wide, as for hashes.
    #[serde(default, skip_serializing_if = "is_not")]
    pub mono: bool,
    /// Where it leads: a page of ours, from its slash on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

impl Span {
    /// Plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Emphasised text.
    pub fn strong(text: impl Into<String>) -> Self {
        Self { text: text.into(), strong: true, ..Self::default() }
    }

    /// Text whose letters are all as wide.
    pub fn mono(text: impl Into<String>) -> Self {
        Self { text: text.into(), mono: true, ..Self::default() }
    }

    /// The same, leading somewhere; nothing when there is no address.
    pub fn to(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into()).filter(|href| !href.is_empty());
        self
    }
}

/// A table, whose head is repeated on every page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Table {
    /// What it shows, for whoever does not see it.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<Span>>,
    /// Whether the first cell of a row says what the row is about.
    pub row_heads: bool,
}

/// A column of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub title: String,
    /// Which part of the width it takes, compared to the others.
    pub width: f32,
    /// At which side its values stand.
    pub align: Align,
}

impl Column {
    /// A column of texts.
    pub fn new(title: impl Into<String>, width: f32) -> Self {
        Self { title: title.into(), width, align: Align::Start }
    }

    /// A column of numbers.
    pub fn number(title: impl Into<String>, width: f32) -> Self {
        Self { title: title.into(), width, align: Align::End }
    }
}

/// At which side something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Align {
    /// Where a line begins.
    Start,
    /// Where it ends.
    End,
}

/// Whether it is not.
fn is_not(it: &bool) -> bool {
    !it
}

/// A language by its code.
mod language {
    use hindcast_event::Language;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(language: &Language, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(language.code())
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Language, D::Error> {
        Language::parse(&String::deserialize(from)?)
            .ok_or_else(|| D::Error::custom("the language is not known"))
    }
}

/// A time as RFC 3339 writes it.
mod time {
    use hindcast_event::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::parse(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("the time is none"))
    }
}
