//! What a schema of the document says, for people: its type in a few letters, its limits, and its fields.
//!
//! Types are written as in code: `string`, `Target[]`, `string | null`. A schema with a name is opened at most once in a
//! list of fields and only so deep; beyond that its name leads to where it stands. So lists end, whatever refers to what.

use super::{list, members, text};
use serde_json::Value;

/// What a schema may be one of, or all of at once.
const PARTS: [(&str, &str); 3] = [("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")];
/// The words of a schema that narrow a value.
const LIMITS: [&str; 11] = [
    "format",
    "enum",
    "const",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "default",
];

/// Text in pieces. What is marked is code in a description, and the name of a schema in a type.
pub type Pieces = Vec<(String, bool)>;

/// A field of an object, however deep inside of it.
#[derive(Debug)]
pub struct Field {
    /// Its name, after those of the objects it is in: `targets[].id`.
    pub path: String,
    /// Its type.
    pub kind: Pieces,
    /// What narrows its values.
    pub limits: Vec<String>,
    /// Whether the object must have it.
    pub is_required: bool,
    /// What it is.
    pub told: Pieces,
}

/// The type of a schema.
pub fn kind(schema: &Value) -> Pieces {
    if let Some(name) = referred(schema) {
        return vec![(name.to_owned(), true)];
    }
    for (word, between) in PARTS {
        let parts: Vec<Pieces> =
            list(&schema[word]).iter().filter(|part| says_something(part)).map(kind).collect();
        if !parts.is_empty() {
            return joined(parts, between);
        }
    }
    match &schema["type"] {
        Value::String(word) => named_kind(word, schema),
        Value::Array(words) => {
            joined(words.iter().map(|word| named_kind(text(word), schema)).collect(), " | ")
        }
        _ => plain("any"),
    }
}

fn named_kind(word: &str, schema: &Value) -> Pieces {
    if word != "array" {
        return plain(word);
    }
    let item = kind(&schema["items"]);
    // Of several there is an array, not of the last one.
    if item.len() > 1 { [plain("("), item, plain(")[]")].concat() } else { [item, plain("[]")].concat() }
}

/// Whether a part says more than that there is an object: defaults stand in parts of their own.
fn says_something(part: &Value) -> bool {
    part["type"] != "object" || part["properties"].is_object() || part["additionalProperties"].is_object()
}

fn plain(text: &str) -> Pieces {
    vec![(text.to_owned(), false)]
}

fn joined(parts: Vec<Pieces>, between: &str) -> Pieces {
    let mut pieces = Pieces::new();
    for part in parts {
        if !pieces.is_empty() {
            pieces.extend(plain(between));
        }
        pieces.extend(part);
    }
    pieces
}

/// What narrows the values of a schema, of its parts and of its items, such as `maxLength: 128`.
pub fn limits(document: &Value, schema: &Value) -> Vec<String> {
    let mut limits = Vec::new();
    let parts = PARTS.iter().flat_map(|(word, _)| list(&schema[*word]));
    for part in std::iter::once(schema).chain(parts).flat_map(|part| [part, &part["items"]]) {
        let resolved = referred(part).map(|name| named(document, name));
        for limit in std::iter::once(part).chain(resolved).flat_map(own_limits) {
            if !limits.contains(&limit) {
                limits.push(limit);
            }
        }
    }
    limits
}

fn own_limits(schema: &Value) -> Vec<String> {
    let limit = |word: &&str| {
        let said = match schema.get(*word)? {
            Value::String(text) => text.clone(),
            Value::Array(values) => values.iter().map(bare).collect::<Vec<_>>().join(" | "),
            value => value.to_string(),
        };
        Some(format!("{word}: {said}"))
    };
    LIMITS.iter().filter_map(limit).collect()
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The fields of a schema, those of the schemas it names too, down to so many levels of names.
pub fn fields(document: &Value, schema: &Value, levels: usize) -> Vec<Field> {
    let mut fields = Vec::new();
    collect(&mut Opened { document, names: Vec::new() }, schema, "", levels, &mut fields);
    fields
}

/// The schemas with a name that a list of fields has opened.
struct Opened<'d> {
    document: &'d Value,
    names: Vec<&'d str>,
}

fn collect<'d>(
    opened: &mut Opened<'d>,
    schema: &'d Value,
    path: &str,
    levels: usize,
    fields: &mut Vec<Field>,
) {
    if let Some(name) = referred(schema) {
        if levels > 0 && !opened.names.contains(&name) {
            opened.names.push(name);
            collect(opened, named(opened.document, name), path, levels - 1, fields);
        }
        return;
    }
    for part in PARTS.iter().flat_map(|(word, _)| list(&schema[*word])) {
        collect(opened, part, path, levels, fields);
    }
    if schema["items"].is_object() {
        collect(opened, &schema["items"], &format!("{path}[]"), levels, fields);
    }
    let is_required = |name: &str| list(&schema["required"]).iter().any(|required| required == name);
    let (first, then): (Vec<_>, Vec<_>) =
        members(&schema["properties"]).partition(|(name, _)| is_required(name));
    for (name, property) in first.into_iter().chain(then) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        fields.push(Field {
            path: path.clone(),
            kind: kind(property),
            limits: limits(opened.document, property),
            is_required: is_required(name),
            told: told(opened.document, property),
        });
        collect(opened, property, &path, levels, fields);
    }
}

