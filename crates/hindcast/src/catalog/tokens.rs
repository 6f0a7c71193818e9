//! Tokens: what programs show us. Shown once, stored hashed, bound to a workspace.
//!
//! A token is the base64 of `"tok"`, a version byte, 8 bytes of id, 32 random bytes and a CRC-32C of all that: 64
//! characters without padding that begin `dG9r`, because strict collectors of Intercom's logs accept no others. The
//! id finds the row, the random bytes are compared by their SHA-256 in constant time, and the check sum tells a
//! mistyped token from a wrong one before anything is looked up.

use super::{By, Catalog, CatalogError, Narrowing, PersonId, outbox};
use crate::config::Network;
use crate::hex::hex;
use crate::sql::{OptionalExtension as _, Row, params};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast_event::{Field, Hidden, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::Sight;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

const MAGIC: [u8; 4] = *b"tok\x01";
const TOKEN_BYTES: usize = 48;
/// Uses are noted at most this often.
const USED_EVERY_MICROS: i64 = 60_000_000;

/// The public part of a token, by which people tell it apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub String);

/// A whole token. Never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// The text to show once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Append events.
    Ingest,
    /// Search, read and export entries.
    Read,
    /// Decide how long entries are kept, and place and release legal holds.
    Retention,
    /// Ask for erasures, and agree to those of others.
    Erase,
    /// See alerts and decide about them, and change rules.
    Alerts,
    /// Ask the gate.
    Decide,
    /// Answer when an approval is asked for, in the name of the person whose token it is.
    Approve,
    /// See and change policies and tools.
    Policies,
    /// Everything, in every workspace: make workspaces and tokens too.
    Admin,
    /// Read conversations of the past, import them and tag them.
    Conversations,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 10] = [
        Self::Ingest,
        Self::Read,
        Self::Retention,
        Self::Erase,
        Self::Alerts,
        Self::Decide,
        Self::Approve,
        Self::Policies,
        Self::Admin,
        Self::Conversations,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Retention => "retention",
            Self::Erase => "erase",
            Self::Alerts => "alerts",
            Self::Decide => "decide",
            Self::Approve => "approve",
            Self::Policies => "policies",
            Self::Admin => "admin",
            Self::Conversations => "conversations",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether it is for those who see everything, so that a token with it is not narrowed.
    pub fn sees_everything(self) -> bool {
        matches!(
            self,
            Self::Retention
                | Self::Erase
                | Self::Alerts
                | Self::Approve
                | Self::Policies
                | Self::Admin
                | Self::Conversations
        )
    }
}

/// A token as we keep it.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its public part.
    pub id: TokenId,
    /// The only workspace it is good for; all of them for an administrator.
    pub workspace: Option<WorkspaceId>,
    /// What people call it.
    pub name: String,
    /// Who answers for what is done with it, if it is somebody's.
    pub person: Option<PersonId>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// From where it may be used; from anywhere when empty.
    pub networks: Vec<Network>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// What whoever reads with it is narrowed to.
    pub narrowing: Narrowing,
    /// The same, as searches take it.
    pub sight: Arc<Sight>,
}

impl Token {
    /// Whether it may do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Whether it is good for a caller at this address, at this time.
    pub fn is_good(&self, address: Option<IpAddr>, now: Timestamp) -> bool {
        let from_here = self.networks.is_empty()
            || address.is_some_and(|address| self.networks.iter().any(|network| network.contains(address)));
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at) && from_here
    }

    /// A token is the business of its workspace, or of the server.
    fn log(&self) -> WorkspaceId {
        self.workspace.clone().unwrap_or_else(WorkspaceId::instance)
    }

    fn event(&self, action: &str, by: &By) -> Value {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let expires_at = self.expires_at.map(|at| at.to_string());
        let target = json!([{ "type": "api_key", "id": self.id.0, "name": self.name }]);
        let mut about = json!({ "scopes": scopes, "expires_at": expires_at });
        if let Some(person) = &self.person {
            about["person"] = person.0.as_str().into();
        }
        if let Some(only) = self.narrowing.only() {
            about["only"] = only.into();
        }
        if !self.narrowing.hidden().is_empty() {
            about["hidden"] = words(self.narrowing.hidden()).into();
        }
        by.event(action, target, about)
    }
}

/// What is asked for when a token is made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The only workspace it is good for.
    pub workspace: Option<WorkspaceId>,
    /// What people call it.
    pub name: String,
    /// Who answers for it.
    pub person: Option<PersonId>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// From where it may be used.
    pub networks: Vec<Network>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// What whoever reads with it is narrowed to.
    pub narrowing: Narrowing,
}

const COLUMNS: &str = "id, workspace, name, scopes, networks, created_at, expires_at, revoked_at, last_used_at, \
     secret_hash, narrowed_to, hidden, person";

