//! A witness cosigns one history and no other, whatever it is sent.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use hindcast_ledger::witness::{
    Contradiction, CosignatureError, Held, PROOF_HASHES_MAX, Refusal, Refused, Submission, cosignature,
    decide,
};
use hindcast_ledger::{
    Checkpoint, Cosigner, Hash, Note, NoteError, Signer, empty_root, leaf_hash, prove_consistency,
};
use proptest::prelude::*;
use support::Tree;

const LOG: &str = "audit.example.com/w/instance/0";

fn log() -> Signer {
    Signer::new(LOG, &[1; 32]).unwrap()
}

fn witness() -> Cosigner {
    Cosigner::new("witness.example.net", &[2; 32]).unwrap()
}

fn signed(size: u64, root: Hash) -> Note {
    Checkpoint::new(LOG, size, root).unwrap().sign(&log()).unwrap()
}

/// What a log with this tree submits to a witness that holds `old` entries of it.
fn submission(tree: &Tree, old: u64, size: usize) -> Submission {
    let proof = prove_consistency(tree, old, size as u64).unwrap_or_default();
    Submission { old, proof, note: signed(size as u64, tree.root(size)) }
}

/// Decides, and cosigns when it should.
fn submit(held: &mut Option<Held>, submission: &Submission, now: u64) -> Result<u64, Refused> {
    let (next, signature) =
        decide(log().verifier_key(), held.as_ref(), submission)?.cosign(&witness(), now).unwrap();
    let read = cosignature(&format!("{signature}\n"), &submission.note, witness().verifier_key()).unwrap();
    assert_eq!(read, (signature, next.time()));
    // What is held can be read back from its note alone.
    let again: Note = next.note().to_string().parse().unwrap();
    let key = log();
    assert_eq!(Held::open(again, key.verifier_key(), witness().verifier_key()).as_ref(), Ok(&next));
    let time = next.time();
    *held = Some(next);
    Ok(time)
}

fn refusal(held: &Option<Held>, submission: &Submission) -> (u16, Option<Contradiction>) {
    let refused = decide(log().verifier_key(), held.as_ref(), submission).unwrap_err();
    (refused.why.status(), refused.contradiction)
}

#[test]
fn an_honest_log_is_cosigned_step_by_step() {
    let (tree, mut held) = (Tree::counting_to(300), None);
    for (old, size) in [(0, 0), (0, 1), (1, 1), (1, 7), (7, 8), (8, 300)] {
        assert_eq!(submit(&mut held, &submission(&tree, old, size), 100 + old), Ok(100 + old));
    }
    // The clock was set back; the larger tree was not the newest before the smaller.
    assert_eq!(submit(&mut held, &submission(&tree, 300, 300), 5), Ok(108));
}

#[test]
fn every_refusal_has_the_status_of_the_specification() {
    let tree = Tree::counting_to(20);
    let mut held = None;
    assert_eq!(refusal(&held, &submission(&tree, 3, 9)), (409, None), "it holds nothing");
    submit(&mut held, &submission(&tree, 0, 9), 1).unwrap();

    assert_eq!(refusal(&held, &submission(&tree, 7, 12)), (409, None));
    let refused = decide(log().verifier_key(), held.as_ref(), &submission(&tree, 0, 12)).unwrap_err();
    assert_eq!(refused.why, Refusal::Conflict { size: 9 });
    // Older than what is held, and honestly so.
    assert_eq!(refusal(&held, &submission(&tree, 3, 5)), (409, None));
    assert_eq!(refusal(&held, &Submission { old: 13, ..submission(&tree, 9, 12) }), (400, None));

    let mut unasked = submission(&tree, 9, 9);
    unasked.proof.push(empty_root());
    assert_eq!(refusal(&held, &unasked), (422, None), "the same checkpoint needs no proof");
    let mut unasked = submission(&tree, 0, 9);
    unasked.proof.push(empty_root());
    assert_eq!(refusal(&None, &unasked), (422, None), "and neither does the first");

    let fork = Submission { old: 9, proof: vec![], note: signed(9, leaf_hash(b"other")) };
    assert_eq!(refusal(&held, &fork), (422, Some(Contradiction::Fork)));
    assert_eq!(refusal(&held, &Submission { old: 0, ..fork }), (409, Some(Contradiction::Fork)));
    let mut unproven = submission(&tree, 9, 12);
    unproven.note = signed(12, leaf_hash(b"other"));
    assert_eq!(refusal(&held, &unproven), (422, Some(Contradiction::Unproven)));
}

#[test]
fn only_the_key_of_the_log_counts() {
    let tree = Tree::counting_to(9);
    let good = submission(&tree, 0, 9);
    let with = |note: Note| Submission { note, ..good.clone() };
    let text = good.note.to_string();
    let body = text.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let forger = Signer::new(LOG, &[9; 32]).unwrap();
    assert_eq!(refusal(&None, &with(Note::sign(body.clone(), &forger).unwrap())), (403, None));
    // A witness cannot stand in for the log, and a bad signature spoils the note.
    let cosigned = format!("{body}\n{}\n", good.note.cosign(&witness(), 7)).parse().unwrap();
    assert_eq!(refusal(&None, &with(cosigned)), (403, None));
    let changed: Note = text.replacen("\n9\n", "\n8\n", 1).parse().unwrap();
    assert_eq!(refusal(&None, &with(changed)), (403, None));
    // What others sign is ignored, and not kept.
    let mut seen = good.note.clone();
    seen.add(good.note.cosign(&Cosigner::new("other", &[4; 32]).unwrap(), 3)).unwrap();
    let mut held = None;
    submit(&mut held, &with(seen), 8).unwrap();
    assert_eq!(held.unwrap().note().signatures().len(), 2);
}

