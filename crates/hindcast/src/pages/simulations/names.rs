//! What outcomes, reasons, answers and changes are called, and the badge of a state.

use crate::catalog::{KeptReplay, ReplayState, Simulation, SimulationState};
use crate::pages::safe::short;
use crate::pages::text::Text;
use crate::simulate::{AgentWanted, Wanted};
use hindcast_rules::pack;
use hindcast_rules::replay::{Answer, Change};
use hindcast_rules::simulation::case::Resolution;
use hindcast_rules::simulation::outcome::{Failure, Reason};
use hindcast_rules::simulation::tags::{NONE, OTHER};
use serde_json::Value;

/// A state as a badge.
pub(super) struct Mark {
    pub class: &'static str,
    pub icon: &'static str,
    pub word: String,
}

impl Mark {
    pub fn of_agent(t: Text, state: SimulationState) -> Self {
        let (class, icon, word) = match state {
            SimulationState::Running => ("unknown", "pending", t.sim_state_running()),
            SimulationState::Done => ("success", "success", t.sim_state_done()),
            SimulationState::Cancelled => ("denied", "denied", t.sim_state_cancelled()),
            SimulationState::Failed => ("failure", "failed", t.sim_state_failed()),
        };
        Self { class, icon, word: word.into_owned() }
    }

    pub fn of_policy(t: Text, state: ReplayState) -> Self {
        let (class, icon, word) = match state {
            ReplayState::Pending => ("unknown", "pending", t.sim_state_waiting()),
            ReplayState::Running => ("unknown", "pending", t.sim_state_running()),
            ReplayState::Succeeded => ("success", "success", t.sim_state_done()),
            ReplayState::Cancelled => ("denied", "denied", t.sim_state_cancelled()),
            ReplayState::Failed => ("failure", "failed", t.sim_state_failed()),
        };
        Self { class, icon, word: word.into_owned() }
    }
}

/// What a simulation of an agent was asked for; nothing when a later version wrote it.
pub(super) fn wanted_of(simulation: &Simulation) -> Option<Wanted> {
    serde_json::from_str(&simulation.wanted).ok()
}

/// What an agent is called.
pub(super) fn agent_name(t: Text, agent: &AgentWanted) -> String {
    match agent {
        AgentWanted::Recorded {} => t.sim_agent_recorded().into_owned(),
        AgentWanted::Http { url, version, .. } | AgentWanted::Mcp { url, version, .. }
            if version.is_empty() =>
        {
            t.sim_agent_http(short(url)).into_owned()
        }
        AgentWanted::Http { url, version, .. } | AgentWanted::Mcp { url, version, .. } => {
            t.sim_agent_version(t.sim_agent_http(short(url)), short(version)).into_owned()
        }
        AgentWanted::Chat { model, version, .. } if version.is_empty() => short(model),
        AgentWanted::Chat { model, version, .. } => {
            t.sim_agent_version(short(model), short(version)).into_owned()
        }
    }
}

/// The policies or workflows that a replay tries: those that are not as in use, with their versions.
pub(super) fn tried(replay: &KeptReplay) -> Vec<(String, Option<i64>)> {
    let candidate = &replay.new.candidate;
    let what = match replay.new.kind {
        "workflow" => "workflows",
        "rule" => "rules",
        _ => "policies",
    };
    let policies = candidate[what].as_array().map(Vec::as_slice).unwrap_or_default();
    let changed = candidate["changed"].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = |name: &str| {
        policies.iter().find(|policy| policy["name"] == name).and_then(|policy| policy["number"].as_i64())
    };
    changed.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), number(name))).collect()
}

/// The title of the rule that a replay tries, and its code where it has one.
fn rule_name(t: Text, replay: &KeptReplay) -> String {
    let told = &replay.new.candidate["rules"][0];
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    let known = pack::texts(t.language).rules.get(text("key"));
    let (name, title) =
        (short(text("name")), known.map_or_else(|| short(text("title")), |one| one.title.clone()));
    match (title.is_empty(), text("name") == text("id") || text("name") == "new") {
        (true, _) => name,
        (false, true) => title,
        (false, false) => t.with_aside(title, name).into_owned(),
    }
}

/// What a replay tries, in words.
pub(super) fn tried_name(t: Text, replay: &KeptReplay) -> String {
    if replay.new.kind == "rule" {
        return rule_name(t, replay);
    }
    let one = |(name, number): &(String, Option<i64>)| match number {
        Some(number) => t.sim_policy_version(short(name), number.to_string()).into_owned(),
        None => t.sim_policy_text(short(name)).into_owned(),
    };
    let all = tried(replay);
    match all.as_slice() {
        [] => t.sim_policy_none().into_owned(),
        [only] => one(only),
        [first, rest @ ..] => t.sim_policy_more(one(first), rest.len() as i64).into_owned(),
    }
}

/// What somebody called it, or else what it tries.
pub(super) fn title_of_agent(t: Text, simulation: &Simulation) -> String {
    match wanted_of(simulation) {
        Some(wanted) if !wanted.name.trim().is_empty() => short(&wanted.name),
        Some(wanted) => agent_name(t, &wanted.agent),
        None => short(&simulation.id),
    }
}

