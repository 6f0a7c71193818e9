//! Short ways to say who did what, and under which policies.

use hindcast_event::{Arrival, Draft, Entries, Entry, Event, Key, Kind, Timestamp, push_section};
use hindcast_rules::policy::{Asked, Judge, PolicyText, Tool, Verdict, Vocabulary, check};

/// 2026-11-21T19:40:00Z.
pub const START: i64 = 1_795_290_000_000_000;

pub const TOOLS: &str = r#"[
    {"name": "order.refund", "writes": true,
     "input_schema": {"type": "object", "required": ["amount", "order"], "properties": {
        "amount": {"type": "integer"}, "order": {"type": "string"}, "note": {"type": "string"}}},
     "facts": {"order": {"type": "object", "required": ["paid", "items"], "properties": {
        "paid": {"type": "integer"}, "shipped_at": {"type": "string", "format": "date-time"},
        "items": {"type": "array", "items": {"type": "string"}}}}}},
    {"name": "order.lookup", "input_schema": {"type": "object"}}
]"#;

pub fn vocabulary() -> Vocabulary {
    Vocabulary::new(&Tool::parse_all(TOOLS).expect("tools"), &["door.opened"]).expect("a vocabulary")
}

pub fn judge(policies: &str) -> Judge {
    let vocabulary = vocabulary();
    let set = check(&[PolicyText { name: "p", text: policies }], &vocabulary)
        .unwrap_or_else(|flaws| panic!("{}", flaws.iter().map(|f| format!("{f}\n")).collect::<String>()));
    Judge::new(&set, &vocabulary).expect("ready")
}

/// Appends an entry: a draft as JSON, and its facts, which may be empty.
pub fn append(entries: &mut Entries, draft: &str, facts: &str) {
    let index = entries.len() as u64;
    let now = Timestamp::from_micros(START + index as i64 * 60_000_000);
    let draft = Draft::parse(draft).unwrap_or_else(|error| panic!("{error}: {draft}"));
    let mut bytes = Vec::new();
    draft.encode_with(&Arrival { now, random: [index as u8; 10] }, facts, &mut bytes).expect("fits");
    let event = Event::from_bytes(&bytes).expect("sections");
    entries.push_with(index, now, Kind::Event, &Key::default(), |out| {
        event.sections().for_each(|(name, value)| push_section(name, "", value, out));
    });
}

pub fn past(drafts: &[(&str, &str)]) -> Entries {
    let mut entries = Entries::default();
    drafts.iter().for_each(|(draft, facts)| append(&mut entries, draft, facts));
    entries
}

pub fn verdict(judge: &Judge, entry: &Entry<'_>) -> Verdict {
    judge.judge(&Asked::of_entry(entry).expect("an entry"))
}

/// A verdict in one line.
pub fn line(verdict: &Verdict) -> String {
    let mut line = verdict.decision.as_str().to_owned();
    let ids: Vec<_> = verdict.determining.iter().map(|policy| policy.id()).collect();
    if !ids.is_empty() {
        line += &format!(" by {}", ids.join(", "));
    }
    if verdict.possible.len() > 1 {
        let possible: Vec<_> = verdict.possible.iter().map(|decision| decision.as_str()).collect();
        line += &format!("; {}", possible.join(" or "));
    }
    if !verdict.missing.is_empty() {
        line += &format!("; without {}", verdict.missing.join(", "));
    }
    if !verdict.errors.is_empty() {
        line += &format!("; {}", verdict.errors.join(", "));
    }
    line
}

/// What is said of one draft.
pub fn said(policies: &str, draft: &str, facts: &str) -> String {
    let entries = past(&[(draft, facts)]);
    line(&verdict(&judge(policies), &entries.get(0).expect("an entry")))
}
