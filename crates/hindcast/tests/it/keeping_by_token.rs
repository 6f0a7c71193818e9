//! How long entries are kept, holds and erasure, as programs decide about it over HTTP.

use crate::cast::Visitor;
use crate::process::wait_for;
use crate::support::{Answer, TestServer, actions, event};
use hindcast::catalog::{By, Membership, Scope};
use hindcast::people::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A token that somebody makes in their browser.
pub fn made_by(visitor: &Visitor<'_>, scope: &str) -> String {
    let made = visitor.post("/settings/tokens", &[("name", "theirs"), ("scope", scope), ("days", "9")]);
    assert_eq!(made.status, 200, "{}", made.text());
    let rest = made.text().split("data-testid=\"token-secret\">").nth(1).expect("shown once");
    rest.split('<').next().expect("the end").to_owned()
}

pub fn of(actor: &str) -> Value {
    let mut event = event("note.added");
    event["actor"] = json!({ "type": "user", "id": actor, "email": format!("{actor}@x.example") });
    event
}

/// Packs what there is, because only what is packed is looked at.
pub fn pack(server: &TestServer) {
    let room = server.app.rooms.get(&server.workspace.parse().expect("an id")).expect("there");
    hindcast::erasure::seal(&server.app, &room).expect("packed");
}

fn eve() -> Value {
    json!({
        "selector": { "person": { "ids": ["eve"], "texts": ["eve@x.example"] } },
        "basis": "gdpr_art_17", "reference": "DSR-17",
    })
}

/// Asks for an erasure of Eve, and waits until it is counted.
fn asked(server: &TestServer, token: &str) -> String {
    let made = server.post("/v1/erasures").by(token).json(&eve());
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    wait_for("it is counted", || one(server, token, &id)["entries"].as_u64());
    id
}

fn one(server: &TestServer, token: &str, id: &str) -> Value {
    server.get(&format!("/v1/erasures/{id}")).by(token).send().good()
}

fn act(server: &TestServer, token: &str, id: &str, act: &str) -> Answer {
    server.post(&format!("/v1/erasures/{id}/{act}")).by(token).send()
}

fn refused(answer: &Answer) -> (u16, String) {
    answer.problem()
}

#[test]
fn two_people_erase_a_third_with_their_tokens() {
    let server = TestServer::start();
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    let (anas, bobs) = (made_by(&ana, "erase"), made_by(&bob, "erase"));
    server.append(&[of("eve"), of("zoe"), of("eve")]);
    let id = asked(&server, &anas);
    let counted = one(&server, &bobs, &id);
    assert_eq!((&counted["state"], &counted["entries"]), (&json!("requested"), &json!(2)));
    assert_eq!(counted["selector"], eve()["selector"], "whoever agrees sees what goes");
    assert_eq!(counted["requester"], json!(ana.id.0));
    let too_soon = server.get(&format!("/v1/erasures/{id}/certificate")).by(&bobs).send();
    assert_eq!(refused(&too_soon).0, 404);

    assert_eq!(act(&server, &bobs, &id, "approve").good()["state"], "approved");
    let done = wait_for("it is erased", || {
        Some(one(&server, &bobs, &id)).filter(|erasure| erasure["state"] == "done")
    });
    assert_eq!(done["selector"], Value::Null, "what it was is forgotten");
    if let Some(bucket) = &server.app.bucket {
        let workspace = server.workspace.parse().expect("an id");
        let named = server.app.ledger.manifest(&workspace).expect("read");
        let named: BTreeSet<_> = named.into_iter().map(|sealed| sealed.name).collect();
        let kept = bucket.list(&format!("segments/{workspace}")).expect("listed");
        let segment = |name: &str| name.split('/').nth(2).map(str::to_owned);
        let kept: BTreeSet<_> = kept.iter().filter_map(|found| segment(&found.name)).collect();
        assert_eq!(kept, named, "the bucket has nothing of what was there before");
    }
    assert_eq!(refused(&act(&server, &bobs, &id, "approve")), (409, "decided".to_owned()));
    assert_eq!(refused(&act(&server, &anas, &id, "reject")), (409, "decided".to_owned()));
    assert_eq!(server.get("/v1/count?q=eve").send().good()["count"], 0);

    let address = format!("/v1/erasures/{id}/certificate");
    let told = server.get(&address).by(&anas).send().good();
    let note = server.get(&format!("{address}?format=text")).by(&anas).send();
    assert_eq!(told["note"], note.text());
    assert_eq!((&told["entries"], &told["notice"]), (&json!(2), &done["notice"]));
    assert!(note.text().starts_with("hindcast-erasure/1\n"), "{}", note.text());
    assert!(note.text().contains(told["manifest"].as_str().expect("a hash")));

    let log = server.get("/v1/events?q=action:erasure.*").by_admin().send().good();
    assert_eq!(actions(&log), ["erasure.approved", "erasure.requested"], "as from the page");
    let by: Vec<_> =
        log["entries"].as_array().expect("entries").iter().map(|e| &e["actor"]["type"]).collect();
    assert_eq!(by, ["api_key", "api_key"]);
}

