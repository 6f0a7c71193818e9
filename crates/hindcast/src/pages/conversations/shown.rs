//! One conversation: what was said, its tags over time, and what the log has about it.

use super::{HERE, resolution_name, title};
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::history::{Act, Author, Call, Conversation, Message, Role, Tagging};
use crate::pages::answer::page;
use crate::pages::asked::Asked;
use crate::pages::refusal::Refusal;
use crate::pages::rows::{Moment, Row, condition, row};
use crate::pages::safe::{short, visible_lines};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, Snapshot};
use std::sync::Arc;

/// Entries about it that are shown.
const ENTRIES_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "conversation.html")]
struct ConversationPage {
    shell: Shell,
    t: Text,
    title: String,
    back: &'static str,
    opened: Moment,
    closed: Option<Moment>,
    /// What is known of it: what, and what of it.
    known: Vec<(String, String)>,
    said: Vec<Said>,
    taggings: Vec<Tagged>,
    escalations: Vec<(Moment, String)>,
    cited: Vec<String>,
    rows: Vec<Row>,
    all_rows: String,
}

/// A message.
struct Said {
    role: &'static str,
    label: String,
    author: String,
    at: Moment,
    text: String,
    is_internal: bool,
    calls: Vec<Called>,
}

/// A tool that was called.
struct Called {
    told: String,
    arguments: String,
    result: String,
}

/// A tag that was added or removed.
struct Tagged {
    at: Moment,
    tag: String,
    is_added: bool,
    told: String,
}

/// `GET /conversations/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadConversations)?;
    let (own, by) = (app.clone(), visitor.clone());
    let found = blocking(move || {
        let workspace = &by.membership.workspace;
        let found = own.history.get(workspace, &id)?;
        if found.is_some() {
            own.readings.read_conversation(workspace, &by.person.id, || by.by(), &id);
        }
        Ok(found)
    });
    let conversation = found.await?.ok_or(Refusal::NotFound)?.seen(visitor.sight.hidden);
    let seen = visitor.snapshot(&app)?;
    let (by, of) = (visitor.clone(), conversation.id.clone());
    let rows = lanes.query(&app, move |budget| entries(&by, &of, &seen, budget)).await?;
    let shell = Shell::of(&visitor, &app, Section::Conversations, title(visitor.guest.text, &conversation));
    page(&ConversationPage::of(shell, &visitor, &conversation, rows))
}

fn query_of(id: &str) -> String {
    condition("target", &format!("conversation/{id}"))
}

/// What the log has about it, as far as the visitor sees that; newest first.
fn entries(visitor: &Visitor, id: &str, seen: &Snapshot, budget: &Budget) -> Result<Vec<Row>, Problem> {
    let query = Query::parse(&query_of(id), &ParseContext::default()).unwrap_or_default();
    let found = seen.slice(&query, 0, ENTRIES_SHOWN, budget)?;
    let of_entry = |entry: hindcast_event::Entry<'_>| {
        let view = entry.event.view().ok()?;
        Some(row(visitor, &Asked::default(), &Query::default(), &entry, &view))
    };
    Ok(found.iter().filter_map(of_entry).collect())
}

impl ConversationPage {
    fn of(shell: Shell, visitor: &Visitor, conversation: &Conversation, rows: Vec<Row>) -> Self {
        let t = visitor.guest.text;
        let all = Asked { range: "all".to_owned(), ..Asked::default() };
        let escalations = conversation.escalations.iter().map(|escalation| {
            let to = escalation.to.as_deref().map(|to| t.conversation_escalated_to(short(to)).into_owned());
            let reason = escalation.reason.as_deref().map(short);
            let told: Vec<_> = to.into_iter().chain(reason).collect();
            (Moment::of(visitor, escalation.at), told.join(" · "))
        });
        Self {
            shell,
            t,
            title: title(t, conversation),
            back: HERE,
            opened: Moment::of(visitor, conversation.opened_at),
            closed: conversation.closed_at.map(|at| Moment::of(visitor, at)),
            known: known(t, conversation),
            said: conversation.messages.iter().map(|message| said(visitor, message)).collect(),
            taggings: conversation.tags.iter().map(|tagging| tagged(visitor, tagging)).collect(),
            escalations: escalations.collect(),
            cited: conversation
                .cited
                .iter()
                .map(|one| short(one.title.as_deref().unwrap_or(&one.id)))
                .collect(),
            rows,
            all_rows: all.with_query(query_of(&conversation.id)).href(),
        }
    }
}

