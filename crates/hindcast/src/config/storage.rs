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
        Ok(())
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
