//! What people read of the log is an entry in the log: what they searched for and which entries they opened, gathered for
//! a minute, so that reading does not write an entry each time.
//!
//! What is gathered is in memory alone. A server that is killed loses the reading of its last minute, and what it could not
//! write down as the database was away; one that ends in order does not.

use crate::app::App;
use crate::catalog::{By, PersonId};
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is gathered is written down after so long.
const GATHER: Duration = Duration::from_secs(60);
/// Different queries, and entries, that are named; more are counted.
const NAMED_MAX: usize = 50;
/// Different conversations that are named; more are counted.
const CONVERSATIONS_NAMED_MAX: usize = 50;
/// So much waits for a database that is away; beyond that the oldest is lost.
const DUE_MAX: usize = 10_000;

/// What people read, until it is written down.
#[derive(Default)]
pub struct Readings {
    gathered: Mutex<HashMap<(WorkspaceId, PersonId), Reading>>,
    /// What is to be written down, in this order.
    due: Mutex<VecDeque<(WorkspaceId, Value)>>,
}

struct Reading {
    since: Instant,
    by: By,
    searches: u64,
    queries: Vec<String>,
    opened: Vec<(u64, String)>,
    opened_count: u64,
    conversations: Vec<String>,
    conversation_count: u64,
}

impl Readings {
    /// Somebody searched.
    pub fn searched(&self, workspace: &WorkspaceId, person: &PersonId, by: impl FnOnce() -> By, query: &str) {
        let mut readings = self.lock();
        let reading = reading(&mut readings, workspace, person, by);
        reading.searches += 1;
        if reading.queries.len() < NAMED_MAX && !reading.queries.iter().any(|known| known == query) {
            reading.queries.push(query.to_owned());
        }
    }

    /// Somebody opened an entry.
    pub fn opened(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        by: impl FnOnce() -> By,
        index: u64,
        id: &str,
    ) {
        let mut readings = self.lock();
        let reading = reading(&mut readings, workspace, person, by);
        reading.opened_count += 1;
        if reading.opened.len() < NAMED_MAX && !reading.opened.iter().any(|(known, _)| *known == index) {
            reading.opened.push((index, id.to_owned()));
        }
    }

    /// Somebody read a conversation of the history.
    pub fn read_conversation(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        by: impl FnOnce() -> By,
        id: &str,
    ) {
        let mut readings = self.lock();
        let reading = reading(&mut readings, workspace, person, by);
        reading.conversation_count += 1;
        if reading.conversations.len() < CONVERSATIONS_NAMED_MAX
            && !reading.conversations.iter().any(|known| known == id)
        {
            reading.conversations.push(id.to_owned());
        }
    }

    /// Writes down what was gathered long enough, or all of it.
    pub fn flush(&self, app: &App, all: bool) {
        self.flush_where(app, |_, reading| all || reading.since.elapsed() >= GATHER);
    }

    /// Writes down what somebody read, because they go.
    pub fn flush_of(&self, app: &App, person: &PersonId) {
        self.flush_where(app, |(_, reader), _| reader == person);
    }

    fn flush_where(&self, app: &App, is_due: impl Fn(&(WorkspaceId, PersonId), &Reading) -> bool) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        for ((workspace, _), reading) in self.lock().extract_if(|who, reading| is_due(who, reading)) {
            due.extend(reading.events().into_iter().map(|event| (workspace.clone(), event)));
        }
        if due.is_empty() {
            return;
        }
        while let Some((workspace, event)) = due.front() {
            match app.catalog.keep(workspace, event) {
                // It is tried again.
                Err(error) if app.outage.explains(&error) => return forget_oldest(&mut due),
                Err(error) => tracing::error!(%error, "what somebody read could not be written down"),
                Ok(()) => {}
            }
            due.pop_front();
        }
        drop(due);
        app.post();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(WorkspaceId, PersonId), Reading>> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reading<'r>(
    readings: &'r mut HashMap<(WorkspaceId, PersonId), Reading>,
    workspace: &WorkspaceId,
    person: &PersonId,
    by: impl FnOnce() -> By,
) -> &'r mut Reading {
    readings.entry((workspace.clone(), person.clone())).or_insert_with(|| Reading {
        since: Instant::now(),
        by: by(),
        searches: 0,
        queries: Vec::new(),
        opened: Vec::new(),
        opened_count: 0,
        conversations: Vec::new(),
        conversation_count: 0,
    })
}

impl Reading {
    fn events(&self) -> Vec<Value> {
        let mut events = Vec::new();
        if self.searches > 0 {
            let mut about = json!({ "count": self.searches, "queries": self.queries });
            if let [query] = &self.queries[..] {
                about["query"] = query.as_str().into();
            }
            events.push(self.by.event("log.searched", json!([]), about));
        }
        if self.opened_count > 0 {
            let target = |(index, id): &(u64, String)| json!({ "type": "entry", "id": id, "name": format!("#{index}") });
            let targets: Vec<_> = self.opened.iter().map(target).collect();
            events.push(self.by.event("log.viewed", json!(targets), json!({ "count": self.opened_count })));
        }
        if self.conversation_count > 0 {
            let target = |id: &String| json!({ "type": "conversation", "id": id });
            let targets: Vec<_> = self.conversations.iter().map(target).collect();
            let about = json!({ "count": self.conversation_count });
            events.push(self.by.event("history.viewed", json!(targets), about));
        }
        events
    }
}

fn forget_oldest<T>(due: &mut VecDeque<T>) {
    let lost = due.len().saturating_sub(DUE_MAX);
    if lost > 0 {
        due.drain(..lost);
        tracing::error!(lost, "the database is away so long that what people read was not all written down");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_much_waits_for_the_database() {
        let mut due: VecDeque<_> = (0..DUE_MAX).collect();
        forget_oldest(&mut due);
        assert_eq!((due.len(), due.front()), (DUE_MAX, Some(&0)));
        due.extend([DUE_MAX, DUE_MAX + 1]);
        forget_oldest(&mut due);
        assert_eq!((due.len(), due.front(), due.back()), (DUE_MAX, Some(&2), Some(&(DUE_MAX + 1))));
    }
}
