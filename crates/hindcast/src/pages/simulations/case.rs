//! One case: what the agent was shown, what it would have said beside what a person did, and why it came to what it came to.

use super::names::{ending, outcome, reason, title_of_agent, wanted_of};
use super::show::Side;
use super::{HERE, of_agent};
use crate::api::lanes::Lanes;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{Simulation, SimulationCase};
use crate::history::{Conversation, Role};
use crate::pages::answer::page;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible_lines};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use hindcast_event::Field;
use hindcast_rules::simulation::case::{Case, CutAt};
use hindcast_rules::simulation::outcome::Outcome;
use hindcast_rules::simulation::score::Scored;
use serde_json::Value;
use std::sync::Arc;

/// Of a reply beside others so much is shown.
const EXCERPT_CHARS_MAX: usize = 600;

#[derive(Template)]
#[template(path = "simulation_case.html")]
struct CasePage {
    shell: Shell,
    t: Text,
    back: String,
    back_to: String,
    title: String,
    conversation: String,
    outcome: String,
    why: String,
    /// What the agent was shown: who, when, and what they said.
    shown: Vec<(String, Moment, String)>,
    shown_note: String,
    human: Option<String>,
    human_facts: Vec<(String, String)>,
    agent: Side,
    before: Option<(String, String, Side)>,
    details: Vec<(String, String)>,
    earlier: Option<String>,
    later: Option<String>,
}

/// `GET /simulations/{id}/cases/{nr}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path((id, nr)): Path<(String, i64)>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadSimulations)?;
    visitor.needs(Permission::ReadConversations)?;
    let own = app.clone();
    let shown = lanes.query(&app, move |_| {
        let Some(kept) = of_agent(&own, &visitor.membership.workspace, &id)? else { return Ok(None) };
        let Some(case) = own.catalog.simulation_case(&id, nr)? else { return Ok(None) };
        case_page(&own, &visitor, &kept, &case).map(Some)
    });
    page(&shown.await?.ok_or(Refusal::NotFound)?)
}

fn case_page(
    app: &App,
    visitor: &Visitor,
    kept: &Simulation,
    case: &SimulationCase,
) -> Result<CasePage, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let conversation = app.history.get(workspace, &case.conversation)?;
    if conversation.is_some() {
        app.readings.read_conversation(workspace, &visitor.person.id, || visitor.by(), &case.conversation);
    }
    let conversation = conversation.map(|conversation| conversation.seen(visitor.sight.hidden));
    let wanted = wanted_of(kept);
    let cut = wanted.as_ref().map(|wanted| wanted.cut).unwrap_or_default();
    let baseline = wanted.as_ref().and_then(|wanted| wanted.baseline.clone());
    let before = match baseline {
        Some(id) => {
            let run = app.catalog.simulation(workspace, &id)?;
            let before = match &run {
                Some(run) => app.catalog.simulation_case_of(&run.id, &case.conversation)?,
                None => None,
            };
            run.zip(before).map(|(run, before)| {
                let href = format!("{HERE}/{}/cases/{}", escaped(&run.id), before.nr);
                (title_of_agent(t, &run), href, trace(visitor, &before))
            })
        }
        None => None,
    };
    let (shown, human) = match &conversation {
        Some(conversation) => seen(visitor, conversation, cut),
        None => (Vec::new(), None),
    };
    let redacted = wanted.is_some_and(|wanted| wanted.redact);
    let shown_note = match (&conversation, redacted) {
        (None, _) => t.sim_case_gone().into_owned(),
        (Some(_), true) => t.sim_case_redacted().into_owned(),
        (Some(_), false) => String::new(),
    };
    let cases = format!("{HERE}/{}/cases", escaped(&kept.id));
    let at = |nr: i64| -> Result<Option<String>, Problem> {
        let there = nr > 0 && app.catalog.simulation_case(&kept.id, nr)?.is_some();
        Ok(there.then(|| format!("{cases}/{nr}")))
    };
    let title = t.sim_case_title(short(&case.conversation)).into_owned();
    let word = case.looked.as_ref().map(|looked| looked.outcome.clone());
    Ok(CasePage {
        shell: Shell::of(visitor, app, Section::Simulations, title.clone()),
        t,
        back: format!("{HERE}/{}", escaped(&kept.id)),
        back_to: title_of_agent(t, kept),
        title,
        conversation: conversation
            .as_ref()
            .map(|_| format!("/conversations/{}", escaped(&case.conversation)))
            .unwrap_or_default(),
        outcome: word.map_or_else(|| t.sim_case_open().into_owned(), |word| outcome(t, &word)),
        why: why(t, case),
        shown,
        shown_note,
        human,
        human_facts: happened(t, case, conversation.as_ref()),
        agent: trace(visitor, case),
        before,
        details: details(t, case),
        earlier: at(case.nr - 1)?,
        later: at(case.nr + 1)?,
    })
}

