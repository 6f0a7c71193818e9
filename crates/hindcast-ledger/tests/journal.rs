//! What every journal promises. Each implementation runs the whole suite.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod database;

use database::Database;
use hindcast_event::Timestamp;
use hindcast_ledger::journal::{
    Connect, Head, Journal, JournalError, PostgresJournal, Remembered, Run, Sealed, SqliteJournal,
};
use hindcast_ledger::{WorkspaceId, leaf_hash};
use postgres::NoTls;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A journal that can be closed and opened again.
struct Bench {
    open: Box<dyn Fn() -> Box<dyn Journal>>,
    /// Everything that it keeps, byte for byte.
    bytes: Box<dyn Fn() -> Vec<u8>>,
}

type Story = fn(&Bench);

const SUITE: [(&str, Story); 13] = [
    ("a new workspace has an empty ledger", a_new_workspace_has_an_empty_ledger),
    ("what was committed is there after a restart", what_was_committed_is_there_after_a_restart),
    ("what was not committed is not there", what_was_not_committed_is_not_there),
    ("runs come in order and in pieces", runs_come_in_order_and_in_pieces),
    ("an index is given once", an_index_is_given_once),
    ("keys are remembered until they expire", keys_are_remembered_until_they_expire),
    ("checkpoints come by size", checkpoints_come_by_size),
    ("the manifest and the runs change together", the_manifest_and_the_runs_change_together),
    ("what others did to the manifest is not undone", what_others_did_to_the_manifest_is_not_undone),
    ("what is remembered and buried is read in pieces", what_is_remembered_and_buried_is_read_in_pieces),
    ("workspaces do not touch each other", workspaces_do_not_touch_each_other),
    ("a log is renamed and keeps what it has", a_log_is_renamed_and_keeps_what_it_has),
    ("of what was erased nothing is left", of_what_was_erased_nothing_is_left),
];

#[test]
fn sqlite_keeps_the_promises() {
    for (name, story) in SUITE {
        println!("{name}");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ledger.db");
        let path = folder.path().to_owned();
        story(&Bench {
            open: Box::new(move || Box::new(SqliteJournal::open(&file).expect("opens"))),
            bytes: Box::new(move || {
                let files = std::fs::read_dir(&path).expect("listed").flatten();
                files.flat_map(|file| std::fs::read(file.path()).expect("read")).collect()
            }),
        });
    }
}

#[test]
fn postgres_keeps_the_promises() {
    let Some(database) = Database::start() else { return };
    for (nr, (name, story)) in SUITE.into_iter().enumerate() {
        println!("{name}");
        let (config, schema) = (database.config(), format!("story_{nr}"));
        let (own, tables) = (config.clone(), schema.clone());
        story(&Bench {
            open: Box::new(move || {
                let config = own.clone();
                let connect: Connect = Arc::new(move || config.connect(NoTls));
                Box::new(PostgresJournal::open(connect, &tables, "the database").expect("opens"))
            }),
            // What its tables are written in. Its write-ahead log keeps what was erased until it is recycled.
            bytes: Box::new(move || {
                let mut client = config.connect(NoTls).expect("connects");
                client.batch_execute("CHECKPOINT").expect("written");
                let files = client.query(
                    "SELECT pg_read_binary_file(pg_relation_filepath(c.oid)) FROM pg_class c
                     LEFT JOIN pg_class o ON o.reltoastrelid = c.oid
                     WHERE coalesce(o.relnamespace, c.relnamespace) = $1::text::regnamespace AND c.relkind IN ('r', 't', 'i')",
                    &[&schema],
                );
                files.expect("read").iter().flat_map(|row| row.get::<_, Vec<u8>>(0)).collect()
            }),
        });
    }
}

