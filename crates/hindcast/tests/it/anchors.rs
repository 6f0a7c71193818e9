//! Where checkpoints go besides witnesses: a file, a syslog, a webhook, a time-stamping authority.

use crate::bundles::{about, checked, in_python};
use crate::ports::free_port;
use crate::process::{run, wait_for};
use crate::support::{TestServer, event};
use hindcast::anchors::{anchors_for, fingerprint};
use hindcast::config::Config;
use hindcast::people::Role;
use hindcast_ledger::{Checkpoint, Note, WorkspaceId};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// A server with one anchor, told in TOML.
fn server(anchor: &str) -> TestServer {
    let anchor: toml::Table = format!("[[anchor]]\nname = \"a\"\n{anchor}").parse().expect("TOML");
    let anchor = anchor["anchor"].clone().try_into().expect("an anchor");
    let server = TestServer::start_with(move |config: &mut Config| {
        config.anchor = anchor;
        config.ledger.anchor_seconds = 1;
    });
    server.append(&[event("door.open")]);
    server
}

/// Waits until the anchor covers the whole workspace, and returns what is listed.
fn anchored(server: &TestServer) -> Value {
    wait_for("the workspace is anchored", || {
        let listed = server.get("/v1/anchors").send().good();
        (listed["anchored_size"] == listed["size"] && listed["size"] != 0).then_some(listed)
    })
}

/// Reads a note of the instance log.
fn checkpoint(server: &TestServer, note: &str) -> Checkpoint {
    let key = server.app.ledger.verifier_key(&WorkspaceId::instance()).expect("a key");
    let note: Note = note.parse().expect("a note");
    Checkpoint::open(&note, &key, []).expect("signed").checkpoint
}

#[test]
fn a_file_grows_by_each_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("checkpoints");
    std::fs::write(&file, "what was there before\n\n").expect("written");
    let server = server(&format!("kind = \"file\"\nfile = {file:?}"));
    let listed = anchored(&server);
    assert_eq!((&listed["anchored_via"], &listed["anchors"][0]["kind"]), (&json!("a"), &json!("file")));
    let text = std::fs::read_to_string(&file).expect("read");
    let notes = text.strip_prefix("what was there before\n\n").expect("kept");
    let sizes: Vec<u64> = notes
        .split_inclusive("\n\n")
        .collect::<Vec<_>>()
        .chunks(2)
        .map(|note| checkpoint(&server, note.concat().strip_suffix('\n').expect("an empty line")).size())
        .collect();
    assert!(!sizes.is_empty() && sizes.is_sorted(), "{sizes:?}");
    assert_eq!(server.app.anchors.newest().map(|(_, done)| done.size), sizes.last().copied());
}

#[test]
fn the_integrity_page_tells_who_knows_how_much() {
    let nobody = TestServer::start();
    let page = nobody.visitor(Role::Auditor, &[]).get("/integrity");
    let page = page.text();
    assert!(page.contains("Nobody outside of this machine learns its checkpoints"), "{page}");
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(&format!("kind = \"file\"\nfile = {:?}", folder.path().join("checkpoints")));
    anchored(&server);
    let auditor = server.visitor(Role::Auditor, &[]);
    let page = auditor.get("/integrity");
    let page = page.text();
    for told in ["Last anchored", "via a", "No entries", "<th scope=\"row\">a</th>", "Works"] {
        assert!(page.contains(told), "{told} is not in\n{page}");
    }
    server.app.ledger.stop_signing("a story").expect("kept");
    let page = auditor.get("/integrity");
    let page = page.text();
    assert!(page.contains("Somebody outside holds a checkpoint"), "{page}");
    assert!(page.contains("The history of this server is not the one that was witnessed"), "{page}");
}

#[test]
fn an_anchor_that_is_gone_is_told_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mount = folder.path().join("mount");
    let file = mount.join("checkpoints");
    let server = server(&format!("kind = \"file\"\nfile = {file:?}"));
    let listed = wait_for("it failed", || {
        let listed = server.get("/v1/anchors").by_admin().send().good();
        (listed["anchors"][0]["failures"] != 0).then_some(listed)
    });
    assert_eq!((&listed["anchored_size"], &listed["unanchored"]), (&json!(0), &json!(1)));
    assert!(listed["unanchored_since"].is_string() && listed["anchored_at"].is_null(), "{listed}");
    let problem = listed["anchors"][0]["problem"].as_str().expect("told");
    assert!(problem.contains("cannot append to") && problem.contains("No such file"), "{problem}");
    std::fs::create_dir(&mount).expect("made");
    anchored(&server);
}

