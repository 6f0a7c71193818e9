//! Followers: work that trails behind the ledger and never makes an append wait.
//!
//! Each has a thread of its own, looks again after a pause, and ends when the server does.

mod anchor;
mod scrub;
mod segmenter;

pub(crate) use segmenter::{due, seal};

use crate::app::App;
use crate::rooms::Room;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The threads of all followers.
pub struct Followers(Vec<JoinHandle<()>>);

impl Followers {
    /// Starts them all.
    pub fn start(app: &Arc<App>) -> Self {
        let follow = |name: &str, follower: fn(&App)| {
            let app = app.clone();
            std::thread::Builder::new().name(name.to_owned()).spawn(move || follower(&app))
        };
        let started = [
            follow("segmenter", segmenter::follow),
            follow("anchor", anchor::follow),
            follow("scrub", scrub::follow),
        ];
        Self(started.into_iter().flatten().collect())
    }

    /// Waits until they have ended; [`App::ending`] tells them to.
    pub fn join(self) {
        self.0.into_iter().for_each(|thread| drop(thread.join()));
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
