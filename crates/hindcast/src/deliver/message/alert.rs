//! An alert that was raised, told whole: how severe, what, why, about whom, and what to do.

use super::{Line, Listed, Message, Reader};
use crate::alerts::why::why;
use crate::deliver::format::told::Told;
use crate::pages::{Text, number, short};
use hindcast_rules::detection::{Severity, Why};
use hindcast_rules::pack::{RuleTexts, texts};
use serde::Deserialize as _;
use serde_json::Value;

/// Evidence and steps that are named.
const LINES_MAX: usize = 10;
const ID_BYTES_MAX: usize = 100;

/// Nothing when the entry is no alert that was raised.
pub(super) fn message(told: &Told<'_>, reader: &Reader) -> Option<Message> {
    let severity = severity(told)?;
    let t = reader.t;
    let rule = rule(told, reader);
    let mut message = reader.message(&format!("{}: {}", shown(severity, t), title(told, rule)));
    let reason = told.at("metadata.why").and_then(|why| Why::deserialize(why).ok());
    message.text.extend(reason.map(|reason| why(&reason, t)));
    message.text.extend(rule.map(|rule| rule.description.clone()));
    message.fact(t.message_severity(), Some(shown(severity, t)));
    message.fact(t.message_about(), told.text("metadata.about").map(short));
    let count = told.at("metadata.count").and_then(Value::as_i64);
    message.fact(t.entries(), count.map(|count| number(count, t.language)));
    let time = |path| told.text(path).and_then(|text| reader.time_at(text));
    message.fact(t.message_first_seen(), time("metadata.first_seen"));
    message.fact(t.message_last_seen(), time("metadata.last_seen"));
    message.lists.extend(rule.and_then(|rule| steps(rule, t)));
    message.lists.extend(evidence(told, count, reader));
    let id = told.text("targets.0.id");
    let link = id.and_then(|id| href(reader, "alerts", id)).map(|href| (t.message_open_alert(), href));
    let link = link.or_else(|| reader.entry_href(told.entry).map(|href| (t.message_open_entry(), href)));
    message.link = link.map(|(text, href)| (text.into_owned(), href));
    message.alert = id.map(str::to_owned);
    Some(message)
}

/// The address of something with an id. Ids of ours are short; others may send what looks like an alert.
fn href(reader: &Reader, of: &str, id: &str) -> Option<String> {
    let is_ours = (1..=ID_BYTES_MAX).contains(&id.len());
    reader.href(&format!("/{of}/{}", crate::api::escaped(id))).filter(|_| is_ours)
}

/// How severe an alert is, if the entry is one that was raised and says so.
pub(super) fn severity(told: &Told<'_>) -> Option<Severity> {
    Severity::parse(told.text("metadata.severity")?).filter(|_| told.action() == "alert.raised")
}

/// A shape and a word: colours do not survive everywhere, and are not seen by everybody.
pub(super) fn shown(severity: Severity, t: Text) -> String {
    let (shape, word) = match severity {
        Severity::Critical => ('▲', t.message_critical()),
        Severity::High => ('◆', t.message_high()),
        Severity::Medium => ('●', t.message_medium()),
        Severity::Low => ('○', t.message_low()),
        Severity::Informational => ('·', t.message_informational()),
    };
    format!("{shape} {word}")
}

/// What an alert is called, and whom it is about, in a line.
pub(super) fn line(told: &Told<'_>, severity: Severity, reader: &Reader) -> String {
    let title = format!("{}: {}", shown(severity, reader.t), title(told, rule(told, reader)));
    match told.text("metadata.about") {
        Some(about) => format!("{title} – {}", short(about)),
        None => title,
    }
}

/// The texts of a rule that we ship; of an own one there is only what the entry says.
fn rule(told: &Told<'_>, reader: &Reader) -> Option<&'static RuleTexts> {
    texts(reader.t.language).rules.get(told.text("metadata.rule")?)
}

fn title(told: &Told<'_>, rule: Option<&RuleTexts>) -> String {
    match (rule, told.text("targets.0.name")) {
        (Some(rule), _) => rule.title.clone(),
        (None, Some(name)) => short(name),
        (None, None) => short(told.text("metadata.rule").unwrap_or("?")),
    }
}

fn steps(rule: &RuleTexts, t: Text) -> Option<Listed> {
    let lines: Vec<_> = rule.response.iter().take(LINES_MAX).cloned().map(Line::plain).collect();
    let more = rule.response.len().saturating_sub(lines.len()) as u64;
    let heading = t.message_response().into_owned();
    (!lines.is_empty()).then_some(Listed { heading, lines, more })
}

fn evidence(told: &Told<'_>, count: Option<i64>, reader: &Reader) -> Option<Listed> {
    let ids = told.at("metadata.evidence")?.as_array()?;
    // Named by id, or by index.
    let line = |entry: &Value| {
        let (name, shown) = match entry {
            Value::String(id) => (id.clone(), short(id)),
            Value::Number(index) => (index.to_string(), format!("#{index}")),
            _ => return None,
        };
        Some(Line { text: shown, href: href(reader, "log", &name) })
    };
    let lines: Vec<_> = ids.iter().filter_map(line).take(LINES_MAX).collect();
    let more = count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let more = more.saturating_sub(lines.len() as u64);
    let heading = reader.t.message_evidence().into_owned();
    (!lines.is_empty()).then_some(Listed { heading, lines, more })
}
