//! The manifest: which sections of which entries go. It tells nothing of what was in them.

use super::selector::{Found, Needles, Selector, named};
use crate::app::App;
use crate::history::{find, held as conversations_held};
use crate::keeping::held;
use crate::rooms::Room;
use anyhow::{Context as _, ensure};
use hindcast_event::{Entry, Indexes, Kind, Timestamp};
use hindcast_ledger::{Hash, Opening, WorkspaceId, leaf_of};
use hindcast_segments::Budget;
use hindcast_segments::query::{ParseContext, Query};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Ascending, each entry once.
    pub items: Vec<Item>,
    /// What goes of conversations, which lie beside the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<Mention>,
}

/// What goes of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Its number in the history, which says nothing of whose it is.
    pub nr: i64,
    /// When it began, in microseconds since 1970: after a restore another may have its number.
    pub opened_at: i64,
    /// Where the person is named.
    pub places: Vec<String>,
}

/// What goes of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The entry.
    pub index: u64,
    /// Its leaf, because after a restore another may have come to be in its place.
    #[serde(with = "leaf")]
    pub leaf: Hash,
    /// The places of its sections, counted from 0 as they were committed to; none when all of it goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<u16>,
}

impl Item {
    /// Whether all of the entry goes.
    pub fn is_whole(&self) -> bool {
        self.sections.is_empty()
    }
}

impl Manifest {
    /// The entries.
    pub fn indexes(&self) -> Indexes {
        self.items.iter().map(|item| item.index..item.index + 1).collect()
    }

    /// How many sections go, besides whole entries.
    pub fn sections(&self) -> u64 {
        self.items.iter().map(|item| item.sections.len() as u64).sum()
    }

    /// What goes of each entry.
    pub(super) fn by_index(&self) -> BTreeMap<u64, &Item> {
        self.items.iter().map(|item| (item.index, item)).collect()
    }

    /// The hash that the notice and the certificate name: SHA-256 over its JSON.
    pub fn digest(&self) -> anyhow::Result<String> {
        Ok(crate::hex::hex(&Sha256::digest(serde_json::to_vec(self)?)))
    }

    /// Keeps it apart from the data, durably, so that a restored older copy is erased again: with the keys, or in the bucket
    /// that all servers read.
    pub(super) fn keep(&self, app: &App, workspace: &WorkspaceId, id: &str) -> anyhow::Result<()> {
        if let Some(bucket) = &app.bucket {
            return Ok(
                bucket.put(&format!("{FOLDER}/{workspace}/{id}.json"), serde_json::to_vec(self)?.into())?
            );
        }
        let folder = folder(app, workspace);
        fs::create_dir_all(&folder)?;
        let (named, temporary) = (folder.join(format!("{id}.json")), folder.join(format!("{id}.new")));
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&temporary, &named)?;
        for folder in folder.ancestors().take(3) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Those entries of it that the workspace has in their places.
    pub(super) fn of_this(mut self, app: &App, room: &Room) -> anyhow::Result<Self> {
        let size = app.ledger.head(&room.id)?.frontier.size();
        let mut here = Vec::new();
        for item in self.items {
            if item.index < size && app.ledger.leaves(&room.id, item.index, 1)? == [item.leaf] {
                here.push(item);
            }
        }
        self.items = here;
        Ok(self)
    }

    fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no manifest", file.display()))
    }
}

/// The folder of all of them, beside the keys or in the bucket.
pub(crate) const FOLDER: &str = "erasures";

fn folder(app: &App, workspace: &WorkspaceId) -> PathBuf {
    app.config.data.keys.join(FOLDER).join(workspace.as_str())
}

