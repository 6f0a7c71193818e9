//! Real conversations of an AI agent with an airline's customers: every tool it called goes in, and is found again.

use crate::support::{Answer, TestServer};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MODEL: &str = "gpt-4o";
/// What the arguments are about, the most telling first, and what we call that.
const TARGETS: [(&str, &str); 2] = [("reservation_id", "reservation"), ("user_id", "user")];

#[test]
fn tool_calls_of_real_conversations_are_found_counted_and_proven() {
    let Some(conversations) = conversations() else { return };
    let calls: Vec<Value> = conversations.iter().flat_map(calls).collect();
    assert!(calls.len() > 500, "only {} calls were found", calls.len());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("calls.ndjson");
    let lines: Vec<_> = calls.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).expect("written");
    let server = TestServer::quiet();
    let all = calls.len();
    assert_eq!(ingest(&server, &file), format!("{all} stored, 0 refused"));

    counts_agree(&server, &calls);
    a_reservation_has_all_its_calls(&server, &calls);
    words_of_arguments_are_found(&server, &calls);
    an_entry_is_what_went_in_and_is_proven(&server, &calls, folder.path());

    let again = format!("0 stored, 0 refused, {all} stored by an earlier run");
    assert_eq!(ingest(&server, &file), again);
    assert_eq!(count(&server, "action:ai_agent.tool_called"), all);
}

fn counts_agree(server: &TestServer, calls: &[Value]) {
    let targets = |call: &Value| call["targets"][0]["type"].as_str().map(str::to_owned);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    for (facet, counted) in [
        ("action", tally(calls, |call| text(&call["action"]))),
        ("actor", tally(calls, |call| text(&call["actor"]["id"]))),
        ("outcome", tally(calls, |call| text(&call["outcome"]["result"]))),
        ("source", tally(calls, |call| text(&call["context"]["source"]))),
        ("target", tally(calls, targets)),
        ("category", BTreeMap::from([("ai_agents".to_owned(), calls.len() as u64)])),
    ] {
        let answer = server.get(&format!("/v1/facets?facet={facet}&top=100")).send().good();
        let values = answer["facets"][0]["values"].as_array().expect("values").iter();
        let found: BTreeMap<_, _> = values
            .map(|value| {
                (value["value"].as_str().expect("text").to_owned(), value["count"].as_u64().expect("a count"))
            })
            .collect();
        assert_eq!(found, counted, "{facet}");
    }
    for (conversation, calls) in tally(calls, |call| text(&call["context"]["session_id"])) {
        assert_eq!(count(server, &format!("session:{conversation}")) as u64, calls, "{conversation}");
    }
}

