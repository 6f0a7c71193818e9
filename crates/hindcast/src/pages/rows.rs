//! Entries as rows of a table: what a reader wants at a glance, in their language and on their clock.

use super::asked::{Asked, only, quoted, toggled};
use super::countries::country;
use super::format::{Clock, ago, lasting};
use super::safe::{isolated, looks_forged, short};
use super::text::Text;
use super::visitor::Visitor;
use crate::catalog::Times;
use hindcast_event::{Entries, Entry, OutcomeResult, Registry, Timestamp, View, describe_with};
use hindcast_segments::query::Query;
use serde_json::Value;

/// An entry that came so long after it happened is late.
const LATE_MICROS: i64 = 5 * 60 * 1_000_000;
/// Alike entries closer together than this may be shown as one row.
const GROUP_MICROS: i64 = 5 * 60 * 1_000_000;

/// The columns of the table, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// How it went.
    Outcome,
    /// When it happened.
    Time,
    /// Who.
    Who,
    /// What, which is always shown.
    Activity,
    /// To what.
    Target,
    /// From which address.
    Ip,
    /// From which country.
    Location,
    /// Through which channel.
    Source,
}

impl Column {
    /// All columns.
    pub const ALL: [Self; 8] = [
        Self::Outcome,
        Self::Time,
        Self::Who,
        Self::Activity,
        Self::Target,
        Self::Ip,
        Self::Location,
        Self::Source,
    ];
    const USUAL: [Self; 5] = [Self::Outcome, Self::Time, Self::Who, Self::Activity, Self::Ip];

    /// Its name in addresses.
    pub fn code(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Time => "time",
            Self::Who => "who",
            Self::Activity => "activity",
            Self::Target => "target",
            Self::Ip => "ip",
            Self::Location => "location",
            Self::Source => "source",
        }
    }

    /// Its name for people.
    pub fn label(self, t: Text) -> String {
        let label = match self {
            Self::Outcome => t.column_outcome(),
            Self::Time => t.column_time(),
            Self::Who => t.column_who(),
            Self::Activity => t.column_activity(),
            Self::Target => t.column_target(),
            Self::Ip => t.column_ip(),
            Self::Location => t.column_location(),
            Self::Source => t.column_source(),
        };
        label.into_owned()
    }

    /// The columns a visitor asked for, without what is hidden from them.
    pub fn shown(asked: &Asked, visitor: &Visitor) -> Vec<Self> {
        let wanted: Vec<&str> = asked.cols.split(',').filter(|name| !name.is_empty()).collect();
        let is_wanted = |column: &Self| match wanted.is_empty() {
            true => Self::USUAL.contains(column),
            false => *column == Self::Activity || wanted.contains(&column.code()),
        };
        let hides = visitor.sight.hidden.has(hindcast_event::Field::Address);
        let is_hidden = |column: &Self| hides && matches!(column, Self::Ip | Self::Location);
        Self::ALL.into_iter().filter(|column| is_wanted(column) && !is_hidden(column)).collect()
    }
}

/// How something went, as a badge.
#[derive(Clone, Debug)]
pub struct Badge {
    /// Its class and picture.
    pub kind: &'static str,
    /// The picture.
    pub icon: &'static str,
    /// The word.
    pub label: String,
}

impl Badge {
    /// The badge of an outcome.
    pub fn of(t: Text, result: OutcomeResult) -> Self {
        let (kind, icon, label) = match result {
            OutcomeResult::Success => ("success", "success", t.outcome_success()),
            OutcomeResult::Failure => ("failure", "failed", t.outcome_failure()),
            OutcomeResult::Denied => ("denied", "denied", t.outcome_denied()),
            OutcomeResult::Unknown => ("unknown", "pending", t.outcome_unknown()),
        };
        Self { kind, icon, label: label.into_owned() }
    }
}

/// A moment, as it is shown.
#[derive(Clone, Debug)]
pub struct Moment {
    /// In RFC 3339.
    pub utc: String,
    /// In the way the reader likes.
    pub shown: String,
    /// In all ways.
    pub title: String,
    /// Whether it is told as how long ago it was.
    pub relative: bool,
}

