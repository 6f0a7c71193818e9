//! From the text of a rule to something that can judge.

use super::document::{Body, Document, Tuned, nested, read};
use super::examine::{Examiner, Lists};
use super::flaw::{Flaw, Place, Problem};
use super::info::RuleInfo;
use super::limits::TIMESPAN_SECONDS_MAX;
use super::reach::Reach;
use super::silence::Patience;
use super::verdict::Severity;
use super::window::Window;
use rsigma_eval::{CompiledRule, compile_rule};
use rsigma_parser::{Level, SigmaRule, Timespan};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One detection, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pub rule: CompiledRule,
    pub reach: Reach,
}

/// One document of a rule that can judge.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    pub handle: String,
    pub title: Arc<str>,
    /// What it says when it matches; nothing if it only feeds a correlation.
    pub alert: Option<Alerting>,
    /// The documents it feeds: their place in the rule and which of their inputs it is.
    pub feeds: Vec<(usize, usize)>,
    pub work: Work,
}

#[derive(Clone, Debug)]
pub(crate) enum Work {
    Match { matcher: Box<Matcher>, group_by: Vec<String> },
    Correlate(Box<Window>),
}

#[derive(Clone, Debug)]
pub(crate) struct Alerting {
    pub rule: Arc<str>,
    pub severity: Severity,
    pub raise: Vec<(Severity, Matcher)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Listening {
    pub rule: Arc<str>,
    pub title: Arc<str>,
    pub severity: Severity,
    pub matcher: Matcher,
    pub group_by: String,
    pub patience: Patience,
}

/// A rule that can judge: its documents, those that feed others before those.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub version: Arc<str>,
    pub judges: Vec<Judge>,
    pub listening: Vec<Listening>,
    pub info: Vec<RuleInfo>,
}

/// What came of a text: a rule unless there are errors.
pub(crate) struct Outcome {
    pub compiled: Option<Compiled>,
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

pub(crate) fn compile(text: &str, tuned: &BTreeMap<String, Tuned>, lists: &Lists) -> Outcome {
    let documents = match read(text, tuned) {
        Ok(documents) => documents,
        Err(errors) => return Outcome { compiled: None, errors, warnings: Vec::new() },
    };
    let mut rule = Rule {
        documents: &documents,
        lists,
        errors: Vec::new(),
        warnings: Vec::new(),
        asleep: Vec::new(),
        fields: Vec::new(),
    };
    let compiled = rule.compile(version(text, tuned, lists));
    let Rule { mut errors, mut warnings, .. } = rule;
    errors.sort_by_key(|problem| problem.place);
    warnings.sort_by_key(|problem| problem.place);
    Outcome { compiled: compiled.filter(|_| errors.is_empty()), errors, warnings }
}

/// Sixteen hexadecimal digits over everything that decides what the rule says.
fn version(text: &str, tuned: &BTreeMap<String, Tuned>, lists: &Lists) -> Arc<str> {
    let used = lists.iter().filter(|(name, _)| text.contains(&format!("%{name}%")));
    let used: Vec<_> = used.collect();
    let hash = Sha256::digest(format!("{text}\0{tuned:?}\0{used:?}"));
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// A rule while it is compiled.
pub(crate) struct Rule<'a> {
    pub documents: &'a [Document],
    lists: &'a Lists,
    pub errors: Vec<Problem>,
    warnings: Vec<Problem>,
    pub asleep: Vec<String>,
    pub fields: Vec<String>,
}

impl<'a> Rule<'a> {
    fn compile(&mut self, version: Arc<str>) -> Option<Compiled> {
        self.named_once();
        let order = self.order()?;
        let alerting = self.alerting();
        let mut judges = Vec::new();
        let mut listening = Vec::new();
        for &at in &order {
            let document = &self.documents[at];
            let work = match &document.body {
                Body::Rule(rule) => self.detection(document, rule),
                Body::Correlation(rule) => self.correlation(document, rule),
            };
            let alert = if alerting[at] { self.alert(document, &mut listening) } else { None };
            let (handle, title) = (document.handle().to_owned(), document.title.as_str().into());
            judges.push(Judge { handle, title, alert, feeds: Vec::new(), work: work? });
        }
        self.feed(&order, &mut judges);
        if !self.asleep.is_empty() {
            judges.iter_mut().for_each(|judge| judge.alert = None);
            listening.clear();
        }
        let mut info: Vec<_> =
            order.iter().filter(|&&at| alerting[at]).map(|&at| self.info(at, &version)).collect();
        let reaches = judges.iter().filter_map(|judge| match &judge.work {
            Work::Match { matcher, .. } => Some(&matcher.reach),
            Work::Correlate(_) => None,
        });
        let mut actions: Vec<String> = reaches
            .filter_map(|reach| if let Reach::Some { actions, .. } = reach { Some(actions) } else { None })
            .flatten()
            .cloned()
            .collect();
        actions.sort_unstable();
        actions.dedup();
        info.iter_mut().for_each(|info| info.actions.clone_from(&actions));
        Some(Compiled { version, judges, listening, info })
    }

