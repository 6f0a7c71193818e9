//! Other products' logs come in: whole, once, with their own times, and saying where they are from.

use crate::doubles::intercom::{self, Intercom};
use crate::doubles::zendesk::{self, Zendesk};
use crate::doubles::{Asked, Double as _, Standing, stand};
use crate::support::{Answer, TestServer, event};
use hindcast::people::Role;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

#[test]
fn a_year_at_intercom_comes_in_whole_and_once_whatever_intercom_does() {
    for inclusive in [true, false] {
        let intercom = stand(|url| Intercom { inclusive, fails_every: 11, ..Intercom::new(url, 1_500) });
        let server = TestServer::start();
        let folder = tempfile::tempdir().expect("a folder");
        let late = {
            let mut double = intercom.double.lock().expect("there");
            let late = double.newest(1);
            double.hidden = late.iter().copied().collect();
            late.len()
        };
        let first = import_intercom(&server, &intercom, folder.path(), &[]);
        assert_eq!(said(&first, 0), format!("{} stored, 0 known before, 0 refused", 1_500 - late));
        intercom.double.lock().expect("there").hidden.clear();
        let second = import_intercom(&server, &intercom, folder.path(), &[]);
        let line = said(&second, 0);
        assert!(line.starts_with(&format!("{late} stored,")), "what came late is there now: {line}");
        let third = import_intercom(&server, &intercom, folder.path(), &["--restart"]);
        assert_eq!(said(&third, 0), "0 stored, 1500 known before, 0 refused");
        all_is_told_as_intercom_told_it(&server, &intercom);
    }
}

fn all_is_told_as_intercom_told_it(server: &TestServer, intercom: &Standing<Intercom>) {
    let expected = intercom.double.lock().expect("there").all();
    let by_id = |logs: Vec<Value>| -> HashMap<String, Value> {
        let count = logs.len();
        let by_id: HashMap<_, _> =
            logs.into_iter().map(|log| (log["id"].as_str().expect("an id").to_owned(), log)).collect();
        assert_eq!(by_id.len(), count, "no id is there twice");
        by_id
    };
    let mut found = Vec::new();
    let mut path = format!("/admins/activity_logs?created_at_after={}&per_page=250", intercom::BEGINNING - 1);
    loop {
        let page = server.get(&path).send().good();
        found.extend(page["activity_logs"].as_array().expect("logs").clone());
        let Some(next) = page["pages"]["next"].as_str() else { break };
        path = next[next.find("/admins").expect("a path")..].to_owned();
    }
    let (found, expected) = (by_id(found), by_id(expected));
    assert_eq!(found.len(), expected.len());
    for (id, log) in &expected {
        assert_eq!(found.get(id), Some(log));
    }
}

#[test]
fn an_import_never_pretends_to_have_been_witnessed_then() {
    let intercom = stand(|url| Intercom::new(url, 20));
    let server = TestServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let dry = import_intercom(&server, &intercom, folder.path(), &["--dry-run", "--show", "2"]);
    assert_eq!(said(&dry, 0), "20 valid, 0 refused; nothing was sent");
    let shown = String::from_utf8_lossy(&dry.stdout).into_owned();
    assert_eq!(shown.matches("\"imported_from\"").count(), 2, "{shown}");
    assert_eq!(count(&server, "source:import/intercom"), 0);

    said(&import_intercom(&server, &intercom, folder.path(), &["--intercom-workspace", "abc123def"]), 0);
    let log = intercom.double.lock().expect("there").all().swap_remove(0);
    let entry = server.get(&format!("/v1/events/{}", log["id"].as_str().expect("an id"))).send().good();
    let from = json!({ "product": "intercom", "id": log["id"], "workspace": "abc123def" });
    assert_eq!(entry["metadata"]["imported_from"], from);
    assert_eq!(entry["context"]["source"], "import/intercom");
    assert!(entry["occurred_at"].as_str().expect("a time").starts_with("2025-"));
    assert!(entry["received_at"].as_str() > entry["occurred_at"].as_str(), "received is when it came here");
    let visitor = server.visitor(Role::Owner, &[]);
    let page = visitor.get(&format!("/log/{}", entry["index"])).text().to_owned();
    assert!(page.contains("import/intercom"), "the page says it");
    let text = std::fs::read_to_string(folder.path().join("progress.json")).expect("remembered");
    assert!(!text.contains(intercom::TOKEN), "the credential is not remembered");
}

