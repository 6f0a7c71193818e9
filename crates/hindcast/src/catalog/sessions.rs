//! Sessions of people who signed in: kept here, known by the hash of what the browser shows, ended at any time.

use super::{By, Catalog, CatalogError, Person, PersonId, outbox, people, random};
use crate::sql::{OptionalExtension as _, Row, params};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A session nobody uses ends after so long.
pub const IDLE_MICROS: i64 = 30 * 60 * 1_000_000;
/// A session ends after so long in any case.
pub const WHOLE_MICROS: i64 = 12 * 3600 * 1_000_000;
/// Uses are noted at most this often.
const SEEN_EVERY_MICROS: i64 = 60 * 1_000_000;
const USER_AGENT_CHARS_MAX: usize = 400;

/// What the browser shows; 256 random bits.
pub struct SessionSecret(String);

impl SessionSecret {
    /// The value of the cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// How far somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The password was right; a code is still wanted.
    Code,
    /// The workspace wants a second factor, and they have none yet.
    Enrol,
    /// They are in.
    In,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Enrol => "enrol",
            Self::In => "in",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "in" => Self::In,
            "enrol" => Self::Enrol,
            _ => Self::Code,
        }
    }
}

/// Somebody's session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The SHA-256 of its secret.
    pub hash: [u8; 32],
    /// Whose it is.
    pub person: PersonId,
    /// The workspace they look at.
    pub workspace: WorkspaceId,
    /// How far they have come.
    pub stage: Stage,
    /// How they signed in: `password`, `totp`, `recovery_code`, `sso`.
    pub method: String,
    /// From where.
    pub address: String,
    /// With what.
    pub user_agent: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
}

impl Session {
    /// A name for it that gives nothing away.
    pub fn id(&self) -> String {
        crate::hex::hex(&self.hash[..8])
    }
}

/// What a new session is made of.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    /// Whose it is.
    pub person: &'a PersonId,
    /// The workspace they look at.
    pub workspace: &'a WorkspaceId,
    /// How far they have come.
    pub stage: Stage,
    /// How they signed in.
    pub method: &'a str,
    /// From where.
    pub address: &'a str,
    /// With what.
    pub user_agent: &'a str,
}

