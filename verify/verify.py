#!/usr/bin/env python3
"""Verifies offline what hindcast hands out: evidence bundles (.auditbundle) and proofs of one entry (.tlog-proof).

    python3 verify.py FILE [--vkey KEY|@FILE] [--witness KEY|@FILE]... [--saved NOTE]

It needs Python 3.9 and nothing else, so whoever relies on it can read all of it. The formats are described in
docs/formats/bundle.md, entry.md and log.md. Each thing has one spelling, and what is not known here is refused.
Nothing is unpacked, and nothing that a file says can command your terminal. Left to `hindcast verify`: proofs of
consistency, and writing down two heads that cannot both be true. Left to you: the query of a bundle, its anchors."""
import argparse, base64, bisect, hashlib, itertools, json, re, sys
from collections import namedtuple

CODES = {"VERIFIED": 0, "UNPINNED": 10, "GAP": 20, "DIVERGED": 30, "INVALID": 40, "UNREADABLE": 50}
TEXT_MAX, NOTICES_MAX = 1 << 20, 64 << 20  # bytes: of a line, or a member that is read whole; of all notices
ERASED, EXPIRED, LOG, WITNESS = 2, 3, 1, 4  # kinds of notices, and of keys
HIDES = {  # Fields that may be hidden, and which sections are closed then; "meta:" is any that begins so.
    "address": ["context", "facts"], "user_agent": ["context", "facts"], "session": ["context"],
    "email": ["actor", "on_behalf_of"], "values": ["change:"], "metadata": ["meta:"],
    "text": ["core", "description", "reason"]}
# What JSON may be here: numbers in a range, texts of a pattern, lists, objects with just these members in this order.
NUMBER, KIND, TEXT, DIGEST = range(1 << 63), range(256), "(?s:.*)", "[0-9a-f]{64}"
HASH, NAME = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", r"[^\s+\0-\x1f]+"
SECTIONS = [({"name": TEXT, "value": TEXT, "salt": "[0-9a-f]{32}"}, {"name": TEXT, "digest": DIGEST},
             {"digest": DIGEST})]
OPENING = {"version": range(1, 2), "kind": KIND, "received_at_us": NUMBER, "sections": SECTIONS}
OPEN = {"index": NUMBER, "kind": KIND, "received_at_us": NUMBER, "sections": SECTIONS}
WITHHELD = {"index": NUMBER, "kind": KIND, "received_at_us": NUMBER, "body": DIGEST}
GONE, WITH_PATH = {"index": NUMBER, "leaf": DIGEST}, {**OPEN, "path": [HASH]}
ABOUT = {"format": "hindcast-bundle/1", "mode": "range|filtered", "origin": TEXT, "size": NUMBER, "from": NUMBER,
         "until": NUMBER, "count": NUMBER, "withheld": NUMBER, "gone": NUMBER, "query": TEXT, "made_at": TEXT,
         "closed": ["|".join(HIDES)], "anchors": ["anchors/[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}"]}

def main(arguments=None):
    """Prints the verdict and what it rests on, and returns the exit code."""
    blame = "UNREADABLE"
    try:
        given = read_arguments(arguments)
        with open(given.file, "rb") as file:
            start = file.read(20)
            is_proof = start == b"c2sp.org/tlog-proof@"
            require(is_proof or start == b"README.txt" + bytes(10), "it is neither a bundle nor a proof of an entry")
            require(given.key or not is_proof, "say whose log it should be with --vkey")
            file.seek(0)
            blame = "INVALID"
            word, says, more = (verify_proof if is_proof else verify_bundle)(file, given)
    except Exception as error:  # Whatever it is, nothing was verified.
        word, says, more = "UNREADABLE" if isinstance(error, OSError) else blame, str(error), []
    for line in [f"{word}  {says}", *(f"  {line}" for line in more)]:
        print("".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in line))
    return CODES[word]

def require(holds, why):
    if not holds:
        raise ValueError(why)