/// A journal, whose connections lead through a door that can be shut.
fn behind_a_door(database: &Database, schema: &str) -> (Arc<Door>, PostgresJournal) {
    let door = Door::open(database.socket());
    let (port, name) = (door.port, schema.to_owned());
    let connect: Connect = Arc::new(move || {
        let mut config = postgres::Config::new();
        config.host("127.0.0.1").port(port).user("hindcast").dbname("postgres").connect(NoTls)
    });
    let journal = PostgresJournal::open(connect, &name, "the database").expect("opens");
    let mut transaction = journal.begin().expect("begins");
    transaction.create(&ana(), "log/w/ana/0").expect("created");
    transaction.commit().expect("committed");
    (door, journal)
}

/// Between a client and the database.
struct Door {
    port: u16,
    /// What the database answers to a commit is not let through any more, and the connection breaks.
    keeps_answers: AtomicBool,
    /// A commit does not reach it, and the connection breaks.
    keeps_commits: AtomicBool,
}

impl Door {
    fn open(socket: PathBuf) -> Arc<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let door = Arc::new(Self { port, keeps_answers: false.into(), keeps_commits: false.into() });
        let own = door.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, own) = (UnixStream::connect(&socket).expect("connects"), own.clone());
                std::thread::spawn(move || own.pass(client, server));
            }
        });
        door
    }

    fn pass(&self, mut client: TcpStream, mut server: UnixStream) {
        let (mut from_server, mut to_client) =
            (server.try_clone().expect("cloned"), client.try_clone().expect("cloned"));
        let breaks = Arc::new(AtomicBool::new(false));
        let is_breaking = breaks.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(count @ 1..) = from_server.read(&mut bytes) {
                if is_breaking.load(Ordering::SeqCst) || to_client.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _gone = to_client.shutdown(Shutdown::Both);
        });
        let mut bytes = [0; 65536];
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            if bytes[..count].windows(6).any(|window| window == b"COMMIT") {
                if self.keeps_commits.swap(false, Ordering::SeqCst) {
                    break;
                }
                if self.keeps_answers.swap(false, Ordering::SeqCst) {
                    breaks.store(true, Ordering::SeqCst);
                }
            }
            if server.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _gone = (server.shutdown(Shutdown::Both), client.shutdown(Shutdown::Both));
    }
}

#[test]
fn the_outcome_of_a_commit_is_never_guessed() {
    let Some(database) = Database::start() else { return };
    let (door, journal) = behind_a_door(&database, "doubt");
    append(&journal, &ana(), 1);

    door.keeps_answers.store(true, Ordering::SeqCst);
    append(&journal, &ana(), 2);
    assert!(!door.keeps_answers.load(Ordering::SeqCst), "or the test proves nothing");
    assert_eq!(head(&journal, &ana()).frontier.size(), 3, "it was written, and its answer got lost");

    let mut transaction = journal.begin().expect("begins");
    let before = transaction.head(&ana()).expect("read").expect("there");
    transaction.append(&ana(), &run_after(&before, 1)).expect("appended");
    door.keeps_commits.store(true, Ordering::SeqCst);
    let refused = transaction.commit();
    assert!(matches!(refused, Err(JournalError::Away { .. })), "{refused:?}");
    assert_eq!(journal.runs(&ana(), 3, 1000).expect("runs").len(), 0, "it never came there");
    append(&journal, &ana(), 1);
    assert_eq!(head(&journal, &ana()).frontier.size(), 4);
    assert!(journal.check().expect("checked").is_empty());
}

#[test]
fn a_database_that_ends_is_away_and_comes_back() {
    let Some(mut database) = Database::start() else { return };
    let config = database.config();
    let connect: Connect = Arc::new(move || config.connect(NoTls));
    let journal = PostgresJournal::open(connect, "restart", "the database").expect("opens");
    let mut transaction = journal.begin().expect("begins");
    transaction.create(&ana(), "log/w/ana/0").expect("created");
    transaction.commit().expect("committed");
    append(&journal, &ana(), 2);
    let mut transaction = journal.begin().expect("begins");
    let head_before = transaction.head(&ana()).expect("read").expect("there");
    database.kill();
    let lost = transaction.append(&ana(), &run_after(&head_before, 1)).and_then(|()| transaction.commit());
    assert!(matches!(lost, Err(JournalError::Away { .. })), "{lost:?}");
    assert!(matches!(journal.heads(), Err(JournalError::Away { .. })));
    database.start_again();
    while journal.heads().is_err() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    append(&journal, &ana(), 1);
    assert_eq!(head(&journal, &ana()).frontier.size(), 3);
}

