//! Shapes that only the documentation needs, because on the way in and out they are read and written by hand.

use super::error::{PROBLEM_JSON, Problem, ProblemBody};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// Names that people give are at most this long.
const NAME_CHARS_MAX: usize = 200;

/// A name that people gave: not blank, not long, and nothing invisible in it.
pub fn plain_name(field: &str, name: &str) -> Result<(), Problem> {
    let is_plain = !name.trim().is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(char::is_control);
    if is_plain {
        return Ok(());
    }
    let detail =
        format!("{field} must have 1 to {NAME_CHARS_MAX} characters, none of them a control character");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field))
}

/// One event, or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents what is read by hand")]
pub enum Drafts {
    /// One event.
    One(Box<Draft>),
    /// Several events, appended together or not at all.
    Several(Vec<Draft>),
}

/// An event as it is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what is read by hand")]
pub struct Draft {
    /// What happened, such as `macro.updated`.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$",
        example = "macro.updated"
    )]
    action: String,
    /// Who did it.
    actor: Actor,
    /// Your own id; we give one where it is absent.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", nullable = false)]
    id: Option<String>,
    /// When it happened; when we received it, where it is absent.
    #[schema(format = DateTime, nullable = false)]
    occurred_at: Option<String>,
    /// For whom it was done.
    #[schema(nullable = false)]
    on_behalf_of: Option<Actor>,
    /// The policy and the approval that let it happen.
    #[schema(nullable = false)]
    authorized_by: Option<Authority>,
    /// To what it was done.
    #[schema(max_items = 100, nullable = false)]
    targets: Option<Vec<Target>>,
    /// What changed. Instead, `before` and `after` may hold whole documents, and we find the changes.
    #[schema(max_items = 400, nullable = false)]
    changes: Option<Vec<Change>>,
    /// The document before; not together with `changes`.
    before: Option<Value>,
    /// The document after; not together with `changes`.
    after: Option<Value>,
    /// How it went; it worked where nothing is said.
    #[schema(nullable = false)]
    outcome: Option<Outcome>,
    /// From where.
    #[schema(nullable = false)]
    context: Option<Context>,
    /// Why, in the words of the actor.
    #[schema(max_length = 16384, nullable = false)]
    reason: Option<String>,
    /// A sentence of your own.
    #[schema(max_length = 16384, nullable = false)]
    description: Option<String>,
    /// Anything else. Secrets are masked before anything is kept.
    #[schema(nullable = false)]
    metadata: Option<BTreeMap<String, Value>>,
}

/// Who did something.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What sort of actor it is.
    #[serde(rename = "type")]
    kind: ActorType,
    /// Its id.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    id: String,
    /// What people call it.
    #[schema(max_length = 16384)]
    name: Option<String>,
    /// Its email address.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    email: Option<String>,
    /// The role it had.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    role: Option<String>,
    /// About an AI agent: model, version, prompt and the like, each a text.
    ai: Option<BTreeMap<String, String>>,
}

/// A sort of actor.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorType {
    /// Somebody who is served.
    User,
    /// Somebody who serves.
    Agent,
    /// A rule or a workflow.
    Automation,
    /// A program with a token.
    ApiKey,
    /// An installed app.
    App,
    /// The platform itself.
    System,
    /// Nobody knows who.
    Anonymous,
}

/// To what something was done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What sort of thing it is.
    #[serde(rename = "type")]
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    kind: String,
    /// Its id.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    id: String,
    /// What people call it.
    #[schema(max_length = 16384)]
    name: Option<String>,
}

/// One change; a side that did not exist is absent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// A JSON Pointer, such as `/conditions/0/value`.
    #[schema(max_length = 240, pattern = "^(/([^/~]|~[01])*)*$")]
    path: String,
    /// The value before.
    before: Option<Value>,
    /// The value after.
    after: Option<Value>,
}

/// How it went.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents what is read by hand")]
pub enum Outcome {
    /// Just the result.
    Result(OutcomeResult),
    /// The result and why.
    Told(OutcomeTold),
}

/// How it went, and why.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeTold {
    /// Whether it worked.
    result: Option<OutcomeResult>,
    /// Why, for people.
    #[schema(max_length = 16384)]
    reason: Option<String>,
    /// Why, for programs.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    code: Option<String>,
}

