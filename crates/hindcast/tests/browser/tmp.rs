// Everything that is done with a pointer is done with keys alone, and the focus is always seen.

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

#[tokio::test(flavor = "multi_thread")]
async fn tmp_keys() {
    let server = TestServer::start();
    entries(&server);
    let mara = owner(&server);
    let Some(browser) = Browser::open(&server).await else { return };
    browser.sign_in(&mara).await;
    browser.visit("/log").await;
    browser.settle().await;

    browser.write("/").await;
    assert_eq!(focus(&browser).await.0, "input q");
    assert_eq!(browser.value("#q").await, "", "the key itself is not typed");
    browser.write("refund").await;
    browser.key(Key::Enter).await;
    browser.until("the search is in the address", async || browser.here().await.contains("q=refund")).await;
    browser.settle().await;

    browser.run("document.activeElement.blur()").await;
    browser.write("j").await;
    browser
        .until_is("a row has the focus", "return Boolean(document.activeElement.closest('#rows tr'))")
        .await;
    let (first, seen) = focus(&browser).await;
    assert!(seen, "the focus on {first} is not seen");
    browser.write("j").await;
    assert_ne!(focus(&browser).await.0, first, "j goes on");
    browser.write("k").await;
    assert_eq!(focus(&browser).await.0, first, "k goes back");
    browser.key(Key::Enter).await;
    browser.see("[data-testid=entry-panel]").await;
    browser
        .until_is("the focus is in the panel", "return Boolean(document.activeElement.closest('#panel'))")
        .await;
    assert!(browser.here().await.contains("entry="));
    browser.key(Key::Escape).await;
    browser.miss("[data-testid=entry-panel]").await;
    assert!(!browser.here().await.contains("entry="));
    browser.until("the focus is on the row again", async || focus(&browser).await.0 == first).await;

    browser.write("?").await;
    browser.see("#keys-help[open]").await;
    browser.write("j").await;
    assert!(
        browser.is("return Boolean(document.activeElement.closest('#keys-help'))").await,
        "it keeps the focus"
    );
    browser.key(Key::Escape).await;
    browser.miss("#keys-help[open]").await;
    browser.until("the focus is where it was", async || focus(&browser).await.0 == first).await;

    browser.write("x").await;
    browser
        .until_is(
            "the menu of the row is open",
            "return Boolean(document.activeElement.closest('#rows details[open]'))",
        )
        .await;
    browser.key(Key::Escape).await;
    browser.until_is("and closed", "return !document.querySelector('#rows details.menu[open]')").await;
    browser.write("f").await;
    browser
        .until_is("a filter has the focus", "return Boolean(document.activeElement.closest('.facets'))")
        .await;
    browser.write("t").await;
    assert_eq!(browser.attribute("[data-testid=tail-toggle]", "aria-pressed").await, "true");
    browser.write("t").await;
    browser.write("e").await;
    browser.arrive("/log/export").await;
    browser.write("gi").await;
    browser.arrive("/integrity").await;
    browser.write("gl").await;
    browser.arrive("/log").await;
    browser.close().await;
}
