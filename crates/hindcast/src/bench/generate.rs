//! A past to measure with: the same events for our bench and for every peer, drawn from one seed.
//!
//! Each event is drawn from a random stream of its own, so any thread can write any range, and the
//! right answer to a question is found by drawing everything again instead of remembering it. Sizes,
//! skews and rarities are those of the measurements our goals were set by. How long anything takes
//! is measured elsewhere.

mod draw;
mod params;
mod spelling;
mod vocabulary;

pub use self::draw::WORKSPACES;
pub use self::params::{Expected, Hits, Params};

use self::draw::Draws;
use self::spelling::{push, push_number, write_event};
use std::io::{self, Write};
use std::ops::Range;

/// Lines are handed to the writer in pieces of about this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Draws the events of one made-up past.
#[derive(Clone, Debug)]
pub struct Generator {
    draws: Draws,
}

/// What a writer put out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Events, one a line.
    pub events: u64,
    /// Bytes of event JSON, without line ends and envelopes.
    pub event_bytes: u64,
}

impl Generator {
    /// A past of `total` events; the same seed and total always give the same one.
    pub fn new(seed: u64, total: u64) -> Self {
        Self { draws: Draws::new(seed, total) }
    }

    /// How many events there are.
    pub fn total(&self) -> u64 {
        self.draws.total()
    }

    /// The workspace of event `i`, found without making the event.
    pub fn workspace(&self, i: u64) -> u32 {
        self.draws.workspace(i)
    }

    /// Appends event `i` as JSON and names its workspace. Events come in the order they arrive, so
    /// the next one may have happened up to four seconds before this one.
    pub fn event(&self, i: u64, out: &mut Vec<u8>) -> u32 {
        let draw = self.draws.draw(i);
        let workspace = draw.workspace;
        write_event(draw, out);
        workspace
    }

    /// Writes events as a server takes them, one a line: those of one workspace, or all.
    pub fn write_ndjson(
        &self,
        range: Range<u64>,
        workspace: Option<u32>,
        out: &mut impl Write,
    ) -> io::Result<Written> {
        let wanted = |i: &u64| workspace.is_none_or(|only| only == self.workspace(*i));
        write_lines(range.filter(wanted), out, |i, line| {
            let start = line.len();
            self.event(i, line);
            line.len() - start
        })
    }

