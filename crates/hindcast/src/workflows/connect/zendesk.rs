//! Zendesk: what workflows have done in its tickets, by `PUT /api/v2/tickets/{id}.json`.
//!
//! Each write names the ticket's last change that we know of (`safe_update`): when somebody else was quicker, Zendesk refuses,
//! and the ticket is read again.

use super::ask::Asker;
use super::{Connection, Connector, Looked, Performed, named};
use crate::catalog::IntentRow;
use crate::workflows::calls::Call;
use serde_json::{Map, Value, json};

/// One account of Zendesk's.
pub(super) struct Zendesk {
    asker: Asker,
    connection: Connection,
}

impl Zendesk {
    pub fn new(asker: Asker, connection: Connection) -> Self {
        Self { asker, connection }
    }
}

impl Connector for Zendesk {
    fn perform(&mut self, row: &IntentRow, call: &Call) -> Performed {
        let path = format!("/api/v2/tickets/{}.json", crate::api::escaped(&row.ticket));
        self.done(&path, call).unwrap_or_else(|performed| performed)
    }

    fn look(&self) -> Vec<Looked> {
        let known = self.asker.get("/api/v2/users/me.json", "user");
        // Zendesk tells strangers that they are nobody.
        let known = known.and_then(|answer| match answer["user"]["id"].is_null() {
            true => Err(Performed::Refused("Zendesk does not know whose token it is".to_owned())),
            false => Ok(answer),
        });
        let who = |answer: &Value| {
            let text = |name: &str| answer["user"][name].as_str().unwrap_or("?").to_owned();
            format!("the token is that of {}, {}", text("email"), text("role"))
        };
        vec![Looked::known("zendesk", known, who)]
    }
}

impl Zendesk {
    fn done(&self, path: &str, call: &Call) -> Result<Performed, Performed> {
        let ticket = self.asker.get(path, "ticket")?["ticket"].take();
        let wanted = self.wanted(call, &ticket)?;
        let is_comment = wanted.contains_key("comment");
        let shown = |ticket: &Value| -> Value {
            wanted
                .keys()
                .filter(|name| *name != "comment")
                .map(|name| (name.clone(), ticket[name].clone()))
                .collect()
        };
        let before = shown(&ticket);
        if !is_comment && wanted.iter().all(|(name, value)| is_so(&ticket[name], value)) {
            return Ok(Performed::same(before));
        }
        let mut body = wanted.clone();
        body.insert("safe_update".into(), true.into());
        body.insert("updated_stamp".into(), ticket["updated_at"].clone());
        let after = self.asker.write("PUT", path, &json!({ "ticket": body }))?;
        let after =
            if after["ticket"].is_object() { shown(&after["ticket"]) } else { Value::Object(wanted.clone()) };
        if is_comment {
            return Ok(Performed::done(Value::Null, Value::Null));
        }
        Ok(Performed::done(before, after))
    }

    /// What the ticket is to have.
    fn wanted(&self, call: &Call, ticket: &Value) -> Result<Map<String, Value>, Performed> {
        let one = |name: &str, value: Value| Ok(Map::from_iter([(name.to_owned(), value)]));
        let text = || call.text("text").unwrap_or_default();
        let comment = |text: &str, public: bool| one("comment", json!({ "body": text, "public": public }));
        match call.action.as_str() {
            "tag.add" => one("tags", tags(ticket, call, true)?),
            "tag.remove" => one("tags", tags(ticket, call, false)?),
            "ticket.status" => one("status", status(call.text("status").unwrap_or_default())),
            "ticket.resolve" => one("status", "solved".into()),
            "ticket.close" => one("status", "closed".into()),
            "ticket.reopen" => one("status", "open".into()),
            "ticket.priority" => one("priority", call.text("priority").into()),
            "ticket.type" => one("type", call.text("type").into()),
            "ticket.field" => field(call, ticket),
            "assign" => self.assignment(call),
            "unassign" => one("assignee_id", Value::Null),
            "note.add" => comment(text(), false),
            "reply.draft" => {
                let text = call.text("text").ok_or_else(|| cannot("draft an answer by itself"))?;
                comment(&format!("Draft of an answer:\n\n{text}"), false)
            }
            "reply.send" => comment(text(), true),
            other => Err(cannot(&format!("do {other}"))),
        }
    }

