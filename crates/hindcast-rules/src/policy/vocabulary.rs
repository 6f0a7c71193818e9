//! What a policy can name: kinds of actors, actions and their groups, and the attributes of each; as a Cedar schema, and as
//! the places of an entry where they are read.

use super::kind::{Kind, LeftOut, Member};
use super::limits::{OWN_ACTIONS_MAX, TOOLS_MAX};
use super::read::{Place, Read, Step};
use super::tool::Declared;
use crate::tool::Tool;
use cedar_policy::Schema;
use hindcast_event::{ACTOR_TYPES, Category, Registry};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The Cedar types of actors, in the order of [`ACTOR_TYPES`].
pub const PRINCIPALS: [&str; ACTOR_TYPES.len()] =
    ["User", "Agent", "Automation", "ApiKey", "App", "System", "Anonymous"];
/// The Cedar type of what something is done to.
pub(crate) const TARGET: &str = "Target";
/// The group of all declared tools.
pub const TOOL_GROUP: &str = "tool";
/// The group of declared tools that change something.
pub const WRITING_TOOL_GROUP: &str = "tool_write";
/// The group of what an agent does in the ordinary course of its work.
pub const BOT_GROUP: &str = "bot";
/// The action that stands for all that nobody declared.
pub(crate) const UNKNOWN_ACTION: &str = "(unknown)";

/// What agents do all day: talk, tag and hand over. What deletes, exports or reaches others is not among it.
const BOT_ACTIONS: &[&str] = &[
    "ai_agent.approval_requested",
    "ai_agent.escalated",
    "ai_agent.failed",
    "ai_agent.guardrail_blocked",
    "ai_agent.knowledge_missed",
    "ai_agent.replied",
    "ai_agent.resolved",
    "ai_agent.suggested",
    "ai_agent.tagged",
    "ai_agent.tool_called",
    "ai_agent.tool_denied",
    "conversation.assigned",
    "conversation.closed",
    "conversation.created",
    "conversation.prioritized",
    "conversation.rated",
    "conversation.reopened",
    "conversation.snoozed",
    "conversation.tagged",
    "conversation.unassigned",
    "conversation.unsnoozed",
    "conversation.untagged",
    "conversation.viewed",
    "message.sent",
    "note.added",
    "ticket.created",
    "ticket.state_changed",
];

/// The facts of `docs/facts.md`. Those whose absence says something follow on the address.
const FLAG_FACTS: &[&str] = &[
    "actor_is_bot",
    "after_impersonation",
    "change_widens",
    "country_new_for_actor",
    "ip_new_for_actor",
    "off_hours",
    "self_target",
    "target_host_new",
    "travel_neighbour",
    "ua_new_for_actor",
];
const WHOLE_FACTS: &[&str] = &[
    "actions_1h",
    "actor_age_days",
    "actor_dormant_days",
    "distinct_targets_1h",
    "ip_asn",
    "same_action_1h",
    "travel_kmh",
];
const TEXT_FACTS: &[&str] = &["ip_as_org", "ip_class", "ip_country", "ua_browser", "ua_device", "ua_os"];

/// What policies of a workspace can name.
#[derive(Debug)]
pub struct Vocabulary {
    tools: BTreeMap<String, Declared>,
    own_actions: BTreeSet<String>,
    schema: Schema,
    fingerprint: String,
    left_out: Vec<LeftOut>,
}

/// The vocabulary cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the vocabulary cannot be built: {0}")]
pub struct NoVocabulary(pub String);

impl Vocabulary {
    /// The registry's activities, the workspace's tools and what else it does, `own_actions`: an action that nobody declared cannot
    /// be named in a policy, so that a typo is found. Tools come from [`Tool::parse_all`].
    pub fn new(tools: &[Tool], own_actions: &[&str]) -> Result<Self, NoVocabulary> {
        if tools.len() > TOOLS_MAX || own_actions.len() > OWN_ACTIONS_MAX {
            let limits = format!("at most {TOOLS_MAX} tools and {OWN_ACTIONS_MAX} actions of its own");
            return Err(NoVocabulary(limits));
        }
        let mut left_out = Vec::new();
        let declared = tools.iter().map(|tool| (tool.name.clone(), tool.declared(&mut left_out)));
        let tools: BTreeMap<_, _> = declared.collect();
        let is_group = |action: &str| Self::groups().any(|group| group == action);
        let is_known = |action: &str| Registry::builtin().get(action).is_some() || tools.contains_key(action);
        let is_new = |action: &&str| !is_known(action) && !is_group(action);
        let own_actions = own_actions.iter().copied().filter(is_new).map(str::to_owned).collect();
        let json = schema_json(&tools, &own_actions);
        let fingerprint = super::hashed(&[json.to_string().as_str()]);
        let schema = Schema::from_json_value(json).map_err(|error| NoVocabulary(error.to_string()))?;
        Ok(Self { tools, own_actions, schema, fingerprint, left_out })
    }

