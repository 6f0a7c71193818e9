//! The tar of a bundle (POSIX ustar). A member has one header only, which its name and size determine, so that no two
//! programs can read different things from one file; nothing is ever unpacked.

use super::refused::{Refused, invalid};
use std::io::{self, BufRead, Read as _, Write};

/// Bytes of a block.
const BLOCK: usize = 512;
/// A line, or a member that is read whole, is at most so long.
pub(super) const TEXT_BYTES_MAX: u64 = 1 << 20;
/// What the header can say of a size.
pub(super) const MEMBER_BYTES_MAX: u64 = (8 << 30) - 1;

/// The header of a plain file.
pub(super) fn header(name: &str, size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &name.as_bytes()[..name.len().min(100)]);
    put(100, b"0000644\x000000000\x000000000\0");
    put(124, format!("{size:011o}\0{:011o}\0", 0).as_bytes());
    put(148, b"        0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Zeros after so many bytes, up to the next block.
fn padding(size: u64) -> usize {
    (size.wrapping_neg() % BLOCK as u64) as usize
}

/// Writes a member.
pub(super) fn write(out: &mut dyn Write, name: &str, size: u64, bytes: &mut dyn io::Read) -> io::Result<()> {
    out.write_all(&header(name, size))?;
    let copied = io::copy(&mut bytes.take(size), out)?;
    if copied != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    out.write_all(&[0; BLOCK][..padding(size)])
}

/// Writes what stands after the last member.
pub(super) fn write_end(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

/// The members of a bundle, one after the other.
pub(super) struct Tape<R>(R);

impl<R: BufRead> Tape<R> {
    pub fn new(reader: R) -> Self {
        Self(reader)
    }

    /// The member that must come now, whole.
    pub fn text(&mut self, name: &str) -> Result<Vec<u8>, Refused> {
        let size = self.open(name, TEXT_BYTES_MAX)?;
        let mut bytes = vec![0; size as usize];
        self.fill(&mut bytes)?;
        self.skip_padding(name, size)?;
        Ok(bytes)
    }

    /// The lines of the member that must come now, without their ends.
    pub fn lines(
        &mut self,
        name: &str,
        most: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let size = self.open(name, most)?;
        let (mut left, mut line) = (size, Vec::new());
        while left > 0 {
            line.clear();
            left -= (&mut self.0).take(left.min(TEXT_BYTES_MAX)).read_until(b'\n', &mut line)? as u64;
            if line.pop() != Some(b'\n') {
                return invalid(format!("{name} is cut off, or a line of it is too long"));
            }
            take(&line)?;
        }
        self.skip_padding(name, size)
    }

    /// Nothing more may come.
    pub fn end(&mut self) -> Result<(), Refused> {
        let mut rest = Vec::new();
        (&mut self.0).take(2 * BLOCK as u64 + 1).read_to_end(&mut rest)?;
        if rest == [0; 2 * BLOCK] { Ok(()) } else { invalid("the tar does not end as it must") }
    }

    /// The size of the member that must come now.
    fn open(&mut self, name: &str, most: u64) -> Result<u64, Refused> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        let digits = str::from_utf8(&block[124..135]).ok().filter(|digits| !digits.starts_with('+'));
        let size = digits.and_then(|digits| u64::from_str_radix(digits, 8).ok()).unwrap_or(0);
        if block != header(name, size) || size > most {
            return invalid(format!("{name} is not where it must stand, or too long"));
        }
        Ok(size)
    }

    fn skip_padding(&mut self, name: &str, size: u64) -> Result<(), Refused> {
        let mut zeros = vec![0; padding(size)];
        self.fill(&mut zeros)?;
        if zeros.iter().any(|byte| *byte != 0) {
            return invalid(format!("something hides behind {name}"));
        }
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Refused> {
        match self.0.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => invalid("the file is cut off"),
            filled => Ok(filled?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let mut tar = Vec::new();
        write(&mut tar, "a", 3, &mut &b"abc"[..]).expect("written");
        write(&mut tar, "b", 4, &mut &b"d\ne\n"[..]).expect("written");
        write_end(&mut tar).expect("written");
        let read = |tar: &[u8]| {
            let (mut tape, mut lines) = (Tape::new(tar), Vec::new());
            let text = tape.text("a")?;
            tape.lines("b", 4, |line| {
                lines.push(line.to_vec());
                Ok(())
            })?;
            tape.end()?;
            Ok::<_, Refused>((text, lines))
        };
        assert_eq!(read(&tar).expect("read"), (b"abc".to_vec(), vec![b"d".to_vec(), b"e".to_vec()]));
        for at in 0..tar.len() {
            let mut other = tar.clone();
            other[at] ^= 1;
            let in_content = (512..515).contains(&at) || (1536..1539).contains(&at);
            assert_eq!(read(&other).is_ok(), in_content, "a bit at {at}");
            assert!(read(&tar[..at]).is_err(), "cut off at {at}");
        }
        tar.push(0);
        assert!(read(&tar).is_err());
    }
}
