//! Reads JSON strictly, byte by byte.

use super::{
    DEPTH_MAX, Json, JsonError, MEMBERS_MAX, NAME_BYTES_MAX, NUMBER_BYTES_MAX, Path, STRING_BYTES_MAX,
    plain_until,
};
use std::borrow::Cow;

/// Reads a text from `at` on, and leaves `at` where it went wrong.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    pub(super) fn error(&self, expected: impl Into<Cow<'static, str>>) -> JsonError {
        JsonError { path: Path::root(), expected: expected.into(), offset: self.at }
    }

    pub(super) fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.error(expected));
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.error("a JSON value")),
        }
    }

    fn word(&mut self, word: &'static str, value: Json<'a>) -> Result<Json<'a>, JsonError> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("a JSON value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.enter(depth)?;
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::with_capacity(8);
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        let mut sorted = true;
        loop {
            self.skip_space();
            let at = self.at;
            let name = self.string()?;
            if name.len() > NAME_BYTES_MAX {
                self.at = at;
                return Err(self.error(format!("a name of at most {NAME_BYTES_MAX} bytes")));
            }
            if members.len() == MEMBERS_MAX {
                return Err(self.error(format!("at most {MEMBERS_MAX} members")));
            }
            self.skip_space();
            self.take(b':', "a colon after the name")?;
            let value =
                self.value(depth + 1).map_err(|e| JsonError { path: e.path.within_member(&name), ..e })?;
            sorted &= members.last().is_none_or(|(last, _)| *last < name);
            members.push((name, value));
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.error("a comma or the end of the object")),
            }
        }
        self.at += 1;
        if !sorted {
            members.sort_by(|a, b| a.0.cmp(&b.0));
            if let Some(twice) = members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let path = Path::of(&twice[0].0);
                return Err(JsonError { path, ..self.error("each name once, this one is given twice") });
            }
        }
        Ok(Json::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.enter(depth)?;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            if items.len() == MEMBERS_MAX {
                return Err(self.error(format!("at most {MEMBERS_MAX} items")));
            }
            let at = items.len();
            items.push(self.value(depth + 1).map_err(|e| JsonError { path: e.path.within_item(at), ..e })?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.error("a comma or the end of the array")),
            }
        }
        self.at += 1;
        Ok(Json::Array(items))
    }

    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth == DEPTH_MAX {
            return Err(self.error(format!("at most {DEPTH_MAX} levels of nesting")));
        }
        self.at += 1;
        Ok(())
    }

    fn number(&mut self) -> Result<Json<'a>, JsonError> {
        let from = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.at - from > NUMBER_BYTES_MAX {
            self.at = from;
            return Err(self.error(format!("a number of at most {NUMBER_BYTES_MAX} characters")));
        }
        Ok(Json::Number(&self.text[from..self.at]))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { Err(self.error("a digit")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let opening = self.at;
        self.take(b'"', "a string")?;
        let from = self.at;
        self.at = plain_until(self.text.as_bytes(), from);
        let text = if self.peek() == Some(b'"') {
            let text = &self.text[from..self.at];
            self.at += 1;
            Cow::Borrowed(text)
        } else {
            Cow::Owned(self.string_with_escapes(from)?)
        };
        if text.len() > STRING_BYTES_MAX {
            self.at = opening;
            return Err(self.error(format!("a string of at most {STRING_BYTES_MAX} bytes")));
        }
        Ok(text)
    }

    fn string_with_escapes(&mut self, from: usize) -> Result<String, JsonError> {
        let mut text = self.text[from..self.at].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.error("control characters to be escaped")),
                None => return Err(self.error("the end of the string")),
            }
            let plain = self.at;
            self.at = plain_until(self.text.as_bytes(), plain);
            text.push_str(&self.text[plain..self.at]);
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let plain = match self.peek() {
            Some(b @ (b'"' | b'\\' | b'/')) => char::from(b),
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.error("an escape such as \\n or \\u00e9")),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let at = self.at;
        let first = self.four_hex()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.text.as_bytes()[self.at..].starts_with(b"\\u")
        {
            self.at += 2;
            let second = self.four_hex()?;
            if !(0xdc00..0xe000).contains(&second) {
                self.at = at;
                return Err(self.error("a surrogate to be followed by its other half"));
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| {
            self.at = at;
            self.error("no lone surrogate")
        })
    }

    fn four_hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let code = digits.and_then(|digits| {
            digits.iter().try_fold(0, |code, &b| Some(code << 4 | char::from(b).to_digit(16)?))
        });
        let code = code.ok_or_else(|| self.error("four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}
