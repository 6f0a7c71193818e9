//! The rules: which are on, what they found, and how often they were right.

use super::problems::told;
use super::shown::rule_shown;
use super::told::Mark;
use crate::alerts::edit::{self, LISTS, NotChanged};
use crate::alerts::{Rule, lists, rules};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::Record;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::format::number;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::settings::{saved, saved_notice};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Timestamp;
use hindcast_rules::check;
use hindcast_rules::detection::{Checked, Lists};
use hindcast_rules::pack;
use std::sync::Arc;

/// A rule that was wrong more often than right over so many decisions is to be tuned, or switched off.
const DECIDED_MIN: u64 = 10;
const PRECISION_MIN: f64 = 0.5;

#[derive(Template)]
#[template(path = "alert_rules.html")]
struct RulesPage {
    shell: Shell,
    t: Text,
    form: Fields,
    saved: Option<(String, Option<String>)>,
    groups: Vec<Group>,
    lists: Vec<ListShown>,
    may_manage: bool,
}

/// Rules about the same part of a workspace.
struct Group {
    id: String,
    name: String,
    rules: Vec<Listed>,
}

/// A rule in the list.
struct Listed {
    key: String,
    name: String,
    mark: Option<Mark>,
    is_on: bool,
    state: StateShown,
    raised: String,
    /// Where its alerts are.
    href: String,
    precision: String,
    is_poor: bool,
    last: Option<Moment>,
}

/// How a rule is: the class of a badge, its icon, a word, and why.
pub(super) struct StateShown {
    pub class: &'static str,
    pub icon: &'static str,
    pub word: String,
    pub why: String,
}

/// A list that rules name.
struct ListShown {
    name: &'static str,
    field: String,
    label: String,
    told: String,
}

/// `GET /alerts/rules`
pub async fn list(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadAlerts)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    page(&blocking(move || rules_page(&app, &visitor, None, saved)).await?)
}

