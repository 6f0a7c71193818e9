//! A token may be narrowed to some entries and fields: then nothing else can be read, found or counted with it.

use crate::support::{TestServer, actions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast::catalog::Scope;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};

/// What must not be told, wherever it stands in an entry.
const SECRETS: [&str; 10] = [
    "203.0.113.9",
    "203.0.113.7",
    // As JSON and as CSV have it; the two letters alone are in hashes too.
    "\"JP\"",
    ",JP,",
    "ana@example.com",
    "session-1",
    "Edge/141",
    "before-value",
    "metadata-value",
    "description-text",
];

fn full(action: &str, actor: &str) -> Value {
    json!({
        "action": action,
        "actor": { "type": "user", "id": actor, "name": "Ana", "email": "ana@example.com" },
        "targets": [{ "type": "door", "id": "7", "name": "Front door" }],
        "changes": [{ "path": "/state", "before": "before-value", "after": "open" }],
        "context": {
            "ip": "203.0.113.9", "forwarded_for": ["203.0.113.7"], "geo": { "country": "JP" },
            "session_id": "session-1", "request_id": "request-1", "user_agent": "Edge/141", "source": "ui",
        },
        "description": "description-text", "metadata": { "note": "metadata-value" },
    })
}

/// A server with entries of two people, and a token that sees one of them, without any field that can be hidden.
fn narrowed() -> (TestServer, String) {
    let server = TestServer::start();
    server.append(&[
        full("door.open", "ana"),
        full("door.open", "bob"),
        full("door.close", "ana"),
        full("lamp.on", "bob"),
    ]);
    let wanted = json!({
        "name": "narrow", "workspace": server.workspace, "scopes": ["read"], "only": "actor:ana",
        "hidden": ["address", "user_agent", "session", "email", "values", "metadata", "text"],
    });
    let made = server.post("/v1/tokens").by_admin().json(&wanted).json();
    assert_eq!((&made["only"], made["hidden"].as_array().map(Vec::len)), (&json!("actor:ana"), Some(7)));
    let token = made["token"].as_str().expect("a token").to_owned();
    (server, token)
}

#[test]
fn a_narrowed_token_sees_its_entries_without_what_is_hidden() {
    let (server, token) = narrowed();
    let answer = server.get("/v1/events").by(&token).send();
    assert_eq!(answer.header("hindcast-only"), "actor:ana");
    assert_eq!(
        answer.header("hindcast-hidden"),
        "address, user_agent, session, email, values, metadata, text"
    );
    assert_eq!(actions(&answer.json()), ["door.close", "door.open"]);
    // Others are told, so that this test can fail; but not by numbers and names, nor in base64.
    for (path, told_to_others) in [
        ("/v1/events", true),
        ("/v1/events?q=actor:ana", true),
        ("/v1/events/0", true),
        ("/v1/events/0/proof", true),
        ("/v1/events/0/proof?format=tlog-proof", false),
        ("/v1/facets?facet=actor,role,action,source,target", false),
        ("/v1/histogram", false),
        ("/v1/suggest?key=actor&prefix=a", false),
        ("/v1/export?format=csv", true),
        ("/v1/export?format=csv-excel", true),
        ("/v1/export?format=json", true),
        ("/v1/export?format=ndjson", true),
        ("/admins/activity_logs?created_at_after=0", true),
        ("/admins", true),
        ("/admins/ana", true),
    ] {
        let answer = server.get(path).by(&token).send();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        for secret in SECRETS {
            assert!(!answer.text().contains(secret), "{path} tells {secret}: {}", answer.text());
        }
        let others = server.get(path).send();
        let told = SECRETS.iter().any(|secret| others.text().contains(secret));
        assert_eq!(told, told_to_others, "{path}");
    }
}

