//! Workflows are tried on the conversations of the history by the code that asks them live, and what is found is kept.

use crate::process::wait_for;
use crate::support::{Answer, TestServer};
use hindcast::catalog::{Found, NewReplay, REPLAYS_WAITING_MAX, Scope};
use hindcast::people::Role;
use hindcast_event::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::{Command, Output};

const REFUNDS: &str = "if:
  all:
    - {field: message.text, op: contains, value: refund}
    - {field: customer.tier, op: is_not, value: vip}
then:
  - tag.add: refund
";
const TAGGED: &str = "if:
  all:
    - {field: ticket.tags, op: changed}
    - {field: ticket.tags, op: contains, value: late}
then:
  - escalate: {team: billing}
";

fn text(name: &str, triggers: &str, rest: &str) -> String {
    format!("schema: workflow/1\nname: {name}\ntrigger: [{triggers}]\n{rest}")
}

struct Desk {
    server: TestServer,
    token: String,
}

impl Desk {
    fn open() -> Self {
        let server = TestServer::start_with(|config| config.alerts.judge = false);
        let token = server.token_with(&[Scope::Policies, Scope::Conversations, Scope::Read], |_| ());
        Self { server, token }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server.call(method, path).by(&self.token).json(body)
    }

    fn get(&self, path: &str) -> Value {
        self.server.get(path).by(&self.token).send().good()
    }

    /// Saves a text as the newest version; with a standing it is put in force.
    fn save(&self, name: &str, text: &str, standing: Option<&str>) -> i64 {
        let path = format!("/v1/workflows/{name}");
        let known = self.server.get(&path).by(&self.token).send();
        let version = if known.status == 200 { known.json()["version"].clone() } else { json!(0) };
        let saved = self.call("PUT", &path, &json!({ "text": text, "version": version })).good();
        if let Some(standing) = standing {
            let mut wanted = json!({ "version": saved["version"] });
            wanted[standing] = saved["newest"].clone();
            self.call("POST", &format!("{path}/activate"), &wanted).good();
        }
        saved["newest"].as_i64().expect("a number")
    }

    fn import(&self, conversations: &[Value]) {
        self.call("POST", "/v1/conversations", &json!(conversations)).good();
    }

    /// Asks, and waits for the report.
    fn replay(&self, mut wanted: Value) -> Value {
        wanted["kind"] = "workflow".into();
        let begun = self.call("POST", "/v1/replays", &wanted);
        assert!(matches!(begun.status, 200 | 202), "{}", begun.text());
        let path = format!("/v1/replays/{}", begun.json()["id"].as_str().expect("an id"));
        let done = wait_for("the replay", || {
            let shown = self.get(&path);
            shown["finished_at"].is_string().then_some(shown)
        });
        assert_eq!((&done["state"], &done["problem"]), (&json!("succeeded"), &json!(null)), "{done}");
        assert_eq!(done["done"], done["total"]);
        done
    }

    fn runs(&self) -> Vec<Value> {
        let (mut all, mut before) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/v1/workflows/runs?limit=200{before}"));
            all.extend(page["runs"].as_array().expect("runs").iter().cloned());
            match page["next"].as_i64() {
                Some(next) => before = format!("&before={next}"),
                None => return all,
            }
        }
    }
}

/// A conversation of a minute ago, or of so many days ago.
fn conversation(nth: usize, opened_at: Timestamp) -> Value {
    let asked = ["Where is my refund?", "Hello", "I want a refund, now"][nth % 3];
    let mut conversation = json!({
        "id": format!("c-{nth}"), "source": "helpdesk", "channel": "email", "opened_at": opened_at.to_string(),
        "messages": [{ "at": opened_at.to_string(), "role": "customer", "text": asked }],
    });
    // Of every fourth nobody recorded who it is.
    if !nth.is_multiple_of(4) {
        conversation["customer"] = json!({ "tier": if nth.is_multiple_of(5) { "vip" } else { "std" } });
    }
    conversation
}

fn seconds_after(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + seconds * 1_000_000)
}

fn days_ago(days: i64) -> Timestamp {
    let now = Timestamp::parse("2026-11-20T12:00:00Z").expect("a time");
    seconds_after(now, -days * 86_400)
}