#[test]
fn a_wrong_token_is_told_and_not_tried_again() {
    let intercom = stand(|url| Intercom::new(url, 3));
    let server = TestServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut import = importing(&server, &["intercom", "--source-url", &intercom.url, "--progress"]);
    let refused =
        import.arg(folder.path().join("p.json")).env("INTERCOM_TOKEN", "wrong").output().expect("ran");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains("status 401") && told.contains("Access Token Invalid"), "{told}");
    assert_eq!(intercom.double.lock().expect("there").requests, 1);
}

#[test]
fn conversations_come_in_as_what_happened_in_them() {
    let intercom = stand(|url| Intercom::new(url, 0));
    let server = TestServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    // Began, three parts, a tag, a rating, and what the AI agent made of it.
    let all = intercom::CONVERSATIONS * 7;
    let first = import_intercom_with(&server, &intercom, folder.path(), &["--conversations"]);
    assert_eq!(said(&first, 0), format!("{all} stored, 0 known before, 0 refused"));
    let again = import_intercom_with(&server, &intercom, folder.path(), &["--conversations", "--restart"]);
    assert_eq!(said(&again, 0), format!("0 stored, {all} known before, 0 refused"));
    for action in ["conversation.created", "ai_agent.replied", "conversation.assigned", "conversation.rated"]
    {
        assert_eq!(count(&server, &format!("action:{action}")), intercom::CONVERSATIONS, "{action}");
    }
    assert_eq!(count(&server, "action:ai_agent.escalated"), intercom::CONVERSATIONS / 2);
}

#[test]
fn zendesk_comes_in_by_cursor_and_once() {
    let zendesk = stand(|_| Zendesk { logs: 730, tickets: 130, requests: 0 });
    let server = TestServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let import = |more: &[&str]| {
        let mut import = importing(&server, &["zendesk", "--subdomain", "company", "--user", zendesk::USER]);
        import
            .args(["--source-url", &zendesk.url, "--restart", "--progress"])
            .arg(folder.path().join("p.json"));
        import.args(more).env("ZENDESK_TOKEN", zendesk::TOKEN).output().expect("ran")
    };
    assert_eq!(said(&import(&[]), 0), "730 stored, 0 known before, 0 refused");
    assert_eq!(said(&import(&[]), 0), "0 stored, 730 known before, 0 refused");
    assert_eq!(
        count(&server, "action:automation_rule.updated"),
        730 * 2 / 3 - (0..730).filter(|n| n % 3 != 0 && n % 7 == 0).count() as u64
    );
    let tickets = said(&import(&["--tickets"]), 0);
    assert!(tickets.starts_with("260 stored, "), "made and as they are: {tickets}");
    assert_eq!(count(&server, "action:ticket.created"), 130);
}

#[test]
fn somebodys_file_comes_in_with_a_mapping() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        file.to_string_lossy().into_owned()
    };
    let csv = file(
        "log.csv",
        "Event,User ID,Name,When,Status,Plan\n\
         login,u_1,Ada,21.11.2026 19:40,ok,gold\n\
         login,u_1,Ada,21.11.2026 19:40,ok,gold\n\
         logout,u_1,Ada,never,ok,gold\n\
         delete,,Ada,21.11.2026 19:41,failed,gold\n",
    );
    let guessed = importing(&server, &["file", "--guess", "--product", "crm", &csv]).output().expect("ran");
    let mapping = String::from_utf8_lossy(&guessed.stdout).into_owned();
    assert!(mapping.contains("time = \"%d.%m.%Y %H:%M\""), "{mapping}");
    let mapping = file("crm.toml", &mapping);

    let dry = importing(&server, &["file", "--mapping", &mapping, "--dry-run", &csv]).output().expect("ran");
    assert_eq!(said(&dry, 3), "2 valid, 2 refused; nothing was sent");
    let told = String::from_utf8_lossy(&dry.stderr).into_owned();
    assert!(told.contains("log.csv:4: occurred_at: ") && told.contains("log.csv:5: actor.id: "), "{told}");

    let stopped = importing(&server, &["file", "--mapping", &mapping, &csv]).output().expect("ran");
    assert_eq!(said(&stopped, 3), "2 stored, 0 known before, 1 refused");
    let partial =
        importing(&server, &["file", "--mapping", &mapping, "--partial", &csv]).output().expect("ran");
    assert_eq!(said(&partial, 3), "0 stored, 2 known before, 2 refused");
    let page = server.get("/v1/events?q=source:import/crm").send().good();
    let entry = &page["entries"][0];
    assert_eq!(
        (&entry["occurred_at"], &entry["metadata"]["Plan"]),
        (&"2026-11-21T19:40:00.000000Z".into(), &"gold".into())
    );

    let json = file(
        "log.ndjson",
        "{\"event\":{\"type\":\"a\"},\"who\":\"u\",\"at\":1734537253}\n{\"event\":{}\nnot json\n",
    );
    let mapping = file(
        "n.json",
        r#"{"product":"app","fields":{"action":"event.type","actor.id":"who","occurred_at":{"from":"at","time":"unix"}}}"#,
    );
    let read =
        importing(&server, &["file", "--mapping", &mapping, "--partial", &json]).output().expect("ran");
    assert_eq!(said(&read, 3), "1 stored, 0 known before, 2 refused");
}

