//! Three servers over one PostgreSQL and one S3-compatible storage are written to by all, while they, the database and the
//! storage are killed or stopped at random. Nothing that was acknowledged is lost or doubled, and there is one history.
//!
//! `HINDCAST_NODES_SECONDS` says for how long (60); `./test` runs it.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod client;
#[path = "../../hindcast-ledger/tests/database/mod.rs"]
mod database;
#[path = "it/garage.rs"]
mod garage;
mod ports;

use client::{Client, Server, told, verify};
use database::Database;
use garage::Garage;
use hindcast_ledger::{Checkpoint, Hash, verify_consistency};
use ports::free_port;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const NODES: usize = 3;
const WRITERS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(90);

#[test]
#[ignore = "takes minutes; ./test runs it"]
fn servers_that_are_killed_at_random_keep_one_history_of_all_that_they_acknowledged() {
    let seconds =
        std::env::var("HINDCAST_NODES_SECONDS").ok().and_then(|said| said.parse().ok()).unwrap_or(60);
    let Some(mut database) = Database::start() else { return };
    let site = Site::furnish(&database);
    let mut first = site.start(0);
    let credentials = told(&mut first);
    site.share_keys();
    drop(first);
    let story = Story { site: &site, credentials, ..Story::new(&site) };
    let ending = AtomicBool::new(false);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let (story, ending) = (&story, &ending);
        for node in 0..NODES {
            scope.spawn(move || story.run_node(node, ending));
        }
        for writer in 0..WRITERS {
            scope.spawn(move || story.write(writer, ending));
        }
        scope.spawn(move || story.watch_checkpoints(ending));
        let mut dice = Dice::new(77);
        while begun.elapsed() < Duration::from_secs(seconds) {
            std::thread::sleep(Duration::from_secs(5));
            // Every twenty seconds or so something that all of them need.
            match dice.below(12) {
                0 | 1 => {
                    database.kill();
                    std::thread::sleep(Duration::from_millis(500));
                    database.start_again();
                    story.count(&story.database);
                }
                2 => story.site.garage.iter().for_each(|garage| {
                    signal("STOP", garage.id());
                    std::thread::sleep(Duration::from_secs(3));
                    signal("CONT", garage.id());
                    story.count(&story.storage);
                }),
                _ => {}
            }
        }
        ending.store(true, Ordering::Relaxed);
    });
    story.tell(begun.elapsed());
    story.check();
}

/// What the servers share, and where each of them lives.
struct Site {
    folder: tempfile::TempDir,
    garage: Option<Garage>,
    ports: Vec<u16>,
}

impl Site {
    fn furnish(database: &Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let garage = Garage::start();
        let bucket = match &garage {
            Some(garage) => garage.settings(),
            None => format!("bucket = \"file://{}\"\n", folder.path().join("bucket").display()),
        };
        let address = database.address();
        let mut ports = Vec::new();
        for node in 0..NODES {
            let (home, port) = (folder.path().join(node.to_string()), free_port());
            std::fs::create_dir(&home).expect("made");
            let settings = format!(
                "[data]\nfolder = {:?}\nkeys = {:?}\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
                 [storage]\ndatabase = \"{address}\"\n{bucket}\
                 [segments]\nseal_entries = 3000\nmerge_entries = 100000\n[ledger]\ncheckpoint_ms = 50\n",
                home.join("data"),
                home.join("keys")
            );
            std::fs::write(home.join("hindcast.toml"), settings).expect("written");
            ports.push(port);
        }
        Self { folder, garage, ports }
    }

    fn home(&self, node: usize) -> PathBuf {
        self.folder.path().join(node.to_string())
    }

    /// Starts a server; it may take a while until it answers.
    fn start(&self, node: usize) -> Server {
        let log = std::fs::File::options().create(true).append(true).open(self.home(node).join("log"));
        let child = Command::new(env!("CARGO_BIN_EXE_hindcast"))
            .args(["serve", "--config"])
            .arg(self.home(node).join("hindcast.toml"))
            .stdout(Stdio::piped())
            .stderr(log.expect("made"))
            .spawn();
        Server(child.expect("started"))
    }

    /// All servers sign with the key of the first.
    fn share_keys(&self) {
        for node in 1..NODES {
            let (from, to) = (self.home(0).join("keys"), self.home(node).join("keys"));
            let copied = Command::new("cp").arg("-r").args([from, to]).status().expect("ran");
            assert!(copied.success());
        }
    }

    fn is_ready(&self, node: usize) -> bool {
        ureq::get(format!("http://127.0.0.1:{}/readyz", self.ports[node])).call().is_ok()
    }

