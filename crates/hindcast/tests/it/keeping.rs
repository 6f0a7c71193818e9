//! How long entries are kept, holds and erasure, as those see it who decide about it.

use crate::bundles::{about, checked, in_python};
use crate::process::wait_for;
use crate::support::{TestServer, event};
use hindcast::catalog::{By, Decision, NewErasure};
use hindcast::keeping::{Retention, expire, plan};
use hindcast::people::Role;
use hindcast_event::Timestamp;
use serde_json::{Value, json};

fn of(actor: &str) -> Value {
    let mut event = event("note.added");
    event["actor"] = json!({ "type": "user", "id": actor, "email": format!("{actor}@x.example") });
    event["metadata"] = json!({ "owner": actor });
    event
}

/// The first id in an address of a form that begins so.
fn id_in(page: &str, beginning: &str) -> String {
    let rest = page.split(beginning).nth(1).unwrap_or_else(|| panic!("no {beginning} in {page}"));
    rest.split(['/', '?', '"']).next().unwrap_or_default().to_owned()
}

#[test]
fn two_people_erase_a_third_and_the_rest_of_the_log_stays_as_it_was() {
    let server = TestServer::start();
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    server.append(&[of("eve"), of("zoe"), of("eve")]);
    let before = server.get("/v1/events/1").by_admin().send().good();
    let ask = [("ids", "eve"), ("texts", "eve@x.example"), ("basis", "gdpr_art_17"), ("reference", "DSR-17")];
    assert_eq!(server.visitor(Role::Auditor, &[]).get("/settings/erasure").status, 403);
    assert_eq!(ana.post("/settings/erasure", &ask[2..]).status, 422, "nobody is named");
    assert_eq!(ana.post("/settings/erasure", &ask).status, 303);

    let own = wait_for("it is counted", || {
        let page = ana.get("/settings/erasure").text().to_owned();
        page.contains("2 entries").then_some(page)
    });
    assert!(own.contains("Somebody else has to agree"), "{own}");
    let id = id_in(&own, "action=\"/settings/erasure/");
    let agree = [("act", "agree")];
    let refused = ana.post(&format!("/settings/erasure/{id}"), &agree);
    assert!(refused.header("location").contains("refused"), "nobody agrees to their own");
    let shown = bob.get("/settings/erasure").text().to_owned();
    assert!(shown.contains("eve@x.example"), "whoever agrees sees what goes");
    assert_eq!(bob.post(&format!("/settings/erasure/{id}"), &agree).status, 303);
    let done = wait_for("it is erased", || {
        let page = bob.get("/settings/erasure").text().to_owned();
        page.contains("Certificate").then_some(page)
    });
    assert!(!done.contains("eve@x.example"));
    let certificate = bob.get(&format!("/settings/erasure/{id}/certificate"));
    assert!(certificate.text().starts_with("hindcast-erasure/1\n"), "{}", certificate.text());

    let erased = server.get("/v1/events/0").by_admin().send().good();
    // Who it was, what was said of them, and what we worked out about them.
    assert_eq!((&erased["erased"], &erased["actor"]["id"]), (&json!(3), &json!("erased")));
    assert_eq!(erased["facts"], Value::Null);
    assert_eq!(erased["metadata"], Value::Null);
    assert_eq!(server.get("/v1/events/1").by_admin().send().good(), before);
    assert_eq!(server.get("/v1/count?q=eve").by_admin().send().good()["count"], 0);
    // Even of what is erased it can be proven that it was there.
    let proof = server.get("/v1/events/0/proof").by_admin().send().good();
    assert!(
        proof["opening"]["sections"].as_array().expect("sections").iter().any(|s| s["digest"].is_string())
    );
    for (path, told) in [
        ("/log?range=all&group=off", "Erased person"),
        ("/log?range=all&group=off", "An erased person"),
        ("/log/0", "Erased person"),
        ("/people/erased?range=all", "Erased person"),
        ("/log/values?facet=actor&range=all", "Erased person"),
    ] {
        let page = bob.get(path);
        assert!(page.text().contains(told), "{path}: {told}: {}", page.text());
    }
    // Whoever calls themselves so is not taken for somebody who was erased.
    let claimed = json!({ "action": "note.added", "actor": { "type": "anonymous", "id": "erased" } });
    let claimed = server.append(&[claimed]);
    let page = bob.get(&format!("/log/{}", claimed["first"]));
    assert!(!page.text().contains("Erased person"), "{}", page.text());
    let page = bob.get("/log/0");
    assert!(
        page.status == 200 && page.text().contains("3 fields of this entry were erased"),
        "{}",
        page.text()
    );
}

