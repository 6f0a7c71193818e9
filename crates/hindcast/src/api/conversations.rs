//! `/v1/conversations`: conversations of the past, imported, read, tagged and erased.

use super::body::{self, Encoding, JsonBody, is_json, media_type};
use super::caller::{Eraser, Historian};
use super::entries::{OfWorkspace, room};
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use super::params::{InPath, Params, short, time, within};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{By, ConversationsWanted, Taken};
use crate::history::{
    Act, Author, BATCH_MAX, Conversation, Flaws, ID_BYTES_MAX, Resolution, TAG_CHARS_MAX, Tagging, held,
};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;
/// A batch of conversations, unpacked.
const BODY_BYTES_MAX: usize = 16 << 20;

/// Which conversations, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversationsAsked {
    /// Only those from this product.
    #[param(max_length = 256)]
    source: Option<String>,
    /// Only those through this channel.
    #[param(max_length = 256)]
    channel: Option<String>,
    /// Only those in this language.
    #[param(max_length = 256)]
    language: Option<String>,
    /// Only those that have this tag now.
    #[param(max_length = 200)]
    tag: Option<String>,
    /// Only those that ended so: `confirmed`, `assumed`, `escalated`, `negative_feedback`, `no_answer`, `procedure_handoff`,
    /// `abandoned`, `solved` or `unresolved`.
    #[param(
        pattern = "^(confirmed|assumed|escalated|negative_feedback|no_answer|procedure_handoff|abandoned|solved|unresolved)$"
    )]
    resolution: Option<String>,
    /// Only those with an AI agent, or only those without.
    ai: Option<bool>,
    /// Only those that began at this time or later.
    from: Option<String>,
    /// Only those that began before this time.
    until: Option<String>,
    /// How many are shown.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// Where the page begins, from `next` of the page before.
    #[param(pattern = "^[0-9a-f]{16}$")]
    cursor: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationsBody {
    /// The conversations, those that began last first.
    conversations: Vec<Conversation>,
    /// The `cursor` of the next page; null after the last.
    next: Option<String>,
}

/// What became of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedBody {
    /// How many were not there before.
    new: usize,
    /// How many were there, but otherwise, and were replaced.
    changed: usize,
    /// How many were there just so.
    known: usize,
}

/// A tag that is added or removed now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagWanted {
    /// Which.
    #[schema(min_length = 1, max_length = 200)]
    tag: String,
    /// Whether it is added or removed.
    #[serde(default)]
    act: Act,
    /// The workflow or automation that does it.
    #[serde(default)]
    #[schema(max_length = 256)]
    workflow: Option<String>,
    /// Its version.
    #[serde(default)]
    #[schema(max_length = 64)]
    version: Option<String>,
}

impl From<Taken> for ImportedBody {
    fn from(Taken { new, changed, known }: Taken) -> Self {
        Self { new, changed, known }
    }
}

impl ConversationsAsked {
    fn wanted(&self) -> Result<ConversationsWanted, Problem> {
        for (name, value) in
            [("source", &self.source), ("channel", &self.channel), ("language", &self.language)]
        {
            short(name, value.as_deref(), ID_BYTES_MAX)?;
        }
        short("tag", self.tag.as_deref(), TAG_CHARS_MAX)?;
        let resolution = self.resolution.as_deref().map(|word| {
            Resolution::parse(word).ok_or_else(|| {
                let words = Resolution::ALL.map(Resolution::as_str).join(", ");
                Problem::parameter("resolution", format!("resolution must be one of {words}"))
            })
        });
        Ok(ConversationsWanted {
            month: None,
            source: self.source.clone(),
            channel: self.channel.clone(),
            language: self.language.clone(),
            tag: self.tag.clone(),
            resolution: resolution.transpose()?,
            ai: self.ai,
            escalated: None,
            from: self.from.as_deref().map(|text| time("from", text)).transpose()?,
            until: self.until.as_deref().map(|text| time("until", text)).transpose()?,
        })
    }
}

