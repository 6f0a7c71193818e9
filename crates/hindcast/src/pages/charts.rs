//! A chart of a page as a file: drawn as SVG, from shapes that could as well be printed, or counted as CSV.
//!
//! It asks what the page asks, so it shows what the page shows, to whoever may see it.

use super::asked::{Asked, Question};
use super::chart::paint;
use super::dashboards::{TOP, TopList, top_lists};
use super::heat::{Heat, heat};
use super::histogram::{Histogram, ends, histogram};
use super::mistake::question;
use super::refusal::Refusal;
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::paper::{Anchor, Figure, Paint, Shape, svg_file};
use crate::people::Permission;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use hindcast_segments::{Budget, CsvStyle, FacetKind, Snapshot, csv_value};
use std::sync::Arc;

/// Fields whose most frequent values are charts.
const LISTS: [FacetKind; 10] = [
    FacetKind::Actor,
    FacetKind::Action,
    FacetKind::Category,
    FacetKind::Source,
    FacetKind::Country,
    FacetKind::Ip,
    FacetKind::TargetType,
    FacetKind::Role,
    FacetKind::ActorType,
    FacetKind::Outcome,
];
/// The width of drawings that are not as wide as a page.
const WIDTH: f32 = 640.0;
/// From one row to the next, and how tall its bar is.
const ROW: f32 = 22.0;
const BAR: f32 = 12.0;
/// Where the names of rows end.
const NAMES: f32 = 220.0;
/// A name of a row is cut to so many characters.
const NAME_CHARS_MAX: usize = 34;

/// Which chart.
#[derive(Clone, Copy)]
enum Chart {
    Histogram,
    Heat,
    List(FacetKind),
}

impl Chart {
    fn named(name: &str) -> Option<Self> {
        match name {
            "histogram" => Some(Self::Histogram),
            "heat" => Some(Self::Heat),
            name => LISTS.into_iter().find(|kind| kind.key() == name).map(Self::List),
        }
    }
}

/// A chart that is ready to be written.
struct Drawn {
    figure: Figure,
    rows: Vec<Vec<String>>,
}

/// `GET /charts/{file}`: `histogram`, `heat` or a field, as `.svg` or `.csv`, of what is asked for as on the page.
pub async fn file(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadLog)?;
    let (name, kind) = file.split_once('.').ok_or(Refusal::NotFound)?;
    let chart = Chart::named(name).ok_or(Refusal::NotFound)?;
    let content_type = match kind {
        "svg" => "image/svg+xml; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        _ => return Err(Refusal::NotFound),
    };
    let asked = Asked::read(raw.as_deref()).first_page();
    let question = question(&visitor, &asked)?;
    let snapshot = visitor.snapshot(&app)?;
    let drawn = lanes.query(&app, move |budget| draw(chart, &visitor, &asked, &question, &snapshot, budget));
    let drawn = drawn.await?.ok_or(Refusal::NotFound)?;
    let body = if kind == "svg" { svg_file(&drawn.figure).into_bytes() } else { csv(&drawn.rows) };
    let disposition = format!("attachment; filename=\"hindcast-{name}.{kind}\"");
    let headers = [(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, body).into_response())
}