#[test]
fn a_policy_is_saved_waits_and_is_locked() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let manager = server.visitor(Role::SupportOpsManager, &[]);
    assert_eq!(manager.post("/settings/retention", &[("days", "9")]).status, 403);
    for (wrong, told) in [
        ([("days", "0"), ("archive", "")], "1 to 36,500"),
        ([("days", "many"), ("archive", "")], "1 to 36,500"),
        ([("days", "30"), ("archive", "30")], "Fewer days"),
    ] {
        let refused = owner.post("/settings/retention", &wrong);
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains(told), "{told}: {}", refused.text());
    }
    let saved = [("days", "400"), ("days.ai_agents", "90"), ("ever.authentication", "on"), ("locked", "90")];
    assert_eq!(owner.post("/settings/retention", &saved).status, 303);
    let page = owner.get("/settings/retention").text().to_owned();
    assert!(page.contains("takes effect on"), "what goes sooner waits: {page}");
    assert!(page.contains("value=\"400\"") && page.contains("value=\"90\""));
    let shorter = owner.post("/settings/retention", &[("days", "30"), ("locked", "90")]);
    assert!(shorter.text().contains("At least 90 days"), "{}", shorter.text());
    let unlocked = owner.post("/settings/retention", &[("days", "400")]);
    assert!(unlocked.text().contains("because that is locked"), "{}", unlocked.text());
    assert_eq!(owner.post("/settings/retention/apply", &[]).status, 303);

    let hold = [("name", "Case 7"), ("query", "actor:ana"), ("reason", "a lawsuit")];
    assert_eq!(
        owner.post("/settings/holds", &[("name", "x"), ("query", "nokey:1"), ("reason", "y")]).status,
        422
    );
    assert_eq!(owner.post("/settings/holds", &hold).status, 303);
    let page = owner.get("/settings/retention").text().to_owned();
    assert!(page.contains("Case 7"));
    let id = id_in(&page, "action=\"/settings/holds/");
    assert_eq!(owner.post("/settings/holds/nobody/release", &[]).status, 404);
    assert_eq!(owner.post(&format!("/settings/holds/{id}/release"), &[]).status, 303);
    server.app.post();
    let told = server.get("/v1/events?q=kind:hold").by_admin().send().good();
    assert_eq!(told["entries"].as_array().expect("entries").len(), 2);
    let told = server.get("/v1/count?q=action:retention.updated").by_admin().send().good();
    assert_eq!(told["count"], 2, "the policy, and that it counts at once");
}

#[test]
fn evidence_of_what_was_erased_and_what_expired_still_verifies() {
    let server = TestServer::start();
    let named = |id: &str| {
        let mut event = of("ana");
        event["id"] = json!(id);
        event
    };
    server.append(&[of("old"), of("bob"), of("eve"), of("bob"), named("about-eve"), of("bob")]);
    let app = &server.app;
    let room = app.rooms.get(&server.workspace.parse().expect("an id")).expect("there");
    let new = NewErasure {
        selector: r#"{"person":{"ids":["eve"],"texts":["about-eve","eve@x.example"]}}"#.to_owned(),
        basis: "gdpr_art_17".to_owned(),
        reference: String::new(),
    };
    let id =
        app.catalog.request_erasure(&room.id, &new, None, Timestamp::default(), &By::server()).expect("kept");
    let decide = || app.catalog.decide_erasure(&room.id, &id, Decision::AgreeAlone, &By::command_line());
    wait_for("it is counted and agreed to", || decide().expect("asked").ok());
    wait_for("it is erased", || app.catalog.erasures(&room.id).expect("read")[0].notice);
    let first = server.get("/v1/events/0").by_admin().send().good();
    let received: Timestamp = first["received_at"].as_str().and_then(Timestamp::parse).expect("a time");
    let policy = Retention { days: Some(1), ..Retention::default() };
    let day_after = Timestamp::from_micros(received.micros() + 86_400_000_000);
    let planned = plan(app, &room, &policy, day_after).expect("planned");
    assert_eq!(planned.gone.count(), 1);
    expire(app, &room, &planned, "1 days").expect("expired");

    // The newest entry is the notice; once it is signed the bundle has it.
    let answer = server.get("/v1/export?format=bundle").by_admin().send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let found = checked(&server, &answer.body);
    assert_eq!(found.verdict().word(), "VERIFIED", "{found:?}");
    assert_eq!((about(&found).from, about(&found).gone), (1, 1), "{:?}", about(&found));
    assert!(!answer.text().contains("eve@x.example"));
    if let Some(said) = in_python(&server, &answer.body) {
        assert!(said.starts_with("VERIFIED") && said.contains("1 gone"), "{said}");
    }
    let query = "/v1/export?format=bundle-found&q=actor:erased";
    let found = checked(&server, &server.get(query).by_admin().send().body);
    assert_eq!((found.verdict().word(), about(&found).count), ("VERIFIED", 1));
}
