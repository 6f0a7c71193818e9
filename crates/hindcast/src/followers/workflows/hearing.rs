//! One workspace in the follower of workflows: what it hears, in which order, and how far it has come.

use super::passing::Passing;
use crate::app::App;
use crate::catalog::{LiveChange, ReadUntil};
use crate::followers::is_ending;
use crate::rooms::Room;
use crate::workflows::{Book, HEARD_ENTRIES, Happened, facts, fire};
use hindcast_event::{Entry, Kind};
use hindcast_rules::workflow::{Cause, Facts, Trigger};
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

/// Entries, triggers or changes that are heard at once, before other workspaces have their turn.
pub(super) const AT_ONCE: usize = 500;
const ENTRIES_AT_ONCE: u64 = 5_000;
/// How far was heard is kept so often, if nothing came of it.
const NOTE_EVERY: Duration = Duration::from_secs(5);
/// Old runs go so often.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);

/// Under which name it is kept how far changes of conversations were heard.
const CHANGES: &str = "workflows_changes";

/// Entries about answers of people.
const DECIDED: [&str; 4] = ["approval.granted", "approval.denied", "approval.cancelled", "approval.expired"];

/// See the module.
#[derive(Default)]
pub(super) struct Hearing {
    next: Option<u64>,
    noted: u64,
    noted_at: Option<Instant>,
    change: Option<i64>,
    passing: Passing,
    pruned_at: Option<Instant>,
}

impl Hearing {
    /// Hears what is new, at most one turn of it.
    pub fn hear(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        hear_posts(app, room)?;
        self.hear_changes(app, room)?;
        self.hear_entries(app, room)?;
        self.passing.hear(app, room)?;
        if self.pruned_at.is_none_or(|at| at.elapsed() > PRUNE_EVERY) {
            self.pruned_at = Some(Instant::now());
            app.catalog.prune_runs(&room.id, (app.clock)())?;
        }
        Ok(())
    }

    /// What happened in conversations of the history a moment ago.
    fn hear_changes(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        let known = match self.change {
            Some(known) => known,
            None => mark(app, room, CHANGES)?.unwrap_or(0),
        };
        let waiting = app.history.live_changes(&room.id, known, AT_ONCE)?;
        self.change = Some(known);
        let Some(last) = waiting.last().map(|change| change.nr) else { return Ok(()) };
        let book = app.workflows.book(app, &room.id)?;
        for change in waiting {
            if is_ending(app) {
                return Ok(());
            }
            let nr = change.nr;
            let read = ReadUntil::Mark(CHANGES, nr.to_string());
            let fired = match changed(app, room, &book, change)? {
                Some(happened) => fire(app, &room.id, &happened, &read)?.asked.len(),
                None => 0,
            };
            if fired == 0 && nr == last {
                app.catalog.keep_runs(&room.id, &[], &read, (app.clock)())?;
            }
            self.change = Some(nr);
        }
        Ok(app.history.forget_live_changes(&room.id, last)?)
    }

    /// Entries of the log.
    fn hear_entries(&mut self, app: &App, room: &Room) -> anyhow::Result<()> {
        let size = *room.size.borrow();
        // Read afterwards: whatever came before them is in force for entries that are there now.
        let book = app.workflows.book(app, &room.id)?;
        let next = match self.next {
            Some(next) => next,
            None => {
                // What was there before anybody listened set nothing off.
                let kept = app.catalog.mark_or(room.id.as_str(), HEARD_ENTRIES, &size.to_string())?;
                // A catalog of another copy may know more than there is.
                kept.parse().unwrap_or(0).min(size)
            }
        };
        self.next = Some(next);
        let until = size.min(next + ENTRIES_AT_ONCE);
        let is_heard = book.hears(Trigger::EventRecorded) || book.hears(Trigger::ApprovalDecided);
        if is_heard && next < until {
            for entries in room.store.snapshot().scan(next..until) {
                for entry in entries?.iter() {
                    if is_ending(app) {
                        return Ok(());
                    }
                    if let Some(happened) = recorded(app, room, &book, &entry)? {
                        fire(app, &room.id, &happened, &ReadUntil::Nothing)?;
                    }
                    self.next = Some(entry.index + 1);
                }
            }
        }
        self.next = Some(until);
        if self.noted < until && self.noted_at.is_none_or(|at| at.elapsed() > NOTE_EVERY) {
            self.note(app, room, until)?;
        }
        Ok(())
    }

