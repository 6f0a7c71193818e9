//! `hindcast export`: everything a query finds, in a file that is whole or not there.

use super::client::Server;
use super::terminal::is_watched;
use anyhow::{Context as _, bail};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What `export` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The export is an entry of the log itself. Exit codes: 0 done, 1 failed, 2 wrong usage."
)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// What to export; everything when nothing is said.
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// The form of the file; by its name when nothing is said.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The language of a PDF: en, de, fr or ja.
    #[arg(long, value_name = "CODE", default_value = "en")]
    lang: String,
    /// The file to write. `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// The forms there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values as they are.
    Csv,
    /// The same with a byte-order mark, and safe to open in a spreadsheet.
    CsvExcel,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Columns, for DuckDB, Spark and the like.
    Parquet,
    /// A workbook for Excel and other spreadsheets.
    Xlsx,
    /// Pages to read and to keep, with the newest checkpoint.
    Pdf,
    /// Evidence that anybody can verify: a complete range, in which what the query did not find is withheld.
    Bundle,
    /// The same with only what was found, each entry with its own proof.
    BundleFound,
}

impl Format {
    fn named(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::CsvExcel => "csv-excel",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
            Self::Bundle => "bundle",
            Self::BundleFound => "bundle-found",
        }
    }

    fn of_file(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            "xlsx" => Some(Self::Xlsx),
            "pdf" => Some(Self::Pdf),
            "auditbundle" => Some(Self::Bundle),
            _ => None,
        }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(format) = args.format.or_else(|| Format::of_file(&args.output)) else {
        bail!("{} does not tell the format, say --format", args.output.display());
    };
    let to_stdout = args.output.as_os_str() == "-";
    let is_binary =
        matches!(format, Format::Parquet | Format::Xlsx | Format::Pdf | Format::Bundle | Format::BundleFound);
    if to_stdout && is_binary && is_watched() {
        bail!("{} is not for the screen, name a file with --output", format.named());
    }
    let query = args.query.join(" ");
    let answer = args.server.client()?.get(
        "/v1/export",
        &[("q", &query), ("format", format.named()), ("lang", &args.lang)],
        &[],
    )?;
    let mut body = answer.into_body().into_reader();
    if to_stdout {
        copy(&mut body, &mut io::stdout().lock())?;
        return Ok(ExitCode::SUCCESS);
    }
    let bytes = whole_or_not_there(&args.output, |file| copy(&mut body, file))?;
    eprintln!("{}: {bytes} bytes", args.output.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes beside the file, syncs, and then gives it its name.
pub(super) fn whole_or_not_there(
    file: &Path,
    write: impl FnOnce(&mut File) -> anyhow::Result<u64>,
) -> anyhow::Result<u64> {
    let mut name = file.file_name().with_context(|| format!("{} names no file", file.display()))?.to_owned();
    name.push(".part");
    let part = file.with_file_name(name);
    let written =
        File::create(&part).with_context(|| format!("cannot make {}", part.display())).and_then(|mut out| {
            let bytes = write(&mut out)?;
            out.sync_all()?;
            std::fs::rename(&part, file)?;
            let folder =
                file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()?;
            Ok(bytes)
        });
    if written.is_err() {
        let _gone_already = std::fs::remove_file(&part);
    }
    written
}

fn copy(from: &mut impl io::Read, to: &mut impl io::Write) -> anyhow::Result<u64> {
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    bar.set_style(ProgressStyle::with_template("{spinner} {bytes} {bytes_per_sec} {elapsed}")?);
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut buffer).context("the export ended early")?;
        if read == 0 {
            break;
        }
        to.write_all(&buffer[..read])?;
        bytes += read as u64;
        bar.set_position(bytes);
    }
    to.flush()?;
    bar.finish_and_clear();
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("log.csv");
        let written = whole_or_not_there(&file, |out| copy(&mut &b"one"[..], out)).expect("written");
        assert_eq!((written, std::fs::read(&file).expect("read")), (3, b"one".to_vec()));
        let failed = whole_or_not_there(&file, |out| {
            out.write_all(b"tw")?;
            bail!("the line broke")
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&file).expect("read"), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1, "nothing is left over");
    }

    #[test]
    fn the_name_tells_the_format() {
        for (name, format) in [
            ("a.csv", Some(Format::Csv)),
            ("a.jsonl", Some(Format::Ndjson)),
            ("a.auditbundle", Some(Format::Bundle)),
            ("a", None),
            ("a.xls", None),
        ] {
            assert_eq!(Format::of_file(Path::new(name)), format, "{name}");
        }
    }
}