#[test]
fn a_second_token_is_no_second_person() {
    let server = TestServer::start();
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    let (anas, second) = (made_by(&ana, "erase"), made_by(&ana, "erase"));
    let own = (403, "second_person".to_owned());
    server.append(&[of("eve")]);
    let id = asked(&server, &anas);
    assert_eq!(refused(&act(&server, &anas, &id, "approve")), own, "the same token");
    assert_eq!(refused(&act(&server, &second, &id, "approve")), own, "another of hers");
    let address = format!("/settings/erasure/{id}");
    let by_page = ana.post(&address, &[("act", "agree")]);
    assert!(by_page.header("location").contains("refused"), "herself");
    assert!(ana.get("/settings/erasure").text().contains("Somebody else has to agree"));

    // A token that is nobody's may be anybody's: an administrator's, and what is made with it.
    assert_eq!(refused(&server.post(&format!("/v1/erasures/{id}/approve")).by_admin().send()), own);
    assert_eq!(refused(&server.post("/v1/erasures").by_admin().json(&eve())), own);
    let wanted = json!({ "name": "x", "workspace": server.workspace, "scopes": ["erase"] });
    let made = server.post("/v1/tokens").by(&server.admin).json(&wanted).json();
    assert_eq!(made["person"], Value::Null);
    assert_eq!(refused(&act(&server, made["token"].as_str().expect("a token"), &id, "approve")), own);
    // What is made with somebody's token is theirs.
    let anas_admin = server.token_with(&[Scope::Admin], |new| {
        (new.workspace, new.person) = (None, Some(ana.id.clone()));
    });
    let made = server.post("/v1/tokens").by(&anas_admin).json(&wanted).json();
    assert_eq!(made["person"], json!(ana.id.0));
    assert_eq!(refused(&act(&server, made["token"].as_str().expect("a token"), &id, "approve")), own);

    // Asked for on the page, her token does not agree either.
    let form = [("ids", "eve"), ("basis", "other"), ("reference", "DSR-18")];
    assert_eq!(ana.post("/settings/erasure", &form).status, 303);
    let listed = server.get("/v1/erasures?limit=1").by(&anas).send().good();
    let on_page = listed["erasures"][0]["id"].as_str().expect("an id").to_owned();
    wait_for("it is counted", || one(&server, &anas, &on_page)["entries"].as_u64());
    assert_eq!(refused(&act(&server, &anas, &on_page, "approve")), own);

    // Bob may, until he may not erase any more.
    let bobs = made_by(&bob, "erase");
    let person = server.app.catalog.person(&bob.id).expect("read").expect("there");
    let workspace = server.workspace.parse().expect("an id");
    let before = server.app.catalog.membership(&workspace, &bob.id).expect("read").expect("a member");
    let as_role = |role| {
        let membership = Membership { role, ..before.clone() };
        let put = server.app.catalog.put_membership(&person, &membership, &By::server());
        put.expect("kept").expect("there is another owner");
    };
    as_role(Role::Auditor);
    assert_eq!(refused(&act(&server, &bobs, &id, "approve")), own);
    as_role(Role::SecurityAdmin);
    assert_eq!(act(&server, &bobs, &id, "approve").status, 200);

    // Where nobody wants a second person, none is needed.
    assert_eq!(ana.post("/settings/erasure/second", &[]).status, 303);
    assert_eq!(act(&server, &anas, &on_page, "approve").status, 200);
}

