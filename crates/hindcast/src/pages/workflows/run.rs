//! One run: what set a workflow off, what every condition saw and came to, what was proposed, and what became of each proposal.

use super::found;
use super::words::{mode, state, state_told, trigger, truth};
use crate::api::lanes::blocking;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{IntentRow, RunRow};
use crate::pages::answer::page;
use crate::pages::asked::Asked;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::rows::{Badge, Moment, condition};
use crate::pages::safe::{short, visible, visible_lines};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hindcast_event::{Field, Hidden, Timestamp};
use hindcast_rules::workflow::Cause;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The log is shown from so long before a run until so long after the last of its proposals was tried.
const MINUTE: i64 = 60_000_000;
/// Conditions are moved in at most so often: groups nest no deeper.
const DEPTH_MAX: usize = 8;

#[derive(Template)]
#[template(path = "workflow_run.html")]
struct RunPage {
    shell: Shell,
    t: Text,
    name: String,
    matched: Badge,
    at: Moment,
    trigger: String,
    code: String,
    version: (i64, String),
    mode: String,
    conversation: String,
    /// Where it is, if the history has it.
    conversation_href: Option<String>,
    /// What it means that nothing was done, a sentence each.
    notes: Vec<String>,
    /// Whether values are kept from the visitor.
    is_hidden: bool,
    /// Whether what it saw was erased.
    is_erased: bool,
    trace: Vec<Traced>,
    proposals: Vec<Proposal>,
    withheld: Vec<(String, String, String)>,
    entries: String,
}

/// A group or a condition, and what it came to.
struct Traced {
    path: String,
    depth: usize,
    /// What a group wants; empty for a condition.
    group: String,
    field: String,
    op: String,
    expected: String,
    /// What the field held; nothing if that was not recorded.
    actual: Option<String>,
    /// Why that is unknown, in the words of the judge.
    because: String,
    outcome: Badge,
    /// Whether it had a say.
    is_reached: bool,
}

/// Something that was proposed.
struct Proposal {
    action: String,
    path: String,
    arguments: Vec<(String, String)>,
    /// How it stands, and what that means; nothing where the workflow was only asked.
    state: Option<(Badge, String)>,
    /// What was said of it last.
    said: String,
    decision: Option<String>,
    approval: Option<String>,
    /// Who would have to agree, as the text has it.
    approvers: String,
    attempts: String,
    acted: Option<Moment>,
}

/// What a run proposed, as it is kept with it.
pub(super) struct Proposed {
    pub path: String,
    pub action: String,
    pub arguments: Map<String, Value>,
    pub approvers: String,
}

/// What a run proposed.
pub(super) fn proposed(row: &RunRow) -> Vec<Proposed> {
    let text = |intent: &Value, name: &str| intent[name].as_str().unwrap_or_default().to_owned();
    let each = row.body["intents"].as_array().into_iter().flatten();
    each.map(|intent| Proposed {
        path: text(intent, "path"),
        action: text(intent, "action"),
        arguments: intent["arguments"].as_object().cloned().unwrap_or_default(),
        approvers: approvers(intent),
    })
    .collect()
}

/// Who has to agree, as the text of the workflow has it.
fn approvers(intent: &Value) -> String {
    let named = intent["approval"]["approvers"].as_array().into_iter().flatten();
    named.filter_map(Value::as_str).map(short).collect::<Vec<_>>().join(", ")
}

/// `GET /workflows/{name}/runs/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    visitor.needs(Permission::ReadConversations)?;
    let shown = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let row = app.catalog.run(workspace, &id)?.filter(|row| row.workflow == name);
        let Some(row) = row else { return Ok(None) };
        if !row.ticket.is_empty() {
            app.readings.read_conversation(workspace, &visitor.person.id, || visitor.by(), &row.ticket);
        }
        run_page(&app, &visitor, &row).map(Some)
    });
    page(&found(shown.await?)?)
}

/// Whether what conditions saw is kept from somebody: no condition says of what sort its values are.
fn hides(hidden: Hidden) -> bool {
    [Field::Text, Field::Email, Field::Metadata, Field::Values].into_iter().any(|field| hidden.has(field))
}

