//! One approval: who wants to do what, why people are asked, what speaks against it, and what the visitor can do about it.

use super::asked_for::{Call, log_of};
use super::{member, state, state_name};
use crate::api::Problem;
use crate::app::App;
use crate::catalog::{COMMENTS_MAX, KeptApproval, OnTimeout, Team};
use crate::gate::{DECIDED, decided_of};
use crate::pages::format::lasting;
use crate::pages::noted::noted;
use crate::pages::policies::approvers;
use crate::pages::rows::{Moment, condition};
use crate::pages::safe::{isolated, short, visible_lines};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use hindcast_event::Timestamp;
use hindcast_rules::approval::State;
use hindcast_segments::{Budget, Snapshot};
use serde_json::Value;

/// An approval, ready to be shown.
pub(super) struct Card {
    pub id: String,
    /// The name of the field for what they say.
    pub comment: String,
    pub href: String,
    pub title: String,
    pub class: &'static str,
    pub icon: &'static str,
    pub state: String,
    /// What became of it, in a sentence; empty while people are asked.
    pub told: String,
    pub call: Call,
    pub policies: Vec<Asking>,
    /// What is unusual about the call, as far as the visitor sees its entry.
    pub hints: Vec<String>,
    pub asked_at: Moment,
    pub until: Moment,
    /// How long there is still time; empty when it is over.
    pub left: String,
    pub quorum: String,
    pub approvers: Vec<String>,
    pub on_timeout: String,
    pub answers: Vec<Answered>,
    /// What was asked about it and answered.
    pub comments: Vec<Commented>,
    /// The entry of the decision that asked for it, if the visitor sees it.
    pub entry: Option<String>,
    pub may_answer: bool,
    pub may_cancel: bool,
    /// Whether they may ask something about it, or answer.
    pub may_comment: bool,
    /// Why there is nothing to press for them.
    pub explained: String,
}

/// A policy that asked for it.
pub(super) struct Asking {
    pub id: String,
    pub href: String,
    pub reason: String,
}

/// What somebody answered.
pub(super) struct Answered {
    pub name: String,
    pub agrees: bool,
    pub comment: String,
    pub at: Moment,
}

/// A question about an approval, or the answer to one.
pub(super) struct Commented {
    pub name: String,
    pub text: String,
    pub at: Moment,
}

/// What an approval is looked up in.
pub(super) struct Room<'r> {
    pub visitor: &'r Visitor,
    pub teams: Vec<Team>,
    /// The log as the visitor sees it.
    pub seen: Snapshot,
    /// The log as nobody hides anything of it: only why a policy asked is taken from it, which is no secret of an entry.
    pub whole: Snapshot,
}

impl<'r> Room<'r> {
    pub fn of(app: &App, visitor: &'r Visitor) -> Result<Self, Problem> {
        let workspace = &visitor.membership.workspace;
        let room =
            app.rooms.get(workspace).ok_or_else(|| Problem::not_found("there is no such workspace"))?;
        Ok(Self {
            visitor,
            teams: app.catalog.teams(workspace)?,
            seen: room.seen_by(&visitor.sight),
            whole: room.seen_by(&std::sync::Arc::default()),
        })
    }

    pub fn card(&self, kept: &KeptApproval, budget: &Budget) -> Result<Card, Problem> {
        let (visitor, t) = (self.visitor, self.visitor.guest.text);
        let stands = state(kept, visitor.now);
        let call = Call::of(visitor, &kept.new.asked);
        let (class, icon) = look(stands);
        let (entry, hints) = self.entry(&kept.new.decision, budget)?;
        let team = |id: &str| {
            let known = self.teams.iter().find(|team| team.id == id);
            short(known.map_or(id, |team| &team.name))
        };
        let (may_answer, explained) = answerable(visitor, kept, stands);
        let agreed = kept.approval.required.saturating_sub(kept.approval.missing());
        let left = kept.approval.expires_at.micros().saturating_sub(visitor.now.micros());
        Ok(Card {
            id: kept.id.clone(),
            comment: format!("comment-{}", kept.id),
            href: format!("/approvals/{}", kept.id),
            title: t.approval_title(isolated(&call.who.name), call.action.clone()).into_owned(),
            class,
            icon,
            state: state_name(t, stands),
            told: told(t, kept, stands),
            call,
            policies: self.policies(kept, budget)?,
            hints,
            asked_at: Moment::of(visitor, kept.created_at),
            until: Moment::of(visitor, kept.approval.expires_at),
            left: if stands.is_over() {
                String::new()
            } else {
                t.approval_left(lasting(t, left)).into_owned()
            },
            quorum: t.approval_quorum(agreed, kept.approval.required).into_owned(),
            approvers: match kept.new.approvers.is_empty() {
                true => vec![t.approvers_all().into_owned()],
                false => kept.new.approvers.iter().map(|text| approvers(t, text, &team)).collect(),
            },
            on_timeout: match kept.new.on_timeout {
                OnTimeout::Deny => t.approval_then_deny(),
                OnTimeout::Escalate => t.approval_then_escalate(),
            }
            .into_owned(),
            answers: answers(visitor, kept),
            comments: comments(visitor, kept),
            entry,
            may_answer,
            may_cancel: !stands.is_over() && kept.new.requester.as_ref() == Some(&visitor.person.id),
            may_comment: !stands.is_over() && kept.comments.len() < COMMENTS_MAX,
            explained,
        })
    }

