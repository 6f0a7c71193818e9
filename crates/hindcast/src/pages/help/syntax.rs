//! How to ask the log: examples first, then every key there is and how conditions go together.

use super::super::shell::Shell;
use super::super::text::Text;
use super::{Place, log_of};
use askama::Template;
use hindcast_segments::query::{Key, QUERY_CHARS_MAX, QUERY_TERMS_MAX};
use std::borrow::Cow;

/// Other names by which a key might be known; [`Key::named`] says whose they are.
const ALIASES: [&str; 2] = ["result", "created"];

/// The page about the grammar of searches.
#[derive(Template)]
#[template(path = "help_search.html")]
pub struct SyntaxPage {
    shell: Shell,
    t: Text,
    topics: Vec<Place>,
    examples: Vec<Written>,
    keys: Vec<KeyShown>,
    operators: Vec<Written>,
    times: Vec<Written>,
    zone: String,
}

/// A query, and what it finds.
struct Written {
    q: &'static str,
    href: String,
    told: String,
}

/// A key of the grammar.
struct KeyShown {
    name: &'static str,
    alias: Option<String>,
    finds: String,
    /// The only values it takes; empty when it takes any.
    values: &'static [&'static str],
    takes: String,
    example: &'static str,
    href: String,
}

impl SyntaxPage {
    /// The page for a reader whose days are those of a zone.
    pub fn new(shell: Shell, topics: Vec<Place>, zone: &str) -> Self {
        let t = shell.t;
        let keys = Key::ALL.map(|key| key_shown(t, key)).into();
        let (examples, operators, times) = (examples(t), operators(t), times(t));
        Self { shell, t, topics, examples, keys, operators, times, zone: zone.to_owned() }
    }

    fn limits(&self) -> Cow<'static, str> {
        self.t.help_words_limits(QUERY_CHARS_MAX, QUERY_TERMS_MAX)
    }
}