#[test]
fn two_that_append_to_one_log_wait_for_each_other() {
    let Some(database) = Database::start() else { return };
    let open = || {
        let config = database.config();
        let connect: Connect = Arc::new(move || config.connect(NoTls));
        PostgresJournal::open(connect, "two", "the database").expect("opens")
    };
    let (one, other) = (open(), open());
    let mut transaction = one.begin().expect("begins");
    transaction.create(&ana(), "log/w/ana/0").expect("created");
    transaction.commit().expect("committed");
    std::thread::scope(|scope| {
        for journal in [&one, &other] {
            scope.spawn(move || (0..50).for_each(|_| append(journal, &ana(), 2)));
        }
    });
    assert_eq!(head(&one, &ana()), head(&other, &ana()));
    assert_eq!(head(&one, &ana()).frontier.size(), 200);
    assert!(one.check().expect("checked").is_empty());
    let runs = other.runs(&ana(), 0, 1 << 20).expect("runs");
    assert_eq!(runs.iter().map(|run| run.count).sum::<u64>(), 200);
}

#[test]
fn a_commit_that_is_written_needs_no_more_space() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger.db");
    let journal = SqliteJournal::open(&file).expect("opens");
    let index = folder.path().join("ledger.db-shm");
    let bytes = || std::fs::metadata(&index).expect("there").len();
    let before = bytes();
    let mut transaction = journal.begin().expect("begins");
    transaction.create(&ana(), "log/w/ana/0").expect("created");
    let head = transaction.head(&ana()).expect("read").expect("there");
    // More pages than fit into the first piece of the index.
    let run = Run { packed: vec![7; 40 << 20], ..run_after(&head, 1) };
    transaction.append(&ana(), &run).expect("appended");
    transaction.commit().expect("committed");
    assert!(std::fs::metadata(folder.path().join("ledger.db-wal")).expect("there").len() > 40 << 20);
    assert_eq!(bytes(), before, "the index grew after the commit was written");
}

fn ana() -> WorkspaceId {
    "ana".parse().expect("an id")
}

fn created(bench: &Bench) -> Box<dyn Journal> {
    let journal = (bench.open)();
    let mut transaction = journal.begin().expect("begins");
    transaction.create(&ana(), "log/w/ana/0").expect("created");
    transaction.commit().expect("committed");
    journal
}

fn head(journal: &dyn Journal, workspace: &WorkspaceId) -> Head {
    journal.heads().expect("heads").into_iter().find(|head| head.workspace == *workspace).expect("there")
}

/// Appends `count` entries with the run's index as its bytes.
fn append(journal: &dyn Journal, workspace: &WorkspaceId, count: u64) {
    let mut transaction = journal.begin().expect("begins");
    let mut head = transaction.head(workspace).expect("read").expect("there");
    let run = run_after(&head, count);
    for n in 0..count {
        head.frontier.push(leaf_hash(&(run.first + n).to_be_bytes()));
    }
    head.last_time = Timestamp::from_micros(run.first_time.micros() + count as i64 - 1);
    transaction.append(workspace, &run).expect("appended");
    transaction.advance(&head).expect("moved");
    transaction.commit().expect("committed");
}

fn run_after(head: &Head, count: u64) -> Run {
    let first = head.frontier.size();
    let first_time = Timestamp::from_micros(head.last_time.micros() + 1);
    Run { first, count, first_time, packed: first.to_be_bytes().repeat(8) }
}

