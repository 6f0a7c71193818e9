#!/usr/bin/env python3
"""Measures SQLite + FTS5, PostgreSQL and DuckDB on the events that hindcast's own bench is measured on.

    python3 peers.py --events 1000000 --data events.ndjson --json peers.json

The data are lines `{"workspace":7,"event":{…}}`, plain or compressed with zstd, and a `params.json` beside
them says what to ask and what the right answers are; the bench's generator writes both. Settings and indexes
are those our goals were set by. Two steps per engine, each in a process of its own: `load` measures durable
ingest of the first events in batches of 1,000 and then loads all of them; `query` asks, checks every answer,
exports and lets a month expire. An engine whose package cannot be had is skipped, and the output says why.

Exits with 1 when an engine gave a wrong answer or broke.
"""

import argparse
import functools
import json
import operator
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# Which engines there are, and what each needs from PyPI.
ENGINES = {"sqlite": [], "postgres": ["psycopg[binary]"], "duckdb": ["duckdb"]}
MODULES = {"sqlite": "sqlite.py", "postgres": "postgres.py", "duckdb": "duckdb_.py"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, required=True, help="how many events of the data to load")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="the events, .ndjson or .ndjson.zst")
    parser.add_argument("--params", type=pathlib.Path, help="default: params.json beside the data")
    parser.add_argument("--json", type=pathlib.Path, required=True, help="where the rows of figures go")
    parser.add_argument("--engines", default=",".join(ENGINES), help="default: %(default)s")
    parser.add_argument("--ingest-events", type=int, default=1_000_000,
                        help="durable ingest is measured on so many, all are then loaded in bulk (default: %(default)s)")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "hindcast-peers",
                        help="packages are kept here, databases come and go (default: %(default)s)")
    args = parser.parse_args()
    args.params = args.params or args.data.with_name("params.json")
    engines = args.engines.split(",")
    if unknown := set(engines) - set(ENGINES):
        parser.error(f"unknown engine {', '.join(unknown)}, there are {', '.join(ENGINES)}")
    for file in [args.data, args.params]:
        if not file.exists():
            parser.error(f"{file} does not exist, the bench's generator writes it")
    params = json.loads(args.params.read_text())
    if params["events"] != args.events:
        parser.error(f"{args.params} has the answers for {params['events']} events, not {args.events}")

    args.work.mkdir(parents=True, exist_ok=True)
    figures = []
    broken = False
    for engine in engines:
        python, problem = python_with(ENGINES[engine], args.work)
        failed = False
        if problem is None:
            found, problem, failed = measured(engine, python, args)
            figures += found
            broken |= failed
        if problem is not None:
            metric = "failed" if failed else "skipped"
            print(f"{engine}: {metric}, {problem}", file=sys.stderr)
            figures.append({"engine": engine, "metric": metric, "value": None, "unit": "", "note": problem})
    args.json.write_text(json.dumps(figures, indent=1) + "\n")
    print_table(figures)
    wrong = compare(figures, params["questions"], params["expected"])
    sys.exit(1 if wrong or broken else 0)


def python_with(packages, work):
    """A Python that has the packages, or why there is none."""
    if not packages:
        return sys.executable, None
    python = work / "venv" / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True, capture_output=True, text=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages],
                       check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        return None, f"{' '.join(packages)} cannot be installed: {lines[-1] if lines else error}"
    return str(python), None


def measured(engine, python, args):
    """The engine's figures, what went wrong if anything did, and whether that is a fault."""
    home = pathlib.Path(tempfile.mkdtemp(prefix=f"{engine}-", dir=args.work.resolve()))
    home.chmod(0o755)  # PostgreSQL's server runs as somebody else.
    figures = []
    try:
        for step in ["load", "query"]:
            print(f"{engine}: {step} …", file=sys.stderr, flush=True)
            out = home / f"{step}.json"
            job = [python, "-B", HERE / MODULES[engine], step, "--events", str(args.events),
                   "--ingest-events", str(args.ingest_events), "--data", args.data.resolve(),
                   "--params", args.params.resolve(), "--home", home, "--out", out]
            ended = subprocess.run(job, stderr=subprocess.PIPE, text=True)
            figures += json.loads(out.read_text()) if out.exists() else []
            if ended.returncode == 77:
                return figures, ended.stderr.strip(), False
            if ended.returncode != 0:
                print(ended.stderr, file=sys.stderr)
                last = ended.stderr.strip().splitlines()[-1:] or ["no message"]
                return figures, f"{step} broke: {last[0]}", True
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return figures, None, False


def print_table(figures):
    engines = list(dict.fromkeys(figure["engine"] for figure in figures))
    values = {(figure["metric"], figure["engine"]): figure for figure in figures}
    metrics = [metric for metric in dict.fromkeys(figure["metric"] for figure in figures)
               if not metric.startswith("answer.") and metric not in ("skipped", "failed")]
    print(f"{'':26}" + "".join(f"{engine:>16}" for engine in engines))
    for metric in metrics:
        cells = [values.get((metric, engine)) for engine in engines]
        unit = next(cell["unit"] for cell in cells if cell)
        texts = [f"{cell['value']:,.{digits(cell['value'])}f}" if cell else "–" for cell in cells]
        print(f"{metric + ' ' + unit:26}" + "".join(f"{text:>16}" for text in texts))


def digits(value):
    """How many digits after the point are worth reading."""
    return 0 if value >= 100 else 2 if value >= 1 else 3


def compare(figures, questions, expected):
    """Prints each answer beside the right one and says how many are wrong."""
    answers = {}
    for figure in figures:
        if figure["metric"].startswith("answer."):
            answers.setdefault(figure["metric"].removeprefix("answer."), {})[figure["engine"]] = figure["value"]
    wrong = 0
    print("\nanswers")
    for question, given in answers.items():
        right = expected[question] if question in expected else combined(questions[question])
        bad = [f"{engine} gave {answer}" for engine, answer in given.items() if answer != right]
        wrong += len(bad)
        print(f"{question:18}{right!s:>26}  " + ("; ".join(bad) or f"same from {', '.join(given)}"))
    return wrong


def combined(variants):
    """The rows of all variants of a question together, and which they are."""
    answers = [variant["expected"] for variant in variants]
    fingerprint = functools.reduce(operator.xor, (int(answer["fingerprint"], 16) for answer in answers))
    return f"{sum(answer['rows'] for answer in answers)} rows {fingerprint:016x}"


if __name__ == "__main__":
    main()
