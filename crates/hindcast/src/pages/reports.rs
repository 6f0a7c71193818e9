//! Reports: what there is, having one made, and showing that one is that which was made.

mod schedule;
mod shown;
mod verified;

pub use schedule::end as end_schedule;
pub use shown::{file, remove, review, show};
pub use verified::{UPLOAD_BYTES_MAX, verify};

use super::answer::{page, page_with, redirect};
use super::fields::Fields;
use super::histogram::count;
use super::mistake::query_of;
use super::refusal::Refusal;
use super::rows::Moment;
use super::safe::{short, visible};
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{Report, ReportMail};
use crate::deliver::mailboxes;
use crate::jobs::exports::digest;
use crate::jobs::operation::Ended;
use crate::jobs::reports::{KEPT_MICROS, Making, Order, begin};
use crate::jobs::schedules::{Every, SCHEDULES_MAX};
use crate::nodes::Job;
use crate::people::Permission;
use crate::reports::{Template as Kind, period, queries, within};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::{Language, Timestamp};
use hindcast_segments::query::{Query, TimeRange};
use std::sync::Arc;

const DAY_MICROS: i64 = 86_400_000_000;

#[derive(Template)]
#[template(path = "reports.html", blocks = ["made"])]
struct ReportsPage {
    shell: Shell,
    t: Text,
    form: Fields,
    kinds: Vec<(&'static str, String, String)>,
    making: Option<Doing>,
    reports: Vec<Listed>,
    schedules: Vec<schedule::Listed>,
    may_create: bool,
    narrowed: bool,
    /// Whether there is a mail server to send them through.
    has_mail: bool,
    /// What was found of a file: whether it is good, what it says, and its entry.
    verified: Option<Verified>,
}

/// A report under way, or one that could not be made.
struct Doing {
    id: String,
    told: String,
    percent: u64,
    failed: bool,
}

/// A report in the list.
pub struct Listed {
    id: String,
    name: String,
    time: String,
    query: String,
    language: String,
    made_by: String,
    made_at: Moment,
    until: String,
    /// What became of mailing it.
    mailed: Option<String>,
}

/// What a file came to.
pub struct Verified {
    is_good: bool,
    told: String,
    entry: Option<(String, String)>,
}

/// `GET /reports`
pub async fn list(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadReports)?;
    let partial = visitor.guest.partial;
    let shown = blocking(move || whole(&app, &visitor, usual(&visitor), None)).await?;
    if partial { page(&shown.as_made()) } else { page(&shown) }
}

/// Last month, as most reports are about.
fn usual(visitor: &Visitor) -> Fields {
    let now = visitor.clock.zoned(visitor.now);
    let first = now.first_of_month().map(|day| day.date()).unwrap_or_else(|_| now.date());
    let last = first.yesterday().unwrap_or(first);
    let from = last.first_of_month();
    let language = visitor.guest.text.language.code().to_owned();
    Fields::filled([
        ("template", Kind::AccessReview.as_str().to_owned()),
        ("from", from.to_string()),
        ("until", last.to_string()),
        ("language", language),
    ])
}

/// The whole page.
fn whole(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    verified: Option<Verified>,
) -> Result<ReportsPage, crate::api::Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    // Asked for first: what was made between the two is in the list.
    let making = Making::last(app, workspace, Job::Report)?;
    let reports = app.catalog.reports(workspace)?;
    let mails = app.catalog.report_mails(workspace)?;
    let mail_of = |report: &Report| mails.iter().find(|mail| mail.report == report.id);
    let may_create = visitor.may(Permission::CreateReports);
    let kinds = Kind::ALL.map(|kind| {
        let (name, told) = kind.told(t);
        (kind.as_str(), name, told)
    });
    Ok(ReportsPage {
        shell: Shell::of(visitor, app, Section::Reports, t.nav_reports()),
        t,
        form,
        kinds: kinds.into(),
        making: making.and_then(|making| doing(t, making)),
        reports: reports
            .iter()
            .filter(|report| sees(visitor, report))
            .map(|report| listed(visitor, report, mail_of(report)))
            .collect(),
        schedules: schedule::list(app, visitor)?,
        may_create,
        narrowed: !visitor.sight.is_everything(),
        has_mail: app.deliver.mail().is_some(),
        verified,
    })
}

/// Whether a visitor sees whatever whoever had it made saw.
fn sees(visitor: &Visitor, report: &Report) -> bool {
    visitor.sight.is_everything() || digest(&visitor.sight) == report.sight
}

fn doing(t: Text, making: Making) -> Option<Doing> {
    let (name, _) = making.about.told(t);
    let (told, failed) = match making.ended {
        None => (t.report_making(name, count(making.done)), false),
        Some(Ended::Failed(_)) => (t.report_failed(name), true),
        Some(_) => return None,
    };
    Some(Doing { id: making.id, told: told.into_owned(), percent: making.done, failed })
}

