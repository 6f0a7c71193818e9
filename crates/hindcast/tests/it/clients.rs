//! The client in Rust that people copy asks the gate, waits for a person, and takes no answer for no.

#[path = "../../../../clients/rust/gate.rs"]
mod copied;

use crate::gate::{Shop, refund};
use copied::Gate;
use hindcast::catalog::Scope;
use hindcast::people::Role;
use serde_json::json;
use std::time::Duration;

#[test]
fn the_client_in_rust_asks_waits_and_reports() {
    let shop = Shop::open();
    let token = shop.server.token_with(&[Scope::Decide, Scope::Ingest], |_| ());
    let gate = Gate::new(&shop.server.url, &token);
    let small = gate.allow(&refund(100), Duration::ZERO).expect("allowed");
    gate.report(&refund(100), &small, json!("success")).expect("reported");
    let (_, bob) = shop.approver(Role::SecurityAdmin);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| gate.allow(&refund(9_000), Duration::from_secs(30)));
        let pending = || {
            let listed = shop.server.get("/v1/approvals?state=pending").by(&token).send().good();
            listed["approvals"].get(0).cloned()
        };
        let approval = crate::process::wait_for("it asks", pending);
        shop.answer(&bob, &approval, "approve", "").good();
        let decision = waiting.join().expect("answered").expect("allowed");
        assert_eq!(decision["approval"]["state"], "used");
    });
    let no = gate.allow(
        &json!({ "action": "data.exported", "actor": { "type": "agent", "id": "fin" } }),
        Duration::ZERO,
    );
    assert_eq!(no.expect_err("denied").decision.expect("an answer")["decision"], "deny");
    let nobody =
        Gate::new("http://127.0.0.1:9", &token).allow(&refund(1), Duration::ZERO).expect_err("no answer");
    assert!(nobody.decision.is_none() && nobody.escalate(), "{nobody}");
}
