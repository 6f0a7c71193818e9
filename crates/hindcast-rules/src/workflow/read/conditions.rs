//! `if` and `when`: groups and comparisons.

use super::{Members, Reader};
use crate::detection::Place;
use crate::workflow::catalog::Type;
use crate::workflow::condition::{Condition, Group, GroupKind, Operand, Test};
use crate::workflow::limits::{CONDITIONS_MAX, GROUP_DEPTH_MAX};
use crate::workflow::nearest::nearest;
use crate::workflow::node::{Body, Member, Node};
use crate::workflow::op::{Class, OpInfo, Takes, named, names_on, nearest_op};
use serde_json::Value as Json;

const CONDITION_KEYS: [&str; 3] = ["field", "op", "value"];
const GROUP_KEYS: [&str; 3] = ["all", "any", "none"];

impl Reader<'_> {
    /// A group or a condition.
    pub(super) fn test(&mut self, node: &Node, what: &str) -> Option<Test> {
        self.test_within(node, what, 0)
    }

    fn test_within(&mut self, node: &Node, what: &str, depth: usize) -> Option<Test> {
        let Body::Map(members) = &node.body else {
            let expected =
                "expected `all`, `any` or `none` with a list below, or `{field: …, op: …, value: …}`";
            self.flaws.add(node.place, format!("`{what}`: {expected}, found {}", node.kind()));
            return None;
        };
        if depth > GROUP_DEPTH_MAX {
            self.flaws.add(node.place, format!("groups of conditions nest at most {GROUP_DEPTH_MAX} deep"));
            return None;
        }
        let is_condition = members.iter().any(|member| CONDITION_KEYS.contains(&member.key.as_str()));
        let is_group = members.iter().any(|member| GROUP_KEYS.contains(&member.key.as_str()));
        match (is_condition, is_group) {
            (true, true) => {
                let why = "a condition with `field` and a group stand in one mapping; put both below `all`";
                self.flaws.add(node.place, why);
                None
            }
            (true, false) => self.condition(members, node.place).map(|one| Test::Condition(Box::new(one))),
            _ => self.groups(members, node.place, what, depth),
        }
    }

    fn groups(&mut self, members: &[Member], at: Place, what: &str, depth: usize) -> Option<Test> {
        if members.is_empty() {
            self.flaws.add(at, format!("`{what}` is empty; leave it out to match always"));
        }
        let mut groups = Vec::new();
        for member in members {
            let Some(kind) = GroupKind::ALL.into_iter().find(|kind| kind.as_str() == member.key) else {
                let near = nearest(&member.key, GROUP_KEYS.into_iter().chain(CONDITION_KEYS));
                let why = format!("`{}` is none of all, any, none", member.key);
                self.flaws.suggest(member.place, why, near);
                continue;
            };
            let Body::List(items) = &member.value.body else {
                let why =
                    format!("`{}`: expected a list of conditions, found {}", member.key, member.value.kind());
                self.flaws.add(member.value.place, why);
                continue;
            };
            if items.is_empty() {
                self.flaws.add(member.value.place, format!("`{}`: the list is empty", member.key));
            }
            let tests =
                items.iter().filter_map(|item| self.test_within(item, &member.key, depth + 1)).collect();
            groups.push(Group { place: member.place, kind, tests });
        }
        Some(Test::Groups(groups))
    }

    fn condition(&mut self, members: &[Member], at: Place) -> Option<Condition> {
        self.conditions += 1;
        if self.conditions > CONDITIONS_MAX {
            self.flaws.too_many(at, "conditions of a workflow", CONDITIONS_MAX, self.conditions);
            return None;
        }
        let members = Members::of(members, "a condition", &CONDITION_KEYS, &mut self.flaws);
        let (field, op) = (self.required(&members, "field", at), self.required(&members, "op", at));
        let (field, info) = (field.and_then(|node| self.field(node)), op.and_then(|node| self.op(node)));
        let ((field, kind), info) = (field?, info?);
        if !info.on.contains(&Class::of(&kind)) {
            let place = op.map_or(at, |node| node.place);
            let why = format!(
                "`{}` does not work on `{field}`, {}; use {}",
                info.name,
                held(&kind),
                names_on(&kind)
            );
            self.flaws.add(place, why);
            return None;
        }
        let (operand, written) = self.operand(&members, info, &kind, at)?;
        Some(Condition { place: at, field, kind, op: info.op, operand, written })
    }

    fn op(&mut self, node: &Node) -> Option<&'static OpInfo> {
        let name = self.text(node, "op")?;
        let found = named(&name);
        if found.is_none() {
            self.flaws.suggest(node.place, format!("there is no operator `{name}`"), nearest_op(&name));
        }
        found
    }

    fn operand(
        &mut self,
        members: &Members<'_>,
        info: &OpInfo,
        kind: &Type,
        at: Place,
    ) -> Option<(Operand, Option<Json>)> {
        let value = members.get("value");
        if info.takes == Takes::Nothing {
            if let Some(node) = value {
                self.flaws.add(node.place, format!("`{}` takes no value", info.name));
                return None;
            }
            return Some((Operand::Nothing, None));
        }
        let node = match value {
            Some(node) if !node.is_nothing() => node,
            found => {
                let place = found.map_or(at, |node| node.place);
                self.flaws.add(
                    place,
                    "`value` is missing; to ask whether there is any, use `is_set` or `is_not_set`",
                );
                return None;
            }
        };
        let read = match info.takes {
            Takes::Pattern => self.pattern(node),
            Takes::Duration => self.relative(node),
            Takes::Several => self.several(node, kind),
            _ if matches!(node.body, Body::List(_)) => {
                let several = match kind {
                    Type::Set => "contains_any",
                    _ => "any_of",
                };
                let why = format!("`{}` takes one value; for several there is `{several}`", info.name);
                self.flaws.add(node.place, why);
                None
            }
            _ => self.one(node, kind),
        };
        read.map(|(operand, written)| (operand, Some(written)))
    }
}

/// What a field holds, in a sentence.
fn held(kind: &Type) -> String {
    match kind {
        Type::Enum { .. } => format!("which is {}", kind.told()),
        _ => format!("which holds {}", kind.told()),
    }
}
