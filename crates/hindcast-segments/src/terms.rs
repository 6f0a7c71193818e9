//! What an entry can be found by: the one place that says so.
//!
//! A term is a byte that names the field, and a value. Segments and the tail index the same terms and
//! [`crate::plan`] asks for them, so both give the same answers. Values are folded where
//! [`crate::query::Key::is_folded`] says that they are compared folded.

use crate::query::Path;
use crate::scan;
use crate::words::{fold, index_words};
use hindcast_event::{Entry, View};
use std::collections::HashMap;

/// The fields of terms.
pub(crate) mod tag {
    pub(crate) const ACTION: u8 = b'a';
    /// Words of the actor's name.
    pub(crate) const ACTOR_WORD: u8 = super::ACTOR.word;
    pub(crate) const ROLE: u8 = b'e';
    pub(crate) const ACTOR_TYPE: u8 = b'f';
    /// Id, a zero byte, folded type: one term serves whoever asks for an id of any type, and of one.
    pub(crate) const TARGET: u8 = b'g';
    pub(crate) const TARGET_TYPE: u8 = b'h';
    /// A byte for which target it is, then a word of its name: all words must be in one name.
    pub(crate) const TARGET_WORD: u8 = b'i';
    pub(crate) const IP: u8 = b'k';
    pub(crate) const COUNTRY: u8 = b'l';
    pub(crate) const OUTCOME: u8 = b'm';
    pub(crate) const SOURCE: u8 = b'n';
    pub(crate) const SESSION: u8 = b'o';
    pub(crate) const POLICY: u8 = b'p';
    pub(crate) const KIND: u8 = b'q';
    /// See [`crate::query::Path::index_term`].
    pub(crate) const CHANGED: u8 = b'r';
    /// Words of a target's name, whichever target it is.
    pub(crate) const TARGET_NAME_WORD: u8 = b't';
    /// Words of changed values.
    pub(crate) const VALUE_WORD: u8 = b'u';
    /// Words of metadata.
    pub(crate) const METADATA_WORD: u8 = b'v';
    /// Words of descriptions and reasons.
    pub(crate) const WORD: u8 = b'w';
    /// Only in the tail: segments look into the column.
    pub(crate) const ID: u8 = b'x';
    /// Only in the tail: segments look into the column.
    pub(crate) const REQUEST: u8 = b'y';
}

/// The fields of terms of somebody.
pub(crate) struct Somebody {
    pub(crate) id: u8,
    pub(crate) email: u8,
    /// Words of the name.
    pub(crate) word: u8,
    /// Words of the email address.
    pub(crate) email_word: u8,
}

impl Somebody {
    pub(crate) fn has(&self, tag: u8) -> bool {
        [self.id, self.email, self.word, self.email_word].contains(&tag)
    }
}

pub(crate) const ACTOR: Somebody = Somebody { id: b'b', email: b'c', word: b'd', email_word: b's' };
pub(crate) const ON_BEHALF_OF: Somebody = Somebody { id: b'A', email: b'B', word: b'C', email_word: b'D' };

/// Values are cut to this many bytes, in the index and in questions alike.
const VALUE_BYTES_MAX: usize = 1024;
/// The terms of so many different actors are remembered while indexing.
const ACTORS_REMEMBERED_MAX: usize = 8192;

/// A term.
pub(crate) fn term(tag: u8, value: &str) -> Vec<u8> {
    let mut term = vec![tag];
    term.extend_from_slice(cut(value).as_bytes());
    term
}

/// A value as far as terms keep it.
pub(crate) fn cut(value: &str) -> &str {
    &value[..value.floor_char_boundary(VALUE_BYTES_MAX)]
}

/// Works out the terms of one entry after the other.
#[derive(Default)]
pub(crate) struct Terms {
    found: Found,
    actors: HashMap<String, Found>,
}

/// Terms in one piece of memory.
#[derive(Clone, Default)]
pub(crate) struct Found {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Found {
    fn push(&mut self, tag: u8, value: &str) {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(cut(value).as_bytes());
        self.ends.push(self.bytes.len() as u32);
    }

    fn push_folded(&mut self, tag: u8, value: &str) {
        self.push(tag, &fold(value));
    }

    fn push_words(&mut self, tag: u8, text: &str) {
        index_words(text, |word| self.push(tag, word));
    }

    fn extend(&mut self, other: &Found) {
        let base = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| base + end));
    }

    /// The terms; some may come twice.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.ends.len()).map(|nth| {
            let from = if nth == 0 { 0 } else { self.ends[nth - 1] };
            &self.bytes[from as usize..self.ends[nth] as usize]
        })
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

