"""PostgreSQL: a server of its own in the job's folder, reached by a socket; one table, four b-trees, a GIN text index.

Debian's package brings the server; when run as root it runs as `postgres`. Nothing listens on the network.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import time

import psycopg

from measure import COLUMNS, Skip, batches, run

SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0777
timezone = 'UTC'
shared_buffers = 6GB
work_mem = 128MB
maintenance_work_mem = 1GB
synchronous_commit = on
wal_compression = lz4
jit = off
"""
TABLE = f"""
    CREATE TABLE events (
        workspace integer NOT NULL, id uuid NOT NULL, created_at timestamptz NOT NULL,
        {", ".join(f"{column} text NOT NULL" for column in COLUMNS[3:])})
"""
WORDS = "to_tsvector('simple', description || ' ' || metadata)"
INDEXES = [
    "CREATE INDEX by_time ON events (workspace, created_at DESC, id)",
    "CREATE INDEX by_action ON events (workspace, action, created_at DESC)",
    "CREATE INDEX by_actor ON events (workspace, actor, created_at DESC)",
    "CREATE INDEX by_target ON events (workspace, target, created_at DESC)",
    f"CREATE INDEX words ON events USING gin ({WORDS})",
]
COPY = "COPY events FROM STDIN"
LIST = ", ".join(COLUMNS)


@contextlib.contextmanager
def server(home, figures):
    """A running server and a connection to it; it is stopped afterwards and its files stay."""
    programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=shutil.which("initdb"),
                   key=lambda found: int(found.parts[-3]))
    if programs is None:
        raise Skip("PostgreSQL's server is not installed (Debian's package postgresql)")
    programs = pathlib.Path(programs).resolve().parent
    folder = home / "server"
    user = []
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam("postgres")
        except KeyError as error:
            raise Skip("PostgreSQL does not run as root and there is no user postgres") from error
        user = ["runuser", "-u", "postgres", "--"]

    def call(*command):
        ended = subprocess.run([*user, *command], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if ended.returncode != 0:
            log = folder / "log"
            raise RuntimeError(f"{command[0]} failed: {ended.stderr} {log.read_text() if log.exists() else ''}")

    if not folder.exists():
        folder.mkdir(mode=0o700)
        if user:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        call(programs / "initdb", "--pgdata", folder / "data", "--auth", "trust", "--username", "bench",
             "--encoding", "UTF8", "--locale", "C", "--no-sync")
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write(f"{SETTINGS}unix_socket_directories = '{folder}'\n")
    call(programs / "pg_ctl", "start", "--wait", "--timeout", "300", "--silent", "--pgdata", folder / "data",
         "--log", folder / "log")
    try:
        master = int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        children = pathlib.Path(f"/proc/{master}/task/{master}/children")
        figures.pids = lambda: [master, *map(int, children.read_text().split())]
        with psycopg.connect(host=str(folder), user="bench", dbname="postgres", autocommit=True) as database:
            yield database
    finally:
        figures.pids = lambda: []
        call(programs / "pg_ctl", "stop", "--wait", "--timeout", "300", "--silent", "--mode", "fast",
             "--pgdata", folder / "data")


def load(job, figures):
    with server(job.home, figures) as database:
        version = database.info.parameter_status("server_version").split()[0]
        database.execute(TABLE)
        for index in INDEXES:
            database.execute(index)
        ingested = min(job.ingest_events, job.events)
        figures.ingested(prepared(job, ingested), lambda batch: insert(database, batch),
                         f"PostgreSQL {version}, COPY and commit per batch over one connection, all indexes, "
                         "processor time of client and server, reading JSON not counted")

        if ingested < job.events:
            started = time.perf_counter()
            database.execute("DROP TABLE events")
            database.execute(TABLE)
            with database.transaction(), database.cursor().copy(COPY) as copy:
                for batch in prepared(job, job.events):
                    copy.write(b"".join(batch))
            for index in INDEXES:
                database.execute(index)
            figures.add("load", time.perf_counter() - started, "s", "all events in one COPY, indexes last")
        database.execute("VACUUM (ANALYZE) events")
        database.execute("CHECKPOINT")
        whole, table, words = database.execute(
            """SELECT pg_total_relation_size('events'), pg_total_relation_size('events') - pg_indexes_size('events'),
                      pg_relation_size('words')""").fetchone()
        table, words, whole = table / job.events, words / job.events, whole / job.events
        figures.add("bytes per event", whole, "",
                    f"table {table:.0f}, b-trees {whole - table - words:.0f}, GIN {words:.0f}, without the WAL")


def prepared(job, events):
    """Batches as lines of COPY's text format."""
    escapes = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

    def line(row):
        seconds, fraction = divmod(row[2], 1_000_000)
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
        texts = "\t".join(text.translate(escapes) for text in row[3:])
        return f"{row[0]}\t{row[1]}\t{at}.{fraction:06}Z\t{texts}\n".encode()

    for batch in batches(job.data, events):
        yield [line(row) for row in batch]


def insert(database, lines):
    with database.cursor().copy(COPY) as copy:
        copy.write(b"".join(lines))


def query(job, figures):
    with server(job.home, figures) as database:
        ask(job.asked, job.home / "export.csv", database, figures)


def ask(asked, path, database, figures):
    workspace, page = asked["workspace"], asked["page"]
    at = "to_timestamp(%s / 1e6)"

    def listed(metric, question, where):
        sql = f"SELECT {LIST} FROM events WHERE workspace = %s {where} ORDER BY created_at DESC LIMIT {page}"
        figures.listed(metric, question, lambda *values: database.execute(sql, (workspace, *values)).fetchall())

    def found(metric, question):
        # Unless told to, the planner takes a rare word for a common one, walks the newest rows and splits
        # each into words, which took seconds at a million events. This way it always uses the text index.
        sql = f"""
            WITH matching AS MATERIALIZED (
                SELECT {LIST} FROM events WHERE workspace = %s AND {WORDS} @@ plainto_tsquery('simple', %s))
            SELECT * FROM matching ORDER BY created_at DESC LIMIT {page}"""
        figures.listed(metric, question, lambda word: database.execute(sql, (workspace, word)).fetchall())

    listed("Q1 newest", "newest", "")
    listed("Q7 deep page", "deep_page", f"AND created_at < {at}")
    listed("Q2 rare action", "rare_action", f"AND action = %s AND created_at >= {at}")
    listed("Q3 actor failed", "actor_failure", "AND actor = %s AND result = 'failure'")
    listed("Q4 one target", "target", "AND target = %s AND target_type = %s")
    found("Q5 rare word", "rare_word")
    found("Q5b common word", "common_word")
    recent = f"FROM events WHERE workspace = {workspace} AND created_at >= to_timestamp({asked['recent_since_us']} / 1e6)"
    figures.faceted(lambda: database.execute(
        f"SELECT action, created_at::date AS day, count(*) {recent} GROUP BY action, day").fetchall())

    def export():
        copy_out = f"COPY (SELECT {LIST} {recent} ORDER BY created_at DESC) TO STDOUT (FORMAT csv, HEADER)"
        cursor = database.cursor()
        with path.open("wb") as file, cursor.copy(copy_out) as copy:
            for piece in copy:
                file.write(piece)
        return cursor.rowcount

    figures.exported(path, export)
    figures.expired(
        lambda: database.execute(f"DELETE FROM events WHERE created_at < {at}", (asked["expire_before_us"],)).rowcount,
        "DELETE; the VACUUM that frees the space comes on top")


if __name__ == "__main__":
    run("postgres", load, query)
