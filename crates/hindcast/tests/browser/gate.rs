//! The gate: somebody writes a policy from a sample and lets the gate go by it, a program asks, and a person answers.

use crate::browser::{Browser, Setup};
use crate::cast::{Person, hire, owner, speaks};
use crate::support::TestServer;
use hindcast::catalog::Scope;
use hindcast::people::Role;
use serde_json::{Value, json};

/// A program asks whether it may pay back so much.
fn asks(server: &TestServer, cents: i64) -> Value {
    let token = server.token_with(&[Scope::Decide], |_| ());
    let call = json!({
        "action": "order.refund",
        "actor": { "type": "agent", "id": "fin", "name": "Fin" },
        "targets": [{ "type": "conversation", "id": "c-1" }, { "type": "order", "id": "o-7", "name": "Order 7" }],
        "changes": [{ "path": "/order/status", "before": "paid", "after": "refunded" }],
        "metadata": { "arguments": { "amount_cents": cents }, "order": { "total_cents": 12_000 } },
    });
    server.post("/v1/decide").by(&token).json(&call).good()
}

/// A tool, a policy about it with two versions, and an approval that waits; its id.
pub fn one_approval(server: &TestServer) -> String {
    let editor = server.token_with(&[Scope::Policies], |_| ());
    let put =
        |method: &str, path: &str, body: &Value| server.call(method, path).by(&editor).json(body).good();
    put(
        "PUT",
        "/v1/tools/order.refund",
        &json!({
            "description": "Pays money back.", "writes": true,
            "input_schema": {
                "type": "object", "required": ["amount_cents"],
                "properties": { "amount_cents": { "type": "integer" } },
            },
        }),
    );
    let text = |cents: i64| {
        format!(
            "@id(\"refund-cap\")\n@reason(\"Refunds above {cents} cents are for people.\")\n@approvers(\"role:owner\")\n\
             forbid(principal is Agent, action == Action::\"order.refund\", resource)\n\
             when {{ context.arguments.amount_cents > {cents} }}\n\
             unless {{ context has approval && context.approval.granted }};\n"
        )
    };
    let policy = "/v1/policies/refund-cap";
    let first = put("PUT", policy, &json!({ "text": text(9_000) }));
    let second = put("PUT", policy, &json!({ "text": text(5_000), "version": first["version"] }));
    let standing = json!({ "version": second["version"], "enforced": 2 });
    put("POST", "/v1/policies/refund-cap/activate", &standing);
    asks(server, 9_500)["approval"]["id"].as_str().expect("an approval").to_owned()
}

async fn begin(server: &TestServer, setup: Setup) -> Option<(Browser, Person)> {
    let mara = owner(server);
    let browser = Browser::open_as(server, setup).await?;
    browser.enter(server, &server.workspace, &mara);
    Some((browser, mara))
}

/// From an empty workspace to a policy that asks people.
async fn write_policy(browser: &Browser) {
    browser.visit("/policies/tools/new").await;
    browser.press("[data-testid=tool-form] button.primary").await;
    browser.see("[data-testid=saved]").await;
    browser.visit("/policies").await;
    browser.press("a[href='/policies/new']").await;
    browser.see("[data-testid=policy-form]").await;
    browser.press("[data-testid=policy-check]").await;
    browser.see("[data-testid=policy-checked]").await;
    browser.press("[data-testid=policy-form] button.primary").await;
    browser.says("[data-testid=policy-mode]", "Off").await;
    browser.press("[data-testid=activate] input[value=enforce]").await;
    browser.press("[data-testid=activate] button").await;
    browser.says("[data-testid=policy-mode]", "Enforced").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_written_and_what_it_asks_is_answered() {
    let server = TestServer::start();
    let Some((browser, _)) = begin(&server, Setup::default()).await else { return };
    write_policy(&browser).await;
    assert_eq!(asks(&server, 9_500)["decision"], "needs_approval");
    browser.write("gp").await;
    browser.arrive("/approvals").await;
    assert!(browser.see("[data-testid=approval-card] h2").await.contains("Fin asks for: order.refund"));
    assert!(browser.see("[data-testid=approval-arguments]").await.contains("9500"));
    assert!(browser.see("[data-testid=approval-changes]").await.contains("refunded"));
    // Whoever says no says why.
    browser.press("button[value=deny]").await;
    browser.see("#errors").await;
    browser.press("button[value=approve]").await;
    assert!(browser.see("[data-testid=approval-done]").await.contains("Approved."));
    browser.says("[data-testid=approval-state]", "Approved").await;
    // Where the next key leads, and what a typo says.
    browser.write("gv").await;
    browser.arrive("/policies").await;
    browser.press("[data-testid=policy-row] a[href='/policies/refund-cap']").await;
    browser.see("#f-text").await;
    let script = "const text = document.querySelector('#f-text'); text.value = text.value.replace('amount_cents', 'amount_cent')";
    let _: Value = browser.run(script).await;
    browser.press("[data-testid=policy-check]").await;
    assert!(browser.see("[data-testid=policy-errors]").await.contains("amount_cent"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_and_approvals_are_there_without_scripts() {
    let server = TestServer::start();
    hire(&server, "Ines Auditor", Role::Auditor, speaks("en"));
    let setup = Setup { scripts: false, ..Setup::default() };
    let Some((browser, _)) = begin(&server, setup).await else { return };
    write_policy(&browser).await;
    asks(&server, 9_500);
    browser.visit("/approvals").await;
    browser.fill("[data-testid=approval-form] textarea", "not today").await;
    browser.press("button[value=deny]").await;
    assert!(browser.see("[data-testid=approval-done]").await.contains("Denied."));
    assert!(browser.see("[data-testid=approval-answers]").await.contains("not today"));
    browser.close().await;
}