#[test]
fn a_syslog_gets_the_note_over_udp_and_tcp() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("listens");
    let udp = server(&format!(
        "kind = \"syslog\"\naddress = {:?}",
        socket.local_addr().expect("known").to_string()
    ));
    let mut datagram = [0; 4096];
    let length = socket.recv(&mut datagram).expect("received");
    syslogged(&udp, &datagram[..length]);

    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let address = listener.local_addr().expect("known").to_string();
    let tcp = server(&format!("kind = \"syslog\"\naddress = {address:?}\ntransport = \"tcp\""));
    let mut frame = Vec::new();
    listener.accept().expect("called").0.read_to_end(&mut frame).expect("read");
    let space = frame.iter().position(|byte| *byte == b' ').expect("a length");
    let (length, message) = (&frame[..space], &frame[space + 1..]);
    assert_eq!(std::str::from_utf8(length).expect("ASCII").parse(), Ok(message.len()));
    syslogged(&tcp, message);
}

fn syslogged(server: &TestServer, message: &[u8]) {
    let message = std::str::from_utf8(message).expect("ASCII");
    assert!(message.starts_with("<109>1 20"), "{message}");
    let (_, told) = message.split_once(" checkpoint - ").expect("a header");
    let told: Value = serde_json::from_str(told).expect("JSON");
    let checkpoint = checkpoint(server, told["note"].as_str().expect("a note"));
    assert_eq!(told["fingerprint"], fingerprint(&checkpoint));
    assert_eq!(told["size"], checkpoint.size());
}

#[test]
fn a_syslog_over_tls_must_show_a_certificate_we_trust() {
    let folder = tempfile::tempdir().expect("a folder");
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("certificate.pem"));
    let other = folder.path().join("other.pem");
    let make = |key: &Path, certificate: &Path| {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]);
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.arg("-keyout").arg(key).arg("-out").arg(certificate);
        openssl.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if !make(&folder.path().join("other.key"), &other) || !make(&key, &certificate) {
        println!("skipped: openssl is not installed");
        return;
    }
    let port = free_port();
    let mut syslog = Command::new("openssl");
    syslog.args(["s_server", "-quiet", "-naccept", "2", "-accept", &port.to_string()]).arg("-key").arg(&key);
    syslog.arg("-cert").arg(&certificate).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut syslog = syslog.spawn().expect("started");
    let address = format!("localhost:{port}");
    let settings = |ca: &Path| {
        format!(
            "kind = \"syslog\"\naddress = {address:?}\ntransport = \"tls\"\nca = {ca:?}\ntimeout_seconds = 2"
        )
    };
    let distrusting = server(&settings(&other));
    wait_for("it is not trusted", || distrusting.app.anchors.standing("a").problem().map(str::to_owned));
    let trusting = server(&settings(&certificate));
    let mut frame = Vec::new();
    let mut told = BufReader::new(syslog.stdout.take().expect("piped"));
    told.read_until(b'}', &mut frame).expect("read");
    let space = frame.iter().position(|byte| *byte == b' ').expect("a length");
    syslogged(&trusting, &frame[space + 1..]);
    let _ended = syslog.kill();
    let _waited = syslog.wait();
}

#[test]
fn a_webhook_gets_a_signed_request() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let url = format!("http://{}/hook", listener.local_addr().expect("known"));
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("called");
        let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("read");
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let length = header(&head, "content-length").parse().expect("a length");
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("read");
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").expect("answered");
        tell.send((head, String::from_utf8(body).expect("UTF-8"))).expect("told");
    });
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let server = server(&format!("kind = \"webhook\"\nurl = {url:?}\nsecret = {secret:?}"));
    let (head, body) = told.recv().expect("called");
    assert_eq!(head[0], "POST /hook HTTP/1.1");
    let told: Value = serde_json::from_str(&body).expect("JSON");
    let checkpoint = checkpoint(&server, told["data"]["note"].as_str().expect("a note"));
    assert_eq!(told["data"]["fingerprint"], fingerprint(&checkpoint));
    let (id, time) = (header(&head, "webhook-id"), header(&head, "webhook-timestamp"));
    assert!(id.starts_with("checkpoint_") && id.ends_with(&format!("_{}", checkpoint.size())), "{id}");
    // Checked with another implementation of HMAC, if there is one.
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-binary", "-mac", "HMAC", "-macopt"]);
    openssl.arg("hexkey:31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0");
    let Ok(mut openssl) = openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        println!("skipped: openssl is not installed");
        return;
    };
    let signed = format!("{id}.{time}.{body}");
    openssl.stdin.take().expect("piped").write_all(signed.as_bytes()).expect("written");
    let mac = openssl.wait_with_output().expect("ended").stdout;
    assert_eq!(header(&head, "webhook-signature"), format!("v1,{}", base64(&mac)));
}

