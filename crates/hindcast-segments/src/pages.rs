//! One page of a Parquet column, decoded.
//!
//! The library reads columns from their beginning, with a decompressor and a dictionary of its own for each; to
//! fetch fifty scattered rows from thirty columns that is most of the time. So footers and page indexes are read
//! by the library, and single pages here: headers (Thrift's compact protocol), levels, and the four encodings
//! that [`crate::segment`] writes. Nothing here trusts a length it read.

mod header;

use header::{Header, Reader, split_header};
use std::ops::Range;

/// The values of a page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The first row.
    pub(crate) first: u32,
    /// How many rows.
    pub(crate) rows: u32,
    /// For each row the place of its value, or [`ABSENT`]; nothing when all rows have one.
    places: Option<Vec<u32>>,
    pub(crate) values: Values,
}

/// The place of a value that is not there.
const ABSENT: u32 = u32::MAX;

/// Values as they are encoded.
#[derive(Debug)]
pub(crate) enum Values {
    /// Places in the dictionary.
    Codes(Vec<u32>),
    /// Texts.
    Texts(Texts),
    /// Bytes of any length.
    Bytes(Pieces),
    /// Sixteen bytes each.
    Fixed(Vec<u8>),
    /// Numbers.
    Numbers(Vec<i64>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

/// Many texts in one piece of memory, which is checked to be UTF-8 once.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    text: String,
    spans: Vec<Span>,
}

/// Many pieces of bytes in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

/// Where something begins and ends.
type Span = (u32, u32);

impl Texts {
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&str> {
        let &(from, upto) = self.spans.get(at)?;
        self.text.get(from as usize..upto as usize)
    }

    /// What they take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + size_of_val(self.spans.as_slice())
    }
}

impl Pieces {
    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        let &(from, upto) = self.spans.get(at)?;
        self.bytes.get(from as usize..upto as usize)
    }
}

/// What a column chunk says of its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Physical {
    Numbers,
    Texts,
    Bytes,
    Fixed,
}

/// The page is not laid out as we lay pages out.
pub(crate) type Malformed = &'static str;

impl Page {
    /// Where in the values a row's value is.
    pub(crate) fn place(&self, row: u32) -> Option<usize> {
        let within = row.checked_sub(self.first).filter(|&within| within < self.rows)?;
        match &self.places {
            None => Some(within as usize),
            Some(places) => places.get(within as usize).copied().filter(|&p| p != ABSENT).map(|p| p as usize),
        }
    }

    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Codes(codes) => size_of_val(codes.as_slice()),
            Values::Texts(texts) => texts.bytes(),
            Values::Bytes(pieces) => pieces.bytes.len() + size_of_val(pieces.spans.as_slice()),
            Values::Fixed(bytes) => bytes.len(),
            Values::Numbers(numbers) => size_of_val(numbers.as_slice()),
        };
        size_of::<Self>() + values + self.places.as_deref().map_or(0, size_of_val)
    }

    /// Whether the page has a row.
    pub(crate) fn has(&self, row: u32) -> bool {
        row.wrapping_sub(self.first) < self.rows
    }

    /// For each row the place of its value; nothing when all rows have one.
    pub(crate) fn places(&self) -> Option<&[u32]> {
        self.places.as_deref()
    }
}

/// Decodes one data page, which must have these rows: header and body as they stand in the file.
pub(crate) fn decode_data(
    bytes: &[u8],
    expected: Range<u32>,
    optional: bool,
    compressed: bool,
    physical: Physical,
    unpacker: &mut zstd::bulk::Decompressor<'static>,
) -> Result<Page, Malformed> {
    let (header, body) = split_header(bytes)?;
    let (rows, encoding) = header.data.ok_or("no data page")?;
    if rows != expected.len() {
        return Err("a page has other rows than its index says");
    }
    let body = unpack(&header, body, compressed, unpacker)?;
    let (places, at, present) = if optional {
        let length = read_u32(&body, 0)? as usize;
        let levels = body.get(4..4 + length).ok_or("levels are cut short")?;
        let places = places(levels, rows)?;
        let present = places.iter().filter(|&&place| place != ABSENT).count();
        (if present == rows { None } else { Some(places) }, 4 + length, present)
    } else {
        (None, 0, rows)
    };
    let values = match (encoding, physical) {
        (PLAIN_DICTIONARY | RLE_DICTIONARY, _) => {
            let width = *body.get(at).unwrap_or(&0);
            let mut codes = Vec::with_capacity(present);
            runs(body.get(at + 1..).unwrap_or_default(), width, present, |code| codes.push(code))?;
            Values::Codes(codes)
        }
        (PLAIN, Physical::Texts) => Values::Texts(texts(body, at, present)?),
        (PLAIN, Physical::Bytes) => Values::Bytes(Pieces { spans: spans(&body, at, present)?, bytes: body }),
        (PLAIN, Physical::Fixed) => {
            Values::Fixed(body.get(at..at + present * 16).ok_or("values are cut short")?.to_vec())
        }
        (DELTA, Physical::Numbers) => Values::Numbers(deltas(&body[at..], present)?),
        _ => return Err("an encoding we do not write"),
    };
    let (first, rows) = (expected.start, expected.end - expected.start);
    Ok(Page { first, rows, places, values })
}

