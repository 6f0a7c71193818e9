//! The examples of panther-analysis (Apache-2.0) for Zendesk, Slack, Okta and GitHub, judged by our rules.
//!
//! They lie in `shared/data/panther` and are no part of the project; without them these tests say so and pass.

mod mapping;
mod table;

use crate::story::Told;
use hindcast_event::Entries;
use hindcast_rules::detection::Lists;
use hindcast_rules::pack::SHIPPED;
use hindcast_rules::{Detector, RuleText};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use table::TABLE;
use yaml_serde::Value;

const FAMILIES: [&str; 4] = ["zendesk", "slack", "okta", "github"];

fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("HINDCAST_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from("../../../shared"));
    let rules = shared.join("data/panther/rules");
    if !rules.is_dir() {
        eprintln!("skipped: there is no data/panther/rules; set HINDCAST_SHARED to its folder");
        return None;
    }
    Some(rules)
}

/// An example: its name, whether a rule must speak, and the line of the log.
type Example = (String, bool, Value);

/// The rules of one family: name and examples.
fn rules(folder: &Path, family: &str) -> Vec<(String, Vec<Example>)> {
    let files = std::fs::read_dir(folder.join(format!("{family}_rules"))).expect("the folder");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let read = |path: &PathBuf| -> Value {
        yaml_serde::from_str(&std::fs::read_to_string(path).expect("a text")).expect("YAML")
    };
    let example = |test: &Value| {
        let name = test["Name"].as_str().unwrap_or_default().to_owned();
        let log = match &test["Log"] {
            Value::String(text) => yaml_serde::from_str(text).expect("a log"),
            log => log.clone(),
        };
        (name, test["ExpectedResult"].as_bool().expect("an expectation"), log)
    };
    let rule = |path: &PathBuf| {
        let rule = read(path);
        let examples = rule["Tests"].as_sequence().map(Vec::as_slice).unwrap_or_default();
        (rule["RuleID"].as_str().expect("an id").to_owned(), examples.iter().map(example).collect())
    };
    paths.iter().map(rule).collect()
}

/// The codes of our rules that speak of an entry.
fn speaking(detector: &Detector, told: &Told) -> BTreeSet<String> {
    let mut entries = Entries::default();
    told.push(0, &mut entries);
    let judged = detector.judge_all(&mut detector.state("w"), entries.iter()).expect("judged");
    let code = |id: &str| detector.rules().find(|info| info.id == id).and_then(|info| info.code.clone());
    judged.verdicts.iter().filter_map(|verdict| code(&verdict.rule)).collect()
}

#[test]
fn equivalent_rules_say_what_their_authors_expect() {
    let Some(folder) = folder() else { return };
    let texts: Vec<_> = SHIPPED
        .iter()
        .map(|rule| RuleText { key: rule.code, yaml: rule.yaml, tuned: BTreeMap::new() })
        .collect();
    let (detector, _) = Detector::compile(&texts, &Lists::new());
    let (mut judged, mut wrong) = (0, Vec::new());
    for family in FAMILIES {
        for (rule, examples) in rules(&folder, family) {
            let Some((_, ours, _)) = TABLE.iter().find(|(name, ours, _)| *name == rule && !ours.is_empty())
            else {
                continue;
            };
            for (name, expected, log) in examples {
                let told = mapping::told(family, &log);
                let speaking = told.as_ref().map(|told| speaking(&detector, told)).unwrap_or_default();
                let said = ours.iter().any(|code| speaking.contains(*code));
                judged += 1;
                if said != expected {
                    wrong.push(format!("{rule} / {name}: {speaking:?}, {told:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(judged, 90);
}

#[test]
fn every_rule_of_theirs_is_in_the_table() {
    for (name, ours, why) in TABLE {
        assert_ne!(ours.is_empty(), why.is_empty(), "{name} has an equivalent or a reason");
        assert!(ours.iter().all(|code| SHIPPED.iter().any(|rule| rule.code == *code)), "{name}");
    }
    let Some(folder) = folder() else { return };
    let theirs: BTreeSet<String> =
        FAMILIES.iter().flat_map(|family| rules(&folder, family)).map(|(name, _)| name).collect();
    let told: BTreeSet<String> = TABLE.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(theirs, told);
}
