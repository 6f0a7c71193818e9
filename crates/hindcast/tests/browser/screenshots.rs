//! Pictures for people to look at, of every page: `HINDCAST_SCREENSHOTS=$PWD/docs/screenshots cargo test -p hindcast --test
//! browser -- --ignored screenshots`. Without a folder they go into a new one.

use crate::alerts;
use crate::browser::{Browser, Setup, say};
use crate::cast::{Authenticator, hire, hush, owner, speaks};
use crate::demo;
use crate::gate;
use crate::simulations;
use crate::support::TestServer;
use crate::workflows;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast::catalog::{By, Preferences, Settings, Team, Theme};
use hindcast::people::Role;
use serde_json::json;
use std::path::{Path, PathBuf};

const EVENTS: usize = 20_000;
const SIZES: [(u32, u32); 2] = [(1280, 900), (360, 800)];
const LOOKS: [(Theme, &str); 2] = [(Theme::Light, "light"), (Theme::Dark, "dark")];
/// Some in the other languages, large.
const ABROAD: [(&str, Theme, &str, &str); 7] = [
    ("de", Theme::Dark, "access-de-dark", "/dashboards/access?range=30d"),
    ("de", Theme::Light, "roles-de-light", "/settings/roles"),
    ("fr", Theme::Light, "overview-fr-light", "/dashboards/overview?range=30d"),
    ("ja", Theme::Light, "alerts-ja-light", "/alerts"),
    ("de", Theme::Dark, "alert-rules-de-dark", "/alerts/rules"),
    ("ja", Theme::Light, "log-ja-light", "/log?range=7d"),
    ("ja", Theme::Dark, "help-search-ja-dark", "/help/search"),
];

