//! Somebody has a report made, hands it on, and another shows that it is that which was made.

use crate::cast::Visitor;
use crate::support::{TestServer, actions};
use hindcast::people::Role;
use serde_json::{Value, json};
use std::time::Duration;

fn sign_in(who: &str, action: &str, day: u32) -> Value {
    json!({
        "action": action,
        "occurred_at": format!("2026-10-{day:02}T09:00:00Z"),
        "actor": { "type": "user", "id": who, "name": format!("Name of {who}") },
    })
}

/// Has a report made, and waits until the list leads to it.
fn made(visitor: &Visitor<'_>, template: &str, query: &str) -> String {
    made_of(visitor, template, query, ("2026-10-01", "2026-10-31"))
}

/// The same about other days.
pub fn made_of(visitor: &Visitor<'_>, template: &str, query: &str, (from, until): (&str, &str)) -> String {
    let fields =
        [("template", template), ("from", from), ("until", until), ("language", "en"), ("query", query)];
    let begun = visitor.post("/reports", &fields);
    assert_eq!((begun.status, begun.header("location")), (303, "/reports"), "{}", begun.text());
    let link = (0..400).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let list = visitor.get("/reports").text().to_owned();
        assert!(!list.contains("could not be made"), "{list}");
        if list.contains("being made") { None } else { Some(newest(&list)?.to_owned()) }
    });
    link.expect("a report within twenty seconds")
}

/// The address of the first report in a list.
fn newest(list: &str) -> Option<&str> {
    let (_, rest) = list.split_once("href=\"/reports/")?;
    Some(rest.split(['"', '/']).next()?).filter(|id| id.len() == 20)
}

#[test]
fn a_report_is_shown_to_be_the_one_that_was_made_and_signed_off() {
    let server = TestServer::start();
    server.append(&[
        sign_in("ana", "user.sign_in_failed", 3),
        sign_in("bob", "user.sign_in_failed", 4),
        sign_in("bob", "user.signed_in", 4),
        sign_in("eve", "user.sign_in_failed", 31),
        json!({ "action": "user.sign_in_failed", "occurred_at": "2026-11-01T00:00:00Z", "actor": { "type": "user", "id": "after-midnight" } }),
    ]);
    let auditor = server.visitor(Role::Auditor, &[]);
    let id = made(&auditor, "failed-sign-ins", "");
    let page = auditor.get(&format!("/reports/{id}"));
    let text = page.text();
    assert!(
        text.contains("Failed sign-ins · 1 Oct 2026 to 31 Oct 2026") && text.contains("<b>3 entries</b>"),
        "{text}"
    );
    assert!(
        text.contains("Name of eve") && !text.contains("after-midnight"),
        "until the end of its last day"
    );
    assert!(
        text.contains("/log?range=all&amp;q=") || text.contains("/log?range=all&#38;q="),
        "numbers lead to the log"
    );
    let pdf = auditor.get(&format!("/reports/{id}/file/pdf"));
    assert!(pdf.body.starts_with(b"%PDF-1.7") && pdf.header("content-type") == "application/pdf");
    let told = server.get("/v1/events?q=action:report.created").send().good();
    assert_eq!(actions(&told), ["report.created"]);
    let about = &told["entries"][0];
    assert_eq!((&about["kind"], &about["actor"]["role"]), (&json!("system"), &json!("auditor")));
    assert_eq!(about["metadata"]["template"], "failed-sign-ins");
    let json = auditor.get(&format!("/reports/{id}/file/json"));
    let verified = auditor.upload("/reports/verify", &json.body);
    assert!(verified.text().contains("unchanged, as it was made on"), "{}", verified.text());
    let changed = json.text().replace("Name of eve", "Name of ann");
    let refused = auditor.upload("/reports/verify", changed.as_bytes());
    assert!(refused.text().contains("No report with this SHA-256 was made here"), "{}", refused.text());
    let signed = auditor.post(&format!("/reports/{id}/review"), &[("note", "asked eve <why>")]);
    assert_eq!(signed.status, 303);
    let page = auditor.get(&format!("/reports/{id}"));
    assert!(
        page.text().contains("asked eve &#60;why&#62;") && page.text().contains("The auditor, "),
        "{}",
        page.text()
    );
    let told = server.get("/v1/events?q=action:report.reviewed").send().good();
    assert_eq!(told["entries"][0]["targets"][0]["id"], json!(id));
}

#[test]
fn a_report_shows_what_its_reader_may_see_and_is_closed_to_whoever_sees_something_else() {
    let server = TestServer::start();
    server.append(&[sign_in("bob", "user.sign_in_failed", 3), sign_in("eve", "user.sign_in_failed", 4)]);
    let manager = server.visitor(Role::SupportOpsManager, &[]);
    let own = made(&manager, "failed-sign-ins", "");
    let page = manager.get(&format!("/reports/{own}"));
    assert!(page.text().contains("Name of bob") && !page.text().contains("Name of eve"), "{}", page.text());
    assert!(page.text().contains("does not see everything in this log"));
    let owner = server.visitor(Role::Owner, &[]);
    assert_eq!(owner.get(&format!("/reports/{own}")).status, 200, "whoever sees everything sees this too");
    let all = made(&owner, "failed-sign-ins", "");
    assert_eq!(manager.get(&format!("/reports/{all}")).status, 404);
    assert_eq!(manager.get(&format!("/reports/{all}/file/json")).status, 404);
    assert!(!manager.get("/reports").text().contains(&all));
    let viewer = server.visitor(Role::Viewer, &[]);
    assert_eq!(viewer.get("/reports").status, 403);
    assert_eq!(viewer.get(&format!("/reports/{own}")).status, 404);
    assert!(!viewer.get("/log").text().contains("href=\"/reports\""));
    let (elsewhere, _) = server.another_workspace();
    let stranger = server.visitor_of(&elsewhere, Role::Auditor, &[]);
    assert_eq!(stranger.get(&format!("/reports/{own}")).status, 404);
}

