//! A set of policies: read, checked against the vocabulary, and ready to judge.

use super::condition::{Condition, takes_action, takes_principal};
use super::flaw::{Flaw, nearest, place};
use super::limits::{FLAWS_MAX, ID_BYTES_MAX, POLICIES_MAX, TEXT_BYTES_MAX, TIMEOUT_SECONDS_MAX};
use super::text::{Statement, statements, too_much};
use super::vocabulary::Vocabulary;
use crate::detection::Severity;
use cedar_policy::{Effect, Policy, PolicyId, ValidationMode, ValidationWarning, Validator, pst};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The annotations that mean something to us.
const ANNOTATIONS: [&str; 7] = ["approvers", "id", "on_timeout", "reason", "required", "severity", "timeout"];

/// A text of policies and what it is called.
#[derive(Clone, Copy, Debug)]
pub struct PolicyText<'a> {
    /// A file name, or what the catalog calls it.
    pub name: &'a str,
    /// Cedar.
    pub text: &'a str,
}

/// What there is to know of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyInfo {
    /// The same for as long as people call it so: `@id`, else the name of its text and its place there, from 1.
    pub id: String,
    /// The name of its text.
    pub text: String,
    /// The line it begins at, from 1.
    pub line: usize,
    /// Whether it forbids; else it permits.
    pub forbids: bool,
    /// Whether it asks for an approval (`context.approval`).
    pub asks_approval: bool,
    /// `@reason`: why, for people.
    pub reason: Option<String>,
    /// `@approvers`: who may approve.
    pub approvers: Option<String>,
    /// `@timeout`: how long an approval is waited for, in seconds.
    pub timeout_seconds: Option<u64>,
    /// `@severity`
    pub severity: Option<Severity>,
    /// All annotations as they are written.
    pub annotations: BTreeMap<String, String>,
}

/// A policy ready to judge.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub info: Arc<PolicyInfo>,
    pub cedar: Policy,
    pub template: pst::Template,
    pub condition: Condition,
}

/// A checked set of policies.
#[derive(Clone, Debug)]
pub struct PolicySet {
    pub(crate) rules: Vec<Rule>,
    version: String,
    warnings: Vec<Flaw>,
}

impl PolicySet {
    /// The same for the same policies, vocabulary and engine.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where policies mean less than they seem to.
    pub fn warnings(&self) -> &[Flaw] {
        &self.warnings
    }

    /// The policies, in the order of their texts.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyInfo> {
        self.rules.iter().map(|rule| rule.info.as_ref())
    }
}

