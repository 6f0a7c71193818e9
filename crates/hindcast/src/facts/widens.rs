//! Whether a change of permissions, roles or seats gives somebody more than before.
//!
//! Only where it can be told: both sides are sets and one holds the other, or something was given or taken. A role
//! replaced by another of which we do not know what it may do stays unknown.

use hindcast_event::diff::Change;
use hindcast_event::json::Json;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What an action does to what somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Gives,
    Takes,
    /// Its changes say.
    Changes,
}

fn does(action: &str) -> Option<Does> {
    Some(match action {
        "agent.role_assigned" | "seat.assigned" => Does::Gives,
        "agent.role_removed" | "seat.revoked" | "seat_revoke" => Does::Takes,
        "agent.permissions_changed"
        | "admin_permission_change"
        | "role.updated"
        | "role_change"
        | "seat.changed"
        | "seat_change"
        | "person.updated"
        | "token.updated" => Does::Changes,
        _ => return None,
    })
}

/// Whether what is told here gives more (true) or less (false); nothing when it does both, neither, or cannot be told.
pub fn widens(action: &str, changes: &[Change<'_>], metadata: &[(Cow<'_, str>, Json<'_>)]) -> Option<bool> {
    match does(action)? {
        Does::Gives => return Some(true),
        Does::Takes => return Some(false),
        Does::Changes => {}
    }
    let member = |name: &str| metadata.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let told = changes.iter().map(|change| (change.before.as_ref(), change.after.as_ref()));
    let told = told
        .chain([(member("before"), member("after"))])
        .filter(|(before, after)| before.is_some() || after.is_some());
    let (mut gives, mut takes, mut is_unknown) = (false, false, false);
    for (before, after) in told {
        match compare(before, after) {
            Some((more, less)) => {
                gives |= more;
                takes |= less;
            }
            None => is_unknown = true,
        }
    }
    match (gives, takes) {
        _ if is_unknown => None,
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Whether the one has something more than the other, and something less.
fn compare(before: Option<&Json<'_>>, after: Option<&Json<'_>>) -> Option<(bool, bool)> {
    match (before, after) {
        (Some(Json::Bool(before)), Some(Json::Bool(after))) => Some((*after && !before, *before && !after)),
        _ => {
            let (before, after) = (set(before)?, set(after)?);
            Some((!after.is_subset(&before), !before.is_subset(&after)))
        }
    }
}

/// A list, or an object of switches of which those count that are on; what is not there is an empty one.
fn set(value: Option<&Json<'_>>) -> Option<BTreeSet<String>> {
    match value {
        None | Some(Json::Null) => Some(BTreeSet::new()),
        Some(Json::Bool(is_on)) => Some(is_on.then(|| "on".to_owned()).into_iter().collect()),
        Some(Json::Array(items)) => Some(items.iter().map(ToString::to_string).collect()),
        Some(Json::Object(members)) => {
            let mut held = BTreeSet::new();
            for (name, value) in members {
                match value {
                    Json::Bool(true) => drop(held.insert(name.to_string())),
                    Json::Bool(false) | Json::Null => {}
                    Json::Array(items) => held.extend(items.iter().map(|item| format!("{name}/{item}"))),
                    _ => return None,
                }
            }
            Some(held)
        }
        Some(Json::String(_) | Json::Number(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;

    fn told(action: &str, rest: &str) -> Option<bool> {
        let text = format!(r#"{{"action":"{action}","actor":{{"type":"user","id":"u"}},{rest}}}"#);
        let draft = Draft::parse(&text).expect("valid");
        widens(&draft.action, &draft.changes, &draft.metadata)
    }

    #[test]
    fn a_set_that_holds_the_other_is_wider() {
        for (action, rest, wider) in [
            (
                "role.updated",
                r#""changes":[{"path":"/permissions","before":["a"],"after":["b","a"]}]"#,
                Some(true),
            ),
            (
                "role_change",
                r#""changes":[{"path":"/permissions","before":["a","b"],"after":["a"]}]"#,
                Some(false),
            ),
            ("role.updated", r#""changes":[{"path":"/permissions","before":["a"],"after":["b"]}]"#, None),
            (
                "role.updated",
                r#""changes":[{"path":"/permissions","before":["a","b"],"after":["b","a"]}]"#,
                None,
            ),
            ("role.updated", r#""before":{"export":false},"after":{"export":true}"#, Some(true)),
            ("role.updated", r#""before":{"export":true,"x":1},"after":{"export":false,"x":1}"#, Some(false)),
            ("role.updated", r#""before":{"a":true,"b":false},"after":{"a":false,"b":true}"#, None),
            ("role.updated", r#""changes":[{"path":"/permissions/3","after":["a"]}]"#, Some(true)),
            (
                "agent.permissions_changed",
                r#""changes":[{"path":"/role","before":"viewer","after":"admin"}]"#,
                None,
            ),
            (
                "admin_permission_change",
                r#""metadata":{"before":{"permissions":["a"]},"after":{"permissions":["a","b"]}}"#,
                Some(true),
            ),
            ("admin_permission_change", r#""metadata":{"before":["a"],"after":[]}"#, Some(false)),
            ("admin_permission_change", r#""metadata":{"before":"a","after":"b"}"#, None),
            ("seat.assigned", r#""metadata":{}"#, Some(true)),
            ("seat_revoke", r#""metadata":{}"#, Some(false)),
            // Macros have nothing to do with what somebody may do.
            ("macro.updated", r#""changes":[{"path":"/tags","before":[],"after":["a"]}]"#, None),
            ("role.updated", r#""metadata":{}"#, None),
        ] {
            assert_eq!(told(action, rest), wider, "{action} {rest}");
        }
    }
}
