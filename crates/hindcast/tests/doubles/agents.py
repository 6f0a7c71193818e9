"""Two small support agents that decide from what a customer wrote: one speaks the HTTP contract of docs/formats/simulation.md
(POST /v1/respond), one what OpenAI's chat endpoint speaks (POST /v1/chat/completions). Standard library only.

It prints the port it listens on and answers until its standard input is closed. The two think differently: the one behind
HTTP refunds whatever it is asked for, the model refunds small amounts only and hands the others to a person."""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REFUND = re.compile(r"refund order (\d+) for (\d+) euros", re.I)
CAREFUL_EUROS = 60


def decide(text, cautious):
    """What to do: ('person' | 'unknown' | 'refund' | 'say', details)."""
    words = text.lower()
    if "human" in words or "a person" in words:
        return "person", None
    refund = REFUND.search(text)
    if refund:
        order, euros = int(refund.group(1)), int(refund.group(2))
        if cautious and euros > CAREFUL_EUROS:
            return "person", None
        return "refund", (order, euros)
    if "parcel" in words:
        return "say", "Your parcel is with the carrier and arrives tomorrow."
    if "invoice" in words:
        return "say", "I have sent your invoice again." if cautious else "Please look into your spam folder, maybe it is there."
    return "unknown", None


def respond(asked):
    """The HTTP contract."""
    text = "\n".join(said["text"] for said in asked["conversation"]["messages"] if said["role"] == "customer")
    what, details = decide(text, cautious=False)
    usage = {"input_tokens": len(text), "output_tokens": 20}
    if what == "person":
        return {"resolved": False, "escalate": {"reason": "customer_asked"}, "usage": usage}
    if what == "unknown":
        return {"resolved": False, "escalate": {"reason": "no_knowledge"}, "usage": usage}
    if what == "say":
        return {"reply": details, "resolved": True, "confidence": 90, "usage": usage}
    order, euros = details
    if not asked.get("tool_results"):
        call = {"id": "t1", "tool": "shop.lookup", "args": {"order": order}}
        return {"tool_calls_pending": [call], "usage": usage}
    return {
        "reply": "We have refunded your order. Have a nice day!",
        "resolved": True,
        "confidence": 80,
        "actions": [{"tool": "shop.refund", "args": {"order": order, "euros": euros}}],
        "usage": usage,
    }


def complete(asked):
    """OpenAI's chat: functions are called, and one of them ends it."""
    text = "\n".join(m["content"] for m in asked["messages"] if m["role"] == "user" and m.get("content"))
    called = [m for m in asked["messages"] if m["role"] == "tool"]
    what, details = decide(text, cautious=True)

    def call(name, arguments, content=None):
        function = {"name": name, "arguments": json.dumps(arguments)}
        tool = {"id": f"call-{len(called)}", "type": "function", "function": function}
        return {"role": "assistant", "content": content, "tool_calls": [tool]}

    if what == "person":
        message = call("escalate", {"reason": "customer asked"})
    elif what == "unknown":
        message = call("escalate", {"reason": "no knowledge"})
    elif what == "refund" and not called:
        message = call("shop_refund", {"order": details[0], "euros": details[1]})
    elif what == "refund":
        message = call("resolve", {"summary": "refunded"}, "We have refunded your order. Have a nice day!")
    else:
        message = call("resolve", {"summary": "told"}, details)
    usage = {"prompt_tokens": len(text), "completion_tokens": 20}
    return {"choices": [{"message": message}], "usage": usage}


class Agent(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = complete(asked) if self.path.endswith("/chat/completions") else respond(asked)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Agent)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
