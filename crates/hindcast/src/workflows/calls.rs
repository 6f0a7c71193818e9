//! The calls that intents are: what the gate is asked, and what a connector is told.
//!
//! Policies speak of activities (`conversation.tagged`), workflows of actions (`tag.add`); one table says which is which, so a
//! policy about tags holds for whoever tags. A tool is asked about under its own name.

use crate::catalog::{IntentRow, NewIntent};
use hindcast_rules::workflow::Intent;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// The actor of all that workflows do.
pub(crate) const ACTOR_ID: &str = "workflow";
/// What the gate is asked when an action is none of these.
const ANYTHING_ELSE: &str = "workflow.acted";

/// Actions, and the activities they are.
const ACTIVITIES: &[(&str, &str)] = &[
    ("tag.add", "conversation.tagged"),
    ("tag.remove", "conversation.untagged"),
    ("ticket.status", "ticket.state_changed"),
    ("ticket.priority", "conversation.prioritized"),
    ("ticket.resolve", "conversation.closed"),
    ("ticket.close", "conversation.closed"),
    ("ticket.reopen", "conversation.reopened"),
    ("ticket.snooze", "conversation.snoozed"),
    ("assign", "conversation.assigned"),
    ("unassign", "conversation.unassigned"),
    ("note.add", "note.added"),
    ("reply.draft", "note.added"),
    ("reply.send", "message.sent"),
];

/// The activity that an action is.
pub(crate) fn activity(action: &str, is_tool: bool) -> &str {
    let known = ACTIVITIES.iter().find(|(name, _)| *name == action).map(|(_, activity)| *activity);
    if is_tool { action } else { known.unwrap_or(ANYTHING_ELSE) }
}

/// The single calls that intents come to: each tag is one, and to escalate is to assign and to say why.
pub(crate) fn singled(intents: &[Intent], workflow: &str) -> Vec<Intent> {
    intents.iter().flat_map(|intent| one_by_one(intent, workflow)).collect()
}

fn one_by_one(intent: &Intent, workflow: &str) -> Vec<Intent> {
    let with = |action: &str, arguments: Value| Intent {
        action: action.to_owned(),
        arguments: arguments.as_object().cloned().unwrap_or_default(),
        ..intent.clone()
    };
    match intent.action.as_str() {
        "tag.add" | "tag.remove" => match intent.arguments.get("tags") {
            Some(Value::Array(tags)) => {
                tags.iter().map(|tag| with(&intent.action, json!({ "tags": [tag] }))).collect()
            }
            Some(tag) => vec![with(&intent.action, json!({ "tags": [tag] }))],
            None => Vec::new(),
        },
        "escalate" => {
            let named = ["team", "agent"].into_iter().filter_map(|name| {
                let to = intent.arguments.get(name)?;
                Some(with("assign", json!({ name: to })))
            });
            let why = intent.arguments.get("reason").and_then(Value::as_str);
            let why = why.map_or_else(|| format!("Escalated by the workflow {workflow}."), str::to_owned);
            named.chain([with("note.add", json!({ "text": why }))]).collect()
        }
        _ => vec![intent.clone()],
    }
}

/// An intent as it is kept.
pub(crate) fn new_intent(run: &str, nr: usize, intent: &Intent, product: &str, causes: &Value) -> NewIntent {
    let id = Sha256::digest(format!("intent\n{run}\n{nr}\n{}\n{}", intent.path, intent.action));
    let is_http = intent.tool || intent.action == "webhook.call";
    NewIntent {
        id: crate::hex::hex(&id[..16]),
        product: if is_http { "http".to_owned() } else { product.to_owned() },
        intent: json!(intent),
        causes: causes.clone(),
    }
}

/// A kept intent, read back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The action or tool.
    pub action: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// Whether it is a tool.
    pub is_tool: bool,
    /// Where it stands in the text.
    pub path: String,
}

