#!/usr/bin/env python3
"""Verifies offline what hindcast hands out: evidence bundles (.auditbundle) and proofs of one entry (.tlog-proof).

    python3 verify.py FILE --vkey KEY|@FILE [--witness KEY]... [--saved NOTE [--consistency FILE]] [--quiet]

It needs Python 3.9 and nothing else, so whoever relies on it can read all of it: first the verdict, then each step.
The formats are docs/formats/bundle.md, entry.md and log.md. What always holds: whatever is not known here is refused;
nothing is unpacked, and records are held one at a time; nothing that a file says can command your terminal. What it
does not do: evaluate the query of a bundle, or check its anchors.
"""
import argparse, base64, bisect, datetime, functools, hashlib, json, os, re, sys
from collections import deque, namedtuple

CODES = {"VERIFIED": 0, "UNPINNED": 10, "GAP": 20, "DIVERGED": 30, "INVALID": 40, "UNREADABLE": 50}
TEXT_BYTES_MAX = 1 << 20    # of a line, and of a member that is read whole
NUMBER_MAX = (1 << 63) - 1  # of indexes, sizes and times
GAPS_TOLD = 10


class Verdict(Exception):
    """What a verification came to: a word of CODES, a sentence, and lines that tell more."""
    def __init__(self, word, says, more=()):
        self.word, self.says, self.more = word, says, more


class Refused(Exception):
    """Something is not as it must be."""


def require(holds, why):
    if not holds:
        raise Refused(why)


def main(arguments=None):
    """Prints the verdict, then what it rests on, and returns the exit code."""
    given, blame = None, "UNREADABLE"
    try:
        given = read_arguments(arguments)
        with open(given.file, "rb") as file:
            check = recognised(file.read(512))
            blame = "INVALID"  # From here on, for whatever is not as it must be.
            verdict = check(file, given)
    except Verdict as found:
        verdict = found
    except OSError as error:
        verdict = Verdict("UNREADABLE", str(error))
    except Refused as error:
        verdict = Verdict(blame, str(error))
    except Exception as error:  # Nothing we know of comes here. If something does, nothing was verified.
        verdict = Verdict(blame, f"unexpected {type(error).__name__}")
    print(harmless(f"{verdict.word}  {verdict.says}"))
    for line in () if given and given.quiet else verdict.more:
        print(harmless(f"  {line}"))
    return CODES[verdict.word]


def verify_bundle(file, given):
    """The steps of docs/formats/bundle.md, in their order."""
    # 1. What there is, and what the bundle says of itself.
    members = read_tar(file)
    about = read_about(read_text(file, members["bundle.json"]))
    its_key = read_key(read_text(file, members["vkey"]), LOG, end="\n")
    is_range, first, until = about["mode"] == "range", about["from"], about["until"]
    require(("proof.json" in members) == is_range, "proof.json belongs to a range, and only to a range")

    # 2. The checkpoint that everything has to lead to, and the one that was kept.
    head = open_checkpoint(read_text(file, members["checkpoint"]), given.key or its_key, given.witnesses)
    same = (head.origin, head.size) == (about["origin"], about["size"])
    require(same, "bundle.json and the checkpoint disagree about origin or size")
    saved = open_saved(given.saved, head)
    fits = compare(head, saved, None, given)

    # 3. and 4. Each record up to its leaf, and the leaves to the root; in a range no place is left out.
    hidden = {name for field in about["closed"] for name in HIDES[field]}
    found, gaps = {"count": 0, "withheld": 0}, []
    notices = read_notices(file, members["notices.jsonl"], head, hidden, gaps)
    if is_range:
        proof, tree = read_range_proof(read_text(file, members["proof.json"])), Tree(saved and saved.size)
        tree.fill(first, proof["left"])
    for record in records(file, members["records.jsonl"], "records.jsonl", has_path=not is_range):
        require(first <= record.index < until, f"entry {record.index} is outside of what bundle.json says")
        require(is_range or record.sections, f"entry {record.index} is withheld, which only a range may do")
        found["count" if record.sections else "withheld"] += 1
        if is_range:
            skip_missing(tree, record.index, proof["missing"], notices, gaps)
            tree.push(0, record.leaf)
        else:
            check_inclusion(record, head)
        check_closed(record, hidden, notices, gaps)  # 5.
    if is_range:
        skip_missing(tree, until, proof["missing"], notices, gaps)
        tree.fill(head.size, proof["right"])
        require(not any(proof.values()), "proof.json has more hashes than belong beside and between the entries")
        require(tree.root() == head.root, "the entries do not lead to the root that was signed")
        fits = fits or compare(head, saved, tree.root_then, given)  # 6.
    require(all(about[name] == found[name] for name in found), f"bundle.json counts otherwise than we do: {found}")

    says = f"{found['count']} entries of {head.origin} are as they were signed; that there are no others is not shown"
    if is_range:
        missing = until - first - sum(found.values())
        says = f"entries {first}..{until} of {head.origin} are as they were signed: {found['count']} open, "
        says += f"{found['withheld']} withheld, {missing or 'none'} missing"
    says += f"; {len(gaps)} gaps that nothing explains" if gaps else ""
    more = gaps[:GAPS_TOLD] + ["and more gaps"] * (len(gaps) > GAPS_TOLD)
    more += [f"query {about['query']!r}, made {about['made_at']}, closed: {', '.join(about['closed']) or 'nothing'}"]
    more += ["there are anchors, which are not checked here"] * any("/" in name for name in members)
    return judged("GAP" if gaps else "VERIFIED" if given.key else "UNPINNED", says, more, given, head, saved, fits)