/// Nothing when the visitor may not see the field.
fn draw(
    chart: Chart,
    visitor: &Visitor,
    asked: &Asked,
    question: &Question,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Option<Drawn>, Problem> {
    let t = visitor.guest.text;
    Ok(match chart {
        Chart::Histogram => Some(of_histogram(t, histogram(visitor, asked, question, snapshot, budget)?)),
        Chart::Heat => {
            let time = ends(question, snapshot, visitor.now, budget)?;
            Some(of_heat(t, &heat(visitor, asked, question, snapshot, time, budget)?))
        }
        Chart::List(kind) => {
            let lists = top_lists(visitor, asked, question, snapshot, &[kind], TOP, budget)?;
            lists.into_iter().next().map(|list| of_list(t, list))
        }
    })
}

fn of_histogram(t: Text, histogram: Histogram) -> Drawn {
    let outcomes = [
        ("success", t.outcome_success()),
        ("failure", t.outcome_failure()),
        ("denied", t.outcome_denied()),
        ("unknown", t.outcome_unknown()),
    ];
    let mut figure = histogram.chart.figure(histogram.finding);
    // Below it, what the colours mean, from the bottom of a bar to its top.
    let y = figure.size.1 + 4.0;
    for (nth, (class, name)) in outcomes.iter().enumerate() {
        let x = 44.0 + nth as f32 * 140.0;
        figure.shapes.push(Shape::Rect(x, y, 12.0, 10.0, paint(class)));
        figure.shapes.push(Shape::Text((x + 18.0, y + 9.0), name.to_string(), Anchor::Start));
    }
    figure.size.1 += 20.0;
    let mut head = vec![t.chart_begins().into_owned(), t.chart_ends().into_owned()];
    head.extend(outcomes.map(|(_, name)| name.into_owned()));
    let rows = histogram.counts.into_iter().map(|(from, to, counts)| {
        let counts = counts.map(|count| count.to_string());
        [from, to].into_iter().chain(counts).collect()
    });
    Drawn { figure, rows: std::iter::once(head).chain(rows).collect() }
}

/// Hours beside each other and days below each other; where there was more, the square is larger.
fn of_heat(t: Text, heat: &Heat) -> Drawn {
    let (left, top, cell) = (100.0, 20.0, (WIDTH - 100.0) / 24.0);
    let most = heat.days.iter().flat_map(|(_, cells)| cells).map(|cell| cell.total).max().unwrap_or(0);
    let mut shapes = Vec::new();
    for hour in (0..24).step_by(3) {
        let x = left + (hour as f32 + 0.5) * cell;
        shapes.push(Shape::Text((x, top - 6.0), hour.to_string(), Anchor::Middle));
    }
    let mut rows =
        vec![vec![t.chart_day().into_owned(), t.chart_hour().into_owned(), t.entries().into_owned()]];
    for (day, (name, cells)) in heat.days.iter().enumerate() {
        let middle = top + (day as f32 + 0.5) * cell;
        shapes.push(Shape::Text((left - 8.0, middle + 4.0), name.clone(), Anchor::End));
        for (hour, one) in cells.iter().enumerate() {
            rows.push(vec![name.clone(), hour.to_string(), one.total.to_string()]);
            if one.total > 0 {
                // Its area tells how many there were; however few, they are seen.
                let side = ((one.total as f32 / most as f32).sqrt() * (cell - 2.0)).max(2.0);
                let x = left + (hour as f32 + 0.5) * cell;
                let (x, y) = (x - side / 2.0, middle - side / 2.0);
                shapes.push(Shape::Rect(x, y, side, side, Paint::Accent));
            }
        }
    }
    let size = (WIDTH, top + 7.0 * cell + 4.0);
    Drawn { figure: Figure { told: heat.finding.clone(), size, shapes }, rows }
}

fn of_list(t: Text, list: TopList) -> Drawn {
    let mut shapes = Vec::new();
    let mut rows = vec![vec![list.label, t.entries().into_owned()]];
    let room = WIDTH - NAMES - 80.0;
    for (nth, value) in list.values.into_iter().enumerate() {
        let y = nth as f32 * ROW + 4.0;
        let width = (room * value.share as f32 / 100.0).max(1.0);
        shapes.push(Shape::Text((NAMES - 8.0, y + BAR - 2.0), cut(&value.label), Anchor::End));
        shapes.push(Shape::Rect(NAMES, y, width, BAR, Paint::Accent));
        shapes.push(Shape::Text((NAMES + width + 6.0, y + BAR - 2.0), value.count, Anchor::Start));
        rows.push(vec![value.label, value.total.to_string()]);
    }
    let size = (WIDTH, (rows.len() - 1) as f32 * ROW + 8.0);
    Drawn { figure: Figure { told: format!("{}: {}", rows[0][0], list.finding), size, shapes }, rows }
}

fn cut(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// For spreadsheets: with a byte order mark, and nothing that they would compute.
fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    for row in rows {
        for (nth, value) in row.iter().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            csv_value(value, CsvStyle::Excel, &mut out);
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}
