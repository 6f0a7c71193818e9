//! However the server ends, no alert is lost and none is raised twice.

use super::{failed, failures};
use crate::process::{Home, Process, run, wait_for};
use crate::support::event;
use serde_json::Value;
use std::collections::BTreeSet;

/// Ends it as a power cut does.
fn kill(server: Process) {
    run("kill", ["-KILL", &server.id().to_string()]);
    server.ended();
}

fn alerts(server: &Process) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/alerts?rule=A1&limit=200{next}")).good();
        all.extend(page["alerts"].as_array().expect("alerts").iter().cloned());
        let Some(cursor) = page["next"].as_str() else { return all };
        next = format!("&cursor={cursor}");
    }
}

/// Waits until an entry that is appended now is judged, which another account tells.
fn abreast(server: &Process, account: &str) {
    assert_eq!(server.append(&failures(account, 10)).status, 201);
    wait_for("the last is raised", || {
        alerts(server).into_iter().find(|alert| alert["group"]["actor.id"] == account)
    });
}

#[test]
fn a_window_that_was_half_full_goes_on_after_a_power_cut() {
    let mut home = Home::new("");
    let server = home.start();
    assert_eq!(server.append(&failures("eve", 5)).status, 201);
    abreast(&server, "first");
    kill(server);
    let server = home.start();
    assert_eq!(server.append(&failures("eve", 5)).status, 201);
    abreast(&server, "second");
    let of_eve: Vec<_> =
        alerts(&server).into_iter().filter(|alert| alert["group"]["actor.id"] == "eve").collect();
    let [alert] = of_eve.as_slice() else { panic!("{of_eve:?}") };
    assert_eq!((&alert["count"], alert["evidence"].as_array().map(Vec::len)), (&1.into(), Some(10)));
    // A clean end in between changes nothing.
    server.terminate();
    let server = home.start();
    assert_eq!(server.append(&[failed("eve")]).status, 201);
    let alert = wait_for("it grows", || alerts(&server).into_iter().find(|alert| alert["count"] == 2));
    assert_eq!(alert["id"], of_eve[0]["id"]);
    assert_eq!(alerts(&server).len(), 3);
    server.terminate();
}

#[test]
fn no_alert_is_lost_or_doubled_by_power_cuts() {
    let mut home = Home::new("");
    let accounts: Vec<_> = (0..60).map(|nth| format!("u{nth}")).collect();
    for (round, accounts) in accounts.chunks(12).enumerate() {
        let server = home.start();
        // Their failures are mixed, and half of the last ones come after the next start.
        for _ in 0..10 {
            let events: Vec<_> = accounts.iter().map(|account| failed(account)).collect();
            assert_eq!(server.append(&events).status, 201);
        }
        if round % 2 == 0 {
            // Somewhere among the alerts.
            wait_for("one is raised", || (!alerts(&server).is_empty()).then_some(()));
        }
        kill(server);
    }
    let server = home.start();
    abreast(&server, "last");
    let all = alerts(&server);
    let about: BTreeSet<_> =
        all.iter().map(|alert| alert["group"]["actor.id"].as_str().expect("an account").to_owned()).collect();
    let lost: Vec<_> = accounts.iter().filter(|account| !about.contains(*account)).collect();
    assert!(lost.is_empty(), "nobody was told of {lost:?}");
    assert_eq!((all.len(), about.len()), (61, 61));
    assert!(all.iter().all(|alert| alert["count"] == 1));
    // The log tells each once; it tells of other rules too.
    let told = wait_for("all is told", || {
        let told = server.get("/v1/events?limit=1000&q=action:alert.raised").good();
        let mut told = told["entries"].as_array().expect("entries").clone();
        told.retain(|entry| entry["metadata"]["rule"] == "A1");
        (told.len() >= 61).then_some(told)
    });
    let ids: BTreeSet<_> = told.iter().map(|entry| entry["targets"][0]["id"].to_string()).collect();
    assert_eq!((told.len(), ids.len()), (61, 61));
    server.append(&[event("door.open")]);
    server.terminate();
}
