//! The life of a segment: written, named, adopted, replaced, removed.

use crate::past::{self, Dice, budget, merge, open, push, rows, scanned, seal};
use hindcast_segments::query::Query;
use hindcast_segments::{SegmentError, SegmentMeta, Store};
use std::fs;
use tempfile::TempDir;

#[test]
fn what_a_crash_left_is_removed_and_what_the_manifest_names_stays() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    push(&mut Dice::new(1), &store, &past::entries(&mut Dice::new(1), 0, 90));
    seal(&store, 30);
    // Written, but the process died before the manifest named it; another died while it was being written.
    let range = store.seal_plan(1).unwrap();
    let lost = store.write_segment(range).unwrap();
    fs::create_dir_all(folder.path().join("tmp-000-001/index")).unwrap();
    let metas = store.metas();
    drop(store);

    let store = Store::open(folder.path(), metas.clone(), past::config()).unwrap();
    assert!(!folder.path().join(&lost.id).exists() && !folder.path().join("tmp-000-001").exists());
    assert_eq!(scanned(&store.snapshot()).len(), 30);
    // The journal hands over again what no segment has, and a little more.
    store.push(past::part(&past::entries(&mut Dice::new(1), 0, 90), 20, 90)).unwrap();
    assert_eq!(scanned(&store.snapshot()), rows(&past::entries(&mut Dice::new(1), 0, 90)));
}

#[test]
fn a_replaced_segment_stays_for_those_who_are_reading_it() {
    let dice = &mut Dice::new(2);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(dice, 0, 60);
    push(dice, &store, &entries);
    seal(&store, 30);
    seal(&store, 30);
    let before = store.snapshot();
    let old: Vec<_> = store.metas().iter().map(|meta| folder.path().join(&meta.id)).collect();
    merge(&store, 0, 2);
    assert_eq!(scanned(&before), scanned(&store.snapshot()));
    assert!(old.iter().all(|folder| folder.exists()));
    drop(before);
    assert!(old.iter().all(|folder| !folder.exists()));
    assert_eq!(scanned(&store.snapshot()), rows(&entries));
}

#[test]
fn small_neighbours_are_merged_and_large_ones_left() {
    let dice = &mut Dice::new(3);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(dice, 0, 200);
    push(dice, &store, &entries);
    seal(&store, 150);
    assert_eq!(store.merge_plan(), None);
    for _ in 0..3 {
        seal(&store, 10);
    }
    let ids: Vec<String> = store.metas()[1..].iter().map(|meta| meta.id.clone()).collect();
    assert_eq!(store.merge_plan(), Some(ids));
}

#[test]
fn a_gap_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(&mut Dice::new(4), 0, 20);
    store.push(past::part(&entries, 0, 10)).unwrap();
    assert!(matches!(
        store.push(past::part(&entries, 11, 20)),
        Err(SegmentError::Gap { first: 10, upto: 20 })
    ));
    assert!(matches!(store.write_segment(5..15), Err(SegmentError::Gap { .. })));
    store.push(past::part(&entries, 5, 20)).unwrap();
    assert_eq!(rows(&entries), scanned(&store.snapshot()));
}

#[test]
fn a_snapshot_taken_at_any_moment_has_every_entry_once() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(&mut Dice::new(5), 0, 400);
    store.push(past::part(&entries, 0, 100)).unwrap();
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut most = 0;
            while most < 400 {
                let snapshot = store.snapshot();
                let found: Vec<u64> = scanned(&snapshot).iter().map(|row| row.0).collect();
                assert!(found.len() >= most);
                assert_eq!(found, (0..found.len() as u64).collect::<Vec<_>>());
                assert_eq!(snapshot.count(&Query::default(), &budget()).unwrap(), found.len() as u64);
                most = found.len();
            }
        });
        for from in (100..400).step_by(50) {
            store.push(past::part(&entries, from, from + 50)).unwrap();
            seal(&store, 70);
            if store.metas().len() > 3 {
                merge(&store, 1, 3);
            }
        }
        looking.join().unwrap();
    });
}

#[test]
fn a_description_of_a_segment_survives_the_manifest() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    push(&mut Dice::new(6), &store, &past::entries(&mut Dice::new(6), 7, 30));
    seal(&store, 30);
    let meta = &store.metas()[0];
    assert_eq!((meta.first_index, meta.end_index), (7, 37));
    assert_eq!(SegmentMeta::from_json(&meta.to_json()).unwrap(), *meta);
    // One of the version before had no word for where it ends, for nothing was ever gone from it.
    let earlier = SegmentMeta { format: 4, ..meta.clone() };
    let text = earlier.to_json().replace(",\"end_index\":37", "");
    assert_eq!(SegmentMeta::from_json(&text).unwrap(), earlier);
    let store = Store::open(folder.path(), vec![earlier], past::config()).unwrap();
    assert_eq!(scanned(&store.snapshot()).len(), 30);
    let meta = &store.metas()[0];
    let later = SegmentMeta { format: 99, ..meta.clone() };
    let store = Store::open(folder.path(), vec![later], past::config()).unwrap();
    let found = store.snapshot().scan(0..100).next().unwrap();
    assert!(found.unwrap_err().to_string().contains("format 99"));
}
