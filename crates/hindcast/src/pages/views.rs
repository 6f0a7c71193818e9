//! Saved views: questions worth asking again, ours and those that people keep.

use super::answer::redirect;
use super::asked::Asked;
use super::fields::Fields;
use super::named;
use super::refusal::Refusal;
use super::safe::short;
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{Narrowing, Preferences, Shared, View};
use crate::people::Permission;
use axum::extract::{Path, State};
use axum::response::Response;
use hindcast_event::Hidden;
use std::sync::Arc;

const NAME_CHARS_MAX: usize = 80;

/// A view in the list above the log.
pub struct Saved {
    /// What it is called.
    pub name: String,
    /// Where it leads.
    pub href: String,
    /// Whether it is what is shown.
    pub is_here: bool,
    /// Its id, if the visitor may remove it.
    pub id: Option<String>,
    /// Whether others find it too.
    pub shared: bool,
}

/// The views a visitor finds: ours, and those that were saved.
pub fn saved(app: &App, visitor: &Visitor, asked: &Asked) -> Result<Vec<Saved>, Problem> {
    let t = visitor.guest.text;
    let here = asked.first_page().href();
    let own = builtin(t, visitor).into_iter().map(|(name, q)| {
        let href = Asked { q, range: "30d".to_owned(), ..Asked::default() }.href();
        Saved { name, is_here: href == here, href, id: None, shared: false }
    });
    let may_remove = visitor.may(Permission::SettingsPeople);
    let kept = app.catalog.views(&visitor.membership.workspace, &visitor.person.id)?;
    let kept = kept.into_iter().map(|view| {
        let href = Asked::read(Some(&view.address)).first_page().href();
        let shared = view.shared != Shared::Own;
        let is_own = view.person == visitor.person.id;
        Saved {
            name: short(&view.name),
            is_here: href == here,
            href,
            id: (is_own || shared && may_remove).then_some(view.id),
            shared,
        }
    });
    Ok(own.chain(kept).collect())
}

/// The views that everybody has: name and query.
pub fn builtin(t: Text, visitor: &Visitor) -> Vec<(String, String)> {
    vec![
        (t.view_sign_in_failures().into_owned(), named::FAILED_SIGN_INS.to_owned()),
        (t.view_permissions().into_owned(), named::PERMISSIONS.to_owned()),
        (t.view_exports().into_owned(), named::EXPORTS.to_owned()),
        (t.view_settings().into_owned(), named::SETTINGS.to_owned()),
        (t.view_tokens().into_owned(), named::TOKENS.to_owned()),
        (t.view_mine().into_owned(), visitor.own_query()),
    ]
}

/// `POST /views`: keeps what the log page shows.
pub async fn save(State(app): State<Arc<App>>, visitor: Visitor, form: Fields) -> Result<Response, Refusal> {
    let asked = Asked::read(Some(form.value("address")));
    let name = form.trimmed("name").to_owned();
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Err(Problem::parameter("name", "a name of 1 to 80 characters is expected").into());
    }
    let shared = Shared::parse(form.value("shared")).unwrap_or_default();
    if shared != Shared::Own {
        visitor.needs(Permission::ShareViews)?;
    }
    let opened = match shared {
        // Only whoever sees everything may open something to others.
        Shared::Opened if visitor.sight.scope.is_some() => {
            return Err(Refusal::Forbidden(Permission::SettingsPeople));
        }
        Shared::Opened => {
            let narrowing = Narrowing::new(Some(&asked.q), Hidden::default());
            narrowing.map_err(|told| Problem::parameter("q", told))?.only()
        }
        _ => None,
    };
    let opens_first = form.has("first");
    let address = asked.first_page();
    let to = address.href();
    blocking(move || {
        let view = View {
            id: String::new(),
            person: visitor.person.id.clone(),
            name,
            address: address.query_string(),
            shared,
            opened,
        };
        let first_view = opens_first.then(|| view.address.clone());
        app.catalog.save_view(&visitor.membership.workspace, view, visitor.now, &visitor.by())?;
        if first_view.is_some() {
            let preferences = Preferences { first_view, ..visitor.person.preferences.clone() };
            app.catalog.set_preferences(&visitor.person.id, &preferences)?;
        }
        app.post();
        Ok(())
    })
    .await?;
    Ok(redirect(&to))
}

/// `POST /views/{id}/remove`
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let removed = blocking(move || {
        let any = visitor.may(Permission::SettingsPeople);
        let removed = app.catalog.remove_view(
            &visitor.membership.workspace,
            &id,
            &visitor.person.id,
            any,
            &visitor.by(),
        )?;
        app.post();
        Ok(removed)
    })
    .await?;
    if removed { Ok(redirect("/log")) } else { Err(Refusal::NotFound) }
}

/// `GET /my-activity`: what is recorded about the visitor.
pub async fn mine(visitor: Visitor) -> Response {
    redirect(&Asked { q: visitor.own_query(), range: "90d".to_owned(), ..Asked::default() }.href())
}
