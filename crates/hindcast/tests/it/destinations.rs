//! Entries go out to others: each once at least, in order, spelled and signed to the letter, however badly they answer.

use crate::process::wait_for;
use crate::receiver::{Receiver, Reply, Sent, says, told};
use crate::support::{TestServer, event};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast_event::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What requests are signed with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A server whose destinations may lie on this machine.
pub fn server() -> TestServer {
    TestServer::start_with(|config| config.deliver.allow = vec!["127.0.0.0/8".parse().expect("a network")])
}

/// Makes a destination, and gives its id.
pub fn made(server: &TestServer, wanted: &Value) -> String {
    let answer = server.post("/v1/destinations").by_admin().json(wanted);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().expect("an id").to_owned()
}

pub fn webhook(url: &str) -> Value {
    json!({ "kind": "webhook", "name": "hook", "since": "start", "settings": { "url": url, "secret": SECRET } })
}

pub fn shown(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/v1/destinations/{id}")).by_admin().send().good()
}

pub fn attempts(server: &TestServer, id: &str) -> Vec<Value> {
    let listed = server.get(&format!("/v1/destinations/{id}/attempts")).by_admin().send().good();
    listed["attempts"].as_array().expect("attempts").clone()
}

/// Waits until everything was looked at.
pub fn abreast(server: &TestServer, id: &str) -> Value {
    wait_for("it is abreast", || {
        let shown = shown(server, id);
        (shown["lag_entries"] == 0 && shown["replay"].is_null()).then_some(shown)
    })
}

pub fn act(server: &TestServer, id: &str, act: &str, body: Option<&Value>) -> Value {
    let call = server.post(&format!("/v1/destinations/{id}/{act}")).by_admin();
    match body {
        Some(body) => call.json(body).good(),
        None => call.send().good(),
    }
}

/// Checks a request as the specification of Standard Webhooks 1.0.0 says a consumer does.
pub fn verified(sent: &Sent, secret: &str) -> Value {
    let (id, time) = (sent.header("webhook-id"), sent.header("webhook-timestamp"));
    assert!(!id.is_empty() && !id.contains('.') && time.parse::<i64>().is_ok(), "{:?}", sent.headers);
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(format!("{id}.{time}.{}", sent.text()).as_bytes());
    let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert!(sent.header("webhook-signature").split(' ').any(|signature| signature == wanted));
    assert_eq!((sent.method.as_str(), sent.header("content-type")), ("POST", "application/json"));
    sent.json()
}

#[test]
fn a_webhook_gets_every_entry_signed_and_in_order() {
    let (receiver, server) = (Receiver::start(|_| says(204)), server());
    server.append(&[event("door.open"), event("door.close")]);
    let id = made(&server, &webhook(&format!("{}/hook", receiver.url)));
    server.append(&[event("window.open")]);
    let shown = abreast(&server, &id);
    let sent = receiver.sent();
    let told: Vec<Value> = sent.iter().map(|sent| verified(sent, SECRET)).collect();
    let indexes: Vec<_> = told.iter().map(|body| body["data"]["index"].as_u64().expect("an index")).collect();
    assert_eq!(indexes, (0..told.len() as u64).collect::<Vec<_>>());
    let types: Vec<_> = told.iter().filter_map(|body| body["type"].as_str()).collect();
    assert_eq!(
        &types[types.len() - 4..types.len()],
        ["door.open", "door.close", "destination.created", "window.open"]
    );
    assert!(sent.iter().all(|sent| sent.path == "/hook"));
    let last = &told[told.len() - 1];
    assert_eq!(last["data"]["workspace"], server.workspace.as_str());
    assert_eq!(sent[0].header("webhook-id"), format!("{}_0", server.workspace));
    assert_eq!((&shown["delivered"], &shown["state"]), (&json!(told.len()), &json!("active")));
    assert!(!shown.to_string().contains("MfKQ9r8G"), "secrets are never told");
    assert_eq!(shown["secrets"], json!(["secret"]));
}

