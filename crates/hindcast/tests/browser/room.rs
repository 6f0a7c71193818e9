//! Texts have room: as long as a language might need, and twice as large.

use crate::accessible::{
    ALERTS, DASHBOARDS_AND_SETTINGS, ENTRIES, GATE, HELP, LOG, STUDIO, WORKFLOWS, filled,
};
use crate::browser::Browser;
use crate::cast::{hire, speaks};
use crate::demo;
use hindcast::people::Role;
use serde_json::Value;

const EVENTS: usize = 2_000;
/// A window of 1280 pixels, as it is when everything in it is shown twice as large.
const MAGNIFIED: (u32, u32) = (640, 450);
const SIZES: [(u32, u32); 3] = [(360, 800), (1280, 900), (2560, 1300)];

/// Makes each text of ours longer by two fifths, as German would be at its worst.
const LENGTHEN: &str = r"
    let longer = 0;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode()); ) {
        const value = text.nodeValue;
        if (!/\p{L}/u.test(value) || text.parentElement.closest('bdi, pre, code, time, script, .vh, .code, .ip, .mono, .hash, option')) continue;
        const words = value.trim().split(/\s+/);
        const more = Math.ceil(value.trim().length * 0.4);
        text.nodeValue = value.trimEnd() + (words.length > 1 ? ' ' : '') + 'ö'.repeat(more) + value.slice(value.trimEnd().length);
        longer += 1;
    }
    return longer;";

/// Controls and headings whose text does not lie within them, or is cut off. Hours above a heat map stand over the empty
/// heads beside them.
const CUT: &str = r"
    const cut = [];
    for (const element of document.querySelectorAll('button, .button, label, h1, h2, h3, nav a, summary, .badge, .tile a, .tabs a, thead th, legend')) {
        if (!element.checkVisibility({ checkVisibilityCSS: true }) || element.closest('.vh, .heat') || element.querySelector('.vh')) continue;
        if (getComputedStyle(element.closest('thead') ?? element).clipPath !== 'none') continue; // for ears only
        const range = document.createRange();
        range.selectNodeContents(element);
        const [text, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
        if (!text.width || box.width < 2) continue;
        const over = Math.max(box.left - text.left, text.right - box.right, box.top - text.top, text.bottom - box.bottom);
        const hidden = getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1;
        if (over > 3 || hidden) cut.push(`${element.tagName.toLowerCase()}.${element.className} “${element.textContent.trim().slice(0, 40)}” by ${Math.round(over)} px`);
    }
    return cut.slice(0, 5);";

async fn look(browser: &Browser, path: &str, (width, height): (u32, u32), wrong: &mut Vec<String>) {
    browser.resize(width, height);
    if let Some(wide) = browser.sideways().await {
        wrong.push(format!("{path} at {width} px is too wide: {wide}"));
    }
    let cut: Value = browser.run(CUT).await;
    for cut in cut.as_array().into_iter().flatten() {
        wrong.push(format!("{path} at {width} px cuts off {cut}"));
    }
}

async fn everything_has_room(pages: &[&str]) {
    let server = demo::anchored();
    demo::load(&server, EVENTS);
    let mara = hire(&server, "Mara Lindqvist", Role::Owner, speaks("en"));
    let Some(browser) = Browser::open(&server).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    let mut wrong = Vec::new();
    for path in filled(&server, pages, &mara.id.0) {
        browser.visit(&path).await;
        browser.settle().await;
        look(&browser, &path, MAGNIFIED, &mut wrong).await;
        let longer = browser.run(LENGTHEN).await;
        assert!(longer.as_u64() > Some(20), "{path}: {longer} texts");
        for size in SIZES {
            look(&browser, &path, size, &mut wrong).await;
        }
    }
    assert!(wrong.is_empty(), "{} places:\n{}", wrong.len(), wrong.join("\n"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_log() {
    everything_has_room(&LOG).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_entries() {
    everything_has_room(&ENTRIES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_dashboards_and_settings() {
    everything_has_room(&DASHBOARDS_AND_SETTINGS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_policies_and_approvals() {
    everything_has_room(&GATE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_simulations() {
    everything_has_room(&STUDIO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_workflows() {
    everything_has_room(&WORKFLOWS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_alerts() {
    everything_has_room(&ALERTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_help() {
    everything_has_room(&HELP).await;
}
