//! What a ledger promises, told from outside. Every story ends by reading it all back.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp, push_record};
use hindcast_ledger::journal::{JournalError, Sealed, SqliteJournal};
use hindcast_ledger::{
    AppendError, Appended, Batch, Config, Cosigner, IdempotencyKey, Ledger, Note, Observer, OpenError,
    ReadError, Verifier, WorkspaceId, leaf_of, open_note, verify_consistency, verify_inclusion,
};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Remembers what it hears.
#[derive(Default)]
struct Witness {
    entries: Mutex<Vec<Arc<Entries>>>,
}

impl Observer for Witness {
    fn sequenced(&self, _: &WorkspaceId, entries: Arc<Entries>) {
        self.entries.lock().expect("not poisoned").push(entries);
    }

    fn published(&self, _: &WorkspaceId, _: u64, _: &str) {}

    fn stopped(&self, error: &JournalError) {
        panic!("{error}");
    }

    fn unguarded(&self, error: &std::io::Error) {
        panic!("{error}");
    }
}

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<AtomicI64>,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), clock: Arc::new(AtomicI64::new(1_000_000)) }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn try_open(&self) -> Result<(Ledger, Arc<Witness>), OpenError> {
        let witness = Arc::new(Witness::default());
        Ok((self.try_open_with(witness.clone())?, witness))
    }

    fn try_open_with(&self, observer: Arc<dyn Observer>) -> Result<Ledger, OpenError> {
        let clock = self.clock.clone();
        std::fs::create_dir_all(self.path().join("data")).expect("a folder");
        let journal = Arc::new(SqliteJournal::open(&self.path().join("data/ledger.db"))?);
        let config = Config {
            name: "audit.example.com".to_owned(),
            hashes: self.path().join("data/hashes"),
            evidence: self.path().join("signed"),
            seed: [7; 32],
            clock: Arc::new(move || Timestamp::from_micros(clock.load(Ordering::Relaxed))),
            checkpoint_every: Duration::from_millis(5),
            remember: Duration::from_secs(100),
            answered_within: Duration::from_secs(60),
            leaves: None,
        };
        Ledger::open(journal, observer, config)
    }

    fn open(&self) -> Ledger {
        self.try_open().expect("opens").0
    }

    /// A ledger with the workspace `ana`.
    fn started(&self) -> Ledger {
        let ledger = self.open();
        ledger.create(&ana()).expect("created");
        ledger
    }
}

fn ana() -> WorkspaceId {
    "ana".parse().expect("an id")
}

