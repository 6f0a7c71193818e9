//! Reads a query, and says what is wrong with one.

use std::{collections::BTreeMap, net::IpAddr, ops::Range};

use super::{
    Clause, FreeText, ParseContext, QUERY_CHARS_MAX, QUERY_ERRORS_MAX, QUERY_TERMS_MAX, Query,
    error::{QueryError, QueryErrorKind, QueryErrors},
    key::Key,
    lex::{Token, tokens},
    print::quoted,
    term::{Name, Network, Path, Term},
    time::{self, TimeError},
};
use crate::words::{fold, query_words};

impl Query {
    /// Reads a query as people type it.
    pub fn parse(text: &str, context: &ParseContext) -> Result<Query, QueryErrors> {
        check_length(text, text)?;
        let mut reading = Reading { context, query: Query::default(), terms: BTreeMap::new() };
        let mut errors = Vec::new();
        for (nth, token) in tokens(text).into_iter().enumerate() {
            if nth == QUERY_TERMS_MAX {
                errors.push(too_many_terms(token.map_or_else(|error| error.span, |token| token.span), text));
                break;
            }
            if let Err(error) = token.and_then(|token| reading.take(&token)) {
                errors.push(error);
            }
        }
        if !errors.is_empty() {
            errors.truncate(QUERY_ERRORS_MAX);
            return Err(QueryErrors(errors));
        }
        let query = reading.finish();
        // Written out, widened characters and relative times grow; it must still be readable as a query.
        check_length(&query.to_string(), text)?;
        Ok(query)
    }
}

/// A query half read.
struct Reading<'c> {
    context: &'c ParseContext<'c>,
    query: Query,
    terms: BTreeMap<(Key, bool), Vec<Term>>,
}

impl Reading<'_> {
    fn take(&mut self, token: &Token<'_>) -> Result<(), QueryError> {
        let Some((name, span)) = &token.key else { return self.take_text(token) };
        let key = Key::named(name).ok_or_else(|| unknown_key(name, span.clone(), token))?;
        self.take_value(key, token).map_err(|error| QueryError { key: Some(key), ..error })
    }

    fn take_value(&mut self, key: Key, token: &Token<'_>) -> Result<(), QueryError> {
        let is_empty = match key {
            // Whatever can be written is somebody's id.
            Key::ActorId => token.value.is_empty(),
            _ => token.value.trim().is_empty(),
        };
        if is_empty && !(token.star && key == Key::Changed) {
            return Err(empty_value(key, token));
        }
        if !key.takes_wildcard() && !key.is_time() && key != Key::Ip && has_star(token) {
            return Err(bad_wildcard(&format!("{key} takes no *, it must be the whole value"), token));
        }
        if key.takes_wildcard() && !token.quoted && token.value.contains('*') {
            return Err(bad_wildcard("a * can only stand at the end", token));
        }
        if key.is_time() {
            return self.take_time(key, token);
        }
        let term = term(key, token)?;
        if key == Key::Archive {
            return self.take_archive(token);
        }
        self.terms.entry((key, token.not)).or_default().push(term);
        Ok(())
    }

    fn take_archive(&mut self, token: &Token<'_>) -> Result<(), QueryError> {
        if token.not {
            let message = "archive cannot be excluded: it is, unless archive:yes is asked for".to_owned();
            return Err(error(QueryErrorKind::BadValue, &token.span, message, None));
        }
        self.query.archive = true;
        Ok(())
    }

    fn take_time(&mut self, key: Key, token: &Token<'_>) -> Result<(), QueryError> {
        let bad = |message: String, suggestion| {
            error(QueryErrorKind::BadValue, &token.value_span, message, suggestion)
        };
        if token.not {
            let message = format!(
                "{key} cannot be excluded, only narrowed: say what is wanted, such as {key}:<2026-11-01"
            );
            return Err(error(QueryErrorKind::BadValue, &token.span, message, None));
        }
        let value = if token.star { format!("{}*", token.value) } else { token.value.clone() };
        let range = time::parse(&value, self.context).map_err(|wrong| match wrong {
            TimeError::Unreadable => bad(
                format!(
                    "{value:?} is no time; {key} takes 2026-11-21, 2026-11-21T19:40:00Z, today, yesterday, -7d, -24h, \
                     one of those after >=, >, < or <=, or two of them as A..B"
                ),
                None,
            ),
            TimeError::OutOfReach => bad(format!("{value:?} is outside the years 1 to 9999"), None),
            TimeError::Backwards { swapped } => bad(format!("{value:?} ends before it begins"), swapped),
        })?;
        let kept = if key == Key::Received { &mut self.query.received } else { &mut self.query.occurred };
        *kept = kept
            .intersection(&range)
            .ok_or_else(|| bad(format!("nothing is within {value:?} and the other {key} at once"), None))?;
        Ok(())
    }

    fn take_text(&mut self, token: &Token<'_>) -> Result<(), QueryError> {
        if has_star(token) {
            return Err(bad_wildcard("text is found by whole words, without *", token));
        }
        let text = token.value.trim();
        let mut asked = query_words(text);
        if let Some(id) = asked.skipped.first() {
            let alone = fold(text).trim() == *id;
            let message =
                format!("{id:?} looks like an id, and ids are not found as text; use id: or request:");
            let suggestion = alone.then(|| format!("id:{text}"));
            return Err(error(QueryErrorKind::RandomId, &token.value_span, message, suggestion));
        }
        asked.words.sort_unstable();
        asked.words.dedup();
        if asked.words.is_empty() {
            let message = if text.is_empty() {
                "there is nothing to search for here".to_owned()
            } else {
                format!("there is no word to search for in {text:?}")
            };
            return Err(error(QueryErrorKind::EmptyValue, &token.span, message, None));
        }
        let texts = if token.not { &mut self.query.not_texts } else { &mut self.query.texts };
        texts.push(FreeText { text: text.to_owned(), words: asked.words });
        Ok(())
    }

    fn finish(mut self) -> Query {
        for ((key, not), mut any) in self.terms {
            any.sort_unstable();
            any.dedup();
            self.query.clauses.push(Clause { key, any, not });
        }
        for texts in [&mut self.query.texts, &mut self.query.not_texts] {
            texts.sort_unstable();
            texts.dedup();
        }
        self.query
    }
}

