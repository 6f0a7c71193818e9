//! The history of conversations: it comes in from wherever it lies, once; it is read by those who may; and it goes.

use crate::cast::Visitor;
use crate::support::{TestServer, event, on_files};
use hindcast::catalog::{By, ConversationsWanted, Scope};
use hindcast::history::sample;
use hindcast::people::Role;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub fn historian(server: &TestServer) -> String {
    server.token_with(&[Scope::Conversations, Scope::Ingest, Scope::Read], |_| ())
}

fn conversation(id: &str, text: &str) -> Value {
    json!({
        "id": id, "source": "intercom", "opened_at": "2026-11-01T10:00:00Z", "channel": "chat", "language": "en",
        "subject": "About a refund", "customer": { "id": "u-7", "name": "Ana Ito", "email": "ana@x.example", "tier": "gold" },
        "messages": [
            { "at": "2026-11-01T10:00:00Z", "role": "customer", "text": text, "author": { "id": "u-7", "name": "Ana Ito" } },
            { "at": "2026-11-01T10:01:00Z", "role": "teammate", "text": "Let me see", "author": { "id": "bob", "name": "Bob" } },
        ],
        "tags": [{ "at": "2026-11-01T10:02:00Z", "tag": "refund", "workflow": "triage", "version": "14" }],
        "resolution": "assumed", "rating": { "score": 2, "remark": "slow" },
    })
}

fn import(server: &TestServer, token: &str, conversations: &[Value]) -> Value {
    server.post("/v1/conversations").by(token).json(&json!(conversations)).good()
}

fn workspace(server: &TestServer) -> WorkspaceId {
    server.workspace.parse().expect("an id")
}

/// The newest system entries by action.
fn own(server: &TestServer, action: &str) -> Vec<Value> {
    let found = server.get(&format!("/v1/events?q=action:{action}&limit=100")).send().good();
    found["entries"].as_array().expect("entries").clone()
}

#[test]
fn a_conversation_comes_in_once_goes_on_and_is_told_in_the_log() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let taken = import(&server, &token, &[conversation("c-1", "hello"), conversation("c-2", "hi")]);
    assert_eq!(taken, json!({ "new": 2, "changed": 0, "known": 0 }));
    let taken = import(&server, &token, &[conversation("c-1", "hello"), conversation("c-2", "hi, again")]);
    assert_eq!(taken, json!({ "new": 0, "changed": 1, "known": 1 }));
    let entries = own(&server, "history.imported");
    assert_eq!(entries.len(), 2, "what changed nothing is not told");
    assert_eq!(entries[1]["metadata"]["count"], 2);
    assert!(!json!(entries).to_string().contains("Ana"), "the log says nothing of what was said");

    let one = server.get("/v1/conversations/c-2").by(&token).send().good();
    assert_eq!(one["messages"][0]["text"], "hi, again");
    let tag = |body: Value| server.post("/v1/conversations/c-2/tags").by(&token).json(&body);
    let tagged = tag(json!({ "tag": "billing" })).good();
    assert_eq!(tagged["tags"][1]["tag"], "billing");
    assert_eq!(
        tag(json!({ "tag": "billing" })).good()["tags"].as_array().map(Vec::len),
        Some(2),
        "it has it"
    );
    tag(json!({ "tag": "refund", "act": "removed", "workflow": "triage", "version": "15" })).good();
    assert_eq!(tag(json!({ "tag": "" })).problem(), (422, "invalid_conversation".to_owned()));
    assert_eq!(own(&server, "conversation.untagged")[0]["metadata"]["version"], "15");
    assert_eq!(own(&server, "conversation.tagged").len(), 1);

    let list = |query: &str| -> Vec<String> {
        let page = server.get(&format!("/v1/conversations?{query}")).by(&token).send().good();
        let all = page["conversations"].as_array().expect("a list");
        all.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(list("tag=billing"), ["c-2"]);
    assert_eq!(list("tag=refund&source=intercom&resolution=assumed"), ["c-1"]);
    assert!(list("channel=email").is_empty() && list("from=2026-11-02T00:00:00Z").is_empty());
    let told = server.get("/v1/history").by(&token).send().good();
    assert_eq!((&told["conversations"], &told["messages"]), (&json!(2), &json!(4)));
    assert_eq!(told["by"]["month"], json!([{ "value": "2026-11", "count": 2 }]));
}

