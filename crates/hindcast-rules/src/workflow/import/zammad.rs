//! Triggers of Zammad: `condition`, a mapping of which all have to hold or, in the expert mode, a tree; and `perform`.

use super::{Draft, Product, text, texts};
use serde_json::{Value as Json, json};

const ELSEWHERE: &str = "it has no equal here";
const WHO: &str = "who is meant depends on who acts over there";
/// Groups deeper than this are left out.
const DEPTH_MAX: usize = 4;

pub(super) fn rule(rule: &Json, nr: usize) -> Draft {
    let mut draft = Draft::new(Product::Zammad, "name", rule, nr);
    let condition = &rule["condition"];
    match condition["conditions"].as_array() {
        Some(listed) => expert(condition, listed, &mut draft),
        None => {
            for (name, one) in condition.as_object().into_iter().flatten() {
                root(name, one, &mut draft);
            }
        }
    }
    if rule["activator"] == "time" {
        draft.triggers = ["schedule"].into();
    } else if draft.triggers.is_empty() {
        draft.triggers.extend(["ticket.created", "ticket.updated", "message.received"]);
    }
    if rule["execution_condition_mode"] == "selective" {
        draft.note("over there it runs only when something it asks for changed or a message came; here whenever it is set off");
    }
    for (name, one) in rule["perform"].as_object().into_iter().flatten() {
        perform(name, one, &mut draft);
    }
    draft
}

/// A condition at the root, where `ticket.action` tells what sets it off.
fn root(name: &str, one: &Json, draft: &mut Draft) {
    if matches!(name, "ticket.action" | "article.action") && one["operator"] == "is" {
        let triggers: Vec<_> = texts(&one["value"]).iter().map(|value| trigger(name, value)).collect();
        if !triggers.is_empty() && triggers.iter().all(Option::is_some) {
            return draft.triggers.extend(triggers.into_iter().flatten());
        }
    }
    let made = condition(name, one, draft);
    draft.all.extend(made);
}

fn trigger(name: &str, action: &str) -> Option<&'static str> {
    Some(match (name, action) {
        ("ticket.action", "create") => "ticket.created",
        ("ticket.action", "update") => "ticket.updated",
        ("article.action", "create" | "update") => "message.received",
        _ => return None,
    })
}

fn expert(condition: &Json, listed: &[Json], draft: &mut Draft) {
    let is_and = condition["operator"].as_str().unwrap_or("AND").eq_ignore_ascii_case("and");
    if !is_and {
        let made = group(condition, draft, 0);
        return draft.all.extend(made);
    }
    for one in listed {
        match one["name"].as_str() {
            Some(name) => root(name, one, draft),
            None => {
                let made = group(one, draft, 1);
                draft.all.extend(made);
            }
        }
    }
}

fn group(from: &Json, draft: &mut Draft, depth: usize) -> Option<Json> {
    if let Some(name) = from["name"].as_str() {
        return condition(name, from, draft);
    }
    let operator = from["operator"].as_str().unwrap_or_default().to_uppercase();
    let kind = match operator.as_str() {
        "AND" => "all",
        "OR" => "any",
        "NOT" => "none",
        _ => "",
    };
    let listed = from["conditions"].as_array().filter(|_| !kind.is_empty() && depth <= DEPTH_MAX);
    let Some(listed) = listed else {
        draft.lost_condition(from, ELSEWHERE);
        return None;
    };
    let parts: Vec<_> = listed.iter().filter_map(|one| group(one, draft, depth + 1)).collect();
    (!parts.is_empty()).then(|| json!({kind: parts}))
}

/// Attributes by the fields they are here.
fn field(name: &str) -> Option<&'static str> {
    Some(match name {
        "ticket.state_id" | "ticket.state" => "ticket.status",
        "ticket.priority_id" | "ticket.priority" => "ticket.priority",
        "ticket.group_id" => "ticket.team",
        "ticket.owner_id" => "ticket.assignee",
        "ticket.customer_id" | "customer.id" => "customer.id",
        "ticket.organization_id" | "organization.id" | "organization.name" => "customer.organization",
        "ticket.title" => "ticket.subject",
        "ticket.tags" => "ticket.tags",
        "ticket.created_at" => "ticket.created_at",
        "ticket.updated_at" => "ticket.updated_at",
        "ticket.close_at" => "ticket.solved_at",
        "ticket.pending_time" => "ticket.snoozed_until",
        "ticket.escalation_at" => "ticket.due_at",
        "ticket.last_contact_customer_at" => "ticket.last_customer_message_at",
        "ticket.last_contact_agent_at" => "ticket.last_agent_message_at",
        "article.body" => "message.text",
        "article.subject" => "message.subject",
        "article.from" => "message.author",
        "article.type_id" => "message.channel",
        "article.sender_id" => "message.author_type",
        "article.internal" => "message.public",
        "customer.email" => "customer.email",
        "customer.phone" => "customer.phone",
        "execution_time.calendar_id" => "ticket.in_business_hours",
        _ => return None,
    })
}