fn header<'h>(head: &'h [String], name: &str) -> &'h str {
    let value =
        |line: &'h String| line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name));
    head.iter().find_map(value).map_or("", |(_, value)| value)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn a_token_of_an_authority_is_kept_and_others_can_verify_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(authority) = authority(folder.path()) else {
        println!("skipped: openssl is not installed");
        return;
    };
    let server = server(&format!("kind = \"tsa\"\nurl = {authority:?}\nminutes = 0"));
    // The first token may be of before the workspace was recorded; what matters is that it is one.
    let done = wait_for("it is stamped", || server.app.anchors.standing("a").done);
    assert!(done.told.starts_with("20") && done.told.ends_with('Z'), "{done:?}");
    let kept = server.app.config.data.folder.join("anchors/a");
    let (note, token) =
        (kept.join(format!("{}.checkpoint", done.size)), kept.join(format!("{}.tsr", done.size)));
    checkpoint(&server, &std::fs::read_to_string(&note).expect("kept"));
    let ca = folder.path().join("ca.pem");
    let mut verify = Command::new("openssl");
    verify.args(["ts", "-verify", "-data"]).arg(&note).arg("-in").arg(&token).arg("-CAfile").arg(&ca);
    let verified = verify.output().expect("ran");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let instance = anchors_for(&server.app, &WorkspaceId::instance()).expect("made");
    let names: Vec<&str> = instance.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.ends_with(&["tsa-a.checkpoint", "tsa-a.tsr"]), "{names:?}");
    assert_eq!(instance.last().map(|(_, token)| token), std::fs::read(&token).ok().as_ref());
    // An evidence bundle takes them along.
    let bundle = server.get("/v1/export?format=bundle").send();
    let found = checked(&server, &bundle.body);
    assert_eq!(found.verdict().word(), "VERIFIED");
    let kept = ["anchors/tsa-a.checkpoint", "anchors/tsa-a.tsr"];
    assert!(kept.iter().all(|name| about(&found).anchors.iter().any(|known| known == name)), "{found:?}");
    in_python(&server, &bundle.body).iter().for_each(|said| assert!(said.starts_with("VERIFIED"), "{said}"));
}

/// A time-stamping authority made of `openssl ts`: where it listens.
fn authority(folder: &Path) -> Option<String> {
    Command::new("openssl").arg("version").output().ok()?;
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let config = format!(
        "[tsa]\ndefault_tsa = own\n[own]\nserial = {}\ncrypto_device = builtin\nsigner_cert = {}\nsigner_key = {}\n\
         signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\n\
         ess_cert_id_chain = no\nordering = yes\n",
        file("serial"),
        file("tsa.pem"),
        file("tsa.key"),
    );
    std::fs::write(folder.join("tsa.cnf"), config).expect("written");
    std::fs::write(folder.join("serial"), "01\n").expect("written");
    std::fs::write(folder.join("ext"), "extendedKeyUsage=critical,timeStamping\n").expect("written");
    let quiet = |arguments: &[&str]| run("openssl", arguments);
    let (ca, ca_key, tsa_key, request) = (file("ca.pem"), file("ca.key"), file("tsa.key"), file("tsa.csr"));
    quiet(&[
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-days", "2", "-keyout", &ca_key,
        "-out", &ca,
    ]);
    quiet(&[
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tsa", "-keyout", &tsa_key, "-out", &request,
    ]);
    let (tsa, ext) = (file("tsa.pem"), file("ext"));
    quiet(&[
        "x509", "-req", "-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-days", "2", "-extfile", &ext,
        "-out", &tsa,
    ]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let url = format!("http://{}/", listener.local_addr().expect("known"));
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("called");
            let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
            let mut query = vec![0; length];
            reader.read_exact(&mut query).expect("read");
            std::fs::write(folder.join("query"), query).expect("written");
            let mut reply = Command::new("openssl");
            reply
                .args(["ts", "-reply", "-config"])
                .arg(folder.join("tsa.cnf"))
                .arg("-queryfile")
                .arg(folder.join("query"));
            let replied = reply.arg("-out").arg(folder.join("reply")).output().expect("ran");
            assert!(replied.status.success(), "{}", String::from_utf8_lossy(&replied.stderr));
            let reply = std::fs::read(folder.join("reply")).expect("read");
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                reply.len()
            );
            let _sent = stream.write_all(&[head.as_bytes(), &reply].concat());
        }
    });
    Some(url)
}

#[test]
fn a_heartbeat_is_written_when_nothing_else_is() {
    let server = TestServer::start_with(|config: &mut Config| {
        config.ledger.anchor_seconds = 1;
        config.ledger.heartbeat_seconds = 1;
    });
    let count =
        || server.get("/v1/count?q=kind:heartbeat&workspace=instance").by(&server.admin).send().good();
    wait_for("there were two heartbeats", || (count()["count"].as_u64() >= Some(2)).then_some(()));
}
