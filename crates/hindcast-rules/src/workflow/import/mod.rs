//! Rules of other products as workflows, and a list of all that could not be carried over.
//!
//! Nothing is dropped in silence: each part that has no equal here is told in the notes, which also stand above the text. A
//! workflow that lost a condition would match more than its original, so it comes switched off; the others come in shadow.

mod chatwoot;
mod draft;
mod zammad;
mod zendesk;

use super::limits::{IMPORT_BYTES_MAX, IMPORT_RULES_MAX};
use draft::Draft;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fmt;

/// Whose rules they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// Triggers and automations, as `GET /api/v2/triggers` answers them.
    Zendesk,
    /// Automation rules, as `GET /api/v1/accounts/{id}/automation_rules` answers them.
    Chatwoot,
    /// Triggers, as `GET /api/v1/triggers` answers them; conditions of the basic and of the expert mode.
    Zammad,
}

impl Product {
    /// All products.
    pub const ALL: [Self; 3] = [Self::Zendesk, Self::Chatwoot, Self::Zammad];

    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zendesk => "zendesk",
            Self::Chatwoot => "chatwoot",
            Self::Zammad => "zammad",
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zendesk => "Zendesk",
            Self::Chatwoot => "Chatwoot",
            Self::Zammad => "Zammad",
        })
    }
}

/// A rule that was carried over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The name of the workflow, its own within the export.
    pub name: String,
    /// What the rule is called over there.
    pub title: String,
    /// The text of the workflow, without flaws; none if no action could be carried over.
    pub yaml: Option<String>,
    /// What could not be carried over, and what to look at.
    pub notes: Vec<String>,
}

/// Why an export cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("expected rules of {product}: {expected}")]
    Shape {
        /// Whose rules were expected.
        product: Product,
        /// Where they are looked for.
        expected: &'static str,
    },
    /// A limit of `limits.rs`.
    #[error("{what} of an export: at most {max}, there are {found}")]
    TooMuch {
        /// What is limited.
        what: &'static str,
        /// The limit.
        max: usize,
        /// What was found.
        found: usize,
    },
}

/// Reads an export: the answer of the product's API, a list of rules, or one rule.
pub fn import(product: Product, text: &str) -> Result<Vec<Imported>, ImportError> {
    if text.len() > IMPORT_BYTES_MAX {
        return Err(ImportError::TooMuch { what: "bytes", max: IMPORT_BYTES_MAX, found: text.len() });
    }
    let json: Json = serde_json::from_str(text)?;
    let (rules, expected) = match product {
        Product::Zendesk => (
            listed(&json, &["triggers", "automations", "trigger", "automation"]),
            "`triggers` or `automations`",
        ),
        Product::Chatwoot => (listed(&json, &["payload"]), "`payload`, a list of automation rules"),
        Product::Zammad => (listed(&json, &["triggers"]), "a list of triggers"),
    };
    let marks: &[&str] = match product {
        Product::Zendesk => &["conditions", "actions"],
        Product::Chatwoot => &["event_name", "actions"],
        Product::Zammad => &["condition", "perform"],
    };
    let is_rule = |rule: &&Json| marks.iter().all(|mark| rule.get(mark).is_some());
    if rules.is_empty() || !rules.iter().all(is_rule) {
        return Err(ImportError::Shape { product, expected });
    }
    if rules.len() > IMPORT_RULES_MAX {
        return Err(ImportError::TooMuch { what: "rules", max: IMPORT_RULES_MAX, found: rules.len() });
    }
    let mut names = BTreeSet::new();
    let drafts = rules.into_iter().enumerate().map(|(nr, rule)| match product {
        Product::Zendesk => zendesk::rule(rule, nr),
        Product::Chatwoot => chatwoot::rule(rule, nr),
        Product::Zammad => zammad::rule(rule, nr),
    });
    Ok(drafts.map(|draft| draft.finish(&mut names)).collect())
}

/// The rules of an export: below one of these keys, or the whole.
fn listed<'j>(json: &'j Json, keys: &[&str]) -> Vec<&'j Json> {
    let below = keys.iter().find_map(|key| json.get(key)).unwrap_or(json);
    match below {
        Json::Array(rules) => rules.iter().collect(),
        one => vec![one],
    }
}

/// A text or a number as text; `true` and `false` too.
fn text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.trim().to_owned()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// One or several texts.
fn texts(json: &Json) -> Vec<String> {
    match json {
        Json::Array(items) => items.iter().filter_map(text).filter(|text| !text.is_empty()).collect(),
        other => text(other).into_iter().filter(|text| !text.is_empty()).collect(),
    }
}