def verify_proof(file, given):
    """A C2SP tlog-proof whose extra line opens the entry: the same steps for one entry."""
    if not given.key:
        raise Verdict("UNREADABLE", "say whose log it should be with --vkey; a proof file brings no key")
    file.seek(0)
    text = file.read(8 * TEXT_BYTES_MAX + 1)
    require(len(text) <= 8 * TEXT_BYTES_MAX, "the proof file is too long")
    above, _, note = utf8(text).partition("\n\n")
    version, extra, index, *path = above.split("\n") + ["", ""]
    require(version == "c2sp.org/tlog-proof@v1", "the proof file is not of version 1")
    require(extra.startswith("extra ") and index.startswith("index "), "the proof file has no entry, or no index")
    opening = read_json(unbase64(extra[6:]))
    check_members(opening, {"version", "kind", "received_at_us", "sections"}, "the opening")
    require(whole(opening.pop("version")) == 1, "the entry is not of version 1")
    record = hashed({"index": decimal(index[6:]), "path": path[:-2], **opening})
    head = open_checkpoint(note, given.key, given.witnesses)
    check_inclusion(record, head)
    saved = open_saved(given.saved, head)
    fits = compare(head, saved, None, given)
    gone = sum("digest" in section for section in record.sections)
    says = f"entry {record.index} of {head.origin}, received {when(record.time)}, is in the signed log"
    says += f"; {gone} of its values are gone, look for the notice" if gone else ""
    more = [f"{section['name']} {section['value']}" for section in record.sections if "value" in section]
    return judged("GAP" if gone else "VERIFIED", says, more, given, head, saved, fits)


def judged(word, says, more, given, head, saved, fits):
    """The verdict, with how much is known beyond being intact: whose key it is, what fits, who else saw it."""
    says += "; pinned key" if given.key else "; under the key that came with it, compare it with one you had before"
    says += ", NOT compared with the saved checkpoint (try --consistency)" if saved and not fits else ""
    says += ", fits the saved checkpoint" if fits else ""
    says += f", witnessed ({len(head.seen)} of {len(given.witnesses)})" if given.witnesses else ""
    more += [f"witness {key.name} saw it at {when(time * 1_000_000)}" for key, time in head.seen.items()]
    more += [f"checkpoint of {head.size} entries, root {base64.b64encode(head.root).decode()}", f"key {head.key.text}"]
    return Verdict(word, says, more)


# ---------------------------------------------------------------------------------- records: sections, body, leaf

