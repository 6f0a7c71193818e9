//! Row groups are for engines that are not ours: whatever their size, every question has the same answer.

use crate::answers::{counts, paged, question};
use crate::past::{self, Dice, budget, merge, push, rows, scanned, seal};
use hindcast_event::{Entries, Entry};
use hindcast_segments::query::Query;
use hindcast_segments::{Config, CsvStyle, FacetKind, Format, SegmentError, SegmentMeta, Snapshot, Store};
use parquet::basic::Encoding;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use proptest::prelude::*;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

fn open(folder: &Path, group_rows: usize, one_group: bool) -> Store {
    let config = Config { group_rows, one_group: Arc::new(AtomicBool::new(one_group)), ..past::config() };
    Store::open(folder, Vec::new(), config).unwrap()
}

/// How many rows each group of a segment has.
fn groups(folder: &Path, meta: &SegmentMeta) -> Vec<i64> {
    let file = File::open(folder.join(&meta.id).join("rows.parquet")).unwrap();
    let file = SerializedFileReader::new(file).unwrap();
    file.metadata().row_groups().iter().map(|group| group.num_rows()).collect()
}

fn exported(snapshot: &Snapshot, query: &Query, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    snapshot.export(query, format, &mut out, &budget()).unwrap();
    out
}

/// Asks two stores the same.
fn compare(told: &str, one: &Snapshot, several: &Snapshot, dice: &mut Dice) {
    assert_eq!(scanned(several), scanned(one), "{told}");
    for nth in 0..12 {
        let query = if nth == 0 { Query::default() } else { question(dice) };
        let told = format!("{told}: {query}");
        let limit = 1 + dice.below(40) as usize;
        assert_eq!(paged(several, &query, limit), paged(one, &query, limit), "{told}");
        let read = |of: &Snapshot| rows(&of.search(&query, None, 1_000, &budget()).unwrap().entries);
        assert_eq!(read(several), read(one), "{told}");
        let facets = |of: &Snapshot| of.facets(&query, &FacetKind::ALL, 50, &budget()).unwrap();
        assert_eq!(facets(several), facets(one), "{told}");
        let edges: Vec<i64> = (0..30).map(|n| 1_795_000_000_000_000 + n * 50_000_000_000).collect();
        for kind in FacetKind::ALL {
            let histogram = |of: &Snapshot| of.histogram(&query, &edges, kind, 20, &budget()).unwrap();
            assert_eq!(histogram(several), histogram(one), "{told}: {kind:?}");
        }
        for format in [Format::Csv(CsvStyle::Raw), Format::Json, Format::Ndjson, Format::Parquet] {
            assert_eq!(
                exported(several, &query, format),
                exported(one, &query, format),
                "{told}: {format:?}"
            );
        }
    }
    for index in [0, 1, 57, 119, 240] {
        let alone = |of: &Snapshot| rows(&of.get(index, &budget()).unwrap());
        assert_eq!(alone(several), alone(one), "{told}: {index}");
        let Some(entry) =
            one.get(index, &budget()).unwrap().get(0).map(|e| e.event.view().unwrap().id.into_owned())
        else {
            continue;
        };
        let by_id = |of: &Snapshot| rows(&of.find_id(&entry, &budget()).unwrap());
        assert_eq!(by_id(several), by_id(one), "{told}: {entry}");
    }
}

fn rewritten(store: &Store, stays: &dyn Fn(u64) -> bool) -> SegmentMeta {
    let id = store.metas()[0].id.clone();
    let mut as_it_is = |entry: &Entry<'_>, out: &mut Entries| -> Result<(), SegmentError> {
        out.push(*entry);
        Ok(())
    };
    let meta = store.rewrite(&id, stays, &mut as_it_is, &|| true).unwrap().unwrap();
    store.adopt(vec![meta.clone()], &[id]);
    meta
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn several_row_groups_answer_as_one_does(seed: u64) {
        let dice = &mut Dice::new(seed);
        let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let group_rows = 1 + dice.below(90) as usize;
        let told = format!("groups of {group_rows}");
        let (one, several) = (open(first.path(), group_rows, true), open(second.path(), group_rows, false));
        let entries = past::entries(dice, 0, 240);
        for store in [&one, &several] {
            push(&mut Dice::new(seed), store, &entries);
            (0..2).for_each(|_| seal(store, 120));
        }
        compare(&told, &one.snapshot(), &several.snapshot(), dice);
        for store in [&one, &several] {
            merge(store, 0, 2);
        }
        prop_assert_eq!(one.metas()[0].format, 5);
        prop_assert_eq!(several.metas()[0].format, 6);
        prop_assert_eq!(groups(first.path(), &one.metas()[0]), [240]);
        let counted = groups(second.path(), &several.metas()[0]);
        prop_assert_eq!(counted.len(), 240_usize.div_ceil(group_rows));
        prop_assert!(counted[..counted.len() - 1].iter().all(|&rows| rows as usize == group_rows));
        compare(&format!("{told}, merged"), &one.snapshot(), &several.snapshot(), dice);
        let gone = dice.below(5) + 2;
        let stays = |index: u64| !index.is_multiple_of(gone);
        let left = rewritten(&one, &stays).count;
        let format = if left as usize > group_rows { 6 } else { 5 };
        prop_assert_eq!(rewritten(&several, &stays).format, format);
        compare(&format!("{told}, rewritten"), &one.snapshot(), &several.snapshot(), dice);
        let metas = several.metas();
        drop(several);
        let again = Store::open(second.path(), metas, past::config()).unwrap();
        compare(&format!("{told}, opened again"), &one.snapshot(), &again.snapshot(), dice);
    }
}