    /// Names and ids lead to one document each; what is remembered is kept under them.
    fn named_once(&mut self) {
        for (at, document) in self.documents.iter().enumerate() {
            let before = &self.documents[..at];
            let words = [Some(document.handle()), document.id.as_deref(), document.name.as_deref()];
            let taken = |word: &&str| before.iter().any(|one| one.is_called(word) || one.handle() == *word);
            if let Some(word) = words.into_iter().flatten().find(taken) {
                let expected = "a name that no other document of the file has".to_owned();
                self.errors
                    .push(document.problem(word, Flaw::Invalid { attribute: word.to_owned(), expected }));
            }
        }
    }

    /// The documents so that each comes after those it correlates; nothing if that cannot be.
    fn order(&mut self) -> Option<Vec<usize>> {
        let mut order: Vec<usize> = Vec::new();
        let mut waiting: Vec<usize> = (0..self.documents.len()).collect();
        let mut broken = false;
        while !waiting.is_empty() {
            let ready = |at: usize, order: &[usize]| {
                self.references(at).iter().all(|&(_, of)| of.is_none_or(|of| order.contains(&of)))
            };
            let (now, later): (Vec<usize>, Vec<usize>) = waiting.iter().partition(|&&at| ready(at, &order));
            if now.is_empty() {
                let document = &self.documents[later[0]];
                let expected = "correlations that do not lead back to themselves".to_owned();
                let flaw = Flaw::Invalid { attribute: "rules".into(), expected };
                self.errors.push(document.problem("rules", flaw));
                return None;
            }
            order.extend(now);
            waiting = later;
        }
        for (at, document) in self.documents.iter().enumerate() {
            for (name, _) in self.references(at).into_iter().filter(|(_, of)| of.is_none()) {
                broken = true;
                self.errors.push(document.problem(&name, Flaw::UnknownRule { name: name.clone() }));
            }
        }
        (!broken).then_some(order)
    }

    /// The words a correlation calls others by, with the documents they mean.
    pub fn references(&self, at: usize) -> Vec<(String, Option<usize>)> {
        let document = &self.documents[at];
        let Body::Correlation(rule) = &document.body else { return Vec::new() };
        let share = document.extension.share.iter().flat_map(|share| &share.of);
        let find = |name: &String| self.documents.iter().position(|one| one.is_called(name));
        rule.rules.iter().chain(share).map(|name| (name.clone(), find(name))).collect()
    }

    /// Which documents alert: those that no correlation keeps to itself. One that has only a name was meant for a correlation.
    fn alerting(&mut self) -> Vec<bool> {
        let mut alerting = vec![true; self.documents.len()];
        let mut meant: Vec<usize> = Vec::new();
        for at in 0..self.documents.len() {
            let Body::Correlation(rule) = &self.documents[at].body else { continue };
            let referred: Vec<_> = self.references(at).iter().filter_map(|&(_, of)| of).collect();
            if !rule.generate {
                referred.iter().for_each(|&of| alerting[of] = false);
            }
            meant.extend(referred);
        }
        for (at, document) in self.documents.iter().enumerate() {
            if document.id.is_none() && document.name.is_some() && !meant.contains(&at) {
                let flaw = Flaw::Weakened(format!("no correlation refers to `{}`", document.handle()));
                self.warnings.push(document.problem(document.handle(), flaw));
                alerting[at] = false;
            }
        }
        if !alerting.contains(&true) {
            let expected = "a rule that alerts needs an id of its own, a UUID";
            self.errors.push(at_start(Flaw::Missing { attribute: "id".into(), expected }));
        }
        alerting
    }

    pub fn examine(&mut self, document: &'a Document, look: impl FnOnce(&mut Examiner<'a>)) {
        let mut examiner = Examiner::of(document, self.lists);
        look(&mut examiner);
        self.errors.extend(examiner.errors);
        self.warnings.extend(examiner.warnings);
        self.asleep.extend(examiner.empty_lists);
        for field in examiner.fields {
            if !self.fields.contains(&field) {
                self.fields.push(field);
            }
        }
    }

    fn matcher(&mut self, document: &'a Document, rule: &SigmaRule) -> Option<Matcher> {
        let mut rule = rule.clone();
        let before = self.errors.len();
        self.examine(document, |examiner| examiner.detections(&mut rule.detection));
        if self.errors.len() > before {
            return None;
        }
        let reach = Reach::of(&rule.detection);
        // A match carries copies of these; the judge knows them already.
        (rule.title, rule.id, rule.tags, rule.description) = (String::new(), None, Vec::new(), None);
        rule.falsepositives.clear();
        rule.custom_attributes.clear();
        match compile_rule(&rule) {
            Ok(rule) => Some(Matcher { rule, reach }),
            Err(error) => {
                self.errors.push(document.problem("detection", Flaw::Sigma(error.to_string())));
                None
            }
        }
    }

