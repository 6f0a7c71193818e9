"""What digests.py says of a copy, and of one that somebody changed."""
import base64, contextlib, hashlib, io, json, os, tempfile, unittest
import digests, verify

NAME, HASHED = "audit.example.com/w/acme/0", hashlib.sha512(b"\x07" * 32).digest()
SECRET = int.from_bytes(HASHED[:32], "little") & (1 << 254) - 8 | 1 << 254

def point(scalar):
    x, y = verify.times(scalar, verify.BASE)
    return (y | (x & 1) << 255).to_bytes(32, "little")

PUBLIC = point(SECRET)
KEY_ID = hashlib.sha256(f"{NAME}\n".encode() + b"\x01" + PUBLIC).digest()[:4]
KEY = f"{NAME}+{KEY_ID.hex()}+{base64.b64encode(bytes([1]) + PUBLIC).decode()}"

def note(text):
    """Signs as RFC 8032 says."""
    hashed = lambda *parts: int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % verify.L
    nonce = hashed(HASHED[32:], text.encode())
    first = point(nonce)
    second = (nonce + hashed(first, PUBLIC, text.encode()) * SECRET) % verify.L
    signature = KEY_ID + first + second.to_bytes(32, "little")
    return f"{text}\n— {NAME} {base64.b64encode(signature).decode()}\n"

class Copies(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        previous = None
        for number, hour in enumerate(["2025-11-21T18", "2025-11-21T19"], 1):
            day, of_day = hour.split("T")
            key, body = f"date={day}/hour={of_day}/{number:012}-{number:012}.ndjson.zst", b"x" * number
            self.write(key, body)
            root = base64.b64encode(hashlib.sha256(b"").digest()).decode()
            said = json.dumps({"format": digests.HEADING, "number": number, "workspace": "acme", "destination": "d", "hour": hour,
                "previous": previous, "checkpoint": note(f"{NAME}\n0\n{root}\n"), "files": [{"key": key, "bytes": number,
                    "sha256": hashlib.sha256(body).hexdigest(), "first": number, "last": number}]}).encode()
            previous = hashlib.sha256(said).hexdigest()
            self.write(f"digests/{number:08}-{hour}.json", said)
            self.write(f"digests/{number:08}-{hour}.note", note(f"{digests.HEADING}\nacme\n{number} {hour}\n{previous}\n").encode())

    def write(self, path, body):
        place = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(body)

    def said(self):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = digests.main([self.folder.name, "--vkey", KEY])
        return code, out.getvalue()

    def test_a_whole_copy_is_verified(self):
        self.assertEqual(self.said(), (0, f"VERIFIED  2 files in 2 digests of {NAME}\n"))

    def test_an_hour_without_a_digest_yet_is_told(self):
        self.write("date=2025-11-21/hour=20/000000000003-000000000003.ndjson.zst", b"")
        self.assertIn("1 files are of hours that have no digest yet", self.said()[1])

    def test_whatever_was_changed_is_noticed(self):
        last = "date=2025-11-21/hour=19/000000000002-000000000002.ndjson.zst"
        for path, body, why in [
            (last, b"xy", "was changed"),
            (last.replace("2-", "9-"), b"", "in no digest of its hour"),
            ("digests/00000002-2025-11-21T19.note", note("something else\n").encode(), "about something else"),
            ("digests/00000002-2025-11-21T19.json", b"{}", "'workspace'"),
        ]:
            with self.subTest(path):
                self.setUp()
                self.write(path, body)
                code, said = self.said()
                self.assertEqual(code, 40)
                self.assertIn(why, said)
        self.setUp()
        os.remove(os.path.join(self.folder.name, "digests/00000001-2025-11-21T18.json"))
        self.assertIn("digest 1 is missing", self.said()[1])

if __name__ == "__main__":
    unittest.main()
