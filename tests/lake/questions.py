"""The questions, each to the server over HTTP and to the engines in SQL, and every number compared."""
import datetime

import house
from engines import documented as of_the_docs

# Facets of the server, which shows this many values of each, and says how many there are.
SHOWN = 100
FACETS = {
    "action": ("action", "entries"),
    "actor": ("{actor}", "entries"),
    "role": ("{role}", "entries"),
    "actor_type": ("{actor_type}", "entries"),
    "outcome": ("outcome", "entries"),
    "source": ("source", "entries"),
    "country": ("country", "entries"),
    "ip": ("ip", "entries"),
    "target": ("target", "{each_target}"),
    "category": ("coalesce(nullif(activities.category, ''), 'other')", "entries left join activities on activities.code = lower(entries.action)"),
}
FAILED = "user.sign_in_failed"
NARROWED = [
    ("everything", "", "true"),
    ("one action", f"action:{FAILED}", f"action = '{FAILED}'"),
    ("a week", "occurred:%sT00:00Z..%sT00:00Z" % house.WEEK, "occurred_at >= '%s 00:00:00' and occurred_at < '%s 00:00:00'" % house.WEEK),
    ("people who did not succeed", "actor_type:user -outcome:success", "{actor_type} = 'user' and outcome <> 'success'"),
]


def compare(workspaces, engines):
    numbers = sum(_compare(workspace, engine) for workspace in workspaces for engine in engines)
    for engine in engines:
        print(f"{engine.name} {engine.version} counts as the server does: {_all(engine)} entries of {len(workspaces)} workspaces")
    print(f"{numbers} numbers were compared, and none differs")
    if numbers < 1000:
        raise SystemExit("that is too few to mean anything")


def documented(duck, click):
    """The questions of docs/lake.md have answers, and both engines give the same."""
    asked = list(zip(of_the_docs(duck.name)[1], of_the_docs(click.name)[1], strict=True))
    for one, other in asked:
        answers = [[tuple(map(str, row)) for row in engine.rows(query)] for engine, query in ((duck, one), (click, other))]
        if answers[0] != answers[1]:
            differ = next((pair for pair in zip(*answers) if pair[0] != pair[1]), "so many rows")
            raise SystemExit(f"{one}\n{other}\nthe answers differ: {differ}")
        if not answers[0]:
            raise SystemExit(f"{one}\nhas no answer")
    listed, found = duck.rows(asked[0][0])[0]
    if listed != found:
        raise SystemExit(f"{listed} entries are listed, {found} were found")
    print(f"the {len(asked)} questions of docs/lake.md have the same answers in both")


def what_does_not_count(files, duck):
    """What was merged lies there still: whoever reads all that is there counts it twice."""
    listed = {file["path"] for file in files}
    bucket = files[0]["path"].split("/segments/")[0]
    there = {path for file in files for (path,) in duck.rows(f"select file from glob('{bucket}/segments/{file['workspace']}/*/rows.parquet')")}
    if not listed <= there:
        raise SystemExit(f"these are listed, and not there: {listed - there}")
    paths = ", ".join(f"'{path}'" for path in sorted(there))
    rows = duck.rows(f"select count(*), count(distinct \"index\" || filename.split('/')[-3]) from read_parquet([{paths}], filename = true)")
    print(f"{len(listed)} files count of {len(there)} that are there; in all of them {rows[0][0]} rows are {rows[0][1]} entries")
    if len(there) == len(listed) or rows[0][0] == rows[0][1]:
        raise SystemExit("nothing was merged, so this told nothing")


def in_a_folder(files, duck):
    """Without a bucket the list names files of this machine."""
    paths = ", ".join(f"'{file['path']}'" for file in files)
    listed, found = sum(file["count"] for file in files), duck.rows(f"select count(*) from read_parquet([{paths}])")[0][0]
    print(f"a data folder has {len(files)} files that count, with {found} entries")
    if listed != found or not found:
        raise SystemExit(f"{listed} are listed, {found} found")


def _all(engine):
    return engine.rows("select count(*) from entries")[0][0]


def _compare(workspace, engine):
    numbers = 0
    for what, query, condition in NARROWED:
        where = f"workspace = '{workspace}' and {condition}".format(**_writing(engine))
        theirs = engine.rows(f"select count(*) from entries where {where}")[0][0]
        ours = house.ask("/v1/count", workspace, **({"q": query} if query else {}))["count"]
        numbers += _same(f"{what} in {workspace}", engine, ours, theirs)
        numbers += _facets(workspace, engine, what, query, where)
        numbers += _histogram(workspace, engine, what, query, where, "day")
    numbers += _histogram(workspace, engine, "failed sign-ins", f"action:{FAILED}", f"workspace = '{workspace}' and action = '{FAILED}'", "hour",
        (house.day(330), house.day(250)))
    return numbers


def _facets(workspace, engine, what, query, where):
    asked = {"facet": ",".join(FACETS), "top": SHOWN, **({"q": query} if query else {})}
    numbers = 0
    for facet in house.ask("/v1/facets", workspace, **asked)["facets"]:
        value, source = (text.format(**_writing(engine)) for text in FACETS[facet["facet"]])
        rows = engine.rows(f"select {value} as value, count(*) as n from {source} where {where} group by value")
        theirs = {value: count for value, count in rows if value is not None}
        told = f"{facet['facet']} of {what} in {workspace}"
        # Different values, such as people, are counted in full even where not all are shown.
        numbers += _same(f"how many there are: {told}", engine, facet["distinct"], len(theirs))
        shown = sorted(theirs.items(), key=lambda one: (-one[1], one[0].encode()))[:SHOWN]
        ours = [(str(one["value"]), one["count"]) for one in facet["values"]]
        numbers += _same(told, engine, ours, [(str(value), count) for value, count in shown]) * len(ours)
    return numbers


def _histogram(workspace, engine, what, query, where, interval, between=None):
    asked = {"interval": interval, **({"q": query} if query else {})}
    if between:
        asked |= {"from": f"{between[0]}T00:00:00Z", "to": f"{between[1]}T00:00:00Z"}
        where += f" and occurred_at >= '{between[0]} 00:00:00' and occurred_at < '{between[1]} 00:00:00'"
    results = ("success", "failure", "denied", "unknown")
    ours = {}
    for bucket in house.ask("/v1/histogram", workspace, **asked)["buckets"]:
        start = datetime.datetime.fromisoformat(bucket["start"].replace("Z", "+00:00"))
        if bucket["count"]:
            ours[f"{start:%Y-%m-%dT%H:%M:%SZ}"] = (bucket["count"], *(bucket[result] for result in results))
    sums = ", ".join(f"sum(case when outcome = '{result}' then 1 else 0 end)" for result in results)
    rows = engine.rows(f"select {getattr(engine, interval)} as begins, count(*), {sums} from entries where {where} group by begins")
    theirs = {begins: tuple(map(int, counts)) for begins, *counts in rows}
    if what == "everything" and len(theirs) < 100:
        raise SystemExit(f"only {len(theirs)} days")
    return _same(f"{what} by {interval} in {workspace}", engine, ours, theirs) * 5 * len(theirs)


def _writing(engine):
    return {name: getattr(engine, name) for name in ("actor", "role", "actor_type", "each_target")}


def _same(what, engine, ours, theirs):
    if ours != theirs:
        raise SystemExit(f"{what}: the server says {ours}, {engine.name} says {theirs}")
    return 1
