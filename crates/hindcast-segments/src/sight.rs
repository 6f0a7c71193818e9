//! What a reader may see: which entries, and which of their fields. It is part of every plan and of every answer, so
//! that rows, counts and exports agree, and nothing hidden can be learned by asking for it.

use crate::columns::{Cells, at};
use crate::error::SearchError;
use crate::facets::FacetKind;
use crate::query::{Clause, Key, Query};
use crate::scan;
use crate::terms::tag;
use hindcast_event::json::write_string;
use hindcast_event::{Entries, Field, Hidden, facts_without, hidden_of_context, hidden_of_facts, without};
use std::borrow::Cow;

/// What a reader may see; everything by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// An entry is seen when all clauses of any of these hold, of which none says *not*; every entry is when there is
    /// no scope, and none when it is empty. Actors and targets are meant by their ids alone: names can be given.
    pub scope: Option<Vec<Vec<Clause>>>,
    /// Fields that are hidden.
    pub hidden: Hidden,
}

impl Sight {
    /// Whether nothing is kept from the reader.
    pub fn is_everything(&self) -> bool {
        self.scope.is_none() && self.hidden.is_empty()
    }

    /// Refuses a question about what is hidden.
    pub fn allow(&self, query: &Query) -> Result<(), SearchError> {
        query.clauses.iter().try_for_each(|clause| self.allow_key(clause.key))
    }

    /// Refuses to count what is hidden.
    pub(crate) fn allow_facet(&self, kind: FacetKind) -> Result<(), SearchError> {
        match kind {
            FacetKind::Ip => self.allow_key(Key::Ip),
            FacetKind::Country => self.allow_key(Key::Country),
            _ => Ok(()),
        }
    }

    fn allow_key(&self, key: Key) -> Result<(), SearchError> {
        let field = match key {
            Key::Ip | Key::Country => Field::Address,
            Key::Session | Key::Request => Field::Session,
            _ => return Ok(()),
        };
        if self.hidden.has(field) { Err(SearchError::Hidden { key }) } else { Ok(()) }
    }

    /// The fields of words that may be searched by free text.
    pub(crate) fn word_tags(&self) -> impl Iterator<Item = u8> {
        [
            (tag::WORD, Some(Field::Text)),
            (tag::METADATA_WORD, Some(Field::Metadata)),
            (tag::VALUE_WORD, Some(Field::Values)),
            (tag::ACTOR_WORD, None),
            (tag::TARGET_NAME_WORD, None),
        ]
        .into_iter()
        .filter(|(_, field)| field.is_none_or(|field| !self.hidden.has(field)))
        .map(|(tag, _)| tag)
    }

    /// The entries as the reader sees them. Their keys are left out too, since these would open what is hidden.
    pub(crate) fn show(&self, entries: Entries) -> Entries {
        if self.hidden.is_empty() {
            return entries;
        }
        let mut shown = Entries::default();
        for entry in entries.iter() {
            shown.push_with(entry.index, entry.received_at, entry.kind, &[0; 16], |out| {
                entry.event.show(self.hidden, out);
            });
        }
        shown
    }

    /// Empties the cells that the reader may not see.
    pub(crate) fn hide(&self, cells: &mut Cells<'_>) {
        if self.hidden.is_empty() {
            return;
        }
        let columns: [(Field, &[usize]); 5] = [
            (Field::Address, &[at::IP, at::COUNTRY]),
            (Field::UserAgent, &[at::USER_AGENT]),
            (Field::Session, &[at::SESSION_ID, at::REQUEST_ID]),
            (Field::Metadata, &[at::METADATA]),
            (Field::Text, &[at::REASON, at::DESCRIPTION, at::OUTCOME_REASON]),
        ];
        for (_, columns) in columns.iter().filter(|(field, _)| self.hidden.has(*field)) {
            columns.iter().for_each(|&column| cells.texts[column] = None);
        }
        let hidden_of_context = hidden_of_context(self.hidden);
        if let Some(rest) = cells.texts[at::CONTEXT_REST].as_ref().filter(|_| !hidden_of_context.is_empty()) {
            let rest = without(rest, &hidden_of_context);
            cells.texts[at::CONTEXT_REST] = Some(rest).filter(|rest| rest != "{}").map(Cow::Owned);
        }
        if !hidden_of_facts(self.hidden).is_empty() {
            let facts = cells.texts[at::FACTS].as_deref().and_then(|facts| facts_without(facts, self.hidden));
            cells.texts[at::FACTS] = facts.map(Cow::Owned);
        }
        if self.hidden.has(Field::Email) {
            for column in [at::ACTOR, at::ON_BEHALF_OF] {
                let shown = cells.texts[column].as_ref().map(|actor| without(actor, &["email"]));
                cells.texts[column] = shown.map(Cow::Owned);
            }
        }
        if self.hidden.has(Field::Values) {
            let paths = cells.texts[at::CHANGES].as_deref().map(paths_only);
            cells.texts[at::CHANGES] = paths.map(Cow::Owned);
        }
        (cells.key, cells.left, cells.sections) = ([0; 16], None, None);
    }
}

fn paths_only(changes: &str) -> String {
    let mut out = Vec::new();
    for (path, _) in scan::members(changes) {
        out.push(if out.is_empty() { b'{' } else { b',' });
        write_string(&path, &mut out);
        out.extend_from_slice(b":{}");
    }
    out.push(b'}');
    String::from_utf8(out).unwrap_or_default()
}
