//! One entry: beside the list, or on a page of its own.

mod facts;

pub use facts::{Fact, FactValue};

use facts::{facts, json};

use super::alerts::{Mark, marks};
use super::answer::{page, redirect};
use super::asked::{Asked, Question};
use super::change::{Change, changes, json_patch};
use super::integrity_of_entry::{Checked, checked};
use super::refusal::Refusal;
use super::rows::{Badge, Moment, Row, condition, row};
use super::safe::{isolated, visible_lines};
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use hindcast_event::{Entries, Entry, Salts, Timestamp, View, describe_with};
use hindcast_segments::query::{ParseContext, Query, TimeRange};
use hindcast_segments::{Budget, Cursor, Snapshot};
use serde_json::Value;
use std::sync::Arc;

/// So many entries are shown before and after one, to see what was going on.
const AROUND: usize = 10;

/// An entry, ready to be shown.
pub struct EntryShown {
    /// Its place in the log.
    pub index: u64,
    /// What happened.
    pub sentence: String,
    /// How it went.
    pub outcome: Badge,
    /// When it happened.
    pub time: Moment,
    /// The gravest alert that is about it.
    pub alert: Option<Mark>,
    /// How many of its fields were erased.
    pub erased: usize,
    /// The tabs: name, label, address, part address, whether it is open.
    pub tabs: Vec<Tab>,
    /// Which tab is open.
    pub tab: &'static str,
    /// What is known of it, in the first tab.
    pub facts: Vec<Fact>,
    /// What changed, in the second.
    pub changes: Vec<Change>,
    /// The same as RFC 6902.
    pub patch: String,
    /// What else was going on, in the third: a heading and entries.
    pub around: Vec<(String, Vec<Row>)>,
    /// Whether it is what was signed, in the fourth.
    pub checked: Option<Checked>,
    /// The entry as JSON, in the last.
    pub raw: String,
    /// The same to be copied.
    pub raw_copy: String,
    /// Whether it stands beside a list.
    pub is_panel: bool,
    /// Where the list is with it.
    pub here: String,
    /// Where the list is without it: address and part address.
    pub close: (String, String),
    /// The one before and the one after in the list: address and part address.
    pub newer: Option<(String, String)>,
    /// See above.
    pub older: Option<(String, String)>,
    /// Where entries like it are.
    pub similar: String,
}

/// A tab.
pub struct Tab {
    /// Its name in addresses.
    pub name: &'static str,
    /// Its name for people.
    pub label: String,
    /// Its address.
    pub href: String,
    /// The address of the part alone.
    pub part: String,
    /// Whether it is open.
    pub is_here: bool,
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    shell: Shell,
    t: Text,
    entry: EntryShown,
}

/// `GET /log/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadLog)?;
    let asked = Asked { entry: String::new(), ..Asked::read(raw.as_deref()) };
    let snapshot = visitor.snapshot(&app)?;
    let (kept, guest) = (app.clone(), visitor.clone());
    let found = lanes.query(&app, move |budget| shown(&kept, &guest, &asked, &id, &snapshot, budget)).await?;
    let entry = found.ok_or(Refusal::NotFound)?;
    let t = visitor.guest.text;
    let shell = Shell::of(&visitor, &app, Section::Log, entry.sentence.clone());
    page(&EntryPage { shell, t, entry })
}

/// `POST /log/{id}/verify`: verifies an entry; that somebody did is an entry too.
pub async fn verify(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (room, snapshot) = (visitor.room(&app)?, visitor.snapshot(&app)?);
    let found = lanes.query(&app, move |budget| {
        let found = crate::api::find(&snapshot, &id, budget)?;
        found.get(0).map(|entry| entry.index).ok_or_else(|| Problem::not_found("there is no such entry"))
    });
    let index = found.await?;
    // A fresh entry is signed in a moment.
    crate::api::checkpoint(&app, &room, index + 1).await?;
    let kept = app.clone();
    let to = lanes
        .query(&app, move |_| {
            let checked = checked(&kept, &visitor, index)?;
            let about =
                serde_json::json!({ "size": checked.size, "intact": checked.is_good, "entry": index });
            let event = visitor.by().event("log.verified", serde_json::json!([]), about);
            kept.catalog.keep(&visitor.membership.workspace, &event)?;
            kept.post();
            Ok(format!("/log/{index}?tab=integrity"))
        })
        .await?;
    Ok(redirect(&to))
}

