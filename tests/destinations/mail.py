"""A mail server that keeps what it takes, and a reader of what was kept."""
import email, email.policy, glob, html.parser, ssl, sys, time

mode, folder = sys.argv[1:3]


def serve(ports):
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    class Keeper:
        def __init__(self, name):
            self.name, self.count = name, 0

        async def handle_DATA(self, server, session, envelope):
            assert session.ssl is not None or self.name == "plain", "in the clear"
            assert session.authenticated or self.name == "plain", "nobody signed in"
            assert envelope.rcpt_tos == ["ana@example.com", "ben@example.com"], envelope.rcpt_tos
            assert envelope.mail_from == "audit@example.com", envelope.mail_from
            with open(f"{folder}/{self.name}-{self.count}.eml", "wb") as file:
                file.write(envelope.original_content)
            self.count += 1
            return "250 2.0.0 kept"

    def let_in(server, session, envelope, mechanism, shown):
        return AuthResult(success=(shown.login, shown.password) == (b"mailer", b"correct horse"))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    common = dict(hostname="127.0.0.1", enable_SMTPUTF8=False, decode_data=False)
    signed_in = dict(authenticator=let_in, auth_required=True)
    servers = [
        Controller(Keeper("plain"), port=ports[0], **common),
        Controller(Keeper("starttls"), port=ports[1], tls_context=context, require_starttls=True, **signed_in, **common),
        Controller(Keeper("tls"), port=ports[2], ssl_context=context, auth_require_tls=False, **signed_in, **common),
    ]
    for server in servers:
        server.start()
    while True:
        time.sleep(60)


class Tags(html.parser.HTMLParser):
    """Every tag that is opened is closed, and nothing is fetched."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):
        assert tag in "html head meta title body h1 h2 p table tr th td ul li a hr".split(), tag
        names = dict(attrs)
        assert not {"src", "onclick", "onerror", "background"} & set(names), attrs
        assert names.get("href", "https://").startswith("https://"), attrs
        if tag not in ("meta", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


def read():
    for name in ("plain", "starttls", "tls"):
        files = sorted(glob.glob(f"{folder}/{name}-*.eml"), key=lambda file: int(file.rsplit("-", 1)[1][:-4]))
        assert len(files) == 4, f"{name}: the test and 500 entries in batches of 200 are four mails, not {len(files)}"
        ids = set()
        for file in files:
            raw = open(file, "rb").read()
            assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= 998
            mail = email.message_from_bytes(raw, policy=email.policy.default.clone(raise_on_defect=True))
            assert not mail.defects, mail.defects
            assert mail["To"].addresses[0].display_name == "Ana" and len(mail["To"].addresses) == 2
            assert mail["From"].addresses[0].addr_spec == "audit@example.com"
            assert mail["Auto-Submitted"] == "auto-generated" and mail["Bcc"] is None
            assert mail["Date"].datetime.year == 2025
            ids.add(str(mail["Message-ID"]))
            plain, marked = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
            tags = Tags()
            tags.feed(marked)
            tags.close()
            assert not tags.open, tags.open
            words = " ".join("".join(tags.text).split())
            for line in filter(None, map(str.strip, plain.splitlines())):
                line = line.removeprefix("- ").strip("-: ")
                if line and ": " not in line and not line.startswith("https://"):
                    assert " ".join(line.split()) in words, f"{name}: {line!r} is missing in HTML"
            assert "\u202e" not in plain and len(raw) < 100_000
        assert len(ids) == len(files), ids
        print(f"aiosmtpd has all mails over {name}: {len(files)}")


serve(list(map(int, sys.argv[3:]))) if mode == "serve" else read()
