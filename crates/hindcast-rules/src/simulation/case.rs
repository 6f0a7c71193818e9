//! A past conversation as a case: what an agent may see of it, and what really became of it.
//!
//! The cut is what makes a simulation honest. An agent sees what was there before the first human reply, and nothing of what
//! people wrote, tagged or published afterwards, even where an import put things out of order.

use super::answer::{Action, Flaw};
use super::limits::{ID_BYTES_MAX, TAGS_PER_CASE_MAX};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};

/// A past conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// The kind of conversations it is sampled from.
    pub stratum: Stratum,
    /// What became of it.
    pub historic: Historic,
}

impl Case {
    /// Refuses a case whose parts are too large to be reported on.
    pub fn check(&self) -> Result<(), Flaw> {
        let stratum = &self.stratum;
        let texts = [
            ("id", &self.id),
            ("stratum.month", &stratum.month),
            ("stratum.channel", &stratum.channel),
            ("stratum.language", &stratum.language),
            ("stratum.tag", &stratum.tag),
        ];
        if let Some((path, _)) = texts.into_iter().find(|(_, text)| text.len() > ID_BYTES_MAX) {
            return Err(Flaw::new(path, format!("at most {ID_BYTES_MAX} bytes")));
        }
        match &self.historic.tags {
            Some(tags) if tags.len() > TAGS_PER_CASE_MAX => Err(Flaw::new(
                "historic.tags",
                format!("at most {TAGS_PER_CASE_MAX} tags, there are {}", tags.len()),
            )),
            Some(tags) if tags.iter().any(|tag| tag.len() > ID_BYTES_MAX) => {
                Err(Flaw::new("historic.tags", format!("tags of at most {ID_BYTES_MAX} bytes")))
            }
            _ => Ok(()),
        }
    }
}

/// The kind of conversations a case is sampled from. What is not known is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stratum {
    /// The month in which it began, `2026-11`.
    pub month: String,
    /// Where it took place.
    pub channel: String,
    /// Its language.
    pub language: String,
    /// Its first tag, or the cluster it was put into.
    pub tag: String,
}

/// What became of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Historic {
    /// The tags people left on it; none if nobody labels conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// How it ended, as far as the source says.
    pub resolution: Resolution,
    /// What people did.
    pub actions: Vec<Action>,
    /// How many messages, in order of time, stand before the first human reply; none if no person replied, and then there is
    /// nothing to compare an answer with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_human_reply: Option<usize>,
}

/// How a conversation ended, as far as the source says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The source does not say.
    #[default]
    None,
    /// The customer said nothing more.
    Assumed,
    /// The customer said so.
    Confirmed,
    /// It was handed to a person.
    Escalated,
    /// The customer said the opposite.
    NegativeFeedback,
    /// A procedure took over.
    ProcedureHandoff,
}

impl Resolution {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Assumed,
        Self::Confirmed,
        Self::Escalated,
        Self::NegativeFeedback,
        Self::ProcedureHandoff,
    ];

    /// Reads our words and those of Intercom's `ai_agent.resolution_state`; anything else says nothing.
    pub fn of_word(word: &str) -> Self {
        match word {
            "assumed" | "assumed_resolution" => Self::Assumed,
            "confirmed" | "confirmed_resolution" => Self::Confirmed,
            "escalated" => Self::Escalated,
            "negative_feedback" => Self::NegativeFeedback,
            "procedure_handoff" => Self::ProcedureHandoff,
            _ => Self::None,
        }
    }
}

/// Who said something in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Whoever asks.
    Customer,
    /// A person of the team.
    Teammate,
    /// An AI agent.
    Agent,
    /// Automation.
    System,
    /// A person of the team, to the team; never shown to an agent, and no reply.
    Note,
}

impl Role {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Teammate => "teammate",
            Self::Agent => "agent",
            Self::System => "system",
            Self::Note => "note",
        }
    }
}

/// A message of a past conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// Something that was there from a time on: a tag, an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// What it is called.
    pub name: String,
    /// Since when: added, or last changed.
    pub at: Timestamp,
}

/// Where a conversation is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutAt {
    /// Before the first message of a teammate.
    #[default]
    HumanReply,
    /// Before the first message of a teammate or of an AI agent: for an agent that is to replace another one, whose answers it
    /// would only repeat.
    AnyReply,
}

/// What an agent may see of a conversation, and what it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut<'c> {
    /// What was said before, oldest first, without notes.
    pub messages: Vec<&'c Message>,
    /// The tags there were by then.
    pub tags: Vec<&'c str>,
    /// The articles there were by then, unchanged since.
    pub articles: Vec<&'c str>,
    /// The first message of a teammate, which the agent never sees.
    pub human_reply: Option<&'c Message>,
    /// Where it was cut: everything shown is from before; none if there was no reply.
    pub at: Option<Timestamp>,
}

