//! What is worked out of an event when it arrives, kept with it, shown, hidden and remembered.

use crate::cast::Visitor;
use crate::mmdb::database;
use crate::process::{Home, Process, run, wait_for};
use crate::sql::database::Database;
use crate::support::TestServer;
use hindcast::catalog::{By, Membership, Narrowing, Scope};
use hindcast::people::Role;
use hindcast_event::Field;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

const CURL: &str = "curl/8.5.0";

fn sign_in(ip: &str) -> Value {
    json!({ "action": "user.signed_in", "actor": { "type": "user", "id": "ana", "name": "Ana" },
        "context": { "ip": ip, "user_agent": CURL } })
}

/// The facts of the newest entry that somebody sent; alerts are entries too.
fn newest(entries: &Value) -> Value {
    let mut entries = entries["entries"].as_array().expect("entries").iter();
    entries.find(|entry| entry["action"] == "user.signed_in").expect("a sign-in")["facts"].clone()
}

#[test]
fn facts_are_kept_with_the_entry_and_hidden_with_what_tells_them() {
    let server = TestServer::start();
    server.append(&[sign_in("133.11.0.1"), sign_in("133.11.0.1"), sign_in("133.11.0.1")]);
    server.append(&[sign_in("193.0.0.1")]);
    let facts = newest(&server.get("/v1/events").send().good());
    for (fact, value) in [
        ("actions_1h", json!(4)),
        ("same_action_1h", json!(4)),
        ("ip_country", json!("NL")),
        ("country_new_for_actor", json!(true)),
        ("ip_new_for_actor", json!(true)),
        ("ua_new_for_actor", json!(false)),
        ("ua_browser", json!("curl")),
        ("ua_device", json!("program")),
        ("actor_dormant_days", json!(0)),
        ("travel_neighbour", json!(false)),
    ] {
        assert_eq!(facts[fact], value, "{fact} of {facts}");
    }
    assert!(facts["travel_kmh"].as_i64().expect("a speed") > 10_000, "{facts}");
    assert_eq!(server.get("/v1/count?q=country:NL").send().good()["count"], 1);

    for (field, gone, left) in [
        (Field::Address, ["ip_country", "ip_new_for_actor", "travel_kmh"], "ua_browser"),
        (Field::UserAgent, ["ua_browser", "ua_os", "ua_new_for_actor"], "ip_country"),
    ] {
        let narrowing = Narrowing::new(None, [field].into_iter().collect()).expect("hides");
        let token = server.token_with(&[Scope::Read], |new| new.narrowing = narrowing);
        let facts = newest(&server.get("/v1/events").by(&token).send().good());
        assert!(
            gone.iter().all(|gone| facts[*gone].is_null()) && !facts[left].is_null(),
            "{field:?}: {facts}"
        );
    }

    let mut forged = sign_in("133.11.0.1");
    forged["facts"] = json!({ "ip_country": "JP" });
    let refused = server.post("/v1/events").json(&forged);
    assert_eq!((refused.status, refused.json()["field"].as_str()), (422, Some("facts")));
}

#[test]
fn a_batch_sent_twice_is_seen_once_and_a_refused_one_never() {
    let server = TestServer::start();
    let send =
        |key: &str, body: &Value| server.post("/v1/events").with("idempotency-key", key).json(body).status;
    let batch = json!([sign_in("133.11.0.1"), sign_in("133.11.0.1")]);
    assert_eq!((send("one", &batch), send("one", &batch), send("one", &batch)), (201, 200, 200));
    let mut bad = json!([sign_in("133.11.0.1"), sign_in("133.11.0.1")]);
    bad[1]["actor"]["type"] = json!("ghost");
    assert_eq!(send("two", &bad), 422);
    server.append(&[sign_in("133.11.0.1")]);
    assert_eq!(newest(&server.get("/v1/events").send().good())["actions_1h"], 3);
}

#[test]
fn what_is_known_survives_being_killed() {
    let mut home = Home::new("");
    let server = home.start();
    let facts = |server: &Process| newest(&server.get("/v1/events?q=action:user.signed_in").good());
    for nth in 1..=4 {
        assert_eq!(server.append(&[sign_in("133.11.0.1")]).status, 201);
        assert_eq!(facts(&server)["actions_1h"], nth);
    }
    drop(server); // As by kill -9: nothing was kept.
    let server = home.start();
    assert_eq!(server.append(&[sign_in("133.11.0.1")]).status, 201);
    let known = facts(&server);
    assert_eq!((&known["actions_1h"], &known["ip_new_for_actor"]), (&json!(5), &json!(false)), "{known}");
    server.terminate();
    // In order: it was written down.
    let memory = home.data().join("memory").read_dir().expect("read").count();
    assert!(memory >= 1);
    let server = home.start();
    assert_eq!(server.append(&[sign_in("193.0.0.1")]).status, 201);
    let known = facts(&server);
    assert_eq!((&known["actions_1h"], &known["ip_new_for_actor"]), (&json!(6), &json!(true)), "{known}");
    server.terminate();
}

