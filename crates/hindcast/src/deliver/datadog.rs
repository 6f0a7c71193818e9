//! Datadog's log intake: arrays of objects. It takes nothing older than 18 hours, and truncates what is large without a word,
//! so both are noticed here.

use super::format::Format;
use super::web::{Web, gzip};
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use hindcast_event::Timestamp;
use serde_json::{Map, Value};
use std::time::Duration;

const BODY_BYTES_MAX: usize = 4_800_000;
/// A log of a megabyte is truncated there; ours ends before.
const ENTRY_BYTES_MAX: usize = 900_000;
const OLDEST_MICROS: i64 = 18 * 3600 * 1_000_000;
/// On the way it gets older.
const MARGIN_MICROS: i64 = 10 * 60 * 1_000_000;
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) const KIND: KindOf = KindOf {
    word: "datadog",
    name: "Datadog",
    is_for_people: false,
    fields: &[
        Field::optional(
            "site",
            FieldKind::Choice(&[
                "datadoghq.com",
                "us3.datadoghq.com",
                "us5.datadoghq.com",
                "datadoghq.eu",
                "ap1.datadoghq.com",
                "ap2.datadoghq.com",
                "uk1.datadoghq.com",
                "ddog-gov.com",
                "us2.ddog-gov.com",
            ]),
        ),
        Field::optional("url", FieldKind::Url { example: "https://pipelines.example.com" }),
        Field::required("api_key", FieldKind::Text { bytes_max: 200, example: "" }).secret(),
        Field::optional("service", FieldKind::Text { bytes_max: 100, example: "hindcast" }),
        Field::optional("source", FieldKind::Text { bytes_max: 100, example: "hindcast" }),
        Field::optional("tags", FieldKind::Text { bytes_max: 500, example: "env:prod,team:support" }),
        Field::optional("ca", FieldKind::Lines { bytes_max: 64 * 1024 }),
    ],
    formats: &[Format::Native],
    retry: Retry::Stream,
    is_best_effort: false,
    open,
    complete: |_, _| None,
};

fn open(settings: &Settings, format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let text = |name: &str, default: &str| settings.text(name).unwrap_or(default).to_owned();
    let base = match settings.text("url") {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("https://http-intake.logs.{}", text("site", "datadoghq.com")),
    };
    Ok(Box::new(Datadog {
        url: format!("{base}/api/v2/logs"),
        api_key: settings.required("api_key")?.to_owned(),
        service: text("service", "hindcast"),
        source: text("source", "hindcast"),
        tags: text("tags", ""),
        format,
        sender: sender.clone(),
        web: Web::new(&sender.guard, TIMEOUT, settings)?,
    }))
}

struct Datadog {
    url: String,
    api_key: String,
    service: String,
    source: String,
    tags: String,
    format: Format,
    sender: Sender,
    web: Web,
}

impl Sink for Datadog {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: 1_000, bytes_max: BODY_BYTES_MAX * 3 / 4, wait: Duration::from_secs(1) }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let now = (self.sender.clock)();
        let (mut logs, mut dead) = (Vec::new(), Vec::new());
        for (place, entry) in entries.iter().enumerate() {
            match time_of(entry, now) {
                Some(time) => logs.push(self.log(entry, time)),
                None => dead.push((place, "older than the 18 hours that Datadog takes".to_owned())),
            }
        }
        if logs.is_empty() {
            return Tried::But(
                dead,
                Said::nothing("all of it is older than the 18 hours that Datadog takes"),
            );
        }
        let body = Value::Array(logs).to_string();
        if body.len() > BODY_BYTES_MAX && entries.len() > 1 {
            return Tried::Split(Said::nothing("more than five megabytes"));
        }
        let headers = [
            ("dd-api-key", self.api_key.as_str()),
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
        ];
        let answer = match self.web.post(&self.url, &headers, &gzip(body.as_bytes())) {
            Ok(answer) => answer,
            Err(said) => return Tried::again(said),
        };
        match answer.status {
            202 if dead.is_empty() => Tried::Delivered(answer.said()),
            202 => Tried::But(dead, answer.said()),
            200..300 => {
                let text = format!("this is not the answer of the intake: {}", answer.said().text);
                Tried::again(Said::new(answer.status, &text))
            }
            _ => answer.tried(),
        }
    }
}

impl Datadog {
    fn log(&self, entry: &Outgoing, time: Timestamp) -> Value {
        let mut log = self.format.object(entry, &self.sender);
        if entry.bytes > ENTRY_BYTES_MAX {
            log = shortened(&log);
        }
        let message = entry.text("description").or_else(|| entry.text("action")).unwrap_or_default();
        let message: String = message.chars().take(4_000).collect();
        for (name, value) in [
            ("ddsource", self.source.as_str()),
            ("ddtags", self.tags.as_str()),
            ("hostname", self.sender.host.as_str()),
            ("service", self.service.as_str()),
            ("message", message.as_str()),
            ("timestamp", time.to_string().as_str()),
        ] {
            log.insert(name.to_owned(), value.into());
        }
        Value::Object(log)
    }
}

/// When it happened, as Datadog may be told: when we received it, if it happened too long before; nothing when both are too
/// long ago.
fn time_of(entry: &Outgoing, now: Timestamp) -> Option<Timestamp> {
    let oldest = now.micros() - OLDEST_MICROS + MARGIN_MICROS;
    [entry.occurred_at, entry.received_at].into_iter().find(|at| at.micros() >= oldest)
}

/// Who did what and when; the rest is in our log.
fn shortened(log: &Map<String, Value>) -> Map<String, Value> {
    let names = ["index", "id", "action", "occurred_at", "received_at", "actor", "outcome", "workspace"];
    let kept = names.iter().filter_map(|name| Some(((*name).to_owned(), log.get(*name)?.clone())));
    kept.chain([("truncated".to_owned(), Value::Bool(true))]).collect()
}
