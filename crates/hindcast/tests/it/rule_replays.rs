//! A detection rule is tried on the past by the code that alerts live, beside the rule as it is set.

use crate::alerts::{alerts, failed, failures, judged, told_times};
use crate::process::wait_for;
use crate::support::{Answer, TestServer, event};
use hindcast::catalog::Scope;
use hindcast_event::Timestamp;
use serde_json::{Value, json};
use std::process::{Command, Output};

/// A rule of their own about doors.
const DOORS: &str = "title: A door was opened
id: 5f0d3a52-6c7e-4b6e-9b1d-2f6f1f0a7c11
level: low
logsource:
    product: hindcast
detection:
    selection:
        action: door.open
    condition: selection
";

struct Watch {
    server: TestServer,
    token: String,
}

impl Watch {
    fn open(server: TestServer) -> Self {
        let token = server.token_with(&[Scope::Policies, Scope::Alerts, Scope::Read], |_| ());
        Self { server, token }
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.server.post(path).by(&self.token).json(body)
    }

    fn ask(&self, mut wanted: Value) -> Answer {
        wanted["kind"] = "rule".into();
        self.post("/v1/replays", &wanted)
    }

    /// Asks, and waits for the report.
    fn replay(&self, wanted: Value) -> Value {
        let begun = self.ask(wanted);
        assert!(matches!(begun.status, 200 | 202), "{}", begun.text());
        let path = format!("/v1/replays/{}", begun.json()["id"].as_str().expect("an id"));
        let done = wait_for("the replay", || {
            let shown = self.server.get(&path).by(&self.token).send().good();
            shown["finished_at"].is_string().then_some(shown)
        });
        assert_eq!((&done["state"], &done["problem"]), (&json!("succeeded"), &Value::Null), "{done}");
        assert_eq!(done["done"], done["total"]);
        done
    }

    fn backtest(&self, wanted: &Value) -> Value {
        let begun = self.post("/v1/rules/backtests", wanted);
        assert_eq!(begun.status, 202, "{}", begun.text());
        let path = format!("/v1/rules/backtests/{}", begun.json()["id"].as_str().expect("an id"));
        wait_for("the backtest", || {
            let shown = self.server.get(&path).by(&self.token).send().good();
            (shown["state"] == "done").then(|| shown["result"].clone())
        })
    }

    /// Bursts of failed sign-ins, of 12, 15, 18 and so on, each of somebody else.
    fn bursts(&self, count: usize) {
        for nth in 0..count {
            self.server.append(&failures(&format!("u{nth}"), 12 + 3 * nth));
        }
    }
}

