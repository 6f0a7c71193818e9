//! What is known of one workspace: its memory, kept up with the log.
//!
//! Batches that were written are handed over by [`Known::settled`], which takes no time; the next batch takes them in. What was
//! written without facts, or before a crash, is read from the log.

use super::agent::Agents;
use super::calendar::Offset;
use super::geo::Country;
use super::judge::Judge;
use super::key::{Key, Of};
use super::memory::{Actor, Memory, Seen};
use super::told::{Import, Reread, Theme, Told};
use super::travel::Spot;
use crate::app::App;
use crate::kept::Kept;
use hindcast_event::{Entry, Kind};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::{SearchError, SegmentError};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A memory that was lost learns from no more entries than this, the newest.
const REREAD_MAX: u64 = 1_000_000;
/// Entries that are read again at once.
const REREAD_AT_ONCE: u64 = 20_000;
/// So many new entries make it worth while to write the memory.
const KEPT_EVERY: u64 = 50_000;
/// Settings that somebody else changed, such as the command line, hold after so long.
const SETTINGS_FOR: Duration = Duration::from_secs(5);

/// See the module.
pub struct Known {
    pub workspace: WorkspaceId,
    pub key: Key,
    agents: Arc<Agents>,
    kept: Kept,
    remembered: Mutex<Remembered>,
    settled: Mutex<Vec<(u64, Vec<Seen>)>>,
    /// Entries that are to be read lie where they cannot be had now.
    is_out_of_reach: AtomicBool,
    judge: Mutex<Option<(Instant, Arc<Judge>)>>,
}

#[derive(Default)]
struct Remembered {
    /// Nothing until it is read.
    memory: Option<Memory>,
    /// Up to where the file knows.
    kept: u64,
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether entries cannot be had now: their storage does not answer, there is no room for a copy, or another server just wrote them anew.
fn is_out_of_reach(error: &SearchError) -> bool {
    matches!(error, SearchError::Segment(SegmentError::Io { .. } | SegmentError::Gone { .. }))
}

impl Known {
    pub(super) fn new(workspace: WorkspaceId, key: Key, file: PathBuf, agents: Arc<Agents>) -> Self {
        let (remembered, settled, is_out_of_reach, judge) = Default::default();
        let kept = Kept { workspace: workspace.clone(), what: "memory", file };
        Self { workspace, key, agents, kept, remembered, settled, is_out_of_reach, judge }
    }

    /// What is remembered of an actor.
    pub(super) fn actor(&self, actor: u64) -> Option<Arc<Actor>> {
        hold(&self.remembered).memory.as_ref()?.actor(actor)
    }

    /// Whether a host was never seen.
    pub(super) fn is_host_new(&self, host: u64) -> Option<bool> {
        hold(&self.remembered).memory.as_ref()?.is_host_new(host)
    }

    /// Hears that entries were written, from an index on.
    pub(super) fn settled(&self, first: u64, seen: Vec<Seen>) {
        hold(&self.settled).push((first, seen));
    }

    /// What events are judged by, as it was set a moment ago.
    pub(super) fn judge(&self, app: &App) -> Arc<Judge> {
        let mut known = hold(&self.judge);
        if let Some((at, judge)) = &*known
            && at.elapsed() < SETTINGS_FOR
        {
            return judge.clone();
        }
        let read = Judge::of(app, &self.workspace);
        let judge = match (read, &*known) {
            (Ok(judge), _) => Arc::new(judge),
            (Err(error), before) => {
                if !app.outage.explains(&error) {
                    tracing::warn!(workspace = %self.workspace, %error, "facts are worked out by older settings");
                }
                before
                    .as_ref()
                    .map_or_else(|| Arc::new(Judge::from(&Default::default())), |(_, judge)| judge.clone())
            }
        };
        *known = Some((Instant::now(), judge.clone()));
        judge
    }

    pub(super) fn settings_changed(&self) {
        *hold(&self.judge) = None;
    }

