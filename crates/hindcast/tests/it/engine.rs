//! Workflows at work: something happens, what they propose passes the gate, and a product has it done; once, or not at all.

use crate::desk::{Desk, Inbox, TAGS};
use crate::process::{Home, Process, wait_for};
use crate::receiver::{QUIET, Receiver, Reply, says, told};
use serde_json::json;
use std::sync::{Arc, Mutex};

#[test]
fn what_matches_passes_the_gate_and_is_done_once() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    let on = desk.enforce("refunds", TAGS);
    assert_eq!(
        (&on["mode"], &on["triggers"], &on["touched_7d"]),
        (&json!("enforce"), &json!(["message.received"]), &json!(0))
    );
    let dry = desk.trigger(
        &json!({ "trigger": "message.received", "facts": { "message.text": "refund" }, "dry_run": true }),
    );
    assert_eq!(
        (&dry["workflows"][0]["matched"], &dry["workflows"][0]["run"]),
        (&json!("true"), &json!(null))
    );
    assert_eq!(desk.runs(), [json!(null); 0], "nothing was kept");

    let fired = desk.happens("message.received");
    assert_eq!(fired["workflows"][0]["said"]["trace"][0]["actual"], "I want a refund");
    let done = desk.becomes("done");
    assert_eq!((&done["action"], &done["arguments"]), (&json!("tag.add"), &json!({ "tags": ["refund"] })));
    assert_eq!(desk.written(), ["POST /tags", "POST /conversations/c-1/tags"]);
    let acted = desk.told("action:workflow.acted");
    assert_eq!(acted[0]["changes"], json!([{ "path": "/tags", "before": [], "after": ["refund"] }]));
    assert_eq!(
        (&acted[0]["actor"]["id"], &acted[0]["outcome"]["result"]),
        (&json!("workflow"), &json!("success"))
    );
    let decided = desk.log("action:gate.decided");
    assert_eq!(
        (&decided[0]["metadata"]["action"], &decided[0]["metadata"]["tag"]),
        (&json!("conversation.tagged"), &json!("refund"))
    );
    assert_eq!(acted[0]["metadata"]["decision"], decided[0]["id"]);
    assert_eq!(desk.told("action:workflow.run")[0]["metadata"]["matched"], "true");
    assert_eq!(
        (&desk.shown("refunds")["touched_7d"], &desk.shown("refunds")["changed_by"]),
        (&json!(1), &json!("test"))
    );
    // What is so already is not done again.
    desk.happens("message.received");
    wait_for("the second is done", || {
        (desk.intents().iter().filter(|one| one["state"] == "done").count() == 2).then_some(())
    });
    assert_eq!(desk.written().len(), 2);
}

#[test]
fn what_policies_forbid_is_not_done_and_shadow_does_nothing() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    desk.forbid(r#"@id("tags") @reason("Workflows set no such tag.") forbid(principal is Automation, action == Action::"conversation.tagged", resource) when { context has tag && context.tag == "refund" };"#);
    desk.stand("tried", TAGS, "shadow");
    let fired = desk.happens("message.received");
    assert_eq!(
        (&fired["workflows"][0]["mode"], &fired["workflows"][0]["intents"]),
        (&json!("shadow"), &json!([]))
    );
    assert_eq!(
        desk.told("action:workflow.run")[0]["metadata"]["actions"],
        json!(["tag.add"]),
        "it is written down"
    );
    desk.enforce("refunds", TAGS);
    desk.happens("message.received");
    let denied = desk.becomes("denied");
    assert_eq!(denied["said"], "Workflows set no such tag.");
    std::thread::sleep(QUIET);
    assert_eq!((desk.product.sent().len(), desk.intents().len()), (0, 1));
}