/// Cuts a conversation. Time decides, then the order in which messages were handed in.
pub fn cut<'c>(messages: &'c [Message], tags: &'c [Since], articles: &'c [Since], at: CutAt) -> Cut<'c> {
    let mut ordered: Vec<&Message> = messages.iter().collect();
    ordered.sort_by_key(|message| message.at);
    let is_reply = |message: &&&Message| match at {
        CutAt::HumanReply => message.role == Role::Teammate,
        CutAt::AnyReply => matches!(message.role, Role::Teammate | Role::Agent),
    };
    let until = ordered.iter().position(|message| is_reply(&message));
    let time = until.map(|until| ordered[until].at);
    let before = |since: &'c [Since]| {
        since
            .iter()
            .filter(|since| time.is_none_or(|time| since.at < time))
            .map(|since| since.name.as_str())
            .collect()
    };
    Cut {
        human_reply: ordered.iter().find(|message| message.role == Role::Teammate).copied(),
        messages: ordered[..until.unwrap_or(ordered.len())]
            .iter()
            .filter(|message| message.role != Role::Note)
            .copied()
            .collect(),
        tags: before(tags),
        articles: before(articles),
        at: time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(role: Role, at: i64, text: &str) -> Message {
        Message { role, at: Timestamp::from_micros(at), text: text.into() }
    }

    fn since(name: &str, at: i64) -> Since {
        Since { name: name.into(), at: Timestamp::from_micros(at) }
    }

    #[test]
    fn an_agent_sees_what_was_there_before_the_first_human_reply() {
        let messages = [
            message(Role::Customer, 1, "where is my parcel"),
            message(Role::Note, 2, "tell them it is lost"),
            message(Role::Agent, 3, "let me look"),
            message(Role::Teammate, 5, "it is lost, we send another one"),
            message(Role::Customer, 6, "thank you"),
        ];
        let tags = [since("new", 1), since("lost-parcel", 5)];
        let articles = [since("shipping", 0), since("lost parcels", 9)];
        let cut = cut(&messages, &tags, &articles, CutAt::HumanReply);
        let seen: Vec<_> = cut.messages.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(seen, ["where is my parcel", "let me look"]);
        assert_eq!(cut.tags, ["new"]);
        assert_eq!(cut.articles, ["shipping"]);
        assert_eq!(cut.human_reply.expect("a reply").text, "it is lost, we send another one");
    }

    #[test]
    fn an_agent_that_replaces_another_does_not_see_its_answer() {
        let messages = [
            message(Role::Customer, 1, "hello"),
            message(Role::Agent, 2, "the old agent"),
            message(Role::Teammate, 3, "the person"),
        ];
        let cut = cut(&messages, &[], &[], CutAt::AnyReply);
        assert_eq!(cut.messages.len(), 1);
        assert_eq!(cut.human_reply.expect("a reply").text, "the person");
    }

    #[test]
    fn without_a_reply_everything_is_shown() {
        let messages = [message(Role::Customer, 1, "hello")];
        let cut = cut(&messages, &[], &[], CutAt::HumanReply);
        assert_eq!((cut.messages.len(), cut.human_reply, cut.at), (1, None, None));
    }

    #[test]
    fn a_case_that_is_too_large_names_its_part() {
        let mut case = Case { id: "c".into(), stratum: Stratum::default(), historic: Historic::default() };
        assert_eq!(case.check(), Ok(()));
        case.stratum.tag = "x".repeat(ID_BYTES_MAX + 1);
        assert_eq!(case.check().expect_err("refused").to_string(), "stratum.tag: expected at most 256 bytes");
    }

    fn role() -> impl Strategy<Value = Role> {
        prop::sample::select(vec![Role::Customer, Role::Teammate, Role::Agent, Role::System, Role::Note])
    }

    proptest! {
        #[test]
        fn nothing_from_the_first_human_reply_on_is_ever_shown(
            said in prop::collection::vec((role(), 0_i64..20), 0..12),
            tagged in prop::collection::vec(0_i64..20, 0..5),
        ) {
            let messages: Vec<_> = said.iter().map(|&(role, at)| message(role, at, "")).collect();
            let tags: Vec<_> = tagged.iter().map(|&at| since("t", at)).collect();
            let cut = cut(&messages, &tags, &[], CutAt::HumanReply);
            let first = messages.iter().filter(|m| m.role == Role::Teammate).map(|m| m.at).min();
            prop_assert_eq!(cut.at, first);
            prop_assert!(cut.messages.iter().all(|m| !matches!(m.role, Role::Teammate | Role::Note)));
            prop_assert!(cut.messages.iter().all(|m| first.is_none_or(|first| m.at <= first)));
            prop_assert!(cut.messages.windows(2).all(|pair| pair[0].at <= pair[1].at));
            let shown = tags.iter().filter(|t| first.is_none_or(|first| t.at < first)).count();
            prop_assert_eq!(cut.tags.len(), shown);
        }
    }
}