#[test]
fn what_the_log_has_is_left_out_and_taking_an_id_first_keeps_nothing_out() {
    let server = TestServer::start();
    let mut own = event("door.open");
    own["id"] = "d-1".into();
    own["occurred_at"] = "2026-01-01T00:00:00Z".into();
    let post = |events: &[Value]| server.post("/v1/events?once=true").json(&json!(events));
    let first = post(&[own.clone(), own.clone()]);
    assert_eq!(
        (first.status, &first.json()["accepted"], &first.json()["known"]),
        (201, &1.into(), &1.into())
    );
    let again = post(&[own.clone()]);
    assert_eq!(
        (again.status, &again.json()["accepted"], &again.json()["known"]),
        (200, &0.into(), &1.into())
    );
    let mut other = own.clone();
    other["action"] = "door.forced".into();
    assert_eq!(post(&[other]).json()["accepted"], 1, "another thing under an id that was taken");
    let keyed = server.post("/v1/events?once=true").with("idempotency-key", "k").json(&own);
    assert_eq!(keyed.problem().0, 400);
}

#[test]
fn a_connected_source_is_fetched_shown_paused_and_posted_to() {
    let intercom = stand(|url| Intercom { fails_every: 13, ..Intercom::new(url, 400) });
    let url = intercom.url.clone();
    let server = fetching_from(url);
    let mut wanted = json!({
        "workspace": server.workspace, "kind": "intercom", "name": "Support", "token": intercom::TOKEN,
        "hook_secret": "client-secret", "from": "2024-12-30T00:00:00Z", "every_minutes": 1,
    });
    let connected = server.post("/v1/sources").by(&server.admin).json(&wanted);
    assert_eq!(connected.status, 201, "{}", connected.text());
    let source = connected.json();
    let id = source["id"].as_str().expect("an id").to_owned();
    assert!(!connected.text().contains(intercom::TOKEN) && !connected.text().contains("client-secret"));
    let path = format!("/v1/sources/{id}");
    let shown = || server.get(&path).by(&server.admin).send().good();
    wait_until("everything is fetched", || {
        shown()["stored"] == 400 && shown()["lag_seconds"].as_i64() < Some(60)
    });
    all_is_told_as_intercom_told_it(&server, &intercom);

    let hook = source["hook"].as_str().expect("an address").to_owned();
    assert_eq!(server.call("HEAD", &hook).send().status, 200);
    let item = json!({"type":"admin_activity_log_event","id":"f98f9a55-e125-4d4d-ad60-7cfc5f553cfc","created_at":1_768_016_203,
        "performed_by":{"type":"admin","id":"1","email":"a@example.com","ip":"192.0.2.1"},"metadata":null,"activity_type":"admin_logout"});
    let body =
        json!({"type":"notification_event","topic":"admin.activity_log_event.created","data":{"item":item}})
            .to_string();
    let posted = |secret: &[u8]| {
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(secret).expect("a key");
        mac.update(body.as_bytes());
        let signature: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        server
            .post(&hook)
            .with("authorization", "")
            .with("x-hub-signature", &format!("sha1={signature}"))
            .body(body.clone())
            .status
    };
    assert_eq!([posted(b"wrong"), posted(b"client-secret"), posted(b"client-secret")], [401, 200, 200]);
    assert_eq!(count(&server, "action:user.signed_out id:f98f9a55-e125-4d4d-ad60-7cfc5f553cfc"), 1);

    let visitor = server.visitor(Role::Owner, &[]);
    let page = visitor.get("/settings/sources").text().to_owned();
    assert!(page.contains("Support") && page.contains(&hook) && page.contains("401"), "{page}");
    assert_eq!(visitor.post(&format!("/settings/sources/{id}/pause"), &[]).status, 303);
    assert!(shown()["paused_at"].is_string());
    assert_eq!(server.post(&format!("{path}/resume")).by(&server.admin).send().status, 204);
    assert_eq!(server.call("DELETE", &path).by(&server.admin).send().status, 204);
    assert_eq!(server.get(&path).by(&server.admin).send().problem().0, 404);
    for action in ["source.connected", "source.paused", "source.resumed", "source.disconnected"] {
        assert_eq!(count(&server, &format!("action:{action}")), 1, "{action}");
    }

    for (field, bad) in [
        ("token", json!("a b")),
        ("every_minutes", json!(0)),
        ("kind", json!("zendesk")),
        ("name", json!("")),
    ] {
        let good = std::mem::replace(&mut wanted[field], bad);
        let refused = server.post("/v1/sources").by(&server.admin).json(&wanted);
        assert_eq!(refused.problem().0, 422, "{field}: {}", refused.text());
        wanted[field] = good;
    }
    assert_eq!(
        server.post("/v1/sources").json(&wanted).problem().0,
        403,
        "not with a token of the workspace"
    );
}