/// An entry as a visitor may see it; nothing when there is none for them.
pub fn shown(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    id: &str,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Option<EntryShown>, Problem> {
    let found = match crate::api::find(snapshot, id, budget) {
        Ok(found) => found,
        Err(problem) if problem.status() == axum::http::StatusCode::NOT_FOUND => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let Some(entry) = found.get(0) else { return Ok(None) };
    let view = entry.event.view().map_err(Problem::internal)?;
    let t = visitor.guest.text;
    let tab = ["changes", "context", "integrity", "raw"].into_iter().find(|tab| *tab == asked.tab);
    let tab = tab.unwrap_or("summary");
    let is_panel = !asked.entry.is_empty();
    app.readings.opened(
        &visitor.membership.workspace,
        &visitor.person.id,
        || visitor.by(),
        entry.index,
        &view.id,
    );
    let mut shown = EntryShown {
        index: entry.index,
        sentence: describe_with(&view, t.language, &|value| isolated(&value)),
        outcome: Badge::of(t, view.result),
        time: Moment::of(visitor, view.occurred_at),
        alert: marks(app, visitor, &[entry.index])?.remove(&entry.index),
        erased: match entry.salts {
            Salts::Left(left) => left.erased(),
            Salts::Key(_) => 0,
        },
        tabs: tabs(t, asked, entry.index, tab, is_panel, view.changes.len()),
        tab,
        facts: Vec::new(),
        changes: Vec::new(),
        patch: String::new(),
        around: Vec::new(),
        checked: None,
        raw: String::new(),
        raw_copy: String::new(),
        is_panel,
        here: asked.panel().0,
        close: asked.with_entry("").panel(),
        newer: None,
        older: None,
        similar: Asked { q: condition("action", &view.action), range: "all".into(), ..Asked::default() }
            .href(),
    };
    if is_panel && let Ok(Ok(question)) = asked.question(visitor.now, &visitor.clock) {
        (shown.newer, shown.older) = neighbours(asked, &question, &entry, &view, snapshot, budget)?;
    }
    match tab {
        "changes" => {
            shown.changes = changes(t, &view);
            shown.patch = json_patch(&view);
        }
        "context" => shown.around = around(visitor, &entry, &view, snapshot, budget)?,
        "integrity" => shown.checked = Some(checked(app, visitor, entry.index)?),
        "raw" => (shown.raw, shown.raw_copy) = raw(&entry)?,
        _ => shown.facts = facts(visitor, &entry, &view),
    }
    Ok(Some(shown))
}

fn tabs(t: Text, asked: &Asked, index: u64, open: &str, is_panel: bool, changes: usize) -> Vec<Tab> {
    let labels = [
        ("summary", t.tab_summary()),
        ("changes", t.tab_changes(super::histogram::count(changes as u64))),
        ("context", t.tab_context()),
        ("integrity", t.tab_integrity()),
        ("raw", t.tab_raw()),
    ];
    let tabs = labels.into_iter().map(|(name, label)| {
        let tab = if name == "summary" { String::new() } else { name.to_owned() };
        let (href, part) = if is_panel {
            Asked { tab, ..asked.clone() }.panel()
        } else if tab.is_empty() {
            (format!("/log/{index}"), String::new())
        } else {
            (format!("/log/{index}?tab={tab}"), String::new())
        };
        Tab { name, label: label.into_owned(), href, part, is_here: name == open }
    });
    tabs.collect()
}

fn raw(entry: &Entry<'_>) -> Result<(String, String), Problem> {
    let mut out = Vec::new();
    entry.write_json(&mut out).map_err(Problem::internal)?;
    let value: Value = serde_json::from_slice(&out).map_err(Problem::internal)?;
    let pretty = serde_json::to_string_pretty(&value).map_err(Problem::internal)?;
    Ok((visible_lines(&pretty), String::from_utf8(out).map_err(Problem::internal)?))
}

/// What the same actor did, what happened to the same target, and what else was part of the same session.
fn around(
    visitor: &Visitor,
    entry: &Entry<'_>,
    view: &View<'_>,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Vec<(String, Vec<Row>)>, Problem> {
    let t = visitor.guest.text;
    let actor = json(view.actor);
    let target = view.targets.first().map(|target| json(target)).unwrap_or_default();
    let context = view.context.map(json).unwrap_or_default();
    let id = |value: &Value, name: &str| value[name].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    let target = id(&target, "id").map(|id| format!("{}/{id}", target["type"].as_str().unwrap_or_default()));
    let lists = [
        (t.around_actor(), id(&actor, "id").map(|id| condition("actor_id", &id))),
        (t.around_target(), target.map(|target| condition("target", &target))),
        (t.around_session(), id(&context, "session_id").map(|id| condition("session", &id))),
    ];
    let mut around = Vec::new();
    for (label, q) in lists {
        let Some(query) = q.and_then(|q| Query::parse(&q, &ParseContext::default()).ok()) else { continue };
        let asked = Asked { q: query.to_string(), range: "all".to_owned(), ..Asked::default() };
        let mut entries = Entries::default();
        newer(&query, view.occurred_at, AROUND, snapshot, budget)?.iter().for_each(|one| entries.push(one));
        entries.push(*entry);
        let after = Cursor::after(view.occurred_at, entry.index, &query);
        snapshot
            .search(&query, Some(&after), AROUND, budget)?
            .entries
            .iter()
            .for_each(|one| entries.push(one));
        let rows = entries.iter().filter_map(|one| {
            let mut row = row(visitor, &asked, &query, &one, &one.event.view().ok()?);
            row.selected = one.index == entry.index;
            Some(row)
        });
        around.push((label.into_owned(), rows.collect()));
    }
    Ok(around)
}

/// The answers that happened right after a moment, the newest first.
fn newer(
    query: &Query,
    at: Timestamp,
    most: usize,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Entries, Problem> {
    let from = TimeRange { from: Some(at.micros() + 1), until: query.occurred.until };
    let Some(occurred) = query.occurred.intersection(&from) else { return Ok(Entries::default()) };
    let later = Query { occurred, ..query.clone() };
    let count = snapshot.count(&later, budget)?;
    if count == 0 {
        return Ok(Entries::default());
    }
    Ok(snapshot.slice(&later, count.saturating_sub(most as u64), most, budget)?)
}

type Neighbour = Option<(String, String)>;

fn neighbours(
    asked: &Asked,
    question: &Question,
    entry: &Entry<'_>,
    view: &View<'_>,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<(Neighbour, Neighbour), Problem> {
    let to = |entries: &Entries, at: usize| {
        let index = entries.get(at)?.index;
        Some(asked.with_entry(index.to_string()).panel())
    };
    let query = &question.query;
    let newer = newer(query, view.occurred_at, 1, snapshot, budget)?;
    let after = Cursor::after(view.occurred_at, entry.index, query);
    let older = snapshot.search(query, Some(&after), 1, budget)?.entries;
    Ok((to(&newer, 0), to(&older, 0)))
}
