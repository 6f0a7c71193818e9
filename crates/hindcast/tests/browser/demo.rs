//! The invented year of the demo, through the API.

use crate::support::TestServer;
use hindcast::config::{AnchorKind, AnchorOf};
use serde_json::{Value, json};
use std::time::Duration;

/// So many events are sent at once.
const BATCH: usize = 4_000;

/// Appends about so many events of the year that ends now.
pub fn load(server: &TestServer, count: usize) {
    let told = hindcast::demo::events_about((server.app.clock)(), count);
    let events: Vec<Value> = told.map(|event| serde_json::from_slice(&event).expect("JSON")).collect();
    for batch in events.chunks(BATCH) {
        server.append(batch);
    }
}

/// A server that tells its checkpoints to a file, and to another that cannot be written.
pub fn anchored() -> TestServer {
    TestServer::start_with(|config| {
        config.ledger.anchor_seconds = 1;
        let works = config.data.folder.with_file_name("checkpoints");
        config.anchor = [("a-file-on-another-disk", works), ("gone", "/nowhere/checkpoints".into())]
            .map(|(name, file)| AnchorOf {
                name: name.to_owned(),
                kind: AnchorKind::File,
                minutes: 0,
                file: Some(file),
                address: None,
                transport: None,
                url: None,
                secret: None,
                ca: None,
                timeout_seconds: 10,
            })
            .into();
    })
}

/// Has a report made of everything, in the language with the longest words, and returns its id.
pub fn report(server: &TestServer) -> String {
    let wanted = json!({
        "template": "iso27001", "from": "2020-01-01T00:00:00Z", "until": "2040-01-01T00:00:00Z", "lang": "de",
    });
    let begun = server.post("/v1/reports").json(&wanted).json();
    let id = begun["id"].as_str().unwrap_or_else(|| panic!("a report, not {begun}")).to_owned();
    let is_ready = |_| {
        std::thread::sleep(Duration::from_millis(50));
        server.get(&format!("/v1/reports/{id}")).send().good()["state"] == "ready"
    };
    assert!((0..1200).any(is_ready), "a report within a minute");
    id
}