impl Catalog {
    /// Makes a token and tells it, this once.
    pub fn create_token(
        &self,
        new: NewToken,
        now: Timestamp,
        by: &By,
    ) -> Result<(Token, TokenSecret), CatalogError> {
        let mut random = [0; 40];
        getrandom::fill(&mut random).map_err(|error| CatalogError::Damaged(error.to_string()))?;
        let (id, secret) = random.split_at(8);
        let id = hex(id);
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&random);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
        let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let networks: Vec<_> = new.networks.iter().map(Network::to_string).collect();
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "INSERT INTO token
                 (id, workspace, name, secret_hash, scopes, networks, created_at, expires_at, narrowed_to, hidden, person)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                id,
                new.workspace.as_ref().map(WorkspaceId::as_str),
                new.name,
                Sha256::digest(secret).as_slice(),
                scopes.join(" "),
                networks.join(" "),
                now.micros(),
                new.expires_at.map(Timestamp::micros),
                new.narrowing.only(),
                words(new.narrowing.hidden()),
                new.person.as_ref().map(|person| &person.0),
            ],
        )?;
        let token = Token {
            id: TokenId(id),
            workspace: new.workspace,
            name: new.name,
            person: new.person,
            scopes: new.scopes,
            networks: new.networks,
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
            sight: Arc::new(new.narrowing.sight()),
            narrowing: new.narrowing,
        };
        outbox::put(&transaction, &token.log(), &token.event("token.created", by))?;
        transaction.commit()?;
        Ok((token, TokenSecret(STANDARD.encode(bytes))))
    }

    /// The token a caller shows, if it is one of ours; whether it is still good is for [`Token::is_good`] to say.
    pub fn find_token(&self, shown: &str) -> Result<Option<Token>, CatalogError> {
        let Some((id, secret)) = take_apart(shown) else { return Ok(None) };
        let sql = self.sql();
        let mut statement = sql.prepare(&format!("SELECT {COLUMNS} FROM token WHERE id = ?1"))?;
        let found = statement
            .query_row([id], |row| Ok((read(row)?, row.get::<_, Vec<u8>>("secret_hash")?)))
            .optional()?;
        let Some((row, hash)) = found else { return Ok(None) };
        let same = bool::from(Sha256::digest(secret).as_slice().ct_eq(&hash));
        if same { token(row).map(Some) } else { Ok(None) }
    }

    /// A token by its public part, whether it is still good or not.
    pub fn token(&self, id: &TokenId) -> Result<Option<Token>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!("SELECT {COLUMNS} FROM token WHERE id = ?1"))?;
        statement.query_row([&id.0], read).optional()?.map(token).transpose()
    }

    /// The tokens of a workspace, or all of them, oldest first.
    pub fn tokens(&self, workspace: Option<&WorkspaceId>) -> Result<Vec<Token>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM token WHERE workspace = ?1 OR ?1 IS NULL ORDER BY created_at, id"
        ))?;
        let rows: Vec<_> =
            statement.query_map([workspace.map(WorkspaceId::as_str)], read)?.collect::<Result<_, _>>()?;
        rows.into_iter().map(token).collect()
    }

    /// Takes a token back; whether there was one to take back.
    pub fn revoke_token(&self, id: &TokenId, now: Timestamp, by: &By) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let revoked = transaction
            .query_row(
                &format!("UPDATE token SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL RETURNING {COLUMNS}"),
                params![id.0, now.micros()],
                read,
            )
            .optional()?;
        let Some(revoked) = revoked.map(token).transpose()? else { return Ok(false) };
        outbox::put(&transaction, &revoked.log(), &revoked.event("token.revoked", by))?;
        transaction.commit()?;
        Ok(true)
    }

    /// Notes that a token was used, at most once a minute.
    pub fn note_use(&self, token: &Token, now: Timestamp) -> Result<(), CatalogError> {
        if token.last_used_at.is_none_or(|last| now.micros() - last.micros() > USED_EVERY_MICROS) {
            self.sql().execute(
                "UPDATE token SET last_used_at = ?2 WHERE id = ?1",
                params![token.id.0, now.micros()],
            )?;
        }
        Ok(())
    }
}

fn take_apart(shown: &str) -> Option<(String, Vec<u8>)> {
    let bytes = STANDARD.decode(shown).ok().filter(|bytes| bytes.len() == TOKEN_BYTES)?;
    let (body, sum) = bytes.split_at(TOKEN_BYTES - 4);
    let whole = body.starts_with(&MAGIC) && crc32c::crc32c(body).to_be_bytes() == sum;
    whole.then(|| (hex(&body[4..12]), body[12..].to_vec()))
}

struct TokenRow {
    id: String,
    workspace: Option<String>,
    name: String,
    person: Option<String>,
    scopes: String,
    networks: String,
    narrowed_to: Option<String>,
    hidden: String,
    times: [Option<i64>; 4],
}

