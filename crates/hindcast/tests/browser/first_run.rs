//! Whoever reads the console makes the first owner, who from then on signs in with a code.

use crate::browser::Browser;
use crate::cast::{Authenticator, PASSWORD};
use crate::support::TestServer;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_makes_an_owner_who_signs_in_with_a_code() {
    let server = TestServer::start();
    let Some(browser) = Browser::open(&server).await else { return };
    browser.visit("/").await;
    assert_eq!(browser.here().await, "/setup");

    // Somebody who does not read the console.
    browser.fill("#f-code", "wxyz-wxyz-wxyz").await;
    browser.fill("#f-name", "Mara Lindqvist").await;
    browser.fill("#f-email", "mara@northwind.example").await;
    browser.fill("#f-password", PASSWORD).await;
    browser.choose("#f-zone", "Europe/Berlin").await;
    browser.press("form[action='/setup'] button").await;
    let told = browser.see("#d-code.error").await;
    assert!(told.to_lowercase().contains("code"), "{told}");
    assert_eq!(browser.attribute("#f-code", "aria-invalid").await, "true");
    assert_eq!(browser.attribute("#f-code", "aria-describedby").await, "d-code");
    assert!(browser.see("#errors").await.contains(&told), "the summary says it too");
    for (field, typed) in [
        ("#f-code", "wxyz-wxyz-wxyz"),
        ("#f-name", "Mara Lindqvist"),
        ("#f-email", "mara@northwind.example"),
        ("#f-zone", "Europe/Berlin"),
        ("#f-password", ""),
    ] {
        assert_eq!(browser.value(field).await, typed, "{field}");
    }
    assert!(!server.app.catalog.has_people().expect("read"));

    // Somebody who does.
    browser.fill("#f-code", server.app.setup_code.as_deref().expect("a code")).await;
    browser.fill("#f-password", PASSWORD).await;
    browser.press("form[action='/setup'] button").await;
    browser.arrive("/login/second-factor").await;
    let mut phone = Authenticator::new(&browser.see("[data-testid=totp-secret]").await);
    browser.fill("#f-code", &phone.code().await).await;
    browser.press("form[action='/login/second-factor'] button").await;
    browser.see("[data-testid=recovery-codes]").await;
    let codes: BTreeSet<_> = browser.texts("[data-testid=recovery-codes] code").await.into_iter().collect();
    assert_eq!(codes.len(), 10, "{codes:?}");
    browser.press("a.primary[href='/log']").await;
    browser.arrive("/log").await;
    browser.see("[data-testid=log-row]").await;
    let told = browser.texts("#rows .code").await;
    assert!(
        told.contains(&"mfa.enabled".to_owned()) && told.contains(&"agent.joined".to_owned()),
        "{told:?}"
    );

    // And again, by the door.
    browser.press("details.account > summary").await;
    browser.press("form[action='/logout'] button").await;
    browser.arrive("/login").await;
    browser.visit("/log").await;
    assert_eq!(browser.here().await, "/login?next=%2Flog");
    browser.fill("#f-email", "Mara@Northwind.example").await;
    browser.fill("#f-password", PASSWORD).await;
    browser.press("form[action='/login'] button").await;
    browser.arrive("/login/code").await;
    browser.fill("#f-code", &phone.wrong_code()).await;
    browser.press("form[action='/login/code'] button").await;
    browser.see("#failed").await;
    browser.visit("/log").await;
    assert!(browser.here().await.starts_with("/login"), "a password alone opens nothing");
    browser.visit("/login/code").await;
    browser.fill("#f-code", &phone.code().await).await;
    browser.press("form[action='/login/code'] button").await;
    browser.arrive("/log").await;
    browser.see("[data-testid=log-row]").await;

    // There is no second first run.
    assert_eq!(browser.status("/setup").await, 404);
    browser.visit("/setup").await;
    browser.see("#refused-h").await;
    browser.close().await;
}