#[test]
fn files_are_read_again_when_the_operator_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("geo.mmdb");
    let write = |code: &str| {
        let records = [(
            "133.11.0.0/16",
            &*format!(
                r#"{{"country":{{"iso_code":"{code}"}},"location":{{"latitude":35.5,"longitude":139.75}}}}"#
            ),
        )];
        std::fs::write(&file, database("Test-City", &records)).expect("written");
    };
    write("DE");
    let mut home = Home::new(&format!("[facts]\ngeo_files = [{file:?}]\n"));
    let server = home.start();
    let country = |server: &Process| {
        assert_eq!(server.append(&[sign_in("133.11.0.1")]).status, 201);
        newest(&server.get("/v1/events?q=action:user.signed_in").good())["ip_country"].clone()
    };
    assert_eq!(country(&server), "DE");
    write("FR");
    let hang_up = || {
        let read = |server: &Process| server.log().matches("geo files were read again").count();
        let before = read(&server);
        run("kill", ["-HUP", &server.id().to_string()]);
        wait_for("the files are read", || (read(&server) > before).then_some(()));
    };
    hang_up();
    assert_eq!(country(&server), "FR");
    std::fs::write(&file, b"torn").expect("written");
    hang_up();
    assert_eq!(country(&server), "FR", "a damaged file changes nothing");
    assert_eq!(server.logged("WARN").len(), 1);
    server.terminate();
}

/// The owner, who is also somebody in the server's own workspace.
fn of_server(server: &TestServer) -> Visitor<'_> {
    let owner = server.visitor(Role::Owner, &[]);
    let membership = Membership {
        workspace: WorkspaceId::instance(),
        role: Role::Owner,
        teams: Vec::new(),
        actors: Vec::new(),
        joined_at: (server.app.clock)(),
    };
    let person = server.app.catalog.person(&owner.id).expect("read").expect("there");
    let put = server.app.catalog.put_membership(&person, &membership, &By::server());
    assert!(put.expect("kept").is_ok());
    server.forget_outbox();
    owner
}