fn term(key: Key, token: &Token<'_>) -> Result<Term, QueryError> {
    if key == Key::ActorId {
        return Ok(Term::Is(token.value.clone()));
    }
    let value = token.value.trim();
    let folded = fold(value).trim().to_owned();
    if folded.is_empty() && !(token.star && key == Key::Changed) {
        return Err(empty_value(key, token));
    }
    let bad =
        |message: String, suggestion| error(QueryErrorKind::BadValue, &token.value_span, message, suggestion);
    Ok(match key {
        Key::Actor | Key::OnBehalfOf | Key::Principal => Term::Name(Name::actor(value, token.star)),
        Key::Target => Term::Name(Name::target(value, token.star)),
        Key::Changed => Term::Path(Path::parse(value, token.star).ok_or_else(|| {
            let message = format!("{value:?} is no path; write /conditions/0/value or conditions.0.value");
            let steps: Vec<&str> = value.split(['.', '/']).filter(|step| !step.is_empty()).collect();
            bad(message, (!steps.is_empty()).then(|| quoted(&steps.join("."))))
        })?),
        Key::Ip => Term::Network(network(value, token).ok_or_else(|| {
            let message = format!(
                "{value:?} is no address or network, such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32"
            );
            bad(message, ip_suggestion(value, token.star))
        })?),
        Key::Country if value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            Term::Is(value.to_ascii_uppercase())
        }
        Key::Country => {
            return Err(bad(format!("{value:?} is no country; write its two letters, such as JP"), None));
        }
        Key::Alert if value.eq_ignore_ascii_case("any") && !token.quoted => Term::Any,
        _ if !key.values().is_empty() && !key.values().contains(&folded.as_str()) => {
            let nearest = key.nearest_value(&folded);
            let did_you_mean =
                nearest.map_or(String::new(), |nearest| format!(", did you mean {nearest:?}?"));
            let message =
                format!("{value:?} is no {key}{did_you_mean} (it is one of {})", key.values().join(", "));
            return Err(bad(message, nearest.map(str::to_owned)));
        }
        _ if token.star => Term::Prefix(folded),
        _ if key.is_folded() => Term::Is(folded),
        _ => Term::Is(value.to_owned()),
    })
}