/// Name and path of every page. What stands in braces is filled in.
const PAGES: [(&str, &str); 60] = [
    ("log", "/log?range=7d"),
    ("log-entry", "/log?range=90d&q=category:agents_roles&entry={entry}&tab=changes"),
    ("log-no-match", "/log?range=15m&q=nothing-is-called-this"),
    ("log-mistake", "/log?q=actr:ana"),
    ("log-values", "/log/values?facet=actor&range=90d"),
    ("entry", "/log/{entry}"),
    ("entry-context", "/log/{entry}?tab=context"),
    ("entry-integrity", "/log/{entry}?tab=integrity"),
    ("entry-raw", "/log/{entry}?tab=raw"),
    ("export", "/log/export?range=30d"),
    ("exports", "/exports"),
    ("overview", "/dashboards/overview?range=30d"),
    ("access", "/dashboards/access?range=30d"),
    ("changes", "/dashboards/changes?range=30d"),
    ("people", "/dashboards/people?range=30d"),
    ("person", "/people/{actor}?range=90d"),
    ("alerts", "/alerts"),
    ("alert", "/alerts/{alert}"),
    ("alert-rules", "/alerts/rules"),
    ("alert-rule", "/alerts/rules/A1"),
    ("approvals", "/approvals"),
    ("policies", "/policies"),
    ("policy", "/policies/refund-cap"),
    ("policy-form", "/policies/refund-cap/form"),
    ("policy-tools", "/policies/tools"),
    ("simulations", "/simulations"),
    ("simulation-new", "/simulations/new"),
    ("simulation-new-agent", "/simulations/new?subject=chat"),
    ("simulation", "/simulations/{simulation}"),
    ("simulation-replay", "/simulations/{replay}"),
    ("simulation-cases", "/simulations/{simulation}/cases"),
    ("simulation-case", "/simulations/{simulation}/cases/1"),
    ("workflows", "/workflows"),
    ("workflow", "/workflows/refund-replies"),
    ("workflow-versions", "/workflows/refund-tags/versions"),
    ("workflow-runs", "/workflows/runs"),
    ("workflow-run", "/workflows/refund-replies/runs/{run}"),
    ("workflow-import", "/workflows/import"),
    ("settings-connectors", "/settings/connectors"),
    ("integrity", "/integrity"),
    ("reports", "/reports"),
    ("report", "/reports/{report}"),
    ("settings-general", "/settings/general"),
    ("settings-people", "/settings/people"),
    ("settings-member", "/settings/people/{member}"),
    ("settings-teams", "/settings/teams"),
    ("settings-roles", "/settings/roles"),
    ("settings-sign-in", "/settings/sign-in"),
    ("settings-tokens", "/settings/tokens"),
    ("settings-sources", "/settings/sources"),
    ("settings-retention", "/settings/retention"),
    ("settings-erasure", "/settings/erasure"),
    ("settings-system", "/settings/system"),
    ("settings-preferences", "/settings/preferences"),
    ("help-search", "/help/search"),
    ("help-roles", "/help/roles"),
    ("help-integrity", "/help/integrity"),
    ("help-activities", "/help/activities"),
    ("api-reference", "/docs/api"),
    ("not-found", "/nothing/is/here"),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute, and is for looking at"]
async fn screenshots() {
    let folder = std::env::var("HINDCAST_SCREENSHOTS");
    let folder = folder.map_or_else(|_| tempfile::tempdir().expect("a folder").keep(), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("a folder");
    let server = TestServer::start();
    demo::load(&server, EVENTS);
    let workspace = server.workspace.parse().expect("an id");
    let catalog = &server.app.catalog;
    let settings = Settings { zone: "Europe/Dublin".to_owned(), ..Settings::default() };
    catalog.change_settings(&workspace, &By::server(), |kept, _| *kept = settings).expect("kept");
    hush(&server);
    for team in hindcast::demo::teams() {
        let actors = hindcast::demo::team_members(team).collect();
        let team = Team { id: team.to_owned(), name: team.to_owned(), actors };
        catalog.put_team(&workspace, &team, &By::server()).expect("kept");
        hush(&server);
    }
    let aoife = hire(&server, "Aoife Brennan", Role::Owner, speaks("en"));
    for (name, role) in [
        ("Jürgen Groß", Role::SecurityAdmin),
        ("Siobhán Walsh", Role::SupportOpsManager),
        ("Ingrid Sørensen", Role::Auditor),
        ("田中 太郎", Role::Viewer),
    ] {
        hire(&server, name, role, speaks("en"));
    }
    let taro = hire(&server, "Tomás Herrera", Role::Viewer, speaks("en"));
    let newest = |q: &str| {
        let page = server.get(&format!("/v1/events?limit=1&q={q}")).send().good();
        page["entries"][0].clone()
    };
    let entry = newest("action:agent.permissions_changed");
    let (entry, actor) =
        (entry["index"].to_string(), entry["actor"]["id"].as_str().expect("an id").to_owned());
    let report = demo::report(&server);
    let alert = alerts::one_alert(&server);
    gate::one_approval(&server);
    simulations::furnish(&server, 400);
    let [_, simulation, replay] = simulations::some(&server);
    let run = workflows::some(&server);
    let pages: Vec<(String, String)> = PAGES
        .iter()
        .map(|(name, path)| {
            let path =
                path.replace("{entry}", &entry).replace("{actor}", &actor).replace("{member}", &taro.id.0);
            let path =
                path.replace("{simulation}", &simulation).replace("{replay}", &replay).replace("{run}", &run);
            ((*name).to_owned(), path.replace("{report}", &report).replace("{alert}", &alert))
        })
        .collect();
    let Some(browser) = Browser::open_as(&server, Setup::default()).await else { return };
    for (theme, look) in LOOKS {
        browser.forget().await;
        browser.remember("hindcast-theme", look);
        take(&browser, &folder, look, &[("sign-in".to_owned(), "/login".to_owned())]).await;
        browser.enter(&server, &server.workspace, &aoife);
        catalog.set_preferences(&aoife.id, &Preferences { theme, ..speaks("en") }).expect("kept");
        take(&browser, &folder, look, &pages).await;
    }
    browser.resize(SIZES[0].0, SIZES[0].1);
    for (language, theme, name, path) in ABROAD {
        catalog.set_preferences(&aoife.id, &Preferences { theme, ..speaks(language) }).expect("kept");
        browser.visit(path).await;
        browser.settle().await;
        keep(&browser, &folder.join(format!("{name}-{}.webp", SIZES[0].0)));
    }
    browser.close().await;
    first_run(&folder).await;
}

/// What somebody sees who has just started a server.
async fn first_run(folder: &Path) {
    let server = TestServer::start();
    let Some(browser) = Browser::open_as(&server, Setup::default()).await else { return };
    for (_, look) in LOOKS {
        browser.remember("hindcast-theme", look);
        take(&browser, folder, look, &[("setup".to_owned(), "/setup".to_owned())]).await;
    }
    let mara = owner(&server);
    browser.enter(&server, &server.workspace, &mara);
    take(&browser, folder, "light", &[("log-empty".to_owned(), "/log".to_owned())]).await;
    take(&browser, folder, "light", &[("second-factor".to_owned(), "/login/second-factor".to_owned())]).await;
    let mut phone = Authenticator::new(&browser.see("[data-testid=totp-secret]").await);
    browser.fill("#f-code", &phone.code().await).await;
    browser.press("form[action='/login/second-factor'] button").await;
    browser.see("[data-testid=recovery-codes]").await;
    for (width, height) in SIZES {
        browser.resize(width, height);
        keep(&browser, &folder.join(format!("recovery-codes-light-{width}.webp")));
    }
    browser.close().await;
}

async fn take(browser: &Browser, folder: &Path, look: &str, pages: &[(String, String)]) {
    for (width, height) in SIZES {
        browser.resize(width, height);
        for (name, path) in pages {
            browser.visit(path).await;
            browser.settle().await;
            keep(browser, &folder.join(format!("{name}-{look}-{width}.webp")));
        }
    }
}

/// Keeps what is in the window, compressed.
fn keep(browser: &Browser, file: &Path) {
    let picture = browser.devtools("Page.captureScreenshot", &json!({ "format": "webp", "quality": 55 }));
    let picture = STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");
    std::fs::write(file, picture).expect("written");
    say(&file.display().to_string());
}
