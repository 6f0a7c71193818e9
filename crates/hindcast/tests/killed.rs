//! The server is killed again and again while it is being written to, and must lose, double and reorder nothing.
//!
//! `HINDCAST_KILL_ROUNDS` says how often (50); `./test` runs it, and `HINDCAST_KILL_ROUNDS=5000 cargo test --release
//! --package hindcast --test killed -- --ignored --nocapture` is the long run.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod client;
mod ports;

use client::{Client, Server};
use hindcast_ledger::{Checkpoint, verify_consistency};
use ports::free_port;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const WRITERS: usize = 4;
/// Everything is read back after so many rounds.
const CHECKED_EVERY: u64 = 100;

#[test]
#[ignore = "takes minutes; ./test runs it"]
fn nothing_acknowledged_is_lost_doubled_or_reordered() {
    let rounds =
        std::env::var("HINDCAST_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(50);
    let folder = tempfile::tempdir().expect("a folder");
    let mut story = Story::begin(folder.path());
    let begun = Instant::now();
    for round in 0..rounds {
        let last = round + 1 == rounds;
        story.round(round, last || round % CHECKED_EVERY == CHECKED_EVERY - 1);
    }
    let Story { acknowledged, seen, .. } = &story;
    let entries = acknowledged.len();
    println!(
        "{rounds} kills in {:.0?}: {entries} acknowledged entries all there, {} checkpoints all prefixes",
        begun.elapsed(),
        seen.len()
    );
    assert!(entries as u64 > rounds, "hardly anything was written, so nothing was tested");
    story.verify_folder();
}

/// An append of which nobody knows yet whether it happened.
struct Doubtful {
    key: String,
    body: String,
}

struct Story {
    config: PathBuf,
    port: u16,
    credentials: Option<(String, String)>,
    /// Which index each acknowledged id was given.
    acknowledged: BTreeMap<String, u64>,
    doubtful: Vec<Doubtful>,
    /// Every checkpoint that was ever shown, by size.
    seen: BTreeMap<u64, Checkpoint>,
    random: u64,
}

impl Story {
    fn begin(folder: &Path) -> Self {
        let config = folder.join("hindcast.toml");
        // Small segments, so that sealing and merging are killed too.
        let text = format!(
            "[data]\nfolder = {:?}\nkeys = {:?}\n[segments]\nseal_entries = 700\nmerge_entries = 20000\n[ledger]\ncheckpoint_ms = 10\nanchor_seconds = 1\n",
            folder.join("data"),
            folder.join("keys")
        );
        std::fs::write(&config, text).expect("written");
        let port = free_port();
        Self {
            config,
            port,
            credentials: None,
            acknowledged: BTreeMap::new(),
            doubtful: Vec::new(),
            seen: BTreeMap::new(),
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    fn round(&mut self, round: u64, check: bool) {
        let mut server = self.start();
        let (token, workspace) = self.credentials.clone().expect("told at the first start");
        let client = Client::new(self.port, token, workspace);
        self.settle_doubts(&client);
        self.compare_checkpoints(&client);
        if check {
            self.read_everything_back(&client);
        }

        let stop = AtomicBool::new(false);
        let acknowledged = Mutex::new(Vec::new());
        let doubtful = Mutex::new(Vec::new());
        let lifetime = Duration::from_millis(20 + self.next_random() % 480);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (client, stop, acknowledged, doubtful) = (&client, &stop, &acknowledged, &doubtful);
                scope.spawn(move || write(client, round, writer, stop, acknowledged, doubtful));
            }
            std::thread::sleep(lifetime);
            if let Some(checkpoint) = client.checkpoint() {
                self.seen.insert(checkpoint.size(), checkpoint);
            }
            server.0.kill().expect("killed");
            stop.store(true, Ordering::Relaxed);
        });
        server.0.wait().expect("ended");
        for (id, index) in acknowledged.into_inner().expect("not poisoned") {
            assert_eq!(self.acknowledged.insert(id, index), None, "an id was acknowledged twice");
        }
        self.doubtful = doubtful.into_inner().expect("not poisoned");
    }

    fn start(&mut self) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hindcast"))
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--config"])
            .arg(&self.config)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        if self.credentials.is_none() {
            let lines: Vec<String> = BufReader::new(child.stdout.take().expect("piped"))
                .lines()
                .map_while(Result::ok)
                .take(2)
                .collect();
            let word = |line: usize| {
                lines.get(line).and_then(|line| line.split_whitespace().nth(1)).expect("told").to_owned()
            };
            self.credentials = Some((word(1), word(0)));
        }
        let mut server = Server(child);
        let begun = Instant::now();
        while ureq::get(format!("http://127.0.0.1:{}/readyz", self.port)).call().is_err() {
            if let Some(status) = server.0.try_wait().expect("asked") {
                let mut told = String::new();
                let _read = server.0.stderr.take().expect("piped").read_to_string(&mut told);
                panic!("the server ended with {status}: {told}");
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the server is not ready");
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    /// What was sent under a key and not answered is sent again: it must be there once, wherever the kill fell.
    fn settle_doubts(&mut self, client: &Client) {
        for Doubtful { key, body } in std::mem::take(&mut self.doubtful) {
            for (id, index) in client.append(&body, Some(&key)).expect("answered") {
                assert_eq!(self.acknowledged.insert(id, index), None, "an id was acknowledged twice");
            }
        }
    }

    /// Every checkpoint that was ever shown must be a beginning of what is there now.
    fn compare_checkpoints(&mut self, client: &Client) {
        let Some((&old, before)) = self.seen.iter().next_back() else { return };
        let begun = Instant::now();
        let now = loop {
            match client.checkpoint() {
                Some(now) if now.size() >= old => break now,
                _ => {
                    assert!(begun.elapsed() < Duration::from_secs(10), "the log is behind its own checkpoint")
                }
            }
        };
        if old > 0 {
            let path = client.consistency(old, now.size());
            verify_consistency(old, now.size(), &path, &before.root(), &now.root())
                .expect("the old tree is a prefix");
        }
        self.seen.insert(now.size(), now);
    }

    fn read_everything_back(&self, client: &Client) {
        let mut found = BTreeMap::new();
        let mut indexes = BTreeSet::new();
        for entry in client.export() {
            let (id, index) =
                (entry["id"].as_str().expect("an id"), entry["index"].as_u64().expect("an index"));
            assert!(indexes.insert(index), "index {index} is there twice");
            if entry["action"] == "test.written" {
                assert_eq!(found.insert(id.to_owned(), index), None, "{id} is there twice");
            }
        }
        assert_eq!(indexes.last().map_or(0, |last| last + 1), indexes.len() as u64, "an index is missing");
        for (id, index) in &self.acknowledged {
            assert_eq!(found.get(id), Some(index), "{id} was acknowledged at {index}");
        }
        // What one writer was answered in order has indexes in order.
        let mut last: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (id, index) in &self.acknowledged {
            let (writer, number) = id.rsplit_once('-').expect("writer-number");
            let number: u64 = number.parse().expect("a number");
            if let Some((earlier, at)) = last.insert(writer, (number, *index)) {
                assert!(earlier < number && at < *index, "{id} was reordered");
            }
        }
    }

    fn verify_folder(&self) {
        let verified = Command::new(env!("CARGO_BIN_EXE_hindcast"))
            .args(["verify", "--config"])
            .arg(&self.config)
            .output()
            .expect("ran");
        let told = String::from_utf8_lossy(&verified.stdout).into_owned()
            + &String::from_utf8_lossy(&verified.stderr);
        // 10: intact, as far as the key that lies beside the data can tell.
        assert_eq!(verified.status.code(), Some(10), "{told}");
        println!("{told}");
    }

    /// xorshift64*: the lifetimes need no better.
    fn next_random(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }
}

/// Appends until told to stop or cut off; every third batch under a key.
fn write(
    client: &Client,
    round: u64,
    writer: usize,
    stop: &AtomicBool,
    acknowledged: &Mutex<Vec<(String, u64)>>,
    doubtful: &Mutex<Vec<Doubtful>>,
) {
    let mut number = 0;
    for batch in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let events: Vec<String> = (0..1 + (batch + writer) % 7 * 6)
            .map(|_| {
                number += 1;
                let id = format!("r{round:05}w{writer}-{number:06}");
                format!(
                    r#"{{"id":"{id}","action":"test.written","actor":{{"type":"user","id":"w{writer}"}}}}"#
                )
            })
            .collect();
        let body = format!("[{}]", events.join(","));
        let key = (batch % 3 == 0).then(|| format!("r{round}-w{writer}-{batch}"));
        match client.append(&body, key.as_deref()) {
            Ok(entries) => acknowledged.lock().expect("not poisoned").extend(entries),
            Err(()) => {
                if let Some(key) = key {
                    doubtful.lock().expect("not poisoned").push(Doubtful { key, body });
                }
                return;
            }
        }
    }
}
