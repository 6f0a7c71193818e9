//! The real program on a data folder of its own: started, asked, stopped and started again.

use crate::support::{Answer, agent, shared_database};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output};
use std::time::{Duration, Instant};
use ureq::http::Request;

const PATIENCE: Duration = Duration::from_secs(30);

/// A data folder, its keys and its settings, and what the first start told.
pub struct Home {
    root: tempfile::TempDir,
    data: PathBuf,
    /// Where it keeps things when that is not in its data folder, in TOML.
    storage: String,
    /// Found at the first start.
    told: Option<(String, String)>,
}

impl Home {
    /// A new home; `settings` are TOML beside those for the folders.
    pub fn new(settings: &str) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let data = root.path().join("data");
        Self::furnish(root, data, settings)
    }

    /// A home for another server of the same installation: a data folder of its own, and the keys of the one that was started.
    pub fn beside(&self, settings: &str) -> Self {
        let other = Self { told: self.told.clone(), ..Self::new(settings) };
        run("cp", ["-r".as_ref(), self.keys().as_os_str(), other.keys().as_os_str()]);
        other
    }

    /// A new home whose data folder is elsewhere.
    pub fn with_data(data: &Path, settings: &str) -> Self {
        Self::furnish(tempfile::tempdir().expect("a folder"), data.to_owned(), settings)
    }

    fn furnish(root: tempfile::TempDir, data: PathBuf, settings: &str) -> Self {
        let bucket = root.path().join("bucket");
        let storage = shared_database().map(|(database, schema)| {
            let bucket = format!("file://{}", bucket.display());
            format!("[storage]\ndatabase = {database:?}\nschema = {schema:?}\nbucket = {bucket:?}\n")
        });
        let home = Self { root, data, storage: storage.unwrap_or_default(), told: None };
        home.set(settings);
        home
    }

    /// Other settings from the next start on.
    pub fn set(&self, settings: &str) {
        let (data, keys) = (&self.data, self.keys());
        // Those that name a database mean it.
        let storage = if settings.contains("[storage]") { "" } else { self.storage.as_str() };
        let folders = format!("[data]\nfolder = {data:?}\nkeys = {keys:?}\n[log]\nformat = \"json\"\n");
        std::fs::write(self.settings(), folders + storage + settings).expect("written");
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn keys(&self) -> PathBuf {
        self.root.path().join("keys")
    }

    /// A command of the program about this home, such as `token list`, run to its end.
    pub fn run(&self, command: &str, arguments: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
        program.args(command.split(' ')).arg("--config").arg(self.settings()).args(arguments);
        program.output().expect("ran")
    }

    /// A start that is refused: what it said on standard error.
    pub fn refused_start(&self) -> String {
        let ended = self.run("serve", &["--listen", "127.0.0.1:0"]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        said
    }

    /// Starts the server and waits until it listens.
    pub fn start(&mut self) -> Process {
        self.start_as(Command::new(env!("CARGO_BIN_EXE_hindcast")))
    }

    /// Starts it by a shell, after `first` was done there.
    pub fn start_after(&mut self, first: &str) -> Process {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{first}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_hindcast")]);
        self.start_as(shell)
    }

    fn start_as(&mut self, mut program: Command) -> Process {
        let (out, log) = (self.root.path().join("out"), self.root.path().join("log"));
        program.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(self.settings());
        program.stdout(File::create(&out).expect("made")).stderr(File::create(&log).expect("made"));
        let child = program.spawn().expect("started");
        let mut process =
            Process { child, url: String::new(), token: String::new(), workspace: String::new(), log };
        wait_for("the server listens", || {
            assert!(process.is_running(), "the server ended: {}", process.log());
            let line =
                process.logged("INFO").into_iter().find(|line| line["fields"]["message"] == "listening");
            let address = line.map(|line| line["fields"]["address"].as_str().expect("text").to_owned());
            process.url = address.map(|address| format!("http://{address}"))?;
            Some(())
        });
        let told = self.told.get_or_insert_with(|| {
            let text = std::fs::read_to_string(&out).expect("told");
            let word = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("told");
                line.split_whitespace().next().expect("a word").to_owned()
            };
            (word("workspace"), word("token"))
        });
        (process.workspace, process.token) = told.clone();
        process
    }

    /// Takes over the workspace and the token that another server of the same log told of at its first start.
    pub fn told_of(&mut self, known: &(String, String)) {
        self.told = Some(known.clone());
    }

    pub fn settings(&self) -> PathBuf {
        self.root.path().join("hindcast.toml")
    }
}

/// A server that runs, and its administrator. Killed when a test fails.
pub struct Process {
    child: Child,
    pub url: String,
    pub token: String,
    pub workspace: String,
    log: PathBuf,
}

impl Process {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("asked").is_none()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(String::new()))
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            self.request("POST", path).header("content-type", "application/json").body(body.to_string()),
        )
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("PUT", path).header("content-type", "application/json").body(body.to_string()))
    }

    pub fn append(&self, events: &[Value]) -> Answer {
        self.post("/v1/events", &json!(events))
    }

    /// How many entries the query finds.
    pub fn count(&self, query: &str) -> u64 {
        let found = self.get(&format!("/v1/count?q={query}")).good();
        found["count"].as_u64().expect("a count")
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("hindcast-workspace", &self.workspace)
    }

    fn send(&self, request: Result<Request<String>, ureq::http::Error>) -> Answer {
        match agent().run(request.expect("a request")) {
            Ok(response) => Answer::of(response),
            Err(error) => panic!("{error}: {}", self.log()),
        }
    }

    /// Whether the answer comes to an end. One that is broken off early may lose even its head, which
    /// then stood unsent beside the first rows.
    pub fn is_whole(&self, path: &str) -> bool {
        let request = self.request("GET", path).body(()).expect("a request");
        let mut response = match agent().run(request) {
            Ok(response) => response,
            Err(ureq::Error::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => return false,
            Err(error) => panic!("{error}: {}", self.log()),
        };
        assert_eq!(response.status(), 200, "{path}");
        response.body_mut().read_to_vec().is_ok()
    }

    /// A number of its own, from those for Prometheus.
    pub fn metric(&self, name: &str) -> u64 {
        let numbers = self.get("/metrics");
        let value = numbers.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.expect("a metric").parse().expect("a number")
    }

    /// All it has told on standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("read")
    }

    /// What it has told at a level.
    pub fn logged(&self, level: &str) -> Vec<Value> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["level"] == level).collect()
    }

    /// Ends it at once, as a machine does that loses its power.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Asks it to end, as a service manager does.
    pub fn terminate(self) {
        run("kill", ["-TERM", &self.id().to_string()]);
        let (status, log) = self.ended();
        assert_eq!(status.code(), Some(0), "{log}");
    }

    /// Waits until it has ended by itself: how, and all it told.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let status = wait_for("the server ends", || self.child.try_wait().expect("asked"));
        (status, self.log())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// Looks again and again until there is something.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs a command of the system that must succeed.
pub fn run<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) {
    let status = Command::new(program).args(arguments).status().expect("ran");
    assert!(status.success(), "{program}: {status}");
}

/// Words that hardly can be made smaller; others for each `seed`.
pub fn noise(seed: u64, bytes: usize) -> String {
    let mut state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut letter = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEF";
        char::from(letters[(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 59) as usize])
    };
    // Longer words could look like secrets, which are masked.
    (0..bytes).map(|at| if at % 10 == 9 { ' ' } else { letter() }).collect()
}
