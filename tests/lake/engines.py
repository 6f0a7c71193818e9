"""The engines. Each reads the same files from the bucket, with a key that can only read, and tells what it fetched."""
import json
import os
import pathlib

import duckdb
import duckdb_extension_httpfs
from chdb.session import Session

HOST, KEY, SECRET = os.environ["S3"], os.environ["AWS_ID"], os.environ["AWS_SECRET"]
BUCKET = "audit/logs"


class DuckDB:
    """One machine; fetches ranges of the files."""

    name = "DuckDB"
    version = duckdb.__version__
    # How it writes what the questions ask.
    hour = "strftime(date_trunc('hour', occurred_at), '%Y-%m-%dT%H:00:00Z')"
    day = "strftime(date_trunc('day', occurred_at), '%Y-%m-%dT00:00:00Z')"
    actor = "(actor->>'id')"
    role = "(actor->>'role')"
    actor_type = "(actor->>'type')"
    each_target = "entries, unnest(from_json(coalesce(target_types, '[]'), '[\"VARCHAR\"]')) as types(target)"

    def __init__(self, files):
        extension = next(pathlib.Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))
        self.db = duckdb.connect()
        self.db.execute(f"load '{extension}'")
        self.db.execute(f"""create secret (type s3, key_id '{KEY}', secret '{SECRET}', region 'us-east-1', endpoint '{HOST}',
            url_style 'path', use_ssl false)""")
        self.db.execute("set timezone = 'UTC'")
        self.read([file["path"] for file in files])

    def read(self, paths):
        """From now on `entries` is what is in these files."""
        paths = ", ".join(f"'{path}'" for path in paths)
        self.db.execute(f"""create or replace view entries as
            select *, split_part(filename, '/', -3) as workspace from read_parquet([{paths}], filename = true)""")

    def rows(self, query):
        return [tuple(row) for row in self.db.execute(query).fetchall()]

    def activities(self, pairs):
        self.db.execute("create table activities (code varchar, category varchar)")
        self.db.executemany("insert into activities values (?, ?)", pairs)

    def fetched(self, query):
        """The answer, and what was fetched for it: requests and bytes."""
        self.db.execute("call truncate_duckdb_logs()")
        self.db.execute("call enable_logging('HTTP')")
        rows = self.rows(query)
        self.db.execute("call disable_logging()")
        asked = self.db.execute("""select count(*) filter (request.type = 'GET'),
            sum(response.headers['Content-Length']::bigint) filter (request.type = 'GET') from duckdb_logs_parsed('HTTP')""")
        requests, length = asked.fetchone()
        return rows, {"requests": requests, "bytes": int(length or 0)}


class ClickHouse:
    """The engine of clusters, in this process."""

    name = "ClickHouse"
    hour = "formatDateTime(toStartOfHour(occurred_at), '%Y-%m-%dT%H:00:00Z', 'UTC')"
    day = "formatDateTime(toStartOfDay(occurred_at), '%Y-%m-%dT00:00:00Z', 'UTC')"
    actor = "JSONExtractString(actor, 'id')"
    role = "nullIf(JSONExtractString(actor, 'role'), '')"
    actor_type = "JSONExtractString(actor, 'type')"
    each_target = "entries array join JSONExtract(ifNull(target_types, '[]'), 'Array(String)') as target"

    def __init__(self, files):
        self.session = Session()
        self.session.query("create database lake")
        self.session.query("use lake")
        self.version = self.rows("select version()")[0][0]
        self.read([file["path"] for file in files])

    def read(self, paths):
        names = ",".join(path.removeprefix(f"s3://{BUCKET}/segments/").removesuffix("/rows.parquet") for path in paths)
        names = f"{{{names}}}" if "," in names else names
        self.session.query(f"""create or replace view entries as select *, splitByChar('/', _path)[-3] as workspace
            from s3('http://{HOST}/{BUCKET}/segments/{names}/rows.parquet', '{KEY}', '{SECRET}', 'Parquet')""")

    def rows(self, query):
        answer = str(self.session.query(f"{query} settings output_format_json_quote_64bit_integers = 0", "JSONCompactEachRow"))
        return [tuple(json.loads(line)) for line in answer.splitlines()]

    def activities(self, pairs):
        self.session.query("create table activities (code String, category String) engine Memory")
        values = ", ".join(f"('{action}', '{category}')" for action, category in pairs)
        self.session.query(f"insert into activities values {values}")

    def fetched(self, query):
        before = self._events()
        rows = self.rows(query)
        after = self._events()
        return rows, {name: after.get(event, 0) - before.get(event, 0) for name, event in {
            "requests": "S3GetObject", "bytes": "ReadBufferFromS3Bytes", "groups": "ParquetReadRowGroups",
            "groups passed over": "ParquetPrunedRowGroups", "pages": "ParquetReadPages", "pages passed over": "ParquetPrunedPages",
        }.items()}

    def _events(self):
        return dict(self.rows("select event, value from system.events"))