/// The whole page; `typed` is what was typed into its lists, if that was wrong.
fn rules_page(
    app: &App,
    visitor: &Visitor,
    typed: Option<Fields>,
    saved: Option<(String, Option<String>)>,
) -> Result<RulesPage, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let known = lists(&app.catalog, workspace)?;
    let records = app.catalog.alert_records(workspace)?;
    let mut groups: Vec<Group> = Vec::new();
    for rule in rules(&app.catalog, workspace)? {
        let (id, name) = group(t, &rule);
        if groups.last().is_none_or(|group| group.id != id) {
            groups.push(Group { id, name, rules: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.rules.push(listed(visitor, &rule, &known, |id| records.get(id).copied()));
        }
    }
    let texts = pack::texts(t.language);
    let lists = LISTS.map(|name| ListShown {
        name,
        field: format!("list-{name}"),
        label: texts.lists.get(name).map_or(name, String::as_str).to_owned(),
        told: if name == "own_domains" { t.list_own_domains_told() } else { t.list_own_hosts_told() }
            .into_owned(),
    });
    let filled = LISTS.map(|name| {
        let values = known.get(name).map(|values| values.join("\n")).unwrap_or_default();
        (format!("list-{name}"), values)
    });
    let filled = Fields::filled(filled.iter().map(|(name, values)| (name.as_str(), values.clone())));
    Ok(RulesPage {
        shell: Shell::of(visitor, app, Section::Alerts, t.alert_rules()),
        t,
        form: typed.map_or_else(|| filled.clone(), |typed| typed.over(filled.clone())),
        saved,
        groups,
        lists: lists.into(),
        may_manage: visitor.may(Permission::ManageAlerts),
    })
}

/// What a rule belongs to: a letter of the pack, or what they wrote themselves.
fn group(t: Text, rule: &Rule) -> (String, String) {
    if !rule.is_shipped {
        return ("own".to_owned(), t.rules_own().into_owned());
    }
    let letter = rule.key.get(..1).unwrap_or_default();
    let name = match letter {
        "A" => t.rules_sign_in(),
        "B" => t.rules_authentication(),
        "C" => t.rules_people(),
        "D" => t.rules_data(),
        "E" => t.rules_apps(),
        "F" => t.rules_impersonation(),
        "G" => t.rules_settings(),
        "H" => t.rules_agents(),
        _ => t.rules_log(),
    };
    (letter.to_lowercase(), name.into_owned())
}

fn listed(visitor: &Visitor, rule: &Rule, known: &Lists, record: impl Fn(&str) -> Option<Record>) -> Listed {
    let t = visitor.guest.text;
    let checked = check(&rule.text(), known);
    let info = checked.rules.first();
    let id = info.map_or(rule.key.as_str(), |info| info.id.as_str());
    let record = record(id).unwrap_or_default();
    let (right, benign, wrong) = record.decided;
    let decided = right + benign + wrong;
    let precision = record.precision().map(|share| {
        t.rule_precision_of(number((share * 100.0).round() as i64, t.language), count(decided)).into_owned()
    });
    let texts = pack::texts(t.language).rules.get(&rule.key);
    let name = match (info, texts) {
        (Some(info), _) => rule_shown(t, &rule.key, info).name,
        (None, Some(texts)) => format!("{} · {}", rule.key, texts.title),
        (None, None) => rule.key.clone(),
    };
    Listed {
        key: rule.key.clone(),
        name,
        mark: info.map(|info| Mark::of(t, info.severity)),
        is_on: rule.set.is_on,
        state: state(visitor, rule, &checked),
        raised: number(count(record.raised), t.language),
        href: format!("/alerts?state=all&rule={id}"),
        precision: precision.unwrap_or_else(|| "–".to_owned()),
        is_poor: decided >= DECIDED_MIN && record.precision().is_some_and(|share| share < PRECISION_MIN),
        last: record.last_at.map(|at| Moment::of(visitor, at)),
    }
}

/// How a rule is.
pub(super) fn state(visitor: &Visitor, rule: &Rule, checked: &Checked) -> StateShown {
    let t = visitor.guest.text;
    let shown = |class, icon, word: std::borrow::Cow<'static, str>, why: String| StateShown {
        class,
        icon,
        word: word.into_owned(),
        why,
    };
    if !checked.errors.is_empty() {
        let first = told(t, &checked.errors).into_iter().next();
        let why = first.map(|one| t.flaw_at(one.line, one.column, one.told).into_owned());
        return shown("failure", "failed", t.rule_broken(), why.unwrap_or_default());
    }
    if !rule.set.is_on {
        return shown("unknown", "denied", t.rule_off(), String::new());
    }
    let asleep: Vec<String> = checked.rules.iter().flat_map(|info| info.asleep_for.clone()).collect();
    if !asleep.is_empty() {
        let names = &pack::texts(t.language).lists;
        let asleep: Vec<_> = asleep.iter().map(|list| names.get(list).unwrap_or(list).clone()).collect();
        let why = t.rule_asleep_for(crate::pages::format::list(&asleep, t.language)).into_owned();
        return shown("unknown", "pending", t.rule_asleep(), why);
    }
    let muted = rule.set.muted_until.filter(|until: &Timestamp| *until > visitor.now);
    let why = muted.map(|until| t.rule_muted_until(visitor.clock.time(until)).into_owned());
    shown("success", "success", t.rule_on(), why.unwrap_or_default())
}

/// `POST /alerts/rules/{key}/switch`
pub async fn switch(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(key): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(mut rule) = edit::rule(&app, workspace, &key)? else { return Ok(None) };
        rule.set.is_on = form.value("on") == "yes";
        let here = match form.value("back") {
            "rule" => format!("/alerts/rules/{key}"),
            _ => "/alerts/rules".to_owned(),
        };
        Ok(Some(match edit::change(&app, workspace, rule, &visitor.by()) {
            Ok(_) => saved(&app, workspace, &here),
            // Its page says what is wrong with it.
            Err(NotChanged::Catalog(error)) => return Err(error.into()),
            Err(_) => format!("/alerts/rules/{key}"),
        }))
    });
    Ok(redirect(&to.await?.ok_or(Refusal::NotFound)?))
}

/// `POST /alerts/rules/lists/{name}`
pub async fn fill(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let field = format!("list-{name}");
        match edit::fill_list(&app, workspace, &name, &form.lines(&field), &visitor.by()) {
            Ok(()) => Ok(Some(Ok(saved(&app, workspace, "/alerts/rules")))),
            Err(NotChanged::Field("name", _)) => Ok(None),
            Err(NotChanged::Catalog(error)) => Err(error.into()),
            Err(_) => {
                let most = number(count(edit::LIST_VALUES_MAX as u64), visitor.guest.text.language);
                form.fail(field, visitor.guest.text.list_too_long(most));
                Ok(Some(Err(rules_page(&app, &visitor, Some(form), None)?)))
            }
        }
    });
    match done.await?.ok_or(Refusal::NotFound)? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}
