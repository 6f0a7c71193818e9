//! `tests`: what a workflow is expected to say to facts.

use super::{Members, Reader, word};
use crate::workflow::calendar::Calendar;
use crate::workflow::case::{Case, Expected};
use crate::workflow::catalog::canonical;
use crate::workflow::facts::Facts;
use crate::workflow::limits::TESTS_MAX;
use crate::workflow::node::{Body, Node};
use crate::workflow::truth::Truth;
use crate::workflow::value::Value;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

const TEST_KEYS: [&str; 6] = ["name", "given", "before", "unknown", "at", "expect"];
const EXPECT_KEYS: [&str; 3] = ["matched", "actions", "approval"];

impl Reader<'_> {
    pub(super) fn cases(&mut self, node: &Node) -> Vec<Case> {
        let Body::List(items) = &node.body else {
            self.flaws.add(node.place, format!("`tests`: expected a list, found {}", node.kind()));
            return Vec::new();
        };
        if items.len() > TESTS_MAX {
            self.flaws.too_many(node.place, "tests of a workflow", TESTS_MAX, items.len());
            return Vec::new();
        }
        items.iter().filter_map(|item| self.case(item)).collect()
    }

    fn case(&mut self, node: &Node) -> Option<Case> {
        let Body::Map(members) = &node.body else {
            self.flaws.add(node.place, "a test is a mapping with `given` and `expect`");
            return None;
        };
        let members = Members::of(members, "a test", &TEST_KEYS, &mut self.flaws);
        let mut written = Map::new();
        let name = members.get("name").and_then(|node| self.text(node, "name"));
        let given = self.required(&members, "given", node.place).map(|node| self.given(node, "given"))?;
        let before = members.get("before").map(|node| self.given(node, "before"));
        let unknown = members.get("unknown").map(|node| self.not_recorded(node, &given)).unwrap_or_default();
        let at = members.get("at").and_then(|node| self.time(node));
        let expect = self.required(&members, "expect", node.place)?;
        let (expected, expect) = self.expected(expect)?;

        let mut facts = Facts::default();
        let told = |values: &BTreeMap<String, Value>| -> Json {
            values.iter().map(|(name, value)| (name.clone(), value.json())).collect()
        };
        if let Some(name) = &name {
            written.insert("name".into(), name.as_str().into());
        }
        written.insert("given".into(), told(&given));
        for (field, value) in given {
            facts.set(&field, value);
        }
        if let Some(before) = &before {
            written.insert("before".into(), told(before));
        }
        facts.changed_from(before.unwrap_or_default());
        if !unknown.is_empty() {
            written.insert("unknown".into(), unknown.iter().cloned().collect());
        }
        facts.complete_but_for(unknown.iter().map(|name| canonical(name).into_owned()).collect());
        if let Some(at) = at {
            written.insert("at".into(), at.to_string().into());
            facts.at(at);
        }
        facts.with_calendar(Calendar::office());
        written.insert("expect".into(), expect);
        Some(Case { name, line: node.place.line, facts, expected, written: Json::Object(written) })
    }

    fn given(&mut self, node: &Node, what: &str) -> BTreeMap<String, Value> {
        let Body::Map(members) = &node.body else {
            if !node.is_nothing() {
                self.flaws.add(
                    node.place,
                    format!("`{what}`: expected fields with what they hold, found {}", node.kind()),
                );
            }
            return BTreeMap::new();
        };
        let mut facts = BTreeMap::new();
        for member in members {
            let key =
                Node { place: member.place, body: Body::Word { text: member.key.clone(), plain: false } };
            let value = self.field(&key).and_then(|(_, kind)| self.fact(&member.value, &kind));
            if let Some(value) = value {
                facts.insert(member.key.clone(), value);
            }
        }
        facts
    }

    fn not_recorded(&mut self, node: &Node, given: &BTreeMap<String, Value>) -> BTreeSet<String> {
        let mut fields = BTreeSet::new();
        for item in node.items() {
            let Some((name, _)) = self.field(item) else { continue };
            if given.contains_key(&name) {
                self.flaws.add(item.place, format!("`{name}` is given and unknown at once"));
            }
            fields.insert(name);
        }
        fields
    }

    fn expected(&mut self, node: &Node) -> Option<(Expected, Json)> {
        let Body::Map(members) = &node.body else {
            self.flaws.add(node.place, "`expect`: expected a mapping with `matched` or `actions`");
            return None;
        };
        let members = Members::of(members, "`expect`", &EXPECT_KEYS, &mut self.flaws);
        let mut written = Map::new();
        let matched = members.get("matched").and_then(|node| self.matched(node));
        if let Some(matched) = matched {
            written.insert("matched".into(), json!(matched));
        }
        let mut names = |key: &str| {
            let names = members.get(key).map(|node| self.names(node, key))?;
            written.insert(key.into(), names.clone().into());
            Some(names)
        };
        let (actions, approval) = (names("actions"), names("approval"));
        if members.0.is_empty() {
            self.flaws.add(node.place, "`expect` says nothing: give `matched`, `actions` or `approval`");
        }
        Some((Expected { matched, actions, approval }, Json::Object(written)))
    }

    fn matched(&mut self, node: &Node) -> Option<Truth> {
        let written = word(node).unwrap_or_default();
        let found =
            [Truth::Yes, Truth::No, Truth::Unknown].into_iter().find(|truth| truth.as_str() == written);
        if found.is_none() {
            self.flaws.add(node.place, "`matched` is true, false or unknown");
        }
        found
    }

    fn names(&mut self, node: &Node, what: &str) -> Vec<String> {
        let Body::List(items) = &node.body else {
            self.flaws.add(node.place, format!("`{what}`: expected a list of actions, which may be empty"));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.text(item, what)).collect()
    }
}
