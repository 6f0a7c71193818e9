//! Splunk's HTTP Event Collector: JSON objects one after the other, and an answer whose code counts for more than its status.

use super::format::Format;
use super::web::{Answer, Web, gzip};
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Splunk Cloud takes a million bytes before compression.
const BODY_BYTES_MAX: usize = 1_000_000;
const TIMEOUT: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_secs(1);
const ACK_SECONDS: u64 = 120;

pub(super) const KIND: KindOf = KindOf {
    word: "splunk",
    name: "Splunk HTTP Event Collector",
    is_for_people: false,
    fields: &[
        Field::required("url", FieldKind::Url { example: "https://splunk.example.com:8088" }),
        Field::required("token", FieldKind::Text { bytes_max: 200, example: "" }).secret(),
        Field::optional("index", FieldKind::Text { bytes_max: 80, example: "security" }),
        Field::optional("source", FieldKind::Text { bytes_max: 200, example: "hindcast" }),
        Field::optional("sourcetype", FieldKind::Text { bytes_max: 200, example: "hindcast:entry" }),
        Field::optional("acknowledge", FieldKind::Flag),
        Field::optional("acknowledge_seconds", FieldKind::Number { min: 5, max: 600, default: ACK_SECONDS }),
        Field::optional("ca", FieldKind::Lines { bytes_max: 64 * 1024 }),
    ],
    formats: &[Format::Native, Format::Ocsf, Format::Ocsf18, Format::Ecs],
    retry: Retry::Stream,
    is_best_effort: false,
    open,
    complete: |_, _| None,
};

fn open(settings: &Settings, format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let base = settings.required("url")?.trim_end_matches('/');
    let base = base.strip_suffix("/services/collector/event").unwrap_or(base);
    let text = |name: &str, default: &str| settings.text(name).unwrap_or(default).to_owned();
    let acks = settings
        .flag("acknowledge")
        .then(|| Duration::from_secs(settings.number("acknowledge_seconds", ACK_SECONDS)));
    Ok(Box::new(Splunk {
        base: base.to_owned(),
        authorization: format!("Splunk {}", settings.required("token")?),
        index: settings.text("index").map(str::to_owned),
        source: text("source", "hindcast"),
        sourcetype: text("sourcetype", "hindcast:entry"),
        channel: channel(sender),
        acks,
        format,
        sender: sender.clone(),
        web: Web::new(&sender.guard, TIMEOUT, settings)?,
    }))
}

/// A channel in the form of a GUID, always the same for a destination.
fn channel(sender: &Sender) -> String {
    let hash = Sha256::digest(format!("{} {}", sender.host, sender.destination));
    let hex = crate::hex::hex(&hash[..16]).to_uppercase();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

struct Splunk {
    base: String,
    authorization: String,
    index: Option<String>,
    source: String,
    sourcetype: String,
    channel: String,
    /// How long to wait until what was taken is indexed too.
    acks: Option<Duration>,
    format: Format,
    sender: Sender,
    web: Web,
}

impl Sink for Splunk {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: 1_000, bytes_max: BODY_BYTES_MAX * 3 / 4, wait: Duration::from_secs(1) }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let body: String = entries.iter().map(|entry| self.event(entry)).collect();
        if body.len() > BODY_BYTES_MAX && entries.len() > 1 {
            return Tried::Split(Said::nothing("more than a million bytes"));
        }
        match self.post("/services/collector/event", &body) {
            Ok(answer) => match judged(&answer) {
                Ok(heard) => self.acknowledged(heard, answer.said()),
                Err(tried) => tried,
            },
            Err(said) => Tried::again(said),
        }
    }
}

impl Splunk {
    fn event(&self, entry: &Outgoing) -> String {
        let micros = entry.occurred_at.micros();
        // Indexed fields are flat.
        let mut fields = Map::new();
        fields.insert("workspace".to_owned(), self.sender.workspace.as_str().into());
        fields.insert("entry".to_owned(), entry.index.to_string().into());
        for (name, path) in [("action", "action"), ("actor_id", "actor.id"), ("outcome", "outcome.result")] {
            fields.extend(entry.text(path).map(|text| (name.to_owned(), Value::from(text))));
        }
        let mut event = json!({
            "host": self.sender.host,
            "source": self.source,
            "sourcetype": self.sourcetype,
            "event": self.format.object(entry, &self.sender),
            "fields": fields,
        });
        if let Some(index) = &self.index {
            event["index"] = index.as_str().into();
        }
        // Seconds with decimals: a floating point number would round them.
        let time = format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        format!("{{\"time\":{time},{}", event.to_string().split_at(1).1)
    }

