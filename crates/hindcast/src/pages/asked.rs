//! What the address of the log page asks for. The address is the state: whatever is on the page can be had again by it.

use super::format::Clock;
use super::refusal::Refusal;
use crate::api::Problem;
use crate::api::escaped;
use hindcast_event::Timestamp;
use hindcast_segments::query::{Clause, ParseContext, Query, QueryErrors, TimeRange};
use serde::Deserialize;
use std::fmt::Write as _;

/// A range that begins so long before now.
pub const PRESETS: [(&str, i64); 6] = [
    ("15m", 15 * 60),
    ("1h", 3600),
    ("24h", 24 * 3600),
    ("7d", 7 * 86_400),
    ("30d", 30 * 86_400),
    ("90d", 90 * 86_400),
];
/// Ranges of the calendar, and all there is.
pub const CALENDAR: [&str; 3] = ["month", "last-month", "all"];
/// What is shown when nothing is asked for.
pub const RANGE_DEFAULT: &str = "24h";

/// The query string of the log page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// What to look for, in the grammar of searches.
    pub q: String,
    /// A preset range.
    pub range: String,
    /// The beginning, as typed into the form or in RFC 3339.
    pub from: String,
    /// The end.
    pub to: String,
    /// The cursor that the page begins after.
    pub before: String,
    /// How many pages were loaded without being asked for.
    pub auto: u8,
    /// The entry that is open beside the list.
    pub entry: String,
    /// The tab that is open.
    pub tab: String,
    /// The columns, separated by commas; the usual ones when empty.
    pub cols: String,
    /// `off` when rows are not grouped.
    pub group: String,
    /// Which part of the page is wanted.
    pub part: String,
    /// `all` when the slow parts are wanted at once, for browsers without scripts.
    pub parts: String,
    /// The language, for this request.
    pub lang: String,
}

/// What is asked for, understood.
#[derive(Clone, Debug)]
pub struct Question {
    /// As typed.
    pub typed: Query,
    /// With the range on top: this is searched for.
    pub query: Query,
    /// The range alone.
    pub range: TimeRange,
}