#[test]
fn a_source_that_refuses_us_says_so_and_the_form_says_what_is_wrong() {
    let intercom = stand(|url| Intercom::new(url, 1));
    let url = intercom.url.clone();
    let server = fetching_from(url);
    let visitor = server.visitor(Role::Owner, &[]);
    let form = |token: &'static str| {
        [
            ("kind", "intercom"),
            ("name", "Support"),
            ("token", token),
            ("every_minutes", "10"),
            ("region", "eu"),
            ("from", "2025-01-01"),
        ]
    };
    let refused = visitor.post("/settings/sources", &form(""));
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("An access token is expected."));
    assert_eq!(visitor.post("/settings/sources", &form("wrong")).status, 303);
    wait_until("it has failed", || visitor.get("/settings/sources").text().contains("Access Token Invalid"));
    assert_eq!(server.visitor(Role::Auditor, &[]).get("/settings/sources").status, 403);
    let (other, _) = server.another_workspace();
    let stranger = server.visitor_of(&other, Role::Owner, &[]);
    assert!(!stranger.get("/settings/sources").text().contains("Support"));
}

#[test]
fn a_source_at_an_address_within_is_not_asked_unless_the_operator_says_so() {
    let intercom = stand(|url| Intercom::new(url, 1));
    let url = intercom.url.clone();
    let server = TestServer::start_with(|config| config.sources.intercom_url = url);
    let wanted = json!({ "workspace": server.workspace, "kind": "intercom", "name": "Support", "token": intercom::TOKEN });
    let connected = server.post("/v1/sources").by(&server.admin).json(&wanted);
    let path = format!("/v1/sources/{}", connected.json()["id"].as_str().expect("an id"));
    let problem = || server.get(&path).by(&server.admin).send().good()["problem"].clone();
    wait_until("it was refused", || problem().is_string());
    assert!(problem().as_str().is_some_and(|why| why.contains("deliver.allow")), "{}", problem());
    assert_eq!(intercom.double.lock().expect("there").requests, 0);
}