fn batch(actions: &[&str], key: Option<&str>) -> Batch {
    let mut records = Vec::new();
    for (n, action) in actions.iter().enumerate() {
        let text = format!(r#"{{"action":"{action}","actor":{{"type":"user","id":"ana"}}}}"#);
        let draft = Draft::parse(&text).expect("valid");
        let arrival = Arrival { now: Timestamp::from_micros(5), random: [n as u8; 10] };
        push_record(Kind::Event, &[n as u8; 16], &mut records, |out| draft.encode(&arrival, out))
            .expect("fits");
    }
    let entries = Entries::from_run(0, Timestamp::MIN, records).expect("whole");
    let key = key.map(|key| {
        let mut fingerprint = [0; 32];
        fingerprint[..actions[0].len()].copy_from_slice(actions[0].as_bytes());
        IdempotencyKey { key: key.to_owned(), fingerprint }
    });
    Batch::new(entries, key).expect("a batch")
}

fn append(ledger: &Ledger, actions: &[&str]) -> Appended {
    ledger.append(&ana(), batch(actions, None)).expect("appended")
}

/// Everything in the journal, in order.
fn entries(ledger: &Ledger) -> Entries {
    let mut all = Entries::default();
    loop {
        let some = ledger.unsealed(&ana(), all.len() as u64).expect("read");
        if some.is_empty() {
            return all;
        }
        some.iter().flat_map(Entries::iter).for_each(|entry| all.push(entry));
    }
}

fn actions(ledger: &Ledger) -> Vec<String> {
    entries(ledger).iter().map(|entry| entry.event.view().expect("whole").action.into_owned()).collect()
}

fn verify(ledger: &Ledger) {
    let report = verified(ledger);
    assert!(report.is_intact(), "{:?}", report.problems);
}

fn verified(ledger: &Ledger) -> hindcast_ledger::Verified {
    let mut verifier = Verifier::new(ledger, &ana()).expect("begun");
    entries(ledger).iter().for_each(|entry| verifier.take(&entry).expect("read"));
    verifier.finish().expect("finished")
}

/// Waits for a signed checkpoint of at least this size.
fn published(ledger: &Ledger, size: u64) -> (u64, Arc<str>) {
    let begun = Instant::now();
    loop {
        match ledger.published(&ana()).expect("known") {
            Some(published) if published.0 >= size => return published,
            _ => assert!(begun.elapsed() < Duration::from_secs(10), "no checkpoint of size {size}"),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let bench = Bench::new();
    let ledger = bench.started();
    assert_eq!(append(&ledger, &["door.open"]).first, 0);
    assert_eq!(append(&ledger, &["door.close", "door.lock"]).first, 1);
    let head = ledger.head(&ana()).expect("known");
    drop(ledger);
    let (ledger, witness) = bench.try_open().expect("opens");
    assert_eq!(ledger.head(&ana()).expect("known"), head);
    assert_eq!(actions(&ledger), ["door.open", "door.close", "door.lock"]);
    let heard: usize =
        witness.entries.lock().expect("not poisoned").iter().map(|entries| entries.len()).sum();
    assert_eq!(heard, 3, "the searcher hears the unsealed entries again");
    append(&ledger, &["door.open"]);
    verify(&ledger);
}

#[test]
fn times_never_go_back_even_when_the_clock_does() {
    let bench = Bench::new();
    let ledger = bench.started();
    append(&ledger, &["a", "b"]);
    bench.clock.store(10, Ordering::Relaxed);
    append(&ledger, &["c"]);
    let times: Vec<i64> = entries(&ledger).iter().map(|entry| entry.received_at.micros()).collect();
    assert_eq!(times, [1_000_000, 1_000_001, 1_000_002]);
    verify(&ledger);
}

#[test]
fn an_entry_can_be_proved_to_whoever_has_the_checkpoint_and_the_key() {
    let bench = Bench::new();
    let ledger = bench.started();
    for n in 0..40 {
        append(&ledger, &["a", "b", "c"][..1 + n % 3]);
    }
    let first = published(&ledger, 1);
    let size = ledger.head(&ana()).expect("known").frontier.size();
    let (size, note) = published(&ledger, size);
    let checkpoint = open_note(&note, &ledger.verifier_key(&ana()).expect("known")).expect("signed");
    for entry in entries(&ledger).iter() {
        let path = ledger.prove_inclusion(&ana(), entry.index, size).expect("proved");
        let leaf = leaf_of(&entry).expect("hashed");
        verify_inclusion(&leaf, entry.index, size, &path, &checkpoint.root()).expect("holds");
    }
    let old = open_note(&first.1, &ledger.verifier_key(&ana()).expect("known")).expect("signed");
    let path = ledger.prove_consistency(&ana(), old.size(), size).expect("proved");
    verify_consistency(old.size(), size, &path, &old.root(), &checkpoint.root()).expect("holds");
    assert!(matches!(ledger.prove_inclusion(&ana(), 0, size + 1), Err(ReadError::Beyond { .. })));
    verify(&ledger);
}

#[test]
fn a_key_makes_a_repeat_harmless() {
    let bench = Bench::new();
    let ledger = bench.started();
    let append = |ledger: &Ledger, action, key| ledger.append(&ana(), batch(&[action], Some(key)));
    assert_eq!(append(&ledger, "a", "k1").expect("appended").first, 0);
    let again = append(&ledger, "a", "k1").expect("repeated");
    assert_eq!((again.first, again.count, again.first_time), (0, 1, None));
    assert!(matches!(append(&ledger, "b", "k1"), Err(AppendError::KeyReused)));
    drop(ledger);
    let ledger = bench.open();
    assert_eq!(append(&ledger, "a", "k1").expect("repeated").first_time, None, "after a restart too");
    bench.clock.fetch_add(100_000_001, Ordering::Relaxed);
    assert!(append(&ledger, "a", "k1").expect("appended").first_time.is_some(), "expired");
    assert_eq!(actions(&ledger), ["a", "a"]);
    verify(&ledger);
}

#[test]
fn many_callers_at_once_get_every_index_once() {
    let bench = Bench::new();
    let ledger = bench.started();
    let firsts = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let appended = append(&ledger, &["x", "y"]);
                    firsts.lock().expect("not poisoned").push(appended.first);
                }
            });
        }
    });
    let mut firsts = firsts.into_inner().expect("not poisoned");
    firsts.sort_unstable();
    assert_eq!(firsts, (0..200).map(|n| 2 * n).collect::<Vec<u64>>());
    verify(&ledger);
}

