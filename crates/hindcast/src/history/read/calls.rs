//! Tool calls in a conversation as entries: who called which tool with what, about which conversation, and what was known of
//! the thing it was about.

use super::flaw;
use crate::history::{Call, Conversation, Flaw, Role};
use crate::sources::IMPORTED_FROM;
use hindcast_event::{Arrival, Draft, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Names of metadata that a lookup must not take.
const RESERVED: [&str; 2] = ["arguments", IMPORTED_FROM];

/// How calls become entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CallMapping {
    /// Stands before the tool's name.
    pub prefix: String,
    /// Actions of tools that are called otherwise.
    pub actions: BTreeMap<String, String>,
    /// What an answer begins with when the call failed.
    pub failed: Option<String>,
    /// Only these tools become entries; all when there are none.
    pub only: Vec<String>,
}

impl Default for CallMapping {
    fn default() -> Self {
        Self { prefix: "tool.".to_owned(), actions: BTreeMap::new(), failed: None, only: Vec::new() }
    }
}

/// The agent that calls, where the records do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AgentIs {
    pub id: Option<String>,
    pub name: Option<String>,
    pub version: Option<String>,
}

/// Records that are joined to calls: by the name of the metadata, the argument that names a record, and the records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookups(BTreeMap<String, (String, Map<String, Value>)>);

impl Lookups {
    /// Adds records, keyed by what their argument says.
    pub fn add(&mut self, name: &str, key: &str, records: Map<String, Value>) -> anyhow::Result<()> {
        anyhow::ensure!(!name.is_empty() && !RESERVED.contains(&name), "a lookup cannot be called {name:?}");
        self.0.insert(name.to_owned(), (key.to_owned(), records));
        Ok(())
    }
}

/// The drafts of a conversation's calls, each sure to be taken.
pub(super) fn drafts(
    conversation: &Conversation,
    mapping: &CallMapping,
    agent: &AgentIs,
    targets: &BTreeMap<String, String>,
    lookups: &Lookups,
) -> Result<Vec<String>, Vec<Flaw>> {
    let mut drafts = Vec::new();
    let of_agent =
        conversation.messages.iter().enumerate().filter(|(_, message)| message.role == Role::Agent);
    for (at, message) in of_agent {
        for (nth, call) in message.calls.iter().enumerate() {
            if !mapping.only.is_empty() && !mapping.only.contains(&call.tool) {
                continue;
            }
            let path = format!("messages[{at}].calls[{nth}]");
            let original = format!("{}/{at}/{nth}", conversation.id);
            let author = message.author.as_ref();
            let id = agent.id.as_deref().or(author.map(|author| author.id.as_str())).unwrap_or("agent");
            let mut actor = json!({ "type": "agent", "id": id });
            if let Some(name) = agent.name.as_deref().or(author.and_then(|author| author.name.as_deref())) {
                actor["name"] = name.into();
            }
            if let Some(version) = &agent.version {
                actor["ai"] = json!({ "version": version });
            }
            let mut draft = json!({
                "id": format!("{}-call-{}", conversation.source, original.replace('/', "-")),
                "action": action(mapping, call),
                "occurred_at": message.at.to_string(),
                "actor": actor,
                "targets": targets_of(conversation, call, targets),
                "context": { "source": format!("import/{}", conversation.source) },
                "metadata": { "arguments": call.arguments,
                    IMPORTED_FROM: { "product": conversation.source, "id": original } },
            });
            if call.arguments.is_null() {
                draft["metadata"]["arguments"] = json!({});
            }
            let has_failed = |failed: &String| {
                call.result.as_deref().is_some_and(|told| told.starts_with(failed.as_str()))
            };
            if mapping.failed.as_ref().is_some_and(has_failed) {
                draft["outcome"] = "failure".into();
            }
            for (name, (key, records)) in &lookups.0 {
                let record = text_at(&call.arguments, key).and_then(|key| records.get(&key));
                if let Some(record) = record {
                    draft["metadata"][name] = record.clone();
                }
            }
            drafts.push(fits(draft, &path)?);
        }
    }
    Ok(drafts)
}

fn action(mapping: &CallMapping, call: &Call) -> String {
    mapping.actions.get(&call.tool).cloned().unwrap_or_else(|| format!("{}{}", mapping.prefix, call.tool))
}

fn targets_of(conversation: &Conversation, call: &Call, targets: &BTreeMap<String, String>) -> Value {
    let mut all = vec![json!({ "type": "conversation", "id": conversation.id })];
    for (kind, argument) in targets {
        all.extend(text_at(&call.arguments, argument).map(|id| json!({ "type": kind, "id": id })));
    }
    all.into()
}

/// A text or number in the arguments, by its path.
fn text_at(arguments: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(arguments, |at, step| match at {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        at => at.get(step),
    });
    super::text(found?)
}

fn fits(draft: Value, path: &str) -> Result<String, Vec<Flaw>> {
    let draft = draft.to_string();
    let arrival = Arrival { now: Timestamp::default(), random: [0; 10] };
    let parsed = Draft::parse(&draft).map_err(|invalid| {
        flaw(
            path,
            format!(
                "expected a call that can be an entry, but of {} {}",
                invalid.path.as_str(),
                invalid.expected
            ),
        )
    })?;
    parsed.encode(&arrival, &mut Vec::new()).map_err(|error| flaw(path, error.to_string()))?;
    Ok(draft)
}
