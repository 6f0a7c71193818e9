//! A backtest tells what alerting would have told, to the byte.

use super::{alerts, judged, watcher};
use crate::process::wait_for;
use crate::support::TestServer;
use hindcast_event::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ENTRIES: u64 = 4_000;
/// What happens, the usual more often.
const ACTIONS: [&str; 34] = [
    "conversation.assigned",
    "conversation.closed",
    "macro.updated",
    "user.signed_in",
    "user.sign_in_failed",
    "user.sign_in_failed",
    "user.sign_in_failed",
    "mfa.challenge_failed",
    "admin_login_failure",
    "admin_login_success",
    "token.created",
    "token.rotated",
    "role.deleted",
    "admin_permission_change",
    "admin_deletion",
    "agent.removed",
    "agent.invited",
    "agent.deactivated",
    "data.exported",
    "bulk_export",
    "bulk_delete",
    "conversation.deleted",
    "contact.deleted",
    "app.installed",
    "app_webhook_creation",
    "webhook.disabled",
    "mfa.disabled",
    "sso.disabled",
    "security_settings.updated",
    "workspace_deletion_request",
    "billing_contact.updated",
    "impersonation.started",
    "messenger.updated",
    "password.reset",
];

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A day and a half of a workspace in which much goes wrong.
fn past(now: i64) -> Vec<Value> {
    let mut dice = Dice(7);
    let ips = ["193.0.0.1", "133.11.0.1", "192.0.2.1", "198.51.100.4", "203.0.113.9"];
    (0..ENTRIES)
        .map(|nth| {
            let who = format!("u{}", dice.roll(12));
            let action = ACTIONS[dice.roll(ACTIONS.len() as u64) as usize];
            // Most in order; some come late.
            let late = if dice.roll(10) == 0 { dice.roll(3_600) as i64 } else { 0 };
            let ago = (ENTRIES - nth) as i64 * 20 + late;
            json!({
                "action": action,
                "occurred_at": Timestamp::from_micros(now - ago * 1_000_000).to_string(),
                "actor": { "type": "user", "id": who, "email": format!("{who}@x.example") },
                "targets": [{ "type": "thing", "id": format!("{}", dice.roll(9)) }],
                "outcome": if action.contains("fail") || dice.roll(9) == 0 { "failure" } else { "success" },
                "context": { "ip": ips[dice.roll(5) as usize], "user_agent": "curl/8.5.0" },
            })
        })
        .collect()
}

/// What the rule says of an alert, without what people decided.
fn said(mut alert: Value) -> String {
    let members = alert.as_object_mut().expect("an object");
    for decided in ["state", "assignee", "disposition", "muted_until", "raised_at"] {
        members.remove(decided).expect("it is told");
    }
    alert.to_string()
}

fn backtest(server: &TestServer, token: &str, wanted: &Value) -> Value {
    let begun = server.post("/v1/rules/backtests").by(token).json(wanted);
    assert_eq!(begun.status, 202, "{}", begun.text());
    let path = format!("/v1/rules/backtests/{}", begun.json()["id"].as_str().expect("an id"));
    let mut judged = 0;
    loop {
        let shown = wait_for("it goes on", || {
            let shown = server.get(&path).by(token).send().good();
            (shown["state"] != "running" || shown["judged"].as_u64() > Some(judged)).then_some(shown)
        });
        if shown["state"] != "running" {
            assert_eq!(shown["state"], "done", "{shown}");
            return shown;
        }
        judged = shown["judged"].as_u64().expect("a count");
    }
}