Record = namedtuple("Record", "index kind time leaf sections path")


def records(file, span, member, has_path):
    """Reads records one at a time; indexes and times strictly ascend."""
    index = time = -1
    for number, line in enumerate(read_lines(file, span), 1):
        try:
            record = read_json(line)
            shown = "body" if type(record) is dict and "body" in record else "sections"
            names = {"index", "kind", "received_at_us", shown}
            check_members(record, names | {"path"} if has_path else names, "the record")
            record = hashed(record)
            require(record.index > index and record.time > time, "index or time does not come after the one before")
        except Refused as error:
            raise Refused(f"{member}, line {number}: {error}") from None
        index, time = record.index, record.time
        yield record


def hashed(shown):
    """From what a record shows to its leaf: H(0x00 || version || kind || time || body)."""
    index, kind, time = whole(shown["index"]), whole(shown["kind"], 255), whole(shown["received_at_us"])
    path = [unbase64(text, 32) for text in listed(shown.get("path", []), 0, 63)]
    body = unhex(shown["body"], 32) if "body" in shown else body_of(listed(shown["sections"], 1, 1024))
    leaf = sha256(b"\x00\x01" + bytes([kind]) + time.to_bytes(8, "big") + body)
    return Record(index, kind, time, leaf, shown.get("sections"), path)


def body_of(sections):
    """H(0x12 || how many || digests), a digest being H(0x11 || salt || length of name || name || value)."""
    parts, before = [b"\x12", len(sections).to_bytes(2, "big")], b""
    for section in sections:
        require(type(section) is dict, "a section is no object")
        if "name" in section:
            name = encoded(section["name"])
            require(before < name and len(name) <= 256, "names of sections do not ascend, or one is too long")
            before = name
        if "digest" in section:
            check_members(section, {"digest", "name"} if "name" in section else {"digest"}, "a closed section")
            parts.append(unhex(section["digest"], 32))
        else:
            check_members(section, {"name", "value", "salt"}, "an open section")
            start = b"\x11" + unhex(section["salt"], 16) + len(name).to_bytes(2, "big")
            parts.append(sha256(start + name + encoded(section["value"])))
    return sha256(b"".join(parts))


# ---------------------------------------------------------------------------------- what may be closed, or missing

# The sections that are closed, in every entry, when a field is hidden; "meta:" is any that begins so.
HIDES = {
    "address": ("context", "facts"), "user_agent": ("context", "facts"), "session": ("context",),
    "email": ("actor", "on_behalf_of"), "values": ("change:",), "metadata": ("meta:",),
    "text": ("core", "description", "reason"),
}
ERASED, EXPIRED = 2, 3  # kinds of notices: of values, and of entries


def explained_by(notice):
    """Which indexes a notice speaks of, as [(from, until)]; this is what changes when notices are specified further.

    A notice speaks of what came before it, and explains nothing if it does not say so in just this way."""
    try:
        values = [section.get("value") for section in notice.sections if section.get("name") == "meta:covers"]
        covers = read_json(encoded(*values or [None]))
        check_members(covers, {"from", "until"}, "meta:covers")
        start, end = whole(covers["from"]), whole(covers["until"])
        return [(start, end)] if start < end <= notice.index else []
    except Refused:
        return []


def read_notices(file, span, head, hidden, gaps):
    """Answers which indexes each kind of notice explains, as spans that neither meet nor overlap."""
    said = {ERASED: [], EXPIRED: []}
    for notice in records(file, span, "notices.jsonl", has_path=True):
        require(notice.kind in said and notice.sections, f"entry {notice.index} in notices.jsonl is no open notice")
        check_inclusion(notice, head)
        check_closed(notice, hidden, None, gaps)
        said[notice.kind] += explained_by(notice)
    notices = {ERASED: [], EXPIRED: []}
    for kind, spans in notices.items():
        for start, end in sorted(said[kind]):
            if spans and start <= spans[-1][1]:
                start, end = spans[-1][0], max(spans.pop()[1], end)
            spans.append((start, end))
    return notices


