//! Microsoft Teams: an Adaptive Card through a webhook of Workflows (Power Automate, "When a Teams webhook request is
//! received"). The old Microsoft 365 connectors at `webhook.office.com` are retired and take no new webhooks.
//!
//! Text of others is in `RichTextBlock`s, whose runs know no Markdown: neither a link nor bold can be hidden in a name.
//! Sources: <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook> (28 KB,
//! four requests a second), <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>
//! (the message around the card), <https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features> (Markdown and
//! `{{DATE(…)}}` in text).

use super::format::Format;
use super::message::{BATCH, LANGUAGE, Line, Message, Reader};
use super::web::{Answer, Web};
use super::{BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Sender, Settings, Sink, Tried};
use serde_json::{Value, json};
use std::time::Duration;

/// Teams refuses messages of more than about 28 KB, and counts more than our bytes: others measured 21,000.
const BODY_BYTES_MAX: usize = 20_000;
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) const KIND: KindOf = KindOf {
    word: "teams",
    name: "Microsoft Teams",
    is_for_people: true,
    fields: &[
        // Whoever knows it may write there.
        Field::required(
            "webhook",
            FieldKind::Url {
                example: "https://….environment.api.powerplatform.com/…/triggers/manual/…"
            },
        )
        .secret(),
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
    let url = settings.required("webhook")?;
    let host = url.split('/').nth(2).unwrap_or_default();
    if host.ends_with("webhook.office.com") || host == "outlook.office.com" {
        let retired =
            "is of a Microsoft 365 connector, which Teams has retired; make a webhook with Workflows";
        return Err(Invalid::new("webhook", retired));
    }
    Ok(Box::new(Teams {
        url: url.to_owned(),
        reader: Reader::of(settings, sender)?,
        web: Web::new(&sender.guard, TIMEOUT, settings)?,
    }))
}

struct Teams {
    url: String,
    reader: Reader,
    web: Web,
}

impl Sink for Teams {
    fn batch(&self) -> BatchLimits {
        BATCH
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let body = spelled(Message::of(entries, &self.reader), &self.reader);
        let json = [("content-type", "application/json; charset=utf-8")];
        let answer = self.web.post(&self.url, &json, body.to_string().as_bytes());
        answer.map_or_else(Tried::again, |answer| judged(&answer, entries.len()))
    }
}

/// The body of a request that stays within the limit of Teams.
fn spelled(message: Message, reader: &Reader) -> Value {
    let language = reader.t.language.code();
    message.fitted(|message| body(message, language), |body| body.to_string().len() <= BODY_BYTES_MAX)
}

fn body(message: &Message, language: &str) -> Value {
    let mut blocks = vec![block(vec![
        json!({ "type": "TextRun", "text": plain(&message.title), "weight": "bolder", "size": "medium" }),
    ])];
    blocks.extend(message.text.iter().map(|text| block(vec![run(text)])));
    blocks.extend(
        message.facts.iter().map(|(name, value)| block(vec![bold(&format!("{name}: ")), run(value)])),
    );
    for list in &message.lists {
        let mut heading = block(vec![bold(&list.heading)]);
        heading["separator"] = true.into();
        blocks.push(heading);
        blocks.extend(list.lines.iter().map(line));
        blocks.extend(message.more(list).map(|more| block(vec![run(&more)])));
    }
    let mut footer = block(vec![
        json!({ "type": "TextRun", "text": plain(&message.footer), "size": "small", "isSubtle": true }),
    ]);
    footer["separator"] = true.into();
    blocks.push(footer);
    let links = message.link.iter();
    let actions: Vec<_> =
        links.map(|(title, url)| json!({ "type": "Action.OpenUrl", "title": title, "url": url })).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "lang": language,
                "fallbackText": plain(&message.title),
                "msteams": { "width": "Full" },
                "body": blocks,
                "actions": actions,
            },
        }],
    })
}

