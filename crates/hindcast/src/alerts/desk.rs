//! The desk: puts verdicts about the same thing together, so that people read about a thing once.

use super::Alert;
use hindcast_rules::Verdict;
use std::collections::{BTreeMap, VecDeque};

/// A thing of which nothing was heard for so long is a new one when it comes again, unless the rule is set otherwise.
pub(crate) const QUIET_SECONDS: u64 = 24 * 3600;
/// A rule begins at most so many alerts in an hour; whatever comes beyond is put together in one.
pub(crate) const STORM_ALERTS: usize = 500;
/// So many alerts are kept in mind at once; those longest unheard give way.
const OPEN_MAX: usize = 20_000;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;

/// The alerts of one workspace that may still grow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desk {
    workspace: String,
    open: BTreeMap<String, Alert>,
    /// When the newest alerts of each rule began, in microseconds.
    begun: BTreeMap<String, VecDeque<i64>>,
}

/// What a verdict did to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is new.
    Raised,
    /// It is graver than it was.
    Graver,
    /// There is more of the same.
    Grown,
}

impl Desk {
    pub fn new(workspace: &str) -> Self {
        Self { workspace: workspace.to_owned(), ..Self::default() }
    }

    /// Puts an alert back that was kept, in the order in which they began; one that is closed takes no more.
    pub fn restore(&mut self, alert: Alert, is_closed: bool) {
        if !alert.is_storm {
            self.begin(&alert.rule, alert.first_at.micros());
        }
        if !is_closed {
            self.open.insert(alert.dedup_key.clone(), alert);
        }
    }

    /// Lets an alert take no more.
    pub fn close(&mut self, id: &str) {
        self.open.retain(|_, alert| alert.id != id);
    }

    /// Takes a verdict in; `quiet` is in seconds.
    pub fn take(&mut self, verdict: &Verdict, quiet: u64) -> (&Alert, Taken) {
        let (key, at) = (&verdict.dedup_key, verdict.at.micros());
        if self.is_over(key, at, quiet) {
            self.open.remove(key);
        }
        let is_storm = !self.open.contains_key(key) && self.storms(&verdict.rule, at);
        let storm = is_storm.then(|| storm(verdict));
        let verdict = storm.as_ref().unwrap_or(verdict);
        if is_storm && self.is_over(&verdict.dedup_key, at, quiet) {
            self.open.remove(&verdict.dedup_key);
        }
        let taken = match self.open.get_mut(&verdict.dedup_key) {
            Some(alert) => {
                if alert.grow(verdict) {
                    Taken::Graver
                } else {
                    Taken::Grown
                }
            }
            None => {
                self.make_room();
                let alert = Alert { is_storm, ..Alert::begin(&self.workspace, verdict) };
                if !is_storm {
                    self.begin(&verdict.rule, at);
                }
                self.open.insert(verdict.dedup_key.clone(), alert);
                Taken::Raised
            }
        };
        (&self.open[&verdict.dedup_key], taken)
    }

    /// Whether nothing was heard of a thing for too long to be the same.
    fn is_over(&self, key: &str, at: i64, quiet: u64) -> bool {
        let quiet = i64::try_from(quiet).unwrap_or(i64::MAX).saturating_mul(SECOND);
        self.open.get(key).is_some_and(|alert| at.saturating_sub(alert.last_at.micros()) > quiet)
    }

    /// Whether a rule began too many alerts within the last hour.
    fn storms(&self, rule: &str, at: i64) -> bool {
        let Some(begun) = self.begun.get(rule) else { return false };
        begun.len() >= STORM_ALERTS && begun.iter().all(|begun| at - begun <= HOUR)
    }

    fn begin(&mut self, rule: &str, at: i64) {
        let begun = self.begun.entry(rule.to_owned()).or_default();
        begun.push_back(at);
        begun.drain(..begun.len().saturating_sub(STORM_ALERTS));
    }

    fn make_room(&mut self) {
        if self.open.len() < OPEN_MAX {
            return;
        }
        let mut heard: Vec<_> = self.open.values().map(|alert| (alert.last_at, alert.id.clone())).collect();
        heard.sort_unstable();
        // Some at once, so that this is seldom done.
        let (last, id) = &heard[heard.len() / 10];
        self.open.retain(|_, alert| (alert.last_at, &alert.id) > (*last, id));
    }
}

