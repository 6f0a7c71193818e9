//! Programs that speak to Retraced, to WorkOS or to a collector of OpenTelemetry speak to us.

use crate::support::TestServer;
use hindcast::catalog::Scope;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;

fn entry(server: &TestServer, query: &str) -> Value {
    let page = server.get(&format!("/v1/events?q={query}")).send().good();
    assert_eq!(page["entries"].as_array().map(Vec::len), Some(1), "{page}");
    page["entries"][0].clone()
}

#[test]
fn retraced_clients_get_the_hash_they_expect() {
    let server = TestServer::start();
    let token = format!("token={}", server.token);
    let post = |path: &str, body: &Value| {
        server.post(&format!("/publisher/v1/project/p1/{path}")).with("authorization", &token).json(body)
    };
    let event = json!({"action":"door.open","crud":"u","group":{"id":"g1","name":"G"},"actor":{"id":"u1","name":"Ada","href":"https://x"},
        "target":{"id":"t1","type":"door","name":"Front"},"source_ip":"192.0.2.7","created":"2026-01-02T03:04:05Z","is_failure":true,
        "description":"it stuck","fields":{"a":"1"},"component":"web","version":"abc"});
    let told = post("event", &event);
    assert_eq!(told.status, 201, "{}", told.text());
    let told = told.json();
    let id = told["id"].as_str().expect("an id");
    let canonical = format!("{id}:door.open:t1:u1:g1:192.0.2.7:1:0:a=1;");
    let hash: String = Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(told["hash"], hash);
    let entry = entry(&server, "action:door.open");
    assert_eq!((&entry["id"], &entry["outcome"]["result"]), (&id.into(), &"failure".into()));
    assert_eq!(entry["actor"], json!({"type":"user","id":"u1","name":"Ada"}));
    assert_eq!(entry["targets"], json!([{"type":"door","id":"t1","name":"Front"}]));
    assert_eq!(entry["context"], json!({"ip":"192.0.2.7","source":"retraced"}));
    assert_eq!(entry["metadata"]["group"], json!({"id":"g1","name":"G"}));

    let bad = json!({"events":[event, {"action":"x"}, {"action":"y","crud":"q","is_anonymous":true}]});
    let refused = post("event/bulk", &bad);
    assert_eq!(refused.status, 400);
    let refused = refused.json();
    let indexes: Vec<_> =
        refused["invalid"].as_array().expect("a list").iter().map(|one| one["index"].clone()).collect();
    assert_eq!(indexes, [1, 2]);
    assert_eq!(refused["invalid"][0]["violations"][0]["field"], "crud");
    assert!(
        refused["error"]
            .as_str()
            .expect("text")
            .starts_with("One or more invalid inputs, no events were logged")
    );
    let size = server.get("/v1/count").send().good()["count"].clone();
    let many = json!({"events": vec![event.clone(); 50]});
    assert_eq!(post("event/bulk", &many).json().as_array().map(Vec::len), Some(50));
    assert_eq!(post("event/bulk", &json!({"events": vec![event; 51]})).status, 400);
    let now = server.get("/v1/count").send().good()["count"].clone();
    assert_eq!(now.as_u64(), size.as_u64().map(|size| size + 50), "all or nothing");
}

#[test]
fn an_event_of_workos_is_stored_once_under_its_key() {
    let server = TestServer::start();
    let event = json!({"organization_id":"org_1","event":{"action":"team.joined","occurred_at":"2022-08-29T19:47:52.336Z","version":1,
        "actor":{"type":"user","id":"user_1","name":"Jon","metadata":{"role":"admin"}},
        "targets":[{"type":"team","id":"team_1"}],"context":{"location":"123.123.123.123","user_agent":"Chrome/104"},"metadata":{"x":"y"}}});
    let post = |event: &Value| server.post("/audit_logs/events").with("idempotency-key", "7f1c").json(event);
    for _ in 0..2 {
        let told = post(&event);
        assert_eq!((told.status, told.json()), (200, json!({"success":true})), "{}", told.text());
    }
    let entry = entry(&server, "action:team.joined");
    assert_eq!(entry["context"], json!({"ip":"123.123.123.123","source":"workos","user_agent":"Chrome/104"}));
    assert_eq!(entry["metadata"]["organization_id"], "org_1");
    let mut other = event.clone();
    other["event"]["action"] = "team.left".into();
    assert_eq!(post(&other).problem().0, 409, "the key is another event's");
    other["event"]["occurred_at"] = Value::Null;
    let refused = post(&other);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["errors"], json!([{"code":"required","field":"event.occurred_at"}]));
    let reader = server.token_with(&[Scope::Read], |_| ());
    assert_eq!(server.post("/audit_logs/events").by(&reader).json(&event).problem().0, 403);
}

#[test]
fn log_records_of_opentelemetry_come_in_both_spellings_and_packed() {
    let server = TestServer::start();
    let record = |name: &str| {
        json!({"timeUnixNano":"1763752620123000000","eventName":name,"body":{"stringValue":"Ada changed role Admin"},
        "attributes":[{"key":"actor.id","value":{"stringValue":"u_7"}}],"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"})
    };
    let request = |records: Vec<Value>| {
        json!({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"crm"}}]},
        "scopeLogs":[{"scope":{"name":"audit"},"logRecords":records}]}]})
    };
    let told = server.post("/v1/logs").json(&request(vec![record("role.updated")]));
    assert_eq!((told.status, told.header("content-type"), told.text()), (200, "application/json", "{}"));
    let entry = entry(&server, "action:role.updated");
    assert_eq!(
        (&entry["actor"]["id"], &entry["description"]),
        (&"u_7".into(), &"Ada changed role Admin".into())
    );
    assert_eq!(entry["context"]["traceparent"], "00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-00");

    let partly = server.post("/v1/logs").json(&request(vec![record("a.good"), record("a.\u{7}bad")]));
    assert_eq!(partly.status, 200);
    assert_eq!(partly.json()["partialSuccess"]["rejectedLogRecords"], "1");
    assert_eq!(server.post("/v1/logs").json(&json!({})).status, 200);
    assert_eq!(server.post("/v1/logs").with("content-type", "text/plain").body("x").problem().0, 415);

    let field = |number: u8, inner: &[u8]| {
        [&[number << 3 | 2, u8::try_from(inner.len()).expect("short")], inner].concat()
    };
    let proto = field(1, &field(2, &field(2, &field(12, b"proto.event"))));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&proto).expect("packed");
    let post = |body: Vec<u8>, packed: bool| {
        let call = server.post("/v1/logs").with("content-type", "application/x-protobuf");
        if packed { call.with("content-encoding", "gzip").body(body) } else { call.body(body) }
    };
    let told = post(gzip.finish().expect("packed"), true);
    assert_eq!(
        (told.status, told.header("content-type"), told.body.len()),
        (200, "application/x-protobuf", 0)
    );
    assert_eq!(
        self::entry(&server, "action:proto.event")["actor"],
        json!({"type":"app","id":"unknown_service"})
    );
    let refused = post(proto[..5].to_vec(), false);
    assert_eq!((refused.status, refused.header("content-type")), (400, "application/x-protobuf"));
    assert_eq!(refused.body[..2], [0x08, 3], "a google.rpc.Status");
    assert_eq!(post(Vec::new(), false).status, 200);
}
