//! How long a small workspace waits for its appends, alone and beside others that flood the same journal.
//!
//! `cargo run --release -p hindcast-ledger --example neighbours [FOLDER]`; the folder should lie on a real disk.

use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp, push_record};
use hindcast_ledger::journal::{JournalError, SqliteJournal};
use hindcast_ledger::{AppendError, Appended, Batch, Config, Ledger, Observer, WorkspaceId};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Appends of the small workspace that are timed.
const TIMED: usize = 400;
/// Entries in a batch of a flood, and batches that each flood has under way at once.
const FLOOD_ENTRIES: usize = 1000;
const FLOOD_UNDER_WAY: u64 = 200;

struct Nobody;

impl Observer for Nobody {
    fn sequenced(&self, _: &WorkspaceId, _: Arc<Entries>) {}
    fn published(&self, _: &WorkspaceId, _: u64, _: &str) {}
    fn stopped(&self, error: &JournalError) {
        eprintln!("{error}");
    }
    fn unguarded(&self, _: &std::io::Error) {}
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Records of events of some 700 bytes.
fn records(count: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let words =
        "a reason that somebody gave for what they did, at some length and in their own words. ".repeat(6);
    let mut records = Vec::new();
    for n in 0..count {
        let text = format!(
            r#"{{"action":"door.open","actor":{{"type":"user","id":"u{n}"}},"description":"{n} {words}","metadata":{{"n":{n}}}}}"#
        );
        let draft = Draft::parse(&text).map_err(|error| error.to_string())?;
        let mut random = [0; 10];
        random[..8].copy_from_slice(&(n as u64).to_le_bytes());
        let arrival = Arrival { now: now(), random };
        push_record(Kind::Event, &[n as u8; 16], &mut records, |out| draft.encode(&arrival, out))?;
    }
    Ok(records)
}

fn batch(records: &[u8]) -> Result<Batch, Box<dyn Error>> {
    Ok(Batch::new(Entries::from_run(0, Timestamp::MIN, records.to_vec())?, None)?)
}

/// Times one append after the other: median and 99th of a hundred, in milliseconds, and how many were refused.
fn time(ledger: &Ledger, small: &WorkspaceId, one: &[u8]) -> Result<(f64, f64, usize), Box<dyn Error>> {
    let (mut times, mut refused) = (Vec::new(), 0);
    for _ in 0..TIMED {
        let batch = batch(one)?;
        let begun = Instant::now();
        match ledger.append(small, batch) {
            Ok(_) => times.push(begun.elapsed().as_secs_f64() * 1e3),
            Err(AppendError::Busy { .. }) => refused += 1,
            Err(error) => return Err(error.into()),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        times.get(((times.len().max(1) - 1) as f64 * share) as usize).copied().unwrap_or(f64::NAN)
    };
    Ok((at(0.5), at(0.99), refused))
}

fn main() -> Result<(), Box<dyn Error>> {
    let temporary = match std::env::args().nth(1) {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let folder = temporary.path();
    let journal = Arc::new(SqliteJournal::open(&folder.join("ledger.db"))?);
    let config = Config {
        name: "audit.example.com".to_owned(),
        hashes: folder.join("hashes"),
        evidence: folder.join("signed"),
        seed: [7; 32],
        clock: Arc::new(now),
        checkpoint_every: Duration::from_millis(200),
        remember: Duration::from_secs(60),
        answered_within: Duration::from_secs(60),
        leaves: None,
    };
    let ledger = Ledger::open(journal, Arc::new(Nobody), config)?;
    let small: WorkspaceId = "small".parse()?;
    ledger.create(&small)?;
    let (one, many) = (records(1)?, records(FLOOD_ENTRIES)?);
    let (median, p99, _) = time(&ledger, &small, &one)?;
    println!("alone: p50 {median:.1} ms, p99 {p99:.1} ms");
    for floods in [1, 4] {
        let (ended, under_way, written) =
            (AtomicBool::new(false), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let begun = Instant::now();
        let timed = std::thread::scope(|scope| {
            let (ledger, many, ended) = (&ledger, &many, &ended);
            for nth in 0..floods {
                let workspace: WorkspaceId = format!("flood-{floods}-{nth}").parse().map_err(|_| "no id")?;
                ledger.create(&workspace)?;
                let (under_way, written) = (under_way.clone(), written.clone());
                scope.spawn(move || {
                    while !ended.load(Ordering::Relaxed) {
                        if under_way.load(Ordering::Relaxed) >= FLOOD_UNDER_WAY * floods {
                            std::thread::sleep(Duration::from_millis(1));
                            continue;
                        }
                        let Ok(batch) = batch(many) else { return };
                        under_way.fetch_add(1, Ordering::Relaxed);
                        let (under_way, written) = (under_way.clone(), written.clone());
                        let reply = move |appended: Result<Appended, AppendError>| {
                            under_way.fetch_sub(1, Ordering::Relaxed);
                            written
                                .fetch_add(appended.map_or(0, |appended| appended.count), Ordering::Relaxed);
                        };
                        ledger.append_then(&workspace, batch, Box::new(reply));
                    }
                });
            }
            std::thread::sleep(Duration::from_secs(1));
            let timed = time(ledger, &small, &one);
            ended.store(true, Ordering::Relaxed);
            timed
        })?;
        let rate = written.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
        let (median, p99, refused) = timed;
        println!(
            "beside {floods} that flood ({rate:.0} entries/s): p50 {median:.1} ms, p99 {p99:.1} ms, {refused} of {TIMED} refused"
        );
    }
    ledger.close();
    Ok(())
}
