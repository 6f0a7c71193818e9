//! What is asked of a made-up past, and the right answers, so that every engine is asked the same
//! and caught when it answers something else. The bench writes it beside the data as `params.json`.

use super::draw::{DAY_US, Draw, Draws, SPAN_US, START_US, Word, actor_id, target_id, target_type};
use super::vocabulary::{ACTIONS, COMMON_WORD, RARE_WORD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Rows a page has.
const PAGE: usize = 50;
/// The largest workspace, in which everything is asked.
const WORKSPACE: u32 = 0;
/// The first actor asked for: the tenth busiest, with 1.5 % of the workspace's events.
const BUSY_ACTOR: u32 = 9;
/// So often is a question asked that can be varied.
const VARIANTS: i64 = 25;

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
    /// The questions for lists by their names, each with other values in every run but for words.
    pub questions: BTreeMap<String, Vec<Question>>,
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
    /// Q6: pairs of action and day that were met.
    pub facet_groups: u64,
    /// Q6: the sum of the counts.
    pub facet_events: u64,
    /// Q8: lines of the CSV without its header.
    pub export_rows: u64,
    /// Rows that expire.
    pub expired_events: u64,
}

/// A question for a list: what is put into it, and the right answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is put into it, in the order in which people would say it.
    pub values: Vec<Value>,
    /// The right answer.
    pub expected: Hits,
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
        let mut params = Self {
            seed: draws.seed(),
            events: draws.total(),
            page: PAGE,
            workspace: WORKSPACE,
            start_us: START_US,
            end_us,
            questions: BTreeMap::new(),
            recent_since_us: end_us - 90 * DAY_US,
            expire_before_us: START_US + 30 * DAY_US,
            expected: Expected::default(),
        };
        params.answer(draws, asked(draws));
        params
    }

    fn answer(&mut self, draws: &Draws, asked: Vec<(&'static str, Asked)>) {
        let mut lists: Vec<_> =
            asked.into_iter().map(|(name, asked)| (name, asked, List::default())).collect();
        let days = (SPAN_US / DAY_US) as usize;
        let mut facets = vec![0_u64; ACTIONS.len() * days];
        for draw in (0..draws.total()).map(|i| draws.draw(i)) {
            self.expected.expired_events += u64::from(draw.occurred_at < self.expire_before_us);
            if draw.workspace != WORKSPACE {
                continue;
            }
            for (_, _, list) in lists.iter_mut().filter(|(_, asked, _)| asked.matches(&draw)) {
                list.add(&draw);
            }
            if draw.occurred_at >= self.recent_since_us {
                let day = ((draw.occurred_at - START_US) / DAY_US) as usize;
                facets[draw.action * days + day] += 1;
            }
        }
        self.expected.facet_groups = facets.iter().filter(|&&count| count > 0).count() as u64;
        self.expected.facet_events = facets.iter().sum();
        self.expected.export_rows = self.expected.facet_events;
        for (name, asked, list) in lists {
            let question = Question { values: asked.values(), expected: list.hits() };
            self.questions.entry(name.to_owned()).or_default().push(question);
        }
    }
}

/// What a question asks for.
#[derive(Clone, Copy)]
enum Asked {
    Everything,
    /// What happened before this.
    Before(i64),
    /// A rare action since then.
    RareSince(i64),
    /// What an actor failed at.
    FailedBy(u32),
    /// What happened to a target.
    Target(u32),
    Word(Word),
}

/// The questions. Those that vary never ask for the same again, so that no cache knows the answer.
fn asked(draws: &Draws) -> Vec<(&'static str, Asked)> {
    let targets = (draws.total() / 2..draws.total())
        .filter(|&i| draws.workspace(i) == WORKSPACE)
        .step_by(7)
        .map(|i| draws.draw(i).target)
        .take(VARIANTS as usize);
    let before = |n| START_US + SPAN_US * (25 + 2 * n) / 100;
    let since = |n| START_US + SPAN_US - (30 + n) * DAY_US;
    let mut asked = vec![
        ("newest", Asked::Everything),
        ("rare_word", Asked::Word(Word::Rare)),
        ("common_word", Asked::Word(Word::Common)),
    ];
    asked.extend((0..VARIANTS).map(|n| ("deep_page", Asked::Before(before(n)))));
    asked.extend((0..VARIANTS).map(|n| ("rare_action", Asked::RareSince(since(n)))));
    asked.extend((0..VARIANTS as u32).map(|n| ("actor_failure", Asked::FailedBy(BUSY_ACTOR + n))));
    asked.extend(targets.map(|target| ("target", Asked::Target(target))));
    asked
}

impl Asked {
    fn matches(self, draw: &Draw) -> bool {
        match self {
            Self::Everything => true,
            Self::Before(before) => draw.occurred_at < before,
            Self::RareSince(since) => draw.action == ACTIONS.len() - 1 && draw.occurred_at >= since,
            Self::FailedBy(actor) => draw.actor == actor && draw.failed,
            Self::Target(target) => draw.target == target,
            Self::Word(word) => draw.word == word,
        }
    }

    fn values(self) -> Vec<Value> {
        match self {
            Self::Everything => vec![],
            Self::Before(before) => vec![before.into()],
            Self::RareSince(since) => vec![ACTIONS[ACTIONS.len() - 1].into(), since.into()],
            Self::FailedBy(actor) => vec![actor_id(WORKSPACE, actor).into()],
            Self::Target(target) => vec![target_id(target).into(), target_type(target).into()],
            Self::Word(word) => vec![if word == Word::Rare { RARE_WORD } else { COMMON_WORD }.into()],
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
        let matches = |name: &str| -> Vec<u64> {
            params.questions[name].iter().map(|question| question.expected.matches).collect()
        };
        assert!((22_500..24_500).contains(&matches("newest")[0]));
        assert!(params.questions["deep_page"].iter().all(|question| question.expected.rows == 50));
        let answered = |name: &str| matches(name).into_iter().filter(|matches| *matches > 0).count();
        assert!(answered("actor_failure") > 20);
        assert_eq!(answered("target"), 25);
        assert_eq!(matches("rare_word"), [1]);
        assert!((150..320).contains(&matches("common_word")[0]));
        assert!((11_000..12_500).contains(&expected.facet_events));
        assert!((16_000..17_500).contains(&expected.expired_events));
    }

    #[test]
    fn the_answers_are_those_of_the_events_themselves() {
        let generator = Generator::new(3, 20_000);
        let params = generator.params();
        let question = &params.questions["actor_failure"][0];
        let mut found = Vec::new();
        for i in 0..generator.total() {
            let mut json = Vec::new();
            if generator.event(i, &mut json) != params.workspace {
                continue;
            }
            let event: serde_json::Value = serde_json::from_slice(&json).unwrap();
            if event["actor"]["id"] == question.values[0] && event["outcome"]["result"] == "failure" {
                let id = event["id"].as_str().unwrap().replace('-', "");
                let at = event["occurred_at"].as_str().unwrap().to_owned();
                found.push((at, u64::from_str_radix(&id[16..], 16).unwrap()));
            }
        }
        let expected = &question.expected;
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
