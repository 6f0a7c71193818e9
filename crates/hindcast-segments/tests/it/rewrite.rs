//! Taking out of segments: what stays is found and read as before, and of what goes no byte is left.

use crate::canary::found_in;
use crate::past::{self, Dice, budget, merge, open, push, rows, scanned, seal};
use hindcast_event::{Entries, Entry, Indexes, Remnant, Timestamp};
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Cursor, SegmentError, Snapshot, Store};
use tempfile::TempDir;

/// A secret that one of the entries has in its metadata, and its name.
const SECRET: &str = "zanzibar-4711";
const QUERIES: [&str; 7] =
    ["", "ana", "refund", "outcome:failure", "-outcome:failure", "category:authentication", "source:ui"];

fn query(text: &str) -> Query {
    Query::parse(text, &ParseContext::default()).unwrap()
}

fn as_it_is(entry: &Entry<'_>, out: &mut Entries) -> Result<(), SegmentError> {
    out.push(*entry);
    Ok(())
}

/// The entry without its actor and without what names the secret.
fn without(entry: &Entry<'_>, out: &mut Entries) -> Result<(), SegmentError> {
    let goes = |name: &str, value: &str| name == "actor" || value.contains(SECRET);
    let mut left = Vec::new();
    for (at, (name, value)) in (0_u8..).zip(entry.event.sections()) {
        let name = (name == "actor").then_some(name);
        match goes(name.unwrap_or_default(), value) {
            true => Remnant::Digest { digest: [at; 32], name }.write(&mut left),
            false => Remnant::Salt([at; 16]).write(&mut left),
        }
    }
    let sections: Vec<_> = entry.event.sections().filter(|(name, value)| !goes(name, value)).collect();
    out.push_left(entry.index, entry.received_at, entry.kind, &left, |out| {
        sections.iter().for_each(|(name, value)| hindcast_event::push_section("", name, value, out));
    })
    .map_err(|source| SegmentError::Entry { index: entry.index, source })
}

/// Rewrites every segment, and drops those of which nothing stays.
fn rewrite(store: &Store, gone: &Indexes) {
    for meta in store.metas() {
        let stays = |index| !gone.contains(index);
        let written = store.rewrite(&meta.id, &stays, &mut as_it_is, &|| true).unwrap();
        store.adopt(written.into_iter().collect(), &[meta.id]);
    }
}