fn a_log_is_renamed_and_keeps_what_it_has(bench: &Bench) {
    let journal = created(bench);
    append(&*journal, &ana(), 3);
    let mut transaction = journal.begin().expect("begins");
    transaction.rename(&ana(), "log/w/ana/1").expect("renamed");
    transaction.commit().expect("committed");
    let head = head(&*journal, &ana());
    assert_eq!((head.origin.as_str(), head.frontier.size()), ("log/w/ana/1", 3));
}

fn of_what_was_erased_nothing_is_left(bench: &Bench) {
    let journal = created(bench);
    let mut transaction = journal.begin().expect("begins");
    let mut head = transaction.head(&ana()).expect("read").expect("there");
    let run = Run { packed: b"a secret value".repeat(3000), ..run_after(&head, 2) };
    transaction.append(&ana(), &run).expect("appended");
    (0..2_u64).for_each(|n| head.frontier.push(leaf_hash(&n.to_be_bytes())));
    transaction.advance(&head).expect("moved");
    let expires_at = Timestamp::from_micros(i64::MAX);
    let what = Remembered { fingerprint: [7; 32], first: 0, count: 2, expires_at };
    transaction.remember(&ana(), "a secret key", &what).expect("remembered");
    transaction.commit().expect("committed");
    let has = |text: &[u8]| (bench.bytes)().windows(text.len()).any(|window| window == text);
    assert!(has(b"a secret value") && has(b"a secret key"), "or the test proves nothing");

    let mut transaction = journal.begin().expect("begins");
    transaction.seal(&ana(), 2, &[], &[]).expect("sealed");
    transaction.forget_of(&ana(), &(1..2)).expect("forgotten");
    transaction.commit().expect("committed");
    journal.scrub().expect("scrubbed");
    assert!(!has(b"a secret value") && !has(b"a secret key"));
    assert_eq!(self::head(&*journal, &ana()).sealed, 2);
}

fn a_new_workspace_has_an_empty_ledger(bench: &Bench) {
    let journal = created(bench);
    let head = head(&*journal, &ana());
    assert_eq!((head.frontier.size(), head.sealed, head.origin.as_str()), (0, 0, "log/w/ana/0"));
    assert!(journal.runs(&ana(), 0, 1000).expect("runs").is_empty());
    assert_eq!(journal.newest_checkpoints(&ana(), 1).expect("read"), [""; 0]);
    assert!(
        journal.begin().expect("begins").head(&"nobody".parse().expect("an id")).expect("read").is_none()
    );
}

fn what_was_committed_is_there_after_a_restart(bench: &Bench) {
    let journal = created(bench);
    append(&*journal, &ana(), 3);
    append(&*journal, &ana(), 2);
    let before = (head(&*journal, &ana()), journal.runs(&ana(), 0, 1000).expect("runs"));
    drop(journal);
    let journal = (bench.open)();
    assert_eq!(before, (head(&*journal, &ana()), journal.runs(&ana(), 0, 1000).expect("runs")));
    assert_eq!(before.0.frontier.size(), 5);
    assert!(journal.check().expect("checked").is_empty());
    journal.tidy().expect("tidied");
    assert_eq!(before.0, head(&*journal, &ana()));
}

fn what_was_not_committed_is_not_there(bench: &Bench) {
    let journal = created(bench);
    append(&*journal, &ana(), 1);
    let before = head(&*journal, &ana());
    let mut transaction = journal.begin().expect("begins");
    let mut after = transaction.head(&ana()).expect("read").expect("there");
    let run = run_after(&after, 1);
    after.frontier.push(leaf_hash(b"lost"));
    transaction.append(&ana(), &run).expect("appended");
    transaction.advance(&after).expect("moved");
    drop(transaction);
    assert_eq!(head(&*journal, &ana()), before);
    assert_eq!(journal.runs(&ana(), 0, 1000).expect("runs").len(), 1);
    append(&*journal, &ana(), 1);
}

