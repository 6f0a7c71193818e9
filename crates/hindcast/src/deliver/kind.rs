//! The kinds of destinations: each a word, its fields, and how it is opened.

use super::format::Format;
use super::{
    Field, Invalid, Sender, Settings, Sink, datadog, elastic, email, gelf, http, otlp, s3, slack, splunk,
    syslog, teams, webhook,
};
use serde_json::{Map, Value};

/// A kind of destination. Its module holds one as a constant; adding it to [`KINDS`] is all there is to it.
pub(crate) struct KindOf {
    /// The word for it in the catalog and the API; `destination-kind-WORD` is its text.
    pub word: &'static str,
    /// What it is called, the same in every language.
    pub name: &'static str,
    /// It writes messages to people: few of them, and about alerts unless they want something else.
    pub is_for_people: bool,
    /// What it is told.
    pub fields: &'static [Field],
    /// How it may spell entries; the first is the default.
    pub formats: &'static [Format],
    /// When it is tried again.
    pub retry: Retry,
    /// Nobody says whether it arrived.
    pub is_best_effort: bool,
    /// Checks the settings and makes the sink. Touches no network.
    pub open: Opens,
    /// Fills in what is better made than chosen, such as a secret, and gives what is told of it this once.
    pub complete: fn(&mut Map<String, Value>, Format) -> Option<String>,
}

impl KindOf {
    /// The filter that people are offered when they make one.
    pub fn offered_query(&self) -> &'static str {
        if self.is_for_people { "action:alert.raised" } else { "" }
    }
}

/// Checks settings and makes a sink.
pub(crate) type Opens = fn(&Settings, Format, &Sender) -> Result<Box<dyn Sink>, Invalid>;

/// When something that failed is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// As Standard Webhooks recommends: for three days, ever more slowly, then it is switched off.
    Webhook,
    /// For ever: after a second, then after twice as long each time, up to five minutes.
    Stream,
}

/// All kinds, in the order people choose from.
pub(crate) const KINDS: &[&KindOf] = &[
    &webhook::KIND,
    &email::KIND,
    &slack::KIND,
    &teams::KIND,
    &splunk::KIND,
    &datadog::KIND,
    &elastic::KIND,
    &syslog::KIND,
    &gelf::KIND,
    &otlp::KIND,
    &http::KIND,
    &s3::KIND,
];

/// The kind with this word.
pub(crate) fn find(word: &str) -> Option<&'static KindOf> {
    KINDS.iter().copied().find(|kind| kind.word == word)
}
