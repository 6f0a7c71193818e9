//! Entries go out to others: each once at least, in order, spelled and signed to the letter, however badly they answer.

use crate::process::wait_for;
use crate::receiver::{Receiver, Reply, Sent, says, told};
use crate::support::{TestServer, event};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast::keeping::{Retention, expire, plan};
use hindcast::people::Role;
use hindcast_event::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

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

fn webhook(url: &str) -> Value {
    json!({ "kind": "webhook", "name": "hook", "since": "start", "settings": { "url": url, "secret": SECRET } })
}

pub fn shown(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/v1/destinations/{id}")).by_admin().send().good()
}

fn attempts(server: &TestServer, id: &str) -> Vec<Value> {
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

fn act(server: &TestServer, id: &str, act: &str, body: Option<&Value>) -> Value {
    let call = server.post(&format!("/v1/destinations/{id}/{act}")).by_admin();
    match body {
        Some(body) => call.json(body).good(),
        None => call.send().good(),
    }
}

/// Checks a request as the specification of Standard Webhooks 1.0.0 says a consumer does.
fn verified(sent: &Sent, secret: &str) -> Value {
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
        let types = receiver
            .sent()
            .iter()
            .map(|sent| sent.json()["type"].as_str().expect("text").to_owned())
            .collect();
        types
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
fn what_was_erased_while_it_waited_never_leaves() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    let id = made(&server, &webhook(&receiver.url));
    act(&server, &id, "pause", None);
    let mut secret = event("note.added");
    secret["actor"] = json!({ "type": "user", "id": "eve", "email": "eve@x.example" });
    server.append(&[secret, event("door.open")]);
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    let ask = [("ids", "eve"), ("texts", "eve@x.example"), ("basis", "gdpr_art_17"), ("reference", "DSR-17")];
    assert_eq!(ana.post("/settings/erasure", &ask).status, 303);
    let erasure = wait_for("it is asked for", || {
        let page = bob.get("/settings/erasure").text().to_owned();
        let rest = page.split("action=\"/settings/erasure/").find(|rest| rest.contains("agree"))?;
        rest.split(['?', '"']).next().filter(|id| id.len() == 16).map(str::to_owned)
    });
    wait_for("it is erased", || {
        bob.post(&format!("/settings/erasure/{erasure}"), &[("act", "agree")]);
        bob.get("/settings/erasure").text().contains("Certificate").then_some(())
    });
    act(&server, &id, "resume", None);
    abreast(&server, &id);
    let sent = receiver.sent();
    assert!(sent.iter().any(|sent| sent.json()["type"] == "note.added"));
    assert!(sent.iter().all(|sent| !sent.text().contains("eve@x.example")));
}

#[test]
fn what_expired_while_it_waited_is_counted() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    server.append(&[event("door.open"), event("door.close"), event("window.open")]);
    let id = made(&server, &webhook(&receiver.url));
    abreast(&server, &id);
    act(&server, &id, "pause", None);
    let before = receiver.sent().len();
    server.append(&[event("late.one"), event("late.two")]);
    let room = server.app.rooms.get(&server.workspace.parse().expect("an id")).expect("there");
    let policy = Retention { days: Some(1), ..Retention::default() };
    let now = (server.app.clock)();
    // Nothing that came a moment ago is that old, so a day from now is taken for today.
    let day_after = Timestamp::from_micros(now.micros() + 86_400_000_000);
    let planned = plan(&server.app, &room, &policy, day_after).expect("planned");
    let gone = planned.gone.count();
    assert!(gone >= 5, "{gone}");
    expire(&server.app, &room, &planned, "1 days").expect("expired");
    act(&server, &id, "resume", None);
    let shown = abreast(&server, &id);
    assert!(shown["expired"].as_u64().is_some_and(|expired| expired >= 2), "{shown}");
    let late = receiver.sent().iter().skip(before).any(|sent| sent.text().contains("late."));
    assert!(!late, "what is gone is not sent");
}

