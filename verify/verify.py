#!/usr/bin/env python3
"""Verifies offline what hindcast hands out: evidence bundles and proofs of one entry (.tlog-proof).

    python3 verify.py FILE [--vkey KEY|@FILE] [--witness KEY|@FILE]... [--saved NOTE]

It needs Python 3.9 and nothing else, so that whoever relies on it can read all of it. The formats are in
docs/formats/bundle.md, entry.md and log.md. Each thing has one spelling, and what is not known is refused;
nothing is unpacked, and nothing in a file commands your terminal. Only `hindcast verify` compares by a proof
of consistency, and writes down two heads that cannot both be true."""
import argparse, base64, hashlib, itertools, json, re, sys
from collections import namedtuple

CODES = {"VERIFIED": 0, "UNPINNED": 10, "GAP": 20, "DIVERGED": 30, "INVALID": 40, "UNREADABLE": 50}
TEXT_MAX, NOTICES_MAX = 1 << 20, 64 << 20  # bytes of a line or member; of all notices
ERASED, EXPIRED, LOG, WITNESS = 2, 3, 1, 4  # kinds of notices, and of keys
HIDES = {  # Fields that may be hidden, and which sections are closed then; "meta:" is any that begins so.
    "address": ["context", "facts"], "user_agent": ["context", "facts"], "session": ["context"],
    "email": ["actor", "on_behalf_of"], "values": ["change:", "facts"], "metadata": ["facts", "meta:"],
    "text": ["core", "description", "reason"]}
# What JSON may be: numbers in a range, texts of a pattern, lists, objects with just these members in order.
NUMBER, KIND, TEXT, DIGEST, SALT = range(1 << 63), range(256), "(?s:.*)", "[0-9a-f]{64}", "[0-9a-f]{32}"
HASH, NAME = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", r"[^\s+\0-\x1f]+"
SECTION = ({"name": TEXT, "value": TEXT, "salt": SALT}, {"name": TEXT, "digest": DIGEST}, {"digest": DIGEST})
ENTRY = {"kind": KIND, "received_at_us": NUMBER, "sections": [SECTION]}
OPEN, WITH_PATH = {"index": NUMBER, **ENTRY}, {"index": NUMBER, **ENTRY, "path": [HASH]}
WITHHELD = {"index": NUMBER, "kind": KIND, "received_at_us": NUMBER, "body": DIGEST}
GONE = {"index": NUMBER, "leaf": DIGEST}
ABOUT = {"format": "hindcast-bundle/1", "mode": "range|filtered", "origin": TEXT, "size": NUMBER,
         "from": NUMBER, "until": NUMBER, "count": NUMBER, "withheld": NUMBER, "gone": NUMBER,
         "query": TEXT, "made_at": TEXT, "closed": ["|".join(HIDES)],
         "anchors": ["anchors/[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}"]}

def main(arguments=None):
    """Prints the verdict and what it rests on, and returns the exit code."""
    blame = "UNREADABLE"
    try:
        given = read_arguments(arguments)
        with open(given.file, "rb") as file:
            start = file.read(20)
            is_proof = start == b"c2sp.org/tlog-proof@"
            require(is_proof or start == b"README.txt" + bytes(10), "it is neither a bundle nor a proof")
            require(given.key or not is_proof, "say whose log it should be with --vkey")
            file.seek(0)
            blame = "INVALID"
            word, *lines = verify_proof(file, given) if is_proof else verify_bundle(file, given)
    except Exception as error:  # Whatever it is, nothing was verified.
        word, lines = "UNREADABLE" if isinstance(error, OSError) else blame, [str(error)]
    for line in [f"{word}  {lines[0]}", *(f"  {line}" for line in lines[1:])]:
        print("".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in line))
    return CODES[word]

def require(holds, why):
    if not holds:
        raise ValueError(why)

