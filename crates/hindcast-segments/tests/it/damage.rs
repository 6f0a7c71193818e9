//! A bit that flips on disk is an error or makes no difference; it is never an answer.

use crate::past::{self, Dice, Row, budget, open, push, scanned, seal};
use hindcast_segments::query::Query;
use hindcast_segments::{FacetKind, SearchError, Snapshot, Store};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// One bit in so many is flipped; with HINDCAST_EVERY_BIT set, every one.
const SAMPLED: usize = 16;

fn files(folder: &Path) -> Vec<PathBuf> {
    let children = fs::read_dir(folder).unwrap().map(|child| child.unwrap().path());
    children.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

type Answers = (Vec<Row>, Vec<u64>, usize);

fn answers(snapshot: &Snapshot) -> Result<Answers, SearchError> {
    let mut rows = Vec::new();
    for piece in snapshot.scan(0..100) {
        rows.extend(past::rows(&piece?));
    }
    let query = Query::parse("refund", &Default::default()).unwrap();
    let found = snapshot.search(&query, None, 50, &budget())?;
    let facets = snapshot.facets(&Query::default(), &FacetKind::ALL, 99, &budget())?;
    let found = found.entries.iter().map(|entry| entry.index).collect();
    Ok((rows, found, facets.iter().map(|facet| facet.distinct).sum()))
}

#[test]
fn no_flipped_bit_gives_another_answer() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    push(&mut Dice::new(8), &store, &past::entries(&mut Dice::new(8), 0, 12));
    seal(&store, 12);
    let expected = answers(&store.snapshot()).unwrap();
    assert_eq!(expected.0, scanned(&store.snapshot()));
    let metas = store.metas();
    drop(store);
    let every = std::env::var_os("HINDCAST_EVERY_BIT").is_some();
    let (mut detected, mut harmless) = (0, 0);
    for file in files(folder.path()) {
        let bytes = fs::read(&file).unwrap();
        let step = if every { 1 } else { SAMPLED * 8 + 1 };
        for bit in (0..bytes.len() * 8).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&file, &flipped).unwrap();
            let store = Store::open(folder.path(), metas.clone(), past::config()).unwrap();
            match answers(&store.snapshot()) {
                Ok(found) => {
                    assert_eq!(found, expected, "bit {bit} of {}", file.display());
                    harmless += 1;
                }
                Err(_) => detected += 1,
            }
        }
        fs::write(&file, &bytes).unwrap();
    }
    assert!(detected > harmless, "{detected} detected, {harmless} harmless");
}

#[test]
fn damage_says_where_it_is() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    push(&mut Dice::new(8), &store, &past::entries(&mut Dice::new(8), 0, 300));
    seal(&store, 300);
    let metas = store.metas();
    drop(store);
    let rows = folder.path().join(&metas[0].id).join("rows.parquet");
    let mut bytes = fs::read(&rows).unwrap();
    assert!(bytes.len() > 20_000);
    bytes[17_000] ^= 1;
    fs::write(&rows, &bytes).unwrap();
    let store = Store::open(folder.path(), metas.clone(), past::config()).unwrap();
    let error = answers(&store.snapshot()).unwrap_err();
    let expected = format!("segment {} is damaged: block 1 of rows.parquet", metas[0].id);
    assert_eq!(error.to_string(), expected);
    // The file cut short, and gone.
    fs::write(&rows, &bytes[..10_000]).unwrap();
    assert!(answers(&store.snapshot()).is_err());
    fs::remove_file(&rows).unwrap();
    assert!(answers(&Store::open(folder.path(), metas, past::config()).unwrap().snapshot()).is_err());
}
