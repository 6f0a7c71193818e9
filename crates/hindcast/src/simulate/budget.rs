//! What a run may use, and whether there is any left. It is asked before each request, so what is under way may go beyond it
//! by as much as is asked at once.

use super::BudgetWanted;
use hindcast_rules::simulation::answer::Usage;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a run has used so far.
#[derive(Debug)]
pub(crate) struct Spent {
    budget: BudgetWanted,
    until: Option<Instant>,
    requests: AtomicU64,
    tokens: AtomicU64,
    cost_usd_micros: AtomicU64,
}

impl Spent {
    /// Nothing, from now on.
    pub fn new(budget: BudgetWanted) -> Self {
        let until =
            budget.minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * u64::from(minutes)));
        let (requests, tokens, cost_usd_micros) = Default::default();
        Self { budget, until, requests, tokens, cost_usd_micros }
    }

    /// Counts a request, if one may be made.
    pub fn ask(&self) -> bool {
        let is_within =
            |spent: &AtomicU64, max: Option<u64>| max.is_none_or(|max| spent.load(Ordering::Relaxed) < max);
        self.until.is_none_or(|until| Instant::now() < until)
            && is_within(&self.tokens, self.budget.tokens)
            && is_within(&self.cost_usd_micros, self.budget.cost_usd_micros)
            && self.requests.fetch_add(1, Ordering::Relaxed) < self.budget.requests.unwrap_or(u64::MAX)
    }

    /// Counts what an answer used.
    pub fn used(&self, usage: Usage) {
        let add = |spent: &AtomicU64, more: u64| spent.fetch_add(more.min(1 << 40), Ordering::Relaxed);
        add(&self.tokens, usage.input_tokens.saturating_add(usage.output_tokens));
        add(&self.cost_usd_micros, usage.cost_usd_micros.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_is_not_asked_for_again() {
        let spent = Spent::new(BudgetWanted { requests: Some(2), ..BudgetWanted::default() });
        assert_eq!([spent.ask(), spent.ask(), spent.ask()], [true, true, false]);
        let spent = Spent::new(BudgetWanted { tokens: Some(10), ..BudgetWanted::default() });
        assert!(spent.ask());
        spent.used(Usage { input_tokens: 9, output_tokens: 1, cost_usd_micros: None });
        assert!(!spent.ask());
        let spent = Spent::new(BudgetWanted { cost_usd_micros: Some(10), ..BudgetWanted::default() });
        spent.used(Usage { input_tokens: 900, output_tokens: 1, cost_usd_micros: Some(9) });
        assert!(spent.ask());
    }
}