def verify_bundle(file, given):
    """A bundle from its first byte to its last; records are held one at a time."""
    member = lambda name: b"".join(read_lines(file, name, TEXT_MAX))
    member("README.txt"), member("verify.py")
    about = parse(member("bundle.json"), ABOUT, b"\n")
    start, until, size, closed = about["from"], about["until"], about["size"], about["closed"]
    sound = start <= until <= size and closed == [field for field in HIDES if field in closed]
    require(sound and about["anchors"] == sorted({*about["anchors"]}), "bundle.json is out of order")
    note, its_key = member("checkpoint"), read_key(member("vkey").decode(), LOG, "\n")
    head, saved = open_heads(note, given.key or its_key, given)
    require((head.origin, head.size) == (about["origin"], size), "bundle.json speaks of another checkpoint")
    for anchor in about["anchors"]:
        member(anchor)
    is_range, tree = about["mode"] == "range", Tree(saved and saved.size)
    if is_range:
        sides = parse(member("proof.json"), {"left": [HASH], "right": [HASH]}, b"\n")
        tree.fill(start, sides["left"])
    explained, lasts = read_notices(read_lines(file, "notices.jsonl", NOTICES_MAX), head)
    hidden = sorted({name for field in closed for name in HIDES[field]})
    found, gaps = {"sections": 0, "body": 0, "leaf": 0}, []
    forms = (OPEN, WITHHELD, GONE) if is_range else WITH_PATH
    for record, leaf in read_records(read_lines(file, "records.jsonl", 1 << 63), forms):
        index, form = record["index"], next(form for form in found if form in record)
        found[form] += 1
        is_placed = start <= index < until and index == (tree.size if is_range else index)
        require(is_placed and lasts.get(index, leaf) == leaf, f"entry {index} is out of place, or another")
        if is_range:
            tree.push(0, leaf)
        else:
            require(root_of(record, leaf, size) == head.root, f"entry {index} does not lead to the root")
        if form == "leaf" or lacks(record, hidden):
            pairs = explained[ERASED] + (explained[EXPIRED] if form == "leaf" else [])
            gaps += [] if any(first <= index < end for first, end in pairs) else [index]
    require(file.read(1025) == bytes(1024), "the tar does not end as it must")
    counts = tuple(found.values())
    require(counts == (about["count"], about["withheld"], about["gone"]), "bundle.json counts otherwise")
    says = f"{counts[0]} entries of {head.origin} are as they were signed; that these are all is not shown"
    if is_range:
        require(tree.size == until, f"the range ends before {tree.size}, not {until}")
        tree.fill(size, sides["right"])
        require(tree.root() == head.root, "the entries do not lead to the root that was signed")
        says = f"all {until - start} entries of {head.origin} from {start} on are as they were signed: "
        says += "%d open, %d withheld, %d gone" % counts
    more = [f"query: {about['query']}", f"closed: {', '.join(closed) or 'nothing'}"]
    return *judged(given, head, saved, tree.root_then if is_range else None, gaps, says), *more

def verify_proof(file, given):
    """A C2SP tlog-proof whose extra line opens the entry."""
    data = file.read(4 * TEXT_MAX + 1)
    above, _, note = data.partition(b"\n\n")
    shown = re.fullmatch(rf"c2sp\.org/tlog-proof@v1\nextra (.*)\nindex (.*)((?:\n{HASH})*)", above.decode())
    require(shown and len(data) <= 4 * TEXT_MAX, "it is too long, or not of version 1, or has no entry")
    entry = parse(unbase64(shown[1]), {"version": range(1, 2), **ENTRY})
    record = {**entry, "index": parse(shown[2].encode(), NUMBER), "path": shown[3].split("\n")[1:]}
    head, saved = open_heads(note, given.key, given)
    require(root_of(record, leaf_of(record), head.size) == head.root, "it does not lead to the root")
    says = f"entry {record['index']} of {head.origin} is as it was signed"
    values = [f"{one['name']} {one['value']}" for one in entry["sections"] if "value" in one]
    return *judged(given, head, saved, None, [record["index"]] * lacks(record, []), says), *values

