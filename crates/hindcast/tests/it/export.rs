//! Somebody takes entries away as a file, and the log knows it.

use crate::support::{TestServer, actions, event};
use serde_json::{Value, json};

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
    assert_eq!(server.get("/v1/export?format=xml").send().problem().0, 400);
    let found = server.get("/v1/events?q=action:log.exported&limit=1").send().good();
    assert_eq!(actions(&found), ["log.exported"]);
    let entry = &found["entries"][0];
    assert_eq!((&entry["actor"]["type"], &entry["kind"]), (&json!("api_key"), &json!("system")));
    assert_eq!((&entry["metadata"]["format"], &entry["metadata"]["rows"]), (&json!("parquet"), &json!(2)));
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
