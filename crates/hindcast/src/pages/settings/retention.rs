//! How long entries are kept, what that lets go now, and legal holds.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::Hold;
use crate::followers::Why;
use crate::keeping::{DAYS_MAX, HOLD_CHARS_MAX, NewHold, Retention, Unfit, UnfitHold, apply_now, plan};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::facets::category_label;
use crate::pages::fields::Fields;
use crate::pages::format::number;
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
use axum::response::Response;
use hindcast_event::{Category, Timestamp};
use std::borrow::Cow;
use std::sync::Arc;

const HERE: &str = "/settings/retention";

#[derive(Template)]
#[template(path = "settings_retention.html")]
struct RetentionPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    categories: Vec<CategoryRow>,
    has_categories: bool,
    applied: bool,
    /// When a policy takes effect that does not yet.
    waits: Option<Moment>,
    /// Why it could not be applied yet.
    stuck: Option<Why>,
    /// What goes now, in all and by category.
    going: u64,
    going_of: Vec<(String, String)>,
    held: u64,
    holds: Vec<HoldRow>,
}

struct CategoryRow {
    code: &'static str,
    label: String,
    /// The names of its fields.
    days: String,
    ever: String,
}

struct HoldRow {
    id: String,
    name: String,
    reason: String,
    query: String,
    href: String,
    placed: Moment,
    released: Option<Moment>,
}

/// `GET /settings/retention`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsRetention)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let applied = raw.0.is_some_and(|raw| raw.split('&').any(|pair| pair == "applied=yes"));
    let shown = blocking(move || {
        let policy = app.catalog.retention(&visitor.membership.workspace)?;
        let page = retention_page(&app, &visitor, filled(&policy), saved)?;
        Ok(RetentionPage { applied, ..page })
    });
    page(&shown.await?)
}

/// `POST /settings/retention`
pub async fn save(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsRetention)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        if let Some(policy) = read(visitor.guest.text, &mut form) {
            match app.catalog.change_retention(workspace, policy, visitor.now, &visitor.by())? {
                Ok(_) => return Ok(Ok(saved(&app, workspace, HERE))),
                Err(unfit) => tell(visitor.guest.text, &mut form, &unfit),
            }
        }
        Ok(Err(retention_page(&app, &visitor, form, None)?))
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /settings/retention/apply`: lets go now of what the policy lets go.
pub async fn apply(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsRetention)?;
    blocking(move || {
        apply_now(&app, &visitor.membership.workspace, visitor.now, &visitor.by())?;
        app.post();
        Ok(())
    })
    .await?;
    Ok(redirect("/settings/retention?applied=yes"))
}

/// `POST /settings/holds`
pub async fn place(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsRetention)?;
    let done = blocking(move || {
        let t = visitor.guest.text;
        let workspace = &visitor.membership.workspace;
        let (name, reason, query) = (form.trimmed("name"), form.trimmed("reason"), form.trimmed("query"));
        match NewHold::check(name, reason, query, visitor.now) {
            Ok(hold) => {
                app.catalog.place_hold(workspace, &hold, visitor.now, &visitor.by())?;
                Ok(Ok(saved(&app, workspace, HERE)))
            }
            Err(all) => {
                for unfit in all {
                    match unfit {
                        UnfitHold::Text(field) => form.fail(field, t.expected_text(HOLD_CHARS_MAX)),
                        UnfitHold::Query(_) => form.fail("query", t.expected_hold_query()),
                    }
                }
                let policy = filled(&app.catalog.retention(workspace)?);
                Ok(Err(retention_page(&app, &visitor, form.over(policy), None)?))
            }
        }
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /settings/holds/{id}/release`
pub async fn release(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsRetention)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let released = app.catalog.release_hold(workspace, &id, visitor.now, &visitor.by())?;
        Ok(released.then(|| saved(&app, workspace, HERE)))
    });
    to.await?.map(|to| redirect(&to)).ok_or(Refusal::NotFound)
}

fn days_name(category: Category) -> String {
    format!("days.{}", category.code())
}

