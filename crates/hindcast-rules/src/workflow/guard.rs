//! What keeps workflows from setting each other off without end.

use super::limits::{CHAIN_MAX, GUARDED_TICKETS_MAX, INTENTS_PER_TICKET_MAX};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

const HOUR_MICROS: i64 = 3600 * 1_000_000;

/// A workflow that led to what happened now. What follows from an intent carries the chain of causes, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The ticket it acted on.
    pub ticket: String,
    /// The workflow.
    pub workflow: String,
}

/// Why intents are not let through. None of them is done then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// The workflow itself led to what happened.
    #[error("the workflow `{0}` set itself off")]
    Itself(String),
    /// The workflow has already acted on this ticket in this chain.
    #[error("workflows set each other off in a circle: {0}")]
    Circle(String),
    /// The chain of causes is too long.
    #[error("workflows set each other off {0} times, at most {CHAIN_MAX}")]
    TooLong(usize),
    /// The ticket has had its share of the hour.
    #[error(
        "intents for ticket `{ticket}` within an hour: at most {INTENTS_PER_TICKET_MAX}, these would make {found}"
    )]
    TooMany {
        /// The ticket.
        ticket: String,
        /// How many there would be.
        found: usize,
    },
    /// There are more busy tickets than the guard remembers; what it cannot count it does not let through.
    #[error("tickets that workflows act on within an hour: at most {GUARDED_TICKETS_MAX}")]
    Full,
}

/// How much was let through of late, for one workspace. Plain data: keep it, and hand it in again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// By ticket, when and how many, the oldest first.
    tickets: BTreeMap<String, VecDeque<(i64, u32)>>,
}

impl Guard {
    /// Lets the intents of a workflow for a ticket through and counts them, all or none. The time is that of what happened; it
    /// may go back a little.
    pub fn admit(
        &mut self,
        ticket: &str,
        workflow: &str,
        causes: &[Cause],
        intents: usize,
        now: Timestamp,
    ) -> Result<(), Held> {
        if intents == 0 {
            return Ok(());
        }
        chained(ticket, workflow, causes)?;
        let now = now.micros();
        let recent = |&(at, _): &(i64, u32)| at > now.saturating_sub(HOUR_MICROS);
        if !self.tickets.contains_key(ticket) && self.tickets.len() >= GUARDED_TICKETS_MAX {
            self.tickets.retain(|_, counted| counted.iter().any(recent));
            if self.tickets.len() >= GUARDED_TICKETS_MAX {
                return Err(Held::Full);
            }
        }
        let counted = self.tickets.entry(ticket.to_owned()).or_default();
        counted.retain(recent);
        let before: usize = counted.iter().map(|&(_, count)| count as usize).sum();
        let found = before.saturating_add(intents);
        if found > INTENTS_PER_TICKET_MAX {
            return Err(Held::TooMany { ticket: ticket.to_owned(), found });
        }
        counted.push_back((now, u32::try_from(intents).unwrap_or(u32::MAX)));
        Ok(())
    }

    /// How many tickets it remembers.
    pub fn tickets(&self) -> usize {
        self.tickets.len()
    }
}

impl Cause {
    /// The causes of what a workflow does to a ticket.
    pub fn then(causes: &[Self], ticket: &str, workflow: &str) -> Vec<Self> {
        let next = Self { ticket: ticket.to_owned(), workflow: workflow.to_owned() };
        causes.iter().cloned().chain([next]).collect()
    }
}

fn chained(ticket: &str, workflow: &str, causes: &[Cause]) -> Result<(), Held> {
    if causes.last().is_some_and(|cause| cause.workflow == workflow) {
        return Err(Held::Itself(workflow.to_owned()));
    }
    // What was done for no ticket may come back under any name.
    let is_here = |cause: &Cause| cause.ticket == ticket || cause.ticket.is_empty();
    if let Some(from) = causes.iter().position(|cause| cause.workflow == workflow && is_here(cause)) {
        let names = causes[from..].iter().map(|cause| cause.workflow.as_str()).chain([workflow]);
        return Err(Held::Circle(names.take(CHAIN_MAX + 1).collect::<Vec<_>>().join(" -> ")));
    }
    if causes.len() >= CHAIN_MAX {
        return Err(Held::TooLong(causes.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000 + minute * 60 * 1_000_000)
    }

    fn cause(ticket: &str, workflow: &str) -> Cause {
        Cause { ticket: ticket.into(), workflow: workflow.into() }
    }

    #[test]
    fn a_ticket_takes_fifty_intents_an_hour_and_no_more() {
        let mut guard = Guard::default();
        for nr in 0..5 {
            assert_eq!(guard.admit("t1", "w", &[], 10, minute(nr)), Ok(()));
        }
        let held = guard.admit("t1", "w", &[], 1, minute(30));
        assert_eq!(held, Err(Held::TooMany { ticket: "t1".into(), found: 51 }));
        assert_eq!(guard.admit("t2", "w", &[], 50, minute(30)), Ok(()), "another ticket has its own share");
        assert_eq!(
            guard.admit("t1", "w", &[], 10, minute(61)),
            Ok(()),
            "an hour later the first two are forgotten"
        );
        assert_eq!(
            guard.admit("t1", "w", &[], usize::MAX, minute(999)),
            Err(Held::TooMany { ticket: "t1".into(), found: usize::MAX })
        );
        assert_eq!(
            guard.admit("t1", "w", &[cause("t1", "w")], 0, minute(30)),
            Ok(()),
            "nothing is nothing to hold"
        );
    }

    #[test]
    fn what_it_remembers_can_be_kept_and_handed_in_again() {
        let mut guard = Guard::default();
        guard.admit("t1", "w", &[], 49, minute(0)).expect("let through");
        let kept = serde_json::to_string(&guard).expect("JSON");
        let mut restored: Guard = serde_json::from_str(&kept).expect("a guard");
        assert_eq!(restored, guard);
        assert!(restored.admit("t1", "w", &[], 2, minute(1)).is_err());
        assert!(restored.admit("t1", "w", &[], 1, minute(1)).is_ok());
    }

    #[test]
    fn circles_and_long_chains_end() {
        let mut guard = Guard::default();
        let mut admit = |workflow: &str, causes: &[Cause]| guard.admit("t1", workflow, causes, 1, minute(0));
        assert_eq!(
            admit("a", &[cause("t9", "a")]),
            Err(Held::Itself("a".into())),
            "also by way of another ticket"
        );
        let causes = [cause("t1", "a"), cause("t1", "b")];
        assert_eq!(admit("a", &causes), Err(Held::Circle("a -> b -> a".into())));
        let elsewhere = [cause("t9", "a"), cause("t9", "b")];
        assert_eq!(admit("a", &elsewhere), Ok(()), "another ticket is another matter");
        let nowhere = [cause("", "a"), cause("", "b")];
        assert_eq!(admit("a", &nowhere), Err(Held::Circle("a -> b -> a".into())));
        assert_eq!(admit("c", &causes), Ok(()));
        let long: Vec<_> = (0..CHAIN_MAX).map(|nr| cause("t1", &format!("w{nr}"))).collect();
        assert_eq!(admit("c", &long), Err(Held::TooLong(CHAIN_MAX)));
        assert_eq!(Cause::then(&causes, "t1", "c").len(), 3);
    }
}