#[test]
fn groups_of_several_pages_are_read_at_their_edges() {
    let dice = &mut Dice::new(31);
    let folder = TempDir::new().unwrap();
    // A page has at most 2,048 rows.
    let store = open(folder.path(), 2_500, false);
    let entries = past::entries(dice, 0, 5_100);
    push(dice, &store, &entries);
    seal(&store, 5_100);
    assert_eq!(groups(folder.path(), &store.metas()[0]), [2_500, 2_500, 100]);
    let snapshot = store.snapshot();
    assert_eq!(scanned(&snapshot), rows(&entries));
    let all = paged(&snapshot, &Query::default(), 1_000);
    for place in [0, 1, 2_047, 2_048, 2_499, 2_500, 4_547, 4_548, 4_999, 5_000, 5_099] {
        let found = snapshot.slice(&Query::default(), place, 1, &budget()).unwrap();
        let alone = snapshot.get(all[place as usize], &budget()).unwrap();
        assert_eq!(rows(&found), rows(&alone), "{place}");
    }
}

/// An entry of somebody with a long name.
fn by(dice: &mut Dice, nth: u64, name: &str, index: u64) -> Entries {
    let json = format!(
        r#"{{"action":"door.opened","actor":{{"type":"user","id":"u{nth}","name":"{name}"}},"occurred_at":"2026-11-{:02}T{:02}:{:02}:00Z"}}"#,
        1 + index / 1_440,
        index / 60 % 24,
        index % 60,
    );
    past::entry_of(dice, &json, index)
}

#[test]
fn a_group_whose_dictionary_grew_too_large_stands_beside_one_whose_did_not() {
    let dice = &mut Dice::new(32);
    let mut entries = Entries::default();
    for index in 0..7_000 {
        // Those that happened last stand in the first group, and are too many for a dictionary of a megabyte.
        let nth = if index < 3_500 { index % 5 } else { index };
        entries.append(&by(dice, nth, &"n".repeat(400), index));
    }
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (one, several) = (open(first.path(), 3_500, true), open(second.path(), 3_500, false));
    for store in [&one, &several] {
        push(&mut Dice::new(32), store, &entries);
        seal(store, 7_000);
    }
    let file = File::open(second.path().join(&several.metas()[0].id).join("rows.parquet")).unwrap();
    let file = SerializedFileReader::new(file).unwrap();
    let has_plain_pages = |group: usize| {
        let mut columns = file.metadata().row_group(group).columns().iter();
        let actor = columns.find(|column| column.column_path().string() == "actor").unwrap();
        actor.page_encoding_stats_mask().unwrap().is_set(Encoding::PLAIN)
    };
    assert!(has_plain_pages(0) && !has_plain_pages(1), "or the test proves nothing");
    assert_eq!(scanned(&several.snapshot()), rows(&entries));
    let actors = |store: &Store| counts(&store.snapshot(), &Query::default(), FacetKind::Actor);
    assert_eq!(actors(&several).len(), 3_505);
    assert_eq!(actors(&several), actors(&one));
}

#[test]
fn a_file_has_one_group_as_long_as_somebody_knows_no_others() {
    let dice = &mut Dice::new(33);
    let folder = TempDir::new().unwrap();
    let one_group = Arc::new(AtomicBool::new(true));
    let config = Config { group_rows: 10, one_group: one_group.clone(), ..past::config() };
    let store = Store::open(folder.path(), Vec::new(), config).unwrap();
    let entries = past::entries(dice, 0, 60);
    push(dice, &store, &entries);
    seal(&store, 25);
    one_group.store(false, Ordering::Relaxed);
    seal(&store, 25);
    seal(&store, 10);
    let metas = store.metas();
    let told: Vec<_> = metas.iter().map(|meta| (meta.format, groups(folder.path(), meta))).collect();
    assert_eq!(told, [(5, vec![25]), (6, vec![10, 10, 5]), (5, vec![10])]);
    assert_eq!(scanned(&store.snapshot()), rows(&entries));
    // Whoever knows only one group is told by the format, and a file of several that says it has one is refused.
    let disguised = SegmentMeta { format: 5, ..metas[1].clone() };
    let store = Store::open(folder.path(), vec![disguised], past::config()).unwrap();
    let refused = store.snapshot().scan(0..60).next().unwrap().unwrap_err();
    assert!(refused.to_string().contains("laid out differently"), "{refused}");
}
