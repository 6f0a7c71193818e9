//! Slack: messages through an incoming webhook.
//!
//! All text is in `rich_text` blocks, whose text elements are taken literally: no mrkdwn, no mention, no emoji can be hidden
//! in a name. Only the one line of the notification is mrkdwn, and escaped.
//! Sources: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks> (answers),
//! <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>, <https://docs.slack.dev/messaging/formatting-message-text>
//! (escaping), <https://docs.slack.dev/apis/web-api/rate-limits> (one message a second, 429 with `Retry-After`).

use super::format::Format;
use super::message::{BATCH, LANGUAGE, Line, Message, Reader};
use super::web::{Answer, Web};
use super::{BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Sender, Settings, Sink, Tried};
use serde_json::{Value, json};
use std::time::Duration;

/// Slack refuses blocks of more than some 13,000 characters (`msg_blocks_too_long`); the documented 40,000 are for the text.
const BLOCKS_CHARS_MAX: usize = 12_000;
const TIMEOUT: Duration = Duration::from_secs(15);

pub(super) const KIND: KindOf = KindOf {
    word: "slack",
    name: "Slack",
    is_for_people: true,
    fields: &[
        // Whoever knows it may write there.
        Field::required("webhook", FieldKind::Url { example: "https://hooks.slack.com/services/…" }).secret(),
        LANGUAGE,
        Field::optional("ca", FieldKind::Lines { bytes_max: 64 * 1024 }),
    ],
    formats: &[Format::Native],
    retry: Retry::Stream,
    is_best_effort: false,
    open,
    complete: |_, _| None,
};

fn open(settings: &Settings, _: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    Ok(Box::new(Slack {
        url: settings.required("webhook")?.to_owned(),
        reader: Reader::of(settings, sender)?,
        web: Web::new(&sender.guard, TIMEOUT, settings)?,
    }))
}

struct Slack {
    url: String,
    reader: Reader,
    web: Web,
}

impl Sink for Slack {
    fn batch(&self) -> BatchLimits {
        BATCH
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let body = spelled(Message::of(entries, &self.reader));
        let json = [("content-type", "application/json; charset=utf-8")];
        let answer = self.web.post(&self.url, &json, body.to_string().as_bytes());
        answer.map_or_else(Tried::again, |answer| judged(&answer, entries.len()))
    }
}

/// The body of a request that stays within Slack's limits.
fn spelled(message: Message) -> Value {
    message.fitted(body, |body| body["blocks"].to_string().chars().count() <= BLOCKS_CHARS_MAX)
}

fn body(message: &Message) -> Value {
    let mut sections = vec![section(vec![bold(&format!("{}\n", message.title))])];
    sections.extend(message.text.iter().map(|text| section(vec![plain(&format!("{text}\n"))])));
    for (name, value) in &message.facts {
        sections.push(section(vec![bold(name), plain(&format!(": {value}\n"))]));
    }
    for list in &message.lists {
        sections.push(section(vec![bold(&format!("\n{}\n", list.heading))]));
        let items: Vec<_> = list.lines.iter().map(item).collect();
        if !items.is_empty() {
            sections.push(json!({ "type": "rich_text_list", "style": "bullet", "elements": items }));
        }
        sections.extend(message.more(list).map(|more| section(vec![plain(&format!("{more}\n"))])));
    }
    if let Some((text, url)) = &message.link {
        let link = json!({ "type": "link", "url": url, "text": text, "style": { "bold": true } });
        sections.push(section(vec![plain("\n"), link]));
    }
    let footer = json!({
        "type": "context",
        "elements": [{ "type": "plain_text", "text": escaped(&message.footer), "emoji": false }],
    });
    json!({
        "text": escaped(&message.title),
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [{ "type": "rich_text", "elements": sections }, footer],
    })
}

fn item(line: &Line) -> Value {
    section(vec![match &line.href {
        Some(url) => json!({ "type": "link", "url": url, "text": line.text }),
        None => plain(&line.text),
    }])
}

fn section(elements: Vec<Value>) -> Value {
    json!({ "type": "rich_text_section", "elements": elements })
}

