//! Servers over one database and one storage, those who write to them, and what must be true of them in the end.

use crate::client::{Client, Server, told, verify};
use crate::database::Database;
use crate::ports::free_port;
use hindcast_ledger::{Checkpoint, verify_consistency};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(90);

/// Servers of one installation, each with a home and a port of its own.
pub struct Site {
    folder: tempfile::TempDir,
    ports: Vec<u16>,
    credentials: (String, String),
    /// What each of them finds in its environment.
    environments: BTreeMap<usize, Vec<(String, String)>>,
    /// Which index each acknowledged id was given.
    acknowledged: Mutex<BTreeMap<String, u64>>,
    /// Every root that any server ever showed, by size.
    roots: Mutex<BTreeMap<u64, Checkpoint>>,
}

/// What came of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Taken,
    /// Nothing was written, or it is not known; the code says which.
    Refused,
    /// Whoever waited gave up.
    Silence,
}

impl Site {
    /// Homes with settings for each server.
    pub fn furnish(settings: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut ports = Vec::new();
        for (node, settings) in settings.iter().enumerate() {
            let (home, port) = (folder.path().join(node.to_string()), free_port());
            std::fs::create_dir(&home).expect("made");
            let data = format!("[data]\nfolder = {:?}\nkeys = {:?}\n", home.join("data"), home.join("keys"));
            let settings = format!("{data}[server]\nlisten = \"127.0.0.1:{port}\"\n{settings}");
            std::fs::write(home.join("hindcast.toml"), settings).expect("written");
            ports.push(port);
        }
        let (credentials, environments, acknowledged, roots) = Default::default();
        Self { folder, ports, credentials, environments, acknowledged, roots }
    }

    /// A server keeps its copies elsewhere.
    pub fn move_data(&self, node: usize, data: &Path) {
        let (file, before) = (self.home(node).join("hindcast.toml"), self.home(node).join("data"));
        let settings = std::fs::read_to_string(&file).expect("read");
        let moved = settings.replace(&format!("{before:?}"), &format!("{data:?}"));
        std::fs::write(file, moved).expect("written");
    }

    /// A server finds this in its environment.
    pub fn with(&mut self, node: usize, environment: &[(&str, &str)]) {
        let owned = environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        self.environments.insert(node, owned.collect());
    }

    /// Starts all servers, with the keys of the first.
    pub fn open(&mut self) -> Vec<Server> {
        let mut first = self.start(0);
        self.credentials = told(&mut first);
        self.wait_until_ready(0);
        let mut servers = vec![first];
        for node in 1..self.ports.len() {
            let (from, to) = (self.home(0).join("keys"), self.home(node).join("keys"));
            let copied = Command::new("cp").arg("-r").args([from, to]).status().expect("ran");
            assert!(copied.success());
            servers.push(self.start(node));
            self.wait_until_ready(node);
        }
        servers
    }

    pub fn start(&self, node: usize) -> Server {
        let log = std::fs::File::options().create(true).append(true).open(self.home(node).join("log"));
        let child = Command::new(env!("CARGO_BIN_EXE_hindcast"))
            .args(["serve", "--config"])
            .arg(self.home(node).join("hindcast.toml"))
            .envs(self.environments.get(&node).into_iter().flatten().cloned())
            .stdout(Stdio::piped())
            .stderr(log.expect("made"))
            .spawn();
        Server(child.expect("started"))
    }

    pub fn home(&self, node: usize) -> PathBuf {
        self.folder.path().join(node.to_string())
    }

    pub fn log(&self, node: usize) -> String {
        std::fs::read_to_string(self.home(node).join("log")).unwrap_or_default()
    }

    pub fn client(&self, node: usize) -> Client {
        let (workspace, token) = self.credentials.clone();
        Client::new(self.ports[node], token, workspace)
    }

    /// The status that a page answers with, and the text; 0 when there was no answer, or only a part of one.
    pub fn ask(&self, node: usize, path: &str) -> (u16, String) {
        self.ask_by(&self.credentials.1, node, path)
    }

    pub fn ask_by(&self, token: &str, node: usize, path: &str) -> (u16, String) {
        self.send(token, ureq::http::Request::get(self.url(node, path)).body(String::new()))
    }

    pub fn post(&self, node: usize, path: &str, body: &Value) -> (u16, String) {
        let request =
            ureq::http::Request::post(self.url(node, path)).header("content-type", "application/json");
        self.send(&self.credentials.1, request.body(body.to_string()))
    }

