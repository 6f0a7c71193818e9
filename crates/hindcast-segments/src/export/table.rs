//! An entry as a line of a table: which columns there are, and what stands in them.

use super::ExportError;
use crate::columns::{COUNT, Cells, UUID_BYTES, at};
use crate::rows::EVERY_COLUMN;
use crate::scan;
use hindcast_event::Timestamp;
use hindcast_event::json::write_string;

/// The columns of a table.
pub const CSV_COLUMNS: [&str; 27] = [
    "index",
    "received_at",
    "occurred_at",
    "id",
    "action",
    "category",
    "outcome",
    "outcome_reason",
    "actor_type",
    "actor_id",
    "actor_name",
    "actor_email",
    "role",
    "target_type",
    "target_id",
    "target_name",
    "targets",
    "ip",
    "country",
    "source",
    "session_id",
    "request_id",
    "user_agent",
    "changes",
    "reason",
    "description",
    "metadata",
];

/// What takes entries line by line, one value after the other as [`CSV_COLUMNS`] names them.
pub trait Table {
    /// Begins a line with its index.
    fn begin(&mut self, index: u64) -> Result<(), ExportError>;
    /// A time.
    fn time(&mut self, time: Timestamp) -> Result<(), ExportError>;
    /// A text; empty when there is none.
    fn text(&mut self, text: &str) -> Result<(), ExportError>;
    /// Type, id, name, email address and role, from the JSON of an actor.
    fn actor(&mut self, json: &str) -> Result<(), ExportError> {
        for name in ["type", "id", "name", "email", "role"] {
            self.text(&scan::member_text(json, name).unwrap_or_default())?;
        }
        Ok(())
    }
    /// Ends the line.
    fn end(&mut self) -> Result<(), ExportError>;
}

/// The columns that a line is made of.
pub fn wanted() -> [bool; COUNT] {
    let mut wanted = EVERY_COLUMN;
    for column in [
        at::KEY,
        at::KIND,
        at::OUTCOME_CODE,
        at::ON_BEHALF_OF,
        at::AUTHORIZED_BY,
        at::TARGET_TYPES,
        at::FACTS,
        at::CONTEXT_REST,
    ] {
        wanted[column] = false;
    }
    wanted
}

/// Hands an entry to a table.
pub fn line(cells: &Cells<'_>, category: &str, table: &mut impl Table) -> Result<(), ExportError> {
    table.begin(cells.index)?;
    table.time(cells.received_at)?;
    table.time(cells.occurred_at)?;
    table.text(cells.id_text(&mut [0; UUID_BYTES]))?;
    let maybe = |column| cells.text(column).unwrap_or_default();
    for text in [maybe(at::ACTION), category, maybe(at::OUTCOME), maybe(at::OUTCOME_REASON)] {
        table.text(text)?;
    }
    table.actor(maybe(at::ACTOR))?;
    targets(maybe(at::TARGETS), table)?;
    for column in [at::IP, at::COUNTRY, at::SOURCE, at::SESSION_ID, at::REQUEST_ID, at::USER_AGENT] {
        table.text(maybe(column))?;
    }
    match cells.text(at::CHANGES) {
        None => table.text("")?,
        Some(changes) => table.text(&listed(changes))?,
    }
    for column in [at::REASON, at::DESCRIPTION, at::METADATA] {
        table.text(maybe(column))?;
    }
    table.end()
}

/// The first target, and all of them when there are several.
fn targets(json: &str, table: &mut impl Table) -> Result<(), ExportError> {
    let mut targets = scan::items(json);
    let first = targets.next().unwrap_or_default();
    for name in ["type", "id", "name"] {
        table.text(&scan::member_text(first, name).unwrap_or_default())?;
    }
    table.text(if targets.next().is_some() { json } else { "" })
}

/// Changes by path as the list that the API shows.
fn listed(changes: &str) -> String {
    let mut out = b"[".to_vec();
    for (path, sides) in scan::members(changes) {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"path\":");
        write_string(&path, &mut out);
        if sides != "{}" {
            out.push(b',');
        }
        out.extend_from_slice(sides.as_bytes().get(1..).unwrap_or_default());
    }
    out.push(b']');
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_listed_as_the_api_lists_them() {
        assert_eq!(
            listed(r#"{"/a":{"after":1,"before":2},"/b":{}}"#),
            r#"[{"path":"/a","after":1,"before":2},{"path":"/b"}]"#
        );
    }
}
