//! From a term to the rows that have it: one Tantivy segment whose document numbers are the rows.
//!
//! There is one field of bytes, since [`crate::terms`] already says what a term is. So nothing is tokenised
//! again, and no positions, frequencies, stored documents or fast fields are kept.

use crate::error::{SearchError, SegmentError};
use crate::limits::Budget;
use crate::terms::Found;
use crate::walk::{END, Walk, Walker};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::OpenWriteError;
use tantivy::index::SegmentComponent;
use tantivy::indexer::SingleSegmentIndexWriter;
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::schema::document::{Document, ReferenceValue, ReferenceValueLeaf, Value};
use tantivy::schema::{BytesOptions, Field, IndexRecordOption, Schema};
use tantivy::{DocSet, Index, InvertedIndexReader, SegmentReader, TERMINATED, TantivyError};

/// The name of the only field.
const FIELD: &str = "terms";
/// What the index being written may take in memory before it would have to be cut in two, which never happens here.
const MEMORY_BYTES: usize = 256 * 1024 * 1024;

/// Writes an index, row by row.
pub(crate) struct IndexWriter {
    writer: SingleSegmentIndexWriter<Row>,
    folder: PathBuf,
    segment: String,
}

impl IndexWriter {
    /// Begins an index in an empty folder.
    pub(crate) fn create(folder: &Path, segment: &str) -> Result<Self, SegmentError> {
        let mut schema = Schema::builder();
        schema.add_bytes_field(FIELD, BytesOptions::default().set_indexed());
        let directory =
            MmapDirectory::open(folder).map_err(|error| SegmentError::internal(segment, error))?;
        let builder = Index::builder().schema(schema.build());
        let writer = builder.single_segment_index_writer(directory, MEMORY_BYTES);
        let writer = writer.map_err(|error| unwritten(folder, segment, error))?;
        Ok(Self { writer, folder: folder.to_owned(), segment: segment.to_owned() })
    }

    /// Appends the next row.
    pub(crate) fn push(&mut self, terms: Found) -> Result<(), SegmentError> {
        self.writer.add_document(Row(terms)).map_err(|error| unwritten(&self.folder, &self.segment, error))
    }

    /// Writes what is left.
    ///
    /// For each row the library also writes that nothing is stored of it, which takes five bytes. The file must be
    /// there and is never read; so the one of positions, which is as empty and ends as it must, takes its place.
    pub(crate) fn finish(self) -> Result<(), SegmentError> {
        let unwritten = |error| unwritten(&self.folder, &self.segment, error);
        let index = self.writer.finalize().map_err(unwritten)?;
        let metas = index.searchable_segment_metas().map_err(unwritten)?;
        for meta in metas {
            let [positions, store] = [SegmentComponent::Positions, SegmentComponent::Store]
                .map(|component| self.folder.join(meta.relative_path(component)));
            std::fs::copy(positions, &store).map_err(SegmentError::io(&store))?;
        }
        Ok(())
    }
}

/// A disk that fails, such as a full one, is told from a mistake of ours.
fn unwritten(folder: &Path, segment: &str, error: TantivyError) -> SegmentError {
    match error {
        TantivyError::IoError(source)
        | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: source, .. }) => {
            SegmentError::io(folder)(io::Error::new(innermost(&source), source))
        }
        other => SegmentError::internal(segment, other),
    }
}

/// What the system said: the library wraps that again where it writes its dictionary.
fn innermost(error: &io::Error) -> io::ErrorKind {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(tantivy_fst::Error::Io(inner)) => inner.kind(),
        _ => error.kind(),
    }
}

/// The terms of a row, as the library takes them.
struct Row(Found);

#[derive(Clone, Copy, Debug)]
struct TermValue<'a>(&'a [u8]);

impl Document for Row {
    type Value<'a> = TermValue<'a>;
    type FieldsValuesIter<'a> = Box<dyn Iterator<Item = (Field, TermValue<'a>)> + 'a>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        Box::new(self.0.iter().map(|term| (Field::from_field_id(0), TermValue(term))))
    }
}

