//! From the text a caller sends to the entry a reader gets.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp, id_time, push_record};

const ARRIVAL: Arrival = Arrival { now: Timestamp::MIN, random: [7; 10] };

fn at(now: &str) -> Arrival {
    Arrival { now: Timestamp::parse(now).expect("a time"), ..ARRIVAL }
}

/// The entry as a reader gets it, when `text` arrives first in a ledger.
fn entry(text: &str) -> String {
    let draft = Draft::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let arrival = at("2026-11-21T19:40:12.345678Z");
    let mut records = Vec::new();
    push_record(Kind::Event, &[1; 16], &mut records, |out| draft.encode(&arrival, out)).expect("fits");
    let entries = Entries::from_run(0, arrival.now, records).expect("whole");
    let mut out = Vec::new();
    entries.get(0).expect("one").write_json(&mut out).expect("whole");
    String::from_utf8(out).expect("utf-8")
}

fn refused(text: &str) -> String {
    Draft::parse(text).expect_err("refused").to_string()
}

#[test]
fn the_least_a_caller_can_say_is_completed() {
    assert_eq!(
        entry(r#"{"action":"door.opened","actor":{"type":"user","id":"ana"}}"#),
        concat!(
            r#"{"index":0,"id":"019aa809-2d29-7707-8707-070707070707","action":"door.opened","#,
            r#""occurred_at":"2026-11-21T19:40:12.345678Z","received_at":"2026-11-21T19:40:12.345678Z","#,
            r#""actor":{"id":"ana","type":"user"},"outcome":{"result":"success"}}"#
        )
        .replace("019aa809-2d29", &id_prefix())
    );
}

fn id_prefix() -> String {
    at("2026-11-21T19:40:12.345678Z").id().to_string()[..13].to_owned()
}

#[test]
fn everything_a_caller_can_say_comes_back() {
    let said = r#"{
        "id": "evt_1", "action": "automation_rule.updated", "occurred_at": "2026-11-21T20:17:00.123+01:00",
        "actor": {"type":"agent","id":"fin","name":"Fin","role":"bot","ai":{"model":"m","tool":"mcp:update_rule"}},
        "on_behalf_of": {"type":"user","id":"u_3","email":"ada@example.com"},
        "authorized_by": {"policy_id":"p_12","policy_version":5,"decision":"allow","approval_id":null},
        "targets": [{"type":"automation_rule","id":"r_5","name":"Close stale"},{"type":"team","id":"t_1"}],
        "changes": [{"path":"/conditions/0/value","before":24,"after":2},{"path":"/actions"}],
        "outcome": {"result":"denied","reason":"not yours","code":"E7"},
        "context": {"ip":"::ffff:203.0.113.9","forwarded_for":["10.0.0.2"],"geo":{"country":"fr"},"source":"mcp"},
        "reason": "ticket SUP-12", "description": "Fin changed a rule", "metadata": {"z":{"b":1,"a":[2.50]},"a":"x"}
    }"#;
    assert_eq!(
        entry(said),
        concat!(
            r#"{"index":0,"id":"evt_1","action":"automation_rule.updated","#,
            r#""occurred_at":"2026-11-21T19:17:00.123000Z","received_at":"2026-11-21T19:40:12.345678Z","#,
            r#""actor":{"ai":{"model":"m","tool":"mcp:update_rule"},"id":"fin","name":"Fin","role":"bot","type":"agent"},"#,
            r#""on_behalf_of":{"email":"ada@example.com","id":"u_3","type":"user"},"#,
            r#""authorized_by":{"decision":"allow","policy_id":"p_12","policy_version":5},"#,
            r#""targets":[{"id":"r_5","name":"Close stale","type":"automation_rule"},{"id":"t_1","type":"team"}],"#,
            r#""changes":[{"path":"/actions"},{"path":"/conditions/0/value","after":2,"before":24}],"#,
            r#""outcome":{"result":"denied","reason":"not yours","code":"E7"},"#,
            r#""context":{"forwarded_for":["10.0.0.2"],"geo":{"country":"FR"},"ip":"203.0.113.9","source":"mcp"},"#,
            r#""reason":"ticket SUP-12","description":"Fin changed a rule","metadata":{"a":"x","z":{"a":[2.50],"b":1}}}"#
        )
    );
}

