//! What each class needs besides what all of them have.

use super::{Told, Version, text, user};
use crate::deliver::Sender;
use serde_json::{Value, json};
use std::net::IpAddr;

const PEOPLE: &[&str] = &["user", "admin", "teammate", "person", "member"];
const GROUPS: &[&str] = &["team", "group"];
const ROLES: &[&str] = &["role", "custom_role"];

/// Puts the attributes that only this class has.
pub(super) fn put(
    told: &Told<'_>,
    sender: &Sender,
    class: u32,
    version: Version,
    put: &mut impl FnMut(&str, Value),
) {
    let from_network = |put: &mut dyn FnMut(&str, Value)| {
        put("src_endpoint", endpoint(told));
        put("http_request", http_request(told));
    };
    match class {
        1008 => {
            put("log_name", "audit".into());
            put("log_provider", "hindcast".into());
            put("src_endpoint", endpoint(told));
        }
        2003 => {
            put("compliance", compliance(told));
            put("finding_info", finding(told));
        }
        2004 => put("finding_info", finding(told)),
        3001 | 3005 | 3007 => {
            put("user", person(told));
            if class == 3005 {
                put("privileges", privileges(told));
            }
            from_network(put);
        }
        3002 => {
            put("user", person(told));
            put("service", json!({ "name": "workspace", "uid": sender.workspace.as_str() }));
            if told.activity().is_some_and(|activity| activity.ocsf_activity == 7) {
                put("account_switch_type_id", 2.into());
                put("account_switch_type", "Impersonate".into());
            }
            from_network(put);
        }
        3004 => {
            put("entity", entity(told));
            put("comment", text(told.text("reason")));
            from_network(put);
        }
        3006 => {
            put("group", named(told, GROUPS));
            if let Some(person) = told.target_of(PEOPLE) {
                match version {
                    Version::V1_9 => put("users", json!([user(Some(person))])),
                    Version::V1_8 => put("user", user(Some(person))),
                }
            }
            from_network(put);
        }
        3008 => {
            put("iam_role", named(told, ROLES));
            from_network(put);
        }
        6001 => {
            put("web_resources", web_resources(told));
            from_network(put);
        }
        6002 => put("app", app(told)),
        _ => {
            put("api", api(told));
            // Required here, and something of it must be known.
            let from = endpoint(told);
            let unknown = json!({ "svc_name": told.text("context.source").unwrap_or("unknown") });
            put("src_endpoint", if from.is_null() { unknown } else { from });
            put("http_request", http_request(told));
            if !told.targets().is_empty() {
                put("resources", told.targets().iter().map(|target| thing(target, "resource")).collect());
            }
        }
    }
}

/// Where it came from, as far as it is known.
fn endpoint(told: &Told<'_>) -> Value {
    let Some(ip) = told.ip() else { return Value::Null };
    let mut endpoint = json!({ "ip": ip.to_string() });
    let mut location = json!({});
    for (key, value) in [
        ("country", told.country()),
        ("region", told.text("context.geo.region")),
        ("city", told.text("context.geo.city")),
    ] {
        value.into_iter().for_each(|value| location[key] = value.into());
    }
    if location.as_object().is_some_and(|location| !location.is_empty()) {
        endpoint["location"] = location;
    }
    if let Some(number) = told.at("facts.ip_asn").and_then(Value::as_u64) {
        endpoint["autonomous_system"] = json!({ "number": number });
        if let Some(name) = told.text("facts.ip_as_org") {
            endpoint["autonomous_system"]["name"] = name.into();
        }
    }
    let forwarded = told.at("context.forwarded_for").and_then(Value::as_array);
    let is_address = |ip: &&Value| ip.as_str().is_some_and(|ip| ip.parse::<IpAddr>().is_ok());
    let between: Vec<&Value> = forwarded.into_iter().flatten().filter(is_address).collect();
    if !between.is_empty() {
        endpoint["intermediate_ips"] = json!(between);
    }
    endpoint
}

fn http_request(told: &Told<'_>) -> Value {
    let mut request = json!({});
    for (key, path) in [("user_agent", "context.user_agent"), ("uid", "context.request_id")] {
        told.text(path).into_iter().for_each(|value| request[key] = value.into());
    }
    if request.as_object().is_some_and(|request| request.is_empty()) { Value::Null } else { request }
}

