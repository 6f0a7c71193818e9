//! What a rule says about an entry.

use hindcast_event::Timestamp;
use hindcast_event::json::write_string;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a record.
    Informational,
    /// Worth a look when there is time.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Worth waking somebody.
    Critical,
}

impl Severity {
    /// All of them, from the least.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Sigma's word for it (`level`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

/// A rule matched, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The id of the rule, a UUID.
    pub rule: Arc<str>,
    /// The hash of its text and of what the operator set for it.
    pub rule_version: Arc<str>,
    /// Its title, in English; the pack's titles are in all languages in [`crate::pack`].
    pub title: Arc<str>,
    /// How much it matters, raised where the rule says so.
    pub severity: Severity,
    /// The same for verdicts that are about the same thing: rule and group values.
    pub dedup_key: String,
    /// What the rule groups by: field and value.
    pub group: Vec<(String, String)>,
    /// When it happened: the time of the entry that completed it, or of the silence.
    pub at: Timestamp,
    /// The entry that completed it; none for a silence.
    pub entry: Option<u64>,
    /// Indexes of the entries that made it so, ascending, the newest [`super::limits::EVIDENCE_MAX`].
    pub evidence: Vec<u64>,
    /// The numbers behind it.
    pub why: Why,
}

/// The numbers behind a verdict; a sentence is made of them where it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// One entry was enough.
    Entry {
        /// Its action.
        action: String,
    },
    /// So many in a window.
    Count {
        /// What was counted: matches, distinct values, a sum, an average, a percentile or a median.
        of: Measure,
        /// What it came to.
        value: f64,
        /// The bound it crossed.
        threshold: f64,
        /// The window in seconds.
        seconds: u64,
        /// The field that was counted or added, if one was.
        field: Option<String>,
        /// Distinct values, the first [`super::limits::SHOWN_VALUES_MAX`].
        values: Vec<String>,
        /// The share of all in percent, if the rule asks for one.
        share: Option<f64>,
    },
    /// Several things within a window.
    Sequence {
        /// The titles of the rules that matched, in the order of the file.
        parts: Vec<String>,
        /// The window in seconds.
        seconds: u64,
    },
    /// Nothing for too long.
    Silence {
        /// How long, in seconds.
        seconds: u64,
        /// How long is usual at this time of the week, in seconds.
        usual_seconds: u64,
    },
}

/// What a count is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Entries (Sigma's `event_count`).
    Entries,
    /// Distinct values (`value_count`).
    DistinctValues,
    /// `value_sum`
    Sum,
    /// `value_avg`
    Average,
    /// `value_percentile`
    Percentile,
    /// `value_median`
    Median,
}

/// One spelling for rule and group values, whatever they contain.
pub(crate) fn dedup_key(rule: &str, group: &[(String, String)]) -> String {
    let mut out = Vec::new();
    let mut before = b'[';
    for text in std::iter::once(rule).chain(group.iter().map(|(_, value)| value.as_str())) {
        out.push(before);
        before = b',';
        write_string(text, &mut out);
    }
    out.push(b']');
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_behind_a_verdict_can_be_kept() {
        let values = vec!["a".to_owned()];
        let (of, field) = (Measure::DistinctValues, Some("actor.id".to_owned()));
        let why = Why::Count { of, value: 5.0, threshold: 5.0, seconds: 900, field, values, share: None };
        let kept = serde_json::to_string(&why).expect("JSON");
        assert_eq!(
            kept,
            r#"{"kind":"count","of":"distinct_values","value":5.0,"threshold":5.0,"seconds":900,"field":"actor.id","values":["a"],"share":null}"#
        );
        assert_eq!(serde_json::from_str::<Why>(&kept).expect("read"), why);
    }

    #[test]
    fn a_dedup_key_tells_groups_apart() {
        let key = |values: &[&str]| {
            dedup_key(
                "r",
                &values.iter().map(|value| ("f".to_owned(), (*value).to_owned())).collect::<Vec<_>>(),
            )
        };
        assert_ne!(key(&["a\",\"b"]), key(&["a", "b"]));
        assert_eq!(key(&[]), r#"["r"]"#);
    }
}
