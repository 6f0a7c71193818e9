//! The one function: a state and an entry in, verdicts out.

use super::compile::{Alerting, Matcher, Work};
use super::limits::EVIDENCE_BELOW_MAX;
use super::seen::Seen;
use super::state::{Hit, Kept, Overflow, State, kept};
use super::verdict::{Severity, Verdict, Why, dedup_key};
use super::window::{Input, Test, Window};
use super::{Detector, Running};
use hindcast_event::{Damaged, Entry, Timestamp};
use rsigma_eval::compiler::eval_condition;
use std::borrow::Cow;
use std::sync::Arc;

/// The action of entries that tell of an alert. Rules about alerts would alert for ever.
pub(crate) const RAISED: &str = "alert.raised";

/// Why an entry was not judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// Restore the state for this detector first.
    #[error("the state belongs to another set of rules")]
    OtherDetector,
    /// Hand in entries in the order of their indexes, each once.
    #[error("entry {given} was handed in where {next} or a later one was expected")]
    OutOfOrder {
        /// The index of the entry.
        given: u64,
        /// The least index expected.
        next: u64,
    },
    /// Go on with the next entry; the rules have no opinion on this one.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

/// What came of judging a run of entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Verdicts in the order of the entries, those of one entry in the order of the rules.
    pub verdicts: Vec<Verdict>,
    /// Entries that could not be read.
    pub damaged: Vec<u64>,
}

/// What comes into a correlation: a match of the entry itself, or a correlation below.
struct Coming {
    to: usize,
    input: usize,
    /// What a correlation below hands on; nothing for a match of the entry.
    handed_on: Option<HandedOn>,
}

/// What a correlation hands on to those above it.
#[derive(Clone)]
struct HandedOn {
    fields: Vec<(String, String)>,
    evidence: Vec<u64>,
    why: Why,
}

impl HandedOn {
    fn newest(&self) -> Box<[u64]> {
        self.evidence[self.evidence.len().saturating_sub(EVIDENCE_BELOW_MAX)..].into()
    }
}

impl Detector {
    /// Judges one entry and appends the verdicts. The state goes on by exactly this entry, whatever comes of it.
    pub fn judge(
        &self,
        state: &mut State,
        entry: &Entry<'_>,
        verdicts: &mut Vec<Verdict>,
    ) -> Result<(), JudgeError> {
        if state.detector != self.fingerprint {
            return Err(JudgeError::OtherDetector);
        }
        if entry.index < state.next {
            return Err(JudgeError::OutOfOrder { given: entry.index, next: state.next });
        }
        state.next = entry.index + 1;
        let seen = Seen::of(entry)?;
        if seen.action() == RAISED {
            return Ok(());
        }
        let action = lower(seen.action());
        let mut matched: Vec<(usize, usize)> = Vec::new();
        for (rule, place) in self.index.candidates(&action, seen.category()) {
            let (rule, place) = (rule as usize, place as usize);
            let running = &self.rules[rule];
            match running.compiled.judges.get(place).map(|judge| &judge.work) {
                Some(Work::Match { matcher, .. }) if matcher.matches(&seen) => matched.push((rule, place)),
                None => running.listen(place, state, &seen),
                Some(_) => {}
            }
        }
        let by_rule = matched.chunk_by(|one, other| one.0 == other.0);
        by_rule.for_each(|matched| self.rules[matched[0].0].judge(matched, state, &seen, verdicts));
        Ok(())
    }

    /// Judges a run of entries in the order of their indexes.
    pub fn judge_all<'e>(
        &self,
        state: &mut State,
        entries: impl IntoIterator<Item = Entry<'e>>,
    ) -> Result<Judged, JudgeError> {
        let mut judged = Judged::default();
        for entry in entries {
            match self.judge(state, &entry, &mut judged.verdicts) {
                Err(JudgeError::Damaged(_)) => judged.damaged.push(entry.index),
                other => other?,
            }
        }
        Ok(judged)
    }

    /// Sources that were heard of and are silent now. Whoever asks hands in the time; asking changes nothing.
    pub fn silences(&self, state: &State, now: Timestamp) -> Result<Vec<Verdict>, JudgeError> {
        if state.detector != self.fingerprint {
            return Err(JudgeError::OtherDetector);
        }
        let mut verdicts = Vec::new();
        for running in &self.rules {
            let pulses = &state.pulses[running.pulses_from..];
            for (listening, pulses) in running.compiled.listening.iter().zip(pulses) {
                for quiet in pulses.quiet(now.micros(), listening.patience) {
                    let group = vec![(listening.group_by.clone(), quiet.source.to_string())];
                    verdicts.push(Verdict {
                        rule: listening.rule.clone(),
                        rule_version: running.compiled.version.clone(),
                        title: listening.title.clone(),
                        severity: listening.severity,
                        dedup_key: dedup_key(&listening.rule, &group),
                        group,
                        at: now,
                        entry: None,
                        evidence: vec![quiet.since_entry],
                        why: Why::Silence { seconds: quiet.seconds, usual_seconds: quiet.usual_seconds },
                    });
                }
            }
        }
        Ok(verdicts)
    }
}

