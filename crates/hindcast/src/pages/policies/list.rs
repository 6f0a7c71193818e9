//! The list of policies: what each does and how the gate goes by it, and how often it made an answer what it was.

use super::no_book;
use super::shown::{Says, says};
use super::standing::Mode;
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::catalog::PolicyRow;
use crate::gate::{BASE, DECIDED, vocabulary};
use crate::pages::answer::page;
use crate::pages::asked::Asked;
use crate::pages::format::number;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::rows::{Moment, condition};
use crate::pages::settings::saved_notice;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use hindcast_rules::policy::{self, Vocabulary};
use hindcast_segments::{Budget, Snapshot};
use std::sync::Arc;

/// Of a text with more policies than this it is not counted how often they answered.
const COUNTED_MAX: usize = 50;

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage {
    shell: Shell,
    t: Text,
    saved: Option<(String, Option<String>)>,
    policies: Vec<Listed>,
    /// The base that comes with hindcast, where no policy stands in its place.
    base: Option<Listed>,
    may_manage: bool,
}

/// A policy in the list.
struct Listed {
    href: String,
    name: String,
    effects: Vec<String>,
    applies: Vec<String>,
    activities: Vec<String>,
    approvers: Vec<String>,
    mode: Option<Mode>,
    hits: Option<Hits>,
    newest: i64,
    changed: Option<Moment>,
    /// Whether nothing can be said of its text any more.
    is_broken: bool,
}

/// How often a policy was why the gate answered as it did, in the last 30 days, as far as the visitor sees.
struct Hits {
    shown: String,
    href: String,
}

/// `GET /policies`
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let seen = visitor.snapshot(&app)?;
    let kept = app.clone();
    page(&lanes.query(&app, move |budget| policies_page(&kept, &visitor, saved, &seen, budget)).await?)
}

fn policies_page(
    app: &App,
    visitor: &Visitor,
    saved: Option<(String, Option<String>)>,
    seen: &Snapshot,
    budget: &Budget,
) -> Result<PoliciesPage, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let vocabulary = vocabulary(app, workspace).map_err(no_book)?;
    let rows = app.catalog.policies(workspace)?;
    let in_place = |row: &PolicyRow| row.name == BASE && row.standing.mode() != "off";
    let base = (!rows.iter().any(in_place)).then(|| {
        let says = says(app, visitor, BASE, policy::BASE.text, &vocabulary);
        let hits = hits(visitor, &says, seen, budget)?;
        let name = t.policy_base().into_owned();
        Ok::<_, Problem>(Listed { href: format!("/policies/{BASE}"), name, hits, ..told(&says) })
    });
    let policies = rows.iter().map(|row| listed(app, visitor, row, &vocabulary, seen, budget));
    Ok(PoliciesPage {
        saved,
        policies: policies.collect::<Result<_, _>>()?,
        base: base.transpose()?,
        shell: Shell::of(visitor, app, Section::Policies, t.nav_policies()),
        t,
        may_manage: visitor.may(Permission::ManagePolicies),
    })
}

/// Shown is what decides, or else what is on trial, or else what was saved last.
fn listed(
    app: &App,
    visitor: &Visitor,
    row: &PolicyRow,
    vocabulary: &Vocabulary,
    seen: &Snapshot,
    budget: &Budget,
) -> Result<Listed, Problem> {
    let number = row.standing.enforced.or(row.standing.trial).unwrap_or(row.newest);
    let version = app.catalog.policy_version(&visitor.membership.workspace, &row.name, number)?;
    let text = version.map(|version| version.text).unwrap_or_default();
    let says = says(app, visitor, &row.name, &text, vocabulary);
    Ok(Listed {
        href: format!("/policies/{}", row.name),
        name: row.name.clone(),
        mode: Some(Mode::of(visitor.guest.text, row)),
        hits: hits(visitor, &says, seen, budget)?,
        newest: row.newest,
        changed: Some(Moment::of(visitor, row.changed_at)),
        ..told(&says)
    })
}

/// What the policies of a text do, each thing said once.
fn told(says: &[Says]) -> Listed {
    let each = |part: fn(&Says) -> &String| {
        let mut all: Vec<String> = Vec::new();
        for one in says.iter().map(part).filter(|one| !one.is_empty()) {
            if !all.contains(one) {
                all.push(one.clone());
            }
        }
        all
    };
    Listed {
        href: String::new(),
        name: String::new(),
        effects: each(|one| &one.effect),
        applies: each(|one| &one.applies),
        activities: each(|one| &one.activities),
        approvers: each(|one| &one.approvers),
        mode: None,
        hits: None,
        newest: 0,
        changed: None,
        is_broken: says.is_empty(),
    }
}

fn hits(visitor: &Visitor, says: &[Says], seen: &Snapshot, budget: &Budget) -> Result<Option<Hits>, Problem> {
    if says.is_empty() || says.len() > COUNTED_MAX {
        return Ok(None);
    }
    let ids = says.iter().map(|one| condition("policy", &one.id));
    let q = [condition("action", DECIDED)].into_iter().chain(ids).collect::<Vec<_>>().join(" ");
    let asked = Asked { q, range: "30d".to_owned(), ..Asked::default() };
    let Ok(Ok(question)) = asked.question(visitor.now, &visitor.clock) else { return Ok(None) };
    let found = seen.count(&question.query, budget)?;
    Ok(Some(Hits { shown: number(count(found), visitor.guest.text.language), href: asked.href() }))
}
