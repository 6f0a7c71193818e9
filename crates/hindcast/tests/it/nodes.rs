//! Several servers over one database: what is changed at one counts at the others, what one should do is done once, and when one is
//! gone another goes on with it.

use crate::alerts::failures;
use crate::gate::refund;
use crate::process::{Home, Process, wait_for};
use crate::receiver::{Receiver, told};
use crate::shared_database::settings;
use crate::simulations::conversations;
use crate::sql::database::Database;
use crate::support::event;
use serde_json::{Value, json};
use std::time::Duration;

/// Nobody refunds more than this.
const CAP: &str = r#"
@id("refund-cap") @reason("Large refunds are not made.")
forbid(principal is Agent, action == Action::"order.refund", resource)
when { context.arguments.amount_cents > 5000 };
"#;

/// Two servers, and what they share.
struct Pair {
    database: Database,
    _bucket: tempfile::TempDir,
    homes: [Home; 2],
    servers: [Process; 2],
}

impl Pair {
    /// Nothing where PostgreSQL is not installed.
    fn start(more: &str) -> Option<Self> {
        let database = Database::start()?;
        let bucket = tempfile::tempdir().expect("a folder");
        let settings =
            settings(&database, &format!("bucket = \"file://{}\"\n{more}", bucket.path().display()));
        let mut first = Home::new(&settings);
        let one = first.start();
        let mut second = first.beside(&settings);
        let other = second.start();
        Some(Self { database, _bucket: bucket, homes: [first, second], servers: [one, other] })
    }

    fn alerts(&self, at: usize) -> Vec<Value> {
        alerts(&self.servers[at])
    }
}

fn alerts(server: &Process) -> Vec<Value> {
    let shown = server.get("/v1/alerts?limit=200&rule=A1").good();
    shown["alerts"].as_array().expect("alerts").clone()
}

/// A tool that pays money back.
fn tool() -> Value {
    let schema = json!({
        "type": "object", "properties": { "amount_cents": { "type": "integer" } }, "required": ["amount_cents"],
    });
    json!({ "description": "Pays money back.", "input_schema": schema, "writes": true })
}

/// What is decided about a refund of 90.
fn decided(server: &Process) -> Value {
    server.post("/v1/decide", &refund(9_000)).good()["decision"].clone()
}

#[test]
fn a_policy_that_is_changed_at_one_server_decides_at_the_other() {
    let Some(pair) = Pair::start("") else { return };
    let [one, other] = &pair.servers;
    one.put("/v1/tools/order.refund", &tool()).good();
    wait_for("the tool is known at the other", || (decided(other) == "allow").then_some(()));
    let saved = one.put("/v1/policies/refunds", &json!({ "text": CAP })).good();
    let enforced = json!({ "version": saved["version"], "enforced": 1 });
    let standing = one.post("/v1/policies/refunds/activate", &enforced).good();
    assert_eq!(decided(one), "deny", "where it was changed, from the next question on");
    wait_for("the other decides by it", || (decided(other) == "deny").then_some(()));
    // And back, from the other side.
    other.post("/v1/policies/refunds/activate", &json!({ "version": standing["version"] })).good();
    assert_eq!(decided(other), "allow");
    wait_for("the first decides without it", || (decided(one) == "allow").then_some(()));
}

#[test]
fn without_the_database_nothing_is_decided_by_policies_of_long_ago() {
    let Some(mut pair) = Pair::start("") else { return };
    let [one, _] = &pair.servers;
    one.put("/v1/tools/order.refund", &tool()).good();
    assert_eq!(decided(one), "allow");
    pair.database.kill();
    let answer = pair.servers[0].post("/v1/decide", &refund(100));
    assert_eq!(answer.status, 503, "{}", answer.text());
    pair.database.start_again();
    wait_for("it decides again", || {
        (pair.servers[0].post("/v1/decide", &refund(100)).status == 200).then_some(())
    });
}

