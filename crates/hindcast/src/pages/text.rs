//! What pages say, in the reader's language: one function for each English text of `ui/locales`, made by `build.rs`.
//!
//! Values are put in as they are; what others wrote is made safe by [`super::safe`] first.

use super::format::number;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs as Values, FluentResource, FluentValue as Said};
use hindcast_event::Language;
use std::borrow::Cow;
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// What pages say in one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The language.
    pub language: Language,
}

type Bundle = FluentBundle<FluentResource>;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

static BUNDLES: LazyLock<Vec<(Language, Bundle)>> = LazyLock::new(|| {
    SOURCES.iter().map(|(language, sources)| (*language, bundle(*language, sources))).collect()
});

impl Text {
    fn say(self, id: &'static str, values: Option<&Values<'_>>) -> Cow<'static, str> {
        // A test sees to it that every language has every text; until it has run, English will do.
        let spoken = [self.language, Language::English].into_iter().find_map(|language| {
            let (_, bundle) = BUNDLES.iter().find(|(known, _)| *known == language)?;
            Some((bundle, bundle.get_message(id)?.value()?))
        });
        let Some((bundle, pattern)) = spoken else { return Cow::Borrowed(id) };
        let said = bundle.format_pattern(pattern, values, &mut Vec::new());
        match said {
            Cow::Borrowed(text) if values.is_none() => Cow::Owned(text.to_owned()),
            said => Cow::Owned(said.into_owned()),
        }
    }
}

fn bundle(language: Language, sources: &[&'static str]) -> Bundle {
    let tag: LanguageIdentifier = language.code().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::English => |value, _| figure(value, Language::English),
        Language::German => |value, _| figure(value, Language::German),
        Language::French => |value, _| figure(value, Language::French),
        Language::Japanese => |value, _| figure(value, Language::Japanese),
    }));
    for source in sources {
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn figure(value: &Said<'_>, language: Language) -> Option<String> {
    match value {
        Said::Number(figure) if figure.value.fract() == 0.0 => Some(number(figure.value as i64, language)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};
    use std::collections::{BTreeMap, BTreeSet};

    /// What a text takes: its values and other texts, and for each choice by number the categories it tells apart.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Needs {
        values: BTreeSet<String>,
        plurals: Vec<BTreeSet<String>>,
    }

    fn pattern(pattern: &Pattern<&str>, needs: &mut Needs) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                expression_of(expression, needs);
            }
        }
    }

    fn expression_of(expression: &Expression<&str>, needs: &mut Needs) {
        match expression {
            Expression::Inline(inline) => inline_of(inline, needs),
            Expression::Select { selector, variants } => {
                inline_of(selector, needs);
                let keys = variants.iter().filter_map(|variant| match &variant.key {
                    VariantKey::Identifier { name } => Some((*name).to_owned()),
                    VariantKey::NumberLiteral { .. } => None,
                });
                needs.plurals.push(keys.collect());
                variants.iter().for_each(|variant| pattern(&variant.value, needs));
            }
        }
    }

    fn inline_of(inline: &InlineExpression<&str>, needs: &mut Needs) {
        match inline {
            InlineExpression::VariableReference { id } => drop(needs.values.insert(id.name.to_owned())),
            InlineExpression::Placeable { expression } => expression_of(expression, needs),
            _ => {}
        }
    }

    fn texts(sources: &[&str]) -> BTreeMap<String, Needs> {
        let mut texts = BTreeMap::new();
        for source in sources {
            let resource = fluent_syntax::parser::parse(*source).expect("no text is malformed");
            for entry in resource.body {
                let (id, value) = match &entry {
                    Entry::Message(message) => (message.id.name.to_owned(), message.value.as_ref()),
                    Entry::Term(term) => (format!("-{}", term.id.name), Some(&term.value)),
                    _ => continue,
                };
                let mut needs = Needs::default();
                pattern(value.expect("a text has a value"), &mut needs);
                assert!(texts.insert(id.clone(), needs).is_none(), "{id} is there twice");
            }
        }
        texts
    }

    #[test]
    fn every_language_says_the_same_with_the_same_values() {
        let [(_, english), others @ ..] = &SOURCES;
        let english = texts(english);
        for (language, sources) in others {
            let theirs = texts(sources);
            let missing: Vec<_> = english.keys().filter(|id| !theirs.contains_key(*id)).collect();
            let extra: Vec<_> = theirs.keys().filter(|id| !english.contains_key(*id)).collect();
            assert!(missing.is_empty() && extra.is_empty(), "{language:?} lacks {missing:?}, has {extra:?}");
            for (id, needs) in &theirs {
                assert_eq!(needs.values, english[id].values, "the values of {id} in {language:?}");
            }
        }
    }

    #[test]
    fn every_choice_by_number_knows_the_forms_of_its_language() {
        for (language, sources) in &SOURCES {
            let forms: &[&str] = match language {
                Language::English | Language::German => &["one", "other"],
                Language::French => &["many", "one", "other"],
                Language::Japanese => &["other"],
            };
            for (id, needs) in texts(sources) {
                for keys in needs.plurals.iter().filter(|keys| keys.contains("one") || keys.len() == 1) {
                    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
                    // French has a form of its own for whole millions; where it is the same it need not be said.
                    let plain: Vec<_> = forms.iter().filter(|form| **form != "many").copied().collect();
                    assert!(keys == forms || keys == plain, "{id} in {language:?} has {keys:?}");
                }
            }
        }
    }
}
