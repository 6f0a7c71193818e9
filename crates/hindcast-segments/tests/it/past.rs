//! Made-up pasts: entries that are alike enough to be found together and odd enough to find mistakes.

use hindcast_event::{Arrival, Draft, Entries, Entry, Event, Kind, Salts, Timestamp};
use hindcast_segments::{Budget, Config, Snapshot, Store};
use std::path::Path;
use std::sync::Arc;

/// Small numbers drawn from a seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end.max(1)
    }

    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

pub const ACTIONS: [&str; 6] =
    ["macro.updated", "Macro.Updated", "admin_login_failure", "ticket.closed", "x", "ルール.変更"];
pub const NAMES: [&str; 8] = [
    "Jürgen Groß",
    "Ada Lovelace",
    "ada",
    "佐藤 花子",
    "Close stale",
    "stale tickets",
    "\u{202e}evil\u{0}",
    "O'Neil \"Q\"",
];
pub const IDS: [&str; 7] = ["u_1", "u_2", "42", "a/b", "ü", "r\\5", "p q"];
pub const KINDS: [&str; 5] = ["macro", "Ticket", "automation_rule", "a", "ルール"];
pub const ADDRESSES: [&str; 5] =
    ["203.0.113.9", "203.0.113.77", "198.51.100.1", "2001:db8::1", "2001:db8:1::2"];
pub const TEXTS: [&str; 8] = [
    "refund policy changed",
    "Don't panic, 12 items",
    "東京都の返金ポリシーを変更しました",
    "line\nbreak \u{0}\u{7} \\ \"quoted\"",
    "",
    "http://example.com/refund?id=7",
    "e2c26b74dcb855c8e2c26b74dcb855c8",
    "＝1+1 ﬁle Ünïcode",
];
pub const PATHS: [&str; 6] = ["/a", "/a/b", "/a~1b/c", "/permissions/inbox", "", "/ü/é"];

/// A time that others have too, now and then one at the edges of the calendar.
fn time(dice: &mut Dice) -> i64 {
    match dice.below(40) {
        0 => Timestamp::MIN.micros(),
        1 => Timestamp::MAX.micros(),
        2..=6 => 1_795_000_000_000_000,
        _ => 1_795_000_000_000_000 + dice.below(200) as i64 * 7_200_000_000,
    }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    hindcast_event::json::write_string(text, &mut out);
    String::from_utf8(out).unwrap()
}

fn person(dice: &mut Dice) -> String {
    let mut json = format!(
        "{{\"type\":{},\"id\":{}",
        quoted(dice.one(&["user", "agent", "system"])),
        quoted(dice.one(&IDS))
    );
    if !dice.once_in(3) {
        json += &format!(",\"name\":{}", quoted(dice.one(&NAMES)));
    }
    if dice.once_in(2) {
        json += &format!(",\"email\":{}", quoted(dice.one(&["ada@example.com", "Jurgen.Gross@example.com"])));
    }
    if dice.once_in(2) {
        json += &format!(",\"role\":{}", quoted(dice.one(&["admin", "Owner", "viewer"])));
    }
    json + "}"
}

fn value(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => "null".into(),
        1 => dice.one(&["1", "-2.50", "1e400", "9007199254740993", "12"]).into(),
        2 => format!("[{},{{\"k\":{}}}]", quoted(dice.one(&TEXTS)), dice.one(&["true", "7"])),
        _ => quoted(dice.one(&TEXTS)),
    }
}

fn list(count: u64, mut item: impl FnMut() -> String) -> String {
    (0..count).map(|_| item()).collect::<Vec<_>>().join(",")
}

