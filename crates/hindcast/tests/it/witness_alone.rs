//! A witness without a server beside it, asked as any log would ask it, and killed.

use crate::ports::free_port;
use crate::process::wait_for;
use crate::support::{Answer, agent};
use hindcast::witness::origin_hash;
use hindcast_ledger::witness::{SUBMISSION_BYTES_MAX, Submission, cosignature};
use hindcast_ledger::{
    Checkpoint, Frontier, Hash, HashSource, Note, Signer, VerifierKey, leaf_hash, prove_consistency,
};
use std::collections::HashMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use ureq::http::Request;

/// So often the witness is killed while it is asked.
const KILLS: u32 = 12;

/// The system calls by which a checkpoint is kept.
const KEEPING: &str = "openat,write,fsync,rename,renameat,renameat2";

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
        let port = free_port();
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

/// Lets strace do something to the system calls of a witness; nothing where it cannot.
fn strace(running: &Running, inject: &str) -> Option<Running> {
    let id = running.0.id();
    let mut tracer = Command::new("strace");
    tracer.args(["-qq", "-f", "-e", &format!("trace={KEEPING}"), "-e", &format!("inject={inject}")]);
    tracer.args(["-o", "/dev/null", "-p", &id.to_string()]).stderr(Stdio::null());
    let mut tracer = Running(tracer.spawn().ok()?);
    let is_traced = || {
        let tasks = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        let mut states = tasks.map(|task| std::fs::read_to_string(task.path().join("status")));
        states.all(|state| state.is_ok_and(|text| !text.contains("TracerPid:\t0")))
    };
    wait_for("strace is attached, or gives up", || {
        let gave_up = tracer.0.try_wait().expect("asked").is_some();
        (gave_up || is_traced()).then_some(())
    });
    tracer.0.try_wait().expect("asked").is_none().then_some(tracer)
}

#[test]
fn a_witness_killed_at_each_system_call_of_keeping_holds_the_old_or_the_new() {
    let mut log = Log::new();
    let home = Home::new(&log);
    let (mut held, mut kills) = (0, 0);
    for call in KEEPING.split(',') {
        for nth in 1.. {
            let running = home.start();
            let Some(tracer) = strace(&running, &format!("{call}:signal=KILL:when={nth}")) else {
                println!("skipped: strace is not installed, or may not attach to another process here");
                return;
            };
            let submission = log.grow(held);
            let answered = home.try_post(submission.to_string().into_bytes());
            drop((tracer, running));
            let _again = home.start();
            // What it holds is told by what it refuses; a witness that holds nothing takes the first.
            let refused = home.post(Submission { proof: vec![], ..log.submission(0) }.to_string());
            let now = match refused.status {
                200 => 0,
                409 => refused.text().trim().parse().expect("a size"),
                status => panic!("{status}: {}", refused.text()),
            };
            let size = log.tree.size();
            assert!(now == held || now == size, "{call} {nth}: it holds {now}, before {held}");
            assert!(answered.is_err() || now == size, "{call} {nth}: it forgot what it answered");
            held = if now == 0 { size } else { now };
            if let Ok(answer) = answered {
                assert_eq!(answer.status, 200);
                break;
            }
            kills += 1;
        }
    }
    assert!(kills >= 5, "it was killed {kills} times only");
}

#[test]
fn a_witness_whose_disk_fails_cosigns_nothing() {
    let mut log = Log::new();
    let home = Home::new(&log);
    let running = home.start();
    assert_eq!(home.post(log.grow(0).to_string()).status, 200);
    let Some(tracer) = strace(&running, "fsync:error=EIO") else {
        println!("skipped: strace is not installed, or may not attach to another process here");
        return;
    };
    let second = log.grow(1);
    assert_eq!(home.post(second.to_string()).status, 500);
    assert_eq!(home.held().size(), 1);
    drop(tracer);
    wait_for("the disk is well again", || (home.post(second.to_string()).status == 200).then_some(()));
    assert_eq!(home.held().size(), 2);
}
