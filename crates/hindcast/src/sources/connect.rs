//! Connecting a source: what was asked for is checked, its secrets are sealed, and both are kept.

use super::{Connection, Kind, Unfit};
use crate::app::App;
use crate::catalog::{By, CatalogError, NewSource};
use crate::followers::{credential_purpose, hook_purpose};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;

/// A name is at most this long.
pub(crate) const NAME_CHARS_MAX: usize = 200;
/// Once a day at least, and once a minute at most.
pub(crate) const EVERY_MINUTES_MAX: u32 = 1_440;
const SECRET_BYTES_MAX: usize = 256;

/// A source that somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub kind: Kind,
    pub name: String,
    pub connection: Connection,
    pub token: String,
    /// What its posts to us are signed with.
    pub hook_secret: Option<String>,
    pub every_minutes: u32,
}

/// Why a source is not connected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotConnected {
    #[error("name: expected 1 to {NAME_CHARS_MAX} characters, none of them a control character")]
    Name,
    #[error("every_minutes: expected 1 to {EVERY_MINUTES_MAX}")]
    Every,
    #[error("hook_secret: expected the client secret of the app, visible characters")]
    HookSecret,
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("the workspace has as many sources as it may have")]
    TooMany,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("a secret cannot be sealed: {0}")]
    Seal(anyhow::Error),
}

impl NotConnected {
    /// The field it is about, where it is about one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Name => Some("name"),
            Self::Every => Some("every_minutes"),
            Self::HookSecret => Some("hook_secret"),
            Self::Unfit(Unfit::Token) => Some("token"),
            Self::Unfit(Unfit::Workspace) => Some("intercom_workspace"),
            Self::Unfit(Unfit::Subdomain) => Some("subdomain"),
            Self::Unfit(Unfit::User) => Some("user"),
            Self::TooMany | Self::Catalog(_) | Self::Seal(_) => None,
        }
    }
}

/// Connects a source, and says its id.
pub(crate) fn connect(
    app: &App,
    workspace: &WorkspaceId,
    wanted: Wanted,
    now: Timestamp,
    by: &By,
) -> Result<String, NotConnected> {
    let name = wanted.name.trim();
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(NotConnected::Name);
    }
    if !(1..=EVERY_MINUTES_MAX).contains(&wanted.every_minutes) {
        return Err(NotConnected::Every);
    }
    let is_secret = |secret: &String| {
        (1..=SECRET_BYTES_MAX).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic())
    };
    // Only activity logs are posted.
    if !wanted.hook_secret.as_ref().is_none_or(|secret| wanted.kind == Kind::Intercom && is_secret(secret)) {
        return Err(NotConnected::HookSecret);
    }
    wanted.connection.check(wanted.kind, Some(&wanted.token))?;
    let new = NewSource {
        workspace: workspace.clone(),
        kind: wanted.kind.as_str().to_owned(),
        name: name.to_owned(),
        connection: serde_json::to_string(&wanted.connection).unwrap_or_default(),
        every_minutes: wanted.every_minutes,
    };
    let sealed = |id: &str| {
        let seal = |purpose: String, secret: &str| {
            app.seal.seal(&purpose, secret.as_bytes()).map_err(NotConnected::Seal)
        };
        let hook = wanted.hook_secret.as_deref().map(|secret| seal(hook_purpose(id), secret)).transpose()?;
        Ok::<_, NotConnected>((seal(credential_purpose(id), &wanted.token)?, hook))
    };
    app.catalog.add_source(&new, now, by, sealed)?.ok_or(NotConnected::TooMany)
}
