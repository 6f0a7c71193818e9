//! Digests: what was put there in an hour, signed, each with the hash of the one before.
//!
//! A digest is two objects. `digests/00000042-2026-11-21T19.json` lists the files of the hour and holds the newest
//! checkpoint of the log; `….note` is a signed note over its SHA-256. The note is written first, so that whatever has a list has
//! a note as well.

use super::super::{Notary, Sender};
use super::files::File;
use super::store::{Put, Store, Trouble};
use crate::hex::hex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The first line of what is signed. No log has this name.
const HEADING: &str = "hindcast delivery digest v1";

/// Writes the digests of a destination.
pub(super) struct Digests {
    folder: String,
    workspace: String,
    destination: String,
    notary: Arc<dyn Notary>,
    /// The newest; absent until we have looked.
    newest: Option<Newest>,
}

/// The newest digest; number 0 when there is none yet.
struct Newest {
    number: u64,
    sha256: Option<String>,
}

impl Digests {
    pub fn new(root: &str, sender: &Sender) -> Self {
        Self {
            folder: format!("{root}digests/"),
            workspace: sender.workspace.as_str().to_owned(),
            destination: sender.destination.clone(),
            notary: sender.notary.clone(),
            newest: None,
        }
    }

    pub fn is_known(&self) -> bool {
        self.newest.is_some()
    }

    /// Finds the newest digest; up to which hour there are some.
    pub fn recover(&mut self, store: &mut Store) -> Result<Option<String>, Trouble> {
        let keys = store.list(&self.folder, "")?;
        let lists = keys.iter().filter_map(|key| {
            let (number, hour) = key.strip_prefix(&self.folder)?.strip_suffix(".json")?.split_once('-')?;
            Some((number.parse::<u64>().ok()?, hour, key))
        });
        let lists: Vec<_> = lists.collect();
        let until = lists.iter().map(|&(_, hour, _)| hour.to_owned()).max();
        self.newest = Some(match lists.iter().max() {
            Some(&(number, _, key)) => Newest { number, sha256: Some(hex(&Sha256::digest(store.get(key)?))) },
            None => Newest { number: 0, sha256: None },
        });
        Ok(until)
    }

    /// Writes the digest of an hour.
    pub fn write(&mut self, store: &mut Store, hour: &str, files: &[File]) -> Result<(), Trouble> {
        let Some(newest) = &self.newest else { return Ok(()) };
        let number = newest.number + 1;
        let list = self.list(number, hour, newest.sha256.as_deref(), files).into_bytes();
        let sha256 = hex(&Sha256::digest(&list));
        let text = format!("{HEADING}\n{}\n{number} {hour}\n{sha256}\n", self.workspace);
        let note =
            self.notary.sign(text).map_err(|error| Trouble::Later(format!("cannot sign: {error:#}")))?;
        let key = format!("{}{number:08}-{hour}", self.folder);
        store.put(&format!("{key}.note"), note.into_bytes(), "text/plain", false)?;
        if let Put::Exists = store.put(&format!("{key}.json"), list, "application/json", true)? {
            // Somebody else writes here.
            return Err(Trouble::Refused(format!(
                "{key}.json exists, and is not ours: choose another prefix"
            )));
        }
        self.newest = Some(Newest { number, sha256: Some(sha256) });
        Ok(())
    }

    fn list(&self, number: u64, hour: &str, previous: Option<&str>, files: &[File]) -> String {
        let files: Vec<Value> = files
            .iter()
            .map(|File { key, bytes, sha256, first, last }| {
                json!({ "key": key, "bytes": bytes, "sha256": sha256, "first": first, "last": last })
            })
            .collect();
        let list = json!({
            "format": HEADING,
            "number": number,
            "workspace": self.workspace,
            "destination": self.destination,
            "hour": hour,
            "previous": previous,
            "files": files,
            "checkpoint": self.notary.checkpoint(),
        });
        format!("{list:#}\n")
    }
}