impl Running {
    fn listen(&self, place: usize, state: &mut State, seen: &Seen<'_>) {
        let nr = place - self.compiled.judges.len();
        let Some(listening) = self.compiled.listening.get(nr) else { return };
        if let (true, Some(source)) = (listening.matcher.matches(seen), seen.text(&listening.group_by)) {
            state.pulses[self.pulses_from + nr].hear(&source, seen.time().micros(), seen.index());
        }
    }

    /// Judges an entry that some detections of this rule match, then what correlations make of it, from below upwards.
    fn judge(
        &self,
        matched: &[(usize, usize)],
        state: &mut State,
        seen: &Seen<'_>,
        verdicts: &mut Vec<Verdict>,
    ) {
        let mut coming: Vec<Coming> = Vec::new();
        for &(_, place) in matched {
            let judge = &self.compiled.judges[place];
            let feeds = judge.feeds.iter();
            coming.extend(feeds.map(|&(to, input)| Coming { to, input, handed_on: None }));
            if let (Some(alert), Work::Match { group_by, .. }) = (&judge.alert, &judge.work) {
                let fields = group_by
                    .iter()
                    .filter_map(|field| Some((field.clone(), kept(&seen.text(field)?).to_string())));
                let why = Why::Entry { action: seen.action().to_owned() };
                verdicts.push(self.verdict(place, alert, seen, fields.collect(), vec![seen.index()], why));
            }
        }
        // Documents stand after those they correlate, so the lowest place is always ready.
        while let Some(next) = (0..coming.len()).min_by_key(|&at| (coming[at].to, coming[at].input)) {
            let one = coming.remove(next);
            self.correlate(&one, state, seen, verdicts, &mut coming);
        }
    }

    fn correlate(
        &self,
        one: &Coming,
        state: &mut State,
        seen: &Seen<'_>,
        verdicts: &mut Vec<Verdict>,
        coming: &mut Vec<Coming>,
    ) {
        let judge = &self.compiled.judges[one.to];
        let Work::Correlate(window) = &judge.work else { return };
        let input = &window.inputs[one.input];
        let source = Source { seen, handed_on: one.handed_on.as_ref() };
        let Some(values) = input.group.iter().map(|field| source.kept(field)).collect::<Option<Vec<_>>>()
        else {
            return;
        };
        let main = one.input < window.main;
        let value = if main { source.value(window, input) } else { Some(Kept::Nothing) };
        let Some(value) = value else { return };
        let hit = Hit {
            time: seen.time().micros(),
            entry: seen.index(),
            input: one.input as u16,
            value,
            under: one.handed_on.as_ref().map(HandedOn::newest).unwrap_or_default(),
            carried: input.carry.iter().map(|field| source.kept(field)).collect(),
        };
        let mut overflow = Overflow::default();
        let groups = &mut state.windows[self.windows_from + one.to];
        let added = groups.add(window, values, hit, &mut overflow);
        let held = added.and_then(|(group, at)| Some((window.holds(group, at)?, group)));
        if let Some((held, group)) = held {
            let (fields, evidence) = (window.handed_on(group), group.evidence(window.main));
            // One of several is no reason of its own: what is behind it says more.
            let why = match &one.handed_on {
                _ if !window.is_any() => held,
                Some(below) => below.why.clone(),
                None => Why::Entry { action: seen.action().to_owned() },
            };
            let below = HandedOn { fields, evidence, why };
            for &(to, input) in &judge.feeds {
                coming.push(Coming { to, input, handed_on: Some(below.clone()) });
            }
            if let Some(alert) = &judge.alert {
                verdicts.push(self.verdict(one.to, alert, seen, below.fields, below.evidence, below.why));
            }
        }
        if overflow != Overflow::default() {
            self.overflow(state, overflow);
        }
    }

    fn overflow(&self, state: &mut State, overflow: Overflow) {
        let name = self.compiled.info.first().map_or(self.key.as_str(), |info| &info.id);
        let so_far = state.overflows.entry(name.into()).or_default();
        so_far.groups += overflow.groups;
        so_far.matches += overflow.matches;
    }

    fn verdict(
        &self,
        place: usize,
        alert: &Alerting,
        seen: &Seen<'_>,
        group: Vec<(String, String)>,
        evidence: Vec<u64>,
        why: Why,
    ) -> Verdict {
        let raised =
            alert.raise.iter().filter(|(_, matcher)| matcher.matches(seen)).map(|&(level, _)| level).max();
        Verdict {
            rule: alert.rule.clone(),
            rule_version: self.compiled.version.clone(),
            title: self.compiled.judges[place].title.clone(),
            severity: raised.map_or(alert.severity, |raised: Severity| raised.max(alert.severity)),
            dedup_key: dedup_key(&alert.rule, &group),
            group,
            at: seen.time(),
            entry: Some(seen.index()),
            evidence,
            why,
        }
    }
}

