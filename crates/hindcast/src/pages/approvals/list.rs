//! The approvals of a workspace: what waits for the visitor, what they asked for, what waits for others, and what was decided.

use super::card::{Card, Room};
use super::{member, sees, waits_for};
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::catalog::{ApprovalsWanted, CatalogError, KeptApproval};
use crate::pages::answer::page;
use crate::pages::fields::Fields;
use crate::pages::format::number;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use hindcast_rules::approval::State as Stands;
use hindcast_segments::Budget;
use std::sync::Arc;

/// Cards of a page.
const PAGE_CARDS: usize = 20;
/// Approvals that are read at once,
const READ_AT_ONCE: usize = 200;
/// and at most for one page; the next one goes on behind them.
const READ_MAX: usize = 10_000;

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    shell: Shell,
    t: Text,
    form: Fields,
    tabs: Vec<TabShown>,
    cards: Vec<Card>,
    none: String,
    older: Option<String>,
    newest: Option<String>,
}

#[derive(Template)]
#[template(path = "approval.html")]
pub(super) struct ApprovalPage {
    shell: Shell,
    t: Text,
    form: Fields,
    card: Card,
    /// What was just done.
    done: Option<String>,
    /// Why nothing was done.
    refused: Option<String>,
}

/// A tab, as it is shown.
struct TabShown {
    href: String,
    label: String,
    count: Option<String>,
    is_here: bool,
}

/// Some of the approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    /// Those that wait for the visitor.
    Mine,
    /// Those that they, or programs of theirs, asked for.
    Requests,
    /// All that wait for somebody, or to be used.
    Waiting,
    /// Those that are over.
    Decided,
}

impl Tab {
    const ALL: [Self; 4] = [Self::Mine, Self::Requests, Self::Waiting, Self::Decided];

    fn word(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Requests => "requests",
            Self::Waiting => "waiting",
            Self::Decided => "decided",
        }
    }

    fn states(self) -> Vec<Stands> {
        let all = Stands::ALL.into_iter();
        match self {
            Self::Mine => vec![Stands::Pending],
            Self::Requests => all.collect(),
            Self::Waiting => all.filter(|state| !state.is_over()).collect(),
            Self::Decided => all.filter(|state| state.is_over()).collect(),
        }
    }

    fn href(self) -> String {
        format!("/approvals?tab={}", self.word())
    }
}

/// `GET /approvals?tab=…&after=…`
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let asked = Fields::read(raw.unwrap_or_default().as_bytes());
    let first = if visitor.may(Permission::Approve) { Tab::Mine } else { Tab::Waiting };
    let tab = Tab::ALL.into_iter().find(|tab| tab.word() == asked.value("tab")).unwrap_or(first);
    let after = Some(asked.value("after").to_owned()).filter(|after| !after.is_empty());
    let kept = app.clone();
    page(&lanes.query(&app, move |budget| approvals_page(&kept, &visitor, tab, after, budget)).await?)
}

fn approvals_page(
    app: &App,
    visitor: &Visitor,
    tab: Tab,
    after: Option<String>,
    budget: &Budget,
) -> Result<ApprovalsPage, Problem> {
    let t = visitor.guest.text;
    let newest = after.is_some().then(|| tab.href());
    let (found, next) = approvals(app, visitor, tab, after)?;
    let room = Room::of(app, visitor)?;
    let cards = found.iter().map(|kept| room.card(kept, budget)).collect::<Result<_, _>>()?;
    let none = match tab {
        Tab::Mine => t.approvals_none_mine(),
        Tab::Requests => t.approvals_none_requests(),
        Tab::Waiting => t.approvals_none_waiting(),
        Tab::Decided => t.approvals_none_decided(),
    };
    Ok(ApprovalsPage {
        shell: Shell::of(visitor, app, Section::Approvals, t.nav_approvals()),
        t,
        form: Fields::default(),
        tabs: tabs(app, visitor, tab),
        cards,
        none: none.into_owned(),
        older: next.map(|id| format!("{}&after={id}", tab.href())),
        newest,
    })
}

