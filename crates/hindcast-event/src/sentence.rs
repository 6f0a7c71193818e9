//! Says in one sentence what an entry tells, from the registry's template in the reader's language.
//!
//! A template has words and marks. `{actor}`, `{target}`, `{target.name}`, `{before}`, `{after}`
//! and `{meta.key}` stand for values of the event. `[one|other|]` says the first way of putting it
//! whose values are all there, or nothing. `{?after=true}` says nothing itself, but its way only
//! holds when the value is just that: so
//! `[{?meta.count=1}one entry|{meta.count} entries]` counts in words. Values are put in as they are: escaping and isolating
//! them is for whoever shows the sentence. A mark is never seen, whatever is missing.

use crate::activity::{Activity, Registry};
use crate::json::{self, Json};
use crate::language::Phrases;
use crate::{Language, OutcomeResult, View};
use std::borrow::Cow;

/// A value longer than this is cut; a sentence is for reading, the whole value is in the event.
const VALUE_CHARS_MAX: usize = 120;

/// The sentence of an event, without a full stop.
pub fn describe(view: &View<'_>, language: Language) -> String {
    describe_with(view, language, &|value| value)
}

/// The same, with each value dressed before it is put in, such as to isolate its direction.
pub fn describe_with(view: &View<'_>, language: Language, dress: &dyn Fn(String) -> String) -> String {
    let said = |json: &Json<'_>| said(json).map(dress);
    let actor = json::parse(view.actor).unwrap_or(Json::Null);
    let target = view.targets.first().and_then(|target| json::parse(target).ok());
    let change = view.changes.first().and_then(|(_, sides)| json::parse(sides).ok());
    let member = |json: &Option<Json<'_>>, name| json.as_ref().and_then(|json| said(json.get(name)?));
    let actor_name = ["name", "email", "id"].iter().find_map(|name| said(actor.get(name)?));
    let target_name = member(&target, "name");
    let metadata = |key: &str| {
        let mut parts = key.split('.');
        let first = parts.next()?;
        let (_, text) = view.metadata.iter().find(|(name, _)| *name == first)?;
        let json = json::parse(text).ok()?;
        said(parts.try_fold(&json, |json, part| json.get(part))?).map(Cow::Owned)
    };
    let words = Words {
        action: &view.action,
        actor: actor_name.filter(|_| !view.is_actor_erased).unwrap_or_default().into(),
        is_actor_erased: view.is_actor_erased,
        target: target_name.clone().or_else(|| member(&target, "id")).map(Cow::Owned),
        target_name: target_name.map(Cow::Owned),
        before: member(&change, "before").map(Cow::Owned),
        after: member(&change, "after").map(Cow::Owned),
        metadata: &metadata,
        ending: Ending::of(view.result),
    };
    render(Registry::builtin().get(&view.action), &words, language)
}

/// The same for an entry that was read as JSON: `told` has the texts, numbers and truth values at its dotted paths, such as
/// `actor.name`, `targets.0.id` and `metadata.count`.
pub fn describe_told(
    action: &str,
    result: OutcomeResult,
    told: &dyn Fn(&str) -> Option<String>,
    language: Language,
) -> String {
    let value = |path: &str| told(path).map(Cow::Owned);
    let actor = ["actor.name", "actor.email", "actor.id"].into_iter().find_map(value);
    let target_name = value("targets.0.name");
    let metadata = |key: &str| value(&format!("metadata.{key}"));
    let words = Words {
        action,
        // Every event has an actor, so one without was erased.
        is_actor_erased: actor.is_none() && told("actor.type").is_none(),
        actor: actor.unwrap_or_default(),
        target: target_name.clone().or_else(|| value("targets.0.id")),
        target_name,
        before: value("changes.0.before"),
        after: value("changes.0.after"),
        metadata: &metadata,
        ending: Ending::of(result),
    };
    render(Registry::builtin().get(action), &words, language)
}

