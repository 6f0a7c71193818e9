//! Automation rules of Chatwoot: a flat list of conditions, each glued to the next by `query_operator`.

use super::{Draft, Product, text, texts};
use serde_json::{Value as Json, json};

const ELSEWHERE: &str = "it has no equal here";

pub(super) fn rule(rule: &Json, nr: usize) -> Draft {
    let mut draft = Draft::new(Product::Chatwoot, "name", rule, nr);
    draft.triggers.extend(triggers(rule["event_name"].as_str().unwrap_or_default()));
    conditions(rule, &mut draft);
    for action in rule["actions"].as_array().into_iter().flatten() {
        self::action(action, &mut draft);
    }
    draft
}

fn triggers(event: &str) -> &'static [&'static str] {
    match event {
        "conversation_created" => &["ticket.created"],
        "conversation_updated" => &["ticket.updated"],
        "conversation_opened" => &["ticket.reopened"],
        "conversation_resolved" => &["ticket.resolved"],
        "message_created" => &["message.received", "message.sent", "note.added"],
        "contact_wait_time" => &["customer.waiting"],
        "agent_wait_time" => &["customer.unresponsive"],
        _ => &[],
    }
}

/// The list runs as one query over there, where AND binds more tightly than OR: so it is one of several groups of which each
/// holds as a whole.
fn conditions(rule: &Json, draft: &mut Draft) {
    let listed: Vec<_> = rule["conditions"].as_array().into_iter().flatten().collect();
    let is_or = |condition: &Json| {
        text(&condition["query_operator"]).is_some_and(|glue| glue.eq_ignore_ascii_case("or"))
    };
    let glue = &listed[..listed.len().saturating_sub(1)];
    if glue.iter().any(|one| is_or(one)) && !glue.iter().all(|one| is_or(one)) {
        draft.note("AND and OR stand in one list; as over there, AND binds more tightly");
    }
    let mut groups: Vec<Vec<Json>> = vec![Vec::new()];
    for condition in &listed {
        let made = self::condition(condition, draft);
        if let Some(group) = groups.last_mut() {
            group.extend(made);
        }
        if is_or(condition) {
            groups.push(Vec::new());
        }
    }
    groups.retain(|group| !group.is_empty());
    if let [only] = groups.as_mut_slice() {
        draft.all = std::mem::take(only);
        return;
    }
    let one = |mut group: Vec<Json>| if group.len() == 1 { group.remove(0) } else { json!({"all": group}) };
    draft.any = groups.into_iter().map(one).collect();
}

/// Attributes by the fields they are here.
fn field(attribute: &str) -> Option<&'static str> {
    Some(match attribute {
        "status" => "ticket.status",
        "priority" => "ticket.priority",
        "inbox_id" => "ticket.inbox",
        "team_id" => "ticket.team",
        "assignee_id" => "ticket.assignee",
        "labels" | "label" => "ticket.tags",
        "conversation_language" => "ticket.language",
        "mail_subject" => "ticket.subject",
        "created_at" => "ticket.created_at",
        "last_activity_at" => "ticket.updated_at",
        "content" => "message.text",
        "message_type" => "message.type",
        "email" => "customer.email",
        "phone_number" => "customer.phone",
        "name" => "customer.name",
        "identifier" => "customer.id",
        "browser_language" => "customer.browser_language",
        "country_code" | "country" => "customer.country",
        "city" => "customer.city",
        "company" => "customer.organization",
        "blocked" => "customer.blocked",
        "referer" => "customer.referrer",
        _ => return None,
    })
}

/// Words of Chatwoot that are spelled otherwise here; none for what is nothing.
fn spelled(attribute: &str, value: &str) -> Option<Json> {
    Some(match (attribute, value) {
        (_, "nil" | "") => return None,
        ("status", "resolved") => "solved".into(),
        ("priority", "medium") => "normal".into(),
        ("blocked", "true" | "false") => (value == "true").into(),
        _ => value.into(),
    })
}