    fn assignment(&self, call: &Call) -> Result<Map<String, Value>, Performed> {
        let id = |id: &str| id.parse::<u64>().map_or_else(|_| id.into(), Value::from);
        if let Some(team) = call.text("team") {
            let known = named(&self.connection.teams, team);
            let found = known.map_or_else(|| self.group(team), |known| Ok(id(known)))?;
            return Ok(Map::from_iter([("group_id".to_owned(), found)]));
        }
        let agent = call.text("agent").ok_or_else(|| cannot("choose somebody by itself"))?;
        match named(&self.connection.agents, agent) {
            Some(known) => Ok(Map::from_iter([("assignee_id".to_owned(), id(known))])),
            None if agent.contains('@') => Ok(Map::from_iter([("assignee_email".to_owned(), agent.into())])),
            None => Err(Performed::Failed(format!("the connector of Zendesk knows no agent called {agent}"))),
        }
    }

    fn group(&self, name: &str) -> Result<Value, Performed> {
        let known = self.asker.get("/api/v2/groups.json", "groups")?;
        let mut groups = known["groups"].as_array().into_iter().flatten();
        let is_it =
            |group: &&Value| group["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
        let found = groups.find(is_it).map(|group| group["id"].clone());
        found.ok_or_else(|| Performed::Failed(format!("Zendesk has no group called {name}")))
    }
}

fn cannot(what: &str) -> Performed {
    Performed::Failed(format!("the connector of Zendesk cannot {what}"))
}

/// Zendesk has other words for two of them.
fn status(status: &str) -> Value {
    if status == "on_hold" { "hold".into() } else { status.into() }
}

/// The tags with one more or less; Zendesk knows them in small letters without blanks.
fn tags(ticket: &Value, call: &Call, adds: bool) -> Result<Value, Performed> {
    let tag = call.tag().ok_or_else(|| Performed::Failed("there is no tag".to_owned()))?;
    let tag = tag.to_lowercase().replace(' ', "_");
    // Tags are written as a whole: who does not know those that are there would take them away.
    let unknown = || Performed::Later("Zendesk did not tell the tags of the ticket".to_owned());
    let known = ticket["tags"].as_array().ok_or_else(unknown)?.iter().filter_map(Value::as_str);
    let mut tags: Vec<String> = known.filter(|known| **known != *tag).map(str::to_owned).collect();
    if adds {
        tags.push(tag);
    }
    tags.sort();
    Ok(tags.into())
}

/// `custom.123` is the custom field 123.
fn field(call: &Call, ticket: &Value) -> Result<Map<String, Value>, Performed> {
    let field = call.text("field").unwrap_or_default();
    let id = field.strip_prefix("custom.").and_then(|id| id.parse::<u64>().ok());
    let id = id.ok_or_else(|| cannot(&format!("set {field}: fields are custom.ID")))?;
    let value = call.arguments.get("value").cloned().unwrap_or_default();
    let known = ticket["custom_fields"].as_array().cloned().unwrap_or_default();
    let is_there = known.iter().any(|one| one["id"] == id && one["value"] == value);
    let wanted = if is_there { Value::Array(known) } else { json!([{ "id": id, "value": value }]) };
    Ok(Map::from_iter([("custom_fields".to_owned(), wanted)]))
}

/// Whether a ticket has a value already; tags have no order.
fn is_so(has: &Value, wanted: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut texts: Vec<String> = value.as_array().into_iter().flatten().map(Value::to_string).collect();
        texts.sort();
        texts
    };
    has == wanted || has.is_array() && wanted.is_array() && sorted(has) == sorted(wanted)
}
