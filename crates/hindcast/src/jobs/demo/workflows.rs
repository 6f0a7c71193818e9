//! Workflows of the demo: one in shadow, which would have caught what the agent tagged wrongly and people mended later; one that acts,
//! after somebody agreed; and one that is off. What sets them off is what happened in the conversations of the demo.

use super::decisions::{ADMIN, by};
use crate::app::App;
use crate::catalog::{ConversationsWanted, ReadUntil, WorkflowStanding};
use crate::history::{Conversation, Role};
use crate::workflows::{Happened, edit, facts, fire};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::workflow::Trigger;
use serde_json::{Map, Value, json};

/// What is only asked.
pub const TRIED: &str = "unsure-billing";
/// What acts.
const ACTS: &str = "damaged-goods";
/// What is off.
const OFF: &str = "weekend-replies";
/// Conversations of so many weeks set off what is tried.
const WEEKS: i64 = 6;
const WEEK: i64 = 7 * 86_400_000_000;
/// Conversations in which somebody is asked.
const ASKED: usize = 2;

fn tried(words: &str) -> String {
    format!(
        "schema: workflow/1
name: {TRIED}
description: What Wren takes for billing though nobody speaks of a bill goes to people
trigger: [ticket.updated]
priority: 20
if:
  all:
    - {{field: ticket.tags, op: contains, value: billing}}
  none:
    - {{field: message.text, op: matches, value: '(?i){words}'}}
then:
  - tag.remove: billing
  - escalate: {{team: support, reason: \"tagged billing, and nobody speaks of a bill\"}}
tests:
  - name: a parcel is no bill
    given: {{ticket.tags: [billing], message.text: Where is my parcel?}}
    expect: {{matched: true, actions: [tag.remove, escalate]}}
  - name: a bill is one
    given: {{ticket.tags: [billing], message.text: Please send the invoice again.}}
    expect: {{matched: false, actions: []}}
"
    )
}

const ACTING: &str = r#"schema: workflow/1
name: damaged-goods
description: Whoever got damaged goods is offered something, once somebody agreed
trigger: [message.received]
priority: 10
if: {field: message.text, op: matches, value: '(?i)\bdamaged\b'}
then:
  - approve: {approvers: ["role:support_ops_manager", "role:security_admin", "role:owner"], timeout: 7d, on_timeout: deny}
    do:
      - note.add: Offer a voucher of 20 euros besides the refund.
tests:
  - given: {message.text: The tent came damaged}
    expect: {matched: true, actions: [note.add], approval: [note.add]}
"#;

const WEEKENDS: &str = r#"schema: workflow/1
name: weekend-replies
description: Who writes outside of the office hours hears when somebody reads it
trigger: [ticket.created]
if: {field: ticket.created_at, op: outside_business_hours}
then:
  - reply.draft: Thank you. We read your message on the next working day.
"#;

/// Sets them up and lets what happened set them off, once.
pub(super) fn set_up(app: &App, workspace: &WorkspaceId, now: Timestamp) -> anyhow::Result<()> {
    if !app.catalog.workflows(workspace)?.is_empty() {
        return Ok(());
    }
    let by = by(ADMIN);
    edit::save(app, workspace, OFF, 0, WEEKENDS, &by)?;
    let saved = edit::save(app, workspace, ACTS, 0, ACTING, &by)?;
    let acts = WorkflowStanding { enforced: Some(saved.newest), shadow: None };
    edit::set(app, workspace, ACTS, saved.version, acts, &by)?;
    let first = edit::save(app, workspace, TRIED, 0, &tried("invoice|bill"), &by)?;
    let words = "invoice|bill|payment|rechnung|facture|請求";
    let saved = edit::save(app, workspace, TRIED, first.version, &tried(words), &by)?;
    let asked = WorkflowStanding { enforced: None, shadow: Some(saved.newest) };
    edit::set(app, workspace, TRIED, saved.version, asked, &by)?;
    happen(app, workspace, now)
}

fn happen(app: &App, workspace: &WorkspaceId, now: Timestamp) -> anyhow::Result<()> {
    let since = now.micros() - WEEKS * WEEK;
    let (mut after, mut asked) = (None, 0);
    loop {
        let found = app.history.list(workspace, &ConversationsWanted::default(), after.as_deref(), 100)?;
        let rows = found.unwrap_or_default();
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(format!("{:016x}", last.nr));
        for row in rows.into_iter().filter(|row| row.conversation.opened_at.micros() >= since) {
            let begun = as_it_began(row.conversation);
            let is_damaged = begun.messages.iter().any(|message| message.text.contains("damaged"));
            if is_damaged && asked < ASKED {
                asked += 1;
                set_off(app, workspace, Trigger::MessageReceived, &begun, Map::new())?;
            }
            let before = json!({ "ticket.tags": [] }).as_object().cloned().unwrap_or_default();
            set_off(app, workspace, Trigger::TicketUpdated, &begun, before)?;
        }
    }
}

/// A conversation when the agent had just tagged it: the customer has written, and nobody has mended anything.
fn as_it_began(mut conversation: Conversation) -> Conversation {
    conversation.messages.retain(|message| message.role == Role::Customer);
    conversation.messages.truncate(1);
    conversation.tags.truncate(1);
    conversation.closed_at = None;
    conversation.resolution = None;
    conversation
}

fn set_off(
    app: &App,
    workspace: &WorkspaceId,
    trigger: Trigger,
    conversation: &Conversation,
    before: Map<String, Value>,
) -> anyhow::Result<()> {
    let book = app.workflows.book(app, workspace)?;
    let happened = Happened {
        trigger,
        id: format!("demo {trigger}"),
        ticket: conversation.id.clone(),
        product: String::new(),
        facts: facts::of_conversation(conversation, &book.catalog),
        before,
        is_echo_prone: false,
        is_standing: false,
        causes: Vec::new(),
    };
    fire(app, workspace, &happened, &ReadUntil::Nothing)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_rules::workflow::{Catalog, check, run_tests};

    #[test]
    fn every_workflow_of_the_demo_can_be_used_and_passes_its_tests() {
        let texts = [tried("invoice|bill"), ACTING.to_owned(), WEEKENDS.to_owned()];
        for (name, text) in [TRIED, ACTS, OFF].into_iter().zip(texts) {
            let checked = check(&text, &Catalog::builtin());
            assert_eq!(checked.errors, [], "{name}");
            let workflow = checked.workflow.expect("a workflow");
            assert_eq!(workflow.name(), name);
            for test in run_tests(&workflow) {
                assert!(test.passed(), "{name}: {}", test.told());
            }
        }
    }
}
