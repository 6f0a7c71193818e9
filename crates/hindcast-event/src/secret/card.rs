//! Recognises payment card numbers: the issuer's first digits, a length it uses, groups as people
//! write them, and the Luhn sum.

use std::ops::Range;

/// Digits in the longest card number.
const DIGITS_MAX: usize = 19;

/// Finds the card numbers within `run`, a run of digits, spaces and hyphens.
pub(super) fn find(bytes: &[u8], run: Range<usize>, mut found: impl FnMut(Range<usize>)) {
    let mut at = run.start;
    while at < run.end {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        match number_at(bytes, at, run.end).filter(|span| stands_alone(bytes, span)) {
            Some(span) => {
                at = span.end;
                found(span);
            }
            // On to the next group: "ref 12 4111 1111 1111 1111" begins with one of its own.
            None => at += bytes[at..run.end].iter().take_while(|byte| byte.is_ascii_digit()).count(),
        }
    }
}

/// The card number that begins at `start`, if one does.
fn number_at(bytes: &[u8], start: usize, end: usize) -> Option<Range<usize>> {
    let mut digits = [0_u8; DIGITS_MAX];
    let mut groups = [0_usize; 5];
    let (mut count, mut group) = (0, 0);
    let mut separator = None;
    let mut best = None;
    let mut at = start;
    while at < end {
        let byte = bytes[at];
        if byte.is_ascii_digit() {
            if count == DIGITS_MAX {
                break;
            }
            digits[count] = byte - b'0';
            count += 1;
            groups[group] += 1;
            let group_ends = bytes.get(at + 1).is_none_or(|next| !next.is_ascii_digit());
            if group_ends && grouped(&groups[..=group]) && is_card(&digits[..count]) {
                best = Some(start..at + 1);
            }
        } else {
            let follows = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            if !follows || *separator.get_or_insert(byte) != byte || group + 1 == groups.len() {
                break;
            }
            group += 1;
        }
        at += 1;
    }
    best
}

/// Whether people write card numbers in such groups.
fn grouped(groups: &[usize]) -> bool {
    matches!(
        groups,
        [13..=19]
            | [4, 4, 4, 4]
            | [4, 4, 4, 4, 1..=3]
            | [4, 6, 5]
            | [4, 6, 4]
            | [4, 3, 3, 3]
            | [8, 8]
            | [6, 10 | 13]
    )
}

/// Whether no letter, sign or path is attached that makes it another kind of number.
fn stands_alone(bytes: &[u8], span: &Range<usize>) -> bool {
    let before = span.start.checked_sub(1).map(|at| bytes[at]);
    let after = bytes.get(span.end).copied();
    let after_next = bytes.get(span.end + 1).copied();
    let part_of_more = |byte: u8| byte.is_ascii_alphanumeric() || b"_/#+-.@%".contains(&byte);
    let continues = match after {
        // A full stop may end the sentence; one before a digit does not.
        Some(b'.' | b'-') => after_next.is_some_and(|byte| byte.is_ascii_alphanumeric()),
        Some(byte) => byte.is_ascii_alphanumeric() || b"_/@%".contains(&byte),
        None => false,
    };
    let digits_before = span.start >= 2 && bytes[span.start - 1] == b' ' && bytes[span.start - 2] == b'+';
    !before.is_some_and(part_of_more) && !continues && !digits_before
}

fn is_card(digits: &[u8]) -> bool {
    has_issuer(digits) && digits.iter().any(|digit| *digit != digits[0]) && luhn(digits)
}

/// Whether an issuer has such first digits and numbers of such a length.
fn has_issuer(digits: &[u8]) -> bool {
    if digits.len() < 13 {
        return false;
    }
    let first = digits[..4].iter().fold(0_u16, |number, &digit| number * 10 + u16::from(digit));
    match first {
        4000..=4999 => matches!(digits.len(), 13 | 16 | 19),
        5100..=5599 | 2221..=2720 => digits.len() == 16,
        3400..=3499 | 3700..=3799 => digits.len() == 15,
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => digits.len() == 14,
        3528..=3589 | 6011 | 6440..=6599 | 6200..=6299 => (16..=19).contains(&digits.len()),
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => (16..=19).contains(&digits.len()),
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| match u32::from(digit) * if at % 2 == 1 { 2 } else { 1 } {
            doubled @ 10.. => doubled - 9,
            digit => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        find(text.as_bytes(), 0..text.len(), |span| found.push(&text[span]));
        found
    }

    #[test]
    fn numbers_of_every_large_issuer_are_found_in_every_usual_grouping() {
        for number in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "5555 5555 5555 4444",
            "2223003122003222",
            "3782 822463 10005",
            "30569309025904",
            "3056 930902 5904",
            "6011111111111117",
            "3530111333300000",
            "6200000000000005",
            "4222222222222",
        ] {
            assert_eq!(found(number), [number]);
        }
        assert_eq!(found("12 4111 1111 1111 1111 12"), ["4111 1111 1111 1111"]);
    }

    #[test]
    fn other_long_numbers_are_left_alone() {
        for number in [
            "4111111111111112",
            "1234567890123456",
            "4111 11111 111 1111",
            "4111-1111 1111-1111",
            "41111111111111110000",
            "0000000000000000",
            "4444444444444444",
        ] {
            assert_eq!(found(number), [""; 0], "{number}");
        }
    }
}
