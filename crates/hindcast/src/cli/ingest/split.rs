//! Takes a stream of JSON apart into its records without reading the JSON: that is the event's own parser's work.
//!
//! An array is cut at the commas between its items; anything else is taken line by line.

use super::input::{RECORD_BYTES_MAX, Record};
use anyhow::bail;
use std::io::{BufRead, Read as _};

/// Records of NDJSON, or of an array.
pub(super) struct Split {
    reader: Box<dyn BufRead + Send>,
    line: u64,
    shape: Shape,
    over: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Unknown,
    Lines,
    Array,
}

impl Split {
    /// One record a line; empty lines are passed over.
    pub fn lines(reader: Box<dyn BufRead + Send>) -> Self {
        Self { reader, line: 1, shape: Shape::Lines, over: false }
    }

    /// The items of an array, or one record a line when it is none.
    pub fn items(reader: Box<dyn BufRead + Send>) -> Self {
        Self { reader, line: 1, shape: Shape::Unknown, over: false }
    }

    fn read(&mut self) -> anyhow::Result<Option<Record>> {
        if self.shape == Shape::Unknown {
            let array = self.peek_past_space()? == Some(b'[');
            if array {
                self.reader.consume(1);
            }
            self.shape = if array { Shape::Array } else { Shape::Lines };
        }
        if self.shape == Shape::Array { self.item() } else { self.next_line() }
    }

    fn next_line(&mut self) -> anyhow::Result<Option<Record>> {
        loop {
            let mut bytes = Vec::new();
            let line = self.line;
            let read =
                self.reader.by_ref().take(RECORD_BYTES_MAX as u64 + 1).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            if read > RECORD_BYTES_MAX {
                bail!("line {line}: an event has at most {RECORD_BYTES_MAX} bytes");
            }
            self.line += 1;
            let record = text(line, bytes)?;
            if !record.text.is_empty() {
                return Ok(Some(record));
            }
        }
    }

    fn item(&mut self) -> anyhow::Result<Option<Record>> {
        match self.peek_past_space()? {
            Some(b']') => {
                self.reader.consume(1);
                return match self.peek_past_space()? {
                    None => Ok(None),
                    Some(_) => bail!("line {}: there is something after the end of the array", self.line),
                };
            }
            Some(_) => {}
            None => bail!("line {}: the array does not end", self.line),
        }
        let line = self.line;
        let mut bytes = Vec::new();
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let Some(byte) = self.peek()? else { bail!("line {line}: the array does not end") };
            if !quoted && depth == 0 && matches!(byte, b',' | b']') {
                if byte == b',' {
                    self.reader.consume(1);
                    if self.peek_past_space()? == Some(b']') {
                        bail!("line {}: an item is missing after the comma", self.line);
                    }
                }
                break;
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.line += u64::from(byte == b'\n');
            bytes.push(byte);
            self.reader.consume(1);
            if bytes.len() > RECORD_BYTES_MAX {
                bail!("line {line}: an event has at most {RECORD_BYTES_MAX} bytes");
            }
        }
        text(line, bytes).map(Some)
    }

    fn peek(&mut self) -> anyhow::Result<Option<u8>> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    fn peek_past_space(&mut self) -> anyhow::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.line += u64::from(byte == b'\n');
            self.reader.consume(1);
        }
        Ok(None)
    }
}

fn text(line: u64, bytes: Vec<u8>) -> anyhow::Result<Record> {
    match String::from_utf8(bytes) {
        // A line break within a record would make two lines of it on the way to the server.
        Ok(text) => Ok(Record { line, text: text.trim().replace(['\n', '\r'], " ") }),
        Err(_) => bail!("line {line}: this is not UTF-8"),
    }
}

impl Iterator for Split {
    type Item = anyhow::Result<Record>;

    /// After an error nothing more comes: where the next record begins is not known.
    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let read = self.read().transpose();
        self.over = !matches!(read, Some(Ok(_)));
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &'static str) -> Result<Vec<(u64, String)>, String> {
        let split = Split::items(Box::new(std::io::BufReader::with_capacity(3, text.as_bytes())));
        split.map(|record| record.map(|r| (r.line, r.text)).map_err(|e| e.to_string())).collect()
    }

    #[test]
    fn an_array_is_cut_between_its_items() {
        let read = records("[\n {\"a\":\"],{\\\"\"},\n {\"b\":[1,[2]],\n  \"c\":{}} ]\n").expect("reads");
        let expected = [(2, "{\"a\":\"],{\\\"\"}"), (3, "{\"b\":[1,[2]],   \"c\":{}}")];
        assert_eq!(read, expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(records(" [ ] "), Ok(vec![]));
    }

    #[test]
    fn anything_else_is_one_record_a_line() {
        let read = records("{\"a\":1}\r\n\n  \n{\"a\":2}").expect("reads");
        assert_eq!(read, [(1, "{\"a\":1}".to_owned()), (4, "{\"a\":2}".to_owned())]);
    }

    #[test]
    fn broken_arrays_are_refused_where_they_break() {
        for (text, said) in [
            ("[{\"a\":1}", "line 1: the array does not end"),
            ("[{},\n]", "line 2: an item is missing after the comma"),
            ("[{}] {}", "line 1: there is something after the end of the array"),
            ("[", "line 1: the array does not end"),
        ] {
            assert_eq!(records(text), Err(said.to_owned()), "{text}");
        }
        assert_eq!(records("[{}}]").map(|r| r.len()), Ok(1), "the event's parser sees the second brace");
    }
}
