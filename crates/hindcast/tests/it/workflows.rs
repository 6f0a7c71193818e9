//! Workflows that are written, checked and tested before any server sees them.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program without any server.
fn workflow(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hindcast")).arg("workflow").args(arguments).output().expect("ran")
}

fn example(name: &str) -> String {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workflows");
    folder.join(name).to_str().expect("text").to_owned()
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("written");
    file.to_str().expect("text").to_owned()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

const GOOD: &str = "\
schema: workflow/1
name: night
trigger: ticket.created
mode: shadow
if: {field: ticket.tags, op: contains, value: door}
then:
  - tag.add: night
tests:
  - {name: at the door, given: {ticket.tags: [door]}, expect: {matched: true, actions: [tag.add]}}
";

#[test]
fn a_flaw_is_told_where_it_stands_and_the_exit_code_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = written(folder.path(), "good.yaml", GOOD);
    let bad = written(folder.path(), "bad.yaml", &GOOD.replace("ticket.tags, op", "ticket.tag\u{202e}, op"));
    let checked = workflow(&["check", &good]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
    assert!(
        text(&checked.stdout).starts_with(&format!("{good}: night (shadow, 1 test, version ")),
        "{}",
        text(&checked.stdout)
    );

    let checked = workflow(&["check", &good, &bad]);
    assert_eq!(checked.status.code(), Some(1));
    let expected =
        format!("{bad}:5:13: error: there is no field `ticket.tag\\u202e`; did you mean `ticket.tags`?\n");
    assert_eq!(text(&checked.stderr), expected);

    let told = lines(&workflow(&["check", &bad, "--json"]));
    let flaw = json!({
        "line": 5, "column": 13, "message": "there is no field `ticket.tag\u{202e}`", "suggestion": "ticket.tags",
    });
    assert_eq!((&told[0]["workflow"], &told[0]["errors"]), (&Value::Null, &json!([flaw])));
    let told = lines(&workflow(&["check", &good, "--json"]));
    assert_eq!(told[0]["workflow"]["fields"], json!(["ticket.tags"]));

    let twice = workflow(&["check", &good, &good]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(text(&twice.stderr).contains("two workflows are called `night`"), "{}", text(&twice.stderr));
    assert_eq!(workflow(&["check"]).status.code(), Some(2), "wrong usage");
    assert_eq!(workflow(&["check", "/nowhere.yaml"]).status.code(), Some(1));
}

#[test]
fn the_examples_pass_and_a_failing_test_shows_what_every_condition_saw() {
    let tools = example("tools.json");
    let files = ["refund-requests.yaml", "waiting-customers.yaml", "reopened-by-praise.yaml"].map(example);
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let passed = workflow(&[&["test", "--tools", &tools], &files[..]].concat());
    assert_eq!(passed.status.code(), Some(0), "{}{}", text(&passed.stdout), text(&passed.stderr));
    assert_eq!(text(&passed.stdout).lines().count(), 12);
    assert_eq!(text(&passed.stderr), "12 passed, 0 failed\n");
    let untold = workflow(&["check", files[0]]);
    assert!(text(&untold.stderr).contains("no tool of this name was declared"), "{}", text(&untold.stderr));

    let folder = tempfile::tempdir().expect("a folder");
    let failing = written(folder.path(), "failing.yaml", &GOOD.replace("value: door", "value: gate"));
    let broken = written(folder.path(), "broken.yaml", "schema: workflow/1\n");
    let junit = folder.path().join("junit.xml");
    let tested = workflow(&["test", &failing, &broken, "--junit", junit.to_str().expect("text")]);
    assert_eq!(tested.status.code(), Some(1));
    let told = text(&tested.stdout);
    assert!(
        told.starts_with(&format!(
            "{failing}:9: failed: at the door\n    expected matched true, was false\n"
        )),
        "{told}"
    );
    assert!(told.ends_with("      if  false  ticket.tags contains \"gate\", was [\"door\"]\n"), "{told}");
    let junit = std::fs::read_to_string(junit).expect("written");
    assert!(junit.contains("<testsuites tests=\"2\" failures=\"2\""), "{junit}");
    assert!(junit.contains("`name` is missing"), "{junit}");
    let told = lines(&workflow(&["test", &failing, "--json"]));
    assert_eq!(
        (&told[0]["passed"], &told[0]["evaluation"]["trace"][0]["actual"]),
        (&json!(false), &json!(["door"]))
    );
}

#[test]
fn fields_of_the_workspace_are_handed_in_and_the_schema_knows_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = GOOD.replace(
        "{field: ticket.tags, op: contains, value: door}",
        "{field: custom.region, op: is, value: eu}",
    );
    let file = written(folder.path(), "own.yaml", &own);
    assert_eq!(workflow(&["check", &file]).status.code(), Some(1));
    assert_eq!(workflow(&["check", &file, "--field", "custom.region=eu,us"]).status.code(), Some(0));
    assert_eq!(workflow(&["check", &file, "--field", "custom.region=of-the-world"]).status.code(), Some(2));
    let schema = workflow(&["schema", "--field", "custom.region=eu,us", "--tools", &example("tools.json")]);
    let schema: Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    assert!(schema["$defs"]["action"]["properties"]["order.refund"].is_object());
    assert!(schema["$defs"]["field"].to_string().contains("custom.region"));
}

#[test]
fn what_changed_is_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = written(folder.path(), "old.yaml", GOOD);
    let new = written(
        folder.path(),
        "new.yaml",
        &GOOD.replace("value: door", "value: gate").replace("shadow", "enforce"),
    );
    let changed = workflow(&["diff", &old, &new]);
    assert_eq!(changed.status.code(), Some(0));
    assert_eq!(text(&changed.stdout), "mode: shadow -> enforce\nif.value: door -> gate\n");
    let told = lines(&workflow(&["diff", &old, &new, "--json"]));
    assert_eq!(told[0], json!({"path": "mode", "before": "shadow", "after": "enforce"}));
    let same = workflow(&["diff", &old, &old]);
    assert!(
        same.stdout.is_empty() && text(&same.stderr).starts_with("both judge alike"),
        "{}",
        text(&same.stderr)
    );
}