fn known(t: Text, conversation: &Conversation) -> Vec<(String, String)> {
    let mut known = Vec::new();
    let mut add = |label: std::borrow::Cow<'static, str>, value: Option<String>| {
        known.extend(value.filter(|value| !value.is_empty()).map(|value| (label.into_owned(), value)));
    };
    let customer = conversation.customer.as_ref();
    let who = customer.map(|customer| {
        let parts = [&customer.name, &customer.email, &customer.id];
        parts.into_iter().flatten().map(|part| short(part)).collect::<Vec<_>>().join(" · ")
    });
    add(t.conversation_customer(), who);
    add(t.conversation_tier(), customer.and_then(|customer| customer.tier.as_deref()).map(short));
    add(t.conversation_source(), Some(short(&conversation.source)));
    add(t.conversation_channel(), conversation.channel.as_deref().map(short));
    add(t.conversation_language(), conversation.language.as_deref().map(short));
    add(t.conversation_resolution(), conversation.resolution.map(|one| resolution_name(t, one)));
    let ai = conversation.ai.as_ref().and_then(|ai| ai.agent.as_deref());
    add(t.conversation_role_agent(), ai.map(short));
    let rating = conversation.rating.as_ref().map(|rating| {
        let of = t.conversation_rating_of(i64::from(rating.score)).into_owned();
        rating.remark.as_deref().map_or(of.clone(), |remark| format!("{of} · {}", short(remark)))
    });
    add(t.conversation_rating(), rating);
    add(t.conversation_score(), conversation.score.map(|score| format!("{score:.2}")));
    known
}

fn said(visitor: &Visitor, message: &Message) -> Said {
    let t = visitor.guest.text;
    let (role, label) = match message.role {
        Role::Customer => ("customer", t.conversation_role_customer()),
        Role::Teammate => ("teammate", t.conversation_role_teammate()),
        Role::Agent => ("agent", t.conversation_role_agent()),
        Role::System => ("system", t.conversation_role_system()),
    };
    Said {
        role,
        label: label.into_owned(),
        author: message.author.as_ref().map(name).unwrap_or_default(),
        at: Moment::of(visitor, message.at),
        text: visible_lines(&message.text),
        is_internal: message.internal,
        calls: message.calls.iter().map(|call| called(t, call)).collect(),
    }
}

fn called(t: Text, call: &Call) -> Called {
    let arguments = serde_json::to_string_pretty(&call.arguments).unwrap_or_default();
    Called {
        told: t.conversation_call(short(&call.tool)).into_owned(),
        arguments: if call.arguments.is_null() { String::new() } else { visible_lines(&arguments) },
        result: visible_lines(call.result.as_deref().unwrap_or_default()),
    }
}

fn tagged(visitor: &Visitor, tagging: &Tagging) -> Tagged {
    let t = visitor.guest.text;
    let by = tagging.by.as_ref().map(|by| t.conversation_by(name(by)).into_owned());
    let workflow = tagging.workflow.as_deref().map(|of| t.conversation_workflow(short(of)).into_owned());
    let version = tagging.version.as_deref().map(|of| t.conversation_version(short(of)).into_owned());
    let told: Vec<_> = by.into_iter().chain(workflow).chain(version).collect();
    Tagged {
        at: Moment::of(visitor, tagging.at),
        tag: short(&tagging.tag),
        is_added: tagging.act == Act::Added,
        told: told.join(" · "),
    }
}

fn name(author: &Author) -> String {
    short(author.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&author.id))
}