fn run_page(app: &App, visitor: &Visitor, row: &RunRow) -> Result<RunPage, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let is_hidden = hides(visitor.sight.hidden);
    let intents = app.catalog.intents_of(&row.id)?;
    let is_kept = !row.ticket.is_empty() && app.history.get(workspace, &row.ticket)?.is_some();
    let proposals: Vec<_> = match intents.is_empty() {
        false => intents.iter().map(|intent| of_intent(visitor, intent, is_hidden)).collect(),
        true => proposed(row).into_iter().map(|one| only_asked(one, is_hidden)).collect(),
    };
    let title = t.wf_run_title(row.workflow.as_str()).into_owned();
    let text = |value: &Value, name: &str| short(value[name].as_str().unwrap_or_default());
    let withheld = row.body["withheld"].as_array().into_iter().flatten();
    Ok(RunPage {
        shell: Shell::of(visitor, app, Section::Workflows, title),
        t,
        name: row.workflow.clone(),
        matched: truth(t, &row.matched),
        at: Moment::of(visitor, row.at),
        trigger: trigger(t, &row.trigger),
        code: short(&row.trigger),
        version: (
            row.number,
            format!("/workflows/{}/versions?number={}", escaped(&row.workflow), row.number),
        ),
        mode: mode(t, &row.mode),
        conversation: short(&row.ticket),
        conversation_href: is_kept.then(|| format!("/conversations/{}", escaped(&row.ticket))),
        notes: notes(t, row),
        is_hidden,
        is_erased: row.body["trace"].is_null(),
        trace: trace(t, row, is_hidden),
        proposals,
        withheld: withheld
            .map(|one| (text(one, "action"), text(one, "path"), text(one, "because")))
            .collect(),
        entries: entries(row, &intents),
    })
}

/// Where the log tells of it: no search finds the id of a run, but its workflow and when it was at work are known.
fn entries(row: &RunRow, intents: &[IntentRow]) -> String {
    let acted = intents.iter().filter_map(|intent| intent.acted_at).map(Timestamp::micros);
    let last = acted.fold(row.at.micros(), i64::max);
    let around = |micros: i64| Timestamp::from_micros(micros).to_string();
    let (from, until) = (around(row.at.micros() - MINUTE), around(last + MINUTE));
    let target = condition("target", &format!("workflow/{}", row.workflow));
    let q = format!("{target} received:{from}..{until}");
    Asked { q, range: "all".to_owned(), ..Asked::default() }.href()
}

/// What there is to know of a run besides: why nothing is done, what else had a say, and what led to it.
fn notes(t: Text, row: &RunRow) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |told: std::borrow::Cow<'static, str>| notes.push(told.into_owned());
    if row.matched == "unknown" {
        let fields = row.body["unknown"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let fields: Vec<_> = fields.map(short).collect();
        if !fields.is_empty() {
            note(t.wf_note_unknown(fields.join(", ")));
        }
    }
    if row.mode == "shadow" {
        note(t.wf_note_shadow());
    }
    if !row.held.is_empty() {
        note(t.wf_note_held(visible(&row.held)));
    }
    if let Some(by) = row.body["stopped_by"].as_str() {
        note(t.wf_note_stopped(short(by)));
    }
    if let Some(by) = row.body["perhaps_stopped_by"].as_str() {
        note(t.wf_note_perhaps_stopped(short(by)));
    }
    let causes: Vec<Cause> = serde_json::from_value(row.body["causes"].clone()).unwrap_or_default();
    if !causes.is_empty() {
        let chain: Vec<_> = causes.iter().map(|cause| short(&cause.workflow)).collect();
        note(t.wf_note_causes(chain.join(" → ")));
    }
    notes
}

fn trace(t: Text, row: &RunRow, is_hidden: bool) -> Vec<Traced> {
    let one = |traced: &Value| {
        let text = |name: &str| traced[name].as_str().unwrap_or_default();
        let group = match text("kind") {
            "all" => t.wf_group_all().into_owned(),
            "any" => t.wf_group_any().into_owned(),
            "none" => t.wf_group_none().into_owned(),
            _ => String::new(),
        };
        let path = text("path");
        Traced {
            depth: depth(path),
            path: short(path),
            group,
            field: short(text("field")),
            op: short(text("op")),
            expected: traced.get("value").map(told).unwrap_or_default(),
            actual: match traced.get("actual") {
                Some(_) if is_hidden => Some(t.wf_hidden().into_owned()),
                Some(Value::Null) => Some(t.wf_nothing().into_owned()),
                Some(actual) => Some(told(actual)),
                None => None,
            },
            // That it was not recorded is said already.
            because: if traced.get("actual").is_some() { short(text("because")) } else { String::new() },
            outcome: truth(t, outcome(&traced["outcome"])),
            is_reached: traced["reached"] != false,
        }
    };
    row.body["trace"].as_array().into_iter().flatten().map(one).collect()
}

