//! A proof that an entry is in the log, checked before it is told, and what it says in words.

use super::Log;
use crate::api::{Problem, answer_proof};
use crate::app::App;
use hindcast_ledger::{Hash, WorkspaceId, verify_inclusion};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

const PROVES: &str = "The commitment of this entry, and with it every byte of what is opened here, was in the log when the checkpoint was \
    signed, at this index. Whoever holds a later checkpoint of the same log can tell whether anything before it was changed since.";
const NOT: &str = "It does not prove that what the entry claims is true, nor when it happened: occurred_at is the word of whoever sent it, \
    received_at that of the server. This check was made by the server itself; to need no trust in it, save the proof and verify it \
    elsewhere: GET /v1/events/{id}/proof, `hindcast verify`, or the verifier in Python.";

#[derive(Deserialize)]
struct Proof<'a> {
    index: u64,
    leaf: String,
    path: Vec<String>,
    checkpoint: String,
    commitment: String,
    #[serde(borrow)]
    opening: &'a RawValue,
}

/// Proves an entry, and says what that proves.
pub(super) async fn verify(log: &Log, id: String) -> Result<String, Problem> {
    let workspace = log.reader.workspace.clone();
    let room = log.app.rooms.get(&workspace);
    let room = room.ok_or_else(|| Problem::not_found("there is no such workspace"))?;
    let sight = log.reader.caller.token.sight.clone();
    let lanes = log.lanes.of(&workspace);
    let answer = answer_proof(log.app.clone(), lanes, room, sight, id, false).await?;
    let body = answer.into_body().collect().await.map_err(Problem::internal)?.to_bytes();
    let proof: Proof<'_> = serde_json::from_slice(&body).map_err(Problem::internal)?;
    let size = checked(&log.app, &workspace, &proof)?;
    let told = json!({
        "verified": true,
        "index": proof.index,
        "size": size,
        "proves": PROVES,
        "does_not_prove": NOT,
        "leaf": proof.leaf,
        "path": proof.path,
        "commitment": proof.commitment,
        "checkpoint": proof.checkpoint,
        "opening": proof.opening,
    });
    Ok(told.to_string())
}

/// The size of the tree that the entry was found in.
fn checked(app: &App, workspace: &WorkspaceId, proof: &Proof<'_>) -> Result<u64, Problem> {
    let hash = |text: &String| text.parse::<Hash>().map_err(Problem::internal);
    let checkpoint = app.ledger.open_note(workspace, &proof.checkpoint)?.map_err(Problem::internal)?;
    let path = proof.path.iter().map(hash).collect::<Result<Vec<_>, _>>()?;
    let (leaf, root) = (hash(&proof.leaf)?, checkpoint.root());
    verify_inclusion(&leaf, proof.index, checkpoint.size(), &path, &root).map_err(Problem::internal)?;
    Ok(checkpoint.size())
}
