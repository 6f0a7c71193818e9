//! Every rule of the pack, with sequences that make it speak and sequences that do not.

use crate::story::{entries, read};
use hindcast_rules::detection::{Lists, Tuned};
use hindcast_rules::pack::{SHIPPED, Shipped};
use hindcast_rules::{Detector, RuleText};
use std::collections::BTreeMap;
use std::path::PathBuf;

struct Case {
    name: String,
    fires: bool,
    lists: Lists,
    story: String,
    expected: Vec<String>,
}

fn folder() -> PathBuf {
    PathBuf::from("fixtures")
}

fn cases(code: &str) -> Vec<Case> {
    let path = folder().join(format!("{code}.txt"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{code} has no fixtures"));
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some((word @ ("fires" | "quiet"), name)) = line.split_once(": ") {
            let (name, lists) = (name.to_owned(), Lists::new());
            cases.push(Case {
                name,
                fires: word == "fires",
                lists,
                story: String::new(),
                expected: Vec::new(),
            });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(expected) = line.strip_prefix("=> ") {
            case.expected.push(expected.to_owned());
        } else if let Some((name, values)) = line.strip_prefix("list ").and_then(|list| list.split_once(' '))
        {
            case.lists.insert(name.to_owned(), values.split(' ').map(str::to_owned).collect());
        } else {
            case.story.push_str(line);
            case.story.push('\n');
        }
    }
    cases
}

fn compiled(rules: &[Shipped], lists: &Lists) -> Detector {
    let texts: Vec<_> = rules
        .iter()
        .map(|rule| RuleText { key: rule.code, yaml: rule.yaml, tuned: BTreeMap::new() })
        .collect();
    let (detector, refused) = Detector::compile(&texts, lists);
    assert_eq!(refused, []);
    detector
}

#[test]
fn every_rule_speaks_when_it_should_and_only_then() {
    let mut wrong = Vec::new();
    let mut whole: BTreeMap<Lists, Detector> = BTreeMap::new();
    for rule in SHIPPED {
        for case in cases(rule.code) {
            let alone = compiled(std::slice::from_ref(rule), &case.lists);
            let all = &*whole.entry(case.lists.clone()).or_insert_with(|| compiled(SHIPPED, &case.lists));
            let id = alone.rules().next().expect("one rule").id.clone();
            let entries = entries(&case.story);
            let said = |detector: &Detector| {
                let judged = detector.judge_all(&mut detector.state("w"), entries.iter()).expect("judged");
                assert!(judged.damaged.is_empty());
                let of_rule = judged.verdicts.into_iter().filter(|verdict| *verdict.rule == *id);
                of_rule.collect::<Vec<_>>()
            };
            let verdicts = said(&alone);
            assert_eq!(verdicts, said(all), "{}: others do not change what it says", rule.code);
            let told: Vec<_> = verdicts.iter().map(read).collect();
            if told != case.expected || case.fires == case.expected.is_empty() {
                wrong.push(format!(
                    "{} {}:\n{}",
                    rule.code,
                    case.name,
                    told.iter().map(|t| format!("=> {t}\n")).collect::<String>()
                ));
            }
            let mut evidence = verdicts.iter().flat_map(|verdict| &verdict.evidence);
            assert!(evidence.all(|&index| index < entries.len() as u64), "{}: {verdicts:?}", rule.code);
        }
    }
    assert!(wrong.is_empty(), "said instead:\n{}", wrong.join("\n"));
}

#[test]
fn no_rule_goes_without_fixtures() {
    for rule in SHIPPED {
        let cases = cases(rule.code);
        let firing = cases.iter().filter(|case| case.fires).count();
        assert!(firing >= 2 && cases.len() - firing >= 2, "{}: {firing} of {}", rule.code, cases.len());
    }
    let files = std::fs::read_dir(folder()).expect("the folder").count();
    assert_eq!(files, SHIPPED.len(), "a file of fixtures for each rule and no other");
}

#[test]
fn the_documentation_lists_every_rule_as_it_is() {
    let docs = PathBuf::from("../../docs/detection.md");
    let docs = std::fs::read_to_string(docs).expect("the page");
    for info in compiled(SHIPPED, &Lists::new()).rules() {
        let code = info.code.as_deref().unwrap_or_default();
        let row = docs.lines().find(|line| line.starts_with(&format!("| {code} |"))).unwrap_or_default();
        assert!(
            row.starts_with(&format!("| {code} | {} | {}", info.title, info.severity.as_str())),
            "{code}: {row}"
        );
        for tunable in &info.tunables {
            let default = match &tunable.default {
                Tuned::Number(number) => number.to_string(),
                Tuned::Duration(text) => text.clone(),
            };
            assert!(row.contains(&format!("{} ({default})", tunable.name)), "{code}: {row}");
        }
    }
}
