"""SQLite with FTS5: one table, four indexes, a contentless text index; one writer, every batch synced.

The text index is walked newest row first, so a common word stops after a page. Rows arrive at most four
seconds out of order, in which no ten rows with one word arrive, so the newest page is among a few more arrivals.
Reading all columns of a page is most of what a list costs.
"""

import csv
import sqlite3
import time

from measure import COLUMNS, Skip, batches, peak_memory_mb, run

TABLE = f"""
    CREATE TABLE events (
        rowid INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, id BLOB NOT NULL, created_at INTEGER NOT NULL,
        {", ".join(f"{column} TEXT NOT NULL" for column in COLUMNS[3:])});
    CREATE VIRTUAL TABLE words USING fts5(
        description, metadata, content='', detail=none, columnsize=0);
"""
INDEXES = """
    CREATE INDEX by_time ON events (workspace, created_at, id);
    CREATE INDEX by_action ON events (workspace, action, created_at);
    CREATE INDEX by_actor ON events (workspace, actor, created_at);
    CREATE INDEX by_target ON events (workspace, target, created_at);
"""
INSERT = f"INSERT INTO events VALUES (?{', ?' * len(COLUMNS)})"
INSERT_WORDS = "INSERT INTO words (rowid, description, metadata) VALUES (?, ?, ?)"
LIST = ", ".join(f"e.{column}" for column in COLUMNS)
CSV_LIST = LIST.replace("e.id", "lower(hex(e.id))")


def opened(path):
    database = sqlite3.connect(path, isolation_level=None)
    for setting in ["page_size = 8192", "journal_mode = WAL", "synchronous = FULL", "cache_size = -1000000",
                    "mmap_size = 68719476736"]:
        database.execute(f"PRAGMA {setting}")
    return database


def load(job, figures):
    try:
        sqlite3.connect(":memory:").execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    except sqlite3.OperationalError as error:
        raise Skip(f"this Python's SQLite has no FTS5: {error}") from error
    path = job.home / "events.db"
    database = opened(path)
    database.executescript(TABLE + INDEXES)
    ingested = min(job.ingest_events, job.events)
    figures.ingested(prepared(job, ingested), lambda batch: insert(database, batch),
                     f"SQLite {sqlite3.sqlite_version}, each batch synced, all indexes, reading JSON not counted")
    database.close()

    if ingested < job.events:
        started = time.perf_counter()
        path.unlink()
        database = opened(path)
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(TABLE)
        for batch in prepared(job, job.events):
            insert(database, batch)
        database.executescript(INDEXES)
        database.close()
        figures.add("load", time.perf_counter() - started, "s", "all events, not synced, b-trees last")
    database = opened(path)
    database.execute("ANALYZE")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    figures.add("bytes per event", path.stat().st_size / job.events, "", "table, b-trees and FTS5")


def prepared(job, events):
    """Batches as rows with their rowid, in the order of arrival."""
    first = 1
    for batch in batches(job.data, events):
        yield [(first + i, row[0], bytes.fromhex(row[1]), *row[2:]) for i, row in enumerate(batch)]
        first += len(batch)


def insert(database, rows):
    database.execute("BEGIN IMMEDIATE")
    database.executemany(INSERT, rows)
    database.executemany(INSERT_WORDS, ((row[0], row[-2], row[-1]) for row in rows))
    database.execute("COMMIT")


def query(job, figures):
    asked = job.asked
    database = opened(job.home / "events.db")
    workspace, page = asked["workspace"], asked["page"]

    def listed(metric, question, where):
        sql = f"SELECT {LIST} FROM events e WHERE workspace = ? {where} ORDER BY created_at DESC LIMIT {page}"
        figures.listed(metric, question, lambda *values: database.execute(sql, (workspace, *values)).fetchall())

    def found(metric, question):
        sql = f"""
            SELECT {LIST} FROM (
                SELECT e.* FROM words JOIN events e ON e.rowid = words.rowid
                WHERE words MATCH ? AND e.workspace = ? ORDER BY words.rowid DESC LIMIT {page + 10}) e
            ORDER BY created_at DESC LIMIT {page}"""
        figures.listed(metric, question, lambda word: database.execute(sql, (word, workspace)).fetchall())

    listed("Q1 newest", "newest", "")
    listed("Q7 deep page", "deep_page", "AND created_at < ?")
    listed("Q2 rare action", "rare_action", "AND action = ? AND created_at >= ?")
    listed("Q3 actor failed", "actor_failure", "AND actor = ? AND result = 'failure'")
    listed("Q4 one target", "target", "AND target = ? AND target_type = ?")
    found("Q5 rare word", "rare_word")
    found("Q5b common word", "common_word")
    figures.faceted(lambda: database.execute(
        """SELECT action, created_at / 86400000000 AS day, count(*) FROM events
           WHERE workspace = ? AND created_at >= ? GROUP BY action, day""",
        (workspace, asked["recent_since_us"])).fetchall())

    path = job.home / "export.csv"

    def export():
        rows = database.execute(
            f"SELECT {CSV_LIST} FROM events e WHERE workspace = ? AND created_at >= ? ORDER BY created_at DESC",
            (workspace, asked["recent_since_us"]))
        count = 0
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            while batch := rows.fetchmany(1000):
                writer.writerows(batch)
                count += len(batch)
        return count

    figures.exported(path, export)
    figures.add("memory", peak_memory_mb(), "MB", "peak of the querying process, mapped pages included")

    def expire():
        before = (asked["expire_before_us"],)
        database.execute("BEGIN IMMEDIATE")
        database.execute("""INSERT INTO words (words, rowid, description, metadata)
                            SELECT 'delete', rowid, description, metadata FROM events WHERE created_at < ?""", before)
        gone = database.execute("DELETE FROM events WHERE created_at < ?", before).rowcount
        database.execute("COMMIT")
        return gone

    figures.expired(expire, "DELETE from table and text index; the file keeps its size")


if __name__ == "__main__":
    run("sqlite", load, query)
