//! `/v1/replays`: the past under other policies, workflows or detection rules, and what would have been different.

use super::body::JsonBody;
use super::caller::{PolicyEditor, Simulator, permit};
use super::entries::{OfWorkspace, room};
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Paged, Params, query};
use super::rule_body::TunedValue;
use super::rules::{cannot_run_in, values};
use super::schema::{Refusals, plain_name};
use crate::app::App;
use crate::catalog::{KeptReplay, PersonId, ReplayState, Scope};
use crate::jobs::replays::{
    self, Against, Begun, Given, NotBegun, NotTraced, RuleTried, RulesWanted, Tried, Versus, Wanted, What,
    Workflow, WorkflowsWanted,
};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use hindcast_event::Timestamp;
use hindcast_rules::replay::{Report, write_csv, write_junit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use utoipa::{IntoParams, ToSchema};

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

/// A replay, under way or over.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayBody {
    /// Its id.
    id: String,
    /// What somebody called it.
    name: String,
    /// What is tried: `policy`, `workflow` or `rule`.
    kind: &'static str,
    /// How far it has come.
    #[schema(value_type = String, example = "succeeded")]
    state: &'static str,
    /// The id of the replay that answered the same question before, which is this one; null when it was begun just now.
    served_from: Option<String>,
    /// The policies that are tried: `version`, `policies` (each with `name` and `number` or `text`), and `changed`, the names that
    /// were given; for workflows `workflows` in the place of `policies`, for a detection rule `rules`, each with `name`, `key`,
    /// `id`, `title`, `text` (null where it comes with hindcast), `tuned`, `quiet_seconds` and `on`.
    #[schema(value_type = Object)]
    candidate: Value,
    /// What it is compared with, in the same shape, for workflows with `as`: `enforced`, `nothing` or `version`, for a detection rule
    /// `set`, `nothing` or `other`; null for what happened.
    #[schema(value_type = Option<Object>)]
    baseline: Value,
    /// Only what happened since then.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Only what happened before then.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Only entries that answer this query, with absolute times.
    filter: String,
    /// Entries or conversations looked at so far.
    done: u64,
    /// Entries or conversations to look at; 0 until that is known.
    total: u64,
    /// Why it failed.
    problem: Option<String>,
    /// The numbers of the report without its lists, whole or so far.
    #[schema(value_type = Option<Object>)]
    summary: Value,
    /// What whoever asked is called.
    started_by: String,
    /// Since when.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was over.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

/// A replay with its report.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeReplay {
    /// What it is.
    #[serde(flatten)]
    replay: ReplayBody,
    /// What was found, whole or so far (`docs/formats/replay.md`); null before the first look.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

/// Replays.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplaysBody {
    /// The newest first; a workspace keeps 200.
    replays: Vec<ReplayBody>,
    /// Where the next page begins; null on the last one.
    next: Option<String>,
}

impl ReplayBody {
    fn of(app: &App, kept: KeptReplay) -> Self {
        let (mut done, mut total) = (kept.done, kept.total);
        // What is kept is a moment old.
        if kept.state == ReplayState::Running
            && let Some(underway) = app.replays.underway(&kept.id)
        {
            [done, total] = [&underway.done, &underway.total].map(|count| count.load(Ordering::Relaxed));
        }
        let new = kept.new;
        Self {
            id: kept.id,
            name: new.name,
            kind: new.kind,
            state: kept.state.as_str(),
            served_from: None,
            candidate: new.candidate,
            baseline: new.baseline,
            from: new.window.0.map(|time| time.to_string()),
            until: new.window.1.map(|time| time.to_string()),
            filter: new.filter,
            done,
            total,
            problem: Some(kept.problem).filter(|problem| !problem.is_empty()),
            summary: kept.summary,
            started_by: new.started_by,
            created_at: kept.created_at.to_string(),
            finished_at: kept.finished_at.map(|time| time.to_string()),
        }
    }
}