#[test]
fn the_command_line_looks_after_destinations() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
        program.arg("destination").args(arguments).args(["--url", &server.url]);
        program.env("HINDCAST_TOKEN", &server.admin).env("HINDCAST_WORKSPACE", &server.workspace);
        let ended = program.output().expect("ran");
        let (out, told) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        (ended.status.success(), out.into_owned(), told.into_owned())
    };
    let url = format!("url={}", receiver.url);
    let (good, secret, told) =
        run(&["create", "webhook", "desk", "--set", &url, "--query", "-action:destination.*"]);
    assert!(good && secret.starts_with("whsec_"), "{secret}{told}");
    server.append(&[event("door.open")]);
    let id = server.app.catalog.destinations(None).expect("read")[0].id.clone();
    abreast(&server, &id);
    receiver.sent().iter().for_each(|sent| drop(verified(sent, secret.trim())));
    let (_, listed, _) = run(&["list"]);
    assert_eq!(listed, format!("{id}  webhook  active  0 behind, 0 s  desk\n"));
    for (arguments, expected) in [
        (vec!["pause", &id], "paused"),
        (vec!["resume", &id], "active"),
        (vec!["test", &id], "delivered"),
        (vec!["show", &id], "\"lag_entries\": "),
        (vec!["replay", &id, "--from", "start"], "webhook"),
        (vec!["attempts", &id], "\"purpose\":\"test\""),
        (vec!["dead-letters", &id], ""),
        (vec!["delete", &id], "deleted"),
    ] {
        let (good, out, told) = run(&arguments);
        assert!(good && out.contains(expected), "{arguments:?}: {out}{told}");
    }
    let (good, _, told) = run(&["show", &id]);
    assert!(!good && told.contains("there is no such destination"), "{told}");
}

#[test]
fn what_is_hidden_from_a_destination_never_leaves() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    let mut wanted = webhook(&receiver.url);
    wanted["hidden"] = json!(["address", "email"]);
    let id = made(&server, &wanted);
    server.append(&[json!({
        "action": "door.open", "actor": { "type": "agent", "id": "ana", "email": "ana@x.example" },
        "context": { "ip": "192.0.2.77" },
    })]);
    abreast(&server, &id);
    let sent = receiver.sent();
    let last = sent.iter().find(|sent| sent.json()["type"] == "door.open").expect("sent");
    assert!(!last.text().contains("192.0.2.77") && !last.text().contains("ana@x.example"), "{}", last.text());
}

/// A receiver behind TLS that takes whatever comes, with a certificate that is good until a year.
fn behind_tls(until: i32) -> (String, String) {
    use rustls::pki_types::PrivateKeyDer;
    use std::io::{Read as _, Write as _};
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("signed");
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a certificate");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
    let url = format!("https://localhost:{}", listener.local_addr().expect("known").port());
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let Ok(connection) = rustls::ServerConnection::new(config.clone()) else { return };
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let mut read = vec![0; 64 * 1024];
            let _some = stream.read(&mut read);
            let _told = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            stream.conn.send_close_notify();
            let _sent = stream.flush();
        }
    });
    (url, certificate.pem())
}

#[test]
fn certificates_are_verified() {
    let server = server();
    server.append(&[event("door.open")]);
    let with = |url: &str, ca: Option<&str>| {
        let mut wanted = webhook(url);
        if let Some(ca) = ca {
            wanted["settings"]["ca"] = json!(ca);
        }
        made(&server, &wanted)
    };
    let (good, ca) = behind_tls(2999);
    abreast(&server, &with(&good, Some(&ca)));
    let (expired, old) = behind_tls(2021);
    for (url, ca) in [(&expired, Some(old.as_str())), (&good, None), (&good, Some(old.as_str()))] {
        let id = with(url, ca);
        let shown = wait_for("it fails", || Some(shown(&server, &id)).filter(|shown| shown["failures"] == 1));
        let reason = shown["reason"].as_str().expect("text");
        assert!(reason.contains("certificate"), "{reason}");
    }
}

