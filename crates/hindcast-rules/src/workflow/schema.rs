//! The format as JSON Schema, for editors: generated from the tables that files are checked against.

use super::SCHEMA;
use super::action::{ACTIONS, ActionInfo, Argument, Shape};
use super::builtin::FIELDS;
use super::catalog::{Catalog, Type};
use super::condition::GroupKind;
use super::limits::{ACTIONS_MAX, NAME_BYTES_MAX, TESTS_MAX, VALUES_MAX};
use super::op::{Class, OPS, OpInfo, Takes};
use super::read::PRIORITY_MAX;
use super::step::OnTimeout;
use super::trigger::{Mode, Trigger};
use serde_json::{Map, Value as Json, json};

/// A duration as [`duration`](super::duration) reads it.
const DURATION: &str = "^[0-9]+[smhdw]$";
/// Fields that a file or a sender names.
const OPEN_FIELDS: &str = "^(custom|event\\.metadata)\\.[^\\s]+$";

/// The JSON Schema (draft 2020-12) of a workflow, with the fields and tools of a catalogue. What it takes may still have flaws
/// that only reading it shows, such as a pattern that is no regular expression.
pub fn json_schema(catalog: &Catalog) -> Json {
    let triggers: Vec<_> = Trigger::ALL.into_iter().map(Trigger::as_str).collect();
    let modes: Vec<_> = Mode::ALL.into_iter().map(Mode::as_str).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hindcast workflow",
        "type": "object",
        "required": ["schema", "name", "trigger", "then"],
        "additionalProperties": false,
        "properties": {
            "schema": {"const": SCHEMA, "description": "The schema of this file"},
            "name": {"type": "string", "pattern": format!("^[a-z0-9][a-z0-9._-]{{0,{}}}$", NAME_BYTES_MAX - 1), "description": "What it is called; no other workflow has this name"},
            "description": {"type": "string", "minLength": 1, "description": "What it is for"},
            "trigger": {"description": "What sets it off", "oneOf": [
                {"enum": triggers}, {"type": "array", "items": {"enum": triggers}, "minItems": 1, "uniqueItems": true},
            ]},
            "mode": {"enum": modes, "default": "off", "description": "off: not asked; shadow: only written down; enforce: acts"},
            "priority": {"type": "integer", "minimum": -PRIORITY_MAX, "maximum": PRIORITY_MAX, "description": "Its turn; lower ones come first"},
            "fields": {
                "type": "object", "description": "Types of fields of your own",
                "propertyNames": {"pattern": OPEN_FIELDS},
                "additionalProperties": {"oneOf": [
                    {"enum": ["string", "number", "bool", "time", "set"]},
                    {"type": "array", "items": word(), "minItems": 1, "maxItems": VALUES_MAX},
                ]},
            },
            "if": {"$ref": "#/$defs/test"},
            "then": {"$ref": "#/$defs/steps"},
            "else": {"$ref": "#/$defs/steps"},
            "stop": {"type": "boolean", "description": "Whether later workflows rest when it matched"},
            "tests": {"type": "array", "maxItems": TESTS_MAX, "items": {"$ref": "#/$defs/case"}},
        },
        "$defs": {
            "test": {"oneOf": [{"$ref": "#/$defs/groups"}, {"$ref": "#/$defs/condition"}]},
            "groups": groups(),
            "condition": condition(catalog),
            "steps": {"type": "array", "minItems": 1, "maxItems": ACTIONS_MAX, "items": {"$ref": "#/$defs/step"}},
            "step": {"oneOf": [{"$ref": "#/$defs/block"}, {"$ref": "#/$defs/action"}]},
            "block": block(),
            "action": actions(catalog),
            "field": field(catalog),
            "case": case(catalog),
        },
    })
}

/// A text; plain numbers and booleans of YAML are texts too where a text is expected.
fn word() -> Json {
    json!({"type": ["string", "number", "boolean"]})
}

/// One or several.
fn several(one: &Json) -> Json {
    json!({"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": VALUES_MAX}]})
}

fn groups() -> Json {
    let list = json!({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/test"}});
    let kinds: Map<_, _> =
        GroupKind::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), list.clone())).collect();
    json!({"type": "object", "properties": kinds, "additionalProperties": false, "minProperties": 1})
}

/// The names of all fields, in both spellings of a ticket.
fn names(catalog: &Catalog) -> impl Iterator<Item = (String, &Type)> {
    catalog.fields().flat_map(|(name, kind)| {
        let other = name.strip_prefix("ticket.").map(|rest| (format!("conversation.{rest}"), kind));
        [(name.to_owned(), kind)].into_iter().chain(other)
    })
}