def verify_bundle(file, given):
    """A bundle from its first byte to its last; records are held one at a time."""
    read_member(file, "README.txt"), read_member(file, "verify.py")
    about = parse(read_member(file, "bundle.json"), ABOUT, b"\n")
    start, until, size, closed, anchors = (about[name] for name in ("from", "until", "size", "closed", "anchors"))
    sound = start <= until <= size and closed == [name for name in HIDES if name in closed]
    require(sound and anchors == sorted(set(anchors)), "in bundle.json numbers or lists are out of order")
    note, its_key = read_member(file, "checkpoint"), read_key(read_member(file, "vkey").decode(), LOG, "\n")
    head = open_checkpoint(note, given.key or its_key, given.witnesses)
    require((head.origin, head.size) == (about["origin"], size), "bundle.json speaks of another checkpoint")
    saved = given.saved and open_checkpoint(given.saved, head.key, [])
    for anchor in anchors:
        read_member(file, anchor)
    is_range, tree = about["mode"] == "range", Tree(saved and saved.size)
    if is_range:
        sides = parse(read_member(file, "proof.json"), {"left": [HASH], "right": [HASH]}, b"\n")
        tree.fill(start, sides["left"])
    explained, lasts = read_notices(read_lines(file, "notices.jsonl", NOTICES_MAX), head)
    hidden = sorted({name for field in closed for name in HIDES[field]})
    found, gaps = {"sections": 0, "body": 0, "leaf": 0, "gaps": 0}, []
    lines, forms = read_lines(file, "records.jsonl"), (OPEN, WITHHELD, GONE) if is_range else WITH_PATH
    for record, leaf in read_records(lines, forms):
        index, is_gone = record["index"], "leaf" in record
        sound = start <= index < until and lasts.get(index, leaf) == leaf and index == (tree.size if is_range else index)
        require(sound, f"entry {index} is out of place, or not what a notice says it was")
        found["leaf" if is_gone else "body" if "body" in record else "sections"] += 1
        if is_range:
            tree.push(0, leaf)
        else:
            require(root_of(record, leaf, size) == head.root, f"entry {index} does not lead to the root")
        lacks = "it is gone" if is_gone else "values are gone" if closed_without_reason(record, hidden) else ""
        if lacks and not any(explains(explained[kind], index) for kind in [ERASED, EXPIRED][:1 + is_gone]):
            found["gaps"], gaps = found["gaps"] + 1, [*gaps, f"entry {index}: {lacks}, and no notice says why"][:100]
    require(file.read(1025) == bytes(1024), "the tar does not end as it must")
    *counted, gap_count = found.values()
    require(counted == [about["count"], about["withheld"], about["gone"]], "bundle.json counts otherwise")
    says = f"{counted[0]} entries of {head.origin} are as they were signed; that these are all is not shown"
    if is_range:
        require(tree.size == until, f"the range ends before {tree.size}, not {until}")
        tree.fill(size, sides["right"])
        require(tree.root() == head.root, "the entries do not lead to the root that was signed")
        says = f"all {until - start} entries of {head.origin} from {start} on are as they were signed: "
        says += "{} open, {} withheld, {} gone".format(*counted)
    more = gaps + [f"query: {about['query']}", f"closed: {', '.join(closed) or 'nothing'}"]
    return judged(given, head, saved, tree.root_then if is_range else None, gap_count, says, more)

def verify_proof(file, given):
    """A C2SP tlog-proof whose extra line opens the entry."""
    data = file.read(4 * TEXT_MAX + 1)
    above, _, note = data.partition(b"\n\n")
    shown = re.fullmatch(rf"c2sp\.org/tlog-proof@v1\nextra (.*)\nindex (.*)((?:\n{HASH})*)", above.decode())
    require(shown and len(data) <= 4 * TEXT_MAX, "it is not of version 1, or too long, or has no entry or index")
    place = {"index": parse(shown[2].encode(), NUMBER), "path": shown[3].split("\n")[1:]}
    record, head = {**parse(unbase64(shown[1]), OPENING), **place}, open_checkpoint(note, given.key, given.witnesses)
    require(root_of(record, leaf_of(record), head.size) == head.root, "the entry does not lead to the root")
    saved = given.saved and open_checkpoint(given.saved, head.key, [])
    says = f"entry {record['index']} of {head.origin} is as it was signed, {record['received_at_us']} µs after 1970"
    more = [f"{section['name']} {section['value']}" for section in record["sections"] if "value" in section]
    return judged(given, head, saved, None, closed_without_reason(record, []), says, more)

