//! Entries by the ids of their events, wherever they are.

use crate::error::SearchError;
use crate::limits::{Budget, PAGE_ENTRIES_MAX};
use crate::plan::{Cell, Postings};
use crate::query::{Clause, Key, Query, Term};
use crate::rows::RowReader;
use crate::search::{Snapshot, push_row};
use crate::source::Slot;
use crate::walk::END;
use hindcast_event::{Core, Entries, Timestamp, id_time};
use std::collections::HashSet;
use std::sync::Arc;

impl Snapshot {
    /// The entries with an id that are to be seen. Ids are the callers' own: where others have the same in another
    /// segment, there may be more than are found.
    pub fn find_id(&self, id: &str, budget: &Budget) -> Result<Entries, SearchError> {
        if self.sight.scope.is_none() {
            return Ok(self.sight.show(self.find_id_anywhere(id, budget)?));
        }
        let clause = Clause { key: Key::Id, any: vec![Term::Is(id.to_owned())], not: false };
        let query = Query { clauses: vec![clause], ..Query::default() };
        Ok(self.search(&query, None, PAGE_ENTRIES_MAX, budget)?.entries)
    }

    fn find_id_anywhere(&self, id: &str, budget: &Budget) -> Result<Entries, SearchError> {
        let mut found = Entries::default();
        let mut spelled = b"\"id\":".to_vec();
        hindcast_event::json::write_string(id, &mut spelled);
        let spelled = String::from_utf8_lossy(&spelled);
        // An id of version 7 tells when it was made, so segments received around then are looked at first.
        let made = id_time(id).map(Timestamp::micros);
        let distance = |slot: &&Arc<Slot>| match made {
            Some(made) if made < slot.meta.received_min => slot.meta.received_min - made,
            Some(made) if made > slot.meta.received_max => made - slot.meta.received_max,
            _ => 0,
        };
        for part in self.tail.parts() {
            budget.check()?;
            for entry in part.entries() {
                let core = entry.event.sections().find(|(name, _)| *name == "core");
                if core.is_some_and(|(_, core)| core.contains(&*spelled))
                    && entry.event.view().is_ok_and(|view| view.id == id)
                {
                    found.push(entry);
                }
            }
        }
        let mut slots: Vec<&Arc<Slot>> = self.segments.iter().collect();
        slots.sort_by_key(distance);
        for slot in slots {
            if !found.is_empty() {
                break;
            }
            let segment = slot.open()?;
            let mut rows = Postings::cell(segment.as_ref(), Cell::Id, id, budget)?;
            let mut reader = RowReader::new(&segment, budget);
            while rows.row() != END {
                push_row(&mut reader, rows.row(), &mut found)?;
                rows.advance();
            }
        }
        Ok(found)
    }

    /// The entries with any of these ids, for those who see everything and ask for many at once. Where a time is said, only
    /// entries that may have happened then are looked for.
    pub fn find_ids(
        &self,
        ids: &[(&str, Option<Timestamp>)],
        budget: &Budget,
    ) -> Result<Entries, SearchError> {
        let mut found = Entries::default();
        let known: HashSet<&str> = ids.iter().map(|(id, _)| *id).collect();
        for part in self.tail.parts() {
            budget.check()?;
            for entry in part.entries() {
                let core = entry.event.sections().find(|(name, _)| *name == "core");
                let core = core.and_then(|(_, core)| Core::read(core));
                if core.is_some_and(|core| known.contains(&*core.id)) {
                    found.push(entry);
                }
            }
        }
        for slot in self.segments.iter() {
            let happened = slot.meta.occurred_min..=slot.meta.occurred_max;
            let may_be = |at: &Option<Timestamp>| at.is_none_or(|at| happened.contains(&at.micros()));
            let mut wanted = ids.iter().filter(|(_, at)| may_be(at)).peekable();
            if wanted.peek().is_none() {
                continue;
            }
            let segment = slot.open()?;
            let mut reader = RowReader::scattered(&segment, budget);
            for (id, _) in wanted {
                let mut rows = Postings::cell(segment.as_ref(), Cell::Id, id, budget)?;
                while rows.row() != END {
                    push_row(&mut reader, rows.row(), &mut found)?;
                    rows.advance();
                }
            }
        }
        Ok(found)
    }
}
