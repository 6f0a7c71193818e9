//! Everything that is done with a pointer is done with keys alone, and the focus is always seen.

use crate::browser::Browser;
use crate::cast::{hire, owner, speaks};
use crate::support::TestServer;
use fantoccini::key::Key;
use hindcast::catalog::Preferences;
use hindcast::people::Role;
use serde_json::json;

fn entries(server: &TestServer) {
    let events: Vec<_> = (0..4)
        .map(|at| {
            json!({
                "action": "macro.updated",
                "actor": { "type": "user", "id": format!("a{at}"), "name": format!("Ana {at}") },
                "targets": [{ "type": "macro", "id": at.to_string(), "name": format!("Refund {at}") }],
                "changes": [{ "path": "/name", "before": "a", "after": "b" }],
            })
        })
        .collect();
    server.append(&events);
}

/// What the focus is on, in a few words, and whether that is seen.
async fn focus(browser: &Browser) -> (String, bool) {
    let script = r#"
        const one = document.activeElement;
        const name = one.id || one.getAttribute('href') || one.name || one.className || one.textContent.trim();
        const style = getComputedStyle(one), box = one.getBoundingClientRect();
        const bar = one.querySelector?.(':scope > .hit'); // of a chart, which is drawn
        const ringed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
            || Boolean(bar) && getComputedStyle(bar).stroke !== 'none';
        const inside = box.bottom > 0 && box.top < innerHeight && box.width > 1 && box.height > 1;
        return [one.localName + ' ' + name, ringed && inside];"#;
    serde_json::from_value(browser.run(script).await).expect("a focus")
}

async fn at_the_log() -> Option<(TestServer, Browser)> {
    let server = TestServer::quiet();
    entries(&server);
    let mara = owner(&server);
    let browser = Browser::open(&server).await?;
    browser.enter(&server, &server.workspace, &mara);
    browser.visit("/log").await;
    browser.settle().await;
    Some((server, browser))
}

