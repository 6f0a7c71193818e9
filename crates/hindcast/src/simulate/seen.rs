//! A conversation of the history as a case: what an agent may see of it, and what became of it.

use crate::history::{Act, Call, Conversation, Role};
use hindcast_event::Timestamp;
use hindcast_rules::simulation::Arguments;
use hindcast_rules::simulation::answer::Action;
use hindcast_rules::simulation::case::{
    Case, CutAt, Historic, Message, Resolution, Role as Speaker, Since, Stratum, cut,
};
use hindcast_rules::simulation::contract;
use hindcast_rules::simulation::limits::{ID_BYTES_MAX, TAGS_PER_CASE_MAX, TOOL_NAME_BYTES_MAX};

/// A conversation, ready to be shown.
pub(super) struct Seen {
    /// What became of it.
    pub case: Case,
    /// As the agent may see it.
    pub shown: contract::Conversation,
    /// What the first person of the team replied, if one did, in words.
    pub human_reply: Option<String>,
    /// When the agent would have answered.
    pub at: Timestamp,
}

impl Seen {
    /// Cuts a conversation.
    pub fn of(conversation: &Conversation, stratum: Stratum, at: CutAt) -> Self {
        let messages: Vec<Message> = conversation
            .messages
            .iter()
            .map(|message| Message {
                role: speaker(message.role, message.internal),
                at: message.at,
                text: message.text.clone(),
            })
            .collect();
        let tags: Vec<Since> = conversation
            .tags
            .iter()
            .map(|tagging| Since { name: tagging.tag.clone(), at: tagging.at })
            .collect();
        let cut = cut(&messages, &tags, &[], at);
        let said = cut.messages.iter().map(|message| contract::Said {
            role: message.role.as_str().to_owned(),
            text: message.text.clone(),
            at: message.at.to_string(),
        });
        let customer = conversation.customer.as_ref();
        let shown = contract::Conversation {
            id: conversation.id.clone(),
            channel: conversation.channel.clone().unwrap_or_default(),
            language: conversation.language.clone().unwrap_or_default(),
            customer: contract::Customer {
                id: customer.and_then(|customer| customer.id.clone()),
                tier: customer.and_then(|customer| customer.tier.clone()),
                attributes: customer
                    .and_then(|customer| serde_json::to_string(&customer.attributes).ok())
                    .and_then(|text| Arguments::parse(&text).ok())
                    .unwrap_or_default(),
            },
            messages: said.collect(),
        };
        let human_reply =
            cut.human_reply.map(|message| message.text.clone()).filter(|text| !text.trim().is_empty());
        let last = cut.messages.last().map_or(conversation.opened_at, |message| message.at);
        let case = Case {
            id: conversation.id.clone(),
            stratum: fitting(stratum),
            historic: historic(conversation, &messages),
        };
        Self { case, shown, human_reply, at: last }
    }
}

fn historic(conversation: &Conversation, messages: &[Message]) -> Historic {
    let of_people = conversation.messages.iter().filter(|message| message.role == Role::Teammate);
    let current = conversation.current_tags().into_iter().map(|tag| short(tag).to_owned());
    let mut ordered: Vec<&Message> = messages.iter().collect();
    ordered.sort_by_key(|message| message.at);
    Historic {
        tags: (!conversation.tags.is_empty()).then(|| current.take(TAGS_PER_CASE_MAX).collect()),
        resolution: conversation
            .resolution
            .map(|resolution| Resolution::of_word(resolution.as_str()))
            .unwrap_or_default(),
        actions: of_people.flat_map(|message| &message.calls).filter_map(action).collect(),
        first_human_reply: ordered.iter().position(|message| message.role == Speaker::Teammate),
    }
}

/// A recorded call as an action; nothing when it is none that an agent could propose.
pub(super) fn action(call: &Call) -> Option<Action> {
    let arguments = match &call.arguments {
        arguments @ serde_json::Value::Object(_) => Arguments::parse(&arguments.to_string()).ok()?,
        _ => Arguments::none(),
    };
    let fits = !call.tool.is_empty() && call.tool.len() <= TOOL_NAME_BYTES_MAX;
    fits.then(|| Action { tool: call.tool.clone(), arguments })
}

/// The tags that agents set, if they set any.
pub(super) fn tags_of_agents(conversation: &Conversation) -> Option<Vec<String>> {
    let is_agents = |by: &Option<crate::history::Author>| {
        by.as_ref().and_then(|by| by.kind.as_deref()).is_some_and(|kind| kind == "agent")
    };
    let set: std::collections::BTreeSet<&str> = conversation
        .tags
        .iter()
        .filter(|tagging| tagging.act == Act::Added && is_agents(&tagging.by))
        .map(|tagging| short(&tagging.tag))
        .collect();
    (!set.is_empty()).then(|| set.into_iter().take(TAGS_PER_CASE_MAX).map(str::to_owned).collect())
}

fn speaker(role: Role, is_internal: bool) -> Speaker {
    match role {
        _ if is_internal => Speaker::Note,
        Role::Customer => Speaker::Customer,
        Role::Teammate => Speaker::Teammate,
        Role::Agent => Speaker::Agent,
        Role::System => Speaker::System,
    }
}

/// A stratum whose parts a report can have.
pub(crate) fn fitting(stratum: Stratum) -> Stratum {
    let Stratum { month, channel, language, tag } = stratum;
    let [month, channel, language, tag] = [month, channel, language, tag].map(|text| short(&text).to_owned());
    Stratum { month, channel, language, tag }
}

fn short(text: &str) -> &str {
    let end = (0..=text.len().min(ID_BYTES_MAX)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}
