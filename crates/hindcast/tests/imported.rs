//! 100,000 activities of Intercom's come in while Intercom has its bad days and the server is killed again and again; in the
//! end each is there once, as Intercom told it.
//!
//! `HINDCAST_IMPORT_ENTRIES` says how many (100000), `HINDCAST_IMPORT_KILLS` how often (25); `./test` runs it.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

#[expect(dead_code, reason = "other stories ask the other doubles")]
mod doubles;
mod ports;

use doubles::intercom::{BEGINNING, DAYS, Intercom, TOKEN};
use doubles::{Standing, stand};
use ports::free_port;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[test]
#[ignore = "takes minutes; ./test runs it"]
fn a_long_import_ends_complete_and_without_doubles_whenever_it_is_killed() {
    let number =
        |name: &str, otherwise| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise);
    let (entries, kills) = (number("HINDCAST_IMPORT_ENTRIES", 100_000), number("HINDCAST_IMPORT_KILLS", 25));
    let intercom = stand(|url| Intercom { fails_every: 17, inclusive: false, ..Intercom::new(url, entries) });
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::build(folder.path(), &intercom);
    let begun = Instant::now();
    let mut server = house.start();
    let connected = house.connect();
    let mut killed = 0;
    let mut last = 0;
    loop {
        let (stored, has_rested) = house.standing(&connected);
        if has_rested {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(3_600), "it does not end");
        // While it works, and not only between two pieces.
        if killed < kills && stored > last {
            last = stored;
            killed += 1;
            server.0.kill().expect("killed");
            server.0.wait().expect("ended");
            server = house.start();
        }
        std::thread::sleep(Duration::from_millis(20 + 13 * (killed % 29)));
    }
    let told = intercom.double.lock().expect("there").requests;
    println!("{entries} entries, {killed} kills, {told} requests to Intercom, {:.0?}", begun.elapsed());
    assert!(killed > kills / 2, "it was hardly killed while it imported, so little was tested");
    house.compare(&intercom);
    drop(server);
    house.verify();
}

/// A server that is started again and again.
struct House {
    config: PathBuf,
    port: u16,
    admin: String,
    workspace: String,
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

impl House {
    fn build(folder: &Path, intercom: &Standing<Intercom>) -> Self {
        let config = folder.join("hindcast.toml");
        // Small segments, so that what is known is looked for in many of them.
        let text = format!(
            "[data]\nfolder = {:?}\nkeys = {:?}\n[segments]\nseal_entries = 4000\nmerge_entries = 30000\n[sources]\nintercom_url = {:?}\n[deliver]\nallow = [\"127.0.0.1\"]\n[limits]\nrequests_per_10s = 100000\nquery_seconds = 300\n",
            folder.join("data"),
            folder.join("keys"),
            intercom.url
        );
        std::fs::write(&config, text).expect("written");
        let port = free_port();
        let mut house = Self { config, port, admin: String::new(), workspace: String::new() };
        let mut server = house.start();
        let lines = BufReader::new(server.0.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let told: Vec<String> = lines.take(2).collect();
        let word = |line: usize| told[line].split_whitespace().nth(1).expect("told").to_owned();
        (house.workspace, house.admin) = (word(0), word(1));
        house
    }

    fn start(&self) -> Running {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
        program.arg("serve").arg("--config").arg(&self.config);
        program.arg("--listen").arg(format!("127.0.0.1:{}", self.port)).stdout(Stdio::piped());
        program.stderr(Stdio::piped());
        let mut server = Running(program.spawn().expect("started"));
        let mut lines = BufReader::new(server.0.stderr.take().expect("piped")).lines();
        lines.by_ref().map_while(Result::ok).find(|line| line.contains("listening")).expect("it listens");
        // Whoever stops reading would make it wait.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        server
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(300))).build().into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.port))
            .header("authorization", format!("Bearer {}", self.admin))
            .header("hindcast-workspace", &self.workspace)
            .header("content-type", "application/json");
        let answer = if body.is_null() {
            agent.run(request.body(()).expect("a request"))
        } else {
            agent.run(request.body(body.to_string()).expect("a request"))
        };
        let text = answer
            .expect("an answer")
            .body_mut()
            .with_config()
            .limit(64 << 20)
            .read_to_string()
            .expect("text");
        serde_json::from_str(&text).expect("JSON")
    }

    fn connect(&self) -> String {
        let wanted = json!({ "workspace": self.workspace, "kind": "intercom", "name": "Support", "token": TOKEN,
            "from": "2024-12-25T00:00:00Z", "every_minutes": 1440 });
        self.ask("POST", "/v1/sources", &wanted)["id"].as_str().expect("an id").to_owned()
    }

    /// How many entries it says it brought, and whether it has reached the present.
    fn standing(&self, id: &str) -> (u64, bool) {
        let source = self.ask("GET", &format!("/v1/sources/{id}"), &Value::Null);
        let lag = source["lag_seconds"].as_i64();
        (source["stored"].as_u64().expect("a count"), lag.is_some_and(|lag| lag < 86_400))
    }

    /// What we tell in Intercom's shape is what Intercom told, each once.
    fn compare(&self, intercom: &Standing<Intercom>) {
        let expected = intercom.double.lock().expect("there").all();
        let mut found: HashMap<String, Value> = HashMap::with_capacity(expected.len());
        for day in 0..=DAYS {
            let (after, before) = (BEGINNING + day * 86_400, BEGINNING + (day + 1) * 86_400 - 1);
            let mut path = format!(
                "/admins/activity_logs?created_at_after={after}&created_at_before={before}&per_page=250"
            );
            loop {
                let page = self.ask("GET", &path, &Value::Null);
                for log in page["activity_logs"].as_array().unwrap_or_else(|| panic!("{page}")) {
                    let id = log["id"].as_str().expect("an id").to_owned();
                    assert!(found.insert(id, log.clone()).is_none(), "twice: {log}");
                }
                let Some(next) = page["pages"]["next"].as_str() else { break };
                path = next[next.find("/admins").expect("a path")..].to_owned();
            }
        }
        assert_eq!(found.len(), expected.len());
        for log in &expected {
            assert_eq!(found.get(log["id"].as_str().expect("an id")), Some(log));
        }
    }

    fn verify(&self) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
        let ended = program.arg("verify").arg("--config").arg(&self.config).output().expect("ran");
        // Intact; the key is the one found with it.
        assert_eq!(ended.status.code(), Some(10), "{}", String::from_utf8_lossy(&ended.stdout));
    }
}