fn listed(visitor: &Visitor, report: &Report, mail: Option<&ReportMail>) -> Listed {
    let t = visitor.guest.text;
    let clock = super::format::Clock::new("UTC", t.language);
    let until = Timestamp::from_micros(report.created_at.micros().saturating_add(KEPT_MICROS));
    Listed {
        id: report.id.clone(),
        name: name(t, report),
        time: period(&clock, t, report.time),
        query: visible(&report.query).into_owned(),
        language: super::shell::own_name(report.language).to_owned(),
        made_by: short(&report.made_by),
        made_at: Moment::of(visitor, report.created_at),
        until: visitor.clock.date(until),
        mailed: mail.map(|mail| mailed(visitor, mail)),
    }
}

/// What became of mailing a report.
fn mailed(visitor: &Visitor, mail: &ReportMail) -> String {
    let (t, to, problem) = (visitor.guest.text, short(&mail.to), short(&mail.problem));
    match (mail.sent_at, mail.next_at) {
        (Some(_), _) if mail.problem.is_empty() => t.report_mailed(to),
        (Some(_), _) => t.report_mailed_but(to, problem),
        (None, Some(_)) if mail.attempts == 0 => t.report_mailing(to),
        (None, Some(at)) => t.report_mail_again(to, problem, visitor.clock.time(at)),
        (None, None) => t.report_mail_given_up(to, problem),
    }
    .into_owned()
}

/// What a report is called.
fn name(t: Text, report: &Report) -> String {
    Kind::parse(&report.template).map_or_else(|| short(&report.template), |kind| kind.told(t).0)
}

/// `POST /reports`
pub async fn make(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::CreateReports)?;
    let t = visitor.guest.text;
    let Some((template, time, narrowed, language)) = wanted(&visitor, &mut form) else {
        let shown = blocking(move || whole(&app, &visitor, form, None)).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    };
    let Some(mail_to) = recipients(&app, t, &mut form) else {
        let shown = blocking(move || whole(&app, &visitor, form, None)).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    };
    if let Some(every) = Every::parse(form.value("repeat")) {
        let kept = schedule::begin(&app, &visitor, template, &narrowed, language, every, mail_to).await?;
        if kept {
            return Ok(redirect("/reports"));
        }
        form.fail("repeat", t.report_schedules_full(count(SCHEDULES_MAX)));
        let shown = blocking(move || whole(&app, &visitor, form, None)).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let (room, sight, by) = (visitor.room(&app)?, visitor.sight.clone(), visitor.by());
    let order = Order { room, template, time, narrowed, language, sight, by, mail_to };
    let making = app.clone();
    if blocking(move || begin(&making, order).map_err(crate::api::Problem::internal)).await?.is_none() {
        form.fail("template", t.report_busy());
        let shown = blocking(move || whole(&app, &visitor, form, None)).await?;
        return page_with(StatusCode::TOO_MANY_REQUESTS, &shown);
    }
    Ok(redirect("/reports"))
}

/// Who gets it by mail, unless one of them cannot be an address. Nobody does where there is no mail server.
fn recipients(app: &App, t: Text, form: &mut Fields) -> Option<String> {
    let to = form.trimmed("mail_to").to_owned();
    if app.deliver.mail().is_none() || to.is_empty() {
        return Some(String::new());
    }
    match mailboxes("mail_to", &to) {
        Ok(_) => Some(to),
        Err(_) => {
            form.fail("mail_to", t.report_mail_wrong());
            None
        }
    }
}

/// What a form asks for, unless something in it is wrong.
fn wanted(visitor: &Visitor, form: &mut Fields) -> Option<(Kind, (Timestamp, Timestamp), Query, Language)> {
    let t = visitor.guest.text;
    let template = Kind::parse(form.value("template"));
    let language = Language::parse(form.value("language")).unwrap_or(t.language);
    let time = days(form.trimmed("from"), form.trimmed("until"));
    if template.is_none() {
        form.fail("template", t.report_template());
    }
    if time.is_none() {
        form.fail("from", t.report_wrong_time());
    }
    let narrowed = match query_of(visitor, form.trimmed("query")) {
        Ok(query) if query.occurred != TimeRange::ALWAYS => {
            form.fail("query", t.report_query_time());
            return None;
        }
        Ok(query) => query,
        Err(told) => {
            form.fail("query", told);
            return None;
        }
    };
    let (template, time) = (template?, time?);
    if let Err(topic) = queries(template, &within(&narrowed, time)) {
        form.fail("query", t.report_wrong_query(topic.title(t)));
        return None;
    }
    Some((template, time, narrowed, language))
}

/// From the beginning of a day to the end of another, in UTC.
pub fn days(from: &str, until: &str) -> Option<(Timestamp, Timestamp)> {
    let midnight = |day: &str| Timestamp::parse(&format!("{day}T00:00:00Z"));
    let (from, last) = (midnight(from)?, midnight(until)?);
    let until = Timestamp::from_micros(last.micros() + DAY_MICROS);
    (from < until).then_some((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_from_their_beginning_to_their_end() {
        let (from, until) = days("2026-11-01", "2026-11-30").expect("a time");
        assert_eq!(
            (from.to_string(), until.to_string()),
            ("2026-11-01T00:00:00.000000Z".to_owned(), "2026-12-01T00:00:00.000000Z".to_owned())
        );
        assert!(days("2026-11-02", "2026-11-02").is_some());
        assert!(days("2026-11-02", "2026-11-01").is_none());
        assert!(days("", "2026-11-01").is_none());
    }
}
