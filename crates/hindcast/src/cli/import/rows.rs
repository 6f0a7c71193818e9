//! The rows of a file: the cells of CSV by their columns, or objects of JSON.

use crate::cli::ingest::Format;
use crate::cli::ingest::input::{self, Records};
use crate::sources::mapping::Row;
use anyhow::Context as _;
use std::io::BufRead;
use std::path::Path;

/// The rows of a file, each with the line it begins on.
pub(in crate::cli) enum Rows {
    Csv {
        reader: csv::Reader<Box<dyn BufRead + Send>>,
        columns: Vec<String>,
        row: csv::StringRecord,
        over: bool,
    },
    Json(Records),
}

impl Rows {
    pub fn open(file: &Path, format: Option<Format>) -> anyhow::Result<Self> {
        let (reader, format) = input::unpacked(file, format)?;
        if format != Format::Csv {
            return Ok(Self::Json(input::of_json(reader)));
        }
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(reader);
        let header = reader.headers().context("the first row cannot be read")?;
        let columns = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Self::Csv { reader, columns, row: csv::StringRecord::new(), over: false })
    }

    /// The names of the columns, where a header tells them.
    pub fn columns(&self) -> Option<&[String]> {
        match self {
            Self::Csv { columns, .. } => Some(columns),
            Self::Json(_) => None,
        }
    }
}

impl Iterator for Rows {
    /// After an error without a line nothing more comes: where the next row begins is not known.
    type Item = anyhow::Result<(u64, Result<Row, String>)>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Csv { reader, columns, row, over } => {
                if *over {
                    return None;
                }
                match reader.read_record(row) {
                    Ok(false) => None,
                    Ok(true) => {
                        let line = row.position().map_or(0, csv::Position::line);
                        let cells = columns.iter().zip(row.iter());
                        Some(Ok((line, Ok(cells.map(|(name, cell)| (name.clone(), cell.into())).collect()))))
                    }
                    Err(error) => match error.kind() {
                        // The reader knows where the next one begins.
                        csv::ErrorKind::UnequalLengths { pos, .. } => {
                            let line = pos.as_ref().map_or(0, csv::Position::line);
                            Some(Ok((line, Err(error.to_string()))))
                        }
                        _ => {
                            *over = true;
                            Some(Err(error.into()))
                        }
                    },
                }
            }
            Self::Json(records) => Some(records.next()?.map(|record| {
                let row = serde_json::from_str(&record.text);
                (record.line, row.map_err(|error| format!("this is no object of JSON: {error}")))
            })),
        }
    }
}
