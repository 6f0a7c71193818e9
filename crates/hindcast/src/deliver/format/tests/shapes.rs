//! OCSF, ECS and OTLP: what has to be there is there.

use super::{Format, bare, full, outgoing, sender};
use crate::deliver::Outgoing;
use crate::deliver::format::otlp;
use crate::deliver::format::protobuf::{Field, fields};
use hindcast_event::Registry;
use serde_json::{Map, Value, json};

/// What the published schema requires of each class besides what it requires of all. `tests/destinations/ocsf.py` asks
/// the schema itself.
const REQUIRED: &[(u64, &[&str])] = &[
    (1008, &["log_name"]),
    (2003, &["compliance", "finding_info"]),
    (2004, &["finding_info"]),
    (3001, &["user"]),
    (3002, &["user", "service"]),
    (3004, &["entity"]),
    (3005, &["user", "privileges"]),
    (3006, &["group"]),
    (3007, &["user"]),
    (3008, &["iam_role"]),
    (6001, &["web_resources"]),
    (6002, &["app"]),
    (6003, &["actor", "api", "src_endpoint"]),
];

pub(super) fn ocsf_has_what_it_needs(event: &Map<String, Value>) {
    for name in ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"] {
        assert!(event.contains_key(name), "{name}");
    }
    let class = event["class_uid"].as_u64().expect("a number");
    let (_, required) = REQUIRED.iter().find(|(uid, _)| *uid == class).expect("a class we know");
    for name in *required {
        assert!(event.contains_key(*name), "{name} in {class}");
    }
    assert_eq!(event["category_uid"], class / 1000);
    assert_eq!(event["type_uid"], class * 100 + event["activity_id"].as_u64().expect("a number"));
    let is_thing = |thing: &Value| {
        ["uid", "name"].iter().any(|name| thing[name].as_str().is_some_and(|text| !text.is_empty()))
    };
    for name in ["user", "entity", "group", "iam_role", "app"] {
        assert!(event.get(name).is_none_or(is_thing), "{name}: one of uid and name");
    }
    assert!(is_thing(&event["actor"]["user"]));
    assert!(event["metadata"]["product"]["name"].is_string() && event["metadata"]["version"].is_string());
}

#[test]
fn every_activity_of_the_registry_has_a_class_in_both_versions() {
    for activity in Registry::builtin().all() {
        let entry = outgoing(json!({ "action": activity.code, "actor": { "type": "user", "id": "u_7" } }));
        for format in [Format::Ocsf, Format::Ocsf18] {
            let event = format.object(&entry, &sender());
            ocsf_has_what_it_needs(&event);
            let (id, name) = (&event["activity_id"], &event["activity_name"]);
            assert_eq!(*id == 99, *name == activity.code, "{}: what is not 99 has a caption", activity.code);
        }
        let old = Format::Ocsf18.object(&entry, &sender())["class_uid"].as_u64();
        assert!(!matches!(old, Some(3007 | 3008)), "{}", activity.code);
    }
}

/// For `tests/destinations/ocsf.py`: every activity, with everything an entry can have and with as little.
#[test]
#[ignore = "writes a file for tests/destinations/ocsf.sh"]
fn every_activity_as_ocsf() {
    let folder = std::path::PathBuf::from(std::env::var("HINDCAST_PEERS").expect("HINDCAST_PEERS is set"));
    for format in [Format::Ocsf, Format::Ocsf18] {
        let mut lines = String::new();
        for code in Registry::builtin()
            .all()
            .iter()
            .map(|activity| activity.code)
            .chain(["no.such_thing", "thing.created"])
        {
            let agent = json!({ "type": "agent", "id": "fin", "ai": { "model": "m", "provider": "p" } });
            let mut entries = [bare(), full(), full()];
            entries[2].json["actor"] = agent;
            for mut entry in entries {
                entry.json["action"] = code.into();
                lines.push_str(&format.line(&entry, &sender()));
                lines.push('\n');
            }
        }
        std::fs::write(folder.join(format!("all.{}", format.as_str())), lines).expect("written");
    }
}

