//! Somebody sends events: one, many, packed, twice, and some that are no events.

use crate::support::{TestServer, actions, event};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use std::io::Write as _;

fn lines(actions: &[&str]) -> String {
    actions.iter().map(|action| format!("{}\n", event(action))).collect()
}

#[test]
fn whatever_was_acknowledged_is_found_at_once_in_its_order() {
    let server = TestServer::start();
    let one = server.post("/v1/events").json(&event("door.open"));
    assert_eq!((one.status, one.header("hindcast-tree-size")), (201, "1"));
    let one = one.json();
    assert_eq!(
        (&one["accepted"], &one["first_index"], &one["events"][0]["index"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_eq!(server.append(&[event("door.knock"), event("door.close")])["first_index"], 1);
    let three = server.post("/v1/events").ndjson(lines(&["lamp.on", "lamp.off", "lamp.break"]));
    assert_eq!(
        (three.status, three.header("hindcast-tree-size"), &three.json()["events"][2]["index"]),
        (201, "6", &json!(5))
    );
    let page = server.get("/v1/events").send().good();
    assert_eq!(
        actions(&page),
        ["lamp.break", "lamp.off", "lamp.on", "door.close", "door.knock", "door.open"]
    );
    assert_eq!(page["entries"][5]["id"], one["events"][0]["id"]);
}

#[test]
fn one_bad_event_refuses_the_batch_and_names_its_position() {
    let server = TestServer::start();
    let bad = json!({ "action": "door.open", "actor": { "type": "ghost", "id": "x" } });
    let answer = server.post("/v1/events").json(&json!([event("a"), bad]));
    assert_eq!(answer.problem(), (422, "invalid_event".to_owned()));
    assert_eq!((&answer.json()["index"], &answer.json()["field"]), (&json!(1), &json!("actor.type")));
    let broken = server.post("/v1/events").ndjson(format!("{}\n{{\"action\":\n", event("a")));
    assert_eq!((broken.problem().0, &broken.json()["index"]), (400, &json!(1)));
    assert_eq!(server.get("/v1/count").send().good()["count"], 0, "nothing was kept");
}

#[test]
fn a_partial_batch_keeps_the_good_events_and_lists_the_others() {
    let server = TestServer::start();
    let body = format!("{}\n{{}}\nnot json\n{}\n", event("a"), event("b"));
    let answer = server.post("/v1/events?partial=true").ndjson(body);
    assert_eq!(answer.status, 201);
    let body = answer.json();
    let positions: Vec<_> =
        body["rejected"].as_array().expect("a list").iter().map(|r| r["position"].as_u64()).collect();
    assert_eq!((&body["accepted"], positions), (&json!(2), vec![Some(1), Some(2)]));
    assert!(body["rejected"][0]["expected"].as_str().is_some_and(|text| text.contains("required")), "{body}");
    let none = server.post("/v1/events?partial=true").json(&json!({})).good();
    assert_eq!((&none["accepted"], &none["first_index"]), (&json!(0), &json!(null)));
}

#[test]
fn a_batch_sent_twice_under_one_key_is_appended_once() {
    let server = TestServer::start();
    let send = |body: &str| server.post("/v1/events").with("idempotency-key", "batch-1").ndjson(body);
    let body = lines(&["a", "b"]);
    let (first, again) = (send(&body), send(&body));
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!((first.header("idempotent-replay"), again.header("idempotent-replay")), ("", "true"));
    assert_eq!(first.json(), again.json(), "the same ids at the same places");
    assert_eq!(send(&lines(&["c"])).problem(), (409, "idempotency_key_reused".to_owned()));
    assert_eq!(server.get("/v1/count").send().good()["count"], 2);
    let (_, other) = server.another_workspace();
    let elsewhere = server.post("/v1/events").by(&other).with("idempotency-key", "batch-1").ndjson(body);
    assert_eq!(elsewhere.status, 201, "keys belong to a workspace");
    for key in ["", "two words", &"x".repeat(129)] {
        let answer = server.post("/v1/events").with("idempotency-key", key).json(&event("a"));
        assert_eq!(answer.problem().0, 400, "{key:?}");
    }
}

#[test]
fn packed_bodies_are_unpacked_and_bombs_are_not() {
    let server = TestServer::start_with(|config| config.limits.body_mb = 1);
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("packed");
        encoder.finish().expect("packed")
    };
    let zstd = |bytes: &[u8]| zstd::bulk::compress(bytes, 3).expect("packed");
    let send = |encoding: &str, body: Vec<u8>| {
        server.post("/v1/events").with("content-encoding", encoding).ndjson(body)
    };
    let body = lines(&["a", "b"]);
    assert_eq!(send("gzip", gzip(body.as_bytes())).status, 201);
    assert_eq!(send("zstd", zstd(body.as_bytes())).status, 201);
    let zeros = vec![b' '; 50 << 20];
    assert_eq!(send("gzip", gzip(&zeros)).problem(), (413, "body_too_large".to_owned()));
    assert_eq!(send("zstd", zstd(&zeros)).problem(), (413, "body_too_large".to_owned()));
    assert_eq!(send("br", body.clone().into_bytes()).problem().0, 415);
    assert_eq!(send("gzip", body.into_bytes()).problem().0, 400);
    assert_eq!(server.get("/v1/count").send().good()["count"], 4);
}

#[test]
fn waiting_for_the_checkpoint_brings_one_that_covers_the_batch() {
    let server = TestServer::start();
    let answer = server.post("/v1/events?wait=checkpoint").json(&json!([event("a"), event("b")]));
    assert_eq!(answer.status, 201);
    let body = answer.json();
    let note = body["checkpoint"].as_str().expect("a note");
    let size: u64 = note.lines().nth(1).and_then(|size| size.parse().ok()).expect("a size");
    assert!(size >= 2, "{note}");
}
