//! What is asked of the past, as people write it.

use super::super::caller::{PolicyEditor, permit};
use super::super::error::Problem;
use super::super::params::query;
use super::super::rule_body::TunedValue;
use super::super::rules::{cannot_run_in, values};
use super::super::schema::plain_name;
use crate::app::App;
use crate::catalog::Scope;
use crate::jobs::replays::{
    self, Against, Begun, Given, NotBegun, RuleTried, RulesWanted, Tried, Versus, Wanted, What, Workflow,
    WorkflowsWanted,
};
use crate::rooms::Room;
use axum::http::StatusCode;
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A set that is given has at most so many texts.
const GIVEN_MAX: usize = 100;

/// What is asked of the past.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyReplayWanted, example = json!({
    "kind": "workflow", "candidate": { "workflow": "refund-requests", "number": 3 }, "baseline": "enforced",
    "from": "2026-10-01T00:00:00Z", "filter": "channel:email",
}))]
pub struct ReplayWanted {
    /// What is tried: policies or a detection rule, on the entries of the log, or a workflow, on the conversations of the history.
    /// A workflow takes a token that has the scope `conversations` too.
    #[serde(default)]
    kind: KindWanted,
    /// For a detection rule: its key, such as `A1`. Without it the rule is meant that has the id of the candidate's text.
    #[schema(max_length = 64)]
    rule: Option<String>,
    /// What you call it.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: String,
    /// What is tried.
    candidate: TriedWanted,
    /// What it is compared with: what is enforced or set now, when absent.
    #[serde(default)]
    #[schema(value_type = Option<BaselineWanted>)]
    baseline: Value,
    /// Only what happened since then.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Only what happened before then.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Only entries that answer this query; a detection rule is asked about all of them. For a workflow: only conversations that are so, in words such as `channel:email`,
    /// `language:de`, `source:zendesk`, `tag:"late delivery"`, `resolution:escalated`, `month:2026-10`, `ai:yes` and `escalated:no`.
    #[serde(default)]
    #[schema(max_length = 2000)]
    filter: String,
    /// Work it out even if the same was asked before and the answer is kept.
    #[serde(default)]
    anew: bool,
}

/// What is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReplayKind)]
pub enum KindWanted {
    /// Policies.
    #[default]
    Policy,
    /// A workflow.
    Workflow,
    /// A detection rule.
    Rule,
}

/// What is tried: a policy in the place of the one in use, a whole set of them, or a workflow or a detection rule in the place of the
/// one in use. What is not named of a detection rule is as it is set now.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TriedWanted {
    /// The name of a workflow, with `number` or `text`; all others are as they act now. With `text` it may be left out, as the
    /// text says it.
    #[schema(max_length = 64)]
    workflow: Option<String>,
    /// The name of a policy; all others are as they are enforced now. With `number` or `text`.
    #[schema(max_length = 80)]
    policy: Option<String>,
    /// A saved version of it.
    number: Option<i64>,
    /// A text that need not be saved, in Cedar; for a workflow in YAML, for a detection rule in Sigma YAML.
    #[schema(max_length = 65536)]
    text: Option<String>,
    /// For a detection rule: all its tuned values, by the names of its tunables.
    tuned: Option<BTreeMap<String, TunedValue>>,
    /// For a detection rule: a thing of which nothing was heard for so many seconds is a new alert when it comes again.
    #[schema(minimum = 60, maximum = 2592000)]
    quiet_seconds: Option<u64>,
    /// For a detection rule: whether it is asked.
    on: Option<bool>,
    /// Instead of `policy`: these and no others. The base that comes with hindcast counts unless one is called `base.cedar`.
    #[schema(max_items = 100)]
    policies: Option<Vec<GivenWanted>>,
}

/// A policy of a set.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenWanted {
    /// What it is called.
    #[schema(max_length = 80)]
    name: String,
    /// A saved version of it.
    number: Option<i64>,
    /// A text that need not be saved, in Cedar.
    #[schema(max_length = 65536)]
    text: Option<String>,
}

/// What a candidate is compared with.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BaselineWanted {
    /// Something that there is.
    Word(BaselineWord),
    /// For a workflow: another version of it.
    Version(VersionWanted),
    /// For a detection rule: the rule with another text or set in another way.
    Rule(RuleVersionWanted),
}

/// What there is to compare with.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BaselineWord {
    /// The policies or workflows that are enforced now; the detection rule as it is set now.
    Enforced,
    /// For policies, what happened: what was done counts as allowed, what was refused as denied.
    Happened,
    /// No such detection rule; no such workflow, and all others as they act now.
    Nothing,
}

/// A version of a workflow.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkflowVersionWanted)]
pub struct VersionWanted {
    /// What it is called; a text says so itself.
    #[schema(max_length = 64)]
    workflow: Option<String>,
    /// A saved version of it.
    number: Option<i64>,
    /// A text that need not be saved, in YAML.
    #[schema(max_length = 65536)]
    text: Option<String>,
}

