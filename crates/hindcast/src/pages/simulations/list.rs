//! The list: what was tried, on what, and what came of it; the newest first.

use super::names::{Mark, agent_name, title_of_agent, title_of_policy, tried_name, wanted_of};
use super::{HERE, figure, interval, percent, points};
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::catalog::{KeptReplay, ReplayState, Simulation, SimulationState};
use crate::pages::answer::page;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::settings::saved_notice;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use hindcast_rules::replay::Tally;
use hindcast_rules::simulation::changes::Changes;
use hindcast_rules::simulation::report::Setup;
use hindcast_rules::simulation::share::Share;
use hindcast_rules::simulation::verdict::Verdict;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const PAGE_ROWS: usize = 50;

#[derive(Template)]
#[template(path = "simulations.html", blocks = ["made"])]
struct ListPage {
    shell: Shell,
    t: Text,
    saved: Option<(String, Option<String>)>,
    rows: Vec<Listed>,
    /// Where this page asks after what is under way; empty when nothing is.
    poll: String,
    /// How far the one under way is, in percent.
    percent: u64,
    older: Option<String>,
    may_run: bool,
}

/// A simulation in the list.
struct Listed {
    href: String,
    title: String,
    kind: String,
    subject: String,
    sample: String,
    result: String,
    about: String,
    difference: String,
    verdict: String,
    mark: Mark,
    /// How far it is, in percent and in words, while it is under way.
    progress: Option<(u64, String)>,
    at: Moment,
}

/// Where a page begins: after the last of each kind that the page before showed.
#[derive(Clone, Default)]
struct After {
    agent: Option<String>,
    policy: Option<String>,
}

impl After {
    fn read(raw: &str) -> Self {
        let mut after = Self::default();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()).filter(|(_, value)| !value.is_empty()) {
            match &*name {
                "agents" => after.agent = Some(value.into_owned()),
                "policies" => after.policy = Some(value.into_owned()),
                _ => {}
            }
        }
        after
    }

    fn href(&self) -> String {
        let part = |of: &Option<String>| crate::api::escaped(of.as_deref().unwrap_or_default());
        format!("{HERE}?agents={}&policies={}", part(&self.agent), part(&self.policy))
    }
}

/// What of a report is in the list.
#[derive(Deserialize)]
struct Brief {
    resolution: Share,
    verdict: Verdict,
    #[serde(default)]
    changes: Option<Changes>,
}

/// `GET /simulations`
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadSimulations)?;
    let partial = visitor.guest.partial;
    let saved = saved_notice(visitor.guest.text, &raw);
    let after = After::read(&raw.0.unwrap_or_default());
    let own = app.clone();
    let shown = lanes.query(&app, move |_| list_page(&own, &visitor, saved, after)).await?;
    if partial { page(&shown.as_made()) } else { page(&shown) }
}

fn list_page(
    app: &App,
    visitor: &Visitor,
    saved: Option<(String, Option<String>)>,
    after: After,
) -> Result<ListPage, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let none = || Problem::not_found("there is no such page");
    let agents =
        app.catalog.simulations(workspace, after.agent.as_deref(), PAGE_ROWS + 1)?.ok_or_else(none)?;
    let policies = match after.policy.as_deref() {
        Some(id) if app.catalog.replay(workspace, id)?.is_none() => return Err(none()),
        from => app.catalog.replays(workspace, from, PAGE_ROWS + 1)?,
    };
    let mut next = after.clone();
    let mut rows = Vec::new();
    let (mut agents, mut policies) = (agents.into_iter().peekable(), policies.into_iter().peekable());
    while rows.len() < PAGE_ROWS {
        let is_agent = match (agents.peek(), policies.peek()) {
            (Some(agent), Some(policy)) => agent.created_at >= policy.created_at,
            (agent, _) => agent.is_some(),
        };
        if let Some(one) = agents.next_if(|_| is_agent) {
            next.agent = Some(one.id.clone());
            rows.push(of_agent(app, visitor, &one));
        } else if let Some(one) = policies.next() {
            next.policy = Some(one.id.clone());
            rows.push(of_policy(app, visitor, &one));
        } else {
            break;
        }
    }
    let is_more = agents.peek().is_some() || policies.peek().is_some();
    let percent = rows.iter().find_map(|row| row.progress.as_ref().map(|(percent, _)| *percent));
    Ok(ListPage {
        shell: Shell::of(visitor, app, Section::Simulations, t.nav_simulations()),
        t,
        saved,
        poll: percent.map(|_| after.href()).unwrap_or_default(),
        percent: percent.unwrap_or(0),
        older: is_more.then(|| next.href()),
        rows,
        may_run: visitor.may(Permission::RunSimulations),
    })
}

/// So far, and what that is in words.
pub(super) fn progress(t: Text, done: u64, total: u64) -> (u64, String) {
    let percent = (done * 100).checked_div(total).unwrap_or(0).min(99);
    let told = match total {
        0 => t.sim_progress_begins(),
        _ => t.sim_progress(percent as i64, figure(t, done), figure(t, total)),
    };
    (percent, told.into_owned())
}

pub(super) fn done_of(app: &App, simulation: &Simulation) -> u64 {
    app.simulations.done(&simulation.id).unwrap_or(simulation.done)
}

