//! What is counted while we run, told at `/metrics` in the Prometheus text format.

use hindcast_ledger::Commit;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// What it has come to.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often something took how long.
#[derive(Debug, Default)]
pub struct Durations {
    buckets: [Counter; BUCKETS_MS.len()],
    count: Counter,
    micros: Counter,
}

/// Upper bounds in milliseconds.
const BUCKETS_MS: [u64; 9] = [1, 2, 5, 10, 50, 100, 500, 1_000, 10_000];

impl Durations {
    /// Takes in one duration.
    pub fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.count.add(1);
        self.micros.add(micros);
        for (bound, bucket) in BUCKETS_MS.iter().zip(&self.buckets) {
            if micros <= bound * 1000 {
                bucket.add(1);
            }
        }
    }

    fn tell(&self, name: &str, help: &str, out: &mut String) {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} histogram");
        for (bound, bucket) in BUCKETS_MS.iter().zip(&self.buckets) {
            let _ = writeln!(out, "{name}_bucket{{le=\"{}\"}} {}", *bound as f64 / 1000.0, bucket.get());
        }
        let (count, sum) = (self.count.get(), self.micros.get() as f64 / 1e6);
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}");
    }
}

/// How often each reason was given. Reasons are words of ours, so there are few.
#[derive(Debug, Default)]
pub struct Reasons(Mutex<BTreeMap<&'static str, u64>>);

impl Reasons {
    /// Counts one.
    pub fn note(&self, reason: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    fn tell(&self, name: &str, help: &str, out: &mut String) {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
        for (reason, count) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(out, "{name}{{reason=\"{reason}\"}} {count}");
        }
    }
}

/// The transactions in which entries became durable.
#[derive(Debug, Default)]
pub struct Commits {
    time: Durations,
    requests: Counter,
    bytes: Counter,
}

impl Commits {
    /// Takes in one transaction.
    pub fn note(&self, commit: &Commit) {
        self.time.observe(commit.took);
        self.requests.add(commit.requests as u64);
        self.bytes.add(commit.bytes as u64);
    }

    /// Tells them.
    pub fn tell(&self, out: &mut String) {
        self.time.tell("hindcast_commit_seconds", "How long transactions of the journal took.", out);
        let (requests, bytes) = (&self.requests, &self.bytes);
        tell_counter("hindcast_commit_requests_total", "Requests that were written in them.", requests, out);
        tell_counter(
            "hindcast_commit_bytes_total",
            "Bytes of records that were written in them.",
            bytes,
            out,
        );
    }
}

fn tell_counter(name: &str, help: &str, counter: &Counter, out: &mut String) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", counter.get());
}

/// What this process costs the machine, as Linux tells it; nothing elsewhere.
pub fn process(out: &mut String) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next());
    let resident = resident.and_then(|kib| kib.parse::<u64>().ok()).map(|kib| kib * 1024);
    let files = std::fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64);
    for (name, help, value) in [
        ("process_resident_memory_bytes", "Memory of the process, files included.", resident),
        ("process_open_fds", "Files and sockets that are open.", files),
    ] {
        if let Some(value) = value {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
    }
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 14 and 15 of the line, in hundredths of a second; the name before them may hold anything.
    let fields = stat.rsplit(')').next().map(|rest| rest.split_whitespace().skip(11).take(2));
    let ticks = fields.map(|fields| fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>());
    if let Some(ticks) = ticks.filter(|_| !stat.is_empty()) {
        let (name, seconds) = ("process_cpu_seconds_total", ticks / 100.0);
        let _ = writeln!(out, "# HELP {name} Processor time.\n# TYPE {name} counter\n{name} {seconds}");
    }
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Entries that were acknowledged.
    pub appended: Counter,
    /// Appends that were refused.
    pub refused: Counter,
    /// Entries that were packed into segments.
    pub sealed: Counter,
    /// Segments that were merged away.
    pub merged: Counter,
    /// Entries that were read and checked again.
    pub verified: Counter,
    /// Things that did not hold.
    pub problems: Counter,
    /// Entries that were exported.
    pub exported: Counter,
    /// Checkpoints that a witness cosigned or an anchor took.
    pub anchored: Counter,
    /// Attempts at that which failed.
    pub unanchored: Counter,
    /// Entries that destinations took.
    pub delivered: Counter,
    /// Attempts at that which failed.
    pub undelivered: Counter,
    /// Entries that became dead letters.
    pub undeliverable: Counter,
    /// Alerts that were raised.
    pub alerts: Counter,
    /// Requests that were answered, by the first digit of the status.
    pub responses: [Counter; 5],
    /// Good requests that were refused because nothing can be done about them now, by the code of the problem.
    pub refusals: Reasons,
    /// How long requests took until the answer began.
    pub request_time: Durations,
    /// How long appends took until they were durable.
    pub append_time: Durations,
    /// How long queries took.
    pub query_time: Durations,
    /// How long attempts at deliveries took.
    pub delivery_time: Durations,
}

