//! Collectors that were written for Intercom read their activity logs from us.
//!
//! What StreamAlert, Airbyte's connector and a puller for Wazuh rely on is held here; the official SDKs have stories of
//! their own in `tests/sdk`.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use crate::support::TestServer;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// 2025-11-24T16:00:00Z
const START: i64 = 1_764_000_000;

/// What happened `after` seconds, told by its number.
fn event(number: i64, after: i64) -> Value {
    let time = time(START + after);
    json!({
        "id": format!("n{number}"), "action": "user.signed_in", "occurred_at": time,
        "actor": { "type": "user", "id": "7", "name": "Ada", "email": "ada@example.com" },
        "context": { "ip": "192.0.2.7" },
    })
}

fn time(seconds: i64) -> String {
    hindcast_event::Timestamp::from_micros(seconds * 1_000_000).to_string()
}

/// An answer, taken apart.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn ids(&self) -> Vec<&str> {
        let logs = self.body["activity_logs"].as_array().expect("activity_logs");
        logs.iter().map(|log| log["id"].as_str().expect("an id")).collect()
    }

    fn next(&self) -> Option<&str> {
        self.body["pages"].as_object().expect("pages").get("next").expect("the key is always there").as_str()
    }

    fn error(&self) -> (u16, &str) {
        assert_eq!(self.body["type"], "error.list", "{}", self.body);
        assert!(self.body["request_id"].as_str().is_some_and(|id| !id.is_empty()));
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
        (self.status, self.body["errors"][0]["code"].as_str().expect("a code"))
    }
}

/// A client with nothing but a token.
struct Client<'s> {
    server: &'s TestServer,
    headers: Vec<(&'static str, String)>,
}

impl<'s> Client<'s> {
    fn of(server: &'s TestServer) -> Self {
        Self { server, headers: vec![("authorization", format!("Bearer {}", server.token))] }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn request(&self, method: &str, address: &str, body: &str) -> Answer {
        let address = if address.starts_with('/') {
            format!("{}{address}", self.server.url)
        } else {
            address.to_owned()
        };
        let request = ureq::http::Request::builder().method(method).uri(address);
        let request =
            self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let mut response = agent.run(request.body(body.to_owned()).expect("a request")).expect("an answer");
        let text = response.body_mut().read_to_string().expect("text");
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
        Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
        }
    }

    fn get(&self, address: &str) -> Answer {
        self.request("GET", address, "")
    }

    fn search(&self, address: &str, body: &Value) -> Answer {
        self.request("POST", address, &body.to_string())
    }

    /// The ids of all pages, as a collector meets them that follows `next` without looking.
    fn all(&self, address: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let mut next = Some(address.to_owned());
        while let Some(address) = next {
            let page = self.get(&address);
            assert_eq!(page.status, 200, "{}", page.body);
            ids.extend(page.ids().iter().map(ToString::to_string));
            next = page.next().map(str::to_owned);
        }
        ids
    }
}

#[test]
fn an_activity_log_is_told_as_intercom_tells_it() {
    let server = TestServer::start();
    server.append(&[event(1, 0)]);
    let answer = Client::of(&server).get(&format!("/admins/activity_logs?created_at_after={START}"));
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json; charset=utf-8"));
    assert_eq!(
        answer.body,
        json!({
            "type": "activity_log.list",
            "pages": { "type": "pages", "next": null, "page": 1, "per_page": 20, "total_pages": 1 },
            "activity_logs": [{
                "id": "n1",
                "performed_by": { "type": "admin", "id": "7", "email": "ada@example.com", "ip": "192.0.2.7" },
                "metadata": null,
                "created_at": START,
                "activity_type": "admin_login_success",
                "activity_description": "Ada signed in.",
            }],
        })
    );
}

