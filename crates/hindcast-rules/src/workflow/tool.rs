//! What workflows need of a tool: a name that can stand in a file, and arguments that fit.

use super::catalog::Type;
use super::limits::{SCHEMA_DEPTH_MAX, VALUE_BYTES_MAX};
use super::nearest::nearest;
use crate::tool::Tool;
use serde_json::Value as Json;

/// What is wrong with an argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    /// The names and places that lead to it, none for the arguments themselves.
    pub path: Vec<String>,
    pub message: String,
    pub suggestion: Option<String>,
}

/// Why a workflow cannot call a tool, if it cannot: its name has to stand in a file, and be no action of ours.
pub(crate) fn unfit(tool: &Tool) -> Option<&'static str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let name = tool.name.as_str();
    if name.is_empty() || name.len() > 128 || !name.chars().all(inside) {
        return Some("a name has 1 to 128 letters, digits, `_`, `-`, `.` and `/`");
    }
    if super::action::named(name).is_some() {
        return Some("an action of ours has this name");
    }
    if !tool.input_schema.is_object() {
        return Some("its `input_schema` is a JSON Schema, an object");
    }
    let kind = tool.input_schema.get("type");
    kind.is_some_and(|kind| kind != "object").then_some("its arguments are an object, so `type` is `object`")
}

/// What is wrong with the arguments of a call. An argument `{"field": "order.id"}` stands for what the field will hold; `field`
/// tells its type. Of the JSON Schema `type`, `required`, `enum`, `properties`, `additionalProperties: false` and `items` are
/// checked; what else it says is left to the tool.
pub(crate) fn wrong_arguments(
    tool: &Tool,
    arguments: &Json,
    field: &dyn Fn(&str) -> Option<Type>,
) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    check(&tool.input_schema, arguments, field, &mut Vec::new(), &mut wrong);
    wrong
}

/// The field an argument stands for.
pub(crate) fn reference(argument: &Json) -> Option<&str> {
    let members = argument.as_object().filter(|members| members.len() == 1)?;
    members.get("field")?.as_str()
}

fn check(
    schema: &Json,
    value: &Json,
    field: &dyn Fn(&str) -> Option<Type>,
    path: &mut Vec<String>,
    wrong: &mut Vec<Wrong>,
) {
    let mut add = |path: &[String], message: String, suggestion| {
        wrong.push(Wrong { path: path.to_vec(), message, suggestion });
    };
    let types: Vec<&str> = match &schema["type"] {
        Json::String(one) => vec![one],
        Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let referred = reference(value).filter(|_| !path.is_empty());
    if let Some(name) = referred {
        // That there is no such field is told where fields are looked up.
        let Some(kind) = field(name) else { return };
        if !types.is_empty() && !types.iter().any(|name| type_fits(name, &kind)) {
            add(path, format!("expected {}, and the field holds {}", types.join(" or "), kind.told()), None);
        }
        return;
    }
    if !types.is_empty() && !types.iter().any(|name| is_a(name, value)) {
        let quoted = types.contains(&"string") && (value.is_number() || value.is_boolean());
        let hint = if quoted { ", so put it in quotes" } else { "" };
        return add(path, format!("expected {}, found {}{hint}", types.join(" or "), kind_of(value)), None);
    }
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        let words = allowed.iter().filter_map(Json::as_str);
        let near = value.as_str().and_then(|text| nearest(text, words));
        let told: Vec<_> = allowed.iter().map(bare).collect();
        return add(path, format!("expected one of {}", told.join(", ")), near);
    }
    if value.as_str().is_some_and(|text| text.len() > VALUE_BYTES_MAX) {
        return add(path, format!("bytes of a text: at most {VALUE_BYTES_MAX}"), None);
    }
    if path.len() >= SCHEMA_DEPTH_MAX {
        return;
    }
    match value {
        Json::Object(members) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
            for name in required.filter(|name| !members.contains_key(*name)) {
                add(path, format!("`{name}` is missing"), None);
            }
            let properties = schema["properties"].as_object();
            for (name, inner) in members {
                match properties.and_then(|properties| properties.get(name)) {
                    Some(schema) => {
                        path.push(name.clone());
                        check(schema, inner, field, path, wrong);
                        path.pop();
                    }
                    None if schema["additionalProperties"] == false => {
                        let known = properties.into_iter().flat_map(|properties| properties.keys());
                        let near = nearest(name, known.map(String::as_str));
                        let mut at = path.clone();
                        at.push(name.clone());
                        wrong.push(Wrong {
                            path: at,
                            message: format!("there is no argument `{name}`"),
                            suggestion: near,
                        });
                    }
                    None => {}
                }
            }
        }
        Json::Array(items) if schema["items"].is_object() => {
            for (nr, item) in items.iter().enumerate() {
                path.push(nr.to_string());
                check(&schema["items"], item, field, path, wrong);
                path.pop();
            }
        }
        _ => {}
    }
}