fn row<'r>(report: &'r Value, name: &str) -> &'r Value {
    let rows = report["workflows"]["by_workflow"].as_array().expect("rows");
    rows.iter().find(|row| row["workflow"] == name).unwrap_or_else(|| panic!("{name} in {rows:?}"))
}

#[test]
fn what_workflows_said_live_is_what_a_replay_says_of_the_same_happenings() {
    let desk = Desk::open();
    desk.save("refunds", &text("refunds", "ticket.created, message.received", REFUNDS), Some("shadow"));
    desk.save("tagged", &text("tagged", "ticket.updated", TAGGED), Some("shadow"));
    let began = seconds_after((desk.server.app.clock)(), -300);
    let mut all: Vec<Value> =
        (0..100).map(|nth| conversation(nth, seconds_after(began, nth as i64 % 60))).collect();
    desk.import(&all);
    // The created are heard before anything else happens to them, as facts are those of when workflows are asked.
    let created = |runs: &[Value]| runs.iter().filter(|run| run["trigger"] == "ticket.created").count();
    let expected = (0..100).filter(|nth| nth % 3 != 1 && (nth % 4 == 0 || nth % 5 != 0)).count();
    wait_for("the created are heard", || (created(&desk.runs()) == expected).then_some(()));
    for (nth, one) in all.iter_mut().enumerate().filter(|(nth, _)| nth % 2 == 0) {
        let at = seconds_after(began, 100 + nth as i64).to_string();
        let more =
            json!({ "at": at, "role": "customer", "text": if nth % 4 == 0 { "refund!" } else { "and?" } });
        one["messages"].as_array_mut().expect("messages").push(more);
    }
    desk.import(&all);
    let received = |runs: &[Value]| runs.iter().filter(|run| run["trigger"] == "message.received").count();
    wait_for("the messages are heard", || (received(&desk.runs()) == 25).then_some(()));
    for nth in 0..10 {
        desk.call("POST", &format!("/v1/conversations/c-{nth}/tags"), &json!({ "tag": "late" })).good();
    }
    let updated = |runs: &[Value]| runs.iter().filter(|run| run["trigger"] == "ticket.updated").count();
    wait_for("the tags are heard", || (updated(&desk.runs()) == 10).then_some(()));

    let runs = desk.runs();
    for name in ["refunds", "tagged"] {
        let done =
            desk.replay(json!({ "candidate": { "workflow": name, "number": 1 }, "baseline": "nothing" }));
        let live: Vec<_> = runs.iter().filter(|run| run["workflow"] == name).collect();
        let counts = |word: &str| live.iter().filter(|run| run["matched"] == word).count();
        let row = row(&done["report"], name);
        let replayed = |word: &str| row["candidate"][word].as_u64().unwrap_or(0);
        assert_eq!(replayed("matched"), counts("true") as u64, "{name}");
        assert_eq!(replayed("unknown"), counts("unknown") as u64, "{name}");
        assert!(counts("true") > 0, "{name} never matched");
        assert_eq!(row["candidate_asked"], if name == "refunds" { 150 } else { 10 });
        // And each of them saw the same in every condition.
        for run in live {
            let (conversation, happened) = (&run["conversation"], run["trigger"].as_str().expect("one"));
            let conversation = conversation.as_str().expect("an id");
            let nth: i64 = conversation["c-".len()..].parse().expect("a number");
            let happened = match happened {
                "ticket.created" => "created".to_owned(),
                "message.received" => format!("message {}", seconds_after(began, 100 + nth).seconds()),
                _ => {
                    let kept = desk.get(&format!("/v1/conversations/{conversation}"));
                    let at = kept["tags"][0]["at"].as_str().and_then(Timestamp::parse).expect("a time");
                    format!("tag +late {}", at.seconds())
                }
            };
            let asked = format!(
                "conversation={conversation}&happened={}",
                happened.replace(' ', "+").replace("++", "+%2B")
            );
            let id = done["id"].as_str().expect("an id");
            let traced = desk.get(&format!("/v1/replays/{id}/traces?{asked}"));
            assert_eq!(traced["baseline"], json!([]));
            assert_eq!(traced["candidate"][0]["trace"], run["said"]["trace"], "{conversation} {happened}");
            assert_eq!(traced["candidate"][0]["intents"], run["said"]["intents"]);
        }
    }
}

