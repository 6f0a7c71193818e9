//! Every page can be used by everybody: axe finds nothing that breaks a rule of WCAG 2.2 AA, in English and Japanese, in
//! the light and in the dark; at 320 pixels nothing has to be scrolled sideways; and no page does what its content
//! security policy forbids.

use crate::alerts;
use crate::axe::Inspector;
use crate::browser::{Browser, Setup};
use crate::cast::{Authenticator, PASSWORD, hire, hire_in};
use crate::demo;
use crate::gate;
use crate::simulations;
use crate::support::{TestServer, event};
use crate::workflows;
use fantoccini::key::Key;
use hindcast::catalog::{By, CatalogError, NewSource, Preferences, Theme};
use hindcast::people::Role;

const EVENTS: usize = 2_000;

/// The log as an owner sees it. What stands in braces is filled in.
pub const LOG: [&str; 8] = [
    "/log?range=all",
    "/log?range=all&group=off&cols=outcome,time,who,target,ip,location,source",
    "/log?range=15m&q=nothing-is-called-this",
    "/log?range=15m&q=action:macro.updated",
    "/log?q=actr:ana",
    "/log/values?facet=actor&range=all",
    "/my-activity",
    "/log/export?range=all",
];
/// Entries, beside the log and alone.
pub const ENTRIES: [&str; 12] = [
    "/log?range=all&entry={entry}",
    "/log?range=all&entry={entry}&tab=changes",
    "/log?range=all&entry={entry}&tab=context",
    "/log?range=all&entry={entry}&tab=integrity",
    "/log?range=all&entry={entry}&tab=raw",
    "/log/{entry}",
    "/log/{entry}?tab=changes",
    "/log/{entry}?tab=context",
    "/log/{entry}?tab=integrity",
    "/log/{entry}?tab=raw",
    "/log/{denied}",
    "/log/99999999",
];
pub const DASHBOARDS_AND_SETTINGS: [&str; 28] = [
    "/exports",
    "/dashboards/overview?range=all",
    "/dashboards/access?range=all",
    "/dashboards/changes?range=all",
    "/dashboards/people?range=all",
    "/dashboards/overview?range=15m&q=nothing-is-called-this",
    "/dashboards/people?range=15m&q=nothing-is-called-this",
    "/people/{actor}?range=all",
    "/integrity",
    "/reports",
    "/reports/{report}",
    "/settings/general",
    "/settings/geo",
    "/settings/people",
    "/settings/people/{member}",
    "/settings/teams",
    "/settings/roles",
    "/settings/sign-in",
    "/settings/tokens",
    "/settings/sources",
    "/settings/retention",
    "/settings/destinations",
    "/settings/destinations/new?kind=webhook",
    "/settings/destinations/new?kind=email",
    "/settings/erasure",
    "/settings/system",
    "/settings/preferences",
    "/settings/preferences?saved=1",
];
/// Alerts and the rules that raise them.
pub const ALERTS: [&str; 11] = [
    "/conversations",
    "/insights",
    "/alerts",
    "/alerts?state=all",
    "/alerts?severity=critical&assignee=me",
    "/alerts?state=all&done=mute&n=1&of={alert}",
    "/alerts/{alert}",
    "/alerts/rules",
    "/alerts/rules/A1",
    "/alerts/rules/C5",
    "/alerts/rules/new",
];
/// Policies, tools and approvals.
pub const GATE: [&str; 15] = [
    "/policies",
    "/policies/refund-cap",
    "/policies/refund-cap?draft=1",
    "/policies/refund-cap/versions",
    "/policies/base.cedar",
    "/policies/new",
    "/policies/new/form",
    "/policies/refund-cap/form",
    "/policies/tools",
    "/policies/tools/of/order.refund",
    "/policies/tools/new",
    "/approvals",
    "/approvals?tab=requests",
    "/approvals?tab=decided",
    "/approvals/{approval}",
];
/// Simulations of agents and replays of policies. What stands in braces is made once.
pub const STUDIO: [&str; 13] = [
    "/simulations",
    "/simulations/new?subject=policy",
    "/simulations/new?subject=text",
    "/simulations/new?subject=rule&rule=A1",
    "/simulations/new?subject=recorded",
    "/simulations/new?subject=http",
    "/simulations/new?subject=chat",
    "/simulations/{simulation}",
    "/simulations/{simulation}?with={baseline}",
    "/simulations/{simulation}/cases?outcome=escalated",
    "/simulations/{simulation}/cases/1",
    "/simulations/{replay}",
    "/simulations/{rule}",
];
/// Workflows, what they said, and the connectors.
pub const WORKFLOWS: [&str; 14] = [
    "/workflows",
    "/workflows/new",
    "/workflows/refund-replies",
    "/workflows/refund-tags",
    "/workflows/refund-tags/versions",
    "/workflows/refund-tags/versions?number=1",
    "/workflows/refund-tags/runs",
    "/workflows/refund-replies/runs/{run}",
    "/workflows/runs",
    "/workflows/weekend-replies/runs",
    "/workflows/import",
    "/settings/connectors",
    "/settings/connectors/intercom",
    "/settings/connectors/http",
];
pub const HELP: [&str; 8] = [
    "/help/search",
    "/help/shortcuts",
    "/help/roles",
    "/help/integrity",
    "/help/activities",
    "/help/activities?find=nothing-is-called-this",
    "/docs/api",
    "/nothing/is/here",
];

