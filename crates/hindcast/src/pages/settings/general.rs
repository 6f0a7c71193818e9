//! What a workspace is called, and its calendar.

use super::{Place, places, saved, saved_notice};
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::WorkingDays;
use crate::facts;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::pages::zones;
use crate::people::Permission;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Language;
use std::sync::Arc;

const HERE: &str = "/settings/general";
const NAME_CHARS_MAX: usize = 120;
const HOLIDAYS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "settings_general.html")]
struct GeneralPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    zones: &'static [&'static str],
    /// Words and names of the days, from Monday on.
    days: Vec<(&'static str, String)>,
}

/// `GET /settings/general`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsGeneral)?;
    let kept = app.clone();
    let id = visitor.membership.workspace.clone();
    let name = blocking(move || Ok(kept.catalog.workspace(&id)?.map(|workspace| workspace.name))).await?;
    let settings = &visitor.settings;
    let days: Vec<String> = settings.working_days.into();
    let form = Fields::filled(
        [
            ("name", name.unwrap_or_default()),
            ("zone", settings.zone.clone()),
            ("language", settings.language.clone()),
            ("from", settings.office_hours.0.to_string()),
            ("until", settings.office_hours.1.to_string()),
            ("holidays", settings.holidays.join("\n")),
        ]
        .into_iter()
        .chain(days.into_iter().map(|day| ("days", day))),
    );
    page(&general_page(&app, &visitor, form, saved_notice(visitor.guest.text, &raw)))
}

/// `POST /settings/general`
pub async fn save(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsGeneral)?;
    let t = visitor.guest.text;
    if !(1..=NAME_CHARS_MAX).contains(&form.trimmed("name").chars().count()) {
        form.fail("name", t.expected_name());
    }
    if !zones::is_known(form.value("zone")) {
        form.fail("zone", t.expected_zone());
    }
    let hour = |name: &str| form.trimmed(name).parse::<u8>().ok().filter(|hour| *hour <= 24);
    let hours = hour("from").zip(hour("until")).filter(|(from, until)| from < until);
    if hours.is_none() {
        form.fail("from", t.expected_hours());
    }
    let working_days = WorkingDays::from(form.all("days").map(str::to_owned).collect::<Vec<_>>());
    if !working_days.0.contains(&true) {
        form.fail("days", t.expected_working_days());
    }
    let holidays = form.lines("holidays");
    if holidays.len() > HOLIDAYS_MAX || holidays.iter().any(|day| facts::day_number(day).is_none()) {
        form.fail("holidays", t.expected_holidays(HOLIDAYS_MAX));
    }
    let Some(office_hours) = hours.filter(|_| form.is_good()) else {
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &general_page(&app, &visitor, form, None));
    };
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        app.catalog.change_settings(workspace, &visitor.by(), |settings, name| {
            form.trimmed("name").clone_into(name);
            form.value("zone").clone_into(&mut settings.zone);
            let language = Language::parse(form.value("language")).unwrap_or_default();
            language.code().clone_into(&mut settings.language);
            settings.office_hours = office_hours;
            settings.working_days = working_days;
            settings.holidays = holidays;
        })?;
        app.facts.settings_changed(workspace);
        Ok(saved(&app, workspace, HERE))
    })
    .await?;
    Ok(redirect(&to))
}

fn general_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
) -> GeneralPage {
    let t = visitor.guest.text;
    let names = [t.monday(), t.tuesday(), t.wednesday(), t.thursday(), t.friday(), t.saturday(), t.sunday()];
    GeneralPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_general()),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        zones: zones::all(),
        days: WorkingDays::WORDS.into_iter().zip(names.map(|name| name.into_owned())).collect(),
    }
}
