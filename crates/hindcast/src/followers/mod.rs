//! Followers: work that trails behind the ledger and never makes an append wait.
//!
//! Each has a thread of its own, looks again after a pause, and ends when the server does. Where several servers work with one database, each
//! thing is followed by one of them ([`crate::nodes`]), and by another once that one is gone.

mod alerter;
mod anchor;
mod anchoring;
mod approvals;
mod asking;
mod copies;
mod dispatcher;
mod eraser;
mod exporter;
mod fetcher;
mod keeper;
mod memory;
mod merger;
mod outbox;
mod performer;
mod scrub;
mod segmenter;
mod stuck;
mod workflows;

pub(crate) use alerter::judge_all;
pub(crate) use dispatcher::lag;
pub(crate) use fetcher::{credential_purpose, hook_purpose};
pub(crate) use merger::merge_one;
pub use segmenter::seal_all;
pub(crate) use segmenter::{Claims, seal_one};
pub use stuck::{Stuck, Why};

use crate::app::App;
use crate::nodes::{self, News};
use crate::rooms::Room;
use std::io;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Threads that pack entries into segments; each packs the entries of another workspace.
const SEGMENTERS: usize = 2;

/// Threads that fetch other products' logs; each fetches another source.
const FETCHERS: usize = 2;

/// The threads of all followers.
pub struct Followers(Vec<JoinHandle<()>>);

impl Followers {
    /// Starts them all; without one of them the server would only seem to work.
    pub fn start(app: &Arc<App>) -> io::Result<Self> {
        let follow = |name: &'static str, follower: Box<dyn FnOnce(&App) + Send>| {
            let app = app.clone();
            std::thread::Builder::new().name(name.to_owned()).spawn(move || {
                let _watch = Watch(&app, name);
                follower(&app);
            })
        };
        let news = News::begin(app).map_err(io::Error::other)?;
        let segmenters = (0..SEGMENTERS).map(|_| follow("segmenter", Box::new(segmenter::follow)));
        let others = [
            follow("merger", Box::new(merger::follow)),
            follow("anchor", Box::new(anchor::follow)),
            follow("copies", Box::new(copies::follow)),
            follow("news", Box::new(move |app| nodes::follow(app, news))),
            follow("approvals", Box::new(approvals::follow)),
            follow("outbox", Box::new(outbox::follow)),
            follow("exporter", Box::new(exporter::follow)),
            follow("scrub", Box::new(scrub::follow)),
            follow("keeper", Box::new(keeper::follow)),
            follow("eraser", Box::new(eraser::follow)),
            follow("memory", Box::new(memory::follow)),
            follow("workflows", Box::new(workflows::follow)),
        ];
        let alerter = app.config.alerts.judge.then(|| follow("alerter", Box::new(alerter::follow)));
        let mut followers =
            segmenters.chain(others).chain(alerter).collect::<io::Result<Vec<_>>>().map(Self)?;
        let (dispatcher, house) = (std::thread::Builder::new().name("dispatcher".to_owned()), app.clone());
        followers.0.push(dispatcher.spawn(move || {
            let _watch = Watch(&house, "dispatcher");
            dispatcher::follow(&house);
        })?);
        // Nobody waits for these at the end: strangers may take their time.
        for target in app.anchors.targets() {
            let target = target.clone();
            follow("anchoring", Box::new(move |app| anchoring::follow(app, &target)))?;
        }
        follow("asking", Box::new(asking::follow))?;
        for _ in 0..FETCHERS {
            follow("fetcher", Box::new(fetcher::follow))?;
        }
        follow("performer", Box::new(performer::follow))?;
        Ok(followers)
    }

    /// Waits until they have ended; [`App::ending`] tells them to.
    pub fn join(self) {
        self.0.into_iter().for_each(|thread| drop(thread.join()));
    }
}

/// Notes that a follower panicked while the server goes on. Some end by themselves because there is nothing for them to do.
struct Watch<'a>(&'a App, &'static str);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let Self(app, name) = self;
        if std::thread::panicking() {
            app.fallen.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        }
    }
}

/// How soon a follower notices that the server ends.
const NOTICE: Duration = Duration::from_millis(50);

/// Waits, and says whether to go on.
fn pause(app: &App, time: Duration) -> bool {
    let until = Instant::now() + time;
    while !is_ending(app) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(NOTICE));
    }
    false
}

/// Whether a workspace is out of service.
fn is_quarantined(app: &App, room: &Room) -> bool {
    app.ledger.quarantined(&room.id).is_ok_and(|reason| reason.is_some())
}

fn is_ending(app: &App) -> bool {
    *app.ending.borrow()
}
