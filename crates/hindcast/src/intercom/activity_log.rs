//! An entry as Intercom's clients read it: `performed_by`, `metadata`, `activity_type`, and one sentence.

use super::version::Version;
use crate::sources::IMPORTED_FROM;
use hindcast_event::json::{self, Json};
use hindcast_event::{Activity, Damaged, Entry, Language, Registry, View, describe};
use std::borrow::Cow;

type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// Ids of more digits are told as text, since JavaScript would round them.
const NUMBER_DIGITS_MAX: usize = 15;

/// Appends an entry as an item of `activity_logs`.
pub fn write(
    entry: &Entry<'_>,
    version: Version,
    registry: &Registry,
    out: &mut Vec<u8>,
) -> Result<(), Damaged> {
    let view = entry.event.view()?;
    let parts = Parts::of(&view)?;
    let today = registry.to_intercom(&view.action);
    let seconds = view.occurred_at.seconds().to_string();
    let description = match &parts.description {
        Some(own) => own.as_ref().to_owned(),
        None => describe(&view, Language::English) + ".",
    };
    let log = object([
        ("id", text(&view.id)),
        ("performed_by", performed_by(&parts)),
        ("metadata", metadata(registry.get(today), today, version, &parts)),
        ("created_at", Json::Number(&seconds)),
        ("activity_type", text(version.activity_type(today))),
        ("activity_description", text(&description)),
    ]);
    log.write(out);
    Ok(())
}

/// The sections of an event that are told here, read.
struct Parts<'a> {
    actor: Json<'a>,
    targets: Vec<Json<'a>>,
    /// Pointer, before, after.
    changes: Vec<(&'a str, Json<'a>, Json<'a>)>,
    context: Json<'a>,
    metadata: Members<'a>,
    description: Option<Cow<'a, str>>,
}

impl<'a> Parts<'a> {
    fn of(view: &View<'a>) -> Result<Self, Damaged> {
        let change = |(path, sides): &(&'a str, &'a str)| {
            let sides = read(sides)?;
            let side = |name| sides.get(name).cloned().unwrap_or(Json::Null);
            Ok((*path, side("before"), side("after")))
        };
        let description = view.description.map(read).transpose()?;
        Ok(Self {
            actor: read(view.actor)?,
            targets: view.targets.iter().map(|target| read(target)).collect::<Result<_, _>>()?,
            changes: view.changes.iter().map(change).collect::<Result<_, _>>()?,
            context: view.context.map_or(Ok(Json::Null), read)?,
            metadata: view
                .metadata
                .iter()
                .map(|(name, value)| Ok((Cow::Borrowed(*name), read(value)?)))
                .collect::<Result<_, _>>()?,
            description: description
                .and_then(|json| if let Json::String(text) = json { Some(text) } else { None }),
        })
    }

    fn metadata(&self, name: &str) -> Option<&Json<'a>> {
        self.metadata.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// What a change made of the member `name`.
    fn changed_to(&self, name: &str) -> Option<&Json<'a>> {
        self.changes.iter().find(|(path, ..)| path.strip_prefix('/') == Some(name)).map(|(_, _, after)| after)
    }
}

fn read(json: &str) -> Result<Json<'_>, Damaged> {
    json::parse(json).map_err(|error| Damaged(error.to_string().into()))
}

fn text(text: &str) -> Json<'_> {
    Json::String(Cow::Borrowed(text))
}

fn object<'a, const N: usize>(members: [(&'a str, Json<'a>); N]) -> Json<'a> {
    Json::Object(members.map(|(name, value)| (Cow::Borrowed(name), value)).into())
}

/// Clients know no other actors than admins; what an actor is to us is in our own API.
fn performed_by<'a>(parts: &'a Parts<'a>) -> Json<'a> {
    let or_null = |json: Option<&Json<'a>>| json.cloned().unwrap_or(Json::Null);
    object([
        ("type", text("admin")),
        ("id", or_null(parts.actor.get("id"))),
        ("email", or_null(parts.actor.get("email"))),
        ("ip", or_null(parts.context.get("ip"))),
    ])
}