/// What a schema says of itself; one that only refers, what that says.
pub fn told(document: &Value, schema: &Value) -> Pieces {
    let parts = PARTS.iter().flat_map(|(word, _)| list(&schema[*word]));
    let resolved = referred(schema).map(|name| named(document, name));
    let mut said =
        std::iter::once(schema).chain(parts).chain(resolved).map(|part| text(&part["description"]));
    said.find(|said| !said.is_empty()).map(marked).unwrap_or_default()
}

/// The name that a schema refers to.
pub fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

fn named<'d>(document: &'d Value, name: &str) -> &'d Value {
    &document["components"]["schemas"][name]
}

/// A description, of which what stands between backticks is code.
pub fn marked(text: &str) -> Pieces {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return plain(text);
    }
    let marked = pieces.into_iter().enumerate().map(|(at, piece)| (piece.to_owned(), !at.is_multiple_of(2)));
    marked.filter(|(piece, _)| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(pieces: Pieces) -> String {
        pieces.into_iter().map(|(piece, mark)| if mark { format!("<{piece}>") } else { piece }).collect()
    }

    fn document(schemas: Value) -> Value {
        json!({ "components": { "schemas": schemas } })
    }

    fn paths(document: &Value, schema: &Value, levels: usize) -> Vec<String> {
        fields(document, schema, levels).into_iter().map(|field| field.path).collect()
    }

    fn to(name: &str) -> Value {
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    #[test]
    fn types_are_written_as_in_code() {
        for (schema, written) in [
            (json!({ "type": "string" }), "string"),
            (json!({ "type": ["string", "null"] }), "string | null"),
            (json!({ "type": "array", "items": to("Draft") }), "<Draft>[]"),
            (json!({ "type": ["array", "null"], "items": { "type": "string" } }), "string[] | null"),
            (json!({ "type": "array", "items": { "type": ["string", "null"] } }), "(string | null)[]"),
            (json!({ "oneOf": [to("Geo"), { "type": "null" }] }), "<Geo> | null"),
            (json!({ "allOf": [{ "type": "string" }, { "type": "object", "default": "auto" }] }), "string"),
            (json!({ "allOf": [to("A"), { "type": "object", "properties": {} }] }), "<A> & object"),
            (json!({}), "any"),
            (json!(null), "any"),
        ] {
            assert_eq!(said(kind(&schema)), written, "{schema}");
        }
    }

    #[test]
    fn limits_are_those_of_what_is_meant() {
        let document = document(json!({ "Kind": { "type": "string", "enum": ["a", "b"] } }));
        for (schema, expected) in [
            (
                json!({ "type": "integer", "minimum": 1, "maximum": 9, "default": 5 }),
                "minimum: 1, maximum: 9, default: 5",
            ),
            (json!({ "type": "array", "items": to("Kind"), "maxItems": 3 }), "maxItems: 3, enum: a | b"),
            (json!({ "oneOf": [to("Kind"), { "type": "null" }] }), "enum: a | b"),
            (
                json!({ "allOf": [{ "enum": ["x"] }, { "type": "object", "default": "x" }] }),
                "enum: x, default: x",
            ),
            (json!({ "type": "string", "pattern": "^a$" }), "pattern: ^a$"),
            (to("Nothing"), ""),
        ] {
            assert_eq!(limits(&document, &schema).join(", "), expected, "{schema}");
        }
    }

    #[test]
    fn fields_are_opened_so_deep_and_required_ones_come_first() {
        let document = document(json!({
            "Page": { "properties": { "entries": { "type": "array", "items": to("Entry") }, "next": {} } },
            "Entry": { "required": ["z"], "properties": { "a": to("Actor"), "z": { "type": "string" } } },
            "Actor": { "properties": { "id": {} } },
        }));
        let page = to("Page");
        assert_eq!(paths(&document, &page, 0), [""; 0]);
        assert_eq!(paths(&document, &page, 1), ["entries", "next"]);
        assert_eq!(paths(&document, &page, 2), ["entries", "entries[].z", "entries[].a", "next"]);
        let all = ["entries", "entries[].z", "entries[].a", "entries[].a.id", "next"];
        assert_eq!(paths(&document, &page, 3), all);
        let alternatives = json!({ "oneOf": [to("Entry"), { "type": "array", "items": to("Entry") }] });
        assert_eq!(paths(&document, &alternatives, 1), ["z", "a"], "what was opened is not opened again");
    }

    #[test]
    fn what_refers_to_itself_ends() {
        let document = document(json!({
            "Node": { "properties": { "next": to("Node"), "others": { "type": "array", "items": to("Twin") } } },
            "Twin": { "allOf": [to("Node"), to("Twin")] },
        }));
        assert_eq!(paths(&document, &to("Node"), 100), ["next", "others"]);
        assert_eq!(said(told(&document, &to("Twin"))), "");
        assert!(limits(&document, &to("Twin")).is_empty());
    }

    #[test]
    fn descriptions_are_found_and_code_in_them_is_marked() {
        let document = document(json!({ "Geo": { "description": "A `place`." } }));
        assert_eq!(said(told(&document, &to("Geo"))), "A <place>.");
        let own = json!({ "$ref": "#/components/schemas/Geo", "description": "Where." });
        assert_eq!(said(told(&document, &own)), "Where.");
        assert_eq!(said(marked("one ` alone")), "one ` alone");
        assert_eq!(said(marked("`a` and `b`")), "<a> and <b>");
    }
}
