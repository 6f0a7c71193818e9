//! Intercom's REST API, after its OpenAPI file and what collectors have met in live traffic.
//!
//! Activity logs come newest first, by page number, with whole seconds, and `next` is an absolute address. Wide windows
//! answer 500; what two requests see of one second differs in order; rows move from page to page; some are refused for
//! asking too often, some fail for no reason, and some entries come late.

use super::{Asked, Double, Told, mixed};
use serde_json::{Value, json};
use std::collections::HashSet;

pub const TOKEN: &str = "dG9rOjEyMzQ1Njc4";
/// 2025-01-01.
pub const BEGINNING: i64 = 1_735_689_600;
const DAY: i64 = 86_400;
/// All of it happens within so many days.
pub const DAYS: i64 = 180;

/// A workspace of Intercom's.
pub struct Intercom {
    pub url: String,
    /// When each activity happened, ascending, and its number.
    pub logs: Vec<(i64, u64)>,
    /// Whether the ends of a window are within it.
    pub inclusive: bool,
    /// Windows wider than this fail, in seconds.
    pub width_max: i64,
    /// Of so many requests, one fails in each of the ways there are.
    pub fails_every: u64,
    /// Activities that cannot be seen yet.
    pub hidden: HashSet<u64>,
    pub requests: u64,
    pub moved: HashSet<String>,
}

impl Intercom {
    /// So many activities; a fifth of them shares its second with others.
    pub fn new(url: &str, count: u64) -> Self {
        let at = |n: u64| {
            let spread = mixed(if n.is_multiple_of(5) { n / 50 } else { n + 1_000_000 });
            BEGINNING + (spread % (DAYS * DAY).unsigned_abs()).cast_signed()
        };
        let mut logs: Vec<_> = (0..count).map(|n| (at(n), n)).collect();
        logs.sort_unstable();
        Self {
            url: url.to_owned(),
            logs,
            inclusive: true,
            width_max: 7 * DAY,
            fails_every: 0,
            hidden: HashSet::new(),
            requests: 0,
            moved: HashSet::new(),
        }
    }

    /// Everything, as it is told.
    pub fn all(&self) -> Vec<Value> {
        self.logs.iter().map(|(at, n)| log(*at, *n)).collect()
    }

    /// The numbers of those that happened last.
    pub fn newest(&self, count: usize) -> Vec<u64> {
        self.logs.iter().rev().take(count).map(|(_, n)| *n).collect()
    }

    fn activity_logs(&mut self, asked: &Asked) -> Told {
        let number =
            |name: &str| asked.query.get(name).and_then(|text| text.parse::<f64>().ok()).map(|n| n as i64);
        let Some(after) = number("created_at_after") else {
            let message = "Please provide the following parameters: created_at_after";
            return self.error(404, "parameter_not_found", message);
        };
        let before = number("created_at_before").unwrap_or(i64::MAX);
        if before.saturating_sub(after) > self.width_max {
            return self.error(500, "server_error", "An error occurred");
        }
        let per_page = number("per_page").unwrap_or(20).clamp(1, 250) as usize;
        let page = number("page").unwrap_or(1).max(1) as usize;
        let is_within = |at: i64| match self.inclusive {
            true => (after..=before).contains(&at),
            false => after < at && at < before,
        };
        let from = self.logs.partition_point(|(at, _)| *at < after);
        let rows = self.logs[from..].iter().take_while(|(at, _)| *at <= before);
        let mut rows: Vec<_> = rows.filter(|(at, n)| is_within(*at) && !self.hidden.contains(n)).collect();
        // The order within a second is another each time.
        let turn = self.requests;
        rows.sort_by_key(|(at, n)| (-at, mixed(n ^ if page == 1 { turn } else { 0 })));
        if page > 1 || rows.len() > per_page {
            // Pages that are read together have one order.
            rows.sort_by_key(|(at, n)| (-at, *n));
        }
        let total = rows.len().div_ceil(per_page).max(1);
        let mut offset = (page - 1) * per_page;
        if page > 1 && self.fails_every > 0 && self.moved.insert(format!("{after}-{before}")) {
            // Something came in meanwhile, so the last of the page before is the first of this one.
            offset -= 1;
        }
        let shown: Vec<_> = rows.iter().skip(offset).take(per_page).map(|(at, n)| log(*at, *n)).collect();
        let next = (page < total).then(|| {
            let mut pairs: Vec<_> = form_urlencoded::parse(asked.raw_query.as_bytes()).into_owned().collect();
            pairs.retain(|(name, _)| name != "page" && name != "per_page");
            pairs.extend([
                ("page".to_owned(), (page + 1).to_string()),
                ("per_page".to_owned(), per_page.to_string()),
            ]);
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            format!("{}{}?{query}", self.url, asked.path)
        });
        self.told(200, json!({
            "type": "activity_log.list",
            "pages": { "type": "pages", "next": next, "page": page, "per_page": per_page, "total_pages": total },
            "activity_logs": shown,
        }))
    }