def explain(spans, start, end, gaps, words):
    """Notes a gap unless a notice speaks of all of it; only the first gaps are told one by one."""
    at = bisect.bisect_right(spans, (start, NUMBER_MAX)) - 1
    if at < 0 or end > spans[at][1]:
        gaps.append(words if len(gaps) < GAPS_TOLD else "")


def skip_missing(tree, until, hashes, notices, gaps):
    """Puts the hashes of missing entries into their places."""
    start = tree.size
    if start < until:
        tree.fill(until, hashes)
        explain(notices[EXPIRED], start, until, gaps, f"entries {start}..{until} are missing")


def check_closed(record, hidden, notices, gaps):
    """Looks for closed sections that no hidden field explains, and no notice. In records a hidden section has to be
    closed in every entry, or closing one could be made to look so; notices (for which notices is None) may show it.

    A section without a name is explained if the name of a hidden one fits into its place, because names ascend."""
    if not record.sections or not (hidden or any("digest" in section for section in record.sections)):
        return
    unexplained, nameless, before = 0, 0, ""
    for section in record.sections + [{"name": "\U0010ffff", "value": ""}]:
        name = section.get("name")
        if name is None:
            nameless += 1
            continue
        fit = [low for low in hidden if before < (low + "\U0010ffff" if low[-1] == ":" else low) and low < name]
        unexplained += 0 if any(low[-1] == ":" for low in fit) else max(0, nameless - len(fit))
        nameless, before = 0, name
        is_hidden = name in hidden or name[:name.find(":") + 1] in hidden
        require("digest" in section or not is_hidden or not notices, f"entry {record.index} shows {name}, which is hidden")
        unexplained += "digest" in section and not is_hidden
    if unexplained:
        spans = notices[ERASED] if notices else []
        explain(spans, record.index, record.index + 1, gaps, f"entry {record.index} has {unexplained} closed sections")


# ---------------------------------------------------------------------------------- the tree of RFC 6962

def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b"\x01" + left + right)


EMPTY = sha256(b"")


class Tree:
    """A tree that grows to the right: the complete subtrees that fill 0..size, each as (level, hash)."""
    def __init__(self, watch):
        self.size, self.subtrees, self.watch, self.root_then = 0, [], watch, None

    def push(self, level, top):
        self.size += 1 << level
        while self.subtrees and self.subtrees[-1][0] == level:
            level, top = level + 1, node(self.subtrees.pop()[1], top)
        self.subtrees.append((level, top))
        if self.size == self.watch:
            self.root_then = self.root()

    def fill(self, until, hashes):
        """Takes the largest subtrees that fill size..until, from left to right."""
        while self.size < until:
            require(hashes, f"proof.json has too few hashes for what is beside or between the entries, at {self.size}")
            aligned = self.size & -self.size or 1 << 63
            self.push(min(aligned, until - self.size, key=int.bit_length).bit_length() - 1, hashes.popleft())

    def root(self):
        tops = [top for _, top in reversed(self.subtrees)] or [EMPTY]
        return functools.reduce(lambda right, left: node(left, right), tops)


def sides(index, last, path):
    """Pairs each hash of a path with whether it stands to the left (RFC 9162, 2.1.3.2); all of the path is used."""
    for top in path:
        require(last > 0, "a path is too long")
        is_left = index & 1 == 1 or index == last
        while is_left and index and not index & 1:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
        yield top, is_left
    require(last == 0, "a path is too short")


def check_inclusion(record, head):
    require(record.index < head.size, f"entry {record.index} is not in a log of {head.size}")
    top = record.leaf
    for other, is_left in sides(record.index, head.size - 1, record.path):
        top = node(other, top) if is_left else node(top, other)
    require(top == head.root, f"entry {record.index} does not lead to the root that was signed")


