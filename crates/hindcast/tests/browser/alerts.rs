//! Alerts: somebody guesses a password, the rules notice, and people decide what it was. Then they write a rule of their own.

use crate::browser::{Browser, Setup};
use crate::cast::{hire, owner, speaks};
use crate::support::TestServer;
use hindcast::people::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// A rule with a field that no entry has, which is mended in the story.
const OWN_RULE: &str = "\
title: Two refunds by one teammate
id: 7a1e0c52-0b7c-4c55-9d4b-0f6a1d2c3b4a
level: high
correlation:
    type: event_count
    rules: [refund]
    group-by: [actor.idd]
    timespan: 15m
    condition: { gte: 2 }
---
title: Refund
name: refund
logsource: { product: hindcast }
detection:
    selection:
        action: refund.approved
    condition: selection
";

/// Somebody tries passwords.
fn failed_sign_ins(server: &TestServer, id: &str, count: usize) {
    let failed = json!({
        "action": "user.sign_in_failed",
        "actor": { "type": "user", "id": id, "name": format!("{id} Moreau"), "email": format!("{id}@northwind.example") },
        "context": { "ip": "203.0.113.7", "source": "ui" },
        "outcome": { "result": "failure", "reason": "wrong password" },
    });
    server.append(&vec![failed; count]);
}

fn refunds(server: &TestServer, id: &str, count: usize) {
    let refund = json!({ "action": "refund.approved", "actor": { "type": "user", "id": id, "name": format!("{id} Nilsen") } });
    server.append(&vec![refund; count]);
}

/// Waits until so many alerts are open.
pub fn alerts_are_open(server: &TestServer, count: u64) {
    let workspace = server.workspace.parse().expect("an id");
    let open = || {
        let counts = server.app.catalog.alert_counts(&workspace, (server.app.clock)()).expect("read");
        counts.into_iter().find(|(state, _)| state.as_str() == "open").map_or(0, |(_, open)| open)
    };
    let is_so = |_| {
        std::thread::sleep(Duration::from_millis(50));
        open() == count
    };
    assert!((0..1200).any(is_so), "{count} alerts are open within a minute, not {}", open());
}

/// One open alert about failed sign-ins, and its id.
pub fn one_alert(server: &TestServer) -> String {
    failed_sign_ins(server, "anouk", 10);
    let is_there = |_: u32| {
        std::thread::sleep(Duration::from_millis(50));
        let workspace = server.workspace.parse().expect("an id");
        let found = server.app.catalog.alerts_behind(&workspace, &indexes(server)).expect("read");
        found.into_values().next().map(|(id, _)| id)
    };
    (0..1200).find_map(is_there).expect("an alert within a minute")
}

fn indexes(server: &TestServer) -> Vec<u64> {
    let page = server.get("/v1/events?limit=10&q=action:user.sign_in_failed").send().good();
    let entries = page["entries"].as_array().expect("entries");
    entries.iter().filter_map(|entry| entry["index"].as_u64()).collect()
}