/// How a page looks.
#[derive(Clone, Copy)]
struct Look {
    language: &'static str,
    theme: Theme,
}

impl Look {
    fn preferences(self) -> Preferences {
        Preferences { language: Some(self.language.to_owned()), theme: self.theme, ..Preferences::default() }
    }

    fn theme(self) -> &'static str {
        if self.theme == Theme::Dark { "dark" } else { "light" }
    }
}

async fn browser_of(server: &TestServer, look: Look) -> Option<Browser> {
    let setup = Setup { language: look.language, ..Setup::default() };
    let browser = Browser::open_as(server, setup).await?;
    browser.remember("hindcast-theme", look.theme());
    Some(browser)
}

/// The index of the newest entry that a query finds, and who did it.
fn newest(server: &TestServer, q: &str) -> (String, String) {
    let page = server.get(&format!("/v1/events?limit=1&q={q}")).send().good();
    let entry = &page["entries"][0];
    (entry["index"].to_string(), entry["actor"]["id"].as_str().unwrap_or_default().to_owned())
}

/// The pages with what stands in braces filled in.
pub fn filled(server: &TestServer, pages: &[&str], member: &str) -> Vec<String> {
    let (entry, actor) = newest(server, "action:macro.updated");
    let (denied, _) = newest(server, "outcome:denied");
    let alert = if pages.concat().contains("{alert}") { alerts::one_alert(server) } else { String::new() };
    let approval =
        if pages.concat().contains("{approval}") { gate::one_approval(server) } else { String::new() };
    let report = if pages.concat().contains("{report}") { demo::report(server) } else { String::new() };
    let [baseline, simulation, replay] =
        if pages.concat().contains("{simulation}") { studio(server) } else { Default::default() };
    let rule = if pages.concat().contains("{rule}") { simulations::of_rule(server) } else { String::new() };
    let run = if pages.concat().contains("{run}") { workflows::some(server) } else { String::new() };
    let values = [
        ("{run}", &*run),
        ("{baseline}", &*baseline),
        ("{simulation}", &*simulation),
        ("{replay}", &*replay),
        ("{rule}", &*rule),
        ("{entry}", &*entry),
        ("{denied}", &*denied),
        ("{actor}", &*actor),
        ("{member}", member),
        ("{report}", &*report),
        ("{alert}", &*alert),
        ("{approval}", &*approval),
    ];
    let fill =
        |page: &&str| values.iter().fold((*page).to_owned(), |path, (name, value)| path.replace(name, value));
    pages.iter().map(fill).collect()
}

/// A past, and some simulations of it.
fn studio(server: &TestServer) -> [String; 3] {
    simulations::furnish(server, 200);
    simulations::some(server)
}

