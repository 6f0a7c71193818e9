//! What somebody could do to evidence on its way to an auditor, and what both verifiers say to it: ours, and the one in
//! Python that is shipped in every bundle.

mod attacks;
mod forms;
mod heads;
mod mutations;
mod proofs;
mod workshop;

use hindcast::bundle::{self, Checked, Given, Refused};
use hindcast_ledger::VerifierKey;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A file, what is brought along to verify it, and what should be said to it.
pub struct Case {
    pub name: String,
    pub file: Vec<u8>,
    pub key: Option<String>,
    pub witness: Option<String>,
    pub saved: Option<String>,
    pub verdict: &'static str,
}

/// What our verifier says.
fn ours(case: &Case) -> &'static str {
    let parsed = |text: &String| text.parse::<VerifierKey>().expect("a key");
    let key = case.key.as_ref().map(parsed);
    let witnesses: Vec<_> = case.witness.iter().map(parsed).collect();
    let saved = case.saved.as_deref().map(str::as_bytes);
    let given = Given { key: key.as_ref(), witnesses: &witnesses, saved, ..Given::default() };
    let checked = bundle::verify(case.file.as_slice(), &given);
    checked.as_ref().map_or_else(Refused::verdict, Checked::verdict).word()
}

/// What the one in Python says, in one process for all of them; nothing where there is no Python.
fn theirs(cases: &[Case]) -> Option<Vec<String>> {
    const DRIVER: &str = "
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
import verify
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = verify.main(json.loads(line))
    word = said.getvalue().split(' ')[0].strip()
    assert verify.CODES[word] == code
    print(word)
";
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: the verifier in Python, there is no python3");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = PathBuf::from("../../verify");
    let mut python = Command::new("python3");
    python.args(["-B", "-c", DRIVER]).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().expect("Python starts");
    let mut stdin = python.stdin.take().expect("piped");
    let mut lines = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let place = |what: &str| folder.path().join(format!("{number}.{what}")).display().to_string();
        let mut arguments = vec![place("file")];
        std::fs::write(place("file"), &case.file).expect("written");
        case.key.iter().for_each(|key| arguments.extend(["--vkey".to_owned(), key.clone()]));
        case.witness.iter().for_each(|key| arguments.extend(["--witness".to_owned(), key.clone()]));
        if let Some(saved) = &case.saved {
            std::fs::write(place("saved"), saved).expect("written");
            arguments.extend(["--saved".to_owned(), place("saved")]);
        }
        lines.push(serde_json::to_string(&arguments).expect("JSON"));
    }
    let writer = std::thread::spawn(move || stdin.write_all((lines.join("\n") + "\n").as_bytes()));
    let said = python.wait_with_output().expect("Python ends");
    writer.join().expect("no panic").expect("written");
    assert!(said.status.success(), "the verifier in Python broke off");
    Some(String::from_utf8(said.stdout).expect("UTF-8").lines().map(str::to_owned).collect())
}