/// Entries looked at, and to be looked at.
pub(super) fn done_of_replay(app: &App, replay: &KeptReplay) -> (u64, u64) {
    match app.replays.underway(&replay.id) {
        Some(underway) => (underway.done.load(Ordering::Relaxed), underway.total.load(Ordering::Relaxed)),
        None => (replay.done, replay.total),
    }
}

fn of_agent(app: &App, visitor: &Visitor, one: &Simulation) -> Listed {
    let t = visitor.guest.text;
    let wanted = wanted_of(one);
    let setup: Option<Setup> = serde_json::from_str(&one.setup).ok();
    let brief: Option<Brief> = one.report.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let rate = brief.as_ref().and_then(|brief| brief.resolution.rate());
    let difference = brief.as_ref().and_then(|brief| brief.changes.as_ref()).and_then(Changes::difference);
    Listed {
        href: format!("{HERE}/{}", one.id),
        title: title_of_agent(t, one),
        kind: t.sim_kind_agent().into_owned(),
        subject: wanted.map(|wanted| agent_name(t, &wanted.agent)).unwrap_or_default(),
        sample: t
            .sim_sample_of(
                figure(t, one.planned),
                figure(t, setup.map_or(one.planned, |setup| setup.population)),
            )
            .into_owned(),
        result: rate.map_or_else(|| "–".to_owned(), |rate| percent(t, rate.rate)),
        about: brief.as_ref().map(|brief| interval(t, &brief.resolution)).unwrap_or_default(),
        difference: difference.map_or_else(
            || "–".to_owned(),
            |difference| t.sim_points(points(t, difference.points)).into_owned(),
        ),
        verdict: brief.map(|brief| verdict(t, &brief.verdict)).unwrap_or_default(),
        mark: Mark::of_agent(t, one.state),
        progress: (one.state == SimulationState::Running)
            .then(|| progress(t, done_of(app, one), one.planned)),
        at: Moment::of(visitor, one.created_at),
    }
}

/// A verdict in a word or two.
pub(super) fn verdict(t: Text, verdict: &Verdict) -> String {
    let word = match verdict {
        Verdict::Partial { .. } => t.sim_verdict_partial(),
        Verdict::TooFew { .. } => t.sim_verdict_few(),
        Verdict::NoBaseline => t.sim_verdict_alone(),
        Verdict::Better { .. } => t.sim_verdict_better(),
        Verdict::Worse { .. } => t.sim_verdict_worse(),
        Verdict::NoClearDifference { .. } => t.sim_verdict_unclear(),
    };
    word.into_owned()
}

/// What a replay comes to in a word or two.
pub(super) fn verdict_of_replay(t: Text, tally: &Tally) -> String {
    let by = &tally.by_change;
    let stricter = by.newly_denied + by.newly_needs_approval;
    if by.newly_matched + by.no_longer_matched + by.other_actions > 0 {
        let word = match (by.newly_matched > 0, by.no_longer_matched > 0, by.other_actions > 0) {
            (true, false, _) => t.sim_verdict_more(),
            (false, true, _) => t.sim_verdict_fewer(),
            (false, false, _) => t.sim_verdict_actions(),
            (true, true, _) => t.sim_verdict_others(),
        };
        return word.into_owned();
    }
    if by.graver + by.milder > 0 {
        return t.sim_verdict_severity().into_owned();
    }
    let word = match (stricter > 0, by.newly_allowed > 0) {
        (true, true) => t.sim_verdict_both(),
        (true, false) => t.sim_verdict_stricter(),
        (false, true) => t.sim_verdict_looser(),
        (false, false) if tally.unknown > 0 => t.sim_verdict_unknown(),
        (false, false) => t.sim_verdict_same(),
    };
    word.into_owned()
}

/// What a replay tries, in a word.
pub(super) fn kind_of_replay(t: Text, one: &KeptReplay) -> String {
    match one.new.kind {
        "workflow" => t.sim_kind_workflow().into_owned(),
        "rule" => t.sim_kind_rule().into_owned(),
        _ => t.sim_kind_policy().into_owned(),
    }
}

fn of_policy(app: &App, visitor: &Visitor, one: &KeptReplay) -> Listed {
    let t = visitor.guest.text;
    let tally: Option<Tally> = serde_json::from_value(one.summary.clone()).ok();
    let (done, total) = done_of_replay(app, one);
    let result = tally.as_ref().map(|tally| t.sim_changed(figure(t, tally.changed)).into_owned());
    let is_whole = one.state == ReplayState::Succeeded;
    Listed {
        href: format!("{HERE}/{}", one.id),
        title: title_of_policy(t, one),
        kind: kind_of_replay(t, one),
        subject: tried_name(t, one),
        sample: match one.new.kind {
            "workflow" => t.sim_conversations(figure(t, total)).into_owned(),
            _ => t.sim_entries(figure(t, total)).into_owned(),
        },
        result: result.unwrap_or_else(|| "–".to_owned()),
        about: tally
            .as_ref()
            .filter(|tally| tally.unknown > 0)
            .map(|tally| t.sim_unknown_too(figure(t, tally.unknown)).into_owned())
            .unwrap_or_default(),
        difference: "–".to_owned(),
        verdict: match &tally {
            Some(tally) if is_whole => verdict_of_replay(t, tally),
            Some(_) => t.sim_verdict_partial().into_owned(),
            None => String::new(),
        },
        mark: Mark::of_policy(t, one.state),
        progress: (!one.state.is_over()).then(|| progress(t, done, total)),
        at: Moment::of(visitor, one.created_at),
    }
}
