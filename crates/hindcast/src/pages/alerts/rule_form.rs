//! The form of a rule: its text, what can be tuned of it, and how it is set.

use super::problems::{self, flaw};
use crate::alerts::edit::{NotChanged, QUIET_MAX, QUIET_MIN};
use crate::alerts::{Rule, RuleSet};
use crate::pages::fields::Fields;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use hindcast_rules::detection::{Checked, Flaw, TunableInfo, Tuned};
use hindcast_rules::pack;
use serde_json::Value;
use std::collections::BTreeMap;

const MINUTE: u64 = 60;
/// What a rule of their own begins with.
const TEMPLATE: &str = "\
title: Several failed sign-ins of one teammate
id: {id}
description: >-
    What the rule is after, for whoever looks at an alert.
correlation:
    type: event_count
    rules:
        - failed
    group-by:
        - actor.id
    timespan: 15m
    condition:
        gte: 5
level: medium
falsepositives:
    - When it is wrong
---
title: Sign-in failed
name: failed
logsource:
    product: hindcast
detection:
    selection:
        action: user.sign_in_failed
    condition: selection
";

/// Something that can be tuned, as the form has it.
pub(super) struct Input {
    /// The name of the field.
    pub field: String,
    pub label: String,
    /// What the text of the rule says.
    pub hint: String,
}

/// What can be tuned.
pub(super) fn inputs(t: Text, checked: &Checked) -> Vec<Input> {
    let names = &pack::texts(t.language).tunables;
    let input = |tunable: &TunableInfo| Input {
        field: field(&tunable.name),
        label: names.get(&tunable.name).unwrap_or(&tunable.name).clone(),
        hint: match (&tunable.default, tunable.min, tunable.max) {
            (Tuned::Number(default), Some(min), Some(max)) => {
                t.tunable_between(default.to_string(), min.to_string(), max.to_string()).into_owned()
            }
            (default, ..) => t.tunable_default(shown(default)).into_owned(),
        },
    };
    checked.rules.iter().flat_map(|info| &info.tunables).map(input).collect()
}

fn field(tunable: &str) -> String {
    format!("tune-{tunable}")
}

fn shown(tuned: &Tuned) -> String {
    match tuned {
        Tuned::Number(number) => number.to_string(),
        Tuned::Duration(text) => text.clone(),
    }
}

/// The form of a rule as it is.
pub(super) fn filled(visitor: &Visitor, rule: &Rule, checked: &Checked) -> Fields {
    let tunables = checked.rules.iter().flat_map(|info| &info.tunables);
    let mut pairs: Vec<(String, String)> = tunables
        .map(|tunable| {
            let set = rule.set.tuned.get(&tunable.name).and_then(crate::alerts::tuned);
            (field(&tunable.name), shown(set.as_ref().unwrap_or(&tunable.default)))
        })
        .collect();
    let muted = rule.set.muted_until.filter(|until| *until > visitor.now);
    pairs.extend([
        ("yaml".to_owned(), rule.yaml.clone().into_owned()),
        ("quiet".to_owned(), (rule.set.quiet_seconds / MINUTE).to_string()),
        ("muted_until".to_owned(), muted.map(|until| visitor.clock.input(until)).unwrap_or_default()),
        ("version".to_owned(), rule.version.to_string()),
    ]);
    Fields::filled(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// A rule as a form asks for it; what cannot be read is told in the form. `checked` is of the text in the form.
pub(super) fn wanted(visitor: &Visitor, before: &Rule, form: &mut Fields, checked: &Checked) -> Rule {
    let t = visitor.guest.text;
    let mut set = before.set.clone();
    set.tuned = tuned(t, before, form, checked);
    let quiet_shown = (before.set.quiet_seconds / MINUTE).to_string();
    // Whoever leaves it as it is shown does not change its seconds.
    if form.trimmed("quiet") != quiet_shown {
        let minutes: Option<u64> = form.trimmed("quiet").parse().ok();
        let seconds = minutes.and_then(|minutes| minutes.checked_mul(MINUTE));
        match seconds.filter(|seconds| (QUIET_MIN..=QUIET_MAX).contains(seconds)) {
            Some(seconds) => set.quiet_seconds = seconds,
            None => form.fail("quiet", t.rule_expected_quiet((QUIET_MAX / MINUTE).to_string())),
        }
    }
    set.muted_until = match form.trimmed("muted_until") {
        "" => None,
        text => {
            let until = visitor.clock.read_input(text);
            if until.is_none() {
                form.fail("muted_until", t.rule_expected_time());
            }
            until
        }
    };
    let version = form.value("version").parse().unwrap_or(before.version);
    let yaml = if before.is_shipped { before.yaml.clone() } else { text_of(form).into() };
    Rule { yaml, set, version, ..before.clone() }
}

fn tuned(t: Text, before: &Rule, form: &mut Fields, checked: &Checked) -> BTreeMap<String, Value> {
    let Some(info) = checked.rules.first() else { return before.set.tuned.clone() };
    let mut tuned = BTreeMap::new();
    for tunable in &info.tunables {
        let field = field(&tunable.name);
        let typed = form.trimmed(&field).to_owned();
        if typed.is_empty() || typed == shown(&tunable.default) {
            continue;
        }
        let value = match &tunable.default {
            Tuned::Duration(_) => Some(Value::from(typed)),
            Tuned::Number(_) => number(&typed),
        };
        match value {
            Some(value) => drop(tuned.insert(tunable.name.clone(), value)),
            None => form.fail(field, t.tunable_expected_number()),
        }
    }
    tuned
}

/// A number as people type it in any of our languages.
fn number(typed: &str) -> Option<Value> {
    let typed = typed.replace(',', ".");
    let whole = typed.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| typed.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from))
}

