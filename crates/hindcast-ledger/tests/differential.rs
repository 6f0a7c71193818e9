//! Our trees, tiles and notes held against independent implementations of the same formats.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use hindcast_ledger::{
    Checkpoint, Hash, Note, RangeProof, Signer, Tile, fold_range, leaf_hash, prove_consistency,
    prove_inclusion, prove_range, verify_consistency, verify_inclusion,
};
use sha2::Sha256;
use support::Tree;

const SIZE_MAX: u16 = 130;

#[test]
fn inclusion_proofs_are_the_same_everywhere() {
    let (tree, stored) = (Tree::counting_to(SIZE_MAX), stored(SIZE_MAX));
    let mut second = MemoryBackedTree::<Sha256, [u8; 2]>::new();
    for size in 1..=SIZE_MAX {
        second.push((size - 1).to_be_bytes());
        let (n, root) = (u64::from(size), tree.root(size.into()));
        assert_eq!(tlog_tiles::tree_hash(n, &stored).unwrap().0, *root.as_bytes());
        assert_eq!(second.root().as_bytes().as_slice(), root.as_bytes());
        let their_root = RootHash::<Sha256>::new((*root.as_bytes()).into(), n);
        for index in 0..size {
            let (i, leaf) = (u64::from(index), tree.leaves()[usize::from(index)]);
            let proof = prove_inclusion(&tree, i, n).unwrap();
            assert_eq!(theirs(&proof), tlog_tiles::prove_record(n, i, &stored).unwrap());
            let their_leaf = tlog_tiles::Hash(*leaf.as_bytes());
            let their_tree = tlog_tiles::Hash(*root.as_bytes());
            tlog_tiles::check_record(&theirs(&proof), n, their_tree, i, their_leaf).unwrap();
            assert_eq!(bytes(&proof), second.prove_inclusion(index.into()).as_bytes());
            let copied = InclusionProof::try_from_bytes(bytes(&proof)).unwrap();
            their_root.verify_inclusion(&index.to_be_bytes(), i, &copied).unwrap();

            verify_inclusion(&leaf, i, n, &proof, &root).unwrap();
            for wrong in damaged(&proof) {
                assert!(verify_inclusion(&leaf, i, n, &wrong, &root).is_err(), "{i} of {n}");
            }
            for other in [i ^ 1, i ^ 2, i + 1, i.wrapping_sub(1), n] {
                assert!(verify_inclusion(&leaf, other, n, &proof, &root).is_err(), "{i} of {n}");
            }
        }
    }
}

#[test]
fn consistency_proofs_are_the_same_everywhere() {
    let (tree, stored) = (Tree::counting_to(SIZE_MAX), stored(SIZE_MAX));
    let mut second = MemoryBackedTree::<Sha256, [u8; 2]>::new();
    for new in 1..=SIZE_MAX {
        second.push((new - 1).to_be_bytes());
        let (n, new_root) = (u64::from(new), tree.root(new.into()));
        let their_new_root = RootHash::<Sha256>::new((*new_root.as_bytes()).into(), n);
        for old in 1..=new {
            let (m, old_root) = (u64::from(old), tree.root(old.into()));
            let proof = prove_consistency(&tree, m, n).unwrap();
            assert_eq!(theirs(&proof), tlog_tiles::prove_tree(n, m, &stored).unwrap());
            let [th, h] = [new_root, old_root].map(|root| tlog_tiles::Hash(*root.as_bytes()));
            tlog_tiles::check_tree(&theirs(&proof), n, th, m, h).unwrap();
            let copied = second.prove_consistency((new - old).into());
            assert_eq!(bytes(&proof), copied.as_bytes());
            let their_old_root = RootHash::<Sha256>::new((*old_root.as_bytes()).into(), m);
            let ours = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
            their_new_root.verify_consistency(&their_old_root, &ours).unwrap();

            verify_consistency(m, n, &proof, &old_root, &new_root).unwrap();
            for wrong in damaged(&proof) {
                let verdict = verify_consistency(m, n, &wrong, &old_root, &new_root);
                assert!(verdict.is_err(), "{m} to {n}");
            }
            if m != n {
                let swapped = verify_consistency(m, n, &proof, &new_root, &old_root);
                assert!(swapped.is_err(), "{m} to {n}");
            }
        }
        assert_eq!(prove_consistency(&tree, 0, n), Ok(vec![]));
    }
}

#[test]
fn every_range_folds_into_the_root_the_others_know() {
    let (tree, stored) = (Tree::counting_to(SIZE_MAX), stored(SIZE_MAX));
    for size in (0..=40).chain([63, 64, 65, 100, 127, 128, 129, 130]) {
        let root = tlog_tiles::tree_hash(size, &stored).unwrap();
        for start in 0..=size {
            for end in start..=size {
                let proof = prove_range(&tree, start, end, size).unwrap();
                let leaves = tree.leaves()[start as usize..end as usize].iter().copied();
                let folded = fold_range(start, leaves, size, &proof).unwrap();
                assert_eq!(folded.as_bytes(), &root.0, "{start}..{end} of {size}");
            }
        }
    }
}

