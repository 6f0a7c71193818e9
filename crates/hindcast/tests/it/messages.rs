//! People are written to: by mail and in Slack, about what they asked for, seldom, and with nothing that is hidden.

use crate::destinations::{abreast, made, server, shown};
use crate::postbox::{Manners, Postbox};
use crate::process::wait_for;
use crate::receiver::{Receiver, says};
use crate::support::event;
use hindcast::people::Role;
use mail_parser::MessageParser;
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
        assert!(part.contains("Ada") && !part.contains("secret.example") && !part.contains("203.0.113"), "{part}");
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
        let page = owner.get(&format!("/settings/destinations/new?kind={kind}")).text();
        assert_eq!(page.contains("action:alert.raised"), offered, "{kind}");
    }
}
