//! `hindcast erase`: asks for an erasure, agrees to that of somebody else, and fetches the proof that it was done.

use super::client::{Client, Server, read_json, read_text};
use super::export::whole_or_not_there;
use super::terminal::{escape, escape_json, gone_quietly, say};
use super::wait::until;
use crate::api::escaped;
use anyhow::bail;
use clap::{ArgGroup, Subcommand};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `erase` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token needs the scope erase. As long as a workspace wants a second person, the token must be somebody's: made at
Settings › Tokens, or with `hindcast token create --person EMAIL`; and whoever asked does not agree, with whichever token.
Exit codes: 0 done, 1 failed, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask for an erasure, and see what it comes to; nothing goes yet.
    Request(Request),
    /// List the erasures, the newest first.
    List {
        #[command(flatten)]
        server: Server,
        /// One erasure a line, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what goes, and how far it is.
    Show(One),
    /// Agree to an erasure that somebody else asked for. What goes cannot be brought back.
    Approve {
        #[command(flatten)]
        one: One,
        /// Do not wait until it is done.
        #[arg(long)]
        no_wait: bool,
    },
    /// Turn an erasure down, or take one's own back.
    #[command(visible_alias = "withdraw")]
    Reject(One),
    /// Fetch the signed certificate of an erasure that is done.
    Certificate {
        #[command(flatten)]
        one: One,
        /// The file to write; the screen when nothing is said.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// The erasure's id, as `list` tells it.
    #[arg(value_name = "ERASURE-ID")]
    id: String,
    /// The answer of the server, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("what").args(["ids", "texts", "sections"]).required(true).multiple(true))]
struct Request {
    #[command(flatten)]
    server: Server,
    /// An id of the person, meant as a whole; may be given more than once.
    #[arg(long = "id", value_name = "ID", conflicts_with = "sections")]
    ids: Vec<String>,
    /// An email address or a name of the person, looked for everywhere; may be given more than once.
    #[arg(long = "text", value_name = "TEXT", conflicts_with = "sections")]
    texts: Vec<String>,
    /// Instead of a person: a field of the entries that --query finds, such as context or meta:phone; more than one by commas.
    #[arg(long = "section", value_name = "NAME", value_delimiter = ',', requires = "query")]
    sections: Vec<String>,
    /// Which entries lose these fields.
    #[arg(long, value_name = "QUERY", requires = "sections")]
    query: Option<String>,
    /// Why: gdpr_art_17, leaked_secret or other.
    #[arg(long, value_name = "WORD", default_value = "gdpr_art_17")]
    basis: String,
    /// Where the request is kept, such as the number of a ticket. It stays in the log, so do not name the person.
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// Do not wait until it is counted.
    #[arg(long)]
    no_wait: bool,
    /// The erasure as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(match &args.command {
        Command::Request(request) => ask(request),
        Command::List { server, json } => list(server, *json),
        Command::Show(one) => one.server.client().and_then(|client| show(&get(&client, &one.id)?, one.json)),
        Command::Approve { one, no_wait } => approve(one, !no_wait),
        Command::Reject(one) => reject(one),
        Command::Certificate { one, output } => certificate(one, output.as_ref()),
    })
}

fn ask(request: &Request) -> anyhow::Result<ExitCode> {
    let selector = match &request.query {
        Some(query) => json!({ "fields": { "query": query, "sections": request.sections } }),
        None => json!({ "person": { "ids": request.ids, "texts": request.texts } }),
    };
    let wanted = json!({ "selector": selector, "basis": request.basis, "reference": request.reference });
    let client = request.server.client()?;
    let mut erasure: Value = read_json(client.post_json("/v1/erasures", &wanted)?)?;
    if !request.no_wait {
        let id = erasure["id"].as_str().unwrap_or_default().to_owned();
        erasure = until("counting what goes", |_| {
            let erasure = get(&client, &id)?;
            Ok(Some(erasure)
                .filter(|erasure| !erasure["entries"].is_null() || erasure["state"] != "requested"))
        })?;
    }
    show(&erasure, request.json)
}

