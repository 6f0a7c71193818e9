//! What has to be there before other versions decide: a replay that shows what the workspace asks for, and a second person.
//!
//! Only a replay of exactly the policies as they would be counts, over everything in its window, compared with what is enforced
//! now or with what happened: a filter could leave out what changes, and what was enforced before is not what is replaced.

use super::book::{NoBook, enforced_with};
use crate::app::App;
use crate::catalog::{KeptReplay, PolicyRow, ReplayState, Standing};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::simulation::answer::Flaw;
use hindcast_rules::simulation::gate::{Missing, Required, missing};
use hindcast_rules::simulation::measure::{Kind, Measure, Measured, Summary};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many of the newest replays are looked at.
const REPLAYS_MAX: usize = 200;
/// What a replay measures.
const MEASURES: [(Measure, &str); 5] = [
    (Measure::ChangedRate, "/changed"),
    (Measure::UnknownRate, "/unknown"),
    (Measure::ErrorRate, "/failed"),
    (Measure::NewlyDeniedRate, "/by_change/newly_denied"),
    (Measure::NewlyAllowedRate, "/by_change/newly_allowed"),
];

/// What a workspace asks for before other versions decide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Publish {
    /// A second person has to agree.
    pub second_person: bool,
    /// What a replay has to show.
    pub required: Option<Required>,
}

impl Publish {
    /// Refuses what no replay could show.
    pub fn check(&self) -> Result<(), Flaw> {
        let Some(required) = &self.required else { return Ok(()) };
        if required.kind != Kind::Policy {
            return Err(Flaw { path: "kind".to_owned(), expected: "policy".to_owned() });
        }
        let is_measured = |measure| MEASURES.iter().any(|(known, _)| *known == measure);
        if let Some(at) = required.thresholds.iter().position(|asked| !is_measured(asked.measure)) {
            let expected = "changed_rate, unknown_rate, error_rate, newly_denied_rate or newly_allowed_rate";
            return Err(Flaw { path: format!("thresholds[{at}].measure"), expected: expected.to_owned() });
        }
        required.check()
    }

    /// What is missing before a policy may stand otherwise. A version that decides already needs nothing more.
    pub(super) fn missing(
        &self,
        app: &App,
        workspace: &WorkspaceId,
        policy: &PolicyRow,
        standing: Standing,
    ) -> Result<Vec<Missing>, NoBook> {
        let Some(required) = &self.required else { return Ok(Vec::new()) };
        let decides = |standing: Standing| {
            let (enforced, trial) = standing.deciding();
            enforced.into_iter().chain(trial.map(|(trial, _)| trial)).collect::<Vec<_>>()
        };
        let before = decides(policy.standing);
        let mut found = Vec::new();
        for number in decides(standing).into_iter().filter(|number| !before.contains(number)) {
            let candidate = enforced_with(app, workspace, &policy.name, number)?;
            let runs = shown(app, workspace)?;
            found.extend(missing(required, &candidate, (app.clock)(), &runs));
        }
        Ok(found)
    }
}

/// What the replays of a workspace have shown.
fn shown(app: &App, workspace: &WorkspaceId) -> Result<Vec<Summary>, NoBook> {
    // No share is 100, so nothing on trial decides for this number.
    let enforced = app.gate.book(app, workspace)?.judge(99).version().to_owned();
    let replays = app.catalog.replays(workspace, None, REPLAYS_MAX)?;
    let is_whole = |replay: &&KeptReplay| {
        let baseline = &replay.new.baseline;
        replay.new.filter.is_empty() && (baseline.is_null() || baseline["version"] == enforced.as_str())
    };
    Ok(replays.iter().filter(is_whole).filter_map(summary).collect())
}

fn summary(replay: &KeptReplay) -> Option<Summary> {
    let count = |path: &str| replay.summary.pointer(path)?.as_u64();
    let n = count("/evaluated")?;
    let mut measures = BTreeMap::new();
    for (measure, path) in MEASURES {
        if let Some(count) = count(path).filter(|_| n > 0) {
            measures.insert(measure, Measured { value: count as f64 / n as f64, n });
        }
    }
    Some(Summary {
        kind: Kind::Policy,
        run: replay.id.clone(),
        candidate: replay.new.candidate["version"].as_str()?.to_owned(),
        finished_at: replay.finished_at?,
        complete: replay.state == ReplayState::Succeeded,
        n,
        measures,
    })
}
