"""DuckDB: one table in the order of arrival, no indexes, two threads; words are found as substrings.

It reads the lines by itself, so unlike with the other engines reading JSON is part of its ingest.
"""

import time

import duckdb

from measure import BATCH, COLUMNS, batches, peak_memory_mb, run

# Kept small: a statement per batch is not what DuckDB is made for.
INGEST_EVENTS_MAX = 100_000
TABLE = f"""
    CREATE TABLE events (
        workspace INTEGER, id UUID, created_at TIMESTAMP,
        {", ".join(f"{column} VARCHAR" for column in COLUMNS[3:])})
"""
EVENT = """STRUCT(
    id UUID, action VARCHAR, occurred_at TIMESTAMP,
    actor STRUCT(id VARCHAR, type VARCHAR, name VARCHAR, email VARCHAR),
    targets STRUCT(id VARCHAR, type VARCHAR, name VARCHAR)[],
    outcome STRUCT(result VARCHAR),
    context STRUCT(ip VARCHAR, user_agent VARCHAR, request_id VARCHAR, source VARCHAR),
    description VARCHAR, metadata JSON)"""
INSERT = f"""
    INSERT INTO events
    SELECT workspace, e.id, e.occurred_at, e.action, e.actor.id, e.actor.type, e.actor.name, e.actor.email,
           e.targets[1].id, e.targets[1].type, e.targets[1].name, e.outcome.result,
           e.context.ip, e.context.user_agent, e.context.request_id, e.context.source, e.description, e.metadata
    FROM read_json($file, format = 'newline_delimited', columns = {{workspace: 'INTEGER', event: '{EVENT}'}}) AS line,
         LATERAL (SELECT line.event AS e)
    LIMIT $events
"""
LIST = ", ".join(COLUMNS)


def opened(path):
    return duckdb.connect(str(path), config={"threads": 2})


def load(job, figures):
    path = job.home / "events.duckdb"
    ingested = min(job.ingest_events, job.events, INGEST_EVENTS_MAX)
    database = opened(path)
    database.execute(TABLE)
    file = job.home / "batch.ndjson"

    def insert(batch):
        file.write_bytes(b"".join(batch))
        database.execute(INSERT, {"file": str(file), "events": BATCH})

    figures.ingested(batches(job.data, ingested, read=bytes), insert,
                     f"DuckDB {duckdb.__version__}, reading JSON from a file counted, no indexes")
    database.close()

    path.unlink()
    database = opened(path)
    database.execute(TABLE)
    started, used = time.perf_counter(), time.process_time()
    database.execute(INSERT, {"file": str(job.data), "events": job.events})
    database.execute("CHECKPOINT")
    note = "all events in one statement, reading JSON included"
    figures.add("load", time.perf_counter() - started, "s", note)
    figures.add("load cpu", (time.process_time() - used) * 1e6 / job.events, "s/1M", note)
    database.close()
    figures.add("bytes per event", path.stat().st_size / job.events, "", "no indexes")


def query(job, figures):
    asked, path = job.asked, job.home / "export.csv"
    database = opened(job.home / "events.duckdb")
    workspace, page = asked["workspace"], asked["page"]

    def listed(metric, question, where):
        sql = f"SELECT {LIST} FROM events WHERE workspace = ? {where} ORDER BY created_at DESC LIMIT {page}"
        figures.listed(metric, question, lambda *values: database.execute(sql, (workspace, *values)).fetchall())

    def found(metric, question):
        sql = f"""SELECT {LIST} FROM events WHERE workspace = ? AND (description LIKE ? OR metadata LIKE ?)
                  ORDER BY created_at DESC LIMIT {page}"""
        figures.listed(metric, question,
                       lambda word: database.execute(sql, (workspace, f"%{word}%", f"%{word}%")).fetchall())

    listed("Q1 newest", "newest", "")
    listed("Q7 deep page", "deep_page", "AND created_at < make_timestamp(?)")
    listed("Q2 rare action", "rare_action", "AND action = ? AND created_at >= make_timestamp(?)")
    listed("Q3 actor failed", "actor_failure", "AND actor = ? AND result = 'failure'")
    listed("Q4 one target", "target", "AND target = ? AND target_type = ?")
    found("Q5 rare word", "rare_word")
    found("Q5b common word", "common_word")
    recent = f"FROM events WHERE workspace = {workspace} AND created_at >= make_timestamp({asked['recent_since_us']})"
    figures.faceted(lambda: database.execute(
        f"SELECT action, created_at::DATE AS day, count(*) {recent} GROUP BY action, day").fetchall())
    figures.exported(path, lambda: database.execute(
        f"COPY (SELECT {LIST} {recent} ORDER BY created_at DESC) TO '{path}' (FORMAT csv, HEADER)").fetchone()[0])
    figures.add("memory", peak_memory_mb(), "MB", "peak of the querying process")

    def expire():
        gone = database.execute("DELETE FROM events WHERE created_at < make_timestamp(?)",
                                (asked["expire_before_us"],)).fetchone()[0]
        database.execute("CHECKPOINT")
        return gone

    figures.expired(expire, "DELETE and CHECKPOINT")


if __name__ == "__main__":
    run("duckdb", load, query)