fn condition(from: &Json, draft: &mut Draft) -> Option<Json> {
    let attribute = from["attribute_key"].as_str().unwrap_or_default();
    let operator = from["filter_operator"].as_str().unwrap_or_default();
    let numeric = matches!(operator, "is_greater_than" | "is_less_than");
    let is_custom = text(&from["custom_attribute_type"]).is_some_and(|kind| !kind.is_empty());
    let name = match field(attribute) {
        Some(name) if !is_custom => name.to_owned(),
        _ if attribute.is_empty() => return lost(from, draft),
        None if !is_custom
            && matches!(
                attribute,
                "time" | "awaiter" | "private_note" | "display_id" | "additional_attributes"
            ) =>
        {
            return lost(from, draft);
        }
        _ => {
            let timed = operator == "days_before";
            draft.note(format!("`{attribute}` is taken for a field of your own"));
            draft.custom(
                attribute,
                if timed {
                    "time"
                } else if numeric {
                    "number"
                } else {
                    "string"
                },
            )
        }
    };
    if operator == "attribute_changed" {
        return changed(&name, attribute, from, draft);
    }
    // People, teams and inboxes come as objects with an id and a name, or as numbers.
    let values: Vec<String> = match &from["values"] {
        Json::Array(items) => items.iter().filter_map(named).collect(),
        other => named(other).into_iter().collect(),
    };
    if matches!(attribute, "inbox_id" | "team_id" | "assignee_id")
        && values.iter().any(|value| value.parse::<u64>().is_ok())
    {
        draft.note(format!(
            "`{name}` is compared with a number of Chatwoot; put in what it is called here: {}",
            values.join(", ")
        ));
    }
    let known: Vec<Json> = values.iter().filter_map(|value| spelled(attribute, value)).collect();
    let nothing = known.len() < values.len();
    match compared(&name, operator, known, nothing, numeric) {
        Some(made) => draft.condition(made, from),
        None => lost(from, draft),
    }
}

fn lost(from: &Json, draft: &mut Draft) -> Option<Json> {
    draft.lost_condition(from, ELSEWHERE);
    None
}

fn named(value: &Json) -> Option<String> {
    text(value).or_else(|| value.get("name").and_then(text)).or_else(|| value.get("id").and_then(text))
}

fn compared(field: &str, operator: &str, values: Vec<Json>, nothing: bool, numeric: bool) -> Option<Json> {
    let first = values.first().cloned();
    let first = if numeric { first.as_ref().and_then(number).or(first) } else { first };
    let is_set = field == "ticket.tags";
    let listed = |op: &str, values: Vec<Json>| json!({"field": field, "op": op, "value": values});
    match operator {
        "is_present" => return Some(json!({"field": field, "op": "is_set"})),
        "is_not_present" => return Some(json!({"field": field, "op": "is_not_set"})),
        _ => {}
    }
    let made = match (operator, first) {
        ("equal_to", None) if nothing => return Some(json!({"field": field, "op": "is_not_set"})),
        ("not_equal_to", None) if nothing => return Some(json!({"field": field, "op": "is_set"})),
        (_, None) => return None,
        ("equal_to" | "in", _) if is_set => listed("contains_any", values),
        ("not_equal_to" | "not_in", _) if is_set => listed("contains_none", values),
        ("equal_to" | "not_equal_to", Some(flag @ Json::Bool(_))) => {
            let op = if operator == "equal_to" { "is" } else { "is_not" };
            json!({"field": field, "op": op, "value": flag})
        }
        ("equal_to" | "in", _) => listed("any_of", values),
        ("not_equal_to" | "not_in", _) => listed("none_of", values),
        ("contains", _) => listed("contains_any", values),
        ("does_not_contain", _) => listed("contains_none", values),
        ("starts_with", _) => listed("starts_with", values),
        ("is_greater_than", Some(first)) => json!({"field": field, "op": "gt", "value": first}),
        ("is_less_than", Some(first)) => json!({"field": field, "op": "lt", "value": first}),
        ("days_before", Some(first)) => {
            json!({"field": field, "op": "older_than", "value": format!("{}d", first.as_str()?)})
        }
        _ => return None,
    };
    // Nothing and something in one list: one or the other.
    match (operator, nothing) {
        ("equal_to", true) => Some(json!({"any": [made, {"field": field, "op": "is_not_set"}]})),
        ("not_equal_to", true) => Some(json!({"all": [made, {"field": field, "op": "is_set"}]})),
        _ => Some(made),
    }
}

