//! `hindcast rule`: the rules of a workspace; and, without a server, rules that are being written.

mod backtest;
pub(super) mod offline;
mod replay;

use super::client::{Client, Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use super::token::{Expiry, expiry, now};
use crate::api::escaped;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `rule` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
check and test need no server. The others need a token with the scope alerts (replay: policies); what they change is an entry of
the log. Exit codes: 0 done, 1 failed, a rule that cannot run, or more alerts than --max, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the rules, and how often each was right.
    List {
        #[command(flatten)]
        server: Server,
        /// One rule a line, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of a rule, as JSON.
    Show {
        #[command(flatten)]
        one: One,
        /// Its text alone, as it would be written into a file.
        #[arg(long)]
        text: bool,
    },
    /// Look over the text of a rule, here: every flaw with its line and column.
    Check(offline::Check),
    /// Ask a rule about events of a file, here, in their order.
    Test(offline::Test),
    /// Make a rule of a file.
    Create {
        #[command(flatten)]
        server: Server,
        /// A file of Sigma YAML; its id is that of the rule.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Do not ask it yet.
        #[arg(long)]
        off: bool,
        /// A value in the place of that of the text.
        #[arg(long = "tune", value_name = "NAME=VALUE", value_parser = tuned)]
        tuned: Vec<(String, Value)>,
    },
    /// Change how a rule is set; what is not named stays as it is.
    Set(Set),
    /// Ask a rule.
    On(One),
    /// Do not ask a rule.
    Off(One),
    /// Delete a rule of your own, or set one that comes with hindcast back to how it came.
    Delete(One),
    /// Tell what a rule would have said about the past days.
    Backtest(backtest::Args),
    /// Compare a rule as you try it with the rule as it is, on the past.
    Replay(Box<replay::Replay>),
    /// Show the lists that rules name, or fill one.
    Lists {
        #[command(flatten)]
        server: Server,
        /// The list to show or to fill.
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// What it is to hold from now on; more than one by commas, none with an empty text.
        #[arg(long, value_name = "VALUE", value_delimiter = ',', requires = "name")]
        fill: Option<Vec<String>>,
    },
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// Its key: a code such as A1, or the id of one of your own.
    #[arg(value_name = "KEY")]
    key: String,
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    one: One,
    /// A value in the place of that of the text, such as failures=5 or within=30m; NAME=default takes it back.
    #[arg(long = "tune", value_name = "NAME=VALUE", value_parser = tuned)]
    tuned: Vec<(String, Value)>,
    /// A thing of which nothing was heard for so many seconds is a new alert when it comes again.
    #[arg(long, value_name = "SECONDS")]
    quiet: Option<u64>,
    /// Hear nothing of it: 7d, 12h, or until a time such as 2027-01-31T00:00:00Z.
    #[arg(long = "mute", value_name = "WHEN", value_parser = expiry, conflicts_with = "unmute")]
    mute: Option<Expiry>,
    /// Hear of it again.
    #[arg(long)]
    unmute: bool,
    /// Another text, from a file; for one of your own.
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
}

/// A tuned value as it is said: a number or a duration.
fn tuned(text: &str) -> Result<(String, Value), String> {
    let wrong = || "NAME=VALUE is expected, such as failures=5 or within=30m".to_owned();
    let (name, value) = text
        .split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(wrong)?;
    let number = value.parse::<i64>().map(|number| json!(number));
    let number = number.or_else(|_| value.parse::<f64>().map(|number| json!(number))).ok();
    // What is no number of JSON is none.
    let number = number.filter(|number| !number.is_null());
    Ok((name.to_owned(), number.unwrap_or_else(|| json!(value))))
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(done(&args.command))
}

fn done(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(asked) => return offline::check_file(asked),
        Command::Test(asked) => return offline::test(asked),
        Command::Backtest(asked) => return backtest::run(asked),
        Command::Replay(asked) => return replay::replay(asked),
        Command::List { server, json } => list(&server.client()?, *json)?,
        Command::Show { one, text } => show(&one.shown(&one.server.client()?)?, *text)?,
        Command::Create { server, file, off, tuned } => {
            let tuned: Map<_, _> = tuned.iter().cloned().collect();
            let wanted = json!({ "text": read(file)?, "on": !off, "tuned": tuned });
            told(&read_json(server.client()?.post_json("/v1/rules", &wanted)?)?)?;
        }
        Command::Set(set) => change(set)?,
        Command::On(one) => one.change(|choice| choice["on"] = true.into())?,
        Command::Off(one) => one.change(|choice| choice["on"] = false.into())?,
        Command::Delete(one) => {
            one.server.client()?.delete(&one.path())?;
            say(&format!("deleted {}", escape(&one.key)))?;
        }
        Command::Lists { server, name, fill } => lists(&server.client()?, name.as_deref(), fill.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(rule: &Value, text: bool) -> anyhow::Result<()> {
    match rule["text"].as_str().filter(|_| text) {
        // As it is but for what a terminal would obey.
        Some(text) => Ok(text.lines().try_for_each(|line| say(&escape(line)))?),
        None => Ok(say(&escape_json(&serde_json::to_string_pretty(rule)?))?),
    }
}

fn list(client: &Client, json: bool) -> anyhow::Result<()> {
    let known: Value = read_json(client.get("/v1/rules", &[], &[])?)?;
    let rules = known["rules"].as_array().context("the server's answer cannot be read")?;
    let shown = |rule| if json { escape_json(&Value::to_string(rule)).into_owned() } else { line(rule) };
    Ok(rules.iter().try_for_each(|rule| say(&shown(rule)))?)
}

fn change(set: &Set) -> anyhow::Result<()> {
    let Set { one, tuned, quiet, mute, unmute, text } = set;
    if tuned.is_empty() && quiet.is_none() && mute.is_none() && !unmute && text.is_none() {
        bail!("say what to change: --tune, --quiet, --mute, --unmute or --text");
    }
    let until = mute.map(|until| until.after(now())).transpose()?;
    let text = text.as_deref().map(read).transpose()?;
    one.change(|choice| {
        for (name, value) in tuned {
            match choice["tuned"].as_object_mut() {
                Some(tuned) if value == "default" => drop(tuned.remove(name)),
                _ => choice["tuned"][name] = value.clone(),
            }
        }
        if let Some(quiet) = quiet {
            choice["quiet_seconds"] = json!(quiet);
        }
        if *unmute || until.is_some() {
            choice["muted_until"] = json!(until.map(|until| until.to_string()));
        }
        if let Some(text) = text {
            choice["text"] = text.into();
        }
    })
}

fn lists(client: &Client, name: Option<&str>, fill: Option<&[String]>) -> anyhow::Result<()> {
    let shown = |list: &Value| {
        let values = list["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let values: Vec<_> = values.map(escape).collect();
        say(&format!("{}\t{}", escape(list["name"].as_str().unwrap_or_default()), values.join(", ")))
    };
    let Some(name) = name else {
        let known: Value = read_json(client.get("/v1/rules/lists", &[], &[])?)?;
        return Ok(known["lists"].as_array().into_iter().flatten().try_for_each(shown)?);
    };
    let path = format!("/v1/rules/lists/{}", escaped(name));
    let list = match fill {
        None => client.get(&path, &[], &[])?,
        Some(values) => {
            let values: Vec<_> = values.iter().filter(|value| !value.is_empty()).collect();
            client.put_json(&path, &json!({ "values": values }))?
        }
    };
    Ok(shown(&read_json(list)?)?)
}

impl One {
    fn path(&self) -> String {
        format!("/v1/rules/{}", escaped(&self.key))
    }

    fn shown(&self, client: &Client) -> anyhow::Result<Value> {
        read_json(client.get(&self.path(), &[], &[])?)
    }

    /// Changes a rule as it is now; when somebody else is quicker, that is said.
    fn change(&self, change: impl FnOnce(&mut Value)) -> anyhow::Result<()> {
        let client = self.server.client()?;
        let rule = self.shown(&client)?;
        let mut choice: Map<_, _> = Map::new();
        for name in ["version", "on", "tuned", "quiet_seconds", "muted_until"] {
            choice.insert(name.to_owned(), rule[name].clone());
        }
        let mut choice = Value::Object(choice);
        change(&mut choice);
        told(&read_json(client.put_json(&self.path(), &choice)?)?)
    }
}

/// A rule in a line, and where its text means less than it seems to.
fn told(rule: &Value) -> anyhow::Result<()> {
    for warning in rule["warnings"].as_array().into_iter().flatten() {
        let message = escape(warning["message"].as_str().unwrap_or_default());
        eprintln!("{}:{}: warning: {message}", warning["line"], warning["column"]);
    }
    Ok(say(&line(rule))?)
}

fn line(rule: &Value) -> String {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default()).into_owned();
    let about = &rule["about"];
    let asleep: Vec<_> = about["asleep_for"].as_array().into_iter().flatten().map(text).collect();
    let state = match (about.is_null(), rule["on"] == true, asleep.is_empty()) {
        (true, ..) => "broken".to_owned(),
        (_, false, _) => "off".to_owned(),
        (_, _, false) => format!("needs {}", asleep.join(", ")),
        _ => "on".to_owned(),
    };
    let record = &rule["record"];
    let precision = record["precision"].as_f64();
    let precision = precision.map_or("-".to_owned(), |share| format!("{:.0} %", share * 100.0));
    let cells =
        [text(&rule["key"]), text(&about["severity"]), state, record["raised"].to_string(), precision];
    format!("{}\t{}", cells.join("\t"), text(&about["title"]))
}

/// The text of a rule.
fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuned_value_is_a_number_or_a_duration() {
        assert_eq!(tuned("failures=5"), Ok(("failures".to_owned(), json!(5))));
        assert_eq!(tuned("within=30m"), Ok(("within".to_owned(), json!("30m"))));
        for wrong in ["", "failures", "=5", "failures="] {
            assert!(tuned(wrong).is_err(), "{wrong}");
        }
        assert_eq!(tuned("share=0.5"), Ok(("share".to_owned(), json!(0.5))));
        assert_eq!(tuned("failures=inf"), Ok(("failures".to_owned(), json!("inf"))));
    }
}