fn is_a(name: &str, value: &Json) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        // A type we do not know is the tool's to judge.
        _ => true,
    }
}

fn type_fits(name: &str, kind: &Type) -> bool {
    match name {
        "string" => matches!(kind, Type::Text | Type::Enum { .. } | Type::Time),
        "integer" | "number" => *kind == Type::Number,
        "boolean" => *kind == Type::Bool,
        "array" => *kind == Type::Set,
        "object" | "null" => false,
        _ => true,
    }
}

fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "nothing",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

fn bare(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refund() -> Tool {
        let schema = json!({
            "type": "object",
            "properties": {
                "order_id": {"type": "string"},
                "amount_cents": {"type": "integer"},
                "reason": {"enum": ["damaged", "late", "other"]},
                "lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}},
            },
            "required": ["order_id"],
            "additionalProperties": false,
        });
        Tool::new("order.refund", schema)
    }

    #[test]
    fn arguments_are_checked_against_the_schema() {
        let field = |name: &str| (name == "order.id").then_some(Type::Text);
        let told = |arguments: Json| {
            let wrong = wrong_arguments(&refund(), &arguments, &field);
            wrong
                .into_iter()
                .map(|one| format!("{}: {}", one.path.join("."), one.message))
                .collect::<Vec<_>>()
        };
        assert!(
            told(json!({"order_id": "7", "amount_cents": 5, "reason": "late", "lines": [{"sku": 1}]}))
                .is_empty()
        );
        assert!(told(json!({"order_id": {"field": "order.id"}})).is_empty());
        assert_eq!(told(json!({})), [": `order_id` is missing"]);
        assert_eq!(
            told(json!({"order_id": 7})),
            ["order_id: expected string, found a number, so put it in quotes"]
        );
        assert_eq!(
            told(json!({"order_id": "7", "amount_cents": {"field": "order.id"}})),
            ["amount_cents: expected integer, and the field holds a string"]
        );
        assert_eq!(
            told(json!({"order_id": "7", "reason": "lat"})),
            ["reason: expected one of damaged, late, other"]
        );
        assert_eq!(told(json!({"order_id": "7", "lines": [{}]})), ["lines.0: `sku` is missing"]);
        assert_eq!(
            told(json!({"order_id": "7", "resaon": "late"})),
            ["resaon: there is no argument `resaon`"]
        );
    }

    #[test]
    fn a_tool_has_a_name_of_its_own_and_an_object_of_arguments() {
        let unfit = |name: &str, schema: Json| unfit(&Tool::new(name, schema)).is_some();
        assert!(unfit("tag.add", json!({})) && unfit("", json!({})) && unfit("a b", json!({})));
        assert!(unfit("x", json!({"type": "string"})) && unfit("x", json!([])));
        assert!(!unfit("x", json!({})) && !unfit("order.refund", json!({"type": "object"})));
    }
}
