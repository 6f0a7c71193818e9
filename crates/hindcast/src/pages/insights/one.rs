//! One insight: its figures, who assigned the tags, and what customers asked.

use super::{HERE, assigner, cause, kind_name, title, trend, words};
use crate::api::lanes::Lanes;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::insights::{Cited, Gapped, Insight, Mistagged, question_of};
use crate::pages::answer::page;
use crate::pages::format::{decimal, number};
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible_lines};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use std::sync::Arc;

/// Conversations whose question is quoted.
const EXAMPLES_MAX: usize = 20;
/// Of a question, so much is quoted.
const QUOTED_CHARS_MAX: usize = 1_000;
/// Where a change is tried on conversations.
const SIMULATE: &str = "/simulations/new";

#[derive(Template)]
#[template(path = "insight.html")]
struct InsightPage {
    shell: Shell,
    t: Text,
    back: String,
    kind: String,
    title: String,
    told: String,
    facts: Vec<(String, String)>,
    /// What, its name, its address, and whether that is elsewhere.
    links: Vec<(String, String, String, bool)>,
    /// Who, of how many, and since when.
    assigned_by: Vec<(String, String, Moment)>,
    examples: Vec<Example>,
    shown: String,
    simulate: Option<String>,
}

/// What a customer asked.
struct Example {
    href: String,
    id: String,
    at: Moment,
    text: String,
    tags: Vec<String>,
}

/// `GET /insights/{id}/{nr}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path((id, nr)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadConversations)?;
    let own = app.clone();
    let shown = lanes.query(&app, move |_| {
        let workspace = &visitor.membership.workspace;
        let Some((_, found)) = own.history.insights_found(workspace, &id)? else { return Ok(None) };
        let insight = found.insights.into_iter().find(|one| nr.parse() == Ok(one.nr));
        insight.map(|insight| insight_page(&own, &visitor, &id, &insight)).transpose()
    });
    page(&shown.await?.ok_or(Refusal::NotFound)?)
}

fn insight_page(app: &App, visitor: &Visitor, id: &str, insight: &Insight) -> Result<InsightPage, Problem> {
    let t = visitor.guest.text;
    let examples = examples(app, visitor, insight)?;
    let title = title(visitor, insight);
    let mut facts = vec![
        (t.insight_count().into_owned(), number(insight.count as i64, t.language)),
        (t.insight_since().into_owned(), visitor.clock.date(insight.first_at)),
        (t.insight_until().into_owned(), visitor.clock.date(insight.last_at)),
        (t.insight_trend().into_owned(), trend(t, insight.trend)),
        (t.insight_words().into_owned(), words(visitor, insight)),
    ];
    let mut links = Vec::new();
    let mut told = String::new();
    let mut assigned_by = Vec::new();
    if let Some(mistag) = &insight.about.mistag {
        told = t.insight_mistag_told(short(&mistag.assigned), short(&mistag.expected)).into_owned();
        facts.extend(of_mistag(t, mistag));
        assigned_by.extend(mistag.assigned_by.iter().map(|by| {
            let count =
                t.insight_by_count(number(by.count as i64, t.language), number(by.of as i64, t.language));
            let who = assigner(t, by.by.as_deref(), by.version.as_deref());
            (who, count.into_owned(), Moment::of(visitor, by.since))
        }));
    }
    if let Some(gap) = &insight.about.gap {
        told = cause(t, &gap.cause);
        facts.extend(of_gap(t, gap));
        for (name, article) in
            [(t.insight_nearest(), &gap.nearest), (t.insight_shown_in_vain(), &gap.shown_in_vain)]
        {
            let Some(article) = article else { continue };
            let named = named(article);
            if article.url.is_empty() {
                facts.push((name.into_owned(), named));
            } else {
                links.push((name.into_owned(), named, article.url.clone(), true));
            }
        }
    }
    if let Some(nearest) = insight.about.new_kind.as_ref().and_then(|new| new.nearest.as_ref()) {
        let href = format!("/conversations/{}", escaped(nearest));
        links.push((t.insight_nearest_before().into_owned(), short(nearest), href, false));
    }
    Ok(InsightPage {
        shell: Shell::of(visitor, app, Section::Insights, title.clone()),
        t,
        back: format!("{HERE}?of={}", escaped(id)),
        kind: kind_name(t, insight.kind),
        title,
        told,
        facts,
        links,
        assigned_by,
        shown: t
            .insight_examples_of(
                number(examples.len() as i64, t.language),
                number(insight.count as i64, t.language),
            )
            .into_owned(),
        examples,
        simulate: visitor
            .may(Permission::RunSimulations)
            .then(|| format!("{SIMULATE}?insights={}&nr={}", escaped(id), insight.nr)),
    })
}

fn of_mistag(t: Text, mistag: &Mistagged) -> Vec<(String, String)> {
    let figure = |count: usize| number(count as i64, t.language);
    let share = decimal(mistag.share_of_assigned * 100.0, t.language);
    vec![
        (t.insight_corrected().into_owned(), figure(mistag.corrected)),
        (t.insight_suspects().into_owned(), figure(mistag.suspects)),
        (
            t.insight_share().into_owned(),
            t.insight_share_of_assigned(share, short(&mistag.assigned)).into_owned(),
        ),
    ]
}

fn of_gap(t: Text, gap: &Gapped) -> Vec<(String, String)> {
    let figure = |count: usize| number(count as i64, t.language);
    let mut facts = vec![(
        t.insight_unresolved().into_owned(),
        t.insight_unresolved_of(figure(gap.unresolved), figure(gap.volume)).into_owned(),
    )];
    facts.extend(gap.causes.iter().map(|(name, count)| (cause(t, name), figure(*count))));
    facts
}

fn named(article: &Cited) -> String {
    short(if article.title.is_empty() { &article.id } else { &article.title })
}

fn examples(app: &App, visitor: &Visitor, insight: &Insight) -> Result<Vec<Example>, Problem> {
    let workspace = &visitor.membership.workspace;
    let mut examples = Vec::new();
    for id in insight.conversations.iter().take(EXAMPLES_MAX) {
        // It may have gone since.
        let Some(conversation) = app.history.get(workspace, id)? else { continue };
        app.readings.read_conversation(workspace, &visitor.person.id, || visitor.by(), id);
        let conversation = conversation.seen(visitor.sight.hidden);
        let text: String =
            question_of(&conversation).unwrap_or_default().chars().take(QUOTED_CHARS_MAX).collect();
        examples.push(Example {
            href: format!("/conversations/{}", escaped(id)),
            id: short(id),
            at: Moment::of(visitor, conversation.opened_at),
            text: visible_lines(&text),
            tags: conversation.current_tags().into_iter().map(short).collect(),
        });
    }
    Ok(examples)
}
