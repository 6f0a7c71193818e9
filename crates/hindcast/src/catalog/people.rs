//! People who can sign in: how they prove who they are, and how they like to see things.

use super::{By, Catalog, CatalogError, outbox, random_id};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::{Language, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The id of a person; entries about what they do here name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId(pub String);

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Their address, folded; it is how they sign in.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Their password as a PHC string, if they have one.
    pub password: Option<String>,
    /// The secret of their second factor, sealed, if they have one.
    pub totp: Option<Vec<u8>>,
    /// How they like to see things.
    pub preferences: Preferences,
    /// Since when.
    pub created_at: Timestamp,
    /// When they were last here, to the minute.
    pub seen_at: Option<Timestamp>,
    /// Since when they may not sign in.
    pub deactivated_at: Option<Timestamp>,
}

/// How somebody likes to see things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The code of a language; that of the browser when there is none.
    pub language: Option<String>,
    /// A time zone of the IANA database; that of the workspace when there is none.
    pub zone: Option<String>,
    /// How times are shown.
    pub times: Times,
    /// Light or dark.
    pub theme: Theme,
    /// Whether rows are closer together.
    pub compact: bool,
    /// Whether single keys do something.
    pub shortcuts: bool,
    /// Whether the entry beside the list takes more room than it must.
    pub wide_panel: bool,
    /// What the log opens with: the query string of its page. Everything of the last day when there is none.
    pub first_view: Option<String>,
}

impl Default for Preferences {
    fn default() -> Self {
        let (language, zone, times, theme, compact, wide_panel, first_view) = Default::default();
        Self { language, zone, times, theme, compact, shortcuts: true, wide_panel, first_view }
    }
}

/// How times are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Times {
    /// In the reader's zone.
    #[default]
    Local,
    /// In UTC.
    Utc,
    /// As how long ago it was.
    Relative,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system is.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What is asked for when somebody joins.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// Their address.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Their password as a PHC string.
    pub password: Option<String>,
    /// How they like to see things.
    pub preferences: Preferences,
}

impl Person {
    /// The person as a target of entries.
    pub fn target(&self) -> Value {
        json!({ "type": "user", "id": self.id.0, "name": self.name })
    }
}

const COLUMNS: &str = "id, email, name, password, totp, preferences, created_at, seen_at, deactivated_at";

