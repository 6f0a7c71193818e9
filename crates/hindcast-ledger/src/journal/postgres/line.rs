//! A connection that is made anew when it has broken.

use super::door::Door;
use crate::WorkspaceId;
use crate::journal::{JournalError, News};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::ToSql;
use postgres::{Client, Row, Statement};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the outcome of a commit is asked after; whoever appends waits meanwhile.
const DOUBT_MAX: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(200);
/// A transaction of ours that says nothing for so long, as the network is gone, is rolled back by the server. Until then it holds its rows.
const SILENT_MAX: &str = "15s";
/// Somebody else's transaction is not waited for any longer; one that fell silent is rolled back before.
const LOCKED_MAX: &str = "30s";
/// A question that takes longer is given up. It is none of a connection that writes: given up while a commit waits for standbys, that
/// would be taken for done.
const READ_MAX: &str = "60s";

/// The database finds out within some ten seconds that a machine is gone, whether it had something to tell it or not, and gives what that one
/// had claimed to others; a process that ends is missed at once. On a socket of the machine itself it means nothing.
pub const SOON_MISSED: &str = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = '11s'";

/// A connection; see the module.
pub(super) struct Line {
    door: Arc<Door>,
    place: String,
    schema: String,
    client: Option<Client>,
    statements: HashMap<String, Statement>,
    /// What this process is called among those that write.
    node: String,
    /// The number of its last transaction.
    number: i64,
    /// What it holds for this process alone.
    claimed: BTreeSet<String>,
    /// Whether it only reads.
    is_for_reading: bool,
    /// Whether it hears of changes.
    listens: bool,
}

impl News for Line {
    fn wait(&mut self, most: Duration) -> Result<Vec<WorkspaceId>, JournalError> {
        self.client()?;
        if !self.listens {
            self.batch(&format!("LISTEN \"{}\"", self.channel()))?;
            self.listens = true;
            // Whatever changed before is not told any more.
            return Err(JournalError::Away {
                place: self.place.clone(),
                why: "it was not listened to".to_owned(),
            });
        }
        let heard = {
            let mut heard = BTreeSet::new();
            let mut notifications = self.client()?.notifications();
            let mut waited = most;
            loop {
                match notifications.timeout_iter(waited).next() {
                    Ok(Some(told)) => drop(heard.insert(told.payload().to_owned())),
                    Ok(None) => break Ok(heard),
                    Err(error) => break Err(error),
                }
                waited = Duration::ZERO;
            }
        };
        let heard = heard.map_err(|error| self.broken(error))?;
        Ok(heard.iter().filter_map(|workspace| workspace.parse().ok()).collect())
    }
}

impl Line {
    pub fn new(door: Arc<Door>, schema: &str) -> Result<Self, JournalError> {
        Self::made(door, schema, false)
    }

    /// One that only reads.
    pub fn reading(door: Arc<Door>, schema: &str) -> Result<Self, JournalError> {
        Self::made(door, schema, true)
    }

    fn made(door: Arc<Door>, schema: &str, is_for_reading: bool) -> Result<Self, JournalError> {
        let place = door.place().to_owned();
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if schema.is_empty() || schema.len() > 63 || !schema.chars().all(good) {
            let what = format!("a schema has 1 to 63 letters a-z, digits and _, not {schema:?}");
            return Err(JournalError::Damaged { place, what });
        }
        let mut line = Self {
            door,
            place,
            schema: schema.to_owned(),
            client: None,
            statements: HashMap::new(),
            node: String::new(),
            number: 0,
            claimed: BTreeSet::new(),
            is_for_reading,
            listens: false,
        };
        line.client()?;
        Ok(line)
    }