def judged(given, head, saved, root_then, gaps, says):
    """The verdict, and what is known beyond being intact. `root_then` is the root that the log had at the
    size of the saved checkpoint, if that is known from the entries."""
    if saved and (saved.size == head.size or 0 in (saved.size, head.size)):
        root_then = head.root if saved.size == head.size else saved.root  # Everything continues an empty log.
    if saved and root_then not in (None, saved.root):
        return "DIVERGED", f"{head.origin} has signed two heads that cannot both be true"
    says += ", under the pinned key" if given.key else ", under the key that came with it: compare that"
    if saved:
        says += f", {'NOT COMPARED with' if root_then is None else 'fits'} the saved checkpoint"
    says += f", witnessed ({head.seen} of {len(given.witnesses)})" if given.witnesses else ""
    says += f"; {len(gaps)} gaps that nothing explains, the first at entry {gaps[0]}" if gaps else ""
    word = "GAP" if gaps else "VERIFIED" if given.key else "UNPINNED"
    return word, says, f"checkpoint of {head.size} entries"

# ----------------------------------------------------------------------- records, up to their leaves
def read_records(lines, forms):
    """Reads records one at a time, with their leaves; indexes and times ascend."""
    index = time = -1
    for line in lines:
        record = parse(line, forms, b"\n")
        is_later = record.get("received_at_us", time + 1) > time  # What is gone has no time any more.
        require(record["index"] > index and is_later, f"entry {record['index']} is out of order")
        index, time = record["index"], record.get("received_at_us", time)
        yield record, leaf_of(record)

def leaf_of(record):
    """H(0 || version || kind || time || body); a body is H(0x12 || how many sections || their digests), a
    digest H(0x11 || salt || length of name || name || value)."""
    if "leaf" in record:
        return bytes.fromhex(record["leaf"])
    sections, digests = record.get("sections", []), b""
    names = [section["name"].encode() for section in sections if "name" in section]
    sound = names == sorted(set(names)) and all(0 < len(name) <= 256 for name in names)
    sound = sound and len(sections) <= 1024 and (sections or "body" in record)
    require(sound, "sections are out of order, or too many, or none")
    for section in sections:
        name, salt = section.get("name", "").encode(), bytes.fromhex(section.get("salt", ""))
        salted = b"\x11" + salt + len(name).to_bytes(2, "big") + name + section.get("value", "").encode()
        digests += bytes.fromhex(section["digest"]) if "digest" in section else sha256(salted)
    body = sha256(b"\x12" + len(sections).to_bytes(2, "big") + digests)
    body = bytes.fromhex(record["body"]) if "body" in record else body
    return sha256(b"\0\1" + bytes([record["kind"]]) + record["received_at_us"].to_bytes(8, "big") + body)

def lacks(record, hidden):
    """How many sections are closed that no hidden field explains; those of hidden fields have to be. One
    without a name may be any hidden one that fits between its neighbours, because names ascend."""
    count, before, sections = 0, "", record.get("sections", [])
    for place, section in enumerate(sections):
        name, is_closed = section.get("name"), "digest" in section
        begin = [low for low in hidden if low[-1] == ":" and (name or before).startswith(low)]
        if name is None:
            after = next((other["name"] for other in sections[place:] if "name" in other), "\U0010ffff")
            fits = [low for low in hidden if low < after and (before < low or low in begin)]
            before, count = max([before, *fits[:1]]), count + (not fits)
        else:
            is_hidden = name in hidden or begin != []
            require(is_closed or not is_hidden, f"entry {record['index']} shows {name}, which is hidden")
            before, count = name, count + (is_closed and not is_hidden)
    return count

def read_notices(lines, head):
    """Which indexes notices of each kind explain, and by index the leaf of what expired last, as they say."""
    explained, lasts = {ERASED: [], EXPIRED: []}, {}
    for notice, leaf in read_records(lines, WITH_PATH):
        index, kind = notice["index"], notice["kind"]
        is_ours = kind in explained and root_of(notice, leaf, head.size) == head.root
        require(is_ours, f"entry {index} is no notice of this log")
        said = {section.get("name"): section.get("value", "").encode() for section in notice["sections"]}
        covers = parse(said.get("meta:covers", b""), [[NUMBER]])
        edges = [edge for pair in covers for edge in pair]
        sound = edges == sorted(edges) and all(len(pair) == 2 and pair[0] < pair[1] for pair in covers)
        require(sound and edges and edges[-1] <= index, f"notice {index} cannot cover what it says")
        explained[kind] += covers
        if kind == EXPIRED:  # Times never decrease, so nothing that is gone is younger than the last of it.
            last = bytes.fromhex(parse(said.get("meta:last", b""), "01[0-9a-f]{82}"))
            cutoff, leaf = parse(said.get("meta:cutoff_us", b""), NUMBER), sha256(b"\0" + last)
            is_last = lasts.setdefault(edges[-1] - 1, leaf) == leaf
            require(is_last and int.from_bytes(last[2:10], "big") <= cutoff, f"notice {index} is wrong")
    return explained, lasts