fn runs_come_in_order_and_in_pieces(bench: &Bench) {
    let journal = created(bench);
    for count in [3, 1, 5] {
        append(&*journal, &ana(), count);
    }
    let firsts = |from, bytes| -> Vec<u64> {
        journal.runs(&ana(), from, bytes).expect("runs").iter().map(|run| run.first).collect()
    };
    assert_eq!(firsts(0, 1000), [0, 3, 4]);
    assert_eq!(firsts(2, 1000), [0, 3, 4], "the run that holds entry 2 begins at 0");
    assert_eq!(firsts(3, 1000), [3, 4]);
    assert_eq!(firsts(8, 1000), [4]);
    assert!(firsts(9, 1000).is_empty());
    assert_eq!(firsts(0, 1), [0], "at least one, whatever its size");
    assert_eq!(firsts(0, 130), [0, 3]);
}

fn an_index_is_given_once(bench: &Bench) {
    let journal = created(bench);
    append(&*journal, &ana(), 1);
    let mut transaction = journal.begin().expect("begins");
    let head = transaction.head(&ana()).expect("read").expect("there");
    let again = Run { first: 0, ..run_after(&head, 1) };
    let refused = transaction.append(&ana(), &again).and_then(|()| transaction.commit());
    assert!(refused.is_err());
}

fn keys_are_remembered_until_they_expire(bench: &Bench) {
    let journal = created(bench);
    let at = Timestamp::from_micros;
    let what = Remembered { fingerprint: [7; 32], first: 4, count: 2, expires_at: at(100) };
    let mut transaction = journal.begin().expect("begins");
    transaction.remember(&ana(), "k", &what).expect("remembered");
    assert_eq!(transaction.recall(&ana(), "k", at(1)).expect("read").as_ref(), Some(&what), "at once");
    transaction.commit().expect("committed");
    drop(journal);

    let journal = (bench.open)();
    let mut transaction = journal.begin().expect("begins");
    assert_eq!(transaction.recall(&ana(), "k", at(99)).expect("read"), Some(what.clone()));
    assert_eq!(transaction.recall(&ana(), "k", at(100)).expect("read"), None);
    assert_eq!(transaction.recall(&ana(), "other", at(1)).expect("read"), None);
    let later = Remembered { expires_at: at(500), ..what };
    transaction.remember(&ana(), "k", &later).expect("an expired key is free again");
    transaction.forget(at(200)).expect("forgotten");
    assert_eq!(transaction.recall(&ana(), "k", at(200)).expect("read"), Some(later));
    transaction.forget(at(500)).expect("forgotten");
    assert_eq!(transaction.recall(&ana(), "k", at(300)).expect("read"), None);
    transaction.commit().expect("committed");
}

fn checkpoints_come_by_size(bench: &Bench) {
    let journal = created(bench);
    let mut transaction = journal.begin().expect("begins");
    for size in [10, 2, 300] {
        transaction.publish(&ana(), size, &format!("note {size}")).expect("published");
    }
    transaction.commit().expect("committed");
    assert_eq!(journal.newest_checkpoints(&ana(), 1).expect("read"), ["note 300"]);
    assert_eq!(journal.checkpoints(&ana(), 0, 2).expect("read"), ["note 2", "note 10"]);
    assert_eq!(journal.checkpoints(&ana(), 3, 9).expect("read"), ["note 10", "note 300"]);
    let mut transaction = journal.begin().expect("begins");
    transaction.cosign(&ana(), 10, "note 10, seen").expect("cosigned");
    transaction.commit().expect("committed");
    assert_eq!(journal.checkpoints(&ana(), 10, 1).expect("read"), ["note 10, seen"]);
    let mut transaction = journal.begin().expect("begins");
    let twice = transaction.publish(&ana(), 2, "another").and_then(|()| transaction.commit());
    assert!(twice.is_err(), "a size is signed once");
}