#[test]
fn ocsf_says_the_same_as_we_do() {
    let event = Format::Ocsf.object(&full(), &sender());
    for (path, value) in [
        ("/class_uid", json!(3008)),
        ("/activity_id", json!(2)),
        ("/activity_name", json!("Update")),
        ("/type_uid", json!(300_802)),
        ("/type_name", json!("Role Management: Update")),
        ("/time", json!(1_795_288_620_123_i64)),
        ("/metadata/version", json!("1.9.0")),
        ("/metadata/uid", json!("019aa809-2d29-7707-8707-070707070707")),
        ("/metadata/sequence", json!(184_203)),
        ("/metadata/event_code", json!("role.updated")),
        ("/metadata/tenant_uid", json!("acme")),
        ("/metadata/logged_time", json!(1_795_288_620_131_i64)),
        ("/metadata/correlation_uid", json!("req_1")),
        ("/actor/user/uid", json!("u_7")),
        ("/actor/user/email_addr", json!("ada@example.com")),
        ("/actor/session/uid", json!("s_1")),
        ("/iam_role/uid", json!("r_5")),
        ("/src_endpoint/ip", json!("203.0.113.9")),
        ("/src_endpoint/location/country", json!("FR")),
        ("/src_endpoint/autonomous_system/number", json!(64_500)),
        ("/http_request/user_agent", json!("Mozilla/5.0 (X11)")),
        ("/status_id", json!(1)),
        ("/status_code", json!("R1")),
        ("/status_detail", json!("asked for")),
        ("/unmapped/changes/0/after", json!("write")),
        ("/unmapped/on_behalf_of/id", json!("u_3")),
    ] {
        assert_eq!(Value::Object(event.clone()).pointer(path), Some(&value), "{path}");
    }
    let denied = outgoing(json!({ "action": "role.updated", "outcome": { "result": "denied" } }));
    let event = Format::Ocsf.object(&denied, &sender());
    assert_eq!((&event["status_id"], &event["status"]), (&json!(99), &json!("denied")));
}

#[test]
fn an_agent_of_ours_is_an_ai_agent_of_ocsf() {
    let entry = outgoing(
        json!({ "action": "ai_agent.tool_called", "actor": { "type": "agent", "id": "fin", "name": "Fin",
        "ai": { "agent_version": "1.4.2", "instance_id": "run_9", "provider": "acme", "model": "m" } } }),
    );
    let event = Format::Ocsf.object(&entry, &sender());
    assert_eq!(
        event["ai_agent"],
        json!({ "uid": "fin", "name": "Fin", "version": "1.4.2", "instance_uid": "run_9",
            "ai_model": { "ai_provider": "acme", "name": "m" } })
    );
    assert_eq!(event["metadata"]["profiles"], json!(["host", "ai_operation"]));
    assert!(!Format::Ocsf18.object(&entry, &sender()).contains_key("ai_agent"));
}

#[test]
fn ecs_says_the_same_as_we_do() {
    let document = Value::Object(Format::Ecs.object(&full(), &sender()));
    for (path, value) in [
        ("/@timestamp", json!("2026-11-21T19:17:00.123456Z")),
        ("/event/id", json!("019aa809-2d29-7707-8707-070707070707")),
        ("/event/action", json!("role.updated")),
        ("/event/category", json!(["iam", "configuration"])),
        ("/event/type", json!(["change", "admin"])),
        ("/event/outcome", json!("success")),
        ("/event/sequence", json!(184_203)),
        ("/event/created", json!("2026-11-21T19:17:00.131000Z")),
        ("/user/id", json!("u_7")),
        ("/user/roles", json!(["admin"])),
        ("/user/effective/id", json!("u_3")),
        ("/user/target/id", json!("u_9")),
        ("/source/ip", json!("203.0.113.9")),
        ("/source/geo/country_iso_code", json!("FR")),
        ("/source/as/number", json!(64_500)),
        ("/user_agent/name", json!("Firefox")),
        ("/trace/id", json!("5b8efff798038103d269b633813fc60c")),
        ("/labels/count", json!("3")),
        ("/labels/a_b", json!("x")),
        ("/hindcast/changes/0/before", json!("read")),
        ("/organization/id", json!("acme")),
    ] {
        assert_eq!(document.pointer(path), Some(&value), "{path}");
    }
    assert_eq!(Format::Ecs.object(&bare(), &sender())["event"]["outcome"], "unknown");
}

/// Puts a field, by its number, into an object.
type Putting<'p> = dyn Fn(u32, Field<'_>, &mut Map<String, Value>) + 'p;

