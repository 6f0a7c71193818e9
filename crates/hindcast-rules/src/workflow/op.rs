//! The operators: what each takes on its left and on its right.

use super::catalog::Type;
use super::nearest::nearest;

/// An operator of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Op {
    Is,
    IsNot,
    AnyOf,
    NoneOf,
    Contains,
    ContainsNot,
    ContainsAll,
    ContainsAny,
    ContainsNone,
    StartsWith,
    EndsWith,
    Matches,
    MatchesNot,
    IsSet,
    IsNotSet,
    Changed,
    NotChanged,
    ChangedTo,
    ChangedFrom,
    Gt,
    Gte,
    Lt,
    Lte,
    Before,
    After,
    OlderThan,
    LaterThan,
    WithinLast,
    WithinNext,
    Today,
    InBusinessHours,
    OutsideBusinessHours,
}

/// What stands in `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    /// One value of the field's type; of a set, one of its words.
    One,
    /// One or several of them.
    Several,
    /// A regular expression.
    Pattern,
    /// A duration such as `2h`.
    Duration,
}

/// A class of types an operator works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Text,
    Enum,
    Ordered,
    Number,
    Bool,
    Time,
    Set,
}

impl Class {
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Enum, Self::Ordered, Self::Number, Self::Bool, Self::Time, Self::Set];

    pub fn of(kind: &Type) -> Self {
        match kind {
            Type::Text => Self::Text,
            Type::Enum { ordered: false, .. } => Self::Enum,
            Type::Enum { ordered: true, .. } => Self::Ordered,
            Type::Number => Self::Number,
            Type::Bool => Self::Bool,
            Type::Time => Self::Time,
            Type::Set => Self::Set,
        }
    }
}

/// An operator as files spell it.
pub(crate) struct OpInfo {
    pub op: Op,
    pub name: &'static str,
    pub takes: Takes,
    pub on: &'static [Class],
}

const fn info(op: Op, name: &'static str, takes: Takes, on: &'static [Class]) -> OpInfo {
    OpInfo { op, name, takes, on }
}

const SINGLE: &[Class] = &[Class::Text, Class::Enum, Class::Ordered, Class::Number, Class::Bool];
const LISTED: &[Class] = &[Class::Text, Class::Enum, Class::Ordered, Class::Number];
const WORDS: &[Class] = &[Class::Text, Class::Set];
const GRADED: &[Class] = &[Class::Number, Class::Ordered];

/// All operators, the most common first.
#[rustfmt::skip]
pub(crate) const OPS: &[OpInfo] = &[
    info(Op::Is, "is", Takes::One, SINGLE),
    info(Op::IsNot, "is_not", Takes::One, SINGLE),
    info(Op::AnyOf, "any_of", Takes::Several, LISTED),
    info(Op::NoneOf, "none_of", Takes::Several, LISTED),
    info(Op::Contains, "contains", Takes::One, WORDS),
    info(Op::ContainsNot, "contains_not", Takes::One, WORDS),
    info(Op::ContainsAll, "contains_all", Takes::Several, WORDS),
    info(Op::ContainsAny, "contains_any", Takes::Several, WORDS),
    info(Op::ContainsNone, "contains_none", Takes::Several, WORDS),
    info(Op::StartsWith, "starts_with", Takes::Several, &[Class::Text]),
    info(Op::EndsWith, "ends_with", Takes::Several, &[Class::Text]),
    info(Op::Matches, "matches", Takes::Pattern, &[Class::Text]),
    info(Op::MatchesNot, "matches_not", Takes::Pattern, &[Class::Text]),
    info(Op::IsSet, "is_set", Takes::Nothing, &Class::ALL),
    info(Op::IsNotSet, "is_not_set", Takes::Nothing, &Class::ALL),
    info(Op::Changed, "changed", Takes::Nothing, &Class::ALL),
    info(Op::NotChanged, "not_changed", Takes::Nothing, &Class::ALL),
    info(Op::ChangedTo, "changed_to", Takes::One, SINGLE),
    info(Op::ChangedFrom, "changed_from", Takes::One, SINGLE),
    info(Op::Gt, "gt", Takes::One, GRADED),
    info(Op::Gte, "gte", Takes::One, GRADED),
    info(Op::Lt, "lt", Takes::One, GRADED),
    info(Op::Lte, "lte", Takes::One, GRADED),
    info(Op::Before, "before", Takes::One, &[Class::Time]),
    info(Op::After, "after", Takes::One, &[Class::Time]),
    info(Op::OlderThan, "older_than", Takes::Duration, &[Class::Time]),
    info(Op::LaterThan, "later_than", Takes::Duration, &[Class::Time]),
    info(Op::WithinLast, "within_last", Takes::Duration, &[Class::Time]),
    info(Op::WithinNext, "within_next", Takes::Duration, &[Class::Time]),
    info(Op::Today, "today", Takes::Nothing, &[Class::Time]),
    info(Op::InBusinessHours, "in_business_hours", Takes::Nothing, &[Class::Time]),
    info(Op::OutsideBusinessHours, "outside_business_hours", Takes::Nothing, &[Class::Time]),
];

