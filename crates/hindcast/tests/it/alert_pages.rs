//! Alerts as pages: whoever does not see a field of entries does not learn it from an alert, and a rule that somebody else
//! changed meanwhile is not overwritten.

use crate::cast::Visitor;
use crate::support::TestServer;
use hindcast::catalog::By;
use hindcast::people::Role;
use serde_json::json;
use std::time::Duration;

/// Five accounts are tried from one address, which is what the rule A2 groups by.
fn sprayed(server: &TestServer) {
    let failed = |account: usize| {
        json!({
            "action": "user.sign_in_failed",
            "actor": { "type": "user", "id": format!("u_{account}"), "name": "Somebody" },
            "context": { "ip": "203.0.113.77", "source": "ui" },
            "outcome": { "result": "failure" },
        })
    };
    server.append(&(0..5).map(failed).collect::<Vec<_>>());
}

/// Waits for the page of the alert about it.
fn alert(visitor: &Visitor<'_>) -> String {
    let find = |_| {
        std::thread::sleep(Duration::from_millis(50));
        let list = visitor.get("/alerts").text().to_owned();
        let row = list.split("data-testid=\"alert-row\"").nth(1)?.to_owned();
        let id = row.split("href=\"/alerts/").nth(1)?.split('"').next()?;
        Some(format!("/alerts/{id}"))
    };
    (0..1200).find_map(find).expect("an alert within a minute")
}

#[test]
fn whoever_does_not_see_addresses_learns_none_from_an_alert() {
    let server = TestServer::start();
    let workspace = server.workspace.parse().expect("an id");
    let hide = |settings: &mut hindcast::catalog::Settings, _: &mut String| {
        settings.hidden.insert("auditor".to_owned(), vec!["address".to_owned()]);
    };
    server.app.catalog.change_settings(&workspace, &By::server(), hide).expect("kept");
    sprayed(&server);
    let (owner, auditor) = (server.visitor(Role::Owner, &[]), server.visitor(Role::Auditor, &[]));
    let page = alert(&owner);
    for path in ["/alerts", &page] {
        assert!(owner.get(path).text().contains("203.0.113.77"), "{path}");
        let text = auditor.get(path).text().to_owned();
        assert!(text.contains("(hidden)") && !text.contains("203.0.113.77"), "{path}: {text}");
        assert!(text.contains("5 different values of actor.id within 15 minutes"), "{path}");
    }
    // They read, and decide nothing.
    for (path, fields) in [
        (page.as_str(), &[("act", "acknowledge")][..]),
        ("/alerts", &[("act", "acknowledge")]),
        ("/alerts/undo", &[]),
        ("/alerts/rules", &[]),
        ("/alerts/rules/A1", &[]),
        ("/alerts/rules/A1/switch", &[]),
        ("/alerts/rules/A1/test", &[]),
        ("/alerts/rules/A1/remove", &[]),
        ("/alerts/rules/lists/own_domains", &[]),
    ] {
        assert_eq!(auditor.post(path, fields).status, 403, "{path}");
    }
    assert!(!auditor.get(&page).text().contains("value=\"acknowledge\""));
    // An alert of another workspace is nobody's here.
    let (other, _) = server.another_workspace();
    assert_eq!(server.visitor_of(&other, Role::Owner, &[]).get(&page).status, 404);
}

#[test]
fn a_rule_that_somebody_else_changed_meanwhile_is_not_overwritten() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let fields = |version: &'static str, quiet: &'static str| {
        [("version", version), ("quiet", quiet), ("tune-failures", "12"), ("tune-within", "10m")]
    };
    assert_eq!(owner.post("/alerts/rules/A1", &fields("0", "60")).status, 303);
    let late = owner.post("/alerts/rules/A1", &fields("0", "90"));
    assert_eq!(late.status, 422);
    assert!(
        late.text().contains("Somebody changed this rule meanwhile") && late.text().contains("value=\"90\"")
    );
    let shown = owner.get("/alerts/rules/A1").text().to_owned();
    assert!(shown.contains("value=\"60\"") && shown.contains("value=\"12\""), "{shown}");
    let wrong = owner.post("/alerts/rules/A1", &[("version", "1"), ("quiet", "60"), ("tune-within", "soon")]);
    assert_eq!(wrong.status, 422);
    assert_eq!(owner.post("/alerts/rules/A1/remove", &[]).status, 303);
    assert!(owner.get("/alerts/rules/A1").text().contains("value=\"1440\""));
}

#[test]
fn lists_are_filled_and_wake_the_rules_that_need_them() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    assert!(owner.get("/alerts/rules/C5").text().contains("Asleep"));
    assert_eq!(
        owner.post("/alerts/rules/lists/own_domains", &[("list-own_domains", "@northwind.example\n")]).status,
        303
    );
    let text = owner.get("/alerts/rules/C5").text().to_owned();
    assert!(!text.contains("Asleep"), "{text}");
    assert!(owner.get("/alerts/rules").text().contains("@northwind.example"));
    assert_eq!(owner.post("/alerts/rules/lists/others", &[]).status, 404);
    let many = "x\n".repeat(1_001);
    let refused = owner.post("/alerts/rules/lists/own_hosts", &[("list-own_hosts", &many)]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("At most 1,000 values"));
}