#[test]
fn sealing_moves_hashes_to_files_and_proofs_stay_the_same() {
    let bench = Bench::new();
    let ledger = bench.started();
    for _ in 0..300 {
        append(&ledger, &["a", "b"]);
    }
    let proofs = |ledger: &Ledger| -> Vec<_> {
        [0, 255, 256, 511, 599]
            .map(|index| ledger.prove_inclusion(&ana(), index, 600).expect("proved"))
            .to_vec()
    };
    let before = (proofs(&ledger), entries(&ledger));
    let seal = |ledger: &Ledger, sealed, first| {
        ledger.seal(
            &ana(),
            sealed,
            vec![],
            vec![Sealed { first, name: format!("from {first}"), meta: "{}".to_owned() }],
        )
    };
    seal(&ledger, 300, 0).expect("sealed");
    assert_eq!(proofs(&ledger), before.0);
    seal(&ledger, 520, 300).expect("sealed");
    assert_eq!(proofs(&ledger), before.0);
    assert!(seal(&ledger, 601, 520).is_err(), "beyond the end");
    assert!(seal(&ledger, 100, 0).is_err(), "back");
    drop(ledger);

    let ledger = bench.open();
    assert_eq!(ledger.quarantined(&ana()).expect("known"), None);
    assert_eq!(proofs(&ledger), before.0);
    assert_eq!(ledger.manifest(&ana()).expect("read").len(), 2);
    let mut verifier = Verifier::new(&ledger, &ana()).expect("begun");
    before.1.iter().for_each(|entry| verifier.take(&entry).expect("read"));
    let report = verifier.finish().expect("finished");
    assert!(report.is_intact() && report.entries == 600 && report.checkpoints > 1, "{report:?}");
}

#[test]
fn a_segment_may_end_inside_a_batch() {
    let bench = Bench::new();
    let ledger = bench.started();
    append(&ledger, &["a", "b"]);
    append(&ledger, &["c", "d"]);
    let before = entries(&ledger);
    ledger
        .seal(&ana(), 3, vec![], vec![Sealed { first: 0, name: "a".to_owned(), meta: "{}".to_owned() }])
        .expect("sealed");
    drop(ledger);
    let ledger = bench.open();
    assert_eq!(ledger.quarantined(&ana()).expect("known"), None);
    append(&ledger, &["e"]);
    let mut verifier = Verifier::new(&ledger, &ana()).expect("begun");
    before.iter().for_each(|entry| verifier.take(&entry).expect("read"));
    let rest = ledger.unsealed(&ana(), 4).expect("read");
    rest.iter().flat_map(Entries::iter).for_each(|entry| verifier.take(&entry).expect("read"));
    let report = verifier.finish().expect("finished");
    assert!(report.is_intact() && report.entries == 5, "{report:?}");
}

#[test]
fn data_that_is_gone_altogether_is_noticed() {
    let bench = Bench::new();
    let ledger = bench.started();
    append(&ledger, &["a"]);
    drop(ledger);
    std::fs::remove_dir_all(bench.path().join("data")).expect("removed");
    assert!(matches!(bench.try_open(), Err(OpenError::RolledBack { size: 0, signed: 1, .. })));
}