# ----------------------------------------------------------------------- the tree of RFC 6962
sha256 = lambda data: hashlib.sha256(data).digest()
node = lambda left, right: sha256(b"\1" + left + right)

class Tree:
    """A tree that grows to the right: the largest complete subtrees that fill 0..size, as (level, hash)."""
    def __init__(self, watched):
        self.size, self.tops, self.watched, self.root_then = 0, [], watched, None

    def push(self, level, top):
        self.size += 1 << level
        while self.tops and self.tops[-1][0] == level:
            level, top = level + 1, node(self.tops.pop()[1], top)
        self.tops.append((level, top))
        self.root_then = self.root() if self.size == self.watched else self.root_then

    def fill(self, until, hashes):
        for top in hashes:
            require(self.size < until, "proof.json has too many hashes")
            aligned = (self.size & -self.size or 1 << 63).bit_length()
            self.push(min(aligned, (until - self.size).bit_length()) - 1, base64.b64decode(top))
        require(self.size == until, "proof.json has too few hashes")

    def root(self):
        tops = [top for _, top in reversed(self.tops)] or [sha256(b"")]
        return [*itertools.accumulate(tops, lambda right, left: node(left, right))][-1]

def root_of(record, top, size):
    """The root that the path of a record leads to (RFC 9162, 2.1.3.2)."""
    index, last = record["index"], size - 1
    require(index <= last, f"entry {index} is not in a log of {size}")
    for other in map(base64.b64decode, record["path"]):
        require(last > 0, "a path is too long")
        is_left = index & 1 or index == last
        while is_left and index and not index & 1:
            index, last = index >> 1, last >> 1
        top, index, last = node(other, top) if is_left else node(top, other), index >> 1, last >> 1
    require(last == 0, "a path is too short")
    return top

# ----------------------------------------------------------------------- checkpoints, and who signed
Key = namedtuple("Key", "name id kind public")
Head = namedtuple("Head", "origin size root seen")

def read_key(line, kind, end=""):
    """A verifier key: name+id+base64, where the id begins a hash of the rest."""
    parts = re.fullmatch(rf"({NAME})\+([0-9a-f]{{8}})\+(.*){end}", line)
    require(parts, "that is no verifier key")
    data = unbase64(parts[3])
    key = Key(parts[1], sha256(parts[1].encode() + b"\n" + data)[:4], kind, data[1:])
    sound = key.id.hex() == parts[2] and data[:1] == bytes([kind]) and point(key.public)
    require(sound, "that is no such verifier key")
    return key

def open_heads(note, key, given):
    """The checkpoint of a file, and the one that was kept of the same log, if any."""
    saved = None if given.saved is None else open_checkpoint(given.saved, key, ())
    return open_checkpoint(note, key, given.witnesses), saved

def open_checkpoint(note, key, witnesses):
    """Reads a checkpoint (C2SP tlog-checkpoint) that a log has signed, and how many witnesses saw it.
    Signatures of strangers are ignored; one bad signature of a known key spoils the note."""
    body, _, below = note.decode().rpartition("\n\n")
    lines, signed, seen = body.split("\n"), below.split("\n"), set()
    sound = len(note) <= 1 << 16 and not re.search(rb"[\0-\x09\x0b-\x1f]", note)
    require(sound and signed.pop() == "" and 1 <= len(signed) <= 100, "the checkpoint is no signed note")
    for line in signed:
        parts = re.fullmatch(f"— ({NAME}) (.*)", line)
        data = unbase64(parts[2]) if parts else b""
        require(len(data) > 4, "a line below the checkpoint is no signature")
        for known in [one for one in (key, *witnesses) if (one.name, one.id) == (parts[1], data[:4])]:
            message, signature = f"{body}\n", data[4:]
            if known.kind == WITNESS:
                time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = f"cosignature/v1\ntime {time}\n{message}"
            require(is_signed(known.public, message.encode(), signature), f"{known.name} has not signed it")
            seen.add(known)
    sound = key in seen and len(lines) >= 3 and all(lines) and lines[0] == key.name
    require(sound, f"it is no checkpoint that {key.name} has signed")
    size, root = parse(lines[1].encode(), NUMBER), unbase64(lines[2])
    require(len(root) == 32 and (size > 0 or root == sha256(b"")), "the checkpoint has an impossible root")
    return Head(key.name, size, root, len(seen - {key}))

