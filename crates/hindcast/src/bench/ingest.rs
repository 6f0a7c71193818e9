//! Ingest: first as fast as entries can be made durable and provable, then with their packing beside it.

use super::Figure;
use super::batches::{Batch as Drawn, Batches};
use super::generate::Generator;
use super::machine::{Stopwatch, peak_mb};
use super::ours::median;
use crate::app::App;
use crate::facts::Settling;
use crate::followers::{merge_one, seal_one};
use anyhow::{Context as _, ensure};
use hindcast_event::{Arrival, Draft, Entries, Kind};
use hindcast_ledger::{Batch, WorkspaceId};
use hindcast_segments::Budget;
use hindcast_segments::query::Query;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Batches one thread has under way; the next is prepared while they are synced.
const UNDER_WAY: usize = 4;

pub(super) fn measure(
    app: &Arc<App>,
    generator: &Generator,
    workspaces: &[WorkspaceId],
    file: &Path,
) -> anyhow::Result<Vec<Figure>> {
    eprintln!("drawing {} events …", generator.total());
    let queue = Mutex::new(Batches::draw(generator, file)?);
    eprintln!("appending …");
    let whole = Stopwatch::start();
    let mut figures = burst(app, workspaces, &queue)?;
    figures.push(newest_of_tail(app)?);
    let sealing = Sealing::start(app);
    let watch = Stopwatch::start();
    let rest = append_all(app, workspaces, || {
        while !app.has_room() {
            std::thread::sleep(Duration::from_millis(1));
        }
        lock(&queue).next()
    })?;
    let sustained = rest.events as f64 / watch.seconds();
    eprintln!("packing the rest …");
    sealing.finish(app)?;
    let indexed = generator.total() as f64 / whole.seconds();
    if rest.events > 0 {
        let note = "the rest, while packing and indexing go on beside it";
        figures.push(Figure::ours("ingest beside packing", sustained, "events/s", note));
    }
    let note = "all of it, until everything is in segments with their indexes";
    figures.push(Figure::ours("ingest indexed", indexed, "events/s", note));
    figures.push(Figure::ours("memory load", peak_mb(), "MB", "peak while writing, files included"));
    figures.push(merge(app, generator.total())?);
    Ok(figures)
}

/// What is appended before the memory for entries not yet packed is full.
fn burst(app: &App, workspaces: &[WorkspaceId], queue: &Mutex<Batches>) -> anyhow::Result<Vec<Figure>> {
    let watch = Stopwatch::start();
    let mut burst =
        append_all(app, workspaces, || if app.has_room() { lock(queue).next() } else { Ok(None) })?;
    let (seconds, cpu, events) = (watch.seconds(), watch.cpu_seconds(), burst.events as f64);
    burst.latencies.sort_unstable();
    let at = |share: f64| {
        let latency = burst.latencies.get(((burst.latencies.len() - 1) as f64 * share) as usize);
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    };
    let note = format!("{events} events by the library, batches of 1000, two threads, before packing begins");
    Ok(vec![
        Figure::ours("ingest", events / seconds, "events/s", note.clone()),
        Figure::ours("ingest cpu", cpu * 1e6 / events, "s/1M", note.clone()),
        Figure::ours("batch p50", at(0.5), "ms", note.clone()),
        Figure::ours("batch p99", at(0.99), "ms", note),
    ])
}

/// The newest page of the workspace with the longest tail.
fn newest_of_tail(app: &App) -> anyhow::Result<Figure> {
    let rooms = app.rooms.all();
    let room = rooms.iter().max_by_key(|room| room.store.tail_len()).context("a room")?;
    let newest = Query::default();
    let entries = room.store.tail_len();
    let time =
        median(|| Ok(room.store.snapshot().search(&newest, None, 50, &Budget::default())?.entries.len()))?;
    let note = format!("{entries} entries of it not in segments yet");
    Ok(Figure::ours("Q1 newest, tail", time, "ms", note))
}

