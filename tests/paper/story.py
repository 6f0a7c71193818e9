"""Starts a server, has files made for people, and reads them with what people read them with."""

import datetime
import hashlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import openpyxl
import pikepdf

HINDCAST = str(pathlib.Path(sys.argv[1]).resolve())
# More than a cell of a spreadsheet holds, though no value of it is.
LONG = {f"part {nth}": "長い値" * 1_500 for nth in range(9)}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    def __init__(self, home):
        self.url = f"http://127.0.0.1:{free_port()}"
        settings = home / "hindcast.toml"
        settings.write_text(
            f'[server]\nlisten = "{self.url[7:]}"\npublic_url = "https://audit.example.com"\n'
            f'[data]\nfolder = "{home}/data"\nkeys = "{home}/keys"\n[paper]\nentries_max = 40\n'
        )
        out = home / "out"
        self.process = subprocess.Popen([HINDCAST, "serve", "--config", str(settings)], stdout=out.open("w"), stderr=subprocess.DEVNULL)
        for _ in range(400):
            try:
                urllib.request.urlopen(f"{self.url}/readyz").read()
                break
            except OSError:
                time.sleep(0.05)
        self.token = re.search(r"^token\s+(\S+)", out.read_text(), re.M).group(1)
        self.workspace = self.post("/v1/workspaces", {"name": "ノースウィンド Café"})["id"]
        made = self.run("token", "create", "--config", str(settings), "--workspace", self.workspace, "--scope", "ingest,read", "story")
        self.token = re.search(r"dG9r\S{60}", made).group()

    def post(self, path, body):
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode(), headers)
        try:
            return json.load(urllib.request.urlopen(request))
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read()) from error

    def run(self, *args):
        environment = {**os.environ, "HINDCAST_TOKEN": getattr(self, "token", ""), "HINDCAST_URL": self.url}
        done = subprocess.run([HINDCAST, *args], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout + done.stderr


def events():
    names = ["Jürgen Groß", "田中 太郎", "نور حداد", "👩🏽 Zoë", "김서연", "\U00013000 hieroglyph", "invoice\u202efdp.exe"]
    start = datetime.datetime(2026, 10, 1, 9, tzinfo=datetime.timezone.utc)
    actions = ["user.signed_in", "user.sign_in_failed", "agent.permissions_changed", "data_export.created", "settings.updated"]
    return [
        {
            "action": actions[nth % len(actions)],
            "occurred_at": (start + datetime.timedelta(hours=7 * nth, milliseconds=123)).isoformat(),
            "actor": {"type": "user", "id": f"u{nth % 7}", "name": names[nth % 7], "role": "admin"},
            "reason": "=1+1" if nth == 3 else "a\x01b" if nth == 4 else "plain",
            "description": "+49 30 1234",
            "metadata": LONG if nth == 5 else {},
        }
        for nth in range(80)
    ]


def check_pdf(file, language, pages_min):
    with pikepdf.open(file) as pdf:
        root = pdf.Root
        assert root.MarkInfo.Marked is True or bool(root.MarkInfo.Marked), "it is tagged"
        assert str(root.Lang) == language, root.Lang
        assert root.StructTreeRoot.K, "there is a tree of what everything is"
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        assert root.Outlines.First is not None
        meta = str(root.Metadata.read_bytes(), "utf-8")
        claims = {name: re.search(rf"<{name}>(.*?)<|{name}=\"(.*?)\"", meta) for name in ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part")}
        found = {name: next(filter(None, claim.groups())) if claim else None for name, claim in claims.items()}
        assert found == {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}, found
        fonts = [font for page in pdf.pages for font in (page.resources.get("/Font") or {}).values()]
        for font in fonts:
            for part in font.DescendantFonts if "/DescendantFonts" in font else [font]:
                about = part.FontDescriptor
                assert any(key in about for key in ("/FontFile2", "/FontFile3")), "every font is in the file"
                assert "/ToUnicode" in font, "every letter can be copied"
        assert len(pdf.pages) >= pages_min, len(pdf.pages)
        counted = len(pdf.pages)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True).stdout
    tagged = subprocess.run(["pdfinfo", "-struct", file], capture_output=True).stdout.decode(errors="replace")
    for kind in ("H1", "H2", "Table", "TH", "TD", "TR"):
        assert re.search(rf"^\s*{kind}\b", tagged, re.M), f"there is no {kind} in {file}"
    return text, counted


def main():
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        server = Server(home)
        try:
            story(server, home)
        finally:
            server.process.terminate()
            server.process.wait(20)


def story(server, home):
    server.post("/v1/events", events())
    time.sleep(1.5)  # until a checkpoint is signed
    query = "occurred:2026-10-01..2026-10-31"

    book = home / "log.xlsx"
    server.run("export", query, "--output", str(book))
    read = openpyxl.load_workbook(book)
    assert read.sheetnames == ["entries", "long values"], read.sheetnames
    sheet = read["entries"]
    titles = [cell.value for cell in sheet[1]]
    column = {title: nth for nth, title in enumerate(titles)}
    rows = list(sheet.iter_rows(min_row=2))
    assert len(rows) == 80 and sheet.freeze_panes == "A2" and sheet.auto_filter.ref.startswith("A1:"), sheet.auto_filter.ref
    oldest = rows[-1]
    assert oldest[column["occurred_at"]].is_date
    assert abs(oldest[column["occurred_at"]].value - datetime.datetime(2026, 10, 1, 9, 0, 0, 123000)) < datetime.timedelta(milliseconds=1)
    reasons = {cell.value for row in rows for cell in [row[column["reason"]]]}
    assert all(cell.data_type != "f" for row in rows for cell in row), "nothing is a formula"
    assert "=1+1" in reasons, reasons
    whole = "".join(row[3].value for row in read["long values"].iter_rows(min_row=2))
    assert json.loads(whole) == LONG, "a value that is too long is there in pieces"

    paper = home / "log.pdf"
    server.run("export", query, "--lang", "ja", "--output", str(paper))
    text, _ = check_pdf(paper, "ja", 3)
    assert "ノースウィンド" in text and "田中" in text and "署名済みチェックポイント" in text, text[:2000]
    assert "全80件のうち、新しい40件" in re.sub(r"\s", "", text)
    assert "U+202E" in text and "U+13000" in text, "what cannot be shown is named"
    ndjson = home / "log.ndjson"
    server.run("export", query, "--output", str(ndjson))
    digest = hashlib.sha256(ndjson.read_bytes()).hexdigest()
    assert digest in re.sub(r"\s", "", text), "the checksum of everything is printed"

    for language, told in [("en", "evidence recorded"), ("de", "Nachweise vorhanden"), ("fr", "éléments enregistrés"), ("ja", "証跡あり")]:
        report = home / f"soc2-{language}.pdf"
        server.run("report", "make", "soc2", "--from", "2026-10-01", "--until", "2026-10-31", "--lang", language, "--output", str(report))
        text, pages = check_pdf(report, language, 4)
        assert told.replace(" ", "") in re.sub(r"\s", "", text), (language, text[:3000])
        assert "CC6.1" in text and "CC7.5" in text
        found = re.search(r"(\d+)\D+(\d+)", [line for line in text.splitlines() if "hindcast" in line and re.search(r"\d+ ?\D+ ?\d+", line)][-1])
        assert found, "every page says which it is"
    assert len(server.run("report", "list").splitlines()) == 4

    server.run("report", "make", "incident-timeline", "action:user.sign_in_failed", "--from", "2026-10-01", "--until", "2026-10-31", "--output", str(home / "incident.json"))
    document = json.loads((home / "incident.json").read_text())
    table = next(block["Table"] for block in document["blocks"] if isinstance(block, dict) and len(block.get("Table", {}).get("columns", [])) == 5)
    times = [row[0]["text"] for row in table["rows"]]
    assert len(times) == 16 and "1 Oct 2026" in times[0] and "23 Oct" in times[-1], times
    print("pikepdf, poppler and openpyxl read what we wrote")


main()
