//! The Elastic Common Schema, as a document for Elasticsearch and whatever speaks its words.
//!
//! Types of our own fields never change between entries, or one entry would make the next unwelcome: what callers choose
//! freely (changes, metadata, facts) is text, and a name with a dot in it becomes one without.

use super::told::{Operation, Severity, Told, flat, name};
use crate::deliver::{Outgoing, Sender};
use hindcast_event::Category;
use serde_json::{Map, Value, json};

/// The version whose words are used. All of them have been in it since 8.0.
const VERSION: &str = "9.1.0";
/// Names of labels are at most so long.
const LABEL_BYTES_MAX: usize = 64;
/// Elasticsearch refuses longer keywords.
const KEYWORD_CHARS_MAX: usize = 8000;

pub(super) fn object(entry: &Outgoing, sender: &Sender) -> Map<String, Value> {
    let told = Told::new(entry);
    let mut out = Map::new();
    let mut put = |path: &str, value: Value| put(&mut out, path, value);
    put("@timestamp", entry.occurred_at.to_string().into());
    put("ecs.version", VERSION.into());
    put("message", told.sentence().into());
    put("tags", json!(["hindcast", "audit"]));
    put("event.id", entry.id.as_str().into());
    put(
        "event.kind",
        if told.activity().is_some_and(|a| a.ocsf_class == 2004) { "alert" } else { "event" }.into(),
    );
    put("event.action", told.action().into());
    put("event.category", categories(&told));
    put("event.type", types(&told));
    put("event.outcome", outcome(told.result()).into());
    put("event.reason", text(told.text("outcome.reason").or(told.text("reason"))));
    put("event.code", text(told.text("outcome.code")));
    put("event.created", entry.received_at.to_string().into());
    put("event.sequence", entry.index.into());
    put("event.severity", severity(told.severity()).into());
    put("event.module", "hindcast".into());
    put("event.dataset", "hindcast.audit".into());
    put("event.provider", text(told.text("context.source")));
    put("organization.id", sender.workspace.as_str().into());
    put(
        "observer",
        json!({ "vendor": "hindcast", "product": "hindcast", "type": "audit log", "hostname": sender.host,
        "version": env!("CARGO_PKG_VERSION") }),
    );
    put("user.id", text(told.text("actor.id")));
    put("user.name", text(told.actor_name()));
    put("user.email", text(told.text("actor.email")));
    put("user.roles", told.text("actor.role").map_or(Value::Null, |role| json!([role])));
    put("user.effective.id", text(told.text("on_behalf_of.id")));
    put("user.effective.name", text(told.text("on_behalf_of.name")));
    put("user.effective.email", text(told.text("on_behalf_of.email")));
    if let Some(person) = told.target_of(&["user", "admin", "teammate", "person", "member"]) {
        for member in ["id", "name", "email"] {
            put(&format!("user.target.{member}"), text(person.get(member).and_then(Value::as_str)));
        }
    }
    place(&told, &mut put);
    put("related.ip", told.ip().map_or(Value::Null, |ip| json!([ip.to_string()])));
    put("related.user", related(&told));
    put("labels", labels(&told));
    put("hindcast", ours(&told));
    out
}

/// Where it came from.
fn place(told: &Told<'_>, put: &mut impl FnMut(&str, Value)) {
    let ip = told.ip().map(|ip| ip.to_string());
    put("source.ip", ip.as_deref().map_or(Value::Null, Value::from));
    put("source.address", ip.map_or(Value::Null, Value::from));
    put("source.geo.country_iso_code", text(told.country()));
    put("source.geo.region_name", text(told.text("context.geo.region")));
    put("source.geo.city_name", text(told.text("context.geo.city")));
    if let (Some(lat), Some(lon)) = (told.at("context.geo.lat"), told.at("context.geo.lon")) {
        put("source.geo.location", json!({ "lat": lat, "lon": lon }));
    }
    put("source.as.number", told.at("facts.ip_asn").cloned().unwrap_or_default());
    put("source.as.organization.name", text(told.text("facts.ip_as_org")));
    put("user_agent.original", text(told.text("context.user_agent")));
    put("user_agent.name", text(told.text("facts.ua_browser")));
    put("user_agent.os.name", text(told.text("facts.ua_os")));
    put("user_agent.device.name", text(told.text("facts.ua_device")));
    put("http.request.id", text(told.text("context.request_id")));
    if let Some((trace, span)) = told.trace() {
        put("trace.id", trace.into());
        put("span.id", span.into());
    }
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

/// Puts a value at a dotted path; nothing and empty objects are left out.
fn put(out: &mut Map<String, Value>, path: &str, value: Value) {
    let is_empty = match &value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    if is_empty {
        return;
    }
    let mut names = path.split('.').peekable();
    let mut at = out;
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            at.insert(name.to_owned(), value);
            return;
        }
        let inner = at.entry(name).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(inner) = inner else { return };
        at = inner;
    }
}

