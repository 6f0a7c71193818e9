//! A witness without a server beside it, asked as any log would ask it, and killed.

use crate::process::wait_for;
use crate::support::{Answer, agent};
use hindcast::witness::origin_hash;
use hindcast_ledger::witness::{SUBMISSION_BYTES_MAX, Submission, cosignature};
use hindcast_ledger::{
    Checkpoint, Frontier, Hash, HashSource, Note, Signer, VerifierKey, leaf_hash, prove_consistency,
};
use std::collections::HashMap;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use ureq::http::Request;

/// So often the witness is killed while it is asked.
const KILLS: u32 = 12;

/// A log that only exists to be witnessed.
struct Log {
    signer: Signer,
    tree: Frontier,
    hashes: HashMap<(u8, u64), Hash>,
}

impl HashSource for Log {
    type Error = (u8, u64);

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, (u8, u64)> {
        self.hashes.get(&(level, index)).copied().ok_or((level, index))
    }
}

impl Log {
    fn new() -> Self {
        let signer = Signer::new("audit.example.com/w/instance/0", &[7; 32]).expect("a key");
        Self { signer, tree: Frontier::new(), hashes: HashMap::new() }
    }

    /// One entry more, and what is submitted to a witness that has seen `old`.
    fn grow(&mut self, old: u64) -> Submission {
        let (hashes, size) = (&mut self.hashes, self.tree.size());
        self.tree.push_with(leaf_hash(&size.to_be_bytes()), |level, index, hash| {
            hashes.insert((level, index), hash);
        });
        self.submission(old)
    }

    fn submission(&self, old: u64) -> Submission {
        let checkpoint = Checkpoint::new(self.signer.name(), self.tree.size(), self.tree.root());
        let note = checkpoint.and_then(|checkpoint| checkpoint.sign(&self.signer)).expect("signed");
        let proof = prove_consistency(self, old, self.tree.size()).expect("proven");
        Submission { old, proof, note }
    }
}

/// A witness of its own: where it is, and its key.
struct Home {
    folder: tempfile::TempDir,
    port: u16,
    log: VerifierKey,
    key: VerifierKey,
}

/// A running witness, killed when it goes out of scope.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}

impl Home {
    fn new(log: &Log) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port").port();
        let mut show = command(&folder.path().join("witness"));
        let shown = show.arg("--show-key").output().expect("ran");
        let key = String::from_utf8_lossy(&shown.stdout).trim().parse().expect("a key");
        Self { folder, port, log: log.signer.verifier_key().clone(), key }
    }

    fn own(&self) -> PathBuf {
        self.folder.path().join("witness")
    }

    fn start(&self) -> Running {
        let mut program = command(&self.own());
        program.args(["--listen", &format!("127.0.0.1:{}", self.port), "--log", &self.log.to_string()]);
        let running = Running(program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started"));
        wait_for("the witness listens", || TcpStream::connect(("127.0.0.1", self.port)).ok());
        running
    }

    fn try_post(&self, body: Vec<u8>) -> Result<Answer, ureq::Error> {
        let url = format!("http://127.0.0.1:{}/add-checkpoint", self.port);
        let mut response = agent().run(Request::post(url).body(body).expect("a request"))?;
        let body = response.body_mut().read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    fn post(&self, body: impl Into<Vec<u8>>) -> Answer {
        self.try_post(body.into()).expect("an answer")
    }

    /// What it holds, which it has cosigned.
    fn held(&self) -> Checkpoint {
        let url = format!("http://127.0.0.1:{}/{}/checkpoint", self.port, origin_hash(self.log.name()));
        let held = Answer::of(agent().get(url).call().expect("answered"));
        let note: Note = held.text().parse().expect("a note");
        let held = Checkpoint::open(&note, &self.log, [&self.key]).expect("signed");
        assert_eq!(held.seen_by.len(), 1);
        held.checkpoint
    }
}

fn command(folder: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.args(["witness", "--name", "w.example", "--folder"]).arg(folder);
    program
}

#[test]
fn a_witness_answers_as_the_specification_says() {
    let mut log = Log::new();
    let home = Home::new(&log);
    let _running = home.start();
    let first = log.grow(0);
    let answer = home.post(first.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text());
    cosignature(answer.text(), &first.note, &home.key).expect("a cosignature");
    let second = log.grow(1);
    assert_eq!(home.post(second.to_string()).status, 200);
    let refused = home.post(second.to_string());
    assert_eq!((refused.status, refused.header("content-type")), (409, "text/x.tlog.size"));
    assert_eq!(refused.text(), "2\n");
    let mut unproven = log.grow(2);
    unproven.proof.clear();
    assert_eq!(home.post(unproven.to_string()).status, 422);
    assert_eq!(home.post(Submission { old: 9, ..unproven.clone() }.to_string()).status, 400);
    let text = unproven.to_string();
    assert_eq!(home.post(text.replace("audit.", "other.")).status, 404);
    assert_eq!(home.post(text.replace("\n3\n", "\n4\n")).status, 403);
    assert_eq!(home.post(vec![b'x'; SUBMISSION_BYTES_MAX + 1]).status, 413);
    assert_eq!(home.post(vec![0xff; 100]).status, 400);
    assert_eq!(home.post("old 0\n\nother\n1\n").status, 400);
    assert_eq!(home.held().size(), 2, "nothing of that was taken");
}

#[test]
fn a_witness_that_is_killed_at_any_moment_holds_what_it_answered() {
    let mut log = Log::new();
    let home = Home::new(&log);
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        let mut running = home.start();
        if acknowledged > 0 {
            // Either the last one it answered, or the one it was asked when it was killed.
            let held = home.held();
            assert!(held.size() == acknowledged || held.size() == log.tree.size(), "{held:?}");
            if held.size() == log.tree.size() {
                assert_eq!(held.root(), log.tree.root());
            }
            acknowledged = held.size();
        }
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(u64::from(kill * 17 % 50)));
                running.0.kill().expect("killed");
                running.0.wait().expect("ended");
            });
            loop {
                let submission = log.grow(acknowledged);
                let Ok(answer) = home.try_post(submission.to_string().into_bytes()) else { break };
                assert_eq!(answer.status, 200, "{}", answer.text());
                cosignature(answer.text(), &submission.note, &home.key).expect("a cosignature");
                acknowledged = log.tree.size();
            }
        });
    }
    assert!(acknowledged > 0);
}
