//! The attribute `hindcast`: what our rules need and Sigma cannot say. Sigma lets rules carry attributes of their own, and a rule
//! without ours, or read by a tool that does not know them, is still a rule; `docs/detection.md` says what each does.

use super::flaw::Flaw;
use serde::Deserialize;
use std::collections::BTreeMap;
use yaml_serde::Value;

/// The name of our attribute.
pub(crate) const ATTRIBUTE: &str = "hindcast";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Extension {
    /// A short code such as `A1`.
    pub code: Option<String>,
    /// What alerts of a rule without correlation are put together by; the actor if nothing is said.
    pub group_by: Option<Vec<String>>,
    /// When it matters more.
    pub raise: Vec<Raise>,
    /// How large a part of something the count must be.
    pub share: Option<Share>,
    /// Values that a correlation hands on from one of its rules, by name.
    pub carry: BTreeMap<String, Carry>,
    /// When nothing at all is worth a verdict.
    pub silence: Option<Silence>,
    /// Lists of the operator that values name as `%name%`.
    pub lists: BTreeMap<String, Need>,
    /// Numbers and durations that the operator may change.
    pub tunables: Vec<Tunable>,
    /// What to do about an alert, step by step.
    pub response: Vec<String>,
}

/// Raises the severity when the completing entry matches, too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raise {
    pub level: String,
    pub detection: Value,
}

/// The count must be more than so many percent of the entries that match the rules `of`, in the same window and group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Share {
    pub of: Vec<String>,
    pub above_percent: f64,
    #[serde(default)]
    pub of_at_least: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Carry {
    pub from: String,
    pub field: String,
}

/// Entries that match `detection` are expected to keep coming.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Silence {
    pub detection: Value,
    pub group_by: String,
    pub times: f64,
    pub at_least: String,
}

/// What an empty list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// The rule sleeps until somebody fills the list.
    Required,
    /// Nothing is in it.
    Optional,
}

/// A number or a duration that the operator may change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Tunable {
    pub name: String,
    /// The document that has it, if it is not this one.
    #[serde(default)]
    pub of: Option<String>,
    /// The names that lead to it.
    pub at: Vec<String>,
    #[serde(default)]
    pub min: Option<f64>,
    #[serde(default)]
    pub max: Option<f64>,
}

impl Extension {
    pub fn read(value: Option<&Value>) -> Result<Self, Flaw> {
        let Some(value) = value else { return Ok(Self::default()) };
        yaml_serde::from_value(value.clone())
            .map_err(|error| Flaw::Invalid { attribute: ATTRIBUTE.into(), expected: error.to_string() })
    }
}