/// Decodes the dictionary of a column of texts.
pub(crate) fn decode_dictionary(
    bytes: &[u8],
    compressed: bool,
    unpacker: &mut zstd::bulk::Decompressor<'static>,
) -> Result<Texts, Malformed> {
    let (header, body) = split_header(bytes)?;
    let count = header.dictionary.ok_or("no dictionary page")?;
    let body = unpack(&header, body, compressed, unpacker)?;
    texts(body, 0, count)
}

const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
const DELTA: i64 = 5;
const RLE_DICTIONARY: i64 = 8;

/// No page we write is larger; a page holds at least one value, and a value at most an event.
const PAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

fn unpack(
    header: &Header,
    body: &[u8],
    compressed: bool,
    unpacker: &mut zstd::bulk::Decompressor<'static>,
) -> Result<Vec<u8>, Malformed> {
    let body = body.get(..header.compressed).ok_or("a page is cut short")?;
    if !compressed {
        return Ok(body.to_vec());
    }
    if header.uncompressed > PAGE_BYTES_MAX {
        return Err("a page is too large");
    }
    unpacker.decompress(body, header.uncompressed).map_err(|_| "a page cannot be unpacked")
}

fn read_u32(bytes: &[u8], at: usize) -> Result<u32, Malformed> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).ok_or("a length is cut short")?;
    Ok(u32::from_le_bytes(four))
}

/// What is between the texts becomes zeros, which are text too: so all of it is checked at once.
fn texts(mut bytes: Vec<u8>, from: usize, count: usize) -> Result<Texts, Malformed> {
    let spans = spans(&bytes, from, count)?;
    let mut between = 0;
    for &(from, upto) in &spans {
        bytes[between..from as usize].fill(0);
        between = upto as usize;
    }
    bytes.truncate(between);
    let text = String::from_utf8(bytes).map_err(|_| "a text is not UTF-8")?;
    Ok(Texts { text, spans })
}

/// Where the values are, each of which stands behind its length.
fn spans(bytes: &[u8], from: usize, count: usize) -> Result<Vec<Span>, Malformed> {
    let mut spans = Vec::with_capacity(count.min(bytes.len() / 4 + 1));
    let mut at = from;
    for _ in 0..count {
        let length = read_u32(bytes, at)? as usize;
        let end = at + 4 + length;
        if end > bytes.len() {
            return Err("a value is cut short");
        }
        spans.push((at as u32 + 4, end as u32));
        at = end;
    }
    Ok(spans)
}

/// Definition levels of one bit: 1 where a row has a value.
fn places(levels: &[u8], rows: usize) -> Result<Vec<u32>, Malformed> {
    let mut places = Vec::with_capacity(rows);
    let mut next = 0;
    runs(levels, 1, rows, |level| {
        places.push(if level == 1 { next } else { ABSENT });
        next += u32::from(level == 1);
    })?;
    Ok(places)
}

/// The hybrid of run lengths and packed bits.
fn runs(bytes: &[u8], width: u8, count: usize, mut f: impl FnMut(u32)) -> Result<(), Malformed> {
    if width > 32 {
        return Err("codes are too wide");
    }
    let mut reader = Reader { bytes, at: 0 };
    let mut left = count;
    while left > 0 {
        let head = reader.varint()?;
        if head & 1 == 0 {
            let length = ((head >> 1) as usize).min(left);
            if length == 0 {
                return Err("an empty run");
            }
            let mut value = 0;
            for shift in 0..width.div_ceil(8) {
                value |= u32::from(reader.byte()?) << (8 * shift);
            }
            (0..length).for_each(|_| f(value));
            left -= length;
        } else {
            let groups = (head >> 1) as usize;
            let packed = groups.checked_mul(usize::from(width)).ok_or("a run is too long")?;
            let end = (reader.at + packed).min(bytes.len());
            let length = groups.saturating_mul(8).min(left);
            if length == 0 {
                return Err("an empty run");
            }
            unpack_bits(&bytes[reader.at..end], width, length, |value| f(value as u32))?;
            reader.at = end;
            left -= length;
        }
    }
    Ok(())
}

