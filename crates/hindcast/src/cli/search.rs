//! `hindcast search`: asks the log, newest first, as many pages as are wanted.

use super::client::{Server, read_text, with_patience};
use super::row::Look;
use super::terminal::{gone_quietly, is_watched, say};
use anyhow::Context as _;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::process::ExitCode;

/// Entries asked for at once.
const PAGE_MAX: u64 = 500;

/// What `search` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Quote the query, so that the shell leaves it alone; one that begins with - comes after --, as in
  hindcast search --json -- '-outcome:success category:authentication'

Exit codes: 0 done (also when nothing was found), 1 failed, 2 wrong usage.")]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// What to find, such as: actor:"Jürgen Groß" action:macro.* -outcome:success occurred:-7d refund
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// At most so many entries.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// One entry a line, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
    next: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(search(args))
}

fn search(args: &Args) -> anyhow::Result<ExitCode> {
    let client = args.server.client()?;
    let look = Look::of(args.json, is_watched());
    let query = args.query.join(" ");
    let (mut left, mut cursor, mut headings) = (args.limit, None::<String>, look.headings());
    while left > 0 {
        let limit = left.min(PAGE_MAX).to_string();
        let mut asked = vec![("q", query.as_str()), ("limit", &limit)];
        asked.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let answer = with_patience(|| client.get("/v1/events", &asked, &[]), |_, _| ())?;
        let text = read_text(answer)?;
        let page: Page<'_> = serde_json::from_str(&text).context("the server's answer cannot be read")?;
        for entry in &page.entries {
            if let Some(headings) = headings.take() {
                say(&headings)?;
            }
            say(&look.entry(entry.get()))?;
        }
        left = left.saturating_sub(page.entries.len() as u64);
        cursor = page.next;
        if cursor.is_none() || page.entries.is_empty() {
            break;
        }
    }
    if headings.is_some() {
        eprintln!("nothing found");
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
    fn a_query_is_one_argument_or_many_and_options_stand_where_they_like() {
        let parsed = |line: &[&str]| {
            let Line { args } = Line::try_parse_from([&["search"], line].concat()).expect("parses");
            (args.query.join(" "), args.limit, args.json)
        };
        let expected = ("actor:x -outcome:success refund".to_owned(), 7, true);
        assert_eq!(parsed(&["actor:x -outcome:success refund", "--limit", "7", "--json"]), expected);
        assert_eq!(parsed(&["--json", "--limit=7", "--", "actor:x", "-outcome:success", "refund"]), expected);
        assert!(Line::try_parse_from(["search", "--limit", "0"]).is_err());
    }
}
