//! The entry that tells of an alert.
//!
//! What a rule groups by may be what is hidden from some readers, such as an address, and metadata is hidden as a whole or not
//! at all. So addresses, sessions and email addresses are left out here; the entries behind the alert have them.

use super::{Alert, Rulebook};
use crate::catalog::By;
use hindcast_rules::detection::Why;
use serde_json::{Map, Value, json};

/// Entries that are named.
const EVIDENCE_TOLD: usize = 10;
/// Beginnings of the names of fields that are not for everybody.
const CLOSED: [&str; 3] = ["context.", "facts.", "metadata."];

/// The draft of `alert.raised`.
pub(crate) fn raised(alert: &Alert, book: &Rulebook) -> Value {
    let open: Map<String, Value> = alert
        .group
        .iter()
        .filter(|(field, _)| is_open(field))
        .map(|(field, value)| (field.clone(), value.clone().into()))
        .collect();
    let about: Vec<_> = open.values().filter_map(Value::as_str).collect();
    let newest = &alert.evidence[alert.evidence.len().saturating_sub(EVIDENCE_TOLD)..];
    let mut metadata = json!({
        "rule": book.name(&alert.rule),
        "rule_id": alert.rule,
        "rule_version": alert.rule_version,
        "severity": alert.severity.as_str(),
        "count": alert.count,
        "first_seen": alert.first_at.to_string(),
        "last_seen": alert.last_at.to_string(),
        "evidence": newest,
        "why": why(&alert.why),
    });
    if !open.is_empty() {
        metadata["about"] = about.join(", ").into();
        metadata["group"] = open.into();
    }
    let target = json!([{ "type": "alert", "id": alert.id, "name": alert.title }]);
    By::server().event("alert.raised", target, metadata)
}

/// The numbers, without values that are not for everybody.
fn why(why: &Why) -> Value {
    let mut told = json!(why);
    if let Why::Count { field: Some(field), .. } = why
        && !is_open(field)
    {
        told["values"] = json!([]);
    }
    told
}

/// Whether whoever sees an entry sees the values of a field in it.
fn is_open(field: &str) -> bool {
    !field.ends_with(".email") && CLOSED.iter().all(|closed| !field.starts_with(closed))
}