/// `event.category`, from the words that ECS allows.
fn categories(told: &Told<'_>) -> Value {
    let class = told.activity().map_or(0, |activity| activity.ocsf_class);
    match (class, told.category()) {
        (3002, _) => json!(["authentication"]),
        (3006 | 3007, _) => json!(["iam"]),
        (3008, _) => json!(["iam", "configuration"]),
        (6003, _) => json!(["api"]),
        (6002, _) => json!(["package", "configuration"]),
        (_, Category::Conversations | Category::Content | Category::DataExports) => json!(["web"]),
        _ => json!(["configuration"]),
    }
}

/// `event.type`, from the words that ECS allows beside that category.
fn types(told: &Told<'_>) -> Value {
    let mut types = vec![match told.operation() {
        Operation::Create => "creation",
        Operation::Read | Operation::Export => "access",
        Operation::Update | Operation::Enable | Operation::Disable => "change",
        Operation::Delete => "deletion",
        Operation::SignIn => "start",
        Operation::SignOut => "end",
        Operation::Other => "info",
    }];
    match told.activity().map_or(0, |activity| activity.ocsf_class) {
        3007 => types.push("user"),
        3006 => types.push("group"),
        3008 => types.push("admin"),
        6003 if told.result() == "denied" => types.push("denied"),
        _ => {}
    }
    json!(types)
}

fn outcome(result: &str) -> &'static str {
    match result {
        "success" => "success",
        "failure" | "denied" => "failure",
        _ => "unknown",
    }
}

/// As our severities are in CEF, which is what ECS suggests where a source has no numbers of its own.
fn severity(severity: Severity) -> u8 {
    super::cef::severity(severity)
}

fn related(told: &Told<'_>) -> Value {
    let paths = ["actor.id", "actor.email", "on_behalf_of.id", "on_behalf_of.email"];
    let mut users: Vec<&str> = paths.into_iter().filter_map(|path| told.text(path)).collect();
    users.dedup();
    json!(users)
}

/// Metadata with plain names and values that are no objects, as text.
fn labels(told: &Told<'_>) -> Value {
    let mut labels = Map::new();
    let is_plain = |key: &str| key.len() <= LABEL_BYTES_MAX && !key.is_empty();
    if let Some(Value::Object(metadata)) = told.at("metadata") {
        for (key, value) in metadata.iter().filter(|(key, _)| is_plain(key)) {
            if let Some(value) = super::told::scalar(value) {
                let key = name(key).replace('.', "_");
                labels.entry(key).or_insert_with(|| super::told::cut(&value, KEYWORD_CHARS_MAX).into());
            }
        }
    }
    Value::Object(labels)
}

/// What ECS has no words for.
fn ours(told: &Told<'_>) -> Value {
    let mut out = Map::new();
    let mut put = |path: &str, value: Value| put(&mut out, path, value);
    put("index", told.entry.index.into());
    put("received_at", told.entry.received_at.to_string().into());
    put("kind", text(told.text("kind")));
    put("category", told.category().code().into());
    put("actor.type", text(told.text("actor.type")));
    put("on_behalf_of.type", text(told.text("on_behalf_of.type")));
    put("outcome", told.result().into());
    put("session_id", text(told.text("context.session_id")));
    let of = |target: &Value, name: &str| target.get(name).and_then(Value::as_str).map(str::to_owned);
    let targets = told.targets().iter().map(|target| {
        let members = ["type", "id", "name"].into_iter();
        members
            .filter_map(|name| Some((name.to_owned(), of(target, name)?.into())))
            .collect::<Map<_, Value>>()
    });
    put("targets", targets.map(Value::Object).collect());
    let changes = told.at("changes").and_then(Value::as_array).into_iter().flatten().map(|change| {
        let side =
            |name| change.get(name).map(|value| super::told::cut(&flat(value), KEYWORD_CHARS_MAX).into());
        let mut members =
            Map::from_iter([("path".to_owned(), text(change.get("path").and_then(Value::as_str)))]);
        members
            .extend(["before", "after"].into_iter().filter_map(|name| Some((name.to_owned(), side(name)?))));
        Value::Object(members)
    });
    put("changes", changes.collect());
    for section in ["metadata", "facts", "authorized_by", "truncated"] {
        put(section, told.at(section).map_or(Value::Null, |value| value.to_string().into()));
    }
    put("actor.ai", told.at("actor.ai").map_or(Value::Null, |value| value.to_string().into()));
    Value::Object(out)
}
