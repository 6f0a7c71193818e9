//! Facts: what can be known of an event only when it arrives, worked out once and kept with the entry.
//!
//! Where the address is, what the browser is, and what is new or unusual for this actor in this workspace. It is done on the
//! thread of whoever appends, before the batch is packed ([`Working`]); the memory it is compared with ([`Known`]) takes the
//! entries in once they are durable, and reads what it missed from the log. Whatever cannot be known is absent: no event is
//! ever refused for the sake of its facts.

mod address;
mod agent;
mod calendar;
pub(crate) mod geo;
mod judge;
mod key;
mod known;
mod memory;
#[cfg(test)]
#[path = "../../tests/it/mmdb.rs"]
mod mmdb;
mod section;
#[cfg(test)]
mod tests;
mod told;
mod travel;
mod widens;
mod working;

pub(crate) use calendar::Calendar;
pub use calendar::day_number;
pub use geo::{About, Country, File, FileError, Geo, Kept, Kind, Place, Shelf, Table};
pub use judge::CLOCK_MARK;
pub use told::{Clock, Import};
pub use working::{Settling, Working};

use crate::app::App;
use crate::config::Config;
use agent::Agents;
use anyhow::Context as _;
use hindcast_event::Timestamp;
use hindcast_ledger::{WorkspaceId, seed};
use key::Key;
use known::Known;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Works out facts for all workspaces.
pub struct Facts {
    /// What knows where addresses are.
    pub shelf: Shelf,
    /// Whether other servers may have put something else on theirs.
    is_shelf_old: AtomicBool,
    agents: Arc<Agents>,
    /// The key of the hashes that the memories are made of.
    secret: [u8; 32],
    /// Where the memories are kept.
    folder: PathBuf,
    known: RwLock<BTreeMap<WorkspaceId, Arc<Known>>>,
}

impl Facts {
    /// Reads the operator's files and the key of the memories; the memories themselves are read when they are needed.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let folder = config.data.folder.join("memory");
        crate::app::private_folder(&folder)?;
        let secret =
            seed::read_or_create(&config.data.keys.join("memory-key")).context("the key of the memories")?;
        let shelf = Shelf::open(
            config.data.folder.join("geo"),
            config.facts.geo_files.clone(),
            config.facts.country_table,
        );
        let is_shelf_old = AtomicBool::new(true);
        Ok(Self { shelf, is_shelf_old, agents: Arc::default(), secret, folder, known: RwLock::default() })
    }

    /// Another server put something else on its shelf.
    pub(crate) fn note_shelf_changed(&self) {
        self.is_shelf_old.store(true, Ordering::Relaxed);
    }

    /// Begins to work out the facts of a batch for a workspace.
    pub fn begin(&self, app: &App, workspace: &WorkspaceId, now: Timestamp) -> Working {
        let known = self.known(workspace);
        let judge = known.judge(app);
        known.catch_up(app);
        Working::new(known, judge, self.shelf.geo(), self.agents.clone(), now)
    }

    /// What is known of a workspace.
    fn known(&self, workspace: &WorkspaceId) -> Arc<Known> {
        let all = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(workspace) {
            return known.clone();
        }
        drop(all);
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let known = || {
            let file = self.folder.join(workspace.as_str());
            Arc::new(Known::new(
                workspace.clone(),
                Key::of(&self.secret, workspace),
                file,
                self.agents.clone(),
            ))
        };
        all.entry(workspace.clone()).or_insert_with(known).clone()
    }

    /// Reads the memory of a workspace, so that nobody waits for it later.
    pub fn remember(&self, app: &App, workspace: &WorkspaceId) {
        self.known(workspace).catch_up(app);
    }

    /// Looks whether entries that were out of reach are to be had again.
    pub fn look_again(&self, app: &App, workspace: &WorkspaceId) {
        self.known(workspace).look_again(app);
    }

    /// Writes the memory of a workspace into its file, if `is_due` or much has changed.
    pub fn keep(&self, app: &App, workspace: &WorkspaceId, is_due: bool) -> anyhow::Result<()> {
        self.known(workspace).keep(app, is_due)
    }

    /// Forgets all that is known of a workspace, so that it is learned anew from what is left in its log.
    pub fn forget(&self, workspace: &WorkspaceId) -> anyhow::Result<()> {
        self.known(workspace).forget()
    }

    /// Lets changed settings hold from the next batch on, of whichever workspace.
    pub fn all_settings_changed(&self) {
        let all = self.known.read().unwrap_or_else(PoisonError::into_inner);
        all.values().for_each(|known| known.settings_changed());
    }

    /// Lets changed settings of a workspace hold from the next batch on.
    pub fn settings_changed(&self, workspace: &WorkspaceId) {
        self.known(workspace).settings_changed();
    }
}
