//! `/v1/insights`: what many conversations say together, asked for, watched, read and forgotten.

use super::body::JsonBody;
use super::caller::Historian;
use super::conversations::tell_read;
use super::entries::{OfWorkspace, room};
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use super::params::{InPath, Params, time};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::KeptInsights;
use crate::history::moment;
use crate::insights::{Found, Insight, Kind, Question, UnfitQuestion, question_of};
use crate::jobs::insights::{Asked, Begun, WHOLE, begin};
use crate::jobs::operation::{self, Ended};
use crate::nodes::Job;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Conversations whose question is quoted with an insight.
const EXAMPLES_MAX: usize = 20;
/// Of a question, so much is quoted.
const QUOTED_CHARS_MAX: usize = 1_000;

/// What is asked of the history; by default, of all of it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InsightsWanted {
    /// Only conversations that began at this time or later.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Only those that began before this time.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Only those from this product.
    #[schema(max_length = 256)]
    source: Option<String>,
    /// Only those through this channel.
    #[schema(max_length = 256)]
    channel: Option<String>,
    /// Only those in this language.
    #[schema(max_length = 256)]
    language: Option<String>,
    /// Kinds of questions are new that were asked in so many days before the newest conversation, and not earlier; 30 when absent.
    #[schema(minimum = 1, maximum = 3660)]
    new_days: Option<u32>,
    /// Whether it is worked out anew even where the answer is kept.
    again: bool,
}

/// What was asked, and how that is.
#[derive(Debug, Serialize, ToSchema)]
pub struct InsightsBody {
    /// Its id.
    id: String,
    /// How it is.
    state: InsightsState,
    /// How far it is, 0 to 1.
    progress: f64,
    /// Why it failed.
    reason: Option<String>,
    /// When it was asked.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// How long it took, in milliseconds.
    took_ms: Option<u64>,
    /// What was asked.
    question: QuestionBody,
    /// How many conversations were read.
    read: Option<usize>,
    /// How many insights there are.
    count: Option<usize>,
}

/// How asking for insights is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InsightsState {
    /// It is under way, or waits for its turn.
    Running,
    /// It is done.
    Done,
    /// Somebody cancelled it, or asked something else.
    Cancelled,
    /// It could not be finished.
    Failed,
}

/// What was asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InsightsQuestion)]
pub struct QuestionBody {
    /// From when.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Until before when.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// From which product.
    source: Option<String>,
    /// Through which channel.
    channel: Option<String>,
    /// In which language.
    language: Option<String>,
    /// What counts as new.
    new_days: Option<u32>,
}

/// All that were asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct InsightsListBody {
    /// What is under way or was cancelled or failed last, then those that are kept, the newest first.
    insights: Vec<InsightsBody>,
}

/// What was asked, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct InsightsWithFound {
    /// What was asked, and how that is.
    #[serde(flatten)]
    asked: InsightsBody,
    /// What was found; null until it is done.
    found: Option<Found>,
}

/// Which insights.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KindAsked {
    /// Only insights of this kind.
    #[param(pattern = "^(mistag|gap|new_kind)$")]
    kind: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// One insight, with what customers asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InsightWithExamples)]
pub struct InsightBody {
    /// The insight.
    #[serde(flatten)]
    insight: Insight,
    /// What customers asked in those of its conversations that are still there, the plainest cases first; at most 20.
    examples: Vec<ExampleBody>,
}

/// What a customer asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InsightExample)]
pub struct ExampleBody {
    /// The conversation.
    conversation: String,
    /// When it began.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// The subject and the first message, at most 1000 characters; null where it is not kept.
    text: Option<String>,
    /// The tags it has now.
    tags: Vec<String>,
}

impl From<&Question> for QuestionBody {
    fn from(question: &Question) -> Self {
        let time = |micros: Option<i64>| micros.map(|micros| Timestamp::from_micros(micros).to_string());
        Self {
            from: time(question.from),
            until: time(question.until),
            source: question.source.clone(),
            channel: question.channel.clone(),
            language: question.language.clone(),
            new_days: question.new_days,
        }
    }
}