#[test]
fn a_proof_shows_only_what_is_seen() {
    let (server, token) = narrowed();
    let proof = server.get("/v1/events/0/proof").by(&token).send().good();
    let sections = proof["opening"]["sections"].as_array().expect("sections");
    let open: Vec<_> = sections.iter().filter(|section| section.get("value").is_some()).collect();
    let names: Vec<_> = open.iter().map(|section| section["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["target.0"], "everything else may hide something");
    let file = server.get("/v1/events/0/proof?format=tlog-proof").by(&token).send();
    let extra = file.text().lines().find_map(|line| line.strip_prefix("extra ")).expect("an opening");
    let extra = String::from_utf8(STANDARD.decode(extra).expect("base64")).expect("UTF-8");
    assert!(extra.contains("Front door") && SECRETS.iter().all(|secret| !extra.contains(secret)), "{extra}");
}

#[test]
fn nobody_can_try_out_what_others_have_sent() {
    let server = TestServer::start();
    let other = server.token_with(&[Scope::Ingest, Scope::Read], |_| ());
    let append = |token: &str| {
        server
            .post("/v1/events")
            .by(token)
            .with("idempotency-key", "request-1")
            .json(&full("door.open", "ana"))
    };
    assert_eq!(append(&server.token).status, 201);
    assert_eq!(append(&server.token).status, 200, "a repeat");
    assert_eq!(append(&other).status, 201, "another's key is another key");
}

#[test]
fn a_tail_follows_what_is_seen() {
    let (server, token) = narrowed();
    let mut stream = server.get("/v1/tail?from=0").by(&token).open();
    let mut lines = BufReader::new(stream.body_mut().as_reader()).lines();
    let mut heard = String::new();
    while heard.matches("event: entry").count() < 2 || !heard.ends_with("\n\n") {
        heard += &lines.next().expect("goes on").expect("a line");
        heard.push('\n');
    }
    assert!(heard.contains("id: 0\n") && heard.contains("id: 2\n"), "{heard}");
    assert!(SECRETS.iter().all(|secret| !heard.contains(secret)), "{heard}");
}

#[test]
fn what_is_hidden_cannot_be_asked_for() {
    let (server, token) = narrowed();
    let get = |path: &str| server.get(path).by(&token).send();
    for query in
        ["ip:203.0.113.9", "-ip:203.0.113.0/24", "country:JP", "session:session-1", "request:request-1"]
    {
        assert_eq!(get(&format!("/v1/events?q={query}")).problem(), (403, "hidden".to_owned()), "{query}");
        assert_eq!(get(&format!("/v1/count?q={query}")).problem().0, 403, "{query}");
    }
    for path in ["/v1/facets?facet=ip", "/v1/facets?facet=country", "/v1/suggest?key=ip&prefix=2"] {
        assert_eq!(get(path).problem(), (403, "hidden".to_owned()), "{path}");
    }
    let count = |query: &str| get(&format!("/v1/count?q={query}")).good()["count"].clone();
    for (query, expected) in [
        ("", 2),
        ("actor:ana@example.com", 0),
        ("metadata-value", 0),
        ("description-text", 0),
        ("before-value", 0),
        ("actor:bob", 0),
        ("front", 2),
        ("changed:state", 2),
        ("-actor:ana", 0),
    ] {
        assert_eq!(count(query), json!(expected), "{query}");
    }
    assert_eq!(get("/v1/tail?q=ip:203.0.113.9").problem().0, 403);
    for other in ["/v1/events/1", "/v1/events/3", "/v1/events/1/proof", "/v1/events/99"] {
        assert_eq!(get(other).problem(), (404, "not_found".to_owned()), "{other}");
    }
}

#[test]
fn a_narrowing_that_makes_no_sense_is_refused() {
    let server = TestServer::start();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut wanted = json!({ "name": "n", "workspace": server.workspace, "scopes": ["read"] });
        change(&mut wanted);
        let answer = server.post("/v1/tokens").by_admin().json(&wanted);
        (answer.status, answer.json()["field"].clone())
    };
    for only in ["refund", "-actor:ana", "occurred:today", "nokey:1", ""] {
        assert_eq!(refused(&|wanted| wanted["only"] = only.into()), (422, json!("only")), "{only}");
    }
    assert_eq!(refused(&|wanted| wanted["hidden"] = json!(["everything"])).0, 422);
    let of_admin = |wanted: &mut Value| {
        *wanted = json!({ "name": "n", "scopes": ["admin"], "hidden": ["email"] });
    };
    assert_eq!(refused(&of_admin), (422, json!("only")));
}
