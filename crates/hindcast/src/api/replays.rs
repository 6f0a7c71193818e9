//! `/v1/replays`: the past under other policies, and what would have been different.

use super::body::JsonBody;
use super::caller::PolicyEditor;
use super::entries::{OfWorkspace, room};
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Paged, Params, query};
use super::schema::{Refusals, plain_name};
use crate::app::App;
use crate::catalog::{KeptReplay, ReplayState};
use crate::jobs::replays::{self, Begun, Given, NotBegun, Tried, Wanted, What};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use hindcast_event::Timestamp;
use hindcast_rules::replay::{Report, write_csv, write_junit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use utoipa::ToSchema;

/// A set that is given has at most so many texts.
const GIVEN_MAX: usize = 100;

/// What is asked of the past.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyReplayWanted)]
pub struct ReplayWanted {
    /// What you call it.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: String,
    /// What is tried.
    candidate: TriedWanted,
    /// What it is compared with: what is enforced now, when absent.
    #[serde(default)]
    baseline: BaselineWanted,
    /// Only what happened since then.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Only what happened before then.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Only entries that answer this query.
    #[serde(default)]
    #[schema(max_length = 2000)]
    filter: String,
    /// Work it out even if the same was asked before and the answer is kept.
    #[serde(default)]
    anew: bool,
}

/// Policies to try: one in the place of the one in use, or a whole set.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TriedWanted {
    /// The name of a policy; all others are as they are enforced now. With `number` or `text`.
    #[schema(max_length = 80)]
    policy: Option<String>,
    /// A saved version of it.
    number: Option<i64>,
    /// A text that need not be saved, in Cedar.
    #[schema(max_length = 65536)]
    text: Option<String>,
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
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BaselineWanted {
    /// The policies that are enforced now.
    #[default]
    Enforced,
    /// What happened: what was done counts as allowed, what was refused as denied.
    Happened,
}

/// A replay, under way or over.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayBody {
    /// Its id.
    id: String,
    /// What somebody called it.
    name: String,
    /// What is tried: `policy`.
    kind: &'static str,
    /// How far it has come.
    #[schema(value_type = String, example = "succeeded")]
    state: &'static str,
    /// The id of the replay that answered the same question before, which is this one; null when it was begun just now.
    served_from: Option<String>,
    /// The policies that are tried: `version`, `policies` (each with `name` and `number` or `text`), and `changed`, the names that
    /// were given.
    #[schema(value_type = Object)]
    candidate: Value,
    /// The policies it is compared with, in the same shape; null for what happened.
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
    /// Entries looked at so far.
    done: u64,
    /// Entries to look at; 0 until that is known.
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

fn wrong(field: &str, expected: &str) -> Problem {
    let detail = format!("{field}: expected {expected}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field)
}

impl TriedWanted {
    fn read(self) -> Result<Tried, Problem> {
        match self {
            Self { policy: Some(name), number, text, policies: None } => {
                given("candidate", name, number, text).map(Tried::One)
            }
            Self { policy: None, number: None, text: None, policies: Some(all) } => {
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
/// Runs the past through other policies, with the function the gate uses, and compares the answers. Nothing is sent, asked or
/// written. A question that was asked before is answered at once from what is kept (200, `served_from`); otherwise ask for the
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
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid; `flaws` has everything that is wrong with policies."),
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
    let filter = query((app.clock)(), Some(&asked.filter)).map_err(|problem| problem.field("filter"))?;
    let token = &editor.caller.token;
    let wanted = Wanted {
        candidate: asked.candidate.read()?,
        baseline: match asked.baseline {
            BaselineWanted::Enforced => Some(Tried::Enforced),
            BaselineWanted::Happened => None,
        },
        window: (time("from", asked.from.as_deref())?, time("until", asked.until.as_deref())?),
        filter,
        anew: asked.anew,
        started_by: if token.name.is_empty() { token.id.0.clone() } else { token.name.clone() },
        name: asked.name,
    };
    blocking(move || {
        let (kept, served) = match replays::begin(&app, &room, wanted).map_err(refused)? {
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
