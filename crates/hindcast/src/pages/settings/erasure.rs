//! Erasures: who asks, who agrees, and what became of it.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{Decision, Erasure, ErasureState, NewErasure, PersonId, TokenId, Undecided};
use crate::erasure::{BASES, Person, REFERENCE_CHARS_MAX, Selector, Wanted, agreement};
use crate::followers::Why;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::short;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

const HERE: &str = "/settings/erasure";

#[derive(Template)]
#[template(path = "settings_erasure.html")]
struct ErasurePage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    /// Whether a decision was refused.
    refused: bool,
    form: Fields,
    erasures: Vec<ErasureRow>,
    bases: Vec<(&'static str, String)>,
    second: bool,
}

struct ErasureRow {
    id: String,
    reference: String,
    basis: String,
    what: String,
    state: String,
    counted: String,
    blocked: String,
    requested_by: String,
    requested: Moment,
    decided_by: String,
    finished: Option<Moment>,
    notice: Option<u64>,
    may_agree: bool,
    may_reject: bool,
    is_own: bool,
}

/// `GET /settings/erasure`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::Erase)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let refused = raw.0.is_some_and(|raw| raw.split('&').any(|pair| pair == "refused=yes"));
    let shown = blocking(move || {
        let form = Fields::filled([("basis", BASES[0].to_owned())]);
        Ok(ErasurePage { refused, ..erasure_page(&app, &visitor, form, saved)? })
    });
    page(&shown.await?)
}