def judged(given, head, saved, root_then, gaps, says, more):
    """The verdict, and what is known beyond being intact: whose key it is, what fits, who else saw it. `root_then` is
    the root that the log had at the size of the saved checkpoint, if that is known from the entries."""
    if saved and (saved.size == head.size or 0 in (saved.size, head.size)):
        root_then = head.root if saved.size == head.size else saved.root  # Everything continues an empty log.
    if saved and root_then not in (None, saved.root):
        return "DIVERGED", f"{head.origin} has signed two heads that cannot both be true", more
    says += ", under the pinned key" if given.key else ", under the key that came with it: compare that"
    if saved:
        says += ", NOT COMPARED with the saved checkpoint" if root_then is None else ", fits the saved checkpoint"
    says += f", witnessed ({head.seen} of {len(given.witnesses)})" if given.witnesses else ""
    says += f"; {gaps} gaps that nothing explains" if gaps else ""
    more.append(f"checkpoint of {head.size} entries, root {base64.b64encode(head.root).decode()}")
    return "GAP" if gaps else "VERIFIED" if given.key else "UNPINNED", says, more

# ------------------------------------------------------------------------------------- records, up to their leaves
def read_records(lines, forms):
    """Reads records one at a time, with their leaves; indexes and times strictly ascend."""
    index = time = -1
    for line in lines:
        record = parse(line, forms)
        is_later = record.get("received_at_us", time + 1) > time  # Of what is gone not even the time is left.
        require(record["index"] > index and is_later, f"entry {record['index']} is out of order")
        index, time = record["index"], record.get("received_at_us", time)
        yield record, leaf_of(record)

def leaf_of(record):
    """H(0 || version || kind || time || body), body being H(0x12 || how many sections || their digests), and a digest
    H(0x11 || salt || length of name || name || value)."""
    if "leaf" in record:
        return bytes.fromhex(record["leaf"])
    digests, names = [], [section["name"].encode() for section in record.get("sections", []) if "name" in section]
    require(names == sorted(set(names)) and all(0 < len(name) <= 256 for name in names), "sections are out of order")
    for section in record.get("sections", []):
        name, salt = section.get("name", "").encode(), bytes.fromhex(section.get("salt", ""))
        salted = b"\x11" + salt + len(name).to_bytes(2, "big") + name + section.get("value", "").encode()
        digests.append(bytes.fromhex(section["digest"]) if "digest" in section else sha256(salted))
    require("body" in record or 0 < len(digests) <= 1024, "an entry has no sections, or too many")
    body = sha256(b"\x12" + len(digests).to_bytes(2, "big") + b"".join(digests))
    body = bytes.fromhex(record["body"]) if "body" in record else body
    return sha256(b"\0\1" + bytes([record["kind"]]) + record["received_at_us"].to_bytes(8, "big") + body)

def closed_without_reason(record, hidden):
    """How many sections are closed that no hidden field explains; those of hidden fields have to be. One without a name
    may be any hidden one that fits between its neighbours, because names ascend."""
    count, before, sections = 0, "", record.get("sections", [])
    for place, section in enumerate(sections):
        name, is_closed = section.get("name"), "digest" in section
        if name is None:
            after = next((other["name"] for other in sections[place:] if "name" in other), "\U0010ffff")
            fits = [low for low in hidden if low < after and (before < low or low[-1] == ":" and before.startswith(low))]
            before, count = max([before, *fits[:1]]), count + (not fits)
        else:
            is_hidden = any(name == low or low[-1] == ":" and name.startswith(low) for low in hidden)
            require(is_closed or not is_hidden, f"entry {record['index']} shows {name}, which should be hidden")
            before, count = name, count + (is_closed and not is_hidden)
    return count

