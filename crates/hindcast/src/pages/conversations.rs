//! Conversations of the past: the list, one of them, and what is kept of them.

mod shown;

pub use shown::show;

use super::answer::{page, page_with, redirect};
use super::fields::Fields;
use super::format::number;
use super::histogram::count;
use super::refusal::Refusal;
use super::rows::Moment;
use super::safe::short;
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::lanes::Lanes;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{ConversationsWanted, Counts};
use crate::history::{Conversation, HistorySettings, Resolution, Role};
use crate::keeping::DAYS_MAX;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

const PAGE_ROWS: usize = 50;
/// A first message that stands for a subject is cut here.
const EXCERPT_CHARS_MAX: usize = 90;
const HERE: &str = "/conversations";
/// What the list can be narrowed by, as the counts and the address name it.
const FILTERS: [&str; 6] = ["month", "source", "channel", "language", "resolution", "tag"];

#[derive(Template)]
#[template(path = "conversations.html")]
struct ListPage {
    shell: Shell,
    t: Text,
    form: Fields,
    filters: Vec<Filter>,
    conversations: Vec<Listed>,
    count: u64,
    older: Option<String>,
    is_narrowed: bool,
    may_keep: bool,
    waits: Option<Moment>,
}

/// Something the list can be narrowed by.
struct Filter {
    name: &'static str,
    label: String,
    /// Value, name, and whether it is chosen.
    choices: Vec<(String, String, bool)>,
}

/// A conversation in the list.
struct Listed {
    href: String,
    title: String,
    opened: Moment,
    source: String,
    channel: String,
    language: String,
    messages: String,
    tags: Vec<String>,
    resolution: String,
}

/// What the address asks for.
#[derive(Default)]
struct Asked {
    chosen: BTreeMap<&'static str, String>,
    after: String,
}

impl Asked {
    fn read(raw: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            if name == "after" {
                asked.after = value.into_owned();
            } else if let Some(known) = FILTERS.into_iter().find(|known| *known == name)
                && !value.is_empty()
            {
                asked.chosen.insert(known, value.into_owned());
            }
        }
        asked
    }

    fn href(&self, after: &str) -> String {
        let pairs = self.chosen.iter().map(|(name, value)| format!("{name}={}&", escaped(value)));
        format!("{HERE}?{}after={after}", pairs.collect::<String>())
    }

    fn wanted(&self) -> ConversationsWanted {
        let of = |name: &str| self.chosen.get(name).cloned();
        ConversationsWanted {
            month: of("month"),
            source: of("source"),
            channel: of("channel"),
            language: of("language"),
            tag: of("tag"),
            resolution: of("resolution").and_then(|word| Resolution::parse(&word)),
            ..ConversationsWanted::default()
        }
    }
}

/// `GET /conversations`
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadConversations)?;
    let asked = Asked::read(&raw.unwrap_or_default());
    let own = app.clone();
    let shown = lanes.query(&app, move |_| list_page(&own, &visitor, &asked, None)).await?;
    page(&shown)
}

