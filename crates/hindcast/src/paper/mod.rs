//! Paper: documents as a small tree, set into the pages of a PDF file.
//!
//! Whoever has something to print makes a [`Document`]; [`pdf`] sets it. What this room leaves to others: what a document
//! says, and in which words. What always holds: the file is tagged, PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1); the
//! same document gives the same bytes, for neither clock nor machine has a part in it; and no character is lost, since
//! what no font has a shape for is written as its code.
//!
//! The way of a text: [`fonts`] chooses a face for each character, [`shape`] turns it into glyphs, [`lines`] breaks
//! them where the rules of the language allow, [`set`] puts lines onto pages and [`press`] writes them.

mod document;
mod figure;
mod fonts;
mod lines;
mod press;
mod set;
mod shape;
mod table;

pub use document::{Align, Block, Column, Document, Format, Span, Table};
pub use figure::{Anchor, Figure, Paint, Shape, svg, svg_file};
pub use fonts::Fonts;

use press::Press;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A document could not be set.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// Whoever waited for it does not any more.
    #[error("setting the pages was broken off")]
    Cancelled,
    /// More would take too much memory; print less of it.
    #[error("the document would have more than {most} pages")]
    TooLong {
        /// So many.
        most: usize,
    },
    /// A mistake of ours.
    #[error("the pages could not be written: {0}")]
    Write(String),
}

/// More pages than this are not set.
pub const PAGES_MAX: usize = 5_000;

/// Sets a document. `go_on` is asked for every page.
pub fn pdf(
    document: &Document,
    fonts: &Fonts,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Vec<u8>, PaperError> {
    // What is set was written by others, and what sets it may find that it did not expect such a thing. That ends this
    // document and not whoever makes all the others.
    let set = AssertUnwindSafe(|| set_and_print(document, fonts, go_on));
    catch_unwind(set).unwrap_or_else(|_| Err(PaperError::Write("setting it panicked".to_owned())))
}

fn set_and_print(
    document: &Document,
    fonts: &Fonts,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Vec<u8>, PaperError> {
    // The first time only to learn how many pages there are, which the foot of each says.
    let counted = set::set(document, fonts, Press::counting(), go_on)?;
    let pages = counted.pages();
    set::set(document, fonts, Press::printing(document, fonts, pages), go_on)?.finish(document)
}

#[cfg(test)]
mod tests;
