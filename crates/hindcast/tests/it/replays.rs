//! Policies are tried on the past by the code that judges live, and what is found is kept.

use crate::process::wait_for;
use crate::support::{Answer, TestServer};
use hindcast::app::App;
use hindcast::catalog::{By, Found, NewReplay, REPLAYS_WAITING_MAX, ReplayState, Scope};
use hindcast::config::Config;
use hindcast::people::Role;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::policy::{Asked, BASE, DECIDED, Decision, Judge, PolicyText, Tool, Vocabulary, check};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Twelve policies, with the base that comes with hindcast or without.
const TWELVE: &str = r#"
@id("large-refunds") @reason("Refunds above 50 are for people.")
forbid(principal is Agent, action == Action::"order.refund", resource)
when { context.arguments.amount_cents > 5000 } unless { context has approval && context.approval.granted };
@id("huge-refunds") forbid(principal, action == Action::"order.refund", resource)
when { context.arguments.amount_cents > 100000 };
@id("foreign-refunds") forbid(principal is Agent, action == Action::"order.refund", resource)
when { context.arguments has currency && context.arguments.currency != "EUR" };
@id("tags") forbid(principal is Agent, action == Action::"conversation.tagged", resource)
when { context has tag && !(["billing", "refund", "bug"].contains(context.tag)) };
@id("unsure") forbid(principal is Agent, action == Action::"message.sent", resource)
when { context has confidence && context.confidence < 40 };
@id("no-deleting") forbid(principal is Agent, action == Action::"conversation.deleted", resource);
@id("fin-only") forbid(principal is Agent, action == Action::"order.refund", resource)
unless { principal.id == "fin" };
@id("not-the-boss") forbid(principal is Agent, action, resource) when { resource.id == "c-boss" };
@id("exports") forbid(principal is Agent, action in Action::"data_exports", resource);
@id("writes-need-a-reason") forbid(principal is Automation, action in Action::"tool_write", resource)
unless { context has reason };
@id("night") forbid(principal is Automation, action == Action::"order.refund", resource)
when { context.facts has off_hours && context.facts.off_hours };
@id("people") permit(principal is User, action == Action::"order.refund", resource);
"#;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one<'o>(&mut self, of: &[&'o str]) -> &'o str {
        of[usize::try_from(self.below(of.len() as u64)).expect("small")]
    }
}

fn tool() -> Value {
    json!({
        "description": "Pays money back.", "writes": true,
        "input_schema": { "type": "object", "required": ["amount_cents"], "properties": {
            "amount_cents": { "type": "integer" }, "currency": { "type": "string" },
        } },
    })
}

struct Shop {
    server: TestServer,
    editor: String,
    asker: String,
}

impl Shop {
    fn open(policy: &str) -> Self {
        let server = TestServer::quiet();
        let editor = server.token_with(&[Scope::Policies], |_| ());
        let asker = server.token_with(&[Scope::Decide], |_| ());
        let shop = Self { server, editor, asker };
        shop.edit("PUT", "/v1/tools/order.refund", &tool()).good();
        let saved = shop.edit("PUT", "/v1/policies/refunds", &json!({ "text": policy })).good();
        let standing = json!({ "version": saved["version"], "enforced": 1 });
        shop.edit("POST", "/v1/policies/refunds/activate", &standing).good();
        shop
    }

    fn edit(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server.call(method, path).by(&self.editor).json(body)
    }

    fn get(&self, path: &str) -> Answer {
        self.server.get(path).by(&self.editor).send()
    }

    fn begin(&self, wanted: &Value) -> Answer {
        self.edit("POST", "/v1/replays", wanted)
    }

