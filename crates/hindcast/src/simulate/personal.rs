//! Personal data in texts: addresses of e-mail, telephone numbers, numbers of cards and accounts. It is looked for where an
//! agent replies, and masked where somebody wants the agent not to see it. Names are not found, but for the customer's own.

use crate::history::Conversation;
use std::ops::Range;

/// Stands where something is not shown.
const MASKED: &str = "[masked]";
/// A number that begins with a plus is one of a telephone from so many digits on.
const TELEPHONE_DIGITS_MIN: usize = 8;
/// Any number is one of a card or an account from so many digits on.
const ACCOUNT_DIGITS_MIN: usize = 13;
/// Names shorter than this are words as well.
const NAME_CHARS_MIN: usize = 3;

/// Where personal data is in a text, in order.
pub(super) fn found(text: &str) -> Vec<Range<usize>> {
    let mut all = addresses(text);
    all.extend(numbers(text));
    all.sort_by_key(|range| (range.start, range.end));
    all.dedup_by(|next, before| next.start < before.end);
    all
}

/// How much of it is in a reply and in nothing that the agent was shown.
pub(super) fn told(reply: &str, shown: &[&str]) -> u32 {
    let is_new = |range: &Range<usize>| !shown.iter().any(|text| text.contains(&reply[range.clone()]));
    u32::try_from(found(reply).iter().filter(|range| is_new(range)).count()).unwrap_or(u32::MAX)
}

/// The conversation as an agent sees it that is to see nothing personal.
pub(super) fn masked(mut conversation: Conversation) -> Conversation {
    let customer = conversation.customer.take().unwrap_or_default();
    let names: Vec<String> = [customer.name, customer.email]
        .into_iter()
        .flatten()
        .filter(|name| name.chars().count() >= NAME_CHARS_MIN)
        .collect();
    let mask = |text: &mut String| {
        for name in &names {
            *text = text.replace(name.as_str(), MASKED);
        }
        for range in found(text).into_iter().rev() {
            text.replace_range(range, MASKED);
        }
    };
    conversation.subject.iter_mut().for_each(mask);
    conversation.messages.iter_mut().for_each(|message| mask(&mut message.text));
    conversation.customer =
        Some(crate::history::Customer { tier: customer.tier, ..crate::history::Customer::default() });
    conversation
}

fn addresses(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let is_local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let around = |at: usize| {
        let start = at - bytes[..at].iter().rev().take(64).take_while(|byte| is_local(byte)).count();
        let mut end = at + 1 + bytes[at + 1..].iter().take(255).take_while(|byte| is_host(byte)).count();
        // A dot at the end ends the sentence.
        while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
            end -= 1;
        }
        let is_one = start < at && bytes[at + 1..end].iter().skip(1).any(|byte| *byte == b'.');
        is_one.then_some(start..end)
    };
    memchr::memchr_iter(b'@', bytes).filter_map(around).collect()
}

fn numbers(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let (mut end, mut digits, mut next) = (at, 0, at);
        while next < bytes.len() {
            match bytes[next] {
                b'0'..=b'9' => {
                    digits += 1;
                    end = next + 1;
                }
                // One sign between groups of digits, such as in 4111 1111 1111 1111.
                b' ' | b'-' | b'(' | b')' | b'/' if next - end < 2 => {}
                _ => break,
            }
            next += 1;
        }
        let has_plus = at > 0 && bytes[at - 1] == b'+';
        if digits >= ACCOUNT_DIGITS_MIN || has_plus && digits >= TELEPHONE_DIGITS_MIN {
            found.push(at - usize::from(has_plus)..end);
        }
        at = next.max(at + 1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        found(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn addresses_and_long_numbers_are_found() {
        assert_eq!(texts("Write to ana.ito+1@shop.example. Thanks"), ["ana.ito+1@shop.example"]);
        assert_eq!(
            texts("Call +49 (171) 123-4567 or 4111 1111 1111 1111."),
            ["+49 (171) 123-4567", "4111 1111 1111 1111"]
        );
        assert!(texts("Order 12345678 of 2026-11-21 10:00, @ana, a@b, ünï@").is_empty());
    }

    #[test]
    fn what_the_customer_wrote_themselves_is_not_told() {
        assert_eq!(told("Sent to ana@x.example and bob@x.example", &["I am ana@x.example"]), 1);
    }
}
