//! Walking over canonical JSON without building it up.
//!
//! The sections of an event are canonical: no white space, members sorted, each once. So a value can be stepped
//! over by its brackets and quotes. Text that is not canonical JSON gives fewer members, never a panic.

use hindcast_event::json::{self, Json};
use std::borrow::Cow;

/// The members of an object: name, and value as JSON.
pub(crate) fn members(object: &str) -> Members<'_> {
    Members { text: object, at: usize::from(object.starts_with('{')) }
}

/// The items of an array as JSON.
pub(crate) fn items(array: &str) -> Items<'_> {
    Items { text: array, at: usize::from(array.starts_with('[')) }
}

/// The text of a JSON string; nothing for any other value.
pub(crate) fn text(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.as_bytes().contains(&b'\\') {
        return Some(Cow::Borrowed(inner));
    }
    match json::parse(value) {
        Ok(Json::String(text)) => Some(text),
        _ => None,
    }
}

/// The text of the member `name` of an object, if it is a string.
pub(crate) fn member_text<'a>(object: &'a str, name: &str) -> Option<Cow<'a, str>> {
    member(object, name).and_then(text)
}

/// The member `name` of an object, as JSON.
pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    members(object).find(|(found, _)| found == name).map(|(_, value)| value)
}

/// Calls `f` with every string within a value, and with every number as it is written.
pub(crate) fn each_text(value: &str, f: &mut impl FnMut(&str)) {
    match value.as_bytes().first() {
        Some(b'"') => {
            if let Some(text) = text(value) {
                f(&text);
            }
        }
        Some(b'{') => members(value).for_each(|(_, value)| each_text(value, f)),
        Some(b'[') => items(value).for_each(|value| each_text(value, f)),
        Some(b'-' | b'0'..=b'9') => f(value),
        _ => {}
    }
}

/// See [`members`].
pub(crate) struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let name_end = value_end(self.text, self.at);
        let name = text(self.text.get(self.at..name_end)?)?;
        if self.text.as_bytes().get(name_end) != Some(&b':') {
            return None;
        }
        let end = value_end(self.text, name_end + 1);
        let value = self.text.get(name_end + 1..end).filter(|value| !value.is_empty())?;
        self.at = end + 1;
        Some((name, value))
    }
}

/// See [`items`].
pub(crate) struct Items<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let end = value_end(self.text, self.at);
        let value = self.text.get(self.at..end).filter(|value| !value.is_empty())?;
        self.at = end + 1;
        Some(value)
    }
}

/// Where the value that begins at `at` ends.
fn value_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = at;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at + 1);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b':' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}

/// Where the string whose first character is at `at` ends, its quote included.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        // Eight at once, as long as there are so many.
        while let Some(eight) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
            let eight = u64::from_le_bytes(eight);
            let ends = places_of(b'"', eight) | places_of(b'\\', eight);
            at += ends.trailing_zeros() as usize / 8;
            if ends != 0 {
                break;
            }
        }
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

/// The highest bit of each of eight bytes that is `byte`; what stands after the first of them means nothing.
fn places_of(byte: u8, eight: u64) -> u64 {
    const LOWEST: u64 = u64::from_le_bytes([1; 8]);
    let zero_where_equal = eight ^ (LOWEST * u64::from(byte));
    zero_where_equal.wrapping_sub(LOWEST) & !zero_where_equal & (LOWEST << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_come_out_as_they_stand() {
        let object = r#"{"a":1,"b":{"c":[1,"}"],"d":"x\"y,"},"e\u0001":"\n","f":[],"g":""}"#;
        let found: Vec<_> = members(object).map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(found, ["a=1", r#"b={"c":[1,"}"],"d":"x\"y,"}"#, "e\u{1}=\"\\n\"", "f=[]", "g=\"\""]);
        assert_eq!(items(r#"[1,"a,b",[2,3],{}]"#).collect::<Vec<_>>(), ["1", "\"a,b\"", "[2,3]", "{}"]);
        assert_eq!(items("[]").count() + members("{}").count(), 0);
        assert_eq!(member_text(object, "g").as_deref(), Some(""));
        let mut texts = Vec::new();
        each_text(object, &mut |text| texts.push(text.to_owned()));
        assert_eq!(texts, ["1", "1", "}", "x\"y,", "\n", ""]);
    }

    #[test]
    fn what_is_no_json_gives_nothing() {
        for text in ["", "{", "{\"a", "{\"a\"", "{\"a\":", "null", "[\"", "é", "{é:é}", "}"] {
            assert_eq!(members(text).count(), 0, "{text}");
        }
    }
}
