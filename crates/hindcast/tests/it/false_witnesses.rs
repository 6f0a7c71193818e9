//! Witnesses that are slow, broken or dishonest: none of them stops the log, and none is believed.

use crate::process::wait_for;
use crate::support::{TestServer, event};
use hindcast::config::{Config, Key, WitnessOf};
use hindcast_ledger::witness::Submission;
use hindcast_ledger::{Checkpoint, Cosigner, Note, Signer, leaf_hash};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, SystemTime};

fn cosigner() -> Cosigner {
    Cosigner::new("witness.example.net", &[5; 32]).expect("a key")
}

/// What a false witness does with a request: its first line and its body.
type Answer = dyn Fn(&str, &str, &mut TcpStream) + Send + Sync;

/// A witness that answers as it likes.
fn witness(name: &str, answer: Box<Answer>) -> WitnessOf {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
            let (mut first, mut length) = (String::new(), 0);
            let _read = reader.read_line(&mut first);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
            let mut body = vec![0; length];
            let _read = reader.read_exact(&mut body);
            answer(&first, &String::from_utf8_lossy(&body), &mut stream);
        }
    });
    let key = Key(cosigner().verifier_key().clone());
    WitnessOf { name: name.to_owned(), url, key, ca: None, timeout_seconds: 1 }
}

fn say(stream: &mut TcpStream, status: &str, media_type: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _sent = stream.write_all((head + body).as_bytes());
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

fn note(body: &str) -> Note {
    body.parse::<Submission>().expect("a submission").note
}

#[test]
fn no_false_witness_is_believed_and_none_stops_the_log() {
    let stranger = Cosigner::new("witness.example.net", &[6; 32]).expect("a key");
    let other_log = Signer::new("hindcast.local/w/instance/0", &[7; 32]).expect("a key");
    let other = Checkpoint::new(other_log.name(), 1 << 40, leaf_hash(b"x"))
        .and_then(|one| one.sign(&other_log))
        .expect("signed");
    let replayed =
        Note::sign("something else\n".to_owned(), &other_log).expect("signed").cosign(&cosigner(), now());
    let size = "text/x.tlog.size";
    let witnesses = vec![
        witness("silent", Box::new(|_, _, _| std::thread::sleep(Duration::from_secs(3600)))),
        witness("garbage", Box::new(|_, _, stream| drop(stream.write_all(b"\xff\xfe\n\n")))),
        witness(
            "endless",
            Box::new(|_, _, stream| say(stream, "200 OK", "text/plain", &"x".repeat(10 << 20))),
        ),
        witness(
            "keyless",
            Box::new(move |_, body, stream| {
                say(stream, "200 OK", "text/plain", &format!("{}\n", note(body).cosign(&stranger, now())));
            }),
        ),
        witness(
            "late",
            Box::new(|_, body, stream| {
                say(
                    stream,
                    "200 OK",
                    "text/plain",
                    &format!("{}\n", note(body).cosign(&cosigner(), now() - 7200)),
                );
            }),
        ),
        witness(
            "replaying",
            Box::new(move |_, _, stream| say(stream, "200 OK", "text/plain", &format!("{replayed}\n"))),
        ),
        // It claims to hold much more, and shows what others signed.
        witness(
            "boasting",
            Box::new(move |first, _, stream| match first.starts_with("GET ") {
                true => say(stream, "200 OK", "text/plain", &other.to_string()),
                false => say(stream, "409 Conflict", size, "1099511627776\n"),
            }),
        ),
        witness(
            "wavering",
            Box::new(move |_, body, stream| {
                let old = body.parse::<Submission>().expect("a submission").old;
                say(stream, "409 Conflict", size, &format!("{}\n", u64::from(old == 0)));
            }),
        ),
        witness(
            "denying",
            Box::new(move |_, _, stream| say(stream, "422 Unprocessable Entity", "text/plain", "no\n")),
        ),
        witness(
            "elsewhere",
            Box::new(|_, _, stream| {
                let head = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                drop(stream.write_all(head.as_bytes()));
            }),
        ),
        // The last is honest.
        witness(
            "honest",
            Box::new(|_, body, stream| {
                say(stream, "200 OK", "text/plain", &format!("{}\n", note(body).cosign(&cosigner(), now())));
            }),
        ),
    ];
    let names: Vec<String> = witnesses.iter().map(|witness| witness.name.clone()).collect();
    let server = TestServer::start_with(move |config: &mut Config| config.witness = witnesses);
    server.append(&[event("door.open")]);
    let standing = |name: &str| server.app.anchors.standing(name);
    wait_for("everybody has answered", || {
        names.iter().all(|name| !standing(name).attempts.is_empty()).then_some(())
    });
    for (name, problem) in [
        ("silent", "timeout"),
        ("garbage", ""),
        ("endless", "larger than request limit"),
        ("keyless", "no cosignature of witness.example.net"),
        ("late", "made before we asked"),
        ("replaying", "does not fit the note"),
        ("boasting", "shows no checkpoint of ours"),
        ("wavering", "another size each time"),
        ("denying", "shows no checkpoint of ours"),
        ("elsewhere", "status 307"),
    ] {
        let standing = standing(name);
        assert!(standing.done.is_none(), "{name}");
        assert!(standing.problem().expect("a problem").contains(problem), "{name}: {:?}", standing.problem());
    }
    assert!(standing("honest").done.is_some(), "{:?}", standing("honest"));
    assert_eq!(server.app.ledger.silenced(), None);
    assert_eq!(server.get("/readyz").send().status, 200);
    server.append(&[event("door.close")]);
    let listed = server.get("/v1/anchors").send().good();
    assert!(!listed.to_string().contains("\"problem\""), "only administrators are told");
    let listed = server.get("/v1/anchors").by_admin().send().good();
    assert_eq!(listed["anchors"].as_array().map(Vec::len), Some(names.len()));
    assert!(listed["anchors"][4]["problem"].as_str().is_some_and(|problem| problem.contains("made before")));
}