    /// Asks, and waits for the report.
    fn replay(&self, wanted: &Value) -> Value {
        let begun = self.begin(wanted);
        assert!(matches!(begun.status, 200 | 202), "{}", begun.text());
        let begun = begun.json();
        let path = format!("/v1/replays/{}", begun["id"].as_str().expect("an id"));
        let done = wait_for("the replay", || {
            let shown = self.get(&path).good();
            (shown["finished_at"].is_string()).then_some(shown)
        });
        assert_eq!((&done["state"], &done["problem"]), (&json!("succeeded"), &json!(null)), "{done}");
        assert_eq!(done["done"], done["total"]);
        done
    }

    fn room(&self) -> WorkspaceId {
        self.server.workspace.parse().expect("an id")
    }
}

fn call(dice: &mut Dice) -> Value {
    let action = dice.one(&[
        "order.refund",
        "order.refund",
        "conversation.tagged",
        "message.sent",
        "conversation.deleted",
        "contacts.exported",
    ]);
    let mut metadata = json!({ "conversation_id": format!("c-{}", dice.below(30)) });
    match action {
        "order.refund" if dice.below(3) > 0 => {
            let amounts = [100, 3_000, 4_500, 9_000, 9_000, 120_000];
            let amount = amounts[usize::try_from(dice.below(6)).expect("small")];
            metadata["arguments"] = json!({ "amount_cents": amount });
            if dice.below(3) == 0 {
                metadata["arguments"]["currency"] = dice.one(&["EUR", "USD"]).into();
            }
        }
        "conversation.tagged" => metadata["tag"] = dice.one(&["billing", "bug", "vip", "spam"]).into(),
        "message.sent" => metadata["confidence"] = json!(dice.below(100) as f64 / 100.0),
        _ => {}
    }
    let mut event = json!({
        "action": action,
        "actor": { "type": dice.one(&["agent", "agent", "automation", "user"]), "id": dice.one(&["fin", "fin", "fin", "bot-2"]) },
        "targets": [{ "type": "order", "id": dice.one(&["o-1", "o-2", "o-3", "c-boss"]) }],
        "metadata": metadata,
    });
    if dice.below(4) == 0 {
        event["reason"] = "the customer asked".into();
    }
    event
}

/// A judge made afresh, as the gate makes its own.
fn judge(text: &str) -> Judge {
    let mut declared = tool();
    declared["name"] = "order.refund".into();
    let tools = Tool::parse_all(&json!([declared]).to_string()).expect("a tool");
    let vocabulary = Vocabulary::new(&tools, &[]).expect("words");
    let set = check(&[BASE, PolicyText { name: "refunds", text }], &vocabulary).expect("policies");
    Judge::new(&set, &vocabulary).expect("a judge")
}

fn count(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap_or_else(|| panic!("{name} in {of}"))
}