    /// Tells vocabularies apart: the same for the same names and kinds.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What of the tools' schemas policies cannot read, and why.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Every action a policy can name, in order.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        let known = Registry::builtin().all().iter().map(|activity| activity.code);
        let known: BTreeSet<&str> = known
            .chain(self.tools.keys().map(String::as_str))
            .chain(self.own_actions.iter().map(String::as_str))
            .collect();
        known.into_iter()
    }

    /// Every group of actions a policy can name.
    pub fn groups() -> impl Iterator<Item = &'static str> {
        Category::ALL.into_iter().map(Category::code).chain([TOOL_GROUP, WRITING_TOOL_GROUP, BOT_GROUP])
    }

    /// Whether calls of a declared tool change something.
    pub fn writes(&self, action: &str) -> bool {
        self.tools.get(action).is_some_and(|tool| tool.writes)
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn is_tool(&self, action: &str) -> bool {
        self.tools.contains_key(action)
    }

    /// The groups an action is in.
    pub(crate) fn groups_of(&self, action: &str) -> Vec<&'static str> {
        groups_of(action, self.tools.get(action))
    }

    /// Every attribute by its dotted name, for suggestions.
    pub fn attributes(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        gather(&Kind::Record(common()), "context", &mut names);
        gather(&Kind::Record(principal()), "principal", &mut names);
        gather(&Kind::Record(target()), "resource", &mut names);
        for tool in self.tools.values() {
            gather(&tool.arguments, "context.arguments", &mut names);
            tool.facts.iter().for_each(|(name, kind)| gather(kind, &format!("context.{name}"), &mut names));
        }
        names
    }

    /// Where an entry with this action has what a policy calls `path`; the first part is the variable.
    pub(crate) fn read(&self, path: &[String], action: &str) -> Read {
        self.find(path, action).unwrap_or_else(|| Read::never(path))
    }

    fn find(&self, path: &[String], action: &str) -> Option<Read> {
        let (variable, rest) = path.split_first()?;
        match variable.as_str() {
            "principal" => Read::of(path, Place::Actor, false, &Kind::Record(principal()), rest),
            "resource" => Read::of(path, Place::Target, false, &Kind::Record(target()), rest),
            "context" => self.find_in_context(path, rest, action),
            _ => None,
        }
    }

    fn find_in_context(&self, path: &[String], rest: &[String], action: &str) -> Option<Read> {
        let (name, rest) = rest.split_first()?;
        if let Some(member) = common().get(name) {
            let (place, told) = match name.as_str() {
                "ip" | "source" => return Read::of_member(path, Place::Context, name, member, rest),
                "ai" => return Read::of_member(path, Place::Actor, name, member, rest),
                "facts" => (Place::Facts, false),
                "occurred_at" => (Place::OccurredAt, false),
                "changes" => (Place::Changes, true),
                "simulated" => (Place::Simulated, true),
                "approval" => (Place::Approval, true),
                "reason" => (Place::Reason, true),
                "on_behalf_of" => (Place::OnBehalfOf, true),
                _ => (Place::Meta(name.clone()), false),
            };
            return Read::of(path, place, told, &member.kind, rest);
        }
        let tool = self.tools.get(action)?;
        let kind = if name == "arguments" { &tool.arguments } else { tool.facts.get(name)? };
        Read::of(path, Place::Meta(name.clone()), false, kind, rest)
    }
}

/// Whether every entry has an attribute of this name, so that no tool can give it another meaning.
pub(crate) fn is_taken(name: &str) -> bool {
    name == "arguments" || common().contains_key(name)
}

fn principal() -> BTreeMap<String, Member> {
    let optional = ["email", "name", "role"].map(|name| (name.to_owned(), Member::uncertain(Kind::Text)));
    optional.into_iter().chain([("id".to_owned(), Member::required(Kind::Text))]).collect()
}

fn target() -> BTreeMap<String, Member> {
    let mut members: BTreeMap<_, _> =
        ["id", "type"].map(|name| (name.to_owned(), Member::required(Kind::Text))).into();
    members.insert("name".into(), Member::uncertain(Kind::Text));
    members
}

