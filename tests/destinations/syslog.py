"""Compares what rsyslog wrote down with what was sent."""
import json, os, re, sys, time

folder = sys.argv[1]
SENT = 501  # The test entry, and 500.
sent = {"counted": "native", "lines": "cef", "udp": "leef", "tls": "ocsf"}
for name, format in sent.items():
    if not os.path.exists(f"{folder}/{name}.json"):
        continue
    expected = open(f"{folder}/sent.{format}", encoding="utf-8").read().split("\n")[:-1]
    for _ in range(300):
        lines = open(f"{folder}/got.{name}", encoding="utf-8").read().split("\n")[:-1] if os.path.exists(f"{folder}/got.{name}") else []
        if len(lines) >= SENT:
            break
        time.sleep(0.1)
    # A datagram may get lost, even here; the rest may not.
    assert len(lines) == SENT if name != "udp" else len(lines) >= SENT * 0.9, f"{name}: {len(lines)} of {SENT}"
    seen = set()
    for line in lines:
        got = json.loads(line)
        assert got["host"] == "audit.example.com" and got["app"] == "hindcast", got
        assert int(got["priority"]) in (13 * 8 + 4, 13 * 8 + 5, 13 * 8 + 6), got
        index = int(re.search(r'\bindex="(\d+)"', got["data"])[1])
        message = got["message"].removeprefix(" ").removeprefix("\ufeff")
        assert message == expected[index], f"{name} {index}:\n{message}\n{expected[index]}"
        if format in ("native", "ocsf"):
            json.loads(message)
        seen.add(index)
    assert len(seen) == 500 or name == "udp", f"{name}: {len(seen)}"
    print(f"rsyslog has all of it over {name}, {format}: {len(lines)} messages")