/// Lists conversations
#[utoipa::path(
    get, path = "/v1/conversations", tag = "conversations", operation_id = "listConversations",
    params(ConversationsAsked),
    responses((status = 200, body = ConversationsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    historian: Historian,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<ConversationsAsked>,
) -> Result<Json<ConversationsBody>, Problem> {
    let (lanes, own) = (lanes.of(&historian.workspace), app.clone());
    let listed = lanes.query(&app, move |_| {
        let limit = within("limit", asked.limit.unwrap_or(LIMIT_DEFAULT), 1..=LIMIT_MAX)?;
        let workspace = &historian.workspace;
        let found = own.history.list(workspace, &asked.wanted()?, asked.cursor.as_deref(), limit + 1)?;
        let mut rows = found.ok_or_else(|| {
            let detail = "the cursor is not of this list";
            Problem::new(StatusCode::BAD_REQUEST, "wrong_cursor", detail).field("cursor")
        })?;
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| is_more).map(|row| format!("{:016x}", row.nr));
        let ids = rows.iter().map(|row| row.conversation.id.as_str());
        tell_read(&own, &historian, ids)?;
        let conversations = rows.into_iter().map(|row| row.conversation).collect();
        Ok(ConversationsBody { conversations, next })
    });
    Ok(Json(listed.await?))
}

