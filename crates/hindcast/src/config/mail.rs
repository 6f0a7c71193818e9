//! Settings of the mail server that this installation writes through.

use anyhow::bail;
use serde::Deserialize;
use std::path::PathBuf;

/// A mail server; there is none when `host` is empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Config")]
pub struct Mail {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub user: String,
    pub password_file: PathBuf,
    pub from: String,
    pub ca: PathBuf,
}

/// How mail is kept from those in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// The connection begins in the clear and goes on with TLS, or not at all.
    #[default]
    StartTls,
    /// TLS from the start.
    Tls,
    /// Not at all.
    None,
}

impl MailTls {
    /// The words for them.
    pub const WORDS: &'static [&'static str] = &["starttls", "tls", "none"];

    /// Reads one of [`Self::WORDS`]; the first when it is none.
    pub fn of(word: &str) -> Self {
        match word {
            "tls" => Self::Tls,
            "none" => Self::None,
            _ => Self::StartTls,
        }
    }

    /// Where such servers listen (RFC 8314 3, RFC 6409 3.1).
    pub fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

impl Mail {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let is_set = !self.host.is_empty();
        if is_set && self.from.is_empty() {
            bail!(
                "mail.from is missing: the address that mail comes from, such as Audit log <audit@example.com>"
            );
        }
        if is_set && self.user.is_empty() != self.password_file.as_os_str().is_empty() {
            bail!("mail.user and mail.password_file go together");
        }
        Ok(())
    }
}
