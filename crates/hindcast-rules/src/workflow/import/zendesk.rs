//! Triggers and automations of Zendesk: `conditions: {all, any}` and `actions`, each with a field, an operator and a value.

use super::{Draft, Product, text, texts};
use serde_json::{Value as Json, json};

const ELSEWHERE: &str = "it has no equal here";
const WHO: &str = "who is meant depends on who acts over there";

pub(super) fn rule(rule: &Json, nr: usize) -> Draft {
    let mut draft = Draft::new(Product::Zendesk, "title", rule, nr);
    if let Some(position) = rule["position"].as_i64().filter(|position| (0..=100_000).contains(position)) {
        draft.priority = position;
    }
    let listed = |key: &str| rule["conditions"][key].as_array().into_iter().flatten();
    let mut timed = false;
    for condition in listed("all") {
        if let Some(trigger) = update_type(condition) {
            draft.triggers.insert(trigger);
            continue;
        }
        timed |= is_timed(condition);
        let read = self::condition(condition, &mut draft);
        draft.all.extend(read);
    }
    for condition in listed("any") {
        timed |= is_timed(condition);
        let read = self::condition(condition, &mut draft);
        draft.any.extend(read);
    }
    if timed {
        draft.triggers.insert("schedule");
    } else if draft.triggers.is_empty() {
        draft.triggers.extend(["ticket.created", "ticket.updated"]);
    }
    for action in rule["actions"].as_array().into_iter().flatten() {
        self::action(action, &mut draft);
    }
    draft
}

/// `update_type` tells what sets a trigger off, which is no condition here.
fn update_type(condition: &Json) -> Option<&'static str> {
    if condition["field"] != "update_type" {
        return None;
    }
    match (condition["operator"].as_str(), condition["value"].as_str()) {
        (Some("is") | None, Some("Create")) => Some("ticket.created"),
        (Some("is") | None, Some("Change")) => Some("ticket.updated"),
        _ => None,
    }
}

/// Whether a condition counts hours, as those of automations do.
fn is_timed(condition: &Json) -> bool {
    condition["field"].as_str().is_some_and(|field| since(field).is_some() || field == "until_due_date")
}

/// The time that hours are counted from.
fn since(field: &str) -> Option<&'static str> {
    Some(match field {
        "NEW" | "created_at" => "ticket.created_at",
        "SOLVED" => "ticket.solved_at",
        "assigned_at" => "ticket.assigned_at",
        "updated_at" => "ticket.updated_at",
        "requester_updated_at" => "ticket.last_customer_message_at",
        "assignee_updated_at" => "ticket.last_agent_message_at",
        "due_date" => "ticket.due_at",
        _ => return None,
    })
}

/// Fields whose values are taken as they are.
fn plain(field: &str) -> Option<&'static str> {
    Some(match field {
        "status" => "ticket.status",
        "priority" => "ticket.priority",
        "type" | "ticket_type_id" => "ticket.type",
        "group_id" => "ticket.team",
        "assignee_id" => "ticket.assignee",
        "requester_id" => "customer.id",
        "organization_id" => "customer.organization",
        "brand_id" => "ticket.brand",
        "ticket_form_id" => "ticket.form",
        "recipient" => "ticket.inbox",
        "satisfaction_score" => "ticket.satisfaction",
        "requester_role" => "customer.role",
        "reopens" => "ticket.reopens",
        "replies" => "ticket.replies",
        _ => return None,
    })
}

