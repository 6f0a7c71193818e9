//! `GET /v1/events/{id}/proof`: everything that convinces a stranger that an entry is in the log as it is.
//!
//! The **opening** holds what the commitment hides: kind, time, and for each section its name, its JSON text and its
//! salt. Hashing it again gives the commitment, the commitment gives the leaf, the path leads from the leaf to the root,
//! and the checkpoint signs the root. In a `.tlog-proof` file the opening is the `extra` line.

use super::caller::Reader;
use super::entries::{find, room};
use super::error::{Problem, ProblemBody};
use super::events::checkpoint;
use super::lanes::{Lanes, blocking};
use super::params::{InPath, Params};
use super::schema::Refusals;
use crate::app::App;
use crate::bundle::{OpenedEntry, Section, opened_for};
use crate::hex::hex;
use crate::rooms::Room;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use hindcast_event::{Entry, Hidden};
use hindcast_ledger::{Commitment, Hash, Note, TlogProof};
use hindcast_segments::Sight;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How the proof is to be written.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// `json`, or the proof file of C2SP; `Accept: text/plain` asks for the latter too.
    #[param(inline)]
    format: Option<Format>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
enum Format {
    #[serde(rename = "json")]
    Json,
    #[serde(rename = "tlog-proof")]
    TlogProof,
}

/// A proof that an entry is in the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProofBody {
    /// The place of the entry.
    index: u64,
    /// How many entries the log has that the checkpoint signs.
    size: u64,
    /// The hash of the commitment, in base64.
    leaf: String,
    /// The hashes from the sibling of the leaf up to the child of the root, in base64.
    path: Vec<String>,
    /// The signed checkpoint.
    checkpoint: String,
    /// The 42 bytes that the leaf hashes, in hexadecimal.
    commitment: String,
    /// What the commitment hides.
    opening: OpenedEntry,
}

/// Proves an entry
///
/// A fresh entry waits up to 5 seconds for the checkpoint that covers it.
#[utoipa::path(
    get, path = "/v1/events/{id}/proof", tag = "integrity", operation_id = "proveEvent",
    params(("id" = String, Path, description = "An index, or the id of an event."), Asked),
    responses(
        (status = 200, content((ProofBody = "application/json"), (String = "text/plain"))),
        (status = 503, body = ProblemBody, content_type = "application/problem+json", description = "No checkpoint covers the entry yet."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn proof(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(id): InPath,
    Params(asked): Params<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let as_file = match asked.format {
        Some(format) => format == Format::TlogProof,
        None => headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/plain")),
    };
    let room = room(&app, &reader.workspace)?;
    answer_proof(app, lanes.of(&reader.workspace), room, reader.caller.token.sight.clone(), id, as_file).await
}

/// The proof of an entry, for a reader with this sight.
pub(crate) async fn answer_proof(
    app: Arc<App>,
    lanes: Arc<Lanes>,
    room: Arc<Room>,
    sight: Arc<Sight>,
    id: String,
    as_file: bool,
) -> Result<Response, Problem> {
    // What is hidden is needed whole to be hashed, and is then left out of the opening.
    let (hidden, in_scope) =
        (sight.hidden, Arc::new(Sight { scope: sight.scope.clone(), ..Sight::default() }));
    let (index, opened) = {
        let room = room.clone();
        let found = lanes.query(&app, move |budget| {
            let found = find(&room.seen_by(&in_scope), &id, budget)?;
            let entry = found.get(0).ok_or_else(|| Problem::internal("an entry was found and is gone"))?;
            Ok((entry.index, Opened::of(&entry, hidden)?))
        });
        found.await?
    };
    let note = checkpoint(&app, &room, index + 1).await?.ok_or_else(unpublished)?;
    let app = app.clone();
    blocking(move || {
        let note_read: Note = note.parse().map_err(Problem::internal)?;
        let size = app.ledger.open_note(&room.id, &note)?.map_err(Problem::internal)?.size();
        if as_file {
            let path = app.ledger.prove_inclusion(&room.id, index, size)?;
            let extra = serde_json::to_vec(&opened.opening).map_err(Problem::internal)?;
            return file(
                TlogProof::new(Some(extra), index, path, note_read).map_err(Problem::internal)?,
                index,
            );
        }
        Ok(Json(opened.proven(&app, &room, index, size, &note)?).into_response())
    })
    .await
}

/// The proofs of entries under one checkpoint, for those who see everything of them.
pub(super) async fn prove_all(
    app: &Arc<App>,
    room: Arc<Room>,
    entries: Vec<(u64, Opened)>,
) -> Result<Vec<ProofBody>, Problem> {
    let Some(last) = entries.iter().map(|(index, _)| *index).max() else { return Ok(Vec::new()) };
    let note = checkpoint(app, &room, last + 1).await?.ok_or_else(unpublished)?;
    let app = app.clone();
    blocking(move || {
        let size = app.ledger.open_note(&room.id, &note)?.map_err(Problem::internal)?.size();
        let proofs =
            entries.into_iter().map(|(index, opened)| opened.proven(&app, &room, index, size, &note));
        proofs.collect()
    })
    .await
}

fn unpublished() -> Problem {
    let detail = "no signed checkpoint covers the entry yet";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_published_yet", detail).retry_after(1)
}

/// The proof file of an entry of which nothing is hidden.
pub(crate) fn proof_file(entry: &Entry<'_>, path: Vec<Hash>, checkpoint: Note) -> anyhow::Result<TlogProof> {
    let opened = Opened::of(entry, Hidden::default()).map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
    let extra = serde_json::to_vec(&opened.opening)?;
    Ok(TlogProof::new(Some(extra), entry.index, path, checkpoint)?)
}

fn file(proof: TlogProof, index: u64) -> Result<Response, Problem> {
    let name = format!("attachment; filename=\"{index}.tlog-proof\"");
    let name = HeaderValue::from_str(&name).map_err(Problem::internal)?;
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")), (CONTENT_DISPOSITION, name)];
    Ok((headers, proof.to_string()).into_response())
}

/// What a proof needs of the entry itself.
pub(super) struct Opened {
    leaf: Hash,
    commitment: String,
    opening: OpenedEntry,
}

impl Opened {
    fn proven(self, app: &App, room: &Room, index: u64, size: u64, note: &str) -> Result<ProofBody, Problem> {
        let Self { leaf, commitment, opening } = self;
        let path = app.ledger.prove_inclusion(&room.id, index, size)?;
        let path = path.iter().map(Hash::to_string).collect();
        let (leaf, checkpoint) = (leaf.to_string(), note.to_owned());
        Ok(ProofBody { index, size, leaf, path, checkpoint, commitment, opening })
    }

    pub(super) fn of(entry: &Entry<'_>, hidden: Hidden) -> Result<Self, Problem> {
        let opening = opened_for(entry, hidden).map_err(Problem::internal)?;
        let time = u64::try_from(entry.received_at.micros()).unwrap_or(0);
        let commitment = Commitment::new(entry.kind as u8, time, opening.body().map_err(Problem::internal)?);
        Ok(Self {
            leaf: commitment.leaf(),
            commitment: hex(&commitment.to_bytes()),
            opening: OpenedEntry {
                version: commitment.version,
                kind: commitment.kind,
                received_at_us: commitment.time_us,
                sections: opening.disclosures().iter().map(Section::from).collect(),
            },
        })
    }
}
