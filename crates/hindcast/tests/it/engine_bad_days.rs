//! Bad days of those who do what workflows propose: products that are away, slow, wrong, or that do not know us.

use crate::desk::Desk;
use crate::ports::free_port;
use crate::process::wait_for;
use crate::receiver::{QUIET, Receiver, Reply, Sent, says, told};
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NOTE: &str = "trigger: [manual]\nthen:\n  - note.add: hello\n";
const LATE: &str = "trigger: [manual]\nthen:\n  - tag.add: late\n";
const HOUR: Duration = Duration::from_secs(3_600);

impl Desk {
    /// Somebody sets workflows off by hand, in a conversation of a product.
    fn by_hand(&self, product: &str, conversation: &str) {
        self.trigger(&json!({ "trigger": "manual", "conversation": conversation, "product": product }));
    }

    /// The intents, once they are as many and stand so.
    fn stand_as(&self, wanted: &[&str]) -> Vec<Value> {
        let states = |intents: &[Value]| -> Vec<String> {
            intents.iter().map(|one| one["state"].as_str().expect("a word").to_owned()).collect()
        };
        wait_for(&format!("they stand as {wanted:?}"), || {
            Some(self.intents()).filter(|intents| states(intents) == wanted)
        })
    }

    /// The only intent, once so much is said of it.
    fn says(&self, words: &str) -> Value {
        wait_for(words, || {
            let found = self.intents().into_iter().next()?;
            // While it is performed once more, it still says what came of it last.
            let is_said = found["said"].as_str().is_some_and(|said| said.contains(words));
            (is_said && found["state"] != "performing").then_some(found)
        })
    }
}

/// An address at which nobody is.
fn nobody() -> std::net::SocketAddr {
    ([127, 0, 0, 1], free_port()).into()
}

#[test]
fn who_is_not_there_is_asked_again_until_somebody_is() {
    let address = nobody();
    let desk = Desk::at(Receiver::start(|_| says(404)), |config| {
        config.workflows.call_seconds = 2;
    });
    desk.tools(&[("door.lock", &format!("http://{address}/lock"))]);
    desk.enforce("lock", "trigger: [manual]\nthen:\n  - door.lock: {}\n");
    desk.by_hand("", "");
    let waits = desk.says("refused");
    assert_eq!(waits["state"], "allowed", "it was not sent, so it is not over: {waits}");
    let receiver = Receiver::start_at(address, |_| says(204));
    let done = desk.becomes("done");
    assert!(done["attempts"].as_u64().is_some_and(|attempts| attempts >= 2), "{done}");
    assert_eq!(receiver.sent().len(), 1);
    assert_eq!(desk.told("action:workflow.acted").len(), 1, "only its end is told");
}

#[test]
fn what_nobody_took_for_a_day_fails() {
    let address = nobody();
    let desk = Desk::open(|_| says(404));
    desk.tools(&[("door.lock", &format!("http://{address}/lock"))]);
    desk.enforce("lock", "trigger: [manual]\nthen:\n  - door.lock: {}\n");
    desk.by_hand("", "");
    desk.says("refused");
    desk.server.pass(23 * HOUR);
    std::thread::sleep(QUIET);
    assert_eq!(desk.intents()[0]["state"], "allowed");
    desk.server.pass(2 * HOUR);
    let failed = desk.becomes("failed");
    let said = failed["said"].as_str().expect("text");
    assert!(said.starts_with("it could not be done in time: ") && said.contains("refused"), "{said}");
    let _nobody_comes = Receiver::start_at(address, |_| panic!("a day later nobody expects it"));
    std::thread::sleep(QUIET);
}

