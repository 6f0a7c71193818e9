//! A change is tried before it goes live: two agents that decide for themselves are shown a thousand conversations of the past,
//! and somebody reads what came of it, down to one case.

use crate::browser::{Browser, Setup};
use crate::cast::owner;
use crate::doubles::agents::{Agents, CAP, conversation, tools};
use crate::support::TestServer;
use hindcast::catalog::Scope;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CONVERSATIONS: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(240);

/// A server that may ask agents on this machine, with tools, a policy that is enforced, and a past.
pub fn house() -> TestServer {
    let server = TestServer::start_with(|config| {
        config.alerts.judge = false;
        config.deliver.allow = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    furnish(&server, CONVERSATIONS);
    server
}

/// Tools, a policy that is enforced, and so many conversations.
pub fn furnish(server: &TestServer, count: usize) {
    let token = server.token_with(&[Scope::Policies, Scope::Conversations, Scope::Read], |_| ());
    let call =
        |method: &str, path: &str, body: &Value| server.call(method, path).by(&token).json(body).good();
    for (name, declaration) in tools() {
        call("PUT", &format!("/v1/tools/{name}"), &declaration);
    }
    let saved = call("PUT", "/v1/policies/refunds", &json!({ "text": CAP }));
    let standing = json!({ "version": saved["version"], "enforced": 1 });
    call("POST", "/v1/policies/refunds/activate", &standing);
    let all: Vec<Value> = (1..=count).map(conversation).collect();
    call("POST", "/v1/conversations", &json!(all));
}

/// Two simulations of recorded agents, the second against the first, and a replay; their ids.
pub fn some(server: &TestServer) -> [String; 3] {
    let token = server.token_with(&[Scope::Policies, Scope::Conversations, Scope::Read], |_| ());
    let begin = |path: &str, wanted: &Value| {
        let begun = server.post(path).by(&token).json(wanted).json();
        let id = begun["id"].as_str().unwrap_or_else(|| panic!("begun, not {begun}")).to_owned();
        let until = Instant::now() + PATIENCE;
        loop {
            let shown = server.get(&format!("{path}/{id}")).by(&token).send().good();
            if !["running", "pending"].contains(&shown["state"].as_str().expect("a state")) {
                return id;
            }
            assert!(Instant::now() < until, "{shown}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let recorded = |name: &str| json!({ "name": name, "agent": { "kind": "recorded" }, "size": "all" });
    let first = begin("/v1/simulations", &recorded("Wren as it is"));
    let mut second = recorded("Nobody refunds");
    second["baseline"] = first.clone().into();
    second["cut"] = "human_reply".into();
    second["agreement_min"] = 80.into();
    second["candidates"] = json!({ "refunds": CAP.replace("100", "20") });
    second["required"] = json!({ "kind": "agent", "max_age_hours": 1, "min_n": 30,
        "thresholds": [{ "measure": "resolution_low", "at_least": 0.99 }] });
    second["forecast"] = json!({ "currency": "EUR", "month": { "first": 20789, "days": 31, "draws": 100, "seed": 7 },
        "plans": [{ "name": "each", "parts": [{ "kind": "per_resolution", "price_micros": 990000 }] },
                  { "name": "fixed", "parts": [{ "kind": "fixed", "price_micros": 99000000, "included": 100, "extra_price_micros": 500000 }] }] });
    let second = begin("/v1/simulations", &second);
    let text = "@id(\"no-tags\") forbid(principal, action == Action::\"macro.updated\", resource);";
    let replay =
        json!({ "name": "Nobody touches macros", "candidate": { "policy": "macros", "text": text } });
    [first, second, begin("/v1/replays", &replay)]
}

async fn over(browser: &Browser) {
    let until = Instant::now() + PATIENCE;
    // The page puts itself in its own place while it runs, so nothing of it is held on to.
    while browser.texts("[data-testid=sim-state]").await != ["Done"] {
        assert!(Instant::now() < until, "{:?}", browser.texts("#simulation").await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_are_shown_a_thousand_conversations_and_somebody_reads_what_came_of_it() {
    let Some(agents) = Agents::start() else { return };
    let server = house();
    let mara = owner(&server);
    let Some(browser) = Browser::open_as(&server, Setup::default()).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    browser.visit("/log").await;
    browser.write("gm").await;
    browser.arrive("/simulations").await;
    browser.see("[data-testid=simulations-none]").await;
    browser.press(".head a[href='/simulations/new']").await;
    browser.press_named(".tabs a", "Agent (HTTP)").await;
    browser.arrive("/simulations/new?subject=http").await;

    // A mistake is told beside its field, and what was typed stays.
    browser.fill("#f-name", "Agent by HTTP").await;
    browser.fill("#f-size", "0").await;
    browser.fill("#f-url", &agents.http).await;
    browser.press("[data-testid=sim-begin]").await;
    browser.see("#errors").await;
    assert_eq!(browser.attribute("#f-name", "value").await, "Agent by HTTP");
    assert_eq!(browser.attribute("#f-size", "aria-invalid").await, "true");
    browser.fill("#f-size", "1000").await;
    browser.press("[data-testid=sim-estimate-ask]").await;
    assert!(browser.see("[data-testid=sim-estimate]").await.contains("1,000 of 1,000 conversations"));
    browser.press("[data-testid=sim-begin]").await;
    browser.see("[data-testid=sim-state]").await;
    over(&browser).await;

    // Refunds above 100 euros were stopped, and 100 questions nobody could answer.
    let verdict = browser.see("[data-testid=sim-verdict]").await;
    assert!(verdict.contains("no baseline") && verdict.contains("n = 1,000"), "{verdict}");
    let tiles = browser.texts("[data-testid=sim-tile]").await;
    assert!(tiles[0].contains("Predicted resolution") && tiles[2].contains("Would-be denials"), "{tiles:?}");
    let report = browser.here().await;
    let id = report.trim_start_matches("/simulations/").to_owned();
    let token = server.token_with(&[Scope::Policies, Scope::Conversations, Scope::Read], |_| ());
    let told = server.get(&format!("/v1/simulations/{id}")).by(&token).send().good()["report"].clone();
    let denied = told["escalations"]["policy_denied"]["hits"].as_u64().expect("a count");
    let stopped = (1..=CONVERSATIONS).filter(|nth| nth % 10 < 4 && 10 + nth * 7 % 150 > 100).count() as u64;
    assert_eq!((denied, told["escalations"]["no_knowledge"]["hits"].as_u64()), (stopped, Some(100)));
    assert_eq!(told["escalations"]["customer_asked"]["hits"], 100);
    assert!(browser.see("[data-testid=sim-gaps]").await.contains("product"));
    assert!(browser.see("[data-testid=sim-rules]").await.contains("shop-cap"));
    assert!(browser.see("[data-testid=sim-forecast]").await.contains("per resolution"));

    // From a cell of the matrix to its cases, and to one of them.
    let cell = "[data-testid=confusion-matrix] a[href*='ended=escalated&outcome=escalated']";
    assert!(browser.see(cell).await.starts_with(&(100 + stopped).to_string()), "{}", browser.see(cell).await);
    browser.press(cell).await;
    browser.see("[data-testid=case-row]").await;
    assert_eq!(browser.texts("[data-testid=case-row]").await.len(), 50);
    browser.press_named("[data-testid=case-row]:has(td[data-label=Reason]) th a", "c-").await;
    browser.see("[data-testid=case-outcome]").await;
    assert!(browser.see("[data-testid=case-outcome]").await.contains("Handed over"));
    assert!(!browser.see("[data-testid=case-human]").await.is_empty());

    // The model is compared with it, case by case.
    browser.visit(&format!("/simulations/new?subject=chat&baseline={id}")).await;
    browser.fill("#f-name", "Model by chat").await;
    browser.fill("#f-url", &agents.chat).await;
    browser.fill("#f-model", "small-1").await;
    browser.press("[data-testid=sim-begin]").await;
    browser.see("[data-testid=sim-state]").await;
    over(&browser).await;
    let verdict = browser.see("[data-testid=sim-verdict]").await;
    assert!(verdict.contains("against Agent by HTTP"), "{verdict}");
    let moves = browser.texts("[data-testid=sim-move] summary").await.join(" | ");
    assert!(moves.contains("Other answer → Resolved") && moves.contains("Resolved → Handed over"), "{moves}");
    let sides = browser.texts("[data-testid=sim-move] .sides h4").await;
    assert!(sides.starts_with(&["Before".to_owned(), "After".to_owned()]), "{sides:?}");

    // Both stand in the list, and beside each other.
    browser.choose("#f-with", &id).await;
    browser.press("[data-testid=sim-compare]").await;
    assert!(browser.see("[data-testid=sim-compared]").await.contains("Agent by HTTP"));
    browser.visit("/simulations").await;
    assert_eq!(browser.texts("[data-testid=simulation-row] th a").await, ["Model by chat", "Agent by HTTP"]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_tried_before_it_is_activated_without_scripts() {
    let server = house();
    let act = json!({ "action": "shop.refund", "actor": { "type": "agent", "id": "fin" },
        "targets": [{ "type": "conversation", "id": "c-0001" }], "metadata": { "arguments": { "order": 1, "euros": 40 } } });
    server.append(&[act]);
    let mara = owner(&server);
    let setup = Setup { scripts: false, ..Setup::default() };
    let Some(browser) = Browser::open_as(&server, setup).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    browser.visit("/policies/refunds").await;
    browser.press("[data-testid=policy-simulate]").await;
    browser.arrive("/simulations/new?subject=policy&policy=refunds@1").await;
    browser.visit("/simulations/new?subject=text&pname=refunds").await;
    browser.fill("#f-text", &CAP.replace("100", "20")).await;
    browser.press("[data-testid=sim-begin]").await;
    browser.see("[data-testid=sim-state]").await;
    let until = Instant::now() + PATIENCE;
    while browser.see("[data-testid=sim-state]").await != "Done" {
        assert!(Instant::now() < until);
        browser.press_named("#simulation a.button", "See how far it is").await;
    }
    assert!(browser.see("[data-testid=sim-verdict]").await.contains("stricter"));
    browser.press("[data-testid=confusion-matrix] a").await;
    assert!(browser.see("[data-testid=sim-move]").await.contains("shop-cap"));
    browser.press("[data-testid=sim-move] a[href^='/log/']").await;
    browser.arrive("/log/").await;
    browser.close().await;
}

/// A replay of a detection rule that takes an alert away; its id.
pub fn of_rule(server: &TestServer) -> String {
    let token = server.token_with(&[Scope::Policies, Scope::Read], |_| ());
    let failed = json!({ "action": "user.sign_in_failed", "outcome": "failure",
        "actor": { "type": "user", "id": "ana" } });
    server.append(&vec![failed; 12]);
    let wanted = json!({ "kind": "rule", "rule": "A1", "candidate": { "tuned": { "failures": 50 } } });
    let begun = server.post("/v1/replays").by(&token).json(&wanted).json();
    let id = begun["id"].as_str().unwrap_or_else(|| panic!("begun, not {begun}")).to_owned();
    let until = Instant::now() + PATIENCE;
    while server.get(&format!("/v1/replays/{id}")).by(&token).send().good()["state"] != "succeeded" {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(50));
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_tuned_in_its_form_and_compared_on_the_past_before_it_is_saved() {
    let server = TestServer::quiet();
    let failed = |who: &str| json!({ "action": "user.sign_in_failed", "outcome": "failure", "actor": { "type": "user", "id": who } });
    server.append(&vec![failed("ana"); 12]);
    server.append(&vec![failed("bob"); 30]);
    let mara = owner(&server);
    let Some(browser) = Browser::open_as(&server, Setup::default()).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    browser.visit("/alerts/rules/A1").await;
    browser.fill("#f-tune-failures", "20").await;
    browser.press("[data-testid=rule-compare]").await;
    browser.see("[data-testid=sim-prefilled]").await;
    browser.press("[data-testid=sim-begin]").await;
    over(&browser).await;
    let removed = browser.texts("[data-testid=sim-removed] tbody th").await;
    assert!(matches!(&removed[..], [one] if one.contains("ana")), "only the small burst: {removed:?}");
    browser.press("a[href^='/alerts/rules/A1']").await;
    browser.arrive("/alerts/rules/A1").await;
    browser.close().await;
}
