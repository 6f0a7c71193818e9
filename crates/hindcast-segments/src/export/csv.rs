//! Comma-separated values (RFC 4180).

use super::table::Table;
use super::{CSV_COLUMNS, CsvStyle, ExportError};
use crate::scan;
use hindcast_event::Timestamp;
use std::collections::HashMap;

/// So many different actors are remembered.
const ACTORS_REMEMBERED_MAX: usize = 4096;

pub struct Csv {
    /// What is written and not handed on yet.
    pub buffer: Vec<u8>,
    style: CsvStyle,
    /// Type, id, name, email address and role by the JSON of the actor, as they are written.
    actors: HashMap<String, Vec<u8>>,
}

impl Table for Csv {
    fn begin(&mut self, index: u64) -> Result<(), ExportError> {
        let mut number = index;
        let mut digits = [0; 20];
        let mut at_digit = digits.len();
        loop {
            at_digit -= 1;
            digits[at_digit] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.buffer.extend_from_slice(&digits[at_digit..]);
        Ok(())
    }

    fn time(&mut self, time: Timestamp) -> Result<(), ExportError> {
        self.buffer.push(b',');
        time.write(&mut self.buffer);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), ExportError> {
        self.cell(text);
        Ok(())
    }

    fn actor(&mut self, json: &str) -> Result<(), ExportError> {
        if let Some(written) = self.actors.get(json) {
            self.buffer.extend_from_slice(written);
            return Ok(());
        }
        let from = self.buffer.len();
        for name in ["type", "id", "name", "email", "role"] {
            self.cell(&scan::member_text(json, name).unwrap_or_default());
        }
        if self.actors.len() >= ACTORS_REMEMBERED_MAX {
            self.actors.clear();
        }
        self.actors.insert(json.to_owned(), self.buffer[from..].to_vec());
        Ok(())
    }

    fn end(&mut self) -> Result<(), ExportError> {
        self.buffer.extend_from_slice(b"\r\n");
        Ok(())
    }
}

impl Csv {
    /// A table that has nothing but its head.
    pub fn new(style: CsvStyle, capacity_bytes: usize) -> Self {
        let mut buffer = Vec::with_capacity(capacity_bytes);
        if style == CsvStyle::Excel {
            buffer.extend_from_slice("\u{feff}".as_bytes());
        }
        buffer.extend_from_slice(CSV_COLUMNS.join(",").as_bytes());
        buffer.extend_from_slice(b"\r\n");
        Self { buffer, style, actors: HashMap::new() }
    }

    /// Writes a comma and a value.
    fn cell(&mut self, value: &str) {
        self.buffer.push(b',');
        csv_value(value, self.style, &mut self.buffer);
    }
}

/// Writes a value of a CSV file (RFC 4180): quoted where it must be, and harmless to spreadsheets where the style says so.
pub fn csv_value(value: &str, style: CsvStyle, out: &mut Vec<u8>) {
    let quoted = needs_quotes(value.as_bytes());
    if quoted {
        out.push(b'"');
    }
    if style == CsvStyle::Excel && is_formula(value) {
        out.push(b'\'');
    }
    if quoted {
        push_doubling_quotes(value.as_bytes(), out);
        out.push(b'"');
    } else {
        out.extend_from_slice(value.as_bytes());
    }
}

fn needs_quotes(value: &[u8]) -> bool {
    let needs = |byte: &u8| matches!(byte, b',' | b'"' | b'\r' | b'\n');
    // Sixteen at once: without a way out in between, the compiler compares them together.
    let (chunks, rest) = value.as_chunks::<16>();
    chunks.iter().any(|chunk| chunk.iter().fold(false, |any, byte| any | needs(byte)))
        || rest.iter().any(needs)
}

/// Writes each byte where the one before ends, and a quote behind it that stays only behind a quote. JSON has so many
/// quotes that looking for the next one takes longer.
fn push_doubling_quotes(value: &[u8], out: &mut Vec<u8>) {
    let mut at = out.len();
    out.resize(at + 2 * value.len(), 0);
    for &byte in value {
        out[at..at + 2].copy_from_slice(&[byte, b'"']);
        at += 1 + usize::from(byte == b'"');
    }
    out.truncate(at);
}

/// Whether a spreadsheet might compute it.
fn is_formula(value: &str) -> bool {
    value.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_made_harmless_only_for_spreadsheets() {
        for (value, raw, excel) in [
            ("plain", "plain", "plain"),
            ("=1+1", "=1+1", "'=1+1"),
            ("-5", "-5", "'-5"),
            ("＝1", "＝1", "'＝1"),
            ("@a,b", "\"@a,b\"", "\"'@a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\"", "\"say \"\"hi\"\"\""),
            ("a\r\nb", "\"a\r\nb\"", "\"a\r\nb\""),
            ("\tx", "\tx", "'\tx"),
            ("", "", ""),
        ] {
            for (style, expected) in [(CsvStyle::Raw, raw), (CsvStyle::Excel, excel)] {
                let mut csv = Csv { buffer: Vec::new(), style, actors: HashMap::new() };
                csv.cell(value);
                assert_eq!(String::from_utf8(csv.buffer).unwrap(), format!(",{expected}"));
            }
        }
    }
}