impl Moment {
    /// A moment for a visitor.
    pub fn of(visitor: &Visitor, at: Timestamp) -> Self {
        let local = visitor.clock.time(at);
        let utc_clock = Clock::new("UTC", visitor.guest.text.language);
        let utc = utc_clock.time(at);
        let t = visitor.guest.text;
        let relative = ago(t, at, visitor.now);
        let zoned = t.with_aside(local.as_str(), visitor.clock.zone_shown(at));
        let title = format!("{utc} UTC · {zoned} · {relative}");
        let times = visitor.person.preferences.times;
        let shown = match times {
            // That it is to come says too little, such as of the day a token ends.
            Times::Relative if at.micros() - visitor.now.micros() >= 1_000_000 => {
                t.with_aside(local, relative).into_owned()
            }
            Times::Local => local,
            Times::Utc => utc,
            Times::Relative => relative,
        };
        Self { utc: at.to_string(), shown, title, relative: times == Times::Relative }
    }
}

/// Somebody, or something that acts.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// Their id.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// The role they had, or what sort of actor it is.
    pub marker: String,
    /// Whether the name mixes scripts as if to look like another.
    pub forged: bool,
    /// For whom they did it.
    pub on_behalf_of: Option<String>,
}

impl Who {
    /// Who did what an entry tells; whoever is erased keeps neither name nor role.
    pub fn acting(t: Text, view: &View<'_>) -> Self {
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let who = Self::of(t, &json(view.actor), view.on_behalf_of.map(json).as_ref());
        if !view.is_actor_erased {
            return who;
        }
        Self { name: t.erased_person().into_owned(), marker: String::new(), ..who }
    }

    /// An actor, and for whom.
    pub fn of(t: Text, actor: &Value, on_behalf_of: Option<&Value>) -> Self {
        let text = |json: &Value, name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let called = |json: &Value| {
            ["name", "email", "id"]
                .into_iter()
                .map(|name| text(json, name))
                .find(|name| !name.trim().is_empty())
        };
        let name = called(actor).unwrap_or_else(|| t.unknown().into_owned());
        let kind = actor["type"].as_str().unwrap_or_default();
        let role = actor["role"].as_str().filter(|role| !role.is_empty());
        let marker = match (kind, role) {
            ("user", role) => role.map_or(String::new(), short),
            (kind, _) => actor_type(t, kind),
        };
        Self {
            id: text(actor, "id"),
            forged: looks_forged(&name),
            name: short(&name),
            marker,
            on_behalf_of: on_behalf_of.and_then(called).map(|name| short(&name)),
        }
    }
}

/// What a sort of actor is called.
pub fn actor_type(t: Text, kind: &str) -> String {
    let label = match kind {
        "user" => t.actor_user(),
        "agent" => t.actor_agent(),
        "automation" => t.actor_automation(),
        "api_key" => t.actor_api_key(),
        "app" => t.actor_app(),
        "system" => t.actor_system(),
        "anonymous" => t.actor_anonymous(),
        other => return short(other),
    };
    label.into_owned()
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The place in the log.
    pub index: u64,
    /// Where it is shown alone.
    pub href: String,
    /// Where it is shown beside the list.
    pub beside: String,
    /// The same as a part of a page.
    pub part: String,
    /// Whether it is the one that is open.
    pub selected: bool,
    /// How it went.
    pub outcome: Badge,
    /// When it happened.
    pub time: Moment,
    /// How much later it was received, if it was late.
    pub late: Option<String>,
    /// Who.
    pub who: Who,
    /// What, in a sentence.
    pub sentence: String,
    /// What, as a code.
    pub action: String,
    /// To what, first of all.
    pub target: String,
    /// From which address.
    pub ip: String,
    /// From which country.
    pub location: String,
    /// Through which channel.
    pub source: String,
    /// What to narrow the list to, or to leave out: what it says and the address.
    pub menu: Vec<(String, String)>,
    /// Entries that are alike and close: their address and time. This row stands for them too.
    pub group: Vec<(String, String)>,
    occurred_at: Timestamp,
    alike: (String, String, String),
}

/// The rows of entries.
pub fn rows(visitor: &Visitor, asked: &Asked, query: &Query, entries: &Entries) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(entries.len());
    for entry in entries.iter() {
        let Ok(view) = entry.event.view() else { continue };
        let row = row(visitor, asked, query, &entry, &view);
        match rows.last_mut() {
            Some(last) if asked.group != "off" && last.is_alike(&row) => {
                last.group.push((row.beside, row.time.shown));
            }
            _ => rows.push(row),
        }
    }
    rows
}

