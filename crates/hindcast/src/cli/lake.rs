//! `hindcast lake`: the Parquet files that count, for engines that read them without us.
//!
//! What lies in a bucket or a folder is not what counts: segments that were merged, or rewritten without what expired or was
//! erased, stay a while until they are swept. The manifest in the journal says which ones count, so it is read here; nothing
//! of the files is, and nothing is changed. Servers may run meanwhile where the journal is in PostgreSQL; a data folder belongs to
//! the one that runs on it.

use super::Settings;
use super::terminal::{gone_quietly, say};
use crate::config::Config;
use crate::storage;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_segments::SegmentMeta;
use serde::Serialize;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// The file of a segment that others read.
const ROWS: &str = "rows.parquet";

/// What `lake` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Servers may run meanwhile where storage.database is set; a data folder is read while no server runs on it.
Entries that are not packed into a segment yet are in none of the files. A list is true for the moment: files that stop
counting are removed some time later, so make it anew for every query. docs/lake.md has queries.")]
pub(super) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// Only of this workspace; may be given more than once.
    #[arg(long, value_name = "ID")]
    workspace: Vec<WorkspaceId>,
    /// Tell with each file how many entries of which time it has, one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// A file that counts.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Listed {
    path: String,
    workspace: String,
    segment: String,
    first_index: u64,
    end_index: u64,
    count: u64,
    occurred_min: String,
    occurred_max: String,
    received_min: String,
    received_max: String,
    archived: bool,
    bytes: u64,
    sha256: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(list(args))
}

fn list(args: &Args) -> anyhow::Result<ExitCode> {
    let config = args.settings.load()?;
    if !config.storage.is_shared() && !config.data.folder.join("ledger.db").is_file() {
        bail!("{} holds no log", config.data.folder.display());
    }
    let journal = storage::journal(&config)?;
    let known: Vec<WorkspaceId> = journal.heads()?.into_iter().map(|head| head.workspace).collect();
    for asked in &args.workspace {
        ensure!(known.contains(asked), "there is no workspace {asked}");
    }
    let is_asked = |known: &&WorkspaceId| args.workspace.is_empty() || args.workspace.contains(known);
    for workspace in known.iter().filter(is_asked) {
        for sealed in journal.manifest(workspace)? {
            let meta = SegmentMeta::from_json(&sealed.meta)
                .with_context(|| format!("segment {} of {workspace}", sealed.name))?;
            let listed = listed(&config, workspace, &meta)?;
            match args.json {
                true => say(&serde_json::to_string(&listed)?)?,
                false => say(&listed.path)?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(config: &Config, workspace: &WorkspaceId, meta: &SegmentMeta) -> anyhow::Result<Listed> {
    let rows = meta.files.iter().find(|file| file.name == ROWS);
    let rows = rows.with_context(|| format!("segment {} of {workspace} has no {ROWS}", meta.id))?;
    let time = |micros: i64| Timestamp::from_micros(micros).to_string();
    Ok(Listed {
        path: path(config, workspace, meta)?,
        workspace: workspace.to_string(),
        segment: meta.id.clone(),
        first_index: meta.first_index,
        end_index: meta.end_index,
        count: meta.count,
        occurred_min: time(meta.occurred_min),
        occurred_max: time(meta.occurred_max),
        received_min: time(meta.received_min),
        received_max: time(meta.received_max),
        archived: meta.archived,
        bytes: rows.bytes,
        sha256: rows.sha256.clone(),
    })
}

/// Where the rows of a segment lie. A bucket has one place for all of them; folders have another for what is archived.
fn path(config: &Config, workspace: &WorkspaceId, meta: &SegmentMeta) -> io::Result<String> {
    let name = format!("{workspace}/{}/{ROWS}", meta.id);
    let folder = match (config.storage.bucket.trim_end_matches('/'), meta.archived) {
        ("", true) => config.data.archive_folder(),
        ("", false) => config.data.folder.join("segments"),
        // Of folders, engines want the plain path.
        (bucket, _) => match bucket.strip_prefix("file://") {
            Some(folder) => Path::new(folder).join("segments"),
            None => return Ok(format!("{bucket}/segments/{name}")),
        },
    };
    Ok(std::path::absolute(folder)?.join(name).display().to_string())
}