    /// Writes events as `{"workspace":7,"event":{…}}`, one a line, for engines that keep all
    /// workspaces in one table.
    pub fn write_peers(&self, range: Range<u64>, out: &mut impl Write) -> io::Result<Written> {
        write_lines(range, out, |i, line| {
            push(line, r#"{"workspace":"#);
            push_number(line, u64::from(self.workspace(i)));
            push(line, r#","event":"#);
            let start = line.len();
            self.event(i, line);
            let event_bytes = line.len() - start;
            line.push(b'}');
            event_bytes
        })
    }

    /// What to ask of this past, and what the right answers are. Draws every event once, without
    /// writing it.
    pub fn params(&self) -> Params {
        Params::of(&self.draws)
    }
}

/// Lets `line` append one event after the other; it answers how long the event itself was.
fn write_lines(
    events: impl Iterator<Item = u64>,
    out: &mut impl Write,
    line: impl Fn(u64, &mut Vec<u8>) -> usize,
) -> io::Result<Written> {
    let mut piece = Vec::with_capacity(PIECE_BYTES + 4096);
    let mut written = Written::default();
    for i in events {
        written.event_bytes += line(i, &mut piece) as u64;
        written.events += 1;
        piece.push(b'\n');
        if piece.len() >= PIECE_BYTES {
            out.write_all(&piece)?;
            piece.clear();
        }
    }
    out.write_all(&piece)?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::vocabulary::{ACTIONS, COMMON_WORD};
    use super::*;
    use hindcast_event::{Draft, Timestamp};
    use serde_json::Value;
    use std::collections::{HashMap, HashSet};

    const TOTAL: u64 = 200_000;
    const MANY: u64 = 40_000;

    fn events(range: Range<u64>) -> Vec<(u32, Value)> {
        let generator = Generator::new(1, TOTAL);
        let event = |i| {
            let mut json = Vec::new();
            let workspace = generator.event(i, &mut json);
            (workspace, serde_json::from_slice(&json).unwrap())
        };
        range.map(event).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_past_and_another_seed_another() {
        let written = |seed, range| {
            let mut out = Vec::new();
            Generator::new(seed, TOTAL).write_ndjson(range, None, &mut out).unwrap();
            out
        };
        let whole = written(1, 0..1000);
        assert_eq!([written(1, 0..400), written(1, 400..1000)].concat(), whole);
        assert_ne!(written(2, 0..1000), whole);
    }

    #[test]
    fn an_event_is_about_706_bytes_long_and_its_texts_as_long_as_measured() {
        let mut json = Vec::new();
        let generator = Generator::new(1, TOTAL);
        (0..MANY).for_each(|i| {
            generator.event(i, &mut json);
        });
        let mean = json.len() as f64 / MANY as f64;
        assert!((703.0..709.0).contains(&mean), "an event has {mean} bytes");

        let lengths = |of: fn(&Value) -> usize| -> Vec<usize> {
            events(0..1000).iter().map(|(_, event)| of(event)).collect()
        };
        let descriptions = lengths(|event| event["description"].as_str().unwrap().len());
        assert!(descriptions.iter().all(|length| (60..=110).contains(length)));
        let metadata = lengths(|event| event["metadata"].to_string().len());
        let mean = metadata.iter().sum::<usize>() as f64 / metadata.len() as f64;
        assert!((170.0..190.0).contains(&mean), "metadata has {mean} bytes");
    }

    #[test]
    fn a_server_takes_every_event_as_it_is() {
        let generator = Generator::new(1, TOTAL);
        for i in 0..1000 {
            let mut json = Vec::new();
            generator.event(i, &mut json);
            let text = str::from_utf8(&json).unwrap();
            if let Err(invalid) = Draft::parse(text) {
                panic!("event {i} is refused, {invalid}: {text}");
            }
        }
    }

    #[test]
    fn times_and_ids_keep_to_the_span_and_step_back_a_little() {
        let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
        let start = Timestamp::parse("2026-05-25T00:00:00Z").unwrap();
        let end = Timestamp::parse("2026-11-21T00:00:00Z").unwrap();
        let all = Generator::new(1, 10_000_000);
        let mut before = start.micros();
        let mut back = 0;
        for i in (0..2000).chain(9_998_000..10_000_000) {
            let mut json = Vec::new();
            all.event(i, &mut json);
            let event: Value = serde_json::from_slice(&json).unwrap();
            let at = Timestamp::parse(&text(&event, "occurred_at")).unwrap();
            assert!(start <= at && at < end);
            let id = text(&event, "id").replace('-', "");
            assert_eq!(i64::from_str_radix(&id[..12], 16).unwrap(), at.micros() / 1000);
            assert_eq!(&id[12..13], "7");
            assert!(at.micros() > before - 4_000_000);
            back += usize::from(at.micros() < before);
            before = at.micros();
        }
        assert!(back > 500, "{back} of 4000 step back");
    }

    #[test]
    fn workspaces_actions_and_failures_come_up_as_often_as_they_should() {
        let past = events(0..MANY);
        let share = |of: &dyn Fn(u32, &Value) -> bool| {
            past.iter().filter(|(workspace, event)| of(*workspace, event)).count() as f64 / past.len() as f64
        };
        assert!((0.225..0.245).contains(&share(&|workspace, _| workspace == 0)));
        assert!((0.110..0.125).contains(&share(&|workspace, _| workspace == 1)));
        assert!((0.027..0.033).contains(&share(&|_, event| event["outcome"]["result"] == "failure")));
        assert!((0.009..0.011).contains(&share(&|_, event| event.to_string().contains(COMMON_WORD))));
        assert!(share(&|_, event| event["action"] == ACTIONS[89]) < 0.0003);

        let distinct = |of: fn(&Value) -> &Value| {
            past.iter().map(|(_, event)| of(event).to_string()).collect::<HashSet<_>>().len()
        };
        assert_eq!(distinct(|event| &event["action"]), 90);
        assert!((4990..=5000).contains(&distinct(|event| &event["context"]["ip"])));
        assert!(distinct(|event| &event["targets"][0]["id"]) > 38_000);
        assert_eq!(distinct(|event| &event["metadata"]["request_id"]), past.len());
    }

    #[test]
    fn a_target_keeps_its_workspace_and_name() {
        let mut met = HashMap::new();
        for (workspace, event) in events(0..MANY) {
            let target = &event["targets"][0];
            let id = target["id"].as_str().unwrap().to_owned();
            let first = met.entry(id).or_insert_with(|| (workspace, target.clone()));
            assert_eq!((first.0, &first.1), (workspace, target));
        }
    }

    #[test]
    fn lines_for_one_workspace_are_its_lines_among_all() {
        let generator = Generator::new(1, TOTAL);
        let mut one = Vec::new();
        let written = generator.write_ndjson(0..3000, Some(2), &mut one).unwrap();
        let mut all = Vec::new();
        generator.write_peers(0..3000, &mut all).unwrap();
        let of_two = |line: &&str| line.starts_with("{\"workspace\":2,");
        let all = String::from_utf8(all).unwrap();
        let expected: String = all
            .lines()
            .filter(of_two)
            .map(|line| format!("{}\n", &line["{\"workspace\":2,\"event\":".len()..line.len() - 1]))
            .collect();
        assert_eq!(String::from_utf8(one).unwrap(), expected);
        assert_eq!(written.events, expected.lines().count() as u64);
        assert_eq!(written.event_bytes, expected.len() as u64 - written.events);
    }
}
