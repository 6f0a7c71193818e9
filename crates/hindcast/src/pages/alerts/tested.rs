//! Tests on the past: what a rule would have raised, told while it is worked out.

use super::problems;
use super::rule::{RulePage, plain, problem, refused, rule_page, typed};
use super::rule_form::{new_rule, tell, text_of, wanted};
use super::told::{Mark, about, reason, title};
use crate::alerts::edit::{self, NotChanged};
use crate::alerts::{Alert, Backtested, Rule};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::jobs::backtests::{Asked as AskedTest, Past, begin};
use crate::jobs::operation::{self, Ended};
use crate::nodes::Job;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::asked::Asked;
use crate::pages::chart::{Bars, Stack, bars};
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
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Timestamp;
use hindcast_segments::Snapshot;
use std::sync::Arc;

const DAYS_DEFAULT: u32 = 30;
/// More alerts of a test are not listed.
const ALERTS_SHOWN: usize = 100;
const SIZE: (u32, u32) = (1100, 128);
const DAY_MICROS: i64 = 86_400_000_000;

#[derive(Template)]
#[template(path = "alert_test.html", blocks = ["test"])]
struct TestPage {
    shell: Shell,
    t: Text,
    tested: Tested,
}

/// A test, as far as it is.
pub(super) struct Tested {
    pub id: String,
    pub percent: u64,
    /// What is to be said of it.
    pub told: String,
    pub is_over: bool,
    pub is_failed: bool,
    pub outcome: Option<Outcome>,
}

/// What came of it.
pub(super) struct Outcome {
    pub chart: Bars,
    /// A day, where its entries are, and how many alerts there would have been.
    pub table: Vec<(String, String, String)>,
    pub alerts: Vec<WouldBe>,
    /// How many more there are.
    pub more: u64,
}

/// An alert that there would have been.
pub(super) struct WouldBe {
    pub mark: Mark,
    pub title: String,
    pub about: String,
    pub why: String,
    pub at: Moment,
    /// Entries behind it: index and address.
    pub entries: Vec<u64>,
}

/// `POST /alerts/rules/test`: of a rule that is not kept yet.
pub async fn test_blank(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let room = visitor.room(&app)?;
    let before = new_rule(text_of(&form));
    answered(blocking(move || tried(&app, &visitor, &room, before, form)).await?)
}

/// `POST /alerts/rules/{key}/test`: of a rule as it stands in the form, saved or not.
pub async fn test(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(key): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let room = visitor.room(&app)?;
    let shown = blocking(move || {
        let Some(before) = edit::rule(&app, &visitor.membership.workspace, &key)? else { return Ok(None) };
        let before = typed(&before, &form);
        tried(&app, &visitor, &room, before, form).map(Some)
    });
    answered(shown.await?.ok_or(Refusal::NotFound)?)
}

fn answered((shown, is_good): (RulePage, bool)) -> Result<Response, Refusal> {
    let status = if is_good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &shown)
}

/// Begins a test of what is in the form, unless that is wrong.
fn tried(
    app: &Arc<App>,
    visitor: &Visitor,
    room: &Arc<crate::rooms::Room>,
    before: Rule,
    mut form: Fields,
) -> Result<(RulePage, bool), Problem> {
    let plain = plain(app, visitor, &before)?;
    let mut rule = wanted(visitor, &before, &mut form, &plain);
    // What is off can be tested too.
    rule.set.is_on = true;
    let checked = edit::checked(app, &room.id, &rule)?;
    let mut errors: Vec<problems::Told> = Vec::new();
    if !checked.errors.is_empty() {
        let wrong = NotChanged::Wrong(checked.errors);
        errors = tell(visitor.guest.text, &mut form, &plain, wrong).map_err(problem)?;
    }
    if !form.is_good() {
        return Ok((refused(app, visitor, &before, form, errors)?, false));
    }
    let days = form.value("days").parse().ok().filter(|days| *days > 0).unwrap_or(DAYS_DEFAULT);
    let asked = begin(app, room, vec![rule], days).map_err(Problem::internal)?;
    let mut page = rule_page(app, visitor, &before, Some(form))?;
    page.tested = Some(told(visitor, &room.seen_by(&visitor.sight), &asked));
    Ok((page, true))
}

