//! What somebody wants simulated, and what does not fit.

use crate::catalog::ConversationsWanted;
use hindcast_event::Timestamp;
use hindcast_rules::simulation::answer::Flaw;
use hindcast_rules::simulation::case::CutAt;
use hindcast_rules::simulation::forecast::Question;
use hindcast_rules::simulation::gate::Required;
use hindcast_rules::simulation::limits::TOOL_NAME_BYTES_MAX;
use hindcast_rules::simulation::sample::Size;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const NAME_CHARS_MAX: usize = 200;
const URL_BYTES_MAX: usize = 2_000;
const WORD_CHARS_MAX: usize = 256;
const PROMPT_BYTES_MAX: usize = 64 * 1024;
const CREDENTIAL_BYTES_MAX: usize = 8 * 1024;
const FIXTURES_MAX: usize = 1_000;
const FACTS_MAX: usize = 16;
const HINTS_MAX: usize = 100;
const HINT_CHARS_MAX: usize = 1_000;
const READS_MAX: usize = 500;
const CANDIDATES_MAX: usize = 100;
const CONCURRENCY_MAX: u32 = 32;
const TIMEOUT_MS_MAX: u64 = 600_000;
const REQUESTS_MAX: u64 = 2_000_000;
const MINUTES_MAX: u32 = 7 * 24 * 60;

/// A simulation that somebody wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SimulationWanted)]
pub struct Wanted {
    /// What people call it.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub name: String,
    /// Who is asked.
    pub agent: AgentWanted,
    /// Which conversations it is drawn from; all by default.
    #[serde(default)]
    pub conversations: SimulatedHistory,
    /// How many are looked at: `{"of": 1000}`, the default, or `"all"`.
    #[serde(default)]
    #[schema(value_type = serde_json::Value)]
    pub size: Size,
    /// At least so many of each kind (month, channel, language and tag).
    #[serde(default)]
    pub at_least: u64,
    /// The same seed draws the same conversations.
    #[serde(default)]
    pub seed: u64,
    /// Where conversations are cut: `human_reply`, the default, or `any_reply`.
    #[serde(default)]
    #[schema(value_type = String, example = "human_reply")]
    pub cut: CutAt,
    /// A reply agrees with the human's from here on, in percent.
    #[serde(default = "half")]
    #[schema(minimum = 0, maximum = 100, default = 50)]
    pub agreement_min: u8,
    /// Below this confidence, in percent, a person takes over.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100)]
    pub confidence_min: u8,
    /// Whether policies on trial judge in the place of those that are enforced.
    #[serde(default)]
    pub trial: bool,
    /// Cedar texts by the name of the policy whose place they take, or of a new one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub candidates: BTreeMap<String, String>,
    /// Tools that only read, beside those that are declared so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub reads: Vec<String>,
    /// What tools answer where nothing was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub fixtures: Vec<FixtureWanted>,
    /// Records that policies see with a call, by the name of the metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, FactsWanted>,
    /// What the agent should know of the policies, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub policy_hints: Vec<String>,
    /// Whether names, addresses, attributes and long numbers are masked before the agent is asked.
    #[serde(default)]
    pub redact: bool,
    /// How many conversations the agent is asked about at once.
    #[serde(default = "four")]
    #[schema(minimum = 1, maximum = 32, default = 4)]
    pub concurrency: u32,
    /// What the run may use.
    #[serde(default)]
    pub budget: BudgetWanted,
    /// The id of the simulation it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub baseline: Option<String>,
    /// Whether it is run even if the same question was answered before.
    #[serde(default)]
    pub fresh: bool,
    /// Plans to compare, and the month: see `docs/formats/simulation.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, nullable = false)]
    pub forecast: Option<Question>,
    /// What its numbers have to be: see `docs/formats/simulation.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, nullable = false)]
    pub required: Option<Required>,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = SimulatedAgent)]
