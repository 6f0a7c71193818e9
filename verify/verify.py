#!/usr/bin/env python3
"""Verifies offline what hindcast hands out: evidence bundles (.auditbundle) and proofs of one entry (.tlog-proof).

    python3 verify.py FILE [--vkey KEY|@FILE] [--witness KEY|@FILE]... [--saved NOTE]

It needs Python 3.9 and nothing else, so that whoever relies on it can read all of it. The formats are those of
docs/formats/bundle.md, entry.md and log.md. Everything has one spelling, what is not known here is refused, nothing
is unpacked, and nothing in a file can command your terminal. Not done here: proofs of consistency and the writing of
evidence, which `hindcast verify` does, and judging the query of a bundle and its anchors, which is left to you."""
import argparse, base64, bisect, hashlib, itertools, json, re, sys
from collections import namedtuple

CODES = {"VERIFIED": 0, "UNPINNED": 10, "GAP": 20, "DIVERGED": 30, "INVALID": 40, "UNREADABLE": 50}
TEXT_MAX, NOTICES_MAX = 1 << 20, 64 << 20  # bytes of a line, or of a member that is read whole; of all notices
ERASED, EXPIRED, LOG, WITNESS = 2, 3, 1, 4  # kinds of notices, and of keys
HIDES = {  # Fields that may be hidden, and which sections are closed then; "meta:" is any that begins so.
    "address": ["context", "facts"], "user_agent": ["context", "facts"], "session": ["context"],
    "email": ["actor", "on_behalf_of"], "values": ["change:"], "metadata": ["meta:"],
    "text": ["core", "description", "reason"]}
# What JSON may be: numbers in a range, texts of a pattern, lists, objects with just these members in this order.
NUMBER, KIND, TEXT, DIGEST = range(1 << 63), range(256), "(?s:.*)", "[0-9a-f]{64}"
HASH, NAME = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", r"[^\s+\0-\x1f]+"
SECTION = ({"name": TEXT, "value": TEXT, "salt": "[0-9a-f]{32}"}, {"name": TEXT, "digest": DIGEST}, {"digest": DIGEST})
ENTRY = {"kind": KIND, "received_at_us": NUMBER}
OPEN, WITHHELD = {"index": NUMBER, **ENTRY, "sections": [SECTION]}, {"index": NUMBER, **ENTRY, "body": DIGEST}
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
            verify = {b"c2sp.org/tlog-proof@": verify_proof, b"README.txt" + bytes(10): verify_bundle}.get(file.read(20))
            require(verify, "it is neither a bundle nor a proof of an entry")
            require(given.key or verify == verify_bundle, "say whose log it should be with --vkey")
            blame = "INVALID" if file.seek(0) == 0 else blame
            word, *lines = verify(file, given)
    except Exception as error:  # Whatever it is, nothing was verified.
        word, *lines = "UNREADABLE" if isinstance(error, OSError) else blame, str(error)
    for line in [f"{word}  {lines[0]}", *(f"  {line}" for line in lines[1:])]:
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
    head, saved = open_heads(note, given.key or its_key, given)
    require((head.origin, head.size) == (about["origin"], size), "bundle.json speaks of another checkpoint")
    for anchor in anchors:
        read_member(file, anchor)
    tree, is_range = Tree(saved and saved.size), about["mode"] == "range"
    if is_range:
        sides = parse(read_member(file, "proof.json"), {"left": [HASH], "right": [HASH]}, b"\n")
        tree.fill(start, sides["left"])
    explained, lasts = read_notices(read_lines(file, "notices.jsonl", NOTICES_MAX), head)
    hidden = sorted({name for field in closed for name in HIDES[field]})
    counts, gaps, first_gap = {"sections": 0, "body": 0, "leaf": 0}, 0, ""
    forms = (OPEN, WITHHELD, GONE) if is_range else WITH_PATH
    for record, leaf in read_records(read_lines(file, "records.jsonl"), forms):
        index, form = record["index"], next(form for form in counts if form in record)
        is_placed = start <= index < until and index == (tree.size if is_range else index)
        require(is_placed and lasts.get(index, leaf) == leaf, f"entry {index} is out of place, or not the last it was")
        counts[form] += 1
        if is_range:
            tree.push(0, leaf)
        else:
            require(root_of(record, leaf, size) == head.root, f"entry {index} does not lead to the root")
        kinds = [ERASED, EXPIRED] if form == "leaf" else [ERASED] if lacks(record, hidden) else []
        if kinds and not any(is_within(explained[kind], index) for kind in kinds):
            gaps, first_gap = gaps + 1, first_gap or f", entry {index} is the first"
    require(file.read(1025) == bytes(1024), "the tar does not end as it must")
    found = tuple(counts.values())
    require(found == (about["count"], about["withheld"], about["gone"]), "bundle.json counts otherwise")
    says = f"{found[0]} entries of {head.origin} are as they were signed; that these are all is not shown"
    if is_range:
        require(tree.size == until, f"the range ends before {tree.size}, not {until}")
        tree.fill(size, sides["right"])
        require(tree.root() == head.root, "the entries do not lead to the root that was signed")
        says = f"all {until - start} entries of {head.origin} from {start} on are as they were signed"
        says += ": %d open, %d withheld, %d gone" % found
    return *judged(given, head, saved, tree.root_then if is_range else None, gaps, says + first_gap), \
        f"query: {about['query']}", f"closed: {', '.join(closed) or 'nothing'}"