impl Catalog {
    /// Begins a session. The one that is replaced ends, so that a secret from before a sign-in is worth nothing after it.
    pub fn begin_session(
        &self,
        new: &NewSession<'_>,
        replaced: Option<&[u8; 32]>,
        now: Timestamp,
    ) -> Result<SessionSecret, CatalogError> {
        let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let user_agent: String = new.user_agent.chars().take(USER_AGENT_CHARS_MAX).collect();
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        if let Some(replaced) = replaced {
            transaction.execute("DELETE FROM session WHERE hash = ?1", [replaced.as_slice()])?;
        }
        transaction.execute(
            "DELETE FROM session WHERE created_at < ?1 OR seen_at < ?2",
            [now.micros() - WHOLE_MICROS, now.micros() - IDLE_MICROS],
        )?;
        if new.stage == Stage::In {
            transaction.execute(
                "UPDATE person SET seen_at = ?2 WHERE id = ?1",
                params![new.person.0, now.micros()],
            )?;
        }
        transaction.execute(
            "INSERT INTO session
                 (hash, person, workspace, stage, method, address, user_agent, created_at, seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
            params![
                hash(&secret).as_slice(),
                new.person.0,
                new.workspace.as_str(),
                new.stage.as_str(),
                new.method,
                new.address,
                user_agent,
                now.micros(),
            ],
        )?;
        transaction.commit()?;
        Ok(SessionSecret(secret))
    }

    /// The session a browser shows and whose it is, if it has not ended and they may still sign in. What somebody does by
    /// hand keeps it from ending.
    pub fn find_session(
        &self,
        shown: &str,
        now: Timestamp,
        by_hand: bool,
    ) -> Result<Option<(Session, Person)>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT hash, person, workspace, stage, method, address, user_agent, created_at, seen_at
             FROM session WHERE hash = ?1 AND created_at > ?2 AND seen_at > ?3",
        )?;
        let hash = hash(shown);
        let since = [now.micros() - WHOLE_MICROS, now.micros() - IDLE_MICROS];
        let found = statement.query_row(params![hash.as_slice(), since[0], since[1]], read).optional()?;
        let Some(session) = found.transpose()? else { return Ok(None) };
        let mut statement = sql.prepare(
            "SELECT id, email, name, password, totp, preferences, created_at, seen_at, deactivated_at
             FROM person WHERE id = ?1 AND deactivated_at IS NULL",
        )?;
        let person = statement.query_row([&session.person.0], people::read).optional()?;
        if by_hand && person.is_some() && now.micros() - session.seen_at.micros() > SEEN_EVERY_MICROS {
            sql.execute(
                "UPDATE session SET seen_at = ?2 WHERE hash = ?1",
                params![hash.as_slice(), now.micros()],
            )?;
            sql.execute(
                "UPDATE person SET seen_at = ?2 WHERE id = ?1",
                params![session.person.0, now.micros()],
            )?;
        }
        Ok(person.map(|person| (session, person)))
    }

    /// The sessions of somebody, the newest first.
    pub fn sessions(&self, person: &PersonId, now: Timestamp) -> Result<Vec<Session>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT hash, person, workspace, stage, method, address, user_agent, created_at, seen_at
             FROM session WHERE person = ?1 AND created_at > ?2 AND seen_at > ?3 ORDER BY created_at DESC",
        )?;
        let since = [now.micros() - WHOLE_MICROS, now.micros() - IDLE_MICROS];
        let rows = statement.query_map(params![person.0, since[0], since[1]], read)?;
        rows.map(|row| row?).collect()
    }

    /// Looks at another workspace from now on.
    pub fn switch_workspace(&self, session: &Session, workspace: &WorkspaceId) -> Result<(), CatalogError> {
        self.sql().execute(
            "UPDATE session SET workspace = ?2 WHERE hash = ?1",
            params![session.hash.as_slice(), workspace.as_str()],
        )?;
        Ok(())
    }

    /// Ends a session, if it is there, and keeps the entry about it.
    pub fn end_session(&self, session: &Session, action: &str, by: &By) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        if transaction.execute("DELETE FROM session WHERE hash = ?1", [session.hash.as_slice()])? == 1 {
            outbox::put(&transaction, &session.workspace, &by.event(action, json!([]), json!({})))?;
        }
        Ok(transaction.commit()?)
    }

    /// Ends all sessions of somebody, but for one if that is said; how many.
    pub fn end_sessions(
        &self,
        person: &Person,
        except: Option<&[u8; 32]>,
        log: &WorkspaceId,
        by: &By,
    ) -> Result<usize, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let ended = transaction.execute(
            "DELETE FROM session WHERE person = ?1 AND hash != ?2",
            params![person.id.0, except.map_or(&[] as &[u8], |hash| hash.as_slice())],
        )?;
        if ended > 0 {
            let event = by.event("session.revoked", json!([person.target()]), json!({ "count": ended }));
            outbox::put(&transaction, log, &event)?;
        }
        transaction.commit()?;
        Ok(ended)
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Session, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let Ok(workspace) = workspace.parse() else {
        let what = format!("{workspace:?} is not the id of a workspace");
        return Ok(Err(CatalogError::Damaged(what)));
    };
    Ok(Ok(Session {
        hash: row.get("hash")?,
        person: PersonId(row.get("person")?),
        workspace,
        stage: Stage::parse(&row.get::<_, String>("stage")?),
        method: row.get("method")?,
        address: row.get("address")?,
        user_agent: row.get("user_agent")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        seen_at: Timestamp::from_micros(row.get("seen_at")?),
    }))
}