/// Values of `width` bits, the lowest first.
fn unpack_bits(bytes: &[u8], width: u8, count: usize, mut f: impl FnMut(u64)) -> Result<(), Malformed> {
    let width = usize::from(width);
    if (width * count).div_ceil(8) > bytes.len() {
        return Err("packed values are cut short");
    }
    if width == 0 {
        (0..count).for_each(|_| f(0));
        return Ok(());
    }
    let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
    for nth in 0..count {
        let bit = nth * width;
        let at = bit / 8;
        let value =
            match bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map(u64::from_le_bytes) {
                Some(word) if width <= 56 => word >> (bit % 8),
                _ => {
                    let mut word = 0_u128;
                    for (nth, byte) in bytes[at..].iter().take(9).enumerate() {
                        word |= u128::from(*byte) << (8 * nth);
                    }
                    (word >> (bit % 8)) as u64
                }
            };
        f(value & mask);
    }
    Ok(())
}

/// Numbers kept as packed differences.
fn deltas(bytes: &[u8], count: usize) -> Result<Vec<i64>, Malformed> {
    let mut reader = Reader { bytes, at: 0 };
    let block = reader.varint()? as usize;
    let parts = reader.varint()? as usize;
    let total = reader.varint()? as usize;
    let mut value = reader.zigzag()?;
    if parts == 0
        || !block.is_multiple_of(parts)
        || !(block / parts).is_multiple_of(8)
        || block > 1 << 16
        || total != count
    {
        return Err("a block of differences is laid out differently");
    }
    let part = block / parts;
    let mut out = Vec::with_capacity(count);
    if count > 0 {
        out.push(value);
    }
    while out.len() < count {
        let least = reader.zigzag()?;
        let widths = bytes.get(reader.at..reader.at + parts).ok_or("widths are cut short")?;
        reader.at += parts;
        for &width in widths {
            if out.len() == count {
                break;
            }
            if width > 64 {
                return Err("differences are too wide");
            }
            let length = part.min(count - out.len());
            let end = (reader.at + part * usize::from(width) / 8).min(bytes.len());
            unpack_bits(&bytes[reader.at..end], width, length, |delta| {
                value = value.wrapping_add(least).wrapping_add(delta as i64);
                out.push(value);
            })?;
            reader.at = end;
        }
    }
    Ok(out)
}

/// A page of nothing but numbers.
#[cfg(test)]
pub(crate) fn numbers_page(numbers: Vec<i64>) -> Page {
    Page { rows: numbers.len() as u32, values: Values::Numbers(numbers), ..Page::default() }
}

/// One long text.
#[cfg(test)]
pub(crate) fn one_text(bytes: usize) -> Texts {
    Texts { text: "t".repeat(bytes), spans: vec![(0, bytes as u32)] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packed_bits_of_every_width_come_out() {
        for width in 1..=64_u8 {
            let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
            let given: Vec<u64> = (0..40_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask).collect();
            let mut bits = vec![0_u8; (usize::from(width) * 40).div_ceil(8)];
            for (nth, value) in given.iter().enumerate() {
                for bit in 0..usize::from(width) {
                    let at = nth * usize::from(width) + bit;
                    bits[at / 8] |= ((value >> bit & 1) as u8) << (at % 8);
                }
            }
            let mut found = Vec::new();
            unpack_bits(&bits, width, 40, |value| found.push(value)).unwrap();
            assert_eq!(found, given, "{width} bits");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), optional: bool, packed: bool) {
            let mut unpacker = zstd::bulk::Decompressor::new().unwrap();
            for physical in [Physical::Numbers, Physical::Texts, Physical::Bytes, Physical::Fixed] {
                for rows in [0, 1, 7, 100] {
                    let _ = decode_data(&bytes, 3..3 + rows, optional, packed, physical, &mut unpacker);
                }
            }
            let _ = decode_dictionary(&bytes, packed, &mut unpacker);
            let _ = deltas(&bytes, 100);
            let _ = runs(&bytes, 7, 100, |_| {});
        }
    }
}
