//! The Open Cybersecurity Schema Framework: 1.9.0, and 1.8.0 for receivers that do not know its user and role classes yet.
//!
//! The registry says of each activity which class and which activity of it; what is no attribute of that class stands
//! whole in `unmapped`, so nothing is lost on the way.

mod names;
mod parts;

use super::told::{Severity, Told};
use crate::deliver::{Outgoing, Sender};
use serde_json::{Map, Value, json};

/// A version of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 1.9.0 of August 2026, which brought user and role management.
    V1_9,
    /// 1.8.0, where those are account change, user access and entity management.
    V1_8,
}

/// A class and an activity of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class {
    uid: u32,
    activity: u8,
}

/// Actions nobody registered change something, or nobody knows what they do.
const UNREGISTERED: u32 = 3004;
/// Not one of the activities that a class lists.
const OTHER: u8 = 99;

pub(super) fn object(entry: &Outgoing, sender: &Sender, version: Version) -> Map<String, Value> {
    let told = Told::new(entry);
    let class = Class::of(&told).in_version(version);
    let (category, activity) = (class.uid / 1000, names::activity(class.uid, class.activity));
    let class_name = names::class(class.uid);
    let activity = activity.unwrap_or(told.action());
    let (severity_id, severity) = severity(told.severity());
    let (status_id, status) = status(told.result());
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            out.insert(name.to_owned(), value);
        }
    };
    put("category_uid", category.into());
    put("category_name", names::category(category).into());
    put("class_uid", class.uid.into());
    put("class_name", class_name.into());
    put("activity_id", class.activity.into());
    put("activity_name", activity.into());
    put("type_uid", (u64::from(class.uid) * 100 + u64::from(class.activity)).into());
    put("type_name", format!("{class_name}: {activity}").into());
    put("severity_id", severity_id.into());
    put("severity", severity.into());
    put("time", millis(entry.occurred_at));
    put("message", told.sentence().into());
    put("metadata", metadata(&told, sender, version));
    put("actor", actor(&told));
    put("status_id", status_id.into());
    put("status", if status_id == OTHER { told.result() } else { status }.into());
    put("status_code", text(told.text("outcome.code")));
    put("status_detail", text(told.text("outcome.reason")));
    parts::put(&told, sender, class.uid, version, &mut put);
    if has_ai(&told, version) {
        put("ai_agent", ai_agent(&told));
    }
    put("unmapped", unmapped(&told));
    out
}

impl Class {
    fn of(told: &Told<'_>) -> Self {
        use super::told::Operation;
        if let Some(activity) = told.activity() {
            return Self { uid: activity.ocsf_class, activity: activity.ocsf_activity };
        }
        let activity = match told.operation() {
            Operation::Create => 1,
            Operation::Read => 2,
            Operation::Update => 3,
            Operation::Delete => 4,
            Operation::Enable => 8,
            Operation::Disable => 9,
            Operation::SignIn | Operation::SignOut | Operation::Export | Operation::Other => OTHER,
        };
        Self { uid: UNREGISTERED, activity }
    }

    /// The same in a version that may not have that class yet.
    fn in_version(self, version: Version) -> Self {
        let (uid, activity) = match (version, self.uid, self.activity) {
            // Privileges and roles of a user: User Access Management.
            (Version::V1_8, 3007, 14 | 16) => (3005, 1),
            (Version::V1_8, 3007, 15 | 17) => (3005, 2),
            (Version::V1_8, 3007, activity) => (3001, account_change(activity)),
            // A role is an entity like any other there.
            (Version::V1_8, 3008, 1) => (3004, 1),
            (Version::V1_8, 3008, 3) => (3004, 4),
            (Version::V1_8, 3008, _) => (3004, 3),
            // Group management cannot update before 1.9.
            (Version::V1_8, 3006, 9..) => (3006, OTHER),
            (_, uid, activity) => (uid, activity),
        };
        Self { uid, activity }
    }
}

/// The activity of Account Change for one of User Management.
fn account_change(activity: u8) -> u8 {
    match activity {
        1 => 1,
        3 => 6,
        4 => 2,
        5 => 5,
        6 => 9,
        7 => 12,
        8 => 3,
        9 => 4,
        10 => 7,
        11 => 8,
        12 => 10,
        13 => 11,
        _ => OTHER,
    }
}

