use super::*;
use crate::deliver::peers::{key, made, sender};
use hindcast_ledger::Note;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

const HOUR_MICROS: i64 = 3_600_000_000;

fn sink(storage: &Arc<InMemory>, is_parquet: bool) -> S3 {
    let storage: Arc<dyn ObjectStore> = storage.clone();
    let store = Store::over(storage).expect("a runtime");
    S3::over(store, "logs/", is_parquet, Format::Native, &sender(), Duration::ZERO)
}

/// Entries of several hours, `each` an hour.
fn hours(hours: i64, each: u64) -> Vec<Outgoing> {
    let entry =
        |hour: i64, place: u64| made(hour as u64 * each + place, 1_763_750_000_000_000 + hour * HOUR_MICROS);
    (0..hours).flat_map(|hour| (0..each).map(move |place| entry(hour, place))).collect()
}

fn keys(storage: &Arc<InMemory>) -> Vec<String> {
    sink(storage, false).store.list("logs/", "").expect("listed")
}

fn indexes(storage: &Arc<InMemory>) -> Vec<u64> {
    let mut sink = sink(storage, false);
    let mut indexes = Vec::new();
    for key in keys(storage).iter().filter(|key| key.ends_with(".zst")) {
        let text = zstd::decode_all(&sink.store.get(key).expect("read")[..]).expect("zstd");
        for line in String::from_utf8(text).expect("UTF-8").lines() {
            let entry: Value = serde_json::from_str(line).expect("JSON");
            indexes.push(entry["index"].as_u64().expect("an index"));
        }
    }
    indexes
}

fn delivered(sink: &mut S3, entries: &[Outgoing]) {
    assert!(matches!(sink.send(entries), Tried::Delivered(_)));
}

#[test]
fn entries_lie_by_hour_under_names_that_tell_which() {
    let storage = Arc::default();
    delivered(&mut sink(&storage, false), &hours(2, 3));
    let files: Vec<String> = keys(&storage).into_iter().filter(|key| !key.contains("digests/")).collect();
    assert_eq!(
        files,
        [
            "logs/workspace=acme/date=2025-11-21/hour=18/000000000000-000000000002.ndjson.zst",
            "logs/workspace=acme/date=2025-11-21/hour=19/000000000003-000000000005.ndjson.zst",
        ]
    );
    assert_eq!(indexes(&storage), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn after_a_crash_no_entry_lies_there_twice_however_batches_are_cut() {
    let storage = Arc::default();
    let entries = hours(3, 10);
    delivered(&mut sink(&storage, false), &entries[..14]);
    // The cursor was not written down: the same come again, and more, in other batches.
    let mut again = sink(&storage, false);
    delivered(&mut again, &entries[4..12]);
    delivered(&mut again, &entries[12..25]);
    let mut third = sink(&storage, false);
    delivered(&mut third, &entries[11..]);
    assert_eq!(indexes(&storage), (0..30).collect::<Vec<_>>());
}

#[test]
fn every_hour_that_is_over_has_a_signed_digest_that_names_the_one_before() {
    let storage = Arc::default();
    let entries = hours(4, 5);
    delivered(&mut sink(&storage, false), &entries[..7]);
    // A restart in the middle of an hour.
    delivered(&mut sink(&storage, false), &entries[7..]);
    let mut sink = sink(&storage, false);
    let lists: Vec<String> = keys(&storage).into_iter().filter(|key| key.ends_with(".json")).collect();
    assert_eq!(lists.len(), 3, "the last hour is not over: {lists:?}");
    let mut previous = Value::Null;
    for (number, list) in lists.iter().enumerate() {
        let text = sink.store.get(list).expect("read");
        let sha256 = crate::hex::hex(&Sha256::digest(&text));
        let read: Value = serde_json::from_slice(&text).expect("JSON");
        assert_eq!((read["number"].as_u64(), &read["previous"]), (Some(number as u64 + 1), &previous));
        let note = sink.store.get(&list.replace(".json", ".note")).expect("read");
        let note: Note = std::str::from_utf8(&note).expect("UTF-8").parse().expect("a note");
        let key = key();
        let signed = note.verify([&key]).expect("signed");
        assert!(signed.text.ends_with(&format!("\n{sha256}\n")), "{}", signed.text);
        let mut held = 0;
        for file in read["files"].as_array().expect("files") {
            let body =
                sink.store.get(&format!("logs/workspace=acme/{}", file["key"].as_str().expect("a key")));
            let body = body.expect("read");
            assert_eq!(file["sha256"], crate::hex::hex(&Sha256::digest(&body)));
            assert_eq!(file["bytes"].as_u64(), Some(body.len() as u64));
            held += file["last"].as_u64().expect("a number") + 1 - file["first"].as_u64().expect("a number");
        }
        assert_eq!(held, 5);
        previous = sha256.into();
    }
}

#[test]
fn parquet_is_named_like_it_and_begins_like_it() {
    let storage = Arc::default();
    delivered(&mut sink(&storage, true), &hours(1, 3));
    let key = "logs/workspace=acme/date=2025-11-21/hour=18/000000000000-000000000002.parquet";
    assert_eq!(keys(&storage), [key]);
    let body = sink(&storage, true).store.get(key).expect("read");
    assert_eq!((&body[..4], &body[body.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
}

#[test]
fn a_test_leaves_nothing_behind() {
    let storage = Arc::default();
    assert!(matches!(sink(&storage, false).test(&made(0, 0)), Tried::Delivered(_)));
    assert_eq!(keys(&storage), Vec::<String>::new());
}

#[test]
fn what_is_wrong_with_a_bucket_is_named() {
    let open = |bucket: &str, file: &str, format| {
        let given =
            serde_json::json!({ "bucket": bucket, "access_key": "a", "secret_key": "cw==", "file": file });
        let settings =
            Settings::checked(KIND.fields, given.as_object().expect("an object"), &Settings::default());
        (KIND.open)(&settings.expect("good"), format, &sender()).err().map(|invalid| invalid.field)
    };
    assert_eq!(open("s3://bucket", "ndjson", Format::Ocsf), None);
    assert_eq!(open("az://container/a/b", "parquet", Format::Native), None);
    for bucket in ["bucket", "s3://", "ftp://bucket", "s3:///prefix", "s3://bucket//x", "s3://bucket/a#b"] {
        assert_eq!(open(bucket, "ndjson", Format::Native).as_deref(), Some("bucket"), "{bucket}");
    }
    assert_eq!(open("s3://bucket", "parquet", Format::Ocsf).as_deref(), Some("file"));
    assert_eq!(open("gs://bucket", "ndjson", Format::Native).as_deref(), Some("secret_key"));
}