fn list(server: &Server, json: bool) -> anyhow::Result<ExitCode> {
    server.client()?.each("/v1/erasures", "erasures", |erasure| {
        let text = |name: &str| escape(erasure[name].as_str().unwrap_or_default()).into_owned();
        Ok(say(&match json {
            true => escape_json(&erasure.to_string()).into_owned(),
            false => [text("id"), text("state"), text("requested_at"), count(erasure), text("reference")]
                .join("\t"),
        })?)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn approve(one: &One, waits: bool) -> anyhow::Result<ExitCode> {
    let client = one.server.client()?;
    let mut erasure: Value = read_json(client.post_json(&path(&one.id, "/approve"), &json!({}))?)?;
    if waits {
        erasure = until("erasing", |_| {
            Ok(Some(get(&client, &one.id)?).filter(|erasure| erasure["state"] != "approved"))
        })?;
    }
    show(&erasure, one.json)?;
    if erasure["state"] == "blocked" {
        bail!(
            "a legal hold or the lock keeps some of the entries: nothing was erased, agree again once it does not"
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn reject(one: &One) -> anyhow::Result<ExitCode> {
    let client = one.server.client()?;
    show(&read_json(client.post_json(&path(&one.id, "/reject"), &json!({}))?)?, one.json)
}

fn certificate(one: &One, output: Option<&PathBuf>) -> anyhow::Result<ExitCode> {
    let format = if one.json { "json" } else { "text" };
    let answer = one.server.client()?.get(&path(&one.id, "/certificate"), &[("format", format)], &[])?;
    let told = read_text(answer)?;
    match output {
        // A note ends with a line break, which is part of what is signed.
        None => say(escape_lines(&told).trim_end_matches('\n'))?,
        Some(file) => {
            let bytes = whole_or_not_there(file, |out| {
                out.write_all(told.as_bytes())?;
                Ok(told.len() as u64)
            })?;
            eprintln!("{}: {bytes} bytes", file.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

fn path(id: &str, act: &str) -> String {
    format!("/v1/erasures/{}{act}", escaped(id))
}

fn get(client: &Client, id: &str) -> anyhow::Result<Value> {
    read_json(client.get(&path(id, ""), &[], &[])?)
}

fn count(erasure: &Value) -> String {
    match (erasure["entries"].as_u64(), erasure["sections"].as_u64()) {
        (Some(entries), Some(sections)) => format!("{entries} entries, {sections} fields"),
        _ => "not counted yet".to_owned(),
    }
}

fn show(erasure: &Value, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        say(&escape_json(&erasure.to_string()))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("id\t{}", escape(erasure["id"].as_str().unwrap_or_default())))?;
    say(&format!("state\t{}", escape(erasure["state"].as_str().unwrap_or_default())))?;
    if let Some((kind, what)) = erasure["selector"].as_object().and_then(|selector| selector.iter().next()) {
        say(&format!("{}\t{}", escape(kind), escape_json(&what.to_string())))?;
    }
    say(&format!("goes\t{}", count(erasure)))?;
    if erasure["blocked"] != 0 {
        say(&format!("kept\t{} entries by a legal hold or the lock", erasure["blocked"]))?;
    }
    for name in ["basis", "reference", "requested_by", "decided_by", "manifest", "finished_at"] {
        if let Some(told) = erasure[name].as_str() {
            say(&format!("{}\t{}", name.replace('_', " "), escape(told)))?;
        }
    }
    if let Some(notice) = erasure["notice"].as_u64() {
        say(&format!("notice\tentry {notice}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn a_person_or_fields_of_a_query_and_not_both() {
        let is_good = |line: &str| {
            let line =
                ["erase", "request", "--reference", "DSR-17"].into_iter().chain(line.split_whitespace());
            Line::try_parse_from(line).is_ok_and(|line| matches!(line.args.command, Command::Request(_)))
        };
        assert!(is_good("--id u_1 --text zoe@example.com --text Zoe"));
        assert!(is_good("--query action:user.signed_in --section context,meta:phone"));
        for wrong in ["", "--query x", "--section context", "--id u_1 --query x --section context"] {
            assert!(!is_good(wrong), "{wrong}");
        }
    }
}
