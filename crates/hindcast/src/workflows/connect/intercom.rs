//! Intercom: what workflows have done in its conversations, by its REST API.

use super::ask::Asker;
use super::{Connection, Connector, Looked, Performed, named};
use crate::catalog::IntentRow;
use crate::workflows::calls::Call;
use hindcast_ledger::Clock;
use serde_json::{Value, json};

/// One workspace of Intercom's.
pub(super) struct Intercom {
    asker: Asker,
    connection: Connection,
    clock: Clock,
}

impl Intercom {
    pub fn new(asker: Asker, connection: Connection, clock: Clock) -> Self {
        Self { asker, connection, clock }
    }
}

impl Connector for Intercom {
    fn perform(&mut self, row: &IntentRow, call: &Call) -> Performed {
        let of = crate::api::escaped(&row.ticket);
        self.done(&format!("/conversations/{of}"), call).unwrap_or_else(|performed| performed)
    }

    fn look(&self) -> Vec<Looked> {
        let who = |me: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
            format!("the token is that of {} in {}", text(&me["email"]), text(&me["app"]["name"]))
        };
        vec![Looked::known("intercom", self.asker.get("/me", "id"), who)]
    }
}

impl Intercom {
    fn done(&self, path: &str, call: &Call) -> Result<Performed, Performed> {
        let admin = &self.connection.admin;
        let part = |kind: &str| json!({ "message_type": kind, "type": "admin", "admin_id": admin });
        match call.action.as_str() {
            "tag.add" => self.tag(path, call, true),
            "tag.remove" => self.tag(path, call, false),
            "assign" => self.assign(path, call),
            "unassign" => self.assign_to(path, "admin", "0"),
            "note.add" => self.say(path, "note", call.text("text").unwrap_or_default()),
            "reply.draft" => {
                let text = call.text("text").ok_or_else(|| cannot("draft an answer by itself"))?;
                self.say(path, "note", &format!("Draft of an answer:\n\n{text}"))
            }
            "reply.send" => self.say(path, "comment", call.text("text").unwrap_or_default()),
            "ticket.close" | "ticket.resolve" => self.turn(path, "closed", &part("close")),
            "ticket.reopen" => self.turn(path, "open", &json!({ "message_type": "open", "admin_id": admin })),
            "ticket.status" => match call.text("status") {
                Some("open") => {
                    self.turn(path, "open", &json!({ "message_type": "open", "admin_id": admin }))
                }
                Some("solved" | "closed") => self.turn(path, "closed", &part("close")),
                status => Err(cannot(&format!("give a conversation the status {}", status.unwrap_or("?")))),
            },
            "ticket.snooze" => {
                let seconds = call.text("for").and_then(seconds).ok_or_else(|| cannot("tell until when"))?;
                let until = (self.clock)().seconds().saturating_add(seconds);
                let body = json!({ "message_type": "snoozed", "admin_id": admin, "snoozed_until": until });
                self.turn(path, "snoozed", &body)
            }
            "ticket.field" => self.field(path, call),
            other => Err(cannot(&format!("do {other}"))),
        }
    }