def read_notices(lines, head):
    """Which indexes notices of each kind explain, and by index the leaf of what notices of expiry call their last."""
    pairs, lasts = {ERASED: [], EXPIRED: []}, {}
    for notice, leaf in read_records(lines, WITH_PATH):
        index, kind = notice["index"], notice["kind"]
        require(kind in pairs and root_of(notice, leaf, head.size) == head.root, f"{index} is no notice of this log")
        said = {section.get("name"): section.get("value", "").encode() for section in notice["sections"]}
        covers = parse(said.get("meta:covers", b""), [[NUMBER]])
        edges = [edge for pair in covers for edge in pair]
        sound = covers and all(len(pair) == 2 and pair[0] < pair[1] for pair in covers) and edges == sorted(edges)
        require(sound and edges[-1] <= index, f"notice {index} cannot cover what it says")
        pairs[kind] += covers
        if kind == EXPIRED:  # Times never decrease, so nothing that is gone is younger than the last of it.
            last = bytes.fromhex(parse(said.get("meta:last", b""), "01[0-9a-f]{82}"))
            cutoff, leaf = parse(said.get("meta:cutoff_us", b""), NUMBER), sha256(b"\0" + last)
            sound = int.from_bytes(last[2:10], "big") <= cutoff and lasts.setdefault(edges[-1] - 1, leaf) == leaf
            require(sound, f"the last entry that notice {index} covers is younger than it says, or another")
    ends = lambda some: [*itertools.accumulate((until for _, until in sorted(some)), max)]
    return {kind: (sorted(some), ends(some)) for kind, some in pairs.items()}, lasts

def explains(explained, index):
    """Whether a pair begins at or before an index, and one of these ends behind it."""
    at = bisect.bisect_right(explained[0], [index, 1 << 63])
    return at > 0 and index < explained[1][at - 1]

# ------------------------------------------------------------------------------------- the tree of RFC 6962
def sha256(data):
    return hashlib.sha256(data).digest()

def node(left, right):
    return sha256(b"\1" + left + right)

class Tree:
    """A tree that grows to the right: the largest complete subtrees that fill 0..size, as (level, hash)."""
    def __init__(self, watch):
        self.size, self.tops, self.watch, self.root_then = 0, [], watch, None

    def push(self, level, top):
        self.size += 1 << level
        while self.tops and self.tops[-1][0] == level:
            level, top = level + 1, node(self.tops.pop()[1], top)
        self.tops.append((level, top))
        self.root_then = self.root() if self.size == self.watch else self.root_then

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

# ------------------------------------------------------------------------------------- checkpoints, and who signed
Key = namedtuple("Key", "name id kind public")
Head = namedtuple("Head", "origin size root seen key")

def read_key(line, kind, end=""):
    """A verifier key: name+id+base64, where the id begins a hash of the rest."""
    parts = re.fullmatch(rf"({NAME})\+([0-9a-f]{{8}})\+(.*){end}", line)
    require(parts, "that is no verifier key")
    data = unbase64(parts[3])
    key = Key(parts[1], sha256(parts[1].encode() + b"\n" + data)[:4], kind, data[1:])
    require(key.id.hex() == parts[2] and data[:1] == bytes([kind]) and point(key.public), f"{key.name} has no such key")
    return key

def open_checkpoint(note, key, witnesses):
    """Reads a checkpoint (C2SP tlog-checkpoint) that a log has signed, and how many witnesses saw it. Signatures of
    strangers are ignored; one bad signature of a known key spoils the note."""
    body, _, below = note.decode().rpartition("\n\n")
    lines, seen = below.split("\n"), set()
    require(len(note) <= 1 << 16 and not re.search(rb"[\0-\x09\x0b-\x1f]", note), "the checkpoint is no note")
    require(lines.pop() == "" and 1 <= len(lines) <= 100, "the checkpoint has no signatures, or too many")
    for line in lines:
        parts = re.fullmatch(f"— ({NAME}) (.*)", line)
        data = unbase64(parts[2]) if parts else b""
        require(len(data) > 4, "a line below the checkpoint is no signature")
        for known in [one for one in (key, *witnesses) if (one.name, one.id) == (parts[1], data[:4])]:
            message, signature = f"{body}\n", data[4:]
            if known.kind == WITNESS:
                message = f"cosignature/v1\ntime {int.from_bytes(data[4:12], 'big')}\n{message}"
                signature = data[12:]
            require(is_signed(known.public, message.encode(), signature), f"the signature of {known.name} is bad")
            seen.add(known)
    lines = body.split("\n")
    require(key in seen, f"the checkpoint is not signed by the key of {key.name}")
    require(len(lines) >= 3 and all(lines) and lines[0] == key.name, f"it is no checkpoint of {key.name}")
    size, root = parse(lines[1].encode(), NUMBER), unbase64(lines[2])
    require(len(root) == 32 and (size > 0 or root == sha256(b"")), "the checkpoint has no root that can be")
    return Head(key.name, size, root, len(seen - {key}), key)

