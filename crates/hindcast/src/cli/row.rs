//! An entry as one line: for people as a row of a table, for programs as JSON.

use super::terminal::{columns, escape, escape_json, fit};
use serde::Deserialize;
use std::borrow::Cow;

/// How entries are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// JSON, one entry a line.
    Json,
    /// A table that fits the screen.
    Table,
    /// The same values whole, between tabs.
    Tabs,
}

/// What of an entry is in the table.
#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    occurred_at: Cow<'a, str>,
    action: Cow<'a, str>,
    #[serde(borrow)]
    actor: Named<'a>,
    #[serde(default, borrow)]
    targets: Vec<Named<'a>>,
    #[serde(borrow)]
    outcome: Option<Outcome<'a>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    id: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
    email: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    #[serde(borrow)]
    result: Cow<'a, str>,
}

const HEADINGS: [&str; 5] = ["TIME (UTC)", "ACTOR", "ACTION", "TARGET", "OUTCOME"];

impl Look {
    /// What suits the place we print to.
    pub fn of(json: bool, watched: bool) -> Self {
        match (json, watched) {
            (true, _) => Self::Json,
            (false, true) => Self::Table,
            (false, false) => Self::Tabs,
        }
    }

    /// The line above the first entry.
    pub fn headings(self) -> Option<String> {
        (self == Self::Table).then(|| self.line(HEADINGS.map(str::to_owned)))
    }

    /// One entry, told in JSON, as a line.
    pub fn entry(self, json: &str) -> String {
        if self == Self::Json {
            return escape_json(json).into_owned();
        }
        match serde_json::from_str::<Shown<'_>>(json) {
            Ok(shown) => self.line(shown.cells()),
            Err(_) => escape(json).into_owned(),
        }
    }

    fn line(self, cells: [String; 5]) -> String {
        if self == Self::Tabs {
            return cells.join("\t");
        }
        let room = columns().saturating_sub(19 + 8 + 4 * 2).max(45);
        let (actor, action) = (room * 3 / 10, room * 4 / 10);
        let widths = [19, actor, action, room - actor - action, 8];
        let fitted = cells.iter().zip(widths).map(|(cell, width)| fit(cell, width)).collect::<Vec<_>>();
        fitted.join("  ").trim_end().to_owned()
    }
}

impl Shown<'_> {
    fn cells(&self) -> [String; 5] {
        let time = self.occurred_at.get(..19).unwrap_or(&self.occurred_at).replace('T', " ");
        let first = self.targets.first().map(Named::short).unwrap_or_default();
        let target = match self.targets.len() {
            0 | 1 => first,
            more => format!("{first} +{}", more - 1),
        };
        let outcome = self.outcome.as_ref().map_or("", |outcome| &outcome.result);
        [time, self.actor.who(), self.action.to_string(), target, outcome.to_owned()]
            .map(|cell| escape(&cell).into_owned())
    }
}

impl Named<'_> {
    fn who(&self) -> String {
        let name = self.name.as_ref().or(self.email.as_ref()).unwrap_or(&self.id);
        // People are meant unless it is said otherwise; nothing else may pass for one.
        if self.kind == "user" { name.to_string() } else { format!("{name} ({})", self.kind) }
    }

    fn short(&self) -> String {
        match &self.name {
            Some(name) => format!("{}/{} {name}", self.kind, self.id),
            None => format!("{}/{}", self.kind, self.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = r#"{"index":3,"id":"x","action":"macro.updated","occurred_at":"2026-11-21T19:40:12.345678Z",
        "received_at":"2026-11-21T19:40:12.345678Z","actor":{"id":"u_1","name":"Eve\u001b[2J","type":"user"},
        "targets":[{"id":"31","name":"Refund","type":"macro"},{"id":"2","type":"team"}],"outcome":{"result":"denied"}}"#;

    #[test]
    fn an_entry_is_a_row_that_cannot_clear_the_screen() {
        let row = Look::Tabs.entry(ENTRY);
        assert_eq!(row, "2026-11-21 19:40:12\tEve\\u001b[2J\tmacro.updated\tmacro/31 Refund +1\tdenied");
        let table = Look::Table.entry(ENTRY);
        assert!(
            table.starts_with("2026-11-21 19:40:12  Eve\\u001b[2J ") && table.ends_with("denied"),
            "{table}"
        );
    }

    #[test]
    fn machines_are_told_from_people() {
        let agent = ENTRY.replace("\"user\"", "\"agent\"");
        assert!(Look::Tabs.entry(&agent).contains("\tEve\\u001b[2J (agent)\t"));
    }

    #[test]
    fn programs_get_json_and_people_what_fits() {
        assert_eq!(Look::of(true, true), Look::Json);
        assert_eq!(Look::of(false, false), Look::Tabs);
        assert_eq!(Look::of(false, true), Look::Table);
        assert_eq!(Look::Json.entry(ENTRY), ENTRY);
        assert!(Look::Table.headings().is_some() && Look::Tabs.headings().is_none());
    }
}
