//! The report as a document on paper: what its page says, without the words of conversations.

use super::matrix::Matrix;
use super::show::{Group, ReportPage};
use super::{Cell, Table as Shown, Tile};
use crate::app::App;
use crate::pages::text::Text;
use crate::paper::{Align, Block, Column, Document, Format, Span, Table};
use hindcast_event::Timestamp;

/// The first column is as wide as so many of the others.
const FIRST_WIDTH: f32 = 2.0;

/// What the page of a report says.
pub(super) fn document(app: &App, page: &ReportPage, now: Timestamp) -> Document {
    let t = page.t;
    let mut blocks = vec![Block::Facts(head(page))];
    blocks.extend(page.notices.iter().map(|notice| {
        let items = notice.items.iter().map(String::as_str);
        Block::Note(vec![plain(
            std::iter::once(notice.text.as_str()).chain(items).collect::<Vec<_>>().join("\n"),
        )])
    }));
    if !page.verdict.is_empty() {
        let verdict = t.sim_verdict_said(page.verdict.as_str()).into_owned();
        blocks.push(Block::Paragraph(vec![Span::strong(verdict), plain(format!(" {}", page.sentence))]));
    }
    blocks.push(Block::Facts(page.tiles.iter().map(tile).collect()));
    blocks.extend(page.matrices.iter().flat_map(|matrix| of_matrix(t, matrix)));
    if !page.groups_told.is_empty() {
        blocks.push(Block::Heading(1, t.sim_differences().into_owned()));
        blocks.push(Block::Paragraph(vec![plain(&page.groups_told)]));
        blocks.extend(page.groups.iter().flat_map(|group| of_group(t, group)));
    }
    blocks.extend(page.tables.iter().flat_map(of_table));
    blocks.push(Block::Heading(1, t.sim_method().into_owned()));
    blocks.push(Block::Facts(page.method.iter().map(|(name, said)| fact(name, said)).collect()));
    blocks.extend(page.method_told.iter().map(|told| Block::Paragraph(vec![plain(told)])));
    Document {
        language: t.language,
        title: page.title.clone(),
        made_at: now,
        foot: format!("hindcast · {}", page.id),
        page_of: t.paper_page("{page}", "{pages}").into_owned(),
        base: app.config.server.public_url.clone(),
        format: Format::Landscape,
        blocks,
    }
}

fn plain(text: impl Into<String>) -> Span {
    Span::plain(text)
}

fn fact(name: &str, said: &str) -> (String, Vec<Span>) {
    (name.to_owned(), vec![plain(said)])
}

fn head(page: &ReportPage) -> Vec<(String, Vec<Span>)> {
    let t = page.t;
    let mut facts = vec![fact(&page.kind, &page.mark.word), fact(&t.sim_began(), &page.began.title)];
    facts.extend(page.ended.iter().map(|ended| fact(&t.sim_ended(), &ended.title)));
    facts
}

fn tile(tile: &Tile) -> (String, Vec<Span>) {
    let number = Span::strong(&tile.number).to(&tile.href);
    (tile.label.clone(), vec![number, plain(format!(" {}", tile.about))])
}

fn of_matrix(t: Text, matrix: &Matrix) -> Vec<Block> {
    let corner = t.sim_matrix_corner(matrix.sides.0.as_str(), matrix.sides.1.as_str());
    let mut columns = vec![Column::new(corner, FIRST_WIDTH)];
    columns.extend(matrix.columns.iter().map(|column| Column::number(column, 1.0)));
    columns.push(Column::number(t.sim_total(), 1.0));
    let rows = matrix.rows.iter().map(|row| {
        let cells = row
            .cells
            .iter()
            .map(|cell| plain(format!("{} {}", cell.n, cell.share).trim_end()).to(&cell.href));
        std::iter::once(plain(&row.label)).chain(cells).chain([Span::strong(&row.total)]).collect()
    });
    let totals = matrix.totals.iter().chain([&matrix.all]).map(Span::strong);
    let totals = std::iter::once(plain(t.sim_total())).chain(totals).collect();
    let table = Table {
        caption: matrix.title.clone(),
        columns,
        rows: rows.chain([totals]).collect(),
        row_heads: true,
    };
    titled(&matrix.title, &matrix.told, table, &matrix.note)
}

fn of_table(shown: &Shown) -> Vec<Block> {
    let columns = shown.heads.iter().enumerate().map(|(nth, head)| Column {
        title: head.label.clone(),
        width: if nth == 0 { FIRST_WIDTH } else { 1.0 },
        align: if head.is_number { Align::End } else { Align::Start },
    });
    let rows = shown.rows.iter().map(|row| row.iter().map(of_cell).collect());
    let table = Table {
        caption: shown.title.clone(),
        columns: columns.collect(),
        rows: rows.collect(),
        row_heads: true,
    };
    titled(&shown.title, &shown.told, table, &shown.note)
}

fn of_cell(cell: &Cell) -> Span {
    plain(format!("{} {}", cell.text, cell.about).trim_end()).to(&cell.href)
}

/// Which cases changed in the same way, and why; what was said in them stays where it is.
fn of_group(t: Text, group: &Group) -> Vec<Block> {
    let facts = |facts: &[(String, String)]| {
        facts.iter().map(|(name, said)| format!("{name}: {said}")).collect::<Vec<_>>().join("\n")
    };
    let rows = group.pairs.iter().map(|pair| {
        vec![
            plain(&pair.title).to(&pair.href),
            plain(&pair.reason),
            plain(facts(&pair.before.facts)),
            plain(facts(&pair.after.facts)),
        ]
    });
    let heads = [t.sim_case(), t.sim_reason(), t.sim_before(), t.sim_after()];
    let table = Table {
        caption: group.title.clone(),
        columns: heads.into_iter().map(|head| Column::new(head, 1.0)).collect(),
        rows: rows.collect(),
        row_heads: true,
    };
    let mut blocks = vec![Block::Heading(2, format!("{} ({})", group.title, group.n))];
    if !group.pairs.is_empty() {
        blocks.push(Block::Table(table));
    }
    if !group.more.is_empty() {
        blocks.push(Block::Paragraph(vec![plain(&group.more)]));
    }
    blocks
}

fn titled(title: &str, told: &str, table: Table, note: &str) -> Vec<Block> {
    let said = |text: &str| (!text.is_empty()).then(|| Block::Paragraph(vec![plain(text)]));
    let mut blocks = vec![Block::Heading(1, title.to_owned())];
    blocks.extend(said(told));
    blocks.push(Block::Table(table));
    blocks.extend(said(note));
    blocks
}
