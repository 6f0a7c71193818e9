//! One conversation, as it is kept and as it is sent: the strict shape, and everything that is wrong with one that does not
//! fit.

use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;
use utoipa::ToSchema;

/// Conversations that are sent at once.
pub const BATCH_MAX: usize = 1_000;
/// A conversation as JSON.
pub const CONVERSATION_BYTES_MAX: usize = 4 << 20;
/// Ids of conversations, customers and authors.
pub const ID_BYTES_MAX: usize = 256;
/// Names, subjects and titles.
pub const NAME_CHARS_MAX: usize = 500;
/// A tag.
pub const TAG_CHARS_MAX: usize = 200;
const SOURCE_BYTES_MAX: usize = 40;
const WORD_CHARS_MAX: usize = 64;
const MESSAGES_MAX: usize = 2_000;
const TEXT_BYTES_MAX: usize = 256 * 1024;
const CALLS_MAX: usize = 64;
const ARGUMENTS_BYTES_MAX: usize = 64 * 1024;
const TAGGINGS_MAX: usize = 1_000;
const ESCALATIONS_MAX: usize = 100;
const CITED_MAX: usize = 200;
const ATTRIBUTES_MAX: usize = 200;
const ATTRIBUTE_BYTES_MAX: usize = 4 * 1024;
/// Flaws of one conversation that are told.
const FLAWS_MAX: usize = 20;

/// A conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// What its product calls it; entries of the log have it as the target `conversation/ID`.
    #[schema(min_length = 1, max_length = 256)]
    pub id: String,
    /// Where it is from: the name of a product.
    #[schema(pattern = "^[a-z0-9_-]{1,40}$", example = "intercom")]
    pub source: String,
    /// How the customer wrote: `chat`, `email` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    pub channel: Option<String>,
    /// The language of the customer, such as `en`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    pub language: Option<String>,
    /// What it is about, as the customer or the product put it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    pub subject: Option<String>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer: Option<Customer>,
    /// When it began.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When it ended; nothing while it is open.
    #[serde(default, with = "moment::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub closed_at: Option<Timestamp>,
    /// What was said, the oldest first.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub messages: Vec<Message>,
    /// Which tags were added and removed, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub tags: Vec<Tagging>,
    /// When it was handed to somebody else, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub escalations: Vec<Escalation>,
    /// How it ended, as the product knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution: Option<Resolution>,
    /// What the customer thought of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rating: Option<Rating>,
    /// Which articles were cited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub cited: Vec<Cited>,
    /// Which AI agent took part; nothing when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ai: Option<Ai>,
    /// How well it went, from 0 to 1, where somebody or something judged that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1, nullable = false)]
    pub score: Option<f64>,
}

