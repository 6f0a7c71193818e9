//! A real S3-compatible server (garage) of our own in a temporary folder, where it was built; see `tests/garage.sh`.

use crate::ports::free_port;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// A storage with a bucket called `audit`; ends with the test.
pub struct Garage {
    folder: tempfile::TempDir,
    server: Child,
    port: u16,
    key: String,
}

impl Garage {
    /// Starts one; nothing, and a word about it, where it was not built.
    pub fn start() -> Option<Self> {
        let Some(program) = program() else {
            println!("garage is not there (tests/garage.sh builds it): a folder stands for the bucket");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (port, rpc) = (free_port(), free_port());
        let root = folder.path().display();
        let settings = format!(
            "metadata_dir = \"{root}/meta\"\ndata_dir = \"{root}/data\"\ndb_engine = \"sqlite\"\nreplication_factor = 1\n\
             rpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\nrpc_secret = \"{}\"\n\
             [s3_api]\ns3_region = \"garage\"\napi_bind_addr = \"127.0.0.1:{port}\"\n",
            "17".repeat(32)
        );
        std::fs::write(folder.path().join("garage.toml"), settings).expect("written");
        let log = std::fs::File::create(folder.path().join("log")).expect("made");
        let run = |arguments: &[&str]| {
            let mut command = Command::new(&program);
            command.arg("-c").arg(folder.path().join("garage.toml")).args(arguments);
            command
        };
        let server = run(&["server"]).stdout(Stdio::null()).stderr(log).spawn().expect("started");
        let mut garage = Self { folder, server, port, key: String::new() };
        let said = |arguments: &[&str]| {
            let begun = Instant::now();
            loop {
                let mut command = Command::new(program.clone());
                command.arg("-c").arg(garage.folder.path().join("garage.toml")).args(arguments);
                let done = command.output().expect("ran");
                if done.status.success() {
                    return String::from_utf8_lossy(&done.stdout).into_owned();
                }
                assert!(begun.elapsed() < PATIENCE, "garage {arguments:?}: {done:?}");
                std::thread::sleep(Duration::from_millis(100));
            }
        };
        let node = said(&["node", "id"]);
        let node = node.split('@').next().expect("an id").trim().to_owned();
        said(&["layout", "assign", "-z", "here", "-c", "1G", &node]);
        said(&["layout", "apply", "--version", "1"]);
        said(&["bucket", "create", "audit"]);
        let told = said(&["key", "create", "hindcast"]);
        let after = |name: &str| {
            let line = told.lines().find_map(|line| line.trim().strip_prefix(name)).expect("told");
            line.trim().to_owned()
        };
        let (key, secret) = (after("Key ID:"), after("Secret key:"));
        said(&["bucket", "allow", "--read", "--write", "--owner", "audit", "--key", "hindcast"]);
        std::fs::write(garage.folder.path().join("secret"), secret).expect("written");
        garage.key = key;
        Some(garage)
    }

    /// The number of its process.
    #[allow(dead_code, reason = "not every test needs all of it")]
    pub fn id(&self) -> u32 {
        self.server.id()
    }

    /// The settings that name its bucket, in TOML.
    #[allow(dead_code, reason = "not every test needs all of it")]
    pub fn settings(&self) -> String {
        self.settings_by(self.port)
    }

    /// Where it listens.
    #[allow(dead_code, reason = "not every test needs all of it")]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same by way of somebody who listens elsewhere.
    #[allow(dead_code, reason = "not every test needs all of it")]
    pub fn settings_by(&self, port: u16) -> String {
        let secret = self.folder.path().join("secret");
        format!(
            "bucket = \"s3://audit/logs\"\nbucket_endpoint = \"http://127.0.0.1:{}\"\nbucket_region = \"garage\"\n\
             bucket_access_key = {:?}\nbucket_secret_file = {secret:?}\n",
            port, self.key
        )
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        let _killed = self.server.kill();
        let _ended = self.server.wait();
    }
}

/// Where it was built.
fn program() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    let cache =
        std::env::var_os("HINDCAST_CACHE").map_or(PathBuf::from(home).join(".cache/hindcast"), PathBuf::from);
    Some(cache.join("garage/bin/garage")).filter(|program| program.is_file())
}
