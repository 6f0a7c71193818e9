//! Dashboards: the log in numbers, each of which leads to the entries it stands for.

use super::answer::page;
use super::asked::{Asked, CALENDAR, PRESETS, Question, clause};
use super::chart::spark;
use super::facets::{condition_of, label, value_label};
use super::format::{ago, decimal, number};
use super::heat::{Heat, heat};
use super::histogram::{Histogram, Length, count, ends, histogram};
use super::log::range_label;
use super::mistake::question;
use super::named;
use super::refusal::Refusal;
use super::rows::{Row, rows};
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
use hindcast_event::{Field, Timestamp};
use hindcast_segments::query::{ParseContext, Query, TimeRange};
use hindcast_segments::{Budget, FacetKind, Snapshot};
use std::sync::Arc;

/// Values of each list.
pub const TOP: usize = 10;
/// Rows of the latest entries.
const LATEST: usize = 8;
/// What is shown when nothing is asked for.
const RANGE_DEFAULT: &str = "7d";

/// Which dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Board {
    Overview,
    Access,
    Changes,
    People,
}

impl Board {
    const ALL: [Self; 4] = [Self::Overview, Self::Access, Self::Changes, Self::People];

    fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Access => "access",
            Self::Changes => "changes",
            Self::People => "people",
        }
    }

    fn label(self, t: Text) -> String {
        let label = match self {
            Self::Overview => t.board_overview(),
            Self::Access => t.board_access(),
            Self::Changes => t.board_changes(),
            Self::People => t.board_people(),
        };
        label.into_owned()
    }
}

#[derive(Template)]
#[template(path = "dashboard.html", blocks = ["board"])]
struct DashboardPage {
    shell: Shell,
    t: Text,
    asked: Asked,
    name: &'static str,
    /// Where the numbers are asked for again each minute, if they are to be.
    again: Option<String>,
    boards: Vec<(String, String, bool)>,
    ranges: Vec<(&'static str, String, bool)>,
    shown: Shown,
}

/// What a dashboard shows.
#[derive(Default)]
struct Shown {
    tiles: Vec<Tile>,
    histogram: Option<Histogram>,
    lists: Vec<TopList>,
    heat: Option<Heat>,
    latest: Option<(String, Vec<Row>)>,
    people: Vec<TopValue>,
}

/// A number.
struct Tile {
    label: String,
    value: String,
    href: String,
    change: String,
    spark: String,
}

/// The most frequent values of a field.
pub struct TopList {
    /// What it finds, in a sentence.
    pub finding: String,
    /// What it counts.
    pub label: String,
    /// The values.
    pub values: Vec<TopValue>,
    /// The field by its name, and what was asked for: for the files of the chart.
    pub file: (&'static str, String),
}

/// A value, and how often it is there.
pub struct TopValue {
    /// Its name.
    pub label: String,
    /// How often.
    pub total: u64,
    /// The same for people.
    pub count: String,
    /// Against the most frequent, in percent.
    pub share: u64,
    /// Where its entries are; empty where no query finds just those.
    pub href: String,
    /// The page about it, if it has one.
    pub about: String,
}

/// `GET /dashboards/{name}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadLog)?;
    let board = Board::ALL.into_iter().find(|board| board.name() == name).ok_or(Refusal::NotFound)?;
    let mut asked = Asked::read(raw.as_deref()).first_page();
    if asked.range.is_empty() && asked.from.is_empty() && asked.to.is_empty() {
        asked.range = RANGE_DEFAULT.to_owned();
    }
    let question = question(&visitor, &asked)?;
    let t = visitor.guest.text;
    let shell = Shell::of(&visitor, &app, Section::Dashboards, board.label(t));
    let preset = asked.preset().map(str::to_owned);
    let ranges = PRESETS.iter().map(|(name, _)| *name).chain(CALENDAR);
    let ranges = ranges.map(|name| (name, range_label(t, name), preset.as_deref() == Some(name))).collect();
    let mut members = form_urlencoded::parse(raw.as_deref().unwrap_or_default().as_bytes());
    let refreshes = members.any(|(name, _)| name == "refresh");
    let query = asked.query_string() + if refreshes { "&refresh=on" } else { "" };
    let at = |one: Board| format!("/dashboards/{}?{query}", one.name());
    let boards = Board::ALL.map(|one| (at(one), one.label(t), one == board));
    let again = refreshes.then(|| at(board));
    let partial = visitor.guest.partial;
    let (kept, kept_asked) = (app.clone(), asked.clone());
    let shown = lanes.query(&app, move |budget| {
        let snapshot = kept.rooms.get(&visitor.membership.workspace);
        let snapshot = snapshot.ok_or_else(|| Problem::not_found("there is no such workspace"))?;
        let snapshot = snapshot.seen_by(&visitor.sight);
        let looking = Looking {
            visitor: &visitor,
            asked: &kept_asked,
            question: &question,
            snapshot: &snapshot,
            budget,
        };
        match board {
            Board::Overview => looking.overview(&kept),
            Board::Access => looking.access(),
            Board::Changes => looking.changes(),
            Board::People => looking.people(),
        }
    });
    let shown = shown.await?;
    let boards = boards.into();
    let shown = DashboardPage { shell, t, asked, name: board.name(), again, boards, ranges, shown };
    if partial { page(&shown.as_board()) } else { page(&shown) }
}

/// Everything that a dashboard is worked out from.
struct Looking<'l> {
    visitor: &'l Visitor,
    asked: &'l Asked,
    question: &'l Question,
    snapshot: &'l Snapshot,
    budget: &'l Budget,
}