#[test]
fn a_range_that_is_not_whole_does_not_fold_into_the_root() {
    let tree = Tree::counting_to(40);
    let root = tree.root(40);
    for (start, end) in [(0, 40), (0, 7), (5, 9), (8, 16), (13, 40), (39, 40)] {
        let proof = prove_range(&tree, start, end, 40).unwrap();
        let leaves = tree.leaves()[start as usize..end as usize].to_vec();
        let folds = |start: u64, leaves: &[Hash], proof: &RangeProof| {
            fold_range(start, leaves.iter().copied(), 40, proof) == Ok(root)
        };
        assert!(folds(start, &leaves, &proof));
        for gone in 0..leaves.len() {
            let mut fewer = leaves.clone();
            fewer.remove(gone);
            assert!(!folds(start, &fewer, &proof), "{start}..{end} without {gone}");
            let mut more = leaves.clone();
            more.insert(gone, leaves[gone]);
            assert!(!folds(start, &more, &proof), "{start}..{end} with {gone} twice");
        }
        assert!(!folds(start + 1, &leaves, &proof));
        for left in damaged(&proof.left) {
            assert!(!folds(start, &leaves, &RangeProof { left, ..proof.clone() }));
        }
        for right in damaged(&proof.right) {
            assert!(!folds(start, &leaves, &RangeProof { right, ..proof.clone() }));
        }
    }
}

#[test]
fn tiles_are_the_same_everywhere() {
    let sizes = [0, 1, 2, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, 70_000, 300_000];
    for old in sizes {
        for new in sizes.into_iter().filter(|&new| new >= old) {
            let theirs = tlog_tiles::Tile::new_tiles(8, old, new);
            // Their paths also name the height of a tile, which is fixed in tlog-tiles.
            let theirs: Vec<String> =
                theirs.iter().map(|tile| tile.path().replacen("tile/8/", "tile/", 1)).collect();
            let ours: Vec<String> = Tile::hashes_since(old, new).map(|tile| tile.to_string()).collect();
            assert_eq!(ours, theirs, "{old} to {new}");
            for path in ours {
                let tile: Tile = path.parse().unwrap();
                assert!(tile.is_filled_by(new) && !tile.is_filled_by(old), "{path}");
            }
        }
    }
}

#[test]
fn others_accept_our_checkpoints() {
    let signer = Signer::new("audit.example.com/w/acme", &[0x42; 32]).unwrap();
    let checkpoint = Checkpoint::new(signer.name(), 5, leaf_hash(b"x")).unwrap();
    let mut note = checkpoint.sign(&signer).unwrap();
    note.add("— grease AAECAwQFBgc=".parse().unwrap()).unwrap();

    let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    let key = signed_note::StandardVerifier::new(&signer.verifier_key().to_string()).unwrap();
    let (known, unknown) = theirs.verify(&signed_note::VerifierList::new(vec![Box::new(key)])).unwrap();
    assert_eq!((known.len(), unknown.len()), (1, 1));
    let read = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((read.origin(), read.size(), read.extension()), (checkpoint.origin(), 5, ""));
    assert_eq!(&read.hash().0, checkpoint.root().as_bytes());
}

#[test]
fn we_accept_the_checkpoints_of_others() {
    let signer = Signer::new("log", &[0x42; 32]).unwrap();
    let key = signer.verifier_key();
    let secret = "AUJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC";
    let theirs = format!("PRIVATE+KEY+log+{:08x}+{secret}", key.id());
    let theirs = signed_note::StandardSigner::new(&theirs).unwrap();
    let root = tlog_tiles::record_hash(b"x");
    let text = tlog_tiles::Checkpoint::new("log", 1, root, "more\n").unwrap().to_bytes();
    let mut note = signed_note::Note::new(&text, &[]).unwrap();
    note.add_sigs(&[&theirs]).unwrap();

    let note: Note = String::from_utf8(note.to_bytes()).unwrap().parse().unwrap();
    let published = Checkpoint::open(&note, key, []).unwrap();
    assert_eq!(published.checkpoint, Checkpoint::new("log", 1, leaf_hash(b"x")).unwrap());
}

/// The proof with a hash too many, too few, in the wrong place or with one bit turned.
fn damaged(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let extra = leaf_hash(b"extra");
    let mut all = vec![[proof, &[extra]].concat(), [&[extra], proof].concat()];
    for place in 0..proof.len() {
        all.push([&proof[..place], &proof[place + 1..]].concat());
        let mut turned = proof.to_vec();
        let mut bytes = *turned[place].as_bytes();
        bytes[place % 32] ^= 1 << (place % 8);
        turned[place] = Hash::from_bytes(bytes);
        all.push(turned);
    }
    for place in 1..proof.len() {
        let mut swapped = proof.to_vec();
        swapped.swap(place - 1, place);
        all.push(swapped);
    }
    all
}

struct Stored(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|&index| self.0[index as usize]).collect())
    }
}

fn stored(size: u16) -> Stored {
    let mut stored = Stored(Vec::new());
    for n in 0..size {
        let new = tlog_tiles::stored_hashes(n.into(), &n.to_be_bytes(), &stored).unwrap();
        stored.0.extend(new);
    }
    stored
}

fn theirs(proof: &[Hash]) -> Vec<tlog_tiles::Hash> {
    proof.iter().map(|hash| tlog_tiles::Hash(*hash.as_bytes())).collect()
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| *hash.as_bytes()).collect()
}
