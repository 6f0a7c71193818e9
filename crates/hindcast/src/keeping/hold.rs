//! What a legal hold has to say before it is placed.

use hindcast_event::Timestamp;
use hindcast_segments::query::{ParseContext, Query, QueryErrors};

/// A name, and a reason, have at most so many characters.
pub const HOLD_CHARS_MAX: usize = 300;

/// A legal hold to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHold {
    /// What people call it.
    pub name: String,
    /// Why it is placed.
    pub reason: String,
    /// Which entries it keeps: a query without words that depend on the day or on the reader.
    pub query: String,
}

/// Why a hold is not placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UnfitHold {
    /// A text is missing or too long.
    #[error("{0}: expected 1 to {HOLD_CHARS_MAX} characters")]
    Text(&'static str),
    /// The query cannot be read.
    #[error("query: {0}")]
    Query(QueryErrors),
}

impl UnfitHold {
    /// The field that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Text(field) => field,
            Self::Query(_) => "query",
        }
    }
}

impl NewHold {
    /// Checks what somebody wrote, and says everything that is wrong with it.
    pub fn check(name: &str, reason: &str, query: &str, now: Timestamp) -> Result<Self, Vec<UnfitHold>> {
        let (name, reason) = (name.trim(), reason.trim());
        let texts = [("name", name), ("reason", reason)].into_iter();
        let is_unfit = |text: &str| !(1..=HOLD_CHARS_MAX).contains(&text.chars().count());
        let mut unfit: Vec<_> =
            texts.filter(|(_, text)| is_unfit(text)).map(|(field, _)| UnfitHold::Text(field)).collect();
        match fixed(query, now) {
            Ok(query) if unfit.is_empty() => {
                return Ok(Self { name: name.to_owned(), reason: reason.to_owned(), query });
            }
            Ok(_) => {}
            Err(errors) => unfit.push(UnfitHold::Query(errors)),
        }
        Err(unfit)
    }
}

/// A query as it is kept, so that it asks the same whenever it is read back: times are counted from `now`.
pub fn fixed(query: &str, now: Timestamp) -> Result<String, QueryErrors> {
    let context = ParseContext { now_us: now.micros(), ..ParseContext::default() };
    Ok(Query::parse(query.trim(), &context)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_asks_the_same_on_every_day() {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").expect("a time");
        let hold = NewHold::check(" Case 7 ", "a lawsuit", "actor:ana occurred:-7d", now).expect("good");
        assert_eq!(hold.name, "Case 7");
        assert_eq!(fixed(&hold.query, Timestamp::default()).expect("a query"), hold.query);
        assert!(hold.query.contains("2026-11-15"), "{}", hold.query);
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let unfit =
            NewHold::check(" ", &"x".repeat(301), "nokey:1", Timestamp::default()).expect_err("unfit");
        assert_eq!(unfit.iter().map(UnfitHold::field).collect::<Vec<_>>(), ["name", "reason", "query"]);
    }
}
