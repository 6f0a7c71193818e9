//! What is asked of a made-up past, and the right answers, so that every engine is asked the same
//! and caught when it answers something else. The bench writes it beside the data as `params.json`.

use super::draw::{DAY_US, Draw, Draws, SPAN_US, START_US, Word, actor_id, target_id, target_type};
use super::vocabulary::{ACTIONS, COMMON_WORD, RARE_WORD};
use serde::{Deserialize, Serialize};

/// Rows a page has.
const PAGE: usize = 50;
/// The largest workspace, in which everything is asked.
const WORKSPACE: u32 = 0;
/// The actor asked for: the tenth busiest, with 1.5 % of the workspace's events.
const ACTOR: u32 = 9;

/// The questions. Every list is of the newest `page` rows that match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Params {
    /// What the past was drawn from.
    pub seed: u64,
    /// How many events it has, in all workspaces.
    pub events: u64,
    /// Rows of a list.
    pub page: usize,
    /// The workspace asked: the largest.
    pub workspace: u32,
    /// The first instant of the past, microseconds since 1970.
    pub start_us: i64,
    /// The first instant after it.
    pub end_us: i64,
    /// Q7, a page deep in the past: what happened before this.
    pub deep_before_us: i64,
    /// Q2, a rare action in the last 30 days.
    pub rare_action: String,
    /// Q2 looks no further back than this.
    pub rare_since_us: i64,
    /// Q3, what this actor failed at.
    pub actor: String,
    /// Q4, what happened to one target of this type …
    pub target_type: String,
    /// … and id.
    pub target: String,
    /// Q5, a word few descriptions have.
    pub rare_word: String,
    /// Q5b, a word that one description of a hundred has.
    pub common_word: String,
    /// Q6, counts by action and UTC day, and Q8, all rows as CSV: the last 90 days.
    pub recent_since_us: i64,
    /// Expiry: everything before this goes, in all workspaces; it is the first 30 days.
    pub expire_before_us: i64,
    /// The answers.
    pub expected: Expected,
}

/// The right answers to [`Params`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Q1, with all events of the workspace as its matches.
    pub newest: Hits,
    /// Q7.
    pub deep_page: Hits,
    /// Q2.
    pub rare_action: Hits,
    /// Q3.
    pub actor_failure: Hits,
    /// Q4.
    pub target: Hits,
    /// Q5.
    pub rare_word: Hits,
    /// Q5b.
    pub common_word: Hits,
    /// Q6: pairs of action and day that were met.
    pub facet_groups: u64,
    /// Q6: the sum of the counts.
    pub facet_events: u64,
    /// Q8: lines of the CSV without its header.
    pub export_rows: u64,
    /// Rows that expire.
    pub expired_events: u64,
}

/// The right answer to a question for a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// How many events match.
    pub matches: u64,
    /// How many of them are on the page.
    pub rows: usize,
    /// Which: the last 16 hex digits of the ids on the page, combined by exclusive or.
    pub fingerprint: String,
}

impl Params {
    pub(super) fn of(draws: &Draws) -> Self {
        let end_us = START_US + SPAN_US;
        let target = (draws.total() / 2..draws.total())
            .find(|&i| draws.workspace(i) == WORKSPACE)
            .map_or(0, |i| draws.draw(i).target);
        let mut params = Self {
            seed: draws.seed(),
            events: draws.total(),
            page: PAGE,
            workspace: WORKSPACE,
            start_us: START_US,
            end_us,
            deep_before_us: START_US + SPAN_US / 2,
            rare_action: ACTIONS[ACTIONS.len() - 1].to_owned(),
            rare_since_us: end_us - 30 * DAY_US,
            actor: actor_id(WORKSPACE, ACTOR),
            target_type: target_type(target).to_owned(),
            target: target_id(target),
            rare_word: RARE_WORD.to_owned(),
            common_word: COMMON_WORD.to_owned(),
            recent_since_us: end_us - 90 * DAY_US,
            expire_before_us: START_US + 30 * DAY_US,
            expected: Expected::default(),
        };
        params.expected = params.answers(draws, target);
        params
    }

