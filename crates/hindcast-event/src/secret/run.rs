//! Finds long runs of one class of bytes while looking at few of them.
//!
//! A run of at least `min` bytes covers every `min`-th place at least once, so only those are probed
//! and most of an ordinary sentence is never read.

use std::ops::Range;

/// A set of bytes, as one flag for each.
pub(super) type Class = [bool; 256];

/// Printable ASCII without the space. Text in other scripts has no long runs of it.
pub(super) const VISIBLE: Class = class(b"!", b'!', b'~');
/// The letters of base64 with `+` and `/`.
pub(super) const BASE64: Class = alphanumeric(b"+/");
/// The letters of base64 with `-` and `_`.
pub(super) const BASE64_URL: Class = alphanumeric(b"-_");
/// Digits and what people put between them.
pub(super) const DIGITS: Class = class(b" -", b'0', b'9');
/// What a bearer token may hold.
pub(super) const BEARER: Class = alphanumeric(b"-._~+/=");

/// The bytes of a range and some more.
pub(super) const fn class(more: &[u8], from: u8, to: u8) -> Class {
    let mut flags = [false; 256];
    let mut byte = from;
    while byte <= to {
        flags[byte as usize] = true;
        byte += 1;
    }
    let mut at = 0;
    while at < more.len() {
        flags[more[at] as usize] = true;
        at += 1;
    }
    flags
}

const fn alphanumeric(more: &[u8]) -> Class {
    let mut flags = class(more, b'0', b'9');
    let mut byte = b'a';
    while byte <= b'z' {
        flags[byte as usize] = true;
        flags[byte.to_ascii_uppercase() as usize] = true;
        byte += 1;
    }
    flags
}

/// The next run of at least `min` bytes of the class that begins at `from` or later.
pub(super) fn next(bytes: &[u8], class: &Class, min: usize, from: usize) -> Option<Range<usize>> {
    let mut start = from;
    // Everything in start..known is already known to be in the class.
    let mut known = from;
    loop {
        let mut at = start + min - 1;
        if at >= bytes.len() {
            return None;
        }
        let probed = at + 1;
        loop {
            if !class[bytes[at] as usize] {
                start = at + 1;
                known = probed;
                break;
            }
            if at <= known {
                return Some(start..probed + length(&bytes[probed..], class));
            }
            at -= 1;
        }
        known = known.max(start);
    }
}

/// How many bytes at the beginning are in the class.
pub(super) fn length(bytes: &[u8], class: &Class) -> usize {
    bytes.iter().position(|&byte| !class[byte as usize]).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(text: &[u8], class: &Class, min: usize) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let long = length(&text[at..], class);
            if long >= min {
                runs.push(at..at + long);
            }
            at += long.max(1);
        }
        runs
    }

    proptest::proptest! {
        #[test]
        fn it_finds_the_same_runs_as_reading_every_byte(text in "[a-c ]{0,80}", min in 1_usize..14) {
            let bytes = text.as_bytes();
            let mut found = Vec::new();
            let mut from = 0;
            while let Some(run) = next(bytes, &VISIBLE, min, from) {
                from = run.end;
                found.push(run);
            }
            proptest::prop_assert_eq!(found, slow(bytes, &VISIBLE, min));
        }
    }
}
