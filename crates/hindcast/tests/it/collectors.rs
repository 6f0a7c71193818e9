//! Splunk, Datadog and Elasticsearch, as strict as they are and as badly as they may behave.

use crate::destinations::{abreast, act, made, server, shown};
use crate::process::wait_for;
use crate::receiver::{Receiver, Reply, told};
use crate::support::event;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Mutex;

/// What a batch of newline or concatenated JSON holds.
fn objects(text: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(text).into_iter().map(|value| value.expect("JSON")).collect()
}

#[test]
fn splunk_gets_what_a_collector_takes_and_its_code_is_read() {
    let replies = Mutex::new(vec![
        told(200, &json!({ "text": "Server is busy", "code": 9 })),
        Reply::Says(200, Vec::new(), "<html>a proxy</html>".to_owned()),
        told(400, &json!({ "text": "Invalid data format", "code": 6, "invalid-event-number": 1 })),
    ]);
    let receiver = Receiver::start(move |sent| {
        if sent.text().contains("poison") && sent.text().matches("sourcetype").count() == 1 {
            return told(
                400,
                &json!({ "text": "Invalid data format", "code": 6, "invalid-event-number": 0 }),
            );
        }
        let next = (sent.nth < 3).then(|| replies.lock().expect("not poisoned").remove(0));
        let is_poisoned = sent.text().contains("poison");
        next.unwrap_or_else(|| match is_poisoned {
            true => {
                told(400, &json!({ "text": "Invalid data format", "code": 6, "invalid-event-number": 0 }))
            }
            false => told(200, &json!({ "text": "Success", "code": 0 })),
        })
    });
    let server = server();
    server.append(&[event("door.open"), event("poison.pill"), event("door.close"), event("window.open")]);
    let id = made(
        &server,
        &json!({
            "kind": "splunk", "name": "siem", "since": "start", "query": "-action:destination.*",
            "settings": { "url": receiver.url, "token": "hec-token", "index": "security" },
        }),
    );
    for _ in 0..3 {
        wait_for("it is tried", || {
            let shown = shown(&server, &id);
            (shown["failures"] == 1 || shown["lag_entries"] == 0).then_some(())
        });
        act(&server, &id, "resume", None);
    }
    let shown = abreast(&server, &id);
    assert_eq!(shown["dead"], 1, "{shown}");
    let sent = receiver.sent();
    let good = sent.iter().skip(3).filter(|sent| !sent.text().contains("poison"));
    let all: Vec<Value> = good.flat_map(|sent| objects(sent.text())).collect();
    let actions: Vec<_> = all.iter().filter_map(|one| one["event"]["action"].as_str()).collect();
    for action in ["door.open", "door.close", "window.open"] {
        assert_eq!(actions.iter().filter(|known| **known == action).count(), 1, "{action} in {actions:?}");
    }
    for one in &all {
        assert_eq!((&one["sourcetype"], &one["index"]), (&json!("hindcast:entry"), &json!("security")));
        assert!(one["time"].is_f64() && one["event"].is_object(), "{one}");
        assert!(one["fields"].as_object().expect("flat").values().all(Value::is_string), "{one}");
    }
    for sent in &sent {
        assert_eq!(sent.path, "/services/collector/event");
        assert_eq!(sent.header("authorization"), "Splunk hec-token");
        assert!(!sent.text().starts_with('['), "objects are concatenated");
    }
}

