//! Another product's log is connected, mended and stopped.

use crate::browser::{Browser, Setup};
use crate::cast::owner;
use crate::doubles::intercom::{self, Intercom};
use crate::doubles::stand;
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_connected_and_says_how_it_is() {
    let intercom = stand(|url| Intercom::new(url, 60));
    let url = intercom.url.clone();
    let server = TestServer::start_with(|config| {
        config.sources.intercom_url = url;
        config.deliver.allow = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    let mara = owner(&server);
    let Some(browser) = Browser::open_as(&server, Setup::default()).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    browser.visit("/settings/sources").await;
    assert!(browser.see(".empty").await.contains("Nothing is connected yet"));

    // Without a token nothing is connected, and what was typed stays.
    browser.fill("#f-name", "Support").await;
    browser.fill("#f-every_minutes", "1").await;
    browser.press("form[action^='/settings/sources'] button.primary").await;
    assert!(browser.see("#d-token").await.contains("An access token is expected."));
    assert_eq!(browser.value("#f-name").await, "Support");

    // A wrong one is connected, and told as soon as it was tried.
    let looks = async |css: &str, text: &str| {
        let found = async || {
            browser.visit("/settings/sources").await;
            browser.see(css).await.contains(text)
        };
        browser.until(text, found).await;
    };
    browser.fill("#f-token", "wrong").await;
    browser.press("form[action^='/settings/sources'] button.primary").await;
    browser.arrive("/settings/sources?").await;
    looks("tbody td:nth-of-type(1)", "Access Token Invalid").await;
    browser.press("tbody .danger-button").await;
    browser.see(".empty").await;

    browser.fill("#f-name", "Support").await;
    browser.fill("#f-token", intercom::TOKEN).await;
    browser.press("form[action^='/settings/sources'] button.primary").await;
    browser.arrive("/settings/sources?").await;
    looks("tbody td:nth-of-type(4)", "60").await;
    assert!(browser.see("tbody td:nth-of-type(1)").await.contains("Works"));
    assert!(!browser.see("main").await.contains(intercom::TOKEN));
    browser.press_named("tbody button", "Pause").await;
    browser.arrive("/settings/sources?").await;
    assert!(browser.see("tbody td:nth-of-type(1)").await.contains("Paused"));
    browser.close().await;
}
