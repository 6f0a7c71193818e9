//! Insights: what many conversations say together is found, with whose doing it is; it quotes nobody to whoever may not read, and
//! it goes when somebody is erased.

use crate::support::{Answer, TestServer};
use hindcast::catalog::Scope;
use hindcast_event::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const DAY: i64 = 86_400_000_000;

fn historian(server: &TestServer) -> String {
    server.token_with(&[Scope::Conversations, Scope::Read], |_| ())
}

fn at(day: i64) -> String {
    let begin = Timestamp::parse("2026-01-01T10:00:00Z").expect("a time").micros();
    Timestamp::from_micros(begin + day * DAY).to_string()
}

/// A conversation of a day, tagged by a workflow.
fn asked(id: &str, day: i64, text: &str, tag: &str, version: &str) -> Value {
    json!({
        "id": id, "source": "shop", "opened_at": at(day), "channel": "chat", "language": "en",
        "messages": [{ "at": at(day), "role": "customer", "text": text }],
        "tags": [{ "at": at(day), "tag": tag, "workflow": "triage", "version": version }],
    })
}

/// Questions about parcels and about invoices, which nobody confuses.
fn two_kinds(each: usize) -> Vec<Value> {
    let parcels =
        ["Where is my parcel number", "The parcel has not arrived, track", "Delivery of the parcel is late,"];
    let invoices =
        ["I need an invoice with tax for", "Please correct the invoice of", "The invoice lacks our tax id,"];
    let of = |texts: [&'static str; 3], tag: &'static str| {
        (0..each).map(move |nth| {
            let text = format!("{} order {}", texts[nth % 3], nth % 7);
            asked(&format!("{tag}-{nth}"), nth as i64 % 10, &text, tag, "14")
        })
    };
    of(parcels, "delivery").chain(of(invoices, "billing")).collect()
}

fn import(server: &TestServer, token: &str, conversations: &[Value]) {
    for some in conversations.chunks(1_000) {
        server.post("/v1/conversations").by(token).json(&json!(some)).good();
    }
}

fn ask(server: &TestServer, token: &str, question: &Value) -> Answer {
    server.post("/v1/insights").by(token).json(question)
}

/// Asks, and waits for the answer.
fn answer(server: &TestServer, token: &str, question: &Value) -> Value {
    let begun = ask(server, token, question);
    assert!(matches!(begun.status, 200 | 202), "{}", begun.text());
    let begun = begun.json();
    let path = format!("/v1/insights/{}", begun["id"].as_str().expect("an id"));
    let until = Instant::now() + Duration::from_secs(300);
    loop {
        let told = server.get(&path).by(token).send().good();
        match told["state"].as_str() {
            Some("running") => assert!(Instant::now() < until, "it never ends: {told}"),
            Some("done") => return told,
            _ => panic!("{told}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn insights<'a>(told: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = told["found"]["insights"].as_array().expect("insights").iter();
    all.filter(|one| one["kind"] == kind).collect()
}

fn shared(name: &str) -> Option<PathBuf> {
    let folder =
        std::env::var_os("HINDCAST_SHARED").map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let file = folder.join("data").join(name);
    if !file.exists() {
        eprintln!("skipped: there is no data/{name}; set HINDCAST_SHARED to its folder");
        return None;
    }
    Some(file)
}

/// Sends 30 of 100 questions of eight kinds to one other tag each, and 3 of 100 of all to any tag; says which eight.
fn plant(rows: &mut [(String, String)], seed: u64) -> BTreeSet<(String, String)> {
    let names: Vec<String> =
        rows.iter().map(|row| row.1.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let mut state = seed.wrapping_mul(0x9e37_79b9).wrapping_add(12_345);
    let mut below = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % end
    };
    let mut planted: BTreeSet<(String, String)> = BTreeSet::new();
    while planted.len() < 8 {
        let (expected, assigned) = (&names[below(names.len())], &names[below(names.len())]);
        if expected != assigned && planted.iter().all(|(_, other)| other != expected) {
            planted.insert((assigned.clone(), expected.clone()));
        }
    }
    for row in rows {
        let wrong = planted.iter().find(|(_, expected)| *expected == row.1);
        if below(100) < 3 {
            row.1.clone_from(&names[below(names.len())]);
        } else if let Some((assigned, _)) = wrong.filter(|_| below(100) < 30) {
            row.1.clone_from(assigned);
        }
    }
    planted
}

#[test]
fn systematic_mistakes_among_real_questions_stand_first() {
    let Some(file) = shared("banking77/train.csv") else { return };
    let mut reader = csv::Reader::from_path(file).expect("the file");
    let mut rows: Vec<(String, String)> =
        reader.deserialize().map(|row| row.expect("a question and its tag")).collect();
    let right: Vec<String> = rows.iter().map(|row| row.1.clone()).collect();
    let planted = plant(&mut rows, 1);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("questions.csv");
    let mut writer = csv::Writer::from_path(&file).expect("a file");
    writer.write_record(["text", "category", "at", "version"]).expect("written");
    for (nth, (text, tag)) in rows.iter().enumerate() {
        // Version 15 of the workflow makes the mistakes, and gives every other tag as well.
        let version = if *tag != right[nth] || nth % 2 == 0 { "15" } else { "14" };
        let at = Timestamp::from_micros(1_767_225_600_000_000 + nth as i64 * 1_000_000).to_string();
        writer.write_record([text.as_str(), tag, &at, version]).expect("written");
    }
    writer.flush().expect("written");
    let server = TestServer::quiet();
    let token = historian(&server);
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mappings/banking77-triage.toml");
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.args(["history", "import", "file"]).arg(&file).arg("--mapping").arg(mapping);
    program.args(["--batch", "1000", "--url", &server.url]).env("HINDCAST_TOKEN", &token);
    let begun = Instant::now();
    let output = program.output().expect("ran");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let imported = begun.elapsed();

    let told = answer(&server, &token, &json!({}));
    println!("{} conversations: imported in {imported:?}, judged in {} ms", told["read"], told["took_ms"]);
    let pair = |one: &Value| {
        let text = |name: &str| one["mistag"][name].as_str().unwrap_or_default().to_owned();
        (text("assigned"), text("expected"))
    };
    let first: Vec<&Value> =
        told["found"]["insights"].as_array().expect("insights").iter().take(12).collect();
    let found: Vec<&&Value> = first.iter().filter(|one| planted.contains(&pair(one))).collect();
    println!("{} of 8 planted stand among the first {}", found.len(), first.len());
    assert!(found.len() >= 7, "{planted:?}: {first:?}");
    for one in &found {
        let by = &one["mistag"]["assigned_by"][0];
        assert_eq!((&by["by"], &by["version"]), (&json!("triage"), &json!("15")), "{one}");
        assert!(
            one["count"].as_u64() >= Some(8) && !one["conversations"].as_array().expect("ids").is_empty()
        );
        assert!(!one["words"].as_array().expect("words").is_empty());
    }

    // One of them, with what customers asked.
    let path = format!("/v1/insights/{}/{}", told["id"].as_str().expect("an id"), found[0]["nr"]);
    let one = server.get(&path).by(&token).send().good();
    let examples = one["examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 20.min(one["conversations"].as_array().expect("ids").len()));
    assert!(
        examples.iter().all(|example| rows
            .iter()
            .any(|row| example["text"].as_str().map(str::trim) == Some(row.0.trim()))),
        "{examples:?}"
    );

    // The same question is answered from what is kept.
    let again = ask(&server, &token, &json!({}));
    assert_eq!((again.status, again.json()["id"].clone()), (200, told["id"].clone()));
}

#[test]
fn what_a_person_corrects_within_a_week_is_evidence_and_stands_first() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let mut all = two_kinds(40);
    // Two were corrected in the product they are from.
    for (nth, one) in all.iter_mut().take(2).enumerate() {
        let by = json!({ "id": "ana", "name": "Ana", "type": "user" });
        let tags = one["tags"].as_array_mut().expect("tags");
        tags[0]["tag"] = "returns".into();
        tags[0]["version"] = "15".into();
        tags.push(json!({ "at": at(11), "tag": "returns", "act": "removed", "by": by }));
        tags.push(json!({ "at": at(11 + 3 * nth as i64), "tag": "delivery", "by": by }));
    }
    // A third one in the log alone, as another product tells it.
    all[2]["tags"][0]["tag"] = "returns".into();
    all[2]["tags"][0]["version"] = "15".into();
    import(&server, &token, &all);
    let told_by = |action: &str, tag: &str, day: i64| {
        json!({ "action": action, "actor": { "type": "user", "id": "bob" }, "occurred_at": at(day),
            "targets": [{ "type": "conversation", "id": "delivery-2" }], "metadata": { "tag": tag } })
    };
    server.append(&[
        told_by("conversation.untagged", "returns", 12),
        told_by("conversation.tagged", "delivery", 13),
    ]);

    let told = answer(&server, &token, &json!({}));
    let first = &told["found"]["insights"][0];
    assert_eq!(first["kind"], "mistag", "{told}");
    let mistag = &first["mistag"];
    assert_eq!(
        (&mistag["assigned"], &mistag["expected"], &mistag["corrected"]),
        (&json!("returns"), &json!("delivery"), &json!(3)),
        "{told}"
    );
    assert_eq!(mistag["assigned_by"][0]["by"], "triage");
    assert_eq!(mistag["assigned_by"][0]["version"], "15");
    let ids: BTreeSet<&str> =
        first["conversations"].as_array().expect("ids").iter().filter_map(Value::as_str).collect();
    assert!(["delivery-0", "delivery-1", "delivery-2"].iter().all(|id| ids.contains(id)), "{first}");
    assert_eq!(told["found"]["evidence"], 2);

    // Somebody corrects another one in the log: the past is not the same any more.
    let again = ask(&server, &token, &json!({}));
    assert_eq!(again.status, 200);
    server.append(&[told_by("conversation.untagged", "delivery", 14)]);
    assert_eq!(ask(&server, &token, &json!({})).status, 202);
}

#[test]
fn a_gap_says_why_it_is_one() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let articles = json!([
        { "id": "a-1", "title": "Where is my parcel?", "url": "https://help.example/parcel",
          "text": "<p>Track the parcel with its number: delivery takes three days, late parcels arrive on the next one.</p>" },
        { "id": "a-2", "title": "Opening hours", "text": "We answer from nine to five." },
    ]);
    let imported = server.post("/v1/articles").by(&token).json(&articles).good();
    assert_eq!(imported, json!({ "new": 2, "changed": 0, "known": 0 }));
    assert_eq!(server.post("/v1/articles").by(&token).json(&articles).good()["known"], 2);
    let mut all = two_kinds(30);
    for one in &mut all {
        let is_delivery = one["id"].as_str().expect("an id").starts_with("delivery");
        one["resolution"] = "no_answer".into();
        if is_delivery {
            one["cited"] = json!([{ "id": "https://help.example/parcel" }]);
        }
    }
    import(&server, &token, &all);
    let told = answer(&server, &token, &json!({}));
    let gap_of = |told: &Value, id: &str| -> Value {
        let gaps = insights(told, "gap");
        let of =
            gaps.iter().find(|one| one["conversations"][0].as_str().is_some_and(|one| one.starts_with(id)));
        of.unwrap_or_else(|| panic!("no gap of {id}: {told}"))["gap"].clone()
    };
    assert_eq!(told["found"]["articles"], 2);
    let (parcels, invoices) = (gap_of(&told, "delivery"), gap_of(&told, "billing"));
    assert_eq!(
        (&parcels["cause"], &parcels["shown_in_vain"]["id"]),
        (&json!("cited_in_vain"), &json!("a-1"))
    );
    assert_eq!(invoices["cause"], "no_article", "{invoices}");
    assert_eq!(invoices["unresolved"], invoices["volume"]);

    // Nobody was shown the article any more, and a policy kept the answers about invoices back.
    let mut denials = Vec::new();
    for one in &mut all {
        one.as_object_mut().expect("an object").remove("cited");
        if one["id"].as_str().expect("an id").starts_with("billing") {
            denials.push(json!({ "action": "gate.decided", "actor": { "type": "agent", "id": "fin" },
                "outcome": { "result": "denied" }, "targets": [{ "type": "conversation", "id": one["id"] }] }));
        }
    }
    import(&server, &token, &all);
    server.append(&denials);
    let told = answer(&server, &token, &json!({}));
    let (parcels, invoices) = (gap_of(&told, "delivery"), gap_of(&told, "billing"));
    assert_eq!(
        (&parcels["cause"], &parcels["nearest"]["id"]),
        (&json!("not_cited"), &json!("a-1")),
        "{parcels}"
    );
    assert_eq!(invoices["cause"], "blocked", "{invoices}");
}

#[test]
fn what_nobody_asked_before_is_new() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let mut all = two_kinds(30);
    let texts = [
        "The app crashes when I open the camera",
        "Camera permission makes the app crash",
        "App crash with the camera since the update",
    ];
    all.extend((0..18).map(|nth| {
        let text = format!("{} version {}", texts[nth % 3], nth % 5);
        asked(&format!("crash-{nth}"), 60 + nth as i64 % 4, &text, "other", "14")
    }));
    import(&server, &token, &all);
    let told = answer(&server, &token, &json!({ "new_days": 20 }));
    let new = insights(&told, "new_kind");
    assert!(!new.is_empty(), "{told}");
    for one in &new {
        let ids = one["conversations"].as_array().expect("ids");
        assert!(ids.iter().all(|id| id.as_str().is_some_and(|id| id.starts_with("crash"))), "{one}");
    }
    assert!(new[0]["words"].to_string().contains("crash") || new[0]["words"].to_string().contains("camera"));
    let told = answer(&server, &token, &json!({ "new_days": 20, "until": at(50) }));
    assert!(insights(&told, "new_kind").is_empty(), "before, there is nothing to compare with");
}

#[test]
fn what_is_not_kept_or_erased_is_in_no_insight() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let keeper = server.token_with(&[Scope::Retention], |_| ());
    let eraser = server.token_with(&[Scope::Erase], |_| ());
    import(&server, &token, &two_kinds(20));
    let kept = json!({ "keep_personal": false, "days": null });
    server.call("PUT", "/v1/history").by(&keeper).json(&kept).good();
    let masked: Vec<Value> = (0..20)
        .map(|nth| asked(&format!("masked-{nth}"), 3, "Zanzibar zebra secret", "delivery", "14"))
        .collect();
    import(&server, &token, &masked);
    let told = answer(&server, &token, &json!({}));
    assert_eq!((&told["found"]["read"], &told["found"]["without_text"]), (&json!(40), &json!(20)));
    assert!(!told.to_string().to_lowercase().contains("zebra") && !told.to_string().contains("masked-"));

    let path = format!("/v1/insights/{}", told["id"].as_str().expect("an id"));
    assert_eq!(server.call("DELETE", "/v1/conversations/delivery-3").by(&eraser).send().status, 204);
    assert_eq!(server.get(&path).by(&token).send().problem().0, 404, "words of what was erased may be in it");
    assert_eq!(server.get("/v1/insights").by(&token).send().good(), json!({ "insights": [] }));
}

#[test]
fn it_is_asked_watched_cancelled_and_forgotten_by_those_who_may_and_nobody_else() {
    let server = TestServer::quiet();
    let token = historian(&server);
    import(&server, &token, &two_kinds(20));
    for (question, status) in [
        (json!({ "new_days": 0 }), 422),
        (json!({ "days": 3 }), 422),
        (json!({ "from": "soon" }), 400),
        (json!({ "from": at(3), "until": at(2) }), 422),
    ] {
        assert_eq!(ask(&server, &token, &question).problem().0, status, "{question}");
    }
    let told = answer(&server, &token, &json!({ "channel": "chat" }));
    let path = format!("/v1/insights/{}", told["id"].as_str().expect("an id"));
    let without = server.token_with(&[Scope::Read, Scope::Ingest], |_| ());
    let (other, _) = server.another_workspace();
    let elsewhere = server.token_with(&[Scope::Conversations], |new| new.workspace = other.parse().ok());
    for path in ["/v1/insights", "/v1/articles", &path, &format!("{path}/1")] {
        assert_eq!(server.get(path).by(&without).send().problem(), (403, "forbidden".to_owned()), "{path}");
    }
    assert_eq!(ask(&server, &without, &json!({})).problem().0, 403);
    assert_eq!(server.get("/v1/insights").by(&elsewhere).send().good(), json!({ "insights": [] }));
    for path in [&path, &format!("{path}/1")] {
        assert_eq!(server.get(path).by(&elsewhere).send().problem().0, 404, "{path}");
    }
    assert_eq!(server.call("DELETE", &path).by(&elsewhere).send().problem().0, 404);
    assert_eq!(server.get(&format!("{path}?kind=maybe")).by(&token).send().problem().0, 400);
    let entries = server.get("/v1/events?q=action:history.insights_found").send().good();
    assert_eq!(entries["entries"][0]["metadata"]["read"], 40);

    assert_eq!(server.call("DELETE", &path).by(&token).send().status, 204);
    assert_eq!(server.get(&path).by(&token).send().problem().0, 404);
    // Another question takes the place of one that is under way, whoever is first.
    import(&server, &token, &two_kinds(400));
    let first = ask(&server, &token, &json!({ "new_days": 7 }));
    assert_eq!(first.status, 202, "{}", first.text());
    let first = first.json();
    let second = answer(&server, &token, &json!({ "new_days": 8 }));
    assert_ne!(first["id"], second["id"]);
    let list = server.get("/v1/insights").by(&token).send().good();
    assert_eq!(list["insights"][0]["id"], second["id"], "{list}");
}

#[test]
fn articles_are_refused_with_their_position_and_their_field() {
    let server = TestServer::quiet();
    let token = historian(&server);
    let good = json!({ "id": "a", "title": "T", "text": "x" });
    for (bad, field) in [
        (json!({ "id": " ", "title": "T" }), "id"),
        (json!({ "id": "b", "title": "T", "url": "javascript:alert(1)" }), "url"),
        (json!({ "id": "b", "title": " " }), "text"),
        (json!({ "id": "b", "title": "T", "text": "x".repeat(300_000) }), "text"),
    ] {
        let refused = server.post("/v1/articles").by(&token).json(&json!([good, bad]));
        assert_eq!(refused.problem(), (422, "invalid_article".to_owned()));
        assert_eq!((&refused.json()["index"], &refused.json()["field"]), (&json!(1), &json!(field)));
    }
    assert_eq!(server.post("/v1/articles").by(&token).json(&json!([])).problem().0, 422);
    assert_eq!(
        server.get("/v1/articles").by(&token).send().good()["articles"],
        json!([]),
        "nothing was kept"
    );
    server.post("/v1/articles").by(&token).json(&json!([good])).good();
    let listed = server.get("/v1/articles").by(&token).send().good();
    assert_eq!(listed, json!({ "articles": [{ "id": "a", "title": "T", "url": "" }], "next": null }));
    assert_eq!(server.call("DELETE", "/v1/articles/a").by(&token).send().status, 204);
    assert_eq!(server.call("DELETE", "/v1/articles/a").by(&token).send().problem().0, 404);
}
