//! What a client asks of the activity logs: the parameters of the list, and the body of the search.
//!
//! Clients send seconds as text, as integers and as floats, and lists in every spelling that their library knows;
//! all of these are read. A question asked now is frozen: what it leaves open (from when, until when, what has been
//! received so far) is settled on the first page and goes into the address of the next, so that pages neither repeat
//! nor skip an entry while new ones arrive.

use super::version::Version;
use hindcast_event::json::{self, Json};
use hindcast_event::{Registry, Timestamp};
use hindcast_segments::query::{Clause, Key, Query, Term, TimeRange};
use hindcast_segments::words::fold;
use std::borrow::Cow;
use std::collections::BTreeSet;

const PER_PAGE_DEFAULT: i64 = 20;
const PER_PAGE_MAX: i64 = 250;
/// A question names at most this many types.
const EVENT_TYPES_MAX: usize = 500;
/// How far back a question goes that does not say.
const WINDOW_SECONDS: i64 = 30 * 24 * 60 * 60;
const MICROS: i64 = 1_000_000;

/// A question, read and made definite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The page, from 1.
    pub page: u64,
    /// Entries on a page, 1 to 250.
    pub per_page: usize,
    /// First second.
    after: i64,
    /// Last second.
    before: i64,
    /// Only what had been received by then; a later page is told by the first.
    as_of: Option<Timestamp>,
    /// Only these types; all of them when empty.
    event_types: Vec<String>,
    /// What the request left open and the next page must be told.
    settled: Vec<(&'static str, i64)>,
}

/// Why a question cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// A parameter that has to be there is not.
    Missing(&'static str),
    /// A parameter is there and means nothing.
    Invalid {
        /// Which.
        parameter: &'static str,
        /// What it should have been.
        expected: &'static str,
    },
}

/// The parameters as they came, each wherever it was said last.
#[derive(Default)]
struct Parameters<'a> {
    after: Option<Cow<'a, str>>,
    before: Option<Cow<'a, str>>,
    as_of: Option<Cow<'a, str>>,
    page: Option<Cow<'a, str>>,
    per_page: Option<Cow<'a, str>>,
    event_types: Vec<Cow<'a, str>>,
}

impl Asked {
    /// Reads the query string of the list.
    pub fn list(query: &str, version: Version, now: Timestamp) -> Result<Self, Wrong> {
        settle(Parameters::of_query(query), version, now)
    }

    /// Reads the body of the search. The address may tell the page, and what an earlier page settled.
    pub fn search(query: &str, body: &[u8], version: Version, now: Timestamp) -> Result<Self, Wrong> {
        let wrong = Wrong::Invalid { parameter: "body", expected: "a JSON object" };
        let body =
            std::str::from_utf8(body).ok().and_then(|body| json::parse(body).ok()).ok_or(wrong.clone())?;
        let Json::Object(_) = &body else { return Err(wrong) };
        let (said, address) = (Parameters::of_body(&body)?, Parameters::of_query(query));
        let both = Parameters {
            after: said.after.or(address.after),
            before: said.before.or(address.before),
            as_of: address.as_of,
            page: address.page.or(said.page),
            per_page: address.per_page.or(said.per_page),
            event_types: if said.event_types.is_empty() { address.event_types } else { said.event_types },
        };
        settle(both, version, now)
    }

    /// How many entries come before this page.
    pub fn offset(&self) -> u64 {
        (self.page - 1).saturating_mul(self.per_page as u64)
    }

    /// What the next page must be told beyond its number: what this one settled, of a log whose last entry was
    /// received at `newest`.
    pub fn settled(&self, newest: Option<Timestamp>) -> Vec<(&'static str, i64)> {
        let as_of = newest.filter(|_| self.as_of.is_none()).map(|newest| ("as_of", newest.micros()));
        self.settled.iter().copied().chain(as_of).collect()
    }

