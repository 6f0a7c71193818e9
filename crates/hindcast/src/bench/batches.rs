//! The past as batches in a file: made before the clock runs, read back while it runs.
//!
//! A batch of one workspace is `u32 workspace, u32 count, count × u32 end, bytes`, in the order of this machine.

use super::generate::{Generator, WORKSPACES};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

const BATCH: usize = 1000;

/// Events of one workspace: which, their bytes, and where each ends.
pub(super) type Batch = (u32, Vec<u8>, Vec<usize>);

/// Batches in the order in which they filled up.
pub(super) struct Batches {
    file: BufReader<File>,
}

impl Batches {
    /// Draws all events into a file that goes away with this.
    pub(super) fn draw(generator: &Generator, path: &Path) -> anyhow::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let mut open: Vec<(Vec<u8>, Vec<u32>)> = vec![Default::default(); WORKSPACES as usize];
        for i in 0..generator.total() {
            let workspace = generator.workspace(i);
            let (bytes, ends) = &mut open[workspace as usize];
            generator.event(i, bytes);
            ends.push(u32::try_from(bytes.len())?);
            if ends.len() == BATCH {
                write(workspace, bytes, ends, &mut out)?;
                bytes.clear();
                ends.clear();
            }
        }
        for (workspace, (bytes, ends)) in (0..).zip(&open).filter(|(_, (_, ends))| !ends.is_empty()) {
            write(workspace, bytes, ends, &mut out)?;
        }
        out.flush()?;
        let file = BufReader::with_capacity(1 << 20, File::open(path)?);
        std::fs::remove_file(path)?;
        Ok(Self { file })
    }

    /// The next batch, until there is none.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Batch>> {
        let Some(workspace) = self.number()? else { return Ok(None) };
        let count = self.number()?.unwrap_or(0);
        let ends = (0..count)
            .map(|_| Ok(self.number()?.unwrap_or(0) as usize))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut bytes = vec![0; ends.last().copied().unwrap_or(0)];
        self.file.read_exact(&mut bytes)?;
        Ok(Some((workspace, bytes, ends)))
    }

    fn number(&mut self) -> anyhow::Result<Option<u32>> {
        let mut bytes = [0; 4];
        match self.file.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(u32::from_ne_bytes(bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn write(workspace: u32, bytes: &[u8], ends: &[u32], out: &mut impl std::io::Write) -> std::io::Result<()> {
    for number in [workspace, ends.len() as u32].iter().chain(ends) {
        out.write_all(&number.to_ne_bytes())?;
    }
    out.write_all(bytes)
}