# ----------------------------------------------------------------------- Ed25519 (RFC 8032, section 5.1)
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def is_signed(public, message, signature):
    """Strictly, so that all verifiers agree: S is below L, points have one spelling and no small order, and
    S·B = R + k·A holds as it stands, not only after multiplying by 8."""
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return len(signature) == 64 and s < L and a and r and times(s, BASE) == add(r, times(k, a))

def point(data):
    """32 bytes as a point (x, y); None if they are none that we accept."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == sign else P - x
    sound = len(data) == 32 and y < P and x * x % P == square and times(8, (x, y)) != (0, 1)
    return (x, y) if sound else None

def add(one, two):
    k = D * one[0] * two[0] * one[1] * two[1] % P
    x, y = one[0] * two[1] + one[1] * two[0], one[1] * two[1] + one[0] * two[0]
    inverse = pow(1 - k * k, -1, P)
    return x * (1 - k) * inverse % P, y * (1 + k) * inverse % P

def times(scalar, base):
    even = times(scalar >> 1, add(base, base)) if scalar else (0, 1)
    return add(even, base) if scalar & 1 else even

BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

# ----------------------------------------------------------------------- the tar, spellings, arguments
def read_lines(file, name, most):
    """The lines of the member that must come now, under the one header (POSIX ustar) that it can have."""
    block = file.read(512)
    size = int(block[124:135], 8) if re.fullmatch(rb"[0-7]{11}", block[124:135]) else 0
    start = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0%011o\0" % (size, 0)
    end = b"0" + bytes(100) + b"ustar\x0000" + bytes(247)
    is_header = block == start + b"%06o\0 " % (sum(start + end) + 256) + end
    require(is_header and size <= most, f"{name} is not where it must stand, or too long")
    left, padding = size, -size % 512
    while left:
        line = file.readline(min(left, TEXT_MAX))
        require(line, f"{name} is cut off")
        left -= len(line)
        yield line
    require(file.read(padding) == bytes(padding), f"something hides behind {name}")

def parse(data, form, end=b""):
    """JSON of a form, in its one spelling: no white space, the fewest escapes, no member twice."""
    value = json.loads(data.decode(), parse_int=lambda digits: int(digits[:20]))
    is_plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + end == data
    require(is_plain and fits(value, form), "something is not of its form, or not in its one spelling")
    return value

def fits(value, form):
    if isinstance(form, tuple):
        return any(fits(value, one) for one in form)
    if isinstance(form, dict):
        return type(value) is dict and [*value] == [*form] and all(map(fits, value.values(), form.values()))
    if isinstance(form, list):
        return type(value) is list and all(fits(one, form[0]) for one in value)
    if isinstance(form, range):
        return type(value) is int and value in form  # True is no number.
    return type(value) is str and re.fullmatch(form, value)

def unbase64(text):
    data = base64.b64decode(text, validate=True)
    require(base64.b64encode(data).decode() == text, "something is no base64")
    return data

def read_arguments(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.error = lambda why: require(False, why)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--vkey", metavar="KEY", help="the key of the log, from elsewhere than the bundle")
    parser.add_argument("--witness", metavar="KEY", action="append", default=[], help="the key of a witness")
    parser.add_argument("--saved", metavar="NOTE", help="a file with a checkpoint of the log that you kept")
    given = parser.parse_args(arguments)
    read = lambda name: open(name, "rb").read(TEXT_MAX)
    text = lambda said: (read(said[1:]).decode() if said[:1] == "@" else said).strip()
    given.key = None if given.vkey is None else read_key(text(given.vkey), LOG)
    given.witnesses = {read_key(text(said), WITNESS) for said in given.witness}
    given.saved = None if given.saved is None else read(given.saved)
    return given

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main())