impl<'a> Value<'a> for TermValue<'a> {
    type ArrayIter = std::iter::Empty<Self>;
    type ObjectIter = std::iter::Empty<(&'a str, Self)>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        ReferenceValue::Leaf(ReferenceValueLeaf::Bytes(self.0))
    }
}

/// An index to look terms up in.
pub(crate) struct TermIndex {
    inverted: Arc<InvertedIndexReader>,
    segment: String,
}

impl TermIndex {
    /// Opens the index in a folder, which must have `rows` rows.
    pub(crate) fn open(folder: &Path, segment: &str, rows: u32) -> Result<Self, SegmentError> {
        let internal = |error: tantivy::TantivyError| SegmentError::internal(segment, error);
        let index = Index::open_in_dir(folder).map_err(internal)?;
        let segments = index.searchable_segments().map_err(internal)?;
        let [only] = segments.as_slice() else {
            return Err(SegmentError::internal(segment, "the index is not in one piece"));
        };
        // No searcher: it would want to read what is stored of the rows, which is nothing.
        let only = SegmentReader::open(only).map_err(internal)?;
        if only.max_doc() != rows {
            return Err(SegmentError::internal(segment, "the index has other rows than the columns"));
        }
        let field = index.schema().get_field(FIELD).map_err(internal)?;
        let inverted = only.inverted_index(field).map_err(internal)?;
        Ok(Self { inverted, segment: segment.to_owned() })
    }

    /// The rows that have a term.
    pub(crate) fn exact(&self, term: &[u8]) -> Result<Option<Walker<'_>>, SearchError> {
        let internal = |error: std::io::Error| SegmentError::internal(&self.segment, error);
        let Some(info) = self.inverted.terms().get(term).map_err(internal)? else { return Ok(None) };
        let postings = self.inverted.read_postings_from_terminfo(&info, IndexRecordOption::Basic);
        Ok(Some(Box::new(Found32(postings.map_err(internal)?))))
    }

    /// For each term that begins like this and whose rest is to be kept, the rows that have it.
    pub(crate) fn within(
        &self,
        prefix: &[u8],
        keep: &dyn Fn(&[u8]) -> bool,
        budget: &Budget,
    ) -> Result<Vec<Walker<'_>>, SearchError> {
        let mut sets: Vec<Walker<'_>> = Vec::new();
        self.each_term(prefix, budget, &mut |term, info| {
            if keep(&term[prefix.len()..]) {
                let postings = self.inverted.read_postings_from_terminfo(info, IndexRecordOption::Basic);
                sets.push(Box::new(Found32(
                    postings.map_err(|error| SegmentError::internal(&self.segment, error))?,
                )));
            }
            Ok(())
        })?;
        Ok(sets)
    }

    fn each_term(&self, prefix: &[u8], budget: &Budget, f: &mut EachTerm<'_>) -> Result<(), SearchError> {
        let internal = |error: std::io::Error| SegmentError::internal(&self.segment, error);
        let mut range = self.inverted.terms().range().ge(prefix);
        if let Some(after) = after(prefix) {
            range = range.lt(after);
        }
        let mut stream = range.into_stream().map_err(internal)?;
        let mut seen = 0_u64;
        while stream.advance() {
            seen += 1;
            if seen.is_multiple_of(1024) {
                budget.check()?;
            }
            f(stream.key(), stream.value())?;
        }
        Ok(())
    }
}

/// Is told a term and where its rows are.
type EachTerm<'f> = dyn FnMut(&[u8], &TermInfo) -> Result<(), SearchError> + 'f;

/// The first bytes after all that begin with `prefix`.
pub(crate) fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut after = prefix[..=kept].to_vec();
    after[kept] += 1;
    Some(after)
}

struct Found32(SegmentPostings);

impl Walk for Found32 {
    fn row(&self) -> u32 {
        match self.0.doc() {
            TERMINATED => END,
            row => row,
        }
    }

    fn seek(&mut self, to: u32) -> u32 {
        if self.0.doc() < to {
            self.0.seek(to.min(TERMINATED));
        }
        self.row()
    }

    fn advance(&mut self) -> u32 {
        self.0.advance();
        self.row()
    }
}
