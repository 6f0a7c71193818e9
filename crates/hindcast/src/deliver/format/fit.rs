//! Entries that are too long for a format: what tells least goes first, and what went is named in `truncated`.
//!
//! Receivers that have a limit cut in the middle of a JSON text, and the whole entry is lost to them. What is left out is in
//! the log, under the same index.

use crate::deliver::Outgoing;
use serde_json::Value;

/// In this order.
const GOES: [&str; 8] =
    ["facts", "changes", "metadata", "context", "authorized_by", "on_behalf_of", "reason", "description"];
/// When all of that was not enough, texts are cut to so many characters.
const TEXT_CHARS: [usize; 2] = [256, 64];

/// Spells an entry within a limit; nothing if even its bare bones are longer.
pub(super) fn within<T: AsRef<[u8]>>(
    entry: &Outgoing,
    bytes_max: usize,
    spell: impl Fn(&Outgoing) -> T,
) -> Option<T> {
    let fits = |spelled: &T| spelled.as_ref().len() <= bytes_max;
    let whole = spell(entry);
    if fits(&whole) {
        return Some(whole);
    }
    let mut less = entry.clone();
    let mut gone = Vec::new();
    let mut spell_less = |less: &mut Outgoing, what: &str| {
        gone.push(Value::from(what));
        less.json.insert("truncated".to_owned(), Value::Array(gone.clone()));
        Some(spell(less)).filter(fits)
    };
    for name in GOES {
        if less.json.remove(name).is_none() {
            continue;
        }
        if let Some(spelled) = spell_less(&mut less, name) {
            return Some(spelled);
        }
    }
    if let Some(Value::Array(targets)) = less.json.get_mut("targets").filter(|targets| targets[1].is_object())
    {
        targets.truncate(1);
        if let Some(spelled) = spell_less(&mut less, "targets") {
            return Some(spelled);
        }
    }
    for chars_max in TEXT_CHARS {
        for (name, value) in &mut less.json {
            // What receivers know it by stays whole.
            if name != "id" && name != "truncated" {
                shorten(value, chars_max);
            }
        }
        if let Some(spelled) = spell_less(&mut less, "texts") {
            return Some(spelled);
        }
    }
    None
}

fn shorten(value: &mut Value, chars_max: usize) {
    match value {
        Value::String(text) => *text = super::told::cut(text, chars_max).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, chars_max)),
        Value::Object(members) => members.values_mut().for_each(|member| shorten(member, chars_max)),
        _ => {}
    }
}
