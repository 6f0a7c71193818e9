//! A correlation while it is compiled: what comes in, what it asks of it, and what it hands on.

use super::compile::{Rule, Work};
use super::document::{Body, Document};
use super::examine::Examiner;
use super::flaw::Flaw;
use super::limits::{GROUP_FIELDS_MAX, HITS_PER_GROUP_MAX, REFERENCES_MAX, TIMESPAN_SECONDS_MAX};
use super::window::{Input, ShareOf, Test, Window};
use rsigma_parser::{
    ConditionExpr, ConditionOperator, CorrelationCondition, CorrelationRule, CorrelationType, WindowMode,
};

impl<'a> Rule<'a> {
    pub fn correlation(&mut self, document: &'a Document, rule: &CorrelationRule) -> Option<Work> {
        let before = self.errors.len();
        self.examine(document, |examiner| bounds_of(examiner, document, rule));
        let test = match (&rule.condition, rule.correlation_type) {
            (CorrelationCondition::Extended(expression), CorrelationType::Temporal) => {
                Test::Together(Some(expression.clone()))
            }
            (CorrelationCondition::Threshold { .. }, CorrelationType::Temporal) => Test::Together(None),
            (_, CorrelationType::TemporalOrdered) => Test::Ordered,
            (CorrelationCondition::Extended(_), _) => {
                let expected = "bounds such as `gte: 10`".to_owned();
                let flaw = Flaw::Invalid { attribute: "condition".into(), expected };
                self.errors.push(document.problem("condition", flaw));
                return None;
            }
            (_, CorrelationType::EventCount) => Test::Entries,
            (_, CorrelationType::ValueCount) => Test::Distinct,
            (_, CorrelationType::ValueSum) => Test::Sum,
            (_, CorrelationType::ValueAvg) => Test::Average,
            (CorrelationCondition::Threshold { percentile, .. }, CorrelationType::ValuePercentile) => {
                Test::Percentile(percentile.unwrap_or(50))
            }
            (_, CorrelationType::ValueMedian) => Test::Median,
        };
        let (bounds, value) = match &rule.condition {
            CorrelationCondition::Threshold { predicates, field, .. } => (
                predicates.iter().map(|&(operator, bound)| (operator, bound as f64)).collect(),
                field.clone().unwrap_or_default(),
            ),
            CorrelationCondition::Extended(_) => (Vec::new(), Vec::new()),
        };
        let inputs = self.inputs(document, rule, &value);
        let extension = &document.extension;
        let mut names = rule.group_by.clone();
        names.extend(extension.carry.keys().cloned());
        let carried = self.carried(document, rule);
        let share = extension.share.as_ref();
        let share =
            share.map(|share| ShareOf { above_percent: share.above_percent, of_at_least: share.of_at_least });
        let span_micros = i64::try_from(rule.timespan.seconds).ok()?.checked_mul(1_000_000)?;
        let main = rule.rules.len();
        let value_name = (!value.is_empty()).then(|| value.join(", "));
        let window = Window { names, inputs, main, carried, test, bounds, value_name, share, span_micros };
        if let Test::Together(Some(expression)) = &window.test {
            self.names_in(document, expression, &window);
        }
        (self.errors.len() == before).then(|| Work::Correlate(Box::new(window)))
    }

    fn names_in(&mut self, document: &Document, expression: &ConditionExpr, window: &Window) {
        match expression {
            ConditionExpr::And(parts) | ConditionExpr::Or(parts) => {
                parts.iter().for_each(|part| self.names_in(document, part, window));
            }
            ConditionExpr::Not(inner) => self.names_in(document, inner, window),
            ConditionExpr::Identifier(name) if window.place_of(name).is_none() => {
                self.errors.push(document.problem(name, Flaw::UnknownRule { name: name.clone() }));
            }
            ConditionExpr::Identifier(_) | ConditionExpr::Selector { .. } => {}
        }
    }

    fn inputs(&mut self, document: &'a Document, rule: &CorrelationRule, value: &[String]) -> Vec<Input> {
        let references = self.position_of(document).map(|at| self.references(at)).unwrap_or_default();
        let mut inputs = Vec::new();
        for (name, of) in references {
            let Some(of) = of.map(|of| &self.documents[of]) else { continue };
            let resolve = |field: &String| {
                let alias = rule.aliases.iter().find(|alias| alias.alias == *field);
                let named = alias.and_then(|alias| {
                    alias.mapping.iter().find(|(word, _)| of.is_called(word)).map(|(_, field)| field.clone())
                });
                named.unwrap_or_else(|| field.clone())
            };
            let group: Vec<String> = rule.group_by.iter().map(resolve).collect();
            let value: Vec<String> = value.iter().map(resolve).collect();
            let carry = document.extension.carry.values().filter(|carry| of.is_called(&carry.from));
            let carry: Vec<String> = carry.map(|carry| carry.field.clone()).collect();
            for field in group.iter().chain(&value).chain(&carry) {
                self.available(document, of, field);
            }
            let called = [Some(name), of.id.clone(), of.name.clone()].into_iter().flatten().collect();
            inputs.push(Input { title: of.title.clone(), called, group, value, carry });
        }
        inputs
    }

    fn position_of(&self, document: &Document) -> Option<usize> {
        self.documents.iter().position(|one| std::ptr::eq(one, document))
    }

