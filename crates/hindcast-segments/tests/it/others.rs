//! What engines that are not ours find in a segment's file to pass over what they do not need.

use crate::past::{self, Dice, open, push, seal};
use hindcast_segments::query::Query;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;
use std::collections::BTreeSet;
use std::fs::File;
use tempfile::TempDir;

/// Invented values of which a filter may say "perhaps": it is made for one in a hundred.
const MISTAKEN_MAX: usize = 50;

#[test]
fn a_file_tells_which_actions_and_addresses_are_not_in_it() {
    let dice = &mut Dice::new(4);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(dice, 0, 400);
    push(dice, &store, &entries);
    seal(&store, 400);
    let rows = folder.path().join(&store.metas()[0].id).join("rows.parquet");
    let wanted = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_reader_properties(wanted).build();
    let file = SerializedFileReader::new_with_options(File::open(rows).unwrap(), options).unwrap();
    let groups: Vec<_> = (0..file.num_row_groups()).map(|nth| file.get_row_group(nth).unwrap()).collect();
    assert!(groups.len() > 1);
    let place = |name: &str| {
        let columns = groups[0].metadata().columns();
        columns.iter().position(|column| column.column_path().string() == name).unwrap()
    };

    // Each row group tells it of its own rows.
    let sorted = store.snapshot().slice(&Query::default(), 0, 1000, &past::budget()).unwrap();
    let actions: Vec<String> =
        sorted.iter().map(|entry| entry.event.view().unwrap().action.into_owned()).collect();
    let mut first = 0;
    for group in &groups {
        let upto = first + group.metadata().num_rows() as usize;
        let actions: BTreeSet<&str> = actions[first..upto].iter().map(String::as_str).collect();
        first = upto;
        let column = place("action");
        let filter = group.get_column_bloom_filter(column).unwrap();
        assert!(actions.len() > 1 && actions.iter().all(|action| filter.check(*action)));
        let mistaken = (0..1000).filter(|n| filter.check(format!("never.happened{n}").as_str())).count();
        assert!(mistaken <= MISTAKEN_MAX, "{mistaken} of 1000");
        let known = group.metadata().column(column).statistics().unwrap();
        assert_eq!(known.min_bytes_opt(), actions.first().map(|action| action.as_bytes()));
        assert_eq!(known.max_bytes_opt(), actions.last().map(|action| action.as_bytes()));
        for name in ["ip", "session_id", "country"] {
            assert!(group.get_column_bloom_filter(place(name)).is_some(), "{name}");
        }
    }
    assert_eq!(first, 400);
    // Of times, every page tells which it has.
    let pages = groups[1].metadata().column(place("occurred_at"));
    assert!(pages.column_index_offset().is_some() && pages.offset_index_offset().is_some());
}