/// A detection rule as it would be. What is not named is as it is set now.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleVersionWanted {
    /// A text that need not be saved, in Sigma YAML.
    #[schema(max_length = 65536)]
    text: Option<String>,
    /// All its tuned values, by the names of its tunables.
    tuned: Option<BTreeMap<String, TunedValue>>,
    /// A thing of which nothing was heard for so many seconds is a new alert when it comes again.
    #[schema(minimum = 60, maximum = 2592000)]
    quiet_seconds: Option<u64>,
    /// Whether it is asked.
    on: Option<bool>,
}

/// A replay of any kind that is asked for.
pub(super) enum AnyWanted {
    Policies(Wanted),
    Workflows(WorkflowsWanted),
    Rules(RulesWanted),
}

impl AnyWanted {
    /// Begins it, or finds what answered the same question.
    pub(super) fn begin(self, app: &Arc<App>, room: &Arc<Room>) -> Result<Begun, Problem> {
        let begun = match self {
            Self::Policies(wanted) => replays::begin(app, room, wanted),
            Self::Workflows(wanted) => replays::begin_workflows(app, room, wanted),
            Self::Rules(wanted) => replays::begin_rules(app, room, wanted),
        };
        begun.map_err(refused)
    }
}

impl ReplayWanted {
    /// Reads what is asked.
    pub(super) fn read(self, app: &App, editor: &PolicyEditor) -> Result<AnyWanted, Problem> {
        if !self.name.is_empty() {
            plain_name("name", &self.name)?;
        }
        let token = &editor.caller.token;
        let started_by = if token.name.is_empty() { token.id.0.clone() } else { token.name.clone() };
        let window = (time("from", self.from.as_deref())?, time("until", self.until.as_deref())?);
        if self.kind != KindWanted::Rule && self.rule.is_some() {
            return Err(wrong("rule", "it with the kind rule alone"));
        }
        let (name, anew) = (self.name, self.anew);
        Ok(match self.kind {
            KindWanted::Policy => {
                let filter = query((app.clock)(), Some(&self.filter));
                let filter = filter.map_err(|problem| problem.field("filter"))?;
                let (candidate, baseline) = (self.candidate.read()?, policies_versus(self.baseline)?);
                AnyWanted::Policies(Wanted { name, candidate, baseline, window, filter, anew, started_by })
            }
            KindWanted::Workflow => {
                permit(&editor.caller, Scope::Conversations)?;
                let (candidate, baseline) =
                    (self.candidate.read_workflow()?, workflow_versus(self.baseline)?);
                let filter = self.filter;
                let wanted = WorkflowsWanted { name, candidate, baseline, window, filter, anew, started_by };
                AnyWanted::Workflows(wanted)
            }
            KindWanted::Rule => {
                if !self.filter.trim().is_empty() {
                    return Err(wrong("filter", "none: a rule is asked about every entry, as it is live"));
                }
                let (candidate, baseline) = (self.candidate.read_rule()?, rule_versus(self.baseline)?);
                let rule = self.rule;
                AnyWanted::Rules(RulesWanted { name, rule, candidate, baseline, window, anew, started_by })
            }
        })
    }
}

