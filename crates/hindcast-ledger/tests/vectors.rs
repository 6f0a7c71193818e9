//! The proof vectors of transparency-dev/merkle, read where they are shared and never copied.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use hindcast_ledger::{Hash, verify_consistency, verify_inclusion};
use serde_json::Value;

/// What became of a vector.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// Our verdict is the expected one.
    Agreed,
    /// Our verdict is another one.
    Differed,
    /// It proves a subtree that does not begin at the first leaf, which we never do.
    InnerSubtree,
    /// It is to be accepted with a root that is not 32 bytes long, because the sizes alone decide;
    /// such a root cannot even be said here.
    RootOfOtherLength,
}

#[test]
fn every_public_vector_that_applies_gets_the_expected_verdict() {
    let Some(folder) = shared().map(|shared| shared.join("data/tlog-vectors/testdata")) else {
        eprintln!("skipped: no shared folder, set HINDCAST_SHARED to where the vectors are");
        return;
    };
    let mut outcomes = Vec::new();
    for (kind, judge) in [
        ("inclusion", inclusion as fn(&Value) -> Outcome),
        ("consistency", consistency),
        ("subtreeinclusion", inclusion),
        ("subtreeconsistency", consistency),
    ] {
        for file in json_files(&folder.join(kind)) {
            let vector = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            let outcome = judge(&vector);
            assert_ne!(outcome, Outcome::Differed, "{}", file.display());
            outcomes.push(outcome);
        }
    }
    let count = |sought| outcomes.iter().filter(|&outcome| *outcome == sought).count();
    assert_eq!(outcomes.len(), 518);
    assert_eq!(count(Outcome::Agreed), 499);
    assert_eq!(count(Outcome::InnerSubtree), 16);
    assert_eq!(count(Outcome::RootOfOtherLength), 3);
}

fn inclusion(vector: &Value) -> Outcome {
    // An inclusion proof in a subtree is one in a tree of its own, counted from its first leaf.
    let start = vector.get("start").map_or(0, number);
    let size = number(vector.get("end").unwrap_or(&vector["treeSize"])).checked_sub(start);
    let index = number(&vector["leafIdx"]).checked_sub(start);
    let verdict = hashes(vector, ["leafHash", "root"]).map(|([leaf, root], proof)| {
        let (Some(index), Some(size)) = (index, size) else { return false };
        verify_inclusion(&leaf, index, size, &proof, &root).is_ok()
    });
    compare(vector, verdict)
}

fn consistency(vector: &Value) -> Outcome {
    if vector.get("start").map_or(0, number) != 0 {
        return Outcome::InnerSubtree;
    }
    let old = number(vector.get("end").unwrap_or(&vector["size1"]));
    let new = number(vector.get("size").unwrap_or(&vector["size2"]));
    let verdict = hashes(vector, ["root1", "root2"]).map(|([old_root, new_root], proof)| {
        verify_consistency(old, new, &proof, &old_root, &new_root).is_ok()
    });
    compare(vector, verdict)
}

/// Compares our verdict, if there is one, with what the vector asks for; hashes of another length
/// are refused before they reach a verifier.
fn compare(vector: &Value, verdict: Option<bool>) -> Outcome {
    let accepted = !vector["wantErr"].as_bool().unwrap();
    match verdict {
        None if accepted => Outcome::RootOfOtherLength,
        verdict if verdict.unwrap_or(false) == accepted => Outcome::Agreed,
        _ => Outcome::Differed,
    }
}

/// Two named hashes and the proof, if all of them are hashes.
fn hashes(vector: &Value, names: [&str; 2]) -> Option<([Hash; 2], Vec<Hash>)> {
    let hash = |value: &Value| value.as_str().unwrap().parse().ok();
    let [first, second] = names.map(|name| hash(&vector[name]));
    let proof = vector["proof"].as_array().into_iter().flatten().map(hash);
    Some(([first?, second?], proof.collect::<Option<_>>()?))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files
}

fn shared() -> Option<PathBuf> {
    let beside = || PathBuf::from("../../../shared");
    let folder = std::env::var_os("HINDCAST_SHARED").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}
