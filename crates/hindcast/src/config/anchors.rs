//! Settings of those who vouch for the newest checkpoint: witnesses and anchors.

use super::Key;
use anyhow::{bail, ensure};
use axum::http::Uri;
use hindcast_ledger::key::KeyKind;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

/// Witnesses and anchors together.
const TARGETS_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 40;
const TIMEOUT_SECONDS_MAX: u64 = 60;

/// A witness that cosigns the instance log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct WitnessOf {
    pub name: String,
    pub url: String,
    pub key: Key,
    #[serde(default)]
    pub ca: Option<PathBuf>,
    #[serde(default = "ten_seconds")]
    pub timeout_seconds: u64,
}

/// A place that is told the newest checkpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct AnchorOf {
    pub name: String,
    pub kind: AnchorKind,
    /// How often at most; 0 stands for what suits the kind.
    #[serde(default)]
    pub minutes: u64,
    #[serde(default)]
    pub file: Option<PathBuf>,
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    pub transport: Option<Transport>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub secret: Option<Secret>,
    #[serde(default)]
    pub ca: Option<PathBuf>,
    #[serde(default = "ten_seconds")]
    pub timeout_seconds: u64,
}

/// A secret, or `@` and the file that holds it; never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What an anchor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "see hindcast.example.toml")]
pub enum AnchorKind {
    File,
    Syslog,
    Webhook,
    Tsa,
}

/// How a syslog is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "see hindcast.example.toml")]
pub enum Transport {
    #[default]
    Udp,
    Tcp,
    Tls,
}

fn ten_seconds() -> u64 {
    10
}

pub(super) fn check(witnesses: &[WitnessOf], anchors: &[AnchorOf]) -> anyhow::Result<()> {
    ensure!(witnesses.len() + anchors.len() <= TARGETS_MAX, "at most {TARGETS_MAX} witnesses and anchors");
    let mut names = BTreeSet::new();
    let of_witnesses = witnesses.iter().map(|witness| (&witness.name, witness.timeout_seconds));
    for (name, timeout) in of_witnesses.chain(anchors.iter().map(|one| (&one.name, one.timeout_seconds))) {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
            bail!("{name:?}: the name of a witness or an anchor is 1 to {NAME_BYTES_MAX} of a-z, 0-9 and -");
        }
        ensure!(names.insert(name), "two witnesses or anchors are named {name}");
        ensure!(
            (1..=TIMEOUT_SECONDS_MAX).contains(&timeout),
            "{name}: timeout_seconds must be 1 to {TIMEOUT_SECONDS_MAX}"
        );
    }
    for WitnessOf { name, url, key: Key(key), .. } in witnesses {
        check_url(name, url)?;
        if key.kind() != KeyKind::CosignatureV1 {
            bail!(
                "witness {name}: {} is not the key of a witness; `hindcast witness --show-key` tells it",
                key.name()
            );
        }
    }
    anchors.iter().try_for_each(check_anchor)
}

fn check_anchor(anchor: &AnchorOf) -> anyhow::Result<()> {
    let AnchorOf { name, kind, file, address, transport, url, secret, ca, .. } = anchor;
    let given = [
        ("file", file.is_some()),
        ("address", address.is_some()),
        ("transport", transport.is_some()),
        ("url", url.is_some()),
        ("secret", secret.is_some()),
        ("ca", ca.is_some()),
    ];
    let (needed, allowed): (&[&str], &[&str]) = match kind {
        AnchorKind::File => (&["file"], &[]),
        AnchorKind::Syslog => (&["address"], &["transport", "ca"]),
        AnchorKind::Webhook => (&["url", "secret"], &["ca"]),
        AnchorKind::Tsa => (&["url"], &["ca"]),
    };
    for (setting, is_given) in given {
        let is_needed = needed.contains(&setting);
        ensure!(is_given || !is_needed, "anchor {name}: {setting} is missing");
        ensure!(
            !is_given || is_needed || allowed.contains(&setting),
            "anchor {name}: {setting} is of another kind"
        );
    }
    url.iter().try_for_each(|url| check_url(name, url))
}

fn check_url(name: &str, url: &str) -> anyhow::Result<()> {
    let is_good = url.parse::<Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    ensure!(is_good, "{name}: {url:?} must begin with http:// or https:// and name a host, and no user");
    Ok(())
}