#[test]
fn pages_of_a_list_neither_skip_nor_repeat() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let all: Vec<Value> = (0..25).map(|nth| conversation(&format!("c-{nth}"), "x")).collect();
    import(&server, &token, &all);
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/conversations?limit=7{cursor}")).by(&token).send().good();
        for one in page["conversations"].as_array().expect("a list") {
            assert!(seen.insert(one["id"].as_str().expect("an id").to_owned()), "twice");
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 25);
    for (query, code) in [
        ("limit=0", "invalid_parameter"),
        ("cursor=00000000000000ff", "wrong_cursor"),
        ("resolution=maybe", "invalid_parameter"),
        ("from=soon", "invalid_parameter"),
        ("nokey=1", "invalid_parameter"),
    ] {
        let refused = server.get(&format!("/v1/conversations?{query}")).by(&token).send().problem();
        assert_eq!(refused, (400, code.to_owned()), "{query}");
    }
}

#[test]
fn garbage_is_refused_whole_with_its_position_and_its_path() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let mut bad = conversation("c-2", "x");
    bad["messages"][1]["role"] = "robot".into();
    let refused = server.post("/v1/conversations").by(&token).json(&json!([conversation("c-1", "x"), bad]));
    assert_eq!(refused.problem(), (422, "invalid_conversation".to_owned()));
    assert_eq!((&refused.json()["index"], &refused.json()["field"]), (&json!(1), &json!("messages[1].role")));
    for garbage in
        ["", "[]", "null", "7", "{", "[{]", "{\"id\":1}", "[[]]", "\"x\"", "[null]", "{\"a\":\u{0}}"]
    {
        let status = server
            .post("/v1/conversations")
            .by(&token)
            .with("content-type", "application/json")
            .body(garbage)
            .status;
        assert!(matches!(status, 400 | 422), "{garbage}: {status}");
    }
    let random: Vec<u8> = (0..4_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for encoding in ["identity", "gzip", "zstd"] {
        let call = server.post("/v1/conversations").by(&token).with("content-encoding", encoding);
        assert_eq!(call.body(random.clone()).status, 400, "{encoding}");
    }
    assert_eq!(server.post("/v1/conversations").by(&token).ndjson("{}").problem().0, 415);
    let many: Vec<Value> = (0..1_001).map(|nth| conversation(&format!("m-{nth}"), "x")).collect();
    assert_eq!(server.post("/v1/conversations").by(&token).json(&json!(many)).problem().0, 422);
    import(&server, &token, &[conversation("c-9", "x")]);
    let mut elsewhere = conversation("c-9", "x");
    elsewhere["source"] = "zendesk".into();
    assert_eq!(
        server.post("/v1/conversations").by(&token).json(&elsewhere).problem(),
        (409, "id_taken".to_owned())
    );
    let told = server.get("/v1/history").by(&token).send().good();
    assert_eq!(told["conversations"], 1, "nothing of the refused was kept");
}

#[test]
fn a_body_that_swells_to_a_hundred_megabytes_is_refused() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let call = || server.post("/v1/conversations").by(&token).with("content-type", "application/json");
    let text = "x".repeat(100 << 20);
    let body = json!([conversation("c-1", &text)]).to_string();
    let packed = zstd::bulk::compress(body.as_bytes(), 1).expect("packed");
    assert!(packed.len() < 1 << 20);
    assert_eq!(
        call().with("content-encoding", "zstd").body(packed).problem(),
        (413, "body_too_large".to_owned())
    );
    let plain = json!([conversation("c-1", &"x".repeat(20 << 20))]).to_string();
    assert_eq!(call().body(plain).problem(), (413, "body_too_large".to_owned()));
    assert_eq!(server.get("/v1/history").by(&token).send().good()["conversations"], 0);
}

