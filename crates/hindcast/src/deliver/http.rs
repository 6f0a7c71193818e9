//! Anything else that takes JSON over HTTP: lines, arrays, one entry a request, CloudEvents in any of their modes.

use super::format::{Format, cloudevents};
use super::syslog::PEM_BYTES_MAX;
use super::web::{Web, gzip};
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use serde_json::Value;
use std::time::Duration;

/// Anything else that speaks HTTP.
pub(crate) const KIND: KindOf = KindOf {
    word: "http",
    name: "HTTP (NDJSON, JSON, CloudEvents)",
    is_for_people: false,
    fields: &[
        Field::required("url", FieldKind::Url { example: "https://collector.example.com/events" }),
        Field::optional("body", FieldKind::Choice(&["ndjson", "array", "single", "binary"])),
        Field::optional("compression", FieldKind::Choice(&["none", "gzip"])),
        Field::optional("header", FieldKind::Text { bytes_max: 100, example: "authorization" }),
        Field::optional("header_value", FieldKind::Text { bytes_max: 4000, example: "Bearer …" }).secret(),
        Field::optional("ca", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }),
        Field::optional("batch_entries", FieldKind::Number { min: 1, max: 5000, default: ENTRIES_MAX }),
    ],
    formats: &[Format::Native, Format::Ocsf, Format::Ocsf18, Format::Ecs, Format::CloudEvents],
    retry: Retry::Stream,
    is_best_effort: false,
    open,
    complete: |_, _| None,
};

const ENTRIES_MAX: u64 = 500;
const BYTES_MAX: usize = 1_000_000;
const TIMEOUT: Duration = Duration::from_secs(30);

struct Http {
    web: Web,
    url: String,
    credential: Credential,
    body: Body,
    is_compressed: bool,
    entries_max: usize,
    format: Format,
    sender: Sender,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// A JSON object a line.
    Ndjson,
    /// A JSON array.
    Array,
    /// A JSON object.
    Single,
    /// A CloudEvent in headers.
    Binary,
}

/// A header with a secret in it.
pub(super) struct Credential(Option<(String, String)>);

impl Credential {
    /// From the fields `header` (else `authorization`) and `header_value`.
    pub fn of(settings: &Settings) -> Result<Self, Invalid> {
        let Some(value) = settings.text("header_value") else {
            return match settings.text("header").is_some() {
                true => Err(Invalid::new("header_value", "is required beside `header`")),
                false => Ok(Self(None)),
            };
        };
        let name = settings.text("header").unwrap_or("authorization").to_ascii_lowercase();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(Invalid::new("header", "must be the name of a header, such as authorization"));
        }
        if OURS.contains(&name.as_str()) {
            return Err(Invalid::new("header", "must not be one that we set ourselves"));
        }
        if !value.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(Invalid::new("header_value", "must be printable ASCII"));
        }
        Ok(Self(Some((name, value.to_owned()))))
    }

    /// The header, if there is one.
    pub fn header(&self) -> Option<(&str, &str)> {
        self.0.as_ref().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

const OURS: &[&str] =
    &["content-type", "content-encoding", "content-length", "host", "transfer-encoding", "connection"];

fn open(settings: &Settings, format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let body = match settings.text("body").unwrap_or("ndjson") {
        "array" => Body::Array,
        "single" => Body::Single,
        "binary" if format == Format::CloudEvents => Body::Binary,
        "binary" => return Err(Invalid::new("body", "can be binary only in the format cloudevents")),
        _ => Body::Ndjson,
    };
    let entries_max = match body {
        Body::Single | Body::Binary => 100,
        Body::Ndjson | Body::Array => settings.number("batch_entries", ENTRIES_MAX),
    };
    Ok(Box::new(Http {
        web: Web::new(&sender.guard, TIMEOUT, settings)?,
        url: settings.required("url")?.to_owned(),
        credential: Credential::of(settings)?,
        body,
        is_compressed: settings.text("compression") == Some("gzip"),
        entries_max: usize::try_from(entries_max).unwrap_or(1),
        format,
        sender: sender.clone(),
    }))
}

impl Sink for Http {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: self.entries_max, bytes_max: BYTES_MAX, wait: Duration::from_secs(1) }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        match self.body {
            Body::Ndjson | Body::Array => self.post(&[], self.media_type(), self.together(entries)),
            Body::Single | Body::Binary => self.one_by_one(entries),
        }
    }
}

impl Http {
    fn media_type(&self) -> &'static str {
        match (self.body, self.format) {
            (Body::Array, Format::CloudEvents) => cloudevents::BATCH_MEDIA_TYPE,
            (Body::Single, Format::CloudEvents) => cloudevents::MEDIA_TYPE,
            (Body::Ndjson, _) => "application/x-ndjson",
            (Body::Array | Body::Single | Body::Binary, _) => "application/json",
        }
    }

    fn together(&self, entries: &[Outgoing]) -> Vec<u8> {
        let lines: Vec<String> = entries.iter().map(|entry| self.format.line(entry, &self.sender)).collect();
        match self.body {
            Body::Array => format!("[{}]", lines.join(",")).into_bytes(),
            _ => (lines.join("\n") + "\n").into_bytes(),
        }
    }

    fn one_by_one(&self, entries: &[Outgoing]) -> Tried {
        let mut dead = Vec::new();
        let mut last = Said::default();
        for (place, entry) in entries.iter().enumerate() {
            let tried = match self.body {
                Body::Binary => {
                    let (headers, body) = cloudevents::binary(entry, &self.sender);
                    self.post(&headers, self.media_type(), body)
                }
                _ => {
                    let object = Value::Object(self.format.object(entry, &self.sender));
                    self.post(&[], self.media_type(), object.to_string().into_bytes())
                }
            };
            match tried {
                Tried::Delivered(said) => last = said,
                Tried::Split(said) => {
                    dead.push((place, said.text.clone()));
                    last = said;
                }
                Tried::Again { after, said, .. } => return Tried::Again { taken: place, dead, after, said },
                other if place == 0 => return other,
                // What went before it arrived; the next try meets this one first.
                other => return Tried::Again { taken: place, dead, after: None, said: other.said().clone() },
            }
        }
        if dead.is_empty() { Tried::Delivered(last) } else { Tried::But(dead, last) }
    }

    fn post(&self, more: &[(String, String)], media_type: &str, body: Vec<u8>) -> Tried {
        let mut headers: Vec<(&str, &str)> = vec![("content-type", media_type)];
        headers.extend(more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        headers.extend(self.credential.header());
        let body = if self.is_compressed {
            headers.push(("content-encoding", "gzip"));
            gzip(&body)
        } else {
            body
        };
        match self.web.post(&self.url, &headers, &body) {
            Ok(answer) => answer.tried(),
            Err(said) => Tried::again(said),
        }
    }
}
