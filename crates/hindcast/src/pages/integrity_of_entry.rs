//! Whether an entry is what was signed, step by step: from its own bytes to the signature of the log.

use super::refusal::Refusal;
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use hindcast_ledger::{leaf_of, verify_inclusion};
use hindcast_segments::{Budget, Sight};
use std::sync::Arc;

/// What was found.
pub struct Checked {
    /// Whether every step is good.
    pub is_good: bool,
    /// The steps.
    pub steps: Vec<Step>,
    /// How many entries the checkpoint covers.
    pub size: u64,
    /// The place in the log.
    pub index: u64,
    /// The hash of the entry.
    pub leaf: String,
    /// The root of the tree.
    pub root: String,
    /// The hashes that lead from one to the other.
    pub path: Vec<String>,
    /// The signed checkpoint.
    pub note: String,
    /// The key that verifies it.
    pub key: String,
}

/// A step.
pub struct Step {
    /// Whether it is good; unknown when it could not be taken.
    pub is_good: bool,
    /// What was done, and what came out.
    pub told: String,
}

/// Verifies an entry against the newest checkpoint that covers it.
pub fn checked(app: &App, visitor: &Visitor, index: u64) -> Result<Checked, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let ledger = &app.ledger;
    let key = ledger.verifier_key(workspace)?;
    let mut checked = Checked {
        is_good: false,
        steps: Vec::new(),
        size: 0,
        index,
        leaf: String::new(),
        root: String::new(),
        path: Vec::new(),
        note: String::new(),
        key: key.to_string(),
    };
    // What is hashed is the whole entry, whatever the reader sees of it.
    let room = app.rooms.get(workspace).ok_or_else(|| Problem::not_found("there is no such workspace"))?;
    let whole = room.seen_by(&Arc::new(Sight::default()));
    let found = whole.get(index, &Budget::unlimited())?;
    let entry = found.get(0).ok_or_else(|| Problem::not_found("there is no such entry"))?;
    let leaf = leaf_of(&entry).map_err(Problem::internal)?;
    let kept = ledger.leaves(workspace, index, 1)?;
    checked.leaf = leaf.to_string();
    checked.step(kept.first() == Some(&leaf), t.check_leaf(), t.check_leaf_bad());
    let published = ledger.published(workspace)?.filter(|(size, _)| *size > index);
    let Some((_, note)) = published else {
        checked.steps.push(Step { is_good: false, told: t.check_unsigned().into_owned() });
        return Ok(checked);
    };
    checked.note = note.to_string();
    let opened = ledger.open_note(workspace, &note)?;
    checked.step(opened.is_ok(), t.check_signature(), t.check_signature_bad());
    let Ok(checkpoint) = opened else { return Ok(checked) };
    (checked.size, checked.root) = (checkpoint.size(), checkpoint.root().to_string());
    let path = ledger.prove_inclusion(workspace, index, checkpoint.size())?;
    checked.path = path.iter().map(ToString::to_string).collect();
    let included = verify_inclusion(&leaf, index, checkpoint.size(), &path, &checkpoint.root());
    let steps = super::histogram::count(checked.path.len() as u64);
    let size = super::histogram::count(checked.size);
    checked.step(included.is_ok(), t.check_path(steps, size), t.check_path_bad());
    checked.is_good = checked.steps.iter().all(|step| step.is_good);
    Ok(checked)
}

impl Checked {
    fn step(&mut self, is_good: bool, good: impl Into<String>, bad: impl Into<String>) {
        self.steps.push(Step { is_good, told: if is_good { good.into() } else { bad.into() } });
    }

    /// What it comes to.
    pub fn verdict(&self, t: Text) -> String {
        if self.is_good { t.check_good().into_owned() } else { t.check_bad().into_owned() }
    }
}

/// `GET /log/{id}/proof.json` and `.tlog-proof`: everything that convinces a stranger.
pub async fn proof(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let as_file = match file.as_str() {
        "proof.json" => false,
        "entry.tlog-proof" => true,
        _ => return Err(Refusal::NotFound),
    };
    let (room, sight) = (visitor.room(&app)?, visitor.sight.clone());
    // A proof opens the entry as its page does.
    let (snapshot, kept, wanted) = (visitor.snapshot(&app)?, app.clone(), id.clone());
    let opened = lanes.query(&app, move |budget| {
        let found = crate::api::find(&snapshot, &wanted, budget)?;
        if let Some(entry) = found.get(0) {
            let view = entry.event.view().map_err(Problem::internal)?;
            let (workspace, person) = (&visitor.membership.workspace, &visitor.person.id);
            kept.readings.opened(workspace, person, || visitor.by(), entry.index, &view.id);
        }
        Ok(())
    });
    opened.await?;
    Ok(crate::api::answer_proof(app, lanes, room, sight, id, as_file).await?)
}