#[test]
fn one_that_says_nothing_holds_up_nobody_else_and_is_left_alone() {
    let silent = Receiver::start(|_| Reply::Hangs);
    let desk = Desk::at(Receiver::start(|_| says(200)), |config| config.workflows.call_seconds = 3);
    let quick = Receiver::start(|_| says(204));
    let names: Vec<_> = (0..12).map(|nr| format!("slow.{nr}")).collect();
    let slow: Vec<_> = names.iter().map(|name| (name.as_str(), silent.url.as_str())).collect();
    desk.tools(&[&slow[..], &[("quick", &quick.url)]].concat());
    let calls: String = names.iter().map(|name| format!("  - {name}: {{}}\n")).collect();
    desk.enforce("slow", &format!("trigger: [manual]\npriority: 1\nthen:\n{calls}"));
    desk.enforce("quick", "trigger: [rating.received]\nthen:\n  - quick: {}\n  - note.add: hello\n");
    desk.by_hand("", "");
    wait_for("many wait for an answer", || (silent.sent().len() >= 4).then_some(()));
    desk.happens("rating.received");
    let states = || -> Vec<String> {
        let of = desk.runs().into_iter().filter(|run| run["workflow"] == "quick");
        let intents = of.flat_map(|run| run["intents"].as_array().expect("intents").clone());
        intents.map(|one| one["state"].as_str().expect("a word").to_owned()).collect()
    };
    wait_for("the others are done", || (states() == ["done", "done"]).then_some(()));
    let is_open = |one: &Value| ["allowed", "performing"].iter().any(|state| one["state"] == *state);
    assert!(desk.intents().iter().any(is_open), "while the slow ones are still waited for");
    // Whether each was done nobody knows, and none is sent again.
    wait_for("all is over", || {
        desk.intents().iter().all(|one| one["state"] == "ambiguous" || one["state"] == "done").then_some(())
    });
    desk.server.pass(HOUR);
    std::thread::sleep(QUIET);
    assert_eq!(silent.sent().len(), names.len());
}

#[test]
fn a_slow_answer_to_a_question_is_no_doubt_about_a_deed() {
    let nth = AtomicU64::new(0);
    let desk = Desk::at(
        Receiver::start(move |sent| match (sent.method.as_str(), nth.fetch_add(1, Ordering::SeqCst)) {
            ("GET", 0) => Reply::Hangs,
            ("GET", _) => told(200, &json!({ "ticket": { "id": 35, "tags": ["late"] } })),
            other => panic!("nothing is written: {other:?}"),
        }),
        |config| config.workflows.call_seconds = 1,
    );
    desk.connect_zendesk(&json!({}));
    desk.enforce("late", LATE);
    desk.by_hand("zendesk", "35");
    let done = desk.becomes("done");
    assert_eq!((&done["attempts"], &done["said"]), (&json!(2), &json!("it was so already")));
}

#[test]
fn who_cannot_be_connected_to_was_sent_nothing() {
    // Whoever does not take connections has a queue of them, and when that is full nobody hears anything.
    let full = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = full.local_addr().expect("an address");
    let hold = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
    let held: Vec<_> = std::iter::from_fn(|| hold().ok()).take(10_000).collect();
    let desk = Desk::at(Receiver::start(|_| says(404)), |config| config.workflows.call_seconds = 2);
    desk.tools(&[("door.lock", &format!("http://{address}/lock"))]);
    desk.enforce("lock", "trigger: [manual]\nthen:\n  - door.lock: {}\n");
    desk.by_hand("", "");
    let waits = desk.says("timeout");
    assert_eq!(waits["state"], "allowed", "{waits}");
    drop((held, full));
    let receiver = Receiver::start_at(address, |_| says(204));
    assert_eq!(desk.becomes("done")["id"], waits["id"]);
    assert_eq!(receiver.sent().len(), 1);
}

#[test]
fn an_answer_that_cannot_be_read_takes_no_tags_away() {
    let ticket =
        |tags: Value| told(200, &json!({ "ticket": { "id": 35, "tags": tags, "updated_at": "t1" } }));
    let tries = Arc::new(AtomicU64::new(0));
    let nth = tries.clone();
    let desk = Desk::open(move |sent| match (sent.method.as_str(), nth.fetch_add(1, Ordering::SeqCst)) {
        ("GET", 0) => Reply::Says(200, vec![], "<html>Sign in to the hotel's network</html>".into()),
        ("GET", 1) => told(200, &json!([])),
        ("GET", 2) => told(200, &json!({ "ticket": { "id": 35 } })),
        ("GET", 3) => Reply::Babbles,
        ("GET", _) => ticket(json!(["old", "vip"])),
        _ => ticket(json!(["late", "old", "vip"])),
    });
    desk.connect_zendesk(&json!({}));
    desk.enforce("late", LATE);
    desk.by_hand("zendesk", "35");
    for words in [
        "something that cannot be read",
        "something that cannot be read",
        "did not tell the tags",
        "more than can be read",
    ] {
        let waits = desk.says(words);
        assert_eq!((&waits["state"], desk.written()), (&json!("allowed"), vec![]), "{waits}");
        let before = tries.load(Ordering::SeqCst);
        desk.server.pass(HOUR / 2);
        wait_for("it is asked again", || (tries.load(Ordering::SeqCst) > before).then_some(()));
    }
    desk.becomes("done");
    let put = desk.product.sent().last().expect("sent").clone();
    assert_eq!(put.json()["ticket"]["tags"], json!(["late", "old", "vip"]));
}