#[test]
fn another_workspace_and_a_token_without_the_scope_find_nothing() {
    let server = TestServer::quiet();
    let token = historian(&server);
    import(&server, &token, &[conversation("c-1", "hello")]);
    let (other, _) = server.another_workspace();
    let elsewhere =
        server.token_with(&[Scope::Conversations, Scope::Erase], |new| new.workspace = other.parse().ok());
    assert_eq!(server.get("/v1/conversations/c-1").by(&elsewhere).send().problem().0, 404);
    assert_eq!(server.call("DELETE", "/v1/conversations/c-1").by(&elsewhere).send().problem().0, 404);
    let tag = server.post("/v1/conversations/c-1/tags").by(&elsewhere).json(&json!({ "tag": "x" }));
    assert_eq!(tag.problem().0, 404);
    let list = server.get("/v1/conversations").by(&elsewhere).send().good();
    assert_eq!(list, json!({ "conversations": [], "next": null }));
    assert_eq!(server.get("/v1/history").by(&elsewhere).send().good()["conversations"], 0);
    let foreign =
        server.get(&format!("/v1/conversations?workspace={}", server.workspace)).by(&elsewhere).send();
    assert_eq!(foreign.problem().0, 404);
    // The same id is another conversation there.
    assert_eq!(import(&server, &elsewhere, &[conversation("c-1", "bonjour")])["new"], 1);
    assert_eq!(server.get("/v1/conversations/c-1").by(&token).send().good()["messages"][0]["text"], "hello");

    for scopes in [&[Scope::Read, Scope::Ingest][..], &[Scope::Retention], &[Scope::Erase], &[Scope::Alerts]]
    {
        let without = server.token_with(scopes, |_| ());
        for path in ["/v1/conversations", "/v1/conversations/c-1", "/v1/conversations/none", "/v1/history"] {
            let refused = server.get(path).by(&without).send();
            assert_eq!(refused.problem(), (403, "forbidden".to_owned()), "{path} {scopes:?}");
        }
        assert_eq!(server.post("/v1/conversations").by(&without).json(&json!([])).problem().0, 403);
    }
    let settings = json!({ "keep_personal": false, "days": 1 });
    assert_eq!(server.call("PUT", "/v1/history").by(&token).json(&settings).problem().0, 403);
    assert_eq!(server.call("DELETE", "/v1/conversations/c-1").by(&token).send().problem().0, 403);
}

#[test]
fn whoever_may_not_read_conversations_learns_nothing_of_them() {
    let with = TestServer::quiet();
    let without = TestServer::quiet();
    let token = historian(&with);
    // Directly, without the entry about it, which everybody with the whole log sees.
    let json = conversation("c-1", "secretone").to_string();
    let kept = hindcast::history::Conversation::parse(&json).expect("good");
    with.app
        .history
        .put(&workspace(&with), vec![kept], Timestamp::default(), &By::server())
        .expect("kept")
        .expect("new");
    assert_eq!(with.get("/v1/history").by(&token).send().good()["conversations"], 1);
    for role in [Role::SupportOpsManager, Role::Viewer] {
        let (one, other) = (with.visitor(role, &["ana"]), without.visitor(role, &["ana"]));
        for path in
            ["/conversations", "/conversations/c-1", "/conversations/none", "/conversations?tag=refund"]
        {
            let (seen, plain) = (one.get(path), other.get(path));
            assert_eq!((seen.status, plain.status), (403, 403), "{path} as {role:?}");
            let neutral = |text: &str, server: &TestServer| {
                let text = text.replace(&server.workspace, "W");
                // How much of the log is signed by now is no secret, and not the same on both.
                let (before, after) = text.split_once("Entries signed: ").expect("told");
                before.to_owned() + after.trim_start_matches(|c: char| c.is_ascii_digit())
            };
            assert_eq!(neutral(seen.text(), &with), neutral(plain.text(), &without), "{path} as {role:?}");
            assert!(seen.text().contains("conversation.read") && !seen.text().contains("secretone"));
        }
        assert!(!one.get("/log").text().contains("href=\"/conversations\""), "{role:?}");
        assert_eq!(one.post("/conversations", &[("days", "1")]).status, 403, "{role:?}");
    }
}

