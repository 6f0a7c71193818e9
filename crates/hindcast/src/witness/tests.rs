use super::*;
use hindcast_event::Timestamp;
use hindcast_ledger::{Checkpoint, Frontier, Hash, Note, Signer, leaf_hash, node_hash};
use std::sync::Arc;

const LOG: &str = "audit.example.com/w/instance/0";

fn log() -> Signer {
    Signer::new(LOG, &[1; 32]).expect("a key")
}

fn open(folder: &std::path::Path) -> anyhow::Result<Witness> {
    let clock: Clock = Arc::new(|| Timestamp::from_micros(1_700_000_000_000_000));
    let logs = vec![log().verifier_key().clone()];
    Witness::open(Config { folder: folder.join("witness"), name: "witness".to_owned(), logs }, clock)
}

fn submission(old: u64, proof: Vec<Hash>, leaves: &[&[u8]]) -> String {
    let mut tree = Frontier::new();
    leaves.iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
    let checkpoint = Checkpoint::new(LOG, tree.size(), tree.root()).expect("a checkpoint");
    Submission { old, proof, note: checkpoint.sign(&log()).expect("signed") }.to_string()
}

fn first() -> String {
    submission(0, vec![], &[b"a", b"b"])
}

/// The first two entries are still there.
fn second() -> String {
    submission(2, vec![leaf_hash(b"c")], &[b"a", b"b", b"c"])
}

/// One of them is not.
fn forked() -> String {
    submission(2, vec![node_hash(&leaf_hash(b"c"), &leaf_hash(b"d"))], &[b"a", b"x", b"c", b"d"])
}

fn evidence(folder: &std::path::Path) -> Vec<PathBuf> {
    let folder = folder.join("witness/logs").join(origin_hash(LOG)).join("evidence");
    std::fs::read_dir(folder)
        .map(|all| all.map(|one| one.expect("listed").path()).collect())
        .unwrap_or_default()
}

#[test]
fn what_was_cosigned_is_known_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let witness = open(folder.path()).expect("opens");
    let key = witness.verifier_key().clone();
    assert_eq!(witness.checkpoint(&origin_hash(LOG)), None);
    let answer = witness.add_checkpoint(&first());
    let note: Note = first().split_once("\n\n").expect("a note").1.parse().expect("a note");
    let (_, time) = hindcast_ledger::witness::cosignature(&answer.body, &note, &key).expect("a cosignature");
    assert_eq!((answer.status, time), (200, 1_700_000_000));
    drop(witness);

    let witness = open(folder.path()).expect("opens");
    assert_eq!(witness.verifier_key(), &key);
    let conflict = witness.add_checkpoint(&first());
    assert_eq!(
        (conflict.status, conflict.media_type, conflict.body.as_str()),
        (409, "text/x.tlog.size", "2\n")
    );
    assert_eq!(witness.add_checkpoint(&second()).status, 200);
    let shown: Note = witness.checkpoint(&origin_hash(LOG)).expect("there").parse().expect("a note");
    let seen = Checkpoint::open(&shown, log().verifier_key(), [&key]).expect("signed");
    assert_eq!((seen.checkpoint.size(), seen.seen_by.len()), (3, 1));
    assert_eq!(evidence(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn both_sides_of_a_fork_are_kept_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let witness = open(folder.path()).expect("opens");
    assert_eq!(witness.add_checkpoint(&first()).status, 200);
    for _ in 0..2 {
        assert_eq!(witness.add_checkpoint(&forked()).status, 422);
    }
    let [file] = evidence(folder.path()).try_into().expect("one piece");
    let told = std::fs::read_to_string(file).expect("read");
    for submission in [first(), forked()] {
        let (_, note) = submission.split_once("\n\n").expect("a note");
        assert!(told.contains(note), "{told}");
    }
    let same_size = submission(0, vec![], &[b"a", b"y"]);
    assert_eq!(witness.add_checkpoint(&same_size).status, 409);
    let names: Vec<_> = evidence(folder.path());
    assert!(names.iter().any(|name| name.to_string_lossy().contains("/fork-")), "{names:?}");
    // It goes on with the history it knows.
    assert_eq!(witness.add_checkpoint(&second()).status, 200);
}

#[test]
fn a_witness_that_cannot_read_what_it_held_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let witness = open(folder.path()).expect("opens");
    assert_eq!(witness.add_checkpoint(&first()).status, 200);
    assert!(format!("{:#}", open(folder.path()).err().expect("locked")).contains("another hindcast"));
    drop(witness);
    let file = folder.path().join("witness/logs").join(origin_hash(LOG)).join("checkpoint");
    let kept = std::fs::read_to_string(&file).expect("read");
    let own_line = kept.lines().last().expect("a line").to_owned() + "\n";
    for damaged in [String::new(), kept.replace("\n2\n", "\n3\n"), kept.replace(&own_line, "")] {
        std::fs::write(&file, damaged).expect("written");
        let said = format!("{:#}", open(folder.path()).err().expect("refused"));
        assert!(said.contains("not a checkpoint that this witness cosigned"), "{said}");
    }
    std::fs::write(&file, kept).expect("restored");
    let seed = folder.path().join("witness/witness-seed");
    std::fs::rename(&seed, folder.path().join("elsewhere")).expect("moved");
    assert!(format!("{:#}", open(folder.path()).err().expect("refused")).contains("no seed"));
}

#[test]
fn what_cannot_be_kept_is_not_cosigned() {
    let folder = tempfile::tempdir().expect("a folder");
    let witness = open(folder.path()).expect("opens");
    // A folder in its place cannot be written to.
    let new = folder.path().join("witness/logs").join(origin_hash(LOG)).join("checkpoint.new");
    std::fs::create_dir(&new).expect("made");
    assert_eq!(witness.add_checkpoint(&first()).status, 500);
    std::fs::remove_dir(&new).expect("removed");
    assert_eq!(witness.add_checkpoint(&first()).status, 200);
}

#[test]
fn of_many_at_once_one_history_wins() {
    let folder = tempfile::tempdir().expect("a folder");
    let witness = open(folder.path()).expect("opens");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u8)
            .map(|n| {
                let witness = &witness;
                scope.spawn(move || witness.add_checkpoint(&submission(0, vec![], &[&[n]])).status)
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("ended")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
}

#[test]
fn logs_that_nobody_asked_it_to_watch_are_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let witness = open(folder.path()).expect("opens");
    assert_eq!(witness.add_checkpoint(&first().replace("audit.", "other.")).status, 404);
    assert_eq!(witness.add_checkpoint("old 0\n").status, 400);
    let key = witness.verifier_key().clone();
    let clock: Clock = Arc::new(Timestamp::default);
    let config = Config { folder: folder.path().join("other"), name: "w".to_owned(), logs: vec![key] };
    assert!(Witness::open(config, clock).is_err(), "a witness is no log");
}