fn field(catalog: &Catalog) -> Json {
    let known = names(catalog).map(|(name, _)| {
        let about = FIELDS.iter().find(|field| field.name == name).map(|field| field.about);
        about.map_or_else(|| json!({"const": name}), |about| json!({"const": name, "description": about}))
    });
    json!({"anyOf": known.chain([json!({"type": "string", "pattern": OPEN_FIELDS})]).collect::<Vec<_>>()})
}

/// What goes with what: the operators of a type, and the value of an operator. Fields of one enum are told its words.
fn condition(catalog: &Catalog) -> Json {
    let mut rules: Vec<Json> = Vec::new();
    for class in Class::ALL {
        let of: Vec<_> =
            names(catalog).filter(|(_, kind)| Class::of(kind) == class).map(|(name, _)| name).collect();
        let ops = OPS.iter().filter(|info| info.on.contains(&class));
        rules.push(when(
            "field",
            &of,
            json!({"op": {"enum": ops.map(|info| info.name).collect::<Vec<_>>()}}),
        ));
        let of_class = |takes: &[Takes]| -> Vec<&str> {
            let fits = |info: &&OpInfo| takes.contains(&info.takes) && info.on.contains(&class);
            OPS.iter().filter(fits).map(|info| info.name).collect()
        };
        let (one, more) = (of_class(&[Takes::One]), of_class(&[Takes::Several]));
        let value = plain_value(class);
        for (ops, value) in [(one, value.clone()), (more, several(&value))] {
            rules.push(when_both(&of, &ops, json!({"value": value})));
        }
    }
    for (name, kind) in names(catalog) {
        if let Type::Enum { values, .. } = kind {
            let with = ["is", "is_not", "changed_to", "changed_from", "gt", "gte", "lt", "lte"];
            rules.push(when_both(&[name], &with, json!({"value": {"enum": values}})));
        }
    }
    let takes = |takes: Takes| {
        OPS.iter().filter(move |info| info.takes == takes).map(|info| info.name).collect::<Vec<_>>()
    };
    rules.push(json!({
        "if": {"properties": {"op": {"enum": takes(Takes::Nothing)}}, "required": ["op"]},
        "then": {"properties": {"value": false}},
        "else": {"required": ["value"]},
    }));
    rules.push(when("op", &takes(Takes::Pattern), json!({"value": {"type": "string", "minLength": 1}})));
    rules.push(when(
        "op",
        &takes(Takes::Duration),
        json!({"value": {"type": "string", "pattern": DURATION}}),
    ));
    json!({
        "type": "object",
        "required": ["field", "op"],
        "additionalProperties": false,
        "properties": {
            "field": {"$ref": "#/$defs/field"},
            "op": {"enum": OPS.iter().map(|info| info.name).collect::<Vec<_>>()},
            "value": {},
        },
        "allOf": rules,
    })
}

fn plain_value(class: Class) -> Json {
    match class {
        Class::Number => json!({"type": "number"}),
        Class::Bool => json!({"type": "boolean"}),
        Class::Time => json!({"type": "string", "format": "date-time"}),
        Class::Text | Class::Enum | Class::Ordered | Class::Set => word(),
    }
}

fn when<S: serde::Serialize>(key: &str, one_of: &[S], then: Json) -> Json {
    json!({"if": {"properties": {key: {"enum": one_of}}, "required": [key]}, "then": {"properties": then}})
}

fn when_both<F: serde::Serialize, O: serde::Serialize>(fields: &[F], ops: &[O], then: Json) -> Json {
    json!({
        "if": {"properties": {"field": {"enum": fields}, "op": {"enum": ops}}, "required": ["field", "op"]},
        "then": {"properties": then},
    })
}

fn block() -> Json {
    let timeouts: Vec<_> = OnTimeout::ALL.into_iter().map(OnTimeout::as_str).collect();
    json!({
        "type": "object",
        "required": ["do"],
        "anyOf": [{"required": ["when"]}, {"required": ["approve"]}],
        "additionalProperties": false,
        "properties": {
            "when": {"$ref": "#/$defs/test"},
            "approve": {
                "type": "object", "required": ["approvers"], "additionalProperties": false,
                "properties": {
                    "approvers": several(&word()),
                    "required": {"type": "integer", "minimum": 1},
                    "timeout": {"type": "string", "pattern": DURATION},
                    "on_timeout": {"enum": timeouts},
                },
            },
            "do": {"$ref": "#/$defs/steps"},
        },
    })
}