    /// The question in our own words; none when nothing can be an answer.
    pub fn query(&self, version: Version, registry: &Registry) -> Option<Query> {
        if self.after > self.before {
            return None;
        }
        let micros = |seconds: i64| seconds.saturating_mul(MICROS);
        let only = |key, any| Clause { key, any, not: false };
        let mut clauses = vec![only(Key::Kind, vec![Term::Is("event".to_owned())])];
        let actions: BTreeSet<Term> = self
            .event_types
            .iter()
            .flat_map(|asked| version.known_today(asked))
            .flat_map(|known| {
                let ours = registry.by_intercom(known).map(|activity| activity.code);
                // An action may be called like a type of Intercom's and yet be told as another one.
                ours.chain((registry.to_intercom(known) == known).then_some(known))
            })
            .map(|action| Term::Is(fold(action).into_owned()))
            .collect();
        if !actions.is_empty() {
            clauses.insert(0, only(Key::Action, actions.into_iter().collect()));
        } else if !self.event_types.is_empty() {
            return None;
        }
        Some(Query {
            clauses,
            occurred: TimeRange {
                from: Some(micros(self.after)),
                until: Some(micros(self.before.saturating_add(1))),
            },
            received: TimeRange {
                from: None,
                until: self.as_of.map(|as_of| as_of.micros().saturating_add(1)),
            },
            ..Query::default()
        })
    }
}

impl<'a> Parameters<'a> {
    fn of_query(query: &'a str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.trim().is_empty() {
                continue;
            }
            match name.as_ref() {
                "created_at_after" => parameters.after = Some(value),
                "created_at_before" => parameters.before = Some(value),
                "as_of" => parameters.as_of = Some(value),
                "page" => parameters.page = Some(value),
                "per_page" => parameters.per_page = Some(value),
                // event_types=a,b and event_types=a&event_types=b and event_types[]=a and event_types[0]=a
                name if name.split('[').next() == Some("event_types") => {
                    let types = value.split(',').map(str::trim).filter(|one| !one.is_empty());
                    parameters.event_types.extend(types.map(|one| Cow::Owned(one.to_owned())));
                }
                _ => {}
            }
        }
        parameters
    }

    fn of_body(body: &'a Json<'a>) -> Result<Self, Wrong> {
        let number = |parameter: &'static str| match body.get(parameter) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Number(text)) => Ok(Some(Cow::Borrowed(*text))),
            Some(Json::String(text)) => Ok(Some(Cow::Borrowed(text.as_ref()))),
            Some(_) => Err(Wrong::Invalid { parameter, expected: "a number" }),
        };
        let expected = "a list of activity types";
        let wrong = Wrong::Invalid { parameter: "event_types", expected };
        let event_types = match body.get("event_types") {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::String(one)) => vec![Cow::Borrowed(one.as_ref())],
            Some(Json::Array(several)) => several
                .iter()
                .map(|one| one.as_str().map(Cow::Borrowed).ok_or(wrong.clone()))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(wrong),
        };
        Ok(Self {
            after: number("created_at_after")?,
            before: number("created_at_before")?,
            as_of: None,
            page: number("page")?,
            per_page: number("per_page")?,
            event_types,
        })
    }
}