/// An event as a caller might send it.
pub fn draft(dice: &mut Dice) -> String {
    let mut json = format!("{{\"action\":{},\"actor\":{}", quoted(dice.one(&ACTIONS)), person(dice));
    json += &format!(",\"occurred_at\":\"{}\"", Timestamp::from_micros(time(dice)));
    if dice.once_in(4) {
        json += &format!(
            ",\"id\":{}",
            quoted(dice.one(&[
                "my-id",
                "01a1fb65-9c68-7737-8d03-da7121b754ee",
                "01A1FB65-9C68-7737-8D03-DA7121B754EE"
            ]))
        );
    }
    let targets = match dice.below(8) {
        0..=2 => 0,
        3..=5 => 1,
        6 => 2,
        _ => 12,
    };
    json += &format!(
        ",\"targets\":[{}]",
        list(targets, || {
            let name = if dice.once_in(2) {
                format!(",\"name\":{}", quoted(dice.one(&NAMES)))
            } else {
                String::new()
            };
            format!("{{\"type\":{},\"id\":{}{name}}}", quoted(dice.one(&KINDS)), quoted(dice.one(&IDS)))
        })
    );
    if dice.once_in(3) {
        let first = dice.below(PATHS.len() as u64 - 1) as usize;
        let paths = &PATHS[first..first + 1 + dice.below(2) as usize];
        let changes = paths.iter().map(|path| {
            let after = if dice.once_in(4) { String::new() } else { format!(",\"after\":{}", value(dice)) };
            format!("{{\"path\":{},\"before\":{}{after}}}", quoted(path), value(dice))
        });
        json += &format!(",\"changes\":[{}]", changes.collect::<Vec<_>>().join(","));
    }
    if !dice.once_in(3) {
        json += &format!(
            ",\"outcome\":{{\"result\":{}",
            quoted(dice.one(&["success", "success", "failure", "denied"]))
        );
        if dice.once_in(3) {
            json += &format!(",\"reason\":{}", quoted(dice.one(&TEXTS[..4])));
        }
        if dice.once_in(3) {
            json += ",\"code\":\"E1\"";
        }
        json += "}";
    }
    match dice.below(4) {
        0 => {}
        1 => json += ",\"context\":{}",
        _ => {
            let mut members = Vec::new();
            let mut member = |dice: &mut Dice, name: &str, value: String| {
                if dice.once_in(2) {
                    members.push(format!("\"{name}\":{value}"));
                }
            };
            let address = quoted(dice.one(&ADDRESSES));
            member(dice, "ip", address);
            member(dice, "forwarded_for", "[\"10.0.0.1\"]".into());
            let country = quoted(dice.one(&["JP", "DE", "FR"]));
            member(dice, "geo", format!("{{\"country\":{country}}}"));
            member(dice, "user_agent", "\"Edge/141 \\\"W\\\"\"".into());
            let session = quoted(dice.one(&["s1", "s2"]));
            member(dice, "session_id", session);
            let request = quoted(dice.one(&["r1", "r2", "e2c26b74dcb855c8"]));
            member(dice, "request_id", request);
            member(dice, "traceparent", "\"00-ab\"".into());
            let source = quoted(dice.one(&["ui", "API", "scim"]));
            member(dice, "source", source);
            json += &format!(",\"context\":{{{}}}", members.join(","));
        }
    }
    if dice.once_in(5) {
        json += &format!(",\"on_behalf_of\":{}", person(dice));
    }
    if dice.once_in(5) {
        json += &format!(",\"authorized_by\":{{\"policy_id\":{}}}", quoted(dice.one(&["P-7", "p8"])));
    }
    for name in ["reason", "description"] {
        if dice.once_in(2) {
            json += &format!(",\"{name}\":{}", quoted(dice.one(&TEXTS)));
        }
    }
    if dice.once_in(2) {
        let names = ["note", "ünïcode \\ \"n\"", "count"];
        let members =
            names.iter().filter(|_| dice.once_in(2)).map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let members = members.iter().map(|name| format!("{}:{}", quoted(name), value(dice)));
        json += &format!(",\"metadata\":{{{}}}", members.collect::<Vec<_>>().join(","));
    }
    json + "}"
}

