//! Pages: each is whole, each role finds what is for it, and nobody finds what is not.

use crate::cast::Visitor;
use crate::support::{TestServer, event};
use hindcast::catalog::{By, NewRun, ReadUntil};
use hindcast::people::Role;
use serde_json::{Value, json};

/// Every page that takes no id.
const PAGES: [&str; 67] = [
    "/log",
    "/log?range=all&q=actor:ana&parts=all",
    "/log?q=nokey:1",
    "/log?range=15m&q=action:none",
    "/log/0",
    "/log/0?tab=changes",
    "/log/0?tab=context",
    "/log/0?tab=integrity",
    "/log/0?tab=raw",
    "/log/values?facet=actor&range=all",
    "/log/export?range=all",
    "/exports",
    "/dashboards/overview?range=all",
    "/dashboards/access?range=all",
    "/dashboards/changes?range=all",
    "/dashboards/people?range=all",
    "/people/ana",
    "/alerts",
    "/alerts?state=all&severity=high",
    "/alerts/rules",
    "/alerts/rules/A1",
    "/alerts/rules/new",
    "/alerts/rules/tests/none",
    "/policies",
    "/policies/base.cedar",
    "/policies/new",
    "/policies/new?from=agent-tags",
    "/policies/new/form",
    "/policies/tools",
    "/policies/tools/new",
    "/approvals",
    "/approvals?tab=requests",
    "/approvals?tab=decided",
    "/integrity",
    "/conversations",
    "/conversations?tag=none&month=2026-11",
    "/insights",
    "/simulations",
    "/simulations/new",
    "/simulations/new?subject=chat",
    "/simulations/new?subject=rule&rule=A1",
    "/simulations/new?subject=workflow",
    "/workflows",
    "/workflows/new",
    "/workflows/new?from=careful-replies",
    "/workflows/late",
    "/workflows/late/versions",
    "/workflows/late/runs",
    "/workflows/runs",
    "/workflows/import",
    "/settings/preferences",
    "/settings/general",
    "/settings/geo",
    "/settings/people",
    "/settings/teams",
    "/settings/roles",
    "/settings/sign-in",
    "/settings/tokens",
    "/settings/connectors",
    "/settings/connectors/intercom",
    "/settings/connectors/zendesk",
    "/settings/connectors/http",
    "/settings/retention",
    "/settings/erasure",
    "/settings/system",
    "/help/activities",
    "/docs/api",
];

fn filled() -> TestServer {
    let server = TestServer::start();
    late(&server);
    let by = |actor: &str, action: &str| {
        let mut event = event(action);
        event["actor"] =
            json!({ "type": "user", "id": actor, "name": actor, "email": format!("{actor}@x.example") });
        event["context"] =
            json!({ "ip": "192.0.2.7", "user_agent": "Mozilla", "session_id": "s-1", "source": "ui" });
        event["changes"] = json!([{ "path": "/a", "before": "old value", "after": "new value" }]);
        event
    };
    server.append(&[
        by("ana", "macro.updated"),
        by("bob", "macro.deleted"),
        by("eve", "user.sign_in_failed"),
        json!({ "action": "team.updated", "actor": { "type": "user", "id": "eve" },
                "targets": [{ "type": "team", "id": "payments" }] }),
    ]);
    server
}

/// A workflow, which is off, and what it said once.
fn late(server: &TestServer) {
    let (workspace, now) = (server.workspace.parse().expect("an id"), (server.app.clock)());
    let text = "schema: workflow/1\nname: late\ntrigger: [manual]\nthen:\n  - note.add: hurry\n";
    let saved = server.app.catalog.save_workflow(&workspace, "late", 0, text, now, &By::server());
    saved.expect("kept").expect("nobody was quicker");
    let run = NewRun {
        id: "r-1".to_owned(),
        workflow: "late".to_owned(),
        number: 1,
        mode: "shadow",
        trigger: "manual",
        ticket: String::new(),
        matched: "true".to_owned(),
        held: String::new(),
        body: json!({ "trace": [], "intents": [{ "path": "then[0]", "action": "note.add", "arguments": {} }] }),
        entry: None,
        intents: Vec::new(),
    };
    server.app.catalog.keep_runs(&workspace, &[run], &ReadUntil::Nothing, now).expect("kept");
    server.forget_outbox();
}