    /// The last that each server said.
    fn logs(&self) -> String {
        let end = |node: usize| self.log(node).lines().rev().take(12).collect::<Vec<_>>().join("\n");
        (0..NODES).map(|node| format!("server {node}, the newest first:\n{}\n", end(node))).collect()
    }

    fn log(&self, node: usize) -> String {
        std::fs::read_to_string(self.home(node).join("log")).unwrap_or_default()
    }
}

struct Story<'s> {
    site: &'s Site,
    credentials: (String, String),
    /// Which index each acknowledged id was given.
    acknowledged: Mutex<BTreeMap<String, u64>>,
    /// Every root that any server ever showed, by size.
    roots: Mutex<BTreeMap<u64, Checkpoint>>,
    killed: AtomicUsize,
    stopped: AtomicUsize,
    ended: AtomicUsize,
    database: AtomicUsize,
    storage: AtomicUsize,
    again: AtomicUsize,
    read: AtomicUsize,
}

impl<'s> Story<'s> {
    fn new(site: &'s Site) -> Self {
        Self {
            site,
            credentials: Default::default(),
            acknowledged: Mutex::default(),
            roots: Mutex::default(),
            killed: AtomicUsize::default(),
            stopped: AtomicUsize::default(),
            ended: AtomicUsize::default(),
            database: AtomicUsize::default(),
            storage: AtomicUsize::default(),
            again: AtomicUsize::default(),
            read: AtomicUsize::default(),
        }
    }

    fn count(&self, what: &AtomicUsize) {
        what.fetch_add(1, Ordering::Relaxed);
    }

    fn client(&self, node: usize) -> Client {
        let (workspace, token) = self.credentials.clone();
        Client::new(self.site.ports[node], token, workspace)
    }

