//! A member of an object without parsing the object: sections are written in one spelling, so it can be found by skipping what
//! stands before it.

/// What stands at a dotted path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<'j> {
    /// Nothing.
    Nothing,
    /// A text without escapes.
    Text(&'j str),
    /// A number, `true`, `false` or `null`, as it is spelled.
    Word(&'j str),
    /// Something that has to be parsed.
    More,
}

/// Looks a path up. A name may itself have dots, so the whole path is tried before its first part.
pub(crate) fn find<'j>(object: &'j str, path: &str) -> Found<'j> {
    let Some(members) = object.strip_prefix('{') else { return Found::Nothing };
    match member(members, path) {
        Ok(Some(value)) => told(value),
        Ok(None) => match path.split_once('.').map(|(name, rest)| (member(members, name), rest)) {
            Some((Ok(Some(inner)), rest)) => find(inner, rest),
            Some((Err(Strange), _)) => Found::More,
            Some((Ok(None), _)) | None => Found::Nothing,
        },
        Err(Strange) => Found::More,
    }
}

/// The text is not spelled as we spell it, or has escapes where names are compared.
struct Strange;

fn member<'j>(mut rest: &'j str, name: &str) -> Result<Option<&'j str>, Strange> {
    // Of an object within another, what follows it is still there.
    if rest.starts_with('}') {
        return Ok(None);
    }
    loop {
        let key = rest.strip_prefix('"').ok_or(Strange)?;
        let end = string_end(key).ok_or(Strange)?;
        let value = key[end + 1..].strip_prefix(':').ok_or(Strange)?;
        if key[..end].contains('\\') {
            return Err(Strange);
        }
        if &key[..end] == name {
            return Ok(Some(value));
        }
        let end = value_end(value).ok_or(Strange)?;
        match value.as_bytes().get(end) {
            Some(b',') => rest = &value[end + 1..],
            Some(b'}') => return Ok(None),
            _ => return Err(Strange),
        }
    }
}

/// The byte of the quote that ends a string, whose first quote is cut off.
fn string_end(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.as_bytes()[from..].iter().position(|&byte| byte == b'"' || byte == b'\\')?;
        match text.as_bytes()[at] {
            b'"' => return Some(at),
            _ => from = at + 2,
        }
        if from > text.len() {
            return None;
        }
    }
}

/// The byte after a value.
fn value_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match text.as_bytes().get(at)? {
            b'"' => at += 2 + string_end(&text[at + 1..])?,
            b'{' | b'[' => (depth, at) = (depth + 1, at + 1),
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => (depth, at) = (depth - 1, at + 1),
            b',' if depth == 0 => return Some(at),
            _ => at += 1,
        }
    }
}

fn told(value: &str) -> Found<'_> {
    let ended = value_end(value).map(|end| &value[..end]);
    match ended {
        Some(text) if text.starts_with(['{', '[']) => Found::More,
        Some(text) => match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(text) if text.contains('\\') => Found::More,
            Some(text) => Found::Text(text),
            None => Found::Word(text),
        },
        None => Found::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::json::{Json, parse};
    use proptest::prelude::*;

    #[test]
    fn members_are_found_or_left_to_the_parser() {
        let object = r#"{"a":{"b":"}\",","c":[1,{"d":"x"}]},"a.b":"own","n":-1.5,"t":true,"ä":"ö","e":{}}"#;
        for (path, found) in [
            ("a", Found::More),
            ("a.b", Found::Text("own")),
            ("a.c", Found::More),
            ("a.x", Found::Nothing),
            ("n", Found::Word("-1.5")),
            ("n.x", Found::Nothing),
            ("t", Found::Word("true")),
            ("ä", Found::Text("ö")),
            ("z", Found::Nothing),
            ("e.x", Found::Nothing),
        ] {
            assert_eq!(find(object, path), found, "{path}");
        }
        assert_eq!(find("{}", "a"), Found::Nothing);
        assert_eq!(find(r#"{"\n":1}"#, "a"), Found::More);
        for broken in ["", "{", "{\"", "{\"a", "{\"a\\", "{\"a\":", "{\"a\":\"", "{\"a\":\"\\", "[1]"] {
            find(broken, "b");
            find(broken, "a");
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            (-99_i32..99).prop_map(|number| number.to_string()),
            "[a-c\"\\\\{},:é]{0,4}".prop_map(|text| Json::String(text.into()).to_string()),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::btree_map("[a-c.]{1,3}", inner, 0..5).prop_map(|members| {
                    let members: Vec<_> =
                        members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_parser_finds(text in json(), path in "[a-c.]{1,6}") {
            let whole = parse(&text).expect("JSON");
            let parsed = super::super::seen::walk(&whole, &path);
            match find(&text, &path) {
                Found::Nothing => prop_assert!(parsed.is_none(), "{:?}", parsed),
                Found::Text(found) => prop_assert_eq!(parsed.and_then(Json::as_str), Some(found)),
                Found::Word(found) => prop_assert_eq!(parsed.map(ToString::to_string), Some(found.to_owned())),
                Found::More => prop_assert!(parsed.is_some() || text.contains('\\')),
            }
        }

        #[test]
        fn nothing_makes_it_panic(text in "[\\[\\]{}\",:a\\\\é1]{0,20}", path in "[a1.]{1,3}") {
            find(&text, &path);
        }
    }
}