/// What every page promises to browsers and to people who cannot see it.
fn check_whole(path: &str, text: &str) {
    assert_eq!(text.matches("<h1").count(), 1, "{path} has one heading");
    for landmark in ["<header", "<main id=\"main\"", "<footer", "lang=\"", "<title>"] {
        assert!(text.contains(landmark), "{path} has {landmark}");
    }
    for inline in [" style=\"", "<script>", " onclick=", " onload=", "javascript:", "hx-on"] {
        assert!(!text.contains(inline), "{path} has {inline}");
    }
    let mut ids: Vec<&str> = text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "{path} has an id twice");
    let labelled = |id: &str| text.contains(&format!("for=\"{id}\""));
    for input in text.split("<input").skip(1).chain(text.split("<select").skip(1)) {
        let tag = input.split('>').next().unwrap_or_default();
        let id = tag.split(" id=\"").nth(1).and_then(|rest| rest.split('"').next());
        let named =
            tag.contains("aria-label=") || id.is_some_and(labelled) || tag.contains("type=\"hidden\"");
        let wrapped = tag.contains("type=\"checkbox\"") || tag.contains("type=\"radio\"");
        assert!(named || wrapped, "{path}: <input{tag}> has a label");
    }
}

#[test]
fn every_page_is_whole_in_every_language() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &["ana"]);
    for path in PAGES {
        let and = if path.contains('?') { '&' } else { '?' };
        for language in ["en", "de", "fr", "ja"] {
            let answer = owner.get(&format!("{path}{and}lang={language}"));
            let expected = if path.contains("nokey") { 400 } else { 200 };
            assert_eq!(answer.status, expected, "{path} in {language}: {}", answer.text());
            assert!(answer.text().contains(&format!("<html lang=\"{language}\"")), "{path}");
            assert_eq!(answer.header("content-language"), language, "{path}");
            check_whole(path, answer.text());
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        }
    }
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &["ana"]);
    let mut seen = std::collections::BTreeSet::new();
    for path in PAGES {
        let text = owner.get(path).text().to_owned();
        for href in text.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let href = href.replace("&amp;", "&").replace("&#38;", "&");
            let target = href.split('#').next().unwrap_or_default().to_owned();
            if target.starts_with('/') && seen.insert(target.clone()) {
                let status = owner.get(&target).status;
                assert!(matches!(status, 200 | 303), "{target} on {path} leads to {status}");
            }
        }
    }
    assert!(seen.len() > 80, "{}", seen.len());
}

/// Which pages a role is refused, with the permission that is named.
fn refused(role: Role) -> Vec<(&'static str, &'static str)> {
    let settings = [
        ("/settings/general", "settings.general"),
        ("/settings/geo", "settings.general"),
        ("/settings/people", "settings.people"),
        ("/settings/teams", "settings.people"),
        ("/settings/roles", "settings.people"),
        ("/settings/sign-in", "settings.sign_in"),
        ("/settings/tokens", "settings.tokens"),
        ("/settings/connectors", "settings.sources"),
        ("/settings/connectors/intercom", "settings.sources"),
        ("/settings/connectors/zendesk", "settings.sources"),
        ("/settings/connectors/http", "settings.sources"),
        ("/settings/retention", "settings.retention"),
        ("/settings/erasure", "log.erase"),
        ("/settings/system", "settings.system"),
    ];
    let alerts = [
        ("/alerts", "alert.read"),
        ("/alerts?state=all&severity=high", "alert.read"),
        ("/alerts/rules", "alert.read"),
        ("/alerts/rules/A1", "alert.read"),
    ];
    let rules = [("/alerts/rules/new", "alert.manage"), ("/alerts/rules/tests/none", "alert.manage")];
    let conversations = [
        ("/conversations", "conversation.read"),
        ("/conversations?tag=none&month=2026-11", "conversation.read"),
        ("/insights", "conversation.read"),
    ];
    let simulations = [("/simulations", "simulation.read")];
    let runs = [
        ("/simulations/new", "simulation.run"),
        ("/simulations/new?subject=chat", "simulation.run"),
        ("/simulations/new?subject=rule&rule=A1", "simulation.run"),
        ("/simulations/new?subject=workflow", "simulation.run"),
    ];
    let policies = [
        ("/policies", "policy.read"),
        ("/policies/base.cedar", "policy.read"),
        ("/policies/tools", "policy.read"),
        ("/approvals", "policy.read"),
        ("/approvals?tab=requests", "policy.read"),
        ("/approvals?tab=decided", "policy.read"),
        ("/workflows", "policy.read"),
        ("/workflows/late", "policy.read"),
        ("/workflows/late/versions", "policy.read"),
        ("/workflows/late/runs", "policy.read"),
        ("/workflows/runs", "policy.read"),
    ];
    let saw = [("/workflows/late/runs", "conversation.read"), ("/workflows/runs", "conversation.read")];
    let texts = [
        ("/policies/new", "policy.manage"),
        ("/policies/new?from=agent-tags", "policy.manage"),
        ("/policies/new/form", "policy.manage"),
        ("/policies/tools/new", "policy.manage"),
        ("/workflows/new", "policy.manage"),
        ("/workflows/new?from=careful-replies", "policy.manage"),
        ("/workflows/import", "policy.manage"),
    ];
    let exports = [("/log/export?range=all", "log.export"), ("/exports", "log.export")];
    match role {
        Role::Owner | Role::SecurityAdmin => Vec::new(),
        Role::Viewer => {
            let others = settings.into_iter().chain(exports).chain(alerts).chain(rules);
            others.chain(policies).chain(texts).chain(conversations).chain(simulations).chain(runs).collect()
        }
        Role::SupportOpsManager => {
            let others = settings.into_iter().chain(alerts).chain(rules).chain(texts);
            others.chain(conversations).chain(simulations).chain(runs).chain(saw).collect()
        }
        Role::Auditor => settings.into_iter().chain(rules).chain(texts).chain(runs).collect(),
    }
}