#[test]
fn while_it_fails_it_waits_and_a_resume_tries_at_once() {
    let open = Arc::new(AtomicUsize::new(0));
    let gate = open.clone();
    let receiver = Receiver::start(move |_| says([500, 200][gate.load(Ordering::Relaxed)]));
    let server = server();
    server.append(&[event("door.open")]);
    let id = made(&server, &webhook(&receiver.url));
    let failing = wait_for("it fails", || Some(shown(&server, &id)).filter(|shown| shown["failures"] == 1));
    assert!(failing["next_at"].is_string() && failing["failing_since"].is_string(), "{failing}");
    assert_eq!((&failing["cursor"], &failing["reason"]), (&json!(0), &json!("500")));
    open.store(1, Ordering::Relaxed);
    act(&server, &id, "resume", None);
    let shown = abreast(&server, &id);
    assert_eq!((&shown["failures"], &shown["reason"]), (&json!(0), &json!("")));
    let sent = receiver.sent();
    assert_eq!(sent[0].header("webhook-id"), sent[1].header("webhook-id"), "a duplicate has the same id");
    assert_eq!(attempts(&server, &id).last().expect("the first")["outcome"], "again");
}

#[test]
fn whoever_is_gone_or_refuses_is_switched_off_and_people_are_told() {
    for (status, state) in [(410, "gone"), (401, "refused"), (403, "refused")] {
        let (receiver, server) = (Receiver::start(move |_| says(status)), server());
        server.append(&[event("door.open")]);
        let id = made(&server, &webhook(&receiver.url));
        let off = wait_for("it is off", || Some(shown(&server, &id)).filter(|shown| shown["state"] == state));
        assert_eq!((&off["cursor"], receiver.sent().len()), (&json!(0), 1), "{status}");
        let told = wait_for("an entry tells", || {
            let found = server.get("/v1/events?q=action:destination.failed").send().good();
            found["entries"].get(0).cloned()
        });
        assert_eq!(told["targets"][0]["id"], id.as_str());
        assert_eq!(told["metadata"]["reason"], status.to_string());
    }
}

#[test]
fn a_redirect_is_not_followed_and_says_so() {
    let target = Receiver::start(|_| says(200));
    let to = target.url.clone();
    let receiver = Receiver::start(move |sent| {
        let to =
            if sent.nth == 0 { to.clone() } else { "http://169.254.169.254/latest/meta-data".to_owned() };
        Reply::Says(307, vec![("location", to)], String::new())
    });
    let server = server();
    server.append(&[event("door.open")]);
    let id = made(&server, &webhook(&receiver.url));
    for failures in 1..=2 {
        wait_for("it fails", || Some(shown(&server, &id)).filter(|shown| shown["failures"] == 1));
        assert_eq!(attempts(&server, &id)[0]["status"], 307);
        if failures == 1 {
            act(&server, &id, "resume", None);
            wait_for("it was tried again", || (receiver.sent().len() == 2).then_some(()));
        }
    }
    assert!(target.sent().is_empty());
}

#[test]
fn what_lies_within_is_not_reached() {
    let receiver = Receiver::start(|_| says(200));
    let port = receiver.address().port();
    let server = TestServer::start();
    server.append(&[event("door.open")]);
    for host in
        ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0", "[::1]", "10.0.0.1"]
    {
        let id = made(&server, &webhook(&format!("http://{host}:{port}/")));
        let shown = wait_for(host, || Some(shown(&server, &id)).filter(|shown| shown["failures"] == 1));
        let reason = shown["reason"].as_str().expect("text");
        assert!(reason.contains("deliver.allow in hindcast.toml can permit it"), "{host}: {reason}");
    }
    assert!(receiver.sent().is_empty());
}