impl Row {
    fn is_alike(&self, older: &Self) -> bool {
        let close = self.occurred_at.micros() - older.occurred_at.micros() < GROUP_MICROS;
        close && self.alike == older.alike && self.outcome.kind == older.outcome.kind && !older.selected
    }
}

/// The row of an entry.
pub fn row(visitor: &Visitor, asked: &Asked, query: &Query, entry: &Entry<'_>, view: &View<'_>) -> Row {
    let t = visitor.guest.text;
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let who = Who::acting(t, view);
    let target = view.targets.first().map(|target| json(target)).unwrap_or_default();
    let context = view.context.map(json).unwrap_or_default();
    let late = entry.received_at.micros() - view.occurred_at.micros();
    let ip = context["ip"].as_str().unwrap_or_default();
    let location = match context["geo"]["country"].as_str() {
        Some(code) => country(code, t.language),
        // Worked out from the address, so it is approximate.
        None => match view.facts.map(json).unwrap_or_default()["ip_country"].as_str() {
            Some(code) => t.approximately(country(code, t.language)).into_owned(),
            None => country("", t.language),
        },
    };
    let (beside, part) = asked.with_entry(entry.index.to_string()).panel();
    let mut row = Row {
        index: entry.index,
        href: format!("/log/{}", entry.index),
        beside,
        part,
        selected: asked.entry == entry.index.to_string(),
        outcome: Badge::of(t, view.result),
        time: Moment::of(visitor, view.occurred_at),
        late: (late > LATE_MICROS).then(|| t.received_later(lasting(t, late)).into_owned()),
        sentence: describe_with(view, t.language, &|value| isolated(&value)),
        action: short(&view.action),
        target: target_name(&target),
        ip: short(ip),
        location,
        source: context["source"].as_str().map(|source| source_name(t, source)).unwrap_or_default(),
        menu: Vec::new(),
        group: Vec::new(),
        occurred_at: view.occurred_at,
        alike: (
            who.id.clone(),
            view.action.to_string(),
            view.targets.first().map_or(String::new(), |t| (*t).to_owned()),
        ),
        who,
    };
    row.menu = menu(t, asked, query, view, &row, &target, ip);
    row
}

fn menu(
    t: Text,
    asked: &Asked,
    query: &Query,
    view: &View<'_>,
    row: &Row,
    target: &Value,
    ip: &str,
) -> Vec<(String, String)> {
    let mut menu = Vec::new();
    let mut offer = |key: &str, value: &str, shown: &str| {
        if value.is_empty() {
            return;
        }
        let one = condition(key, value);
        let to = |q: String| asked.with_query(q).href();
        menu.push((t.filter_for(shown.to_owned()).into_owned(), to(only(query, &one))));
        menu.push((t.filter_out(shown.to_owned()).into_owned(), to(toggled(query, &format!("-{one}")))));
    };
    offer("actor_id", &row.who.id, &isolated(&row.who.name));
    let label = Registry::builtin().get(&view.action).map(|activity| activity.label_in(t.language));
    offer("action", &view.action, label.unwrap_or(&view.action));
    if let (Some(kind), Some(id)) = (target["type"].as_str(), target["id"].as_str()) {
        offer("target", &format!("{kind}/{id}"), &isolated(&row.target));
    }
    offer("ip", ip, ip);
    menu
}

/// What a target is called.
pub fn target_name(target: &Value) -> String {
    let kind = target["type"].as_str().unwrap_or_default();
    let name =
        ["name", "id"].into_iter().filter_map(|name| target[name].as_str()).find(|name| !name.is_empty());
    match name {
        Some(name) => short(name),
        None => short(kind),
    }
}

/// What a channel is called.
pub fn source_name(t: Text, source: &str) -> String {
    let label = match source {
        "ui" => t.source_ui(),
        "api" => t.source_api(),
        "cli" => t.source_cli(),
        "import" => t.source_import(),
        other => return short(other),
    };
    label.into_owned()
}

/// A condition of the search grammar.
pub fn condition(key: &str, value: &str) -> String {
    format!("{key}:{}", quoted(value))
}