#[test]
fn people_look_after_destinations_in_their_browser() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    let (owner, auditor) = (server.visitor(Role::Owner, &[]), server.visitor(Role::Auditor, &[]));
    assert_eq!(auditor.get("/settings/destinations").status, 403);
    assert!(owner.get("/settings/destinations").text().contains("No destinations yet."));
    for kind in ["webhook", "splunk", "datadog", "elastic"] {
        assert_eq!(owner.get(&format!("/settings/destinations/new?kind={kind}")).status, 200, "{kind}");
    }
    assert_eq!(owner.get("/settings/destinations/new?kind=pigeon").status, 404);
    let filled = [("kind", "webhook"), ("name", "<b>hook"), ("url", &receiver.url), ("since", "start")];
    let wrong = [("kind", "webhook"), ("name", "hook"), ("url", "ftp://x"), ("since", "now")];
    let refused = owner.post("/settings/destinations", &wrong);
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("f-url") && refused.text().contains("value=\"ftp://x\""),
        "{}",
        refused.text()
    );
    let made = owner.post("/settings/destinations", &filled);
    assert_eq!(made.status, 200, "{}", made.text());
    let secret = made.text().split("data-testid=\"destination-secret\">").nth(1).expect("shown once");
    let secret = secret.split('<').next().expect("text").to_owned();
    assert!(secret.starts_with("whsec_") && !made.text().contains("<b>hook"), "{secret}");
    let id = server.app.catalog.destinations(None).expect("read")[0].id.clone();
    let path = format!("/settings/destinations/{id}");
    server.append(&[event("door.open")]);
    abreast(&server, &id);
    receiver.sent().iter().for_each(|sent| drop(verified(sent, &secret)));
    let page = owner.get(&path).text().to_owned();
    for told in ["&#60;b&#62;hook", "Active", "Abreast", "Delivery log", "No dead letters.", "Send test"] {
        assert!(page.contains(told), "{told} is not in\n{page}");
    }
    assert!(!page.contains(&secret));
    assert!(owner.post(&format!("{path}/test"), &[]).text().contains("The test arrived."));
    for (act, told) in [("pause", "Paused"), ("resume", "Active")] {
        let done = owner.post(&format!("{path}/{act}"), &[]);
        assert_eq!(done.status, 303);
        assert!(owner.get(done.header("location")).text().contains(told), "{act}");
    }
    assert_eq!(owner.post(&format!("{path}/replay"), &[("from", "9999")]).status, 422);
    assert_eq!(owner.post(&format!("{path}/replay"), &[("from", "0"), ("until", "1")]).status, 303);
    let changed =
        [("name", "hook"), ("url", receiver.url.as_str()), ("query", "action:door.*"), ("secret", "")];
    assert_eq!(owner.post(&format!("{path}/change"), &changed).status, 303);
    assert!(owner.get(&format!("{path}/change")).text().contains("value=\"action:door.*\""));
    let (other, _) = server.another_workspace();
    let stranger = server.visitor_of(&other, Role::Owner, &[]);
    assert_eq!(stranger.get(&path).status, 404);
    assert_eq!(stranger.post(&format!("{path}/delete"), &[]).status, 404);
    assert_eq!(owner.post(&format!("{path}/delete"), &[]).status, 303);
    assert_eq!(owner.get(&path).status, 404);
}

#[test]
fn numbers_tell_how_far_destinations_are_behind() {
    let (receiver, server) = (Receiver::start(|_| says(500)), server());
    server.append(&[event("door.open")]);
    let id = made(&server, &webhook(&receiver.url));
    wait_for("it fails", || Some(shown(&server, &id)).filter(|shown| shown["failures"] == 1));
    let numbers = server.get("/metrics").send();
    let label = format!("{{workspace=\"{}\",destination=\"{id}\"}}", server.workspace);
    for line in
        [format!("hindcast_destination_failures{label} 1"), format!("hindcast_destination_off{label} 0")]
    {
        assert!(numbers.text().lines().any(|told| told == line), "{line} is not in\n{}", numbers.text());
    }
    assert!(numbers.text().contains("hindcast_delivery_failures_total 1\n"));
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