#[test]
fn pages_neither_repeat_nor_skip_while_entries_keep_arriving() {
    let server = TestServer::start();
    server.append(&(0..50).map(|number| event(number, number / 10)).collect::<Vec<_>>());
    let client = Client::of(&server);
    let expected: Vec<_> = (0..50).rev().map(|number| format!("n{number}")).collect();
    let mut read = Vec::new();
    let mut next = Some(format!("/admins/activity_logs?created_at_after={START}&per_page=7&x=%20%2B"));
    while let Some(address) = next {
        let page = client.get(&address);
        read.extend(page.ids().iter().map(ToString::to_string));
        next = page.next().map(str::to_owned);
        // Some now, and some that happened long ago and are only told now.
        let late = read.len() as i64 + 100;
        let mut now = event(1000 + late, 0);
        now.as_object_mut().expect("an object").remove("occurred_at");
        server.append(&[now, event(late, 3)]);
        if let Some(next) = &next {
            assert!(next.starts_with(&server.url) && next.contains("&x=%20%2B&"), "{next}");
            assert!(next.contains("created_at_before=") && next.contains("&per_page=7"), "{next}");
        }
    }
    assert_eq!(read, expected);
}

#[test]
fn streamalert_finds_the_token_the_key_and_the_end_it_looks_for() {
    let server = TestServer::start();
    server.append(&(0..30).map(|number| event(number, number)).collect::<Vec<_>>());
    let token = &server.token;
    assert!(
        token.starts_with("dG9r") && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
    );
    let client = Client::of(&server).with("accept", "application/json");
    let (last, now) = (START + 4, START + 1000);
    let asked = Instant::now();
    let page = client
        .get(&format!("/admins/activity_logs?created_at_before={now}&created_at_after={last}&per_page=250"));
    assert!(asked.elapsed() < Duration::from_millis(3050));
    // It drops what is not newer than the last it saw, so the start may be told again but never be left out.
    assert_eq!((page.ids().len(), page.ids().last()), (26, Some(&"n4")));
    assert_eq!(page.next(), None);
    let empty = client.get(&format!("/admins/activity_logs?created_at_before={now}&created_at_after={now}"));
    assert_eq!((empty.ids().len(), empty.next(), &empty.body["pages"]["total_pages"]), (0, None, &json!(0)));
}

#[test]
fn airbyte_loses_nothing_between_windows_that_end_a_second_apart() {
    let server = TestServer::start();
    let mut events: Vec<_> = (0..60).map(|number| event(number, number)).collect();
    // The last microsecond of a second is still within it.
    events[29]["occurred_at"] = json!(time(START + 29).replace(".000000Z", ".999999Z"));
    server.append(&events);
    let client = Client::of(&server).with("intercom-version", "2.11");
    assert_eq!(client.get("/tags").body, json!({ "type": "list", "data": [] }));
    let mut read = BTreeSet::new();
    for window in 0..6 {
        let (from, to) = (START + window * 10, START + window * 10 + 9);
        for id in client
            .all(&format!("/admins/activity_logs?created_at_after={from}&created_at_before={to}&per_page=4"))
        {
            assert!(read.insert(id), "nothing comes twice");
        }
    }
    assert_eq!(read.len(), 60);
    let answer = client.get("/admins/activity_logs");
    let number = |name| answer.header(name).parse::<i64>().expect(name);
    let (limit, remaining) = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"));
    assert!(remaining * 2 > limit, "it slows down below half");
}

