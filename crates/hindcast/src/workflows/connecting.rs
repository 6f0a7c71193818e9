//! Connecting a product: what was asked for is checked, its secrets are sealed, and both are kept.

use super::connect::{Connection, Kind, NAMES_MAX, credential_purpose, hook_purpose, new_secret};
use crate::app::App;
use crate::catalog::{By, CatalogError, ConnectorRow};
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeMap;

const SECRET_BYTES_MAX: usize = 4_096;
const NAME_BYTES_MAX: usize = 256;
const SUBDOMAIN_BYTES_MAX: usize = 63;

/// A connector that somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub kind: Kind,
    pub connection: Connection,
    /// Its access or API token; for `http` the secret that requests are signed with, made when absent.
    pub token: Option<String>,
    /// What its posts to us are signed with.
    pub hook_secret: Option<String>,
    /// Whether secrets that are not told anew stay as they are.
    pub keep: Keep,
}

/// Which secrets stay as they are where a product is connected already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Its credential. A credential goes to the host it was told for and to no other, so it is asked for again with another host.
    pub token: bool,
    /// What its posts are signed with.
    pub hook: bool,
}

/// A connector that was connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connected {
    /// Its id.
    pub id: String,
    /// The secret that was made for it, told this once.
    pub secret: Option<String>,
}

/// Why a product is not connected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotConnected {
    /// A field is missing or wrong: which, and what was expected.
    #[error("{0}: expected {1}")]
    Field(&'static str, String),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("a secret cannot be sealed: {0}")]
    Seal(anyhow::Error),
}

/// Connects a product, or connects it anew.
pub(crate) fn connect(
    app: &App,
    workspace: &WorkspaceId,
    wanted: Wanted,
    by: &By,
) -> Result<Connected, NotConnected> {
    let known = app.catalog.connector_of(workspace, wanted.kind.as_str())?;
    let kept = known
        .as_ref()
        .filter(|known| wanted.keep.token && wanted.token.is_none() && has_host(known, &wanted));
    let kept_hook = known.as_ref().filter(|_| wanted.keep.hook && wanted.hook_secret.is_none());
    check(&wanted, kept.is_some())?;
    let made = match (&wanted.token, wanted.kind) {
        (None, Kind::Http) if kept.is_none() => {
            Some(new_secret().map_err(|error| NotConnected::Seal(error.into()))?)
        }
        _ => None,
    };
    let token = made.as_deref().or(wanted.token.as_deref()).unwrap_or_default().trim();
    let connection = serde_json::to_string(&wanted.connection).unwrap_or_default();
    let sealed = |id: &str| {
        let seal = |purpose: String, secret: &str| {
            app.seal.seal(&purpose, secret.as_bytes()).map_err(NotConnected::Seal)
        };
        let hook = match kept_hook.filter(|known| known.id == id) {
            Some(known) => known.hook_secret.clone(),
            None => wanted.hook_secret.as_deref().map(|secret| seal(hook_purpose(id), secret)).transpose()?,
        };
        let credential = match kept {
            Some(known) if known.id == id => known.credential.clone(),
            // It was taken away meanwhile, and its credential with it.
            Some(_) => return Err(NotConnected::Field("token", "an access token".to_owned())),
            None => seal(credential_purpose(id), token)?,
        };
        Ok::<_, NotConnected>((credential, hook))
    };
    let now = (app.clock)();
    let id = app.catalog.put_connector(workspace, wanted.kind.as_str(), &connection, now, by, sealed)?;
    app.workflows.note_connected(workspace, wanted.kind.as_str());
    app.post();
    Ok(Connected { id, secret: made })
}

/// Whether a credential that was told for a connector would go to the same host still.
fn has_host(known: &ConnectorRow, wanted: &Wanted) -> bool {
    let told: Option<Connection> = serde_json::from_str(&known.connection).ok();
    told.is_some_and(|told| {
        told.region == wanted.connection.region && told.subdomain == wanted.connection.subdomain
    })
}

fn check(wanted: &Wanted, is_kept: bool) -> Result<(), NotConnected> {
    let Wanted { kind, connection, token, hook_secret, .. } = wanted;
    let field = |name: &'static str, expected: &str| Err(NotConnected::Field(name, expected.to_owned()));
    let is_secret = |text: &String| {
        let text = text.trim();
        (1..=SECRET_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match token {
        Some(token) if !is_secret(token) => return field("token", "a token of visible characters"),
        Some(token)
            if *kind == Kind::Http && crate::deliver::webhook::signature(token, "", 0, "").is_none() =>
        {
            return field("token", "whsec_ and 24 to 64 bytes in base64, or nothing to have one made");
        }
        None if *kind != Kind::Http && !is_kept => return field("token", "an access token"),
        _ => {}
    }
    if hook_secret.as_ref().is_some_and(|secret| *kind == Kind::Http || !is_secret(secret)) {
        return field("hook_secret", "the secret that the product signs its posts with, visible characters");
    }
    match kind {
        Kind::Intercom if !is_number(&connection.admin) => {
            return field("admin", "the id of the teammate in whose name things are done, digits");
        }
        Kind::Zendesk if !is_label(&connection.subdomain) => {
            return field(
                "subdomain",
                "the first part of the address, such as company of company.zendesk.com",
            );
        }
        Kind::Zendesk if !connection.user.contains('@') || connection.user.len() > NAME_BYTES_MAX => {
            return field("user", "the email address of whoever made the API token");
        }
        _ => {}
    }
    let is_address = |url: &String| {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        is_web && url.parse::<ureq::http::Uri>().is_ok_and(|uri| uri.host().is_some())
    };
    names("teams", &connection.teams, |id| is_number(id))?;
    names("agents", &connection.agents, |id| is_number(id))?;
    names("tools", &connection.tools, is_address)
}

fn names(
    field: &'static str,
    names: &BTreeMap<String, String>,
    is_one: impl Fn(&String) -> bool,
) -> Result<(), NotConnected> {
    let fits = |(name, of): (&String, &String)| {
        (1..=NAME_BYTES_MAX).contains(&name.len()) && of.len() <= 2_000 && is_one(of)
    };
    if names.len() <= NAMES_MAX && names.iter().all(fits) {
        return Ok(());
    }
    let what = if field == "tools" { "addresses" } else { "ids of digits" };
    Err(NotConnected::Field(field, format!("at most {NAMES_MAX} names with {what}")))
}

fn is_number(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=SUBDOMAIN_BYTES_MAX).contains(&text.len()) && text.bytes().all(inside)
}