fn plain(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn bold(text: &str) -> Value {
    json!({ "type": "text", "text": text, "style": { "bold": true } })
}

/// What Slack takes for control characters, and nothing else.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What an answer means; `count` entries were told.
fn judged(answer: &Answer, count: usize) -> Tried {
    let said = answer.said();
    let is = |words: &[&str]| words.iter().any(|word| said.text.starts_with(word));
    match answer.status {
        200 => Tried::Delivered(said),
        // Revoked, or its channel is gone: nothing that we could send would arrive.
        404 | 410 => Tried::Gone(said),
        _ if is(&["no_service", "no_team", "no_active_hooks", "team_disabled"]) => Tried::Gone(said),
        _ if is(&["action_prohibited", "posting_to_general_channel_denied", "invalid_token"]) => {
            Tried::Pause(said)
        }
        // It does not understand us. Halved, the batch would become many messages that are refused.
        400 => Tried::But((0..count).map(|place| (place, said.told())).collect(), said),
        _ => match answer.tried() {
            Tried::Split(said) => Tried::But((0..count).map(|place| (place, said.told())).collect(), said),
            tried => tried,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::{alert, hostile, reader, storm};
    use super::*;
    use axum::http::HeaderMap;
    use hindcast_event::Language;

    fn judge(status: u16, text: &str) -> &'static str {
        let body = text.as_bytes().to_vec();
        let retry_after = (status == 429).then_some(Duration::from_secs(30));
        match judged(&Answer { status, body, is_cut: false, retry_after, headers: HeaderMap::new() }, 2) {
            Tried::Delivered(_) => "delivered",
            Tried::But(dead, _) if dead.len() == 2 => "dead",
            Tried::Again { after: Some(after), .. } if after.as_secs() == 30 => "again in 30 s",
            Tried::Again { .. } => "again",
            Tried::Pause(_) => "pause",
            Tried::Gone(_) => "gone",
            _ => "other",
        }
    }

    #[test]
    fn slack_s_answers_mean_what_its_documentation_says() {
        for (status, text, means) in [
            (200, "ok", "delivered"),
            (400, "invalid_payload", "dead"),
            (400, "invalid_blocks", "dead"),
            (400, "no_text", "dead"),
            (403, "action_prohibited", "pause"),
            (403, "invalid_token", "pause"),
            (404, "no_service", "gone"),
            (404, "channel_not_found", "gone"),
            (410, "channel_is_archived", "gone"),
            (429, "rate_limited", "again in 30 s"),
            (500, "rollup_error", "again"),
            (502, "<html>bad gateway</html>", "again"),
            (302, "", "again"),
        ] {
            assert_eq!(judge(status, text), means, "{status} {text}");
        }
    }

    /// Checks a body as Slack's reference describes it, strictly, and gives the text that people see.
    pub(super) fn checked(body: &Value) -> String {
        let mut keys: Vec<_> = body.as_object().expect("an object").keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["blocks", "text", "unfurl_links", "unfurl_media"]);
        let notified = body["text"].as_str().expect("text");
        assert!(!notified.is_empty() && !notified.contains(['<', '>']), "{notified}");
        let blocks = body["blocks"].as_array().expect("blocks");
        assert!((1..=50).contains(&blocks.len()));
        assert!(body["blocks"].to_string().chars().count() <= 13_000);
        let mut seen = String::new();
        for block in blocks {
            match block["type"].as_str().expect("a type") {
                "rich_text" => block["elements"].as_array().expect("elements").iter().for_each(|element| {
                    match element["type"].as_str().expect("a type") {
                        "rich_text_section" => section_of(element, &mut seen),
                        "rich_text_list" => {
                            assert_eq!(element["style"], "bullet");
                            let items = element["elements"].as_array().expect("items");
                            assert!(!items.is_empty());
                            items.iter().for_each(|item| {
                                section_of(item, &mut seen);
                                seen.push('\n');
                            });
                        }
                        other => panic!("{other} is no element of rich text"),
                    }
                }),
                "context" => {
                    let elements = block["elements"].as_array().expect("elements");
                    assert!((1..=10).contains(&elements.len()));
                    for element in elements {
                        assert_eq!(element["type"], "plain_text");
                        let text = element["text"].as_str().expect("text");
                        assert!((1..=3000).contains(&text.chars().count()));
                        assert!(!text.contains(['<', '>']), "{text}");
                    }
                }
                other => panic!("{other} is not what we send"),
            }
        }
        seen
    }

    fn section_of(section: &Value, seen: &mut String) {
        assert_eq!(section["type"], "rich_text_section");
        let elements = section["elements"].as_array().expect("elements");
        assert!(!elements.is_empty());
        for element in elements {
            let text = element["text"].as_str().expect("text");
            assert!(!text.is_empty(), "{section}");
            match element["type"].as_str() {
                Some("text") => assert!(element["url"].is_null()),
                Some("link") => assert!(element["url"].as_str().expect("a url").starts_with("https://")),
                other => panic!("{other:?} is not what we send"),
            }
            seen.push_str(text);
        }
    }

    #[test]
    fn an_alert_is_told_whole() {
        let seen = checked(&spelled(Message::of(&[alert(7, "high")], &reader(Language::German))));
        for told in [
            "◆ Hoch: Viele fehlgeschlagene Anmeldungen eines Teammitglieds\n",
            "Die Regel zählte 12 passende Einträge (Zeitraum: 10 Minuten). Der Schwellenwert ist 10.\n",
            "Betrifft: ana@example.com\n",
            "Einträge: 12\n",
            "Was zu tun ist\n",
            "und 10 weitere\n",
            "Alarm öffnen",
        ] {
            assert!(seen.contains(told), "{told} is missing in {seen}");
        }
    }

    #[test]
    fn a_storm_and_hostile_text_stay_within_the_limits_and_mention_nobody() {
        for entries in [storm(10_000), vec![hostile(3)], (0..12).map(hostile).collect()] {
            for language in Language::ALL {
                let body = spelled(Message::of(&entries, &reader(language)));
                checked(&body);
                let text = body.to_string();
                assert!(!text.contains("broadcast") && !text.contains("\"user\""), "{text}");
            }
        }
    }
}