#[test]
fn an_empty_log_has_the_root_of_an_empty_tree() {
    let text = format!("{LOG}\n0\n{}\n", leaf_hash(b""));
    let note = Note::sign(text, &log()).unwrap();
    assert_eq!(refusal(&None, &Submission { old: 0, proof: vec![], note }), (422, None));
    let text = format!("{LOG}\n07\n{}\n", leaf_hash(b""));
    let note = Note::sign(text, &log()).unwrap();
    assert_eq!(refusal(&None, &Submission { old: 0, proof: vec![], note }), (400, None));
}

#[test]
fn a_submission_has_one_spelling() {
    let good = submission(&Tree::counting_to(9), 3, 9);
    let text = good.to_string();
    assert_eq!(text.parse().as_ref(), Ok(&good));
    let empty = submission(&Tree::counting_to(9), 0, 9);
    assert_eq!(empty.to_string().parse(), Ok(empty));
    for (from, to) in [
        ("old 3\n", ""),
        ("old 3", "old 03"),
        ("old 3", "old  3"),
        ("old 3", "old +3"),
        ("old 3", "Old 3"),
        ("old 3", "old -1"),
        ("old 3", "old 18446744073709551616"),
        ("\n", "\r\n"),
        ("=\n", "\n"),
        ("\n\n", "\n"),
    ] {
        let bad = text.replacen(from, to, 1);
        assert!(bad != text && bad.parse::<Submission>().is_err(), "{from:?} to {to:?}");
    }
    let hash = format!("{}\n", good.proof[0]);
    let many = text.replacen(&hash, &hash.repeat(PROOF_HASHES_MAX + 2 - good.proof.len()), 1);
    assert!(many.parse::<Submission>().is_err());
    assert!("x".repeat(1 << 20).parse::<Submission>().is_err());
}

#[test]
fn a_cosignature_is_believed_only_from_the_witness_and_for_the_note() {
    let tree = Tree::counting_to(9);
    let (note, older) = (submission(&tree, 0, 9).note, submission(&tree, 0, 8).note);
    let (key, line) = (witness(), |note: &Note, by: &Cosigner| format!("{}\n", note.cosign(by, 7)));
    let stranger = Cosigner::new("witness.example.net", &[3; 32]).unwrap();
    let absent = Err(CosignatureError::Absent("witness.example.net".to_owned()));
    let read = |answer: &str| cosignature(answer, &note, key.verifier_key()).map(|(_, time)| time);
    assert_eq!(read(&(line(&note, &stranger) + &line(&note, &key))), Ok(7));
    assert_eq!(read(&line(&note, &stranger)), absent);
    assert_eq!(read("<html>"), absent);
    let replayed = read(&line(&older, &key));
    assert!(matches!(replayed, Err(CosignatureError::Note(NoteError::BadSignature { .. }))), "{replayed:?}");
}

/// A step of a log that may lie: it submits so many entries of one of two histories.
#[derive(Clone, Debug)]
struct Step {
    forked: bool,
    size: usize,
    /// What it says the witness holds, if that is not the truth.
    old: Option<u64>,
    /// Which hash of the proof is bent, if any.
    bent: Option<usize>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        any::<bool>(),
        0..80_usize,
        prop::option::weighted(0.3, 0..80_u64),
        prop::option::weighted(0.2, 0..8_usize),
    );
    let step = step.prop_map(|(forked, size, old, bent)| Step { forked, size, old, bent });
    prop::collection::vec(step, 1..40)
}

proptest! {
    #[test]
    fn all_it_ever_cosigned_is_one_history(fork in 0..80_usize, steps in steps()) {
        let leaf = |n: usize| leaf_hash(&n.to_be_bytes());
        let honest = Tree::over((0..80).map(leaf));
        let forked = Tree::over((0..80).map(|n| if n < fork { leaf(n) } else { leaf(n + 1000) }));
        let mut held = None;
        let mut cosigned: Vec<(usize, Hash)> = Vec::new();
        for (now, step) in steps.into_iter().enumerate() {
            let tree = if step.forked { &forked } else { &honest };
            let (size, root) = (step.size, tree.root(step.size));
            let holds = held.as_ref().map_or(0, Held::size);
            let mut sent = submission(tree, step.old.unwrap_or(holds), size);
            let bent = step.bent.and_then(|at| sent.proof.get_mut(at)).map(|hash| *hash = leaf_hash(b"bent"));
            let is_same = held.as_ref().is_none_or(|held: &Held| tree.root(holds as usize) == held.root());
            let should = sent.old == holds && holds <= size as u64 && is_same && bent.is_none();
            match submit(&mut held, &sent, now as u64) {
                Ok(_) => {
                    prop_assert!(should);
                    cosigned.push((size, root));
                }
                Err(refused) => {
                    prop_assert!(!should, "{refused:?}");
                    let is_fork = !cosigned.is_empty() && size as u64 == holds && !is_same;
                    prop_assert_eq!(refused.contradiction == Some(Contradiction::Fork), is_fork);
                }
            }
        }
        prop_assert!(cosigned.is_sorted_by_key(|(size, _)| *size));
        let one = |tree: &Tree| cosigned.iter().all(|(size, root)| tree.root(*size) == *root);
        prop_assert!(one(&honest) || one(&forked));
    }
}
