//! What people ask of a log: the search grammar, as text and as something that can be answered.
//!
//! ```text
//! actor:"Jürgen Groß" action:admin_* -outcome:success ip:203.0.113.0/24 occurred:-7d "refund policy"
//! ```
//! - `key:value` narrows. The same key again means *or*, different keys mean *and*, a leading `-` means *not*.
//! - Bare or quoted text must be found as words, all of them. Quotes hold spaces; inside them `\"` is a quote
//!   and `\\` a backslash.
//! - A `*` at the end of an `action`, `actor`, `changed`, `on_behalf_of`, `principal`, `source` or `target`, outside of quotes, stands for
//!   any ending.
//! - `actor_id` is the id of an actor to the letter, where `actor` also looks for words of names.
//! - `occurred` and `received` take a day or a time, `>`, `>=`, `<`, `<=`, `A..B`, `today`, `yesterday` or
//!   `-7d`. Said twice, both must hold: a range from two ends is what people mean by it.
//!
//! [`Query::parse`] reads that, [`Query`]'s `Display` writes it back in one canonical way that parses to the
//! same query anywhere and at any time: relative times became absolute on the way in. A query is plain
//! values; running it, on an index or on rows in memory, is left to others, but [`terms`](Term) say
//! themselves what they match, so that both give the same answers.

mod error;
mod key;
mod lex;
mod narrow;
mod parse;
mod print;
mod term;
mod time;

#[cfg(test)]
mod tests;

pub use error::{QueryError, QueryErrorKind, QueryErrors};
pub use key::Key;
pub use term::{Name, Named, Network, Path, Term};
pub use time::{Ahead, TimeRange, WallClock};

/// A question to a log: everything in it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What the fields must be, sorted by key and at most one of a kind for each: wanted, then unwanted.
    /// `occurred`, `received` and `archive` are never among them.
    pub clauses: Vec<Clause>,
    /// When it happened.
    pub occurred: TimeRange,
    /// When we received it.
    pub received: TimeRange,
    /// Whether what is archived is searched too.
    pub archive: bool,
    /// Texts of which every word must be found.
    pub texts: Vec<FreeText>,
    /// Texts of which not every word may be found in one entry.
    pub not_texts: Vec<FreeText>,
}

impl Query {
    /// Every word that must be found, once each.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.texts.iter().flat_map(|text| text.words.iter().cloned()).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// Says whether the query lets everything through.
    pub fn is_empty(&self) -> bool {
        *self == Query::default()
    }

    /// A number that tells queries apart, the same on every machine and in every version.
    ///
    /// It is for cursors, to notice that they are used with another query; it protects nothing.
    pub fn fingerprint(&self) -> u64 {
        const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const FNV_PRIME: u64 = 0x0100_0000_01b3;
        self.to_string()
            .bytes()
            .fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME))
    }
}

/// What one field must be, or must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The field.
    pub key: Key,
    /// Matches when any of these does; sorted, never empty.
    pub any: Vec<Term>,
    /// Turns the answer round.
    pub not: bool,
}

impl Clause {
    /// Whatever any of these actors did, or had done in their name, for scopes: see [`crate::Sight::scope`].
    pub fn of_principals<'i>(ids: impl IntoIterator<Item = &'i str>) -> Self {
        Self::of(Key::Principal, ids.into_iter().map(|id| Name::actor(id, false)))
    }

    /// Whatever was done to any of these targets, each written `type/id`, for scopes.
    pub fn of_targets<'i>(targets: impl IntoIterator<Item = &'i str>) -> Self {
        Self::of(Key::Target, targets.into_iter().map(|target| Name::target(target, false)))
    }

    fn of(key: Key, names: impl Iterator<Item = Name>) -> Self {
        let mut any: Vec<_> = names.map(Term::Name).collect();
        any.sort_unstable();
        any.dedup();
        Self { key, any, not: false }
    }
}

/// Text to be found anywhere in an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeText {
    /// As it was typed.
    pub text: String,
    /// Its terms for the index, as [`crate::words::query_words`] gives them, once each; never empty.
    pub words: Vec<String>,
}

/// What a query's text leaves open; by default the days are those of UTC.
#[derive(Debug, Clone, Copy)]
pub struct ParseContext<'c> {
    /// The moment that `today` and `-7d` count from, in microseconds since 1970.
    pub now_us: i64,
    /// The reader's clock, for days and for times without an offset.
    pub clock: &'c dyn WallClock,
}

impl Default for ParseContext<'_> {
    fn default() -> Self {
        Self { now_us: 0, clock: &Ahead { minutes: 0 } }
    }
}

/// The most characters a query may have, as typed and as written out canonically.
pub const QUERY_CHARS_MAX: usize = 2_000;

/// The most terms a query may have: values, times and texts together.
pub const QUERY_TERMS_MAX: usize = 64;

/// The most errors reported at once.
pub const QUERY_ERRORS_MAX: usize = 8;
