//! What row groups cost ourselves: packs a segment anew in groups of several sizes, and times questions of each.
//!
//! `cargo run --release -p hindcast-segments --example groups -- FOLDER META TO`; FOLDER has the segment's files, META is the file
//! with its line of the manifest (the column `meta` of the table `segment` in `ledger.db`), and TO is where to write. What it
//! writes is left there, for other engines to be asked about.

use hindcast_event::{Entries, Entry};
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{
    Budget, Config, FacetKind, Format, OpenSegments, SegmentError, SegmentMeta, Snapshot, Store,
};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows in a group; the first is as many as a segment may have.
const GROUPS: [usize; 4] = [1 << 20, 1 << 17, 1 << 16, 1 << 15];
/// Each question is asked so often of each layout, in turns.
const ROUNDS: usize = 9;
/// Answers on a page.
const PAGE: usize = 50;

type Asked = fn(&Snapshot) -> Result<u64, Box<dyn Error>>;

const QUESTIONS: [(&str, Asked); 12] = [
    ("newest page", |of| page(of, "")),
    ("page of one outcome", |of| page(of, "outcome:failure")),
    ("page of a word", |of| page(of, "refund")),
    ("page at 300,000", |of| {
        Ok(of.slice(&Query::default(), 300_000, PAGE, &Budget::unlimited())?.len() as u64)
    }),
    ("1,000 scattered answers", |of| {
        Ok(of.search(&asked("action:user.sign_in_failed")?, None, 1_000, &Budget::unlimited())?.entries.len()
            as u64)
    }),
    ("count of a word", |of| Ok(of.count(&asked("refund")?, &Budget::unlimited())?)),
    ("all facets", |of| {
        let facets = of.facets(&Query::default(), &FacetKind::ALL, 20, &Budget::unlimited())?;
        Ok(facets.iter().map(|facet| facet.distinct as u64).sum())
    }),
    ("facets of failures", |of| {
        let facets = of.facets(&asked("outcome:failure")?, &FacetKind::ALL, 20, &Budget::unlimited())?;
        Ok(facets.iter().map(|facet| facet.distinct as u64).sum())
    }),
    ("a year of days by action", |of| histogram(of, FacetKind::Action)),
    ("a year of days by actor", |of| histogram(of, FacetKind::Actor)),
    ("export of failures", |of| {
        Ok(of.export(
            &asked("outcome:failure")?,
            Format::Ndjson,
            &mut std::io::sink(),
            &Budget::unlimited(),
        )?)
    }),
    ("export of everything", |of| {
        Ok(of.export(&Query::default(), Format::Ndjson, &mut std::io::sink(), &Budget::unlimited())?)
    }),
];

fn asked(text: &str) -> Result<Query, Box<dyn Error>> {
    Query::parse(text, &ParseContext::default()).map_err(|error| error.to_string().into())
}

fn page(of: &Snapshot, text: &str) -> Result<u64, Box<dyn Error>> {
    Ok(of.search(&asked(text)?, None, PAGE, &Budget::unlimited())?.entries.len() as u64)
}

fn histogram(of: &Snapshot, kind: FacetKind) -> Result<u64, Box<dyn Error>> {
    let newest = of.search(&Query::default(), None, 1, &Budget::unlimited())?.entries;
    let until = newest.get(0).map_or(0, |entry| entry.received_at.micros());
    let edges: Vec<i64> = (0..366).rev().map(|day| until - day * 86_400_000_000).collect();
    let histogram = of.histogram(&Query::default(), &edges, kind, 20, &Budget::unlimited())?;
    Ok(histogram.totals.iter().sum())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for child in fs::read_dir(from)? {
        let child = child?;
        let place = to.join(child.file_name());
        if child.file_type()?.is_dir() {
            copy(&child.path(), &place)?;
        } else {
            fs::copy(child.path(), place)?;
        }
    }
    Ok(())
}

fn config(group_rows: usize) -> Config {
    Config { group_rows, open: Arc::new(OpenSegments::new(4)), ..Config::default() }
}

/// Writes the segment anew; how long that took.
fn packed(
    from: &Path,
    meta: &SegmentMeta,
    to: &Path,
    rows: usize,
) -> Result<(SegmentMeta, f64), Box<dyn Error>> {
    copy(from, &to.join(&meta.id))?;
    let store = Store::open(to, vec![meta.clone()], config(rows))?;
    let mut as_it_is = |entry: &Entry<'_>, out: &mut Entries| -> Result<(), SegmentError> {
        out.push(*entry);
        Ok(())
    };
    let begun = Instant::now();
    let written = store.rewrite(&meta.id, &|_| true, &mut as_it_is, &|| true)?.ok_or("it is empty")?;
    let took = begun.elapsed().as_secs_f64();
    store.adopt(vec![written.clone()], std::slice::from_ref(&meta.id));
    Ok((written, took))
}

fn timed(of: &Snapshot, question: Asked) -> Result<(Duration, u64), Box<dyn Error>> {
    let begun = Instant::now();
    let answer = question(of)?;
    Ok((begun.elapsed(), answer))
}

/// Asks each question of all layouts in turns, of stores that `open` gives, and prints the medians.
fn compare(open: impl Fn(usize) -> Result<Snapshot, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    for (what, question) in QUESTIONS {
        let mut times = GROUPS.map(|_| Vec::new());
        let mut answers = Vec::new();
        for _ in 0..ROUNDS {
            for (nth, times) in times.iter_mut().enumerate() {
                let (took, answer) = timed(&open(nth)?, question)?;
                times.push(took);
                answers.push(answer);
            }
        }
        answers.dedup();
        if answers.len() > 1 {
            return Err(format!("{what}: the answers differ: {answers:?}").into());
        }
        print!("  {what:26}");
        for times in &mut times {
            times.sort_unstable();
            print!("{:>12.2}", times[ROUNDS / 2].as_secs_f64() * 1e3);
        }
        println!();
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let [_, from, meta, to] =
        std::env::args().collect::<Vec<_>>().try_into().map_err(|_| "FOLDER META TO")?;
    let meta = SegmentMeta::from_json(&fs::read_to_string(meta)?)?;
    let mut layouts = Vec::new();
    println!("{} entries; rows in a group: {GROUPS:?}", meta.count);
    for rows in GROUPS {
        let folder = Path::new(&to).join(rows.to_string());
        let (written, took) = packed(Path::new(&from), &meta, &folder, rows)?;
        let columns =
            written.files.iter().find(|file| file.name == "rows.parquet").map_or(0, |file| file.bytes);
        println!("  {rows:>8}: rows.parquet {columns} bytes, packed in {took:.1} s");
        layouts.push((folder, written, config(rows)));
    }
    let fresh = |nth: usize, config: Config| -> Result<Snapshot, Box<dyn Error>> {
        let (folder, meta, _) = &layouts[nth];
        Ok(Store::open(folder, vec![meta.clone()], config)?.snapshot())
    };
    println!("ms, of a segment that was opened anew");
    compare(|nth| fresh(nth, config(GROUPS[nth])))?;
    println!("ms, of one that is open");
    compare(|nth| fresh(nth, layouts[nth].2.clone()))
}
