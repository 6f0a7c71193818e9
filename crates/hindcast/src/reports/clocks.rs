//! What a report can say of clocks: how they stood against each other when something of two clocks came together.
//!
//! The times of entries are those of their sources, and an entry that was received before it happened tells of a source
//! whose clock is ahead. Witnesses and time-stamping authorities confirm checkpoints with a time of their own, which is
//! held against ours. What the operating system does to keep the clock right is not known here; whoever wants it in the
//! report sends it as entries, see [`super::topic::Topic::Clocks`].

use crate::app::App;
use crate::pages::{Clock, Text, count, decimal};
use crate::paper::{Block, Column, Span, Table};
use hindcast_event::Timestamp;
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, ExportError, Snapshot};

/// Clocks that differ by less are in step.
const LEAD_MICROS: i64 = 1_000_000;
/// Confirmations that are listed.
const COMPARED_MAX: usize = 20;

/// How clocks stood against each other.
pub struct Clocks {
    /// Entries that were received before they happened, and by how much at most, in microseconds.
    ahead: (u64, i64),
    /// Confirmations by others, the newest first.
    compared: Vec<Compared>,
}

/// The time of a confirmation by two clocks.
struct Compared {
    by: String,
    ours: Timestamp,
    theirs: Timestamp,
}

impl Clocks {
    /// Compares what a query finds, and what others confirmed within a time.
    pub fn compare(
        app: &App,
        snapshot: &Snapshot,
        all: &Query,
        (from, until): (Timestamp, Timestamp),
        budget: &Budget,
    ) -> Result<Self, ExportError> {
        let mut ahead = (0, 0);
        snapshot.each_place(all, budget, |place| {
            let lead = place.occurred_at.micros() - place.received_at.micros();
            if lead > LEAD_MICROS {
                ahead = (ahead.0 + 1, lead.max(ahead.1));
            }
        })?;
        let confirmed = app.anchors.targets().iter().flat_map(|target| {
            let attempts = app.anchors.standing(&target.name).attempts;
            let by = target.name.clone();
            attempts.into_iter().filter_map(move |attempt| {
                let theirs = told(attempt.outcome.ok()?.as_str())?;
                Some(Compared { by: by.clone(), ours: Timestamp::from_micros(attempt.at), theirs })
            })
        });
        let mut compared: Vec<_> =
            confirmed.filter(|compared| (from..until).contains(&compared.ours)).collect();
        compared.sort_by_key(|compared| std::cmp::Reverse(compared.ours));
        compared.truncate(COMPARED_MAX);
        Ok(Self { ahead, compared })
    }

    /// Whether somebody else's clock was held against ours.
    pub fn is_compared(&self) -> bool {
        !self.compared.is_empty()
    }

    /// The same for a reader of a document.
    pub fn blocks(&self, t: Text) -> Vec<Block> {
        let (ahead, lead) = self.ahead;
        let lead = match ahead {
            0 => t.report_clock_no_lead(),
            _ => t.report_clock_lead(count(ahead), decimal(lead as f64 / 1e6, t.language)),
        };
        let said = |text| Block::Paragraph(vec![Span::plain(text)]);
        let mut blocks = vec![said(lead)];
        if self.compared.is_empty() {
            blocks.push(said(t.report_clock_uncompared()));
        } else {
            blocks.push(said(t.report_clock_compared()));
            blocks.push(Block::Table(self.table(t)));
        }
        blocks.push(Block::Note(vec![Span::plain(t.report_clock_unmeasured())]));
        blocks
    }

    fn table(&self, t: Text) -> Table {
        let clock = Clock::new("UTC", t.language);
        let rows = self.compared.iter().map(|compared| {
            let difference = (compared.ours.micros() - compared.theirs.micros()) as f64 / 1e6;
            let difference = decimal(difference, t.language);
            vec![
                Span::plain(&compared.by),
                Span::plain(clock.time(compared.ours)),
                Span::plain(clock.time(compared.theirs)),
                Span::plain(t.report_clock_seconds(difference)),
            ]
        });
        let columns = vec![
            Column::new(t.report_clock_by(), 3.0),
            Column::new(t.report_clock_ours(), 3.0),
            Column::new(t.report_clock_theirs(), 3.0),
            Column::number(t.report_clock_difference(), 2.0),
        ];
        Table { caption: t.topic_clocks().into_owned(), columns, rows: rows.collect(), row_heads: true }
    }
}

/// The time that a confirmation tells: of a cosignature as RFC 3339, of a time stamp as GeneralizedTime (RFC 3161, 2.4.2).
fn told(text: &str) -> Option<Timestamp> {
    if let Some(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let (digits, rest) = text.split_at_checked(14)?;
    let part = |from: usize, until: usize| digits.get(from..until);
    let (day, time) = ((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(8, 10)?, part(10, 12)?, part(12, 14)?));
    Timestamp::parse(&format!("{}-{}-{}T{}:{}:{}{rest}", day.0, day.1, day.2, time.0, time.1, time.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_confirmed_time_are_read() {
        let seconds = |text: &str| told(text).map(|time| time.to_string());
        let time = Some("2026-11-22T14:05:06.000000Z".to_owned());
        assert_eq!(seconds("2026-11-22T14:05:06Z"), time);
        assert_eq!(seconds("20261122140506Z"), time);
        assert_eq!(seconds("20261122140506.25Z"), Some("2026-11-22T14:05:06.250000Z".to_owned()));
        assert_eq!(seconds("sent"), None, "a syslog tells no time");
        assert_eq!(seconds("offset 1234 of the file"), None);
        assert_eq!(seconds(""), None);
    }

    #[test]
    fn a_difference_is_told_with_its_sign() {
        let at = |text: &str| Timestamp::parse(text).expect("a time");
        let compared = |ours: &str, theirs: &str| Compared {
            by: "tower".to_owned(),
            ours: at(ours),
            theirs: at(theirs),
        };
        let clocks = Clocks {
            ahead: (2, 90_000_000),
            compared: vec![
                compared("2026-11-22T14:00:02.5Z", "2026-11-22T14:00:00Z"),
                compared("2026-11-22T14:00:00Z", "2026-11-22T14:00:01.2Z"),
            ],
        };
        let blocks = clocks.blocks(Text::default());
        let [Block::Paragraph(lead), _, Block::Table(table), Block::Note(_)] = &blocks[..] else {
            panic!("{blocks:?}")
        };
        assert!(lead[0].text.contains("90.0 s"), "{lead:?}");
        let differences: Vec<&str> = table.rows.iter().map(|row| row[3].text.as_str()).collect();
        assert_eq!(differences, ["2.5 s", "−1.2 s"]);
    }
}
