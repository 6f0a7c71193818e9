//! Insights as people see them, and at the command line.

use crate::support::TestServer;
use hindcast::catalog::{By, Scope};
use hindcast::people::Role;
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Questions about parcels; two were tagged wrongly and corrected by a person.
fn filled(server: &TestServer) -> String {
    let token = server.token_with(&[Scope::Conversations, Scope::Read], |_| ());
    let asked = |nth: usize| {
        let (kind, text) = match nth % 2 {
            0 => ("delivery", format!("Where is my parcel quokka {}", nth % 5)),
            _ => ("billing", format!("Please send the invoice wombat {}", nth % 5)),
        };
        let at = "2026-01-02T10:00:00Z";
        let mut one = json!({ "id": format!("c/{nth}"), "source": "shop", "opened_at": at, "resolution": "no_answer",
            "messages": [{ "at": at, "role": "customer", "text": text }],
            "tags": [{ "at": at, "tag": kind, "workflow": "triage", "version": "14" }] });
        if nth < 4 && kind == "delivery" {
            let by = json!({ "id": "ana", "type": "user" });
            one["tags"] = json!([
                { "at": at, "tag": "returns", "workflow": "triage", "version": "15" },
                { "at": at, "tag": "returns", "act": "removed", "by": by },
                { "at": at, "tag": "delivery", "by": by },
            ]);
        }
        one
    };
    let all: Vec<Value> = (0..60).map(asked).collect();
    server.post("/v1/conversations").by(&token).json(&json!(all)).good();
    token
}

fn run(server: &TestServer, token: &str, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.args(arguments).args(["--url", &server.url]).env("HINDCAST_TOKEN", token);
    program.output().expect("ran")
}

fn told(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn people_ask_read_and_forget_in_their_language() {
    let server = TestServer::quiet();
    filled(&server);
    let auditor = server.visitor(Role::Auditor, &[]);
    assert!(auditor.get("/insights").text().contains("data-testid=\"insights-none\""));
    assert_eq!(auditor.post("/insights", &[("new_days", "soon")]).status, 422);
    assert_eq!(auditor.post("/insights", &[("new_days", "")]).status, 303);
    let until = Instant::now() + Duration::from_secs(60);
    while !auditor.get("/insights").text().contains("data-testid=\"insights-told\"") {
        assert!(Instant::now() < until, "{}", auditor.get("/insights").text());
        std::thread::sleep(Duration::from_millis(50));
    }
    let page = auditor.get("/insights").text().to_owned();
    let at = page.find("data-testid=\"insight-mistag\"").expect("a mis-tag");
    let href = page[at..]
        .split("href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a link")
        .to_owned();
    assert!(page.contains("returns → delivery") && page.contains("triage, version 15"), "{page}");
    assert!(page.contains("data-testid=\"insight-gap\"") && page.contains("No article"));
    for language in ["en", "de", "fr", "ja"] {
        let one = auditor.get(&format!("{href}?lang={language}"));
        assert_eq!(one.status, 200, "{}", one.text());
        let text = one.text();
        assert!(text.contains("/conversations/c%2F0") && text.contains("quokka"), "{language}: {text}");
        assert!(auditor.get(&format!("/insights?lang={language}")).text().contains("returns → delivery"));
    }
    for nowhere in ["/insights/none/1", "/insights?of=none", &format!("{href}9")] {
        assert_eq!(auditor.get(nowhere).status, 404, "{nowhere}");
    }

    // Whoever may not read texts sees neither them nor their words.
    let workspace = server.workspace.parse().expect("an id");
    let hide = |settings: &mut hindcast::catalog::Settings, _: &mut String| {
        settings.hidden.insert("security_admin".to_owned(), vec!["text".to_owned()]);
    };
    server.app.catalog.change_settings(&workspace, &By::server(), hide).expect("kept");
    let admin = server.visitor(Role::SecurityAdmin, &[]);
    for path in ["/insights", &href] {
        let text = admin.get(path).text().to_owned();
        assert!(
            text.contains("delivery") && !text.contains("quokka") && !text.contains("wombat"),
            "{path}: {text}"
        );
    }
    for role in [Role::SupportOpsManager, Role::Viewer] {
        let visitor = server.visitor(role, &["ana"]);
        for path in ["/insights", &href, "/insights/none/1"] {
            let seen = visitor.get(path);
            assert_eq!(seen.status, 403, "{path} as {role:?}");
            assert!(
                !seen.text().contains("quokka") && !seen.text().contains("returns"),
                "{path} as {role:?}"
            );
        }
        assert_eq!(visitor.post("/insights", &[]).status, 403);
    }

    let id = href.split('/').nth(2).expect("an id").to_owned();
    assert_eq!(auditor.post(&format!("/insights/{id}/end"), &[]).status, 303);
    assert!(auditor.get("/insights").text().contains("data-testid=\"insights-none\""));
}

#[test]
fn the_command_line_takes_articles_in_and_tells_insights_a_line_each() {
    let server = TestServer::quiet();
    let token = filled(&server);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("help.csv");
    let path = file.to_str().expect("UTF-8");
    std::fs::write(
        &file,
        "id,title,text,url\n1,Parcels,Where is my parcel?,https://help.example/1\n2,Tax,,nowhere\n",
    )
    .expect("written");
    let refused = run(&server, &token, &["history", "import", "articles", path]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("help.csv:3: url: "), "{refused:?}");
    assert_eq!(server.get("/v1/articles").by(&token).send().good()["articles"], json!([]));
    std::fs::write(
        &file,
        "id,title,text,url\n1,Parcels,Where is my parcel?,https://help.example/1\n2,Tax,x,\n",
    )
    .expect("written");
    let imported = run(&server, &token, &["history", "import", "articles", path]);
    assert!(
        String::from_utf8_lossy(&imported.stderr).contains("2 new, 0 changed, 0 known before"),
        "{imported:?}"
    );

    let found = told(&run(&server, &token, &["insights", "run"]));
    let first = found.lines().next().expect("a line");
    assert!(first.contains("returns -> delivery by triage version 15, 2 corrected"), "{found}");
    let list = told(&run(&server, &token, &["insights", "list"]));
    let id = list.split('\t').next().expect("an id");
    let shown = told(&run(&server, &token, &["insights", "show", id, "1"]));
    assert!(
        shown.contains("by triage version 15: 2 of 2") && shown.contains("Where is my parcel quokka"),
        "{shown}"
    );
    let gaps = told(&run(&server, &token, &["insights", "show", id, "--kind", "gap"]));
    assert!(!gaps.is_empty() && gaps.lines().all(|line| line.contains("\tgap\t")), "{gaps}");
    told(&run(&server, &token, &["insights", "forget", id]));
    assert_eq!(told(&run(&server, &token, &["insights", "list"])), "");
}
