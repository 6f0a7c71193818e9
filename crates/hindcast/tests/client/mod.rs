//! A client of a server that is killed now and then.

#![allow(dead_code, reason = "not every test needs all of it")]

use hindcast_ledger::{Checkpoint, Hash, VerifierKey, open_note};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

/// Killed when a test fails, so that no server is left behind.
pub struct Server(pub Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}

/// Workspace and token, as a server tells at the first start.
pub fn told(server: &mut Server) -> (String, String) {
    let out = server.0.stdout.take().expect("piped");
    let lines: Vec<String> = BufReader::new(out).lines().map_while(Result::ok).take(2).collect();
    let word = |line: usize| {
        lines.get(line).and_then(|line| line.split_whitespace().nth(1)).expect("told").to_owned()
    };
    (word(0), word(1))
}

/// What a server that has ended left in its home verifies.
pub fn verify(home: &Path) {
    let verified = Command::new(env!("CARGO_BIN_EXE_hindcast"))
        .args(["verify", "--config"])
        .arg(home.join("hindcast.toml"))
        .output();
    let verified = verified.expect("ran");
    // 10: intact, as far as the key that lies beside the data can tell.
    assert_eq!(verified.status.code(), Some(10), "{verified:?}");
    println!("{}", String::from_utf8_lossy(&verified.stdout));
}

/// Somebody who appends, exports and keeps checkpoints.
pub struct Client {
    agent: ureq::Agent,
    pub address: String,
    pub token: String,
    pub workspace: String,
}

impl Client {
    pub fn new(port: u16, token: String, workspace: String) -> Self {
        let agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().new_agent();
        Self { agent, address: format!("http://127.0.0.1:{port}"), token, workspace }
    }

    pub fn get(&self, path: &str) -> Option<String> {
        let answer = self
            .agent
            .get(format!("{}{path}", self.address))
            .header("authorization", format!("Bearer {}", self.token))
            .header("hindcast-workspace", &self.workspace)
            .call();
        answer.ok()?.into_body().into_with_config().limit(u64::MAX).read_to_string().ok()
    }

    /// An answer in JSON; nothing where nobody answers or somebody says that it cannot be done now.
    pub fn get_known(&self, path: &str) -> Option<Value> {
        let answer = self
            .agent
            .get(format!("{}{path}", self.address))
            .header("authorization", format!("Bearer {}", self.token))
            .header("hindcast-workspace", &self.workspace)
            .call();
        match answer {
            Ok(answer) => serde_json::from_str(&answer.into_body().read_to_string().ok()?).ok(),
            Err(ureq::Error::StatusCode(status @ (404 | 500))) => panic!("{path}: {status}"),
            Err(_) => None,
        }
    }

    /// The ids and indexes of what was appended, or nothing known.
    pub fn append(&self, body: &str, key: Option<&str>) -> Result<Vec<(String, u64)>, ()> {
        let mut request = self
            .agent
            .post(format!("{}/v1/events", self.address))
            .header("authorization", format!("Bearer {}", self.token))
            .header("hindcast-workspace", &self.workspace)
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = match request.send(body) {
            Ok(answer) => answer.into_body().read_to_string().map_err(drop)?,
            Err(ureq::Error::StatusCode(status @ (429 | 503))) => {
                // The server is ending or busy; it has said that nothing was taken.
                let _said = status;
                return Err(());
            }
            Err(ureq::Error::StatusCode(status)) => panic!("an append was refused with {status}"),
            Err(_) => return Err(()),
        };
        let answer: Value = serde_json::from_str(&answer).map_err(drop)?;
        let events = answer["events"].as_array().expect("events");
        Ok(events
            .iter()
            .map(|event| {
                (event["id"].as_str().expect("an id").to_owned(), event["index"].as_u64().expect("an index"))
            })
            .collect())
    }

    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let key: VerifierKey = self.get(&format!("/w/{}/vkey", self.workspace))?.trim().parse().ok()?;
        let note = self.get(&format!("/w/{}/checkpoint", self.workspace))?;
        Some(open_note(&note, &key).expect("signed by the log"))
    }

    pub fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        let answer = self.get(&format!("/v1/consistency?old={old}&new={new}")).expect("answered");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let path = answer["path"].as_array().expect("a path");
        path.iter().map(|hash| hash.as_str().expect("base64").parse().expect("a hash")).collect()
    }

    pub fn export(&self) -> Vec<Value> {
        let text = self.get("/v1/export?format=ndjson").expect("exported");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}
