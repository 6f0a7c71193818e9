//! Integrity: how large the log is, what was signed and by which key, and whether it still holds.

use super::answer::{page, redirect};
use super::dashboards::when;
use super::evidence::most;
use super::format::number;
use super::histogram::count;
use super::integrity_anchors::Anchored;
use super::refusal::Refusal;
use super::safe::visible;
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::jobs::operation::Ended;
use crate::jobs::verify::{Found as Verified, NotNow, Verification, begin, not_now};
use crate::nodes::Job;
use crate::people::Permission;
use crate::verify::last_verified;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_segments::{Budget, Sight, Snapshot};
use std::sync::Arc;

/// Checkpoints that are listed.
const LISTED: usize = 20;

#[derive(Template)]
#[template(path = "integrity.html", blocks = ["verification"])]
struct IntegrityPage {
    shell: Shell,
    t: Text,
    log: Log,
    anchored: Anchored,
    running: Option<Running>,
    found: Option<Found>,
    /// Why nobody can verify now.
    not_now: Option<String>,
    /// The largest file that is verified here, in MB.
    most: String,
}

/// How the log is.
struct Log {
    origin: String,
    size: String,
    root: String,
    signed: String,
    key: String,
    fingerprint: String,
    quarantined: Option<String>,
    verified: Option<String>,
    checkpoints: Vec<Listed>,
}

/// A checkpoint in the list.
struct Listed {
    size: String,
    root: String,
    time: String,
    utc: String,
    is_good: bool,
    note: String,
}

/// A verification under way.
struct Running {
    percent: u64,
    told: String,
}

/// What a verification found.
struct Found {
    is_good: bool,
    told: String,
    problems: Vec<String>,
}

/// `GET /integrity`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
) -> Result<Response, Refusal> {
    let t = visitor.guest.text;
    let shell = Shell::of(&visitor, &app, Section::Integrity, t.nav_integrity());
    let may_know = visitor.may(Permission::SettingsSystem);
    let partial = visitor.guest.partial;
    // What the tree and its signatures say is as public within the workspace as its size.
    let room = visitor.room(&app)?;
    let whole = room.seen_by(&Arc::new(Sight::default()));
    let kept = app.clone();
    let read = move |budget: &Budget| {
        let workspace = &visitor.membership.workspace;
        let last = Verification::last(&kept, workspace, Job::Verification)?;
        let not_now = not_now(&kept, workspace, last.as_ref());
        Ok((log(&kept, &visitor, &whole, budget)?, Anchored::of(&kept, &visitor)?, last, not_now))
    };
    let (log, anchored, last, not_now) = lanes.query(&app, read).await?;
    let (running, found) = last.map_or((None, None), |last| told(t, last, may_know));
    let not_now = not_now.map(|why| why_not_now(t, why));
    let shown = IntegrityPage { shell, t, log, anchored, running, found, not_now, most: most(&app) };
    if partial { page(&shown.as_verification()) } else { page(&shown) }
}

/// `POST /integrity/verify`: reads everything and compares it with what was signed.
pub async fn verify(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    let room = visitor.room(&app)?;
    let (t, by) = (visitor.guest.text, visitor.by());
    match blocking(move || begin(&app, room, by).map_err(Problem::internal)).await? {
        Some(why) => {
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "verifying", why_not_now(t, why)).into())
        }
        None => Ok(redirect("/integrity")),
    }
}

fn why_not_now(t: Text, not_now: NotNow) -> String {
    let told = match not_now {
        NotNow::Elsewhere => t.verify_elsewhere(),
        NotNow::Rests(rest) => t.verify_lately(count(rest.as_secs() + 1)),
    };
    told.into_owned()
}

/// What a verification comes to. What it found names files of the server, which not everybody may know.
fn told(t: Text, last: Verification, may_know: bool) -> (Option<Running>, Option<Found>) {
    let found = match last.ended {
        None => {
            let percent = (last.done * 100).checked_div(last.size).unwrap_or(0);
            let told = t.verify_running(count(percent), count(last.done), count(last.size)).into_owned();
            return (Some(Running { percent, told }), None);
        }
        Some(Ended::Done(Verified::Intact(entries))) => {
            Found { is_good: true, told: t.verify_intact(count(entries)).into_owned(), problems: Vec::new() }
        }
        Some(Ended::Done(Verified::Damaged(_))) if !may_know => {
            Found { is_good: false, told: t.verify_damaged_masked().into_owned(), problems: Vec::new() }
        }
        Some(Ended::Done(Verified::Damaged(problems))) => Found {
            is_good: false,
            told: t.verify_damaged().into_owned(),
            problems: problems.iter().map(|problem| visible(problem).into_owned()).collect(),
        },
        Some(Ended::Cancelled | Ended::Failed(_)) => {
            Found { is_good: false, told: t.verify_unfinished().into_owned(), problems: Vec::new() }
        }
    };
    (None, Some(found))
}

fn log(app: &App, visitor: &Visitor, whole: &Snapshot, budget: &Budget) -> Result<Log, Problem> {
    let workspace = &visitor.membership.workspace;
    let language = visitor.guest.text.language;
    let head = app.ledger.head(workspace)?;
    let key = app.ledger.verifier_key(workspace)?;
    let published = app.ledger.published(workspace)?;
    let reason = app.ledger.quarantined(workspace)?;
    let may_know = visitor.may(Permission::SettingsSystem);
    let mut checkpoints = Vec::new();
    for note in app.ledger.newest_checkpoints(workspace, LISTED)? {
        let opened = app.ledger.open_note(workspace, &note)?;
        let size = note.lines().nth(1).and_then(|size| size.parse::<u64>().ok()).unwrap_or(0);
        let last = size.checked_sub(1).map(|last| whole.get(last, budget)).transpose()?;
        let at = last.as_ref().and_then(|entries| entries.get(0)).map(|entry| entry.received_at);
        checkpoints.push(Listed {
            size: number(count(size), language),
            root: note.lines().nth(2).unwrap_or_default().to_owned(),
            time: at.map(|at| visitor.clock.time(at)).unwrap_or_default(),
            utc: at.map(|at| at.to_string()).unwrap_or_default(),
            is_good: opened.is_ok(),
            note,
        });
    }
    let key_text = key.to_string();
    Ok(Log {
        origin: head.origin,
        size: number(count(head.frontier.size()), language),
        root: head.frontier.root().to_string(),
        signed: number(count(published.map_or(0, |(size, _)| size)), language),
        fingerprint: format!("{:08x}", key.id()),
        key: key_text,
        // Why names files of the server.
        quarantined: reason.map(|reason| if may_know { reason } else { String::new() }),
        verified: last_verified(app, workspace)?.map(|at| when(visitor, at)),
        checkpoints,
    })
}
