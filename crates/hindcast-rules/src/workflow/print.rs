//! A workflow as YAML that every reader of YAML takes for the same.
//!
//! Words that YAML 1.1 reads as something else (`no`, `on`, `1e3`) are quoted, and so is whatever is not plainly a word.

use serde_json::Value as Json;

/// A line is about this long at most, where it can be broken.
const WIDTH: usize = 100;

/// The order keys are written in; others follow by name.
const ORDER: [&str; 26] = [
    "schema",
    "name",
    "description",
    "trigger",
    "mode",
    "priority",
    "fields",
    "if",
    "then",
    "else",
    "stop",
    "tests",
    "all",
    "any",
    "none",
    "field",
    "op",
    "value",
    "when",
    "approve",
    "do",
    "given",
    "before",
    "unknown",
    "at",
    "expect",
];

/// Words some readers take for a boolean or for nothing.
const NO_WORDS: [&str; 12] =
    ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity"];

/// Writes a document, such as [`Workflow::document`](super::Workflow::document), as YAML.
pub fn print(document: &Json) -> String {
    let mut out = String::new();
    match document {
        Json::Object(members) if !members.is_empty() => block(document, 0, &mut out),
        other => {
            out.push_str(&flow(other));
            out.push('\n');
        }
    }
    out
}

/// Writes a mapping or a list over several lines, each begun by the indent.
fn block(json: &Json, indent: usize, out: &mut String) {
    let pad = "  ".repeat(indent);
    match json {
        Json::Object(_) => {
            for (nr, (key, value)) in ordered(json).into_iter().enumerate() {
                if nr > 0 || out.ends_with('\n') {
                    out.push_str(&pad);
                }
                out.push_str(&scalar(key));
                out.push(':');
                under(value, indent, key.chars().count() + 2 + pad.len(), out);
            }
        }
        Json::Array(items) => {
            for item in items {
                out.push_str(&pad);
                out.push_str("- ");
                // A mapping begins beside its dash, and goes on below it.
                match item {
                    Json::Object(members) if !members.is_empty() && !fits(item, pad.len() + 2) => {
                        block(item, indent + 1, out);
                    }
                    other => {
                        out.push_str(&flow(other));
                        out.push('\n');
                    }
                }
            }
        }
        other => out.push_str(&flow(other)),
    }
}

/// Writes a value behind its key, beside it or below.
fn under(value: &Json, indent: usize, column: usize, out: &mut String) {
    let broken = match value {
        Json::Object(members) => !members.is_empty() && (has_depth(value) || !fits(value, column)),
        Json::Array(items) => {
            !items.is_empty() && (items.iter().any(Json::is_object) || !fits(value, column))
        }
        _ => false,
    };
    if broken {
        out.push('\n');
        block(value, indent + 1, out);
    } else {
        out.push(' ');
        out.push_str(&flow(value));
        out.push('\n');
    }
}

/// Whether lists of mappings lie below; those are easier to read on lines of their own.
fn has_depth(json: &Json) -> bool {
    let Json::Object(members) = json else { return false };
    members.values().any(|value| match value {
        Json::Array(items) => items.iter().any(Json::is_object),
        other => has_depth(other),
    })
}

fn fits(json: &Json, column: usize) -> bool {
    !has_depth(json) && column + flow(json).chars().count() <= WIDTH
}

/// A value on one line.
fn flow(json: &Json) -> String {
    match json {
        Json::Object(_) => {
            let members: Vec<_> = ordered(json)
                .into_iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), flow(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::String(text) => scalar(text),
        other => other.to_string(),
    }
}

fn ordered(json: &Json) -> Vec<(&str, &Json)> {
    let rank = |key: &str| ORDER.iter().position(|one| *one == key).unwrap_or(ORDER.len());
    let members = json.as_object().into_iter().flatten();
    let mut members: Vec<_> = members.map(|(key, value)| (key.as_str(), value)).collect();
    members.sort_by_key(|(key, _)| (rank(key), *key));
    members
}

/// A text, plain if nobody can take it for something else.
fn scalar(text: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ');
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && !text.contains(" -")
        && text.chars().all(inside)
        && !NO_WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

/// In double quotes, with escapes for what not every reader takes as it is.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{85}' | '\u{a0}' | '\u{feff}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            c if c.is_control() || (0xfffe..=0xffff).contains(&u32::from(c)) => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_that_mean_something_else_are_quoted() {
        assert_eq!(
            print(&json!({"value": ["no", "en", "5", "a: b", "1e3", "", "off", "a b", "été"]})),
            "value: [\"no\", en, \"5\", \"a: b\", \"1e3\", \"\", \"off\", a b, \"été\"]\n"
        );
        assert_eq!(quoted("a\"\\\n\u{7}"), "\"a\\\"\\\\\\n\\u0007\"");
    }

    #[test]
    fn mappings_stand_beside_their_dash() {
        let document = json!({
            "name": "x",
            "if": {"all": [{"field": "ticket.tags", "op": "contains", "value": "a"}, {"any": [{"op": "is_set", "field": "ticket.team"}]}]},
            "then": [{"tag.add": {"tags": ["a"]}}],
        });
        let expected = "\
name: x
if:
  all:
    - {field: ticket.tags, op: contains, value: a}
    - any:
        - {field: ticket.team, op: is_set}
then:
  - {tag.add: {tags: [a]}}
";
        assert_eq!(print(&document), expected);
    }
}
