//! The gate is asked before something is done; it answers from the policies, people answer where these want it, and each answer
//! is an entry of the log.

use crate::cast::Visitor;
use crate::process::wait_for;
use crate::support::{Answer, TestServer, on_files};
use hindcast::catalog::{PENDING_MAX, Scope};
use hindcast::people::Role;
use serde_json::{Value, json};

/// Refunds above 50 need somebody.
pub const CAP: &str = r#"
@id("refund-cap") @reason("Refunds above 50 are for people.") @approvers("role:security_admin, role:owner") @timeout("30m")
forbid(principal is Agent, action == Action::"order.refund", resource)
when { context.arguments.amount_cents > 5000 }
unless { context has approval && context.approval.granted };
"#;

/// A server with a tool for refunds and a cap on them.
pub struct Shop {
    pub server: TestServer,
    editor: String,
    pub asker: String,
}

impl Shop {
    pub fn open() -> Self {
        Self::with(CAP)
    }

    pub fn with(policy: &str) -> Self {
        Self::on(TestServer::quiet(), policy)
    }

    pub fn on(server: TestServer, policy: &str) -> Self {
        let editor = server.token_with(&[Scope::Policies], |_| ());
        let asker = server.token_with(&[Scope::Decide], |_| ());
        let shop = Self { server, editor, asker };
        let schema = json!({
            "type": "object", "properties": { "amount_cents": { "type": "integer" } }, "required": ["amount_cents"],
        });
        let tool = json!({ "description": "Pays money back.", "input_schema": schema, "writes": true });
        shop.edit("PUT", "/v1/tools/order.refund", &tool).good();
        let saved = shop.edit("PUT", "/v1/policies/refunds", &json!({ "text": policy })).good();
        assert_eq!(
            (&saved["mode"], &saved["newest"], &saved["warnings"]),
            (&json!("off"), &json!(1), &json!([]))
        );
        shop.activate(&json!({ "version": saved["version"], "enforced": 1 })).good();
        shop
    }

    pub fn edit(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server.call(method, path).by(&self.editor).json(body)
    }

    fn activate(&self, standing: &Value) -> Answer {
        self.edit("POST", "/v1/policies/refunds/activate", standing)
    }

    pub fn ask(&self, cents: i64) -> Value {
        self.ask_with("", &refund(cents)).good()
    }

    pub fn ask_with(&self, with: &str, call: &Value) -> Answer {
        self.server.post(&format!("/v1/decide{with}")).by(&self.asker).json(call)
    }

    /// Somebody with a role, and a token of theirs that answers.
    pub fn approver(&self, role: Role) -> (Visitor<'_>, String) {
        let visitor = self.server.visitor(role, &[]);
        let token = self.token_of(&visitor, &[Scope::Approve]);
        (visitor, token)
    }

    pub fn token_of(&self, visitor: &Visitor<'_>, scopes: &[Scope]) -> String {
        self.server.token_with(scopes, |new| new.person = Some(visitor.id.clone()))
    }

    pub fn answer(&self, token: &str, approval: &Value, deed: &str, comment: &str) -> Answer {
        let id = approval["id"].as_str().expect("an id");
        let body = json!({ "comment": comment });
        self.server.post(&format!("/v1/approvals/{id}/{deed}")).by(token).json(&body)
    }

    fn log(&self, query: &str) -> Vec<Value> {
        let log = self.server.get(&format!("/v1/events?limit=1000&q={query}")).send().good();
        log["entries"].as_array().expect("entries").clone()
    }
}

pub fn refund(cents: i64) -> Value {
    json!({
        "action": "order.refund",
        "actor": { "type": "agent", "id": "fin", "name": "Fin" },
        "targets": [{ "type": "conversation", "id": "c-1" }, { "type": "order", "id": "o-7" }],
        "metadata": { "arguments": { "amount_cents": cents } },
    })
}

pub fn with(approval: &Value) -> String {
    format!("?approval={}", approval["id"].as_str().expect("an id"))
}

