//! Zendesk's audit log, the oldest first, a page at a time.

use super::{Api, query};
use crate::sources::told::read;
use crate::sources::{Cursor, Pace, Piece, Source, Told, Trouble, object, text, time_of};
use hindcast_event::Timestamp;
use hindcast_event::json::Json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Zendesk gives no more.
const PAGE_ROWS: &str = "100";
/// Each run looks again at this much, in seconds.
const TAIL: i64 = 3_600;
const SETTLES: i64 = 5;

/// The audit log of one account.
pub(crate) struct AuditLogs {
    api: Api,
    from: i64,
}

/// Where we stand: within the pages of a time, or between two runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    /// Seconds since 1970.
    from: i64,
    until: i64,
    after: Option<String>,
    rests: bool,
}

#[derive(Deserialize)]
struct Page {
    audit_logs: Vec<Box<RawValue>>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    has_more: bool,
    after_cursor: Option<String>,
}

impl AuditLogs {
    pub fn new(api: Api, from: Timestamp) -> Self {
        Self { api, from: from.seconds().max(0) }
    }

    fn begin(&self, cursor: &Cursor, now: i64) -> Place {
        let until = now - SETTLES;
        match cursor.place::<Place>() {
            Some(place) if !place.rests => place,
            Some(place) => {
                Place { from: (place.until - TAIL).max(self.from), until, after: None, rests: false }
            }
            None => Place { from: self.from, until, after: None, rests: false },
        }
    }
}

impl Source for AuditLogs {
    fn next(&mut self, cursor: &Cursor, pace: &mut dyn Pace) -> Result<Piece, Trouble> {
        let mut place = self.begin(cursor, pace.now().seconds());
        let time = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).to_string();
        let (from, until) = (time(place.from), time(place.until));
        let mut asked = vec![
            ("filter[created_at]", &*from),
            ("filter[created_at]", &until),
            ("sort", "created_at"),
            ("page[size]", PAGE_ROWS),
        ];
        asked.extend(place.after.as_deref().map(|after| ("page[after]", after)));
        let answer = self.api.get(&format!("/api/v2/audit_logs?{}", query(&asked)), pace)?;
        let page: Page = serde_json::from_str(answer.text()?)
            .map_err(|error| Trouble::later(format!("Zendesk's answer cannot be read: {error}")))?;
        let subdomain = self.api.subdomain.as_str();
        let drafts = page.audit_logs.iter().map(|log| told(log, subdomain)).collect();
        place.after = page.meta.filter(|meta| meta.has_more).and_then(|meta| meta.after_cursor);
        place.rests = place.after.is_none();
        let newest =
            page.audit_logs.last().and_then(|log| read(log.get())?.get("created_at").and_then(time_of));
        let reached =
            if place.rests { Some(Timestamp::from_micros(place.until * 1_000_000)) } else { newest };
        Ok(Piece { drafts, cursor: Cursor::of(&place), reached, is_last: place.rests })
    }
}

/// What was done to what, in our words; anything else keeps Zendesk's.
fn action(what: &str, to: &str) -> String {
    let ours = match (to, what) {
        ("user", "login") => "user.signed_in",
        ("user", "create") => "agent.joined",
        ("user", "destroy") => "agent.removed",
        ("user", "update") => "agent.updated",
        ("apitoken", "create") => "token.created",
        ("apitoken", "destroy") => "token.revoked",
        ("rule", "create") => "automation_rule.created",
        ("rule", "destroy") => "automation_rule.deleted",
        ("rule", "update") => "automation_rule.updated",
        ("macro", "create") => "macro.created",
        ("macro", "destroy") => "macro.deleted",
        ("macro", "update") => "macro.updated",
        ("group", "create") => "team.created",
        ("group", "destroy") => "team.deleted",
        ("group", "update") => "team.updated",
        ("zendesk/app_market/app", "create") => "integration.installed",
        ("zendesk/app_market/app", "destroy") => "integration.uninstalled",
        ("zendesk/app_market/app", "update") => "integration.updated",
        ("ticket", "destroy") => "conversation.deleted",
        (_, "exported") => "data_export.run",
        _ => return format!("zendesk.{}.{what}", to.rsplit('/').next().unwrap_or(to)),
    };
    ours.to_owned()
}