/// Conversations of last month, some of which people tagged and handed over.
fn past(count: usize) -> Vec<Value> {
    let one = |nth: usize| {
        let opened = days_ago(30 - (nth % 30) as i64);
        let mut one = conversation(nth, opened);
        let (next, closed) = (seconds_after(opened, 600), seconds_after(opened, 3_600));
        let more = [
            json!({ "at": next.to_string(), "role": "teammate", "text": "We look into it." }),
            json!({ "at": closed.to_string(), "role": "customer", "text": "refund or chargeback" }),
        ];
        one["messages"].as_array_mut().expect("messages").extend(more);
        if nth.is_multiple_of(3) {
            one["tags"] = json!([{ "at": next.to_string(), "tag": "refund" }]);
        }
        if nth.is_multiple_of(6) {
            one["escalations"] = json!([{ "at": next.to_string(), "to": "billing" }]);
        }
        one["rating"] = json!({ "score": if nth.is_multiple_of(3) { 2 } else { 5 } });
        one
    };
    (0..count).map(one).collect()
}

#[test]
fn a_version_is_compared_with_what_acts_and_the_same_question_is_answered_from_store() {
    let desk = Desk::open();
    let opened = text("refunds", "ticket.created", REFUNDS);
    desk.save("refunds", &opened, Some("enforced"));
    let both = text("refunds", "ticket.created, message.received", REFUNDS)
        .replace("tag.add: refund", "tag.add: [refund, money]");
    let number = desk.save("refunds", &both, None);
    desk.import(&past(60));
    let wanted = json!({ "name": "both", "candidate": { "workflow": "refunds", "number": number } });
    let done = desk.replay(wanted.clone());
    let report = &done["report"];
    let row = row(report, "refunds");
    // Who it is is not known of 15; of those who do not ask for a refund it does not matter.
    let known = |nth: &usize| !nth.is_multiple_of(4) && !nth.is_multiple_of(5);
    let asks = |nth: &usize| nth % 3 != 1;
    let first = (0..60).filter(|nth| asks(nth) && known(nth)).count();
    let later = (0..60).filter(known).count();
    assert_eq!((&row["baseline"]["matched"], &row["baseline_asked"]), (&json!(first), &json!(60)));
    assert_eq!((&row["candidate"]["matched"], &row["candidate_asked"]), (&json!(first + later), &json!(120)));
    assert_eq!(report["summary"]["by_change"]["newly_matched"], later);
    assert_eq!(report["summary"]["by_change"]["other_actions"], first);
    let unknown = (0..60).filter(|nth| asks(nth) && nth % 4 == 0).count() + 15;
    assert_eq!(report["summary"]["unknown"], unknown);
    assert_eq!(report["summary"]["missing"], json!([{ "name": "customer.tier", "count": unknown }]));
    assert_eq!(report["workflows"]["gate"]["candidate"]["allow"].as_u64(), Some(2 * (first + later) as u64));
    let became = report["workflows"]["became"].as_array().expect("rows");
    let refund = became.iter().find(|row| row["tag"] == "refund").expect("refund");
    assert_eq!((&refund["happened"], &refund["candidate"]), (&json!(20), &json!(later)));
    let really = (0..60).filter(|nth| known(nth) && nth % 3 == 0).count();
    assert_eq!(refund["candidate_and_happened"], really);
    assert!(report["conversations"]["scores"]["flagged"]["count"].as_u64().is_some_and(|count| count > 0));
    assert_eq!(
        (&done["baseline"]["as"], &done["candidate"]["changed"]),
        (&json!("enforced"), &json!(["refunds"]))
    );

    // Asked again it is the same replay, until a conversation is another one.
    let again =
        desk.call("POST", "/v1/replays", &json!({ "kind": "workflow", "candidate": wanted["candidate"] }));
    assert_eq!((again.status, &again.json()["served_from"]), (200, &done["id"]));
    desk.call("POST", "/v1/conversations/c-1/tags", &json!({ "tag": "x" })).good();
    let changed = desk.replay(wanted.clone());
    assert_ne!(changed["id"], done["id"]);
    // Against itself, another version, a text, and only some conversations.
    let same = desk.replay(json!({ "candidate": { "text": opened } }));
    assert_eq!((&same["summary"]["changed"], &same["summary"]["unknown"]), (&json!(0), &json!(0)));
    let other = json!({ "workflow": "refunds", "number": number });
    let back = desk.replay(json!({ "candidate": { "workflow": "refunds", "number": 1 }, "baseline": other }));
    assert_eq!(back["summary"]["by_change"]["no_longer_matched"], later);
    let some = desk.replay(json!({ "candidate": wanted["candidate"], "filter": "tag:refund escalated:yes", "from": days_ago(12).to_string() }));
    assert_eq!(some["total"], (0..60).filter(|nth| nth % 6 == 0 && nth % 30 >= 18).count());
    let csv =
        desk.server.get(&format!("/v1/replays/{}/differences.csv", done["id"].as_str().expect("an id")));
    let csv = csv.by(&desk.token).send();
    assert!(
        csv.text().starts_with("change,workflow,trigger") && csv.text().contains("tag.add refund, money")
    );
    // What is erased is in none of it any more.
    let eraser = desk.server.token_with(&[Scope::Erase], |_| ());
    assert_eq!(desk.server.call("DELETE", "/v1/conversations/c-2").by(&eraser).send().status, 204);
    let id = done["id"].as_str().expect("an id");
    let path = format!("/v1/replays/{id}/traces?conversation=c-2&happened=created");
    assert_eq!(desk.server.get(&path).by(&desk.token).send().problem().0, 404);
    assert_eq!(desk.replay(wanted)["total"], 59);
}

