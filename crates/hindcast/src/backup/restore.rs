//! Putting a backup back, without writing a second history.
//!
//! Whoever holds a checkpoint that is newer than the copy would see the log contradict itself. So a copy that is behind
//! what was signed is refused; or it begins a new epoch: its log gets another name, and its first new entry says which one it
//! continues, up to where, and why.

use super::{ABOUT_FILE, ARCHIVE, About, FORMAT, LEDGER, digest};
use crate::app::App;
use crate::catalog::By;
use crate::config::Config;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::Kind;
use hindcast_ledger::journal::{Head, Journal as _, SqliteJournal};
use hindcast_ledger::{Evidence, Hash, next_epoch};
use serde_json::json;
use std::fs;
use std::path::{Component, Path};

/// What was put back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What the backup says of itself.
    pub about: About,
    /// The names of logs that begin a new epoch.
    pub new_epochs: Vec<String>,
}

/// A log that is behind what was signed.
struct Behind {
    head: Head,
    signed: u64,
    root: Hash,
}

/// Puts a backup back into a data folder that is not there yet. A copy that is behind what was signed is refused, unless
/// `new_epoch` says why it begins a new epoch.
pub fn restore(config: &Config, source: &Path, new_epoch: Option<&str>) -> anyhow::Result<Restored> {
    config.storage.needs_files("it is restored by the database's own means")?;
    let data = &config.data.folder;
    let is_there = data.exists() && fs::read_dir(data)?.next().is_some();
    ensure!(!is_there, "there is something in {} already; move it away first", data.display());
    ensure!(
        config.data.keys.join("signing-seed").is_file(),
        "there is no signing seed in {}: keys are not part of a backup, put them back first",
        config.data.keys.display()
    );
    let about = check(source)?;
    let part = data.with_extension("restoring");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    copy(config, source, &part, &about)?;
    let mut evidence = Evidence::open(&config.data.keys.join("signed"))?;
    let behind = behind(&part.join(LEDGER), &evidence)?;
    if let (Some(first), None) = (behind.first(), new_epoch) {
        fs::remove_dir_all(&part)?;
        bail!(
            "the backup of {} ends at {}, but {} entries were signed since: putting it back would write a second history. \
             Restore a newer copy, or begin a new epoch with --new-epoch and say why",
            first.head.origin,
            first.head.frontier.size(),
            first.signed
        );
    }
    rename_logs(&part.join(LEDGER), &behind)?;
    if data.exists() {
        fs::remove_dir(data)?;
    }
    fs::rename(&part, data).with_context(|| format!("cannot make {}", data.display()))?;
    // From here on the data is there, and nothing may be signed for the old names any more.
    behind.iter().for_each(|behind| evidence.retire(&behind.head.origin));
    evidence.write()?;
    let new_epochs = tell(config, &about, &behind, new_epoch.unwrap_or_default())?;
    Ok(Restored { about, new_epochs })
}

/// Whether a backup is whole.
fn check(source: &Path) -> anyhow::Result<About> {
    let file = source.join(ABOUT_FILE);
    let text = fs::read(&file).with_context(|| {
        format!("{} is no whole backup: cannot read {}", source.display(), file.display())
    })?;
    let about: About =
        serde_json::from_slice(&text).with_context(|| format!("{} cannot be read", file.display()))?;
    ensure!(about.format == FORMAT, "the format {:?} is not known here", about.format);
    for file in &about.files {
        let is_plain = Path::new(&file.name).components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(is_plain, "{:?} is no name of a file in a backup", file.name);
        let path = source.join(&file.name);
        let found = digest(&path)
            .with_context(|| format!("the backup is damaged: cannot read {}", path.display()))?;
        ensure!(
            found == (file.bytes, file.sha256.clone()),
            "the backup is damaged: {} is not what was written",
            path.display()
        );
    }
    Ok(about)
}

fn copy(config: &Config, source: &Path, part: &Path, about: &About) -> anyhow::Result<()> {
    for file in &about.files {
        let target = match Path::new(&file.name).strip_prefix(ARCHIVE) {
            Ok(rest) if !config.data.archive.as_os_str().is_empty() => config.data.archive.join(rest),
            _ => part.join(&file.name),
        };
        fs::create_dir_all(target.parent().unwrap_or(part))?;
        fs::copy(source.join(&file.name), &target)
            .with_context(|| format!("cannot write {}", target.display()))?;
        super::sync(&target)?;
    }
    Ok(())
}

/// The logs whose copy ends before what was signed.
fn behind(file: &Path, evidence: &Evidence) -> anyhow::Result<Vec<Behind>> {
    let heads = SqliteJournal::open(file)?.heads()?;
    if let Some((origin, size)) = evidence.not_among(heads.iter().map(|head| head.origin.as_str())) {
        bail!("the backup has nothing of {origin}, of which {size} entries were signed");
    }
    let behind = heads.into_iter().filter_map(|head| {
        let (signed, root) = evidence.signed(&head.origin)?;
        (signed > head.frontier.size()).then_some(Behind { head, signed, root })
    });
    Ok(behind.collect())
}

fn rename_logs(file: &Path, behind: &[Behind]) -> anyhow::Result<()> {
    let journal = SqliteJournal::open(file)?;
    let mut transaction = journal.begin()?;
    for Behind { head, .. } in behind {
        transaction.rename(&head.workspace, &next_epoch(&head.origin))?;
    }
    Ok(transaction.commit()?)
}

/// Opens what was put back, which erases again whatever was erased since, and says in each log what happened.
fn tell(config: &Config, about: &About, behind: &[Behind], why: &str) -> anyhow::Result<Vec<String>> {
    let app = App::open(config.clone())?;
    let mut new_epochs = Vec::new();
    for room in app.rooms.all() {
        let size = app.ledger.head(&room.id)?.frontier.size();
        let mut metadata = json!({ "backup": about.made_at, "size": size });
        let of_epoch = behind.iter().find(|behind| behind.head.workspace == room.id);
        if let Some(Behind { head, signed, root }) = of_epoch {
            metadata["previous_origin"] = head.origin.clone().into();
            metadata["last_signed_size"] = (*signed).into();
            metadata["last_signed_root"] = root.to_string().into();
            new_epochs.push(app.ledger.head(&room.id)?.origin);
        }
        let mut draft = By::command_line().event("log.restored", json!([]), metadata);
        if !why.is_empty() {
            draft["reason"] = why.into();
        }
        let kind = if of_epoch.is_some() { Kind::Genesis } else { Kind::System };
        app.record(&room.id, kind, &draft)?;
    }
    app.close();
    Ok(new_epochs)
}