fn network(value: &str, token: &Token<'_>) -> Option<Network> {
    if token.star { None } else { Network::parse(value) }
}

/// The network that `203.0.113.*` means.
fn ip_suggestion(value: &str, star: bool) -> Option<String> {
    let octets: Vec<&str> = value.strip_suffix('.').filter(|_| star)?.split('.').collect();
    let mut padded = octets.clone();
    padded.resize(4, "0");
    let network = format!("{}/{}", padded.join("."), 8 * octets.len());
    Network::parse(&network).map(|_| network)
}

fn has_star(token: &Token<'_>) -> bool {
    token.star || !token.quoted && token.value.contains('*')
}

fn error(
    kind: QueryErrorKind,
    span: &Range<usize>,
    message: String,
    suggestion: Option<String>,
) -> QueryError {
    QueryError { kind, key: None, span: span.clone(), message, suggestion }
}

fn unknown_key(name: &str, span: Range<usize>, token: &Token<'_>) -> QueryError {
    let whole = span.start..token.span.end;
    let (span, message, suggestion) = match Key::nearest(name) {
        Some(key) => {
            (span, format!("unknown key {name:?}, did you mean {:?}?", key.name()), key.name().to_owned())
        }
        None if token.quoted => {
            let message =
                format!("unknown key {name:?}; the keys are {}", Key::ALL.map(Key::name).join(", "));
            return error(QueryErrorKind::UnknownKey, &whole, message, Some(quoted(&token.value)));
        }
        None => {
            let text = format!("{name}:{}{}", token.value, if token.star { "*" } else { "" });
            if text.parse::<IpAddr>().is_ok() {
                (whole, format!("{text:?} is an address; use ip:"), format!("ip:{text}"))
            } else {
                (
                    whole,
                    format!("unknown key {name:?}; to search for the text, put it in quotes"),
                    quoted(&text),
                )
            }
        }
    };
    error(QueryErrorKind::UnknownKey, &span, message, Some(suggestion))
}

fn empty_value(key: Key, token: &Token<'_>) -> QueryError {
    let message = match (token.star, key.values()) {
        (true, _) => format!("{key}:* needs a beginning, such as {key}:a*"),
        (false, []) => format!("{key} has no value; write it right after the colon"),
        (false, values) => format!("{key} has no value; it is one of {}", values.join(", ")),
    };
    error(QueryErrorKind::EmptyValue, &token.span, message, None)
}

fn bad_wildcard(message: &str, token: &Token<'_>) -> QueryError {
    let suggestion = token.value.replace('*', "");
    let suggestion = (!suggestion.trim().is_empty()).then(|| quoted(suggestion.trim()));
    error(QueryErrorKind::BadWildcard, &token.value_span, message.to_owned(), suggestion)
}

/// Refuses what is too long; the span is what stands after the limit in the text as typed.
fn check_length(measured: &str, typed: &str) -> Result<(), QueryErrors> {
    let length = measured.chars().count();
    if length <= QUERY_CHARS_MAX {
        return Ok(());
    }
    let start = typed.char_indices().nth(QUERY_CHARS_MAX).map_or(0, |(at, _)| at);
    let message = format!("the query has {length} characters, {QUERY_CHARS_MAX} is the most");
    Err(QueryErrors(vec![error(QueryErrorKind::TooLong, &(start..typed.len()), message, None)]))
}

fn too_many_terms(first: Range<usize>, text: &str) -> QueryError {
    let message = format!("the query has more than {QUERY_TERMS_MAX} terms");
    error(QueryErrorKind::TooManyTerms, &(first.start..text.len()), message, Some(String::new()))
}