impl Looking<'_> {
    fn overview(&self, app: &App) -> Result<Shown, Problem> {
        let t = self.visitor.guest.text;
        let published = app.ledger.published(&self.visitor.membership.workspace)?;
        let mut tiles = vec![
            self.tile(t.tile_entries().into_owned(), "")?,
            self.people_tile()?,
            self.tile(t.tile_failures().into_owned(), named::FAILURES)?,
            self.tile(t.tile_exports().into_owned(), named::EXPORTS)?,
        ];
        tiles.push(Tile {
            label: t.tile_signed().into_owned(),
            value: number(count(published.map_or(0, |(size, _)| size)), t.language),
            href: "/integrity".to_owned(),
            change: t.tile_signed_told().into_owned(),
            spark: String::new(),
        });
        Ok(Shown {
            tiles,
            histogram: Some(histogram(self.visitor, self.asked, self.question, self.snapshot, self.budget)?),
            lists: self
                .lists("", &[FacetKind::Actor, FacetKind::Action, FacetKind::Category, FacetKind::Source])?,
            heat: Some(self.heat()?),
            ..Shown::default()
        })
    }

    fn access(&self) -> Result<Shown, Problem> {
        let t = self.visitor.guest.text;
        let tiles = vec![
            self.tile(t.tile_sign_ins().into_owned(), named::SIGN_INS)?,
            self.tile(t.tile_failed_sign_ins().into_owned(), named::FAILED_SIGN_INS)?,
            self.tile(t.tile_denied().into_owned(), named::DENIED)?,
        ];
        let failed = self.narrowed(named::FAILED_SIGN_INS)?;
        let asked = self.asked.with_query(failed.typed.to_string());
        Ok(Shown {
            tiles,
            histogram: Some(histogram(self.visitor, &asked, &failed, self.snapshot, self.budget)?),
            lists: self.lists(
                named::FAILED_SIGN_INS,
                &[FacetKind::Actor, FacetKind::Country, FacetKind::Ip, FacetKind::Action],
            )?,
            latest: Some((t.latest_failed_sign_ins().into_owned(), self.latest(named::FAILED_SIGN_INS)?)),
            ..Shown::default()
        })
    }

    fn changes(&self) -> Result<Shown, Problem> {
        let t = self.visitor.guest.text;
        let tiles = vec![
            self.tile(t.tile_permissions().into_owned(), named::PERMISSIONS)?,
            self.tile(t.tile_settings().into_owned(), named::SETTINGS)?,
            self.tile(t.tile_automation().into_owned(), named::AUTOMATION)?,
        ];
        Ok(Shown {
            tiles,
            lists: self
                .lists(named::SET_UP, &[FacetKind::Actor, FacetKind::Action, FacetKind::TargetType])?,
            latest: Some((t.latest_permissions().into_owned(), self.latest(named::PERMISSIONS)?)),
            ..Shown::default()
        })
    }

    fn people(&self) -> Result<Shown, Problem> {
        let t = self.visitor.guest.text;
        let mut lists = self.lists_of(named::TEAMMATES, &[FacetKind::Actor], 100)?;
        let people = lists.pop().map(|list| list.values).unwrap_or_default();
        let tiles = vec![self.people_tile()?, self.tile(t.tile_agents().into_owned(), named::BY_AGENTS)?];
        let lists = self.lists("", &[FacetKind::Role, FacetKind::ActorType])?;
        Ok(Shown { tiles, lists, people, ..Shown::default() })
    }

    /// What is asked for, as far as one of [`named`] holds too.
    fn narrowed(&self, q: &str) -> Result<Question, Problem> {
        let by = Query::parse(q, &ParseContext::default())?;
        let mut clauses = by.clauses.iter();
        let typed = clauses.try_fold(self.question.typed.clone(), |typed, clause| typed.narrowed(clause));
        let typed = typed.ok_or_else(|| Problem::parameter("q", "the query is too long to be narrowed"))?;
        let query = Query { occurred: self.question.query.occurred, ..typed.clone() };
        Ok(Question { typed, query, range: self.question.range })
    }

    fn href(&self, question: &Question) -> String {
        self.asked.with_query(question.typed.to_string()).href()
    }

    fn tile(&self, label: String, q: &str) -> Result<Tile, Problem> {
        let t = self.visitor.guest.text;
        let question = self.narrowed(q)?;
        let total = self.snapshot.count(&question.query, self.budget)?;
        let (from, until) = ends(self.question, self.snapshot, self.visitor.now, self.budget)?;
        let edges = Length::for_span((until - from) / 4).edges(&self.visitor.clock, from, until);
        let counted = self.snapshot.histogram(&question.query, &edges, FacetKind::Outcome, 1, self.budget)?;
        Ok(Tile {
            label,
            value: number(count(total), t.language),
            href: self.href(&question),
            change: self.change(&question, total, from, until)?,
            spark: spark(&counted.totals),
        })
    }

    fn people_tile(&self) -> Result<Tile, Problem> {
        let t = self.visitor.guest.text;
        let question = self.narrowed(named::TEAMMATES)?;
        let facets = self.snapshot.facets(&question.query, &[FacetKind::Actor], 1, self.budget)?;
        let people = facets.first().map_or(0, |facet| facet.distinct as u64);
        Ok(Tile {
            label: t.tile_people().into_owned(),
            value: number(count(people), t.language),
            href: format!("/dashboards/people?{}", self.asked.query_string()),
            change: t.tile_people_told().into_owned(),
            spark: String::new(),
        })
    }

    /// How a number compares with the time before, which was as long.
    fn change(&self, question: &Question, total: u64, from: i64, until: i64) -> Result<String, Problem> {
        let t = self.visitor.guest.text;
        if self.question.range.from.is_none() {
            return Ok(String::new());
        }
        let before = TimeRange { from: Some(from - (until - from)), until: Some(from) };
        let before =
            self.snapshot.count(&Query { occurred: before, ..question.query.clone() }, self.budget)?;
        Ok(match (before, total) {
            (0, _) => t.change_from_nothing().into_owned(),
            (before, total) if before == total => t.change_same().into_owned(),
            (before, total) => {
                let percent = (total as f64 / before as f64 - 1.0) * 100.0;
                let shown = decimal(percent.abs(), t.language);
                if percent > 0.0 {
                    t.change_more(shown).into_owned()
                } else {
                    t.change_less(shown).into_owned()
                }
            }
        })
    }

    fn lists(&self, q: &str, kinds: &[FacetKind]) -> Result<Vec<TopList>, Problem> {
        self.lists_of(q, kinds, TOP)
    }

    fn lists_of(&self, q: &str, kinds: &[FacetKind], most: usize) -> Result<Vec<TopList>, Problem> {
        let question = self.narrowed(q)?;
        let asked = self.asked.with_query(question.typed.to_string());
        top_lists(self.visitor, &asked, &question, self.snapshot, kinds, most, self.budget)
    }

    fn latest(&self, q: &str) -> Result<Vec<Row>, Problem> {
        let question = self.narrowed(q)?;
        let found = self.snapshot.search(&question.query, None, LATEST, self.budget)?;
        let asked = Asked { group: "off".to_owned(), ..self.asked.clone() };
        Ok(rows(self.visitor, &asked, &question.typed, &found.entries))
    }

    fn heat(&self) -> Result<Heat, Problem> {
        let (from, until) = ends(self.question, self.snapshot, self.visitor.now, self.budget)?;
        heat(self.visitor, self.asked, self.question, self.snapshot, (from, until), self.budget)
    }
}

