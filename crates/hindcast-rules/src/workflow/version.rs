//! One spelling of a workflow, and the hash that names its version.

use super::SCHEMA;
use super::Workflow;
use super::catalog::Type;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

/// What may change without the workflow judging otherwise.
const NO_PART_OF_VERSION: [&str; 3] = ["description", "mode", "tests"];

impl Workflow {
    /// The workflow as JSON, everything in one spelling: short forms written out, durations in their largest unit. Reading what
    /// [`print`](super::print) makes of it gives the same workflow.
    pub fn document(&self) -> Json {
        let mut document = Map::new();
        let mut put = |key: &str, value: Json| drop(document.insert(key.to_owned(), value));
        put("schema", SCHEMA.into());
        put("name", self.name.as_str().into());
        if !self.description.is_empty() {
            put("description", self.description.as_str().into());
        }
        put("trigger", self.triggers.iter().map(|trigger| trigger.as_str()).collect());
        put("mode", self.mode.as_str().into());
        put("priority", self.priority.into());
        if !self.fields.is_empty() {
            put("fields", self.fields.iter().map(|(name, kind)| (name.clone(), type_json(kind))).collect());
        }
        if let Some(test) = &self.test {
            put("if", test.json());
        }
        put("then", self.then.iter().map(|step| step.json()).collect());
        if !self.otherwise.is_empty() {
            put("else", self.otherwise.iter().map(|step| step.json()).collect());
        }
        if self.stop {
            put("stop", true.into());
        }
        if !self.cases.is_empty() {
            put("tests", self.cases.iter().map(|case| case.written.clone()).collect());
        }
        Json::Object(document)
    }

    /// The version: a SHA-256 in hex over how it judges. Its mode, description and tests are no part of it, so one that was tried
    /// in shadow keeps its version when it acts; neither are comments and spelling.
    pub fn version(&self) -> String {
        let mut document = self.document();
        if let Some(members) = document.as_object_mut() {
            members.retain(|key, _| !NO_PART_OF_VERSION.contains(&key.as_str()));
        }
        let mut text = String::new();
        canonical(&document, &mut text);
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn type_json(kind: &Type) -> Json {
    match kind {
        Type::Enum { values, .. } => values.clone().into(),
        other => other.as_str().into(),
    }
}

/// JSON with its keys in order, so that the bytes do not depend on how a map keeps them.
fn canonical(json: &Json, out: &mut String) {
    match json {
        Json::Object(members) => {
            let mut keys: Vec<_> = members.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (nr, (key, value)) in keys.into_iter().enumerate() {
                out.push_str(if nr > 0 { "," } else { "" });
                out.push_str(&Json::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (nr, item) in items.iter().enumerate() {
                out.push_str(if nr > 0 { "," } else { "" });
                canonical(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}
