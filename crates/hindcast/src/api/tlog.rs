//! `/w/…`: the logs as transparency logs (C2SP tlog-tiles), for anybody who knows the id of a workspace.
//!
//! No token is needed: ids cannot be guessed, hashes tell nothing, and a commitment tells what kind of entry it is and
//! when it was received. Only what a checkpoint has signed
//! is served, so a tile never changes; whatever is not there is one and the same 404.

use super::checkpoints::text;
use super::error::Problem;
use super::lanes::{Lanes, blocking};
use crate::anchors;
use crate::app::App;
use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use hindcast_ledger::tile::{TILE_WIDTH, TileKind, encode_bundle};
use hindcast_ledger::{Tile, WorkspaceId, commitment_of};
use std::sync::Arc;

const BRIEFLY: &str = "public, max-age=2";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

type Address<T> = Result<Path<T>, PathRejection>;

/// The newest signed checkpoint; of the instance log, the newest that a witness cosigned, if it has witnesses.
#[utoipa::path(
    get, path = "/w/{workspace}/checkpoint", tag = "transparency log", operation_id = "logCheckpoint",
    params(("workspace" = String, Path, description = "The id of a workspace, or `instance`.")),
    responses((status = 200, body = String, content_type = "text/plain"), super::schema::PublicRefusals),
)]
pub async fn checkpoint(State(app): State<Arc<App>>, address: Address<String>) -> Result<Response, Problem> {
    let workspace = address.ok().and_then(|Path(id)| id.parse::<WorkspaceId>().ok()).ok_or_else(nothing)?;
    let published = app.ledger.published(&workspace).ok().flatten();
    let (_, note) = published.ok_or_else(nothing)?;
    if workspace.as_str() != WorkspaceId::INSTANCE || app.config.witness.is_empty() {
        return Ok(cached(BRIEFLY, text(note.to_string())));
    }
    let witnessed = blocking(move || Ok(anchors::witnessed(&app))).await?;
    Ok(cached(BRIEFLY, text(witnessed.unwrap_or_else(|| note.to_string()))))
}

/// The key that verifies the checkpoints of the log.
#[utoipa::path(
    get, path = "/w/{workspace}/vkey", tag = "transparency log", operation_id = "logVerifierKey",
    params(("workspace" = String, Path, description = "The id of a workspace, or `instance`.")),
    responses((status = 200, body = String, content_type = "text/plain"), super::schema::PublicRefusals),
)]
pub async fn vkey(State(app): State<Arc<App>>, address: Address<String>) -> Result<Response, Problem> {
    let workspace = address.ok().and_then(|Path(id)| id.parse::<WorkspaceId>().ok()).ok_or_else(nothing)?;
    let key = app.ledger.verifier_key(&workspace).map_err(|_| nothing())?;
    Ok(cached(BRIEFLY, text(format!("{key}\n"))))
}

/// Hashes or commitments of the log.
///
/// `tile/<L>/<N>[.p/<W>]` holds hashes of level L, `tile/entries/<N>[.p/<W>]` commitments, as C2SP tlog-tiles names them.
#[utoipa::path(
    get, path = "/w/{workspace}/tile/{level}/{tile}", tag = "transparency log", operation_id = "logTile",
    params(
        ("workspace" = String, Path, description = "The id of a workspace, or `instance`."),
        ("level" = String, Path, description = "A level of the tree, or `entries`."),
        ("tile" = String, Path, description = "The rest of the name of a tile, slashes and all, such as `x001/234.p/5`."),
    ),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), super::schema::PublicRefusals),
)]
pub async fn tile(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    address: Address<(String, String, String)>,
) -> Result<Response, Problem> {
    let Path((workspace, level, rest)) = address.map_err(|_| nothing())?;
    let workspace: WorkspaceId = workspace.parse().map_err(|_| nothing())?;
    let tile: Tile = format!("tile/{level}/{rest}").parse().map_err(|_| nothing())?;
    let room = app.rooms.get(&workspace).ok_or_else(nothing)?;
    let signed = app.ledger.published(&workspace).ok().flatten().map_or(0, |(size, _)| size);
    if !tile.is_filled_by(signed) {
        return Err(nothing());
    }
    let first = tile.index() * u64::from(TILE_WIDTH);
    let bytes = lanes.tile(move || match tile.kind() {
        TileKind::Hashes(level) => {
            let hashes = app.ledger.tile(&room.id, level, first, usize::from(tile.width()))?;
            Ok(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect::<Vec<u8>>())
        }
        TileKind::Entries => {
            let mut commitments = Vec::with_capacity(usize::from(tile.width()));
            for entries in room.store.snapshot().scan(first..first + u64::from(tile.width())) {
                for entry in entries?.iter() {
                    commitments.push(commitment_of(&entry).map_err(Problem::internal)?.to_bytes());
                }
            }
            if commitments.len() != usize::from(tile.width()) {
                // Some of them expired or were erased; a log may prune its entry bundles.
                return Err(nothing());
            }
            encode_bundle(commitments.iter().map(<[u8; 42]>::as_slice)).map_err(Problem::internal)
        }
    });
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))];
    Ok(cached(FOR_EVER, (headers, bytes.await?).into_response()))
}

fn nothing() -> Problem {
    Problem::not_found("there is nothing at this address")
}

fn cached(how: &'static str, mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(how));
    response
}
