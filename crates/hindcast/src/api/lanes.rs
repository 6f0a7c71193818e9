//! Lanes: how much of each kind of work is done at once, so that none of it takes the machine from the others.
//!
//! Work on the processor or the disk leaves the threads that answer requests. A lane that stays full answers 429
//! instead of queueing without end, and a query whose caller has gone ends soon after.
//!
//! Workspaces share fairly: each may have half of the places for queries, and a few of those for exports and downloads.
//! Whoever asks waits for a place of their workspace first, and only then for one in the lane, where the first to come is
//! the first to go. So however much one workspace asks, half of the lane is there for the others, and no more of its
//! questions stand before theirs than it has places. [`Lanes::of`] are the lanes as one workspace has them; for people
//! who are signed in they are found before the page is, in `pages/share.rs`.

use super::error::Problem;
use crate::app::App;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::{Budget, QUERY_BYTES_MAX};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;
use tracing::Span;

/// Queries that run at once, for each processor.
const QUERIES_PER_CORE: usize = 4;
/// Of these, queries of one workspace.
const QUERIES_OF_WORKSPACE_PER_CORE: usize = QUERIES_PER_CORE / 2;
/// Tiles that are read at once; anybody may ask for them, without a token.
const TILES_MAX: usize = 2;
/// Large bodies that are worked on at once, for each processor.
const APPENDS_PER_CORE: usize = 2;
/// Of these, bodies of one workspace.
const APPENDS_OF_WORKSPACE_PER_CORE: usize = APPENDS_PER_CORE / 2;
/// Exports that are sent at once while they are made; each has a thread, which may wait for its reader.
const EXPORTS_MAX: usize = 16;
/// Of these, exports of one workspace.
const EXPORTS_OF_WORKSPACE_MAX: usize = 2;
/// Calls of tools that wait for an upstream at once, and those of one workspace.
const CALLS_MAX: usize = 64;
const CALLS_OF_WORKSPACE_MAX: usize = 16;
/// Files that are downloaded at once, those of one workspace, and those of one of the people.
const DOWNLOADS_MAX: usize = 64;
const DOWNLOADS_OF_WORKSPACE_MAX: usize = 16;
const DOWNLOADS_OF_PERSON_MAX: usize = 4;
/// Passwords that are hashed at once: each takes 19 MiB and a processor for a while.
const PASSWORDS_MAX: usize = 2;
/// Tail streams that somebody may have open in their browsers.
const TAILS_OF_PERSON_MAX: usize = 5;
/// How long work waits for its lane.
const LANE_WAIT_MAX: Duration = Duration::from_secs(5);
/// Bodies in memory at once; small ones are not counted. No workspace may take more than is left: alone it gets half.
const BODIES_KIB_MAX: usize = 256 * 1024;
const SMALL_BODY_KIB: usize = 16;

/// How much of each kind of work is done at once.
#[derive(Clone, Debug)]
pub struct Lanes {
    all: Arc<All>,
    /// What the workspace has of them.
    own: Arc<Own>,
}

#[derive(Debug)]
struct All {
    queries: Semaphore,
    tiles: Semaphore,
    appends: Semaphore,
    bodies: Semaphore,
    passwords: Semaphore,
    exports: Arc<Semaphore>,
    calls: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    tails: Arc<Semaphore>,
    tails_max: usize,
    workspaces: Shares<Own>,
    /// The downloads and the streams of each person who has any.
    downloads_of: Shares<Semaphore>,
    tails_of: Shares<Semaphore>,
}

/// What one workspace has of the lanes.
#[derive(Debug)]
struct Own {
    queries: Semaphore,
    appends: Semaphore,
    bodies: Semaphore,
    exports: Arc<Semaphore>,
    calls: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
}

