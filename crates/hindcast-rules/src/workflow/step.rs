//! Steps of `then` and `else`: actions, and blocks that need a condition or a person.

use super::condition::Test;
use super::duration;
use super::tool::reference;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Do(Action),
    Block(Block),
}

#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub name: String,
    /// In one spelling: every argument under its name.
    pub arguments: Map<String, Json>,
    /// Whether the name is that of a tool.
    pub tool: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub when: Option<Test>,
    pub approve: Option<Approval>,
    pub steps: Vec<Step>,
}

/// What people have to say to before an action is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Who is asked: `team:billing-leads`, an address, an id.
    pub approvers: Vec<String>,
    /// How many of them have to agree.
    pub required: u32,
    /// How long they have, in seconds.
    pub timeout_seconds: u64,
    /// What happens when they do not answer.
    pub on_timeout: OnTimeout,
}

/// What happens when nobody answers in time. In both cases the action is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnTimeout {
    /// The ticket goes to people.
    Escalate,
    /// Nothing more.
    Deny,
}

impl OnTimeout {
    pub(crate) const ALL: [Self; 2] = [Self::Escalate, Self::Deny];

    /// As files spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Escalate => "escalate",
            Self::Deny => "deny",
        }
    }
}

impl Approval {
    /// In one spelling, as files write it.
    fn json(&self) -> Json {
        let mut json = json!({
            "approvers": self.approvers,
            "timeout": duration::spelled(self.timeout_seconds),
            "on_timeout": self.on_timeout.as_str(),
        });
        if self.required > 1 {
            json["required"] = self.required.into();
        }
        json
    }
}

impl Action {
    /// The fields its arguments stand for.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        fn gather<'a>(value: &'a Json, found: &mut Vec<&'a str>) {
            match (reference(value), value) {
                (Some(field), _) => found.push(field),
                (None, Json::Object(members)) => members.values().for_each(|inner| gather(inner, found)),
                (None, Json::Array(items)) => items.iter().for_each(|inner| gather(inner, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        if self.tool {
            self.arguments.values().for_each(|value| gather(value, &mut found));
        }
        found.into_iter()
    }
}

impl Step {
    /// Calls back for each action, those of blocks included.
    pub fn each_action(&self, found: &mut dyn FnMut(&Action)) {
        match self {
            Self::Do(action) => found(action),
            Self::Block(block) => block.steps.iter().for_each(|step| step.each_action(found)),
        }
    }

    /// Calls back for each `when`.
    pub fn each_test(&self, found: &mut dyn FnMut(&Test)) {
        if let Self::Block(block) = self {
            if let Some(when) = &block.when {
                found(when);
            }
            block.steps.iter().for_each(|step| step.each_test(found));
        }
    }

    /// Gathers the approvals of its blocks.
    pub fn each_approval<'s>(&'s self, found: &mut Vec<&'s Approval>) {
        if let Self::Block(block) = self {
            found.extend(&block.approve);
            block.steps.iter().for_each(|step| step.each_approval(found));
        }
    }

    /// In one spelling, as files write it.
    pub fn json(&self) -> Json {
        match self {
            Self::Do(action) => {
                let mut json = Map::new();
                json.insert(action.name.clone(), Json::Object(action.arguments.clone()));
                Json::Object(json)
            }
            Self::Block(block) => {
                let mut json = Map::new();
                if let Some(when) = &block.when {
                    json.insert("when".into(), when.json());
                }
                if let Some(approve) = &block.approve {
                    json.insert("approve".into(), approve.json());
                }
                json.insert("do".into(), block.steps.iter().map(Step::json).collect());
                Json::Object(json)
            }
        }
    }
}