#[test]
fn an_alert_is_raised_once_and_wherever_it_is_resolved_it_takes_no_more() {
    let Some(pair) = Pair::start("") else { return };
    let [one, other] = &pair.servers;
    for _ in 0..6 {
        assert_eq!(one.append(&failures("ana", 1)).status, 201);
        assert_eq!(other.append(&failures("ana", 1)).status, 201);
    }
    wait_for("it is raised", || (!pair.alerts(0).is_empty()).then_some(()));
    wait_for("and told", || (other.count("action:alert.raised") > 0).then_some(()));
    wait_for("everywhere", || (one.count("action:alert.raised") > 0).then_some(()));
    assert_eq!((pair.alerts(0).len(), pair.alerts(1).len()), (1, 1));
    assert_eq!((one.count("action:alert.raised"), other.count("action:alert.raised")), (1, 1));
    // One of the two is not the one that judges.
    for (nth, server) in [one, other].into_iter().enumerate() {
        let newest = pair.alerts(nth).into_iter().find(|alert| alert["state"] == "open").expect("one");
        let id = newest["id"].as_str().expect("an id");
        server.post(&format!("/v1/alerts/{id}/resolve"), &json!({ "disposition": "benign" })).good();
        wait_for("what comes after it is another", || {
            assert_eq!(one.append(&failures("ana", 1)).status, 201);
            (pair.alerts(0).len() == nth + 2).then_some(())
        });
    }
    wait_for("each is told once", || (one.count("action:alert.raised") == 3).then_some(()));
}

#[test]
fn what_a_server_did_that_is_killed_another_goes_on_with() {
    let Some(pair) = Pair::start("") else { return };
    let Pair { database: _database, homes: [mut first, mut second], servers: [one, other], _bucket } = pair;
    assert_eq!(one.append(&failures("ana", 12)).status, 201);
    wait_for("it is raised", || (alerts(&other).len() == 1).then_some(()));
    one.kill();
    assert_eq!(other.append(&failures("bob", 12)).status, 201);
    wait_for("the second judges", || (alerts(&other).len() == 2).then_some(()));
    // Whichever of the two it was, it was one of them.
    let one = first.start();
    other.kill();
    assert_eq!(one.append(&failures("cleo", 12)).status, 201);
    wait_for("the first judges", || (alerts(&one).len() == 3).then_some(()));
    let other = second.start();
    wait_for("each is told once", || (other.count("action:alert.raised") == 3).then_some(()));
    assert_eq!(other.append(&[event("door.open")]).status, 201);
    assert_eq!(one.count("action:user.sign_in_failed"), 36);
    other.terminate();
    assert_eq!(one.append(&failures("dan", 12)).status, 201);
    wait_for("one that ended in order is not waited for", || (alerts(&one).len() == 4).then_some(()));
}

#[test]
fn segments_have_one_row_group_as_long_as_a_server_runs_that_reads_no_others() {
    let Some(pair) = Pair::start("") else { return };
    let told = |what: &str| {
        let of = |server: &Process| {
            server.logged("INFO").iter().filter(|line| line["fields"]["message"] == what).count()
        };
        pair.servers.iter().map(of).min()
    };
    let (one, several) = (
        "a server may run that reads segments of one row group only: they are written so",
        "all servers read segments of several row groups",
    );
    wait_for("they know each other", || (told(several) >= Some(1)).then_some(()));
    let known = told(several);
    // The version before says that it runs, and no more.
    let mut before = pair.database.config().connect(postgres::NoTls).expect("connects");
    before
        .batch_execute(
            "SELECT pg_advisory_lock(hashtextextended('hindcast/node before', 0));
             INSERT INTO hindcast_catalog.node (id, name, started_at) VALUES ('before', 'before', 0)",
        )
        .expect("it runs");
    wait_for("one is written for it", || (told(one) >= Some(1)).then_some(()));
    assert_eq!(told(several), known);
    drop(before);
    wait_for("once it is gone, several", || (told(several) > known).then_some(()));
}

/// A simulation with an agent that takes its time, begun at a server.
fn simulated(server: &Process, receiver: &Receiver) -> String {
    assert_eq!(server.post("/v1/conversations", &json!(conversations(120))).status, 200);
    let agent = json!({ "kind": "http", "url": receiver.url, "credential": "hush" });
    let begun = server.post("/v1/simulations", &json!({ "agent": agent, "size": "all", "concurrency": 1 }));
    assert_eq!(begun.status, 202, "{}", begun.text());
    format!("/v1/simulations/{}", begun.json()["id"].as_str().expect("an id"))
}

fn slow() -> Receiver {
    Receiver::start(|_| {
        std::thread::sleep(Duration::from_millis(100));
        told(200, &json!({ "resolved": true, "reply": "It is on its way." }))
    })
}

