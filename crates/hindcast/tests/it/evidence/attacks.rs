//! Attacks with a name. The table of them, `docs/attacks.md`, is written by this test.

use super::workshop::{ERASURE, EXPIRY, Form, Log, ORIGIN, Parts, SIZE, header, tar, witness};
use super::{Case, ours, theirs};
use hindcast::bundle::{Record, Section};
use hindcast_ledger::{Hash, node_hash};
use std::path::Path;

/// Cases under headings.
pub struct Suite {
    pub log: Log,
    heading: &'static str,
    cases: Vec<(&'static str, Case)>,
}

impl Suite {
    fn new() -> Self {
        Self { log: Log::new(), heading: "", cases: Vec::new() }
    }

    pub fn under(&mut self, heading: &'static str) {
        self.heading = heading;
    }

    /// A file as it is, under the pinned key.
    pub fn file(&mut self, verdict: &'static str, name: &str, file: impl Into<Vec<u8>>) -> &mut Case {
        let (name, file, key) = (name.to_owned(), file.into(), Some(self.log.key()));
        self.cases.push((self.heading, Case { name, file, key, witness: None, saved: None, verdict }));
        &mut self.cases.last_mut().expect("just put there").1
    }

    /// The good range, changed.
    fn range(&mut self, verdict: &'static str, name: &str, change: impl FnOnce(&mut Parts)) -> &mut Case {
        let mut parts = good_range(&self.log);
        change(&mut parts);
        self.file(verdict, name, parts.tar())
    }

    /// The good filtered bundle, changed.
    fn filtered(&mut self, verdict: &'static str, name: &str, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.log.filtered(&[4, 6, 12], SIZE);
        change(&mut parts);
        self.file(verdict, name, parts.tar());
    }