    fn client(&mut self) -> Result<&mut Client, JournalError> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.client = None;
            self.statements.clear();
            self.claimed.clear();
            self.listens = false;
            let mut client = self.door.open()?;
            let prepared = client.batch_execute(&format!(
                "SET search_path = \"{}\"; SET synchronous_commit = on; SET lock_timeout = '{LOCKED_MAX}';
                 SET idle_in_transaction_session_timeout = '{SILENT_MAX}'; {SOON_MISSED}",
                self.schema
            ));
            prepared.map_err(|error| explain(&self.place, error))?;
            if self.is_for_reading {
                let bounded = client.batch_execute(&format!("SET statement_timeout = '{READ_MAX}'"));
                bounded.map_err(|error| explain(&self.place, error))?;
            }
            return Ok(self.client.insert(client));
        }
        self.client.as_mut().ok_or_else(|| JournalError::Damaged {
            place: self.place.clone(),
            what: "it is not connected".to_owned(),
        })
    }

    /// Statements of which nothing is read.
    pub fn batch(&mut self, sql: &str) -> Result<(), JournalError> {
        let done = self.client()?.batch_execute(sql);
        done.map_err(|error| self.broken(error))
    }

    /// Does something that may take its time.
    pub fn at_leisure<T>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        self.batch("SET statement_timeout = 0; SET lock_timeout = 0")?;
        let done = act(self);
        // Without a connection there is nothing to be set back.
        let bounds = format!("SET statement_timeout = '{READ_MAX}'; SET lock_timeout = '{LOCKED_MAX}'");
        if self.client.is_some() {
            self.batch(&bounds)?;
        }
        done
    }

    pub fn query(&mut self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, JournalError> {
        let statement = self.statement(sql)?;
        let rows = self.client()?.query(&statement, params);
        rows.map_err(|error| self.broken(error))
    }

    pub fn execute(&mut self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, JournalError> {
        let statement = self.statement(sql)?;
        let done = self.client()?.execute(&statement, params);
        done.map_err(|error| self.broken(error))
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, JournalError> {
        self.client()?;
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let prepared = self.client()?.prepare(sql);
        let prepared = prepared.map_err(|error| self.broken(error))?;
        self.statements.insert(sql.to_owned(), prepared.clone());
        Ok(prepared)
    }

    fn broken(&mut self, error: postgres::Error) -> JournalError {
        if error.is_closed() || error.as_db_error().is_none() {
            self.client = None;
        }
        explain(&self.place, error)
    }

    /// Takes its place among those that write.
    pub fn enrol(&mut self) -> Result<(), JournalError> {
        let rows = self
            .query("SELECT md5(random()::text || clock_timestamp()::text || pg_backend_pid()::text)", &[])?;
        self.node = rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or_default();
        // Those that were not heard of for a month have ended.
        self.execute("DELETE FROM writer WHERE at < now() - interval '30 days'", &[])?;
        let node = self.node.clone();
        self.execute("INSERT INTO writer (node, number) VALUES ($1, 0)", &[&node]).map(drop)
    }

    /// Begins a transaction. Its number is the first that it writes: whoever asks after it waits until it has ended.
    pub fn begin(&mut self) -> Result<(), JournalError> {
        self.number += 1;
        let (node, number) = (self.node.clone(), self.number);
        let begun = self.batch(&format!(
            "BEGIN; INSERT INTO writer (node, number, at) VALUES ('{node}', {number}, now())
             ON CONFLICT (node) DO UPDATE SET number = excluded.number, at = excluded.at"
        ));
        if begun.is_err() {
            self.rollback();
        }
        begun
    }

    pub fn commit(&mut self) -> Result<(), JournalError> {
        let Some(client) = self.client.as_mut() else {
            return Err(JournalError::Away {
                place: self.place.clone(),
                why: "the connection was lost".to_owned(),
            });
        };
        match client.batch_execute("COMMIT") {
            Ok(()) => Ok(()),
            // What the server refused was not written.
            Err(error) if error.as_db_error().is_some_and(|said| !is_ending(said.code())) => {
                Err(self.broken(error))
            }
            Err(error) => {
                self.client = None;
                self.ask_after(&explain(&self.place, error))
            }
        }
    }

    /// Whether the last transaction was committed. The rows that it holds are held until it has ended, so the answer is the last word.
    fn ask_after(&mut self, why: &JournalError) -> Result<(), JournalError> {
        let until = Instant::now() + DOUBT_MAX;
        loop {
            let node = self.node.clone();
            match self.query("SELECT number FROM writer WHERE node = $1 FOR UPDATE", &[&node]) {
                Ok(rows) => {
                    let number: i64 = rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(-1);
                    if number == self.number {
                        return Ok(());
                    }
                    return Err(JournalError::Away { place: self.place.clone(), why: why.to_string() });
                }
                Err(error) if Instant::now() > until => {
                    return Err(JournalError::InDoubt { place: self.place.clone(), why: error.to_string() });
                }
                Err(_) => std::thread::sleep(ASK_EVERY),
            }
        }
    }

    /// Whether this connection holds a claim, or takes it now.
    pub fn claim(&mut self, what: &str) -> Result<bool, JournalError> {
        let key = format!("{}/{what}", self.schema);
        // A connection that was made anew holds nothing any more.
        let is_held =
            self.claimed.contains(what) && self.client.as_ref().is_some_and(|client| !client.is_closed());
        let sql = match is_held {
            true => "SELECT true WHERE $1::text IS NOT NULL",
            false => "SELECT pg_try_advisory_lock(hashtextextended($1, 0))",
        };
        let asked = self.query(sql, &[&key]);
        if asked.is_err() {
            // With the connection goes whatever it may hold after all.
            self.claimed.clear();
            self.client = None;
        }
        let is_held = asked?.first().and_then(|row| row.try_get(0).ok()).unwrap_or(false);
        if is_held {
            self.claimed.insert(what.to_owned());
        }
        Ok(is_held)
    }

    /// Leaves something to others that this connection claimed.
    pub fn leave(&mut self, what: &str) -> Result<(), JournalError> {
        if self.claimed.remove(what) {
            let key = format!("{}/{what}", self.schema);
            self.query("SELECT pg_advisory_unlock(hashtextextended($1, 0))", &[&key])?;
        }
        Ok(())
    }

    /// Which of these another connection holds, in their order.
    pub fn claimed_by_others(&mut self, whats: &[String]) -> Result<Vec<bool>, JournalError> {
        let keys: Vec<_> = whats.iter().map(|what| format!("{}/{what}", self.schema)).collect();
        let rows = self.query(
            "SELECT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
                 AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended(k.key, 0))
             FROM unnest($1::text[]) WITH ORDINALITY AS k (key, nth) ORDER BY k.nth",
            &[&keys],
        )?;
        rows.iter().map(|row| row.try_get(0).map_err(|error| explain(&self.place, error))).collect()
    }

    /// The channel on which changes are told.
    fn channel(&self) -> String {
        format!("hindcast_{}", self.schema)
    }

    /// Tells others of a workspace that changes with this transaction.
    pub fn tell(&mut self, workspace: &WorkspaceId) -> Result<(), JournalError> {
        let channel = self.channel();
        self.query("SELECT pg_notify($1, $2)", &[&channel, &workspace.as_str()]).map(drop)
    }

    pub fn rollback(&mut self) {
        if let Some(client) = self.client.as_mut()
            && client.batch_execute("ROLLBACK").is_err()
        {
            self.client = None;
        }
    }
}

/// Whether the server says that it ends, or cannot be used now: what it was just doing is in doubt.
fn is_ending(code: &SqlState) -> bool {
    code.code().starts_with("57P") || code.code().starts_with("08")
}

/// What an error of the database means for the journal.
pub(super) fn explain(place: &str, error: postgres::Error) -> JournalError {
    let place = place.to_owned();
    let Some(said) = error.as_db_error() else {
        return JournalError::Away { place, why: told(&error) };
    };
    let code = said.code();
    if *code == SqlState::DISK_FULL {
        return JournalError::Full { place };
    }
    // Connections, resources, conflicts with others, the server's own doings, a standby: all of these pass.
    let passes =
        ["08", "40", "53", "55P03", "57", "25006", "58"].iter().any(|class| code.code().starts_with(class));
    if passes {
        return JournalError::Away { place, why: said.to_string() };
    }
    JournalError::Damaged { place, what: said.to_string() }
}

fn told(error: &postgres::Error) -> String {
    let mut told = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        told += &format!(": {error}");
        source = error.source();
    }
    told
}