/// Who asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ConversationCustomer)]
pub struct Customer {
    /// Their id at the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, nullable = false)]
    pub id: Option<String>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    pub name: Option<String>,
    /// Their address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    pub email: Option<String>,
    /// Which plan or tier they are on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    pub tier: Option<String>,
    /// What else is known of them.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub attributes: Map<String, Value>,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationMessage)]
pub struct Message {
    /// When.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By what sort of speaker.
    pub role: Role,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<Author>,
    /// What.
    #[serde(default)]
    #[schema(max_length = 262144)]
    pub text: String,
    /// Whether it is a note that the customer does not see.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// The tools that were called with it, and what they answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64)]
    pub calls: Vec<Call>,
}

/// What sort of speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConversationRole)]
pub enum Role {
    /// Whoever asks.
    Customer,
    /// A person of the workspace.
    Teammate,
    /// An AI agent.
    Agent,
    /// The product, or an instruction.
    System,
}

/// Who did something in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationAuthor)]
pub struct Author {
    /// Their id at the product.
    #[schema(min_length = 1, max_length = 256)]
    pub id: String,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    pub name: Option<String>,
    /// What they are: `user`, `agent`, `automation` or `system`, as actors of entries are.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    pub kind: Option<String>,
}

/// A tool that an agent called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationCall)]
pub struct Call {
    /// The tool.
    #[schema(min_length = 1, max_length = 256)]
    pub tool: String,
    /// With what.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// What it answered, where that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 262144, nullable = false)]
    pub result: Option<String>,
}

/// A tag that was added or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationTagging)]
pub struct Tagging {
    /// When.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Which.
    #[schema(min_length = 1, max_length = 200)]
    pub tag: String,
    /// Whether it was added or removed.
    #[serde(default)]
    pub act: Act,
    /// By whom, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub by: Option<Author>,
    /// The workflow or automation that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, nullable = false)]
    pub workflow: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    pub version: Option<String>,
}

/// What became of a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConversationTagAct)]
pub enum Act {
    /// It was added.
    #[default]
    Added,
    /// It was removed.
    Removed,
}

/// A conversation that was handed to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationEscalation)]
pub struct Escalation {
    /// When.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    pub reason: Option<String>,
    /// To whom: a team or a teammate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, nullable = false)]
    pub to: Option<String>,
}

/// How a conversation ended, in the words of those products that tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConversationResolution)]
pub enum Resolution {
    /// The customer said that it helped.
    Confirmed,
    /// The customer said nothing more.
    Assumed,
    /// It was handed to a person.
    Escalated,
    /// The customer said that it did not help.
    NegativeFeedback,
    /// The agent had nothing to say.
    NoAnswer,
    /// It went on in a procedure.
    ProcedureHandoff,
    /// The customer left.
    Abandoned,
    /// A person resolved it.
    Solved,
    /// It is not resolved.
    Unresolved,
}

/// What a customer thought of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationRating)]
pub struct Rating {
    /// From 1, bad, to 5, good.
    #[schema(minimum = 1, maximum = 5)]
    pub score: u8,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 262144, nullable = false)]
    pub remark: Option<String>,
}

/// An article that was cited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ConversationCited)]
pub struct Cited {
    /// Its id or address.
    #[schema(min_length = 1, max_length = 2000)]
    pub id: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    pub title: Option<String>,
}

/// An AI agent that took part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ConversationAi)]
pub struct Ai {
    /// Its id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, nullable = false)]
    pub agent: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, nullable = false)]
    pub version: Option<String>,
}

/// Something wrong with a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where: `messages[3].role`; empty when it is the conversation as a whole.
    pub path: String,
    /// What should have stood there.
    pub expected: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.expected)
    }
}

/// Everything that is wrong with a conversation; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.first().map(ToString::to_string).unwrap_or_default())]
pub struct Flaws(pub Vec<Flaw>);

impl Conversation {
    /// Reads one, strictly; or says what is wrong with it.
    pub fn parse(json: &str) -> Result<Self, Flaws> {
        let one = |path: &str, expected: String| Flaws(vec![Flaw { path: path.to_owned(), expected }]);
        if json.len() > CONVERSATION_BYTES_MAX {
            return Err(one(
                "",
                format!("expected a conversation of at most {CONVERSATION_BYTES_MAX} bytes"),
            ));
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut reader);
        let mut conversation = read.map_err(|error| {
            let path = error.path().to_string();
            one(if path == "." { "" } else { &path }, said(error.inner()))
        })?;
        reader.end().map_err(|error| one("", said(&error)))?;
        conversation.in_order();
        match conversation.flaws() {
            flaws if flaws.is_empty() => Ok(conversation),
            flaws => Err(Flaws(flaws)),
        }
    }

    /// Puts what has a time in the order of times; what has the same stays as it was.
    pub fn in_order(&mut self) {
        self.messages.sort_by_key(|message| message.at);
        self.tags.sort_by_key(|tagging| tagging.at);
        self.escalations.sort_by_key(|escalation| escalation.at);
    }