#[test]
fn people_who_may_read_them_and_what_they_read_is_in_the_log() {
    let server = TestServer::quiet();
    let token = historian(&server);
    import(&server, &token, &[conversation("c/1 ä", "Where is <b>my</b> refund?")]);
    let mut called = event("tool.refund");
    called["targets"] = json!([{ "type": "conversation", "id": "c/1 ä" }]);
    server.append(&[called]);
    let auditor = server.visitor(Role::Auditor, &[]);
    for language in ["en", "de", "fr", "ja"] {
        let list = auditor.get(&format!("/conversations?tag=refund&lang={language}"));
        assert_eq!(list.status, 200, "{}", list.text());
        assert!(
            list.text().contains("About a refund") && list.text().contains("/conversations/c%2F1%20%C3%A4")
        );
        let page = auditor.get(&format!("/conversations/c%2F1%20%C3%A4?lang={language}"));
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        assert!(text.contains("Where is &#60;b&#62;my&#60;/b&#62; refund?"), "it is escaped: {text}");
        assert!(text.contains("Ana Ito") && text.contains("href=\"/log/"), "its entries are there");
    }
    assert!(auditor.get("/conversations?tag=none").text().contains("No conversations match"));
    assert_eq!(auditor.get("/conversations/none").status, 404);
    assert_eq!(auditor.get("/conversations?after=ffff").status, 404);
    assert_eq!(auditor.post("/conversations", &[("days", "1")]).status, 403, "an auditor changes nothing");
    auditor.post("/logout", &[]);
    let read = own(&server, "history.viewed");
    assert_eq!(read[0]["targets"][0]["id"], "c/1 ä", "{read:?}");
    assert_eq!(read[0]["actor"]["role"], "auditor");

    let admin = server.visitor(Role::SecurityAdmin, &[]);
    let keep = |visitor: &Visitor<'_>, days: &str| {
        visitor.post("/conversations", &[("days", days), ("keep_personal", "on")]).status
    };
    assert_eq!((keep(&admin, "soon"), keep(&admin, "0"), keep(&admin, "90")), (422, 422, 303));
    let told = server.get("/v1/history").by(&token).send().good();
    assert_eq!(told["settings"], json!({ "keep_personal": true, "days": 90 }));
    assert!(told["takes_effect_at"].is_string(), "fewer days wait");
    assert!(admin.get("/conversations").text().contains("value=\"90\""));
}

#[test]
fn a_workspace_that_keeps_nothing_personal_has_it_masked_on_arrival() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let keeper = server.token_with(&[Scope::Retention], |_| ());
    let put = |body: Value| server.call("PUT", "/v1/history").by(&keeper).json(&body);
    assert_eq!(put(json!({ "keep_personal": false, "days": 0 })).problem(), (422, "invalid_body".to_owned()));
    put(json!({ "keep_personal": false, "days": null })).good();
    assert_eq!(own(&server, "history.settings_updated")[0]["changes"][0]["path"], "/keep_personal");
    import(&server, &token, &[conversation("c-1", "I am Ana Ito, key AKIAIOSFODNN7EXAMPLE")]);
    let again = import(&server, &token, &[conversation("c-1", "I am Ana Ito, key AKIAIOSFODNN7EXAMPLE")]);
    assert_eq!(again["known"], 1, "what is masked is known again");
    let kept = server.get("/v1/conversations/c-1").by(&token).send().good();
    let text = kept.to_string();
    for gone in ["Ana", "x.example", "refund?", "Let me see", "slow", "AKIA", "Bob"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert_eq!((&kept["tags"][0]["tag"], &kept["customer"]["tier"]), (&json!("refund"), &json!("gold")));
    assert!(!on_disk(&server, "Ana Ito") && !on_disk(&server, "AKIAIOSFODNN7EXAMPLE"));
}

