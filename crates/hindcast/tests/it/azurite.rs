//! What speaks like Azure's storage (Azurite, which Microsoft makes for tests), in a temporary folder, where it was installed.

use crate::ports::free_port;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// The account and the key that everybody has who tests with it.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Of its protocol.
const VERSION: &str = "2021-08-06";

/// A storage with a container called `audit`; ends with the test.
pub struct Azurite {
    folder: tempfile::TempDir,
    server: Child,
    port: u16,
}

impl Azurite {
    /// Starts one; nothing, and a word about it, where it is not installed.
    pub fn start() -> Option<Self> {
        let Some(program) = program() else {
            println!("skipped: azurite is not installed (./test installs it with npm)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let server = Command::new(program)
            .args([
                "--silent",
                "--disableTelemetry",
                "--skipApiVersionCheck",
                "--blobPort",
                &port.to_string(),
            ])
            .arg("--location")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        std::fs::write(folder.path().join("secret"), KEY).expect("written");
        let azurite = Self { folder, server, port };
        azurite.make_container();
        Some(azurite)
    }

    /// The settings that name its container, in TOML.
    pub fn settings(&self) -> String {
        let secret = self.folder.path().join("secret");
        format!(
            "bucket = \"az://audit/logs\"\nbucket_endpoint = \"{}\"\nbucket_access_key = {ACCOUNT:?}\n\
             bucket_secret_file = {secret:?}\n",
            self.endpoint()
        )
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)
    }

    fn make_container(&self) {
        // It looks at no clock.
        let date = "Mon, 23 Nov 2026 12:00:00 GMT";
        let begun = Instant::now();
        loop {
            let made = ureq::put(format!("{}/audit?restype=container", self.endpoint()))
                .header("x-ms-date", date)
                .header("x-ms-version", VERSION)
                .header("authorization", signature(date))
                .send_empty();
            match made {
                Ok(_) => return,
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Who asks for the container, as Azure's "Authorize with Shared Key" has it. Of the twelve lines that come first, eleven are of headers that are not sent.
fn signature(date: &str) -> String {
    let said = format!(
        "PUT{}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{ACCOUNT}/{ACCOUNT}/audit\nrestype:container",
        "\n".repeat(12)
    );
    let key = STANDARD.decode(KEY).expect("a key");
    let signed = Hmac::<Sha256>::new_from_slice(&key).expect("a key").chain_update(said).finalize();
    format!("SharedKey {ACCOUNT}:{}", STANDARD.encode(signed.into_bytes()))
}

impl Drop for Azurite {
    fn drop(&mut self) {
        let _killed = self.server.kill();
        let _ended = self.server.wait();
    }
}

fn program() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    let cache =
        std::env::var_os("HINDCAST_CACHE").map_or(PathBuf::from(home).join(".cache/hindcast"), PathBuf::from);
    Some(cache.join("azurite/node_modules/.bin/azurite-blob")).filter(|program| program.exists())
}
