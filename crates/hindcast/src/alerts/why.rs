//! Says why a rule alerted: the numbers behind a verdict as sentences, in the reader's language.

use crate::pages::{Text, decimal, isolated, lasting, list, number};
use hindcast_event::{Language, Registry};
use hindcast_rules::detection::{Measure, Why};
use hindcast_rules::pack::texts;

/// More values than this are not named in a sentence.
const VALUES_MAX: usize = 5;
const MICROS: i64 = 1_000_000;

/// The sentences, safe to read: values of others are made visible and isolated, so only escaping is left to the caller.
pub(crate) fn why(why: &Why, t: Text) -> String {
    match why {
        Why::Entry { action } => t.why_entry(activity(action, t.language)).into_owned(),
        Why::Count { of, value, threshold, seconds, field, values, share } => {
            let time = window(*seconds, t);
            let counted = figure(*value, t.language);
            let field = || isolated(field.as_deref().unwrap_or("?"));
            let mut told = vec![match of {
                Measure::Entries => t.why_entries(counted, time),
                Measure::DistinctValues => t.why_distinct(counted, field(), time),
                Measure::Sum => t.why_sum(field(), time, counted),
                Measure::Average => t.why_average(field(), time, counted),
                Measure::Percentile => t.why_percentile(field(), time, counted),
                Measure::Median => t.why_median(field(), time, counted),
            }];
            told.push(t.why_threshold(figure(*threshold, t.language)));
            if !values.is_empty() {
                told.push(t.why_values(named(values, t)));
            }
            if let Some(share) = share {
                told.push(t.why_share(figure(*share, t.language)));
            }
            told.join(sentences(t.language))
        }
        Why::Sequence { parts, seconds } => {
            let names = &texts(t.language).parts;
            let parts: Vec<_> =
                parts.iter().map(|part| names.get(part).cloned().unwrap_or_else(|| isolated(part))).collect();
            t.why_sequence(window(*seconds, t), list(&parts, t.language)).into_owned()
        }
        Why::Silence { seconds, usual_seconds } => {
            let lasting = |seconds: &u64| lasting(t, micros(*seconds));
            t.why_silence(lasting(seconds), lasting(usual_seconds)).into_owned()
        }
    }
}

/// What stands between two sentences.
pub(crate) fn sentences(language: Language) -> &'static str {
    if language == Language::Japanese { "" } else { " " }
}

fn activity(action: &str, language: Language) -> String {
    Registry::builtin()
        .get(action)
        .map_or_else(|| isolated(action), |activity| activity.label_in(language).to_owned())
}

fn named(values: &[String], t: Text) -> String {
    let mut named: Vec<_> = values.iter().take(VALUES_MAX).map(|value| isolated(value)).collect();
    if values.len() > VALUES_MAX {
        named.push("…".to_owned());
    }
    list(&named, t.language)
}

/// A window as its rule has it: in the largest unit that it is a whole number of.
fn window(seconds: u64, t: Text) -> String {
    match i64::try_from(seconds).unwrap_or(i64::MAX) {
        seconds if seconds > 0 && seconds % 86_400 == 0 => t.lasting_days(seconds / 86_400),
        seconds if seconds > 0 && seconds % 3600 == 0 => t.lasting_hours(seconds / 3600),
        seconds if seconds > 0 && seconds % 60 == 0 => t.lasting_minutes(seconds / 60),
        seconds => t.lasting_seconds(seconds),
    }
    .into_owned()
}

fn micros(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(MICROS)
}

fn figure(value: f64, language: Language) -> String {
    if value.fract() == 0.0 { number(value as i64, language) } else { decimal(value, language) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(language: Language, of: &Why) -> String {
        why(of, Text { language })
    }

    fn count(of: Measure, value: f64, seconds: u64, values: &[&str]) -> Why {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let field = (of != Measure::Entries).then(|| "actor.id".to_owned());
        Why::Count { of, value, threshold: 10.0, seconds, field, values, share: None }
    }

    #[test]
    fn numbers_become_sentences_in_every_language() {
        use Language::{English, French, German, Japanese};
        let failed = count(Measure::Entries, 1_204.0, 600, &[]);
        assert_eq!(
            said(English, &failed),
            "The rule counted 1,204 matching entries within 10 minutes. The threshold is 10."
        );
        assert_eq!(
            said(German, &failed),
            "Die Regel zählte 1.204 passende Einträge (Zeitraum: 10 Minuten). Der Schwellenwert ist 10."
        );
        assert_eq!(
            said(French, &failed),
            "La règle a compté 1\u{202f}204 entrées correspondantes en 10 minutes. Le seuil est de 10."
        );
        assert_eq!(
            said(Japanese, &failed),
            "10分以内に、ルールに一致するエントリが1,204件ありました。しきい値は10です。"
        );
    }

    #[test]
    fn every_kind_of_reason_has_its_sentence() {
        let of = |why: &Why| said(Language::English, why);
        assert_eq!(
            of(&Why::Entry { action: "role.deleted".to_owned() }),
            "One entry was enough: Role deleted."
        );
        assert_eq!(
            of(&count(Measure::DistinctValues, 12.0, 900, &["a", "b", "c", "d", "e", "f"])),
            "The rule counted 12 different values of actor.id within 15 minutes. The threshold is 10. \
             Among them: a, b, c, d, e, …."
        );
        assert_eq!(
            of(&count(Measure::Average, 12.25, 90, &[])),
            "The average of actor.id within 90 seconds was 12.3. The threshold is 10."
        );
        let parts = vec!["Signed in".to_owned(), "of an own rule".to_owned()];
        assert_eq!(
            of(&Why::Sequence { parts, seconds: 86_400 }),
            "These came together within 1 day: Signed in, of an own rule."
        );
        assert_eq!(
            of(&Why::Silence { seconds: 7_300, usual_seconds: 300 }),
            "Nothing came for 2 hours. At this time of the week, 5 minutes without an entry is usual."
        );
    }

    #[test]
    fn values_of_others_cannot_turn_the_sentence_around() {
        let said = said(Language::English, &count(Measure::DistinctValues, 10.0, 60, &["\u{202e}evil\n"]));
        assert!(said.contains("\u{2068}⟨U+202E⟩evil⏎\u{2069}"), "{said}");
    }
}
