//! Proof files of one entry, and what could be done to them.

use super::attacks::{Suite, good_range};
use super::workshop::{Form, Log, SIZE};

pub fn files(suite: &mut Suite) {
    suite.under("Proofs of one entry (.tlog-proof)");
    let log = Log::new();
    let good = log.proof(6, SIZE, Form::Open, |json| json);
    suite.file("VERIFIED", "nothing was done", good.clone());
    suite.file("UNREADABLE", "no key to verify with", good.clone()).key = None;
    suite.file("GAP", "values are closed, and a proof of one entry carries no notice", {
        log.proof(6, SIZE, Form::Erased, |json| json)
    });
    let opened = |from: &str, to: &str| log.proof(6, SIZE, Form::Open, |json| json.replacen(from, to, 1));
    for (name, file) in [
        ("a value is edited", opened("ticket.assigned", "ticket.removed")),
        ("the time is changed", opened("\"received_at_us\":1", "\"received_at_us\":2")),
        ("the opening has white space", opened(":", ": ")),
        ("the opening is of another version", opened("\"version\":1", "\"version\":2")),
        ("the opening knows more", opened("{\"version\"", "{\"x\":1,\"version\"")),
        ("the index is another", good.replace("\nindex 6\n", "\nindex 7\n")),
        ("the index is spelled otherwise", good.replace("\nindex 6\n", "\nindex 06\n")),
        ("the entry is left out", {
            let (before, after) = good.split_once("extra ").expect("an entry");
            format!("{before}{}", after.split_once('\n').expect("lines").1)
        }),
        ("a hash is missing", {
            let (before, after) = good.split_once("index 6\n").expect("a path");
            format!("{before}index 6\n{}", after.split_once('\n').expect("hashes").1)
        }),
        ("the checkpoint is one of another size", good.replace("\n13\n", "\n12\n")),
        ("it is signed by another key", Log::new().signed_by(0x66).proof(6, SIZE, Form::Open, |json| json)),
        ("line ends are those of Windows", good.replace('\n', "\r\n").replacen("\r\n", "\n", 1)),
    ] {
        assert_ne!(file, good, "{name}");
        suite.file("INVALID", name, file);
    }
    let mut other = Log::new();
    other.entries[0].sections[0].1 = r#"{"id":"mallory","type":"user"}"#.to_owned();
    let name = "history is rewritten with the key of the log, and a checkpoint of that size was kept";
    let rewritten = other.proof(6, SIZE, Form::Open, |json| json);
    suite.file("DIVERGED", name, rewritten).saved = Some(log.note(SIZE));
}

#[test]
fn two_heads_that_cannot_both_be_true_are_written_down_for_anybody_to_see() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::new();
    let mut other = Log::new();
    other.entries[4].sections[0].1 = r#"{"id":"mallory","type":"user"}"#.to_owned();
    std::fs::write(folder.path().join("e.auditbundle"), good_range(&other).tar()).expect("written");
    std::fs::write(folder.path().join("kept"), log.note(7)).expect("written");
    let mut verify = std::process::Command::new(env!("CARGO_BIN_EXE_hindcast"));
    verify
        .args(["verify", "e.auditbundle", "--saved", "kept", "--vkey", &log.key()])
        .current_dir(folder.path());
    let said = verify.output().expect("it runs");
    assert_eq!(said.status.code(), Some(30));
    assert!(said.stdout.starts_with(b"DIVERGED"), "{}", String::from_utf8_lossy(&said.stdout));
    let evidence =
        std::fs::read_to_string(folder.path().join("e.auditbundle.diverged.txt")).expect("evidence");
    for told in [log.note(7), other.seen_note(SIZE), log.key(), other.checkpoint(7).root().to_string()] {
        assert!(evidence.contains(&told), "{evidence}");
    }
}
