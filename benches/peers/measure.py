"""What the engines share: the job they are given, the events as rows, clocks, and how a figure is written down.

A figure's note says so when other programs used more than 3 % of the processors meanwhile: its wall times
should then not be published.
"""

import argparse
import calendar
import functools
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

BATCH = 1000
# Everything a row holds, in this order. `created_at` is microseconds since 1970, `metadata` is JSON text.
COLUMNS = ("workspace", "id", "created_at", "action", "actor", "actor_type", "actor_name", "actor_email",
           "target", "target_type", "target_name", "result", "ip", "user_agent", "request_id", "source",
           "description", "metadata")
# A busy machine has this many percent of its processors used by others.
OTHERS_PERCENT_MAX = 3


class Skip(Exception):
    """The engine cannot be measured here, and that is nobody's fault."""


def run(engine, load, query):
    """Reads the job from the command line and does its step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["load", "query"])
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--ingest-events", type=int, required=True)
    for path in ["--data", "--params", "--home", "--out"]:
        parser.add_argument(path, type=pathlib.Path, required=True)
    job = parser.parse_args()
    job.asked = json.loads(job.params.read_text())
    figures = Figures(engine, job.asked)
    try:
        {"load": load, "query": query}[job.step](job, figures)
    except Skip as reason:
        print(reason, file=sys.stderr)
        sys.exit(77)
    finally:
        job.out.write_text(json.dumps(figures.rows))


class Figures:
    """The figures of one engine."""

    def __init__(self, engine, asked):
        self.engine = engine
        self.asked = asked
        self.rows = []
        # The processes of the engine's server, if it has one.
        self.pids = lambda: []

    def add(self, metric, value, unit, note=""):
        self.rows.append({"engine": self.engine, "metric": metric, "value": value, "unit": unit, "note": note})

    def ingested(self, prepared, insert, note):
        """Durable ingest of the batches, which were prepared outside the clock."""
        latencies, events, client_s = [], 0, 0.0
        with Watch(self.pids) as watch:
            for batch in prepared:
                started, used = time.perf_counter(), time.process_time()
                insert(batch)
                latencies.append(time.perf_counter() - started)
                client_s += time.process_time() - used
                events += len(batch)
        note = f"first {events} events in batches of {BATCH}, {note}{watch.note()}"
        self.add("ingest", events / sum(latencies), "events/s", note)
        self.add("ingest cpu", (client_s + watch.server_s) * 1e6 / events, "s/1M", note)
        cuts = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else latencies * 99
        self.add("batch p50", cuts[49] * 1e3, "ms", note)
        self.add("batch p99", cuts[98] * 1e3, "ms", note)

    def listed(self, metric, question, ask):
        """A list query. `ask` takes its values and returns rows of COLUMNS, their ids as bytes or UUIDs.

        A question that can be varied is asked with other values in every run; the first run is not counted.
        """
        variants = [asked["values"] for asked in self.asked["questions"][question]]
        runs, count, fingerprint = [], 0, 0
        with Watch(self.pids) as watch:
            for nr, values in enumerate(variants if len(variants) > 1 else variants * 21):
                started = time.perf_counter()
                rows = ask(*values)
                runs.append(time.perf_counter() - started)
                if nr < len(variants):
                    count += len(rows)
                    for row in rows:
                        name = row[1].hex() if isinstance(row[1], bytes) else row[1].hex
                        fingerprint ^= int(name[16:], 16)
                elif sum(runs) > 6 and len(runs) > 3:
                    break
        note = f"first {runs[0] * 1e3:.2f} ms, median of {len(runs) - 1} after it{watch.note()}"
        self.add(metric, statistics.median(runs[1:]) * 1e3, "ms", note)
        self.add(f"answer.{question}", f"{count} rows {fingerprint:016x}", "")

    def faceted(self, ask):
        """Counts by action and day. `ask` returns rows that end with a count."""
        rows = self.timed("Q6 facets", ask)
        self.add("answer.facet_groups", len(rows), "")
        self.add("answer.facet_events", sum(row[-1] for row in rows), "")

    def exported(self, path, export):
        """An export to CSV. `export` says how many rows it wrote."""
        seconds, rows, note = self.repeated(export)
        self.add("Q8 export", rows / seconds, "rows/s", f"{note}, {path.stat().st_size} bytes")
        self.add("answer.export_rows", rows, "")
        path.unlink()

    def expired(self, expire, note):
        """One month goes. `expire` says how many rows went."""
        with Watch(self.pids) as watch:
            rows = expire()
        self.add("expire a month", watch.wall_s, "s", f"{note}{watch.note()}")
        self.add("answer.expired_events", rows, "")

    def timed(self, metric, ask):
        seconds, answer, note = self.repeated(ask)
        self.add(metric, seconds * 1e3, "ms", note)
        return answer

    def repeated(self, ask):
        """The median of 20 runs, of fewer where one takes long; the answer; a note about both."""
        with Watch(self.pids) as watch:
            started = time.perf_counter()
            answer = ask()
            first = time.perf_counter() - started
            runs = []
            while len(runs) < 20 and (len(runs) < 3 or sum(runs) < 6):
                started = time.perf_counter()
                answer = ask()
                runs.append(time.perf_counter() - started)
        note = f"first {first * 1e3:.2f} ms, median of {len(runs)}{watch.note()}"
        return statistics.median(runs), answer, note


class Watch:
    """Wall time, and who used the processors. `pids` are the server's processes, when there is a server."""

    def __init__(self, pids=lambda: []):
        self.pids = pids

    def __enter__(self):
        self.started = time.perf_counter(), own_s(), self.servers_s(), machine_busy_s()
        return self

    def __exit__(self, *_):
        wall, own, server, busy = self.started
        self.wall_s = time.perf_counter() - wall
        self.server_s = self.servers_s() - server
        others_s = machine_busy_s() - busy - (own_s() - own) - self.server_s
        # The kernel counts in hundredths of a second, so a blink says nothing about others.
        room_s = max(self.wall_s, 0.2) * os.cpu_count()
        self.others_percent = max(0.0, others_s) / room_s * 100

    def servers_s(self):
        return sum(map(process_s, self.pids()))

    def note(self):
        if self.others_percent <= OTHERS_PERCENT_MAX:
            return ""
        return f", busy: others used {self.others_percent:.0f} % of the processors"