#[test]
fn a_request_is_taken_back_and_a_hold_keeps_what_was_agreed_to() {
    let server = TestServer::start();
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    let (anas, bobs) = (made_by(&ana, "erase"), made_by(&bob, "erase"));
    let keeper = server.token_with(&[Scope::Retention], |_| ());
    server.append(&[of("eve"), of("zoe")]);
    let id = asked(&server, &anas);
    let rejected = act(&server, &anas, &id, "reject").good();
    assert_eq!((&rejected["state"], &rejected["selector"]), (&json!("rejected"), &Value::Null));
    assert_eq!(refused(&act(&server, &bobs, &id, "approve")), (409, "decided".to_owned()));

    let hold = json!({ "name": "Case 7", "reason": "a lawsuit", "query": "actor:eve" });
    let placed = server.post("/v1/holds").by(&keeper).json(&hold);
    assert_eq!(placed.status, 201, "{}", placed.text());
    let hold = format!("/v1/holds/{}", placed.json()["id"].as_str().expect("an id"));
    let id = asked(&server, &anas);
    assert_eq!(one(&server, &bobs, &id)["blocked"], 1, "whoever agrees is told");
    assert_eq!(act(&server, &bobs, &id, "approve").status, 200);
    let state = |wanted: &str| {
        wait_for(wanted, || Some(()).filter(|()| one(&server, &bobs, &id)["state"] == wanted));
    };
    state("blocked");
    assert_eq!(server.get("/v1/count?q=actor:eve").send().good()["count"], 1);
    assert_eq!(server.call("DELETE", &hold).by(&keeper).send().status, 204);
    assert_eq!(act(&server, &bobs, &id, "approve").status, 200);
    state("done");
}

#[test]
fn a_policy_is_changed_tried_locked_and_applied() {
    let server = TestServer::start_later(40);
    let keeper = server.token_with(&[Scope::Retention], |_| ());
    let put = |policy: Value| server.call("PUT", "/v1/retention").by(&keeper).json(&policy);
    let preview = |asked: Value| server.post("/v1/retention/preview").by(&keeper).json(&asked);
    server.append(&[of("eve"), of("zoe"), of("ana"), event("user.signed_in")]);
    pack(&server);
    let forever = server.get("/v1/retention").by(&keeper).send().good();
    assert_eq!(forever["policy"]["days"], Value::Null);
    assert_eq!(preview(json!({})).good()["entries"], 0);

    let hold = json!({ "name": "Case 7", "reason": "a lawsuit", "query": "actor:eve" });
    let held = server.post("/v1/holds").by(&keeper).json(&hold).json()["id"].clone();
    let policy = json!({ "days": 30, "categories": { "authentication": 400 }, "locked_days": 20 });
    let tried = preview(json!({ "policy": policy })).good();
    let (entries, of_all) = (tried["entries"].as_u64().expect("a count"), |list: &str| {
        let rows = tried[list].as_array().expect("a list").iter();
        rows.map(|row| row["entries"].as_u64().expect("a count")).sum::<u64>()
    });
    assert_eq!((entries, of_all("categories"), of_all("months")), (2, 2, 2), "{tried}");
    assert_eq!((&tried["held"], &tried["holds"][0]["id"]), (&json!(1), &held));
    assert_eq!(server.get("/v1/retention").by(&keeper).send().good(), forever, "nothing changed");

    let saved = put(policy).good();
    assert!(saved["takes_effect_at"].is_string(), "what goes sooner waits: {saved}");
    for (worse, code, field) in [
        (json!({ "days": 30, "locked_days": 19 }), "locked", "locked_days"),
        (json!({ "days": 30 }), "locked", "locked_days"),
        (json!({ "days": 19, "locked_days": 20 }), "locked", "days"),
        (json!({ "categories": { "ai_agents": 1 }, "locked_days": 20 }), "locked", "categories.ai_agents"),
        (json!({ "days": 0, "locked_days": 20 }), "invalid_body", "days"),
        (json!({ "days": "many" }), "invalid_body", "days"),
        (json!({ "days": 30, "archive_days": 30, "locked_days": 20 }), "invalid_body", "archive_days"),
        (json!({ "categories": { "none": 30 }, "locked_days": 20 }), "invalid_body", "categories.none"),
        (json!({ "day": 30 }), "invalid_body", "day"),
    ] {
        let refused = put(worse.clone());
        assert_eq!(refused.problem(), (422, code.to_owned()), "{worse}");
        assert_eq!(refused.json()["field"], field, "{worse}");
    }
    let tried = preview(json!({ "policy": { "days": 1 } }));
    assert_eq!(tried.problem().1, "locked", "a preview of what cannot be says so");

    let ran = server.post("/v1/retention/run").by(&keeper).send();
    assert_eq!((ran.status, &ran.json()["entries"]), (202, &json!(2)));
    wait_for("it has gone", || Some(()).filter(|()| preview(json!({})).good()["entries"] == 0));
    assert_eq!(server.get("/v1/retention").by(&keeper).send().good()["takes_effect_at"], Value::Null);
    assert_eq!(server.get("/v1/count?q=kind:event").send().good()["count"], 2);
    let log = server.get("/v1/events?q=action:retention.updated").by_admin().send().good();
    let changes: Vec<_> = log["entries"].as_array().expect("entries").iter().map(|e| &e["changes"]).collect();
    assert_eq!(changes.len(), 2, "the policy, and that it counts at once");
    assert_eq!(changes[0][0]["path"], "/from", "{changes:?}");
}