/// Whether a text lies in the file of the history; unpacked as the server would.
fn on_disk(server: &TestServer, text: &str) -> bool {
    let mut found = false;
    let look = |row: hindcast::catalog::ConversationRow| {
        found |= serde_json::to_string(&row.conversation).expect("JSON").contains(text);
        Ok(())
    };
    server.app.history.each(&workspace(server), look).expect("read");
    let folder = &server.app.config.data.folder;
    let files =
        ["history.db", "history.db-wal"].map(|name| std::fs::read(folder.join(name)).unwrap_or_default());
    found || files.iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn whoever_is_erased_is_gone_from_conversations_too() {
    let server = TestServer::start();
    let token = historian(&server);
    let mut named = conversation("c-2", "My friend Ana Ito told me");
    (named["customer"], named["messages"][0]["author"]) =
        (json!({ "id": "u-8", "name": "Eve" }), json!({ "id": "u-8" }));
    import(&server, &token, &[conversation("c-1", "hello"), named]);
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    let eraser = |of: &Visitor<'_>| {
        let person = of.id.clone();
        server.token_with(&[Scope::Erase], |new| new.person = Some(person))
    };
    let (asks, agrees) = (eraser(&ana), eraser(&bob));
    let wanted = json!({ "selector": { "person": { "ids": ["u-7"], "texts": ["Ana Ito"] } }, "basis": "gdpr_art_17", "reference": "DSR-1" });
    let made = server.post("/v1/erasures").by(&asks).json(&wanted);
    assert!(matches!(made.status, 200..=202), "{}", made.text());
    let path = format!("/v1/erasures/{}", made.json()["id"].as_str().expect("an id"));
    let until = Instant::now() + Duration::from_secs(60);
    while server.post(&format!("{path}/approve")).by(&agrees).send().status >= 300 {
        assert!(Instant::now() < until, "it is never counted");
        std::thread::sleep(Duration::from_millis(50));
    }
    while server.get(&path).by(&asks).send().good()["state"] != "done" {
        assert!(Instant::now() < until, "it is never done: {}", server.get(&path).by(&asks).send().text());
        std::thread::sleep(Duration::from_millis(50));
    }
    let one = server.get("/v1/conversations/c-1").by(&token).send().good();
    assert!(one.get("customer").is_none() && one["messages"].as_array().map(Vec::len) == Some(2), "{one}");
    let two = server.get("/v1/conversations/c-2").by(&token).send().good();
    assert_eq!(
        (&two["messages"][0]["text"], &two["messages"][1]["text"]),
        (&json!("[erased]"), &json!("Let me see"))
    );
    assert_eq!(two["customer"]["name"], "Eve");
    assert!(!on_disk(&server, "Ana Ito") && !on_disk(&server, "\"u-7\""));
    assert_eq!(own(&server, "log.erased")[0]["metadata"]["conversations"], 2);
}

#[test]
fn a_conversation_goes_when_its_days_are_over_unless_a_hold_keeps_it() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let keeper = server.token_with(&[Scope::Retention], |_| ());
    let eraser = server.token_with(&[Scope::Erase], |_| ());
    let mut old = conversation("old", "x");
    old["opened_at"] = "2020-01-01T00:00:00Z".into();
    for at in ["/messages/0/at", "/messages/1/at", "/tags/0/at"] {
        *old.pointer_mut(at).expect("there") = "2020-01-01T00:00:00Z".into();
    }
    let (mut held, mut young) = (old.clone(), old.clone());
    (held["id"], young["id"]) = ("held".into(), "young".into());
    young["messages"][1]["at"] = (server.app.clock)().to_string().into();
    import(&server, &token, &[old, held, young]);
    let mut about = event("order.refund");
    about["targets"] = json!([{ "type": "conversation", "id": "held" }]);
    server.append(&[about]);
    let hold = json!({ "name": "case", "reason": "court", "query": "action:order.refund" });
    assert!(server.post("/v1/holds").by(&keeper).json(&hold).status < 300);
    let erase = |id: &str| server.call("DELETE", &format!("/v1/conversations/{id}")).by(&eraser).send();
    assert_eq!(erase("held").problem(), (409, "held".to_owned()));

    let days = json!({ "keep_personal": true, "days": 365 });
    server.call("PUT", "/v1/history").by(&keeper).json(&days).good();
    let ids = || -> Vec<String> {
        let page = server.get("/v1/conversations").by(&token).send().good();
        let all = page["conversations"].as_array().expect("a list").clone();
        let mut ids: Vec<_> = all.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(), ["held", "old", "young"], "a day to change one's mind");
    assert_eq!(server.post("/v1/retention/run").by(&keeper).send().status, 202);
    let until = Instant::now() + Duration::from_secs(30);
    while ids().len() == 3 {
        assert!(Instant::now() < until, "nothing goes");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(ids(), ["held", "young"]);
    let notice = &own(&server, "history.expired")[0];
    assert_eq!((&notice["metadata"]["count"], &notice["metadata"]["days"]), (&json!(1), &json!(365)));
    assert_eq!(erase("young").status, 204);
    assert_eq!(erase("young").problem().0, 404);
    assert_eq!(own(&server, "history.erased")[0]["targets"][0]["id"], "young");
}