    fn note(&mut self, app: &App, room: &Room, next: u64) -> anyhow::Result<()> {
        app.catalog.set_mark(room.id.as_str(), HEARD_ENTRIES, &next.to_string())?;
        (self.noted, self.noted_at) = (next, Some(Instant::now()));
        Ok(())
    }
}

/// What products posted.
fn hear_posts(app: &App, room: &Room) -> anyhow::Result<()> {
    for (nr, waiting, _) in app.catalog.triggers(&room.id, AT_ONCE)? {
        if is_ending(app) {
            return Ok(());
        }
        let read = ReadUntil::Trigger(nr);
        match Happened::of_json(&waiting) {
            Some(happened) => {
                let fired = fire(app, &room.id, &happened, &read)?;
                // Nobody heard it, so nothing was kept with which it would have gone.
                if fired.asked.is_empty() {
                    app.catalog.keep_runs(&room.id, &[], &read, (app.clock)())?;
                }
            }
            None => drop(app.catalog.keep_runs(&room.id, &[], &read, (app.clock)())?),
        }
    }
    Ok(())
}

pub(super) fn mark(app: &App, room: &Room, name: &str) -> anyhow::Result<Option<i64>> {
    Ok(app.catalog.mark(room.id.as_str(), name)?.and_then(|text| text.parse().ok()))
}

/// A change of a conversation, with what is known of it now; nothing when it is gone, or nobody hears.
fn changed(app: &App, room: &Room, book: &Book, change: LiveChange) -> anyhow::Result<Option<Happened>> {
    let Some(trigger) = Trigger::named(&change.trigger).filter(|trigger| book.hears(*trigger)) else {
        return Ok(None);
    };
    let Some(conversation) = app.history.get(&room.id, &change.conversation)? else { return Ok(None) };
    Ok(Some(Happened {
        trigger,
        id: change.happened,
        ticket: change.conversation,
        product: product(&conversation.source),
        facts: facts::of_conversation(&conversation, &book.catalog),
        before: change.before.as_object().cloned().unwrap_or_default(),
        is_echo_prone: true,
        is_standing: false,
        causes: Vec::new(),
    }))
}

/// The connector of a conversation, by where it is from.
pub(super) fn product(source: &str) -> String {
    let known = ["intercom", "zendesk"].into_iter().find(|product| *product == source);
    known.unwrap_or_default().to_owned()
}

/// What an entry sets off; nothing when nobody hears it.
fn recorded(app: &App, room: &Room, book: &Book, entry: &Entry<'_>) -> anyhow::Result<Option<Happened>> {
    let view = entry.event.view()?;
    let is_decided = DECIDED.contains(&view.action.as_ref());
    let trigger = match entry.kind {
        Kind::Event => Trigger::EventRecorded,
        _ if is_decided => Trigger::ApprovalDecided,
        // What the server writes of itself sets nothing off, least of all what it writes of workflows.
        _ => return Ok(None),
    };
    if !book.hears(trigger) {
        return Ok(None);
    }
    let targets: Vec<Value> =
        view.targets.iter().filter_map(|target| serde_json::from_str(target).ok()).collect();
    let target = |kinds: &[&str]| {
        let found =
            targets.iter().find(|target| target["type"].as_str().is_some_and(|kind| kinds.contains(&kind)));
        found.and_then(|target| target["id"].as_str().map(str::to_owned))
    };
    let ticket = target(&["conversation", "ticket"]).unwrap_or_default();
    let causes = match trigger {
        Trigger::ApprovalDecided => match target(&["approval"]) {
            Some(id) => {
                app.catalog.approval(&room.id, &id)?.map(|kept| kept.new.asked["metadata"]["causes"].clone())
            }
            None => None,
        },
        _ => {
            let own = view.metadata.iter().find(|(name, _)| *name == "causes");
            own.and_then(|(_, text)| serde_json::from_str(text).ok())
        }
    };
    let causes: Vec<Cause> =
        causes.and_then(|causes| serde_json::from_value(causes).ok()).unwrap_or_default();
    let mut known = match app.history.get(&room.id, &ticket)?.filter(|_| !ticket.is_empty()) {
        Some(conversation) => {
            let mut known = facts::of_conversation(&conversation, &book.catalog);
            known.insert("ticket.id".into(), ticket.as_str().into());
            (known, product(&conversation.source))
        }
        None => (Map::new(), String::new()),
    };
    known.0.extend(Facts::of_entry(entry)?.to_json());
    Ok(Some(Happened {
        trigger,
        id: format!("entry {}", entry.index),
        ticket,
        product: known.1,
        facts: known.0,
        before: Map::new(),
        is_echo_prone: false,
        is_standing: false,
        causes,
    }))
}
