//! What people answer. Whatever cannot be done any more is told on the page, and nothing is done.

use super::list::approval_page;
use super::{member, sees, state_name};
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::gate::answering::{self, COMMENT_CHARS_MAX, Does, NotDone};
use crate::pages::answer::{page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_rules::approval::{Refused, State as Stands};
use std::sync::Arc;

/// `POST /approvals/{id}`
pub async fn act(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let does = match form.value("act") {
        "approve" => Some(Does::Approve),
        "deny" => Some(Does::Deny),
        "cancel" => None,
        "ask" => return ask(app, lanes, visitor, id, form).await,
        _ => return Err(Refusal::NotFound),
    };
    if does.is_some() {
        visitor.needs(Permission::Approve)?;
    }
    let (kept, by, of, comment) =
        (app.clone(), visitor.clone(), id.clone(), form.value("comment").to_owned());
    let tried = blocking(move || {
        let workspace = &by.membership.workspace;
        let known = kept.catalog.approval(workspace, &of)?;
        if !known.is_some_and(|known| sees(&by, &member(&by), &known)) {
            return Ok(Err(NotDone::Unknown));
        }
        let person = Some(&by.person.id);
        Ok(match does {
            Some(does) => answering::answer(&kept, workspace, &of, person, does, &comment, &by.by()),
            None => answering::cancel(&kept, workspace, &of, None, person, &by.by()),
        })
    });
    let t = visitor.guest.text;
    let (status, refused) = match tried.await? {
        Ok(kept) => {
            let done = match does {
                Some(Does::Approve) if kept.approval.state == Stands::Pending => "closer",
                Some(Does::Approve) => "approve",
                Some(Does::Deny) => "deny",
                None => "cancel",
            };
            return Ok(redirect(&format!("/approvals/{id}?done={done}")));
        }
        Err(NotDone::Unknown) => return Err(Refusal::NotFound),
        Err(NotDone::MayNot | NotDone::Nobodys) => return Err(Refusal::Forbidden(Permission::Approve)),
        Err(NotDone::Catalog(error)) => return Err(error.into()),
        Err(NotDone::NoReason) => {
            form.fail(format!("comment-{id}"), t.approval_expected_reason(COMMENT_CHARS_MAX));
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        Err(NotDone::TooLong) => {
            form.fail(format!("comment-{id}"), t.approval_expected_short(COMMENT_CHARS_MAX));
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        Err(NotDone::EnoughSaid | NotDone::NoWords) => (StatusCode::CONFLICT, None),
        Err(NotDone::Refused(why)) => (StatusCode::CONFLICT, Some(told(t, why))),
    };
    let shown = approval_page(&app, &lanes, visitor, id, form, refused).await?.ok_or(Refusal::NotFound)?;
    page_with(status, &shown)
}

/// Asks something about an approval, or answers what was asked.
async fn ask(
    app: Arc<App>,
    lanes: Arc<Lanes>,
    visitor: Visitor,
    id: String,
    mut form: Fields,
) -> Result<Response, Refusal> {
    let (kept, by, of, comment) =
        (app.clone(), visitor.clone(), id.clone(), form.value("comment").to_owned());
    let asked = blocking(move || {
        let known = kept.catalog.approval(&by.membership.workspace, &of)?;
        let Some(known) = known.filter(|known| sees(&by, &member(&by), known)) else {
            return Ok(Err(NotDone::Unknown));
        };
        let who = (by.person.id.0.as_str(), by.person.name.as_str());
        Ok(answering::comment(&kept, &known, who, &comment, &by.by()))
    });
    let t = visitor.guest.text;
    let (status, refused) = match asked.await? {
        Ok(_) => return Ok(redirect(&format!("/approvals/{id}?done=ask"))),
        Err(NotDone::EnoughSaid) => (StatusCode::CONFLICT, Some(t.approval_enough_said().into_owned())),
        Err(NotDone::Catalog(error)) => return Err(error.into()),
        Err(NotDone::NoWords | NotDone::TooLong) => {
            form.fail(format!("comment-{id}"), t.approval_expected_words(COMMENT_CHARS_MAX));
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        Err(_) => return Err(Refusal::NotFound),
    };
    let shown = approval_page(&app, &lanes, visitor, id, form, refused).await?.ok_or(Refusal::NotFound)?;
    page_with(status, &shown)
}

/// Why nothing was done.
fn told(t: Text, why: Refused) -> String {
    match why {
        Refused::Over(state) => t.approval_refused_over(state_name(t, state)),
        Refused::OwnRequest => t.approval_own(),
        Refused::NotAsked => t.approval_not_asked(),
        Refused::Twice => t.approval_answered(),
        // These are said of calls, not of answers.
        Refused::Pending | Refused::OtherCall | Refused::OtherPolicies => {
            t.approval_refused_over(state_name(t, Stands::Pending))
        }
    }
    .into_owned()
}
