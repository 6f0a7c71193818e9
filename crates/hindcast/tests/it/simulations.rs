//! What an agent would have made of the past: recorded agents and real ones, good, slow, lying and worse; cancelled, killed, and
//! gone on with. Nothing is done, and nothing but the run itself is told in the log.

use crate::mcp_peers::Client;
use crate::process::{Home, wait_for};
use crate::receiver::{Receiver, Reply, Sent, says, told};
use crate::support::{Answer, TestServer};
use hindcast::catalog::Scope;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CAP: &str = r#"
@id("refund-cap") @reason("Refunds above 50 are for people.")
forbid(principal is Agent, action == Action::"order.refund", resource)
when { context.arguments.amount_cents > 5000 };
"#;

/// A server with a history, a tool for refunds and one for look-ups, and a token that simulates.
struct House {
    server: TestServer,
    token: String,
}

impl House {
    fn open() -> Self {
        let server = TestServer::start_with(|config| {
            config.alerts.judge = false;
            config.deliver.allow = vec!["127.0.0.0/8".parse().expect("a network")];
        });
        let token = server.token_with(&[Scope::Policies, Scope::Conversations, Scope::Read], |_| ());
        let house = Self { server, token };
        let cents = json!({ "type": "object", "properties": { "amount_cents": { "type": "integer" } }, "required": ["amount_cents"] });
        house.declare("order.refund", &cents, true);
        house.declare("order.lookup", &json!({ "type": "object" }), false);
        house
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server.call(method, path).by(&self.token).json(body)
    }

    fn get(&self, path: &str) -> Value {
        self.server.get(path).by(&self.token).send().good()
    }

    fn declare(&self, name: &str, schema: &Value, writes: bool) {
        let tool = json!({ "description": "A tool.", "input_schema": schema, "writes": writes });
        self.call("PUT", &format!("/v1/tools/{name}"), &tool).good();
    }

    fn import(&self, conversations: &[Value]) {
        for batch in conversations.chunks(1_000) {
            self.call("POST", "/v1/conversations", &json!(batch)).good();
        }
    }

