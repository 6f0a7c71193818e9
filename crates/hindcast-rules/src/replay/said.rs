//! What one side says to something that happened, workflow by workflow, and what changed between two sides.

use super::answer::Answer;
use super::change::Change;
use super::limits::{ACTION_CHARS_MAX, ACTIONS_TOLD_MAX};
use crate::workflow::{Intent, Ran, Truth, Withheld};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What a side says of one workflow.
#[derive(Clone, Debug)]
pub(super) struct Said<'r> {
    pub answer: Answer,
    /// What is proposed and counts.
    pub intents: &'r [Intent],
    /// What may be proposed.
    pub withheld: &'r [Withheld],
    /// The fields that left something unknown.
    pub missing: BTreeSet<&'r str>,
    pub stopped_by: Option<&'r str>,
    pub perhaps_stopped_by: Option<&'r str>,
}

impl Said<'_> {
    /// Of a workflow that nothing set off, or that there is not.
    pub const NOTHING: Self = Self {
        answer: Answer::NotMatched,
        intents: &[],
        withheld: &[],
        missing: BTreeSet::new(),
        stopped_by: None,
        perhaps_stopped_by: None,
    };
}

impl<'r> Said<'r> {
    /// What a workflow came to before the guard was asked. `missing_of` says what others left unknown.
    pub fn of(ran: &'r Ran<'r>, missing_of: &BTreeMap<&'r str, BTreeSet<&'r str>>) -> Self {
        let evaluation = &ran.evaluation;
        let mut missing = evaluation.unknown_fields();
        let would = evaluation.matched == Truth::Yes || !evaluation.intents.is_empty();
        let perhaps = ran.perhaps_stopped_by.filter(|_| would && ran.stopped_by.is_none());
        if let Some(others) = perhaps.and_then(|name| missing_of.get(name)) {
            missing.extend(others);
        }
        let answer = match evaluation.matched {
            // Whether another stopped it is not known, and so not whether what it proposes counts.
            _ if perhaps.is_some() => Answer::Unknown,
            Truth::Unknown => Answer::Unknown,
            Truth::Yes if ran.stopped_by.is_some() => Answer::Stopped,
            Truth::Yes => Answer::Matched,
            Truth::No => Answer::NotMatched,
        };
        let counts = ran.stopped_by.is_none() && answer != Answer::Unknown;
        Self {
            answer,
            intents: if counts { &evaluation.intents } else { &[] },
            withheld: if ran.stopped_by.is_none() { &evaluation.withheld } else { &[] },
            missing,
            stopped_by: ran.stopped_by,
            perhaps_stopped_by: perhaps,
        }
    }

    /// The guard lets none of it through.
    pub fn hold(&mut self) {
        if self.answer == Answer::Matched {
            self.answer = Answer::Held;
        }
        self.intents = &[];
    }

    /// The workflow that stopped it, or may have.
    pub fn behind(&self) -> Vec<String> {
        self.stopped_by.or(self.perhaps_stopped_by).map(str::to_owned).into_iter().collect()
    }

    /// What it proposes, and with `?` what it may.
    pub fn actions(&self) -> Vec<String> {
        let mut all: Vec<String> = self.intents.iter().map(told).collect();
        all.extend(self.withheld.iter().map(|withheld| format!("{}?", withheld.action)));
        all.sort();
        all.truncate(ACTIONS_TOLD_MAX);
        all
    }
}

/// What changed for a workflow. One that `is_same`, with nobody before it that may judge otherwise, says the same whatever it
/// was that was not recorded.
pub(super) fn change(before: &Said<'_>, after: &Said<'_>, is_same: bool) -> Change {
    use Answer::{Matched, Unknown};
    if is_same && before.answer == after.answer {
        return Change::Unchanged;
    }
    match (before.answer, after.answer) {
        (Unknown, Unknown) => Change::Undecided,
        (Unknown, Matched) => Change::MaybeMatched,
        (Unknown, _) | (Matched, Unknown) => Change::MaybeNotMatched,
        (_, Unknown) => Change::MaybeMatched,
        (Matched, Matched) => of_actions(before, after),
        (Matched, _) => Change::NoLongerMatched,
        (_, Matched) => Change::NewlyMatched,
        _ => of_actions(before, after),
    }
}

