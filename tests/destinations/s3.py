"""Reads what lies in the bucket with DuckDB, compares it with what was sent, and copies it to disk."""
import datetime, hashlib, hmac, json, os, sys, urllib.parse, urllib.request
import xml.etree.ElementTree as xml
import duckdb, zstandard

folder, host = sys.argv[1], os.environ["S3"]
key, secret = os.environ["AWS_ID"], os.environ["AWS_SECRET"]
sent = [json.loads(line) for line in open(f"{folder}/sent.native", encoding="utf-8")]


def ask(path, query=""):
    """A request signed by hand (AWS Signature Version 4), so that nothing of ours checks ours."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    empty, scope = hashlib.sha256(b"").hexdigest(), f"{now[:8]}/garage/s3/aws4_request"
    canonical = f"GET\n{urllib.parse.quote(path)}\n{query}\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{now}\n\nhost;x-amz-content-sha256;x-amz-date\n{empty}"
    to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signing = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    signature = hmac.digest(signing, to_sign.encode(), "sha256").hex()
    headers = {"x-amz-date": now, "x-amz-content-sha256": empty, "authorization":
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"}
    url = f"http://{host}{urllib.parse.quote(path)}" + (f"?{query}" if query else "")
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read()


listed = xml.fromstring(ask("/audit", "list-type=2"))
keys = [element.text for element in listed.iter() if element.tag.endswith("}Key")]
for name in keys:
    place = f"{folder}/copy/{name}"
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        file.write(ask(f"/audit/{name}"))

lines = []
for name in sorted(name for name in keys if name.endswith(".zst")):
    with open(f"{folder}/copy/{name}", "rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read().decode()
    lines += [json.loads(line) for line in text.splitlines()] if "\u2028" not in text else [json.loads(line) for line in text.split("\n")[:-1]]
assert [line["index"] for line in lines] == list(range(500)), "every entry once, in order"
assert lines == sent
print(f"garage has every entry once: {sum(name.endswith('.zst') for name in keys)} files, {len(lines)} entries")

db = duckdb.connect()
parquet = f"{folder}/copy/parquet/**/*.parquet"
try:
    db.execute("install httpfs; load httpfs")
    db.execute(f"set s3_endpoint='{host}'; set s3_use_ssl=false; set s3_url_style='path'; set s3_region='garage'")
    db.execute(f"set s3_access_key_id='{key}'; set s3_secret_access_key='{secret}'")
    parquet, how = "s3://audit/parquet/**/*.parquet", "from garage"
except duckdb.Error:
    how = "from a copy (DuckDB's httpfs cannot be had here)"
rows = db.execute(f"select index, id, action, actor_name, outcome, epoch_us(received_at), json_extract_string(metadata, '$.note') from read_parquet('{parquet}') order by index").fetchall()
assert len(rows) == 500
for row, entry in zip(rows, sent):
    at = datetime.datetime.fromisoformat(entry["received_at"].replace("Z", "+00:00"))
    micros = int(at.timestamp()) * 1_000_000 + at.microsecond
    assert row == (entry["index"], entry["id"], entry["action"], entry["actor"]["name"], entry["outcome"]["result"], micros, entry["metadata"]["note"]), row
print(f"DuckDB reads all of the Parquet {how}: {len(rows)} rows")