#[test]
fn a_sample_of_the_history_stands_for_all_of_it() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let all = (0..90).map(|nth| {
        let mut one = conversation(&format!("c-{nth}"), "x");
        one["tags"][0]["tag"] = if nth % 9 == 0 { "rare" } else { "usual" }.into();
        one
    });
    import(&server, &token, &all.collect::<Vec<_>>());
    let from =
        server.app.history.sampled_from(&workspace(&server), &ConversationsWanted::default()).expect("read");
    let drawn = sample(from.clone(), 18, 7);
    let taken: BTreeMap<&str, usize> =
        drawn.strata.iter().map(|one| (one.key[3].as_str(), one.taken)).collect();
    assert_eq!(taken, BTreeMap::from([("rare", 2), ("usual", 16)]));
    assert_eq!(sample(from, 18, 7), drawn);
}

#[test]
fn a_backup_has_the_history_and_puts_it_back() {
    if !on_files() {
        return;
    }
    let mut server = TestServer::quiet();
    let token = historian(&server);
    import(&server, &token, &[conversation("c-1", "hello")]);
    let folder = tempfile::tempdir().expect("a folder");
    let (target, now) = (folder.path().join("copy"), (server.app.clock)());
    let mut config = server.app.config.clone();
    let taken = hindcast::backup::take(&config, &target, now, |_, _| ()).expect("taken");
    assert!(taken.about.files.iter().any(|file| file.name == "history.db"));
    server.stop();
    config.data.folder = folder.path().join("restored");
    hindcast::backup::restore(&config, &target, Some("a test")).expect("restored");
    let app = hindcast::app::App::open(config).expect("opens");
    let kept = app.history.get(&workspace(&server), "c-1").expect("read").expect("there");
    assert_eq!(kept.messages[0].text, "hello");
}

pub fn mapping(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mappings").join(name)
}

/// A file of real data; nothing, with a word about it, where it is not.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder =
        std::env::var_os("HINDCAST_SHARED").map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let file = folder.join("data").join(name);
    if !file.exists() {
        eprintln!("skipped: there is no data/{name}; set HINDCAST_SHARED to its folder");
        return None;
    }
    Some(file)
}

fn program(server: &TestServer, token: &str, arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.arg("history").args(arguments).args(["--url", &server.url]);
    program.env("HINDCAST_TOKEN", token).stdin(Stdio::null());
    program
}

