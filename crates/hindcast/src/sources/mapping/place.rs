//! A place in an event that a mapping fills: `actor.id`, `targets.0.name`, `metadata.plan`.

use anyhow::bail;
use serde_json::Value;

/// What a mapping may fill; `#` stands for a number, `*` for any name.
const PLACES: [&str; 28] = [
    "id",
    "action",
    "occurred_at",
    "outcome",
    "outcome.result",
    "outcome.reason",
    "outcome.code",
    "actor.type",
    "actor.id",
    "actor.name",
    "actor.email",
    "actor.role",
    "on_behalf_of.type",
    "on_behalf_of.id",
    "on_behalf_of.name",
    "targets.#.type",
    "targets.#.id",
    "targets.#.name",
    "before",
    "after",
    "changes",
    "context.ip",
    "context.user_agent",
    "context.session_id",
    "context.request_id",
    "reason",
    "description",
    "metadata.*",
];
/// More are not mapped one by one.
const TARGETS_MAX: usize = 20;

/// A place in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// As the mapping spells it.
    pub name: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
}

impl Place {
    pub fn parse(name: &str) -> anyhow::Result<Self> {
        // A name of metadata may have dots of its own.
        if let Some(own) = name.strip_prefix("metadata.").filter(|own| !own.is_empty()) {
            let steps = vec![Step::Member("metadata".to_owned()), Step::Member(own.to_owned())];
            return Ok(Self { name: name.to_owned(), steps });
        }
        let number = |step: &str| step.parse::<usize>().ok().filter(|at| *at < TARGETS_MAX);
        let steps: Vec<Step> = name
            .split('.')
            .map(|step| number(step).map_or_else(|| Step::Member(step.to_owned()), Step::Item))
            .collect();
        let shape: Vec<_> = steps
            .iter()
            .map(|step| match step {
                Step::Member(name) => name.as_str(),
                Step::Item(_) => "#",
            })
            .collect();
        if !PLACES.contains(&shape.join(".").as_str()) {
            let known = PLACES.map(|place| place.replace('#', "0").replace('*', "…"));
            bail!("fields: {name} is no field of an event; there are {}", known.join(", "));
        }
        Ok(Self { name: name.to_owned(), steps })
    }

    /// Whether a time stands here.
    pub fn is_time(&self) -> bool {
        self.name == "occurred_at"
    }

    /// Puts a value there.
    pub fn put(&self, draft: &mut Value, value: Value) -> Result<(), String> {
        let mut at = draft;
        for step in &self.steps {
            at = match step {
                Step::Member(name) if at.is_object() || at.is_null() => &mut at[name.as_str()],
                Step::Item(nth) => {
                    if at.is_null() {
                        *at = Value::Array(Vec::new());
                    }
                    let Value::Array(items) = at else {
                        return Err("another column fills what it is in".to_owned());
                    };
                    if items.len() <= *nth {
                        items.resize(nth + 1, Value::Null);
                    }
                    &mut items[*nth]
                }
                Step::Member(_) => return Err("another column fills what it is in".to_owned()),
            };
        }
        *at = value;
        Ok(())
    }
}