#[test]
fn garbage_and_endless_answers_do_no_harm() {
    let receiver = Receiver::start(|sent| match sent.nth {
        0 => Reply::Babbles,
        1 => Reply::Says(200, Vec::new(), "\0\u{1b}[31m<script>".to_owned()),
        _ => says(200),
    });
    let server = server();
    server.append(&[event("door.open"), event("door.close")]);
    let id = made(&server, &webhook(&receiver.url));
    abreast(&server, &id);
    let log = attempts(&server, &id);
    let [.., second, first] = log.as_slice() else { panic!("two attempts") };
    assert!(first["said"].as_str().is_some_and(|said| said.starts_with("xxx") && said.len() <= 500));
    assert_eq!(second["said"], "[31m<script>");
}

#[test]
fn who_never_answers_holds_up_nobody_else() {
    let (silent, prompt) = (Receiver::start(|_| Reply::Hangs), Receiver::start(|_| says(200)));
    let server = server();
    let mut slow = webhook(&silent.url);
    slow["settings"]["timeout_seconds"] = json!(1);
    let slow = made(&server, &slow);
    let quick = made(&server, &webhook(&prompt.url));
    server.append(&[event("door.open")]);
    abreast(&server, &quick);
    let shown = wait_for("it fails", || Some(shown(&server, &slow)).filter(|shown| shown["failures"] == 1));
    assert!(shown["reason"].as_str().is_some_and(|reason| reason.contains("timeout")), "{shown}");
}

#[test]
fn whoever_says_when_is_left_alone_until_then() {
    let receiver = Receiver::start(|sent| match sent.nth {
        0 => Reply::Says(429, vec![("retry-after", "3600".to_owned())], String::new()),
        1 => Reply::Says(503, vec![("retry-after", "1".to_owned())], String::new()),
        _ => says(200),
    });
    let server = server();
    server.append(&[event("door.open")]);
    let id = made(&server, &webhook(&receiver.url));
    let shown = wait_for("it waits", || Some(shown(&server, &id)).filter(|shown| shown["failures"] == 1));
    let at = |time: &Value| Timestamp::parse(time.as_str().expect("a time")).expect("a time");
    let waits = at(&shown["next_at"]).seconds() - at(&shown["failing_since"]).seconds();
    assert!((3590..=3600).contains(&waits), "{waits}");
    act(&server, &id, "resume", None);
    abreast(&server, &id);
    assert!(receiver.sent().len() > 2);
}