#[test]
fn what_was_decided_live_is_what_a_replay_says_and_what_judging_each_entry_says() {
    let shop = Shop::open(TWELVE);
    let (mut dice, mut live) = (Dice(2), BTreeMap::new());
    for _ in 0..200 {
        let answer = shop.server.post("/v1/decide").by(&shop.asker).json(&call(&mut dice)).good();
        let decision = answer["decision"].as_str().expect("an answer").to_owned();
        live.insert(answer["index"].as_u64().expect("an index"), decision);
    }
    for word in ["allow", "deny", "needs_approval", "unknown"] {
        assert!(live.values().any(|decision| decision == word), "nothing is {word}: {live:?}");
    }
    // One of those that wait is approved, and asked about again with the approval.
    let mut large = refund(9_000, "c-9", "2026-11-01T12:00:00Z");
    large["targets"] = json!([{ "type": "order", "id": "o-1" }]);
    let waiting = shop.server.post("/v1/decide").by(&shop.asker).json(&large).good();
    let owner = shop.server.visitor(Role::Owner, &[]);
    let answers = shop.server.token_with(&[Scope::Approve], |new| new.person = Some(owner.id.clone()));
    let approval = waiting["approval"]["id"].as_str().expect("an approval");
    let approve = format!("/v1/approvals/{approval}/approve");
    shop.server.post(&approve).by(&answers).json(&json!({ "comment": "" })).good();
    let used =
        shop.server.post(&format!("/v1/decide?approval={approval}")).by(&shop.asker).json(&large).good();
    assert_eq!((&waiting["decision"], &used["decision"]), (&json!("needs_approval"), &json!("allow")));
    live.insert(waiting["index"].as_u64().expect("an index"), "needs_approval".to_owned());
    let stricter = TWELVE.replace("5000", "2000").replace("\"bug\"", "\"spam\"");
    let (baseline, candidate) = (judge(TWELVE), judge(&stricter));
    let [mut unchanged, mut changed, mut unknown] = [0; 3];
    let mut said: BTreeMap<&str, u64> = BTreeMap::new();
    let room = shop.server.app.rooms.get(&shop.room()).expect("a room");
    let snapshot = room.store.snapshot();
    for piece in snapshot.scan(0..snapshot.end_index()) {
        for entry in piece.expect("read").iter() {
            let Some(answered) = live.get(&entry.index) else { continue };
            let asked = Asked::of_entry(&entry).expect("a call").simulated();
            let [before, after] = [&baseline, &candidate].map(|judge| judge.judge(&asked).decision);
            assert_eq!(before.as_str(), answered, "entry {}", entry.index);
            *said.entry(after.as_str()).or_default() += 1;
            *match (before, after) {
                (Decision::Unknown, _) | (_, Decision::Unknown) => &mut unknown,
                (before, after) if before == after => &mut unchanged,
                _ => &mut changed,
            } += 1;
        }
    }
    let done = shop.replay(&json!({
        "name": "stricter", "candidate": { "policy": "refunds", "text": stricter },
        "filter": format!("action:{DECIDED}"),
    }));
    let report = &done["report"];
    assert_eq!(report["baseline"], baseline.version());
    assert_eq!(
        (&report["candidate"], &done["candidate"]["version"]),
        (&json!(candidate.version()), &report["candidate"])
    );
    let counts = ["evaluated", "unchanged", "changed", "unknown"].map(|name| count(&report["summary"], name));
    // What was approved is allowed under both.
    live.insert(used["index"].as_u64().expect("an index"), "allow".to_owned());
    *said.entry("allow").or_default() += 1;
    assert_eq!(counts, [202, unchanged + 1, changed, unknown]);
    assert!(changed > 0 && unknown > 0, "{changed} {unknown}");
    for word in ["allow", "deny", "needs_approval", "unknown"] {
        let lived = live.values().filter(|decision| *decision == word).count() as u64;
        assert_eq!(count(&report["lanes"]["baseline"], word), lived, "{word}");
        assert_eq!(
            count(&report["lanes"]["candidate"], word),
            said.get(word).copied().unwrap_or(0),
            "{word}"
        );
    }
    // The same policies on both sides change nothing.
    let same = shop.replay(
        &json!({ "candidate": { "policy": "refunds", "number": 1 }, "filter": format!("action:{DECIDED}") }),
    );
    assert_eq!((count(&same["summary"], "changed"), &same["summary"]["evaluated"]), (0, &json!(202)));
    assert_eq!(same["report"]["baseline"], same["report"]["candidate"]);
}

fn refund(cents: i64, conversation: &str, at: &str) -> Value {
    json!({
        "action": "order.refund", "actor": { "type": "agent", "id": "fin" }, "occurred_at": at,
        "targets": [{ "type": "conversation", "id": conversation }],
        "metadata": { "arguments": { "amount_cents": cents } },
    })
}

const CAP: &str = r#"@id("cap") forbid(principal is Agent, action == Action::"order.refund", resource)
    when { context.arguments.amount_cents > 5000 };"#;

