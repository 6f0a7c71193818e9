//! Where what is kept lies: in files of this server, or in a database and a bucket that servers share.

mod bucket;
mod files;
mod leaves;
mod segments;
mod sweep;

pub use bucket::{Bucket, Found};
pub(crate) use files::FOLDER as SHARED_FILES;
pub use files::Files;
pub(crate) use leaves::FOLDER as SHARED_LEAVES;
pub(crate) use segments::FOLDER as SHARED_SEGMENTS;
pub(crate) use sweep::{SPARED, Useless, sweep};

use crate::catalog::{Catalog, History};
use crate::config::{Config, Storage};
use crate::sql::Server;
use anyhow::Context as _;
use hindcast_ledger::journal::{Connect, Journal, PostgresJournal, SqliteJournal};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) const LEDGER: &str = "ledger.db";
pub(crate) const CATALOG: &str = "catalog.db";
pub(crate) const HISTORY: &str = "history.db";

/// How long it may take until a database is connected to.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A connection on which nothing is acknowledged for so long has broken; one that says nothing is asked in between.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);
const ASKED_EVERY: Duration = Duration::from_secs(5);

/// The newest entries.
pub fn journal(config: &Config) -> anyhow::Result<Arc<dyn Journal>> {
    if !config.storage.is_shared() {
        return Ok(Arc::new(SqliteJournal::open(&config.data.folder.join(LEDGER))?));
    }
    let (connect, place) = connect(&config.storage)?;
    Ok(Arc::new(PostgresJournal::open(connect, &config.storage.schema, &place)?))
}

/// How the journal's database is spoken to, and what it is called.
fn connect(storage: &Storage) -> anyhow::Result<(Connect, String)> {
    let (address, tls) = database(storage)?;
    let place = Storage::place(&address);
    let address = postgres::Config::from(address);
    let connect: Connect = Arc::new(move || match &tls {
        Some(tls) => address.connect(tls.clone()),
        None => address.connect(postgres::NoTls),
    });
    Ok((connect, place))
}

/// Whether any of our schemas is in the database; none is made.
pub(crate) fn is_made(config: &Config) -> anyhow::Result<bool> {
    let schema = &config.storage.schema;
    let names = vec![schema.clone(), format!("{schema}_catalog"), format!("{schema}_history")];
    let (connect, place) = connect(&config.storage)?;
    let mut client = connect().with_context(|| place.clone())?;
    let found = client.query("SELECT FROM pg_namespace WHERE nspname = ANY($1)", &[&names]);
    Ok(!found.context(place)?.is_empty())
}

/// What people configured.
pub fn catalog(config: &Config) -> anyhow::Result<Catalog> {
    if !config.storage.is_shared() {
        return Ok(Catalog::open(&config.data.folder.join(CATALOG))?);
    }
    Ok(Catalog::shared(&server(&config.storage, "catalog")?)?)
}

/// The conversations of the past.
pub fn history(config: &Config) -> anyhow::Result<History> {
    if !config.storage.is_shared() {
        return Ok(History::open(&config.data.folder.join(HISTORY))?);
    }
    Ok(History::shared(&server(&config.storage, "history")?)?)
}

/// The files that all servers reach, where there are any.
pub fn bucket(config: &Config) -> anyhow::Result<Option<Arc<Bucket>>> {
    match config.storage.bucket.is_empty() {
        true => Ok(None),
        false => Bucket::open(&config.storage).map(Arc::new).map(Some),
    }
}

fn server(storage: &Storage, what: &str) -> anyhow::Result<Arc<Server>> {
    let (address, tls) = database(storage)?;
    let place = Storage::place(&address);
    Ok(Arc::new(Server::new(address, tls, &format!("{}_{what}", storage.schema), &place)?))
}

/// The database, and how it is spoken to in private.
fn database(storage: &Storage) -> anyhow::Result<(tokio_postgres::Config, Option<MakeRustlsConnect>)> {
    let mut address = storage.address()?;
    address.connect_timeout(CONNECT_MAX).tcp_user_timeout(ACKNOWLEDGED_WITHIN);
    address.keepalives_idle(ASKED_EVERY).keepalives_interval(ASKED_EVERY);
    if address.get_ssl_mode() == SslMode::Disable {
        return Ok((address, None));
    }
    let ca = match storage.ca.as_os_str().is_empty() {
        true => None,
        false => Some(std::fs::read(&storage.ca)),
    };
    let ca = ca.transpose().with_context(|| format!("storage.ca: cannot read {}", storage.ca.display()))?;
    let tls = crate::syslog::tls(ca.as_deref(), None).context("storage.ca")?;
    Ok((address, Some(MakeRustlsConnect::new(tls))))
}