#[test]
fn rules_of_another_product_become_files_and_nothing_is_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = json!({"triggers": [{
        "title": "Refunds", "active": true,
        "conditions": {"all": [{"field": "current_tags", "operator": "includes", "value": "refund"}], "any": []},
        "actions": [{"field": "priority", "value": "high"}, {"field": "share_ticket", "value": "7"}],
    }, {
        "title": "Nothing left", "active": true, "conditions": {"all": [], "any": []},
        "actions": [{"field": "share_ticket", "value": "7"}],
    }]});
    let rules = written(folder.path(), "triggers.json", &rules.to_string());
    let out = folder.path().join("workflows");
    let out = out.to_str().expect("text");
    let imported = workflow(&["import", "--from", "zendesk", &rules, "--out", out]);
    assert_eq!(imported.status.code(), Some(0), "{}", text(&imported.stderr));
    let file = format!("{out}/refunds.yaml");
    assert_eq!(text(&imported.stdout), format!("{file}\n"));
    let told = text(&imported.stderr);
    assert!(told.contains("share_ticket") && told.contains("1 of 2 rules became workflows"), "{told}");
    assert_eq!(workflow(&["check", &file]).status.code(), Some(0));
    assert!(std::fs::read_to_string(&file).expect("written").contains("# - action left out"));

    let again = workflow(&["import", "--from", "zendesk", &rules, "--out", out]);
    assert_eq!(again.status.code(), Some(1), "a file that is there stays as it is");
    let told = lines(&workflow(&["import", "--from", "zendesk", &rules, "--json"]));
    assert_eq!((&told[0]["name"], &told[1]["yaml"]), (&json!("refunds"), &Value::Null));
    let wrong = workflow(&["import", "--from", "chatwoot", &rules]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("expected rules of Chatwoot"), "{}", text(&wrong.stderr));
}