/// A shop without a cap, and a past in which somebody needed one.
fn with_a_past() -> Shop {
    let shop = Shop::open(&CAP.replace("5000", "9999999"));
    shop.server.append(&[
        refund(9_000, "c-1", "2026-11-01T12:00:00Z"),
        refund(100, "c-1", "2026-11-01T13:00:00Z"),
        refund(100, "c-2", "2026-11-02T12:00:00Z"),
    ]);
    // It was told late, and comes before the others.
    shop.server.append(&[refund(200, "c-1", "2026-11-01T11:00:00Z")]);
    shop
}

fn cap() -> Value {
    json!({ "candidate": { "policy": "refunds", "text": CAP }, "filter": "action:order.refund" })
}

#[test]
fn the_past_is_replayed_in_the_order_in_which_it_happened_and_within_its_window() {
    let shop = with_a_past();
    let done = shop.replay(&cap());
    let summary = &done["report"]["summary"];
    assert_eq!((count(summary, "evaluated"), count(summary, "changed")), (4, 1));
    assert_eq!(count(summary, "after_divergence"), 1, "only what happened later");
    assert_eq!(done["report"]["conversations"]["flagged_ids"], json!(["c-1"]));
    assert_eq!(
        (&done["summary"]["changed"], &done["summary"]["conversations_flagged"]),
        (&json!(1), &json!(1))
    );
    let mut window = cap();
    window["from"] = "2026-11-01T12:00:00Z".into();
    window["until"] = "2026-11-02T12:00:00Z".into();
    assert_eq!(count(&shop.replay(&window)["summary"], "evaluated"), 2);
    // Against what happened: all four were done.
    let mut happened = cap();
    happened["baseline"] = "happened".into();
    let done = shop.replay(&happened);
    assert_eq!(
        (&done["baseline"], count(&done["report"]["lanes"]["happened"], "success")),
        (&json!(null), 4)
    );

    let path = format!("/v1/replays/{}", done["id"].as_str().expect("an id"));
    let csv = shop.get(&format!("{path}/differences.csv"));
    assert!(
        csv.text().lines().nth(1).is_some_and(|row| row.starts_with("newly_denied,agent,fin,order.refund"))
    );
    let junit = shop.get(&format!("{path}/junit.xml"));
    assert!(
        junit.text().contains("failures=\"1\"")
            && junit.header("content-type").starts_with("application/xml")
    );
    assert_eq!(shop.server.call("DELETE", &path).by(&shop.editor).send().status, 204);
    assert_eq!(shop.get(&path).problem(), (404, "not_found".into()));
}

#[test]
fn calls_that_were_asked_about_count_once() {
    let shop = Shop::open(CAP);
    let mut asked = refund(100, "c-1", "2026-11-01T12:00:00Z");
    let decided = shop.server.post("/v1/decide").by(&shop.asker).json(&asked).good();
    asked["authorized_by"] = json!({ "decision": decided["decision_id"] });
    shop.server.append(&[asked]);
    let done = shop.replay(&json!({ "candidate": { "policies": [] }, "filter": "actor:fin" }));
    assert_eq!((count(&done["summary"], "evaluated"), count(&done["summary"], "decided_before")), (1, 1));
}

#[test]
fn the_same_question_is_answered_from_what_is_kept_until_the_log_grows() {
    let shop = with_a_past();
    let first = shop.begin(&cap());
    assert_eq!((first.status, &first.json()["served_from"]), (202, &json!(null)));
    let done = shop.replay(&cap());
    assert_eq!(done["id"], first.json()["id"], "it was begun already");
    let served = shop.begin(&cap());
    assert_eq!((served.status, &served.json()["served_from"]), (200, &done["id"]));
    let mut anew = cap();
    anew["anew"] = true.into();
    let again = shop.replay(&anew);
    assert_ne!(again["id"], done["id"]);
    assert_eq!(again["report"], done["report"]);
    shop.server.append(&[refund(9_000, "c-2", "2026-11-03T12:00:00Z")]);
    assert_eq!(count(&shop.replay(&cap())["summary"], "changed"), 2);
    let listed = shop.get("/v1/replays?limit=2").good();
    assert_eq!(listed["replays"].as_array().map(Vec::len), Some(2));
    let next = listed["next"].as_str().expect("another page");
    let rest = shop.get(&format!("/v1/replays?cursor={next}")).good();
    assert_eq!((&rest["replays"][0]["id"], &rest["next"]), (&done["id"], &json!(null)));
    assert!(listed["replays"][0].get("report").is_none());
}