    /// Takes in whatever was written since. What cannot be read from the log is told of and left out.
    pub(super) fn catch_up(&self, app: &App) {
        let mut remembered = hold(&self.remembered);
        if remembered.memory.is_none() {
            let memory = self.read(app).unwrap_or_default();
            remembered.kept = memory.next;
            remembered.memory = Some(memory);
            self.reread_to(app, &mut remembered, None);
        }
        let mut settled = std::mem::take(&mut *hold(&self.settled));
        settled.sort_unstable_by_key(|(first, _)| *first);
        for (first, seen) in settled {
            let is_in = |remembered: &mut Remembered| {
                remembered.memory.as_mut().is_some_and(|memory| memory.take(first, &seen))
            };
            if !is_in(&mut remembered) {
                // Something between was written by others.
                self.reread_to(app, &mut remembered, Some(first));
                is_in(&mut remembered);
            }
        }
        if app.nodes.is_shared() {
            // What other servers wrote since is remembered here as well.
            self.reread_to(app, &mut remembered, None);
        }
    }

    /// Reads entries of the log into the memory, up to an index or to its end. Nobody who appends waits for a storage that was found out
    /// of reach: until it is back, facts are worked out by what is remembered.
    fn reread_to(&self, app: &App, remembered: &mut Remembered, end: Option<u64>) {
        if self.is_out_of_reach.load(Ordering::Relaxed) {
            return;
        }
        let Some(room) = app.rooms.get(&self.workspace) else { return };
        let Some(memory) = &mut remembered.memory else { return };
        let judge = self.judge(app);
        let snapshot = room.store.snapshot();
        let end = end.unwrap_or_else(|| *room.size.borrow());
        memory.next = memory.next.max(end.saturating_sub(REREAD_MAX));
        let mut offset = Offset::default();
        while memory.next < end {
            let until = end.min(memory.next + REREAD_AT_ONCE);
            for entries in snapshot.scan(memory.next..until) {
                match entries {
                    Ok(entries) => entries.iter().for_each(|entry| {
                        memory.take_at(entry.index, &self.reread(&entry, &judge, &mut offset));
                    }),
                    Err(error) if is_out_of_reach(&error) => {
                        self.is_out_of_reach.store(true, Ordering::Relaxed);
                        tracing::warn!(workspace = %self.workspace, %error, "facts are worked out without what older entries say, they cannot be read now");
                        return;
                    }
                    Err(error) => {
                        tracing::warn!(workspace = %self.workspace, %error, "some entries are not remembered, they cannot be read");
                        break;
                    }
                }
            }
            // What is gone from the log is gone from the memory too.
            memory.next = memory.next.max(until);
        }
    }

    /// Finds out whether what was out of reach can be had again. Whoever appends does not wait for this.
    pub(super) fn look_again(&self, app: &App) {
        if !self.is_out_of_reach.load(Ordering::Relaxed) {
            return;
        }
        let Some(room) = app.rooms.get(&self.workspace) else { return };
        let next = hold(&self.remembered).memory.as_ref().map_or(0, |memory| memory.next);
        let snapshot = room.store.snapshot();
        let mut read = snapshot.scan(next..next + 1);
        if !matches!(read.next(), Some(Err(error)) if is_out_of_reach(&error)) {
            self.is_out_of_reach.store(false, Ordering::Relaxed);
            tracing::info!(workspace = %self.workspace, "older entries can be read again");
        }
    }

    fn reread(&self, entry: &Entry<'_>, judge: &Judge, offset: &mut Offset) -> Seen {
        if !matches!(entry.kind, Kind::Event | Kind::System) {
            return Seen::default();
        }
        let Some(reread) = Reread::of(entry, judge.clock) else { return Seen::default() };
        let Some(told) = reread.told().filter(|told| told.is_counted) else { return Seen::default() };
        let mut seen = self.seen(&told, judge.calendar.local(told.at, offset).hour, told.country);
        seen.address = told.address.map_or(0, |address| self.address(address));
        if let Some(text) = told.user_agent {
            let agent = self.agents.find(text);
            seen.agent = self.agent(agent.browser.as_deref(), agent.os.as_deref());
        }
        if told.address.is_some_and(|address| judge.egress.iter().any(|network| network.contains(address))) {
            seen.sign_in = None;
        }
        seen
    }

