//! The difference of two documents as a list of changes with JSON Pointer paths (RFC 6901).

use crate::json::Json;
use crate::mask;
use std::borrow::Cow;

/// One place that changed. A side that is absent did not exist; a side that is `null` was null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change<'a> {
    /// Where, as a JSON Pointer.
    pub path: Cow<'a, str>,
    /// What stood there.
    pub before: Option<Json<'a>>,
    /// What stands there now.
    pub after: Option<Json<'a>>,
}

impl Change<'_> {
    /// Masks secrets on both sides, by the names along the path and by their shape.
    pub(crate) fn mask(&mut self) {
        let name = self
            .path
            .rsplit('/')
            .find(|part| !part.bytes().all(|b| b.is_ascii_digit()))
            .unwrap_or("")
            .to_owned();
        for side in [&mut self.before, &mut self.after].into_iter().flatten() {
            mask::value(&name, side);
        }
    }
}

/// The places in which `after` differs from `before`, sorted by path. Objects are compared member by member, lists
/// of one length item by item, anything else as a whole; numbers are compared as they are written.
pub fn diff<'a>(before: Option<Json<'a>>, after: Option<Json<'a>>) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    walk(&mut String::new(), before, after, &mut changes);
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn walk<'a>(
    path: &mut String,
    before: Option<Json<'a>>,
    after: Option<Json<'a>>,
    changes: &mut Vec<Change<'a>>,
) {
    match (before, after) {
        (Some(Json::Object(before)), Some(Json::Object(after))) => members(path, before, after, changes),
        (Some(Json::Array(before)), Some(Json::Array(after))) if before.len() == after.len() => {
            for (at, (before, after)) in before.into_iter().zip(after).enumerate() {
                within(path, &at.to_string(), |path| walk(path, Some(before), Some(after), changes));
            }
        }
        // A document that came or went is told member by member, so that each value can be found by its path.
        (None, Some(Json::Object(after))) if path.is_empty() && !after.is_empty() => {
            members(path, Vec::new(), after, changes);
        }
        (Some(Json::Object(before)), None) if path.is_empty() && !before.is_empty() => {
            members(path, before, Vec::new(), changes);
        }
        (before, after) if before != after => {
            changes.push(Change { path: Cow::Owned(path.clone()), before, after });
        }
        _ => {}
    }
}

type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// Both lists are sorted by name: walk them side by side.
fn members<'a>(path: &mut String, before: Members<'a>, after: Members<'a>, changes: &mut Vec<Change<'a>>) {
    let mut before = before.into_iter().peekable();
    let mut after = after.into_iter().peekable();
    loop {
        let name = match (before.peek(), after.peek()) {
            (None, None) => return,
            (Some((name, _)), None) | (None, Some((name, _))) => name.clone(),
            (Some((a, _)), Some((b, _))) => a.min(b).clone(),
        };
        let old = before.next_if(|(n, _)| *n == name).map(|(_, value)| value);
        let new = after.next_if(|(n, _)| *n == name).map(|(_, value)| value);
        within(path, &name.replace('~', "~0").replace('/', "~1"), |path| walk(path, old, new, changes));
    }
}

fn within(path: &mut String, part: &str, then: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push('/');
    path.push_str(part);
    then(path);
    path.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn told(before: Option<&str>, after: Option<&str>) -> Vec<String> {
        let read = |text: Option<&'static str>| text.map(|t| parse(t).expect("json"));
        let leak = |text: Option<&str>| text.map(|t| &*Box::leak(t.to_owned().into_boxed_str()));
        diff(read(leak(before)), read(leak(after)))
            .into_iter()
            .map(|c| {
                let side = |s: Option<Json<'_>>| s.map_or("absent".to_owned(), |s| s.to_string());
                format!("{}: {} -> {}", c.path, side(c.before), side(c.after))
            })
            .collect()
    }

    #[test]
    fn only_what_moved_is_told_and_deep_places_have_paths() {
        let before = r#"{"a/b":1,"conditions":[{"value":24},{"value":1}],"gone":null,"same":{"x":1}}"#;
        let after = r#"{"a/b":2,"conditions":[{"value":2},{"value":1}],"new":[1],"same":{"x":1}}"#;
        assert_eq!(
            told(Some(before), Some(after)),
            ["/a~1b: 1 -> 2", "/conditions/0/value: 24 -> 2", "/gone: null -> absent", "/new: absent -> [1]"]
        );
    }

    #[test]
    fn lists_of_different_length_change_as_a_whole() {
        assert_eq!(told(Some(r#"{"l":[1,2]}"#), Some(r#"{"l":[1]}"#)), ["/l: [1,2] -> [1]"]);
    }

    #[test]
    fn a_creation_and_a_deletion_are_told_member_by_member() {
        assert_eq!(
            told(None, Some(r#"{"a":1,"b":{"c":2}}"#)),
            ["/a: absent -> 1", "/b: absent -> {\"c\":2}"]
        );
        assert_eq!(told(Some(r#"{"a":1}"#), None), ["/a: 1 -> absent"]);
        assert_eq!(told(Some("1"), Some("1.0")), [": 1 -> 1.0"]);
    }
}
