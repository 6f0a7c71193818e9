"""The server: what is sent to it, what it answers, and which files it says count."""
import datetime
import json
import os
import subprocess
import time
import urllib.parse
import urllib.request
import zlib

BINARY = os.environ["HINDCAST_BINARY"]
URL, TOKEN = os.environ["HINDCAST_URL"], os.environ["HINDCAST_TOKEN"]
PATIENCE_SECONDS = 300
# As many as run.sh has in a segment.
PART_ENTRIES = 1500
# A file of so many entries was merged from smaller ones.
MERGED_ENTRIES = 8000
# What the server works out itself, and refuses to be told.
WORKED_OUT = ("index", "id", "received_at", "kind", "facts")


def day(before):
    """The day so many days before this one; the invented year ends today."""
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=before)).date().isoformat()


# Early in it, so that most files begin later.
WEEK = (day(330), day(323))


def run(*arguments, without=None):
    """What a command of the program printed, without one of the settings in the environment."""
    environment = {name: value for name, value in os.environ.items() if name != without}
    return subprocess.run([BINARY, *arguments], check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def ask(path, workspace, **parameters):
    """What the server answers to a question about a workspace."""
    query = urllib.parse.urlencode({"workspace": workspace, **parameters})
    request = urllib.request.Request(f"{URL}{path}?{query}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def fill(folder):
    """Spreads the events over three workspaces of different sizes by who did it, oldest first."""
    workspaces = [line.split()[0] for name in ("Northwind", "Southwind", "Tailwind") for line in [run("workspace", "create", name)]]
    shares = [workspaces[0]] * 6 + [workspaces[1]] * 3 + [workspaces[2]]
    with open(f"{folder}/year.ndjson", encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    events = [event for event in reversed(events) if event.get("kind") != "system"]
    spread = {workspace: [] for workspace in workspaces}
    for event in events:
        share = shares[zlib.crc32(event["actor"]["id"].encode()) % len(shares)]
        spread[share].append({name: value for name, value in event.items() if name not in WORKED_OUT})
    for workspace, events in spread.items():
        # In parts, each packed before the next is sent, so that there are many small segments however fast this machine is.
        for first in range(0, len(events), PART_ENTRIES):
            with open(f"{folder}/part.ndjson", "w", encoding="utf-8") as part:
                part.writelines(json.dumps(event) + "\n" for event in events[first:first + PART_ENTRIES])
            run("ingest", "--workspace", workspace, part.name)
            wait_until(lambda: unpacked(workspace, listed()) < PART_ENTRIES, f"{workspace} is packed")
    return workspaces


def wait_until(done, what):
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > until:
            raise SystemExit(f"this never came: {what}")
        time.sleep(0.2)


def unpacked(workspace, files):
    """Entries of a workspace that are in none of the files."""
    return ask("/v1/count", workspace)["count"] - sum(file["count"] for file in files if file["workspace"] == workspace)


def listed():
    """The files that count."""
    return [json.loads(line) for line in run("lake", "--json").splitlines()]


def listed_in(data):
    """The files of a data folder, where there is no bucket."""
    return [json.loads(line) for line in run("lake", "--json", "--data", data, without="HINDCAST_CONFIG").splitlines()]


def sealed(workspaces):
    """The files that count, once every entry is in one of them, and some were merged."""
    def is_quiet():
        files = listed()
        return all(unpacked(workspace, files) == 0 for workspace in workspaces) and any(file["count"] >= MERGED_ENTRIES for file in files)
    wait_until(is_quiet, "everything is packed, and some files are merged")
    return [file for file in listed() if file["workspace"] in workspaces]


def write(folder, files):
    """The two files that docs/lake.md has people make."""
    activities = ask("/v1/activities", files[0]["workspace"])["activities"]
    for name, lines in {"lake": files, "activities": activities}.items():
        with open(f"{folder}/{name}.ndjson", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
