//! A server whose journal and catalog lie in a real PostgreSQL, through that one's bad days.

use crate::process::{Home, run, wait_for};
use crate::sql::database::Database;
use crate::support::{TestServer, event};
use hindcast::people::Role;

/// Settings that say where the database is, and more.
pub fn settings(database: &Database, settings: &str) -> String {
    format!("[storage]\ndatabase = \"{}\"\n{settings}", database.address())
}

fn home(database: &Database, more: &str) -> Home {
    Home::new(&settings(database, more))
}

#[test]
fn a_server_waits_for_a_database_that_is_away_and_loses_nothing_that_it_acknowledged() {
    let Some(mut database) = Database::start() else { return };
    let mut home = home(&database, "");
    let server = home.start();
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    database.kill();
    // What is in memory can still be read by whoever is known; everything else says that it cannot be done now.
    let refused = server.append(&[event("door.close")]);
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"), "{}", refused.text());
    assert_eq!(refused.json()["code"], "unavailable");
    database.start_again();
    wait_for("it appends again", || {
        let answer = server.append(&[event("door.lock")]);
        assert!([201, 503].contains(&answer.status), "{}", answer.text());
        (answer.status == 201).then_some(())
    });
    assert_eq!(server.count("action:door.open"), 1);
    assert_eq!(server.count("action:door.close"), 0);
    server.terminate();
    let server = home.start();
    assert_eq!((server.count("action:door.open"), server.count("action:door.lock")), (1, 1));
    server.terminate();
}

#[test]
fn a_server_without_its_database_says_that_it_is_not_ready_and_still_tells_its_numbers() {
    let Some(mut database) = Database::start() else { return };
    let mut home = home(&database, "");
    let server = home.start();
    assert_eq!(server.get("/readyz").status, 200);
    assert!(server.metric("hindcast_database_connections_total") >= 2);
    database.kill();
    let refused = wait_for("it is not ready", || Some(server.get("/readyz")).filter(|it| it.status == 503));
    let reason = refused.json()["reasons"][0].as_str().expect("text").to_owned();
    assert!(reason.starts_with("the database has said nothing for"), "{reason}");
    assert_eq!(server.get("/healthz").status, 200, "a restart would not help");
    assert!(server.metric("hindcast_database_silent_seconds") >= 10);
    assert_eq!(server.metric("hindcast_catalog_up"), 0);
    database.start_again();
    wait_for("it is ready again", || (server.get("/readyz").status == 200).then_some(()));
    wait_for("the catalog can be read", || (server.metric("hindcast_catalog_up") == 1).then_some(()));
    server.terminate();
}

#[test]
fn a_database_that_is_there_and_says_nothing_keeps_nobody_waiting_for_long() {
    let Some(database) = Database::start() else { return };
    let mut home = home(&database, "");
    let server = &home.start();
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    database.freeze();
    std::thread::scope(|people| {
        let ask = |path| people.spawn(move || (path, server.get(path).status));
        let asked = ["/v1/events", "/metrics", "/v1/tokens", "/login"].map(ask);
        let answered = asked.map(|asked| asked.join().expect("answered"));
        // What is in memory can still be read by whoever is known.
        assert_eq!(answered, [("/v1/events", 200), ("/metrics", 200), ("/v1/tokens", 503), ("/login", 503)]);
    });
    assert_eq!(server.append(&[event("door.close")]).status, 503);
    database.go_on();
    wait_for("it appends again", || (server.append(&[event("door.lock")]).status == 201).then_some(()));
    assert_eq!((server.count("action:door.open"), server.count("action:door.lock")), (1, 1));
}

#[test]
fn what_somebody_read_is_written_down_once_the_database_is_back() {
    let Some(mut database) = Database::start() else { return };
    let server = TestServer::start_with(|config| config.storage.database = database.address());
    let admin = server.visitor(Role::SecurityAdmin, &[]);
    assert_eq!(admin.get("/log?range=all&q=actor:ana").status, 200);
    database.kill();
    server.app.readings.flush(&server.app, true);
    database.start_again();
    wait_for("it is written down", || {
        let found = server.get("/v1/events?q=action:log.searched").send();
        let entries = (found.status == 200).then(|| found.json()["entries"].clone())?;
        let [searched] = &entries.as_array()?[..] else { return None };
        assert_eq!(searched["metadata"]["query"], "actor:ana");
        Some(())
    });
}

#[test]
fn another_server_on_the_same_database_is_refused_and_the_command_line_is_not() {
    let Some(database) = Database::start() else { return };
    let mut first = home(&database, "");
    let server = first.start();
    let second = home(&database, "");
    let said = second.refused_start();
    assert!(said.contains("but no signing seed at"), "{said}");
    run("rm", ["-rf".as_ref(), second.keys().as_os_str()]);
    run("cp", ["-r".as_ref(), first.keys().as_os_str(), second.keys().as_os_str()]);
    let said = second.refused_start();
    assert!(said.contains("another server works with the database"), "{said}");
    let listed = first.run("token list", &[]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("first administrator"), "{listed:?}");
    let backup = first.run("backup", &["/nowhere"]);
    assert!(String::from_utf8_lossy(&backup.stderr).contains("storage.database"), "{backup:?}");
    server.terminate();
}

#[test]
fn a_database_that_cannot_be_found_or_named_is_said_at_the_start() {
    for (address, told) in [
        ("postgres://hindcast@%2Fnowhere/postgres", "PostgreSQL at /nowhere, postgres"),
        ("mysql://db", "storage.database must be an address such as postgres://"),
    ] {
        let said = Home::new(&format!("[storage]\ndatabase = {address:?}\n")).refused_start();
        assert!(said.contains(told) && !said.contains("panicked"), "{said}");
    }
}