/// A value that fits into a sentence.
fn said(json: &Json<'_>) -> Option<String> {
    match json {
        Json::String(text) => Some(text.to_string()),
        Json::Number(_) | Json::Bool(_) => Some(json.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The words of an event that a sentence can use.
pub(crate) struct Words<'a> {
    /// The action as it was submitted.
    pub action: &'a str,
    /// The actor's name, else email, else id.
    pub actor: Cow<'a, str>,
    /// Whether that is erased.
    pub is_actor_erased: bool,
    /// The first target's name, else its id.
    pub target: Option<Cow<'a, str>>,
    /// The first target's name only.
    pub target_name: Option<Cow<'a, str>>,
    /// What the first change replaced: a string without quotes, a number or boolean as written;
    /// nothing for null, objects and lists, which do not fit into a sentence.
    pub before: Option<Cow<'a, str>>,
    /// What the first change put there, in the same form.
    pub after: Option<Cow<'a, str>>,
    /// A metadata value in the same form, by its key; a dot leads into an object.
    pub metadata: &'a dyn Fn(&str) -> Option<Cow<'a, str>>,
    /// How it went.
    pub ending: Ending,
}

/// How it went, as far as a sentence has to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It happened, or nobody knows better.
    Done,
    /// It was tried and failed.
    Failed,
    /// It was not allowed.
    Denied,
}

impl Ending {
    fn of(result: OutcomeResult) -> Self {
        match result {
            OutcomeResult::Success | OutcomeResult::Unknown => Self::Done,
            OutcomeResult::Failure => Self::Failed,
            OutcomeResult::Denied => Self::Denied,
        }
    }
}

/// The sentence of an event, without a full stop. `activity` is what the registry knows about its
/// action; without it the action itself is named.
pub(crate) fn render(activity: Option<&Activity>, words: &Words<'_>, language: Language) -> String {
    let phrases = language.phrases();
    let mut sentence = String::with_capacity(96);
    let template = activity.map_or(phrases.unknown, |activity| activity.sentence_in(language));
    fill(template, words, phrases, &mut sentence);
    let told = activity.is_some_and(|activity| tells_of_failure(activity.sentence));
    match words.ending {
        Ending::Failed if !told => sentence.push_str(phrases.failed),
        Ending::Denied if !told => sentence.push_str(phrases.denied),
        _ => {}
    }
    sentence
}

/// Whether the English template says by itself that something went wrong, so that no ending needs to.
fn tells_of_failure(template: &str) -> bool {
    ["failed", "denied", "refused", "not allowed"].iter().any(|word| template.contains(word))
}

/// Fills the template in, choosing among the ways of each bracket.
fn fill(template: &str, words: &Words<'_>, phrases: &Phrases, sentence: &mut String) {
    let mut rest = template;
    while let Some(open) = rest.find('[') {
        let Some(length) = rest[open..].find(']') else { break };
        put(&rest[..open], words, phrases, sentence, true);
        let ways = &rest[open + 1..open + length];
        for way in ways.split('|') {
            let start = sentence.len();
            if put(way, words, phrases, sentence, false) {
                break;
            }
            sentence.truncate(start);
        }
        rest = &rest[open + length + 1..];
    }
    put(rest, words, phrases, sentence, true);
}

/// Appends text with its values filled in. A missing value is worded around when `always`, and
/// otherwise ends the attempt.
fn put(text: &str, words: &Words<'_>, phrases: &Phrases, sentence: &mut String, always: bool) -> bool {
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('{') {
        sentence.push_str(plain);
        let Some((mark, after)) = after.split_once('}') else { return true };
        rest = after;
        let begins = sentence.is_empty();
        if let Some((name, wanted)) = mark.strip_prefix('?').and_then(|guard| guard.split_once('=')) {
            if value(name, words, phrases, begins).is_none_or(|value| value != wanted) {
                return false;
            }
        } else if let Some(value) = value(mark, words, phrases, begins) {
            push_cut(sentence, &value);
        } else if always {
            sentence.push_str(phrases.something);
        } else {
            return false;
        }
    }
    sentence.push_str(rest);
    true
}

/// `begins` says whether the sentence begins with it.
fn value<'w>(mark: &str, words: &'w Words<'_>, phrases: &Phrases, begins: bool) -> Option<Cow<'w, str>> {
    let found = match mark {
        "actor" if words.actor.trim().is_empty() => Some(Cow::Borrowed(nameless(words, phrases, begins))),
        "actor" => Some(Cow::Borrowed(&*words.actor)),
        "action" => Some(Cow::Borrowed(words.action)),
        "target" => words.target.as_deref().map(Cow::Borrowed),
        "target.name" => words.target_name.as_deref().map(Cow::Borrowed),
        "before" => words.before.as_deref().map(Cow::Borrowed),
        "after" => words.after.as_deref().map(Cow::Borrowed),
        _ => mark.strip_prefix("meta.").and_then(|key| (words.metadata)(key)),
    };
    found.filter(|value| !value.trim().is_empty())
}

/// Somebody without a name.
fn nameless(words: &Words<'_>, phrases: &Phrases, begins: bool) -> &'static str {
    match (words.is_actor_erased, begins) {
        (true, true) => phrases.erased,
        (true, false) => phrases.erased_within,
        (false, true) => phrases.someone,
        (false, false) => phrases.someone_within,
    }
}

fn push_cut(sentence: &mut String, value: &str) {
    match value.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => {
            sentence.push_str(&value[..end]);
            sentence.push('…');
        }
        None => sentence.push_str(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Registry;

    /// Text in, text out: `actor=Ada target=… before=… meta.key=…`, separated by semicolons.
    fn said(action: &str, told: &str) -> String {
        said_in(action, told, Language::English)
    }

    fn said_in(action: &str, told: &str, language: Language) -> String {
        let pairs: Vec<(&str, &str)> = told.split("; ").filter_map(|pair| pair.split_once('=')).collect();
        let get =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| Cow::Borrowed(*value));
        let metadata = |key: &str| get(&format!("meta.{key}"));
        let words = Words {
            action,
            actor: get("actor").unwrap_or_default(),
            is_actor_erased: get("erased").is_some(),
            target: get("target").or_else(|| get("target.id")),
            target_name: get("target"),
            before: get("before"),
            after: get("after"),
            metadata: &metadata,
            ending: match get("outcome").as_deref() {
                Some("failure") => Ending::Failed,
                Some("denied") => Ending::Denied,
                _ => Ending::Done,
            },
        };
        render(Registry::builtin().get(action), &words, language)
    }

    #[test]
    fn every_language_puts_it_in_its_own_way() {
        use Language::{French, German, Japanese};
        for (action, told, language, sentence) in [
            ("macro.deleted", "actor=Ada; target=Refund", German, "Ada löschte das Makro „Refund“"),
            (
                "macro.deleted",
                "actor=Ada; target=Refund",
                French,
                "Ada a supprimé la macro «\u{a0}Refund\u{a0}»",
            ),
            ("macro.deleted", "actor=佐藤; target=返金", Japanese, "佐藤がマクロ「返金」を削除しました"),
            ("macro.deleted", "outcome=denied", German, "Jemand löschte ein Makro (verweigert)"),
            ("x.y", "actor=Ada; outcome=failure", French, "Ada a effectué x.y (échec)"),
            ("x.y", "actor=佐藤; before=1; after=2", Japanese, "佐藤がx.yを実行しました（1から2に変更）"),
        ] {
            assert_eq!(said_in(action, told, language), sentence);
        }
    }

    #[test]
    fn a_known_activity_reads_like_a_person_wrote_it() {
        for (action, told, sentence) in [
            (
                "macro.applied",
                "actor=Ada; target=Refund; meta.effects=tagged vip, closed",
                "Ada applied the macro Refund, which did: tagged vip, closed",
            ),
            ("macro.applied", "actor=Ada", "Ada applied a macro"),
            ("macro.deleted", "actor=Ada; target.id=42", "Ada deleted the macro 42"),
            (
                "app_name_change",
                "actor=Ada; before=Old Co; after=New Co",
                "Ada renamed the workspace from Old Co to New Co",
            ),
            ("app_name_change", "actor=Ada; after=New Co", "Ada renamed the workspace to New Co"),
            ("app_name_change", "actor=Ada", "Ada renamed the workspace"),
            ("app_team_creation", "actor=Ada; meta.team.name=Nights", "Ada created the team Nights"),
            (
                "admin_two_factor_auth_change",
                "actor=Ada; meta.enabled=false",
                "Ada turned off two-factor authentication",
            ),
            ("admin_two_factor_auth_change", "actor=Ada", "Ada changed two-factor authentication"),
            (
                "admin_permission_change",
                "actor=Ada; meta.admin.first_name=John; meta.admin.last_name=Doe",
                "Ada changed the permissions of John Doe",
            ),
            ("user.signed_in", "actor=Ada; meta.sign_in_method=email", "Ada signed in with email"),
            (
                "conversation.assigned",
                "actor=Router; target=881; before=Ada; after=Bob",
                "Router assigned conversation 881 to Bob",
            ),
            (
                "ai_agent.escalated",
                "actor=Fin; target=881; meta.to=Tier 2; meta.reason=a refund was asked for",
                "Fin handed conversation 881 over to Tier 2 because a refund was asked for",
            ),
            ("server.started", "actor=hindcast; meta.version=0.1.0", "The server started (version 0.1.0)"),
            (
                "log.verified",
                "actor=Ada; meta.size=90; meta.intact=true",
                "Ada verified the log up to entry 90: intact",
            ),
        ] {
            assert_eq!(said(action, told), sentence);
        }
    }

    #[test]
    fn one_is_counted_as_one() {
        for (action, told, sentence) in [
            ("log.exported", "actor=Ada; meta.rows=1", "Ada exported one entry of the log"),
            ("log.exported", "actor=Ada; meta.rows=12", "Ada exported 12 entries of the log"),
            ("log.searched", "actor=Ada; meta.count=1", "Ada searched the log"),
            ("log.searched", "actor=Ada; meta.count=3", "Ada searched the log (3 times)"),
            ("log.viewed", "actor=Ada; target=#7; meta.count=1", "Ada opened entry #7 of the log"),
            ("log.viewed", "actor=Ada; target=#7; meta.count=5", "Ada opened 5 entries of the log"),
            ("log.viewed", "actor=Ada; target=#7", "Ada opened entry #7 of the log"),
            ("log.retention_applied", "meta.count=1", "One entry expired under the retention rules"),
            ("user.locked_out", "target=Ada; meta.attempts=1", "Ada was locked out after one failed attempt"),
        ] {
            assert_eq!(said(action, told), sentence);
        }
        let german = said_in("log.retention_applied", "meta.count=1", Language::German);
        assert_eq!(german, "Gemäß den Aufbewahrungsregeln lief ein Eintrag ab");
        let japanese = said_in("log.viewed", "actor=佐藤; target=#7; meta.count=1", Language::Japanese);
        assert_eq!(japanese, "佐藤がログのエントリ#7を閲覧しました");
    }

    #[test]
    fn somebody_without_a_name_has_a_capital_only_where_a_sentence_begins() {
        use Language::{English, French, German, Japanese};
        assert_eq!(said("user.locked_out", ""), "Someone was locked out after too many failed attempts");
        for (language, sentence) in [
            (English, "A guardrail blocked someone"),
            (German, "Eine Leitplanke blockierte jemand"),
            (French, "Un garde-fou a bloqué quelqu’un"),
            (Japanese, "ガードレールが誰かをブロックしました"),
        ] {
            assert_eq!(said_in("ai_agent.guardrail_blocked", "", language), sentence);
        }
    }

    #[test]
    fn somebody_who_is_erased_is_told_from_somebody_unknown() {
        use Language::{English, French, German, Japanese};
        for (language, sentence) in [
            (English, "An erased person deleted the macro Refund"),
            (German, "Eine gelöschte Person löschte das Makro „Refund“"),
            (French, "Une personne effacée a supprimé la macro «\u{a0}Refund\u{a0}»"),
            (Japanese, "消去された人物がマクロ「Refund」を削除しました"),
        ] {
            assert_eq!(said_in("macro.deleted", "erased=yes; target=Refund", language), sentence);
        }
        assert_eq!(said("ai_agent.guardrail_blocked", "erased=yes"), "A guardrail blocked an erased person");
    }

    #[test]
    fn an_unknown_action_is_named_and_still_reads_well() {
        assert_eq!(
            said("app.custom_thing", "actor=Ada; target=Close stale"),
            "Ada did app.custom_thing on Close stale"
        );
        assert_eq!(said("app.custom_thing", "actor=Ada"), "Ada did app.custom_thing");
        assert_eq!(
            said("app.custom_thing", "actor=Ada; target=A; before=1; after=2"),
            "Ada did app.custom_thing on A, from 1 to 2"
        );
        assert_eq!(said("app.custom_thing", ""), "Someone did app.custom_thing");
    }

    #[test]
    fn what_did_not_happen_is_not_told_as_if_it_had() {
        assert_eq!(
            said("macro.deleted", "actor=Ada; target=Refund; outcome=denied"),
            "Ada deleted the macro Refund (denied)"
        );
        assert_eq!(said("data_export.run", "actor=Ada; outcome=failure"), "Ada ran a data export (failed)");
        assert_eq!(said("user.sign_in_failed", "actor=Ada; outcome=failure"), "Ada failed to sign in");
    }

    #[test]
    fn values_stay_values_and_long_ones_are_cut() {
        assert_eq!(
            said("macro.deleted", "actor={target}; target=[a|b] {x}"),
            "{target} deleted the macro [a|b] {x}"
        );
        let long = said("macro.deleted", &format!("actor=Ada; target={}", "ü".repeat(500)));
        assert_eq!(long.chars().count(), "Ada deleted the macro ".len() + VALUE_CHARS_MAX + 1);
    }

    #[test]
    fn no_sentence_shows_a_mark_however_little_is_known() {
        let tellings = [
            "actor=Ada",
            "actor=Ada; target=T",
            "actor=Ada; before=B; after=A",
            "actor=Ada; target=T; before=true; after=false; meta.enabled=true; outcome=denied",
            "",
        ];
        for activity in Registry::builtin().all() {
            for told in tellings {
                let sentence = said(activity.code, told);
                assert!(!sentence.contains(['{', '}', '[', ']', '|', '?']), "{}: {sentence}", activity.code);
                assert!(
                    !sentence.contains("  ") && !sentence.contains(" ,") && sentence.trim() == sentence,
                    "{}: {sentence}",
                    activity.code
                );
                assert!(sentence.starts_with(char::is_uppercase), "{}: {sentence}", activity.code);
                assert!(
                    !sentence.ends_with('.') && !sentence.contains("something"),
                    "{}: {sentence}",
                    activity.code
                );
            }
        }
    }

    #[test]
    fn every_template_uses_marks_that_exist() {
        for activity in Registry::builtin().all() {
            let mut outside = String::new();
            let mut depth = 0;
            for character in activity.sentence.chars() {
                match character {
                    '[' => depth += 1,
                    ']' => depth -= 1,
                    _ if depth == 0 => outside.push(character),
                    _ => {}
                }
                assert!((0..=1).contains(&depth), "{}: brackets do not nest", activity.code);
            }
            assert_eq!(depth, 0, "{}", activity.code);
            assert_eq!(
                outside.matches('{').count(),
                outside.matches("{actor}").count(),
                "{}: only the actor is always there",
                activity.code
            );
            for mark in
                activity.sentence.split('{').skip(1).map(|rest| rest.split_once('}').expect("closed").0)
            {
                let name = mark
                    .strip_prefix('?')
                    .map_or(mark, |guard| guard.split_once('=').expect("a guard has a value").0);
                let known = ["actor", "target", "target.name", "before", "after"].contains(&name)
                    || name.strip_prefix("meta.").is_some_and(|key| activity.metadata.contains(&key));
                assert!(known, "{}: {{{mark}}}", activity.code);
            }
        }
    }
}