    /// Whether what comes in has the field: an entry all of them, a correlation only what it groups by and hands on.
    fn available(&mut self, document: &'a Document, of: &Document, field: &str) {
        match &of.body {
            Body::Rule(_) => self.examine(document, |examiner| examiner.group_field(field)),
            Body::Correlation(below) => {
                let known = below.group_by.iter().chain(of.extension.carry.keys());
                if !known.clone().any(|name| name == field) {
                    let names: Vec<_> = known.map(String::as_str).collect();
                    let expected =
                        format!("what `{}` groups by or carries: {}", of.handle(), names.join(", "));
                    let flaw = Flaw::Invalid { attribute: field.to_owned(), expected };
                    self.errors.push(document.problem(field, flaw));
                }
            }
        }
    }

    fn carried(&mut self, document: &'a Document, rule: &CorrelationRule) -> Vec<(usize, usize)> {
        let carry = &document.extension.carry;
        let mut places = Vec::new();
        for one in carry.values() {
            let input = rule.rules.iter().position(|name| {
                self.documents.iter().any(|of| of.is_called(name) && of.is_called(&one.from))
            });
            let Some(input) = input else {
                let flaw = Flaw::UnknownRule { name: one.from.clone() };
                self.errors.push(document.problem(&one.from, flaw));
                continue;
            };
            let before = carry.values().take_while(|other| !std::ptr::eq(*other, one));
            places.push((input, before.filter(|other| other.from == one.from).count()));
        }
        places
    }
}

/// What a correlation asks for that we do not do, or only so far.
fn bounds_of(examiner: &mut Examiner<'_>, document: &Document, rule: &CorrelationRule) {
    let too_much = |what: &str, max: u64, found: u64| Flaw::TooMuch { what: what.to_owned(), max, found };
    if rule.window != WindowMode::Sliding {
        let flaw = Flaw::Unsupported { feature: "a window that does not slide".into(), hint: None };
        examiner.error("window", flaw);
    }
    if !(1..=TIMESPAN_SECONDS_MAX).contains(&rule.timespan.seconds) {
        examiner.error(
            "timespan",
            too_much("seconds of a timespan", TIMESPAN_SECONDS_MAX, rule.timespan.seconds),
        );
    }
    let references =
        rule.rules.len() + document.extension.share.iter().map(|share| share.of.len()).sum::<usize>();
    if references > REFERENCES_MAX {
        examiner.error("rules", too_much("rules of a correlation", REFERENCES_MAX as u64, references as u64));
    }
    if rule.rules.is_empty() {
        let expected = "the rules it correlates, by name";
        examiner.error("correlation", Flaw::Missing { attribute: "rules".into(), expected });
    }
    if rule.group_by.len() > GROUP_FIELDS_MAX {
        examiner.error(
            "group-by",
            too_much("fields to group by", GROUP_FIELDS_MAX as u64, rule.group_by.len() as u64),
        );
    }
    if document.extension.group_by.is_some() {
        let hint = Some("a correlation has its own `group-by`");
        examiner.error(
            "group-by",
            Flaw::Unsupported { feature: "`hindcast: group-by` of a correlation".into(), hint },
        );
    }
    let in_order = rule.correlation_type == CorrelationType::TemporalOrdered;
    let together = rule.correlation_type == CorrelationType::Temporal;
    // Without a condition the parser puts this one in its place.
    let bare = |predicates: &[(ConditionOperator, u64)]| predicates == [(ConditionOperator::Gte, 1)];
    let refused = match &rule.condition {
        CorrelationCondition::Threshold { predicates, .. } => (in_order || together) && !bare(predicates),
        CorrelationCondition::Extended(_) => in_order,
    };
    if refused {
        let hint = Some("`temporal` takes names with and, or, not; `temporal_ordered` takes none");
        let feature = format!("this condition of `{}`", rule.correlation_type.as_str());
        examiner.error("condition", Flaw::Unsupported { feature, hint });
    }
    let CorrelationCondition::Threshold { predicates, field, .. } = &rule.condition else { return };
    let wants_field = !matches!(
        rule.correlation_type,
        CorrelationType::EventCount | CorrelationType::Temporal | CorrelationType::TemporalOrdered
    );
    if wants_field && field.is_none() {
        let expected = "the field that is counted or added";
        examiner.error("condition", Flaw::Missing { attribute: "field".into(), expected });
    }
    if wants_field
        && rule.correlation_type != CorrelationType::ValueCount
        && field.as_ref().is_some_and(|f| f.len() > 1)
    {
        let expected = "one field, numbers of several cannot be added".to_owned();
        examiner.error("field", Flaw::Invalid { attribute: "field".into(), expected });
    }
    let counted = matches!(rule.correlation_type, CorrelationType::EventCount | CorrelationType::ValueCount);
    for &(_, bound) in predicates {
        if counted && bound > HITS_PER_GROUP_MAX as u64 {
            examiner
                .error("condition", too_much("entries that are counted", HITS_PER_GROUP_MAX as u64, bound));
        }
    }
    let from_below = |&(operator, _): &(ConditionOperator, u64)| {
        !matches!(operator, ConditionOperator::Lt | ConditionOperator::Lte | ConditionOperator::Neq)
    };
    if counted && !predicates.iter().any(from_below) {
        examiner
            .warn("condition", "without a lower bound it holds from the first entry on, and never for none");
    }
}
