//! Real receivers: `tests/destinations/*.sh` start them, let these tests send, and read back what arrived.

use super::format::Format;
use super::guard::Guard;
use super::{Notary, Outgoing, Sender, Settings, Tried, kind};
use hindcast_event::Timestamp;
use hindcast_ledger::{Checkpoint, Note, Signer, VerifierKey, empty_root};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;

const ORIGIN: &str = "audit.example.com/w/acme/0";

/// Whoever sends in tests; may speak to this machine.
pub(crate) fn sender() -> Sender {
    Sender {
        workspace: "acme".parse().expect("an id"),
        host: "audit.example.com".to_owned(),
        destination: "d1".to_owned(),
        clock: Arc::new(|| Timestamp::from_micros(1_763_752_620_000_000)),
        guard: Arc::new(Guard::new(&["127.0.0.0/8".parse().expect("a network")])),
        notary: Arc::new(TestNotary),
        people: Arc::default(),
    }
}

/// What the notes of [`sender`] are verified with.
pub(super) fn key() -> VerifierKey {
    signer().verifier_key().clone()
}

fn signer() -> Signer {
    Signer::new(ORIGIN, &[7; 32]).expect("a key")
}

struct TestNotary;

impl Notary for TestNotary {
    fn checkpoint(&self) -> Option<String> {
        let checkpoint = Checkpoint::new(ORIGIN, 0, empty_root()).ok()?;
        Some(checkpoint.sign(&signer()).ok()?.to_string())
    }

    fn sign(&self, text: String) -> anyhow::Result<String> {
        Ok(Note::sign(text, &signer())?.to_string())
    }
}

/// An entry that was received at a time, in microseconds.
pub(super) fn made(index: u64, received_at: i64) -> Outgoing {
    let (at, text) = (Timestamp::from_micros(received_at), TEXTS[index as usize % TEXTS.len()]);
    let actions = ["role.updated", "user.signed_in", "conversation.read", "macro.applied", "no.such_thing"];
    let json = json!({
        "index": index, "id": format!("e-{index:06}"), "action": actions[index as usize % actions.len()],
        "occurred_at": at.to_string(), "received_at": at.to_string(),
        "actor": { "type": "user", "id": format!("u_{}", index % 7), "name": text, "email": "ada@example.com" },
        "targets": [{ "type": "role", "id": "r_5", "name": text }],
        "changes": [{ "path": "/name", "before": text, "after": index }],
        "outcome": { "result": if index.is_multiple_of(9) { "denied" } else { "success" } },
        "context": { "ip": "203.0.113.9", "user_agent": text, "request_id": format!("req_{index}") },
        "metadata": { "note": text, "count": index },
    });
    let Value::Object(json) = json else { unreachable!("it is an object") };
    Outgoing {
        index,
        id: format!("e-{index:06}"),
        occurred_at: at,
        received_at: at,
        bytes: Value::Object(json.clone()).to_string().len(),
        json,
        activity_log: Map::new(),
        attempt: 1,
        is_test: false,
    }
}

const TEXTS: [&str; 6] = [
    "Ada",
    "pipe | equals = bracket ] quote \" backslash \\",
    "one\ntwo\r\n\tthree",
    "👩‍💻 émoji 日本語",
    "\u{202e}txt.exe\u{202c} שלום",
    "<14>1 - - - - - - fake",
];

/// Sends to whatever `HINDCAST_PEERS` names: a folder with a file `NAME.json` for each, which says
/// `{"kind", "format", "settings", "entries"}`. What was sent lies in `sent.ndjson` then, and in every other spelling
/// beside it.
#[test]
#[ignore = "needs receivers: tests/destinations/*.sh start them"]
fn peers_are_sent_entries() {
    let folder = PathBuf::from(std::env::var("HINDCAST_PEERS").expect("HINDCAST_PEERS is set"));
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).expect("written");
    let mut told = 0;
    for file in std::fs::read_dir(&folder).expect("a folder") {
        let file = file.expect("a file").path();
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let peer: Value = serde_json::from_slice(&std::fs::read(&file).expect("read")).expect("JSON");
        let kind = kind::find(peer["kind"].as_str().expect("a kind")).expect("a known kind");
        let format = Format::parse(peer["format"].as_str().unwrap_or("native")).expect("a format");
        let settings = peer["settings"].as_object().expect("settings");
        let settings = Settings::checked(kind.fields, settings, &Settings::default()).expect("good settings");
        let mut sink = (kind.open)(&settings, format, &sender()).expect("opened");
        let entries: Vec<Outgoing> = (0..peer["entries"].as_u64().unwrap_or(500))
            .map(|index| made(index, 1_763_750_000_000_000 + index as i64 * 20_000_000))
            .collect();
        let tested = sink.test(&entries[0]);
        assert!(matches!(tested, Tried::Delivered(_)), "{}: {tested:?}", file.display());
        for batch in entries.chunks(sink.batch().entries_max.min(200)) {
            let tried = sink.send(batch);
            assert!(matches!(tried, Tried::Delivered(_)), "{}: {tried:?}", file.display());
        }
        told += 1;
    }
    let entries: Vec<Outgoing> =
        (0..500).map(|index| made(index, 1_763_750_000_000_000 + index as i64 * 20_000_000)).collect();
    for format in Format::ALL.iter().filter(|format| **format != Format::Intercom) {
        let lines: Vec<String> = entries.iter().map(|entry| format.line(entry, &sender())).collect();
        write(&format!("sent.{}", format.as_str()), lines.join("\n") + "\n");
    }
    write("key", format!("{}\n", key()));
    println!("{told} peers were sent entries");
}