    /// What the memory takes in of an event; address and agent are added by those who know them.
    pub(super) fn seen(&self, told: &Told<'_>, local_hour: u32, country: Option<Country>) -> Seen {
        // What happened nobody knows when is no habit.
        let is_known = told.actor_type != "anonymous" && told.import != Some(Import::Timeless);
        let is_sign_in = told.theme == Theme::SignIn && told.is_success;
        let spot =
            country.filter(|_| is_sign_in).map(|country| Spot { country, point: told.point, at: told.at });
        Seen {
            actor: if is_known {
                self.key.hash(Of::Actor, told.actor_type.as_bytes(), told.actor_id.as_bytes()).max(1)
            } else {
                0
            },
            at: told.at,
            local_hour,
            action: self.key.short(Of::Action, told.action.as_bytes(), b""),
            target: told
                .first_target
                .map_or(0, |(kind, id)| self.key.short(Of::Target, kind.as_bytes(), id.as_bytes())),
            address: 0,
            agent: 0,
            country: country.map_or(0, |country| self.key.short(Of::Country, &country.0, b"")),
            is_success: told.is_success,
            sign_in: spot,
            impersonation: match told.theme {
                Theme::ImpersonationStart if told.is_success => Some(true),
                Theme::ImpersonationEnd => Some(false),
                _ => None,
            },
            host: told
                .host
                .map_or(0, |host| self.key.hash(Of::Host, host.to_ascii_lowercase().as_bytes(), b"").max(1)),
        }
    }

    pub(super) fn address(&self, address: std::net::IpAddr) -> u32 {
        match address.to_canonical() {
            std::net::IpAddr::V4(address) => self.key.short(Of::Address, &address.octets(), b""),
            std::net::IpAddr::V6(address) => self.key.short(Of::Address, &address.octets(), b""),
        }
    }

    /// A browser on a system, whatever their versions: these are new every few weeks.
    pub(super) fn agent(&self, browser: Option<&str>, os: Option<&str>) -> u32 {
        match (browser, os) {
            (None, None) => 0,
            _ => self.key.short(
                Of::Agent,
                browser.unwrap_or_default().as_bytes(),
                os.unwrap_or_default().as_bytes(),
            ),
        }
    }

    /// The memory as it was kept, if it is one of this log.
    fn read(&self, app: &App) -> Option<Memory> {
        let (_next, bytes) = self.kept.read(app)?;
        // Under another key everybody in it would be a stranger.
        Memory::from_bytes(bytes.strip_prefix(&self.key.mark())?)
    }

    /// Writes the memory into its file, if `is_due` or much has changed.
    pub(super) fn keep(&self, app: &App, is_due: bool) -> anyhow::Result<()> {
        self.catch_up(app);
        let mut remembered = hold(&self.remembered);
        let Some(memory) = &remembered.memory else { return Ok(()) };
        let (next, changed) = (memory.next, memory.next - remembered.kept.min(memory.next));
        if changed == 0 || !(is_due || changed >= KEPT_EVERY) {
            return Ok(());
        }
        let mut bytes = self.key.mark().to_vec();
        bytes.extend_from_slice(&memory.to_bytes());
        // Still held, so that nobody forgets somebody between here and the file.
        self.kept.write(app, next, &bytes)?;
        remembered.kept = next;
        Ok(())
    }

    /// Forgets everything, the file too.
    pub(super) fn forget(&self) -> anyhow::Result<()> {
        let mut remembered = hold(&self.remembered);
        self.kept.forget()?;
        *remembered = Remembered::default();
        Ok(())
    }

    /// Everybody that is remembered, for tests.
    #[cfg(test)]
    pub(super) fn memory(&self) -> Memory {
        hold(&self.remembered).memory.clone().unwrap_or_default()
    }
}

/// Actors as a batch changes them, before it is written.
pub(super) type Touched = HashMap<u64, Arc<Actor>>;
