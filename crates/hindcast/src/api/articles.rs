//! `/v1/articles`: articles of a help centre, imported, listed and removed. Insights compare questions with them.

use super::body::{self, Encoding, is_json, media_type};
use super::caller::Historian;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use super::params::{InPath, Params, short, within};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::ShelvedArticle;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const BATCH_MAX: usize = 1_000;
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;
/// A batch of articles, unpacked.
const BODY_BYTES_MAX: usize = 16 << 20;

/// Which page of the articles.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticlesAsked {
    /// Only those after this id, from `next` of the page before.
    #[param(max_length = 2000)]
    after: Option<String>,
    /// How many are shown.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// A page of articles.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticlesBody {
    /// The articles in the order of their ids.
    articles: Vec<ListedArticle>,
    /// The `after` of the next page; null after the last.
    next: Option<String>,
}

/// An article, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedArticle {
    /// Its id.
    id: String,
    /// Its title.
    title: String,
    /// Its address; empty where it has none.
    url: String,
}

/// What became of articles.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticlesImported {
    /// How many were not there before.
    new: usize,
    /// How many were there, but otherwise, and were replaced.
    changed: usize,
    /// How many were there just so.
    known: usize,
}

/// Lists articles
#[utoipa::path(
    get, path = "/v1/articles", tag = "conversations", operation_id = "listArticles", params(ArticlesAsked),
    responses((status = 200, body = ArticlesBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    historian: Historian,
    Params(asked): Params<ArticlesAsked>,
) -> Result<Json<ArticlesBody>, Problem> {
    let limit = within("limit", asked.limit.unwrap_or(LIMIT_DEFAULT), 1..=LIMIT_MAX)?;
    blocking(move || {
        short("after", asked.after.as_deref(), 2_000)?;
        let after = asked.after.unwrap_or_default();
        let mut found = app.history.articles(&historian.workspace, &after, limit + 1)?;
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(|last| last.id.clone());
        let listed = |article: ShelvedArticle| {
            let ShelvedArticle { id, title, url, .. } = article;
            ListedArticle { id, title, url }
        };
        Ok(Json(ArticlesBody { articles: found.into_iter().map(listed).collect(), next }))
    })
    .await
}

/// Imports articles
///
/// An array of at most 1000. Either all of them are kept or none. One that is there is replaced, so the same may be sent again.
#[utoipa::path(
    post, path = "/v1/articles", tag = "conversations", operation_id = "importArticles", params(OfWorkspace),
    request_body(content((Vec<ShelvedArticle> = "application/json")), description = "Packed with gzip or zstd if `Content-Encoding` says so."),
    responses(
        (status = 200, body = ArticlesImported),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON, or packed in an unknown way."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "An article is not valid, or there would be more than are kept."),
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
) -> Result<Json<ArticlesImported>, Problem> {
    if !media_type(&headers).is_none_or(|named| is_json(&named)) {
        let detail = "articles are application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let encoding = Encoding::of(&headers)?;
    let _memory = lanes.memory(&headers, BODY_BYTES_MAX)?;
    let bytes = body::read(&headers, sent, BODY_BYTES_MAX).await?;
    lanes
        .append(move || {
            let articles = parsed(&encoding.unpack(bytes, BODY_BYTES_MAX)?)?;
            let Historian { workspace, caller } = historian;
            let taken = app.history.put_articles(&workspace, &articles, &caller.by())?;
            let (new, changed) = taken.map_err(|many| {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_articles", many.to_string())
            })?;
            app.post();
            Ok(Json(ArticlesImported { new, changed, known: articles.len() - new - changed }))
        })
        .await
}

/// Removes an article
#[utoipa::path(
    delete, path = "/v1/articles/{id}", tag = "conversations", operation_id = "removeArticle",
    params(("id" = String, Path, description = "The id of the article."), OfWorkspace),
    responses((status = 204, description = "It is gone."), Refusals), security(("token" = [])),
)]
pub async fn remove(
    State(app): State<Arc<App>>,
    historian: Historian,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let Historian { workspace, caller } = historian;
        if !app.history.remove_article(&workspace, &id, &caller.by())? {
            return Err(Problem::not_found("there is no such article"));
        }
        app.post();
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn parsed(bytes: &[u8]) -> Result<Vec<ShelvedArticle>, Problem> {
    let articles: Vec<ShelvedArticle> = body::parse(bytes)?;
    let unfit = |code, detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    if !(1..=BATCH_MAX).contains(&articles.len()) {
        let detail = format!("expected 1 to {BATCH_MAX} articles, these are {}", articles.len());
        return Err(unfit("invalid_body", detail));
    }
    for (nth, article) in articles.iter().enumerate() {
        if let Some((field, expected)) = article.flaw() {
            let problem = unfit("invalid_article", format!("{field}: {expected}"));
            return Err(problem.field(field).at(Some(nth as u64)));
        }
    }
    Ok(articles)
}
