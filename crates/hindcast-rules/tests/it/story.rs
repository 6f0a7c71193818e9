//! Entries told in one line each, and verdicts read back the same way.
//!
//! `TIME [xCOUNT +STEP] ACTOR ACTION [field=value …]`: the time is `09:00`, `09:00:30` or, on a later day, `d2 09:00`; values are JSON
//! where they look like it, and text with spaces stands in quotes. A verdict reads `TIME severity group values`.

use hindcast_event::json::write_string;
use hindcast_event::{Arrival, Draft, Entries, Event, Key, Kind, Timestamp, push_section};
use hindcast_rules::Verdict;
use std::collections::BTreeMap;

const SECOND: i64 = 1_000_000;
/// Monday, 2 November 2026, midnight.
const MONDAY: i64 = 1_793_577_600 * SECOND;

/// One event of a story, before it has an index.
#[derive(Clone, Debug)]
pub struct Told {
    pub at: i64,
    pub received: i64,
    pub actor: String,
    pub action: String,
    pub kind: Kind,
    pub fields: BTreeMap<String, String>,
}

/// Reads a story and gives its entries their places.
pub fn entries(story: &str) -> Entries {
    let mut entries = Entries::default();
    for (index, told) in told(story).iter().enumerate() {
        told.push(index as u64, &mut entries);
    }
    entries
}

pub fn told(story: &str) -> Vec<Told> {
    story
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .flat_map(line)
        .collect()
}

fn line(line: &str) -> Vec<Told> {
    let words = words(line);
    let mut words = words.iter().map(String::as_str).peekable();
    let mut at = MONDAY;
    if let Some(day) = words.peek().and_then(|word| word.strip_prefix('d')?.parse::<i64>().ok()) {
        at += (day - 1) * 24 * 3600 * SECOND;
        words.next();
    }
    at += clock(words.next().expect("a time"));
    let mut times = 1;
    let mut step = 0;
    if let Some(count) = words.peek().and_then(|word| word.strip_prefix('x')?.parse().ok()) {
        times = count;
        words.next();
        step = span(words.next().expect("a step").strip_prefix('+').expect("+step"));
    }
    let (actor, action) = (words.next().expect("an actor"), words.next().expect("an action"));
    let fields = words.map(|word| {
        let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("field=value, not {word}"));
        (name.to_owned(), value.to_owned())
    });
    let fields: BTreeMap<String, String> = fields.collect();
    let numbered = |nr: i64| {
        let filled = fields.iter().map(|(name, value)| (name.clone(), value.replace("{n}", &nr.to_string())));
        let (at, actor) = (at + nr * step, actor.replace("{n}", &nr.to_string()));
        Told {
            at,
            received: at,
            actor,
            action: action.to_owned(),
            kind: Kind::Event,
            fields: filled.collect(),
        }
    };
    (0..times).map(numbered).collect()
}

fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn clock(text: &str) -> i64 {
    let parts: Vec<i64> =
        text.split(':').map(|part| part.parse().unwrap_or_else(|_| panic!("a time: {text}"))).collect();
    parts.iter().zip([3600, 60, 1]).map(|(part, unit)| part * unit * SECOND).sum()
}

fn span(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => panic!("a step: {text}"),
    };
    number.parse::<i64>().expect("a number") * unit * SECOND
}

impl Told {
    /// As its source would submit it, and with the facts worked out on arrival.
    pub fn push(&self, index: u64, entries: &mut Entries) {
        let arrival = Arrival { now: Timestamp::from_micros(self.received), random: [index as u8; 10] };
        let draft = self.draft();
        let mut bytes = Vec::new();
        let draft = Draft::parse(&draft).unwrap_or_else(|error| panic!("{error}: {draft}"));
        draft.encode(&arrival, &mut bytes).expect("fits");
        let facts = self.object("facts.");
        let sections = Event::from_bytes(&bytes).expect("sections");
        let mut sections: Vec<(&str, &str)> = sections.sections().collect();
        if let Some(facts) = &facts {
            sections.push(("facts", facts));
            sections.sort_unstable();
        }
        let (now, key) = (arrival.now, Key::default());
        entries.push_with(index, now, self.kind, &key, |out| {
            sections.iter().for_each(|(name, value)| push_section(name, "", value, out));
        });
    }

