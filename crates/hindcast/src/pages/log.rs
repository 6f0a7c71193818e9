//! The log: what happened, newest first, with everything that helps to find it.

use super::alerts::marks;
use super::answer::{page, page_with, redirect};
use super::asked::{Asked, CALENDAR, PRESETS, Question, without};
use super::entry::{EntryShown, shown};
use super::facets::{Facet, facets};
use super::format::ago;
use super::histogram::{Histogram, count, histogram};
use super::mistake::Mistake;
use super::refusal::Refusal;
use super::rows::{Column, Row, rows};
use super::safe::isolated;
use super::shell::{Section, Shell};
use super::text::Text;
use super::views::{Saved, saved};
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::catalog::Times;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Timestamp;
use hindcast_segments::query::{Clause, Query, QueryErrors};
use hindcast_segments::{Budget, Cursor, Snapshot};
use std::sync::Arc;

/// Rows of a page.
const PAGE_ROWS: usize = 50;
/// So many pages load by themselves when they come into view; then a press is wanted.
const AUTO_PAGES: u8 = 4;

#[derive(Template)]
#[template(path = "log.html", blocks = ["result", "older", "panel", "facets", "histogram"])]
struct LogPage {
    shell: Shell,
    t: Text,
    asked: Asked,
    list: List,
    ranges: Vec<(String, String, bool)>,
    custom: (String, String),
    mistake: Option<Mistake>,
    chips: Vec<Chip>,
    views: Vec<Saved>,
    facets: Option<Vec<Facet>>,
    histogram: Option<Histogram>,
    panel: Option<EntryShown>,
    zone: String,
    columns: Vec<(Column, String, bool)>,
    may_export: bool,
    may_share: bool,
    may_send: bool,
}

/// The rows, and what is to be said about them.
struct List {
    rows: Vec<Row>,
    cols: Vec<Column>,
    told: String,
    /// Whether every row was received late, as after an import; then it is said once.
    all_late: bool,
    older: Option<String>,
    older_part: Option<String>,
    older_auto: bool,
    /// The address of the first page, when this is another.
    newest: Option<String>,
    /// Whether the log has no entries at all, for nobody.
    never: bool,
    /// When the nearest answer happened that the range leaves out, and where it is shown.
    nearest: Option<(String, String)>,
    tail: String,
    is_live: bool,
}

/// A condition that is in force.
struct Chip {
    key: &'static str,
    label: String,
    not: bool,
    href: String,
}

/// `GET /log`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadLog)?;
    if let (true, Some(first)) =
        (raw.as_deref().unwrap_or_default().is_empty(), &visitor.person.preferences.first_view)
    {
        return Ok(redirect(&Asked::read(Some(first)).first_page().href()));
    }
    let mut asked = Asked::read(raw.as_deref());
    let partial = visitor.guest.partial;
    if !partial {
        asked.part = String::new();
    }
    let question = asked.question(moment(&visitor, &asked)?, &visitor.clock)?;
    let kept = app.clone();
    let shown = lanes
        .query(&app, move |budget| match question {
            Ok(question) => of_question(&kept, &visitor, asked, &question, budget),
            Err(errors) => Ok((of_mistake(&kept, &visitor, asked, &errors)?, StatusCode::BAD_REQUEST)),
        })
        .await;
    let (shown, status) = shown?;
    // A mistake in a query is no failure of the page: what is shown is whole.
    let status = if partial { StatusCode::OK } else { status };
    match (partial, shown.asked.part.as_str()) {
        (false, _) => page_with(status, &shown),
        (true, "rows") => page(&shown.as_older()),
        (true, "panel") => page(&shown.as_panel()),
        (true, "facets") => page(&shown.as_facets()),
        (true, "histogram") => page(&shown.as_histogram()),
        (true, _) => page_with(status, &shown.as_result()),
    }
}

/// The moment that relative ranges count from: for later pages that of the first one.
fn moment(visitor: &Visitor, asked: &Asked) -> Result<Timestamp, Refusal> {
    Ok(cursor(&asked.before)?.map_or(visitor.now, |(_, now)| now))
}

/// A place in the list, with the moment its first page was asked for.
fn cursor(text: &str) -> Result<Option<(Cursor, Timestamp)>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::parameter("before", "the place in the list cannot be read");
    let (cursor, now) = text.split_at_checked(text.len().saturating_sub(16)).ok_or_else(wrong)?;
    let now = u64::from_str_radix(now, 16).map_err(|_| wrong())?.cast_signed();
    Ok(Some((cursor.parse().map_err(|_| wrong())?, Timestamp::from_micros(now))))
}