#[test]
fn each_role_is_told_what_it_may_not_do_and_by_which_permission() {
    let server = filled();
    for role in Role::ALL {
        let visitor = server.visitor(role, &["ana"]);
        for path in PAGES {
            let answer = visitor.get(path);
            match refused(role).into_iter().find(|(refused, _)| *refused == path) {
                Some((_, permission)) => {
                    assert_eq!(answer.status, 403, "{path} as {role:?}");
                    assert!(answer.text().contains(permission), "{path} as {role:?} names {permission}");
                    check_whole(path, answer.text());
                }
                None => assert!(matches!(answer.status, 200 | 400), "{path} as {role:?}: {}", answer.status),
            }
        }
        for (path, fields) in [
            ("/settings/tokens", &[("name", "x"), ("scope", "read"), ("days", "1")][..]),
            ("/settings/people", &[("email", "x@y.example"), ("role", "viewer")]),
            ("/settings/general", &[("name", "x"), ("zone", "UTC"), ("from", "8"), ("until", "9")]),
            ("/settings/roles", &[]),
            ("/settings/sign-in", &[]),
            ("/simulations/new", &[]),
        ] {
            let post = if path == "/simulations/new" { "/simulations" } else { path };
            let may = refused(role).iter().all(|(refused, _)| *refused != path);
            assert_eq!(visitor.post(post, fields).status != 403, may, "POST {path} as {role:?}");
        }
    }
}

