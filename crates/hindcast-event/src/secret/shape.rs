//! Secrets by their shape, wherever in a text they stand.
//!
//! Almost every secret is a long run of visible ASCII, and ordinary text has few of those: the first
//! scan only looks for such runs and for long runs of digits, and everything else is done inside them.

use super::name::{by_name, number_by_name};
use super::run::{self, BASE64, BEARER, DIGITS, VISIBLE};
use super::token::{self, looks_random};
use super::{base64, card};
use std::ops::Range;

/// No secret we know is shorter than this, its prefix or name included.
const RUN_BYTES_MIN: usize = 12;
/// Digits and separators in the shortest card number.
const CARD_BYTES_MIN: usize = 13;
/// Length of an AWS secret access key, and of the shortest line of a PEM body.
const KEY_BYTES: usize = 40;
/// Shorter bearer tokens are more likely words.
const BEARER_BYTES_MIN: usize = 16;
/// Shorter values after `password=` are more likely placeholders.
const ASSIGNED_BYTES_MIN: usize = 6;

/// A secret found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// What it is, as a name that stays the same: `aws_key`, `jwt`, `card_number` …
    pub kind: &'static str,
    /// Where it is, in bytes, on character boundaries.
    pub span: Range<usize>,
}

/// The secrets in a text, in order and without overlap.
pub fn by_shape(text: &str) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut from = 0;
    let mut keys_searched = false;
    while let Some(run) = run::next(bytes, &VISIBLE, RUN_BYTES_MIN, from) {
        from = run.end;
        if run.len() >= KEY_BYTES {
            if !keys_searched {
                keys_searched = true;
                private_keys(text, &mut found);
            }
            aws_secrets(bytes, &run, &mut found);
        }
        after_scheme(bytes, &run, &mut found);
        within(bytes, &run, &mut found);
    }
    let mut from = 0;
    while let Some(run) = run::next(bytes, &DIGITS, CARD_BYTES_MIN, from) {
        from = run.end;
        card::find(bytes, run, |span| found.push(Secret { kind: "card_number", span }));
    }
    if found.len() > 1 {
        found.sort_by_key(|secret| secret.span.start);
        let mut end = 0;
        found.retain(|secret| {
            let apart = secret.span.start >= end;
            end = end.max(secret.span.end);
            apart
        });
    }
    found
}

/// Looks for tokens, passwords in URLs and named secrets within a run.
fn within(bytes: &[u8], run: &Range<usize>, found: &mut Vec<Secret>) {
    let mut at = run.start;
    let mut word_begins = true;
    while at < run.end {
        let byte = bytes[at];
        let in_word = byte.is_ascii_alphanumeric();
        if in_word {
            if token::BEGINNINGS[byte as usize]
                && (word_begins || follows_escape(bytes, at))
                && let Some((kind, span)) = token::at(bytes, at)
            {
                at = span.end;
                found.push(Secret { kind, span });
                continue;
            }
        } else {
            let hidden = match byte {
                b':' if bytes[at..run.end].starts_with(b"://") => {
                    password_in_url(bytes, at + 3..run.end).map(|span| ("url_password", span))
                }
                b'=' | b':' => assigned(bytes, run, at).map(|span| ("secret", span)),
                _ => None,
            };
            if let Some((kind, span)) = hidden {
                at = span.end;
                found.push(Secret { kind, span });
                continue;
            }
        }
        word_begins = !in_word && byte != b'_';
        at += 1;
    }
}

/// Whether `\n`, `%3D` or the like stands before, whose last letter is no part of what follows.
fn follows_escape(bytes: &[u8], at: usize) -> bool {
    match &bytes[..at] {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    }
}

/// The password of `user:password@host`.
fn password_in_url(bytes: &[u8], rest: Range<usize>) -> Option<Range<usize>> {
    if !bytes[rest.clone()].contains(&b'@') {
        return None;
    }
    let authority = bytes[rest.clone()].split(|byte| b"/?#\"'<>`\\".contains(byte)).next()?;
    let user = &authority[..authority.iter().rposition(|&byte| byte == b'@')?];
    let colon = user.iter().position(|&byte| byte == b':')?;
    let password = rest.start + colon + 1..rest.start + user.len();
    (!is_placeholder(&bytes[password.clone()])).then_some(password)
}