pub enum AgentWanted {
    /// The agents that answered then: what they said and did is judged again, and nobody is asked.
    Recorded {},
    /// An agent that speaks the HTTP contract, at `<url>/v1/respond`.
    Http {
        /// Its address.
        url: String,
        /// Its version, in your words; another one is another question.
        #[serde(default)]
        version: String,
        /// Sent as `Authorization: Bearer …`; kept sealed, never shown.
        #[serde(default, skip_serializing)]
        credential: Option<String>,
        /// An answer may take so long.
        #[serde(default = "half_a_minute")]
        #[schema(minimum = 1, maximum = 600000, default = 30000)]
        timeout_ms: u64,
    },
    /// An agent that speaks the HTTP contract, at `<url>/v1/respond`, and calls its tools itself, at an address of MCP that it is told with each
    /// conversation.
    Mcp {
        /// Its address.
        url: String,
        /// Its version, in your words; another one is another question.
        #[serde(default)]
        version: String,
        /// Sent as `Authorization: Bearer …`; kept sealed, never shown.
        #[serde(default, skip_serializing)]
        credential: Option<String>,
        /// An answer may take so long, its calls of tools included.
        #[serde(default = "half_a_minute")]
        #[schema(minimum = 1, maximum = 600000, default = 30000)]
        timeout_ms: u64,
        /// The address at which it reaches this server; `server.public_url` of the settings when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        server: Option<String>,
    },
    /// An OpenAI-compatible endpoint, at `<url>/chat/completions`.
    Chat {
        /// Its address, as a rule with `/v1` at the end.
        url: String,
        /// The model.
        model: String,
        /// The version of what is around the model, in your words.
        #[serde(default)]
        version: String,
        /// What the model is told first.
        #[serde(default)]
        system_prompt: Option<String>,
        /// Left out when absent: some models refuse it.
        #[serde(default)]
        temperature: Option<u8>,
        /// Sent as `Authorization: Bearer …`; kept sealed, never shown.
        #[serde(default, skip_serializing)]
        credential: Option<String>,
        /// An answer may take so long.
        #[serde(default = "half_a_minute")]
        #[schema(minimum = 1, maximum = 600000, default = 30000)]
        timeout_ms: u64,
    },
}

/// Conversations that a sample is drawn from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatedHistory {
    /// That began in this month of UTC, such as `2026-11`.
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<String>,
    /// From this product.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// Through this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// In this language.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// That have this tag now.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// That began at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    from: Option<String>,
    /// That began before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// What a tool answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SimulationFixture)]
pub struct FixtureWanted {
    /// The tool.
    pub tool: String,
    /// To exactly these arguments; to any, as an example, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, nullable = false)]
    pub args: Option<Map<String, Value>>,
    /// What it answers.
    pub result: Value,
}

/// Records that are joined to calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SimulationFacts)]
pub struct FactsWanted {
    /// The argument that names a record.
    pub argument: String,
    /// The records.
    #[schema(value_type = Object)]
    pub records: Map<String, Value>,
}

/// What a run may use; what is absent has no limit but that of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SimulationBudget)]
pub struct BudgetWanted {
    /// Requests to the agent, those that are tried again included.
    #[schema(minimum = 1, maximum = 2000000)]
    pub requests: Option<u64>,
    /// Tokens read and written, as the agent tells them.
    pub tokens: Option<u64>,
    /// Millionths of a US dollar, as the agent tells them.
    pub cost_usd_micros: Option<u64>,
    /// Minutes on the clock.
    #[schema(minimum = 1, maximum = 10080)]
    pub minutes: Option<u32>,
}

fn half() -> u8 {
    50
}

fn four() -> u32 {
    4
}

fn half_a_minute() -> u64 {
    30_000
}

/// A field that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub(crate) struct Unfit {
    pub field: String,
    pub expected: String,
}

impl Unfit {
    pub fn new(field: &str, expected: impl Into<String>) -> Self {
        Self { field: field.to_owned(), expected: expected.into() }
    }

    /// A flaw of what lies within a field.
    pub fn within(field: &str, flaw: &Flaw) -> Self {
        let path = if flaw.path.is_empty() { field.to_owned() } else { format!("{field}.{}", flaw.path) };
        Self { field: path, expected: flaw.expected.clone() }
    }
}

