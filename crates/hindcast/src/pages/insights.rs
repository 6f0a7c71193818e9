//! Insights: what many conversations say together, and one insight with what customers asked.
//!
//! Words of conversations are shown to those who may read their texts, and to nobody else; which conversations were quoted is
//! an entry, as for any that are read.

mod one;

pub use one::show;

use super::answer::{page, page_with, redirect};
use super::fields::Fields;
use super::format::{list, number};
use super::refusal::Refusal;
use super::rows::Moment;
use super::safe::short;
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::insights::{Found, Insight, Kind, NEW_DAYS_MAX, Question, Trend};
use crate::jobs::insights::{Asked, WHOLE, begin};
use crate::jobs::operation::{self, Ended};
use crate::nodes::Job;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Field;
use std::sync::Arc;

const HERE: &str = "/insights";
/// Insights of a kind that are listed.
const LISTED_MAX: usize = 50;
/// Tags that were not looked at, named.
const LEFT_OUT_MAX: usize = 20;

#[derive(Template)]
#[template(path = "insights.html", blocks = ["made"])]
struct InsightsPage {
    shell: Shell,
    t: Text,
    form: Fields,
    running: Option<Running>,
    problem: Option<String>,
    answer: Option<Answer>,
    /// Other answers that are kept: where, when they were asked, and what came of them.
    others: Vec<(String, Moment, String)>,
}

/// What is under way.
struct Running {
    id: String,
    percent: i64,
    told: String,
}

/// What was found.
struct Answer {
    id: String,
    asked: Moment,
    told: String,
    parts: Vec<Part>,
    left_out: String,
}

/// Insights of one kind.
struct Part {
    name: &'static str,
    title: String,
    /// What the third column is called.
    more: String,
    lines: Vec<Line>,
}

/// An insight in a list.
struct Line {
    href: String,
    title: String,
    about: String,
    count: String,
    more: String,
    since: Moment,
    trend: String,
}

/// `GET /insights`, and with `of=` an earlier answer.
pub async fn overview(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadConversations)?;
    let partial = visitor.guest.partial;
    let raw = raw.unwrap_or_default();
    let of = form_urlencoded::parse(raw.as_bytes()).find(|(name, _)| name == "of");
    let of = of.map(|(_, id)| id.into_owned());
    let own = app.clone();
    let shown = lanes.query(&app, move |_| overview_page(&own, &visitor, of.as_deref(), Fields::default()));
    let shown = shown.await?;
    if partial { page(&shown.as_made()) } else { page(&shown) }
}