fn tabs(app: &App, visitor: &Visitor, here: Tab) -> Vec<TabShown> {
    let t = visitor.guest.text;
    let shown = Tab::ALL.into_iter().filter(|tab| *tab != Tab::Mine || visitor.may(Permission::Approve));
    let tab = |tab: Tab| TabShown {
        href: tab.href(),
        label: match tab {
            Tab::Mine => t.approvals_mine(),
            Tab::Requests => t.approvals_requests(),
            Tab::Waiting => t.approvals_all_waiting(),
            Tab::Decided => t.approvals_decided(),
        }
        .into_owned(),
        count: (tab == Tab::Mine).then(|| number(count(super::waiting(app, visitor) as u64), t.language)),
        is_here: tab == here,
    };
    shown.map(tab).collect()
}

/// The approvals of a page, the newest first, and behind which one the next page begins.
fn approvals(
    app: &App,
    visitor: &Visitor,
    tab: Tab,
    mut after: Option<String>,
) -> Result<(Vec<KeptApproval>, Option<String>), CatalogError> {
    let member = member(visitor);
    let (mut found, mut read) = (Vec::new(), 0);
    loop {
        let wanted = ApprovalsWanted {
            states: tab.states(),
            requester: (tab == Tab::Requests).then(|| visitor.person.id.clone()),
            token: None,
            after: after.clone(),
            limit: READ_AT_ONCE,
        };
        let batch = app.catalog.approvals(&visitor.membership.workspace, &wanted)?;
        let is_last = batch.len() < READ_AT_ONCE;
        read += batch.len();
        for kept in batch {
            let is_shown = match tab {
                Tab::Mine => waits_for(&member, &kept, visitor.now),
                _ => sees(visitor, &member, &kept),
            };
            if is_shown && found.len() == PAGE_CARDS {
                return Ok((found, after));
            }
            after = Some(kept.id.clone());
            if is_shown {
                found.push(kept);
            }
        }
        if is_last {
            return Ok((found, None));
        }
        if read >= READ_MAX {
            return Ok((found, after));
        }
    }
}

/// `GET /approvals/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let asked = Fields::read(raw.unwrap_or_default().as_bytes());
    let shown = approval_page(&app, &lanes, visitor, id, Fields::default(), None);
    let mut shown = shown.await?.ok_or(Refusal::NotFound)?;
    shown.done = done(shown.t, asked.value("done")).map(std::borrow::Cow::into_owned);
    page(&shown)
}

/// What the address says was just done.
fn done(t: Text, done: &str) -> Option<std::borrow::Cow<'static, str>> {
    match done {
        "approve" => Some(t.approval_done_approved()),
        "closer" => Some(t.approval_done_closer()),
        "deny" => Some(t.approval_done_denied()),
        "cancel" => Some(t.approval_done_cancelled()),
        "ask" => Some(t.approval_done_ask()),
        _ => None,
    }
}

/// The page of one approval; nothing when there is none for the visitor.
pub(super) async fn approval_page(
    app: &Arc<App>,
    lanes: &Lanes,
    visitor: Visitor,
    id: String,
    form: Fields,
    refused: Option<String>,
) -> Result<Option<ApprovalPage>, Refusal> {
    let kept = app.clone();
    let shown = lanes.query(app, move |budget| {
        let found = kept.catalog.approval(&visitor.membership.workspace, &id)?;
        let Some(found) = found.filter(|found| sees(&visitor, &member(&visitor), found)) else {
            return Ok(None);
        };
        let card = Room::of(&kept, &visitor)?.card(&found, budget)?;
        Ok(Some(ApprovalPage {
            shell: Shell::of(&visitor, &kept, Section::Approvals, card.title.clone()),
            t: visitor.guest.text,
            form,
            card,
            done: None,
            refused,
        }))
    });
    Ok(shown.await?)
}
