//! Elasticsearch and OpenSearch: `_bulk` with `create`, which is all a data stream takes, and an answer for each entry.

use super::format::Format;
use super::web::{Answer, Web};
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const BODY_BYTES_MAX: usize = 10_000_000;
/// An answer has some text for each entry that was refused.
const ANSWER_BYTES_MAX: u64 = 8 << 20;
const TIMEOUT: Duration = Duration::from_secs(60);

pub(super) const KIND: KindOf = KindOf {
    word: "elastic",
    name: "Elasticsearch, OpenSearch",
    is_for_people: false,
    fields: &[
        Field::required("url", FieldKind::Url { example: "https://elastic.example.com:9200" }),
        Field::required("index", FieldKind::Text { bytes_max: 200, example: "logs-audit-default" }),
        Field::optional("api_key", FieldKind::Text { bytes_max: 500, example: "" }).secret(),
        Field::optional("user", FieldKind::Text { bytes_max: 200, example: "" }),
        Field::optional("password", FieldKind::Text { bytes_max: 500, example: "" }).secret(),
        Field::optional("ca", FieldKind::Lines { bytes_max: 64 * 1024 }),
    ],
    formats: &[Format::Native, Format::Ecs],
    retry: Retry::Stream,
    is_best_effort: false,
    open,
    complete: |_, _| None,
};

fn open(settings: &Settings, format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let authorization = match (settings.text("api_key"), settings.text("user"), settings.text("password")) {
        // People have it as `id:key` or already encoded.
        (Some(key), None, None) if key.contains(':') => Some(format!("ApiKey {}", STANDARD.encode(key))),
        (Some(key), None, None) => Some(format!("ApiKey {key}")),
        (None, Some(user), Some(password)) => {
            Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
        }
        (None, None, None) => None,
        (Some(_), ..) => {
            return Err(Invalid::new("api_key", "is given, so there is no user and no password"));
        }
        _ => return Err(Invalid::new("password", "and user belong together")),
    };
    let index = settings.required("index")?;
    let is_name = |c: char| !(c.is_uppercase() || c.is_whitespace() || "\\/*?\"<>|,#:".contains(c));
    if !index.chars().all(is_name) || index.starts_with(['-', '_', '+', '.']) {
        return Err(Invalid::new("index", "must be the name of an index or a data stream, in lower case"));
    }
    let base = settings.required("url")?.trim_end_matches('/');
    let wanted = "filter_path=errors,error,status,items.*.status,items.*.error";
    Ok(Box::new(Elastic {
        url: format!("{}/_bulk?{wanted}", base.strip_suffix("/_bulk").unwrap_or(base)),
        index: index.to_owned(),
        authorization,
        format,
        sender: sender.clone(),
        web: Web::new(&sender.guard, TIMEOUT, settings)?.with_answers(ANSWER_BYTES_MAX),
    }))
}

struct Elastic {
    url: String,
    index: String,
    authorization: Option<String>,
    format: Format,
    sender: Sender,
    web: Web,
}

impl Sink for Elastic {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: 1_000, bytes_max: BODY_BYTES_MAX * 3 / 4, wait: Duration::from_secs(1) }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let body: String = entries.iter().map(|entry| self.lines(entry)).collect();
        if body.len() > BODY_BYTES_MAX && entries.len() > 1 {
            return Tried::Split(Said::nothing("more than ten megabytes"));
        }
        let mut headers = vec![("content-type", "application/x-ndjson")];
        headers.extend(self.authorization.as_deref().map(|value| ("authorization", value)));
        match self.web.post(&self.url, &headers, body.as_bytes()) {
            Ok(answer) => judged(&answer, entries.len()),
            Err(said) => Tried::again(said),
        }
    }
}

impl Elastic {
    fn lines(&self, entry: &Outgoing) -> String {
        // Ids of entries are the callers' own, and two may be the same; the place in the log is not.
        let id = match entry.is_test {
            true => format!("test-{}", entry.id),
            false => format!("{}-{}", self.sender.workspace, entry.index),
        };
        let action = json!({ "create": { "_index": self.index, "_id": id } });
        format!("{action}\n{}\n", Value::Object(self.document(entry)))
    }

