//! Whole tables, read and written as values: what moving from one database to another needs, whatever the tables mean.
//!
//! Which tables there are, what their columns are called and in which order they can be filled is read from an empty
//! database that the migrations made, so nothing here has to be told when a table is added. Rows go by the order of the
//! key: a copy that broke off has the first of them and goes on after its last.

use super::{Connection, Migrations, Pool, Result, ToSql, Value, params};
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// Rows that are read at once; some hold reports of megabytes.
const ROWS_AT_ONCE: usize = 100;
/// Values of one statement that inserts. Which of them are null makes another statement for PostgreSQL, and it remembers them.
const VALUES_AT_ONCE: usize = 400;

/// A row: its values in the order of the columns.
pub type Values = Vec<Value>;

/// A table, with the key its rows go by.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    columns: Vec<String>,
    /// Places of the columns of its key.
    key: Vec<usize>,
    /// Whether it never gives the number of a row again.
    remembers: bool,
    /// Tables that it names rows of.
    parents: Vec<String>,
    /// Names of rows of it that are left alone, where it has names.
    spared: &'static [&'static str],
}

/// What a table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// How many rows.
    pub rows: u64,
    /// The SHA-256 of all values, in the order of the key.
    pub sha256: [u8; 32],
    /// See [`Table::number`].
    pub number: i64,
}

/// Tables about the servers that run now, and about changes as they happen; they mean nothing elsewhere.
const PASSING: [&str; 4] = ["changed", "job", "node", "operation"];

