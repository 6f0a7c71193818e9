//! Policies of the demo: one that is enforced, so that calls wait for people, and one to try on the year, which has a fortnight in
//! it that the policy would have prevented: the agent's version 3.5.0 gave a tag to whatever it was unsure of.

use super::decisions::{ADMIN, by};
use crate::app::App;
use crate::catalog::{By, Standing};
use crate::gate::{Request, edit, weigh};
use hindcast_ledger::WorkspaceId;
use serde_json::json;

/// What is enforced.
pub const ENFORCED: &str = "refund-cap";
/// What is there to be tried.
pub const TO_TRY: &str = "unsure-tags";

/// Refunds are paid up to so many euros.
const CAP_EUROS: u32 = 150;

const UNSURE: &str = r#"// A draft: try it on the past year before it is activated.
@id("unsure-tags") @reason("What the agent is unsure of is tagged by people.")
forbid(principal is Agent, action == Action::"ai_agent.tagged", resource)
when { context has confidence && context.confidence < 60 };
"#;

/// Calls that wait for people when somebody looks: conversation, order and euros.
const WAITING: [(&str, &str, u32); 2] = [("184203", "HP-431877", 389), ("184219", "HP-402116", 212)];

/// The policy that is enforced, with another limit.
pub(super) fn cap(euros: u32) -> String {
    format!(
        r#"// Refunds of more than {euros} euros need somebody who answers for them.
@id("refund-cap") @reason("More than {euros} euros: somebody has to agree.")
@approvers("role:support_ops_manager, role:security_admin, role:owner") @timeout("7d")
forbid(principal is Agent, action == Action::"refund.create", resource)
when {{ context.arguments.amount > {euros} }}
unless {{ context has approval && context.approval.granted }};
"#
    )
}

/// Sets up the gate, once.
pub(super) fn set_up(app: &App, workspace: &WorkspaceId) -> anyhow::Result<()> {
    if !app.catalog.policies(workspace)?.is_empty() {
        return Ok(());
    }
    let by = by(ADMIN);
    let arguments = json!({ "type": "object", "required": ["amount", "order"], "properties": {
        "amount": { "type": "integer" }, "currency": { "type": "string" }, "order": { "type": "string" } } });
    let tool = json!({ "name": "refund.create", "description": "Pays money back, in whole euros.", "writes": true,
        "input_schema": arguments });
    edit::declare(app, workspace, 0, &tool, &by)?;
    edit::save(app, workspace, TO_TRY, 0, UNSURE, &by)?;
    let saved = edit::save(app, workspace, ENFORCED, 0, &cap(CAP_EUROS), &by)?;
    let enforced = Standing { enforced: Some(saved.newest), ..Standing::default() };
    edit::set(app, workspace, ENFORCED, saved.version, enforced, None, &by)?;
    WAITING.into_iter().try_for_each(|waiting| ask(app, workspace, waiting))
}

/// Asks as the agent would.
fn ask(
    app: &App,
    workspace: &WorkspaceId,
    (conversation, order, amount): (&str, &str, u32),
) -> anyhow::Result<()> {
    let call = json!({
        "action": "refund.create",
        "actor": { "type": "agent", "id": "wren", "name": "Wren" },
        "targets": [{ "type": "conversation", "id": conversation }, { "type": "order", "id": order }],
        "reason": "the parcel came damaged",
        "metadata": { "arguments": { "order": order, "amount": amount, "currency": "EUR" } },
    });
    let (text, token) = (call.to_string(), "demo".to_owned());
    let request = Request { text: &text, approval: None, key: None, token, person: None, by: By::server() };
    let (batch, settling, _) = weigh(app, workspace, &request)?.take();
    let appended = app.ledger.append(workspace, batch)?;
    if let Some(settling) = settling {
        settling.settle(appended.first);
    }
    app.post();
    Ok(())
}
