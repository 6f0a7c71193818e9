//! Lanes: how much of each kind of work is done at once, so that none of it takes the machine from the others.
//!
//! Work on the processor or the disk leaves the threads that answer requests. A lane that stays full answers 429
//! instead of queueing without end, and a query whose caller has gone ends soon after.

use super::error::Problem;
use crate::app::App;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use hindcast_segments::{Budget, QUERY_BYTES_MAX};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;
use tracing::Span;

/// Queries that run at once, for each processor.
const QUERIES_PER_CORE: usize = 4;
/// Tiles that are read at once; anybody may ask for them, without a token.
const TILES_MAX: usize = 2;
/// Large bodies that are worked on at once, for each processor.
const APPENDS_PER_CORE: usize = 2;
/// Exports that run at once.
const EXPORTS_MAX: usize = 2;
/// Passwords that are hashed at once: each takes 19 MiB and a processor for a while.
const PASSWORDS_MAX: usize = 2;
/// Tail streams that somebody may have open in their browsers.
const TAILS_OF_PERSON_MAX: usize = 5;
/// How long work waits for its lane.
const LANE_WAIT_MAX: Duration = Duration::from_secs(5);
/// Bodies in memory at once; small ones are not counted.
const BODIES_KIB_MAX: usize = 256 * 1024;
const SMALL_BODY_KIB: usize = 16;

/// How much of each kind of work is done at once.
#[derive(Debug)]
pub struct Lanes {
    queries: Semaphore,
    tiles: Semaphore,
    appends: Semaphore,
    bodies: Semaphore,
    passwords: Semaphore,
    exports: Arc<Semaphore>,
    tails: Arc<Semaphore>,
    /// The streams of each person who has any.
    tails_of: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// A place in a lane, given back when dropped.
pub type Place = OwnedSemaphorePermit;

impl Lanes {
    /// Empty lanes; `tails` streams may follow at once.
    pub fn new(tails: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            queries: Semaphore::new(QUERIES_PER_CORE * cores),
            tiles: Semaphore::new(TILES_MAX),
            appends: Semaphore::new(APPENDS_PER_CORE * cores),
            bodies: Semaphore::new(BODIES_KIB_MAX),
            passwords: Semaphore::new(PASSWORDS_MAX),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            tails: Arc::new(Semaphore::new(tails.min(Semaphore::MAX_PERMITS))),
            tails_of: Mutex::default(),
        }
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
        let _place = wait(&self.queries, "queries").await?;
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
        let _place = wait(&self.tiles, "tiles").await?;
        blocking(work).await
    }

    /// Hashes a password, and does what depends on it.
    pub async fn password<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _place = wait(&self.passwords, "sign-ins").await?;
        blocking(work).await
    }

    /// Works on a large body.
    pub async fn append<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _place = wait(&self.appends, "large batches").await?;
        blocking(work).await
    }

    /// Sets memory aside for a body before it is read.
    pub fn memory(&self, headers: &HeaderMap, max: usize) -> Result<Option<SemaphorePermit<'_>>, Problem> {
        let announced =
            headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let kib = announced.unwrap_or(max).min(max).div_ceil(1024);
        if kib <= SMALL_BODY_KIB {
            return Ok(None);
        }
        let kib = u32::try_from(kib.min(BODIES_KIB_MAX)).unwrap_or(u32::MAX);
        self.bodies.try_acquire_many(kib).map(Some).map_err(|_| busy("large batches"))
    }

    /// A place for an export.
    pub fn export(&self) -> Result<Place, Problem> {
        self.exports.clone().try_acquire_owned().map_err(|_| busy("exports"))
    }

    /// A place for a tail stream.
    pub fn tail(&self) -> Result<Place, Problem> {
        self.tails.clone().try_acquire_owned().map_err(|_| busy("tail streams"))
    }

    /// A place for a tail stream of one of the people, who have not many each.
    pub fn tail_of(&self, person: &str) -> Result<(Place, Place), Problem> {
        let own = {
            let mut tails_of = self.tails_of.lock().unwrap_or_else(PoisonError::into_inner);
            tails_of.retain(|_, tails| tails.strong_count() > 0);
            let own = tails_of.get(person).and_then(Weak::upgrade);
            let own = own.unwrap_or_else(|| Arc::new(Semaphore::new(TAILS_OF_PERSON_MAX)));
            tails_of.insert(person.to_owned(), Arc::downgrade(&own));
            own
        };
        let own = own.try_acquire_owned().map_err(|_| busy("tail streams of yours"))?;
        Ok((own, self.tail()?))
    }
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

async fn wait<'l>(lane: &'l Semaphore, what: &str) -> Result<SemaphorePermit<'l>, Problem> {
    match tokio::time::timeout(LANE_WAIT_MAX, lane.acquire()).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(_)) | Err(_) => Err(busy(what)),
    }
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
        let held: Vec<_> =
            (0..16).map(|_| lanes.memory(&HeaderMap::new(), 16 << 20).expect("room")).collect();
        let full = lanes.memory(&announced("100000"), 16 << 20).expect_err("full");
        assert_eq!(full.status(), StatusCode::TOO_MANY_REQUESTS);
        drop(held);
        assert!(lanes.memory(&announced("100000"), 16 << 20).is_ok());
    }

    #[test]
    fn a_lane_gives_its_places_back() {
        let lanes = Lanes::new(1);
        let place = lanes.tail().expect("free");
        assert!(lanes.tail().is_err());
        drop(place);
        assert!(lanes.tail().is_ok());
    }
}