/// Waits until the focus is in a part of the page.
async fn focus_comes_into(browser: &Browser, css: &str) {
    let inside = format!("return Boolean(document.activeElement.closest('{css}'))");
    browser.until_is(&format!("the focus is in {css}"), &inside).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_found_and_opened_with_keys_alone() {
    let Some((_server, browser)) = at_the_log().await else { return };
    browser.write("/").await;
    assert_eq!(focus(&browser).await.0, "input q");
    assert_eq!(browser.value("#q").await, "", "the key itself is not typed");
    browser.write("refund").await;
    browser.key(Key::Enter).await;
    browser.until("the search is in the address", async || browser.here().await.contains("q=refund")).await;
    browser.settle().await;
    browser.write("j").await;
    focus_comes_into(&browser, "#rows tr").await;
    browser.key(Key::Enter).await;
    browser.see("[data-testid=entry-panel]").await;
    assert!(browser.here().await.contains("entry="));
    browser.key(Key::Escape).await;
    browser.miss("[data-testid=entry-panel]").await;
    assert!(!browser.here().await.contains("entry="));
    assert!(browser.here().await.contains("q=refund"), "the list is as it was");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_focus_goes_into_what_opens_and_back_from_what_closes() {
    let Some((_server, browser)) = at_the_log().await else { return };
    browser.write("j").await;
    focus_comes_into(&browser, "#rows tr").await;
    let (first, seen) = focus(&browser).await;
    assert!(seen, "the focus on {first} is not seen");
    browser.write("j").await;
    assert_ne!(focus(&browser).await.0, first, "j goes on");
    browser.write("k").await;
    assert_eq!(focus(&browser).await.0, first, "k goes back");

    browser.write("?").await;
    browser.see("#keys-help[open]").await;
    focus_comes_into(&browser, "#keys-help").await;
    browser.write("j").await;
    focus_comes_into(&browser, "#keys-help").await;
    browser.key(Key::Escape).await;
    browser.miss("#keys-help[open]").await;
    browser.until("the focus is on the row again", async || focus(&browser).await.0 == first).await;

    browser.write("x").await;
    focus_comes_into(&browser, "#rows details[open]").await;
    browser.key(Key::Escape).await;
    browser
        .until_is("the menu is closed", "return !document.querySelector('#rows details.menu[open]')")
        .await;
    focus_comes_into(&browser, "#rows tr").await;
    browser.write("k").await;
    browser.write("j").await;
    browser.write("k").await;
    assert_eq!(focus(&browser).await.0, first);

    browser.key(Key::Enter).await;
    browser.see("[data-testid=entry-panel]").await;
    focus_comes_into(&browser, "#panel").await;
    browser.key(Key::Escape).await;
    browser.miss("[data-testid=entry-panel]").await;
    browser.until("the focus is on the row again", async || focus(&browser).await.0 == first).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_lead_where_the_help_says() {
    let Some((_server, browser)) = at_the_log().await else { return };
    browser.write("f").await;
    focus_comes_into(&browser, ".facets").await;
    browser.write("t").await;
    assert_eq!(browser.attribute("[data-testid=tail-toggle]", "aria-pressed").await, "true");
    browser.write("t").await;
    assert_eq!(browser.attribute("[data-testid=tail-toggle]", "aria-pressed").await, "false");
    browser.write("e").await;
    browser.arrive("/log/export").await;
    for (keys, path) in [
        ("ga", "/alerts"),
        ("gp", "/approvals"),
        ("gv", "/policies"),
        ("gw", "/workflows"),
        ("gm", "/simulations"),
        ("gi", "/integrity"),
        ("gr", "/reports"),
        ("gd", "/dashboards/"),
        ("ge", "/exports"),
        ("gl", "/log"),
    ] {
        browser.write(keys).await;
        browser.arrive(path).await;
    }
    // In a diff, n and p go from change to change.
    browser.write("j").await;
    browser.key(Key::Enter).await;
    browser.press("[data-testid=tab-changes]").await;
    browser.see("[data-testid=diff]").await;
    browser.write("n").await;
    focus_comes_into(&browser, "[data-change]").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_begins_with_the_skip_link_and_the_focus_is_always_seen() {
    let server = TestServer::start();
    entries(&server);
    let mara = owner(&server);
    let Some(browser) = Browser::open(&server).await else { return };
    browser.sign_in(&mara).await;
    for path in ["/log", "/dashboards/overview", "/settings/people", "/integrity"] {
        browser.visit(path).await;
        browser.settle().await;
        browser.key(Key::Tab).await;
        assert_eq!(focus(&browser).await, ("a #main".to_owned(), true), "{path}");
        let mut unseen = Vec::new();
        for _ in 0..45 {
            browser.key(Key::Tab).await;
            let (name, seen) = focus(&browser).await;
            if !seen && !name.starts_with("body") {
                unseen.push(name);
            }
        }
        assert!(unseen.is_empty(), "on {path} the focus is not seen on {unseen:#?}");
    }
    // The skip link skips.
    browser.visit("/log").await;
    browser.settle().await;
    browser.key(Key::Tab).await;
    browser.key(Key::Enter).await;
    browser.until_is("the focus is in the main part", "return document.activeElement.id === 'main'").await;
    browser.key(Key::Tab).await;
    browser.until_is("and goes on there", "return Boolean(document.activeElement.closest('main'))").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_keys_do_nothing_for_whoever_switched_them_off() {
    let server = TestServer::start();
    entries(&server);
    let preferences = Preferences { shortcuts: false, ..speaks("en") };
    let vera = hire(&server, "Vera Voss", Role::Auditor, preferences);
    let Some(browser) = Browser::open(&server).await else { return };
    browser.sign_in(&vera).await;
    browser.settle().await;
    for key in ["/", "j", "?", "e", "gi"] {
        browser.write(key).await;
    }
    assert_eq!(focus(&browser).await.0.split(' ').next(), Some("body"));
    assert!(!browser.sees("#keys-help[open]").await);
    assert_eq!(browser.here().await, "/log");
    browser.close().await;
}
