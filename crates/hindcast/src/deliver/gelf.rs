//! Graylog (GELF 1.1) over HTTP, which answers, or over TLS, TCP and UDP, which do not.
//!
//! Over TCP a message ends in a zero byte and is not compressed; a datagram is cut into at most 128 chunks.

use super::format::Format;
use super::stream::{Carrier, Stream};
use super::syslog::PEM_BYTES_MAX;
use super::web::Web;
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use std::time::Duration;

/// Graylog.
pub(crate) const KIND: KindOf = KindOf {
    word: "gelf",
    name: "Graylog (GELF)",
    is_for_people: false,
    fields: &[
        Field::optional("transport", FieldKind::Choice(&["http", "tls", "tcp", "udp"])),
        Field::optional("url", FieldKind::Url { example: "https://graylog.example.com:12201/gelf" }),
        Field::optional("address", FieldKind::Text { bytes_max: 300, example: "graylog.example.com:12201" }),
        Field::optional("ca", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }),
        Field::optional("certificate", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }),
        Field::optional("key", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }).secret(),
        Field::optional(
            "chunk_bytes",
            FieldKind::Number { min: 512, max: 8192, default: CHUNK_BYTES_MAX as u64 },
        ),
    ],
    formats: &[Format::Gelf],
    retry: Retry::Stream,
    // Over HTTP it answers; the other ways do not.
    is_best_effort: true,
    open,
    complete: |_, _| None,
};

/// What passes most networks in one piece.
const CHUNK_BYTES_MAX: usize = 1420;
const CHUNKS_MAX: usize = 128;
/// Two bytes that say what it is, eight of an id, the number of the chunk, and how many there are.
const CHUNK_HEAD_BYTES: usize = 12;
const ENTRIES_MAX: usize = 500;
const BYTES_MAX: usize = 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

struct Gelf {
    by: By,
    sender: Sender,
}

enum By {
    Http { web: Web, url: String },
    Stream(Stream),
    Datagrams { stream: Stream, chunk_bytes: usize },
}

fn open(settings: &Settings, _format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let chunk_bytes = usize::try_from(settings.number("chunk_bytes", CHUNK_BYTES_MAX as u64));
    let by = match settings.text("transport").unwrap_or("http") {
        "http" => By::Http {
            web: Web::new(&sender.guard, TIMEOUT, settings)?,
            url: settings.required("url")?.to_owned(),
        },
        "udp" => By::Datagrams {
            stream: Stream::new(settings, Carrier::Udp, sender)?,
            chunk_bytes: chunk_bytes.unwrap_or(CHUNK_BYTES_MAX),
        },
        word => By::Stream(Stream::new(settings, Carrier::of(word), sender)?),
    };
    Ok(Box::new(Gelf { by, sender: sender.clone() }))
}

impl Sink for Gelf {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: ENTRIES_MAX, bytes_max: BYTES_MAX, wait: Duration::ZERO }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let messages = entries.iter().map(|entry| Format::Gelf.line(entry, &self.sender).into_bytes());
        match &mut self.by {
            By::Http { web, url } => over_http(web, url, messages),
            By::Stream(stream) => {
                let framed: Vec<Vec<u8>> = messages.map(|message| [&message[..], &[0]].concat()).collect();
                sent(stream.write(framed.iter().map(Vec::as_slice)), Vec::new())
            }
            By::Datagrams { stream, chunk_bytes } => datagrams(stream, *chunk_bytes, entries, messages),
        }
    }
}

/// One message a request: Graylog's input takes no more unless it is told to.
fn over_http(web: &Web, url: &str, messages: impl Iterator<Item = Vec<u8>>) -> Tried {
    let mut dead = Vec::new();
    let mut last = Said::default();
    for (place, message) in messages.enumerate() {
        let answer = match web.post(url, &[("content-type", "application/json")], &message) {
            Ok(answer) => answer,
            Err(said) => return Tried::Again { taken: place, dead, after: None, said },
        };
        match answer.tried() {
            Tried::Delivered(said) => last = said,
            Tried::Split(said) => {
                dead.push((place, format!("status {}: {}", answer.status, said.text)));
                last = said;
            }
            Tried::Again { after, said, .. } => return Tried::Again { taken: place, dead, after, said },
            // Everything before it arrived; it will be refused again, and then nothing is taken.
            other if place == 0 => return other,
            other => return Tried::Again { taken: place, dead, after: None, said: other.said().clone() },
        }
    }
    if dead.is_empty() { Tried::Delivered(last) } else { Tried::But(dead, last) }
}

fn datagrams(
    stream: &mut Stream,
    chunk_bytes: usize,
    entries: &[Outgoing],
    messages: impl Iterator<Item = Vec<u8>>,
) -> Tried {
    let mut dead = Vec::new();
    for (place, (message, entry)) in messages.zip(entries).enumerate() {
        let Some(chunks) = chunks(&message, chunk_bytes, entry.index) else {
            dead.push((place, format!("{} bytes do not fit into {CHUNKS_MAX} chunks", message.len())));
            continue;
        };
        if let (_, Some(said)) = stream.write(chunks.iter().map(Vec::as_slice)) {
            return Tried::Again { taken: place, dead, after: None, said };
        }
    }
    sent((entries.len(), None), dead)
}

fn sent((_, failed): (usize, Option<Said>), dead: Vec<(usize, String)>) -> Tried {
    match failed {
        Some(said) => Tried::again(said),
        None => {
            let said = Said::nothing("sent; this way nobody says whether it arrived");
            if dead.is_empty() { Tried::Delivered(said) } else { Tried::But(dead, said) }
        }
    }
}

/// A message in datagrams; nothing if it is too long.
fn chunks(message: &[u8], chunk_bytes: usize, id: u64) -> Option<Vec<Vec<u8>>> {
    if message.len() <= chunk_bytes {
        return Some(vec![message.to_vec()]);
    }
    let pieces: Vec<&[u8]> = message.chunks(chunk_bytes - CHUNK_HEAD_BYTES).collect();
    let count = u8::try_from(pieces.len()).ok().filter(|&count| usize::from(count) <= CHUNKS_MAX)?;
    let chunk = |(number, piece): (u8, &&[u8])| {
        [&[0x1e, 0x0f], &id.to_be_bytes()[..], &[number, count], piece].concat()
    };
    Some((0..count).zip(&pieces).map(chunk).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_put_together_again_from_its_chunks() {
        let message: Vec<u8> = (0..=255).cycle().take(5000).collect();
        let chunks = chunks(&message, 1420, 7).expect("fits");
        assert_eq!(chunks.len(), 4);
        let mut whole = Vec::new();
        for (number, chunk) in chunks.iter().enumerate() {
            assert!(chunk.len() <= 1420);
            assert_eq!(chunk[..2], [0x1e, 0x0f]);
            assert_eq!(chunk[2..10], 7_u64.to_be_bytes());
            assert_eq!(chunk[10..12], [number as u8, 4]);
            whole.extend_from_slice(&chunk[12..]);
        }
        assert_eq!(whole, message);
    }

    #[test]
    fn what_needs_no_chunks_has_none_and_what_needs_too_many_is_refused() {
        assert_eq!(chunks(b"{}", 1420, 7), Some(vec![b"{}".to_vec()]));
        assert!(chunks(&[0; 128 * 1408], 1420, 7).is_some());
        assert_eq!(chunks(&[0; 128 * 1408 + 1], 1420, 7), None);
    }
}