    /// What does not fit: lengths, ranges and empty names. The types have seen to the rest.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut check = Check(Vec::new());
        check.id("id", Some(&self.id));
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let source = self.source.as_bytes();
        if !(1..=SOURCE_BYTES_MAX).contains(&source.len()) || !source.iter().all(|byte| plain(*byte)) {
            check.expected("source", || format!("expected 1 to {SOURCE_BYTES_MAX} of a-z, 0-9, - and _"));
        }
        check.word("channel", self.channel.as_deref());
        check.word("language", self.language.as_deref());
        check.chars("subject", self.subject.as_deref(), NAME_CHARS_MAX);
        if let Some(customer) = &self.customer {
            check.customer(customer);
        }
        if self.closed_at.is_some_and(|closed| closed < self.opened_at) {
            check.expected("closed_at", || "expected a time that is not before opened_at".to_owned());
        }
        check.messages(&self.messages);
        check.rest(self);
        check.0.truncate(FLAWS_MAX);
        check.0
    }

    /// The tags it has now, in their order by name.
    pub fn current_tags(&self) -> BTreeSet<&str> {
        let mut tags = BTreeSet::new();
        for tagging in &self.tags {
            match tagging.act {
                Act::Added => tags.insert(tagging.tag.as_str()),
                Act::Removed => tags.remove(tagging.tag.as_str()),
            };
        }
        tags
    }

    /// When the last thing happened in it.
    pub fn last_at(&self) -> Timestamp {
        let last = |at: Option<Timestamp>| at.unwrap_or(self.opened_at);
        self.opened_at
            .max(last(self.closed_at))
            .max(last(self.messages.last().map(|message| message.at)))
            .max(last(self.tags.last().map(|tagging| tagging.at)))
    }

    /// Whether an AI agent took part.
    pub fn has_ai(&self) -> bool {
        self.ai.is_some() || self.messages.iter().any(|message| message.role == Role::Agent)
    }
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Teammate, Self::Agent, Self::System];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Teammate => "teammate",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}

impl Resolution {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Confirmed,
        Self::Assumed,
        Self::Escalated,
        Self::NegativeFeedback,
        Self::NoAnswer,
        Self::ProcedureHandoff,
        Self::Abandoned,
        Self::Solved,
        Self::Unresolved,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Assumed => "assumed",
            Self::Escalated => "escalated",
            Self::NegativeFeedback => "negative_feedback",
            Self::NoAnswer => "no_answer",
            Self::ProcedureHandoff => "procedure_handoff",
            Self::Abandoned => "abandoned",
            Self::Solved => "solved",
            Self::Unresolved => "unresolved",
        }
    }

    /// Reads [`Self::as_str`] back, and the words of Intercom.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "assumed_resolution" => Some(Self::Assumed),
            "confirmed_resolution" => Some(Self::Confirmed),
            "routed_to_team" => Some(Self::Escalated),
            word => Self::ALL.into_iter().find(|resolution| resolution.as_str() == word),
        }
    }
}

/// What serde says, without where in the text it was: the path says it better.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
    text.to_owned()
}

/// Gathers what is wrong.
struct Check(Vec<Flaw>);

impl Check {
    fn expected(&mut self, path: &str, expected: impl FnOnce() -> String) {
        if self.0.len() < FLAWS_MAX {
            self.0.push(Flaw { path: path.to_owned(), expected: expected() });
        }
    }

    fn id(&mut self, path: &str, id: Option<&str>) {
        let Some(id) = id else { return };
        if id.trim().is_empty() || id.len() > ID_BYTES_MAX || id.chars().any(char::is_control) {
            self.expected(path, || format!("expected 1 to {ID_BYTES_MAX} bytes without control characters"));
        }
    }

    fn word(&mut self, path: &str, word: Option<&str>) {
        self.id(path, word);
        self.chars(path, word, WORD_CHARS_MAX);
    }

    fn chars(&mut self, path: &str, text: Option<&str>, chars_max: usize) {
        if text.is_some_and(|text| text.chars().count() > chars_max) {
            self.expected(path, || format!("expected at most {chars_max} characters"));
        }
    }

    fn bytes(&mut self, path: &str, text: Option<&str>, bytes_max: usize) {
        if text.is_some_and(|text| text.len() > bytes_max) {
            self.expected(path, || format!("expected at most {bytes_max} bytes"));
        }
    }

    fn count(&mut self, path: &str, count: usize, count_max: usize) -> bool {
        if count > count_max {
            self.expected(path, || format!("expected at most {count_max}"));
        }
        count <= count_max
    }

    fn author(&mut self, path: &str, author: Option<&Author>) {
        let Some(author) = author else { return };
        self.id(&format!("{path}.id"), Some(&author.id));
        self.chars(&format!("{path}.name"), author.name.as_deref(), NAME_CHARS_MAX);
        self.word(&format!("{path}.type"), author.kind.as_deref());
    }

