//! Answers of workflows added up: by workflow, action, day and kind of difference, and by what became of conversations.

use super::cell::Days;
use super::change::Change;
use super::conversations::Known;
use super::limits::{CONVERSATIONS_MAX, OUTCOMES_MAX, PROPOSED_MAX, TAGS_MAX};
use super::part::{BecameRow, GateRow, ProposedRow, WorkflowPart, WorkflowRow};
use super::report::{Example, Report};
use super::said::{Said, change, moved};
use super::sums::{About, Counted, Sums, bounded};
use super::workflows::{AskGate, Became, Happening, Singled, WorkflowOptions};
use crate::workflow::{Intent, WorkflowSet};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Added up so far.
pub(super) struct Counting {
    /// Workflows whose version is the same on both sides.
    same: BTreeSet<String>,
    /// Those that may stop others, on either side.
    stopping: BTreeSet<String>,
    conversations: Known,
    days: Days,
    sums: Sums,
    rows: BTreeMap<String, WorkflowRow>,
    proposed: BTreeMap<String, ProposedRow>,
    /// What was proposed for conversations that go on, by side.
    open: BTreeMap<usize, BTreeMap<Outcome, [bool; 2]>>,
    became: BTreeMap<Outcome, BecameRow>,
    gate: Option<GateRow>,
    happenings: u64,
    /// What set no workflow off.
    pub not_asked: u64,
}

/// Something that happened and what both sides said to it.
pub(super) struct Heard<'h> {
    pub happening: &'h Happening<'h>,
    pub sides: &'h [BTreeMap<&'h str, Said<'h>>; 2],
    pub singled: Singled,
    pub gate: Option<&'h AskGate>,
}

/// What a workflow may make of a conversation that could become so without it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Escalated,
    Tag(String),
}

/// Both sides of one workflow.
struct Both<'b> {
    name: &'b str,
    said: [&'b Said<'b>; 2],
    asked: [bool; 2],
    change: Change,
}

impl Counting {
    pub fn new(sets: [&WorkflowSet; 2], options: &WorkflowOptions) -> Self {
        let mut rows: BTreeMap<String, WorkflowRow> = BTreeMap::new();
        let mut stopping = BTreeSet::new();
        for (side, set) in sets.into_iter().enumerate() {
            for workflow in set.workflows() {
                let row = rows.entry(workflow.name().to_owned()).or_default();
                let untold = workflow.triggers().iter().filter(|trigger| !options.told.contains(trigger));
                row.untold = untold.map(|trigger| trigger.as_str().to_owned()).collect();
                let version = if side == 0 { &mut row.baseline_version } else { &mut row.candidate_version };
                *version = Some(workflow.version());
                stopping.extend(workflow.stops().then(|| workflow.name().to_owned()));
            }
        }
        let same = rows.iter().filter(|(_, row)| row.baseline_version == row.candidate_version);
        Self {
            same: same.map(|(name, _)| name.clone()).collect(),
            stopping,
            conversations: Known::default(),
            days: Days::default(),
            sums: Sums::default(),
            rows,
            proposed: BTreeMap::new(),
            open: BTreeMap::new(),
            became: BTreeMap::new(),
            gate: options.gate.is_some().then(GateRow::default),
            happenings: 0,
            not_asked: 0,
        }
    }

    /// Takes in what was said to something that happened.
    pub fn take(&mut self, heard: &Heard<'_>) {
        self.happenings += 1;
        let conversation = self.conversations.of(heard.happening.conversation);
        let is_after = conversation.is_some_and(|number| self.conversations.has_diverged(number));
        let all = self.compared(heard.sides);
        for both in &all {
            self.count(both);
            self.count_proposed(both);
            self.add(heard.happening, both, is_after);
            if let Some(number) = conversation {
                self.note(number, both);
            }
            self.ask_gate(heard, both);
        }
        if let Some(number) = conversation.filter(|_| all.iter().any(|both| both.change.is_certain())) {
            self.conversations.changed(number, true);
        }
    }

