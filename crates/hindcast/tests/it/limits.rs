//! Strange, large and broken requests get a named answer.

use crate::support::{TestServer, event};
use hindcast::people::Role;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn bodies_and_batches_have_limits() {
    let server = TestServer::start_with(|config| {
        config.limits.body_mb = 1;
        config.limits.batch_events = 3;
    });
    let lines = |count: usize| format!("{}\n", event("a")).repeat(count);
    assert_eq!(server.post("/v1/events").ndjson(lines(3)).status, 201);
    assert_eq!(server.post("/v1/events").ndjson(lines(4)).problem(), (413, "batch_too_large".to_owned()));
    let large = vec![b' '; (1 << 20) + 1];
    assert_eq!(server.post("/v1/events").ndjson(large).problem(), (413, "body_too_large".to_owned()));
    let deep = "[".repeat(10_000);
    assert_eq!(
        server.post("/v1/events").with("content-type", "application/json").body(deep).problem().0,
        400
    );
    assert_eq!(server.post("/v1/events").with("content-type", "text/xml").body("<a/>").problem().0, 415);
    assert_eq!(server.post("/v1/events").body(vec![0xff, 0xfe]).problem(), (400, "invalid_json".to_owned()));
}

#[test]
fn every_answer_has_its_headers() {
    let server = TestServer::start();
    for path in ["/v1/events", "/v1/nowhere", "/healthz", "/", "/w/x/vkey", "/v1/events/0", "/openapi.json"] {
        let answer = server.get(path).with("x-request-id", "my-request").send();
        assert_eq!(answer.header("x-request-id"), "my-request", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(answer.header("cache-control"), "no-store");
        if answer.status >= 400 {
            answer.problem();
        }
    }
}

#[test]
fn a_method_an_address_does_not_know_is_told_which_it_knows() {
    let server = TestServer::start();
    for (path, allow) in
        [("/v1/events", "POST,GET,HEAD"), ("/v1/count", "GET,HEAD"), ("/v1/tokens/x", "DELETE")]
    {
        for method in ["PUT", "PATCH", "OPTIONS", "TRACE"] {
            let answer = server.call(method, path).send();
            assert_eq!((answer.problem().0, answer.header("allow")), (405, allow), "{method} {path}");
        }
    }
}

#[test]
fn readiness_follows_the_server() {
    let server = TestServer::start();
    assert_eq!(server.get("/healthz").send().good()["status"], "ok");
    assert_eq!(server.get("/readyz").send().good()["ready"], true);
}

#[test]
fn appends_wait_while_the_memory_is_full() {
    let server = TestServer::start();
    let limit = server.app.config.limits.unsealed_mb << 20;
    server.app.rooms.unsealed_bytes.send_modify(|bytes| *bytes += limit);
    let ready = server.get("/readyz").send();
    assert_eq!(
        (ready.status, &ready.json()["reasons"][0]),
        (503, &"entries come faster than they are packed".into())
    );
    std::thread::scope(|scope| {
        let append = scope.spawn(|| server.append(&[event("door.open")]));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!append.is_finished());
        server.app.rooms.unsealed_bytes.send_modify(|bytes| *bytes -= limit);
        assert_eq!(append.join().expect("answered")["accepted"], 1);
    });
    assert_eq!(server.get("/readyz").send().status, 200);
}

#[test]
fn nobody_waits_for_a_workspace_that_is_out_of_service() {
    let server = TestServer::start();
    server.append(&[event("door.open")]);
    let waiting = || *server.app.rooms.unsealed_bytes.borrow();
    let (before, workspace) = (waiting(), server.workspace.parse().expect("an id"));
    server.app.quarantine(&workspace, "a test says so").expect("noted");
    assert!(waiting() < before);
    server.app.release(&workspace).expect("released");
    assert_eq!(waiting(), before);
    server.append(&[event("door.close")]);
    assert!(waiting() > before);
}

#[test]
fn a_client_that_sends_nothing_is_given_up() {
    let server = TestServer::start();
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").expect("sent");
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).expect("closed before we lose patience");
}

#[test]
fn people_may_ask_for_so_much_in_a_while_as_tokens_may() {
    let server = TestServer::start_with(|config| config.limits.person_requests_per_10s = 3);
    let (owner, auditor) = (server.visitor(Role::Owner, &[]), server.visitor(Role::Auditor, &[]));
    let answers: Vec<_> = (0..7).map(|_| owner.get("/help/activities")).collect();
    let refused =
        answers.iter().find(|answer| answer.status == 429).expect("seven are more than three twice");
    assert!(refused.text().contains("Please wait a few seconds"), "{}", refused.text());
    let (wait, limit) = (refused.header("retry-after"), refused.header("ratelimit-limit"));
    assert!((1..=10).contains(&wait.parse::<u32>().expect("seconds")) && limit == "3");
    assert_eq!(answers[0].header("ratelimit-remaining"), "2");
    assert_eq!(auditor.get("/help/activities").status, 200, "others are not meant");
    assert_eq!(server.stranger().get("/login").status, 200);
}

#[test]
fn a_log_is_verified_when_somebody_asks_and_then_rests() {
    let server = TestServer::start();
    server.append(&[event("door.open")]);
    let owner = server.visitor(Role::Owner, &[]);
    assert_eq!(owner.post("/integrity/verify", &[]).status, 303);
    let done = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        owner.get("/integrity").text().contains("Intact")
    });
    assert!(done, "it ends within ten seconds");
    let again = owner.post("/integrity/verify", &[]);
    assert_eq!(again.status, 429);
    assert!(again.text().contains("Everything was read a short while ago"), "{}", again.text());
    assert!(owner.get("/integrity").text().contains("Everything was read a short while ago"));
    let (other, _) = server.another_workspace();
    let neighbour = server.visitor_of(&other, Role::Owner, &[]);
    assert_eq!(neighbour.post("/integrity/verify", &[]).status, 303, "another one does not wait for it");
}
