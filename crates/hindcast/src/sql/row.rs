//! A row of an answer.

use super::{Error, Result};
use rusqlite::types::{FromSql, FromSqlError, ValueRef};
use tokio_postgres::types::Type;

/// A row of an answer.
#[derive(Debug)]
pub enum Row<'r> {
    /// Of SQLite.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Of PostgreSQL.
    Postgres(&'r tokio_postgres::Row),
}

/// A column: its number, or its name.
pub trait Place: Copy {
    /// Its number in SQLite's row.
    fn sqlite(self, row: &rusqlite::Row<'_>) -> rusqlite::Result<usize>;
    /// Its number in PostgreSQL's row.
    fn postgres(self, row: &tokio_postgres::Row) -> rusqlite::Result<usize>;
}

impl Place for usize {
    fn sqlite(self, _: &rusqlite::Row<'_>) -> rusqlite::Result<usize> {
        Ok(self)
    }

    fn postgres(self, _: &tokio_postgres::Row) -> rusqlite::Result<usize> {
        Ok(self)
    }
}

impl Place for &str {
    fn sqlite(self, row: &rusqlite::Row<'_>) -> rusqlite::Result<usize> {
        row.as_ref().column_index(self)
    }

    fn postgres(self, row: &tokio_postgres::Row) -> rusqlite::Result<usize> {
        let place = row.columns().iter().position(|column| column.name() == self);
        place.ok_or_else(|| rusqlite::Error::InvalidColumnName(self.to_owned()))
    }
}

impl Row<'_> {
    /// The value of a column.
    pub fn get<P: Place, T: FromSql>(&self, place: P) -> Result<T> {
        let value = self.get_ref(place)?;
        let named = value.data_type();
        T::column_result(value).map_err(|error| match error {
            FromSqlError::InvalidType => rusqlite::Error::InvalidColumnType(0, String::new(), named).into(),
            other => Error::unread(other),
        })
    }

    /// The value of a column, as it lies there.
    pub fn get_ref<P: Place>(&self, place: P) -> Result<ValueRef<'_>> {
        match self {
            Self::Sqlite(row) => Ok(row.get_ref(place.sqlite(row)?)?),
            Self::Postgres(row) => value(row, place.postgres(row)?),
        }
    }
}

/// A value of PostgreSQL as SQLite would have it.
fn value(row: &tokio_postgres::Row, place: usize) -> Result<ValueRef<'_>> {
    let Some(column) = row.columns().get(place) else {
        return Err(rusqlite::Error::InvalidColumnIndex(place).into());
    };
    let integer = |number: Option<i64>| number.map_or(ValueRef::Null, ValueRef::Integer);
    let real = |number: Option<f64>| number.map_or(ValueRef::Null, ValueRef::Real);
    let read = match *column.type_() {
        Type::BOOL => row.try_get::<_, Option<bool>>(place).map(|is| integer(is.map(i64::from))),
        Type::INT2 => row.try_get::<_, Option<i16>>(place).map(|number| integer(number.map(i64::from))),
        Type::INT4 => row.try_get::<_, Option<i32>>(place).map(|number| integer(number.map(i64::from))),
        Type::INT8 => row.try_get(place).map(integer),
        Type::FLOAT4 => row.try_get::<_, Option<f32>>(place).map(|number| real(number.map(f64::from))),
        Type::FLOAT8 => row.try_get(place).map(real),
        Type::BYTEA => {
            row.try_get::<_, Option<&[u8]>>(place).map(|bytes| bytes.map_or(ValueRef::Null, ValueRef::Blob))
        }
        // Whatever else there is, such as a number of any size, is no text and says so.
        _ => row
            .try_get::<_, Option<&str>>(place)
            .map(|text| text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))),
    };
    read.map_err(Error::unread)
}
