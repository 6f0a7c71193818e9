//! A PostgreSQL of our own in a temporary folder. It listens on a socket in that folder and ends with the test.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database; see the module.
pub struct Database {
    folder: tempfile::TempDir,
    server: Child,
    namespace: Option<String>,
}

impl Database {
    /// Starts one; nothing, and a word about it, where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        Self::start_in(None)
    }

    /// The same in a network namespace, at all addresses that it has there.
    pub fn start_in(namespace: Option<&str>) -> Option<Self> {
        let Some(programs) = programs() else {
            println!("skipped: PostgreSQL is not installed (Debian's package postgresql)");
            return None;
        };
        let folder = folder_of_owner();
        let data = folder.path().join("data");
        let made = as_owner(&programs.join("initdb"))
            .args(["--username", "hindcast", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .expect("initdb runs");
        assert!(made.success(), "a database is made");
        if namespace.is_some() {
            std::fs::write(data.join("pg_hba.conf"), "local all all trust\nhost all all all trust\n")
                .expect("written");
        }
        let server = serve(&programs, folder.path(), namespace);
        let database = Self { folder, server, namespace: namespace.map(str::to_owned) };
        database.wait();
        Some(database)
    }

    /// Where it is.
    pub fn config(&self) -> postgres::Config {
        let mut config = postgres::Config::new();
        config.host_path(self.folder.path()).user("hindcast").dbname("postgres");
        config
    }

    /// Where it is, as settings name it.
    pub fn address(&self) -> String {
        format!("postgres://hindcast@{}/postgres", self.host())
    }

    /// The host in that.
    pub fn host(&self) -> String {
        self.folder.path().to_str().expect("text").replace('/', "%2F")
    }

    /// Another one that repeats what this one does, which from then on acknowledges nothing that the other has not written.
    pub fn standby(&self) -> Self {
        let programs = programs().expect("it was there");
        let folder = folder_of_owner();
        let copied = as_owner(&programs.join("pg_basebackup"))
            .args(["--username", "hindcast", "--write-recovery-conf", "--checkpoint=fast", "-h"])
            .args([self.folder.path(), Path::new("-D"), &folder.path().join("data")])
            .status();
        assert!(copied.expect("pg_basebackup runs").success(), "a standby is made");
        let server = serve(&programs, folder.path(), None);
        let standby = Self { folder, server, namespace: None };
        standby.wait();
        self.run("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.run("SELECT pg_reload_conf()");
        let repeats = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        let begun = Instant::now();
        while self.run(repeats) != "1" {
            assert!(begun.elapsed() < PATIENCE, "nobody repeats it");
            std::thread::sleep(Duration::from_millis(50));
        }
        standby
    }

    /// Makes a standby one that is written to.
    pub fn promote(&self) {
        self.run("SELECT pg_promote()");
    }

    /// Runs a statement; the last value that it answers with.
    fn run(&self, sql: &str) -> String {
        let mut client = self.config().connect(postgres::NoTls).expect("connected");
        let answered = client.simple_query(sql).expect("run");
        let value = |message: &postgres::SimpleQueryMessage| match message {
            postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        answered.iter().rev().find_map(value).unwrap_or_default()
    }

    fn wait(&self) {
        let begun = Instant::now();
        while let Err(error) = self.config().connect(postgres::NoTls) {
            assert!(begun.elapsed() < PATIENCE, "{error}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The socket it listens on.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    /// Ends it at once, as if the power had gone.
    pub fn kill(&mut self) {
        self.go_on();
        self.process().inspect(|process| signal("QUIT", process));
        let _ended = self.server.wait();
    }

    /// From now on it answers nothing, though its connections stay.
    pub fn freeze(&self) {
        self.signal_all("STOP");
    }

    /// Goes on after that.
    pub fn go_on(&self) {
        self.signal_all("CONT");
    }

    fn signal_all(&self, name: &str) {
        let Some(process) = self.process() else { return };
        signal(name, &process);
        let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
        children.unwrap_or_default().split_whitespace().for_each(|child| signal(name, child));
        // Whoever started it for us stops and goes on with it.
        signal(name, &self.server.id().to_string());
    }

    /// The id of its first process.
    fn process(&self) -> Option<String> {
        let file = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).ok()?;
        file.lines().next().map(str::to_owned)
    }

    /// Starts it again in the same folder.
    pub fn start_again(&mut self) {
        let programs = programs().expect("it was there");
        self.server = serve(&programs, self.folder.path(), self.namespace.as_deref());
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.kill();
    }
}

fn folder_of_owner() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    if is_root() {
        let owned = Command::new("chown").arg("postgres").arg(folder.path()).status().expect("chown runs");
        assert!(owned.success(), "the folder is given to postgres");
    }
    folder
}

fn serve(programs: &Path, folder: &Path, namespace: Option<&str>) -> Child {
    let as_owner = as_owner(&programs.join("postgres"));
    let mut postgres = match namespace {
        None => as_owner,
        Some(namespace) => {
            let mut within = Command::new("ip");
            within.args(["netns", "exec", namespace]).arg(as_owner.get_program()).args(as_owner.get_args());
            within
        }
    };
    let listens = if namespace.is_some() { "listen_addresses=*" } else { "listen_addresses=" };
    postgres.args(["-c", listens, "-c", "max_connections=60", "-c", "shared_buffers=32MB", "-k"]);
    postgres.arg(folder).arg("-D").arg(folder.join("data")).stderr(Stdio::null());
    postgres.spawn().expect("postgres starts")
}

/// The newest that Debian has installed, or whatever is in the path.
fn programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let folders = installed.map(|version| version.path().join("bin")).chain(std::env::split_paths(&in_path));
    let all = ["initdb", "postgres", "pg_basebackup"];
    folders.filter(|folder| all.iter().all(|program| folder.join(program).exists())).max()
}

fn signal(name: &str, process: &str) {
    let _sent = Command::new("kill").args([&format!("-{name}"), process]).stderr(Stdio::null()).status();
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// PostgreSQL does not run as root.
fn as_owner(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}
