//! Exports hold every answer, in the order of reading.

use crate::past::{self, Dice, budget, open, push, seal};
use calamine::{Data, Reader as _, Xlsx};
use hindcast_event::Entries;
use hindcast_segments::query::Query;
use hindcast_segments::{CSV_COLUMNS, CsvStyle, Format, Snapshot};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::io::Cursor;
use tempfile::TempDir;

fn mixed(count: u64) -> (TempDir, Snapshot, Entries) {
    let dice = &mut Dice::new(21);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(dice, 0, count);
    push(dice, &store, &entries);
    seal(&store, count / 3);
    seal(&store, count / 3);
    let snapshot = store.snapshot();
    let mut all = Entries::default();
    let sorted = snapshot.slice(&Query::default(), 0, 1000, &budget()).unwrap();
    sorted.iter().for_each(|entry| all.push(entry));
    (folder, snapshot, all)
}

fn exported(snapshot: &Snapshot, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    let count = snapshot.export(&Query::default(), format, &mut out, &budget()).unwrap();
    assert_eq!(count, snapshot.len());
    out
}

/// Takes comma-separated values apart again.
fn records(csv: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut rest = csv.chars().peekable();
    while let Some(c) = rest.next() {
        let record = records.last_mut().unwrap();
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                record.last_mut().unwrap().push(rest.next().unwrap())
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted && rest.peek() == Some(&'\n') => {
                rest.next();
                records.push(vec![String::new()]);
            }
            c => record.last_mut().unwrap().push(c),
        }
    }
    records.pop();
    records
}

#[test]
fn json_and_ndjson_are_the_entries_as_the_api_writes_them() {
    let (_folder, snapshot, all) = mixed(150);
    let lines: Vec<String> = all
        .iter()
        .map(|entry| {
            let mut out = Vec::new();
            entry.write_json(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        })
        .collect();
    assert_eq!(String::from_utf8(exported(&snapshot, Format::Ndjson)).unwrap(), lines.join("\n") + "\n");
    assert_eq!(
        String::from_utf8(exported(&snapshot, Format::Json)).unwrap(),
        format!("[{}]\n", lines.join(",\n"))
    );
}

#[test]
fn comma_separated_values_can_be_taken_apart_again() {
    let (_folder, snapshot, all) = mixed(150);
    let csv = String::from_utf8(exported(&snapshot, Format::Csv(CsvStyle::Raw))).unwrap();
    let records = records(&csv);
    assert_eq!(records[0], CSV_COLUMNS);
    assert_eq!(records.len(), all.len() + 1);
    for (record, entry) in records[1..].iter().zip(all.iter()) {
        let view = entry.event.view().unwrap();
        let cell =
            |name: &str| record[CSV_COLUMNS.iter().position(|column| *column == name).unwrap()].as_str();
        assert_eq!(record.len(), CSV_COLUMNS.len());
        assert_eq!(cell("index"), entry.index.to_string());
        assert_eq!(cell("occurred_at"), view.occurred_at.to_string());
        assert_eq!(cell("received_at"), entry.received_at.to_string());
        assert_eq!(
            (cell("id"), cell("action"), cell("outcome")),
            (&*view.id, &*view.action, view.result.as_str())
        );
        let text = view.description.map(|json| hindcast_event::json::parse(json).unwrap());
        assert_eq!(cell("description"), text.as_ref().and_then(|text| text.as_str()).unwrap_or_default());
        assert_eq!(cell("targets").is_empty(), view.targets.len() < 2);
    }
    let excel = String::from_utf8(exported(&snapshot, Format::Csv(CsvStyle::Excel))).unwrap();
    assert!(excel.starts_with('\u{feff}') && excel.contains(",'＝1+1"));
}

#[test]
fn a_workbook_holds_times_as_times_and_texts_as_texts() {
    let (_folder, snapshot, all) = mixed(150);
    let scratch = TempDir::new().unwrap();
    let mut bytes = Vec::new();
    let count = snapshot.export_xlsx(&Query::default(), scratch.path(), &mut bytes, &budget()).unwrap();
    assert_eq!(count, snapshot.len());
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    assert!(book.worksheet_formula("entries").unwrap().is_empty(), "no text is taken for a formula");
    let sheet = book.worksheet_range("entries").unwrap();
    assert_eq!(sheet.height(), all.len() + 1);
    let column = |name: &str| CSV_COLUMNS.iter().position(|column| *column == name).unwrap();
    let titles: Vec<String> = sheet.rows().next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(titles, CSV_COLUMNS);
    for (row, entry) in sheet.rows().skip(1).zip(all.iter()) {
        let view = entry.event.view().unwrap();
        assert_eq!(row[0], Data::Float(entry.index as f64));
        let expected = view.occurred_at.micros() as f64 / 86_400e6 + 25_569.0;
        match &row[column("occurred_at")] {
            Data::DateTime(time) => {
                assert!((time.as_f64() - expected).abs() < 1e-9, "{time} is not {expected}");
            }
            // Spreadsheets count right from March 1900 up to the year 9999.
            Data::String(text) => {
                assert_eq!(*text, view.occurred_at.to_string());
                assert!(!(61.0..2_958_465.999).contains(&expected), "{text} is a time that they know");
            }
            other => panic!("{other:?} is no time"),
        }
        assert_eq!(row[column("action")].to_string(), view.action);
        let text = view.description.map(|json| hindcast_event::json::parse(json).unwrap());
        let text = text.as_ref().and_then(|text| text.as_str()).unwrap_or_default();
        assert_eq!(row[column("description")].to_string(), text);
    }
}

#[test]
fn parquet_can_be_read_by_others_and_holds_no_keys() {
    let (_folder, snapshot, all) = mixed(150);
    let bytes = bytes::Bytes::from(exported(&snapshot, Format::Parquet));
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
    let batches: Vec<_> = reader.map(|batch| batch.unwrap()).collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), all.len());
    assert!(batches[0].column_by_name("key").is_none());
    let actions = batches[0].column_by_name("action").unwrap();
    let actions = actions.as_any().downcast_ref::<arrow_array::StringArray>().unwrap();
    for (action, entry) in actions.iter().zip(all.iter()) {
        assert_eq!(action.unwrap(), entry.event.view().unwrap().action);
    }
}

#[test]
fn nothing_to_export_is_well_formed_too() {
    let folder = TempDir::new().unwrap();
    let snapshot = open(folder.path()).snapshot();
    assert_eq!(exported(&snapshot, Format::Json), b"[]\n");
    assert_eq!(exported(&snapshot, Format::Ndjson), b"");
    assert_eq!(
        records(&String::from_utf8(exported(&snapshot, Format::Csv(CsvStyle::Raw))).unwrap()).len(),
        1
    );
}