fn of_question(
    app: &App,
    visitor: &Visitor,
    asked: Asked,
    question: &Question,
    budget: &Budget,
) -> Result<(LogPage, StatusCode), Problem> {
    let room = app.rooms.get(&visitor.membership.workspace);
    let room = room.ok_or_else(|| Problem::not_found("there is no such workspace"))?;
    let snapshot = room.seen_by(&visitor.sight);
    // The rows never wait for what takes longer; that comes as a part of its own, or all at once without scripts.
    let (whole, part) = (asked.parts == "all", asked.part.clone());
    let wants = |name: &str| part == name || whole;
    let list = match part.as_str() {
        "" | "rows" => list(app, visitor, &asked, question, &snapshot, budget)?,
        _ => List::none(),
    };
    let facets = wants("facets").then(|| facets(visitor, &asked, question, &snapshot, budget)).transpose()?;
    let histogram =
        wants("histogram").then(|| histogram(visitor, &asked, question, &snapshot, budget)).transpose()?;
    let panel = match asked.entry.is_empty() || !(part.is_empty() || part == "panel") {
        true => None,
        false => shown(app, visitor, &asked, &asked.entry, &snapshot, budget)?,
    };
    if matches!(part.as_str(), "" | "rows") && asked.before.is_empty() && !question.typed.is_empty() {
        let (workspace, person) = (&visitor.membership.workspace, &visitor.person.id);
        app.readings.searched(workspace, person, || visitor.by(), &asked.q);
    }
    let chips = chips(visitor.guest.text, &asked, &question.typed);
    let page = LogPage { list, chips, facets, histogram, panel, ..blank(app, visitor, asked)? };
    Ok((page, StatusCode::OK))
}

fn of_mistake(app: &App, visitor: &Visitor, asked: Asked, errors: &QueryErrors) -> Result<LogPage, Problem> {
    let mistake = Mistake::of(visitor.guest.text, &asked, errors);
    Ok(LogPage { mistake, ..blank(app, visitor, asked)? })
}

/// The page without answers.
fn blank(app: &App, visitor: &Visitor, asked: Asked) -> Result<LogPage, Problem> {
    let t = visitor.guest.text;
    let preset = asked.preset();
    let range_names = PRESETS.iter().map(|(name, _)| *name).chain(CALENDAR);
    let mut ranges: Vec<_> =
        range_names.map(|name| (name.to_owned(), range_label(t, name), preset == Some(name))).collect();
    if preset.is_none() {
        ranges.push(("custom".to_owned(), t.range_custom().into_owned(), true));
    }
    let typed =
        |text: &str| Timestamp::parse(text).map_or_else(|| text.to_owned(), |at| visitor.clock.input(at));
    let chosen = Column::shown(&asked, visitor);
    let zone = match visitor.person.preferences.times {
        Times::Utc => "UTC".to_owned(),
        _ => visitor.clock.zone_shown(visitor.now),
    };
    Ok(LogPage {
        shell: Shell::of(visitor, app, Section::Log, t.log()),
        t,
        list: List::none(),
        ranges,
        custom: (typed(&asked.from), typed(&asked.to)),
        mistake: None,
        chips: Vec::new(),
        views: saved(app, visitor, &asked)?,
        facets: None,
        histogram: None,
        panel: None,
        zone,
        columns: Column::ALL
            .into_iter()
            .filter(|column| *column != Column::Activity)
            .map(|column| (column, column.label(t), chosen.contains(&column)))
            .collect(),
        may_export: visitor.may(Permission::ExportLog),
        may_share: visitor.may(Permission::ShareViews),
        may_send: visitor.may(Permission::SettingsDestinations),
        asked,
    })
}

impl List {
    fn none() -> Self {
        let (rows, cols, told, older, older_part, newest, nearest, tail) = Default::default();
        let (all_late, older_auto, never, is_live) = Default::default();
        Self {
            rows,
            cols,
            told,
            all_late,
            older,
            older_part,
            older_auto,
            newest,
            never,
            nearest,
            tail,
            is_live,
        }
    }
}

