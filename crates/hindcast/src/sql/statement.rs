//! A statement that is ready to run, and the rows it answers with.

use super::postgres::Line;
use super::{Connection, Params, Result, Row};
use rusqlite::types::ToSqlOutput;
use rusqlite::{CachedStatement, ToSql, params_from_iter};

/// A statement; see the module.
pub struct Statement<'c>(Prepared<'c>);

enum Prepared<'c> {
    Sqlite(CachedStatement<'c>),
    Postgres(&'c Line, String),
}

/// Rows, one after the other.
pub enum Rows<'s> {
    /// Of SQLite, which looks for each when it is asked for.
    Sqlite(rusqlite::Rows<'s>),
    /// Of PostgreSQL, all of which have come.
    Postgres(std::vec::IntoIter<tokio_postgres::Row>, Option<tokio_postgres::Row>),
}

/// What is read of each row.
pub struct Mapped<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<'c> Statement<'c> {
    pub(super) fn new(connection: &'c Connection, text: &str) -> Result<Self> {
        Ok(Self(match connection {
            Connection::Sqlite(connection) => Prepared::Sqlite(connection.prepare_cached(text)?),
            Connection::Postgres(line) => Prepared::Postgres(line, text.to_owned()),
        }))
    }

    /// Runs it; how many rows it changed.
    pub fn execute(&mut self, params: impl Params) -> Result<usize> {
        params.hand(|values| match &mut self.0 {
            Prepared::Sqlite(statement) => Ok(statement.execute(params_from_iter(values))?),
            Prepared::Postgres(line, text) => line.execute(text, &outputs(values)?),
        })
    }

    /// Asks it.
    pub fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        params.hand(|values| match &mut self.0 {
            Prepared::Sqlite(statement) => Ok(Rows::Sqlite(statement.query(params_from_iter(values))?)),
            Prepared::Postgres(line, text) => {
                Ok(Rows::Postgres(line.query(text, &outputs(values)?)?.into_iter(), None))
            }
        })
    }

    /// Asks it, and reads each row.
    pub fn query_map<T, F>(&mut self, params: impl Params, read: F) -> Result<Mapped<'_, F>>
    where
        F: FnMut(&Row<'_>) -> Result<T>,
    {
        Ok(Mapped { rows: self.query(params)?, read })
    }

    /// Asks it for one row.
    pub fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut rows = self.query(params)?;
        let row = rows.advance()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        read(&row)
    }

    /// Whether it answers with a row.
    pub fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.advance()?.is_some())
    }
}

fn outputs<'v>(values: &'v [&dyn ToSql]) -> Result<Vec<ToSqlOutput<'v>>> {
    Ok(values.iter().map(|value| value.to_sql()).collect::<rusqlite::Result<_>>()?)
}

impl Rows<'_> {
    /// The next row.
    pub fn advance(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            Self::Postgres(rows, current) => {
                *current = rows.next();
                Ok(current.as_ref().map(Row::Postgres))
            }
        }
    }
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for Mapped<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.advance().transpose()?;
        Some(row.and_then(|row| (self.read)(&row)))
    }
}
