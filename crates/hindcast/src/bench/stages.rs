//! Where the time of an event goes before it is written: each stage alone, on one thread.

use super::Figure;
use super::generate::Generator;
use crate::app::App;
use crate::catalog::By;
use crate::config::Config;
use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp};
use hindcast_ledger::{Batch, commitment_of};
use std::hint::black_box;
use std::time::Instant;

const EVENTS: u64 = 1000;
const ROUNDS: usize = 60;

pub(super) fn measure(generator: &Generator) -> anyhow::Result<Vec<Figure>> {
    let events: Vec<Vec<u8>> = (0..EVENTS)
        .map(|i| {
            let mut event = Vec::new();
            generator.event(i, &mut event);
            event
        })
        .collect();
    let texts = events.iter().map(|event| std::str::from_utf8(event)).collect::<Result<Vec<_>, _>>()?;
    let drafts = texts.iter().map(|text| Draft::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let encoded = || -> anyhow::Result<Entries> {
        let mut entries = Entries::with_capacity(EVENTS as usize, 1 << 20);
        let arrival = Arrival { now: Timestamp::MIN, random: [7; 10] };
        for draft in &drafts {
            entries.push_new(Kind::Event, &[9; 16], |out| draft.encode(&arrival, out))?;
        }
        Ok(entries)
    };
    let entries = encoded()?;
    let parse = || Ok(texts.iter().map(|text| Draft::parse(text)).collect::<Result<Vec<_>, _>>()?);
    let hash = || {
        let hashes = entries.iter().map(|entry| commitment_of(&entry));
        Ok(hashes.collect::<Result<Vec<_>, _>>()?)
    };
    let pack = || Ok(Batch::new(entries.clone(), None)?);
    let folder = tempfile::tempdir()?;
    let mut config = Config::load(None)?;
    (config.data.folder, config.data.keys) = (folder.path().join("data"), folder.path().join("keys"));
    let app = App::open(config)?;
    let workspace = app.create_workspace("bench", &By::server())?.id;
    let facts = || {
        let mut working = app.facts.begin(&app, &workspace, (app.clock)());
        Ok(drafts.iter().map(|draft| working.facts(draft).len()).sum::<usize>())
    };
    let facts_us = least(facts)?;
    app.close();
    let hash_us = least(hash)?;
    let figures = [
        ("stage parse", least(parse)?),
        ("stage facts", facts_us),
        ("stage encode", least(encoded)?),
        ("stage hash", hash_us),
        ("stage pack", least(pack)? - hash_us),
    ];
    let note = format!("the least of {ROUNDS} rounds of {EVENTS} events on one thread");
    Ok(figures.map(|(metric, micros)| Figure::ours(metric, micros, "µs/event", note.clone())).into())
}

/// Microseconds for each event in the quickest round, which others disturbed least.
pub(super) fn least<T>(mut stage: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        black_box(stage()?);
        least = least.min(begun.elapsed().as_secs_f64() * 1e6 / EVENTS as f64);
    }
    Ok(least)
}
