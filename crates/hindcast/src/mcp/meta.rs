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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(meta: Value) -> Result<Meta, String> {
        read(&serde_json::from_value(meta).expect("an object"))
    }

    #[test]
    fn an_agent_says_for_which_conversation_and_for_whom_a_call_is() {
        assert_eq!(told(json!({})), Ok(Meta::default()), "it may say nothing");
        let nothing = json!({ CONVERSATION: null, ON_BEHALF_OF: null, APPROVAL: null, "traceparent": null });
        assert_eq!(told(nothing), Ok(Meta::default()));
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let said = told(json!({
            CONVERSATION: "c-1", ON_BEHALF_OF: "u-9", APPROVAL: "a-1", "traceparent": trace, "somebody/else": [1],
        }));
        let expected = Meta {
            conversation: Some("c-1".into()),
            on_behalf_of: Some(json!({ "type": "user", "id": "u-9" })),
            approval: Some("a-1".into()),
            traceparent: Some(trace.into()),
        };
        assert_eq!(said, Ok(expected));
        let actor = json!({ "type": "lead", "id": "l-1", "name": "Ann" });
        let said = told(json!({ ON_BEHALF_OF: actor })).expect("well said");
        assert_eq!(said.on_behalf_of, Some(actor), "an actor is passed on as it is, for the gate to read");
    }

    #[test]
    fn what_is_said_wrongly_is_told_by_its_name_and_never_taken_for_nothing() {
        for name in [CONVERSATION, APPROVAL] {
            let expected = Err(format!("_meta.{name}: expected a text of 1 to {ID_CHARS_MAX} characters"));
            for wrong in [
                json!(7),
                json!(""),
                json!({}),
                json!(["c-1"]),
                json!(true),
                json!("c".repeat(ID_CHARS_MAX + 1)),
            ] {
                assert_eq!(told(json!({ name: wrong })), expected, "{wrong}");
            }
        }
        // Letters are counted, not bytes.
        assert!(told(json!({ CONVERSATION: "é".repeat(ID_CHARS_MAX) })).is_ok());
        for wrong in [json!(7), json!(true), json!([])] {
            let said = told(json!({ ON_BEHALF_OF: wrong }));
            assert_eq!(said, Err(format!("_meta.{ON_BEHALF_OF}: expected an actor, or the id of a user")));
        }
    }

    #[test]
    fn where_a_call_belongs_in_a_trace_is_no_reason_to_refuse_it() {
        for odd in [json!(7), json!(""), json!("x".repeat(TRACE_CHARS_MAX + 1)), json!({})] {
            let said = told(json!({ CONVERSATION: "c-1", "traceparent": odd })).expect("let be");
            assert_eq!((said.traceparent, said.conversation.as_deref()), (None, Some("c-1")), "{odd}");
        }
    }
}