    fn draft(&self) -> String {
        let mut actor =
            BTreeMap::from([("id".to_owned(), self.actor.clone()), ("type".to_owned(), "user".into())]);
        actor.extend(self.members("actor."));
        let mut parts = vec![
            format!("\"action\":{}", spelled(&self.action)),
            format!("\"occurred_at\":{}", spelled(&Timestamp::from_micros(self.at).to_string())),
            format!("\"actor\":{}", object(&actor)),
        ];
        for name in ["outcome", "context", "metadata", "authorized_by"] {
            parts.extend(self.object(&format!("{name}.")).map(|object| format!("\"{name}\":{object}")));
        }
        let mut target = self.members("target.");
        if target.contains_key("id") {
            target.entry("type".into()).or_insert_with(|| "thing".into());
            parts.push(format!("\"targets\":[{}]", object(&target)));
        }
        let mut changes: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for side in ["before", "after"] {
            for (path, value) in self.members(&format!("{side}.")) {
                changes.entry(path).or_default().insert(side.into(), value);
            }
        }
        let changes: Vec<_> = changes
            .iter()
            .map(|(path, sides)| {
                let sides: String =
                    sides.iter().map(|(side, value)| format!(",\"{side}\":{}", json(value))).collect();
                format!("{{\"path\":{}{sides}}}", spelled(path))
            })
            .collect();
        if !changes.is_empty() {
            parts.push(format!("\"changes\":[{}]", changes.join(",")));
        }
        format!("{{{}}}", parts.join(","))
    }

    fn members(&self, prefix: &str) -> BTreeMap<String, String> {
        let with_prefix =
            self.fields.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
        with_prefix.map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }

    fn object(&self, prefix: &str) -> Option<String> {
        let members = self.members(prefix);
        (!members.is_empty()).then(|| object(&members))
    }
}

/// Members with dots in their names are objects in objects.
fn object(members: &BTreeMap<String, String>) -> String {
    let mut parts: BTreeMap<String, String> = BTreeMap::new();
    let mut deeper: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for (name, value) in members {
        match name.split_once('.') {
            Some((name, rest)) => drop(deeper.entry(name).or_default().insert(rest.into(), value.clone())),
            // What programs compare stays text, whatever it looks like.
            None if matches!(name.as_str(), "id" | "type" | "name" | "email" | "role") => {
                parts.insert(name.clone(), spelled(value));
            }
            None => drop(parts.insert(name.clone(), json(value))),
        }
    }
    parts.extend(deeper.iter().map(|(name, members)| ((*name).to_owned(), object(members))));
    let parts: Vec<_> = parts.iter().map(|(name, value)| format!("{}:{value}", spelled(name))).collect();
    format!("{{{}}}", parts.join(","))
}

fn json(value: &str) -> String {
    let looks_like_it = matches!(value, "true" | "false" | "null")
        || value.parse::<f64>().is_ok()
        || value.starts_with(['[', '{']);
    if looks_like_it { value.to_owned() } else { spelled(value) }
}

fn spelled(text: &str) -> String {
    let mut out = Vec::new();
    write_string(text, &mut out);
    String::from_utf8(out).expect("UTF-8")
}

/// A verdict as stories tell it.
pub fn read(verdict: &Verdict) -> String {
    let micros = verdict.at.micros() - MONDAY;
    let (day, seconds) =
        (micros.div_euclid(24 * 3600 * SECOND), micros.rem_euclid(24 * 3600 * SECOND) / SECOND);
    let mut text = if day == 0 { String::new() } else { format!("d{} ", day + 1) };
    text.push_str(&format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60));
    if seconds % 60 != 0 {
        text.push_str(&format!(":{:02}", seconds % 60));
    }
    text.push_str(&format!(" {}", verdict.severity.as_str()));
    verdict.group.iter().for_each(|(_, value)| text.push_str(&format!(" {value}")));
    text
}
