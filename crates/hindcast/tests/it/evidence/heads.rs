//! What could be done to checkpoints and keys, and to the proofs that lead to them.

use super::attacks::{Suite, good_range};
use super::workshop::{Form, Log, ORIGIN, Parts, SIZE, witness};
use hindcast::bundle::Record;
use hindcast_ledger::{Hash, node_hash};

pub fn heads(suite: &mut Suite) {
    suite.under("Checkpoints and keys");
    let mallory = Log::new().signed_by(0x66);
    let mut shorter = mallory.range(3, 11, 11, |_| Form::Open);
    shorter.notices.clear();
    suite.file("INVALID", "the log is cut short and signed by another key", shorter.tar());
    suite.file("UNPINNED", "the same, and no key to compare with", shorter.tar()).key = None;
    let saved = suite.log.note(SIZE);
    let case = suite.file("INVALID", "the same, but a checkpoint was kept", shorter.tar());
    (case.key, case.saved) = (None, Some(saved.clone()));
    let mut rewritten = Log::new();
    rewritten.entries[4].sections[0].1 = r#"{"id":"mallory","type":"user"}"#.to_owned();
    let bundle = good_range(&rewritten).tar();
    suite.file(
        "VERIFIED",
        "history is rewritten with the key of the log, and nobody kept anything",
        bundle.clone(),
    );
    suite.file("DIVERGED", "the same, and a checkpoint of the same size was kept", bundle.clone()).saved =
        Some(saved);
    let (early, late) = (suite.log.note(7), suite.log.note(4));
    let name = "the same, and an older checkpoint was kept, of a size within the range";
    suite.file("DIVERGED", name, bundle.clone()).saved = Some(early);
    suite.file("VERIFIED", "the same, but it was kept before what was rewritten", bundle).saved = Some(late);
    let old = suite.log.range(3, 8, 8, |_| Form::Open).tar();
    let newer = suite.log.note(SIZE);
    let name = "an older bundle is handed out again; a newer checkpoint was kept, which cannot be compared";
    suite.file("VERIFIED", name, old).saved = Some(newer);
    let saved = Log::new().named("audit.example.com/w/other/0").note(SIZE);
    suite.range("INVALID", "the checkpoint that was kept is of another log", |_| ()).saved = Some(saved);
    suite.range("INVALID", "the checkpoint that was kept is an empty file", |_| ()).saved =
        Some(String::new());
    suite.range("INVALID", "bundle.json tells a larger size", |parts| parts.about.size += 1);
    suite.text("INVALID", "the checkpoint tells a larger size", "checkpoint", |note| {
        note.replace("\n13\n", "\n14\n")
    });
    suite.range("INVALID", "bundle.json tells another log", |parts| parts.about.origin.push('x'));
    let lookalike = Log::new().named(&ORIGIN.replace('a', "\u{430}")).signed_by(0x66);
    let bundle = good_range(&lookalike).tar();
    suite.file("INVALID", "the log has a name that only looks like ours", bundle.clone());
    suite.file("UNPINNED", "the same, and no key to compare with", bundle).key = None;
    suite.text("INVALID", "a bit of the signature is flipped", "checkpoint", |note| {
        let at = note.find(&format!("— {ORIGIN} ")).expect("a signature") + ORIGIN.len() + 40;
        let other = if &note[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &note[..at], &note[at + 1..])
    });
    suite.range("VERIFIED", "a stranger signed the checkpoint too", |parts| {
        parts.note.push_str("— stranger AAAAAP8=\n");
    });
    suite.range("INVALID", "only the witness signed it", |parts| {
        parts.note = parts
            .note
            .lines()
            .filter(|line| !line.starts_with(&format!("— {ORIGIN}")))
            .fold(String::new(), |note, line| note + line + "\n");
    });
    let case = suite.range("INVALID", "the time that a witness tells is changed", |parts| {
        let at = parts.note.rfind(' ').expect("a signature") + 1 + 8;
        let other = if &parts.note[at..=at] == "B" { "C" } else { "B" };
        parts.note.replace_range(at..=at, other);
    });
    case.witness = Some(witness().verifier_key().to_string());
    suite.range("INVALID", "the signature is spelled with S + L, which lax verifiers accept", |parts| {
        parts.note = malleable(&parts.note);
    });
}

/// The same note, its first signature with the order of the group added to S.
fn malleable(note: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let line = note.lines().find(|line| line.starts_with('—')).expect("a signature");
    let (head, signature) = line.rsplit_once(' ').expect("a signature");
    let mut bytes = STANDARD.decode(signature).expect("base64");
    let mut carry = 0;
    for (byte, order) in bytes[36..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    note.replace(line, &format!("{head} {}", STANDARD.encode(bytes)))
}

pub fn proofs(suite: &mut Suite) {
    suite.under("Proofs of a range");
    fn sides(parts: &mut Parts) -> &mut hindcast::bundle::Sides {
        parts.sides.as_mut().expect("a range")
    }
    suite.range("INVALID", "a hash too many", |parts| {
        let extra = sides(parts).left[0].clone();
        sides(parts).right.push(extra);
    });
    suite.range("INVALID", "a hash too few", |parts| drop(sides(parts).left.pop()));
    suite.range("INVALID", "another hash", |parts| {
        sides(parts).left[0] = Hash::from_bytes([7; 32]).to_string();
    });
    suite.range("INVALID", "left and right are swapped", |parts| {
        let both = sides(parts);
        std::mem::swap(&mut both.left, &mut both.right);
    });
    suite.range("INVALID", "there is none", |parts| parts.sides = None);
    suite.range("INVALID", "a node of the tree is passed off as a leaf", |parts| {
        let log = Log::new();
        let node = node_hash(&log.leaf(4), &log.leaf(5));
        parts.records.drain(1..3);
        parts.records.insert(1, Record { index: 4, leaf: Some(node.to_hex()), ..Record::default() });
        *parts = parts.clone().counted();
    });
}

pub fn filtered(suite: &mut Suite) {
    suite.under("Entries with a path of their own");
    fn path(parts: &mut Parts) -> &mut Vec<String> {
        parts.records[0].path.as_mut().expect("a path")
    }
    suite.filtered("INVALID", "another hash in a path", |parts| path(parts).swap(0, 1));
    suite.filtered("INVALID", "a hash too many in a path", |parts| {
        let extra = path(parts)[0].clone();
        path(parts).push(extra);
    });
    suite.filtered("INVALID", "a hash too few in a path", |parts| drop(path(parts).pop()));
    suite.filtered("INVALID", "the place of an entry is changed", |parts| parts.records[0].index = 5);
    suite.filtered("INVALID", "an entry is outside of what bundle.json says", |parts| parts.about.from = 5);
    suite.filtered("INVALID", "an entry is withheld", |parts| {
        parts.records[0] = Log::new().with_path(4, SIZE, Form::Withheld);
        *parts = parts.clone().counted();
    });
    suite.filtered("INVALID", "an entry is gone", |parts| {
        parts.records[0] = Log::new().with_path(4, SIZE, Form::Gone);
        *parts = parts.clone().counted();
    });
    suite.filtered("INVALID", "an entry is left out", |parts| drop(parts.records.remove(1)));
    suite.filtered("VERIFIED", "the same, and counted: that these are all is never shown", |parts| {
        parts.records.remove(1);
        *parts = parts.clone().counted();
    });
    suite.filtered("GAP", "values are taken out", |parts| {
        parts.records[1] = Log::new().with_path(6, SIZE, Form::Erased);
    });
}
