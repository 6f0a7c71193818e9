//! What rules cannot tell of an entry, because something of it that they ask for was erased meanwhile.
//!
//! Live, a rule saw it; today nobody does. A detection is asked again with everything that it reads of an erased section held
//! for unknown, and what stays undecided is told with its fields. A fact that was never recorded is no such thing: it was absent
//! for the rule then, and is absent now.

#![expect(
    clippy::disallowed_types,
    reason = "Sigma's compiler keeps detections so; which comes first decides nothing here"
)]

use super::compile::{Judge, Matcher, Work};
use super::fields::several;
use super::seen::Seen;
use super::{Detector, Running};
use crate::workflow::Truth;
use hindcast_event::{Damaged, Entry, Remnant, Salts};
use rsigma_eval::compiler::eval_condition;
use rsigma_eval::{CompiledDetection, CompiledDetectionItem, Event as _};
use rsigma_parser::{ConditionExpr, Quantifier};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A rule that may have said something else of an entry when the entry was whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// The id of the rule.
    pub rule: Arc<str>,
    /// The fields that it asks for and that were erased, as rules write them; `*` where it looks through all texts.
    pub missing: BTreeSet<String>,
}

impl Detector {
    /// The rules that cannot be sure of an entry, in the order of their ids; none of one of which nothing was erased.
    pub fn untold(&self, entry: &Entry<'_>) -> Result<Vec<Untold>, Damaged> {
        let Salts::Left(left) = entry.salts else { return Ok(Vec::new()) };
        let seen = Seen::of(entry)?;
        let mut lost = Lost { seen: &seen, named: BTreeSet::new(), is_nameless: false };
        for remnant in left.remnants() {
            match remnant {
                Remnant::Digest { name: Some(name), .. } => drop(lost.named.insert(name)),
                Remnant::Digest { name: None, .. } => lost.is_nameless = true,
                Remnant::Salt(_) => {}
            }
        }
        let mut untold: BTreeMap<&Arc<str>, BTreeSet<String>> = BTreeMap::new();
        for (rule, place) in self.index.candidates(&super::judge::lower(seen.action()), seen.category()) {
            let Some(running) = self.rules.get(rule as usize) else { continue };
            running.untold(place as usize, &lost, &mut untold);
        }
        Ok(untold.into_iter().map(|(rule, missing)| Untold { rule: rule.clone(), missing }).collect())
    }
}

impl Running {
    /// Adds what a detection cannot be sure of to the rules that hear of it.
    fn untold<'r>(
        &'r self,
        place: usize,
        lost: &Lost<'_, '_>,
        untold: &mut BTreeMap<&'r Arc<str>, BTreeSet<String>>,
    ) {
        let Some(Judge { work: Work::Match { matcher, .. }, alert, feeds, .. }) =
            self.compiled.judges.get(place)
        else {
            return;
        };
        let mut missing = BTreeSet::new();
        let truth = lost.matcher(matcher, &mut missing);
        if truth == Truth::No {
            return;
        }
        if let (Some(alert), Truth::Unknown) = (alert, truth) {
            untold.entry(&alert.rule).or_default().extend(missing.iter().cloned());
        }
        for &(to, input) in feeds {
            self.hand_on(to, input, truth, &missing, lost, untold);
        }
    }

    /// What counts may count in another group, or not at all, where what is grouped by or counted is gone.
    fn hand_on<'r>(
        &'r self,
        place: usize,
        input: usize,
        truth: Truth,
        missing: &BTreeSet<String>,
        lost: &Lost<'_, '_>,
        untold: &mut BTreeMap<&'r Arc<str>, BTreeSet<String>>,
    ) {
        let Some(judge) = self.compiled.judges.get(place) else { return };
        let Work::Correlate(window) = &judge.work else { return };
        let Some(input) = window.inputs.get(input) else { return };
        let mut missing = missing.clone();
        let reads = input.group.iter().chain(&input.value);
        missing.extend(reads.filter(|field| lost.has(field)).cloned());
        if truth == Truth::Yes && missing.is_empty() {
            return;
        }
        if let Some(alert) = &judge.alert {
            untold.entry(&alert.rule).or_default().extend(missing.iter().cloned());
        }
        for &(to, input) in &judge.feeds {
            self.hand_on(to, input, Truth::Unknown, &missing, lost, untold);
        }
    }
}

/// What was erased of an entry.
struct Lost<'l, 'e> {
    seen: &'l Seen<'e>,
    /// Sections whose names may stay.
    named: BTreeSet<&'l str>,
    /// Others: metadata, changes.
    is_nameless: bool,
}

