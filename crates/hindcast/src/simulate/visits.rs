//! Visits: simulated agents that call tools themselves while they work on a conversation. Each has a token for that conversation alone, good until
//! it has answered; what it calls is noted as what it meant to do, answered as tools answer in a simulation, and never done.

use super::Results;
use super::results::is_failure;
use crate::history::Conversation;
use hindcast_rules::simulation::answer::Action;
use hindcast_rules::simulation::contract::{Call, ResultFrom, Tool, ToolResult};
use hindcast_rules::simulation::limits::ACTIONS_MAX;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The visits under way, by the hash of the token, so that nothing can be learned from how long a look-up takes.
#[derive(Default)]
pub(crate) struct Visits(Mutex<HashMap<[u8; 32], Arc<Visit>>>);

/// An agent that works on a conversation.
pub(crate) struct Visit {
    /// The run it belongs to.
    pub run: String,
    /// The tools it is shown.
    pub tools: Arc<Vec<Tool>>,
    results: Arc<Results>,
    conversation: Conversation,
    called: Mutex<Called>,
}

/// What an agent called.
#[derive(Clone, Debug, Default)]
pub(super) struct Called {
    /// Each call, in their order.
    pub actions: Vec<Action>,
    /// Results that nobody knows.
    pub unknown: u32,
    /// Results that are errors.
    pub failed: u32,
}

/// A visit that ends when this is dropped.
pub(super) struct Open<'v> {
    visits: &'v Visits,
    hash: [u8; 32],
    /// What the agent shows.
    pub token: String,
    pub visit: Arc<Visit>,
}

impl Visits {
    /// Begins a visit.
    pub(super) fn open(&self, visit: Visit) -> Result<Open<'_>, getrandom::Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let token = crate::hex::hex(&random);
        let (hash, visit) = (Sha256::digest(&token).into(), Arc::new(visit));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, visit.clone());
        Ok(Open { visits: self, hash, token, visit })
    }

    /// The visit of whoever shows a token, if it belongs to the run.
    pub fn find(&self, run: &str, token: &str) -> Option<Arc<Visit>> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&hash).filter(|visit| visit.run == run).cloned()
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.visits.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.hash);
    }
}

impl Visit {
    /// Of an agent to a conversation.
    pub(super) fn new(
        run: &str,
        tools: &Arc<Vec<Tool>>,
        results: &Arc<Results>,
        conversation: &Conversation,
    ) -> Self {
        Self {
            run: run.to_owned(),
            tools: tools.clone(),
            results: results.clone(),
            conversation: conversation.clone(),
            called: Mutex::default(),
        }
    }

    /// Notes a call and answers it; nothing when the agent has called as often as it may.
    pub fn call(&self, action: Action) -> Option<ToolResult> {
        let mut called = self.called.lock().unwrap_or_else(PoisonError::into_inner);
        if called.actions.len() >= ACTIONS_MAX {
            return None;
        }
        called.actions.push(action.clone());
        let result = self.results.answer(&Call { id: None, action }, &self.conversation);
        called.unknown += u32::from(result.from == ResultFrom::Unknown);
        called.failed += u32::from(is_failure(&result));
        Some(result)
    }

    /// What was called since this was asked last.
    pub(super) fn take(&self) -> Called {
        std::mem::take(&mut *self.called.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