#[test]
fn a_job_is_seen_and_ended_from_either_server() {
    let Some(pair) = Pair::start("[deliver]\nallow = [\"127.0.0.0/8\"]\n") else { return };
    let [one, other] = &pair.servers;
    let receiver = slow();
    let path = simulated(one, &receiver);
    wait_for("how far it is, is seen", || other.get(&path).good()["done"].as_u64().filter(|done| *done > 2));
    let agent = json!({ "kind": "http", "url": receiver.url, "credential": "hush" });
    let second = other.post("/v1/simulations", &json!({ "agent": agent, "size": "all" }));
    assert_eq!(second.problem(), (409, "under_way".to_owned()), "one at a time, wherever it runs");
    assert_eq!(other.post(&format!("{path}/cancel"), &json!({})).status, 202);
    let ended =
        wait_for("it ends", || Some(one.get(&path).good()).filter(|shown| shown["state"] != "running"));
    assert_eq!(ended["state"], "cancelled");
    assert!(ended["done"].as_u64().is_some_and(|done| (3..120).contains(&done)), "{ended}");
    assert_eq!(other.get(&path).good()["state"], "cancelled");
}

#[test]
fn a_job_of_a_server_that_is_killed_says_so_and_goes_on_at_another() {
    let Some(pair) = Pair::start("[deliver]\nallow = [\"127.0.0.0/8\"]\n") else { return };
    let Pair { database: _database, homes: _homes, servers: [one, other], _bucket } = pair;
    let receiver = slow();
    let path = simulated(&one, &receiver);
    wait_for("cases are kept", || other.get(&path).good()["done"].as_u64().filter(|done| *done > 2));
    one.kill();
    let broken = wait_for("it is settled", || {
        Some(other.get(&path).good()).filter(|shown| shown["state"] != "running")
    });
    assert_eq!((&broken["state"], &broken["reason"]), (&json!("failed"), &json!("the server ended")));
    assert_eq!(other.post(&format!("{path}/continue"), &json!({})).status, 202);
    let ended =
        wait_for("it ends", || Some(other.get(&path).good()).filter(|shown| shown["state"] != "running"));
    assert_eq!((&ended["state"], &ended["done"]), (&json!("done"), &json!(120)));
}

/// What a server tells of an operation once that is over.
fn over(server: &Process, path: &str) -> Value {
    let is_over = |shown: &Value| !["running", "making"].contains(&shown["state"].as_str().expect("a state"));
    wait_for("it is over", || Some(server.get(path).good()).filter(is_over))
}

/// Asks a server for something that takes a while; where it is told of.
fn asked(server: &Process, path: &str, wanted: &Value) -> String {
    let begun = server.post(path, wanted);
    assert_eq!(begun.status, 202, "{path}: {}", begun.text());
    format!("{path}/{}", begun.json()["id"].as_str().expect("an id"))
}

#[test]
fn what_is_asked_at_one_server_is_told_by_the_other() {
    let Some(pair) = Pair::start("") else { return };
    let [one, other] = &pair.servers;
    assert_eq!(one.append(&failures("ana", 24)).status, 201);
    assert_eq!(one.post("/v1/conversations", &json!(conversations(30))).status, 200);
    let backtest = asked(one, "/v1/rules/backtests", &json!({ "rule": "A1" }));
    let told = over(other, &backtest);
    assert_eq!((&told["state"], &told["judged"]), (&json!("done"), &told["size"]));
    assert!(told["result"]["raised"].as_u64().is_some_and(|raised| raised > 0), "{told}");
    assert_eq!(one.get(&backtest).good(), told);
    let insights = asked(one, "/v1/insights", &json!({}));
    assert_eq!(over(other, &insights)["state"], "done");
    let wanted = json!({ "template": "failed-sign-ins", "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z" });
    let report = asked(one, "/v1/reports", &wanted);
    assert_eq!(over(other, &report)["state"], "ready");
    assert!(other.get(&format!("{report}/file/pdf")).body.starts_with(b"%PDF"));
    // The next takes the place of the last, wherever either was asked for.
    asked(other, "/v1/rules/backtests", &json!({ "rule": "A1" }));
    assert_eq!(one.get(&backtest).problem(), (404, "not_found".to_owned()));
}

#[test]
fn what_a_server_worked_out_that_is_killed_has_failed() {
    let Some(pair) = Pair::start("") else { return };
    let Pair { database: _database, homes: _homes, servers: [one, other], _bucket } = pair;
    for _ in 0..20 {
        assert_eq!(one.append(&failures("ana", 1_000)).status, 201);
    }
    let backtest = asked(&one, "/v1/rules/backtests", &json!({}));
    one.kill();
    let told = over(&other, &backtest);
    assert_eq!(told["state"], "failed", "{told}");
    assert!(told["reason"].as_str().is_some_and(|why| why.contains("the server ended")), "{told}");
    assert_eq!(over(&other, &asked(&other, "/v1/rules/backtests", &json!({})))["state"], "done");
}
