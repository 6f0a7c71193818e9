//! Who may do what: scopes, ends, networks and other people's workspaces.

use crate::support::{TestServer, actions, event};
use hindcast::catalog::Scope;
use hindcast_event::Timestamp;
use serde_json::json;

#[test]
fn without_a_good_token_nothing_is_told() {
    let server = TestServer::start();
    let expired = server.token_with(&[Scope::Read], |new| new.expires_at = Some(Timestamp::from_micros(1)));
    let elsewhere = server.token_with(&[Scope::Read], |new| {
        new.networks = vec!["192.0.2.0/24".parse().expect("a network")];
    });
    for token in ["", "nonsense", &server.token[..63], &expired] {
        let answer = server.get("/v1/events").by(token).send();
        assert_eq!((answer.problem().0, answer.header("www-authenticate")), (401, "Bearer"), "{token}");
    }
    assert_eq!(server.get("/v1/events").by(&elsewhere).send().problem(), (403, "forbidden".to_owned()));
}

#[test]
fn a_scope_opens_its_own_doors_only() {
    let server = TestServer::start();
    let reads = server.token_with(&[Scope::Read], |_| ());
    let appends = server.token_with(&[Scope::Ingest], |_| ());
    assert_eq!(server.post("/v1/events").by(&reads).json(&event("a")).problem().0, 403);
    assert_eq!(server.post("/v1/events").by(&appends).json(&event("a")).status, 201);
    let read = [
        "/v1/events",
        "/v1/events/0",
        "/v1/events/0/proof",
        "/v1/count",
        "/v1/facets?facet=action",
        "/v1/histogram",
        "/v1/suggest?key=action",
        "/v1/tail",
        "/v1/export?format=csv",
        "/v1/activities",
        "/v1/checkpoint",
        "/v1/checkpoint/history",
        "/v1/consistency?old=0",
        "/v1/integrity",
        "/v1/anchors",
    ];
    for path in read {
        assert_eq!(server.get(path).by(&appends).send().problem().0, 403, "{path}");
    }
    for path in ["/v1/workspaces", "/v1/tokens"] {
        assert_eq!(server.get(path).send().problem().0, 403, "{path}");
        assert_eq!(server.post(path).json(&json!({})).problem().0, 403, "{path}");
    }
    assert_eq!(server.call("DELETE", "/v1/tokens/x").send().problem().0, 403);
}

