//! Which conversations were met, and what became of them.

use super::limits::{CONVERSATIONS_MAX, FLAGGED_LISTED_MAX};
use super::report::{Conversations, Scores};
use crate::conversation;
use crate::policy::{Asked, Table};
use hindcast_event::Entry;
use std::borrow::Cow;
use std::collections::BTreeMap;

const DIVERGED: u8 = 1;
const FLAGGED: u8 = 2;

/// Conversations by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    ids: Table,
    marks: Vec<u8>,
    not_told_apart: u64,
}

impl Known {
    /// The conversation of an entry, if it has one.
    #[inline]
    pub fn of_entry(&mut self, asked: &Asked<'_>, entry: &Entry<'_>) -> Option<usize> {
        let id = match asked.raw_target_type() {
            "\"conversation\"" | "\"ticket\"" => asked.target_id(),
            _ => conversation::of_event(entry.event).map_or(Cow::Borrowed(""), |id| id),
        };
        self.of(&id)
    }

    /// The conversation with an id, if it is one.
    #[inline]
    pub fn of(&mut self, id: &str) -> Option<usize> {
        if id.is_empty() {
            return None;
        }
        if let Some(known) = self.ids.get(id.as_bytes()) {
            return Some(known);
        }
        if self.marks.len() >= CONVERSATIONS_MAX {
            self.not_told_apart += 1;
            return None;
        }
        self.marks.push(0);
        Some(self.ids.insert(id.as_bytes()))
    }

    /// The conversation with an id, if it was met.
    pub fn known(&self, id: &str) -> Option<usize> {
        self.ids.get(id.as_bytes())
    }

    pub fn has_diverged(&self, conversation: usize) -> bool {
        self.marks.get(conversation).is_some_and(|marks| marks & DIVERGED != 0)
    }

    pub fn changed(&mut self, conversation: usize, is_stricter: bool) {
        if let Some(marks) = self.marks.get_mut(conversation) {
            *marks |= DIVERGED | if is_stricter { FLAGGED } else { 0 };
        }
    }

    pub fn report(&self, scores: &BTreeMap<String, f64>) -> Conversations {
        let with = |mark: u8| self.marks.iter().enumerate().filter(move |(_, marks)| *marks & mark != 0);
        let id = |number: usize| String::from_utf8_lossy(self.ids.key(number)).into_owned();
        let mut flagged_ids: Vec<_> = with(FLAGGED).map(|(number, _)| id(number)).collect();
        flagged_ids.sort_unstable();
        flagged_ids.truncate(FLAGGED_LISTED_MAX);
        Conversations {
            touched: self.marks.len() as u64,
            flagged: with(FLAGGED).count() as u64,
            diverged: with(DIVERGED).count() as u64,
            not_told_apart: self.not_told_apart,
            flagged_ids,
            scores: (!scores.is_empty()).then(|| self.scores(scores)),
        }
    }

    fn scores(&self, scores: &BTreeMap<String, f64>) -> Scores {
        let mut means = Scores::default();
        for (id, score) in scores.iter().filter(|(_, score)| score.is_finite()) {
            let marks = self.ids.get(id.as_bytes()).and_then(|number| self.marks.get(number));
            let is_flagged = marks.is_some_and(|marks| marks & FLAGGED != 0);
            let mean = if is_flagged { &mut means.flagged } else { &mut means.rest };
            mean.take(*score, 1);
        }
        means
    }
}