/// The value of `password=…` or `"password":"…"` at the sign between them.
fn assigned(bytes: &[u8], run: &Range<usize>, sign: usize) -> Option<Range<usize>> {
    let quote = |byte: u8| b"\"'\\".contains(&byte);
    let before = &bytes[run.start..sign];
    let name_end = before.iter().rposition(|&byte| !quote(byte))? + 1;
    let name_start = before[..name_end]
        .iter()
        .rposition(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(byte))
        .map_or(0, |at| at + 1);
    let after = &bytes[sign + 1..run.end];
    let quotes = after.iter().take_while(|&&byte| quote(byte)).count();
    if bytes[sign] == b':' && (name_end == before.len() || quotes == 0) {
        return None;
    }
    let name = std::str::from_utf8(&before[name_start..name_end]).ok()?;
    let value = after[quotes..].split(|byte| b"\"'\\&;,)}]<>|".contains(byte)).next()?;
    let start = sign + 1 + quotes;
    let secret = value.len() >= ASSIGNED_BYTES_MIN
        && value[0] != b'='
        && (value.iter().any(u8::is_ascii_digit) || value.len() >= 20)
        && !is_placeholder(value)
        && if value.iter().all(u8::is_ascii_digit) { number_by_name(name) } else { by_name(name) }
        && token::at(bytes, start).is_none();
    secret.then(|| start..start + value.len())
}

/// Whether somebody has put a variable, a mask or nothing where a secret would be.
fn is_placeholder(value: &[u8]) -> bool {
    match value {
        [] => true,
        [b'$' | b'{' | b'<' | b'[' | b'*', ..] => true,
        [b'%', b'{' | b's' | b'(', ..] => true,
        [first, rest @ ..] => rest.iter().all(|byte| byte == first) && b"xX.-_".contains(first),
    }
}

/// The credentials after `Bearer` or `Basic`, where the run is what follows.
fn after_scheme(bytes: &[u8], run: &Range<usize>, found: &mut Vec<Secret>) {
    let before = bytes[..run.start].trim_ascii_end();
    if before.len() == run.start || !matches!(before.last(), Some(b'r' | b'R' | b'c' | b'C')) {
        return;
    }
    let word = before.iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    let length = run::length(&bytes[run.clone()], &BEARER);
    let value = &bytes[run.start..run.start + length];
    let value = value.strip_suffix(b".").unwrap_or(value);
    let kind = if before[word..].eq_ignore_ascii_case(b"bearer") {
        let random = value.iter().any(u8::is_ascii_digit) && looks_random(value);
        (value.len() >= BEARER_BYTES_MIN && random).then_some("bearer_token")
    } else if before[word..].eq_ignore_ascii_case(b"basic") {
        holds_user_and_password(value).then_some("basic_auth")
    } else {
        None
    };
    if let Some(kind) = kind.filter(|_| token::at(bytes, run.start).is_none()) {
        found.push(Secret { kind, span: run.start..run.start + value.len() });
    }
}

fn holds_user_and_password(value: &[u8]) -> bool {
    let mut decoded = [0; 96];
    let Some(length) = base64::decode(value, &mut decoded) else { return false };
    let decoded = &decoded[..length];
    decoded.contains(&b':') && decoded.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte >= 0x80)
}

/// AWS secret access keys: exactly 40 letters of base64, mixed as only chance mixes them.
fn aws_secrets(bytes: &[u8], run: &Range<usize>, found: &mut Vec<Secret>) {
    let mut from = run.start;
    while let Some(span) = run::next(&bytes[..run.end], &BASE64, KEY_BYTES, from) {
        from = span.end;
        let attached_before = span.start > run.start && b"-_.%".contains(&bytes[span.start - 1]);
        let attached_after = span.end < run.end && b"=-_%".contains(&bytes[span.end]);
        if span.len() == KEY_BYTES && !attached_before && !attached_after && is_mixed(&bytes[span.clone()]) {
            found.push(Secret { kind: "aws_secret", span });
        }
    }
}

fn is_mixed(letters: &[u8]) -> bool {
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let mut counts = [0_usize; 4];
    letters.iter().for_each(|&byte| counts[class(byte)] += 1);
    let changes = letters.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    counts[0] >= 4 && counts[1] >= 4 && counts[2] >= 1 && counts[3] <= 6 && changes >= 14
}

/// Private keys in PEM, to their end mark or, where it was cut off, to the end of the text.
fn private_keys(text: &str, found: &mut Vec<Secret>) {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let mut from = 0;
    while let Some(start) = text[from..].find(BEGIN).map(|at| from + at) {
        let label_start = start + BEGIN.len();
        let Some(label) = text[label_start..].split_once("-----").map(|(label, _)| label) else { return };
        from = label_start + label.len();
        if !label.ends_with("PRIVATE KEY") && !label.ends_with("PRIVATE KEY BLOCK") {
            continue;
        }
        let end = match text[from..].find(END) {
            Some(at) => {
                let mark = from + at + END.len();
                text[mark..].find("-----").map_or(text.len(), |at| mark + at + 5)
            }
            None => text.len(),
        };
        found.push(Secret { kind: "private_key", span: start..end });
        from = end;
    }
}