    fn url(&self, node: usize, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[node])
    }

    fn send(
        &self,
        token: &str,
        request: Result<ureq::http::Request<String>, ureq::http::Error>,
    ) -> (u16, String) {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.timeout_global(Some(PATIENCE)).build().into();
        let mut request = request.expect("a request");
        let bearer = format!("Bearer {token}").parse().expect("ASCII");
        request.headers_mut().insert("authorization", bearer);
        request.headers_mut().insert("hindcast-workspace", self.credentials.0.parse().expect("ASCII"));
        let Ok(mut answer) = agent.run(request) else { return (0, String::new()) };
        let text = answer.body_mut().with_config().limit(u64::MAX).read_to_string();
        text.map_or((0, String::new()), |text| (answer.status().as_u16(), text))
    }

    pub fn is_ready(&self, node: usize) -> bool {
        self.ask(node, "/readyz").0 == 200
    }

    pub fn wait_until_ready(&self, node: usize) {
        wait_for(&format!("server {node} is ready"), || self.is_ready(node).then_some(()));
    }

    /// Appends events of a writer under a key, and keeps what was acknowledged.
    pub fn append(&self, node: usize, writer: &str, batch: usize, count: usize) -> Outcome {
        let ids = (0..count).map(|nth| format!("{writer}-{batch:05}-{nth:03}"));
        let events: Vec<String> = ids
            .map(|id| {
                format!(
                    r#"{{"id":"{id}","action":"test.written","actor":{{"type":"user","id":"{writer}"}}}}"#
                )
            })
            .collect();
        let begun = Instant::now();
        let body = format!("[{}]", events.join(","));
        match self.client(node).append(&body, Some(&format!("{writer}-{batch}"))) {
            Ok(taken) => {
                assert_eq!(taken.len(), count);
                let mut acknowledged = self.acknowledged.lock().expect("not poisoned");
                for (id, index) in taken {
                    let before = acknowledged.insert(id, index);
                    assert!(before.is_none_or(|before| before == index), "two indexes");
                }
                Outcome::Taken
            }
            Err(()) if begun.elapsed() >= Duration::from_secs(59) => Outcome::Silence,
            Err(()) => Outcome::Refused,
        }
    }

    pub fn acknowledged(&self) -> usize {
        self.acknowledged.lock().expect("not poisoned").len()
    }

    /// Keeps the checkpoint that a server shows; two of the same size must have the same root.
    pub fn note_checkpoint(&self, node: usize) {
        let Some(shown) = self.client(node).checkpoint() else { return };
        let mut roots = self.roots.lock().expect("not poisoned");
        let known = roots.entry(shown.size()).or_insert_with(|| shown.clone());
        assert_eq!(known.root(), shown.root(), "two histories of {} entries", shown.size());
    }

    /// Every server has all of it, once, at the index that was told, and all that was shown is a beginning of it; nobody panicked.
    pub fn check(&self) {
        let acknowledged = self.acknowledged.lock().expect("not poisoned");
        assert!(acknowledged.len() > 100, "hardly anything was written, so nothing was tested");
        let logs: Vec<_> = (0..self.ports.len()).map(|node| self.whole_log(node)).collect();
        for (id, index) in acknowledged.iter() {
            assert_eq!(logs[0].get(index), Some(id), "{id} was acknowledged at {index}");
        }
        // That it was exported is an entry, too.
        for log in &logs {
            assert!(logs[0].iter().all(|(index, id)| log.get(index) == Some(id)), "they have other entries");
        }
        for node in 0..self.ports.len() {
            self.note_checkpoint(node);
            let log = self.log(node);
            assert!(!log.contains("panicked") && !log.contains("out of service"), "{log}");
        }
        let client = self.client(0);
        let roots = self.roots.lock().expect("not poisoned");
        let last = roots.keys().next_back().copied().unwrap_or(0);
        let now = wait_for("the log is not behind its checkpoints", || {
            client.checkpoint().filter(|now| now.size() >= last)
        });
        for (&size, shown) in roots.iter().filter(|&(&size, _)| size > 0) {
            let path = client.consistency(size, now.size());
            verify_consistency(size, now.size(), &path, &shown.root(), &now.root()).expect("a prefix");
        }
    }

    /// All that a server has, by index: every index once, every id once, and times that never go back.
    fn whole_log(&self, node: usize) -> BTreeMap<u64, String> {
        let (mut log, mut ids, mut times) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        for entry in self.client(node).export() {
            let text = |name: &str| entry[name].as_str().expect("text").to_owned();
            let (id, index) = (text("id"), entry["index"].as_u64().expect("an index"));
            assert!(ids.insert(id.clone()), "{id} is there twice");
            assert_eq!(log.insert(index, id), None, "index {index} is there twice");
            times.insert(index, text("received_at"));
        }
        let size = log.keys().next_back().map_or(0, |last| last + 1);
        assert_eq!(size, log.len() as u64, "an index is missing");
        assert!(times.values().is_sorted(), "time went back");
        log
    }

    /// Every server that has ended verifies.
    pub fn verify(&self) {
        (0..self.ports.len()).for_each(|node| verify(&self.home(node)));
    }
}

/// Settings of a server over a database and a bucket, which packs entries as soon as there are so many.
pub fn settings(database: &str, bucket: &str, seal_entries: usize) -> String {
    format!(
        "[storage]\ndatabase = \"{database}\"\n{bucket}\
         [segments]\nseal_entries = {seal_entries}\nseal_after_minutes = 1\n[ledger]\ncheckpoint_ms = 50\n"
    )
}

/// A folder as a bucket.
pub fn bucket_in(folder: &Path) -> String {
    format!("bucket = \"file://{}\"\n", folder.display())
}

/// Entries that are not packed yet.
pub fn unsealed(database: &Database) -> i64 {
    let mut client = database.config().connect(postgres::NoTls).expect("connected");
    client.query_one("SELECT max(size - sealed) FROM hindcast.head", &[]).expect("read").get(0)
}

/// The code of a problem.
pub fn code(problem: &str) -> String {
    let problem: Value = serde_json::from_str(problem).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// Looks again and again until there is something.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
