//! `hindcast retention`: how long a workspace keeps its entries, what that lets go, and letting it go now.

use super::client::{Client, Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use super::wait::until;
use anyhow::bail;
use clap::Subcommand;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// When so long nothing went, something is wrong on the server.
const NOTHING_WENT_FOR: Duration = Duration::from_secs(60);

/// What `retention` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token needs the scope retention. What lets entries go sooner takes effect after a day; `run` does not wait for it. Every
change is an entry of the log. Exit codes: 0 done, 1 failed, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show how long entries are kept.
    Show {
        #[command(flatten)]
        server: Server,
        /// The answer of the server, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change it; what is not named stays as it is.
    Set {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        change: Change,
        /// The answer of the server, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what would go now, by category and month, and what holds keep; also of a change that is not made.
    Preview {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        change: Change,
        /// The answer of the server, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let it go now.
    Run {
        #[command(flatten)]
        server: Server,
        /// Do not wait until it has gone.
        #[arg(long)]
        no_wait: bool,
        /// What goes, as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What is to be another way.
#[derive(Debug, Default, clap::Args)]
struct Change {
    /// Days that entries are kept, or `ever`.
    #[arg(long, value_name = "DAYS", value_parser = days)]
    days: Option<Days>,
    /// The same for a category, such as ai_agents=90, authentication=ever, or ai_agents=default; may be given more than once.
    #[arg(long = "category", value_name = "CODE=DAYS", value_parser = of_category)]
    categories: Vec<(String, Option<Days>)>,
    /// Days after which entries move to the archive, or `never`.
    #[arg(long, value_name = "DAYS", value_parser = archive)]
    archive: Option<Days>,
    /// Lock so many days: nothing goes before, and this is never shortened or taken back.
    #[arg(long, value_name = "DAYS")]
    lock: Option<u32>,
}

/// A number of days; without end when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Days(Option<u32>);

fn days(text: &str) -> Result<Days, String> {
    match text {
        "ever" => Ok(Days(None)),
        text => text.parse().map(|days| Days(Some(days))).map_err(|_| "a number of days, or ever".to_owned()),
    }
}

fn archive(text: &str) -> Result<Days, String> {
    match text {
        "never" => Ok(Days(None)),
        text => {
            text.parse().map(|days| Days(Some(days))).map_err(|_| "a number of days, or never".to_owned())
        }
    }
}

fn of_category(text: &str) -> Result<(String, Option<Days>), String> {
    let wrong =
        || "a category and its days, such as ai_agents=90, ai_agents=ever or ai_agents=default".to_owned();
    let (code, told) = text.split_once('=').filter(|(code, _)| !code.is_empty()).ok_or_else(wrong)?;
    let days = if told == "default" { None } else { Some(days(told).map_err(|_| wrong())?) };
    Ok((code.to_owned(), days))
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(match &args.command {
        Command::Show { server, json } => {
            shown(&read_json(server.client()?.get("/v1/retention", &[], &[])?)?, *json)
        }
        Command::Set { server, change, json } => set(server, change, *json),
        Command::Preview { server, change, json } => preview(server, change, *json),
        Command::Run { server, no_wait, json } => apply(server, !no_wait, *json),
    })
}

fn set(server: &Server, change: &Change, json: bool) -> anyhow::Result<ExitCode> {
    let client = server.client()?;
    let Some(policy) = changed(&client, change)? else {
        bail!("say what to change: --days, --category, --archive or --lock");
    };
    shown(&read_json(client.put_json("/v1/retention", &policy)?)?, json)
}

fn preview(server: &Server, change: &Change, json: bool) -> anyhow::Result<ExitCode> {
    let client = server.client()?;
    let policy = changed(&client, change)?;
    let asked = json!({ "policy": policy });
    told(&read_json(client.post_json("/v1/retention/preview", &asked)?)?, json)
}

/// The policy of the server with what is to be another way; nothing when nothing is.
fn changed(client: &Client, change: &Change) -> anyhow::Result<Option<Value>> {
    let Change { days, categories, archive, lock } = change;
    if days.is_none() && categories.is_empty() && archive.is_none() && lock.is_none() {
        return Ok(None);
    }
    let mut retention: Value = read_json(client.get("/v1/retention", &[], &[])?)?;
    let mut policy = retention["policy"].take();
    if !policy.is_object() {
        bail!("the server's answer cannot be read");
    }
    if let Some(Days(days)) = days {
        policy["days"] = json!(days);
    }
    for (code, days) in categories {
        match (days, policy["categories"].as_object_mut()) {
            (None, Some(own)) => drop(own.remove(code)),
            (Some(Days(days)), _) => policy["categories"][code] = json!(days),
            (None, None) => {}
        }
    }
    if let Some(Days(days)) = archive {
        policy["archive_days"] = json!(days);
    }
    if let Some(days) = lock {
        policy["locked_days"] = json!(days);
    }
    Ok(Some(policy))
}

fn apply(server: &Server, waits: bool, json: bool) -> anyhow::Result<ExitCode> {
    let client = server.client()?;
    let going: Value = read_json(client.post_json("/v1/retention/run", &json!({}))?)?;
    told(&going, json)?;
    if waits && going["entries"] != 0 {
        wait(&client)?;
        eprintln!("done");
    }
    Ok(ExitCode::SUCCESS)
}

/// Until the preview is empty.
fn wait(client: &Client) -> anyhow::Result<()> {
    let (mut left, mut since) = (u64::MAX, Instant::now());
    until("letting go", |bar| {
        let preview: Value = read_json(client.post_json("/v1/retention/preview", &json!({}))?)?;
        let now = preview["entries"].as_u64().unwrap_or_default();
        let retention: Value = read_json(client.get("/v1/retention", &[], &[])?)?;
        let is_expiring = retention["expiring"].as_bool().unwrap_or_default();
        if now == 0 && !is_expiring {
            return Ok(Some(()));
        }
        if now != left {
            (left, since) = (now, Instant::now());
            bar.set_message(format!("{now} entries are left to go"));
        }
        if since.elapsed() > NOTHING_WENT_FOR && !is_expiring {
            bail!("{now} entries have not gone yet, the server's own log says why");
        }
        Ok(None)
    })
}

fn shown(retention: &Value, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        say(&escape_json(&retention.to_string()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let policy = &retention["policy"];
    let kept = |days: &Value| days.as_u64().map_or("for ever".to_owned(), |days| format!("{days} days"));
    say(&format!("everything\t{}", kept(&policy["days"])))?;
    for (code, days) in policy["categories"].as_object().into_iter().flatten() {
        say(&format!("{}\t{}", escape(code), kept(days)))?;
    }
    let archive = policy["archive_days"].as_u64();
    say(&format!("archived\t{}", archive.map_or("never".to_owned(), |days| format!("after {days} days"))))?;
    let locked = policy["locked_days"].as_u64();
    say(&format!("locked\t{}", locked.map_or("no".to_owned(), |days| format!("{days} days"))))?;
    if let Some(at) = retention["takes_effect_at"].as_str() {
        say(&format!("takes effect\t{}", escape(at)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn told(preview: &Value, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        say(&escape_json(&preview.to_string()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let count = |value: &Value| value["entries"].as_u64().unwrap_or_default();
    say(&format!("{} entries go", count(preview)))?;
    for (list, name) in [("categories", "category"), ("months", "month")] {
        for row in preview[list].as_array().into_iter().flatten() {
            say(&format!("  {}\t{}", escape(row[name].as_str().unwrap_or_default()), count(row)))?;
        }
    }
    if preview["held"] != 0 {
        say(&format!("{} entries stay because of legal holds", preview["held"]))?;
        for hold in preview["holds"].as_array().into_iter().flatten() {
            say(&format!("  {}\t{}", escape(hold["name"].as_str().unwrap_or_default()), count(hold)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_or_a_word() {
        assert_eq!(days("90"), Ok(Days(Some(90))));
        assert_eq!(days("ever"), Ok(Days(None)));
        assert_eq!(archive("never"), Ok(Days(None)));
        assert_eq!(of_category("ai_agents=90"), Ok(("ai_agents".to_owned(), Some(Days(Some(90))))));
        assert_eq!(of_category("ai_agents=ever"), Ok(("ai_agents".to_owned(), Some(Days(None)))));
        assert_eq!(of_category("ai_agents=default"), Ok(("ai_agents".to_owned(), None)));
        for wrong in ["", "=9", "ai_agents", "ai_agents=", "ai_agents=-1", "ai_agents=many"] {
            assert!(of_category(wrong).is_err(), "{wrong}");
        }
        assert!(days("-1").is_err() && days("never").is_err() && archive("ever").is_err());
    }
}