#[test]
fn what_cannot_be_evaluated_is_unknown_and_never_allowed() {
    let shop = with_a_past();
    let errs = r#"@id("overflow") forbid(principal is Agent, action == Action::"order.refund", resource)
        when { context.arguments.amount_cents * 9000000000000000 > 0 };"#;
    let done = shop.replay(
        &json!({ "candidate": { "policy": "refunds", "text": errs }, "filter": "action:order.refund" }),
    );
    let summary = &done["report"]["summary"];
    // 100 and 200 can be multiplied; 9,000 cannot.
    assert_eq!((count(summary, "failed"), count(summary, "unknown")), (1, 1), "{summary}");
    assert_eq!((count(&done["report"]["lanes"]["candidate"], "allow"), count(summary, "changed")), (0, 3));
    assert!(summary["errors"][0].as_str().is_some_and(|error| error.contains("overflow")), "{summary}");
}

#[test]
fn one_under_way_shows_what_it_found_so_far_and_can_be_cancelled() {
    let shop = with_a_past();
    let (catalog, room) = (&shop.server.app.catalog, shop.room());
    let new = NewReplay {
        name: "by hand".to_owned(),
        kind: "policy",
        question: String::new(),
        candidate: json!({}),
        baseline: Value::Null,
        window: (None, None),
        filter: String::new(),
        started_by: "test".to_owned(),
    };
    let mut waiting = Vec::new();
    for _ in 0..REPLAYS_WAITING_MAX {
        waiting
            .push(catalog.add_replay(&room, &new, Timestamp::default()).expect("kept").expect("few wait").id);
    }
    assert_eq!(shop.begin(&cap()).problem(), (409, "too_many".into()));
    let path = format!("/v1/replays/{}", waiting[0]);
    assert!(catalog.claim_replay(&waiting[0], 10).expect("claimed"));
    let summary = json!({ "evaluated": 4 });
    let found = Found { done: 4, total: 10, summary: &summary, report: Some("{\"so\":\"far\"}") };
    assert!(catalog.note_replay(&waiting[0], &found).expect("noted"));
    let shown = shop.get(&path).good();
    assert_eq!(
        (&shown["state"], &shown["done"], &shown["report"]["so"]),
        (&json!("running"), &json!(4), &json!("far"))
    );
    assert_eq!(shop.get(&format!("{path}/junit.xml")).problem(), (409, "not_done".into()));
    for id in &waiting {
        let cancelled = shop.edit("POST", &format!("/v1/replays/{id}/cancel"), &json!({})).good();
        assert_eq!(cancelled["state"], "cancelled");
    }
    assert_eq!(shop.get(&path).good()["report"]["so"], "far");
    assert_eq!(shop.edit("POST", &format!("{path}/cancel"), &json!({})).good()["state"], "cancelled");
    assert_eq!(count(&shop.replay(&cap())["summary"], "changed"), 1);
}

