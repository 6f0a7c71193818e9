//! What there is to know of a rule, for those who look at it.

use super::compile::{Rule, severity};
use super::document::{Body, Tuned, current};
use super::extension::Need;
use super::verdict::Severity;
use rsigma_parser::{CorrelationType, Level};

/// What there is to know of a rule that alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleInfo {
    /// Its UUID.
    pub id: String,
    /// Its short code such as `A1`, if it has one.
    pub code: Option<String>,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// How much it matters, before anything raises it.
    pub severity: Severity,
    /// ATT&CK and others.
    pub tags: Vec<String>,
    /// When it is wrong.
    pub falsepositives: Vec<String>,
    /// What to do, step by step.
    pub response: Vec<String>,
    /// The titles that a sequence behind a verdict can name.
    pub parts: Vec<String>,
    /// Fields that its file asks for.
    pub fields: Vec<String>,
    /// The actions its file is about; empty if it is not bound to any.
    pub actions: Vec<String>,
    /// What the operator may change, with what it is.
    pub tunables: Vec<TunableInfo>,
    /// The operator's lists it uses, and whether it sleeps while they are empty.
    pub lists: Vec<(String, Need)>,
    /// Required lists that are empty: the rule sleeps.
    pub asleep_for: Vec<String>,
    /// The hash of its text and of what the operator set for it.
    pub version: String,
}

/// Something that the operator may change.
#[derive(Clone, Debug, PartialEq)]
pub struct TunableInfo {
    /// Its name.
    pub name: String,
    /// What the text of the rule says.
    pub default: Tuned,
    /// Numbers are not below this.
    pub min: Option<f64>,
    /// Numbers are not above this.
    pub max: Option<f64>,
}

impl Rule<'_> {
    pub fn info(&self, at: usize, version: &str) -> RuleInfo {
        let document = &self.documents[at];
        let (description, tags, falsepositives) = match &document.body {
            Body::Rule(rule) => (&rule.description, &rule.tags, &rule.falsepositives),
            Body::Correlation(rule) => (&rule.description, &rule.tags, &rule.falsepositives),
        };
        let all = || self.documents.iter();
        let tunables = all().flat_map(|of| of.extension.tunables.iter().map(move |tunable| (of, tunable)));
        let tunables = tunables.filter_map(|(of, tunable)| {
            let default = current(self.documents, of, tunable)?;
            Some(TunableInfo { name: tunable.name.clone(), default, min: tunable.min, max: tunable.max })
        });
        let mut lists: Vec<_> = all()
            .flat_map(|of| of.extension.lists.iter().map(|(name, &need)| (name.clone(), need)))
            .collect();
        lists.dedup();
        let mut asleep_for = self.asleep.clone();
        asleep_for.sort_unstable();
        asleep_for.dedup();
        RuleInfo {
            id: document.id.clone().unwrap_or_default(),
            code: document.extension.code.clone(),
            title: document.title.clone(),
            description: description.clone(),
            severity: severity(document.level.unwrap_or(Level::Medium)),
            tags: tags.clone(),
            falsepositives: falsepositives.clone(),
            response: document.extension.response.clone(),
            parts: self.parts(),
            fields: self.fields.clone(),
            actions: Vec::new(),
            tunables: tunables.collect(),
            lists,
            asleep_for,
            version: version.to_string(),
        }
    }

    fn parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        for (at, document) in self.documents.iter().enumerate() {
            let Body::Correlation(rule) = &document.body else { continue };
            if matches!(rule.correlation_type, CorrelationType::Temporal | CorrelationType::TemporalOrdered) {
                let named = self.references(at).into_iter().filter_map(|(_, of)| self.documents.get(of?));
                parts.extend(named.map(|document| document.title.clone()));
            }
        }
        parts.sort_unstable();
        parts.dedup();
        parts
    }
}
