//! The entry about a decision: the call as it was asked about, with what the gate answered in `metadata`.
//!
//! `action` of the entry is `gate.decided`, so nobody takes it for the call itself; `metadata.action` has that of the call. A
//! replay reads such an entry as the call it asks about.

use super::DECIDED;
use super::decide::{Decided, Request, Weighed};
use hindcast_event::json::{self, Json};
use hindcast_event::{Draft, Entry, Outcome, OutcomeResult, Timestamp};
use hindcast_rules::policy::Decision;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The names of metadata that the entry needs for itself.
pub(super) const OWN: [&str; 4] = ["action", "decision", "gate", "policy"];

/// The entry about a decision, as a draft that lends from the request.
pub(super) fn draft<'r>(asked: &'r Draft<'r>, weighed: &'r Weighed, gate: &'r str) -> Draft<'r> {
    let mut metadata = asked.metadata.clone();
    let mut add = |name: &'static str, value: Json<'r>| metadata.push((Cow::Borrowed(name), value));
    let text = |text: &'r str| Json::String(Cow::Borrowed(text));
    add("action", text(&asked.action));
    add("decision", text(weighed.decision.as_str()));
    if let Ok(gate) = json::parse(gate) {
        add("gate", gate);
    }
    if let Some(policy) = weighed.determining.first().and_then(|one| one["policy"].as_str()) {
        add("policy", text(policy));
    }
    metadata.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    let mut authority = Vec::new();
    if let Some(approval) = &weighed.approval {
        authority.push((Cow::Borrowed("approval_id"), text(&approval.id)));
    }
    authority.push((Cow::Borrowed("decision"), text(weighed.decision.as_str())));
    if let Some(policy) = weighed.determining.first().and_then(|one| one["policy"].as_str()) {
        authority.push((Cow::Borrowed("policy_id"), text(policy)));
    }
    authority.push((Cow::Borrowed("policy_version"), text(&weighed.version)));
    Draft {
        id: None,
        action: Cow::Borrowed(DECIDED),
        outcome: Outcome {
            result: result(weighed),
            reason: weighed.refusal.as_deref().map(Cow::Borrowed),
            code: None,
        },
        authorized_by: Some(Json::Object(authority)),
        metadata,
        ..asked.clone()
    }
}

fn result(weighed: &Weighed) -> OutcomeResult {
    match weighed.decision {
        _ if weighed.allowed => OutcomeResult::Success,
        Decision::Deny => OutcomeResult::Denied,
        _ => OutcomeResult::Unknown,
    }
}

/// What the entry keeps of a decision besides, so that the same answer can be given again.
pub(super) fn gate_json(weighed: &Weighed, request: &Request<'_>) -> String {
    let mut gate = Map::new();
    gate.insert("allowed".into(), weighed.allowed.into());
    gate.insert("determining".into(), weighed.determining.clone().into());
    gate.insert("escalate".into(), weighed.escalate.into());
    gate.insert("token".into(), request.token.as_str().into());
    for (name, list) in [("errors", &weighed.errors), ("missing", &weighed.missing)] {
        if !list.is_empty() {
            gate.insert(name.into(), json!(list));
        }
    }
    if let Some(trial) = &weighed.trial {
        gate.insert("trial".into(), trial.clone());
    }
    Value::Object(gate).to_string()
}

/// The decision that an entry tells of, if it is such an entry.
pub(crate) fn decided_of(entry: &Entry<'_>) -> Option<Decided> {
    let view = entry.event.view().ok().filter(|view| view.action == DECIDED)?;
    let member = |name: &str| -> Option<Value> {
        let (_, text) = view.metadata.iter().find(|(known, _)| *known == name)?;
        serde_json::from_str(text).ok()
    };
    let gate = member("gate")?;
    let authority: Value = serde_json::from_str(view.authorized_by?).ok()?;
    let texts = |name: &str| {
        let list = gate[name].as_array().into_iter().flatten();
        list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let word = member("decision")?;
    let decision = Decision::ALL.into_iter().find(|known| word.as_str() == Some(known.as_str()))?;
    Some(Decided {
        id: view.id.into_owned(),
        index: entry.index,
        decided_at: entry.received_at,
        approval_id: authority["approval_id"].as_str().map(str::to_owned),
        weighed: Weighed {
            decision,
            allowed: gate["allowed"] == true,
            version: authority["policy_version"].as_str().unwrap_or_default().to_owned(),
            determining: gate["determining"].as_array().cloned().unwrap_or_default(),
            errors: texts("errors"),
            missing: texts("missing"),
            trial: gate.get("trial").cloned(),
            approval: None,
            escalate: gate["escalate"] == true,
            refusal: view.outcome_reason.map(Cow::into_owned),
        },
    })
}

/// When a decision was made that was made just now; the entry has the time of the log.
pub(super) fn now(weighed: Weighed, id: String, index: u64, decided_at: Timestamp) -> Decided {
    let approval_id = weighed.approval.as_ref().map(|approval| approval.id.clone());
    Decided { id, index, decided_at, approval_id, weighed }
}