/// The text in the form, with the breaks of lines that YAML knows.
pub(super) fn text_of(form: &Fields) -> String {
    form.value("yaml").replace("\r\n", "\n")
}

/// Says why a rule was not kept where it is wrong; nothing when that is nobody's doing. Flaws of the text stand beside it.
pub(super) fn tell(
    t: Text,
    form: &mut Fields,
    checked: &Checked,
    error: NotChanged,
) -> Result<Vec<problems::Told>, NotChanged> {
    match error {
        NotChanged::Wrong(problems) => {
            let tunables: Vec<_> = checked.rules.iter().flat_map(|info| &info.tunables).collect();
            let (tuned, text): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| {
                matches!(&problem.flaw, Flaw::Invalid { attribute, .. }
                    if tunables.iter().any(|tunable| tunable.name == *attribute))
            });
            for problem in tuned {
                if let Flaw::Invalid { attribute, .. } = &problem.flaw {
                    form.fail(field(attribute), flaw(t, &problem.flaw));
                }
            }
            let told = problems::told(t, &text);
            // A duration that was tuned is told of where it stands in the text.
            let wrong = told
                .first()
                .map(|one| t.flaw_at(one.line.clone(), one.column.clone(), one.told.clone()).into_owned());
            if let Some(wrong) = wrong {
                form.fail("yaml", wrong);
            }
            return Ok(told);
        }
        NotChanged::Twice(id) => form.fail("yaml", t.rule_twice(id)),
        NotChanged::Field("quiet_seconds", _) => {
            form.fail("quiet", t.rule_expected_quiet((QUIET_MAX / MINUTE).to_string()));
        }
        NotChanged::Field("text", _) => form.fail("yaml", t.rule_id_stays()),
        NotChanged::TooMany => form.fail("yaml", t.rule_too_many()),
        NotChanged::Conflict => form.fail("yaml", t.rule_conflict()),
        other => return Err(other),
    }
    Ok(Vec::new())
}

/// A rule that is not kept yet.
pub(super) fn new_rule(yaml: String) -> Rule {
    let set = RuleSet { is_on: false, ..RuleSet::default() };
    Rule { key: "new".to_owned(), yaml: yaml.into(), is_shipped: false, set, version: 0, changed_at: None }
}

/// What a rule of their own begins with, under an id of its own.
pub(super) fn template() -> Result<String, getrandom::Error> {
    Ok(TEMPLATE.replace("{id}", &uuid()?))
}

/// The text of a rule under an id of its own. The code stays with the rule that it was given to.
pub(super) fn copied(yaml: &str, id: &str) -> Result<String, getrandom::Error> {
    let new = uuid()?;
    let lines = yaml.lines().filter(|line| !line.trim_start().starts_with("code:"));
    let copied = lines.map(|line| line.replace(id, &new)).collect::<Vec<_>>().join("\n");
    Ok(copied + "\n")
}

/// A random UUID (RFC 9562, version 4).
fn uuid() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = crate::hex::hex(&bytes);
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_rules::detection::Lists;
    use hindcast_rules::pack::SHIPPED;
    use hindcast_rules::{RuleText, check};

    fn of(yaml: &str) -> Checked {
        check(&RuleText { key: "new", yaml, tuned: BTreeMap::new() }, &Lists::new())
    }

    #[test]
    fn every_rule_that_is_copied_runs_under_an_id_of_its_own() {
        for shipped in SHIPPED {
            let [info] = &of(shipped.yaml).rules[..] else { panic!("{} is one rule", shipped.code) };
            let copied = of(&copied(shipped.yaml, &info.id).expect("random"));
            assert_eq!(copied.errors, [], "{}", shipped.code);
            assert_eq!(copied.rules[0].code, None);
            assert_ne!(copied.rules[0].id, info.id);
            assert_eq!(copied.rules[0].tunables, info.tunables);
        }
    }

    #[test]
    fn a_new_rule_begins_with_one_that_runs() {
        let checked = of(&template().expect("random"));
        assert_eq!((checked.errors, checked.warnings), (vec![], vec![]));
        assert_ne!(uuid(), uuid());
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        assert_eq!(
            (number("12"), number("0,5"), number("0.5")),
            (Some(12.into()), Some(0.5.into()), Some(0.5.into()))
        );
        assert_eq!((number("many"), number("inf")), (None, None));
    }
}
