//! Somebody who does not trust us checks what we say.

use crate::support::{TestServer, event};
use hindcast_ledger::tile::decode_bundle;
use hindcast_ledger::{
    Commitment, Frontier, Hash, TlogProof, VerifierKey, leaf_hash, open_note, verify_consistency,
    verify_inclusion,
};
use serde_json::{Value, json};

fn hash(json: &Value) -> Hash {
    json.as_str().expect("a hash").parse().expect("base64")
}

fn hashes(json: &Value) -> Vec<Hash> {
    json.as_array().expect("hashes").iter().map(hash).collect()
}

fn key(server: &TestServer) -> VerifierKey {
    let key = server.get(&format!("/w/{}/vkey", server.workspace)).with("authorization", "").send();
    key.text().trim_end().parse().expect("a key")
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

#[test]
fn an_entry_is_proven_against_the_signed_checkpoint() {
    let server = TestServer::start();
    server.append(&(0..5).map(|n| event(&format!("step.{n}"))).collect::<Vec<_>>());
    let proof = server.get("/v1/events/3/proof").send().good();
    let checkpoint = open_note(proof["checkpoint"].as_str().expect("a note"), &key(&server)).expect("signed");
    let size = proof["size"].as_u64().expect("a size");
    assert_eq!(size, checkpoint.size());
    verify_inclusion(&hash(&proof["leaf"]), 3, size, &hashes(&proof["path"]), &checkpoint.root())
        .expect("included");
    let commitment = unhex(proof["commitment"].as_str().expect("hex"));
    assert_eq!(leaf_hash(&commitment), hash(&proof["leaf"]));
    let core =
        proof["opening"]["sections"].as_array().expect("sections").iter().find(|s| s["name"] == "core");
    assert!(core.expect("a core")["value"].as_str().expect("text").contains("step.3"));
}

#[test]
fn a_proof_file_stands_alone() {
    let server = TestServer::start();
    server.append(&[event("door.open"), event("door.close")]);
    for (path, accept) in
        [("/v1/events/1/proof?format=tlog-proof", "*/*"), ("/v1/events/1/proof", "text/plain")]
    {
        let file = server.get(path).with("accept", accept).send();
        assert!(file.header("content-disposition").contains("1.tlog-proof"));
        let proof: TlogProof = file.text().parse().expect("a proof file");
        let opening: Value = serde_json::from_slice(proof.extra().expect("an opening")).expect("JSON");
        let sections = opening["sections"].as_array().expect("sections").iter().map(|section| {
            let salt = unhex(section["salt"].as_str().expect("hex")).try_into().expect("16 bytes");
            let text = |name: &str| section[name].as_str().expect("text").to_owned();
            hindcast_ledger::Disclosure::Open { salt, name: text("name"), value: text("value") }
        });
        let body = hindcast_ledger::Opening::new(sections.collect())
            .and_then(|opening| opening.body())
            .expect("a body");
        let kind = u8::try_from(opening["kind"].as_u64().expect("a kind")).expect("small");
        let commitment = Commitment::new(kind, opening["received_at_us"].as_u64().expect("a time"), body);
        proof.verify(&commitment.leaf(), &key(&server), []).expect("proven from the opening alone");
    }
}

#[test]
fn tiles_rebuild_the_root_and_bundles_hold_what_the_leaves_hash() {
    let server = TestServer::start();
    server.append(&(0..600).map(|n| event(&format!("step.{n}"))).collect::<Vec<_>>());
    server.get("/v1/events/599/proof").send().good();
    let public =
        |path: &str| server.get(&format!("/w/{}/{path}", server.workspace)).with("authorization", "").send();
    let note = public("checkpoint");
    assert_eq!(note.header("content-type"), "text/plain; charset=utf-8");
    let checkpoint = open_note(note.text(), &key(&server)).expect("signed");
    assert_eq!(checkpoint.size(), 600);
    let mut tree = Frontier::new();
    for (tile, count) in [("000", 256), ("001", 256), ("002.p/88", 88)] {
        let hashes = public(&format!("tile/0/{tile}"));
        let bundle = public(&format!("tile/entries/{tile}"));
        assert!(hashes.header("cache-control").contains("immutable"));
        let commitments = decode_bundle(&bundle.body).expect("a bundle");
        assert_eq!((hashes.body.len(), commitments.len()), (32 * count, count));
        for (leaf, commitment) in hashes.body.chunks(32).zip(commitments) {
            let leaf = Hash::try_from(leaf).expect("32 bytes");
            assert_eq!(leaf_hash(commitment), leaf);
            tree.push(leaf);
        }
    }
    assert_eq!(tree.root(), checkpoint.root());
    for nothing in [
        "tile/0/002",
        "tile/0/002.p/89",
        "tile/0/003.p/1",
        "tile/3/000",
        "tile/0/0",
        "tile/x",
        "tile/0/..",
        "",
        "tile/entries/002",
    ] {
        assert_eq!(public(nothing).problem().0, 404, "{nothing}");
    }
    let stranger = server.get("/w/nobody/checkpoint").send();
    assert_eq!(stranger.problem().0, 404);
    assert_eq!(server.get("/w/instance/checkpoint").with("authorization", "").send().status, 200);
}

#[test]
fn the_log_only_ever_grows() {
    let server = TestServer::start();
    let mut sizes = Vec::new();
    for n in 1..4 {
        let batch: Vec<_> = (0..n).map(|_| event("step")).collect();
        let answer = server.post("/v1/events?wait=checkpoint").json(&json!(batch)).json();
        let note = answer["checkpoint"].as_str().expect("a note").to_owned();
        sizes.push(open_note(&note, &key(&server)).expect("signed"));
    }
    for pair in sizes.windows(2) {
        let path = format!("/v1/consistency?old={}&new={}", pair[0].size(), pair[1].size());
        let proof = server.get(&path).send().good();
        let hashes = hashes(&proof["path"]);
        verify_consistency(pair[0].size(), pair[1].size(), &hashes, &pair[0].root(), &pair[1].root())
            .expect("continues");
        assert_eq!(hash(&proof["old_root"]), pair[0].root());
    }
    for (bad, status) in [
        ("old=6&new=5", 404),
        ("old=0&new=7", 404),
        ("old=-1", 400),
        ("new=1", 400),
        ("old=18446744073709551615", 400),
        ("old=18446744073709551616", 400),
    ] {
        assert_eq!(server.get(&format!("/v1/consistency?{bad}")).send().problem().0, status, "{bad}");
    }
    let history = server.get("/v1/checkpoint/history?from_size=1&limit=2").send().good();
    assert_eq!((&history["checkpoints"][0]["size"], &history["next_from_size"]), (&json!(1), &json!(6)));
    let integrity = server.get("/v1/integrity").send().good();
    assert_eq!(
        (&integrity["size"], &integrity["signed_size"], &integrity["quarantined"]),
        (&json!(6), &json!(6), &json!(false))
    );
    let root: Hash = hash(&integrity["root"]);
    assert_eq!(root, sizes[2].root());
    assert_eq!(server.get("/v1/checkpoint").send().text(), integrity["checkpoint"].as_str().expect("a note"));
}
