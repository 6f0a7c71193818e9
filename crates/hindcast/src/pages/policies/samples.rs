//! Policies to begin with, each ready to be changed and saved.

/// A text to begin with.
pub(super) struct Sample {
    /// What it is called in addresses, and until somebody calls it otherwise.
    pub name: &'static str,
    /// Cedar.
    pub text: &'static str,
}

/// All of them. The first one speaks of the tool that [`TOOL`] declares.
pub(super) const SAMPLES: [Sample; 3] = [
    Sample {
        name: "refund-cap",
        text: r#"// Refunds above 50.00 need a person. If nobody answers within half an hour, the agent hands over.
@id("refund-cap")
@reason("Refunds above 50 are for people.")
@approvers("role:owner, role:security_admin")
@required("1")
@timeout("30m")
@on_timeout("escalate")
forbid(principal is Agent, action == Action::"order.refund", resource)
when { context.arguments.amount_cents > 5000 }
unless { context has approval && context.approval.granted };
"#,
    },
    Sample {
        name: "agent-tags",
        text: r#"// Agents use the tags that are named here, and no others.
@id("agent-tags")
@reason("Agents use only the tags we agreed on.")
forbid(
    principal is Agent,
    action in [Action::"ai_agent.tagged", Action::"conversation.tagged"],
    resource
)
unless { context has tag && ["billing", "bug", "shipping"].contains(context.tag) };
"#,
    },
    Sample {
        name: "exports-by-day",
        text: r#"// Nobody takes data out outside of the working hours of the workspace.
@id("exports-by-day")
@reason("Data is exported during working hours only.")
forbid(principal, action in Action::"data_exports", resource)
when { context.facts has off_hours && context.facts.off_hours };
"#,
    },
];

/// The declaration of a tool to begin with.
pub(super) const TOOL: &str = r#"{
  "name": "order.refund",
  "description": "Pays money back.",
  "writes": true,
  "input_schema": {
    "type": "object",
    "required": ["amount_cents"],
    "properties": { "amount_cents": { "type": "integer" } }
  },
  "facts": {
    "order": { "type": "object", "properties": { "total_cents": { "type": "integer" } } }
  }
}
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_rules::policy::{BASE, PolicyText, Tool, Vocabulary, check};

    #[test]
    fn every_sample_can_be_used_beside_the_base_and_the_others() {
        let tools = Tool::parse_all(&format!("[{TOOL}]")).expect("a tool");
        let vocabulary = Vocabulary::new(&tools, &[]).expect("a vocabulary");
        let samples = SAMPLES.iter().map(|sample| PolicyText { name: sample.name, text: sample.text });
        let set =
            check(&[BASE].into_iter().chain(samples).collect::<Vec<_>>(), &vocabulary).expect("no flaws");
        assert_eq!(set.warnings(), []);
        let asks: Vec<_> =
            set.policies().filter(|policy| policy.asks_approval).map(|policy| policy.id.as_str()).collect();
        assert_eq!(asks, ["refund-cap"]);
    }
}