/// Ours first; then, where ours does not say it, the targets and changes under the keys that clients look for.
fn metadata<'a>(
    typical: Option<&'a Activity>,
    today: &str,
    version: Version,
    parts: &'a Parts<'a>,
) -> Json<'a> {
    let mut members = parts.metadata.clone();
    let from = parts.metadata(IMPORTED_FROM).and_then(|from| from.get("product")?.as_str());
    if from.is_some() {
        members.retain(|(name, _)| name != IMPORTED_FROM);
    }
    if from == Some("intercom") {
        // As Intercom told it, it is told again.
        return if members.is_empty() { Json::Null } else { Json::Object(members) };
    }
    let mut add = |name: Cow<'a, str>, value: Json<'a>| {
        if !members.iter().any(|(known, _)| *known == name) {
            members.push((name, value));
        }
    };
    for &key in typical.iter().flat_map(|activity| &activity.metadata) {
        match key.split_once('.') {
            Some((head, _)) => {
                let keys = typical.iter().flat_map(|activity| &activity.metadata);
                let within = keys.filter_map(|key| key.strip_prefix(head)?.strip_prefix('.'));
                let found = nested(head, within, parts);
                if !found.is_empty() {
                    add(Cow::Borrowed(head), Json::Object(found));
                }
            }
            None => {
                if let Some(after) = parts.changed_to(key) {
                    add(Cow::Borrowed(key), after.clone());
                }
            }
        }
    }
    match parts.changes.as_slice() {
        [] => {}
        [(_, before, after)] => {
            add(Cow::Borrowed("before"), before.clone());
            add(Cow::Borrowed("after"), after.clone());
        }
        several => add(Cow::Borrowed("changes"), changes(several)),
    }
    for (name, _) in &mut members {
        let key = version.metadata_key(today, name);
        if key != name {
            *name = Cow::Owned(key.to_owned());
        }
    }
    if members.is_empty() { Json::Null } else { Json::Object(members) }
}

fn changes<'a>(several: &'a [(&'a str, Json<'a>, Json<'a>)]) -> Json<'a> {
    let mut keys: Members<'a> = Vec::with_capacity(several.len());
    for (path, before, after) in several {
        let dotted = path.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~");
        let taken = dotted.is_empty() || keys.iter().any(|(key, _)| *key == dotted);
        let key = if taken { Cow::Borrowed(*path) } else { Cow::Owned(dotted) };
        keys.push((key, object([("before", before.clone()), ("after", after.clone())])));
    }
    Json::Object(keys)
}

/// What we call the things that Intercom tells under `head`.
fn is_told_under(head: &str, target_type: &str) -> bool {
    let ours: &[&str] = match head {
        "admin" => &["user", "agent", "teammate"],
        "invite" => &["user", "agent", "teammate", "admin"],
        "app_package" => &["integration", "app"],
        "ruleset" => &["automation_rule", "rule", "workflow"],
        "topic" => &["conversation_topic"],
        "team" => &["group"],
        _ => &[],
    };
    target_type == head || ours.contains(&target_type)
}

/// The members of an object such as `team {id, name}`, from the target that it stands for and from our metadata.
fn nested<'a>(head: &str, members: impl Iterator<Item = &'a str>, parts: &'a Parts<'a>) -> Members<'a> {
    let member = |target: &'a Json<'a>, name| target.get(name).and_then(Json::as_str);
    let target = parts
        .targets
        .iter()
        .find(|target| member(target, "type").is_some_and(|kind| is_told_under(head, kind)));
    let id = target.and_then(|target| member(target, "id"));
    let name = target.and_then(|target| member(target, "name"));
    let full_name = name.map(|name| name.split_once(' ').unwrap_or((name, "")));
    let address = [name, id].into_iter().flatten().find(|text| text.contains('@'));
    let value = |member: &str| match member {
        "id" => id.map(identifier),
        "name" | "title" => name.map(text),
        "first_name" => full_name.map(|(first, _)| text(first)),
        "last_name" => full_name.map(|(_, last)| text(last)),
        "email" => parts.metadata("email").cloned().or_else(|| address.map(text)),
        other => parts.metadata(other).cloned(),
    };
    members.filter_map(|member| Some((Cow::Borrowed(member), value(member)?))).collect()
}

