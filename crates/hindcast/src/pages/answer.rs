//! What all pages have in common: requests from other sites are sent away, refusals become pages, and headers say what a
//! browser may do with a page.

use super::guest::Guest;
use super::refusal::{Refusal, Unshown};
use super::safe::visible;
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::answer::Trace;
use crate::app::App;
use askama::Template;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, LOCATION,
    ORIGIN, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse as _, Response};
use std::sync::Arc;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const STRICT_TRANSPORT: HeaderName = HeaderName::from_static("strict-transport-security");

/// Answers a request for a page.
pub async fn answer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let kept = parts.clone();
    let changes = !matches!(parts.method, Method::GET | Method::HEAD);
    let mut response = if changes && is_from_elsewhere(&parts.headers, &app) {
        Refusal::OtherSite.into_response()
    } else {
        next.run(Request::from_parts(parts, body)).await
    };
    if let Some(Unshown(refusal)) = response.extensions_mut().remove::<Unshown>() {
        response = show(&refusal, kept, &guest, &app).await;
    }
    dress(response, &guest)
}

/// What a browser that goes where there is nothing is shown.
pub async fn nowhere(app: &Arc<App>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Ok(guest) = Guest::from_request_parts(&mut parts, app).await;
    dress(show(&Refusal::NotFound, parts, &guest, app).await, &guest)
}

/// Says what a browser may do with a page.
fn dress(mut response: Response, guest: &Guest) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (VARY, "HX-Request-Type, Accept-Language, Cookie"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(CONTENT_LANGUAGE).or_insert(HeaderValue::from_static(guest.text.language.code()));
    if guest.https {
        headers.insert(STRICT_TRANSPORT, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Whether somebody else's page sent a request that changes something. Browsers say where a request comes from; one that
/// does not say is not sent by a browser of today, and is refused too, since only browsers have our cookies.
fn is_from_elsewhere(headers: &HeaderMap, app: &App) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site != "same-origin";
    }
    let Some(origin) = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else { return true };
    let public = app.config.server.public_url.trim_end_matches('/');
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    !(authority.is_some() && authority == host || !public.is_empty() && origin == public)
}

#[derive(Template)]
#[template(path = "refused.html", blocks = ["said"])]
struct Refused {
    shell: Shell,
    t: Text,
    title: String,
    told: String,
    /// What to do: address and name.
    act: Option<(String, String)>,
    request: String,
}

async fn show(refusal: &Refusal, mut parts: Parts, guest: &Guest, app: &Arc<App>) -> Response {
    let status = refusal.status();
    // A page that nobody may see leads to the door, and from there back to it.
    let door = match refusal {
        Refusal::SignIn => Some("/login"),
        Refusal::Enrol => Some("/login/second-factor"),
        _ => None,
    };
    if let Some(door) = door.filter(|_| !guest.partial && parts.method == Method::GET) {
        let next = crate::api::escaped(&guest.here);
        let to = if guest.here == "/" { door.to_owned() } else { format!("{door}?next={next}") };
        return redirect(&to);
    }
    let request = parts.extensions.get::<Arc<Trace>>().map_or(String::new(), |trace| trace.id().to_owned());
    let (shell, t) = match Visitor::from_request_parts(&mut parts, app).await {
        Ok(visitor) => (Shell::of(&visitor, app, Section::None, ""), visitor.guest.text),
        Err(_) => (Shell::of_guest(guest, ""), guest.text),
    };
    let (title, told, act) = words(refusal, t);
    let shell = Shell { title: format!("{title} – {}", t.product()), ..shell };
    let page = Refused { shell, t, title, told, act, request };
    let body = if guest.partial { page.as_said().render() } else { page.render() };
    let headers = if let Refusal::Problem(problem) = refusal { problem.headers() } else { HeaderMap::new() };
    (status, headers, Html(body.unwrap_or_default())).into_response()
}

fn words(refusal: &Refusal, t: Text) -> (String, String, Option<(String, String)>) {
    let act = |href: &str, name: std::borrow::Cow<'static, str>| Some((href.to_owned(), name.into_owned()));
    let (title, told, act) = match refusal {
        Refusal::SignIn => (t.refused_sign_in(), t.refused_sign_in_told(), act("/login", t.sign_in())),
        Refusal::Enrol => (
            t.second_factor(),
            t.second_factor_told(),
            act("/login/second-factor?next=/log", t.second_factor_on()),
        ),
        Refusal::OtherWorkspace => {
            (t.refused_workspace(), t.refused_workspace_told(), act("/log", t.refused_back()))
        }
        Refusal::NoWorkspace => (t.refused_no_workspace(), t.refused_no_workspace_told(), None),
        Refusal::Forbidden(permission) => (
            t.refused_forbidden(),
            t.refused_forbidden_told(permission.as_str()),
            act("/log", t.refused_back()),
        ),
        Refusal::NotFound => (t.refused_not_found(), t.refused_not_found_told(), act("/", t.refused_back())),
        Refusal::OtherSite => {
            (t.refused_other_site(), t.refused_other_site_told(), act("/", t.refused_back()))
        }
        Refusal::Problem(problem) if matches!(problem.code(), "busy" | "rate_limited") => {
            (t.refused_yours(), t.refused_busy(), act("", t.refused_again()))
        }
        Refusal::Problem(problem) if problem.status().is_server_error() => {
            (t.refused_ours(), t.refused_ours_told(), act("", t.refused_again()))
        }
        Refusal::Problem(problem) => {
            return (
                t.refused_yours().into_owned(),
                visible(problem.detail()).into_owned(),
                act("/log", t.refused_back()),
            );
        }
    };
    (title.into_owned(), told.into_owned(), act)
}

/// Sends the browser to another address of ours.
pub fn redirect(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}

/// A page.
pub fn page(template: &impl Template) -> Result<Response, Refusal> {
    page_with(StatusCode::OK, template)
}

/// A page, or a part of one, with another status.
pub fn page_with(status: StatusCode, template: &impl Template) -> Result<Response, Refusal> {
    let body = template.render().map_err(crate::api::Problem::internal)?;
    Ok((status, [(CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response())
}