/// One source that is paused, and one that fails: its credential is none.
fn connect_sources(server: &TestServer) {
    let workspace: hindcast_ledger::WorkspaceId = server.workspace.parse().expect("an id");
    let now = (server.app.clock)();
    for name in ["Support of a workspace with a long name in Edinburgh", "EU"] {
        let new = NewSource {
            workspace: workspace.clone(),
            kind: "intercom".to_owned(),
            name: name.to_owned(),
            connection: "{}".to_owned(),
            every_minutes: 10,
        };
        let sealed = |_: &str| Ok::<_, CatalogError>((vec![0; 64], Some(vec![0; 64])));
        let id =
            server.app.catalog.add_source(&new, now, &By::server(), sealed).expect("kept").expect("room");
        if name == "EU" {
            server.app.catalog.pause_source(&workspace, &id, true, now, &By::server()).expect("paused");
        }
    }
}

/// Everything that an owner sees.
async fn an_owner_looks_at(pages: &[&str], look: Look) {
    let Some(mut inspector) = Inspector::new() else { return };
    let server = demo::anchored();
    demo::load(&server, EVENTS);
    connect_sources(&server);
    let mara = hire(&server, "Mara Lindqvist", Role::Owner, look.preferences());
    let vera = hire(&server, "Vera Voss", Role::Viewer, look.preferences());
    let Some(browser) = browser_of(&server, look).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    for (page, path) in pages.iter().zip(filled(&server, pages, &vera.id.0)) {
        browser.visit(&path).await;
        browser.settle().await;
        let shown = (browser.attribute("html", "lang").await, browser.attribute("html", "data-theme").await);
        if (shown.0.as_str(), shown.1.as_str()) != (look.language, look.theme()) {
            inspector.note("language and theme are others", page, &format!("{shown:?}"), page);
        }
        inspector.inspect(&browser, page).await;
    }
    inspector.conclude();
    browser.close().await;
}

/// What opens above a page.
async fn an_owner_opens_menus(look: Look) {
    let Some(mut inspector) = Inspector::new() else { return };
    let server = TestServer::start();
    demo::load(&server, EVENTS);
    let mara = hire(&server, "Mara Lindqvist", Role::Owner, look.preferences());
    let Some(browser) = browser_of(&server, look).await else { return };
    browser.enter(&server, &server.workspace, &mara);

    browser.visit("/log?range=all&q=outcome:denied").await;
    browser.settle().await;
    browser.write("?").await;
    browser.see("#keys-help[open]").await;
    inspector.inspect(&browser, "/log with the list of keys").await;
    browser.key(Key::Escape).await;
    for menu in [
        "#rows details.menu",
        "#search details.menu",
        ".chips details.menu",
        "header details.account",
        "#histogram details",
    ] {
        browser.press(&format!("{menu} > summary")).await;
        inspector.inspect(&browser, &format!("/log with {menu} open")).await;
        browser.press(&format!("{menu} > summary")).await;
    }
    browser.fill("#q", "act").await;
    browser.see("#q-list [role=option]").await;
    browser.key(Key::Down).await;
    inspector.inspect(&browser, "/log with suggestions").await;
    browser.visit("/log").await;
    browser.press("[data-testid=tail-toggle]").await;
    inspector.inspect(&browser, "/log with the tail").await;
    inspector.conclude();
    browser.close().await;
}