impl Terms {
    /// The terms of an entry.
    pub(crate) fn of(&mut self, entry: &Entry<'_>, view: &View<'_>) -> &Found {
        self.found.clear();
        let found = &mut self.found;
        found.push_folded(tag::ACTION, &view.action);
        found.push(tag::OUTCOME, view.result.as_str());
        found.push(tag::KIND, entry.kind.as_str());
        if !self.actors.contains_key(view.actor) {
            if self.actors.len() >= ACTORS_REMEMBERED_MAX {
                self.actors.clear();
            }
            self.actors.insert(view.actor.to_owned(), actor(view.actor));
        }
        if let Some(actor) = self.actors.get(view.actor) {
            found.extend(actor);
        }
        if let Some(behalf) = view.on_behalf_of {
            push_somebody(&ON_BEHALF_OF, behalf, found);
        }
        for (nth, target) in view.targets.iter().enumerate() {
            push_target(nth as u8, target, found);
        }
        push_context(view, found);
        if let Some(policy) = view.authorized_by.and_then(|by| scan::member_text(by, "policy_id")) {
            found.push(tag::POLICY, &policy);
        }
        for (path, sides) in &view.changes {
            found.push(tag::CHANGED, &Path::index_term(path));
            scan::each_text(sides, &mut |text| found.push_words(tag::VALUE_WORD, text));
        }
        for text in [view.description, view.reason].into_iter().flatten() {
            scan::each_text(text, &mut |text| found.push_words(tag::WORD, text));
        }
        if let Some(reason) = &view.outcome_reason {
            found.push_words(tag::WORD, reason);
        }
        for (_, value) in &view.metadata {
            scan::each_text(value, &mut |text| found.push_words(tag::METADATA_WORD, text));
        }
        found
    }

    /// The terms of an entry in the tail, which has no columns to look into.
    pub(crate) fn of_tail(&mut self, entry: &Entry<'_>, view: &View<'_>) -> &Found {
        self.of(entry, view);
        self.found.push(tag::ID, &view.id);
        if let Some(request) = view.context.and_then(|context| scan::member_text(context, "request_id")) {
            self.found.push(tag::REQUEST, &request);
        }
        &self.found
    }
}

fn actor(json: &str) -> Found {
    let mut found = Found::default();
    push_somebody(&ACTOR, json, &mut found);
    for (name, tag) in [("role", tag::ROLE), ("type", tag::ACTOR_TYPE)] {
        if let Some(text) = scan::member_text(json, name) {
            found.push_folded(tag, &text);
        }
    }
    found
}

fn push_somebody(tags: &Somebody, json: &str, found: &mut Found) {
    for (name, value) in scan::members(json) {
        let Some(text) = scan::text(value) else { continue };
        match name.as_ref() {
            "id" => found.push(tags.id, &text),
            "email" => {
                found.push_folded(tags.email, &text);
                found.push_words(tags.email_word, &text);
            }
            "name" => found.push_words(tags.word, &text),
            _ => {}
        }
    }
}

fn push_target(nth: u8, json: &str, found: &mut Found) {
    let (mut kind, mut id) = (None, None);
    for (name, value) in scan::members(json) {
        let Some(text) = scan::text(value) else { continue };
        match name.as_ref() {
            "type" => kind = Some(text),
            "id" => id = Some(text),
            "name" => {
                found.push_words(tag::TARGET_NAME_WORD, &text);
                index_words(&text, |word| {
                    found.bytes.extend_from_slice(&[tag::TARGET_WORD, nth]);
                    found.bytes.extend_from_slice(word.as_bytes());
                    found.ends.push(found.bytes.len() as u32);
                });
            }
            _ => {}
        }
    }
    if let Some(id) = id {
        let kind = fold(kind.as_deref().unwrap_or_default());
        found.push(tag::TARGET_TYPE, &kind);
        found.bytes.push(tag::TARGET);
        found.bytes.extend_from_slice(cut(&id).as_bytes());
        found.bytes.push(0);
        found.bytes.extend_from_slice(kind.as_bytes());
        found.ends.push(found.bytes.len() as u32);
    }
}

fn push_context(view: &View<'_>, found: &mut Found) {
    let mut country = None;
    for (name, value) in scan::members(view.context.unwrap_or_default()) {
        if name == "geo" {
            country = scan::member_text(value, "country");
            continue;
        }
        let Some(text) = scan::text(value) else { continue };
        match name.as_ref() {
            "ip" => found.push(tag::IP, &text),
            "session_id" => found.push(tag::SESSION, &text),
            "source" => found.push_folded(tag::SOURCE, &text),
            _ => {}
        }
    }
    let country = country.or_else(|| view.facts.and_then(|facts| scan::member_text(facts, "ip_country")));
    if let Some(country) = country {
        found.push(tag::COUNTRY, &country);
    }
}
