"""Small refunds pass, large ones wait for a person, and nothing passes without a gate."""

import os
import sys
import threading
import time
import urllib.request
import json

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["CLIENTS"] + "/python")
from hindcast_gate import Gate, NotAllowed  # noqa: E402

url, paid = os.environ["HINDCAST_URL"], []
gate = Gate(url, os.environ["AGENT_TOKEN"])


def api(method, path, body=None):
    headers = {"Authorization": f"Bearer {os.environ['BOSS_TOKEN']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers, method=method)) as answer:
        return json.load(answer)


@gate.tool("order.refund", actor={"type": "agent", "id": "fin-py"}, targets=lambda a: [{"type": "order", "id": a["order"]}], wait=20)
def refund(order, amount_cents):
    if amount_cents < 0:
        raise ValueError("nothing to pay back")
    paid.append((order, amount_cents))
    return "paid"


assert refund("o-1", 100) == "paid"
try:
    refund("o-1", -1)
    raise SystemExit("a failure was swallowed")
except ValueError:
    pass


def approve():
    for _ in range(100):
        waiting = [one for one in api("GET", "/v1/approvals?state=pending")["approvals"] if one["asked"]["actor"]["id"] == "fin-py"]
        if waiting:
            return api("POST", f"/v1/approvals/{waiting[0]['id']}/approve", {"comment": "fine"})
        time.sleep(0.1)


thread = threading.Thread(target=approve)
thread.start()
assert refund("o-2", 9000) == "paid"
thread.join()
call = {"action": "data.exported", "actor": {"type": "agent", "id": "fin-py"}}
try:
    gate.allow(call)
    raise SystemExit("an agent may export")
except NotAllowed as no:
    assert no.decision["decision"] == "deny", no
try:
    Gate("http://127.0.0.1:9", "x", timeout=2).allow(call)
    raise SystemExit("no answer was a permission")
except NotAllowed as no:
    assert no.escalate
assert paid == [("o-1", 100), ("o-2", 9000)], paid
print("passed   the client in Python")
