//! What Zendesk posts sets workflows off: if it is signed, new, and of now.

use crate::desk::Desk;
use crate::process::wait_for;
use crate::receiver::{QUIET, says, told};
use crate::support::Answer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast_event::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

const SECRET: &str = "zendesk-signs-with-this";
const MERRY: &str = "trigger: [ticket.updated]
if: {field: ticket.tags, op: contains, value: vip}
then:
  - ticket.priority: high
";

/// An account of Zendesk's, with one ticket, that posts what happens.
struct Account {
    desk: Desk,
    hook: String,
}

impl Account {
    fn open() -> Self {
        let ticket = |priority: &str| json!({ "ticket": { "id": 35, "priority": priority, "tags": ["vip"], "updated_at": "2026-11-23T04:00:00Z" } });
        let desk = Desk::open(move |sent| match (sent.method.as_str(), sent.path.as_str()) {
            ("GET", "/api/v2/tickets/35.json") => told(200, &ticket("normal")),
            ("PUT", "/api/v2/tickets/35.json") => told(200, &ticket("high")),
            _ => says(404),
        });
        let wanted = json!({ "token": "zd_token", "subdomain": "company", "user": "ada@example.com", "hook_secret": SECRET });
        let connected = desk.connect("zendesk", &wanted).good();
        let hook = connected["hook"].as_str().expect("an address").to_owned();
        desk.enforce("vips", MERRY);
        Self { desk, hook }
    }

    /// A ticket was tagged.
    fn tagged(&self, id: &str) -> String {
        let now = (self.desk.server.app.clock)().to_string();
        json!({
            "type": "zen:event-type:ticket.tags_changed", "id": id, "time": now, "subject": "zen:ticket:35",
            "event": { "tags_added": ["vip"], "tags_removed": [] },
            "detail": { "id": "35", "subject": "Late", "status": "OPEN", "priority": null, "tags": ["vip"],
                        "created_at": now, "updated_at": now, "via": { "channel": "web" } },
        })
        .to_string()
    }

    fn send(&self, body: &str, signature: &str, at: &str) -> Answer {
        let post = self.desk.server.post(&self.hook).with("authorization", "");
        let post = post.with("x-zendesk-webhook-signature", signature);
        post.with("x-zendesk-webhook-signature-timestamp", at).body(body)
    }

    /// Posts as Zendesk does, `ago` seconds ago by its signature.
    fn post(&self, body: &str, ago: i64) -> Answer {
        let now = (self.desk.server.app.clock)().micros();
        let at = Timestamp::from_micros(now - ago * 1_000_000).to_string();
        self.send(body, &signed(SECRET, &at, body), &at)
    }
}

fn signed(secret: &str, at: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(at.as_bytes());
    mac.update(body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[test]
fn a_post_becomes_a_run_a_call_and_an_entry() {
    let account = Account::open();
    let body = account.tagged("e-1");
    assert_eq!(account.post(&body, 1).status, 200);
    let done = account.desk.becomes("done");
    assert_eq!(
        (&done["action"], &done["arguments"]),
        (&json!("ticket.priority"), &json!({ "priority": "high" }))
    );
    let sent = account.desk.product.sent();
    assert_eq!(sent.iter().map(|sent| sent.method.as_str()).collect::<Vec<_>>(), ["GET", "PUT"]);
    let basic = format!("Basic {}", STANDARD.encode("ada@example.com/token:zd_token"));
    assert_eq!(sent[1].header("authorization"), basic);
    assert_eq!(
        sent[1].json(),
        json!({ "ticket": { "priority": "high", "safe_update": true, "updated_stamp": "2026-11-23T04:00:00Z" } })
    );
    let acted = &account.desk.told("action:workflow.acted")[0];
    assert_eq!(acted["changes"], json!([{ "path": "/priority", "before": "normal", "after": "high" }]));
    assert_eq!(
        (&acted["metadata"]["conversation"], &acted["metadata"]["product"]),
        (&json!("35"), &json!("zendesk"))
    );
    let run = &account.desk.runs()[0];
    assert_eq!((&run["trigger"], &run["conversation"]), (&json!("ticket.updated"), &json!("35")));

    // The same post again is the same happening, whoever sends it.
    assert_eq!(account.post(&body, 0).status, 200);
    std::thread::sleep(QUIET);
    assert_eq!((account.desk.runs().len(), account.desk.product.sent().len()), (1, 2));
}

#[test]
fn what_is_not_signed_for_us_now_sets_nothing_off() {
    let account = Account::open();
    let body = account.tagged("e-1");
    let now = (account.desk.server.app.clock)().to_string();
    let good = signed(SECRET, &now, &body);
    let unsigned = (401, "unsigned".to_owned());
    assert_eq!(account.send(&body, &signed("another secret", &now, &body), &now).problem(), unsigned);
    assert_eq!(account.send(&body, "", &now).problem(), unsigned);
    assert_eq!(account.send(&body, &good, "").problem(), unsigned);
    assert_eq!(account.send(&body.replace("35", "36"), &good, &now).problem(), unsigned, "another ticket");
    // A signature does not keep for ever, and its time cannot be changed.
    let old = account.post(&body, 16 * 60);
    assert_eq!(old.problem(), (401, "stale".to_owned()));
    assert!(old.text().contains("more than 15 minutes from"), "{}", old.text());
    assert_eq!(account.post(&body, -16 * 60).problem(), (401, "stale".to_owned()), "nor does it come early");
    assert_eq!(account.send(&body, &good, "2026-11-23T04:00:00Z").problem(), unsigned);
    let unread = signed(SECRET, &now, "{");
    assert_eq!(account.send("{", &unread, &now).problem(), (400, "invalid_json".to_owned()));
    let large = "x".repeat((4 << 20) + 1);
    assert_eq!(account.post(&large, 0).status, 413);
    let of_nobody = account.desk.server.post("/v1/hooks/nobody").with("authorization", "").body(body.clone());
    assert_eq!(of_nobody.status, 404);
    // What is about something else is taken, and of no consequence.
    let other =
        json!({ "type": "zen:event-type:user.created", "id": "e-2", "detail": { "id": "7" } }).to_string();
    assert_eq!(account.post(&other, 0).status, 200);
    std::thread::sleep(QUIET);
    assert_eq!((account.desk.runs(), account.desk.product.sent().len()), (Vec::<Value>::new(), 0));
    assert_eq!(account.post(&body, 0).status, 200);
    account.desk.becomes("done");
}

#[test]
fn a_post_of_yesterday_is_not_played_again_at_a_workflow_of_today() {
    let account = Account::open();
    let (body, now) = (account.tagged("e-1"), (account.desk.server.app.clock)().to_string());
    let signature = signed(SECRET, &now, &body);
    let shown = account.desk.shown("vips");
    account.desk.edit("POST", "/vips/activate", &json!({ "version": shown["version"] })).good();
    assert_eq!(account.send(&body, &signature, &now).status, 200);
    wait_for("nobody heard it", || {
        let workspace = account.desk.server.workspace.parse().expect("an id");
        account.desk.server.app.catalog.triggers(&workspace, 10).expect("read").is_empty().then_some(())
    });
    account.desk.server.pass(Duration::from_secs(86_400));
    account.desk.enforce("vips", MERRY);
    assert_eq!(account.send(&body, &signature, &now).problem(), (401, "stale".to_owned()));
    assert_eq!(account.desk.runs(), Vec::<Value>::new());
}