/// Entries of a made-up past, from an index on.
pub fn entries(dice: &mut Dice, first_index: u64, count: u64) -> Entries {
    let mut entries = Entries::default();
    for index in first_index..first_index + count {
        let json = draft(dice);
        entries.append(&entry_of(dice, &json, index));
    }
    entries
}

/// One entry, of this draft.
pub fn entry_of(dice: &mut Dice, json: &str, index: u64) -> Entries {
    let draft = Draft::parse(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let received_at = Timestamp::from_micros(1_796_000_000_000_000 + index as i64 * 1_000_000);
    let mut random = [0; 10];
    random[..8].copy_from_slice(&dice.below(u64::MAX).to_be_bytes());
    let arrival = Arrival { now: received_at, random };
    let mut sections = Vec::new();
    draft.encode(&arrival, &mut sections).unwrap();
    let key = std::array::from_fn(|_| dice.below(256) as u8);
    let kind = if dice.once_in(10) { Kind::System } else { Kind::Event };
    let (salts, event) = (Salts::Key(key), Event::from_bytes(&sections).unwrap());
    let mut entries = Entries::default();
    entries.push(Entry { index, received_at, kind, salts, event });
    entries
}

/// Those of `entries` from place `from` to `upto`.
pub fn part(entries: &Entries, from: usize, upto: usize) -> Arc<Entries> {
    let mut part = Entries::default();
    (from..upto).filter_map(|at| entries.get(at)).for_each(|entry| part.push(entry));
    Arc::new(part)
}

/// Hands entries to a store in batches of random sizes.
pub fn push(dice: &mut Dice, store: &Store, entries: &Entries) {
    let mut at = 0;
    while at < entries.len() {
        let upto = (at + 1 + dice.below(30) as usize).min(entries.len());
        store.push(part(entries, at, upto)).unwrap();
        at = upto;
    }
}

/// The first part of an action, so that categories are easily foretold.
pub fn category_of(action: &str) -> &'static str {
    match action.split('.').next() {
        Some("macro") => "automation_macros",
        Some("admin_login_failure") => "authentication",
        _ => "other",
    }
}

/// Row groups are small, so that every story goes through several of them.
pub fn config() -> Config {
    Config { merged_segments: 3, group_rows: 37, ..Config::new(category_of) }
}

pub fn open(folder: &Path) -> Store {
    Store::open(folder, Vec::new(), config()).unwrap()
}

/// Seals the oldest `count` entries of the tail.
pub fn seal(store: &Store, count: u64) {
    let range = store.seal_plan(1).unwrap();
    let meta = store.write_segment(range.start..(range.start + count).min(range.end)).unwrap();
    store.adopt(vec![meta], &[]);
}

/// Merges the segments `from..upto`.
pub fn merge(store: &Store, from: usize, upto: usize) {
    let ids: Vec<String> = store.metas()[from..upto].iter().map(|meta| meta.id.clone()).collect();
    let meta = store.merge(&ids, &|| true).unwrap();
    store.adopt(vec![meta], &ids);
}

/// One entry after the other, as they are compared.
pub type Row = (u64, i64, Kind, Vec<u8>, Vec<u8>);

pub fn rows(entries: &Entries) -> Vec<Row> {
    entries
        .iter()
        .map(|e| (e.index, e.received_at.micros(), e.kind, salts(&e), e.event.as_bytes().to_vec()))
        .collect()
}

fn salts(entry: &Entry<'_>) -> Vec<u8> {
    match entry.salts {
        Salts::Key(key) => key.to_vec(),
        Salts::Left(left) => left.as_bytes().to_vec(),
    }
}

/// Everything in a snapshot by index.
pub fn scanned(snapshot: &Snapshot) -> Vec<Row> {
    snapshot.scan(0..u64::MAX).flat_map(|piece| rows(&piece.unwrap())).collect()
}

pub fn budget() -> Budget {
    Budget::unlimited()
}