def verify_proof(file, given):
    """A C2SP tlog-proof whose extra line opens the entry."""
    data = file.read(4 * TEXT_MAX + 1)
    above, _, note = data.partition(b"\n\n")
    shown = re.fullmatch(rf"c2sp\.org/tlog-proof@v1\nextra (.*)\nindex (.*)((?:\n{HASH})*)", above.decode())
    require(shown and len(data) <= 4 * TEXT_MAX, "it is not of version 1, or too long, or has no entry or index")
    entry = parse(unbase64(shown[1]), {"version": range(1, 2), **ENTRY, "sections": [SECTION]})
    record = {**entry, "index": parse(shown[2].encode(), NUMBER), "path": shown[3].split("\n")[1:]}
    head, saved = open_heads(note, given.key, given)
    require(root_of(record, leaf_of(record), head.size) == head.root, "the entry does not lead to the root")
    says = f"entry {record['index']} of {head.origin} is as it was signed, {entry['received_at_us']} µs after 1970"
    shown = [f"{section['name']} {section['value']}" for section in entry["sections"] if "value" in section]
    return *judged(given, head, saved, None, lacks(record, []), says), *shown

def judged(given, head, saved, root_then, gaps, says):
    """The verdict, and what is known beyond being intact. `root_then` is the root that the log had at the size of the
    saved checkpoint, if that is known from the entries."""
    if saved and (saved.size == head.size or 0 in (saved.size, head.size)):
        root_then = head.root if saved.size == head.size else saved.root  # Everything continues an empty log.
    if saved and root_then not in (None, saved.root):
        return "DIVERGED", f"{head.origin} has signed two heads that cannot both be true"
    says += f"; {gaps} gaps that nothing explains" * (gaps > 0)
    says += ", under the pinned key" if given.key else ", under the key that came with it: compare that"
    if saved:
        says += ", NOT COMPARED with the saved checkpoint" if root_then is None else ", fits the saved checkpoint"
    says += f", witnessed ({head.seen} of {len(given.witnesses)})" * bool(given.witnesses)
    return "GAP" if gaps else "VERIFIED" if given.key else "UNPINNED", says, f"checkpoint of {head.size} entries"

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
    """H(0 || version || kind || time || body); a body is H(0x12 || how many sections || their digests), a digest
    H(0x11 || salt || length of name || name || value)."""
    if "leaf" in record:
        return bytes.fromhex(record["leaf"])
    sections, digests = record.get("sections", []), []
    names = [section["name"].encode() for section in sections if "name" in section]
    is_sound = names == sorted(set(names)) and all(0 < len(name) <= 256 for name in names) and len(sections) <= 1024
    require(is_sound and (sections or "body" in record), "sections are out of order, or too many, or none")
    for section in sections:
        name, salt = section.get("name", "").encode(), bytes.fromhex(section.get("salt", ""))
        salted = b"\x11" + salt + len(name).to_bytes(2, "big") + name + section.get("value", "").encode()
        digests.append(bytes.fromhex(section["digest"]) if "digest" in section else sha256(salted))
    body = sha256(b"\x12" + len(digests).to_bytes(2, "big") + b"".join(digests))
    body = bytes.fromhex(record["body"]) if "body" in record else body
    return sha256(b"\0\1" + bytes([record["kind"]]) + record["received_at_us"].to_bytes(8, "big") + body)

def lacks(record, hidden):
    """How many sections are closed that no hidden field explains; those of hidden fields have to be. One without a
    name may be any hidden one that fits between its neighbours, because names ascend."""
    count, before, sections = 0, "", record.get("sections", [])
    for place, section in enumerate(sections):
        name, is_closed = section.get("name"), "digest" in section
        begins = [low for low in hidden if low[-1] == ":" and (before if name is None else name).startswith(low)]
        if name is None:
            after = next((other["name"] for other in sections[place:] if "name" in other), "\U0010ffff")
            fits = [low for low in hidden if low < after and (before < low or low in begins)]
            before, count = max([before, *fits[:1]]), count + (not fits)
        else:
            is_hidden = name in hidden or begins
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
        is_sound = covers and all(len(pair) == 2 and pair[0] < pair[1] for pair in covers) and edges == sorted(edges)
        require(is_sound and edges[-1] <= index, f"notice {index} cannot cover what it says")
        pairs[kind] += covers
        if kind == EXPIRED:  # Times never decrease, so nothing that is gone is younger than the last of it.
            last = bytes.fromhex(parse(said.get("meta:last", b""), "01[0-9a-f]{82}"))
            cutoff, leaf = parse(said.get("meta:cutoff_us", b""), NUMBER), sha256(b"\0" + last)
            is_sound = int.from_bytes(last[2:10], "big") <= cutoff and lasts.setdefault(edges[-1] - 1, leaf) == leaf
            require(is_sound, f"the last entry that notice {index} covers is younger than it says, or another")
    pairs = {kind: sorted(some) for kind, some in pairs.items()}
    return {kind: (some, [*itertools.accumulate((until for _, until in some), max)]) for kind, some in pairs.items()}, lasts