fn seen(visitor: &Visitor<'_>) -> Vec<&'static str> {
    let text = visitor.get("/log?range=all&group=off").text().to_owned();
    ["macro.updated", "macro.deleted", "user.sign_in_failed", "team.updated"]
        .into_iter()
        .filter(|action| text.contains(&format!("<span class=\"code\">{action}</span>")))
        .collect()
}

#[test]
fn each_role_sees_its_scope_in_every_view() {
    let server = filled();
    let all = ["macro.updated", "macro.deleted", "user.sign_in_failed", "team.updated"];
    for (role, scope) in [
        (Role::Owner, &all[..]),
        (Role::SecurityAdmin, &all),
        (Role::Auditor, &all),
        // Bob is of their team, and the team was changed.
        (Role::SupportOpsManager, &["macro.updated", "macro.deleted", "team.updated"]),
        (Role::Viewer, &["macro.updated"]),
    ] {
        let visitor = server.visitor(role, &["ana"]);
        assert_eq!(seen(&visitor), scope, "{role:?}");
        // What rules make of it is an entry too, a moment later.
        let page = visitor.get("/log?range=all&parts=all&q=-action:alert.raised").text().to_owned();
        let plural = if scope.len() == 1 { "entry" } else { "entries" };
        assert!(page.contains(&format!("{} {plural} · All time", scope.len())), "the count for {role:?}");
        for (index, action) in all.iter().enumerate() {
            let status = visitor.get(&format!("/log/{index}")).status;
            assert_eq!(status, if scope.contains(action) { 200 } else { 404 }, "{action} for {role:?}");
            let proof = visitor.get(&format!("/log/{index}/proof/proof.json")).status;
            assert_eq!(proof, status, "the proof of {action} for {role:?}");
        }
        assert_eq!(visitor.get("/people/eve").status == 200, scope.contains(&"team.updated"), "{role:?}");
        let suggested = visitor.get("/log/suggest?q=actor:e").json();
        let finds_eve =
            suggested["items"].as_array().expect("items").iter().any(|item| item["label"] == "eve");
        assert_eq!(finds_eve, scope.contains(&"team.updated"), "{role:?}: {suggested}");
    }
}

#[test]
fn what_a_manager_may_not_see_is_not_asked_for_either() {
    let server = filled();
    let manager = server.visitor(Role::SupportOpsManager, &["ana"]);
    let entry = manager.get("/log/0").text().to_owned();
    for secret in ["192.0.2.7", "Mozilla", "s-1"] {
        assert!(!entry.contains(secret), "{secret}");
    }
    assert!(entry.contains("Your role hides"), "that something is hidden is said");
    for q in ["ip:192.0.2.7", "session:s-1", "country:JP"] {
        let answer = manager.get(&format!("/log?range=all&q={q}"));
        assert_eq!(answer.status, 403, "{q}");
    }
    assert_eq!(manager.get("/log/values?facet=country&range=all").status, 403);
    let auditor = server.visitor(Role::Auditor, &[]);
    assert!(auditor.get("/log/0").text().contains("192.0.2.7"));
}

#[test]
fn another_workspace_is_nothing_at_all() {
    let server = filled();
    let (other, _) = server.another_workspace();
    let stranger = server.visitor_of(&other, Role::Owner, &["ana"]);
    let owner = server.visitor(Role::Owner, &[]);
    let member = format!("/settings/people/{}", owner.id.0);
    for path in PAGES {
        let text = stranger.get(path).text().to_owned();
        for foreign in ["macro.deleted", "Northwind", "192.0.2.7"] {
            let is_help = path.starts_with("/help") || path.starts_with("/docs");
            assert!(is_help || !text.contains(foreign), "{foreign} on {path}");
        }
    }
    assert_eq!(stranger.get(&member).status, 404);
    assert_eq!(stranger.post(&member, &[("act", "remove")]).status, 404);
    assert_eq!(stranger.post("/workspace", &[("workspace", &server.workspace)]).status, 404);
    assert_eq!(stranger.post("/workspace", &[("workspace", "instance")]).status, 404);
    let tokens = server.get(&format!("/v1/tokens?workspace={}", server.workspace)).by_admin().send().good();
    let token = tokens["tokens"][0]["id"].as_str().map(str::to_owned);
    let revoke = format!("/settings/tokens/{}/revoke", token.expect("a token"));
    assert_eq!(stranger.post(&revoke, &[]).status, 404);
    assert_eq!(stranger.get("/log/1").status, 404);
}

#[test]
fn reading_is_an_entry_gathered_by_the_minute() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    for q in ["actor:ana", "actor:bob", "actor:ana"] {
        assert_eq!(owner.get(&format!("/log?range=all&q={q}")).status, 200);
    }
    owner.get("/log/1");
    assert_eq!(owner.post("/log/1/verify", &[]).status, 303);
    owner.post("/logout", &[]);
    let entries = server.get("/v1/events?q=category:system").send().good();
    let find = |action: &str| -> Value {
        let entries = entries["entries"].as_array().expect("entries");
        entries.iter().find(|entry| entry["action"] == action).cloned().unwrap_or_default()
    };
    assert_eq!(find("log.searched")["metadata"]["count"], 3, "{entries}");
    assert_eq!(find("log.searched")["metadata"]["queries"], json!(["actor:ana", "actor:bob"]));
    assert_eq!(find("log.viewed")["targets"][0]["name"], "#1");
    assert_eq!(find("log.verified")["metadata"]["intact"], true);
    assert_eq!(find("log.searched")["actor"]["role"], "owner");
}

#[test]
fn a_view_opened_to_viewers_widens_what_they_see() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    let viewer = server.visitor(Role::Viewer, &["ana"]);
    assert_eq!(seen(&viewer), ["macro.updated"]);
    let save = |q: &str, shared: &str| {
        owner
            .post("/views", &[("name", "Deleted"), ("address", &format!("q={q}")), ("shared", shared)])
            .status
    };
    assert_eq!(save("refund", "opened"), 400, "words may be hidden, so they open nothing");
    assert_eq!(save("action:macro.deleted", "listed"), 303);
    assert_eq!(seen(&viewer), ["macro.updated"], "a list is no key");
    assert_eq!(save("action:macro.deleted", "opened"), 303);
    assert_eq!(seen(&viewer), ["macro.updated", "macro.deleted"]);
    let auditor = server.visitor(Role::Auditor, &[]);
    assert_eq!(auditor.post("/views", &[("name", "x"), ("address", ""), ("shared", "listed")]).status, 403);
}

