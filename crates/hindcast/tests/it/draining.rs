//! A server that is asked to end lets whoever sends it requests find another first.

use crate::process::{Home, Process, run, wait_for};
use crate::support::event;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

fn connect(server: &Process) -> TcpStream {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    stream
}

/// Asks on a connection that may be kept, and reads the whole answer: its head, in lower case.
fn ask(stream: &mut TcpStream, path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).expect("a line") > 0, "{head}");
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    reader.read_exact(&mut body).expect("a body");
    head
}

#[test]
fn it_is_not_ready_before_it_stops_listening_and_ends_streams_so_that_they_come_again() {
    let mut home = Home::new("[server]\ndrain_seconds = 3\n");
    let server = home.start();
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    let mut kept = connect(&server);
    assert!(!ask(&mut kept, "/readyz").contains("connection: close"));
    let mut tail = connect(&server);
    let (token, workspace) = (&server.token, &server.workspace);
    write!(
        tail,
        "GET /v1/tail HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nHindcast-Workspace: {workspace}\r\n\r\n"
    )
    .expect("sent");
    let mut tail = BufReader::new(tail).lines().map_while(Result::ok);
    assert!(tail.any(|line| line.starts_with("retry: ")), "it streams");

    run("kill", ["-TERM", &server.id().to_string()]);
    let ready =
        wait_for("it is not ready", || Some(server.get("/readyz")).filter(|ready| ready.status == 503));
    assert_eq!(ready.json()["reasons"][0], "the server ends");
    assert_eq!(server.get("/healthz").status, 200, "it is as well as ever");
    // Whoever has not noticed yet is answered, and asked to come by another connection next time.
    let head = ask(&mut kept, "/readyz");
    assert!(head.starts_with("http/1.1 503") && head.contains("connection: close"), "{head}");
    assert_eq!(kept.read(&mut [0]).expect("closed"), 0);
    assert_eq!(server.append(&[event("door.close")]).status, 201);

    // The stream goes on meanwhile, and is told to come again when the server ends.
    let told: Vec<_> = tail.collect();
    let at = |what: &str| told.iter().position(|line| line.contains(what));
    let (entry, again) = (at("door.close").expect("sent"), at("event: again").expect("told"));
    assert!(entry < again && told[again - 1].starts_with("retry: "), "{told:?}");
    assert!(at("event: stop").is_none(), "{told:?}");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    let server = home.start();
    assert_eq!(server.count("action:door.*"), 2, "what was acknowledged is there");
    server.terminate();
}

#[test]
fn whoever_asks_twice_does_not_wait() {
    let mut home = Home::new("[server]\ndrain_seconds = 300\n");
    let server = home.start();
    let id = server.id().to_string();
    run("kill", ["-TERM", &id]);
    wait_for("it drains", || (server.get("/readyz").status == 503).then_some(()));
    run("kill", ["-TERM", &id]);
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(0), "{log}");
}
