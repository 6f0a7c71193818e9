//! One thing that happened in a conversation, and what both sides of a replay of workflows said to it, condition by condition.
//! Who opens it reads of the conversation, which is an entry.

use super::names::title_of_policy;
use super::show::Side;
use super::{HERE, Kept, found};
use crate::api::lanes::Lanes;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::KeptReplay;
use crate::jobs::replays::{self, NotTraced, Said};
use crate::pages::answer::page;
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use std::sync::Arc;

/// Lines of a trace that are shown.
const LINES_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "simulation_happening.html")]
struct HappeningPage {
    shell: Shell,
    t: Text,
    back: String,
    back_to: String,
    title: String,
    at: Moment,
    /// Where the conversation is, and what it is called.
    conversation: (String, String),
    note: String,
    /// Each workflow that was asked, before and after.
    workflows: Vec<(String, Side, Side)>,
}

/// The address of the page.
pub(super) fn href(id: &str, conversation: &str, happened: &str) -> String {
    format!("{HERE}/{id}/happening?conversation={}&happened={}", escaped(conversation), escaped(happened))
}

/// `GET /simulations/{id}/happening?conversation=&happened=`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadSimulations)?;
    visitor.needs(Permission::ReadConversations)?;
    let asked = Fields::read(raw.unwrap_or_default().as_bytes());
    let own = app.clone();
    let shown = lanes.query(&app, move |_| match found(&own, &visitor.membership.workspace, &id)? {
        Some(Kept::Policy(kept)) => {
            happening(&own, &visitor, &kept, asked.trimmed("conversation"), asked.trimmed("happened"))
        }
        _ => Ok(None),
    });
    page(&shown.await?.ok_or(Refusal::NotFound)?)
}

fn happening(
    app: &App,
    visitor: &Visitor,
    kept: &KeptReplay,
    conversation: &str,
    happened: &str,
) -> Result<Option<HappeningPage>, Problem> {
    let t = visitor.guest.text;
    let traced = match replays::traces(app, kept, conversation, happened) {
        Ok(traced) => traced,
        Err(NotTraced::Catalog(error)) => return Err(error.into()),
        Err(NotTraced::Workflows(error)) => return Err(Problem::internal(error)),
        Err(_) => return Ok(None),
    };
    let workspace = &visitor.membership.workspace;
    app.readings.read_conversation(workspace, &visitor.person.id, || visitor.by(), conversation);
    let is_open = visitor.sight.hidden.is_empty();
    let both = traced.baseline.iter().chain(&traced.candidate).map(|said| said.workflow.as_str());
    let mut names: Vec<&str> = Vec::new();
    both.for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    let workflows = names.into_iter().map(|name| {
        let [before, after] = [&traced.baseline, &traced.candidate]
            .map(|all| side(t, all.iter().find(|said| said.workflow == name), is_open));
        (short(name), before, after)
    });
    let title = t.sim_happening(short(traced.trigger), short(conversation)).into_owned();
    Ok(Some(HappeningPage {
        shell: Shell::of(visitor, app, Section::Simulations, title.clone()),
        t,
        back: format!("{HERE}/{}", kept.id),
        back_to: title_of_policy(t, kept),
        title,
        at: Moment::of(visitor, traced.at),
        conversation: (format!("/conversations/{}", escaped(conversation)), short(conversation)),
        note: if is_open { String::new() } else { t.sim_happening_hidden().into_owned() },
        workflows: workflows.collect(),
    }))
}

/// What a workflow said; values that a role hides are not shown, and as any of them may be in any field, none is.
fn side(t: Text, said: Option<&Said>, is_open: bool) -> Side {
    let Some(said) = said else {
        return Side {
            facts: vec![(t.sim_answer().into_owned(), t.sim_not_asked().into_owned())],
            text: String::new(),
        };
    };
    let mut evaluation = said.evaluation.clone();
    for traced in evaluation.trace.iter_mut().filter(|traced| !is_open && traced.actual.is_some()) {
        (traced.actual, traced.because) = (None, Some("…"));
    }
    let matched = match evaluation.matched {
        hindcast_rules::workflow::Truth::Yes => t.sim_answer_matched(),
        hindcast_rules::workflow::Truth::No => t.sim_answer_not_matched(),
        hindcast_rules::workflow::Truth::Unknown => t.sim_answer_unknown(),
    };
    let mut facts = vec![(t.sim_answer().into_owned(), matched.into_owned())];
    if let Some(by) = said.stopped_by.as_ref().or(said.perhaps_stopped_by.as_ref()) {
        facts.push((t.sim_stopped_by().into_owned(), short(by)));
    }
    let proposed = evaluation.intents.iter().map(|intent| short(&intent.action));
    let proposed: Vec<String> =
        proposed.chain(evaluation.withheld.iter().map(|one| format!("{}?", short(&one.action)))).collect();
    let proposed = match proposed.is_empty() {
        true => t.sim_proposes_nothing().into_owned(),
        false => proposed.join(" · "),
    };
    facts.push((t.sim_proposes().into_owned(), proposed));
    let lines = evaluation.told();
    let lines: Vec<String> = lines.iter().take(LINES_SHOWN).map(|line| visible(line).into_owned()).collect();
    Side { facts, text: lines.join("\n") }
}