/// Numbers that Zammad gives these when it is installed; a workspace may have others.
fn by_number(name: &str, value: &str) -> Option<&'static str> {
    Some(match (name, value) {
        ("ticket.state_id", "1") => "new",
        ("ticket.state_id", "2") => "open",
        ("ticket.state_id", "3" | "7") => "pending",
        ("ticket.state_id", "4") => "closed",
        ("ticket.priority_id", "1") => "low",
        ("ticket.priority_id", "2") => "normal",
        ("ticket.priority_id", "3") => "high",
        ("article.type_id", "1") => "email",
        ("article.type_id", "2") => "sms",
        ("article.type_id", "3") => "chat",
        ("article.type_id", "5") => "phone",
        ("article.type_id", "10") => "note",
        ("article.type_id", "11") => "web",
        ("article.sender_id", "1") => "agent",
        ("article.sender_id", "2") => "customer",
        ("article.sender_id", "3") => "system",
        _ => return None,
    })
}

fn condition(name: &str, from: &Json, draft: &mut Draft) -> Option<Json> {
    let told = json!({name: from});
    let operator = from["operator"].as_str().unwrap_or_default();
    let ours = match field(name) {
        Some(ours) => ours.to_owned(),
        None => {
            let own = name
                .strip_prefix("ticket.")
                .filter(|own| !own.is_empty() && !own.ends_with("_id") && *own != "action");
            let Some(own) = own else {
                draft.lost_condition(&told, ELSEWHERE);
                return None;
            };
            draft.note(format!("`{name}` is taken for a field of your own"));
            draft.custom(
                own,
                if operator.ends_with("relative)") || operator.ends_with("absolute)") {
                    "time"
                } else {
                    "string"
                },
            )
        }
    };
    match text(&from["pre_condition"]).as_deref() {
        Some("not_set") => {
            let op = if operator == "is not" { "is_set" } else { "is_not_set" };
            return draft.condition(json!({"field": ours, "op": op}), &told);
        }
        // Whether something changed does not depend on who acts.
        Some(who) if who.starts_with("current_user") && operator != "has changed" => {
            draft.lost_condition(&told, WHO);
            return None;
        }
        _ => {}
    }
    let Some(values) = values(name, &ours, &from["value"], draft) else {
        draft.lost_condition(&told, "a number is none of those Zammad is installed with");
        return None;
    };
    match compared(&ours, operator, values, from) {
        Some(made) => draft.condition(made, &told),
        None => {
            draft.lost_condition(&told, ELSEWHERE);
            None
        }
    }
}

/// The values a condition or an action names, as they are called here; none if a number is unknown.
fn values(name: &str, ours: &str, value: &Json, draft: &mut Draft) -> Option<Vec<Json>> {
    let listed = match value {
        Json::String(tags) if ours == "ticket.tags" => {
            tags.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
        }
        value => texts(value),
    };
    let has_numbers =
        matches!(name, "ticket.state_id" | "ticket.priority_id" | "article.type_id" | "article.sender_id");
    if has_numbers && !listed.is_empty() {
        draft.note(format!("numbers of `{name}` are read as Zammad is installed: {}", listed.join(", ")));
        return listed.iter().map(|value| by_number(name, value).map(Json::from)).collect();
    }
    if matches!(name, "ticket.group_id" | "ticket.owner_id" | "ticket.customer_id" | "ticket.organization_id")
        && !listed.is_empty()
    {
        draft.note(format!(
            "`{ours}` is compared with a number of Zammad; put in what it is called here: {}",
            listed.join(", ")
        ));
    }
    Some(match ours {
        // Internal over there, public here.
        "message.public" => listed.iter().map(|value| Json::from(value != "true")).collect(),
        _ => listed.into_iter().map(Json::from).collect(),
    })
}

fn compared(field: &str, operator: &str, values: Vec<Json>, from: &Json) -> Option<Json> {
    let first = values.first().cloned();
    let plain = |op: &str| Some(json!({"field": field, "op": op}));
    let one = |op: &str| first.clone().map(|value| json!({"field": field, "op": op, "value": value}));
    let several = |op: &str| (!values.is_empty()).then(|| json!({"field": field, "op": op, "value": values}));
    let span = || relative(from);
    let timed = |op: &str| Some(json!({"field": field, "op": op, "value": span()?}));
    // It has a time, and the time lies on this side.
    let not = |op: &str| Some(json!({"all": [{"field": field, "op": "is_set"}, {"none": [timed(op)?]}]}));
    match operator {
        "is in working time" => Some(json!({"field": field, "op": "is", "value": true})),
        "is not in working time" => Some(json!({"field": field, "op": "is", "value": false})),
        "is set" => plain("is_set"),
        "not set" => plain("is_not_set"),
        "has changed" | "just changed" => plain("changed"),
        "today" => plain("today"),
        "is" if values.is_empty() => plain("is_not_set"),
        "is not" if values.is_empty() => plain("is_set"),
        "is" if field == "message.public" => one("is"),
        "is not" if field == "message.public" => one("is_not"),
        "is" | "is any of" => several("any_of"),
        "is not" | "is none of" => several("none_of"),
        "contains" => several("contains_any"),
        "contains not" => several("contains_none"),
        "contains all" => several("contains_all"),
        "contains one" => several("contains_any"),
        "contains all not" => several("contains_none"),
        "contains one not" => several("contains_all").map(|all| json!({"none": [all]})),
        "starts with" | "starts with one of" => several("starts_with"),
        "ends with" | "ends with one of" => several("ends_with"),
        "matches regex" => one("matches"),
        "does not match regex" => one("matches_not"),
        "before (absolute)" => one("before"),
        "after (absolute)" => one("after"),
        "before (relative)" => timed("older_than"),
        "after (relative)" => timed("later_than"),
        "within last (relative)" => timed("within_last"),
        "within next (relative)" => timed("within_next"),
        "from (relative)" => not("older_than"),
        "till (relative)" => not("later_than"),
        "has reached" => Some(json!({"field": field, "op": "older_than", "value": "0s"})),
        _ => None,
    }
}