def check_consistency(old, new, path, old_root, new_root):
    """RFC 9162, 2.1.4.2, for 0 < old < new: the tree with new_root had old_root when it had `old` entries."""
    path = path if old & (old - 1) else [old_root] + path
    require(path, "the consistency proof is empty")
    shift = (old ^ (old - 1)).bit_length() - 1
    then = now = path[0]
    for other, is_left in sides((old - 1) >> shift, (new - 1) >> shift, path[1:]):
        then, now = (node(other, then), node(other, now)) if is_left else (then, node(now, other))
    require((then, now) == (old_root, new_root), "the consistency proof does not lead to what was signed")


# ---------------------------------------------------------------------------------- checkpoints and who signed them

Key = namedtuple("Key", "name id kind public text")
Head = namedtuple("Head", "origin size root seen key note")
LOG, WITNESS = 0x01, 0x04  # kinds of keys: Ed25519 over a note; over a time and a note (tlog-cosignature v1)


def open_checkpoint(note, key, witnesses):
    """Reads a checkpoint (C2SP tlog-checkpoint) that the log has signed, and which witnesses saw it.

    Signatures of strangers are ignored; one bad signature of a known key spoils the note."""
    text, signatures = split_note(note)
    seen, is_signed = {}, False
    for name, key_id, signature in signatures:
        for known in (one for one in (key, *witnesses) if (one.name, one.id) == (name, key_id)):
            message, time = text, int.from_bytes(signature[:8], "big")
            if known.kind == WITNESS:
                message, signature = f"cosignature/v1\ntime {time}\n{text}", signature[8:]
            good = ed25519_verify(known.public, message.encode(), signature)
            require(good, f"the signature of {name} does not fit the checkpoint")
            is_signed = is_signed or known == key
            if known.kind == WITNESS:
                seen.setdefault(known, time)
    require(is_signed, f"the checkpoint is not signed by the key of {key.name}")
    lines = text[:-1].split("\n")
    require(len(lines) >= 3 and all(lines), "a checkpoint has three lines or more, none of them empty")
    origin, size, root = lines[0], decimal(lines[1]), unbase64(lines[2], 32)
    require(origin == key.name, f"the key is not that of {origin}")
    require(size > 0 or root == EMPTY, "an empty log has the root of something")
    return Head(origin, size, root, seen, key, note)


def split_note(note):
    """Text and signatures of a note (C2SP signed-note), the latter as (name, key id, bytes)."""
    require(len(note.encode()) <= 1 << 16, "a note is too long")
    require(all(char >= " " or char == "\n" for char in note), "a note has control characters")
    text, blank, below = note.rpartition("\n\n")
    lines = below.split("\n")
    require(blank and lines.pop() == "" and 1 <= len(lines) <= 100, "a note has no signatures, or not 1 to 100 lines of them")
    signatures = []
    for line in lines:
        dash, name, signature = (line.split(" ", 2) + ["", ""])[:3]
        signature = unbase64(signature)
        require(dash == "—" and is_name(name) and len(signature) > 4, "a line below a note is no signature")
        signatures.append((name, signature[:4], signature[4:]))
    return text + "\n", signatures


def read_key(text, kind, end=""):
    """A verifier key: name+id+base64, where the id begins a hash of the rest."""
    require(text.endswith(end), "a key does not end in its line")
    text = text[:len(text) - len(end)]
    name, key_id, data = (text.split("+", 2) + ["", ""])[:3]
    data = unbase64(data)
    key = Key(name, sha256(name.encode() + b"\n" + data)[:4], kind, data[1:], text)
    require(is_name(name) and key_id == key.id.hex(), "that is no verifier key")
    require(data[:1] == bytes([kind]) and decode_point(key.public), f"{name} has no sound key of kind {kind}")
    return key


def is_name(text):
    return bool(text) and not any(char.isspace() or char < " " or char == "+" for char in text)


# ---------------------------------------------------------------------------------- the checkpoint that was kept

def open_saved(note, head):
    """Reads the checkpoint somebody kept, of the same log and under the same key."""
    if not note:
        return None
    if split_note(note)[0].split("\n")[0] != head.origin:
        raise Verdict("UNREADABLE", f"the saved checkpoint is not one of {head.origin}")
    try:
        return open_checkpoint(note, head.key, ())
    except Refused as error:
        raise Refused(f"the saved checkpoint does not go with the bundle: {error}") from None


