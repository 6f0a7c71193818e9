//! The report of one simulation: of an agent, of policies, or of a workflow.

use super::matrix::Matrix;
use super::names::{Mark, title_of_agent, title_of_policy};
use super::{HERE, Kept, Table, Tile, agent, found, replay};
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::pages::answer::page;
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::settings::saved_notice;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "simulation.html", blocks = ["made"])]
pub(super) struct ReportPage {
    pub shell: Shell,
    pub t: Text,
    pub form: Fields,
    pub saved: Option<(String, Option<String>)>,
    pub id: String,
    pub title: String,
    pub kind: String,
    pub mark: Mark,
    pub began: Moment,
    pub ended: Option<Moment>,
    /// How far it is, in percent and in words, while it is under way.
    pub running: Option<(u64, String)>,
    /// Tone, what it says, and where to go.
    pub notices: Vec<Notice>,
    pub verdict: String,
    pub sentence: String,
    pub tiles: Vec<Tile>,
    pub matrices: Vec<Matrix>,
    pub groups: Vec<Group>,
    /// What is said of the differences, or why there are none.
    pub groups_told: String,
    pub tables: Vec<Table>,
    pub method: Vec<(String, String)>,
    pub method_told: Vec<String>,
    pub files: Vec<(String, String)>,
    /// Other runs that it can be compared with: id, name, whether it is.
    pub others: Vec<(String, String, bool)>,
    pub compared: Option<Table>,
    pub acts: Acts,
}

impl ReportPage {
    /// Whether there is a report, and nothing is added to it any more.
    pub fn is_whole(&self) -> bool {
        self.running.is_none() && !self.verdict.is_empty()
    }
}

/// Something to know before the numbers are read.
pub(super) struct Notice {
    pub tone: &'static str,
    pub text: String,
    pub items: Vec<String>,
    pub link: Option<(String, String)>,
}

/// What can be done with it.
#[derive(Default)]
pub(super) struct Acts {
    pub cancel: bool,
    pub go_on: bool,
    pub remove: bool,
    /// Where the same is asked for again.
    pub again: String,
    /// Where it becomes what others are compared with.
    pub against: String,
    /// Where the policy is that was tried: address and words.
    pub activate: Vec<(String, String)>,
}

/// Cases whose outcome changed in the same way.
pub(super) struct Group {
    pub id: String,
    pub title: String,
    pub n: String,
    pub href: String,
    pub pairs: Vec<Pair>,
    pub more: String,
}

/// One of them, before and after.
pub(super) struct Pair {
    pub title: String,
    pub href: String,
    pub reason: String,
    pub before: Side,
    pub after: Side,
    pub links: Vec<(String, String)>,
}

/// What became of it on one side.
#[derive(Default)]
pub(super) struct Side {
    pub facts: Vec<(String, String)>,
    pub text: String,
}

impl Notice {
    pub fn warning(text: impl Into<String>) -> Self {
        Self { tone: "warning", text: text.into(), items: Vec::new(), link: None }
    }

    pub fn info(text: impl Into<String>) -> Self {
        Self { tone: "", ..Self::warning(text) }
    }
}

/// `GET /simulations/{id}`, and with `with=` beside another one.
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadSimulations)?;
    let partial = visitor.guest.partial;
    let saved = saved_notice(visitor.guest.text, &raw);
    let asked = Fields::read(raw.0.unwrap_or_default().as_bytes());
    let own = app.clone();
    let shown = lanes.query(&app, move |_| {
        let mut shown = report_page(&own, &visitor, &id, asked.trimmed("with"))?;
        if let Some(shown) = &mut shown {
            shown.saved = saved;
            if asked.has("served") {
                shown.notices.insert(0, Notice::info(visitor.guest.text.sim_notice_served()));
            }
        }
        Ok(shown)
    });
    let shown = shown.await?.ok_or(Refusal::NotFound)?;
    if partial { page(&shown.as_made()) } else { page(&shown) }
}

/// The page of one; nothing when there is none.
pub(super) fn report_page(
    app: &App,
    visitor: &Visitor,
    id: &str,
    with: &str,
) -> Result<Option<ReportPage>, Problem> {
    let t = visitor.guest.text;
    let kept = found(app, &visitor.membership.workspace, id)?;
    let mut page = match kept {
        Some(Kept::Agent(kept)) => {
            let title = title_of_agent(t, &kept);
            let mark = Mark::of_agent(t, kept.state);
            let mut bare = bare(app, visitor, id, title, (kept.created_at, kept.ended_at), mark);
            bare.kind = t.sim_kind_agent().into_owned();
            agent::filled(app, visitor, &kept, with, bare)?
        }
        Some(Kept::Policy(kept)) => {
            let title = title_of_policy(t, &kept);
            let mark = Mark::of_policy(t, kept.state);
            let mut bare = bare(app, visitor, id, title, (kept.created_at, kept.finished_at), mark);
            bare.kind = super::list::kind_of_replay(t, &kept);
            replay::filled(app, visitor, &kept, with, bare)?
        }
        None => return Ok(None),
    };
    if page.is_whole() {
        page.files.insert(0, (format!("{HERE}/{id}/file/report.pdf"), t.sim_file_pdf().into_owned()));
    }
    Ok(Some(page))
}

fn bare(
    app: &App,
    visitor: &Visitor,
    id: &str,
    title: String,
    (began, ended): (hindcast_event::Timestamp, Option<hindcast_event::Timestamp>),
    mark: Mark,
) -> ReportPage {
    let t = visitor.guest.text;
    ReportPage {
        shell: Shell::of(visitor, app, Section::Simulations, title.clone()),
        t,
        form: Fields::default(),
        saved: None,
        id: id.to_owned(),
        title,
        kind: String::new(),
        mark,
        began: Moment::of(visitor, began),
        ended: ended.map(|ended| Moment::of(visitor, ended)),
        running: None,
        notices: Vec::new(),
        verdict: String::new(),
        sentence: String::new(),
        tiles: Vec::new(),
        matrices: Vec::new(),
        groups: Vec::new(),
        groups_told: String::new(),
        tables: Vec::new(),
        method: Vec::new(),
        method_told: Vec::new(),
        files: Vec::new(),
        others: Vec::new(),
        compared: None,
        acts: Acts {
            remove: visitor.may(Permission::RunSimulations),
            again: if visitor.may(Permission::RunSimulations) {
                format!("{HERE}/new?again={id}")
            } else {
                String::new()
            },
            ..Acts::default()
        },
    }
}