impl Asked {
    /// Reads a query string; unknown members are nobody's business.
    pub fn read(query: Option<&str>) -> Self {
        let mut asked = Self::default();
        let mut was = String::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let value = value.into_owned();
            match &*name {
                "q" => asked.q = value,
                // "custom" comes from the form, whose own dates then say it.
                "range" => asked.range = if value == "custom" { String::new() } else { value },
                "was" => was = value,
                "from" => asked.from = value,
                "to" => asked.to = value,
                "before" => asked.before = value,
                "auto" => asked.auto = value.parse().unwrap_or(0),
                "entry" => asked.entry = value,
                "tab" => asked.tab = value,
                "cols" => asked.cols = value,
                "group" => asked.group = value,
                "part" => asked.part = value,
                "parts" => asked.parts = value,
                "lang" => asked.lang = value,
                // Columns chosen in the form come one by one.
                "col" => {
                    let comma = if asked.cols.is_empty() { "" } else { "," };
                    asked.cols = format!("{}{comma}{value}", asked.cols);
                }
                _ => {}
            }
        }
        let has_dates = !(asked.from.is_empty() && asked.to.is_empty());
        if has_dates && asked.range == was {
            // The range in the form is the one it came with, and beside that one there were no dates: they were typed.
            asked.range = String::new();
        }
        if is_preset(&asked.range) {
            (asked.from, asked.to) = Default::default();
        }
        asked
    }

    /// The preset that is in force, unless a custom range is.
    pub fn preset(&self) -> Option<&str> {
        match (self.range.as_str(), self.from.is_empty() && self.to.is_empty()) {
            (range, _) if is_preset(range) => Some(range),
            (_, true) => Some(RANGE_DEFAULT),
            _ => None,
        }
    }

    /// What is asked for, at a moment and on a clock.
    pub fn question(&self, now: Timestamp, clock: &Clock) -> Result<Result<Question, QueryErrors>, Refusal> {
        let range = self.time_range(now, clock)?;
        let context = ParseContext { now_us: now.micros(), clock };
        let typed = match Query::parse(&self.q, &context) {
            Ok(typed) => typed,
            Err(errors) => return Ok(Err(errors)),
        };
        // Two ranges that do not meet are a range in which there is nothing.
        let occurred =
            typed.occurred.intersection(&range).unwrap_or(TimeRange { from: Some(0), until: Some(0) });
        let query = Query { occurred, ..typed.clone() };
        Ok(Ok(Question { typed, query, range }))
    }

    fn time_range(&self, now: Timestamp, clock: &Clock) -> Result<TimeRange, Refusal> {
        let Some(preset) = self.preset() else {
            let end = |name: &str, text: &str| match text {
                "" => Ok(None),
                text => {
                    let at = Timestamp::parse(text).or_else(|| clock.read_input(text));
                    let wrong = || Problem::parameter(name, format!("{name} is no date with a time"));
                    at.map(|at| Some(at.micros())).ok_or_else(wrong)
                }
            };
            return Ok(TimeRange { from: end("from", &self.from)?, until: end("to", &self.to)? });
        };
        if let Some((_, seconds)) = PRESETS.iter().find(|(name, _)| *name == preset) {
            // With a whole minute, so that bars and what they lead to are the same for that long.
            let from = now.micros() - seconds * 1_000_000;
            return Ok(TimeRange { from: Some(from - from.rem_euclid(60_000_000)), until: None });
        }
        if preset == "all" {
            return Ok(TimeRange::ALWAYS);
        }
        let first = clock.zoned(now).first_of_month().and_then(|first| first.start_of_day());
        let first = first.map_err(Problem::internal)?;
        let micros = |at: &jiff::Zoned| Some(at.timestamp().as_microsecond());
        if preset == "month" {
            return Ok(TimeRange { from: micros(&first), until: None });
        }
        let before = first.checked_sub(jiff::Span::new().months(1)).map_err(Problem::internal)?;
        Ok(TimeRange { from: micros(&before), until: micros(&first) })
    }

    /// The same with another query, from its first page on.
    pub fn with_query(&self, q: impl Into<String>) -> Self {
        Self { q: q.into(), ..self.first_page() }
    }

    /// The same with another range.
    pub fn with_range(&self, range: &str) -> Self {
        Self { range: range.to_owned(), from: String::new(), to: String::new(), ..self.first_page() }
    }

    /// The same between two moments, as far as it was asked for: the list has what is counted there.
    pub fn between(&self, question: &Question, from: i64, until: i64) -> Self {
        let asked = question.query.occurred;
        let from = Timestamp::from_micros(asked.from.map_or(from, |first| first.max(from)));
        let until = Timestamp::from_micros(asked.until.map_or(until, |end| end.min(until)));
        Self { range: String::new(), from: from.to_string(), to: until.to_string(), ..self.first_page() }
    }

    /// The same with an entry open.
    pub fn with_entry(&self, entry: impl Into<String>) -> Self {
        Self { entry: entry.into(), tab: String::new(), ..self.clone() }
    }

    /// The same from the first page on, with nothing open.
    pub fn first_page(&self) -> Self {
        let (before, entry, tab) = Default::default();
        Self { before, entry, tab, auto: 0, part: String::new(), ..self.clone() }
    }

    /// The same with alike entries in one row, or each in its own.
    pub fn grouped(&self) -> Self {
        Self { group: String::new(), ..self.first_page() }
    }

    /// See [`Self::grouped`].
    pub fn ungrouped(&self) -> Self {
        Self { group: "off".to_owned(), ..self.first_page() }
    }

    /// The address of the page, and that of its panel alone.
    pub fn panel(&self) -> (String, String) {
        let page = Self { part: String::new(), ..self.clone() };
        let part = Self { part: "panel".to_owned(), ..page.clone() };
        (page.href(), part.href())
    }

    /// The address of a part of the page.
    pub fn part_href(&self, part: &str) -> String {
        Self { part: part.to_owned(), ..self.first_page() }.href()
    }

    /// The address of the page with its slow parts.
    pub fn whole_href(&self) -> String {
        Self { parts: "all".to_owned(), part: String::new(), ..self.clone() }.href()
    }

    /// What a form that changes the columns keeps.
    pub fn kept_pairs(&self) -> Vec<(&'static str, &str)> {
        let members = [
            ("q", &self.q),
            ("range", &self.range),
            ("from", &self.from),
            ("to", &self.to),
            ("group", &self.group),
        ];
        members
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.as_str()))
            .collect()
    }

    /// The query string that asks for this, without a question mark.
    pub fn query_string(&self) -> String {
        let mut out = String::new();
        let auto = if self.auto > 0 { self.auto.to_string() } else { String::new() };
        let members = [
            ("q", &self.q),
            ("range", &self.range),
            ("from", &self.from),
            ("to", &self.to),
            ("cols", &self.cols),
            ("group", &self.group),
            ("before", &self.before),
            ("auto", &auto),
            ("entry", &self.entry),
            ("tab", &self.tab),
            ("part", &self.part),
            ("parts", &self.parts),
            ("lang", &self.lang),
        ];
        for (name, value) in members.into_iter().filter(|(_, value)| !value.is_empty()) {
            let and = if out.is_empty() { "" } else { "&" };
            let _infallible = write!(out, "{and}{name}={}", escaped(value));
        }
        out
    }

    /// The address that asks for this. One that asks for nothing says so, since `/log` opens with what somebody prefers.
    pub fn href(&self) -> String {
        let query = self.query_string();
        if query.is_empty() { "/log?q=".to_owned() } else { format!("/log?{query}") }
    }
}