impl Own {
    fn new() -> Self {
        Self {
            queries: Semaphore::new(QUERIES_OF_WORKSPACE_PER_CORE * cores()),
            appends: Semaphore::new(APPENDS_OF_WORKSPACE_PER_CORE * cores()),
            bodies: Semaphore::new(BODIES_KIB_MAX),
            exports: Arc::new(Semaphore::new(EXPORTS_OF_WORKSPACE_MAX)),
            calls: Arc::new(Semaphore::new(CALLS_OF_WORKSPACE_MAX)),
            downloads: Arc::new(Semaphore::new(DOWNLOADS_OF_WORKSPACE_MAX)),
        }
    }
}

/// What each of many has for itself, as long as it is used.
#[derive(Debug)]
struct Shares<T>(Mutex<HashMap<String, Weak<T>>>);

impl<T> Default for Shares<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shares<T> {
    fn of(&self, who: &str, new: impl FnOnce() -> T) -> Arc<T> {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| share.strong_count() > 0);
        let share = shares.get(who).and_then(Weak::upgrade).unwrap_or_else(|| Arc::new(new()));
        shares.insert(who.to_owned(), Arc::downgrade(&share));
        share
    }
}

/// A place in a lane, given back when dropped.
pub type Place = OwnedSemaphorePermit;

impl Lanes {
    /// Empty lanes; `tails` streams may follow at once.
    pub fn new(tails: usize) -> Self {
        let all = All {
            queries: Semaphore::new(QUERIES_PER_CORE * cores()),
            tiles: Semaphore::new(TILES_MAX),
            appends: Semaphore::new(APPENDS_PER_CORE * cores()),
            bodies: Semaphore::new(BODIES_KIB_MAX),
            passwords: Semaphore::new(PASSWORDS_MAX),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
            downloads: Arc::new(Semaphore::new(DOWNLOADS_MAX)),
            tails: Arc::new(Semaphore::new(tails.min(Semaphore::MAX_PERMITS))),
            tails_max: tails.min(Semaphore::MAX_PERMITS),
            workspaces: Shares::default(),
            downloads_of: Shares::default(),
            tails_of: Shares::default(),
        };
        Self { all: Arc::new(all), own: Arc::new(Own::new()) }
    }

    /// The same lanes, as a workspace has them for a body; a small one that is not packed needs none.
    pub fn of_body(&self, workspace: &WorkspaceId, headers: &HeaderMap, max: usize) -> Arc<Self> {
        let is_small = kib(headers, max) <= SMALL_BODY_KIB && !headers.contains_key(CONTENT_ENCODING);
        if is_small { Arc::new(self.clone()) } else { self.of(workspace) }
    }

    /// The same lanes, as a workspace has them.
    pub fn of(&self, workspace: &WorkspaceId) -> Arc<Self> {
        let own = self.all.workspaces.of(workspace.as_str(), Own::new);
        Arc::new(Self { all: self.all.clone(), own })
    }

