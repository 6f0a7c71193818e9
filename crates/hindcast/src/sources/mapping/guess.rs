//! A first mapping, from the names of the columns: something to begin with and to mend.

use super::value::{As, Columns, Full, Rule};
use super::{Mapping, Row};
use crate::sources::parse_time;
use serde_json::Value;
use std::collections::BTreeMap;

/// What columns are called, plainly spelled, and what they are; the first that is there is taken.
const NAMES: [(&str, &[&str]); 16] = [
    ("id", &["id", "event_id", "uuid", "log_id", "record_id"]),
    (
        "action",
        &[
            "action",
            "event",
            "event_name",
            "event_type",
            "activity",
            "activity_type",
            "type",
            "operation",
            "name",
        ],
    ),
    (
        "occurred_at",
        &[
            "occurred_at",
            "timestamp",
            "time",
            "date",
            "datetime",
            "created_at",
            "created",
            "when",
            "event_time",
            "date_time",
        ],
    ),
    (
        "actor.id",
        &[
            "actor_id",
            "user_id",
            "userid",
            "admin_id",
            "agent_id",
            "performed_by_id",
            "actor",
            "user",
            "username",
            "performed_by",
            "by",
            "email",
            "user_email",
            "actor_email",
        ],
    ),
    ("actor.name", &["actor_name", "user_name", "full_name", "admin_name", "agent_name", "display_name"]),
    ("actor.email", &["actor_email", "user_email", "email", "admin_email", "performed_by_email"]),
    ("actor.role", &["actor_role", "role", "user_role"]),
    ("targets.0.type", &["target_type", "resource_type", "object_type", "entity_type", "source_type"]),
    (
        "targets.0.id",
        &["target_id", "resource_id", "object_id", "entity_id", "source_id", "target", "resource", "object"],
    ),
    ("targets.0.name", &["target_name", "resource_name", "object_name", "entity_name", "source_label"]),
    ("outcome", &["outcome", "result", "status", "success"]),
    ("context.ip", &["ip", "ip_address", "source_ip", "client_ip", "remote_addr", "address"]),
    ("context.user_agent", &["user_agent", "useragent", "browser"]),
    ("context.session_id", &["session_id", "session"]),
    (
        "description",
        &["description", "message", "summary", "details", "change_description", "activity_description"],
    ),
    ("reason", &["reason", "justification"]),
];

/// Guesses from the first row of a file and its columns.
pub(crate) fn guess(product: &str, columns: &[String], first: Option<&Row>) -> Mapping {
    let spelled: Vec<(String, &String)> = columns.iter().map(|column| (plain(column), column)).collect();
    let mut fields = BTreeMap::new();
    let mut used: Vec<&String> = Vec::new();
    for (field, names) in NAMES {
        let known = |name: &&str| spelled.iter().find(|(plain, _)| plain == *name).map(|(_, column)| *column);
        let Some(column) = names.iter().filter_map(known).find(|column| !used.contains(column)) else {
            continue;
        };
        // An address is a name of somebody and their address at once.
        if field != "actor.id" || !plain(column).contains("email") {
            used.push(column);
        }
        let value = first.and_then(|first| first.get(column));
        fields.insert(field.to_owned(), rule(field, column, value));
    }
    let constant = |value: &str| Rule::Full(Box::new(Full { value: Some(value.into()), ..Full::default() }));
    fields.entry("action".to_owned()).or_insert_with(|| constant("imported.event"));
    fields.entry("actor.id".to_owned()).or_insert_with(|| constant("unknown"));
    if fields.contains_key("targets.0.id") {
        fields.entry("targets.0.type".to_owned()).or_insert_with(|| constant("thing"));
    } else {
        fields.retain(|field, _| !field.starts_with("targets."));
    }
    Mapping { product: product.to_owned(), keep_rest: true, zone: None, fields }
}