#[test]
fn the_double_answers_as_intercoms_specification_says() {
    let shared =
        std::env::var_os("HINDCAST_SHARED").map_or_else(|| PathBuf::from("../../../shared"), Into::into);
    let Ok(document) = std::fs::read_to_string(shared.join("intercom/intercom-openapi-2.14.yaml")) else {
        eprintln!(
            "skipped: there is no intercom/intercom-openapi-2.14.yaml; set HINDCAST_SHARED to its folder"
        );
        return;
    };
    let properties = |schema: &str| -> HashMap<String, String> {
        let begin = document.find(&format!("\n    {schema}:\n")).unwrap_or_else(|| panic!("{schema}"));
        let lines = document[begin + 1..].lines().skip(1).take_while(|line| line.starts_with("     "));
        let mut found = HashMap::new();
        let mut name = String::new();
        for line in lines {
            let indent = line.len() - line.trim_start().len();
            let (key, value) = line.trim().split_once(':').unwrap_or((line.trim(), ""));
            match (indent, key) {
                (8, key) => name = key.to_owned(),
                (10, "type") => drop(found.insert(name.clone(), value.trim().to_owned())),
                (10, "\"$ref\"") => drop(found.insert(name.clone(), "object".to_owned())),
                _ => {}
            }
        }
        found
    };
    let told = |asked: &str| {
        let asked = Asked {
            method: "GET".to_owned(),
            path: "/admins/activity_logs".to_owned(),
            raw_query: asked.to_owned(),
            query: form_urlencoded::parse(asked.as_bytes()).into_owned().collect(),
            headers: [(
                "authorization".parse().expect("a name"),
                format!("Bearer {}", intercom::TOKEN).parse().expect("a value"),
            )]
            .into_iter()
            .collect(),
            body: Vec::new(),
        };
        Intercom::new("http://intercom.example", 5_000).answer(&asked).body
    };
    let window = format!(
        "created_at_after={}&created_at_before={}&per_page=50",
        intercom::BEGINNING,
        intercom::BEGINNING + 6 * 86_400
    );
    let list = told(&window);
    let is = |value: &Value, kind: &str| match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "object" => value.is_object() || value.is_null(),
        "array" => value.is_array(),
        _ => false,
    };
    let fits = |value: &Value, schema: &str| {
        let properties = properties(schema);
        assert!(!properties.is_empty(), "{schema}");
        for (name, value) in value.as_object().expect("an object") {
            let kind = properties.get(name).unwrap_or_else(|| panic!("{schema} has no {name}"));
            assert!(is(value, kind), "{schema}.{name} is {value} and not {kind}");
        }
    };
    fits(&list, "activity_log_list");
    assert!(list["pages"]["next"].is_string(), "an address, which the specification alone says otherwise");
    for log in list["activity_logs"].as_array().expect("logs") {
        fits(log, "activity_log");
        let kind = log["activity_type"].as_str().expect("text");
        let is_listed = document.contains(&format!("- {kind}\n"));
        assert_eq!(is_listed, !["admin_channel_change", "something_quite_new"].contains(&kind), "{kind}");
    }
    fits(&told("page=1"), "error");
}

/// A server that may ask this machine.
fn fetching_from(intercom: String) -> TestServer {
    TestServer::start_with(|config| {
        config.sources.intercom_url = intercom;
        config.deliver.allow = vec!["127.0.0.0/8".parse().expect("a network")];
    })
}

fn importing(server: &TestServer, arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.env("HINDCAST_URL", &server.url).env("HINDCAST_TOKEN", &server.token);
    program.arg("import").args(arguments);
    program
}

fn import_intercom(
    server: &TestServer,
    intercom: &Standing<Intercom>,
    folder: &Path,
    more: &[&str],
) -> Output {
    let newest = intercom.double.lock().expect("there").all().last().expect("one")["created_at"]
        .as_i64()
        .expect("a time");
    let until = hindcast_event::Timestamp::from_micros((newest + 1) * 1_000_000).to_string();
    let more = [&["--from", "2024-12-20", "--until", &until], more].concat();
    import_intercom_with(server, intercom, folder, &more)
}

fn import_intercom_with(
    server: &TestServer,
    intercom: &Standing<Intercom>,
    folder: &Path,
    more: &[&str],
) -> Output {
    let mut import = importing(server, &["intercom", "--source-url", &intercom.url, "--progress"]);
    import.arg(folder.join("progress.json")).args(more).env("INTERCOM_TOKEN", intercom::TOKEN);
    import.output().expect("ran")
}

/// The last line a program said, which ended with a code.
fn said(ended: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(code), "{said}");
    said.lines().last().expect("a line").to_owned()
}

fn count(server: &TestServer, query: &str) -> u64 {
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer: Answer = server.get(&format!("/v1/count?q={query}")).send();
    answer.good()["count"].as_u64().expect("a count")
}

/// Waits for what another thread does; how long that takes is nobody's promise.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