#[test]
fn documents_before_and_after_become_changes() {
    let entry = entry(
        r#"{"action":"macro_update","actor":{"type":"user","id":"a"},
            "before":{"name":"Refund","limit":10},"after":{"name":"Refund","limit":50}}"#,
    );
    assert!(entry.contains(r#""changes":[{"path":"/limit","after":50,"before":10}]"#), "{entry}");
}

#[test]
fn more_than_ten_targets_keep_their_order() {
    let targets: Vec<String> = (0..25).map(|i| format!(r#"{{"type":"t","id":"{i}"}}"#)).collect();
    let entry = entry(&format!(
        r#"{{"action":"a","actor":{{"type":"user","id":"a"}},"targets":[{}]}}"#,
        targets.join(",")
    ));
    let order: Vec<_> = (0..25).map(|i| format!(r#"{{"id":"{i}","type":"t"}}"#)).collect();
    assert!(entry.contains(&order.join(",")), "{entry}");
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_what_was_expected() {
    for (draft, complaint) in [
        ("[]", "the document: expected an object, not an array"),
        ("{}", "action: expected a value, it is required"),
        (r#"{"action":"a"}"#, "actor: expected a value, it is required"),
        (r#"{"action":"a","actor":{"type":"user"}}"#, "actor.id: expected a value, it is required"),
        (r#"{"action":"","actor":{}}"#, "action: expected a text that is not empty"),
        (r#"{"action":"a\u0000b","actor":{}}"#, "action: expected a text without control characters"),
        (
            r#"{"action":"a","actor":{"type":"robot","id":"1"}}"#,
            "actor.type: expected one of user, agent, automation, api_key, app, system, anonymous",
        ),
        (r#"{"action":"a","actor":{"type":"user","id":7}}"#, "actor.id: expected a string, not a number"),
        (r#"{"action":"a","context":{"ip":"300.1.1.1"}}"#, "context.ip: expected an IPv4 or IPv6 address"),
        (
            r#"{"action":"a","occurred_at":1795290012}"#,
            "occurred_at: expected a time as in RFC 3339, such as \"2026-11-21T19:40:12Z\", in the years 0001 to 9999",
        ),
        (
            r#"{"action":"a","targets":[{"type":"t","id":"1"},{"type":"t"}]}"#,
            "targets[1].id: expected a value, it is required",
        ),
        (
            r#"{"action":"a","changes":[{"path":"x"}]}"#,
            "changes[0].path: expected a JSON Pointer, such as \"/conditions/0/value\"",
        ),
        (r#"{"action":"a","received_at":"x"}"#, "received_at: expected nothing here, the server sets it"),
        (
            r#"{"action":"a","colour":"x"}"#,
            "colour: expected a field of an event; other values belong into `metadata`",
        ),
        (
            r#"{"action":"a","actor":{"type":"user","id":"1"},"changes":[],"after":{}}"#,
            "changes: expected either changes, or before and after",
        ),
    ] {
        assert_eq!(refused(draft), complaint, "{draft}");
    }
    let many = vec![r#"{"type":"t","id":"1"}"#; 101].join(",");
    assert_eq!(
        refused(&format!(r#"{{"action":"a","targets":[{many}]}}"#)),
        "targets: expected at most 100 items, there are 101"
    );
}

#[test]
fn secrets_are_masked_and_the_mask_says_so() {
    let entry = entry(
        r#"{"action":"a","actor":{"type":"user","id":"a"},
            "description":"the key is AKIAIOSFODNN7EXAMPLE, keep it",
            "changes":[{"path":"/webhook/client_secret","before":"hunter1","after":"hunter2"}],
            "metadata":{"password":"hunter3","nested":{"pin":12345,"note":"fine"},
                "token":{"id":"t_1","value":"hunter4"},"token_count":7}}"#,
    );
    for secret in ["hunter", "12345", "AKIA"] {
        assert!(!entry.contains(secret), "{secret} in {entry}");
    }
    assert!(entry.contains(
        r#"{"path":"/webhook/client_secret","after":{"$masked":"secret"},"before":{"$masked":"secret"}}"#
    ));
    assert!(entry.contains(r#""description":"the key is [masked aws_key], keep it""#), "{entry}");
    assert!(entry.contains(r#""nested":{"note":"fine","pin":{"$masked":"secret"}}"#), "{entry}");
    assert!(entry.contains(r#""token":{"id":"t_1","value":{"$masked":"secret"}}"#), "{entry}");
    assert!(entry.contains(r#""token_count":7"#), "{entry}");
}

#[test]
fn times_at_the_edges_of_the_calendar_and_strange_characters_are_kept() {
    for time in ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"] {
        let entry =
            entry(&format!(r#"{{"action":"a","actor":{{"type":"user","id":"a"}},"occurred_at":"{time}"}}"#));
        assert!(entry.contains(time), "{entry}");
    }
    let entry = entry(r#"{"action":"a","actor":{"type":"user","id":"a","name":"x\u0000\u202ey"}}"#);
    assert!(entry.contains("x\\u0000\u{202e}y"), "{entry}");
}

#[test]
fn an_id_of_ours_tells_when_it_was_made() {
    let arrival = at("2026-11-21T19:40:12.345678Z");
    let made = id_time(&arrival.id().to_string()).expect("version 7");
    assert_eq!(made.to_string(), "2026-11-21T19:40:12.345000Z");
    assert_eq!(id_time("evt_1"), None);
    assert_eq!(id_time("fca05814-4b72-4dce-ad4f-77a786a2c136"), None);
}

#[test]
fn damaged_records_are_named_and_never_read() {
    let draft = Draft::parse(r#"{"action":"a","actor":{"type":"user","id":"a"}}"#).expect("valid");
    let mut records = Vec::new();
    push_record(Kind::Event, &[1; 16], &mut records, |out| draft.encode(&ARRIVAL, out)).expect("fits");
    for length in 1..records.len() {
        assert!(Entries::from_run(0, Timestamp::MIN, records[..length].to_vec()).is_err(), "cut at {length}");
    }
    for byte in 0..records.len() {
        let mut flipped = records.clone();
        flipped[byte] ^= 0x80;
        // Whatever can still be read must not panic; the ledger's hashes tell that it is not the same.
        if let Ok(entries) = Entries::from_run(0, Timestamp::MIN, flipped) {
            entries.iter().for_each(|entry| drop(entry.event.view()));
        }
    }
}
