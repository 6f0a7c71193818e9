//! Workflows: somebody writes one with a typo, mends it, tries it in shadow, and sees what it would have done and why.

use crate::browser::{Browser, Setup};
use crate::cast::{Person, owner};
use crate::support::TestServer;
use hindcast::catalog::Scope;
use serde_json::{Value, json};

/// A workflow about refunds; one of its tests fails.
fn text(name: &str, words: &str) -> String {
    format!(
        "schema: workflow/1
name: {name}
description: Messages about money back are tagged, and somebody agrees before a reply is sent
trigger: [ticket.created, message.received]
priority: 20
if:
  all:
    - {{field: message.text, op: contains_any, value: [{words}]}}
    - any:
        - {{field: customer.tier, op: is_not, value: vip}}
        - {{field: ai.confidence, op: gte, value: 90}}
  none:
    - {{field: ticket.tags, op: contains, value: spam}}
then:
  - tag.add: refund
  - approve: {{approvers: [\"role:owner\"], timeout: 4h}}
    do:
      - reply.send: We have seen your message.
tests:
  - name: somebody wants their money back
    given: {{message.text: I want a refund, customer.tier: std}}
    expect: {{matched: true, actions: [tag.add, reply.send]}}
  - name: nobody speaks of money
    given: {{message.text: hello}}
    expect: {{matched: true}}
"
    )
}

/// A workflow in shadow, one that acts and one that is off, each set off; the id of a run of the one that acts.
pub fn some(server: &TestServer) -> String {
    let token = server.token_with(&[Scope::Policies, Scope::Conversations, Scope::Decide], |_| ());
    let call =
        |method: &str, path: &str, body: &Value| server.call(method, path).by(&token).json(body).good();
    for name in ["refund-replies", "refund-tags", "weekend-replies"] {
        let path = format!("/v1/workflows/{name}");
        let first = call("PUT", &path, &json!({ "text": text(name, "refund") }));
        let wanted = json!({ "text": text(name, "refund, chargeback"), "version": first["version"] });
        let second = call("PUT", &path, &wanted);
        let standing = match name {
            "refund-replies" => json!({ "version": second["version"], "enforced": 1 }),
            "refund-tags" => json!({ "version": second["version"], "shadow": 2 }),
            _ => continue,
        };
        call("POST", &format!("{path}/activate"), &standing);
    }
    let happened = json!({ "trigger": "message.received", "conversation": "c-1", "product": "intercom", "facts": {
        "message.text": "I want a refund for the tent.\nIt came damaged.", "customer.tier": "std", "ticket.tags": ["vip"] } });
    call("POST", "/v1/workflows/trigger", &happened);
    let path = "/v1/workflows/runs?workflow=refund-replies";
    let is_weighed = |intent: &Value| intent["state"] != "pending" && intent["state"] != "allowed";
    for _ in 0..200 {
        let runs = server.get(path).by(&token).send().good();
        let run = &runs["runs"][0];
        if run["intents"]
            .as_array()
            .is_some_and(|intents| !intents.is_empty() && intents.iter().all(is_weighed))
        {
            return run["id"].as_str().expect("an id").to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the run was not weighed within twenty seconds");
}

async fn begin(server: &TestServer, setup: Setup) -> Option<(Browser, Person)> {
    let mara = owner(server);
    let browser = Browser::open_as(server, setup).await?;
    browser.enter(server, &server.workspace, &mara);
    Some((browser, mara))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_written_with_a_typo_mended_tried_in_shadow_and_seen_at_work() {
    let server = TestServer::start();
    let Some((browser, _)) = begin(&server, Setup::default()).await else { return };
    browser.visit("/log").await;
    browser.write("gw").await;
    browser.arrive("/workflows").await;
    browser.see("[data-testid=workflows-none]").await;
    browser.press("a[href='/workflows/new']").await;
    browser.see("[data-testid=workflow-form]").await;
    let script = "const text = document.querySelector('#f-text'); text.value = text.value.replace('ticket.tags, op', 'ticket.tag, op')";
    let _: Value = browser.run(script).await;
    browser.press("[data-testid=workflow-check]").await;
    let told = browser.see("[data-testid=workflow-errors]").await;
    assert!(told.contains("Line 8, column") && told.contains("ticket.tags"), "{told}");
    let script = "const text = document.querySelector('#f-text'); text.value = text.value.replace('ticket.tag, op', 'ticket.tags, op')";
    let _: Value = browser.run(script).await;
    browser.press("[data-testid=workflow-check]").await;
    assert!(browser.see("[data-testid=workflow-checked]").await.contains("Tests passed: 2 of 2."));
    browser.press("[data-testid=workflow-form] button.primary").await;
    browser.says("[data-testid=workflow-mode]", "Off").await;
    browser.press("[data-testid=activate] input[value=shadow]").await;
    browser.press("[data-testid=activate] button").await;
    browser.says("[data-testid=workflow-mode]", "Shadow").await;

    let token = server.token_with(&[Scope::Conversations, Scope::Decide], |_| ());
    let happened = json!({ "trigger": "message.received", "conversation": "c-1",
                           "facts": { "message.text": "I want a refund", "ticket.tags": [] } });
    server.post("/v1/workflows/trigger").by(&token).json(&happened).good();
    browser.press("[data-testid=workflow-runs]").await;
    browser.press("[data-testid=run-row] th a").await;
    browser.says("[data-testid=run-matched]", "Yes").await;
    let trace = browser.see("[data-testid=run-trace]").await;
    for shown in ["All of these", "message.text", "matches", "I want a refund", "contains_not"] {
        assert!(trace.contains(shown), "{shown}: {trace}");
    }
    assert!(browser.see("[data-testid=run-intents]").await.contains("tag.add"));
    assert!(browser.see("[data-testid=run-note]").await.contains("It was only asked"));
    // What acts is changed only by whoever is sure.
    browser.visit("/workflows/refund-tags").await;
    browser.press("[data-testid=activate] input[value=enforce]").await;
    browser.press("[data-testid=activate] button").await;
    browser.see("#errors").await;
    browser.press("#f-sure").await;
    browser.press("[data-testid=activate] button").await;
    browser.says("[data-testid=workflow-mode]", "Enforced").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_brought_along_without_scripts() {
    let server = TestServer::start();
    let setup = Setup { scripts: false, ..Setup::default() };
    let Some((browser, _)) = begin(&server, setup).await else { return };
    let export = json!({ "triggers": [
        { "title": "VIPs first", "active": true, "actions": [{ "field": "priority", "value": "urgent" }],
          "conditions": { "all": [{ "field": "update_type", "operator": "is", "value": "Create" }], "any": [] } },
    ] });
    browser.visit("/workflows/import").await;
    browser.fill("#f-text", &export.to_string()).await;
    browser.press("[data-testid=import-form] button.primary").await;
    assert!(browser.see("[data-testid=import-told]").await.contains("1 of 1"));
    browser.press("[data-testid=import-save]").await;
    assert!(browser.see("[data-testid=import-told]").await.contains("Saved and switched off: 1 of 1"));
    browser.press("[data-testid=import-rule] a").await;
    browser.says("[data-testid=workflow-mode]", "Off").await;
    browser.close().await;
}