    /// Runs a query within its time; when the caller goes away, it ends.
    pub async fn query<T: Send + 'static>(
        &self,
        app: &Arc<App>,
        work: impl FnOnce(&Budget) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.query_told(app, work).await
    }

    /// [`Self::query`] for those who tell problems in words of their own.
    pub async fn query_told<T: Send + 'static, E: From<Problem> + Send + 'static>(
        &self,
        app: &Arc<App>,
        work: impl FnOnce(&Budget) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let _places = wait([&self.own.queries, &self.all.queries], "queries").await?;
        let begun = Instant::now();
        let budget = Budget::new(Duration::from_secs(app.config.limits.query_seconds), QUERY_BYTES_MAX);
        let _cancel = Cancel(budget.cancel_flag());
        let answered = spawn(move || work(&budget)).await;
        let answered = answered.unwrap_or_else(|error| Err(Problem::internal(error).into()));
        app.metrics.query_time.observe(begun.elapsed());
        answered
    }

    /// Reads a tile.
    pub async fn tile<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _place = wait([&self.all.tiles], "tiles").await?;
        blocking(work).await
    }

    /// Hashes a password, and does what depends on it.
    pub async fn password<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _place = wait([&self.all.passwords], "sign-ins").await?;
        blocking(work).await
    }

    /// Works on a large body.
    pub async fn append<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _places = wait([&self.own.appends, &self.all.appends], "large batches").await?;
        blocking(work).await
    }

    /// Sets memory aside for a body before it is read.
    pub fn memory(
        &self,
        headers: &HeaderMap,
        max: usize,
    ) -> Result<Option<[SemaphorePermit<'_>; 2]>, Problem> {
        let kib = kib(headers, max);
        if kib <= SMALL_BODY_KIB {
            return Ok(None);
        }
        let kib = kib.min(BODIES_KIB_MAX);
        let (taken, left) =
            (BODIES_KIB_MAX - self.own.bodies.available_permits(), self.all.bodies.available_permits());
        if taken > 0 && taken + kib > left {
            return Err(busy("large batches of this workspace"));
        }
        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
        let own =
            self.own.bodies.try_acquire_many(kib).map_err(|_| busy("large batches of this workspace"))?;
        let all = self.all.bodies.try_acquire_many(kib).map_err(|_| busy("large batches"))?;
        Ok(Some([own, all]))
    }

    /// A place for an export that is sent while it is made.
    pub fn export(&self) -> Result<(Place, Place), Problem> {
        let own = take(&self.own.exports, "exports of this workspace")?;
        Ok((own, take(&self.all.exports, "exports")?))
    }

    /// A place for a question to an upstream.
    pub fn call(&self) -> Result<(Place, Place), Problem> {
        let own = take(&self.own.calls, "calls of tools of this workspace")?;
        Ok((own, take(&self.all.calls, "calls of tools")?))
    }

    /// A place for a download of one of the people, who have not many each.
    pub fn download_of(&self, person: &str) -> Result<[Place; 3], Problem> {
        let own = self.all.downloads_of.of(person, || Semaphore::new(DOWNLOADS_OF_PERSON_MAX));
        Ok([
            take(&own, "downloads of yours")?,
            take(&self.own.downloads, "downloads of this workspace")?,
            take(&self.all.downloads, "downloads")?,
        ])
    }

    /// How many queries, exports and tail streams there are now.
    pub fn busy(&self) -> [usize; 3] {
        let all = &self.all;
        [
            QUERIES_PER_CORE * cores() - all.queries.available_permits(),
            EXPORTS_MAX - all.exports.available_permits(),
            all.tails_max - all.tails.available_permits(),
        ]
    }

    /// A place for a tail stream.
    pub fn tail(&self) -> Result<Place, Problem> {
        take(&self.all.tails, "tail streams")
    }

    /// A place for a tail stream of one of the people, who have not many each.
    pub fn tail_of(&self, person: &str) -> Result<(Place, Place), Problem> {
        let own = self.all.tails_of.of(person, || Semaphore::new(TAILS_OF_PERSON_MAX));
        let own = take(&own, "tail streams of yours")?;
        Ok((own, self.tail()?))
    }
}

/// How much a body may take that is announced so.
fn kib(headers: &HeaderMap, max: usize) -> usize {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    announced.unwrap_or(max).min(max).div_ceil(1024)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs work that would hold up the threads that answer requests.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    spawn(work).await.unwrap_or_else(|error| Err(Problem::internal(error)))
}

/// Runs work on a thread where it may wait, as part of the request it belongs to.
pub fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let request = Span::current();
    tokio::task::spawn_blocking(move || request.in_scope(work))
}

/// Takes a place in each lane, one after the other.
async fn wait<'l, const N: usize>(
    lanes: [&'l Semaphore; N],
    what: &str,
) -> Result<Vec<SemaphorePermit<'l>>, Problem> {
    let places = async {
        let mut places = Vec::with_capacity(N);
        for lane in lanes {
            places.push(lane.acquire().await?);
        }
        Ok::<_, AcquireError>(places)
    };
    match tokio::time::timeout(LANE_WAIT_MAX, places).await {
        Ok(Ok(places)) => Ok(places),
        Ok(Err(_)) | Err(_) => Err(busy(what)),
    }
}

