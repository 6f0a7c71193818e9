//! Our formats as strangers meet them: a worked example to the byte, the traps a verifier must not
//! fall into, and readers that take any text without harm.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use hindcast_event::Key;
use hindcast_ledger::commitment::{body, digest, salt};
use hindcast_ledger::key::KeyKind;
use hindcast_ledger::{
    Checkpoint, Commitment, Cosigner, Hash, Note, NoteError, Opening, ProofError, Signer, Tile, TlogProof,
    VerifierKey, commit, empty_root, fold_range, leaf_hash, prove_consistency, prove_inclusion, prove_range,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use support::Tree;

const SECTIONS: [(&str, &str); 5] = [
    ("actor", r#"{"email":"alice@example.com","id":"usr_8f2c91","name":"Alice Example","type":"user"}"#),
    ("context", r#"{"ip":"203.0.113.42"}"#),
    (
        "core",
        r#"{"action":"ticket.assigned","id":"0192f0c1-7b1e-7c3a-8f00-000000000001","occurred_at":"2026-11-21T19:40:12.345678Z","outcome":"success"}"#,
    ),
    ("meta:group", r#""Tier 2""#),
    ("target.0", r#"{"id":"483920","name":"Cannot log in","type":"ticket"}"#),
];

const DIGESTS: [&str; 5] = [
    "a5253ed276bcc1ca726846dfbeec33faf8adce8ccd14f07b7166046e5cb875be",
    "b4d069d61ba914496ef9a5d974708d8d8ed4f95283f45968b059632d77f2c898",
    "ce1d4330c9a641b6df59c876ee851b279b4993f33d9ef5724e2690e43aa0b396",
    "5f610ea2364f3b3d460dc3a8dee7fde7d5b7cf8024702b5d029fb9265f07e82b",
    "667eb978041c58ef1addd18b512dc4f7e6ebdc174d6b29f76564ebbd30684c8c",
];

const BODY: &str = "68ab99da335c2d789f03e5d673c3b5a427a1a76d203762a2789b7ead0141edff";
const TIME_US: u64 = 1_795_290_012_345_678;

const NOTE: &str = "\
audit.example.com/w/acme
5
tuKIANRYqJRHiTMMu5+r58s2FsfP9KFVmTLxBsvKF7A=

— audit.example.com/w/acme fepTR6xnVDk4BkYzAIBLq4vw67VCbe/LMLxHCx2i+5psZ7G38pW5G3X3nzA5t5ihdnnGOCN0UQE8ws71pdRXe9hDSwk=
— witness.example.net/w1 vKqQQwAAAABrAfPMNGnE4SVW3oGhY2KRIrICuvtTBTzwXYFxICA3zE3ei0z1LxiwEbiH4gHfSUUOVnfu8HYFoZ3O+ZRsi7JsQPgODA==
";

fn key() -> Key {
    std::array::from_fn(|n| n as u8)
}

fn log() -> Signer {
    Signer::new("audit.example.com/w/acme", &[0x42; 32]).unwrap()
}

fn witness() -> Cosigner {
    Cosigner::new("witness.example.net/w1", &[0x43; 32]).unwrap()
}

fn example_commitment() -> Commitment {
    Commitment::new(0, TIME_US, commit(&key(), SECTIONS).unwrap())
}

/// Five entries, of which the one in the middle is the example.
fn example_tree() -> Tree {
    Tree::over((0_u8..5).map(|n| {
        if n == 2 {
            return example_commitment().leaf();
        }
        let value = format!(r#"{{"n":{n}}}"#);
        let body = commit(&[n; 16], [("core", value.as_str())]).unwrap();
        Commitment::new(0, TIME_US - 2 + u64::from(n), body).leaf()
    }))
}

#[test]
fn the_worked_example_commits_to_the_published_bytes() {
    let digests: Vec<Hash> =
        (0..).zip(SECTIONS).map(|(index, (name, value))| digest(&salt(&key(), index), name, value)).collect();
    assert_eq!(digests.iter().map(Hash::to_hex).collect::<Vec<_>>(), DIGESTS);
    assert_eq!(body(&digests).unwrap().to_hex(), BODY);
    let commitment = example_commitment();
    assert_eq!(commitment.body.to_hex(), BODY);
    let hex: String = commitment.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, format!("0100000660ce8774654e{BODY}"));
    assert_eq!(
        commitment.leaf().to_hex(),
        "03d2584d43d49cc1ed4c8167ed4bc80f9cfcef332dcdb7bf1c4f4ecb4de3cd9e"
    );
}

#[test]
fn the_worked_example_keeps_its_body_when_the_actor_is_erased() {
    let mut opening = Opening::full(&key(), SECTIONS).unwrap();
    assert!(opening.erase("actor", true));
    assert_eq!(opening.disclosures()[0].digest().to_hex(), DIGESTS[0]);
    assert_eq!(opening.body().unwrap().to_hex(), BODY);
}

#[test]
fn the_worked_example_has_the_published_root_and_proof() {
    let tree = example_tree();
    assert_eq!(tree.root(5).to_hex(), "b6e28800d458a8944789330cbb9fabe7cb3616c7cff4a1559932f106cbca17b0");
    let proof = prove_inclusion(&tree, 2, 5).unwrap();
    assert_eq!(
        proof.iter().map(Hash::to_hex).collect::<Vec<_>>(),
        [
            "85ab454c40d8859315295aff4df6b6c7dfe8bb1ce9644a014841ee4e53ff2e5a",
            "d38a6b72c941df19c45132c6eea766e0a26bbdd220321f8c569fdcd3daf83f08",
            "034c73649081dc0d5ca16cec411acbd05e8a57e2525964bf5f5e4d83b3335bfd",
        ]
    );
}

#[test]
fn the_worked_example_is_signed_byte_for_byte() {
    let (log, witness) = (log(), witness());
    assert_eq!(
        log.verifier_key().to_string(),
        "audit.example.com/w/acme+7dea5347+ASFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS"
    );
    assert_eq!(
        witness.verifier_key().to_string(),
        "witness.example.net/w1+bcaa9043+BCL8KXeS8Lb/wL/P237bDAqhTgJaNl7A40Lobjgpy3S2"
    );
    let checkpoint = Checkpoint::new(log.name(), 5, example_tree().root(5)).unwrap();
    let mut note = checkpoint.sign(&log).unwrap();
    note.add(note.cosign(&witness, 1_795_290_060)).unwrap();
    assert_eq!(note.to_string(), NOTE);

    let published = Checkpoint::open(&note, log.verifier_key(), [witness.verifier_key()]).unwrap();
    assert_eq!(published.checkpoint, checkpoint);
    assert_eq!(published.seen_by[0].time, 1_795_290_060);
}

#[test]
fn the_worked_example_fits_a_proof_file() {
    let tree = example_tree();
    let hashes = prove_inclusion(&tree, 2, 5).unwrap();
    let file = TlogProof::new(None, 2, hashes, NOTE.parse().unwrap()).unwrap().to_string();
    let read: TlogProof = file.parse().unwrap();
    let (log, witness) = (log(), witness());
    let leaf = example_commitment().leaf();
    let published = read.verify(&leaf, log.verifier_key(), [witness.verifier_key()]).unwrap();
    assert_eq!((published.checkpoint.size(), published.seen_by.len()), (5, 1));
}

#[test]
fn whoever_continues_an_empty_tree_must_know_its_root() {
    let root = leaf_hash(b"x");
    assert_eq!(verify_consistency(0, 1, &[], &empty_root(), &root), Ok(()));
    assert_eq!(verify_consistency(0, 1, &[], &root, &root), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, 0, &[], &root, &root), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, 0, &[], &empty_root(), &empty_root()), Ok(()));
    assert_eq!(verify_consistency(0, 1, &[root], &empty_root(), &root), Err(ProofError::Length));
    assert_eq!(verify_consistency(1, 1, &[root], &root, &root), Err(ProofError::Length));
}

#[test]
fn a_proof_must_be_used_up() {
    let tree = Tree::counting_to(7);
    let root = tree.root(7);
    let extra = [leaf_hash(b"extra")];
    let proof = [prove_inclusion(&tree, 6, 7).unwrap().as_slice(), &extra].concat();
    let verdict = verify_inclusion(&tree.leaves()[6], 6, 7, &proof, &root);
    assert_eq!(verdict, Err(ProofError::Length));
    let proof = [prove_consistency(&tree, 3, 7).unwrap().as_slice(), &extra].concat();
    let verdict = verify_consistency(3, 7, &proof, &tree.root(3), &root);
    assert_eq!(verdict, Err(ProofError::Length));
    let mut proof = prove_range(&tree, 2, 4, 7).unwrap();
    proof.right.extend(extra);
    let verdict = fold_range(2, tree.leaves()[2..4].iter().copied(), 7, &proof);
    assert_eq!(verdict, Err(ProofError::Length));
    // A tree of one leaf needs no hash at all.
    assert_eq!(verify_inclusion(&extra[0], 0, 1, &[], &extra[0]), Ok(()));
    assert_eq!(verify_inclusion(&extra[0], 0, 1, &extra, &extra[0]), Err(ProofError::Length));
}

#[test]
fn a_node_at_the_right_edge_is_promoted_as_it_is() {
    let tree = Tree::counting_to(9);
    let root = tree.root(9);
    let proof = prove_inclusion(&tree, 8, 9).unwrap();
    assert_eq!(proof, [tree.root(8)]);
    assert_eq!(verify_inclusion(&tree.leaves()[8], 8, 9, &proof, &root), Ok(()));
}

#[test]
fn impossible_sizes_and_places_are_refused() {
    let (hash, huge) = (leaf_hash(b"x"), 1 << 63);
    let too_large = ProofError::Size(huge);
    assert_eq!(verify_inclusion(&hash, 0, huge, &[], &hash), Err(too_large.clone()));
    assert_eq!(verify_consistency(1, huge, &[], &hash, &hash), Err(too_large.clone()));
    assert_eq!(verify_consistency(huge, huge, &[], &hash, &hash), Err(too_large.clone()));
    let no_proof = Default::default();
    assert_eq!(fold_range(0, [hash], huge, &no_proof), Err(too_large));
    // The largest size itself is handled without overflow.
    let largest = huge - 1;
    for index in [0, 1, largest / 2, largest - 1] {
        let verdict = verify_inclusion(&hash, index, largest, &[hash; 64], &hash);
        assert_eq!(verdict, Err(ProofError::Length));
    }
    for old in [1, 2, largest / 2, largest / 2 + 1, largest - 1] {
        let verdict = verify_consistency(old, largest, &[hash; 65], &hash, &hash);
        assert_eq!(verdict, Err(ProofError::Length));
    }
    assert_eq!(fold_range(largest, [hash], largest, &no_proof), Err(ProofError::Length));
    let missing = ProofError::Index { index: 0, size: 0 };
    assert_eq!(verify_inclusion(&hash, 0, 0, &[], &hash), Err(missing));
    let backwards = ProofError::Range { start: 2, end: 1, size: 1 };
    assert_eq!(verify_consistency(2, 1, &[], &hash, &hash), Err(backwards));
    assert!(prove_inclusion(&Tree::counting_to(1), 0, huge).is_err());
    assert!(prove_range(&Tree::counting_to(1), 1, 0, 1).is_err());
    // The tree is asked for a leaf it should have and has not.
    assert!(prove_inclusion(&Tree::counting_to(1), 0, 2).is_err());
}

#[test]
fn signatures_are_verified_strictly() {
    // Made with the seed of 0x42 bytes, but with the identity as its point R. Verifiers that only
    // solve the equation accept it; batch and strict verifiers would not agree with them.
    let signature: [u8; 64] = [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe,
        0x14, 0x92, 0x4b, 0x40, 0x48, 0xfb, 0x64, 0x35, 0x91, 0xdf, 0x4a, 0xf2, 0x4a, 0x98, 0x04, 0x2f, 0x0f,
        0x28, 0x90, 0x99, 0x45, 0x2c, 0xd7, 0x08, 0x95, 0xd9, 0x34, 0x01, 0x13, 0x66, 0x05,
    ];
    let public: [u8; 32] = [
        0x21, 0x52, 0xf8, 0xd1, 0x9b, 0x79, 0x1d, 0x24, 0x45, 0x32, 0x42, 0xe1, 0x5f, 0x2e, 0xab, 0x6c, 0xb7,
        0xcf, 0xfa, 0x7b, 0x6a, 0x5e, 0xd3, 0x00, 0x97, 0x96, 0x0e, 0x06, 0x98, 0x81, 0xdb, 0x12,
    ];
    let lenient = VerifyingKey::from_bytes(&public).unwrap();
    assert!(lenient.verify(b"text\n", &Signature::from_bytes(&signature)).is_ok());
    let key = VerifierKey::new("log", KeyKind::Ed25519, &public).unwrap();
    assert_eq!(key.verify("text\n", &signature), None);
}

#[test]
fn an_unknown_signature_does_not_hide_a_known_one() {
    let log = log();
    // Written as Sunlight does, to keep clients honest: the name of the log, a key nobody has.
    let greased = NOTE.replace(
        "\n\n",
        "\n\n— audit.example.com/w/acme 3q2+7wAAAAAAAAAA\n— grease.invalid 3q2+7wAAAAAAAAAA\n",
    );
    let note: Note = greased.parse().unwrap();
    assert_eq!(note.to_string(), greased);
    assert!(Checkpoint::open(&note, log.verifier_key(), []).is_ok());
}

#[test]
fn every_bit_of_a_signed_checkpoint_counts() {
    let (log, witness) = (log(), witness());
    for place in 0..NOTE.len() {
        for bit in 0..7 {
            let mut bytes = NOTE.as_bytes().to_vec();
            bytes[place] ^= 1 << bit;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Ok(note) = text.parse::<Note>() else { continue };
            assert_eq!(note.to_string(), text);
            let opened = Checkpoint::open(&note, log.verifier_key(), [witness.verifier_key()]);
            // What may happen at most is that the witness becomes a stranger.
            assert!(opened.is_err() || opened.unwrap().seen_by.is_empty(), "{place}.{bit}");
        }
    }
}

#[test]
fn a_forged_witness_spoils_the_checkpoint() {
    let (log, witness) = (log(), witness());
    let mut note: Note = NOTE.parse().unwrap();
    note.add(witness.cosign("another text\n", 1_795_290_060)).unwrap();
    let id = witness.verifier_key().id();
    let refused = NoteError::BadSignature { name: witness.name().to_owned(), id };
    let opened = Checkpoint::open(&note, log.verifier_key(), [witness.verifier_key()]);
    assert_eq!(opened, Err(refused.into()));
    assert!(Checkpoint::open(&note, log.verifier_key(), []).is_ok());
}

/// Reads a text; whatever is accepted must be written in just the same way.
fn accepts_one_spelling<T: std::str::FromStr + ToString>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text);
    }
}

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from_bytes)
}