fn condition(from: &Json, draft: &mut Draft) -> Option<Json> {
    let field = from["field"].as_str().unwrap_or_default();
    let operator = from["operator"].as_str().unwrap_or("is");
    let value = &from["value"];
    let made = match field {
        "current_tags" => {
            let tags: Vec<_> =
                texts(value).iter().flat_map(|tags| tags.split_whitespace()).map(str::to_owned).collect();
            compared("ticket.tags", operator, &tags.into(), draft)
        }
        "subject_includes_word" => words("ticket.subject", operator, value),
        "comment_includes_word" | "description_includes_word" => words("message.text", operator, value),
        "via_id" => channel("ticket.channel", operator, value, draft),
        "current_via_id" => channel("message.channel", operator, value, draft),
        "comment_is_public" => match text(value).as_deref() {
            Some("true") => Some(json!({"field": "message.public", "op": "is", "value": true})),
            Some("false") => Some(json!({"field": "message.public", "op": "is", "value": false})),
            _ => None,
        },
        "in_business_hours" => {
            let open = text(value).as_deref() == Some("true");
            let op = if operator == "is_not" { "is_not" } else { "is" };
            Some(json!({"field": "ticket.in_business_hours", "op": op, "value": open}))
        }
        "role" => {
            let who = match text(value).as_deref() {
                Some("end_user") => Some("customer"),
                Some("agent" | "admin") => Some("agent"),
                _ => None,
            };
            who.and_then(|who| compared("message.author_type", operator, &who.into(), draft))
        }
        "until_due_date" if operator == "less_than" => text(value).map(
            |hours| json!({"field": "ticket.due_at", "op": "within_next", "value": format!("{hours}h")}),
        ),
        _ if since(field).is_some() => hours(since(field)?, operator, value),
        _ if is_person(value) => {
            draft.lost_condition(from, WHO);
            return None;
        }
        _ => match custom_id(field) {
            Some(id) => {
                let name = draft.custom(id, "string");
                compared(&name, operator, value, draft)
            }
            None => plain(field).and_then(|ours| compared(ours, operator, &spelled(field, value), draft)),
        },
    };
    match made {
        Some(made) => draft.condition(made, from),
        None => {
            draft.lost_condition(from, ELSEWHERE);
            None
        }
    }
}

/// `custom_fields_360001` and `ticket_fields_360001` are fields of the workspace.
fn custom_id(field: &str) -> Option<&str> {
    field.strip_prefix("custom_fields_").or_else(|| field.strip_prefix("ticket_fields_"))
}

fn is_person(value: &Json) -> bool {
    matches!(
        text(value).as_deref(),
        Some("current_user" | "current_groups" | "requester_id" | "assignee_id" | "all_agents")
    )
}

/// Words of Zendesk that are spelled otherwise here.
fn spelled(field: &str, value: &Json) -> Json {
    let one = |value: &Json| match (field, text(value).as_deref()) {
        ("status", Some("hold")) => json!("on_hold"),
        ("satisfaction_score", Some("good_with_comment")) => json!("good"),
        ("satisfaction_score", Some("bad_with_comment")) => json!("bad"),
        ("reopens" | "replies", Some(number)) => {
            number.parse::<i64>().map_or_else(|_| value.clone(), Json::from)
        }
        _ => value.clone(),
    };
    match value {
        Json::Array(values) => values.iter().map(one).collect(),
        value => one(value),
    }
}

fn compared(field: &str, operator: &str, value: &Json, draft: &mut Draft) -> Option<Json> {
    let nothing = value.is_null() || value == "";
    let plain = |op: &str| Some(json!({"field": field, "op": op}));
    let with = |op: &str| Some(json!({"field": field, "op": op, "value": value}));
    let is_team = matches!(
        field,
        "ticket.team"
            | "ticket.assignee"
            | "customer.id"
            | "customer.organization"
            | "ticket.brand"
            | "ticket.form"
    );
    if is_team && !nothing {
        draft.note(format!(
            "`{field}` is compared with a number of Zendesk; put in what it is called here: {value}"
        ));
    }
    match operator {
        "changed" | "not_changed" => plain(operator),
        "present" => plain("is_set"),
        "not_present" => plain("is_not_set"),
        "is" if nothing => plain("is_not_set"),
        "is_not" if nothing => plain("is_set"),
        "value" if nothing => {
            Some(json!({"all": [{"field": field, "op": "changed"}, {"field": field, "op": "is_not_set"}]}))
        }
        _ if nothing => None,
        "is" | "is_not" => with(operator),
        "less_than" => with("lt"),
        "greater_than" => with("gt"),
        "less_than_equal" => with("lte"),
        "greater_than_equal" => with("gte"),
        "value" => with("changed_to"),
        "value_previous" => with("changed_from"),
        "not_value" => Some(json!({"none": [with("changed_to")]})),
        "not_value_previous" => Some(json!({"none": [with("changed_from")]})),
        "includes" if field == "ticket.tags" || value.is_string() => with("contains_any"),
        "not_includes" if field == "ticket.tags" || value.is_string() => with("contains_none"),
        "includes" => with("any_of"),
        "not_includes" => with("none_of"),
        _ => None,
    }
}

/// `includes` looks for any of several whole words, `is` for the text as it stands.
fn words(field: &str, operator: &str, value: &Json) -> Option<Json> {
    let wanted = text(value).filter(|wanted| !wanted.is_empty())?;
    let (op, value) = match operator {
        "is" => ("contains", wanted),
        "is_not" => ("contains_not", wanted),
        "includes" => ("matches", any_word(&wanted)),
        "not_includes" => ("matches_not", any_word(&wanted)),
        _ => return None,
    };
    Some(json!({"field": field, "op": op, "value": value}))
}

