"""The engines, set up as docs/lake.md says, with a key that can only read."""
import json
import os
import pathlib
import re

import duckdb
import duckdb_extension_httpfs
from chdb.session import Session
from house import WEEK
from wire import Wire

WIRE = Wire(os.environ["S3"])
# What stands in the docs for what is different for everybody.
MEANT = {"2026-05-04": WEEK[0], "2026-05-11": WEEK[1], "garage.internal:3900": WIRE.host, "READ-KEY": os.environ["AWS_ID"],
    "READ-SECRET": os.environ["AWS_SECRET"]}
with open("docs/lake.md", encoding="utf-8") as file:
    BLOCKS = re.findall(r"```sql\n(.*?)```", file.read(), re.DOTALL)


def documented(engine):
    """The statements for an engine in the docs: those that set it up, and the questions."""
    setup, questions = [], []
    for block in BLOCKS:
        for heading, text in re.findall(r"^-- (\w+.*)\n((?:(?!-- ).*\n)+)", block, re.MULTILINE):
            for placeholder, meant in MEANT.items():
                text = text.replace(placeholder, meant)
            statements = [statement.strip() for statement in text.split(";") if statement.strip()]
            if heading == f"{engine}: set up":
                setup += statements
            elif heading == engine:
                questions += statements
    return setup, questions


class DuckDB:
    name, version = "DuckDB", duckdb.__version__
    # How it writes what the questions ask.
    hour = "strftime(occurred_at, '%Y-%m-%dT%H:00:00Z')"
    day = "strftime(occurred_at, '%Y-%m-%dT00:00:00Z')"
    actor = "(actor->>'id')"
    role = "(actor->>'role')"
    actor_type = "(actor->>'type')"
    each_target = "entries, unnest(from_json(coalesce(target_types, '[]'), '[\"VARCHAR\"]')) as types(target)"

    def __init__(self):
        self.db = duckdb.connect()
        extension = next(pathlib.Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))
        for statement in documented(self.name)[0]:
            # What is installed from the network elsewhere is a package here.
            self.db.execute({"install httpfs": "select 1", "load httpfs": f"load '{extension}'"}.get(statement, statement))

    def rows(self, query):
        return [tuple(row) for row in self.db.execute(query).fetchall()]

    def forget(self):
        """What it keeps of files it has read."""
        self.db.execute("set enable_external_file_cache = false")


class ClickHouse:
    name = "ClickHouse"
    hour = "formatDateTime(occurred_at, '%Y-%m-%dT%H:00:00Z')"
    day = "formatDateTime(occurred_at, '%Y-%m-%dT00:00:00Z')"
    actor = "JSONExtractString(actor, 'id')"
    role = "nullIf(JSONExtractString(actor, 'role'), '')"
    actor_type = "JSONExtractString(actor, 'type')"
    each_target = "entries array join JSONExtract(ifNull(target_types, '[]'), 'Array(String)') as target"

    def __init__(self):
        self.session = Session()
        self.session.query("create database lake")
        self.session.query("use lake")
        for statement in documented(self.name)[0]:
            self.session.query(statement)
        self.version = self.rows("select version()")[0][0]

    def rows(self, query):
        answer = str(self.session.query(f"{query} settings output_format_json_quote_64bit_integers = 0", "JSONCompactEachRow"))
        return [tuple(json.loads(line)) for line in answer.splitlines()]

    def forget(self):
        self.session.query("system drop parquet metadata cache")

    def looked_at(self):
        """Row groups that were read and passed over, and pages, so far."""
        events = dict(self.rows("select event, value from system.events"))
        return [events.get(f"Parquet{what}", 0) for what in ("ReadRowGroups", "PrunedRowGroups", "ReadPages", "PrunedPages")]


def fetched(engine, query):
    """The answer, and the requests and bytes that it took."""
    engine.forget()
    WIRE.counted()
    rows = engine.rows(query)
    return rows, *WIRE.counted()
