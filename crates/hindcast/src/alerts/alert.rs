//! An alert, as far as the entries make it. What people do about it is kept beside it, in the catalog.

use hindcast_event::Timestamp;
use hindcast_rules::Verdict;
use hindcast_rules::detection::{Severity, Why, limits::EVIDENCE_MAX};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Verdicts about the same thing, put together. The same entries give the same alert, byte for byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Made of the workspace, what it is about and where it began.
    pub id: String,
    /// The id of the rule, a UUID.
    pub rule: String,
    /// The hash of the rule's text and settings when it last said something.
    pub rule_version: String,
    /// The title of the rule, in English.
    pub title: String,
    /// The highest of its verdicts.
    pub severity: Severity,
    /// Verdicts with the same key are about the same thing.
    pub dedup_key: String,
    /// What the rule groups by: field and value.
    pub group: Vec<(String, String)>,
    /// When the first thing happened that it is about.
    #[serde(with = "micros")]
    pub first_at: Timestamp,
    /// When the newest did.
    #[serde(with = "micros")]
    pub last_at: Timestamp,
    /// How many verdicts.
    pub count: u64,
    /// Indexes of entries behind it, ascending, the newest [`EVIDENCE_MAX`].
    pub evidence: Vec<u64>,
    /// The numbers behind the newest verdict.
    pub why: Why,
    /// Whether it stands for many alerts of its rule; see [`super::desk::STORM_ALERTS`].
    pub is_storm: bool,
}

impl Alert {
    pub(super) fn begin(workspace: &str, verdict: &Verdict) -> Self {
        Self {
            id: id(workspace, verdict),
            rule: verdict.rule.to_string(),
            rule_version: verdict.rule_version.to_string(),
            title: verdict.title.to_string(),
            severity: verdict.severity,
            dedup_key: verdict.dedup_key.clone(),
            group: verdict.group.clone(),
            first_at: verdict.at,
            last_at: verdict.at,
            count: 1,
            evidence: verdict.evidence.clone(),
            why: verdict.why.clone(),
            is_storm: false,
        }
    }

    /// Whether it names this, which is in lower case.
    pub(crate) fn names(&self, text: &str) -> bool {
        let values: &[String] = if let Why::Count { values, .. } = &self.why { values } else { &[] };
        let mut named = self.group.iter().map(|(_, value)| value).chain(values);
        named.any(|value| value.to_lowercase().contains(text))
    }

    /// Without whatever names somebody.
    pub(crate) fn without_names(mut self) -> Self {
        self.group.clear();
        self.dedup_key = format!("erased {}", self.id);
        if let Why::Count { values, .. } = &mut self.why {
            values.clear();
        }
        self
    }

    /// Takes in another verdict, and says whether it is graver now.
    pub(super) fn grow(&mut self, verdict: &Verdict) -> bool {
        let is_graver = verdict.severity > self.severity;
        self.severity = self.severity.max(verdict.severity);
        self.rule_version = verdict.rule_version.to_string();
        self.last_at = self.last_at.max(verdict.at);
        // A silence that lasts is one silence.
        self.count += u64::from(verdict.entry.is_some());
        self.evidence.extend(&verdict.evidence);
        self.evidence.sort_unstable();
        self.evidence.dedup();
        self.evidence.drain(..self.evidence.len().saturating_sub(EVIDENCE_MAX));
        self.why = verdict.why.clone();
        is_graver
    }
}

fn id(workspace: &str, verdict: &Verdict) -> String {
    let mut hash = Sha256::new();
    for part in [workspace, &verdict.dedup_key] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    // A silence has no entry that completed it, but a last one.
    hash.update(verdict.entry.or_else(|| verdict.evidence.last().copied()).unwrap_or(0).to_be_bytes());
    crate::hex::hex(&hash.finalize()[..8])
}

mod micros {
    use hindcast_event::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(at.micros())
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(from).map(Timestamp::from_micros)
    }
}
