//! An auditor takes evidence away, verifies it without the server, and brings it back.

use crate::cast::Visitor;
use crate::support::{TestServer, event};
use hindcast::bundle::{self, Checked, Given, Mode, Subject};
use hindcast::catalog::{Narrowing, Scope};
use hindcast::people::Role;
use hindcast_event::{Field, Hidden, Kind};
use hindcast_ledger::VerifierKey;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// Ten entries, of which every second one is found by `action:door.*`.
fn filled() -> TestServer {
    let server = TestServer::start();
    let one = |n: usize| {
        let mut event = event(if n.is_multiple_of(2) { "door.open" } else { "lamp.on" });
        event["actor"]["email"] = json!("ana@northwind.example");
        event["metadata"] = json!({ "n": n, "note": "Tür \"auf\"" });
        event["context"] = json!({ "ip": "192.0.2.7", "source": "api" });
        event
    };
    server.append(&(0..10).map(one).collect::<Vec<_>>());
    server
}

fn key(server: &TestServer) -> VerifierKey {
    server.get(&format!("/w/{}/vkey", server.workspace)).send().text().trim().parse().expect("a key")
}

pub fn checked(server: &TestServer, file: &[u8]) -> Checked {
    let key = key(server);
    bundle::verify(file, &Given { key: Some(&key), ..Given::default() }).expect("what was signed")
}

pub fn about(checked: &Checked) -> &bundle::About {
    match &checked.subject {
        Subject::Bundle(about) => about,
        Subject::Entry(_) => panic!("a bundle was expected"),
    }
}

/// What the verifier in the bundle itself says.
pub fn in_python(server: &TestServer, file: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("evidence.auditbundle");
    std::fs::write(&path, file).expect("written");
    let mut tar = Command::new("tar");
    tar.args(["xf", "evidence.auditbundle", "verify.py"]).current_dir(folder.path());
    let (Ok(unpacked), Ok(_)) = (tar.output(), Command::new("python3").arg("--version").output()) else {
        println!("skipped: the verifier in Python, there is no tar or no python3");
        return None;
    };
    assert!(unpacked.status.success(), "any tar reads it: {}", String::from_utf8_lossy(&unpacked.stderr));
    let mut python = Command::new("python3");
    python.args(["verify.py", "evidence.auditbundle", "--vkey", &key(server).to_string()]);
    let said = python.current_dir(folder.path()).output().expect("it runs");
    Some(String::from_utf8(said.stdout).expect("UTF-8"))
}

#[test]
fn a_complete_range_withholds_what_was_not_found_and_proves_that_nothing_is_missing() {
    let server = filled();
    let answer = server.get("/v1/export?q=action:door.*&format=bundle").send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/x-tar");
    assert!(answer.header("content-disposition").ends_with(".auditbundle\""));
    let found = checked(&server, &answer.body);
    assert_eq!(found.verdict().word(), "VERIFIED");
    let said = about(&found);
    assert_eq!((said.mode, said.from, said.until), (Mode::Range, 0, 9));
    assert_eq!((said.count, said.withheld, said.gone), (5, 4, 0));
    let text = String::from_utf8_lossy(&answer.body);
    assert!(text.contains("door.open") && !text.contains("lamp.on"), "what is withheld is not in it");
    if let Some(said) = in_python(&server, &answer.body) {
        assert!(said.starts_with("VERIFIED") && said.contains("5 open, 4 withheld"), "{said}");
    }
    let told = server.get("/v1/events?q=action:log.exported").send().good();
    let metadata = &told["entries"][0]["metadata"];
    assert_eq!((&metadata["format"], &metadata["rows"]), (&json!("bundle"), &json!(5)));
}

#[test]
fn what_was_found_comes_with_a_proof_for_each_entry() {
    let server = filled();
    let answer = server.get("/v1/export?q=action:lamp.on&format=bundle-found").send();
    let found = checked(&server, &answer.body);
    assert_eq!(
        (found.verdict().word(), about(&found).count, about(&found).mode),
        ("VERIFIED", 5, Mode::Filtered)
    );
    in_python(&server, &answer.body).iter().for_each(|said| assert!(said.starts_with("VERIFIED"), "{said}"));
    let nothing = server.get("/v1/export?q=action:window.*&format=bundle").send();
    assert_eq!(about(&checked(&server, &nothing.body)).count, 0);
    let everything = server.get("/v1/export?format=bundle").send();
    let found = checked(&server, &everything.body);
    assert!(about(&found).count >= 12 && about(&found).withheld == 0, "the entries about exports too");
}

