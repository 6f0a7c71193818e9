//! The log page: how long the server takes for it with everything behind it, and how much a browser has to load.

use super::Figure;
use crate::app::App;
use crate::catalog::{By, Membership, NewPerson, NewSession, Preferences, Stage};
use crate::people::Role;
use anyhow::{Context as _, ensure};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::net::SocketAddr;
use std::time::Instant;

/// What somebody asks who looks for something: the name of the figure and the address. What stands in braces is the last
/// day that has entries.
const PAGES: [(&str, &str); 6] = [
    ("log page, a day", "/log?from={from}&to={to}"),
    ("log page, all time", "/log?range=all"),
    ("log page, failures", "/log?range=all&q=outcome:failure"),
    ("log page, a word", "/log?range=all&q=refund"),
    ("log page, filters", "/log?range=all&part=facets"),
    ("log page, histogram", "/log?range=all&part=histogram"),
];
const RUNS: usize = 40;
const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// Makes somebody who may see all of a workspace, and says what their browser shows.
pub(super) fn visitor(app: &App, workspace: &WorkspaceId) -> anyhow::Result<String> {
    let now = (app.clock)();
    let (teams, actors) = Default::default();
    let membership =
        Membership { workspace: workspace.clone(), role: Role::Owner, teams, actors, joined_at: now };
    let new = NewPerson {
        email: "bench@example.com".to_owned(),
        name: "Bench".to_owned(),
        password: None,
        preferences: Preferences { language: Some("en".to_owned()), ..Preferences::default() },
    };
    let person = app.catalog.add_person(&new, &[membership], "agent.joined", |_| By::server(), now)?;
    let person = person.context("the person is there already")?;
    let (address, user_agent, method) = ("127.0.0.1", "bench", "password");
    let session = NewSession { person: &person, workspace, stage: Stage::In, method, address, user_agent };
    let secret = app.catalog.begin_session(&session, None, now)?;
    Ok(format!("hindcast={}", secret.reveal()))
}

/// Asks for the pages one after the other; blocking, for a thread of its own.
pub(super) fn measure(address: SocketAddr, cookie: &str, end: Timestamp) -> anyhow::Result<Vec<Figure>> {
    let ask = |path: &str| -> anyhow::Result<Vec<u8>> {
        let kind = if path.contains("part=") { "partial" } else { "full" };
        let request = ureq::get(format!("http://{address}{path}"))
            .header("cookie", cookie)
            .header("accept-encoding", "br")
            .header("hx-request-type", kind);
        let mut answer = request.call().with_context(|| path.to_owned())?;
        ensure!(answer.status() == 200, "{path} was answered with {}", answer.status());
        Ok(answer.body_mut().with_config().limit(16 << 20).read_to_vec()?)
    };
    let mut figures = Vec::new();
    let begin = Timestamp::from_micros(end.micros() - DAY_MICROS);
    for (metric, path) in PAGES {
        let path = path.replace("{from}", &begin.to_string()).replace("{to}", &end.to_string());
        let mut times = Vec::with_capacity(RUNS);
        let mut bytes = 0;
        for _ in 0..RUNS {
            let begun = Instant::now();
            bytes = ask(&path)?.len();
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        let first = times[0];
        times.sort_by(f64::total_cmp);
        let p95 = times[times.len() * 95 / 100];
        let note = format!("p95 of {RUNS} over HTTP, the first {first:.0} ms; {bytes} bytes compressed");
        figures.push(Figure::ours(metric, p95, "ms", note));
    }
    let assets = &crate::pages::ASSETS_FOLDER;
    let scripts = [
        "htmx.js",
        "app.js",
        "keys.js",
        "time.js",
        "tail.js",
        "brush.js",
        "combo.js",
        "copy.js",
        "dialog.js",
        "drop.js",
        "progress.js",
    ];
    let weigh = |names: &[&str]| -> anyhow::Result<usize> {
        names.iter().map(|name| Ok(ask(&format!("{}/{name}", **assets))?.len())).sum()
    };
    let (scripts, styles) = (weigh(&scripts)?, weigh(&["app.css"])?);
    let page = ask("/log?range=all")?.len();
    let note = format!("page of 50 rows {page}, styles {styles}, scripts {scripts}, each as brotli");
    figures.push(Figure::ours("log page, bytes", (page + scripts + styles) as f64, "bytes", note));
    Ok(figures)
}