fn a_reservation_has_all_its_calls(server: &TestServer, calls: &[Value]) {
    let reservation = |call: &Value| {
        let target = &call["targets"][0];
        (target["type"] == "reservation").then(|| target["id"].as_str().expect("an id").to_owned())
    };
    let reservations = tally(calls, reservation);
    let most = reservations.iter().max_by_key(|(_, calls)| **calls).map(|(id, _)| id).expect("one");
    let mut expected: Vec<_> = calls.iter().filter(|call| reservation(call).as_ref() == Some(most)).collect();
    expected.reverse();
    let mut address = format!("/v1/events?limit=3&q=target:reservation/{most}");
    let mut found = Vec::new();
    loop {
        let page = server.get(&address).send().good();
        found.extend(page["entries"].as_array().expect("entries").clone());
        let Some(next) = page["next"].as_str() else { break };
        address = format!("/v1/events?limit=3&q=target:reservation/{most}&cursor={next}");
    }
    println!("reservation {most} was called about {} times", found.len());
    let ids = |entries: Vec<&Value>| entries.iter().map(|entry| entry["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(found.iter().collect()), ids(expected), "newest first");
}

fn words_of_arguments_are_found(server: &TestServer, calls: &[Value]) {
    for word in ["hat266", "sophia", "certificate"] {
        let said = |call: &&Value| {
            let text = format!("{} {}", call["metadata"], call["outcome"]).to_lowercase();
            text.split(|letter: char| !letter.is_alphanumeric()).any(|said| said == word)
        };
        let expected = calls.iter().filter(said).count();
        assert!(expected > 0, "nobody said {word}");
        assert_eq!(count(server, word), expected, "{word}");
    }
}

fn an_entry_is_what_went_in_and_is_proven(server: &TestServer, calls: &[Value], folder: &Path) {
    let failed = calls.iter().find(|call| call["outcome"]["result"] == "failure").expect("one failed");
    let id = failed["id"].as_str().expect("an id");
    let entry = server.get(&format!("/v1/events/{id}")).send().good();
    for member in ["action", "actor", "on_behalf_of", "targets", "outcome", "context", "metadata"] {
        assert_eq!(entry[member], failed[member], "{member}");
    }
    let (proof, key) = (folder.join("one.tlog-proof"), folder.join("vkey"));
    let saved = |answer: Answer, file: &Path| std::fs::write(file, answer.body).expect("written");
    saved(server.get(&format!("/v1/events/{id}/proof?format=tlog-proof")).send(), &proof);
    saved(server.get(&format!("/w/{}/vkey", server.workspace)).send(), &key);
    let verify =
        || hindcast(server, &["verify", &proof.to_string_lossy(), "--vkey", &format!("@{}", key.display())]);
    let verified = verify();
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(0), "{said}");
    assert!(said.starts_with("VERIFIED") && said.contains(id), "{said}");
    let kept = std::fs::read_to_string(&proof).expect("read");
    std::fs::write(&proof, kept.replace("\nindex ", "\nindex 1")).expect("written");
    assert_eq!(verify().status.code(), Some(40), "another index is not proven");
}

/// The conversations, or nothing where the shared data is absent.
fn conversations() -> Option<Vec<Value>> {
    let shared =
        std::env::var_os("HINDCAST_SHARED").map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let file = shared.join("data/tau-bench/gpt-4o-airline-trials-0-1.json");
    let Ok(text) = std::fs::read(&file) else {
        println!("skipped: there is no {}", file.display());
        return None;
    };
    Some(serde_json::from_slice(&text).expect("JSON"))
}

/// The tool calls of a conversation, each an event.
fn calls(conversation: &Value) -> Vec<Value> {
    let name = format!("task-{}-trial-{}", conversation["task_id"], conversation["trial"]);
    let customer = &conversation["info"]["task"]["user_id"];
    let messages = conversation["traj"].as_array().expect("messages");
    let answers: BTreeMap<&str, &str> = messages
        .iter()
        .filter(|message| message["role"] == "tool")
        .filter_map(|message| Some((message["tool_call_id"].as_str()?, message["content"].as_str()?)))
        .collect();
    let asked = messages.iter().filter_map(|message| message["tool_calls"].as_array()).flatten();
    asked
        .map(|call| {
            let id = call["id"].as_str().expect("an id");
            let arguments = call["function"]["arguments"].as_str().expect("text");
            let arguments: Map<String, Value> = serde_json::from_str(arguments).expect("JSON");
            let target = |(argument, kind): (&str, &str)| {
                arguments.get(argument).map(|id| json!({ "type": kind, "id": id }))
            };
            let outcome = match answers.get(id) {
                Some(answer) if answer.starts_with("Error") => {
                    json!({ "result": "failure", "reason": answer })
                }
                Some(_) => json!({ "result": "success" }),
                None => json!({ "result": "unknown" }),
            };
            json!({
                "id": format!("{name}-{id}"),
                "action": "ai_agent.tool_called",
                "actor": { "type": "agent", "id": MODEL, "ai": { "model": MODEL } },
                "on_behalf_of": { "type": "user", "id": customer },
                "targets": TARGETS.into_iter().filter_map(target).take(1).collect::<Vec<_>>(),
                "outcome": outcome,
                "context": { "source": "airline-support", "session_id": name },
                "metadata": { "tool": call["function"]["name"], "arguments": arguments },
            })
        })
        .collect()
}

fn tally(calls: &[Value], of: impl Fn(&Value) -> Option<String>) -> BTreeMap<String, u64> {
    let mut tally = BTreeMap::new();
    calls.iter().filter_map(of).for_each(|value| *tally.entry(value).or_default() += 1);
    tally
}

fn count(server: &TestServer, query: &str) -> usize {
    let found = server.get(&format!("/v1/count?q={query}")).send().good();
    usize::try_from(found["count"].as_u64().expect("a count")).expect("small")
}

/// What the program says last when it takes the file to the server from its beginning.
fn ingest(server: &TestServer, file: &Path) -> String {
    let ended = hindcast(server, &["ingest", "--restart", "--batch", "100", &file.to_string_lossy()]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{said}");
    said.lines().last().expect("a line").to_owned()
}

fn hindcast(server: &TestServer, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.env("HINDCAST_URL", &server.url).env("HINDCAST_TOKEN", &server.token).args(arguments);
    program.output().expect("ran")
}