fn metadata(told: &Told<'_>, sender: &Sender, version: Version) -> Value {
    let entry = told.entry;
    let mut profiles = vec!["host"];
    if has_ai(told, version) {
        profiles.push("ai_operation");
    }
    let mut metadata = json!({
        "version": match version { Version::V1_9 => "1.9.0", Version::V1_8 => "1.8.0" },
        "product": { "vendor_name": "hindcast", "name": "hindcast", "version": env!("CARGO_PKG_VERSION") },
        "profiles": profiles,
        "uid": entry.id,
        "sequence": entry.index,
        "event_code": told.action(),
        "tenant_uid": sender.workspace.as_str(),
        "logged_time": millis(entry.received_at),
        "original_time": entry.occurred_at.to_string(),
        "log_name": "audit",
        "log_provider": sender.host,
    });
    if let Some(request) = told.text("context.request_id") {
        metadata["correlation_uid"] = request.into();
    }
    if told.at("truncated").is_some() {
        metadata["is_truncated"] = true.into();
    }
    metadata
}

fn actor(told: &Told<'_>) -> Value {
    let mut actor = json!({ "user": user(told.at("actor")) });
    if let Some(session) = told.text("context.session_id") {
        actor["session"] = json!({ "uid": session });
    }
    actor
}

/// A user from whatever has a type, an id, a name and an email address.
fn user(of: Option<&Value>) -> Value {
    let member = |name| of.and_then(|of| of.get(name)?.as_str()).filter(|text| !text.is_empty());
    let type_id = match member("type") {
        Some("user" | "admin" | "teammate" | "person" | "member") => 1,
        Some("system" | "automation") => 3,
        Some("api_key" | "app") => 4,
        None | Some("anonymous") => 0,
        Some(_) => OTHER,
    };
    let mut user = json!({ "type_id": type_id });
    let uid = member("id");
    // One of uid and name must be there.
    let name = member("name").or(member("email")).or(uid.is_none().then_some("unknown"));
    let kind = member("type").filter(|_| type_id == OTHER);
    for (key, value) in [("uid", uid), ("name", name), ("email_addr", member("email")), ("type", kind)] {
        if let Some(value) = value {
            user[key] = value.into();
        }
    }
    user
}

/// The profile `ai_operation` with an agent is newer than 1.8.
fn has_ai(told: &Told<'_>, version: Version) -> bool {
    let class = told.activity().map_or(UNREGISTERED, |activity| activity.ocsf_class);
    version == Version::V1_9 && told.text("actor.type") == Some("agent") && !matches!(class, 2003 | 2004)
}

fn ai_agent(told: &Told<'_>) -> Value {
    let mut agent = json!({ "uid": told.text("actor.id").unwrap_or("unknown") });
    for (key, path) in [
        ("name", "actor.name"),
        ("version", "actor.ai.agent_version"),
        ("instance_uid", "actor.ai.instance_id"),
    ] {
        if let Some(value) = told.text(path) {
            agent[key] = value.into();
        }
    }
    if let (Some(provider), Some(model)) = (told.text("actor.ai.provider"), told.text("actor.ai.model")) {
        agent["ai_model"] = json!({ "ai_provider": provider, "name": model });
    }
    agent
}

/// What the schema has no attribute for, as our API shows it.
fn unmapped(told: &Told<'_>) -> Value {
    const SECTIONS: [&str; 11] = [
        "kind",
        "erased",
        "on_behalf_of",
        "authorized_by",
        "targets",
        "changes",
        "context",
        "facts",
        "reason",
        "metadata",
        "truncated",
    ];
    let whole = |name: &str| Some((name.to_owned(), told.at(name)?.clone()));
    let mut unmapped: Map<String, Value> = SECTIONS.into_iter().filter_map(whole).collect();
    for (name, path) in [("actor_type", "actor.type"), ("actor_role", "actor.role"), ("actor_ai", "actor.ai")]
    {
        told.at(path).into_iter().for_each(|value| drop(unmapped.insert(name.to_owned(), value.clone())));
    }
    unmapped.insert("outcome".to_owned(), told.result().into());
    Value::Object(unmapped)
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

fn millis(time: hindcast_event::Timestamp) -> Value {
    time.micros().div_euclid(1000).into()
}

fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Informational | Severity::Notice => (1, "Informational"),
        Severity::Warning => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

fn status(result: &str) -> (u8, &'static str) {
    match result {
        "success" => (1, "Success"),
        "failure" => (2, "Failure"),
        "denied" => (OTHER, "denied"),
        _ => (0, "Unknown"),
    }
}
