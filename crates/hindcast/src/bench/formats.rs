//! What it costs to spell an entry for others: each format alone, on one thread.

use super::Figure;
use super::generate::Generator;
use super::stages::least;
use crate::deliver::format::{Format, otlp, syslog};
use crate::deliver::{Guard, Notary, Outgoing, Sender, outgoing};
use anyhow::bail;
use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp};
use std::sync::Arc;

const ENTRIES: u64 = 1000;

pub(super) fn measure(generator: &Generator) -> anyhow::Result<Vec<Figure>> {
    let (entries, sender) = (entries(generator)?, sender()?);
    let mut figures = Vec::new();
    let mut told = |name: &str, micros: f64| {
        let note = format!("the least of 60 rounds of {ENTRIES} entries on one thread");
        figures.push(Figure::ours(&format!("format {name}"), micros * 1000.0, "ns/entry", note));
    };
    for format in Format::ALL.iter().filter(|format| **format != Format::Intercom) {
        told(
            format.as_str(),
            least(|| Ok(entries.iter().map(|entry| format.line(entry, &sender).len()).sum::<usize>()))?,
        );
    }
    let shape = syslog::Shape {
        format: Format::Cef,
        enterprise: syslog::ENTERPRISE,
        bytes_max: syslog::MESSAGE_BYTES_MAX,
    };
    told(
        "syslog with cef",
        least(|| Ok(entries.iter().filter_map(|entry| syslog::message(entry, &sender, shape)).count()))?,
    );
    told("otlp protobuf", least(|| Ok(otlp::protobuf(&entries, &sender)))?);
    told("otlp json", least(|| Ok(otlp::json(&entries, &sender)))?);
    Ok(figures)
}

fn entries(generator: &Generator) -> anyhow::Result<Vec<Outgoing>> {
    let mut entries = Entries::default();
    let mut text = Vec::new();
    for i in 0..ENTRIES {
        text.clear();
        generator.event(i, &mut text);
        let draft = Draft::parse(std::str::from_utf8(&text)?)?;
        let arrival = Arrival { now: Timestamp::from_micros(1_763_752_620_000_000), random: [7; 10] };
        entries.push_new(Kind::Event, &[9; 16], |out| draft.encode(&arrival, out))?;
    }
    entries.settle(0, Timestamp::from_micros(1_763_752_620_000_000));
    entries.iter().map(|entry| outgoing(&entry, Format::Native)).collect()
}

fn sender() -> anyhow::Result<Sender> {
    Ok(Sender {
        workspace: "bench".parse()?,
        host: "audit.example.com".to_owned(),
        destination: "bench".to_owned(),
        clock: Arc::new(|| Timestamp::from_micros(0)),
        guard: Arc::new(Guard::new(&[])),
        notary: Arc::new(Nobody),
        people: Arc::default(),
    })
}

/// Formats sign nothing.
struct Nobody;

impl Notary for Nobody {
    fn checkpoint(&self) -> Option<String> {
        None
    }

    fn sign(&self, _text: String) -> anyhow::Result<String> {
        bail!("nobody signs here")
    }
}
