"""What is fetched for questions that concern a part: a time, an action, an address."""
from engines import fetched
from house import WEEK

IN_A_WEEK = "occurred_at >= '%s 00:00:00' and occurred_at < '%s 00:00:00'" % WEEK
QUESTIONS = {
    "count all": "select count(*) from entries",
    "read all": "select sum(length(facts)) from entries",
    "a week": f"select sum(length(facts)) from entries where {IN_A_WEEK}",
    "an action in a week": f"select sum(length(facts)) from entries where {IN_A_WEEK} and action = 'user.sign_in_failed'",
    "an action": "select sum(length(facts)) from entries where action = 'user.sign_in_failed'",
    "an action that never was": "select sum(length(facts)) from entries where action = 'workspace.launched'",
    "an address that never was": "select sum(length(facts)) from entries where ip = '192.0.2.254'",
    "all addresses": "select sum(length(ip)) from entries",
    "one workspace": "select sum(length(facts)) from entries where workspace = '{workspace}'",
}


def measure(duck, click):
    workspace = duck.rows("select workspace from lake group by 1 order by sum(count) limit 1")[0][0]
    size, files = duck.rows("select sum(bytes), count(*) from lake")[0]
    print(f"{files} files have {size:,} bytes.   Fetched (requests), of ClickHouse also row groups read/passed over and pages alike:")
    bytes_of, looked = {}, {}
    for what, query in QUESTIONS.items():
        query = query.format(workspace=workspace)
        before = click.looked_at()
        answers = {engine.name: fetched(engine, query) for engine in (duck, click)}
        looked[what] = [after - was for was, after in zip(before, click.looked_at())]
        if len({str(answer[0]).replace("None", "0") for answer in answers.values()}) > 1:
            raise SystemExit(f"{query}: the answers differ: {answers}")
        bytes_of[what] = {name: answer[2] for name, answer in answers.items()}
        told = "".join(f"{bytes:>14,} ({requests})" for _, requests, bytes in answers.values())
        print(f"  {what:26}{told:46}{'/'.join(map(str, looked[what][:2]))} {'/'.join(map(str, looked[what][2:]))}")
    duckdb = {what: counted["DuckDB"] for what, counted in bytes_of.items()}
    for what in ("a week", "an address that never was", "one workspace"):
        if duckdb[what] > 0.9 * duckdb["read all"]:
            raise SystemExit(f"DuckDB fetches {duckdb[what]:,} bytes for {what}, of {duckdb['read all']:,} for all")
    if duckdb["an address that never was"] >= duckdb["all addresses"]:
        raise SystemExit("the filter of addresses saves nothing")
    _, groups, _, pages = looked["a week"]
    if not groups or not pages:
        raise SystemExit(f"ClickHouse passed over {groups} row groups and {pages} pages for a week")