fn is_preset(range: &str) -> bool {
    PRESETS.iter().any(|(name, _)| *name == range) || CALENDAR.contains(&range)
}

/// A value as queries take it.
pub fn quoted(value: &str) -> String {
    let bare = !value.is_empty()
        && !value.starts_with('-')
        && value.chars().all(|c| c.is_alphanumeric() || "._-/@:+".contains(c));
    if bare {
        return value.to_owned();
    }
    let mut out = String::from("\"");
    for letter in value.chars() {
        if letter == '"' || letter == '\\' {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
    out
}

/// The clause that a condition is.
pub fn clause(condition: &str) -> Option<Clause> {
    Query::parse(condition, &ParseContext::default()).ok()?.clauses.into_iter().next()
}

/// A query with one more condition, or without it when it was there: a choice among the values of its key.
pub fn toggled(query: &Query, condition: &str) -> String {
    let text = query.to_string();
    let Some(one) = clause(condition) else { return text };
    if query.clauses.iter().any(|own| contains(own, &one)) {
        return without(query, &one);
    }
    // Beside a wildcard that has it already it would change nothing, so it takes that one's place.
    let is_within = !one.not && query.clauses.iter().any(|own| own.holds(&one));
    match query.narrowed(&one) {
        Some(narrowed) if is_within => narrowed.to_string(),
        _ => format!("{text} {condition}").trim().to_owned(),
    }
}

/// A query that finds only what this condition holds for too. Where no query says both, it takes the place of what
/// is asked of its key.
pub fn only(query: &Query, condition: &str) -> String {
    let Some(one) = clause(condition) else { return query.to_string() };
    query.narrowed(&one).map_or_else(
        || {
            let rest = query.clauses.iter().filter(|own| own.key != one.key || own.not);
            let rest = Query { clauses: rest.cloned().collect(), ..query.clone() };
            format!("{rest} {condition}").trim().to_owned()
        },
        |narrowed| narrowed.to_string(),
    )
}

/// Whether a query asks for this already.
pub fn asks_for(query: &Query, condition: &str) -> bool {
    clause(condition).is_some_and(|one| query.clauses.iter().any(|own| contains(own, &one)))
}

fn contains(clause: &Clause, one: &Clause) -> bool {
    clause.key == one.key && clause.not == one.not && one.any.iter().all(|term| clause.any.contains(term))
}

/// A query without some of its values.
pub fn without(query: &Query, one: &Clause) -> String {
    let mut rest = query.clone();
    for clause in rest.clauses.iter_mut().filter(|clause| clause.key == one.key && clause.not == one.not) {
        clause.any.retain(|term| !one.any.contains(term));
    }
    rest.clauses.retain(|clause| !clause.any.is_empty());
    rest.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::rows::condition;
    use super::*;
    use hindcast_event::Language;

    fn query(text: &str) -> Query {
        Query::parse(text, &ParseContext::default()).expect("a query")
    }

    #[test]
    fn an_address_gives_back_what_it_was_made_of() {
        let asked = Asked::read(Some("q=actor%3A%22a+b%22&range=7d&col=ip&col=source&nonsense=1&auto=2"));
        assert_eq!((asked.q.as_str(), asked.cols.as_str(), asked.auto), ("actor:\"a b\"", "ip,source", 2));
        let href = asked.href();
        assert_eq!(href, "/log?q=actor%3A%22a%20b%22&range=7d&cols=ip%2Csource&auto=2");
        assert_eq!(Asked::read(href.strip_prefix("/log?")).href(), href);
        assert_eq!(
            asked.with_entry("12").first_page().href(),
            "/log?q=actor%3A%22a%20b%22&range=7d&cols=ip%2Csource"
        );
        assert_eq!(Asked::default().href(), "/log?q=");
    }

    #[test]
    fn conditions_are_put_in_and_taken_out() {
        let start = query("actor:ana refund");
        let more = toggled(&start, "outcome:denied");
        assert_eq!(more, "actor:ana refund outcome:denied");
        assert!(asks_for(&query(&more), "outcome:denied") && !asks_for(&start, "outcome:denied"));
        assert_eq!(toggled(&query(&more), "outcome:denied"), "actor:ana refund");
        let odd = condition("actor", "Jürgen \"J\" Groß");
        let two = toggled(&start, &odd);
        assert_eq!(toggled(&query(&two), &odd), "actor:ana refund");
        assert_eq!(toggled(&start, "-actor:bob"), "actor:ana refund -actor:bob");
        for (text, choice, chosen) in [
            ("action:a", "action:b", "action:a action:b"),
            ("action:user.*", "action:user.signed_in", "action:user.signed_in"),
            ("action:user.*", "action:macro.updated", "action:user.* action:macro.updated"),
            ("target:macro/*", "target:\"odd kind/\"*", "target:macro/* target:\"odd kind/\"*"),
            ("target:\"odd kind/\"*", "target:\"odd kind/\"*", ""),
            ("-target:macro/*", "target:macro/*", "-target:macro/* target:macro/*"),
            ("role:x", "role:", "role:x"),
        ] {
            assert_eq!(toggled(&query(text), choice), chosen, "{text} and {choice}");
        }
    }

    #[test]
    fn only_that_is_left() {
        for (text, condition, left) in [
            ("", "actor_id:ana", "actor_id:ana"),
            ("action:a action:b refund", "action:a", "action:a refund"),
            ("action:user.*", "action:user.signed_in", "action:user.signed_in"),
            ("target:refund -target:macro/7", "target:macro/42", "-target:macro/7 target:macro/42"),
        ] {
            assert_eq!(only(&query(text), condition), left, "{text} and {condition}");
        }
    }

    #[test]
    fn what_was_changed_in_the_form_is_what_counts() {
        let dates = "from=2026-11-01T00:00:00&to=2026-11-02T00:00:00";
        for (sent, range) in [
            ("range=24h&was=24h&from=&to=".to_owned(), "24h"),
            (format!("range=24h&was=24h&{dates}"), ""),
            (format!("range=24h&was=24h&{dates}&range=custom"), ""),
            (format!("range=custom&was=custom&{dates}"), ""),
            (format!("range=7d&was=custom&{dates}"), "7d"),
            (format!("range=7d&was=24h&{dates}"), "7d"),
            (format!("range=7d&{dates}"), "7d"),
            (dates.to_owned(), ""),
        ] {
            let asked = Asked::read(Some(&sent));
            assert_eq!(asked.range, range, "{sent}");
            assert_eq!(asked.from.is_empty(), asked.preset().is_some(), "{sent}: only one of both is kept");
        }
    }

    #[test]
    fn days_of_a_query_are_those_of_the_reader_s_zone_then() {
        let days = |zone: &str, now: &str, day: &str| {
            let asked = Asked { q: format!("occurred:{day}"), range: "all".to_owned(), ..Asked::default() };
            let now = Timestamp::parse(now).expect("a time");
            let question = asked.question(now, &Clock::new(zone, Language::English)).expect("a range");
            let TimeRange { from, until } = question.expect("a query").query.occurred;
            let ends = [from, until].map(|end| Timestamp::from_micros(end.expect("an end")).to_string());
            ends.join(" ").replace(":00.000000Z", "Z")
        };
        for (now, day, meant) in [
            ("2026-11-21T09:00:00Z", "2026-07-01", "2026-06-30T22:00Z 2026-07-01T22:00Z"),
            ("2026-11-21T09:00:00Z", "2026-12-01", "2026-11-30T23:00Z 2026-12-01T23:00Z"),
            // Days on which clocks were put back, and forward.
            ("2026-10-25T19:00:00Z", "today", "2026-10-24T22:00Z 2026-10-25T23:00Z"),
            ("2026-03-30T09:00:00Z", "yesterday", "2026-03-28T23:00Z 2026-03-29T22:00Z"),
            ("2026-11-21T09:00:00Z", "2026-10-25T02:30", "2026-10-25T00:30Z 2026-10-25T00:31Z"),
            ("2026-11-21T09:00:00Z", "2026-03-29T02:30", "2026-03-29T01:30Z 2026-03-29T01:31Z"),
        ] {
            assert_eq!(days("Europe/Berlin", now, day), meant, "{day}");
        }
        let now = "2026-11-21T09:00:00Z";
        let first_at_one = days("Africa/Cairo", now, "2026-04-24");
        assert_eq!(first_at_one, "2026-04-23T22:00Z 2026-04-24T21:00Z");
        let left_out = days("Pacific/Apia", now, "2011-12-30");
        assert_eq!(left_out, "2011-12-30T10:00Z 2011-12-30T10:00:00.000001Z");
    }

    #[test]
    fn a_forged_moment_is_no_reason_to_fail() {
        let clock = Clock::new("Asia/Tokyo", Language::English);
        for now in [i64::MIN, i64::MAX, 0] {
            for range in PRESETS.iter().map(|(name, _)| *name).chain(CALENDAR) {
                let q = "occurred:yesterday..today received:-7d".to_owned();
                let asked = Asked { q, range: range.to_owned(), ..Asked::default() };
                let question = asked.question(Timestamp::from_micros(now), &clock);
                assert!(question.is_ok(), "{range} at {now}");
            }
        }
    }

    #[test]
    fn ranges_are_of_the_clock() {
        let now = Timestamp::parse("2026-11-21T09:00:59.5Z").expect("a time");
        let clock = Clock::new("Asia/Tokyo", Language::English);
        let range =
            |asked: Asked| asked.question(now, &clock).expect("a range").expect("a query").query.occurred;
        let at = |text: &str| Timestamp::parse(text).map(Timestamp::micros);
        assert_eq!(range(Asked::default()).from, at("2026-11-20T09:00:00Z"), "a whole minute");
        let month = range(Asked { range: "last-month".into(), ..Asked::default() });
        assert_eq!((month.from, month.until), (at("2026-09-30T15:00:00Z"), at("2026-10-31T15:00:00Z")));
        let own = range(Asked { from: "2026-11-01T00:00".into(), ..Asked::default() });
        assert_eq!((own.from, own.until), (at("2026-10-31T15:00:00Z"), None));
        let both = range(Asked { q: "occurred:2020-01-01".into(), ..Asked::default() });
        assert_eq!(both.from, both.until, "ranges that do not meet have nothing in them");
        assert!(Asked { from: "yesterday-ish".into(), ..Asked::default() }.question(now, &clock).is_err());
    }
}