/// Words of other products for our operators.
#[rustfmt::skip]
const OTHER_WORDS: &[(&str, &str)] = &[
    ("equals", "is"), ("equal_to", "is"), ("eq", "is"), ("==", "is"), ("=", "is"),
    ("not_equals", "is_not"), ("not_equal_to", "is_not"), ("neq", "is_not"), ("ne", "is_not"), ("!=", "is_not"),
    ("in", "any_of"), ("is_any_of", "any_of"), ("one_of", "any_of"), ("not_in", "none_of"), ("is_none_of", "none_of"),
    ("includes", "contains_any"), ("contains_one", "contains_any"), ("not_includes", "contains_none"),
    ("does_not_contain", "contains_not"), ("not_contains", "contains_not"),
    ("regex", "matches"), ("matches_regex", "matches"), ("does_not_match", "matches_not"),
    ("present", "is_set"), ("is_present", "is_set"), ("exists", "is_set"), ("not_present", "is_not_set"),
    ("is_not_present", "is_not_set"), ("is_empty", "is_not_set"), ("has_changed", "changed"),
    ("greater_than", "gt"), (">", "gt"), ("less_than", "lt"), ("<", "lt"), (">=", "gte"), ("<=", "lte"),
    ("more_than", "gt"), ("at_least", "gte"), ("at_most", "lte"), ("before_relative", "older_than"),
    ("days_before", "older_than"), ("after_relative", "later_than"), ("not_in_business_hours", "outside_business_hours"),
];

impl Op {
    pub fn info(self) -> &'static OpInfo {
        // The table names every operator, which a test checks.
        OPS.iter().find(|info| info.op == self).unwrap_or(&OPS[0])
    }
}

/// An operator by its name.
pub(crate) fn named(name: &str) -> Option<&'static OpInfo> {
    OPS.iter().find(|info| info.name == name)
}

/// The operator that was probably meant.
pub(crate) fn nearest_op(written: &str) -> Option<String> {
    let lower = written.to_lowercase().replace([' ', '-'], "_");
    let other = OTHER_WORDS.iter().find(|(word, _)| *word == lower).map(|(_, ours)| (*ours).to_owned());
    other.or_else(|| nearest(&lower, OPS.iter().map(|info| info.name)))
}

/// The operators that work on a type, for messages.
pub(crate) fn names_on(kind: &Type) -> String {
    let class = Class::of(kind);
    let names: Vec<_> = OPS.iter().filter(|info| info.on.contains(&class)).map(|info| info.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_is_found_by_its_name_and_back() {
        for info in OPS {
            assert_eq!(named(info.name).map(|found| found.op), Some(info.op));
            assert_eq!(info.op.info().name, info.name);
            assert!(!info.on.is_empty());
        }
        for (_, ours) in OTHER_WORDS {
            assert!(named(ours).is_some(), "{ours}");
        }
        assert_eq!(nearest_op("contain_any").as_deref(), Some("contains_any"));
        assert_eq!(nearest_op("Greater Than").as_deref(), Some("gt"));
        assert_eq!(nearest_op("smells_like"), None);
    }
}