    /// What changed for each workflow that was asked.
    fn compared<'b>(&self, [before, after]: &'b [BTreeMap<&'b str, Said<'b>>; 2]) -> Vec<Both<'b>> {
        const NOTHING: &Said<'_> = &Said::NOTHING;
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        let both = names.into_iter().map(|name| {
            let sides = [before, after];
            let said = sides.map(|side| side.get(name).unwrap_or(NOTHING));
            Both { name, said, asked: sides.map(|side| side.contains_key(name)), change: Change::Unchanged }
        });
        let mut all: Vec<_> = both.collect();
        // Those whom others may stop come after these, which nobody stops.
        all.sort_by_key(|both| both.said.iter().any(|said| said.perhaps_stopped_by.is_some()));
        let mut is_open = false;
        for both in &mut all {
            let [before, after] = both.said;
            let is_alike = before.stopped_by == after.stopped_by
                && before.perhaps_stopped_by == after.perhaps_stopped_by
                && !(is_open && before.perhaps_stopped_by.is_some());
            let is_same = self.same.contains(both.name) && is_alike;
            both.change = change(before, after, is_same);
            is_open |= both.change.is_unknown() && self.stopping.contains(both.name);
        }
        all
    }

    /// Counts what a workflow said.
    fn count(&mut self, both: &Both<'_>) {
        let Some(row) = self.rows.get_mut(both.name) else { return };
        row.baseline_asked += u64::from(both.asked[0]);
        row.candidate_asked += u64::from(both.asked[1]);
        row.baseline.add(both.said[0].answer, 1);
        row.candidate.add(both.said[1].answer, 1);
        row.changed += u64::from(both.change.is_certain());
        row.unknown += u64::from(both.change.is_unknown());
    }

    /// Counts what it proposes, by action.
    fn count_proposed(&mut self, both: &Both<'_>) {
        let [before, after] = both.said;
        for (action, moved) in moved(before.intents, after.intents) {
            let Some(row) = bounded(&mut self.proposed, action, PROPOSED_MAX) else { continue };
            row.baseline += moved.before;
            row.candidate += moved.after;
            row.added += moved.added();
            row.removed += moved.removed();
            row.changed += moved.changed();
        }
        for (side, said) in both.said.into_iter().enumerate() {
            for withheld in said.withheld {
                let row = bounded(&mut self.proposed, withheld.action.clone(), PROPOSED_MAX);
                let Some(row) = row else { continue };
                *(if side == 0 { &mut row.baseline_maybe } else { &mut row.candidate_maybe }) += 1;
            }
        }
    }

    /// Adds an answer to those of its kind.
    fn add(&mut self, happening: &Happening<'_>, both: &Both<'_>, is_after: bool) {
        let ([before, after], change, at) = (both.said, both.change, happening.at.micros());
        let missing: Vec<String> = match change.is_unknown() {
            true => before.missing.union(&after.missing).map(|name| (*name).to_owned()).collect(),
            false => Vec::new(),
        };
        let mut counted = Counted {
            change,
            answers: [before.answer, after.answer],
            behind: Default::default(),
            actions: Default::default(),
            missing: &missing,
            errors: &[],
            // Whether what is proposed was done then as well is told of conversations, not of each answer.
            outcomes: [0, 0, 0, 1],
            after_divergence: u64::from(is_after),
            first: at,
            last: at,
            examples: &[],
            happenings: Vec::new(),
        };
        if change != Change::Unchanged {
            counted.behind = [before.behind(), after.behind()];
            counted.actions = [before.actions(), after.actions()];
            counted.happenings.push(Example {
                at: happening.at.to_string(),
                conversation: happening.conversation.to_owned(),
                happened: happening.id.to_owned(),
            });
        }
        let about = About {
            actor_type: "workflow".to_owned(),
            actor_id: both.name.to_owned(),
            action: happening.trigger.as_str().to_owned(),
            target_type: "conversation".to_owned(),
            context: missing.clone(),
        };
        self.sums.take(counted, about);
        if self.days.take(at, change, false, is_after) {
            self.add_up_days();
        }
    }

    /// Remembers what was proposed for a conversation.
    fn note(&mut self, conversation: usize, both: &Both<'_>) {
        for (side, said) in both.said.into_iter().enumerate() {
            for outcome in said.intents.iter().flat_map(outcomes) {
                let Some(open) = bounded(&mut self.open, conversation, CONVERSATIONS_MAX) else { return };
                if let Some(proposed) = bounded(open, outcome, OUTCOMES_MAX) {
                    proposed[side] = true;
                }
            }
        }
    }

    /// Asks the policies about what is proposed.
    fn ask_gate(&mut self, heard: &Heard<'_>, both: &Both<'_>) {
        let Some((row, ask)) = self.gate.as_mut().zip(heard.gate) else { return };
        for (counts, said) in [&mut row.baseline, &mut row.candidate].into_iter().zip(both.said) {
            for call in (heard.singled)(said.intents, both.name) {
                counts.add(ask(heard.happening, both.name, &call).into(), 1);
            }
        }
    }

    /// Says what became of a conversation.
    pub fn end(&mut self, conversation: &str, became: &Became) {
        let Some(number) = self.conversations.known(conversation) else { return };
        let proposed = self.open.remove(&number).unwrap_or_default();
        let tags = became.tags.iter().map(|tag| Outcome::Tag(tag.clone()));
        let happened: BTreeSet<_> = tags.chain(became.escalated.then_some(Outcome::Escalated)).collect();
        for outcome in happened.iter().chain(proposed.keys()).collect::<BTreeSet<_>>() {
            let Some(row) = bounded(&mut self.became, outcome.clone(), TAGS_MAX) else { continue };
            let is_so = u64::from(happened.contains(outcome));
            let [before, after] = proposed.get(outcome).copied().unwrap_or_default().map(u64::from);
            row.happened += is_so;
            row.baseline += before;
            row.candidate += after;
            row.baseline_and_happened += before & is_so;
            row.candidate_and_happened += after & is_so;
        }
    }

    /// What it comes to.
    pub fn report(&mut self, scores: &BTreeMap<String, f64>) -> Report {
        self.add_up_days();
        let mut report = self.sums.report();
        report.summary.not_asked = self.not_asked;
        report.conversations = self.conversations.report(scores);
        let proposed = |(_, row): &(&Outcome, &BecameRow)| row.baseline + row.candidate > 0;
        let mut part = WorkflowPart {
            happenings: self.happenings,
            by_workflow: named(&self.rows, |row, name| row.workflow = name),
            by_proposed: named(&self.proposed, |row, action| row.action = action),
            became: self.became.iter().filter(proposed).map(listed).collect(),
            gate: self.gate.clone(),
        };
        part.settle();
        report.workflows = Some(part);
        report
    }

    fn add_up_days(&mut self) {
        self.days.tallies().for_each(|(day, tally)| self.sums.take_day(day, &tally));
        self.days.clear();
    }
}

/// What an intent makes of a conversation that could become so without it.
fn outcomes(intent: &Intent) -> Vec<Outcome> {
    let tag = |tag: &Value| tag.as_str().map(|tag| Outcome::Tag(tag.to_owned()));
    match (intent.action.as_str(), intent.arguments.get("tags")) {
        ("escalate", _) => vec![Outcome::Escalated],
        ("tag.add", Some(Value::Array(tags))) => tags.iter().filter_map(tag).collect(),
        ("tag.add", Some(one)) => tag(one).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn listed((outcome, row): (&Outcome, &BecameRow)) -> BecameRow {
    let (what, tag) = match outcome {
        Outcome::Escalated => ("escalated", ""),
        Outcome::Tag(tag) => ("tag", tag.as_str()),
    };
    BecameRow { what: what.to_owned(), tag: tag.to_owned(), ..row.clone() }
}

fn named<R: Clone>(rows: &BTreeMap<String, R>, put: impl Fn(&mut R, String)) -> Vec<R> {
    let each = rows.iter().map(|(name, row)| {
        let mut row = row.clone();
        put(&mut row, name.clone());
        row
    });
    each.collect()
}