fn take(lane: &Arc<Semaphore>, what: &str) -> Result<Place, Problem> {
    lane.clone().try_acquire_owned().map_err(|_| busy(what))
}

fn busy(what: &str) -> Problem {
    let detail = format!("too many {what} at once");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail).retry_after(1)
}

/// Ends a query when nobody waits for it any more.
struct Cancel(Arc<AtomicBool>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn bodies_share_their_memory() {
        let lanes = Lanes::new(1);
        let announced =
            |bytes: &'static str| HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static(bytes))]);
        assert!(lanes.memory(&announced("300"), 16 << 20).expect("small").is_none());
        let (greedy, other) = (lanes.of(&workspace("greedy")), lanes.of(&workspace("other")));
        let mut held = Vec::new();
        while let Ok(place) = greedy.memory(&HeaderMap::new(), 16 << 20) {
            held.push(place);
        }
        assert_eq!(held.len(), 8, "half of it");
        let full = greedy.memory(&HeaderMap::new(), 16 << 20).expect_err("full");
        assert_eq!(full.status(), StatusCode::TOO_MANY_REQUESTS);
        let more = (0..4).map(|_| other.memory(&HeaderMap::new(), 16 << 20).expect("there is some left"));
        let more: Vec<_> = more.collect();
        assert!(lanes.of(&workspace("third")).memory(&announced("100000"), 16 << 20).is_ok());
        drop((held, more));
        assert!(greedy.memory(&announced("100000"), 16 << 20).is_ok());
    }

    fn workspace(name: &str) -> WorkspaceId {
        name.parse().expect("an id")
    }

    #[test]
    fn a_lane_gives_its_places_back() {
        let lanes = Lanes::new(1);
        let place = lanes.tail().expect("free");
        assert!(lanes.tail().is_err());
        drop(place);
        assert!(lanes.tail().is_ok());
    }

    /// Places for a query, if they are free.
    async fn places(lanes: &Lanes) -> Option<Vec<SemaphorePermit<'_>>> {
        let places = wait([&lanes.own.queries, &lanes.all.queries], "queries");
        tokio::time::timeout(Duration::from_millis(20), places).await.ok()?.ok()
    }

    #[tokio::test]
    async fn a_workspace_that_asks_without_end_leaves_room_for_the_others() {
        let lanes = Lanes::new(1);
        let (busy, calm) = (lanes.of(&workspace("busy")), lanes.of(&workspace("calm")));
        let mut held = Vec::new();
        while let Some(places) = places(&busy).await {
            held.push(places);
        }
        assert_eq!(held.len(), QUERIES_OF_WORKSPACE_PER_CORE * cores());
        assert!(places(&lanes.of(&workspace("busy"))).await.is_none(), "a workspace has one share");
        assert!(places(&calm).await.is_some());
        held.pop();
        assert!(places(&busy).await.is_some());
    }

    #[test]
    fn a_slow_reader_of_one_workspace_keeps_no_other_from_exporting() {
        let lanes = Lanes::new(1);
        let (slow, other) = (lanes.of(&workspace("slow")), lanes.of(&workspace("other")));
        let held: Vec<_> = (0..EXPORTS_OF_WORKSPACE_MAX).map(|_| slow.export().expect("free")).collect();
        assert_eq!(slow.export().expect_err("full").status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(other.export().is_ok());
        drop(held);
        assert!(slow.export().is_ok());
    }

    #[test]
    fn somebody_downloads_a_few_files_at_once() {
        let lanes = Lanes::new(1);
        let held: Vec<_> =
            (0..DOWNLOADS_OF_PERSON_MAX).map(|_| lanes.download_of("ana").expect("free")).collect();
        assert!(lanes.download_of("ana").is_err());
        assert!(lanes.download_of("bob").is_ok());
        drop(held);
        assert!(lanes.download_of("ana").is_ok());
    }
}
