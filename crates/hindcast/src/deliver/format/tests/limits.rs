//! What does not fit is left out as a whole, and said.

use super::{Format, full, outgoing, parsers, sender, with};
use crate::deliver::format::{cloudevents, syslog};
use serde_json::{Value, json};

#[test]
fn no_field_of_cef_is_longer_than_the_standard_allows() {
    let (header, pairs) = parsers::cef(&Format::Cef.line(&with(&"é".repeat(10_000)), &sender()));
    assert_eq!((header[3].chars().count(), header[4].chars().count()), (1023, 512));
    for (key, most) in
        [("act", 63), ("suid", 1023), ("msg", 1023), ("reason", 1023), ("cs2", 4000), ("cs4", 4000)]
    {
        assert_eq!(pairs[key].chars().count(), most, "{key}");
        assert!(pairs[key].ends_with('…'), "{key}");
    }
}

#[test]
fn a_message_of_syslog_is_never_longer_than_allowed_and_stays_json() {
    let mut entry = full();
    entry.json["metadata"] = json!({ "long": "x".repeat(5000) });
    entry.json["changes"] = json!([{ "path": "/a", "before": "y".repeat(5000) }]);
    for bytes_max in [1000, 2048, 8192, 65_000] {
        let shape = syslog::Shape { format: Format::Native, enterprise: 32473, bytes_max };
        let message = syslog::message(&entry, &sender(), shape).expect("fits");
        assert!(message.len() <= bytes_max, "{} of {bytes_max}", message.len());
        let told: Value = serde_json::from_str(&parsers::syslog(&message).message).expect("JSON");
        assert_eq!(
            (&told["index"], &told["id"]),
            (&json!(184_203), &json!("019aa809-2d29-7707-8707-070707070707"))
        );
        let gone: Vec<&str> =
            told["truncated"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        match bytes_max {
            65_000 => assert!(gone.is_empty()),
            8192 => assert_eq!(gone, ["facts", "changes"]),
            2048 => assert_eq!(gone, ["facts", "changes", "metadata"]),
            _ => assert!(gone.starts_with(&["facts", "changes", "metadata", "context"]), "{gone:?}"),
        }
        for name in gone.iter().filter(|name| !matches!(**name, "targets" | "texts")) {
            assert_eq!(told[name], Value::Null, "{name}");
        }
    }
}

#[test]
fn texts_are_cut_last_and_the_id_never() {
    let long = "n".repeat(16_000);
    let entry =
        outgoing(json!({ "index": 3, "id": "e_3", "action": "a.b", "actor": { "id": "u", "name": long },
        "targets": [{ "id": "t", "name": long }, { "id": "t2", "name": long }] }));
    let shape = syslog::Shape { format: Format::Native, enterprise: 32473, bytes_max: 2048 };
    let told = parsers::syslog(&syslog::message(&entry, &sender(), shape).expect("fits")).message;
    let told: Value = serde_json::from_str(told.trim_start_matches('\u{feff}')).expect("JSON");
    assert_eq!(told["truncated"], json!(["targets", "texts"]));
    assert_eq!(
        (told["id"].as_str(), told["actor"]["name"].as_str().map(|name| name.chars().count())),
        (Some("e_3"), Some(256))
    );
    let shape = syslog::Shape { bytes_max: 100, ..shape };
    assert_eq!(syslog::message(&entry, &sender(), shape), None);
}

#[test]
fn a_cloud_event_is_small_enough_for_whoever_passes_it_on() {
    let mut entry = full();
    entry.json["changes"] = json!([{ "path": "/a", "before": "y".repeat(200_000) }]);
    entry.bytes = 200_000;
    let event = Format::CloudEvents.object(&entry, &sender());
    assert!(Value::Object(event.clone()).to_string().len() <= cloudevents::EVENT_BYTES_MAX);
    assert_eq!(event["data"]["truncated"], json!(["facts", "changes"]));
}