impl Wanted {
    /// Refuses what does not fit, by field.
    pub(crate) fn check(&self) -> Result<(), Unfit> {
        let chars = |field: &str, text: &str, max: usize| {
            let fits = text.chars().count() <= max && !text.chars().any(char::is_control);
            if fits {
                Ok(())
            } else {
                Err(Unfit::new(field, format!("at most {max} characters, none of them a control character")))
            }
        };
        let few = |field: &str, count: usize, max: usize| {
            if count <= max {
                Ok(())
            } else {
                Err(Unfit::new(field, format!("at most {max}, there are {count}")))
            }
        };
        chars("name", &self.name, NAME_CHARS_MAX)?;
        self.agent.check()?;
        self.conversations.wanted()?;
        for (field, percent) in
            [("agreement_min", self.agreement_min), ("confidence_min", self.confidence_min)]
        {
            if percent > 100 {
                return Err(Unfit::new(field, "0 to 100"));
            }
        }
        if !(1..=CONCURRENCY_MAX).contains(&self.concurrency) {
            return Err(Unfit::new("concurrency", format!("1 to {CONCURRENCY_MAX}")));
        }
        few("candidates", self.candidates.len(), CANDIDATES_MAX)?;
        few("reads", self.reads.len(), READS_MAX)?;
        few("fixtures", self.fixtures.len(), FIXTURES_MAX)?;
        few("facts", self.facts.len(), FACTS_MAX)?;
        few("policy_hints", self.policy_hints.len(), HINTS_MAX)?;
        self.policy_hints.iter().try_for_each(|hint| chars("policy_hints", hint, HINT_CHARS_MAX))?;
        for name in self.reads.iter().chain(self.fixtures.iter().map(|fixture| &fixture.tool)) {
            if name.is_empty() || name.len() > TOOL_NAME_BYTES_MAX {
                return Err(Unfit::new(
                    "fixtures",
                    format!("names of tools of 1 to {TOOL_NAME_BYTES_MAX} bytes"),
                ));
            }
        }
        if self.facts.contains_key("arguments") {
            return Err(Unfit::new("facts", "another name than arguments"));
        }
        if self.budget.requests.is_some_and(|requests| !(1..=REQUESTS_MAX).contains(&requests)) {
            return Err(Unfit::new("budget.requests", format!("1 to {REQUESTS_MAX}")));
        }
        if self.budget.minutes.is_some_and(|minutes| !(1..=MINUTES_MAX).contains(&minutes)) {
            return Err(Unfit::new("budget.minutes", format!("1 to {MINUTES_MAX}")));
        }
        match &self.required {
            Some(required) => required.check().map_err(|flaw| Unfit::within("required", &flaw)),
            None => Ok(()),
        }
    }

    /// Which conversations it is drawn from.
    pub(crate) fn which(&self) -> Result<ConversationsWanted, Unfit> {
        let mut wanted = self.conversations.wanted()?;
        // What agents did can be looked at only where there was one.
        wanted.ai = matches!(self.agent, AgentWanted::Recorded {}).then_some(true);
        Ok(wanted)
    }
}

impl SimulatedHistory {
    fn wanted(&self) -> Result<ConversationsWanted, Unfit> {
        let time = |field: &str, text: &Option<String>| {
            let read = text.as_deref().map(|text| Timestamp::parse(text).ok_or(field));
            read.transpose()
                .map_err(|field| Unfit::new(field, "an RFC 3339 time such as 2026-11-01T00:00:00Z"))
        };
        let named = [&self.month, &self.source, &self.channel, &self.language, &self.tag];
        if named.into_iter().flatten().any(|text| text.chars().count() > WORD_CHARS_MAX) {
            return Err(Unfit::new("conversations", format!("words of at most {WORD_CHARS_MAX} characters")));
        }
        Ok(ConversationsWanted {
            month: self.month.clone(),
            source: self.source.clone(),
            channel: self.channel.clone(),
            language: self.language.clone(),
            tag: self.tag.clone(),
            from: time("conversations.from", &self.from)?,
            until: time("conversations.until", &self.until)?,
            ..ConversationsWanted::default()
        })
    }
}

const ADDRESS: &str = "an address of HTTPS without a query or a password";

fn is_address(url: &str) -> bool {
    let parsed: Option<ureq::http::Uri> = url.parse().ok().filter(|_| url.len() <= URL_BYTES_MAX);
    parsed.is_some_and(|url| {
        matches!(url.scheme_str(), Some("https" | "http"))
            && url.query().is_none()
            && url.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    })
}

