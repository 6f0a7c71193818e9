//! `then` and `else`: actions and blocks.

use super::{Members, Reader, word};
use crate::detection::Place;
use crate::tool::Tool;
use crate::workflow::action::{self, ActionInfo, Argument, DURATION_MAX, Shape};
use crate::workflow::duration;
use crate::workflow::limits::{
    ACTIONS_MAX, APPROVAL_SECONDS_MAX, APPROVERS_MAX, BLOCK_DEPTH_MAX, VALUE_BYTES_MAX, VALUES_MAX,
};
use crate::workflow::nearest::nearest;
use crate::workflow::node::{Body, Member, Node};
use crate::workflow::step::{Action, Approval, Block, OnTimeout, Step};
use crate::workflow::tool::{reference, wrong_arguments};
use serde_json::{Map, Value as Json};

const BLOCK_KEYS: [&str; 3] = ["when", "approve", "do"];
const APPROVE_KEYS: [&str; 4] = ["approvers", "required", "timeout", "on_timeout"];
/// How long people have to answer when nothing is said.
const TIMEOUT_DEFAULT: u64 = 30 * 60;

impl Reader<'_> {
    pub(super) fn steps(&mut self, node: &Node, what: &str) -> Vec<Step> {
        self.steps_within(node, what, 0, false)
    }

    fn steps_within(&mut self, node: &Node, what: &str, depth: usize, approved: bool) -> Vec<Step> {
        let Body::List(items) = &node.body else {
            let why = format!(
                "`{what}`: expected a list of actions, such as `- tag.add: refund`, found {}",
                node.kind()
            );
            self.flaws.add(node.place, why);
            return Vec::new();
        };
        if items.is_empty() {
            self.flaws.add(node.place, format!("`{what}`: the list is empty"));
        }
        items.iter().filter_map(|item| self.step(item, depth, approved)).collect()
    }

    fn step(&mut self, node: &Node, depth: usize, approved: bool) -> Option<Step> {
        let members = match &node.body {
            Body::Map(members) if !members.is_empty() => members,
            _ => {
                let hint = word(node).map(|name| format!("; write `{name}: {{}}`")).unwrap_or_default();
                self.flaws.add(
                    node.place,
                    format!("expected an action with its arguments, found {}{hint}", node.kind()),
                );
                return None;
            }
        };
        if members.iter().any(|member| BLOCK_KEYS.contains(&member.key.as_str())) {
            return self.block(members, node.place, depth, approved).map(Step::Block);
        }
        if let [only] = members.as_slice() {
            return self.action(only).map(Step::Do);
        }
        let second = members.get(1).map_or(node.place, |member| member.place);
        self.flaws.add(second, "a step is one action; begin the next with `-`");
        None
    }

    fn block(&mut self, members: &[Member], at: Place, depth: usize, approved: bool) -> Option<Block> {
        if depth >= BLOCK_DEPTH_MAX {
            self.flaws.add(at, format!("blocks of `do` nest at most {BLOCK_DEPTH_MAX} deep"));
            return None;
        }
        let members = Members::of(members, "a block", &BLOCK_KEYS, &mut self.flaws);
        let (when, approve) = (members.get("when"), members.get("approve"));
        if when.is_none() && approve.is_none() {
            self.flaws.add(at, "a block needs `when` or `approve` beside `do`");
        }
        if let Some(node) = approve.filter(|_| approved) {
            self.flaws.add(node.place, "an approval within an approval; one block asks for one");
        }
        let test = when.and_then(|node| self.test(node, "when"));
        let approval = approve.and_then(|node| self.approval(node));
        let steps = self.required(&members, "do", at)?;
        let steps = self.steps_within(steps, "do", depth + 1, approved || approve.is_some());
        Some(Block { when: test, approve: approval, steps })
    }

    fn approval(&mut self, node: &Node) -> Option<Approval> {
        let Body::Map(members) = &node.body else {
            self.flaws.add(node.place, "`approve`: expected a mapping with `approvers`");
            return None;
        };
        let members = Members::of(members, "`approve`", &APPROVE_KEYS, &mut self.flaws);
        let listed = self.required(&members, "approvers", node.place)?;
        let approvers = self.texts(listed, "approvers")?;
        if approvers.len() > APPROVERS_MAX {
            self.flaws.too_many(listed.place, "approvers", APPROVERS_MAX, approvers.len());
        }
        let required = members.get("required").map_or(Some(1), |node| {
            let number = word(node).and_then(|text| text.parse::<u32>().ok());
            let number = number.filter(|number| (1..=APPROVERS_MAX as u32).contains(number));
            if number.is_none() {
                self.flaws
                    .add(node.place, format!("`required` is how many have to agree, 1 to {APPROVERS_MAX}"));
            }
            number
        });
        let timeout = members.get("timeout");
        let timeout = timeout
            .map_or(Some(TIMEOUT_DEFAULT), |node| self.duration(node, "timeout", APPROVAL_SECONDS_MAX));
        let on_timeout = members.get("on_timeout").map_or(Some(OnTimeout::Escalate), |node| {
            let name = word(node).unwrap_or_default();
            let found = OnTimeout::ALL.into_iter().find(|one| one.as_str() == name);
            if found.is_none() {
                self.flaws.suggest(
                    node.place,
                    "`on_timeout` is escalate or deny",
                    nearest(&name, ["escalate", "deny"]),
                );
            }
            found
        });
        Some(Approval { approvers, required: required?, timeout_seconds: timeout?, on_timeout: on_timeout? })
    }

    fn action(&mut self, member: &Member) -> Option<Action> {
        self.actions += 1;
        if self.actions > ACTIONS_MAX {
            self.flaws.too_many(member.place, "actions of a workflow", ACTIONS_MAX, self.actions);
            return None;
        }
        let name = member.key.clone();
        if let Some(info) = action::named(&name) {
            let arguments = self.arguments(info, member)?;
            return Some(Action { name, arguments, tool: false });
        }
        let catalog = self.catalog;
        if let Some(tool) = catalog.tool(&name) {
            let arguments = self.tool_arguments(tool, &member.value)?;
            return Some(Action { name, arguments, tool: true });
        }
        let near = action::nearest_action(&name, catalog.tools().map(|tool| tool.name.as_str()));
        let why = format!("there is no action `{name}`, and no tool of this name was declared");
        self.flaws.suggest(member.place, why, near);
        None
    }

    fn arguments(&mut self, info: &ActionInfo, member: &Member) -> Option<Map<String, Json>> {
        let (node, mut arguments) = (&member.value, Map::new());
        let before = self.flaws.len();
        match (&node.body, info.short) {
            (Body::Map(members), _) => {
                let known: Vec<_> = info.arguments.iter().map(|argument| argument.name).collect();
                let given = Members::of(members, &format!("`{}`", info.name), &known, &mut self.flaws);
                for argument in info.arguments {
                    if let Some(value) =
                        given.get(argument.name).and_then(|node| self.argument(node, argument))
                    {
                        arguments.insert(argument.name.to_owned(), value);
                    }
                }
            }
            _ if node.is_nothing() => {}
            (_, Some(short)) => {
                let argument = info.arguments.iter().find(|argument| argument.name == short)?;
                arguments.insert(short.to_owned(), self.argument(node, argument)?);
            }
            (_, None) => {
                let names: Vec<_> = info.arguments.iter().map(|argument| argument.name).collect();
                let takes = if names.is_empty() {
                    "no arguments; write `{}`".into()
                } else {
                    format!("a mapping with {}", names.join(", "))
                };
                self.flaws.add(node.place, format!("`{}` takes {takes}", info.name));
                return None;
            }
        }
        // What was given and is wrong is not missing too.
        if self.flaws.len() > before {
            return None;
        }
        for argument in info.arguments.iter().filter(|argument| argument.required) {
            if !arguments.contains_key(argument.name) {
                self.flaws.add(member.place, format!("`{}`: `{}` is missing", info.name, argument.name));
            }
        }
        let chosen = info.one_of.iter().filter(|name| arguments.contains_key(**name)).count();
        if !info.one_of.is_empty() && chosen != 1 {
            self.flaws.add(member.place, format!("`{}` takes one of {}", info.name, info.one_of.join(", ")));
        }
        Some(arguments)
    }

    fn argument(&mut self, node: &Node, argument: &Argument) -> Option<Json> {
        let what = argument.name;
        match argument.takes {
            Shape::Text => self.text(node, what).map(Json::from),
            Shape::Texts => self.texts(node, what).map(Json::from),
            Shape::Bool => self.flag(node, what).map(Json::from),
            Shape::Duration => {
                self.duration(node, what, DURATION_MAX).map(|seconds| duration::spelled(seconds).into())
            }
            Shape::Word(words) => {
                let word = self.text(node, what)?;
                if !words.contains(&word.as_str()) {
                    let why = format!("`{what}` is one of {}", words.join(", "));
                    self.flaws.suggest(node.place, why, nearest(&word, words.iter().copied()));
                    return None;
                }
                Some(word.into())
            }
            Shape::Url => {
                let url = self.text(node, what)?;
                let host =
                    url.strip_prefix("https://").filter(|rest| !rest.is_empty() && !rest.starts_with('/'));
                if host.is_none() || url.contains(char::is_whitespace) {
                    self.flaws
                        .add(node.place, format!("`{what}`: expected an address that begins with https://"));
                    return None;
                }
                Some(url.into())
            }
            Shape::Actions => self.allowed(node, what),
            Shape::Field => {
                let (name, _) = self.field(node)?;
                let writable =
                    ["custom.", "ticket.", "conversation."].iter().any(|start| name.starts_with(start));
                if !writable {
                    self.flaws.add(
                        node.place,
                        format!("`{name}` cannot be set; fields of tickets and of your own can"),
                    );
                    return None;
                }
                Some(name.into())
            }
            Shape::Any => self.any(node, what),
            Shape::Counts(names) => self.counts(node, what, names),
            Shape::Object => match &node.body {
                Body::Map(_) => Some(node.json()),
                _ => {
                    self.flaws
                        .add(node.place, format!("`{what}`: expected a mapping, found {}", node.kind()));
                    None
                }
            },
        }
    }

    fn texts(&mut self, node: &Node, what: &str) -> Option<Vec<String>> {
        let items = node.items();
        if items.is_empty() || items.len() > VALUES_MAX {
            self.flaws.add(node.place, format!("`{what}`: expected 1 to {VALUES_MAX} texts"));
            return None;
        }
        items.iter().map(|item| self.text(item, what)).collect()
    }

    /// Actions an agent may take: each has to exist.
    fn allowed(&mut self, node: &Node, what: &str) -> Option<Json> {
        let names = self.texts(node, what)?;
        let before = self.flaws.len();
        for (name, item) in names.iter().zip(node.items()) {
            if action::named(name).is_none() && self.catalog.tool(name).is_none() {
                let near = action::nearest_action(name, self.catalog.tools().map(|tool| tool.name.as_str()));
                self.flaws.suggest(
                    item.place,
                    format!("there is no action `{name}`, and no tool of this name was declared"),
                    near,
                );
            }
        }
        (self.flaws.len() == before).then(|| names.into())
    }

    fn any(&mut self, node: &Node, what: &str) -> Option<Json> {
        let fits =
            match &node.body {
                Body::Word { text, .. } => text.len() <= VALUE_BYTES_MAX,
                Body::List(items) => items.len() <= VALUES_MAX
                    && items.iter().all(
                        |item| matches!(&item.body, Body::Word { text, .. } if text.len() <= VALUE_BYTES_MAX),
                    ),
                Body::Map(_) => false,
            };
        if !fits {
            self.flaws.add(
                node.place,
                format!("`{what}`: expected a text, a number, true, false, or a list of texts"),
            );
            return None;
        }
        Some(node.json())
    }

    fn counts(&mut self, node: &Node, what: &str, names: &[&str]) -> Option<Json> {
        let Body::Map(members) = &node.body else {
            self.flaws.add(node.place, format!("`{what}`: expected a mapping with {}", names.join(", ")));
            return None;
        };
        let before = self.flaws.len();
        Members::of(members, &format!("`{what}`"), names, &mut self.flaws);
        let mut counts = Map::new();
        for member in members {
            match word(&member.value).and_then(|text| text.parse::<u32>().ok()).filter(|count| *count > 0) {
                Some(count) => drop(counts.insert(member.key.clone(), count.into())),
                None => self
                    .flaws
                    .add(member.value.place, format!("`{}` is a whole number from 1 on", member.key)),
            }
        }
        (self.flaws.len() == before).then_some(Json::Object(counts))
    }

    fn tool_arguments(&mut self, tool: &Tool, node: &Node) -> Option<Map<String, Json>> {
        let arguments = match &node.body {
            Body::Map(_) => node.json(),
            _ if node.is_nothing() => Json::Object(Map::new()),
            _ => {
                self.flaws.add(
                    node.place,
                    format!("`{}` takes a mapping with its arguments, found {}", tool.name, node.kind()),
                );
                return None;
            }
        };
        self.references(node, 0);
        let wrong = wrong_arguments(tool, &arguments, &|name| self.type_of(name));
        for one in &wrong {
            let place = at(node, &one.path);
            self.flaws.suggest(place, format!("`{}`: {}", tool.name, one.message), one.suggestion.clone());
        }
        match arguments {
            Json::Object(arguments) if wrong.is_empty() => Some(arguments),
            _ => None,
        }
    }

    /// Arguments that stand for fields stand for fields that exist.
    fn references(&mut self, node: &Node, depth: usize) {
        match &node.body {
            Body::Map(members) => match members.as_slice() {
                [only] if depth > 0 && reference(&node.json()).is_some() => drop(self.field(&only.value)),
                members => members.iter().for_each(|member| self.references(&member.value, depth + 1)),
            },
            Body::List(items) => items.iter().for_each(|item| self.references(item, depth + 1)),
            Body::Word { .. } => {}
        }
    }
}

/// The place of an argument by the names and places that lead to it.
fn at(node: &Node, path: &[String]) -> Place {
    let Some((first, rest)) = path.split_first() else { return node.place };
    let inner = match &node.body {
        Body::Map(members) => members.iter().find(|member| member.key == *first).map(|member| &member.value),
        Body::List(items) => first.parse::<usize>().ok().and_then(|nr| items.get(nr)),
        Body::Word { .. } => None,
    };
    inner.map_or(node.place, |inner| at(inner, rest))
}
