//! Segments that all processes share: what is in a folder is a copy, and nobody trusts it.

use crate::past::{self, Dice, budget, merge, push, rows, scanned, seal};
use bytes::Bytes;
use hindcast_segments::query::Query;
use hindcast_segments::{Config, OpenSegments, SegmentError, Store, Vault};
use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// A folder that stands for a bucket.
#[derive(Debug)]
struct Bucket {
    folder: PathBuf,
    brought: AtomicU64,
}

impl Vault for Bucket {
    fn keep(&self, name: &str, file: &Path) -> io::Result<()> {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap())?;
        assert!(!path.exists(), "what was kept is never changed");
        fs::copy(file, path).map(drop)
    }

    fn read(&self, name: &str, range: Option<Range<u64>>) -> io::Result<Bytes> {
        let bytes = match range {
            None => fs::read(self.folder.join(name))?,
            Some(range) => {
                let mut bytes = vec![0; (range.end - range.start) as usize];
                fs::File::open(self.folder.join(name))?.read_exact_at(&mut bytes, range.start)?;
                bytes
            }
        };
        self.brought.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.into())
    }
}

struct Bench {
    folder: TempDir,
    bucket: Arc<Bucket>,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let bucket = Arc::new(Bucket { folder: folder.path().join("bucket"), brought: AtomicU64::new(0) });
        Self { folder, bucket }
    }

    fn path(&self, node: &str) -> PathBuf {
        self.folder.path().join(node)
    }

    fn config(&self) -> Config {
        Config { vault: Some(self.bucket.clone()), open: Arc::new(OpenSegments::new(4)), ..past::config() }
    }

    /// A store of a process, which knows of nothing but a manifest.
    fn node(&self, name: &str, of: Option<&Store>) -> Store {
        let metas = of.map(Store::metas).unwrap_or_default();
        Store::open(&self.path(name).join("northwind"), metas, self.config()).unwrap()
    }
}

#[test]
fn another_process_brings_what_it_reads_and_no_more() {
    let (bench, dice) = (Bench::new(), &mut Dice::new(1));
    let one = bench.node("one", None);
    let entries = past::entries(dice, 0, 3_000);
    push(dice, &one, &entries);
    seal(&one, 2_000);
    seal(&one, 500);
    seal(&one, 500);
    let two = bench.node("two", Some(&one));
    assert_eq!(bench.bucket.brought.load(Ordering::Relaxed), 0, "not before somebody asks");
    let query = Query::default();
    let page = two.snapshot().search(&query, None, 5, &budget()).unwrap();
    let same = one.snapshot().search(&query, None, 5, &budget()).unwrap();
    assert_eq!(past::rows(&page.entries), past::rows(&same.entries));
    assert_eq!(scanned(&two.snapshot()), rows(&entries));
    let brought = bench.bucket.brought.load(Ordering::Relaxed);
    assert!(brought > 0);
    assert_eq!(scanned(&two.snapshot()), rows(&entries));
    assert_eq!(bench.bucket.brought.load(Ordering::Relaxed), brought, "once");

    // What one writes in their place, another adopts.
    let before: Vec<String> = one.metas().iter().map(|meta| meta.id.clone()).collect();
    merge(&one, 0, 3);
    two.adopt(one.metas(), &before);
    assert_eq!(scanned(&two.snapshot()), rows(&entries));
    assert_eq!(two.metas(), one.metas());
}

#[test]
fn a_copy_that_somebody_changed_is_brought_again() {
    let (bench, dice) = (Bench::new(), &mut Dice::new(2));
    let one = bench.node("one", None);
    let entries = past::entries(dice, 0, 200);
    push(dice, &one, &entries);
    seal(&one, 200);
    let metas = one.metas();
    let folder = bench.path("one").join("northwind").join(&metas[0].id);
    for file in &metas[0].files {
        let path = folder.join(&file.name);
        let mut bytes = fs::read(&path).unwrap();
        bytes.iter_mut().for_each(|byte| *byte ^= 0x55);
        fs::write(&path, &bytes).unwrap();
        let again = bench.node("one", Some(&one));
        assert_eq!(scanned(&again.snapshot()), rows(&entries), "{}", file.name);
        fs::write(&path, "short").unwrap();
        let again = bench.node("one", Some(&one));
        assert_eq!(scanned(&again.snapshot()), rows(&entries), "{}", file.name);
    }
    // What is kept for all is damage, wherever it is read.
    let kept = bench.bucket.folder.join("northwind").join(&metas[0].id).join("rows.parquet");
    let mut bytes = fs::read(&kept).unwrap();
    bytes.iter_mut().for_each(|byte| *byte ^= 1);
    fs::write(&kept, &bytes).unwrap();
    let late = bench.node("late", Some(&one));
    let read = late.snapshot().scan(0..200).collect::<Result<Vec<_>, _>>();
    assert!(read.unwrap_err().to_string().contains("damaged"));
    fs::remove_file(&kept).unwrap();
    let later = bench.node("later", Some(&one));
    assert!(later.snapshot().scan(0..200).any(|piece| piece.is_err()), "and what is gone is gone");
}

#[test]
fn two_that_write_the_same_range_do_not_overwrite_each_other() {
    let (bench, dice) = (Bench::new(), &mut Dice::new(3));
    let entries = past::entries(dice, 0, 50);
    let written = ["one", "two"].map(|name| {
        let store = bench.node(name, None);
        store.push(past::part(&entries, 0, 50)).unwrap();
        store.write_segment(0..50).unwrap().id
    });
    assert_ne!(written[0], written[1]);
}

#[test]
fn copies_are_trimmed_to_what_they_may_take() {
    let (bench, dice) = (Bench::new(), &mut Dice::new(4));
    let config = bench.config();
    let open = config.open.clone();
    let store = Store::open(&bench.path("one").join("northwind"), Vec::new(), config).unwrap();
    let entries = past::entries(dice, 0, 1_200);
    push(dice, &store, &entries);
    for _ in 0..12 {
        seal(&store, 100);
    }
    assert_eq!(scanned(&store.snapshot()), rows(&entries));
    let copies = || fs::read_dir(bench.path("one").join("northwind")).unwrap().count();
    assert_eq!(copies(), 12);
    let left = open.trim(&bench.path("one"), 1).unwrap();
    assert_eq!(copies(), 4, "those that are open stay");
    assert!(left > 0);
    assert_eq!(scanned(&store.snapshot()), rows(&entries), "and the others are brought again");
}

#[test]
fn what_cannot_be_kept_is_not_written() {
    #[derive(Debug)]
    struct Full;
    impl Vault for Full {
        fn keep(&self, _: &str, _: &Path) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }

        fn read(&self, _: &str, _: Option<Range<u64>>) -> io::Result<Bytes> {
            Err(io::Error::other("nothing there"))
        }
    }
    let folder = TempDir::new().unwrap();
    let config = Config { vault: Some(Arc::new(Full)), ..past::config() };
    let store = Store::open(&folder.path().join("northwind"), Vec::new(), config).unwrap();
    store.push(past::part(&past::entries(&mut Dice::new(5), 0, 20), 0, 20)).unwrap();
    assert!(matches!(store.write_segment(0..20), Err(SegmentError::Io { .. })));
    assert_eq!(fs::read_dir(folder.path().join("northwind")).unwrap().count(), 0);
    assert_eq!(store.tail_len(), 20);
}