/// Seals as the server does, but so that its end can be awaited.
struct Sealing {
    last: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Sealing {
    fn start(app: &Arc<App>) -> Self {
        let last = Arc::new(AtomicBool::new(false));
        let thread = |_| {
            let (app, last) = (app.clone(), last.clone());
            std::thread::spawn(move || {
                loop {
                    let at_once = last.load(Ordering::Relaxed);
                    match seal_one(&app, at_once) {
                        true => {}
                        false if at_once => return,
                        false => std::thread::sleep(Duration::from_millis(20)),
                    }
                }
            })
        };
        Self { threads: (0..2).map(thread).collect(), last }
    }

    fn finish(self, app: &App) -> anyhow::Result<()> {
        self.last.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow::anyhow!("sealing panicked"))?;
        }
        ensure!(app.rooms.all().iter().all(|room| room.store.tail_len() == 0), "not everything was sealed");
        Ok(())
    }
}

/// Merges until there is nothing left to merge, on one thread as the server does.
fn merge(app: &App, events: u64) -> anyhow::Result<Figure> {
    eprintln!("merging …");
    let watch = Stopwatch::start();
    for room in app.rooms.all() {
        while merge_one(app, &room)? {}
    }
    let segments: usize = app.rooms.all().iter().map(|room| room.store.metas().len()).sum();
    let note = format!("{:.1} s on the clock, {segments} segments are left", watch.seconds());
    Ok(Figure::ours("merge cpu", watch.cpu_seconds() * 1e6 / events as f64, "s/1M", note))
}

/// What was appended.
struct Appended {
    events: u64,
    latencies: Vec<Duration>,
}

/// Appends on two threads what `next` gives them.
fn append_all(
    app: &App,
    workspaces: &[WorkspaceId],
    next: impl Fn() -> anyhow::Result<Option<Drawn>> + Sync,
) -> anyhow::Result<Appended> {
    let append = || -> anyhow::Result<Appended> {
        let mut all = Appended { events: 0, latencies: Vec::new() };
        let (done, answers) = mpsc::channel::<(Instant, Result<_, _>)>();
        let mut under_way = 0;
        loop {
            let next = next()?;
            while under_way > 0 && (next.is_none() || under_way == UNDER_WAY) {
                let (begun, appended) = answers.recv()?;
                let appended: hindcast_ledger::Appended = appended?;
                all.events += appended.count;
                all.latencies.push(begun.elapsed());
                under_way -= 1;
            }
            let Some((workspace, bytes, ends)) = next else { return Ok(all) };
            let workspace = &workspaces[workspace as usize];
            let (batch, settling) = prepared(app, workspace, &bytes, &ends)?;
            let (done, begun) = (done.clone(), Instant::now());
            let replied = move |appended: Result<hindcast_ledger::Appended, _>| {
                if let Ok(appended) = &appended {
                    settling.settle(appended.first);
                }
                drop(done.send((begun, appended)));
            };
            app.ledger.append_then(workspace, batch, Box::new(replied));
            under_way += 1;
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(append), scope.spawn(append)];
        let mut all = Appended { events: 0, latencies: Vec::new() };
        for thread in threads {
            let part = thread.join().map_err(|_| anyhow::anyhow!("a writer panicked"))??;
            all.events += part.events;
            all.latencies.extend(part.latencies);
        }
        Ok(all)
    })
}

fn lock(queue: &Mutex<Batches>) -> std::sync::MutexGuard<'_, Batches> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the server does with a body: read, check, mask, find facts, encode, hash and pack.
fn prepared(
    app: &App,
    workspace: &WorkspaceId,
    bytes: &[u8],
    ends: &[usize],
) -> anyhow::Result<(Batch, Settling)> {
    let now = (app.clock)();
    let mut working = app.facts.begin(app, workspace, now);
    let mut random = vec![0; 26 * ends.len()];
    getrandom::fill(&mut random)?;
    let mut entries = Entries::with_capacity(ends.len(), bytes.len() + bytes.len() / 8);
    let mut from = 0;
    for (end, random) in ends.iter().zip(random.as_chunks::<26>().0) {
        let draft = Draft::parse(std::str::from_utf8(&bytes[from..*end])?)?;
        let (id, key) = random.split_at(10);
        let arrival = Arrival { now, random: id.try_into()? };
        let facts = working.facts(&draft);
        entries.push_new(Kind::Event, key.try_into()?, |out| draft.encode_with(&arrival, facts, out))?;
        from = *end;
    }
    Ok((Batch::new(entries, None)?, working.settling()))
}
