//! Without scripts everything is there: searching, filters, paging, entries, exports, and the way out.

use crate::browser::{Browser, Setup};
use crate::cast::owner;
use crate::support::TestServer;
use fantoccini::key::Key;
use serde_json::{Value, json};

/// More than a page.
const EVENTS: usize = 70;

fn entries(server: &TestServer) {
    let event = |at: usize| -> Value {
        json!({
            "action": if at.is_multiple_of(2) { "refund.approved" } else { "refund.declined" },
            "actor": { "type": "user", "id": format!("a{}", at % 3), "name": format!("Ana {}", at % 3) },
            "targets": [{ "type": "order", "id": at.to_string() }],
            "changes": [{ "path": "/state", "before": "open", "after": "closed" }],
            "description": format!("Order {at}"),
        })
    };
    server.append(&(0..EVENTS).map(event).collect::<Vec<_>>());
}

async fn count(browser: &Browser) -> usize {
    browser.texts("#rows [data-index], #rows tr[data-testid=log-row]").await.len()
}

/// Types a date into the custom range and presses Enter.
pub async fn type_date(browser: &Browser) {
    browser.press("#search details > summary").await;
    let script =
        "const from = document.getElementById('from'); from.value = '2020-01-01T00:00:10'; from.focus()";
    browser.run(script).await;
    browser.key(Key::Enter).await;
    browser.arrive("/log?q=&range=15m").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_without_scripts() {
    let server = TestServer::start();
    entries(&server);
    let mara = owner(&server);
    let setup = Setup { scripts: false, ..Setup::default() };
    let Some(browser) = Browser::open_as(&server, setup).await else { return };
    browser.sign_in(&mara).await;
    assert!(browser.is("return window.htmx === undefined").await, "no script has run");
    assert_eq!(count(&browser).await, 50);

    // Older entries, and back.
    browser.press("tr.older a").await;
    browser.arrive("/log?").await;
    assert_eq!(count(&browser).await, EVENTS + 1 - 50, "that she signed in is an entry too");
    browser.press("[data-newest]").await;
    browser.arrive("/log").await;
    assert_eq!(count(&browser).await, 50);

    // Chart and filters come with a link.
    assert!(!browser.sees("[data-testid=facet-actor]").await);
    browser.press("#histogram a").await;
    browser.arrive("/log?").await;
    assert!(browser.sees("figure#histogram svg a[data-from]").await);
    browser.press_named("[data-testid=facet-actor] a", "Ana 1").await;
    browser.arrive("/log?").await;
    assert!(browser.see("#result-status").await.starts_with("23 "));
    assert!(browser.sees("[data-testid=chip-actor_id]").await);
    assert!(browser.sees("[data-testid=facet-outcome]").await, "the filters stay");

    // Dates that are typed win over the range that was chosen before; Enter presses the first button.
    browser.visit("/log?range=15m").await;
    type_date(&browser).await;
    assert_eq!(browser.value("#range").await, "custom");
    assert_eq!(browser.value("#from").await, "2020-01-01T00:00:10");
    browser.choose("#range", "7d").await;
    browser.press("#search > button.primary").await;
    browser.arrive("/log?q=&range=7d").await;
    assert_eq!((browser.value("#range").await, browser.value("#from").await), ("7d".into(), String::new()));

    // Searching is a form.
    browser.visit("/log").await;
    browser.fill("#q", "order 42").await;
    browser.press("#search > button.primary").await;
    browser.arrive("/log?").await;
    assert!(browser.here().await.contains("q=order+42"));
    assert_eq!(count(&browser).await, 1);
    assert_eq!(browser.value("#q").await, "order 42");
    browser.press("#rows th a").await;
    browser.arrive("/log/").await;
    assert!(browser.sees("article[data-testid=entry-panel]").await);
    browser.press("[data-testid=tab-changes]").await;
    browser.arrive("/log/").await;
    assert!(browser.sees("[data-testid=diff]").await);
    browser.press("[data-testid=tab-integrity]").await;
    assert!(browser.see("[data-testid=integrity-result]").await.len() > 1);
    browser.press("[data-testid=verify-now]").await;
    browser.arrive("/log/").await;

    // A mistake is told beside the form.
    browser.visit("/log?q=actr:ana").await;
    assert!(browser.see("#q-error").await.contains("actr"));
    assert_eq!(browser.value("#q").await, "actr:ana");

    // Exports, settings and the way out are forms too.
    browser.visit("/log?q=order").await;
    browser.press("[data-key-export]").await;
    browser.arrive("/log/export").await;
    browser.press("input[name=as][value=job]").await;
    browser.press("[data-testid=export-form] button.primary").await;
    browser.arrive("/exports").await;
    assert!(browser.sees("[data-testid=export-job]").await);
    browser.visit("/settings/preferences").await;
    browser.choose("#f-theme", "dark").await;
    browser.press("form[action^='/settings/preferences'] button.primary").await;
    browser.see("[data-testid=saved]").await;
    assert_eq!(browser.attribute("html", "data-theme").await, "dark");
    browser.press("details.account > summary").await;
    browser.press("form[action='/logout'] button").await;
    browser.arrive("/login").await;
    assert!(browser.is("return window.htmx === undefined").await, "still no script has run");
    browser.close().await;
}