#[test]
fn holds_are_listed_page_by_page_and_released() {
    let server = TestServer::start();
    let keeper = server.token_with(&[Scope::Retention], |_| ());
    for nth in 0..5 {
        let hold = json!({ "name": format!("Case {nth}"), "reason": "a lawsuit", "query": "" });
        assert_eq!(server.post("/v1/holds").by(&keeper).json(&hold).status, 201);
    }
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/holds?limit=2{next}")).by(&keeper).send().good();
        let holds = page["holds"].as_array().expect("holds");
        assert!(holds.len() <= 2);
        seen.extend(holds.iter().map(|hold| hold["id"].as_str().expect("an id").to_owned()));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    let all = server.get("/v1/holds").by(&keeper).send().good();
    let all: Vec<_> = all["holds"].as_array().expect("holds").iter().map(|h| h["id"].clone()).collect();
    assert_eq!(json!(seen), json!(all));
    assert_eq!(seen.len(), 5);
    let wrong = server.get("/v1/holds?cursor=0123456789abcdef").by(&keeper).send();
    assert_eq!(wrong.problem(), (400, "wrong_cursor".to_owned()));
    assert_eq!(server.get("/v1/holds?limit=0").by(&keeper).send().problem().0, 400);

    let address = format!("/v1/holds/{}", seen[0]);
    assert_eq!(server.call("DELETE", &address).by(&keeper).send().status, 204);
    assert_eq!(server.call("DELETE", &address).by(&keeper).send().problem().0, 404, "only once");
    assert!(server.get(&address).by(&keeper).send().good()["released_at"].is_string());
    let log = server.get("/v1/events?q=kind:hold&limit=1").send().good();
    assert_eq!(actions(&log), ["hold.released"]);
    for (wrong, field) in [
        (json!({ "name": " ", "reason": "x", "query": "" }), "name"),
        (json!({ "name": "x", "reason": "", "query": "" }), "reason"),
        (json!({ "name": "x", "reason": "x", "query": "nokey:1" }), "query"),
        (json!({ "name": "x", "reason": "x", "query": 7 }), "query"),
    ] {
        let refused = server.post("/v1/holds").by(&keeper).json(&wrong);
        assert_eq!((refused.problem().0, &refused.json()["field"]), (422, &json!(field)), "{wrong}");
    }
}

