//! Strict JSON: what we accept from strangers and the one way we write it back.
//!
//! [`parse`] borrows from its input and refuses what other parsers let pass in silence: a key given twice, a lone
//! surrogate, deep nesting, over-long strings. Numbers keep their exact text, because an id that went through a
//! float is another id. Members come out sorted by the bytes of their names, so [`Json::write`] has one spelling
//! for every value: no white space, sorted members, minimal escapes. Hashes are taken over exactly these bytes.

mod path;
mod reader;

pub use path::Path;

use reader::Reader;
use std::borrow::Cow;
use std::fmt;

/// Arrays and objects may be nested this deep.
pub const DEPTH_MAX: usize = 16;
/// An object has at most this many members, an array this many items.
pub const MEMBERS_MAX: usize = 512;
/// The name of a member is at most this long.
pub const NAME_BYTES_MAX: usize = 256;
/// A string is at most this long once its escapes are resolved.
pub const STRING_BYTES_MAX: usize = 64 * 1024;
/// A number is at most this long.
pub const NUMBER_BYTES_MAX: usize = 64;

/// A JSON value that borrows its text from the input where it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The number exactly as it was written.
    Number(&'a str),
    /// The text with its escapes resolved.
    String(Cow<'a, str>),
    /// The items in order.
    Array(Vec<Json<'a>>),
    /// The members, sorted by the bytes of their names, each name once.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Why a text is not JSON that we accept, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}")]
pub struct JsonError {
    /// The place in the document, such as `targets[2].name`.
    pub path: Path,
    /// What should have stood there.
    pub expected: Cow<'static, str>,
    /// The byte of the input at which it went wrong.
    pub offset: usize,
}

/// Reads one JSON value that fills the whole of `text`.
pub fn parse(text: &str) -> Result<Json<'_>, JsonError> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error("nothing after the value"));
    }
    Ok(value)
}

/// Splits the text of a JSON array into its items, each parsed on its own so that one bad item names its position.
pub fn items(text: &str) -> Items<'_> {
    Items { reader: Reader { text, at: 0 }, index: 0, state: State::Before }
}

/// The items of an array, one by one; see [`items`].
#[derive(Debug)]
pub struct Items<'a> {
    reader: Reader<'a>,
    index: usize,
    state: State,
}

#[derive(Debug, PartialEq)]
enum State {
    Before,
    Inside,
    Done,
}

impl<'a> Iterator for Items<'a> {
    /// An item with the part of the text it came from.
    type Item = Result<(&'a str, Json<'a>), JsonError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if !matches!(step, Ok(Some(_))) {
            self.state = State::Done;
        }
        step.transpose()
    }
}

impl<'a> Items<'a> {
    fn step(&mut self) -> Result<Option<(&'a str, Json<'a>)>, JsonError> {
        let reader = &mut self.reader;
        match self.state {
            State::Done => return Ok(None),
            State::Before => {
                reader.skip_space();
                reader.take(b'[', "an array")?;
                self.state = State::Inside;
                reader.skip_space();
                if reader.peek() == Some(b']') {
                    return Self::end(reader);
                }
            }
            State::Inside => {
                reader.skip_space();
                match reader.peek() {
                    Some(b']') => return Self::end(reader),
                    Some(b',') => reader.at += 1,
                    _ => return Err(reader.error("a comma or the end of the array")),
                }
            }
        }
        reader.skip_space();
        let from = reader.at;
        let value = reader.value(0).map_err(|e| JsonError { path: e.path.within_item(self.index), ..e })?;
        self.index += 1;
        Ok(Some((&reader.text[from..reader.at], value)))
    }

    fn end(reader: &mut Reader<'_>) -> Result<Option<(&'a str, Json<'a>)>, JsonError> {
        reader.at += 1;
        reader.skip_space();
        if reader.at < reader.text.len() {
            return Err(reader.error("nothing after the array"));
        }
        Ok(None)
    }
}