    fn tag(&self, path: &str, call: &Call, adds: bool) -> Result<Performed, Performed> {
        let tag = call.tag().ok_or_else(|| Performed::Failed("there is no tag".to_owned()))?;
        let conversation = self.asker.get(path, "id")?;
        let tags = conversation["tags"]["tags"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> =
            tags.iter().filter_map(|tag| tag["name"].as_str().map(str::to_owned)).collect();
        let there = tags.iter().find(|known| known["name"].as_str().is_some_and(|name| same(name, tag)));
        match (adds, there) {
            (true, Some(_)) | (false, None) => Ok(Performed::same(json!({ "tags": names }))),
            (true, None) => {
                // Finds the tag by its name, or makes it.
                let made = self.asker.put_again("/tags", &json!({ "name": tag }), "id")?;
                let body = json!({ "id": made["id"], "admin_id": self.connection.admin });
                self.asker.write("POST", &format!("{path}/tags"), &body)?;
                let after: Vec<_> = names.iter().cloned().chain([tag.to_owned()]).collect();
                Ok(Performed::done(json!({ "tags": names }), json!({ "tags": after })))
            }
            (false, Some(known)) => {
                let id = known["id"].as_str().map(str::to_owned).unwrap_or_else(|| known["id"].to_string());
                let path = format!("{path}/tags/{}", crate::api::escaped(&id));
                self.asker.write("DELETE", &path, &json!({ "admin_id": self.connection.admin }))?;
                let after: Vec<_> = names.iter().filter(|name| !same(name, tag)).collect();
                Ok(Performed::done(json!({ "tags": names }), json!({ "tags": after })))
            }
        }
    }

    fn assign(&self, path: &str, call: &Call) -> Result<Performed, Performed> {
        if let Some(team) = call.text("team") {
            let id = self.found(&self.connection.teams, team, "/teams", "teams", &["name"])?;
            return self.assign_to(path, "team", &id);
        }
        let agent = call.text("agent").ok_or_else(|| cannot("choose somebody by itself"))?;
        let id = self.found(&self.connection.agents, agent, "/admins", "admins", &["email", "name"])?;
        self.assign_to(path, "admin", &id)
    }

    /// The id of a team or teammate, by the names of the connector or those of Intercom.
    fn found(
        &self,
        names: &std::collections::BTreeMap<String, String>,
        said: &str,
        path: &str,
        list: &str,
        by: &[&str],
    ) -> Result<String, Performed> {
        if let Some(id) = named(names, said) {
            return Ok(id.to_owned());
        }
        let known = self.asker.get(path, list)?;
        let mut each = known[list].as_array().into_iter().flatten();
        let is_it = |one: &&Value| by.iter().any(|name| one[*name].as_str().is_some_and(|it| same(it, said)));
        let found = each.find(is_it).and_then(|one| one["id"].as_str().map(str::to_owned));
        found.ok_or_else(|| Performed::Failed(format!("Intercom has nobody called {said}")))
    }

    fn assign_to(&self, path: &str, kind: &str, id: &str) -> Result<Performed, Performed> {
        let shown = |conversation: &Value| {
            let id = |name: &str| match &conversation[name] {
                Value::Number(number) => number.to_string().into(),
                other => other.clone(),
            };
            json!({ "assignee": id("admin_assignee_id"), "team": id("team_assignee_id") })
        };
        let before = shown(&self.asker.get(path, "id")?);
        let name = if kind == "team" { "team" } else { "assignee" };
        if before[name] == id {
            return Ok(Performed::same(before));
        }
        let body = json!({
            "message_type": "assignment", "type": kind, "admin_id": self.connection.admin, "assignee_id": id,
        });
        let after = self.asker.write("POST", &format!("{path}/parts"), &body)?;
        Ok(Performed::done(before, shown(&after)))
    }

    fn say(&self, path: &str, kind: &str, text: &str) -> Result<Performed, Performed> {
        let body = json!({
            "message_type": kind, "type": "admin", "admin_id": self.connection.admin, "body": paragraphs(text),
        });
        self.asker.write("POST", &format!("{path}/reply"), &body)?;
        Ok(Performed::done(Value::Null, Value::Null))
    }

    fn turn(&self, path: &str, state: &str, body: &Value) -> Result<Performed, Performed> {
        let before = json!({ "state": self.asker.get(path, "state")?["state"] });
        if before["state"] == state && state != "snoozed" {
            return Ok(Performed::same(before));
        }
        let after = self.asker.write("POST", &format!("{path}/parts"), body)?;
        Ok(Performed::done(before, json!({ "state": after["state"] })))
    }

    fn field(&self, path: &str, call: &Call) -> Result<Performed, Performed> {
        let field = call.text("field").unwrap_or_default();
        let name = field.strip_prefix("custom.").ok_or_else(|| cannot(&format!("set {field}")))?;
        let value = call.arguments.get("value").cloned().unwrap_or_default();
        let before = json!({ field: self.asker.get(path, "id")?["custom_attributes"][name] });
        if before[field] == value {
            return Ok(Performed::same(before));
        }
        let body = json!({ "custom_attributes": { name: value } });
        let after = self.asker.write("PUT", path, &body)?;
        Ok(Performed::done(before, json!({ field: after["custom_attributes"][name] })))
    }
}

fn cannot(what: &str) -> Performed {
    Performed::Failed(format!("the connector of Intercom cannot {what}"))
}

/// Intercom takes upper and lower case of tags and names for the same.
fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// A text as the HTML that Intercom reads: nothing in it is markup of ours.
fn paragraphs(text: &str) -> String {
    let plain = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let each = plain.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    each.map(|paragraph| format!("<p>{}</p>", paragraph.replace('\n', "<br>"))).collect()
}

/// `30m`, `2h`, `7d` in seconds.
fn seconds(duration: &str) -> Option<i64> {
    let unit = duration.chars().last()?;
    let number: i64 = duration[..duration.len() - unit.len_utf8()].parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    number.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_paragraphs_and_never_markup() {
        assert_eq!(paragraphs("a <b>\nc\n\nd & e"), "<p>a &lt;b&gt;<br>c</p><p>d &amp; e</p>");
        assert_eq!(
            (seconds("30m"), seconds("2d"), seconds("é"), seconds("x")),
            (Some(1_800), Some(172_800), None, None)
        );
    }
}
