//! One entry among many is found by three filters, opened, read, verified and taken out; Back and Forward know the way.

use crate::browser::Browser;
use crate::cast::owner;
use crate::no_script::type_date;
use crate::support::TestServer;
use fantoccini::key::Key;
use serde_json::{Value, json};

const ACTORS: [(&str, &str); 3] = [("juergen", "Jürgen Groß"), ("ana", "Ana Ng"), ("taro", "田中 太郎")];
const OUTCOMES: [&str; 3] = ["success", "failure", "denied"];
const MACROS: [&str; 2] = ["Refund window", "Shipping label"];

/// One entry for each who, what and how it went: each filter finds some of them, all three find one.
fn a_haystack() -> Vec<Value> {
    let mut events = Vec::new();
    for (id, name) in ACTORS {
        for (at, title) in MACROS.into_iter().enumerate() {
            for result in OUTCOMES {
                events.push(json!({
                    "action": "macro.updated",
                    "actor": { "type": "user", "id": id, "name": name },
                    "targets": [{ "type": "macro", "id": at.to_string(), "name": title }],
                    "changes": [
                        { "path": "/name", "before": "Refunds arrive within 14 days at the latest", "after": "Refunds arrive within 30 days at the latest" },
                        { "path": "/visible_to", "before": null, "after": "everybody" },
                        { "path": "/shared", "before": true, "after": null },
                    ],
                    "outcome": { "result": result },
                    "description": format!("{title} was looked at"),
                }));
            }
        }
    }
    events
}

/// Everything on the page that the address decides.
async fn state(browser: &Browser) -> Value {
    let script = r#"
        const text = css => document.querySelector(css)?.textContent.trim() ?? null;
        return {
            address: location.pathname + location.search,
            form: Object.fromEntries(new FormData(document.querySelector('#search'))),
            export: document.querySelector('[data-key-export]').getAttribute('href'),
            count: text('#result-status'),
            chips: [...document.querySelectorAll('.chip')].map(chip => chip.dataset.testid),
            rows: [...document.querySelectorAll('#rows tr[data-index]')].map(row => row.dataset.index),
            entry: text('[data-testid=entry-panel] #panel-h'),
            selected: document.querySelector('#rows tr.selected')?.dataset.index ?? null,
            tab: document.querySelector('[data-testid=entry-panel] .tabs [aria-current]')?.dataset.testid ?? null,
            diff: [...document.querySelectorAll('[data-testid=diff] tbody tr')].map(row => row.className),
            proof: document.querySelector('[data-testid=integrity-result]')?.className ?? null,
        };"#;
    browser.settle().await;
    browser.run(script).await
}

/// Waits until the page is as it was.
async fn becomes(browser: &Browser, expected: &Value) {
    let is_there = async || {
        browser.here().await == expected["address"] && shown(&state(browser).await) == shown(expected)
    };
    browser.until(&format!("the page is as it was:\n{:#}", shown(expected)), is_there).await;
}

/// What is shown of the log; another story is about the rest.
fn shown(state: &Value) -> Value {
    let mut shown = state.clone();
    let members = shown.as_object_mut().expect("an object");
    for rest in ["form", "export", "selected"] {
        members.remove(rest);
    }
    shown
}

async fn rows(browser: &Browser, count: usize) {
    let script = format!("return document.querySelectorAll('#rows tr[data-index]').length === {count}");
    browser.until_is(&format!("{count} rows"), &script).await;
}

/// Searches, narrows twice and opens an entry; the states on the way.
async fn find(browser: &Browser) -> Vec<Value> {
    browser.visit("/log?group=off").await;
    rows(browser, 19).await; // that she signed in is an entry too
    let mut states = vec![state(browser).await];
    browser.fill("#q", "refund window").await;
    browser.key(Key::Enter).await;
    rows(browser, 9).await;
    states.push(state(browser).await);
    browser.press_named("[data-testid=facet-actor] a", "Jürgen Groß").await;
    rows(browser, 3).await;
    states.push(state(browser).await);
    browser.press_named("[data-testid=facet-outcome] a", "Denied").await;
    rows(browser, 1).await;
    states.push(state(browser).await);
    browser.press("#rows th a").await;
    browser.see("[data-testid=entry-panel]").await;
    states.push(state(browser).await);
    browser.press("[data-testid=tab-changes]").await;
    browser.see("[data-testid=diff]").await;
    states.push(state(browser).await);
    browser.press("[data-testid=tab-integrity]").await;
    browser.see("[data-testid=integrity-result]").await;
    states.push(state(browser).await);
    states
}

async fn at_work() -> Option<(TestServer, Browser)> {
    let server = TestServer::quiet();
    server.append(&a_haystack());
    let mara = owner(&server);
    let browser = Browser::open(&server).await?;
    browser.sign_in(&mara).await;
    Some((server, browser))
}