/// The verdict as one about its rule alone.
fn storm(verdict: &Verdict) -> Verdict {
    let mut key = Vec::new();
    hindcast_event::json::write_string(&verdict.rule, &mut key);
    let dedup_key = format!("[{},\"*\"]", String::from_utf8_lossy(&key));
    Verdict { dedup_key, group: Vec::new(), ..verdict.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Timestamp;
    use hindcast_rules::detection::{Severity, Why};

    fn verdict(about: &str, entry: u64, second: i64) -> Verdict {
        Verdict {
            rule: "r".into(),
            rule_version: "1".into(),
            title: "Too much".into(),
            severity: Severity::Medium,
            dedup_key: format!("[\"r\",{about:?}]"),
            group: vec![("actor.id".to_owned(), about.to_owned())],
            at: Timestamp::from_micros(second * SECOND),
            entry: Some(entry),
            evidence: vec![entry],
            why: Why::Entry { action: "a".to_owned() },
        }
    }

    #[test]
    fn the_same_thing_is_one_alert_until_nothing_is_heard_of_it_for_a_while() {
        let mut desk = Desk::new("w");
        let mut take = |about: &str, entry, second| {
            let (alert, taken) = desk.take(&verdict(about, entry, second), 60);
            (alert.id.clone(), alert.count, alert.evidence.clone(), taken)
        };
        let (ana, _, _, taken) = take("ana", 1, 0);
        assert_eq!(taken, Taken::Raised);
        assert_ne!(take("bob", 2, 10).0, ana);
        assert_eq!(take("ana", 3, 60), (ana.clone(), 2, vec![1, 3], Taken::Grown));
        // Late, and about what was before.
        assert_eq!(take("ana", 4, -100).0, ana);
        assert_eq!(take("ana", 5, 120).0, ana);
        let (later, count, _, taken) = take("ana", 6, 181);
        assert_eq!((count, taken), (1, Taken::Raised));
        assert_ne!(later, ana);
    }

    #[test]
    fn a_graver_verdict_makes_it_graver_and_a_lesser_one_nothing() {
        let mut desk = Desk::new("w");
        desk.take(&verdict("ana", 1, 0), 60);
        let critical = Verdict { severity: Severity::Critical, ..verdict("ana", 2, 1) };
        assert_eq!(desk.take(&critical, 60).1, Taken::Graver);
        let (alert, taken) = desk.take(&verdict("ana", 3, 2), 60);
        assert_eq!((alert.severity, taken), (Severity::Critical, Taken::Grown));
    }

    #[test]
    fn a_storm_is_a_few_alerts_and_one_that_counts_the_rest() {
        let mut desk = Desk::new("w");
        let mut raised = 0;
        for nr in 0..50_000 {
            let (_, taken) = desk.take(&verdict(&format!("u{nr}"), nr, (nr / 1000) as i64), 60);
            raised += usize::from(taken == Taken::Raised);
        }
        assert_eq!(raised, STORM_ALERTS + 1);
        let storm = desk.open.values().find(|alert| alert.is_storm).expect("a storm");
        assert_eq!((storm.count, storm.group.len()), (50_000 - STORM_ALERTS as u64, 0));
        // Others are not in it, and an hour later it is over.
        let other = Verdict { rule: "s".into(), dedup_key: "[\"s\"]".into(), ..verdict("ana", 50_000, 60) };
        assert_eq!(desk.take(&other, 60).1, Taken::Raised);
        let (alert, taken) = desk.take(&verdict("ana", 50_001, 3_700), 60);
        assert_eq!((alert.is_storm, taken), (false, Taken::Raised));
    }

    #[test]
    fn a_desk_that_was_put_back_goes_on_as_if_nothing_had_happened() {
        let verdicts: Vec<_> =
            (0..2_000).map(|nr| verdict(&format!("u{}", nr * 7 % 900), nr, nr as i64)).collect();
        let mut whole = Desk::new("w");
        let (before, after) = verdicts.split_at(1_000);
        let mut made: Vec<Alert> = Vec::new();
        for verdict in before {
            let (alert, _) = whole.take(verdict, 600);
            match made.iter_mut().find(|made| made.id == alert.id) {
                Some(made) => made.clone_from(alert),
                None => made.push(alert.clone()),
            }
        }
        let mut back = Desk::new("w");
        made.into_iter().for_each(|alert| back.restore(alert, false));
        for verdict in after {
            assert_eq!(whole.take(verdict, 600), back.take(verdict, 600));
        }
    }
}
