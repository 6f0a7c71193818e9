//! What an agent said about a conversation, or how it failed to.
//!
//! Agents are strangers: what they send is read field by field within limits, and a field that is unknown, of the wrong kind or
//! too long is a flaw at its path, never a guess. An answer that has a flaw is no answer.

use super::arguments::Arguments;
use super::limits::{ACTIONS_MAX, FLAW_BYTES_MAX};
use hindcast_event::json::JsonError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an agent would do about a conversation, if it were let.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// What it would write to the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// How sure it says it is, in whole percent from 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// Whether it says that the conversation is resolved by this.
    pub resolved: bool,
    /// Whom it would hand the conversation to, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate: Option<Escalate>,
    /// What it would do, in its order; nothing of it is done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// What it says it knows that from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// What it says it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// How long we waited for it in all turns together, in milliseconds.
    pub latency_ms: u64,
    /// How many messages it would have sent to the customer.
    pub replies: u32,
}

impl Answer {
    /// Adds an action, up to [`ACTIONS_MAX`].
    pub(crate) fn act(&mut self, action: Action) -> Result<(), Flaw> {
        if self.actions.len() == ACTIONS_MAX {
            return Err(Flaw::new("", format!("at most {ACTIONS_MAX} actions in one conversation")));
        }
        self.actions.push(action);
        Ok(())
    }
}

/// Handing a conversation to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalate {
    /// Why, in the agent's words or as one of the words of [`super::outcome::Reason`].
    pub reason: String,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

impl Escalate {
    /// What we say for an agent that goes on and on.
    pub(crate) fn limit_reached() -> Self {
        Self { reason: "limit_reached".into(), team: None }
    }
}

/// Something done, or meant to be done, with a tool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Action {
    /// The name of the tool, such as `order.refund`.
    pub tool: String,
    /// With which arguments.
    pub arguments: Arguments,
}

/// An article that an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Its id.
    pub id: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What an answer used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens it read.
    pub input_tokens: u64,
    /// Tokens it wrote.
    pub output_tokens: u64,
    /// What it cost in millionths of a US dollar, if the agent knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd_micros: Option<u64>,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let costs = [self.cost_usd_micros, other.cost_usd_micros];
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cost_usd_micros: costs.into_iter().flatten().reduce(u64::saturating_add),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "failure", rename_all = "snake_case")]
pub enum Failed {
    /// Nothing came in time.
    #[error("no answer within {after_ms} ms")]
    Slow {
        /// How long we waited.
        after_ms: u64,
    },
    /// What came is not an answer.
    #[error("not an answer: {flaw}")]
    Garbage {
        /// What is wrong with it, and where.
        flaw: String,
    },
    /// More came than we read.
    #[error("more than {max} bytes")]
    TooLarge {
        /// How much we read.
        max: u64,
    },
    /// The endpoint refused, or there was none.
    #[error("refused: {why}")]
    Refused {
        /// The status or the error, in words.
        why: String,
    },
    /// The budget of the run was used up before; says nothing about the agent.
    #[error("the budget of the run was used up")]
    Budget,
}

impl From<Flaw> for Failed {
    fn from(flaw: Flaw) -> Self {
        Self::Garbage { flaw: flaw.to_string() }
    }
}

/// What is wrong with something that was sent to us, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The path of the field, such as `actions[2].tool`; empty for the whole document.
    pub path: String,
    /// What should have stood there.
    pub expected: String,
}

impl Flaw {
    pub(crate) fn new(path: &str, expected: impl Into<String>) -> Self {
        Self { path: shortened(path), expected: shortened(&expected.into()) }
    }

    pub(crate) fn of_json(error: JsonError) -> Self {
        Self::new(error.path.as_str(), error.expected)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the document" } else { &self.path };
        write!(f, "{path}: expected {}", self.expected)
    }
}

impl std::error::Error for Flaw {}

/// A text cut where it is too long to be told, for names of fields come from strangers too.
fn shortened(text: &str) -> String {
    cut(text, FLAW_BYTES_MAX / 2)
}

/// The first `max` bytes of a text, without half characters, and `…` where something was cut.
pub(crate) fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end =
        (0..=max.saturating_sub('…'.len_utf8())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}…", &text[..end])
}