/// `POST /settings/erasure`
pub async fn request(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::Erase)?;
    let done = blocking(move || {
        let Some(new) = read(&visitor, &mut form) else {
            return Ok(Err(erasure_page(&app, &visitor, form, None)?));
        };
        let (workspace, person) = (&visitor.membership.workspace, Some(&visitor.person.id));
        app.catalog.request_erasure(workspace, &new, person, visitor.now, &visitor.by())?;
        Ok(Ok(saved(&app, workspace, HERE)))
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /settings/erasure/{id}`: agrees to it, or does not.
pub async fn decide(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::Erase)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let agrees = form.value("act") == "agree";
        let agreement = agreement(visitor.settings.second_person, Some(&visitor.person.id));
        let decision = agreement.filter(|_| agrees).unwrap_or(Decision::Reject);
        let decided = app.catalog.decide_erasure(workspace, &id, decision, &visitor.by())?;
        Ok(if decided.is_ok() { saved(&app, workspace, HERE) } else { format!("{HERE}?refused=yes") })
    });
    Ok(redirect(&to.await?))
}

/// `POST /settings/erasure/second`: whether an erasure needs a second person.
pub async fn second(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::Erase)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        app.catalog.change_settings(workspace, &visitor.by(), |settings, _| {
            settings.second_person = form.has("second");
        })?;
        Ok(saved(&app, workspace, HERE))
    });
    Ok(redirect(&to.await?))
}

/// `GET /settings/erasure/{id}/certificate`
pub async fn certificate(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::Erase)?;
    let found = blocking(move || {
        let erasure = app.catalog.erasure(&visitor.membership.workspace, &id)?;
        Ok(erasure.filter(|erasure| erasure.state == ErasureState::Done))
    });
    let erasure = found.await?.ok_or(Refusal::NotFound)?;
    let file = format!("attachment; filename=\"erasure-{}.txt\"", erasure.id);
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, file)];
    Ok((headers, erasure.certificate).into_response())
}

/// What a form asks to have erased; nothing when it makes no sense.
fn read(visitor: &Visitor, form: &mut Fields) -> Option<NewErasure> {
    let person = Person { ids: form.lines("ids"), texts: form.lines("texts") };
    let sections = form.lines("sections");
    let selector = match sections.is_empty() {
        true => Selector::Person(person),
        false => Selector::Fields { query: form.trimmed("query").to_owned(), sections },
    };
    let basis = BASES.into_iter().find(|basis| form.value("basis") == *basis).unwrap_or(BASES[2]);
    let wanted =
        Wanted { selector, basis: basis.to_owned(), reference: form.trimmed("reference").to_owned() };
    let (t, unfit) = match wanted.check(visitor.now) {
        Ok(new) => return Some(new),
        Err(unfit) => (visitor.guest.text, unfit),
    };
    for (field, _) in unfit {
        match field {
            "query" => form.fail("query", t.expected_hold_query()),
            "reference" => form.fail("reference", t.expected_text(REFERENCE_CHARS_MAX)),
            "sections" => form.fail("sections", t.expected_sections(form.lines("sections").join(", "))),
            _ => form.fail("ids", t.expected_erasure()),
        }
    }
    None
}

fn erasure_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
) -> Result<ErasurePage, Problem> {
    let t = visitor.guest.text;
    let erasures = app.catalog.erasures(&visitor.membership.workspace)?;
    Ok(ErasurePage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_erasure()),
        t,
        places: places(visitor, HERE),
        saved,
        refused: false,
        form,
        erasures: erasures.into_iter().map(|erasure| row(app, visitor, erasure)).collect(),
        bases: BASES.map(|basis| (basis, basis_name(t, basis))).into(),
        second: visitor.settings.second_person,
    })
}

fn basis_name(t: Text, basis: &str) -> String {
    match basis {
        "gdpr_art_17" => t.erasure_basis_request(),
        "leaked_secret" => t.erasure_basis_secret(),
        _ => t.erasure_basis_other(),
    }
    .into_owned()
}

fn row(app: &App, visitor: &Visitor, erasure: Erasure) -> ErasureRow {
    let t = visitor.guest.text;
    let waits = matches!(erasure.state, ErasureState::Requested | ErasureState::Blocked);
    let agreement = agreement(visitor.settings.second_person, Some(&visitor.person.id));
    let may_agree = agreement.map_or(Err(Undecided::Own), |agreement| erasure.may_be(agreement));
    let name = |id: &str| match app.catalog.person(&PersonId(id.to_owned())) {
        Ok(Some(person)) => short(&person.name),
        _ => match app.catalog.token(&TokenId(id.to_owned())) {
            Ok(Some(token)) => short(&token.name),
            _ => short(id),
        },
    };
    let state = match erasure.state {
        ErasureState::Requested => t.erasure_state_requested(),
        ErasureState::Approved => match app.stuck.why(&erasure.id) {
            Some(Why::Full) => t.erasure_state_full(),
            Some(Why::Other) => t.erasure_state_failing(),
            None => t.erasure_state_approved(),
        },
        ErasureState::Rejected => t.erasure_state_rejected(),
        ErasureState::Blocked => t.erasure_state_blocked(),
        ErasureState::Done => t.erasure_state_done(),
    };
    let counted = match erasure.is_counted {
        true => t.erasure_counted(erasure.entries, erasure.sections),
        false if waits => t.erasure_counting(),
        false => "".into(),
    };
    let blocked =
        if erasure.blocked > 0 { t.erasure_blocked(erasure.blocked).into_owned() } else { String::new() };
    ErasureRow {
        reference: short(&erasure.reference),
        basis: basis_name(t, &erasure.basis),
        what: erasure.selector.as_deref().map(|selector| told(t, selector)).unwrap_or_default(),
        state: state.into_owned(),
        counted: counted.into_owned(),
        blocked,
        requested_by: name(&erasure.requested_by),
        requested: Moment::of(visitor, erasure.requested_at),
        decided_by: name(&erasure.decided_by),
        finished: erasure.finished_at.map(|at| Moment::of(visitor, at)),
        notice: erasure.notice,
        may_agree: may_agree.is_ok(),
        may_reject: waits,
        is_own: may_agree == Err(Undecided::Own),
        id: erasure.id,
    }
}

/// What is to be erased, for those who decide.
fn told(t: Text, selector: &str) -> String {
    match serde_json::from_str(selector) {
        Ok(Selector::Person(person)) => {
            let all: Vec<String> = person.ids.iter().chain(&person.texts).map(|text| short(text)).collect();
            t.erasure_what_person(all.join(", ")).into_owned()
        }
        Ok(Selector::Fields { query, sections }) => {
            t.erasure_what_fields(short(&sections.join(", ")), short(&query)).into_owned()
        }
        Err(_) => String::new(),
    }
}
