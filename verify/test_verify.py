"""What verify.py rests on, against vectors from elsewhere. Run with: python3 -m unittest discover -s verify"""
import contextlib, io, json, os, tempfile, unittest
import verify

VKEY = "audit.example.com/w/acme+7dea5347+ASFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS"
WKEY = "witness.example.net/w1+bcaa9043+BCL8KXeS8Lb/wL/P237bDAqhTgJaNl7A40Lobjgpy3S2"
NOTE = """audit.example.com/w/acme
5
tuKIANRYqJRHiTMMu5+r58s2FsfP9KFVmTLxBsvKF7A=

— audit.example.com/w/acme fepTR6xnVDk4BkYzAIBLq4vw67VCbe/LMLxHCx2i+5psZ7G38pW5G3X3nzA5t5ihdnnGOCN0UQE8ws71pdRXe9hDSwk=
— witness.example.net/w1 vKqQQwAAAABrAfPMNGnE4SVW3oGhY2KRIrICuvtTBTzwXYFxICA3zE3ei0z1LxiwEbiH4gHfSUUOVnfu8HYFoZ3O+ZRsi7JsQPgODA==
"""
VALUES = {
    "actor": '{"email":"alice@example.com","id":"usr_8f2c91","name":"Alice Example","type":"user"}',
    "context": '{"ip":"203.0.113.42"}',
    "core": '{"action":"ticket.assigned","id":"0192f0c1-7b1e-7c3a-8f00-000000000001",'
            '"occurred_at":"2026-11-21T19:40:12.345678Z","outcome":"success"}',
    "meta:group": '"Tier 2"',
    "target.0": '{"id":"483920","name":"Cannot log in","type":"ticket"}',
}
DIGESTS = ["a5253ed276bcc1ca726846dfbeec33faf8adce8ccd14f07b7166046e5cb875be",
           "b4d069d61ba914496ef9a5d974708d8d8ed4f95283f45968b059632d77f2c898",
           "ce1d4330c9a641b6df59c876ee851b279b4993f33d9ef5724e2690e43aa0b396",
           "5f610ea2364f3b3d460dc3a8dee7fde7d5b7cf8024702b5d029fb9265f07e82b",
           "667eb978041c58ef1addd18b512dc4f7e6ebdc174d6b29f76564ebbd30684c8c"]
LEAF = "03d2584d43d49cc1ed4c8167ed4bc80f9cfcef332dcdb7bf1c4f4ecb4de3cd9e"
PATH = ["85ab454c40d8859315295aff4df6b6c7dfe8bb1ce9644a014841ee4e53ff2e5a",
        "d38a6b72c941df19c45132c6eea766e0a26bbdd220321f8c569fdcd3daf83f08",
        "034c73649081dc0d5ca16cec411acbd05e8a57e2525964bf5f5e4d83b3335bfd"]
TIME = 1795290012345678


def salt(number):
    return verify.sha256(b"\x10" + bytes(range(16)) + number.to_bytes(2, "big"))[:16].hex()


def section(number, name):
    return {"name": name, "value": VALUES[name], "salt": salt(number)}


def sections():
    return [section(number, name) for number, name in enumerate(VALUES)]


def proof(shown, index=2):
    base64 = lambda data: verify.base64.b64encode(data).decode()
    opening = {"version": 1, "kind": 0, "received_at_us": TIME, "sections": shown}
    extra = base64(json.dumps(opening, separators=(",", ":"), ensure_ascii=False).encode())
    path = "".join(base64(bytes.fromhex(one)) + "\n" for one in PATH)
    return f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {index}\n{path}\n{NOTE}"


def said(text, *arguments):
    with tempfile.NamedTemporaryFile("wb", delete=False) as file:
        file.write(text.encode())
    try:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = verify.main([file.name, *arguments])
        return code, out.getvalue()
    finally:
        os.unlink(file.name)


class Commitments(unittest.TestCase):
    """A worked example that was made by another program."""
    def record(self, shown):
        return {"index": 2, "kind": 0, "received_at_us": TIME, "sections": shown, "path": []}

    def test_an_entry_leads_to_its_leaf(self):
        self.assertEqual(verify.leaf_of(self.record(sections())).hex(), LEAF)

    def test_closing_any_section_leaves_the_leaf_as_it_was(self):
        for number, digest in enumerate(DIGESTS):
            shown = sections()
            shown[number] = {"digest": digest}
            self.assertEqual(verify.leaf_of(self.record(shown)).hex(), LEAF)

    def test_a_leaf_leads_to_the_root_that_was_signed(self):
        path = [verify.base64.b64encode(bytes.fromhex(one)).decode() for one in PATH]
        head = verify.open_checkpoint(NOTE.encode(), verify.read_key(VKEY, 1), [verify.read_key(WKEY, 4)])
        record = {**self.record(sections()), "path": path}
        self.assertEqual((head.size, head.seen), (5, 1))
        self.assertEqual(verify.root_of(record, verify.leaf_of(record), 5), head.root)
        for index, size in [(1, 5), (3, 5), (2, 4), (2, 9), (5, 5)]:
            try:
                self.assertNotEqual(verify.root_of({**record, "index": index}, bytes.fromhex(LEAF), size), head.root)
            except ValueError:
                pass

    def test_a_tree_that_grows_has_the_root_of_its_leaves(self):
        leaves = [bytes([n]) * 32 for n in range(20)]
        def root(some):
            if len(some) == 1:
                return some[0]
            half = 1 << (len(some) - 1).bit_length() - 1
            return verify.node(root(some[:half]), root(some[half:]))
        for size in range(1, 21):
            tree = verify.Tree(None)
            for leaf in leaves[:size]:
                tree.push(0, leaf)
            self.assertEqual(tree.root(), root(leaves[:size]))
        self.assertEqual(verify.Tree(None).root(), verify.sha256(b""))