fn the_manifest_and_the_runs_change_together(bench: &Bench) {
    let journal = created(bench);
    for _ in 0..4 {
        append(&*journal, &ana(), 2);
    }
    let sealed =
        |first: u64| Sealed { first, name: format!("from {first}"), meta: format!("{{\"first\":{first}}}") };
    let mut transaction = journal.begin().expect("begins");
    transaction.seal(&ana(), 4, &[], &[sealed(0)]).expect("sealed");
    drop(transaction);
    assert!(journal.manifest(&ana()).expect("read").is_empty(), "not committed");
    assert_eq!(journal.runs(&ana(), 0, 1000).expect("runs").len(), 4);

    let mut transaction = journal.begin().expect("begins");
    transaction.seal(&ana(), 2, &[], &[sealed(0)]).expect("sealed");
    transaction.seal(&ana(), 4, &[], &[sealed(2)]).expect("sealed");
    transaction.commit().expect("committed");
    assert_eq!(journal.manifest(&ana()).expect("read"), [sealed(0), sealed(2)]);
    assert_eq!(head(&*journal, &ana()).sealed, 4);
    assert_eq!(journal.runs(&ana(), 0, 1000).expect("runs")[0].first, 4);

    let mut transaction = journal.begin().expect("begins");
    let merged = Sealed { first: 0, name: "merged".to_owned(), meta: "merged".to_owned() };
    transaction
        .seal(&ana(), 4, &[sealed(0).name, sealed(2).name], std::slice::from_ref(&merged))
        .expect("merged");
    transaction.commit().expect("committed");
    assert_eq!(journal.manifest(&ana()).expect("read"), [merged]);
    append(&*journal, &ana(), 1);
    let unknown = journal.begin().expect("begins").seal(&ana(), 4, &["none".to_owned()], &[]);
    assert!(matches!(unknown, Err(JournalError::Stale { .. })));
}

fn what_others_did_to_the_manifest_is_not_undone(bench: &Bench) {
    let journal = created(bench);
    append(&*journal, &ana(), 8);
    let named =
        |first: u64, name: &str| Sealed { first, name: name.to_owned(), meta: format!("{first}, {name}") };
    let seal = |sealed: u64, remove: &[&str], add: &[Sealed]| {
        let remove: Vec<String> = remove.iter().map(|&name| name.to_owned()).collect();
        let mut transaction = journal.begin().expect("begins");
        transaction.seal(&ana(), sealed, &remove, add)?;
        transaction.commit()
    };
    let is_stale = |done: Result<(), JournalError>| matches!(done, Err(JournalError::Stale { .. }));
    seal(4, &[], &[named(0, "a")]).expect("sealed");
    assert!(is_stale(seal(6, &[], &[named(0, "b")])), "it was sealed by another");
    assert!(is_stale(seal(6, &[], &[named(2, "b")])), "and part of it is sealed");
    assert!(is_stale(seal(4, &[], &[named(0, "b")])), "or just all of it");
    assert!(is_stale(seal(3, &[], &[])), "what is sealed stays so");
    seal(4, &["a"], &[named(0, "c")]).expect("written anew");
    assert!(is_stale(seal(4, &["a"], &[named(0, "d")])), "what begins there is another one now");

    let bury = |name: &str| {
        let mut transaction = journal.begin().expect("begins");
        transaction.bury(&ana(), &[name.to_owned()])?;
        transaction.commit()
    };
    assert!(is_stale(bury("c")), "it counts");
    bury("e").expect("buried");
    bury("e").expect("once more");
    assert!(is_stale(seal(8, &[], &[named(4, "e")])), "its files may be gone");
    seal(8, &[], &[named(4, "f")]).expect("sealed");
    assert_eq!(journal.manifest(&ana()).expect("read"), [named(0, "c"), named(4, "f")]);
}