# ------------------------------------------------------------------------------------- Ed25519 (RFC 8032, section 6)
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def is_signed(public, message, signature):
    """Strictly, so that all verifiers agree: S is below L, points have one spelling and no small order, and
    S·B = R + k·A holds as it stands, not only after multiplying by 8."""
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return len(signature) == 64 and s < L and a and r and same(times(s, BASE), add(r, times(k, a)))

def point(data):
    """32 bytes as a point (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z; None if they are none that we accept."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == sign else P - x
    found = (x, y, 1, x * y % P)
    return found if len(data) == 32 and y < P and x * x % P == square and not same(times(8, found), ZERO) else None

def add(one, two):
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

def times(scalar, base):
    total = ZERO
    while scalar:
        total, base, scalar = add(total, base) if scalar & 1 else total, add(base, base), scalar >> 1
    return total

def same(one, two):
    return not (one[0] * two[2] - two[0] * one[2]) % P and not (one[1] * two[2] - two[1] * one[2]) % P

ZERO = (0, 1, 1, 0)
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

# ------------------------------------------------------------------------------------- the tar, spellings, arguments
def read_header(file, name, most):
    """The size of the member that must come now, under the one header (POSIX ustar) that its name and size allow."""
    block = read_bytes(file, 512)
    size = int(block[124:135], 8) if re.fullmatch(rb"[0-7]{11}", block[124:135]) else 0
    start = b"%b0000644\x000000000\x000000000\x00%011o\x0000000000000\x00" % (name.encode().ljust(100, b"\0"), size)
    end = b"0" + bytes(100) + b"ustar\x0000" + bytes(247)
    good = block == start + b"%06o\0 " % (sum(start + end) + 256) + end
    require(good and size <= most, f"{name} is not where it must stand, or too long")
    return size

def read_member(file, name):
    size = read_header(file, name, TEXT_MAX)
    data = read_bytes(file, size + -size % 512)
    require(not any(data[size:]), f"something hides behind {name}")
    return data[:size]

def read_lines(file, name, most=1 << 63):
    size = left = read_header(file, name, most)
    while left:
        line = file.readline(min(left, TEXT_MAX))
        require(line.endswith(b"\n"), f"{name} is cut off, or a line of it is too long")
        left -= len(line)
        yield line[:-1]
    require(not any(read_bytes(file, -size % 512)), f"something hides behind {name}")

def read_bytes(file, size):
    data = file.read(size)
    require(len(data) == size, "the file is cut off")
    return data

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
        return type(value) is dict and [*value] == [*form] and all(fits(value[name], form[name]) for name in form)
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.error = lambda why: require(False, why)
    parser.add_argument("file", metavar="FILE")
    for name, what in ("--vkey", "the key of the log, from elsewhere"), ("--witness", "the key of a witness"):
        parser.add_argument(name, metavar="KEY", action="append", default=[], help=f"{what}, or @FILE")
    parser.add_argument("--saved", metavar="NOTE", help="a file with a checkpoint of the log that you kept")
    given = parser.parse_args(arguments)
    text = lambda said: (open(said[1:], "rb").read(TEXT_MAX).decode() if said[:1] == "@" else said).strip()
    given.key = [read_key(text(said), LOG) for said in given.vkey][-1] if given.vkey else None
    given.witnesses = {*(read_key(text(said), WITNESS) for said in given.witness)}
    given.saved = given.saved and open(given.saved, "rb").read(TEXT_MAX)
    return given

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main())