#[test]
fn alerts_and_a_backtest_over_the_same_entries_are_the_same() {
    let server = TestServer::start();
    let token = watcher(&server);
    let past = past((server.app.clock)().micros());
    for batch in past.chunks(333) {
        server.append(batch);
    }
    judged(&server);
    let live = alerts(&server, &token, "");
    let rules: BTreeSet<_> = live.iter().filter_map(|alert| alert["rule"].as_str()).collect();
    println!("{} alerts of {} rules: {rules:?}", live.len(), rules.len());
    assert!(rules.len() >= 15, "{} alerts of {rules:?}", live.len());
    let tested = backtest(&server, &token, &json!({ "days": 3 }));
    let result = &tested["result"];
    assert_eq!(result["raised"], live.len());
    let days = result["by_day"].as_array().expect("days").iter();
    assert_eq!(days.map(|day| day["alerts"].as_u64().expect("a count")).sum::<u64>(), live.len() as u64);
    let in_order = |alerts: Vec<Value>, said: fn(Value) -> String| {
        let mut said: Vec<_> = alerts.into_iter().map(said).collect();
        said.sort_unstable();
        said
    };
    let tested = result["alerts"].as_array().expect("alerts").clone();
    let (tested, live) = (in_order(tested, |alert| alert.to_string()), in_order(live, said));
    for (tested, live) in tested.iter().zip(&live) {
        assert_eq!(tested, live);
    }
    assert_eq!(tested.len(), live.len());
    // What was judged by one rule alone is what it said among the others.
    let alone = backtest(&server, &token, &json!({ "rule": "A1", "days": 3 }));
    let alone = in_order(alone["result"]["alerts"].as_array().expect("alerts").clone(), |a| a.to_string());
    let of_a1: Vec<_> = live.iter().filter(|alert| alert.contains(r#""rule":"A1""#)).cloned().collect();
    assert_eq!(alone, of_a1);
}

#[test]
fn a_backtest_is_asked_tuned_and_cancelled_and_changes_nothing() {
    let server = TestServer::start();
    let token = watcher(&server);
    server.append(&super::failures("eve", 6));
    judged(&server);
    let size = server.get("/v1/count").send().good();
    let ask = |wanted: Value| backtest(&server, &token, &wanted)["result"].take();
    assert_eq!(ask(json!({ "rule": "A1" }))["raised"], 0);
    let tuned = ask(json!({ "rule": "A1", "tuned": { "failures": 5 } }));
    assert_eq!((&tuned["raised"], &tuned["alerts"][0]["count"]), (&json!(1), &json!(2)));
    let text = super::rules::DOOR
        .replace("door.open", "user.sign_in_failed")
        .replace("metadata.night: true", "outcome.result: failure");
    let own = ask(json!({ "text": text.replace("metadata.door", "actor.id"), "days": 1 }));
    assert_eq!((&own["raised"], &own["alerts"][0]["count"]), (&json!(1), &json!(6)));
    assert_eq!(server.get("/v1/count").send().good(), size, "nothing was written");
    assert_eq!(alerts(&server, &token, ""), [] as [Value; 0]);

    let begun = server.post("/v1/rules/backtests").by(&token).json(&json!({})).json();
    let path = format!("/v1/rules/backtests/{}", begun["id"].as_str().expect("an id"));
    assert_eq!(server.call("DELETE", &path).by(&token).send().status, 204);
    wait_for("it ends", || {
        let shown = server.get(&path).by(&token).send().good();
        (shown["state"] == "cancelled" || shown["state"] == "done").then_some(())
    });
    for (wanted, field) in [
        (json!({ "rule": "A1", "text": "x" }), "text"),
        (json!({ "tuned": { "failures": 5 } }), "tuned"),
        (json!({ "rule": "A1", "tuned": { "failures": 1 } }), "tuned"),
        (json!({ "text": "title: [" }), "text"),
        (json!({ "days": 0 }), "days"),
        (json!({ "days": 3661 }), "days"),
    ] {
        let refused = server.post("/v1/rules/backtests").by(&token).json(&wanted);
        assert_eq!((refused.problem().0, &refused.json()["field"]), (422, &json!(field)), "{wanted}");
    }
    let unknown = server.post("/v1/rules/backtests").by(&token).json(&json!({ "rule": "Z9" }));
    assert_eq!(unknown.problem().0, 404);
    assert_eq!(server.get("/v1/rules/backtests/0123456789abcdef").by(&token).send().problem().0, 404);
}

#[test]
fn what_is_imported_is_judged_by_its_own_time_and_told_to_nobody_when_that_is_long_past() {
    let server = TestServer::start();
    let token = watcher(&server);
    let imported = |who: &str, nth: usize, time: &str| {
        let mut event = super::failed(who);
        event["metadata"] = json!({ "imported_from": { "product": "intercom", "time": time } });
        event["occurred_at"] = match who {
            "ana" => json!(format!("2024-03-04T05:{nth:02}:00Z")),
            _ => json!(format!("2024-03-{:02}T05:00:00Z", nth + 1)),
        };
        event
    };
    let all = |who: &str, time: &str| (0..10).map(|nth| imported(who, nth, time)).collect::<Vec<_>>();
    // Ten within ten minutes, ten within ten days, and ten of which nobody knows when they were.
    for (who, time) in [("ana", "told"), ("bob", "told"), ("eve", "unknown")] {
        server.append(&all(who, time));
    }
    judged(&server);
    let found = alerts(&server, &token, "&rule=A1");
    let [alert] = found.as_slice() else { panic!("one of {found:?}") };
    assert_eq!(alert["group"], json!({ "actor.id": "ana" }));
    assert_eq!((&alert["state"], &alert["disposition"]), (&json!("resolved"), &json!("past")));
    assert_eq!(super::told(&server, "A1"), [] as [Value; 0]);
}