pub const ASKS: &str = "trigger: [message.received]
then:
  - approve: {approvers: [\"role:security_admin\"], timeout: 30m}
    do:
      - note.add: pay it back
";

#[test]
fn an_approval_lets_exactly_its_call_through_and_a_changed_text_voids_it() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    desk.enforce("careful", ASKS);
    desk.happens("message.received");
    let waiting = desk.becomes("waiting");
    let (_visitor, bob) = desk.approver();
    assert!(desk.product.sent().is_empty());
    assert_eq!(desk.answer(&bob, &waiting["approval"], "approve").good()["state"], "approved");
    let done = desk.becomes("done");
    assert_eq!((&done["id"], &done["approval"]), (&waiting["id"], &waiting["approval"]));
    let sent = desk.product.sent();
    assert_eq!((sent.len(), sent[0].json()["body"].as_str()), (1, Some("<p>pay it back</p>")));
    assert_eq!(desk.log("action:approval.used").len(), 1);

    desk.happens("message.received");
    let waiting = desk.becomes("waiting");
    desk.enforce("careful", &ASKS.replace("pay it back", "pay it back twice"));
    assert_eq!(desk.answer(&bob, &waiting["approval"], "approve").good()["state"], "approved");
    assert_eq!(desk.becomes("void")["said"], "the workflow was changed meanwhile");
    desk.happens("message.received");
    let waiting = desk.becomes("waiting");
    assert_eq!(desk.answer(&bob, &waiting["approval"], "deny").good()["state"], "denied");
    assert!(desk.becomes("denied")["said"].as_str().is_some_and(|said| said.contains("looked at it")));
    assert_eq!(desk.product.sent().len(), 1);
}

#[test]
fn a_product_that_is_busy_is_asked_again_and_one_that_says_nothing_is_not() {
    let tries = Arc::new(Mutex::new(0));
    let desk = Desk::open(move |sent| {
        let mut tries = tries.lock().expect("not poisoned");
        *tries += 1;
        match (*tries, sent.method.as_str()) {
            (1, _) => Reply::Says(429, vec![("retry-after", "1".to_owned())], String::new()),
            (2, _) => says(200),
            (3, _) => says(500),
            _ => says(401),
        }
    });
    desk.enforce("notes", "trigger: [manual]\nthen:\n  - note.add: hello\n");
    desk.happens("manual");
    assert_eq!(desk.becomes("done")["attempts"], 2);
    desk.happens("manual");
    let doubtful = desk.becomes("ambiguous");
    assert!(doubtful["said"].as_str().is_some_and(|said| said.contains("status 500")), "{doubtful}");
    assert_eq!(desk.told("action:workflow.acted+outcome:unknown").len(), 1);
    // Who does not know us is asked nothing more until somebody connects it anew.
    desk.happens("manual");
    let paused = wait_for("it is paused", || {
        let shown = desk.server.get("/v1/connectors").by_admin().send().good();
        Some(shown["connectors"][0].clone()).filter(|one| one["paused_at"].is_string())
    });
    assert!(paused["problem"].as_str().is_some_and(|said| said.contains("status 401")));
    std::thread::sleep(QUIET);
    assert_eq!(desk.product.sent().len(), 4, "what was ambiguous was not sent again");
}

#[test]
fn workflows_that_set_each_other_off_end() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    for (name, tag) in [("ping", "a"), ("pong", "b")] {
        desk.enforce(name, &format!("trigger: [ticket.updated]\nthen:\n  - tag.add: {tag}\n"));
    }
    assert_eq!(desk.post("notif_0", "conversation_part.tag.created").status, 200);
    wait_for("both acted", || {
        (desk.written().iter().filter(|one| one.ends_with("c-1/tags")).count() == 2).then_some(())
    });
    // The product tells us of what we just did.
    for nr in 1..4 {
        assert_eq!(desk.post(&format!("notif_{nr}"), "conversation_part.tag.created").status, 200);
    }
    let held = wait_for("they are held", || {
        Some(desk.log("action:workflow.run+outcome:denied")).filter(|held| held.len() >= 6)
    });
    assert!(
        held.iter().all(|one| one["metadata"]["held"].as_str().is_some_and(|held| held.contains("set"))),
        "{held:?}"
    );
    assert_eq!(desk.intents().len(), 2);
    // The same post again, and one that is not signed, set nothing off.
    assert_eq!(desk.post("notif_0", "conversation_part.tag.created").status, 200);
    let unsigned =
        desk.server.post(&desk.hook).with("x-hub-signature", "sha1=00").with("authorization", "").body("{}");
    assert_eq!(unsigned.problem(), (401, "unsigned".into()));
    std::thread::sleep(QUIET);
    assert_eq!(desk.log("action:workflow.run").len(), 8);
    // A customer who writes is no echo.
    desk.enforce("refunds", TAGS.replace("refund}", "order}").as_str());
    assert_eq!(desk.post("notif_9", "conversation.user.created").status, 200);
}