/// `{"value": 5, "range": "day"}` as a duration.
fn relative(from: &Json) -> Option<String> {
    let number = text(&from["value"])?.parse::<u64>().ok()?;
    let (number, unit) = match from["range"].as_str()? {
        "minute" => (number, 'm'),
        "hour" => (number, 'h'),
        "day" => (number, 'd'),
        "week" => (number, 'w'),
        "month" => (number.checked_mul(30)?, 'd'),
        "year" => (number.checked_mul(365)?, 'd'),
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

fn perform(name: &str, from: &Json, draft: &mut Draft) {
    let told = json!({name: from});
    let one = text(&from["value"]).unwrap_or_default();
    let body = text(&from["body"]).unwrap_or_default();
    if body.contains("</") || body.contains("<br") {
        draft.note("texts are HTML over there and stand here as they are");
    }
    let action = match name {
        "ticket.state_id" | "ticket.priority_id" => {
            let ours = name.trim_end_matches("_id").replace("state", "status");
            let named =
                values(name, &ours, &from["value"], draft).and_then(|values| values.into_iter().next());
            let Some(value) = named else {
                return draft.lost_action(&told, "a number is none of those Zammad is installed with");
            };
            json!({ours: value})
        }
        "ticket.tags" => {
            let action = if from["operator"] == "remove" { "tag.remove" } else { "tag.add" };
            let tags: Vec<_> = one.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
            json!({action: tags})
        }
        "ticket.owner_id" | "ticket.group_id" => match (text(&from["pre_condition"]).as_deref(), name) {
            (Some("not_set"), "ticket.owner_id") => json!({"unassign": {}}),
            (Some(who), _) if who.starts_with("current_user") => return draft.lost_action(&told, WHO),
            _ => {
                let who = if name == "ticket.group_id" { "team" } else { "agent" };
                draft.note(format!(
                    "the {who} is named by a number of Zammad; put in what it is called here: {one}"
                ));
                json!({"assign": {who: one}})
            }
        },
        "ticket.title" => json!({"ticket.field": {"field": "ticket.subject", "value": one}}),
        "ticket.pending_time" if from["operator"] == "relative" => match relative(from) {
            Some(span) => json!({"ticket.snooze": span}),
            None => return draft.lost_action(&told, ELSEWHERE),
        },
        "ticket.action" if one == "delete" => json!({"ticket.delete": {}}),
        "article.note" => json!({"note.add": body}),
        "ai.ai_agent" => json!({"ai.handle": text(&from["ai_agent_id"]).unwrap_or_default()}),
        "notification.email" => return mail(from, &body, &told, draft),
        "notification.sms" => json!({"sms.send": {"to": texts(&from["recipient"]), "text": body}}),
        "notification.webhook" => {
            return draft.lost_action(
                &told,
                "the export does not say where it goes; write `webhook.call` with the address",
            );
        }
        _ => match name.strip_prefix("ticket.").filter(|own| {
            !own.ends_with("_id") && !matches!(*own, "action" | "pending_time" | "subscribe" | "unsubscribe")
        }) {
            Some(own) => {
                let field = draft.custom(own, "string");
                json!({"ticket.field": {"field": field, "value": one}})
            }
            None => return draft.lost_action(&told, ELSEWHERE),
        },
    };
    draft.act(action, &told);
}

/// A mail to the customer is an answer; one to others is a mail.
fn mail(from: &Json, body: &str, told: &Json, draft: &mut Draft) {
    let subject = text(&from["subject"]).unwrap_or_default();
    let is_customer = |to: &String| matches!(to.as_str(), "ticket_customer" | "article_last_sender");
    let (customer, others): (Vec<_>, Vec<_>) = texts(&from["recipient"]).into_iter().partition(is_customer);
    if customer.is_empty() && others.is_empty() {
        return draft.lost_action(told, "it does not say to whom");
    }
    if !customer.is_empty() {
        draft.note(format!("an answer has no subject of its own here: {subject}"));
        draft.act(json!({"reply.send": body}), told);
    }
    if !others.is_empty() {
        draft.act(json!({"email.send": {"to": others, "subject": subject, "text": body}}), told);
    }
}