fn row(done: &Value) -> &Value {
    let rows = done["report"]["rules"]["by_rule"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{rows:?}");
    &rows[0]
}

fn about(done: &Value, side: &str) -> Vec<String> {
    let all = done["report"]["rules"][side].as_array().expect("alerts").iter();
    let mut about: Vec<_> =
        all.map(|alert| alert["about"][0][1].as_str().expect("a value").to_owned()).collect();
    about.sort();
    about
}

#[test]
fn a_higher_threshold_takes_away_the_alerts_of_small_bursts_and_no_others() {
    let watch = Watch::open(TestServer::start());
    watch.bursts(5);
    watch.server.append(&[event("door.open"), failed("u0")]);
    judged(&watch.server);
    told_times(&watch.server, "A1", 5);
    let live = alerts(&watch.server, &watch.token, "&rule=A1");
    assert_eq!(live.len(), 5);
    let wanted = json!({ "rule": "A1", "candidate": { "tuned": { "failures": 18 } } });
    let done = watch.replay(wanted.clone());
    let row = row(&done);
    for (name, count) in [
        ("baseline_alerts", 5),
        ("candidate_alerts", 3),
        ("same", 3),
        ("added", 0),
        ("removed", 2),
        ("graver", 0),
    ] {
        assert_eq!(row[name], count, "{name} of {row}");
    }
    assert_eq!((about(&done, "removed"), about(&done, "added")), (vec!["u0".into(), "u1".into()], vec![]));
    // The baseline is what live alerting told and what a backtest tells; so is the candidate once it is set.
    assert_eq!(row["baseline_alerts"], watch.backtest(&json!({ "rule": "A1", "days": 3 }))["raised"]);
    let tuned = json!({ "rule": "A1", "tuned": { "failures": 18 }, "days": 3 });
    assert_eq!(row["candidate_alerts"], watch.backtest(&tuned)["raised"]);
    let matched = live.iter().map(|alert| alert["count"].as_u64().expect("a count")).sum::<u64>();
    assert_eq!(done["report"]["lanes"]["baseline"]["matched"], matched);
    // From the tenth on now, and from the eighteenth on then: eight less of each but the smaller two.
    let summary = &done["summary"];
    assert_eq!(summary["by_change"]["no_longer_matched"], summary["changed"]);
    assert_eq!(summary["changed"], 4 + 6 + 8 + 8 + 8, "{summary}");
    assert_eq!(summary["removed_alerts"], 2);
    // Whoever asks the same is served, as long as nothing is new in the log.
    let again =
        watch.ask(json!({ "rule": "A1", "candidate": { "tuned": { "failures": 18, "within": "10m" } } }));
    assert_eq!((again.status, &again.json()["served_from"]), (200, &done["id"]), "{}", again.text());
    let other = watch.ask(json!({ "rule": "A1", "candidate": { "tuned": { "failures": 19 } } }));
    assert_eq!((other.status, &other.json()["served_from"]), (202, &Value::Null));
    watch.server.append(&[event("door.open")]);
    assert_eq!(watch.ask(wanted).json()["served_from"], Value::Null);
    // Evidence leads to entries of the one it is about.
    let removed = &done["report"]["rules"]["removed"][0];
    let entry = removed["evidence"].as_array().expect("evidence").last().expect("one").clone();
    let entry = watch.server.get(&format!("/v1/events/{entry}")).by(&watch.token).send().good();
    assert_eq!(entry["actor"]["id"], removed["about"][0][1]);
    // Nothing was told, and nothing but the doors was written meanwhile.
    assert_eq!(alerts(&watch.server, &watch.token, "&rule=A1").len(), 5);
}

#[test]
fn all_rules_say_in_a_replay_what_they_said_live() {
    let watch = Watch::open(TestServer::start());
    let mut past = Vec::new();
    for nth in 0..400_usize {
        let who = format!("u{}", nth % 5);
        past.push(match nth % 4 {
            0 | 1 => failed(&who),
            2 => json!({ "action": "role.deleted", "actor": { "type": "user", "id": who } }),
            _ => json!({ "action": "data.exported", "actor": { "type": "user", "id": who } }),
        });
    }
    past.chunks(90).for_each(|batch| drop(watch.server.append(batch)));
    judged(&watch.server);
    let live = alerts(&watch.server, &watch.token, "");
    let mut keys: Vec<&str> = live.iter().filter_map(|alert| alert["rule"].as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.len() >= 3, "{keys:?}");
    for key in keys {
        let done = watch.replay(json!({ "rule": key, "candidate": { "quiet_seconds": 60 } }));
        let told = live.iter().filter(|alert| alert["rule"] == key);
        assert_eq!(row(&done)["baseline_alerts"], told.count(), "{key}");
        assert_eq!(done["summary"]["changed"], 0, "quiet time changes alerts and no answers: {key}");
    }
}

#[test]
fn a_new_rule_adds_what_nothing_told_of_before() {
    let watch = Watch::open(TestServer::quiet());
    watch.server.append(&[event("door.open"), event("door.close"), event("door.open")]);
    let done = watch.replay(json!({ "candidate": { "text": DOORS }, "name": "Doors" }));
    assert_eq!((&done["kind"], &done["baseline"]["as"]), (&json!("rule"), &json!("nothing")));
    assert_eq!((&row(&done)["added"], &row(&done)["baseline_alerts"]), (&json!(1), &json!(0)));
    assert_eq!(done["summary"]["by_change"]["newly_matched"], 2);
    // Once it is kept and on, its text alone is compared with it.
    let made = watch.post("/v1/rules", &json!({ "text": DOORS, "on": true }));
    assert_eq!(made.status, 201, "{}", made.text());
    let graver = DOORS.replace("level: low", "level: high");
    let done = watch.replay(json!({ "candidate": { "text": graver } }));
    assert_eq!((&done["baseline"]["as"], &row(&done)["graver"]), (&json!("set"), &json!(1)));
    assert_eq!(done["summary"]["by_change"]["graver"], 2);
    // Off is nothing, and with nothing on either side there is no question.
    let key = done["candidate"]["rules"][0]["key"].clone();
    let done = watch.replay(json!({ "rule": key, "candidate": { "on": false } }));
    assert_eq!((&row(&done)["removed"], &done["candidate"]["version"]), (&json!(1), &Value::Null));
    let wanted = json!({ "rule": key, "candidate": { "on": false }, "baseline": "nothing" });
    assert_eq!(watch.ask(wanted).problem().0, 422);
    let other = json!({ "rule": key, "candidate": {}, "baseline": { "text": graver } });
    assert_eq!(row(&watch.replay(other))["milder"], 1);
    let csv = format!("/v1/replays/{}/differences.csv", done["id"].as_str().expect("an id"));
    let csv = watch.server.get(&csv).by(&watch.token).send();
    assert!(csv.text().contains("no_longer_matched,"), "{}", csv.text());
}

#[test]
fn only_what_happened_in_the_window_is_told_and_what_came_before_is_remembered() {
    let watch = Watch::open(TestServer::quiet());
    let now = (watch.server.app.clock)();
    let at = |minutes: i64| Timestamp::from_micros(now.micros() - minutes * 60_000_000).to_string();
    let one = |who: &str, minutes: i64| {
        let mut failed = failed(who);
        failed["occurred_at"] = at(minutes).into();
        failed
    };
    let mut past: Vec<Value> = (0..10).map(|_| one("early", 300)).collect();
    past.extend((0..10).map(|nth| one("between", if nth < 8 { 121 } else { 119 })));
    past.extend((0..10).map(|_| one("late", 10)));
    watch.server.append(&past);
    let wanted = |from: i64, until: i64| json!({ "rule": "A1", "candidate": {}, "baseline": "nothing", "from": at(from), "until": at(until) });
    let done = watch.replay(wanted(120, 60));
    assert_eq!(about(&done, "added"), ["between"]);
    assert_eq!(
        (&done["report"]["summary"]["warm_up"], &done["summary"]["evaluated"]),
        (&json!(18), &json!(2))
    );
    assert_eq!(about(&watch.replay(wanted(400, 0)), "added"), ["between", "early", "late"]);
}

#[test]
fn what_cannot_be_asked_is_refused_at_its_place() {
    let watch = Watch::open(TestServer::quiet());
    let typo = DOORS.replace("action: door.open", "actoin: door.open");
    let refused = watch.ask(json!({ "candidate": { "text": typo } }));
    let problem = refused.json();
    assert_eq!((refused.status, &problem["field"]), (422, &json!("candidate.text")), "{problem}");
    let flaw = &problem["flaws"][0];
    assert_eq!((&flaw["line"], &flaw["column"]), (&json!(8), &json!(9)), "{problem}");
    for (wanted, field) in [
        (json!({ "candidate": {} }), "rule"),
        (json!({ "rule": "Z9", "candidate": {} }), "rule"),
        (json!({ "rule": "A1", "candidate": { "tuned": { "failures": 1 } } }), "candidate.tuned"),
        (
            json!({ "rule": "A1", "candidate": {}, "baseline": { "tuned": { "failures": 1 } } }),
            "baseline.tuned",
        ),
        (json!({ "rule": "A1", "candidate": { "quiet_seconds": 5 } }), "candidate.quiet_seconds"),
        (json!({ "rule": "A1", "candidate": { "number": 5 } }), "candidate"),
        (json!({ "rule": "A1", "candidate": {}, "baseline": "happened" }), "baseline"),
        (json!({ "rule": "A1", "candidate": {}, "filter": "action:door.open" }), "filter"),
        (
            json!({ "rule": "A1", "candidate": {}, "from": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z" }),
            "until",
        ),
    ] {
        let refused = watch.ask(wanted.clone());
        assert_eq!((refused.status, &refused.json()["field"]), (422, &json!(field)), "{wanted}");
    }
    for (name, value) in [("rule", json!("A1")), ("kind", json!("policy"))] {
        let mut wanted = json!({ "candidate": { "policy": "p", "text": "", "on": true } });
        wanted[name] = value;
        let refused = watch.post("/v1/replays", &wanted);
        assert_eq!(refused.status, 422, "{wanted}");
    }
    let bare = watch.server.token_with(&[Scope::Alerts, Scope::Read], |_| ());
    let wanted = json!({ "kind": "rule", "rule": "A1", "candidate": {} });
    assert_eq!(watch.server.post("/v1/replays").by(&bare).json(&wanted).status, 403);
}

#[test]
fn a_replay_of_a_rule_is_broken_off_and_belongs_to_its_workspace() {
    let watch = Watch::open(TestServer::quiet());
    watch.bursts(2);
    let begun = watch.ask(json!({ "rule": "A1", "candidate": { "tuned": { "failures": 11 } } })).json();
    let path = format!("/v1/replays/{}", begun["id"].as_str().expect("an id"));
    let cancelled = watch.post(&format!("{path}/cancel"), &json!({})).good();
    assert!(matches!(cancelled["state"].as_str(), Some("cancelled" | "succeeded")), "{cancelled}");
    let (other, _) = watch.server.another_workspace();
    let elsewhere = watch
        .server
        .token_with(&[Scope::Policies], |token| token.workspace = Some(other.parse().expect("an id")));
    for path in [path.clone(), format!("{path}/differences.csv"), format!("{path}/junit.xml")] {
        assert_eq!(watch.server.get(&path).by(&elsewhere).send().status, 404, "{path}");
    }
    assert_eq!(watch.server.call("DELETE", &path).by(&watch.token).send().status, 204);
    assert_eq!(watch.server.get(&path).by(&watch.token).send().status, 404);
}

#[test]
fn the_command_line_compares_a_rule_and_fails_beyond_its_bounds() {
    let watch = Watch::open(TestServer::quiet());
    watch.bursts(3);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("doors.yml"), DOORS).expect("written");
    let hindcast = |arguments: &[&str]| {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_hindcast"))
            .current_dir(folder.path())
            .args(["rule", "replay"])
            .args(arguments)
            .args(["--url", &watch.server.url, "--token", &watch.token])
            .output()
            .expect("ran");
        let text = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        (output.status.code().expect("ended"), text.concat())
    };
    let (code, told) = hindcast(&["A1", "--tune", "failures=14", "--max-removed-alerts", "1"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("A1: 2 alerts, before 3: 2 the same, 0 added, 1 removed"), "{told}");
    assert!(told.contains("actor.id=u0"), "{told}");
    let (code, told) =
        hindcast(&["A1", "--tune", "failures=14", "--max-removed-alerts", "0", "--junit", "replay.xml"]);
    assert!(code == 1 && told.contains("1 alerts removed, at most 0 may"), "{told}");
    let junit = std::fs::read_to_string(folder.path().join("replay.xml")).expect("written");
    assert!(junit.contains("rules before:"), "{junit}");
    let (code, told) = hindcast(&["doors.yml", "--max-added-alerts", "0", "--baseline", "nothing"]);
    assert!(code == 0 && told.contains(": 0 alerts, before 0"), "no door was opened: {told}");
    let (code, told) = hindcast(&["A1", "--tune", "failures=1"]);
    assert!(code == 1 && told.contains("failures"), "{told}");
}