    fn customer(&mut self, customer: &Customer) {
        self.id("customer.id", customer.id.as_deref());
        self.chars("customer.name", customer.name.as_deref(), NAME_CHARS_MAX);
        self.chars("customer.email", customer.email.as_deref(), NAME_CHARS_MAX);
        self.word("customer.tier", customer.tier.as_deref());
        if self.count("customer.attributes", customer.attributes.len(), ATTRIBUTES_MAX) {
            for (name, value) in &customer.attributes {
                let path = format!("customer.attributes.{name}");
                self.bytes(&path, Some(&value.to_string()), ATTRIBUTE_BYTES_MAX);
            }
        }
    }

    fn messages(&mut self, messages: &[Message]) {
        if !self.count("messages", messages.len(), MESSAGES_MAX) {
            return;
        }
        for (nth, message) in messages.iter().enumerate() {
            let path = format!("messages[{nth}]");
            self.author(&format!("{path}.author"), message.author.as_ref());
            self.bytes(&format!("{path}.text"), Some(&message.text), TEXT_BYTES_MAX);
            if self.count(&format!("{path}.calls"), message.calls.len(), CALLS_MAX) {
                for (nth, call) in message.calls.iter().enumerate() {
                    let path = format!("{path}.calls[{nth}]");
                    self.id(&format!("{path}.tool"), Some(&call.tool));
                    self.bytes(
                        &format!("{path}.arguments"),
                        Some(&call.arguments.to_string()),
                        ARGUMENTS_BYTES_MAX,
                    );
                    self.bytes(&format!("{path}.result"), call.result.as_deref(), TEXT_BYTES_MAX);
                }
            }
        }
    }

    fn rest(&mut self, conversation: &Conversation) {
        if self.count("tags", conversation.tags.len(), TAGGINGS_MAX) {
            for (nth, tagging) in conversation.tags.iter().enumerate() {
                let path = format!("tags[{nth}]");
                if tagging.tag.trim().is_empty() {
                    self.expected(&format!("{path}.tag"), || "expected a tag that is not empty".to_owned());
                }
                self.chars(&format!("{path}.tag"), Some(&tagging.tag), TAG_CHARS_MAX);
                self.author(&format!("{path}.by"), tagging.by.as_ref());
                self.id(&format!("{path}.workflow"), tagging.workflow.as_deref());
                self.word(&format!("{path}.version"), tagging.version.as_deref());
            }
        }
        if self.count("escalations", conversation.escalations.len(), ESCALATIONS_MAX) {
            for (nth, escalation) in conversation.escalations.iter().enumerate() {
                let path = format!("escalations[{nth}]");
                self.chars(&format!("{path}.reason"), escalation.reason.as_deref(), NAME_CHARS_MAX);
                self.id(&format!("{path}.to"), escalation.to.as_deref());
            }
        }
        if let Some(rating) = &conversation.rating {
            if !(1..=5).contains(&rating.score) {
                self.expected("rating.score", || "expected 1 to 5".to_owned());
            }
            self.bytes("rating.remark", rating.remark.as_deref(), TEXT_BYTES_MAX);
        }
        if self.count("cited", conversation.cited.len(), CITED_MAX) {
            for (nth, cited) in conversation.cited.iter().enumerate() {
                if cited.id.trim().is_empty() {
                    self.expected(&format!("cited[{nth}].id"), || "expected an id or an address".to_owned());
                }
                self.chars(&format!("cited[{nth}].id"), Some(&cited.id), 2_000);
                self.chars(&format!("cited[{nth}].title"), cited.title.as_deref(), NAME_CHARS_MAX);
            }
        }
        if let Some(ai) = &conversation.ai {
            self.id("ai.agent", ai.agent.as_deref());
            self.word("ai.version", ai.version.as_deref());
        }
        if conversation.score.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
            self.expected("score", || "expected a number from 0 to 1".to_owned());
        }
    }
}