fn of_actions(before: &Said<'_>, after: &Said<'_>) -> Change {
    let is_known = before.withheld.is_empty() && after.withheld.is_empty();
    let withheld = |said: &Said<'_>| {
        let mut names: Vec<_> = said.withheld.iter().map(|withheld| withheld.action.clone()).collect();
        names.sort();
        names
    };
    match keys(before.intents) == keys(after.intents) {
        false => Change::OtherActions,
        true if is_known => Change::Unchanged,
        true if withheld(before) == withheld(after) => Change::Undecided,
        true => Change::MaybeOtherActions,
    }
}

/// What an intent is, wherever it stands in the text.
fn key(intent: &Intent) -> (String, String) {
    let mut arguments = String::new();
    spell(&Value::Object(intent.arguments.clone()), &mut arguments);
    let approval = intent.approval.as_ref();
    let approval = approval
        .map(|one| format!("{:?}", (&one.approvers, one.required, one.timeout_seconds, one.on_timeout)));
    (intent.action.clone(), arguments + &approval.unwrap_or_default())
}

/// All of them, in an order of their own: which comes first in the text is no difference.
fn keys(intents: &[Intent]) -> Vec<(String, String)> {
    let mut keys: Vec<_> = intents.iter().map(key).collect();
    keys.sort();
    keys
}

/// JSON with its keys in order.
fn spell(json: &Value, out: &mut String) {
    match json {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().collect();
            for (name, value) in members {
                out.push_str(&format!("{name:?}:"));
                spell(value, out);
                out.push(';');
            }
        }
        Value::Array(items) => items.iter().for_each(|item| {
            spell(item, out);
            out.push(',');
        }),
        other => out.push_str(&other.to_string()),
    }
}

/// How often an action is proposed on each side, and how often in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub before: u64,
    pub after: u64,
    alike: u64,
}

impl Moved {
    /// Both propose it, but otherwise.
    pub fn changed(self) -> u64 {
        self.before.min(self.after) - self.alike
    }

    /// Only the second proposes it.
    pub fn added(self) -> u64 {
        self.after - self.alike - self.changed()
    }

    /// Only the first proposes it.
    pub fn removed(self) -> u64 {
        self.before - self.alike - self.changed()
    }
}

/// What both sides propose, by action.
pub(super) fn moved(before: &[Intent], after: &[Intent]) -> BTreeMap<String, Moved> {
    let mut all: BTreeMap<String, Moved> = BTreeMap::new();
    let mut rest = keys(after);
    for one in keys(before) {
        let found = rest.iter().position(|other| *other == one);
        let moved = all.entry(one.0).or_default();
        moved.before += 1;
        if let Some(at) = found {
            rest.swap_remove(at);
            moved.after += 1;
            moved.alike += 1;
        }
    }
    rest.into_iter().for_each(|(action, _)| all.entry(action).or_default().after += 1);
    all
}

/// An intent in a line. What a tool is called with may be anybody's words, so of a tool only the names of its arguments are told.
pub(super) fn told(intent: &Intent) -> String {
    let mut text = intent.action.clone();
    match intent.tool {
        true => text += &format!("({})", intent.arguments.keys().cloned().collect::<Vec<_>>().join(", ")),
        false => {
            let words = plain(&intent.arguments);
            if !words.is_empty() {
                text += &format!(" {words}");
            }
        }
    }
    if intent.approval.is_some() {
        text += " (approval)";
    }
    match text.char_indices().nth(ACTION_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The arguments of an action, which stand in the text of the workflow.
fn plain(arguments: &Map<String, Value>) -> String {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            items.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    let one = |(name, value): (&String, &Value)| match arguments.len() {
        1 => word(value),
        _ => format!("{name}: {}", word(value)),
    };
    arguments.iter().map(one).collect::<Vec<_>>().join(", ")
}
