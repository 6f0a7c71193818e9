//! One line of the demo's history: an event as its source would submit it.

use super::dice::Dice;
use hindcast_event::json::write_string;
use hindcast_event::{Arrival, Timestamp};
use serde::Serialize;

/// An event being told. What is said first stands first; [`Line::finish`] makes JSON of it.
#[derive(Clone, Debug)]
pub struct Line {
    at: i64,
    id: Option<[u8; 10]>,
    head: Vec<u8>,
    targets: Vec<u8>,
    changes: Vec<u8>,
    metadata: Vec<u8>,
}

/// Where somebody was and with what.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Place {
    /// The address; empty for what happens within.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ip: String,
    /// The country of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// The program.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub user_agent: &'static str,
    /// The signed-in session.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub session_id: String,
    /// The channel.
    pub source: &'static str,
}

/// A country and perhaps a city.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Geo {
    /// As in ISO 3166-1.
    pub country: &'static str,
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<&'static str>,
}

impl Place {
    /// Inside of the product: no address.
    pub fn within(source: &'static str) -> Self {
        Self { source, ..Self::default() }
    }
}

impl Line {
    /// `actor` (JSON) did `action`.
    pub fn new(at: i64, actor: &str, action: &str) -> Self {
        let mut head = Vec::with_capacity(640);
        head.extend_from_slice(b",\"action\":");
        write_string(action, &mut head);
        head.extend_from_slice(b",\"actor\":");
        head.extend_from_slice(actor.as_bytes());
        Self { at, id: None, head, targets: Vec::new(), changes: Vec::new(), metadata: Vec::new() }
    }

    /// When it happened.
    pub fn at(&self) -> i64 {
        self.at
    }

    /// To this.
    pub fn target(mut self, kind: &str, id: &str, name: &str) -> Self {
        self.targets.extend_from_slice(b",{\"type\":");
        write_string(kind, &mut self.targets);
        self.targets.extend_from_slice(b",\"id\":");
        write_string(id, &mut self.targets);
        if !name.is_empty() {
            self.targets.extend_from_slice(b",\"name\":");
            write_string(name, &mut self.targets);
        }
        self.targets.push(b'}');
        self
    }

    /// A value changed.
    pub fn change(mut self, path: &str, before: impl Serialize, after: impl Serialize) -> Self {
        self.changes.extend_from_slice(b",{\"path\":");
        write_string(path, &mut self.changes);
        self.changes.extend_from_slice(b",\"before\":");
        value(before, &mut self.changes);
        self.changes.extend_from_slice(b",\"after\":");
        value(after, &mut self.changes);
        self.changes.push(b'}');
        self
    }

    /// A value that belongs to it.
    pub fn meta(mut self, name: &str, of: impl Serialize) -> Self {
        self.metadata.push(b',');
        write_string(name, &mut self.metadata);
        self.metadata.push(b':');
        value(of, &mut self.metadata);
        self
    }

    /// From here.
    pub fn from(self, place: &Place) -> Self {
        self.field("context", place)
    }

    /// For this actor (JSON).
    pub fn on_behalf_of(mut self, actor: &str) -> Self {
        self.head.extend_from_slice(b",\"on_behalf_of\":");
        self.head.extend_from_slice(actor.as_bytes());
        self
    }

    /// A policy let it happen, or not.
    pub fn by_policy(self, policy: &str, decision: &str) -> Self {
        self.field(
            "authorized_by",
            serde_json::json!({"policy_id": policy, "policy_version": 3, "decision": decision}),
        )
    }

    /// It did not work.
    pub fn failed(self, code: &str, reason: &str) -> Self {
        self.ended("failure", code, reason)
    }

    /// It was not allowed.
    pub fn denied(self, code: &str, reason: &str) -> Self {
        self.ended("denied", code, reason)
    }

    fn ended(self, result: &str, code: &str, reason: &str) -> Self {
        self.field("outcome", serde_json::json!({"result": result, "code": code, "reason": reason}))
    }

    /// The actor says why.
    pub fn because(self, reason: &str) -> Self {
        self.field("reason", reason)
    }

    /// The source says it in its own words.
    pub fn described(self, description: &str) -> Self {
        self.field("description", description)
    }

    /// Gives it an id that can be worked out from its name.
    pub fn known_as(mut self, name: &str) -> Self {
        self.id = Some(Dice::named(name).ten_bytes());
        self
    }

    fn field(mut self, name: &str, of: impl Serialize) -> Self {
        self.head.push(b',');
        write_string(name, &mut self.head);
        self.head.push(b':');
        value(of, &mut self.head);
        self
    }

    /// The event as JSON; its id comes from `dice` unless it has one.
    pub fn finish(self, dice: &mut Dice) -> Vec<u8> {
        let random = self.id.unwrap_or_else(|| dice.ten_bytes());
        let now = Timestamp::from_micros(self.at);
        let mut json =
            format!("{{\"id\":\"{}\",\"occurred_at\":\"{now}\"", Arrival { now, random }.id()).into_bytes();
        json.extend_from_slice(&self.head);
        for (name, items, open, close) in [
            ("targets", &self.targets, b'[', b']'),
            ("changes", &self.changes, b'[', b']'),
            ("metadata", &self.metadata, b'{', b'}'),
        ] {
            if let Some((_comma, items)) = items.split_first() {
                json.extend_from_slice(format!(",\"{name}\":").as_bytes());
                json.push(open);
                json.extend_from_slice(items);
                json.push(close);
            }
        }
        json.push(b'}');
        json
    }
}

/// The id that [`Line::known_as`] gives.
pub fn id_of(name: &str, at: i64) -> String {
    let random = Dice::named(name).ten_bytes();
    Arrival { now: Timestamp::from_micros(at), random }.id().to_string()
}

fn value(of: impl Serialize, out: &mut Vec<u8>) {
    let from = out.len();
    if serde_json::to_writer(&mut *out, &of).is_err() {
        out.truncate(from);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;

    #[test]
    fn a_line_is_a_draft_and_keeps_its_known_id() {
        let actor = r#"{"type":"user","id":"u_1","name":"\"Ada\""}"#;
        let line = Line::new(1_700_000_000_000_000, actor, "macro.updated")
            .target("macro", "31", "Refund – \u{1b}[2J")
            .target("team", "4", "")
            .change("/body", "old", "new")
            .change("/shared", false, true)
            .meta("count", 3)
            .meta("list", ["a", "b"])
            .from(&Place::within("ui"))
            .because("asked for")
            .known_as("it");
        let json = String::from_utf8(line.finish(&mut Dice::of(&[]))).expect("text");
        let draft = Draft::parse(&json).expect("valid");
        assert_eq!(draft.id.as_deref(), Some(id_of("it", 1_700_000_000_000_000).as_str()));
        assert_eq!((draft.targets.len(), draft.changes.len(), draft.metadata.len()), (2, 2, 2));
    }
}
