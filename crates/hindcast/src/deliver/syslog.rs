//! A syslog (RFC 5424) over TLS (RFC 5425), TCP (RFC 6587) or UDP (RFC 5426); the message is JSON, CEF or LEEF.
//!
//! Best effort: a syslog acknowledges nothing, and when a connection breaks, whatever was under way is lost. A batch that
//! could not be written whole is sent again whole.

use super::format::Format;
use super::format::syslog::{ENTERPRISE, MESSAGE_BYTES_MAX, Shape, message};
use super::stream::{Carrier, Stream};
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use crate::syslog::counted;
use std::time::Duration;

/// A syslog.
pub(crate) const KIND: KindOf = KindOf {
    word: "syslog",
    name: "Syslog (RFC 5424)",
    is_for_people: false,
    fields: &[
        Field::required("address", FieldKind::Text { bytes_max: 300, example: "logs.example.com:6514" }),
        Field::optional("transport", FieldKind::Choice(&["tls", "tcp", "udp"])),
        Field::optional("framing", FieldKind::Choice(&["counted", "lines"])),
        Field::optional("ca", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }),
        Field::optional("certificate", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }),
        Field::optional("key", FieldKind::Lines { bytes_max: PEM_BYTES_MAX }).secret(),
        Field::optional(
            "enterprise",
            FieldKind::Number { min: 1, max: 4_294_967_295, default: ENTERPRISE as u64 },
        ),
        Field::optional(
            "message_bytes",
            FieldKind::Number { min: 480, max: 65_507, default: MESSAGE_BYTES_MAX as u64 },
        ),
    ],
    formats: &[Format::Native, Format::Ocsf, Format::Ocsf18, Format::Ecs, Format::Cef, Format::Leef],
    retry: Retry::Stream,
    is_best_effort: true,
    open,
    complete: |_, _| None,
};

/// Certificates and keys in PEM.
pub(super) const PEM_BYTES_MAX: usize = 64 * 1024;
const ENTRIES_MAX: usize = 500;
const BYTES_MAX: usize = 1024 * 1024;

struct Syslog {
    stream: Stream,
    sender: Sender,
    shape: Shape,
    framing: Framing,
}

/// How messages are told apart.
#[derive(Clone, Copy)]
enum Framing {
    /// A datagram is a message.
    Datagram,
    /// Each behind its length.
    Counted,
    /// A line is a message, so there is no line break in it.
    Lines,
}

fn open(settings: &Settings, format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let carrier = Carrier::of(settings.text("transport").unwrap_or("tls"));
    let framing = match (carrier, settings.text("framing")) {
        (Carrier::Udp, None) => Framing::Datagram,
        (Carrier::Udp, Some(_)) => return Err(Invalid::new("framing", "is for TCP and TLS; leave it out")),
        // RFC 5425 knows no other.
        (Carrier::Tls, Some("lines")) => return Err(Invalid::new("framing", "must be counted with TLS")),
        (_, Some("lines")) => Framing::Lines,
        _ => Framing::Counted,
    };
    let number = |name, default| settings.number(name, default);
    let shape = Shape {
        format,
        enterprise: u32::try_from(number("enterprise", ENTERPRISE.into())).unwrap_or(ENTERPRISE),
        bytes_max: usize::try_from(number("message_bytes", MESSAGE_BYTES_MAX as u64))
            .unwrap_or(MESSAGE_BYTES_MAX),
    };
    let stream = Stream::new(settings, carrier, sender)?;
    Ok(Box::new(Syslog { stream, sender: sender.clone(), shape, framing }))
}

impl Sink for Syslog {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: ENTRIES_MAX, bytes_max: BYTES_MAX, wait: Duration::ZERO }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let mut dead = Vec::new();
        let mut messages = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            match message(entry, &self.sender, self.shape) {
                Some(message) => messages.push((place, self.framing.put(message))),
                None => dead.push((place, format!("cannot be told in {} bytes", self.shape.bytes_max))),
            }
        }
        let (written, failed) = self.stream.write(messages.iter().map(|(_, message)| message.as_slice()));
        match failed {
            Some(said) => {
                let taken = written
                    .checked_sub(1)
                    .and_then(|last| messages.get(last))
                    .map_or(0, |(place, _)| place + 1);
                dead.retain(|&(place, _)| place < taken);
                Tried::Again { taken, dead, after: None, said }
            }
            None => {
                let said = Said::nothing("sent; a syslog does not say whether it arrived");
                if dead.is_empty() { Tried::Delivered(said) } else { Tried::But(dead, said) }
            }
        }
    }
}

impl Framing {
    fn put(self, mut message: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Datagram => message,
            Self::Counted => counted(&message),
            Self::Lines => {
                // No format writes one; what would break the lines must not depend on that.
                message.iter_mut().filter(|byte| matches!(byte, b'\n' | 0)).for_each(|byte| *byte = b' ');
                message.push(b'\n');
                message
            }
        }
    }
}
