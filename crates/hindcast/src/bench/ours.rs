//! Our own figures, on the same code that serves.

use super::generate::{Generator, Hits, Params, WORKSPACES};
use super::machine::{Stopwatch, anonymous_mb, folder_bytes, peak_mb};
use super::{Figure, http};
use crate::app::App;
use crate::catalog::By;
use crate::config::Config;
use crate::followers::{Claims, merge_one, seal_one};
use crate::rooms::Room;
use crate::verify::verify_room;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::{Arrival, Draft, Entries, Kind};
use hindcast_ledger::{Batch, WorkspaceId};
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, CsvStyle, Cursor, FacetKind, Format};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const BATCH: usize = 1000;
/// Batches one thread has under way; the next is prepared while they are synced.
const UNDER_WAY: usize = 4;
const RUNS: usize = 25;
/// Drawn and kept in memory at once, so that making the data is not measured.
const STRETCH: u64 = 500_000;

pub(super) fn measure(generator: &Generator, params: &Params, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let _earlier = std::fs::remove_dir_all(folder);
    let config = config(folder)?;
    let app = Arc::new(App::open(config.clone())?);
    let workspaces: Vec<WorkspaceId> = (0..WORKSPACES)
        .map(|number| Ok(app.create_workspace(&format!("Workspace {number}"), &By::server())?.id))
        .collect::<anyhow::Result<_>>()?;
    let asked = workspaces.get(params.workspace as usize).context("the workspace that is asked")?;
    let room = app.rooms.get(asked).context("its room")?;

    let mut figures = ingest(&app, generator, &workspaces)?;
    figures.push(merge(&app, generator.total())?);
    figures.extend(queries(&room, params)?);
    figures.push(export(&room, params)?);
    figures.push(verify(&app, &workspaces)?);
    figures.push(bytes_per_event(folder, generator.total())?);
    app.close();
    drop((room, app));

    let app = Arc::new(App::open(config)?);
    std::thread::sleep(Duration::from_secs(2));
    figures.push(Figure::ours("memory idle", anonymous_mb(), "MB", "anonymous, after a restart"));
    figures.extend(http::measure(app, generator)?);
    Ok(figures)
}

fn config(folder: &Path) -> anyhow::Result<Config> {
    let mut config = Config::load(None)?;
    config.data.folder = folder.join("data");
    config.data.keys = folder.join("keys");
    config.limits.requests_per_10s = u32::MAX;
    Ok(config)
}

/// Durable, hashed and proven; then until everything is in segments with their indexes.
fn ingest(app: &Arc<App>, generator: &Generator, workspaces: &[WorkspaceId]) -> anyhow::Result<Vec<Figure>> {
    let sealing = Sealing::start(app);
    let total = Stopwatch::start();
    let (mut writing, mut writing_cpu, mut made) = (0.0, 0.0, 0.0);
    let mut latencies = Vec::new();
    let mut from = 0;
    while from < generator.total() {
        let to = generator.total().min(from + STRETCH);
        let making = Instant::now();
        let batches = batches(generator, from, to);
        made += making.elapsed().as_secs_f64();
        let watch = Stopwatch::start();
        latencies.extend(append_all(app, workspaces, batches)?);
        writing += watch.seconds();
        writing_cpu += watch.cpu_seconds();
        eprint!("\r{to} of {} events", generator.total());
        from = to;
    }
    eprintln!();
    let events = generator.total() as f64;
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let note = "library path, batches of 1000, two threads, sealing and indexing beside it";
    let mut figures = vec![
        Figure::ours("ingest", events / writing, "events/s", note),
        Figure::ours("ingest cpu", writing_cpu * 1e6 / events, "s/1M", note),
        Figure::ours("batch p50", at(0.5), "ms", note),
        Figure::ours("batch p99", at(0.99), "ms", note),
    ];
    let asked = &workspaces[0];
    let room = app.rooms.get(asked).context("its room")?;
    let newest = Query::default();
    let tail = median(|| {
        ensure!(room.store.tail_len() > 0, "there is no tail to ask");
        Ok(room.store.snapshot().search(&newest, None, 50, &Budget::default())?.entries.len())
    })?;
    sealing.finish(app)?;
    let indexed = events / (total.seconds() - made);
    figures.push(Figure::ours(
        "ingest indexed",
        indexed,
        "events/s",
        "until everything is in segments with their indexes",
    ));
    figures.push(Figure::ours("Q1 newest, tail", tail, "ms", "while most of it was not in segments yet"));
    figures.push(Figure::ours("memory load", peak_mb(), "MB", "peak while writing, files included"));
    Ok(figures)
}