/// All manifests of a workspace, by the id of their erasure.
pub(super) fn kept(app: &App, workspace: &WorkspaceId) -> anyhow::Result<Vec<(String, Manifest)>> {
    let mut found = Vec::new();
    if let Some(bucket) = &app.bucket {
        for file in bucket.list(&format!("{FOLDER}/{workspace}"))? {
            let id = file.name.rsplit('/').next().unwrap_or_default().trim_end_matches(".json").to_owned();
            let manifest = serde_json::from_slice(&bucket.read(&file.name, None)?);
            found.push((id, manifest.with_context(|| format!("{} is no manifest", file.name))?));
        }
    }
    let folder = folder(app, workspace);
    if !folder.exists() {
        return Ok(found);
    }
    for child in fs::read_dir(&folder)? {
        let path = child?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            found.push((id, Manifest::read(&path)?));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// What a selector comes to now, in everything there is, and which of it a legal hold or a lock keeps.
pub fn resolve(
    app: &App,
    room: &Room,
    selector: &Selector,
    mut progress: impl FnMut(u64, u64),
) -> anyhow::Result<(Manifest, Indexes)> {
    let snapshot = room.store.snapshot();
    let end = snapshot.end_index();
    let needles = match selector {
        Selector::Person(person) => Some(Needles::of(person)),
        Selector::Fields { .. } => None,
    };
    let wanted = match selector {
        Selector::Fields { query, .. } => {
            let query = Query::parse(query, &ParseContext::default())?;
            Some(snapshot.indexes(&Query { archive: true, ..query }, &Budget::unlimited())?)
        }
        Selector::Person(_) => None,
    };
    let mut manifest = Manifest::default();
    for chunk in snapshot.scan(0..end) {
        ensure!(!*app.ending.borrow(), "the server ends");
        let chunk = chunk?;
        for entry in chunk.iter() {
            let found = match (selector, &needles, &wanted) {
                (Selector::Fields { sections, .. }, _, Some(wanted)) if wanted.contains(entry.index) => {
                    named(&Opening::of(&entry)?, sections)
                }
                // Most entries have none of it, and need not be opened to see that.
                (_, Some(needles), _) if has_any(&entry, needles) => needles.find(&Opening::of(&entry)?),
                _ => None,
            };
            if let Some(found) = found {
                manifest.items.extend(item(&entry, found)?);
            }
            progress(entry.index, end);
        }
    }
    let mut kept = held(&snapshot, &app.catalog.holds(&room.id)?)?;
    kept.extend(&locked(app, room)?);
    let blocked = manifest.items.iter().filter(|item| kept.contains(item.index));
    let mut blocked: Indexes = blocked.map(|item| item.index..item.index + 1).collect();
    if let Some(needles) = &needles {
        let (conversations, held) = mentions(app, room, needles)?;
        manifest.conversations = conversations;
        blocked.extend(&held);
    }
    Ok((manifest, blocked))
}

/// What conversations say of a person, and the entries for whose sake a hold keeps some of them.
fn mentions(app: &App, room: &Room, needles: &Needles) -> anyhow::Result<(Vec<Mention>, Indexes)> {
    let (mut mentions, mut ids) = (Vec::new(), Vec::new());
    app.history.each(&room.id, |row| {
        ensure!(!*app.ending.borrow(), "the server ends");
        let places = find(&row.conversation, needles);
        if !places.is_empty() {
            let opened_at = row.conversation.opened_at.micros();
            mentions.push(Mention { nr: row.nr, opened_at, places });
            ids.push(row.conversation.id);
        }
        Ok(())
    })?;
    let held = conversations_held(app, room, &ids)?;
    Ok((mentions, held.into_values().map(|index| index..index + 1).collect()))
}

fn has_any(entry: &Entry<'_>, needles: &Needles) -> bool {
    entry.event.sections().any(|(name, value)| needles.are_in(value) || needles.are_in_name(name))
}

fn item(entry: &Entry<'_>, found: Found) -> anyhow::Result<Option<Item>> {
    let leaf = leaf_of(entry)?;
    // Without notices nobody could say what is gone, so they can lose values, but not themselves.
    let is_notice = matches!(entry.kind, Kind::ErasureNotice | Kind::RetentionNotice);
    match found {
        Found::Sections(sections) => Ok(Some(Item { index: entry.index, leaf, sections })),
        Found::Whole if is_notice => Ok(None),
        Found::Whole => Ok(Some(Item { index: entry.index, leaf, sections: Vec::new() })),
    }
}

/// A leaf in hexadecimal.
mod leaf {
    use hindcast_ledger::Hash;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(leaf: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&leaf.to_hex())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::hex::unhex(&text).map(Hash::from_bytes).map_err(de::Error::custom)
    }
}

/// Entries that the lock of the retention keeps.
fn locked(app: &App, room: &Room) -> anyhow::Result<Indexes> {
    let Some(days) = app.catalog.retention(&room.id)?.locked_days else { return Ok(Indexes::default()) };
    let since = (app.clock)().micros().saturating_sub(i64::from(days) * 24 * 3600 * 1_000_000);
    let from = room.store.end_of(Timestamp::from_micros(since))?;
    Ok((from..u64::MAX).into())
}
