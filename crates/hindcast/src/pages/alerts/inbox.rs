//! The inbox: what waits for somebody, what somebody looks at, and what was decided or muted.

use super::told::{Mark, about, reason, title};
use super::{disposition_name, state_name};
use crate::api::Problem;
use crate::api::escaped;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{AlertState, AlertsWanted, Disposition, KeptAlert, PersonId};
use crate::pages::answer::page;
use crate::pages::fields::Fields;
use crate::pages::format::number;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::short;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use hindcast_rules::detection::Severity;
use hindcast_rules::pack;
use hindcast_segments::Snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows of a page.
pub(super) const PAGE_ROWS: usize = 50;

#[derive(Template)]
#[template(path = "alerts.html")]
pub(super) struct InboxPage {
    shell: Shell,
    t: Text,
    pub form: Fields,
    asked: Inbox,
    done: Option<Done>,
    tabs: Vec<Tab>,
    severities: Vec<(&'static str, String)>,
    rules: Vec<(String, String)>,
    people: Vec<(String, String)>,
    dispositions: Vec<(&'static str, String)>,
    alerts: Vec<Listed>,
    older: Option<String>,
    newest: Option<String>,
    /// Whether no alert was ever raised.
    never: bool,
    may_manage: bool,
    may_send: bool,
}

/// Alerts in a state.
struct Tab {
    label: String,
    count: String,
    href: String,
    is_here: bool,
}

/// An alert in the list.
pub(super) struct Listed {
    pub id: String,
    pub href: String,
    pub mark: Mark,
    pub title: String,
    pub about: String,
    pub why: String,
    pub count: String,
    pub first: Moment,
    pub last: Moment,
    pub assignee: String,
    pub state: String,
    pub is_closed: bool,
    pub disposition: String,
    pub muted_until: Option<Moment>,
}

/// What was just done, and about which alerts it can be taken back.
pub(super) struct Done {
    pub told: String,
    pub undo: Vec<String>,
}

/// What the address of the inbox asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Inbox {
    /// Nothing for all of them.
    pub state: Option<AlertState>,
    pub severity: Option<Severity>,
    pub rule: String,
    pub is_mine: bool,
    pub after: String,
}

impl Inbox {
    pub fn read(raw: &str) -> Self {
        let mut asked = Self { state: Some(AlertState::Open), ..Self::default() };
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            match &*name {
                "state" => asked.state = AlertState::parse(&value),
                "severity" => asked.severity = Severity::parse(&value),
                "rule" => asked.rule = value.into_owned(),
                "assignee" => asked.is_mine = value == "me",
                "after" => asked.after = value.into_owned(),
                _ => {}
            }
        }
        asked
    }

    /// The query string that [`Self::read`] reads back.
    pub fn query_string(&self) -> String {
        let mut query = format!("state={}", self.state.map_or("all", AlertState::as_str));
        let mut member = |name: &str, value: &str| {
            if !value.is_empty() {
                query.push_str(&format!("&{name}={}", escaped(value)));
            }
        };
        member("severity", self.severity.map_or("", Severity::as_str));
        member("rule", &self.rule);
        member("assignee", if self.is_mine { "me" } else { "" });
        member("after", &self.after);
        query
    }

    pub fn href(&self) -> String {
        format!("/alerts?{}", self.query_string())
    }

    fn of_state(&self, state: Option<AlertState>) -> Self {
        Self { state, after: String::new(), ..self.clone() }
    }

    fn is_state(&self, word: &str) -> bool {
        self.severity.map_or("", Severity::as_str) == word
    }

    fn is_narrowed(&self) -> bool {
        self.severity.is_some() || !self.rule.is_empty() || self.is_mine
    }
}

/// `GET /alerts`
pub async fn list(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadAlerts)?;
    let raw = raw.unwrap_or_default();
    let shown = blocking(move || {
        let done = done(visitor.guest.text, &raw);
        inbox(&app, &visitor, Inbox::read(&raw), Fields::default(), done)
    });
    page(&shown.await?)
}

/// The whole page.
pub(super) fn inbox(
    app: &App,
    visitor: &Visitor,
    asked: Inbox,
    form: Fields,
    done: Option<Done>,
) -> Result<InboxPage, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let wanted = AlertsWanted {
        state: asked.state,
        severity: asked.severity,
        rule: Some(asked.rule.clone()).filter(|rule| !rule.is_empty()),
        assignee: asked.is_mine.then(|| visitor.person.id.clone()),
        after: Some(asked.after.clone()).filter(|id| !id.is_empty()),
    };
    let mut found = app.catalog.alerts(workspace, &wanted, visitor.now, PAGE_ROWS + 1)?;
    let is_more = found.len() > PAGE_ROWS;
    found.truncate(PAGE_ROWS);
    let last = found.last().filter(|_| is_more).map(|kept| kept.alert.id.clone());
    let people = people(app, visitor)?;
    let room = app.rooms.get(workspace).ok_or_else(|| Problem::not_found("there is no such workspace"))?;
    let seen = room.seen_by(&visitor.sight);
    let counts = app.catalog.alert_counts(workspace, visitor.now)?;
    let older = last.map(|after| Inbox { after, ..asked.clone() }.href());
    let newest = (!asked.after.is_empty()).then(|| asked.of_state(asked.state).href());
    Ok(InboxPage {
        shell: Shell::of(visitor, app, Section::Alerts, t.nav_alerts()),
        t,
        form,
        done,
        tabs: tabs(t, &asked, &counts),
        severities: Severity::ALL
            .into_iter()
            .rev()
            .map(|one| (one.as_str(), Mark::of(t, one).word))
            .collect(),
        rules: raised_by(app, visitor)?,
        dispositions: Disposition::CHOICES.map(|one| (one.as_str(), disposition_name(t, one))).into(),
        alerts: found.iter().map(|kept| listed(visitor, &seen, kept, &people)).collect(),
        people: people.into_iter().map(|(id, name)| (id.0, name)).collect(),
        older,
        newest,
        never: counts.is_empty(),
        may_manage: visitor.may(Permission::ManageAlerts),
        may_send: visitor.may(Permission::SettingsDestinations),
        asked,
    })
}