    fn conversations(&self, asked: &Asked) -> Told {
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let after = body["pagination"]["starting_after"]
            .as_str()
            .and_then(|after| after.parse().ok())
            .unwrap_or(0_usize);
        let per_page = body["pagination"]["per_page"].as_u64().unwrap_or(20) as usize;
        let since = body["query"]["value"][0]["value"].as_i64().unwrap_or(0);
        let found: Vec<_> = (0..CONVERSATIONS)
            .map(conversation)
            .filter(|c| c["updated_at"].as_i64() >= Some(since))
            .collect();
        let shown: Vec<_> = found.iter().skip(after).take(per_page).collect();
        let end = after + shown.len();
        let mut pages = json!({ "type": "pages", "page": after / per_page + 1, "per_page": per_page });
        if end < found.len() {
            pages["next"] = json!({ "per_page": per_page, "starting_after": end.to_string() });
        }
        self.told(200, json!({ "type": "conversation.list", "total_count": found.len(), "pages": pages, "conversations": shown }))
    }

    fn told(&self, status: u16, body: Value) -> Told {
        let reset = (std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH))
            .map_or(0, |now| now.as_secs())
            + 10;
        let headers = vec![
            ("x-ratelimit-limit", "167".to_owned()),
            ("x-ratelimit-remaining", "120".to_owned()),
            ("x-ratelimit-reset", reset.to_string()),
        ];
        Told { status, headers, body }
    }

    fn error(&self, status: u16, code: &str, message: &str) -> Told {
        let body = json!({
            "type": "error.list",
            "request_id": "57cc6148-2c0a-471b-bd9e-859538110958",
            "errors": [{ "code": code, "message": message }],
        });
        let mut told = self.told(status, body);
        if status == 401 {
            told.headers.clear();
        }
        if status == 429 {
            told.headers.push(("retry-after", "0".to_owned()));
        }
        told
    }
}

impl Double for Intercom {
    fn answer(&mut self, asked: &Asked) -> Told {
        self.requests += 1;
        let shown = asked.headers.get("authorization").and_then(|value| value.to_str().ok());
        if shown != Some(&format!("Bearer {TOKEN}")) {
            return self.error(401, "unauthorized", "Access Token Invalid");
        }
        let turn = if self.fails_every > 0 { self.requests % self.fails_every } else { u64::MAX };
        match turn {
            3 => return self.error(429, "rate_limit_exceeded", "Exceeded rate limit of 167 in 10_seconds"),
            5 => return self.error(500, "server_error", "An error occurred"),
            _ => {}
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/admins/activity_logs") => self.activity_logs(asked),
            ("POST", "/conversations/search") => self.conversations(asked),
            ("GET", path) if path.starts_with("/conversations/") => {
                let n = path.trim_start_matches("/conversations/").parse::<u64>().unwrap_or(u64::MAX);
                match n.checked_sub(FIRST_CONVERSATION).filter(|n| *n < CONVERSATIONS) {
                    Some(n) => self.told(200, conversation(n)),
                    None => self.error(404, "not_found", "Resource Not Found"),
                }
            }
            _ => self.error(404, "not_found", "Resource Not Found"),
        }
    }
}

/// Types that are in no released list come in live traffic too.
pub const TYPES: [&str; 10] = [
    "admin_login_success",
    "admin_logout",
    "app_name_change",
    "app_team_creation",
    "message_state_change",
    "admin_permission_change",
    "admin_occupancy_setting_change",
    "ruleset_activation_title_preview",
    "admin_channel_change",
    "something_quite_new",
];