#[test]
fn other_workspaces_and_other_scopes_decide_nothing() {
    let server = TestServer::start();
    let ana = server.visitor(Role::Owner, &[]);
    let (anas, keeper) = (made_by(&ana, "erase"), server.token_with(&[Scope::Retention], |_| ()));
    server.append(&[of("eve")]);
    let id = asked(&server, &anas);
    let hold = json!({ "name": "Case 7", "reason": "a lawsuit", "query": "" });
    let hold =
        server.post("/v1/holds").by(&keeper).json(&hold).json()["id"].as_str().expect("an id").to_owned();
    let (other, _) = server.another_workspace();
    let elsewhere = server.token_with(&[Scope::Retention, Scope::Erase], |new| {
        new.workspace = other.parse().ok();
    });
    let writes = server.token_with(&[Scope::Read, Scope::Ingest], |_| ());
    let addresses = [
        ("GET", "/v1/retention".to_owned(), 200),
        ("GET", "/v1/holds".to_owned(), 200),
        ("GET", format!("/v1/holds/{hold}"), 404),
        ("DELETE", format!("/v1/holds/{hold}"), 404),
        ("GET", "/v1/erasures".to_owned(), 200),
        ("GET", format!("/v1/erasures/{id}"), 404),
        ("GET", format!("/v1/erasures/{id}/certificate"), 404),
        ("POST", format!("/v1/erasures/{id}/approve"), 404),
        ("POST", format!("/v1/erasures/{id}/reject"), 404),
    ];
    for (method, path, status) in &addresses {
        let call = || server.call(method, path);
        assert_eq!(call().by(&elsewhere).send().status, *status, "{method} {path}");
        assert_eq!(call().by(&writes).send().problem(), (403, "forbidden".to_owned()), "{method} {path}");
        let named = call().by(&elsewhere).with("hindcast-workspace", &server.workspace).send();
        assert_eq!(named.problem().0, 404, "{method} {path}");
    }
    for (path, list) in [("/v1/holds", "holds"), ("/v1/erasures", "erasures")] {
        assert_eq!(server.get(path).by(&elsewhere).send().good()[list], json!([]), "{path}");
        let cursor = format!("{path}?cursor={}", if list == "holds" { &hold } else { &id });
        assert_eq!(server.get(&cursor).by(&elsewhere).send().problem().1, "wrong_cursor");
    }
    for (path, body) in [
        ("/v1/holds", json!({ "name": "x", "reason": "x", "query": "" })),
        ("/v1/erasures", eve()),
        ("/v1/retention/preview", json!({})),
    ] {
        assert_eq!(server.post(path).by(&writes).json(&body).problem().0, 403, "{path}");
    }
    assert_eq!(server.post("/v1/retention/run").by(&writes).send().problem().0, 403);
    // Each scope opens its own doors only.
    assert_eq!(server.get("/v1/erasures").by(&keeper).send().problem().0, 403);
    assert_eq!(server.get("/v1/holds").by(&anas).send().problem().0, 403);
    assert_eq!(server.get("/v1/events").by(&anas).send().problem().0, 403);
    // Whoever has them sees everything, so they are not narrowed.
    let narrowed =
        json!({ "name": "x", "workspace": server.workspace, "scopes": ["erase"], "only": "actor:ana" });
    let refused = server.post("/v1/tokens").by(&server.admin).json(&narrowed);
    assert_eq!((refused.problem().0, &refused.json()["field"]), (422, &json!("only")));
    let form = [("name", "x"), ("scope", "erase"), ("days", "9"), ("only", "actor:ana")];
    assert_eq!(ana.post("/settings/tokens", &form).status, 422);
}

#[test]
fn a_request_that_makes_no_sense_is_refused_by_field() {
    let server = TestServer::start();
    let anas = made_by(&server.visitor(Role::Owner, &[]), "erase");
    for (change, field) in [
        (json!({ "selector": { "person": { "ids": [], "texts": [] } } }), "ids"),
        (json!({ "selector": { "person": { "ids": [], "texts": ["ab"] } } }), "texts"),
        (json!({ "selector": { "person": { "ids": vec!["x"; 101] } } }), "ids"),
        (json!({ "selector": { "person": { "ids": "eve" } } }), "selector.person.ids"),
        (json!({ "selector": { "fields": { "query": "", "sections": [] } } }), "sections"),
        (json!({ "selector": { "fields": { "query": "", "sections": ["core"] } } }), "sections"),
        (json!({ "selector": { "fields": { "query": "nokey:1", "sections": ["context"] } } }), "query"),
        (json!({ "basis": "because" }), "basis"),
        (json!({ "reference": " " }), "reference"),
        (json!({ "reference": "x".repeat(121) }), "reference"),
    ] {
        let mut wanted = eve();
        for (name, value) in change.as_object().expect("members") {
            wanted[name] = value.clone();
        }
        let refused = server.post("/v1/erasures").by(&anas).json(&wanted);
        assert_eq!((refused.problem().0, &refused.json()["field"]), (422, &json!(field)), "{change}");
    }
    assert_eq!(server.get("/v1/erasures").by(&anas).send().good()["erasures"], json!([]));
}
