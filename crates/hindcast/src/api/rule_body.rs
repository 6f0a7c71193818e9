//! How rules are told: how they are set, what their texts say, and how often they were right.

use super::error::RuleFlaw;
use crate::alerts::{Rule, RuleSet};
use crate::catalog::Record;
use hindcast_rules::detection::{Checked, Need, RuleInfo, Tuned};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleBody {
    /// What it is called here: a code such as `A1`, or the id of one of your own.
    key: String,
    /// Whether it comes with hindcast.
    shipped: bool,
    /// How it is set.
    #[serde(flatten)]
    set: SetBody,
    /// Another one after each change; 0 while it is as it came.
    version: i64,
    /// When it was changed, if it was.
    #[schema(format = DateTime)]
    changed_at: Option<String>,
    /// What its text says; null when it cannot run.
    about: Option<AboutRule>,
    /// Why it cannot run.
    errors: Vec<RuleFlaw>,
    /// How often it was right.
    record: RecordBody,
}

/// A rule with its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeRule {
    /// The rule.
    #[serde(flatten)]
    pub(super) rule: RuleBody,
    /// Its Sigma YAML.
    pub(super) text: String,
    /// Where it means less than it seems to.
    pub(super) warnings: Vec<RuleFlaw>,
}

/// How a rule is set.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetBody {
    /// Whether it is asked.
    on: bool,
    /// Values that are not those of its text, by the names of its tunables.
    tuned: BTreeMap<String, TunedValue>,
    /// A thing of which nothing was heard for so many seconds is a new alert when it comes again.
    quiet_seconds: u64,
    /// Until when its alerts are muted.
    #[schema(format = DateTime)]
    muted_until: Option<String>,
}

/// A number, or a duration such as `10m`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TunedValue {
    /// A number.
    #[schema(value_type = f64)]
    Number(Number),
    /// A duration: a number and `s`, `m`, `h` or `d`.
    Duration(String),
}

/// What the text of a rule says.
#[derive(Debug, Serialize, ToSchema)]
pub struct AboutRule {
    /// Its id, a UUID.
    id: String,
    /// Its title.
    title: String,
    /// What it is for.
    description: Option<String>,
    /// How grave it is, before anything raises it.
    severity: &'static str,
    /// ATT&CK and others.
    tags: Vec<String>,
    /// When it is wrong.
    falsepositives: Vec<String>,
    /// What to do, step by step.
    response: Vec<String>,
    /// Fields that it asks for.
    fields: Vec<String>,
    /// The actions it is about; empty if it is not bound to any.
    actions: Vec<String>,
    /// What can be tuned.
    tunables: Vec<TunableBody>,
    /// The lists that it names.
    lists: Vec<ListOfRule>,
    /// Lists that it needs and that are empty: it sleeps.
    asleep_for: Vec<String>,
    /// The hash of its text and settings.
    hash: String,
}

/// Something that can be tuned.
#[derive(Debug, Serialize, ToSchema)]
pub struct TunableBody {
    /// Its name.
    name: String,
    /// What it is now.
    value: TunedValue,
    /// A number is not below this.
    min: Option<f64>,
    /// A number is not above this.
    max: Option<f64>,
}

/// A list that a rule names.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListOfRule {
    /// Its name.
    name: String,
    /// Whether the rule sleeps while it is empty.
    required: bool,
}

/// How often a rule was right.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RecordBody {
    /// Its alerts.
    raised: u64,
    /// Those that were what it is after.
    true_positive: u64,
    /// Those that were what it is after, and allowed.
    benign: u64,
    /// Those where it was wrong.
    false_positive: u64,
    /// The share of the decided ones that were right, benign ones included; null before any was decided.
    precision: Option<f64>,
    /// When it was last heard of.
    #[schema(format = DateTime)]
    last_seen: Option<String>,
}

impl From<Tuned> for TunedValue {
    fn from(tuned: Tuned) -> Self {
        match tuned {
            Tuned::Number(number) => Self::Number(spelled(number)),
            Tuned::Duration(text) => Self::Duration(text),
        }
    }
}

/// A whole number as one.
fn spelled(number: f64) -> Number {
    const WHOLE_MAX: f64 = 9e15;
    let whole = (number.fract() == 0.0 && number.abs() <= WHOLE_MAX).then(|| Number::from(number as i64));
    whole.or_else(|| Number::from_f64(number)).unwrap_or_else(|| Number::from(0))
}

impl From<TunedValue> for Value {
    fn from(tuned: TunedValue) -> Self {
        match tuned {
            TunedValue::Number(number) => number.into(),
            TunedValue::Duration(text) => text.into(),
        }
    }
}

impl From<RuleInfo> for AboutRule {
    fn from(info: RuleInfo) -> Self {
        let tunables = info.tunables.into_iter().map(|tunable| TunableBody {
            name: tunable.name,
            value: tunable.default.into(),
            min: tunable.min,
            max: tunable.max,
        });
        let lists = info.lists.into_iter();
        Self {
            id: info.id,
            title: info.title,
            description: info.description,
            severity: info.severity.as_str(),
            tags: info.tags,
            falsepositives: info.falsepositives,
            response: info.response,
            fields: info.fields,
            actions: info.actions,
            tunables: tunables.collect(),
            lists: lists.map(|(name, need)| ListOfRule { name, required: need == Need::Required }).collect(),
            asleep_for: info.asleep_for,
            hash: info.version,
        }
    }
}

impl From<&Record> for RecordBody {
    fn from(record: &Record) -> Self {
        let (true_positive, benign, false_positive) = record.decided;
        Self {
            raised: record.raised,
            true_positive,
            benign,
            false_positive,
            precision: record.precision(),
            last_seen: record.last_at.map(|at| at.to_string()),
        }
    }
}

impl From<RuleSet> for SetBody {
    fn from(set: RuleSet) -> Self {
        let tuned = set.tuned.iter().filter_map(|(name, value)| {
            let value = crate::alerts::tuned(value)?;
            Some((name.clone(), value.into()))
        });
        Self {
            on: set.is_on,
            tuned: tuned.collect(),
            quiet_seconds: set.quiet_seconds,
            muted_until: set.muted_until.map(|until| until.to_string()),
        }
    }
}

impl RuleBody {
    pub(super) fn of(rule: &Rule, mut checked: Checked, records: &BTreeMap<String, Record>) -> Self {
        let info = (!checked.rules.is_empty()).then(|| checked.rules.swap_remove(0));
        let id = info.as_ref().map_or(&rule.key, |info| &info.id);
        Self {
            record: records.get(id).map(RecordBody::from).unwrap_or_default(),
            key: rule.key.clone(),
            shipped: rule.is_shipped,
            set: rule.set.clone().into(),
            version: rule.version,
            changed_at: rule.changed_at.map(|at| at.to_string()),
            about: info.map(AboutRule::from),
            errors: checked.errors.iter().map(RuleFlaw::from).collect(),
        }
    }
}
