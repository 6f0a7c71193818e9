//! An activity log of Intercom's, as a draft.
//!
//! What was told stays as it was, so that our own answers in Intercom's shape (`crate::intercom`) tell it again word for
//! word; targets and changes are read from it besides.

use super::actions::action;
use crate::sources::told::read;
use crate::sources::{Told, object, text, time_of};
use hindcast_event::json::Json;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Things that metadata names, and what we call them.
const NAMED: [(&str, &str); 12] = [
    ("admin", "user"),
    ("app_package", "integration"),
    ("campaign", "campaign"),
    ("conversation", "conversation"),
    ("invite", "invite"),
    ("macro", "macro"),
    ("message", "message"),
    ("role", "role"),
    ("ruleset", "automation_rule"),
    ("series", "series"),
    ("team", "team"),
    ("topic", "topic"),
];

/// An activity log as a draft; `place` is the workspace it is of, where that is known.
pub(crate) fn told(raw: &RawValue, place: Option<&str>) -> String {
    let raw = raw.get();
    let Some(log) = read(raw) else { return unread(raw, place) };
    let metadata = log.get("metadata").unwrap_or(&Json::Null);
    let original = match log.get("id") {
        Some(Json::String(id)) => id.clone(),
        Some(Json::Number(id)) => Cow::Borrowed(*id),
        _ => Cow::Owned(nameless(raw)),
    };
    let kind = log.get("activity_type").and_then(Json::as_str).unwrap_or("import.unreadable");
    let mut told = Told::new("intercom", &original, action(kind, metadata).to_owned());
    told.id = id(&original);
    told.place = place.map(|place| Cow::Owned(place.to_owned()));
    told.occurred_at = log.get("created_at").and_then(time_of);
    told.description = log.get("activity_description").and_then(Json::as_str).map(Cow::from);
    if kind == "admin_login_failure" {
        told.outcome = Some("failure");
    } else if kind == "admin_unauthorized_sign_in_method" {
        told.outcome = Some("denied");
    }
    let by = log.get("performed_by").unwrap_or(&Json::Null);
    told.ip = by.get("ip").and_then(Json::as_str).map(Cow::from);
    told.actor = actor(by);
    told.targets = targets(metadata);
    match metadata {
        Json::Object(members) => {
            changes(metadata, &mut told);
            told.metadata.clone_from(members);
        }
        Json::Null => {}
        other => told.metadata.push((Cow::Borrowed("metadata"), other.clone())),
    }
    // Keys that Intercom may add one day.
    const KNOWN: [&str; 7] =
        ["type", "id", "performed_by", "metadata", "created_at", "activity_type", "activity_description"];
    if let Json::Object(members) = &log {
        for (name, value) in members.iter().filter(|(name, _)| !KNOWN.contains(&name.as_ref())) {
            if metadata.get(name).is_none() {
                told.metadata.push((name.clone(), value.clone()));
            }
        }
    }
    told.draft(raw)
}

/// Ids that are unique everywhere stay as they are: whoever read them at Intercom finds them here.
fn id(original: &str) -> String {
    let is_uuid = original.len() == 36
        && original.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid { original.to_owned() } else { format!("intercom-{original}") }
}

/// What is told without an id is the same when it is told in the same words.
fn nameless(raw: &str) -> String {
    use sha2::{Digest as _, Sha256};
    format!("sha256-{}", crate::hex::hex(&Sha256::digest(raw)[..16]))
}

fn unread(raw: &str, place: Option<&str>) -> String {
    let mut told = Told::new("intercom", &nameless(raw), "import.unreadable");
    told.id = id(&told.original);
    told.place = place.map(|place| Cow::Owned(place.to_owned()));
    told.metadata.push((Cow::Borrowed("original"), text(raw)));
    told.draft(raw)
}

fn actor<'a>(by: &Json<'a>) -> Json<'a> {
    let kind = match by.get("type").and_then(Json::as_str) {
        Some("bot" | "operator") => "automation",
        Some("app" | "api") => "app",
        Some("system") => "system",
        _ => "user",
    };
    let id = match by.get("id") {
        Some(Json::Number(id)) => Some(Cow::Borrowed(*id)),
        Some(Json::String(id)) if !id.is_empty() => Some(id.clone()),
        _ => None,
    };
    let email = by.get("email").and_then(Json::as_str).filter(|email| !email.is_empty());
    let name = by.get("name").filter(|name| matches!(name, Json::String(_)));
    let Some(id) = id.or_else(|| email.map(|email| Cow::Owned(email.to_owned()))) else {
        return object([("id", text("intercom")), ("type", text("system"))]);
    };
    let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
    members.extend(email.map(|email| (Cow::Borrowed("email"), Json::String(Cow::Owned(email.to_owned())))));
    members.push((Cow::Borrowed("id"), Json::String(id)));
    members.extend(name.map(|name| (Cow::Borrowed("name"), name.clone())));
    members.push((Cow::Borrowed("type"), text(kind)));
    Json::Object(members)
}