#[test]
fn an_older_copy_of_the_data_is_refused() {
    let bench = Bench::new();
    let ledger = bench.started();
    append(&ledger, &["a"]);
    drop(ledger);
    let copy = |from: &str, to: &str| {
        let (from, to) = (bench.path().join(from), bench.path().join(to));
        assert!(std::process::Command::new("cp").arg("-r").arg(from).arg(to).status().expect("cp").success());
    };
    copy("data", "copy");
    let ledger = bench.open();
    append(&ledger, &["b"]);
    drop(ledger);
    std::fs::remove_dir_all(bench.path().join("data")).expect("removed");
    copy("copy", "data");
    assert!(matches!(bench.try_open(), Err(OpenError::RolledBack { size: 1, signed: 2, .. })));
}

#[test]
fn a_changed_entry_puts_its_workspace_into_quarantine_and_the_others_go_on() {
    let bench = Bench::new();
    let ledger = bench.started();
    let bob: WorkspaceId = "bob".parse().expect("an id");
    ledger.create(&bob).expect("created");
    append(&ledger, &["door.open"]);
    drop(ledger);

    let database = rusqlite::Connection::open(bench.path().join("data/ledger.db")).expect("opens");
    let packed: Vec<u8> = database.query_row("SELECT packed FROM run", [], |row| row.get(0)).expect("read");
    let text = String::from_utf8_lossy(&packed).into_owned();
    let at = text.find("door.open").expect("there") - (text.len() - String::from_utf8_lossy(&packed).len());
    let at = packed.windows(9).position(|window| window == b"door.open").unwrap_or(at);
    let mut changed = packed;
    changed[at..at + 9].copy_from_slice(b"door.shut");
    database.execute("UPDATE run SET packed = ?1", [changed]).expect("changed");
    drop(database);

    let ledger = bench.open();
    assert!(ledger.quarantined(&ana()).expect("known").expect("told").contains("do not add up"));
    assert!(matches!(ledger.append(&ana(), batch(&["a"], None)), Err(AppendError::Quarantined { .. })));
    ledger.append(&bob, batch(&["a"], None)).expect("the other workspace goes on");
    assert!(!verified(&ledger).is_intact());
}

#[test]
fn nobody_can_append_to_what_is_not_there_or_after_the_end() {
    let bench = Bench::new();
    let ledger = bench.started();
    let eve: WorkspaceId = "eve".parse().expect("an id");
    assert!(matches!(ledger.append(&eve, batch(&["a"], None)), Err(AppendError::Unknown(_))));
    assert!(matches!(ledger.create(&ana()), Err(AppendError::Exists(_))));
    append(&ledger, &["a"]);
    ledger.close();
    assert!(matches!(ledger.append(&ana(), batch(&["b"], None)), Err(AppendError::Stopped(_))));
    let size = ledger.published(&ana()).expect("known").expect("signed").0;
    assert_eq!(size, 1, "closing signs what is left");
    verify(&ledger);
}

#[test]
fn a_cosignature_is_kept_with_its_checkpoint() {
    let bench = Bench::new();
    let ledger = bench.started();
    append(&ledger, &["door.open"]);
    let (_, note) = published(&ledger, 1);
    append(&ledger, &["door.open"]);
    let (_, newest) = published(&ledger, 2);
    let seen = |text: &str, by: &Cosigner| {
        let note: Note = text.parse().expect("a note");
        note.cosign(by, 7)
    };
    let witnesses = [1, 2].map(|seed| Cosigner::new("witness", &[seed; 32]).expect("a key"));
    for witness in &witnesses {
        ledger.cosign(&ana(), 1, seen(&note, witness)).expect("kept");
    }
    assert_eq!(ledger.published(&ana()).expect("read"), Some((2, newest.clone())));
    ledger.cosign(&ana(), 2, seen(&newest, &witnesses[0])).expect("kept");
    let lines = |text: &str| text.parse::<Note>().expect("a note").signatures().len();
    assert_eq!(
        ledger.published(&ana()).expect("read").map(|(size, note)| (size, lines(&note))),
        Some((2, 2))
    );
    assert!(ledger.cosign(&ana(), 3, seen(&newest, &witnesses[0])).is_err(), "there is no such checkpoint");
    drop(ledger);

    let ledger = bench.open();
    let kept: Vec<usize> =
        ledger.checkpoints(&ana(), 1, 9).expect("read").iter().map(|note| lines(note)).collect();
    assert_eq!(kept, [3, 2]);
    assert_eq!(
        ledger.published(&ana()).expect("read").map(|(size, note)| (size, lines(&note))),
        Some((2, 2))
    );
}

