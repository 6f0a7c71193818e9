//! An owner invites three people, and each sees exactly their part of the log: rows, counts, filters and chart agree.

use crate::browser::Browser;
use crate::cast::{PASSWORD, owner};
use crate::support::TestServer;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TEAM: &str = "payments";
const MEMBERS: [&str; 2] = ["ana", "ben"];
/// So many values of a filter are shown.
const FACET_VALUES: usize = 8;
const EVERYTHING: &str = "/log?range=all&group=off&parts=all";

fn event(action: &str, actor: &str, target: (&str, &str), result: &str) -> Value {
    json!({
        "action": action,
        "actor": { "type": "user", "id": actor, "name": format!("{} Ng", actor.to_uppercase()) },
        "targets": [{ "type": target.0, "id": target.1 }],
        "outcome": { "result": result },
        "context": { "ip": "203.0.113.9", "source": "ui" },
    })
}

fn a_week_of_work(server: &TestServer) {
    server.append(&[
        event("refund.approved", "ana", ("order", "1"), "success"),
        event("refund.declined", "ben", ("order", "2"), "denied"),
        event("macro.updated", "cleo", ("macro", "3"), "success"),
        event("inbox.assigned", "cleo", ("team", TEAM), "success"),
        event("user.renamed", "dora", ("user", "ana"), "failure"),
        event("note.added", "vera", ("note", "1"), "success"),
        event("note.removed", "vera", ("note", "1"), "denied"),
        event("secret.read", "dora", ("secret", "9"), "denied"),
        event("user.renamed", "dora", ("user", "vera"), "success"),
    ]);
}

/// What the whole log has of what somebody should see, newest first.
fn expected(server: &TestServer, scope: impl Fn(&Value) -> bool) -> Vec<Value> {
    let page = server.get("/v1/events?limit=500").send().good();
    let entries = page["entries"].as_array().expect("entries").clone();
    entries.into_iter().filter(scope).collect()
}

fn is_actor(entry: &Value, ids: &[&str]) -> bool {
    ids.iter().any(|id| entry["actor"]["id"] == *id)
}

fn is_target(entry: &Value, kind: &str, ids: &[&str]) -> bool {
    let targets = entry["targets"].as_array().into_iter().flatten();
    let mut targets = targets.filter(|target| target["type"] == kind);
    targets.any(|target| ids.iter().any(|id| target["id"] == *id))
}

/// How often each value of a field is there.
fn counted(entries: &[Value], field: impl Fn(&Value) -> String) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(field(entry)).or_default() += 1;
    }
    counts
}

/// The numbers beside the values of a filter.
async fn facet(browser: &Browser, key: &str) -> BTreeMap<String, usize> {
    let labels = browser.texts(&format!("[data-testid=facet-{key}] li span")).await;
    let counts = browser.texts(&format!("[data-testid=facet-{key}] li small")).await;
    labels.into_iter().zip(counts.iter().map(|count| count.parse().expect("a number"))).collect()
}

/// The most frequent values are shown, with how often they are there.
fn agree(shown: BTreeMap<String, usize>, expected: BTreeMap<String, usize>) {
    assert_eq!(shown.len(), expected.len().min(FACET_VALUES), "{shown:?} of {expected:?}");
    for (value, count) in &shown {
        assert_eq!(expected.get(value), Some(count), "{value}: {shown:?} of {expected:?}");
    }
}

async fn sees_exactly(browser: &Browser, server: &TestServer, scope: impl Fn(&Value) -> bool) {
    browser.visit(EVERYTHING).await;
    browser.settle().await;
    let entries = expected(server, scope);
    let index = |entry: &Value| entry["index"].as_u64().expect("an index").to_string();
    let mut shown =
        browser.run("return [...document.querySelectorAll('#rows tr')].map(r => r.dataset.index)").await;
    let shown: Vec<String> = serde_json::from_value(shown.take()).expect("indexes");
    assert_eq!(shown, entries.iter().map(index).collect::<Vec<_>>());
    let action = |entry: &Value| entry["action"].as_str().expect("an action").to_owned();
    assert_eq!(browser.texts("#rows .code").await, entries.iter().map(action).collect::<Vec<_>>());

    let told = browser.see("#result-status").await;
    let count: String = told.chars().take_while(char::is_ascii_digit).collect();
    assert_eq!(count, entries.len().to_string(), "{told}");
    let actor = |entry: &Value| entry["actor"]["name"].as_str().expect("a name").to_owned();
    agree(facet(browser, "actor").await, counted(&entries, actor));
    let outcome = |entry: &Value| match entry["outcome"]["result"].as_str() {
        Some("success") => "Success".to_owned(),
        Some("denied") => "Denied".to_owned(),
        Some("failure") => "Failed".to_owned(),
        other => format!("{other:?}"),
    };
    agree(facet(browser, "outcome").await, counted(&entries, outcome));
    let drawn = browser.texts("#histogram td.number").await;
    let drawn: usize = drawn.iter().map(|count| count.parse::<usize>().expect("a number")).sum();
    assert_eq!(drawn, entries.len(), "the chart counts the same");
}

