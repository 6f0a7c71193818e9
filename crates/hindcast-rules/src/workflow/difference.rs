//! What changed between two versions of a workflow, for people.

use super::Workflow;
use serde::Serialize;
use serde_json::Value as Json;
use std::fmt;

/// A change at a place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Where: `priority`, `if.all[1].value`. Places of lists are those of the newer workflow, of what went those of the older.
    pub path: String,
    /// What stood there; none if it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// What stands there; none if it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{path}: {} -> {}", told(before), told(after)),
            (None, Some(after)) => write!(f, "{path}: added {}", told(after)),
            (Some(before), None) => write!(f, "{path}: removed {}", told(before)),
            (None, None) => write!(f, "{path}"),
        }
    }
}

fn told(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// What changed from one workflow to another, in the order of the file. Spelling and comments are no change.
pub fn difference(from: &Workflow, to: &Workflow) -> Vec<Change> {
    let mut changes = Vec::new();
    let (from, to) = (from.document(), to.document());
    for key in super::read::KEYS {
        member(key, key, &from, &to, &mut changes);
    }
    changes
}

fn member(path: &str, key: &str, from: &Json, to: &Json, changes: &mut Vec<Change>) {
    match (from.get(key), to.get(key)) {
        (Some(from), Some(to)) => compare(path, from, to, changes),
        (None, None) => {}
        (before, after) => {
            changes.push(Change { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
        }
    }
}

fn compare(path: &str, from: &Json, to: &Json, changes: &mut Vec<Change>) {
    match (from, to) {
        (from, to) if from == to => {}
        (Json::Object(a), Json::Object(b)) => {
            let mut keys: Vec<_> = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))).collect();
            keys.sort();
            for key in keys {
                member(&format!("{path}.{key}"), key, from, to, changes);
            }
        }
        (Json::Array(a), Json::Array(b)) => lists(path, a, b, changes),
        (from, to) => {
            changes.push(Change {
                path: path.to_owned(),
                before: Some(from.clone()),
                after: Some(to.clone()),
            });
        }
    }
}

/// Items that stayed are found first; between them, items of one kind are taken for one that changed.
fn lists(path: &str, from: &[Json], to: &[Json], changes: &mut Vec<Change>) {
    let (mut a, mut b) = (0, 0);
    let kept = common(from, to, |old, new| old == new);
    for (next_a, next_b) in kept.into_iter().chain([(from.len(), to.len())]) {
        let (old, new) = (&from[a..next_a], &to[b..next_b]);
        let pairs = common(old, new, |old, new| kind(old) == kind(new));
        let (mut past_old, mut past_new) = (0, 0);
        for (next_old, next_new) in pairs.into_iter().chain([(old.len(), new.len())]) {
            for (nr, gone) in old.iter().enumerate().take(next_old).skip(past_old) {
                let before = Some(gone.clone());
                changes.push(Change { path: format!("{path}[{}]", a + nr), before, after: None });
            }
            for (nr, added) in new.iter().enumerate().take(next_new).skip(past_new) {
                let after = Some(added.clone());
                changes.push(Change { path: format!("{path}[{}]", b + nr), before: None, after });
            }
            if let (Some(old), Some(new)) = (old.get(next_old), new.get(next_new)) {
                compare(&format!("{path}[{}]", b + next_new), old, new, changes);
            }
            (past_old, past_new) = (next_old + 1, next_new + 1);
        }
        (a, b) = (next_a + 1, next_b + 1);
    }
}

/// What makes two items versions of one: the field of a condition, the name of an action.
fn kind(item: &Json) -> Option<&str> {
    let members = item.as_object()?;
    match members.get("field") {
        Some(field) => field.as_str(),
        None if members.contains_key("do") => Some("do"),
        None => members.keys().next().map(String::as_str),
    }
}

/// The places of a longest common subsequence of both lists.
fn common(from: &[Json], to: &[Json], same: impl Fn(&Json, &Json) -> bool) -> Vec<(usize, usize)> {
    let width = to.len() + 1;
    let mut best = vec![0_u32; (from.len() + 1) * width];
    for a in (0..from.len()).rev() {
        for b in (0..to.len()).rev() {
            best[a * width + b] = if same(&from[a], &to[b]) {
                best[(a + 1) * width + b + 1] + 1
            } else {
                best[(a + 1) * width + b].max(best[a * width + b + 1])
            };
        }
    }
    let (mut a, mut b, mut pairs) = (0, 0, Vec::new());
    while a < from.len() && b < to.len() {
        if same(&from[a], &to[b]) {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if best[(a + 1) * width + b] >= best[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}
