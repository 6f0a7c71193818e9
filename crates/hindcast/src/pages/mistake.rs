//! What is wrong with a query, in the reader's language.

use super::asked::{Asked, Question};
use super::refusal::Refusal;
use super::safe::visible;
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use hindcast_segments::query::{
    Key, ParseContext, QUERY_CHARS_MAX, QUERY_TERMS_MAX, Query, QueryError, QueryErrorKind, QueryErrors,
};
use std::borrow::Cow;

/// What is wrong with a query.
pub struct Mistake {
    /// The part that is.
    pub part: String,
    /// A sentence about it.
    pub told: String,
    /// What was probably meant, and where that leads.
    pub mended: Option<(String, String)>,
}

impl Mistake {
    /// The first of the mistakes.
    pub fn of(t: Text, asked: &Asked, errors: &QueryErrors) -> Option<Self> {
        let error = errors.0.first()?;
        let part = asked.q.get(error.span.clone()).unwrap_or_default();
        let mended = error.suggestion.as_ref().map(|suggestion| {
            let mut q = asked.q.clone();
            if q.get(error.span.clone()).is_some() {
                q.replace_range(error.span.clone(), suggestion);
            }
            (visible(suggestion).into_owned(), asked.with_query(q).href())
        });
        Some(Self { part: visible(part).into_owned(), told: told(t, error).into_owned(), mended })
    }
}

/// What is asked for, on a page that cannot show anything when there is a mistake in it.
pub fn question(visitor: &Visitor, asked: &Asked) -> Result<Question, Refusal> {
    let question = asked.question(visitor.now, &visitor.clock)?;
    question.map_err(|errors| {
        let mistake = Mistake::of(visitor.guest.text, asked, &errors);
        let told = mistake.map_or_else(String::new, |mistake| format!("{} {}", mistake.told, mistake.part));
        Problem::parameter("q", told).into()
    })
}

/// What a field of a form asks for, or what is wrong with it.
pub fn query_of(visitor: &Visitor, typed: &str) -> Result<Query, String> {
    let context = ParseContext { now_us: visitor.now.micros(), clock: &visitor.clock };
    Query::parse(typed, &context).map_err(|errors| {
        let asked = Asked { q: typed.to_owned(), ..Asked::default() };
        let mistake = Mistake::of(visitor.guest.text, &asked, &errors);
        mistake.map_or_else(String::new, |mistake| format!("{} {}", mistake.told, mistake.part))
    })
}

fn told(t: Text, error: &QueryError) -> Cow<'static, str> {
    use QueryErrorKind as Kind;
    match (error.kind, error.key) {
        (Kind::UnknownKey, _) => t.mistake_key(),
        (Kind::BadValue, Some(key)) => bad_value(t, key),
        (Kind::EmptyValue, Some(key)) => t.mistake_empty(key.name()),
        (Kind::BadWildcard, Some(key)) if !key.takes_wildcard() => t.mistake_star(key.name()),
        (Kind::BadWildcard, Some(_)) => t.mistake_star_place(),
        (Kind::BadWildcard, None) => t.mistake_star_word(),
        (Kind::BadValue | Kind::EmptyValue, None) => t.mistake_word(),
        (Kind::UnbalancedQuote, _) => t.mistake_quote(),
        (Kind::RandomId, _) => t.mistake_id(),
        (Kind::TooLong, _) => t.mistake_long(QUERY_CHARS_MAX),
        (Kind::TooManyTerms, _) => t.mistake_terms(QUERY_TERMS_MAX),
    }
}

fn bad_value(t: Text, key: Key) -> Cow<'static, str> {
    match key {
        Key::Ip => t.mistake_network(),
        Key::Country => t.mistake_country(),
        Key::Changed => t.mistake_path(),
        key if key.is_time() => t.mistake_time(key.name()),
        key => t.mistake_value(key.name(), key.values().join(", ")),
    }
}
