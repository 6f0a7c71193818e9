//! The versions of a policy: who saved which, what each changed, and back to any of them as a draft.

use super::{diff_of, found};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{PersonId, PolicyRow, PolicyVersion};
use crate::pages::answer::page;
use crate::pages::diff::Block;
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible_lines};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "policy_versions.html")]
struct VersionsPage {
    shell: Shell,
    t: Text,
    name: String,
    versions: Vec<VersionShown>,
    /// The one that is shown.
    number: i64,
    /// The one it is compared with; nothing when there is none before it.
    against: Option<i64>,
    diff: Vec<Block>,
    text: String,
    may_manage: bool,
}

/// A version in the list.
pub(super) struct VersionShown {
    pub number: i64,
    pub by: String,
    pub at: Moment,
    /// How the gate goes by it; empty when it does not.
    pub used: String,
    pub href: String,
    pub draft: String,
    pub is_here: bool,
    /// Whether the one that is shown is compared with it.
    pub is_against: bool,
}

/// `GET /policies/{name}/versions?number=…&against=…`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let asked = Fields::read(raw.unwrap_or_default().as_bytes());
    let shown = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.policy(workspace, &name)? else { return Ok(None) };
        let versions = app.catalog.policy_versions(workspace, &name)?;
        let wanted = asked.value("number").parse().unwrap_or(row.newest);
        let Some(at) = versions.iter().position(|version| version.number == wanted) else { return Ok(None) };
        let against = match asked.value("against").parse::<i64>() {
            Ok(number) => versions.iter().find(|version| version.number == number),
            Err(_) => versions.get(at + 1),
        };
        versions_page(&app, &visitor, &row, &versions, at, against).map(Some)
    });
    page(&found(shown.await?)?)
}

fn versions_page(
    app: &App,
    visitor: &Visitor,
    row: &PolicyRow,
    versions: &[PolicyVersion],
    at: usize,
    against: Option<&PolicyVersion>,
) -> Result<VersionsPage, Problem> {
    let (t, here) = (visitor.guest.text, &versions[at]);
    let mut shown = newest(app, visitor, row, versions, versions.len())?;
    for version in &mut shown {
        version.is_here = version.number == here.number;
        version.is_against = against.is_some_and(|against| against.number == version.number);
    }
    Ok(VersionsPage {
        shell: Shell::of(visitor, app, Section::Policies, t.policy_versions_of(row.name.as_str())),
        t,
        name: row.name.clone(),
        number: here.number,
        against: against.map(|against| against.number),
        diff: against.map(|against| diff_of(visitor, &against.text, &here.text)).unwrap_or_default(),
        text: visible_lines(&here.text),
        versions: shown,
        may_manage: visitor.may(Permission::ManagePolicies),
    })
}

/// The newest versions, as they are listed.
pub(super) fn newest(
    app: &App,
    visitor: &Visitor,
    row: &PolicyRow,
    versions: &[PolicyVersion],
    most: usize,
) -> Result<Vec<VersionShown>, Problem> {
    let t = visitor.guest.text;
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut shown = Vec::new();
    for version in versions.iter().take(most) {
        if !names.contains_key(version.made_by.as_str()) {
            let known = app.catalog.person(&PersonId(version.made_by.clone()))?;
            let name = known.map_or_else(|| short(&version.made_by), |person| short(&person.name));
            names.insert(&version.made_by, name);
        }
        let used = match version.number {
            number if row.standing.enforced == Some(number) => t.version_enforced(),
            number if row.standing.trial == Some(number) => t.version_on_trial(),
            _ => "".into(),
        };
        shown.push(VersionShown {
            number: version.number,
            by: names.get(version.made_by.as_str()).cloned().unwrap_or_default(),
            at: Moment::of(visitor, version.made_at),
            used: used.into_owned(),
            href: format!("/policies/{}/versions?number={}", row.name, version.number),
            draft: format!("/policies/{}?draft={}#text", row.name, version.number),
            is_here: false,
            is_against: false,
        });
    }
    Ok(shown)
}
