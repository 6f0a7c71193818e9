//! The invented year of the demo, through the API.

use crate::support::TestServer;
use serde_json::Value;

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