fn read(row: &Row<'_>) -> crate::sql::Result<TokenRow> {
    Ok(TokenRow {
        id: row.get("id")?,
        workspace: row.get("workspace")?,
        name: row.get("name")?,
        person: row.get("person")?,
        scopes: row.get("scopes")?,
        networks: row.get("networks")?,
        narrowed_to: row.get("narrowed_to")?,
        hidden: row.get("hidden")?,
        times: [
            row.get("created_at")?,
            row.get("expires_at")?,
            row.get("revoked_at")?,
            row.get("last_used_at")?,
        ],
    })
}

fn token(row: TokenRow) -> Result<Token, CatalogError> {
    let damaged = || CatalogError::Damaged(format!("token {} cannot be read", row.id));
    let [created_at, expires_at, revoked_at, last_used_at] =
        row.times.map(|time| time.map(Timestamp::from_micros));
    let scopes =
        row.scopes.split_whitespace().map(Scope::parse).collect::<Option<_>>().ok_or_else(damaged)?;
    let networks =
        row.networks.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(|_| damaged())?;
    let workspace = row.workspace.as_deref().map(str::parse).transpose().map_err(|_| damaged())?;
    let created_at = created_at.ok_or_else(damaged)?;
    let hidden =
        row.hidden.split_whitespace().map(Field::parse).collect::<Option<_>>().ok_or_else(damaged)?;
    let narrowing = Narrowing::new(row.narrowed_to.as_deref(), hidden).map_err(|_| damaged())?;
    Ok(Token {
        id: TokenId(row.id),
        workspace,
        name: row.name,
        person: row.person.map(PersonId),
        scopes,
        networks,
        created_at,
        expires_at,
        revoked_at,
        last_used_at,
        sight: Arc::new(narrowing.sight()),
        narrowing,
    })
}

fn words(hidden: Hidden) -> String {
    hidden.fields().map(Field::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::MIN;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn made(new: NewToken) -> (tempfile::TempDir, Catalog, Token, TokenSecret) {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = Catalog::open(&folder.path().join("catalog.db")).expect("opens");
        let (token, secret) = catalog.create_token(new, NOW, &By::server()).expect("made");
        (folder, catalog, token, secret)
    }

    fn reader() -> NewToken {
        NewToken {
            workspace: None,
            name: "collector".into(),
            person: None,
            scopes: vec![Scope::Read],
            networks: vec![],
            expires_at: None,
            narrowing: Narrowing::default(),
        }
    }

    #[test]
    fn a_token_is_shown_once_and_only_its_hash_is_kept() {
        let (folder, catalog, token, secret) = made(reader());
        let shown = secret.reveal();
        assert!(shown.starts_with("dG9r") && shown.len() == 64 && !shown.contains('='), "{shown}");
        assert_eq!(catalog.find_token(shown).expect("read").expect("there").id, token.id);
        assert_eq!(format!("{secret:?}"), "TokenSecret(…)");
        drop(catalog);
        for file in std::fs::read_dir(folder.path()).expect("listed") {
            let bytes = std::fs::read(file.expect("there").path()).expect("read");
            let secret = &STANDARD.decode(shown).expect("base64")[12..44];
            assert!(!bytes.windows(32).any(|window| window == secret));
            assert!(!bytes.windows(64).any(|window| window == shown.as_bytes()));
        }
    }

    #[test]
    fn a_wrong_token_is_nobody() {
        let (_folder, catalog, _, secret) = made(reader());
        let shown = secret.reveal();
        let other = if shown.ends_with('A') { 'B' } else { 'A' };
        for wrong in ["", "dG9r", "x", &format!("{}{other}", &shown[..63]), &shown[..60]] {
            assert!(catalog.find_token(wrong).expect("read").is_none(), "{wrong}");
        }
        // The right id and check sum with another secret.
        let mut bytes = STANDARD.decode(shown).expect("base64");
        bytes[20] ^= 1;
        let sum = crc32c::crc32c(&bytes[..44]).to_be_bytes();
        bytes[44..].copy_from_slice(&sum);
        assert!(catalog.find_token(&STANDARD.encode(bytes)).expect("read").is_none());
    }

    #[test]
    fn a_token_ends_by_time_by_hand_and_at_its_network() {
        let networks = vec!["10.0.0.0/8".parse().expect("a network")];
        let (_folder, catalog, token, secret) =
            made(NewToken { networks, expires_at: Some(at(100)), ..reader() });
        let inside = "10.1.2.3".parse().ok();
        assert!(token.is_good(inside, at(99)));
        assert!(!token.is_good(inside, at(100)), "expired");
        assert!(!token.is_good("192.0.2.1".parse().ok(), at(1)), "elsewhere");
        assert!(!token.is_good(None, at(1)), "from nowhere");
        assert!(token.may(Scope::Read) && !token.may(Scope::Ingest));
        assert!(catalog.revoke_token(&token.id, at(5), &By::server()).expect("revoked"));
        assert!(!catalog.revoke_token(&token.id, at(6), &By::server()).expect("asked"), "only once");
        let token = catalog.find_token(secret.reveal()).expect("read").expect("still known");
        assert!(!token.is_good(inside, at(7)));
    }
}