fn tabs(t: Text, asked: &Inbox, counts: &BTreeMap<AlertState, u64>) -> Vec<Tab> {
    let tab = |state: Option<AlertState>, label: String, n: u64| Tab {
        label,
        count: number(count(n), t.language),
        href: asked.of_state(state).href(),
        is_here: asked.state == state,
    };
    let of = |state: AlertState| counts.get(&state).copied().unwrap_or(0);
    let mut tabs: Vec<_> =
        AlertState::ALL.into_iter().map(|state| tab(Some(state), state_name(t, state), of(state))).collect();
    tabs.push(tab(None, t.alerts_all().into_owned(), counts.values().sum()));
    tabs
}

/// The rules that have alerts: id and title.
fn raised_by(app: &App, visitor: &Visitor) -> Result<Vec<(String, String)>, Problem> {
    let workspace = &visitor.membership.workspace;
    let texts = pack::texts(visitor.guest.text.language);
    let mut rules = Vec::new();
    for rule in app.catalog.alert_records(workspace)?.into_keys() {
        let known = pack::code_of(&rule).and_then(|code| Some((code, texts.rules.get(code)?)));
        let title = match known {
            Some((code, texts)) => format!("{code} · {}", texts.title),
            None => {
                let wanted = AlertsWanted { rule: Some(rule.clone()), ..AlertsWanted::default() };
                let newest = app.catalog.alerts(workspace, &wanted, visitor.now, 1)?;
                newest.first().map_or_else(|| rule.clone(), |kept| short(&kept.alert.title))
            }
        };
        rules.push((rule, title));
    }
    rules.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(rules)
}

/// Whoever can look after an alert, by name.
pub(super) fn people(app: &App, visitor: &Visitor) -> Result<Vec<(PersonId, String)>, Problem> {
    let members = app.catalog.members(&visitor.membership.workspace)?;
    let may = members.into_iter().filter(|member| member.membership.role.may(Permission::ReadAlerts));
    Ok(may.map(|member| (member.person.id, short(&member.person.name))).collect())
}

/// An alert as the list shows it.
pub(super) fn listed(
    visitor: &Visitor,
    seen: &Snapshot,
    kept: &KeptAlert,
    people: &[(PersonId, String)],
) -> Listed {
    let (t, alert) = (visitor.guest.text, &kept.alert);
    let assignee = kept.assignee.as_ref().map(|id| {
        let known = people.iter().find(|(known, _)| known == id);
        known.map_or_else(|| t.unknown().into_owned(), |(_, name)| name.clone())
    });
    Listed {
        id: alert.id.clone(),
        href: format!("/alerts/{}", alert.id),
        mark: Mark::of(t, alert.severity),
        title: title(t, alert),
        about: about(visitor, seen, alert),
        why: reason(visitor, alert),
        count: number(count(alert.count), t.language),
        first: Moment::of(visitor, alert.first_at),
        last: Moment::of(visitor, alert.last_at),
        assignee: assignee.unwrap_or_default(),
        state: state_name(t, kept.state),
        is_closed: kept.state == AlertState::Resolved,
        disposition: kept.disposition.map(|one| disposition_name(t, one)).unwrap_or_default(),
        muted_until: kept.muted_until.map(|until| Moment::of(visitor, until)),
    }
}

/// What the address says was just done: `done=`, to how many (`n=`), and which (`of=`).
pub(super) fn done(t: Text, raw: &str) -> Option<Done> {
    let fields = Fields::read(raw.as_bytes());
    let n: i64 = fields.value("n").parse().unwrap_or(1);
    let (told, can_undo) = match fields.value("done") {
        "acknowledge" => (t.alerts_done_acknowledged(n), true),
        "assign" => (t.alerts_done_assigned(n), false),
        "mute" => (t.alerts_done_muted(n), true),
        "resolve" => (t.alerts_done_resolved(n), true),
        "reopen" => (t.alerts_done_reopened(n), false),
        _ => return None,
    };
    let ids = fields.value("of").split(',').filter(|id| !id.is_empty());
    Some(Done { told: told.into_owned(), undo: ids.filter(|_| can_undo).map(str::to_owned).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_state() {
        assert_eq!(Inbox::read(""), Inbox::read("state=open"));
        for query in [
            "state=open",
            "state=all&severity=high&assignee=me",
            "state=muted&rule=2d4fe7e9-372d-5cbd-8cb9-5f0d1d1c62f0&after=00ff",
        ] {
            assert_eq!(Inbox::read(query).query_string(), query);
        }
    }
}