#[test]
fn pause_resume_and_replay() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    let mut wanted = webhook(&receiver.url);
    wanted["query"] = json!("action:door.*");
    let id = made(&server, &wanted);
    act(&server, &id, "pause", None);
    server.append(&[event("door.open"), event("window.open"), event("door.close")]);
    std::thread::sleep(crate::receiver::QUIET);
    assert!(receiver.sent().is_empty());
    act(&server, &id, "resume", None);
    abreast(&server, &id);
    let types = || -> Vec<String> {
        let sent = receiver.sent();
        sent.iter().map(|sent| sent.json()["type"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(types(), ["door.open", "door.close"]);
    act(&server, &id, "replay", Some(&json!({ "from": "start" })));
    let shown = abreast(&server, &id);
    wait_for("it came again", || {
        (types() == ["door.open", "door.close", "door.open", "door.close"]).then_some(())
    });
    assert_eq!(shown["delivered"], 2, "a replay does not count");
    let sent = receiver.sent();
    assert_eq!(sent[0].header("webhook-id"), sent[2].header("webhook-id"));
    let log = attempts(&server, &id);
    assert_eq!((&log[0]["purpose"], &log[3]["purpose"]), (&json!("replay"), &json!("live")));
    let refused =
        server.post(&format!("/v1/destinations/{id}/replay")).by_admin().json(&json!({ "from": "99999" }));
    assert_eq!(refused.problem(), (422, "invalid_destination".to_owned()));
}

#[test]
fn a_secret_is_made_changed_and_rotated() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    let wanted = json!({ "kind": "webhook", "name": "hook", "settings": { "url": receiver.url } });
    let created = server.post("/v1/destinations").by_admin().json(&wanted).json();
    let (id, first) = (created["id"].as_str().expect("an id"), created["secret"].as_str().expect("made"));
    server.append(&[event("door.open")]);
    abreast(&server, id);
    receiver.sent().iter().for_each(|sent| drop(verified(sent, first)));
    let settings = json!({ "url": receiver.url, "secret": SECRET, "previous_secret": first });
    let path = format!("/v1/destinations/{id}");
    server.call("PUT", &path).by_admin().json(&json!({ "name": "hook", "settings": settings })).good();
    server.append(&[event("door.close")]);
    abreast(&server, id);
    let last = receiver.sent().pop().expect("sent");
    verified(&last, first);
    verified(&last, SECRET);
    // A change that names no secret leaves them as they are.
    let renamed = json!({ "name": "other", "settings": { "url": receiver.url } });
    let shown = server.call("PUT", &path).by_admin().json(&renamed).good();
    assert_eq!((&shown["name"], &shown["secrets"]), (&json!("other"), &json!(["previous_secret", "secret"])));
    let found = server.get("/v1/events?q=action:destination.updated").send().good();
    let told = found["entries"].to_string();
    assert!(told.contains("/secrets") && !told.contains("whsec_"), "{told}");
}

#[test]
fn intercoms_receivers_see_what_intercom_sends() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    let wanted = json!({
        "kind": "webhook", "name": "hook", "format": "intercom", "query": "action:macro.*",
        "settings": { "url": receiver.url, "secret": "client-secret" },
    });
    let id = made(&server, &wanted);
    server.append(&[json!({
        "action": "macro.updated", "occurred_at": "2026-11-20T10:00:00Z",
        "actor": { "type": "agent", "id": "991", "email": "ana@example.com" },
        "context": { "ip": "192.0.2.1" },
    })]);
    abreast(&server, &id);
    let sent = receiver.sent().pop().expect("sent");
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"client-secret").expect("a key");
    mac.update(&sent.body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sent.header("x-hub-signature"), format!("sha1={hex}"));
    let body = sent.json();
    for (pointer, expected) in [
        ("/type", json!("notification_event")),
        ("/topic", json!("admin.activity_log_event.created")),
        ("/app_id", json!(server.workspace)),
        ("/data/type", json!("notification_event_data")),
        ("/data/item/type", json!("admin_activity_log_event")),
        ("/data/item/activity_type", json!("macro_update")),
        ("/data/item/created_at", json!(1_795_168_800)),
        (
            "/data/item/performed_by",
            json!({ "type": "admin", "id": "991", "email": "ana@example.com", "ip": "192.0.2.1" }),
        ),
        ("/links", json!({})),
        ("/delivery_status", json!("pending")),
        ("/delivery_attempts", json!(1)),
        ("/delivered_at", json!(0)),
        ("/self", Value::Null),
    ] {
        assert_eq!(body.pointer(pointer), Some(&expected), "{pointer}");
    }
    let notification = body["id"].as_str().expect("an id");
    assert!(notification.starts_with("notif_") && notification.len() == 42, "{notification}");
    act(&server, &id, "test", None);
    let pinged = receiver.sent();
    let [.., head, ping] = pinged.as_slice() else { panic!("two requests") };
    assert_eq!((head.method.as_str(), &ping.json()["topic"]), ("HEAD", &json!("ping")));
}