def is_within(explained, index):
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

# ------------------------------------------------------------------------------------- checkpoints, and who signed
Key = namedtuple("Key", "name id kind public")
Head = namedtuple("Head", "origin size root seen")

def read_key(line, kind, end=""):
    """A verifier key: name+id+base64, where the id begins a hash of the rest."""
    parts = re.fullmatch(rf"({NAME})\+([0-9a-f]{{8}})\+(.*){end}", line)
    data = unbase64(parts[3]) if parts else b""
    key = parts and Key(parts[1], sha256(parts[1].encode() + b"\n" + data)[:4], kind, data[1:])
    require(key and key.id.hex() == parts[2] and data[:1] == bytes([kind]) and point(key.public), "that is no such key")
    return key

def open_heads(note, key, given):
    """The checkpoint of a file, and the one that was kept of the same log, if any."""
    return open_checkpoint(note, key, given.witnesses), given.saved and open_checkpoint(given.saved, key, [])

def open_checkpoint(note, key, witnesses):
    """Reads a checkpoint (C2SP tlog-checkpoint) that a log has signed, and how many witnesses saw it. Signatures of
    strangers are ignored; one bad signature of a known key spoils the note."""
    body, _, below = note.decode().rpartition("\n\n")
    lines, signed, seen = body.split("\n"), below.split("\n"), set()
    require(len(note) <= 1 << 16 and not re.search(rb"[\0-\x09\x0b-\x1f]", note), "the checkpoint is no note")
    require(signed.pop() == "" and 1 <= len(signed) <= 100, "the checkpoint has no signatures, or too many")
    for line in signed:
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
    is_sound = key in seen and len(lines) >= 3 and all(lines) and lines[0] == key.name
    require(is_sound, f"it is no checkpoint that {key.name} has signed")
    size, root = parse(lines[1].encode(), NUMBER), unbase64(lines[2])
    require(len(root) == 32 and (size > 0 or root == sha256(b"")), "the checkpoint has no root that can be")
    return Head(key.name, size, root, len(seen - {key}))

# ------------------------------------------------------------------------------------- Ed25519 (RFC 8032, section 5.1)
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
    return (x, y) if len(data) == 32 and y < P and x * x % P == square and times(8, (x, y)) != (0, 1) else None

def add(one, two):
    k = D * one[0] * two[0] * one[1] * two[1] % P
    x, y, inverse = one[0] * two[1] + one[1] * two[0], one[1] * two[1] + one[0] * two[0], pow(1 - k * k, -1, P)
    return x * (1 - k) * inverse % P, y * (1 + k) * inverse % P

def times(scalar, base):
    total = (0, 1)
    while scalar:
        total, base, scalar = add(total, base) if scalar & 1 else total, add(base, base), scalar >> 1
    return total

BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

# ------------------------------------------------------------------------------------- the tar, spellings, arguments
def read_header(file, name, most):
    """The size of the member that must come now, under the one header (POSIX ustar) that its name and size allow."""
    block = read_bytes(file, 512)
    size = int(block[124:135], 8) if re.fullmatch(rb"[0-7]{11}", block[124:135]) else 0
    start = b"%b0000644\x000000000\x000000000\x00%011o\x0000000000000\x00" % (name.encode().ljust(100, b"\0"), size)
    end = b"0" + bytes(100) + b"ustar\x0000" + bytes(247)
    is_sound = block == start + b"%06o\0 " % (sum(start + end) + 256) + end and size <= most
    require(is_sound, f"{name} is not where it must stand, or too long")
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
    # True is no number.
    return type(value) is int and value in form if isinstance(form, range) else \
        type(value) is str and re.fullmatch(form, value)

def unbase64(text):
    data = base64.b64decode(text, validate=True)
    require(base64.b64encode(data).decode() == text, "something is no base64")
    return data

def read_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.error = lambda why: require(False, why)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--vkey", metavar="KEY", help="the key of the log, or @FILE; not the one from the bundle")
    parser.add_argument("--witness", metavar="KEY", action="append", default=[], help="the key of a witness, or @FILE")
    parser.add_argument("--saved", metavar="NOTE", help="a file with a checkpoint of the log that you kept")
    given = parser.parse_args(arguments)
    text = lambda said: (open(said[1:], "rb").read(TEXT_MAX).decode() if said[:1] == "@" else said).strip()
    given.key = None if given.vkey is None else read_key(text(given.vkey), LOG)
    given.witnesses = {read_key(text(said), WITNESS) for said in given.witness}
    given.saved = given.saved and open(given.saved, "rb").read(TEXT_MAX)
    return given

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main())