#[test]
fn small_refunds_pass_and_large_ones_need_a_person_once() {
    let shop = Shop::open();
    let small = shop.ask(4_000);
    assert_eq!((&small["decision"], &small["allowed"]), (&json!("allow"), &json!(true)));
    let large = shop.ask(9_000);
    assert_eq!((&large["decision"], &large["allowed"]), (&json!("needs_approval"), &json!(false)));
    assert_eq!(large["determining"][0]["policy"], "refund-cap");
    let approval = &large["approval"];
    assert_eq!((&approval["state"], &approval["missing"]), (&json!("pending"), &json!(1)));
    assert_eq!(approval["asked"]["metadata"]["arguments"]["amount_cents"], 9_000);
    // Asking again does not flood anybody.
    assert_eq!(shop.ask(9_000)["approval"]["id"], approval["id"]);
    // Before anybody answered, naming it changes nothing.
    assert_eq!(shop.ask_with(&with(approval), &refund(9_000)).good()["decision"], "needs_approval");

    let (_, bob) = shop.approver(Role::SecurityAdmin);
    let given = shop.answer(&bob, approval, "approve", "the customer is right").good();
    assert_eq!((&given["state"], &given["answers"][0]["agrees"]), (&json!("approved"), &json!(true)));
    let other = shop.ask_with(&with(approval), &refund(9_001)).good();
    assert_eq!((&other["decision"], &other["allowed"]), (&json!("deny"), &json!(false)));
    assert!(other["refusal"].as_str().expect("why").contains("another call"), "{other}");
    let done = shop.ask_with(&with(approval), &refund(9_000)).good();
    assert_eq!((&done["decision"], &done["approval"]["state"]), (&json!("allow"), &json!("used")), "{done}");
    let again = shop.ask_with(&with(approval), &refund(9_000)).good();
    assert_eq!((&again["decision"], &again["allowed"]), (&json!("deny"), &json!(false)));

    let told = |action: &str| shop.log(&format!("action:{action}")).len();
    assert_eq!(told("gate.decided"), 7);
    let approvals = ["requested", "granted", "used"].map(|what| told(&format!("approval.{what}")));
    assert_eq!(approvals, [1, 1, 1]);
    let decided = shop.log("action:gate.decided+outcome:success");
    assert_eq!(decided[0]["authorized_by"]["approval_id"], approval["id"]);
    assert_eq!(decided[0]["metadata"]["action"], "order.refund");
    assert_eq!((&decided[0]["id"], &decided[0]["index"]), (&done["decision_id"], &done["index"]));
}

#[test]
fn nobody_approves_what_they_asked_for_and_tokens_are_nobody() {
    let shop = Shop::open();
    let (ana, hers) = shop.approver(Role::Owner);
    let asker = shop.token_of(&ana, &[Scope::Decide]);
    let asked = shop.server.post("/v1/decide").by(&asker).json(&refund(9_000)).good();
    let approval = &asked["approval"];
    assert_eq!(shop.answer(&hers, approval, "approve", "").problem(), (403, "own_request".into()));
    let nobodys = shop.server.token_with(&[Scope::Approve], |_| ());
    assert_eq!(shop.answer(&nobodys, approval, "approve", "").problem(), (403, "needs_person".into()));
    let (_, viewers) = shop.approver(Role::Viewer);
    assert_eq!(shop.answer(&viewers, approval, "approve", "").problem(), (403, "needs_person".into()));
    let (_, managers) = shop.approver(Role::SupportOpsManager);
    assert_eq!(shop.answer(&managers, approval, "approve", "").problem(), (403, "not_asked".into()));
    // The actor of the call is a person who may approve: neither may they.
    let (bob, his) = shop.approver(Role::SecurityAdmin);
    let mut own = refund(9_500);
    own["on_behalf_of"] = json!({ "type": "user", "id": bob.id.0 });
    let asked = shop.ask_with("", &own).good();
    assert_eq!(shop.answer(&his, &asked["approval"], "approve", "").problem(), (403, "own_request".into()));
    // Whoever says no says why.
    assert_eq!(shop.answer(&his, approval, "deny", " ").problem(), (422, "invalid_body".into()));
    assert_eq!(shop.answer(&his, approval, "deny", "no").good()["state"], "denied");
    assert_eq!(shop.answer(&his, approval, "approve", "").problem(), (409, "decided".into()));
    // Other tokens neither use nor see nor take back what was not asked for with them.
    let used = shop.ask_with(&with(approval), &refund(9_000)).good();
    assert_eq!((&used["decision"], &used["approval"]), (&json!("deny"), &json!(null)));
    let path = format!("/v1/approvals/{}", approval["id"].as_str().expect("an id"));
    assert_eq!(shop.server.get(&path).by(&shop.asker).send().problem(), (404, "not_found".into()));
    let (_, elsewhere) = shop.server.another_workspace();
    assert_eq!(shop.server.get(&path).by(&elsewhere).send().status, 403);
}

