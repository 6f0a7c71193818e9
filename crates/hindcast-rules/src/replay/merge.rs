//! Reports added up: those of parts of a past, under the same policies.

use super::answer::Answer;
use super::change::Change;
use super::limits::{
    ACTIONS_MAX, ACTORS_LISTED_MAX, DAYS_MAX, DIFFERENCES_MAX, ERRORS_MAX, EXAMPLES_MAX, FLAGGED_LISTED_MAX,
    MISSING_MAX,
};
use super::report::{ActorRow, Conversations, Difference, Lanes, Report, Together, Tuple, by_weight, cut};
use std::collections::BTreeMap;

impl Report {
    /// Takes in the report of other entries under the same policies. Conversations of both count twice: cut a past where none
    /// runs on, or replay it in one piece.
    pub fn merge(&mut self, other: &Self) {
        let (own, their) = (&mut self.summary, &other.summary);
        own.tally.add(&their.tally);
        own.warm_up += their.warm_up;
        own.not_asked += their.not_asked;
        own.decided_before += their.decided_before;
        own.oldest = [own.oldest.take(), their.oldest.clone()].into_iter().flatten().min();
        own.newest = own.newest.take().max(their.newest.clone());
        merge(
            &mut own.by_policy,
            &their.by_policy,
            |row| row.policy.clone(),
            |row, more| {
                row.baseline += more.baseline;
                row.candidate += more.candidate;
                row.changed += more.changed;
                row.unknown += more.unknown;
            },
        );
        let left = &mut own.left_out;
        merge(
            &mut own.by_action,
            &their.by_action,
            |row| row.action.clone(),
            |row, more| row.tally.add(&more.tally),
        );
        left.by_action += their.left_out.by_action + cut(&mut own.by_action, ACTIONS_MAX, |row| &row.tally);
        let actor = |row: &ActorRow| (row.actor_type.clone(), row.actor_id.clone());
        merge(&mut own.by_actor, &their.by_actor, actor, |row, more| row.tally.add(&more.tally));
        by_weight(&mut own.by_actor);
        left.by_actor +=
            their.left_out.by_actor + cut(&mut own.by_actor, ACTORS_LISTED_MAX, |row| &row.tally);
        merge(&mut own.by_day, &their.by_day, |row| row.day.clone(), |row, more| row.tally.add(&more.tally));
        left.by_day += their.left_out.by_day + cut(&mut own.by_day, DAYS_MAX, |row| &row.tally);
        merge(&mut own.missing, &their.missing, |row| row.name.clone(), |row, more| row.count += more.count);
        own.missing.truncate(MISSING_MAX);
        own.errors.extend(their.errors.iter().cloned());
        own.errors.sort();
        own.errors.dedup();
        own.errors.truncate(ERRORS_MAX);
        self.lanes.merge(&other.lanes);
        merge(&mut self.differences, &other.differences, Difference::key, Difference::take);
        self.differences_left_out.entries += other.differences_left_out.entries;
        self.settle();
        self.conversations.merge(&other.conversations);
        if let Some(theirs) = &other.workflows {
            self.workflows.get_or_insert_default().merge(theirs);
        }
        if let Some(theirs) = &other.rules {
            self.rules.get_or_insert_default().merge(theirs);
        }
    }

    /// Puts the most frequent differences first and counts those that are too many.
    pub(crate) fn settle(&mut self) {
        self.differences.sort_by(|a, b| (b.count, a.key()).cmp(&(a.count, b.key())));
        let rest = self.differences.iter().skip(DIFFERENCES_MAX).map(|difference| difference.count);
        self.differences_left_out.entries += rest.sum::<u64>();
        self.differences.truncate(DIFFERENCES_MAX);
    }
}

type DifferenceKey = (Tuple, Change, [Answer; 2], [Vec<String>; 2], [Vec<String>; 2]);

impl Difference {
    fn key(&self) -> DifferenceKey {
        let policies = [self.baseline_policies.clone(), self.candidate_policies.clone()];
        let actions = [self.baseline_actions.clone(), self.candidate_actions.clone()];
        (self.tuple.clone(), self.change, [self.baseline, self.candidate], policies, actions)
    }

    fn take(&mut self, more: &Self) {
        self.count += more.count;
        self.after_divergence += more.after_divergence;
        self.first_seen = self.first_seen.clone().min(more.first_seen.clone());
        self.last_seen = self.last_seen.clone().max(more.last_seen.clone());
        self.examples.extend(&more.examples);
        self.examples.sort_unstable();
        self.examples.truncate(EXAMPLES_MAX);
        self.happenings.extend(more.happenings.iter().cloned());
        self.happenings.sort_unstable();
        self.happenings.truncate(EXAMPLES_MAX);
    }
}

impl Lanes {
    fn merge(&mut self, other: &Self) {
        let (own, their) = (&mut self.happened, &other.happened);
        own.success += their.success;
        own.failure += their.failure;
        own.denied += their.denied;
        own.unknown += their.unknown;
        own.let_through += their.let_through;
        for (own, their) in [(&mut self.baseline, &other.baseline), (&mut self.candidate, &other.candidate)] {
            own.take(their);
        }
        let key = |row: &Together| (row.happened.clone(), row.baseline, row.candidate);
        merge(&mut self.together, &other.together, key, |row, more| row.count += more.count);
    }
}

impl Conversations {
    fn merge(&mut self, other: &Self) {
        self.touched += other.touched;
        self.flagged += other.flagged;
        self.diverged += other.diverged;
        self.not_told_apart += other.not_told_apart;
        self.flagged_ids.extend(other.flagged_ids.iter().cloned());
        self.flagged_ids.sort();
        self.flagged_ids.dedup();
        self.flagged_ids.truncate(FLAGGED_LISTED_MAX);
        if let Some(theirs) = &other.scores {
            let own = self.scores.get_or_insert_default();
            own.flagged.take(theirs.flagged.sum, theirs.flagged.count);
            own.rest.take(theirs.rest.sum, theirs.rest.count);
        }
    }
}

/// Takes in the rows of another under their keys, in the order of these.
pub(super) fn merge<R: Clone, K: Ord>(
    own: &mut Vec<R>,
    theirs: &[R],
    key: impl Fn(&R) -> K,
    add: impl Fn(&mut R, &R),
) {
    let mut rows: BTreeMap<K, R> = std::mem::take(own).into_iter().map(|row| (key(&row), row)).collect();
    for row in theirs {
        match rows.get_mut(&key(row)) {
            Some(known) => add(known, row),
            None => {
                rows.insert(key(row), row.clone());
            }
        }
    }
    own.extend(rows.into_values());
}
