//! The gate as a simulation knows it: the same policies and the same judge, asked about actions that nobody takes. It writes
//! nothing, uses no approval up and lets nothing through that cannot be told.

use super::{FactsWanted, Wanted};
use crate::app::App;
use crate::catalog::PolicyVersion;
use crate::gate::{NoBook, texts, versions, vocabulary};
use hindcast_event::{Arrival, Draft, Event, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::policy::{Asked, Decision, Flaw, Judge, Tool, check};
use hindcast_rules::simulation::answer::Action;
use hindcast_rules::simulation::contract;
use hindcast_rules::simulation::limits::TOOLS_MAX;
use hindcast_rules::simulation::outcome::Judged;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What tools that were imported with conversations are called in entries.
const IMPORTED: &str = "tool.";

/// The policies that judge a run, and the tools they know.
pub(crate) struct Door {
    judge: Judge,
    tools: Vec<Tool>,
    agent: String,
    facts: BTreeMap<String, FactsWanted>,
}

/// Why there is no judge.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoDoor {
    /// A candidate is not a policy.
    #[error("candidates: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Wrong(Vec<Flaw>),
    /// A policy on trial or enforced cannot be used.
    #[error(transparent)]
    Book(#[from] NoBook),
}

impl Door {
    /// The policies of a workspace as they are now, with the candidates in their places.
    pub fn open(app: &App, workspace: &WorkspaceId, wanted: &Wanted) -> Result<Self, NoDoor> {
        let vocabulary = vocabulary(app, workspace)?;
        let policies = app.catalog.policies(workspace).map_err(NoBook::from)?;
        let chosen: Vec<(&str, i64)> = policies
            .iter()
            .filter(|policy| !wanted.candidates.contains_key(&policy.name))
            .filter_map(|policy| {
                let trial = policy.standing.trial.filter(|_| wanted.trial);
                Some((policy.name.as_str(), trial.or(policy.standing.enforced)?))
            })
            .collect();
        let mut versions = versions(app, workspace, &chosen)?;
        versions.extend(wanted.candidates.iter().map(|(name, text)| PolicyVersion {
            name: name.clone(),
            number: 0,
            text: text.clone(),
            made_by: String::new(),
            made_at: Timestamp::default(),
        }));
        let set = check(&texts(&versions), &vocabulary).map_err(NoDoor::Wrong)?;
        let judge = Judge::new(&set, &vocabulary).map_err(|error| NoBook::Unusable(error.to_string()))?;
        let rows = app.catalog.tools(workspace).map_err(NoBook::from)?;
        let tools = rows.iter().filter_map(|row| serde_json::from_str(&row.declaration).ok()).collect();
        Ok(Self { judge, tools, agent: wanted.agent.id().to_owned(), facts: wanted.facts.clone() })
    }

    /// The version of the policies.
    pub fn version(&self) -> &str {
        self.judge.version()
    }

    /// The tools that agents are told of, the first of them by name.
    pub fn tools(&self) -> Vec<contract::Tool> {
        let told = |tool: &Tool| contract::Tool {
            name: tool.name.clone(),
            description: tool.description.clone(),
            input_schema: tool.input_schema.clone(),
        };
        self.tools.iter().take(TOOLS_MAX).map(told).collect()
    }

    /// The names of tools that only read, as agents and as entries call them.
    pub fn reads(&self) -> BTreeSet<String> {
        self.names(|tool| !tool.writes)
    }

    /// The names of all tools, as agents and as entries call them.
    pub fn known(&self) -> BTreeSet<String> {
        self.names(|_| true)
    }

    fn names(&self, is_wanted: impl Fn(&Tool) -> bool) -> BTreeSet<String> {
        let wanted = self.tools.iter().filter(|tool| is_wanted(tool)).map(|tool| tool.name.as_str());
        wanted
            .flat_map(|name| [Some(name), name.strip_prefix(IMPORTED)])
            .flatten()
            .map(str::to_owned)
            .collect()
    }

    /// What the policies say of an action in a conversation at a time.
    pub fn judge(&self, action: &Action, conversation: &str, at: Timestamp) -> Judged {
        let ids = |verdict: &hindcast_rules::policy::Verdict| -> Vec<String> {
            verdict.determining.iter().map(|one| one.id().to_owned()).collect()
        };
        // What is no call cannot be judged, and what cannot be judged is unknown.
        let Some(verdict) = self.asked(action, conversation, at) else {
            return Judged::Unknown { policies: Vec::new() };
        };
        match verdict.decision {
            Decision::Allow => Judged::Allowed,
            Decision::Deny => Judged::Denied { policies: ids(&verdict) },
            Decision::NeedsApproval => Judged::NeedsApproval { policies: ids(&verdict) },
            Decision::Unknown => Judged::Unknown { policies: ids(&verdict) },
        }
    }

    fn asked(
        &self,
        action: &Action,
        conversation: &str,
        at: Timestamp,
    ) -> Option<hindcast_rules::policy::Verdict> {
        let arguments: Value = serde_json::from_str(action.arguments.as_str()).ok()?;
        let mut metadata = json!({ "arguments": arguments });
        for (name, facts) in &self.facts {
            let key = match &arguments[&facts.argument] {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => continue,
            };
            if let Some(record) = facts.records.get(&key) {
                metadata[name] = record.clone();
            }
        }
        let draft = json!({
            "action": self.action(&action.tool),
            "occurred_at": at.to_string(),
            "actor": { "type": "agent", "id": self.agent },
            "targets": [{ "type": "conversation", "id": conversation }],
            "context": { "source": "simulation" },
            "metadata": metadata,
        })
        .to_string();
        let draft = Draft::parse(&draft).ok()?;
        let mut sections = Vec::new();
        draft.encode(&Arrival { now: at, random: [0; 10] }, &mut sections).ok()?;
        let asked = Asked::of(Event::from_bytes(&sections).ok()?).ok()?;
        Some(self.judge.judge(&asked.simulated()))
    }

    /// The action of a tool's calls: its name, or the name its imported calls have.
    fn action(&self, tool: &str) -> String {
        let imported = format!("{IMPORTED}{tool}");
        let is_declared = |name: &str| self.tools.iter().any(|tool| tool.name == name);
        if !is_declared(tool) && is_declared(&imported) { imported } else { tool.to_owned() }
    }
}