/// What was said before the cut, and what the first person replied.
fn seen(
    visitor: &Visitor,
    conversation: &Conversation,
    cut: CutAt,
) -> (Vec<(String, Moment, String)>, Option<String>) {
    let t = visitor.guest.text;
    let mut said: Vec<_> = conversation.messages.iter().filter(|message| !message.internal).collect();
    said.sort_by_key(|message| message.at);
    let is_reply = |role: Role| match cut {
        CutAt::HumanReply => role == Role::Teammate,
        CutAt::AnyReply => matches!(role, Role::Teammate | Role::Agent),
    };
    let until = said.iter().position(|message| is_reply(message.role)).unwrap_or(said.len());
    let shown = said[..until].iter().map(|message| {
        let who = match message.role {
            Role::Customer => t.conversation_role_customer(),
            Role::Teammate => t.conversation_role_teammate(),
            Role::Agent => t.conversation_role_agent(),
            Role::System => t.conversation_role_system(),
        };
        let text = match message.text.as_str() {
            "" => t.conversation_not_kept().into_owned(),
            text => visible_lines(text),
        };
        (who.into_owned(), Moment::of(visitor, message.at), text)
    });
    let human = said.iter().find(|message| message.role == Role::Teammate);
    (shown.collect(), human.map(|message| visible_lines(&message.text)))
}

/// What people made of it.
fn happened(t: Text, case: &SimulationCase, conversation: Option<&Conversation>) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let kept: Option<Case> = case.looked.as_ref().and_then(|looked| serde_json::from_str(&looked.case).ok());
    if let Some(kept) = &kept {
        facts.push((t.sim_ending().into_owned(), ending(t, kept.historic.resolution)));
        if let Some(tags) = &kept.historic.tags {
            facts.push((t.conversation_tags().into_owned(), joined(tags.iter())));
        }
    }
    let calls: Vec<&String> = conversation
        .iter()
        .flat_map(|conversation| &conversation.messages)
        .filter(|message| message.role == Role::Teammate)
        .flat_map(|message| message.calls.iter().map(|call| &call.tool))
        .collect();
    if !calls.is_empty() {
        facts.push((t.sim_fact_tools().into_owned(), joined(calls.into_iter())));
    }
    facts
}

fn joined<'w>(words: impl Iterator<Item = &'w String>) -> String {
    let all: Vec<String> = words.map(|word| short(word)).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(" · ") }
}

fn scored(case: &SimulationCase) -> Option<Scored> {
    serde_json::from_str(&case.looked.as_ref()?.scored).ok()
}

/// Why it came to what it came to, in a few words.
pub(super) fn why(t: Text, case: &SimulationCase) -> String {
    let Some(scored) = scored(case) else { return String::new() };
    let rules: Vec<String> = scored.stopped_by.iter().map(|by| short(&by.rule)).collect();
    let told = match scored.outcome {
        Outcome::Escalated { reason: why } => reason(t, why),
        Outcome::Failed { failure: how } => super::names::failure(t, how),
        Outcome::Disagreed => {
            let percent = i64::from(scored.agreement.unwrap_or(0));
            t.sim_why_disagreed(percent).into_owned()
        }
        Outcome::Unresolved => t.sim_why_unresolved().into_owned(),
        Outcome::Unknown => t.sim_why_unknown().into_owned(),
        Outcome::Resolved => t.sim_why_resolved().into_owned(),
    };
    if rules.is_empty() { told } else { t.with_aside(told, rules.join(", ")).into_owned() }
}