def compare(head, saved, root_then, given):
    """Whether two signed heads fit, as far as it is known what root the larger tree had when it was as the smaller.

    It may be known from the entries (root_then) or from a proof. Heads that cannot both be true are the verdict."""
    if not saved:
        return False
    older, newer = sorted((head, saved), key=lambda one: one.size)
    proof = given.consistency
    if older.size in (0, newer.size):
        root_then = newer.root if older.size else EMPTY
    elif root_then is None and proof:
        if (proof["old"], proof["new"]) != (older.size, newer.size):
            raise Verdict("UNREADABLE", f"the consistency proof is not one from {older.size} to {newer.size}")
        check_consistency(older.size, newer.size, proof["path"], proof["old_root"], newer.root)
        root_then = proof["old_root"]
    if root_then in (None, older.root):
        return root_then is not None
    says = f"{head.origin} has signed heads of {older.size} and {newer.size} entries that cannot both be true"
    raise Verdict("DIVERGED", says, [write_evidence(given, head, saved, root_then)])


def write_evidence(given, head, saved, root_then):
    """Writes both notes, and how they were compared, into a file in the current folder."""
    name = os.path.basename(given.file) + ".diverged"
    try:
        with open(given.file, "rb") as file, open(name, "w", encoding="utf-8", newline="\n") as out:
            digest = hashlib.sha256()
            for block in iter(lambda: file.read(TEXT_BYTES_MAX), b""):
                digest.update(block)
            out.write(f"Two signed heads of one log that cannot both be true. At the smaller size the larger tree had the\n"
                      f"root {base64.b64encode(root_then).decode()}, as follows from their being of one size, or from the\n"
                      f"file with SHA-256 {digest.hexdigest()}\n")
            if given.consistency:
                out.write(f"or from the proof {given.consistency['text'].strip()}\n")
            out.write(f"\n==== saved\n{saved.note}==== in the file\n{head.note}")
        return f"both are in {name}, for anybody to see"
    except OSError as error:
        return f"they could not be written into a file: {error}"