fn wrong(field: &str, expected: &str) -> Problem {
    let detail = format!("{field}: expected {expected}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field)
}

impl TriedWanted {
    /// Refuses what only a detection rule has.
    fn no_rule(&self) -> Result<(), Problem> {
        match self {
            Self { tuned: Some(_), .. } => Err(wrong("candidate.tuned", "it with the kind rule alone")),
            Self { quiet_seconds: Some(_), .. } => {
                Err(wrong("candidate.quiet_seconds", "it with the kind rule alone"))
            }
            Self { on: Some(_), .. } => Err(wrong("candidate.on", "it with the kind rule alone")),
            _ => Ok(()),
        }
    }

    fn read(self) -> Result<Tried, Problem> {
        self.no_rule()?;
        match self {
            Self { policy: Some(name), number, text, policies: None, workflow: None, .. } => {
                given("candidate", name, number, text).map(Tried::One)
            }
            Self { policy: None, number: None, text: None, policies: Some(all), workflow: None, .. } => {
                if all.len() > GIVEN_MAX {
                    return Err(wrong("candidate.policies", &format!("at most {GIVEN_MAX}")));
                }
                let mut read = Vec::new();
                for (at, one) in all.into_iter().enumerate() {
                    let field = format!("candidate.policies[{at}]");
                    let one = given(&field, one.name, one.number, one.text)?;
                    if read.iter().any(|known: &Given| known.name == one.name) {
                        return Err(wrong(&format!("{field}.name"), "each name once"));
                    }
                    read.push(one);
                }
                Ok(Tried::All(read))
            }
            _ => Err(wrong("candidate", "either policy, with number or text, or policies")),
        }
    }
}

impl TriedWanted {
    fn read_rule(self) -> Result<RuleTried, Problem> {
        match self {
            Self {
                workflow: None,
                policy: None,
                number: None,
                policies: None,
                text,
                tuned,
                quiet_seconds,
                on,
            } => Ok(RuleVersionWanted { text, tuned, quiet_seconds, on }.into()),
            _ => Err(wrong("candidate", "text, tuned, quiet_seconds and on, of which each may be left out")),
        }
    }

    fn read_workflow(self) -> Result<Workflow, Problem> {
        self.no_rule()?;
        if self.policy.is_some() || self.policies.is_some() {
            return Err(wrong("candidate", "workflow, with number or text"));
        }
        let Self { workflow, number, text, .. } = self;
        VersionWanted { workflow, number, text }.read("candidate")
    }
}

impl VersionWanted {
    fn read(self, field: &str) -> Result<Workflow, Problem> {
        let what = match (self.number, self.text) {
            (Some(number), None) if self.workflow.is_some() => What::Version(number),
            (None, Some(text)) => What::Text(text),
            _ => return Err(wrong(field, "workflow with number, or text")),
        };
        Ok(Workflow { name: self.workflow, what })
    }
}

impl From<RuleVersionWanted> for RuleTried {
    fn from(wanted: RuleVersionWanted) -> Self {
        let RuleVersionWanted { text, tuned, quiet_seconds, on } = wanted;
        Self { text, tuned: tuned.as_ref().map(values), quiet_seconds, is_on: on }
    }
}

/// What a detection rule is compared with.
fn rule_versus(baseline: Value) -> Result<Against, Problem> {
    let expected = || wrong("baseline", "enforced, nothing, or text, tuned, quiet_seconds and on");
    match baseline.as_str() {
        None if baseline.is_null() => Ok(Against::AsSet),
        Some("enforced") => Ok(Against::AsSet),
        Some("nothing") => Ok(Against::Nothing),
        _ if baseline.is_object() => {
            let version: RuleVersionWanted = serde_json::from_value(baseline).map_err(|_| expected())?;
            Ok(Against::Other(version.into()))
        }
        _ => Err(expected()),
    }
}

/// What policies are compared with.
fn policies_versus(baseline: Value) -> Result<Option<Tried>, Problem> {
    match baseline.as_str() {
        None if baseline.is_null() => Ok(Some(Tried::Enforced)),
        Some("enforced") => Ok(Some(Tried::Enforced)),
        Some("happened") => Ok(None),
        _ => Err(wrong("baseline", "enforced or happened")),
    }
}

/// What a workflow is compared with.
fn workflow_versus(baseline: Value) -> Result<Versus, Problem> {
    let expected = || wrong("baseline", "enforced, nothing, or workflow with number or text");
    match baseline.as_str() {
        None if baseline.is_null() => Ok(Versus::Enforced),
        Some("enforced") => Ok(Versus::Enforced),
        Some("nothing") => Ok(Versus::Nothing),
        _ if baseline.is_object() => {
            let version: VersionWanted = serde_json::from_value(baseline).map_err(|_| expected())?;
            version.read("baseline").map(Versus::Version)
        }
        _ => Err(expected()),
    }
}

fn given(field: &str, name: String, number: Option<i64>, text: Option<String>) -> Result<Given, Problem> {
    let what = match (number, text) {
        (Some(number), None) => What::Version(number),
        (None, Some(text)) => What::Text(text),
        _ => return Err(wrong(field, "either number or text")),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !(1..=80).contains(&name.len()) || !name.chars().all(is_name) {
        return Err(wrong(field, "a name of 1 to 80 letters, digits, -, _ or ."));
    }
    Ok(Given { name, what })
}

fn time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let expected = "a time as in RFC 3339, such as 2026-11-21T19:40:12Z";
    text.map(|text| Timestamp::parse(text).ok_or_else(|| wrong(field, expected))).transpose()
}

fn refused(why: NotBegun) -> Problem {
    let said = why.to_string();
    let told = |status, code| Problem::new(status, code, said.clone());
    match why {
        NotBegun::NoVersion { field, .. } => {
            told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field(field)
        }
        NotBegun::Wrong(field, flaws) => {
            let first = flaws.first().map(|flaw| format!(": {flaw}")).unwrap_or_default();
            let problem =
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_policy", format!("{said}{first}"));
            problem.field(field).flaws(&flaws)
        }
        NotBegun::WrongWorkflow(field, flaws) => {
            let first = flaws.first().map(|flaw| format!(": {flaw}")).unwrap_or_default();
            let problem =
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_workflow", format!("{said}{first}"));
            problem.field(field).flaws(&flaws)
        }
        NotBegun::WrongRule(field, rule, problems) => cannot_run_in(&format!("{field}."), &rule, &problems),
        NotBegun::Unread(error) => Problem::internal(error),
        NotBegun::Field(field, _) => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field(field),
        NotBegun::TooLong(_) => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field("until"),
        NotBegun::Workflows(error) => Problem::internal(error),
        NotBegun::Backwards => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field("until"),
        NotBegun::TooMany(_) => told(StatusCode::CONFLICT, "too_many"),
        NotBegun::Book(error) => Problem::internal(error),
        NotBegun::Catalog(error) => error.into(),
    }
}
