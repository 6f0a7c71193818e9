//! The call that an approval is for, as far as a visitor may see it: what their role hides of entries is hidden here too.

use crate::pages::asked::Asked;
use crate::pages::change::{Change, change, spoken};
use crate::pages::rows::{Who, condition, target_name};
use crate::pages::safe::{short, visible, visible_lines};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use hindcast_event::{Field, Hidden, Registry};
use serde_json::Value;

/// Arguments that are shown; a call has seldom more than ten.
const ARGUMENTS_MAX: usize = 200;

/// A call.
pub(super) struct Call {
    pub who: Who,
    pub who_href: String,
    pub on_behalf_of: Option<Who>,
    /// What it is called, and its code.
    pub action: String,
    pub code: String,
    pub targets: Vec<Target>,
    pub arguments: Vec<(String, String)>,
    pub changes: Vec<Change>,
    pub reason: String,
    pub description: String,
    /// Whether the visitor's role hides some of it.
    pub is_hidden: bool,
}

/// What something would be done to.
pub(super) struct Target {
    pub name: String,
    pub aside: String,
    pub href: String,
}

impl Call {
    pub fn of(visitor: &Visitor, asked: &Value) -> Self {
        let (t, hidden) = (visitor.guest.text, visitor.sight.hidden);
        let (actor, behalf) = (person(hidden, &asked["actor"]), person(hidden, &asked["on_behalf_of"]));
        let action = asked["action"].as_str().unwrap_or_default();
        let activity = Registry::builtin().get(action);
        let who = Who::of(t, &actor, None);
        let text = |name: &str| match asked[name].as_str() {
            Some(text) if !hidden.has(Field::Text) => visible_lines(text),
            _ => String::new(),
        };
        let changes = asked["changes"].as_array().into_iter().flatten();
        let changes = changes.filter(|_| !hidden.has(Field::Values)).map(|one| {
            let path = one["path"].as_str().unwrap_or_default();
            change(t, path, one.get("before").filter(|side| !side.is_null()), one.get("after"))
        });
        let arguments =
            if hidden.has(Field::Metadata) { Vec::new() } else { arguments(t, &asked["metadata"]) };
        Self {
            who_href: log_of(&condition("actor_id", &who.id)),
            who,
            on_behalf_of: behalf.is_object().then(|| Who::of(t, &behalf, None)),
            action: activity
                .map_or_else(|| short(action), |activity| activity.label_in(t.language).to_owned()),
            code: short(action),
            targets: asked["targets"].as_array().into_iter().flatten().map(target).collect(),
            arguments,
            changes: changes.collect(),
            reason: text("reason"),
            description: text("description"),
            is_hidden: hides(hidden, asked),
        }
    }
}

/// Whether something of a call is hidden from whoever does not see these fields.
fn hides(hidden: Hidden, asked: &Value) -> bool {
    let there_is = |name: &str| match &asked[name] {
        Value::Null => false,
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        _ => true,
    };
    hidden.has(Field::Metadata) && there_is("metadata")
        || hidden.has(Field::Values) && there_is("changes")
        || hidden.has(Field::Text) && (there_is("reason") || there_is("description"))
}

fn person(hidden: Hidden, who: &Value) -> Value {
    let mut who = who.clone();
    if hidden.has(Field::Email)
        && let Some(members) = who.as_object_mut()
    {
        members.remove("email");
    }
    who
}

fn target(target: &Value) -> Target {
    let (kind, id) = (target["type"].as_str().unwrap_or_default(), target["id"].as_str().unwrap_or_default());
    let one = format!("{kind}/{id}");
    Target { name: target_name(target), aside: short(&one), href: log_of(&condition("target", &one)) }
}

/// The arguments of a call and the records it was sent with, one line each.
fn arguments(t: Text, metadata: &Value) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    gather(t, "", metadata, &mut lines);
    for (path, _) in &mut lines {
        *path = visible(&spoken(path.strip_prefix("/arguments").unwrap_or(path))).into_owned();
    }
    lines
}

fn gather(t: Text, path: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    if lines.len() >= ARGUMENTS_MAX {
        return;
    }
    match value {
        Value::Object(members) if members.contains_key("$masked") => {
            lines.push((path.to_owned(), t.change_masked().into_owned()));
        }
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                gather(t, &format!("{path}/{name}"), member, lines);
            }
        }
        Value::Null if path.is_empty() => {}
        Value::Object(_) if path.is_empty() => {}
        Value::String(text) => lines.push((path.to_owned(), visible_lines(text))),
        other => lines.push((path.to_owned(), visible_lines(&other.to_string()))),
    }
}

/// The log as it answers a query, whenever that was.
pub(super) fn log_of(q: &str) -> String {
    Asked { q: q.to_owned(), range: "all".to_owned(), ..Asked::default() }.href()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_read_line_by_line() {
        let metadata = json!({
            "arguments": { "amount_cents": 9000, "card": { "$masked": "token" }, "note": "a\u{202e}b", "lines": [1, 2] },
            "order": { "total_cents": 12000 },
        });
        let told = arguments(Text::default(), &metadata);
        let told: Vec<_> = told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(told[0], ("amount_cents", "9000"));
        assert!(told[1].0 == "card" && told[1].1.contains("••••"), "{told:?}");
        assert_eq!(told[2..], [("note", "a⟨U+202E⟩b"), ("lines", "[1,2]"), ("order › total_cents", "12000")]);
        assert_eq!(arguments(Text::default(), &json!({})), []);
    }

    #[test]
    fn whoever_does_not_see_a_field_is_told_that_there_is_one() {
        let hidden = |field: Field| [field].into_iter().collect::<Hidden>();
        let asked = json!({ "metadata": { "arguments": {} }, "changes": [], "reason": null, "actor": {} });
        assert!(hides(hidden(Field::Metadata), &asked));
        assert!(!hides(hidden(Field::Values), &asked) && !hides(hidden(Field::Text), &asked));
        let ana = json!({ "id": "ana", "email": "ana@example.com" });
        assert_eq!(person(hidden(Field::Email), &ana), json!({ "id": "ana" }));
    }
}
