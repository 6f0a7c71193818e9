//! What is written is read back by strict parsers of our own, whatever callers put into an entry.

mod headers;
mod limits;
mod parsers;
mod shapes;

use super::Format;
use crate::deliver::{Outgoing, Sender, sender};
use hindcast_event::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// An entry as the API shows it.
pub(super) fn outgoing(json: Value) -> Outgoing {
    let Value::Object(json) = json else { panic!("an entry is an object") };
    let time = |name: &str| json.get(name).and_then(Value::as_str).and_then(Timestamp::parse);
    Outgoing {
        index: json.get("index").and_then(Value::as_u64).unwrap_or(7),
        id: json.get("id").and_then(Value::as_str).unwrap_or("0190-7").to_owned(),
        occurred_at: time("occurred_at").unwrap_or(Timestamp::from_micros(1_763_752_620_123_456)),
        received_at: time("received_at").unwrap_or(Timestamp::from_micros(1_763_752_620_131_000)),
        bytes: Value::Object(json.clone()).to_string().len(),
        json,
        activity_log: Map::new(),
        attempt: 1,
        is_test: false,
    }
}

/// An entry with everything in it.
pub(super) fn full() -> Outgoing {
    outgoing(json!({
        "index": 184203, "id": "019aa809-2d29-7707-8707-070707070707", "action": "role.updated",
        "occurred_at": "2026-11-21T19:17:00.123456Z", "received_at": "2026-11-21T19:17:00.131000Z",
        "actor": { "type": "user", "id": "u_7", "name": "Ada", "email": "ada@example.com", "role": "admin" },
        "on_behalf_of": { "type": "user", "id": "u_3", "email": "bo@example.com" },
        "authorized_by": { "policy_id": "p_12", "decision": "allow" },
        "targets": [{ "type": "role", "id": "r_5", "name": "Support" }, { "type": "user", "id": "u_9", "name": "Cleo" }],
        "changes": [{ "path": "/permissions/0", "before": "read", "after": "write" }, { "path": "/limit", "before": 24 }],
        "outcome": { "result": "success", "reason": "asked for", "code": "R1" },
        "context": { "ip": "203.0.113.9", "forwarded_for": ["10.0.0.2"], "user_agent": "Mozilla/5.0 (X11)",
            "session_id": "s_1", "request_id": "req_1", "source": "ui", "geo": { "country": "FR", "city": "Paris" },
            "traceparent": "00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01" },
        "facts": { "ip_asn": 64500, "ip_as_org": "Example", "ip_country": "FR", "ua_browser": "Firefox", "off_hours": true },
        "reason": "ticket SUP-12", "metadata": { "count": 3, "scope": { "a": [1, 2.5, null] }, "a.b": "x" },
    }))
}

/// As little as an entry can say.
pub(super) fn bare() -> Outgoing {
    outgoing(json!({ "index": 0, "id": "e_0", "action": "door.opened" }))
}

/// Values that break formats.
pub(super) const NASTY: [&str; 14] = [
    "a|b=c]d\\e\"f",
    "one\ntwo\r\nthree\ttabbed",
    " leading and trailing ",
    "<14>1 - - - - - - fake",
    "x=1 y=2 act=deleted",
    "CEF:0|a|b|c|d|e|9|act=forged",
    "\\n \\= \\| \\",
    "👩‍💻🏳️‍🌈 emoji",
    "\u{202e}txt.exe\u{202c} שלום مرحبا",
    "\u{0}\u{1}\u{7f}\u{85}\u{9b}",
    "\u{feff}bom",
    "\u{2028}\u{2029}",
    "]]>\"} ] [",
    "%0a%22",
];

/// An entry with a text in every place that callers choose.
pub(super) fn with(text: &str) -> Outgoing {
    outgoing(json!({
        "index": 1, "id": text, "action": text, "kind": "event",
        "actor": { "type": "user", "id": text, "name": text, "email": text, "role": text },
        "on_behalf_of": { "type": "user", "id": text },
        "targets": [{ "type": text, "id": text, "name": text }],
        "changes": [{ "path": text, "before": text, "after": { text: [text] } }],
        "outcome": { "result": "failure", "reason": text, "code": text },
        "context": { "ip": "2001:db8::1", "user_agent": text, "session_id": text, "request_id": text, "source": text },
        "reason": text, "description": text, "metadata": { text: text, "n": { text: text } },
    }))
}

fn everything_is_read_back(entry: &Outgoing) {
    let sender: Sender = sender();
    parsers::cef(&Format::Cef.line(entry, &sender));
    parsers::leef(&Format::Leef.line(entry, &sender));
    parsers::gelf(&Format::Gelf.object(entry, &sender));
    for format in [Format::Native, Format::Cef, Format::Leef] {
        let shape = super::syslog::Shape { format, enterprise: 32473, bytes_max: 65_000 };
        if let Some(message) = super::syslog::message(entry, &sender, shape) {
            parsers::syslog(&message);
        }
    }
    parsers::cloud_event(&Format::CloudEvents.object(entry, &sender));
    headers::binary_is_read_back(entry);
    shapes::otlp_is_the_same_both_ways(std::slice::from_ref(entry));
    for format in [Format::Ocsf, Format::Ocsf18] {
        shapes::ocsf_has_what_it_needs(&format.object(entry, &sender));
    }
}

#[test]
fn nasty_values_are_read_back() {
    for text in NASTY {
        everything_is_read_back(&with(text));
    }
    everything_is_read_back(&with(&"ä|=\"".repeat(2500)));
    everything_is_read_back(&full());
    everything_is_read_back(&bare());
    everything_is_read_back(&outgoing(json!({})));
    // Members of other kinds than anybody expects.
    everything_is_read_back(&outgoing(
        json!({ "action": 7, "actor": [1], "targets": { "a": 1 }, "changes": "x",
        "outcome": null, "context": "x", "metadata": [1], "facts": 3 }),
    ));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // What JSON's reader gives back to the last bit.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_back(text in any::<String>()) {
        everything_is_read_back(&with(&text));
    }

    #[test]
    fn any_shape_is_read_back(metadata in json_value(), before in json_value(), target in json_value(), actor in json_value()) {
        everything_is_read_back(&outgoing(json!({ "action": "role.updated", "metadata": { "x": metadata }, "actor": actor,
            "changes": [{ "path": "/a", "before": before }], "targets": [target] })));
    }
}