/// What somebody called it, or else what it tries.
pub(super) fn title_of_policy(t: Text, replay: &KeptReplay) -> String {
    if replay.new.name.trim().is_empty() { tried_name(t, replay) } else { short(&replay.new.name) }
}

pub(super) fn outcome(t: Text, word: &str) -> String {
    let name = match word {
        "resolved" => t.sim_outcome_resolved(),
        "escalated" => t.sim_outcome_escalated(),
        "unresolved" => t.sim_outcome_unresolved(),
        "disagreed" => t.sim_outcome_disagreed(),
        "failed" => t.sim_outcome_failed(),
        _ => t.sim_outcome_unknown(),
    };
    name.into_owned()
}

/// The kinds of outcome, in the order in which they are shown.
pub(super) const OUTCOMES: [&str; 6] =
    ["resolved", "escalated", "unresolved", "disagreed", "unknown", "failed"];

pub(super) fn reason(t: Text, reason: Reason) -> String {
    let name = match reason {
        Reason::Rule => t.sim_reason_rule(),
        Reason::PolicyDenied => t.sim_reason_denied(),
        Reason::NeedsApproval => t.sim_reason_approval(),
        Reason::LowConfidence => t.sim_reason_confidence(),
        Reason::NoKnowledge => t.sim_reason_knowledge(),
        Reason::ToolFailure => t.sim_reason_tool(),
        Reason::CustomerAsked => t.sim_reason_customer(),
        Reason::LimitReached => t.sim_reason_limit(),
        Reason::Other => t.sim_reason_other(),
    };
    name.into_owned()
}

pub(super) fn failure(t: Text, failure: Failure) -> String {
    let name = match failure {
        Failure::Slow => t.sim_failure_slow(),
        Failure::Garbage => t.sim_failure_garbage(),
        Failure::TooLarge => t.sim_failure_large(),
        Failure::Refused => t.sim_failure_refused(),
        Failure::Budget => t.sim_failure_budget(),
    };
    name.into_owned()
}

/// How a conversation really ended, as far as the source says.
pub(super) fn ending(t: Text, resolution: Resolution) -> String {
    let name = match resolution {
        Resolution::None => t.sim_ending_none(),
        Resolution::Assumed => t.resolution_assumed(),
        Resolution::Confirmed => t.resolution_confirmed(),
        Resolution::Escalated => t.resolution_escalated(),
        Resolution::NegativeFeedback => t.resolution_negative_feedback(),
        Resolution::ProcedureHandoff => t.resolution_procedure_handoff(),
    };
    name.into_owned()
}

/// The word of an ending in addresses, which is that of the kept case.
pub(super) fn ending_word(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::None => "none",
        Resolution::Assumed => "assumed",
        Resolution::Confirmed => "confirmed",
        Resolution::Escalated => "escalated",
        Resolution::NegativeFeedback => "negative_feedback",
        Resolution::ProcedureHandoff => "procedure_handoff",
    }
}

pub(super) fn answer(t: Text, answer: Answer) -> String {
    let name = match answer {
        Answer::Allow => t.sim_answer_allow(),
        Answer::Deny => t.sim_answer_deny(),
        Answer::NeedsApproval => t.sim_answer_approval(),
        Answer::Unknown => t.sim_answer_unknown(),
        Answer::Matched => t.sim_answer_matched(),
        Answer::NotMatched => t.sim_answer_not_matched(),
        Answer::Stopped => t.sim_answer_stopped(),
        Answer::Held => t.sim_answer_held(),
    };
    name.into_owned()
}

pub(super) fn change(t: Text, change: Change) -> String {
    let name = match change {
        Change::Unchanged => t.sim_change_none(),
        Change::NewlyAllowed => t.sim_change_allowed(),
        Change::NewlyDenied => t.sim_change_denied(),
        Change::NewlyNeedsApproval => t.sim_change_approval(),
        Change::MaybeAllowed => t.sim_change_maybe_allowed(),
        Change::MaybeDenied => t.sim_change_maybe_denied(),
        Change::MaybeNeedsApproval => t.sim_change_maybe_approval(),
        Change::Undecided => t.sim_change_undecided(),
        Change::NewlyMatched => t.sim_change_matched(),
        Change::NoLongerMatched => t.sim_change_not_matched(),
        Change::OtherActions => t.sim_change_actions(),
        Change::MaybeMatched => t.sim_change_maybe_matched(),
        Change::MaybeNotMatched => t.sim_change_maybe_not_matched(),
        Change::MaybeOtherActions => t.sim_change_maybe_actions(),
        Change::Graver => t.sim_change_graver(),
        Change::Milder => t.sim_change_milder(),
    };
    name.into_owned()
}

/// A tag, or what stands for all others or for none.
pub(super) fn class(t: Text, tag: &str) -> String {
    match tag {
        OTHER => t.sim_class_other().into_owned(),
        NONE => t.sim_class_none().into_owned(),
        tag => short(tag),
    }
}
