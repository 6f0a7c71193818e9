//! What both sides of a replay said to one thing that happened, condition by condition. A report quotes nobody: traces show what
//! was written in a conversation, so they are made anew for whoever may read it, and are gone with it.

use super::NotBegun;
use super::workflows::{facts_then, set_of};
use crate::app::App;
use crate::catalog::{CatalogError, KeptReplay};
use crate::history::happened;
use crate::workflows::{calendar, catalog};
use hindcast_rules::workflow::{Evaluation, WorkflowSet};
use serde_json::Value;

/// What both sides said.
#[derive(Clone, Debug)]
pub(crate) struct Traced {
    /// What happened: the name of a trigger.
    pub trigger: &'static str,
    /// When.
    pub at: hindcast_event::Timestamp,
    /// The workflows that it set off in the baseline, in their order.
    pub baseline: Vec<Said>,
    /// Those that it sets off in the candidate.
    pub candidate: Vec<Said>,
}

/// What one workflow said.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Which.
    pub workflow: String,
    /// What.
    pub evaluation: Evaluation,
    /// Who stopped it.
    pub stopped_by: Option<String>,
    /// Who may have.
    pub perhaps_stopped_by: Option<String>,
}

/// Why there are no traces.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTraced {
    /// It is no replay of workflows.
    #[error("only replays of workflows have traces")]
    OfPolicies,
    /// A version that was asked is gone, or cannot be asked any more.
    #[error("what the replay asked is gone: {0}")]
    Gone(String),
    /// The conversation is gone, or other things happened in it since.
    #[error("there is no such conversation any more, or no such thing happened in it")]
    NoSuch,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Workflows(#[from] crate::workflows::NoBook),
}

/// Asks both sides again about something that happened.
pub(crate) fn traces(
    app: &App,
    kept: &KeptReplay,
    conversation: &str,
    happened_id: &str,
) -> Result<Traced, NotTraced> {
    if kept.new.kind != "workflow" {
        return Err(NotTraced::OfPolicies);
    }
    let workspace = &kept.workspace;
    let [baseline, candidate] = [&kept.new.baseline, &kept.new.candidate].map(|told| side(app, kept, told));
    let (baseline, candidate) = (baseline?, candidate?);
    let conversation = app.history.get(workspace, conversation)?.ok_or(NotTraced::NoSuch)?;
    let all = happened(None, &conversation);
    let found = all.into_iter().find(|(_, change)| change.id == happened_id);
    let (at, change) = found.ok_or(NotTraced::NoSuch)?;
    let known =
        facts_then(&conversation, at, &change, &catalog(app, workspace)?, calendar(app, workspace, at)?);
    let said = |set: &WorkflowSet| -> Vec<Said> {
        let ran = set.evaluate(change.trigger, &known).into_iter();
        let said = ran.map(|ran| Said {
            workflow: ran.workflow.name().to_owned(),
            evaluation: ran.evaluation,
            stopped_by: ran.stopped_by.map(str::to_owned),
            perhaps_stopped_by: ran.perhaps_stopped_by.map(str::to_owned),
        });
        said.collect()
    };
    Ok(Traced {
        trigger: change.trigger.as_str(),
        at,
        baseline: said(&baseline),
        candidate: said(&candidate),
    })
}

fn side(app: &App, kept: &KeptReplay, told: &Value) -> Result<WorkflowSet, NotTraced> {
    match set_of(app, &kept.workspace, told) {
        Ok(Ok(set)) => Ok(set),
        Ok(Err(gone)) => Err(NotTraced::Gone(gone)),
        Err(NotBegun::Workflows(error)) => Err(error.into()),
        Err(NotBegun::Catalog(error)) => Err(error.into()),
        Err(other) => Err(NotTraced::Gone(other.to_string())),
    }
}