impl<'a> Json<'a> {
    /// The member `name` of an object.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(members) => {
                members.binary_search_by(|(n, _)| n.as_ref().cmp(name)).ok().map(|i| &members[i].1)
            }
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// Appends the one spelling of this value.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Json::Null => out.extend_from_slice(b"null"),
            Json::Bool(true) => out.extend_from_slice(b"true"),
            Json::Bool(false) => out.extend_from_slice(b"false"),
            Json::Number(text) => out.extend_from_slice(text.as_bytes()),
            Json::String(text) => write_string(text, out),
            Json::Array(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Json::Object(members) => {
                out.push(b'{');
                for (i, (name, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    write_string(name, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// What kind of value this is, for messages.
    pub fn noun(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

/// Appends `text` as a JSON string with the fewest escapes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let at = plain_until(bytes, from);
        out.extend_from_slice(&bytes[from..at]);
        let Some(&byte) = bytes.get(at) else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(b"0123456789abcdef"[usize::from(byte >> 4)]);
                out.push(b"0123456789abcdef"[usize::from(byte & 15)]);
            }
        }
        from = at + 1;
    }
    out.push(b'"');
}

/// The first byte at or after `from` that cannot stand as it is in a JSON string, or the length of `bytes`.
pub(crate) fn plain_until(bytes: &[u8], from: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = from;
    // Eight bytes at a time: a byte has its high bit set in `stop` if it is a quote, a backslash or below 0x20.
    while let Some(chunk) = bytes.get(at..at + 8).and_then(|c| c.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let low = word.wrapping_sub(ONES * 0x20) & !word;
        let stop =
            ((quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash) | low) & HIGHS;
        if stop != 0 {
            return at + (stop.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while at < bytes.len() && bytes[at] >= 0x20 && bytes[at] != b'"' && bytes[at] != b'\\' {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelled(text: &str) -> String {
        parse(text).expect("valid").to_string()
    }

    fn refused(text: &str) -> String {
        parse(text).expect_err("refused").to_string()
    }

    #[test]
    fn there_is_one_spelling_for_a_value() {
        assert_eq!(spelled(" { \"b\" : [ 1 , 2 ] ,\n\"a\" : \"\\u0041\\/\" } "), r#"{"a":"A/","b":[1,2]}"#);
        assert_eq!(spelled(r#""\u0001\n\ud83d\ude00é""#), r#""\u0001\n😀é""#);
    }

    #[test]
    fn numbers_keep_their_text() {
        for number in ["9007199254740993", "18446744073709551615", "-0.10", "1E+2", "0"] {
            assert_eq!(spelled(number), number);
        }
        assert_eq!(refused("01"), "the document: expected nothing after the value");
        assert_eq!(refused(r#"{"a":1.}"#), "a: expected a digit");
    }

    #[test]
    fn what_others_let_pass_is_refused_with_its_place() {
        assert_eq!(
            refused(r#"{"actor":{"id":"1","name":"x","id":"2"}}"#),
            "actor.id: expected each name once, this one is given twice"
        );
        assert_eq!(refused(r#"{"t":[{"name":"\ud800"}]}"#), "t[0].name: expected no lone surrogate");
        assert_eq!(
            refused(r#"["\ud800\u0041"]"#),
            "[0]: expected a surrogate to be followed by its other half"
        );
        assert_eq!(refused("[1,]"), "[1]: expected a JSON value");
        assert_eq!(refused("\"a\u{1}\""), "the document: expected control characters to be escaped");
        let deep = "[".repeat(17) + &"]".repeat(17);
        assert!(refused(&deep).ends_with("expected at most 16 levels of nesting"));
        assert!(parse(&("[".repeat(16) + &"]".repeat(16))).is_ok());
        let long = format!(r#"{{"metadata":{{"note":"{}"}}}}"#, "x".repeat(STRING_BYTES_MAX + 1));
        assert_eq!(refused(&long), "metadata.note: expected a string of at most 65536 bytes");
    }

    #[test]
    fn items_of_an_array_come_one_by_one_and_a_bad_one_names_its_place() {
        let all: Vec<_> = items(r#" [ {"a":1} , 2 ] "#).map(|i| i.expect("valid").0).collect();
        assert_eq!(all, [r#"{"a":1}"#, "2"]);
        let mut broken = items(r#"[1,{"a":}]"#);
        assert!(broken.next().expect("one").is_ok());
        let error = broken.next().expect("two").expect_err("bad");
        assert_eq!(error.to_string(), "[1].a: expected a JSON value");
        assert!(broken.next().is_none());
        assert_eq!(items("[]").count(), 0);
        assert!(items("[1] 2").nth(1).expect("tail").is_err());
    }

    proptest! {
        #[test]
        fn any_string_survives(text in any::<String>()) {
            let mut out = Vec::new();
            write_string(&text, &mut out);
            let out = String::from_utf8(out).expect("utf-8");
            prop_assert_eq!(parse(&out).expect("valid"), Json::String(text.into()));
        }

        #[test]
        fn nothing_makes_the_reader_panic(text in "[\\[\\]{}\",:0-9a-eu\\\\ .-]{0,60}") {
            if let Ok(value) = parse(&text) {
                let once = value.to_string();
                prop_assert_eq!(spelled(&once), once);
            }
        }
    }
}