/// Where a correlation finds the fields of what comes in.
struct Source<'s, 'e> {
    seen: &'s Seen<'e>,
    handed_on: Option<&'s HandedOn>,
}

impl Source<'_, '_> {
    fn text(&self, field: &str) -> Option<Cow<'_, str>> {
        match self.handed_on {
            None => self.seen.text(field),
            Some(below) => {
                let mut fields = below.fields.iter();
                fields.find(|(name, _)| name == field).map(|(_, value)| Cow::Borrowed(value.as_str()))
            }
        }
    }

    fn kept(&self, field: &str) -> Option<Arc<str>> {
        self.text(field).map(|text| kept(&text))
    }

    /// What is kept to be counted or added; nothing if the entry lacks it and so does not count.
    fn value(&self, window: &Window, input: &Input) -> Option<Kept> {
        match &window.test {
            Test::Entries | Test::Together(_) | Test::Ordered => Some(Kept::Nothing),
            Test::Distinct => match input.value.as_slice() {
                [one] => self.kept(one).map(Kept::Text),
                several => {
                    let parts = several.iter().map(|field| self.text(field).map(Cow::into_owned));
                    let parts: Option<Vec<_>> = parts.collect();
                    Some(Kept::Text(kept(&parts?.join("\u{1f}"))))
                }
            },
            Test::Sum | Test::Average | Test::Percentile(_) | Test::Median => {
                let field = input.value.first()?;
                let number = match self.handed_on {
                    None => self.seen.number(field),
                    Some(_) => self.text(field).and_then(|text| text.parse().ok()),
                };
                number.filter(|number| number.is_finite()).map(Kept::Number)
            }
        }
    }
}

impl Matcher {
    fn matches(&self, seen: &Seen<'_>) -> bool {
        let rule = &self.rule;
        rule.conditions
            .iter()
            .any(|condition| eval_condition(condition, &rule.detections, seen, &mut Vec::new()))
    }
}

/// Sigma compares without regard to case, and so does the index.
pub(super) fn lower(action: &str) -> Cow<'_, str> {
    let is_lower = action.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(action) } else { Cow::Owned(action.to_lowercase()) }
}

#[cfg(test)]
mod tests {
    use super::super::seen::tests::entries;
    use super::*;
    use crate::detection::{Lists, RuleText};
    use crate::pack::SHIPPED;
    use hindcast_event::Registry;
    use std::collections::BTreeMap;

    /// Facts and values that most rules ask for.
    const FACTS: &str = r#"{"actor_age_days":400,"actor_dormant_days":400,"actor_is_bot":true,"after_impersonation":true,
        "change_widens":true,"country_new_for_actor":true,"hour_share_30d":0,"ip_new_for_actor":true,"off_hours":true,
        "same_action_1h":900,"self_target":true,"target_host_new":true,"travel_kmh":9000,"z_same_action_30d":9}"#;

    #[test]
    fn whatever_matches_was_a_candidate() {
        let text = |rule: &crate::pack::Shipped| RuleText {
            key: rule.code,
            yaml: rule.yaml,
            tuned: BTreeMap::new(),
        };
        let texts: Vec<_> = SHIPPED.iter().map(text).collect();
        let (detector, _) = Detector::compile(&texts, &Lists::new());
        let facts = FACTS.replace(['\n', ' '], "");
        let mut matches = 0;
        for action in Registry::builtin()
            .all()
            .iter()
            .map(|activity| activity.code)
            .chain(["order.refund", "User.Signed_In"])
        {
            for kind in ["user", "agent", "system"] {
                let draft = format!(
                    r#"{{"action":"{action}","actor":{{"type":"{kind}","id":"a"}},"metadata":{{"after":false,"enabled":false,"tool":"refund"}}}}"#
                );
                let entries = entries(&draft, Some(&facts));
                let seen = Seen::of(&entries.get(0).expect("one")).expect("whole");
                let candidates: Vec<_> =
                    detector.index.candidates(&lower(seen.action()), seen.category()).collect();
                assert!(candidates.is_sorted() && candidates.len() < 60, "{action}: {}", candidates.len());
                for (rule, running) in detector.rules.iter().enumerate() {
                    for (place, judge) in running.compiled.judges.iter().enumerate() {
                        let Work::Match { matcher, .. } = &judge.work else { continue };
                        if matcher.matches(&seen) {
                            matches += 1;
                            assert!(
                                candidates.contains(&(rule as u32, place as u32)),
                                "{action}: {}",
                                judge.handle
                            );
                        }
                    }
                }
            }
        }
        assert!(matches > 500, "{matches}");
    }
}
