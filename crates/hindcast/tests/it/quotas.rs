//! Nobody takes the server from the others: quotas of workspaces, and room for whoever comes.

use crate::support::{Answer, TestServer, event};
use hindcast::config::QuotaOf;
use serde_json::{Value, json};
use std::time::Duration;

fn append(server: &TestServer, token: &str, count: usize) -> Answer {
    server.post("/v1/events").by(token).json(&json!(vec![event("door.open"); count]))
}

fn count(server: &TestServer, token: &str) -> u64 {
    let found = server.get("/v1/count?q=action:door.open").by(token).send().good();
    found["count"].as_u64().expect("a count")
}

/// What a quota refuses, with the seconds after which to come again.
fn refused(answer: &Answer) -> u64 {
    assert_eq!(answer.problem(), (429, "quota_exceeded".to_owned()), "{}", answer.text());
    answer.header("retry-after").parse().expect("seconds")
}

#[test]
fn a_workspace_may_append_so_much_a_day_and_others_are_not_meant() {
    let server = TestServer::start_with(|config| {
        config.alerts.judge = false;
        config.limits.workspace_entries_per_day = 1000;
    });
    let (_, other) = server.another_workspace();
    assert_eq!(append(&server, &server.token, 600).status, 201);
    let over = append(&server, &server.token, 500);
    assert!((1..=86_400).contains(&refused(&over)));
    assert!(over.text().contains("1000 entries in a day"), "{}", over.text());
    assert_eq!(count(&server, &server.token), 600, "a batch is refused whole");
    assert_eq!(append(&server, &server.token, 300).status, 201, "and what fits is taken");
    refused(&append(&server, &server.token, 200));
    // What the server writes by itself counts, so there is not quite as much.
    assert_eq!(append(&server, &other, 900).status, 201);
    let imported = json!(vec![event("door.open"); 200]);
    refused(&server.post("/v1/events?once=true").json(&imported));
    let told = server.get("/metrics").send();
    assert!(told.text().contains("hindcast_refusals_total{reason=\"quota_exceeded\"} 3"), "{}", told.text());

    let server = server.restart();
    refused(&append(&server, &server.token, 200));
    server.pass(Duration::from_secs(86_400));
    assert_eq!(append(&server, &server.token, 900).status, 201, "tomorrow is another day");
    refused(&append(&server, &server.token, 200));
}

#[test]
fn a_workspace_may_have_a_quota_of_its_own() {
    let server = TestServer::start_with(|config| config.alerts.judge = false);
    let workspace = server.workspace.clone();
    let server = server.restart_with(|config| {
        config.quota = vec![QuotaOf { workspace, entries_per_second: Some(1), ..QuotaOf::default() }];
    });
    let (_, other) = server.another_workspace();
    // By the second, a batch is paid for afterwards.
    assert_eq!(append(&server, &server.token, 1000).status, 201);
    assert!(refused(&append(&server, &server.token, 1)) > 900);
    assert_eq!(append(&server, &other, 1000).status, 201);
    assert_eq!(append(&server, &other, 1).status, 201);
    server.pass(Duration::from_secs(2000));
    assert_eq!(append(&server, &server.token, 1).status, 201);
}

#[test]
fn memory_is_kept_for_those_who_have_little_of_it() {
    let server = TestServer::start_with(|config| {
        config.alerts.judge = false;
        // Nothing is packed meanwhile.
        config.segments.tail_mb = 1 << 20;
    });
    let (_, other) = server.another_workspace();
    assert_eq!(append(&server, &server.token, 2000).status, 201);
    let (greedy, limit) =
        (server.workspace.parse().expect("an id"), server.app.config.limits.unsealed_mb << 20);
    // So little is left that two thousand events are more than eight times of it.
    let unsealed = &server.app.rooms.unsealed_bytes;
    let more = limit - 20_000 - *unsealed.borrow();
    unsealed.send_modify(|bytes| *bytes += more);
    assert!(!server.app.has_room_for(&greedy));
    assert_eq!(append(&server, &other, 1).status, 201, "whoever has little there does not wait");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| append(&server, &server.token, 1).status);
        std::thread::sleep(Duration::from_millis(100));
        assert!(!waits.is_finished());
        unsealed.send_modify(|bytes| *bytes -= more);
        assert_eq!(waits.join().expect("answered"), 201);
    });
}

#[test]
fn the_limits_say_themselves() {
    let server = TestServer::start();
    let document: Value = server.get("/openapi.json").send().good();
    let told = &document["paths"]["/v1/events"]["post"]["responses"]["429"]["description"];
    assert!(told.as_str().expect("text").contains("quota_exceeded"), "{told}");
}