#[test]
fn who_does_not_see_everything_takes_no_more_than_they_see() {
    let server = filled();
    let hidden: Hidden = [Field::Email, Field::Metadata, Field::Address].into_iter().collect();
    let narrow = |scope: Option<&str>, hidden| {
        let narrowing = Narrowing::new(scope, hidden).expect("sound");
        server.token_with(&[Scope::Read], |new| new.narrowing = narrowing)
    };
    let masked = narrow(None, hidden);
    let answer = server.get("/v1/export?q=action:door.*&format=bundle").by(&masked).send();
    let found = checked(&server, &answer.body);
    assert_eq!((found.verdict().word(), found.gaps.count), ("VERIFIED", 0));
    assert_eq!(about(&found).closed, ["address", "email", "metadata"]);
    let text = String::from_utf8_lossy(&answer.body);
    for hidden in ["northwind.example", "192.0.2.7", "Tür"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    in_python(&server, &answer.body).iter().for_each(|said| assert!(said.starts_with("VERIFIED"), "{said}"));
    let scoped = narrow(Some("action:lamp.on"), Hidden::default());
    let refused = server.get("/v1/export?format=bundle").by(&scoped).send();
    assert_eq!(refused.problem(), (403, "hidden".to_owned()));
    let answer = server.get("/v1/export?format=bundle-found").by(&scoped).send();
    assert_eq!(about(&checked(&server, &answer.body)).count, 5);
    assert!(!String::from_utf8_lossy(&answer.body).contains("door.open"));
}

/// Has a bundle written as a job, and returns the list once it is ready.
fn job(visitor: &Visitor<'_>, format: &str) -> String {
    let queued = visitor.post("/exports", &[("format", format), ("address", "range=all&q=action:door.*")]);
    assert_eq!((queued.status, queued.header("location")), (303, "/exports"), "{}", queued.text());
    let list = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        Some(visitor.get("/exports").text().to_owned()).filter(|list| list.contains("Ready"))
    });
    list.expect("ready within ten seconds")
}

fn link<'l>(list: &'l str, end: &str) -> &'l str {
    let mut hrefs = list.split(" href=\"").filter_map(|rest| rest.split('"').next());
    hrefs.find(|href| href.ends_with(end)).expect("a link")
}

#[test]
fn a_bundle_is_a_job_with_a_manifest_that_tells_what_it_is() {
    let server = filled();
    let auditor = server.visitor(Role::Auditor, &[]);
    assert!(auditor.get("/log/export?range=all").text().contains("Evidence bundle, complete range"));
    let list = job(&auditor, "bundle");
    let file = auditor.get(link(&list, "/download"));
    assert_eq!(about(&checked(&server, &file.body)).count, 5);
    let manifest = auditor.get(link(&list, "/manifest"));
    assert!(manifest.header("content-disposition").contains(".auditbundle.manifest.json"));
    let manifest: Value = manifest.json();
    assert_eq!((&manifest["rows"], &manifest["indexes"]), (&json!(5), &json!([0, 8])));
    assert_eq!(manifest["bytes"], json!(file.body.len()));
    assert!(list.contains(manifest["sha256"].as_str().expect("a sum")));
    assert_eq!(manifest["asked_by"][2], json!(auditor.email));
    assert!(manifest["checkpoint"].as_str().expect("a note").contains(&server.workspace));
    let begun = link(&list, "/manifest").to_owned();
    let rest = auditor
        .get_with(link(&list, "/download"), &[("range", "bytes=512-"), ("if-range", file.header("etag"))]);
    assert_eq!((rest.status, &rest.body[..]), (206, &file.body[512..]));
    assert_eq!(auditor.post(&begun.replace("/manifest", "/remove"), &[]).status, 303);
    assert_eq!(auditor.get(&begun).status, 404);
    let folder = server.app.config.data.folder.join("exports");
    assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 0, "nor is the manifest left");
    let manager = server.visitor(Role::SupportOpsManager, &["ana"]);
    assert!(!manager.get("/log/export?range=all").text().contains("Evidence bundle, complete range"));
    let refused = manager.post("/exports", &[("format", "bundle"), ("address", "range=all")]);
    assert_eq!(refused.status, 403);
}

#[test]
fn the_command_line_names_the_verdict_and_compares_with_what_was_kept() {
    let server = filled();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let mut export = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    export.args(["export", "action:door.*", "-o", "log.auditbundle"]);
    export.env("HINDCAST_URL", &server.url).env("HINDCAST_TOKEN", &server.token);
    let taken = export.current_dir(folder.path()).output().expect("it runs");
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    let bundle = std::fs::read(path("log.auditbundle")).expect("a bundle, by its name");
    std::fs::write(path("vkey"), key(&server).to_string()).expect("written");
    let verify = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hindcast"));
        command.args(["verify", "log.auditbundle"]).args(more).current_dir(folder.path());
        let said = command.output().expect("it runs");
        (said.status.code(), String::from_utf8(said.stdout).expect("UTF-8"))
    };
    let (code, said) = verify(&["--vkey", "@vkey"]);
    assert!(code == Some(0) && said.starts_with("VERIFIED"), "{said}");
    let (code, said) = verify(&["--json"]);
    let json: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &json["verdict"], &json["pinned"]), (Some(10), &json!("UNPINNED"), &json!(false)));
    assert_eq!(verify(&["--vkey", "nobody+00000000+AAAA"]).0, Some(50));

    // A newer checkpoint than that of the bundle.
    let log = checked(&server, &bundle).published.checkpoint;
    let newer = server.post("/v1/events?wait=checkpoint").json(&json!([event("door.close")])).json();
    std::fs::write(path("saved"), newer["checkpoint"].as_str().expect("a note")).expect("written");
    let (code, said) = verify(&["--vkey", "@vkey", "--saved", "saved"]);
    assert!(code == Some(0) && said.contains("NOT COMPARED"), "{said}");
    let newer = newer["checkpoint"].as_str().expect("a note").lines().nth(1).expect("a size").to_owned();
    let proof = server.get(&format!("/v1/consistency?old={}&new={newer}", log.size())).send();
    std::fs::write(path("proof.json"), &proof.body).expect("written");
    let (code, said) = verify(&["--vkey", "@vkey", "--saved", "saved", "--consistency", "proof.json"]);
    assert!(code == Some(0) && said.contains("fits the saved checkpoint"), "{said}");
    std::fs::write(path("proof.json"), proof.text().replacen("\"path\":[\"", "\"path\":[\"AAAA", 1))
        .expect("written");
    assert_eq!(verify(&["--vkey", "@vkey", "--saved", "saved", "--consistency", "proof.json"]).0, Some(40));
}