/// What forms answer, and what somebody is told who may little.
async fn an_owner_fills_in_forms(look: Look) {
    let Some(mut inspector) = Inspector::new() else { return };
    let server = TestServer::start();
    server.append(&[event("door.open"), event("door.close")]);
    let mara = hire(&server, "Mara Lindqvist", Role::Owner, look.preferences());
    let Some(browser) = browser_of(&server, look).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    browser.visit("/settings/teams").await;
    browser.fill("#f-id", "payments").await;
    browser.press("form[data-guard] button.primary").await;
    browser.see("#errors").await;
    inspector.inspect(&browser, "/settings/teams with a mistake").await;
    browser.fill("#f-name", "Payments").await;
    browser.press("form[data-guard] button.primary").await;
    browser.see("[data-testid=saved]").await;
    browser.press("details.card > summary").await;
    inspector.inspect(&browser, "/settings/teams with a team").await;
    browser.visit("/settings/people").await;
    browser.fill("#f-email", "nobody").await;
    browser.run("document.querySelector('#f-email').type = 'text'").await;
    browser.press("form[action^='/settings/people'] button.primary").await;
    browser.see("#errors").await;
    inspector.inspect(&browser, "/settings/people with a mistake").await;
    browser.fill("#f-email", "vera@northwind.example").await;
    browser.press("form[action^='/settings/people'] button.primary").await;
    let invitation = browser.see("[data-testid=invite-link]").await;
    inspector.inspect(&browser, "/settings/people with an invitation").await;
    browser.visit("/settings/tokens").await;
    browser.press("form[action^='/settings/tokens'] button.primary").await;
    browser.see("#errors").await;
    inspector.inspect(&browser, "/settings/tokens with a mistake").await;
    browser.fill("#f-name", "importer").await;
    browser.fill("#f-days", "30").await;
    browser.press("form[action^='/settings/tokens'] button.primary").await;
    browser.see("[data-testid=token-secret]").await;
    inspector.inspect(&browser, "/settings/tokens with a token").await;
    browser.visit("/log/export?range=all").await;
    browser.press("input[name=as][value=job]").await;
    browser.press("[data-testid=export-form] button.primary").await;
    browser.arrive("/exports").await;
    browser.see("[data-testid=export-job] a.button").await;
    inspector.inspect(&browser, "/exports with a file").await;
    browser.visit("/integrity").await;
    browser.press("form[action^='/integrity/verify'] button").await;
    browser.see("[data-testid=integrity-result]").await;
    inspector.inspect(&browser, "/integrity with a verdict").await;
    let drop = "const data = new DataTransfer(); data.items.add(new File(['just text'], 'x.tlog-proof'));
                document.querySelector('#evidence-file').files = data.files;";
    browser.run(drop).await;
    browser.press("[data-testid=evidence-form] button.primary").await;
    assert!(browser.see("[data-testid=evidence-verdict]").await.contains("UNREADABLE"));
    inspector.inspect(&browser, "/integrity/evidence").await;

    // In a log that tells them nothing.
    let at = invitation.find("/join/").expect("a link");
    browser.forget().await;
    browser.remember("hindcast-theme", look.theme());
    browser.visit(&invitation[at..]).await;
    inspector.inspect(&browser, "/join").await;
    browser.press("section.door form button").await;
    browser.see("#errors").await;
    inspector.inspect(&browser, "/join with a mistake").await;
    browser.fill("#f-name", "Vera Voss").await;
    browser.fill("#f-password", PASSWORD).await;
    browser.press("section.door form button").await;
    browser.arrive("/login/second-factor").await;
    browser.visit("/settings/people").await;
    browser.see("#refused-h").await;
    inspector.inspect(&browser, "/settings/people for a viewer").await;
    browser.visit("/log?range=15m&q=nothing").await;
    inspector.inspect(&browser, "/log for a viewer").await;
    inspector.conclude();
    browser.close().await;
}