/// The user it was done to; without one, whoever did it.
fn person(told: &Told<'_>) -> Value {
    user(told.target_of(PEOPLE).or(told.targets().first()).or(told.at("actor")))
}

/// What the user was given or lost: the targets that are no people, else what the action is called.
fn privileges(told: &Told<'_>) -> Value {
    let is_person = |target: &Value| PEOPLE.contains(&target["type"].as_str().unwrap_or_default());
    let name =
        |target: &Value| ["name", "id"].iter().find_map(|name| target[*name].as_str().map(str::to_owned));
    let named: Vec<String> =
        told.targets().iter().filter(|target| !is_person(target)).filter_map(name).collect();
    if named.is_empty() { json!([told.label()]) } else { json!(named) }
}

/// A thing with `uid`, `name` and `type`; one of the first two is always there.
fn thing(target: &Value, otherwise: &str) -> Value {
    let member = |name| target.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut thing = json!({});
    for (key, name) in [("uid", "id"), ("name", "name"), ("type", "type")] {
        member(name).into_iter().for_each(|value| thing[key] = value.into());
    }
    if thing.get("uid").is_none() && thing.get("name").is_none() {
        thing["name"] = otherwise.into();
    }
    thing
}

/// The first target of these types, else the first; only its `uid` and `name`.
fn named(told: &Told<'_>, types: &[&str]) -> Value {
    let target = told.target_of(types).or(told.targets().first()).unwrap_or(&Value::Null);
    let mut named = thing(target, told.label());
    if let Value::Object(members) = &mut named {
        members.remove("type");
    }
    named
}

fn entity(told: &Told<'_>) -> Value {
    let mut entity = thing(told.targets().first().unwrap_or(&Value::Null), told.label());
    if entity.get("type").is_none() {
        let kind = told.action().split(['.', '_']).next().unwrap_or_default();
        entity["type"] = kind.into();
    }
    entity
}

fn web_resources(told: &Told<'_>) -> Value {
    let resources: Vec<Value> = told.targets().iter().map(|target| thing(target, "resource")).collect();
    if resources.is_empty() { json!([{ "name": told.label() }]) } else { resources.into() }
}

fn app(told: &Told<'_>) -> Value {
    let paths = ["targets.0.name", "metadata.app_package.name", "targets.0.id"];
    let name = paths.into_iter().find_map(|path| told.text(path)).unwrap_or("hindcast");
    let mut app = json!({ "name": name });
    told.text("targets.0.id").into_iter().for_each(|uid| app["uid"] = uid.into());
    told.text("metadata.version").into_iter().for_each(|version| app["version"] = version.into());
    app
}

fn api(told: &Told<'_>) -> Value {
    let paths = ["metadata.operation", "metadata.tool", "actor.ai.tool"];
    let operation = paths.into_iter().find_map(|path| told.text(path)).unwrap_or(told.action());
    let mut api = json!({ "operation": operation });
    if let Some(uid) = told.text("context.request_id") {
        api["request"] = json!({ "uid": uid });
    }
    if let Some(code) = told.at("metadata.status").and_then(Value::as_i64) {
        api["response"] = json!({ "code": code });
    }
    api
}

fn finding(told: &Told<'_>) -> Value {
    let title = ["targets.0.name", "metadata.rule"].into_iter().find_map(|path| told.text(path));
    let uid = told.text("targets.0.id").unwrap_or(&told.entry.id);
    json!({ "uid": uid, "title": title.unwrap_or(told.label()) })
}

fn compliance(told: &Told<'_>) -> Value {
    let mut compliance = json!({ "control": told.text("targets.0.name").unwrap_or(told.label()) });
    if let Some(framework) = told.text("metadata.framework") {
        compliance["standards"] = json!([framework]);
    }
    let status = match told.text("metadata.result").unwrap_or(told.result()) {
        "pass" | "passed" | "success" => 1,
        "fail" | "failed" | "failure" => 3,
        _ => 0,
    };
    compliance["status_id"] = status.into();
    compliance
}