# ---------------------------------------------------------------------------------- Ed25519 (RFC 8032, section 6)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def ed25519_verify(public, message, signature):
    """Strictly, so that one message has one signature and all verifiers agree: S is below L, points have one spelling
    and no small order, and S·B = R + k·A holds as it stands, not only after multiplying by 8."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = decode_point(public), decode_point(signature[:32]), int.from_bytes(signature[32:], "little")
    if not a or not r or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return same_point(multiply(s, BASE), add(r, multiply(k, a)))


def decode_point(data):
    """32 bytes as a point (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z; None if they are none that we accept."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    point = (x, y, 1, x * y % P)
    return None if same_point(multiply(8, point), NEUTRAL) else point


def add(one, two):
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(times, point):
    total = NEUTRAL
    while times:
        total = add(total, point) if times & 1 else total
        point, times = add(point, point), times >> 1
    return total


def same_point(one, two):
    return not (one[0] * two[2] - two[0] * one[2]) % P and not (one[1] * two[2] - two[1] * one[2]) % P


NEUTRAL = (0, 1, 1, 0)
BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


# ---------------------------------------------------------------------------------- the tar (POSIX ustar)

ORDER = ("README.txt", "verify.py", "bundle.json", "checkpoint", "vkey", r"anchors/[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}",
         "records.jsonl", "notices.jsonl", "proof.json")


def recognised(start):
    """What to check a file with, by its first bytes: a bundle begins with one of its members."""
    if start.startswith(b"c2sp.org/tlog-proof@"):
        return verify_proof
    try:
        require(len(start) == 512 and any(re.fullmatch(name, read_header(start)[0]) for name in ORDER), "")
    except Refused:
        raise Refused("the file is neither a bundle nor a proof of an entry") from None
    return verify_bundle


def read_tar(file):
    """Finds the members without unpacking any: name to (offset, bytes). No byte of the file may belong to none."""
    members, offset, place, end = {}, 0, 0, file.seek(0, os.SEEK_END)
    while read_at(file, offset, 512) != bytes(512):
        name, size = read_header(read_at(file, offset, 512))
        while place < len(ORDER) and not re.fullmatch(ORDER[place], name):
            place += 1
        known = place < len(ORDER) and name not in members and len(members) < 1000
        require(known, f"{name!r} is no member of a bundle, or twice, or out of order")
        members[name] = (offset + 512, size)
        padded = size + -size % 512
        require(offset + 512 + padded <= end, f"the tar is cut off within {name}")
        require(not read_at(file, offset + 512 + size, padded - size).strip(b"\0"), f"something hides behind {name}")
        offset += 512 + padded
    require(1024 <= end - offset <= TEXT_BYTES_MAX, "the tar does not end, or goes on behind its end")
    require(not read_at(file, offset, end - offset).strip(b"\0"), "something hides behind the end of the tar")
    lacking = set(ORDER[:5] + ORDER[6:8]) - members.keys()
    require(not lacking, f"the bundle has no {', '.join(sorted(lacking))}")
    return members


def read_header(block):
    """Name and size of a regular file with nothing unusual about it."""
    size, checksum = block[124:136], block[148:156].strip(b" \0")
    require(block[257:265] == b"ustar\x0000" and block[156:157] == b"0", "a member is no regular file of a ustar")
    require(not block[157:257].strip(b"\0") and not block[345:500].strip(b"\0"), "a member has a link or a prefix")
    require(re.fullmatch(rb"[0-7]{11}[ \0]", size) and re.fullmatch(rb"[0-7]{1,7}", checksum), "a header is damaged")
    total = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
    require(int(checksum, 8) == total, "the checksum of a header is wrong")
    return block[:100].rstrip(b"\0").decode("ascii", "backslashreplace"), int(size[:11], 8)


def read_at(file, offset, size):
    file.seek(offset)
    data = file.read(size)
    require(len(data) == size, "the tar is cut off")
    return data


def read_text(file, span):
    require(span[1] <= TEXT_BYTES_MAX, "a member is too long")
    return utf8(read_at(file, *span))


def read_lines(file, span):
    offset, left = span
    file.seek(offset)
    while left:
        line = file.readline(min(left, TEXT_BYTES_MAX))
        require(line.endswith(b"\n"), "a line is too long, or the last one does not end")
        left -= len(line)
        yield line


# ---------------------------------------------------------------------------------- spellings: each thing has one

def read_about(text):
    about = read_json(text.encode())
    numbers, texts = ("size", "from", "until", "count", "withheld"), ("format", "mode", "origin", "query", "made_at")
    check_members(about, {*numbers, *texts, "closed"}, "bundle.json")
    for name in numbers:
        whole(about[name])
    for name in texts:
        encoded(about[name])
    require(about["format"] == "hindcast-bundle/1" and about["mode"] in ("range", "filtered"), "the format is not known")
    require(about["from"] <= about["until"] <= about["size"], "from, until and size are out of order")
    require(re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z", about["made_at"]), "made_at is no time")
    closed = [encoded(field).decode() for field in listed(about["closed"], 0, len(HIDES))]
    require(HIDES.keys() >= set(closed) and len(set(closed)) == len(closed), "closed names no field, or one twice")
    return about


def read_range_proof(text):
    proof = {"missing": [], **check_members(read_json(text.encode()), {"left", "right"}, "proof.json", {"missing"})}
    return {name: deque(unbase64(text, 32) for text in listed(texts)) for name, texts in proof.items()}


def unique(pairs):
    members = dict(pairs)
    require(len(members) == len(pairs), "an object has a member twice")
    return members


def digits(text):
    require(len(text) < 20 and text[0] != "-", "a number is negative, or too large")
    return int(text)


def fraction(text):
    raise Refused("a number is not whole")


STRICT = json.JSONDecoder(object_pairs_hook=unique, parse_int=digits, parse_float=fraction, parse_constant=fraction)


def read_json(data):
    try:
        return STRICT.decode(utf8(data))
    except (ValueError, RecursionError):
        raise Refused("something is no JSON") from None


def check_members(value, names, what, optional=frozenset()):
    good = type(value) is dict and names <= value.keys() <= names | optional
    require(good, f"{what} has other members than {', '.join(sorted(names))}")
    return value


def listed(value, least=0, most=TEXT_BYTES_MAX):
    require(type(value) is list and least <= len(value) <= most, "a list is too long or too short, or no list")
    return value


def whole(value, most=NUMBER_MAX):
    require(type(value) is int and value <= most, "a number is too large, or none")  # True is none either.
    return value


def decimal(text):
    require(re.fullmatch(r"0|[1-9][0-9]{0,18}", text), "a number is not plainly decimal")
    return whole(int(text))


def utf8(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("a text is not in UTF-8") from None


def encoded(text):
    require(type(text) is str, "a text is none")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Refused("a text has half a character") from None


def unhex(text, size):
    good = type(text) is str and len(text) == 2 * size and re.fullmatch(r"[0-9a-f]+", text)
    require(good, f"{size} bytes in lower-case hexadecimal were expected")
    return bytes.fromhex(text)


def unbase64(text, size=None):
    try:
        data = base64.b64decode(encoded(text), validate=True)
    except ValueError:
        raise Refused("something is no base64") from None
    good = base64.b64encode(data).decode() == text and size in (None, len(data))
    require(good, "base64 is not canonical, or of a wrong length")
    return data


def when(microseconds):
    try:
        time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)
        return time.isoformat(timespec="microseconds") + "Z"
    except OverflowError:
        return f"{microseconds} microseconds after 1970"


def harmless(text):
    """Shows whatever could move the cursor, hide or reorder text as \\u001b; a line stays one line."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


# ---------------------------------------------------------------------------------- the command line

class Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise Verdict("UNREADABLE", f"{message}; see --help")


def read_arguments(arguments):
    """What was asked for; the keys and files that were given beside FILE are read at once."""
    codes = ", ".join(f"{code} {word}" for word, code in CODES.items())
    parser = Arguments(prog="verify.py", description=__doc__, epilog=f"Exit codes: {codes}.", allow_abbrev=False,
                       formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE", help="an .auditbundle or a .tlog-proof")
    parser.add_argument("--vkey", metavar="KEY", help="the key of the log, or @FILE; not the one from the bundle")
    parser.add_argument("--witness", metavar="KEY", action="append", default=[], help="the key of a witness, or @FILE")
    parser.add_argument("--saved", metavar="NOTE", help="a file with a checkpoint of the log that you kept")
    parser.add_argument("--consistency", metavar="FILE", help="what GET /v1/consistency answered for the two sizes")
    parser.add_argument("--quiet", action="store_true", help="say the verdict only")
    given = parser.parse_args(arguments)

    def key(text, kind):
        return read_key((read_given(text[1:]) if text[:1] == "@" else text).strip(), kind)

    given.key = None if given.vkey is None else key(given.vkey, LOG)
    given.witnesses = list(dict.fromkeys(key(text, WITNESS) for text in given.witness))
    given.saved = given.saved and read_given(given.saved)
    require(not given.saved or split_note(given.saved), "")
    if given.consistency:
        require(given.saved, "--consistency goes with --saved")
        text = read_given(given.consistency)
        names = {"old", "new", "old_root", "new_root", "path"}
        proof = check_members(read_json(text.encode()), names, "the consistency proof")
        path = [unbase64(one, 32) for one in listed(proof["path"], 0, 64)]
        given.consistency = {"old": whole(proof["old"]), "new": whole(proof["new"]), "text": text,
                             "old_root": unbase64(proof["old_root"], 32), "path": path}
    return given


def read_given(name):
    with open(name, "rb") as file:
        text = file.read(TEXT_BYTES_MAX + 1)
    require(len(text) <= TEXT_BYTES_MAX, f"{name} is too long")
    return utf8(text)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # Nobody reads any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = CODES["UNREADABLE"]
    sys.exit(code)