/// Any kind of replay.
enum AnyWanted {
    Policies(Wanted),
    Workflows(WorkflowsWanted),
    Rules(RulesWanted),
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

fn found(app: &App, editor: &PolicyEditor, id: &str) -> Result<KeptReplay, Problem> {
    let kept = app.catalog.replay(&editor.workspace, id)?;
    kept.ok_or_else(|| Problem::not_found("there is no such replay"))
}

/// Asks what would have been different
///
/// Runs the past through other policies, with the function the gate uses, and compares the answers; or what happened in
/// conversations through another version of a workflow, with the function that asks it live; or the log through a detection rule
/// that is set in another way, with the function that alerts live. Nothing is sent or written. A question that was asked before is answered at once from what is kept (200, `served_from`); otherwise ask for the
/// replay until its state is `succeeded`, `failed` or `cancelled`.
#[utoipa::path(
    post, path = "/v1/replays", tag = "gate", operation_id = "createReplay",
    params(OfWorkspace), request_body = ReplayWanted,
    responses(
        (status = 200, body = ReplayBody, description = "The same was asked before."),
        (status = 202, body = ReplayBody, description = "It waits or runs."),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Enough replays of the workspace wait or are under way."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid; `flaws` has everything that is wrong with policies, a workflow or a rule."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
    JsonBody(asked): JsonBody<ReplayWanted>,
) -> Result<(StatusCode, Json<ReplayBody>), Problem> {
    let room = room(&app, &editor.workspace)?;
    if !asked.name.is_empty() {
        plain_name("name", &asked.name)?;
    }
    let token = &editor.caller.token;
    let started_by = if token.name.is_empty() { token.id.0.clone() } else { token.name.clone() };
    let window = (time("from", asked.from.as_deref())?, time("until", asked.until.as_deref())?);
    if asked.kind != KindWanted::Rule && asked.rule.is_some() {
        return Err(wrong("rule", "it with the kind rule alone"));
    }
    let wanted = match asked.kind {
        KindWanted::Policy => {
            let filter =
                query((app.clock)(), Some(&asked.filter)).map_err(|problem| problem.field("filter"))?;
            let (candidate, baseline) = (asked.candidate.read()?, policies_versus(asked.baseline)?);
            let (name, anew) = (asked.name, asked.anew);
            AnyWanted::Policies(Wanted { name, candidate, baseline, window, filter, anew, started_by })
        }
        KindWanted::Workflow => {
            permit(&editor.caller, Scope::Conversations)?;
            let (candidate, baseline) = (asked.candidate.read_workflow()?, workflow_versus(asked.baseline)?);
            let (name, filter, anew) = (asked.name, asked.filter, asked.anew);
            let wanted = WorkflowsWanted { name, candidate, baseline, window, filter, anew, started_by };
            AnyWanted::Workflows(wanted)
        }
        KindWanted::Rule => {
            if !asked.filter.trim().is_empty() {
                return Err(wrong("filter", "none: a rule is asked about every entry, as it is live"));
            }
            let (candidate, baseline) = (asked.candidate.read_rule()?, rule_versus(asked.baseline)?);
            let (name, rule, anew) = (asked.name, asked.rule, asked.anew);
            AnyWanted::Rules(RulesWanted { name, rule, candidate, baseline, window, anew, started_by })
        }
    };
    blocking(move || {
        let begun = match wanted {
            AnyWanted::Policies(wanted) => replays::begin(&app, &room, wanted),
            AnyWanted::Workflows(wanted) => replays::begin_workflows(&app, &room, wanted),
            AnyWanted::Rules(wanted) => replays::begin_rules(&app, &room, wanted),
        };
        let (kept, served) = match begun.map_err(refused)? {
            Begun::New(kept) => (kept, false),
            Begun::Served(kept) => (kept, true),
        };
        let is_over = kept.state.is_over();
        let mut body = ReplayBody::of(&app, kept);
        body.served_from = served.then(|| body.id.clone());
        Ok((if is_over { StatusCode::OK } else { StatusCode::ACCEPTED }, Json(body)))
    })
    .await
}

/// Lists replays
#[utoipa::path(
    get, path = "/v1/replays", tag = "gate", operation_id = "listReplays", params(Paged),
    responses((status = 200, body = ReplaysBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(paged): Params<Paged>,
) -> Result<Json<ReplaysBody>, Problem> {
    let limit = paged.limit()?;
    blocking(move || {
        paged.known(|cursor| Ok(app.catalog.replay(&editor.workspace, cursor)?.is_some()))?;
        let mut kept = app.catalog.replays(&editor.workspace, paged.cursor.as_deref(), limit + 1)?;
        let more = kept.len() > limit;
        kept.truncate(limit);
        let next = kept.last().filter(|_| more).map(|last| last.id.clone());
        let replays = kept.into_iter().map(|kept| ReplayBody::of(&app, kept)).collect();
        Ok(Json(ReplaysBody { replays, next }))
    })
    .await
}

/// Shows a replay
///
/// With its report, whole or so far.
#[utoipa::path(
    get, path = "/v1/replays/{id}", tag = "gate", operation_id = "getReplay",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = WholeReplay), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholeReplay>, Problem> {
    blocking(move || {
        let kept = found(&app, &editor, &id)?;
        let report = app.catalog.replay_report(&editor.workspace, &id)?;
        let report = report.map(|text| serde_json::from_str(&text)).transpose().map_err(Problem::internal)?;
        Ok(Json(WholeReplay { replay: ReplayBody::of(&app, kept), report }))
    })
    .await
}

/// Cancels a replay
///
/// What was found so far is kept.
#[utoipa::path(
    post, path = "/v1/replays/{id}/cancel", tag = "gate", operation_id = "cancelReplay",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = ReplayBody, description = "It ends soon, or was over."), Refusals),
    security(("token" = [])),
)]
pub async fn cancel(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ReplayBody>, Problem> {
    blocking(move || {
        replays::cancel(&app, &editor.workspace, &id)?;
        Ok(Json(ReplayBody::of(&app, found(&app, &editor, &id)?)))
    })
    .await
}

/// Deletes a replay
///
/// And its report. One under way is cancelled.
#[utoipa::path(
    delete, path = "/v1/replays/{id}", tag = "gate", operation_id = "deleteReplay",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 204, description = "It was deleted."), Refusals), security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || match replays::delete(&app, &editor.workspace, &id)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("there is no such replay")),
    })
    .await
}