/// Invites somebody in the settings, and returns the path of their invitation.
async fn invite(browser: &Browser, email: &str, role: &str, in_team: bool, known_as: &str) -> String {
    browser.visit("/settings/people").await;
    browser.fill("#f-email", email).await;
    browser.choose("#f-role", role).await;
    if in_team {
        browser.press(&format!("input[name=team][value={TEAM}]")).await;
    }
    browser.fill("#f-actors", known_as).await;
    browser.press("form[action^='/settings/people'] button.primary").await;
    let link = browser.see("[data-testid=invite-link]").await;
    let at = link.find("/join/").unwrap_or_else(|| panic!("{link} leads nowhere"));
    link[at..].to_owned()
}

/// Takes up an invitation in a browser that knows nobody; returns the id of who joined.
async fn join(browser: &Browser, server: &TestServer, link: &str, name: &str, email: &str) -> String {
    browser.forget().await;
    browser.visit(link).await;
    assert!(browser.see("section.door").await.contains(email));
    browser.fill("#f-name", name).await;
    browser.fill("#f-password", PASSWORD).await;
    browser.press("section.door form button").await;
    browser.arrive("/login/second-factor").await;
    browser.press("a.button[href='/log']").await; // later
    browser.arrive("/log").await;
    assert_eq!(browser.status(link).await, 404, "an invitation is good once");
    server.app.catalog.person_by_email(email).expect("read").expect("joined").id.0
}

async fn goes_to(browser: &Browser) -> Vec<String> {
    let links =
        "return [...document.querySelectorAll('nav.main-nav a')].map(link => link.getAttribute('href'))";
    serde_json::from_value(browser.run(links).await).expect("links")
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_is_invited_sees_exactly_their_part() {
    let server = TestServer::start();
    a_week_of_work(&server);
    let mara = owner(&server);
    let Some(browser) = Browser::open(&server).await else { return };
    browser.sign_in(&mara).await;

    browser.visit("/settings/teams").await;
    browser.fill("#f-id", TEAM).await;
    browser.fill("#f-name", "Payments").await;
    browser.fill("#f-actors", &MEMBERS.join("\n")).await;
    browser.press("form[data-guard] button.primary").await;
    assert!(browser.see("[data-testid=saved]").await.contains('#'), "what was saved is an entry");
    let viewer = invite(&browser, "vera@northwind.example", "viewer", false, "vera").await;
    let manager = invite(&browser, "mia@northwind.example", "support_ops_manager", true, "").await;
    let auditor = invite(&browser, "abe@northwind.example", "auditor", false, "").await;
    sees_exactly(&browser, &server, |_| true).await;

    let id = join(&browser, &server, &viewer, "Vera Voss", "vera@northwind.example").await;
    sees_exactly(&browser, &server, |entry| is_actor(entry, &["vera", &id])).await;
    assert!(browser.texts("#rows .code").await.contains(&"note.removed".to_owned()));
    assert!(!goes_to(&browser).await.contains(&"/exports".to_owned()));
    assert!(!browser.sees("[data-key-export]").await);
    assert_eq!(browser.status("/log/export").await, 403);
    assert_eq!(browser.status("/settings/people").await, 403);
    browser.visit("/settings/people").await;
    assert!(browser.see("section.refused").await.contains("settings.people"), "the permission is named");
    let foreign = expected(&server, |entry| entry["action"] == "secret.read");
    let foreign = foreign[0]["index"].as_u64().expect("an index");
    assert_eq!(browser.status(&format!("/log/{foreign}")).await, 404);
    assert_eq!(browser.status(&format!("/log/{foreign}/proof/proof.json")).await, 404);
    assert_eq!(browser.status("/people/dora").await, 404);
    browser.visit(&format!("/log/{foreign}")).await;
    browser.see("#refused-h").await;
    browser.visit(&format!("/log?range=all&entry={foreign}")).await;
    browser.settle().await;
    assert!(!browser.sees("[data-testid=entry-panel]").await);

    let id = join(&browser, &server, &manager, "Mia Okafor", "mia@northwind.example").await;
    let own: Vec<&str> = MEMBERS.into_iter().chain([id.as_str()]).collect();
    let concerns = |entry: &Value| {
        is_actor(entry, &own) || is_target(entry, "user", &own) || is_target(entry, "team", &[TEAM])
    };
    sees_exactly(&browser, &server, concerns).await;
    let told = browser.texts("#rows .code").await;
    for action in ["refund.approved", "inbox.assigned", "user.renamed"] {
        assert!(told.contains(&action.to_owned()), "{action} concerns the team: {told:?}");
    }
    let source = browser.run("return document.documentElement.outerHTML").await.to_string();
    assert!(!source.contains("203.0.113.9"), "addresses are hidden from managers");
    assert!(goes_to(&browser).await.contains(&"/exports".to_owned()));
    assert_eq!(browser.status("/settings/people").await, 403);

    join(&browser, &server, &auditor, "Abe Stone", "abe@northwind.example").await;
    sees_exactly(&browser, &server, |_| true).await;
    assert!(goes_to(&browser).await.contains(&"/exports".to_owned()));
    assert_eq!(browser.status("/settings/general").await, 403);
    browser.close().await;
}