#[test]
fn another_workspace_does_not_exist() {
    let server = TestServer::start();
    let (other, token) = server.another_workspace();
    let id = server.append(&[event("secret.kept")])["events"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(server.get("/v1/count").by(&token).send().good()["count"], 0);
    for path in [format!("/v1/events/{id}"), "/v1/events/0".to_owned(), "/v1/events/0/proof".to_owned()] {
        assert_eq!(server.get(&path).by(&token).send().problem().0, 404, "{path}");
    }
    for named in [other.as_str(), "instance", "nobody", "Ä"] {
        let answer = server.get(&format!("/v1/events?workspace={named}")).send();
        assert_eq!(answer.problem().0, 404, "{named}");
    }
    let by_header = server.get("/v1/events").with("hindcast-workspace", &other).send();
    assert_eq!(by_header.problem().0, 404);
    assert_eq!(
        server.get(&format!("/v1/events?workspace={}", server.workspace)).send().status,
        200,
        "one's own"
    );
}

#[test]
fn an_administrator_names_the_workspace() {
    let server = TestServer::start();
    server.append(&[event("door.open")]);
    assert_eq!(
        server.get("/v1/events").by(&server.admin).send().problem(),
        (400, "workspace_required".to_owned())
    );
    assert_eq!(actions(&server.get("/v1/events").by_admin().send().good()), ["door.open"]);
    let path = format!("/v1/events?workspace={}", server.workspace);
    assert_eq!(actions(&server.get(&path).by(&server.admin).send().good()), ["door.open"]);
    let contradiction = server.get("/v1/events?workspace=instance").by_admin().send();
    assert_eq!(contradiction.problem().0, 400);
    assert_eq!(server.get("/v1/events?workspace=nobody").by(&server.admin).send().problem().0, 404);
}

#[test]
fn a_token_is_made_shown_once_used_and_taken_back() {
    let server = TestServer::start();
    let admin = |method: &str, path: &str| server.call(method, path).by(&server.admin);
    let workspace = admin("POST", "/v1/workspaces").json(&json!({ "name": "Südwind" }));
    assert_eq!(workspace.status, 201);
    let id = workspace.json()["id"].as_str().expect("an id").to_owned();
    let wanted = json!({ "name": "collector", "workspace": id, "scopes": ["read", "ingest"], "networks": ["127.0.0.0/8"] });
    let made = admin("POST", "/v1/tokens").json(&wanted);
    assert_eq!((made.status, made.header("cache-control")), (201, "no-store"));
    let made = made.json();
    let (token, token_id) = (made["token"].as_str().expect("a token"), made["id"].as_str().expect("an id"));
    assert_eq!(server.post("/v1/events").by(token).json(&event("a")).status, 201);
    let found = server.get("/v1/events?q=kind:system").by(token).send().good();
    assert_eq!(actions(&found), ["token.created"], "the workspace knows of the token");
    let listed = admin("GET", &format!("/v1/tokens?workspace={id}")).send().good();
    assert_eq!(
        (&listed["tokens"][0]["name"], listed["tokens"].as_array().map(Vec::len)),
        (&json!("collector"), Some(1))
    );
    assert!(!listed.to_string().contains(token));
    assert_eq!(admin("DELETE", &format!("/v1/tokens/{token_id}")).send().status, 204);
    assert_eq!(server.get("/v1/events").by(token).send().problem().0, 401, "at once");
    assert_eq!(admin("DELETE", &format!("/v1/tokens/{token_id}")).send().problem().0, 404);
    let all = admin("GET", "/v1/workspaces").send().good();
    assert!(all["workspaces"].as_array().expect("a list").iter().any(|w| w["name"] == "Südwind"));
    for (bad, field) in [
        (json!({ "name": " ", "workspace": id, "scopes": ["read"] }), "name"),
        (json!({ "name": "x", "scopes": ["read"] }), "workspace"),
        (json!({ "name": "x", "workspace": "nobody", "scopes": ["read"] }), "workspace"),
        (json!({ "name": "x", "workspace": id, "scopes": [] }), "scopes"),
        (json!({ "name": "x", "scopes": ["admin", "read"] }), "scopes"),
        (
            json!({ "name": "x", "workspace": id, "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z" }),
            "expires_at",
        ),
        (
            json!({ "name": "x", "workspace": id, "scopes": ["read"], "networks": ["10.0.0.0/33"] }),
            "networks",
        ),
    ] {
        let answer = admin("POST", "/v1/tokens").json(&bad);
        assert_eq!((answer.problem().0, &answer.json()["field"]), (422, &json!(field)), "{bad}");
    }
    assert_eq!(
        admin("POST", "/v1/tokens").json(&json!({ "name": "x", "scopes": ["king"] })).problem().0,
        422
    );
    assert_eq!(admin("POST", "/v1/tokens").body("{").problem().0, 400);
}

#[test]
fn the_rate_of_a_token_is_told_and_held() {
    let server = TestServer::start_with(|config| config.limits.requests_per_10s = 3);
    let answers: Vec<_> = (0..8).map(|_| server.get("/v1/count").send()).collect();
    assert_eq!((answers[0].header("ratelimit-limit"), answers[0].header("ratelimit-remaining")), ("3", "2"));
    let refused = answers.iter().find(|answer| answer.status == 429).expect("refused");
    assert_eq!(refused.problem().1, "rate_limited");
    assert_eq!(refused.header("retry-after"), refused.header("ratelimit-reset"));
}

#[test]
fn numbers_are_for_this_machine_or_with_a_token_for_all() {
    let server = TestServer::start();
    let metrics = |token: &str, passed_on: bool| {
        let call = server.get("/metrics").by(token);
        if passed_on { call.with("x-forwarded-for", "192.0.2.1").send() } else { call.send() }
    };
    assert!(metrics("", false).text().contains("hindcast_entries_appended_total"));
    assert_eq!(metrics("", true).problem().0, 401);
    assert_eq!(metrics(&server.token, true).problem().0, 403);
    assert_eq!(metrics(&server.admin, true).status, 200);
}
