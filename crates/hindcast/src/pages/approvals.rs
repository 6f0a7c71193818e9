//! Approvals: calls that wait for somebody's yes, what exactly they would do, and what became of those before.

mod act;
mod asked_for;
mod card;
mod list;
mod waiting;

pub use act::act;
pub use list::{list, show};
pub use waiting::waiting;

use super::text::Text;
use super::visitor::Visitor;
use crate::catalog::KeptApproval;
use crate::gate::approvers::Member;
use crate::people::Reach;
use hindcast_event::Timestamp;
use hindcast_rules::approval::State;

/// How an approval stands now: time may have overtaken it a moment ago.
fn state(kept: &KeptApproval, now: Timestamp) -> State {
    let stands = kept.approval.state;
    if !stands.is_over() && now >= kept.approval.expires_at { State::Expired } else { stands }
}

/// What a state is called.
fn state_name(t: Text, state: State) -> String {
    match state {
        State::Pending => t.approval_pending(),
        State::Approved => t.approval_approved(),
        State::Denied => t.approval_denied(),
        State::Expired => t.approval_expired(),
        State::Cancelled => t.approval_cancelled(),
        State::Used => t.approval_used(),
    }
    .into_owned()
}

/// The visitor as the gate knows whoever may answer.
fn member(visitor: &Visitor) -> Member {
    Member::new(visitor.person.clone(), visitor.membership.clone())
}

/// Whoever does not see the whole log sees the approvals they are asked for, and those they asked for themselves.
fn sees(visitor: &Visitor, member: &Member, kept: &KeptApproval) -> bool {
    let standing = member.standing(kept);
    visitor.membership.role.reach() == Reach::Everything
        || standing.may_answer
        || standing.is_requester
        || kept.approval.answers.iter().any(|answer| answer.by == standing.person)
}

/// Whether an approval waits for them.
fn waits_for(member: &Member, kept: &KeptApproval, now: Timestamp) -> bool {
    let standing = member.standing(kept);
    state(kept, now) == State::Pending
        && standing.may_answer
        && !standing.is_requester
        && kept.approval.answers.iter().all(|answer| answer.by != standing.person)
}