/// Whether something worked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeResult {
    /// It worked.
    Success,
    /// It was tried and failed.
    Failure,
    /// It was not allowed.
    Denied,
    /// The source could not tell.
    Unknown,
}

/// By what policy and approval.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// The policy.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    policy_id: Option<String>,
    /// Its version, a text or a number.
    policy_version: Option<Value>,
    /// What it decided.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    decision: Option<String>,
    /// The approval that was given.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    approval_id: Option<String>,
}

/// From where something was done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The address of the actor, IPv4 or IPv6.
    #[schema(format = "ip")]
    ip: Option<String>,
    /// The addresses it was passed on by.
    #[schema(max_items = 16)]
    forwarded_for: Option<Vec<String>>,
    /// The place.
    geo: Option<Geo>,
    /// The program of the actor.
    #[schema(max_length = 2048)]
    user_agent: Option<String>,
    /// The session.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    session_id: Option<String>,
    /// The request.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    request_id: Option<String>,
    /// The trace (W3C Trace Context).
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    traceparent: Option<String>,
    /// The channel, such as `web` or `api`.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    source: Option<String>,
}

/// A place.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Geo {
    /// Two letters, as in ISO 3166-1.
    #[schema(pattern = "^[A-Za-z]{2}$")]
    country: Option<String>,
    /// The region.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    region: Option<String>,
    /// The city.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    city: Option<String>,
    /// Degrees north.
    lat: Option<f64>,
    /// Degrees east.
    lon: Option<f64>,
}

/// An event at its index in the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Its place in the log, from 0.
    index: u64,
    /// The id of the event.
    id: String,
    /// What it is for, if not simply an event: `system`, `erasure_notice`, `retention_notice`, `hold`, `checkpoint` …
    #[schema(nullable = false)]
    kind: Option<String>,
    /// What happened.
    action: String,
    /// The sender's claim of when.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// When we received it; never decreasing.
    #[schema(format = DateTime)]
    received_at: String,
    /// Who did it.
    actor: Actor,
    /// For whom it was done.
    #[schema(nullable = false)]
    on_behalf_of: Option<Actor>,
    /// The policy and the approval that let it happen.
    #[schema(nullable = false)]
    authorized_by: Option<Authority>,
    /// To what it was done.
    #[schema(nullable = false)]
    targets: Option<Vec<Target>>,
    /// What changed, by path.
    #[schema(nullable = false)]
    changes: Option<Vec<Change>>,
    /// How it went.
    outcome: OutcomeTold,
    /// From where.
    #[schema(nullable = false)]
    context: Option<Context>,
    /// What we worked out on arrival.
    facts: Option<Value>,
    /// Why, in the words of the actor.
    #[schema(nullable = false)]
    reason: Option<String>,
    /// A sentence of the sender.
    #[schema(nullable = false)]
    description: Option<String>,
    /// Anything else.
    #[schema(nullable = false)]
    metadata: Option<BTreeMap<String, Value>>,
}

/// How any address that needs a token may refuse.
#[derive(Debug)]
pub struct Refusals;

/// How an address that needs no token may refuse.
#[derive(Debug)]
pub struct PublicRefusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            ("400", "A parameter or the body cannot be understood."),
            ("401", "A good token is needed."),
            ("403", "The token may not do this, or not from here."),
            ("404", "It is not there, or not yours."),
            (
                "429",
                "Too many requests, too many at once, or more entries than the workspace may append (`quota_exceeded`); \
                `Retry-After` says when to try again.",
            ),
            ("500", "Something failed here."),
            ("503", "The server is ending, or its disk can no longer be trusted."),
        ])
    }
}

impl IntoResponses for PublicRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            ("404", "It is not there."),
            ("429", "Too much at once; `Retry-After` says when to try again."),
            ("500", "Something failed here."),
        ])
    }
}

fn refusals(all: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let schema = Ref::from_schema_name(ProblemBody::name());
    let told = |description: &str| {
        let content = ContentBuilder::new().schema(Some(schema.clone())).build();
        ResponseBuilder::new().description(description).content(PROBLEM_JSON, content).build()
    };
    all.iter().map(|&(status, description)| (status.to_owned(), RefOr::T(told(description)))).collect()
}
