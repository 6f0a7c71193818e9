//! Table by table: what stands where.

use super::parsers;
use super::{Format, NASTY, bare, full, outgoing, sender, with};
use crate::deliver::Outgoing;
use crate::deliver::format::{cloudevents, syslog};
use serde_json::{Value, json};

#[test]
fn cef_has_the_action_as_class_and_its_label_as_name() {
    let (header, pairs) = parsers::cef(&Format::Cef.line(&full(), &sender()));
    assert_eq!(header[..2], ["hindcast", "hindcast"]);
    assert_eq!(header[3], "role.updated");
    assert!(!header[4].contains("Ada"), "a name is the same for all entries of an action: {}", header[4]);
    for (key, value) in [
        ("rt", "1795288620131"),
        ("start", "1795288620123"),
        ("externalId", "019aa809-2d29-7707-8707-070707070707"),
        ("act", "role.updated"),
        ("cat", "agents_roles"),
        ("outcome", "success"),
        ("reason", "asked for"),
        ("suid", "u_7"),
        ("suser", "Ada"),
        ("spriv", "admin"),
        ("duid", "u_9"),
        ("duser", "Cleo"),
        ("src", "203.0.113.9"),
        ("requestClientApplication", "Mozilla/5.0 (X11)"),
        ("dvchost", "audit.example.com"),
        ("cn1", "184203"),
        ("cs1", "acme"),
        ("cs2", "role"),
        ("cs3", "Support"),
        ("cs4", "/permissions/0: read → write; /limit: 24 → "),
        ("cs5", "s_1"),
        ("cs6", "u_3"),
    ] {
        assert_eq!(pairs.get(key).map(String::as_str), Some(value.trim()), "{key}");
    }
    for (key, label) in [("cn1Label", "index"), ("cs1Label", "workspace"), ("cs4Label", "changes")] {
        assert_eq!(pairs[key], label);
    }
}

#[test]
fn cef_escapes_and_gives_the_value_back() {
    for text in NASTY {
        let (header, pairs) = parsers::cef(&Format::Cef.line(&with(text), &sender()));
        // Controls but for the two that have an escape become spaces, and a value has none around it.
        let kept = |c: char| if c.is_control() && !matches!(c, '\n' | '\r') { ' ' } else { c };
        let expected: String = text.chars().map(kept).collect();
        assert_eq!(pairs.get("suid").map_or("", String::as_str), expected.trim(), "{text:?}");
        let expected: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if !expected.trim().is_empty() && !text.trim().is_empty() {
            assert_eq!(header[3], expected.trim(), "{text:?}");
        }
        // A forged pair stays within its value.
        assert_ne!(pairs.get("act").map(String::as_str), Some("deleted"));
    }
}

#[test]
fn a_source_of_ipv6_has_its_own_key_in_cef() {
    let (_, pairs) = parsers::cef(&Format::Cef.line(&with("x"), &sender()));
    assert_eq!((pairs["c6a2"].as_str(), pairs.contains_key("src")), ("2001:db8::1", false));
}

#[test]
fn an_id_that_is_too_long_for_cef_is_never_cut() {
    let id = "i".repeat(41);
    let (_, pairs) =
        parsers::cef(&Format::Cef.line(&outgoing(json!({ "id": id, "action": "a.b" })), &sender()));
    assert_eq!(
        (pairs.get("externalId"), &pairs["flexString2"], pairs["flexString2Label"].as_str()),
        (None, &id, "id")
    );
}

#[test]
fn leef_has_the_keys_that_qradar_knows() {
    let (event_id, pairs) = parsers::leef(&Format::Leef.line(&full(), &sender()));
    assert_eq!(event_id, "role.updated");
    for (key, value) in [
        ("devTime", "2026-11-21T19:17:00.123Z"),
        ("devTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSX"),
        ("cat", "agents_roles"),
        ("sev", "3"),
        ("src", "203.0.113.9"),
        ("usrName", "Ada"),
        ("role", "admin"),
        ("resource", "Support"),
        ("policy", "p_12"),
        ("eventId", "019aa809-2d29-7707-8707-070707070707"),
        ("index", "184203"),
    ] {
        assert_eq!(pairs[key], value, "{key}");
    }
}

#[test]
fn syslog_says_what_its_header_can() {
    let shape = syslog::Shape { format: Format::Native, enterprise: 64999, bytes_max: 8192 };
    let entry = full();
    let message = syslog::message(&entry, &sender(), shape).expect("fits");
    let text = String::from_utf8(message.clone()).expect("UTF-8");
    let process = std::process::id();
    assert!(
        text.starts_with(&format!(
            "<109>1 2026-11-21T19:17:00.123456Z audit.example.com hindcast {process} role.updated [hindcast@64999 id=\""
        )),
        "{text}"
    );
    let read = parsers::syslog(&message);
    assert_eq!(read.priority, 109);
    assert_eq!((read.parameters["actor"].as_str(), read.parameters["index"].as_str()), ("u_7", "184203"));
    let told: Value = serde_json::from_str(&read.message).expect("JSON");
    assert_eq!(told["actor"]["name"], "Ada");
    assert_eq!(told["workspace"], "acme");
}