fn examples(t: Text) -> Vec<Written> {
    vec![
        written(
            "action:admin_login_failure action:user.sign_in_failed occurred:-7d",
            t.help_example_failed(),
        ),
        written(r#"actor:"Jürgen Groß" ip:203.0.113.0/24"#, t.help_example_person()),
        written("actor_type:api_key outcome:denied", t.help_example_denied()),
        written("changed:permissions occurred:2026-11-01..2026-11-07", t.help_example_changed()),
        written("target:macro/42 -actor_type:automation", t.help_example_target()),
        written(r#"category:data_exports "refund policy""#, t.help_example_exports()),
    ]
}

fn operators(t: Text) -> Vec<Written> {
    vec![
        written("role:admin outcome:denied", t.help_operator_and()),
        written("role:admin role:auditor", t.help_operator_or()),
        written("-outcome:success", t.help_operator_not()),
        written("action:admin_login_*", t.help_operator_ending()),
        written(r#"actor:"Jürgen Groß""#, t.help_operator_quotes()),
        written(r#""refund policy""#, t.help_operator_words()),
    ]
}

fn times(t: Text) -> Vec<Written> {
    vec![
        written("occurred:2026-11-01", t.help_time_day()),
        written("occurred:2026-11-01T19:40", t.help_time_minute()),
        written("occurred:2026-11-01..2026-11-07", t.help_time_range()),
        written("occurred:>=2026-11-01", t.help_time_since()),
        written("occurred:-7d", t.help_time_ago()),
        written("occurred:today", t.help_time_today()),
        written("received:-24h", t.help_time_received()),
    ]
}

fn written(q: &'static str, told: Cow<'static, str>) -> Written {
    Written { q, href: log_of(q), told: told.into_owned() }
}

fn key_shown(t: Text, key: Key) -> KeyShown {
    let alias = ALIASES.into_iter().find(|alias| Key::named(alias) == Some(key));
    let example = example(key);
    KeyShown {
        name: key.name(),
        alias: alias.map(|alias| t.help_key_alias(alias).into_owned()),
        finds: finds(t, key).into_owned(),
        values: key.values(),
        takes: takes(t, key).into_owned(),
        example,
        href: log_of(example),
    }
}

fn finds(t: Text, key: Key) -> Cow<'static, str> {
    match key {
        Key::Actor => t.help_key_actor(),
        Key::ActorId => t.help_key_actor_id(),
        Key::OnBehalfOf => t.help_key_on_behalf_of(),
        Key::Principal => t.help_key_principal(),
        Key::Role => t.help_key_role(),
        Key::ActorType => t.help_key_actor_type(),
        Key::Category => t.help_key_category(),
        Key::Action => t.help_key_action(),
        Key::Outcome => t.help_key_outcome(),
        Key::Ip => t.help_key_ip(),
        Key::Country => t.help_key_country(),
        Key::Source => t.help_key_source(),
        Key::Target => t.help_key_target(),
        Key::Policy => t.help_key_policy(),
        Key::Alert => t.help_key_alert(),
        Key::Changed => t.help_key_changed(),
        Key::Occurred => t.help_key_occurred(),
        Key::Received => t.help_key_received(),
        Key::Id => t.help_key_id(),
        Key::Request => t.help_key_request(),
        Key::Session => t.help_key_session(),
        Key::Kind => t.help_key_kind(),
        Key::Archive => t.help_key_archive(),
    }
}

/// What a key takes that takes more than a few values.
fn takes(t: Text, key: Key) -> Cow<'static, str> {
    match key {
        Key::Ip => t.help_takes_network(),
        Key::Country => t.help_takes_country(),
        _ if key.is_time() => t.help_takes_time(),
        _ if key.takes_wildcard() => t.help_takes_ending(),
        _ if key.is_folded() => t.help_takes_text(),
        _ => t.help_takes_exact(),
    }
}

fn example(key: Key) -> &'static str {
    match key {
        Key::Actor => r#"actor:"Jürgen Groß""#,
        Key::ActorId => "actor_id:u_81",
        Key::OnBehalfOf => "on_behalf_of:u_81",
        Key::Principal => "principal:ana@example.com",
        Key::Role => "role:admin",
        Key::ActorType => "actor_type:api_key",
        Key::Category => "category:authentication",
        Key::Action => "action:admin_login_*",
        Key::Outcome => "outcome:denied",
        Key::Ip => "ip:203.0.113.0/24",
        Key::Country => "country:JP",
        Key::Source => "source:api",
        Key::Target => "target:macro/42",
        Key::Policy => "policy:P-7",
        Key::Alert => "alert:any",
        Key::Changed => "changed:permissions.inbox",
        Key::Occurred => "occurred:2026-11-01..2026-11-07",
        Key::Received => "received:-24h",
        Key::Id => "id:order-2041",
        Key::Request => "request:req-5f2",
        Key::Session => "session:s-81",
        Key::Kind => "kind:erasure_notice",
        Key::Archive => "archive:yes",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Topic;
    use super::super::tests::{shell, tidy};
    use super::*;
    use hindcast_segments::query::{ParseContext, Query, TimeRange};

    fn parsed(q: &str) -> Query {
        Query::parse(q, &ParseContext::default()).unwrap_or_else(|errors| panic!("{q}: {errors:?}"))
    }

    #[test]
    fn every_example_of_a_key_asks_for_that_key_and_nothing_else() {
        for key in Key::ALL {
            let query = parsed(example(key));
            let asked: Vec<Key> = query.clauses.iter().map(|clause| clause.key).collect();
            let mut times = [(Key::Occurred, &query.occurred), (Key::Received, &query.received)]
                .into_iter()
                .filter(|(_, range)| **range != TimeRange::default())
                .map(|(key, _)| key);
            let asked = asked.into_iter().chain(&mut times);
            let asked = asked.chain(query.archive.then_some(Key::Archive)).collect::<Vec<_>>();
            assert_eq!(asked, [key], "{}", example(key));
            assert!(query.texts.is_empty());
        }
    }

    #[test]
    fn every_query_on_the_page_is_one() {
        let t = Text::default();
        for list in [examples(t), operators(t), times(t)] {
            for written in list {
                assert!(!parsed(written.q).is_empty(), "{}", written.q);
                assert!(written.href.starts_with("/log?q=") && written.href.ends_with("&range=all"));
            }
        }
    }

    #[test]
    fn the_page_has_every_key_and_every_value_that_stands_alone() {
        let topics = Topic::Search.places(Text::default());
        let html = tidy(&SyntaxPage::new(shell(), topics, "Europe/Berlin"));
        for key in Key::ALL {
            assert!(html.contains(&format!("<code>{}</code>", key.name())), "{key}");
            for value in key.values() {
                assert!(html.contains(&format!("<code>{value}</code>")), "{key}:{value}");
            }
        }
        for alias in ALIASES {
            assert!(html.contains(alias) && Key::named(alias).is_some(), "{alias}");
        }
    }
}
