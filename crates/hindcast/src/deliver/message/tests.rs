//! Entries to be told, and what people are told of them.

use super::*;
use crate::deliver::People;
use crate::deliver::peers::{made, sender};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Somebody in Berlin.
pub(in crate::deliver) fn reader(language: Language) -> Reader {
    Reader::of(&Settings::default(), &with_people(language)).expect("a reader")
}

/// Whoever writes to them.
pub(in crate::deliver) fn with_people(language: Language) -> Sender {
    let people = People {
        workspace: "Acme & Söhne".to_owned(),
        language,
        zone: "Europe/Berlin".to_owned(),
        public_url: "https://audit.example.com/".to_owned(),
        mail: None,
    };
    Sender { people: Arc::new(people), ..sender() }
}

fn entry(index: u64, json: Value) -> Outgoing {
    let Value::Object(json) = json else { unreachable!("it is an object") };
    Outgoing { json, ..made(index, 1_763_752_620_000_000) }
}

/// An alert that was raised for a rule that we ship.
pub(in crate::deliver) fn alert(index: u64, severity: &str) -> Outgoing {
    entry(
        index,
        json!({
            "action": "alert.raised",
            "actor": { "type": "system", "id": "hindcast", "name": "hindcast" },
            "targets": [{ "type": "alert", "id": "al_7", "name": "Many failed sign-ins of one teammate" }],
            "metadata": {
                "rule": "A1", "severity": severity, "about": "ana@example.com", "count": 12,
                "first_seen": "2026-11-21T19:07:00Z", "last_seen": "2026-11-21T19:17:00Z",
                "evidence": ["e-1", "e-2"],
                "why": {
                    "kind": "count", "of": "entries", "value": 12.0, "threshold": 10.0, "seconds": 600, "field": null,
                    "values": [], "share": null,
                },
            },
        }),
    )
}

/// Somebody who wants to be more than a name: markup of every kind, and as long as it may be.
pub(in crate::deliver) fn hostile(index: u64) -> Outgoing {
    let evil = "<!channel> <https://evil.example|click> *bold* [x](https://evil.example) {{DATE(2026-11-21T00:00:00Z)}} \
                ${x} </td><script>alert(1)</script> \"quoted\" \u{202e}txt.exe\r\nBcc: everybody@example.com\r\n.\r\n& ";
    let long = evil.repeat(20) + &"😀".repeat(3000);
    match index % 2 {
        0 => entry(
            index,
            json!({
                "action": long, "description": long,
                "actor": { "type": "user", "id": long, "name": long, "email": long },
                "targets": [{ "type": long, "id": long, "name": long }],
                "outcome": { "result": "denied", "reason": long },
                "context": { "ip": "203.0.113.9" }, "facts": { "ip_country": "JP" },
            }),
        ),
        _ => entry(
            index,
            json!({
                "action": "alert.raised",
                "targets": [{ "type": "alert", "id": long, "name": long }],
                "metadata": {
                    "rule": long, "severity": "low", "about": long, "count": 1_000_000, "first_seen": long,
                    "evidence": vec![long.clone(); 50],
                    "why": {
                        "kind": "count", "of": "distinct_values", "value": 1e300, "threshold": -0.5, "seconds": u64::MAX,
                        "field": long, "values": vec![long; 100], "share": 99.95,
                    },
                },
            }),
        ),
    }
}

/// Many entries, every twentieth an alert.
pub(in crate::deliver) fn storm(count: u64) -> Vec<Outgoing> {
    let severities = ["low", "medium", "high", "informational", "critical"];
    (0..count)
        .map(|index| match index % 20 {
            7 => alert(index, severities[(index / 20 % 5) as usize]),
            _ => made(index, 1_763_752_620_000_000 + index as i64 * 1_000_000),
        })
        .collect()
}

