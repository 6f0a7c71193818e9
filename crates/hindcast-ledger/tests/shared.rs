//! What ledgers promise that share a journal: each process appends, seals and signs, and there is one history.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod database;

use database::Database;
use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp, push_record};
use hindcast_ledger::journal::{Connect, JournalError, PostgresJournal, Sealed};
use hindcast_ledger::{
    AppendError, Batch, Config, Hash, IdempotencyKey, Leaves, Ledger, Observer, WorkspaceId, leaf_of,
    verify_inclusion,
};
use postgres::NoTls;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The leaves of sealed entries, for all processes.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<(WorkspaceId, u64), Hash>>);

impl Leaves for Shelf {
    fn keep(&self, workspace: &WorkspaceId, first: u64, leaves: &[Hash]) -> io::Result<()> {
        let mut shelf = self.0.lock().expect("not poisoned");
        for (leaf, index) in leaves.iter().zip(first..) {
            let before = shelf.insert((workspace.clone(), index), *leaf);
            assert!(before.is_none_or(|before| before == *leaf), "a leaf is what it is");
        }
        Ok(())
    }

    fn fetch(&self, workspace: &WorkspaceId, range: Range<u64>) -> io::Result<Vec<Hash>> {
        let shelf = self.0.lock().expect("not poisoned");
        let leaf = |index| shelf.get(&(workspace.clone(), index)).copied();
        range.map(leaf).collect::<Option<_>>().ok_or_else(|| io::Error::other("not there"))
    }
}

/// What a process hears.
#[derive(Default)]
struct Ears {
    entries: Mutex<BTreeMap<WorkspaceId, Vec<u64>>>,
    manifests: Mutex<Vec<WorkspaceId>>,
}

impl Observer for Ears {
    fn sequenced(&self, workspace: &WorkspaceId, entries: Arc<Entries>) {
        let mut heard = self.entries.lock().expect("not poisoned");
        heard.entry(workspace.clone()).or_default().extend(entries.iter().map(|entry| entry.index));
    }

    fn sealed(&self, workspace: &WorkspaceId) {
        self.manifests.lock().expect("not poisoned").push(workspace.clone());
    }

    fn published(&self, _: &WorkspaceId, _: u64, _: &str) {}

    fn stopped(&self, error: &JournalError) {
        panic!("{error}");
    }

    fn unguarded(&self, error: &io::Error) {
        panic!("{error}");
    }
}

struct Bench {
    database: Database,
    shelf: Arc<Shelf>,
    folder: tempfile::TempDir,
    answered_within: Duration,
}

impl Bench {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let answered_within = Duration::from_secs(60);
        Some(Self { database: Database::start()?, shelf: Arc::default(), folder, answered_within })
    }

    /// A process, by its name: its folders are its own.
    fn node(&self, name: &str) -> (Ledger, Arc<Ears>) {
        let config = self.database.config();
        let connect: Connect = Arc::new(move || config.connect(NoTls));
        let journal = PostgresJournal::open(connect, "hindcast", "the database").expect("opens");
        let ears = Arc::new(Ears::default());
        std::fs::create_dir_all(self.folder.path().join(name)).expect("a folder");
        let config = Config {
            name: "audit.example.com".to_owned(),
            hashes: self.folder.path().join(name).join("hashes"),
            evidence: self.folder.path().join(name).join("signed"),
            seed: [7; 32],
            clock: Arc::new(|| Timestamp::from_micros(1_000_000)),
            checkpoint_every: Duration::from_millis(20),
            remember: Duration::from_secs(100),
            answered_within: self.answered_within,
            leaves: Some(self.shelf.clone()),
        };
        (Ledger::open(Arc::new(journal), ears.clone(), config).expect("opens"), ears)
    }
}

fn ana() -> WorkspaceId {
    "ana".parse().expect("an id")
}