#[test]
fn the_wazuh_puller_reads_when_the_rate_limit_resets_on_every_answer() {
    let server = TestServer::start();
    server.append(&(0..3).map(|number| event(number, number)).collect::<Vec<_>>());
    let client = Client::of(&server).with("intercom-version", "2.15").with("user-agent", "Wazuh-Agent");
    let week = 7 * 24 * 3600;
    let address = format!(
        "/admins/activity_logs?created_at_after={}.0&created_at_before={}&per_page=2",
        START - week,
        START + 9
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    for path in [
        address.as_str(),
        "/admins",
        "/me",
        "/admins/nobody",
        "/admins/activity_logs?page=x",
        "/admins/no/such",
    ] {
        let reset: u64 = client.get(path).header("x-ratelimit-reset").parse().expect(path);
        assert!((now..=now + 12).contains(&reset), "{path}: {reset}");
    }
    assert_eq!(client.all(&address), ["n2", "n1", "n0"]);
}

#[test]
fn types_are_filtered_by_the_list_and_by_the_search() {
    let server = TestServer::start();
    let mut renamed = event(2, 2);
    renamed["action"] = json!("workspace.renamed");
    renamed["changes"] = json!([{ "path": "/name", "before": "Old", "after": "New" }]);
    let mut own = event(3, 3);
    own["action"] = json!("shop.opened");
    server.append(&[event(0, 0), event(1, 1), renamed, own]);
    let client = Client::of(&server);
    let list = |types: &str| {
        client.all(&format!("/admins/activity_logs?created_at_after={START}&per_page=1&{types}"))
    };
    assert_eq!(list("event_types=admin_login_success"), ["n1", "n0"]);
    assert_eq!(list("event_types[]=app_name_change&event_types[]=shop.opened"), ["n3", "n2"]);
    assert!(list("event_types=never_heard_of").is_empty());

    let body = json!({ "created_at_after": START, "event_types": ["admin_login_success", "app_name_change"], "page": 1, "per_page": 2 });
    let first = client.search("/admins/activity_logs/search", &body);
    assert_eq!((first.ids(), &first.body["pages"]["total_pages"]), (vec!["n2", "n1"], &json!(2)));
    // The same body again: the address has the say over the page.
    let second = client.search(first.next().expect("a second page"), &body);
    assert_eq!((second.ids(), second.next(), &second.body["pages"]["page"]), (vec!["n0"], None, &json!(2)));
    assert_eq!(first.body["activity_logs"][0]["metadata"], json!({ "before": "Old", "after": "New" }));

    let types = client.get("/admins/activity_log_event_types").body;
    assert_eq!(types["type"], "activity_log_event_type.list");
    let types: Vec<_> =
        types["event_types"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(
        types.contains(&"admin_login_success")
            && !types.contains(&"user.signed_in")
            && !types.contains(&"server.started")
    );
    assert!(types.is_sorted() && types.len() > 117);
}

#[test]
fn what_is_missing_or_makes_no_sense_is_refused_in_intercoms_words() {
    let server = TestServer::start();
    let client = Client::of(&server);
    for (method, path, body, error) in [
        ("GET", "/admins/activity_logs?created_at_after=yesterday", "", (400, "parameter_invalid")),
        ("GET", "/admins/activity_logs?page=one", "", (400, "parameter_invalid")),
        ("POST", "/admins/activity_logs/search", "not JSON", (400, "parameter_invalid")),
        ("POST", "/admins/activity_logs/search", "", (400, "parameter_invalid")),
        ("POST", "/admins/activity_logs/search", "[1]", (400, "parameter_invalid")),
        ("POST", "/admins/activity_logs/search", r#"{"event_types":7}"#, (400, "parameter_invalid")),
        ("POST", "/admins/activity_logs/search", &" ".repeat(70_000), (413, "client_error")),
        ("POST", "/admins/activity_logs", "{}", (404, "not_found")),
        ("GET", "/admins/activity_logs/search", "", (404, "not_found")),
        ("DELETE", "/admins/activity_logs", "", (404, "not_found")),
        ("GET", "/admins/activity_logs/none/such", "", (404, "not_found")),
        ("GET", "/admins/activity_logs/", "", (404, "not_found")),
        ("PUT", "/admins/7/away", "{}", (404, "not_found")),
        ("GET", "/admins/7", "", (404, "admin_not_found")),
        ("GET", "/admins/%ff", "", (404, "admin_not_found")),
        ("PATCH", "/me", "", (404, "not_found")),
    ] {
        let answer = client.request(method, path, body);
        assert_eq!(answer.error(), error, "{method} {path}");
        assert!(!answer.header("x-ratelimit-limit").is_empty(), "{method} {path}");
    }
    let old = Client::of(&server).with("intercom-version", "2.6").get("/admins/activity_logs");
    assert_eq!(old.error(), (404, "parameter_not_found"));
    assert_eq!(old.body["errors"][0]["message"], "Please provide the following parameters: created_at_after");
    assert_eq!(Client::of(&server).with("accept", "text/html").get("/admins/activity_logs").error().0, 406);
    for newer in ["2.7", "2.16", "Preview", "Unstable", "99.1"] {
        assert_eq!(
            Client::of(&server).with("intercom-version", newer).get("/admins/activity_logs").status,
            200,
            "{newer}"
        );
    }
}

#[test]
fn a_stranger_hears_nothing_but_that_the_token_is_invalid() {
    let server = TestServer::start();
    for token in ["", "Bearer", "Bearer dG9rOm5vYm9keQ==", "Basic dG9r"] {
        let answer = Client::of(&server).with("authorization", token).get("/admins/activity_logs");
        assert_eq!(answer.error(), (401, "unauthorized"));
        assert_eq!(answer.body["errors"][0]["message"], "Access Token Invalid");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(!answer.headers.contains_key("x-ratelimit-limit"));
    }
}

#[test]
fn who_asks_too_often_hears_when_to_come_back() {
    let server = TestServer::start_with(|config| config.limits.requests_per_10s = 3);
    let client = Client::of(&server);
    // A window may end on the way; two in a row do not.
    let refused = (0..12).map(|_| client.get("/me")).find(|answer| answer.status == 429).expect("a limit");
    assert_eq!(refused.error(), (429, "rate_limit_exceeded"));
    assert_eq!((refused.header("x-ratelimit-limit"), refused.header("x-ratelimit-remaining")), ("3", "0"));
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!(wait <= 10);
}

#[test]
fn old_versions_know_one_limit_of_assignments() {
    let server = TestServer::start();
    let mut limit = event(1, 1);
    limit["action"] = json!("admin_ticket_assignment_limit_change");
    limit["metadata"] = json!({ "ticket_assignment_limit": 5 });
    server.append(&[event(0, 0), limit]);
    let told = |version, types: &str| {
        let address = format!("/admins/activity_logs?created_at_after={START}&event_types={types}");
        let page = Client::of(&server).with("intercom-version", version).get(&address).body;
        page["activity_logs"].get(0).cloned().unwrap_or_default()
    };
    let old = told("2.13", "admin_assignment_limit_change");
    assert_eq!(
        (&old["activity_type"], &old["metadata"]),
        (&json!("admin_assignment_limit_change"), &json!({ "assignment_limit": 5 }))
    );
    let new = told("2.14", "admin_ticket_assignment_limit_change");
    assert_eq!(new["activity_type"], "admin_ticket_assignment_limit_change");
    assert_eq!(new["metadata"], json!({ "ticket_assignment_limit": 5 }));
    assert_eq!(told("2.14", "admin_assignment_limit_change"), Value::Null);
}

#[test]
fn whoever_performed_something_can_be_looked_up() {
    let server = TestServer::start();
    let mut renamed = event(1, 1);
    renamed["actor"]["name"] = json!("Ada King");
    let mut rule = event(2, 2);
    rule["actor"] = json!({ "type": "automation", "id": "r_5" });
    server.append(&[event(0, 0), renamed, rule]);
    let client = Client::of(&server);
    let ada = json!({
        "type": "admin", "id": "7", "name": "Ada King", "email": "ada@example.com", "away_mode_enabled": false,
        "away_mode_reassign": false, "has_inbox_seat": false, "team_ids": [],
    });
    assert_eq!(client.get("/admins").body, json!({ "type": "admin.list", "admins": [ada] }));
    assert_eq!(client.get("/admins/7").body, ada);
    assert_eq!(client.get("/admins/r_5").body["name"], "r_5");
    assert_eq!(client.get("/admins/ada@example.com").status, 404);
    let me = client.get("/me").body;
    assert_eq!(
        (&me["type"], &me["app"]["type"], &me["app"]["id_code"]),
        (&json!("admin"), &json!("app"), &json!(server.workspace))
    );
}

#[test]
fn the_next_page_is_where_the_caller_reached_us() {
    let page = |server: &TestServer| {
        server.append(&[event(0, 0), event(1, 1)]);
        let client = Client::of(server)
            .with("x-forwarded-proto", "https")
            .with("x-forwarded-host", "audit.example.com");
        client
            .get(&format!("/admins/activity_logs?created_at_after={START}&per_page=1"))
            .next()
            .expect("more")
            .to_owned()
    };
    let server = TestServer::start();
    assert!(page(&server).starts_with(&format!("{}/admins/activity_logs?", server.url)), "nobody is trusted");
    let server = TestServer::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")]
    });
    assert!(page(&server).starts_with("https://audit.example.com/admins/activity_logs?"));
    let server =
        TestServer::start_with(|config| config.server.public_url = "https://log.example.com/".to_owned());
    assert!(page(&server).starts_with("https://log.example.com/admins/activity_logs?"));
}