class Signatures(unittest.TestCase):
    """RFC 8032, 7.1, and what strictness refuses."""
    VECTORS = [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
         "d25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
         "387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
         "4a7c15e9716ed28dc027beceea1ec40a"),
    ]

    def test_the_vectors_are_good_and_nothing_near_them(self):
        for public, message, signature in self.VECTORS:
            public, message, signature = map(bytes.fromhex, (public, message, signature))
            self.assertTrue(verify.is_signed(public, message, signature))
            self.assertFalse(verify.is_signed(public, message + b"x", signature))
            self.assertFalse(verify.is_signed(public, message, signature[:63]))
            self.assertFalse(verify.is_signed(public, message, signature + b"\0"))
            for at in (0, 31, 32, 63):
                other = bytearray(signature)
                other[at] ^= 1
                self.assertFalse(verify.is_signed(public, message, bytes(other)))
            larger = int.from_bytes(signature[32:], "little") + verify.L
            self.assertFalse(verify.is_signed(public, message, signature[:32] + larger.to_bytes(32, "little")))

    def test_points_have_one_spelling_and_no_small_order(self):
        for spelled in (1, 0, verify.P - 1, verify.P, verify.P + 1, verify.P + 3, (1 << 255) + 1):
            self.assertIsNone(verify.point(spelled.to_bytes(32, "little")))
        order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
        self.assertIsNone(verify.point(bytes.fromhex(order_8)))
        zeros = (1).to_bytes(32, "little") + bytes(32)
        self.assertFalse(verify.is_signed((1).to_bytes(32, "little"), b"anything", zeros))
        self.assertIsNone(verify.point(b"\x03"))


class Spellings(unittest.TestCase):
    def test_json_has_one_spelling(self):
        form = {"a": verify.NUMBER, "b": [verify.TEXT]}
        self.assertEqual(verify.parse('{"a":1,"b":["ä\\n"]}'.encode(), form), {"a": 1, "b": ["ä\n"]})
        for other in ['{"a": 1,"b":[]}', '{"b":[],"a":1}', '{"a":1,"a":1,"b":[]}', '{"a":1.0,"b":[]}', '{"a":01,"b":[]}',
                      '{"a":-0,"b":[]}', '{"a":true,"b":[]}', '{"a":9223372036854775808,"b":[]}', '{"a":1,"b":[1]}',
                      '{"a":1,"b":["\\u00e4"]}', '{"a":1,"b":["\\ud800"]}', '{"a":NaN,"b":[]}', '{"a":1}', "[]", "",
                      '{"a":1,"b":[],"c":0}', '{"a":1,"b":[]}\n', "\ufeff{}", '{"a":' + "1" * 9999 + ',"b":[]}']:
            with self.assertRaises(ValueError, msg=other):
                verify.parse(other.encode(), form)

    def test_base64_and_keys_have_one_spelling(self):
        self.assertEqual(verify.unbase64("AAE="), b"\0\1")
        for other in ("AAE", "AAF=", "AAE=\n", " AAE=", "A-E="):
            with self.assertRaises(ValueError):
                verify.unbase64(other)
        for other in (VKEY.upper(), VKEY + "=", VKEY.replace("acme", "acne"), " " + VKEY, VKEY.replace("+7", "+07"), ""):
            with self.assertRaises(ValueError):
                verify.read_key(other, 1)
        with self.assertRaises(ValueError):
            verify.read_key(VKEY, 4)


class Verdicts(unittest.TestCase):
    def test_a_proof_of_one_entry(self):
        good = proof(sections())
        self.assertEqual(said(good, "--vkey", VKEY, "--witness", WKEY)[0], 0)
        self.assertIn("witnessed (1 of 1)", said(good, "--vkey", VKEY, "--witness", WKEY)[1])
        self.assertEqual(said(good)[0], 50)
        self.assertEqual(said(good, "--vkey", "nonsense")[0], 50)
        self.assertEqual(said(good, "--wrong")[0], 50)
        self.assertEqual(said(proof(sections(), index=3), "--vkey", VKEY)[0], 40)
        self.assertEqual(said(proof([{"digest": DIGESTS[0]}, *sections()[1:]]), "--vkey", VKEY)[0], 20)
        self.assertEqual(said("something else")[0], 50)
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(verify.main([os.path.join(tempfile.gettempdir(), "nothing", "there")]), 50)

    def test_nothing_in_a_file_commands_the_terminal(self):
        kept, verify.verify_proof = verify.verify_proof, lambda file, given: ("VERIFIED", "\x1b[2J\u202e", "\n\r")
        try:
            code, out = said(proof(sections()), "--vkey", VKEY)
        finally:
            verify.verify_proof = kept
        self.assertEqual((code, out), (0, "VERIFIED  \\u001b[2J\\u202e\n  \\u000a\\u000d\n"))


if __name__ == "__main__":
    unittest.main()