#[tokio::test(flavor = "multi_thread")]
async fn three_filters_find_an_entry_that_can_be_read_and_verified() {
    let Some((_server, browser)) = at_work().await else { return };
    let states = find(&browser).await;
    for (state, expected) in states.iter().zip([None, None, None, None, Some("entry="), Some("tab=changes")])
    {
        let address = state["address"].as_str().expect("an address");
        assert!(expected.is_none_or(|expected| address.contains(expected)), "{address}");
    }
    let [.., narrowed, opened, changes, integrity] = &states[..] else { panic!("{states:?}") };
    assert_eq!(narrowed["chips"], json!(["chip-actor_id", "chip-outcome", "chip-text", "chip-text"]));
    assert_eq!(opened["rows"], narrowed["rows"], "the list stays beside the entry");
    let needle = opened["rows"][0].as_str().expect("an index").to_owned();
    assert!(opened["address"].as_str().expect("an address").contains(&format!("entry={needle}")));
    assert_eq!(changes["diff"], json!(["changed", "removed", "added"]));
    assert!(integrity["proof"].as_str().expect("a verdict").contains("success"), "{integrity}");

    browser.press("[data-testid=tab-changes]").await;
    browser.see("[data-testid=diff]").await;
    let told = browser.texts("[data-testid=diff] tbody tr:first-child td").await;
    assert_eq!(
        told,
        ["Refunds arrive within 14 days at the latest", "Refunds arrive within 30 days at the latest"]
    );
    assert_eq!(
        browser.texts("[data-testid=diff] del, [data-testid=diff] tr:first-child ins").await[..2],
        ["14", "30"]
    );

    // And by the button, on the page of the entry.
    browser.visit(&format!("/log/{needle}?tab=integrity")).await;
    browser.press("[data-testid=verify-now]").await;
    browser.arrive(&format!("/log/{needle}")).await;
    assert!(browser.attribute("[data-testid=integrity-result]", "class").await.contains("success"));
    assert!(browser.texts(".proof-steps .vh").await.iter().all(|mark| mark == "✓"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_changed_piece_by_piece_is_the_page_of_its_address() {
    let Some((_server, browser)) = at_work().await else { return };
    let mut states = find(&browser).await;
    browser.press_named(".results .head a", "Group repeats").await;
    browser.until("rows are grouped", async || !browser.here().await.contains("group=off")).await;
    states.push(state(&browser).await);
    browser.press_named(".views a", "My activity").await;
    browser.until("a view is open", async || !browser.here().await.contains("refund")).await;
    states.push(state(&browser).await);
    let mut wrong = Vec::new();
    for piecewise in states {
        let address = piecewise["address"].as_str().expect("an address");
        browser.visit(address).await;
        let whole = state(&browser).await;
        let members = whole.as_object().expect("an object").iter();
        for (member, value) in members.filter(|(member, value)| piecewise[member.as_str()] != **value) {
            wrong.push(format!("{member} is {} instead of {value} at {address}", piecewise[member.as_str()]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn back_and_forward_restore_every_state() {
    let Some((_server, browser)) = at_work().await else { return };
    let states = find(&browser).await;
    for state in states.iter().rev().skip(1) {
        browser.back().await;
        becomes(&browser, state).await;
    }
    for state in states.iter().skip(1) {
        browser.forward().await;
        becomes(&browser, state).await;
    }
    // The address alone is enough too.
    let last = states.last().expect("a state");
    browser.visit(last["address"].as_str().expect("an address")).await;
    becomes(&browser, last).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_that_are_typed_win_until_another_range_is_chosen() {
    let Some((_server, browser)) = at_work().await else { return };
    browser.visit("/log?range=15m").await;
    type_date(&browser).await;
    browser.until_is("the dates count", "return document.getElementById('range').value === 'custom'").await;
    assert_eq!(browser.value("#from").await, "2020-01-01T00:00:10");
    browser.choose("#range", "7d").await;
    browser.until_is("no dates are left", "return document.getElementById('from').value === ''").await;
    assert_eq!(browser.value("#range").await, "7d");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_can_be_taken_out_as_csv() {
    let Some((_server, browser)) = at_work().await else { return };
    let states = find(&browser).await;
    let needle = states.last().expect("a state")["rows"][0].as_str().expect("an index").to_owned();
    browser.press("[data-key-export]").await;
    browser.arrive("/log/export").await;
    let told = browser.see("[data-testid=export-form]").await;
    assert!(told.contains("CSV"), "{told}");
    assert!(browser.see("section.card").await.contains("1 entry"), "it says how many");
    browser.press("input[name=format][value=csv]").await;
    let csv = browser
        .run_until_told(
            "const [done] = arguments, form = document.querySelector('[data-testid=export-form]');
             fetch(form.action, { method: form.method, body: new URLSearchParams(new FormData(form)) })
                 .then(async answer => done([answer.status, answer.headers.get('content-type'),
                                             answer.headers.get('content-disposition'), await answer.text()]));",
            &json!([]),
        )
        .await;
    assert_eq!(csv[0], 200, "{csv}");
    assert!(csv[1].as_str().expect("a type").starts_with("text/csv"), "{csv}");
    assert!(csv[2].as_str().expect("a name").starts_with("attachment"), "{csv}");
    let mut reader = csv::Reader::from_reader(csv[3].as_str().expect("text").as_bytes());
    let header = reader.headers().expect("a header").clone();
    let lines: Vec<_> = reader.records().map(|line| line.expect("a line")).collect();
    assert_eq!(lines.len(), 1, "{csv}");
    let value = |name: &str| {
        let at =
            header.iter().position(|known| known == name).unwrap_or_else(|| panic!("{name} in {header:?}"));
        lines[0][at].to_owned()
    };
    assert_eq!((value("index"), value("outcome")), (needle, "denied".to_owned()));
    browser.close().await;
}
