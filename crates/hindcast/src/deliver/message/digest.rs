//! Many entries as one message: how many of what, and the first of them in a line each. Alerts come first, the most severe
//! at the top, so that a storm hides nothing that matters.

use super::{LINES_MAX, Line, Listed, Message, Reader, alert, entry};
use crate::deliver::Outgoing;
use crate::deliver::format::told::Told;
use crate::pages::{number, short};
use hindcast_rules::detection::Severity;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Activities that are counted by name; the others are one number.
const COUNTED_MAX: usize = 8;

pub(super) fn message(entries: &[Outgoing], reader: &Reader) -> Message {
    let t = reader.t;
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            let told = Told::new(entry);
            (alert::severity(&told), told)
        })
        .collect();
    let all = entries.len() as u64;
    let workspace = reader.workspace.as_str();
    let alerts = told.iter().filter(|(severity, _)| severity.is_some()).count() as u64;
    let title =
        if alerts == all { t.message_alerts(all, workspace) } else { t.message_entries(all, workspace) };
    let mut message = reader.message(&title);
    let times = entries.iter().map(|entry| entry.occurred_at);
    if let (Some(first), Some(last)) = (times.clone().min(), times.max()) {
        message.text.push(t.message_between(reader.time(first), reader.time(last)).into_owned());
    }
    message.facts = counts(&told, reader);
    message.lists = vec![first(told, reader)];
    message.link = reader.href("/log").map(|href| (t.message_open_log().into_owned(), href));
    message
}

/// How many alerts of each severity, and how many other entries of each activity, the most first.
fn counts(told: &[(Option<Severity>, Told<'_>)], reader: &Reader) -> Vec<(String, String)> {
    let t = reader.t;
    let (mut severities, mut activities) = (BTreeMap::new(), BTreeMap::new());
    for (severity, told) in told {
        match severity {
            Some(severity) => *severities.entry(Reverse(*severity)).or_insert(0_i64) += 1,
            None => *activities.entry(told.action()).or_insert(0_i64) += 1,
        }
    }
    let mut activities: Vec<_> = activities.into_iter().collect();
    activities.sort_by_key(|(_, count)| Reverse(*count));
    let others: i64 = activities.iter().skip(COUNTED_MAX).map(|(_, count)| count).sum();
    let figure = |count: i64| number(count, t.language);
    let severities =
        severities.into_iter().map(|(severity, count)| (alert::shown(severity.0, t), figure(count)));
    let label = |action: &str| {
        let known = hindcast_event::Registry::builtin().get(action);
        known.map_or_else(|| short(action), |known| known.label_in(t.language).to_owned())
    };
    let activities =
        activities.iter().take(COUNTED_MAX).map(|(action, count)| (label(action), figure(*count)));
    let others = (others > 0).then(|| (t.message_others().into_owned(), figure(others)));
    severities.chain(activities).chain(others).collect()
}

fn first(mut told: Vec<(Option<Severity>, Told<'_>)>, reader: &Reader) -> Listed {
    // Stable, so what is equally severe stays in the order of the log.
    told.sort_by_key(|(severity, _)| Reverse(*severity));
    let line = |(severity, told): &(Option<Severity>, Told<'_>)| Line {
        text: match severity {
            Some(severity) => alert::line(told, *severity, reader),
            None => {
                format!("{} – {}", reader.clock.time(told.entry.occurred_at), entry::sentence(told, reader))
            }
        },
        href: reader.entry_href(told.entry),
    };
    let lines: Vec<_> = told.iter().take(LINES_MAX).map(line).collect();
    let more = (told.len() - lines.len()) as u64;
    Listed { heading: reader.t.message_first().into_owned(), lines, more }
}
