//! Opens a file of events, whatever it is compressed with, and reads its records one after the other.

use super::{Format, csv::Rows, split::Split};
use anyhow::{Context as _, bail};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// A record is at most this long.
pub(super) const RECORD_BYTES_MAX: usize = 1024 * 1024;

const BUFFER_BYTES: usize = 256 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// One event, as JSON, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Record {
    /// The line it begins on, from 1.
    pub line: u64,
    /// The JSON.
    pub text: String,
}

/// The records of a file.
pub(in crate::cli) type Records = Box<dyn Iterator<Item = anyhow::Result<Record>> + Send>;

/// Opens a file; `-` is standard input.
pub(in crate::cli) fn open(file: &Path, format: Option<Format>) -> anyhow::Result<Records> {
    records(raw(file)?, format.or_else(|| by_name(file)))
}

/// The bytes of a file, unpacked, and what they are.
pub(in crate::cli) fn unpacked(
    file: &Path,
    format: Option<Format>,
) -> anyhow::Result<(Box<dyn BufRead + Send>, Format)> {
    let mut reader = decompressed(raw(file)?)?;
    skip_mark(&mut reader)?;
    match format.or_else(|| by_name(file)) {
        Some(format) => Ok((reader, format)),
        None => by_content(&mut reader).map(|format| (reader, format)),
    }
}

/// The records of JSON, in lines or as an array.
pub(in crate::cli) fn of_json(reader: Box<dyn BufRead + Send>) -> Records {
    Box::new(Split::items(reader))
}

fn raw(file: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if is_stdin(file) {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(file).context("cannot be opened")?))
}

/// Whether this means standard input.
pub(super) fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn by_name(file: &Path) -> Option<Format> {
    let name = file.file_name()?.to_str()?;
    let name =
        [".gz", ".gzip", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    match name.rsplit_once('.')?.1 {
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "json" => Some(Format::Json),
        "csv" => Some(Format::Csv),
        _ => None,
    }
}

fn records(raw: Box<dyn Read + Send>, format: Option<Format>) -> anyhow::Result<Records> {
    let mut reader = decompressed(raw)?;
    skip_mark(&mut reader)?;
    let format = match format {
        Some(format) => format,
        None => by_content(&mut reader)?,
    };
    Ok(match format {
        Format::Ndjson => Box::new(Split::lines(reader)),
        // Many files called .json hold one object a line, and an array can be told from them.
        Format::Json => Box::new(Split::items(reader)),
        Format::Csv => Box::new(Rows::open(reader)?),
    })
}

fn decompressed(raw: Box<dyn Read + Send>) -> anyhow::Result<Box<dyn BufRead + Send>> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, raw);
    let start = beginning(&mut reader)?;
    let unpacked: Box<dyn Read + Send> = if start.starts_with(&GZIP) {
        Box::new(flate2::bufread::MultiGzDecoder::new(reader))
    } else if start.starts_with(&ZSTD) {
        Box::new(zstd::stream::read::Decoder::with_buffer(reader)?)
    } else {
        return Ok(Box::new(reader));
    };
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, unpacked)))
}

/// The first bytes, still to be read. A pipe may give fewer than there are, but its first write has more than four.
fn beginning(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let start = reader.fill_buf()?;
    Ok(start[..start.len().min(8)].to_vec())
}

fn skip_mark(reader: &mut Box<dyn BufRead + Send>) -> io::Result<()> {
    if beginning(reader)?.starts_with("\u{feff}".as_bytes()) {
        reader.consume(3);
    }
    Ok(())
}

fn by_content(reader: &mut Box<dyn BufRead + Send>) -> anyhow::Result<Format> {
    match reader.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None | Some(b'{' | b'[') => Ok(Format::Json),
        Some(_) => bail!("the content does not tell the format, say --format"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn texts(bytes: Vec<u8>, name: &str, format: Option<Format>) -> Vec<String> {
        let records = records(Box::new(io::Cursor::new(bytes)), format.or_else(|| by_name(Path::new(name))));
        records.expect("opens").map(|record| record.expect("a record").text).collect()
    }

    #[test]
    fn compression_is_told_by_content_and_format_by_name() {
        let lines = b"{\"a\":1}\n\n{\"a\":2}\n".to_vec();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&lines).expect("packed");
        let gzip = gzip.finish().expect("packed");
        let zstd = zstd::encode_all(&lines[..], 1).expect("packed");
        let twice = [gzip.clone(), gzip.clone()].concat();
        for (bytes, name, count) in [
            (lines.clone(), "a.ndjson", 2),
            (gzip, "a.jsonl.gz", 2),
            (zstd, "a.ndjson.zst", 2),
            (twice, "a.ndjson", 4),
            ([&b"\xef\xbb\xbf"[..], &lines].concat(), "a.json", 2),
            (lines, "no-name", 2),
            (b" [ {\"a\":1} , {\"a\":2} ] ".to_vec(), "-", 2),
            (b"action,actor.id\nx,1\ny,2\n".to_vec(), "a.csv", 2),
            (Vec::new(), "-", 0),
        ] {
            assert_eq!(texts(bytes, name, None).len(), count, "{name}");
        }
        assert!(records(Box::new(&b"action,x"[..]), None).is_err());
    }
}
