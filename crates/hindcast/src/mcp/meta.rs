//! What an agent says of a call beside its arguments: for which conversation it is, for whom, and where it belongs in a trace. All of it is
//! the agent's word.

use rmcp::model::RequestMetaObject;
use serde_json::Value;

/// Which conversation a call is for: its id.
const CONVERSATION: &str = "hindcast/conversation";
/// For whom it is: an actor, or the id of a user.
const ON_BEHALF_OF: &str = "hindcast/on_behalf_of";
/// An approval that was given for exactly this call. Not needed: it is found.
const APPROVAL: &str = "hindcast/approval";
const ID_CHARS_MAX: usize = 256;
const TRACE_CHARS_MAX: usize = 128;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Meta {
    pub conversation: Option<String>,
    pub on_behalf_of: Option<Value>,
    pub approval: Option<String>,
    pub traceparent: Option<String>,
}

/// Reads it, or says what is wrong with it in words for the agent.
pub(super) fn read(meta: &RequestMetaObject) -> Result<Meta, String> {
    let text = |name: &str, chars_max: usize| match meta.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if (1..=chars_max).contains(&text.chars().count()) => {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(format!("_meta.{name}: expected a text of 1 to {chars_max} characters")),
    };
    let on_behalf_of = match meta.get(ON_BEHALF_OF) {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(serde_json::json!({ "type": "user", "id": id })),
        Some(actor @ Value::Object(_)) => Some(actor.clone()),
        Some(_) => return Err(format!("_meta.{ON_BEHALF_OF}: expected an actor, or the id of a user")),
    };
    Ok(Meta {
        conversation: text(CONVERSATION, ID_CHARS_MAX)?,
        on_behalf_of,
        approval: text(APPROVAL, ID_CHARS_MAX)?,
        // Of no consequence here, and no reason to refuse anybody.
        traceparent: text("traceparent", TRACE_CHARS_MAX).unwrap_or_default(),
    })
}