fn batch(actions: &[String], key: Option<&str>) -> Batch {
    let mut records = Vec::new();
    for (n, action) in actions.iter().enumerate() {
        let text = format!(r#"{{"action":"{action}","actor":{{"type":"user","id":"ana"}}}}"#);
        let draft = Draft::parse(&text).expect("valid");
        let arrival = Arrival { now: Timestamp::from_micros(5), random: [n as u8; 10] };
        push_record(Kind::Event, &[n as u8; 16], &mut records, |out| draft.encode(&arrival, out))
            .expect("fits");
    }
    let key = key.map(|key| IdempotencyKey { key: key.to_owned(), fingerprint: [1; 32] });
    Batch::new(Entries::from_run(0, Timestamp::MIN, records).expect("whole"), key).expect("a batch")
}

fn soon(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn size(ledger: &Ledger) -> u64 {
    ledger.head(&ana()).map_or(0, |head| head.frontier.size())
}

fn leaves(ledger: &Ledger) -> Vec<Hash> {
    let mut leaves = Vec::new();
    loop {
        let some = ledger.unsealed(&ana(), leaves.len() as u64).expect("read");
        if some.is_empty() {
            return leaves;
        }
        leaves.extend(
            some.iter().flat_map(|entries| entries.iter().map(|entry| leaf_of(&entry).expect("whole"))),
        );
    }
}

#[test]
fn those_that_append_at_once_make_one_history() {
    let Some(bench) = Bench::start() else { return };
    let nodes = ["one", "two", "three"].map(|name| bench.node(name));
    nodes[0].0.create(&ana()).expect("created");
    std::thread::scope(|scope| {
        for (nr, (ledger, _)) in nodes.iter().enumerate() {
            for thread in 0..4 {
                scope.spawn(move || {
                    for nth in 0..25 {
                        let actions =
                            [format!("node.a{nr}x{thread}x{nth}"), format!("node.b{nr}x{thread}x{nth}")];
                        let appended = ledger.append(&ana(), batch(&actions, None)).expect("appended");
                        assert!(size(ledger) >= appended.first + 2, "whoever wrote it reads it");
                    }
                });
            }
        }
    });
    let all = 3 * 4 * 25 * 2;
    let read = leaves(&nodes[0].0);
    assert_eq!(read.len(), all);
    for (ledger, ears) in &nodes {
        soon("all entries are known", || size(ledger) == all as u64);
        assert_eq!(
            ledger.root(&ana(), all as u64).expect("a root"),
            nodes[0].0.root(&ana(), all as u64).expect("a root")
        );
        let heard = ears.entries.lock().expect("not poisoned");
        assert_eq!(heard[&ana()], (0..all as u64).collect::<Vec<_>>(), "each once and in order");
        drop(heard);
        soon("all of it is signed", || {
            ledger.published(&ana()).expect("read").is_some_and(|(size, _)| size == all as u64)
        });
        let proof = ledger.prove_inclusion(&ana(), 7, all as u64).expect("proved");
        let root = ledger.root(&ana(), all as u64).expect("a root");
        verify_inclusion(&read[7], 7, all as u64, &proof, &root).expect("it holds");
    }
    let notes = nodes.each_ref().map(|(ledger, _)| ledger.newest_checkpoints(&ana(), 1).expect("read"));
    assert!(notes.iter().all(|note| *note == notes[0]));
}

#[test]
fn those_that_write_several_workspaces_at_once_never_wait_for_each_other_crosswise() {
    let Some(bench) = Bench::start() else { return };
    let nodes = ["one", "two"].map(|name| bench.node(name));
    let workspaces: Vec<WorkspaceId> = (0..8).map(|nth| format!("w{nth}").parse().expect("an id")).collect();
    workspaces.iter().for_each(|workspace| nodes[0].0.create(workspace).expect("created"));
    std::thread::scope(|scope| {
        for (nr, (ledger, _)) in nodes.iter().enumerate() {
            for thread in 0..8 {
                let workspaces = &workspaces;
                scope.spawn(move || {
                    for nth in 0..40 {
                        let which = if nr == 0 { nth + thread } else { 80 - nth + 3 * thread } % 8;
                        let appended = ledger.append(&workspaces[which], batch(&["a".to_owned()], None));
                        appended.expect("the database chose nobody to give up");
                    }
                });
            }
        }
    });
    let sizes = workspaces.iter().map(|one| nodes[0].0.head(one).expect("there").frontier.size());
    soon("all is known", || sizes.clone().sum::<u64>() == 2 * 8 * 40);
}

#[test]
fn what_one_makes_and_seals_another_goes_on_with() {
    let Some(bench) = Bench::start() else { return };
    let (one, _) = bench.node("one");
    let (two, ears) = bench.node("two");
    one.create(&ana()).expect("created");
    // At once, before anybody told of it.
    two.append(&ana(), batch(&["first.made".to_owned()], Some("k"))).expect("appended");
    let again = one.append(&ana(), batch(&["first.made".to_owned()], Some("k"))).expect("answered");
    assert_eq!((again.first, again.first_time), (0, None), "a key is known to all");
    for nth in 0..700 {
        one.append(&ana(), batch(&[format!("next.made{nth}")], None)).expect("appended");
    }
    let root = one.root(&ana(), 701).expect("a root");
    soon("it is known", || size(&two) == 701);
    one.seal(&ana(), 650, vec![], vec![Sealed { first: 0, name: "a".to_owned(), meta: "a".to_owned() }])
        .expect("sealed");
    soon("its manifest is told", || !ears.manifests.lock().expect("not poisoned").is_empty());
    soon("it is sealed here too", || two.head(&ana()).expect("there").sealed == 650);
    assert_eq!(two.manifest(&ana()).expect("read").len(), 1);
    let stale = one.seal(&ana(), 650, vec!["b".to_owned()], vec![]);
    assert!(stale.expect_err("refused").to_string().contains("changed by another"));

    // One that comes later has nothing of what was sealed but its leaves.
    let (late, _) = bench.node("late");
    assert_eq!(late.root(&ana(), 701).expect("a root"), root);
    let proof = late.prove_inclusion(&ana(), 3, 701).expect("proved");
    verify_inclusion(&one.leaves(&ana(), 3, 1).expect("a leaf")[0], 3, 701, &proof, &root).expect("it holds");
    late.append(&ana(), batch(&["late.made".to_owned()], None)).expect("appended");
    assert_eq!(late.quarantined(&ana()).expect("there"), None);

    // Whoever signed is gone; another signs.
    one.close();
    two.append(&ana(), batch(&["last.made".to_owned()], None)).expect("appended");
    soon("somebody signs", || late.published(&ana()).expect("read").is_some_and(|(size, _)| size == 703));

    // It opens again with the hashes that it has.
    drop(one);
    let (one, _) = bench.node("one");
    assert_eq!(one.root(&ana(), 703).expect("a root"), two.root(&ana(), 703).expect("a root"));
}

#[test]
fn a_database_that_went_back_is_not_written() {
    let Some(bench) = Bench::start() else { return };
    let (ledger, _) = bench.node("one");
    ledger.create(&ana()).expect("created");
    for action in ["a.made", "b.made"] {
        ledger.append(&ana(), batch(&[action.to_owned()], None)).expect("appended");
    }
    let mut client = bench.database.config().connect(NoTls).expect("connects");
    client
        .batch_execute(
            "BEGIN; DELETE FROM hindcast.run WHERE first = 1; UPDATE hindcast.head SET size = 1; COMMIT",
        )
        .expect("as after a restore of an older copy");
    let refused = ledger.append(&ana(), batch(&["c.made".to_owned()], None));
    assert!(matches!(refused, Err(AppendError::Quarantined { .. })), "{refused:?}");
}

#[test]
fn a_database_that_answers_nothing_keeps_nobody_waiting_for_ever() {
    let Some(mut bench) = Bench::start() else { return };
    bench.answered_within = Duration::from_secs(1);
    let (one, _) = bench.node("one");
    one.create(&ana()).expect("created");
    bench.database.freeze();
    let sent = || one.append(&ana(), batch(&["a".to_owned()], Some("first")));
    let unanswered = sent();
    assert!(matches!(unanswered, Err(AppendError::InDoubt(_))), "{unanswered:?}");
    bench.database.go_on();
    soon("it is written after all, and no second time", || sent().is_ok_and(|appended| appended.first == 0));
    assert_eq!(size(&one), 1);
}
