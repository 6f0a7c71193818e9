//! `/people/{id}`: what one actor did, with what roles, from where.

use super::answer::page;
use super::asked::Asked;
use super::dashboards::{TopList, top_lists, when};
use super::format::number;
use super::histogram::{Histogram, count, histogram};
use super::mistake::question;
use super::refusal::Refusal;
use super::rows::{Row, Who, condition, rows};
use super::shell::{Section, Shell, initials};
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
use hindcast_segments::FacetKind;
use std::sync::Arc;

const LATEST: usize = 20;
const TOP: usize = 8;
/// What is shown when nothing is asked for.
const RANGE_DEFAULT: &str = "90d";

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    shell: Shell,
    t: Text,
    shown: Shown,
}

struct Shown {
    who: Who,
    initials: String,
    email: String,
    total: String,
    href: String,
    last: String,
    histogram: Histogram,
    lists: Vec<TopList>,
    latest: Vec<Row>,
}

/// `GET /people/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadLog)?;
    // By the id alone: names are given, and may have somebody else's id as a word in them.
    let mut asked = Asked::read(raw.as_deref()).with_query(condition("actor_id", &id));
    if asked.range.is_empty() && asked.from.is_empty() && asked.to.is_empty() {
        asked.range = RANGE_DEFAULT.to_owned();
    }
    let question = question(&visitor, &asked)?;
    let snapshot = visitor.snapshot(&app)?;
    let kept = visitor.clone();
    let shown = lanes.query(&app, move |budget| {
        let found = snapshot.search(&question.typed, None, LATEST, budget)?.entries;
        // Whoever did nothing that the visitor may see is nobody to them.
        let Some(newest) = found.get(0) else { return Ok(None) };
        let view = newest.event.view().map_err(Problem::internal)?;
        let actor: serde_json::Value = serde_json::from_str(view.actor).unwrap_or_default();
        let kinds =
            [FacetKind::Action, FacetKind::Role, FacetKind::Country, FacetKind::Ip, FacetKind::Outcome];
        let lists = top_lists(&kept, &asked, &question, &snapshot, &kinds, TOP, budget)?;
        let who = Who::acting(kept.guest.text, &view);
        Ok(Some(Shown {
            initials: initials(&who.name),
            who,
            email: super::safe::short(actor["email"].as_str().unwrap_or_default()),
            total: number(count(snapshot.count(&question.query, budget)?), kept.guest.text.language),
            href: asked.href(),
            last: when(&kept, view.occurred_at),
            histogram: histogram(&kept, &asked, &question, &snapshot, budget)?,
            lists,
            latest: rows(&kept, &asked, &question.typed, &found),
        }))
    });
    let shown = shown.await?.ok_or(Refusal::NotFound)?;
    let t = visitor.guest.text;
    let shell = Shell::of(&visitor, &app, Section::Dashboards, shown.who.name.clone());
    page(&PersonPage { shell, t, shown })
}
