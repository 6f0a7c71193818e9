//! What time does to workflows: approvals that end, hours that strike once, customers who wait, and what a restart forgets of it.

use crate::desk::{Desk, Inbox};
use crate::process::wait_for;
use crate::receiver::{QUIET, Receiver, Reply, says};
use crate::support::{TestServer, event};
use hindcast_event::Timestamp;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn asks(on_timeout: &str) -> String {
    format!(
        "trigger: [manual]
then:
  - approve: {{approvers: [\"role:security_admin\"], timeout: 30m, on_timeout: {on_timeout}}}
    do:
      - tag.add: refund
"
    )
}

impl Desk {
    /// Ends the server and starts it again, with all that it has.
    fn restarted(self) -> Self {
        Self { server: self.server.restart(), ..self }
    }

    /// What time it is, a while before the next full hour, and known to the server.
    fn now(&self) -> i64 {
        let now = || (self.server.app.clock)().micros();
        let left = 3_600 - now().div_euclid(1_000_000).rem_euclid(3_600);
        self.server.pass(Duration::from_secs(left.unsigned_abs()) + 5 * MINUTE);
        self.noted_the_hour();
        now()
    }

    /// Waits until the server has noticed which hour it is.
    fn noted_the_hour(&self) {
        let hour = (self.server.app.clock)().seconds().div_euclid(3_600).to_string();
        let noted = || self.server.app.catalog.mark(&self.server.workspace, "workflows_hours").expect("read");
        wait_for("the hour is noted", || (noted().as_deref() == Some(hour.as_str())).then_some(()));
    }

    /// The history learns of a conversation at Intercom: who wrote when, in minutes from a time.
    fn conversation(&self, id: &str, from: i64, said: &[(i64, &str)]) {
        let at = |minutes: i64| Timestamp::from_micros(from + minutes * 60_000_000).to_string();
        let messages: Vec<_> = said
            .iter()
            .map(|(minutes, role)| json!({ "at": at(*minutes), "role": role, "text": "hi" }))
            .collect();
        let opened = messages[0]["at"].clone();
        let all = json!([{ "id": id, "source": "intercom", "opened_at": opened, "messages": messages }]);
        self.server.post("/v1/conversations").by(&self.conductor).json(&all).good();
    }

    /// On which conversations workflows ran, once as many did, and nothing more comes of it.
    fn ran(&self, wanted: &[&str]) {
        let of = || -> Vec<String> {
            let runs = self.runs().into_iter().rev();
            runs.map(|run| format!("{} {}", run["workflow"], run["conversation"]).replace('"', "")).collect()
        };
        wait_for(&format!("{wanted:?} ran, not {:?}", of()), || (of().len() >= wanted.len()).then_some(()));
        std::thread::sleep(QUIET);
        assert_eq!(of(), wanted);
    }
}

#[test]
fn what_nobody_answers_in_time_is_not_done_and_a_late_yes_changes_nothing() {
    let desk = Desk::open(|_| says(500));
    desk.enforce("careful", &asks("deny"));
    desk.happens("manual");
    let waiting = desk.becomes("waiting");
    let (_visitor, bob) = desk.approver();
    desk.server.pass(31 * MINUTE);
    let late = desk.answer(&bob, &waiting["approval"], "approve");
    assert_eq!(late.status, 409, "{}", late.text());
    let expired = desk.becomes("expired");
    assert_eq!((&expired["id"], &expired["said"]), (&waiting["id"], &json!("nobody answered in time")));
    assert_eq!(desk.answer(&bob, &waiting["approval"], "approve").status, 409);
    std::thread::sleep(QUIET);
    assert_eq!(
        (desk.product.sent().len(), desk.intents().len()),
        (0, 1),
        "nothing is done, and nothing follows"
    );
}

#[test]
fn an_escalation_is_asked_about_at_the_gate_and_done() {
    let inbox = Inbox::default();
    let desk = Desk::open(move |sent| inbox.answer(sent));
    desk.enforce("careful", &asks("escalate"));
    desk.happens("manual");
    let waiting = desk.becomes("waiting");
    desk.server.pass(31 * MINUTE);
    let done = desk.becomes("done");
    assert_eq!((&done["action"], &desk.becomes("expired")["id"]), (&json!("note.add"), &waiting["id"]));
    let sent = desk.product.sent();
    assert_eq!((sent.len(), sent[0].path.as_str()), (1, "/conversations/c-1/reply"));
    let said = sent[0].json()["body"].as_str().expect("text").to_owned();
    assert!(said.contains("Nobody answered in time whether tag.add may be done"), "{said}");
    let decided = desk.log("action:gate.decided").into_iter().find(|one| one["id"] == done["decision"]);
    assert_eq!(decided.expect("it was asked about")["metadata"]["action"], "note.added");
    // Where a policy forbids notes, nobody is told, and the run says so.
    desk.forbid(r#"@id("notes") @reason("No notes by machines.") forbid(principal is Automation, action == Action::"note.added", resource);"#);
    desk.happens("manual");
    desk.becomes("waiting");
    desk.server.pass(31 * MINUTE);
    assert_eq!(desk.becomes("denied")["said"], "No notes by machines.");
    assert_eq!(desk.product.sent().len(), 1);
}

#[test]
fn a_yes_to_a_workflow_that_was_turned_off_meanwhile_does_nothing() {
    let desk = Desk::open(|_| says(500));
    desk.enforce("careful", &asks("deny"));
    desk.happens("manual");
    let waiting = desk.becomes("waiting");
    let (_visitor, bob) = desk.approver();
    let shown = desk.shown("careful");
    desk.edit("POST", "/careful/activate", &json!({ "version": shown["version"] })).good();
    desk.answer(&bob, &waiting["approval"], "approve").good();
    assert_eq!(desk.becomes("void")["said"], "the workflow was turned off meanwhile");
    assert!(desk.product.sent().is_empty());
}

const HOURLY: &str = "trigger: [schedule]\nthen:\n  - note.add: still open\n";

#[test]
fn an_hour_strikes_once_however_often_the_server_starts_in_it() {
    let desk = Desk::open(|_| says(200));
    let from = desk.now();
    desk.conversation("c-1", from, &[(-1, "customer")]);
    desk.conversation("c-2", from, &[(-1, "customer")]);
    desk.enforce("hourly", HOURLY);
    desk.ran(&[]);
    desk.noted_the_hour();
    desk.server.pass(HOUR);
    desk.ran(&["hourly c-1", "hourly c-2"]);
    let desk = desk.restarted();
    std::thread::sleep(QUIET);
    let desk = desk.restarted();
    desk.ran(&["hourly c-1", "hourly c-2"]);
    // A server that slept for three hours hears one of them.
    desk.server.pass(3 * HOUR);
    desk.ran(&["hourly c-1", "hourly c-2", "hourly c-1", "hourly c-2"]);
    wait_for("each is done", || (desk.product.sent().len() == 4).then_some(()));
}

#[test]
fn what_is_turned_on_within_an_hour_hears_the_next_one() {
    let desk = Desk::open(|_| says(200));
    desk.conversation("c-1", desk.now(), &[(-1, "customer")]);
    desk.enforce("hourly", HOURLY);
    desk.ran(&[]);
    desk.noted_the_hour();
    desk.server.pass(HOUR);
    desk.ran(&["hourly c-1"]);
    let off = desk.shown("hourly");
    desk.edit("POST", "/hourly/activate", &json!({ "version": off["version"] })).good();
    desk.server.pass(5 * HOUR);
    desk.noted_the_hour();
    desk.enforce("hourly", HOURLY);
    desk.ran(&["hourly c-1"]);
    desk.server.pass(HOUR);
    desk.ran(&["hourly c-1", "hourly c-1"]);
}

#[test]
fn whoever_waits_sets_workflows_off_once_for_one_silence() {
    let desk = Desk::open(|_| says(200));
    let waiting = "trigger: [customer.waiting]
if: {field: ticket.waiting_since, op: older_than, value: 30m}
then:
  - note.add: hurry
else:
  - note.add: there is time
";
    desk.enforce("hurry", waiting);
    let from = desk.now();
    desk.conversation("c-1", from, &[(-1, "customer")]);
    desk.ran(&[]);
    desk.server.pass(20 * MINUTE);
    desk.ran(&[]);
    desk.server.pass(12 * MINUTE);
    desk.ran(&["hurry c-1"]);
    let desk = desk.restarted();
    desk.server.pass(HOUR);
    desk.ran(&["hurry c-1"]);
    // Who writes again waits no less for it; who was answered and writes again waits anew.
    desk.conversation("c-1", from, &[(-1, "customer"), (92, "customer")]);
    desk.server.pass(HOUR);
    desk.ran(&["hurry c-1"]);
    let said = [(-1, "customer"), (92, "customer"), (147, "teammate"), (151, "customer")];
    desk.conversation("c-1", from, &said);
    desk.server.pass(HOUR);
    desk.ran(&["hurry c-1", "hurry c-1"]);
}

#[test]
fn a_customer_who_does_not_answer_is_reminded_once_and_not_when_it_is_history() {
    let desk = Desk::open(|_| says(200));
    let reminder = "trigger: [customer.unresponsive]
if: {field: ticket.agent_waiting_since, op: older_than, value: 2d}
then:
  - note.add: are you still there?
";
    desk.enforce("reminder", reminder);
    let from = desk.now();
    desk.conversation("c-old", from, &[(-9_000, "customer"), (-8_000, "teammate")]);
    desk.conversation("c-1", from, &[(-2, "customer"), (-1, "teammate")]);
    desk.conversation("c-2", from, &[(-2, "customer"), (-1, "teammate")]);
    desk.conversation("c-3", from, &[(-2, "teammate")]);
    desk.server.pass(24 * HOUR);
    desk.ran(&[]);
    // One answers in time.
    desk.conversation("c-2", from, &[(-2, "customer"), (-1, "teammate"), (1_439, "customer")]);
    desk.server.pass(25 * HOUR);
    desk.ran(&["reminder c-1"]);
    desk.server.pass(24 * HOUR);
    desk.ran(&["reminder c-1"]);
}

#[test]
fn a_conversation_takes_fifty_intents_an_hour_also_over_a_restart() {
    let desk = Desk::open(|_| says(200));
    let notes: String = (0..30).map(|nr| format!("  - note.add: note {nr}\n")).collect();
    desk.enforce("notes", &format!("trigger: [manual]\nthen:\n{notes}"));
    let held = |desk: &Desk| desk.happens("manual")["workflows"][0]["held"].clone();
    assert_eq!(held(&desk), Value::Null);
    let too_many = json!("intents for ticket `c-1` within an hour: at most 50, these would make 60");
    assert_eq!(held(&desk), too_many);
    let desk = desk.restarted();
    assert_eq!(held(&desk), too_many);
    assert_eq!(desk.runs()[0]["held"], too_many, "and the run says so");
    desk.server.pass(61 * MINUTE);
    assert_eq!(held(&desk), Value::Null);
    wait_for("all were done", || (desk.product.sent().len() == 60).then_some(()));
}

#[test]
fn tools_that_name_what_led_to_them_cannot_run_in_circles() {
    // Each tool writes into the log that it was called, and why.
    let log: Arc<OnceLock<(String, String)>> = Arc::default();
    let to = log.clone();
    let tool = Receiver::start(move |sent| {
        let (url, token) = to.get().expect("known").clone();
        let (called, causes) = (sent.json()["type"].clone(), sent.json()["data"]["causes"].clone());
        std::thread::spawn(move || {
            let mut written = event(&format!("{}.done", called.as_str().expect("a name")));
            written["metadata"] = json!({ "causes": causes });
            let request =
                ureq::post(format!("{url}/v1/events")).header("authorization", format!("Bearer {token}"));
            let sent = request.header("content-type", "application/json").send(json!([written]).to_string());
            sent.expect("taken");
        });
        Reply::Says(204, vec![], String::new())
    });
    let desk = Desk::open(|_| says(404));
    log.set((desk.server.url.clone(), desk.server.token.clone())).expect("once");
    desk.tools(&[("ping", &tool.url), ("pong", &tool.url)]);
    for (name, heard) in [("ping", "pong"), ("pong", "ping")] {
        let when = format!("{{field: event.action, op: is, value: {heard}.done}}");
        desk.enforce(name, &format!("trigger: [event.recorded]\nif: {when}\nthen:\n  - {name}: {{}}\n"));
    }
    desk.server.append(&[event("ping.done")]);
    let held = wait_for("the circle ends", || {
        desk.runs().into_iter().find_map(|run| run["held"].as_str().map(str::to_owned))
    });
    assert_eq!(held, "workflows set each other off in a circle: pong -> ping -> pong");
    std::thread::sleep(QUIET);
    assert_eq!((tool.sent().len(), desk.runs().len()), (2, 3));
    // One alone is stopped at once.
    desk.enforce("ping", "trigger: [event.recorded]\nif: {field: event.action, op: is, value: ping.done}\nthen:\n  - ping: {}\n");
    let off = desk.shown("pong");
    desk.edit("POST", "/pong/activate", &json!({ "version": off["version"] })).good();
    desk.server.append(&[event("ping.done")]);
    wait_for("it does not set itself off", || {
        desk.runs().iter().any(|run| run["held"] == "the workflow `ping` set itself off").then_some(())
    });
    std::thread::sleep(QUIET);
    assert_eq!(tool.sent().len(), 3);
}

#[test]
fn a_restart_is_a_restart() {
    // Of the stories: what they restart is the same server, with all that was in it.
    let server = TestServer::quiet();
    server.append(&[event("door.open")]);
    let server = server.restart();
    let log = server.get("/v1/events").send().good();
    assert!(crate::support::actions(&log).contains(&"door.open"), "{log}");
}