async fn decide(browser: &Browser, disposition: &str, note: &str) {
    browser.press(&format!("[data-testid=resolve] input[value={disposition}]")).await;
    browser.fill("#f-note", note).await;
    browser.press("[data-testid=resolve] button").await;
    browser.see("[data-testid=alerts-done]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_guesses_a_password_and_people_decide_about_it() {
    let server = TestServer::start();
    let mara = owner(&server);
    let ines = hire(&server, "Ines Auditor", Role::Auditor, speaks("en"));
    let vera = hire(&server, "Vera Voss", Role::Viewer, speaks("en"));
    let Some(browser) = Browser::open(&server).await else { return };
    browser.enter(&server, &server.workspace, &mara);

    browser.visit("/alerts").await;
    assert!(browser.sees("[data-testid=alerts-never] a[href='/alerts/rules']").await);
    failed_sign_ins(&server, "anouk", 10);
    failed_sign_ins(&server, "bruno", 10);
    alerts_are_open(&server, 2);

    // The log says so, and so does every page.
    browser.visit("/log?range=all&q=action:user.sign_in_failed&group=off").await;
    browser.settle().await;
    assert!(browser.see("#rows tr .mark").await.contains("Medium"));
    assert!(browser.see("header .bell").await.starts_with('2'));
    browser.write("ga").await;
    browser.arrive("/alerts").await;
    let rows = browser.texts("[data-testid=alert-row] th").await;
    assert_eq!(rows.len(), 2);
    assert!(rows[1].contains("Many failed sign-ins of one teammate anouk"), "{rows:?}");
    assert!(rows[1].contains("10 matching entries within 10 minutes"), "{rows:?}");

    // Whoever chooses nothing is told; whoever takes it back has it back.
    browser.press("button[value=acknowledge]").await;
    browser.see("#errors").await;
    browser.press("[data-testid=alert-row]:first-of-type input").await;
    browser.press("button[value=mute_hour]").await;
    assert!(browser.see("[data-testid=alerts-done]").await.contains("1 alert muted."));
    assert_eq!(browser.texts("[data-testid=alert-row]").await.len(), 1);
    browser.press("[data-testid=alerts-done] button").await;
    browser.until("both are open", async || browser.texts("[data-testid=alert-row]").await.len() == 2).await;

    // One alert, with the entries behind it.
    browser.press_named("[data-testid=alert-row]:nth-of-type(2) th a", "Many failed").await;
    browser.arrive("/alerts/").await;
    assert_eq!(browser.texts("[data-testid=alert-evidence] li").await.len(), 10);
    assert!(browser.see("[data-testid=alert-evidence]").await.contains("203.0.113.7"));
    assert!(browser.sees("figure#histogram svg a[data-from]").await, "what is usual is drawn");
    browser.press("button[value=acknowledge]").await;
    browser.see("[data-testid=alerts-done]").await;
    assert_eq!(browser.see("[data-testid=alert-state]").await, "Acknowledged");
    browser.choose("#f-assignee", "Mara Lindqvist").await;
    browser.press("button[value=assign]").await;
    browser.see("[data-testid=alerts-done]").await;

    // A decision has to be one.
    browser.fill("#f-note", "a scanner of ours").await;
    browser.press("[data-testid=resolve] button").await;
    assert!(browser.see("#errors").await.contains("Choose how"));
    assert_eq!(browser.value("#f-note").await, "a scanner of ours");
    decide(&browser, "false_positive", "a scanner of ours").await;
    assert!(browser.see("[data-testid=alert-disposition]").await.contains("False positive"));
    let told = browser.texts("[data-testid=alert-history] li").await;
    assert!(
        told[0].contains("Mara Lindqvist closed the alert") && told[0].contains("a scanner of ours"),
        "{told:?}"
    );
    assert!(told.last().is_some_and(|first| first.contains("was raised")), "{told:?}");

    // Its rule knows how often it was right.
    browser.visit("/alerts/rules").await;
    assert_eq!(browser.see("[data-rule=A1] [data-testid=rule-precision]").await, "0 % of 1");
    assert_eq!(browser.attribute("[data-rule=A1] button", "aria-checked").await, "true");
    browser.press("[data-rule=A1] button").await;
    browser.see("[data-testid=saved]").await;
    assert_eq!(browser.attribute("[data-rule=A1] button", "aria-checked").await, "false");

    // An auditor reads, and a viewer does not even know.
    browser.forget().await;
    browser.enter(&server, &server.workspace, &ines);
    browser.visit("/alerts").await;
    assert!(
        browser.sees("[data-testid=alert-row]").await && !browser.sees("button[value=acknowledge]").await
    );
    browser.forget().await;
    browser.enter(&server, &server.workspace, &vera);
    browser.visit("/log?range=all&q=action:user.sign_in_failed&group=off").await;
    browser.settle().await;
    assert!(!browser.sees("#rows .mark").await && !browser.sees("nav a[href='/alerts']").await);
    assert_eq!(browser.status("/alerts").await, 403);
    browser.close().await;
}

async fn type_rule(browser: &Browser, text: &str) {
    browser.see("#f-yaml").await;
    let script = format!("document.querySelector('#f-yaml').value = {}", json!(text));
    let _: Value = browser.run(&script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_their_own_is_mended_tested_and_switched_on() {
    let server = TestServer::start();
    let mara = owner(&server);
    refunds(&server, "ida", 3);
    let Some(browser) = Browser::open(&server).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    browser.visit("/alerts/rules").await;
    browser.press("a[href='/alerts/rules/new']").await;
    type_rule(&browser, OWN_RULE).await;
    browser.press("[data-testid=rule-form] button.primary").await;
    let told = browser.see("[data-testid=rule-errors]").await;
    assert!(told.contains("Line 7, column 16") && told.contains("actor.id"), "{told}");
    assert!(browser.value("#f-yaml").await.contains("actor.idd"), "what was typed stays");
    assert_eq!(browser.attribute("#f-yaml", "aria-describedby").await, "d-yaml");

    let mended = OWN_RULE.replace("actor.idd", "actor.id");
    type_rule(&browser, &mended).await;
    browser.press("[data-testid=rule-test]").await;
    assert!(browser.see("[data-testid=rule-would]").await.contains("would have raised 1 alert in 30 days"));
    assert!(browser.see("[data-testid=would-be]").await.contains("Two refunds by one teammate ida"));
    assert_eq!(browser.value("#f-yaml").await.trim(), mended.trim());
    browser.press("[data-testid=rule-form] button.primary").await;
    browser.see("[data-testid=saved]").await;
    assert_eq!(browser.see("[data-testid=rule-state]").await, "Off");
    browser.press("button[role=switch]").await;
    browser
        .until_is("the rule is on", "return document.querySelector('[role=switch]').ariaChecked === 'true'")
        .await;
    refunds(&server, "joe", 2);
    alerts_are_open(&server, 1);
    browser.visit("/alerts").await;
    assert!(browser.see("[data-testid=alert-row]").await.contains("Two refunds by one teammate joe"));

    // One that comes with hindcast is tuned, and copied.
    browser.visit("/alerts/rules/A1").await;
    browser.fill("#f-tune-failures", "1").await;
    browser.press("[data-testid=rule-form] button.primary").await;
    assert!(browser.see("#d-tune-failures").await.contains("from 2 to 5000"));
    browser.fill("#f-tune-failures", "3").await;
    browser.press("[data-testid=rule-form] button.primary").await;
    browser.see("[data-testid=saved]").await;
    failed_sign_ins(&server, "anouk", 3);
    alerts_are_open(&server, 2);
    browser.visit("/alerts/rules/new?from=A1").await;
    assert!(browser.value("#f-yaml").await.contains("Many failed sign-ins"));
    browser.press("[data-testid=rule-form] button.primary").await;
    browser.see("[data-testid=saved]").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_about_alerts_is_there_without_scripts() {
    let server = TestServer::start();
    let mara = owner(&server);
    let id = one_alert(&server);
    let setup = Setup { scripts: false, ..Setup::default() };
    let Some(browser) = Browser::open_as(&server, setup).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    browser.visit("/alerts").await;
    browser.press("[data-testid=alert-row] input").await;
    browser.press("button[value=acknowledge]").await;
    assert!(browser.see("[data-testid=alerts-done]").await.contains("1 alert acknowledged."));
    browser.visit(&format!("/alerts/{id}")).await;
    decide(&browser, "benign", "").await;
    browser.visit("/alerts/rules/A1").await;
    browser.press("[data-testid=rule-test]").await;
    browser.see("[data-testid=rule-tested]").await;
    if !browser.sees("[data-testid=rule-would]").await {
        browser.press("[data-testid=rule-tested] a.button").await;
        browser.arrive("/alerts/rules/tests/").await;
    }
    browser
        .until("the test is over", async || {
            let is_over = browser.sees("[data-testid=rule-would]").await;
            if !is_over && browser.sees("[data-testid=rule-tested] a.button").await {
                browser.press("[data-testid=rule-tested] a.button").await;
            }
            is_over
        })
        .await;
    assert!(browser.is("return window.htmx === undefined").await, "no script has run");
    browser.close().await;
}
