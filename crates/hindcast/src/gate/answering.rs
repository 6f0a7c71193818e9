//! What people do about an approval, whether by page or API: checked, kept with the entry that tells of it, and told to whoever
//! waits for it.

use super::approvers::Member;
use crate::app::App;
use crate::catalog::{By, COMMENTS_MAX, CatalogError, Comment, KeptApproval, PersonId, Said};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::approval::{Deed, Refused};

/// A comment has at most so many characters.
pub(crate) const COMMENT_CHARS_MAX: usize = 2_000;

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// They agree.
    Approve,
    /// They say no.
    Deny,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDone {
    /// There is no such approval.
    #[error("there is no such approval")]
    Unknown,
    /// People answer, not tokens.
    #[error("an approval is given by a person, and this token is nobody's: make one at Settings › Tokens")]
    Nobodys,
    /// The person has gone, or may not approve.
    #[error("whoever this token belongs to may not approve")]
    MayNot,
    /// Whoever said no has to say why.
    #[error("comment: expected why not, in 1 to {COMMENT_CHARS_MAX} characters")]
    NoReason,
    /// The comment is too long.
    #[error("comment: expected at most {COMMENT_CHARS_MAX} characters")]
    TooLong,
    /// Whoever says something has to say it.
    #[error("comment: expected what to ask or to answer, in 1 to {COMMENT_CHARS_MAX} characters")]
    NoWords,
    /// It is over, or enough was said.
    #[error("it is over, or {COMMENTS_MAX} comments were made already")]
    EnoughSaid,
    /// It cannot be done any more, or not by them.
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Answers in the name of a person.
pub(crate) fn answer(
    app: &App,
    workspace: &WorkspaceId,
    id: &str,
    person: Option<&PersonId>,
    does: Does,
    comment: &str,
    by: &By,
) -> Result<KeptApproval, NotDone> {
    let comment = comment.trim();
    match comment.chars().count() {
        0 if does == Does::Deny => return Err(NotDone::NoReason),
        chars if chars > COMMENT_CHARS_MAX => return Err(NotDone::TooLong),
        _ => {}
    }
    let person = person.ok_or(NotDone::Nobodys)?;
    let member = Member::find(&app.catalog, workspace, person)?.ok_or(NotDone::MayNot)?;
    let kept = app.catalog.approval(workspace, id)?.ok_or(NotDone::Unknown)?;
    let standing = member.standing(&kept);
    let deed = match does {
        Does::Approve => Deed::Approve(standing),
        Does::Deny => Deed::Deny(standing),
    };
    let said = Said { name: member.name().to_owned(), comment: comment.to_owned() };
    act(app, workspace, id, &deed, Some(said), by)
}

/// Takes an approval back: whoever asked for it, by the token that did or any other of the same person.
pub(crate) fn cancel(
    app: &App,
    workspace: &WorkspaceId,
    id: &str,
    token: Option<&str>,
    person: Option<&PersonId>,
    by: &By,
) -> Result<KeptApproval, NotDone> {
    let kept = app.catalog.approval(workspace, id)?.ok_or(NotDone::Unknown)?;
    let is_own =
        token == Some(kept.new.token.as_str()) || person.is_some() && kept.new.requester.as_ref() == person;
    // Of what is not theirs they do not learn that it is there.
    if !is_own {
        return Err(NotDone::Unknown);
    }
    act(app, workspace, id, &Deed::Cancel, None, by)
}

/// Asks something about an approval, or answers what was asked. Whoever sees it may; it decides nothing.
pub(crate) fn comment(
    app: &App,
    kept: &KeptApproval,
    (id, name): (&str, &str),
    text: &str,
    by: &By,
) -> Result<KeptApproval, NotDone> {
    let text = text.trim();
    match text.chars().count() {
        0 => return Err(NotDone::NoWords),
        chars if chars > COMMENT_CHARS_MAX => return Err(NotDone::TooLong),
        _ => {}
    }
    let at = (app.clock)().micros();
    let comment = Comment { by: id.to_owned(), name: name.to_owned(), text: text.to_owned(), at };
    let done = app.catalog.comment_on_approval(&kept.workspace, &kept.id, comment, by)?;
    app.post();
    done.ok_or(NotDone::EnoughSaid)
}

/// Lets time pass for an approval.
pub(crate) fn expire(app: &App, kept: &KeptApproval) -> Result<(), NotDone> {
    act(app, &kept.workspace, &kept.id, &Deed::Wait, None, &By::server()).map(drop)
}

fn act(
    app: &App,
    workspace: &WorkspaceId,
    id: &str,
    deed: &Deed<'_>,
    said: Option<Said>,
    by: &By,
) -> Result<KeptApproval, NotDone> {
    let done = app.catalog.do_about_approval(workspace, id, deed, said, (app.clock)(), by)?;
    // Even what was refused may have found that time is over.
    app.gate.note_answer();
    app.post();
    Ok(done.ok_or(NotDone::Unknown)??)
}