/// `POST /insights`: asks for them.
pub async fn ask(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadConversations)?;
    let room = visitor.room(&app)?;
    let done = blocking(move || {
        let days = form.trimmed("new_days").to_owned();
        let read: Result<Option<u32>, _> = if days.is_empty() { Ok(None) } else { days.parse().map(Some) };
        let question =
            read.ok().and_then(|new_days| Question { new_days, ..Question::default() }.check().ok());
        let Some(question) = question else {
            form.fail("new_days", visitor.guest.text.insights_expected_days(i64::from(NEW_DAYS_MAX)));
            return overview_page(&app, &visitor, None, form).map(Some);
        };
        begin(&app, &room, question, false, visitor.by()).map_err(Problem::internal)?;
        Ok(None)
    });
    match done.await? {
        None => Ok(redirect(HERE)),
        Some(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /insights/{id}/end`: cancels what is under way, or forgets what is kept.
pub async fn end(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadConversations)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        operation::cancel(&app, workspace, Job::Insights, &id)?;
        app.history.forget_insights(workspace, &id)?;
        Ok(())
    });
    done.await?;
    Ok(redirect(HERE))
}

fn overview_page(
    app: &App,
    visitor: &Visitor,
    of: Option<&str>,
    form: Fields,
) -> Result<InsightsPage, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let asked = Asked::last(app, workspace, Job::Insights)?;
    let running = asked.as_ref().filter(|asked| asked.ended.is_none()).map(|asked| running(t, asked));
    let problem = asked.as_ref().and_then(|asked| match &asked.ended {
        Some(Ended::Cancelled) => Some(t.insights_cancelled().into_owned()),
        Some(Ended::Failed(why)) => Some(t.insights_failed(short(why)).into_owned()),
        _ => None,
    });
    let kept = app.history.insights(workspace)?;
    let id = of.or(kept.first().map(|kept| kept.id.as_str()));
    let found = id.map(|id| app.history.insights_found(workspace, id)).transpose()?.flatten();
    if of.is_some() && found.is_none() {
        return Err(Problem::not_found("there is no such answer"));
    }
    let shown = found.as_ref().map(|(kept, _)| kept.id.clone());
    let others = kept.iter().filter(|kept| Some(&kept.id) != shown.as_ref()).map(|kept| {
        let count = number(kept.count as i64, t.language);
        (format!("{HERE}?of={}", kept.id), Moment::of(visitor, kept.asked_at), count)
    });
    Ok(InsightsPage {
        shell: Shell::of(visitor, app, Section::Insights, t.nav_insights()),
        t,
        form,
        running,
        problem,
        others: others.collect(),
        answer: found.map(|(kept, found)| Answer {
            asked: Moment::of(visitor, kept.asked_at),
            told: told(t, &found),
            parts: Kind::ALL.into_iter().map(|kind| part(visitor, &kept.id, kind, &found)).collect(),
            left_out: left_out(t, &found),
            id: kept.id,
        }),
    })
}

fn running(t: Text, asked: &Asked) -> Running {
    let percent = (asked.done * 100 / WHOLE as u64).min(99).cast_signed();
    Running { id: asked.id.clone(), percent, told: t.insights_running(percent).into_owned() }
}

fn told(t: Text, found: &Found) -> String {
    let figure = |count: usize| number(count as i64, t.language);
    let read = t.insights_read(figure(found.read), figure(found.judged), figure(found.suspects));
    let without = (found.without_text > 0).then(|| t.insights_without_text(figure(found.without_text)));
    let beyond = (found.beyond > 0).then(|| t.insights_beyond(figure(found.beyond)));
    let all: Vec<_> = [Some(read), without, beyond].into_iter().flatten().collect();
    all.join(" ")
}

fn left_out(t: Text, found: &Found) -> String {
    let tags: Vec<String> = found.tags_left_out.iter().take(LEFT_OUT_MAX).map(|tag| short(tag)).collect();
    if tags.is_empty() { String::new() } else { t.insights_left_out(list(&tags, t.language)).into_owned() }
}

fn part(visitor: &Visitor, id: &str, kind: Kind, found: &Found) -> Part {
    let t = visitor.guest.text;
    let of_kind = found.insights.iter().filter(|insight| insight.kind == kind);
    let more = match kind {
        Kind::Mistag => t.insight_by(),
        Kind::Gap => t.insight_cause(),
        Kind::NewKind => t.insight_nearest_before(),
    };
    Part {
        name: kind.as_str(),
        title: kind_name(t, kind),
        more: more.into_owned(),
        lines: of_kind.take(LISTED_MAX).map(|insight| line(visitor, id, insight)).collect(),
    }
}

fn line(visitor: &Visitor, id: &str, insight: &Insight) -> Line {
    let t = visitor.guest.text;
    let words = words(visitor, insight);
    let title = title(visitor, insight);
    let more = match (&insight.about.mistag, &insight.about.gap, &insight.about.new_kind) {
        (Some(mistag), ..) => mistag
            .assigned_by
            .first()
            .map(|by| assigner(t, by.by.as_deref(), by.version.as_deref()))
            .unwrap_or_default(),
        (_, Some(gap), _) => cause(t, &gap.cause),
        (.., Some(new)) => new.nearest.as_deref().map(short).unwrap_or_default(),
        _ => String::new(),
    };
    Line {
        href: format!("{HERE}/{id}/{}", insight.nr),
        about: if insight.kind == Kind::Mistag { words } else { String::new() },
        title,
        count: number(insight.count as i64, t.language),
        more,
        since: Moment::of(visitor, insight.first_at),
        trend: trend(t, insight.trend),
    }
}

/// What an insight is called: its tags, or its words.
fn title(visitor: &Visitor, insight: &Insight) -> String {
    let t = visitor.guest.text;
    match &insight.about.mistag {
        Some(mistag) => t.insight_mistag_title(short(&mistag.assigned), short(&mistag.expected)).into_owned(),
        None => words(visitor, insight),
    }
}

/// The words of an insight, which are words of customers.
fn words(visitor: &Visitor, insight: &Insight) -> String {
    let t = visitor.guest.text;
    if visitor.sight.hidden.has(Field::Text) {
        return t.insight_words_hidden().into_owned();
    }
    let words: Vec<String> = insight.words.iter().map(|word| short(word)).collect();
    if words.is_empty() { "–".to_owned() } else { words.join(", ") }
}

fn assigner(t: Text, by: Option<&str>, version: Option<&str>) -> String {
    match (by, version) {
        (Some(by), Some(version)) => t.insight_by_version(short(by), short(version)).into_owned(),
        (Some(by), None) => short(by),
        (None, _) => t.insight_by_unknown().into_owned(),
    }
}

fn kind_name(t: Text, kind: Kind) -> String {
    let name = match kind {
        Kind::Mistag => t.insights_mistags(),
        Kind::Gap => t.insights_gaps(),
        Kind::NewKind => t.insights_new_kinds(),
    };
    name.into_owned()
}

fn cause(t: Text, cause: &str) -> String {
    let name = match cause {
        "no_article" => t.insight_cause_no_article(),
        "not_cited" => t.insight_cause_not_cited(),
        "cited_in_vain" => t.insight_cause_cited_in_vain(),
        _ => t.insight_cause_blocked(),
    };
    name.into_owned()
}

fn trend(t: Text, trend: Trend) -> String {
    let name = match trend {
        Trend::Rising => t.insight_trend_rising(),
        Trend::Steady => t.insight_trend_steady(),
        Trend::Falling => t.insight_trend_falling(),
    };
    name.into_owned()
}
