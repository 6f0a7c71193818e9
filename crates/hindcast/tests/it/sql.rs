//! The same statements in SQLite and in a real PostgreSQL: the same answers, one writer at a time, and what happens when the
//! database goes away.

#[path = "../../../hindcast-ledger/tests/database/mod.rs"]
pub mod database;

use database::Database;
use hindcast::sql::{Error, Migrations, OptionalExtension as _, Pool, Server, Value, params};
use std::path::Path;
use std::sync::Arc;

const TABLES: Migrations = Migrations {
    steps: &["
        CREATE TABLE thing (
            nr    INTEGER PRIMARY KEY AUTOINCREMENT,
            name  TEXT NOT NULL UNIQUE,
            is_on INTEGER NOT NULL DEFAULT 1,
            share REAL,
            bytes BLOB,
            words TEXT NOT NULL DEFAULT '{}'
        ) STRICT;
        CREATE TABLE count (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    "],
    needed: 1,
    counted: &[("count", &["number"])],
};

fn server(database: &Database, schema: &str) -> Arc<Server> {
    let mut config = tokio_postgres::Config::new();
    config.host_path(database.socket().parent().expect("a folder")).user("hindcast").dbname("postgres");
    Arc::new(Server::new(config, None, schema, "the test's database").expect("made"))
}

fn file(folder: &Path) -> Pool {
    Pool::sqlite(&folder.join("things.db"), TABLES).expect("opens")
}

/// Everything that statements of the catalog make use of, and what it comes to.
fn told(pool: &Pool) -> Result<Vec<Value>, Error> {
    let mut sql = pool.hold();
    let transaction = sql.transaction()?;
    for (name, words) in [("b", r#"{"a": {"b": "deep"}, "n": [1]}"#), ("A", "{}"), ("a'?", "{}"), ("ä", "{}")]
    {
        transaction.execute(
            "INSERT INTO thing (name, share, bytes, words) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![name, 0.5, [0_u8, 255].as_slice(), words],
        )?;
    }
    transaction.commit()?;
    let mut all = Vec::new();
    let mut ask = |text: &str, values: &[&dyn hindcast::sql::ToSql]| -> Result<(), Error> {
        let mut statement = sql.prepare(text)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.advance()? {
            all.push(row.get(0)?);
        }
        Ok(())
    };
    // Texts sort by their bytes.
    ask("SELECT name FROM thing ORDER BY name", &[])?;
    ask("SELECT bytes FROM thing WHERE name = ?1", params!["b"])?;
    ask("SELECT share * 2 FROM thing WHERE name = ?1", params!["b"])?;
    ask("SELECT name = 'b' FROM thing ORDER BY nr", &[])?;
    ask("SELECT name FROM thing WHERE (name = ?1 OR ?1 IS NULL) ORDER BY nr", params![None::<String>])?;
    ask(
        "SELECT name FROM thing WHERE (nr > ?1 OR ?1 IS NULL) AND name <> '?2' ORDER BY nr",
        params![Some(2)],
    )?;
    ask(
        "SELECT name FROM thing WHERE share IS DISTINCT FROM ?1 ORDER BY nr LIMIT ?2",
        params![None::<f64>, 1],
    )?;
    ask("SELECT CAST(sum(nr) AS BIGINT) FROM thing WHERE is_on = ?1", params![true])?;
    ask("SELECT json_extract(words, '$.a.b') FROM thing ORDER BY nr", &[])?;
    ask("SELECT json_extract(json_remove(words, '$.a'), '$.a.b') FROM thing WHERE name = 'b'", &[])?;
    ask(
        "SELECT name FROM thing WHERE name IN (SELECT value FROM json_each(?1)) ORDER BY nr",
        params![r#"["b", "ä"]"#],
    )?;
    ask(
        "SELECT coalesce(json_group_array(value), '[]') FROM json_each(?1) WHERE value != ?2",
        params![r#"["b"]"#, "b"],
    )?;
    ask("SELECT instr(lower(name), ?1) FROM thing ORDER BY nr", params!["a"])?;
    ask("SELECT max(nr, ?1) FROM thing ORDER BY nr", params![3])?;
    ask("SELECT 1 WHERE 1 = ?1", params![2])?;
    let nr: i64 = sql.query_row(
        "INSERT INTO thing (name) VALUES ('new') ON CONFLICT (name) DO UPDATE SET is_on = 1 RETURNING nr",
        [],
        |row| row.get("nr"),
    )?;
    all.push(nr.into());
    let none: Option<i64> =
        sql.query_row("SELECT nr FROM thing WHERE name = 'none'", [], |row| row.get(0)).optional()?;
    all.push(none.into());
    let changed = sql.execute("UPDATE thing SET is_on = 0 WHERE name = ?1 OR name = ?2", ["A", "b"])?;
    all.push((changed as i64).into());
    Ok(all)
}

#[test]
fn both_databases_say_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(database) = Database::start() else { return };
    let shared = Pool::postgres(&server(&database, "same"), TABLES).expect("opens");
    let expected = told(&file(folder.path())).expect("told");
    assert!(expected.len() > 30, "{expected:?}");
    assert_eq!(told(&shared).expect("told"), expected);
}

/// Reads a number and writes the next, as everything does that looks before it writes.
fn count_up(pool: &Pool) -> Result<(), Error> {
    let mut sql = pool.hold();
    let transaction = sql.transaction()?;
    let number = transaction.query_row("SELECT number FROM count WHERE name = 'a'", [], |row| row.get(0));
    let number: i64 = number.optional()?.unwrap_or(0);
    transaction.execute(
        "INSERT INTO count (name, number) VALUES ('a', ?1) ON CONFLICT (name) DO UPDATE SET number = ?1",
        [number + 1],
    )?;
    transaction.commit()
}

#[test]
fn whoever_writes_is_alone_among_threads_and_servers() {
    let Some(database) = Database::start() else { return };
    let pools = [0; 3].map(|_| Pool::postgres(&server(&database, "alone"), TABLES).expect("opens"));
    std::thread::scope(|scope| {
        for pool in pools.iter().chain(&pools) {
            scope.spawn(|| (0..50).for_each(|_| count_up(pool).expect("counted")));
        }
    });
    let counted: i64 =
        pools[0].hold().query_row("SELECT number FROM count", [], |row| row.get(0)).expect("read");
    assert_eq!(counted, 300);
}

#[test]
fn a_transaction_that_is_not_committed_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::start();
    let shared = database.iter().map(|database| server(database, "undone"));
    let pools = shared.map(|server| Pool::postgres(&server, TABLES).expect("opens"));
    for pool in pools.chain([file(folder.path())]) {
        let mut sql = pool.hold();
        let transaction = sql.transaction().expect("begun");
        transaction.execute("INSERT INTO count (name, number) VALUES ('a', 1)", []).expect("done");
        let twice = transaction.execute("INSERT INTO count (name, number) VALUES ('a', 1)", []);
        assert!(twice.is_err(), "the key is taken");
        drop(transaction);
        let rows: i64 = sql.query_row("SELECT count(*) FROM count", [], |row| row.get(0)).expect("read");
        assert_eq!(rows, 0);
    }
}

#[test]
fn a_database_that_went_away_is_said_to_be_away_and_found_again() {
    let Some(mut database) = Database::start() else { return };
    let pool = Pool::postgres(&server(&database, "away"), TABLES).expect("opens");
    count_up(&pool).expect("counted");
    let mut sql = pool.hold();
    let transaction = sql.transaction().expect("begun");
    transaction.execute("UPDATE count SET number = 7", []).expect("done");
    database.kill();
    assert!(matches!(transaction.commit(), Err(Error::Away { .. })));
    drop(sql);
    assert!(matches!(count_up(&pool), Err(Error::Away { .. })));
    database.start_again();
    let begun = std::time::Instant::now();
    while let Err(error) = count_up(&pool) {
        assert!(matches!(error, Error::Away { .. }) && begun.elapsed().as_secs() < 60, "{error}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let number: i64 = pool.hold().query_row("SELECT number FROM count", [], |row| row.get(0)).expect("read");
    assert_eq!(number, 2, "what was under way is undone");
}

#[test]
fn tables_of_a_later_version_are_used_only_while_this_one_suits_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let later = |needed| Migrations {
        steps: &[
            "CREATE TABLE count (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;",
            "ALTER TABLE count ADD COLUMN more TEXT;",
        ],
        needed,
        counted: &[],
    };
    let now = Migrations { steps: &later(1).steps[..1], needed: 1, counted: &[] };
    let path = folder.path().join("later.db");
    drop(Pool::sqlite(&path, later(1)).expect("opens"));
    assert!(matches!(Pool::sqlite(&path, now), Err(Error::TooNew { found: 2, known: 1 })));
    let Some(database) = Database::start() else { return };
    drop(Pool::postgres(&server(&database, "suits"), later(1)).expect("opens"));
    // As in an upgrade, one server after the other.
    count_up(&Pool::postgres(&server(&database, "suits"), now).expect("opens beside it")).expect("counted");
    drop(Pool::postgres(&server(&database, "breaks"), later(2)).expect("opens"));
    let refused = Pool::postgres(&server(&database, "breaks"), now);
    assert!(matches!(refused, Err(Error::TooNew { found: 2, known: 1 })));
}