/// The most frequent values of some fields, over what is asked for.
pub fn top_lists(
    visitor: &Visitor,
    asked: &Asked,
    question: &Question,
    snapshot: &Snapshot,
    kinds: &[FacetKind],
    most: usize,
    budget: &Budget,
) -> Result<Vec<TopList>, Problem> {
    let t = visitor.guest.text;
    let hides = visitor.sight.hidden.has(Field::Address);
    let may_see = |kind: &FacetKind| !(hides && matches!(kind, FacetKind::Country | FacetKind::Ip));
    let kinds: Vec<_> = kinds.iter().copied().filter(may_see).collect();
    let counted = snapshot.facets(&question.query, &kinds, most, budget)?;
    let lists = counted.into_iter().map(|facet| {
        let highest = facet.values.first().map_or(1, |value| value.count.max(1));
        let values: Vec<TopValue> = facet
            .values
            .iter()
            .map(|value| {
                let one = clause(&condition_of(facet.kind, &value.value));
                let narrowed = one.and_then(|one| question.typed.narrowed(&one));
                let about = match facet.kind {
                    FacetKind::Actor => format!("/people/{}", crate::api::escaped(&value.value)),
                    _ => String::new(),
                };
                TopValue {
                    label: value_label(t, facet.kind, value),
                    total: value.count,
                    count: number(count(value.count), t.language),
                    share: (value.count * 100).div_ceil(highest),
                    href: narrowed.map_or(String::new(), |query| asked.with_query(query.to_string()).href()),
                    about,
                }
            })
            .collect();
        let finding = values.first().map_or_else(
            || t.list_empty().into_owned(),
            |first| t.list_finding(first.label.clone(), first.count.clone()).into_owned(),
        );
        let file = (facet.kind.key(), asked.first_page().query_string());
        TopList { finding, label: label(t, facet.kind), values, file }
    });
    Ok(lists.collect())
}

/// When something was, and how long ago.
pub fn when(visitor: &Visitor, at: Timestamp) -> String {
    let t = visitor.guest.text;
    t.with_aside(visitor.clock.time(at), ago(t, at, visitor.now)).into_owned()
}