/// A name without what people spell differently: `UserName` and `user name` are `user_name`.
fn plain(name: &str) -> String {
    let (mut plain, mut was_small) = (String::new(), false);
    for letter in name.trim().chars() {
        if letter.is_uppercase() && was_small {
            plain.push('_');
        }
        was_small = letter.is_lowercase();
        plain.extend(if letter.is_alphanumeric() { letter.to_lowercase().next() } else { Some('_') });
    }
    plain.trim_matches('_').to_owned()
}

fn rule(field: &str, column: &str, value: Option<&Value>) -> Rule {
    let from = Some(Columns::One(column.to_owned()));
    match field {
        "occurred_at" => {
            let said = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let time = said.as_deref().and_then(pattern).unwrap_or("auto");
            Rule::Full(Box::new(Full { from, time: Some(time.to_owned()), ..Full::default() }))
        }
        "outcome" => {
            let words = [
                ("success", &["success", "Success", "SUCCESS", "ok", "OK", "true", "200"][..]),
                (
                    "failure",
                    &["failure", "Failure", "FAILURE", "failed", "Failed", "error", "Error", "false"],
                ),
                ("denied", &["denied", "Denied", "DENIED", "forbidden", "403"]),
            ];
            let map = words
                .into_iter()
                .flat_map(|(meant, said)| said.iter().map(move |said| ((*said).to_owned(), meant.into())));
            let otherwise = Some("unknown".into());
            Rule::Full(Box::new(Full { from, map: map.collect(), otherwise, ..Full::default() }))
        }
        _ if value.is_some_and(|value| value.is_object() || value.is_array()) => {
            Rule::Full(Box::new(Full { from, kind: Some(As::Json), ..Full::default() }))
        }
        _ => Rule::Column(column.to_owned()),
    }
}

/// A pattern that reads a time, if one is needed.
fn pattern(said: &str) -> Option<&'static str> {
    if parse_time(said).is_some() || said.trim().parse::<jiff::civil::DateTime>().is_ok() {
        return Some("auto");
    }
    const PATTERNS: [&str; 8] = [
        "%d.%m.%Y %H:%M:%S",
        "%d.%m.%Y %H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%Y %H:%M:%S",
        "%m/%d/%Y %H:%M",
        "%d %b %Y %H:%M:%S",
        "%b %d, %Y %I:%M %p",
    ];
    PATTERNS.into_iter().find(|pattern| {
        jiff::fmt::strtime::parse(pattern, said.trim()).is_ok_and(|parsed| parsed.to_datetime().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_most_of_a_mapping() {
        let columns =
            ["Event Type", "UserEmail", "User Name", "Date", "IP Address", "Target", "Status", "Plan"];
        let columns = columns.map(str::to_owned);
        let cells = ["login", "a@example.com", "Ada", "21.11.2026 19:40", "192.0.2.1", "x", "ok", "gold"];
        let row: Row = columns.iter().cloned().zip(cells.map(Value::from)).collect();
        let mapping = guess("crm", &columns, Some(&row));
        let fields: Vec<_> = mapping.fields.keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            [
                "action",
                "actor.email",
                "actor.id",
                "actor.name",
                "context.ip",
                "occurred_at",
                "outcome",
                "targets.0.id",
                "targets.0.type"
            ]
        );
        let text = mapping.to_toml().expect("TOML");
        let read = Mapping::parse(&text).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
        assert_eq!(read, mapping);
        let draft = read.mapper().expect("works").draft(&row).expect("a draft");
        let draft: Value = serde_json::from_str(&draft).expect("JSON");
        assert_eq!(
            (&draft["occurred_at"], &draft["metadata"]["Plan"]),
            (&"2026-11-21T19:40:00.000000Z".into(), &"gold".into())
        );
        assert_eq!(draft["outcome"], "success");
    }

    #[test]
    fn a_header_that_tells_nothing_makes_a_mapping_that_works() {
        let mapping = guess("x", &["a".to_owned()], None);
        let mut mapper = mapping.mapper().expect("works");
        assert!(mapper.draft(&Row::from_iter([("a".to_owned(), "1".into())])).is_ok());
    }
}
