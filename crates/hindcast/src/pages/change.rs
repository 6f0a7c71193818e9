//! What an entry changed: field by field, long texts word by word.

use super::safe::visible_lines;
use super::text::Text;
use hindcast_event::View;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// Texts longer than this are compared word by word.
const WORDS_FROM: usize = 24;
/// Comparing takes no longer than this; what is left is shown as replaced.
const COMPARE_MAX: Duration = Duration::from_millis(50);

/// One change.
pub struct Change {
    /// Where, as people read it.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub kind: &'static str,
    /// The sign and the word for it.
    pub told: String,
    /// What was there: pieces and whether each is gone.
    pub before: Vec<(String, bool)>,
    /// What is there now: pieces and whether each is new.
    pub after: Vec<(String, bool)>,
}

/// The changes of an entry.
pub fn changes(t: Text, view: &View<'_>) -> Vec<Change> {
    let changes = view.changes.iter().map(|(path, sides)| {
        let sides: Value = serde_json::from_str(sides).unwrap_or_default();
        change(t, path, sides.get("before"), sides.get("after"))
    });
    changes.collect()
}

/// One change, at a JSON Pointer.
pub fn change(t: Text, path: &str, before: Option<&Value>, after: Option<&Value>) -> Change {
    let (kind, told) = match (before, after) {
        (None | Some(Value::Null), Some(_)) => ("added", t.change_added()),
        (Some(_), None | Some(Value::Null)) => ("removed", t.change_removed()),
        _ => ("changed", t.change_changed()),
    };
    let (before, after) = compared(t, before, after);
    Change { path: visible_lines(&spoken(path)), kind, told: told.into_owned(), before, after }
}

/// Pieces of a text, and whether each is on one side only.
pub type Pieces = Vec<(String, bool)>;

fn compared(t: Text, before: Option<&Value>, after: Option<&Value>) -> (Pieces, Pieces) {
    if let (Some(Value::String(before)), Some(Value::String(after))) = (before, after)
        && before.chars().count().max(after.chars().count()) > WORDS_FROM
    {
        return word_by_word(before, after);
    }
    let whole = |value: Option<&Value>| match value {
        None => Vec::new(),
        Some(masked) if masked.get("$masked").is_some() => vec![(t.change_masked().into_owned(), false)],
        Some(Value::String(text)) => vec![(visible_lines(text), false)],
        Some(value) => vec![(visible_lines(&serde_json::to_string_pretty(value).unwrap_or_default()), false)],
    };
    (whole(before), whole(after))
}

/// Two texts, what is gone marked in the one and what is new in the other.
pub fn word_by_word(before: &str, after: &str) -> (Pieces, Pieces) {
    let diff = TextDiff::configure().timeout(COMPARE_MAX).diff_words(before, after);
    let (mut gone, mut come): (Pieces, Pieces) = Default::default();
    let push = |pieces: &mut Pieces, text: &str, different: bool| match pieces.last_mut() {
        Some((known, same)) if *same == different => known.push_str(&visible_lines(text)),
        _ => pieces.push((visible_lines(text), different)),
    };
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut gone, change.value(), false);
                push(&mut come, change.value(), false);
            }
            ChangeTag::Delete => push(&mut gone, change.value(), true),
            ChangeTag::Insert => push(&mut come, change.value(), true),
        }
    }
    (gone, come)
}

/// A JSON Pointer as people read it: `conditions › 0 › value`.
pub fn spoken(path: &str) -> String {
    let steps =
        path.trim_start_matches('/').split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
    steps.collect::<Vec<_>>().join(" › ")
}

/// The changes as a JSON Patch (RFC 6902).
pub fn json_patch(view: &View<'_>) -> String {
    let steps = view.changes.iter().map(|(path, sides)| {
        let sides: Value = serde_json::from_str(sides).unwrap_or_default();
        match (sides.get("before"), sides.get("after")) {
            (_, None) => json!({ "op": "remove", "path": path }),
            (None, Some(after)) => json!({ "op": "add", "path": path, "value": after }),
            (Some(_), Some(after)) => json!({ "op": "replace", "path": path, "value": after }),
        }
    });
    Value::Array(steps.collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_compared_word_by_word() {
        let (before, after) = word_by_word("we refund within five days", "we refund within three days");
        let marked = |pieces: &Pieces| {
            pieces.iter().filter(|(_, mark)| *mark).map(|(text, _)| text.clone()).collect::<Vec<_>>()
        };
        assert_eq!((marked(&before), marked(&after)), (vec!["five".to_owned()], vec!["three".to_owned()]));
        let (_, after) = compared(Text::default(), Some(&json!("a")), Some(&json!({ "$masked": "token" })));
        assert_eq!(after, [(Text::default().change_masked().into_owned(), false)]);
    }

    #[test]
    fn paths_are_read_aloud() {
        assert_eq!(spoken("/conditions/0/a~1b~0c"), "conditions › 0 › a/b~c");
    }
}