/// Downloads the differences of a replay
///
/// A row each, as CSV.
#[utoipa::path(
    get, path = "/v1/replays/{id}/differences.csv", tag = "gate", operation_id = "replayDifferences",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = String, content_type = "text/csv"), Refusals), security(("token" = [])),
)]
pub async fn differences(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<([(HeaderName, String); 2], String), Problem> {
    blocking(move || {
        let (_, report) = reported(&app, &editor, &id)?;
        Ok((file("text/csv; charset=utf-8", &format!("replay-{id}.csv")), write_csv(&report)))
    })
    .await
}

/// Downloads a replay as JUnit
///
/// For continuous integration: a test case for each difference.
#[utoipa::path(
    get, path = "/v1/replays/{id}/junit.xml", tag = "gate", operation_id = "replayJunit",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = String, content_type = "application/xml"), Refusals), security(("token" = [])),
)]
pub async fn junit(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<([(HeaderName, String); 2], String), Problem> {
    blocking(move || {
        let (kept, report) = reported(&app, &editor, &id)?;
        let name = if kept.new.name.is_empty() { format!("replay {id}") } else { kept.new.name };
        Ok((file("application/xml; charset=utf-8", &format!("replay-{id}.xml")), write_junit(&report, &name)))
    })
    .await
}

/// A replay and its report; a report that is not whole would pass for one that is.
fn reported(app: &App, editor: &PolicyEditor, id: &str) -> Result<(KeptReplay, Report), Problem> {
    let kept = found(app, editor, id)?;
    if kept.state != ReplayState::Succeeded {
        let detail =
            format!("the replay is {}: only the report of one that succeeded is whole", kept.state.as_str());
        return Err(Problem::new(StatusCode::CONFLICT, "not_done", detail));
    }
    let text = app.catalog.replay_report(&editor.workspace, id)?;
    let text = text.ok_or_else(|| Problem::internal("a replay has no report"))?;
    Ok((kept, serde_json::from_str(&text).map_err(Problem::internal)?))
}

fn file(kind: &str, name: &str) -> [(HeaderName, String); 2] {
    [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))]
}

