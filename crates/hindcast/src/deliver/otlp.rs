//! OpenTelemetry (OTLP/HTTP): logs as Protocol Buffers or JSON.
//!
//! What the receiver rejects in an answer that is otherwise a success must never be sent again, so it becomes dead letters.
//! It says how many those are and not which: all of the batch are named, with what it said.

use super::format::{Format, otlp};
use super::http::Credential;
use super::syslog::PEM_BYTES_MAX;
use super::web::{Answer, Web, gzip};
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use std::time::Duration;

/// A collector, or whatever else takes OTLP.
pub(crate) const KIND: KindOf = KindOf {
    word: "otlp",
    name: "OpenTelemetry (OTLP)",
    is_for_people: false,
    fields: &[
        Field::required("url", FieldKind::Url { example: "https://collector.example.com:4318/v1/logs" }),
        Field::optional("encoding", FieldKind::Choice(&["protobuf", "json"])),
        Field::optional("compression", FieldKind::Choice(&["gzip", "none"])),
        Field::optional("header", FieldKind::Text { bytes_max: 100, example: "authorization" }),
        Field::optional("header_value", FieldKind::Text { bytes_max: 4000, example: "Bearer …" }).secret(),
        Field::optional("ca", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }),
    ],
    formats: &[Format::Native],
    retry: Retry::Stream,
    is_best_effort: false,
    open,
    complete: |_, _| None,
};

const ENTRIES_MAX: usize = 2000;
/// Receivers should take 64 MiB and many take 4.
const BYTES_MAX: usize = 2 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

struct Otlp {
    web: Web,
    url: String,
    credential: Credential,
    is_json: bool,
    is_compressed: bool,
    sender: Sender,
}

fn open(settings: &Settings, _format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    Ok(Box::new(Otlp {
        web: Web::new(&sender.guard, TIMEOUT, settings)?,
        url: settings.required("url")?.to_owned(),
        credential: Credential::of(settings)?,
        is_json: settings.text("encoding") == Some("json"),
        is_compressed: settings.text("compression") != Some("none"),
        sender: sender.clone(),
    }))
}

impl Sink for Otlp {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: ENTRIES_MAX, bytes_max: BYTES_MAX, wait: Duration::from_secs(1) }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let (body, media_type) = match self.is_json {
            true => (otlp::json(entries, &self.sender), "application/json"),
            false => (otlp::protobuf(entries, &self.sender), "application/x-protobuf"),
        };
        let mut headers = vec![("content-type", media_type)];
        headers.extend(self.credential.header());
        let body = if self.is_compressed {
            headers.push(("content-encoding", "gzip"));
            gzip(&body)
        } else {
            body
        };
        match self.web.post(&self.url, &headers, &body) {
            Ok(answer) => tried(&answer, entries.len(), self.is_json),
            Err(said) => Tried::again(said),
        }
    }
}

/// What an answer means (OTLP 1.x, "OTLP/HTTP Response").
fn tried(answer: &Answer, count: usize, is_json: bool) -> Tried {
    let said = answer.said();
    match answer.status {
        200..300 => {
            let rejected = match is_json {
                true => otlp::rejected_in_json(&answer.body),
                false => otlp::rejected_in_protobuf(&answer.body),
            };
            // An answer that nobody can read is still a yes.
            let rejected = rejected.unwrap_or_default();
            let told = Said::new(answer.status, &rejected.message);
            if rejected.records == 0 {
                return Tried::Delivered(told);
            }
            let why =
                format!("{} of {count} in this batch were rejected: {}", rejected.records, rejected.message);
            Tried::But((0..count).map(|place| (place, why.clone())).collect(), told)
        }
        401 | 403 => Tried::Pause(said),
        413 => Tried::Split(said),
        429 | 502 | 503 | 504 => Tried::again_after(answer.retry_after, said),
        // Never again: what is malformed stays so. One by one, what is good still arrives.
        _ => Tried::Split(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &[u8]) -> Answer {
        Answer { status, body: body.to_vec(), is_cut: false, retry_after: None, headers: Default::default() }
    }

    #[test]
    fn what_is_rejected_in_part_is_never_sent_again() {
        let json = br#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}"#;
        // partial_success { rejected_log_records: 2, error_message: "too old" }
        let protobuf = b"\x0a\x0b\x08\x02\x12\x07too old";
        for (body, is_json) in [(json.as_slice(), true), (protobuf, false)] {
            let Tried::But(dead, said) = tried(&answer(200, body), 3, is_json) else {
                panic!("dead letters")
            };
            assert_eq!(dead.len(), 3);
            assert_eq!(dead[0].1, "2 of 3 in this batch were rejected: too old");
            assert_eq!(said.text, "too old");
        }
    }

    #[test]
    fn an_empty_answer_is_a_yes_and_a_warning_is_told() {
        assert_eq!(tried(&answer(200, b""), 3, false), Tried::Delivered(Said::new(200, "")));
        assert_eq!(tried(&answer(200, b"{}"), 3, true), Tried::Delivered(Said::new(200, "")));
        let warning = br#"{"partialSuccess":{"errorMessage":"use gzip"}}"#;
        assert_eq!(tried(&answer(200, warning), 3, true), Tried::Delivered(Said::new(200, "use gzip")));
    }

    #[test]
    fn only_what_may_pass_comes_again() {
        for status in [429, 502, 503, 504] {
            assert!(
                matches!(tried(&answer(status, b""), 3, false), Tried::Again { taken: 0, .. }),
                "{status}"
            );
        }
        for status in [400, 404, 413, 500] {
            assert!(matches!(tried(&answer(status, b""), 3, false), Tried::Split(_)), "{status}");
        }
        for status in [401, 403] {
            assert!(matches!(tried(&answer(status, b""), 3, false), Tried::Pause(_)), "{status}");
        }
    }
}
