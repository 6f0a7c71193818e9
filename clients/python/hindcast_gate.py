"""Asks hindcast's gate before a tool is called. One file, nothing but the standard library, Python 3.9 or newer.

    gate = Gate("https://hindcast.example", token)

    @gate.tool("order.refund", actor={"type": "agent", "id": "fin"}, targets=lambda a: [{"type": "order", "id": a["order"]}])
    def refund(order, amount_cents): ...

A call that is not allowed raises NotAllowed, and so does a gate that cannot be reached: no answer is no permission.
"""

import functools
import inspect
import json
import time
import urllib.error
import urllib.request
import uuid


class NotAllowed(Exception):
    """The call must not be made. `decision` is the gate's answer; None when there was none."""

    def __init__(self, why, decision=None):
        super().__init__(why)
        self.decision = decision

    @property
    def escalate(self):
        """Whether a person has to take over."""
        return self.decision is None or self.decision.get("escalate", False)


class Gate:
    """A gate: its address, a token with the scopes `decide` and, to report what was done, `ingest`."""

    def __init__(self, url, token, timeout=10):
        self.url, self.token, self.timeout = url.rstrip("/"), token, timeout

    def decide(self, call, approval=None, key=None):
        """Asks once; `call` is the event that the call would be. Sent again under one key it gets one answer."""
        path = "/v1/decide" + (f"?approval={approval}" if approval else "")
        return self._send("POST", path, call, {"Idempotency-Key": key or str(uuid.uuid4())})

    def allow(self, call, wait=0):
        """Returns the decision that allows the call, waiting so many seconds for people, or raises NotAllowed."""
        decision = self.decide(call)
        until = time.monotonic() + wait
        while decision["decision"] == "needs_approval" and time.monotonic() < until:
            approval = decision["approval"]
            seconds = max(1, min(60, int(until - time.monotonic())))
            path = f"/v1/approvals/{approval['id']}?wait={seconds}"
            state = self._send("GET", path, timeout=seconds + self.timeout)["state"]
            if state != "pending":
                decision = self.decide(call, approval=approval["id"])
                break
        if decision["allowed"] is not True:
            reasons = [one["reason"] or one["policy"] for one in decision["determining"]]
            why = decision["refusal"] or "; ".join(reasons) or "nothing permits it"
            raise NotAllowed(f"{decision['decision']}: {why}", decision)
        return decision

    def report(self, call, decision, outcome="success"):
        """Tells the log what was done after it was allowed, and how it went."""
        event = {**call, "outcome": outcome, "authorized_by": {"decision": decision["decision_id"]}}
        return self._send("POST", "/v1/events", event)

    def tool(self, action, actor, targets=lambda arguments: [], wait=0, **more):
        """Guards a function: its arguments, by name, are `metadata.arguments`, and what became of it is reported."""

        def guard(function):
            names = inspect.signature(function)

            @functools.wraps(function)
            def guarded(*args, **kwargs):
                bound = names.bind(*args, **kwargs)
                bound.apply_defaults()
                arguments = dict(bound.arguments)
                call = {"action": action, "actor": actor, "targets": targets(arguments), **more}
                call["metadata"] = {**more.get("metadata", {}), "arguments": arguments}
                decision = self.allow(call, wait)
                try:
                    result = function(*args, **kwargs)
                except Exception as error:
                    self.report(call, decision, {"result": "failure", "reason": str(error)[:500]})
                    raise
                self.report(call, decision)
                return result

            return guarded

        return guard

    def _send(self, method, path, body=None, headers=None, timeout=None):
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout or self.timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise NotAllowed(f"the gate answered {error.code}: {error.read(2000).decode('utf-8', 'replace')}") from error
        except (OSError, ValueError) as error:
            raise NotAllowed(f"the gate cannot be asked: {error}") from error