#[test]
fn a_byte_order_mark_stands_before_what_is_not_ascii_and_never_before_cef_or_leef() {
    for (format, text, marked) in [
        (Format::Native, "plain", false),
        (Format::Native, "é", true),
        (Format::Cef, "é", false),
        (Format::Leef, "é", false),
    ] {
        let shape = syslog::Shape { format, enterprise: 32473, bytes_max: 8192 };
        let message = syslog::message(&with(text), &sender(), shape).expect("fits");
        let read = parsers::syslog(&message);
        assert_eq!(read.message.starts_with('\u{feff}'), marked, "{format:?} {text}");
    }
}

#[test]
fn parameters_of_syslog_are_given_back() {
    for text in NASTY {
        let shape = syslog::Shape { format: Format::Native, enterprise: 32473, bytes_max: 65_000 };
        let read = parsers::syslog(&syslog::message(&with(text), &sender(), shape).expect("fits"));
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        assert_eq!(read.parameters["id"], plain);
    }
}

#[test]
fn what_is_said_of_a_severity() {
    let entry = |action: &str, outcome: &str, metadata: Value| {
        outgoing(json!({ "action": action, "outcome": { "result": outcome }, "metadata": metadata }))
    };
    for (entry, syslog_severity, cef_severity, ocsf_severity) in [
        (entry("conversation.read", "success", json!({})), 6, "1", 1),
        (entry("role.updated", "success", json!({})), 5, "3", 1),
        (entry("role.updated", "denied", json!({})), 4, "5", 3),
        (entry("user.sign_in_failed", "failure", json!({})), 4, "5", 3),
        (entry("alert.raised", "success", json!({ "severity": "high" })), 3, "8", 4),
        (entry("alert.raised", "success", json!({ "severity": "critical" })), 2, "10", 5),
        (entry("log.verified", "failure", json!({ "intact": false })), 2, "10", 5),
    ] {
        let shape = syslog::Shape { format: Format::Cef, enterprise: 32473, bytes_max: 8192 };
        let read = parsers::syslog(&syslog::message(&entry, &sender(), shape).expect("fits"));
        assert_eq!(read.priority, 13 * 8 + syslog_severity, "{:?}", entry.json);
        assert_eq!(parsers::cef(&read.message).0[5], cef_severity);
        assert_eq!(Format::Ocsf.object(&entry, &sender())["severity_id"], ocsf_severity);
    }
}

#[test]
fn gelf_is_flat_and_never_has_an_id_of_its_own() {
    let message = Format::Gelf.object(&full(), &sender());
    assert_eq!(message["timestamp"], json!(1_795_288_620.123_456));
    assert_eq!(message["level"], 5);
    for (name, value) in [
        ("_actor_name", json!("Ada")),
        ("_facts_off_hours", json!("true")),
        ("_facts_ip_asn", json!(64500)),
        ("_metadata_count", json!(3)),
        ("_metadata_scope", json!("{\"a\":[1,2.5,null]}")),
        ("_metadata_a.b", json!("x")),
        ("_index", json!(184_203)),
    ] {
        assert_eq!(message[name], value, "{name}");
    }
    assert!(!message.contains_key("_id"));
}

#[test]
fn a_cloud_event_is_known_by_source_and_id() {
    let event = Format::CloudEvents.object(&full(), &sender());
    for (name, value) in [
        ("source", "//audit.example.com/w/acme"),
        ("id", "acme_184203"),
        ("type", "hindcast.role.updated"),
        ("time", "2026-11-21T19:17:00.123456Z"),
        ("recordedtime", "2026-11-21T19:17:00.131000Z"),
        ("subject", "role/r_5"),
        ("sequence", "00000000000000184203"),
        ("datacontenttype", "application/json"),
        ("traceparent", "00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01"),
    ] {
        assert_eq!(event[name], value, "{name}");
    }
    assert_eq!(event["data"]["actor"]["id"], "u_7");
    assert!(!Format::CloudEvents.object(&bare(), &sender()).contains_key("subject"));
}

/// Reads the headers of binary mode back, by the rules of its HTTP binding.
pub(super) fn binary_is_read_back(entry: &Outgoing) {
    let structured = Format::CloudEvents.object(entry, &sender());
    let (headers, body) = cloudevents::binary(entry, &sender());
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON"), structured["data"]);
    assert_eq!(headers.len(), structured.len() - 2, "all but the data and its type");
    for (name, value) in headers {
        assert!(value.bytes().all(|b| b.is_ascii_graphic() && b != b'"'), "{value:?}");
        let bytes = value.as_bytes();
        let (mut read, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            if bytes[at] == b'%' {
                let digits = std::str::from_utf8(&bytes[at + 1..at + 3]).expect("ASCII");
                read.push(u8::from_str_radix(digits, 16).expect("two digits"));
                at += 3;
            } else {
                read.push(bytes[at]);
                at += 1;
            }
        }
        let name = name.strip_prefix("ce-").expect("a prefix");
        assert_eq!(
            String::from_utf8(read).expect("UTF-8"),
            structured[name].as_str().expect("text"),
            "{name}"
        );
    }
}
