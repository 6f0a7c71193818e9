//! PostgreSQL: a server, and connections to it that are made anew when they have broken.
//!
//! What is asked waits for its answer in the thread that asks; where that one runs tasks, another one runs them meanwhile. What goes
//! on between the two ends of a connection is done by threads of its own.

use super::{Error, Result, dialect};
use crate::waiting::wait;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Row, Statement};

/// A statement that takes longer is given up.
const STATEMENT_MAX: &str = "60s";
/// A transaction that says nothing for so long, as the network is gone, is undone by the server, and others may write again.
const SILENT_MAX: &str = "15s";
/// The database finds out within some ten seconds that this machine is gone.
const SOON_MISSED: &str = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = '11s'";
/// A database that nobody came in to is not tried again for so long: where packets vanish, each try takes seconds, and whoever waits
/// for a connection would wait for all of them.
const SHUT_FOR: Duration = Duration::from_secs(1);
/// Statements that a connection remembers.
const STATEMENTS_MAX: usize = 1_000;
/// SQLSTATE: what a statement answers with has changed since it was prepared, as tables were migrated meanwhile.
const PLAN_CHANGED: &str = "0A000";

/// A server, and the schema in it that is ours.
pub struct Server {
    config: Config,
    tls: Option<Tls>,
    schema: String,
    place: String,
    /// When somebody came last who was not let in, and why.
    shut: Mutex<Option<(Instant, String)>>,
    /// None while it ends.
    runtime: Option<Runtime>,
}

/// How a connection is encrypted.
type Tls = tokio_postgres_rustls::MakeRustlsConnect;

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("place", &self.place).field("schema", &self.schema).finish()
    }
}