/// What every entry may have in its context.
fn common() -> BTreeMap<String, Member> {
    let text = || Member::uncertain(Kind::Text);
    let ai = ["agent_version", "instance_id", "model", "tool"].map(|name| (name.to_owned(), text()));
    let person = principal().into_iter().chain([("type".to_owned(), Member::required(Kind::Text))]);
    let approval = [("approvers", Kind::Whole), ("granted", Kind::Flag)]
        .map(|(name, kind)| (name.to_owned(), Member::required(kind)));
    [
        ("ai", Member::uncertain(Kind::Record(ai.into()))),
        ("approval", Member::optional(Kind::Record(approval.into()))),
        ("changes", Member::required(Kind::List(Box::new(Kind::Text)))),
        ("confidence", Member::uncertain(Kind::Times(100))),
        ("facts", Member::required(Kind::Record(facts()))),
        ("ip", Member::uncertain(Kind::Address)),
        ("occurred_at", Member::required(Kind::Instant)),
        ("on_behalf_of", Member::optional(Kind::Record(person.collect()))),
        ("reason", Member::optional(Kind::Text)),
        ("simulated", Member::required(Kind::Flag)),
        ("source", text()),
        ("tag", text()),
        ("tool", text()),
    ]
    .map(|(name, member)| (name.to_owned(), member))
    .into()
}

fn facts() -> BTreeMap<String, Member> {
    let all = |names: &[&str], kind: Kind| {
        names.iter().map(|name| ((*name).to_owned(), Member::uncertain(kind.clone()))).collect::<Vec<_>>()
    };
    let mut facts = all(FLAG_FACTS, Kind::Flag);
    facts.extend(all(WHOLE_FACTS, Kind::Whole));
    facts.extend(all(TEXT_FACTS, Kind::Text));
    facts.extend(all(&["hour_share_30d"], Kind::Times(100)));
    facts.extend(all(&["z_same_action_30d"], Kind::Decimal));
    facts.extend(all(&["source_ip"], Kind::Address));
    facts.into_iter().collect()
}

/// Facts that are absent for ordinary addresses: where there is an address, their absence is known.
pub(crate) fn follows_address(step: &Step) -> bool {
    matches!(step.name.as_str(), "ip_class" | "source_ip")
}

fn groups_of(action: &str, tool: Option<&Declared>) -> Vec<&'static str> {
    let mut groups = vec![Registry::builtin().category_of(action).code()];
    groups.extend(tool.map(|_| TOOL_GROUP));
    groups.extend(tool.filter(|tool| tool.writes).map(|_| WRITING_TOOL_GROUP));
    groups.extend(BOT_ACTIONS.contains(&action).then_some(BOT_GROUP));
    groups
}

fn gather(kind: &Kind, path: &str, names: &mut BTreeSet<String>) {
    if let Kind::Record(members) = kind {
        for (name, member) in members {
            let path = format!("{path}.{name}");
            gather(&member.kind, &path, names);
            names.insert(path);
        }
    }
}

fn schema_json(tools: &BTreeMap<String, Declared>, own_actions: &BTreeSet<String>) -> Value {
    let shape = |members: BTreeMap<String, Member>| json!({"shape": Kind::Record(members).to_schema()});
    let mut types: Map<String, Value> =
        PRINCIPALS.iter().map(|name| ((*name).to_owned(), shape(principal()))).collect();
    types.insert(TARGET.into(), shape(target()));
    let mut actions: Map<String, Value> =
        Vocabulary::groups().map(|name| (name.to_owned(), json!({}))).collect();
    let known = Registry::builtin().all().iter().map(|activity| activity.code);
    for action in known.chain(own_actions.iter().map(String::as_str)) {
        actions.insert(action.to_owned(), action_json(action, None, json!({"type": "Common"})));
    }
    for (name, tool) in tools {
        let mut members = common();
        members.insert("arguments".into(), Member::required(tool.arguments.clone()));
        members.extend(tool.facts.iter().map(|(name, kind)| (name.clone(), Member::required(kind.clone()))));
        let context = Kind::Record(members).to_schema();
        actions.insert(name.clone(), action_json(name, Some(tool), context));
    }
    let common = Kind::Record(common()).to_schema();
    json!({"": {"commonTypes": {"Common": common}, "entityTypes": types, "actions": actions}})
}

fn action_json(action: &str, tool: Option<&Declared>, context: Value) -> Value {
    let groups: Vec<_> = groups_of(action, tool).into_iter().map(|group| json!({"id": group})).collect();
    json!({
        "memberOf": groups,
        "appliesTo": {"principalTypes": PRINCIPALS, "resourceTypes": [TARGET], "context": context},
    })
}
