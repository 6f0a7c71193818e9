//! Messages for people: what destinations that write to people say, before each spells it in its own way.
//!
//! One entry is told whole, several as one digest, so that a storm becomes few messages. Everything in a message is in the
//! reader's language, as far as the destination may see it, and safe to read; escaping is left to whoever spells it.

mod alert;
mod digest;
mod entry;
pub(super) mod mail;
#[cfg(test)]
pub(super) mod tests;

use super::format::told::Told;
use super::{BatchLimits, Field, FieldKind, Invalid, Outgoing, People, Sender, Settings};
use crate::pages::{Clock, Text, visible};
use hindcast_event::{Language, Timestamp};
use hindcast_ledger::WorkspaceId;
use std::time::Duration;

/// The language that messages are written in; that of the workspace when absent.
pub(super) const LANGUAGE: Field =
    Field::optional("language", FieldKind::Choice(&["workspace", "en", "de", "fr", "ja"]));
/// A title is a line of a mailbox; longer ones are cut.
const TITLE_CHARS_MAX: usize = 140;
/// Lines of a digest; the rest is a number.
const LINES_MAX: usize = 10;
/// What one message tells at most, and how long siblings are waited for: a person waits for whoever writes to them.
pub(super) const BATCH: BatchLimits =
    BatchLimits { entries_max: 10_000, bytes_max: 16 << 20, wait: Duration::from_secs(1) };

/// What people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// One line.
    pub title: String,
    /// Paragraphs.
    pub text: Vec<String>,
    /// Names and values.
    pub facts: Vec<(String, String)>,
    /// Lists with a heading.
    pub lists: Vec<Listed>,
    /// Where to go on, where our address is known: what it is called, and the address.
    pub link: Option<(String, String)>,
    /// Why this came.
    pub footer: String,
    /// The alert it is about; messages about one alert belong together.
    pub alert: Option<String>,
    t: Text,
}

/// A list with a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub heading: String,
    pub lines: Vec<Line>,
    /// How many are not named.
    pub more: u64,
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub text: String,
    pub href: Option<String>,
}

/// Who is written to, and on whose behalf.
#[derive(Clone)]
pub(super) struct Reader {
    pub t: Text,
    clock: Clock,
    workspace: String,
    workspace_id: String,
    /// The address people reach us at, without a slash at its end.
    base: Option<String>,
}

impl Reader {
    /// The readers of a destination.
    pub fn of(settings: &Settings, sender: &Sender) -> Result<Self, Invalid> {
        let people = &sender.people;
        let language = match settings.text(LANGUAGE.name) {
            None | Some("workspace") => people.language,
            Some(code) => Language::parse(code)
                .ok_or_else(|| Invalid::new(LANGUAGE.name, "must be workspace, en, de, fr or ja"))?,
        };
        Ok(Self::new(people, &sender.workspace, language))
    }

    /// The people of a workspace, in a language.
    pub fn new(people: &People, workspace: &WorkspaceId, language: Language) -> Self {
        let base = people.public_url.trim_end_matches('/');
        Self {
            t: Text { language },
            clock: Clock::new(&people.zone, language),
            workspace: visible(&people.workspace).into_owned(),
            workspace_id: workspace.to_string(),
            base: (!base.is_empty()).then(|| base.to_owned()),
        }
    }

    /// A time in UTC, and as the workspace's clock shows it.
    pub fn time(&self, at: Timestamp) -> String {
        let utc = Clock { zone: jiff::tz::TimeZone::UTC, name: "UTC".to_owned(), language: self.t.language };
        let told = format!("{} UTC", utc.time(at));
        if self.clock.name == "UTC" {
            return told;
        }
        format!("{told} ({}, {})", self.clock.time(at), self.clock.zone_shown(at))
    }

    /// A time that was read as text.
    fn time_at(&self, text: &str) -> Option<String> {
        Timestamp::parse(text).map(|at| self.time(at))
    }

    /// The address of a page of this workspace.
    pub fn href(&self, path: &str) -> Option<String> {
        let base = self.base.as_deref()?;
        Some(format!("{base}{path}?w={}", self.workspace_id))
    }

    fn entry_href(&self, entry: &Outgoing) -> Option<String> {
        let path = format!("/log/{}", entry.index);
        self.href(&path).filter(|_| !entry.is_test)
    }

    /// A message that says nothing yet.
    pub fn message(&self, title: &str) -> Message {
        Message {
            title: cut(title, TITLE_CHARS_MAX),
            text: Vec::new(),
            facts: Vec::new(),
            lists: Vec::new(),
            link: None,
            footer: self.t.message_footer(self.workspace.as_str()).into_owned(),
            alert: None,
            t: self.t,
        }
    }
}

impl Message {
    /// What these entries are told as.
    pub fn of(entries: &[Outgoing], reader: &Reader) -> Self {
        match entries {
            [entry] => {
                let told = Told::new(entry);
                alert::message(&told, reader).unwrap_or_else(|| entry::message(&told, reader))
            }
            entries => digest::message(entries, reader),
        }
    }

    /// What is made of it, without what matters least until it fits.
    pub fn fitted<T>(mut self, spell: impl Fn(&Self) -> T, fits: impl Fn(&T) -> bool) -> T {
        loop {
            let spelled = spell(&self);
            if fits(&spelled) || !self.drop_last() {
                return spelled;
            }
        }
    }

    /// How many lines a list leaves out, in words.
    pub fn more(&self, list: &Listed) -> Option<String> {
        (list.more > 0).then(|| self.t.message_more(list.more).into_owned())
    }

    /// Whether there was anything to leave out.
    fn drop_last(&mut self) -> bool {
        let Some(list) = self.lists.last_mut() else {
            return self.facts.pop().is_some() || self.text.pop().is_some();
        };
        match list.lines.pop() {
            Some(_) => list.more += 1,
            None => drop(self.lists.pop()),
        }
        true
    }

    pub fn fact(&mut self, name: impl Into<String>, value: Option<String>) {
        self.facts.extend(value.filter(|value| !value.is_empty()).map(|value| (name.into(), value)));
    }
}

impl Line {
    fn plain(text: String) -> Self {
        Self { text, href: None }
    }
}

/// At most so many characters, of which the last says that there were more.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some(_) => text.chars().take(chars_max - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}
