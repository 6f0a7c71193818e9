//! `hindcast tail`: shows entries as they come, and picks up where it was when the line breaks.

mod stream;

use self::stream::{Message, Stream};
use super::client::{Client, Failure, Server};
use super::row::Look;
use super::terminal::{escape, gone_quietly, is_watched, say};
use std::io::BufReader;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

/// The longest pause before the next try.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What `tail` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Runs until it is interrupted. Exit codes: 1 refused, 2 wrong usage.")]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// Only what this finds.
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// Begin at this index instead of now.
    #[arg(long, value_name = "INDEX")]
    from: Option<u64>,
    /// One entry a line, as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(follow(args))
}

/// Where we are in the stream, kept from one connection to the next.
struct Place {
    last_id: Option<String>,
    retry: Duration,
}

fn follow(args: &Args) -> anyhow::Result<ExitCode> {
    let client = args.server.client()?;
    let look = Look::of(args.json, is_watched());
    let mut headings = look.headings();
    let mut place = Place { last_id: None, retry: Duration::from_secs(3) };
    let mut failures = 0;
    loop {
        match connect(&client, args, &place) {
            Ok(mut stream) => {
                failures = 0;
                while let Some(message) = stream.next() {
                    if let Some(headings) = headings.take() {
                        say(&headings)?;
                    }
                    show(&message, look)?;
                    if message.id.is_some() {
                        place.last_id = message.id;
                    }
                }
                place.retry = stream.retry().unwrap_or(place.retry);
            }
            Err(failure) if failure.is_passing() => {
                failures += 1;
                if failures == 1 {
                    eprintln!("hindcast: {failure}; trying again");
                }
            }
            Err(failure) => return Err(failure.into()),
        }
        sleep((place.retry * 2_u32.saturating_pow(failures.min(8))).min(PAUSE_MAX));
    }
}

fn connect(client: &Client, args: &Args, place: &Place) -> Result<Stream, Failure> {
    let query = args.query.join(" ");
    let from = args.from.map(|from| from.to_string());
    let mut asked = vec![("q", query.as_str())];
    let mut headers = vec![("accept", "text/event-stream")];
    match (&place.last_id, &from) {
        (Some(id), _) => headers.push(("last-event-id", id)),
        (None, Some(from)) => asked.push(("from", from)),
        (None, None) => {}
    }
    let answer = client.get("/v1/tail", &asked, &headers)?;
    Ok(Stream::new(Box::new(BufReader::new(answer.into_body().into_reader()))))
}

fn show(message: &Message, look: Look) -> anyhow::Result<()> {
    match message.event.as_str() {
        "entry" => say(&look.entry(&message.data))?,
        "gap" => eprintln!("hindcast: too far behind, some entries were left out: {}", escape(&message.data)),
        "stop" => eprintln!("hindcast: the server sends no more: {}", escape(&message.data)),
        "again" => eprintln!("hindcast: the server is ending; waiting for it to come back"),
        _ => {}
    }
    Ok(())
}