#[test]
fn what_is_uploaded_at_one_server_is_in_use_at_all() {
    let Some(shared) = Database::start() else { return };
    let bucket = tempfile::tempdir().expect("a folder");
    let one = TestServer::start_with(|config| {
        config.storage.database = shared.address();
        config.storage.bucket = format!("file://{}", bucket.path().display());
    });
    let beside = || {
        TestServer::start_with(|config| {
            let own = config.data.folder.clone();
            config.clone_from(&one.config);
            config.data.folder = own;
        })
    };
    let (other, owner) = (beside(), of_server(&one));
    let country = |server: &TestServer| server.app.facts.shelf.kept().first().map(|kept| kept.file.clone());
    assert_eq!(country(&other), None);
    let sound = database("Made by us", &[("133.11.0.0/16", r#"{"country_code":"KR"}"#)]);
    assert_eq!(owner.upload("/settings/geo/file", &sound).status, 303);
    let file = wait_for("the other has it", || country(&other));
    assert_eq!(std::fs::read(file).expect("read"), sound);
    let third = beside();
    wait_for("whoever starts later has it", || country(&third));
    assert_eq!(owner.post("/settings/geo/country/remove", &[]).status, 303);
    wait_for("it is gone there too", || country(&other).is_none().then_some(()));
}

#[test]
fn files_are_uploaded_and_taken_away_by_those_of_the_server() {
    let server = TestServer::start();
    let sound = database("Made by us", &[("133.11.0.0/16", r#"{"country_code":"KR"}"#)]);
    let admin = server.visitor(Role::SecurityAdmin, &[]);
    assert_eq!(admin.upload("/settings/geo/file", &sound).status, 403);
    assert!(admin.get("/settings/geo").text().contains("Its administrators change them."));

    let owner = of_server(&server);
    let country = || {
        server.append(&[sign_in("133.11.0.1")]);
        newest(&server.get("/v1/events?q=action:user.signed_in").send().good())["ip_country"].clone()
    };
    assert_eq!(country(), "JP");
    let answer = owner.upload("/settings/geo/file", &sound);
    assert_eq!((answer.status, answer.header("location").starts_with("/settings/geo?saved=")), (303, true));
    assert!(owner.get("/settings/geo").text().contains("Made by us"));
    assert_eq!(country(), "KR");
    let refused = owner.upload("/settings/geo/file", &sound[..sound.len() - 20]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("everything stays as it was"), "{}", refused.text());
    assert_eq!(country(), "KR");
    assert_eq!(owner.post("/settings/geo/reload", &[]).status, 303);
    assert_eq!(owner.post("/settings/geo/country/remove", &[]).status, 303);
    assert_eq!((owner.post("/settings/geo/country/remove", &[]).status, country()), (404, json!("JP")));
    let own = server
        .get("/v1/events?q=action:server.geo_changed")
        .by(&server.admin)
        .with("hindcast-workspace", "instance");
    let own = own.send().good();
    let acts: Vec<_> = own["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["metadata"]["act"].clone())
        .collect();
    assert_eq!(acts, ["removed", "reloaded", "added"]);
}

#[test]
fn calendar_and_networks_are_settings_of_the_workspace_and_changes_are_entries() {
    let server = TestServer::start();
    let admin = server.visitor(Role::SecurityAdmin, &[]);
    let general = |days: &[&'static str], holidays: &'static str| {
        let mut fields = vec![
            ("name", "Northwind"),
            ("zone", "UTC"),
            ("language", "en"),
            ("from", "0"),
            ("until", "24"),
            ("holidays", holidays),
        ];
        fields.extend(days.iter().map(|day| ("days", *day)));
        admin.post("/settings/general", &fields)
    };
    let off_hours = || {
        server.append(&[sign_in("133.11.0.1")]);
        newest(&server.get("/v1/events?q=action:user.signed_in").send().good())["off_hours"].clone()
    };
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    assert_eq!((general(&week, "").status, off_hours()), (303, json!(false)));
    let today = (server.app.clock)().to_string()[..10].to_owned();
    let tomorrow_too: &'static str = {
        let after = hindcast_event::Timestamp::from_micros((server.app.clock)().micros() + 86_400_000_000)
            .to_string();
        format!("{today}\n{}", &after[..10]).leak()
    };
    assert_eq!((general(&week, tomorrow_too).status, off_hours()), (303, json!(true)));
    assert_eq!((general(&[], "").status, general(&week, "2026-02-30").status), (422, 422));

    let networks = |proxies: &str, egress: &str| {
        admin.post("/settings/geo", &[("proxies", proxies), ("egress", egress)])
    };
    assert_eq!((networks("10.0.0.0/8", "").status, networks("10.0.0.0/99", "").status), (303, 422));
    let mut forwarded = sign_in("10.0.0.2");
    forwarded["context"]["forwarded_for"] = json!(["133.11.0.1"]);
    server.append(&[forwarded]);
    let facts = newest(&server.get("/v1/events?q=action:user.signed_in").send().good());
    assert_eq!((&facts["source_ip"], &facts["ip_country"]), (&json!("133.11.0.1"), &json!("JP")));
    let changed = server.get("/v1/events?q=action:workspace.updated").send().good();
    let paths = |entry: usize| changed["entries"][entry]["changes"][0]["path"].clone();
    assert_eq!((paths(0), paths(1)), (json!("/trusted_proxies"), json!("/holidays")));
}

#[test]
fn the_page_of_an_entry_says_it_in_words() {
    let server = TestServer::start();
    server.append(&[sign_in("133.11.0.1"), sign_in("133.11.0.1"), sign_in("133.11.0.1")]);
    server.append(&[sign_in("193.0.0.1"), sign_in("192.168.0.1")]);
    let owner = server.visitor(Role::Owner, &[]);
    let page = owner.get("/log/3");
    for words in [
        "Noted on arrival",
        "New country for this person",
        "New address for this person",
        "≈ NL Netherlands",
        "km/h since the last sign-in",
        "curl",
    ] {
        assert!(page.text().contains(words), "{words} in {}", page.text());
    }
    assert!(owner.get("/log/4").text().contains("private address"));
    for (language, words) in [
        ("de", "Neues Land für diese Person"),
        ("fr", "Nouveau pays pour cette personne"),
        ("ja", "この人にとって初めての国"),
    ] {
        assert!(owner.get(&format!("/log/3?lang={language}")).text().contains(words), "{language}");
    }
    // Whoever may not see addresses does not learn of places either.
    let manager = server.visitor(Role::SupportOpsManager, &["ana"]);
    let page = manager.get("/log/3");
    assert!(
        !page.text().contains("NL Netherlands") && !page.text().contains("New country"),
        "{}",
        page.text()
    );
}