    fn answers(&self, draws: &Draws, target: u32) -> Expected {
        let mut lists: [List; 7] = Default::default();
        let days = (SPAN_US / DAY_US) as usize;
        let mut facets = vec![0_u64; ACTIONS.len() * days];
        let mut expired_events = 0;
        for draw in (0..draws.total()).map(|i| draws.draw(i)) {
            expired_events += u64::from(draw.occurred_at < self.expire_before_us);
            if draw.workspace != WORKSPACE {
                continue;
            }
            let rare = draw.action == ACTIONS.len() - 1;
            let asked = [
                true,
                draw.occurred_at < self.deep_before_us,
                rare && draw.occurred_at >= self.rare_since_us,
                draw.actor == ACTOR && draw.failed,
                draw.target == target,
                draw.word == Word::Rare,
                draw.word == Word::Common,
            ];
            for (list, _) in lists.iter_mut().zip(asked).filter(|(_, asked)| *asked) {
                list.add(&draw);
            }
            if draw.occurred_at >= self.recent_since_us {
                let day = ((draw.occurred_at - START_US) / DAY_US) as usize;
                facets[draw.action * days + day] += 1;
            }
        }
        let facet_events = facets.iter().sum();
        let [newest, deep_page, rare_action, actor_failure, target, rare_word, common_word] =
            lists.map(List::hits);
        Expected {
            newest,
            deep_page,
            rare_action,
            actor_failure,
            target,
            rare_word,
            common_word,
            facet_groups: facets.iter().filter(|&&count| count > 0).count() as u64,
            facet_events,
            export_rows: facet_events,
            expired_events,
        }
    }
}

/// The newest of the events it is given.
#[derive(Default)]
struct List {
    matches: u64,
    /// When each happened, and the end of its id. Holds the newest page and some more.
    newest: Vec<(i64, u64)>,
}

impl List {
    const KEPT: usize = 4096;

    fn add(&mut self, draw: &Draw) {
        self.matches += 1;
        self.newest.push((draw.occurred_at, draw.id as u64));
        if self.newest.len() >= Self::KEPT {
            self.prune();
        }
    }

    fn prune(&mut self) {
        self.newest.sort_unstable_by(|a, b| b.cmp(a));
        self.newest.truncate(PAGE);
    }

    fn hits(mut self) -> Hits {
        self.prune();
        let fingerprint = self.newest.iter().fold(0, |sum, (_, id)| sum ^ id);
        Hits { matches: self.matches, rows: self.newest.len(), fingerprint: format!("{fingerprint:016x}") }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Generator;

    #[test]
    fn every_question_has_an_answer_even_in_a_short_past() {
        let params = Generator::new(1, 100_000).params();
        let expected = &params.expected;
        assert!((22_500..24_500).contains(&expected.newest.matches));
        assert_eq!((expected.newest.rows, expected.deep_page.rows), (50, 50));
        assert!(expected.actor_failure.matches > 0);
        assert!(expected.target.matches > 0);
        assert_eq!(expected.rare_word.matches, 1);
        assert!((150..320).contains(&expected.common_word.matches));
        assert!((11_000..12_500).contains(&expected.facet_events));
        assert!((16_000..17_500).contains(&expected.expired_events));
    }

    #[test]
    fn the_answers_are_those_of_the_events_themselves() {
        let generator = Generator::new(3, 20_000);
        let params = generator.params();
        let mut found = Vec::new();
        for i in 0..generator.total() {
            let mut json = Vec::new();
            if generator.event(i, &mut json) != params.workspace {
                continue;
            }
            let event: serde_json::Value = serde_json::from_slice(&json).unwrap();
            if event["actor"]["id"] == params.actor && event["outcome"]["result"] == "failure" {
                let id = event["id"].as_str().unwrap().replace('-', "");
                let at = event["occurred_at"].as_str().unwrap().to_owned();
                found.push((at, u64::from_str_radix(&id[16..], 16).unwrap()));
            }
        }
        let expected = &params.expected.actor_failure;
        assert_eq!(expected.matches, found.len() as u64);
        found.sort();
        let newest = found.iter().rev().take(params.page);
        let fingerprint = newest.fold(0, |sum, (_, id)| sum ^ id);
        assert_eq!(expected.fingerprint, format!("{fingerprint:016x}"));
    }

    #[test]
    fn the_rare_word_comes_29_times_in_ten_million() {
        let rare = (0..10_000_000).filter(|&i| super::super::draw::is_rare(i));
        assert_eq!(rare.count(), 29);
    }
}
