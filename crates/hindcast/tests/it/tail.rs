//! Somebody watches entries arrive.

use crate::support::{TestServer, event};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read};

/// The events of a stream, one by one.
struct Events<R>(BufReader<R>);

impl<R: Read> Events<R> {
    /// Type, id and data of the next event.
    fn next(&mut self) -> (String, String, String) {
        let (mut kind, mut id, mut data) = Default::default();
        for line in self.0.by_ref().lines() {
            let line = line.expect("a line");
            match line.split_once(": ") {
                Some(("event", value)) => kind = value.to_owned(),
                Some(("id", value)) => id = value.to_owned(),
                Some(("data", value)) => data = value.to_owned(),
                _ if line.is_empty() && !data.is_empty() => break,
                _ => {}
            }
        }
        (kind, id, data)
    }

    fn action(&mut self) -> (String, String) {
        let (kind, id, data) = self.next();
        assert_eq!(kind, "entry", "{data}");
        let entry: Value = serde_json::from_str(&data).expect("JSON");
        assert_eq!(entry["index"].to_string(), id);
        (id, entry["action"].as_str().expect("text").to_owned())
    }
}

fn follow(server: &TestServer, path: &str, last: Option<&str>) -> Events<impl Read + use<>> {
    let call = server.get(path);
    let response = last.into_iter().fold(call, |call, last| call.with("last-event-id", last)).open();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Events(BufReader::new(response.into_body().into_reader()))
}

fn seen(id: &str, action: &str) -> (String, String) {
    (id.to_owned(), action.to_owned())
}

#[test]
fn entries_come_as_they_arrive_and_a_broken_stream_goes_on_where_it_was() {
    let server = TestServer::start();
    server.append(&[event("before")]);
    let mut tail = follow(&server, "/v1/tail", None);
    server.append(&[event("a"), event("b")]);
    assert_eq!([tail.action(), tail.action()], [seen("1", "a"), seen("2", "b")]);
    drop(tail);
    server.append(&[event("c")]);
    let mut tail = follow(&server, "/v1/tail", Some("1"));
    assert_eq!([tail.action(), tail.action()], [seen("2", "b"), seen("3", "c")]);
    let mut tail = follow(&server, "/v1/tail?from=0", None);
    assert_eq!(tail.action(), seen("0", "before"));
}

#[test]
fn a_filtered_tail_shows_what_answers_in_the_order_of_the_log() {
    let server = TestServer::start();
    let mut late = event("door.late");
    late["occurred_at"] = json!("2020-01-01T00:00:00Z");
    server.append(&[event("lamp.on"), event("door.open"), late, event("lamp.off"), event("door.close")]);
    let mut tail = follow(&server, "/v1/tail?q=action:door.*&from=0", None);
    assert_eq!(
        [tail.action(), tail.action(), tail.action()],
        [seen("1", "door.open"), seen("2", "door.late"), seen("4", "door.close")]
    );
    server.append(&[event("lamp.on"), event("door.slam")]);
    assert_eq!(tail.action(), seen("6", "door.slam"));
}

#[test]
fn whoever_is_far_behind_is_told_how_much_was_left_out() {
    let server = TestServer::start();
    for part in [0..10_000, 10_000..20_000, 20_000..20_500] {
        server.append(&part.map(|n| event(&format!("step.{n}"))).collect::<Vec<_>>());
    }
    let mut tail = follow(&server, "/v1/tail?from=0", None);
    assert_eq!(tail.next(), ("gap".to_owned(), String::new(), "500".to_owned()));
    assert_eq!(tail.action(), seen("500", "step.500"));
}

#[test]
fn a_tail_hears_that_the_server_ends() {
    let mut server = TestServer::start();
    let mut tail = follow(&server, "/v1/tail", None);
    let ended = std::thread::spawn(move || tail.next());
    server.stop();
    assert_eq!(ended.join().expect("heard").0, "again");
}

#[test]
fn there_are_only_so_many_streams() {
    let server = TestServer::start_with(|config| config.limits.tails = 1);
    let _first = follow(&server, "/v1/tail", None);
    assert_eq!(server.get("/v1/tail").send().problem(), (429, "busy".to_owned()));
    assert_eq!(server.get("/v1/tail").with("last-event-id", "x").send().problem().0, 400);
}
