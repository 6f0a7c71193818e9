//! Finding the rows that have a term by reading their text, where there is no index yet.
//!
//! The terms of an entry cost much more to work out than its text costs to pass over. What stands in the core is
//! read there. Any other value that is plain must stand in the text as it is, but for its case; so only entries
//! that have it are looked at closely. The answer is always the one an index would give.

use crate::terms::{ACTOR, ON_BEHALF_OF, Terms, cut, tag};
use crate::words::fold;
use hindcast_event::Entry;

/// Where more than one entry in so many must be looked at closely, an index costs little more.
const CLOSE_LOOKS_SHARE: usize = 4;
/// Below this many close looks no share is too large.
const CLOSE_LOOKS_FREE: usize = 64;

/// The places of the entries that have a term; nothing where reading is not the way to find out.
pub(crate) fn look<'a>(
    term: &[u8],
    entries: impl ExactSizeIterator<Item = Option<Entry<'a>>>,
) -> Option<Vec<u32>> {
    let (&tag, value) = term.split_first()?;
    let value = str::from_utf8(value).ok()?;
    let core = matches!(tag, tag::ACTION | tag::OUTCOME | tag::KIND);
    if !core && !is_plain(tag, value) {
        return None;
    }
    let mut close_looks = CLOSE_LOOKS_FREE + entries.len() / CLOSE_LOOKS_SHARE;
    let mut text = String::new();
    let mut terms = Terms::default();
    let mut rows = Vec::new();
    for (row, entry) in (0..).zip(entries) {
        let Some(entry) = entry else { continue };
        if !core {
            if !may_have(&entry, value, &mut text) {
                continue;
            }
            close_looks = close_looks.checked_sub(1)?;
        }
        // An entry that cannot be read has no terms, in an index either.
        let Ok(view) = entry.event.view() else { continue };
        let found = match tag {
            tag::ACTION => cut(&fold(&view.action)) == value,
            tag::OUTCOME => view.result.as_str() == value,
            tag::KIND => entry.kind.as_str() == value,
            _ => terms.of_tail(&entry, &view).iter().any(|found| found == term),
        };
        if found {
            rows.push(row);
        }
    }
    Some(rows)
}

/// Whether the value of a term stands in the text of whatever has it, but for its case.
fn is_plain(tag: u8, value: &str) -> bool {
    let literal = matches!(
        tag,
        tag::IP
            | tag::SESSION
            | tag::TARGET_NAME_WORD
            | tag::VALUE_WORD
            | tag::METADATA_WORD
            | tag::WORD
            | tag::ID
            | tag::REQUEST
    );
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(&byte);
    let is_somebody = [ACTOR, ON_BEHALF_OF].iter().any(|tags| tags.has(tag));
    (literal || is_somebody) && !value.is_empty() && value.bytes().all(is_plain)
}

/// Whether the plain value stands anywhere in the entry, in any case. Folding other scripts may give plain
/// letters, so whatever has such may have it. `text` spares an allocation.
fn may_have(entry: &Entry<'_>, plain: &str, text: &mut String) -> bool {
    text.clear();
    for (_, value) in entry.event.sections() {
        text.push_str(value);
    }
    if !text.is_ascii() {
        return true;
    }
    text.make_ascii_lowercase();
    match plain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => text.contains(&plain.to_ascii_lowercase()),
        false => text.contains(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::term;
    use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp};

    fn entries(drafts: &[&str]) -> Entries {
        let mut entries = Entries::default();
        for draft in drafts {
            let draft = Draft::parse(draft).unwrap();
            let arrival = Arrival { now: Timestamp::default(), random: [7; 10] };
            entries.push_new(Kind::Event, &[0; 16], |out| draft.encode(&arrival, out)).unwrap();
        }
        entries
    }

    fn found(entries: &Entries, tag: u8, value: &str) -> Option<Vec<u32>> {
        look(&term(tag, value), entries.iter().map(Some))
    }

    #[test]
    fn reading_finds_what_an_index_finds() {
        let entries = entries(&[
            r#"{"action":"Macro.Updated","actor":{"type":"user","id":"U_1"},"description":"Refund, then closed"}"#,
            r#"{"action":"macro.deleted","actor":{"type":"user","id":"u_1","name":"Ｒｅｆｕｎｄ"},"outcome":{"result":"failure"}}"#,
            r#"{"action":"macro.deleted","actor":{"type":"user","id":"u_2"},"description":"refunded","metadata":{"n":42}}"#,
        ]);
        for (tag, value, rows) in [
            (tag::WORD, "refund", vec![0]),
            (tag::ACTOR_WORD, "refund", vec![1]),
            (tag::METADATA_WORD, "42", vec![2]),
            (tag::WORD, "missing", vec![]),
            (ACTOR.id, "u_1", vec![1]),
            (ACTOR.id, "U_1", vec![0]),
            (tag::ACTION, "macro.updated", vec![0]),
            (tag::OUTCOME, "failure", vec![1]),
            (tag::KIND, "event", vec![0, 1, 2]),
        ] {
            assert_eq!(found(&entries, tag, value), Some(rows), "{value}");
        }
    }

    #[test]
    fn it_says_when_an_index_is_the_better_way() {
        let draft = r#"{"action":"a","actor":{"type":"user","id":"u"},"description":"word"}"#;
        let entries = entries(&[draft; 200]);
        assert_eq!(found(&entries, tag::WORD, "word"), None);
        assert_eq!(found(&entries, tag::TARGET, "x\0macro"), None);
        assert_eq!(found(&entries, tag::WORD, "返金"), None);
    }
}