/// Shows a conversation
#[utoipa::path(
    get, path = "/v1/conversations/{id}", tag = "conversations", operation_id = "getConversation",
    params(("id" = String, Path, description = "The id of the conversation."), OfWorkspace),
    responses((status = 200, body = Conversation), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    historian: Historian,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<Conversation>, Problem> {
    blocking(move || {
        let found = app.history.get(&historian.workspace, &id)?.ok_or_else(none)?;
        tell_read(&app, &historian, std::iter::once(found.id.as_str()))?;
        Ok(Json(found))
    })
    .await
}

/// Imports conversations
///
/// One object, or an array of at most 1000. Either all of them are kept or none: a problem names the position of the first
/// that does not fit, and the field. One that is there is replaced, so the same may be sent again; how a conversation went on
/// is told by sending all of it.
#[utoipa::path(
    post, path = "/v1/conversations", tag = "conversations", operation_id = "importConversations", params(OfWorkspace),
    request_body(content((Vec<Conversation> = "application/json")), description = "Packed with gzip or zstd if `Content-Encoding` says so."),
    responses(
        (status = 200, body = ImportedBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "A conversation from elsewhere has the id."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON, or packed in an unknown way."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A conversation is not valid."),
        (status = 507, body = ProblemBody, content_type = "application/problem+json", description = "No space is left on the disk; nothing was written."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn import(
    State(app): State<Arc<App>>,
    historian: Historian,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(_): Params<OfWorkspace>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<ImportedBody>, Problem> {
    if !media_type(&headers).is_none_or(|named| is_json(&named)) {
        let detail = "conversations are application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let encoding = Encoding::of(&headers)?;
    let _memory = lanes.memory(&headers, BODY_BYTES_MAX)?;
    let bytes = body::read(&headers, sent, BODY_BYTES_MAX).await?;
    lanes
        .append(move || {
            let conversations = parsed(&encoding.unpack(bytes, BODY_BYTES_MAX)?)?;
            let Historian { workspace, caller } = historian;
            let taken = app.history.put(&workspace, conversations, (app.clock)(), &caller.by())?;
            let taken = taken.map_err(|elsewhere| {
                let problem = Problem::new(StatusCode::CONFLICT, "id_taken", elsewhere.to_string());
                problem.field("id").at(Some(elsewhere.index as u64))
            })?;
            app.post();
            Ok(Json(taken.into()))
        })
        .await
}

/// Tags a conversation
///
/// The tag is added or removed now, by the token, or by the workflow that it says. A tag that is there, or is not, stays so.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/tags", tag = "conversations", operation_id = "tagConversation",
    request_body = TagWanted,
    params(("id" = String, Path, description = "The id of the conversation."), OfWorkspace),
    responses(
        (status = 200, body = Conversation),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn tag(
    State(app): State<Arc<App>>,
    historian: Historian,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<TagWanted>,
) -> Result<Json<Conversation>, Problem> {
    blocking(move || {
        let Historian { workspace, caller } = historian;
        let (now, by) = ((app.clock)(), caller.by());
        let mut flaws = Vec::new();
        let changed = app.history.change(&workspace, &id, now, |conversation| {
            let entry = tagged(conversation, wanted, now, &by)?;
            flaws = conversation.flaws();
            flaws.is_empty().then_some(entry)
        })?;
        if !flaws.is_empty() {
            return Err(invalid(&Flaws(flaws), None));
        }
        app.post();
        changed.map(Json).ok_or_else(none)
    })
    .await
}

/// Puts a tag on or takes it off, and tells the entry about it; nothing when it is so already.
fn tagged(
    conversation: &mut Conversation,
    wanted: TagWanted,
    now: Timestamp,
    by: &By,
) -> Option<serde_json::Value> {
    let TagWanted { tag, act, workflow, version } = wanted;
    if conversation.current_tags().contains(tag.as_str()) == (act == Act::Added) {
        return None;
    }
    let text = |name: &str| by.actor[name].as_str().map(str::to_owned);
    let author = Author { id: text("id").unwrap_or_default(), name: text("name"), kind: text("type") };
    let action = if act == Act::Added { "conversation.tagged" } else { "conversation.untagged" };
    let about = json!({ "tag": tag, "workflow": workflow, "version": version });
    let target = json!([{ "type": "conversation", "id": conversation.id }]);
    let at = now.max(conversation.tags.last().map_or(now, |last| last.at));
    conversation.tags.push(Tagging { at, tag, act, by: Some(author), workflow, version });
    Some(by.event(action, target, about))
}

/// Erases a conversation
///
/// All of it goes for good, and an entry says so. The scope `erase` is needed. What its agents did stays in the log; to erase a
/// person wherever they are named, ask for an erasure.
#[utoipa::path(
    delete, path = "/v1/conversations/{id}", tag = "conversations", operation_id = "eraseConversation",
    params(("id" = String, Path, description = "The id of the conversation."), OfWorkspace),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "A legal hold keeps it."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn erase(
    State(app): State<Arc<App>>,
    eraser: Eraser,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let Eraser { workspace, caller } = eraser;
        if app.history.get(&workspace, &id)?.is_none() {
            return Err(none());
        }
        let room = room(&app, &workspace)?;
        let held = held(&app, &room, std::slice::from_ref(&id)).map_err(Problem::internal)?;
        if !held.is_empty() {
            let detail = "a legal hold keeps it: it finds an entry about this conversation";
            return Err(Problem::new(StatusCode::CONFLICT, "held", detail));
        }
        app.history.erase(&workspace, &id, &caller.by())?;
        app.catalog.forget_answers(&workspace, Some(&id))?;
        app.catalog.forget_runs(&workspace, Some(&id))?;
        app.post();
        app.history.scrub()?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// What was read is an entry, as for people.
pub(super) fn tell_read<'i>(
    app: &App,
    historian: &Historian,
    ids: impl Iterator<Item = &'i str>,
) -> Result<(), Problem> {
    let token = &historian.caller.token;
    // A token reads as itself, whoever made it.
    let reader = crate::catalog::PersonId(format!("token {}", token.id.0));
    for id in ids {
        app.readings.read_conversation(&historian.workspace, &reader, || historian.caller.by(), id);
    }
    Ok(())
}

/// One conversation or several.
fn parsed(bytes: &[u8]) -> Result<Vec<Conversation>, Problem> {
    let is_one = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let sent: Vec<Box<RawValue>> = if is_one { vec![body::parse(bytes)?] } else { body::parse(bytes)? };
    if !(1..=BATCH_MAX).contains(&sent.len()) {
        let detail = format!("expected 1 to {BATCH_MAX} conversations, these are {}", sent.len());
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail));
    }
    let mut conversations = Vec::with_capacity(sent.len());
    for (nth, raw) in sent.iter().enumerate() {
        let conversation = Conversation::parse(raw.get());
        conversations.push(conversation.map_err(|flaws| invalid(&flaws, (!is_one).then_some(nth as u64)))?);
    }
    Ok(conversations)
}

fn invalid(flaws: &Flaws, index: Option<u64>) -> Problem {
    let told: Vec<_> = flaws.0.iter().map(ToString::to_string).collect();
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_conversation", told.join("; "));
    let field = flaws.0.first().map_or("", |flaw| &flaw.path);
    if field.is_empty() { problem.at(index) } else { problem.field(field).at(index) }
}

fn none() -> Problem {
    Problem::not_found("there is no such conversation")
}
