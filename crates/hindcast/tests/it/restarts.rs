//! Starting and ending: in order, or with a reason.

use crate::process::{Home, Process, noise, run, wait_for};
use crate::support::on_files;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// Few enough bytes that a fresh data folder stays below, in the 512-byte blocks of `ulimit -f`.
const FILE_BLOCKS_MAX: u64 = 4096;

#[test]
fn a_signal_ends_the_server_in_order_and_the_next_start_is_clean() {
    let mut home = Home::new("");
    let server = home.start();
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    server.terminate();

    let mut server = home.start();
    assert_eq!(server.count("action:door.open"), 1);
    let integrity = server.get("/v1/integrity").good();
    assert_eq!((&integrity["size"], &integrity["signed_size"]), (&json!(1), &json!(1)));
    "instance".clone_into(&mut server.workspace);
    let own = server.get("/v1/events").good();
    let told = |action: &str| {
        own["entries"].as_array().expect("entries").iter().filter(|entry| entry["action"] == action).count()
    };
    assert_eq!((told("server.started"), told("server.stopped")), (2, 1));
    assert_eq!((server.logged("WARN"), server.logged("ERROR")), (vec![], vec![]));
    server.terminate();
    let verified = home.run("verify", &[]);
    assert_eq!(verified.status.code(), Some(10), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[test]
fn a_second_server_on_a_folder_is_refused() {
    let mut home = Home::new("");
    let server = home.start();
    let said = home.refused_start();
    let folder = home.data().display();
    assert!(said.contains(&format!("hindcast: another hindcast is running on {folder}")), "{said}");
    assert_eq!(server.append(&[event("door.open")]).status, 201, "the first goes on");
    server.terminate();
}

#[test]
fn a_folder_without_its_signing_seed_is_refused() {
    let mut home = Home::new("");
    home.start().terminate();
    let (seed, elsewhere) = (home.keys().join("signing-seed"), home.keys().join("elsewhere"));
    std::fs::rename(&seed, &elsewhere).expect("moved");
    let said = home.refused_start();
    assert!(said.contains("but no signing seed at") && said.contains(&*seed.to_string_lossy()), "{said}");
    assert!(!seed.exists(), "no new one was made");
    std::fs::rename(&elsewhere, &seed).expect("moved back");
    home.start().terminate();
}

#[test]
fn an_older_copy_of_the_folder_is_refused() {
    if !on_files() {
        return;
    }
    let mut home = Home::new("[ledger]\ncheckpoint_ms = 20\n");
    let server = home.start();
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    server.terminate();
    let (now, older) = (home.data().to_owned(), home.data().with_extension("older"));
    run("cp", ["-r".as_ref(), now.as_os_str(), older.as_os_str()]);
    let server = home.start();
    assert_eq!(server.append(&[event("door.close")]).status, 201);
    server.terminate();

    let newer = home.data().with_extension("newer");
    std::fs::rename(&now, &newer).expect("moved");
    std::fs::rename(&older, &now).expect("put back");
    let said = home.refused_start();
    assert!(said.contains("is older than what was signed") && said.contains("a restored copy"), "{said}");
    std::fs::remove_dir_all(&now).expect("removed");
    std::fs::rename(&newer, &now).expect("put back");
    let server = home.start();
    assert_eq!(server.count("action:door.*"), 2);
    server.terminate();
}

#[test]
fn a_journal_that_cannot_be_written_ends_the_server_with_a_failure() {
    if !on_files() {
        return;
    }
    let mut home = Home::new("");
    // Without the signal a write beyond the limit fails as on a broken disk.
    let server = home.start_after(&format!("trap '' XFSZ; ulimit -f {FILE_BLOCKS_MAX}"));
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    let large: Vec<_> = (0..4 * FILE_BLOCKS_MAX / 8).map(|n| noted("door.painted", n, 4000)).collect();
    stops(server, &large);

    let server = home.start();
    assert_eq!((server.count("action:door.open"), server.count("action:door.painted")), (1, 0));
    assert_eq!(server.append(&large[..100]).status, 201);
    server.terminate();
}

#[test]
fn a_failed_sync_ends_the_server_with_a_failure() {
    if !on_files() {
        return;
    }
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let mut home = Home::new("");
    let server = home.start();
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    let trace = home.keys().join("trace");
    let calls = ["-qq", "-f", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"];
    let mut tracer = Command::new("strace");
    tracer.args(calls).arg("-o").arg(&trace).args(["-p", &server.id().to_string()]);
    let mut tracer = tracer.spawn().expect("started");
    let status = format!("/proc/{}/status", server.id());
    let traced = wait_for("strace is attached, or gives up", || {
        let is_traced = std::fs::read_to_string(&status).is_ok_and(|text| !text.contains("TracerPid:\t0"));
        let gave_up = tracer.try_wait().expect("asked").is_some();
        (is_traced || gave_up).then_some(is_traced)
    });
    if !traced {
        println!("skipped: strace may not attach to another process here");
        return;
    }
    stops(server, &[event("door.close")]);
    let _ended = tracer.wait();
    assert!(std::fs::read_to_string(&trace).expect("read").contains("(INJECTED)"));

    let server = home.start();
    assert_eq!(server.count("action:door.open"), 1);
    server.terminate();
    assert_eq!(home.run("verify", &[]).status.code(), Some(10));
}

/// The append is refused, for good, and the server ends with a failure that names the file.
fn stops(server: Process, events: &[Value]) {
    assert_eq!(server.append(events).problem(), (503, "stopped".to_owned()));
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(1), "{log}");
    let last = log.lines().last().expect("a line");
    assert!(last.starts_with("hindcast: the journal failed: ") && last.contains("ledger.db"), "{log}");
    assert!(last.contains("cannot be trusted any more: disk I/O error"), "{log}");
}

fn event(action: &str) -> Value {
    crate::support::event(action)
}

fn noted(action: &str, seed: u64, bytes: usize) -> Value {
    let mut event = event(action);
    event["description"] = json!(noise(seed, bytes));
    event
}

#[test]
fn whoever_reads_what_a_command_prints_may_have_seen_enough() {
    let mut home = Home::new("");
    home.start().terminate();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    command.args(["verify", "--config"]).arg(home.settings()).stderr(Stdio::piped());
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ended = command.stdout(writer).output().expect("ran");
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(141), ""));
}