/// Reads a request in Protocol Buffers into the JSON of OTLP.
fn read_request(bytes: &[u8]) -> Value {
    let message = |bytes: &[u8], of: &Putting<'_>| {
        let mut out = Map::new();
        fields(bytes).expect("a message").into_iter().for_each(|(number, field)| of(number, field, &mut out));
        Value::Object(out)
    };
    fn bytes_of<'a>(field: Field<'a>) -> &'a [u8] {
        let Field::Bytes(bytes) = field else { panic!("bytes") };
        bytes
    }
    fn number_of(field: Field<'_>) -> u64 {
        let Field::Number(number) = field else { panic!("a number") };
        number
    }
    let text = |field: Field<'_>| Value::from(String::from_utf8(bytes_of(field).to_vec()).expect("UTF-8"));
    let hex = |field: Field<'_>| {
        Value::from(bytes_of(field).iter().map(|b| format!("{b:02x}")).collect::<String>())
    };
    fn add(out: &mut Map<String, Value>, name: &str, value: Value) {
        let list = out.entry(name).or_insert_with(|| json!([]));
        list.as_array_mut().expect("a list").push(value);
    }
    fn any(bytes: &[u8]) -> Value {
        let Some((number, field)) = fields(bytes).expect("a message").into_iter().next() else {
            return json!({});
        };
        match number {
            1 => json!({ "stringValue": String::from_utf8(bytes_of(field).to_vec()).expect("UTF-8") }),
            2 => json!({ "boolValue": number_of(field) == 1 }),
            3 => json!({ "intValue": number_of(field).cast_signed().to_string() }),
            4 => json!({ "doubleValue": f64::from_bits(number_of(field)) }),
            5 => json!({ "arrayValue": { "values": list(bytes_of(field), any) } }),
            6 => json!({ "kvlistValue": { "values": list(bytes_of(field), pair) } }),
            other => panic!("field {other} of AnyValue"),
        }
    }
    fn list(bytes: &[u8], of: fn(&[u8]) -> Value) -> Value {
        fields(bytes).expect("a message").into_iter().map(|(_, field)| of(bytes_of(field))).collect()
    }
    fn pair(bytes: &[u8]) -> Value {
        let read = fields(bytes).expect("a message");
        let key = String::from_utf8(bytes_of(read[0].1).to_vec()).expect("UTF-8");
        json!({ "key": key, "value": any(bytes_of(read[1].1)) })
    }
    let record = |bytes: &[u8]| {
        message(bytes, &|number, field, out| match number {
            1 => drop(out.insert("timeUnixNano".into(), number_of(field).to_string().into())),
            2 => drop(out.insert("severityNumber".into(), number_of(field).into())),
            3 => drop(out.insert("severityText".into(), text(field))),
            5 => drop(out.insert("body".into(), any(bytes_of(field)))),
            6 => add(out, "attributes", pair(bytes_of(field))),
            9 => drop(out.insert("traceId".into(), hex(field))),
            10 => drop(out.insert("spanId".into(), hex(field))),
            11 => drop(out.insert("observedTimeUnixNano".into(), number_of(field).to_string().into())),
            12 => drop(out.insert("eventName".into(), text(field))),
            other => panic!("field {other} of LogRecord"),
        })
    };
    let scope = |bytes: &[u8]| {
        message(bytes, &|number, field, out| match number {
            1 => drop(out.insert("name".into(), text(field))),
            _ => drop(out.insert("version".into(), text(field))),
        })
    };
    let scope_logs = |bytes: &[u8]| {
        message(bytes, &|number, field, out| match number {
            1 => drop(out.insert("scope".into(), scope(bytes_of(field)))),
            _ => add(out, "logRecords", record(bytes_of(field))),
        })
    };
    let resource =
        |bytes: &[u8]| message(bytes, &|_, field, out| add(out, "attributes", pair(bytes_of(field))));
    let resource_logs = |bytes: &[u8]| {
        message(bytes, &|number, field, out| match number {
            1 => drop(out.insert("resource".into(), resource(bytes_of(field)))),
            _ => add(out, "scopeLogs", scope_logs(bytes_of(field))),
        })
    };
    message(bytes, &|_, field, out| add(out, "resourceLogs", resource_logs(bytes_of(field))))
}

pub(super) fn otlp_is_the_same_both_ways(entries: &[Outgoing]) {
    let json: Value = serde_json::from_slice(&otlp::json(entries, &sender())).expect("JSON");
    assert_eq!(read_request(&otlp::protobuf(entries, &sender())), json);
}

#[test]
fn a_record_of_otlp_is_an_event() {
    let request: Value = serde_json::from_slice(&otlp::json(&[full(), bare()], &sender())).expect("JSON");
    let records = &request["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
    assert_eq!(records.as_array().map(Vec::len), Some(2));
    let record = &records[0];
    for (name, value) in [
        ("timeUnixNano", json!("1795288620123456000")),
        ("observedTimeUnixNano", json!("1795288620131000000")),
        ("severityNumber", json!(10)),
        ("eventName", json!("role.updated")),
        ("traceId", json!("5b8efff798038103d269b633813fc60c")),
        ("spanId", json!("eee19b7ec3c1b174")),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    let attribute = |key: &str| {
        let found = record["attributes"].as_array().into_iter().flatten().find(|pair| pair["key"] == key);
        found.map(|pair| pair["value"].clone())
    };
    assert_eq!(
        attribute("log.record.uid"),
        Some(json!({ "stringValue": "019aa809-2d29-7707-8707-070707070707" }))
    );
    assert_eq!(attribute("actor.id"), Some(json!({ "stringValue": "u_7" })));
    assert_eq!(attribute("hindcast.index"), Some(json!({ "intValue": "184203" })));
    assert_eq!(attribute("facts.off_hours"), Some(json!({ "boolValue": true })));
    let mut keys: Vec<_> =
        record["attributes"].as_array().into_iter().flatten().map(|pair| pair["key"].to_string()).collect();
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count, "no attribute stands twice");
}