#[test]
fn what_cannot_be_asked_is_refused_by_its_field() {
    let desk = Desk::open();
    let good = text("refunds", "ticket.created", REFUNDS);
    desk.save("refunds", &good, None);
    let candidate = json!({ "workflow": "refunds", "number": 1 });
    let refused = |wanted: Value| {
        let mut wanted = wanted;
        wanted["kind"] = "workflow".into();
        let answer = desk.call("POST", "/v1/replays", &wanted);
        assert_eq!(answer.status, 422, "{wanted}: {}", answer.text());
        answer.json()["field"].as_str().unwrap_or_default().to_owned()
    };
    for (wanted, field) in [
        (json!({ "candidate": {} }), "candidate"),
        (json!({ "candidate": { "policy": "refunds", "number": 1 } }), "candidate"),
        (json!({ "candidate": { "number": 1 } }), "candidate"),
        (json!({ "candidate": { "workflow": "refunds", "number": 9 } }), "candidate"),
        (json!({ "candidate": { "workflow": "none", "number": 1 } }), "candidate"),
        (json!({ "candidate": { "workflow": "other", "text": good } }), "candidate"),
        (json!({ "candidate": { "text": good.replace("ticket.created", "ticket.creatd") } }), "candidate"),
        (json!({ "candidate": candidate, "baseline": "happened" }), "baseline"),
        (json!({ "candidate": candidate, "baseline": 7 }), "baseline"),
        (json!({ "candidate": candidate, "baseline": { "workflow": "refunds", "nr": 1 } }), "baseline"),
        (
            json!({ "candidate": candidate, "baseline": { "text": good.replace("name: refunds", "name: b") } }),
            "baseline",
        ),
        (json!({ "candidate": candidate, "filter": "action:order.refund" }), "filter"),
        (json!({ "candidate": candidate, "from": "yesterday" }), "from"),
        (
            json!({ "candidate": candidate, "from": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z" }),
            "until",
        ),
    ] {
        assert_eq!(refused(wanted.clone()), field, "{wanted}");
    }
    let flawed =
        json!({ "kind": "workflow", "candidate": { "text": good.replace("message.text", "message.txt") } });
    let problem = desk.call("POST", "/v1/replays", &flawed).json();
    assert_eq!(
        (&problem["code"], &problem["flaws"][0]["line"]),
        (&json!("invalid_workflow"), &json!(6)),
        "{problem}"
    );
    let unknown = json!({ "kind": "rule", "candidate": candidate });
    assert!((400..500).contains(&desk.call("POST", "/v1/replays", &unknown).status));
    // Policies are asked for as before, and know no workflow.
    let policy = json!({ "candidate": { "workflow": "refunds", "number": 1 } });
    assert_eq!(desk.call("POST", "/v1/replays", &policy).problem().0, 422);
    let policy = json!({ "candidate": { "policy": "p", "text": "" }, "baseline": "nothing" });
    assert_eq!(desk.call("POST", "/v1/replays", &policy).json()["field"], "baseline");
}

#[test]
fn whoever_may_not_read_conversations_does_not_ask_and_another_workspace_sees_nothing() {
    let desk = Desk::open();
    desk.save("refunds", &text("refunds", "ticket.created", REFUNDS), None);
    desk.import(&past(3));
    let wanted = json!({ "kind": "workflow", "candidate": { "workflow": "refunds", "number": 1 } });
    let policies = desk.server.token_with(&[Scope::Policies], |_| ());
    assert_eq!(desk.server.post("/v1/replays").by(&policies).json(&wanted).problem().0, 403);
    let done = desk.replay(wanted.clone());
    let id = done["id"].as_str().expect("an id");
    let traces = format!("/v1/replays/{id}/traces?conversation=c-0&happened=created");
    assert_eq!(desk.server.get(&traces).by(&policies).send().problem().0, 403);
    assert_eq!(desk.get(&traces)["trigger"], "ticket.created");
    for wrong in ["conversation=c-9&happened=created", "conversation=c-0&happened=message+7"] {
        let path = format!("/v1/replays/{id}/traces?{wrong}");
        assert_eq!(desk.server.get(&path).by(&desk.token).send().problem().0, 404);
    }
    let (_, elsewhere) = desk.server.another_workspace();
    for path in [format!("/v1/replays/{id}"), traces, format!("/v1/replays/{id}/differences.csv")] {
        let status = desk.server.get(&path).by(&elsewhere).send().status;
        assert!(matches!(status, 403 | 404), "{path}: {status}");
    }
    // A replay of policies has no traces.
    let policy =
        json!({ "candidate": { "policy": "p", "text": "permit(principal is Agent, action, resource);" } });
    let begun = desk.call("POST", "/v1/replays", &policy).json();
    let path = format!(
        "/v1/replays/{}/traces?conversation=c-0&happened=created",
        begun["id"].as_str().expect("an id")
    );
    assert_eq!(desk.server.get(&path).by(&desk.token).send().problem().0, 409);
}

#[test]
fn one_that_waits_is_cancelled_and_one_of_another_process_is_listed_with_its_kind() {
    let desk = Desk::open();
    desk.save("refunds", &text("refunds", "ticket.created", REFUNDS), None);
    let workspace = desk.server.workspace.parse().expect("an id");
    let new = NewReplay {
        name: "kept".to_owned(),
        kind: "workflow",
        question: String::new(),
        candidate: json!({ "version": "v", "changed": ["refunds"], "workflows": [{ "name": "refunds", "number": 1 }] }),
        baseline: json!({ "version": "w", "as": "nothing", "changed": ["refunds"], "workflows": [] }),
        window: (None, None),
        filter: String::new(),
        started_by: "test".to_owned(),
    };
    let mut last = String::new();
    for _ in 0..REPLAYS_WAITING_MAX {
        let kept = desk.server.app.catalog.add_replay(&workspace, &new, days_ago(0)).expect("kept");
        last = kept.expect("room").id;
    }
    let wanted = json!({ "kind": "workflow", "candidate": { "workflow": "refunds", "number": 1 } });
    assert_eq!(desk.call("POST", "/v1/replays", &wanted).problem().0, 409, "enough wait");
    desk.server.app.catalog.claim_replay(&last, 5).expect("claimed");
    let found = Found { done: 2, total: 5, summary: &json!({ "evaluated": 2 }), report: None };
    desk.server.app.catalog.note_replay(&last, &found).expect("noted");
    let cancelled = desk.call("POST", &format!("/v1/replays/{last}/cancel"), &json!({})).good();
    assert_eq!(
        (&cancelled["state"], &cancelled["kind"], &cancelled["done"]),
        (&json!("cancelled"), &json!("workflow"), &json!(2))
    );
    let listed = desk.get("/v1/replays");
    assert!(listed["replays"].as_array().is_some_and(|all| all.iter().all(|one| one["kind"] == "workflow")));
}

fn hindcast(folder: &std::path::Path, arguments: &[&str]) -> (i32, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_hindcast"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("ran");
    let text = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    (output.status.code().expect("ended"), text.concat())
}

#[test]
fn a_workflow_or_a_file_is_tried_at_the_command_line() {
    let desk = Desk::open();
    desk.save("refunds", &text("refunds", "ticket.created", REFUNDS), Some("enforced"));
    desk.import(&past(30));
    let folder = tempfile::tempdir().expect("a folder");
    let wider = text("refunds", "ticket.created, message.received, schedule", REFUNDS);
    std::fs::write(folder.path().join("wider.yaml"), &wider).expect("written");
    std::fs::write(folder.path().join("wrong.yaml"), wider.replace("op: contains", "op: contain"))
        .expect("written");
    let asked = |arguments: &[&str]| {
        let server = ["--url", &desk.server.url, "--token", &desk.token];
        hindcast(folder.path(), &[&["workflow", "replay"], arguments, &server].concat())
    };
    let (code, told) = asked(&["wider.yaml", "--from", "2026-01-01"]);
    assert!(code == 0 && told.contains(" answers to 60 happenings: "), "{told}");
    assert!(
        told.contains("refunds would have matched") && told.contains("does not tell of schedule"),
        "{told}"
    );
    let (code, told) = asked(&["wider.yaml", "--max-changed", "0", "--junit", "out.xml", "--csv", "out.csv"]);
    assert!(code == 1 && told.contains("answers changed, at most 0 may"), "{told}");
    let written = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    assert!(written("out.xml").contains("<failure") && written("out.csv").contains("newly_matched,refunds"));
    let (code, told) = asked(&["refunds", "--version", "1", "--max-changed", "0", "--max-unknown", "0"]);
    assert_eq!(code, 0, "{told}");
    let (code, told) = asked(&["refunds", "--baseline", "nothing", "--json"]);
    let report: Value = serde_json::from_str(told.lines().next().expect("a line")).expect("JSON");
    assert!(code == 0 && report["workflows"]["by_workflow"][0]["baseline_version"].is_null(), "{told}");
    let (code, told) = asked(&["wrong.yaml"]);
    assert!(code == 1 && told.contains("contains"), "{told}");
    assert_eq!(asked(&["refunds", "--max-changed", "few"]).0, 2);
    let (code, told) =
        hindcast(folder.path(), &["replay", "list", "--url", &desk.server.url, "--token", &desk.token]);
    assert!(code == 0 && told.lines().count() >= 3, "{told}");
}

#[test]
fn a_page_begins_one_shows_both_traces_and_hides_them_from_who_may_not_read() {
    let desk = Desk::open();
    desk.save("refunds", &text("refunds", "ticket.created", REFUNDS), Some("enforced"));
    let number = desk.save("refunds", &text("refunds", "ticket.created, message.received", REFUNDS), None);
    desk.import(&past(30));
    let owner = desk.server.visitor(Role::Owner, &[]);
    let form = owner.get(&format!("/simulations/new?workflow=refunds&version={number}")).text().to_owned();
    assert!(
        form.contains("value=\"refunds@2\" selected") && form.contains("name=\"subject\" value=\"workflow\""),
        "{form}"
    );
    let newest = owner.get("/simulations/new?workflow=refunds").text().to_owned();
    assert!(newest.contains("value=\"refunds@2\" selected"), "{newest}");
    let wanted = [
        ("subject", "workflow"),
        ("workflow", "refunds@2"),
        ("baseline", "enforced"),
        ("channel", "email"),
        ("name", ""),
    ];
    let estimate = owner.post("/simulations/estimate", &wanted);
    assert!(estimate.status == 200 && estimate.text().contains("looked at: 30"), "{}", estimate.text());
    let begun = owner.post("/simulations", &wanted);
    assert_eq!(begun.status, 303, "{}", begun.text());
    let path = begun.header("location").to_owned();
    wait_for("the replay ends", || (!owner.get(&path).text().contains("data-poll")).then_some(()));
    let page = owner.get(&path).text().to_owned();
    for shown in ["refunds, version 2", "Would have matched", "Newly matched", "tag.add refund"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("refund or chargeback"), "a report quotes nobody");
    let happening = page.split(" href=\"").filter_map(|rest| rest.split('"').next());
    let happening = happening.map(|href| href.replace("&#38;", "&").replace("&amp;", "&"));
    let happening = happening.into_iter().find(|href| href.contains("/happening?")).expect("an example");
    let traces = owner.get(&happening).text().to_owned();
    for shown in ["refund or chargeback", "if.all[0]", "customer.tier", "Not asked", "message.received"] {
        assert!(traces.contains(shown), "{shown}: {traces}");
    }
    assert_eq!(owner.get(&happening.replace("conversation=", "conversation=x")).status, 404);
    let auditor = desk.server.visitor(Role::Auditor, &[]);
    assert_eq!(auditor.get(&happening).status, 200);
    auditor.post("/logout", &[]);
    let read = desk.get("/v1/events?q=action:history.viewed")["entries"].clone();
    assert_eq!(read[0]["targets"][0]["type"], "conversation");
    for language in ["en", "de", "fr", "ja"] {
        for path in [path.as_str(), &happening, "/simulations/new?subject=workflow", "/simulations"] {
            let and = if path.contains('?') { '&' } else { '?' };
            let shown = owner.get(&format!("{path}{and}lang={language}"));
            let text = shown
                .text()
                .replace("data-testid=\"sim-", "")
                .replace("class=\"card sim-", "")
                .replace("class=\"sim-", "");
            assert_eq!(shown.status, 200, "{path}");
            assert!(!text.contains("sim-") && !text.contains("{ $"), "{path} in {language}");
            let mut ids: Vec<&str> =
                text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count, "{path} has an id twice");
        }
    }
    let again = owner.get(&format!("/simulations/new?again={}", path.trim_start_matches("/simulations/")));
    assert!(
        again.text().contains("value=\"refunds@2\" selected")
            && again.text().contains("value=\"email\" selected")
    );
    let file = |name: &str| owner.get(&format!("{path}/file/{name}"));
    assert!(
        file("differences.csv").text().starts_with("change,workflow,") && file("junit.xml").status == 200
    );
    let wrong = owner.post("/simulations", &[("subject", "workflow"), ("workflow", "refunds@9")]);
    assert_eq!(wrong.status, 422);
    assert_eq!(owner.post("/simulations", &[("subject", "workflow")]).status, 422);
    // Who may see simulations and no conversations sees numbers and no words.
    for role in [Role::SupportOpsManager, Role::Viewer] {
        let visitor = desk.server.visitor(role, &[]);
        let shown = visitor.get(&path);
        let reads = visitor.get("/conversations").status == 200;
        assert_eq!(visitor.get(&happening).status == 200, reads && shown.status == 200, "{role:?}");
        if !reads {
            assert_eq!(visitor.post("/simulations", &wanted).status, 403, "{role:?}");
        }
    }
}

#[test]
fn numbers_add_up_over_ways_to_ask() {
    let desk = Desk::open();
    desk.save("refunds", &text("refunds", "ticket.created, message.received", REFUNDS), None);
    desk.import(&past(90));
    let ask = |from: Option<Timestamp>, until: Option<Timestamp>| {
        let times = [from, until].map(|at| at.map(|at| at.to_string()));
        let done = desk
            .replay(json!({ "candidate": { "workflow": "refunds", "number": 1 }, "baseline": "nothing",
            "from": times[0], "until": times[1] }));
        let summary = &done["report"]["summary"];
        BTreeMap::from(
            ["evaluated", "changed", "unknown"].map(|name| (name, summary[name].as_u64().expect("a count"))),
        )
    };
    let whole = ask(None, None);
    let parts =
        [(None, Some(days_ago(15))), (Some(days_ago(15)), None)].map(|(from, until)| ask(from, until));
    for (name, count) in whole {
        assert_eq!(parts[0][name] + parts[1][name], count, "{name}");
    }
    assert!(parts.iter().all(|part| part["evaluated"] > 0));
}
