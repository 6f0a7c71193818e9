//! `hindcast bench`: the table of what we hold ourselves to, beside what others do on the same data in the same run.
//!
//! The generator makes the same past every time and knows the right answers; every engine is asked the same
//! questions and a wrong answer is an error. Peers are measured by `benches/peers/peers.py`, each in processes of its
//! own, after we have finished: two cores are enough for one engine at a time.

mod batches;
mod detection;
mod expire;
mod formats;
mod gate;
pub mod generate;
mod http;
mod ingest;
mod machine;
mod nodes;
mod ours;
mod pages;
mod replays;
mod stages;
mod table;

use anyhow::{Context as _, bail};
use generate::{Generator, Params};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::BufWriter;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Every run draws the same past.
const SEED: u64 = 20_261_121;

/// What `bench` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many events, such as 300k, 1M or 10M.
    #[arg(long, default_value = "1M", value_parser = parse_count)]
    events: u64,
    /// Where data, databases and packages go; a temporary folder that is removed otherwise.
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Where the figures go as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Which peers are measured too; "none" for none. Needs python3; PostgreSQL needs Debian's package postgresql.
    #[arg(long, default_value = "sqlite,postgres,duckdb")]
    peers: String,
    /// Instead of all that: append to servers that run here already, by their addresses such as 127.0.0.1:8480.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', requires = "token_file")]
    at: Vec<SocketAddr>,
    /// A file with a token that may append to one workspace there.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The folder of peers.py.
    #[arg(long, value_name = "DIR", default_value = "benches/peers")]
    peers_folder: PathBuf,
}

fn parse_count(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1_000),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1_000_000),
        _ => (text, 1),
    };
    let count = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    count.filter(|count| *count >= 10_000).ok_or_else(|| "a number of at least 10k, such as 1M".to_owned())
}

/// One measured number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// Who was measured.
    pub engine: String,
    /// What was measured; peers use the same words.
    pub metric: String,
    /// The number, or a text for an answer.
    pub value: serde_json::Value,
    /// In what.
    pub unit: String,
    /// Under which conditions.
    pub note: String,
}

impl Figure {
    fn ours(metric: &str, value: f64, unit: &str, note: impl Into<String>) -> Self {
        let (metric, unit) = (metric.to_owned(), unit.to_owned());
        Self { engine: "hindcast".to_owned(), metric, value: value.into(), unit, note: note.into() }
    }
}

/// Measures everything and prints the table.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let temporary = tempfile::tempdir()?;
    let work = args.work.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(work)?;
    let generator = Generator::new(SEED, args.events);
    if let Some(token) = args.token_file.as_deref().filter(|_| !args.at.is_empty()) {
        for figure in nodes::measure(&generator, &args.at, token)? {
            println!("{}\t{}\t{}\t{}", figure.metric, figure.value, figure.unit, figure.note);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let params = generator.params();
    let mut figures = stages::measure(&generator)?;
    figures.extend(formats::measure(&generator)?);
    figures.extend(gate::measure()?);
    figures.extend(ours::measure(&generator, &params, &work.join("hindcast"))?);
    if args.peers != "none" {
        figures.extend(peers(args, &generator, &params, work)?);
    }
    print!("{}", table::table(&figures, args.events));
    if let Some(file) = &args.json {
        std::fs::write(file, serde_json::to_vec_pretty(&figures)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn peers(args: &Args, generator: &Generator, params: &Params, work: &Path) -> anyhow::Result<Vec<Figure>> {
    let script = args.peers_folder.join("peers.py");
    if !script.exists() {
        bail!("{} is not there: name its folder with --peers-folder, or say --peers none", script.display());
    }
    eprintln!("writing the data for the peers …");
    let data = work.join("events.ndjson.zst");
    let mut out = zstd::Encoder::new(BufWriter::new(File::create(&data)?), 1)?;
    generator.write_peers(0..generator.total(), &mut out)?;
    out.finish()?;
    std::fs::write(work.join("params.json"), serde_json::to_vec_pretty(params)?)?;
    let figures = work.join("peers.json");
    let status = Command::new("python3")
        .arg(script)
        .args(["--events", &generator.total().to_string(), "--engines", &args.peers])
        .arg("--data")
        .arg(&data)
        .arg("--json")
        .arg(&figures)
        .status()
        .context("python3 could not be started")?;
    if !status.success() {
        bail!("the peers were not measured: {status}");
    }
    Ok(serde_json::from_slice(&std::fs::read(figures)?)?)
}
