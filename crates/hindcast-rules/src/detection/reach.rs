//! Which entries a rule can match at all, so that only candidates are evaluated.

use rsigma_parser::{ConditionExpr, Detection, DetectionItem, Detections, Quantifier, SigmaValue};
use std::collections::BTreeSet;

/// What an entry must be for a detection to have a chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anything.
    All,
    /// One of these actions, or of these categories.
    Some { actions: BTreeSet<String>, categories: BTreeSet<String> },
}

impl Reach {
    fn none() -> Self {
        Self::Some { actions: BTreeSet::new(), categories: BTreeSet::new() }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Some { mut actions, mut categories }, Self::Some { actions: a, categories: c }) => {
                actions.extend(a);
                categories.extend(c);
                Self::Some { actions, categories }
            }
            _ => Self::All,
        }
    }

    /// Both must hold, so either bounds the other: the one that names fewer things and no category is kept.
    fn and(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::All, _) => other,
            (_, Self::All) => self,
            (Self::Some { categories, actions }, Self::Some { categories: c, actions: a }) => {
                if (categories.len(), actions.len()) <= (c.len(), a.len()) { self } else { other }
            }
        }
    }

    pub fn of(detections: &Detections) -> Self {
        let conditions = detections.conditions.iter().map(|condition| of_condition(condition, detections));
        conditions.reduce(Self::or).unwrap_or(Self::All)
    }
}

fn of_condition(condition: &ConditionExpr, detections: &Detections) -> Reach {
    let all = |parts: &mut dyn Iterator<Item = Reach>| parts.fold(Reach::All, Reach::and);
    let any = |parts: &mut dyn Iterator<Item = Reach>| parts.reduce(Reach::or).unwrap_or(Reach::All);
    match condition {
        ConditionExpr::And(parts) => all(&mut parts.iter().map(|part| of_condition(part, detections))),
        ConditionExpr::Or(parts) => any(&mut parts.iter().map(|part| of_condition(part, detections))),
        ConditionExpr::Not(_) => Reach::All,
        ConditionExpr::Identifier(name) => detections.named.get(name).map_or(Reach::All, of_detection),
        ConditionExpr::Selector { quantifier, pattern } => {
            let named = detections.named.iter().filter(|(name, _)| pattern.matches_detection_name(name));
            let mut reaches = named.map(|(_, detection)| of_detection(detection));
            match quantifier {
                Quantifier::All => all(&mut reaches),
                Quantifier::Count(0) => Reach::All,
                Quantifier::Any | Quantifier::Count(_) => any(&mut reaches),
            }
        }
    }
}

fn of_detection(detection: &Detection) -> Reach {
    match detection {
        Detection::AllOf(items) => items.iter().map(of_item).fold(Reach::All, Reach::and),
        Detection::And(parts) => parts.iter().map(of_detection).fold(Reach::All, Reach::and),
        Detection::AnyOf(parts) => parts.iter().map(of_detection).reduce(Reach::or).unwrap_or(Reach::All),
        Detection::Keywords(_) | Detection::ArrayMatch { .. } | Detection::Conditional { .. } => Reach::All,
    }
}

fn of_item(item: &DetectionItem) -> Reach {
    let plain = |value: &SigmaValue| match value {
        SigmaValue::String(text) => text.as_plain().map(|text| text.to_lowercase()),
        _ => None,
    };
    let values: Option<BTreeSet<String>> = item.values.iter().map(plain).collect();
    let (Some(values), true) = (values, item.field.modifiers.is_empty()) else { return Reach::All };
    let Reach::Some { mut actions, mut categories } = Reach::none() else { return Reach::All };
    match item.field.name.as_deref() {
        Some("action") => actions = values,
        Some("category") => categories = values,
        _ => return Reach::All,
    }
    Reach::Some { actions, categories }
}
