//! Tasks: calls that wait for people, for clients that say they know tasks (SEP-2663). The id of a task is that of its approval. Once people have
//! answered, the call is made when the client next asks how it stands, and never without anybody asking.
//!
//! What waits is in memory alone. After a restart a task is not known any more, and the client calls again: the approval is still there.

use super::call::{Call, Made};
use super::door;
use super::gateway::Gateway;
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::catalog::KeptApproval;
use crate::gate::answering;
use hindcast_event::Timestamp;
use hindcast_rules::approval::State;
use rmcp::model::{CallToolResult, DetailedTask, Task, TaskPayload, TaskStatus};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as Turn;

/// So many calls wait as tasks; further ones are answered with an error that says to call again, as for clients without tasks.
const HELD_MAX: usize = 100;
/// What came of a task is told for so long.
const TOLD_FOR: Duration = Duration::from_secs(300);
/// How often a client should ask.
const POLL_MS: u64 = 5_000;
/// An answer waits so long for a call that was just let through.
const WAIT: Duration = Duration::from_secs(5);

/// The calls that wait, by the ids of their approvals.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<BTreeMap<String, Arc<Held>>>);

struct Held {
    call: Call,
    begun_at: Timestamp,
    expires_at: Timestamp,
    /// Held by whoever makes the call, so that it is made once.
    came: Arc<Turn<Option<Came>>>,
}

#[derive(Clone)]
struct Came {
    result: CallToolResult,
    at: Instant,
    told_at: Timestamp,
}

impl Tasks {
    /// Lets a call wait as a task; nothing when too many do.
    pub(super) fn begin(&self, call: &Call, approval: &KeptApproval) -> Option<Task> {
        let now = (call.app.clock)();
        let mut all = self.lock();
        all.retain(|_, held| held.is_wanted(now));
        if all.len() >= HELD_MAX && !all.contains_key(&approval.id) {
            return None;
        }
        let held = all.entry(approval.id.clone()).or_insert_with(|| {
            Arc::new(Held {
                call: call.clone(),
                begun_at: now,
                expires_at: approval.new.expires_at,
                came: Arc::default(),
            })
        });
        Some(held.task(&approval.id, now, "a person is asked"))
    }

    /// How a task of a token stands. If people have answered meanwhile, its call is made.
    pub(super) async fn look(&self, id: &str, asked_by: &Gateway) -> Result<Option<DetailedTask>, Problem> {
        let Some(held) = self.of(id, asked_by) else { return Ok(None) };
        let advanced = tokio::spawn(held.clone().advance(id.to_owned()));
        let now = (asked_by.app.clock)();
        let came = match tokio::time::timeout(WAIT, advanced).await {
            Ok(joined) => joined.map_err(Problem::internal)??,
            // Whoever makes the call goes on with it.
            Err(_) => None,
        };
        Ok(Some(match came {
            Some(Came { result, told_at, .. }) => {
                let result = match serde_json::to_value(&result).map_err(Problem::internal)? {
                    Value::Object(members) => members,
                    _ => return Err(Problem::internal("a result is no object")),
                };
                DetailedTask::new(held.task(id, told_at, "done"), TaskPayload::Completed { result })
            }
            None => DetailedTask::new(held.task(id, now, "a person is asked"), TaskPayload::Working),
        }))
    }

    /// Takes a task back, and the approval it waits for; whether there was one.
    pub(super) async fn cancel(&self, id: &str, asked_by: &Gateway) -> Result<bool, Problem> {
        let Some(held) = self.of(id, asked_by) else { return Ok(false) };
        self.lock().remove(id);
        let id = id.to_owned();
        blocking(move || {
            let (app, asker) = (&held.call.app, &held.call.asker);
            let (token, person) = (asker.caller.token.id.0.as_str(), asker.caller.token.person.as_ref());
            // If it was answered already, there is nothing to take back.
            let _over =
                answering::cancel(app, &asker.workspace, &id, Some(token), person, &asker.caller.by());
            Ok(true)
        })
        .await
    }

    /// A task of whoever asks: the same token, in the same workspace, at the same upstream.
    fn of(&self, id: &str, asked_by: &Gateway) -> Option<Arc<Held>> {
        self.lock().get(id).filter(|held| held.is_of(asked_by)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Held>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn is_of(&self, gateway: &Gateway) -> bool {
        let (held, asker) = (&self.call, &gateway.asker);
        held.asker.workspace == asker.workspace
            && held.asker.caller.token.id == asker.caller.token.id
            && held.upstream.id == gateway.upstream.id
    }

    fn is_wanted(&self, now: Timestamp) -> bool {
        match self.came.try_lock().as_deref() {
            Ok(Some(came)) => came.at.elapsed() < TOLD_FOR,
            Ok(None) => now.micros() < self.expires_at.micros().saturating_add(TOLD_FOR.as_micros() as i64),
            // It is being made.
            Err(_) => true,
        }
    }

    fn task(&self, id: &str, at: Timestamp, message: &str) -> Task {
        let task = Task::new(id, TaskStatus::Working, self.begun_at.to_string(), at.to_string());
        let left = self.expires_at.micros().saturating_sub(self.begun_at.micros()).max(0) as u64 / 1_000;
        let ttl = left + TOLD_FOR.as_millis() as u64;
        task.with_status_message(message).with_ttl_ms(ttl).with_poll_interval_ms(POLL_MS)
    }

    /// Makes the call, if people have answered and nobody made it yet. What came of it, if anything did.
    async fn advance(self: Arc<Self>, id: String) -> Result<Option<Came>, Problem> {
        let mut came = self.came.clone().lock_owned().await;
        if came.is_none() {
            let (this, wanted) = (self.clone(), id.clone());
            let kept =
                blocking(move || Ok(this.call.app.catalog.approval(&this.call.asker.workspace, &wanted)?));
            let result = match kept.await?.map(|kept| kept.approval.state) {
                Some(State::Pending) => return Ok(None),
                // A no is told as the gate tells it.
                Some(State::Approved | State::Denied) => match self.call.clone().make().await? {
                    Made::Told(result) => result,
                    Made::Waits { why, .. } => door::failed(why),
                },
                _ => door::failed("nobody answered in time, or it was taken back. Nothing was done."),
            };
            *came = Some(Came { result, at: Instant::now(), told_at: (self.call.app.clock)() });
        }
        Ok(came.clone())
    }
}
