//! The document says what the server does.

use crate::support::TestServer;
use serde_json::Value;

#[test]
fn the_document_is_whole_and_names_every_address() {
    let server = TestServer::start();
    let document = server.get("/openapi.json").with("authorization", "").send().good();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let paths = document["paths"].as_object().expect("paths");
    let known = [
        "/v1/events",
        "/v1/events/{id}",
        "/v1/events/{id}/proof",
        "/v1/count",
        "/v1/facets",
        "/v1/histogram",
        "/v1/suggest",
        "/v1/tail",
        "/v1/export",
        "/v1/workspaces",
        "/v1/tokens",
        "/v1/tokens/{id}",
        "/v1/destinations",
        "/v1/destinations/{id}",
        "/v1/destinations/{id}/test",
        "/v1/destinations/{id}/pause",
        "/v1/destinations/{id}/resume",
        "/v1/destinations/{id}/replay",
        "/v1/destinations/{id}/attempts",
        "/v1/destinations/{id}/dead-letters",
        "/v1/destinations/{id}/days",
        "/v1/activities",
        "/v1/checkpoint",
        "/v1/checkpoint/history",
        "/v1/consistency",
        "/v1/integrity",
        "/v1/anchors",
        "/w/{workspace}/checkpoint",
        "/w/{workspace}/vkey",
        "/w/{workspace}/tile/{level}/{tile}",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/v1/reports",
        "/v1/reports/{id}",
        "/v1/reports/{id}/file/{kind}",
        "/v1/sources",
        "/v1/sources/{id}",
        "/v1/sources/{id}/pause",
        "/v1/sources/{id}/resume",
        "/v1/sources/{id}/fetch",
        "/v1/retention",
        "/v1/retention/preview",
        "/v1/retention/run",
        "/v1/holds",
        "/v1/holds/{id}",
        "/v1/erasures",
        "/v1/erasures/{id}",
        "/v1/erasures/{id}/approve",
        "/v1/erasures/{id}/reject",
        "/v1/erasures/{id}/certificate",
        "/v1/alerts",
        "/v1/alerts/{id}",
        "/v1/alerts/{id}/evidence",
        "/v1/alerts/{id}/acknowledge",
        "/v1/alerts/{id}/assign",
        "/v1/alerts/{id}/mute",
        "/v1/alerts/{id}/resolve",
        "/v1/alerts/{id}/reopen",
        "/v1/rules",
        "/v1/rules/{key}",
        "/v1/rules/check",
        "/v1/rules/backtests",
        "/v1/rules/backtests/{id}",
        "/v1/rules/lists",
        "/v1/rules/lists/{name}",
        "/v1/decide",
        "/v1/gate",
        "/v1/approvals",
        "/v1/approvals/{id}",
        "/v1/approvals/{id}/approve",
        "/v1/approvals/{id}/deny",
        "/v1/approvals/{id}/cancel",
        "/v1/approvals/{id}/comments",
        "/v1/policies",
        "/v1/policies/{name}",
        "/v1/policies/{name}/activate",
        "/v1/policies/{name}/agree",
        "/v1/policies/{name}/reject",
        "/v1/policies/{name}/versions",
        "/v1/policies/check",
        "/v1/replays",
        "/v1/replays/{id}",
        "/v1/replays/{id}/cancel",
        "/v1/replays/{id}/differences.csv",
        "/v1/replays/{id}/junit.xml",
        "/v1/replays/{id}/traces",
        "/v1/tools",
        "/v1/tools/{name}",
        "/v1/mcp/upstreams",
        "/v1/mcp/upstreams/{id}",
        "/v1/mcp/upstreams/{id}/refresh",
        "/v1/mcp/upstreams/{id}/tools",
        "/v1/workflows",
        "/v1/workflows/{name}",
        "/v1/workflows/{name}/activate",
        "/v1/workflows/{name}/restore",
        "/v1/workflows/{name}/versions",
        "/v1/workflows/check",
        "/v1/workflows/runs",
        "/v1/workflows/trigger",
        "/v1/connectors",
        "/v1/connectors/{kind}",
        "/v1/connectors/{kind}/test",
        "/v1/conversations",
        "/v1/conversations/{id}",
        "/v1/conversations/{id}/tags",
        "/v1/history",
        "/v1/simulations",
        "/v1/simulations/{id}",
        "/v1/simulations/{id}/cases",
        "/v1/simulations/{id}/cancel",
        "/v1/simulations/{id}/continue",
        "/v1/articles",
        "/v1/articles/{id}",
        "/v1/insights",
        "/v1/insights/{id}",
        "/v1/insights/{id}/{nr}",
    ];
    for path in known {
        assert!(paths.contains_key(path), "{path}");
    }
    assert_eq!(paths.len(), known.len(), "{:?}", paths.keys());
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is not described");
    }
}

#[test]
fn every_documented_address_exists() {
    let server = TestServer::start();
    let document = server.get("/openapi.json").send().good();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let methods: Vec<_> = methods.as_object().map(|m| m.keys().collect()).unwrap_or_default();
        let address = path
            .replace("{id}", "x")
            .replace("{workspace}", &server.workspace)
            .replace("{key}", "x")
            .replace("{name}", "x")
            .replace("{kind}", "x")
            .replace("{level}", "0")
            .replace("{tile}", "000");
        let answer = server.call("PATCH", &address).send();
        assert_eq!(answer.status, 405, "{path}");
        let allowed: Vec<String> =
            answer.header("allow").split(',').map(str::to_lowercase).filter(|m| m != "head").collect();
        for method in &methods {
            assert!(allowed.contains(method), "{method} {path}");
        }
        assert_eq!(methods.len(), allowed.len(), "{path}");
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let server = TestServer::start();
    let document = server.get("/openapi.json").send().good();
    let mut names: Vec<&Value> = Vec::new();
    for operation in document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|path| path.as_object().expect("methods").values())
    {
        let name = &operation["operationId"];
        assert!(name.is_string() && !names.contains(&name), "{name}");
        names.push(name);
        assert!(operation["responses"].as_object().is_some_and(|responses| !responses.is_empty()));
    }
}