impl AgentWanted {
    /// Takes the credential out, to be sealed.
    pub(crate) fn take_credential(&mut self) -> Option<String> {
        match self {
            Self::Recorded {} => None,
            Self::Http { credential, .. } | Self::Mcp { credential, .. } | Self::Chat { credential, .. } => {
                credential.take()
            }
        }
    }

    /// Whom actions are of, as policies see them.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Recorded {} => "recorded",
            Self::Http { version, .. } | Self::Mcp { version, .. } if version.is_empty() => "simulated",
            Self::Http { version, .. } | Self::Mcp { version, .. } => version,
            Self::Chat { model, .. } => model,
        }
    }

    fn check(&self) -> Result<(), Unfit> {
        let (url, timeout_ms, credential, words) = match self {
            Self::Recorded {} => return Ok(()),
            Self::Http { url, version, credential, timeout_ms } => {
                (url, *timeout_ms, credential, vec![version])
            }
            Self::Mcp { url, version, credential, timeout_ms, server } => {
                if server.as_ref().is_some_and(|server| !is_address(server)) {
                    return Err(Unfit::new("agent.server", ADDRESS));
                }
                (url, *timeout_ms, credential, vec![version])
            }
            Self::Chat { url, model, version, credential, timeout_ms, system_prompt, .. } => {
                if model.trim().is_empty() {
                    return Err(Unfit::new("agent.model", "the name of a model"));
                }
                if system_prompt.as_ref().is_some_and(|prompt| prompt.len() > PROMPT_BYTES_MAX) {
                    return Err(Unfit::new(
                        "agent.system_prompt",
                        format!("at most {PROMPT_BYTES_MAX} bytes"),
                    ));
                }
                (url, *timeout_ms, credential, vec![model, version])
            }
        };
        if !is_address(url) {
            return Err(Unfit::new("agent.url", ADDRESS));
        }
        if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
            return Err(Unfit::new("agent.timeout_ms", format!("1 to {TIMEOUT_MS_MAX}")));
        }
        let visible = |text: &String| {
            (1..=CREDENTIAL_BYTES_MAX).contains(&text.len())
                && text.bytes().all(|byte| (0x21..0x7f).contains(&byte))
        };
        if credential.as_ref().is_some_and(|credential| !visible(credential)) {
            return Err(Unfit::new("agent.credential", "visible characters of ASCII"));
        }
        if words.iter().any(|word| word.len() > WORD_CHARS_MAX || word.chars().any(char::is_control)) {
            return Err(Unfit::new(
                "agent.version",
                format!("at most {WORD_CHARS_MAX} bytes without control characters"),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wanted(with: Value) -> Wanted {
        let mut all = json!({ "agent": { "kind": "recorded" } });
        if let (Value::Object(all), Value::Object(with)) = (&mut all, with) {
            all.extend(with);
        }
        serde_json::from_value(all).expect("read")
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_field() {
        for (with, field) in [
            (json!({ "agreement_min": 101 }), "agreement_min"),
            (json!({ "concurrency": 0 }), "concurrency"),
            (json!({ "conversations": { "from": "monday" } }), "conversations.from"),
            (json!({ "agent": { "kind": "http", "url": "ftp://x" } }), "agent.url"),
            (json!({ "agent": { "kind": "http", "url": "https://me:secret@x.example" } }), "agent.url"),
            (
                json!({ "agent": { "kind": "http", "url": "https://x.example", "timeout_ms": 0 } }),
                "agent.timeout_ms",
            ),
            (json!({ "agent": { "kind": "chat", "url": "https://x.example", "model": " " } }), "agent.model"),
            (json!({ "required": { "kind": "agent", "max_age_hours": 1, "min_n": 3 } }), "required.min_n"),
        ] {
            assert_eq!(wanted(with).check().expect_err("refused").field, field);
        }
        assert_eq!(wanted(json!({})).check(), Ok(()));
    }

    #[test]
    fn a_credential_is_never_written_with_the_rest() {
        let mut wanted =
            wanted(json!({ "agent": { "kind": "http", "url": "https://x.example", "credential": "hush" } }));
        assert!(!json!(wanted).to_string().contains("hush"));
        assert_eq!(wanted.agent.take_credential().as_deref(), Some("hush"));
        let back: Wanted = serde_json::from_value(json!(wanted)).expect("read back");
        assert_eq!(back, wanted);
    }
}
