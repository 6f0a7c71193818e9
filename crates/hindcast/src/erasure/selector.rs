//! What to look for in every entry.

use hindcast_event::json::write_string;
use hindcast_ledger::{Disclosure, Opening};
use serde::{Deserialize, Serialize};

/// A text that is shorter is in too many others.
pub const TEXT_CHARS_MIN: usize = 3;
/// So many ids, texts and sections are looked for at once.
const LIST_MAX: usize = 100;
/// Each has at most so many characters.
const TEXT_CHARS_MAX: usize = 500;

/// What to erase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Selector {
    /// Everything that names a person.
    Person(Person),
    /// Some sections of the entries that a query finds.
    Fields {
        /// Which entries.
        query: String,
        /// Names of sections, such as `context` or `meta:phone`.
        sections: Vec<String>,
    },
}

/// A person, by what the entries know them by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Person {
    /// Their ids; each is meant as a whole.
    pub ids: Vec<String>,
    /// Their email addresses, names and other texts; wherever they occur, in upper or lower case.
    pub texts: Vec<String>,
}

/// What of an entry goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The sections at these places.
    Sections(Vec<u16>),
    /// All of it, because what was looked for is in the section that no entry can do without.
    Whole,
}

/// A selector made ready to be asked of many entries.
pub(crate) struct Needles {
    exact: Vec<String>,
    lower: Vec<String>,
}

impl Needles {
    pub(super) fn of(person: &Person) -> Self {
        let exact = person.ids.iter().map(|id| as_json(id)).collect();
        let lower = person.texts.iter().map(|text| {
            let json = as_json(text);
            // Without its quotes: it may stand within another text.
            json[1..json.len() - 1].to_lowercase()
        });
        Self { exact, lower: lower.collect() }
    }

    /// Whether a JSON text has any of them.
    pub(super) fn are_in(&self, json: &str) -> bool {
        if self.exact.iter().any(|needle| json.contains(needle.as_str())) {
            return true;
        }
        if self.lower.is_empty() {
            return false;
        }
        let lower = json.to_lowercase();
        self.lower.iter().any(|needle| lower.contains(needle.as_str()))
    }

    /// Whether the name of a section has any of them: of metadata and of changes it is the callers' own.
    pub(super) fn are_in_name(&self, name: &str) -> bool {
        let Some((_, own)) = name.split_once(':') else { return false };
        self.are_in(&as_json(own)) || own.split('/').any(|part| self.are_in(&as_json(part)))
    }

    /// The places of an entry's sections that name the person; with who they are goes where they were.
    pub(super) fn find(&self, opening: &Opening) -> Option<Found> {
        let mut places = Vec::new();
        let mut is_actor = false;
        for (at, section) in (0_u16..).zip(opening.disclosures()) {
            let Disclosure::Open { name, value, .. } = section else { continue };
            if !self.are_in(value) && !self.are_in_name(name) {
                continue;
            }
            match name.as_str() {
                "core" => return Some(Found::Whole),
                "actor" | "on_behalf_of" => is_actor = true,
                _ => {}
            }
            places.push(at);
        }
        if is_actor {
            for (at, section) in (0_u16..).zip(opening.disclosures()) {
                let is_where = matches!(section.name(), Some("context" | "facts"));
                if is_where && matches!(section, Disclosure::Open { .. }) && !places.contains(&at) {
                    places.push(at);
                }
            }
            places.sort_unstable();
        }
        (!places.is_empty()).then_some(Found::Sections(places))
    }
}

fn as_json(text: &str) -> String {
    let mut json = Vec::new();
    write_string(text, &mut json);
    String::from_utf8_lossy(&json).into_owned()
}

impl crate::history::Needed for Needles {
    fn is_in(&self, json: &str) -> bool {
        self.are_in(json)
    }
}

/// The places of the open sections with these names.
pub(super) fn named(opening: &Opening, sections: &[String]) -> Option<Found> {
    let is_meant = |section: &Disclosure| {
        matches!(section, Disclosure::Open { .. })
            && section.name().is_some_and(|name| sections.iter().any(|wanted| wanted == name))
    };
    let places: Vec<u16> = (0_u16..)
        .zip(opening.disclosures())
        .filter(|(_, section)| is_meant(section))
        .map(|(at, _)| at)
        .collect();
    (!places.is_empty()).then_some(Found::Sections(places))
}

impl Selector {
    fn lists(&self) -> Vec<(&'static str, &Vec<String>)> {
        match self {
            Self::Person(person) => vec![("ids", &person.ids), ("texts", &person.texts)],
            Self::Fields { sections, .. } => vec![("sections", sections)],
        }
    }

    /// What is wrong with it: the field and what was expected.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        for (field, list) in self.lists() {
            let is_long = |text: &String| text.chars().count() > TEXT_CHARS_MAX;
            if list.len() > LIST_MAX || list.iter().any(is_long) {
                let expected = format!("at most {LIST_MAX}, each of at most {TEXT_CHARS_MAX} characters");
                return Err((field, expected));
            }
        }
        match self {
            Self::Person(person) => {
                let is_short = |text: &String| text.trim().chars().count() < TEXT_CHARS_MIN;
                if person.ids.is_empty() && person.texts.is_empty() {
                    return Err(("ids", "an id, an email address or a name".to_owned()));
                }
                if person.ids.iter().any(|id| id.trim().is_empty()) {
                    return Err(("ids", "ids that are not empty".to_owned()));
                }
                if person.texts.iter().any(is_short) {
                    return Err(("texts", format!("texts of at least {TEXT_CHARS_MIN} characters")));
                }
                Ok(())
            }
            Self::Fields { sections, .. } => {
                if sections.is_empty() {
                    return Err(("sections", "the name of a section, such as meta:phone".to_owned()));
                }
                let never = sections.iter().find(|name| {
                    *name == "core" || ["meta:covers", "meta:last", "meta:cutoff_us"].contains(&name.as_str())
                });
                never.map_or(Ok(()), |name| {
                    Err(("sections", format!("sections that an entry can do without, not {name}")))
                })
            }
        }
    }
}
