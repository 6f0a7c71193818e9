//! The log on paper: what a query finds, as far as paper goes.
//!
//! The newest entries stand one by one, up to `paper.entries_max`. All of them are counted, and the SHA-256 of all of them
//! as NDJSON is printed, so that the paper can be held against a file that has everything.

use super::Proof;
use crate::app::App;
use crate::pages::{
    Badge, Clock, Text, Who, count, isolated, number, short, target_name, value_label, visible,
};
use crate::paper::{Block, Column, Document, Format as Paper, Span, Table, pdf};
use hindcast_event::{Entry, Language, View, describe_with};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, ExportError, FacetKind, Format, SearchError, Sight, Snapshot};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};

/// So many of the most frequent values are listed.
const TOP: usize = 10;

/// What is to be printed.
pub struct Printed<'a> {
    /// Whose log.
    pub workspace: &'a WorkspaceId,
    /// The log as the reader sees it.
    pub snapshot: &'a Snapshot,
    /// What the reader sees of it.
    pub sight: &'a Sight,
    /// What of it.
    pub query: &'a Query,
    /// In which language.
    pub language: Language,
    /// For whom.
    pub reader: &'a str,
}

/// Writes what a query finds as PDF, and says how many entries it found. `out` is flushed now and then to hear whether to
/// go on.
pub fn print(
    app: &App,
    printed: &Printed<'_>,
    out: &mut dyn Write,
    budget: &Budget,
) -> Result<u64, ExportError> {
    let (document, rows) = document(app, printed, out, budget)?;
    let bytes = pdf(&document, app.fonts(), &mut || out.flush().is_ok()).map_err(io::Error::other)?;
    out.write_all(&bytes)?;
    Ok(rows)
}

fn document(
    app: &App,
    printed: &Printed<'_>,
    out: &mut dyn Write,
    budget: &Budget,
) -> Result<(Document, u64), ExportError> {
    let t = Text { language: printed.language };
    let clock = Clock::new("UTC", t.language);
    let now = (app.clock)();
    let mut hash = Hash(Sha256::new());
    let rows = printed.snapshot.export(printed.query, Format::Ndjson, &mut hash, budget)?;
    out.flush()?;
    let most = app.config.paper.entries_max;
    let table = entries(t, &clock, printed, most, budget)?;
    let shown = table.rows.len() as u64;
    let workspace = app.catalog.workspace(printed.workspace).map_err(io::Error::other)?;
    let name = workspace.map_or_else(|| printed.workspace.to_string(), |known| short(&known.name));
    let proof = Proof::newest(app, printed.workspace).map_err(io::Error::other)?;
    let query =
        if printed.query.is_empty() { t.paper_everything().into_owned() } else { printed.query.to_string() };
    let facts = [
        (t.paper_query(), Span::mono(visible(&query))),
        (t.entries(), Span::plain(number(count(rows), t.language))),
        (t.paper_made(), Span::plain(format!("{} UTC", clock.time(now)))),
        (t.paper_reader(), Span::plain(short(printed.reader))),
        (t.paper_hash(), Span::mono(crate::hex::hex(&hash.0.finalize()))),
    ];
    let mut blocks = vec![Block::Facts(facts.map(|(name, value)| (name.into_owned(), vec![value])).into())];
    if shown < rows {
        blocks.push(Block::Note(vec![Span::plain(t.paper_cut(count(shown), count(rows)))]));
    }
    if !printed.sight.is_everything() {
        blocks.push(Block::Note(vec![Span::plain(t.paper_narrowed())]));
    }
    blocks.push(Block::Heading(1, t.paper_checkpoint().into_owned()));
    blocks.extend(Proof::blocks(proof.as_ref(), t));
    if rows > 0 {
        blocks.push(Block::Heading(1, t.paper_summary().into_owned()));
        blocks.extend(summary(t, printed, budget)?);
        blocks.push(Block::NewPage);
        blocks.push(Block::Heading(1, t.entries().into_owned()));
        blocks.push(Block::Table(table));
    }
    let title = t.paper_log(name).into_owned();
    let foot = format!("hindcast · {}", proof.map_or_else(String::new, |proof| proof.root));
    let page_of = t.paper_page("{page}", "{pages}").into_owned();
    Ok((
        Document {
            language: t.language,
            title,
            made_at: now,
            foot,
            page_of,
            base: app.config.server.public_url.clone(),
            format: Paper::Landscape,
            blocks,
        },
        rows,
    ))
}

/// The newest entries, row by row.
fn entries(
    t: Text,
    clock: &Clock,
    printed: &Printed<'_>,
    most: usize,
    budget: &Budget,
) -> Result<Table, ExportError> {
    let columns = vec![
        Column::new(t.paper_time(), 1.8),
        Column::new(t.column_who(), 2.3),
        Column::new(t.column_activity(), 4.5),
        Column::new(t.column_target(), 2.0),
        Column::new(t.column_outcome(), 1.5),
        Column::new(t.column_ip(), 2.2),
        Column::number(t.paper_index(), 1.15),
    ];
    let mut rows = Vec::new();
    let listed = printed.snapshot.each_piece(printed.query, budget, |entries| {
        for entry in entries.iter() {
            if rows.len() == most {
                return Err(Enough::Rows);
            }
            let Ok(view) = entry.event.view() else { continue };
            rows.push(row(t, clock, &entry, &view));
        }
        Ok(())
    });
    match listed {
        Ok(()) | Err(Enough::Rows) => {}
        Err(Enough::Failed(error)) => return Err(error.into()),
    }
    Ok(Table { caption: t.entries().into_owned(), columns, rows, row_heads: false })
}

/// Why no more entries are wanted.
enum Enough {
    Rows,
    Failed(SearchError),
}

impl From<SearchError> for Enough {
    fn from(error: SearchError) -> Self {
        Self::Failed(error)
    }
}

/// An entry as a row.
pub(super) fn row(t: Text, clock: &Clock, entry: &Entry<'_>, view: &View<'_>) -> Vec<Span> {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let who = Who::acting(t, view);
    let target = view.targets.first().map(|target| target_name(&json(target))).unwrap_or_default();
    let context = view.context.map(json).unwrap_or_default();
    vec![
        Span::plain(clock.time(view.occurred_at)),
        Span::plain(who.name),
        Span::plain(describe_with(view, t.language, &|value| isolated(&value))),
        Span::plain(target),
        Span::plain(Badge::of(t, view.result).label),
        Span::mono(short(context["ip"].as_str().unwrap_or_default())),
        Span::plain(entry.index.to_string()).to(format!("/log/{}", entry.index)),
    ]
}

/// The most frequent activities and people.
fn summary(t: Text, printed: &Printed<'_>, budget: &Budget) -> Result<Vec<Block>, ExportError> {
    let kinds = [FacetKind::Action, FacetKind::Actor, FacetKind::Outcome];
    let titles = [t.column_activity(), t.column_who(), t.column_outcome()];
    let facets = printed.snapshot.facets(printed.query, &kinds, TOP, budget)?;
    let tables = facets.into_iter().zip(titles).map(|(facet, title)| {
        let rows = facet.values.iter().map(|value| {
            vec![
                Span::plain(value_label(t, facet.kind, value)),
                Span::plain(number(count(value.count), t.language)),
            ]
        });
        let columns = vec![Column::new(title.clone(), 5.0), Column::number(t.entries(), 1.0)];
        Block::Table(Table { caption: title.into_owned(), columns, rows: rows.collect(), row_heads: true })
    });
    Ok(tables.collect())
}

/// Only hashes.
struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