/// What is there before anybody is signed in, and before anything has happened.
async fn a_guest_comes_to_the_door(look: Look) {
    let Some(mut inspector) = Inspector::new() else { return };
    let server = TestServer::start();
    let Some(browser) = browser_of(&server, look).await else { return };
    browser.visit("/setup").await;
    assert_eq!(browser.attribute("html", "lang").await, look.language);
    assert_eq!(browser.attribute("html", "data-theme").await, look.theme());
    inspector.inspect(&browser, "/setup").await;
    browser.press("form[action='/setup'] button").await;
    browser.see("#errors").await;
    inspector.inspect(&browser, "/setup with mistakes").await;

    let (other, _) = server.another_workspace();
    let ola = hire_in(&server, &other, "Ola Nordmann", Role::Owner, look.preferences());
    browser.visit("/login").await;
    inspector.inspect(&browser, "/login").await;
    fill_in(&browser, "nobody@northwind.example").await;
    browser.see("#failed").await;
    inspector.inspect(&browser, "/login with a wrong password").await;
    browser.visit("/nothing/is/here").await;
    inspector.inspect(&browser, "404 for a guest").await;

    browser.enter(&server, &other, &ola);
    browser.visit("/log").await;
    browser.see("[data-testid=empty-never]").await;
    inspector.inspect(&browser, "/log that is empty").await;
    for page in
        ["/dashboards/overview", "/exports", "/settings/tokens", "/settings/people", "/integrity", "/alerts"]
    {
        browser.visit(page).await;
        inspector.inspect(&browser, &format!("{page} of an empty log")).await;
    }
    browser.visit("/login/second-factor").await;
    inspector.inspect(&browser, "/login/second-factor").await;
    let mut phone = Authenticator::new(&browser.see("[data-testid=totp-secret]").await);
    browser.fill("#f-code", &phone.wrong_code()).await;
    browser.press("form[action='/login/second-factor'] button").await;
    browser.see("#failed").await;
    inspector.inspect(&browser, "/login/second-factor with a wrong code").await;
    browser.fill("#f-code", &phone.code().await).await;
    browser.press("form[action='/login/second-factor'] button").await;
    browser.see("[data-testid=recovery-codes]").await;
    inspector.inspect(&browser, "recovery codes").await;
    browser.forget().await;
    browser.remember("hindcast-theme", look.theme());
    browser.visit("/login").await;
    fill_in(&browser, &ola.email).await;
    browser.arrive("/login/code").await;
    inspector.inspect(&browser, "/login/code").await;
    inspector.conclude();
    browser.close().await;
}

