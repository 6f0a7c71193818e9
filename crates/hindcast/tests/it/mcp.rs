//! Assistants read the log through MCP: with a token, in its workspace, what it sees and nothing else; and nothing is changed by it.

use crate::mcp_peers::Client;
use crate::support::{TestServer, event};
use hindcast::catalog::{Narrowing, Scope};
use hindcast_event::{Field, Hidden};
use serde_json::{Value, json};

fn connect(server: &TestServer, token: &str) -> Client {
    Client::connect(&format!("{}/mcp", server.url), token)
}

fn actions(page: &Value) -> Vec<&str> {
    crate::support::actions(page)
}

#[test]
fn an_assistant_searches_counts_and_opens_what_its_token_sees() {
    let server = TestServer::quiet();
    let mut failed = event("door.open");
    failed["actor"] = json!({ "type": "agent", "id": "bob" });
    failed["outcome"] = json!({ "result": "failure" });
    let appended = server.append(&[event("door.open"), event("door.close"), failed]);
    let client = connect(&server, &server.token);
    assert_eq!(client.server()["serverInfo"]["name"], "hindcast");
    let names = ["search_log", "get_entry", "count", "facets", "explain_activity", "verify_entry"];
    assert_eq!(client.names(), names);
    assert!(
        client.tools().iter().all(|tool| {
            tool.annotations.as_ref().is_some_and(|hints| hints.read_only_hint == Some(true))
        })
    );

    let found = client.json("search_log", json!({ "q": "action:door.*" }));
    assert_eq!(actions(&found), ["door.open", "door.close", "door.open"]);
    let page = client.json("search_log", json!({ "limit": 2 }));
    let rest = client.json("search_log", json!({ "limit": 2, "cursor": page["next"] }));
    assert_eq!([actions(&page).len(), actions(&rest).len()], [2, 1]);
    assert_eq!(found, server.get("/v1/events?q=action:door.*&limit=20").send().good(), "as the API tells it");

    assert_eq!(client.json("count", json!({ "q": "actor:bob" })), json!({ "count": 1 }));
    let facets = client.json("facets", json!({ "facet": "action,outcome", "top": 1 }));
    let most = &facets["facets"][0]["values"][0];
    assert_eq!((&most["value"], &most["count"]), (&json!("door.open"), &json!(2)));
    let id = &appended["events"][1]["id"];
    let by_id = client.json("get_entry", json!({ "id": id }));
    assert_eq!((&by_id["action"], &by_id["id"]), (&json!("door.close"), id));
    assert_eq!(
        client.json("get_entry", json!({ "id": appended["events"][1]["index"] })),
        by_id,
        "models write numbers"
    );

    let told = client.json("explain_activity", json!({ "activity": "ai_agent.tool_called" }));
    assert_eq!((&told["category"], &told["metadata"][0]), (&json!("ai_agents"), &json!("tool")));
    let verified = client.json("verify_entry", json!({ "id": id }));
    assert_eq!(verified["verified"], true);
    let proof = server.get(&format!("/v1/events/{}/proof", id.as_str().expect("an id"))).send().good();
    assert_eq!((&verified["leaf"], &verified["opening"]), (&proof["leaf"], &proof["opening"]));
}

#[test]
fn what_is_wrong_is_said_as_the_api_says_it() {
    let server = TestServer::quiet();
    server.append(&[event("door.open")]);
    let client = connect(&server, &server.token);
    let wrong = client.problem("search_log", json!({ "q": "actor:\"ana" }));
    assert_eq!(wrong["code"], "invalid_query");
    assert!(wrong["errors"][0]["span"].is_array(), "{wrong}");
    assert_eq!(client.problem("search_log", json!({ "limit": 100_000 }))["field"], "limit");
    assert_eq!(client.problem("search_log", json!({ "limit": "many" }))["field"], "limit");
    let invented = client.problem("count", json!({ "query": "x" }));
    assert!(invented["detail"].as_str().is_some_and(|detail| detail.contains("query")), "{invented}");
    assert_eq!(client.problem("count", json!({ "workspace": "other" }))["field"], "workspace");
    assert_eq!(client.problem("get_entry", json!({ "id": "7" }))["code"], "not_found");
    let meant = client.problem("explain_activity", json!({ "activity": "macro.aplied" }));
    assert!(meant["detail"].as_str().is_some_and(|detail| detail.contains("macro.applied")), "{meant}");
    let unknown = client.call("delete_entry", json!({ "id": "0" })).expect_err("no such tool");
    assert!(unknown.starts_with("protocol:"), "{unknown}");
}