fn settle(said: Parameters<'_>, version: Version, now: Timestamp) -> Result<Asked, Wrong> {
    const SECONDS: &str = "a UNIX timestamp in seconds";
    let read = |parameter, expected, said: Option<Cow<'_, str>>| {
        said.map(|said| whole_number(&said).ok_or(Wrong::Invalid { parameter, expected })).transpose()
    };
    if said.event_types.len() > EVENT_TYPES_MAX {
        return Err(Wrong::Invalid { parameter: "event_types", expected: "at most 500 types" });
    }
    let mut settled = Vec::new();
    let mut or_else = |parameter, value: Option<i64>, open: i64| {
        value.unwrap_or_else(|| {
            settled.push((parameter, open));
            open
        })
    };
    let before = read("created_at_before", SECONDS, said.before)?;
    let before = or_else("created_at_before", before, now.seconds());
    let after = match read("created_at_after", SECONDS, said.after)? {
        None if version.needs_start() => return Err(Wrong::Missing("created_at_after")),
        after => or_else("created_at_after", after, now.seconds() - WINDOW_SECONDS),
    };
    let as_of = read("as_of", "a UNIX timestamp in microseconds", said.as_of)?;
    let page = read("page", "a page number", said.page)?.unwrap_or(1).max(1);
    let per_page = read("per_page", "a number from 1 to 250", said.per_page)?.unwrap_or(PER_PAGE_DEFAULT);
    Ok(Asked {
        page: page.unsigned_abs(),
        per_page: usize::try_from(per_page.clamp(1, PER_PAGE_MAX)).unwrap_or(1),
        after,
        before,
        as_of: as_of.map(Timestamp::from_micros),
        event_types: said.event_types.into_iter().map(Cow::into_owned).collect(),
        settled,
    })
}