    fn begin(&self, wanted: &Value) -> String {
        let answer = self.call("POST", "/v1/simulations", wanted);
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    fn ended(&self, id: &str) -> Value {
        wait_for("the simulation ends", || {
            let shown = self.get(&format!("/v1/simulations/{id}"));
            (shown["state"] != "running").then_some(shown)
        })
    }

    fn simulated(&self, wanted: &Value) -> Value {
        let ended = self.ended(&self.begin(wanted));
        assert_eq!(ended["state"], "done", "{ended}");
        ended
    }

    fn cases(&self, simulation: &Value) -> Vec<Value> {
        let id = simulation["id"].as_str().expect("an id");
        let page = self.get(&format!("/v1/simulations/{id}/cases?limit=200"));
        page["cases"].as_array().expect("cases").clone()
    }
}

/// Somebody asks for money back, and a person says yes.
fn conversation(nth: usize) -> Value {
    json!({
        "id": format!("c-{nth:03}"), "source": "shop", "opened_at": "2026-10-01T10:00:00Z", "channel": "chat", "language": "en",
        "customer": { "id": "u-7", "name": "Ana Ito", "email": "ana@x.example", "tier": "gold" },
        "messages": [
            { "at": "2026-10-01T10:00:00Z", "role": "customer", "text": format!("Please refund order {nth}. I am ana@x.example, Ana Ito.") },
            { "at": "2026-10-01T10:05:00Z", "role": "teammate", "text": "We have refunded your order. Have a nice day",
              "calls": [{ "tool": "order.refund", "arguments": { "id": nth, "amount_cents": 100 * nth } }] },
        ],
        "tags": [{ "at": "2026-10-01T10:06:00Z", "tag": "refund" }],
    })
}

pub fn conversations(count: usize) -> Vec<Value> {
    (1..=count).map(conversation).collect()
}

fn number(sent: &Sent) -> usize {
    let id = sent.json()["conversation"]["id"].as_str().expect("an id").to_owned();
    id.trim_start_matches("c-").parse().expect("a number")
}

/// An agent that looks the order up and then refunds it, as people did.
fn good(sent: &Sent) -> Reply {
    let (nth, asked) = (number(sent), sent.json());
    if asked["tool_results"].as_array().is_none_or(Vec::is_empty) {
        let call = json!({ "id": "t1", "tool": "order.lookup", "args": { "id": nth } });
        return told(200, &json!({ "tool_calls_pending": [call], "usage": { "input_tokens": 10 } }));
    }
    told(
        200,
        &json!({
            "reply": "We have refunded your order. Have a nice day!", "resolved": true, "confidence": 90,
            "actions": [{ "tool": "order.refund", "args": { "id": nth, "amount_cents": 100 * nth } }],
            "usage": { "input_tokens": 20, "output_tokens": 5, "cost_usd": 0.001 },
        }),
    )
}

fn agent(receiver: &Receiver) -> Value {
    json!({ "kind": "http", "url": receiver.url, "version": "3", "credential": "hush", "timeout_ms": 5000 })
}

fn hits(simulation: &Value, outcome: &str) -> u64 {
    simulation["report"]["outcomes"][outcome]["hits"].as_u64().expect("a count")
}

#[test]
fn a_good_agent_is_stopped_by_a_policy_on_trial_in_the_text_alone() {
    let house = House::open();
    house.import(&conversations(100));
    let receiver = Receiver::start(good);
    let wanted = json!({ "agent": agent(&receiver), "size": "all",
        "fixtures": [{ "tool": "order.lookup", "result": { "state": "paid" } }] });
    let free = house.simulated(&wanted);
    assert_eq!(
        (hits(&free, "resolved"), &free["report"]["verdict"]["kind"]),
        (100, &json!("no_baseline")),
        "{free}"
    );
    assert_eq!(free["report"]["actions"]["exact_cases"]["hits"], 100);
    assert_eq!(free["report"]["usage"]["input_tokens"]["sum"], 100 * 30);

    let mut capped = wanted.clone();
    capped["candidates"] = json!({ "refunds": CAP });
    capped["baseline"] = free["id"].clone();
    capped["required"] = json!({ "kind": "agent", "max_age_hours": 1, "min_n": 30,
        "thresholds": [{ "measure": "forbidden_calls", "at_most": 0 }] });
    capped["forecast"] = json!({ "currency": "USD", "month": { "first": 20789, "days": 31, "draws": 100, "seed": 7 },
        "plans": [{ "name": "each", "parts": [{ "kind": "per_resolution", "price_micros": 990000 }] }] });
    let capped = house.simulated(&capped);
    assert_eq!((hits(&capped, "resolved"), hits(&capped, "escalated")), (50, 50));
    assert_eq!(capped["report"]["escalations"]["policy_denied"]["hits"], 50);
    assert_eq!(capped["report"]["rules"]["groups"]["refund-cap"]["prevented"], 50);
    assert_eq!(capped["report"]["verdict"]["kind"], "worse");
    assert_eq!(capped["missing"].as_array().map(Vec::len), Some(1), "{}", capped["missing"]);
    assert!(
        capped["forecast"]["rules"][0]["resolutions_removed"].as_u64() > Some(0),
        "{}",
        capped["forecast"]
    );

    let first = receiver.sent()[0].clone();
    assert_eq!((first.path.as_str(), first.header("authorization")), ("/v1/respond", "Bearer hush"));
    let text = first.text();
    assert!(
        text.contains("\"simulated\":true") && !text.contains("nice day"),
        "the human's answer is not shown"
    );
    let log = house.server.get("/v1/events?q=action:simulation.*&limit=100").send().good();
    let told: Vec<_> =
        log["entries"].as_array().expect("entries").iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(told, ["simulation.ended", "simulation.started", "simulation.ended", "simulation.started"]);
    assert_eq!(house.server.get("/v1/count?q=action:gate.decided").send().good()["count"], 0);
    assert_eq!(house.server.get("/v1/count?q=action:order.*").send().good()["count"], 0);
    assert!(!house.get("/v1/simulations").to_string().contains("hush"));
}

#[test]
fn an_agent_that_calls_its_tools_itself_does_nothing_and_is_judged_by_every_call() {
    let house = House::open();
    house.import(&conversations(40));
    let told_of = Arc::new(Mutex::new(Vec::new()));
    let noted = told_of.clone();
    let receiver = Receiver::start(move |sent| {
        let (nth, asked) = (number(sent), sent.json());
        assert_eq!(asked["tools"], json!([]), "they are where it is told to look");
        let access = ["url", "token"].map(|name| asked["mcp"][name].as_str().expect("a text").to_owned());
        noted.lock().expect("not poisoned").push(access.clone());
        let work = move || {
            let [url, token] = access;
            let tools = Client::connect(&url, &token);
            assert_eq!(tools.names(), ["order.lookup", "order.refund"]);
            assert_eq!(
                tools.call("order.lookup", json!({ "id": nth })).as_deref(),
                Ok(r#"{"state":"paid"}"#)
            );
            let unknown = tools.call("order.refund", json!({ "id": nth, "amount_cents": 100 * nth }));
            assert!(unknown.is_ok_and(|told| told.starts_with("unknown: ")), "nobody recorded it");
        };
        // The client brings a runtime of its own.
        std::thread::spawn(work).join().expect("worked");
        told(
            200,
            &json!({ "reply": "We have refunded your order. Have a nice day!", "resolved": true, "confidence": 90 }),
        )
    });
    let wanted = json!({
        "agent": { "kind": "mcp", "url": receiver.url, "server": house.server.url, "timeout_ms": 60_000 },
        "size": "all", "candidates": { "refunds": CAP }, "concurrency": 1,
        "fixtures": [{ "tool": "order.lookup", "result": { "state": "paid" } }] });
    let ended = house.simulated(&wanted);
    assert_eq!((hits(&ended, "resolved"), hits(&ended, "failed")), (40, 0), "{ended}");
    assert_eq!(ended["report"]["actions"]["exact_cases"]["hits"], 40);
    let told_of = told_of.lock().expect("not poisoned").clone();
    let tokens: BTreeSet<_> = told_of.iter().map(|[_, token]| token.clone()).collect();
    assert_eq!(tokens.len(), 40, "a token for each conversation");
    let [url, token] = &told_of[0];
    let refused = Client::try_connect(url, token).err().expect("it is over");
    assert!(refused.contains("401"), "{refused}");
    assert_eq!(house.server.get("/v1/count?q=action:gate.decided").send().good()["count"], 0);
    assert_eq!(house.server.get("/v1/count?q=action:order.*").send().good()["count"], 0);

    let strict = CAP.replace("5000", "2000");
    let mut strict = json!({ "candidates": { "refunds": strict }, "agent": wanted["agent"], "size": "all",
        "fixtures": wanted["fixtures"] });
    let ended = house.simulated(&strict);
    assert_eq!((hits(&ended, "resolved"), hits(&ended, "escalated")), (20, 20), "what it called was denied");
    strict["agent"]["server"] = Value::Null;
    let refused = house.call("POST", "/v1/simulations", &strict);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.json()["field"], "agent.server", "nobody said where we are");
}

#[test]
fn the_same_question_is_answered_from_what_is_kept() {
    let house = House::open();
    house.import(&conversations(40));
    let receiver = Receiver::start(good);
    let wanted = json!({ "agent": agent(&receiver), "seed": 3, "size": { "of": 30 } });
    let first = house.simulated(&wanted);
    let asked = receiver.sent().len();
    let again = house.simulated(&wanted);
    assert_eq!((&again["same_as"], receiver.sent().len()), (&first["id"], asked));
    assert_eq!(again["report"]["resolution"], first["report"]["resolution"]);
    assert_eq!(house.cases(&again), house.cases(&first));
    let mut fresh = wanted.clone();
    fresh["fresh"] = true.into();
    assert_eq!(house.simulated(&fresh)["same_as"], Value::Null);
    assert_eq!(receiver.sent().len(), 2 * asked);
    let all: Vec<_> = conversations(40)
        .into_iter()
        .map(|mut one| {
            one["subject"] = "Another".into();
            one
        })
        .collect();
    house.import(&all);
    assert_eq!(house.simulated(&wanted)["same_as"], Value::Null, "what it is about has changed");
}

#[test]
fn bad_agents_fail_case_by_case_and_the_run_goes_on() {
    let house = House::open();
    house.import(&conversations(30));
    let tried = Mutex::new(BTreeSet::new());
    let receiver = Receiver::start(move |sent| match number(sent) % 6 {
        0 => Reply::Hangs,
        1 => told(200, &json!({ "resolved": true, "reply": "Done", "shell": "rm" })),
        2 => Reply::Babbles,
        3 => says(403),
        4 if tried.lock().expect("not poisoned").insert(number(sent)) => says(503),
        // It lies: it says that it is done, and means to do what nobody knows.
        _ => told(
            200,
            &json!({ "resolved": true, "reply": "Sent to bob@y.example",
            "actions": [{ "tool": "order.teleport", "args": {} }] }),
        ),
    });
    let mut wanted = json!({ "agent": agent(&receiver), "size": "all", "concurrency": 8 });
    wanted["agent"]["timeout_ms"] = 1_500.into();
    let ended = house.simulated(&wanted);
    let report = &ended["report"];
    assert_eq!(
        report["failures"],
        json!({ "slow": 5, "garbage": 5, "too_large": 5, "refused": 5 }),
        "{report}"
    );
    assert_eq!((hits(&ended, "failed"), hits(&ended, "resolved")), (20, 0));
    assert_eq!(
        (&report["safety"]["invented_tools"], &report["safety"]["personal_data"]),
        (&json!(10), &json!(10))
    );
    let garbage =
        house.cases(&ended).into_iter().find(|case| case["answer"]["failed"]["failure"] == "garbage");
    let why = garbage.expect("one")["answer"]["why"].as_str().expect("a sentence").to_owned();
    assert!(why.contains("shell"), "{why}");
}

#[test]
fn a_budget_ends_a_run_and_another_one_goes_on_with_it() {
    let house = House::open();
    house.import(&conversations(40));
    let receiver = Receiver::start(good);
    let ended = house.simulated(
        &json!({ "agent": agent(&receiver), "size": "all", "budget": { "requests": 50 }, "concurrency": 1 }),
    );
    assert_eq!((&ended["done"], &ended["report"]["failures"]["budget"]), (&json!(25), &json!(15)));
    assert_eq!(ended["report"]["verdict"], json!({ "kind": "partial", "done": 25, "planned": 40 }));
    assert_eq!(receiver.sent().len(), 50);
    let id = ended["id"].as_str().expect("an id");
    assert_eq!(house.call("POST", &format!("/v1/simulations/{id}/continue"), &json!({})).status, 202);
    let ended = house.ended(id);
    assert_eq!(
        (&ended["done"], hits(&ended, "resolved"), receiver.sent().len()),
        (&json!(40), 40, 80),
        "{ended}"
    );
}

#[test]
fn what_is_personal_can_be_kept_from_an_agent() {
    let house = House::open();
    house.import(&conversations(2));
    let receiver = Receiver::start(good);
    house.simulated(&json!({ "agent": agent(&receiver), "size": "all", "redact": true }));
    let all: String = receiver.sent().iter().map(|sent| sent.text().to_owned()).collect();
    assert!(all.contains("Please refund order 1") && all.contains("gold"), "{all}");
    assert!(!all.contains("ana@x.example") && !all.contains("Ana Ito") && !all.contains("u-7"), "{all}");
}

#[test]
fn a_model_behind_a_chat_endpoint_resolves_or_escalates() {
    let house = House::open();
    house.import(&conversations(30));
    let receiver = Receiver::start(|sent| {
        let asked = sent.json();
        let last = asked["messages"].as_array().expect("messages").last().expect("one").clone();
        let call = |name: &str, arguments: Value| {
            let function = json!({ "name": name, "arguments": arguments.to_string() });
            let message = json!({ "role": "assistant", "content": "We have refunded your order. Have a nice day",
                "tool_calls": [{ "id": "a", "type": "function", "function": function }] });
            told(
                200,
                &json!({ "choices": [{ "message": message }], "usage": { "prompt_tokens": 7, "completion_tokens": 2 } }),
            )
        };
        match (last["role"].as_str(), last["content"].as_str().unwrap_or_default()) {
            (Some("tool"), _) => call("resolve", json!({ "summary": "refunded" })),
            (_, text) if text.contains("order 13.") => {
                call("escalate", json!({ "reason": "customer asked" }))
            }
            _ => call("order_refund", json!({ "amount_cents": 1 })),
        }
    });
    let agent = json!({ "kind": "chat", "url": format!("{}/v1", receiver.url), "model": "small" });
    let ended = house.simulated(&json!({ "agent": agent, "size": "all", "agreement_min": 40 }));
    assert_eq!((hits(&ended, "resolved"), hits(&ended, "escalated")), (29, 1), "{}", ended["report"]);
    assert_eq!(ended["report"]["escalations"]["customer_asked"]["hits"], 1);
    assert_eq!(ended["report"]["unknown_tool_results"], 29);
    assert_eq!(receiver.sent()[0].path, "/v1/chat/completions");
}

#[test]
fn an_address_within_is_not_asked_and_what_does_not_fit_is_refused() {
    let server = TestServer::quiet();
    let token = server.token_with(&[Scope::Policies, Scope::Conversations, Scope::Read], |_| ());
    let house = House { server, token };
    let begin = |wanted: Value| house.call("POST", "/v1/simulations", &wanted);
    let recorded = json!({ "agent": { "kind": "recorded" } });
    let none = begin(recorded.clone());
    assert_eq!(
        (none.problem(), &none.json()["field"]),
        ((422, "invalid_body".to_owned()), &json!("conversations"))
    );
    house.import(&conversations(1));
    for (name, value) in [
        ("size", json!({ "of": -1 })),
        ("candidates", json!({ "x": "permit(" })),
        ("baseline", json!("nobody")),
        ("agreement_min", json!(101)),
        ("surprise", json!(1)),
    ] {
        let mut wanted = json!({ "agent": { "kind": "http", "url": "https://agent.example" } });
        wanted[name] = value;
        assert_eq!(begin(wanted).status, 422, "{name}");
    }
    let receiver = Receiver::start(good);
    let ended = house.simulated(&json!({ "agent": agent(&receiver) }));
    assert_eq!((hits(&ended, "failed"), receiver.sent().len()), (1, 0));
    let why = house.cases(&ended)[0]["answer"]["why"].to_string();
    assert!(why.contains("loopback"), "{why}");
}

#[test]
fn whoever_may_not_simulate_finds_nothing() {
    let house = House::open();
    house.import(&conversations(1));
    let receiver = Receiver::start(good);
    let ended = house.simulated(&json!({ "agent": agent(&receiver) }));
    let id = ended["id"].as_str().expect("an id");
    let (other, stranger) = house.server.another_workspace();
    for scopes in [&[Scope::Policies][..], &[Scope::Conversations], &[Scope::Read, Scope::Ingest]] {
        let token = house.server.token_with(scopes, |_| ());
        assert_eq!(house.server.get(&format!("/v1/simulations/{id}")).by(&token).send().status, 403);
        assert_eq!(
            house
                .server
                .post("/v1/simulations")
                .by(&token)
                .json(&json!({ "agent": { "kind": "recorded" } }))
                .status,
            403
        );
    }
    assert_eq!(house.server.get(&format!("/v1/simulations/{id}")).by(&stranger).send().status, 403);
    for path in ["", "/cases"] {
        let call = house.server.get(&format!("/v1/simulations/{id}{path}")).by_admin();
        assert_eq!(call.with("hindcast-workspace", &other).send().status, 404, "{path}");
    }
    assert_eq!(house.call("DELETE", &format!("/v1/simulations/{id}"), &json!({})).status, 204);
    assert_eq!(house.server.get(&format!("/v1/simulations/{id}")).by(&house.token).send().status, 404);
}

#[test]
fn what_agents_said_of_somebody_goes_with_the_conversation() {
    let house = House::open();
    house.import(&conversations(2));
    let receiver = Receiver::start(good);
    let ended = house.simulated(&json!({ "agent": agent(&receiver), "size": "all" }));
    let eraser = house.server.token_with(&[Scope::Erase], |_| ());
    assert_eq!(house.server.call("DELETE", "/v1/conversations/c-001").by(&eraser).send().status, 204);
    let answers: Vec<_> = house.cases(&ended).iter().map(|case| case["answer"].is_null()).collect();
    assert_eq!(answers, [true, false]);
}

#[test]
fn a_run_is_cancelled_and_only_one_is_under_way() {
    let house = House::open();
    house.import(&conversations(60));
    let receiver = Receiver::start(|sent| {
        std::thread::sleep(Duration::from_millis(50));
        good(sent)
    });
    let wanted = json!({ "agent": agent(&receiver), "size": "all", "concurrency": 1 });
    let id = house.begin(&wanted);
    let second = house.call("POST", "/v1/simulations", &wanted);
    assert_eq!(second.problem(), (409, "under_way".to_owned()));
    wait_for("something was looked at", || {
        house.get(&format!("/v1/simulations/{id}"))["done"].as_u64().filter(|done| *done > 2)
    });
    assert_eq!(house.call("DELETE", &format!("/v1/simulations/{id}"), &json!({})).status, 409);
    assert_eq!(house.call("POST", &format!("/v1/simulations/{id}/cancel"), &json!({})).status, 202);
    let ended = house.ended(&id);
    let done = ended["done"].as_u64().expect("a count");
    assert_eq!(
        (&ended["state"], &ended["report"]["verdict"]["kind"]),
        (&json!("cancelled"), &json!("partial"))
    );
    assert!((3..60).contains(&done), "{done}");
    assert_eq!(ended["report"]["resolution"]["n"], done);
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let mut home = Home::new("[deliver]\nallow = [\"127.0.0.0/8\"]\n");
    let receiver = Receiver::start(|sent| {
        std::thread::sleep(Duration::from_millis(30));
        told(
            200,
            &json!({ "resolved": true, "reply": format!("We have refunded your order {}", number(sent)) }),
        )
    });
    let wanted = json!({ "agent": { "kind": "http", "url": receiver.url, "credential": "hush" }, "size": "all", "concurrency": 2 });
    let process = home.start();
    assert_eq!(process.post("/v1/conversations", &json!(conversations(150))).status, 200);
    let begun = process.post("/v1/simulations", &wanted);
    assert_eq!(begun.status, 202, "{}", begun.text());
    let path = format!("/v1/simulations/{}", begun.json()["id"].as_str().expect("an id"));
    // What was kept, not what is only counted: the cases say.
    wait_for("cases are kept", || {
        let cases = process.get(&format!("{path}/cases?limit=200")).good();
        let looked = cases["cases"].as_array()?.iter().filter(|case| !case["outcome"].is_null()).count();
        (looked > 10).then_some(())
    });
    drop(process);
    let process = home.start();
    // Where there may be other servers, it takes some seconds until it is sure that the one is gone.
    let broken = wait_for("it is told", || {
        Some(process.get(&path).good()).filter(|broken| broken["state"] != "running")
    });
    assert_eq!((&broken["state"], &broken["reason"]), (&json!("failed"), &json!("the server ended")));
    let kept = broken["done"].as_u64().expect("a count");
    assert!((11..150).contains(&kept), "{kept}");
    let before = receiver.sent().len();
    assert_eq!(process.post(&format!("{path}/continue"), &json!({})).status, 202);
    let ended =
        wait_for("it ends", || Some(process.get(&path).good()).filter(|shown| shown["state"] != "running"));
    assert_eq!((&ended["state"], &ended["done"]), (&json!("done"), &json!(150)));
    assert_eq!(ended["report"]["resolution"]["n"], 150, "each case once");
    assert_eq!(
        receiver.sent().len() - before,
        150 - kept as usize,
        "and only those that were left are asked about"
    );
    assert_eq!(receiver.sent().last().expect("one").header("authorization"), "Bearer hush");
}

#[test]
fn the_command_line_says_what_is_missing_by_its_exit_code() {
    let house = House::open();
    house.import(&conversations(60));
    let receiver = Receiver::start(good);
    let folder = tempfile::tempdir().expect("a folder");
    let (file, cap) = (folder.path().join("wanted.json"), folder.path().join("refunds.cedar"));
    let required = json!({ "kind": "agent", "max_age_hours": 1, "min_n": 30,
        "thresholds": [{ "measure": "forbidden_calls", "at_most": 0 }] });
    std::fs::write(
        &file,
        json!({ "agent": { "kind": "http", "url": "https://x.example" }, "required": required }).to_string(),
    )
    .expect("written");
    std::fs::write(&cap, CAP).expect("written");
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
        program
            .arg("simulate")
            .args(arguments)
            .args(["--url", &house.server.url])
            .env("HINDCAST_TOKEN", &house.token);
        let output = program.stdin(Stdio::null()).output().expect("ran");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let file = file.to_str().expect("UTF-8");
    let (code, said) = run(&["run", file, "--agent", &receiver.url, "--size", "all"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("predicted resolution\t60 of 60"), "{said}");
    let (code, said) = run(&[
        "run",
        file,
        "--agent",
        &receiver.url,
        "--size",
        "all",
        "--candidate",
        cap.to_str().expect("UTF-8"),
    ]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("missing: ") && said.contains("at most 0 is required"), "{said}");
    let (code, said) = run(&["list", "--json"]);
    assert_eq!((code, said.lines().count()), (Some(0), 2), "{said}");
}

/// Recorded conversations of a real agent, with the score each got and the actions that would have been right.
fn tau() -> Option<Vec<Value>> {
    let shared =
        std::env::var_os("HINDCAST_SHARED").map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let Ok(text) = std::fs::read(shared.join("data/tau-bench/gpt-4o-airline-trials-0-1.json")) else {
        eprintln!("skipped: there is no data/tau-bench; set HINDCAST_SHARED to its folder");
        return None;
    };
    serde_json::from_slice(&text).ok()
}

const READS: [&str; 8] = [
    "get_user_details",
    "get_reservation_details",
    "list_all_airports",
    "search_direct_flight",
    "search_onestop_flight",
    "calculate",
    "think",
    "transfer_to_human_agents",
];
const WRITES: [&str; 6] = [
    "update_reservation_flights",
    "cancel_reservation",
    "book_reservation",
    "update_reservation_baggages",
    "send_certificate",
    "update_reservation_passengers",
];

#[test]
fn recorded_agents_are_judged_again_without_asking_anybody() {
    let Some(all) = tau() else { return };
    let house = House::open();
    for (names, writes) in [(&READS[..], false), (&WRITES[..], true)] {
        names
            .iter()
            .for_each(|name| house.declare(&format!("tool.{name}"), &json!({ "type": "object" }), writes));
    }
    let recorded = |one: &Value| {
        let calls = |message: &Value| -> Value {
            message["tool_calls"].as_array().into_iter().flatten()
                .map(|call| json!({ "tool": call["function"]["name"],
                    "arguments": serde_json::from_str::<Value>(call["function"]["arguments"].as_str().expect("text")).expect("JSON") }))
                .collect()
        };
        let mut messages: Vec<Value> = Vec::new();
        for (nth, message) in one["traj"].as_array().expect("messages").iter().enumerate() {
            let role = match message["role"].as_str() {
                Some("assistant") => "agent",
                Some("user") => "customer",
                _ => continue,
            };
            messages
                .push(json!({ "at": format!("2024-05-15T15:{:02}:{:02}Z", nth / 60, nth % 60), "role": role,
                "text": message["content"].as_str().unwrap_or_default(), "calls": calls(message) }));
        }
        let right: Vec<_> = one["info"]["task"]["actions"]
            .as_array()
            .expect("actions")
            .iter()
            .map(|action| json!({ "tool": action["name"], "arguments": action["kwargs"] }))
            .collect();
        messages
            .push(json!({ "at": "2024-05-15T16:00:00Z", "role": "teammate", "text": "", "calls": right }));
        json!({ "id": format!("{}-{}", one["task_id"], one["trial"]), "source": "tau-bench", "opened_at": "2024-05-15T15:00:00Z",
            "channel": "chat", "language": "en", "score": one["reward"], "messages": messages })
    };
    house.import(&all.iter().map(recorded).collect::<Vec<_>>());
    let ended = house.simulated(&json!({ "agent": { "kind": "recorded" }, "size": "all" }));
    let report = &ended["report"];
    assert_eq!(
        (&report["resolution"]["hits"], &report["resolution"]["n"]),
        (&json!(43), &json!(100)),
        "{}",
        report["outcomes"]
    );
    assert_eq!(report["actions"]["exact_cases"]["hits"], 40);
    let counts = ["expected", "proposed", "exact", "wrong_argument", "missing", "extra"]
        .map(|name| report["actions"]["total"][name].clone());
    assert_eq!(json!(counts), json!([112, 121, 46, 21, 45, 54]));
}