/// Times as in RFC 3339.
pub(crate) mod moment {
    use hindcast_event::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text)
            .ok_or_else(|| de::Error::custom("expected a time as in RFC 3339, such as 2026-11-21T19:40:12Z"))
    }

    pub mod option {
        use super::{Deserializer, Serializer, Timestamp, de};
        use serde::Deserialize as _;

        pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
            match at {
                Some(at) => super::serialize(at, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Timestamp>, D::Error> {
            let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
            let wrong = || de::Error::custom("expected a time as in RFC 3339, such as 2026-11-21T19:40:12Z");
            Timestamp::parse(&text).map(Some).ok_or_else(wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(conversation: &Value) -> Vec<String> {
        let Err(Flaws(flaws)) = Conversation::parse(&conversation.to_string()) else {
            panic!("{conversation}")
        };
        flaws.into_iter().map(|flaw| flaw.path).collect()
    }

    fn good() -> Value {
        json!({
            "id": "c-1", "source": "intercom", "opened_at": "2026-11-01T10:00:00Z",
            "messages": [
                { "at": "2026-11-01T10:05:00Z", "role": "agent", "text": "Here you go.",
                  "calls": [{ "tool": "order.lookup", "arguments": { "order": 7 }, "result": "{}" }] },
                { "at": "2026-11-01T10:00:00Z", "role": "customer", "text": "Where is my order?" },
            ],
            "tags": [
                { "at": "2026-11-01T10:06:00Z", "tag": "billing" },
                { "at": "2026-11-01T10:07:00Z", "tag": "billing", "act": "removed", "by": { "id": "ana", "type": "user" } },
                { "at": "2026-11-01T10:08:00Z", "tag": "shipping", "workflow": "triage", "version": "14" },
            ],
            "resolution": "confirmed", "rating": { "score": 5 }, "score": 1.0,
        })
    }

    #[test]
    fn what_is_read_is_in_order_and_is_written_as_it_was_read() {
        let read = Conversation::parse(&good().to_string()).expect("good");
        assert_eq!(read.messages[0].role, Role::Customer, "the oldest first");
        assert_eq!(read.current_tags().into_iter().collect::<Vec<_>>(), ["shipping"]);
        assert_eq!(read.last_at().to_string(), "2026-11-01T10:08:00.000000Z");
        assert!(read.has_ai());
        let again = serde_json::to_string(&read).expect("JSON");
        assert_eq!(Conversation::parse(&again).expect("good"), read);
    }

    #[test]
    fn a_flaw_is_named_by_its_path() {
        let with = |path: &str, value: Value| {
            let mut bad = good();
            *bad.pointer_mut(path).expect("there") = value;
            bad
        };
        for (path, value, named) in [
            ("/messages/1/role", json!("robot"), "messages[1].role"),
            ("/messages/0/at", json!("yesterday"), "messages[0].at"),
            ("/messages/0/calls/0/tool", json!(""), "messages[1].calls[0].tool"),
            ("/tags/1/by/id", json!("\u{1}"), "tags[1].by.id"),
            ("/rating/score", json!(6), "rating.score"),
            ("/score", json!(1.5), "score"),
            ("/source", json!("Inter com"), "source"),
            ("/id", json!("  "), "id"),
            ("/resolution", json!("maybe"), "resolution"),
            ("/opened_at", json!(7), "opened_at"),
        ] {
            assert_eq!(refused(&with(path, value)), [named], "{path}");
        }
        let mut unknown = good();
        unknown["tag"] = json!("x");
        assert_eq!(refused(&unknown), ["tag"]);
        let mut two = good();
        (two["id"], two["score"]) = (json!(""), json!(-1));
        assert_eq!(refused(&two), ["id", "score"], "all of them are told");
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let mut many = good();
        let message = many["messages"][0].clone();
        many["messages"] = json!(vec![message; MESSAGES_MAX + 1]);
        assert_eq!(refused(&many), ["messages"]);
        let mut long = good();
        long["messages"][1]["text"] = json!("x".repeat(TEXT_BYTES_MAX + 1));
        assert_eq!(refused(&long), ["messages[0].text"]);
        assert!(Conversation::parse(&" ".repeat(CONVERSATION_BYTES_MAX + 1)).is_err());
        for garbage in ["", "[]", "null", "{", "{\"id\":1}", "\u{0}", "{\"id\":\"a\",\"id\":\"b\"}"] {
            assert!(Conversation::parse(garbage).is_err(), "{garbage}");
        }
        let deep = "[".repeat(1_000);
        let deep = format!("{{\"id\":\"a\",\"customer\":{{\"attributes\":{{\"a\":{deep}");
        assert!(Conversation::parse(&deep).is_err());
    }
}