/// Addresses are the same in upper and lower case.
pub(super) fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Catalog {
    /// Adds a person; nobody when the address is taken.
    pub(super) fn put_person(
        transaction: &Transaction<'_>,
        new: &NewPerson,
        now: Timestamp,
    ) -> Result<Option<PersonId>, CatalogError> {
        let id = PersonId(random_id()?);
        let preferences = serde_json::to_string(&new.preferences).unwrap_or_default();
        let added = transaction.execute(
            "INSERT INTO person (id, email, name, password, preferences, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            params![id.0, folded(&new.email), new.name, new.password, preferences, now.micros()],
        )?;
        Ok((added == 1).then_some(id))
    }

    /// The person with this id.
    pub fn person(&self, id: &PersonId) -> Result<Option<Person>, CatalogError> {
        self.person_where("id = ?1", &id.0)
    }

    /// The person who signs in with this address.
    pub fn person_by_email(&self, email: &str) -> Result<Option<Person>, CatalogError> {
        self.person_where("email = ?1", &folded(email))
    }

    fn person_where(&self, condition: &str, value: &str) -> Result<Option<Person>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!("SELECT {COLUMNS} FROM person WHERE {condition}"))?;
        Ok(statement.query_row([value], read).optional()?)
    }

    /// Whether anybody can sign in at all; until then the server waits to be set up.
    pub fn has_people(&self) -> Result<bool, CatalogError> {
        Ok(self.sql().query_row("SELECT EXISTS (SELECT 1 FROM person)", [], |row| row.get(0))?)
    }

    /// Gives somebody a new password.
    pub fn set_password(
        &self,
        person: &Person,
        hash: &str,
        log: &WorkspaceId,
        by: &By,
    ) -> Result<(), CatalogError> {
        let event = by.event("password.changed", json!([person.target()]), json!({}));
        self.change_person(log, &event, |sql| {
            sql.execute("UPDATE person SET password = ?2 WHERE id = ?1", params![person.id.0, hash])
        })
    }

    /// Gives somebody a second factor with recovery codes, or takes it away.
    pub fn set_second_factor(
        &self,
        person: &Person,
        factor: Option<(&[u8], &[[u8; 32]])>,
        log: &WorkspaceId,
        by: &By,
    ) -> Result<(), CatalogError> {
        let action = if factor.is_some() { "mfa.enabled" } else { "mfa.disabled" };
        let event = by.event(action, json!([person.target()]), json!({ "method": "totp" }));
        self.change_person(log, &event, |sql| {
            sql.execute("DELETE FROM recovery_code WHERE person = ?1", [&person.id.0])?;
            for hash in factor.map(|(_, codes)| codes).unwrap_or_default() {
                sql.execute(
                    "INSERT INTO recovery_code (person, hash) VALUES (?1, ?2)",
                    params![person.id.0, hash.as_slice()],
                )?;
            }
            let sealed = factor.map(|(sealed, _)| sealed);
            sql.execute(
                "UPDATE person SET totp = ?2, totp_step = 0 WHERE id = ?1",
                params![person.id.0, sealed],
            )
        })
    }

    fn change_person(
        &self,
        log: &WorkspaceId,
        event: &Value,
        change: impl FnOnce(&Transaction<'_>) -> crate::sql::Result<usize>,
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        change(&transaction)?;
        outbox::put(&transaction, log, event)?;
        Ok(transaction.commit()?)
    }

    /// Takes a step of the second factor; whether it is later than the last one, so that no code is good twice.
    pub fn take_step(&self, id: &PersonId, step: u64) -> Result<bool, CatalogError> {
        let changed = self.sql().execute(
            "UPDATE person SET totp_step = ?2 WHERE id = ?1 AND totp_step < ?2",
            params![id.0, i64::try_from(step).unwrap_or(i64::MAX)],
        )?;
        Ok(changed == 1)
    }

    /// Takes a recovery code, which is gone then; how many are left, if it was there.
    pub fn take_recovery_code(&self, id: &PersonId, hash: &[u8; 32]) -> Result<Option<usize>, CatalogError> {
        let sql = self.sql();
        let taken = sql.execute(
            "DELETE FROM recovery_code WHERE person = ?1 AND hash = ?2",
            params![id.0, hash.as_slice()],
        )?;
        let left =
            sql.query_row("SELECT count(*) FROM recovery_code WHERE person = ?1", [&id.0], |row| row.get(0))?;
        Ok((taken == 1).then_some(left))
    }

    /// Keeps how somebody likes to see things.
    pub fn set_preferences(&self, id: &PersonId, preferences: &Preferences) -> Result<(), CatalogError> {
        let preferences = serde_json::to_string(preferences).unwrap_or_default();
        self.sql().execute("UPDATE person SET preferences = ?2 WHERE id = ?1", params![id.0, preferences])?;
        Ok(())
    }

    /// Calls somebody by another name.
    pub fn rename(
        &self,
        person: &Person,
        name: &str,
        log: &WorkspaceId,
        by: &By,
    ) -> Result<(), CatalogError> {
        let changes = [("/name", person.name.clone().into(), name.into())];
        let event = by.change("agent.updated", json!([person.target()]), &changes);
        self.change_person(log, &event, |sql| {
            sql.execute("UPDATE person SET name = ?2 WHERE id = ?1", [&person.id.0, name])
        })
    }

    /// The person who is known to a provider by this subject.
    pub fn person_by_identity(&self, issuer: &str, subject: &str) -> Result<Option<Person>, CatalogError> {
        let id: Option<String> = self
            .sql()
            .query_row(
                "SELECT person FROM identity WHERE issuer = ?1 AND subject = ?2",
                [issuer, subject],
                |row| row.get(0),
            )
            .optional()?;
        id.map_or(Ok(None), |id| self.person(&PersonId(id)))
    }

    /// Whether a provider knows somebody.
    pub fn is_connected(&self, issuer: &str, id: &PersonId) -> Result<bool, CatalogError> {
        Ok(self.sql().query_row(
            "SELECT EXISTS (SELECT 1 FROM identity WHERE issuer = ?1 AND person = ?2)",
            [issuer, &id.0],
            |row| row.get(0),
        )?)
    }

    /// Somebody asks to be known by a provider; whether nobody else is by that subject.
    pub fn connect(
        &self,
        issuer: &str,
        subject: &str,
        person: &Person,
        log: &WorkspaceId,
        by: &By,
    ) -> Result<bool, CatalogError> {
        if let Some(known) = self.person_by_identity(issuer, subject)? {
            return Ok(known.id == person.id);
        }
        let event = by.event("agent.updated", json!([person.target()]), json!({ "sign_in_with": issuer }));
        self.change_person(log, &event, |sql| {
            sql.execute(
                "INSERT INTO identity (issuer, subject, person) VALUES (?1, ?2, ?3)",
                [issuer, subject, &person.id.0],
            )
        })?;
        Ok(true)
    }

    /// Remembers by what subject a provider knows somebody.
    pub fn add_identity(&self, issuer: &str, subject: &str, id: &PersonId) -> Result<(), CatalogError> {
        self.sql().execute(
            "INSERT INTO identity (issuer, subject, person) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            [issuer, subject, &id.0],
        )?;
        Ok(())
    }
}

pub(super) fn read(row: &Row<'_>) -> crate::sql::Result<Person> {
    let time = |name| row.get::<_, Option<i64>>(name).map(|at| at.map(Timestamp::from_micros));
    Ok(Person {
        id: PersonId(row.get("id")?),
        email: row.get("email")?,
        name: row.get("name")?,
        password: row.get("password")?,
        totp: row.get("totp")?,
        // Preferences of a later version are none.
        preferences: serde_json::from_str(&row.get::<_, String>("preferences")?).unwrap_or_default(),
        created_at: time("created_at")?.unwrap_or_default(),
        seen_at: time("seen_at")?,
        deactivated_at: time("deactivated_at")?,
    })
}

impl Preferences {
    /// Their language, if they chose one.
    pub fn language(&self) -> Option<Language> {
        self.language.as_deref().and_then(Language::parse)
    }
}