#[test]
fn a_file_dropped_on_the_page_is_judged_and_the_log_knows_it() {
    let server = filled();
    let auditor = server.visitor(Role::Auditor, &[]);
    assert!(auditor.get("/integrity").text().contains("action=\"/integrity/evidence"));
    let file = server.get("/v1/export?q=action:door.*&format=bundle").send().body;
    let drop = |visitor: &Visitor<'_>, file: &[u8]| visitor.upload("/integrity/evidence", file);
    let judged = drop(&auditor, &file);
    assert_eq!(judged.status, 200, "{}", judged.text());
    let page = judged.text();
    assert!(page.contains("VERIFIED") && page.contains("under the key of this log"), "{page}");
    assert!(page.contains("5 open, 4 withheld, 0 gone"), "{page}");
    let proof = server.get("/v1/events/3/proof?format=tlog-proof").send().body;
    assert!(drop(&auditor, &proof).text().contains("VERIFIED"));
    let changed = String::from_utf8_lossy(&proof).replace("\nindex 3\n", "\nindex 4\n");
    assert!(drop(&auditor, changed.as_bytes()).text().contains("INVALID"));
    assert!(drop(&auditor, b"<script>alert(1)</script>").text().contains("UNREADABLE"));
    assert_eq!(drop(&server.stranger(), &file).status, 401);

    let (other, _) = server.another_workspace();
    let elsewhere = server.visitor_of(&other, Role::Owner, &[]);
    assert!(drop(&elsewhere, &file).text().contains("UNPINNED"));
    let told = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let told = server.get("/v1/events?q=action:log.evidence_verified").send().good();
        Some(told).filter(|told| told["entries"].as_array().is_some_and(|entries| entries.len() == 4))
    });
    let told = told.expect("all four are entries within ten seconds");
    let words: Vec<_> =
        told["entries"].as_array().expect("entries").iter().map(|one| &one["metadata"]["verdict"]).collect();
    assert_eq!(words, ["UNREADABLE", "INVALID", "VERIFIED", "VERIFIED"]);

    let small = TestServer::start_with(|config| config.limits.evidence_mb = 1);
    let owner = small.visitor(Role::Owner, &[]);
    let refused = drop(&owner, &vec![b'x'; 2 << 20]);
    assert!(refused.status == 400 && refused.text().contains("larger than 1"), "{}", refused.text());
}

#[test]
fn notices_come_along_that_cover_something_in_it() {
    let server = filled();
    let workspace = server.workspace.parse().expect("an id");
    let notice = |covers: Value| {
        let mut notice = event("log.erased");
        notice["metadata"] = json!({ "covers": covers, "basis": "on request" });
        server.app.record(&workspace, Kind::ErasureNotice, &notice).expect("kept");
    };
    notice(json!([[2, 3], [6, 8]]));
    notice(json!([[9, 10]]));
    let notices = |query: &str, token: &str| {
        let answer = server.get(&format!("/v1/export?format=bundle-found&q={query}")).by(token).send();
        assert_eq!(checked(&server, &answer.body).verdict().word(), "VERIFIED");
        if let Some(said) = in_python(&server, &answer.body) {
            assert!(said.starts_with("VERIFIED"), "{said}");
        }
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let (_, notices) = text.rsplit_once("notices.jsonl").expect("a member");
        let (notices, _) = notices.split_once("records.jsonl").expect("a member");
        notices.lines().filter(|line| line.contains("\"meta:covers\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    let found = notices("action:door.*", &server.token);
    assert_eq!(found.len(), 1, "the other covers nothing that is in it: {found:?}");
    assert!(found[0].contains("[[2,3],[6,8]]") && found[0].contains("on request"), "{}", found[0]);
    let narrowing = Narrowing::new(Some("action:door.*"), Hidden::default()).expect("sound");
    let scoped = server.token_with(&[Scope::Read], |new| new.narrowing = narrowing);
    let found = notices("action:door.*", &scoped);
    assert!(found.len() == 1 && !found[0].contains("on request"), "only what the proof needs: {found:?}");
}