fn line(line: &Line) -> Value {
    let mut run = run(&format!("• {}", line.text));
    if let Some(url) = &line.href {
        run["selectAction"] = json!({ "type": "Action.OpenUrl", "url": url });
    }
    block(vec![run])
}

fn block(inlines: Vec<Value>) -> Value {
    json!({ "type": "RichTextBlock", "inlines": inlines })
}

fn run(text: &str) -> Value {
    json!({ "type": "TextRun", "text": plain(text) })
}

fn bold(text: &str) -> Value {
    json!({ "type": "TextRun", "text": plain(text), "weight": "bolder" })
}

/// Without what cards work out: `{{DATE(…)}}` and `${…}`.
fn plain(text: &str) -> String {
    text.replace("{{", "{ {").replace("${", "$ {")
}

/// What an answer means; `count` entries were told. A workflow says 202 before it posts.
fn judged(answer: &Answer, count: usize) -> Tried {
    match answer.tried() {
        // The workflow is not there any more.
        Tried::Again { said, .. } if answer.status == 404 => Tried::Gone(said),
        Tried::Split(said) => Tried::But((0..count).map(|place| (place, said.told())).collect(), said),
        tried => tried,
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::{alert, hostile, reader, storm};
    use super::super::peers::sender;
    use super::*;
    use hindcast_event::Language;

    /// Checks a body as the references of Teams and of Adaptive Cards 1.4 describe it, strictly, and gives what people see.
    fn checked(body: &Value) -> String {
        assert!(body.to_string().len() <= 28_000 - 8_000, "with room for what Teams adds");
        assert_eq!(body["type"], "message");
        let [attachment] = body["attachments"].as_array().expect("attachments").as_slice() else {
            panic!("one attachment")
        };
        assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
        let card = &attachment["content"];
        assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
        let mut seen = String::new();
        for block in card["body"].as_array().expect("a body") {
            assert_eq!(block["type"], "RichTextBlock", "anything else would read Markdown");
            for inline in block["inlines"].as_array().expect("inlines") {
                assert_eq!(inline["type"], "TextRun");
                let text = inline["text"].as_str().expect("text");
                assert!(!text.is_empty() && !text.contains("{{") && !text.contains("${"), "{text}");
                let action = &inline["selectAction"];
                assert!(action.is_null() || is_open_url(action), "{action}");
                seen.push_str(text);
            }
            seen.push('\n');
        }
        let actions = card["actions"].as_array().expect("actions");
        assert!(actions.len() <= 1 && actions.iter().all(is_open_url));
        seen
    }

    fn is_open_url(action: &Value) -> bool {
        action["type"] == "Action.OpenUrl"
            && action["url"].as_str().is_some_and(|url| url.starts_with("https://"))
    }

    #[test]
    fn an_alert_is_told_whole() {
        let reader = reader(Language::Japanese);
        let seen = checked(&spelled(Message::of(&[alert(7, "critical")], &reader), &reader));
        for told in [
            "▲ 重大: ",
            "10分以内に、ルールに一致するエントリが12件ありました。",
            "対象: ana@example.com",
            "対応手順",
        ] {
            assert!(seen.contains(told), "{told} is missing in {seen}");
        }
    }

    #[test]
    fn a_storm_and_hostile_text_stay_within_the_limits() {
        for entries in [storm(10_000), vec![hostile(3)], (0..12).map(hostile).collect()] {
            for language in Language::ALL {
                let reader = reader(language);
                checked(&spelled(Message::of(&entries, &reader), &reader));
            }
        }
    }

    #[test]
    fn a_retired_connector_is_refused_by_name() {
        for (url, is_good) in [
            ("https://acme.webhook.office.com/webhookb2/1", false),
            ("https://outlook.office.com/webhook/1", false),
            ("https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke", true),
        ] {
            let given = json!({ "webhook": url });
            let settings =
                Settings::checked(KIND.fields, given.as_object().expect("an object"), &Settings::default());
            assert_eq!(
                open(&settings.expect("settings"), Format::Native, &sender()).is_ok(),
                is_good,
                "{url}"
            );
        }
    }
}
