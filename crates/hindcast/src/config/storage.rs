//! Settings of what servers share, when there are several.

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use std::path::PathBuf;
use tokio_postgres::config::{Host, SslMode};

/// Where what is kept lies; in files of this machine when `database` is empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Storage {
    pub database: String,
    pub schema: String,
    pub password_file: PathBuf,
    pub ca: PathBuf,
    pub bucket: String,
    pub bucket_endpoint: String,
    pub bucket_region: String,
    pub bucket_access_key: String,
    pub bucket_secret_file: PathBuf,
    pub cache_gb: u64,
}

/// Schemas are named after ours, and PostgreSQL cuts off what is longer than 63.
const SCHEMA_MAX: usize = 50;
const EXAMPLE: &str = "postgres://hindcast@db.example.com/hindcast";

impl Storage {
    /// Whether other servers may work with the same log.
    pub fn is_shared(&self) -> bool {
        !self.database.is_empty()
    }

    /// Refuses what only works on files of this machine.
    pub fn needs_files(&self, otherwise: &str) -> anyhow::Result<()> {
        ensure!(!self.is_shared(), "storage.database names where everything is kept: {otherwise}");
        Ok(())
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.schema.is_empty() || self.schema.len() > SCHEMA_MAX || !self.schema.chars().all(good) {
            bail!("storage.schema must be 1 to {SCHEMA_MAX} letters a-z, digits and _");
        }
        if self.is_shared() {
            self.address()?;
        }
        self.check_bucket()
    }

    fn check_bucket(&self) -> anyhow::Result<()> {
        if self.bucket.is_empty() {
            return Ok(());
        }
        ensure!(self.is_shared(), "storage.bucket needs storage.database: the files alone say nothing");
        let (scheme, rest) = self.bucket.split_once("://").unwrap_or_default();
        // Of other characters, storages and copies on disk make different names.
        let plain = |c: char| c.is_ascii_alphanumeric() || "._=/-".contains(c);
        let is_named =
            ["s3", "gs", "az"].contains(&scheme) && !rest.starts_with('/') && rest.chars().all(plain);
        if rest.is_empty() || !(is_named || scheme == "file" && rest.starts_with('/')) {
            bail!(
                "storage.bucket must be s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder"
            );
        }
        let has_secret = !self.bucket_secret_file.as_os_str().is_empty();
        if has_secret && self.bucket_access_key.is_empty() && scheme != "gs" {
            bail!("storage.bucket_access_key and storage.bucket_secret_file go together");
        }
        if !has_secret && !self.bucket_access_key.is_empty() {
            bail!("storage.bucket_access_key and storage.bucket_secret_file go together");
        }
        ensure!(self.cache_gb > 0, "storage.cache_gb must be at least 1");
        Ok(())
    }

    /// The secret of the bucket, where it is not left to the environment.
    pub fn bucket_secret(&self) -> anyhow::Result<Option<String>> {
        let file = &self.bucket_secret_file;
        if file.as_os_str().is_empty() {
            return Ok(None);
        }
        let secret = std::fs::read_to_string(file)
            .with_context(|| format!("storage.bucket_secret_file: cannot read {}", file.display()))?;
        Ok(Some(secret.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// A bucket in a folder, for tests.
    #[cfg(test)]
    pub fn in_folder(folder: &std::path::Path) -> Self {
        Self {
            database: EXAMPLE.to_owned(),
            schema: "hindcast".to_owned(),
            password_file: PathBuf::new(),
            ca: PathBuf::new(),
            bucket: format!("file://{}", folder.display()),
            bucket_endpoint: String::new(),
            bucket_region: String::new(),
            bucket_access_key: String::new(),
            bucket_secret_file: PathBuf::new(),
            cache_gb: 1,
        }
    }

    /// The database. What goes over a network is encrypted unless the address says otherwise.
    pub fn address(&self) -> anyhow::Result<tokio_postgres::Config> {
        let mut address: tokio_postgres::Config = self
            .database
            .parse()
            .with_context(|| format!("storage.database must be an address such as {EXAMPLE}"))?;
        let is_here = address.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => name == "localhost" || name == "127.0.0.1" || name == "::1",
            Host::Unix(_) => true,
        });
        if !self.database.contains("sslmode") {
            address.ssl_mode(if is_here { SslMode::Disable } else { SslMode::Require });
        }
        if !self.password_file.as_os_str().is_empty() {
            let file = &self.password_file;
            let password = std::fs::read_to_string(file)
                .with_context(|| format!("storage.password_file: cannot read {}", file.display()))?;
            address.password(password.trim_end_matches(['\r', '\n']));
        }
        Ok(address)
    }

    /// The database as people are told of it.
    pub fn place(address: &tokio_postgres::Config) -> String {
        let host = address.get_hosts().first().map_or("localhost".to_owned(), |host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        });
        format!("PostgreSQL at {host}, {}", address.get_dbname().unwrap_or("postgres"))
    }
}
