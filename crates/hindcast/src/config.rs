//! Settings: read once, checked once, then split up and handed to the rooms.
//!
//! `hindcast.example.toml` is the truth about defaults; it is part of the binary and every setting stands in it.

mod anchors;
mod mail;
mod quota;
mod storage;

pub use anchors::{AnchorKind, AnchorOf, Transport, WitnessOf};
pub use mail::{Mail, MailTls};
pub use quota::{Quota, QuotaOf};
pub use storage::Storage;

use anyhow::{Context as _, bail};
use hindcast_ledger::VerifierKey;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// More entries than this are not set on paper one by one.
const PAPER_ENTRIES_MAX: usize = 50_000;
/// No call of a workflow is waited for any longer.
const CALL_SECONDS_MAX: u64 = 600;

/// Nobody waits any longer for a server that ends.
const DRAIN_SECONDS_MAX: i64 = 300;
/// Where nodes share a database, and nothing else is said.
const DRAIN_SECONDS_SHARED: u64 = 5;

const DEFAULTS: &str = include_str!("../../../hindcast.example.toml");

/// Everything that can be set; see `hindcast.example.toml` for what each means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "hindcast.example.toml documents every setting, once")]
pub struct Config {
    pub server: Server,
    pub data: Data,
    pub storage: Storage,
    pub ledger: Ledger,
    pub segments: Segments,
    pub people: People,
    pub sources: Sources,
    pub limits: Limits,
    pub facts: Facts,
    pub alerts: Alerts,
    pub workflows: Workflows,
    pub paper: Paper,
    pub deliver: Deliver,
    pub mail: Mail,
    pub log: Log,
    pub witness_server: WitnessServer,
    #[serde(default)]
    pub witness: Vec<WitnessOf>,
    #[serde(default)]
    pub anchor: Vec<AnchorOf>,
    #[serde(default)]
    pub quota: Vec<QuotaOf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: String,
    pub trusted_proxies: Vec<Network>,
    pub drain_seconds: i64,
    pub metrics_from: Vec<Network>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Data {
    pub folder: PathBuf,
    pub keys: PathBuf,
    #[serde(default)]
    pub archive: PathBuf,
}

impl Data {
    /// Where archived segments lie.
    pub fn archive_folder(&self) -> PathBuf {
        if self.archive.as_os_str().is_empty() { self.folder.join("archive") } else { self.archive.clone() }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Ledger {
    pub name: String,
    pub checkpoint_ms: u64,
    pub idempotency_hours: u64,
    pub anchor_seconds: u64,
    pub heartbeat_seconds: u64,
    pub unanchored_minutes: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Segments {
    pub seal_entries: u64,
    pub tail_mb: usize,
    pub seal_after_minutes: u64,
    pub merge_entries: u64,
    pub scrub_days: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct People {
    pub known_passwords: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Sources {
    pub intercom_url: String,
    pub zendesk_url: String,
    pub ca: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Limits {
    pub body_mb: usize,
    pub batch_events: usize,
    pub unsealed_mb: usize,
    pub query_seconds: u64,
    pub requests_per_10s: u32,
    pub person_requests_per_10s: u32,
    pub tails: usize,
    pub exports_mb: u64,
    pub evidence_mb: usize,
    pub workspace_entries_per_second: u64,
    pub workspace_entries_per_day: u64,
    pub workspace_entries_per_month: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Facts {
    pub geo_files: Vec<PathBuf>,
    pub geo_upload_mb: usize,
    pub country_table: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Alerts {
    pub judge: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Workflows {
    pub call_seconds: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Paper {
    pub fonts: Vec<PathBuf>,
    pub entries_max: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Deliver {
    pub allow: Vec<Network>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Log {
    pub level: Level,
    pub format: LogFormat,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct WitnessServer {
    pub listen: MaybeAddress,
    pub folder: PathBuf,
    pub name: String,
    pub logs: Vec<Key>,
}

/// How much is told.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Config {
    /// The defaults, with the settings of `file` on top.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut settings: toml::Table = DEFAULTS.parse().context("hindcast.example.toml")?;
        if let Some(file) = file {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            let own: toml::Table = text.parse().with_context(|| format!("{} is not TOML", file.display()))?;
            lay_over(&mut settings, own);
        }
        let name = || file.map_or("hindcast.example.toml".to_owned(), |file| file.display().to_string());
        let config: Self = settings.try_into().with_context(name)?;
        config.check().with_context(name)?;
        Ok(config)
    }

    /// Where everything is kept, as people are told of it.
    pub fn place(&self) -> String {
        match self.storage.address() {
            Ok(address) if self.storage.is_shared() => Storage::place(&address),
            _ => self.data.folder.display().to_string(),
        }
    }

    /// How long we go on answering after we were asked to end, while whoever balances load finds another.
    pub fn drain(&self) -> Duration {
        let own = if self.storage.is_shared() { DRAIN_SECONDS_SHARED } else { 0 };
        Duration::from_secs(u64::try_from(self.server.drain_seconds).unwrap_or(own))
    }

    fn check(&self) -> anyhow::Result<()> {
        let name = &self.ledger.name;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_/".contains(&b);
        if name.is_empty() || name.len() > 200 || !name.bytes().all(plain) {
            bail!(
                "ledger.name must be 1 to 200 letters, digits, dots, slashes or dashes, such as audit.example.com"
            );
        }
        for (setting, url) in [
            ("server.public_url", &self.server.public_url),
            ("sources.intercom_url", &self.sources.intercom_url),
            ("sources.zendesk_url", &self.sources.zendesk_url),
        ] {
            if !(url.is_empty() || url.starts_with("http://") || url.starts_with("https://")) {
                bail!("{setting} must begin with http:// or https://");
            }
        }
        for (setting, value) in [
            ("ledger.checkpoint_ms", self.ledger.checkpoint_ms),
            ("ledger.anchor_seconds", self.ledger.anchor_seconds),
            ("ledger.heartbeat_seconds", self.ledger.heartbeat_seconds),
            ("ledger.unanchored_minutes", self.ledger.unanchored_minutes),
            ("segments.seal_entries", self.segments.seal_entries),
            ("segments.merge_entries", self.segments.merge_entries),
            ("limits.body_mb", self.limits.body_mb as u64),
            ("limits.batch_events", self.limits.batch_events as u64),
            ("limits.query_seconds", self.limits.query_seconds),
            ("workflows.call_seconds", self.workflows.call_seconds),
            ("limits.evidence_mb", self.limits.evidence_mb as u64),
            ("facts.geo_upload_mb", self.facts.geo_upload_mb as u64),
            ("limits.requests_per_10s", u64::from(self.limits.requests_per_10s)),
        ] {
            if value == 0 {
                bail!("{setting} must be at least 1");
            }
        }
        if self.workflows.call_seconds > CALL_SECONDS_MAX {
            bail!("workflows.call_seconds must be at most {CALL_SECONDS_MAX}");
        }
        if self.limits.unsealed_mb <= self.segments.tail_mb {
            bail!("limits.unsealed_mb must be more than segments.tail_mb, from which on entries are packed");
        }
        if self.limits.batch_events > hindcast_ledger::BATCH_ENTRIES_MAX {
            bail!("limits.batch_events must be at most {}", hindcast_ledger::BATCH_ENTRIES_MAX);
        }
        if self.paper.entries_max > PAPER_ENTRIES_MAX {
            bail!("paper.entries_max must be at most {PAPER_ENTRIES_MAX}, for the pages are set in memory");
        }
        if !(-1..=DRAIN_SECONDS_MAX).contains(&self.server.drain_seconds) {
            bail!("server.drain_seconds must be -1 or 0 to {DRAIN_SECONDS_MAX}");
        }
        quota::check(&self.quota)?;
        anchors::check(&self.witness, &self.anchor)?;
        self.mail.check()?;
        self.storage.check()?;
        if is_inside(&self.data.keys, &self.data.folder)? {
            bail!(
                "data.keys must not lie inside data.folder: whoever copies the data must not get the key with it"
            );
        }
        let witnesses = self.witness_server.listen.0.is_some();
        if witnesses && is_inside(&self.witness_server.folder, &self.data.folder)? {
            bail!(
                "witness_server.folder must not lie inside data.folder: an older copy of the data must not make the \
                 witness forget what it has seen"
            );
        }
        Ok(())
    }
}

fn is_inside(inner: &Path, outer: &Path) -> std::io::Result<bool> {
    Ok(std::path::absolute(inner)?.starts_with(std::path::absolute(outer)?))
}

fn lay_over(settings: &mut toml::Table, own: toml::Table) {
    for (name, value) in own {
        match (settings.get_mut(&name), value) {
            (Some(toml::Value::Table(settings)), toml::Value::Table(own)) => lay_over(settings, own),
            (_, value) => drop(settings.insert(name, value)),
        }
    }
}

/// An address to listen on; none where the text is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct MaybeAddress(pub Option<SocketAddr>);

impl TryFrom<String> for MaybeAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let address =
            text.parse().map_err(|_| format!("{text:?} is not an address such as 127.0.0.1:8481"))?;
        Ok(Self(Some(address)))
    }
}

/// A verifier key, written as name, id and key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Key(pub VerifierKey);

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("{text:?} is no verifier key: {error}"))
    }
}

/// An address, or all addresses that share its first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address lies in the network; an IPv4 address is the same however it is written.
    pub fn contains(&self, address: IpAddr) -> bool {
        let first_bits = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(v4) => {
                (4, u128::from(v4.to_bits()).checked_shr(32 - u32::from(self.bits.min(32))).unwrap_or(0))
            }
            IpAddr::V6(v6) => (6, v6.to_bits().checked_shr(128 - u32::from(self.bits)).unwrap_or(0)),
        };
        first_bits(self.address) == first_bits(address)
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address = address.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let max = if address.is_some_and(|address| address.is_ipv4()) { 32 } else { 128 };
        let bits = bits.map_or(Some(max), |bits| bits.parse().ok()).filter(|bits| *bits <= max);
        match (address, bits) {
            (Some(address), Some(bits)) => Ok(Self { address, bits }),
            _ => Err(format!("{text:?} is not an address or a network such as 10.0.0.0/8")),
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(own: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("hindcast.toml");
        std::fs::write(&file, own).expect("written");
        Config::load(Some(&file))
    }

    #[test]
    fn the_defaults_are_complete_and_own_settings_lie_on_top() {
        assert_eq!(Config::load(None).expect("complete").limits.batch_events, 10_000);
        let config = loaded("[ledger]\nname = \"audit.example.com\"").expect("valid");
        assert_eq!((config.ledger.name.as_str(), config.ledger.checkpoint_ms), ("audit.example.com", 200));
    }

    #[test]
    fn mistakes_are_named() {
        for (own, complaint) in [
            ("[server]\nlissten = \"x\"", "lissten"),
            ("[ledger]\nname = \"\"", "ledger.name"),
            ("[limits]\nbody_mb = 0", "limits.body_mb"),
            ("[data]\nkeys = \"hindcast-data/keys\"", "data.keys"),
            ("[server]\ntrusted_proxies = [\"10.0.0.0/33\"]", "10.0.0.0/33"),
            ("[log]\nlevel = \"loud\"", "loud"),
            ("[server]\ndrain_seconds = 301", "server.drain_seconds"),
            ("[[quota]]\nworkspace = \"A b\"", "quota.workspace"),
            ("[[quota]]\nworkspace = \"a\"\n[[quota]]\nworkspace = \"a\"", "twice"),
            ("[mail]\nhost = \"smtp.example.com\"", "mail.from"),
            (
                "[mail]\nhost = \"smtp.example.com\"\nfrom = \"a@example.com\"\nuser = \"a\"",
                "mail.password_file",
            ),
            ("[mail]\ntls = \"ssl\"", "ssl"),
            ("[[witness]]\nname = \"w\"\nurl = \"file:///w\"\nkey = \"x\"", "no verifier key"),
            ("[[anchor]]\nname = \"A\"\nkind = \"file\"", "a-z"),
            ("[[anchor]]\nname = \"a\"\nkind = \"file\"", "file is missing"),
            ("[[anchor]]\nname = \"a\"\nkind = \"tsa\"\nurl = \"ftp://x\"", "http://"),
            ("[[anchor]]\nname = \"a\"\nkind = \"tsa\"\nurl = \"http://x\"\nfile = \"f\"", "another kind"),
            ("[witness_server]\nlisten = \"here\"", "127.0.0.1:8481"),
            ("[witness_server]\nlogs = [\"log+0+x\"]", "no verifier key"),
            (
                "[witness_server]\nlisten = \"127.0.0.1:8481\"\nfolder = \"hindcast-data/witness\"",
                "witness_server.folder",
            ),
        ] {
            let error = format!("{:#}", loaded(own).expect_err(own));
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn a_network_holds_its_addresses() {
        let network: Network = "10.1.0.0/16".parse().expect("a network");
        assert!(
            network.contains("10.1.255.3".parse().expect("ip"))
                && network.contains("::ffff:10.1.0.1".parse().expect("ip"))
        );
        assert!(
            !network.contains("10.2.0.1".parse().expect("ip"))
                && !network.contains("::1".parse().expect("ip"))
        );
        let all: Network = "::/0".parse().expect("a network");
        assert!(
            all.contains("2001:db8::1".parse().expect("ip")) && !all.contains("1.2.3.4".parse().expect("ip"))
        );
    }
}
