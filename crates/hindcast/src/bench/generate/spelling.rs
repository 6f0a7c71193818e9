//! How a drawn event becomes JSON, byte by byte; nothing that is written needs escaping.

use super::draw::{Draw, Random, Word, actor_id, target_id, target_type};
use super::vocabulary::{
    ACTIONS, CHANNELS, CLIENTS, COMMON_WORD, FAMILY_NAMES, GIVEN_NAMES, PLANS, QUEUES, RARE_WORD, SOURCES,
    WORDS,
};
use hindcast_event::Timestamp;
use std::ops::Range;

/// A description ends with the word that reaches such a length: it has 60 to 110 bytes.
const DESCRIPTION_BYTES: Range<u64> = 60..98;
/// A note ends likewise, which brings the metadata to about 180 bytes.
const NOTE_BYTES: Range<u64> = 36..66;

/// Appends an event as JSON, its members in the order people would write them.
pub(super) fn write_event(draw: Draw, out: &mut Vec<u8>) {
    let mut random = draw.random;
    let given = GIVEN_NAMES[draw.actor as usize % GIVEN_NAMES.len()];
    let family = FAMILY_NAMES[(draw.actor * 7 + draw.workspace * 11) as usize % FAMILY_NAMES.len()];

    push(out, r#"{"id":""#);
    push_uuid(out, draw.id);
    push(out, r#"","action":""#);
    push(out, ACTIONS[draw.action]);
    push(out, r#"","occurred_at":""#);
    Timestamp::from_micros(draw.occurred_at).write(out);

    push(out, r#"","actor":{"type":"user","id":""#);
    push(out, &actor_id(draw.workspace, draw.actor));
    push(out, r#"","name":""#);
    push(out, given);
    out.push(b' ');
    push(out, family);
    push(out, r#"","email":""#);
    push(out, family);
    push_number(out, u64::from(draw.actor));
    push(out, "@w");
    push_number(out, u64::from(draw.workspace));
    push(out, r#".test"},"targets":[{"type":""#);

    push(out, target_type(draw.target));
    push(out, r#"","id":""#);
    push(out, &target_id(draw.target));
    push(out, r#"","name":""#);
    // A thing is called the same every time it is met.
    let mut name = Random::of(u64::from(draw.target), 0);
    push_capitalised(out, name.of_list(&WORDS));
    out.push(b' ');
    push(out, name.of_list(&WORDS));
    push(out, r#""}],"outcome":{"result":""#);
    push(out, if draw.failed { "failure" } else { "success" });

    push(out, r#""},"context":{"ip":""#);
    push_address(out, draw.address);
    push(out, r#"","user_agent":""#);
    push(out, random.of_list(&CLIENTS));
    push(out, r#"","request_id":""#);
    let request = random.next();
    push_hex(out, request, 16);
    push(out, r#"","source":""#);
    push(out, random.of_list(&SOURCES));

    push(out, r#""},"description":""#);
    let length = DESCRIPTION_BYTES.start + random.below(DESCRIPTION_BYTES.end - DESCRIPTION_BYTES.start);
    let start = out.len();
    push(out, given);
    match draw.word {
        Word::None => {}
        Word::Common => push_word(out, COMMON_WORD),
        Word::Rare => push_word(out, RARE_WORD),
    }
    while out.len() - start < length as usize {
        push_word(out, random.of_list(&WORDS));
    }

    push(out, r#"","metadata":{"request_id":""#);
    push_hex(out, request, 16);
    push(out, r#"","channel":""#);
    push(out, random.of_list(&CHANNELS));
    push(out, r#"","plan":""#);
    push(out, random.of_list(&PLANS));
    push(out, r#"","queue":""#);
    push(out, random.of_list(&QUEUES));
    push(out, r#"","waited_seconds":"#);
    push_number(out, random.below(90_000));
    push(out, r#","note":""#);
    let length = NOTE_BYTES.start + random.below(NOTE_BYTES.end - NOTE_BYTES.start);
    let start = out.len();
    push_capitalised(out, random.of_list(&WORDS));
    while out.len() - start < length as usize {
        push_word(out, random.of_list(&WORDS));
    }
    push(out, r#""}}"#);
}

pub(super) fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn push_word(out: &mut Vec<u8>, word: &str) {
    out.push(b' ');
    push(out, word);
}

fn push_capitalised(out: &mut Vec<u8>, word: &str) {
    let start = out.len();
    push(out, word);
    out[start].make_ascii_uppercase();
}

pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(b'0' + (number % 10) as u8);
}

fn push_address(out: &mut Vec<u8>, address: [u8; 4]) {
    for (i, part) in address.into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        push_number(out, u64::from(part));
    }
}

fn push_hex(out: &mut Vec<u8>, number: u64, digits: u32) {
    for digit in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(number >> (digit * 4)) as usize & 15]);
    }
}

fn push_uuid(out: &mut Vec<u8>, id: u128) {
    let mut left = 128;
    for (i, digits) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if i > 0 {
            out.push(b'-');
        }
        left -= digits * 4;
        push_hex(out, (id >> left) as u64, digits);
    }
}