#[test]
fn a_test_is_signed_and_says_what_came_of_it() {
    let receiver =
        Receiver::start(
            |sent| if sent.nth == 0 { says(200) } else { told(418, &json!({ "I am": "a teapot" })) },
        );
    let server = server();
    let mut wanted = webhook(&receiver.url);
    wanted["query"] = json!("action:nothing.ever");
    let id = made(&server, &wanted);
    let first = act(&server, &id, "test", None);
    assert_eq!(
        (&first["outcome"], &first["purpose"], &first["status"]),
        (&json!("delivered"), &json!("test"), &json!(200))
    );
    assert_eq!(verified(&receiver.sent()[0], SECRET)["type"], "destination.tested");
    let second = act(&server, &id, "test", None);
    assert_eq!((&second["outcome"], &second["said"]), (&json!("again"), &json!(r#"{"I am":"a teapot"}"#)));
}

#[test]
fn an_entry_that_nobody_wants_is_a_dead_letter_and_a_replay_revives_it() {
    let hates = Arc::new(AtomicUsize::new(1));
    let hated = hates.clone();
    let receiver = Receiver::start(move |sent| {
        let is_poison = sent.text().contains("poison") && hated.load(Ordering::Relaxed) == 1;
        says(if is_poison { 413 } else { 200 })
    });
    let server = server();
    server.append(&[event("door.open"), event("poison.pill"), event("door.close")]);
    let mut wanted = webhook(&receiver.url);
    wanted["query"] = json!("-action:destination.*");
    let id = made(&server, &wanted);
    let shown = abreast(&server, &id);
    assert_eq!((&shown["dead"], &shown["failures"]), (&json!(1), &json!(0)), "{shown}");
    let letters = || {
        let listed = server.get(&format!("/v1/destinations/{id}/dead-letters")).by_admin().send().good();
        listed["dead_letters"].as_array().expect("letters").clone()
    };
    let dead = letters();
    assert_eq!((dead.len(), &dead[0]["reason"], &dead[0]["entries"]), (1, &json!("413"), &json!(1)));
    hates.store(0, Ordering::Relaxed);
    let first = dead[0]["first"].as_u64().expect("an index");
    act(
        &server,
        &id,
        "replay",
        Some(&json!({ "from": first.to_string(), "until": (first + 1).to_string() })),
    );
    abreast(&server, &id);
    wait_for("it is revived", || letters().is_empty().then_some(()));
}

#[test]
fn the_reference_library_verifies_what_we_sign() {
    let (receiver, server) = (Receiver::start(|_| says(204)), server());
    server.append(&[event("door.open")]);
    let id = made(&server, &webhook(&receiver.url));
    abreast(&server, &id);
    let verifier = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    for sent in receiver.sent() {
        verifier.verify(&sent.body, &sent.headers).expect("verifies");
        let mut forged = sent.body.clone();
        forged.push(b' ');
        assert!(verifier.verify(&forged, &sent.headers).is_err());
    }
}

#[test]
fn what_is_wrong_is_named() {
    let server = server();
    let good = webhook("https://example.com");
    for (change, field) in [
        (json!({ "kind": "pigeon" }), "kind"),
        (json!({ "name": "" }), "name"),
        (json!({ "since": "then" }), "since"),
        (json!({ "format": "morse" }), "format"),
        (json!({ "query": "actr:ana" }), "query"),
        (json!({ "query": "ip:10.0.0.1", "hidden": ["address"] }), "query"),
        (json!({ "settings": { "url": "example.com" } }), "url"),
        (json!({ "settings": { "url": "https://example.com", "secret": "whsec_AAAA" } }), "secret"),
        (json!({ "settings": { "url": "https://example.com", "colour": "red" } }), "colour"),
        (json!({ "settings": { "url": "https://example.com", "ca": "no PEM" } }), "ca"),
    ] {
        let mut wanted = good.clone();
        wanted.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let answer = server.post("/v1/destinations").by_admin().json(&wanted);
        assert!(matches!(answer.status, 400 | 422), "{change}: {}", answer.text());
        assert_eq!(answer.json()["field"], field, "{change}: {}", answer.text());
    }
    let refused = server.post("/v1/destinations").json(&good);
    assert_eq!(refused.status, 403, "a token of one workspace has no say");
    let (other, _) = server.another_workspace();
    let id = made(&server, &good);
    let path = format!("/v1/destinations/{id}");
    assert_eq!(server.get(&path).by_admin().with("hindcast-workspace", &other).send().status, 404);
    assert_eq!(server.call("DELETE", &path).by_admin().send().status, 204);
    assert_eq!(server.get(&path).by_admin().send().status, 404);
}