#[test]
fn a_token_sees_its_workspace_its_scope_and_its_fields_and_no_others() {
    let server = TestServer::quiet();
    let mut hers = event("door.open");
    hers["context"] = json!({ "ip": "192.0.2.7" });
    let mut his = event("safe.open");
    his["actor"] = json!({ "type": "agent", "id": "bob" });
    server.append(&[hers, his]);
    let (_, elsewhere) = server.another_workspace();
    let other = connect(&server, &elsewhere);
    assert_eq!(other.json("count", json!({})), json!({ "count": 0 }));
    assert_eq!(other.problem("get_entry", json!({ "id": "0" }))["code"], "not_found");

    let narrowed = server.token_with(&[Scope::Read], |new| {
        let hidden: Hidden = [Field::Address].into_iter().collect();
        new.narrowing = Narrowing::new(Some("actor:ana"), hidden).expect("sound");
    });
    let narrowed = connect(&server, &narrowed);
    let found = narrowed.json("search_log", json!({}));
    assert_eq!(actions(&found), ["door.open"]);
    assert!(!found.to_string().contains("192.0.2.7"));
    assert!(!narrowed.json("verify_entry", json!({ "id": 0 })).to_string().contains("192.0.2.7"));
    assert_eq!(narrowed.problem("verify_entry", json!({ "id": 1 }))["code"], "not_found");
    assert_eq!(narrowed.json("count", json!({ "q": "actor:bob" })), json!({ "count": 0 }));

    for token in ["", "nonsense", &server.token_with(&[Scope::Ingest], |_| ())] {
        let refused = Client::try_connect(&format!("{}/mcp", server.url), token).err().expect("refused");
        assert!(refused.contains("401") || refused.contains("403"), "{refused}");
    }
}

#[test]
fn reports_are_for_those_who_see_policies() {
    let server = TestServer::quiet();
    let token = server.token_with(&[Scope::Read, Scope::Policies], |_| ());
    let client = connect(&server, &token);
    assert!(client.names().contains(&"replay_report".to_owned()));
    assert_eq!(client.json("replay_report", json!({}))["replays"], json!([]));
    assert_eq!(client.problem("replay_report", json!({ "id": "feed" }))["code"], "not_found");
    let refused = client.problem("replay_report", json!({ "id": "feed", "kind": "simulation" }));
    assert_eq!(refused["code"], "forbidden", "simulations are about conversations");
    let reads = connect(&server, &server.token);
    assert!(reads.call("replay_report", json!({})).expect_err("no such tool").starts_with("protocol:"));
}

#[test]
fn a_page_is_as_large_as_may_be_told_and_not_larger() {
    let server = TestServer::quiet();
    let large: Vec<Value> = (0..6)
        .map(|_| {
            let mut large = event("door.open");
            large["metadata"] = json!({ "note": "x".repeat(60_000) });
            large
        })
        .collect();
    server.append(&large);
    let client = connect(&server, &server.token);
    let page = client.json("search_log", json!({}));
    assert_eq!(actions(&page).len(), 4);
    assert_eq!(
        actions(&client.json("search_log", json!({ "cursor": page["next"] }))).len(),
        2,
        "and the rest after it"
    );
}

#[test]
fn messages_that_are_none_are_refused() {
    let server = TestServer::quiet();
    let post = |body: &str| {
        let call = server.post("/mcp").with("accept", "application/json, text/event-stream");
        call.with("content-type", "application/json").body(body.to_owned())
    };
    assert_eq!(server.get("/mcp").send().status, 405);
    assert_eq!(server.call("DELETE", "/mcp").send().status, 405);
    assert_eq!(post("{").status, 415, "as rmcp has it");
    assert_eq!(post(&format!("\"{}\"", "x".repeat(300_000))).problem(), (413, "body_too_large".into()));
    let from_a_page = server.post("/mcp").with("origin", "https://evil.example");
    let from_a_page = from_a_page.with("accept", "application/json, text/event-stream");
    assert_eq!(from_a_page.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" })).status, 403);
    let ping = post(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    assert_eq!((ping.status, ping.json()["id"].clone()), (200, json!(1)));
    assert!(!ping.header("ratelimit-limit").is_empty(), "it is counted as any request");
}
