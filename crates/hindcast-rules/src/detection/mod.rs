//! Detection: Sigma rules over entries, one function for live alerting and for backtests.
//!
//! A [`Detector`] is compiled once from a set of rules. What it remembers of a workspace is a [`State`]; judging an entry
//! changes that state and answers with verdicts, and nothing else: the time is the entry's own. So a state that was exported
//! and restored goes on as if nothing had happened, and entries give the same verdicts one by one or all at once.

mod compile;
mod correlation;
mod document;
mod examine;
mod export;
mod extension;
mod fields;
mod flaw;
mod info;
mod judge;
pub mod limits;
mod raw;
mod reach;
mod seen;
mod silence;
mod state;
mod untold;
mod verdict;
mod window;

pub use document::Tuned;
pub use examine::Lists;
pub use export::NotRestored;
pub use extension::Need;
pub(crate) use fields::distance;
pub use fields::fields;
pub use flaw::{Flaw, Place, Problem};
pub use info::{RuleInfo, TunableInfo};
pub(crate) use judge::RAISED;
pub use judge::{JudgeError, Judged};
pub(crate) use seen::Seen;
pub use seen::time_of;
pub use state::{Overflow, State};
pub use untold::Untold;
pub use verdict::{Measure, Severity, Verdict, Why};

use compile::{Compiled, at_start, compile};
use limits::RULES_MAX;
use reach::Reach;
use std::collections::BTreeMap;

/// The text of a rule and what the operator set for it.
#[derive(Clone, Debug, Default)]
pub struct RuleText<'a> {
    /// What the caller calls it: a file name, an id of the catalog. State is kept under it, so it stays the same.
    pub key: &'a str,
    /// Its Sigma YAML, all documents.
    pub yaml: &'a str,
    /// Tuned values by the names of the rule's tunables.
    pub tuned: BTreeMap<String, Tuned>,
}

/// A rule that does not run, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// What the caller calls it.
    pub key: String,
    /// What is wrong with it.
    pub errors: Vec<Problem>,
}

/// What a text comes to, for those who write rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The rules that would alert; none if there are errors.
    pub rules: Vec<RuleInfo>,
    /// Why it cannot run.
    pub errors: Vec<Problem>,
    /// Where it means less than it seems to.
    pub warnings: Vec<Problem>,
}

/// Looks over the text of a rule without running it.
pub fn check(rule: &RuleText<'_>, lists: &Lists) -> Checked {
    let outcome = compile(rule.yaml, &rule.tuned, lists);
    let rules = outcome.compiled.map(|compiled| compiled.info).unwrap_or_default();
    Checked { rules, errors: outcome.errors, warnings: outcome.warnings }
}

/// Rules ready to judge, the same for all workspaces.
#[derive(Clone, Debug)]
pub struct Detector {
    /// Tells states of this detector from those of others.
    fingerprint: u64,
    rules: Vec<Running>,
    index: Index,
}

#[derive(Clone, Debug)]
struct Running {
    key: String,
    compiled: Compiled,
    /// Where its correlations keep their state: the first of its windows.
    windows_from: usize,
    pulses_from: usize,
}

/// Which detections an entry can match, by what it is. A detection is named by its rule and its place there; places past the
/// rule's documents are what it listens to.
#[derive(Clone, Debug, Default)]
struct Index {
    by_action: BTreeMap<String, Vec<(u32, u32)>>,
    by_category: BTreeMap<String, Vec<(u32, u32)>>,
    always: Vec<(u32, u32)>,
}

