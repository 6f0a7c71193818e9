//! People are written to: by mail and in Slack, about what they asked for, seldom, and with nothing that is hidden.

use crate::destinations::{abreast, made, server, shown};
use crate::postbox::{Manners, Postbox};
use crate::process::wait_for;
use crate::receiver::{Receiver, says};
use crate::support::{TestServer, event};
use hindcast::people::Role;
use mail_parser::{MessageParser, MimeHeaders as _};
use serde_json::{Value, json};

fn email(postbox: &Postbox, query: &str) -> Value {
    json!({
        "kind": "email", "name": "on call", "since": "start", "query": query, "hidden": ["email", "address"],
        "settings": {
            "to": "ana@example.com, ben@example.com", "host": "127.0.0.1", "port": postbox.port, "tls": "none",
            "from": "Audit log <audit@example.com>", "language": "de",
        },
    })
}

fn role_deleted(name: &str) -> Value {
    let mut event = event("role.deleted");
    event["actor"] = json!({ "type": "user", "id": "u_7", "name": "Ada", "email": "ada@secret.example" });
    event["targets"] = json!([{ "type": "role", "id": "r_5", "name": name }]);
    event["context"] = json!({ "ip": "203.0.113.9" });
    event
}

#[test]
fn a_message_comes_at_once_and_a_storm_after_it_as_one() {
    let (postbox, server) = (Postbox::start(Manners::default()), server());
    let id = made(&server, &email(&postbox, "action:role.deleted"));
    server.append(&[event("door.open"), role_deleted("Support")]);
    let first = wait_for("the first mail", || postbox.kept().into_iter().next());
    assert_eq!(first.to, ["ana@example.com", "ben@example.com"]);
    let mail = MessageParser::default().parse(&first.mail).expect("a mail");
    assert_eq!(mail.subject(), Some("Ada löschte die Rolle „Support“"));
    let raw = String::from_utf8_lossy(&first.mail);
    for part in [mail.body_text(0).expect("text"), mail.body_html(0).expect("HTML")] {
        assert!(
            part.contains("Ada") && !part.contains("secret.example") && !part.contains("203.0.113"),
            "{part}"
        );
    }
    assert!(raw.contains("Auto-Submitted: auto-generated\r\n"));
    let storm: Vec<_> = (0..1500).map(|nth| role_deleted(&format!("R {nth}"))).collect();
    server.append(&storm);
    let shown = abreast(&server, &id);
    let kept = postbox.kept();
    assert_eq!((kept.len(), &shown["delivered"], &shown["dead"]), (2, &json!(1501), &json!(0)));
    let mail = MessageParser::default().parse(&kept[1].mail).expect("a mail");
    assert!(mail.subject().is_some_and(|subject| subject.starts_with("1.500 Einträge in ")), "{mail:?}");
    assert!(mail.body_text(0).expect("text").contains("und 1.490 weitere"));
}

#[test]
fn a_test_arrives_and_says_what_it_is() {
    let (postbox, server) = (Postbox::start(Manners::default()), server());
    let id = made(&server, &email(&postbox, "action:alert.raised"));
    let tested = server.post(&format!("/v1/destinations/{id}/test")).by_admin().send().good();
    assert_eq!((&tested["outcome"], &tested["status"]), (&json!("delivered"), &json!(250)));
    let kept = postbox.kept();
    let mail = MessageParser::default().parse(&kept[0].mail).expect("a mail");
    assert_eq!(mail.subject(), Some("Ein Test von hindcast"));
}

#[test]
fn slack_hears_of_it_and_a_webhook_that_is_gone_is_switched_off() {
    let (receiver, server) = (Receiver::start(|_| says(200)), server());
    let slack = |url: &str| {
        json!({
            "kind": "slack", "name": "s", "since": "start", "query": "action:role.deleted",
            "settings": { "webhook": url },
        })
    };
    server.append(&[role_deleted("Support <!channel>")]);
    let id = made(&server, &slack(&receiver.url));
    assert_eq!(abreast(&server, &id)["delivered"], 1);
    let body = receiver.sent()[0].json();
    assert_eq!(body["text"], "Ada deleted the role Support &lt;!channel&gt;");
    assert_eq!(body["blocks"][0]["type"], "rich_text");
    let shown_now = shown(&server, &id).to_string();
    assert!(!shown_now.contains(&receiver.url), "whoever knows the address may write there");
    let gone = Receiver::start(|_| says(404));
    let id = made(&server, &slack(&gone.url));
    wait_for("it is switched off", || Some(shown(&server, &id)).filter(|shown| shown["state"] == "gone"));
}