#[test]
fn what_just_happened_in_a_conversation_sets_workflows_off_and_last_year_does_not() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    desk.enforce("welcome", "trigger: [ticket.created]\nif: {field: ticket.channel, op: is, value: email}\nthen:\n  - note.add: welcome\n");
    let conversation = |id: &str, at: &str| {
        json!({ "id": id, "source": "intercom", "channel": "email", "opened_at": at,
        "messages": [{ "at": at, "role": "customer", "text": "hi" }] })
    };
    let now = (desk.server.app.clock)().to_string();
    let both = json!([conversation("c-0", "2025-01-01T00:00:00Z"), conversation("c-1", &now)]);
    desk.server.post("/v1/conversations").by(&desk.conductor).json(&both).good();
    desk.becomes("done");
    // Told again, it is known.
    let again = json!([conversation("c-1", &now)]);
    desk.server.post("/v1/conversations").by(&desk.conductor).json(&again).good();
    std::thread::sleep(QUIET);
    assert_eq!(desk.runs().iter().map(|run| run["conversation"].clone()).collect::<Vec<_>>(), ["c-1"]);
}

#[test]
fn entries_of_the_log_set_workflows_off_and_tools_are_called_signed() {
    let desk = Desk::open(|_| says(204));
    let connected = desk
        .connect("http", &json!({ "tools": { "order.refund": format!("{}/refund", desk.product.url) } }))
        .good();
    assert!(connected["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
    let tool = json!({ "input_schema": { "type": "object", "properties": { "order_id": { "type": "string" } } }, "writes": true });
    desk.server.call("PUT", "/v1/tools/order.refund").by(&desk.editor).json(&tool).good();
    desk.enforce("pay", "trigger: [event.recorded]\nif: {field: event.action, op: is, value: order.returned}\nthen:\n  - order.refund: {order_id: {field: event.metadata.order}}\n");
    let mut event = crate::support::event("order.returned");
    event["metadata"] = json!({ "order": "o-7" });
    desk.server.append(&[crate::support::event("door.open"), event]);
    desk.becomes("done");
    let sent = &desk.product.sent()[0];
    assert_eq!(
        (sent.path.as_str(), &sent.json()["data"]["arguments"]),
        ("/refund", &json!({ "order_id": "o-7" }))
    );
    assert!(sent.header("webhook-signature").starts_with("v1,"));
    assert_eq!(sent.header("webhook-id"), desk.intents()[0]["id"]);
    std::thread::sleep(QUIET);
    assert_eq!((desk.runs().len(), desk.product.sent().len()), (1, 1), "its own entries set nothing off");
}

#[test]
fn an_earlier_text_comes_back_and_one_in_force_is_not_deleted() {
    let desk = Desk::open(|_| says(204));
    let wrong = "schema: workflow/1\nname: refunds\ntrigger: [ticket.created]\nif: {field: ticket.tag, op: contains, value: x}\nthen:\n  - tag.add: y\n";
    let refused = desk.edit("PUT", "/refunds", &json!({ "text": wrong }));
    assert_eq!(
        (refused.json()["code"].as_str(), refused.json()["flaws"][0]["line"].as_u64()),
        (Some("invalid_workflow"), Some(4))
    );
    let other =
        desk.edit("PUT", "/other", &json!({ "text": format!("schema: workflow/1\nname: refunds\n{TAGS}") }));
    assert_eq!(other.problem(), (422, "invalid_body".into()));
    desk.enforce("refunds", TAGS);
    let second = desk.enforce("refunds", &TAGS.replace("tag.add: refund", "tag.add: money"));
    assert_eq!((&second["enforced"], &second["newest"]), (&json!(2), &json!(2)));
    let stale = desk.edit("POST", "/refunds/restore", &json!({ "version": 1, "number": 1 }));
    assert_eq!(stale.problem(), (409, "conflict".into()));
    let back =
        desk.edit("POST", "/refunds/restore", &json!({ "version": second["version"], "number": 1 })).good();
    assert_eq!((&back["enforced"], &back["newest"]), (&json!(3), &json!(3)));
    assert!(back["text"].as_str().is_some_and(|text| text.contains("tag.add: refund")));
    assert_eq!(
        desk.server.call("DELETE", "/v1/workflows/refunds").by(&desk.editor).send().problem(),
        (409, "in_use".into())
    );
    desk.edit("POST", "/refunds/activate", &json!({ "version": back["version"] })).good();
    assert_eq!(desk.server.call("DELETE", "/v1/workflows/refunds").by(&desk.editor).send().status, 204);
    let told = |action: &str| desk.log(&format!("action:{action}")).len();
    let changes = ["created", "updated", "enabled", "disabled", "deleted"]
        .map(|what| told(&format!("workflow.{what}")));
    assert_eq!(changes, [1, 2, 3, 1, 1]);
}

#[test]
fn zendesk_is_told_which_change_we_know_of() {
    let ticket = |tags: &[&str], at: &str| json!({ "ticket": { "id": 35, "status": "open", "tags": tags, "updated_at": at } });
    let desk = Desk::open(move |sent| match (sent.method.as_str(), sent.nth) {
        ("GET", 0) => told(200, &ticket(&["old"], "t0")),
        // Somebody else was quicker.
        ("PUT", 1) => told(409, &json!({ "error": "UpdateConflict" })),
        ("GET", _) => told(200, &ticket(&["new", "old"], "t1")),
        _ => told(200, &ticket(&["late", "new", "old"], "t2")),
    });
    desk.connect(
        "zendesk",
        &json!({ "token": "zd_token", "subdomain": "company", "user": "ada@example.com" }),
    )
    .good();
    desk.enforce("late", "trigger: [manual]\nthen:\n  - tag.add: late\n");
    desk.trigger(&json!({ "trigger": "manual", "conversation": "35", "product": "zendesk" }));
    assert_eq!(desk.becomes("done")["attempts"], 2);
    let put = desk.product.sent().last().expect("sent").clone();
    assert_eq!(put.path, "/api/v2/tickets/35.json");
    let wanted =
        json!({ "ticket": { "tags": ["late", "new", "old"], "safe_update": true, "updated_stamp": "t1" } });
    assert_eq!(put.json(), wanted);
    let acted = desk.told("action:workflow.acted");
    assert_eq!(
        acted[0]["changes"],
        json!([{ "path": "/tags", "before": ["new", "old"], "after": ["late", "new", "old"] }])
    );
}

const EVENTS: usize = 30;

/// Every intent of a server, and how it stands.
fn states(server: &Process) -> Vec<String> {
    let runs = server.get("/v1/workflows/runs?limit=200").good();
    let runs = runs["runs"].as_array().expect("runs");
    let intents = runs.iter().flat_map(|run| run["intents"].as_array().expect("intents"));
    intents.map(|intent| intent["state"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn a_server_that_is_killed_again_and_again_has_nothing_done_twice() {
    let product = Receiver::start(|_| {
        std::thread::sleep(std::time::Duration::from_millis(30));
        says(204)
    });
    let mut home = Home::new("[alerts]\njudge = false\n[deliver]\nallow = [\"127.0.0.0/8\"]\n");
    let mut server = home.start();
    let tool = json!({ "input_schema": { "type": "object" }, "writes": true });
    server.put("/v1/tools/door.lock", &tool).good();
    let tools = json!({ "tools": { "door.lock": format!("{}/lock", product.url) } });
    server.put("/v1/connectors/http", &tools).good();
    let text = "schema: workflow/1\nname: lock\ntrigger: [event.recorded]\nif: {field: event.action, op: is, value: door.open}\nthen:\n  - door.lock: {}\n";
    let saved = server.put("/v1/workflows/lock", &json!({ "text": text })).good();
    let on = json!({ "version": saved["version"], "enforced": 1 });
    server.post("/v1/workflows/lock/activate", &on).good();
    std::thread::sleep(QUIET);
    let events: Vec<_> = (0..EVENTS).map(|_| crate::support::event("door.open")).collect();
    assert_eq!(server.append(&events).status, 201);
    for round in 0..6 {
        std::thread::sleep(std::time::Duration::from_millis(40 + 60 * round));
        drop(server);
        server = home.start();
    }
    let over = wait_for("all is over", || {
        let states = states(&server);
        let is_over = |state: &String| matches!(state.as_str(), "done" | "ambiguous");
        (states.len() == EVENTS && states.iter().all(is_over)).then_some(states)
    });
    let mut calls: Vec<_> = product.sent().iter().map(|sent| sent.header("webhook-id").to_owned()).collect();
    let all = calls.len();
    calls.sort();
    calls.dedup();
    assert_eq!(calls.len(), all, "nothing was sent twice");
    let done = over.iter().filter(|state| *state == "done").count();
    assert!(done <= all && all <= EVENTS, "{done} of {all}");
    let told = |result: &str| server.count(&format!("action:workflow.acted+outcome:{result}"));
    wait_for("the log tells of each", || (told("success") + told("unknown") == EVENTS as u64).then_some(()));
    assert_eq!(told("success"), done as u64);
    assert_eq!(server.count("action:workflow.run"), EVENTS as u64);
    server.terminate();
}
