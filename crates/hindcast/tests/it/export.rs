//! Somebody takes entries away as a file, and the log knows it.

use crate::cast::Visitor;
use crate::process::Home;
use crate::support::{TestServer, actions, event};
use hindcast::catalog::{By, Team};
use hindcast::people::Role;
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn each_format_holds_every_answer() {
    let server = TestServer::start();
    let mut formula = event("door.open");
    formula["reason"] = json!("=1+1");
    server.append(&[formula, event("lamp.on"), event("door.close")]);
    let export = |format: &str| {
        let answer = server.get(&format!("/v1/export?q=action:door.*&format={format}")).send();
        assert_eq!(answer.status, 200);
        assert!(
            answer.header("content-disposition").starts_with("attachment; filename=\"hindcast-"),
            "{format}"
        );
        answer
    };
    let csv = export("csv");
    assert_eq!(
        (csv.header("content-type"), csv.text().trim_end().lines().count()),
        ("text/csv; charset=utf-8", 3)
    );
    assert!(csv.text().starts_with("index,") && csv.text().contains(",=1+1,"));
    let excel = export("csv-excel");
    assert!(excel.text().starts_with('\u{feff}') && excel.text().contains("'=1+1"));
    let json: Vec<Value> = serde_json::from_slice(&export("json").body).expect("JSON");
    let ndjson = export("ndjson");
    let lines: Vec<Value> =
        ndjson.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json, lines);
    assert_eq!(
        json.iter().map(|entry| entry["action"].clone()).collect::<Vec<_>>(),
        [json!("door.close"), json!("door.open")]
    );
    let parquet = export("parquet");
    assert!(parquet.body.starts_with(b"PAR1") && parquet.body.ends_with(b"PAR1"));
    let book = export("xlsx");
    assert!(book.body.starts_with(b"PK") && book.header("content-type").ends_with("spreadsheetml.sheet"));
    let paper = export("pdf&lang=ja");
    assert!(paper.body.starts_with(b"%PDF-1.7") && paper.header("content-type") == "application/pdf");
    assert_eq!(server.get("/v1/export?format=pdf&lang=tlh").send().problem().0, 400);
    assert_eq!(server.get("/v1/export?format=xml").send().problem().0, 400);
    let found = server.get("/v1/events?q=action:log.exported&limit=1").send().good();
    assert_eq!(actions(&found), ["log.exported"]);
    let entry = &found["entries"][0];
    assert_eq!((&entry["actor"]["type"], &entry["kind"]), (&json!("api_key"), &json!("system")));
    assert_eq!((&entry["metadata"]["format"], &entry["metadata"]["rows"]), (&json!("pdf"), &json!(2)));
    assert_eq!(entry["context"]["ip"], "127.0.0.1");
}

#[test]
fn a_large_export_is_whole() {
    let server = TestServer::start();
    for part in 0..4 {
        server.append(&(0..5_000).map(|n| event(&format!("step.{part}.{n}"))).collect::<Vec<_>>());
    }
    let answer = server.get("/v1/export?format=ndjson").send();
    assert_eq!(answer.text().lines().count(), 20_000);
}

/// Asks for an export as a job, and waits until the list says what became of it.
fn kept(visitor: &Visitor<'_>, told: &str) -> String {
    let queued = visitor.post("/exports", &[("format", "ndjson"), ("address", "range=all"), ("as", "job")]);
    assert_eq!((queued.status, queued.header("location")), (303, "/exports"), "{}", queued.text());
    let list = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        Some(visitor.get("/exports").text().to_owned()).filter(|list| list.contains(told))
    });
    list.unwrap_or_else(|| panic!("no export {told} within ten seconds"))
}

/// The address of the first download in a list.
fn download(list: &str) -> Option<&str> {
    let mut hrefs = list.split(" href=\"").filter_map(|rest| rest.split('"').next());
    hrefs.find(|href| href.ends_with("/download"))
}

