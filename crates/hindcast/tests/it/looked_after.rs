//! Destinations as people look after them, and what never leaves.

use crate::destinations::{abreast, act, made, server, shown, verified, webhook};
use crate::process::wait_for;
use crate::receiver::{Receiver, says};
use crate::support::{TestServer, event};
use hindcast::keeping::{Retention, expire, plan};
use hindcast::people::Role;
use hindcast_event::Timestamp;
use serde_json::json;
use std::process::Command;
use std::sync::Arc;

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
    let receiver = Receiver::start(|_| says(200));
    let server = TestServer::start_with(|config| {
        config.deliver.allow = vec!["127.0.0.0/8".parse().expect("a network")];
        // Only what is packed expires.
        config.segments.seal_entries = 1;
    });
    server.append(&[event("door.open"), event("door.close"), event("window.open")]);
    let id = made(&server, &webhook(&receiver.url));
    abreast(&server, &id);
    act(&server, &id, "pause", None);
    let before = receiver.sent().len();
    let late = server.append(&[event("late.one"), event("late.two")]);
    let room = server.app.rooms.get(&server.workspace.parse().expect("an id")).expect("there");
    wait_for("it is packed", || (room.store.tail_len() == 0).then_some(()));
    let policy = Retention { days: Some(1), ..Retention::default() };
    // A day from now is taken for today.
    let day_after = Timestamp::from_micros((server.app.clock)().micros() + 86_400_000_000);
    let planned = plan(&server.app, &room, &policy, day_after).expect("planned");
    let gone = planned.gone.count();
    assert!(gone >= 5, "{gone} of {late}");
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