#[test]
fn two_have_to_agree_and_time_denies() {
    let quorum = CAP.replace("@timeout(\"30m\")", "@timeout(\"3s\") @required(\"2\")");
    let shop = Shop::with(&quorum);
    let approval = shop.ask(9_000)["approval"].clone();
    let ((_, ana), (_, bob)) = (shop.approver(Role::Owner), shop.approver(Role::SecurityAdmin));
    assert_eq!(shop.answer(&ana, &approval, "approve", "").good()["missing"], 1);
    assert_eq!(shop.answer(&ana, &approval, "approve", "").problem(), (409, "decided".into()));
    let late = wait_for("it expires", || {
        let path = format!("/v1/approvals/{}?wait=5", approval["id"].as_str().expect("an id"));
        Some(shop.server.get(&path).by(&shop.asker).send().good()).filter(|one| one["state"] == "expired")
    });
    assert!(late["closed_at"].is_string(), "{late}");
    assert_eq!(shop.answer(&bob, &approval, "approve", "").problem(), (409, "decided".into()));
    let used = shop.ask_with(&with(&approval), &refund(9_000)).good();
    assert_eq!((&used["decision"], &used["escalate"]), (&json!("deny"), &json!(true)), "{used}");
    assert_eq!(shop.log("action:approval.expired").len(), 1);
}

#[test]
fn a_program_waits_for_an_answer_without_asking_again_and_again() {
    let shop = Shop::open();
    let approval = shop.ask(9_000)["approval"].clone();
    let (_, bob) = shop.approver(Role::SecurityAdmin);
    let path = format!("/v1/approvals/{}?wait=60", approval["id"].as_str().expect("an id"));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| shop.server.get(&path).by(&shop.asker).send().good());
        shop.answer(&bob, &approval, "approve", "").good();
        assert_eq!(waiting.join().expect("answered")["state"], "approved");
    });
    let cancel = path.replace("?wait=60", "/cancel");
    assert_eq!(shop.server.post(&cancel).by(&shop.asker).send().good()["state"], "cancelled");
}

#[test]
fn what_is_on_trial_only_says_what_it_would_have_said() {
    let shop = Shop::open();
    let stricter = json!({ "version": 2, "text": CAP.replace("5000", "1000") });
    let saved = shop.edit("PUT", "/v1/policies/refunds", &stricter).good();
    assert_eq!((&saved["enforced"], &saved["newest"]), (&json!(1), &json!(2)), "saving activates nothing");
    let trial = json!({ "version": saved["version"], "enforced": 1, "trial": 2 });
    let shown = shop.activate(&trial).good();
    assert_eq!(shown["mode"], "shadow");
    let asked = shop.ask(4_000);
    assert_eq!(
        (&asked["decision"], &asked["trial"]["decision"]),
        (&json!("allow"), &json!("needs_approval"))
    );
    assert_eq!(shop.log("action:approval.requested").len(), 0, "nobody is asked for what is on trial");
    // For some conversations it decides, always the same ones.
    let canary = json!({ "version": shown["version"], "enforced": 1, "trial": 2, "share": 50 });
    let shown = shop.activate(&canary).good();
    assert_eq!(shown["mode"], "canary");
    let of = |id: usize| {
        let mut call = refund(4_000);
        call["targets"][0]["id"] = format!("c-{id}").into();
        shop.ask_with("", &call).good()["decision"].clone()
    };
    let first: Vec<_> = (0..40).map(of).collect();
    let strict = first.iter().filter(|decision| **decision == "needs_approval").count();
    assert!((8..=32).contains(&strict), "{strict} of 40");
    assert_eq!((0..40).map(of).collect::<Vec<_>>(), first);
    // Back to the first version, which is a change like any other.
    assert_eq!(shop.activate(&json!({ "version": 2, "enforced": 1 })).problem(), (409, "conflict".into()));
    shop.activate(&json!({ "version": shown["version"], "enforced": 1 })).good();
    assert!((0..5).map(of).all(|decision| decision == "allow"));
    assert_eq!(shop.log("action:policy.activated").len(), 4);
}

#[test]
fn what_is_not_known_is_not_let_through_unless_that_was_chosen() {
    let shop = Shop::open();
    let mut call = refund(1);
    call["metadata"] = json!({});
    let asked = shop.ask_with("", &call).good();
    assert_eq!((&asked["decision"], &asked["allowed"]), (&json!("unknown"), &json!(false)), "{asked}");
    assert_eq!(asked["missing"][0], "context.arguments.amount_cents");
    shop.edit("PUT", "/v1/gate", &json!({ "fail_open": ["order.refund"] })).good();
    let asked = shop.ask_with("", &call).good();
    assert_eq!((&asked["decision"], &asked["allowed"]), (&json!("unknown"), &json!(true)));
}

