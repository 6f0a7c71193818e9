//! Cuts a query's text into tokens: an optional `-`, an optional key, and a value that may be quoted.

use std::ops::Range;

use super::{
    error::{QueryError, QueryErrorKind},
    key::Key,
};

/// One stretch of a query between spaces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// All of it.
    pub(super) span: Range<usize>,
    /// Whether a `-` stands before it.
    pub(super) not: bool,
    /// The name before the colon, and where it stands.
    pub(super) key: Option<(&'a str, Range<usize>)>,
    /// The value without its quotes, escapes and final `*`.
    pub(super) value: String,
    /// Where the value stands, with quotes and `*`.
    pub(super) value_span: Range<usize>,
    /// Whether it was quoted.
    pub(super) quoted: bool,
    /// Whether a `*` outside of quotes ends it.
    pub(super) star: bool,
}

/// The tokens of `text`, and what could not be read as one.
pub(super) fn tokens(text: &str) -> Vec<Result<Token<'_>, QueryError>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        if at == text.len() {
            return tokens;
        }
        let (token, end) = token(text, at);
        tokens.push(token);
        at = end;
    }
}

/// The token that starts at `start`, and where the next one may start.
fn token(text: &str, start: usize) -> (Result<Token<'_>, QueryError>, usize) {
    let not = text[start..].starts_with('-');
    let key_at = start + usize::from(not);
    let (key, value_at) = match key_before_colon(&text[key_at..]) {
        Some((name, colon_end)) => (Some((name, key_at..key_at + name.len())), key_at + colon_end),
        None => (None, key_at),
    };
    let (value, quoted, star, end) = if text[value_at..].starts_with('"') {
        match quoted_value(text, value_at) {
            Ok((value, star, end)) => (value, true, star, end),
            Err((error, end)) => return (Err(error), end),
        }
    } else {
        let end = word_end(text, value_at);
        let bare = &text[value_at..end];
        if let Some(quote) = bare.find('"') {
            let quote = value_at + quote;
            return (Err(stray_quote(quote..quote + 1)), end);
        }
        let (value, star) = bare.strip_suffix('*').map_or((bare, false), |value| (value, true));
        (value.to_owned(), false, star, end)
    };
    (Ok(Token { span: start..end, not, key, value, value_span: value_at..end, quoted, star }), end)
}

/// The name before a token's colon, and where the colon ends. A wide colon, which Japanese keyboards write,
/// counts after names that are keys.
fn key_before_colon(token: &str) -> Option<(&str, usize)> {
    let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')?;
    let name = &token[..end];
    let colon = token[end..].chars().next()?;
    let is_key = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && (colon == ':' || colon == '：' && Key::named(name).is_some());
    is_key.then_some((name, end + colon.len_utf8()))
}

/// The text in the quotes that open at `open`, whether a `*` follows them, and the token's end.
fn quoted_value(text: &str, open: usize) -> Result<(String, bool, usize), (QueryError, usize)> {
    let mut value = String::new();
    let mut characters = text[open + 1..].char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => value.push(escaped),
                // A path of Windows is more likely than an escape we do not know.
                None => value.push('\\'),
            },
            '"' => {
                let close = open + 1 + at + 1;
                let star = text[close..].starts_with('*');
                let end = close + usize::from(star);
                let word_end = word_end(text, end);
                if word_end > end {
                    return Err((missing_space(end..word_end, &text[end..word_end]), word_end));
                }
                return Ok((value, star, end));
            }
            _ => value.push(character),
        }
    }
    let error = QueryError {
        kind: QueryErrorKind::UnbalancedQuote,
        key: None,
        span: open..text.len(),
        message: "this quote is never closed".to_owned(),
        suggestion: Some(super::print::quoted(&value)),
    };
    Err((error, text.len()))
}

fn word_end(text: &str, at: usize) -> usize {
    text[at..].find(char::is_whitespace).map_or(text.len(), |length| at + length)
}

fn stray_quote(span: Range<usize>) -> QueryError {
    QueryError {
        kind: QueryErrorKind::UnbalancedQuote,
        key: None,
        span,
        message:
            "a quote stands in the middle of a word; put quotes around all of it, and \\\" for a quote inside"
                .to_owned(),
        suggestion: None,
    }
}

fn missing_space(span: Range<usize>, after: &str) -> QueryError {
    QueryError {
        kind: QueryErrorKind::UnbalancedQuote,
        key: None,
        span,
        message: format!("a space is missing between the closing quote and {after:?}"),
        suggestion: (!after.contains('"')).then(|| format!(" {after}")),
    }
}
