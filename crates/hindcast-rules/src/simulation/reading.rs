//! Reads fields of JSON that strangers sent, each with its path.

use super::answer::Flaw;
use super::limits::ANSWER_BYTES_MAX;
use hindcast_event::json::{self, Json};

/// The text of a body, if it is not too large and is UTF-8. The parser borrows from it.
pub(crate) fn text(body: &[u8]) -> Result<&str, Flaw> {
    if body.len() > ANSWER_BYTES_MAX {
        return Err(Flaw::new("", format!("at most {ANSWER_BYTES_MAX} bytes")));
    }
    std::str::from_utf8(body)
        .map_err(|error| Flaw::new("", format!("UTF-8, it is not at byte {}", error.valid_up_to())))
}

pub(crate) fn parsed(text: &str) -> Result<Json<'_>, Flaw> {
    json::parse(text).map_err(Flaw::of_json)
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Field<'j> {
    pub json: &'j Json<'j>,
    pub path: String,
}

impl<'j> Field<'j> {
    pub fn root(json: &'j Json<'j>) -> Self {
        Self { json, path: String::new() }
    }

    pub fn flaw(&self, expected: impl Into<String>) -> Flaw {
        Flaw::new(&self.path, expected)
    }

    fn not(&self, expected: &str) -> Flaw {
        self.flaw(format!("{expected}, this is {}", self.json.noun()))
    }

    /// A member that is there and not null.
    pub fn member(&self, name: &str) -> Option<Field<'j>> {
        let json = self.json.get(name).filter(|json| **json != Json::Null)?;
        Some(Field { json, path: self.path_of(name) })
    }

    pub fn required(&self, name: &str, expected: &str) -> Result<Field<'j>, Flaw> {
        self.member(name).ok_or_else(|| Flaw::new(&self.path_of(name), format!("{expected}, it is missing")))
    }

    /// An object with no other members than these.
    pub fn object(self, known: &[&str]) -> Result<Self, Flaw> {
        let Json::Object(members) = self.json else { return Err(self.not("an object")) };
        match members.iter().find(|(name, _)| !known.contains(&name.as_ref())) {
            Some((name, _)) => {
                Err(Flaw::new(&self.path_of(name), format!("no such field, only {}", known.join(", "))))
            }
            None => Ok(self),
        }
    }

    /// An object that may have more members than we know.
    pub fn any_object(self) -> Result<Self, Flaw> {
        if matches!(self.json, Json::Object(_)) { Ok(self) } else { Err(self.not("an object")) }
    }

    pub fn items(&self, max: usize) -> Result<Vec<Field<'j>>, Flaw> {
        let Json::Array(items) = self.json else { return Err(self.not("an array")) };
        if items.len() > max {
            return Err(self.flaw(format!("at most {max} items, there are {}", items.len())));
        }
        let field = |(at, json)| Field { json, path: format!("{}[{at}]", self.path) };
        Ok(items.iter().enumerate().map(field).collect())
    }

    pub fn text(&self, max: usize) -> Result<String, Flaw> {
        match self.json.as_str() {
            Some(text) if text.len() > max => {
                Err(self.flaw(format!("a text of at most {max} bytes, it has {}", text.len())))
            }
            Some(text) => Ok(text.to_owned()),
            None => Err(self.not("a text")),
        }
    }

    /// A text that names something: not empty, no control characters.
    pub fn name(&self, max: usize) -> Result<String, Flaw> {
        let text = self.text(max)?;
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(self.flaw("a text that is not empty and has no control characters"));
        }
        Ok(text)
    }

    pub fn flag(&self) -> Result<bool, Flaw> {
        match self.json {
            Json::Bool(flag) => Ok(*flag),
            _ => Err(self.not("true or false")),
        }
    }

    pub fn whole(&self, max: u64) -> Result<u64, Flaw> {
        let expected = || format!("a whole number from 0 to {max}");
        match self.json {
            Json::Number(text) => text
                .parse()
                .ok()
                .filter(|n| *n <= max)
                .ok_or_else(|| self.flaw(format!("{}, this is {text}", expected()))),
            _ => Err(self.not(&expected())),
        }
    }

    /// A number of at least zero in millionths, digits past the sixth cut off; no float on the way.
    pub fn micros(&self, max: u64) -> Result<u64, Flaw> {
        let expected = || self.flaw(format!("an amount from 0 to {} without an exponent", max / 1_000_000));
        let Json::Number(text) = self.json else { return Err(self.not("an amount")) };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if text.contains(['e', 'E', '-']) {
            return Err(expected());
        }
        let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let micros: Option<u64> = format!("{whole}{fraction}").parse().ok();
        micros.filter(|micros| *micros <= max).ok_or_else(expected)
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}
