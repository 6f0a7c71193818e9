//! What is counted while we run, told at `/metrics` in the Prometheus text format.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// Requests that were answered.
    pub requests: Counter,
    /// How long appends took until they were durable.
    pub append_time: Durations,
    /// How long queries took.
    pub query_time: Durations,
    /// How long attempts at deliveries took.
    pub delivery_time: Durations,
}

impl Metrics {
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
            ("hindcast_requests_total", "Requests that were answered.", &self.requests),
        ] {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", counter.get());
        }
        for (name, help, value) in gauges {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
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
        let text = metrics.tell(&[("hindcast_tail_entries", "Entries not yet in a segment.", 7)]);
        for line in [
            "hindcast_entries_appended_total 3",
            "hindcast_tail_entries 7",
            "hindcast_append_seconds_bucket{le=\"0.001\"} 0",
            "hindcast_append_seconds_bucket{le=\"0.002\"} 1",
            "hindcast_append_seconds_bucket{le=\"10\"} 1",
            "hindcast_append_seconds_bucket{le=\"+Inf\"} 2",
            "hindcast_append_seconds_sum 60.0015",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