impl Detector {
    /// Compiles a set of rules. Those that cannot run are named and do not keep the others from it.
    pub fn compile(rules: &[RuleText<'_>], lists: &Lists) -> (Self, Vec<Refused>) {
        let mut running: Vec<Running> = Vec::new();
        let mut refused = Vec::new();
        let (mut windows_from, mut pulses_from) = (0, 0);
        for text in rules {
            let mut outcome = compile(text.yaml, &text.tuned, lists);
            let compiled = outcome.compiled.filter(|compiled| {
                let twice = twice(&running, text.key, compiled).or_else(|| too_many(running.len()));
                outcome.errors.extend(twice.map(at_start));
                outcome.errors.is_empty()
            });
            let Some(compiled) = compiled else {
                refused.push(Refused { key: text.key.to_owned(), errors: outcome.errors });
                continue;
            };
            let (windows, pulses) = (compiled.judges.len(), compiled.listening.len());
            running.push(Running { key: text.key.to_owned(), compiled, windows_from, pulses_from });
            (windows_from, pulses_from) = (windows_from + windows, pulses_from + pulses);
        }
        (Self::of(running), refused)
    }

    fn of(rules: Vec<Running>) -> Self {
        let mut index = Index::default();
        for (rule, running) in rules.iter().enumerate() {
            for (place, reach) in running.reaches() {
                index.insert((rule as u32, place as u32), reach);
            }
        }
        let identity: Vec<_> = rules.iter().map(|rule| (&rule.key, &rule.compiled.version)).collect();
        Self { fingerprint: fingerprint(&format!("{identity:?}")), rules, index }
    }

    /// The rules that run, with what there is to know of them.
    pub fn rules(&self) -> impl Iterator<Item = &RuleInfo> {
        self.rules.iter().flat_map(|rule| &rule.compiled.info)
    }

    /// The same with the keys of their texts.
    pub fn keyed_rules(&self) -> impl Iterator<Item = (&str, &RuleInfo)> {
        self.rules.iter().flat_map(|rule| rule.compiled.info.iter().map(|info| (rule.key.as_str(), info)))
    }

    /// Whether the rule with this id tells of sources that fall silent too, which [`Self::silences`] asks about.
    pub fn listens(&self, rule: &str) -> bool {
        self.rules.iter().any(|running| running.compiled.listening.iter().any(|one| *one.rule == *rule))
    }

    /// The state of a workspace of which nothing is known yet.
    pub fn state(&self, workspace: &str) -> State {
        let windows = self.rules.iter().map(|rule| rule.compiled.judges.len()).sum();
        let pulses = self.rules.iter().map(|rule| rule.compiled.listening.len()).sum();
        State {
            workspace: workspace.to_owned(),
            detector: self.fingerprint,
            windows: vec![state::Groups::default(); windows],
            pulses: vec![silence::Pulses::default(); pulses],
            next: 0,
            overflows: BTreeMap::new(),
        }
    }
}

impl Running {
    /// What each of its detections can match, what it listens to after its documents.
    fn reaches(&self) -> impl Iterator<Item = (usize, &Reach)> {
        let judges = self.compiled.judges.iter().map(|judge| match &judge.work {
            compile::Work::Match { matcher, .. } => Some(&matcher.reach),
            compile::Work::Correlate(_) => None,
        });
        let listening = self.compiled.listening.iter().map(|listening| Some(&listening.matcher.reach));
        judges.chain(listening).enumerate().filter_map(|(place, reach)| Some((place, reach?)))
    }
}

impl Index {
    fn insert(&mut self, place: (u32, u32), reach: &Reach) {
        let Reach::Some { actions, categories } = reach else { return self.always.push(place) };
        for action in actions {
            self.by_action.entry(action.clone()).or_default().push(place);
        }
        for category in categories {
            self.by_category.entry(category.clone()).or_default().push(place);
        }
    }

    /// The detections worth asking about an entry, in the order of the rules.
    fn candidates<'i>(&'i self, action: &str, category: &str) -> impl Iterator<Item = (u32, u32)> + use<'i> {
        let of = |map: &'i BTreeMap<String, Vec<(u32, u32)>>, word| {
            map.get(word).map(Vec::as_slice).unwrap_or_default()
        };
        // Each list ascends, so the least of their heads comes next.
        let mut lists = [of(&self.by_action, action), of(&self.by_category, category), &self.always];
        std::iter::from_fn(move || {
            let next = *lists.iter().filter_map(|list| list.first()).min()?;
            for list in &mut lists {
                *list = list.strip_prefix(&[next]).unwrap_or(list);
            }
            Some(next)
        })
    }
}

/// A key or an id that a rule before this one has taken.
fn twice(running: &[Running], key: &str, compiled: &Compiled) -> Option<Flaw> {
    let taken = |id: &str| running.iter().flat_map(|rule| &rule.compiled.info).any(|info| info.id == id);
    let id = compiled.info.iter().find(|info| taken(&info.id)).map(|info| info.id.clone());
    let key = running.iter().any(|rule| rule.key == key).then(|| key.to_owned());
    let attribute = id.or(key)?;
    Some(Flaw::Invalid { attribute, expected: "an id that no other rule has".into() })
}

fn too_many(running: usize) -> Option<Flaw> {
    let (max, found) = (RULES_MAX as u64, running as u64 + 1);
    (running >= RULES_MAX).then(|| Flaw::TooMuch { what: "rules".into(), max, found })
}

fn fingerprint(text: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    hash.iter().take(8).fold(0, |sum, &byte| (sum << 8) | u64::from(byte))
}
