//! What the log knows of conversations: tags that people changed, and calls that a policy denied.

use super::corrections::TagEvent;
use crate::gate::DECIDED;
use hindcast_event::{Entry, View};
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, PAGE_ENTRIES_MAX, SearchError, Snapshot};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Entries of each sort that are read, the newest.
const EVIDENCE_MAX: usize = 100_000;
const UNTAGGED: &str = "conversation.untagged";

/// What the log knows, by the ids of conversations.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub tags: BTreeMap<String, Vec<TagEvent>>,
    pub denied: BTreeSet<String>,
    /// How many entries were read.
    pub entries: usize,
    /// Whether there were older ones.
    pub is_cut: bool,
}

fn queries() -> [Query; 2] {
    let texts = [
        format!("action:conversation.tagged action:{UNTAGGED} actor_type:user"),
        format!("action:{DECIDED} outcome:denied"),
    ];
    texts.map(|text| Query::parse(&text, &ParseContext::default()).unwrap_or_default())
}

/// Tells whether the log knows the same as before: how much of it there is, and which of it is the newest.
pub(crate) fn fingerprint(snapshot: &Snapshot, budget: &Budget) -> Result<Vec<u64>, SearchError> {
    let mut marks = Vec::new();
    for query in queries() {
        marks.push(snapshot.count(&query, budget)?);
        let newest = snapshot.slice(&query, 0, 1, budget)?;
        marks.push(newest.get(0).map_or(0, |entry| entry.index));
    }
    Ok(marks)
}

impl Evidence {
    pub fn read(snapshot: &Snapshot, budget: &Budget) -> Result<Self, SearchError> {
        let mut evidence = Self::default();
        let [tags, denials] = queries();
        evidence.each(snapshot, &tags, budget, Self::take_tag)?;
        evidence.each(snapshot, &denials, budget, Self::take_denial)?;
        Ok(evidence)
    }

    fn each(
        &mut self,
        snapshot: &Snapshot,
        query: &Query,
        budget: &Budget,
        take: fn(&mut Self, &View<'_>),
    ) -> Result<(), SearchError> {
        let mut after = None;
        let mut read = 0;
        loop {
            let page = snapshot.search(query, after.as_ref(), PAGE_ENTRIES_MAX, budget)?;
            let views = page.entries.iter().filter_map(|entry: Entry<'_>| entry.event.view().ok());
            views.for_each(|view| {
                read += 1;
                take(self, &view);
            });
            if page.next.is_none() || read >= EVIDENCE_MAX {
                self.entries += read;
                self.is_cut |= page.next.is_some();
                return Ok(());
            }
            after = page.next;
        }
    }

    fn take_tag(&mut self, view: &View<'_>) {
        let member = |name: &str| -> Option<String> {
            let (_, json) = view.metadata.iter().find(|(known, _)| *known == name)?;
            serde_json::from_str::<Value>(json).ok()?.as_str().map(str::to_owned)
        };
        let (Some(tag), workflow) = (member("tag"), member("workflow")) else { return };
        let actor: Value = serde_json::from_str(view.actor).unwrap_or_default();
        let name = actor["name"].as_str().or(actor["id"].as_str()).map(str::to_owned);
        let event = TagEvent {
            at: view.occurred_at.micros(),
            tag,
            is_added: view.action != UNTAGGED,
            // A workflow may act in the name of whoever switched it on.
            is_by_person: workflow.is_none() && !view.is_actor_erased,
            by: workflow.or(name),
            version: member("version"),
        };
        for id in conversations(view) {
            self.tags.entry(id).or_default().push(event.clone());
        }
    }

    fn take_denial(&mut self, view: &View<'_>) {
        self.denied.extend(conversations(view));
    }
}

/// The conversations that an entry is about.
fn conversations(view: &View<'_>) -> Vec<String> {
    let targets = view.targets.iter().filter_map(|target| serde_json::from_str::<Value>(target).ok());
    let targets = targets.filter(|target| target["type"] == "conversation");
    targets.filter_map(|target| target["id"].as_str().map(str::to_owned)).collect()
}
