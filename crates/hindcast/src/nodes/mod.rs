//! Several servers over one database: which of them there are, who does what only one should do, and what the others changed.
//!
//! A server (a *node*) claims what it works on from the database, which gives it to another when this one is gone. So that the
//! work is shared, each node claims only what would be its own if all who run shared it evenly: everybody works that out alike,
//! from the list of those who run. In files of one machine there is one node, and everything is its own.
//!
//! A claim keeps two from doing the same at once; it does not prove that nobody did it. A node that was paused may believe for a
//! moment that it still has one. What is done under a claim is therefore written only if nobody else went on meanwhile.

mod jobs;
mod news;
mod outage;

pub(crate) use jobs::{Job, Jobs};
pub(crate) use news::{ALERTS_CLOSED, KEEP_NOW, News, follow, tell_erased};
pub(crate) use outage::Outage;

use crate::catalog::{Catalog, NodeRow};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_ledger::journal::Journal;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A claim that was had so long ago is asked for anew before anything is done under it,
const SURE_FOR: Duration = Duration::from_secs(1);
/// and one that somebody else had.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// A node that was not seen for so long has ended.
const GONE_AFTER: Duration = Duration::from_secs(3);
/// Things of which it is remembered that they are somebody else's.
const REMEMBERED_MAX: usize = 10_000;

/// The nodes, as one of them sees them.
#[derive(Clone)]
pub(crate) struct Nodes(Arc<Inner>);

struct Inner {
    /// The id of this start of this server.
    id: String,
    is_shared: bool,
    journal: Arc<dyn Journal>,
    claims: Mutex<Claims>,
    /// Since when others were not seen that did not say that they end.
    missing: Mutex<BTreeMap<String, Instant>>,
    one_group: Arc<AtomicBool>,
}

#[derive(Default)]
struct Claims {
    /// The ids of those who run, this node among them.
    running: Vec<String>,
    by_what: BTreeMap<String, Claim>,
}

#[derive(Default)]
struct Claim {
    is_ours: bool,
    asked_at: Option<Instant>,
    /// So many do something under it now.
    holders: usize,
}

/// Held while something is done that one node at a time does.
pub(crate) struct Lead {
    nodes: Nodes,
    what: String,
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(claim) = self.nodes.claims().by_what.get_mut(&self.what) {
            claim.holders = claim.holders.saturating_sub(1);
        }
    }
}

impl Nodes {
    /// The only node, until it looks for others.
    pub fn new(journal: Arc<dyn Journal>, is_shared: bool) -> anyhow::Result<Self> {
        let mut id = [0; 8];
        getrandom::fill(&mut id)?;
        let id = crate::hex::hex(&id);
        let claims = Mutex::new(Claims { running: vec![id.clone()], by_what: BTreeMap::new() });
        // Until it has looked, there may be anybody.
        let one_group = Arc::new(AtomicBool::new(is_shared));
        Ok(Self(Arc::new(Inner { id, is_shared, journal, claims, missing: Mutex::default(), one_group })))
    }

    /// The id of this node.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Whether there may be others.
    pub fn is_shared(&self) -> bool {
        self.0.is_shared
    }

    /// Set while a node may run that reads only segments of one row group, as the version before this one does.
    pub fn one_group(&self) -> Arc<AtomicBool> {
        self.0.one_group.clone()
    }

    /// Takes its place among those who run.
    pub fn join(&self, catalog: &Catalog, now: Timestamp) -> anyhow::Result<()> {
        if !self.0.is_shared {
            return Ok(());
        }
        self.claim_place()?;
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        catalog.add_node(&NodeRow { id: self.0.id.clone(), name, started_at: now })?;
        self.look(catalog)
    }

    /// Leaves it, so that others need not find out.
    pub fn part(&self, catalog: &Catalog) {
        if self.0.is_shared
            && let Err(error) = catalog.remove_node(&self.0.id)
        {
            tracing::warn!(%error, "other servers find out by themselves that this one ends");
        }
    }

    /// Looks who runs. A node that is gone is forgotten, and others take up its work.
    pub fn look(&self, catalog: &Catalog) -> anyhow::Result<()> {
        if !self.0.is_shared {
            return Ok(());
        }
        // Another connection may have to be claimed with by now.
        self.claim_place()?;
        let mut known: Vec<_> = catalog.nodes()?.into_iter().map(|node| node.id).collect();
        if !known.contains(&self.0.id) {
            // It was taken for gone.
            catalog.add_node(&NodeRow {
                id: self.0.id.clone(),
                name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
                started_at: crate::app::now(),
            })?;
        }
        known.retain(|id| *id != self.0.id);
        let marks: Vec<_> = known.iter().flat_map(|id| [running(id), reading_groups(id)]).collect();
        let claimed = self.0.journal.claimed_by_others(&marks)?;
        let (is_there, reads_groups): (Vec<bool>, Vec<bool>) =
            claimed.as_chunks().0.iter().map(|&[is_there, reads_groups]| (is_there, reads_groups)).unzip();
        let one_group = reads_groups.contains(&false);
        if self.0.one_group.swap(one_group, Ordering::Relaxed) != one_group {
            match one_group {
                true => tracing::info!(
                    "a server may run that reads segments of one row group only: they are written so"
                ),
                false => tracing::info!("all servers read segments of several row groups"),
            }
        }
        let gone = self.sort_out(&known, &is_there);
        for id in &gone {
            tracing::warn!(node = id, "another server is gone, its work is taken up");
            catalog.remove_node(id)?;
        }
        Ok(())
    }