#[test]
fn the_form_offers_alerts_to_people_and_everything_to_systems() {
    let server = server();
    let owner = server.visitor(Role::Owner, &[]);
    for (kind, offered) in [("email", true), ("slack", true), ("teams", true), ("webhook", false)] {
        let page = owner.get(&format!("/settings/destinations/new?kind={kind}"));
        assert_eq!(page.text().contains("action:alert.raised"), offered, "{kind}");
    }
}

/// A server that writes through this postbox.
fn writing_through(postbox: &Postbox) -> TestServer {
    let port = postbox.port;
    TestServer::start_with(move |config| {
        config.server.public_url = "https://audit.example.com".to_owned();
        config.mail.host = "127.0.0.1".to_owned();
        config.mail.port = port;
        config.mail.tls = hindcast::config::MailTls::None;
        config.mail.from = "Audit log <audit@example.com>".to_owned();
    })
}

const WANTED: [(&str, &str); 5] = [
    ("template", "access-review"),
    ("from", "2026-10-01"),
    ("until", "2026-10-31"),
    ("language", "en"),
    ("mail_to", "ana@example.com, ben@example.com"),
];

#[test]
fn a_report_is_mailed_when_it_is_ready_and_the_log_says_so() {
    let postbox = Postbox::start(Manners::default());
    let server = writing_through(&postbox);
    let owner = server.visitor(Role::Owner, &[]);
    let wrong =
        [("template", "access-review"), ("from", "2026-10-01"), ("until", "2026-10-31"), ("mail_to", "ana")];
    assert_eq!(owner.post("/reports", &wrong).status, 422);
    assert_eq!(owner.post("/reports", &WANTED).status, 303);
    let kept = wait_for("the mail", || postbox.kept().into_iter().next());
    assert_eq!((kept.from.as_str(), kept.to.len()), ("audit@example.com", 2));
    let mail = MessageParser::default().parse(&kept.mail).expect("a mail");
    assert_eq!(mail.subject(), Some("Access review, 1 Oct 2026 to 31 Oct 2026"));
    let pdf = mail.attachment(0).expect("attached");
    assert!(
        pdf.attachment_name().is_some_and(|name| name.ends_with(".pdf"))
            && pdf.contents().starts_with(b"%PDF-")
    );
    assert!(mail.body_text(0).expect("text").contains("https://audit.example.com/reports/"));
    wait_for("the page says so", || {
        owner.get("/reports").text().contains("Mailed to ana@example.com, ben@example.com.").then_some(())
    });
    let shared = wait_for("the entry about it", || {
        let found = server.get("/v1/events?q=action:report.shared").by_admin().send().good();
        found["entries"].as_array()?.first().cloned()
    });
    assert_eq!(shared["metadata"]["with"], "ana@example.com, ben@example.com");
}

#[test]
fn a_report_that_cannot_be_mailed_says_why_and_when_it_is_tried_again() {
    let later: crate::postbox::Says =
        Box::new(|line, _| line.starts_with("MAIL").then_some("451 4.3.2 not now"));
    let postbox = Postbox::start(Manners { says: later, ..Manners::default() });
    let server = writing_through(&postbox);
    let owner = server.visitor(Role::Owner, &[]);
    let repeated: Vec<_> = WANTED.into_iter().chain([("repeat", "month")]).collect();
    assert_eq!(owner.post("/reports", &repeated).status, 303);
    assert!(
        owner.get("/reports").text().contains("ana@example.com, ben@example.com"),
        "the schedule names them"
    );
    assert_eq!(owner.post("/reports", &WANTED).status, 303);
    wait_for("the page says why", || {
        let page = owner.get("/reports").text().to_owned();
        (page.contains("451 4.3.2 not now") && page.contains("It is tried again at")).then_some(())
    });
    assert!(postbox.kept().is_empty());
}

#[test]
fn without_a_mail_server_nobody_is_offered_mail() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    assert!(!owner.get("/reports").text().contains("mail_to"));
    assert_eq!(owner.post("/reports", &WANTED).status, 303);
}