#[test]
fn an_alert_says_how_severe_why_about_whom_and_what_to_do() {
    let message = Message::of(&[alert(7, "high")], &reader(Language::English));
    assert_eq!(message.title, "◆ High: Many failed sign-ins of one teammate");
    assert_eq!(
        message.text[0],
        "The rule counted 12 matching entries within 10 minutes. The threshold is 10."
    );
    let facts: Vec<_> = message.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        facts,
        [
            "Severity: ◆ High",
            "About: ana@example.com",
            "Entries: 12",
            "First seen: 21 Nov 2026, 19:07:00 UTC (21 Nov 2026, 20:07:00, Europe/Berlin, UTC+1)",
            "Last seen: 21 Nov 2026, 19:17:00 UTC (21 Nov 2026, 20:17:00, Europe/Berlin, UTC+1)",
        ]
    );
    let [steps, evidence] = message.lists.as_slice() else { panic!("{:?}", message.lists) };
    assert!(steps.lines[0].text.starts_with("Look at the addresses"), "{steps:?}");
    assert_eq!((evidence.lines.len(), evidence.more), (2, 10));
    assert_eq!(evidence.lines[0].href.as_deref(), Some("https://audit.example.com/log/e-1?w=acme"));
    let link = message.link.expect("a link");
    assert_eq!(
        link,
        ("Open the alert".to_owned(), "https://audit.example.com/alerts/al_7?w=acme".to_owned())
    );
    assert_eq!(message.alert.as_deref(), Some("al_7"));
}

#[test]
fn what_is_hidden_is_not_told() {
    let mut hidden = alert(7, "high");
    hidden.json.remove("metadata");
    let message = Message::of(&[hidden], &reader(Language::English));
    assert!(!format!("{message:?}").contains("ana@example.com"), "{message:?}");
    let mut bare = alert(8, "high");
    bare.json = Map::new();
    assert!(!Message::of(&[bare], &reader(Language::English)).title.is_empty());
}

#[test]
fn an_entry_is_a_sentence_with_who_where_and_how_it_went() {
    let told = json!({
        "action": "role.deleted", "actor": { "type": "user", "id": "u_1", "name": "Ada", "email": "ada@example.com" },
        "targets": [{ "type": "role", "id": "r_5", "name": "Support" }],
        "outcome": { "result": "denied", "reason": "not_allowed" },
        "context": { "ip": "203.0.113.9" }, "facts": { "ip_country": "JP" },
    });
    let message = Message::of(&[entry(41, told)], &reader(Language::German));
    let facts: Vec<_> = message.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(message.title, "Ada löschte die Rolle „Support“ (verweigert)");
    assert_eq!(
        facts[1..],
        ["Wer: Ada (ada@example.com)", "Von wo: 203.0.113.9, JP Japan", "Ergebnis: Verweigert (not_allowed)"]
    );
    assert_eq!(message.link.expect("a link").1, "https://audit.example.com/log/41?w=acme");
}

#[test]
fn a_storm_is_one_message_with_the_worst_first() {
    let message = Message::of(&storm(10_000), &reader(Language::French));
    assert_eq!(message.title, "10\u{202f}000 entrées dans Acme & Söhne");
    let [first] = message.lists.as_slice() else { panic!("{:?}", message.lists) };
    assert_eq!((first.lines.len(), first.more), (10, 9_990));
    assert!(first.lines.iter().all(|line| line.text.starts_with("▲ Critique: ")), "{first:?}");
    assert_eq!(message.facts[0], ("▲ Critique".to_owned(), "100".to_owned()));
    let counted: u64 = message
        .facts
        .iter()
        .map(|(_, count)| count.replace('\u{202f}', "").parse::<u64>().expect("a number"))
        .sum();
    assert_eq!(counted, 10_000);
}

#[test]
fn without_an_address_of_ours_there_are_no_links() {
    let reader = Reader::of(&Settings::default(), &sender()).expect("a reader");
    for entries in [vec![alert(7, "low")], storm(30)] {
        let message = Message::of(&entries, &reader);
        assert_eq!(message.link, None);
        assert!(message.lists.iter().flat_map(|list| &list.lines).all(|line| line.href.is_none()));
    }
}

#[test]
fn what_does_not_fit_is_left_out_and_counted() {
    let message = Message::of(&storm(50), &reader(Language::English));
    let spelled = message.clone().fitted(Message::plain, |text| text.len() < 900);
    assert!(spelled.len() < 900 && spelled.contains("more"), "{spelled}");
    assert_eq!(
        message.fitted(Message::plain, |_| false).lines().count(),
        7,
        "title, link and footer are left"
    );
}