/// `GET /alerts/rules/tests/{id}`: how far a test is, for whoever has no scripts, and as a part for those who have.
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let partial = visitor.guest.partial;
    let seen = visitor.snapshot(&app)?;
    let shown = blocking(move || {
        let t = visitor.guest.text;
        let tested = match AskedTest::find(&app, &visitor.membership.workspace, Job::Backtest, &id)? {
            Some(asked) => told(&visitor, &seen, &asked),
            // Somebody asked for another one, or something was erased.
            None => over(id, t.test_gone().into_owned()),
        };
        let shell = Shell::of(&visitor, &app, Section::Alerts, t.test_past());
        Ok(TestPage { shell, t, tested })
    });
    let shown = shown.await?;
    if partial { page(&shown.as_test()) } else { page(&shown) }
}

/// `POST /alerts/rules/tests/{id}/cancel`
pub async fn cancel(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let back = format!("/alerts/rules/tests/{id}");
    blocking(move || Ok(operation::cancel(&app, &visitor.membership.workspace, Job::Backtest, &id)?)).await?;
    Ok(redirect(&back))
}

fn over(id: String, told: String) -> Tested {
    Tested { id, percent: 100, told, is_over: true, is_failed: true, outcome: None }
}

fn told(visitor: &Visitor, seen: &Snapshot, asked: &AskedTest) -> Tested {
    let t = visitor.guest.text;
    let id = asked.id.clone();
    let Past { days, size } = asked.about;
    match &asked.ended {
        None => {
            let percent = (asked.done * 100).checked_div(size).unwrap_or(0).min(99);
            let told = t.test_running(count(percent), count(asked.done), count(size)).into_owned();
            Tested { id, percent, told, is_over: false, is_failed: false, outcome: None }
        }
        Some(Ended::Cancelled) => over(id, t.test_cancelled().into_owned()),
        Some(Ended::Failed(told)) => over(id, t.test_failed(short(told)).into_owned()),
        Some(Ended::Done(done)) => {
            let told = t.test_would(count(done.raised), count(u64::from(days))).into_owned();
            let outcome = Some(outcome(visitor, seen, days, done));
            Tested { id, percent: 100, told, is_over: true, is_failed: false, outcome }
        }
    }
}

fn outcome(visitor: &Visitor, seen: &Snapshot, days: u32, done: &Backtested) -> Outcome {
    let t = visitor.guest.text;
    let today = visitor.now.micros().div_euclid(DAY_MICROS);
    // It is counted by days in UTC.
    let clock = crate::pages::format::Clock::new("UTC", t.language);
    let mut table = Vec::new();
    let stacks = (today - i64::from(days)..=today).map(|day| {
        let (from, until) =
            (Timestamp::from_micros(day * DAY_MICROS), Timestamp::from_micros((day + 1) * DAY_MICROS));
        let raised = done.by_day.get(&day).copied().unwrap_or(0);
        let name = clock.date(from);
        let href = Asked { from: from.to_string(), to: until.to_string(), ..Asked::default() }.href();
        if raised > 0 {
            table.push((name.clone(), href.clone(), number(count(raised), t.language)));
        }
        let title = t.test_bar(name.clone(), count(raised)).into_owned();
        let (from, to) = (from.to_string(), until.to_string());
        Stack { parts: vec![("only", raised)], href, title, from, to, name }
    });
    let chart = bars(stacks.collect(), SIZE, |figure| number(count(figure), t.language));
    let alerts: Vec<_> =
        done.alerts.iter().rev().take(ALERTS_SHOWN).map(|alert| would_be(visitor, seen, alert)).collect();
    let more = done.raised.saturating_sub(alerts.len() as u64);
    Outcome { chart, table, alerts, more }
}

fn would_be(visitor: &Visitor, seen: &Snapshot, alert: &Alert) -> WouldBe {
    let newest = alert.evidence.iter().rev().take(10).rev();
    WouldBe {
        mark: Mark::of(visitor.guest.text, alert.severity),
        title: title(visitor.guest.text, alert),
        about: about(visitor, seen, alert),
        why: reason(visitor, alert),
        at: Moment::of(visitor, alert.last_at),
        entries: newest.copied().collect(),
    }
}