pub fn run(server: &TestServer, token: &str, arguments: &[&str]) -> Output {
    program(server, token, arguments).output().expect("ran")
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn recorded_agents_come_in_with_every_call_as_an_entry() {
    let Some(file) = shared("tau-bench/gpt-4o-airline-trials-0-1.json") else { return };
    let Some(reservations) = shared("tau-bench/airline-reservations.json") else { return };
    let server = TestServer::quiet();
    let token = historian(&server);
    let (mapping, lookup) = (mapping("tau-bench.toml"), format!("reservation={}", reservations.display()));
    let arguments = [
        "import",
        "file",
        file.to_str().expect("UTF-8"),
        "--mapping",
        mapping.to_str().expect("UTF-8"),
        "--lookup",
        &lookup,
        "--at",
        "2024-05-15T15:00:00Z",
        "--batch",
        "30",
    ];
    for (told, calls) in [
        ("100 new, 0 changed, 0 known before, 0 refused", "572 entries stored, 0 known"),
        ("0 new, 0 changed, 100 known before, 0 refused", "0 entries stored, 572 known"),
    ] {
        let output = run(&server, &token, &arguments);
        assert!(output.status.success() && said(&output).contains(told), "{}", said(&output));
        assert!(said(&output).contains(calls), "{}", said(&output));
    }
    let count =
        |q: &str| server.get(&format!("/v1/count?q={q}")).send().good()["count"].as_u64().expect("a count");
    assert_eq!(count("action:tool.*"), 572);
    let writes = [
        "update_reservation_flights",
        "cancel_reservation",
        "book_reservation",
        "update_reservation_baggages",
        "send_certificate",
        "update_reservation_passengers",
    ];
    assert_eq!(writes.iter().map(|tool| count(&format!("action:tool.{tool}"))).sum::<u64>(), 121);

    // What the two rules of a policy need is in the entries: the arguments, and the reservation as it was.
    let mut flagged = BTreeSet::new();
    let mut hits = 0;
    for tool in ["update_reservation_flights", "cancel_reservation"] {
        let found = server.get(&format!("/v1/events?limit=1000&q=action:tool.{tool}")).send().good();
        for entry in found["entries"].as_array().expect("entries") {
            if is_forbidden(&entry["action"], &entry["metadata"]) {
                hits += 1;
                flagged.insert(entry["targets"][0]["id"].as_str().expect("an id").to_owned());
            }
        }
    }
    assert_eq!((hits, flagged.len()), (18, 12));
    let (mut those, mut rest) = (Vec::new(), Vec::new());
    let look = |row: hindcast::catalog::ConversationRow| {
        let one = row.conversation;
        if flagged.contains(&one.id) { &mut those } else { &mut rest }.push(one.score.expect("a reward"));
        Ok(())
    };
    server.app.history.each(&workspace(&server), look).expect("read");
    let mean = |all: &[f64]| (all.iter().sum::<f64>() / all.len() as f64 * 1_000.0).round() / 1_000.0;
    assert_eq!((mean(&those), mean(&rest)), (0.167, 0.466));
    let page = server.visitor(Role::Owner, &[]).get("/conversations/0-0").text().to_owned();
    assert!(page.contains("get_user_details") && page.contains("data-testid=\"conversation-entries\""));
}

/// The company's two rules: basic economy is not changed, and a flight is cancelled within a day, in business, or insured.
fn is_forbidden(action: &Value, metadata: &Value) -> bool {
    let (arguments, reservation) = (&metadata["arguments"], &metadata["reservation"]);
    if !reservation.is_object() {
        return false;
    }
    let flights = |of: &Value| -> Vec<(Value, Value)> {
        let all = of["flights"].as_array().cloned().unwrap_or_default();
        all.iter().map(|flight| (flight["flight_number"].clone(), flight["date"].clone())).collect()
    };
    if action == "tool.update_reservation_flights" {
        return reservation["cabin"] == "basic_economy" && flights(arguments) != flights(reservation);
    }
    let clock = Timestamp::parse("2024-05-15T15:00:00Z").expect("a time").seconds();
    let made = format!("{}Z", reservation["created_at"].as_str().unwrap_or_default());
    let made = Timestamp::parse(&made).map_or(0, Timestamp::seconds);
    clock - made >= 86_400 && reservation["cabin"] != "business" && reservation["insurance"] != "yes"
}

#[test]
fn tagged_questions_come_in_each_as_a_conversation() {
    let Some(train) = shared("banking77/train.csv") else { return };
    let Some(test) = shared("banking77/test.csv") else { return };
    let server = TestServer::quiet();
    let token = historian(&server);
    let mapping = mapping("banking77.toml");
    let arguments = [
        "import",
        "file",
        train.to_str().expect("UTF-8"),
        test.to_str().expect("UTF-8"),
        "--mapping",
        mapping.to_str().expect("UTF-8"),
        "--at",
        "2026-01-01T00:00:00Z",
        "--batch",
        "1000",
    ];
    let output = run(&server, &token, &arguments);
    assert!(output.status.success(), "{}", said(&output));
    let told = server.get("/v1/history").by(&token).send().good();
    assert_eq!(
        (&told["conversations"], told["by"]["tag"].as_array().map(Vec::len)),
        (&json!(13_083), Some(77)),
        "{}",
        said(&output)
    );
    let again = run(&server, &token, &arguments);
    assert!(said(&again).contains("0 new, 0 changed, 13083 known before"), "{}", said(&again));
}

#[test]
fn an_import_that_is_killed_goes_on_and_doubles_nothing() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let folder = tempfile::tempdir().expect("a folder");
    let (file, mapping) = (folder.path().join("chats.ndjson"), folder.path().join("map.toml"));
    let record = |nth: u32| {
        let call = json!({ "id": "c", "type": "function", "function": { "name": "order.lookup", "arguments": "{\"order\":7}" } });
        json!({ "id": format!("r-{nth}"), "messages": [
            { "role": "user", "content": format!("question {nth}") },
            { "role": "assistant", "content": null, "tool_calls": [call] },
            { "role": "tool", "tool_call_id": "c", "content": "found" } ] })
    };
    let lines: String = (0..3_000).map(|nth| format!("{}\n", record(nth))).collect();
    std::fs::write(&file, lines).expect("written");
    std::fs::write(&mapping, "").expect("written");
    let path = file.to_str().expect("UTF-8");
    let arguments =
        ["import", "chat", path, "--product", "bot", "--at", "2026-01-01T00:00:00Z", "--batch", "20"];
    let note = folder.path().join("chats.ndjson.hindcast-progress");
    let mut kills = 0;
    for round in 1..=3_u64 {
        let mut child: Child =
            program(&server, &token, &arguments).stderr(Stdio::piped()).spawn().expect("started");
        let until = Instant::now() + Duration::from_secs(60);
        let has_sent =
            || server.app.history.counts(&workspace(&server)).expect("counted").conversations >= round * 100;
        while !(has_sent() && note.exists()) && child.try_wait().expect("asked").is_none() {
            assert!(Instant::now() < until, "nothing is sent");
            std::thread::sleep(Duration::from_millis(2));
        }
        kills += u32::from(child.try_wait().expect("asked").is_none());
        child.kill().expect("killed");
        child.wait().expect("ended");
    }
    assert!(kills > 0, "it was too fast to be killed, so nothing was tested");
    let output = run(&server, &token, &arguments);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("rows sent by an earlier run"), "{}", said(&output));
    let told = server.get("/v1/history").by(&token).send().good();
    assert_eq!((&told["conversations"], &told["messages"]), (&json!(3_000), &json!(6_000)));
    let count = server.get("/v1/count?q=action:tool.order.lookup").send().good();
    assert_eq!(count["count"], 3_000, "each call once");
    assert!(!note.exists(), "and nothing is left to remember");
}