/// Reads texts of policies and checks all of them against the vocabulary; any flaw refuses the whole set.
pub fn check(texts: &[PolicyText<'_>], vocabulary: &Vocabulary) -> Result<PolicySet, Vec<Flaw>> {
    let mut reading =
        Reading { vocabulary, rules: Vec::new(), at: Vec::new(), flaws: Vec::new(), warnings: Vec::new() };
    for text in texts {
        reading.text(text);
    }
    reading.validate(texts);
    reading.compare(texts);
    reading.flaws.truncate(FLAWS_MAX);
    reading.warnings.truncate(FLAWS_MAX);
    if !reading.flaws.is_empty() {
        return Err(reading.flaws);
    }
    let mut identity: Vec<_> =
        reading.rules.iter().map(|rule| format!("{}\n{}", rule.info.id, rule.cedar)).collect();
    identity.sort();
    let parts = [super::engine(), vocabulary.fingerprint().to_owned()].into_iter().chain(identity);
    let parts: Vec<_> = parts.collect();
    let version = super::hashed(&parts.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(PolicySet { rules: reading.rules, version, warnings: reading.warnings })
}

struct Reading<'v> {
    vocabulary: &'v Vocabulary,
    rules: Vec<Rule>,
    /// Of each rule: the position of its text and its place there.
    at: Vec<(String, usize)>,
    flaws: Vec<Flaw>,
    warnings: Vec<Flaw>,
}

impl Reading<'_> {
    fn text(&mut self, text: &PolicyText<'_>) {
        if text.text.len() > TEXT_BYTES_MAX {
            let message = format!("at most {TEXT_BYTES_MAX} bytes, there are {}", text.text.len());
            return self.flaws.push(flaw_at(text, 0, text.name, message, None));
        }
        for (number, statement) in statements(text.text).into_iter().enumerate() {
            if self.rules.len() >= POLICIES_MAX {
                let message = format!("at most {POLICIES_MAX} policies in a set");
                return self.flaws.push(flaw_at(text, statement.offset, text.name, message, None));
            }
            self.statement(text, statement, number + 1);
        }
    }

    fn statement(&mut self, text: &PolicyText<'_>, statement: Statement<'_>, number: usize) {
        if let Some((at, message)) = too_much(statement.text) {
            return self.flaws.push(flaw_at(text, statement.offset + at, text.name, message, None));
        }
        let parsed = match Policy::parse(None, statement.text) {
            Ok(parsed) => parsed,
            Err(errors) => {
                for error in errors.iter() {
                    let offset = statement.offset + offset_of(error).unwrap_or(0);
                    let label =
                        error.labels().and_then(|mut labels| Some(labels.next()?.label()?.to_owned()));
                    let help = error.help().map(|help| help.to_string()).or(label);
                    self.flaws.push(flaw_at(text, offset, text.name, lowercase(error.to_string()), help));
                }
                return;
            }
        };
        let Some(id) = self.id(text, statement, number, &parsed) else { return };
        let cedar = parsed.new_id(PolicyId::new(&id));
        let policy = format!("{}: {id}", text.name);
        let taken_apart = cedar.to_pst().map_err(|error| error.to_string()).and_then(|policy| {
            let condition = Condition::of(policy.body())?;
            Ok((policy.body().clone(), condition))
        });
        let (template, condition) = match taken_apart {
            Ok(parts) => parts,
            Err(message) => return self.flaws.push(flaw_at(text, statement.offset, &policy, message, None)),
        };
        self.tested(text, statement, &policy, &condition);
        let asks = |path: &Vec<String>| path.len() >= 2 && path[0] == "context" && path[1] == "approval";
        let mut info = PolicyInfo {
            id,
            text: text.name.to_owned(),
            line: place(text.text, statement.offset).0,
            forbids: cedar.effect() == Effect::Forbid,
            asks_approval: condition.paths.iter().any(asks),
            reason: None,
            approvers: None,
            timeout_seconds: None,
            severity: None,
            annotations: BTreeMap::new(),
        };
        self.annotate(text, statement, &policy, &cedar, &mut info);
        self.rules.push(Rule { info: Arc::new(info), cedar, template, condition });
        self.at.push((text.name.to_owned(), statement.offset));
    }

    fn id(
        &mut self,
        text: &PolicyText<'_>,
        statement: Statement<'_>,
        number: usize,
        parsed: &Policy,
    ) -> Option<String> {
        let given = parsed.annotation("id").map(str::to_owned);
        let id = given.clone().unwrap_or_else(|| format!("{}#{number}", text.name));
        let offset = statement.offset + statement.text.find("@id").unwrap_or(0);
        let plain =
            |id: &str| !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control);
        if !plain(&id) {
            let message = format!("`@id`: expected 1 to {ID_BYTES_MAX} bytes without control characters");
            self.flaws.push(flaw_at(text, offset, text.name, message, None));
            return None;
        }
        if let Some(first) = self.rules.iter().find(|rule| rule.info.id == id) {
            let message =
                format!("the id `{id}` is taken by the policy of {}:{}", first.info.text, first.info.line);
            self.flaws.push(flaw_at(text, offset, text.name, message, None));
            return None;
        }
        Some(id)
    }

    /// To Cedar `has` of what no request can have is merely false; to us it is a typo.
    fn tested(
        &mut self,
        text: &PolicyText<'_>,
        statement: Statement<'_>,
        policy: &str,
        condition: &Condition,
    ) {
        let known = self.vocabulary.attributes();
        let names =
            condition.tested.iter().filter_map(|&read| condition.paths.get(read)).map(|path| path.join("."));
        for name in names.filter(|name| !known.contains(name)) {
            let last = name.rsplit('.').next().unwrap_or_default();
            let offset = locate(statement.text, last).unwrap_or(0) + statement.offset;
            let near = nearest(&name, known.iter().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"));
            let message = format!("no request has `{name}`");
            self.flaws.push(flaw_at(text, offset, policy, message, near));
        }
    }

    fn annotate(
        &mut self,
        text: &PolicyText<'_>,
        statement: Statement<'_>,
        policy: &str,
        cedar: &Policy,
        info: &mut PolicyInfo,
    ) {
        let annotations: BTreeMap<_, _> = cedar.annotations().collect();
        for (name, value) in annotations {
            let offset = statement.offset + statement.text.find(&format!("@{name}")).unwrap_or(0);
            let mut wrong = |expected: &str| {
                let message = format!("`@{name}`: expected {expected}");
                self.flaws.push(flaw_at(text, offset, policy, message, None));
            };
            match name {
                // What the last two may be is for whoever asks people.
                "id" | "on_timeout" | "required" => {}
                "reason" if value.is_empty() => wrong("a sentence"),
                "reason" => info.reason = Some(value.to_owned()),
                "approvers" if value.trim().is_empty() => wrong("who may approve"),
                "approvers" => info.approvers = Some(value.to_owned()),
                "timeout" => match seconds(value) {
                    Some(seconds) => info.timeout_seconds = Some(seconds),
                    None => wrong("a time of at most 7d, such as 30m"),
                },
                "severity" => match Severity::parse(value) {
                    Some(severity) => info.severity = Some(severity),
                    None => wrong("one of informational, low, medium, high, critical"),
                },
                _ => {
                    let near = nearest(name, ANNOTATIONS).map(|near| format!("did you mean `@{near}`?"));
                    let message = format!("`@{name}` means nothing to us");
                    self.warnings.push(flaw_at(text, offset, policy, message, near));
                }
            }
            info.annotations.insert(name.to_owned(), value.to_owned());
        }
        if (info.approvers.is_some() || info.timeout_seconds.is_some()) && !info.asks_approval {
            let message = "it names approvers or a timeout, but nothing in it asks for an approval";
            let hint = "add `unless { context has approval && context.approval.granted }`".to_owned();
            self.warnings.push(flaw_at(text, statement.offset, policy, message.into(), Some(hint)));
        }
    }

    /// Cedar's strict validation, against the whole schema.
    fn validate(&mut self, texts: &[PolicyText<'_>]) {
        let Ok(set) =
            cedar_policy::PolicySet::from_policies(self.rules.iter().map(|rule| rule.cedar.clone()))
        else {
            return; // Ids were told apart before.
        };
        let validator = Validator::new(self.vocabulary.schema().clone());
        let result = validator.validate(&set, ValidationMode::Strict);
        // One mistake is found once for each kind of actor and action it can meet, in no order.
        let of = |flaw: &Flaw, text: &PolicyText<'_>| {
            let rest = flaw.policy.strip_prefix(text.name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
        };
        let order = |flaw: &Flaw| {
            let text = texts.iter().position(|text| of(flaw, text));
            (text, flaw.line, flaw.column, flaw.policy.clone())
        };
        let errors = result.validation_errors();
        let errors = errors.map(|error| self.told(texts, error.policy_id(), error, error.to_string()));
        let mut flaws: Vec<_> = errors.collect();
        flaws.append(&mut self.flaws);
        flaws.sort_by_cached_key(|flaw| (order(flaw), flaw.message.clone()));
        flaws.dedup_by_key(|flaw| order(flaw));
        self.flaws = flaws;
        let warnings = result.validation_warnings().map(|warning| {
            let message = match warning {
                ValidationWarning::ImpossiblePolicy(_) => "it can never apply".to_owned(),
                other => other.to_string(),
            };
            self.told(texts, warning.policy_id(), warning, message)
        });
        let mut warnings: Vec<_> = warnings.collect();
        warnings.sort_by_cached_key(|flaw| (order(flaw), flaw.message.clone()));
        warnings.dedup();
        self.warnings.extend(warnings);
    }

    fn told(&self, texts: &[PolicyText<'_>], id: &PolicyId, about: &dyn Diagnostic, message: String) -> Flaw {
        let id: &str = id.as_ref();
        let at = self.rules.iter().position(|rule| rule.info.id == id).unwrap_or(0);
        let (name, base) = self.at.get(at).map_or(("", 0), |(name, base)| (name.as_str(), *base));
        let text =
            texts.iter().find(|text| text.name == name).copied().unwrap_or(PolicyText { name, text: "" });
        let span = about.labels().and_then(|mut labels| labels.next());
        let offset = base + span.as_ref().map_or(0, miette::LabeledSpan::offset);
        let written = span.and_then(|span| text.text.get(offset..offset + span.len())).unwrap_or("");
        let message =
            without_action(message.strip_prefix(&format!("for policy `{id}`, ")).unwrap_or(&message));
        let suggestion =
            self.suggestion(written, &message).or_else(|| about.help().map(|help| help.to_string()));
        flaw_at(&text, offset, &format!("{name}: {id}"), lowercase(message), suggestion)
    }

    /// What was probably meant: an attribute, an action or a kind of actor with nearly this name.
    fn suggestion(&self, written: &str, message: &str) -> Option<String> {
        let mean = |name: &str| format!("did you mean `{name}`?");
        if message.starts_with("unrecognized action") {
            let given = message.split('"').nth(1)?;
            let mut known: Vec<&str> = self.vocabulary.actions().collect();
            Vocabulary::groups().for_each(|group| known.push(group));
            let near = nearest(given, known)?;
            return Some(mean(&format!("Action::\"{near}\"")));
        }
        if message.contains("not found") {
            let attributes = self.vocabulary.attributes();
            // `context has confidnce` is underlined whole.
            let given = written.replace(" has ", ".");
            if attributes.contains(&given) {
                let hint = "only calls of some tools have it: name them in the scope, as in `action == Action::\"…\"`";
                return Some(hint.to_owned());
            }
            let near = nearest(&given, attributes.iter().map(String::as_str));
            let tail = |name: &&String| name.rsplit('.').next() == given.rsplit('.').next();
            let near = near.or_else(|| attributes.iter().find(tail).map(String::as_str))?;
            return Some(mean(near));
        }
        None
    }

    /// Policies that another one makes pointless.
    fn compare(&mut self, texts: &[PolicyText<'_>]) {
        let mut found = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            for (other_at, other) in self.rules.iter().enumerate() {
                if at == other_at {
                    continue;
                }
                let (a, b) = (&rule.template, &other.template);
                let same_scope =
                    a.principal == b.principal && a.action == b.action && a.resource == b.resource;
                let same = same_scope && a.clauses() == b.clauses() && a.effect == b.effect;
                let id = &other.info.id;
                if same && other_at < at {
                    found.push((at, format!("it is the same as `{id}`")));
                } else if !rule.info.forbids
                    && other.info.forbids
                    && b.clauses().is_empty()
                    && self.covers(b, a)
                {
                    found.push((at, format!("it has no effect: `{id}` forbids all that it permits")));
                }
            }
        }
        for (at, message) in found {
            let (name, offset) = &self.at[at];
            if let Some(text) = texts.iter().find(|text| text.name == name) {
                let policy = format!("{name}: {}", self.rules[at].info.id);
                self.warnings.push(flaw_at(text, *offset, &policy, message, None));
            }
        }
    }

    /// Whether the scope of one policy takes in all that another's does.
    fn covers(&self, wide: &pst::Template, narrow: &pst::Template) -> bool {
        use pst::{ActionConstraint, PrincipalConstraint, ResourceConstraint};
        let principal = wide.principal == narrow.principal
            || matches!(wide.principal, PrincipalConstraint::Any)
            || matches!(&wide.principal, PrincipalConstraint::Is(kind) if takes_only(narrow, &kind.to_string()));
        let action = wide.action == narrow.action
            || matches!(wide.action, ActionConstraint::Any)
            || match &narrow.action {
                ActionConstraint::Eq(uid) => {
                    takes_action(wide, uid.eid.as_str(), &self.vocabulary.groups_of(uid.eid.as_str()))
                }
                _ => false,
            };
        let resource = wide.resource == narrow.resource
            || matches!(wide.resource, ResourceConstraint::Any | ResourceConstraint::Is(_));
        principal && action && resource
    }
}

/// The byte at which a word first stands on its own behind `has`.
fn locate(text: &str, word: &str) -> Option<usize> {
    let inside = |letter: char| letter.is_alphanumeric() || letter == '_';
    let stands_alone = |at: usize| {
        let (before, after) = (text.get(..at).unwrap_or(""), text.get(at + word.len()..).unwrap_or(""));
        before.trim_end().trim_end_matches('"').trim_end().ends_with("has") && !after.starts_with(inside)
    };
    let mut places = text.match_indices(word).map(|(at, _)| at);
    places.clone().find(|&at| stands_alone(at)).or_else(|| places.next())
}

fn takes_only(policy: &pst::Template, kind: &str) -> bool {
    !matches!(policy.principal, pst::PrincipalConstraint::Any) && takes_principal(policy, kind)
}

fn flaw_at(
    text: &PolicyText<'_>,
    offset: usize,
    policy: &str,
    message: String,
    suggestion: Option<String>,
) -> Flaw {
    let (line, column) = place(text.text, offset);
    Flaw { policy: policy.to_owned(), line, column, message, suggestion }
}

fn offset_of(about: &dyn Diagnostic) -> Option<usize> {
    about.labels()?.next().map(|label| label.offset())
}

fn lowercase(message: String) -> String {
    let mut letters = message.chars();
    match letters.next() {
        Some(first) if first.is_uppercase() => first.to_lowercase().chain(letters).collect(),
        _ => message,
    }
}

/// Without the action Cedar met first, which is another one each time.
fn without_action(message: &str) -> String {
    const ACTION: &str = " for Action::\"";
    let Some((before, rest)) = message.split_once(ACTION) else { return message.to_owned() };
    rest.split_once('"').map_or(message.to_owned(), |(_, after)| format!("{before}{after}"))
}

/// `30m`, `24h`, `7d` and so on.
fn seconds(text: &str) -> Option<u64> {
    let unit = text.char_indices().last()?;
    let factor = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return None,
    };
    let seconds = text[..unit.0].parse::<u64>().ok()?.checked_mul(factor)?;
    (1..=TIMEOUT_SECONDS_MAX).contains(&seconds).then_some(seconds)
}