/// `POST /conversations`: decides what is kept.
pub async fn keep(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadConversations)?;
    visitor.needs(Permission::SettingsRetention)?;
    let own = app.clone();
    let done = lanes.query(&app, move |_| {
        let days = form.trimmed("days").to_owned();
        let read = if days.is_empty() { Ok(None) } else { days.parse().map(Some) };
        let wanted = read.ok().and_then(|days| {
            HistorySettings { keep_personal: form.has("keep_personal"), days, from: 0 }.check().ok()
        });
        match wanted {
            Some(wanted) => {
                let workspace = &visitor.membership.workspace;
                own.history.change_settings(workspace, wanted, visitor.now, &visitor.by())?;
                own.post();
                Ok(None)
            }
            None => {
                form.fail("days", visitor.guest.text.expected_days(DAYS_MAX));
                list_page(&own, &visitor, &Asked::default(), Some(form)).map(Some)
            }
        }
    });
    match done.await? {
        None => Ok(redirect(HERE)),
        Some(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

fn list_page(app: &App, visitor: &Visitor, asked: &Asked, form: Option<Fields>) -> Result<ListPage, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
    let found = app.history.list(workspace, &asked.wanted(), after, PAGE_ROWS + 1)?;
    let mut rows = found.ok_or_else(|| Problem::not_found("there is no such page"))?;
    let is_more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    let older = rows.last().filter(|_| is_more).map(|row| asked.href(&format!("{:016x}", row.nr)));
    let counts = app.history.counts(workspace)?;
    let settings = app.history.settings(workspace)?;
    for row in &rows {
        app.readings.read_conversation(workspace, &visitor.person.id, || visitor.by(), &row.conversation.id);
    }
    Ok(ListPage {
        shell: Shell::of(visitor, app, Section::Conversations, t.nav_conversations()),
        t,
        form: form.unwrap_or_else(|| filled(settings)),
        filters: filters(t, asked, &counts),
        conversations: rows.into_iter().map(|row| listed(visitor, row.conversation)).collect(),
        count: counts.conversations,
        older,
        is_narrowed: !asked.chosen.is_empty(),
        may_keep: visitor.may(Permission::SettingsRetention),
        waits: (settings.from > visitor.now.micros())
            .then(|| Moment::of(visitor, Timestamp::from_micros(settings.from))),
    })
}

impl ListPage {
    fn counted(&self) -> String {
        let count = count(self.count);
        self.t.conversations_count(count, number(count, self.t.language)).into_owned()
    }
}

fn filled(settings: HistorySettings) -> Fields {
    let days = settings.days.map(|days| days.to_string()).unwrap_or_default();
    let keep = settings.keep_personal.then(|| ("keep_personal", "on".to_owned()));
    Fields::filled(keep.into_iter().chain([("days", days)]))
}

fn filters(t: Text, asked: &Asked, counts: &Counts) -> Vec<Filter> {
    let filter = |name: &'static str| {
        let chosen = asked.chosen.get(name);
        let known = counts.by.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut choices: Vec<_> = known
            .iter()
            .map(|(value, n)| {
                let label = format!("{} ({})", value_name(t, name, value), number(count(*n), t.language));
                (value.clone(), label, chosen == Some(value))
            })
            .collect();
        if let Some(chosen) = chosen.filter(|chosen| !known.iter().any(|(value, _)| value == *chosen)) {
            choices.push((chosen.clone(), short(chosen), true));
        }
        Filter { name, label: filter_name(t, name), choices }
    };
    FILTERS.into_iter().map(filter).filter(|filter| !filter.choices.is_empty()).collect()
}

fn filter_name(t: Text, name: &str) -> String {
    let label = match name {
        "month" => t.conversation_opened(),
        "source" => t.conversation_source(),
        "channel" => t.conversation_channel(),
        "language" => t.conversation_language(),
        "resolution" => t.conversation_resolution(),
        _ => t.conversation_tags(),
    };
    label.into_owned()
}

fn value_name(t: Text, name: &str, value: &str) -> String {
    match Resolution::parse(value).filter(|_| name == "resolution") {
        Some(resolution) => resolution_name(t, resolution),
        None => short(value),
    }
}

fn listed(visitor: &Visitor, conversation: Conversation) -> Listed {
    let t = visitor.guest.text;
    let conversation = conversation.seen(visitor.sight.hidden);
    Listed {
        href: format!("{HERE}/{}", escaped(&conversation.id)),
        title: title(t, &conversation),
        opened: Moment::of(visitor, conversation.opened_at),
        source: short(&conversation.source),
        channel: short(conversation.channel.as_deref().unwrap_or_default()),
        language: short(conversation.language.as_deref().unwrap_or_default()),
        messages: number(conversation.messages.len() as i64, t.language),
        tags: conversation.current_tags().into_iter().map(short).collect(),
        resolution: conversation.resolution.map(|one| resolution_name(t, one)).unwrap_or_default(),
    }
}

/// Its subject, or how the customer began.
fn title(t: Text, conversation: &Conversation) -> String {
    let subject = conversation.subject.as_deref().filter(|subject| !subject.trim().is_empty());
    let said = conversation.messages.iter().find(|message| message.role == Role::Customer);
    let said = said.map(|message| message.text.as_str()).filter(|text| !text.trim().is_empty());
    match subject.or(said) {
        Some(text) => {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let cut: String = line.chars().take(EXCERPT_CHARS_MAX).collect();
            short(&if cut.len() < line.len() { format!("{cut}…") } else { cut })
        }
        None => t.conversation_no_subject().into_owned(),
    }
}

/// How a conversation ended, in words.
fn resolution_name(t: Text, resolution: Resolution) -> String {
    let name = match resolution {
        Resolution::Confirmed => t.resolution_confirmed(),
        Resolution::Assumed => t.resolution_assumed(),
        Resolution::Escalated => t.resolution_escalated(),
        Resolution::NegativeFeedback => t.resolution_negative_feedback(),
        Resolution::NoAnswer => t.resolution_no_answer(),
        Resolution::ProcedureHandoff => t.resolution_procedure_handoff(),
        Resolution::Abandoned => t.resolution_abandoned(),
        Resolution::Solved => t.resolution_solved(),
        Resolution::Unresolved => t.resolution_unresolved(),
    };
    name.into_owned()
}
