#!/usr/bin/env python3
"""Verifies offline a copy of what hindcast put into object storage: every file of every hour, and the chain of digests.

    python3 digests.py FOLDER --vkey KEY|@FILE [--vkey …]

Name the keys of all epochs of the log. FOLDER is the copy of one workspace=… folder, whole. docs/formats/destinations.md describes the digests. Needs Python 3.9 and
verify.py beside it."""
import argparse, hashlib, json, os, re, sys
from verify import LOG, is_signed, read_key, require, unbase64

HEADING = "hindcast delivery digest v1"

def main(arguments=None):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--vkey", required=True, action="append")
    given = parser.parse_args(arguments)
    try:
        said = [open(said[1:]).read() if said[:1] == "@" else said for said in given.vkey]
        for line in verified(given.folder, [read_key(key.strip(), LOG) for key in said]):
            print(line)
    except (ValueError, OSError, KeyError, TypeError) as error:
        print(f"INVALID  {error}")
        return 40
    return 0

def verified(folder, keys):
    """Says what was found; raises where something is not as it was signed."""
    names = os.listdir(os.path.join(folder, "digests"))
    lists = sorted(name[:-5] for name in names if name.endswith(".json"))
    require(lists, "there are no digests")
    known, previous = {}, None
    for number, name in enumerate(lists, 1):
        hour = name.partition("-")[2]
        require(name == f"{number:08}-{hour}", f"digest {number} is missing, there is {name}")
        text = read(folder, f"digests/{name}.json")
        sha256 = hashlib.sha256(text).hexdigest()
        digest = json.loads(text)
        note = f"{HEADING}\n{digest['workspace']}\n{number} {hour}\n{sha256}\n"
        require(signed(read(folder, f"digests/{name}.note"), keys)[1] == note, f"the note of {name} is about something else")
        require((digest["format"], digest["number"], digest["hour"]) == (HEADING, number, hour), f"{name} says otherwise")
        require(digest["previous"] == previous, f"{name} does not follow the digest before it")
        previous = sha256
        if digest["checkpoint"]:
            key, checkpoint = signed(digest["checkpoint"].encode(), keys)
            require(checkpoint.split("\n")[0] == key.name, f"what {name} calls a checkpoint is none")
        for file in digest["files"]:
            path = file["key"]
            day, _, of_day = hour.partition("T")
            require(re.fullmatch(rf"date={day}/hour={of_day}/[0-9]+-[0-9]+\.(ndjson\.zst|parquet)", path), f"{path} is in the wrong hour")
            require(known.setdefault(path, file["sha256"]) == file["sha256"], f"{path} is told of twice, differently")
            body = read(folder, path)
            require(len(body) == file["bytes"] and hashlib.sha256(body).hexdigest() == file["sha256"], f"{path} was changed")
    hours = {name.partition("-")[2] for name in lists}
    untold = []
    for place, _, files in os.walk(folder):
        for file in files:
            path = os.path.relpath(os.path.join(place, file), folder).replace(os.sep, "/")
            hour = re.fullmatch(r"date=([0-9-]{10})/hour=([0-9]{2})/.*", path)
            if hour and path not in known:
                require(f"{hour[1]}T{hour[2]}" not in hours, f"{path} is in no digest of its hour")
                untold.append(path)
    yield f"VERIFIED  {len(known)} files in {len(lists)} digests of {keys[0].name}"
    if untold:
        yield f"  {len(untold)} files are of hours that have no digest yet"

def read(folder, path):
    with open(os.path.join(folder, *path.split("/")), "rb") as file:
        return file.read()

def signed(note, keys):
    """Which of these keys signed a note, and its text."""
    body, _, below = note.decode().rpartition("\n\n")
    for line in below.split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, data = rest.partition(" ")
        for key in keys:
            if dash == "—" and name == key.name and unbase64(data)[:4] == key.id:
                require(is_signed(key.public, f"{body}\n".encode(), unbase64(data)[4:]), "a signature does not fit")
                return key, f"{body}\n"
    raise ValueError("nobody we know has signed it")

if __name__ == "__main__":
    sys.exit(main())