fn ever_name(category: Category) -> String {
    format!("ever.{}", category.code())
}

fn filled(policy: &Retention) -> Fields {
    let text = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
    let mut pairs = vec![
        ("days".to_owned(), text(policy.days)),
        ("archive".to_owned(), text(policy.archive_days)),
        ("locked".to_owned(), text(policy.locked_days)),
    ];
    for category in Category::ALL {
        match policy.categories.get(category.code()) {
            Some(Some(days)) => pairs.push((days_name(category), days.to_string())),
            Some(None) => pairs.push((ever_name(category), "on".to_owned())),
            None => {}
        }
    }
    Fields::filled(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// The policy that a form asks for; nothing when something in it is no number.
fn read(t: Text, form: &mut Fields) -> Option<Retention> {
    let mut policy = Retention::default();
    let mut days = |name: &str, field: &'static str| match form.trimmed(name) {
        "" => None,
        text => match text.parse::<u32>() {
            Ok(days) => Some(days),
            Err(_) => {
                form.fail(field, t.expected_retention_days(DAYS_MAX));
                None
            }
        },
    };
    policy.days = days("days", "days");
    policy.archive_days = days("archive", "archive");
    policy.locked_days = days("locked", "locked");
    let own: Vec<_> =
        Category::ALL.into_iter().map(|category| (category, days(&days_name(category), "days"))).collect();
    for (category, days) in own {
        if form.has(&ever_name(category)) {
            policy.categories.insert(category.code().to_owned(), None);
        } else if days.is_some() {
            policy.categories.insert(category.code().to_owned(), days);
        }
    }
    form.is_good().then_some(policy)
}

fn tell(t: Text, form: &mut Fields, unfit: &Unfit) {
    let field = match unfit.field() {
        "archive_days" => "archive",
        "locked_days" => "locked",
        _ => "days",
    };
    let told: Cow<'static, str> = match unfit {
        Unfit::Days { .. } | Unfit::Category { .. } => t.expected_retention_days(DAYS_MAX),
        Unfit::Archive => t.expected_retention_archive(),
        Unfit::Locked { days, .. } => t.expected_retention_locked(*days),
    };
    form.fail(field, told);
}

fn retention_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
) -> Result<RetentionPage, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let policy = app.catalog.retention(workspace)?;
    let room = app.rooms.get(workspace).ok_or_else(|| Problem::not_found("there is no such workspace"))?;
    let planned = plan(app, &room, &policy, visitor.now).map_err(Problem::internal)?;
    let going_of = planned.categories(&room).map_err(Problem::internal)?;
    let told = |count: u64| number(i64::try_from(count).unwrap_or(i64::MAX), t.language);
    let waits = Timestamp::from_micros(policy.from);
    let categories = Category::ALL.map(|category| CategoryRow {
        code: category.code(),
        label: category_label(t, category),
        days: days_name(category),
        ever: ever_name(category),
    });
    Ok(RetentionPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_retention()),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        categories: categories.into(),
        has_categories: !policy.categories.is_empty(),
        applied: false,
        stuck: app.stuck.why(visitor.membership.workspace.as_str()),
        waits: (waits > visitor.now).then(|| Moment::of(visitor, waits)),
        going: planned.gone.count(),
        going_of: going_of.into_iter().map(|(of, count)| (category_label(t, of), told(count))).collect(),
        held: planned.held.count(),
        holds: app.catalog.holds(workspace)?.into_iter().map(|hold| hold_row(visitor, hold)).collect(),
    })
}

fn hold_row(visitor: &Visitor, hold: Hold) -> HoldRow {
    let asked: String = form_urlencoded::byte_serialize(hold.query.as_bytes()).collect();
    HoldRow {
        name: short(&hold.name),
        reason: short(&hold.reason),
        query: if hold.query.is_empty() { "*".to_owned() } else { short(&hold.query) },
        href: format!("/log?range=all&q={asked}"),
        placed: Moment::of(visitor, hold.placed_at),
        released: hold.released_at.map(|at| Moment::of(visitor, at)),
        id: hold.id,
    }
}