    /// Starts a server again and again, after it was killed, stopped for a while, or asked to end.
    fn run_node(&self, node: usize, ending: &AtomicBool) {
        let mut dice = Dice::new(node as u64);
        while !ending.load(Ordering::Relaxed) {
            let mut server = self.site.start(node);
            let begun = Instant::now();
            while !self.site.is_ready(node) && !ending.load(Ordering::Relaxed) {
                if server.0.try_wait().expect("asked").is_some() {
                    // It may refuse to start while the database is away.
                    break;
                }
                assert!(begun.elapsed() < PATIENCE, "server {node} is not ready: {}", self.site.log(node));
                std::thread::sleep(Duration::from_millis(20));
            }
            let life = Instant::now() + Duration::from_millis(1000 + dice.below(9000));
            while Instant::now() < life && !ending.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(50));
            }
            match dice.below(10) {
                0 | 1 => {
                    signal("STOP", server.0.id());
                    std::thread::sleep(Duration::from_millis(2000 + dice.below(6000)));
                    signal("CONT", server.0.id());
                    std::thread::sleep(Duration::from_millis(dice.below(3000)));
                    self.count(&self.stopped);
                }
                2 => {
                    signal("TERM", server.0.id());
                    let status = server.0.wait().expect("ended");
                    // Without the database it cannot say that it ended.
                    assert!(matches!(status.code(), Some(0 | 1)), "{status}: {}", self.site.log(node));
                    self.count(&self.ended);
                    continue;
                }
                _ => self.count(&self.killed),
            }
            drop(server);
        }
    }

    /// Appends under keys, each batch until somebody says yes; and reads it from another server.
    fn write(&self, writer: usize, ending: &AtomicBool) {
        let mut dice = Dice::new(1000 + writer as u64);
        let clients: Vec<Client> = (0..NODES).map(|node| self.client(node)).collect();
        let mut number = 0;
        for batch in 0.. {
            let events: Vec<String> = (0..=dice.below(30))
                .map(|_| {
                    number += 1;
                    format!(
                        r#"{{"id":"w{writer}-{number:07}","action":"test.written","actor":{{"type":"user","id":"w{writer}"}}}}"#
                    )
                })
                .collect();
            let (body, key) = (format!("[{}]", events.join(",")), format!("w{writer}-{batch}"));
            let (taken, by) = loop {
                let by = dice.below(NODES as u64) as usize;
                match clients[by].append(&body, Some(&key)) {
                    Ok(taken) => break (taken, by),
                    Err(()) if ending.load(Ordering::Relaxed) => return,
                    Err(()) => {
                        self.count(&self.again);
                        std::thread::sleep(Duration::from_millis(20 + dice.below(100)));
                    }
                }
            };
            assert_eq!(taken.len(), events.len());
            let other = &clients[(by + 1) % NODES];
            if let Some((id, index)) = taken.last()
                && dice.below(4) == 0
                && let Some(found) = other.get_known(&format!("/v1/events/{id}"))
            {
                assert_eq!(found["index"].as_u64(), Some(*index), "{id} was acknowledged and is not there");
                self.count(&self.read);
            }
            let mut acknowledged = self.acknowledged.lock().expect("not poisoned");
            for (id, index) in taken {
                assert!(acknowledged.insert(id, index).is_none_or(|before| before == index), "two indexes");
            }
            drop(acknowledged);
            if ending.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// Keeps what servers show; two of the same size must have the same root.
    fn watch_checkpoints(&self, ending: &AtomicBool) {
        let mut dice = Dice::new(5);
        while !ending.load(Ordering::Relaxed) {
            if let Some(shown) = self.client(dice.below(NODES as u64) as usize).checkpoint() {
                let mut roots = self.roots.lock().expect("not poisoned");
                let known = roots.entry(shown.size()).or_insert_with(|| shown.clone());
                assert_eq!(known.root(), shown.root(), "two histories of {} entries", shown.size());
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn tell(&self, took: Duration) {
        let number = |what: &AtomicUsize| what.load(Ordering::Relaxed);
        println!(
            "{took:.0?}: {} acknowledged entries, {} read elsewhere at once, {} tries again, {} checkpoints; \
             {} kills, {} stops, {} ends, {} crashes of the database, {} stops of the storage",
            self.acknowledged.lock().expect("not poisoned").len(),
            number(&self.read),
            number(&self.again),
            self.roots.lock().expect("not poisoned").len(),
            number(&self.killed),
            number(&self.stopped),
            number(&self.ended),
            number(&self.database),
            number(&self.storage),
        );
    }

    /// Every server has all of it, once, at the index that was told; and all that was shown is a beginning of it.
    fn check(&self) {
        let acknowledged = self.acknowledged.lock().expect("not poisoned");
        assert!(acknowledged.len() > 100, "hardly anything was written, so nothing was tested");
        let mut servers: Vec<Server> = (0..NODES).map(|node| self.site.start(node)).collect();
        let begun = Instant::now();
        while !(0..NODES).all(|node| self.site.is_ready(node)) {
            for (node, server) in servers.iter_mut().enumerate() {
                if server.0.try_wait().expect("asked").is_some() {
                    // The database may still be reading its log.
                    *server = self.site.start(node);
                }
            }
            assert!(begun.elapsed() < PATIENCE, "not all are ready: {}", self.site.logs());
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut logs: Vec<BTreeMap<u64, String>> = Vec::new();
        for node in 0..NODES {
            let (mut log, mut ids) = (BTreeMap::new(), BTreeSet::new());
            for entry in self.client(node).export() {
                let id = entry["id"].as_str().expect("an id").to_owned();
                assert!(ids.insert(id.clone()), "{id} is there twice");
                let index = entry["index"].as_u64().expect("an index");
                assert_eq!(log.insert(index, id), None, "index {index} is there twice");
            }
            assert_eq!(
                log.keys().next_back().map_or(0, |last| last + 1),
                log.len() as u64,
                "an index is missing"
            );
            logs.push(log);
        }
        for (id, index) in acknowledged.iter() {
            assert_eq!(logs[0].get(index), Some(id), "{id} was acknowledged at {index}");
        }
        // That it was exported is an entry, too.
        for log in &logs {
            assert!(logs[0].iter().all(|(index, id)| log.get(index) == Some(id)), "they have other entries");
        }
        self.compare_checkpoints();
        drop(servers);
        for node in 0..NODES {
            verify(&self.site.home(node));
            let log = self.site.log(node);
            assert!(!log.contains("panicked") && !log.contains("out of service"), "{log}");
        }
    }

    fn compare_checkpoints(&self) {
        let client = self.client(0);
        let roots = self.roots.lock().expect("not poisoned");
        let last = roots.keys().next_back().copied().unwrap_or(0);
        let begun = Instant::now();
        let now = loop {
            match client.checkpoint().filter(|now| now.size() >= last) {
                Some(now) => break now,
                None => assert!(begun.elapsed() < PATIENCE, "the log is behind its own checkpoint"),
            }
        };
        for (&size, shown) in roots.iter().filter(|&(&size, _)| size > 0) {
            let path: Vec<Hash> = client.consistency(size, now.size());
            verify_consistency(size, now.size(), &path, &shown.root(), &now.root()).expect("a prefix");
        }
    }
}

fn signal(name: &str, process: u32) {
    let _sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status();
}

/// xorshift64*: chance needs no better here.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % end
    }
}
