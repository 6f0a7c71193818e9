//! The follower that mails whoever may answer, when a server has mail: one mail for each approval and person, tried for as
//! long as people are asked. The gate waits for none of it.

use super::pause;
use crate::app::App;
use crate::catalog::{ApprovalsWanted, CatalogError, KeptApproval};
use crate::deliver::approval::post;
use crate::gate::approvers::Member;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::approval::State;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// So many people are asked by mail for one approval; the page has it for the others.
const ASKED_MAX: usize = 50;
/// Nobody gets more mails of this kind in an hour: whoever is asked that often looks at the page.
const MAILS_AN_HOUR: usize = 30;
/// So many new approvals of a workspace are read at once.
const READ_AT_ONCE: usize = 100;
/// A mail that could not be sent is tried again after so long,
const AGAIN_MICROS: i64 = 60_000_000;
/// and so many wait for that.
const WAITING_MAX: usize = 1_000;
const HOUR_MICROS: i64 = 3_600_000_000;
/// Under which name it is kept up to which approval people were asked.
const MARK: &str = "approvals_mailed";

/// A mail that could not be sent.
struct Later {
    workspace: WorkspaceId,
    approval: String,
    person: String,
    at: Timestamp,
}

/// What it remembers while it runs.
#[derive(Default)]
struct Asking {
    /// When somebody was mailed, by their id.
    mailed: BTreeMap<String, Vec<Timestamp>>,
    later: VecDeque<Later>,
}

/// Follows until the server ends.
pub(super) fn follow(app: &App) {
    if app.deliver.mail().is_none() {
        return;
    }
    let mut asking = Asking::default();
    while pause(app, EVERY) {
        let Some(_lead) = app.nodes.lead("asking") else { continue };
        if let Err(error) = asking.look(app)
            && !app.outage.explains(&error)
        {
            tracing::warn!(%error, "approvals cannot be read, nobody is mailed");
        }
    }
}

impl Asking {
    fn look(&mut self, app: &App) -> Result<(), CatalogError> {
        for workspace in app.catalog.workspaces()? {
            let newest = newest(app, &workspace.id)?;
            for kept in newest {
                self.ask_all(app, &kept)?;
                app.catalog.set_mark(workspace.id.as_str(), MARK, &told(&kept))?;
            }
        }
        self.try_again(app)
    }

    /// Mails everybody who may answer.
    fn ask_all(&mut self, app: &App, kept: &KeptApproval) -> Result<(), CatalogError> {
        let mut asked = 0;
        for member in app.catalog.members(&kept.workspace)? {
            let member = Member::new(member.person, member.membership);
            if asked < ASKED_MAX && is_asked(&member, kept) {
                asked += 1;
                self.ask(app, kept, &member);
            }
        }
        Ok(())
    }

    fn ask(&mut self, app: &App, kept: &KeptApproval, member: &Member) {
        let (now, person) = ((app.clock)(), member.person().id.0.clone());
        let mails = self.mailed.entry(person.clone()).or_default();
        mails.retain(|at| now.micros() - at.micros() < HOUR_MICROS);
        let Some(ours) = app.deliver.mail().filter(|_| mails.len() < MAILS_AN_HOUR) else { return };
        match post(app, ours, kept, member) {
            Ok(()) => mails.push(now),
            Err(error) => {
                tracing::warn!(approval = kept.id, person, %error, "whoever is asked could not be mailed");
                if self.later.len() < WAITING_MAX {
                    let at = Timestamp::from_micros(now.micros() + AGAIN_MICROS);
                    let (workspace, approval) = (kept.workspace.clone(), kept.id.clone());
                    self.later.push_back(Later { workspace, approval, person, at });
                }
            }
        }
    }

    /// Those that could not be sent, as long as the approval still waits for them.
    fn try_again(&mut self, app: &App) -> Result<(), CatalogError> {
        let now = (app.clock)();
        while self.later.front().is_some_and(|later| later.at <= now) {
            let Some(later) = self.later.pop_front() else { break };
            let Some(kept) = app.catalog.approval(&later.workspace, &later.approval)? else { continue };
            let members = app.catalog.members(&later.workspace)?;
            let member = members.into_iter().find(|member| member.person.id.0 == later.person);
            let member = member.map(|member| Member::new(member.person, member.membership));
            if let Some(member) = member.filter(|member| is_asked(member, &kept)) {
                self.ask(app, &kept, &member);
            }
        }
        Ok(())
    }
}

/// Whether an approval waits for somebody who can still come in.
fn is_asked(member: &Member, kept: &KeptApproval) -> bool {
    let standing = member.standing(kept);
    kept.approval.state == State::Pending
        && member.person().deactivated_at.is_none()
        && standing.may_answer
        && !standing.is_requester
        && kept.approval.answers.iter().all(|answer| answer.by != standing.person)
}

/// The approvals that nobody was mailed about yet, the oldest first.
fn newest(app: &App, workspace: &WorkspaceId) -> Result<Vec<KeptApproval>, CatalogError> {
    let wanted =
        ApprovalsWanted { states: vec![State::Pending], limit: READ_AT_ONCE, ..ApprovalsWanted::default() };
    let mut pending = app.catalog.approvals(workspace, &wanted)?;
    if pending.is_empty() {
        return Ok(pending);
    }
    let mark = app.catalog.mark(workspace.as_str(), MARK)?.unwrap_or_default();
    pending.retain(|kept| told(kept) > mark);
    pending.reverse();
    Ok(pending)
}

/// The place of an approval among the others, in an order that texts have.
fn told(kept: &KeptApproval) -> String {
    format!("{:020} {}", kept.created_at.micros(), kept.id)
}