def own_s():
    """The processor time of this process and its children that have ended."""
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system


def process_s(pid):
    """The processor time of a process and of its children that have ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def machine_busy_s():
    """The processor time of everything since the machine started."""
    fields = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    idle, waiting = fields[3], fields[4]
    return (sum(fields) - idle - waiting) / os.sysconf("SC_CLK_TCK")


def peak_memory_mb():
    """The most memory this process has had."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def batches(path, events, read=None):
    """The first events as lists of rows, 1,000 each; or of whatever `read` makes of a line."""
    rows = map(read or row, itertools.islice(lines(path), events))
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


def lines(path):
    if path.suffix != ".zst":
        with path.open("rb") as file:
            yield from file
        return
    with subprocess.Popen(["zstd", "--decompress", "--stdout", "--quiet", path], stdout=subprocess.PIPE) as unpacked:
        try:
            yield from unpacked.stdout
        finally:
            unpacked.terminate()


def row(line):
    """One event, in the order of COLUMNS."""
    read = json.loads(line)
    event = read["event"]
    actor, target, context = event["actor"], event["targets"][0], event["context"]
    return (read["workspace"], event["id"].replace("-", ""), micros(event["occurred_at"]), event["action"],
            actor["id"], actor["type"], actor["name"], actor["email"],
            target["id"], target["type"], target["name"], event["outcome"]["result"],
            context["ip"], context["user_agent"], context["request_id"], context["source"],
            event["description"], json.dumps(event["metadata"], separators=(",", ":")))


def micros(text):
    """Microseconds since 1970 of `2026-11-21T19:40:12.345678Z`."""
    return (day_micros(text[:10]) + int(text[11:13]) * 3_600_000_000 + int(text[14:16]) * 60_000_000
            + int(text[17:19]) * 1_000_000 + int(text[20:26]))


@functools.cache
def day_micros(day):
    return calendar.timegm(time.strptime(day, "%Y-%m-%d")) * 1_000_000
