"""Compares the rows that DuckDB reads from segments with the entries that the API shows.

    python compare.py DATA-FOLDER URL TOKEN
"""

import datetime
import json
import sys
import urllib.request

import duckdb

SAMPLED = 300
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def main(folder, url, token):
    def entry(index):
        request = urllib.request.Request(f"{url}/v1/events/{index}", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    files = f"'{folder}/segments/*/*/rows.parquet'"
    count, first, last, actions = duckdb.sql(
        f'select count(*), min("index"), max("index"), count(distinct action) from {files}').fetchall()[0]
    assert count == last + 1 - first, f"{count} rows for the indexes {first} to {last}"
    assert actions > 50, f"only {actions} actions"
    groups = duckdb.sql(f"select max(row_group_id) + 1 from parquet_metadata({files})").fetchall()[0][0]
    assert groups > 1, "no file has several row groups"
    rows = duckdb.sql(f"""
        select "index", action, outcome, actor->>'id', ip, epoch_us(occurred_at), json_array_length(coalesce(targets, '[]'))
        from {files} using sample reservoir({SAMPLED} rows) repeatable (7)""").fetchall()
    for index, *stored in rows:
        shown = entry(index)
        since_1970 = datetime.datetime.fromisoformat(shown["occurred_at"]) - EPOCH
        occurred_us = since_1970 // datetime.timedelta(microseconds=1)
        expected = [shown["action"], shown["outcome"]["result"], shown["actor"]["id"],
                    shown.get("context", {}).get("ip"), occurred_us, len(shown.get("targets", []))]
        assert stored == expected, f"entry {index}: DuckDB read {stored}, the API shows {expected}"
    print(f"DuckDB {duckdb.__version__} reads {count} rows, a file in {groups} row groups; {len(rows)} of them are what the API shows")


if __name__ == "__main__":
    main(*sys.argv[1:])
