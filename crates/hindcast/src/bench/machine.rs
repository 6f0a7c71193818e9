//! What this process costs the machine, as Linux tells it.

use std::path::Path;
use std::time::Instant;

/// Wall and processor time of a piece of work.
pub(super) struct Stopwatch {
    begun: Instant,
    cpu: f64,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { begun: Instant::now(), cpu: cpu_seconds() }
    }

    pub(super) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    pub(super) fn cpu_seconds(&self) -> f64 {
        cpu_seconds() - self.cpu
    }
}

/// Processor time of all our threads so far. Linux counts it in hundredths of a second on every platform we run on.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .map(|rest| rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect())
        .unwrap_or_default();
    // Fields 14 and 15 of the line, counted from the state, which is the third.
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / 100.0
}

/// Memory of ours in megabytes that is not a file: now.
pub(super) fn anonymous_mb() -> f64 {
    status_kb("RssAnon:") / 1024.0
}

/// The largest resident memory in megabytes so far, files included.
pub(super) fn peak_mb() -> f64 {
    status_kb("VmHWM:") / 1024.0
}

fn status_kb(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim().split(' ').next()?.parse().ok()).unwrap_or(0.0)
}

/// What a folder takes on disk.
pub(super) fn folder_bytes(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for child in std::fs::read_dir(folder)? {
        let child = child?;
        let meta = child.metadata()?;
        bytes += if meta.is_dir() { folder_bytes(&child.path())? } else { meta.len() };
    }
    Ok(bytes)
}