    fn post(&self, path: &str, body: &str) -> Result<Answer, Said> {
        let mut headers =
            vec![("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        if self.acks.is_some() {
            headers.push(("x-splunk-request-channel", &self.channel));
        }
        let packed = gzip(body.as_bytes());
        headers.push(("content-encoding", "gzip"));
        self.web.post(&format!("{}{path}", self.base), &headers, &packed)
    }

    /// Waits until it is indexed, where that was asked for: only then is it safe from a crash over there.
    fn acknowledged(&self, heard: Heard, said: Said) -> Tried {
        let Some(patience) = self.acks else { return Tried::Delivered(said) };
        let Some(id) = heard.ack_id else {
            let text = format!("{}: no ackId came, acknowledgement is off for this token", said.told());
            return Tried::Pause(Said::new(said.status, &text));
        };
        let (begun, ask) = (Instant::now(), json!({ "acks": [id] }).to_string());
        let path = format!("/services/collector/ack?channel={}", self.channel);
        let mut last = Said::nothing("it was not asked yet");
        while begun.elapsed() < patience {
            match self.post(&path, &ask) {
                Ok(answer) => {
                    let acks = serde_json::from_slice::<Acks>(&answer.body).unwrap_or_default().acks;
                    if answer.status == 200 && acks.get(&id.to_string()) == Some(&true) {
                        return Tried::Delivered(said);
                    }
                    last = answer.said();
                }
                Err(said) => last = said,
            }
            std::thread::sleep(ASK_EVERY);
        }
        let seconds = patience.as_secs();
        Tried::again(Said::new(last.status, &format!("not acknowledged within {seconds} s: {}", last.text)))
    }
}

/// What the collector says.
#[derive(Debug, Deserialize)]
struct Heard {
    code: u32,
    #[serde(rename = "ackId")]
    ack_id: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct Acks {
    acks: BTreeMap<String, bool>,
}

/// What an answer means; what was heard when the batch was taken.
fn judged(answer: &Answer) -> Result<Heard, Tried> {
    let said = answer.said();
    let again = |said| Tried::again_after(answer.retry_after, said);
    let Ok(heard) = serde_json::from_slice::<Heard>(&answer.body) else {
        // A proxy, or a page: whatever the status, the collector has not spoken.
        return Err(match answer.tried() {
            Tried::Delivered(said) => again(Said::new(
                said.status,
                &format!("this is not the answer of a collector: {}", said.text),
            )),
            tried => tried,
        });
    };
    match (answer.status, heard.code) {
        // 24 and 25: taken, but it is near its limits.
        (200, 0 | 24 | 25) => Ok(heard),
        // The token, the index or the channel is wrong, and would be for every entry.
        (_, 1..=4 | 7 | 10 | 11 | 14 | 16) => Err(Tried::Pause(said)),
        // Something in this batch is wrong.
        (_, 5 | 6 | 12 | 13 | 15) => Err(Tried::Split(said)),
        (200, _) => Err(again(said)),
        _ => Err(answer.tried()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, body: &str) -> Result<u32, &'static str> {
        let answer = Answer {
            status,
            body: body.as_bytes().to_vec(),
            is_cut: false,
            retry_after: None,
            headers: Default::default(),
        };
        judged(&answer).map(|heard| heard.code).map_err(|tried| match tried {
            Tried::Again { .. } => "again",
            Tried::Split(_) => "split",
            Tried::Pause(_) => "pause",
            _ => "other",
        })
    }

    #[test]
    fn the_code_counts_for_more_than_the_status() {
        assert_eq!(judge(200, r#"{"text":"Success","code":0}"#), Ok(0));
        assert_eq!(judge(200, r#"{"text":"Success","code":0,"ackId":7}"#), Ok(0));
        assert_eq!(judge(200, r#"{"text":"nearing capacity","code":24}"#), Ok(24));
        assert_eq!(judge(200, r#"{"text":"Server is busy","code":9}"#), Err("again"));
        assert_eq!(judge(200, "<html>welcome</html>"), Err("again"));
        assert_eq!(judge(200, ""), Err("again"));
        assert_eq!(judge(503, r#"{"text":"Server is busy","code":9}"#), Err("again"));
        assert_eq!(judge(429, r#"{"text":"at capacity","code":26}"#), Err("again"));
        assert_eq!(
            judge(400, r#"{"text":"Invalid data format","code":6,"invalid-event-number":3}"#),
            Err("split")
        );
        assert_eq!(judge(400, r#"{"text":"Incorrect index","code":7}"#), Err("pause"));
        assert_eq!(judge(403, r#"{"text":"Invalid token","code":4}"#), Err("pause"));
        assert_eq!(judge(401, "who are you"), Err("pause"));
        assert_eq!(judge(413, "too large"), Err("split"));
        assert_eq!(judge(500, r#"{"text":"Internal","code":8}"#), Err("again"));
    }
}