impl From<&KeptInsights> for InsightsBody {
    fn from(kept: &KeptInsights) -> Self {
        Self {
            id: kept.id.clone(),
            state: InsightsState::Done,
            progress: 1.0,
            reason: None,
            asked_at: kept.asked_at,
            took_ms: Some(kept.took_ms),
            question: (&kept.question).into(),
            read: Some(kept.read),
            count: Some(kept.count),
        }
    }
}

impl From<&Asked> for InsightsBody {
    fn from(asked: &Asked) -> Self {
        let (state, reason) = match &asked.ended {
            None => (InsightsState::Running, None),
            Some(Ended::Done(())) => (InsightsState::Done, None),
            Some(Ended::Cancelled) => (InsightsState::Cancelled, None),
            Some(Ended::Failed(reason)) => (InsightsState::Failed, Some(reason.clone())),
        };
        Self {
            id: asked.id.clone(),
            state,
            progress: asked.done as f64 / WHOLE as f64,
            reason,
            asked_at: asked.began_at,
            took_ms: None,
            question: (&asked.about.question).into(),
            read: None,
            count: None,
        }
    }
}

impl InsightsWanted {
    fn question(self) -> Result<Question, Problem> {
        let moment = |name: &str, text: Option<String>| {
            text.map(|text| time(name, &text).map(Timestamp::micros)).transpose()
        };
        let question = Question {
            from: moment("from", self.from)?,
            until: moment("until", self.until)?,
            source: self.source,
            channel: self.channel,
            language: self.language,
            new_days: self.new_days,
        };
        question.check().map_err(|unfit: UnfitQuestion| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", unfit.to_string())
                .field(unfit.field)
        })
    }
}