#[test]
fn a_long_conversation_is_read_whole() {
    let desk = Desk::open(|sent| match sent.method.as_str() {
        "GET" => told(
            200,
            &json!({ "type": "conversation", "id": "c-1", "source": { "body": "x".repeat(2 << 20) },
                             "tags": { "tags": [{ "id": "t-late", "name": "late" }] } }),
        ),
        _ => told(200, &json!({ "type": "tag" })),
    });
    desk.enforce("late", "trigger: [manual]\nthen:\n  - tag.remove: late\n");
    desk.by_hand("intercom", "c-1");
    desk.becomes("done");
    assert_eq!(desk.written(), ["DELETE /conversations/c-1/tags/t-late"]);
}

#[test]
fn whoever_answers_a_deed_with_something_else_leaves_it_in_doubt() {
    let nth = AtomicU64::new(0);
    let desk = Desk::open(move |_| match nth.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Says(200, vec![], "<html>It works!</html>".into()),
        1 => Reply::Babbles,
        2 => says(504),
        3 => says(200),
        _ => panic!("nothing is sent twice"),
    });
    desk.enforce("notes", NOTE);
    for (nr, words) in [(1, "something that cannot be read"), (2, "more than can be read"), (3, "status 504")]
    {
        desk.by_hand("intercom", "c-1");
        desk.stand_as(&vec!["ambiguous"; nr]);
        desk.says(words);
        desk.server.pass(HOUR);
    }
    desk.by_hand("intercom", "c-1");
    desk.stand_as(&["done", "ambiguous", "ambiguous", "ambiguous"]);
    let unknown = desk.told("action:workflow.acted+outcome:unknown");
    assert_eq!(unknown.len(), 3);
    assert!(unknown.iter().all(|one| one["outcome"]["reason"].is_string()), "{unknown:?}");
}

#[test]
fn nobody_is_sent_elsewhere_with_our_credential() {
    let elsewhere = Receiver::start(|_| says(200));
    let url = elsewhere.url.clone();
    let desk = Desk::open(move |_| Reply::Says(307, vec![("location", url.clone())], String::new()));
    desk.tools(&[("door.lock", &desk.product.url)]);
    desk.enforce("notes", &format!("{NOTE}  - tag.add: late\n  - door.lock: {{}}\n"));
    desk.by_hand("intercom", "c-1");
    let failed = desk.stand_as(&["failed", "failed", "failed"]);
    let is_told = |one: &Value| one["said"].as_str().is_some_and(|said| said.contains("status 307"));
    assert!(failed.iter().all(is_told), "{failed:?}");
    assert_eq!((elsewhere.sent().len(), desk.product.sent().len()), (0, 3));
}

#[test]
fn one_that_is_busy_says_how_long_and_nobody_asks_before() {
    let desk = Desk::open(|sent| match sent.nth {
        0 => Reply::Says(503, vec![("retry-after", "3000".to_owned())], "down for repairs".to_owned()),
        _ => says(200),
    });
    desk.enforce("notes", NOTE);
    desk.by_hand("intercom", "c-1");
    desk.says("down for repairs");
    // Others learn of it without asking.
    desk.by_hand("intercom", "c-2");
    desk.says("down for repairs");
    desk.server.pass(HOUR / 2);
    std::thread::sleep(QUIET);
    assert_eq!(desk.product.sent().len(), 1);
    desk.server.pass(HOUR / 2);
    let done = desk.stand_as(&["done", "done"]);
    assert_eq!([&done[0]["attempts"], &done[1]["attempts"]], [1, 2], "the newest run is told first");
}

