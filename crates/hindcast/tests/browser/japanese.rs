//! Somebody who reads Japanese reads Japanese, and searches with the same keys as everybody.

use crate::browser::{Browser, Setup};
use crate::cast::{PASSWORD, hire};
use crate::support::TestServer;
use fantoccini::key::Key;
use hindcast::catalog::Preferences;
use hindcast::people::Role;
use serde_json::json;

fn is_japanese(text: &str) -> bool {
    text.chars().any(|letter| matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
}

/// Whether a time is written as 2026/11/21 18:00:05.
fn is_written_as_in_japan(time: &str) -> bool {
    let shape: String =
        time.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    shape == "0000/00/00 00:00:00"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_japanese_reader_is_at_home() {
    let server = TestServer::quiet();
    let event = |id: &str, name: &str, at: &str| {
        json!({
            "action": "macro.updated", "occurred_at": at,
            "actor": { "type": "user", "id": id, "name": name },
            "targets": [{ "type": "macro", "id": "31", "name": "返金の案内" }],
            "changes": [{ "path": "/name", "before": "返金", "after": "返金の案内" }],
        })
    };
    server.append(&[
        event("taro", "田中 太郎", "2026-11-01T09:00:05Z"),
        event("ana", "Ana Ng", "2026-11-01T15:30:00Z"),
    ]);
    let preferences = Preferences {
        language: Some("ja".to_owned()),
        zone: Some("Asia/Tokyo".to_owned()),
        ..Preferences::default()
    };
    let hanako = hire(&server, "Hanako Sato", Role::SecurityAdmin, preferences);
    let setup = Setup { language: "ja", ..Setup::default() };
    let Some(browser) = Browser::open_as(&server, setup).await else { return };

    // The browser's language is enough at the door.
    browser.visit("/login").await;
    assert_eq!(browser.attribute("html", "lang").await, "ja");
    assert!(is_japanese(&browser.see("#door-h").await));
    browser.fill("#f-email", &hanako.email).await;
    browser.fill("#f-password", PASSWORD).await;
    browser.key(Key::Enter).await;
    browser.arrive("/log").await;

    for path in ["/log?range=all", "/dashboards/overview", "/integrity", "/settings/people", "/help/search"] {
        browser.visit(path).await;
        browser.settle().await;
        assert_eq!(browser.attribute("html", "lang").await, "ja", "{path}");
        for css in ["h1", "nav.main-nav a span", ".skip"] {
            for text in browser.texts(css).await {
                assert!(is_japanese(&text), "{css} on {path} says {text:?}");
            }
        }
    }
    browser.visit("/log?range=all&group=off").await;
    browser.settle().await;
    for css in ["#log thead th", "#rows .badge", "#rows th a", ".facet > summary", "#result-status"] {
        for text in browser.texts(css).await {
            assert!(is_japanese(&text) || text.starts_with("IP"), "{css} says {text:?}");
        }
    }
    let times = browser.texts("#rows time").await;
    assert!(times.iter().all(|time| is_written_as_in_japan(time)), "{times:?}");
    assert!(times.contains(&"2026/11/01 18:00:05".to_owned()), "nine hours ahead: {times:?}");
    assert!(times.contains(&"2026/11/02 00:30:00".to_owned()), "{times:?}");

    // Keys are English in every language, and words are found in Japanese.
    for (query, rows) in
        [("actor:taro", 1), ("outcome:success action:macro.updated", 2), ("返金の案内", 2), ("actor:田中", 1)]
    {
        browser.fill("#q", query).await;
        browser.key(Key::Enter).await;
        let found = format!("return document.querySelectorAll('#rows tr[data-index]').length === {rows}");
        browser.until_is(&format!("{query} finds {rows}"), &found).await;
        browser.settle().await;
    }
    browser.fill("#q", "actr:taro").await;
    browser.key(Key::Enter).await;
    let told = browser.see("#q-error").await;
    assert!(is_japanese(&told) && told.contains("actor"), "{told}");
    browser.close().await;
}