/// Asks for insights
///
/// Which questions are tagged wrongly again and again, what stays unresolved, and what is new. Where the same was asked of the same
/// past, the answer is there at once; otherwise ask for it again until its state is `done`. A workspace has one question under
/// way; the next takes its place.
#[utoipa::path(
    post, path = "/v1/insights", tag = "conversations", operation_id = "askForInsights",
    params(OfWorkspace), request_body = InsightsWanted,
    responses(
        (status = 200, body = InsightsBody, description = "The answer is there."),
        (status = 202, body = InsightsBody, description = "It is being worked out."),
        (status = 400, body = ProblemBody, content_type = "application/problem+json", description = "A time cannot be read."),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn ask(
    State(app): State<Arc<App>>,
    historian: Historian,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<InsightsWanted>,
) -> Result<(StatusCode, Json<InsightsBody>), Problem> {
    let room = room(&app, &historian.workspace)?;
    blocking(move || {
        let again = wanted.again;
        let begun = begin(&app, &room, wanted.question()?, again, historian.caller.by());
        match begun.map_err(Problem::internal)? {
            Begun::Kept(kept) => Ok((StatusCode::OK, Json(InsightsBody::from(&kept)))),
            Begun::Running(asked) => Ok((StatusCode::ACCEPTED, Json(InsightsBody::from(&asked)))),
        }
    })
    .await
}

/// Lists what was asked
///
/// The newest first. The 20 newest answers are kept, until a conversation or a person is erased.
#[utoipa::path(
    get, path = "/v1/insights", tag = "conversations", operation_id = "listInsights", params(OfWorkspace),
    responses((status = 200, body = InsightsListBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    historian: Historian,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<InsightsListBody>, Problem> {
    blocking(move || {
        let workspace = &historian.workspace;
        let asked = Asked::last(&app, workspace, Job::Insights)?.filter(|asked| !asked.is_kept());
        let kept = app.history.insights(workspace)?;
        let asked = asked.as_ref().map(InsightsBody::from);
        Ok(Json(InsightsListBody {
            insights: asked.into_iter().chain(kept.iter().map(Into::into)).collect(),
        }))
    })
    .await
}

/// Shows what was found
///
/// Insights name conversations and quote none of them; `GET /v1/insights/{id}/{nr}` quotes.
#[utoipa::path(
    get, path = "/v1/insights/{id}", tag = "conversations", operation_id = "getInsights",
    params(("id" = String, Path, description = "Its id."), KindAsked),
    responses((status = 200, body = InsightsWithFound), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    historian: Historian,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(id): InPath,
    Params(asked): Params<KindAsked>,
) -> Result<Json<InsightsWithFound>, Problem> {
    let (lanes, own) = (lanes.of(&historian.workspace), app.clone());
    let shown = lanes.query(&app, move |_| {
        let kind = asked.kind.as_deref().map(|word| {
            let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
            known.ok_or_else(|| Problem::parameter("kind", "kind must be one of mistag, gap, new_kind"))
        });
        let kind = kind.transpose()?;
        let workspace = &historian.workspace;
        // Looked at first: what is done by now is kept by now.
        let asked = Asked::find(&own, workspace, Job::Insights, &id)?;
        if let Some(asked) = asked.filter(|asked| !asked.is_kept()) {
            return Ok(InsightsWithFound { asked: (&asked).into(), found: None });
        }
        let (kept, mut found) = own.history.insights_found(workspace, &id)?.ok_or_else(none)?;
        found.insights.retain(|insight| kind.is_none_or(|kind| kind == insight.kind));
        Ok(InsightsWithFound { asked: (&kept).into(), found: Some(found) })
    });
    Ok(Json(shown.await?))
}

/// Shows one insight
///
/// With what customers asked. Which conversations were quoted is an entry, as for any that are read.
#[utoipa::path(
    get, path = "/v1/insights/{id}/{nr}", tag = "conversations", operation_id = "getInsight",
    params(
        ("id" = String, Path, description = "The id of what was asked."),
        ("nr" = String, Path, description = "The number of the insight."),
        OfWorkspace,
    ),
    responses((status = 200, body = InsightBody), Refusals), security(("token" = [])),
)]
pub async fn insight(
    State(app): State<Arc<App>>,
    historian: Historian,
    Extension(lanes): Extension<Arc<Lanes>>,
    axum::extract::Path((id, nr)): axum::extract::Path<(String, String)>,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<InsightBody>, Problem> {
    let (lanes, own) = (lanes.of(&historian.workspace), app.clone());
    let shown = lanes.query(&app, move |_| {
        let workspace = &historian.workspace;
        let (_, found) = own.history.insights_found(workspace, &id)?.ok_or_else(none)?;
        let insight = found.insights.into_iter().find(|one| nr.parse() == Ok(one.nr)).ok_or_else(none)?;
        let mut examples = Vec::new();
        for id in insight.conversations.iter().take(EXAMPLES_MAX) {
            // It may have gone since.
            let Some(conversation) = own.history.get(workspace, id)? else { continue };
            examples.push(ExampleBody {
                conversation: id.clone(),
                opened_at: conversation.opened_at,
                text: question_of(&conversation).map(|text| text.chars().take(QUOTED_CHARS_MAX).collect()),
                tags: conversation.current_tags().into_iter().map(str::to_owned).collect(),
            });
        }
        tell_read(&own, &historian, examples.iter().map(|example| example.conversation.as_str()))?;
        Ok(InsightBody { insight, examples })
    });
    Ok(Json(shown.await?))
}

/// Cancels or forgets
///
/// What is under way ends soon; what is kept is forgotten.
#[utoipa::path(
    delete, path = "/v1/insights/{id}", tag = "conversations", operation_id = "endInsights",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 204, description = "It ends soon, or is forgotten."), Refusals), security(("token" = [])),
)]
pub async fn end(
    State(app): State<Arc<App>>,
    historian: Historian,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let workspace = &historian.workspace;
        let is_there = Asked::find(&app, workspace, Job::Insights, &id)?.is_some();
        operation::cancel(&app, workspace, Job::Insights, &id)?;
        let is_forgotten = app.history.forget_insights(workspace, &id)?;
        if is_forgotten || is_there { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
    })
    .await
}

fn none() -> Problem {
    Problem::not_found("there is no such answer; it may have been forgotten because something was erased")
}
