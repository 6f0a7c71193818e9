//! Whoever is erased is forgotten by alerts and rules too; what expired is named as gone.

use super::{alert_of, alerts, failed, judged, told, told_times, watcher};
use crate::keeping_by_token::{made_by, pack};
use crate::process::wait_for;
use crate::support::TestServer;
use hindcast::catalog::Scope;
use hindcast::people::Role;
use serde_json::{Value, json};
use std::path::Path;

const ID: &str = "u_Canary_7391";
const EMAIL: &str = "JÜRGEN.Kanarienvogel@x.example";

/// A rule that puts alerts together by the email address.
const BY_EMAIL: &str = "title: Wrote a note
id: 7d0f8f0e-92d4-4bb2-8c5e-0c4f5dd1a1b2
level: low
logsource:
    product: hindcast
detection:
    selection:
        action: note.added
    condition: selection
hindcast:
    group-by: [actor.email]
";

fn holds(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).expect("listed") {
        let path = file.expect("a file").path();
        if path.is_dir() {
            found.extend(holds(&path, text));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        if bytes.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn an_erasure_leaves_nothing_of_a_person_in_alerts() {
    let server = TestServer::start();
    let token = watcher(&server);
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    let (anas, bobs) = (made_by(&ana, "erase"), made_by(&bob, "erase"));
    let made = server.post("/v1/rules").by(&token).json(&json!({ "text": BY_EMAIL }));
    assert_eq!(made.status, 201, "{}", made.text());
    let does = |action: &str| {
        json!({ "action": action, "actor": { "type": "user", "id": ID, "email": EMAIL }, "outcome": "failure",
            "context": { "ip": "192.0.2.7" } })
    };
    let mut events = vec![does("user.sign_in_failed"); 10];
    events.push(does("note.added"));
    server.append(&events);
    let alert = alert_of(&server, &token, "A1");
    assert_eq!(alert["group"]["actor.id"], ID);
    let by_email = alert_of(&server, &token, "7d0f8f0e-92d4-4bb2-8c5e-0c4f5dd1a1b2");
    assert_eq!(by_email["group"]["actor.email"], EMAIL);
    told_times(&server, "A1", 1);

    let data = &server.app.config.data.folder;
    wait_for("what rules remember is kept", || {
        std::fs::read_dir(data.join("alerting")).ok()?.next().map(drop)
    });
    let wanted = json!({
        "selector": { "person": { "ids": [ID], "texts": [EMAIL] } }, "basis": "gdpr_art_17", "reference": "DSR-17",
    });
    let asked = server.post("/v1/erasures").by(&anas).json(&wanted);
    assert_eq!(asked.status, 201, "{}", asked.text());
    let path = format!("/v1/erasures/{}", asked.json()["id"].as_str().expect("an id"));
    let shown = || server.get(&path).by(&bobs).send().good();
    wait_for("it is counted", || shown()["entries"].as_u64());
    server.post(&format!("{path}/approve")).by(&bobs).send().good();
    wait_for("it is erased", || (shown()["state"] == "done").then_some(()));

    let left = alerts(&server, &token, "");
    let of = |id: &Value| left.iter().find(|alert| alert["id"] == *id).expect("it is there");
    assert_eq!((&of(&alert["id"])["group"], &of(&alert["id"])["count"]), (&json!({}), &alert["count"]));
    assert_eq!(of(&by_email["id"])["group"], json!({}));
    for text in [ID, EMAIL] {
        let answer = json!(left).to_string().to_lowercase();
        assert!(!answer.contains(&text.to_lowercase()), "{answer}");
        let log = server.get("/v1/events?limit=1000").send().good().to_string();
        assert!(!log.to_lowercase().contains(&text.to_lowercase()), "the log told of alerts: {log}");
    }
    let evidence = format!("/v1/alerts/{}/evidence", alert["id"].as_str().expect("an id"));
    let evidence = server.get(&evidence).by(&token).send().good();
    let evidence = evidence["evidence"].as_array().expect("evidence");
    assert!(evidence.iter().all(|one| one["gone"] == false && one["entry"]["actor"]["id"] == "erased"));
    for text in [ID, EMAIL] {
        assert_eq!(holds(data, text), [] as [String; 0], "{text}");
    }
}

#[test]
fn what_expired_is_named_as_gone_and_an_alert_goes_with_the_last_of_it() {
    let server = TestServer::start_later(40);
    let (token, keeper) = (watcher(&server), server.token_with(&[Scope::Retention], |_| ()));
    let events = (0..10).map(|nth| {
        let mut event = failed("eve");
        if nth % 3 == 0 {
            event["description"] = "exhibit".into();
        }
        event
    });
    server.append(&events.collect::<Vec<_>>());
    let alert = alert_of(&server, &token, "A1");
    assert_eq!((&alert["state"], &alert["disposition"]), (&json!("resolved"), &json!("past")));
    judged(&server);
    assert_eq!(told(&server, "A1"), [] as [Value; 0], "nobody hears of what was long ago");

    let hold = json!({ "name": "Case 7", "reason": "a lawsuit", "query": "exhibit" });
    let hold = server.post("/v1/holds").by(&keeper).json(&hold).json()["id"].clone();
    server.call("PUT", "/v1/retention").by(&keeper).json(&json!({ "days": 30 })).good();
    let run = || {
        pack(&server);
        assert_eq!(server.post("/v1/retention/run").by(&keeper).send().status, 202);
        wait_for("it has gone", || {
            let left = server.post("/v1/retention/preview").by(&keeper).json(&json!({})).good();
            let retention = server.get("/v1/retention").by(&keeper).send().good();
            (left["entries"] == 0 && retention["expiring"] == false).then_some(())
        });
    };
    run();
    let path = format!("/v1/alerts/{}", alert["id"].as_str().expect("an id"));
    let whole = server.get(&path).by(&token).send().good();
    let ids = whole["entries"].as_array().expect("entries").iter().map(|entry| entry["id"].is_null());
    let gone = [false, true, true, false, true, true, false, true, true, false];
    assert_eq!(ids.collect::<Vec<_>>(), gone);
    let evidence = server.get(&format!("{path}/evidence")).by(&token).send().good();
    for (one, gone) in evidence["evidence"].as_array().expect("evidence").iter().zip(gone) {
        assert_eq!(one["gone"], gone, "{one}");
        assert_eq!((one["entry"].is_null(), one["proof"].is_null()), (gone, gone), "{one}");
        assert!(gone || one["proof"]["index"] == one["index"], "{one}");
    }
    let hold = format!("/v1/holds/{}", hold.as_str().expect("an id"));
    assert_eq!(server.call("DELETE", &hold).by(&keeper).send().status, 204);
    run();
    assert_eq!(server.get(&path).by(&token).send().problem().0, 404);
}