/// Which of all that happened.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfHappening {
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
    /// The id of a conversation.
    conversation: String,
    /// What happened in it, as the examples of a difference name it in `happened`.
    happened: String,
}

/// What both sides said to one thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct TracesBody {
    /// In which conversation.
    conversation: String,
    /// What, by its name among all that happened there.
    happened: String,
    /// What, as workflows name it.
    trigger: &'static str,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What the workflows of the baseline said that it set off, in their order.
    baseline: Vec<TraceBody>,
    /// What those of the candidate say.
    candidate: Vec<TraceBody>,
}

/// What one workflow said.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceBody {
    /// Which.
    workflow: String,
    /// `true`, `false` or `unknown`.
    matched: String,
    /// The workflow before it that matched and stops others.
    stopped_by: Option<String>,
    /// One that would have stopped it, had it been known to match.
    perhaps_stopped_by: Option<String>,
    /// What every condition came to: `path`, `field`, `op`, `value`, `actual`, `outcome` and `reached`.
    #[schema(value_type = Vec<Object>)]
    trace: Value,
    /// What it proposes.
    #[schema(value_type = Vec<Object>)]
    intents: Value,
    /// What it may propose, and what would have to be known.
    #[schema(value_type = Vec<Object>)]
    withheld: Value,
}

impl From<replays::Said> for TraceBody {
    fn from(said: replays::Said) -> Self {
        let evaluation = said.evaluation;
        Self {
            workflow: said.workflow,
            matched: evaluation.matched.to_string(),
            stopped_by: said.stopped_by,
            perhaps_stopped_by: said.perhaps_stopped_by,
            trace: json!(evaluation.trace),
            intents: json!(evaluation.intents),
            withheld: json!(evaluation.withheld),
        }
    }
}

/// Traces one thing that happened
///
/// Asks both sides of a replay of workflows again about something that happened in a conversation, and shows what every condition
/// saw. That quotes the conversation, so it needs the scope `conversations` as well, is an entry of the log, and is gone when the
/// conversation is.
#[utoipa::path(
    get, path = "/v1/replays/{id}/traces", tag = "gate", operation_id = "replayTraces",
    params(("id" = String, Path, description = "Its id."), OfHappening),
    responses(
        (status = 200, body = TracesBody),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It is no replay of workflows, or a version that was asked is gone."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn traces(
    State(app): State<Arc<App>>,
    caller: Simulator,
    InPath(id): InPath,
    Params(asked): Params<OfHappening>,
) -> Result<Json<TracesBody>, Problem> {
    blocking(move || {
        let kept = app.catalog.replay(&caller.workspace, &id)?;
        let kept = kept.ok_or_else(|| Problem::not_found("there is no such replay"))?;
        let OfHappening { conversation, happened, .. } = asked;
        let found = replays::traces(&app, &kept, &conversation, &happened);
        let found = found.map_err(|why| match why {
            NotTraced::NoSuch => Problem::not_found(why.to_string()),
            NotTraced::OfPolicies => Problem::new(StatusCode::CONFLICT, "not_workflows", why.to_string()),
            NotTraced::Gone(_) => Problem::new(StatusCode::CONFLICT, "gone", why.to_string()),
            NotTraced::Catalog(error) => error.into(),
            NotTraced::Workflows(error) => Problem::internal(error),
        })?;
        // What was read is an entry, as where a conversation is read whole.
        let reader = PersonId(format!("token {}", caller.caller.token.id.0));
        let by = || caller.caller.by();
        app.readings.read_conversation(&caller.workspace, &reader, by, &conversation);
        let told = |all: Vec<replays::Said>| all.into_iter().map(TraceBody::from).collect();
        Ok(Json(TracesBody {
            conversation,
            happened,
            trigger: found.trigger,
            at: found.at.to_string(),
            baseline: told(found.baseline),
            candidate: told(found.candidate),
        }))
    })
    .await
}