#[test]
fn splunks_acknowledgement_is_waited_for() {
    let receiver = Receiver::start(|sent| match sent.path.as_str() {
        "/services/collector/event" => told(200, &json!({ "text": "Success", "code": 0, "ackId": 7 })),
        // Not yet, then yes.
        _ => told(200, &json!({ "acks": { "7": sent.nth > 1 } })),
    });
    let server = server();
    server.append(&[event("door.open")]);
    let id = made(
        &server,
        &json!({
            "kind": "splunk", "name": "siem", "since": "start", "query": "action:door.*",
            "settings": { "url": receiver.url, "token": "t", "acknowledge": true },
        }),
    );
    abreast(&server, &id);
    let sent = receiver.sent();
    assert_eq!(sent.len(), 3);
    let channel = sent[0].header("x-splunk-request-channel");
    assert_eq!(sent[1].path, format!("/services/collector/ack?channel={channel}"));
    assert_eq!(sent[1].json(), json!({ "acks": [7] }));
    assert_eq!(channel.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
}

#[test]
fn datadog_gets_arrays_and_what_is_too_old_is_told() {
    let receiver = Receiver::start(|sent| told(if sent.nth == 0 { 200 } else { 202 }, &json!({})));
    let server = server();
    server.append(&[event("door.open"), json!({
        "action": "door.close", "actor": { "type": "agent", "id": "ana" }, "description": "She closed it.",
        "occurred_at": "2020-01-01T00:00:00Z",
    })]);
    let id = made(
        &server,
        &json!({
            "kind": "datadog", "name": "siem", "since": "start", "query": "action:door.*",
            "settings": { "url": receiver.url, "api_key": "dd-key", "tags": "env:test" },
        }),
    );
    // A 200 is not what the intake says.
    wait_for("it is tried again", || (receiver.sent().len() > 1).then_some(()));
    abreast(&server, &id);
    let sent = receiver.sent().pop().expect("sent");
    assert_eq!((sent.path.as_str(), sent.header("dd-api-key")), ("/api/v2/logs", "dd-key"));
    let logs = sent.json();
    let logs = logs.as_array().expect("an array");
    assert_eq!(logs.len(), 2);
    for log in logs {
        assert_eq!(
            (&log["ddsource"], &log["ddtags"], &log["service"]),
            (&json!("hindcast"), &json!("env:test"), &json!("hindcast"))
        );
        assert!(log["hostname"].is_string() && log["message"].is_string(), "{log}");
    }
    // What happened long ago and came just now is told as of just now.
    assert_eq!(
        (&logs[1]["message"], &logs[1]["timestamp"]),
        (&json!("She closed it."), &logs[1]["received_at"])
    );
    assert_eq!(logs[1]["occurred_at"], "2020-01-01T00:00:00.000000Z");
}

#[test]
fn elastic_gets_bulks_and_every_item_has_a_say() {
    let receiver = Receiver::start(|sent| {
        let lines: Vec<Value> = objects(sent.text());
        let items: Vec<_> = lines
            .chunks(2)
            .map(|pair| {
                let status = match pair[1]["action"].as_str().expect("an action") {
                    "poison.pill" => 400,
                    "door.close" if sent.nth == 0 => 429,
                    _ if sent.nth > 0 && pair[1]["index"] == json!(0) => 409,
                    _ => 201,
                };
                json!({ "create": { "status": status, "error": { "type": "t", "reason": "r" } } })
            })
            .collect();
        told(200, &json!({ "errors": true, "items": items }))
    });
    let server = server();
    server.append(&[event("door.open"), event("poison.pill"), event("door.close")]);
    let id = made(
        &server,
        &json!({
            "kind": "elastic", "name": "siem", "since": "start", "query": "-action:destination.*",
            "settings": { "url": receiver.url, "index": "logs-audit-default", "api_key": "id:key" },
        }),
    );
    let shown = abreast(&server, &id);
    assert_eq!(shown["dead"], 1, "{shown}");
    let sent = receiver.sent();
    assert!(sent[0].path.starts_with("/_bulk?filter_path="), "{}", sent[0].path);
    assert_eq!(sent[0].header("content-type"), "application/x-ndjson");
    assert_eq!(sent[0].header("authorization"), format!("ApiKey {}", STANDARD.encode("id:key")));
    assert!(sent[0].text().ends_with("}\n"), "a line break after every line");
    let lines = objects(sent[0].text());
    let create = &lines[0]["create"];
    assert_eq!(
        (&create["_index"], &create["_id"]),
        (&json!("logs-audit-default"), &json!(format!("{}-0", server.workspace)))
    );
    assert!(lines[1]["@timestamp"].is_string() && lines[1]["event"]["outcome"] == "success", "{}", lines[1]);
    // The second bulk begins with what was refused for now.
    assert_eq!(objects(sent[1].text())[1]["action"], "door.close");
}
