//! What somebody asked for and watches: a report, insights, a backtest, a verification. A workspace has the last of each kind. Whoever asks, at
//! whichever server, hears how far it is and what came of it; when its server ends meanwhile, they hear that.

use super::replays::SERVER_ENDED;
use crate::app::App;
use crate::catalog::{BegunOperation, CatalogError, OperationRow};
use crate::hex::hex;
use crate::nodes::Job;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far it is, is told so often.
const TOLD_EVERY: Duration = Duration::from_millis(400);
/// How soon what came of it is told again, where that was not possible.
const TOLD_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What was asked, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Operation<A, T> {
    /// Its id, which nobody guesses.
    pub id: String,
    /// What was asked.
    pub about: A,
    /// How much is done,
    pub done: u64,
    /// and of how much.
    pub size: u64,
    /// When it was begun.
    pub began_at: Timestamp,
    /// When it ended, if it was told.
    pub ended_at: Option<Timestamp>,
    /// How it ended, if it has.
    pub ended: Option<Ended<T>>,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended<T> {
    /// This came of it.
    Done(T),
    /// Somebody cancelled it, or asked for another one.
    Cancelled,
    /// It could not be finished.
    Failed(String),
}

impl<A: DeserializeOwned, T: DeserializeOwned> Operation<A, T> {
    /// The last that a workspace asked for.
    pub fn last(app: &App, workspace: &WorkspaceId, kind: Job) -> Result<Option<Self>, CatalogError> {
        app.catalog.operation(workspace, kind.as_str())?.map(Self::read).transpose()
    }

    /// The same, if it is this one.
    pub fn find(
        app: &App,
        workspace: &WorkspaceId,
        kind: Job,
        id: &str,
    ) -> Result<Option<Self>, CatalogError> {
        Ok(Self::last(app, workspace, kind)?.filter(|last| last.id == id))
    }

    fn read(row: OperationRow) -> Result<Self, CatalogError> {
        let unread = |error| CatalogError::Damaged(format!("operation {}: {error}", row.id));
        let told = row.outcome.as_deref().map(serde_json::from_str).transpose().map_err(unread)?;
        let lost = row.is_lost.then(|| Ended::Failed(SERVER_ENDED.to_owned()));
        Ok(Self {
            about: serde_json::from_str(&row.about).map_err(unread)?,
            id: row.id,
            done: row.done,
            size: row.size,
            began_at: row.began_at,
            ended_at: row.ended_at,
            ended: told.or(lost),
        })
    }
}

/// Cancels the last of a kind if it is this one, whichever server works on it; whether it was under way.
pub(crate) fn cancel(app: &App, workspace: &WorkspaceId, kind: Job, id: &str) -> Result<bool, CatalogError> {
    match app.catalog.operation(workspace, kind.as_str())? {
        Some(last) if last.id == id && last.is_under_way() => app.jobs.cancel(app, workspace, id),
        _ => Ok(false),
    }
}

/// Ends and forgets the last of a kind, and waits until nobody works on it.
pub(crate) fn forget(app: &App, workspace: &WorkspaceId, kind: Job) -> Result<(), CatalogError> {
    let Some(last) = app.catalog.forget_last_operation(workspace, kind.as_str())? else { return Ok(()) };
    app.jobs.cancel(app, workspace, &last.id)?;
    while app.catalog.job_of(&last.id)?.is_some() && !*app.ending.borrow() {
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// What became of asking.
pub(crate) enum Begun {
    /// It is to be worked out now.
    Anew(Work),
    /// This one goes on, as it was asked before.
    Stays(String),
}

/// Held by whoever works on an operation. Whatever becomes of them, nobody waits for ever.
pub(crate) struct Work {
    app: Arc<App>,
    /// The operation's id.
    pub id: String,
    began_at: Timestamp,
    is_cancelled: Arc<AtomicBool>,
    told_at: Mutex<Option<Instant>>,
    is_over: bool,
}

impl Work {
    /// Begins an operation, unless the one under way stays; what does not stay ends soon. `is_cancelled` is set when nobody waits any more.
    pub fn begin<A: Serialize + DeserializeOwned>(
        app: &Arc<App>,
        workspace: &WorkspaceId,
        kind: Job,
        about: &A,
        is_cancelled: Arc<AtomicBool>,
        stays: impl FnOnce(&A) -> bool,
    ) -> anyhow::Result<Begun> {
        let mut random = [0; 10];
        getrandom::fill(&mut random)?;
        let (id, flag) = (hex(&random), is_cancelled.clone());
        // First, so that it is never without somebody who works on it.
        app.jobs.begin(app, kind, workspace, &id, move || flag.store(true, Ordering::Relaxed))?;
        let (told, began_at) = (serde_json::to_string(about)?, (app.clock)());
        let begun = app.catalog.begin_operation(workspace, kind.as_str(), (&id, &told), began_at, |before| {
            serde_json::from_str(&before.about).is_ok_and(|before| stays(&before))
        });
        match begun {
            Ok(BegunOperation::Anew(before)) => {
                if let Some(before) = before {
                    app.jobs.cancel(app, workspace, &before.id)?;
                }
                let (told_at, is_over) = Default::default();
                Ok(Begun::Anew(Self { app: app.clone(), id, began_at, is_cancelled, told_at, is_over }))
            }
            Ok(BegunOperation::Stays(before)) => {
                app.jobs.end(app, &id);
                Ok(Begun::Stays(before.id))
            }
            Err(error) => {
                app.jobs.end(app, &id);
                Err(error.into())
            }
        }
    }

    /// The operation, as it is now that nothing is done.
    pub fn begun<A, T>(&self, about: A) -> Operation<A, T> {
        let (done, size, ended_at, ended) = Default::default();
        Operation { id: self.id.clone(), about, done, size, began_at: self.began_at, ended_at, ended }
    }

    /// Whether somebody waits for it, and the server goes on.
    pub fn goes_on(&self) -> bool {
        !self.is_cancelled() && !*self.app.ending.borrow()
    }

    /// Whether nobody waits for it any more.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Tells how far it is; whether to go on.
    pub fn tell(&self, done: u64, size: u64) -> bool {
        let mut told_at = self.told_at.lock().unwrap_or_else(PoisonError::into_inner);
        if told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            *told_at = Some(Instant::now());
            match self.app.catalog.note_operation(&self.id, done, size) {
                Ok(true) => {}
                Ok(false) => self.is_cancelled.store(true, Ordering::Relaxed),
                Err(error) => tracing::debug!(id = self.id, %error, "how far it is could not be told"),
            }
        }
        self.goes_on()
    }

    /// Tells what came of it.
    pub fn end<T: Serialize>(mut self, ended: &Ended<T>) {
        // Whoever works on it only hears that it is not to go on.
        match matches!(ended, Ended::Cancelled) && !self.is_cancelled() {
            true => self.end_as(&Ended::<T>::Failed(SERVER_ENDED.to_owned())),
            false => self.end_as(ended),
        }
    }

    fn end_as<T: Serialize>(&mut self, ended: &Ended<T>) {
        match serde_json::to_string(ended) {
            Ok(told) => self.write(&told),
            Err(error) => tracing::error!(id = self.id, %error, "what came of it could not be told"),
        }
        self.leave();
    }

    fn write(&self, told: &str) {
        while let Err(error) = self.app.catalog.end_operation(&self.id, told, (self.app.clock)()) {
            // Without it, they hear that the server has ended.
            if *self.app.ending.borrow() {
                tracing::warn!(id = self.id, %error, "what came of it could not be told");
                break;
            }
            std::thread::sleep(TOLD_AGAIN_AFTER);
        }
    }

    fn leave(&mut self) {
        self.is_over = true;
        self.app.jobs.end(&self.app, &self.id);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !self.is_over {
            self.end_as(&Ended::<()>::Failed("it broke off".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::By;
    use crate::config::Config;
    use serde_json::{Value, json};

    /// How an operation ended, as told.
    fn ended(work: impl FnOnce(&App, Work)) -> Option<Ended<Value>> {
        let home = tempfile::tempdir().expect("a folder");
        let mut config = Config::load(None).expect("the defaults");
        (config.data.folder, config.data.keys) = (home.path().join("data"), home.path().join("keys"));
        let app = Arc::new(App::open(config).expect("opens"));
        let workspace = app.create_workspace("Main", &By::server()).expect("made").id;
        let begun = Work::begin(&app, &workspace, Job::Report, &json!("a report"), Arc::default(), |_| false);
        let Ok(Begun::Anew(begun)) = begun else { panic!("something is in the way") };
        assert!(begun.tell(1, 10));
        work(&app, begun);
        let last =
            Operation::<Value, Value>::last(&app, &workspace, Job::Report).expect("read").expect("one");
        last.ended
    }

    #[test]
    fn only_what_somebody_cancelled_is_told_as_cancelled() {
        let cancelled = ended(|_, work| {
            work.is_cancelled.store(true, Ordering::Relaxed);
            work.end(&Ended::<Value>::Cancelled);
        });
        assert_eq!(cancelled, Some(Ended::Cancelled));
        let broken_off = ended(|app, work| {
            app.ending.send_replace(true);
            assert!(!work.goes_on());
            work.end(&Ended::<Value>::Cancelled);
        });
        assert_eq!(broken_off, Some(Ended::Failed(SERVER_ENDED.to_owned())));
    }

    #[test]
    fn what_was_left_has_failed() {
        assert_eq!(ended(|_, work| drop(work)), Some(Ended::Failed("it broke off".to_owned())));
    }
}