#[test]
fn what_ran_when_the_server_ended_has_failed_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || {
        let mut config = Config::load(None).expect("the defaults");
        config.data.folder = folder.path().join("data");
        config.data.keys = folder.path().join("keys");
        App::open(config).expect("opens")
    };
    let app = open();
    let room = app.create_workspace("Northwind", &By::server()).expect("made").id;
    let new = NewReplay {
        name: String::new(),
        kind: "policy",
        question: "q".to_owned(),
        candidate: json!({}),
        baseline: Value::Null,
        window: (None, None),
        filter: String::new(),
        started_by: "test".to_owned(),
    };
    let add = || app.catalog.add_replay(&room, &new, Timestamp::default()).expect("kept").expect("kept").id;
    let ids = [add(), add()];
    assert!(app.catalog.claim_replay(&ids[0], 5).expect("claimed"));
    app.close();
    drop(app);
    let app = open();
    for id in &ids {
        let kept = app.catalog.replay(&room, id).expect("read").expect("kept");
        assert_eq!(kept.state, ReplayState::Failed);
        assert!(kept.problem.contains("the server ended"), "{}", kept.problem);
    }
    // A failed run answers no question.
    assert_eq!(app.catalog.replay_of_question(&room, "q").expect("read"), None);
}

#[test]
fn replays_are_of_their_workspace_and_nonsense_is_refused_by_name() {
    let shop = with_a_past();
    let done = shop.replay(&cap());
    let path = format!("/v1/replays/{}", done["id"].as_str().expect("an id"));
    let (other, _) = shop.server.another_workspace();
    let stranger = |method: &str, path: &str| {
        shop.server.call(method, path).by(&shop.server.admin).with("hindcast-workspace", &other).send()
    };
    for (method, rest) in [("GET", ""), ("GET", "/differences.csv"), ("POST", "/cancel"), ("DELETE", "")] {
        assert_eq!(stranger(method, &format!("{path}{rest}")).status, 404, "{method} {rest}");
    }
    assert_eq!(stranger("GET", "/v1/replays").good()["replays"], json!([]));
    assert_eq!(shop.server.get(&path).send().problem(), (403, "forbidden".into()), "the scope is policies");

    let refused = |change: &dyn Fn(&mut Value)| {
        let mut wanted = cap();
        change(&mut wanted);
        let answer = shop.begin(&wanted);
        let (status, code) = answer.problem();
        (status, code, answer.json()["field"].as_str().unwrap_or_default().to_owned())
    };
    let told = |status, code: &str, field: &str| (status, code.to_owned(), field.to_owned());
    assert_eq!(refused(&|it| it["filter"] = "colour:red".into()), told(400, "invalid_query", "filter"));
    assert_eq!(refused(&|it| it["filter"] = "occurred:>=((".into()), told(400, "invalid_query", "filter"));
    assert_eq!(refused(&|it| it["from"] = "yesterday".into()), told(422, "invalid_body", "from"));
    assert_eq!(
        refused(&|it| {
            it["from"] = "2026-11-02T00:00:00Z".into();
            it["until"] = "2026-11-01T00:00:00Z".into();
        }),
        told(422, "invalid_body", "until")
    );
    assert_eq!(
        refused(&|it| it["candidate"] = json!({ "policy": "refunds", "number": 99 })),
        told(422, "invalid_body", "candidate")
    );
    assert_eq!(refused(&|it| it["candidate"] = json!({})), told(422, "invalid_body", "candidate"));
    assert_eq!(refused(&|it| it["candidate"]["number"] = 1.into()), told(422, "invalid_body", "candidate"));
    assert_eq!(
        refused(&|it| it["candidate"]["policies"] = json!([])),
        told(422, "invalid_body", "candidate")
    );
    assert_eq!(
        refused(&|it| {
            let twice = json!({ "name": "a", "text": "" });
            it["candidate"] = json!({ "policies": [twice, twice] });
        }),
        told(422, "invalid_body", "candidate.policies[1].name")
    );
    assert_eq!(
        refused(&|it| it["candidate"]["text"] = CAP.replace("amount_cents", "amount_cent").into()),
        told(422, "invalid_policy", "candidate")
    );
    assert_eq!(refused(&|it| it["name"] = "\u{7}".into()), told(422, "invalid_body", "name"));
    assert_eq!(shop.begin(&json!({ "candidates": {} })).status, 422);
    assert_eq!(
        shop.get("/v1/replays").good()["replays"].as_array().map(Vec::len),
        Some(1),
        "nothing half-done"
    );
}
