//! Pictures for people to look at: `cargo test -p hindcast --test browser -- --ignored screenshots`. They go into the
//! folder that `HINDCAST_SCREENSHOTS` names, or into a new one.

use crate::browser::{Browser, Setup, say};
use crate::cast::{hire, hush, speaks};
use crate::demo;
use crate::support::TestServer;
use hindcast::catalog::{By, Preferences, Settings, Team, Theme};
use hindcast::people::Role;
use std::path::PathBuf;

const EVENTS: usize = 20_000;
const SIZES: [(u32, u32); 2] = [(1280, 900), (360, 800)];
const LOOKS: [(&str, Theme, &str); 3] =
    [("en", Theme::Light, "en-light"), ("ja", Theme::Light, "ja-light"), ("de", Theme::Dark, "de-dark")];

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
    let entry = server.get("/v1/events?limit=1&q=action:agent.permissions_changed").send().good();
    let entry = entry["entries"][0]["index"].to_string();
    let pages = [
        ("log", "/log?range=7d".to_owned()),
        ("entry", format!("/log?range=90d&q=category:agents_roles&entry={entry}&tab=changes")),
        ("overview", "/dashboards/overview?range=30d".to_owned()),
        ("access", "/dashboards/access?range=30d".to_owned()),
        ("integrity", "/integrity".to_owned()),
        ("people", "/settings/people".to_owned()),
        ("roles", "/settings/roles".to_owned()),
        ("activities", "/help/activities".to_owned()),
    ];
    let Some(browser) = Browser::open_as(&server, Setup::default()).await else { return };
    browser.enter(&server, &server.workspace, &aoife);
    for (language, theme, look) in LOOKS {
        let preferences = Preferences { theme, ..speaks(language) };
        catalog.set_preferences(&aoife.id, &preferences).expect("kept");
        for (width, height) in SIZES {
            browser.resize(width, height);
            for (name, path) in &pages {
                browser.visit(path).await;
                browser.settle().await;
                let file = folder.join(format!("{name}-{look}-{width}.png"));
                std::fs::write(&file, browser.picture().await).expect("written");
                say(&file.display().to_string());
            }
        }
    }
    browser.close().await;
}
