//! The log as it grows: new entries come in by themselves, except under the eyes and hands of a reader.

use crate::browser::{Browser, say};
use crate::cast::owner;
use crate::support::{TestServer, event};
use fantoccini::key::Key;
use serde_json::json;
use std::time::{Duration, Instant};

/// An entry should be on the page within a second; a busy machine is no reason to fail.
const LIMIT: Duration = Duration::from_secs(5);

/// Appends an event and returns its row, by id.
fn append(server: &TestServer, action: &str) -> String {
    format!("#e-{}", server.append(&[event(action)])["first_index"])
}

/// Somebody's browser in which the tail runs, if there is a browser.
async fn tailing(server: &TestServer) -> Option<Browser> {
    append(server, "door.open");
    let mara = owner(server);
    let browser = Browser::open(server).await?;
    browser.sign_in(&mara).await;
    browser.press("[data-testid=tail-toggle]").await;
    browser.move_pointer_away().await;
    assert_eq!(browser.attribute("[data-testid=tail-toggle]", "aria-pressed").await, "true");
    browser.until_is("the tail runs", "return !document.querySelector('#tail-rate').hidden").await;
    Some(browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_on_the_page_within_a_second() {
    let server = TestServer::start();
    let Some(browser) = tailing(&server).await else { return };

    let mut slowest = Duration::ZERO;
    for number in 0..5 {
        let action = format!("bell.ring_{number}");
        let begun = Instant::now();
        let row = append(&server, &action);
        browser.until(&format!("{row} comes in"), async || browser.sees(&row).await).await;
        slowest = slowest.max(begun.elapsed());
        assert!(browser.texts(&format!("{row} .code")).await.contains(&action));
    }
    say(&format!("live tail: the slowest of five entries was on the page after {} ms", slowest.as_millis()));
    assert!(slowest < LIMIT, "{slowest:?}");
    let told = browser.texts("#rows .code").await;
    assert_eq!(told[..2], ["bell.ring_4", "bell.ring_3"], "the newest comes first");

    // Switched off, it stays as it is.
    browser.press("[data-testid=tail-toggle]").await;
    assert_eq!(browser.attribute("[data-testid=tail-toggle]", "aria-pressed").await, "false");
    let row = append(&server, "bell.unheard");
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!browser.sees(&row).await);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_goes_on_while_an_entry_is_read() {
    let server = TestServer::start();
    let Some(browser) = tailing(&server).await else { return };
    let row = append(&server, "bell.ring");
    browser.see(&row).await;

    // What came in is a row like any other.
    browser.press(&format!("{row} th a")).await;
    browser.see("[data-testid=entry-panel]").await;
    assert_eq!(browser.attribute("[data-testid=tail-toggle]", "aria-pressed").await, "true");
    browser.press("[data-close-panel]").await;
    browser.miss("[data-testid=entry-panel]").await;
    browser.settle().await;
    assert_eq!(browser.attribute("[data-testid=tail-toggle]", "aria-pressed").await, "true", "it goes on");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_do_not_move_under_a_reader() {
    let server = TestServer::start();
    let Some(browser) = tailing(&server).await else { return };
    browser.write("j").await;
    browser
        .until_is("the focus is in the table", "return Boolean(document.activeElement.closest('#log'))")
        .await;

    let first = append(&server, "bell.ring");
    let told = browser.see("#tail-new").await;
    assert!(told.contains('1'), "{told}");
    let second = append(&server, "bell.ring_again");
    browser.until("the button counts two", async || browser.see("#tail-new").await.contains('2')).await;
    assert!(!browser.sees(&first).await && !browser.sees(&second).await, "the rows wait");

    browser.press("#tail-new").await;
    browser.see(&second).await;
    assert!(browser.sees(&first).await);
    browser.miss("#tail-new").await;

    // A filter holds for what comes in too.
    browser.fill("#q", "action:door.*").await;
    browser.key(Key::Enter).await;
    browser
        .until_is("two rows are left out", "return document.querySelectorAll('#rows tr').length === 1")
        .await;
    browser.run("document.activeElement.blur()").await;
    browser.move_pointer_away().await;
    let left_out = append(&server, "bell.ring");
    let shown = append(&server, "door.close");
    browser.see(&shown).await;
    assert!(!browser.sees(&left_out).await);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_cut_off_is_told_until_they_are_back() {
    let server = TestServer::start();
    let Some(browser) = tailing(&server).await else { return };
    let cut_off = |offline: bool| {
        let line =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        browser.devtools("Network.emulateNetworkConditions", &line);
    };
    cut_off(true);
    browser.until_is("it is told", "return !document.querySelector('#offline').hidden").await;
    let missed = append(&server, "bell.ring");
    cut_off(false);
    browser.until_is("it is told no more", "return document.querySelector('#offline').hidden").await;
    browser.see(&missed).await;
    browser.close().await;
}
