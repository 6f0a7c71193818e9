//! PostgreSQL: a server, and connections to it that are made anew when they have broken.
//!
//! What is asked waits for its answer in the thread that asks; where that one runs tasks, another one runs them meanwhile. What goes
//! on between the two ends of a connection is done by threads of its own.

use super::{Error, Result, dialect};
use crate::waiting::wait_with;
use hindcast_ledger::journal::SOON_MISSED;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error as _;
use std::pin::pin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Row, Statement};

/// A statement that takes longer is given up.
const STATEMENT_MAX: &str = "60s";
/// A transaction that says nothing for so long, as the network is gone, is undone by the server, and others may write again.
const SILENT_MAX: &str = "15s";
/// Coming in takes no longer, the first answer included.
const ENTER_MAX: Duration = Duration::from_secs(5);
/// Whoever waited so long for an answer looks again and again whether the server still answers anybody.
const LOOK_AFTER: Duration = Duration::from_secs(10);
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

/// What a server said.
type Answer<T> = std::result::Result<T, tokio_postgres::Error>;

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
        let (tell, heard) = sync_channel(1);
        let entered =
            wait_with(self.runtime()?, self.enter(&format!("LISTEN \"{}\"", self.schema), Some(tell)))?;
        let client = entered.map_err(|error| self.explain(&error))?;
        Ok(Ear { heard, _client: client })
    }

    /// A connection; whoever comes just after somebody was not let in is not let in either.
    fn connect(&self) -> Result<Client> {
        if let Some(why) = self.shut_just_now() {
            return Err(self.away(why));
        }
        let settings = format!(
            "SET search_path = \"{}\"; SET synchronous_commit = on; SET statement_timeout = '{STATEMENT_MAX}';
             SET idle_in_transaction_session_timeout = '{SILENT_MAX}'; {SOON_MISSED}",
            self.schema
        );
        let entered = wait_with(self.runtime()?, self.enter(&settings, None))?;
        let client = entered.map_err(|error| self.explain(&error));
        self.note_shut(match &client {
            Err(Error::Away { why, .. }) => Some(why),
            _ => None,
        });
        client
    }

    /// Comes in and says something first. Notifications are told to whoever wants to hear of them.
    async fn enter(&self, first: &str, tell: Option<SyncSender<()>>) -> Result<Answer<Client>> {
        let entering = async {
            let client = match &self.tls {
                Some(tls) => {
                    let (client, connection) = self.config.connect(tls.clone()).await?;
                    tokio::spawn(hear(connection, tell));
                    client
                }
                None => {
                    let (client, connection) = self.config.connect(NoTls).await?;
                    tokio::spawn(hear(connection, tell));
                    client
                }
            };
            client.batch_execute(first).await?;
            Ok(client)
        };
        // Each of its addresses is tried.
        let most = ENTER_MAX * u32::try_from(self.config.get_hosts().len().max(1)).unwrap_or(1);
        timeout(most, entering).await.map_err(|_| {
            let why = format!("it did not let us in for {most:?}");
            self.note_shut(Some(&why));
            self.away(why)
        })
    }

    /// Waits for what somebody asked it. Nobody waits for a server that answers nobody: it may be there and hang.
    fn answer<T>(&self, asked: impl Future<Output = Answer<T>>) -> Result<Answer<T>> {
        wait_with(self.runtime()?, async {
            let mut asked = pin!(asked);
            loop {
                match timeout(LOOK_AFTER, &mut asked).await {
                    Ok(answered) => return Ok(answered),
                    Err(_) => self.answers_anybody().await?,
                }
            }
        })
    }

    /// An error if it does not even greet.
    async fn answers_anybody(&self) -> Result<()> {
        if let Some(why) = self.shut_just_now() {
            return Err(self.away(why));
        }
        match self.enter("", None).await? {
            Err(error) if error.as_db_error().is_none() => Err(self.explain(&error)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn runtime(&self) -> Result<&Runtime> {
        self.runtime.as_ref().ok_or_else(|| self.away("it was let go of".to_owned()))
    }

    fn away(&self, why: String) -> Error {
        Error::Away { place: self.place.clone(), why }
    }

    /// Why somebody was not let in a moment ago.
    fn shut_just_now(&self) -> Option<String> {
        let shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, why) = shut.as_ref()?;
        (at.elapsed() < SHUT_FOR).then(|| why.clone())
    }

    fn note_shut(&self, why: Option<&str>) {
        let shut = why.map(|why| (Instant::now(), why.to_owned()));
        *self.shut.lock().unwrap_or_else(PoisonError::into_inner) = shut;
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

/// Lives as long as a connection, and passes on that something changed. What comes while that was not heard yet is heard with it.
async fn hear<S, T>(mut connection: Connection<S, T>, tell: Option<SyncSender<()>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notification(_))) => {
                if let Some(Err(TrySendError::Disconnected(()))) = tell.as_ref().map(|tell| tell.try_send(()))
                {
                    return;
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                // Whoever needs it tells.
                return tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a connection to PostgreSQL broke"
                );
            }
            None => return,
        }
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

    /// Waits for what the database answers on this connection.
    fn answer<T>(&self, asked: impl Future<Output = Answer<T>>) -> Result<T> {
        match self.server.answer(asked) {
            Ok(answered) => answered.map_err(|error| self.broken(&error)),
            Err(away) => {
                *self.client.borrow_mut() = None;
                Err(away)
            }
        }
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
        self.answer(client.batch_execute(text))
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
        if let Some(client) = client {
            // Without an answer the connection goes, and with it the transaction.
            let _answered = self.answer(client.batch_execute("ROLLBACK"));
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
        run: impl AsyncFnOnce(&Client, &Statement, &[&(dyn ToSql + Sync)]) -> Answer<T>,
    ) -> Result<T> {
        let bound: Vec<_> = values.iter().map(|value| Bound(value_of(value))).collect();
        let client = self.client()?;
        let statement = self.prepared(&client, text, bound.iter().map(Bound::named).collect())?;
        let values: Vec<_> = bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.answer(run(&client, &statement, &values))
    }

    fn prepared(&self, client: &Client, text: &str, types: Vec<Type>) -> Result<Statement> {
        let key = (text.to_owned(), types);
        if let Some(known) = self.statements.borrow().get(&key) {
            return Ok(known.clone());
        }
        let prepared = self.answer(client.prepare_typed(&dialect::statement(text), &key.1))?;
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
