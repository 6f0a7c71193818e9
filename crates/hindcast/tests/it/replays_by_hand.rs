//! The same at the command line, and policies that are tried before any server sees them.

use crate::support::TestServer;
use hindcast::catalog::Scope;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const CAP: &str = r#"@id("cap") forbid(principal is Agent, action == Action::"order.refund", resource)
when { context.arguments.amount_cents > 5000 };"#;
const TOOLS: &str = r#"[{"name":"order.refund","writes":true,"input_schema":{"type":"object","required":["amount_cents"],
    "properties":{"amount_cents":{"type":"integer"}}}}]"#;

fn hindcast(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hindcast")).current_dir(folder).args(arguments).output().expect("ran")
}

fn told(output: &Output) -> (i32, String) {
    let text = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    (output.status.code().expect("ended"), text.concat())
}

fn refund(cents: u32) -> Value {
    json!({
        "action": "order.refund", "actor": { "type": "agent", "id": "fin" }, "occurred_at": "2026-11-01T12:00:00Z",
        "metadata": { "arguments": { "amount_cents": cents } },
    })
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    std::fs::create_dir(folder.path().join("policies")).expect("a folder");
    write("policies/refunds.cedar", CAP);
    write("wrong.cedar", &CAP.replace("amount_cents", "amount_cent"));
    write("tools.json", TOOLS);
    write("events.ndjson", &format!("{}\n{}\n", refund(9_000), refund(100)));
    folder
}

#[test]
fn files_of_policies_and_events_need_no_server() {
    let folder = folder();
    let (code, text) = told(&hindcast(
        folder.path(),
        &["policy", "check", "policies/refunds.cedar", "--tools", "tools.json"],
    ));
    assert!(code == 0 && text.contains("policies, version "), "{text}");
    let (code, text) =
        told(&hindcast(folder.path(), &["policy", "check", "wrong.cedar", "--tools", "tools.json"]));
    assert!(code == 1 && text.contains("wrong.cedar") && text.contains("amount_cents"), "{text}");
    let offline =
        ["replay", "offline", "--policies", "policies", "--tools", "tools.json", "--events", "events.ndjson"];
    let (code, text) = told(&hindcast(folder.path(), &offline));
    assert!(code == 0 && text.contains("2 calls: 1 unchanged, 1 changed, 0 unknown"), "{text}");
    let bound = [&offline[..], &["--max-changed", "0", "--junit", "out.xml", "--csv", "out.csv"]].concat();
    let (code, text) = told(&hindcast(folder.path(), &bound));
    assert!(code == 1 && text.contains("at most 0 may"), "{text}");
    let written = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    assert!(written("out.xml").contains("failures=\"1\"") && written("out.csv").contains("newly_denied"));
    assert_eq!(hindcast(folder.path(), &["replay", "run"]).status.code(), Some(2), "wrong usage");
}

#[test]
fn a_policy_is_saved_tried_and_activated_by_hand() {
    let (folder, server) = (folder(), TestServer::quiet());
    let editor = server.token_with(&[Scope::Policies], |_| ());
    let tool: Value = serde_json::from_str::<Vec<Value>>(TOOLS).expect("JSON").remove(0);
    let declared =
        json!({ "description": "Pays back.", "writes": true, "input_schema": tool["input_schema"] });
    server.call("PUT", "/v1/tools/order.refund").by(&editor).json(&declared).good();
    server.append(&[refund(9_000), refund(100)]);
    let asked = |arguments: &[&str]| {
        let server = ["--url", &server.url, "--token", &editor];
        told(&hindcast(folder.path(), &[arguments, &server].concat()))
    };
    let (code, text) = asked(&["policy", "save", "refunds", "policies/refunds.cedar"]);
    assert!(code == 0 && text.starts_with("refunds\toff\t"), "{text}");
    let (code, text) = asked(&["replay", "run", "--policy", "refunds", "--number", "1", "--json"]);
    let report: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    assert_eq!((code, &report["summary"]["changed"]), (0, &json!(1)), "{text}");
    let text_file = ["replay", "run", "--policy", "refunds", "--text", "policies/refunds.cedar"];
    let bounded = ["--max-changed", "0", "--filter", "action:order.refund"];
    let (code, text) = asked(&[&text_file[..], &bounded].concat());
    assert!(code == 1 && text.contains("-> deny (cap)"), "{text}");
    let (code, text) = asked(&["replay", "list"]);
    assert!(code == 0 && text.contains("\tsucceeded\t") && text.contains("1 changed"), "{text}");
    let id = text.split('\t').next().expect("an id").to_owned();
    assert!(asked(&["replay", "show", &id]).1.contains("2 calls"));
    assert!(asked(&["policy", "activate", "refunds"]).1.starts_with("refunds\tenforce\tenforced 1"));
    std::fs::write(folder.path().join("next.cedar"), CAP.replace("5000", "4000")).expect("written");
    assert_eq!(asked(&["policy", "save", "refunds", "next.cedar"]).0, 0);
    assert!(
        asked(&["policy", "diff", "refunds", "1"])
            .1
            .contains("+when { context.arguments.amount_cents > 4000")
    );
    assert!(
        asked(&["policy", "activate", "refunds", "--trial", "2"])
            .1
            .starts_with("refunds\tshadow\tenforced 1\ttrial 2")
    );
    assert_eq!(asked(&["policy", "versions", "refunds"]).1.lines().count(), 2);
    assert!(asked(&["policy", "show", "refunds", "--text"]).1.contains("4000"));
    assert!(asked(&["policy", "off", "refunds"]).1.starts_with("refunds\toff"));
    assert!(asked(&["policy", "list"]).1.starts_with("refunds\toff"));
    assert_eq!(asked(&["policy", "delete", "refunds"]).0, 0);
    assert_eq!(asked(&["replay", "cancel", "nothing"]).0, 1);
}
