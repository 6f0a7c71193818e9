//! Object storage (S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage): files by hour, and a signed digest of
//! each hour.
//!
//! The name of a file tells which entries it holds, and no file is ever written twice: whoever sends the same entries again
//! after a crash finds them there. An hour is closed when the first entry of a later one is sent; then its digest lists all
//! of its files with their hashes (`docs/formats/destinations.md`), to be verified from a copy and without us.

mod digest;
mod files;
mod store;

use super::format::Format;
use super::syslog::PEM_BYTES_MAX;
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use digest::Digests;
use files::{File, Layout, hour_of};
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Store, Trouble};

/// Object storage.
pub(crate) const KIND: KindOf = KindOf {
    word: "s3",
    name: "S3, Google Cloud Storage, Azure Blob Storage",
    is_for_people: false,
    fields: &[
        Field::required("bucket", FieldKind::Text { bytes_max: 500, example: "s3://audit-log/hindcast" }),
        Field::optional("region", FieldKind::Text { bytes_max: 60, example: "eu-central-1" }),
        Field::optional("endpoint", FieldKind::Url { example: "https://minio.example.com:9000" }),
        Field::optional("access_key", FieldKind::Text { bytes_max: 300, example: "AKIA…" }),
        Field::required("secret_key", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }).secret(),
        Field::optional("session_token", FieldKind::Text { bytes_max: 4000, example: "" }).secret(),
        Field::optional("file", FieldKind::Choice(&["ndjson", "parquet"])),
        Field::optional("every_minutes", FieldKind::Number { min: 1, max: 60, default: EVERY_MINUTES }),
        Field::optional("ca", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }),
    ],
    formats: &[Format::Native, Format::Ocsf, Format::Ocsf18, Format::Ecs],
    retry: Retry::Stream,
    is_best_effort: false,
    open,
    complete: |_, _| None,
};

const EVERY_MINUTES: u64 = 10;
const ENTRIES_MAX: usize = 20_000;
const BYTES_MAX: usize = 8 * 1024 * 1024;

struct S3 {
    store: Store,
    layout: Layout,
    digests: Digests,
    sender: Sender,
    wait: Duration,
    /// The files of the hours that no digest tells of yet, by hour.
    hours: BTreeMap<String, Vec<File>>,
}

fn open(settings: &Settings, format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let (store, prefix) = Store::open(settings, sender)?;
    let is_parquet = settings.text("file") == Some("parquet");
    if is_parquet && format != Format::Native {
        return Err(Invalid::new("file", "can be parquet only in the format native"));
    }
    let wait = Duration::from_secs(60 * settings.number("every_minutes", EVERY_MINUTES));
    Ok(Box::new(S3::over(store, &prefix, is_parquet, format, sender, wait)))
}

impl Sink for S3 {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: ENTRIES_MAX, bytes_max: BYTES_MAX, wait: self.wait }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let mut taken = 0;
        let mut dead = Vec::new();
        let mut last = String::from("it was there already");
        while let Some(first) = entries.get(taken) {
            let hour = hour_of(first);
            let run = entries[taken..].iter().take_while(|entry| hour_of(entry) == hour).count();
            match self.put(&hour, &entries[taken..taken + run]) {
                Ok(Some(key)) => last = key,
                Ok(None) => {}
                // Too large for this storage, or nothing it would ever take.
                Err(Trouble::Never(why)) => {
                    dead.extend((taken..taken + run).map(|place| (place, why.clone())))
                }
                Err(Trouble::Refused(why)) if taken == 0 => return Tried::Pause(Said::nothing(&why)),
                Err(Trouble::Refused(why) | Trouble::Later(why)) => {
                    return Tried::Again { taken, dead, after: None, said: Said::nothing(&why) };
                }
            }
            taken += run;
        }
        let said = Said::new(200, &last);
        if dead.is_empty() { Tried::Delivered(said) } else { Tried::But(dead, said) }
    }

    /// Writes a file that tells nothing, and takes it away again.
    fn test(&mut self, _entry: &Outgoing) -> Tried {
        let key = format!("{}probe-{}", self.layout.root, self.sender.destination);
        let tried = self
            .store
            .put(&key, b"hindcast was here\n".to_vec(), "text/plain", false)
            .and_then(|_| self.store.delete(&key));
        match tried {
            Ok(()) => Tried::Delivered(Said::new(200, "a file was written and deleted")),
            Err(Trouble::Refused(why)) => Tried::Pause(Said::nothing(&why)),
            Err(Trouble::Later(why) | Trouble::Never(why)) => Tried::again(Said::nothing(&why)),
        }
    }
}

