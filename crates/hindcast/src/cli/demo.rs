//! `hindcast demo`: a server with an invented year in it, and what to try.

mod load;
mod people;

use super::{Settings, start_log};
use crate::app::App;
use crate::catalog::{By, Narrowing, NewToken, Scope, TokenSecret, Workspace};
use crate::config::Level;
use crate::demo::{EVENTS, EVENTS_MAX, EVENTS_MIN, Guide, WORKSPACE_NAME};
use crate::jobs::demo::gate::TO_TRY;
use crate::jobs::demo::workflows::TRIED;
use crate::serve::{listen, serve};
use anyhow::Context as _;
use hindcast_event::Timestamp;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The token of the demo works so long.
const TOKEN_MICROS: i64 = 7 * 24 * 3_600_000_000;
const TOKEN_NAME: &str = "demo";

/// What `demo` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything in the demo is invented. Ctrl-C ends it; without --data nothing is left behind."
)]
pub(super) struct Args {
    /// A folder to keep; loaded once. A temporary one when nothing is said.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8480")]
    listen: SocketAddr,
    /// About how many events the year has.
    #[arg(long, value_name = "N", default_value_t = EVENTS as u64,
          value_parser = clap::value_parser!(u64).range(EVENTS_MIN as u64..=EVENTS_MAX as u64))]
    events: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    // Removed when it goes out of scope, after the server has ended.
    let temporary = match &args.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("hindcast-demo-").tempdir()?),
    };
    let kept = args.data.clone();
    let data = kept.or_else(|| temporary.as_ref().map(|folder| folder.path().join("data")));
    let mut config = Settings::of_folder(data.context("there is no folder")?).load()?;
    config.server.listen = args.listen;
    config.log.level = Level::Warn;
    start_log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = listen(args.listen).await.context("say another with --listen")?;
        let address = listener.local_addr()?;
        let app = Arc::new(App::open(config)?);
        let Some(loaded) = load_unless_interrupted(&app, usize::try_from(args.events)?).await? else {
            app.close();
            return Ok(());
        };
        let token = token(&app, &loaded.workspace)?;
        let way_in = people::let_in(&app, &loaded)?;
        let vkey = app.ledger.verifier_key(&loaded.workspace.id)?.to_string();
        print!(
            "{}",
            welcome(
                &loaded,
                &way_in,
                &format!("http://{address}"),
                token.reveal(),
                &vkey,
                args.data.is_some()
            )
        );
        serve(app, listener).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C while loading ends as cleanly as later.
async fn load_unless_interrupted(app: &Arc<App>, events: usize) -> anyhow::Result<Option<load::Loaded>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let (app, seen) = (app.clone(), interrupted.clone());
    let mut loading = tokio::task::spawn_blocking(move || load::load(&app, events, &seen));
    tokio::select! {
        loaded = &mut loading => loaded?,
        _ = tokio::signal::ctrl_c() => {
            interrupted.store(true, Ordering::Relaxed);
            loading.await?
        }
    }
}

/// A new token for each start, since none can be shown twice; the ones before stop working.
fn token(app: &App, workspace: &Workspace) -> anyhow::Result<TokenSecret> {
    let now = (app.clock)();
    for token in app.catalog.tokens(Some(&workspace.id))?.iter().filter(|token| token.name == TOKEN_NAME) {
        app.catalog.revoke_token(&token.id, now, &By::server())?;
    }
    let new = NewToken {
        workspace: Some(workspace.id.clone()),
        name: TOKEN_NAME.to_owned(),
        person: None,
        scopes: vec![Scope::Ingest, Scope::Read, Scope::Alerts, Scope::Policies, Scope::Decide],
        networks: Vec::new(),
        expires_at: Some(Timestamp::from_micros(now.micros() + TOKEN_MICROS)),
        narrowing: Narrowing::default(),
    };
    Ok(app.catalog.create_token(new, now, &By::server())?.1)
}