/// The tables that migrations make and that last, each after those it names rows of. Rows of a table `mark` called `spared` are left alone.
pub fn tables(migrations: Migrations, spared: &'static [&'static str]) -> Result<Vec<Table>> {
    let pool = Pool::sqlite(Path::new(":memory:"), migrations)?;
    let sql = pool.hold();
    let mut left = sql
        .prepare(
            "SELECT name, sql LIKE '%AUTOINCREMENT%' FROM sqlite_master
             WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .map(|found: Result<(String, bool)>| found.and_then(|(name, remembers)| read(&sql, name, remembers)))
        .collect::<Result<Vec<_>>>()?;
    left.retain(|table| !PASSING.contains(&table.name.as_str()));
    if let Some(marks) = left.iter_mut().find(|table| table.name == "mark") {
        marks.spared = spared;
    }
    let mut sorted: Vec<Table> = Vec::new();
    while !left.is_empty() {
        let is_ready = |table: &Table| {
            table
                .parents
                .iter()
                .all(|parent| *parent == table.name || sorted.iter().any(|has| has.name == *parent))
        };
        let (ready, others): (Vec<_>, Vec<_>) = left.into_iter().partition(is_ready);
        // Tables that name each other in a circle go as they come; whoever fills them is told by the database.
        match ready.is_empty() {
            true => return Ok(sorted.into_iter().chain(others).collect()),
            false => sorted.extend(ready),
        }
        left = others;
    }
    Ok(sorted)
}

fn read(sql: &Connection, name: String, remembers: bool) -> Result<Table> {
    let columns = sql
        .prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?
        .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(String, i64)>>>()?;
    let parents = sql
        .prepare("SELECT \"table\" FROM pragma_foreign_key_list(?1)")?
        .query_map([&name], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let mut key: Vec<(i64, usize)> =
        columns.iter().zip(0..).filter(|((_, nth), _)| *nth > 0).map(|((_, nth), at)| (*nth, at)).collect();
    key.sort_unstable();
    let key = key.into_iter().map(|(_, at)| at).collect();
    let columns = columns.into_iter().map(|(column, _)| column).collect();
    Ok(Table { name, columns, key, remembers, parents, spared: &[] })
}

/// The version of the tables.
pub fn version(sql: &Connection) -> Result<i64> {
    let asked = match sql {
        Connection::Sqlite(_) => "PRAGMA user_version",
        Connection::Postgres(_) => "SELECT number FROM version",
    };
    sql.query_row(asked, [], |row| row.get(0))
}

impl Table {
    /// Whether it has no rows but those that are spared.
    pub fn is_empty(&self, sql: &Connection) -> Result<bool> {
        let found = sql
            .prepare(&format!("SELECT 1 FROM {} WHERE {} LIMIT 1", self.quoted(), self.meant()))?
            .exists([])?;
        Ok(!found)
    }

    /// Rows after a key, in the order of keys; empty at the end.
    pub fn page(&self, sql: &Connection, after: Option<&[Value]>) -> Result<Vec<Values>> {
        let (columns, key) = (list(self.columns.iter()), self.key_list(""));
        let after = after.unwrap_or_default();
        let later = match after.len() {
            0 => String::new(),
            count => format!(" AND ({key}) > ({})", numbers(1, count)),
        };
        let text = format!(
            "SELECT {columns} FROM {} WHERE {}{later} ORDER BY {key} LIMIT {ROWS_AT_ONCE}",
            self.quoted(),
            self.meant()
        );
        let mut statement = sql.prepare(&text)?;
        let rows = statement.query_map(after.to_vec(), |row| {
            (0..self.columns.len()).map(|at| row.get(at)).collect::<Result<Values>>()
        })?;
        rows.collect()
    }

    /// The key of a row.
    pub fn key_of(&self, row: &[Value]) -> Values {
        self.key.iter().filter_map(|&at| row.get(at).cloned()).collect()
    }

    /// The last key there is.
    pub fn last_key(&self, sql: &Connection) -> Result<Option<Values>> {
        let text = format!(
            "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT 1",
            self.key_list(""),
            self.quoted(),
            self.meant(),
            self.key_list(" DESC")
        );
        let mut statement = sql.prepare(&text)?;
        let mut rows = statement.query_map([], |row| (0..self.key.len()).map(|at| row.get(at)).collect())?;
        rows.next().transpose()
    }

    /// Inserts rows, in a transaction of the caller.
    pub fn insert(&self, sql: &Connection, rows: &[Values]) -> Result<()> {
        let width = self.columns.len().max(1);
        for some in rows.chunks((VALUES_AT_ONCE / width).max(1)) {
            let places: Vec<String> =
                (0..some.len()).map(|nth| format!("({})", numbers(nth * width + 1, width))).collect();
            let text = format!(
                "INSERT INTO {} ({}) VALUES {}",
                self.quoted(),
                list(self.columns.iter()),
                places.join(", ")
            );
            let values: Vec<&dyn ToSql> = some.iter().flatten().map(|value| value as &dyn ToSql).collect();
            sql.prepare(&text)?.execute(values.as_slice())?;
        }
        Ok(())
    }

    /// What it holds; `progress` hears of rows.
    pub fn sum(&self, sql: &Connection, mut progress: impl FnMut(u64)) -> Result<Sum> {
        let (mut hash, mut rows, mut after) = (Sha256::new(), 0, None);
        loop {
            let page = self.page(sql, after.as_deref())?;
            let Some(last) = page.last() else { break };
            after = Some(self.key_of(last));
            rows += page.len() as u64;
            page.iter().flatten().for_each(|value| hash_value(&mut hash, value));
            progress(page.len() as u64);
        }
        Ok(Sum { rows, sha256: hash.finalize().into(), number: self.number(sql)? })
    }

    /// The highest number ever given to a row; 0 of a table that does not remember it.
    pub fn number(&self, sql: &Connection) -> Result<i64> {
        if self.remembers { self.highest_number(sql) } else { Ok(0) }
    }

    fn highest_number(&self, sql: &Connection) -> Result<i64> {
        match sql {
            Connection::Sqlite(_) => sql.query_row(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1",
                [&self.name],
                |row| row.get(0),
            ),
            Connection::Postgres(_) => match self.sequence(sql)? {
                None => Ok(0),
                Some(sequence) => sql.query_row(
                    &format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"),
                    [],
                    |row| row.get(0),
                ),
            },
        }
    }

    /// Lets rows that come be numbered after those that were, also after those that are gone; in a transaction of the caller.
    pub fn number_after(&self, sql: &Connection, number: i64) -> Result<()> {
        match sql {
            Connection::Sqlite(_) if self.remembers && number > 0 => {
                let known = "UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1";
                if sql.execute(known, params![self.name, number])? == 0 {
                    let new = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
                    sql.execute(new, params![self.name, number])?;
                }
                Ok(())
            }
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(_) => self.number_in_postgres(sql, number),
        }
    }

    fn number_in_postgres(&self, sql: &Connection, number: i64) -> Result<()> {
        let Some(sequence) = self.sequence(sql)? else { return Ok(()) };
        let most = format!("SELECT coalesce(max({}), 0) FROM {}", self.key_list(""), self.quoted());
        let most: i64 = sql.query_row(&most, [], |row| row.get(0))?;
        let number = number.max(most);
        if number > 0 {
            let set = "SELECT setval(CAST(CAST(?1 AS text) AS regclass), ?2)";
            sql.query_row(set, params![sequence, number], |_| Ok(()))?;
        }
        Ok(())
    }

    /// What PostgreSQL numbers its rows with, if it does.
    fn sequence(&self, sql: &Connection) -> Result<Option<String>> {
        let [key] = self.key[..] else { return Ok(None) };
        let asked = "SELECT pg_get_serial_sequence(?1, ?2)";
        sql.query_row(asked, params![self.quoted(), self.columns[key]], |row| row.get(0))
    }

    fn quoted(&self) -> String {
        format!("\"{}\"", self.name)
    }

    fn key_list(&self, after_each: &str) -> String {
        let columns = self.key.iter().map(|&at| format!("\"{}\"{after_each}", self.columns[at]));
        columns.collect::<Vec<_>>().join(", ")
    }

    /// The condition of rows that are not spared.
    fn meant(&self) -> String {
        match self.spared.is_empty() {
            true => "1 = 1".to_owned(),
            false => format!("name NOT IN ('{}')", self.spared.join("', '")),
        }
    }
}

fn list<'c>(columns: impl Iterator<Item = &'c String>) -> String {
    columns.map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}

/// Parameters from a number on.
fn numbers(first: usize, count: usize) -> String {
    (first..first + count).map(|nth| format!("?{nth}")).collect::<Vec<_>>().join(", ")
}

/// A value in one spelling: what it is, how long it is, and its bytes.
fn hash_value(hash: &mut Sha256, value: &Value) {
    let (kind, bytes): (u8, &[u8]) = match value {
        Value::Null => (0, &[]),
        Value::Integer(number) => (1, &number.to_be_bytes()),
        Value::Real(number) => (2, &number.to_be_bytes()),
        Value::Text(text) => (3, text.as_bytes()),
        Value::Blob(bytes) => (4, bytes),
    };
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: Migrations = Migrations {
        steps: &["
            CREATE TABLE a_child (
                parent TEXT NOT NULL REFERENCES parent,
                nr     INTEGER NOT NULL,
                body   BLOB,
                PRIMARY KEY (nr, parent)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE parent (id TEXT PRIMARY KEY, \"first\" INTEGER) STRICT;
            CREATE TABLE event (nr INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
            CREATE TABLE mark (workspace TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
                PRIMARY KEY (workspace, name)) STRICT, WITHOUT ROWID;
        "],
        counted: &[],
        needed: 1,
    };

    fn database(folder: &Path, name: &str) -> Pool {
        Pool::sqlite(&folder.join(name), TABLES).unwrap()
    }

    /// As whoever moves does: page after page, each in a transaction.
    fn copy(table: &Table, from: &Pool, to: &Pool, pages: usize) {
        let from = from.hold();
        let mut to = to.hold();
        let mut after = table.last_key(&to).unwrap();
        for _ in 0..pages {
            let page = table.page(&from, after.as_deref()).unwrap();
            let transaction = to.transaction().unwrap();
            table.insert(&transaction, &page).unwrap();
            table.number_after(&transaction, table.number(&from).unwrap()).unwrap();
            transaction.commit().unwrap();
            let Some(last) = page.last() else { return };
            after = Some(table.key_of(last));
        }
    }

    #[test]
    fn what_was_copied_in_two_goes_is_the_same_and_goes_on_being_numbered() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (database(folder.path(), "from"), database(folder.path(), "to"));
        let sql = from.hold();
        sql.execute("INSERT INTO parent VALUES ('p''?1', NULL)", []).unwrap();
        for nr in 0..250_i64 {
            let body = (nr % 3 > 0).then(|| vec![nr as u8; 3]);
            sql.execute(
                "INSERT INTO a_child VALUES ('p''?1', ?1, ?2)",
                params![nr % 125 + nr / 125 * 1000, body],
            )
            .unwrap();
            sql.execute("INSERT INTO event (text) VALUES (?1)", [format!("e{nr}")]).unwrap();
        }
        sql.execute("DELETE FROM event WHERE nr > 240", []).unwrap();
        sql.execute("INSERT INTO mark VALUES ('', 'mine', 'x'), ('', 'moved', 'y')", []).unwrap();
        drop(sql);
        let tables = tables(TABLES, &["moved"]).unwrap();
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["event", "mark", "parent", "a_child"], "a child comes after its parent");
        for table in &tables {
            assert!(table.is_empty(&to.hold()).unwrap());
            copy(table, &from, &to, 1);
            copy(table, &from, &to, usize::MAX);
            let (one, other) =
                (table.sum(&from.hold(), |_| {}).unwrap(), table.sum(&to.hold(), |_| {}).unwrap());
            assert_eq!(one, other, "{}", table.name);
        }
        let sql = to.hold();
        let nr: i64 = sql
            .query_row("INSERT INTO event (text) VALUES ('new') RETURNING nr", [], |row| row.get(0))
            .unwrap();
        assert_eq!(nr, 251, "numbers of rows that are gone are not given again");
        let marks: i64 = sql.query_row("SELECT count(*) FROM mark", [], |row| row.get(0)).unwrap();
        assert_eq!(marks, 1, "what is spared stays where it is");
        sql.execute("UPDATE a_child SET body = x'00' WHERE nr = 7", []).unwrap();
        let child = &tables[3];
        assert_ne!(child.sum(&sql, |_| {}).unwrap(), child.sum(&from.hold(), |_| {}).unwrap());
    }
}