/// What a condition came to: `true`, `false` or `unknown`.
fn outcome(outcome: &Value) -> &'static str {
    match outcome {
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        _ => "unknown",
    }
}

/// In how many groups something stands: `if.all[1].any[0]` in two.
fn depth(path: &str) -> usize {
    let inside = path.rsplit_once(".when").map_or(path, |(_, inside)| inside);
    inside.matches('[').count().min(DEPTH_MAX)
}

/// A value for people: texts as they are, several with commas between them.
fn told(value: &Value) -> String {
    match value {
        Value::String(text) => visible_lines(text),
        Value::Array(values) => values.iter().map(told).collect::<Vec<_>>().join(", "),
        other => short(&other.to_string()),
    }
}

fn arguments(arguments: &Map<String, Value>, is_hidden: bool) -> Vec<(String, String)> {
    let shown = arguments.iter().filter(|_| !is_hidden);
    shown.map(|(name, value)| (short(name), told(value))).collect()
}

fn of_intent(visitor: &Visitor, row: &IntentRow, is_hidden: bool) -> Proposal {
    let t = visitor.guest.text;
    let empty = Map::new();
    let text = |name: &str| short(row.intent[name].as_str().unwrap_or_default());
    Proposal {
        action: text("action"),
        path: text("path"),
        arguments: arguments(row.intent["arguments"].as_object().unwrap_or(&empty), is_hidden),
        state: Some((state(t, row.state), state_told(t, row.state))),
        said: if is_hidden { String::new() } else { visible_lines(&row.said) },
        decision: row.decision.as_ref().map(|id| format!("/log/{}", escaped(id))),
        approval: row.approval.as_ref().map(|id| format!("/approvals/{}", escaped(id))),
        approvers: approvers(&row.intent),
        attempts: if row.attempts > 1 {
            t.wf_attempts(count(u64::from(row.attempts))).into_owned()
        } else {
            String::new()
        },
        acted: row.acted_at.map(|at| Moment::of(visitor, at)),
    }
}

fn only_asked(one: Proposed, is_hidden: bool) -> Proposal {
    Proposal {
        action: short(&one.action),
        path: short(&one.path),
        arguments: arguments(&one.arguments, is_hidden),
        state: None,
        said: String::new(),
        decision: None,
        approval: None,
        approvers: one.approvers,
        attempts: String::new(),
        acted: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_rules::workflow::{Catalog, Facts, check, evaluate};

    #[test]
    fn a_trace_shows_what_each_condition_expected_saw_and_came_to() {
        let text = "schema: workflow/1
name: late
trigger: [manual]
if:
  all:
    - {field: ticket.tags, op: contains_any, value: [late, slow]}
    - any:
        - {field: customer.tier, op: is, value: vip}
        - {field: ticket.assignee, op: is_set}
then:
  - when: {field: ticket.replies, op: gt, value: 3}
    do:
      - note.add: hurry
";
        let catalog = Catalog::builtin();
        let workflow = check(text, &catalog).workflow.expect("no flaws");
        let known = serde_json::json!({ "ticket.tags": ["late", "new"], "ticket.assignee": null, "ticket.replies": 5 });
        let evaluation = evaluate(&workflow, &Facts::from_json(&known, &catalog).0);
        let row = RunRow {
            nr: 1,
            id: String::new(),
            workflow: "late".to_owned(),
            number: 1,
            mode: "shadow".to_owned(),
            trigger: "manual".to_owned(),
            ticket: String::new(),
            matched: evaluation.matched.to_string(),
            held: String::new(),
            body: serde_json::json!({ "trace": evaluation.trace }),
            at: Timestamp::from_micros(0),
        };
        let shown = |is_hidden: bool| -> Vec<_> {
            let each = trace(Text::default(), &row, is_hidden).into_iter();
            each.map(|one| {
                let actual = one.actual.unwrap_or_else(|| "-".to_owned());
                let what = if one.group.is_empty() { one.field } else { one.group };
                format!("{} {what} {} [{}] [{actual}] {}", one.depth, one.op, one.expected, one.outcome.label)
            })
            .collect()
        };
        assert_eq!(
            shown(false),
            [
                "0 All of these  [] [-] Unknown",
                "1 ticket.tags contains_any [late, slow] [late, new] Yes",
                "1 One of these  [] [-] Unknown",
                "2 customer.tier is [vip] [-] Unknown",
                "2 ticket.assignee is_set [] [(nothing)] No",
                "0 ticket.replies gt [3] [5] Yes",
            ]
        );
        assert_eq!(shown(true)[1], "1 ticket.tags contains_any [late, slow] [(hidden)] Yes");
    }
}