    /// Where the entry of the decision is and what is noted about it, if the visitor sees it.
    fn entry(&self, id: &str, budget: &Budget) -> Result<(Option<String>, Vec<String>), Problem> {
        let Some(found) = find(&self.seen, id, budget)? else { return Ok((None, Vec::new())) };
        let Some(entry) = found.get(0) else { return Ok((None, Vec::new())) };
        let view = entry.event.view().map_err(Problem::internal)?;
        let facts: Value = view.facts.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let hints = noted(self.visitor.guest.text, &facts).into_iter().map(|fact| fact.text);
        Ok((Some(format!("/log/{}", entry.index)), hints.collect()))
    }

    fn policies(&self, kept: &KeptApproval, budget: &Budget) -> Result<Vec<Asking>, Problem> {
        let found = find(&self.whole, &kept.new.decision, budget)?;
        let decided = found.as_ref().and_then(|found| decided_of(&found.get(0)?));
        let determining = decided.map(|decided| decided.weighed.determining).unwrap_or_default();
        let reason = |id: &str| {
            let one = determining.iter().find(|one| one["policy"] == id);
            one.and_then(|one| one["reason"].as_str()).map(visible_lines).unwrap_or_default()
        };
        let asking = |id: &String| Asking {
            id: short(id),
            href: log_of(&format!("{} {}", condition("action", DECIDED), condition("policy", id))),
            reason: reason(id),
        };
        Ok(kept.new.determining.iter().map(asking).collect())
    }
}

/// An entry by its id; nothing when there is none for whoever looks.
fn find(seen: &Snapshot, id: &str, budget: &Budget) -> Result<Option<hindcast_event::Entries>, Problem> {
    match crate::api::find(seen, id, budget) {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.status() == axum::http::StatusCode::NOT_FOUND => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn look(state: State) -> (&'static str, &'static str) {
    match state {
        State::Pending => ("unknown", "pending"),
        State::Approved | State::Used => ("success", "success"),
        State::Denied => ("denied", "denied"),
        State::Expired | State::Cancelled => ("unknown", "close"),
    }
}

/// What became of it.
fn told(t: Text, kept: &KeptApproval, state: State) -> String {
    let no = kept.approval.answers.iter().position(|answer| !answer.agrees);
    let name = no.and_then(|at| kept.said.get(at)).map(|said| isolated(&said.name)).unwrap_or_default();
    match state {
        State::Pending => return String::new(),
        State::Approved => t.approval_told_approved(),
        State::Denied => t.approval_told_denied(name),
        State::Expired if kept.approval.missing() == 0 => t.approval_told_unused(),
        State::Expired => t.approval_told_expired(),
        State::Cancelled => t.approval_told_cancelled(),
        State::Used => t.approval_told_used(),
    }
    .into_owned()
}

/// Whether the visitor can answer, and if not while people are asked, why.
fn answerable(visitor: &Visitor, kept: &KeptApproval, state: State) -> (bool, String) {
    let t = visitor.guest.text;
    let member = member(visitor);
    let standing = member.standing(kept);
    let why = match state {
        State::Pending if standing.is_requester => t.approval_own(),
        State::Pending if !visitor.may(Permission::Approve) => t.approval_may_not(),
        State::Pending if !standing.may_answer => t.approval_not_asked(),
        State::Pending if kept.approval.answers.iter().any(|answer| answer.by == standing.person) => {
            t.approval_answered()
        }
        State::Pending => return (true, String::new()),
        _ => return (false, String::new()),
    };
    (false, why.into_owned())
}

fn comments(visitor: &Visitor, kept: &KeptApproval) -> Vec<Commented> {
    let one = kept.comments.iter().map(|comment| Commented {
        name: short(&comment.name),
        text: visible_lines(&comment.text),
        at: Moment::of(visitor, Timestamp::from_micros(comment.at)),
    });
    one.collect()
}

fn answers(visitor: &Visitor, kept: &KeptApproval) -> Vec<Answered> {
    let all = kept.approval.answers.iter().zip(&kept.said);
    let one = all.map(|(answer, said)| Answered {
        name: short(&said.name),
        agrees: answer.agrees,
        comment: visible_lines(&said.comment),
        at: Moment::of(visitor, answer.at),
    });
    one.collect()
}