/// Seals as the server does, but so that its end can be awaited.
struct Sealing {
    last: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Sealing {
    fn start(app: &Arc<App>) -> Self {
        let (last, claims) = (Arc::new(AtomicBool::new(false)), Arc::new(Claims::default()));
        let thread = |_| {
            let (app, last, claims) = (app.clone(), last.clone(), claims.clone());
            std::thread::spawn(move || {
                loop {
                    let at_once = last.load(Ordering::Relaxed);
                    match seal_one(&app, &claims, at_once) {
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
    let watch = Stopwatch::start();
    for room in app.rooms.all() {
        while merge_one(app, &room)? {}
    }
    let segments: usize = app.rooms.all().iter().map(|room| room.store.metas().len()).sum();
    let note = format!("{:.1} s on the clock, {segments} segments are left", watch.seconds());
    Ok(Figure::ours("merge cpu", watch.cpu_seconds() * 1e6 / events as f64, "s/1M", note))
}

type Drawn = (u32, Vec<u8>, Vec<usize>);

/// Events in the order they come, in batches of one workspace each: bytes, and where each event ends.
fn batches(generator: &Generator, from: u64, to: u64) -> Vec<Drawn> {
    let mut open: Vec<Drawn> = (0..WORKSPACES).map(|workspace| (workspace, Vec::new(), Vec::new())).collect();
    let mut full = Vec::new();
    for i in from..to {
        let slot = &mut open[generator.workspace(i) as usize];
        generator.event(i, &mut slot.1);
        slot.2.push(slot.1.len());
        if slot.2.len() == BATCH {
            let workspace = slot.0;
            full.push(std::mem::replace(slot, (workspace, Vec::new(), Vec::new())));
        }
    }
    full.extend(open.into_iter().filter(|batch| !batch.2.is_empty()));
    full
}

fn append_all(app: &App, workspaces: &[WorkspaceId], batches: Vec<Drawn>) -> anyhow::Result<Vec<Duration>> {
    let queue = Mutex::new(batches.into_iter());
    let latencies = Mutex::new(Vec::new());
    let append = || -> anyhow::Result<()> {
        let (done, answers) = mpsc::channel();
        let mut under_way = 0;
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            while under_way > 0 && (next.is_none() || under_way == UNDER_WAY) {
                let (begun, appended): (Instant, Result<_, _>) = answers.recv()?;
                appended?;
                latencies.lock().unwrap_or_else(PoisonError::into_inner).push(begun.elapsed());
                under_way -= 1;
            }
            let Some((workspace, bytes, ends)) = next else { return Ok(()) };
            let batch = prepared((app.clock)(), &bytes, &ends)?;
            let (done, begun) = (done.clone(), Instant::now());
            while !app.has_room() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let reply = Box::new(move |appended| drop(done.send((begun, appended))));
            app.ledger.append_then(&workspaces[workspace as usize], batch, reply);
            under_way += 1;
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(append), scope.spawn(append)];
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| anyhow::anyhow!("a writer panicked"))?)
    })?;
    Ok(latencies.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// What the server does with a body: read, check, mask, encode, hash and pack.
fn prepared(now: hindcast_event::Timestamp, bytes: &[u8], ends: &[usize]) -> anyhow::Result<Batch> {
    let mut random = vec![0; 26 * ends.len()];
    getrandom::fill(&mut random)?;
    let mut entries = Entries::default();
    let mut from = 0;
    for (end, random) in ends.iter().zip(random.as_chunks::<26>().0) {
        let draft = Draft::parse(std::str::from_utf8(&bytes[from..*end])?)?;
        let (id, key) = random.split_at(10);
        let arrival = Arrival { now, random: id.try_into()? };
        entries.push_new(Kind::Event, key.try_into()?, |out| draft.encode(&arrival, out))?;
        from = *end;
    }
    Ok(Batch::new(entries, None)?)
}

fn queries(room: &Room, params: &Params) -> anyhow::Result<Vec<Figure>> {
    let snapshot = room.store.snapshot();
    let expected = &params.expected;
    let deep =
        Cursor::after(hindcast_event::Timestamp::from_micros(params.deep_before_us), 0, &Query::default());
    let since = |micros| hindcast_event::Timestamp::from_micros(micros).to_string();
    let mut figures = Vec::new();
    for (metric, text, after, expected) in [
        ("Q1 newest", String::new(), None, &expected.newest),
        ("Q7 deep page", String::new(), Some(&deep), &expected.deep_page),
        (
            "Q2 rare action",
            format!("action:{} occurred:>={}", params.rare_action, since(params.rare_since_us)),
            None,
            &expected.rare_action,
        ),
        ("Q3 actor failed", format!("actor:{} outcome:failure", params.actor), None, &expected.actor_failure),
        ("Q4 one target", format!("target:{}/{}", params.target_type, params.target), None, &expected.target),
        ("Q5 rare word", params.rare_word.clone(), None, &expected.rare_word),
        ("Q5b common word", params.common_word.clone(), None, &expected.common_word),
    ] {
        let query = parsed(&text)?;
        let page = || -> anyhow::Result<Entries> {
            Ok(snapshot.search(&query, after, params.page, &Budget::default())?.entries)
        };
        compare(metric, &page()?, expected)?;
        let time = median(|| page().map(|entries| entries.len()))?;
        figures.push(Figure::ours(metric, time, "ms", "in segments, warm"));
    }
    figures.push(facets(room, params)?);
    Ok(figures)
}

fn parsed(text: &str) -> anyhow::Result<Query> {
    let context = ParseContext { now_us: 0, utc_offset_minutes: 0 };
    Query::parse(text, &context).map_err(|errors| anyhow::anyhow!("{errors}"))
}

/// The same rows as everybody else's, told by their ids.
fn compare(metric: &str, entries: &Entries, expected: &Hits) -> anyhow::Result<()> {
    let mut combined = 0;
    for entry in entries.iter() {
        let id = entry.event.view()?.id.replace('-', "");
        combined ^= u64::from_str_radix(&id[id.len() - 16..], 16)?;
    }
    let fingerprint = format!("{combined:016x}");
    if (entries.len(), fingerprint.as_str()) != (expected.rows, expected.fingerprint.as_str()) {
        bail!(
            "{metric}: {} rows {fingerprint} instead of {} rows {}",
            entries.len(),
            expected.rows,
            expected.fingerprint
        );
    }
    Ok(())
}

fn facets(room: &Room, params: &Params) -> anyhow::Result<Figure> {
    const DAY_US: i64 = 86_400_000_000;
    let snapshot = room.store.snapshot();
    let edges: Vec<i64> = (params.recent_since_us..=params.end_us).step_by(DAY_US as usize).collect();
    let count = || snapshot.histogram(&Query::default(), &edges, FacetKind::Action, 1000, &Budget::default());
    let counted = count()?;
    let groups = counted.values.iter().flat_map(|(_, days)| days).filter(|count| **count > 0).count() as u64;
    let events: u64 = counted.totals.iter().sum();
    ensure!(
        (groups, events) == (params.expected.facet_groups, params.expected.facet_events),
        "Q6: {groups} groups of {events} events instead of {} of {}",
        params.expected.facet_groups,
        params.expected.facet_events
    );
    let time = median(|| Ok(count()?.totals.len()))?;
    Ok(Figure::ours("Q6 facets", time, "ms", "by action and day, 90 days"))
}

fn export(room: &Room, params: &Params) -> anyhow::Result<Figure> {
    let since = hindcast_event::Timestamp::from_micros(params.recent_since_us);
    let query = parsed(&format!("occurred:>={since}"))?;
    let watch = Stopwatch::start();
    let file = tempfile::tempfile()?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    let rows =
        room.store.snapshot().export(&query, Format::Csv(CsvStyle::Raw), &mut out, &Budget::unlimited())?;
    std::io::Write::flush(&mut out)?;
    ensure!(
        rows == params.expected.export_rows,
        "Q8: {rows} rows instead of {}",
        params.expected.export_rows
    );
    let per_core = rows as f64 / watch.cpu_seconds().max(watch.seconds() / 2.0);
    let note = format!(
        "{:.0} rows/s on the clock; rows for each second of processor time",
        rows as f64 / watch.seconds()
    );
    Ok(Figure::ours("Q8 export", per_core, "rows/s", note))
}

fn verify(app: &App, workspaces: &[WorkspaceId]) -> anyhow::Result<Figure> {
    let watch = Stopwatch::start();
    let entries = AtomicU64::new(0);
    for workspace in workspaces {
        let room = app.rooms.get(workspace).context("its room")?;
        let report = verify_room(app, &room, |_, _| {})?;
        ensure!(report.is_intact(), "workspace {workspace}: {:?}", report.problems);
        entries.fetch_add(report.entries, Ordering::Relaxed);
    }
    let per_core = entries.into_inner() as f64 / watch.cpu_seconds().max(0.01);
    Ok(Figure::ours(
        "verify",
        per_core,
        "entries/s",
        "every section, leaf, tile and checkpoint; for each second of processor time",
    ))
}

fn bytes_per_event(folder: &Path, events: u64) -> anyhow::Result<Figure> {
    let bytes = folder_bytes(&folder.join("data/segments"))? + folder_bytes(&folder.join("data/hashes"))?;
    let journal = folder_bytes(&folder.join("data"))? - bytes;
    let note = format!("columns, indexes and hashes; the empty journal takes {} MB more", journal >> 20);
    Ok(Figure::ours("bytes per event", bytes as f64 / events as f64, "", note))
}

/// The median of the runs in milliseconds, after one that is not counted.
fn median(mut run: impl FnMut() -> anyhow::Result<usize>) -> anyhow::Result<f64> {
    run()?;
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        std::hint::black_box(run()?);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}