    /// The text of a member of the good range, changed.
    fn text(
        &mut self,
        verdict: &'static str,
        name: &str,
        member: &str,
        change: impl FnOnce(String) -> String,
    ) {
        let mut members = good_range(&self.log).members();
        let (_, bytes) = members.iter_mut().find(|(known, _)| known == member).expect("a member");
        let before = String::from_utf8(bytes.clone()).expect("UTF-8");
        let after = change(before.clone());
        assert_ne!(before, after, "{name}: nothing was changed");
        *bytes = after.into_bytes();
        self.file(verdict, name, tar(&members));
    }
}

/// Entries 3 to 12: 7 is withheld, and the values of 5 are erased, which notice 9 says.
pub fn good_range(log: &Log) -> Parts {
    log.range(3, SIZE, SIZE, |index| match index {
        5 => Form::Erased,
        7 => Form::Withheld,
        _ => Form::Open,
    })
}

/// What both verifiers are asked.
fn suite() -> Suite {
    let mut suite = Suite::new();
    nothing_is_wrong(&mut suite);
    contents(&mut suite);
    places(&mut suite);
    absence(&mut suite);
    notices(&mut suite);
    heads(&mut suite);
    proofs(&mut suite);
    filtered(&mut suite);
    spellings(&mut suite);
    tars(&mut suite);
    super::proofs::files(&mut suite);
    suite
}

fn nothing_is_wrong(suite: &mut Suite) {
    suite.under("Nothing was done");
    suite.range("VERIFIED", "a complete range, under the pinned key", |_| ());
    suite.range("UNPINNED", "a complete range, and no key to compare with", |_| ()).key = None;
    suite.filtered("VERIFIED", "what a query found, each with its proof", |_| ());
    let expired = suite.log.range(0, SIZE, SIZE, |index| if index < 3 { Form::Gone } else { Form::Open });
    suite.file("VERIFIED", "a range whose oldest entries expired, which a notice says", expired.tar());
    let case = suite.range("VERIFIED", "a witness saw the checkpoint", |_| ());
    case.witness = Some(witness().verifier_key().to_string());
    let saved = suite.log.note(8);
    suite.range("VERIFIED", "an older checkpoint was kept, and fits", |_| ()).saved = Some(saved);
    suite.range("VERIFIED", "a file of somebody else (an anchor) came along, and is listed", |parts| {
        parts.anchors.push(("anchors/tsa.tsr".to_owned(), vec![0xff; 600]));
        parts.about.anchors.push("anchors/tsa.tsr".to_owned());
    });
    suite.file("VERIFIED", "an empty range", Log::new().range(4, 4, SIZE, |_| Form::Open).tar());
}

fn contents(suite: &mut Suite) {
    suite.under("What an entry says");
    suite.range("INVALID", "a value is edited", |parts| {
        parts.sections(0)[0].value = Some(r#"{"id":"mallory","type":"user"}"#.to_owned());
    });
    suite.range("INVALID", "a section is renamed", |parts| {
        parts.sections(0)[4].name = Some("meta:grout".to_owned());
    });
    suite.range("INVALID", "a salt is changed", |parts| {
        parts.sections(0)[0].salt = Some("00".repeat(16));
    });
    suite.range("INVALID", "the salts of two sections are swapped", |parts| {
        let salts = [0, 1].map(|nth: usize| parts.sections(0)[nth].salt.clone());
        let [first, second] = salts;
        (parts.sections(0)[0].salt, parts.sections(0)[1].salt) = (second, first);
    });
    suite.range("INVALID", "a value is moved to another section", |parts| {
        let value = parts.sections(0)[4].value.clone();
        parts.sections(0)[5].value = value;
    });
    suite.range("INVALID", "a section is moved to another entry", |parts| {
        let section = parts.sections(1)[0].clone();
        parts.sections(0)[0] = section;
    });
    suite.range("INVALID", "two sections change places", |parts| parts.sections(0).swap(0, 1));
    suite.range("INVALID", "a section is left out", |parts| drop(parts.sections(0).remove(4)));
    suite.range("INVALID", "a section is added", |parts| {
        let added = Section { name: Some("zzz".to_owned()), ..parts.sections(0)[0].clone() };
        parts.sections(0).push(added);
    });
    suite.range("INVALID", "the name borrows a letter from its value", |parts| {
        let section = &mut parts.sections(0)[4];
        section.name = Some("meta:group\"".to_owned());
        section.value = section.value.as_ref().map(|value| value[1..].to_owned());
    });
    suite.range("INVALID", "the time of an entry is changed", |parts| {
        parts.records[0].received_at_us = parts.records[0].received_at_us.map(|time| time + 1);
    });
    suite.range("INVALID", "an entry is made one of the server's own (its kind is changed)", |parts| {
        parts.records[0].kind = Some(1);
    });
    suite.range("INVALID", "what is withheld is made another entry", |parts| {
        parts.records[4].body = Some("00".repeat(32));
    });
}

fn places(suite: &mut Suite) {
    suite.under("Which entries there are");
    suite.range("INVALID", "two entries change places", |parts| parts.records.swap(0, 1));
    suite.range("INVALID", "two entries change their indexes", |parts| {
        parts.records.swap(0, 1);
        (parts.records[0].index, parts.records[1].index) = (3, 4);
    });
    suite.range("INVALID", "an entry is left out", |parts| drop(parts.records.remove(3)));
    suite.range("INVALID", "an entry is left out, and the counts say so", |parts| {
        parts.records.remove(3);
        *parts = parts.clone().counted();
    });
    suite.range("INVALID", "the last entry is left out, and the range ends before it", |parts| {
        parts.records.pop();
        parts.about.until -= 1;
        *parts = parts.clone().counted();
    });
    suite.range("INVALID", "the first entry is left out, and the range begins after it", |parts| {
        parts.records.remove(0);
        parts.about.from += 1;
        *parts = parts.clone().counted();
    });
    suite.range("INVALID", "an entry is there twice", |parts| {
        parts.records.insert(1, parts.records[0].clone());
        *parts = parts.clone().counted();
    });
    suite.range("INVALID", "an entry is made up and put in between", |parts| {
        let forged = Record { index: 5, ..parts.records[0].clone() };
        parts.records.insert(2, forged);
        *parts = parts.clone().counted();
    });
    let mut other = Log::new().named("audit.example.com/w/other/0");
    other.entries[4].sections[0].1 = r#"{"id":"u_other","type":"user"}"#.to_owned();
    suite.range("INVALID", "an entry of another workspace takes the place of one", |parts| {
        parts.records[1] = other.record(4, Form::Open);
    });
    suite.file("INVALID", "the whole bundle is one of another workspace", good_range(&other).tar());
    let mut back = Log::new();
    back.entries[8].time = back.entries[7].time - 1;
    suite.file("INVALID", "the log itself lets time run backwards", good_range(&back).tar());
    suite.range(
        "VERIFIED",
        "an entry is withheld and counted as such: it is seen that it is there",
        |parts| {
            parts.records[0] = Log::new().record(3, Form::Withheld);
            *parts = parts.clone().counted();
        },
    );
    suite.range("INVALID", "an entry is withheld, and not counted", |parts| {
        parts.records[0] = Log::new().record(3, Form::Withheld);
    });
}

fn absence(suite: &mut Suite) {
    suite.under("What is missing");
    suite.range("GAP", "values are taken out, and no notice says so", |parts| {
        parts.records[3] = Log::new().record(6, Form::Erased);
    });
    suite.range("GAP", "an entry is taken out but for its hash, and no notice says so", |parts| {
        parts.records[3] = Log::new().record(6, Form::Gone);
        *parts = parts.clone().counted();
    });
    suite.range("VERIFIED", "the same, of an entry that a notice of erasure names", |parts| {
        parts.records[2] = Log::new().record(5, Form::Gone);
        *parts = parts.clone().counted();
    });
    suite.range(
        "INVALID",
        "values are taken out and said to be hidden, while other entries show theirs",
        |parts| {
            parts.records[3] = Log::new().record(6, Form::Erased);
            parts.about.closed = vec!["metadata".to_owned()];
        },
    );
    suite.range(
        "GAP",
        "values are taken out under the name of a hidden field that has no such values",
        |parts| {
            parts.about.closed = vec!["session".to_owned()];
            parts.records = (3..SIZE).map(closed_context).collect();
            *parts = parts.clone().counted();
        },
    );
    suite.range("INVALID", "hidden fields are named twice, or are none", |parts| {
        parts.about.closed = vec!["everything".to_owned()];
    });
}

/// An entry whose context is closed for a hidden field, and of entry 6 the metadata too.
fn closed_context(index: u64) -> Record {
    let log = Log::new();
    let mut record = log.record(index, if matches!(index, 5 | 6) { Form::Erased } else { Form::Open });
    let sections = record.sections.as_mut().expect("open");
    for section in sections.iter_mut().filter(|section| section.name.as_deref() == Some("context")) {
        let (salt, value) = (section.salt.clone().expect("open"), section.value.clone().expect("open"));
        let salt: Vec<u8> =
            (0..16).map(|at| u8::from_str_radix(&salt[2 * at..2 * at + 2], 16).expect("hex")).collect();
        let salt = salt.try_into().expect("16 bytes");
        let digest = hindcast_ledger::commitment::digest(&salt, "context", value).to_hex();
        *section = Section { name: Some("context".to_owned()), digest: Some(digest), ..Section::default() };
    }
    record
}

fn notices(suite: &mut Suite) {
    suite.under("Notices");
    suite.range("GAP", "the notice of an erasure is left out", |parts| drop(parts.notices.remove(0)));
    let expired =
        |log: &Log| log.range(0, SIZE, SIZE, |index| if index < 3 { Form::Gone } else { Form::Open });
    let mut without = expired(&suite.log);
    without.notices.pop();
    suite.file("GAP", "the notice of an expiry is left out", without.tar());
    let mut log = Log::new();
    let (last, time) = (log.commitment(5), log.entries[5].time);
    log.notice(ERASURE, 3, "[[5,6]]", Some((&last, time)));
    suite.file("GAP", "a notice of expiry is to explain that values were taken out", good_range(&log).tar());
    suite.range("INVALID", "a notice is made up", |parts| {
        let sections = parts.notices[0].sections.as_mut().expect("open");
        sections[1].value = Some("[[3,9]]".to_owned());
    });
    let mut other = Log::new().named("audit.example.com/w/other/0");
    other.notice(ERASURE, 2, "[[5,7]]", None);
    suite.range("INVALID", "a notice of another log is put in", |parts| {
        parts.notices[0] = other.with_path(ERASURE, SIZE, Form::Open);
    });
    suite.range("INVALID", "an entry that is no notice is put in as one", |parts| {
        parts.notices.insert(0, Log::new().with_path(4, SIZE, Form::Open));
    });
    suite.range("INVALID", "a notice does not show what it covers", |parts| {
        parts.notices[0] = {
            let mut log = Log::new();
            log.entries[ERASURE as usize].sections.truncate(1);
            log.with_path(ERASURE, SIZE, Form::Open)
        };
    });
    for (name, covers) in [
        ("a notice speaks of what came after it", "[[9,11]]"),
        ("a notice covers nothing", "[]"),
        ("a notice counts backwards", "[[6,5]]"),
        ("a notice spells what it covers otherwise", "[[5, 6]]"),
    ] {
        let mut log = Log::new();
        log.notice(ERASURE, 2, covers, None);
        suite.file("INVALID", &format!("{name}, signed by the log itself"), good_range(&log).tar());
    }
    let mut log = Log::new();
    let (last, time) = (log.commitment(2), log.entries[2].time);
    log.notice(EXPIRY, 3, "[[0,3]]", Some((&last, time - 1)));
    suite.file("INVALID", "a notice of expiry covers what is younger than it says", expired(&log).tar());
    let mut log = Log::new();
    let last = log.commitment(1);
    log.notice(EXPIRY, 3, "[[0,3]]", Some((&last, time)));
    suite.file("INVALID", "a notice of expiry calls an older entry its last", expired(&log).tar());
}

fn heads(suite: &mut Suite) {
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

fn proofs(suite: &mut Suite) {
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

fn filtered(suite: &mut Suite) {
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

fn spellings(suite: &mut Suite) {
    suite.under("Spellings that two programs could read differently");
    let records = "records.jsonl";
    suite.text("INVALID", "a member is there twice", records, |text| {
        text.replacen("{\"index\":3,", "{\"index\":4,\"index\":3,", 1)
    });
    suite.text("INVALID", "white space", records, |text| text.replacen("{\"index\":3,", "{\"index\": 3,", 1));
    suite.text("INVALID", "members in another order", records, |text| {
        text.replacen("{\"index\":3,\"kind\":0,", "{\"kind\":0,\"index\":3,", 1)
    });
    suite.text("INVALID", "a list instead of an object", records, |text| {
        let (first, rest) = text.split_once('\n').expect("lines");
        let first: serde_json::Value = serde_json::from_str(first).expect("JSON");
        let list = serde_json::json!([
            first["index"],
            first["kind"],
            first["received_at_us"],
            first["sections"],
            null,
            null,
            null
        ]);
        format!("{list}\n{rest}")
    });
    suite.text("INVALID", "a member that nobody knows", records, |text| {
        text.replacen("{\"index\":3,", "{\"x\":1,\"index\":3,", 1)
    });
    suite.text("INVALID", "a member that is null", records, |text| {
        text.replacen("}]}\n", "}],\"path\":null}\n", 1)
    });
    for (name, number) in [("3.0", "3.0"), ("0.3e1", "0.3e1"), ("03", "03"), ("+3", "+3"), ("true", "true")] {
        suite.text("INVALID", &format!("a number spelled {name}"), records, |text| {
            text.replacen("{\"index\":3,", &format!("{{\"index\":{number},"), 1)
        });
    }
    suite.text("INVALID", "an escape that is not needed", records, |text| {
        text.replacen("action", "\\u0061ction", 1)
    });
    suite.text("INVALID", "half a character", records, |text| text.replacen("action", "\\ud800", 1));
    suite.text("INVALID", "hexadecimal in capitals", records, |text| {
        let at = text.find("\"salt\":\"").expect("a salt") + 8;
        format!("{}{}{}", &text[..at], text[at..at + 32].to_uppercase(), &text[at + 32..])
    });
    suite.text("INVALID", "base64 without its end", "proof.json", |text| text.replacen('=', "", 1));
    suite.text("INVALID", "base64 with bits left over", "proof.json", |text| {
        let at = text.find('=').expect("base64") - 1;
        let next = char::from(text.as_bytes()[at] + 1);
        format!("{}{next}{}", &text[..at], &text[at + 1..])
    });
    suite.text("INVALID", "a size beyond all logs", "bundle.json", |text| {
        text.replacen("\"size\":13", "\"size\":9223372036854775808", 1)
    });
    suite.text("INVALID", "the last line does not end", records, |text| text.trim_end().to_owned());
    suite.text("INVALID", "an empty line", records, |text| text + "\n");
    suite.text("INVALID", "a line with a carriage return", records, |text| text.replacen('\n', "\r\n", 1));
    suite.text("INVALID", "a mark of byte order", "bundle.json", |text| format!("\u{feff}{text}"));
    suite.text("INVALID", "the key does not end its line", "vkey", |text| text.trim_end().to_owned());
    suite.text("INVALID", "a format of another version", "bundle.json", |text| {
        text.replacen("bundle/1", "bundle/2", 1)
    });
}

fn tars(suite: &mut Suite) {
    suite.under("The tar");
    let members = good_range(&suite.log).members();
    let good = tar(&members);
    let change = |change: fn(&mut Vec<(String, Vec<u8>)>)| {
        let mut members = members.clone();
        change(&mut members);
        tar(&members)
    };
    suite.file("INVALID", "a member is there twice", change(|members| members.insert(3, members[2].clone())));
    suite.file("INVALID", "members in another order", change(|members| members.swap(3, 4)));
    suite.file(
        "INVALID",
        "a member that nobody knows",
        change(|members| {
            members.insert(5, ("extra.txt".to_owned(), b"x".to_vec()));
        }),
    );
    suite.file(
        "INVALID",
        "a member beside the bundle (../x)",
        change(|members| {
            members.insert(5, ("../x".to_owned(), b"x".to_vec()));
        }),
    );
    suite.file(
        "INVALID",
        "an anchor that is not listed",
        change(|members| {
            members.insert(5, ("anchors/x".to_owned(), b"x".to_vec()));
        }),
    );
    suite.file("INVALID", "a member is missing", change(|members| drop(members.remove(4))));
    suite.file("INVALID", "something stands behind the end", [good.clone(), vec![0; 512]].concat());
    suite.file("INVALID", "the end is missing", good[..good.len() - 1024].to_vec());
    suite.file("INVALID", "the file is cut off", good[..good.len() / 2].to_vec());
    let at = 512 + members[0].1.len();
    let hiding: Vec<u8> =
        good.iter().enumerate().map(|(n, byte)| if n == at { b'x' } else { *byte }).collect();
    suite.file("INVALID", "something hides behind a member", hiding);
    let headed = |change: &dyn Fn(&mut [u8])| {
        let mut tar = good.clone();
        let at = 512 + members[0].1.len().next_multiple_of(512);
        tar[at..at + 512].copy_from_slice(&header("verify.py", members[1].1.len(), |block| change(block)));
        tar
    };
    assert_eq!(headed(&|_| ()), good);
    suite.file("INVALID", "a member is a link", headed(&|block| block[156] = b'2'));
    suite.file("INVALID", "a member has an extended header", headed(&|block| block[156] = b'x'));
    suite.file("INVALID", "a name has a prefix", headed(&|block| block[345] = b'a'));
    suite.file("INVALID", "a size is binary", headed(&|block| block[124] = 0x80));
    suite.file("INVALID", "a member has an owner", headed(&|block| block[114] = b'1'));
    let mut damaged = good.clone();
    damaged[148] ^= 1;
    suite.file("INVALID", "a checksum is wrong", damaged);
    suite.file("UNREADABLE", "the file is something else", "just text\n");
    suite.file("UNREADABLE", "the file is empty", "");
}

#[test]
fn every_attack_gets_its_verdict_from_both_verifiers() {
    let suite = suite();
    let mut wrong = Vec::new();
    for (heading, case) in &suite.cases {
        let said = ours(case);
        if said != case.verdict {
            wrong.push(format!("{heading}: {}: {said} instead of {}", case.name, case.verdict));
        }
    }
    let (headings, cases): (Vec<_>, Vec<_>) = suite.cases.into_iter().unzip();
    for (case, said) in cases.iter().zip(theirs(&cases).into_iter().flatten()) {
        if said != case.verdict {
            wrong.push(format!("in Python: {}: {said} instead of {}", case.name, case.verdict));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    told(&headings, &cases);
}

/// The table is as it is committed, or is written anew when HINDCAST_BLESS is set.
fn told(headings: &[&str], cases: &[Case]) {
    let mut table = "# Attacks on evidence, and what the verifiers say\n\n\
        Each line is a test (`crates/hindcast/tests/it/evidence/attacks.rs`): both verifiers, `hindcast verify` and\n\
        `verify/verify.py`, give this verdict. Unless it says otherwise, the verifier knows the key of the log. What the words\n\
        mean is told in [verify.md](verify.md).\n"
        .to_owned();
    let mut before = "";
    for (heading, case) in headings.iter().zip(cases) {
        if *heading != before {
            table.push_str(&format!("\n## {heading}\n\n| what was done | verdict |\n| --- | --- |\n"));
            before = heading;
        }
        table.push_str(&format!("| {} | {} |\n", case.name, case.verdict));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/attacks.md");
    if std::env::var_os("HINDCAST_BLESS").is_some() {
        std::fs::write(&file, &table).expect("written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == table,
        "docs/attacks.md is not what the attacks are now: run this with HINDCAST_BLESS=1"
    );
}