    fn claim_place(&self) -> anyhow::Result<()> {
        // In this order: whoever is there and does not say so is of the version before.
        self.0.journal.claim(&reading_groups(&self.0.id))?;
        self.0.journal.claim(&running(&self.0.id))?;
        Ok(())
    }

    /// Notes who is there; whoever was missing for long.
    fn sort_out(&self, known: &[String], is_there: &[bool]) -> Vec<String> {
        let mut missing = self.missing();
        missing.retain(|id, _| known.contains(id));
        let (mut there, mut gone) = (vec![self.0.id.clone()], Vec::new());
        for (id, is_there) in known.iter().zip(is_there) {
            if *is_there {
                missing.remove(id);
                there.push(id.clone());
            } else if missing.entry(id.clone()).or_insert_with(Instant::now).elapsed() >= GONE_AFTER {
                gone.push(id.clone());
            }
        }
        // Whoever it was runs no more from now on.
        missing.retain(|id, _| !gone.contains(id));
        there.sort_unstable();
        self.claims().running = there;
        gone
    }

    /// Whether a node runs, as far as is known.
    pub fn runs(&self, id: &str) -> bool {
        let is_missing = self.missing().contains_key(id);
        is_missing || self.claims().running.iter().any(|other| other == id)
    }

    /// Whether no other node runs, as far as is known.
    pub fn is_alone(&self) -> bool {
        let is_anybody_missing = !self.missing().is_empty();
        !is_anybody_missing && self.claims().running.len() == 1
    }

    /// Whether this node is to do something now that one at a time does. Asked anew in each round, and for what is done at once; others
    /// take it over while nothing is done.
    pub fn lead(&self, what: &str) -> Option<Lead> {
        if !self.0.is_shared {
            return Some(Lead { nodes: self.clone(), what: what.to_owned() });
        }
        let mut claims = self.claims();
        let is_meant = preferred(&claims.running, what) == Some(&self.0.id);
        if claims.by_what.len() >= REMEMBERED_MAX {
            claims.by_what.retain(|_, claim| claim.is_ours || claim.holders > 0);
        }
        let claim = claims.by_what.entry(what.to_owned()).or_default();
        if !is_meant {
            if claim.is_ours && claim.holders == 0 {
                (claim.is_ours, claim.asked_at) = (false, None);
                if let Err(error) = self.0.journal.leave(what) {
                    tracing::debug!(what, %error, "a claim went with its connection");
                }
            }
            return None;
        }
        let sure_for = if claim.is_ours { SURE_FOR } else { ASK_AGAIN_AFTER };
        if claim.asked_at.is_none_or(|at| at.elapsed() >= sure_for) {
            // Whoever cannot ask has nothing.
            claim.is_ours = self.0.journal.claim(what).unwrap_or(false);
            claim.asked_at = Some(Instant::now());
        }
        if !claim.is_ours {
            return None;
        }
        claim.holders += 1;
        Some(Lead { nodes: self.clone(), what: what.to_owned() })
    }

    /// Whether this node looks after a workspace: packs, judges, keeps, erases and delivers its entries.
    pub fn lead_workspace(&self, workspace: &WorkspaceId) -> Option<Lead> {
        self.lead(&format!("workspace {workspace}"))
    }

    fn missing(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.0.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.0.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a node has claimed for as long as it runs.
fn running(id: &str) -> String {
    format!("node {id}")
}

/// What a node has claimed as well that reads segments of several row groups.
fn reading_groups(id: &str) -> String {
    format!("node {id} reads row groups")
}

/// Which of those who run is to do something: the same for everybody who knows the same ones, and when one comes or goes, only
/// what is or was that one's moves.
fn preferred<'a>(running: &'a [String], what: &str) -> Option<&'a String> {
    running.iter().max_by_key(|id| <[u8; 32]>::from(Sha256::digest(format!("{id}/{what}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_shared_and_only_that_of_whoever_goes_moves() {
        let all: Vec<String> = ["one", "two", "three"].map(str::to_owned).to_vec();
        let works: Vec<String> = (0..300).map(|nth| format!("workspace {nth}")).collect();
        let left = &all[..2];
        for id in &all {
            let own = works.iter().filter(|what| preferred(&all, what) == Some(id)).count();
            assert!((60..140).contains(&own), "{id} has {own} of 300");
        }
        for what in &works {
            let before = preferred(&all, what).expect("one of them");
            assert!(before == "three" || preferred(left, what) == Some(before), "{what} moved");
        }
    }
}
