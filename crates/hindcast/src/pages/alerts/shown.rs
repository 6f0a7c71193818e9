//! One alert: why it was raised, what is behind it, what to do, and what was done.

use super::behind::{Evidence, Step, evidence, history, usual};
use super::disposition_name;
use super::inbox::{Done, Listed, done, listed, people};
use crate::alerts::{edit, rules};
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{AlertState, Disposition};
use crate::pages::answer::page;
use crate::pages::fields::Fields;
use crate::pages::histogram::Histogram;
use crate::pages::refusal::Refusal;
use crate::pages::safe::{short, visible_lines};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use hindcast_rules::detection::RuleInfo;
use hindcast_rules::pack;
use hindcast_segments::Sight;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "alert.html")]
pub(super) struct AlertPage {
    shell: Shell,
    t: Text,
    form: Fields,
    done: Option<Done>,
    one: Listed,
    back: String,
    rule: RuleShown,
    evidence: Evidence,
    histogram: Option<Histogram>,
    history: Vec<Step>,
    people: Vec<(String, String)>,
    assignee: String,
    dispositions: Vec<(&'static str, String)>,
    may_manage: bool,
    can_acknowledge: bool,
    can_reopen: bool,
}

/// What there is to know of the rule, in the reader's language where it comes with hindcast.
#[derive(Default)]
pub(super) struct RuleShown {
    /// Nothing when it was deleted.
    pub href: Option<String>,
    pub name: String,
    pub description: String,
    pub falsepositives: Vec<String>,
    pub response: Vec<String>,
    /// What it says in ATT&CK's words, and where that is explained.
    pub tags: Vec<(String, String)>,
    pub actions: Vec<String>,
}

/// `GET /alerts/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadAlerts)?;
    let done = done(visitor.guest.text, &raw.unwrap_or_default());
    page(&alert_page(&app, &lanes, visitor, id, Fields::default(), done).await?)
}

/// The whole page.
pub(super) async fn alert_page(
    app: &Arc<App>,
    lanes: &Lanes,
    visitor: Visitor,
    id: String,
    form: Fields,
    done: Option<Done>,
) -> Result<AlertPage, Refusal> {
    let (kept, by) = (app.clone(), visitor.clone());
    let found = blocking(move || {
        let Some(alert) = kept.catalog.alert(&by.membership.workspace, &id, by.now)? else { return Ok(None) };
        let rule = rule_of(&kept, &by, &alert.alert.rule)?;
        Ok(Some((alert, rule, people(&kept, &by)?)))
    });
    let (kept, rule, people) = found.await?.ok_or(Refusal::NotFound)?;
    let seen = visitor.snapshot(app)?;
    // Only whether an entry is still there is asked of it.
    let whole = visitor.room(app)?.seen_by(&Arc::new(Sight::default()));
    let (by, of, actions) = (visitor.clone(), kept.clone(), rule.actions.clone());
    let names = people.clone();
    let (one, evidence, histogram, history) = lanes
        .query(app, move |budget| {
            let evidence = evidence(&by, &of.alert, &seen, &whole, budget)?;
            let histogram = usual(&by, &actions, &of.alert, &seen, budget)?;
            let one = listed(&by, &seen, &of, &names);
            Ok((one, evidence, histogram, history(&by, &of.alert.id, &seen, budget)?))
        })
        .await?;
    let t = visitor.guest.text;
    Ok(AlertPage {
        shell: Shell::of(&visitor, app, Section::Alerts, one.title.clone()),
        t,
        form,
        done,
        back: format!("/alerts?state={}", kept.state.as_str()),
        one,
        rule,
        evidence,
        histogram,
        history,
        people: people.into_iter().map(|(id, name)| (id.0, name)).collect(),
        assignee: kept.assignee.as_ref().map(|id| id.0.clone()).unwrap_or_default(),
        dispositions: Disposition::CHOICES.map(|one| (one.as_str(), disposition_name(t, one))).into(),
        may_manage: visitor.may(Permission::ManageAlerts),
        can_acknowledge: matches!(kept.state, AlertState::Open | AlertState::Muted),
        can_reopen: kept.state != AlertState::Open,
    })
}

/// What there is to know of the rule with an id.
fn rule_of(app: &App, visitor: &Visitor, id: &str) -> Result<RuleShown, Problem> {
    let workspace = &visitor.membership.workspace;
    let key = pack::code_of(id).unwrap_or(id);
    let known = rules(&app.catalog, workspace)?.into_iter().find(|rule| rule.key == key);
    let Some(rule) = known else { return Ok(RuleShown::default()) };
    let info = edit::checked(app, workspace, &rule)?.rules.into_iter().next();
    let shown = info.map(|info| rule_shown(visitor.guest.text, &rule.key, &info)).unwrap_or_default();
    Ok(RuleShown { href: Some(format!("/alerts/rules/{}", rule.key)), ..shown })
}

/// A rule in the reader's language.
pub(super) fn rule_shown(t: Text, key: &str, info: &RuleInfo) -> RuleShown {
    let texts = pack::texts(t.language).rules.get(key);
    let (name, description, falsepositives, response) = match texts {
        Some(texts) => (
            format!("{key} · {}", texts.title),
            texts.description.clone(),
            texts.falsepositives.clone(),
            texts.response.clone(),
        ),
        None => {
            let safe = |texts: &[String]| texts.iter().map(|text| visible_lines(text)).collect();
            let description = visible_lines(info.description.as_deref().unwrap_or_default());
            (short(&info.title), description, safe(&info.falsepositives), safe(&info.response))
        }
    };
    RuleShown {
        href: None,
        name,
        description,
        falsepositives,
        response,
        tags: info.tags.iter().map(|tag| attack(tag)).collect(),
        actions: info.actions.clone(),
    }
}

/// A tag as people read it, and where ATT&CK explains it; empty for others.
fn attack(tag: &str) -> (String, String) {
    let Some(name) = tag.strip_prefix("attack.") else { return (short(tag), String::new()) };
    let digits = name.strip_prefix('t').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match digits {
        Some(digits) if digits.chars().all(|c| c.is_ascii_digit() || c == '.') => (
            format!("T{digits}"),
            format!("https://attack.mitre.org/techniques/T{}/", digits.replace('.', "/")),
        ),
        _ => (short(&name.replace(['-', '_'], " ")), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_technique_leads_to_where_it_is_explained() {
        let of = |tag: &str| attack(tag);
        let explained = "https://attack.mitre.org/techniques/T1110/001/";
        assert_eq!(of("attack.t1110.001"), ("T1110.001".to_owned(), explained.to_owned()));
        assert_eq!(of("attack.credential-access"), ("credential access".to_owned(), String::new()));
        assert_eq!(of("attack.t1\"><script>").1, "");
        assert_eq!(of("cve.2024-1"), ("cve.2024-1".to_owned(), String::new()));
    }
}