/// One activity.
fn log(at: i64, n: u64) -> Value {
    let kind = TYPES[(mixed(n) % TYPES.len() as u64) as usize];
    let metadata = match kind {
        "admin_login_success" => {
            json!({ "sign_in_method": if n.is_multiple_of(3) { "saml" } else { "email" } })
        }
        "app_name_change" => json!({ "before": format!("Name {n}"), "after": "Größe 日本" }),
        "app_team_creation" => {
            json!({ "team": { "id": 5_077_733 + n, "name": "Nights", "member_count": 1 } })
        }
        "message_state_change" => {
            json!({ "message": { "id": n, "title": "Hello" }, "before": "draft", "after": "live" })
        }
        "admin_permission_change" => json!({
            "admin": { "id": 4_423_433, "first_name": "John", "last_name": "Lafleur" },
            "before": { "permissions": { "manage_teammates": false }, "conversation_access": {} },
            "after": {
                "permissions": { "manage_teammates": true },
                "conversation_access": { "access_type": "all", "assignee_blocked_list": null },
            },
        }),
        "admin_occupancy_setting_change" => {
            json!({ "setting_type": "teammate_occupancy", "changes": { "occupancy_window_minutes": { "before": 15, "after": n } } })
        }
        "ruleset_activation_title_preview" => {
            json!({ "ruleset": { "id": n, "title": "Close stale" }, "before": "draft", "after": "live" })
        }
        "admin_channel_change" => {
            json!({ "channel_availability": "both", "auto_changed": false, "update_by_name": "ABC" })
        }
        "something_quite_new" => json!({ "ratio": 0.5, "deep": [{ "list": [1, null, "x"] }] }),
        _ => Value::Null,
    };
    let admin = mixed(n) % 40;
    json!({
        "id": format!("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", n, n % 65_536, n % 4_096, admin, mixed(n) >> 16),
        "performed_by": {
            "type": "admin",
            "id": (991_267_000 + admin).to_string(),
            "email": format!("admin{admin}@example.com"),
            "ip": format!("198.51.100.{}", n % 250),
        },
        "metadata": metadata,
        "created_at": at,
        "activity_type": kind,
        "activity_description": format!("Admin {admin} did number {n}."),
    })
}

pub const CONVERSATIONS: u64 = 120;
const FIRST_CONVERSATION: u64 = 2_150_000_000;

/// One conversation, with its parts.
fn conversation(n: u64) -> Value {
    let at = BEGINNING + (n * 3_600).cast_signed();
    let part = |nth: u64, kind: &str, author: Value| {
        json!({
            "type": "conversation_part", "id": (n * 10 + nth).to_string(), "part_type": kind, "body": "<p>Hello</p>",
            "created_at": at + nth.cast_signed() * 60, "author": author, "assigned_to": { "type": "admin", "id": "7" },
        })
    };
    let admin = json!({ "type": "admin", "id": "7", "name": "Ada", "email": "ada@example.com" });
    let fin =
        json!({ "type": "bot", "id": "fin", "name": "Fin", "from_ai_agent": true, "is_ai_answer": true });
    json!({
        "type": "conversation", "id": (FIRST_CONVERSATION + n).to_string(), "title": null,
        "created_at": at, "updated_at": at + 600, "state": "closed", "open": false, "priority": "not_priority",
        "source": {
            "type": "conversation", "delivered_as": "customer_initiated", "subject": "", "body": "<p>Where is it?</p>",
            "author": { "type": "user", "id": format!("u{n}"), "email": format!("c{n}@example.com") },
        },
        "tags": { "type": "tag.list", "tags": [{ "type": "tag", "id": "9", "name": "vip", "applied_at": at + 30, "applied_by": { "type": "admin", "id": "7" } }] },
        "conversation_rating": { "rating": 1 + n % 5, "remark": "ok", "created_at": at + 500, "contact": { "id": format!("u{n}") } },
        "ai_agent_participated": true,
        "ai_agent": { "source_type": "profile", "last_answer_type": "ai_answer", "resolution_state": if n.is_multiple_of(2) { "assumed_resolution" } else { "routed_to_team" }, "updated_at": at + 90 },
        "conversation_parts": {
            "type": "conversation_part.list", "total_count": 3,
            "conversation_parts": [part(1, "comment", fin), part(2, "assignment", admin.clone()), part(3, "close", admin)],
        },
    })
}