    fn detection(&mut self, document: &'a Document, rule: &SigmaRule) -> Option<Work> {
        let log = rule.logsource.product.as_deref();
        if log.is_some_and(|product| product != "hindcast") {
            let feature = format!("the log source `{}`", log.unwrap_or_default());
            let hint = Some(
                "rules for other products ask for other fields; write `product: hindcast` and our fields",
            );
            self.errors.push(document.problem("product", Flaw::Unsupported { feature, hint }));
        }
        if rule.taxonomy.as_deref().is_some_and(|taxonomy| taxonomy != "hindcast") {
            let hint = Some("write `taxonomy: hindcast`, whose fields docs/detection.md lists");
            let feature = format!("the taxonomy `{}`", rule.taxonomy.as_deref().unwrap_or_default());
            self.errors.push(document.problem("taxonomy", Flaw::Unsupported { feature, hint }));
        }
        let extension = &document.extension;
        let group_by = extension.group_by.clone().unwrap_or_else(|| vec!["actor.id".to_owned()]);
        self.examine(document, |examiner| {
            group_by.iter().for_each(|field| examiner.group_field(field));
            if !rule.scope.is_empty() {
                examiner.warn("scope", "`scope` has no effect");
            }
            if extension.share.is_some() {
                let flaw = Flaw::Unsupported { feature: "`share` without a correlation".into(), hint: None };
                examiner.error("share", flaw);
            }
            if !extension.carry.is_empty() {
                let flaw = Flaw::Unsupported { feature: "`carry` without a correlation".into(), hint: None };
                examiner.error("carry", flaw);
            }
        });
        let matcher = self.matcher(document, rule)?;
        Some(Work::Match { matcher: Box::new(matcher), group_by })
    }

    fn alert(&mut self, document: &'a Document, listening: &mut Vec<Listening>) -> Option<Alerting> {
        let Some(id) = document.id.as_deref().filter(|id| is_uuid(id)) else {
            let expected = "a rule that alerts needs an id of its own, a UUID";
            self.errors.push(document.problem("id", Flaw::Missing { attribute: "id".into(), expected }));
            return None;
        };
        let rule: Arc<str> = id.into();
        if document.level.is_none() {
            self.examine(document, |examiner| examiner.warn("title", "without `level` it counts as medium"));
        }
        let severity = severity(document.level.unwrap_or(Level::Medium));
        let mut raise = Vec::new();
        for one in &document.extension.raise {
            let Some(raised) = Severity::parse(&one.level) else {
                let expected = Severity::ALL.map(Severity::as_str).join(", ");
                let flaw =
                    Flaw::Invalid { attribute: "raise".into(), expected: format!("one of {expected}") };
                self.errors.push(document.problem(&one.level, flaw));
                continue;
            };
            raise.extend(self.nested(document, "raise", &one.detection).map(|matcher| (raised, matcher)));
        }
        if let Some(silence) = &document.extension.silence {
            self.examine(document, |examiner| examiner.group_field(&silence.group_by));
            let at_least = self.timespan(document, &silence.at_least);
            let matcher = self.nested(document, "silence", &silence.detection);
            if let (Some(at_least_micros), Some(matcher)) = (at_least, matcher) {
                let patience = Patience { times: silence.times.max(1.0), at_least_micros };
                let (title, group_by) = (document.title.as_str().into(), silence.group_by.clone());
                listening.push(Listening {
                    rule: rule.clone(),
                    title,
                    severity,
                    matcher,
                    group_by,
                    patience,
                });
            }
        }
        Some(Alerting { rule, severity, raise })
    }

    fn nested(
        &mut self,
        document: &'a Document,
        word: &str,
        detection: &yaml_serde::Value,
    ) -> Option<Matcher> {
        match nested(detection) {
            Ok(rule) => self.matcher(document, &rule),
            Err(flaw) => {
                self.errors.push(document.problem(word, flaw));
                None
            }
        }
    }

    fn timespan(&mut self, document: &Document, text: &str) -> Option<i64> {
        let seconds =
            Timespan::parse(text).ok().map(|span| span.seconds).filter(|&s| s <= TIMESPAN_SECONDS_MAX);
        if seconds.is_none() {
            let expected = "a duration such as \"10m\", at most 31 days".to_owned();
            self.errors.push(document.problem(text, Flaw::Invalid { attribute: text.to_owned(), expected }));
        }
        Some(i64::try_from(seconds?).ok()? * 1_000_000)
    }

    fn feed(&self, order: &[usize], judges: &mut [Judge]) {
        for (place, &at) in order.iter().enumerate() {
            for (input, (_, of)) in self.references(at).into_iter().enumerate() {
                let fed = of.and_then(|of| order.iter().position(|&one| one == of));
                if let Some(judge) = fed.and_then(|fed| judges.get_mut(fed)) {
                    judge.feeds.push((place, input));
                }
            }
        }
    }
}

pub(crate) fn severity(level: Level) -> Severity {
    match level {
        Level::Informational => Severity::Informational,
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
        Level::Critical => Severity::Critical,
    }
}

fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match dashes.contains(&at) {
            true => byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}

/// Where a text begins, for flaws that have no other place.
pub(crate) fn at_start(flaw: Flaw) -> Problem {
    Problem { place: Place::START, flaw }
}