prop_compose! {
    fn note()(
        text in "[^\u{0}-\u{9}\u{b}-\u{1f}]{0,200}",
        name in "[a-z./]{1,20}",
        strangers in prop::collection::vec(("[^\\s+\u{0}-\u{1f}]{1,9}", any::<[u8; 9]>()), 0..5),
    ) -> Note {
        let mut note = Note::sign(format!("{text}\n"), &Signer::new(&name, &[7; 32]).unwrap());
        for (name, bytes) in strangers {
            use base64::Engine as _;
            let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
            let line = format!("— {name} {base64}").parse().unwrap();
            note = note.and_then(|mut note| note.add(line).map(|()| note));
        }
        note.unwrap()
    }
}

prop_compose! {
    fn tlog_proof()(
        extra in prop::option::of(prop::collection::vec(any::<u8>(), 0..100)),
        index in any::<u64>(),
        hashes in prop::collection::vec(hash(), 0..64),
        note in note(),
    ) -> TlogProof {
        TlogProof::new(extra, index, hashes, note).unwrap()
    }
}

proptest! {
    #[test]
    fn what_we_write_reads_back_the_same(
        note in note(),
        proof in tlog_proof(),
        origin in "[^\\s+\u{0}-\u{1f}]{1,40}",
        size in 1..1_u64 << 63,
        root in hash(),
    ) {
        prop_assert_eq!(note.to_string().parse(), Ok(note));
        prop_assert_eq!(proof.to_string().parse(), Ok(proof));
        prop_assert_eq!(root.to_string().parse(), Ok(root));
        let checkpoint = Checkpoint::new(&origin, size, root).unwrap();
        prop_assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
    }

    #[test]
    fn tile_paths_read_back_the_same(level in 0_u8..64, index: u64, width in 1..=256_u32) {
        let mut path = format!("{:021}", index).as_bytes().chunks(3)
            .map(|group| format!("x{}", std::str::from_utf8(group).unwrap()))
            .skip_while(|group| group == "x000").collect::<Vec<_>>().join("/");
        path = if path.is_empty() { "000".to_owned() } else { path };
        let last = path.rfind('x').unwrap_or(path.len());
        path.replace_range(last..(last + 1).min(path.len()), "");
        let partial = if width < 256 { format!(".p/{width}") } else { String::new() };
        for path in [format!("tile/{level}/{path}{partial}"), format!("tile/entries/{path}{partial}")] {
            let tile: Tile = path.parse().unwrap();
            prop_assert_eq!((tile.index(), u32::from(tile.width())), (index, width));
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,300}|[\\x00-\\x7f—]{0,300}") {
        accepts_one_spelling::<Note>(&text);
        accepts_one_spelling::<Tile>(&text);
        accepts_one_spelling::<TlogProof>(&text);
        accepts_one_spelling::<VerifierKey>(&text);
        let _ = text.parse::<Checkpoint>();
    }

    #[test]
    fn any_tile_like_path_has_one_spelling(path in "tile/([0-9]{1,3}|entries)(/x?[0-9]{2,4}){1,4}(\\.p/[0-9]{1,3})?") {
        accepts_one_spelling::<Tile>(&path);
    }

    #[test]
    fn anything_close_to_what_we_write_has_one_spelling(
        proof in tlog_proof(),
        place: prop::sample::Index,
        cut in 0..3_usize,
        put in "[\n\r\t +=—/A-Z0-9]{0,3}",
    ) {
        let note = proof.checkpoint().to_string();
        let log = log();
        for text in [proof.to_string(), note, log.verifier_key().to_string(), "tile/3/x001/x234/067.p/25".to_owned()] {
            let mut characters: Vec<char> = text.chars().collect();
            let start = place.index(characters.len());
            let end = (start + cut).min(characters.len());
            characters.splice(start..end, put.chars());
            let changed: String = characters.into_iter().collect();
            accepts_one_spelling::<TlogProof>(&changed);
            accepts_one_spelling::<Note>(&changed);
            accepts_one_spelling::<Tile>(&changed);
            accepts_one_spelling::<VerifierKey>(&changed);
        }
    }

    #[test]
    fn any_bytes_are_taken_for_a_bundle_or_commitment_without_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Ok(entries) = hindcast_ledger::tile::decode_bundle(&bytes) {
            prop_assert_eq!(hindcast_ledger::tile::encode_bundle(entries), Ok(bytes.clone()));
        }
        if let Ok(commitment) = Commitment::from_bytes(&bytes) {
            prop_assert_eq!(commitment.to_bytes().to_vec(), bytes);
        }
    }

    #[test]
    fn any_proof_is_judged_without_harm(
        index: u64, size: u64, old: u64, start: u64,
        proof in prop::collection::vec(hash(), 0..70),
        root in hash(),
        count in 0..5_usize,
    ) {
        prop_assert!(verify_inclusion(&root, index, size, &proof, &root).is_err());
        prop_assert!(verify_consistency(old, size, &proof, &root, &root).is_err() || old == size);
        let (left, right) = proof.split_at(proof.len() / 2);
        let range = hindcast_ledger::RangeProof { left: left.to_vec(), right: right.to_vec() };
        prop_assert_ne!(fold_range(start, vec![root; count], size, &range), Ok(root));
    }
}
