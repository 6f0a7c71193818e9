//! Zendesk's audit log, by cursor, and its incremental export of tickets.

use super::{Asked, Double, Told};
use serde_json::{Value, json};

pub const USER: &str = "ada@example.com";
pub const TOKEN: &str = "zd_secret";

/// An account of Zendesk's.
pub struct Zendesk {
    pub logs: u64,
    pub tickets: u64,
    pub requests: u64,
}

impl Zendesk {
    fn audit_logs(&self, asked: &Asked) -> Value {
        let size: u64 = asked.query["page[size]"].parse().expect("a size");
        assert!(size <= 100, "Zendesk gives no more");
        assert_eq!(asked.query["sort"], "created_at");
        let bounds: Vec<_> = form_urlencoded::parse(asked.raw_query.as_bytes())
            .filter(|(name, _)| name == "filter[created_at]")
            .map(|(_, value)| value.into_owned())
            .collect();
        assert_eq!(bounds.len(), 2, "a time has two ends");
        let after: u64 = asked.query.get("page[after]").and_then(|after| after.parse().ok()).unwrap_or(0);
        let end = (after + size).min(self.logs);
        let time = |n: u64| format!("2025-03-05T{:02}:{:02}:{:02}Z", n / 3_600 % 24, n / 60 % 60, n % 60);
        let within = |n: &u64| bounds[0] <= time(*n) && time(*n) <= bounds[1];
        let log = |n: u64| {
            json!({
                "id": 498_000 + n, "action": if n.is_multiple_of(7) { "login" } else { "update" }, "action_label": "Updated",
                "actor_id": 1_234 + n % 5, "actor_name": "Sameer Patel", "change_description": "Role changed",
                "created_at": time(n), "ip_address": if n.is_multiple_of(11) { Value::Null } else { "209.119.38.228".into() },
                "source_id": 3_456, "source_label": "John Doe", "source_type": if n.is_multiple_of(3) { "user" } else { "rule" },
                "url": format!("https://company.zendesk.com/api/v2/audit_logs/{}", 498_000 + n),
            })
        };
        json!({
            "audit_logs": (after..end).filter(within).map(log).collect::<Vec<_>>(),
            "meta": { "has_more": end < self.logs, "after_cursor": end.to_string(), "before_cursor": after.to_string() },
            "links": { "next": null, "prev": null },
        })
    }

    fn tickets(&self, asked: &Asked) -> Value {
        let after: u64 = asked.query.get("cursor").and_then(|after| after.parse().ok()).unwrap_or(0);
        assert!(asked.query.contains_key("cursor") || asked.query.contains_key("start_time"));
        // The first of a page is the last of the page before: the export may repeat.
        let from = after.saturating_sub(1);
        let end = (after + 50).min(self.tickets);
        let ticket = |n: u64| {
            json!({
                "id": 35_000 + n, "subject": format!("Ticket {n}"), "status": "open", "priority": "high", "tags": ["x"],
                "requester_id": 20_978_392, "submitter_id": 76_872, "via": { "channel": "web" },
                "created_at": "2025-07-20T22:55:29Z", "updated_at": "2025-07-21T10:38:52Z",
                "generated_timestamp": 1_753_094_332 + n, "custom_fields": [{ "id": 27_642, "value": "745" }],
            })
        };
        json!({
            "tickets": (from..end).map(ticket).collect::<Vec<_>>(),
            "after_cursor": end.to_string(), "after_url": null, "before_cursor": null, "before_url": null,
            "end_of_stream": end == self.tickets,
        })
    }
}

impl Double for Zendesk {
    fn answer(&mut self, asked: &Asked) -> Told {
        use base64::Engine as _;
        self.requests += 1;
        let expected = base64::engine::general_purpose::STANDARD.encode(format!("{USER}/token:{TOKEN}"));
        let shown = asked.headers.get("authorization").and_then(|value| value.to_str().ok());
        let told = |status, body| Told {
            status,
            headers: vec![("ratelimit-remaining", "90".to_owned()), ("ratelimit-limit", "100".to_owned())],
            body,
        };
        if shown != Some(&format!("Basic {expected}")) {
            return told(401, json!({ "error": "Couldn't authenticate you" }));
        }
        if self.requests == 2 {
            let mut late = told(429, json!({ "error": "APIRateLimitExceeded" }));
            late.headers.push(("retry-after", "0".to_owned()));
            return late;
        }
        match asked.path.as_str() {
            "/api/v2/audit_logs" => told(200, self.audit_logs(asked)),
            "/api/v2/incremental/tickets/cursor.json" => told(200, self.tickets(asked)),
            _ => told(404, json!({ "error": "RecordNotFound" })),
        }
    }
}
