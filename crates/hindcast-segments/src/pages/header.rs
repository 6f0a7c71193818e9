//! The header of a page, in Thrift's compact protocol; its numbers are written the same way in the pages themselves.

use super::{Malformed, PAGE_BYTES_MAX};

/// What a page header says.
#[derive(Default)]
pub(super) struct Header {
    pub(super) uncompressed: usize,
    pub(super) compressed: usize,
    /// Number of rows, encoding.
    pub(super) data: Option<(usize, i64)>,
    /// Number of values.
    pub(super) dictionary: Option<usize>,
}

pub(super) fn split_header(bytes: &[u8]) -> Result<(Header, &[u8]), Malformed> {
    let mut reader = Reader { bytes, at: 0 };
    let mut header = Header::default();
    let mut last = 0;
    while let Some((field, kind)) = reader.field(&mut last)? {
        match (field, kind) {
            (2, I32) => header.uncompressed = reader.zigzag()?.try_into().map_err(|_| "a negative size")?,
            (3, I32) => header.compressed = reader.zigzag()?.try_into().map_err(|_| "a negative size")?,
            (5, STRUCT) => {
                let (count, encoding) = reader.counted()?;
                header.data = Some((count, encoding));
            }
            (7, STRUCT) => header.dictionary = Some(reader.counted()?.0),
            _ => reader.skip(kind, 0)?,
        }
    }
    Ok((header, &bytes[reader.at..]))
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const STRUCT: u8 = 12;
const DEPTH_MAX: u8 = 8;

/// Reads Thrift's compact protocol.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl Reader<'_> {
    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = *self.bytes.get(self.at).ok_or("bytes are missing")?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number is too long")
    }

    pub(super) fn zigzag(&mut self) -> Result<i64, Malformed> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn field(&mut self, last: &mut i64) -> Result<Option<(i64, u8)>, Malformed> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let delta = i64::from(head >> 4);
        *last = if delta == 0 { self.zigzag()? } else { *last + delta };
        Ok(Some((*last, head & 0xf)))
    }

    /// A structure whose first field is a count and whose second is an encoding.
    fn counted(&mut self) -> Result<(usize, i64), Malformed> {
        let (mut count, mut encoding, mut last) = (0, 0, 0);
        while let Some((field, kind)) = self.field(&mut last)? {
            match (field, kind) {
                (1, I32) => count = self.zigzag()?.try_into().map_err(|_| "a negative count")?,
                (2, I32) => encoding = self.zigzag()?,
                _ => self.skip(kind, 0)?,
            }
        }
        if count > PAGE_BYTES_MAX { Err("a page has too many values") } else { Ok((count, encoding)) }
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Result<(), Malformed> {
        match kind {
            TRUE | FALSE => {}
            3 => drop(self.byte()?),
            4 | I32 | I64 => drop(self.varint()?),
            BINARY => {
                let length = self.varint()? as usize;
                self.at = self
                    .at
                    .checked_add(length)
                    .filter(|&at| at <= self.bytes.len())
                    .ok_or("bytes are missing")?;
            }
            STRUCT if depth < DEPTH_MAX => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return Err("a header holds what we do not write"),
        }
        Ok(())
    }
}