#[test]
fn evidence_names_what_there_is_and_what_there_is_not() {
    let server = TestServer::start();
    server.append(&[sign_in("bob", "user.sign_in_failed", 3)]);
    let owner = server.visitor(Role::Owner, &[]);
    let id = made(&owner, "pci-dss", "");
    let page = owner.get(&format!("/reports/{id}"));
    let text = page.text();
    for told in [
        "evidence recorded",
        "nothing recorded",
        "10.6.1",
        "Clocks in step",
        "No confirmation of a checkpoint",
        "hindcast does not measure whether the server’s clock follows a time source",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(text.contains("It does not say that they are met"));
}

#[test]
fn checks_of_the_clock_are_evidence_once_they_are_sent() {
    let server = TestServer::start();
    let check = json!({
        "action": "control.checked",
        "occurred_at": "2026-10-05T09:00:00Z",
        "actor": { "type": "system", "id": "chrony" },
        "targets": [{ "type": "control", "id": "clock" }],
        "metadata": { "result": "0.4 ms off" },
    });
    server.append(&[check]);
    let owner = server.visitor(Role::Owner, &[]);
    let id = made(&owner, "iso27001", "");
    let page = owner.get(&format!("/reports/{id}"));
    let clause = page.text().split("A.8.17").nth(1).expect("the clause");
    let row = clause.split("</tr>").next().unwrap_or_default();
    assert!(row.contains("evidence recorded") && row.contains(">1<"), "{row}");
    assert!(page.text().contains("The control clock was checked: 0.4 ms off"), "{}", page.text());
}

#[test]
fn what_cannot_be_asked_is_said_at_its_field() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let ask = |from: &str, until: &str, query: &str| {
        let fields = [("template", "soc2"), ("from", from), ("until", until), ("query", query)];
        let answer = owner.post("/reports", &fields);
        assert_eq!(answer.status, 422, "{from} {until} {query}");
        answer.text().to_owned()
    };
    assert!(ask("2026-10-02", "2026-10-01", "").contains("The first day must not be after the last"));
    assert!(ask("", "x", "").contains("The first day must not be after the last"));
    assert!(ask("2026-10-01", "2026-10-01", "occurred:today").contains("Leave the time out of the query"));
    assert!(ask("2026-10-01", "2026-10-01", "actr:bob").contains("actr"));
}

#[test]
fn a_report_is_repeated_until_somebody_ends_it() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let fields =
        [("template", "access-review"), ("from", "2026-10-01"), ("until", "2026-10-31"), ("repeat", "month")];
    assert_eq!(owner.post("/reports", &fields).status, 303);
    let list = owner.get("/reports").text().to_owned();
    assert!(list.contains("every month for The owner"), "{list}");
    let due =
        server.app.catalog.schedules(&server.workspace.parse().expect("an id")).expect("read").remove(0);
    server
        .app
        .catalog
        .move_schedule(&due.id, due.next_at, hindcast_event::Timestamp::from_micros(0))
        .expect("moved");
    let link = (0..400).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        Some(newest(owner.get("/reports").text())?.to_owned())
    });
    let page = owner.get(&format!("/reports/{}", link.expect("made within twenty seconds")));
    assert!(page.text().contains("1 Dec 1969 to 31 Dec 1969"), "over the month before: {}", page.text());
    let ended = owner.post(&format!("/reports/schedules/{}/remove", due.id), &[]);
    assert_eq!(ended.status, 303);
    assert!(!owner.get("/reports").text().contains("every month"));
    let told = server.get("/v1/events?q=action:report.*").send().good();
    assert_eq!(actions(&told), ["report.unscheduled", "report.created", "report.scheduled"]);
}

#[test]
fn programs_have_reports_too() {
    let server = TestServer::start();
    server.append(&[sign_in("bob", "user.sign_in_failed", 3)]);
    let wanted = json!({
        "template": "access-review", "from": "2026-10-01T00:00:00Z", "until": "2026-11-01T00:00:00Z", "lang": "ja",
    });
    let begun = server.post("/v1/reports").json(&wanted);
    assert_eq!(begun.status, 202, "{}", begun.text());
    let id = begun.json()["id"].as_str().expect("an id").to_owned();
    let ready = (0..400).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let report = server.get(&format!("/v1/reports/{id}")).send().good();
        (report["state"] == "ready").then_some(report)
    });
    let ready = ready.expect("made within twenty seconds");
    assert_eq!((&ready["language"], &ready["entries"]), (&json!("ja"), &json!(1)));
    let pdf = server.get(&format!("/v1/reports/{id}/file/pdf")).send();
    assert!(pdf.body.starts_with(b"%PDF-1.7"));
    let listed = server.get("/v1/reports").send().good();
    assert_eq!(listed["reports"][0]["id"], json!(id));
    for (field, value) in
        [("template", "weather"), ("until", "2026-10-01T00:00:00Z"), ("lang", "tlh"), ("q", "occurred:today")]
    {
        let mut wrong = wanted.clone();
        wrong[field] = value.into();
        assert_eq!(server.post("/v1/reports").json(&wrong).problem().0, 422, "{field}");
    }
    assert_eq!(server.get("/v1/reports/nothing").send().problem().0, 404);
}