impl Call {
    /// That of an intent; nothing when its arguments were erased.
    pub fn of(row: &IntentRow) -> Option<Self> {
        let intent = &row.intent;
        Some(Self {
            action: intent["action"].as_str()?.to_owned(),
            arguments: intent["arguments"].as_object()?.clone(),
            is_tool: intent["tool"] == true,
            path: intent["path"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// The text of an argument.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str)
    }

    /// The tag that is to come or go.
    pub fn tag(&self) -> Option<&str> {
        self.arguments.get("tags").and_then(|tags| tags[0].as_str())
    }

    /// What the gate is asked: the event that the call would be. An approval is bound to all of it.
    pub fn asked(&self, row: &IntentRow) -> Value {
        let mut asked = self.event(&row.workflow, &row.ticket);
        for (name, value) in [
            ("causes", row.causes.clone()),
            ("intent", row.id.as_str().into()),
            ("run", row.run.as_str().into()),
            ("version", row.number.to_string().into()),
        ] {
            asked["metadata"][name] = value;
        }
        asked
    }

    /// The event that the call of a workflow about a conversation would be, as policies read it.
    pub fn event(&self, workflow: &str, ticket: &str) -> Value {
        let mut metadata = json!({ "arguments": self.arguments, "does": self.action, "workflow": workflow });
        if let Some(tag) = self.tag() {
            metadata["tag"] = tag.into();
        }
        json!({
            "action": activity(&self.action, self.is_tool),
            "actor": actor(workflow),
            "targets": targets(workflow, ticket),
            "metadata": metadata,
            "context": { "source": "workflow" },
        })
    }
}

/// Who acts when a workflow does.
pub(crate) fn actor(workflow: &str) -> Value {
    json!({ "type": "automation", "id": ACTOR_ID, "name": workflow })
}

/// What an intent is about.
fn targets(workflow: &str, ticket: &str) -> Value {
    let workflow = json!({ "type": "workflow", "id": workflow });
    if ticket.is_empty() {
        return json!([workflow]);
    }
    json!([{ "type": "conversation", "id": ticket }, workflow])
}

/// The entry about an intent that came to its end.
pub(crate) fn acted(row: &IntentRow, result: &str, before: &Value, after: &Value) -> Value {
    let paths = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (before, after) = (paths(before), paths(after));
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changes = names.into_iter().filter(|name| before.get(*name) != after.get(*name)).map(|name| {
        let mut change = json!({ "path": format!("/{name}") });
        for (side, value) in [("before", before.get(name)), ("after", after.get(name))] {
            if let Some(value) = value.filter(|value| !value.is_null()) {
                change[side] = value.clone();
            }
        }
        change
    });
    let mut outcome = json!({ "result": result });
    if result != "success" && !row.said.is_empty() {
        outcome["reason"] = row.said.as_str().into();
    }
    let mut targets = vec![json!({ "type": "workflow", "id": row.workflow })];
    if !row.ticket.is_empty() {
        targets.push(json!({ "type": "conversation", "id": row.ticket }));
    }
    json!({
        "action": "workflow.acted",
        "actor": actor(&row.workflow),
        "targets": targets,
        "outcome": outcome,
        "changes": changes.collect::<Vec<_>>(),
        "metadata": {
            "action": row.intent["action"],
            "approval": row.approval,
            "attempts": row.attempts,
            "causes": row.causes,
            "conversation": row.ticket,
            "decision": row.decision,
            "intent": row.id,
            "product": row.product,
            "run": row.run,
            "state": row.state.as_str(),
            "version": row.number.to_string(),
            "workflow": row.workflow,
        },
        "context": { "source": "workflow" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(action: &str, arguments: Value) -> Intent {
        Intent {
            path: "then[0]".into(),
            action: action.into(),
            arguments: arguments.as_object().cloned().unwrap_or_default(),
            tool: false,
            approval: None,
        }
    }

    #[test]
    fn each_tag_is_a_call_of_its_own_and_to_escalate_is_to_assign_and_say_why() {
        let told = |intent: Intent| -> Vec<_> {
            let singled = singled(&[intent], "late");
            singled.iter().map(|one| format!("{} {}", one.action, json!(one.arguments))).collect()
        };
        assert_eq!(
            told(intent("tag.add", json!({ "tags": ["a", "b"] }))),
            [r#"tag.add {"tags":["a"]}"#, r#"tag.add {"tags":["b"]}"#]
        );
        assert_eq!(told(intent("tag.remove", json!({ "tags": "a" }))), [r#"tag.remove {"tags":["a"]}"#]);
        assert_eq!(
            told(intent("escalate", json!({ "team": "billing" }))),
            [r#"assign {"team":"billing"}"#, r#"note.add {"text":"Escalated by the workflow late."}"#]
        );
        assert_eq!(told(intent("ticket.close", json!({}))), ["ticket.close {}"]);
    }

    #[test]
    fn every_activity_is_one_that_policies_can_name() {
        let registry = hindcast_event::Registry::builtin();
        for (action, activity) in ACTIVITIES {
            assert!(registry.get(activity).is_some(), "{action}: {activity}");
        }
        assert!(registry.get(ANYTHING_ELSE).is_some());
        assert_eq!(activity("order.refund", true), "order.refund");
        assert_eq!(activity("webhook.call", false), ANYTHING_ELSE);
    }
}
