//! Rows that others decided on as a Parquet file: for entries that left the log behind somebody's sight.

use arrow_array::builder::{StringBuilder, TimestampMicrosecondBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use hindcast_event::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// Whole numbers from 0 on.
    Number,
    /// Points in time, in microseconds and UTC.
    Time,
}

/// A value of a row; one of another kind than its column holds is read as absent.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing is known.
    Absent,
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(u64),
    /// A point in time.
    Time(Timestamp),
}

enum Column {
    Text(StringBuilder),
    Number(UInt64Builder),
    Time(TimestampMicrosecondBuilder),
}

/// A Parquet file of these columns and rows, in their order. The same rows give the same bytes.
pub fn parquet_of<'a>(
    columns: &[(&str, Holds)],
    rows: impl Iterator<Item = Vec<Cell<'a>>>,
) -> io::Result<Vec<u8>> {
    let mut built: Vec<Column> = columns.iter().map(|&(_, holds)| Column::new(holds)).collect();
    for row in rows {
        let mut cells = row.into_iter();
        built.iter_mut().for_each(|column| column.push(cells.next().unwrap_or(Cell::Absent)));
    }
    let fields: Vec<Field> =
        columns.iter().map(|&(name, holds)| Field::new(name, data_type(holds), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = built.into_iter().map(Column::finish).collect();
    let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(io::Error::other)?;
    let properties = WriterProperties::builder()
        .set_created_by("hindcast".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).map_err(io::Error::other)?))
        .build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(properties)).map_err(io::Error::other)?;
    writer.write(&batch).map_err(io::Error::other)?;
    writer.close().map_err(io::Error::other)?;
    Ok(out)
}

fn data_type(holds: Holds) -> DataType {
    match holds {
        Holds::Text => DataType::Utf8,
        Holds::Number => DataType::UInt64,
        Holds::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

impl Column {
    fn new(holds: Holds) -> Self {
        match holds {
            Holds::Text => Self::Text(StringBuilder::new()),
            Holds::Number => Self::Number(UInt64Builder::new()),
            Holds::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Text(column), Cell::Text(text)) => column.append_value(text),
            (Self::Number(column), Cell::Number(number)) => column.append_value(number),
            (Self::Time(column), Cell::Time(time)) => column.append_value(time.micros()),
            (Self::Text(column), _) => column.append_null(),
            (Self::Number(column), _) => column.append_null(),
            (Self::Time(column), _) => column.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut column) => Arc::new(column.finish()),
            Self::Number(mut column) => Arc::new(column.finish()),
            Self::Time(mut column) => Arc::new(column.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array as _;
    use arrow_array::cast::AsArray as _;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    #[test]
    fn rows_are_read_back_and_the_same_rows_give_the_same_bytes() {
        let columns = [("index", Holds::Number), ("at", Holds::Time), ("name", Holds::Text)];
        let rows = || {
            [
                vec![Cell::Number(7), Cell::Time(Timestamp::from_micros(5)), Cell::Text("ä\n|".into())],
                vec![Cell::Number(8), Cell::Absent, Cell::Number(1)],
            ]
        };
        let file = parquet_of(&columns, rows().into_iter()).unwrap();
        assert_eq!(file, parquet_of(&columns, rows().into_iter()).unwrap());
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).unwrap();
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        let numbers = batch.column(0).as_primitive::<arrow_array::types::UInt64Type>();
        assert_eq!(numbers.values(), &[7, 8]);
        let names = batch.column(2).as_string::<i32>();
        assert_eq!((names.value(0), names.is_valid(1)), ("ä\n|", false));
    }
}
