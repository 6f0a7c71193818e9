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
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        if is_root() {
            let owned =
                Command::new("chown").arg("postgres").arg(folder.path()).status().expect("chown runs");
            assert!(owned.success(), "the folder is given to postgres");
        }
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
        let begun = Instant::now();
        while let Err(error) = database.config().connect(postgres::NoTls) {
            assert!(begun.elapsed() < PATIENCE, "{error}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(database)
    }

    /// Where it is.
    pub fn config(&self) -> postgres::Config {
        let mut config = postgres::Config::new();
        config.host_path(self.folder.path()).user("hindcast").dbname("postgres");
        config
    }

    /// The socket it listens on.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    /// Ends it at once, as if the power had gone.
    pub fn kill(&mut self) {
        let file =
            std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap_or_default();
        if let Some(pid) = file.lines().next() {
            let _gone = Command::new("kill").args(["-QUIT", pid]).status();
        }
        let _ended = self.server.wait();
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
    folders.filter(|folder| folder.join("initdb").exists() && folder.join("postgres").exists()).max()
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