fn told(raw: &RawValue, subdomain: &str) -> String {
    let raw = raw.get();
    let Some(log) = read(raw) else {
        return Told::new("zendesk", raw, "import.unreadable").draft(raw);
    };
    let string = |name: &str| match log.get(name) {
        Some(Json::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Json::Number(number)) => Some(Cow::Borrowed(*number)),
        _ => None,
    };
    let original = string("id").unwrap_or(Cow::Borrowed(raw));
    let (what, to) = (string("action").unwrap_or_default(), string("source_type").unwrap_or_default());
    let mut told = Told::new("zendesk", &original, action(&what, &to));
    told.id = format!("zendesk-{subdomain}-audit-{original}");
    told.place = Some(Cow::Borrowed(subdomain));
    told.occurred_at = log.get("created_at").and_then(time_of);
    told.ip = string("ip_address");
    let said = [string("source_label"), string("change_description")].into_iter().flatten();
    let said = said.collect::<Vec<_>>().join(": ");
    told.description = (!said.is_empty()).then_some(Cow::Owned(said));
    // Zendesk says of itself that it is number -1.
    if let Some(id) = string("actor_id").filter(|id| !id.starts_with('-')) {
        let mut actor = vec![(Cow::Borrowed("id"), Json::String(id))];
        actor.extend(string("actor_name").map(|name| (Cow::Borrowed("name"), Json::String(name))));
        actor.push((Cow::Borrowed("type"), text("user")));
        told.actor = Json::Object(actor);
    }
    if let Some(id) = string("source_id") {
        let mut target = vec![(Cow::Borrowed("id"), Json::String(id))];
        target.extend(string("source_label").map(|name| (Cow::Borrowed("name"), Json::String(name))));
        let kind = if to.is_empty() { Cow::Borrowed("thing") } else { to };
        target.push((Cow::Borrowed("type"), Json::String(kind)));
        told.targets.push(Json::Object(target));
    }
    let kept = object([("zendesk", log.clone())]);
    if let Json::Object(members) = kept {
        told.metadata = members;
    }
    told.draft(raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;
    use serde_json::{Value, json};

    #[test]
    fn an_audit_log_is_told_with_all_it_says() {
        let log = r#"{"action":"update","action_label":"Updated","actor_id":1234,"actor_name":"Sameer Patel",
            "change_description":"Role changed from Administrator to End User","created_at":"2012-03-05T11:32:44Z",
            "id":498483,"ip_address":"209.119.38.228","source_id":3456,"source_label":"John Doe","source_type":"user",
            "url":"https://company.zendesk.com/api/v2/audit_logs/498483"}"#;
        let draft = told(&RawValue::from_string(log.to_owned()).expect("JSON"), "company");
        Draft::parse(&draft).expect("a draft");
        let draft: Value = serde_json::from_str(&draft).expect("JSON");
        assert_eq!(
            (&draft["id"], &draft["action"]),
            (&"zendesk-company-audit-498483".into(), &"agent.updated".into())
        );
        assert_eq!(draft["actor"], json!({"type":"user","id":"1234","name":"Sameer Patel"}));
        assert_eq!(draft["targets"], json!([{"type":"user","id":"3456","name":"John Doe"}]));
        assert_eq!(draft["context"]["ip"], "209.119.38.228");
        assert_eq!(draft["description"], "John Doe: Role changed from Administrator to End User");
        assert_eq!(draft["metadata"]["zendesk"], serde_json::from_str::<Value>(log).expect("JSON"));
    }

    #[test]
    fn what_we_do_not_know_keeps_its_name() {
        assert_eq!(action("create", "zendesk/app_market/app"), "integration.installed");
        assert_eq!(action("update", "account/setting"), "zendesk.setting.update");
        assert_eq!(action("exported", "user"), "data_export.run");
        for odd in ["{}", "[]", r#"{"id":1,"actor_id":-1,"created_at":7,"action":null}"#] {
            let draft = told(&RawValue::from_string(odd.to_owned()).expect("JSON"), "c");
            assert!(Draft::parse(&draft).is_ok(), "{draft}");
        }
    }
}