fn targets<'a>(metadata: &Json<'a>) -> Vec<Json<'a>> {
    let target = |(head, kind): &(&'static str, &'static str)| {
        let thing = metadata.get(head)?;
        let string = |name| match thing.get(name) {
            Some(Json::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Json::Number(number)) => Some(Cow::Borrowed(*number)),
            _ => None,
        };
        let full =
            [string("first_name"), string("last_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = string("name").or_else(|| string("title")).or_else(|| string("email"));
        let full = (!full.is_empty()).then_some(Cow::Owned(full));
        let name = name.or(full);
        let id = string("id").or_else(|| string("email"))?;
        let mut members = vec![(Cow::Borrowed("id"), Json::String(id))];
        members.extend(name.map(|name| (Cow::Borrowed("name"), Json::String(name))));
        members.push((Cow::Borrowed("type"), text(kind)));
        Some(Json::Object(members))
    };
    NAMED.iter().filter_map(target).collect()
}

/// `before` and `after`, or `changes` by name.
fn changes<'a>(metadata: &Json<'a>, told: &mut Told<'a>) {
    let side = |json: &Json<'a>, name| json.get(name).cloned().unwrap_or(Json::Null);
    if let Some(Json::Object(changes)) = metadata.get("changes") {
        for (name, sides) in changes {
            let path = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            told.changes.push((path, side(sides, "before"), side(sides, "after")));
        }
        told.changes.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    } else if metadata.get("before").is_some() || metadata.get("after").is_some() {
        told.sides = Some((side(metadata, "before"), side(metadata, "after")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;
    use serde_json::{Value, json};

    fn drafted(log: &str) -> Value {
        let raw = RawValue::from_string(log.to_owned()).expect("JSON");
        let draft = told(&raw, Some("abc123def"));
        Draft::parse(&draft).unwrap_or_else(|error| panic!("{error}: {draft}"));
        serde_json::from_str(&draft).expect("JSON")
    }

    #[test]
    fn an_activity_keeps_all_it_says() {
        let draft = drafted(
            r#"{"id":"fca05814-4b72-4dce-ad4f-77a786a2c136","metadata":{"team":{"id":5077733,"name":"Nights","member_count":1}},
                "performed_by":{"type":"admin","id":"991267464","email":"ada@example.com","ip":"192.0.2.1"},
                "created_at":1734537253,"activity_type":"app_team_creation","new_key":[1.50],
                "activity_description":"Ada created a new team, Nights, with 1 member."}"#,
        );
        assert_eq!(draft["id"], "fca05814-4b72-4dce-ad4f-77a786a2c136");
        assert_eq!(
            (&draft["action"], &draft["occurred_at"]),
            (&"team.created".into(), &"2024-12-18T15:54:13.000000Z".into())
        );
        assert_eq!(draft["actor"], json!({"type":"user","id":"991267464","email":"ada@example.com"}));
        assert_eq!(draft["context"], json!({"ip":"192.0.2.1","source":"import/intercom"}));
        assert_eq!(draft["targets"], json!([{"type":"team","id":"5077733","name":"Nights"}]));
        assert_eq!(draft["metadata"]["team"]["member_count"], 1);
        assert_eq!(draft["metadata"]["new_key"], json!([1.50]));
        assert_eq!(draft["metadata"]["imported_from"]["workspace"], "abc123def");
        assert_eq!(draft["description"], "Ada created a new team, Nights, with 1 member.");
    }

    #[test]
    fn changes_are_read_in_both_shapes() {
        let old = drafted(
            r#"{"id":"6","created_at":"1734537253","activity_type":"app_name_change","metadata":{"before":"Old","after":"New"}}"#,
        );
        assert_eq!(
            (&old["before"], &old["after"], &old["id"]),
            (&"Old".into(), &"New".into(), &"intercom-6".into())
        );
        assert_eq!(old["actor"], json!({"type":"system","id":"intercom"}), "nobody is named");
        let new = drafted(
            r#"{"id":"7","created_at":1,"activity_type":"admin_occupancy_setting_change",
                "metadata":{"setting_type":"x","changes":{"a/b":{"before":15,"after":30}}}}"#,
        );
        assert_eq!(new["changes"], json!([{"path":"/a~1b","before":15,"after":30}]));
        assert_eq!(new["metadata"]["changes"]["a/b"]["after"], 30);
    }

    #[test]
    fn odd_logs_come_in_too() {
        for odd in [
            r#"{"id":null,"metadata":[1,2],"performed_by":"somebody","created_at":"soon","activity_type":7}"#,
            r#"{"a":1,"a":2}"#,
            "[]",
            "null",
            r#"{"id":"x","performed_by":{"id":12,"ip":"nowhere","type":"bot"},"activity_type":"","metadata":{"admin":3}}"#,
        ] {
            let draft = drafted(odd);
            assert_eq!(draft["metadata"]["imported_from"]["product"], "intercom", "{odd}");
            assert_eq!(drafted(odd)["id"], draft["id"], "the same is the same");
        }
    }
}
