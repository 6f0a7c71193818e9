//! What was found, as it is kept: numbers, tags, words and the ids of conversations; no text of any.

use crate::history::moment;
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What came of a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = InsightsFound)]
pub struct Found {
    /// How many conversations were read.
    pub read: usize,
    /// How many were left out: the customer said nothing, or nothing of it is kept.
    pub without_text: usize,
    /// How many older ones were not read, because there are more than a reading holds.
    pub beyond: usize,
    /// How many conversations have tags that could be judged.
    pub judged: usize,
    /// How many of them seem to have a wrong tag, in an insight or not.
    pub suspects: usize,
    /// Tags that were not looked at: too few conversations, or too many tags.
    pub tags_left_out: Vec<String>,
    /// How many kinds of questions there are; 0 where nobody needed to know.
    pub kinds: usize,
    /// How many articles were searched.
    pub articles: usize,
    /// How many entries of the log were evidence: tags that people changed, and calls that a policy denied.
    pub evidence: usize,
    /// Whether there were older entries that were not looked at.
    pub is_evidence_cut: bool,
    /// The insights: what people corrected first, then by how many conversations they are about.
    pub insights: Vec<Insight>,
}

/// One insight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Insight {
    /// Its number, from 1, in the order they are told.
    pub nr: usize,
    /// What sort.
    pub kind: Kind,
    /// How many conversations it is about.
    pub count: usize,
    /// Words that are characteristic of them.
    pub words: Vec<String>,
    /// When the first of them began.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Timestamp,
    /// When the last of them began.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// How many began in each twelfth of the time that was read.
    pub periods: Vec<u32>,
    /// Whether they become more.
    pub trend: Trend,
    /// What is particular to its kind.
    #[serde(flatten)]
    pub about: About,
    /// Their ids, the plainest cases first; at most 200.
    pub conversations: Vec<String>,
}

/// What sort of insight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InsightKind)]
pub enum Kind {
    /// Conversations that are tagged wrongly.
    Mistag,
    /// A kind of question that stays unresolved.
    Gap,
    /// A kind of question that nobody asked before.
    NewKind,
}

/// What is particular to a kind of insight; the member of its name is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = InsightAbout)]
pub struct About {
    /// Of a mis-tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mistag: Option<Mistagged>,
    /// Of a gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gap: Option<Gapped>,
    /// Of a new kind of question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub new_kind: Option<NewlyAsked>,
}

/// Conversations with one tag that seem to belong to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Mistagged {
    /// The tag they have, or had before a person corrected it.
    pub assigned: String,
    /// The tag they seem to belong to.
    pub expected: String,
    /// How many are suspect, without those that people corrected.
    pub suspects: usize,
    /// How many people corrected in this way.
    pub corrected: usize,
    /// Of all with the assigned tag, how many that is, 0 to 1.
    pub share_of_assigned: f64,
    /// Of all that have or should have the expected tag, how many that is.
    pub share_of_expected: f64,
    /// How surely the suspects belong elsewhere, 0 to 1.
    pub margin: f64,
    /// Who assigned the tag, those with the most of these conversations first.
    pub assigned_by: Vec<Assigned>,
}

/// Who assigned a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = InsightAssigner)]
pub struct Assigned {
    /// The workflow, automation, agent or person; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub by: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<String>,
    /// How many of these conversations it tagged.
    pub count: usize,
    /// How many conversations in all it gave this tag.
    pub of: usize,
    /// When the first of these began.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// A kind of question that stays unresolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Gapped {
    /// The most frequent cause: `no_article`, `not_cited`, `cited_in_vain` or `blocked`.
    pub cause: String,
    /// Each cause that there is, and of how many.
    pub causes: BTreeMap<String, usize>,
    /// How many conversations of this kind ended in a way that is known.
    pub volume: usize,
    /// How many of them are unresolved.
    pub unresolved: usize,
    /// The lower and upper end of the share unresolved, 95 of 100 times.
    pub between: (f64, f64),
    /// What closing the gap may be worth, in conversations.
    pub score: f64,
    /// The nearest article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub nearest: Option<Cited>,
    /// The article that was shown most often in vain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shown_in_vain: Option<Cited>,
}

/// An article.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = InsightArticle)]
pub struct Cited {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its address; empty where it has none.
    pub url: String,
    /// How near it is, 0 to 1.
    pub similarity: f64,
}

/// A kind of question that nobody asked before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewlyAsked {
    /// Since when it is new.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How alike its questions are, 0 to 1; below some 0.5 it may be several kinds.
    pub tightness: f64,
    /// The conversation that came nearest before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub nearest: Option<String>,
    /// How near that was, 0 to 1.
    pub similarity: f64,
}

/// What becomes of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InsightTrend)]
pub enum Trend {
    /// It grows by more than chance.
    Rising,
    /// It may be chance.
    Steady,
    /// It shrinks by more than chance.
    Falling,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mistag, Self::Gap, Self::NewKind];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mistag => "mistag",
            Self::Gap => "gap",
            Self::NewKind => "new_kind",
        }
    }
}