#[test]
fn a_file_is_closed_to_whoever_sees_something_else_by_now() {
    let server = TestServer::start();
    let actor = |id: &str| json!({ "action": "door.open", "actor": { "type": "user", "id": id } });
    server.append(&[actor("bob"), actor("eve")]);
    let manager = server.visitor(Role::SupportOpsManager, &[]);
    let list = kept(&manager, "Ready");
    let link = download(&list).expect("a link");
    let whole = manager.get(link);
    assert!(whole.status == 200 && whole.text().contains("\"bob\"") && !whole.text().contains("\"eve\""));
    let told = server.get("/v1/events?q=action:log.export_downloaded").send().good();
    let about = &told["entries"][0];
    assert_eq!(
        (&about["metadata"]["rows"], &about["actor"]["role"]),
        (&json!(1), &json!("support_ops_manager"))
    );
    let workspace = server.workspace.parse().expect("an id");
    let team = |actor: &str| {
        let team = Team { id: "payments".into(), name: "Payments".into(), actors: vec![actor.into()] };
        server.app.catalog.put_team(&workspace, &team, &By::server()).expect("kept");
    };
    team("eve");
    let closed = manager.get(link);
    assert_eq!(closed.status, 403);
    assert!(closed.text().contains("What you are allowed to see has changed"), "{}", closed.text());
    let list = manager.get("/exports").text().to_owned();
    assert!(list.contains("What you are allowed to see has changed") && download(&list).is_none());
    team("bob");
    assert_eq!(manager.get(link).status, 200, "it is what they see again");
}

#[test]
fn a_download_goes_on_where_it_broke_off_whatever_is_asked_for() {
    let server = TestServer::start();
    server.append(&[event("door.open")]);
    let owner = server.visitor(Role::Owner, &[]);
    let list = kept(&owner, "Ready");
    let link = download(&list).expect("a link");
    let whole = owner.get(link);
    let rest = owner.get_with(link, &[("range", "bytes=10-18446744073709551615")]);
    assert_eq!((rest.status, &rest.body[..]), (206, &whole.body[10..]));
}

#[test]
fn files_take_no_more_of_the_disk_than_they_may_and_leave_nothing_behind() {
    let server = TestServer::start_with(|config| config.limits.exports_mb = 2);
    let mut large = event("door.open");
    large["reason"] = json!("x".repeat(16_000));
    server.append(&vec![large; 100]);
    let owner = server.visitor(Role::Owner, &[]);
    let list = kept(&owner, "Failed");
    assert!(list.contains("There was no room for a file of this size"), "{list}");
    let folder = server.app.config.data.folder.join("exports");
    assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 0, "nor is half a file kept");
    let none = TestServer::start_with(|config| config.limits.exports_mb = 0);
    let owner = none.visitor(Role::Owner, &[]);
    let refused = owner.post("/exports", &[("format", "csv"), ("address", ""), ("as", "job")]);
    assert_eq!(refused.status, 429);
    assert!(refused.text().contains("There is no room for more export files"), "{}", refused.text());
}

#[test]
fn why_a_file_could_not_be_written_names_nothing_of_the_server() {
    let server = TestServer::start();
    let folder = server.app.config.data.folder.join("exports");
    std::fs::write(&folder, "in the way").expect("written");
    let owner = server.visitor(Role::Owner, &[]);
    let list = kept(&owner, "Failed");
    assert!(list.contains("The file could not be written."), "{list}");
    assert!(!list.contains("os error") && !list.contains(&*folder.to_string_lossy()));
}

#[test]
fn files_that_nobody_has_go_when_the_server_starts() {
    let mut home = Home::new("");
    home.start().terminate();
    let folder = home.data().join("exports");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("1234.part"), "half of something").expect("written");
    let server = home.start();
    let gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        !folder.join("1234.part").exists()
    });
    assert!(gone, "what was being written when the server was killed is removed");
    server.terminate();
}