#[test]
fn after_a_divergence_nothing_is_signed_until_somebody_takes_the_file_away() {
    let bench = Bench::new();
    let ledger = bench.started();
    append(&ledger, &["door.open"]);
    published(&ledger, 1);
    let file = ledger.stop_signing("a witness holds more than we do").expect("kept").to_owned();
    append(&ledger, &["door.open"]);
    drop(ledger);
    let ledger = bench.open();
    assert_eq!(ledger.silenced(), Some("a witness holds more than we do"));
    append(&ledger, &["door.open"]);
    drop(ledger);
    let ledger = bench.open();
    assert_eq!(ledger.checkpoints(&ana(), 2, 9).expect("read"), Vec::<String>::new());
    assert_eq!(ledger.head(&ana()).expect("read").frontier.size(), 3, "entries are taken in all the same");
    drop(ledger);
    std::fs::remove_file(file).expect("taken away");
    let ledger = bench.open();
    assert_eq!(ledger.silenced(), None);
    published(&ledger, 3);
}

/// Keeps the writing thread waiting while somebody holds it.
#[derive(Default)]
struct Held(Mutex<()>);

impl Observer for Held {
    fn sequenced(&self, _: &WorkspaceId, _: Arc<Entries>) {
        drop(self.0.lock().expect("not poisoned"));
    }

    fn published(&self, _: &WorkspaceId, _: u64, _: &str) {}

    fn stopped(&self, error: &JournalError) {
        panic!("{error}");
    }

    fn unguarded(&self, error: &std::io::Error) {
        panic!("{error}");
    }
}

#[test]
fn a_workspace_that_floods_keeps_no_other_waiting() {
    const FLOOD: usize = 20_000;
    let bench = Bench::new();
    let held = Arc::new(Held::default());
    let ledger = bench.try_open_with(held.clone()).expect("opens");
    let bob: WorkspaceId = "bob".parse().expect("an id");
    ledger.create(&ana()).expect("created");
    ledger.create(&bob).expect("created");
    let (answered, answers) = std::sync::mpsc::channel();
    let append = |workspace: &WorkspaceId| {
        let (answered, who) = (answered.clone(), workspace.clone());
        let reply = move |appended: Result<Appended, _>| drop(answered.send((who, appended.is_ok())));
        ledger.append_then(workspace, batch(&["a"], None), Box::new(reply));
    };
    let holding = held.0.lock().expect("not poisoned");
    // The writer is at the first of these; all others wait, and some are too many.
    (0..FLOOD).for_each(|_| append(&ana()));
    append(&bob);
    drop(holding);
    let heard: Vec<_> = answers.iter().take(FLOOD + 1).collect();
    let refused = heard.iter().filter(|(_, taken)| !taken).count();
    let taken: Vec<_> = heard.iter().filter(|(_, taken)| *taken).map(|(who, _)| who).collect();
    assert!(refused > FLOOD / 4 && taken.len() > FLOOD / 4, "{refused} were refused");
    let at = taken.iter().position(|who| **who == bob).expect("there was room for bob");
    assert!(at * 3 < taken.len() * 2, "bob was answered as number {at} of {}", taken.len());
    let size = |workspace| ledger.head(workspace).expect("there").frontier.size();
    assert_eq!((size(&ana()), size(&bob)), (taken.len() as u64 - 1, 1), "what was refused is not there");
}