fn list(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    question: &Question,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<List, Problem> {
    let t = visitor.guest.text;
    let place = cursor(&asked.before)?;
    let now = place.as_ref().map_or(visitor.now, |(_, now)| *now);
    let found =
        snapshot.search(&question.query, place.as_ref().map(|(cursor, _)| cursor), PAGE_ROWS, budget)?;
    let mut rows = rows(visitor, asked, &question.typed, &found.entries);
    let indexes: Vec<u64> = rows.iter().map(|row| row.index).collect();
    let mut marks = marks(app, visitor, &indexes)?;
    rows.iter_mut().for_each(|row| row.alert = marks.remove(&row.index));
    let all_late = rows.len() > 1 && rows.iter().all(|row| row.late.is_some());
    if all_late {
        rows.iter_mut().for_each(|row| row.late = None);
    }
    let older = found.next.map(|cursor| Asked {
        before: format!("{cursor}{:016x}", now.micros()),
        auto: asked.auto.saturating_add(1),
        entry: String::new(),
        tab: String::new(),
        part: String::new(),
        ..asked.clone()
    });
    let is_part = asked.part == "rows";
    let total = if is_part { 0 } else { snapshot.count(&question.query, budget)? };
    let nearest = match rows.is_empty() && !is_part {
        true => nearest(visitor, asked, question, snapshot, budget)?,
        false => None,
    };
    let told = match asked.preset() {
        Some(range) => t.log_count_range(count(total), range_label(t, range)),
        None => t.log_count(count(total)),
    };
    let size = app.rooms.get(&visitor.membership.workspace).map_or(0, |room| *room.size.borrow());
    // The rows that come in are of this workspace, whichever is looked at by then.
    let w = format!("&w={}", visitor.membership.workspace);
    let tail = Asked { before: String::new(), entry: String::new(), part: String::new(), ..asked.clone() };
    Ok(List {
        rows,
        cols: Column::shown(asked, visitor),
        told: told.into_owned(),
        all_late,
        older_part: older.as_ref().map(|asked| Asked { part: "rows".to_owned(), ..asked.clone() }.href()),
        older_auto: asked.auto < AUTO_PAGES,
        older: older.map(|asked| Asked { auto: 0, ..asked }.href()),
        newest: (!asked.before.is_empty()).then(|| asked.first_page().href()),
        never: size == 0,
        nearest,
        tail: tail.href().replacen("/log", "/log/tail", 1) + &w,
        is_live: asked.before.is_empty() && question.range.until.is_none(),
    })
}

/// The nearest answer before the range, when there is none within.
fn nearest(
    visitor: &Visitor,
    asked: &Asked,
    question: &Question,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Option<(String, String)>, Problem> {
    let found = snapshot.search(&question.typed, None, 1, budget)?;
    let at = found.entries.get(0).and_then(|entry| Some(entry.event.view().ok()?.occurred_at));
    Ok(at.map(|at| {
        let t = visitor.guest.text;
        let told = t.with_aside(visitor.clock.date(at), ago(t, at, visitor.now));
        (told.into_owned(), asked.with_range("all").href())
    }))
}

fn chips(t: Text, asked: &Asked, typed: &Query) -> Vec<Chip> {
    let mut chips = Vec::new();
    for clause in &typed.clauses {
        for term in &clause.any {
            let one = Clause { any: vec![term.clone()], ..clause.clone() };
            let alone = Query { clauses: vec![one.clone()], ..Query::default() }.to_string();
            let value = alone.trim_start_matches('-').split_once(':').map_or("", |(_, value)| value);
            let value = isolated(value.trim_matches('"'));
            let label = if clause.not {
                t.chip_not(clause.key.name(), value)
            } else {
                t.chip(clause.key.name(), value)
            };
            let href = asked.with_query(without(typed, &one)).href();
            chips.push(Chip { key: clause.key.name(), label: label.into_owned(), not: clause.not, href });
        }
    }
    for (not, texts) in [(false, &typed.texts), (true, &typed.not_texts)] {
        for text in texts {
            let mut rest = typed.clone();
            let list = if not { &mut rest.not_texts } else { &mut rest.texts };
            list.retain(|known| known != text);
            let value = isolated(&text.text);
            let label = if not { t.chip_text_not(value) } else { t.chip_text(value) };
            let href = asked.with_query(rest.to_string()).href();
            chips.push(Chip { key: "text", label: label.into_owned(), not, href });
        }
    }
    chips
}

/// What a preset range is called.
pub fn range_label(t: Text, name: &str) -> String {
    let label = match name {
        "15m" => t.range_15m(),
        "1h" => t.range_1h(),
        "24h" => t.range_24h(),
        "7d" => t.range_7d(),
        "30d" => t.range_30d(),
        "90d" => t.range_90d(),
        "month" => t.range_month(),
        "last-month" => t.range_last_month(),
        _ => t.range_all(),
    };
    label.into_owned()
}