impl Metrics {
    /// Counts a request that was answered.
    pub fn answered(&self, status: u16, took: Duration) {
        if let Some(count) = self.responses.get(usize::from(status / 100).wrapping_sub(1)) {
            count.add(1);
        }
        self.request_time.observe(took);
    }

    /// The Prometheus text; `gauges` are numbers of this moment.
    pub fn tell(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut out = String::new();
        for (name, help, counter) in [
            ("hindcast_entries_appended_total", "Entries that were acknowledged.", &self.appended),
            ("hindcast_appends_refused_total", "Appends that were refused.", &self.refused),
            ("hindcast_entries_sealed_total", "Entries that were packed into segments.", &self.sealed),
            ("hindcast_segments_merged_total", "Segments that were merged away.", &self.merged),
            ("hindcast_entries_verified_total", "Entries that were read and checked again.", &self.verified),
            ("hindcast_problems_total", "Things that did not hold.", &self.problems),
            ("hindcast_entries_exported_total", "Entries that were exported.", &self.exported),
            (
                "hindcast_anchored_total",
                "Checkpoints that a witness cosigned or an anchor took.",
                &self.anchored,
            ),
            ("hindcast_anchor_failures_total", "Attempts at that which failed.", &self.unanchored),
            ("hindcast_entries_delivered_total", "Entries that destinations took.", &self.delivered),
            ("hindcast_delivery_failures_total", "Attempts at deliveries that failed.", &self.undelivered),
            ("hindcast_dead_letters_total", "Entries that became dead letters.", &self.undeliverable),
            ("hindcast_alerts_total", "Alerts that were raised.", &self.alerts),
        ] {
            tell_counter(name, help, counter, &mut out);
        }
        let name = "hindcast_requests_total";
        let _ = writeln!(out, "# HELP {name} Requests that were answered.\n# TYPE {name} counter");
        for (class, count) in (1..).zip(&self.responses) {
            let _ = writeln!(out, "{name}{{status=\"{class}xx\"}} {}", count.get());
        }
        self.refusals.tell("hindcast_refusals_total", "Good requests that were refused for now.", &mut out);
        for (name, help, value) in gauges {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        let help = "How long requests took until the answer began.";
        self.request_time.tell("hindcast_request_seconds", help, &mut out);
        self.append_time.tell(
            "hindcast_append_seconds",
            "How long appends took until they were durable.",
            &mut out,
        );
        self.query_time.tell("hindcast_query_seconds", "How long queries took.", &mut out);
        self.delivery_time.tell(
            "hindcast_delivery_seconds",
            "How long attempts at deliveries took.",
            &mut out,
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_tells_counters_gauges_and_cumulative_buckets() {
        let metrics = Metrics::default();
        metrics.appended.add(3);
        metrics.append_time.observe(Duration::from_micros(1500));
        metrics.append_time.observe(Duration::from_secs(60));
        metrics.answered(201, Duration::from_millis(3));
        metrics.refusals.note("quota_exceeded");
        let text = metrics.tell(&[("hindcast_tail_entries", "Entries not yet in a segment.", 7)]);
        for line in [
            "hindcast_entries_appended_total 3",
            "hindcast_tail_entries 7",
            "hindcast_append_seconds_bucket{le=\"0.001\"} 0",
            "hindcast_append_seconds_bucket{le=\"0.002\"} 1",
            "hindcast_append_seconds_bucket{le=\"10\"} 1",
            "hindcast_append_seconds_bucket{le=\"+Inf\"} 2",
            "hindcast_append_seconds_sum 60.0015",
            "hindcast_requests_total{status=\"2xx\"} 1",
            "hindcast_refusals_total{reason=\"quota_exceeded\"} 1",
            "hindcast_request_seconds_bucket{le=\"0.005\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