/// Ids inside of metadata are numbers to Intercom's clients wherever they can be.
fn identifier(id: &str) -> Json<'_> {
    let digits = id.bytes().all(|byte| byte.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
    if digits && !id.is_empty() && id.len() <= NUMBER_DIGITS_MAX { Json::Number(id) } else { text(id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::{Arrival, Draft, Event, Kind, Salts, Timestamp};

    const NEWEST: Version = Version::Newest;

    fn told_to(version: Version, draft: &str) -> serde_json::Value {
        let mut bytes = Vec::new();
        let arrival = Arrival { now: Timestamp::MIN, random: [0; 10] };
        Draft::parse(draft).expect("a draft").encode(&arrival, &mut bytes).expect("fits");
        let event = Event::from_bytes(&bytes).expect("an event");
        let entry = Entry {
            index: 0,
            received_at: Timestamp::MIN,
            kind: Kind::Event,
            salts: Salts::Key([0; 16]),
            event,
        };
        let mut out = Vec::new();
        write(&entry, version, Registry::builtin(), &mut out).expect("told");
        serde_json::from_slice(&out).expect("JSON")
    }

    /// The metadata of what Ada did, given the rest of the event.
    fn metadata(action: &str, rest: &str) -> serde_json::Value {
        let actor = r#"{"type":"user","id":"7","name":"Ada"}"#;
        told_to(NEWEST, &format!(r#"{{"action":"{action}","actor":{actor},{rest}}}"#))["metadata"].clone()
    }

    fn value(json: &str) -> serde_json::Value {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn an_entry_is_told_as_intercom_tells_it() {
        let told = told_to(
            NEWEST,
            r#"{"id":"fca05814-4b72-4dce-ad4f-77a786a2c136","action":"app_name_change",
                "occurred_at":"2024-12-18T15:54:13.999Z","before":"Old","after":"New",
                "actor":{"type":"user","id":"991267464","name":"Ada Lovelace","email":"ada@example.com"},
                "context":{"ip":"192.0.2.1"}}"#,
        );
        let expected = r#"{"id":"fca05814-4b72-4dce-ad4f-77a786a2c136",
            "performed_by":{"type":"admin","id":"991267464","email":"ada@example.com","ip":"192.0.2.1"},
            "metadata":{"before":"Old","after":"New"},"created_at":1734537253,"activity_type":"app_name_change",
            "activity_description":"Ada Lovelace renamed the workspace from Old to New."}"#;
        assert_eq!(told, value(expected));
    }

    #[test]
    fn what_an_entry_does_not_say_is_null() {
        let told = told_to(NEWEST, r#"{"action":"user.signed_out","actor":{"type":"user","id":"ada"}}"#);
        assert_eq!(told["performed_by"], value(r#"{"type":"admin","id":"ada","email":null,"ip":null}"#));
        assert_eq!(told["metadata"], serde_json::Value::Null);
        assert_eq!(told["activity_type"], "admin_logout");
    }

    #[test]
    fn the_callers_own_sentence_is_told_and_an_unknown_action_keeps_its_name() {
        let told = told_to(
            NEWEST,
            r#"{"action":"shop.opened","actor":{"type":"app","id":"x"},"description":"The \"shop\" opened."}"#,
        );
        assert_eq!(
            (&told["activity_type"], &told["activity_description"]),
            (&"shop.opened".into(), &"The \"shop\" opened.".into())
        );
        let denied = told_to(
            NEWEST,
            r#"{"action":"macro.deleted","actor":{"type":"user","id":"7"},"outcome":"denied",
                "targets":[{"type":"macro","id":"9","name":"Refund"}]}"#,
        );
        assert_eq!(denied["activity_description"], "7 deleted the macro Refund (denied).");
    }

    #[test]
    fn targets_come_under_the_key_that_clients_look_for() {
        for (action, rest, expected) in [
            (
                "agent.permissions_changed",
                r#""targets":[{"type":"user","id":"4423433","name":"John Lafleur"}]"#,
                r#"{"admin":{"id":4423433,"first_name":"John","last_name":"Lafleur"}}"#,
            ),
            (
                "team.created",
                r#""targets":[{"type":"team","id":"5077733","name":"Nights"}],"metadata":{"member_count":1}"#,
                r#"{"member_count":1,"team":{"id":5077733,"name":"Nights","member_count":1}}"#,
            ),
            (
                "message_state_change",
                r#""targets":[{"type":"message","id":"m_1","name":"Hello"}],"before":"draft","after":"live""#,
                r#"{"message":{"id":"m_1","title":"Hello"},"before":"draft","after":"live"}"#,
            ),
            (
                "automation_rule.enabled",
                r#""targets":[{"type":"automation_rule","id":"007","name":"Close stale"}]"#,
                r#"{"ruleset":{"id":"007","title":"Close stale"}}"#,
            ),
            (
                "webhook.created",
                r#""targets":[{"type":"webhook","id":"1"}],"metadata":{"url":"https://example.com"}"#,
                r#"{"url":"https://example.com","webhook":{"url":"https://example.com"}}"#,
            ),
            (
                "agent.invited",
                r#""targets":[{"type":"invite","id":"bo@example.com"}]"#,
                r#"{"invite":{"email":"bo@example.com"}}"#,
            ),
            // A message is no conversation, so its id is not told as one.
            ("message.deleted", r#""targets":[{"type":"message","id":"1"}]"#, "null"),
        ] {
            assert_eq!(metadata(action, rest), value(expected), "{action}");
        }
    }

    #[test]
    fn what_the_metadata_says_itself_stays() {
        let told = metadata(
            "app_team_creation",
            r#""targets":[{"type":"team","id":"1","name":"Other"}],"before":1,"after":2,
               "metadata":{"team":{"id":5077733,"name":"test"},"before":null,"n":12345678901234567890.10}"#,
        );
        assert_eq!(
            (&told["team"]["id"], &told["before"], &told["after"]),
            (&5077733.into(), &serde_json::Value::Null, &2.into())
        );
    }

    #[test]
    fn one_change_is_before_and_after_and_several_are_a_map() {
        let one = metadata("settings.updated", r#""changes":[{"path":"/theme","after":{"dark":true}}]"#);
        assert_eq!(one, value(r#"{"before":null,"after":{"dark":true}}"#));
        let several = metadata(
            "settings.updated",
            r#""changes":[{"path":"/a/b","before":1,"after":2},{"path":"/a.b","before":3,"after":4},{"path":"","after":5},{"path":"/x~1y","before":6}]"#,
        );
        let expected = r#"{"changes":{"":{"before":null,"after":5},"a.b":{"before":3,"after":4},
            "/a/b":{"before":1,"after":2},"x/y":{"before":6,"after":null}}}"#;
        assert_eq!(several, value(expected));
    }

    #[test]
    fn a_change_is_told_under_its_own_name_where_the_type_has_one_and_the_limit_of_old_versions_too() {
        let draft = r#"{"action":"admin_ticket_assignment_limit_change","actor":{"type":"user","id":"7"},
            "changes":[{"path":"/ticket_assignment_limit","before":5,"after":9}]}"#;
        let new = told_to(Version::Numbered(2, 14), draft);
        assert_eq!(new["metadata"], value(r#"{"ticket_assignment_limit":9,"before":5,"after":9}"#));
        let old = told_to(Version::Numbered(2, 13), draft);
        assert_eq!(old["activity_type"], "admin_assignment_limit_change");
        assert_eq!(old["metadata"], value(r#"{"assignment_limit":9,"before":5,"after":9}"#));
    }

    #[test]
    fn every_activity_of_the_registry_can_be_told() {
        for activity in Registry::builtin().all() {
            let draft = format!(
                r#"{{"action":"{}","actor":{{"type":"user","id":"7"}},"targets":[{{"type":"admin","id":"9"}}],"before":1,"after":2}}"#,
                activity.code
            );
            let told = told_to(NEWEST, &draft);
            let sentence = told["activity_description"].as_str().expect("a sentence");
            assert!(sentence.ends_with('.') && !sentence.contains('{'), "{sentence}");
        }
    }
}