    fn document(&self, entry: &Outgoing) -> Map<String, Value> {
        let mut document = self.format.object(entry, &self.sender);
        let time = || entry.occurred_at.to_string().into();
        document.entry("@timestamp").or_insert_with(time);
        if self.format == Format::Native {
            let text = |path| entry.text(path).unwrap_or_default();
            let event =
                json!({ "id": entry.id, "action": text("action"), "outcome": text("outcome.result") });
            document.insert("event".to_owned(), event);
        }
        document
    }
}

#[derive(Debug, Deserialize)]
struct Bulk {
    errors: bool,
    #[serde(default)]
    items: Vec<BTreeMap<String, Item>>,
}

#[derive(Debug, Deserialize)]
struct Item {
    status: u16,
    error: Option<Value>,
}

impl Item {
    fn told(&self) -> String {
        let text = |name: &str| self.error.as_ref().and_then(|error| error.get(name)?.as_str());
        let told = [text("type"), text("reason")].into_iter().flatten().collect::<Vec<_>>().join(": ");
        Said::new(self.status, &told).told()
    }
}

/// What an answer means: its status says little, its items everything.
fn judged(answer: &Answer, sent: usize) -> Tried {
    if answer.status != 200 {
        return answer.tried();
    }
    let said = Said::new(answer.status, "");
    let bulk = serde_json::from_slice::<Bulk>(&answer.body).ok().filter(|bulk| bulk.items.len() == sent);
    let Some(bulk) = bulk else {
        let text = format!("this is not the answer to a bulk of {sent}: {}", answer.said().text);
        return Tried::again(Said::new(answer.status, &text));
    };
    let items: Vec<_> = bulk.items.iter().filter_map(|item| item.values().next()).collect();
    if items.len() == sent && !bulk.errors && items.iter().all(|item| (200..300).contains(&item.status)) {
        return Tried::Delivered(said);
    }
    let mut dead = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match item.status {
            // 409: our id is there already.
            200..300 | 409 => {}
            401 | 403 => return Tried::Pause(Said::new(item.status, &item.told())),
            // What follows may be there; when it comes again, it is a 409.
            404 | 408 | 429 | 500.. => {
                let said = Said::new(item.status, &item.told());
                return Tried::Again { taken: place, dead, after: None, said };
            }
            _ => dead.push((place, item.told())),
        }
    }
    if dead.is_empty() { Tried::Delivered(said) } else { Tried::But(dead, said) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, body: &str, sent: usize) -> Tried {
        judged(
            &Answer {
                status,
                body: body.as_bytes().to_vec(),
                is_cut: false,
                retry_after: None,
                headers: Default::default(),
            },
            sent,
        )
    }

    fn items(statuses: &[u16]) -> String {
        let item = |status: &u16| match status {
            201 => json!({ "create": { "status": 201 } }),
            _ => json!({ "create": { "status": status, "error": { "type": "t", "reason": "r" } } }),
        };
        let errors = statuses.iter().any(|status| *status != 201);
        json!({ "errors": errors, "items": statuses.iter().map(item).collect::<Vec<_>>() }).to_string()
    }

    #[test]
    fn every_item_has_a_say() {
        assert!(matches!(judge(200, &items(&[201, 201]), 2), Tried::Delivered(_)));
        assert!(matches!(judge(200, &items(&[201, 409]), 2), Tried::Delivered(_)));
        let Tried::But(dead, _) = judge(200, &items(&[201, 400, 201]), 3) else { panic!("one is dead") };
        assert_eq!(dead, [(1, "400 t: r".to_owned())]);
        let Tried::Again { taken, dead, .. } = judge(200, &items(&[400, 201, 429, 201, 400]), 5) else {
            panic!("one comes again")
        };
        assert_eq!((taken, dead.len()), (2, 1));
        assert!(matches!(judge(200, &items(&[201, 403]), 2), Tried::Pause(_)));
    }

    #[test]
    fn what_is_no_answer_to_the_bulk_comes_again() {
        for body in ["", "{}", "<html>", r#"{"errors":false,"items":[]}"#, &items(&[201])] {
            assert!(matches!(judge(200, body, 2), Tried::Again { taken: 0, .. }), "{body}");
        }
        assert!(matches!(judge(413, "", 2), Tried::Split(_)));
        assert!(matches!(judge(429, "", 2), Tried::Again { .. }));
        assert!(matches!(judge(401, "", 2), Tried::Pause(_)));
    }
}