/// What an agent said and meant to do in a case, as it is shown beside others.
pub(super) fn trace(visitor: &Visitor, case: &SimulationCase) -> Side {
    let t = visitor.guest.text;
    let mut side = Side::default();
    let Some(looked) = &case.looked else { return side };
    let mut add = |label: std::borrow::Cow<'static, str>, value: String| {
        if !value.is_empty() {
            side.facts.push((label.into_owned(), value));
        }
    };
    add(t.sim_outcome(), outcome(t, &looked.outcome));
    add(t.sim_reason(), why(t, case));
    if let Some(scored) = scored(case) {
        let agreement = scored.agreement.map(|percent| t.sim_percent(percent.to_string()).into_owned());
        add(t.sim_fact_agreement(), agreement.unwrap_or_default());
        if let Some(tags) = &scored.tags {
            let set: Vec<&String> = tags.matched.iter().chain(&tags.extra).collect();
            add(t.conversation_tags(), joined(set.into_iter()));
        }
    }
    let answer: Value =
        looked.answer.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let confidence = answer["confidence"].as_u64();
    let confidence = confidence.map(|percent| t.sim_percent(percent.to_string()).into_owned());
    add(t.sim_fact_confidence(), confidence.unwrap_or_default());
    let tools = answer["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tools: Vec<String> = tools.iter().filter_map(Value::as_str).map(short).collect();
    add(t.sim_fact_tools(), tools.join(" · "));
    let may_read = visitor.may(Permission::ReadConversations) && !visitor.sight.hidden.has(Field::Text);
    let said = answer["reply"].as_str().or(answer["why"].as_str()).unwrap_or_default();
    side.text = match (looked.answer.is_some(), may_read) {
        (false, _) => t.sim_reply_gone().into_owned(),
        (true, false) => t.sim_reply_hidden().into_owned(),
        (true, true) if said.is_empty() => t.sim_reply_none().into_owned(),
        (true, true) => excerpt(said),
    };
    side
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", visible_lines(&text[..end])),
        None => visible_lines(text),
    }
}

/// Everything else that was found.
fn details(t: Text, case: &SimulationCase) -> Vec<(String, String)> {
    let Some(scored) = scored(case) else { return Vec::new() };
    let actions = &scored.actions.total;
    let figure = |n: u64| super::figure(t, n);
    let mut facts = vec![
        (
            t.sim_actions().into_owned(),
            t.sim_case_actions(
                figure(actions.exact),
                figure(actions.wrong_argument),
                figure(actions.missing),
                figure(actions.extra),
            )
            .into_owned(),
        ),
        (t.sim_safety_denied().into_owned(), figure(scored.denied.into())),
        (t.sim_safety_approvals().into_owned(), figure(scored.approvals.into())),
        (t.sim_safety_undecided().into_owned(), figure(scored.undecided.into())),
        (t.sim_safety_invented().into_owned(), figure(scored.invented_tools.into())),
        (t.sim_safety_personal().into_owned(), figure(scored.personal_data.into())),
        (t.sim_safety_tools().into_owned(), figure(scored.unknown_tool_results.into())),
        (t.sim_used_replies().into_owned(), figure(scored.replies.into())),
        (t.sim_fact_weight().into_owned(), crate::pages::decimal(case.weight as f64 / 1_000.0, t.language)),
    ];
    if !scored.actions.wrong.is_empty() {
        facts.push((t.sim_actions_argument().into_owned(), joined(scored.actions.wrong.iter())));
    }
    if let Some(ms) = scored.latency_ms {
        facts.push((t.sim_used_time().into_owned(), figure(ms)));
    }
    if let Some(usage) = scored.usage {
        facts.push((t.sim_used_input().into_owned(), figure(usage.input_tokens)));
        facts.push((t.sim_used_output().into_owned(), figure(usage.output_tokens)));
    }
    facts
}
