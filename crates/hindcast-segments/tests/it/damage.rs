//! A bit that flips on disk is an error or makes no difference; it is never an answer.

use crate::past::{self, Dice, Row, budget, open, push, scanned, seal};
use hindcast_segments::query::Query;
use hindcast_segments::{FacetKind, SearchError, SegmentMeta, Snapshot, Store};
use sha2::{Digest as _, Sha256};
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

/// Lets the manifest and the checksums say that this is how the columns were written.
fn claim(folder: &Path, meta: &SegmentMeta, bytes: &[u8]) -> SegmentMeta {
    fs::write(folder.join(&meta.id).join("rows.parquet"), bytes).unwrap();
    let sums: Vec<u8> =
        bytes.chunks(16 * 1024).flat_map(|block| crc32c::crc32c(block).to_be_bytes()).collect();
    fs::write(folder.join(&meta.id).join("blocks.crc32c"), &sums).unwrap();
    let mut meta = meta.clone();
    for file in &mut meta.files {
        let is = match file.name.as_str() {
            "rows.parquet" => bytes,
            "blocks.crc32c" => &sums,
            _ => continue,
        };
        file.bytes = is.len() as u64;
        file.sha256 = Sha256::digest(is).iter().map(|byte| format!("{byte:02x}")).collect();
    }
    meta
}

#[test]
fn a_file_that_is_laid_out_strangely_is_an_error_and_no_panic() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    push(&mut Dice::new(8), &store, &past::entries(&mut Dice::new(8), 0, 80));
    seal(&store, 80);
    let meta = store.metas().remove(0);
    assert_eq!(meta.format, 6, "it has several groups");
    drop(store);
    let written = fs::read(folder.path().join(&meta.id).join("rows.parquet")).unwrap();
    let every = std::env::var_os("HINDCAST_EVERY_BIT").is_some();
    let (mut refused, mut answered) = (0, 0);
    for bit in (0..written.len() * 8).rev().step_by(if every { 1 } else { SAMPLED * 6 + 1 }) {
        let mut bytes = written.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let meta = claim(folder.path(), &meta, &bytes);
        let store = Store::open(folder.path(), vec![meta], past::config()).unwrap();
        match answers(&store.snapshot()) {
            Ok(_) => answered += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0 && answered > 0, "{refused} refused, {answered} answered");
}

#[test]
fn groups_that_do_not_fit_are_refused() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    push(&mut Dice::new(8), &store, &past::entries(&mut Dice::new(8), 0, 80));
    seal(&store, 40);
    seal(&store, 40);
    let metas = store.metas();
    drop(store);
    let columns = fs::read(folder.path().join(&metas[1].id).join("rows.parquet")).unwrap();
    let refused = |meta: SegmentMeta| {
        let store = Store::open(folder.path(), vec![meta], past::config()).unwrap();
        answers(&store.snapshot()).unwrap_err().to_string()
    };
    let one = &metas[0];
    for wrong in [
        SegmentMeta { count: one.count + 1, ..one.clone() },
        SegmentMeta { count: one.count - 1, ..one.clone() },
        SegmentMeta { format: 5, ..one.clone() },
    ] {
        let told = refused(wrong);
        assert!(told.contains("the columns are laid out differently"), "{told}");
    }
    let told = refused(SegmentMeta { format: 7, ..one.clone() });
    assert!(told.contains("has format 7, which this version does not know"), "{told}");
    // Another segment's columns, which have as many rows.
    let told = refused(claim(folder.path(), one, &columns));
    assert!(told.contains("an index is out of its range"), "{told}");
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
