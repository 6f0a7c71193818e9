//! Reports that are made again and again: begun with the form for one, listed, and ended.

use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::Schedule;
use crate::jobs::schedules::{Every, SCHEDULES_MAX};
use crate::pages::answer::redirect;
use crate::pages::refusal::Refusal;
use crate::pages::safe::{short, visible};
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::reports::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hindcast_event::Language;
use hindcast_segments::query::Query;
use serde_json::{Value, json};
use std::sync::Arc;

/// A schedule in the list.
pub struct Listed {
    pub id: String,
    pub name: String,
    pub told: String,
    pub query: String,
    pub mail_to: String,
}

/// The schedules of the visitor; of everybody's for whoever manages people.
pub fn list(app: &App, visitor: &Visitor) -> Result<Vec<Listed>, Problem> {
    let schedules = app.catalog.schedules(&visitor.membership.workspace)?;
    let is_shown = |schedule: &&Schedule| is_theirs(visitor, schedule);
    Ok(schedules.iter().filter(is_shown).map(|schedule| listed(app, visitor, schedule)).collect())
}

fn is_theirs(visitor: &Visitor, schedule: &Schedule) -> bool {
    schedule.person == visitor.person.id || visitor.may(Permission::SettingsPeople)
}

fn listed(app: &App, visitor: &Visitor, schedule: &Schedule) -> Listed {
    let t = visitor.guest.text;
    let next = visitor.clock.time(schedule.next_at);
    let person = app.catalog.person(&schedule.person).ok().flatten();
    let who = person.map_or_else(String::new, |person| short(&person.name));
    let told = match Every::parse(&schedule.every) {
        Some(Every::Week) => t.report_schedule_week(who, next),
        _ => t.report_schedule_month(who, next),
    };
    let name = Template::parse(&schedule.template)
        .map_or_else(|| schedule.template.clone(), |known| known.told(t).0);
    Listed {
        id: schedule.id.clone(),
        name,
        told: told.into_owned(),
        query: visible(&schedule.query).into_owned(),
        mail_to: visible(&schedule.mail_to).into_owned(),
    }
}

/// Keeps a schedule, unless there are so many already.
pub async fn begin(
    app: &Arc<App>,
    visitor: &Visitor,
    template: Template,
    narrowed: &Query,
    language: Language,
    every: Every,
    mail_to: String,
) -> Result<bool, Problem> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(Problem::internal)?;
    let schedule = Schedule {
        id: crate::hex::hex(&random),
        workspace: visitor.membership.workspace.clone(),
        person: visitor.person.id.clone(),
        template: template.as_str().to_owned(),
        query: narrowed.to_string(),
        language,
        mail_to,
        every: every.as_str().to_owned(),
        next_at: every.next(visitor.now),
    };
    let event = told(visitor, "report.scheduled", &schedule);
    let app = app.clone();
    blocking(move || {
        let kept = app.catalog.add_schedule(&schedule, SCHEDULES_MAX, &event)?;
        app.post();
        Ok(kept)
    })
    .await
}

/// `POST /reports/schedules/{id}/remove`
pub async fn end(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::CreateReports)?;
    let ended = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let schedules = app.catalog.schedules(workspace)?;
        let known = schedules.iter().find(|schedule| schedule.id == id && is_theirs(&visitor, schedule));
        let Some(schedule) = known else { return Ok(false) };
        let event = told(&visitor, "report.unscheduled", schedule);
        let ended = app.catalog.remove_schedule(workspace, &schedule.id, &event)?;
        app.post();
        Ok(ended)
    })
    .await?;
    if ended { Ok(redirect("/reports")) } else { Err(Refusal::NotFound) }
}

fn told(visitor: &Visitor, action: &str, schedule: &Schedule) -> Value {
    let name = Template::parse(&schedule.template).map(|known| known.told(crate::pages::Text::default()).0);
    let target = json!([{ "type": "report_schedule", "id": schedule.id, "name": name }]);
    let about = json!({
        "template": schedule.template,
        "every": schedule.every,
        "query": schedule.query,
        "language": schedule.language.code(),
        "mail_to": (!schedule.mail_to.is_empty()).then_some(schedule.mail_to.as_str()),
    });
    visitor.by().event(action, target, about)
}