fn actions(catalog: &Catalog) -> Json {
    let mut properties = Map::new();
    for info in ACTIONS {
        properties.insert(info.name.to_owned(), action(info, catalog));
    }
    for tool in catalog.tools() {
        let required = tool.input_schema["required"].as_array().is_some_and(|required| !required.is_empty());
        let nothing = if required { json!(false) } else { json!({"type": "null"}) };
        properties.insert(tool.name.clone(), json!({"anyOf": [arguments(&tool.input_schema), nothing]}));
    }
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}

/// The schema of a tool, where each argument may also stand for a field.
fn arguments(schema: &Json) -> Json {
    let mut schema = schema.clone();
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        for (_, property) in properties.iter_mut() {
            let field = json!({
                "type": "object", "required": ["field"], "additionalProperties": false,
                "properties": {"field": {"$ref": "#/$defs/field"}},
            });
            *property = json!({"anyOf": [property.take(), field]});
        }
    }
    schema
}

fn action(info: &ActionInfo, catalog: &Catalog) -> Json {
    let argument = |argument: &Argument| (argument.name.to_owned(), shape(argument.takes, catalog));
    let properties: Map<_, _> = info.arguments.iter().map(argument).collect();
    let required: Vec<_> =
        info.arguments.iter().filter(|argument| argument.required).map(|argument| argument.name).collect();
    let mut long = json!({"type": "object", "properties": properties, "additionalProperties": false, "required": required});
    if !info.one_of.is_empty() {
        long["oneOf"] = info.one_of.iter().map(|name| json!({"required": [name]})).collect();
    }
    let mut forms = vec![long];
    let short = info.arguments.iter().find(|argument| Some(argument.name) == info.short);
    forms.extend(short.map(|argument| shape(argument.takes, catalog)));
    if required.is_empty() && info.one_of.is_empty() {
        forms.push(json!({"type": "null"}));
    }
    json!({"description": info.about, "anyOf": forms})
}

fn shape(shape: Shape, catalog: &Catalog) -> Json {
    match shape {
        Shape::Text => word(),
        Shape::Texts => several(&word()),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Duration => json!({"type": "string", "pattern": DURATION}),
        Shape::Url => json!({"type": "string", "pattern": "^https://[^\\s/][^\\s]*$"}),
        Shape::Actions => {
            let names =
                ACTIONS.iter().map(|info| info.name).chain(catalog.tools().map(|tool| tool.name.as_str()));
            several(&json!({"enum": names.collect::<Vec<_>>()}))
        }
        Shape::Field => {
            json!({"allOf": [{"$ref": "#/$defs/field"}, {"pattern": "^(custom|ticket|conversation)\\."}]})
        }
        Shape::Any => several(&json!({"type": ["string", "number", "boolean", "null"]})),
        Shape::Counts(names) => {
            let count = json!({"type": "integer", "minimum": 1});
            let properties: Map<_, _> =
                names.iter().map(|name| ((*name).to_owned(), count.clone())).collect();
            json!({"type": "object", "properties": properties, "additionalProperties": false})
        }
        Shape::Object => json!({"type": "object"}),
    }
}

fn case(catalog: &Catalog) -> Json {
    let fact = |(name, kind): (String, &Type)| {
        let fact = match kind {
            Type::Set => json!({"type": "array", "items": word()}),
            Type::Enum { values, .. } => json!({"enum": values}),
            other => plain_value(Class::of(other)),
        };
        // Enums are read without regard to case, which JSON Schema cannot say.
        let fact = if matches!(kind, Type::Enum { .. }) {
            json!({"anyOf": [fact, {"type": "string"}]})
        } else {
            fact
        };
        (name, json!({"anyOf": [fact, {"type": "null"}]}))
    };
    let known: Map<_, _> = names(catalog).map(fact).collect();
    let facts = json!({
        "type": ["object", "null"], "properties": known, "patternProperties": {OPEN_FIELDS: {}}, "additionalProperties": false,
    });
    let fields = several(&json!({"$ref": "#/$defs/field"}));
    json!({
        "type": "object",
        "required": ["given", "expect"],
        "additionalProperties": false,
        "properties": {
            "name": word(),
            "given": facts,
            "before": facts,
            "unknown": fields,
            "at": {"type": "string", "format": "date-time"},
            "expect": {
                "type": "object", "minProperties": 1, "additionalProperties": false,
                "properties": {
                    "matched": {"enum": [true, false, "unknown"]},
                    "actions": {"type": "array", "items": {"type": "string"}},
                    "approval": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    })
}