#[test]
fn an_export_holds_what_its_reader_sees_at_once_or_as_a_job() {
    let server = filled();
    let manager = server.visitor(Role::SupportOpsManager, &["ana"]);
    let sent = manager.post("/exports", &[("format", "csv"), ("address", "range=all")]);
    assert_eq!(sent.header("content-type"), "text/csv; charset=utf-8");
    assert!(sent.text().contains("macro.deleted") && !sent.text().contains("user.sign_in_failed"));
    assert!(!sent.text().contains("192.0.2.7"));
    let queued = manager.post("/exports", &[("format", "ndjson"), ("address", "range=all"), ("as", "job")]);
    assert_eq!(queued.header("location"), "/exports");
    let link = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let list = manager.get("/exports").text().to_owned();
        list.split(" href=\"")
            .filter_map(|rest| rest.split('"').next())
            .find(|href| href.ends_with("/download"))
            .map(str::to_owned)
    });
    let link = link.expect("it is ready within ten seconds");
    let whole = manager.get(&link);
    assert_eq!((whole.status, whole.header("accept-ranges")), (200, "bytes"));
    assert_eq!(whole.text().lines().count(), 4, "three entries and the one about the first export");
    assert!(!whole.text().contains("192.0.2.7"));
    let auditor = server.visitor(Role::Auditor, &[]);
    assert_eq!(auditor.get(&link).status, 404, "an export is for who asked for it");
    assert_eq!(auditor.post(&link.replace("/download", "/remove"), &[]).status, 404);
    assert_eq!(manager.post(&link.replace("/download", "/remove"), &[]).status, 303);
    assert_eq!(manager.get(&link).status, 404);
}

#[test]
fn what_was_done_in_somebodys_name_is_their_activity_too() {
    let server = filled();
    let agent = json!({ "type": "agent", "id": "fin", "name": "Fin" });
    let mut delegated = event("macro.deleted");
    delegated["actor"] = agent.clone();
    delegated["on_behalf_of"] =
        json!({ "type": "user", "id": "ana", "name": "Ana", "email": "ana@x.example" });
    let mut own = event("team.updated");
    own["actor"] = agent;
    server.append(&[delegated, own]);
    let viewer = server.visitor(Role::Viewer, &["ana"]);
    assert_eq!(seen(&viewer), ["macro.updated", "macro.deleted"]);
    let mine = viewer.get("/my-activity").header("location").to_owned();
    assert!(viewer.get(&mine).text().contains("macro.deleted"), "{mine}");
    let owner = server.visitor(Role::Owner, &[]);
    for (q, found) in
        [("on_behalf_of:ana", 1), ("on_behalf_of:ana@x.example", 1), ("actor:ana", 1), ("principal:ana", 2)]
    {
        let rows = owner
            .get(&format!("/log?range=all&group=off&q={q}"))
            .text()
            .matches("data-testid=\"log-row\"")
            .count();
        assert_eq!(rows, found, "{q}");
    }
}

#[test]
fn the_log_opens_with_the_view_somebody_prefers() {
    let server = filled();
    let owner = server.visitor(Role::Owner, &[]);
    assert_eq!(owner.get("/log").status, 200);
    let view = [("name", "Deleted"), ("address", "q=action:macro.deleted&range=all"), ("first", "on")];
    assert_eq!(owner.post("/views", &view).status, 303);
    let opened = owner.get("/log");
    assert_eq!((opened.status, opened.header("location")), (303, "/log?q=action%3Amacro.deleted&range=all"));
    assert_eq!(owner.get("/log?q=").status, 200, "everything is still there");
    let preferences = owner.get("/settings/preferences").text().to_owned();
    assert!(
        preferences
            .contains("<option value=\"q=action%3Amacro.deleted&#38;range=all\" selected>Deleted</option>")
    );
    let form = [("name", "Mara"), ("times", "local"), ("theme", "system"), ("first_view", "")];
    assert_eq!(owner.post("/settings/preferences", &form).status, 303);
    assert_eq!(owner.get("/log").status, 200);
}