fn number(value: &Json) -> Option<Json> {
    let text = value.as_str()?;
    text.parse::<i64>()
        .map(Json::from)
        .ok()
        .or_else(|| text.parse::<f64>().map(Json::from).ok())
        .filter(Json::is_number)
}

/// `values: {"from": […], "to": […]}`: it changed from one of these to one of those.
fn changed(name: &str, attribute: &str, from: &Json, draft: &mut Draft) -> Option<Json> {
    let mut all = Vec::new();
    for (key, op) in [("from", "changed_from"), ("to", "changed_to")] {
        let values = texts(&from["values"][key]);
        let one = |value: &String| match spelled(attribute, value) {
            Some(value) => Some(json!({"field": name, "op": op, "value": value})),
            None => (key == "to").then(
                || json!({"all": [{"field": name, "op": "changed"}, {"field": name, "op": "is_not_set"}]}),
            ),
        };
        let mut any: Vec<_> = values.iter().filter_map(one).collect();
        if any.len() < values.len() || any.is_empty() {
            return lost(from, draft);
        }
        all.push(if any.len() == 1 { any.remove(0) } else { json!({"any": any}) });
    }
    draft.condition(json!({"all": all}), from)
}

fn action(from: &Json, draft: &mut Draft) {
    let parameters = &from["action_params"];
    let values: Vec<String> = match parameters {
        Json::Array(items) => items.iter().filter_map(named).collect(),
        other => named(other).into_iter().collect(),
    };
    let first = values.first().cloned().unwrap_or_default();
    let name = from["action_name"].as_str().unwrap_or_default();
    let action = match name {
        "add_label" => json!({"tag.add": values}),
        "remove_label" => json!({"tag.remove": values}),
        "assign_agent" | "assign_team" if first == "nil" => json!({"unassign": {}}),
        "assign_agent" | "assign_team" => {
            let who = if name == "assign_team" { "team" } else { "agent" };
            if first.parse::<u64>().is_ok() {
                draft.note(format!(
                    "the {who} is named by a number of Chatwoot; put in what it is called here: {first}"
                ));
            }
            json!({"assign": {who: first}})
        }
        "assign_best_agents" => json!({"assign": {"best": true}}),
        "send_message" => json!({"reply.send": first}),
        "add_private_note" => json!({"note.add": first}),
        "send_email_to_team" => {
            let mail = parameters.get(0).unwrap_or(parameters);
            let teams: Vec<_> = texts(&mail["team_ids"]).iter().map(|team| format!("team:{team}")).collect();
            draft.note("a mail needs a subject here; it is called after the rule's action");
            json!({"email.send": {"to": teams, "subject": "A conversation needs you", "text": text(&mail["message"]).unwrap_or_default()}})
        }
        "send_email_transcript" => {
            let to: Vec<_> = first.split(',').map(str::trim).filter(|to| !to.is_empty()).collect();
            json!({"transcript.send": to})
        }
        "send_webhook_event" => json!({"webhook.call": first}),
        "send_attachment" => json!({"attachment.send": first}),
        "mute_conversation" => json!({"ticket.mute": {}}),
        "resolve_conversation" => json!({"ticket.resolve": {}}),
        "open_conversation" => json!({"ticket.reopen": {}}),
        "pending_conversation" => json!({"ticket.status": "pending"}),
        "change_status" => json!({"ticket.status": spelled("status", &first)}),
        "change_priority" => json!({"ticket.priority": spelled("priority", &first)}),
        "add_sla" => json!({"sla.apply": first}),
        "snooze_conversation" => {
            return draft
                .lost_action(from, "it sleeps until the next answer; `ticket.snooze` needs a duration");
        }
        _ => return draft.lost_action(from, ELSEWHERE),
    };
    draft.act(action, from);
}