#[test]
fn a_credential_that_is_mended_lets_go_on_what_waited() {
    let known = Arc::new(Mutex::new("Bearer new".to_owned()));
    let good = known.clone();
    let desk = Desk::open(move |sent| match sent.header("authorization") == *good.lock().expect("sound") {
        true => says(200),
        false => told(401, &json!({ "errors": [{ "code": "token_revoked" }] })),
    });
    desk.enforce("notes", NOTE);
    desk.by_hand("intercom", "c-1");
    desk.says("intercom is paused: Intercom answered with status 401");
    desk.by_hand("intercom", "c-2");
    let waits = desk.says("intercom is paused");
    assert_eq!((&waits["state"], &waits["attempts"]), (&json!("allowed"), &json!(0)));
    std::thread::sleep(QUIET);
    assert_eq!(desk.product.sent().len(), 1, "somebody has to look after it first");
    desk.connect("intercom", &json!({ "token": "new", "admin": "7" })).good();
    desk.stand_as(&["done", "done"]);
    let shown = desk.server.get("/v1/connectors").by_admin().send().good();
    assert_eq!(shown["connectors"][0]["problem"], Value::Null);
    // Nobody waits for ever: when it is taken away, what was still to be done fails.
    *known.lock().expect("sound") = "Bearer newer".to_owned();
    desk.by_hand("intercom", "c-3");
    desk.says("is paused");
    assert_eq!(desk.server.call("DELETE", "/v1/connectors/intercom").by_admin().send().status, 204);
    desk.server.pass(HOUR);
    assert_eq!(desk.becomes("failed")["said"], "intercom is not connected");
}

#[test]
fn a_credential_that_was_refused_after_it_was_mended_pauses_nobody() {
    let (reached, mended) = (Arc::new(Mutex::new(false)), Arc::new(Mutex::new(false)));
    let (came, may_answer) = (reached.clone(), mended.clone());
    let desk = Desk::open(move |sent: &Sent| {
        if sent.header("authorization") == "Bearer new" {
            return says(200);
        }
        *came.lock().expect("sound") = true;
        wait_for("it was connected anew", || may_answer.lock().expect("sound").then_some(()));
        says(401)
    });
    desk.enforce("notes", NOTE);
    desk.by_hand("intercom", "c-1");
    wait_for("it was asked", || reached.lock().expect("sound").then_some(()));
    desk.connect("intercom", &json!({ "token": "new", "admin": "7" })).good();
    *mended.lock().expect("sound") = true;
    desk.becomes("done");
}

#[test]
fn a_ticket_that_nobody_may_touch_stops_no_other() {
    let desk = Desk::open(|sent| match sent.path.contains("c-secret") {
        true => told(403, &json!({ "error": "Forbidden" })),
        false => says(200),
    });
    desk.enforce("notes", NOTE);
    desk.by_hand("intercom", "c-secret");
    let failed = desk.becomes("failed");
    assert!(failed["said"].as_str().is_some_and(|said| said.contains("status 403")), "{failed}");
    desk.by_hand("intercom", "c-1");
    desk.stand_as(&["done", "failed"]);
    let shown = desk.server.get("/v1/connectors").by_admin().send().good();
    assert_eq!(shown["connectors"][0]["paused_at"], Value::Null);
}

#[test]
fn hundreds_that_wait_for_one_hold_up_nobody_else() {
    let desk = Desk::at(Receiver::start(|_| says(401)), |_| ());
    let quick = Receiver::start(|_| says(204));
    desk.tools(&[("quick", &quick.url)]);
    let tags: Vec<_> = (0..40).map(|nr| format!("t{nr}")).collect();
    desk.enforce("tags", &format!("trigger: [manual]\nthen:\n  - tag.add: [{}]\n", tags.join(", ")));
    desk.enforce("quick", "trigger: [rating.received]\nthen:\n  - quick: {}\n");
    for nr in 0..6 {
        desk.by_hand("intercom", &format!("c-{nr}"));
    }
    desk.happens("rating.received");
    wait_for("the other is done", || (quick.sent().len() == 1).then_some(()));
    assert_eq!(desk.product.sent().len(), 1, "240 wait, and nobody asks for them");
}