impl Lost<'_, '_> {
    /// Whether a field lies in what was erased, or may.
    fn has(&self, field: &str) -> bool {
        let section = field.split_once('.').map_or(field, |(section, _)| section);
        match section {
            "target" | "targets" => {
                self.named.iter().any(|name| name.starts_with("target.")) || self.open(field)
            }
            "metadata" | "changes" | "before" | "after" => self.open(field),
            section => self.named.contains(section),
        }
    }

    /// A section that has a name of its own may be gone with its name.
    fn open(&self, field: &str) -> bool {
        self.is_nameless && (several(field) || self.seen.get_field(field).is_none())
    }

    fn matcher(&self, matcher: &Matcher, missing: &mut BTreeSet<String>) -> Truth {
        let rule = &matcher.rule;
        Truth::any(
            rule.conditions.iter().map(|condition| self.condition(condition, &rule.detections, missing)),
        )
    }

    fn condition(
        &self,
        condition: &ConditionExpr,
        named: &HashMap<String, CompiledDetection>,
        missing: &mut BTreeSet<String>,
    ) -> Truth {
        let mut each = |parts: &[ConditionExpr]| -> Vec<Truth> {
            parts.iter().map(|part| self.condition(part, named, missing)).collect()
        };
        match condition {
            ConditionExpr::And(parts) => Truth::all(each(parts)),
            ConditionExpr::Or(parts) => Truth::any(each(parts)),
            ConditionExpr::Not(inner) => !self.condition(inner, named, missing),
            ConditionExpr::Identifier(name) => {
                named.get(name).map_or(Truth::No, |detection| self.detection(detection, missing))
            }
            ConditionExpr::Selector { quantifier, pattern } => {
                let selected = named.iter().filter(|(name, _)| pattern.matches_detection_name(name));
                let all: Vec<Truth> =
                    selected.map(|(_, detection)| self.detection(detection, missing)).collect();
                match quantifier {
                    Quantifier::Any => Truth::any(all),
                    Quantifier::All => Truth::all(all),
                    &Quantifier::Count(wanted) => at_least(wanted, &all),
                }
            }
        }
    }

    fn detection(&self, detection: &CompiledDetection, missing: &mut BTreeSet<String>) -> Truth {
        match detection {
            CompiledDetection::AllOf(items) => {
                Truth::all(items.iter().map(|item| self.item(item, missing)).collect::<Vec<_>>())
            }
            CompiledDetection::And(parts) => {
                Truth::all(parts.iter().map(|part| self.detection(part, missing)).collect::<Vec<_>>())
            }
            CompiledDetection::AnyOf(parts) => {
                Truth::any(parts.iter().map(|part| self.detection(part, missing)).collect::<Vec<_>>())
            }
            // Any text may have stood in what is gone. Rules that look into arrays are refused before.
            CompiledDetection::Keywords(_)
            | CompiledDetection::ArrayMatch { .. }
            | CompiledDetection::Conditional { .. } => {
                self.or_lost(holds(detection, self.seen), "*", missing)
            }
        }
    }

    fn item(&self, item: &CompiledDetectionItem, missing: &mut BTreeSet<String>) -> Truth {
        let holds = holds(&CompiledDetection::AllOf(vec![item.clone()]), self.seen);
        match item.field.as_deref() {
            None => self.or_lost(holds, "*", missing),
            Some(field) if !self.has(field) => holds.into(),
            // One of several that is left is enough.
            Some(field) if several(field) => self.or_lost(holds, field, missing),
            Some(field) => {
                missing.insert(field.to_owned());
                Truth::Unknown
            }
        }
    }

    /// It holds, or may have held of what is gone.
    fn or_lost(&self, holds: bool, field: &str, missing: &mut BTreeSet<String>) -> Truth {
        if holds {
            return Truth::Yes;
        }
        missing.insert(field.to_owned());
        Truth::Unknown
    }
}

/// What the judge itself says of a part.
fn holds(detection: &CompiledDetection, seen: &Seen<'_>) -> bool {
    let named = HashMap::from([(String::new(), detection.clone())]);
    eval_condition(&ConditionExpr::Identifier(String::new()), &named, seen, &mut Vec::new())
}

/// Whether so many hold.
fn at_least(wanted: u64, all: &[Truth]) -> Truth {
    let count = |one: Truth| all.iter().filter(|truth| **truth >= one).count() as u64;
    match (count(Truth::Yes), count(Truth::Unknown)) {
        (certain, _) if certain >= wanted => Truth::Yes,
        (_, possible) if possible >= wanted => Truth::Unknown,
        _ => Truth::No,
    }
}
