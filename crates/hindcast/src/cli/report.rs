//! `hindcast report`: has a report made and fetches it.

use super::client::{Client, Server, read_json};
use super::export::whole_or_not_there;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::Deserialize;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// It is asked so often whether a report is made.
const ASK_EVERY: Duration = Duration::from_millis(300);

/// What `report` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "That a report was made is an entry of the log. Exit codes: 0 done, 1 failed, 2 wrong usage."
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Have a report made, and write it into a file.
    Make(Make),
    /// List the reports that are kept.
    List {
        #[command(flatten)]
        server: Server,
    },
}

#[derive(Debug, clap::Args)]
struct Make {
    #[command(flatten)]
    server: Server,
    /// access-review, privileged-changes, data-exports, failed-sign-ins, ai-agents, incident-timeline, soc2, iso27001,
    /// pci-dss, hipaa or gdpr.
    #[arg(value_name = "TEMPLATE")]
    template: String,
    /// Only entries that this finds; everything when nothing is said.
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// The first day, in UTC.
    #[arg(long, value_name = "DAY")]
    from: String,
    /// The last day, in UTC.
    #[arg(long, value_name = "DAY")]
    until: String,
    /// The language: en, de, fr or ja.
    #[arg(long, value_name = "CODE", default_value = "en")]
    lang: String,
    /// The file to write; a name that ends with .json gets the JSON.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Report {
    id: String,
    state: String,
    template: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    sha256: String,
}

#[derive(Debug, Deserialize)]
struct Reports {
    reports: Vec<Report>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Make(make) => run_make(make)?,
        Command::List { server } => {
            let listed: Reports = read_json(server.client()?.get("/v1/reports", &[], &[])?)?;
            for report in listed.reports {
                println!(
                    "{}\t{}\t{}\t{}\t{}",
                    report.id, report.template, report.from, report.until, report.sha256
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_make(make: &Make) -> anyhow::Result<()> {
    let (from, until) = crate::pages::days(&make.from, &make.until)
        .context("--from and --until must be days such as 2026-11-01, the first not after the last")?;
    let wanted = serde_json::json!({
        "template": make.template,
        "from": from.to_string(),
        "until": until.to_string(),
        "lang": make.lang,
        "q": make.query.join(" "),
    });
    let client = make.server.client()?;
    let json = [("content-type", "application/json")];
    let begun: Report = read_json(client.post("/v1/reports", &[], &json, wanted.to_string().as_bytes())?)?;
    let report = wait(&client, &begun.id)?;
    let kind = if make.output.extension().is_some_and(|ending| ending == "json") { "json" } else { "pdf" };
    let answer = client.get(&format!("/v1/reports/{}/file/{kind}", report.id), &[], &[])?;
    let mut body = answer.into_body().into_reader();
    let bytes = whole_or_not_there(&make.output, |file| Ok(io::copy(&mut body, file)?))?;
    eprintln!(
        "{}: {bytes} bytes, report {}, SHA-256 of the PDF {}",
        make.output.display(),
        report.id,
        report.sha256
    );
    Ok(())
}

fn wait(client: &Client, id: &str) -> anyhow::Result<Report> {
    loop {
        let report: Report = read_json(client.get(&format!("/v1/reports/{id}"), &[], &[])?)?;
        match report.state.as_str() {
            "ready" => return Ok(report),
            "making" => std::thread::sleep(ASK_EVERY),
            _ => bail!("the report could not be made, the server's own log says why"),
        }
    }
}