#[test]
fn what_is_not_a_call_or_not_a_policy_is_refused_by_name() {
    let shop = Shop::open();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut call = refund(1);
        change(&mut call);
        let answer = shop.ask_with("", &call);
        (answer.problem().0, answer.json()["field"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(&|call| call["outcome"] = "failure".into()), (422, "outcome".into()));
    assert_eq!(refused(&|call| call["authorized_by"] = json!({})), (422, "authorized_by".into()));
    assert_eq!(refused(&|call| call["metadata"]["gate"] = 1.into()), (422, "metadata.gate".into()));
    assert_eq!(refused(&|call| call["actor"]["type"] = "ghost".into()), (422, "actor.type".into()));
    assert_eq!(shop.server.post("/v1/decide").json(&refund(1)).problem(), (403, "forbidden".into()));

    let typo = CAP.replace("amount_cents", "amount_cent");
    let answer = shop.edit("PUT", "/v1/policies/refunds", &json!({ "version": 2, "text": typo }));
    assert_eq!(answer.problem(), (422, "invalid_policy".into()));
    let flaw = &answer.json()["flaws"][0];
    assert!(flaw["line"] == 4 && flaw["message"].as_str().expect("text").contains("amount_cents"), "{flaw}");
    for (wrong, right) in [("role:king", "role:owner"), ("", "team:x")] {
        let text = |who: &str| CAP.replace("role:security_admin, role:owner", who);
        let check = |who: &str| shop.edit("POST", "/v1/policies/check", &json!({ "text": text(who) })).good();
        assert_ne!(check(wrong)["errors"], json!([]), "{wrong}");
        assert!(
            check(right)["errors"][0]["message"].as_str().is_none_or(|text| text.contains("id")),
            "{right}"
        );
    }
    // A tool that a policy in use speaks of stays.
    let gone = shop.server.call("DELETE", "/v1/tools/order.refund").by(&shop.editor).send();
    assert_eq!(gone.problem(), (422, "in_use".into()));
    let open = json!({ "version": 1, "input_schema": { "type": "object" } });
    assert_eq!(shop.edit("PUT", "/v1/tools/order.refund", &open).problem(), (422, "in_use".into()));
    let listed = shop.server.get("/v1/tools").by(&shop.editor).send().good();
    assert_eq!(listed["tools"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_same_question_sent_twice_is_one_decision() {
    let shop = Shop::open();
    let ask = |cents, key| {
        let call = shop.server.post("/v1/decide").by(&shop.asker).with("idempotency-key", key);
        call.json(&refund(cents))
    };
    let (first, again) = (ask(9_000, "k").good(), ask(9_000, "k").good());
    assert_eq!(first, again);
    assert_eq!(ask(1, "k").problem().0, 409);
    assert_eq!(shop.log("action:gate.decided").len(), 1);
}

#[test]
fn what_the_gate_let_through_counts_once() {
    let shop = Shop::open();
    let (first, denied) = (shop.ask(1), shop.ask(9_000));
    assert_eq!(denied["allowed"], false);
    let mut done = refund(1);
    done["authorized_by"] = json!({ "decision": first["decision_id"] });
    shop.server.append(&[done]);
    shop.ask(2);
    let decided = shop.log("action:gate.decided+outcome:success");
    let counts: Vec<_> = decided.iter().rev().map(|entry| entry["facts"]["same_action_1h"].clone()).collect();
    assert_eq!(counts, [json!(1), json!(2)], "{decided:#?}");
}

#[test]
fn ten_thousand_that_wait_are_enough_and_each_can_still_be_found() {
    if !on_files() {
        return;
    }
    let shop = Shop::open();
    let first = shop.ask(9_000)["approval"].clone();
    // The same as it, but each for another call; one by one they would wait for the disk too.
    let catalog = rusqlite::Connection::open(shop.server.app.config.data.folder.join("catalog.db"));
    let more = "WITH RECURSIVE nth(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM nth WHERE n < ?1)
        INSERT INTO approval SELECT printf('%016x', n), workspace, state, printf('%064x', n), policies, determining, asked,
            decision, token, requester, approvers, required, answers, on_timeout, created_at, expires_at, closed_at, comments
        FROM approval, nth";
    let added = catalog.expect("opens").execute(more, [PENDING_MAX]).expect("written");
    assert_eq!(added as u64, PENDING_MAX - 1);
    // One more is denied, and says so; the same again is the one that waits already.
    let denied = shop.ask(9_001);
    assert_eq!((&denied["decision"], &denied["approval"]), (&json!("deny"), &Value::Null), "{denied}");
    assert_eq!(shop.ask(9_000)["approval"]["id"], first["id"]);
    let (owner, token) = shop.approver(Role::Owner);
    let page = owner.get("/approvals");
    assert_eq!(page.status, 200);
    assert!(page.text().len() < 2_000_000, "{} bytes", page.text().len());
    let listed = shop.server.get("/v1/approvals?state=pending&limit=200").by(&token).send().good();
    assert_eq!((listed["approvals"].as_array().map(Vec::len), listed["next"].is_string()), (Some(200), true));
    // As soon as one is answered there is room for another.
    assert_eq!(shop.answer(&token, &first, "deny", "too much").status, 200);
    assert_eq!(shop.ask(9_001)["decision"], "needs_approval");
}