fn welcome(
    loaded: &load::Loaded,
    way_in: &people::WayIn,
    url: &str,
    token: &str,
    vkey: &str,
    kept: bool,
) -> String {
    let guide = Guide::of(loaded.now);
    let (from, until) = guide.incident_seconds;
    let id = &guide.export_id;
    let mut text = String::new();
    let took =
        loaded.seconds.map_or("loaded before".to_owned(), |seconds| format!("loaded in {seconds:.1} s"));
    let password = &way_in.password;
    let mut people = String::new();
    for (email, role) in &way_in.people {
        let _infallible = writeln!(people, "  {email:<38} {}", role.as_str().replace('_', " "));
    }
    let _infallible = write!(
        text,
        "\n{WORKSPACE_NAME}: {} events of an invented year, {took}\n\n\
         Open {url} and sign in with the password {password} as\n{people}\n\
         For programs: a token for this workspace, good for 7 days\n\n\
         export HINDCAST_URL={url} HINDCAST_TOKEN={token}\n\n\
         Five things to try\n\n\
         1. One night three weeks ago, as clients of Intercom's activity logs ask for it\n   \
         curl -s -H \"Authorization: Bearer $HINDCAST_TOKEN\" \\\n     \
         '{url}/admins/activity_logs?created_at_after={from}&created_at_before={until}'\n\n\
         2. What happened in it, and around it\n",
        loaded.events
    );
    for search in &guide.searches {
        let _infallible = writeln!(text, "   hindcast search '{}'   # {}", search.query, search.finds);
    }
    let _infallible = write!(
        text,
        "   the same with curl:\n   curl -sG -H \"Authorization: Bearer $HINDCAST_TOKEN\" {url}/v1/events \\\n     \
         --data-urlencode 'q={}'\n\n\
         3. What the rules found, and what one would find if it were stricter\n   \
         hindcast alert list --state open\n   \
         hindcast rule backtest A1 --days 30 --tune failures=5\n\n\
         4. What a policy would have prevented: a fortnight in which the AI agent tagged what it was unsure of\n   \
         hindcast replay run --policy {TO_TRY} --number 1\n   \
         and what waits for somebody already: {url}/approvals\n   \
         and tags that people had to mend, which a workflow in shadow noted: {url}/workflows/{TRIED}/runs\n\n\
         5. Proof that the export of that night is in the log, for somebody who trusts nobody\n   \
         curl -s -H \"Authorization: Bearer $HINDCAST_TOKEN\" -o export.tlog-proof \\\n     \
         '{url}/v1/events/{id}/proof?format=tlog-proof'\n   \
         hindcast verify export.tlog-proof --vkey '{vkey}'\n\n\
         The year was imported: occurred_at is when it would have happened, received_at is when it was loaded.\n\
         Ctrl-C ends the demo{}.\n",
        guide.searches.first().map_or("", |search| &search.query),
        if kept { " and keeps the folder" } else { " and removes its folder" }
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_welcome_names_what_can_be_pasted() {
        let workspace = Workspace {
            id: "w1".parse().expect("an id"),
            name: WORKSPACE_NAME.to_owned(),
            created_at: Timestamp::from_micros(0),
        };
        let now = Timestamp::from_micros(1_795_290_000_000_000);
        let loaded = load::Loaded { workspace, now, events: 7, seconds: Some(1.0) };
        let people = vec![("ana@example.com".to_owned(), crate::people::Role::SupportOpsManager)];
        let way_in = people::WayIn { password: "PASSWORD".to_owned(), people };
        let text = welcome(&loaded, &way_in, "http://127.0.0.1:1", "TOKEN", "a/w/w1/0+key", false);
        let guide = Guide::of(now);
        for part in [
            "created_at_after=17",
            &guide.searches[0].query,
            &guide.export_id,
            "--vkey 'a/w/w1/0+key'",
            "TOKEN",
            "PASSWORD",
            "support ops manager",
            "replay run --policy unsure-tags",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(
            guide.searches.iter().all(|search| !search.query.contains('\'')),
            "queries stand between quotes"
        );
    }
}