fn what_is_remembered_and_buried_is_read_in_pieces(bench: &Bench) {
    let journal = created(bench);
    let bob: WorkspaceId = "bob".parse().expect("an id");
    let what = |first: u64| Remembered {
        fingerprint: [first as u8; 32],
        first,
        count: 2,
        expires_at: Timestamp::from_micros(100),
    };
    // Sorted by bytes, whatever the database thinks of letters.
    let keys = ["", "B", "a", "b-1", "\u{e4}"];
    let mut transaction = journal.begin().expect("begins");
    transaction.create(&bob, "log/w/bob/0").expect("created");
    for (key, first) in keys.into_iter().rev().zip(0..) {
        transaction.remember(&ana(), key, &what(first)).expect("remembered");
        transaction.bury(&ana(), &[key.to_owned()]).expect("buried");
    }
    transaction.remember(&bob, "of bob", &what(9)).expect("remembered");
    transaction.commit().expect("committed");

    let expected: Vec<_> = keys
        .into_iter()
        .map(str::to_owned)
        .zip((0..5).rev())
        .map(|(key, first)| (key, what(first)))
        .collect();
    assert_eq!(journal.remembered(&ana(), None, 9).expect("read"), expected);
    assert_eq!(journal.remembered(&ana(), Some("B"), 2).expect("read"), expected[2..4]);
    assert_eq!(journal.remembered(&ana(), Some("\u{e4}"), 2).expect("read"), []);
    assert_eq!(journal.buried(&ana(), None, 9).expect("read"), keys);
    assert_eq!(journal.buried(&ana(), Some(""), 3).expect("read"), keys[1..4]);
    assert_eq!(journal.buried(&bob, None, 9).expect("read"), [""; 0]);
}

fn workspaces_do_not_touch_each_other(bench: &Bench) {
    let journal = created(bench);
    let bob: WorkspaceId = "bob".parse().expect("an id");
    let mut transaction = journal.begin().expect("begins");
    transaction.create(&bob, "log/w/bob/0").expect("created");
    transaction.commit().expect("committed");
    append(&*journal, &ana(), 2);
    append(&*journal, &bob, 3);
    append(&*journal, &ana(), 2);
    assert_eq!(head(&*journal, &ana()).frontier.size(), 4);
    assert_eq!(head(&*journal, &bob).frontier.size(), 3);
    let mut transaction = journal.begin().expect("begins");
    transaction.seal(&ana(), 4, &[], &[]).expect("sealed");
    transaction.publish(&ana(), 4, "ana's").expect("published");
    transaction.commit().expect("committed");
    assert_eq!(journal.runs(&bob, 0, 1000).expect("runs").len(), 1);
    assert_eq!(journal.newest_checkpoints(&bob, 1).expect("read"), [""; 0]);
}

#[test]
fn what_one_process_claims_others_see_and_get_when_it_is_left_or_gone() {
    let Some(database) = Database::start() else { return };
    let open = || {
        let config = database.config();
        let connect: Connect = Arc::new(move || config.connect(NoTls));
        PostgresJournal::open(connect, "claims", "the database").expect("opens")
    };
    let (one, other) = (open(), open());
    let whats = ["alerts", "exports"].map(str::to_owned);
    assert!(one.claim("alerts").expect("asked") && one.claim("alerts").expect("asked again"));
    assert!(!other.claim("alerts").expect("asked"));
    assert_eq!(other.claimed_by_others(&whats).expect("seen"), [true, false]);
    assert_eq!(one.claimed_by_others(&whats).expect("seen"), [false, false], "its own is nobody else's");
    // Claimed twice, it is left at once nevertheless.
    one.leave("alerts").expect("left");
    one.leave("exports").expect("nothing to leave");
    assert!(other.claim("alerts").expect("asked"));
    assert!(other.claim("exports").expect("asked"));
    drop(other);
    let begun = Instant::now();
    while !one.claim("exports").expect("asked") {
        assert!(begun.elapsed() < Duration::from_secs(20), "the database gives it away");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(one.claimed_by_others(&whats).expect("seen"), [false, false]);
}
