//! The rulebook of a workspace: the rules that come with hindcast and its own, as people set them.

use super::QUIET_SECONDS;
use super::edit::is_shipped;
use super::shared::Alerts;
use crate::catalog::{Catalog, CatalogError, RuleRow};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::detection::{Lists, Refused, RuleInfo, Tuned};
use hindcast_rules::pack::{SHIPPED, Shipped};
use hindcast_rules::{Detector, RuleText, check};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The list of networks through which people come from elsewhere, which is a setting of the workspace.
const EGRESS: &str = "egress_ranges";

/// A rule of a workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it is called here: the code of a rule that comes with hindcast, or the id of one of their own.
    pub key: String,
    /// Its Sigma YAML.
    pub yaml: Cow<'static, str>,
    /// Whether it comes with hindcast.
    pub is_shipped: bool,
    /// How it is set.
    pub set: RuleSet,
    /// Another one after each change; nothing while it is as it came.
    pub version: i64,
    /// When it was changed, if it was.
    pub changed_at: Option<Timestamp>,
}

/// How a rule is set.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    /// Whether it is asked.
    pub is_on: bool,
    /// Tuned values by the names of the rule's tunables: numbers, or durations such as `10m`.
    pub tuned: BTreeMap<String, Value>,
    /// A thing of which nothing was heard for so many seconds is a new one when it comes again.
    pub quiet_seconds: u64,
    /// Until when its alerts are muted.
    pub muted_until: Option<Timestamp>,
}

impl Default for RuleSet {
    fn default() -> Self {
        Self { is_on: true, tuned: BTreeMap::new(), quiet_seconds: QUIET_SECONDS, muted_until: None }
    }
}

impl Rule {
    /// One of their own, as it was written.
    pub(crate) fn own(key: &str, text: String, set: RuleSet) -> Self {
        let (key, yaml) = (key.to_owned(), Cow::Owned(text));
        Self { key, yaml, is_shipped: false, set, version: 0, changed_at: None }
    }

    /// What the judge is told.
    pub fn text(&self) -> RuleText<'_> {
        let tuned = self.set.tuned.iter().filter_map(|(name, value)| Some((name.clone(), tuned(value)?)));
        RuleText { key: &self.key, yaml: &self.yaml, tuned: tuned.collect() }
    }
}

/// A tuned value as the judge knows it; nothing for what is neither a number nor a text.
pub fn tuned(value: &Value) -> Option<Tuned> {
    match value {
        Value::Number(number) => number.as_f64().map(Tuned::Number),
        Value::String(text) => Some(Tuned::Duration(text.clone())),
        _ => None,
    }
}

/// The id of a rule, by what it is called: those of their own are called by it.
pub(crate) fn id_of_key(key: &str) -> String {
    if !is_shipped(key) {
        return key.to_owned();
    }
    let mut ids =
        SHIPPED.iter().filter(|shipped| shipped.code == key).filter_map(|Shipped { code, yaml }| {
            let text = RuleText { key: code, yaml, tuned: BTreeMap::new() };
            Some(check(&text, &Lists::new()).rules.into_iter().next()?.id)
        });
    ids.next_back().unwrap_or_else(|| key.to_owned())
}

/// The rules of a workspace, those that come with hindcast first.
pub fn rules(catalog: &Catalog, workspace: &WorkspaceId) -> Result<Vec<Rule>, CatalogError> {
    let mut rows = catalog.rules(workspace)?;
    let shipped = SHIPPED.iter().map(|shipped| {
        let row = rows.iter().position(|row| row.key == shipped.code).map(|at| rows.remove(at));
        let RuleRow { set, version, changed_at, .. } = row.unwrap_or_default();
        let (key, yaml) = (shipped.code.to_owned(), Cow::Borrowed(shipped.yaml));
        Rule { key, yaml, is_shipped: true, set, version, changed_at }
    });
    let mut rules: Vec<_> = shipped.collect();
    // What came with another version of hindcast and has no text of its own any more is left out.
    rules.extend(rows.into_iter().filter_map(|RuleRow { key, yaml, set, version, changed_at }| {
        Some(Rule { key, yaml: yaml?.into(), is_shipped: false, set, version, changed_at })
    }));
    Ok(rules)
}

/// The lists that rules of a workspace name.
pub fn lists(catalog: &Catalog, workspace: &WorkspaceId) -> Result<Lists, CatalogError> {
    let mut lists = catalog.rule_lists(workspace)?;
    lists.insert(EGRESS.to_owned(), catalog.settings(workspace)?.egress_networks);
    Ok(lists)
}

/// The rules of a workspace that are on, ready to judge.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// What judges.
    pub detector: Arc<Detector>,
    /// Rules that cannot run.
    pub refused: Arc<Vec<Refused>>,
    known: BTreeMap<String, Known>,
}

#[derive(Clone, Debug)]
struct Known {
    info: RuleInfo,
    key: String,
    set: RuleSet,
}

impl Rulebook {
    /// Compiles the rules of a workspace as they are now.
    pub(crate) fn of(
        alerts: &Alerts,
        catalog: &Catalog,
        workspace: &WorkspaceId,
    ) -> Result<Self, CatalogError> {
        Ok(Self::new(alerts, rules(catalog, workspace)?, &lists(catalog, workspace)?))
    }

    /// Compiles some rules; those that are off are left out.
    pub(crate) fn new(alerts: &Alerts, mut rules: Vec<Rule>, lists: &Lists) -> Self {
        rules.retain(|rule| rule.set.is_on);
        let (detector, refused) = alerts.compiled(&rules, lists);
        let known = detector.keyed_rules().filter_map(|(key, info)| {
            let rule = rules.iter().find(|rule| rule.key == key)?;
            let known = Known { info: info.clone(), key: key.to_owned(), set: rule.set.clone() };
            Some((info.id.clone(), known))
        });
        Self { known: known.collect(), detector, refused }
    }

    /// After how many seconds a thing that a rule tells of is a new one.
    pub fn quiet_seconds(&self, rule: &str) -> u64 {
        self.known.get(rule).map_or(QUIET_SECONDS, |known| known.set.quiet_seconds)
    }

    /// Until when the alerts of a rule are muted.
    pub fn muted_until(&self, rule: &str) -> Option<Timestamp> {
        self.known.get(rule)?.set.muted_until
    }

    /// The code of a rule that has one, else its id.
    pub fn name<'r>(&'r self, rule: &'r str) -> &'r str {
        self.known.get(rule).map_or(rule, |known| known.info.code.as_deref().unwrap_or(&known.key))
    }
}
