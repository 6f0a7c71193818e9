//! Attacks with a name. The table of them, `docs/attacks.md`, is written by this test.

use super::workshop::{ERASURE, EXPIRY, Form, Log, Parts, SIZE, tar, witness};
use super::{Case, forms, heads, ours, theirs};
use hindcast::bundle::{Record, Section};
use std::path::PathBuf;

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
    pub fn range(&mut self, verdict: &'static str, name: &str, change: impl FnOnce(&mut Parts)) -> &mut Case {
        let mut parts = good_range(&self.log);
        change(&mut parts);
        self.file(verdict, name, parts.tar())
    }

    /// The good filtered bundle, changed.
    pub fn filtered(&mut self, verdict: &'static str, name: &str, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.log.filtered(&[4, 6, 12], SIZE);
        change(&mut parts);
        self.file(verdict, name, parts.tar());
    }

    /// The text of a member of the good range, changed.
    pub fn text(
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
    heads::heads(&mut suite);
    heads::proofs(&mut suite);
    heads::filtered(&mut suite);
    forms::spellings(&mut suite);
    forms::tars(&mut suite);
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
        Each line is a test (`crates/hindcast/tests/it/evidence/`): both verifiers, `hindcast verify` and\n\
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
    let file = PathBuf::from("../../docs/attacks.md");
    if std::env::var_os("HINDCAST_BLESS").is_some() {
        std::fs::write(&file, &table).expect("written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == table,
        "docs/attacks.md is not what the attacks are now: run this with HINDCAST_BLESS=1"
    );
}