impl S3 {
    fn over(
        store: Store,
        prefix: &str,
        is_parquet: bool,
        format: Format,
        sender: &Sender,
        wait: Duration,
    ) -> Self {
        let root = format!("{prefix}workspace={}/", sender.workspace.as_str());
        Self {
            store,
            digests: Digests::new(&root, sender),
            layout: Layout { root, is_parquet, format },
            sender: sender.clone(),
            wait,
            hours: BTreeMap::new(),
        }
    }

    /// Puts entries of one hour into a file, once the hours before it are closed; its key, unless they were there.
    fn put(&mut self, hour: &str, entries: &[Outgoing]) -> Result<Option<String>, Trouble> {
        self.recover(hour)?;
        self.close_before(hour)?;
        let files = self.hours.entry(hour.to_owned()).or_default();
        let is_there = |entry: &&Outgoing| files.iter().any(|file| file.holds(entry.index));
        let missing: Vec<&Outgoing> = entries.iter().filter(|entry| !is_there(entry)).collect();
        let (Some(first), Some(last)) = (missing.first(), missing.last()) else { return Ok(None) };
        let key = self.layout.key(hour, first.index, last.index);
        let body = self.layout.body(&missing, &self.sender)?;
        let file = File::of(&key, first.index, last.index, &body);
        // Under this name only these entries can stand.
        self.store.put(&format!("{}{key}", self.layout.root), body, self.layout.media_type(), true)?;
        files.push(file);
        Ok(Some(key))
    }

    /// Learns once what lies there already: which files no digest tells of, of this hour and of those before it.
    fn recover(&mut self, hour: &str) -> Result<(), Trouble> {
        if !self.digests.is_known() {
            let told_until = self.digests.recover(&mut self.store)?;
            let from = told_until.as_deref().map_or(String::new(), |hour| self.layout.folder(hour));
            for (hour, keys) in self.layout.by_hour(&self.store.list(&self.layout.root, &from)?) {
                if told_until.as_ref().is_none_or(|until| hour > *until) {
                    self.load(&hour, &keys)?;
                }
            }
        }
        if !self.hours.contains_key(hour) {
            let folder = self.layout.folder(hour);
            let keys = self.store.list(&format!("{}{folder}", self.layout.root), "")?;
            let by_hour = self.layout.by_hour(&keys);
            self.load(hour, by_hour.get(hour).map_or(&[], Vec::as_slice))?;
        }
        Ok(())
    }

    fn load(&mut self, hour: &str, keys: &[String]) -> Result<(), Trouble> {
        let mut files = Vec::new();
        for key in keys {
            let Some((first, last)) = files::range_of(key) else { continue };
            let body = self.store.get(&format!("{}{key}", self.layout.root))?;
            files.push(File::of(key, first, last, &body));
        }
        self.hours.insert(hour.to_owned(), files);
        Ok(())
    }

    /// Writes the digests of all hours before this one.
    fn close_before(&mut self, hour: &str) -> Result<(), Trouble> {
        while let Some((earlier, files)) =
            self.hours.first_key_value().filter(|(earlier, _)| earlier.as_str() < hour)
        {
            if !files.is_empty() {
                self.digests.write(&mut self.store, earlier, files)?;
            }
            self.hours.pop_first();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