/// A number as clients write it; some send seconds as a float, and what is after the point is cut off.
fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| text.parse().ok().filter(|float: &f64| float.is_finite()).map(|float| float as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_764_000_000;

    fn now() -> Timestamp {
        Timestamp::from_micros(NOW * MICROS + 250_000)
    }

    fn list(query: &str) -> Result<Asked, Wrong> {
        Asked::list(query, Version::Newest, now())
    }

    fn search(query: &str, body: &str) -> Result<Asked, Wrong> {
        Asked::search(query, body.as_bytes(), Version::Newest, now())
    }

    fn asked(asked: &Asked) -> String {
        asked
            .query(Version::Newest, Registry::builtin())
            .map_or("nothing".to_owned(), |query| query.to_string())
    }

    #[test]
    fn seconds_come_as_text_as_integer_and_as_float_and_both_ends_belong_to_the_window() {
        let window = list("created_at_after=1700000000&created_at_before=1700000009").expect("read");
        assert_eq!(
            asked(&window),
            "kind:event occurred:2023-11-14T22:13:20.000000Z..2023-11-14T22:13:29.999999Z"
        );
        for same in [
            "created_at_after=1700000000.0&created_at_before=1700000009.99",
            "created_at_before=1700000009&created_at_after=%201.7e9",
        ] {
            assert_eq!(list(same).expect(same), window);
        }
        for body in [
            r#"{"created_at_after":1700000000,"created_at_before":1700000009}"#,
            r#"{"created_at_after":"1700000000","created_at_before":1700000009.0,"event_types":[]}"#,
        ] {
            assert_eq!(search("", body).expect(body), window);
        }
    }

    #[test]
    fn what_is_left_open_is_settled_once() {
        let first = list("per_page=50").expect("read");
        assert_eq!(
            (first.page, first.per_page, first.after, first.before),
            (1, 50, NOW - WINDOW_SECONDS, NOW)
        );
        let newest = Some(Timestamp::from_micros(5));
        let settled = first.settled(newest);
        assert_eq!(
            settled,
            [("created_at_before", NOW), ("created_at_after", NOW - WINDOW_SECONDS), ("as_of", 5)]
        );
        let told: Vec<_> = settled.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let second = list(&format!("page=2&per_page=50&{}", told.join("&"))).expect("read");
        assert_eq!((second.after, second.before, second.as_of), (first.after, first.before, newest));
        assert_eq!(second.settled(Some(Timestamp::from_micros(9))), []);
        assert_eq!(second.offset(), 50);
    }

    #[test]
    fn the_oldest_versions_must_say_from_when() {
        let old = Version::parse(Some("2.6"));
        assert_eq!(Asked::list("page=1", old, now()), Err(Wrong::Missing("created_at_after")));
        assert_eq!(Asked::list("created_at_after=", old, now()), Err(Wrong::Missing("created_at_after")));
        assert!(Asked::list("", Version::parse(Some("2.7")), now()).is_ok());
    }

    #[test]
    fn pages_are_held_within_their_bounds() {
        for (query, page, per_page) in [
            ("", 1, 20),
            ("page=3&per_page=7", 3, 7),
            ("page=0&per_page=0", 1, 1),
            ("page=-4&per_page=1000", 1, 250),
            ("page=2&page=5", 5, 20),
            ("page=9223372036854775807&per_page=250", u64::MAX / 2, 250),
        ] {
            let asked = list(query).expect(query);
            assert_eq!((asked.page, asked.per_page), (page, per_page), "{query}");
            assert!(asked.offset() >= page - 1);
        }
    }

    #[test]
    fn what_means_nothing_is_named() {
        for (query, parameter) in [
            ("created_at_after=yesterday", "created_at_after"),
            ("created_at_after=1&created_at_before=NaN", "created_at_before"),
            ("page=two", "page"),
            ("per_page=all", "per_page"),
            ("as_of=x", "as_of"),
        ] {
            assert!(
                matches!(list(query), Err(Wrong::Invalid { parameter: named, .. }) if named == parameter),
                "{query}"
            );
        }
        for (body, parameter) in [
            ("", "body"),
            ("[]", "body"),
            ("{", "body"),
            (r#"{"created_at_after":1,"created_at_after":2}"#, "body"),
            (r#"{"created_at_after":{}}"#, "created_at_after"),
            (r#"{"event_types":[1]}"#, "event_types"),
            (r#"{"event_types":{}}"#, "event_types"),
        ] {
            assert!(
                matches!(search("", body), Err(Wrong::Invalid { parameter: named, .. }) if named == parameter),
                "{body}"
            );
        }
    }

    #[test]
    fn a_window_the_wrong_way_round_holds_nothing_and_an_endless_one_everything() {
        assert_eq!(asked(&list("created_at_after=9&created_at_before=8").expect("read")), "nothing");
        let all = list("created_at_after=-99999999999999999999&created_at_before=1e300").expect("read");
        assert!(all.query(Version::Newest, Registry::builtin()).is_some());
    }

    #[test]
    fn types_lead_to_every_action_that_is_told_as_one_of_them() {
        let window = "created_at_after=0&created_at_before=0";
        for spelled in [
            "event_types=admin_login_success",
            "event_types[]=admin_login_success",
            "event_types%5B0%5D=admin_login_success&event_types%5B1%5D=,",
        ] {
            let asked = asked(&list(&format!("{window}&{spelled}")).expect(spelled));
            assert!(
                asked.starts_with("action:admin_login_success action:sso.signed_in action:user.signed_in "),
                "{asked}"
            );
        }
        let own = list(&format!("{window}&event_types=macro.applied,no.such.thing")).expect("read");
        assert!(
            asked(&own).starts_with("action:macro.applied action:no.such.thing kind:event"),
            "{}",
            asked(&own)
        );
        // Clients do not know it by this name, so it is nothing to ask for.
        let told_as_another = list(&format!("{window}&event_types=user.signed_in")).expect("read");
        assert_eq!(asked(&told_as_another), "nothing");
        let split = list(&format!("{window}&event_types=admin_assignment_limit_change")).expect("read");
        let old = split.query(Version::Numbered(2, 13), Registry::builtin()).expect("something");
        assert_eq!(old.clauses[0].any.len(), 3);
    }

    #[test]
    fn the_address_has_the_say_over_pages_and_the_body_over_the_rest() {
        let body = r#"{"created_at_after":100,"page":1,"per_page":10,"event_types":["app_name_change"]}"#;
        let asked =
            search("page=2&per_page=5&created_at_after=7&created_at_before=200&as_of=9", body).expect("read");
        assert_eq!((asked.page, asked.per_page, asked.after, asked.before), (2, 5, 100, 200));
        assert_eq!(asked.event_types, ["app_name_change"]);
        assert_eq!(asked.settled(None), []);
    }
}