fn found(snapshot: &Snapshot, query: &Query) -> Vec<u64> {
    let (mut found, mut after): (Vec<u64>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = snapshot.search(query, after.as_ref(), 7, &budget()).unwrap();
        found.extend(page.entries.iter().map(|entry| entry.index));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[test]
fn what_stays_is_found_in_the_same_order_and_what_is_gone_is_nowhere() {
    // Most of the time each of them waits for the disk.
    std::thread::scope(|scope| {
        for seed in 0..12 {
            scope.spawn(move || some_of_a_past_goes(seed));
        }
    });
}

fn some_of_a_past_goes(seed: u64) {
    let dice = &mut Dice::new(seed);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(dice, 0, 300);
    push(dice, &store, &entries);
    (0..5).for_each(|_| seal(&store, 50));
    let before = store.snapshot();
    // A prefix, some single ones, and the whole of the fourth segment.
    let mut gone: Indexes = [0..dice.below(70), 150..200].into_iter().collect();
    (0..20).map(|_| dice.below(250)).for_each(|index| gone.insert(index..index + 1));
    rewrite(&store, &gone);
    for text in QUERIES {
        let query = query(text);
        let mut expected = found(&before, &query);
        expected.retain(|&index| !gone.contains(index));
        let after = store.snapshot();
        assert_eq!(found(&after, &query), expected, "{text}");
        assert_eq!(after.count(&query, &budget()).unwrap(), expected.len() as u64, "{text}");
        let indexes = after.indexes(&query, &budget()).unwrap();
        assert_eq!(indexes.count(), expected.len() as u64, "{text}");
        assert!(expected.iter().all(|&index| indexes.contains(index)), "{text}");
    }
    let mut left = rows(&entries);
    left.retain(|row| !gone.contains(row.0));
    assert_eq!(scanned(&store.snapshot()), left);
    for index in 0..300 {
        let there = !store.snapshot().get(index, &budget()).unwrap().is_empty();
        assert_eq!(there, !gone.contains(index), "{index}");
    }
    // Sparse segments are merged, named by the manifest and opened as others are.
    let neighbours = store.metas().iter().filter(|meta| meta.end_index <= 150).count();
    if neighbours > 1 {
        merge(&store, 0, neighbours);
    }
    let metas = store.metas();
    drop(store);
    let store = Store::open(folder.path(), metas, past::config()).unwrap();
    assert_eq!(scanned(&store.snapshot()), left[..left.len() - 50]);
}

#[test]
fn an_erased_value_is_in_no_file_and_the_rest_reads_as_it_did() {
    let dice = &mut Dice::new(7);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let mut entries = past::entries(dice, 0, 120);
    let secret = format!(
        r#"{{"action":"note.added","actor":{{"type":"user","id":"{SECRET}"}},"metadata":{{"note":"{SECRET}","kept":"guava"}}}}"#
    );
    entries.append(&past::entry_of(dice, &secret, 120));
    push(dice, &store, &entries);
    seal(&store, 121);
    assert!(!found_in(folder.path(), &[SECRET]).is_empty(), "or the test proves nothing");
    let id = store.metas()[0].id.clone();
    let mut keep = |entry: &Entry<'_>, out: &mut Entries| {
        if entry.index == 120 { without(entry, out) } else { as_it_is(entry, out) }
    };
    let written = store.rewrite(&id, &|_| true, &mut keep, &|| true).unwrap();
    store.adopt(written.into_iter().collect(), &[id]);

    assert_eq!(found_in(folder.path(), &[SECRET]), []);
    let snapshot = store.snapshot();
    assert!(found(&snapshot, &query(SECRET)).is_empty());
    assert_eq!(found(&snapshot, &query("guava actor:erased")), [120]);
    let read = scanned(&snapshot);
    assert_eq!(read[..120], rows(&entries)[..120]);
    let shown = snapshot.get(120, &budget()).unwrap();
    let mut json = Vec::new();
    shown.get(0).unwrap().write_json(&mut json).unwrap();
    let json = String::from_utf8(json).unwrap();
    assert!(
        json.contains(r#""erased":2"#) && json.contains(r#""actor":{"id":"erased","type":"anonymous"}"#),
        "{json}"
    );
    // Written anew once more, as merging does, it is the same.
    let id = store.metas()[0].id.clone();
    let written = store.rewrite(&id, &|_| true, &mut as_it_is, &|| true).unwrap();
    store.adopt(written.into_iter().collect(), &[id]);
    assert_eq!(scanned(&store.snapshot()), read);
}

#[test]
fn what_is_archived_is_searched_on_request_only() {
    let dice = &mut Dice::new(9);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(dice, 0, 90);
    push(dice, &store, &entries);
    (0..2).for_each(|_| seal(&store, 30));
    let id = store.metas()[0].id.clone();
    let archived = store.copy_to_archive(&id).unwrap();
    store.adopt(vec![archived], std::slice::from_ref(&id));
    assert!(!folder.path().join(&id).exists());
    let metas = store.metas();
    drop(store);

    let store = Store::open(folder.path(), metas, past::config()).unwrap();
    store.push(past::part(&entries, 60, 90)).unwrap();
    assert_eq!(scanned(&store.snapshot()), rows(&entries));
    let counted = |text: &str| store.snapshot().count(&query(text), &budget()).unwrap();
    assert_eq!((counted(""), counted("archive:yes")), (60, 90));
    assert!(found(&store.snapshot(), &query("")).iter().all(|index| *index >= 30));
    assert_eq!(found(&store.snapshot(), &query("archive:yes")).len(), 90);
    assert_eq!(store.merge_plan(), None);
    // What is archived can still be erased.
    let written = store.rewrite(&id, &|index| index > 3, &mut as_it_is, &|| true).unwrap().unwrap();
    assert!(written.archived);
    store.adopt(vec![written], &[id]);
    assert_eq!(scanned(&store.snapshot()), rows(&entries)[4..]);
}

#[test]
fn the_end_of_a_time_is_found_by_index() {
    let dice = &mut Dice::new(11);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(dice, 0, 90);
    push(dice, &store, &entries);
    (0..2).for_each(|_| seal(&store, 40));
    rewrite(&store, &(10..20).into());
    let received = |index: usize| entries.get(index).unwrap().received_at;
    assert_eq!(store.end_of(Timestamp::from_micros(received(0).micros() - 1)).unwrap(), 0);
    assert_eq!(store.end_of(received(0)).unwrap(), 1);
    assert_eq!(store.end_of(received(8)).unwrap(), 9);
    assert_eq!(store.end_of(received(9)).unwrap(), 20, "what comes next");
    assert_eq!(store.end_of(received(15)).unwrap(), 20);
    assert_eq!(store.end_of(received(39)).unwrap(), 40);
    assert_eq!(store.end_of(received(85)).unwrap(), 80, "of what is sealed");
}