#[test]
fn a_bad_row_is_named_and_keeps_everything_out() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let folder = tempfile::tempdir().expect("a folder");
    let (file, mapping) = (folder.path().join("rows.csv"), folder.path().join("map.toml"));
    std::fs::write(&file, "c,who,said,when\n1,customer,hello,2026-01-01T10:00:00Z\n1,agent,hi,soon\n2,robot,x,2026-01-01T10:00:00Z\n3,customer,y,2026-01-02T10:00:00Z\n").expect("written");
    let text = "product = \"crm\"\n[conversation]\nid = \"c\"\n[message.fields]\ntext = \"said\"\nrole = \"who\"\nat = { from = \"when\", time = \"auto\" }\n";
    std::fs::write(&mapping, text).expect("written");
    let arguments =
        ["import", "file", file.to_str().expect("UTF-8"), "--mapping", mapping.to_str().expect("UTF-8")];
    let output = run(&server, &token, &arguments);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("rows.csv:3: at: ") && said(&output).contains("rows.csv:4: role: "),
        "{}",
        said(&output)
    );
    assert!(said(&output).contains("nothing was sent"));
    let count = || server.get("/v1/history").by(&token).send().good()["conversations"].clone();
    assert_eq!(count(), 0);
    let output = run(&server, &token, &[&arguments[..], &["--partial"]].concat());
    assert_eq!((output.status.code(), count()), (Some(3), json!(2)), "{}", said(&output));
    let listed = run(&server, &token, &["list", "--source", "crm"]);
    assert_eq!(String::from_utf8_lossy(&listed.stdout).lines().count(), 2, "{}", said(&listed));
    let shown = run(&server, &token, &["show", "3"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("\"text\": \"y\""), "{}", said(&shown));
    let eraser = server.token_with(&[Scope::Erase], |_| ());
    assert!(run(&server, &eraser, &["erase", "3"]).status.success());
    assert_eq!(count(), 1);
    for (kind, content, said_so) in [
        ("intercom", "{\"conversations\":[{\"id\":\"9\"}]}", "conversations[0]: created_at"),
        ("zendesk", "{\"tickets\":[{\"id\":1,\"created_at\":\"x\"}]}", "tickets[0]: created_at"),
        ("intercom", "no json", "this is no JSON"),
    ] {
        let bad = folder.path().join("bad.json");
        std::fs::write(&bad, content).expect("written");
        let output = run(&server, &token, &["import", kind, bad.to_str().expect("UTF-8")]);
        assert!(!output.status.success() && said(&output).contains(said_so), "{}", said(&output));
    }
    assert_eq!(count(), 1);
}