async fn fill_in(browser: &Browser, email: &str) {
    browser.fill("#f-email", email).await;
    browser.fill("#f-password", PASSWORD).await;
    browser.key(Key::Enter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_columns_fit_on_a_small_laptop() {
    let server = TestServer::start();
    demo::load(&server, EVENTS);
    let mara = hire(&server, "Mara Lindqvist", Role::Owner, Preferences::default());
    let Some(browser) = Browser::open(&server).await else { return };
    browser.enter(&server, &server.workspace, &mara);
    let mut wide = Vec::new();
    for width in [1024, 1280, 1440] {
        browser.resize(width, 800);
        for path in ["/log?range=all", "/log?range=7d", "/log?range=all&entry=1"] {
            browser.visit(path).await;
            browser.settle().await;
            let sizes = "const wrap = document.querySelector('#table-wrap'); return [wrap.scrollWidth, wrap.clientWidth]";
            let sizes: (u32, u32) = serde_json::from_value(browser.run(sizes).await).expect("sizes");
            if sizes.0 > sizes.1 {
                wide.push(format!("{path} at {width} px: a table of {} px in {} px", sizes.0, sizes.1));
            }
        }
    }
    assert!(wide.is_empty(), "{}", wide.join("\n"));
    browser.close().await;
}

const ENGLISH_LIGHT: Look = Look { language: "en", theme: Theme::Light };
const ENGLISH_DARK: Look = Look { language: "en", theme: Theme::Dark };
const JAPANESE_LIGHT: Look = Look { language: "ja", theme: Theme::Light };
const JAPANESE_DARK: Look = Look { language: "ja", theme: Theme::Dark };

/// One story for each look, so that they can be told at the same time.
macro_rules! stories {
    ($($name:ident: $story:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            $story.await;
        }
    )*};
}

stories! {
    the_log_in_english_by_day: an_owner_looks_at(&LOG, ENGLISH_LIGHT);
    the_log_in_english_by_night: an_owner_looks_at(&LOG, ENGLISH_DARK);
    the_log_in_japanese_by_day: an_owner_looks_at(&LOG, JAPANESE_LIGHT);
    the_log_in_japanese_by_night: an_owner_looks_at(&LOG, JAPANESE_DARK);
    entries_in_english_by_day: an_owner_looks_at(&ENTRIES, ENGLISH_LIGHT);
    entries_in_english_by_night: an_owner_looks_at(&ENTRIES, ENGLISH_DARK);
    entries_in_japanese_by_day: an_owner_looks_at(&ENTRIES, JAPANESE_LIGHT);
    entries_in_japanese_by_night: an_owner_looks_at(&ENTRIES, JAPANESE_DARK);
    dashboards_and_settings_in_english_by_day: an_owner_looks_at(&DASHBOARDS_AND_SETTINGS, ENGLISH_LIGHT);
    dashboards_and_settings_in_english_by_night: an_owner_looks_at(&DASHBOARDS_AND_SETTINGS, ENGLISH_DARK);
    dashboards_and_settings_in_japanese_by_day: an_owner_looks_at(&DASHBOARDS_AND_SETTINGS, JAPANESE_LIGHT);
    dashboards_and_settings_in_japanese_by_night: an_owner_looks_at(&DASHBOARDS_AND_SETTINGS, JAPANESE_DARK);
    alerts_in_english_by_day: an_owner_looks_at(&ALERTS, ENGLISH_LIGHT);
    alerts_in_english_by_night: an_owner_looks_at(&ALERTS, ENGLISH_DARK);
    alerts_in_japanese_by_day: an_owner_looks_at(&ALERTS, JAPANESE_LIGHT);
    alerts_in_japanese_by_night: an_owner_looks_at(&ALERTS, JAPANESE_DARK);
    the_gate_in_english_by_day: an_owner_looks_at(&GATE, ENGLISH_LIGHT);
    the_gate_in_english_by_night: an_owner_looks_at(&GATE, ENGLISH_DARK);
    the_gate_in_japanese_by_day: an_owner_looks_at(&GATE, JAPANESE_LIGHT);
    the_gate_in_japanese_by_night: an_owner_looks_at(&GATE, JAPANESE_DARK);
    simulations_in_english_by_day: an_owner_looks_at(&STUDIO, ENGLISH_LIGHT);
    simulations_in_english_by_night: an_owner_looks_at(&STUDIO, ENGLISH_DARK);
    simulations_in_japanese_by_day: an_owner_looks_at(&STUDIO, JAPANESE_LIGHT);
    simulations_in_japanese_by_night: an_owner_looks_at(&STUDIO, JAPANESE_DARK);
    workflows_in_english_by_day: an_owner_looks_at(&WORKFLOWS, ENGLISH_LIGHT);
    workflows_in_english_by_night: an_owner_looks_at(&WORKFLOWS, ENGLISH_DARK);
    workflows_in_japanese_by_day: an_owner_looks_at(&WORKFLOWS, JAPANESE_LIGHT);
    workflows_in_japanese_by_night: an_owner_looks_at(&WORKFLOWS, JAPANESE_DARK);
    help_in_english_by_day: an_owner_looks_at(&HELP, ENGLISH_LIGHT);
    help_in_english_by_night: an_owner_looks_at(&HELP, ENGLISH_DARK);
    help_in_japanese_by_day: an_owner_looks_at(&HELP, JAPANESE_LIGHT);
    help_in_japanese_by_night: an_owner_looks_at(&HELP, JAPANESE_DARK);
    menus_in_english_by_day: an_owner_opens_menus(ENGLISH_LIGHT);
    menus_in_english_by_night: an_owner_opens_menus(ENGLISH_DARK);
    menus_in_japanese_by_day: an_owner_opens_menus(JAPANESE_LIGHT);
    menus_in_japanese_by_night: an_owner_opens_menus(JAPANESE_DARK);
    forms_in_english_by_day: an_owner_fills_in_forms(ENGLISH_LIGHT);
    forms_in_english_by_night: an_owner_fills_in_forms(ENGLISH_DARK);
    forms_in_japanese_by_day: an_owner_fills_in_forms(JAPANESE_LIGHT);
    forms_in_japanese_by_night: an_owner_fills_in_forms(JAPANESE_DARK);
    the_door_in_english_by_day: a_guest_comes_to_the_door(ENGLISH_LIGHT);
    the_door_in_english_by_night: a_guest_comes_to_the_door(ENGLISH_DARK);
    the_door_in_japanese_by_day: a_guest_comes_to_the_door(JAPANESE_LIGHT);
    the_door_in_japanese_by_night: a_guest_comes_to_the_door(JAPANESE_DARK);
}
