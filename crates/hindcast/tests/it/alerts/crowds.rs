//! Floods and clocks that jump.

use super::{alert_of, alerts, failed, failures, judged, watcher};
use crate::support::{TestServer, event};
use hindcast_event::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Alerts that a rule begins in an hour, and the one for all the rest.
const RAISED_MAX: usize = 501;

#[test]
fn a_flood_of_failed_sign_ins_is_few_alerts_and_the_server_answers_meanwhile() {
    let server = TestServer::start();
    let token = watcher(&server);
    let begun = (server.app.clock)().micros() - 60_000_000;
    for batch in 0..10 {
        let events = (batch * 5_000..(batch + 1) * 5_000).map(|nth: i64| {
            // Half of them try a thousand accounts again and again, the others all of the rest.
            let account = if nth % 2 == 0 { nth / 2 % 1_000 } else { 1_000 + nth / 2 % 19_000 };
            let mut event = failed(&format!("u{account}"));
            let address = nth / 7 % 1_000;
            event["context"]["ip"] = format!("198.51.{}.{}", address / 250, address % 250 + 1).into();
            event["occurred_at"] = Timestamp::from_micros(begun + nth * 1_200).to_string().into();
            event
        });
        server.append(&events.collect::<Vec<_>>());
        assert_eq!(server.get("/readyz").send().status, 200);
        assert_eq!(server.get("/v1/alerts").by(&token).send().status, 200);
    }
    judged(&server);
    let mut of_rule: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for alert in alerts(&server, &token, "") {
        of_rule.entry(alert["rule"].as_str().expect("text").to_owned()).or_default().push(alert);
    }
    for (rule, alerts) in &of_rule {
        assert!(alerts.len() <= RAISED_MAX, "{rule}: {}", alerts.len());
    }
    for rule in ["A1", "A2"] {
        let alerts = &of_rule[rule];
        assert_eq!(alerts.len(), RAISED_MAX, "{rule}");
        let storms: Vec<_> = alerts.iter().filter(|alert| alert["storm"] == true).collect();
        let [storm] = storms.as_slice() else { panic!("{rule}: {} storms", storms.len()) };
        assert!(storm["group"] == json!({}) && storm["count"].as_u64() > Some(500), "{storm}");
    }
    assert_eq!(server.get("/v1/count?q=action:user.sign_in_failed").send().good()["count"], 50_000);
}

#[test]
fn a_clock_that_jumps_makes_nothing_panic_and_loses_nothing() {
    let server = TestServer::start();
    let token = watcher(&server);
    let now = (server.app.clock)().micros();
    let at = |micros: i64, who: &str| {
        let mut event = failed(who);
        event["occurred_at"] = Timestamp::from_micros(micros).to_string().into();
        event
    };
    const HOUR: i64 = 3_600_000_000;
    // Far off, so that the time is ours; then back and forth by hours within a day of it.
    let far = [0, 1, now - 400 * 24 * HOUR, now + 400 * 24 * HOUR, 253_402_300_799_000_000];
    server.append(&far.map(|micros| at(micros, "far")));
    for step in [-20, 20, -1, 1, -23, 23, 0, -12, 12, 0] {
        server.append(&[at(now + step * HOUR, "jumps"), at(now + step * HOUR + 1, "jumps")]);
    }
    // Backwards, each before the last.
    let backwards: Vec<_> = (0..10).map(|nth| at(now - nth * 1_000_000, "backwards")).collect();
    server.append(&backwards);
    server.append(&failures("far", 5));
    server.append(&failures("steady", 10));
    let about = |who: &str| {
        let all = alerts(&server, &token, "&rule=A1");
        all.into_iter().find(|alert| alert["group"]["actor.id"] == who)
    };
    alert_of(&server, &token, "A1");
    judged(&server);
    for who in ["far", "backwards", "steady"] {
        let alert = about(who).unwrap_or_else(|| panic!("nothing about {who}"));
        assert_eq!(alert["evidence"].as_array().map(Vec::len), Some(10), "{who}: {alert}");
    }
    assert_eq!(server.get("/v1/count?q=action:user.sign_in_failed").send().good()["count"], 50);
    server.append(&[event("door.open")]);
    judged(&server);
}