fn any_word(wanted: &str) -> String {
    let words: Vec<_> = wanted.split_whitespace().map(regex::escape).collect();
    format!("(?i)(?:^|\\W)(?:{})(?:\\W|$)", words.join("|"))
}

fn channel(field: &str, operator: &str, value: &Json, draft: &mut Draft) -> Option<Json> {
    let name = match text(value)?.as_str() {
        "0" => "web",
        "4" => "email",
        "5" => "api",
        "29" => "chat",
        "30" => "twitter",
        "33" | "34" | "35" => "phone",
        "38" => "facebook",
        "48" => "web_widget",
        "75" => "messaging",
        _ => return None,
    };
    compared(field, operator, &name.into(), draft)
}

fn hours(field: &str, operator: &str, value: &Json) -> Option<Json> {
    let hours = format!("{}h", text(value)?);
    match operator {
        "greater_than" => Some(json!({"field": field, "op": "older_than", "value": hours})),
        "less_than" => Some(json!({"field": field, "op": "within_last", "value": hours})),
        // An automation runs every hour, so an hour passes `is` once.
        "is" => {
            let next = format!("{}h", text(value)?.parse::<u64>().ok()?.checked_add(1)?);
            let older = json!({"field": field, "op": "older_than", "value": hours});
            Some(json!({"all": [older, {"field": field, "op": "within_last", "value": next}]}))
        }
        _ => None,
    }
}

fn action(from: &Json, draft: &mut Draft) {
    let value = &from["value"];
    let one = text(value).unwrap_or_default();
    let part = |nr: usize| value.get(nr).and_then(text).unwrap_or_default();
    let tags: Vec<_> = one.split_whitespace().collect();
    let field = from["field"].as_str().unwrap_or_default();
    let action = match field {
        "status" | "priority" | "type" => json!({format!("ticket.{field}"): spelled(field, value)}),
        "group_id" if !one.is_empty() && !is_person(value) => {
            draft.note(format!(
                "a team is named by a number of Zendesk; put in what it is called here: {one}"
            ));
            json!({"assign": {"team": one}})
        }
        "assignee_id" if one.is_empty() => json!({"unassign": {}}),
        "assignee_id" if !is_person(value) => {
            draft.note(format!("an agent is named by a number of Zendesk; put in who it is here: {one}"));
            json!({"assign": {"agent": one}})
        }
        "current_tags" => json!({"tag.add": tags}),
        "remove_tags" => json!({"tag.remove": tags}),
        "follower" if !is_person(value) => json!({"follower.add": [one]}),
        "cc" if !is_person(value) => json!({"cc.add": [one]}),
        "satisfaction_score" if one == "offered" => json!({"csat.ask": {}}),
        "comment_value" | "comment_value_html" => {
            json!({"reply.send": text(value).unwrap_or_else(|| part(1))})
        }
        "notification_user" if part(0) == "requester_id" => {
            draft.note(format!("an answer has no subject of its own here: {}", part(1)));
            json!({"reply.send": part(2)})
        }
        "notification_user" => json!({"email.send": {"to": [part(0)], "subject": part(1), "text": part(2)}}),
        "notification_group" => {
            json!({"email.send": {"to": [format!("team:{}", part(0))], "subject": part(1), "text": part(2)}})
        }
        "subject" | "brand_id" | "ticket_form_id" => {
            let name = match field {
                "subject" => "ticket.subject",
                "brand_id" => "ticket.brand",
                _ => "ticket.form",
            };
            json!({"ticket.field": {"field": name, "value": one}})
        }
        "notification_webhook" | "notification_target" => {
            return draft.lost_action(
                from,
                "the export does not say where it goes; write `webhook.call` with the address",
            );
        }
        "set_tags" => {
            return draft.lost_action(from, "it replaces all tags; here tags are added and removed");
        }
        "group_id" | "assignee_id" | "follower" | "cc" => return draft.lost_action(from, WHO),
        _ => match custom_id(field) {
            Some(id) => {
                let name = draft.custom(id, "string");
                json!({"ticket.field": {"field": name, "value": value}})
            }
            None => return draft.lost_action(from, ELSEWHERE),
        },
    };
    draft.act(action, from);
}