impl Server {
    /// A server and a schema of it. `place` is what errors call it, without a password.
    pub fn new(mut config: Config, tls: Option<Tls>, schema: &str, place: &str) -> std::io::Result<Self> {
        config.application_name("hindcast");
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).thread_name("postgres").enable_all().build()?;
        let (schema, place) = (schema.to_owned(), place.to_owned());
        Ok(Self { config, tls, schema, place, shut: Mutex::default(), runtime: Some(runtime) })
    }

    /// The schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Hears of every change that is counted, on a connection of its own.
    pub(super) fn listen(&self) -> Result<Ear> {
        let away = |why: String| Error::Away { place: self.place.clone(), why };
        let Some(runtime) = &self.runtime else { return Err(away("it was let go of".to_owned())) };
        let (config, tls) = (self.config.clone(), self.tls.clone());
        let (tell, heard) = sync_channel(1);
        let connected = runtime.spawn(async move {
            match tls {
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    tokio::spawn(hear(connection, tell));
                    Ok(client)
                }
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    tokio::spawn(hear(connection, tell));
                    Ok(client)
                }
            }
        });
        let client = wait(connected).map_err(|error| away(error.to_string()))?;
        let client = client.map_err(|error| self.explain(&error))?;
        let listens = wait(client.batch_execute(&format!("LISTEN \"{}\"", self.schema)));
        listens.map_err(|error| self.explain(&error))?;
        Ok(Ear { heard, _client: client })
    }

    /// A connection; whoever comes just after somebody was not let in is not let in either.
    fn connect(&self) -> Result<Client> {
        let shut = || self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, why)) = &*shut()
            && at.elapsed() < SHUT_FOR
        {
            return Err(Error::Away { place: self.place.clone(), why: why.clone() });
        }
        let connected = self.try_to_connect();
        *shut() = match &connected {
            Err(Error::Away { why, .. }) => Some((Instant::now(), why.clone())),
            _ => None,
        };
        connected
    }

    fn try_to_connect(&self) -> Result<Client> {
        let away = |why: String| Error::Away { place: self.place.clone(), why };
        let Some(runtime) = &self.runtime else { return Err(away("it was let go of".to_owned())) };
        let (config, tls) = (self.config.clone(), self.tls.clone());
        let connected = runtime.spawn(async move {
            match tls {
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    tokio::spawn(async move { tell_end(connection.await) });
                    Ok(client)
                }
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    tokio::spawn(async move { tell_end(connection.await) });
                    Ok(client)
                }
            }
        });
        let client = wait(connected).map_err(|error| away(error.to_string()))?;
        let client = client.map_err(|error| self.explain(&error))?;
        let prepared = wait(client.batch_execute(&format!(
            "SET search_path = \"{}\"; SET synchronous_commit = on; SET statement_timeout = '{STATEMENT_MAX}';
             SET idle_in_transaction_session_timeout = '{SILENT_MAX}'; {SOON_MISSED}",
            self.schema
        )));
        prepared.map_err(|error| self.explain(&error))?;
        Ok(client)
    }

    /// What an error means.
    fn explain(&self, error: &tokio_postgres::Error) -> Error {
        let place = self.place.clone();
        let Some(said) = error.as_db_error() else {
            let mut why = error.to_string();
            let mut source = error.source();
            while let Some(error) = source {
                why += &format!(": {error}");
                source = error.source();
            }
            return Error::Away { place, why };
        };
        let code = said.code().code();
        // Connections, resources, conflicts with others, the server's own doings, a standby: all of these pass.
        let passes =
            ["08", "40", "53", "55P03", "57", "25006", "58"].iter().any(|class| code.starts_with(class));
        match passes && code != super::DISK_FULL {
            true => Error::Away { place, why: said.to_string() },
            false => Error::Postgres { place, code: code.to_owned(), why: said.to_string() },
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whoever drops it may be a task, which must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Hears that something changed in a database.
#[derive(Debug)]
pub struct Ear {
    heard: Receiver<()>,
    /// The connection ends with it.
    _client: Client,
}

impl Ear {
    /// Waits at most so long; whether something changed, or nothing when the connection broke.
    pub fn wait(&self, most: Duration) -> Option<bool> {
        match self.heard.recv_timeout(most) {
            Ok(()) => Some(true),
            Err(RecvTimeoutError::Timeout) => Some(false),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }
}

/// Passes on that something changed. What comes while that was not heard yet is heard with it.
async fn hear<S, T>(mut connection: Connection<S, T>, tell: SyncSender<()>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notification(_))) => {
                if let Err(TrySendError::Disconnected(())) = tell.try_send(()) {
                    return;
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return tell_end(Err(error)),
            None => return,
        }
    }
}

fn tell_end(ended: std::result::Result<(), tokio_postgres::Error>) {
    if let Err(error) = ended {
        // Whoever needs it tells.
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection to PostgreSQL broke");
    }
}

/// A connection that is made when it is needed.
#[derive(Debug)]
pub struct Line {
    server: Arc<Server>,
    client: RefCell<Option<Arc<Client>>>,
    statements: RefCell<HashMap<(String, Vec<Type>), Statement>>,
    is_writing: Cell<bool>,
}

impl Line {
    pub(super) fn new(server: Arc<Server>) -> Self {
        let (client, statements) = Default::default();
        Self { server, client, statements, is_writing: Cell::new(false) }
    }

    fn client(&self) -> Result<Arc<Client>> {
        let mut kept = self.client.borrow_mut();
        if let Some(client) = kept.as_ref().filter(|client| !client.is_closed()) {
            return Ok(client.clone());
        }
        *kept = None;
        self.statements.borrow_mut().clear();
        if self.is_writing.get() {
            let why = "the connection broke during a transaction".to_owned();
            return Err(Error::Away { place: self.server.place.clone(), why });
        }
        Ok(kept.insert(Arc::new(self.server.connect()?)).clone())
    }

    fn broken(&self, error: &tokio_postgres::Error) -> Error {
        match error.code() {
            None => *self.client.borrow_mut() = None,
            Some(code) if code.code() == PLAN_CHANGED => self.statements.borrow_mut().clear(),
            Some(_) => {}
        }
        self.server.explain(error)
    }

    /// Statements without parameters.
    pub(super) fn batch(&self, text: &str) -> Result<()> {
        let client = self.client()?;
        wait(client.batch_execute(text)).map_err(|error| self.broken(&error))
    }

    /// Begins a transaction; nobody else writes in the schema until it ends.
    pub(super) fn begin(&self) -> Result<()> {
        let schema = &self.server.schema;
        self.batch(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('hindcast writes in {schema}', 0))"
        ))?;
        self.is_writing.set(true);
        Ok(())
    }

    pub(super) fn commit(&self) -> Result<()> {
        let done = self.batch("COMMIT");
        self.is_writing.set(false);
        done
    }

    pub(super) fn rollback(&self) {
        self.is_writing.set(false);
        let client = self.client.borrow().clone();
        if let Some(client) = client
            && let Err(error) = wait(client.batch_execute("ROLLBACK"))
        {
            self.broken(&error);
        }
    }

    pub(super) fn execute(&self, text: &str, values: &[ToSqlOutput<'_>]) -> Result<usize> {
        let changed = self.writing(text, || {
            self.run(text, values, async |client, statement, values| client.execute(statement, values).await)
        })?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(super) fn query(&self, text: &str, values: &[ToSqlOutput<'_>]) -> Result<Vec<Row>> {
        self.writing(text, || {
            self.run(text, values, async |client, statement, values| client.query(statement, values).await)
        })
    }

    /// What is written outside of a transaction is one.
    fn writing<T>(&self, text: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.is_writing.get() || !dialect::writes(text) {
            return run();
        }
        self.begin()?;
        match run() {
            Ok(done) => self.commit().map(|()| done),
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    fn run<T>(
        &self,
        text: &str,
        values: &[ToSqlOutput<'_>],
        run: impl AsyncFnOnce(
            &Client,
            &Statement,
            &[&(dyn ToSql + Sync)],
        ) -> std::result::Result<T, tokio_postgres::Error>,
    ) -> Result<T> {
        let bound: Vec<_> = values.iter().map(|value| Bound(value_of(value))).collect();
        let client = self.client()?;
        let statement = self.prepared(&client, text, bound.iter().map(Bound::named).collect())?;
        let values: Vec<_> = bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        wait(run(&client, &statement, &values)).map_err(|error| self.broken(&error))
    }

    fn prepared(&self, client: &Client, text: &str, types: Vec<Type>) -> Result<Statement> {
        let key = (text.to_owned(), types);
        if let Some(known) = self.statements.borrow().get(&key) {
            return Ok(known.clone());
        }
        let prepared = wait(client.prepare_typed(&dialect::statement(text), &key.1));
        let prepared = prepared.map_err(|error| self.broken(&error))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS_MAX {
            statements.clear();
        }
        statements.insert(key, prepared.clone());
        Ok(prepared)
    }
}

fn value_of<'v>(value: &'v ToSqlOutput<'_>) -> ValueRef<'v> {
    match value {
        ToSqlOutput::Borrowed(value) => *value,
        ToSqlOutput::Owned(value) => value.into(),
        // Zeros and pointers of SQLite, which nobody here makes.
        _ => ValueRef::Null,
    }
}

/// A value of a parameter.
#[derive(Debug)]
struct Bound<'v>(ValueRef<'v>);

impl Bound<'_> {
    /// As what it is sent; what is null is whatever the statement takes it for.
    fn named(&self) -> Type {
        match self.0 {
            ValueRef::Null => Type::UNKNOWN,
            ValueRef::Integer(_) => Type::INT8,
            ValueRef::Real(_) => Type::FLOAT8,
            ValueRef::Text(_) => Type::TEXT,
            ValueRef::Blob(_) => Type::BYTEA,
        }
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            ValueRef::Null => Ok(IsNull::Yes),
            ValueRef::Integer(number) => number.to_sql(ty, out),
            ValueRef::Real(number) => number.to_sql(ty, out),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}
