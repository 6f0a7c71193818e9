//! Workflows, told as texts and facts.

mod examples;
mod flaws;
mod imports;
mod judging;
mod random;
mod replayed;
mod versions;

use hindcast_rules::workflow::{Catalog, Tool, Workflow, check};
use serde_json::{Value as Json, json};

/// Fields and tools the stories use.
fn catalog() -> Catalog {
    let mut catalog = Catalog::builtin();
    for (name, required) in [("order.lookup", json!([])), ("order.refund", json!([]))] {
        let schema = json!({
            "type": "object",
            "properties": {"order_id": {"type": "string"}, "amount_cents": {"type": "integer"}},
            "required": required,
            "additionalProperties": false,
        });
        catalog.add_tool(Tool::new(name, schema)).expect("a tool");
    }
    catalog
}

/// A text that has to be good.
fn workflow(text: &str) -> Workflow {
    let checked = check(text, &catalog());
    assert!(checked.errors.is_empty(), "{:#?}\n{text}", checked.errors);
    checked.workflow.expect("a workflow")
}

/// A workflow with a condition and a tag.
fn asking(test: &str) -> Workflow {
    workflow(&head(&format!("if: {test}\nthen:\n  - tag.add: hit\n")))
}

/// What every workflow begins with.
fn head(rest: &str) -> String {
    format!("schema: workflow/1\nname: w\ntrigger: ticket.updated\nmode: enforce\n{rest}")
}

fn facts(json: Json) -> hindcast_rules::workflow::Facts {
    let (facts, misfits) = hindcast_rules::workflow::Facts::from_json(&json, &catalog());
    assert!(misfits.is_empty(), "{misfits:?}");
    facts
}
