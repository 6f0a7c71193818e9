//! What people do about alerts: to one of them, to many at once, and taking it back.

use super::inbox::{Inbox, PAGE_ROWS, inbox, people};
use super::shown::alert_page;
use crate::alerts::edit;
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{AlertDeed, Disposition, PersonId};
use crate::pages::answer::{page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Timestamp;
use std::sync::Arc;

/// A note is at most so long.
pub(super) const NOTE_CHARS_MAX: usize = 2_000;
const HOUR_MICROS: i64 = 3_600_000_000;

/// `POST /alerts/{id}`
pub async fn act(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let (kept, by, of) = (app.clone(), visitor.clone(), id.clone());
    let done = blocking(move || {
        let mut form = form;
        let Some((name, deed)) = deed(&kept, &by, &mut form)? else { return Ok(Err(form)) };
        let found = edit::act(&kept, &by.membership.workspace, &of, &deed, &by.by())?;
        Ok(Ok(found.map(|_| name)))
    });
    match done.await? {
        Ok(name) => {
            let name = name.ok_or(Refusal::NotFound)?;
            Ok(redirect(&format!("/alerts/{id}?done={name}&of={id}")))
        }
        Err(form) => {
            let shown = alert_page(&app, &lanes, visitor, id, form, None).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
    }
}

/// `POST /alerts`: the same about all that are ticked.
pub async fn act_on_many(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let done = blocking(move || {
        let asked = Inbox::read(form.value("back"));
        let ids: Vec<String> = form.all("alert").take(PAGE_ROWS).map(str::to_owned).collect();
        if ids.is_empty() {
            form.fail("alert", visitor.guest.text.alerts_none_chosen());
        }
        let chosen = deed(&app, &visitor, &mut form)?.filter(|_| !ids.is_empty());
        let Some((name, deed)) = chosen else {
            return Ok(Err(inbox(&app, &visitor, asked, form, None)?));
        };
        let (workspace, by) = (&visitor.membership.workspace, visitor.by());
        let mut done = Vec::new();
        for id in ids {
            done.extend(edit::act(&app, workspace, &id, &deed, &by)?.map(|kept| kept.alert.id));
        }
        Ok(Ok(format!("{}&done={name}&n={}&of={}", asked.href(), done.len(), done.join(","))))
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /alerts/undo`: opens alerts again.
pub async fn undo(State(app): State<Arc<App>>, visitor: Visitor, form: Fields) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let to = blocking(move || {
        let mut n = 0;
        for id in form.all("alert").take(PAGE_ROWS) {
            let found =
                edit::act(&app, &visitor.membership.workspace, id, &AlertDeed::Reopen, &visitor.by())?;
            n += u64::from(found.is_some());
        }
        let asked = Inbox::read(form.value("back"));
        Ok(format!("{}&done=reopen&n={n}", asked.href()))
    });
    Ok(redirect(&to.await?))
}

/// What a form asks for: its name, and the deed. Nothing when something in it is wrong, which the form then says.
fn deed(
    app: &App,
    visitor: &Visitor,
    form: &mut Fields,
) -> Result<Option<(&'static str, AlertDeed)>, Problem> {
    let t = visitor.guest.text;
    let ahead = |hours: i64| Timestamp::from_micros(visitor.now.micros() + hours * HOUR_MICROS);
    Ok(match form.value("act") {
        "acknowledge" => Some(("acknowledge", AlertDeed::Acknowledge)),
        "mute_hour" => Some(("mute", AlertDeed::Mute(ahead(1)))),
        "mute_day" => Some(("mute", AlertDeed::Mute(ahead(24)))),
        "reopen" => Some(("reopen", AlertDeed::Reopen)),
        "assign" => {
            let id = Some(form.value("assignee")).filter(|id| !id.is_empty());
            let id = id.map(|id| PersonId(id.to_owned()));
            let is_known = |id: &PersonId, people: &[(PersonId, String)]| people.iter().any(|(k, _)| k == id);
            match id {
                Some(id) if !is_known(&id, &people(app, visitor)?) => {
                    form.fail("assignee", t.alert_expected_assignee());
                    None
                }
                id => Some(("assign", AlertDeed::Assign(id))),
            }
        }
        "resolve" => {
            let note: String = form.trimmed("note").chars().take(NOTE_CHARS_MAX).collect();
            match Disposition::parse(form.value("disposition")) {
                Some(disposition) => Some(("resolve", AlertDeed::Resolve(disposition, note))),
                None => {
                    form.fail("disposition", t.alert_expected_disposition());
                    None
                }
            }
        }
        _ => return Err(Problem::parameter("act", "there is nothing of this name to do about alerts")),
    })
}
